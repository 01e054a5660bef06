//! Routing processes that wait on purpose, and timers that are drawn, as BIRD and FRR have them.
//!
//! Two PNIs `p` and `q` between `ra` and `rb`, 100 us one way. A cut of `p` is seen after 10 ms;
//! BGP forgets its routes, 50 us of work, and writes a prefix in 50 us.

use pnilab::report::data::{Direction, Went};

use crate::lab::{BEGIN, Lab, MS, Pair, Run, S, US, assert_fill, many, nanos};

const SEEN: i64 = 10 * MS;
const WORK: i64 = 50 * US;
const WRITE: i64 = 50 * US;
const DELAY: i64 = 100 * US;
const CUT: &str = "{at: 100s, inject: {circuit_cut: {circuit: c1}}}";

/// The pair with a second PNI, used beside the first, or only after it if `backup`; these `keys` at
/// both networks.
fn two(keys: &str, backup: bool, seconds: i64, faults: &str) -> Lab {
    let multipath = if backup { "" } else { "multipath: {ebgp: 2}, " };
    let network = format!("{multipath}{keys}");
    let term = "import: [{name: first, set: {local_pref: 200}, then: accept}]";
    let sides = if backup { format!("ra: {{{term}}}, rb: {{{term}}}") } else { String::new() };
    let pair = Pair { networks: [&network, &network], sides: &sides, ..Pair::default() };
    let second = "  q: {ends: [ra, rb], relation: peer, circuits: {c9: {speed: 10G, length: 20km}},
      sessions: {ipv4: {}}}
prefixes:
";
    Lab::new(&pair.text().replace("prefixes:\n", second), seconds, faults)
}

/// When `rb` had written the prefix at `ra`.
fn written(run: &Run) -> Vec<i64> {
    let rows = run.0.figures.timeline.iter();
    let fib = rows.filter(|row| row.kind == "fib" && row.router == "rb");
    fib.map(|row| nanos(row.at_s) - BEGIN).collect()
}

#[test]
fn routes_of_a_lost_session_are_flushed_decided_and_written_each_after_its_delay() {
    let daemon = "daemon: {flush_delay: 10ms, decision_delay: 50ms, fib_delay: 20ms}";
    let run = two(daemon, true, 130, CUT).run(1);
    let at = SEEN + 10 * MS + WORK + 50 * MS + 20 * MS + WRITE;
    assert_eq!(written(&run), [at]);
    assert_eq!(nanos(run.demand("d", Direction::Forward).run.longest_gap_s), at);
}

#[test]
fn what_changes_while_a_decision_waits_is_decided_with_it() {
    // 30 ms after the first PNI the second is lost too: one decision for both, and it is no route.
    let both = "{at: 100s, inject: {circuit_cut: {circuit: c1}}}, \
                {at: 100030ms, inject: {circuit_cut: {circuit: c9}}}";
    let run = two("daemon: {decision_delay: 50ms}", true, 130, both).run(1);
    assert_eq!(written(&run), [SEEN + WORK + 50 * MS + WRITE]);
    // Without the delay there are two.
    assert_eq!(two("", true, 130, both).run(1).reasons("fib", "rb", "written").len(), 2);
}

#[test]
fn a_peer_that_has_come_up_is_told_after_the_time_to_coalesce_and_more_for_each_session() {
    let reset = "{at: 100s, inject: {session_reset: {session: p/ipv4, router: ra}}}";
    let told = |daemon: &str| {
        let run = two(daemon, true, 130, reset).run(1);
        let up = nanos(run.session("p/ipv4", "ra", Went::Up)[0].at_s) - BEGIN;
        let rows = run.became("rib", "198.51.100.0/24", "rb", "p/ipv4");
        assert_eq!(rows.len(), 1);
        rows[0] - up
    };
    let at_once = told("");
    let later = told("daemon: {coalesce_time: 1s, coalesce_per_session: 50ms}");
    // Two sessions, and the new connection.
    assert_eq!(later - at_once, S + 3 * 50 * MS);
}

