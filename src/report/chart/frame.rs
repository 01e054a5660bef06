//! What all charts share: a title with its unit, where it comes from, a legend.

use super::canvas::{Area, Canvas, Type};
use super::letters;
use super::palette::Role;
use crate::report::data::RunResult;

/// Width of every chart: A4 landscape with margins of 10 mm, at 96 dots per inch.
pub(super) const WIDTH: f64 = 1040.0;

/// Left and right margin.
pub(super) const MARGIN: f64 = 20.0;

/// Height of the title lines.
pub(super) const HEADER: f64 = 56.0;

/// Width between the margins.
pub(super) const ROOM: f64 = WIDTH - 2.0 * MARGIN;

const COMMAND_LINE: f64 = 15.0;

/// Draws the title and what is measured in which unit.
pub(super) fn header(canvas: &mut Canvas<'_>, title: &str, unit: &str) {
    let look = Type::SMALL.size(17.0).bold();
    canvas.text((MARGIN, 27.0), look, &look.fit(title, ROOM));
    let look = Type::SMALL.size(13.0).role(Role::Muted);
    canvas.text((MARGIN, 46.0), look, &look.fit(unit, ROOM));
}

fn command_lines(command: &str) -> Vec<String> {
    let look = Type::SMALL;
    letters::wrap(command, look.size, look.weight, ROOM)
}

/// Height of what [`footer`] draws.
pub(super) fn footer_height(result: &RunResult) -> f64 {
    origin_height(&result.command)
}

/// Height of what [`origin`] draws.
pub(super) fn origin_height(command: &str) -> f64 {
    let lines = u32::try_from(command_lines(command).len()).expect("a command is a few lines");
    22.0 + COMMAND_LINE * f64::from(lines) + 8.0
}

/// Draws which run this is and the command that makes it again, from `top` down.
pub(super) fn footer(canvas: &mut Canvas<'_>, result: &RunResult, top: f64) {
    let line = format!(
        "topology {} · scenario {} · seed {} · as of {} · pnilab {}",
        result.topology, result.scenario, result.seed, result.as_of, result.version
    );
    origin(canvas, &line, &result.command, top);
}

/// Draws where a chart comes from and the command that makes it again, from `top` down.
pub(super) fn origin(canvas: &mut Canvas<'_>, line: &str, command: &str, top: f64) {
    let rule = Area { x: MARGIN, y: top, w: ROOM, h: 1.0 };
    canvas.fill(rule, Role::Grid);
    let look = Type::SMALL.role(Role::Muted);
    let mut y = top + 17.0;
    canvas.text((MARGIN, y), look, &look.fit(line, ROOM));
    for line in command_lines(command) {
        y += COMMAND_LINE;
        canvas.text((MARGIN, y), look, &line);
    }
}

/// Draws words after small pictures, in a row from a place, with the width of a picture;
/// `picture` draws into the area it is given.
pub(super) fn legend<T: Copy>(
    canvas: &mut Canvas<'_>,
    (x, baseline, w): (f64, f64, f64),
    entries: &[(T, &str)],
    mut picture: impl FnMut(&mut Canvas<'_>, Area, T),
) {
    let mut x = x;
    for &(what, words) in entries {
        picture(canvas, Area { x, y: baseline - 10.0, w, h: 12.0 }, what);
        let look = Type::SMALL.role(Role::Muted);
        canvas.text((x + w + 6.0, baseline), look, words);
        x += w + 6.0 + look.width(words) + 20.0;
    }
}

/// Colour with a hatching of its own for what is not well.
pub(super) fn piece(canvas: &mut Canvas<'_>, area: Area, role: Role) {
    canvas.fill(area, role);
    if role == Role::Down {
        canvas.hatch(area, Role::Paper, 7.0);
    } else if role == Role::Silent {
        canvas.hatch(area, Role::Ink, 5.0);
    }
}

/// A count of rows as a factor for their height.
pub(super) fn rows(count: usize) -> f64 {
    f64::from(u32::try_from(count).expect("a chart has few rows"))
}
