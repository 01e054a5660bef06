//! LACP of members, static LAGs and `min_links`.
//!
//! A partner sends every second (fast) or 30 s (slow), as this end's interval says; this end
//! waits three times that since the last PDU, which is younger than one period when a fault comes.

use pnilab::observe::Hellos;

use crate::lab::{BEGIN, Lab, MS, Pair, Run, S, US, assert_fill, many, nanos};

const DELAY: i64 = 100 * US;
const FAST: (i64, i64) = (2 * S, 3 * S);
const SLOW: (i64, i64) = (60 * S, 90 * S);
const TWO: &str = "c1: {speed: 10G, length: 20km}, c2: {speed: 10G, length: 20km}";
const THREE: &str = "c1: {speed: 10G, length: 20km}, c2: {speed: 10G, length: 20km},
    c3: {speed: 10G, length: 20km}";
const SILENT: &str = "{at: 100s, inject: {circuit_silent: {circuit: c2}}}";

fn lab(lags: [&str; 2], circuits: &str, seconds: i64, fault: &str) -> Lab {
    let sides = format!("ra: {{lag: {{{}}}}}, rb: {{lag: {{{}}}}}", lags[0], lags[1]);
    // Without hold time nothing but the LAG notices anything.
    let session = "bgp: {hold: 0s}";
    Pair { circuits, sides: &sides, session, ..Pair::default() }.lab(seconds, fault)
}

/// When each end had so many members left.
fn members(run: &Run, count: &str) -> [Vec<i64>; 2] {
    ["ra", "rb"].map(|router| run.became("lag", "p", router, count))
}

fn fills(lab: &Lab, seeds: u64, ranges: [(i64, i64); 2], of: impl Fn(&Run) -> [i64; 2]) {
    let seen = many(lab, seeds, of);
    for (end, range) in ranges.into_iter().enumerate() {
        let values: Vec<i64> = seen.iter().map(|both| both[end]).collect();
        assert_fill(&values, range, (range.1 - range.0) / 20, &format!("end {end}"));
    }
}

#[test]
fn a_silent_member_is_taken_out_after_three_periods_of_each_ends_own_interval() {
    let fast = "lacp: {interval: fast}";
    let slow = "lacp: {interval: slow}";
    let passive = "lacp: {mode: passive, interval: fast}";
    let passive_slow = "lacp: {mode: passive, interval: slow}";
    for (lags, ranges) in [
        ([fast, fast], [FAST, FAST]),
        ([slow, slow], [SLOW, SLOW]),
        ([fast, slow], [FAST, SLOW]),
        ([slow, fast], [SLOW, FAST]),
        ([fast, passive], [FAST, FAST]),
        ([passive, slow], [FAST, SLOW]),
        ([passive_slow, fast], [SLOW, FAST]),
        ([slow, passive_slow], [SLOW, SLOW]),
    ] {
        let lab = lab(lags, TWO, 200, SILENT);
        fills(&lab, 200, ranges, |run| {
            assert_eq!(run.0.result.sessions, [], "the other member carries the session on");
            let at = members(run, "1 of 2 members").map(|at| at[0]);
            // Forward is sent by rb: the half on the silent member is lost until rb stops.
            assert_eq!(nanos(run.forward().longest_gap_s), at[1]);
            assert_eq!(nanos(run.back().longest_gap_s), at[0]);
            assert_eq!(nanos(run.forward().lost_s), (at[1] + 1) / 2);
            at
        });
    }
}

#[test]
fn the_partner_of_a_deaf_end_stops_sending_a_one_way_delay_later() {
    let fast = "lacp: {interval: fast}";
    let slow = "lacp: {interval: slow}";
    // The deaf end's own interval counts; the other hears of it.
    for (lags, toward, range) in [
        ([fast, fast], "ra", FAST),
        ([fast, fast], "rb", FAST),
        ([slow, fast], "ra", SLOW),
        ([slow, fast], "rb", FAST),
        ([fast, slow], "rb", SLOW),
        ([slow, slow], "ra", SLOW),
    ] {
        let fault =
            format!("{{at: 100s, inject: {{circuit_silent: {{circuit: c2, toward: {toward}}}}}}}");
        let lab = lab(lags, TWO, 200, &fault);
        let late = (range.0 + DELAY, range.1 + DELAY);
        let ranges = if toward == "ra" { [range, late] } else { [late, range] };
        fills(&lab, 100, ranges, |run| {
            let at = members(run, "1 of 2 members").map(|at| at[0]);
            assert_eq!((at[0] - at[1]).abs(), DELAY, "{lags:?} {toward}");
            at
        });
    }
}

