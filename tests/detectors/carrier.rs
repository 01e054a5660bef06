//! Loss of signal, Remote Fault, carrier delay, carriers' waves and protection.

use pnilab::report::data::DetectedBy;

use crate::lab::{BEGIN, MS, Pair, Run, S, US, nanos};

/// `[los, carrier_delay_down, carrier_delay_up]` in milliseconds at `ra` and at `rb`.
type Timers = [[i64; 3]; 2];

fn pair(timers: Timers, km: i64, transport: &str, lasts: Option<&str>, fault: &str) -> Run {
    let lasts = lasts.map_or(String::new(), |lasts| format!(" for: {lasts},"));
    faults(timers, km, transport, &format!("{{at: 100s,{lasts} inject: {{{fault}}}}}"))
}

fn faults(timers: Timers, km: i64, transport: &str, faults: &str) -> Run {
    let side = |[los, down, up]: [i64; 3]| {
        format!(
            "interface: {{los: {los}ms, carrier_delay_down: {down}ms, carrier_delay_up: {up}ms}}"
        )
    };
    let sides = format!("ra: {{{}}}, rb: {{{}}}", side(timers[0]), side(timers[1]));
    let circuits = format!("c1: {{speed: 10G, length: {km}km{transport}}}");
    let pair = Pair { circuits: &circuits, sides: &sides, ..Pair::default() };
    pair.lab(130, faults).run(1)
}

/// When the interfaces of `c1` went down (and up) at `ra` and `rb`, in microseconds.
fn interfaces(run: &Run, to: &str) -> [Vec<i64>; 2] {
    ["ra", "rb"].map(|router| {
        let all = run.became("interface", "c1", router, to);
        all.into_iter().inspect(|at| assert_eq!(at % US, 0)).map(|at| at / US).collect()
    })
}

fn once(at: [Option<i64>; 2]) -> [Vec<i64>; 2] {
    at.map(|at| at.into_iter().collect())
}

const BOTH: &str = "circuit_cut: {circuit: c1}";
const TOWARD_A: &str = "circuit_cut: {circuit: c1, toward: ra}";
const TOWARD_B: &str = "circuit_cut: {circuit: c1, toward: rb}";

#[test]
fn a_cut_of_both_fibres_is_seen_at_each_end_after_its_own_los_and_carrier_delay() {
    // Each end: los + carrier_delay_down. Length does not matter: light is lost at the receiver.
    let cases: [(Timers, i64, [i64; 2]); 14] = [
        ([[10, 0, 200], [10, 0, 200]], 20, [10_000, 10_000]),
        ([[10, 0, 200], [10, 0, 200]], 2_000, [10_000, 10_000]),
        ([[0, 0, 200], [0, 0, 200]], 20, [0, 0]),
        ([[1, 0, 200], [50, 0, 200]], 20, [1_000, 50_000]),
        ([[50, 0, 200], [1, 0, 200]], 20, [50_000, 1_000]),
        ([[10, 100, 200], [10, 0, 200]], 20, [110_000, 10_000]),
        ([[10, 0, 200], [10, 100, 200]], 20, [10_000, 110_000]),
        ([[10, 2_000, 200], [10, 2_000, 200]], 20, [2_010_000, 2_010_000]),
        ([[0, 2_000, 200], [0, 1_000, 200]], 20, [2_000_000, 1_000_000]),
        ([[3, 4, 200], [5, 6, 200]], 100, [7_000, 11_000]),
        ([[20, 30, 0], [40, 50, 0]], 1, [50_000, 90_000]),
        ([[25, 25, 5], [30, 20, 5]], 1, [50_000, 50_000]),
        ([[1, 0, 0], [1, 1, 0]], 400, [1_000, 2_000]),
        ([[999, 1, 0], [1, 999, 0]], 400, [1_000_000, 1_000_000]),
    ];
    for (timers, km, down) in cases {
        let run = pair(timers, km, "", None, BOTH);
        assert_eq!(interfaces(&run, "down"), once(down.map(Some)), "{timers:?} {km} km");
        assert_eq!(interfaces(&run, "up"), once([None; 2]));
        // Fast external fallover: BGP goes down at the same instant, by its own means.
        for (router, at) in ["ra", "rb"].into_iter().zip(down) {
            assert_eq!(run.down(router), Some((at * US, "interface_down")), "{timers:?}");
        }
        for row in &run.0.result.sessions {
            assert_eq!(row.detection_s.map(nanos), Some(nanos(row.at_s) - BEGIN));
            assert_eq!(row.detected_by, Some(DetectedBy::Local));
        }
    }
}

