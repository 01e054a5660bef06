//! The timeline: a lane per thing that changed, and below what traffic was delivered.
//!
//! A second of loss in ten minutes cannot be seen on one axis. A bar on top shows the whole run;
//! under it stand enlarged panels, one per event, each with its own time from that event.

use super::axis;
use super::canvas::{self, Area, Canvas, Type};
use super::frame::{self, HEADER, MARGIN, ROOM, WIDTH, rows};
use super::palette::Role;
use super::windows::{self, Panel};
use super::{Chart, strip};
use crate::report::data::{Health, Lane, RunReport, Segment};
use crate::report::number;

/// Width of the names on the left.
const NAMES: f64 = 262.0;
/// Height of a lane.
const LANE: f64 = 20.0;
/// Most lanes drawn.
const LANES: usize = 14;
/// Space between two panels, with a break mark.
const GAP: f64 = 26.0;
/// Height of the whole run on top with its labels.
const OVERVIEW: f64 = 52.0;
/// Height of the words on top of the panels.
const PANEL_HEAD: f64 = 38.0;
/// Height of the axis under the panels.
const AXIS: f64 = 38.0;
/// Height of the legend.
const LEGEND: f64 = 26.0;

/// A panel and where it is drawn.
pub(super) struct View {
    /// What it shows.
    pub(super) panel: Panel,
    /// Its left edge in pixels.
    pub(super) x: f64,
    /// Its width in pixels.
    pub(super) w: f64,
}

impl View {
    /// Where an instant of the run is in this panel, in pixels; outside of it at its edge.
    pub(super) fn place(&self, at_s: f64) -> f64 {
        let share = (at_s - self.panel.from_s) / (self.panel.until_s - self.panel.from_s);
        self.x + self.w * share.clamp(0.0, 1.0)
    }

    /// Whether an instant of the run lies in this panel.
    pub(super) fn shows(&self, at_s: f64) -> bool {
        (self.panel.from_s..=self.panel.until_s).contains(&at_s)
    }
}

/// The lanes worth drawing, in order of kind, and how many others changed or did not.
struct Chosen<'a> {
    lanes: Vec<&'a Lane>,
    omitted: usize,
    unchanged: usize,
}

fn choose(lanes: &[Lane]) -> Chosen<'_> {
    let is_eventful = |lane: &&Lane| {
        lane.segments.len() > 1 || lane.segments.iter().any(|s| s.health != Health::Up)
    };
    let mut chosen: Vec<&Lane> = lanes.iter().filter(is_eventful).collect();
    let unchanged = lanes.len() - chosen.len();
    chosen.sort_by_key(|lane| lane.kind);
    let omitted = chosen.len().saturating_sub(LANES);
    chosen.truncate(LANES);
    Chosen { lanes: chosen, omitted, unchanged }
}

