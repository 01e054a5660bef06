//! Availability: golden numbers, brute force over all states, bounds, threads, exit codes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::atomic::AtomicU64;

use assert_cmd::Command;
use pnilab::availability::causes::Causes;
use pnilab::availability::steady::{Health, tell};
use pnilab::availability::years::Plan;
use pnilab::availability::{Availability, Question};
use pnilab::diag::Source;
use pnilab::model::topology::Topology;
use pnilab::report::data::{AvailabilityResult, DemandAvailability, YearsRow};
use pnilab::settled::{Evaluator, Fault};

/// Seconds of a year of 8,760 hours.
const YEAR_S: f64 = 31_536_000.0;

/// Two routers at two sites that never fail, whatever is between them, and a demand of 10G both ways.
fn design(between: &str, pnis: &[(&str, &str)]) -> String {
    let mut text = String::from(
        "pnilab: topology/1
metros: {ams: {}}
sites:
  a: {metro: ams, failures_per_year: 0}
  b: {metro: ams, failures_per_year: 0}
networks:
  west: {asn: 64500, multipath: {ebgp: 8}}
  east: {asn: 64501, multipath: {ebgp: 8}}
routers:
  west-1: {network: west, site: a, failures_per_year: 0}
  east-1: {network: east, site: b, failures_per_year: 0}
prefixes:
  198.51.100.0/24: {network: west, served_at: a}
  203.0.113.0/24: {network: east, served_at: b}
demands:
  calls: {at: west-1, from: 198.51.100.0/24, to: 203.0.113.0/24, rate: 10G, return_rate: 10G, class: c}
",
    );
    text += between;
    text += "pnis:\n";
    let pni = |(name, circuits): &(&str, &str)| {
        format!(
            "  {name}: {{ends: [west-1, east-1], relation: peer, circuits: {{{circuits}}}, \
             sessions: {{ipv4: {{bfd: {{}}}}}}}}\n"
        )
    };
    text.extend(pnis.iter().map(pni));
    if !between.contains("classes:") {
        text += "classes: {c: {ok: 99%}}\n";
    }
    text
}

fn load(text: &str) -> Topology {
    match pnilab::load_topology(&Source::new("design.yaml", text)) {
        Ok((topology, _)) => topology,
        Err(errors) => panic!("{}\n{text}", errors.to_json()),
    }
}

const ALL: Question = Question { precision_s: 0.0, states: 1_000_000, samples: 0, seed: 1 };

fn assess(topology: &Topology, question: Question) -> AvailabilityResult {
    let availability = Availability::new(topology, question).expect("the rates are usable");
    let count = AtomicU64::new(0);
    let transients = availability.transients(&count);
    let (steady, rest) = availability.steady(&count);
    let stated = ("2026-11-22".to_owned(), "a test".to_owned());
    availability.result((&steady, &rest), &transients, None, stated)
}

/// The steady unavailability of the only demand, when all states are told.
fn steady(text: &str) -> f64 {
    let result = assess(&load(text), ALL);
    let [demand] = result.demands.as_slice() else { panic!("one demand") };
    assert_eq!(demand.method, "exact");
    demand.downtime_s_per_year.steady / YEAR_S
}

fn close(value: f64, expected: f64, part: f64) {
    assert!((value - expected).abs() <= part * expected, "{value:e} is not {expected:e}");
}

const CUT_ONLY: &str = "failures_per_year: 8.76, repair: 1h, modes: {cut: 100%}";

#[test]
fn twenty_kilometres_of_metro_fibre_are_down_as_the_published_rates_say() {
    // 8.1 cuts per 1000 km and year, 12 h each: 0.162 a year, 2.22e-4.
    let one = "spans: {duct: {between: [a, b], length: 20km}}\n";
    let never = "speed: 100G, failures_per_year: 0";
    let pni = format!("x: {{{never}, via: [duct]}}");
    close(steady(&design(one, &[("p", &pni)])), 20.0 * 8.1e-3 * 12.0 / 8_760.0, 1e-12);

    let diverse = "spans:
  north: {between: [a, b], length: 20km}
  south: {between: [a, b], length: 20km}\n";
    let first = format!("x: {{{never}, via: [north]}}");
    let second = format!("y: {{{never}, via: [south]}}");
    close(steady(&design(diverse, &[("p", &first), ("q", &second)])), 4.9e-8, 0.01);

    // Two kilometres of duct that both share add about 450 times as much.
    let shared = "spans:
  north: {between: [a, b], length: 18km}
  south: {between: [a, b], length: 18km}
  both: {between: [a, b], length: 2km}\n";
    let first = format!("x: {{{never}, via: [north, both]}}");
    let second = format!("y: {{{never}, via: [south, both]}}");
    let together = steady(&design(shared, &[("p", &first), ("q", &second)]));
    close(together - 4.9e-8 * 0.81, 2.2e-5, 0.01);
}

