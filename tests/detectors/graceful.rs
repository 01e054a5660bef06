//! Graceful restart: what is kept, for how long, and what it hides.

use pnilab::report::data::{Direction, Went};

use crate::lab::{BEGIN, Lab, MS, Pair, Run, S, US, many, nanos};

/// One way over the 20 km of `c1`.
const DELAY: i64 = 100 * US;
/// One piece of BGP work, or one forwarding entry written.
const STEP: i64 = 50 * US;

/// When forward traffic was first lost, from the begin of the fault.
fn lost_from(run: &Run) -> Option<i64> {
    run.forward().first_loss_at_s.map(|at| nanos(at) - BEGIN)
}

fn lost(run: &Run) -> [i64; 2] {
    [nanos(run.forward().lost_s), nanos(run.back().lost_s)]
}

#[test]
fn a_restart_of_bgp_costs_nothing_where_both_ends_keep_routes_and_forwarding() {
    let fault = "process_kill: {router: ra, daemons: bgpd}";
    let graceful = Pair { session: "graceful_restart: {}", ..Pair::default() };
    let run = graceful.run_for(300, "30s", fault);
    assert_eq!(run.down("rb"), Some((DELAY, "connection_closed")));
    assert_eq!(run.up("ra"), Some(30 * S + 4 * DELAY));
    assert_eq!(lost(&run), [0, 0]);
    let plain = Pair::default().run_for(300, "30s", fault);
    assert!(lost(&plain)[0] > 29 * S);
    // It takes both ends.
    for router in ["ra", "rb"] {
        let sides = format!("{router}: {{sessions: {{ipv4: {{graceful_restart: {{}}}}}}}}");
        let run = Pair { sides: &sides, ..Pair::default() }.run_for(300, "30s", fault);
        assert!(lost(&run)[0] > 29 * S, "{router} alone");
    }
}

#[test]
fn stale_routes_go_when_the_restart_time_is_over() {
    let fault = "process_kill: {router: ra, daemons: bgpd}";
    let session = "graceful_restart: {restart_time: 40s}";
    let run = Pair { session, ..Pair::default() }.run(200, fault);
    // `rb` knows after a delay, works on it for a step, and writes for another.
    assert_eq!(lost_from(&run), Some(40 * S + DELAY + 2 * STEP));
    // As the last choice they are kept for longer (RFC 9494).
    let session = "graceful_restart: {restart_time: 40s, long_lived: 60s}";
    let run = Pair { session, ..Pair::default() }.run(250, fault);
    let from = lost_from(&run).expect("they go in the end");
    assert!((100 * S..100 * S + MS).contains(&from), "{from}");
}

#[test]
fn a_hang_is_sat_out_after_the_hold_time_only_with_rfc_8538() {
    let fault = "{at: 100s, for: 120s, inject: {control_plane_hang: {router: ra}}}";
    for (notification, kept) in [(true, true), (false, false)] {
        let session = format!("graceful_restart: {{notification: {notification}}}");
        let pair = Pair { session: &session, ..Pair::default() };
        for seed in 1..=10 {
            let run = pair.lab(600, fault).run(seed);
            assert_eq!(run.down("rb").map(|down| down.1), Some("hold_timer_expired"));
            assert_eq!(lost(&run)[0] == 0, kept, "{notification} {seed}: {:?}", lost(&run));
            assert!(run.up("rb").is_some_and(|up| up > 120 * S));
        }
    }
}

#[test]
fn bfd_that_shares_the_fate_of_the_control_plane_does_not_end_what_is_kept() {
    let fault = "{at: 100s, for: 60s, inject: {control_plane_hang: {router: ra}}}";
    let session = "bfd: {}, graceful_restart: {}";
    let run = Pair { session, ..Pair::default() }.lab(400, fault).run(1);
    assert_eq!(run.down("rb").map(|down| down.1), Some("bfd_down"));
    assert_eq!(lost(&run)[0], 0);
    // A silent PNI is a black hole then, until the restart time is over: the price of it.
    let silent = "{at: 100s, inject: {circuit_silent: {circuit: c1}}}";
    let run = Pair { session, ..Pair::default() }.lab(400, silent).run(1);
    assert_eq!(lost_from(&run), Some(0));
    // BFD in hardware means what it says.
    let session = "bfd: {control_plane_independent: true}, graceful_restart: {}";
    let run = Pair { session, ..Pair::default() }.lab(400, silent).run(1);
    let gone = run.became("rib", "198.51.100.0/24", "rb", "none");
    assert!(gone.len() == 1 && gone[0] < S, "{gone:?}");
}

