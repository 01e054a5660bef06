//! Bounds and verdicts in words, the same on a page and in a terminal.

use super::data::{BoundRow, Flip, RunReport, Shift, Unit, Verdict, Window};
use super::number;

/// A verdict that stands out without colour.
pub(super) const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::None => "none",
        Verdict::Pass => "pass",
        Verdict::Inconclusive => "INCONCLUSIVE",
        Verdict::Fail => "FAIL",
    }
}

/// A figure of a bound in its unit.
fn figure(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Seconds => number::duration(value),
        Unit::Ratio => number::percent(value),
    }
}

/// What a bound looks at: `teams-ams forward`, `pni-ams-1/ipv4 at ms-ams-1`, `any session`.
pub(super) fn subject(row: &BoundRow) -> String {
    let any = || format!("any {}", row.subject_kind);
    let mut words = row.subject.clone().unwrap_or_else(any);
    if let Some(direction) = row.direction {
        words = format!("{words} {}", direction.word());
    }
    if let Some(router) = &row.router {
        words = format!("{words} at {router}");
    }
    words
}

/// The window of a bound where it is not the whole run.
pub(super) const fn window(row: &BoundRow) -> &'static str {
    match row.window {
        Window::Run => "",
        Window::Fault => "fault",
        Window::Reversion => "reversion",
    }
}

/// What a bound asks for: `600 ms to 1 s`, `at most 80 %`.
pub(super) fn required(row: &BoundRow) -> String {
    match (row.at_least, row.at_most) {
        (Some(least), Some(most)) => {
            format!("{} to {}", figure(least, row.unit), figure(most, row.unit))
        }
        (None, Some(most)) => format!("at most {}", figure(most, row.unit)),
        (Some(least), None) => format!("at least {}", figure(least, row.unit)),
        (None, None) => "anything".to_owned(),
    }
}

/// What was found.
pub(super) fn observed(row: &BoundRow) -> String {
    let none = match row.unit {
        Unit::Seconds => "never",
        Unit::Ratio => "nothing",
    };
    row.observed.map_or_else(|| none.to_owned(), |value| figure(value, row.unit))
}

/// How far what was found is from the nearest limit: `140 ms spare`, `over by 5 points`. Where
/// one of several must reach a limit, and another one does, that is all there is to say.
pub(super) fn margin(row: &BoundRow) -> String {
    let Some(observed) = row.observed else { return String::new() };
    let over = row.at_most.map(|most| (most - observed, "over"));
    let short = row.at_least.map(|least| (observed - least, "short"));
    let nearest = over.into_iter().chain(short).min_by(|a, b| a.0.total_cmp(&b.0));
    let Some((spare, sign)) = nearest else { return String::new() };
    let size = match row.unit {
        Unit::Seconds => number::duration(spare.abs()),
        Unit::Ratio => format!("{} points", number::trimmed(spare.abs() * 100.0, 2)),
    };
    if spare.abs() < 5e-10 {
        return "at the limit".to_owned();
    }
    match row.verdict {
        _ if spare > 0.0 => format!("{size} spare"),
        Verdict::Pass => "another does".to_owned(),
        Verdict::None | Verdict::Inconclusive | Verdict::Fail => format!("{sign} by {size}"),
    }
}

/// The bounds in a sentence: `1 of 4 bounds does not hold`.
pub(super) fn bounds(reports: &[RunReport]) -> String {
    let rows = || reports.iter().flat_map(|r| &r.result.bounds);
    let all = rows().count();
    let failed = rows().filter(|b| b.verdict == Verdict::Fail).count();
    let open = rows().filter(|b| b.verdict == Verdict::Inconclusive).count();
    let plural = if all == 1 { "bound" } else { "bounds" };
    match (all, failed, open) {
        (0, _, _) => "no bounds were asked for".to_owned(),
        (1, 0, 0) => "the only bound holds".to_owned(),
        (_, 0, 0) => format!("all {all} bounds hold"),
        (_, 0, _) => format!("{open} of {all} {plural} could not be told"),
        (_, 1, _) => format!("1 of {all} {plural} does not hold"),
        _ => format!("{failed} of {all} {plural} do not hold"),
    }
}

/// What another value of an assumption changes: `FAIL from 242s up, not yet at 241s: longest_gap
/// teams-ams forward`.
pub(super) fn flip(flip: &Flip, bounds: &[BoundRow]) -> String {
    let at = match (flip.shift, &flip.unchanged_at) {
        (Shift::Smaller, Some(same)) => format!("from {} down, not yet at {same}", flip.value),
        (Shift::Larger, Some(same)) => format!("from {} up, not yet at {same}", flip.value),
        (Shift::Other, _) | (_, None) => format!("with {}", flip.value),
    };
    let bounds: Vec<String> = flip
        .bounds
        .iter()
        .filter_map(|index| bounds.get(*index as usize))
        .map(|bound| format!("{} {}", bound.bound, subject(bound)))
        .collect();
    let which = if bounds.is_empty() { String::new() } else { format!(": {}", bounds.join(", ")) };
    format!("{} {at}{which}", verdict(flip.verdict))
}

/// When a fault lasts: `60 s to 360 s`, `60 s on`.
pub(super) fn lasts(at_s: f64, until_at_s: Option<f64>) -> String {
    let from = number::instant(at_s);
    match until_at_s {
        Some(until) => format!("{from} to {}", number::instant(until)),
        None => format!("{from} on"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_bound_says_what_it_asks_finds_and_spares() {
        let bounds = sample::report().result.bounds;
        let words = |row: &BoundRow| [subject(row), required(row), observed(row), margin(row)];
        assert_eq!(
            words(&bounds[0]),
            ["teams-ams forward", "600 ms to 1 s", "860 ms", "140 ms spare"]
        );
        assert_eq!(
            words(&bounds[1]),
            ["pni-ams-1/ipv4 at ms-ams-1", "at most 900 ms", "840 ms", "60 ms spare"]
        );
        assert_eq!(words(&bounds[3]), ["pni-ams-2", "at most 35 %", "40 %", "over by 5 points"]);
    }

    #[test]
    fn what_never_happened_is_not_a_number() {
        let mut row = sample::report().result.bounds[0].clone();
        row.observed = None;
        assert_eq!((observed(&row).as_str(), margin(&row).as_str()), ("never", ""));
        row.unit = Unit::Ratio;
        assert_eq!(observed(&row), "nothing");
        (row.subject_kind, row.subject) = ("session".to_owned(), None);
        assert_eq!(subject(&row), "any session forward");
    }

    #[test]
    fn a_margin_is_what_is_spared_or_what_is_missing() {
        // Of 600 ms to 1 s.
        let mut row = sample::report().result.bounds[0].clone();
        let mut of = |observed: f64, verdict: Verdict| {
            (row.observed, row.verdict) = (Some(observed), verdict);
            margin(&row)
        };
        assert_eq!(of(0.9, Verdict::Pass), "100 ms spare");
        assert_eq!(of(1.25, Verdict::Fail), "over by 250 ms");
        assert_eq!(of(0.5, Verdict::Fail), "short by 100 ms");
        // It fails because of another one, which is told in its own row.
        assert_eq!(of(0.9, Verdict::Fail), "100 ms spare");
        assert_eq!(of(0.5, Verdict::Pass), "another does");
    }
}
