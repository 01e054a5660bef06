//! Interior routing: loss of adjacencies, flooding, SPF.
//!
//! A triangle `r1`, `r2`, `r3` of one network, or a ring of four. Demand `d` goes from `r1` to
//! `r3`, by the link between them, and has a detour.

use pnilab::report::data::Went;

use crate::lab::{BEGIN, Lab, MS, Run, S, US, assert_fill, many, nanos};

/// `links` are `(name, ends, keys)`, 20 km each: 100 us.
fn design(igp: &str, routers: usize, links: &[(&str, &str, &str)]) -> String {
    let routers: Vec<String> =
        (1..=routers).map(|n| format!("r{n}: {{network: a, site: s}}")).collect();
    let links: Vec<String> = links
        .iter()
        .map(|(name, ends, keys)| {
            format!(
                "  {name}: {{ends: [{ends}], metric: 10, {keys}circuits: \
                 {{c-{name}: {{speed: 10G, length: 20km}}}}}}\n"
            )
        })
        .collect();
    format!(
        "pnilab: topology/1
metros: {{m: {{}}}}
sites: {{s: {{metro: m}}}}
networks: {{a: {{asn: 64500, igp: {{{igp}}}}}}}
routers: {{{}}}
links:
{}prefixes:
  198.51.100.0/24: {{network: a, routers: r1}}
  203.0.113.0/24: {{network: a, routers: r3}}
demands:
  d: {{at: r1, from: 198.51.100.0/24, to: 203.0.113.0/24, rate: 1G, return_rate: 1G}}
",
        routers.join(", "),
        links.concat()
    )
}

fn triangle(igp: &str, keys: &str, seconds: i64, fault: &str) -> Lab {
    let links = [("l12", "r1, r2", ""), ("l23", "r2, r3", ""), ("l13", "r1, r3", keys)];
    let text = design(igp, 3, &links);
    Lab::new(&text, seconds, &format!("{{at: 100s, inject: {{{fault}}}}}"))
}

const CUT: &str = "circuit_cut: {circuit: c-l13}";
const SILENT: &str = "circuit_silent: {circuit: c-l13}";

fn routes(run: &Run, router: &str) -> Vec<i64> {
    run.became("igp", router, router, "changed")
}

#[test]
fn after_a_cut_the_next_router_waits_for_spf_and_bgp_and_writes() {
    // Seen after 10 ms; SPF after spf_initial; BGP looks at its next hops (50 us) and writes one
    // prefix (50 us). The detour over r2 works as soon as r1 uses it.
    for (igp, wait) in [
        ("kind: isis", 50),
        ("kind: ospf", 50),
        ("kind: isis, spf_initial: 0s", 0),
        ("kind: isis, spf_initial: 20ms", 20),
        ("kind: ospf, spf_initial: 200ms", 200),
        ("kind: isis, spf_initial: 5s, spf_hold: 5s", 5_000),
        // Static routes follow the interface.
        ("kind: static", 0),
    ] {
        let run = triangle(igp, "", 120, CUT).run(1);
        assert_eq!(routes(&run, "r1"), [(10 + wait) * MS], "{igp}");
        assert_eq!(routes(&run, "r3"), [(10 + wait) * MS], "{igp}");
        let gap = (10 + wait) * MS + 100 * US;
        for m in [run.forward(), run.back()] {
            assert_eq!([m.longest_gap_s, m.lost_s].map(nanos), [gap; 2], "{igp}");
        }
        assert_eq!(run.0.result.sessions, [], "{igp}: TCP goes by the detour");
    }
}

