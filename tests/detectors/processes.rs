//! Control planes that hang, daemons that freeze and die, and what limits and guards sessions.

use pnilab::report::data::{DetectedBy, Verdict, Went};

use crate::lab::{BEGIN, Lab, MS, Pair, Run, S, US, assert_fill, many, nanos};

/// One way over the 20 km of `c1`.
const DELAY: i64 = 100 * US;

/// When `p/ipv4` went down and came up at `router`, each time, and why it went down.
fn history(run: &Run, router: &str) -> Vec<(i64, Option<String>)> {
    let rows = run.0.result.sessions.iter();
    let ours = rows.filter(|row| row.session == "p/ipv4" && row.router == router);
    let told = |row: &pnilab::report::data::SessionRow| {
        let why = (row.went == Went::Down).then(|| row.reason.clone());
        (nanos(row.at_s) - BEGIN, why)
    };
    ours.map(told).collect()
}

#[test]
fn a_hung_control_plane_is_seen_by_bfd_that_shares_its_fate() {
    let lab = Pair { session: "bfd: {}", ..Pair::default() }
        .lab(300, "{at: 100s, inject: {control_plane_hang: {router: ra}}}");
    let seen = many(&lab, 100, |run| {
        assert_eq!(history(run, "ra"), [], "a router that hangs declares nothing");
        let row = run.session("p/ipv4", "rb", Went::Down)[0];
        assert_eq!(row.reason, "bfd_down");
        assert_eq!(row.detected_by, Some(DetectedBy::Local));
        let at = nanos(row.at_s) - BEGIN;
        assert_eq!(row.detection_s.map(nanos), Some(at), "the hang is to blame");
        at
    });
    // The last packet left before the hang: it is up to 300 ms old then, and arrives all the same.
    assert_fill(&seen, (600 * MS + DELAY, 900 * MS + DELAY), 60 * MS, "bfd");
}

#[test]
fn bfd_in_hardware_outlives_the_control_plane_and_the_hold_timer_sees_the_hang() {
    let session = "bfd: {control_plane_independent: true}";
    let lab = Pair { session, ..Pair::default() }
        .lab(300, "{at: 100s, inject: {control_plane_hang: {router: ra}}}");
    let seen = many(&lab, 100, |run| {
        let row = run.session("p/ipv4", "rb", Went::Down)[0];
        assert_eq!(row.reason, "hold_timer_expired");
        let at = nanos(row.at_s) - BEGIN;
        assert_eq!(row.detection_s.map(nanos), Some(at));
        // Forwarding goes on: traffic is lost only when `rb` has withdrawn the route.
        let lost = nanos(run.forward().lost_s);
        assert!((lost - (200 * S - at)).abs() < MS, "{lost} of {at}");
        at
    });
    assert_fill(&seen, (60 * S, 90 * S + DELAY), 6 * S, "hold");
}

#[test]
fn a_hang_shorter_than_every_timer_leaves_no_trace() {
    for session in ["", "bfd: {control_plane_independent: true}"] {
        let pair = Pair { session, ..Pair::default() };
        for seed in 1..=20 {
            let fault = "{at: 100s, for: 20s, inject: {control_plane_hang: {router: ra}}}";
            let run = pair.lab(600, fault).run(seed);
            assert_eq!(history(&run, "ra"), []);
            assert_eq!(history(&run, "rb"), []);
            assert_eq!(nanos(run.forward().lost_s), 0);
        }
    }
}

#[test]
fn a_hung_control_plane_speaks_no_lacp() {
    // Fast: the last PDU is up to a second old, and `rb` waits 3 s for the next.
    let lag = "lacp: {interval: fast}";
    let lab = Pair { lag, ..Pair::default() }
        .lab(300, "{at: 100s, inject: {control_plane_hang: {router: ra}}}");
    let seen = many(&lab, 100, |run| {
        let down = run.became("lag", "p", "rb", "down")[0];
        assert_eq!(run.down("rb"), Some((down, "lag_down")));
        down
    });
    assert_fill(&seen, (2 * S, 3 * S + DELAY), S / 5, "lacp");
}

