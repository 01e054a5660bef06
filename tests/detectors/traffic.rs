//! What traffic suffers, in closed form.

use pnilab::report::data::Direction;

use crate::lab::{BEGIN, Lab, MS, Pair, Run, S, nanos};

fn near(value: f64, expected: f64) -> bool {
    (value - expected).abs() < 1e-9
}

fn surge(rate: &str, factor: &str) -> Run {
    let demand = format!("rate: {rate}, return_rate: 10M");
    let pair = Pair { demand: &demand, ..Pair::default() };
    pair.run_for(130, "10s", &format!("traffic_surge: {{demand: d, factor: {factor}}}"))
}

#[test]
fn congestion_takes_what_is_offered_above_capacity() {
    // 10 Gbit/s: loss = 1 - capacity / offered, for 10 s.
    for (rate, factor, load) in [
        ("8G", "2", 16.0),
        ("8G", "1.25", 10.0),
        ("8G", "1.5", 12.0),
        ("5G", "4", 20.0),
        ("1G", "100", 100.0),
        ("9G", "1.1", 9.9),
        ("4G", "2.5", 10.0),
    ] {
        let run = surge(rate, factor);
        let m = run.forward();
        let kept = f64::min(1.0, 10.0 / load);
        let worst = m.worst_delivered.expect("it is offered");
        assert!(near(worst, kept), "{rate} × {factor}: {worst}");
        assert!(near(m.lost_s, 10.0 * (1.0 - kept)), "{rate} × {factor}: {}", m.lost_s);
        let hurt = kept < 1.0;
        assert!(near(m.disturbed, f64::from(u8::from(hurt))));
        assert_eq!(nanos(m.impaired_s), if kept < 0.99 { 10 * S } else { 0 });
        // Congestion delivers something at any time, and the path works.
        assert_eq!((nanos(m.longest_gap_s), nanos(m.whole_gap_s)), (0, 0));
        assert!(m.reachable == Some(1.0) && near(m.moved, 0.0));
        let links = &run.0.result.links;
        let link = links.iter().find(|l| l.direction == "rb>ra").expect("it is there");
        let peak = link.peak_utilization.expect("it has capacity");
        assert!(near(peak, load / 10.0), "{rate} × {factor}: {peak}");
        assert_eq!(link.peak_at_s.map(nanos), Some(BEGIN));
        if hurt {
            assert_eq!(m.first_loss_at_s.map(nanos), Some(BEGIN));
            assert_eq!(m.recovered_at_s.map(nanos), Some(BEGIN + 10 * S));
        } else {
            assert_eq!((m.first_loss_at_s, m.recovered_at_s), (None, None));
        }
        assert!(near(run.back().lost_s, 0.0), "the other direction is untouched");
        // The delivered rate changes although no share of it is lost.
        let settled = run.0.result.events.iter().map(|event| event.settled_s);
        assert_eq!(settled.collect::<Vec<_>>(), [Some(0.0); 2], "{rate} × {factor}");
    }
}

#[test]
fn degraded_circuits_lose_and_delay_their_share() {
    for (loss, kept) in [("0.5%", 0.995), ("1%", 0.99), ("10%", 0.9), ("50%", 0.5), ("100%", 0.0)] {
        let fault =
            format!("circuit_degrade: {{circuit: c1, toward: ra, loss: {loss}, delay: 3ms}}");
        let session = "bgp: {hold: 0s}";
        let pair = Pair { session, ..Pair::default() };
        let m = pair.run_for(130, "10s", &fault);
        let forward = m.forward();
        assert!(near(forward.worst_delivered.expect("offered"), kept), "{loss}");
        assert!(near(forward.lost_s, 10.0 * (1.0 - kept)), "{loss}: {}", forward.lost_s);
        assert_eq!(nanos(forward.impaired_s), if kept < 0.99 { 10 * S } else { 0 }, "{loss}");
        assert!(near(m.back().lost_s, 0.0));
        let row = m.demand("d", Direction::Forward);
        if kept > 0.0 {
            assert_eq!(row.events[0].measures.delay_after_s.map(nanos), Some(3_100_000));
        }
        assert_eq!(row.events[0].measures.delay_before_s.map(nanos), Some(100_000));
        assert_eq!(row.events[1].measures.delay_after_s.map(nanos), Some(100_000));
    }
}

