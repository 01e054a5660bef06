//! A surface for the charts of the calibration page, on top of plotters' SVG backend.
//!
//! It is ten times as large as what it shows, as that of the library is, so that tenths of a pixel
//! can be told.

use plotters::backend::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontDesc, FontFamily, FontStyle, RGBColor, TextStyle};

/// Units of the surface in a pixel.
const SCALE: f64 = 10.0;
/// plotters divides a font's size by this when it writes SVG.
const FONT_SCALE: f64 = 1.24;
const INFALLIBLE: &str = "writing into a string does not fail";

/// What a colour is for: on paper, and on a dark screen. Blue and vermilion of Okabe and Ito are
/// told apart with every kind of colour vision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The ground.
    Paper,
    /// The ground of a row.
    Panel,
    /// Text.
    Ink,
    /// Text that matters less.
    Muted,
    /// Lines of a grid.
    Grid,
    /// All simulated values.
    Range,
    /// Most simulated values.
    Most,
    /// A measured value.
    Dot,
}

impl Role {
    const ALL: [Self; 8] = [
        Self::Paper,
        Self::Panel,
        Self::Ink,
        Self::Muted,
        Self::Grid,
        Self::Range,
        Self::Most,
        Self::Dot,
    ];

    const fn colors(self) -> (u32, u32) {
        match self {
            Self::Paper => (0x00FF_FFFF, 0x0014_171C),
            Self::Panel => (0x00F3_F5F7, 0x001D_2229),
            Self::Ink => (0x001A_1D21, 0x00E8_EAED),
            Self::Muted => (0x0054_5B64, 0x00A9_B2BC),
            Self::Grid => (0x00DD_E1E5, 0x0033_3B45),
            Self::Range => (0x0056_B4E9, 0x004A_A3DB),
            Self::Most => (0x0056_B4EA, 0x004A_A3DC),
            Self::Dot => (0x00D5_5E00, 0x00FF_9A66),
        }
    }

    fn color(self) -> RGBColor {
        let [_, r, g, b] = self.colors().0.to_be_bytes();
        RGBColor(r, g, b)
    }
}

/// Which part of a text stands at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// Its start.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

/// Whether letters are bold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Normal letters.
    Regular,
    /// Bold letters.
    Bold,
}

/// How a text looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Type {
    /// Size in pixels.
    pub(crate) size: f64,
    /// Its weight.
    pub(crate) weight: Weight,
    /// Its colour.
    pub(crate) role: Role,
    /// What stands at its place.
    pub(crate) anchor: Anchor,
}

/// Small text.
pub(crate) const SMALL: Type =
    Type { size: 11.0, weight: Weight::Regular, role: Role::Ink, anchor: Anchor::Start };

/// A surface.
pub(crate) struct Canvas<'a> {
    backend: SVGBackend<'a>,
}

/// An SVG of `w` by `h` pixels with what `paint` draws.
pub(crate) fn svg(
    (w, h): (f64, f64),
    (title, description): (&str, &str),
    paint: impl FnOnce(&mut Canvas<'_>),
) -> String {
    let mut drawn = String::new();
    let size = (unit(w).unsigned_abs(), unit(h).unsigned_abs());
    let mut canvas = Canvas { backend: SVGBackend::with_string(&mut drawn, size) };
    canvas.fill((0.0, 0.0), (w, h), Role::Paper);
    paint(&mut canvas);
    canvas.backend.present().expect(INFALLIBLE);
    drop(canvas);
    let inner = drawn.split_once('\n').map_or("", |(_, rest)| rest);
    let inner = inner.trim_end().trim_end_matches("</svg>");
    let (units_w, units_h) = size;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" \
         viewBox=\"0 0 {units_w} {units_h}\" role=\"img\" aria-labelledby=\"t d\">\n\
         <title id=\"t\">{title}</title>\n<desc id=\"d\">{description}</desc>\n{}{inner}</svg>\n",
        dark()
    )
}

/// What a dark screen shows instead: a style comes before the colours of shapes.
fn dark() -> String {
    let rule = |role: &Role| {
        let (paper, dark) = role.colors();
        format!(
            "[fill=\"#{paper:06X}\"]{{fill:#{dark:06X}}}[stroke=\"#{paper:06X}\"]{{stroke:#{dark:06X}}}"
        )
    };
    let rules: String = Role::ALL.iter().map(rule).collect();
    format!("<style>@media (prefers-color-scheme: dark){{{rules}}}</style>\n")
}

#[expect(clippy::cast_possible_truncation, reason = "charts are a few thousand pixels")]
fn unit(pixels: f64) -> i32 {
    (pixels * SCALE).round() as i32
}

fn place(at: (f64, f64)) -> (i32, i32) {
    (unit(at.0), unit(at.1))
}

impl Canvas<'_> {
    /// A filled rectangle from a corner, so wide and high.
    pub(crate) fn fill(&mut self, (x, y): (f64, f64), (w, h): (f64, f64), role: Role) {
        let (from, to) = (place((x, y)), place((x + w, y + h)));
        self.backend.draw_rect(from, to, &role.color(), true).expect(INFALLIBLE);
    }

    /// A measured value: a dot with a rim, so that dots can be told apart that touch.
    pub(crate) fn dot(&mut self, at: (f64, f64)) {
        for (radius, role) in [(3.6, Role::Paper), (2.9, Role::Dot)] {
            let radius = unit(radius).unsigned_abs();
            self.backend.draw_circle(place(at), radius, &role.color(), true).expect(INFALLIBLE);
        }
    }

    /// A text whose baseline is at `at`.
    pub(crate) fn text(&mut self, at: (f64, f64), look: Type, text: &str) {
        let size = look.size * SCALE;
        let across = match look.anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let weight = match look.weight {
            Weight::Regular => FontStyle::Normal,
            Weight::Bold => FontStyle::Bold,
        };
        let family = FontFamily::Name("DejaVu Sans, Arial, sans-serif");
        let font = FontDesc::new(family, size * FONT_SCALE, weight);
        let color = look.role.color();
        let style = TextStyle::from(font).color(&color).pos(Pos::new(across, VPos::Top));
        // plotters writes `dy="0.76em"` for a text that hangs from its place.
        let at = place((at.0, at.1 - 0.76 * look.size));
        self.backend.draw_text(text, &style, at).expect(INFALLIBLE);
    }
}
