//! Faults on the same thing: what holds is what the last of them leaves.

use pnilab::report::data::Went;

use crate::lab::{BEGIN, Lab, MS, Pair, Run, S, nanos};

const LONG: &str = "{at: 100s, for: 60s, inject: {admin_shutdown: {session: p/ipv4, router: ra}}}";

fn ups(run: &Run) -> Vec<i64> {
    run.session("p/ipv4", "ra", Went::Up).iter().map(|row| nanos(row.at_s) - BEGIN).collect()
}

#[test]
fn a_session_is_shut_down_until_the_last_of_several_shutdowns_is_over() {
    let graceful = "{at: 110s, for: 20s, inject: {graceful_shutdown: {session: p/ipv4, router: ra, wait: 5s, then: cease}}}";
    let drain = "{at: 110s, for: 20s, inject: {drain: {router: ra, wait: 5s}}}";
    let plain = "{at: 110s, for: 10s, inject: {admin_shutdown: {session: p/ipv4, router: ra}}}";
    for short in [plain, graceful, drain] {
        let run = Pair::default().lab(300, &format!("{LONG}, {short}")).run(1);
        let up = ups(&run);
        assert!(up.len() == 1 && (60 * S..61 * S).contains(&up[0]), "{short}: {up:?}");
    }
}

/// When `ra` booted.
fn boots(faults: &str) -> Vec<i64> {
    let pair = Pair { routers: ["reload: 3m", ""], ..Pair::default() };
    pair.lab(1_000, faults).run(1).became("router", "ra", "ra", "up")
}

#[test]
fn a_router_that_is_off_does_not_crash_and_boots_when_the_first_crash_lets_it() {
    let crash = "{at: 100s, for: 10m, inject: {router_crash: {router: ra}}}";
    let inner = "{at: 200s, for: 1m, inject: {router_crash: {router: ra}}}";
    assert_eq!(boots(&format!("{crash}, {inner}")), [600 * S]);
    // Off and booting: 100 s to 150 s without power, then three minutes.
    let off = "{at: 100s, for: 50s, inject: {router_power_off: {router: ra}}}";
    assert_eq!(boots(&format!("{off}, {inner}")), [(50 + 180) * S]);
    // A blip of its power during a crash brings it back no sooner, and no later than a reload.
    let blip = "{at: 200s, for: 10s, inject: {router_power_off: {router: ra}}}";
    assert_eq!(boots(&format!("{crash}, {blip}")), [600 * S]);
    let late = "{at: 690s, for: 5s, inject: {router_power_off: {router: ra}}}";
    assert_eq!(boots(&format!("{crash}, {late}")), [(595 + 180) * S]);
}

#[test]
fn a_reboot_ends_what_hangs_and_what_sticks() {
    let crash = "{at: 120s, for: 60s, inject: {router_crash: {router: ra}}}";
    let hang = "{at: 100s, for: 400s, inject: {forwarding_hang: {router: ra}}}";
    let run = Pair::default().lab(600, &format!("{hang}, {crash}")).run(1);
    // Hung for 20 s, off for 60 s, and back with BGP within a second.
    let gap = nanos(run.forward().longest_gap_s);
    assert!((80 * S..81 * S).contains(&gap), "{gap}");
    let stuck = "{at: 100s, for: 400s, inject: {fib_stuck: {router: rb}}}";
    let crash = "{at: 120s, for: 60s, inject: {router_crash: {router: rb}}}";
    let cut = "{at: 300s, for: 10s, inject: {circuit_cut: {circuit: c1}}}";
    let run = Pair::default().lab(600, &format!("{stuck}, {crash}, {cut}")).run(1);
    let written = run.became("fib", "198.51.100.0/24", "rb", "p");
    assert_eq!(written.len(), 2, "after the reboot and after the cut: {written:?}");
}

#[test]
fn the_last_move_of_a_connection_counts() {
    let peering = "peerings: {x: {connections: {p: {}}}}";
    let networks = ["kind: cloud", ""];
    let pair = Pair { more: peering, networks, ..Pair::default() };
    let to = |at: i64, state: &str, lasts: &str| {
        format!("{{at: {at}s{lasts}, inject: {{peering_state: {{peering: x, state: {state}}}}}}}")
    };
    let two = format!("{}, {}", to(100, "Validating", ""), to(160, "Active", ""));
    let run = pair.lab(300, &two).run(1);
    let gap = nanos(run.forward().longest_gap_s);
    assert!((60 * S - MS..60 * S + MS).contains(&gap), "{gap}");
    // What a fault has moved is as before when it is over.
    let nested =
        format!("{}, {}", to(100, "Validating", ", for: 60s"), to(120, "Active", ", for: 20s"));
    let run = pair.lab(300, &nested).run(1);
    let lost = nanos(run.forward().lost_s);
    assert!((40 * S - MS..40 * S + MS).contains(&lost), "{lost}");
}

