//! Members of LAGs that hear the wrong partner, or are not trusted when they return.

use crate::lab::{BEGIN, Lab, MS, Pair, S, US, nanos};

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

/// Two PNIs of one circuit each between the same routers.
fn two_pnis(keys: &str, seconds: i64, faults: &str) -> Lab {
    let pni = |name: &str, circuit: &str| {
        format!(
            "  {name}: {{ends: [ra, rb], relation: peer, circuits: {{{circuit}: {{speed: 10G, \
             length: 20km}}}}, {keys}}}\n"
        )
    };
    let design = format!(
        "pnilab: topology/1
metros: {{m: {{}}}}
sites: {{s: {{metro: m}}}}
networks: {{a: {{asn: 64500, multipath: {{ebgp: 2}}}}, b: {{asn: 64501, multipath: {{ebgp: 2}}}}}}
routers: {{ra: {{network: a, site: s}}, rb: {{network: b, site: s}}}}
pnis:
{}{}prefixes:
  198.51.100.0/24: {{network: a, routers: ra}}
  203.0.113.0/24: {{network: b, routers: rb}}
demands:
  d: {{at: rb, from: 203.0.113.0/24, to: 198.51.100.0/24, rate: 1G, return_rate: 1G}}
",
        pni("p", "c1"),
        pni("q", "c2")
    );
    Lab::new(&design, seconds, faults)
}

#[test]
fn circuits_that_change_places_are_seen_by_lacp_within_a_second_and_else_by_bfd_or_hold_timer() {
    let fault = "{at: 100s, for: 200s, inject: {wrong_patch: {circuit: [c1, c2]}}}";
    let run = two_pnis("lag: {lacp: {interval: fast}}, sessions: {ipv4: {}}", 500, fault).run(1);
    for router in ["ra", "rb"] {
        for pni in ["p", "q"] {
            let down = run.became("lag", pni, router, "down");
            assert!(down.len() == 1 && (1..=S).contains(&down[0]), "{pni} {router} {down:?}");
        }
    }
    // Both PNIs are gone: they come back when the patch does and LACP has waited.
    let gap = nanos(run.forward().longest_gap_s);
    assert!((202 * S..204 * S).contains(&gap), "{gap}");

    let run = two_pnis("sessions: {ipv4: {bfd: {}}}", 200, fault).run(1);
    let (at, why) = run.down("ra").expect("BFD sees it");
    assert!(why == "bfd_down" && (600 * MS..900 * MS).contains(&at));
    assert!(run.became("lag", "p", "ra", "down").is_empty(), "light stays");

    let run = two_pnis("sessions: {ipv4: {}}", 250, fault).run(1);
    let (at, why) = run.down("ra").expect("the hold timer sees it");
    assert!(why == "hold_timer_expired" && (60 * S..90 * S).contains(&at));
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
