//! Members of LAGs that hear the wrong partner, or are not trusted when they return.

use pnilab::observe::Hellos;

use crate::lab::{BEGIN, Lab, MS, Pair, Run, S, US, many, nanos};

const TWO: &str = "c1: {speed: 10G, length: 20km}, c2: {speed: 10G, length: 20km}";

#[test]
fn foreign_lacpdus_take_a_member_out_for_as_long_as_they_come() {
    let lag = "lacp: {interval: fast}";
    let pair = Pair { circuits: TWO, lag, ..Pair::default() };
    let fault = "{at: 100s, for: 10s, inject: {lacp_foreign: {circuit: c1, toward: ra}}}";
    for seed in 1..=20 {
        let run = pair.lab(200, fault).run(seed);
        // `ra` leaves at once and says so; `rb` learns it a delay later.
        assert_eq!(run.became("lag", "p", "ra", "1 of 2 members")[0], 0);
        assert_eq!(run.became("lag", "p", "rb", "1 of 2 members")[0], 100 * US);
        // Half of the traffic towards `ra` is lost for that delay.
        assert_eq!(nanos(run.forward().lost_s), 50 * US);
        // Its own partner is heard within a second, but 2 s of waiting are cut short each second.
        let back = run.became("lag", "p", "ra", "2 of 2 members");
        assert_eq!(back.len(), 1);
        assert!((11 * S..13 * S + 2 * MS).contains(&back[0]), "{}", back[0]);
        // It is back because they have ended, whichever of them was the last.
        let rows = run.0.figures.timeline.iter().filter(|row| row.to == "2 of 2 members");
        assert!(rows.map(|row| row.event.as_str()).all(|event| event == "fault0/end"));
    }
}

#[test]
fn without_a_wait_a_member_flaps_with_each_foreign_pdu() {
    let lag = "lacp: {interval: fast, aggregate_wait: 0s}";
    let pair = Pair { circuits: TWO, lag, ..Pair::default() };
    let fault =
        "{at: 100s, for: 10s, inject: {lacp_foreign: {circuit: c1, toward: ra, every: 2s}}}";
    let run = pair.lab(200, fault).run(1);
    let out = run.became("lag", "p", "ra", "1 of 2 members");
    assert_eq!(out, [0, 2 * S, 4 * S, 6 * S, 8 * S]);
}

/// Two PNIs `p` and `q` of one circuit each, `c1` and `c2`, with these keys. Both end at `ra`, and
/// the first at `rb`, the second at `far`.
fn two_pnis(keys: [&str; 2], far: &str, seconds: i64, faults: &str) -> Lab {
    let pni = |name: &str, circuit: &str, far: &str, keys: &str| {
        format!(
            "  {name}: {{ends: [ra, {far}], relation: peer, circuits: {{{circuit}: {{speed: 10G, \
             length: 20km}}}}, {keys}}}\n"
        )
    };
    let design = format!(
        "pnilab: topology/1
metros: {{m: {{}}}}
sites: {{s: {{metro: m}}}}
networks: {{a: {{asn: 64500, multipath: {{ebgp: 2}}}}, b: {{asn: 64501, multipath: {{ebgp: 2}}}}}}
routers: {{ra: {{network: a, site: s}}, rb: {{network: b, site: s}}, rc: {{network: b, site: s}}}}
pnis:
{}{}prefixes:
  198.51.100.0/24: {{network: a, routers: ra}}
  203.0.113.0/24: {{network: b, routers: rb}}
demands:
  d: {{at: rb, from: 203.0.113.0/24, to: 198.51.100.0/24, rate: 1G, return_rate: 1G}}
",
        pni("p", "c1", "rb", keys[0]),
        pni("q", "c2", far, keys[1])
    );
    Lab::new(&design, seconds, faults)
}

