//! Recovery of BGP: connection attempts, waits in Idle, commands, advertisement, processing.

use pnilab::report::data::{DetectedBy, Went};

use crate::lab::{BEGIN, MS, Pair, Run, S, US, assert_fill, many, nanos};

/// One way over the 20 km of `c1`.
const DELAY: i64 = 100 * US;

/// When `p/ipv4` came up at `router`, each time.
fn ups(run: &Run, router: &str) -> Vec<i64> {
    let rows = run.session("p/ipv4", router, Went::Up);
    rows.into_iter().map(|row| nanos(row.at_s) - BEGIN).collect()
}

#[test]
fn an_interface_that_comes_up_restarts_bgp_at_once() {
    // The call takes 2 delays; OPEN and KEEPALIVE of the caller's peer 2 more, and the peer has
    // the caller's KEEPALIVE another delay later. Equal ends: `ra`, first by name, calls. Else
    // the later interface calls at once, long before the other's next SYN.
    for (ups_ms, km, caller) in [
        ([200, 200], 20, "ra"),
        ([200, 200], 2_000, "ra"),
        ([0, 0], 20, "ra"),
        ([500, 200], 20, "ra"),
        ([200, 500], 20, "rb"),
        ([200, 201], 20, "rb"),
        ([0, 5_000], 400, "rb"),
        ([2_000, 0], 400, "ra"),
    ] {
        let side = |up: i64| format!("{{interface: {{carrier_delay_up: {up}ms}}}}");
        let sides = format!("ra: {}, rb: {}", side(ups_ms[0]), side(ups_ms[1]));
        let circuits = format!("c1: {{speed: 10G, length: {km}km}}");
        let pair = Pair { circuits: &circuits, sides: &sides, ..Pair::default() };
        let run = pair.run_for(200, "10s", "circuit_cut: {circuit: c1}");
        let up = 10 * S + ups_ms[0].max(ups_ms[1]) * MS;
        let delay = km * 5 * US;
        let called = if caller == "ra" { "rb" } else { "ra" };
        assert_eq!(run.up(caller), Some(up + 4 * delay), "{ups_ms:?} {km} km");
        assert_eq!(run.up(called), Some(up + 5 * delay), "{ups_ms:?} {km} km");
    }
}

#[test]
fn after_a_silent_repair_the_next_syn_of_either_end_brings_the_session_back() {
    // BFD takes the session down at T at each end. After 1 s in Idle it calls: SYNs at T + 1 s
    // and 1, 3, 7, 15, 31, 63 s after that. The first of either end after the repair gets
    // through.
    let session = "bfd: {}";
    for lasts in [3, 5, 6, 10, 17, 20, 40, 60] {
        let fault =
            format!("{{at: 100s, for: {lasts}s, inject: {{circuit_silent: {{circuit: c1}}}}}}");
        let lab = Pair { session, ..Pair::default() }.lab(300, &fault);
        for seed in 1..=25 {
            let run = lab.run(seed);
            let syn = |router: &str| {
                let start = run.down(router).expect("BFD sees it").0 + S;
                let after = [0, 1, 3, 7, 15, 31, 63].map(|s| start + s * S);
                after.into_iter().find(|syn| *syn >= lasts * S).expect("within a minute")
            };
            let (a, b) = (syn("ra"), syn("rb"));
            let (caller, called) = if a < b { ("ra", "rb") } else { ("rb", "ra") };
            let first = a.min(b);
            assert_eq!(run.up(caller), Some(first + 4 * DELAY), "{lasts} s, seed {seed}");
            assert_eq!(run.up(called), Some(first + 5 * DELAY), "{lasts} s, seed {seed}");
        }
    }
}

