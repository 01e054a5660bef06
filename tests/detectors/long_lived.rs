//! Long-lived graceful restart (RFC 9494): for how long, for whom, and against what.

use pnilab::report::data::Went;

use crate::lab::{BEGIN, Lab, Pair, Run, S, US, nanos};

/// One way over the 20 km of a circuit.
const DELAY: i64 = 100 * US;
/// One piece of BGP work, or one forwarding entry written.
const STEP: i64 = 50 * US;
/// The prefix at `ra`, whose BGP is killed or whose path is silent in these tests.
const AWAY: &str = "198.51.100.0/24";

/// When `rb` has forgotten the prefix, `ra` being killed for good; what each end offers.
fn forgotten([ra, rb]: [&str; 2]) -> Vec<i64> {
    let side = |keys: &str| {
        format!("{{sessions: {{ipv4: {{graceful_restart: {{restart_time: 30s{keys}}}}}}}}}")
    };
    let sides = format!("ra: {}, rb: {}", side(ra), side(rb));
    let run = Pair { sides: &sides, ..Pair::default() }
        .run(400, "process_kill: {router: ra, daemons: bgpd}");
    run.became("rib", AWAY, "rb", "none")
}

#[test]
fn routes_are_the_last_choice_for_as_long_as_the_peer_asked_for() {
    // The restart time is over 30 s after `rb` knew; each period ends with a piece of work.
    let restart = 30 * S + DELAY + STEP;
    let (long, longer) = (", long_lived: 100s", ", long_lived: 200s");
    assert_eq!(forgotten([long, longer]), [restart + 100 * S + STEP]);
    assert_eq!(forgotten([longer, long]), [restart + 200 * S + STEP]);
    // An end that asks for nothing itself may keep what the other asks for.
    assert_eq!(forgotten([long, ", long_lived: 0s"]), [restart + 100 * S + STEP]);
    // It takes both ends, and a time.
    for offers in [["", ""], [long, ""], ["", long], [", long_lived: 0s", long]] {
        assert_eq!(forgotten(offers), [restart], "{offers:?}");
    }
}

#[test]
fn their_time_goes_on_until_the_peer_has_told_all() {
    // The last choice from 30 s on. `ra` is back for 2 s after a minute, too slow to tell anything;
    // and then for good, but so slow that the time is over first.
    let session = "graceful_restart: {restart_time: 30s, long_lived: 100s}";
    let over = 30 * S + DELAY + STEP + 100 * S + STEP;
    let kills = "{at: 100s, for: 60s, inject: {process_kill: {router: ra, daemons: bgpd}}},
                 {at: 162s, for: 300s, inject: {process_kill: {router: ra, daemons: bgpd}}}";
    let pair = Pair { session, routers: ["update_processing: 3s", ""], ..Pair::default() };
    let run = pair.lab(400, kills).run(1);
    assert_eq!(run.became("rib", AWAY, "rb", "none"), [over]);
    let kill = "{at: 100s, for: 60s, inject: {process_kill: {router: ra, daemons: bgpd}}}";
    let pair = Pair { session, routers: ["update_processing: 40s", ""], ..Pair::default() };
    let run = pair.lab(500, kill).run(1);
    assert_eq!(run.became("rib", AWAY, "rb", "none"), [over]);
    // Told in time they are as good as ever.
    let run = Pair { session, ..Pair::default() }.lab(400, kill).run(1);
    assert_eq!(run.became("rib", AWAY, "rb", "none"), [0; 0]);
    let route = |to: &str| run.became("route", AWAY, "rb", to);
    assert_eq!(route("llgr_stale"), [30 * S + DELAY + STEP]);
    // As after any restart: `ra` tells 6 delays and 4 steps later, `rb` learns a delay and a step
    // after that.
    assert_eq!(route("usable"), [60 * S + 7 * DELAY + 5 * STEP]);
}