#[test]
fn circuits_that_change_places_are_seen_by_lacp_within_a_second_and_else_by_bfd_or_hold_timer() {
    let fault = "{at: 100s, for: 200s, inject: {wrong_patch: {circuit: [c1, c2]}}}";
    let run =
        two_pnis(["lag: {lacp: {interval: fast}}, sessions: {ipv4: {}}"; 2], "rb", 500, fault)
            .run(1);
    for router in ["ra", "rb"] {
        for pni in ["p", "q"] {
            let down = run.became("lag", pni, router, "down");
            assert!(down.len() == 1 && (1..=S).contains(&down[0]), "{pni} {router} {down:?}");
        }
    }
    // Both PNIs are gone: they come back when the patch does and LACP has waited.
    let gap = nanos(run.forward().longest_gap_s);
    assert!((202 * S..204 * S).contains(&gap), "{gap}");

    let run = two_pnis(["sessions: {ipv4: {bfd: {}}}"; 2], "rb", 200, fault).run(1);
    let (at, why) = run.down("ra").expect("BFD sees it");
    assert!(why == "bfd_down" && (600 * MS..900 * MS).contains(&at));
    assert!(run.became("lag", "p", "ra", "down").is_empty(), "light stays");

    let run = two_pnis(["sessions: {ipv4: {}}"; 2], "rb", 250, fault).run(1);
    let (at, why) = run.down("ra").expect("the hold timer sees it");
    assert!(why == "hold_timer_expired" && (60 * S..90 * S).contains(&at));
}

/// When the LAGs at the ports of both circuits lost their only member, counted from the fault.
fn lost(run: &Run, far: &str) -> [Option<i64>; 4] {
    [("p", "ra"), ("p", "rb"), ("q", "ra"), ("q", far)]
        .map(|(pni, router)| run.became("lag", pni, router, "down").first().copied())
}

const PATCH: &str = "{at: 100s, for: 200s, inject: {wrong_patch: {circuit: [c1, c2]}}}";
const FAST: &str = "lag: {lacp: {interval: fast}}, sessions: {ipv4: {bgp: {hold: 0s}}}";
const SLOW: &str = "lag: {lacp: {interval: slow}}, sessions: {ipv4: {bgp: {hold: 0s}}}";
const STATIC: &str = "sessions: {ipv4: {bgp: {hold: 0s}}}";

#[test]
fn a_stranger_that_speaks_no_lacp_is_missed_after_the_own_timeout() {
    for (keys, range) in [(FAST, 2 * S..=3 * S), (SLOW, 60 * S..=90 * S)] {
        let lab = two_pnis([keys, STATIC], "rb", 300, PATCH);
        for lost in many(&lab, 20, |run| lost(run, "rb")) {
            let [Some(a), Some(b), None, None] = lost else { panic!("{lost:?}") };
            assert!(range.contains(&a) && range.contains(&b), "{a} {b}");
        }
    }
}

#[test]
fn strangers_speak_at_the_rate_that_their_own_partners_asked_for_and_are_answered() {
    // What q sends every second p hears within one, and its answer takes a delay. Two slow PNIs
    // hear of each other within 30 s.
    for (keys, most) in [([SLOW, FAST], S), ([FAST, FAST], S), ([SLOW, SLOW], 30 * S)] {
        let lab = two_pnis(keys, "rb", 300, PATCH);
        for lost in many(&lab, 20, |run| lost(run, "rb")) {
            let [Some(a), Some(b), Some(c), Some(d)] = lost else { panic!("{lost:?}") };
            // The plugs are exchanged at ra: it hears rb's other port, on either circuit.
            for (one, other) in [(a, d), (b, c)] {
                assert!(one.min(other) <= most, "{lost:?}");
                assert_eq!((one - other).abs(), 100 * US, "{lost:?}");
            }
        }
    }
}

#[test]
fn a_stranger_without_power_gives_no_light_and_one_that_stands_still_no_lacpdus() {
    let at = |fault: &str| format!("{{at: 90s, inject: {{{fault}: {{router: rc}}}}}}, {PATCH}");
    let off = two_pnis([FAST, FAST], "rc", 400, &at("router_power_off")).run(1);
    let went = |run: &Run, circuit: &str, to: &str| run.became("interface", circuit, "ra", to);
    // Port c1 of ra looks at rc, and port c2, dark since 90.01 s, at rb.
    assert_eq!(went(&off, "c1", "down"), [10 * MS]);
    assert_eq!(went(&off, "c1", "up"), [200 * S + 200 * MS]);
    assert_eq!(went(&off, "c2", "down"), [-10 * S + 10 * MS, 200 * S + 10 * MS]);
    assert_eq!(went(&off, "c2", "up"), [200 * MS]);
    assert!(off.became("interface", "c1", "rb", "down").is_empty(), "ra gives light");

    let still = two_pnis([FAST, FAST], "rc", 300, &at("control_plane_hang"));
    for [a, b, _, at_rc] in many(&still, 20, |run| lost(run, "rc")) {
        let (a, b) = (a.expect("ra hears nothing"), b.expect("rb hears ra's other port"));
        assert!((2 * S..=3 * S).contains(&a) && (0..=S).contains(&b), "{a} {b}");
        assert_eq!(at_rc, None, "it does not even miss them");
    }
}

