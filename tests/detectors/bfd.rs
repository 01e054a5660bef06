//! BFD of sessions and of LAG members.
//!
//! An end waits for the peer's Detect Mult × max(own rx, peer's tx) since the last packet. The
//! peer sends every max(own tx, the other's rx), 75 % to 100 % of it (with a Detect Mult of 1 at
//! most 90 %), so the last packet is younger than the longest gap when the fault comes.

use pnilab::report::data::{DetectedBy, Went};

use crate::lab::{BEGIN, Lab, MS, Pair, S, US, assert_fill, many, nanos};

/// `[tx, rx, multiplier]` at `ra` and at `rb`, in milliseconds.
type Timers = [[i64; 3]; 2];
/// Detection lies above the first and is at most the second, in milliseconds.
type Range = (i64, i64);

/// One way over 20 km.
const DELAY: i64 = 100 * US;

fn lab(timers: Timers, seconds: i64, fault: &str) -> Lab {
    let side = |[tx, rx, mult]: [i64; 3]| {
        format!("{{sessions: {{ipv4: {{bfd: {{tx: {tx}ms, rx: {rx}ms, multiplier: {mult}}}}}}}}}")
    };
    let sides = format!("ra: {}, rb: {}", side(timers[0]), side(timers[1]));
    Pair { sides: &sides, ..Pair::default() }.lab(seconds, fault)
}

const SILENT: &str = "{at: 100s, inject: {circuit_silent: {circuit: c1}}}";

const CASES: [(Timers, Range, Range); 22] = [
    ([[300, 300, 3], [300, 300, 3]], (600, 900), (600, 900)),
    ([[50, 50, 3], [50, 50, 3]], (100, 150), (100, 150)),
    ([[10, 10, 3], [10, 10, 3]], (20, 30), (20, 30)),
    ([[1, 1, 3], [1, 1, 3]], (2, 3), (2, 3)),
    ([[300, 300, 2], [300, 300, 2]], (300, 600), (300, 600)),
    ([[300, 300, 5], [300, 300, 5]], (1_200, 1_500), (1_200, 1_500)),
    ([[300, 300, 10], [300, 300, 10]], (2_700, 3_000), (2_700, 3_000)),
    ([[300, 300, 20], [300, 300, 20]], (5_700, 6_000), (5_700, 6_000)),
    ([[250, 250, 4], [250, 250, 4]], (750, 1_000), (750, 1_000)),
    ([[1_000, 1_000, 3], [1_000, 1_000, 3]], (2_000, 3_000), (2_000, 3_000)),
    ([[1_000, 1_000, 5], [1_000, 1_000, 5]], (4_000, 5_000), (4_000, 5_000)),
    ([[3_000, 3_000, 5], [3_000, 3_000, 5]], (12_000, 15_000), (12_000, 15_000)),
    // The slower end wins both ways: max(300, 750).
    ([[300, 300, 3], [750, 750, 3]], (1_500, 2_250), (1_500, 2_250)),
    ([[400, 400, 3], [300, 300, 3]], (800, 1_200), (800, 1_200)),
    // The peer's multiplier counts: ra waits 5 × 300, rb 3 × 300.
    ([[300, 300, 3], [300, 300, 5]], (1_200, 1_500), (600, 900)),
    // b to a: max(tx 100, rx 100) × 5. a to b: max(100, 400) × 3.
    ([[100, 100, 3], [100, 400, 5]], (400, 500), (800, 1_200)),
    // b to a: max(200, 200) × 4. a to b: max(1000, 1000) × 2.
    ([[1_000, 200, 2], [200, 1_000, 4]], (600, 800), (1_000, 2_000)),
    // b to a: max(20, 50) × 4. a to b: max(16, 25) × 3.
    ([[16, 50, 3], [20, 25, 4]], (150, 200), (50, 75)),
    // b to a: max(200, 300) × 3. a to b: max(100, 100) × 3.
    ([[100, 300, 3], [200, 100, 3]], (600, 900), (200, 300)),
    // A multiplier of 1: gaps of at most 90 %, so at least 10 % are left.
    ([[300, 300, 1], [300, 300, 1]], (30, 300), (30, 300)),
    ([[300, 300, 3], [300, 300, 1]], (30, 300), (600, 900)),
    ([[1_000, 100, 1], [100, 100, 2]], (100, 200), (100, 1_000)),
];

/// A fifth of the longest gap: with 200 seeds some last packet is that young, and some that old.
fn slack((above, most): Range) -> i64 {
    (most - above) * MS / 5
}