#[test]
fn a_static_lag_never_sees_a_silent_member() {
    let run = lab(["", ""], TWO, 400, SILENT).run(1);
    assert!(run.0.figures.timeline.is_empty(), "{:?}", run.0.figures.timeline);
    // 300 s with half of it lost.
    for measures in [run.forward(), run.back()] {
        assert_eq!(nanos(measures.lost_s), 150 * S);
        assert_eq!(nanos(measures.longest_gap_s), 300 * S);
        assert_eq!(nanos(measures.whole_gap_s), 0);
        assert_eq!(measures.worst_delivered, Some(0.5));
    }
}

#[test]
fn a_lag_that_no_end_or_only_one_end_negotiates_never_comes_up() {
    let passive = "lacp: {mode: passive}";
    for lags in [[passive, passive], ["lacp: {}", ""], ["", "lacp: {}"], [passive, ""]] {
        let run = lab(lags, TWO, 200, "").run(1);
        assert_eq!(run.0.result.sessions, [], "{lags:?}");
        assert_eq!(run.forward().worst_delivered, Some(0.0), "{lags:?}");
        assert_eq!(nanos(run.forward().lost_s), 200 * S, "{lags:?}");
    }
}

#[test]
fn a_member_that_lost_light_is_out_at_once_whatever_the_interval() {
    for lag in ["", "lacp: {interval: slow}", "lacp: {interval: fast}"] {
        let run =
            lab([lag, lag], TWO, 120, "{at: 100s, inject: {circuit_cut: {circuit: c2}}}").run(1);
        assert_eq!(members(&run, "1 of 2 members"), [vec![10 * MS], vec![10 * MS]], "{lag}");
        assert_eq!(nanos(run.forward().lost_s), 5 * MS);
    }
}

#[test]
fn below_min_links_the_end_that_sees_it_first_takes_the_lag_down_and_the_far_end_follows() {
    let lag = "min_links: 2, lacp: {interval: fast}";
    let lab = lab([lag, lag], TWO, 120, SILENT);
    let firsts = many(&lab, 200, |run| {
        let [a, b] = ["ra", "rb"].map(|router| run.down(router).expect("the LAG is down"));
        assert_eq!((a.1, b.1), ("lag_down", "lag_down"));
        assert_eq!(run.became("lag", "p", "ra", "down"), [a.0]);
        assert_eq!(run.became("lag", "p", "rb", "down"), [b.0]);
        // The far end may just have found out by itself.
        assert!((a.0 - b.0).abs() <= DELAY, "{a:?} {b:?}");
        a.0.min(b.0)
    });
    assert_fill(&firsts, FAST, S / 5, "the first of two");
}

#[test]
fn an_end_with_lower_min_links_keeps_its_lag_until_both_members_are_gone() {
    // ra wants 2 and withdraws c1 too when it misses c2 (T_a); rb hears that on c1 a delay later,
    // and misses c2 by itself (T_b). With both gone rb's LAG is down.
    let lags = ["min_links: 2, lacp: {interval: fast}", "lacp: {interval: fast}"];
    let lab = lab(lags, TWO, 120, SILENT);
    for (a, b, one) in many(&lab, 100, |run| {
        let down = |router| run.became("lag", "p", router, "down");
        (down("ra"), down("rb"), run.became("lag", "p", "rb", "1 of 2 members"))
    }) {
        assert_eq!((a.len(), b.len(), one.len()), (1, 1, 1));
        let own = if b[0] == a[0] + DELAY { one[0] } else { b[0] };
        assert!((2 * S..=3 * S).contains(&own));
        assert_eq!(b[0], own.max(a[0] + DELAY));
    }
}

