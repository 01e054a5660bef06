//! The availability of each demand as nines.

use super::canvas::{self, Area, Canvas, Point, Type};
use super::frame::{self, HEADER, MARGIN, ROOM, WIDTH, rows};
use super::palette::Role;
use super::{Chart, availability_origin};
use crate::report::data::{AvailabilityResult, DemandAvailability};
use crate::report::number;

/// Width of the names on the left.
const NAMES: f64 = 170.0;
/// Width of the figures on the right.
const FIGURES: f64 = 200.0;
/// Height of a demand.
const ROW: f64 = 30.0;
/// Most demands drawn: those with the lowest availability.
const MOST: usize = 20;
/// Least and most nines drawn, with the downtime that each leaves in a year.
const TICKS: [(f64, &str, &str); 8] = [
    (1.0, "90 %", "36.5 d"),
    (2.0, "99 %", "3.65 d"),
    (3.0, "99.9 %", "8.76 h"),
    (4.0, "99.99 %", "52.6 min"),
    (5.0, "99.999 %", "5.26 min"),
    (6.0, "6 nines", "31.5 s"),
    (7.0, "7 nines", "3.15 s"),
    (8.0, "8 nines", "0.32 s"),
];

/// Draws the availabilities.
pub(super) fn chart(result: &AvailabilityResult) -> Chart {
    let mut all: Vec<&DemandAvailability> = result.demands.iter().collect();
    all.sort_by(|a, b| b.unavailability.total_cmp(&a.unavailability));
    let shown = &all[..all.len().min(MOST)];
    let body = ROW * rows(shown.len());
    let foot = HEADER + 24.0 + body + 76.0;
    let height = foot + frame::origin_height(&result.command);
    let title = format!("Availability: {}", result.topology);
    let what = "Share of time that each demand is up, as nines (to the right is better)";
    let shapes = canvas::draw(WIDTH, height, |canvas| {
        frame::header(canvas, &title, what);
        let w = ROOM - NAMES - FIGURES;
        let plot = Area { x: MARGIN + NAMES, y: HEADER + 24.0, w, h: body };
        canvas.fill(plot, Role::Panel);
        for (nines, share, downtime) in TICKS {
            let x = place(plot, nines);
            canvas.line(&[(x, plot.y), (x, plot.bottom() + 4.0)], Role::Grid, 1.0);
            let look = Type::SMALL.role(Role::Muted).middle();
            canvas.text((x, plot.y - 6.0), look, share);
            canvas.text((x, plot.bottom() + 18.0), look, downtime);
        }
        let look = Type::SMALL.role(Role::Muted).end();
        canvas.text((plot.x - 10.0, plot.bottom() + 18.0), look, "down in a year");
        for (row, demand) in shown.iter().enumerate() {
            draw(canvas, demand, Area { y: plot.y + ROW * rows(row), h: ROW, ..plot });
        }
        let entries: [(Sign, &str); 4] = [
            (dot, "all causes"),
            (ring, "without common causes"),
            (range, "between its bounds"),
            (bound, "asked for by the class"),
        ];
        frame::legend(
            canvas,
            (MARGIN, plot.bottom() + 46.0, 18.0),
            &entries,
            |canvas, area, sign| {
                sign(canvas, area);
            },
        );
        if all.len() > shown.len() {
            let words = format!("+{} more demands: see availability.json", all.len() - shown.len());
            canvas.text((MARGIN, plot.bottom() + 66.0), Type::SMALL.role(Role::Muted), &words);
        }
        frame::origin(canvas, &availability_origin(result), &result.command, foot);
    });
    Chart { stem: "nines", title, description: describe(shown), width: WIDTH, height, shapes }
}

fn describe(shown: &[&DemandAvailability]) -> String {
    shown.iter().map(|demand| figures(demand)).collect::<Vec<_>>().join("; ")
}

fn figures(demand: &DemandAvailability) -> String {
    let word = match demand.target {
        Some(_) => format!(", {}", demand.verdict.word()),
        None => String::new(),
    };
    match demand.nines {
        Some(nines) => format!("{} nines{word}", number::trimmed(nines, 2)),
        None => format!("never down{word}"),
    }
}

fn place(plot: Area, nines: f64) -> f64 {
    let (least, most) = (TICKS[0].0 - 0.3, TICKS[TICKS.len() - 1].0 + 0.5);
    plot.x + plot.w * ((nines - least) / (most - least)).clamp(0.0, 1.0)
}

fn nines(unavailability: f64) -> f64 {
    -libm::log10(unavailability.max(1e-12))
}

/// A sign of the legend, drawn into an area.
type Sign = fn(&mut Canvas<'_>, Area);

fn dot(canvas: &mut Canvas<'_>, area: Area) {
    canvas.shape(&circle(area.center(), 5.0), Role::Ink);
}

fn ring(canvas: &mut Canvas<'_>, area: Area) {
    canvas.shape(&circle(area.center(), 5.0), Role::Ink);
    canvas.shape(&circle(area.center(), 3.2), Role::Panel);
}

fn range(canvas: &mut Canvas<'_>, area: Area) {
    let (_, y) = area.center();
    canvas.line(&[(area.x, y), (area.right(), y)], Role::Steady, 5.0);
}

fn bound(canvas: &mut Canvas<'_>, area: Area) {
    let (x, _) = area.center();
    canvas.line(&[(x, area.y), (x, area.bottom())], Role::Bound, 2.5);
}

/// Corners of what looks round at this size.
fn circle((x, y): Point, radius: f64) -> Vec<Point> {
    let (long, short) = (radius * 0.924, radius * 0.383);
    let corners = [(long, short), (short, long), (-short, long), (-long, short)];
    let half = corners.into_iter().map(|(dx, dy)| (x + dx, y + dy));
    half.chain(corners.into_iter().map(|(dx, dy)| (x - dx, y - dy))).collect()
}

fn draw(canvas: &mut Canvas<'_>, demand: &DemandAvailability, area: Area) {
    let base = area.y + area.h / 2.0 + 4.0;
    let look = Type::SMALL.bold();
    canvas.text((MARGIN, base), look, &look.fit(&demand.demand, NAMES - 10.0));
    let at = |unavailability: f64| place(area, nines(unavailability));
    let (from, until) = (at(demand.high), at(demand.low));
    range(canvas, Area { x: from, w: (until - from).max(1.0), ..area });
    if let Some(target) = demand.target {
        let x = at(number::rounded(1.0 - target));
        bound(canvas, Area { x: x - 1.0, y: area.y + 4.0, w: 2.0, h: area.h - 8.0 });
    }
    let sign = |unavailability: f64| Area { x: at(unavailability) - 9.0, w: 18.0, ..area };
    ring(canvas, sign(demand.physical.unavailability));
    dot(canvas, sign(demand.unavailability));
    let look = Type::SMALL;
    canvas.text((area.right() + 12.0, base), look, &look.fit(&figures(demand), FIGURES - 12.0));
}
