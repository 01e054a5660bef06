//! Which prefix traffic follows, where it is announced, and who serves it.

use pnilab::report::data::Direction;

use crate::lab::{Lab, MS, Run, S, nanos};

/// `a` has `ra1` and `ra2`, `b` has `rb1`, `rb2` and behind both `rb`, where demand `d` begins:
/// PNIs `p1` and `p2`. `prefixes` of network `a` beside 198.51.100.0/24.
fn lab(service: &str, prefixes: &str, networks: &str, faults: &str) -> Lab {
    let design = format!(
        "pnilab: topology/1
metros: {{m: {{}}}}
sites: {{s1: {{metro: m}}, s2: {{metro: m}}, x: {{metro: m}}}}
networks: {{a: {{asn: 64500{networks}}}, b: {{asn: 64501{networks}}}}}
routers:
  ra1: {{network: a, site: s1, router_id: 10.0.0.1}}
  ra2: {{network: a, site: s2, router_id: 10.0.0.2}}
  rb1: {{network: b, site: s1, router_id: 10.0.1.1}}
  rb2: {{network: b, site: s2, router_id: 10.0.1.2}}
  rb: {{network: b, site: x, router_id: 10.0.1.3}}
links:
  la: {{ends: [ra1, ra2], circuits: {{k1: {{speed: 10G, length: 1km}}}}}}
  l1: {{ends: [rb, rb1], circuits: {{k2: {{speed: 10G, length: 1km}}}}}}
  l2: {{ends: [rb, rb2], circuits: {{k3: {{speed: 10G, length: 1km}}}}}}
pnis:
  p1: {{ends: [ra1, rb1], relation: peer, circuits: {{c1: {{speed: 10G, length: 1km}}}}, sessions: {{ipv4: {{}}}}}}
  p2: {{ends: [ra2, rb2], relation: peer, circuits: {{c2: {{speed: 10G, length: 1km}}}}, sessions: {{ipv4: {{}}}}}}
prefixes:
  198.51.100.0/24: {{network: a, {service}}}
{prefixes}  203.0.113.0/24: {{network: b, routers: rb}}
demands:
  d: {{at: rb, from: 203.0.113.0/24, to: 198.51.100.0/24, rate: 1G, return_rate: 1G}}
"
    );
    Lab::new(&design, 300, faults)
}

/// Peak use of a PNI towards network `a`.
fn used(run: &Run, pni: &str) -> f64 {
    let mut rows = run.0.result.links.iter();
    let row = rows.find(|row| row.link == pni && row.direction.starts_with("rb"));
    row.and_then(|row| row.peak_utilization).unwrap_or(0.0)
}

fn gap(run: &Run) -> i64 {
    nanos(run.demand("d", Direction::Forward).run.longest_gap_s)
}

#[test]
fn traffic_follows_the_longest_prefix_and_falls_back_to_what_covers_it() {
    // The demand's prefix is announced at ra2 only; a wider one at ra1. When ra2 withdraws, the
    // wider one carries all: nothing is lost but what is under way in the writes.
    let own = "routers: ra2, announce: {pnis: p2}";
    let wider = "  198.51.0.0/16: {network: a, routers: ra1, announce: {pnis: p1}}\n";
    let fault = "{at: 100s, inject: {withdraw: {prefix: 198.51.100.0/24}}}";
    let run = lab(own, wider, "", "").run(1);
    assert!(used(&run, "p1") < 1e-9 && used(&run, "p2") > 0.09);
    let run = lab(own, wider, "", fault).run(1);
    assert!(used(&run, "p1") > 0.09, "{}", used(&run, "p1"));
    assert!(gap(&run) < MS, "{}", gap(&run));
    // Without it, the traffic has nowhere to go.
    let run = lab(own, "", "", fault).run(1);
    assert!((gap(&run) - 200 * S).abs() < MS, "{}", gap(&run));
}

#[test]
fn a_more_specific_elsewhere_takes_the_traffic_along() {
    // A hijack by a longer prefix is told, in a design, by declaring that prefix.
    let fault = "{at: 100s, for: 50s, inject: {announce: {prefix: 198.51.100.0/24, router: ra2}}}";
    let wider = "  198.51.0.0/16: {network: a, routers: ra1}\n  198.51.100.128/25: {network: a, routers: ra1}\n";
    let run = lab("routers: ra1", wider, "", fault).run(1);
    assert!(used(&run, "p1") > 0.09);
    assert_eq!(gap(&run), 0, "ra2 learns the way to ra1");
}

#[test]
fn a_prefix_may_be_announced_over_some_pnis_only() {
    let run = lab("routers: [ra1, ra2], announce: {pnis: p2}", "", "", "").run(1);
    assert!(used(&run, "p1") < 1e-9 && used(&run, "p2") > 0.09);
    let fault = "{at: 100s, inject: {pni_cut: {pni: p2}}}";
    let run = lab("routers: [ra1, ra2], announce: {pnis: p2}", "", "", fault).run(1);
    assert_eq!(gap(&run), 200 * S, "the other PNI is no backup");
}