#[test]
fn a_cut_below_min_links_ends_the_session_with_the_lag() {
    for (lag, circuits, cut, expected) in [
        ("min_links: 2", TWO, "c2", Some((10 * MS, "lag_down"))),
        ("min_links: 2, lacp: {}", TWO, "c2", Some((10 * MS, "lag_down"))),
        ("min_links: 1", TWO, "c2", None),
        ("min_links: 2", THREE, "c2", None),
        ("min_links: 3, lacp: {interval: fast}", THREE, "c2", Some((10 * MS, "lag_down"))),
        ("min_links: 2", THREE, "[c2, c3]", Some((10 * MS, "lag_down"))),
        ("min_links: 1", TWO, "[c1, c2]", Some((10 * MS, "interface_down"))),
        ("lacp: {}", TWO, "[c1, c2]", Some((10 * MS, "interface_down"))),
    ] {
        let fault = format!("{{at: 100s, inject: {{circuit_cut: {{circuit: {cut}}}}}}}");
        let run = lab([lag, lag], circuits, 120, &fault).run(1);
        for router in ["ra", "rb"] {
            assert_eq!(run.down(router), expected, "{lag} {cut} {router}");
        }
    }
}

/// `[carrier_delay_up, aggregate_wait]` in milliseconds at both ends.
fn returns(ends: [[i64; 2]; 2], interval: &str) -> Run {
    let side = |[up, wait]: [i64; 2]| {
        format!(
            "{{interface: {{carrier_delay_up: {up}ms}},
               lag: {{lacp: {{interval: {interval}, aggregate_wait: {wait}ms}}}}}}"
        )
    };
    let sides = format!("ra: {}, rb: {}", side(ends[0]), side(ends[1]));
    let pair = Pair { circuits: TWO, sides: &sides, ..Pair::default() };
    pair.run_for(150, "10s", "circuit_cut: {circuit: c2}")
}

#[test]
fn a_member_that_returns_waits_for_the_first_pdu_and_then_for_its_aggregate_wait() {
    // Mended at 10 s, up at U. The first PDU of a port leaves a second after it came up. Both
    // heard at U + 1 s + 1 delay; both wait W, attach and say so (2 delays), collect and say so
    // (3 delays), distribute.
    for interval in ["fast", "slow"] {
        for (wait, at) in [(2_000, 13_200), (0, 11_200), (500, 11_700), (5_000, 16_200)] {
            let run = returns([[200, wait]; 2], interval);
            let both = vec![at * MS + 3 * DELAY];
            assert_eq!(
                members(&run, "2 of 2 members"),
                [both.clone(), both],
                "{wait} ms {interval}"
            );
        }
        // rb waits longer: it then finds ra attached, collects at once and says so; ra
        // distributes after 2 delays, rb when it has heard of that.
        let run = returns([[200, 2_000], [200, 5_000]], interval);
        let at = 16_200 * MS;
        let expected = [vec![at + 2 * DELAY], vec![at + 3 * DELAY]];
        assert_eq!(members(&run, "2 of 2 members"), expected, "{interval}");
    }
}

#[test]
fn the_later_of_two_ports_decides_when_the_member_is_back() {
    // ra up at 10.2 s, rb at 10.5 s. ra's PDU of 11.2 s makes rb wait until 13.2 s, rb's of
    // 11.5 s makes ra wait until 13.5 s + 1 delay; ra then finds rb attached and collects at
    // once (told at 13.5 s + 2 delays: rb distributes), and distributes a delay after that.
    let run = returns([[200, 2_000], [500, 2_000]], "fast");
    let at = 13_500 * MS;
    assert_eq!(members(&run, "2 of 2 members"), [vec![at + 3 * DELAY], vec![at + 2 * DELAY]]);
}

#[test]
fn a_partner_heard_again_before_it_is_given_up_is_used_at_once() {
    // Silent for 4 s, fast: both ends expired (after at most 3 s), none defaulted (after at least
    // 5 s). The first PDU after the repair says that its sender hears nothing: the receiver
    // answers; the sender distributes after 2 delays and its partner after 3.
    let fault = "{at: 100s, for: 4s, inject: {circuit_silent: {circuit: c2}}}";
    let lag = "lacp: {interval: fast}";
    let lab = lab([lag, lag], TWO, 130, fault);
    let sent = many(&lab, 200, |run| {
        let [a, b] = members(run, "2 of 2 members").map(|at| at[0]);
        assert_eq!((a - b).abs(), DELAY);
        a.min(b) - 2 * DELAY - 4 * S
    });
    assert_fill(&sent, (-1, S), S / 5, "first PDU of two");
}