#[test]
fn recovered_needs_five_good_seconds() {
    // Silent for 100 ms at 0, 3 s and 6 s: only after the third is it good for 5 s.
    let faults = [0, 3, 6].map(|s| {
        format!("{{at: {}s, for: 100ms, inject: {{circuit_silent: {{circuit: c1}}}}}}", 100 + s)
    });
    let run = Pair::default().lab(130, &faults.join(", ")).run(1);
    let m = run.forward();
    assert_eq!(m.recovered_at_s.map(nanos), Some(BEGIN + 6 * S + 100 * MS));
    assert_eq!(m.first_loss_at_s.map(nanos), Some(BEGIN));
    assert_eq!(nanos(m.lost_s), 300 * MS);
    assert_eq!([m.longest_gap_s, m.whole_gap_s].map(nanos), [100 * MS; 2]);
    // Seven seconds apart each is a recovery: the run tells the first.
    let faults = [0, 7].map(|s| {
        format!("{{at: {}s, for: 100ms, inject: {{circuit_silent: {{circuit: c1}}}}}}", 100 + s)
    });
    let run = Pair::default().lab(130, &faults.join(", ")).run(1);
    assert_eq!(run.forward().recovered_at_s.map(nanos), Some(BEGIN + 100 * MS));
    // The run is over 4 s after the last loss: nobody knows.
    let fault = "{at: 100s, for: 100ms, inject: {circuit_silent: {circuit: c1}}}";
    let run = Pair::default().lab(104, fault).run(1);
    assert_eq!(run.forward().recovered_at_s, None);
}

#[test]
fn a_source_without_power_offers_nothing() {
    // rb is the source of forward traffic, and ra of its return, as long as it arrives anywhere.
    // rb is off for 10 s and reloads in 20 s.
    let pair = Pair { routers: ["", "reload: 20s"], ..Pair::default() };
    let run = pair.run_for(200, "10s", "router_power_off: {router: rb}");
    let m = run.forward();
    assert_eq!(nanos(m.source_down_s), 30 * S);
    // It boots at 30 s, hears the end of ra's Remote Fault 100 us later and is up 200 ms after
    // that. It calls: up after 4 delays, ra after 5. ra's UPDATE takes 50 + 100 + 50 us and a
    // write of 50 us.
    let gap = 200 * MS + 100_000 + 500_000 + 50_000 + 100_000 + 50_000 + 50_000;
    assert_eq!([m.lost_s, m.longest_gap_s, m.whole_gap_s].map(nanos), [gap; 3]);
    let fault = "router_power_off: {router: ra}";
    let run = pair.run(130, fault);
    assert_eq!(nanos(run.forward().source_down_s), 0);
    assert_eq!(nanos(run.forward().lost_s), 30 * S);
    assert_eq!(nanos(run.back().source_down_s), 30 * S);
    assert_eq!(nanos(run.back().lost_s), 0);
}

#[test]
fn crashes_and_feeds_take_a_router_down_for_its_reload() {
    for (routers, fault, lasts, down) in [
        ("reload: 20s", "router_crash: {router: rb}", None, Some(20)),
        ("reload: 20s", "router_crash: {router: rb}", Some("5s"), Some(5)),
        ("reload: 20s", "router_power_off: {router: rb}", Some("5s"), Some(25)),
        ("reload: 20s, feeds: [x]", "feed_fail: {feed: s/x}", Some("5s"), Some(25)),
        ("reload: 20s, feeds: [x]", "feed_fail: {feed: s/y}", Some("5s"), None),
        ("reload: 20s, feeds: [x, y]", "feed_fail: {feed: s/x}", Some("5s"), None),
        (
            "reload: 20s, feeds: [x, y], feeds_needed: 2",
            "feed_fail: {feed: s/x}",
            Some("5s"),
            Some(25),
        ),
        ("reload: 20s, feeds: [x, y]", "feed_fail: {feed: [s/x, s/y]}", Some("5s"), Some(25)),
        ("reload: 1s", "site_power: {site: s}", Some("5s"), Some(6)),
        ("reload: 1s", "metro_outage: {metro: m}", Some("5s"), Some(6)),
    ] {
        let pair = Pair { routers: ["reload: 1s", routers], ..Pair::default() };
        let run = match lasts {
            Some(lasts) => pair.run_for(200, lasts, fault),
            None => pair.run(200, fault),
        };
        let boots: Vec<i64> = down.into_iter().map(|s| s * S).collect();
        assert_eq!(run.became("router", "rb", "rb", "up"), boots, "{routers} {fault}");
        let falls: Vec<i64> = down.into_iter().map(|_| 0).collect();
        assert_eq!(run.became("router", "rb", "rb", "down"), falls, "{routers} {fault}");
    }
}