#[test]
fn a_silent_link_is_lost_by_its_dead_timer() {
    // The last hello is younger than one interval (IS-IS: 75 % to 100 % of it).
    for (igp, dead, hello) in [
        ("kind: isis", 30 * S, 10 * S),
        ("kind: ospf", 40 * S, 10 * S),
        ("kind: isis, hello: 1s, dead: 3s", 3 * S, S),
        ("kind: ospf, hello: 1s, dead: 4s", 4 * S, S),
        ("kind: isis, hello: 3s, dead: 9s", 9 * S, 3 * S),
        ("kind: ospf, hello: 5s, dead: 15s", 15 * S, 5 * S),
        ("kind: isis, hello: 333ms, dead: 1s", S, 333 * MS),
        ("kind: ospf, hello: 2s, dead: 20s", 20 * S, 2 * S),
    ] {
        let lab = triangle(igp, "", 160, SILENT);
        let seen = many(&lab, 100, |run| {
            let down = ["r1", "r3"].map(|router| run.became("adjacency", "l13", router, "down"));
            assert_eq!((down[0].len(), down[1].len()), (1, 1));
            [down[0][0], down[1][0]]
        });
        for end in 0..2 {
            let values: Vec<i64> = seen.iter().map(|both| both[end]).collect();
            assert_fill(&values, (dead - hello, dead), hello / 4, igp);
        }
    }
}

#[test]
fn of_a_one_way_silence_the_deaf_end_tells_the_other_in_its_next_hello() {
    // The deaf end says at once that it hears nobody: a delay later the other knows.
    for (igp, deaf, other) in [
        ("kind: isis, hello: 1s, dead: 3s", "r1", "r3"),
        ("kind: ospf, hello: 1s, dead: 4s", "r3", "r1"),
    ] {
        let lab =
            triangle(igp, "", 130, &format!("circuit_silent: {{circuit: c-l13, toward: {deaf}}}"));
        for [mine, theirs] in many(&lab, 50, |run| {
            [deaf, other].map(|router| run.became("adjacency", "l13", router, "down")[0])
        }) {
            assert_eq!(theirs, mine + 100 * US, "{igp}");
        }
    }
}

#[test]
fn bfd_of_a_link_takes_the_adjacency_down() {
    for (keys, range) in [
        ("bfd: {}, ", (600 * MS, 900 * MS)),
        ("bfd: {tx: 50ms, rx: 50ms, multiplier: 3}, ", (100 * MS, 150 * MS)),
        ("bfd: {tx: 1s, rx: 1s, multiplier: 3}, ", (2 * S, 3 * S)),
    ] {
        let lab = triangle("kind: isis", keys, 110, SILENT);
        let seen = many(&lab, 100, |run| {
            let at = run.became("adjacency", "l13", "r1", "down")[0];
            assert_eq!(run.became("bfd", "l13", "r1", "down"), [at]);
            // Unless r3 saw it 100 us earlier and its PDU is here first, SPF runs 50 ms later;
            // what r1 sends is lost until then.
            let gap = nanos(run.forward().longest_gap_s);
            assert!(gap <= at + 50 * MS + 100 * US, "{gap} {at}");
            at
        });
        assert_fill(&seen, range, (range.1 - range.0) / 4, keys);
    }
}

#[test]
fn a_link_state_pdu_takes_its_flooding_time_and_the_way_at_each_hop() {
    // A ring r1-r2-r3-r4. The link r1-r2 is cut: r1 and r2 tell at 10 ms. r4 and r3 hear it after
    // flood + 100 us and run SPF 50 ms later. r3 had two ways to r1, r4 two ways to r2.
    let links = [
        ("l12", "r1, r2", ""),
        ("l23", "r2, r3", ""),
        ("l34", "r3, r4", ""),
        ("l41", "r4, r1", ""),
    ];
    for (igp, flood) in [
        ("kind: isis", 10 * MS),
        ("kind: isis, flood: 0s", 0),
        ("kind: ospf, flood: 33ms", 33 * MS),
        ("kind: ospf, flood: 1ms", MS),
    ] {
        let text = design(igp, 4, &links);
        let fault = "{at: 100s, inject: {circuit_cut: {circuit: c-l12}}}";
        let run = Lab::new(&text, 120, fault).run(1);
        let near = vec![60 * MS];
        let far = vec![10 * MS + flood + 100 * US + 50 * MS];
        let all = ["r1", "r2", "r3", "r4"].map(|router| routes(&run, router));
        assert_eq!(all, [near.clone(), near, far.clone(), far], "{igp}");
    }
}

