//! Load of each direction of each PNI and link against its capacity.

use super::Chart;
use super::axis;
use super::canvas::{self, Area, Canvas, Type};
use super::frame::{self, HEADER, MARGIN, ROOM, WIDTH, rows};
use super::palette::Role;
use crate::report::data::{LoadSeries, RunReport, Step};
use crate::report::number;

/// How long a load must hold to be called steady: the 5 s of RFC 6412 for recovery.
const STEADY_S: f64 = 5.0;

/// Width of the names on the left.
const NAMES: f64 = 250.0;
/// Width of the figures on the right.
const FIGURES: f64 = 240.0;
/// Height of a row.
const ROW: f64 = 30.0;
/// Most rows drawn.
const MOST: usize = 18;

/// How full one direction was.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Load {
    /// At the start of the run.
    before: f64,
    /// The highest level that held for [`STEADY_S`].
    steady: f64,
    /// The highest level at an instant.
    peak: f64,
    /// Offered at the peak, bit/s.
    peak_bps: f64,
    /// Capacity at the peak, bit/s.
    capacity_bps: f64,
}

/// The value of steps at an instant.
fn value(steps: &[Step], at: f64) -> f64 {
    steps.iter().take_while(|s| s.at_s <= at).last().map_or(0.0, |s| s.bps)
}

/// Where the ratio of offered to capacity is constant, in order: from, until, offered, capacity.
/// Stretches without capacity are left out: a link that is down has no load.
fn stretches(series: &LoadSeries, end: f64) -> Vec<(f64, f64, f64, f64)> {
    let mut cuts: Vec<f64> =
        series.capacity.iter().chain(&series.offered).map(|s| s.at_s).collect();
    cuts.push(end);
    cuts.sort_by(f64::total_cmp);
    cuts.dedup();
    cuts.windows(2)
        .map(|w| (w[0], w[1], value(&series.offered, w[0]), value(&series.capacity, w[0])))
        .filter(|&(_, _, _, capacity)| capacity > 0.0)
        .collect()
}

fn measure(series: &LoadSeries, end: f64) -> Option<Load> {
    let stretches = stretches(series, end);
    let first = stretches.first()?;
    let mut load = Load {
        before: first.2 / first.3,
        steady: 0.0,
        peak: 0.0,
        peak_bps: first.2,
        capacity_bps: first.3,
    };
    for &(_, _, offered, capacity) in &stretches {
        if offered / capacity > load.peak {
            load.peak = offered / capacity;
            (load.peak_bps, load.capacity_bps) = (offered, capacity);
        }
        // The time for which at least this much is offered without a break around this stretch.
        let level = offered / capacity;
        if level > load.steady && longest_at(&stretches, level) >= STEADY_S {
            load.steady = level;
        }
    }
    Some(load)
}

/// The longest unbroken time with a ratio of at least `level`.
fn longest_at(stretches: &[(f64, f64, f64, f64)], level: f64) -> f64 {
    let mut longest: f64 = 0.0;
    let mut since = None;
    let mut reached = 0.0;
    for &(from, until, offered, capacity) in stretches {
        let is_joined = since.is_some() && from <= reached;
        if offered / capacity < level {
            since = None;
            continue;
        }
        let start = if is_joined { since.unwrap_or(from) } else { from };
        since = Some(start);
        reached = until;
        longest = longest.max(until - start);
    }
    longest
}

/// The rows drawn: PNIs before links, and among too many those with the highest peak.
fn choose(report: &RunReport) -> (Vec<(&LoadSeries, Load)>, usize) {
    let end = report.result.duration_s;
    let mut all: Vec<(&LoadSeries, Load)> = report
        .figures
        .loads
        .iter()
        .filter_map(|series| measure(series, end).map(|load| (series, load)))
        .filter(|(series, load)| series.link_kind == "pni" || load.peak > 0.0)
        .collect();
    let omitted = all.len().saturating_sub(MOST);
    all.sort_by(|a, b| b.1.peak.total_cmp(&a.1.peak));
    all.truncate(MOST);
    all.sort_by(|a, b| {
        let key = |s: &LoadSeries| (s.link_kind != "pni", s.link.clone(), s.direction.clone());
        key(a.0).cmp(&key(b.0))
    });
    (all, omitted)
}

