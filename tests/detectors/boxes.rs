//! What stands in the way of traffic: policers, queues, and boxes that keep state.

use pnilab::report::data::Direction;

use crate::lab::{Lab, Pair, Run, S, nanos};

fn worst(run: &Run, demand: &str, direction: Direction) -> f64 {
    run.demand(demand, direction).run.worst_delivered.expect("it is offered")
}

#[track_caller]
fn assert_share(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-6, "{found}, not {expected}");
}

#[test]
fn a_policer_takes_what_is_more_than_its_rate_in_its_direction() {
    for (sides, forward, back) in [
        ("ra: {policer: {in: 250M}}", 0.25, 1.0),
        ("ra: {policer: {out: 250M}}", 1.0, 0.25),
        ("rb: {policer: {out: 400M}}", 0.4, 1.0),
        // What the one lets out the other takes in.
        ("rb: {policer: {out: 400M}}, ra: {policer: {in: 300M}}", 0.3, 1.0),
        ("rb: {policer: {in: 2G, out: 2G}}", 1.0, 1.0),
    ] {
        // Two members: a policer sees them together.
        let circuits = "c1: {speed: 10G}, c2: {speed: 10G}";
        let run = Pair { circuits, sides, ..Pair::default() }.lab(10, "").run(1);
        assert_share(worst(&run, "d", Direction::Forward), forward);
        assert_share(worst(&run, "d", Direction::Return), back);
    }
}

/// Demands `d` (voice, 6G), `v` (video, 3G) and `e` (bulk, 8G) from `rb` over 10G.
fn three_classes(sides: &str) -> Run {
    let more = "classes: {voice: {}, video: {}, bulk: {}}";
    let pair = Pair { sides, more, demand: "rate: 6G, class: voice", ..Pair::default() };
    let others = "
  v: {at: rb, from: 203.0.113.0/24, to: 198.51.100.0/24, rate: 3G, class: video}
  e: {at: rb, from: 203.0.113.0/24, to: 198.51.100.0/24, rate: 8G, class: bulk}
classes:";
    Lab::new(&pair.text().replace("\nclasses:", others), 10, "").run(1)
}

#[test]
fn strict_priority_serves_classes_in_order_and_the_rest_from_what_is_left() {
    for (sides, shares) in [
        ("", [10.0 / 17.0; 3]),
        // 4G are left for 11G; then 1G for 8G.
        ("rb: {qos: {strict_priority: voice}}", [1.0, 4.0 / 11.0, 4.0 / 11.0]),
        ("rb: {qos: {strict_priority: [voice, video]}}", [1.0, 1.0, 1.0 / 8.0]),
        // Bulk first: 2G are left for voice, nothing for video.
        ("rb: {qos: {strict_priority: [bulk, voice]}}", [2.0 / 6.0, 0.0, 1.0]),
        // The side that receives has no say.
        ("ra: {qos: {strict_priority: voice}}", [10.0 / 17.0; 3]),
    ] {
        let run = three_classes(sides);
        for (demand, share) in ["d", "v", "e"].into_iter().zip(shares) {
            assert_share(worst(&run, demand, Direction::Forward), share);
        }
    }
}

#[test]
fn a_class_that_is_starved_has_a_gap_although_its_path_works() {
    // Voice is served first: 6G, and for 5 s 12G of 10G.
    let more = "classes: {voice: {}, bulk: {drop_after: 4s}}";
    let sides = "rb: {qos: {strict_priority: voice}}";
    let pair = Pair { sides, more, demand: "rate: 6G, class: voice", ..Pair::default() };
    let other = "
  e: {at: rb, from: 203.0.113.0/24, to: 198.51.100.0/24, rate: 3G, class: bulk}
classes:";
    let text = pair.text().replace("\nclasses:", other);
    let surge = "{at: 100s, for: 5s, inject: {traffic_surge: {demand: d, factor: 2}}}";
    let run = Lab::new(&text, 130, surge).run(1);
    let m = &run.demand("e", Direction::Forward).run;
    assert_eq!([m.longest_gap_s, m.whole_gap_s, m.lost_s].map(nanos), [5 * S; 3]);
    assert_eq!((m.dropped, m.disturbed, m.reachable), (Some(1.0), 1.0, Some(1.0)));
    // Voice itself loses a sixth and is never without.
    assert_eq!(nanos(run.forward().longest_gap_s), 0);
}