#[test]
fn a_frozen_bgp_reads_what_its_peer_said_when_it_thaws() {
    // Hold time 9 s: `rb` gives up 6 to 9 s after the freeze; its NOTIFICATION waits at `ra`.
    let fault = "{at: 100s, for: 60s, inject: {process_freeze: {router: ra, daemons: bgpd}}}";
    let pair = Pair { session: "bgp: {hold: 9s}", ..Pair::default() };
    let lab = pair.lab(400, fault);
    let seen = many(&lab, 100, |run| {
        assert_eq!(history(run, "ra")[0], (60 * S, Some("notification_received".to_owned())));
        let row = run.session("p/ipv4", "rb", Went::Down)[0];
        assert_eq!(row.reason, "hold_timer_expired");
        assert!(run.up("ra").expect("it returns") > 61 * S);
        nanos(row.at_s) - BEGIN
    });
    assert_fill(&seen, (6 * S, 9 * S + DELAY), S * 3 / 5, "hold");
    // A hold time that is longer than the freeze does not run out, at either end.
    let run = Pair::default().lab(400, fault).run(1);
    assert_eq!((history(&run, "ra").len(), history(&run, "rb").len()), (0, 0));
}

#[test]
fn the_kernel_closes_the_connections_of_a_daemon_that_is_killed() {
    let run = Pair::default().run_for(300, "30s", "process_kill: {router: ra, daemons: [bgpd]}");
    // It calls when it starts again; its peer has long been waiting for a call.
    let expected = [(DELAY, Some("connection_closed".to_owned())), (30 * S + 5 * DELAY, None)];
    assert_eq!(history(&run, "rb"), expected);
    let expected = [(0, Some("process_killed".to_owned())), (30 * S + 4 * DELAY, None)];
    assert_eq!(history(&run, "ra"), expected);
    assert_eq!(run.session("p/ipv4", "ra", Went::Down)[0].detection_s, None, "nobody declares");
    // Return traffic starts at `ra`, whose routes bgpd takes along: one entry, 50 us.
    assert_eq!(run.back().first_loss_at_s.map(nanos), Some(BEGIN + 50 * US));
}

#[test]
fn the_routes_of_bird_stay_until_it_starts_again() {
    let run = Pair::default().run_for(300, "30s", "process_kill: {router: ra, daemons: bird}");
    assert_eq!(history(&run, "rb")[0], (DELAY, Some("connection_closed".to_owned())));
    assert_eq!(run.back().first_loss_at_s.map(nanos), Some(BEGIN + 30 * S + 50 * US));
}

#[test]
fn bgp_outlives_bfdd_here_but_not_at_its_peer() {
    let fault = "{at: 100s, inject: {process_kill: {router: ra, daemons: bfdd}}}";
    let lab = Pair { session: "bfd: {}", ..Pair::default() }.lab(150, fault);
    let seen = many(&lab, 50, |run| {
        let (at, why) = run.down("rb").expect("BFD sees it");
        assert_eq!(why, "bfd_down");
        assert_eq!(run.down("ra"), Some((at + DELAY, "notification_received")));
        at
    });
    assert_fill(&seen, (600 * MS + DELAY, 900 * MS + DELAY), 60 * MS, "bfd");
}

#[test]
fn zebra_that_freezes_keeps_the_table_as_it_is() {
    // `ra` loses its session at once, but its entry goes only when zebra thaws.
    let lab = Pair::default().lab(
        200,
        "{at: 90s, for: 20s, inject: {process_freeze: {router: ra, daemons: zebra}}},
         {at: 100s, inject: {withdraw: {prefix: 203.0.113.0/24}}}",
    );
    let run = lab.run(1);
    assert_eq!(run.back().first_loss_at_s.map(nanos), Some(BEGIN + 10 * S + 50 * US));
}

