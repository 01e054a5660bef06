//! Colours by role: Okabe and Ito's set, which colour-blind readers can tell apart.
//!
//! Every role has a colour of its own in SVG, also where two look alike, so that a page can replace
//! each by a variable and change it for a dark screen. Colour never carries meaning alone: shapes,
//! hatching and words say the same.

use plotters::style::RGBColor;

/// What a colour is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Role {
    /// Behind everything.
    Paper,
    /// Inside a metro or another large area.
    Panel,
    /// Inside a site.
    Box,
    /// Text.
    Ink,
    /// Text of second rank.
    Muted,
    /// Text on a filled shape.
    OnFill,
    /// Lines of a grid.
    Grid,
    /// Frames and axes.
    Frame,
    /// A window in which a fault lasts.
    Fault,
    /// The instant of an event.
    Event,
    /// Up.
    Up,
    /// Degraded.
    Degraded,
    /// Silent.
    Silent,
    /// Down.
    Down,
    /// Delivered traffic, forward.
    Forward,
    /// Delivered traffic, return.
    Return,
    /// A bound or what is called ok.
    Bound,
    /// A peak.
    Peak,
    /// A level that held.
    Steady,
    /// A PNI that works.
    Pni,
    /// A link inside a network that works.
    Link,
    /// Convergence: detect.
    Detect,
    /// Convergence: notify.
    Notify,
    /// Convergence: decide.
    Decide,
    /// Convergence: write.
    Write,
}

impl Role {
    /// All of them.
    pub(in crate::report) const ALL: [Self; 25] = [
        Self::Paper,
        Self::Panel,
        Self::Box,
        Self::Ink,
        Self::Muted,
        Self::OnFill,
        Self::Grid,
        Self::Frame,
        Self::Fault,
        Self::Event,
        Self::Up,
        Self::Degraded,
        Self::Silent,
        Self::Down,
        Self::Forward,
        Self::Return,
        Self::Bound,
        Self::Peak,
        Self::Steady,
        Self::Pni,
        Self::Link,
        Self::Detect,
        Self::Notify,
        Self::Decide,
        Self::Write,
    ];

    /// Name of its variable on a page, its colour on paper and on a dark screen, as `0xRRGGBB`.
    const fn entry(self) -> (&'static str, u32, u32) {
        match self {
            Self::Paper => ("paper", 0xFF_FF_FF, 0x14_17_1C),
            Self::Panel => ("panel", 0xF3_F5_F7, 0x1D_22_29),
            Self::Box => ("box", 0xFE_FE_FE, 0x27_2E_37),
            Self::Ink => ("ink", 0x1A_1D_21, 0xE8_EA_ED),
            Self::Muted => ("muted", 0x54_5B_64, 0xA9_B2_BC),
            Self::OnFill => ("on-fill", 0x10_10_10, 0x10_10_10),
            Self::Grid => ("grid", 0xDD_E1_E5, 0x33_3B_45),
            Self::Frame => ("frame", 0x8A_93_9D, 0x6B_75_80),
            Self::Fault => ("fault", 0xFB_EA_E0, 0x3A_27_1D),
            Self::Event => ("event", 0xA8_3C_00, 0xFF_9A_66),
            Self::Up => ("up", 0x00_9E_73, 0x2F_C9_9B),
            Self::Degraded => ("degraded", 0xE6_9F_00, 0xF0_B4_2E),
            Self::Silent => ("silent", 0xCC_79_A7, 0xDD_93_BC),
            Self::Down => ("down", 0xD5_5E_00, 0xF0_7F_2A),
            Self::Forward => ("forward", 0x56_B4_E9, 0x4A_A3_DB),
            Self::Return => ("return", 0x8E_BF_E0, 0x76_9F_C4),
            Self::Bound => ("bound", 0x00_72_B2, 0x6C_C4_F5),
            Self::Peak => ("peak", 0xE6_9F_01, 0xF0_B4_2F),
            Self::Steady => ("steady", 0x56_B4_EA, 0x4A_A3_DC),
            Self::Pni => ("pni", 0x00_72_B3, 0x6C_C4_F6),
            Self::Link => ("link", 0x7A_83_8D, 0x8D_97_A2),
            Self::Detect => ("detect", 0xE6_9F_02, 0xF0_B4_30),
            Self::Notify => ("notify", 0x56_B4_EB, 0x4A_A3_DD),
            Self::Decide => ("decide", 0xF0_E4_42, 0xF0_E4_43),
            Self::Write => ("write", 0x00_9E_74, 0x2F_C9_9C),
        }
    }

    /// Name of its variable on a page, without the dashes in front.
    pub(in crate::report) const fn name(self) -> &'static str {
        self.entry().0
    }

    /// Its colour on paper as SVG writes it: `#RRGGBB`.
    pub(in crate::report) fn paper(self) -> String {
        format!("#{:06X}", self.entry().1)
    }

    /// Its colour on a dark screen: `#RRGGBB`.
    pub(in crate::report) fn dark(self) -> String {
        format!("#{:06X}", self.entry().2)
    }

    /// Its colour on paper.
    pub(super) fn color(self) -> RGBColor {
        let [_, r, g, b] = self.entry().1.to_be_bytes();
        RGBColor(r, g, b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_a_colour_and_a_name_of_its_own() {
        for (index, one) in Role::ALL.iter().enumerate() {
            for other in &Role::ALL[index + 1..] {
                assert_ne!(one.paper(), other.paper(), "{one:?} and {other:?}");
                assert_ne!(one.name(), other.name(), "{one:?} and {other:?}");
            }
        }
    }

    /// Relative luminance contrast of WCAG 2.2, from `#RRGGBB` texts.
    fn contrast(one: &str, other: &str) -> f64 {
        let luminance = |text: &str| {
            let channel = |at: usize| {
                let v = u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal");
                let v = f64::from(v) / 255.0;
                if v <= 0.040_45 { v / 12.92 } else { libm::pow((v + 0.055) / 1.055, 2.4) }
            };
            0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
        };
        let (a, b) = (luminance(one), luminance(other));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_can_be_read_on_what_lies_under_it() {
        use Role::{Box, Event, Fault, Ink, Muted, OnFill, Panel, Paper};
        for ground in [Paper, Panel, Box, Fault] {
            for text in [Ink, Muted, Event] {
                let paper = contrast(&text.paper(), &ground.paper());
                assert!(paper >= 4.5, "{text:?} on {ground:?} on paper: {paper:.1}");
                let dark = contrast(&text.dark(), &ground.dark());
                assert!(dark >= 4.5, "{text:?} on {ground:?} on a dark screen: {dark:.1}");
            }
        }
        for ground in [Role::Degraded, Role::Silent, Role::Down, Role::Detect, Role::Steady] {
            let paper = contrast(&OnFill.paper(), &ground.paper());
            assert!(paper >= 4.5, "text on {ground:?}: {paper:.1}");
        }
    }
}