#[test]
fn a_cut_hits_the_line_and_not_the_port_it_should_be_plugged_into() {
    // Line c1 ends at rb's port c1 and, plugged wrongly, at ra's port c2.
    let cut = format!("{PATCH}, {{at: 150s, for: 10s, inject: {{circuit_cut: {{circuit: c1}}}}}}");
    let run = two_pnis([STATIC, STATIC], "rb", 250, &cut).run(1);
    let down = |circuit, router| run.became("interface", circuit, router, "down");
    assert_eq!(
        (down("c1", "rb"), down("c2", "ra")),
        (vec![50 * S + 10 * MS], vec![50 * S + 10 * MS])
    );
    assert!(down("c1", "ra").is_empty() && down("c2", "rb").is_empty());
}

#[test]
fn a_patch_is_the_same_whatever_else_goes_wrong() {
    let other = format!(
        "{{at: 1s, for: 1s, inject: {{circuit_degrade: {{circuit: c2, delay: 0ms}}}}}}, {PATCH}"
    );
    for seed in 1..=10 {
        let [alone, beside] =
            [PATCH, &other].map(|faults| two_pnis([FAST, SLOW], "rb", 300, faults).run(seed));
        assert_eq!(lost(&alone, "rb"), lost(&beside, "rb"));
    }
}

#[test]
fn hellos_between_strangers_are_computed_as_they_are_sent() {
    let faults = format!(
        "{PATCH}, {{at: 110s, for: 20s, inject: {{circuit_silent: {{circuit: c1, toward: ra}}}}}},
         {{at: 120s, for: 40s, inject: {{control_plane_hang: {{router: rb}}}}}}"
    );
    for keys in [[FAST, SLOW], [FAST, FAST], [SLOW, STATIC]] {
        let lab = two_pnis(keys, "rb", 400, &faults);
        for seed in 1..=5 {
            let [computed, sent] =
                [Hellos::Computed, Hellos::Sent].map(|hellos| lab.run_with(seed, hellos));
            assert_eq!(computed.0.figures.timeline, sent.0.figures.timeline);
        }
    }
}

#[test]
fn what_arrives_with_a_timer_or_waits_for_a_hung_router_is_computed_as_it_is_sent() {
    let fast = "lacp: {interval: fast}";
    let two = "min_links: 2, lacp: {interval: fast}";
    for (lag, faults) in [
        // Both ports come up at one instant: each end's PDUs arrive with timers of the other.
        (
            two,
            "{at: 100s, for: 10ms, inject: {router_crash: {router: rb}}},
             {at: 100s, for: 3211ms, inject: {circuit_silent: {circuit: c2, toward: rb}}}",
        ),
        // The wait for others and the silence of the partner are over while the end stands still.
        (
            fast,
            "{at: 105s, for: 1ms, inject: {lacp_foreign: {circuit: c1, toward: rb, every: 700ms}}},
             {at: 106s, for: 3s, inject: {control_plane_hang: {router: rb}}}",
        ),
    ] {
        let lab = Pair { circuits: TWO, lag, ..Pair::default() }.lab(150, faults);
        for seed in 1..=10 {
            let [computed, sent] =
                [Hellos::Computed, Hellos::Sent].map(|hellos| lab.run_with(seed, hellos));
            assert_eq!(computed.0.figures.timeline, sent.0.figures.timeline);
        }
    }
}

#[test]
fn a_member_waits_to_be_restored() {
    // A static LAG: the interface is back 200 ms after the repair.
    let pair = Pair { circuits: TWO, lag: "wait_to_restore: 30s", ..Pair::default() };
    let run = pair.run_for(200, "10s", "circuit_cut: {circuit: c1}");
    for router in ["ra", "rb"] {
        assert_eq!(run.became("lag", "p", router, "1 of 2 members"), [10 * MS]);
        assert_eq!(run.became("lag", "p", router, "2 of 2 members"), [40 * S + 200 * MS]);
    }
    // A flap in between starts the wait anew.
    let faults = "{at: 100s, for: 10s, inject: {circuit_cut: {circuit: c1}}},
                  {at: 120s, for: 5s, inject: {circuit_cut: {circuit: c1}}}";
    let run = pair.lab(300, faults).run(1);
    assert_eq!(run.became("lag", "p", "ra", "2 of 2 members"), [55 * S + 200 * MS]);
}