#[test]
fn a_silent_path_is_seen_by_each_end_within_its_own_detection_time() {
    for (timers, at_a, at_b) in CASES {
        let lab = lab(timers, 120, SILENT);
        let seen = many(&lab, 200, |run| {
            ["ra", "rb"].map(|router| {
                let row = run.session("p/ipv4", router, Went::Down)[0];
                assert_eq!(row.reason, "bfd_down");
                assert_eq!(row.detected_by, Some(DetectedBy::Local));
                let at = nanos(row.at_s) - BEGIN;
                assert_eq!(row.detection_s.map(nanos), Some(at));
                assert_eq!(run.became("bfd", "p/ipv4", router, "down"), [at]);
                at
            })
        });
        for (end, range) in [at_a, at_b].into_iter().enumerate() {
            let values: Vec<i64> = seen.iter().map(|both| both[end]).collect();
            let bounds = (range.0 * MS, range.1 * MS);
            assert_fill(&values, bounds, slack(range), &format!("{timers:?} end {end}"));
        }
    }
}

#[test]
fn the_deaf_end_of_a_one_way_silence_tells_the_other_within_a_one_way_delay() {
    for (timers, at_a, at_b) in CASES {
        let ways = [("ra", "rb", at_a), ("rb", "ra", at_b)];
        for (deaf, other, range) in ways {
            let fault = format!(
                "{{at: 100s, inject: {{circuit_silent: {{circuit: c1, toward: {deaf}}}}}}}"
            );
            let lab = lab(timers, 120, &fault);
            let values = many(&lab, 60, |run| {
                let row = run.session("p/ipv4", deaf, Went::Down)[0];
                assert_eq!(row.detected_by, Some(DetectedBy::Local));
                let told = run.session("p/ipv4", other, Went::Down)[0];
                assert_eq!(told.reason, "bfd_down", "{timers:?} {deaf}");
                assert_eq!(told.detected_by, Some(DetectedBy::Remote));
                assert_eq!(nanos(told.at_s) - nanos(row.at_s), DELAY, "{timers:?} {deaf}");
                nanos(row.at_s) - BEGIN
            });
            let bounds = (range.0 * MS, range.1 * MS);
            assert_fill(&values, bounds, slack(range) * 2, &format!("{timers:?} {deaf}"));
        }
    }
}

#[test]
fn a_silence_shorter_than_detection_is_not_seen() {
    // 300 ms × 3: at least two gaps of up to 300 ms fit in whatever the phase, so 299 ms of
    // silence lose at most two packets in a row: 225 ms apart at least. The longest time without
    // a packet is then 299 + 300 ms of the next gap, less than 900 ms.
    for lasts in ["1ms", "100ms", "299ms"] {
        let fault =
            format!("{{at: 100s, for: {lasts}, inject: {{circuit_silent: {{circuit: c1}}}}}}");
        let lab = lab([[300, 300, 3]; 2], 120, &fault);
        for rows in many(&lab, 200, |run| run.0.result.sessions.len()) {
            assert_eq!(rows, 0, "{lasts}");
        }
    }
}

#[test]
fn whoever_runs_no_bfd_is_not_watched() {
    // rb runs BFD, ra does not: the session never comes up, so nobody misses it.
    let sides = "rb: {sessions: {ipv4: {bfd: {}}}}";
    let hold = "bgp: {hold: 9s, keepalive: 3s}";
    let pair = Pair { sides, session: hold, ..Pair::default() };
    let run = pair.run(130, "circuit_silent: {circuit: c1}");
    for router in ["ra", "rb"] {
        let (at, reason) = run.down(router).expect("the hold timer runs");
        assert_eq!(reason, "hold_timer_expired");
        assert!((6 * S..=9 * S).contains(&at));
    }
}

#[test]
fn after_a_silence_the_first_slow_packet_brings_the_session_up() {
    // Down, an end sends every 0.75 to 1 s (or its tx interval, if that is longer). The first
    // packet after the repair at 20 s finds the peer in Down: Init, answered at once; the sender
    // is Up after 2 one-way delays, its peer after 3.
    for (tx, slowest) in [(300, S), (50, S), (1_000, S), (2_000, 2 * S)] {
        // Repairs at ten instants over a second: jitter alone does not fill the range.
        let sent: Vec<i64> = (0..20)
            .flat_map(|tenths: i64| {
                let lasts = 20_000 + tenths * 100;
                let fault = format!(
                    "{{at: 100s, for: {lasts}ms, inject: {{circuit_silent: {{circuit: c1}}}}}}"
                );
                let lab = lab([[tx, tx, 3]; 2], 140, &fault);
                many(&lab, 20, |run| {
                    let up = |router| run.became("bfd", "p/ipv4", router, "up")[0];
                    let (a, b) = (up("ra"), up("rb"));
                    assert_eq!((a - b).abs(), DELAY);
                    a.min(b) - 2 * DELAY - lasts * MS
                })
            })
            .collect();
        // The earlier of two: the late end of the range is rare.
        assert_fill(&sent, (-1, slowest), slowest * 2 / 5, &format!("{tx} ms"));
    }
}