#[test]
fn two_connections_of_three_nines_have_six_and_less_at_a_shared_site() {
    let pnis = |names: [&'static str; 2]| {
        names.map(|name| (name, format!("x-{name}: {{speed: 100G, {CUT_ONLY}}}")))
    };
    let [p, q] = pnis(["p", "q"]);
    let both = [(p.0, p.1.as_str()), (q.0, q.1.as_str())];
    close(steady(&design("", &both)), 1e-6, 1e-9);
    // In series with a site of four nines, here as what both share.
    let shared = "srlgs: {site: {failures_per_year: 0.876, repair: 1h}}\n";
    let grouped =
        both.map(|(name, circuit)| (name, circuit.replace("speed", "srlgs: [site], speed")));
    let grouped = grouped.each_ref().map(|(name, circuit)| (*name, circuit.as_str()));
    close(1.0 - steady(&design(shared, &grouped)), 0.999_899, 1e-9);
}

#[test]
fn three_of_four_members_are_enough_for_what_three_carry() {
    let circuits: Vec<String> =
        (1..=4).map(|n| format!("x-{n}: {{speed: 3.4G, {CUT_ONLY}}}")).collect();
    let text = design("", &[("p", &circuits.join(", "))]);
    // 1 - 6e-6 in first order: six pairs, and what is left of higher order.
    let q: f64 = 1e-3;
    let up = (1.0 - q).powi(4) + 4.0 * q * (1.0 - q).powi(3);
    close(steady(&text), 1.0 - up, 1e-9);
    close(steady(&text), 6e-6, 0.01);
}

/// A design with a bit of everything, small enough to try all states.
const MIXED: &str = "spans:
  north: {between: [a, b], length: 40km, srlgs: [bridge]}
  south: {between: [a, b], length: 60km}
srlgs: {bridge: {failures_per_year: 0.5, repair: 20h}}
common_causes:
  push: {network: west, failures_per_year: 2, repair: 3h}
  bug: {routers: [east-1], takes: routers, failures_per_year: 1, repair: 10h}
classes: {c: {ok: 99%, availability: 99.9%}}\n";

fn mixed() -> String {
    let members = "x-1: {speed: 10G, via: [north], failures_per_year: 20, repair: 30h}, \
                   x-2: {speed: 10G, via: [south], failures_per_year: 9, repair: 50h}";
    let text = design(
        MIXED,
        &[("p", members), ("q", "y: {speed: 5G, failures_per_year: 30, repair: 60h}")],
    );
    text.replace(
        "site: a, failures_per_year: 0",
        "site: a, failures_per_year: 3, repair: 5h, modes: {power: 40%, crash: 40%, hang: 20%}",
    )
}

