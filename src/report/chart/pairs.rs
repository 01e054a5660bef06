//! How many demands each pair of elements takes below their ok.

use std::collections::BTreeMap;

use super::canvas::{self, Area, Canvas, Type};
use super::frame::{self, HEADER, MARGIN, WIDTH, rows};
use super::palette::Role;
use super::{Chart, sweep_origin};
use crate::report::data::{SetRow, SweepResult};

/// Width of the names on the left.
const NAMES: f64 = 250.0;
/// Height and width of a cell.
const CELL: f64 = 26.0;
/// Most elements drawn: those in the pairs that take most.
const MOST: usize = 25;

/// What a pair, or an element alone, takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cost {
    /// So many demands.
    Lost(usize),
    /// It was not found out.
    Uncertain,
}

/// By element and element, the first not after the second.
type Costs<'a> = BTreeMap<(&'a str, &'a str), Cost>;

/// Draws the pairs, if there were any.
pub(super) fn chart(result: &SweepResult) -> Option<Chart> {
    if result.k < 2 {
        return None;
    }
    let costs = costs(&result.rows);
    let (names, left_out) = worst(&costs);
    let side = CELL * rows(names.len().max(1));
    let foot = HEADER + 34.0 + side + 78.0;
    let height = foot + frame::origin_height(&result.command);
    let title = format!("Pairs that fail together: {}", result.topology);
    let what = "Demands that deliver less than their ok (count) when the element of the row and that of the \
                column fail; in the diagonal one alone";
    let shapes = canvas::draw(WIDTH, height, |canvas| {
        frame::header(canvas, &title, what);
        let plot = Area { x: MARGIN + NAMES, y: HEADER + 34.0, w: side, h: side };
        if names.is_empty() {
            let words = "No element and no pair takes a demand below its ok.";
            canvas.text((MARGIN, plot.y + 16.0), Type::SMALL.size(13.0), words);
        }
        for (row, name) in names.iter().enumerate() {
            draw_row(canvas, (&names, row), &costs, plot);
            let base = plot.y + CELL * rows(row) + CELL / 2.0 + 4.0;
            let look = Type::SMALL;
            let words = format!("{}  {name}", row + 1);
            canvas.text((plot.x - 10.0, base), look.end(), &look.fit(&words, NAMES - 10.0));
            let x = plot.x + CELL * rows(row) + CELL / 2.0;
            let number = (row + 1).to_string();
            canvas.text((x, plot.y - 8.0), look.role(Role::Muted).middle(), &number);
        }
        let entries = [
            (Some(Cost::Lost(0)), "none"),
            (Some(Cost::Lost(1)), "one demand"),
            (Some(Cost::Lost(2)), "more"),
            (Some(Cost::Uncertain), "uncertain"),
        ];
        frame::legend(
            canvas,
            (MARGIN, plot.bottom() + 30.0, 18.0),
            &entries,
            |canvas, area, cost| {
                fill(canvas, area, cost);
            },
        );
        let mut notes = Vec::new();
        if left_out > 0 {
            notes.push(format!("+{left_out} more elements that take a demand alone or in a pair"));
        }
        if result.rows_left_out > 0 {
            notes.push("all other sets: see rows.csv".to_owned());
        }
        let at = (MARGIN, plot.bottom() + 54.0);
        canvas.text(at, Type::SMALL.role(Role::Muted), &notes.join("; "));
        frame::origin(canvas, &sweep_origin(result), &result.command, foot);
    });
    let description = describe(&costs);
    Some(Chart { stem: "pairs", title, description, width: WIDTH, height, shapes })
}

fn costs(all: &[SetRow]) -> Costs<'_> {
    let mut costs = Costs::new();
    for row in all {
        let cost = match row.outcome.as_str() {
            "unique" => Cost::Lost(row.lost.len()),
            _ => Cost::Uncertain,
        };
        match row.set.as_slice() {
            [one] => costs.insert((one, one), cost),
            [a, b] => costs.insert((a.min(b), a.max(b)), cost),
            _ => None,
        };
    }
    costs
}

/// The elements that take most in pairs and alone, and how many more take any.
fn worst<'a>(costs: &Costs<'a>) -> (Vec<&'a str>, usize) {
    let mut sums: BTreeMap<&str, usize> = BTreeMap::new();
    for ((a, b), cost) in costs {
        let Cost::Lost(lost) = cost else { continue };
        *sums.entry(a).or_default() += lost;
        *sums.entry(b).or_default() += lost;
    }
    let mut all: Vec<(&str, usize)> = sums.into_iter().filter(|(_, sum)| *sum > 0).collect();
    all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let left_out = all.len().saturating_sub(MOST);
    (all.into_iter().take(MOST).map(|(name, _)| name).collect(), left_out)
}

fn describe(costs: &Costs<'_>) -> String {
    let failing = costs.iter().filter(|((a, b), cost)| a != b && **cost > Cost::Lost(0));
    let first: Vec<String> = failing
        .clone()
        .take(MOST)
        .map(|((a, b), cost)| match cost {
            Cost::Lost(lost) => format!("{a} and {b}: {lost}"),
            Cost::Uncertain => format!("{a} and {b}: uncertain"),
        })
        .collect();
    format!(
        "{} pairs take demands below their ok or are uncertain; {}",
        failing.count(),
        first.join("; ")
    )
}

/// A cell: what is worse is darker, and what is not a colour alone.
fn fill(canvas: &mut Canvas<'_>, area: Area, cost: Option<Cost>) {
    match cost {
        None | Some(Cost::Lost(0)) => canvas.fill(area, Role::Panel),
        Some(Cost::Lost(1)) => canvas.fill(area, Role::Peak),
        Some(Cost::Lost(_)) => frame::piece(canvas, area, Role::Down),
        Some(Cost::Uncertain) => frame::piece(canvas, area, Role::Silent),
    }
}

fn draw_row(
    canvas: &mut Canvas<'_>,
    (names, row): (&[&str], usize),
    costs: &Costs<'_>,
    plot: Area,
) {
    for (column, other) in names.iter().enumerate().take(row + 1) {
        let name = names[row];
        let cost = costs.get(&(name.min(other), name.max(other))).copied();
        let cell = Area {
            x: plot.x + CELL * rows(column) + 1.0,
            y: plot.y + CELL * rows(row) + 1.0,
            w: CELL - 2.0,
            h: CELL - 2.0,
        };
        fill(canvas, cell, cost);
        if let Some(Cost::Lost(lost)) = cost.filter(|cost| *cost > Cost::Lost(0)) {
            let (x, y) = cell.center();
            let plate = Area { x: x - 8.0, y: y - 7.0, w: 16.0, h: 14.0 };
            canvas.fill(plate, Role::Paper);
            canvas.text((x, y + 4.0), Type::SMALL.bold().middle(), &lost.to_string());
        }
    }
}