#[test]
fn after_the_last_syn_the_attempt_begins_anew_with_connect_retry() {
    // SYNs end 63 s after the attempt began. Repaired 80 s later, the session waits for the next
    // attempt: 75 % to 100 % of connect_retry after the first began, the earlier of two ends.
    for retry in [120, 240] {
        let session = format!("bgp: {{connect_retry: {retry}s}}, bfd: {{}}");
        let fault = "{at: 100s, for: 80s, inject: {circuit_silent: {circuit: c1}}}";
        let lab = Pair { session: &session, ..Pair::default() }.lab(500, fault);
        let waits = many(&lab, 200, |run| {
            let down = ["ra", "rb"].map(|router| run.down(router).expect("BFD sees it").0);
            let up = ["ra", "rb"].map(|router| run.up(router).expect("it returns"));
            let caller = usize::from(up[1] < up[0]);
            assert_eq!((up[0] - up[1]).abs(), DELAY);
            up[caller] - 4 * DELAY - down[caller] - S
        });
        let range = (retry * S * 3 / 4 - 1, retry * S);
        assert_fill(&waits, range, retry * S / 10, &format!("{retry} s"));
    }
}

#[test]
fn a_shorter_connect_retry_restarts_the_syns() {
    // connect_retry 4 s: attempts begin every 3 to 4 s and send SYNs at 0, 1 and 3 s of each. So
    // after the repair the next is at most 2 s away.
    let session = "bgp: {connect_retry: 4s}, bfd: {}";
    let fault = "{at: 100s, for: 60s, inject: {circuit_silent: {circuit: c1}}}";
    let lab = Pair { session, ..Pair::default() }.lab(200, fault);
    let waits = many(&lab, 200, |run| {
        let up = ["ra", "rb"].map(|router| run.up(router).expect("it returns"));
        up[0].min(up[1]) - 4 * DELAY - 60 * S
    });
    assert_fill(&waits, (-1, 2 * S), S * 4 / 5, "4 s");
}

#[test]
fn commands_end_a_session_at_once_here_and_a_delay_later_there() {
    for (kind, reason) in [("session_reset", "admin_reset"), ("admin_shutdown", "admin_shutdown")] {
        for (router, other) in [("ra", "rb"), ("rb", "ra")] {
            for km in [20, 2_000] {
                let circuits = format!("c1: {{speed: 10G, length: {km}km}}");
                let pair = Pair { circuits: &circuits, ..Pair::default() };
                let run = pair.run(110, &format!("{kind}: {{session: p/ipv4, router: {router}}}"));
                assert_eq!(run.down(router), Some((0, reason)));
                assert_eq!(run.down(other), Some((km * 5 * US, "notification_received")));
                let told = run.session("p/ipv4", other, Went::Down)[0];
                assert_eq!(told.detected_by, Some(DetectedBy::Remote));
                assert_eq!(told.detection_s.map(nanos), Some(km * 5 * US));
            }
        }
    }
}

#[test]
fn a_reset_session_waits_its_idle_hold_and_a_peer_that_heard_of_it_doubles_its_own() {
    // Reset at ra every 40 s. ra always waits 1 s. rb waits 1 s after the first, as the session
    // had long been up; then 2, 4, 8 s and no more than idle_hold_max. ra calls first only the
    // first time; later rb still refuses when ra calls, and calls itself when its wait is over.
    for (max, waits) in [(60, [1, 2, 4, 8, 16]), (10, [1, 2, 4, 8, 10]), (3, [1, 2, 3, 3, 3])] {
        let session = format!("bgp: {{idle_hold: 1s, idle_hold_max: {max}s}}");
        let fault = "{at: 100s, repeat: {times: 5, every: 40s},
                      inject: {session_reset: {session: p/ipv4, router: ra}}}";
        let run = Pair { session: &session, ..Pair::default() }.lab(320, fault).run(1);
        let mut expected = [Vec::new(), Vec::new()];
        for (n, wait) in (0_i64..).zip(waits) {
            let reset = n * 40 * S;
            if n == 0 {
                expected[0].push(reset + S + 4 * DELAY);
                expected[1].push(reset + S + 5 * DELAY);
            } else {
                // The NOTIFICATION took a delay; then 4 for the caller and 5 for the called.
                expected[0].push(reset + DELAY + wait * S + 5 * DELAY);
                expected[1].push(reset + DELAY + wait * S + 4 * DELAY);
            }
        }
        assert_eq!([ups(&run, "ra"), ups(&run, "rb")], expected, "{max} s");
    }
}

