//! The tables of one scenario.

use super::badge;
use super::table::{Cell, Table};
use crate::report::data::{Measures, Phases, RunResult};
use crate::report::number::{duration, instant, percent, rate};
use crate::report::words;

/// What was asked, what was found.
pub(super) fn bounds(result: &RunResult) -> String {
    let rows = result.bounds.iter().map(|row| {
        vec![
            Cell::Markup(badge(row.verdict)),
            Cell::text(&row.bound),
            Cell::text(words::subject(row)),
            Cell::text(row.window.word()),
            Cell::figure(words::required(row)),
            Cell::figure(words::observed(row)),
            Cell::figure(words::margin(row)),
        ]
    });
    let head = ["Verdict", "Bound", "Subject", "Window", "Required", "Observed", "Margin"];
    Table { caption: "Bounds".to_owned(), head: &head, rows: rows.collect() }.html()
}

/// What was injected.
pub(super) fn faults(result: &RunResult) -> String {
    let rows = result.faults.iter().map(|fault| {
        vec![
            Cell::text(format!("fault{}", fault.fault)),
            Cell::text(&fault.kind),
            Cell::text(&fault.target),
            Cell::text(words::lasts(fault.at_s, fault.until_at_s)),
        ]
    });
    let head = ["Fault", "Kind", "Target", "Time in the run"];
    Table { caption: "Faults".to_owned(), head: &head, rows: rows.collect() }.html()
}

/// How the network followed each event.
pub(super) fn events(result: &RunResult) -> String {
    let rows = result.events.iter().map(|event| {
        let phase = |of: fn(&Phases) -> f64| Cell::maybe(event.phases.as_ref().map(of), duration);
        vec![
            Cell::text(&event.event),
            Cell::figure(instant(event.at_s)),
            Cell::maybe(event.first_detection_s, duration),
            Cell::maybe(event.control_s, duration),
            Cell::maybe(event.forwarding_s, duration),
            Cell::maybe(event.settled_s, duration),
            phase(|p| p.detect_s),
            phase(|p| p.notify_s),
            phase(|p| p.decide_s),
            phase(|p| p.write_s),
        ]
    });
    let head = [
        "Event",
        "At",
        "First detection",
        "Last RIB change",
        "Last FIB change",
        "Traffic settled",
        "Detect",
        "Notify",
        "Decide",
        "Write",
    ];
    let caption = "Events: time from each, and where it went".to_owned();
    Table { caption, head: &head, rows: rows.collect() }.html()
}

/// A part of the measures that fits side by side.
struct Part {
    /// What it tells.
    caption: &'static str,
    /// Headings of its columns.
    head: &'static [&'static str],
    /// Its cells.
    cells: fn(&Measures) -> Vec<Cell>,
}

const PARTS: [Part; 2] = [
    Part {
        caption: "Demands: what was lost",
        head: &[
            "Lost (full outage)",
            "Longest gap",
            "Whole gap",
            "Impaired",
            "Worst delivered",
            "Dropped",
            "Source down",
            "First loss at",
            "Recovered at",
        ],
        cells: lost,
    },
    Part {
        caption: "Demands: where it went",
        head: &[
            "Disturbed",
            "Moved",
            "Rehashed",
            "Reachable",
            "Localized",
            "Delay before",
            "Delay after",
        ],
        cells: went,
    },
];

fn lost(of: &Measures) -> Vec<Cell> {
    vec![
        Cell::figure(duration(of.lost_s)),
        Cell::figure(duration(of.longest_gap_s)),
        Cell::figure(duration(of.whole_gap_s)),
        Cell::figure(duration(of.impaired_s)),
        Cell::maybe(of.worst_delivered, percent),
        Cell::maybe(of.dropped, percent),
        Cell::figure(duration(of.source_down_s)),
        Cell::maybe(of.first_loss_at_s, instant),
        Cell::maybe(of.recovered_at_s, instant),
    ]
}

fn went(of: &Measures) -> Vec<Cell> {
    vec![
        Cell::figure(percent(of.disturbed)),
        Cell::figure(percent(of.moved)),
        Cell::figure(percent(of.rehashed)),
        Cell::maybe(of.reachable, percent),
        Cell::maybe(of.localized, percent),
        Cell::maybe(of.delay_before_s, duration),
        Cell::maybe(of.delay_after_s, duration),
    ]
}

