//! Prefixes written one after the other: what happens to each position of their group.

use pnilab::report::data::Direction;

use crate::lab::{BEGIN, Lab, MS, Pair, Run, S, US, nanos};

/// Seen, and forgotten by the BGP process.
const DECIDED: i64 = 10 * MS + 50 * US;

fn near(value: f64, expected: f64) -> bool {
    (value - expected).abs() < 1e-9
}

/// `rb` reaches `count` prefixes at `ra` over `p`, or else over `q`; its class is `voice`.
fn backup(count: u64, rate: &str, class: &str, seconds: i64, faults: &str) -> Run {
    let term = "import: [{name: first, set: {local_pref: 200}, then: accept}]";
    let pair = Pair {
        routers: ["", &format!("fib_rate: {rate}")],
        sides: &format!("ra: {{{term}}}, rb: {{{term}}}"),
        prefix: &format!("count: {count}"),
        demand: "rate: 1G, return_rate: 1G, class: voice",
        more: &format!("classes: {{voice: {{{class}}}}}"),
        ..Pair::default()
    };
    let text = pair.text().replace(
        "prefixes:\n",
        "  q: {ends: [ra, rb], relation: peer, circuits: {c9: {speed: 10G, length: 20km}},
      sessions: {ipv4: {}}}
prefixes:
",
    );
    Lab::new(&text, seconds, faults).run(1)
}

#[test]
fn a_prefix_that_is_unwritten_first_is_written_again_first() {
    // 10,000 prefixes at 1,000/s are taken out one after the other, and 20 s later put back in the
    // same order: each is away for 20 s.
    let fault = "withdraw: {prefix: 198.51.100.0/24}";
    for flows in ["", ", flows: {count: 1000}"] {
        for (limit, dropped) in [("20s", 0.0), ("19999ms", 1.0)] {
            let pair = Pair {
                routers: ["", "fib_rate: 1000/s"],
                prefix: "count: 10000",
                demand: &format!("rate: 1G, class: voice{flows}"),
                more: &format!("classes: {{voice: {{drop_after: {limit}}}}}"),
                ..Pair::default()
            };
            let run = pair.run_for(150, "20s", fault);
            let m = run.forward();
            assert_eq!([m.longest_gap_s, m.lost_s].map(nanos), [20 * S; 2], "{flows}");
            // The last is away from 10 s after the first on.
            assert_eq!(nanos(m.whole_gap_s), 20 * S - 9_999 * MS, "{flows}");
            assert_eq!(m.dropped, Some(dropped), "{flows}");
        }
    }
}

#[test]
fn the_same_positions_drop_again_in_the_next_write() {
    // 1,000 prefixes at 1,000/s: gaps from DECIDED + 1 ms to DECIDED + 1 s. Half of them last
    // longer than DECIDED + 500.5 ms, and the same half does so when p is cut again.
    let cut = "{at: 100s, for: 10s, repeat: {times: 3, every: 30s}, \
               inject: {circuit_cut: {circuit: c1}}}";
    let run = backup(1_000, "1000/s", "drop_after: 510550us", 200, cut);
    let row = run.demand("d", Direction::Forward);
    let dropped = |window: usize| row.events[window].measures.dropped.expect("calls may drop");
    for window in [0, 2, 4] {
        assert!(near(dropped(window), 0.5), "{}", dropped(window));
        assert_eq!(nanos(row.events[window].measures.longest_gap_s), DECIDED + S);
    }
    let all = row.run.dropped.expect("calls may drop");
    assert!(near(all, 0.5), "{all}");
}

/// Demand `d` goes from `rb` over `rt` to 10,000 prefixes of `ra`: over `p0`, or else `p1`, and on
/// over `q0`, or else `q1`. `rb` writes 1,000/s, `rt` 2,000/s.
fn chain(faults: &str) -> Run {
    let pni = |name: &str, router: &str, local_pref: u32| {
        let import =
            format!("import: [{{name: x, set: {{local_pref: {local_pref}}}, then: accept}}]");
        format!(
            "  {name}: {{ends: [{router}, rt], relation: provider, sessions: {{ipv4: {{}}}},
      circuits: {{c-{name}: {{speed: 10G}}}}, sides: {{{router}: {{{import}}}, rt: {{{import}}}}}}}\n"
        )
    };
    let design = format!(
        "pnilab: topology/1
metros: {{m: {{}}}}
sites: {{s: {{metro: m}}}}
networks: {{a: {{asn: 64500}}, b: {{asn: 64501}}, t: {{asn: 64502, kind: transit}}}}
routers:
  ra: {{network: a, site: s}}
  rb: {{network: b, site: s, fib_rate: 1000/s}}
  rt: {{network: t, site: s, fib_rate: 2000/s}}
pnis:
{}{}{}{}prefixes:
  198.51.100.0/24: {{network: a, routers: ra, count: 10000}}
  203.0.113.0/24: {{network: b, routers: rb}}
demands:
  d: {{at: rb, from: 203.0.113.0/24, to: 198.51.100.0/24, rate: 1G}}
",
        pni("p0", "rb", 200),
        pni("p1", "rb", 100),
        pni("q0", "ra", 200),
        pni("q1", "ra", 100),
    );
    Lab::new(&design, 160, faults).run(1)
}

