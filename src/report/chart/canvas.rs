//! A drawing surface on top of plotters' SVG backend: pixels as floats, roles as colours.
//!
//! plotters places shapes on whole numbers. The surface is ten times as large as what it shows, so
//! that a tenth of a pixel can be told; the view box scales it back.

use std::fmt::Write as _;

use plotters::backend::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, ShapeStyle, TextStyle};

use super::letters::{self, Weight};
use super::palette::Role;

/// Units of the surface in a pixel.
const SCALE: f64 = 10.0;

/// Families in order of preference; the first is the one embedded for PNG.
const FAMILY: &str = "DejaVu Sans, Arial, sans-serif";

/// plotters divides a font's size by this when it writes SVG.
const FONT_SCALE: f64 = 1.24;

/// A place on the surface, in pixels from the upper left corner.
pub(super) type Point = (f64, f64);

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Area {
    /// Left edge.
    pub(super) x: f64,
    /// Upper edge.
    pub(super) y: f64,
    /// Width.
    pub(super) w: f64,
    /// Height.
    pub(super) h: f64,
}

impl Area {
    /// Right edge.
    pub(super) fn right(self) -> f64 {
        self.x + self.w
    }

    /// Lower edge.
    pub(super) fn bottom(self) -> f64 {
        self.y + self.h
    }

    /// The middle.
    pub(super) fn center(self) -> Point {
        (self.x + self.w / 2.0, self.y + self.h / 2.0)
    }
}

/// Which part of a text stands at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    /// Its start.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

/// How a text looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Type {
    /// Size in pixels, at least 11.
    pub(super) size: f64,
    /// Weight.
    pub(super) weight: Weight,
    /// Colour.
    pub(super) role: Role,
    /// What stands at the place given.
    pub(super) anchor: Anchor,
}

impl Type {
    /// Ordinary small text, starting at its place.
    pub(super) const SMALL: Self =
        Self { size: 11.0, weight: Weight::Regular, role: Role::Ink, anchor: Anchor::Start };

    /// The same, bold.
    pub(super) const fn bold(self) -> Self {
        Self { weight: Weight::Bold, ..self }
    }

    /// The same in another colour.
    pub(super) const fn role(self, role: Role) -> Self {
        Self { role, ..self }
    }

    /// The same in another size.
    pub(super) const fn size(self, size: f64) -> Self {
        Self { size, ..self }
    }

    /// The same with its middle at the place.
    pub(super) const fn middle(self) -> Self {
        Self { anchor: Anchor::Middle, ..self }
    }

    /// The same with its end at the place.
    pub(super) const fn end(self) -> Self {
        Self { anchor: Anchor::End, ..self }
    }

    /// Width of `text` in pixels.
    pub(super) fn width(self, text: &str) -> f64 {
        letters::width(text, self.size, self.weight)
    }

    /// `text` shortened to `room` pixels.
    pub(super) fn fit(self, text: &str, room: f64) -> String {
        letters::fit(text, self.size, self.weight, room)
    }
}

/// A drawing surface.
pub(super) struct Canvas<'a> {
    backend: SVGBackend<'a>,
}

