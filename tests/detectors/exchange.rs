//! Exchanges: two legs and a fabric between members, and route servers that see neither.

use pnilab::observe::Hellos;
use pnilab::report::data::{Direction, Went};

use crate::lab::{BEGIN, Lab, MS, Run, S, US, nanos};

/// Members `ra`, `rb` and `rc` with a port of 20 km (100 us) each; `keys` of the exchange. Demand
/// `d` goes from `rb` to what `ra` serves, `e` from `rc` to what both `ra` and `rb` announce.
fn lab(keys: &str, faults: &str) -> Lab {
    lab_of("lag: {}", keys, faults)
}

/// The same with these keys of each port.
fn lab_of(port: &str, keys: &str, faults: &str) -> Lab {
    let port = |name: &str, router: &str, circuit: &str| {
        format!(
            "{name}: {{router: {router}, circuits: {{{circuit}: {{speed: 10G, length: 20km}}}}, \
             {port}}}"
        )
    };
    let design = format!(
        "pnilab: topology/1
metros: {{m: {{}}}}
sites: {{s: {{metro: m}}, x: {{metro: m}}}}
networks: {{a: {{asn: 64500}}, b: {{asn: 64501}}, c: {{asn: 64502}}}}
routers: {{ra: {{network: a, site: s}}, rb: {{network: b, site: s}}, rc: {{network: c, site: s}}}}
exchanges:
  ix: {{site: x, ports: {{{}, {}, {}}}, {keys}}}
prefixes:
  198.51.100.0/24: {{network: a, routers: ra}}
  203.0.113.0/24: {{network: b, routers: rb}}
  192.0.2.0/24: {{network: c, routers: rc}}
demands:
  d: {{at: rb, from: 203.0.113.0/24, to: 198.51.100.0/24, rate: 1G, return_rate: 1G}}
  e: {{at: rc, from: 192.0.2.0/24, to: 198.51.100.0/24, rate: 1G}}
",
        port("pa", "ra", "c1"),
        port("pb", "rb", "c2"),
        port("pc", "rc", "c3")
    );
    Lab::new(&design, 400, faults)
}

const SERVER: &str = "route_servers: {rs: {asn: 64510, clients: {ra: {ipv4: {}}, rb: {ipv4: {}}, \
                      rc: {ipv4: {}}}}}";

fn gap(run: &Run, demand: &str) -> i64 {
    nanos(run.demand(demand, Direction::Forward).run.longest_gap_s)
}

#[test]
fn the_sessions_to_a_route_server_stay_up_while_the_path_between_two_members_is_dead() {
    let fault = "{at: 100s, for: 200s, inject: {fabric_fail: {exchange: ix, between: [pa, pb]}}}";
    let run = lab(SERVER, fault).run(1);
    assert_eq!(run.0.result.sessions, [], "nobody notices");
    assert_eq!(gap(&run, "d"), 200 * S);
    assert_eq!(gap(&run, "e"), 0, "the others are not concerned");
    let moved = run.demand("d", Direction::Forward).run.moved;
    assert!(moved.abs() < 1e-9, "the routes stayed: {moved}");
    assert_eq!(
        run.demand("d", Direction::Forward).run.recovered_at_s.map(nanos),
        Some(BEGIN + 200 * S)
    );
}

#[test]
fn a_session_between_members_takes_both_legs_and_bfd_on_it_sees_what_is_between() {
    let own = "sessions: {ra--rb: {relation: peer, ipv4: {bfd: {}}}}";
    let fault = "{at: 100s, for: 200s, inject: {fabric_fail: {exchange: ix, between: [pb, pa]}}}";
    for seed in 1..=20 {
        let run = lab(own, fault).run(seed);
        for router in ["ra", "rb"] {
            let row = run.session("ix/ra--rb/ipv4", router, Went::Down)[0];
            assert_eq!(row.reason, "bfd_down");
            let at = nanos(row.at_s) - BEGIN;
            assert!((600 * MS..=900 * MS).contains(&at), "{at}");
        }
        let delay = run.demand("d", Direction::Forward).run.delay_before_s.map(nanos);
        assert_eq!(delay, Some(200 * US), "two legs");
    }
}

#[test]
fn a_member_sees_its_own_leg_only() {
    let keys = format!("sessions: {{ra--rb: {{relation: peer, ipv4: {{}}}}}}, {SERVER}");
    let run = lab(&keys, "{at: 100s, inject: {circuit_cut: {circuit: c1}}}").run(1);
    let down = |session: &str, router: &str| {
        let row = run.session(session, router, Went::Down)[0];
        (nanos(row.at_s) - BEGIN, row.reason.clone())
    };
    for session in ["ix/ra--rb/ipv4", "ix/ra--rs/ipv4"] {
        assert_eq!(down(session, "ra"), (10 * MS, "interface_down".to_owned()));
        let far = if session.contains("rs") { "rs" } else { "rb" };
        let (at, why) = down(session, far);
        assert!(why == "hold_timer_expired" && (60 * S..=90 * S).contains(&at), "{far} {at}");
    }
}