/// Flows over a LAG of `members`, one of which is silent for 10 s with LACP fast.
fn flows(hash: &str, members: usize, seed: u64) -> (Run, usize) {
    let circuits: Vec<String> =
        (1..=members).map(|n| format!("c{n}: {{speed: 10G, length: 20km}}")).collect();
    let circuits = circuits.join(", ");
    let demand = format!("rate: 1G, flows: {{count: 600, hash: {hash}}}");
    let pair = Pair { circuits: &circuits, demand: &demand, ..Pair::default() };
    let fault = format!("{{at: 100s, inject: {{circuit_cut: {{circuit: c{members}}}}}}}");
    (pair.lab(120, &fault).run(seed), members)
}

#[test]
fn resilient_hashing_moves_only_the_flows_of_the_lost_member_modulo_most_of_all() {
    for seed in 1..=20 {
        for members in [2, 3, 4] {
            let (run, n) = flows("resilient", members, seed);
            let m = run.forward();
            // The member's share of 600 flows: 1/n, give or take 5 standard deviations.
            let share = 1.0 / f64::from(u32::try_from(n).expect("few"));
            let off = 5.0 * (share * (1.0 - share) / 600.0).sqrt();
            assert!((m.disturbed - share).abs() < off, "{} of 1/{n}", m.disturbed);
            assert!(near(m.rehashed, m.disturbed), "{} {}", m.rehashed, m.disturbed);
            let (run, n) = flows("modulo", members, seed);
            let m = run.forward();
            // h mod n = h mod (n - 1) for n - 1 of n (n - 1) residues: 1/n stay.
            let moved = 1.0 - share;
            assert!((m.rehashed - moved).abs() < off, "{} of {n}", m.rehashed);
            assert!(near(m.moved, 0.0));
        }
    }
}

#[test]
fn equal_shares_of_a_fluid_move_as_little_as_they_can() {
    for (members, lost) in [(2, 0.5), (4, 0.25), (5, 0.2), (8, 0.125)] {
        let circuits: Vec<String> =
            (1..=members).map(|n| format!("c{n}: {{speed: 10G, length: 20km}}")).collect();
        let circuits = circuits.join(", ");
        let pair = Pair { circuits: &circuits, demand: "rate: 10G", ..Pair::default() };
        let run = pair.run(120, "circuit_cut: {circuit: c2}");
        let m = run.forward();
        for value in [m.disturbed, m.rehashed, 1.0 - m.worst_delivered.expect("offered")] {
            assert!(near(value, lost), "{value} of {members}");
        }
        assert!(near(m.lost_s, lost * 0.010), "10 ms until the light is missed");
        assert_eq!(nanos(m.longest_gap_s), 10 * MS);
    }
}

#[test]
fn a_call_drops_that_is_cut_off_for_longer_than_its_class_allows() {
    let more = "classes: {voice: {drop_after: 500ms}}";
    for (lasts, dropped) in [("499ms", 0.0), ("500ms", 0.0), ("501ms", 1.0), ("5s", 1.0)] {
        let demand = "rate: 1G, class: voice";
        let pair = Pair { demand, more, ..Pair::default() };
        let run = pair.run_for(130, lasts, "circuit_silent: {circuit: c1}");
        assert_eq!(run.forward().dropped, Some(dropped), "{lasts}");
    }
}

