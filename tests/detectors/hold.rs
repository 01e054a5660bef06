//! The hold timer.
//!
//! The negotiated hold time H is the smaller of the two. An end sends a keepalive every K = the
//! smaller of its interval and H/3, jittered to 75 % to 100 %. So when a path falls silent, the
//! last keepalive is younger than the peer's K, and H later the session is lost.

use pnilab::observe::Hellos;
use pnilab::report::data::{DetectedBy, Verdict, Went};

use crate::lab::{BEGIN, Lab, MS, Pair, Run, S, US, assert_fill, many, nanos};

/// `[hold, keepalive]` at `ra` and `rb` in seconds.
type Timers = [[i64; 2]; 2];

const DELAY: i64 = 100 * US;

fn lab(timers: Timers, seconds: i64, fault: &str) -> Lab {
    let side = |[hold, keepalive]: [i64; 2]| {
        format!("{{bgp: {{hold: {hold}s, keepalive: {keepalive}s}}}}")
    };
    let sides = format!("ra: {}, rb: {}", side(timers[0]), side(timers[1]));
    Pair { sides: &sides, ..Pair::default() }.lab(seconds, fault)
}

/// Timers, H, and the keepalive intervals of `ra` and `rb`, in milliseconds.
const CASES: [(Timers, i64, [i64; 2]); 18] = [
    ([[90, 30], [90, 30]], 90_000, [30_000, 30_000]),
    ([[180, 60], [180, 60]], 180_000, [60_000, 60_000]),
    ([[9, 3], [9, 3]], 9_000, [3_000, 3_000]),
    ([[3, 1], [3, 1]], 3_000, [1_000, 1_000]),
    ([[240, 80], [240, 80]], 240_000, [80_000, 80_000]),
    // The smaller hold time wins, and takes the other's keepalive down to a third of it.
    ([[90, 30], [180, 60]], 90_000, [30_000, 30_000]),
    ([[240, 80], [90, 30]], 90_000, [30_000, 30_000]),
    ([[30, 10], [9, 3]], 9_000, [3_000, 3_000]),
    ([[6, 2], [3, 1]], 3_000, [1_000, 1_000]),
    ([[180, 60], [60, 20]], 60_000, [20_000, 20_000]),
    // A shorter keepalive stays: its receiver knows its peer younger.
    ([[90, 10], [90, 30]], 90_000, [10_000, 30_000]),
    ([[90, 30], [90, 5]], 90_000, [30_000, 5_000]),
    ([[180, 20], [60, 20]], 60_000, [20_000, 20_000]),
    ([[12, 2], [20, 1]], 12_000, [2_000, 1_000]),
    ([[45, 15], [60, 10]], 45_000, [15_000, 10_000]),
    ([[30, 1], [90, 30]], 30_000, [1_000, 10_000]),
    // A longer one becomes a third.
    ([[12, 12], [12, 4]], 12_000, [4_000, 4_000]),
    ([[21, 1], [21, 19]], 21_000, [1_000, 7_000]),
];

#[test]
fn a_silent_path_is_seen_a_hold_time_after_the_last_keepalive() {
    for (timers, hold, [keepalive_a, keepalive_b]) in CASES {
        let lab = lab(timers, 380, "{at: 100s, inject: {circuit_silent: {circuit: c1}}}");
        let seen = many(&lab, 200, |run| {
            ["ra", "rb"].map(|router| {
                let row = run.session("p/ipv4", router, Went::Down)[0];
                assert_eq!(row.reason, "hold_timer_expired");
                assert_eq!(row.detected_by, Some(DetectedBy::Local));
                let at = nanos(row.at_s) - BEGIN;
                assert_eq!(row.detection_s.map(nanos), Some(at));
                at
            })
        });
        for (end, keepalive) in [keepalive_b, keepalive_a].into_iter().enumerate() {
            let values: Vec<i64> = seen.iter().map(|both| both[end]).collect();
            let range = ((hold - keepalive) * MS, hold * MS);
            assert_fill(&values, range, keepalive * MS / 5, &format!("{timers:?} end {end}"));
        }
    }
}