/// Draws the timeline of a run.
pub(super) fn chart(report: &RunReport) -> Chart {
    let panels = windows::panels(report);
    let chosen = choose(&report.figures.lanes);
    let strips = strip::choose(report);
    let remarks_h = 14.0 * rows(remarks(&chosen, panels.omitted).len()) + 6.0;
    let lanes_h = LANE * rows(chosen.lanes.len()) + remarks_h;
    let body = PANEL_HEAD + lanes_h + strip::HEIGHT * rows(strips.shown.len()) + 16.0;
    let foot = HEADER + OVERVIEW + body + AXIS + LEGEND;
    let height = foot + frame::footer_height(&report.result);
    let views = views(panels.shown.clone());
    let shapes = canvas::draw(WIDTH, height, |canvas| {
        let title = format!("Timeline: {}", report.result.scenario);
        frame::header(
            canvas,
            &title,
            "State of each element and session, and delivered traffic \
             (% of offered), over time since each event",
        );
        overview(canvas, report, &views);
        let top = HEADER + OVERVIEW;
        for (view, letter) in views.iter().zip(LETTERS) {
            backdrop(canvas, report, view, (top, body));
            draw_head(canvas, view, letter, top);
        }
        let mut y = top + PANEL_HEAD;
        for lane in &chosen.lanes {
            draw_lane(canvas, lane, &views, y);
            y += LANE;
        }
        let look = Type::SMALL.role(Role::Muted);
        for (line, words) in remarks(&chosen, panels.omitted).iter().enumerate() {
            canvas.text(
                (MARGIN, y + 14.0 + 14.0 * rows(line)),
                look,
                &look.fit(words, NAMES - 8.0),
            );
        }
        y = top + PANEL_HEAD + lanes_h;
        for series in &strips.shown {
            strip::draw(canvas, report, series, &views, y);
            y += strip::HEIGHT;
        }
        canvas.text((MARGIN, y + 12.0), look, &strips.remark());
        for view in &views {
            draw_axis(canvas, view, top + body);
        }
        draw_legend(canvas, foot - 8.0);
        frame::footer(canvas, &report.result, foot);
    });
    Chart {
        stem: "timeline",
        title: format!("Timeline of {}", report.result.scenario),
        description: describe(report, &chosen),
        width: WIDTH,
        height,
        shapes,
    }
}

fn views(panels: Vec<Panel>) -> Vec<View> {
    let count = rows(panels.len());
    let w = (ROOM - NAMES - GAP * (count - 1.0)) / count;
    let mut x = MARGIN + NAMES;
    panels
        .into_iter()
        .map(|panel| {
            let view = View { panel, x, w };
            x += w + GAP;
            view
        })
        .collect()
}

/// What is left out, a line each.
fn remarks(chosen: &Chosen<'_>, events: usize) -> Vec<String> {
    let mut lines = Vec::new();
    if chosen.lanes.is_empty() {
        lines.push("Nothing changed its state.".to_owned());
    }
    if chosen.omitted > 0 {
        lines.push(format!("+{} more changed: timeline.csv", chosen.omitted));
    }
    if chosen.unchanged > 0 {
        lines.push(format!("+{} more unchanged", chosen.unchanged));
    }
    if events > 0 {
        lines.push(format!("+{events} later events: see the tables"));
    }
    lines
}

/// The whole run in one bar, with the windows that are enlarged below.
fn overview(canvas: &mut Canvas<'_>, report: &RunReport, views: &[View]) {
    let end = report.result.duration_s;
    let bar = Area { x: MARGIN + NAMES, y: HEADER + 12.0, w: ROOM - NAMES, h: 12.0 };
    let place = |at: f64| bar.x + bar.w * (at / end).clamp(0.0, 1.0);
    canvas.fill(bar, Role::Panel);
    for fault in &report.result.faults {
        let (from, until) = (place(fault.at_s), place(fault.until_at_s.unwrap_or(end)));
        let area = Area { x: from, w: (until - from).max(1.5), ..bar };
        canvas.fill(area, Role::Fault);
        canvas.hatch(area, Role::Degraded, 7.0);
    }
    canvas.frame(bar, Role::Frame, 1.0);
    let (unit, scale) = axis::time_unit(end);
    for tick in axis::ticks(0.0, end / scale, 8) {
        let x = place(tick * scale);
        canvas.line(&[(x, bar.bottom()), (x, bar.bottom() + 4.0)], Role::Frame, 1.0);
        let look = Type::SMALL.middle().role(Role::Muted);
        canvas.text((x, bar.bottom() + 16.0), look, &number::trimmed(tick, 3));
    }
    canvas.text((MARGIN, bar.bottom() - 1.0), Type::SMALL.bold(), "Whole run");
    let words = format!("time in {unit}; hatched: a fault lasts");
    canvas.text((MARGIN, bar.bottom() + 14.0), Type::SMALL.role(Role::Muted), &words);
    let mut letter_x = 0.0_f64;
    for (view, letter) in views.iter().zip(LETTERS) {
        let x = place(view.panel.zero_s);
        canvas.line(&[(x, bar.y - 2.0), (x, bar.bottom() + 2.0)], Role::Event, 2.0);
        // Letters of events close together stand side by side.
        letter_x = x.max(letter_x + 13.0);
        canvas.text((letter_x, bar.y - 4.0), Type::SMALL.bold().role(Role::Event), letter);
    }
}