#[test]
fn nothing_is_kept_of_a_router_whose_interfaces_are_gone_or_whom_an_operator_shut_down() {
    let session = "graceful_restart: {notification: true}";
    let pair = Pair { session, ..Pair::default() };
    let run = pair.run(200, "router_crash: {router: ra}");
    assert_eq!(run.became("rib", "198.51.100.0/24", "rb", "none"), [10 * MS + STEP]);
    let run = pair.run(200, "admin_shutdown: {session: p/ipv4, router: ra}");
    assert_eq!(run.became("rib", "198.51.100.0/24", "rb", "none"), [DELAY + STEP]);
}

#[test]
fn what_a_peer_no_longer_tells_leaves_the_table_when_it_has_told_all() {
    // While bgpd of `ra` is away `rb` withdraws its prefix; the entry at `ra` outlives that until
    // the restart, and goes then.
    let faults = "{at: 100s, for: 30s, inject: {process_kill: {router: ra, daemons: bgpd}}},
                  {at: 110s, inject: {withdraw: {prefix: 203.0.113.0/24}}}";
    let run = Pair { session: "graceful_restart: {}", ..Pair::default() }.lab(200, faults).run(1);
    let from = run.back().first_loss_at_s.map(|at| nanos(at) - BEGIN);
    assert!(from.is_some_and(|from| (30 * S..31 * S + MS).contains(&from)), "{from:?}");
}

/// The prefix at `ra`, whose BGP is killed in these tests.
const AWAY: &str = "198.51.100.0/24";
/// Kills BGP of `ra` for 30 s.
const RESTART: &str = "{at: 100s, for: 30s, inject: {process_kill: {router: ra, daemons: bgpd}}}";
/// `ra` calls when it is back: it is up after 4 delays, `rb` after 5.
const BACK: i64 = 30 * S;

#[test]
fn the_timeline_tells_what_a_restart_hides() {
    let run = Pair { session: "graceful_restart: {}", ..Pair::default() }.lab(200, RESTART).run(1);
    let route = |to: &str| run.became("route", AWAY, "rb", to);
    assert_eq!(route("stale"), [DELAY]);
    // `rb` tells its routes after a step and a delay. `ra` takes in the UPDATE, then the End-of-RIB,
    // then chooses and tells; a delay and a step later the route is fresh at `rb`.
    let told = BACK + 6 * DELAY + STEP;
    assert_eq!(run.became("rib", "203.0.113.0/24", "ra", "p/ipv4"), [told + 3 * STEP]);
    assert_eq!(route("usable"), [told + 3 * STEP + DELAY + STEP]);
    assert_eq!(route("dropped"), [0; 0]);
    // `ra` sends its End-of-RIB a step after its routes.
    let ends = ["ra", "rb"].map(|router| run.reasons("session", router, "end_of_rib"));
    assert_eq!(ends, [vec![told + 2 * STEP], vec![told + DELAY + 5 * STEP]]);
    assert_eq!(run.reasons("router", "ra", "selection of ipv4 waits for p/ipv4"), [BACK]);
    let over = "selection of ipv4 goes on: nobody is left to wait for";
    assert_eq!(run.reasons("router", "ra", over), [told + 2 * STEP]);
}