/// What traffic suffered: over the run, and folded away by event.
pub(super) fn demands(result: &RunResult) -> String {
    let run = PARTS.map(|part| {
        let rows = result.demands.iter().map(|row| {
            let mut cells = vec![Cell::text(&row.demand), Cell::text(row.direction.word())];
            cells.extend((part.cells)(&row.run));
            cells
        });
        let head = [&["Demand", "Direction"], part.head].concat();
        let caption = format!("{}, over the whole run", part.caption);
        Table { caption, head: &head, rows: rows.collect() }.html()
    });
    let by_event = PARTS.map(|part| {
        let rows = result.demands.iter().flat_map(|row| {
            row.events.iter().map(move |event| {
                let mut cells = vec![
                    Cell::text(&row.demand),
                    Cell::text(row.direction.word()),
                    Cell::text(&event.event),
                ];
                cells.extend((part.cells)(&event.measures));
                cells
            })
        });
        let head = [&["Demand", "Direction", "Event"], part.head].concat();
        let caption = format!("{}, in the window of each event", part.caption);
        Table { caption, head: &head, rows: rows.collect() }.folded()
    });
    run.concat() + &by_event.concat()
}

/// Who lost or regained which session, when and how it was found out.
pub(super) fn sessions(result: &RunResult) -> String {
    let rows = result.sessions.iter().map(|row| {
        vec![
            Cell::figure(instant(row.at_s)),
            Cell::text(&row.session),
            Cell::text(&row.router),
            Cell::text(row.went.word()),
            Cell::text(&row.reason),
            Cell::text(row.detected_by.map_or("–", |by| by.word())),
            Cell::maybe(row.detection_s, duration),
        ]
    });
    let head = ["At", "Session", "Router", "Went", "Reason", "Detected by", "After the fault"];
    Table { caption: "Sessions".to_owned(), head: &head, rows: rows.collect() }.html()
}

/// How full links became.
pub(super) fn links(result: &RunResult) -> String {
    let rows = result.links.iter().map(|row| {
        vec![
            Cell::text(&row.link),
            Cell::text(&row.link_kind),
            Cell::text(row.direction.replace('>', " → ")),
            // Capacities are far below 2^53 bit/s, so the nearest float is exact.
            Cell::figure(rate(bits(row.capacity_bps))),
            Cell::maybe(row.peak_utilization, percent),
            Cell::maybe(row.peak_at_s, instant),
        ]
    });
    let head = ["Link", "Kind", "Direction", "Capacity", "Peak utilization", "Peak at"];
    Table { caption: "Links".to_owned(), head: &head, rows: rows.collect() }.folded()
}

#[expect(clippy::cast_precision_loss, reason = "capacities are far below 2^53 bit/s")]
const fn bits(bps: u64) -> f64 {
    bps as f64
}

/// Values no file states.
pub(super) fn assumptions(result: &RunResult) -> String {
    let rows = result.assumptions.iter().map(|row| {
        vec![
            Cell::text(&row.what),
            Cell::text(&row.value),
            Cell::text(row.origin.word()),
            Cell::text(&row.source),
        ]
    });
    let head = ["What", "Value", "Origin", "Source"];
    let caption = format!("Assumptions: {} values no file states", result.assumptions.len());
    Table { caption, head: &head, rows: rows.collect() }.folded()
}

/// Which assumption decides a verdict, if that was asked.
pub(super) fn varied(result: &RunResult) -> String {
    let Some(varied) = &result.varied else { return String::new() };
    let mut rows = Vec::new();
    for row in varied {
        let tried = match (row.tried.first(), row.tried.last()) {
            (Some(first), Some(last)) if first != last => format!("{first} to {last}"),
            (first, _) => first.cloned().unwrap_or_default(),
        };
        let mut line = |verdict: String| {
            rows.push(vec![
                Cell::text(&row.what),
                Cell::text(&row.value),
                Cell::text(&row.source),
                Cell::figure(tried.clone()),
                Cell::text(verdict),
            ]);
        };
        if row.flips.is_empty() {
            line("no verdict changes".to_owned());
        }
        for flip in &row.flips {
            line(words::flip(flip, &result.bounds));
        }
    }
    let head = ["Assumed", "Value", "Source", "Tried", "Verdict"];
    let caption = "Which assumption decides: each changed alone, everywhere it is used".to_owned();
    Table { caption, head: &head, rows }.html()
}
