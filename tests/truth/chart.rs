//! A chart of a group: for each case a panel, for each measure a row.

use super::draw::{self, Anchor, Canvas, Role, SMALL, Weight};
use super::measured::Case;
use super::page;
use super::rules::Sorted;
use super::simulated::SEEDS;
use super::{Lab, Row};

/// A4 landscape with margins of 10 mm at 96 dots per inch, as the charts of results.
const WIDTH: f64 = 1040.0;
const MARGIN: f64 = 20.0;
/// Between the two columns.
const GUTTER: f64 = 24.0;
const COLUMN: f64 = (WIDTH - 2.0 * MARGIN - GUTTER) / 2.0;
const HEADER: f64 = 84.0;
/// Names of measures stand left of the rows.
const NAMES: f64 = 128.0;
const TITLE: f64 = 20.0;
const ROW: f64 = 16.0;
/// Ticks, their numbers and what lies between two panels.
const AXIS: f64 = 34.0;
/// About so many ticks.
const TICKS: usize = 6;

/// Rows of one case that share an axis.
struct Panel<'a> {
    title: String,
    rows: Vec<(&'a Row, bool)>,
}

impl Panel<'_> {
    fn height(&self) -> f64 {
        TITLE + count(self.rows.len()) * ROW + AXIS
    }
}

fn count(things: usize) -> f64 {
    f64::from(u32::try_from(things).expect("a chart has few"))
}

/// The chart of a group of cases, as SVG.
pub(crate) fn chart(lab: &Lab, group: &str, cases: &[(&Case, &[Row])]) -> String {
    let panels: Vec<Panel<'_>> = cases.iter().flat_map(|case| panels(lab, case)).collect();
    let total: f64 = panels.iter().map(Panel::height).sum();
    let mut columns: [Vec<&Panel<'_>>; 2] = [Vec::new(), Vec::new()];
    let mut filled = 0.0;
    for panel in &panels {
        // A panel stands where its middle lies.
        let second = filled + panel.height() / 2.0 > total / 2.0;
        columns[usize::from(second)].push(panel);
        filled += panel.height();
    }
    let tall = |column: &Vec<&Panel<'_>>| column.iter().map(|panel| panel.height()).sum::<f64>();
    let height = HEADER + tall(&columns[0]).max(tall(&columns[1]));
    let title = format!("{}: simulated and measured", page::heading(group));
    let description =
        format!("{} cases; the tables of docs/calibration.md tell the same.", cases.len());
    draw::svg((WIDTH, height), (&title, &description), |canvas| {
        header(canvas, &title);
        for (index, column) in columns.iter().enumerate() {
            let left = MARGIN + count(index) * (COLUMN + GUTTER);
            let mut top = HEADER;
            for panel in column {
                draw_panel(canvas, (left, top), panel);
                top += panel.height();
            }
        }
    })
}

/// The panels of a case: what follows a repair has an axis of its own.
fn panels<'a>(lab: &Lab, (case, rows): &(&'a Case, &'a [Row])) -> Vec<Panel<'a>> {
    let with_mark = |row: &'a Row| {
        let listed = lab.exceptions(case, row.measure.key);
        (row, !row.broken.is_empty() || !listed.is_empty())
    };
    let is_after = |row: &&Row| row.measure.key.contains("after_restore");
    let before = rows.iter().filter(|row| !is_after(row)).map(with_mark).collect();
    let after: Vec<_> = rows.iter().filter(is_after).map(with_mark).collect();
    let mut panels = vec![Panel { title: case.title.clone(), rows: before }];
    if !after.is_empty() {
        panels.push(Panel { title: format!("{}: after the repair", case.title), rows: after });
    }
    panels
}

fn header(canvas: &mut Canvas<'_>, title: &str) {
    let look = draw::Type { size: 17.0, weight: Weight::Bold, ..SMALL };
    canvas.text((MARGIN, 27.0), look, title);
    let muted = draw::Type { role: Role::Muted, ..SMALL };
    let unit = "Time since the fault, or since the repair, in the unit at the left of each axis";
    canvas.text((MARGIN, 46.0), draw::Type { size: 13.0, ..muted }, unit);
    let baseline = 66.0;
    let middle = baseline - 4.0;
    bar(canvas, middle, [MARGIN, MARGIN + 10.0, MARGIN + 20.0, MARGIN + 34.0, MARGIN + 48.0]);
    let words = format!("simulated with {SEEDS} seeds: all, the middle 90 %, median");
    canvas.text((MARGIN + 56.0, baseline), muted, &words);
    canvas.dot((MARGIN + 424.0, middle));
    canvas.text((MARGIN + 434.0, baseline), muted, "one run of the lab");
    let bold = draw::Type { weight: Weight::Bold, ..SMALL };
    canvas.text((MARGIN + 570.0, baseline), bold, "≠");
    canvas.text((MARGIN + 584.0, baseline), muted, "does not agree: the table tells why");
}