#[test]
fn who_restarts_does_not_wait_for_a_peer_that_restarts_too() {
    // In a triangle `ra` and `rb` restart at once, and each has `rc` to wait for: were they to wait
    // for each other too they would do so until their timers ran out, 4 min later.
    let more = "
  q: {ends: [rb, rc], relation: peer, circuits: {c2: {speed: 10G, length: 20km}},
      sessions: {ipv4: {graceful_restart: {}}}}
  r: {ends: [ra, rc], relation: peer, circuits: {c3: {speed: 10G, length: 20km}},
      sessions: {ipv4: {graceful_restart: {}}}}";
    let text = with_third("graceful_restart: {}", more);
    let fault = "{at: 100s, for: 30s, inject: {process_kill: {router: [ra, rb], daemons: bgpd}}}";
    let run = Lab::new(&text, 400, fault).run(1);
    for (router, via) in [("ra", "r/ipv4"), ("rb", "q/ipv4")] {
        let known = run.became("rib", "192.0.2.0/24", router, via);
        assert_eq!(known.len(), 1, "{router}");
        assert!((BACK..BACK + MS + MS / 2).contains(&known[0]), "{router}: {known:?}");
    }
    assert_eq!(run.became("route", AWAY, "rc", "dropped"), [0; 0]);
}

#[test]
fn a_family_without_graceful_restart_waits_for_nobody() {
    let text = Pair::default().text();
    let text = text.replace("{ipv4: {}}", "{ipv4: {}, ipv6: {graceful_restart: {}}}").replace(
        "prefixes:\n",
        "prefixes:
  2001:db8:1::/48: {network: a, routers: ra}
  2001:db8:2::/48: {network: b, routers: rb}\n",
    );
    let text = text.replace(
        "demands:\n",
        "demands:
  d6: {at: rb, from: '2001:db8:2::/48', to: '2001:db8:1::/48', rate: 1G, return_rate: 1G}\n",
    );
    let run = Lab::new(&text, 200, RESTART).run(1);
    // `rb` is up after 5 delays and tells after a step; `ra` takes in what comes a delay later.
    let known = BACK + 6 * DELAY + 2 * STEP;
    assert_eq!(run.became("rib", "203.0.113.0/24", "ra", "p/ipv4"), [known]);
    // What the dead BGP had written for it is gone a step after its death, for IPv6 it stays.
    assert_eq!(run.back().first_loss_at_s.map(|at| nanos(at) - BEGIN), Some(STEP));
    for direction in [Direction::Forward, Direction::Return] {
        assert_eq!(nanos(run.demand("d6", direction).run.lost_s), 0);
    }
}

#[test]
fn a_session_that_cannot_come_up_is_not_waited_for() {
    // `rb`'s operator has shut the second session down: selection ends as in a design without it.
    let second = "
  q: {ends: [ra, rb], relation: peer, circuits: {c2: {speed: 10G, length: 20km}},
      sessions: {ipv4: {graceful_restart: {}}}}";
    let text = Pair { session: "graceful_restart: {}", ..Pair::default() }.text();
    let text = text.replace("\nprefixes:\n", &format!("{second}\nprefixes:\n"));
    let shut = "{at: 90s, inject: {admin_shutdown: {session: q/ipv4, router: rb}}}";
    let run = Lab::new(&text, 500, &format!("{shut}, {RESTART}")).run(1);
    let over = "selection of ipv4 goes on: nobody is left to wait for";
    assert_eq!(run.reasons("router", "ra", over), [BACK + 6 * DELAY + 3 * STEP]);
    assert_eq!(lost(&run), [0, 0]);
    // One whose path is silent neither, whether its BFD tells or nobody does.
    for session in ["graceful_restart: {}", "graceful_restart: {}, bfd: {}"] {
        let text = text.replace("ipv4: {graceful_restart: {}}", &format!("ipv4: {{{session}}}"));
        let silent = "{at: 110s, inject: {circuit_silent: {circuit: c2}}}";
        let run = Lab::new(&text, 500, &format!("{RESTART}, {silent}")).run(1);
        assert_eq!(run.reasons("router", "ra", over), [BACK + 6 * DELAY + 3 * STEP], "{session}");
    }
}

#[test]
fn the_deferral_ends_after_two_thirds_of_the_stale_time() {
    // BGP of `rb` freezes before it has told its routes: `ra` gives up after 4 of 6 min.
    let freeze = "{at: 130s, inject: {process_freeze: {router: rb, daemons: bgpd}}}";
    let pair = Pair { session: "graceful_restart: {}", ..Pair::default() };
    let run = pair.lab(500, &format!("{RESTART}, {freeze}")).run(1);
    let over = "selection of ipv4 goes on: the deferral timer has run out";
    assert_eq!(run.reasons("router", "ra", over), [BACK + 240 * S]);
}