#[test]
fn a_fault_opens_its_window_even_if_its_effect_comes_later_or_never() {
    let never = "{at: 100s, for: 60s, inject: {cooling_fail: {site: s, after: 5m}}}";
    let run = Pair::default().lab(300, never).run(1);
    let row = run.demand("d", pnilab::report::data::Direction::Forward);
    assert!(row.events.iter().all(|event| event.measures.reachable > Some(0.99)), "{row:?}");
    assert_eq!(row.events.len(), 2);
    let notes = &run.0.figures.notes;
    assert!(
        notes.iter().any(|note| note.contains("is over before all of it has begun")),
        "{notes:?}"
    );
}

#[test]
fn faults_that_do_nothing_say_so() {
    let note = |more: &str, fault: &str| {
        let run = Pair { more, ..Pair::default() }.lab(300, fault).run(1);
        run.0.figures.notes.join("\n")
    };
    let empty = "{at: 100s, inject: {srlg_fail: {srlg: tray}}}";
    assert_eq!(note("srlgs: {tray: {}}", empty), "fault0 (srlg_fail tray) hits nothing");
    let reset = "{at: 100s, for: 5s, inject: {session_reset: {session: p/ipv4}}}";
    assert!(note("", reset).contains("whatever its `for` says"));
    let late = "{at: 299s, jitter: 100h, inject: {circuit_cut: {circuit: c1}}}";
    assert_eq!(note("", late), "fault0 (circuit_cut c1) would begin after the run has ended");
}

/// A triangle of one network, and a domain of its direct link.
fn triangle(faults: &str) -> Run {
    let design = "pnilab: topology/1
metros: {m: {}}
sites: {s1: {metro: m}, s2: {metro: m}, s3: {metro: m}}
networks: {a: {asn: 64500}}
routers:
  r1: {network: a, site: s1}
  r2: {network: a, site: s2}
  r3: {network: a, site: s3}
links:
  l12: {ends: [r1, r2], circuits: {c12: {speed: 10G, length: 1km}}}
  l23: {ends: [r2, r3], circuits: {c23: {speed: 10G, length: 1km}}}
  l13: {ends: [r1, r3], circuits: {c13: {speed: 10G, length: 1km}}}
prefixes:
  198.51.100.0/24: {network: a, routers: r1}
  203.0.113.0/24: {network: a, routers: r2}
demands:
  d: {at: r1, from: 198.51.100.0/24, to: 203.0.113.0/24, rate: 1G, return_rate: 1G}
maintenance_domains:
  direct: {links: [l12]}
";
    Lab::new(design, 400, faults).run(1)
}

#[test]
fn a_link_that_is_maintained_is_drained_first() {
    let work = |drain: &str| {
        format!(
            "{{at: 100s, for: 100s, inject: {{maintenance: {{maintenance_domain: direct{drain}}}}}}}"
        )
    };
    let abrupt = triangle(&work(""));
    assert!(nanos(abrupt.forward().longest_gap_s) > 50 * MS);
    let gentle = triangle(&work(", drain: 30s"));
    assert_eq!(nanos(gentle.forward().longest_gap_s), 0);
    assert_eq!(nanos(gentle.back().longest_gap_s), 0);
    assert!(gentle.became("lag", "l12", "r1", "down") == [30 * S + 10 * MS]);
}

#[test]
fn sites_that_are_isolated_together_are_isolated_from_each_other_too() {
    let run = triangle("{at: 100s, for: 10s, inject: {site_isolate: {site: [s1, s2]}}}");
    assert_eq!(run.became("interface", "c12", "r1", "down"), [10 * MS]);
}

#[test]
fn what_operators_undo_while_a_control_plane_hangs_is_undone_when_the_router_has_crashed() {
    let shut = "{at: 100s, for: 20s, inject: {admin_shutdown: {session: p/ipv4, router: ra}}}";
    let hang = "{at: 110s, for: 400s, inject: {control_plane_hang: {router: ra}}}";
    let crash = "{at: 130s, for: 30s, inject: {router_crash: {router: ra}}}";
    let run = Pair::default().lab(300, &format!("{shut}, {hang}, {crash}")).run(1);
    let up = ups(&run);
    assert!(up.len() == 1 && (60 * S..70 * S).contains(&up[0]), "{up:?}");
    // What they did meanwhile is done as well.
    let shut = "{at: 120s, inject: {admin_shutdown: {session: p/ipv4, router: ra}}}";
    let run = Pair::default().lab(300, &format!("{shut}, {hang}, {crash}")).run(1);
    assert!(ups(&run).is_empty());
}
