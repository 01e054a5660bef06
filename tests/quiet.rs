//! What says only "still alive" costs no events.

use pnilab::RunOptions;
use pnilab::observe::run_counted;

#[path = "../benches/quiet/mod.rs"]
mod quiet;

/// A session of 50 ms sends 20 packets a second: 1,000 sessions of two ends would be 1.26e12
/// packets in a year of 31,536,000 s.
#[test]
fn a_year_of_a_thousand_idle_sessions_is_no_event() {
    let (topology, scenario) = quiet::year();
    let (report, counts) = run_counted(&topology, &scenario, &RunOptions::default());
    let handled: Vec<_> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
    assert_eq!(handled, [], "{:?}", report.figures.notes);
    assert_eq!(report.result.transitions, 0);
}