/// Names of panels: as many as there may be.
const LETTERS: [&str; 4] = ["A", "B", "C", "D"];

/// Ground, head and fault windows of a panel.
fn backdrop(canvas: &mut Canvas<'_>, report: &RunReport, view: &View, (top, h): (f64, f64)) {
    let inner = Area { x: view.x, y: top + PANEL_HEAD - 2.0, w: view.w, h: h - PANEL_HEAD + 2.0 };
    canvas.fill(inner, Role::Panel);
    for fault in &report.result.faults {
        let from = view.place(fault.at_s);
        let until = view.place(fault.until_at_s.unwrap_or(report.result.duration_s));
        if until > from {
            canvas.fill(Area { x: from, w: until - from, ..inner }, Role::Fault);
        }
    }
    let unit = axis::time_unit(view.panel.until_s - view.panel.from_s).1;
    for tick in view_ticks(view) {
        let x = view.place(view.panel.zero_s + tick * unit);
        canvas.line(&[(x, inner.y), (x, inner.bottom())], Role::Grid, 1.0);
    }
    for event in report.result.events.iter().filter(|e| view.shows(e.at_s)) {
        let x = view.place(event.at_s);
        canvas.line(&[(x, inner.y), (x, inner.bottom())], Role::Event, 1.5);
    }
    canvas.frame(inner, Role::Frame, 1.0);
}

/// When and what, on top of a panel.
fn draw_head(canvas: &mut Canvas<'_>, view: &View, letter: &str, top: f64) {
    let bold = Type::SMALL.bold();
    canvas.text((view.x, top + 12.0), bold.role(Role::Event), letter);
    canvas.text((view.x + 16.0, top + 12.0), bold, &bold.fit(&view.panel.title, view.w - 16.0));
    let what = Type::SMALL.fit(&view.panel.what, view.w);
    canvas.text((view.x, top + 27.0), Type::SMALL, &what);
}

/// Ticks of a panel in its own unit, counted from its event.
fn view_ticks(view: &View) -> Vec<f64> {
    let panel = &view.panel;
    let unit = axis::time_unit(panel.until_s - panel.from_s).1;
    let most = if view.w > 300.0 { 7 } else { 4 };
    axis::ticks((panel.from_s - panel.zero_s) / unit, (panel.until_s - panel.zero_s) / unit, most)
}

fn draw_axis(canvas: &mut Canvas<'_>, view: &View, y: f64) {
    let (unit, scale) = axis::time_unit(view.panel.until_s - view.panel.from_s);
    for tick in view_ticks(view) {
        let x = view.place(view.panel.zero_s + tick * scale);
        canvas.line(&[(x, y), (x, y + 4.0)], Role::Frame, 1.0);
        let look = Type::SMALL.middle();
        canvas.text((x, y + 16.0), look, &number::trimmed(tick, 3));
    }
    let words = format!("{unit} since {}", number::instant(view.panel.zero_s));
    let look = Type::SMALL.middle().role(Role::Muted);
    canvas.text((view.x + view.w / 2.0, y + 31.0), look, &words);
}

fn draw_lane(canvas: &mut Canvas<'_>, lane: &Lane, views: &[View], y: f64) {
    let muted = Type::SMALL.role(Role::Muted);
    canvas.text((MARGIN, y + 14.0), muted, lane.kind.word());
    let room = NAMES - 66.0;
    canvas.text((MARGIN + 58.0, y + 14.0), Type::SMALL, &Type::SMALL.fit(&lane.name, room));
    for view in views {
        for segment in &lane.segments {
            let (from, until) = (view.place(segment.from_s), view.place(segment.until_s));
            if until > from {
                let area = Area { x: from, y: y + 2.0, w: until - from, h: LANE - 4.0 };
                draw_segment(canvas, area, segment);
            }
        }
    }
}