/// The share of time in which the only demand is down: every subset of the causes, in which no two are of
/// one element, with its probability, worked out one by one.
fn brute_force(topology: &Topology, physical_only: bool) -> f64 {
    let causes = Causes::of(topology).expect("the rates are usable").all;
    let causes: Vec<_> =
        causes.into_iter().filter(|cause| !physical_only || !cause.is_common).collect();
    let evaluator = Evaluator::new(topology, 1);
    let demand = topology.demands.ids().next().expect("it has one");
    let mut down = 0.0;
    for set in 0_u32..1 << causes.len() {
        let is_there = |place: usize| set & (1 << place) != 0;
        let there: Vec<_> = (0..causes.len()).filter(|place| is_there(*place)).collect();
        let mut elements: Vec<_> = there.iter().map(|place| causes[*place].element).collect();
        elements.dedup();
        if elements.len() < there.len() {
            continue;
        }
        let mut probability = 1.0;
        for element in 0..=causes.iter().map(|cause| cause.element).max().unwrap_or(0) {
            let ways = causes.iter().enumerate().filter(|(_, cause)| cause.element == element);
            let (mut well, mut chosen) = (1.0, None);
            for (place, cause) in ways {
                let share = cause.failures_per_year * cause.repair_h / 8_760.0;
                well -= share;
                if is_there(place) {
                    chosen = Some(share);
                }
            }
            probability *= chosen.unwrap_or(well);
        }
        let faults: Vec<Fault> =
            there.iter().flat_map(|place| causes[*place].faults.iter().copied()).collect();
        let told = tell(topology, &evaluator, &faults);
        assert_ne!(told.health[demand], Health::Uncertain, "{there:?}");
        if told.health[demand] == Health::Down {
            down += probability;
        }
    }
    down
}

/// What is down until a repair: all of it, and without common causes.
fn steady_parts(demand: &DemandAvailability, transients: f64) -> [f64; 2] {
    let physical = demand.physical.unavailability - demand.downtime_s_per_year.transient / YEAR_S;
    [demand.unavailability - transients, physical]
}

#[test]
fn all_states_told_by_likelihood_make_what_all_subsets_make() {
    let topology = load(&mixed());
    let result = assess(&topology, ALL);
    let demand = &result.demands[0];
    assert_eq!(demand.method, "exact");
    let passing: f64 = demand.transients.iter().map(|row| row.times_per_year * row.down_s).sum();
    let [all, physical] = steady_parts(demand, passing / YEAR_S);
    close(all, brute_force(&topology, false), 1e-9);
    close(physical, brute_force(&topology, true), 1e-9);
    assert!(physical < all);
}

#[test]
fn a_bracket_and_a_sample_hold_what_is_exact() {
    let topology = load(&mixed());
    let exact = &assess(&topology, ALL).demands[0];
    for (states, samples, method) in
        [(40, 0, "bracket"), (200, 0, "bracket"), (40, 4_000, "sample")]
    {
        let result = assess(&topology, Question { states, samples, ..ALL });
        let demand = &result.demands[0];
        assert_eq!(demand.method, method);
        assert!(result.states == states && (result.samples > 0) == (samples > 0));
        assert!(demand.low <= exact.unavailability && exact.unavailability <= demand.high);
        let [low, high] = [demand.physical.low, demand.physical.high];
        assert!(low <= exact.physical.unavailability && exact.physical.unavailability <= high);
        assert!(demand.low < demand.high);
    }
    let bracket = &assess(&topology, Question { states: 40, ..ALL }).demands[0];
    let sample = &assess(&topology, Question { states: 40, samples: 4_000, ..ALL }).demands[0];
    assert!(sample.high - sample.low < 0.5 * (bracket.high - bracket.low));
}

#[test]
fn states_are_left_out_only_when_they_weigh_less_than_asked() {
    let topology = load(&mixed());
    let result = assess(&topology, Question { precision_s: 3_600.0, ..ALL });
    assert!(result.states_left * YEAR_S <= 3_600.0 && result.states_left > 0.0);
    let demand = &result.demands[0];
    let exact = &assess(&topology, ALL).demands[0];
    assert!(demand.low <= exact.unavailability && exact.unavailability <= demand.high);
}

#[test]
fn a_transient_is_what_a_run_of_that_failure_shows_and_counts_once() {
    // Half of the traffic is lost until BFD sees it: 300 ms three times.
    let silent = "failures_per_year: 12, repair: 1h, modes: {silent: 100%}";
    let pnis = [
        ("p", format!("x: {{speed: 100G, {silent}}}")),
        ("q", "y: {speed: 100G, failures_per_year: 0}".to_owned()),
    ];
    let pnis = pnis.each_ref().map(|(name, circuits)| (*name, circuits.as_str()));
    let result = assess(&load(&design("", &pnis)), ALL);
    let demand = &result.demands[0];
    assert_eq!(demand.downtime_s_per_year.steady.to_bits(), 0.0_f64.to_bits());
    let [row] = demand.transients.as_slice() else { panic!("{:?}", demand.transients) };
    assert_eq!(row.element, "circuit=x silent");
    assert!((0.6..1.0).contains(&row.down_s), "{}", row.down_s);
    close(demand.downtime_s_per_year.transient, 12.0 * row.down_s, 1e-9);

    // Without the other PNI it stays down until the repair, which is all but the way up again.
    let alone = assess(&load(&design("", &pnis[..1])), ALL);
    let demand = &alone.demands[0];
    close(demand.downtime_s_per_year.steady, 12.0 * 3_600.0, 1e-9);
    let [row] = demand.transients.as_slice() else { panic!("{:?}", demand.transients) };
    assert!((0.1..60.0).contains(&row.down_s), "{}", row.down_s);
}

