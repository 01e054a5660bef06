//! Strips of delivered traffic under a timeline, one per demand and direction.

use super::canvas::{Area, Canvas, Point, Type};
use super::frame::MARGIN;
use super::palette::Role;
use super::timeline::View;
use crate::report::data::{
    BoundRow, DeliveredPoint, DeliveredSeries, DemandRow, Direction, RunReport,
};
use crate::report::number;

/// Height of a strip with the space above it.
pub(super) const HEIGHT: f64 = 50.0;

/// Most strips drawn.
const MOST: usize = 4;

/// The strips worth drawing.
pub(super) struct Strips<'a> {
    /// Those shown, in order of name.
    pub(super) shown: Vec<&'a DeliveredSeries>,
    omitted: usize,
}

impl Strips<'_> {
    /// What was left out, if anything.
    pub(super) fn remark(&self) -> String {
        match self.omitted {
            0 => String::new(),
            n => format!("+{n} more that lost less: see the tables"),
        }
    }
}

fn row<'a>(report: &'a RunReport, series: &DeliveredSeries) -> Option<&'a DemandRow> {
    let rows = &report.result.demands;
    rows.iter().find(|d| d.demand == series.demand && d.direction == series.direction)
}

/// The demands and directions that lost most, in their own order.
pub(super) fn choose(report: &RunReport) -> Strips<'_> {
    let all = &report.figures.delivered;
    let lost = |s: &DeliveredSeries| row(report, s).map_or(0.0, |d| d.run.lost_s);
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by(|&a, &b| lost(&all[b]).total_cmp(&lost(&all[a])).then(a.cmp(&b)));
    order.truncate(MOST);
    order.sort_unstable();
    Strips {
        shown: order.into_iter().map(|i| &all[i]).collect(),
        omitted: all.len().saturating_sub(MOST),
    }
}

/// The bound on the longest gap of a demand and direction, if there is one: the tightest.
fn bound<'a>(report: &'a RunReport, series: &DeliveredSeries) -> Option<&'a BoundRow> {
    report
        .result
        .bounds
        .iter()
        .filter(|b| b.bound == "longest_gap" && b.subject.as_ref() == Some(&series.demand))
        .filter(|b| b.direction.is_none_or(|d| d == series.direction))
        .filter(|b| b.at_most.is_some())
        .min_by(|a, b| a.at_most.unwrap_or(f64::MAX).total_cmp(&b.at_most.unwrap_or(f64::MAX)))
}

/// Draws the strip of one demand and direction, from `y` down.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    report: &RunReport,
    series: &DeliveredSeries,
    views: &[View],
    y: f64,
) {
    let bound = bound(report, series);
    draw_words(canvas, report, series, bound, y);
    for (index, view) in views.iter().enumerate() {
        let area = Area { x: view.x, y: y + 10.0, w: view.w, h: HEIGHT - 14.0 };
        draw_area(canvas, series, view, area);
        draw_ok(canvas, series.ok, area);
        if index == 0 {
            let look = Type::SMALL.end().role(Role::Muted);
            canvas.text((area.x - 4.0, area.y + 6.0), look, "100 %");
            canvas.text((area.x - 4.0, area.bottom() + 2.0), look, "0 %");
        }
        let begins =
            report.result.faults.iter().any(|f| (f.at_s - view.panel.zero_s).abs() < 5e-10);
        let limit = bound.and_then(|b| b.at_most).filter(|_| begins);
        if let Some(limit) = limit.filter(|l| view.shows(view.panel.zero_s + l)) {
            let x = view.place(view.panel.zero_s + limit);
            draw_bound(canvas, x, (area.y - 3.0, area.bottom()));
            let words = format!("gap ≤ {}", number::duration(limit));
            let look = Type::SMALL.role(Role::Bound).bold();
            if x + 5.0 + look.width(&words) < area.right() {
                let (w, h) = (look.width(&words) + 4.0, 14.0);
                let under = Area { x: x + 3.0, y: area.center().1 - 7.0, w, h };
                canvas.fill(under, Role::Box);
                canvas.text((x + 5.0, area.center().1 + 4.0), look, &words);
            }
        }
    }
}

