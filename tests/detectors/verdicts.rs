//! What bounds say of what was measured, and of what was not.

use pnilab::report::data::{BoundRow, Direction, Verdict};

use crate::lab::{Lab, Pair, Run};

/// The rows of these bounds where the circuit loses what goes `toward` a router for 5 s.
fn rows(toward: &str, bounds: &str) -> Vec<BoundRow> {
    let fault = format!(
        "{{at: 100s, for: 5s, inject: {{circuit_silent: {{circuit: c1, toward: {toward}}}}}}}"
    );
    run(&fault, bounds).0.result.bounds
}

fn run(fault: &str, bounds: &str) -> Run {
    Lab::with_bounds(&Pair::default().text(), 130, fault, bounds).run(1)
}

/// Direction, finding and whether it holds.
fn told(rows: &[BoundRow]) -> Vec<(Option<Direction>, Option<f64>, bool)> {
    let holds = |row: &BoundRow| (row.direction, row.observed, row.verdict == Verdict::Pass);
    rows.iter().map(holds).collect()
}

#[test]
fn a_bound_on_what_nobody_detected_has_a_row_and_fails() {
    // 5 s of silence are less than the hold time, and no session goes down.
    for (bound, router) in [
        ("detection: {at_most: 900ms}", None),
        ("detection: {at_least: 1ms}", None),
        ("detection: {router: ra, at_most: 900ms}", Some("ra")),
    ] {
        let rows = rows("ra", &format!("{{{bound}}}"));
        let [row] = &*rows else { panic!("one row, not {rows:?}") };
        assert_eq!((row.subject_kind.as_str(), row.subject.as_deref()), ("session", None));
        assert_eq!((row.router.as_deref(), row.observed), (router, None), "{bound}");
        assert_eq!(row.verdict, Verdict::Fail, "{bound}");
    }
    let keys = serde_json::to_value(&rows("ra", "{detection: {at_most: 1s}}")[0]).expect("JSON");
    assert!(keys["subject"].is_null() && keys["observed"].is_null(), "{keys}");
    // The demand has a name, and nothing that goes this way.
    let design = Pair { demand: "rate: 1G", ..Pair::default() }.text();
    let bound = "{lost: {demand: d, direction: return, at_most: 1s}}";
    let rows = Lab::with_bounds(&design, 10, "", bound).run(1).0.result.bounds;
    assert_eq!(rows[0].subject.as_deref(), Some("d"));
    assert_eq!(told(&rows), [(Some(Direction::Return), None, false)]);
}

#[test]
fn at_least_holds_for_all_of_what_is_named_and_for_one_of_what_is_not() {
    let (forward, back) = (Some(Direction::Forward), Some(Direction::Return));
    // Forward traffic goes to ra.
    let of = |bound: &str| told(&rows("ra", bound));
    let (lost, kept) = ((forward, Some(5.0)), (back, Some(0.0)));
    let both = |a: bool, b: bool| vec![(lost.0, lost.1, a), (kept.0, kept.1, b)];
    assert_eq!(of("{lost: {at_least: 5s}}"), both(true, true));
    assert_eq!(of("{lost: {class: default, at_least: 5s}}"), both(true, true));
    assert_eq!(of("{lost: {at_least: 5001ms}}"), both(false, false));
    assert_eq!(of("{lost: {demand: d, at_least: 5s}}"), both(true, false));
    assert_eq!(
        of("{lost: {demand: d, direction: forward, at_least: 5s}}"),
        [(forward, Some(5.0), true)]
    );
    // 1 Gbit/s of 10 both ways, and the same for one end and for both.
    let utilization = rows("ra", "{utilization: {pni: p, at_least: 10%, at_most: 10%}}");
    assert!(utilization.iter().all(|row| row.verdict == Verdict::Pass), "{utilization:?}");
}

#[test]
fn a_source_that_is_down_says_nothing_of_what_is_reachable() {
    let fault = "{at: 100s, for: 5s, inject: {router_crash: {router: rb}}}";
    let bound = |keys: &str| format!("{{reachable: {{direction: forward, at_least: 100%{keys}}}}}");
    let found = run(fault, &bound(""));
    let row = found.demand("d", Direction::Forward);
    let reachable: Vec<_> = row.events.iter().map(|event| event.measures.reachable).collect();
    assert_eq!((reachable, row.run.reachable), (vec![None, Some(1.0)], Some(1.0)));
    assert_eq!(row.events[0].measures.worst_delivered, None);
    let observed = |keys: &str| {
        let rows = run(fault, &bound(keys)).0.result.bounds;
        rows.iter().map(|row| (row.observed, row.verdict)).collect::<Vec<_>>()
    };
    assert_eq!(observed(""), [(Some(1.0), Verdict::Pass)]);
    assert_eq!(observed(", window: reversion"), [(Some(1.0), Verdict::Pass)]);
    // Where nothing was offered nothing has been shown.
    assert_eq!(observed(", window: fault"), [(None, Verdict::Fail)]);
    // Of two faults one with the source up counts.
    let two = format!("{fault}, {{at: 120s, inject: {{traffic_surge: {{demand: d, factor: 2}}}}}}");
    let rows = run(&two, &bound(", window: fault")).0.result.bounds;
    assert_eq!(told(&rows), [(Some(Direction::Forward), Some(1.0), true)]);
}