#[test]
fn a_cut_of_one_fibre_is_told_to_the_other_end_by_remote_fault() {
    // The deaf end: its los + delay. Its Remote Fault begins after its los, whatever its own
    // carrier delay is, takes 5 us/km, and the other end adds its own carrier delay (not its los).
    let cases: [(Timers, i64, &str, [i64; 2]); 14] = [
        ([[10, 0, 0], [10, 0, 0]], 20, TOWARD_B, [10_100, 10_000]),
        ([[10, 0, 0], [10, 0, 0]], 20, TOWARD_A, [10_000, 10_100]),
        ([[10, 0, 0], [10, 0, 0]], 2_000, TOWARD_B, [20_000, 10_000]),
        ([[10, 0, 0], [10, 0, 0]], 1_000, TOWARD_A, [10_000, 15_000]),
        ([[1, 0, 0], [50, 0, 0]], 20, TOWARD_B, [50_100, 50_000]),
        ([[1, 0, 0], [50, 0, 0]], 20, TOWARD_A, [1_000, 1_100]),
        ([[10, 100, 0], [10, 0, 0]], 20, TOWARD_B, [110_100, 10_000]),
        ([[10, 0, 0], [10, 100, 0]], 20, TOWARD_B, [10_100, 110_000]),
        ([[10, 300, 0], [10, 100, 0]], 20, TOWARD_B, [310_100, 110_000]),
        ([[10, 300, 0], [10, 100, 0]], 20, TOWARD_A, [310_000, 110_100]),
        ([[0, 0, 0], [0, 0, 0]], 200, TOWARD_A, [0, 1_000]),
        ([[0, 0, 0], [0, 5, 0]], 200, TOWARD_A, [0, 6_000]),
        ([[7, 2_000, 0], [7, 2_000, 0]], 40, TOWARD_B, [2_007_200, 2_007_000]),
        ([[7, 2_000, 0], [9, 0, 0]], 40, TOWARD_A, [2_007_000, 7_200]),
    ];
    for (timers, km, fault, down) in cases {
        let run = pair(timers, km, "", None, fault);
        assert_eq!(interfaces(&run, "down"), once(down.map(Some)), "{timers:?} {km} km {fault}");
        for (router, at) in ["ra", "rb"].into_iter().zip(down) {
            assert_eq!(run.down(router), Some((at * US, "interface_down")), "{timers:?}");
        }
    }
}

#[test]
fn a_flap_shorter_than_los_and_carrier_delay_is_not_seen() {
    // Down after los + delay if light is still missing then; at the very instant it returns, it
    // has returned (a fault, or a packet, comes before a timer).
    // One fibre: the other end has Remote Fault for (length of flap - los of the deaf end).
    let cases: [(Timers, &str, &str, [Option<i64>; 2]); 16] = [
        ([[10, 0, 0], [10, 0, 0]], BOTH, "9ms", [None, None]),
        ([[10, 0, 0], [10, 0, 0]], BOTH, "10ms", [None, None]),
        ([[10, 0, 0], [10, 0, 0]], BOTH, "10001us", [Some(10_000), Some(10_000)]),
        ([[10, 0, 0], [20, 0, 0]], BOTH, "15ms", [Some(10_000), None]),
        ([[10, 0, 0], [20, 0, 0]], BOTH, "20ms", [Some(10_000), None]),
        ([[10, 100, 0], [10, 50, 0]], BOTH, "100ms", [None, Some(60_000)]),
        ([[10, 100, 0], [10, 100, 0]], BOTH, "110ms", [None, None]),
        ([[10, 100, 0], [10, 100, 0]], BOTH, "111ms", [Some(110_000), Some(110_000)]),
        ([[0, 2_000, 0], [0, 2_000, 0]], BOTH, "1999ms", [None, None]),
        ([[10, 0, 0], [10, 0, 0]], TOWARD_B, "10ms", [None, None]),
        ([[10, 0, 0], [10, 0, 0]], TOWARD_B, "11ms", [Some(10_100), Some(10_000)]),
        // ra has Remote Fault for 40 - 10 = 30 ms.
        ([[10, 30, 0], [10, 0, 0]], TOWARD_B, "40ms", [None, Some(10_000)]),
        ([[10, 29, 0], [10, 0, 0]], TOWARD_B, "40ms", [Some(39_100), Some(10_000)]),
        ([[10, 0, 0], [10, 30, 0]], TOWARD_B, "40ms", [Some(10_100), None]),
        ([[10, 0, 0], [10, 30, 0]], TOWARD_A, "40ms", [Some(10_000), None]),
        ([[50, 0, 0], [10, 0, 0]], TOWARD_A, "40ms", [None, None]),
    ];
    for (timers, fault, lasts, down) in cases {
        let run = pair(timers, 20, "", Some(lasts), fault);
        assert_eq!(interfaces(&run, "down"), once(down), "{timers:?} {fault} {lasts}");
    }
}