#[test]
fn a_strict_session_needs_bfd_at_both_ends() {
    let strict = "sessions: {ipv4: {bfd: {strict: true}}}";
    for (sides, up) in [
        (format!("ra: {{{strict}}}"), false),
        (format!("ra: {{{strict}}}, rb: {{{strict}}}"), true),
        (format!("ra: {{{strict}}}, rb: {{sessions: {{ipv4: {{bfd: {{}}}}}}}}"), true),
    ] {
        let run = Pair { sides: &sides, ..Pair::default() }.lab(100, "").run(1);
        assert_eq!(nanos(run.forward().lost_s), if up { 0 } else { 100 * S }, "{sides}");
    }
}

#[test]
fn a_strict_session_waits_until_bfd_is_up() {
    // BFD of `rb` thaws 8 s after BGP could be up again: the session comes up then.
    let session = "bfd: {strict: true}";
    let faults = "{at: 95s, for: 15s, inject: {process_freeze: {router: rb, daemons: bfdd}}},
                  {at: 100s, for: 2s, inject: {circuit_cut: {circuit: c1}}}";
    let strict = Pair { session, ..Pair::default() }.lab(300, faults).run(1);
    let plain = Pair { session: "bfd: {}", ..Pair::default() }.lab(300, faults).run(1);
    let after_cut = |run: &Run| {
        let ups = run.session("p/ipv4", "ra", Went::Up);
        nanos(ups.last().expect("it returns").at_s) - BEGIN
    };
    assert!((2 * S..3 * S).contains(&after_cut(&plain)), "{}", after_cut(&plain));
    assert!((10 * S..13 * S).contains(&after_cut(&strict)), "{}", after_cut(&strict));
}

/// `ra` begins to announce 50 prefixes of somebody else at 100 s.
fn too_many(limit: &str, faults: &str) -> Lab {
    let design = format!(
        "pnilab: topology/1
metros: {{m: {{}}}}
sites: {{s: {{metro: m}}}}
networks: {{a: {{asn: 64500}}, b: {{asn: 64501, ibgp: {{mode: none}}}}}}
routers: {{ra: {{network: a, site: s}}, rb: {{network: b, site: s}}, rc: {{network: b, site: s}}}}
pnis:
  p: {{ends: [ra, rb], relation: customer, circuits: {{c1: {{speed: 10G, length: 20km}}}},
      sessions: {{ipv4: {{}}}}, sides: {{rb: {{sessions: {{ipv4: {{max_prefix: {limit}}}}}}}}}}}
prefixes:
  198.51.100.0/24: {{network: a, routers: ra}}
  203.0.113.0/24: {{network: b, routers: rb}}
  192.0.2.0/24: {{network: b, routers: rc, count: 50}}
demands:
  d: {{at: rb, from: 203.0.113.0/24, to: 198.51.100.0/24, rate: 1G}}
"
    );
    let announce = "{at: 100s, for: 20s, inject: {announce: {prefix: 192.0.2.0/24, router: ra}}}";
    Lab::new(&design, 300, &format!("{announce}{faults}"))
}

#[test]
fn more_prefixes_than_the_limit_end_the_session_for_good() {
    // `ra` works 50 us on it, the UPDATE is under way for 100 us, `rb` works 50 us.
    let trip = 200 * US;
    let run = too_many("{limit: 50}", "").run(1);
    assert_eq!(history(&run, "rb"), [(trip, Some("max_prefix".to_owned()))]);
    let told = (trip + DELAY, Some("notification_received".to_owned()));
    assert_eq!(history(&run, "ra"), [told]);
    assert!(run.forward().recovered_at_s.is_none());
    // 51 are allowed: nothing happens. A warning ends nothing.
    for limit in ["{limit: 51}", "{limit: 50, action: warn}"] {
        assert_eq!(history(&too_many(limit, "").run(1), "rb"), [], "{limit}");
    }
}