#[test]
fn a_common_cause_takes_what_no_second_way_helps_against() {
    let never = |name: &str| format!("{name}: {{speed: 100G, failures_per_year: 0}}");
    let push = "common_causes: {push: {network: west, failures_per_year: 1, repair: 8.76h}}\n";
    let (x, y) = (never("x"), never("y"));
    let result = assess(&load(&design(push, &[("p", &x), ("q", &y)])), ALL);
    let demand = &result.demands[0];
    close(demand.downtime_s_per_year.common_cause, 8.76 * 3_600.0, 0.01);
    assert_eq!(demand.sets[0].set, ["common_cause=push"]);
    close(demand.sets[0].downtime_s_per_year, 8.76 * 3_600.0, 1e-9);
    assert!(demand.physical.high < 1e-9, "{:?}", demand.physical);
    assert!(demand.high - demand.low < 1e-6, "nothing of it is uncertain");
}

#[test]
fn a_demand_goes_down_as_often_as_what_takes_it_down_alone() {
    let text = design("", &[("p", &format!("x: {{speed: 100G, {CUT_ONLY}}}"))]);
    let result = assess(&load(&text), ALL);
    close(result.demands[0].outages_per_year, 8.76, 1e-9);
    close(result.demands[0].mean_outage_s.expect("it goes down"), 3_600.0, 1e-9);
    assert_eq!(result.demands[0].sets[0].set, ["circuit=x cut"]);
}

fn command(dir: &Path, args: &[&str]) -> Output {
    Command::cargo_bin("pnilab")
        .expect("the command is built with its tests")
        .current_dir(dir)
        .env("NO_COLOR", "1")
        .args(["availability", "--as-of", "2026-11-22"])
        .args(args)
        .output()
        .expect("the command runs")
}

fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn threads_and_seeds_of_nothing_drawn_change_no_byte() {
    let dir = tempfile::tempdir().expect("a folder");
    let design = "topologies/two-metro.yaml";
    let mut written = Vec::new();
    for jobs in ["1", "2"] {
        let out = dir.path().join(jobs);
        let out = out.to_str().expect("it is text");
        let done = command(&here(), &[design, "--jobs", jobs, "--out", out]);
        assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
        let mut names: Vec<_> = fs::read_dir(out)
            .expect("it is there")
            .map(|entry| entry.expect("a file").path())
            .collect();
        names.sort();
        let read = |path: &PathBuf| {
            (path.file_name().map(ToOwned::to_owned), fs::read(path).expect("it is read"))
        };
        written.push((done.stdout, names.iter().map(read).collect::<Vec<_>>()));
    }
    assert_eq!(written[0], written[1]);
    assert_eq!(written[0].1.len(), 3);
}

#[test]
fn the_verdict_is_against_the_class_and_the_first_line_tells_of_common_causes() {
    let dir = tempfile::tempdir().expect("a folder");
    let judged = |target: &str, more: &str, args: &[&str]| {
        let classes = format!("classes: {{c: {{ok: 99%, availability: {target}}}}}\n{more}");
        let text = design(&classes, &[("p", &format!("x: {{speed: 100G, {CUT_ONLY}}}"))]);
        fs::write(dir.path().join("design.yaml"), text).expect("it is written");
        let done = command(dir.path(), &[&["design.yaml"], args].concat());
        let text = String::from_utf8(done.stdout).expect("it is text");
        (done.status.code(), text.lines().next().unwrap_or_default().to_owned())
    };
    // A thousandth, and what routing takes to come back.
    let (code, first) = judged("99%", "", &[]);
    assert_eq!(
        (code, first.as_str()),
        (Some(0), "pass  design: without common causes, as the design states none")
    );
    assert_eq!(judged("99.99%", "", &[]).0, Some(1));
    let (code, first) = judged("99.8%", "", &["--states", "1", "--samples", "0"]);
    assert_eq!(code, Some(0), "{first}");
    let (code, first) = judged("99.95%", "", &["--states", "1", "--samples", "0"]);
    assert!(code == Some(1) && first.starts_with("inconclusive"), "{first}");
    let push = "common_causes: {push: {network: west, failures_per_year: 1, repair: 1h}}\n";
    assert_eq!(judged("99%", push, &[]).1, "pass  design: with 1 common cause");
}