#[test]
fn where_two_writes_on_a_path_meet_the_loss_is_exact() {
    let run = chain(
        "{at: 100s, inject: {circuit_cut: {circuit: c-p0}}}, \
         {at: 101s, inject: {circuit_cut: {circuit: c-q0}}}",
    );
    // rb has written (t - f1) / 9.999 s of the prefixes from f1 on; until 101 s these arrive. Then
    // none do until rt begins at f2, and writes (t - f2) / 4.9995 s: it overtakes rb, and less than
    // either has written arrives.
    let (f1, f2) = (0.010_05 + 0.001, 1.0 + 0.010_05 + 0.000_5);
    let (t1, t2) = (9.999, 4.9995);
    let first = |t: f64| (t - f1) / t1;
    let meet = (f2 * t1 - f1 * t2) / (t1 - t2);
    let lost = f1
        + (1.0 - f1) * (1.0 - first(1.0) / 2.0)
        + (f2 - 1.0)
        + (meet - f2) * (1.0 - first(meet) / 2.0)
        + (f1 + t1 - meet) * (1.0 - first(meet)) / 2.0;
    let m = run.forward();
    assert!((m.lost_s - lost).abs() < 3e-9, "{} not {lost}", m.lost_s);
    assert_eq!(nanos(m.longest_gap_s), DECIDED + 10 * S, "the last that rb writes");
}

#[test]
fn a_prefix_that_two_writes_pass_between_two_looks_is_lost_from_the_one_to_the_other() {
    // rt takes in the routes of ra again at 100 s. It writes 40 other prefixes first, at 1,000/s,
    // and rb does not, to which it tells them too: rb sends each of 10,000 prefixes to rt about
    // 40 ms before rt knows the way, and both are looked at every 625 ms.
    let term = |name: &str, keys: &str| format!("{{name: {name}, {keys}then: accept}}");
    let own = "{name: others, match: {prefix: 192.0.2.0/24}, then: reject}, ";
    let design = format!(
        "pnilab: topology/1
metros: {{m: {{}}}}
sites: {{s: {{metro: m}}}}
networks: {{a: {{asn: 64500}}, b: {{asn: 64501}}, t: {{asn: 64502, kind: transit}}}}
routers:
  ra: {{network: a, site: s}}
  rb: {{network: b, site: s, fib_rate: 1000/s}}
  rt: {{network: t, site: s, fib_rate: 1000/s}}
pnis:
  p: {{ends: [rb, ra], relation: peer, sessions: {{ipv4: {{}}}}, circuits: {{c1: {{speed: 10G}}}}}}
  t: {{ends: [rb, rt], relation: provider, sessions: {{ipv4: {{}}}}, circuits: {{c2: {{speed: 10G}}}},
      sides: {{rb: {{import: [{own}{}]}}}}}}
  q: {{ends: [ra, rt], relation: provider, sessions: {{ipv4: {{}}}}, circuits: {{c3: {{speed: 10G}}}},
      sides: {{rt: {{import: [{}]}}}}}}
prefixes:
  192.0.2.0/24: {{network: a, routers: ra, count: 40}}
  198.51.100.0/24: {{network: a, routers: ra, count: 10000}}
  203.0.113.0/24: {{network: b, routers: rb}}
demands:
  d: {{at: rb, from: 203.0.113.0/24, to: 198.51.100.0/24, rate: 1G}}
",
        term("first", "set: {local_pref: 200}, "),
        term("x", ""),
    );
    let fault = "{at: 10s, for: 90s, inject: {policy_edit: {session: q/ipv4, router: rt, \
                 direction: import, insert: {name: no, then: reject}, before: x}}}";
    let run = Lab::new(&design, 130, fault).run(1);
    let done = |router: &str, way: &str| {
        let at = run.became("fib", "198.51.100.0/24", router, way);
        *at.last().expect("it is written")
    };
    let ahead = done("rt", "q") - done("rb", "t");
    assert!((39 * MS..=40 * MS).contains(&ahead), "{ahead}");
    let m = &run.demand("d", Direction::Forward).events[1].measures;
    assert_eq!([m.longest_gap_s, m.lost_s].map(nanos), [ahead; 2]);
    assert_eq!((m.disturbed, m.moved, m.whole_gap_s), (1.0, 1.0, 0.0));
}