#[test]
fn an_interface_comes_up_after_the_light_has_been_back_for_carrier_delay_up() {
    // Mended after a second. Both fibres: 1 s + own delay. One fibre: the end that heard Remote
    // Fault waits for its end to arrive as well.
    let cases: [(Timers, i64, &str, [i64; 2]); 8] = [
        ([[10, 0, 200], [10, 0, 200]], 20, BOTH, [1_200_000, 1_200_000]),
        ([[10, 0, 0], [10, 0, 0]], 20, BOTH, [1_000_000, 1_000_000]),
        ([[10, 0, 200], [10, 0, 500]], 20, BOTH, [1_200_000, 1_500_000]),
        ([[40, 0, 2_000], [1, 0, 0]], 20, BOTH, [3_000_000, 1_000_000]),
        ([[10, 0, 200], [10, 0, 200]], 20, TOWARD_B, [1_200_100, 1_200_000]),
        ([[10, 0, 200], [10, 0, 200]], 2_000, TOWARD_B, [1_210_000, 1_200_000]),
        ([[10, 0, 200], [10, 0, 200]], 20, TOWARD_A, [1_200_000, 1_200_100]),
        ([[10, 0, 0], [10, 0, 300]], 400, TOWARD_A, [1_000_000, 1_302_000]),
    ];
    for (timers, km, fault, up) in cases {
        let run = pair(timers, km, "", Some("1s"), fault);
        assert_eq!(interfaces(&run, "up"), once(up.map(Some)), "{timers:?} {km} km {fault}");
    }
}

#[test]
fn carrier_delay_up_starts_anew_whenever_the_light_goes_again() {
    let timers = [[10, 0, 200], [10, 0, 200]];
    // 1 s dark, 0.15 s light, over and over for 10 s: the light never lasts for 200 ms. The fault
    // ends at 10 s, within the ninth dark time (9.2 to 10.2 s).
    let flap = "circuit_flap: {circuit: c1, down: 1s, up: 150ms}";
    let run = pair(timers, 20, "", Some("10s"), flap);
    assert_eq!(interfaces(&run, "down"), once([Some(10_000); 2]));
    assert_eq!(interfaces(&run, "up"), once([Some(10_200_000); 2]));
    // With 0.3 s of light it is up for 0.1 + 0.01 s each time: dark at 0, 1.3, 2.6, 3.9 s.
    let flap = "circuit_flap: {circuit: c1, down: 1s, up: 300ms}";
    let run = pair(timers, 20, "", Some("5s"), flap);
    let down: Vec<i64> = vec![10_000, 1_310_000, 2_610_000, 3_910_000];
    let up: Vec<i64> = vec![1_200_000, 2_500_000, 3_800_000, 5_100_000];
    assert_eq!(interfaces(&run, "down"), [down.clone(), down]);
    assert_eq!(interfaces(&run, "up"), [up.clone(), up]);
}

#[test]
fn a_dead_optic_card_or_router_is_dark_at_its_end_at_once_and_at_the_other_after_los() {
    let timers = [[10, 30, 0], [20, 40, 0]];
    // The dead end has no port any more; the other loses light: 10 + 30 ms, 20 + 40 ms.
    let cases = [
        ("optic_fail: {circuit: c1, router: ra}", [Some(0), Some(60_000)]),
        ("optic_fail: {circuit: c1, router: rb}", [Some(40_000), Some(0)]),
        ("router_power_off: {router: ra}", [Some(0), Some(60_000)]),
        ("router_power_off: {router: rb}", [Some(40_000), Some(0)]),
        ("router_crash: {router: rb}", [Some(40_000), Some(0)]),
        ("circuit_silent: {circuit: c1}", [None, None]),
        ("circuit_silent: {circuit: c1, toward: ra}", [None, None]),
    ];
    for (fault, down) in cases {
        let run = pair(timers, 20, "", None, fault);
        assert_eq!(interfaces(&run, "down"), once(down), "{fault}");
    }
}