#[test]
fn a_design_without_demands_or_with_too_much_down_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let refused = |text: &str| {
        fs::write(dir.path().join("design.yaml"), text).expect("it is written");
        let out = dir.path().join("out");
        let done = command(dir.path(), &["design.yaml", "--out", out.to_str().expect("text")]);
        assert_eq!(done.status.code(), Some(2));
        assert!(!out.exists(), "nothing is written");
        String::from_utf8(done.stderr).expect("it is text")
    };
    let text = design("", &[("p", "x: {speed: 100G}")]);
    let without = text.lines().filter(|line| !line.contains("calls") && *line != "demands:");
    let told = refused(&without.collect::<Vec<_>>().join("\n"));
    assert!(told.contains("the design has no `demands`"), "{told}");
    // 12,000 km of fibre by default, each failure of which takes 80 days.
    let long = "spans: {sea: {between: [a, b], length: 12000km, repair: 80d}}\n";
    let told = refused(&design(long, &[("p", "x: {speed: 100G, via: [sea]}")]));
    assert!(told.contains("`span=sea` would be down half of the time or more"), "{told}");
}

fn years(topology: &Topology, years: u64, crews: Option<u32>) -> YearsRow {
    let availability = Availability::new(topology, ALL).expect("the rates are usable");
    let plan = Plan { years, crews, seed: 1 };
    availability.years(plan, &AtomicU64::new(0)).demands.swap_remove(0)
}

#[test]
fn simulated_years_have_the_downtime_of_the_sum_over_states() {
    let topology = load(&mixed());
    let exact = &assess(&topology, ALL).demands[0];
    let passing: f64 = exact.transients.iter().map(|row| row.times_per_year * row.down_s).sum();
    let row = years(&topology, 4_000, None);
    let steady = exact.unavailability * YEAR_S - passing;
    assert!(row.mean_low_s <= steady && steady <= row.mean_high_s, "{steady} {row:?}");
    assert!(row.mean_high_s - row.mean_low_s < 0.1 * steady, "{row:?}");
    close(row.outages_per_year, exact.outages_per_year, 0.05);
    assert!(row.p50_s < row.p95_s && row.p95_s < row.p99_s && row.p99_s < row.worst_s);
}

#[test]
fn one_crew_takes_longer_than_any_number() {
    let topology = load(&mixed());
    let [one, many] = [Some(1), None].map(|crews| years(&topology, 1_000, crews));
    assert!(one.mean_low_s > many.mean_high_s, "{one:?} {many:?}");
    let hundred = years(&topology, 1_000, Some(100));
    assert_eq!(hundred, many);
}

#[test]
fn maintenance_of_the_only_way_is_downtime_and_of_one_of_two_is_none() {
    let windows = "maintenance_domains: {m: {pnis: [p], windows: {per_year: 12, lasts: 2h}}}\n";
    let never = |name: &str| format!("{name}: {{speed: 100G, failures_per_year: 0}}");
    let (x, y) = (never("x"), never("y"));
    let only = years(&load(&design(windows, &[("p", &x)])), 10, None);
    close(only.mean_s, 12.0 * 2.0 * 3_600.0, 1e-9);
    close(only.maintenance_s, only.mean_s, 1e-9);
    close(only.outages_per_year, 12.0, 1e-9);
    close(only.longest_s, 7_200.0, 1e-9);
    let both = years(&load(&design(windows, &[("p", &x), ("q", &y)])), 10, None);
    assert!(both.mean_s.abs() < 1e-9, "{both:?}");
}