/// Forward traffic of half of a demand each from `ra` and `rc` to 10,000 prefixes of `rb`, of which
/// `ra` has to write all when `p0` is cut.
fn sources(at: &str, flows: &str) -> Run {
    let first = "sides: {ra: {import: [{name: x, set: {local_pref: 200}, then: accept}]}}";
    let pni = |name: &str, router: &str, keys: &str| {
        format!(
            "  {name}: {{ends: [{router}, rb], relation: peer, sessions: {{ipv4: {{}}}}, \
             circuits: {{c-{name}: {{speed: 10G}}}}{keys}}}\n"
        )
    };
    let design = format!(
        "pnilab: topology/1
metros: {{m: {{}}}}
sites: {{s: {{metro: m}}}}
networks: {{a: {{asn: 64500, ibgp: {{mode: none}}}}, b: {{asn: 64501}}}}
routers:
  ra: {{network: a, site: s, fib_rate: 1000/s}}
  rc: {{network: a, site: s}}
  rb: {{network: b, site: s}}
pnis:
{}{}{}prefixes:
  198.51.100.0/24: {{network: a, routers: [ra, rc]}}
  203.0.113.0/24: {{network: b, routers: rb, count: 10000}}
demands:
  d: {{at: {at}, from: 198.51.100.0/24, to: 203.0.113.0/24, rate: 1G{flows}}}
",
        pni("p0", "ra", &format!(", {first}")),
        pni("p1", "ra", ""),
        pni("q", "rc", ""),
    );
    let fault = "{at: 100s, inject: {circuit_cut: {circuit: c-p0}}}";
    Lab::new(&design, 130, fault).run(1)
}

#[test]
fn the_flows_of_each_source_lie_evenly_over_the_prefixes() {
    // Half of the demand is lost for DECIDED + (1 + 10,000) / 2 ms in the mean.
    let mean = DECIDED + 10_001 * MS / 2;
    let lost = mean / 2;
    for at in ["{ra: 50%, rc: 50%}", "{rc: 50%, ra: 50%}"] {
        let run = sources(at, "");
        assert_eq!(nanos(run.forward().lost_s), lost, "{at}");
        // 1,000 flows of ra at the middle of a thousandth of the prefixes each, the last of them
        // 0.0005 of the write before its end.
        let run = sources(at, ", flows: {count: 2000}");
        let m = run.forward();
        assert!((nanos(m.lost_s) - lost).abs() < 10 * MS, "{at}: {}", m.lost_s);
        let last = DECIDED + MS + 9_999 * MS / 2_000 * 1_999;
        assert_eq!(nanos(m.longest_gap_s), last, "{at}");
        assert!(near(m.disturbed, 0.5) && near(m.moved, 0.5), "{at}");
    }
}

#[test]
fn a_window_that_ends_in_the_middle_of_a_write_has_changed_until_then() {
    // 10,000 prefixes at 1,000/s, and p is mended after 2 s.
    let cut = "{at: 100s, for: 2s, inject: {circuit_cut: {circuit: c1}}}";
    let run = backup(10_000, "1000/s", "ok: 99%", 150, cut);
    let [cut, mended] = &*run.0.result.events else { panic!("two events") };
    assert_eq!([cut.forwarding_s, cut.settled_s].map(|s| s.map(nanos)), [Some(2 * S); 2]);
    let phases = cut.phases.as_ref().expect("the cut is why it writes");
    let write = nanos(phases.write_s);
    assert_eq!(write, 2 * S - DECIDED);
    assert_eq!(nanos(phases.detect_s + phases.decide_s + phases.notify_s), DECIDED);
    // What is not yet written arrives again as soon as p is up. It goes on to write all to q, and
    // then all back to p.
    let settled = mended.settled_s.map(nanos).expect("it came back");
    assert!((200 * MS..201 * MS).contains(&settled), "{settled}");
    let written = mended.forwarding_s.map(nanos);
    assert_eq!(written, Some(DECIDED + 20 * S - 2 * S));
}

#[test]
fn five_good_seconds_may_lie_within_one_look_at_a_write() {
    // 500,000 prefixes at 5,000/s: looked at every 6.25 s. 94 % are written after DECIDED + 200 us
    // and 94 % of the 99.9998 s from the first to the last, and ra stands still 5.6 s later.
    let faults = "{at: 100s, inject: {circuit_cut: {circuit: c1}}}, \
                  {at: 199600ms, for: 10s, inject: {forwarding_hang: {router: ra}}}";
    let run = backup(500_000, "5000/s", "ok: 94%", 230, faults);
    let enough = BEGIN + DECIDED + 200 * US + 93_999_812 * US;
    assert_eq!(run.forward().recovered_at_s.map(nanos), Some(enough));
    // A second less is not enough: it recovers when ra goes on.
    let faults = faults.replace("199600ms", "198600ms");
    let run = backup(500_000, "5000/s", "ok: 94%", 230, &faults);
    assert_eq!(run.forward().recovered_at_s.map(nanos), Some(BEGIN + 108_600 * MS));
}
