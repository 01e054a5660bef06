//! Where the time from an event to the last FIB write went.

use super::Chart;
use super::axis;
use super::canvas::{self, Area, Canvas, Type};
use super::frame::{self, HEADER, MARGIN, ROOM, WIDTH, rows};
use super::palette::Role;
use crate::report::data::{EventRow, Phases, RunReport};
use crate::report::number;

/// Width of the names on the left.
const NAMES: f64 = 250.0;
/// Height of an event: its bar, the bar of what follows detection, and the figures.
const ROW: f64 = 74.0;
/// Most events drawn.
const MOST: usize = 7;

/// A phase as drawn: word, seconds, colour.
type Part = (&'static str, f64, Role);

fn parts(phases: &Phases) -> [Part; 4] {
    [
        ("detect", phases.detect_s, Role::Detect),
        ("notify", phases.notify_s, Role::Notify),
        ("decide", phases.decide_s, Role::Decide),
        ("write", phases.write_s, Role::Write),
    ]
}

fn total(parts: &[Part]) -> f64 {
    parts.iter().map(|p| p.1).sum()
}

/// Draws the convergence of each event of a run.
pub(super) fn chart(report: &RunReport) -> Chart {
    let known: Vec<(&EventRow, &Phases)> = report
        .result
        .events
        .iter()
        .filter_map(|event| event.phases.as_ref().map(|phases| (event, phases)))
        .collect();
    let shown = &known[..known.len().min(MOST)];
    let body = ROW * rows(shown.len());
    let foot = HEADER + 8.0 + body + 64.0;
    let height = foot + frame::footer_height(&report.result);
    let longest = shown.iter().map(|(_, p)| total(&parts(p))).fold(1e-6, f64::max);
    let shapes = canvas::draw(WIDTH, height, |canvas| {
        let title = format!("Convergence: {}", report.result.scenario);
        let (unit, scale) = axis::time_unit(longest);
        let what = "Time on the critical path from each event to the last FIB write";
        frame::header(canvas, &title, &format!("{what} ({unit})"));
        let plot = Area { x: MARGIN + NAMES, y: HEADER + 8.0, w: ROOM - NAMES - 20.0, h: body };
        if !shown.is_empty() {
            draw_axis(canvas, plot, longest / scale, unit);
        }
        for (index, (event, phases)) in shown.iter().enumerate() {
            let y = plot.y + ROW * rows(index);
            draw_event(canvas, report, event, y);
            draw_bars(canvas, &parts(phases), Area { y, h: ROW, ..plot }, longest);
        }
        let look = Type::SMALL.role(Role::Muted);
        let words = remark(report, known.len() - shown.len());
        canvas.text((MARGIN, plot.bottom() + 34.0), look, &look.fit(&words, ROOM));
        draw_legend(canvas, foot - 10.0);
        frame::footer(canvas, &report.result, foot);
    });
    Chart {
        stem: "convergence",
        title: format!("Convergence in {}", report.result.scenario),
        description: describe(&known),
        width: WIDTH,
        height,
        shapes,
    }
}

fn remark(report: &RunReport, omitted: usize) -> String {
    let without: Vec<&str> = report
        .result
        .events
        .iter()
        .filter(|event| event.phases.is_none())
        .map(|event| event.event.as_str())
        .collect();
    let mut words = Vec::new();
    if omitted > 0 {
        words.push(format!("+{omitted} more events: see the tables"));
    }
    if without.len() == report.result.events.len() {
        words.push("No event made anybody reroute.".to_owned());
    } else if !without.is_empty() {
        words.push(format!("No reroute to break down: {}", without.join(", ")));
    }
    words.join(" · ")
}

/// An axis up to `longest` of a unit of time.
fn draw_axis(canvas: &mut Canvas<'_>, plot: Area, longest: f64, unit: &str) {
    canvas.fill(plot, Role::Panel);
    for tick in axis::ticks(0.0, longest, 8) {
        let x = plot.x + plot.w * tick / longest;
        canvas.line(&[(x, plot.y), (x, plot.bottom())], Role::Grid, 1.0);
        let look = Type::SMALL.middle().role(Role::Muted);
        let words = format!("{} {unit}", number::trimmed(tick, 3));
        canvas.text((x, plot.bottom() + 16.0), look, &words);
    }
}

fn draw_event(canvas: &mut Canvas<'_>, report: &RunReport, event: &EventRow, y: f64) {
    let bold = Type::SMALL.bold();
    let name = format!("{} at {}", event.event, number::instant(event.at_s));
    canvas.text((MARGIN, y + 20.0), bold, &bold.fit(&name, NAMES - 12.0));
    let muted = Type::SMALL.role(Role::Muted);
    let number = event.event.strip_prefix("fault").and_then(|rest| {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).map_or(rest, |end| &rest[..end]);
        digits.parse::<u32>().ok()
    });
    let fault = report.result.faults.iter().find(|f| Some(f.fault) == number);
    if let Some(fault) = fault {
        let words = format!("{} {}", fault.kind, fault.target);
        canvas.text((MARGIN, y + 35.0), muted, &muted.fit(&words, NAMES - 12.0));
    }
    if let Some(settled) = event.settled_s {
        let words = format!("traffic settled after {}", number::duration(settled));
        canvas.text((MARGIN, y + 50.0), muted, &muted.fit(&words, NAMES - 12.0));
    }
}

