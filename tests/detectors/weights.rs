//! Paths that are weighed by the rate of the LAG they leave the network by.

use pnilab::report::data::Direction;

use crate::lab::{Lab, MS, Run, nanos};

/// `b` has `rb1` and `rb2` at its border and `rb` behind both, where demand `d` of 6 Gbit/s begins;
/// PNI `p1` has two circuits of 10 Gbit/s, `p2` has one.
fn lab(multipath: &str, flows: &str, fault: &str) -> Run {
    let design = format!(
        "pnilab: topology/1
defaults: {{interface: {{los: 10ms, carrier_delay_down: 0s}}}}
metros: {{m: {{}}}}
sites: {{s: {{metro: m}}}}
networks: {{a: {{asn: 64500}}, b: {{asn: 64501, multipath: {{ebgp: 4, ibgp: 4, {multipath}}}}}}}
routers:
  ra1: {{network: a, site: s}}
  ra2: {{network: a, site: s}}
  rb1: {{network: b, site: s}}
  rb2: {{network: b, site: s}}
  rb: {{network: b, site: s}}
links:
  l1: {{ends: [rb, rb1], circuits: {{k1: {{speed: 100G, length: 1km}}}}}}
  l2: {{ends: [rb, rb2], circuits: {{k2: {{speed: 100G, length: 1km}}}}}}
pnis:
  p1: {{ends: [ra1, rb1], relation: peer, circuits: {{c1: {{speed: 10G, length: 1km}}, c2: {{speed: 10G, length: 1km}}}}, sessions: {{ipv4: {{}}}}}}
  p2: {{ends: [ra2, rb2], relation: peer, circuits: {{c3: {{speed: 10G, length: 1km}}}}, sessions: {{ipv4: {{}}}}}}
prefixes:
  198.51.100.0/24: {{network: a, routers: [ra1, ra2]}}
  203.0.113.0/24: {{network: b, routers: rb}}
demands:
  d: {{at: rb, from: 203.0.113.0/24, to: 198.51.100.0/24, rate: 6G{flows}}}
"
    );
    Lab::new(&design, 160, fault).run(1)
}

/// What is offered to a LAG at the end of the run, in Gbit/s.
fn load(run: &Run, lag: &str, from: &str) -> f64 {
    let mut rows = run.0.figures.loads.iter();
    let row = rows.find(|row| row.link == lag && row.direction.starts_with(&format!("{from}>")));
    row.and_then(|row| row.offered.last()).map_or(0.0, |step| step.bps / 1e9)
}

fn close(value: f64, wanted: f64) -> bool {
    (value - wanted).abs() < 1e-6
}

#[test]
fn equal_paths_take_equal_shares_unless_they_are_weighed() {
    let run = lab("relax: false", "", "");
    assert!(close(load(&run, "p1", "rb1"), 3.0) && close(load(&run, "p2", "rb2"), 3.0));
    let run = lab("weights: bandwidth", "", "");
    assert!(close(load(&run, "p1", "rb1"), 4.0), "{}", load(&run, "p1", "rb1"));
    assert!(close(load(&run, "p2", "rb2"), 2.0));
}

#[test]
fn weights_follow_the_members_of_a_lag() {
    let cut = "{at: 100s, inject: {circuit_cut: {circuit: c1}}}";
    let run = lab("weights: bandwidth", "", cut);
    assert!(close(load(&run, "p1", "rb1"), 3.0) && close(load(&run, "p2", "rb2"), 3.0));
    // The member's share is lost until the interface goes down, 10 ms after the cut; moving the
    // rest loses nothing.
    let gap = nanos(run.demand("d", Direction::Forward).run.longest_gap_s);
    assert_eq!(gap, 10 * MS);
    let back = "{at: 100s, for: 20s, inject: {circuit_cut: {circuit: c1}}}";
    let run = lab("weights: bandwidth", "", back);
    assert!(close(load(&run, "p1", "rb1"), 4.0), "{}", load(&run, "p1", "rb1"));
}

#[test]
fn flows_are_hashed_by_weight_too() {
    for hash in ["modulo", "resilient"] {
        let run =
            lab("weights: bandwidth", &format!(", flows: {{count: 30000, hash: {hash}}}"), "");
        let share = load(&run, "p1", "rb1") / 6.0;
        assert!((share - 2.0 / 3.0).abs() < 0.01, "{hash}: {share}");
    }
}