#[test]
fn what_is_stale_when_the_session_ends_once_more_goes_at_once() {
    // `ra` is so slow that it is killed again, 2 s after its return, before it has told anything.
    let slow = "update_processing: 3s";
    let faults = "{at: 100s, for: 10s, inject: {process_kill: {router: ra, daemons: bgpd}}},
                  {at: 112s, for: 20s, inject: {process_kill: {router: ra, daemons: bgpd}}}";
    let pair = Pair { routers: [slow, ""], session: "graceful_restart: {}", ..Pair::default() };
    let run = pair.lab(300, faults).run(1);
    assert_eq!(run.became("rib", AWAY, "rb", "none"), [12 * S + DELAY + STEP]);
    // Had it told, and been killed then, the route would be kept again.
    let pair = Pair { session: "graceful_restart: {}", ..Pair::default() };
    assert_eq!(pair.lab(300, faults).run(1).became("rib", AWAY, "rb", "none"), [0; 0]);
}

/// `rb`, `rd` and `rc` in a row inside one network, whose sessions restart gracefully.
fn inside() -> String {
    let links = "
links:
  l: {ends: [rb, rd], circuits: {c2: {speed: 10G, length: 20km}}}
  m: {ends: [rd, rc], circuits: {c3: {speed: 10G, length: 20km}}}
";
    let text = with_third("", "")
        .replace(
            "rc: {network: c, site: s}",
            "rc: {network: b, site: s}, rd: {network: b, site: s}",
        )
        .replace("asn: 64501", "asn: 64501, ibgp: {graceful_restart: {}}")
        .replace("192.0.2.0/24: {network: c,", "192.0.2.0/24: {network: b,");
    format!("{text}{links}")
}

#[test]
fn a_peer_that_has_booted_has_lost_its_forwarding_whenever_its_old_session_was_found_dead() {
    // No interface of `rc` goes down when `rb` crashes, so its session stands until `rb` calls again.
    let crash = "{at: 100s, for: 20s, inject: {router_crash: {router: rb}}}";
    for seed in 1..=5 {
        let run = Lab::new(&inside(), 400, crash).run(seed);
        let up = run.session("rb--rc/ipv4", "rc", Went::Up);
        assert_eq!(up.len(), 1, "seed {seed}");
        let up = nanos(up[0].at_s) - BEGIN;
        assert_eq!(run.became("route", AWAY, "rc", "stale").len(), 1);
        assert_eq!(run.became("route", AWAY, "rc", "dropped"), [up + STEP], "seed {seed}");
    }
}

#[test]
fn peers_inside_are_waited_for_though_the_way_to_them_is_still_to_be_found() {
    // With `bird` the interior protocol starts anew too.
    let kill = "{at: 100s, for: 10s, inject: {process_kill: {router: rb, daemons: bird}}}";
    let run = Lab::new(&inside(), 400, kill).run(1);
    let waits = "selection of ipv4 waits for rb--rc/ipv4 and 1 more";
    assert_eq!(run.reasons("router", "rb", waits), [10 * S]);
}

#[test]
fn a_new_connection_ends_the_old_one_whose_end_nobody_has_heard() {
    // The circuit is silent when `ra`'s BGP dies, and works again when it is back: its call reaches
    // an `rb` that takes the old session for up, unless a keepalive of its own was reset before.
    let faults = "{at: 100s, for: 3s, inject: {circuit_silent: {circuit: c1}}},
                  {at: 101s, for: 4s, inject: {process_kill: {router: ra, daemons: bgpd}}}";
    let lab = Pair { session: "graceful_restart: {}", ..Pair::default() }.lab(300, faults);
    let downs = many(&lab, 30, |run| {
        assert_eq!(lost(run), [3 * S; 2]);
        let (at, why) = run.down("rb").expect("it is over");
        assert_eq!(why, "connection_closed");
        at
    });
    // The handshake is whole after 3 delays.
    assert!(downs.iter().all(|at| (3 * S..=5 * S + 3 * DELAY).contains(at)), "{downs:?}");
    assert!(downs.contains(&(5 * S + 3 * DELAY)), "{downs:?}");
}