/// The bar on the common axis, and under it what is too short there, enlarged.
fn draw_bars(canvas: &mut Canvas<'_>, parts: &[Part; 4], area: Area, longest: f64) {
    let scale = area.w / longest;
    let bar = Area { y: area.y + 8.0, h: 20.0, ..area };
    draw_stack(canvas, parts, bar, scale);
    let figures: Vec<String> = parts
        .iter()
        .map(|(word, seconds, _)| format!("{word} {}", number::duration(*seconds)))
        .collect();
    let words = format!("{} = total {}", figures.join(" + "), number::duration(total(parts)));
    canvas.text((area.x + 4.0, area.y + 42.0), Type::SMALL, &words);
    let is_short = total(parts) * scale < 0.4 * area.w;
    let (rest, name) = if is_short {
        (&parts[..], "all of it, enlarged")
    } else {
        (&parts[1..], "after detection, enlarged")
    };
    let after = total(rest);
    if after > 0.0 && after * scale < area.w * 0.5 {
        let zoomed = Area { y: area.y + 50.0, h: 14.0, w: area.w * 0.6, ..area };
        draw_stack(canvas, rest, zoomed, zoomed.w / after);
        canvas.frame(zoomed, Role::Frame, 1.0);
        let words = format!("{name}: {}", number::duration(after));
        let look = Type::SMALL.role(Role::Muted);
        canvas.text((zoomed.right() + 8.0, zoomed.bottom() - 3.0), look, &words);
    }
}

fn draw_stack(canvas: &mut Canvas<'_>, parts: &[Part], bar: Area, scale: f64) {
    let mut x = bar.x;
    for &(word, seconds, role) in parts {
        let area = Area { x, w: seconds * scale, ..bar };
        draw_part(canvas, area, role);
        if x > bar.x {
            canvas.line(&[(x, bar.y), (x, bar.bottom())], Role::Box, 1.0);
        }
        let look = Type::SMALL.role(Role::OnFill).middle();
        if look.width(word) + 10.0 < area.w {
            let under = Area { x: area.center().0 - look.width(word) / 2.0 - 3.0, ..area };
            canvas.fill(Area { w: look.width(word) + 6.0, ..under }, role);
            canvas.text((area.center().0, area.center().1 + 4.0), look, word);
        }
        x += area.w;
    }
}

/// A phase has a colour and, for those who do not see it, a pattern.
fn draw_part(canvas: &mut Canvas<'_>, area: Area, role: Role) {
    if area.w <= 0.0 {
        return;
    }
    canvas.fill(area, role);
    if role == Role::Notify {
        canvas.hatch(area, Role::OnFill, 8.0);
    } else if role == Role::Write {
        let (left, right) = (area.x, area.right());
        for share in [0.25, 0.5, 0.75] {
            let y = area.y + area.h * share;
            canvas.line(&[(left, y), (right, y)], Role::OnFill, 1.0);
        }
    }
}

fn draw_legend(canvas: &mut Canvas<'_>, baseline: f64) {
    let entries = [
        (Role::Detect, "detect: until somebody noticed"),
        (Role::Notify, "notify: until all concerned knew"),
        (Role::Decide, "decide: until the route was chosen"),
        (Role::Write, "write: until the FIB had it"),
    ];
    frame::legend(canvas, (MARGIN, baseline, 22.0), &entries, draw_part);
}

fn describe(events: &[(&EventRow, &Phases)]) -> String {
    let rows: Vec<String> = events
        .iter()
        .map(|(event, phases)| {
            let figures: Vec<String> = parts(phases)
                .iter()
                .map(|(word, seconds, _)| format!("{word} {}", number::duration(*seconds)))
                .collect();
            format!("{}: {}", event.event, figures.join(", "))
        })
        .collect();
    rows.join("; ")
}