#[test]
fn spf_runs_wait_longer_and_longer_until_it_is_quiet() {
    // Parallel links between r1 and r2 are cut one after the other; each changes r1's routes. The
    // first waits 50 ms, then 200, 400, 800 ms (at most spf_max), each from the change.
    let links = [
        ("l1", "r1, r2", ""),
        ("l2", "r1, r2", ""),
        ("l3", "r1, r2", ""),
        ("l4", "r1, r2", ""),
        ("l5", "r1, r2", ""),
        ("l23", "r2, r3", ""),
    ];
    let cut =
        |n: i64, at: i64| format!("{{at: {at}ms, inject: {{circuit_cut: {{circuit: c-l{n}}}}}}}");
    for (igp, times, expected) in [
        // Cut at 0, 1, 2, 3 s: seen 10 ms later.
        ("kind: isis", [0, 1_000, 2_000, 3_000], [60, 1_210, 2_410, 3_810]),
        ("kind: isis, spf_max: 300ms", [0, 500, 1_000, 1_500], [60, 710, 1_310, 1_810]),
        // Quiet for 2 × spf_max = 10 s: the first wait again.
        ("kind: isis", [0, 1_000, 12_000, 13_000], [60, 1_210, 12_060, 13_210]),
        // A change while SPF is due is seen by that run.
        ("kind: isis, spf_initial: 500ms", [0, 100, 1_000, 1_050], [510, 510, 1_210, 1_210]),
    ] {
        let text = design(igp, 3, &links);
        let faults: Vec<String> = (1..).zip(times).map(|(n, at)| cut(n, 100_000 + at)).collect();
        let run = Lab::new(&text, 130, &faults.join(", ")).run(1);
        let mut expected: Vec<i64> = expected.iter().map(|ms| ms * MS).collect();
        expected.dedup();
        assert_eq!(routes(&run, "r1"), expected, "{igp} {times:?}");
    }
}

/// A triangle whose routers turn to alternates 20 ms after they have lost a link, and have many
/// prefixes to write one by one: 20,000 a second.
fn protected(igp: &str, keys: &str, fault: &str) -> Run {
    let links = [("l12", "r1, r2", ""), ("l23", "r2, r3", ""), ("l13", "r1, r3", keys)];
    let text = design(&format!("kind: isis, {igp}"), 3, &links)
        .replace("203.0.113.0/24: {network: a,", "203.0.113.0/24: {network: a, count: 10000,");
    Lab::new(&text, 130, &format!("{{at: 100s, for: 10s, inject: {{{fault}}}}}")).run(1)
}

#[test]
fn a_loop_free_alternate_takes_over_at_once_where_spf_and_writing_take_long() {
    // Seen after 10 ms. Without: SPF 50 ms, 50 us of work, 10,000 writes at 20,000 a second.
    let run = protected("frr: none", "", CUT);
    assert_eq!(nanos(run.forward().longest_gap_s), 10 * MS + 50 * MS + 50 * US + 500 * MS);
    // With: the delay alone, for all prefixes, and nothing more when SPF has run and they are
    // written one after the other.
    let run = protected("frr: lfa, frr_delay: 20ms", "", CUT);
    assert_eq!(nanos(run.forward().longest_gap_s), 30 * MS);
    assert_eq!(nanos(run.forward().lost_s), 30 * MS);
    assert_eq!(run.became("frr", "l13", "r1", "alternate"), [30 * MS]);
    // Back by itself when the adjacency is, and nothing is lost.
    assert_eq!(run.became("frr", "l13", "r1", "primary").len(), 1);
    assert!(run.forward().recovered_at_s.is_some_and(|at| nanos(at) == 100 * S + 30 * MS));
}

#[test]
fn alternates_follow_bfd_as_they_follow_light() {
    // 50 ms x 3: detected 100 to 150 ms after the last packet got through.
    let bfd = "bfd: {tx: 50ms, rx: 50ms, multiplier: 3}, ";
    let run = protected("frr: lfa, frr_delay: 20ms", bfd, SILENT);
    let gap = nanos(run.forward().longest_gap_s);
    assert!((120 * MS..=171 * MS).contains(&gap), "{gap}");
}