fn draw_words(
    canvas: &mut Canvas<'_>,
    report: &RunReport,
    series: &DeliveredSeries,
    bound: Option<&BoundRow>,
    y: f64,
) {
    let bold = Type::SMALL.bold();
    let name = format!("{} {}", series.demand, series.direction.word());
    canvas.text((MARGIN, y + 14.0), bold, &bold.fit(&name, 216.0));
    let muted = Type::SMALL.role(Role::Muted);
    let offered =
        format!("{}, ok ≥ {}", number::rate(series.offered_bps), number::percent(series.ok));
    canvas.text((MARGIN, y + 28.0), muted, &offered);
    if let Some(row) = row(report, series) {
        let gap = number::duration(row.run.longest_gap_s);
        let words = match bound.and_then(|b| b.at_most) {
            Some(limit) => format!("longest gap {gap}, bound ≤ {}", number::duration(limit)),
            None => format!("longest gap {gap}"),
        };
        canvas.text((MARGIN, y + 42.0), muted, &muted.fit(&words, 216.0));
    }
}

fn draw_area(canvas: &mut Canvas<'_>, series: &DeliveredSeries, view: &View, area: Area) {
    let role = match series.direction {
        Direction::Forward => Role::Forward,
        Direction::Return => Role::Return,
    };
    let place =
        |p: &DeliveredPoint| (view.place(p.at_s), area.bottom() - area.h * p.ratio.clamp(0.0, 1.0));
    let points = clipped(&series.points, view.panel.from_s, view.panel.until_s);
    let edge: Vec<Point> = points.iter().map(place).collect();
    let (Some(first), Some(last)) = (edge.first(), edge.last()) else { return };
    let mut shape = vec![(first.0, area.bottom())];
    shape.extend(&edge);
    shape.push((last.0, area.bottom()));
    canvas.shape(&shape, role);
    canvas.line(&edge, Role::Ink, 1.2);
    canvas.line(&[(area.x, area.bottom()), (area.right(), area.bottom())], Role::Frame, 1.0);
}

fn draw_ok(canvas: &mut Canvas<'_>, ok: f64, area: Area) {
    let y = area.bottom() - area.h * ok.clamp(0.0, 1.0);
    canvas.dashes(&[(area.x, y), (area.right(), y)], (Role::Bound, 1.2), (5.0, 4.0));
}

/// A bound: a dotted upright line with a stop on both ends.
pub(super) fn draw_bound(canvas: &mut Canvas<'_>, x: f64, (top, bottom): (f64, f64)) {
    canvas.dashes(&[(x, top), (x, bottom)], (Role::Bound, 2.0), (3.0, 2.0));
    canvas.line(&[(x - 4.0, top), (x + 4.0, top)], Role::Bound, 2.0);
}

/// The part of a series between two instants, with points at both.
fn clipped(points: &[DeliveredPoint], from: f64, until: f64) -> Vec<DeliveredPoint> {
    let mut kept = Vec::new();
    if let Some(ratio) = value_at(points, from) {
        kept.push(DeliveredPoint { at_s: from, ratio });
    }
    kept.extend(points.iter().filter(|p| p.at_s > from && p.at_s < until));
    if let Some(ratio) = value_at(points, until) {
        kept.push(DeliveredPoint { at_s: until, ratio });
    }
    kept
}

/// The value of a series at an instant; just after it where it steps there.
fn value_at(points: &[DeliveredPoint], at: f64) -> Option<f64> {
    let after = points.iter().position(|p| p.at_s > at).unwrap_or(points.len());
    let before = points[..after].last();
    match (before, points.get(after)) {
        (Some(a), Some(b)) => {
            Some(a.ratio + (b.ratio - a.ratio) * (at - a.at_s) / (b.at_s - a.at_s))
        }
        (Some(only), None) | (None, Some(only)) => Some(only.ratio),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_is_cut_on_its_slopes() {
        let point = |at_s, ratio| DeliveredPoint { at_s, ratio };
        let points = [point(0.0, 1.0), point(10.0, 1.0), point(10.0, 0.0), point(20.0, 1.0)];
        // A quarter of the slope from (10, 0) to (20, 1) is passed at 12.5.
        assert_eq!(
            clipped(&points, 5.0, 12.5),
            vec![point(5.0, 1.0), point(10.0, 1.0), point(10.0, 0.0), point(12.5, 0.25)]
        );
    }
}
