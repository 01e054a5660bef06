use crate::diag::render::{Style, render};
use crate::diag::{Diagnostics, Source};
use crate::ids::{CircuitId, Id, RouterId, SessionId};
use crate::model::scenario::{Begin, FaultKind, Limit, Measure, Scenario, Start, Window};
use crate::model::{load_scenario, topology::Topology};
use crate::units::{Share, SimDuration, SimTime};

const DESIGN: &str = include_str!("../../../../topologies/two-metro.yaml");

fn try_load(rest: &str) -> Result<(Scenario, Topology, Diagnostics), Diagnostics> {
    let text = format!("pnilab: scenario/1\nduration: 1h\n{rest}");
    let design = Source::new("two-metro.yaml", DESIGN);
    load_scenario(&Source::new("claims/One Claim.yaml", text), Some(&design))
}

fn load(rest: &str) -> (Scenario, Topology) {
    match try_load(rest) {
        Ok((scenario, topology, _)) => (scenario, topology),
        Err(errors) => panic!("{}", render(&errors, Style::Plain)),
    }
}

/// The codes of what is wrong, in order of place.
fn codes(rest: &str) -> Vec<&'static str> {
    let errors = try_load(rest).expect_err("something is wrong");
    errors.iter().map(|error| error.code.as_str()).collect()
}

fn fault(inject: &str) -> String {
    format!("faults: [{{at: 1m, for: 1m, inject: {{{inject}}}}}]\n")
}

#[test]
fn what_is_left_out_has_its_default() {
    let (scenario, _) = load("");
    assert_eq!((scenario.name.as_str(), scenario.seed), ("one-claim", 1));
    assert_eq!(scenario.start, Start::Settled);
    assert_eq!(scenario.duration, SimDuration::from_secs(3_600));
}

#[test]
fn every_kind_of_fault_is_read() {
    for inject in [
        "circuit_cut: {circuit: x-1001}",
        "circuit_silent: {circuit: [x-1001, x-1002], toward: ct-ams-1}",
        "circuit_degrade: {circuit: x-1001, loss: 5%, delay: 10ms}",
        "circuit_flap: {circuit: x-1001, down: 1s, up: 2s}",
        "optic_fail: {circuit: x-1001, router: ms-ams-1}",
        "pni_cut: {pni: pni-ams-1}",
        "pni_silent: {pni: pni-ams-1, toward: ms-ams-1}",
        "span_cut: {span: duct-ams}",
        "srlg_fail: {srlg: tray-1}",
        "card_fail: {card: ct-ams-1/lc0}",
        "router_power_off: {router: ct-ams-1}",
        "router_crash: {router: ct-ams-1}",
        "feed_fail: {feed: ams-a/a}",
        "site_power: {site: ams-a}",
        "metro_outage: {metro: ams}",
        "session_reset: {session: pni-ams-1/ipv4}",
        "admin_shutdown: {session: ct-ams-1--ct-ams-2/ipv4, router: ct-ams-2}",
        "traffic_surge: {demand: teams-ams, factor: 1.5}",
    ] {
        let (scenario, _) = load(&fault(inject));
        assert_eq!(scenario.faults.len(), 1, "{inject}");
        let begin = Begin::At(SimTime::from_nanos(60_000_000_000));
        assert_eq!(scenario.faults[0].begin, begin);
    }
}

#[test]
fn targets_and_numbers_are_what_was_written() {
    let (scenario, topology) =
        load(&fault("circuit_degrade: {circuit: [x-1002, x-1001], loss: 2.5%, toward: ct-ams-1}"));
    let expected = FaultKind::CircuitDegrade {
        circuits: vec![CircuitId::from_index(1), CircuitId::from_index(0)],
        toward: topology.router_named("ct-ams-1"),
        loss: Share::from_ppb(25_000_000),
        delay: SimDuration::ZERO,
    };
    assert_eq!(scenario.faults[0].kind, expected);
    let (scenario, _) = load(&fault("traffic_surge: {demand: teams-ams, factor: 1.5}"));
    let FaultKind::TrafficSurge { factor_ppb, .. } = scenario.faults[0].kind else {
        panic!("a surge");
    };
    assert_eq!(factor_ppb, 1_500_000_000);
    let (scenario, _) = load(&fault("session_reset: {session: pni-ams-1/ipv6, router: ms-ams-1}"));
    let expected = FaultKind::SessionReset {
        sessions: vec![SessionId::from_index(1)],
        router: Some(RouterId::from_index(4)),
    };
    assert_eq!(scenario.faults[0].kind, expected);
}

