//! Which parts of a run a timeline shows enlarged: around each begin and end of a fault.

use crate::report::data::{EventRow, FaultRow, Lane, RunReport};
use crate::report::number;

/// Most panels that fit side by side.
const MOST: usize = 4;

/// A part of the run shown enlarged.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Panel {
    /// Its start, seconds since the start of the run.
    pub(super) from_s: f64,
    /// Its end.
    pub(super) until_s: f64,
    /// The event that its time counts from.
    pub(super) zero_s: f64,
    /// When and what, in a few words each.
    pub(super) title: String,
    /// What happens there.
    pub(super) what: String,
}

/// The panels of a run in order, and how many were left out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Panels {
    /// Those shown.
    pub(super) shown: Vec<Panel>,
    /// How many events have no panel.
    pub(super) omitted: usize,
}

/// The panels of a run: one per instant with events, those that overlap made one; a second one where
/// something changes long after the traffic has settled.
pub(super) fn panels(report: &RunReport) -> Panels {
    let end = report.result.duration_s;
    let mut instants: Vec<f64> = report.result.events.iter().map(|e| e.at_s).collect();
    instants.sort_by(f64::total_cmp);
    instants.dedup();
    let (mut close, mut wide) = gather(report, &instants, 1.15);
    if close.len() > MOST {
        (close, wide) = gather(report, &instants, f64::INFINITY);
    }
    if close.is_empty() {
        close.push(Panel {
            from_s: 0.0,
            until_s: end,
            zero_s: 0.0,
            title: "whole run".to_owned(),
            what: "nothing was injected".to_owned(),
        });
    }
    let omitted = close.len().saturating_sub(MOST);
    close.truncate(MOST);
    wide.retain(|w| close.iter().any(|c| is_same(c.zero_s, w.zero_s) && c.until_s < w.until_s));
    wide.truncate(MOST - close.len());
    close.append(&mut wide);
    close.sort_by(|a, b| a.zero_s.total_cmp(&b.zero_s).then(a.until_s.total_cmp(&b.until_s)));
    Panels { shown: close, omitted }
}

/// Panels close around each instant, and wider ones where something changes later. An instant that
/// lies in the panel before it is merged into that; the space after an event shrinks to `room`
/// times its size to avoid that.
fn gather(report: &RunReport, instants: &[f64], room: f64) -> (Vec<Panel>, Vec<Panel>) {
    let end = report.result.duration_s;
    let mut close: Vec<Panel> = Vec::new();
    let mut wide = Vec::new();
    for (index, &at) in instants.iter().enumerate() {
        let next = instants.get(index + 1).copied().unwrap_or(end);
        let last = last_change(&report.figures.lanes, at, next) - at;
        let panel = close_panel(report, at, (next, last), room);
        if last > panel.until_s - at {
            wide.push(wide_panel(&panel, last, next));
        }
        match close.last_mut() {
            Some(before) if at < before.until_s => merge(before, &panel),
            Some(before) => {
                let from_s = panel.from_s.max(before.until_s);
                close.push(Panel { from_s, ..panel });
            }
            None => close.push(panel),
        }
    }
    for panel in &mut close {
        panel.until_s = panel.until_s.min(end);
    }
    (close, wide)
}

/// Whether two instants are the same nanosecond.
fn is_same(one: f64, other: f64) -> bool {
    (one - other).abs() < 5e-10
}

fn close_panel(report: &RunReport, at: f64, (next, last): (f64, f64), room: f64) -> Panel {
    let mine: Vec<&EventRow> =
        report.result.events.iter().filter(|e| is_same(e.at_s, at)).collect();
    let longest =
        |of: fn(&EventRow) -> Option<f64>| mine.iter().filter_map(|e| of(e)).fold(0.0, f64::max);
    let settled = longest(|e| e.settled_s);
    let written = longest(|e| e.forwarding_s).max(longest(|e| e.control_s));
    let size = [settled, written, last].into_iter().find(|s| *s > 0.0).unwrap_or(1.0);
    // All that happens is shown in one panel if that leaves the traffic a fifth of the width.
    let after = if last.max(written) < 4.0 * size {
        (2.2 * size).max(1.25 * last.max(written))
    } else {
        2.2 * size
    };
    let is_early = next < at + after && next >= at + room * size;
    Panel {
        from_s: (at - 0.2 * after).max(0.0),
        until_s: if is_early { next } else { at + after },
        zero_s: at,
        title: format!("at {}", number::instant(at)),
        what: what_happens(&report.result.faults, at),
    }
}