/// Draws the loads of a run.
pub(super) fn chart(report: &RunReport) -> Chart {
    let (loads, omitted) = choose(report);
    let body = ROW * rows(loads.len().max(1)) + 8.0;
    let remark = remark(loads.len(), omitted);
    let foot = HEADER + 18.0 + body + if remark.is_empty() { 54.0 } else { 74.0 };
    let height = foot + frame::footer_height(&report.result);
    let most = loads.iter().map(|(_, l)| l.peak).fold(1.0, f64::max) * 1.05;
    let plot = Area { x: MARGIN + NAMES, y: HEADER + 18.0, w: ROOM - NAMES - FIGURES, h: body };
    let shapes = canvas::draw(WIDTH, height, |canvas| {
        let title = format!("Load against capacity: {}", report.result.scenario);
        frame::header(
            canvas,
            &title,
            "Utilization (offered / capacity of the members in use, %) \
             of each direction",
        );
        draw_ground(canvas, plot, most);
        for (index, (series, load)) in loads.iter().enumerate() {
            draw_row(canvas, series, *load, plot, (plot.y + 4.0 + ROW * rows(index), most));
        }
        draw_limits(canvas, plot, most);
        let look = Type::SMALL.role(Role::Muted);
        canvas.text((plot.x, plot.bottom() + 34.0), look, &remark);
        draw_legend(canvas, foot - 12.0);
        frame::footer(canvas, &report.result, foot);
    });
    Chart {
        stem: "load",
        title: format!("Load against capacity in {}", report.result.scenario),
        description: describe(&loads),
        width: WIDTH,
        height,
        shapes,
    }
}

fn remark(shown: usize, omitted: usize) -> String {
    if shown == 0 {
        "No link with capacity.".to_owned()
    } else if omitted > 0 {
        format!("+{omitted} more directions with a lower peak: see the tables")
    } else {
        String::new()
    }
}

fn draw_ground(canvas: &mut Canvas<'_>, plot: Area, most: f64) {
    canvas.fill(plot, Role::Panel);
    for tick in axis::ticks(0.0, most * 100.0, 8) {
        let x = plot.x + plot.w * tick / 100.0 / most;
        canvas.line(&[(x, plot.y), (x, plot.bottom())], Role::Grid, 1.0);
        let look = Type::SMALL.middle().role(Role::Muted);
        canvas.text((x, plot.bottom() + 16.0), look, &format!("{} %", number::trimmed(tick, 0)));
    }
}

/// The levels that matter, over the bars: half of a pair, and full.
fn draw_limits(canvas: &mut Canvas<'_>, plot: Area, most: f64) {
    let has_room = plot.w * 0.5 / most > 125.0;
    for (ratio, short, long) in
        [(0.5, "50 %", "50 %: limit of a pair"), (1.0, "100 %", "100 %: full")]
    {
        let words = if has_room { long } else { short };
        let x = plot.x + plot.w * ratio / most;
        let line = [(x, plot.y - 4.0), (x, plot.bottom() + 4.0)];
        canvas.dashes(&line, (Role::Bound, 1.8), (6.0, 4.0));
        let look = Type::SMALL.role(Role::Bound).middle();
        canvas.text((x, plot.y - 7.0), look, words);
    }
}

