//! Random small designs and faults: what must hold for all of them.
//!
//! The cases are the same in every run. `PNILAB_CASES` asks for more of them and `PNILAB_SEED`
//! for others; a failure prints the smallest design and faults found, as files.

#[path = "settled/compare.rs"]
mod compare;
#[path = "properties/design.rs"]
mod design;
#[path = "settled/dice.rs"]
mod dice;

use std::collections::BTreeMap;

use pnilab::diag::Source;
use pnilab::diag::render::{Style, render};
use pnilab::model::scenario::Scenario;
use pnilab::model::topology::Topology;
use pnilab::model::{ScenarioFile, load_topology};
use pnilab::observe::{Base, BaseKey, Hellos, RunOptions, run};
use pnilab::report::data::{Measures, RunReport, Went};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use design::{Case, cases};

/// Checks `holds` for a fixed number of random cases.
fn check(count: u32, holds: impl Fn(&Case) -> Result<(), TestCaseError>) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let cases_asked = number("PNILAB_CASES").unwrap_or(count);
    let seed = number("PNILAB_SEED").unwrap_or(1);
    let config = Config {
        cases: cases_asked,
        failure_persistence: None,
        max_global_rejects: 100_000,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config, rng);
    if let Err(error) = runner.run(&cases(), |case| holds(&case)) {
        panic!("PNILAB_SEED={seed}: {error}");
    }
}

fn load(case: &Case, seconds: u64, ends: bool) -> (Topology, Scenario) {
    let design = case.topology();
    let (topology, _) = load_topology(&Source::new("design.yaml", design.as_str()))
        .unwrap_or_else(|errors| panic!("{design}\n{}", render(&errors, Style::Plain)));
    let text = case.scenario(seconds, ends);
    let scenario = ScenarioFile::read(&Source::new("scenario.yaml", text.as_str()))
        .and_then(|file| file.resolve(&topology))
        .unwrap_or_else(|errors| panic!("{design}\n{text}\n{}", render(&errors, Style::Plain)))
        .0;
    (topology, scenario)
}

fn play((topology, scenario): &(Topology, Scenario), hellos: Hellos) -> RunReport {
    run(topology, scenario, &RunOptions { hellos, ..RunOptions::default() })
}

#[test]
fn computed_hellos_give_the_same_transitions_as_sent_ones_to_the_nanosecond() {
    check(1_500, |case| {
        let input = load(case, 45, false);
        let computed = play(&input, Hellos::Computed);
        let sent = play(&input, Hellos::Sent);
        let (mine, theirs) = (&computed.figures.timeline, &sent.figures.timeline);
        for (a, b) in mine.iter().zip(theirs) {
            prop_assert_eq!(a, b, "computed, sent");
        }
        prop_assert_eq!(mine.len(), theirs.len(), "transitions");
        prop_assert_eq!(&computed.result.sessions, &sent.result.sessions);
        // As results tell them: on a ramp the last of 18 digits depend on where it is looked at.
        let json = |report: &RunReport| serde_json::to_value(&report.result.demands);
        prop_assert_eq!(json(&computed).ok(), json(&sent).ok());
        prop_assert_eq!(&computed.result.links, &sent.result.links);
        prop_assert_eq!(computed.result.fingerprint, sent.result.fingerprint);
        Ok(())
    });
}

#[test]
fn a_forked_run_equals_a_fresh_one_and_leaves_its_fork_as_the_base_is() {
    check(1_000, |case| {
        let (topology, first) = load(case, 45, false);
        let (_, second) = load(case, 20, true);
        let options = RunOptions::default();
        let base = Base::new(&topology, &BaseKey::of(&topology, &first, &options));
        let mut fork = base.fork();
        for scenario in [&first, &second, &first] {
            let fresh = run(&topology, scenario, &options);
            let forked = base.run(scenario, &options);
            prop_assert_eq!(&forked.figures.timeline, &fresh.figures.timeline);
            prop_assert_eq!(format!("{:?}", &forked), format!("{:?}", &fresh));
            prop_assert!(base.forks_are_equal(), "rolled back");
            prop_assert_eq!(format!("{:?}", fork.run(scenario, &options)), format!("{:?}", &fresh));
        }
        Ok(())
    });
}

/// Rounded shares of 10^18 may miss a bound by a hair.
const HAIR: f64 = 1e-9;

fn within(what: &str, value: f64, most: f64) -> Result<(), TestCaseError> {
    prop_assert!((0.0..=most + HAIR).contains(&value), "{} = {} of {}", what, value, most);
    Ok(())
}

