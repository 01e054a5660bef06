//! Faults that wait for something.

use crate::lab::{BEGIN, Lab, MS, Pair, S, US, nanos};

/// Two PNIs in use; the first is cut at 100 s, and `faults` come after it in the file.
fn lab(faults: &str) -> Lab {
    let pni = |name: &str, circuit: &str| {
        format!(
            "  {name}: {{ends: [ra, rb], relation: peer, circuits: {{{circuit}: {{speed: 10G, \
             length: 20km}}}}, sessions: {{ipv4: {{}}}}}}\n"
        )
    };
    let design = format!(
        "pnilab: topology/1
metros: {{m: {{}}}}
sites: {{s: {{metro: m}}}}
networks: {{a: {{asn: 64500, multipath: {{ebgp: 2}}}}, b: {{asn: 64501, multipath: {{ebgp: 2}}}}}}
routers: {{ra: {{network: a, site: s}}, rb: {{network: b, site: s}}}}
pnis:
{}{}prefixes:
  198.51.100.0/24: {{network: a, routers: ra}}
  203.0.113.0/24: {{network: b, routers: rb}}
demands:
  d: {{at: rb, from: 203.0.113.0/24, to: 198.51.100.0/24, rate: 1G, return_rate: 1G}}
",
        pni("p", "c1"),
        pni("q", "c2")
    );
    let cut = "{at: 100s, for: 60s, inject: {circuit_cut: {circuit: c1}}}";
    Lab::new(&design, 200, &format!("{cut}, {faults}"))
}

/// When the second fault of the file begins, counted from [`BEGIN`].
fn second(condition: &str) -> Option<i64> {
    let fault = format!("{{when: {condition}, for: 5s, inject: {{circuit_cut: {{circuit: c2}}}}}}");
    let run = lab(&fault).run(1);
    let row = run.0.result.faults.iter().find(|row| row.fault == 1)?;
    assert_eq!(row.until_at_s.map(|at| nanos(at - row.at_s)), Some(5 * S));
    Some(nanos(row.at_s) - BEGIN)
}

#[test]
fn a_fault_begins_a_nanosecond_after_what_it_waits_for() {
    // Loss of light after 10 ms takes the interface, the LAG and the session down at once.
    for down in ["session_down: {session: p/ipv4}", "pni_down: {pni: p, router: ra}"] {
        assert_eq!(second(&format!("{{{down}}}")), Some(10 * MS + 1), "{down}");
    }
    // The cut takes half of the traffic at once, of which nothing waits.
    assert_eq!(second("{delivered: {demand: d, at_most: 50%}}"), Some(1));
    // Each PNI carries 5 % of what it could, and the second 10 % once the router has decided
    // (50 us) and the one write that takes the first out of its table is done (50 us).
    let moved = Some(10 * MS + 100 * US + 1);
    assert_eq!(second("{utilization: {pni: q, router: ra, at_least: 10%}}"), moved);
    assert_eq!(
        second("{utilization: {pni: q, at_least: 5%}}"),
        Some(1 - BEGIN),
        "it holds at once"
    );
    // Repaired 60 s later, the interface is up after 200 ms, and the LAG with it.
    assert_eq!(second("{pni_up: {pni: p}}"), Some(60 * S + 200 * MS + 1));
}

#[test]
fn one_that_waits_may_follow_one_that_waits() {
    let faults = "{when: {session_down: {session: q/ipv4}}, inject: {traffic_surge: {demand: d, \
                  factor: 2}}}, {when: {session_down: {session: p/ipv4}}, after: 5s, for: 1s, \
                  inject: {circuit_cut: {circuit: c2}}}";
    let run = lab(faults).run(1);
    let begins: Vec<(u32, i64)> =
        run.0.result.faults.iter().map(|row| (row.fault, nanos(row.at_s) - BEGIN)).collect();
    let cut = 5 * S + 10 * MS + 1;
    assert_eq!(begins, [(0, 0), (2, cut), (1, cut + 10 * MS + 1)]);
    assert!(run.0.figures.notes.is_empty());
}

#[test]
fn one_whose_time_never_comes_is_told() {
    let fault = "{when: {session_down: {session: q/ipv4}}, inject: {circuit_cut: {circuit: c2}}}";
    let run = lab(fault).run(1);
    assert_eq!(run.0.result.faults.len(), 1);
    assert_eq!(run.0.figures.notes, ["fault1 never began: what it waits for did not happen"]);
}

#[test]
fn a_demand_without_return_traffic_has_none_that_could_be_lost() {
    // What goes to rb is lost, and d goes to ra.
    let silent = "{at: 100s, for: 10s, inject: {circuit_silent: {circuit: c1, toward: rb}}}";
    let wait = "{when: {delivered: {demand: d, at_most: 60%}}, \
                inject: {traffic_surge: {demand: d, factor: 2}}}";
    let faults = format!("{silent}, {wait}");
    let run = Pair { demand: "rate: 1G", ..Pair::default() }.lab(130, &faults).run(1);
    assert_eq!(run.0.result.faults.len(), 1);
    assert_eq!(run.0.result.events[0].settled_s, None);
    // With it the condition holds at once.
    let run = Pair::default().lab(130, &faults).run(1);
    assert_eq!(nanos(run.0.result.faults[1].at_s), BEGIN + 1);
}