#[test]
fn bounds_are_read_in_the_unit_of_their_measure() {
    let (scenario, _) = load(
        "bounds:\n\
         \x20 - longest_gap: {demand: teams-ams, direction: return, at_most: 900ms}\n\
         \x20 - utilization: {link: ct-ams, router: ct-ams-2, at_least: 120%}\n\
         \x20 - settled: {at_most: 1m}\n",
    );
    let read: Vec<_> =
        scenario.bounds.iter().map(|b| (b.measure, b.at_most.or(b.at_least))).collect();
    let expected = [
        (Measure::LongestGap, Some(Limit::Time(SimDuration::from_millis(900)))),
        (Measure::Utilization, Some(Limit::Ratio(Share::from_percent(120)))),
        (Measure::Settled, Some(Limit::Time(SimDuration::from_secs(60)))),
    ];
    assert_eq!(read, expected);
    assert!(scenario.bounds.iter().all(|bound| bound.window == Window::Run));
    assert_eq!(codes("bounds: [{longest_gap: {at_most: 50%}}]\n"), ["E3001"]);
    assert_eq!(codes("bounds: [{longest_gap: {at_most: 1}}]\n"), ["E3001"]);
    assert_eq!(codes("bounds: [{longest_gpa: {at_most: 1s}}]\n"), ["E1001"]);
    assert_eq!(codes("bounds: [{lost: {at_most: 1s}, settled: {at_most: 1s}}]\n"), ["E1006"]);
}

#[test]
fn wrong_faults_are_refused() {
    for (inject, expected) in [
        ("circuit_cut: {circuit: x-9}", "E2001"),
        ("circuit_cut: {circuit: []}", "E1006"),
        ("circuit_cut: {}", "E1003"),
        ("circuit_cut: {pni: pni-ams-1}", "E1001"),
        ("circuit_cut: {circuit: x-1001, toward: ct-ams-2}", "E2003"),
        ("pni_cut: {pni: ct-ams}", "E2001"),
        ("circuit_flap: {circuit: x-1001, down: 1us, up: 1us}", "E3002"),
        ("circuit_degrade: {circuit: x-1001, loss: 101%}", "E3002"),
        ("circuit_degrade: {circuit: x-1001}", "E1003"),
        ("circuit_silent: {circuit: [x-1001, x-1002, x-1001]}", "E2007"),
        ("wrong_patch: {circuit: [x-1001, x-1001]}", "E2007"),
        ("traffic_surge: {demand: [teams-ams, teams-ams], factor: 2}", "E2007"),
        ("withdraw: {prefix: [198.51.100.0/24, 198.51.100.0/24]}", "E2007"),
        ("card_fail: {card: lc0}", "E2001"),
        ("feed_fail: {feed: a}", "E2001"),
        ("session_reset: {session: pni-ams-1}", "E2001"),
        ("session_reset: {session: pni-ams-1/ipv4, router: ct-ams-2}", "E2003"),
        ("traffic_surge: {demand: teams-ams, factor: -1}", "E3002"),
        ("traffic_surge: {demand: teams-ams, factor: 0}", "E3002"),
        ("withdraw: {prefix: 198.51.101.0/24}", "E2001"),
        ("withdraw: {prefix: 198.51.100.0/24, router: ms-ams-1}", "E2005"),
        ("service_down: {prefix: 198.51.100.0/24, site: westeurope-1}", "E2005"),
        ("announce: {prefix: 198.51.100.0/24}", "E1003"),
        ("leak: {session: ct-ams-1--ct-ams-2/ipv4}", "E2004"),
        ("drain: {router: ct-ams-1}", "E1003"),
        ("graceful_shutdown: {session: pni-ams-1/ipv4, wait: 5}", "E3001"),
        ("policy_edit: {session: pni-ams-1/ipv4, direction: export}", "E1006"),
        ("policy_edit: {session: pni-ams-1/ipv4, direction: export, remove: our}", "E2001"),
        ("cable_cut: {circuit: x-1001}", "E1001"),
        ("fabric_fail: {exchange: ix}", "E2001"),
        ("flowspec_drop: {prefix: 198.51.100.0/24}", "E1006"),
        ("maintenance: {router: ct-ams-1}", "E1001"),
        ("circuit_cut: {circuit: x-1001}, pni_cut: {pni: pni-ams-1}", "E1006"),
    ] {
        assert!(codes(&fault(inject)).contains(&expected), "{inject}: {:?}", codes(&fault(inject)));
    }
}

#[test]
fn what_parts_two_ports_of_an_exchange_names_two() {
    let design = include_str!("../../../../topologies/exchange-beside-pni.yaml");
    let between = |ports: &str| {
        let fault = fault(&format!("fabric_fail: {{exchange: ix, between: [{ports}]}}"));
        let text = format!("pnilab: scenario/1\nduration: 1h\n{fault}");
        load_scenario(&Source::new("s.yaml", text), Some(&Source::new("t.yaml", design)))
    };
    assert!(between("p-ct, p-ms").is_ok());
    let errors = between("p-ct, ix/p-ct").expect_err("one port");
    assert_eq!(errors.iter().map(|error| error.code.as_str()).collect::<Vec<_>>(), ["E3005"]);
}

#[test]
fn a_kind_that_a_later_version_reads_is_named_as_such() {
    let errors = try_load(&fault("costs: {}")).expect_err("not yet");
    let hint = errors.iter().next().and_then(|error| error.hint.clone());
    assert_eq!(hint.as_deref(), Some("`costs` is not supported by this version yet"));
}