#[test]
fn a_ring_of_four_has_no_alternate_for_its_neighbors() {
    let links = [
        ("l12", "r1, r2", ""),
        ("l23", "r2, r3", ""),
        ("l34", "r3, r4", ""),
        ("l14", "r1, r4", ""),
    ];
    let text = design("kind: isis, frr: lfa, frr_delay: 20ms", 4, &links).replace(
        "203.0.113.0/24: {network: a, routers: r3}",
        "203.0.113.0/24: {network: a, routers: r2}",
    );
    let run = Lab::new(&text, 130, "{at: 100s, inject: {circuit_cut: {circuit: c-l12}}}").run(1);
    // r1 to r2: r4 would send half of it back. So it is SPF's 50 ms, as without.
    let gap = nanos(run.forward().longest_gap_s);
    assert!(gap >= 60 * MS + 100 * US, "{gap}");
}

#[test]
fn bgp_looks_at_its_next_hops_after_its_delay_and_forwarding_follows_interior_routes_at_once() {
    // r1 prefers the exit of r2, 10 away, to that of r3, 20 away. r2 is also reached by r3.
    let run = |delay: &str, fault: &str| {
        let design = format!(
            "pnilab: topology/1
metros: {{m: {{}}}}
sites: {{s: {{metro: m}}}}
networks: {{a: {{asn: 64500}}, b: {{asn: 64501}}}}
routers:
  r1: {{network: a, site: s, next_hop_delay: {delay}}}
  r2: {{network: a, site: s}}
  r3: {{network: a, site: s}}
  x2: {{network: b, site: s}}
  x3: {{network: b, site: s}}
links:
  l12: {{ends: [r1, r2], metric: 10, circuits: {{c12: {{speed: 10G, length: 20km}}}}}}
  l13: {{ends: [r1, r3], metric: 20, circuits: {{c13: {{speed: 10G, length: 20km}}}}}}
  l23: {{ends: [r2, r3], metric: 20, circuits: {{c23: {{speed: 10G, length: 20km}}}}}}
pnis:
  p2: {{ends: [r2, x2], relation: peer, circuits: {{y2: {{speed: 10G, length: 1km}}}}, sessions: {{ipv4: {{}}}}}}
  p3: {{ends: [r3, x3], relation: peer, circuits: {{y3: {{speed: 10G, length: 1km}}}}, sessions: {{ipv4: {{}}}}}}
prefixes:
  198.51.100.0/24: {{network: a, routers: r1}}
  203.0.113.0/24: {{network: b, routers: [x2, x3]}}
demands:
  d: {{at: r1, from: 198.51.100.0/24, to: 203.0.113.0/24, rate: 1G}}
"
        );
        let run = Lab::new(&design, 130, &format!("{{at: 100s, inject: {{{fault}}}}}")).run(1);
        nanos(run.forward().longest_gap_s)
    };
    let off = "router_power_off: {router: r2}";
    assert_eq!(run("0s", off), 60 * MS + 100 * US);
    // r2 is gone after SPF; BGP looks 5 s later.
    assert_eq!(run("5s", off), 5 * S + 60 * MS + 100 * US);
    // r2 is still there by way of r3: no decision is needed, and the choice of r3 comes after.
    let cut = "circuit_cut: {circuit: c12}";
    assert!(run("5s", cut) < 70 * MS, "{}", run("5s", cut));
}

#[test]
fn bfd_of_internal_sessions_ends_them_where_static_routes_notice_nothing() {
    // BFD 50 ms x 3 hears nothing more; the last packet came up to 50 ms before the fault.
    let igp = "kind: static}, bgp: {hold: 90s}, ibgp: {bfd: {tx: 50ms, rx: 50ms, multiplier: 3}";
    for seed in 1..=100 {
        let lab = triangle(igp, "", 130, SILENT);
        let run = lab.run(seed);
        let down = run.session("r1--r3/ipv4", "r1", Went::Down);
        assert_eq!(down.len(), 1);
        let at = nanos(down[0].at_s) - BEGIN;
        assert!((100 * MS..=150 * MS).contains(&at), "down after {at} ns");
        assert_eq!(down[0].reason, "bfd_down");
    }
    // Without, the hold time has not passed when the run ends.
    let quiet =
        triangle("kind: static}, bgp: {hold: 90s}, ibgp: {mode: full_mesh", "", 130, SILENT);
    assert!(quiet.run(1).session("r1--r3/ipv4", "r1", Went::Down).is_empty());
}