/// `rb` of one network, and `ra` of another behind `ra1` and `ra2`, which keep state. Demand `d`
/// begins at `rb`.
fn firewalls(a: &str, b: &str, keys: &str, faults: &str) -> Run {
    let pni = |name: &str, router: &str, circuit: &str, cost: u32| {
        format!(
            "  {name}: {{ends: [{router}, rb], relation: peer, circuits: {{{circuit}: {{speed: 10G}}}}, \
             sessions: {{ipv4: {{}}}},\n    sides: {{rb: {{import: [{{name: x, set: {{med: {cost}}}, \
             then: accept}}]}}}}}}\n"
        )
    };
    let design = format!(
        "pnilab: topology/1
metros: {{m: {{}}}}
sites: {{s: {{metro: m}}}}
networks: {{a: {{asn: 64500, multipath: {{ebgp: 2, ibgp: {a}}}}}, b: {{asn: 64501, multipath: {{ebgp: {b}}}}}}}
routers:
  ra: {{network: a, site: s}}
  ra1: {{network: a, site: s, stateful: true, router_id: 10.0.0.1}}
  ra2: {{network: a, site: s, stateful: true, router_id: 10.0.0.2}}
  rb: {{network: b, site: s}}
links:
  l1: {{ends: [ra, ra1], metric: 20, circuits: {{k1: {{speed: 10G}}}}}}
  l2: {{ends: [ra, ra2], metric: 20, circuits: {{k2: {{speed: 10G}}}}}}
pnis:
{}{}prefixes:
  198.51.100.0/24: {{network: a, routers: ra}}
  203.0.113.0/24: {{network: b, routers: rb}}
demands:
  d: {{at: rb, from: 203.0.113.0/24, to: 198.51.100.0/24, rate: 1G, return_rate: 1G{keys}}}
",
        pni("p1", "ra1", "c1", 0),
        pni("p2", "ra2", "c2", 0)
    );
    Lab::new(&design, 200, faults).run(1)
}

#[test]
fn a_box_passes_the_way_back_of_what_it_has_seen_go_forth() {
    // One path each way, over the lower router id: the same box.
    let run = firewalls("1", "1", "", "");
    assert_share(worst(&run, "d", Direction::Return), 1.0);
    // Both ways over both boxes, spread apart from each other: half meets the wrong one.
    let run = firewalls("2", "2", "", "");
    assert_share(worst(&run, "d", Direction::Forward), 1.0);
    assert_share(worst(&run, "d", Direction::Return), 0.5);
    // Forth over one, back over both.
    let run = firewalls("2", "1", "", "");
    assert_share(worst(&run, "d", Direction::Return), 0.5);
}

#[test]
fn a_failover_in_one_direction_only_is_a_black_hole_for_the_way_back() {
    // `rb` no longer takes the routes of p1 and moves to ra2, while `ra` still sends back over ra1.
    let fault = "{at: 100s, for: 50s, inject: {policy_edit: {session: p1/ipv4, router: rb,
        direction: import, insert: {name: no, then: reject}, before: x}}}";
    let run = firewalls("1", "1", "", fault);
    let back = &run.demand("d", Direction::Return).run;
    let gap = nanos(back.longest_gap_s);
    assert!((50 * S - 1_000_000..=50 * S + 1_000_000).contains(&gap), "{gap}");
    assert!(nanos(run.demand("d", Direction::Forward).run.lost_s) < 1_000_000);
}

#[test]
fn a_box_knows_nothing_of_packets_that_are_lost_on_the_wire_before_it() {
    // For 50 s, less than the hold time, nothing reaches ra1 from rb, while the way back works.
    let fault = "{at: 100s, for: 50s, inject: {circuit_silent: {circuit: c1, toward: ra1}}}";
    let run = firewalls("1", "1", "", fault);
    for direction in [Direction::Forward, Direction::Return] {
        let m = &run.demand("d", direction).run;
        assert_eq!([m.lost_s, m.longest_gap_s].map(nanos), [50 * S; 2], "{direction:?}");
    }
}

#[test]
fn of_hashed_flows_each_passes_or_not() {
    let run = firewalls("2", "2", ", flows: {count: 8}", "");
    let share = worst(&run, "d", Direction::Return) * 8.0;
    assert!((share - share.round()).abs() < 1e-6 && (1.0..8.0).contains(&share), "{share}");
}