/// Smallest, 5 %, median, 95 % and largest, as places on the axis.
fn bar(canvas: &mut Canvas<'_>, middle: f64, [min, low, median, high, max]: [f64; 5]) {
    canvas.fill((min, middle - 1.0), (max - min, 2.0), Role::Range);
    canvas.fill((low, middle - 4.0), (high - low, 8.0), Role::Most);
    canvas.fill((median - 1.0, middle - 6.0), (2.0, 12.0), Role::Ink);
}

fn draw_panel(canvas: &mut Canvas<'_>, (left, top): (f64, f64), panel: &Panel<'_>) {
    let bold = draw::Type { size: 12.0, weight: Weight::Bold, ..SMALL };
    canvas.text((left, top + 13.0), bold, &panel.title);
    let axis = Axis::new(panel, left + NAMES, left + COLUMN - 12.0);
    let rows_top = top + TITLE;
    let bottom = rows_top + count(panel.rows.len()) * ROW;
    let width = axis.right - axis.left;
    canvas.fill((axis.left - 6.0, rows_top), (width + 12.0, bottom - rows_top), Role::Panel);
    let muted = draw::Type { role: Role::Muted, anchor: Anchor::Middle, ..SMALL };
    for tick in axis.ticks() {
        let x = axis.at(tick);
        canvas.fill((x - 0.5, rows_top), (1.0, bottom - rows_top + 3.0), Role::Grid);
        canvas.text((x, bottom + 15.0), muted, &axis.label(tick));
    }
    let unit = draw::Type { role: Role::Muted, ..SMALL };
    let end = draw::Type { anchor: Anchor::End, ..unit };
    canvas.text((axis.left - 18.0, bottom + 15.0), end, axis.unit);
    for (index, (row, is_marked)) in panel.rows.iter().enumerate() {
        let middle = rows_top + (count(index) + 0.5) * ROW;
        let name = draw::Type { anchor: Anchor::Start, ..SMALL };
        canvas.text((left + 12.0, middle + 4.0), name, row.measure.label);
        if *is_marked {
            let mark = draw::Type { weight: Weight::Bold, ..SMALL };
            canvas.text((left, middle + 4.0), mark, "≠");
        }
        if let Some(simulated) = Sorted::new(row.simulated.iter().copied().flatten().collect()) {
            let s = &simulated;
            let places = [s.min(), s.percentile(5), s.median(), s.percentile(95), s.max()];
            bar(canvas, middle, places.map(|at| axis.at(at)));
        }
        for at in row.measured.all() {
            canvas.dot((axis.at(*at), middle));
        }
    }
}

/// Seconds to places.
struct Axis {
    from: f64,
    until: f64,
    left: f64,
    right: f64,
    unit: &'static str,
    per_second: f64,
    step: f64,
}

impl Axis {
    fn new(panel: &Panel<'_>, left: f64, right: f64) -> Self {
        let values = panel.rows.iter().flat_map(|(row, _)| {
            let simulated = row.simulated.iter().copied().flatten();
            simulated.chain(row.measured.all().iter().copied())
        });
        let (low, high) = values
            .fold((f64::INFINITY, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        let high = high.max(1e-3);
        let low = if low < 0.5 * high { 0.0 } else { low };
        let step = step(high - low);
        let (from, until) = ((low / step).floor() * step, (high / step).ceil() * step);
        let (unit, per_second) = page::unit(high);
        Self { from, until, left, right, unit, per_second, step }
    }

    fn at(&self, seconds: f64) -> f64 {
        let share = (seconds - self.from) / (self.until - self.from);
        self.left + share * (self.right - self.left)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        let steps = 0..=2 * TICKS;
        let (from, step) = (self.from, self.step);
        let all = steps.map(move |index| from + count(index) * step);
        let until = self.until + 0.5 * step;
        all.take_while(move |tick| *tick < until)
    }

    fn label(&self, tick: f64) -> String {
        let step = self.step * self.per_second;
        let digits = match step {
            step if step < 0.095 => 2,
            step if step < 0.95 => 1,
            _ => 0,
        };
        format!("{:.digits$}", tick * self.per_second)
    }
}

/// The step among 1, 2 and 5 times a power of ten that divides `span` into about [`TICKS`] parts.
fn step(span: f64) -> f64 {
    let mut power = 1e-6;
    loop {
        for factor in [1.0, 2.0, 5.0] {
            if span / (power * factor) <= count(TICKS) {
                return power * factor;
            }
        }
        power *= 10.0;
    }
}