#[test]
fn a_session_that_was_up_for_a_minute_starts_its_back_off_anew() {
    let session = "bgp: {idle_hold: 5s, idle_hold_max: 40s}";
    for (every, second) in [(90, 5), (50, 10)] {
        let fault = format!(
            "{{at: 100s, repeat: {{times: 2, every: {every}s}},
               inject: {{session_reset: {{session: p/ipv4, router: ra}}}}}}"
        );
        let run = Pair { session, ..Pair::default() }.lab(280, &fault).run(1);
        // Waiting as long as ra, rb is called: 5 delays. Waiting longer, it calls: 1 + 4.
        let expected = [5 * S + 5 * DELAY, every * S + second * S + 5 * DELAY];
        assert_eq!(ups(&run, "rb"), expected, "every {every} s");
    }
}

#[test]
fn a_shutdown_that_ends_brings_the_session_back_at_once() {
    // rb has been refused and waits for its retry; ra calls the moment it may.
    for lasts in [10, 30, 60] {
        let fault = "admin_shutdown: {session: p/ipv4, router: ra}";
        let run = Pair::default().run_for(300, &format!("{lasts}s"), fault);
        assert_eq!(ups(&run, "ra"), [lasts * S + 4 * DELAY], "{lasts}");
        assert_eq!(ups(&run, "rb"), [lasts * S + 5 * DELAY], "{lasts}");
    }
}

/// A third router `rc`, customer of `ra`, whose prefix `ra` tells `rb` about.
const CHAIN: &str = "x-more: {}";

/// The pair with the network `c` behind `ra`; all three one-way delays are 100 us.
fn chain(session: &str, mrai: &str) -> String {
    let pair = Pair { session, more: CHAIN, sides: mrai, ..Pair::default() };
    let text = pair.text();
    let text = text.replace("b: {asn: 64501}", "b: {asn: 64501}, c: {asn: 64502}");
    let text = text.replace(
        "rb: {network: b, site: s}",
        "rb: {network: b, site: s}, rc: {network: c, site: s}",
    );
    let text = text.replace(
        "prefixes:\n",
        "  q: {ends: [ra, rc], relation: customer, circuits: {c9: {speed: 10G, length: 20km}},
      sessions: {ipv4: {}}}
prefixes:
  192.0.2.0/24: {network: c, routers: rc}
",
    );
    text.replace(CHAIN, "")
}

fn told(run: &Run, to: &str) -> Vec<i64> {
    run.became("rib", "192.0.2.0/24", "rb", to)
}

const RESETS: &str = "{at: 100s, repeat: {times: 2, every: 10s},
    inject: {session_reset: {session: q/ipv4, router: ra}}}";

/// ra forgets (50 us), tells (1 delay), rb takes it in (50 us).
const WITHDRAWN: i64 = 200 * US;
/// ra calls 1 s later; rc is up after 5 delays and tells after 50 us; 1 delay and 50 us later ra
/// tells.
const ANNOUNCED: i64 = S + 500 * US + 50 * US + 100 * US + 50 * US;
/// What ra tells takes effect at rb.
const TAKEN_IN: i64 = 100 * US + 50 * US;

#[test]
fn without_an_advertisement_interval_every_change_is_told_at_once() {
    let run = crate::lab::Lab::new(&chain("", ""), 200, RESETS).run(1);
    // The second time rc waits 2 s in Idle and calls (its NOTIFICATION took a delay): up after 4
    // delays instead of being called after 5.
    let second = 10 * S + DELAY + 2 * S + 4 * DELAY + (ANNOUNCED - S - 5 * DELAY);
    assert_eq!(told(&run, "none"), [WITHDRAWN, 10 * S + WITHDRAWN]);
    assert_eq!(told(&run, "p/ipv4"), [ANNOUNCED + TAKEN_IN, second + TAKEN_IN]);
}

#[test]
fn an_announcement_waits_for_the_advertisement_interval_a_withdrawal_does_not() {
    // The first announcement begins the interval of 30 s (22.5 to 30 s jittered), the second
    // waits for its end.
    let sides = "ra: {bgp: {mrai: 30s}}";
    let lab = crate::lab::Lab::new(&chain("", sides), 200, RESETS);
    let waits = many(&lab, 200, |run| {
        assert_eq!(told(run, "none"), [WITHDRAWN, 10 * S + WITHDRAWN]);
        let announced = told(run, "p/ipv4");
        assert_eq!((announced.len(), announced[0]), (2, ANNOUNCED + TAKEN_IN));
        announced[1] - TAKEN_IN - ANNOUNCED
    });
    assert_fill(&waits, (22_500 * MS - 1, 30 * S), S, "mrai");
}

