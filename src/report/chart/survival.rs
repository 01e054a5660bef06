//! How many sets of failures a design survives, by their size.

use super::canvas::{self, Area, Canvas, Type};
use super::frame::{self, HEADER, MARGIN, ROOM, WIDTH, rows};
use super::palette::Role;
use super::{Chart, sweep_origin};
use crate::report::data::{SizeRow, SweepResult};
use crate::report::number;

/// Width of the names on the left.
const NAMES: f64 = 130.0;
/// Width of the figures on the right.
const FIGURES: f64 = 290.0;
/// Height of a size.
const ROW: f64 = 44.0;

/// Draws the share of sets within bounds, failing and uncertain for each size.
pub(super) fn chart(result: &SweepResult) -> Chart {
    let body = ROW * rows(result.by_size.len());
    let foot = HEADER + 8.0 + body + 58.0;
    let height = foot + frame::origin_height(&result.command);
    let title = format!("Survivability: {}", result.topology);
    let what = "Share of all sets of elements that fail at once in which every demand is within bounds (%)";
    let shapes = canvas::draw(WIDTH, height, |canvas| {
        frame::header(canvas, &title, what);
        let w = ROOM - NAMES - FIGURES;
        let plot = Area { x: MARGIN + NAMES, y: HEADER + 8.0, w, h: body };
        canvas.fill(plot, Role::Panel);
        for (row, size) in result.by_size.iter().enumerate() {
            let y = plot.y + ROW * rows(row);
            draw_size(canvas, size, Area { y: y + 9.0, h: ROW - 18.0, ..plot });
        }
        draw_axis(canvas, plot);
        let entries = [
            (Role::Up, "within bounds"),
            (Role::Down, "a demand delivers less than its ok"),
            (Role::Silent, "uncertain: depends on history, or not found out"),
        ];
        frame::legend(
            canvas,
            (plot.x, plot.bottom() + 44.0, 18.0),
            &entries,
            |canvas, area, role| {
                frame::piece(canvas, area, role);
            },
        );
        frame::origin(canvas, &sweep_origin(result), &result.command, foot);
    });
    Chart {
        stem: "survival",
        title,
        description: describe(&result.by_size),
        width: WIDTH,
        height,
        shapes,
    }
}

fn name(size: usize) -> String {
    match size {
        0 => "none fails".to_owned(),
        1 => "1 fails".to_owned(),
        n => format!("{n} fail"),
    }
}

fn describe(sizes: &[SizeRow]) -> String {
    let one = |row: &SizeRow| {
        let share = number::percent(number::part(row.within_bounds, row.sets));
        format!(
            "{}: {} of {} sets within bounds ({share})",
            name(row.size),
            row.within_bounds,
            row.sets
        )
    };
    sizes.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn draw_size(canvas: &mut Canvas<'_>, row: &SizeRow, area: Area) {
    let base = area.y + area.h / 2.0 + 4.0;
    let look = Type::SMALL.size(13.0).bold();
    canvas.text((MARGIN, base), look, &name(row.size));
    let failing = row.sets - row.within_bounds - row.uncertain;
    let parts =
        [(row.within_bounds, Role::Up), (failing, Role::Down), (row.uncertain, Role::Silent)];
    let mut x = area.x;
    for (count, role) in parts {
        // What exists is seen, however small its share.
        let w = if count == 0 { 0.0 } else { (area.w * number::part(count, row.sets)).max(2.0) };
        let w = w.min(area.right() - x);
        if w > 0.0 {
            frame::piece(canvas, Area { x, w, ..area }, role);
        }
        x += w;
    }
    let words = format!(
        "{}: {} of {}{}{}",
        number::percent(number::part(row.within_bounds, row.sets)),
        row.within_bounds,
        row.sets,
        if failing > 0 { format!(", {failing} fail") } else { String::new() },
        if row.uncertain > 0 { format!(", {} uncertain", row.uncertain) } else { String::new() },
    );
    let look = Type::SMALL;
    canvas.text((area.right() + 12.0, base), look, &look.fit(&words, FIGURES - 12.0));
}

fn draw_axis(canvas: &mut Canvas<'_>, plot: Area) {
    for tick in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let x = plot.x + plot.w * tick;
        canvas.line(&[(x, plot.bottom()), (x, plot.bottom() + 4.0)], Role::Frame, 1.0);
        let look = Type::SMALL.role(Role::Muted).middle();
        canvas.text((x, plot.bottom() + 18.0), look, &number::percent(tick));
    }
    canvas.line(&[(plot.x, plot.bottom()), (plot.right(), plot.bottom())], Role::Frame, 1.0);
}