#[test]
fn after_a_cut_bfd_is_up_two_delays_after_both_interfaces() {
    // Both ends send as their interface comes up. Both at 1.2 s: Down is heard after 1 delay,
    // Init after 2, at both. ra 300 ms earlier: rb's Down makes ra Init (1), rb Up (2), ra Up (3).
    let bfd = "bfd: {}";
    for (ups, at) in [
        ([200, 200], [1_200 * MS + 2 * DELAY, 1_200 * MS + 2 * DELAY]),
        ([200, 500], [1_500 * MS + 3 * DELAY, 1_500 * MS + 2 * DELAY]),
        ([700, 0], [1_700 * MS + 2 * DELAY, 1_700 * MS + 3 * DELAY]),
    ] {
        let side = |up: i64| format!("{{interface: {{carrier_delay_up: {up}ms}}}}");
        let sides = format!("ra: {}, rb: {}", side(ups[0]), side(ups[1]));
        let pair = Pair { sides: &sides, session: bfd, ..Pair::default() };
        let run = pair.run_for(120, "1s", "circuit_cut: {circuit: c1}");
        let up = ["ra", "rb"].map(|router| run.became("bfd", "p/ipv4", router, "up"));
        assert_eq!(up, at.map(|at| vec![at]), "{ups:?}");
        // Loss of signal was faster than BFD could be: the interface is the reason.
        for router in ["ra", "rb"] {
            assert_eq!(run.down(router), Some((10 * MS, "interface_down")));
        }
    }
}

#[test]
fn micro_bfd_takes_a_silent_member_out_within_its_detection_time() {
    let circuits = "c1: {speed: 10G, length: 20km}, c2: {speed: 10G, length: 20km}";
    for (keys, range) in [
        ("tx: 300ms, rx: 300ms, multiplier: 3", (600, 900)),
        ("tx: 100ms, rx: 100ms, multiplier: 3", (200, 300)),
        ("tx: 50ms, rx: 50ms, multiplier: 5", (200, 250)),
        ("tx: 1s, rx: 1s, multiplier: 3", (2_000, 3_000)),
    ] {
        for lacp in ["", ", lacp: {interval: slow}", ", lacp: {interval: fast}"] {
            if lacp.contains("fast") && range.1 > 2_000 {
                continue; // LACP would be as fast.
            }
            let lag = format!("micro_bfd: {{{keys}}}{lacp}");
            let pair = Pair { circuits, lag: &lag, ..Pair::default() };
            let lab = pair.lab(110, "{at: 100s, inject: {circuit_silent: {circuit: c2}}}");
            let seen = many(&lab, 100, |run| {
                assert_eq!(run.0.result.sessions, [], "the other member carries the session on");
                let at = ["ra", "rb"].map(|router| {
                    let down = run.became("bfd", "member/c2", router, "down");
                    assert_eq!(run.became("lag", "p", router, "1 of 2 members"), down, "{lag}");
                    down[0]
                });
                // Half of what rb sends is lost until rb takes the member out.
                let forward = run.forward();
                assert_eq!(nanos(forward.longest_gap_s), at[1], "{lag}");
                assert_eq!(nanos(forward.lost_s), (at[1] + 1) / 2, "{lag}");
                at
            });
            for end in 0..2 {
                let values: Vec<i64> = seen.iter().map(|both| both[end]).collect();
                let bounds = (range.0 * MS, range.1 * MS);
                assert_fill(&values, bounds, slack(range) * 2, &lag);
            }
        }
    }
}

#[test]
fn micro_bfd_of_a_one_way_silence_takes_the_member_out_at_both_ends() {
    let circuits = "c1: {speed: 10G, length: 20km}, c2: {speed: 10G, length: 20km}";
    let lag = "micro_bfd: {tx: 100ms, rx: 100ms, multiplier: 3}";
    let pair = Pair { circuits, lag, ..Pair::default() };
    let lab = pair.lab(110, "{at: 100s, inject: {circuit_silent: {circuit: c2, toward: rb}}}");
    for [a, b] in many(&lab, 50, |run| {
        ["ra", "rb"].map(|router| run.became("lag", "p", router, "1 of 2 members")[0])
    }) {
        assert!((200 * MS..=300 * MS).contains(&b));
        assert_eq!(a, b + DELAY);
    }
}