#[test]
fn a_route_server_finds_the_best_route_for_each_client() {
    // Both `ra` and `rb` announce `ra`'s prefix, `ra` on the shorter path. To `rc` the server
    // must not tell what comes from `ra`'s AS alone: it tells the route of `rb` (RFC 7947 §2.3.2).
    let hidden = "route_servers: {rs: {asn: 64510, clients: {ra: {ipv4: {}}, rb: {ipv4: {}},
        rc: {ipv4: {}, sides: {rs: {export: [
          {name: longer, match: {as_path_contains: 64501}, then: accept}]}}}}}}";
    let leak = "{at: 10s, inject: {announce: {prefix: 198.51.100.0/24, router: rb}}}";
    let before = lab(hidden, "").run(1);
    assert_eq!(gap(&before, "e"), 400 * S, "there is nothing it may be told");
    let run = lab(hidden, leak).run(1);
    let told = run.became("rib", "198.51.100.0/24", "rc", "ix/rc--rs/ipv4");
    assert_eq!(told.len(), 1, "{told:?}");
}

#[test]
fn ports_of_a_fabric_that_fails_go_dark_for_as_long_as_it_does() {
    let run = lab(SERVER, "{at: 100s, for: 20s, inject: {fabric_fail: {exchange: ix}}}").run(1);
    for (circuit, router) in [("c1", "ra"), ("c2", "rb"), ("c3", "rc")] {
        assert_eq!(run.became("interface", circuit, router, "down"), [10 * MS]);
        assert_eq!(run.became("interface", circuit, router, "up"), [20 * S + 200 * MS]);
    }
    // The power of its site does the same, and the fabric takes its time to boot.
    let run = lab(SERVER, "{at: 100s, for: 20s, inject: {site_power: {site: x}}}").run(1);
    assert_eq!(run.became("interface", "c1", "ra", "down"), [10 * MS]);
    assert_eq!(run.became("interface", "c1", "ra", "up").len(), 0, "five minutes later");
}

#[test]
fn a_loop_takes_what_goes_to_members_and_leaves_the_light() {
    let own = format!("sessions: {{ra--rb: {{relation: peer, ipv4: {{bfd: {{}}}}}}}}, {SERVER}");
    let fault = "{at: 100s, for: 20s, inject: {fabric_loop: {exchange: ix, loss: 30%}}}";
    let run = lab(&own, fault).run(1);
    assert!(run.became("interface", "c1", "ra", "down").is_empty());
    let worst = run.demand("e", Direction::Forward).run.worst_delivered;
    assert!(worst.is_some_and(|worst| (worst - 0.7).abs() < 1e-9), "{worst:?}");
}

#[test]
fn hellos_over_an_exchange_are_computed_as_if_they_were_sent() {
    let own = format!("sessions: {{ra--rb: {{relation: peer, ipv4: {{bfd: {{}}}}}}}}, {SERVER}");
    for fault in [
        "circuit_cut: {circuit: c1, toward: ra}",
        "circuit_silent: {circuit: c2}",
        "fabric_fail: {exchange: ix, between: [pa, pb]}",
        "fabric_fail: {exchange: ix}",
        "control_plane_hang: {router: ra}",
        "router_power_off: {router: rb}",
    ] {
        let lab = lab(&own, &format!("{{at: 100s, for: 120s, inject: {{{fault}}}}}"));
        for seed in 1..=5 {
            let (computed, sent) =
                (lab.run_with(seed, Hellos::Computed), lab.run_with(seed, Hellos::Sent));
            assert_eq!(computed.0.figures.timeline, sent.0.figures.timeline, "{fault}");
        }
    }
}

#[test]
fn a_fabric_that_forwards_nothing_is_seen_by_whatever_crosses_it() {
    // BFD of 300 ms x 3 between members, hold timers of 90 s towards the route server.
    let keys = "sessions: {ra--rb: {relation: peer, ipv4: {bfd: {}}}},
                route_servers: {rs: {asn: 64510, clients: {rc: {ipv4: {}}}}}";
    let fault = "{at: 100s, for: 200s, inject: {forwarding_hang: {router: ix}}}";
    for seed in 1..=5 {
        let run = lab(keys, fault).run(seed);
        for (session, router, reason, range) in [
            ("ix/ra--rb/ipv4", "ra", "bfd_down", 600 * MS..=900 * MS),
            ("ix/ra--rb/ipv4", "rb", "bfd_down", 600 * MS..=900 * MS),
            ("ix/rc--rs/ipv4", "rc", "hold_timer_expired", 60 * S..=90 * S),
            ("ix/rc--rs/ipv4", "rs", "hold_timer_expired", 60 * S..=90 * S),
        ] {
            let row = run.session(session, router, Went::Down)[0];
            assert_eq!(row.reason, reason, "{session} {router}");
            assert!(range.contains(&(nanos(row.at_s) - BEGIN)), "{session} {router}");
            assert_eq!(run.session(session, router, Went::Up).len(), 1, "it is back");
        }
    }
}

#[test]
fn a_fabric_speaks_lacp_first() {
    let run = lab_of("lag: {lacp: {mode: passive}}", SERVER, "").run(1);
    assert_eq!(run.0.result.sessions, [], "the ports are up");
    assert_eq!(gap(&run, "d"), 0);
}