#[test]
fn a_limit_exceeded_before_the_start_leaves_the_session_down_until_its_restart_time() {
    // `ra` announces six prefixes, `rb` takes five.
    let pair = |max_prefix: &str| {
        let sides = format!("rb: {{sessions: {{ipv4: {{max_prefix: {{{max_prefix}}}}}}}}}");
        let pair = Pair { sides: &sides, prefix: "count: 6", ..Pair::default() };
        pair.lab(250, "").run(1)
    };
    let run = pair("limit: 5");
    assert_ne!(run.0.result.verdict, Verdict::Inconclusive);
    assert_eq!(history(&run, "rb"), []);
    assert_eq!(run.reasons("session", "rb", "max_prefix before the start"), [-BEGIN]);
    assert_eq!(nanos(run.forward().lost_s), 250 * S);
    // It comes up and trips once in the run; its peer tells after a step, the limit is noticed a
    // delay and a step later.
    let run = pair("limit: 5, restart: 2m");
    let up = 120 * S - BEGIN + 4 * DELAY;
    let trip = up + 2 * (DELAY + 50 * US);
    let tripped = (trip, Some("max_prefix".to_owned()));
    assert_eq!(history(&run, "rb")[..2], [(up, None), tripped]);
    // A warning ends nothing.
    assert_eq!(history(&pair("limit: 5, action: warn"), "rb"), []);
}

#[test]
fn a_limit_that_tripped_is_lifted_by_its_restart_time_or_an_operator() {
    let trip = 200 * US;
    let run = too_many("{limit: 50, restart: 30s}", "").run(1);
    assert_eq!(history(&run, "rb")[1], (trip + 30 * S + 4 * DELAY, None));
    assert_eq!(history(&run, "rb").len(), 2);
    let reset = ", {at: 150s, inject: {session_reset: {session: p/ipv4, router: rb}}}";
    let run = too_many("{limit: 50}", reset).run(1);
    assert_eq!(history(&run, "rb")[1], (50 * S + 4 * DELAY, None));
    // Too early: it trips again and again, whenever it starts.
    let run = too_many("{limit: 50, restart: 5s}", "").run(1);
    let downs = run.session("p/ipv4", "rb", Went::Down);
    assert!(downs.len() >= 3 && downs.iter().all(|row| row.reason == "max_prefix"));
}

#[test]
fn bgp_that_was_killed_while_it_waited_for_interior_routes_waits_for_them_again() {
    let design = "pnilab: topology/1
metros: {m: {}}
sites: {s: {metro: m}}
networks:
  a: {asn: 64500, igp: {kind: static}, router: {next_hop_delay: 400ms},
      ibgp: {mode: reflection, reflectors: rc}}
routers:
  ra: {network: a, site: s}
  rb: {network: a, site: s}
  rc: {network: a, site: s}
links:
  x: {ends: [ra, rb], circuits: {c1: {speed: 10G, length: 20km}}}
  y: {ends: [ra, rc], circuits: {c2: {speed: 10G, length: 20km}}}
prefixes: {203.0.113.0/24: {network: a, routers: rb}, 198.51.100.0/24: {network: a, routers: ra}}
demands: {d: {at: ra, from: 198.51.100.0/24, to: 203.0.113.0/24, rate: 1G}}
";
    // It learns of the cut at 110 ms and is gone before it acts on it. The reflector tells it the
    // route again long before the link is back.
    let cut = "{at: 100s, for: 20s, inject: {circuit_cut: {circuit: c1}}}";
    let kill = "{at: 100200ms, for: 1s, inject: {process_kill: {router: ra, daemons: [bird]}}}";
    let run = Lab::new(design, 300, &format!("{cut}, {kill}")).run(1);
    let back = run.became("fib", "203.0.113.0/24", "ra", "x");
    let lost = nanos(run.forward().lost_s);
    assert!(back.len() == 1 && (20 * S..25 * S).contains(&back[0]), "{back:?}");
    assert!((lost - back[0]).abs() < S, "{lost}");
}