fn measures_in_range(m: &Measures, length: f64) -> Result<(), TestCaseError> {
    for (what, value) in [
        ("lost", m.lost_s),
        ("longest_gap", m.longest_gap_s),
        ("whole_gap", m.whole_gap_s),
        ("impaired", m.impaired_s),
        ("source_down", m.source_down_s),
    ] {
        within(what, value, length)?;
    }
    for (what, value) in [
        ("worst_delivered", m.worst_delivered.unwrap_or(0.0)),
        ("dropped", m.dropped.unwrap_or(0.0)),
        ("disturbed", m.disturbed),
        ("moved + rehashed", m.moved + m.rehashed),
        ("reachable", m.reachable.unwrap_or(0.0)),
        ("localized", m.localized.unwrap_or(0.0)),
    ] {
        within(what, value, if what == "moved + rehashed" { 2.0 } else { 1.0 })?;
    }
    within("whole gap within the longest", m.whole_gap_s, m.longest_gap_s)?;
    if let (Some(first), Some(recovered)) = (m.first_loss_at_s, m.recovered_at_s) {
        prop_assert!(first <= recovered, "first loss {}, recovered {}", first, recovered);
    }
    // Who lost nothing was never hurt.
    prop_assert_eq!(m.lost_s > 0.0, m.first_loss_at_s.is_some(), "lost and first loss: {:?}", m);
    Ok(())
}

#[test]
fn every_measure_is_within_its_range_and_nothing_is_delivered_that_was_not_offered() {
    check(1_500, |case| {
        let report = play(&load(case, 60, false), Hellos::Computed);
        for row in &report.result.demands {
            measures_in_range(&row.run, 60.0)?;
            let mut lost: BTreeMap<u64, f64> = BTreeMap::new();
            let at = |name: &str| {
                let event = report.result.events.iter().find(|event| event.event == name);
                event.map_or(0.0, |event| event.at_s)
            };
            for event in &row.events {
                measures_in_range(&event.measures, 60.0 - at(&event.event))?;
                lost.insert(at(&event.event).to_bits(), event.measures.lost_s);
                within("gap in a window", event.measures.longest_gap_s, row.run.longest_gap_s)?;
            }
            // Windows share out the run; before the first all that is lost was lost for good.
            prop_assert!(lost.values().sum::<f64>() <= row.run.lost_s + 1e-6);
        }
        for series in &report.figures.delivered {
            for point in &series.points {
                within("delivered", point.ratio, 1.0)?;
            }
        }
        for row in &report.result.sessions {
            within("detection", row.detection_s.unwrap_or(0.0), 60.0)?;
        }
        let times: Vec<f64> = report.figures.timeline.iter().map(|row| row.at_s).collect();
        prop_assert!(times.is_sorted());
        Ok(())
    });
}

#[test]
fn when_all_faults_are_over_everything_is_as_it_was() {
    check(1_500, |case| {
        // Without hold time an end whose peer went away unseen stays established for good, and
        // refuses the peer's new connection (RFC 4271 §6.8).
        // A LAG that only one end takes for up loses a hash of connections for good.
        // One that is not revertive keeps what it has.
        prop_assume!(!case.has_no_hold_time() && !case.has_half_lag());
        prop_assume!(!case.has_lag_that_stays());
        let report = play(&load(case, 400, true), Hellos::Computed);
        // Return traffic starts where its forward twin last arrived: a design that loses traffic
        // from the start may find a way only once something has failed.
        let first = |s: &pnilab::report::data::DeliveredSeries| s.points.first().map(|p| p.ratio);
        let mut whole = report.figures.delivered.iter();
        prop_assume!(whole.all(|series| first(series).is_none_or(|ratio| ratio >= 1.0)));
        let mut balance: BTreeMap<(&str, &str), i64> = BTreeMap::new();
        for row in &report.result.sessions {
            let change = if row.went == Went::Up { 1 } else { -1 };
            *balance.entry((&row.session, &row.router)).or_insert(0) += change;
        }
        for (end, balance) in balance {
            prop_assert_eq!(balance, 0, "{:?}", end);
        }
        for series in &report.figures.delivered {
            let (first, last) = (series.points.first(), series.points.last());
            let ratios = (first.map(|p| p.ratio), last.map(|p| p.ratio));
            prop_assert_eq!(ratios.0, ratios.1, "{} {:?}", series.demand, series.direction);
        }
        for loads in &report.figures.loads {
            let ends = |steps: &[pnilab::report::data::Step]| {
                (steps.first().map(|s| s.bps), steps.last().map(|s| s.bps))
            };
            for (first, last) in [ends(&loads.capacity), ends(&loads.offered)] {
                prop_assert_eq!(first, last, "{} {}", loads.link, loads.direction);
            }
        }
        Ok(())
    });
}

#[test]
fn the_settled_evaluator_knows_where_a_run_ends_or_says_that_it_does_not() {
    let tally = std::cell::RefCell::new(compare::Tally::default());
    check(300, |case| {
        let (topology, scenario) = load(case, 45, false);
        let mut tally = tally.borrow_mut();
        tally.judge(&topology, scenario.seed);
        tally.wrong().map_err(TestCaseError::fail)
    });
    tally.into_inner().demand(30);
}