#[test]
fn a_lag_that_is_not_revertive_uses_a_member_again_when_no_other_is_left() {
    let pair = Pair { circuits: TWO, lag: "revertive: false", ..Pair::default() };
    let faults = "{at: 100s, for: 10s, inject: {circuit_cut: {circuit: c1}}},
                  {at: 150s, for: 10s, inject: {circuit_cut: {circuit: c2}}}";
    let run = pair.lab(300, faults).run(1);
    assert!(run.became("lag", "p", "ra", "2 of 2 members").is_empty());
    // All traffic is on `c2` when that is cut: lost until the ports see it, and no session ends.
    assert_eq!(run.down("ra"), None);
    assert_eq!(nanos(run.forward().longest_gap_s), 10 * MS);
    assert_eq!(run.forward().first_loss_at_s.map(nanos), Some(BEGIN));
}

#[test]
fn a_member_counts_at_once_when_its_lag_is_below_min_links() {
    // Two of two are needed: the one that is left carries nothing alone, so the other need not
    // wait when it returns, 200 ms after the repair.
    for keys in ["revertive: false", "wait_to_restore: 30s"] {
        let lag = format!("min_links: 2, {keys}");
        let pair = Pair { circuits: TWO, lag: &lag, ..Pair::default() };
        let run = pair.run_for(200, "10s", "circuit_cut: {circuit: c1}");
        for router in ["ra", "rb"] {
            assert_eq!(run.became("lag", "p", router, "down"), [10 * MS]);
            assert_eq!(run.became("lag", "p", router, "up"), [10 * S + 200 * MS], "{keys}");
        }
    }
    // Of three, the one that is left aside steps in before the LAG is down.
    let three = format!("{TWO}, c3: {{speed: 10G, length: 20km}}");
    let lag = "min_links: 2, revertive: false";
    let pair = Pair { circuits: &three, lag, ..Pair::default() };
    let faults = "{at: 100s, for: 10s, inject: {circuit_cut: {circuit: c1}}},
                  {at: 150s, for: 10s, inject: {circuit_cut: {circuit: c2}}}";
    let run = pair.lab(300, faults).run(1);
    assert!(run.became("lag", "p", "ra", "down").is_empty());
    assert_eq!(run.became("lag", "p", "ra", "2 of 3 members"), [10 * MS]);
    assert!(run.became("lag", "p", "ra", "3 of 3 members").is_empty());
}

#[test]
fn after_a_total_loss_the_first_that_returns_is_used_and_the_next_is_not() {
    // c1 is back at 10.2 s, when nothing carries, c2 at 60.2 s, when c1 does.
    let faults = "{at: 100s, for: 10s, inject: {circuit_cut: {circuit: c1}}},
                  {at: 100s, for: 60s, inject: {circuit_cut: {circuit: c2}}}";
    for (lag, both) in
        [("revertive: false", vec![]), ("wait_to_restore: 30s", vec![90 * S + 200 * MS])]
    {
        let pair = Pair { circuits: TWO, lag, ..Pair::default() };
        let run = pair.lab(300, faults).run(1);
        for router in ["ra", "rb"] {
            assert_eq!(run.became("lag", "p", router, "up"), [10 * S + 200 * MS]);
            assert_eq!(run.became("lag", "p", router, "2 of 2 members"), both, "{lag}");
        }
    }
}

#[test]
fn members_that_return_together_are_used_together() {
    for lag in ["revertive: false", "wait_to_restore: 30s"] {
        let pair = Pair { circuits: TWO, lag, ..Pair::default() };
        let run = pair.run_for(300, "10s", "circuit_cut: {circuit: [c1, c2]}");
        for router in ["ra", "rb"] {
            assert_eq!(run.became("lag", "p", router, "up"), [10 * S + 200 * MS]);
            let both = run.became("lag", "p", router, "2 of 2 members");
            assert_eq!(both, [10 * S + 200 * MS], "{lag}");
        }
    }
}