#[test]
fn a_reset_costs_nothing_where_both_ends_keep_routes_after_a_notification() {
    let reset = "session_reset: {session: p/ipv4, router: ra}";
    let run = |notification: bool| {
        let session = format!("graceful_restart: {{notification: {notification}}}");
        Pair { session: &session, ..Pair::default() }.run(200, reset)
    };
    let soft = run(true);
    assert_eq!(soft.down("ra"), Some((0, "admin_reset")));
    assert_eq!(soft.down("rb"), Some((DELAY, "notification_received")));
    assert_eq!(lost(&soft), [0, 0]);
    assert!(lost(&run(false)).iter().all(|lost| *lost >= S));
}

#[test]
fn bfd_in_hardware_that_fails_ends_what_is_kept() {
    let faults = format!("{RESTART}, {{at: 110s, inject: {{circuit_silent: {{circuit: c1}}}}}}");
    let kept = |a: bool, b: bool| {
        let side = |independent: bool| {
            format!("{{sessions: {{ipv4: {{bfd: {{control_plane_independent: {independent}}}}}}}}}")
        };
        let sides = format!("ra: {}, rb: {}", side(a), side(b));
        let pair = Pair { session: "graceful_restart: {}", sides: &sides, ..Pair::default() };
        let run = pair.lab(400, &faults).run(1);
        let down = run.became("bfd", "p/ipv4", "rb", "down")[0];
        assert!((10 * S..11 * S).contains(&down));
        (run.became("rib", AWAY, "rb", "none"), down)
    };
    let (gone, down) = kept(true, true);
    assert_eq!(gone, [down + STEP]);
    // Where either end's BFD may have died with a control plane it is not believed (RFC 5882 §4.3.2).
    for (a, b) in [(false, true), (true, false), (false, false)] {
        assert_eq!(kept(a, b).0, [120 * S + DELAY + STEP], "{a} {b}");
    }
}

#[test]
fn bfd_that_may_have_died_with_a_control_plane_ends_a_session_alike_at_both_ends() {
    let fault = "process_kill: {router: ra, daemons: bfdd}";
    for (notification, why) in [(false, "connection_closed"), (true, "notification_received")] {
        let session = format!("bfd: {{}}, graceful_restart: {{notification: {notification}}}");
        let run = Pair { session: &session, ..Pair::default() }.run_for(300, "20s", fault);
        let (down, reason) = run.down("rb").expect("BFD fails");
        assert_eq!(reason, "bfd_down");
        assert_eq!(run.down("ra"), Some((down + DELAY, why)));
        assert_eq!(lost(&run), [0, 0]);
    }
    // In a design without graceful restart the neighbour is told (RFC 9384).
    let run = Pair { session: "bfd: {}", ..Pair::default() }.run_for(300, "20s", fault);
    assert_eq!(run.down("ra").map(|down| down.1), Some("notification_received"));
}

#[test]
fn an_operator_who_shuts_a_session_down_wants_nothing_of_what_was_kept() {
    let shut = "{at: 110s, inject: {admin_shutdown: {session: p/ipv4, router: rb}}}";
    let pair = Pair { session: "graceful_restart: {}", ..Pair::default() };
    let run = pair.lab(200, &format!("{RESTART}, {shut}")).run(1);
    assert_eq!(run.became("rib", AWAY, "rb", "none"), [10 * S + STEP]);
}

/// A design with a third router `rc` in a network `c`; keys of `p/ipv4`, further PNIs.
fn with_third(session: &str, more: &str) -> String {
    let text = Pair { session, ..Pair::default() }.text();
    text.replace("b: {asn: 64501}", "b: {asn: 64501}, c: {asn: 64502}")
        .replace(
            "rb: {network: b, site: s}",
            "rb: {network: b, site: s}, rc: {network: c, site: s}",
        )
        .replace("\nprefixes:\n", &format!("{more}\nprefixes:\n"))
        .replace("prefixes:\n", "prefixes:\n  192.0.2.0/24: {network: c, routers: rc}\n")
}