#[test]
fn a_carriers_wave_hides_a_cut_or_forwards_it_after_its_hold_off() {
    let timers = [[10, 0, 0], [20, 30, 0]];
    let wave = |keys: &str| format!(", transport: {{{keys}}}");
    let forwards = "signal_forwarding: true";
    let held = "signal_forwarding: true, hold_off: 100ms";
    // Forwarded: hold-off + los + delay. One way: the deaf end's Remote Fault passes the wave.
    let cases = [
        ("", BOTH, [None, None]),
        ("", TOWARD_A, [None, None]),
        (forwards, BOTH, [Some(10_000), Some(50_000)]),
        (held, BOTH, [Some(110_000), Some(150_000)]),
        (held, TOWARD_A, [Some(110_000), Some(140_100)]),
        (held, TOWARD_B, [Some(120_100), Some(150_000)]),
        (forwards, TOWARD_A, [Some(10_000), Some(40_100)]),
        ("", "router_power_off: {router: rb}", [None, Some(0)]),
        (held, "router_power_off: {router: rb}", [Some(110_000), Some(0)]),
        (forwards, "optic_fail: {circuit: c1, router: ra}", [Some(0), Some(50_000)]),
        // Protection that switches before the hold-off is over hides the cut from the routers;
        // one that switches later does so only within their los.
        ("protection: protected", BOTH, [None, None]),
        ("signal_forwarding: true, hold_off: 100ms, protection: protected", BOTH, [None, None]),
        (
            "signal_forwarding: true, hold_off: 45ms, protection: protected, switch_time: 50ms",
            BOTH,
            [None, None],
        ),
        (
            "signal_forwarding: true, hold_off: 40ms, protection: protected, switch_time: 60ms",
            BOTH,
            [Some(50_000), None],
        ),
        (
            "signal_forwarding: true, protection: protected, switch_time: 60ms",
            BOTH,
            [Some(10_000), Some(50_000)],
        ),
    ];
    for (keys, fault, down) in cases {
        let run = pair(timers, 20, &wave(keys), None, fault);
        assert_eq!(interfaces(&run, "down"), once(down), "{keys} {fault}");
    }
}

#[test]
fn protection_costs_its_switch_time_once_and_nothing_on_the_way_back() {
    let transport = ", transport: {protection: protected, switch_time: 35ms}";
    let timers = [[10, 0, 0], [10, 0, 0]];
    for (fault, gaps) in [(BOTH, [35, 35]), (TOWARD_A, [35, 0]), (TOWARD_B, [0, 35])] {
        let run = pair(timers, 20, transport, Some("10s"), fault);
        // Forward goes from rb to ra.
        let seen = [run.forward(), run.back()].map(|m| nanos(m.longest_gap_s) / MS);
        assert_eq!(seen, gaps, "{fault}");
        let lost = [run.forward(), run.back()].map(|m| nanos(m.lost_s) / MS);
        assert_eq!(lost, gaps, "{fault}");
    }
}

#[test]
fn traffic_is_lost_for_a_short_flap_and_for_as_long_as_the_ports_speak_of_faults() {
    // Carrier delays of 1 s hide all of these from the interfaces. Forward is rb to ra.
    let timers = [[10, 1_000, 0], [10, 1_000, 0]];
    let cases = [
        // Both fibres: no frame while the light is away.
        (BOTH, "5ms", 20, [5_000, 5_000]),
        (BOTH, "10ms", 20, [10_000, 10_000]),
        (BOTH, "30ms", 20, [30_000, 30_000]),
        // Shorter than los: one fibre, one direction.
        (TOWARD_B, "8ms", 20, [0, 8_000]),
        (TOWARD_A, "8ms", 20, [8_000, 0]),
        // Longer: from 10 ms on rb sends Remote Fault instead of frames (30 - 10 = 20 ms), and ra
        // sends nothing until it has heard the end of it (30 ms + 100 us).
        (TOWARD_B, "30ms", 20, [20_000, 30_100]),
        (TOWARD_A, "30ms", 20, [30_100, 20_000]),
        (TOWARD_B, "500ms", 400, [490_000, 502_000]),
    ];
    for (fault, lasts, km, gaps) in cases {
        let run = pair(timers, km, "", Some(lasts), fault);
        let seen = [run.forward(), run.back()].map(|m| nanos(m.longest_gap_s) / US);
        assert_eq!(seen, gaps, "{fault} {lasts}");
        assert_eq!(interfaces(&run, "down"), once([None; 2]));
    }
}