/// Networks `a` with `ra`, `b` with `rb` and `rc` joined by a link; PNIs `p` to `rb` and `q` to `rc`.
/// `p` has a hold time of 9 s and long-lived graceful restart, and falls silent; at `rc` the route of
/// `q` has a `LOCAL_PREF` of zero and a longer path. `inside`: keys of the network `b`.
fn square(inside: &str) -> Run {
    let session = "bgp: {hold: 9s},
        graceful_restart: {notification: true, restart_time: 10s, long_lived: 100s}";
    let text = Pair { session, networks: ["", inside], ..Pair::default() }.text();
    let text = text
        .replace(
            "rb: {network: b, site: s}",
            "rb: {network: b, site: s}, rc: {network: b, site: s}",
        )
        .replace(
            "\nprefixes:\n",
            "
  q: {ends: [ra, rc], relation: peer, circuits: {c2: {speed: 10G, length: 20km}},
      sessions: {ipv4: {}}, sides: {
        ra: {export: [{name: far, set: {prepend: 3}, then: accept}]},
        rc: {import: [{name: last, set: {local_pref: 0}, then: accept}]}}}
links:
  l: {ends: [rb, rc], circuits: {c3: {speed: 10G, length: 20km}}}
prefixes:
",
        );
    Lab::new(&text, 300, "{at: 100s, inject: {circuit_silent: {circuit: c1}}}").run(1)
}

/// When `rb` has begun to take what it keeps for the last choice.
fn begin(run: &Run) -> i64 {
    let down = run.session("p/ipv4", "rb", Went::Down);
    nanos(down[0].at_s) - BEGIN + 10 * S + STEP
}

#[test]
fn any_other_route_is_better_than_the_last_choice() {
    // Until then `rc` has the better route from `rb`. Marked, that loses there a delay and a step
    // later, even against LOCAL_PREF 0; and a delay and a step after that at `rb` itself.
    let inside = "ibgp: {graceful_restart: {long_lived: 100s}}";
    let run = square(inside);
    let begin = begin(&run);
    assert_eq!(run.became("rib", AWAY, "rc", "q/ipv4"), [begin + DELAY + STEP]);
    assert_eq!(run.became("rib", AWAY, "rb", "rb--rc/ipv4"), [begin + 2 * (DELAY + STEP)]);
    for router in ["rb", "rc"] {
        assert_eq!(run.reasons("rib", router, "llgr_stale").len(), 1, "{router}");
    }
}

#[test]
fn who_does_not_know_of_the_last_choice_is_not_told() {
    // `rb` withdraws its route from `rc`, which has only its own then.
    let run = square("");
    let begin = begin(&run);
    assert_eq!(run.became("rib", AWAY, "rc", "q/ipv4"), [begin + DELAY + STEP]);
    assert_eq!(run.reasons("rib", "rc", "llgr_stale"), [0; 0]);
    assert_eq!(run.became("rib", AWAY, "rb", "rb--rc/ipv4"), [begin + 2 * (DELAY + STEP)]);
    // A customer beyond `rb` in the same way: it keeps the route only where it knows of such.
    for (offer, known) in [("", false), ("graceful_restart: {long_lived: 0s}", true)] {
        let session = "bgp: {hold: 9s},
            graceful_restart: {notification: true, restart_time: 10s, long_lived: 100s}";
        let text = Pair { session, ..Pair::default() }.text();
        let text = text
            .replace("b: {asn: 64501}", "b: {asn: 64501}, c: {asn: 64502}")
            .replace(
                "rb: {network: b, site: s}",
                "rb: {network: b, site: s}, rc: {network: c, site: s}",
            )
            .replace(
                "\nprefixes:\n",
                &format!(
                    "
  q: {{ends: [rb, rc], relation: customer, circuits: {{c2: {{speed: 10G, length: 20km}}}},
      sessions: {{ipv4: {{{offer}}}}}}}
prefixes:
"
                ),
            );
        let silent = "{at: 100s, inject: {circuit_silent: {circuit: c1}}}";
        let run = Lab::new(&text, 300, silent).run(1);
        let down = run.session("p/ipv4", "rb", Went::Down);
        let begin = nanos(down[0].at_s) - BEGIN + 10 * S + STEP;
        // Told, it goes when the last choice goes, a step after 100 s.
        let gone = if known { begin + 100 * S + STEP } else { begin };
        assert_eq!(run.became("rib", AWAY, "rc", "none"), [gone + DELAY + STEP], "{offer}");
    }
}