/// The shapes that `paint` draws on a surface of `w` by `h` pixels, as SVG without its outer tag.
pub(super) fn draw(w: f64, h: f64, paint: impl FnOnce(&mut Canvas<'_>)) -> String {
    let mut svg = String::new();
    let size = (extent(w), extent(h));
    let mut canvas = Canvas { backend: SVGBackend::with_string(&mut svg, size) };
    canvas.fill(Area { x: 0.0, y: 0.0, w, h }, Role::Paper);
    paint(&mut canvas);
    canvas.backend.present().expect(INFALLIBLE);
    drop(canvas);
    let inner = svg.split_once('\n').map_or("", |(_, rest)| rest);
    inner.trim_end().trim_end_matches("</svg>").to_owned()
}

/// The outer tag of an SVG of `w` by `h` pixels: attributes that size it.
pub(super) fn view(w: f64, h: f64) -> String {
    let mut text = String::new();
    write!(text, "width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {} {}\"", extent(w), extent(h))
        .expect(INFALLIBLE);
    text
}

const INFALLIBLE: &str = "writing into a string does not fail";

#[expect(clippy::cast_possible_truncation, reason = "charts are a few thousand pixels")]
fn unit(pixels: f64) -> i32 {
    (pixels * SCALE).round() as i32
}

fn extent(pixels: f64) -> u32 {
    unit(pixels).unsigned_abs()
}

fn units(points: &[Point]) -> Vec<(i32, i32)> {
    points.iter().map(|p| (unit(p.0), unit(p.1))).collect()
}

fn stroke(role: Role, width: f64) -> ShapeStyle {
    role.color().stroke_width(extent(width))
}

impl Canvas<'_> {
    /// A filled rectangle.
    pub(super) fn fill(&mut self, area: Area, role: Role) {
        let from = (unit(area.x), unit(area.y));
        let to = (unit(area.right()), unit(area.bottom()));
        self.backend.draw_rect(from, to, &role.color(), true).expect(INFALLIBLE);
    }

    /// The outline of a rectangle, `width` pixels thick.
    pub(super) fn frame(&mut self, area: Area, role: Role, width: f64) {
        let (x, y, r, b) = (area.x, area.y, area.right(), area.bottom());
        self.line(&[(x, y), (r, y), (r, b), (x, b), (x, y)], role, width);
    }

    /// A line through all points.
    pub(super) fn line(&mut self, points: &[Point], role: Role, width: f64) {
        self.backend.draw_path(units(points), &stroke(role, width)).expect(INFALLIBLE);
    }

    /// A filled shape.
    pub(super) fn shape(&mut self, points: &[Point], role: Role) {
        self.backend.fill_polygon(units(points), &role.color()).expect(INFALLIBLE);
    }

    /// A dashed line through all points: `on` pixels drawn, `off` pixels left out.
    pub(super) fn dashes(
        &mut self,
        points: &[Point],
        (role, width): (Role, f64),
        (on, off): (f64, f64),
    ) {
        let mut drawing = vec![points[0]];
        let mut left = on;
        let mut ink = true;
        for pair in points.windows(2) {
            let (mut at, to) = (pair[0], pair[1]);
            loop {
                let (dx, dy) = (to.0 - at.0, to.1 - at.1);
                let rest = (dx * dx + dy * dy).sqrt();
                if rest < left {
                    left -= rest;
                    drawing.push(to);
                    break;
                }
                at = (at.0 + dx * left / rest, at.1 + dy * left / rest);
                drawing.push(at);
                if ink {
                    self.line(&drawing, role, width);
                }
                drawing = vec![at];
                ink = !ink;
                left = if ink { on } else { off };
            }
        }
        if ink && drawing.len() > 1 {
            self.line(&drawing, role, width);
        }
    }

    /// Diagonal lines `gap` pixels apart that fill a rectangle.
    pub(super) fn hatch(&mut self, area: Area, role: Role, gap: f64) {
        let mut offset = gap / 2.0;
        while offset < area.w + area.h {
            // x + y = offset, measured from the upper left corner and cut at the edges.
            let from = (offset.min(area.w), (offset - area.w).max(0.0));
            let to = ((offset - area.h).max(0.0), offset.min(area.h));
            let place = |p: Point| (area.x + p.0, area.y + p.1);
            self.line(&[place(from), place(to)], role, 1.0);
            offset += gap;
        }
    }

    /// A cross of two strokes around a place.
    pub(super) fn cross(&mut self, at: Point, reach: f64, role: Role, width: f64) {
        let (x, y) = at;
        self.line(&[(x - reach, y - reach), (x + reach, y + reach)], role, width);
        self.line(&[(x - reach, y + reach), (x + reach, y - reach)], role, width);
    }

    /// A text whose baseline is at `at`.
    pub(super) fn text(&mut self, at: Point, look: Type, text: &str) {
        if text.is_empty() {
            return;
        }
        let size = look.size * SCALE;
        let style = match look.weight {
            Weight::Regular => FontStyle::Normal,
            Weight::Bold => FontStyle::Bold,
        };
        let across = match look.anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let font = FontDesc::new(FontFamily::Name(FAMILY), size * FONT_SCALE, style);
        let color = look.role.color();
        let style = TextStyle::from(font).color(&color).pos(Pos::new(across, VPos::Top));
        // plotters writes `dy="0.76em"` for a text that hangs from its place.
        let place = (unit(at.0), unit(at.1 - 0.76 * look.size));
        // XML has no control characters.
        let text = text.replace(char::is_control, "\u{fffd}");
        self.backend.draw_text(&text, &style, place).expect(INFALLIBLE);
    }
}
