//! Graceful restart: what is kept, for how long, and what it hides.

use crate::lab::{BEGIN, MS, Pair, Run, S, US, nanos};

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