#[test]
fn a_withdrawal_that_waits_too_is_never_told_if_the_route_is_back_first() {
    // The first withdrawal begins the interval; the announcement of 1 s later waits for it to
    // end. That begins the next, within which the route goes and comes: nothing is told.
    let sides = "ra: {bgp: {mrai: 30s, mrai_withdrawals: true}}";
    let fault = "{at: 100s, inject: {session_reset: {session: q/ipv4, router: ra}}},
                 {at: 132s, inject: {session_reset: {session: q/ipv4, router: ra}}}";
    let lab = crate::lab::Lab::new(&chain("", sides), 200, fault);
    let waits = many(&lab, 200, |run| {
        assert_eq!(told(run, "none"), [WITHDRAWN]);
        let announced = told(run, "p/ipv4");
        assert_eq!(announced.len(), 1);
        // ra had forgotten after 50 us.
        announced[0] - TAKEN_IN - 50 * US
    });
    assert_fill(&waits, (22_500 * MS - 1, 30 * S), S, "mrai");
}

#[test]
fn what_waits_for_the_advertisement_interval_is_blamed_on_the_fault_that_made_it_necessary() {
    // Two prefixes are withdrawn at 100 s, and announced again at 105 s, which begins the interval,
    // and at 110 s, which waits for its end.
    let text = Pair { sides: "rb: {bgp: {mrai: 30s}}", ..Pair::default() }.text();
    let own =
        "  192.0.2.0/25: {network: b, routers: rb}\n  192.0.2.128/25: {network: b, routers: rb}";
    let text = text.replace("prefixes:\n", &format!("prefixes:\n{own}\n"));
    let faults = "{at: 100s, for: 5s, inject: {withdraw: {prefix: 192.0.2.0/25}}},
                  {at: 100s, for: 10s, inject: {withdraw: {prefix: 192.0.2.128/25}}}";
    let lab = crate::lab::Lab::new(&text, 200, faults);
    for seed in 1..=5 {
        let run = lab.run(seed);
        let back = |prefix: &str| {
            let rows = run.0.figures.timeline.iter();
            let mut rows = rows.filter(|row| {
                (row.kind.as_str(), row.router.as_str()) == ("rib", "ra")
                    && (row.element.as_str(), row.to.as_str()) == (prefix, "p/ipv4")
            });
            let row = rows.next().expect("it is announced again");
            (nanos(row.at_s) - BEGIN, row.event.clone())
        };
        // Announced after a step, known a delay and a step later.
        let (at, event) = back("192.0.2.0/25");
        assert_eq!((at, event.as_str()), (5 * S + DELAY + 100 * US, "fault0/end"));
        let (at, event) = back("192.0.2.128/25");
        assert_eq!(event, "fault1/end", "seed {seed}");
        assert!((27_500 * MS..36 * S).contains(&at), "{at}");
    }
}

#[test]
fn each_route_of_an_update_costs_the_receiver_its_processing_time() {
    // Prefixes with different communities are different routes. ra is up 4 delays after its call
    // at 1 s, rb 5. ra tells all after its own processing; rb is busy with its new peer for one
    // processing time, then takes one for each route.
    for (own, theirs, routes) in [(50, 50, 1), (50, 10_000, 1), (50, 10_000, 3), (2_000, 100, 4)] {
        let routers =
            [format!("update_processing: {own}us"), format!("update_processing: {theirs}us")];
        let pair =
            Pair { routers: [&routers[0], &routers[1]], more: "x-more: {}", ..Pair::default() };
        let more: Vec<String> = (1..routes)
            .map(|n| {
                format!("  192.0.{n}.0/24: {{network: a, routers: ra, communities: ['1:{n}']}}\n")
            })
            .collect();
        let text = pair.text().replace("demands:\n", &format!("{}demands:\n", more.concat()));
        let reset = "{at: 100s, inject: {session_reset: {session: p/ipv4, router: ra}}}";
        let run = crate::lab::Lab::new(&text, 130, reset).run(1);
        let arrives = S + (4 + 1) * DELAY + own * US;
        let free = S + 5 * DELAY + theirs * US;
        let taken_in = arrives.max(free) + routes * theirs * US;
        let element = "198.51.100.0/24";
        assert_eq!(
            run.became("rib", element, "rb", "p/ipv4"),
            [taken_in],
            "{own} {theirs} {routes}"
        );
    }
}