#[test]
fn a_change_of_policy_is_told_after_the_announce_delay() {
    let shut = "{at: 100s, inject: {graceful_shutdown: {session: p/ipv4, router: ra, wait: 9s, then: cease}}}";
    let moved =
        |daemon: &str| two(daemon, true, 130, shut).run(1).reasons("fib", "rb", "written")[0];
    assert_eq!(moved("daemon: {announce_delay: 100ms}") - moved(""), 100 * MS);
}

#[test]
fn what_a_hold_timer_leads_to_waits_for_the_next_message_or_timer() {
    let silent = "{at: 100s, inject: {circuit_silent: {circuit: c1}}}";
    let keys = "bgp: {hold: 9s, keepalive: 3s}";
    let waits = |daemon: &str| {
        let lab = two(&format!("{keys}, daemon: {daemon}"), false, 130, silent);
        many(&lab, 300, |run| {
            let down = nanos(run.session("p/ipv4", "rb", Went::Down)[0].at_s) - BEGIN;
            written(run)[0] - down - WORK - WRITE
        })
    };
    assert!(waits("{}").iter().all(|wait| *wait == 0));
    // Each end of the other session sends every 2.25 to 3 s: the first of both.
    assert_fill(&waits("{wake_up: 30s}"), (-1, 3 * S), 600 * MS, "woken by keepalives");
    let short = waits("{wake_up: 500ms}");
    assert!(short.iter().all(|wait| (0..=500 * MS).contains(wait)));
    assert!(short.iter().filter(|wait| **wait == 500 * MS).count() > 100, "nothing else wakes it");
}

#[test]
fn hold_times_and_keepalives_are_shortened_as_the_configuration_says() {
    let silent = "{at: 100s, inject: {circuit_silent: {circuit: c1}}}";
    let seen = |bgp: &str| {
        let keys = format!("bgp: {{hold: 9s, keepalive: 3s, {bgp}}}");
        many(&two(&keys, false, 130, silent), 400, |run| {
            ["ra", "rb"].map(|at| nanos(run.session("p/ipv4", at, Went::Down)[0].at_s) - BEGIN)
        })
    };
    // The hold time is 6.75 to 9 s, and the last keepalive up to 3 s old.
    let drawn: Vec<i64> = seen("hold_jitter: 25%").into_iter().flatten().collect();
    assert_fill(&drawn, (6_750 * MS - 3 * S, 9 * S + DELAY), 500 * MS, "hold");
    // Without jitter of keepalives both ends send at the same instants, and notice at the same.
    let same = seen("keepalive_jitter: 0%");
    assert!(same.iter().all(|[a, b]| a == b));
    let ends: Vec<i64> = same.into_iter().flatten().collect();
    assert_fill(&ends, (6 * S, 9 * S + DELAY), 300 * MS, "in step");
}

#[test]
fn a_session_waits_in_idle_and_then_before_it_connects_when_its_interface_is_back() {
    let cut = "{at: 100s, for: 10s, inject: {circuit_cut: {circuit: c1}}}";
    let waits = "bgp: {idle_hold: 4s, idle_hold_max: 4s, idle_hold_jitter: 25%, connect_delay: 2s, \
                 idle_after_interface_up: true}";
    let run = |keys: &str, seed| {
        let run = two(&format!("interface: {{carrier_delay_up: 0s}}, {keys}"), false, 160, cut);
        nanos(run.run(seed).session("p/ipv4", "ra", Went::Up)[0].at_s) - BEGIN - 10 * S
    };
    // From the interface: Idle for 3 to 4 s, then 1.5 to 2 s until the first of both connects.
    let ups: Vec<i64> = (1..=100).map(|seed| run(waits, seed)).collect();
    assert!(ups.iter().all(|up| (4_500 * MS..=6_010 * MS).contains(up)), "{ups:?}");
    assert!(run("", 1) < 20 * MS, "at once where nothing waits");
}

