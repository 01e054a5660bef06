//! How long each demand is down in a year, against what its class allows.

use super::canvas::{self, Area, Canvas, Type};
use super::frame::{self, HEADER, MARGIN, ROOM, WIDTH, rows};
use super::palette::Role;
use super::{Chart, availability_origin, axis};
use crate::report::data::{AvailabilityResult, DemandAvailability, YEAR_S};
use crate::report::number;

/// Width of the names on the left.
const NAMES: f64 = 170.0;
/// Width of the figures on the right.
const FIGURES: f64 = 250.0;
/// Height of a demand.
const ROW: f64 = 52.0;
/// Most demands drawn: those with the longest downtime.
const MOST: usize = 12;
/// Most of what takes a demand down that is named.
const NAMED: usize = 2;

/// Draws the downtimes.
pub(super) fn chart(result: &AvailabilityResult) -> Chart {
    let mut all: Vec<&DemandAvailability> = result.demands.iter().collect();
    all.sort_by(|a, b| b.unavailability.total_cmp(&a.unavailability));
    let shown = &all[..all.len().min(MOST)];
    let body = ROW * rows(shown.len());
    let foot = HEADER + 8.0 + body + 76.0;
    let height = foot + frame::origin_height(&result.command);
    let longest = shown.iter().map(|demand| demand.downtime_s_per_year.sum()).fold(0.0, f64::max);
    // A bound far beyond every bar would leave nothing of them to be seen.
    let allowed = shown.iter().filter_map(|demand| allowed(demand));
    let bound = allowed.filter(|allowed| *allowed <= longest * 4.0).fold(0.0, f64::max);
    let most = longest.max(bound).max(1e-3) * 1.06;
    let (unit, length) = axis::time_unit(most);
    let title = format!("Downtime: {}", result.topology);
    let what = format!("Expected downtime of each demand ({unit} a year), by what it is made of");
    let shapes = canvas::draw(WIDTH, height, |canvas| {
        frame::header(canvas, &title, &what);
        let w = ROOM - NAMES - FIGURES;
        let plot = Area { x: MARGIN + NAMES, y: HEADER + 8.0, w, h: body };
        canvas.fill(plot, Role::Panel);
        for tick in axis::ticks(0.0, most / length, 6) {
            let x = plot.x + plot.w * tick * length / most;
            canvas.line(&[(x, plot.y), (x, plot.bottom() + 4.0)], Role::Grid, 1.0);
            let look = Type::SMALL.role(Role::Muted).middle();
            canvas.text((x, plot.bottom() + 18.0), look, &number::trimmed(tick, 6));
        }
        for (row, demand) in shown.iter().enumerate() {
            draw(canvas, demand, Area { y: plot.y + ROW * rows(row), h: ROW, ..plot }, most);
        }
        let x = plot.x + plot.w;
        let look = Type::SMALL.role(Role::Muted).end();
        canvas.text((x, plot.bottom() + 34.0), look, &format!("{unit} a year"));
        let entries = [
            (Some(Role::Down), "until something is repaired"),
            (Some(Role::Peak), "while routing reacts"),
            (Some(Role::Silent), "added by common causes"),
            (None, "what the class allows"),
        ];
        frame::legend(
            canvas,
            (MARGIN, plot.bottom() + 54.0, 18.0),
            &entries,
            |canvas, area, part| match part {
                Some(role) => frame::piece(canvas, area, role),
                None => mark(canvas, area),
            },
        );
        if all.len() > shown.len() {
            let words = format!("+{} more demands: see availability.json", all.len() - shown.len());
            canvas.text((MARGIN, plot.bottom() + 72.0), Type::SMALL.role(Role::Muted), &words);
        }
        frame::origin(canvas, &availability_origin(result), &result.command, foot);
    });
    Chart { stem: "downtime", title, description: describe(shown), width: WIDTH, height, shapes }
}

/// How many seconds a year its class allows.
fn allowed(demand: &DemandAvailability) -> Option<f64> {
    demand.target.map(|target| number::rounded(1.0 - target) * YEAR_S)
}

fn describe(shown: &[&DemandAvailability]) -> String {
    shown.iter().map(|demand| figures(demand)).collect::<Vec<_>>().join("; ")
}

fn figures(demand: &DemandAvailability) -> String {
    let down = number::duration(demand.downtime_s_per_year.sum());
    match allowed(demand) {
        Some(allowed) => format!("{down} of {} allowed", number::duration(allowed)),
        None => down,
    }
}

fn mark(canvas: &mut Canvas<'_>, area: Area) {
    let (x, _) = area.center();
    canvas.line(&[(x, area.y - 2.0), (x, area.bottom() + 2.0)], Role::Bound, 2.0);
}

fn draw(canvas: &mut Canvas<'_>, demand: &DemandAvailability, area: Area, most: f64) {
    let bar = Area { y: area.y + 8.0, h: 18.0, ..area };
    let base = bar.y + 13.0;
    let look = Type::SMALL.size(13.0).bold();
    canvas.text((MARGIN, base), look, &look.fit(&demand.demand, NAMES - 10.0));
    let look = Type::SMALL.role(Role::Muted);
    canvas.text((MARGIN, base + 18.0), look, &look.fit(&demand.class, NAMES - 10.0));
    let parts = demand.downtime_s_per_year;
    let mut x = bar.x;
    for (seconds, role) in [
        (parts.steady, Role::Down),
        (parts.transient, Role::Peak),
        (parts.common_cause, Role::Silent),
    ] {
        // What exists is seen, however small its share.
        let w = if seconds > 0.0 { (bar.w * seconds / most).max(1.0) } else { 0.0 };
        let w = w.min(bar.right() - x);
        if w > 0.0 {
            frame::piece(canvas, Area { x, w, ..bar }, role);
        }
        x += w;
    }
    if let Some(allowed) = allowed(demand) {
        let place = bar.x + bar.w * allowed / most;
        if place <= bar.right() {
            canvas.line(&[(place, bar.y - 4.0), (place, bar.bottom() + 4.0)], Role::Bound, 2.0);
        } else {
            let tip = bar.right() - 2.0;
            let head = [(tip - 7.0, base - 9.0), (tip, base - 4.0), (tip - 7.0, base + 1.0)];
            canvas.shape(&head, Role::Bound);
        }
    }
    let look = Type::SMALL;
    canvas.text((area.right() + 12.0, base), look, &look.fit(&figures(demand), FIGURES - 12.0));
    let look = Type::SMALL.role(Role::Muted);
    let within = area.w + FIGURES - 12.0;
    canvas.text((area.x + 4.0, bar.bottom() + 15.0), look, &look.fit(&reasons(demand), within));
}

/// What takes it down most, steady or passing.
fn reasons(demand: &DemandAvailability) -> String {
    let steady = demand.sets.iter().map(|set| (set.set.join(" + "), set.downtime_s_per_year));
    let passing = demand
        .transients
        .iter()
        .map(|row| (format!("{} (routing reacts)", row.element), row.times_per_year * row.down_s));
    let mut all: Vec<(String, f64)> = steady.chain(passing).collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    let named = all.iter().take(NAMED);
    let words: Vec<String> =
        named.map(|(what, seconds)| format!("{what} {}", number::duration(*seconds))).collect();
    if words.is_empty() { "never down".to_owned() } else { format!("most by {}", words.join(", ")) }
}
