//! Routes and interfaces that flap, damped.

use crate::lab::{BEGIN, MS, Pair, Run, S, US, nanos};

/// Withdrawn at 100, 120, 140, ... s for 10 s, `times` times.
fn withdrawals(times: u32) -> String {
    format!(
        "{{at: 100s, for: 10s, repeat: {{every: 20s, times: {times}}}, \
         inject: {{withdraw: {{prefix: 198.51.100.0/24}}}}}}"
    )
}

/// The pair whose `rb` damps what `ra` tells.
fn damped(damping: &str, times: u32) -> Run {
    let sides = format!("rb: {{sessions: {{ipv4: {{damping: {{{damping}}}}}}}}}");
    Pair { sides: &sides, ..Pair::default() }.lab(900, &withdrawals(times)).run(1)
}

fn routes(run: &Run, to: &str) -> Vec<i64> {
    run.became("route", "198.51.100.0/24", "rb", to)
}

/// Seconds as nanoseconds.
fn ns(seconds: f64) -> i64 {
    nanos(seconds)
}

#[test]
fn a_route_that_is_withdrawn_three_times_is_suppressed_until_its_penalty_has_halved_enough() {
    // Half-life 60 s, one flap each 20 s: 1000, 1793.7, 2423.7. Above 2000 with the third; 2423.7
    // is 750 after 60 s times log2(2423.7 / 750) = 101.5 s.
    let third = 2.0_f64.powf(-1.0 / 3.0);
    let penalty = 1000.0 * (1.0 + third + third * third);
    let wait = ns(60.0 * (penalty / 750.0).log2());
    let run = damped("half_life: 60s, max_suppress: 4m", 3);
    let suppressed = routes(&run, "suppressed");
    assert_eq!(suppressed.len(), 1, "{suppressed:?}");
    // Told at 140 s: one unit of work at ra, 100 us of glass, one at rb.
    assert!((40 * S..40 * S + MS).contains(&suppressed[0]), "{}", suppressed[0]);
    let usable = routes(&run, "usable");
    let late = usable[0] - suppressed[0] - wait;
    // One unit of work, and nothing else but rounding.
    assert!((late - 50 * US).abs() < US, "{late}");
    // Announced at 150 s already: the gap ends with the reuse.
    let back = run.became("rib", "198.51.100.0/24", "rb", "p/ipv4");
    assert!(back.contains(&usable[0]), "{back:?} {}", usable[0]);
    assert!((nanos(run.forward().longest_gap_s) - (wait + 100 * US)).abs() < MS);
}

#[test]
fn two_withdrawals_are_forgiven() {
    let run = damped("half_life: 60s, max_suppress: 4m", 2);
    assert_eq!(routes(&run, "suppressed"), [0; 0]);
    assert!((nanos(run.forward().longest_gap_s) - 10 * S).abs() < MS);
}

#[test]
fn nothing_is_suppressed_for_longer_than_the_maximum_after_its_last_flap() {
    // With a half-life of 30 s and 60 s at most the penalty stops at 750 times 4 = 3000.
    let run = damped("half_life: 30s, max_suppress: 60s, suppress: 1500", 12);
    let (last, usable) = (220 * S, routes(&run, "usable"));
    let end = *usable.last().expect("it is used again");
    assert!(end > last && end <= last + 60 * S + MS, "{end}");
}

#[test]
fn a_change_of_attributes_counts_half() {
    // Its MED changes, and back: 500 each, at 100, 110, 120, ... s. Half-life 1 h: 500 n is above
    // 1900 with the fourth, at 130 s.
    let sides = "ra: {export: [{name: all, then: accept}]},
        rb: {sessions: {ipv4: {damping: {half_life: 1h, suppress: 1900, max_suppress: 4h}}}}";
    let faults = "{at: 100s, for: 10s, repeat: {every: 20s, times: 3},
        inject: {policy_edit: {session: p/ipv4, router: ra, direction: export,
        change: {name: all, set: {med: 7}, then: accept}}}}";
    let run = Pair { sides, ..Pair::default() }.lab(300, faults).run(1);
    let suppressed = routes(&run, "suppressed");
    assert_eq!(suppressed.len(), 1);
    assert!((30 * S..30 * S + MS).contains(&suppressed[0]), "{suppressed:?}");
    // It is withdrawn then, for the rest of the run.
    assert!((nanos(run.forward().longest_gap_s) - (170 * S)).abs() < MS);
}

#[test]
fn a_session_that_resets_is_no_flap_of_its_routes() {
    let sides = "rb: {sessions: {ipv4: {damping: {half_life: 60s, max_suppress: 4m}}}}";
    let faults =
        "{at: 100s, repeat: {every: 20s, times: 6}, inject: {session_reset: {session: p/ipv4}}}";
    let run = Pair { sides, ..Pair::default() }.lab(300, faults).run(1);
    assert_eq!(routes(&run, "suppressed"), [0; 0]);
}

#[test]
fn a_dampened_interface_goes_out_of_the_way_after_three_flaps_and_comes_back() {
    // Cut for 100 ms each second: down after 10 ms, up 200 ms after the light is back. 1000,
    // 1870.6, 2628.4: suppressed with the third cut at 102.01 s, for 5 s times log2(2.6284).
    let flap = "{at: 100s, for: 5s, inject: {circuit_flap: {circuit: c1, down: 100ms, up: 900ms}}}";
    let one = "rb: {dampening: {}}";
    let run = Pair { sides: one, ..Pair::default() }.lab(200, flap).run(1);
    let down = run.became("interface", "c1", "rb", "down");
    assert_eq!(down[..3], [10 * MS, S + 10 * MS, 2 * S + 10 * MS], "{down:?}");
    assert_eq!(down.len(), 3, "further cuts are not seen above: {down:?}");
    // The fourth and fifth cut add to the penalty: 3288.2, then 3862.6 at 104.01 s.
    let step = 2.0_f64.powf(-0.2);
    let penalty = (0..5).fold(0.0, |sum, _| sum * step + 1000.0);
    let until = 4 * S + 10 * MS + ns(5.0 * (penalty / 1000.0_f64).log2());
    let up = run.became("interface", "c1", "rb", "up");
    assert_eq!(up.len(), 3);
    assert!((up[2] - until).abs() < US, "{} {until}", up[2]);
    // Its light is on: the other end is up and sends into the dark until BGP knows.
    assert_eq!(run.became("interface", "c1", "ra", "down").len(), 5);
    let _ = BEGIN;
}

#[test]
fn without_dampening_each_flap_is_seen() {
    let flap = "{at: 100s, for: 5s, inject: {circuit_flap: {circuit: c1, down: 100ms, up: 900ms}}}";
    let run = Pair::default().lab(200, flap).run(1);
    assert_eq!(run.became("interface", "c1", "rb", "down").len(), 5);
}