fn draw_segment(canvas: &mut Canvas<'_>, area: Area, segment: &Segment) {
    draw_health(canvas, area, segment.health);
    let words = match (segment.health, segment.label.as_str()) {
        (Health::Up, _) => return,
        (health, "") => health.word(),
        (_, label) => label,
    };
    let look = Type::SMALL.role(Role::OnFill);
    if look.width(words) + 8.0 <= area.w {
        if segment.health == Health::Silent {
            let under = Area { x: area.x + 2.0, w: look.width(words) + 4.0, ..area };
            canvas.fill(Area { y: area.y + 1.5, h: area.h - 3.0, ..under }, Role::Silent);
        }
        canvas.text((area.x + 4.0, area.y + 12.0), look, words);
    }
}

/// Up is a thin line, degraded a low block, silent a hatched one, down a full one.
fn draw_health(canvas: &mut Canvas<'_>, area: Area, health: Health) {
    let middle = area.y + area.h / 2.0;
    match health {
        Health::Up => canvas.fill(Area { y: middle - 1.5, h: 3.0, ..area }, Role::Up),
        Health::Degraded => {
            canvas.fill(Area { y: area.y + 4.0, h: area.h - 4.0, ..area }, Role::Degraded);
        }
        Health::Silent => {
            canvas.fill(area, Role::Silent);
            canvas.hatch(area, Role::Box, 6.0);
            canvas.frame(area, Role::Silent, 1.5);
        }
        Health::Down => canvas.fill(area, Role::Down),
    }
}

/// What the legend explains.
#[derive(Clone, Copy)]
enum Sign {
    Health(Health),
    Event,
    Forward,
    Return,
    Bound,
}

fn draw_legend(canvas: &mut Canvas<'_>, baseline: f64) {
    let entries = [
        (Sign::Health(Health::Up), "up"),
        (Sign::Health(Health::Degraded), "degraded"),
        (Sign::Health(Health::Silent), "silent: light, no frames"),
        (Sign::Health(Health::Down), "down"),
        (Sign::Event, "event, in a fault"),
        (Sign::Forward, "delivered forward"),
        (Sign::Return, "delivered return"),
        (Sign::Bound, "bound of the gap"),
    ];
    frame::legend(canvas, (MARGIN, baseline, 22.0), &entries, |canvas, area, sign| match sign {
        Sign::Health(health) => draw_health(canvas, area, health),
        Sign::Event => {
            canvas.fill(area, Role::Fault);
            canvas.line(&[(area.x, area.y), (area.x, area.bottom())], Role::Event, 1.5);
        }
        Sign::Forward => canvas.fill(area, Role::Forward),
        Sign::Return => canvas.fill(area, Role::Return),
        Sign::Bound => strip::draw_bound(canvas, area.center().0, (area.y, area.bottom())),
    });
}

fn describe(report: &RunReport, chosen: &Chosen<'_>) -> String {
    let faults: Vec<String> = report
        .result
        .faults
        .iter()
        .map(|f| format!("{} {} at {}", f.kind, f.target, number::instant(f.at_s)))
        .collect();
    let demands: Vec<String> = report
        .result
        .demands
        .iter()
        .take(8)
        .map(|d| {
            let gap = number::duration(d.run.longest_gap_s);
            format!("{} {}: longest gap {gap}", d.demand, d.direction.word())
        })
        .collect();
    format!(
        "Faults: {}. {} elements and sessions changed. {}.",
        if faults.is_empty() { "none".to_owned() } else { faults.join(", ") },
        chosen.lanes.len() + chosen.omitted,
        demands.join("; ")
    )
}