#[test]
fn without_another_path_the_gap_lasts_until_the_routes_are_back() {
    // Cut for 1 s. Both ends call when their interfaces are up, at 1.2 s; ra's call is kept and
    // established after 4 one-way delays of 100 us, rb's end after 5. ra tells its prefix 50 us
    // later, which rb takes in 100 + 50 us later and writes in another 50 us (forward); the other
    // way rb tells at 500 + 50 us.
    let run = pair([[10, 0, 200], [10, 0, 200]], 20, "", Some("1s"), BOTH);
    assert_eq!(run.up("ra"), Some(1_200 * MS + 400 * US));
    assert_eq!(run.up("rb"), Some(1_200 * MS + 500 * US));
    let gaps = [run.forward(), run.back()].map(|m| nanos(m.longest_gap_s));
    assert_eq!(gaps[0], S + 200 * MS + (400 + 50 + 100 + 50 + 50) * US);
    assert_eq!(gaps[1], S + 200 * MS + (500 + 50 + 100 + 50 + 50) * US);
}

#[test]
fn remote_fault_that_was_received_before_the_light_went_stays() {
    // The fibre towards ra is cut first: ra is deaf at 10 ms, rb hears so 100 us later and is down.
    // At 1 s the other fibre is cut too: nothing more arrives at rb, which changes nothing. At 2 s
    // ra's light is back and brings the Remote Fault of rb, which has been deaf since 1.01 s. At
    // 3 s rb's light is back and brings no fault: rb is up, and ra when it has heard of that.
    let cuts = "{at: 100s, for: 2s, inject: {circuit_cut: {circuit: c1, toward: ra}}},
                {at: 101s, for: 2s, inject: {circuit_cut: {circuit: c1, toward: rb}}}";
    let run = faults([[10, 0, 0], [10, 0, 0]], 20, "", cuts);
    assert_eq!(interfaces(&run, "down"), once([Some(10_000), Some(10_100)]));
    assert_eq!(interfaces(&run, "up"), once([Some(3_000_100), Some(3_000_000)]));
}

#[test]
fn remote_fault_shorter_than_the_way_is_seen_too() {
    // 15 ms dark: rb is deaf from 10 to 15 ms. Over 2,000 km ra hears of it from 20 to 25 ms.
    let run = pair([[10, 0, 0], [10, 0, 0]], 2_000, "", Some("15ms"), TOWARD_B);
    assert_eq!(interfaces(&run, "down"), once([Some(20_000), Some(10_000)]));
    assert_eq!(interfaces(&run, "up"), once([Some(25_000), Some(15_000)]));
}

#[test]
fn a_silence_is_idles_and_idles_end_remote_fault() {
    // ra is down by rb's Remote Fault alone when what rb sends is swallowed at 1 s.
    let swallowed = "{at: 100s, inject: {circuit_cut: {circuit: c1, toward: rb}}},
                     {at: 101s, inject: {circuit_silent: {circuit: c1, toward: ra}}}";
    let run = faults([[10, 0, 0], [10, 0, 0]], 20, "", swallowed);
    assert_eq!(interfaces(&run, "down"), once([Some(10_100), Some(10_000)]));
    assert_eq!(interfaces(&run, "up"), once([Some(1_000_100), None]));
}

#[test]
fn protection_switches_though_nothing_was_sent_on_the_line_when_it_was_cut() {
    // rb's optic is dead for 20 s; the line is cut at 10 s and switched long before the optic is
    // back. Both interfaces are up then: nothing is left to wait for until 70 s.
    let faulty = "{at: 100s, for: 20s, inject: {optic_fail: {circuit: c1, router: rb}}},
                  {at: 110s, for: 60s, inject: {circuit_cut: {circuit: c1}}}";
    let keys = "signal_forwarding: true, hold_off: 20ms, protection: protected, switch_time: 50ms";
    let wave = format!(", transport: {{{keys}}}");
    let run = faults([[10, 0, 0], [10, 0, 0]], 20, &wave, faulty);
    // What ra sends is lost for the 50 ms: rb is dead and does not see it.
    assert_eq!(interfaces(&run, "down"), once([Some(30_000), Some(0)]));
    assert_eq!(interfaces(&run, "up"), once([Some(20_000_000); 2]));
}