#[test]
fn of_a_one_way_silence_the_deaf_end_expires_first_and_the_other_after_its_tcp_stalls() {
    // The deaf end's keepalives arrive, but no acknowledgement comes back. The first of them that
    // is not acknowledged stops the connection: nothing new is sent before it is, so neither
    // later keepalives nor the NOTIFICATION get out, and the other end expires H after it. It is
    // sent at most K after the last that was acknowledged, which may have been sent two delays
    // before the fault; it arrives a delay after it was sent.
    for (timers, hold, keepalives) in CASES {
        for (deaf, other, mine, theirs) in
            [("ra", "rb", keepalives[0], keepalives[1]), ("rb", "ra", keepalives[1], keepalives[0])]
        {
            let fault = format!(
                "{{at: 100s, inject: {{circuit_silent: {{circuit: c1, toward: {deaf}}}}}}}"
            );
            let lab = lab(timers, 480, &fault);
            let seen = many(&lab, 40, |run| {
                [deaf, other].map(|router| {
                    let row = run.session("p/ipv4", router, Went::Down)[0];
                    let told = (row.reason.as_str(), row.detected_by);
                    let expected = ("hold_timer_expired", Some(DetectedBy::Local));
                    assert_eq!(told, expected, "{timers:?} {router}, {deaf} deaf");
                    nanos(row.at_s) - BEGIN
                })
            });
            let values = |end: usize| seen.iter().map(|both| both[end]).collect::<Vec<_>>();
            let what = format!("{timers:?} {deaf} deaf");
            let range = ((hold - theirs) * MS, hold * MS);
            assert_fill(&values(0), range, theirs * MS * 2 / 5, &what);
            // A keepalive within a second of it, before the first retransmission, still gets out
            // (RFC 6298 §2.4): with K = 1 s the next one does, 0.75 to 1 s later.
            let (next, last, slack) =
                if mine == 1_000 { (750, 1_000, 600) } else { (0, 0, mine * 2 / 5) };
            let range = ((hold + next) * MS - DELAY, (hold + mine + last) * MS - DELAY);
            assert_fill(&values(1), range, slack * MS, &what);
        }
    }
}

#[test]
fn without_a_hold_time_nobody_notices() {
    for timers in [[[0, 0], [0, 0]], [[0, 0], [90, 30]], [[9, 3], [0, 0]]] {
        let lab = lab(timers, 1_000, "{at: 100s, inject: {circuit_silent: {circuit: c1}}}");
        let run = lab.run(1);
        assert_eq!(run.0.result.sessions, [], "{timers:?}");
        assert_eq!(nanos(run.forward().lost_s), 900 * S);
    }
}

#[test]
fn a_silence_that_tcp_outlasts_is_not_seen() {
    // Silent for X. A keepalive sent at s in it comes again at s + 1, 3, 7, ... s; the first of
    // these after X is at most s + 2 (X - s) + 1. The session is lost only if that is later than
    // H after the keepalive before, sent at most K before s: if 2 X + 1 > H - K.
    // 90/30: X up to 29 s is safe. 9/3: X up to 2.4 s. 3/1: X up to 0.4 s.
    for (timers, lasts) in [
        ([[90, 30], [90, 30]], "29s"),
        ([[90, 30], [90, 30]], "5s"),
        ([[9, 3], [9, 3]], "2400ms"),
        ([[3, 1], [3, 1]], "400ms"),
        ([[180, 60], [90, 30]], "1s"),
    ] {
        let fault =
            format!("{{at: 100s, for: {lasts}, inject: {{circuit_silent: {{circuit: c1}}}}}}");
        let lab = lab(timers, 500, &fault);
        for rows in many(&lab, 200, |run| run.0.result.sessions.clone()) {
            assert_eq!(rows, [], "{timers:?} {lasts}");
        }
    }
}

#[test]
fn a_retransmission_that_arrives_acknowledges_what_its_sender_has_received() {
    // Nothing reaches `ra` for 20 s of a hold time of 30 s, though `rb` goes on hearing it. Then both
    // send again what was not acknowledged, at 1, 3, 7, 15 and 31 s of a keepalive of each. `ra` is
    // in time if it hears one of `rb` before its hold time is over; that one acknowledges what `ra`
    // has sent, so that its keepalives flow, whenever its own next repetition would be.
    let silent = "{at: 100s, for: 20s, inject: {circuit_silent: {circuit: c1, toward: ra}}}";
    let lab = lab([[30, 10], [30, 10]], 300, silent);
    let survived = many(&lab, 60, |run| {
        let deaf = run.down("ra").map(|(at, why)| (at, why.to_owned()));
        let other = run.down("rb");
        if let Some((_, why)) = &deaf {
            assert_eq!(why, "hold_timer_expired");
        } else {
            assert_eq!(other, None, "heard again, and yet given up");
        }
        deaf.is_none()
    });
    assert!(survived.contains(&true) && survived.contains(&false));
}