#[test]
fn traffic_stays_local_as_long_as_it_crosses_in_its_metro() {
    // Two metros; p is in m, q in n, 1000 km away and preferred less.
    let text = "pnilab: topology/1
metros: {m: {}, n: {}}
sites: {s: {metro: m}, t: {metro: n}}
networks: {a: {asn: 64500}, b: {asn: 64501}}
routers:
  ra: {network: a, site: s}
  rb: {network: b, site: s}
  rc: {network: a, site: t}
  rd: {network: b, site: t}
links:
  ac: {ends: [ra, rc], circuits: {c-ac: {speed: 10G, length: 1000km}}}
  bd: {ends: [rb, rd], circuits: {c-bd: {speed: 10G, length: 1000km}}}
pnis:
  p: {ends: [ra, rb], relation: peer, circuits: {c1: {speed: 10G, length: 20km}}, sessions: {ipv4: {}}}
  q: {ends: [rc, rd], relation: peer, circuits: {c2: {speed: 10G, length: 20km}}, sessions: {ipv4: {}}}
prefixes:
  198.51.100.0/24: {network: a, routers: ra}
  203.0.113.0/24: {network: b, routers: rb}
demands:
  d: {at: rb, from: 203.0.113.0/24, to: 198.51.100.0/24, metro: m, rate: 1G, return_rate: 1G}
";
    let fault = "{at: 100s, for: 10s, inject: {circuit_cut: {circuit: c1}}}";
    let run = Lab::new(text, 130, fault).run(1);
    let row = run.demand("d", Direction::Forward);
    let (cut, mended) = (&row.events[0].measures, &row.events[1].measures);
    assert_eq!((cut.localized, mended.localized), (Some(0.0), Some(1.0)));
    assert_eq!((cut.moved, mended.moved), (1.0, 1.0));
    // 5 us/km: 20 km before, 1000 + 20 + 1000 km after.
    assert_eq!(cut.delay_before_s.map(nanos), Some(100_000));
    assert_eq!(cut.delay_after_s.map(nanos), Some(10_100_000));
    assert_eq!(row.run.localized, Some(0.0));
}

#[test]
fn a_repair_alone_disturbs_moves_and_rehashes_nothing() {
    // Silent for less than the hold time: routes stay as they are, and lead there again at once.
    let run = Pair::default().run_for(130, "10s", "circuit_silent: {circuit: c1}");
    for direction in [Direction::Forward, Direction::Return] {
        let row = run.demand("d", direction);
        let of = |event: usize| {
            let m = &row.events[event].measures;
            (m.disturbed, m.moved, m.rehashed)
        };
        assert_eq!([of(0), of(1)], [(1.0, 0.0, 0.0), (0.0, 0.0, 0.0)]);
        assert_eq!((row.run.moved, row.run.rehashed), (0.0, 0.0));
    }
    // Of two members LACP takes the dead one out after 3 s: its half is on the other, and is
    // rehashed again only when that comes back.
    let circuits = "c1: {speed: 10G, length: 20km}, c2: {speed: 10G, length: 20km}";
    let pair = Pair { circuits, lag: "lacp: {interval: fast}", ..Pair::default() };
    let run = pair.run_for(130, "10s", "circuit_silent: {circuit: c2}");
    let row = run.demand("d", Direction::Forward);
    let of = |event: usize| {
        let m = &row.events[event].measures;
        (m.disturbed, m.moved, m.rehashed)
    };
    assert_eq!([of(0), of(1)], [(0.5, 0.0, 0.5), (0.0, 0.0, 0.5)]);
}

#[test]
fn another_link_between_the_same_routers_is_no_other_way() {
    let link = |n: usize| {
        format!("  l{n}: {{ends: [ra, rb], circuits: {{c{n}: {{speed: 10G, length: 20km}}}}}}\n")
    };
    let design = format!(
        "pnilab: topology/1
metros: {{m: {{}}}}
sites: {{s: {{metro: m}}}}
networks: {{a: {{asn: 64500, multipath: {{ibgp: 4}}, igp: {{kind: isis}}}}}}
routers: {{ra: {{network: a, site: s}}, rb: {{network: a, site: s}}}}
links:
{}{}{}prefixes:
  198.51.100.0/24: {{network: a, routers: ra}}
  203.0.113.0/24: {{network: a, routers: rb}}
demands:
  d: {{at: rb, from: 203.0.113.0/24, to: 198.51.100.0/24, rate: 1G}}
",
        link(1),
        link(2),
        link(3),
    );
    let run = Lab::new(&design, 130, "{at: 100s, inject: {circuit_cut: {circuit: c3}}}").run(1);
    let m = run.forward();
    assert!(near(m.disturbed, 1.0 / 3.0), "{}", m.disturbed);
    assert_eq!((m.moved, m.rehashed), (0.0, 0.0));
}
