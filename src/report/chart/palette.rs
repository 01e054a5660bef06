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

    /// Name of its variable on a page, its colour on paper and on a dark screen, as `0x00RR_GGBB`.
    const fn entry(self) -> (&'static str, u32, u32) {
        match self {
            Self::Paper => ("paper", 0x00FF_FFFF, 0x0014_171C),
            Self::Panel => ("panel", 0x00F3_F5F7, 0x001D_2229),
            Self::Box => ("box", 0x00FE_FEFE, 0x0027_2E37),
            Self::Ink => ("ink", 0x001A_1D21, 0x00E8_EAED),
            Self::Muted => ("muted", 0x0054_5B64, 0x00A9_B2BC),
            Self::OnFill => ("on-fill", 0x0010_1010, 0x0010_1010),
            Self::Grid => ("grid", 0x00DD_E1E5, 0x0033_3B45),
            Self::Frame => ("frame", 0x008A_939D, 0x006B_7580),
            Self::Fault => ("fault", 0x00FB_EAE0, 0x003A_271D),
            Self::Event => ("event", 0x00A8_3C00, 0x00FF_9A66),
            Self::Up => ("up", 0x0000_9E73, 0x002F_C99B),
            Self::Degraded => ("degraded", 0x00E6_9F00, 0x00F0_B42E),
            Self::Silent => ("silent", 0x00CC_79A7, 0x00DD_93BC),
            Self::Down => ("down", 0x00D5_5E00, 0x00F0_7F2A),
            Self::Forward => ("forward", 0x0056_B4E9, 0x004A_A3DB),
            Self::Return => ("return", 0x008E_BFE0, 0x0076_9FC4),
            Self::Bound => ("bound", 0x0000_72B2, 0x006C_C4F5),
            Self::Peak => ("peak", 0x00E6_9F01, 0x00F0_B42F),
            Self::Steady => ("steady", 0x0056_B4EA, 0x004A_A3DC),
            Self::Pni => ("pni", 0x0000_72B3, 0x006C_C4F6),
            Self::Link => ("link", 0x007A_838D, 0x008D_97A2),
            Self::Detect => ("detect", 0x00E6_9F02, 0x00F0_B430),
            Self::Notify => ("notify", 0x0056_B4EB, 0x004A_A3DD),
            Self::Decide => ("decide", 0x00F0_E442, 0x00F0_E443),
            Self::Write => ("write", 0x0000_9E74, 0x002F_C99C),
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