fn wide_panel(panel: &Panel, last: f64, next: f64) -> Panel {
    Panel {
        from_s: (panel.zero_s - 0.1 * last).max(0.0),
        until_s: (panel.zero_s + 1.25 * last).min(next),
        zero_s: panel.zero_s,
        title: format!("{}, wider", panel.title),
        what: panel.what.clone(),
    }
}

fn merge(before: &mut Panel, panel: &Panel) {
    before.until_s = before.until_s.max(panel.until_s);
    if !before.what.contains("and more") {
        before.what.push_str(", and more");
    }
}

/// The last instant from `at` and before `next` at which any lane changes; `at` if none does.
fn last_change(lanes: &[Lane], at: f64, next: f64) -> f64 {
    lanes
        .iter()
        .flat_map(|lane| lane.segments.iter().map(|s| s.from_s))
        .filter(|&from| from > at && from < next)
        .fold(at, f64::max)
}

fn what_happens(faults: &[FaultRow], at: f64) -> String {
    let begins = faults
        .iter()
        .filter(|f| is_same(f.at_s, at))
        .map(|f| format!("{} {} begins", f.kind, f.target));
    let ends = faults
        .iter()
        .filter(|f| f.until_at_s.is_some_and(|until| is_same(until, at)))
        .map(|f| format!("{} {} ends", f.kind, f.target));
    begins.chain(ends).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::*;

    #[test]
    fn a_second_of_loss_in_ten_minutes_fills_a_good_part_of_its_panel() {
        let panels = panels(&sample::report());
        let first = &panels.shown[0];
        let share = 0.86 / (first.until_s - first.from_s);
        assert!((0.2..0.8).contains(&share), "{share}");
        assert!(first.from_s < 60.0 && first.until_s > 62.7, "LACP is in it: {first:?}");
        assert_eq!(first.what, "pni_silent pni-ams-1 begins");
        assert_eq!(panels.shown[1].what, "pni_silent pni-ams-1 ends");
        assert_eq!(panels.shown.len(), 2);
    }

    #[test]
    fn what_comes_long_after_gets_a_wider_panel() {
        let mut report = sample::report();
        // A lane that follows 90 s after the traffic has settled: the hold timer.
        report.figures.lanes[0].segments[2].from_s = 150.0;
        report.figures.lanes[0].segments[1].until_s = 150.0;
        let panels = panels(&report);
        assert_eq!(panels.shown.len(), 3);
        assert!(panels.shown[0].until_s < 65.0);
        assert!(panels.shown[1].until_s > 150.0 && panels.shown[1].title.ends_with("wider"));
    }

    #[test]
    fn an_event_after_a_slow_one_keeps_its_own_scale() {
        let mut report = sample::report();
        // The first takes 180 s; 2.2 times that would reach over the repair at 360 s.
        report.result.events[0].settled_s = Some(180.0);
        let panels = panels(&report);
        assert_eq!(panels.shown.len(), 2, "{panels:?}");
        assert!((panels.shown[0].until_s - 360.0).abs() < 1e-9);
        assert!(panels.shown[1].until_s < 370.0);
    }

    #[test]
    fn repeats_close_together_share_a_panel() {
        let mut report = sample::report();
        let event = report.result.events[0].clone();
        for n in 1..20_u32 {
            let mut again = event.clone();
            again.at_s += f64::from(n);
            report.result.events.insert(1, again);
        }
        let panels = panels(&report);
        assert_eq!(panels.shown.len(), 2, "{panels:?}");
        assert!(panels.shown[0].until_s > 79.0);
    }

    #[test]
    fn panels_are_never_too_many_to_read() {
        let mut report = sample::report();
        let event = report.result.events[0].clone();
        for n in 0..20_u32 {
            let mut again = event.clone();
            again.at_s = 100.0 + 10.0 * f64::from(n);
            report.result.events.push(again);
        }
        let panels = panels(&report);
        assert_eq!((panels.shown.len(), panels.omitted), (4, 18));
    }
}