#[test]
fn a_standby_site_takes_over_after_its_time_and_gives_back_at_once() {
    let service = "routers: ra1, service: {standby: s2, takeover: 30s}";
    let fault = "{at: 100s, for: 60s, inject: {service_down: {prefix: 198.51.100.0/24}}}";
    let run = lab(service, "", "", fault).run(1);
    // Lost until the takeover, and the tenth of a millisecond that BGP needs.
    assert!((30 * S..30 * S + MS).contains(&gap(&run)), "{}", gap(&run));
    let back = run.became("rib", "198.51.100.0/24", "ra2", "local");
    assert_eq!(back.len(), 1);
    assert!((30 * S..30 * S + MS).contains(&back[0]), "{}", back[0]);
    let gone = run.became("rib", "198.51.100.0/24", "ra2", "ra1--ra2/ipv4");
    assert!(gone.last().is_some_and(|at| (60 * S..60 * S + MS).contains(at)), "{gone:?}");
    // A failure shorter than the takeover time is sat out.
    let fault = "{at: 100s, for: 20s, inject: {service_down: {prefix: 198.51.100.0/24}}}";
    let run = lab(service, "", "", fault).run(1);
    assert!((20 * S..20 * S + MS).contains(&gap(&run)), "{}", gap(&run));
}

#[test]
fn a_standby_site_that_is_cut_off_takes_over_for_its_side() {
    // ra2 no longer reaches ra1: SPF is 50 ms after the loss of signal of 10 ms.
    let service = "routers: ra1, service: {standby: s2, takeover: 30s}";
    let run = lab(service, "", "", "{at: 100s, inject: {circuit_cut: {circuit: k1}}}").run(1);
    let local = run.became("rib", "198.51.100.0/24", "ra2", "local");
    assert!(local.len() == 1 && (30 * S + 60 * MS..31 * S).contains(&local[0]), "{local:?}");
}

#[test]
fn a_filter_drops_what_it_covers_where_it_is_in_force() {
    let at = |place: &str| {
        format!(
            "{{at: 100s, for: 10s, inject: {{flowspec_drop: {{prefix: 198.51.100.0/24, {place}}}}}}}"
        )
    };
    for (place, gone) in [("router: rb1", 0), ("router: ra1", 10 * S), ("network: a", 10 * S)] {
        let run = lab("routers: ra1", "", "", &at(place)).run(1);
        let expected = if place == "router: rb1" { 10 * S } else { gone };
        assert_eq!(gap(&run), expected, "{place}");
    }
    let run = lab("routers: ra1", "", "", &at("router: rb2")).run(1);
    assert_eq!(gap(&run), 0, "it is not on the way");
}

#[test]
fn the_oldest_external_route_stays_best_where_that_is_asked_for() {
    // Two PNIs to two routers of one neighbour; the first has the lower router id.
    let design = |oldest: bool| {
        format!(
            "pnilab: topology/1
metros: {{m: {{}}}}
sites: {{s: {{metro: m}}}}
networks: {{a: {{asn: 64500, prefer_oldest: {oldest}}}, b: {{asn: 64501}}}}
routers:
  ra: {{network: a, site: s}}
  rb: {{network: b, site: s, router_id: 10.0.0.1}}
  rc: {{network: b, site: s, router_id: 10.0.0.2}}
links: {{l: {{ends: [rb, rc], circuits: {{k: {{speed: 10G}}}}}}}}
pnis:
  p: {{ends: [ra, rb], relation: peer, circuits: {{c1: {{speed: 10G}}}}, sessions: {{ipv4: {{}}}}}}
  q: {{ends: [ra, rc], relation: peer, circuits: {{c2: {{speed: 10G}}}}, sessions: {{ipv4: {{}}}}}}
prefixes:
  198.51.100.0/24: {{network: a, routers: ra}}
  203.0.113.0/24: {{network: b, routers: [rb, rc]}}
demands:
  d: {{at: ra, from: 198.51.100.0/24, to: 203.0.113.0/24, rate: 1G}}
"
        )
    };
    let fault = "{at: 100s, for: 10s, inject: {pni_cut: {pni: p}}}";
    let best = |oldest: bool, to: &str| {
        let run = Lab::new(&design(oldest), 200, fault).run(1);
        run.became("rib", "203.0.113.0/24", "ra", to)
    };
    // Lost at 10 ms; then the lower router id is back after 10.2 s and wins, or does not.
    assert_eq!(best(false, "q/ipv4").len(), 1);
    assert_eq!(best(false, "p/ipv4").len(), 1);
    assert_eq!(best(true, "q/ipv4").len(), 1);
    assert_eq!(best(true, "p/ipv4").len(), 0);
}