#[test]
fn with_all_partners_silent_the_first_that_is_heard_again_is_used_at_once() {
    // As above, but nothing else carries: the LAG is down from the second or third second on. No
    // member is unselected by silence alone, so it is up again with the first PDU and its answers.
    let fast = "lacp: {interval: fast}";
    for (circuits, silent) in [("c1: {speed: 10G, length: 20km}", "c1"), (TWO, "[c1, c2]")] {
        let fault =
            format!("{{at: 100s, for: 4s, inject: {{circuit_silent: {{circuit: {silent}}}}}}}");
        let lab = lab([fast, fast], circuits, 130, &fault);
        let sent = many(&lab, 100, |run| {
            let [a, b] = ["ra", "rb"].map(|router| run.became("lag", "p", router, "up")[0]);
            assert_eq!((a - b).abs(), DELAY);
            a.min(b) - 2 * DELAY - 4 * S
        });
        assert!(sent.iter().all(|sent| (0..S).contains(sent)), "{sent:?}");
    }
}

#[test]
fn a_partner_that_was_given_up_waits_to_be_aggregated_again() {
    // Silent for 20 s, fast: both defaulted. First PDU at s: its receiver answers and waits 2 s;
    // the sender hears the answer a delay later and waits 2 s from then. It finds its partner
    // attached and collects (s + 2 s + 2 delays); the partner distributes at 3, the sender at 4.
    let fault = "{at: 100s, for: 20s, inject: {circuit_silent: {circuit: c2}}}";
    let lag = "lacp: {interval: fast}";
    let lab = lab([lag, lag], TWO, 150, fault);
    let sent = many(&lab, 200, |run| {
        let [a, b] = members(run, "2 of 2 members").map(|at| at[0]);
        assert_eq!((a - b).abs(), DELAY);
        a.min(b) - 3 * DELAY - 2 * S - 20 * S
    });
    assert_fill(&sent, (-1, S), S / 5, "first PDU of two");
}

#[test]
fn a_silence_shorter_than_two_periods_is_not_seen() {
    // The last PDU is at most one period old and the timeout is three.
    for (interval, lasts) in [("fast", "1999ms"), ("slow", "59s"), ("fast", "1ms")] {
        let fault =
            format!("{{at: 100s, for: {lasts}, inject: {{circuit_silent: {{circuit: c2}}}}}}");
        let lag = format!("lacp: {{interval: {interval}}}");
        let lab = lab([&lag, &lag], TWO, 300, &fault);
        for rows in many(&lab, 100, |run| run.0.figures.timeline.len()) {
            assert_eq!(rows, 0, "{interval} {lasts}");
        }
    }
    assert_eq!(BEGIN, 100 * S);
}

#[test]
fn what_two_reasons_say_at_one_instant_is_blamed_on_the_same_fault_if_hellos_are_computed_or_sent()
{
    let design = "pnilab: topology/1
metros: {m: {}}
sites: {s: {metro: m}}
networks: {a: {asn: 64500, igp: {kind: static}, router: {reload: 3s}}}
routers: {ra: {network: a, site: s}, rb: {network: a, site: s}}
links:
  e: {ends: [ra, rb], lag: {min_links: 2, lacp: {interval: fast, aggregate_wait: 0s}},
      circuits: {c1: {speed: 10G, length: 100m}, c2: {speed: 10G, length: 100m}},
      sides: {ra: {interface: {los: 1ms, carrier_delay_up: 0s}},
              rb: {interface: {los: 1ms, carrier_delay_up: 0s}}}}
";
    // LACP of both members has run since the boot at 8.322 s, each a second; when the silence ends,
    // the first PDU over `c1` lets `c2` attach at the very instant of one of its own.
    let faults = "{at: 8321ms, for: 8775ms, inject: {circuit_silent: {circuit: c1}}}, \
                  {at: 4s, for: 1322ms, inject: {router_power_off: {router: ra}}}";
    let lab = Lab::new(design, 45, faults);
    let told = |hellos| lab.run_with(1, hellos).0.figures.timeline;
    assert_eq!(told(Hellos::Computed), told(Hellos::Sent));
}