#[test]
fn routes_survive_flaps_that_are_faster_than_the_routers() {
    // Two blips and a minute's cut, where each piece of BGP work takes half a second: what is worked
    // off while the session is down, or is another already, must not count as told.
    let cut = |at: &str, lasts: &str| {
        format!("{{at: {at}, for: {lasts}, inject: {{pni_cut: {{pni: p}}}}}}")
    };
    let faults = [cut("100s", "20ms"), cut("100595ms", "20ms"), cut("100887ms", "60s")].join(", ");
    for mrai in ["0s", "5s"] {
        let pair = Pair {
            defaults: &format!(
                "bgp: {{mrai: {mrai}, connect_retry: 10s}}, router: {{update_processing: 500ms}}"
            ),
            ..Pair::default()
        };
        let run = pair.lab(600, &faults).run(1);
        for m in [run.forward(), run.back()] {
            // Cut until 161 s, then the session, and at most an interval of 5 s.
            assert!(m.recovered_at_s.is_some_and(|at| at < 170.0), "{mrai}: {m:?}");
        }
    }
}

#[test]
fn a_withdrawal_reaches_a_peer_whose_session_came_back_before_its_loss_was_worked_off() {
    // rc tells ra, which is slow, which tells rb. The prefix is there for 200 ms, and meanwhile the
    // session of ra and rb is reset: rb must not keep the route for ever.
    let design = "pnilab: topology/1
metros: {m: {}}
sites: {s: {metro: m}}
networks: {a: {asn: 65001}, b: {asn: 65002}, c: {asn: 65003}}
routers:
  ra: {network: a, site: s, update_processing: 500ms}
  rb: {network: b, site: s}
  rc: {network: c, site: s}
pnis:
  p: {ends: [ra, rb], relation: peer, circuits: {cp: {speed: 10G, length: 10km}}, sessions: {ipv4: {}}}
  q: {ends: [ra, rc], relation: customer, circuits: {cq: {speed: 10G, length: 10km}}, sessions: {ipv4: {}}}
prefixes:
  10.1.0.0/16: {network: c, routers: rc}
  10.2.0.0/16: {network: b, routers: rb}
demands:
  d: {at: rb, from: 10.2.0.0/16, to: 10.1.0.0/16, rate: 1G}
";
    let faults = "{at: 1s, for: 8900ms, inject: {withdraw: {prefix: 10.1.0.0/16}}},
        {at: 10100ms, inject: {withdraw: {prefix: 10.1.0.0/16}}},
        {at: 10s, for: 20ms, inject: {pni_cut: {pni: p}}}";
    let run = crate::lab::Lab::new(design, 300, faults).run(1);
    let mut rows = run.0.figures.routes.iter();
    let last = rows.rfind(|row| row.router == "rb" && row.prefix == "10.1.0.0/16");
    assert_eq!(last.map(|row| row.best.as_str()), Some(""));
}

#[test]
fn the_looking_glass_shows_no_routes_of_a_router_without_power_and_all_once_it_is_back() {
    let run = Pair::default().run_for(800, "300s", "router_power_off: {router: rb}");
    let of = |event: &str, best: bool| {
        let rows = run.0.figures.routes.iter();
        let of_rb = rows.filter(|row| row.router == "rb" && row.event == event);
        of_rb.filter(|row| row.best.is_empty() != best).count()
    };
    let before = of("start", true);
    assert!(before > 0, "it has routes when the clock starts");
    assert_eq!((of("fault0/begin", false), of("fault0/begin", true)), (before, 0));
    assert_eq!((of("fault0/end", false), of("fault0/end", true)), (0, before));
}