#[test]
fn a_router_that_validates_origins_does_not_follow_a_hijack() {
    // ra2 announces what belongs to network b; rb2 hears it, unless it asks who may.
    let run = |import: &str, roas: &str| {
        let design = format!(
            "pnilab: topology/1
metros: {{m: {{}}}}
sites: {{s: {{metro: m}}}}
networks: {{a: {{asn: 64500}}, b: {{asn: 64501}}, c: {{asn: 64502}}}}
routers: {{ra: {{network: a, site: s}}, rb: {{network: b, site: s}}, rc: {{network: c, site: s}}}}
pnis:
  ac: {{ends: [ra, rc], relation: peer, circuits: {{c1: {{speed: 10G, length: 1km}}}}, sessions: {{ipv4: {{}}}}, sides: {{rc: {{import: [{import}{{name: rest, set: {{local_pref: 200}}, then: accept}}]}}}}}}
  bc: {{ends: [rb, rc], relation: peer, circuits: {{c2: {{speed: 10G, length: 1km}}}}, sessions: {{ipv4: {{}}}}}}
prefixes:
  198.51.100.0/24: {{network: b, routers: rb{roas}}}
  203.0.113.0/24: {{network: c, routers: rc}}
demands:
  d: {{at: rc, from: 203.0.113.0/24, to: 198.51.100.0/24, rate: 1G}}
"
        );
        let fault =
            "{at: 100s, for: 50s, inject: {announce: {prefix: 198.51.100.0/24, router: ra}}}";
        nanos(Lab::new(&design, 200, fault).run(1).demand("d", Direction::Forward).run.lost_s)
    };
    let validates = "{name: invalid, match: {rpki: invalid}, then: reject}, ";
    let roas = ", roas: [{asn: 64501}]";
    assert!((run("", roas) - 50 * S).abs() < MS);
    assert_eq!(run(validates, roas), 0);
    assert!((run(validates, "") - 50 * S).abs() < MS, "nobody has said who may");
    let other = "{name: from-rb, match: {neighbor: rb}, then: reject}, ";
    assert!((run(other, roas) - 50 * S).abs() < MS);
    let from_ra = "{name: from-ra, match: {neighbor: ra}, then: reject}, ";
    assert_eq!(run(from_ra, roas), 0);
}

/// `ra1` serves, two routers at another site stand by, in one network; `cut` parts them from it.
fn standby(faults: &str) -> Run {
    let design = "pnilab: topology/1
metros: {m: {}}
sites: {s1: {metro: m}, s2: {metro: m}}
networks: {a: {asn: 64500}}
routers:
  r1: {network: a, site: s1}
  r2: {network: a, site: s2}
  r3: {network: a, site: s2}
links:
  l12: {ends: [r1, r2], circuits: {c12: {speed: 10G, length: 1km, transport: {}}}}
  l13: {ends: [r1, r3], circuits: {c13: {speed: 10G, length: 1km, transport: {}}}}
  l23: {ends: [r2, r3], metric: 100, circuits: {c23: {speed: 10G, length: 1km}}}
prefixes:
  198.51.100.0/24: {network: a, routers: r1, service: {standby: s2, takeover: 5s}}
  203.0.113.0/24: {network: a, routers: r2}
demands:
  d: {at: r2, from: 203.0.113.0/24, to: 198.51.100.0/24, rate: 1G}
";
    Lab::new(design, 300, faults).run(1)
}

#[test]
fn a_standby_site_knows_only_what_its_routers_have_been_told() {
    // r1 loses its power behind waves that show nothing: hellos stop. IS-IS waits for 30 s from
    // the last, which is up to 10 s old, then SPF for 50 ms; and then the service for 5 s.
    let run = standby("{at: 100s, inject: {router_power_off: {router: r1}}}");
    let local = run.became("rib", "198.51.100.0/24", "r2", "local");
    assert_eq!(local.len(), 1);
    assert!((25 * S + 50 * MS..35 * S + 100 * MS).contains(&local[0]), "{}", local[0]);
}

#[test]
fn a_site_does_not_take_over_while_one_of_its_routers_still_has_a_route() {
    // c12 is silent: r2 loses its neighbour after the dead time, and goes by r3.
    let run = standby("{at: 100s, inject: {circuit_silent: {circuit: c12}}}");
    assert_eq!(run.became("rib", "198.51.100.0/24", "r3", "local"), [0; 0]);
    assert_eq!(run.became("rib", "198.51.100.0/24", "r2", "local"), [0; 0]);
    // Its own link to r3 is gone as well: r2 has no route, but r3 has.
    let both = "{at: 100s, inject: {circuit_cut: {circuit: [c12, c23]}}}";
    assert_eq!(standby(both).became("rib", "198.51.100.0/24", "r2", "local"), [0; 0]);
}