#[test]
fn a_call_that_is_refused_is_made_again_after_the_connect_delay() {
    // `rb` waits in Idle for 20 s and then for its own delay; `ra` calls 6 s after the reset and
    // every 5 s from then on, so that its fourth call is taken, 100 us out and 100 us back.
    let timers = |idle: &str, delay: &str| {
        format!("bgp: {{idle_hold: {idle}, connect_delay: {delay}, retry_jitter: 0%}}")
    };
    let (ra, rb) = (timers("1s", "5s"), timers("20s", "10s"));
    let reset = "{at: 100s, inject: {session_reset: {session: p/ipv4, router: ra}}}";
    let run = Lab::new(&Pair { networks: [&ra, &rb], ..Pair::default() }.text(), 160, reset).run(1);
    let up = nanos(run.session("p/ipv4", "ra", Went::Up)[0].at_s) - BEGIN;
    assert!((21 * S..21 * S + 2 * MS).contains(&up), "up again after {up} ns");
}

#[test]
fn a_session_is_back_when_the_link_address_of_its_peer_is_asked_for_next() {
    // Asked for every 3 s since the loss was seen; the circuit is whole again after 10 s.
    let cut = "{at: 100s, for: 10s, inject: {circuit_cut: {circuit: c1}}}";
    let keys = "interface: {carrier_delay_up: 0s}, bgp: {address_retry: 3s}";
    let run = two(keys, false, 160, cut).run(1);
    let up = nanos(run.session("p/ipv4", "ra", Went::Up)[0].at_s) - BEGIN;
    let asked = SEEN + 12 * S;
    // The kernel's clock ticks 32 times in an interval.
    assert!((asked - 3 * S / 32..asked + 2 * MS).contains(&up), "up again after {up} ns");
}

#[test]
fn a_session_that_its_peer_has_ended_waits_in_idle_only_where_that_is_an_error() {
    let up = |keys: &str| {
        let rb = format!("bgp: {{idle_hold: 20s{keys}}}");
        let shut = "{at: 100s, for: 2s, inject: {admin_shutdown: {session: p/ipv4, router: ra}}}";
        let text = Pair { networks: ["", &rb], ..Pair::default() }.text();
        let run = Lab::new(&text, 160, shut).run(1);
        nanos(run.session("p/ipv4", "ra", Went::Up)[0].at_s) - BEGIN
    };
    assert!((20 * S..20 * S + 2 * MS).contains(&up("")));
    assert!((2 * S..2 * S + 2 * MS).contains(&up(", idle_after_close: false")));
}

#[test]
fn forwarding_that_prunes_loses_nothing_of_an_ecmp_set_while_bgp_waits() {
    let daemon = "daemon: {decision_delay: 500ms}";
    let gap = |prune: bool| {
        let keys = format!("{daemon}, router: {{prune_ecmp: {prune}}}");
        nanos(two(&keys, false, 130, CUT).run(1).demand("d", Direction::Forward).run.longest_gap_s)
    };
    assert_eq!(gap(false), SEEN + WORK + 500 * MS + WRITE);
    assert_eq!(gap(true), SEEN);
}

#[test]
fn deletions_have_a_rate_of_their_own() {
    let cut = "{at: 100s, inject: {circuit_cut: {circuit: c1}}}";
    let router = "fib_rate: 1000/s, fib_delete_rate: 4000/s";
    let routers = ["", router];
    let pair = Pair { routers, prefix: "count: 1000", ..Pair::default() };
    assert_eq!(written(&pair.lab(130, cut).run(1)), [SEEN + WORK + 250 * MS]);
    // Where only the rate of writes is stated, deletions have it too.
    let routers = ["", "fib_rate: 1000/s"];
    let pair = Pair { routers, prefix: "count: 1000", ..Pair::default() };
    assert_eq!(written(&pair.lab(130, cut).run(1)), [SEEN + WORK + S]);
}

#[test]
fn bfd_with_a_least_jitter_never_sends_as_rarely_as_it_may() {
    let silent = "{at: 100s, inject: {circuit_silent: {circuit: c1}}}";
    let session = "bfd: {least_jitter: 10%}";
    let lab = Pair { session, ..Pair::default() }.lab(130, silent);
    let seen = many(&lab, 400, |run| run.down("rb").expect("it is lost").0);
    // Every packet comes 225 to 270 ms after the last, and 900 ms later nothing has come.
    assert_fill(&seen, (630 * MS, 900 * MS + DELAY), 20 * MS, "bfd");
}