fn draw_row(
    canvas: &mut Canvas<'_>,
    series: &LoadSeries,
    load: Load,
    plot: Area,
    (y, most): (f64, f64),
) {
    let bold = Type::SMALL.bold();
    canvas.text((MARGIN, y + 11.0), bold, &bold.fit(&series.link, NAMES - 10.0));
    let muted = Type::SMALL.role(Role::Muted);
    let way = series.direction.replace('>', " → ");
    canvas.text((MARGIN, y + 24.0), muted, &muted.fit(&way, NAMES - 10.0));
    let length = |ratio: f64| plot.w * ratio / most;
    let peak = Area { x: plot.x, y: y + 3.0, w: length(load.peak), h: 20.0 };
    draw_peak(canvas, peak);
    if load.peak > 1.0 {
        let over = Area { x: plot.x + length(1.0), w: length(load.peak - 1.0), ..peak };
        canvas.fill(over, Role::Down);
        canvas.hatch(over, Role::Box, 6.0);
    }
    canvas.fill(Area { y: y + 8.0, w: length(load.steady), h: 10.0, ..peak }, Role::Steady);
    let before = plot.x + length(load.before);
    canvas.line(&[(before, y), (before, y + 26.0)], Role::Ink, 2.0);
    let look = if load.peak > 1.0 { bold.role(Role::Event) } else { bold };
    let sign = if load.peak > 1.0 { "over: " } else { "" };
    let words = format!("{sign}peak {}", number::percent(load.peak));
    canvas.text((plot.right() + 10.0, y + 11.0), look, &words);
    let words = format!(
        "{} of {}; steady {}",
        number::rate(load.peak_bps),
        number::rate(load.capacity_bps),
        number::percent(load.steady)
    );
    canvas.text((plot.right() + 10.0, y + 24.0), muted, &muted.fit(&words, FIGURES - 10.0));
}

fn draw_peak(canvas: &mut Canvas<'_>, area: Area) {
    if area.w > 0.0 {
        canvas.fill(area, Role::Box);
        canvas.hatch(area, Role::Peak, 6.0);
        canvas.frame(area, Role::Peak, 1.5);
    }
}

/// What the legend explains.
#[derive(Clone, Copy)]
enum Sign {
    Peak,
    Steady,
    Before,
}

fn draw_legend(canvas: &mut Canvas<'_>, baseline: f64) {
    let entries = [
        (Sign::Peak, "peak: highest at an instant"),
        (Sign::Steady, "steady: highest that held for 5 s"),
        (Sign::Before, "at the start of the run"),
    ];
    frame::legend(canvas, (MARGIN, baseline, 22.0), &entries, |canvas, area, sign| match sign {
        Sign::Peak => draw_peak(canvas, area),
        Sign::Steady => {
            canvas.fill(Area { y: area.y + 2.0, h: area.h - 4.0, ..area }, Role::Steady);
        }
        Sign::Before => {
            let x = area.center().0;
            canvas.line(&[(x, area.y - 1.0), (x, area.bottom() + 1.0)], Role::Ink, 2.0);
        }
    });
}

fn describe(loads: &[(&LoadSeries, Load)]) -> String {
    let rows: Vec<String> = loads
        .iter()
        .map(|(series, load)| {
            let (peak, steady) = (number::percent(load.peak), number::percent(load.steady));
            format!("{} {}: peak {peak}, steady {steady}", series.link, series.direction)
        })
        .collect();
    rows.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(capacity: &[(f64, f64)], offered: &[(f64, f64)]) -> LoadSeries {
        let steps =
            |parts: &[(f64, f64)]| parts.iter().map(|&(at_s, bps)| Step { at_s, bps }).collect();
        LoadSeries {
            link: "pni-1".to_owned(),
            link_kind: "pni".to_owned(),
            direction: "a>b".to_owned(),
            capacity: steps(capacity),
            offered: steps(offered),
        }
    }

    #[test]
    fn a_moment_makes_a_peak_and_five_seconds_a_steady_load() {
        // 40 % at first, 120 % for 2 s, 80 % for 3 s, back to 40 %: at least 80 % held for 5 s.
        let load = measure(
            &series(&[(0.0, 100.0)], &[(0.0, 40.0), (10.0, 120.0), (12.0, 80.0), (15.0, 40.0)]),
            60.0,
        )
        .expect("there is capacity");
        assert!((load.before - 0.4).abs() < 1e-12);
        assert!((load.peak - 1.2).abs() < 1e-12);
        assert!((load.steady - 0.8).abs() < 1e-12);
    }

    #[test]
    fn half_the_members_make_twice_the_load_and_none_make_no_load() {
        let steps = [(0.0, 200.0), (10.0, 100.0), (20.0, 0.0)];
        let load = measure(&series(&steps, &[(0.0, 60.0)]), 60.0).expect("there is capacity");
        assert!((load.peak - 0.6).abs() < 1e-12);
        assert!(measure(&series(&[(0.0, 0.0)], &[(0.0, 60.0)]), 60.0).is_none());
    }
}