#[test]
fn a_hold_time_of_an_hour_is_no_unrest() {
    let session = "bgp: {hold: 3600s}";
    let run = Pair { session, ..Pair::default() }.run(200, "circuit_silent: {circuit: c1}");
    assert_ne!(run.0.result.verdict, Verdict::Inconclusive);
    assert_eq!(nanos(run.forward().lost_s), 100 * S);
    assert_eq!(run.0.result.sessions, []);
}

#[test]
fn the_faster_of_bfd_and_hold_timer_is_the_reason() {
    // BFD of 6 × 1 s (5 to 6 s) against a hold time of 3 s (2 to 3 s), and against 9 s (6 to 9 s).
    for (hold, reason, range) in
        [(3, "hold_timer_expired", 2 * S..=3 * S), (9, "bfd_down", 5 * S..=6 * S)]
    {
        let session = format!("bgp: {{hold: {hold}s}}, bfd: {{tx: 1s, rx: 1s, multiplier: 6}}");
        let pair = Pair { session: &session, ..Pair::default() };
        let lab = pair.lab(130, "{at: 100s, inject: {circuit_silent: {circuit: c1}}}");
        for (at, why) in many(&lab, 50, |run| {
            let (at, why) = run.down("ra").expect("it is seen");
            (at, why.to_owned())
        }) {
            assert_eq!(why, reason);
            assert!(range.contains(&at), "{at}");
        }
    }
}

#[test]
fn of_two_faults_the_one_that_ended_the_keepalives_is_to_blame() {
    // The directions of a session ride a member each, or one. The first fault takes one member, the
    // second, 15 s later, the other. What either does alone tells which of them was it.
    let circuits = "c1: {speed: 10G, length: 20km}, c2: {speed: 10G, length: 20km}";
    let session = "bgp: {hold: 30s, keepalive: 10s}";
    let pair = Pair { circuits, session, ..Pair::default() };
    let first = "{at: 100s, inject: {circuit_silent: {circuit: c1}}}";
    let second = "{at: 115s, inject: {circuit_silent: {circuit: c2}}}";
    let both = format!("{first}, {second}");
    let [first, second, both] = [first, second, &both].map(|faults| pair.lab(200, faults));
    let mut by_first = 0;
    for seed in 1..=40 {
        let [first, second, both] = [&first, &second, &both].map(|lab| lab.run(seed));
        for router in ["ra", "rb"] {
            let row = both.session("p/ipv4", router, Went::Down)[0];
            assert_eq!(row.reason, "hold_timer_expired");
            let at = nanos(row.at_s) - BEGIN;
            let alone = |run: &Run| run.down(router).is_some_and(|(alone, _)| alone == at);
            let began = if alone(&first) { 0 } else { 15 * S };
            assert!(alone(&first) || alone(&second), "seed {seed} {router}");
            assert_eq!(row.detection_s.map(nanos), Some(at - began), "seed {seed} {router}");
            // Later than a hold time: its peer had stalled.
            by_first += i32::from(alone(&first) && at > 30 * S);
        }
    }
    assert!(by_first > 0, "some were stalled when the second fault came");
}

#[test]
fn a_keepalive_counts_from_when_it_came_though_the_way_has_become_longer_since() {
    let design = "pnilab: topology/1
metros: {m: {}}
sites: {s: {metro: m}}
networks: {a: {asn: 64500, igp: {kind: ospf}}}
routers: {ra: {network: a, site: s}, rb: {network: a, site: s}, rc: {network: a, site: s}}
links:
  short: {ends: [ra, rb], circuits: {c1: {speed: 10G, length: 20km}}}
  one: {ends: [ra, rc], circuits: {c2: {speed: 10G, length: 200km}}}
  two: {ends: [rc, rb], circuits: {c3: {speed: 10G, length: 200km}}}
prefixes: {203.0.113.0/24: {network: a, routers: rb}}
";
    let cut = "{at: 100s, inject: {circuit_cut: {circuit: c1}}}";
    let silent = "{at: 103s, inject: {circuit_silent: {circuit: c3}}}";
    let lab = Lab::new(design, 300, &format!("{cut}, {silent}"));
    for seed in 1..=10 {
        let downs = |hellos| {
            let run = lab.run_with(seed, hellos);
            let down = |router| nanos(run.session("ra--rb/ipv4", router, Went::Down)[0].at_s);
            ["ra", "rb"].map(down)
        };
        assert_eq!(downs(Hellos::Computed), downs(Hellos::Sent), "seed {seed}");
    }
}