#[test]
fn peers_are_told_of_many_prefixes_when_a_turn_of_them_is_prepared() {
    let withdraw = "{at: 100s, inject: {withdraw: {prefix: 198.51.100.0/24}}}";
    let told = |daemon: &str, count: u64| {
        let prefix = format!("count: {count}");
        let networks = [daemon, ""];
        let pair = Pair { networks, prefix: &prefix, ..Pair::default() };
        let run = pair.lab(130, withdraw).run(1);
        run.became("rib", "198.51.100.0/24", "rb", "none")[0]
    };
    let daemon = "daemon: {prefix_processing: 1ms, prefixes_per_turn: 40}";
    assert_eq!(told(daemon, 1) - told("", 1), MS);
    assert_eq!(told(daemon, 30) - told("", 30), 30 * MS);
    assert_eq!(told(daemon, 50_000) - told("", 50_000), 40 * MS);
}

#[test]
fn forwarding_leaves_out_a_neighbor_that_does_not_answer_before_bgp_notices() {
    // Believed for 15 to 45 s, in doubt for 5 s, asked for 3 s; confirmed by BGP up to 30 s before
    // the fault or after it. The hold timer runs out after 60 s at the earliest.
    let silent = "{at: 100s, inject: {circuit_silent: {circuit: c1}}}";
    let gap = |keys: &str, seed| {
        let run = two(keys, false, 260, silent).run(seed);
        let gap = run.demand("d", Direction::Forward).run.longest_gap_s;
        let detected = nanos(run.session("p/ipv4", "ra", Went::Down)[0].at_s) - BEGIN;
        assert!((60 * S..=90 * S).contains(&detected), "{detected}");
        nanos(gap)
    };
    let gaps: Vec<i64> =
        (1..=200).map(|seed| gap("router: {prune_unreachable: 30s}", seed)).collect();
    assert_fill(&gaps, (3 * S, 83 * S), 15 * S, "until it is left out");
    assert!(gap("", 1) >= 60 * S, "without, until BGP notices");
}

#[test]
fn an_update_restarts_keepalives_unless_a_timer_of_their_own_sends_them() {
    // `ra` withdraws at 100 s and goes silent at 102.9 s; its keepalives come every 3 s.
    let faults = "{at: 100s, inject: {withdraw: {prefix: 198.51.100.0/24}}}, \
                  {at: 102900ms, inject: {pni_silent: {pni: p}}}";
    let detected = |keys: &str, seed| {
        let keys = format!("bgp: {{hold: 9s, keepalive: 3s, keepalive_jitter: 0%{keys}}}");
        let run = two(&keys, false, 130, faults).run(seed);
        nanos(run.session("p/ipv4", "rb", Went::Down)[0].at_s) - BEGIN
    };
    let all = |keys: &str| -> Vec<i64> { (1..=100).map(|seed| detected(keys, seed)).collect() };
    assert!(all("").iter().all(|at| (9 * S..9 * S + MS).contains(at)), "9 s after the UPDATE");
    let own = all(", update_restarts_keepalive: false");
    assert_fill(&own, (9 * S, 11_901 * MS), 200 * MS, "9 s after the last keepalive");
}

#[test]
fn a_neighbor_that_was_left_out_is_used_again_once_it_answers_even_if_its_link_went_down_meanwhile()
{
    // Silent for 60 s, left out within 16 s, and cut for 10 s of the time.
    let faults = "{at: 100s, for: 60s, inject: {circuit_silent: {circuit: c1}}}, \
                  {at: 130s, for: 10s, inject: {circuit_cut: {circuit: c1}}}";
    for also in ["", ", prune_ecmp: true"] {
        let keys =
            format!("bgp: {{hold: 600s, keepalive: 3s}}, router: {{prune_unreachable: 1s{also}}}");
        let run = two(&keys, false, 260, faults).run(1);
        let rows = run.0.figures.timeline.iter();
        let switched: Vec<&str> = rows
            .filter(|row| row.reason == "fast_reroute" && row.router == "ra")
            .map(|row| row.to.as_str())
            .collect();
        // In between it is up and silent for 20 s more.
        assert_eq!(switched, ["alternate", "primary", "alternate", "primary"], "{also}");
    }
}
