//! Policies that prefer each other's routes: some settle once chance has broken the lockstep, some
//! never do.

use crate::lab::{BEGIN, Lab, Run, S, nanos};

/// `r` prefers what `x1` tells, `x1` the shorter way through `r`: DISAGREE of Griffin, Shepherd and
/// Wilfong. Both ways to `o` are there; PNI `p1` joins the two.
const DISAGREE: &str = "pnilab: topology/1
defaults: {router: {update_processing: 20ms}}
metros: {m: {}}
sites: {s: {metro: m}}
networks: {core: {asn: 65000}, x1: {asn: 65001}, x2: {asn: 65002}, o: {asn: 65003}}
routers:
  r: {network: core, site: s}
  x1: {network: x1, site: s}
  x2: {network: x2, site: s}
  o: {network: o, site: s}
pnis:
  p1: {ends: [r, x1], relation: customer, circuits: {c1: {speed: 10G, length: 1km}}, sessions: {ipv4: {}},
       sides: {r: {import: [{name: first, set: {local_pref: 150}, then: accept}]}}}
  p2: {ends: [r, x2], relation: customer, circuits: {c2: {speed: 10G, length: 1km}}, sessions: {ipv4: {}}}
  q1: {ends: [x1, o], relation: customer, circuits: {c3: {speed: 10G, length: 1km}}, sessions: {ipv4: {}},
       sides: {o: {export: [{name: longer, set: {prepend: 3}, then: accept}]}}}
  q2: {ends: [x2, o], relation: customer, circuits: {c4: {speed: 10G, length: 1km}}, sessions: {ipv4: {}}}
prefixes:
  198.51.100.0/24: {network: o, routers: o}
  203.0.113.0/24: {network: core, routers: r}
demands:
  d: {at: r, from: 203.0.113.0/24, to: 198.51.100.0/24, rate: 1G}
";

/// Each of `x1`, `x2` and `x3` prefers the next one's own way to `o` to its own: BAD GADGET. As long
/// as `x3` has PNI `p`, it does not.
fn bad_gadget(mrai: &str) -> String {
    let own = |x: u8| {
        format!(
            "  o{x}: {{ends: [x{x}, o], relation: customer, circuits: {{k{x}: {{speed: 10G, length: 1km}}}}, sessions: {{ipv4: {{}}}}}}\n"
        )
    };
    let next = |x: u8, y: u8| {
        format!(
            "  n{x}: {{ends: [x{x}, x{y}], relation: customer, circuits: {{n{x}c: {{speed: 10G, length: 1km}}}}, sessions: {{ipv4: {{}}}},
       sides: {{x{x}: {{import: [{{name: two, match: {{as_path_at_most: 2}}, set: {{local_pref: 150}}, then: accept}}]}}}}}}\n"
        )
    };
    format!(
        "pnilab: topology/1
defaults: {{bgp: {{mrai: {mrai}}}, router: {{update_processing: 20ms}}}}
metros: {{m: {{}}}}
sites: {{s: {{metro: m}}}}
networks: {{x1: {{asn: 65001}}, x2: {{asn: 65002}}, x3: {{asn: 65003}}, o: {{asn: 65009}}}}
routers:
  x1: {{network: x1, site: s}}
  x2: {{network: x2, site: s}}
  x3: {{network: x3, site: s}}
  o: {{network: o, site: s}}
pnis:
{}  p: {{ends: [x3, o], relation: customer, circuits: {{c: {{speed: 10G, length: 1km}}}}, sessions: {{ipv4: {{}}}},
       sides: {{x3: {{import: [{{name: best, set: {{local_pref: 300}}, then: accept}}]}}}}}}
prefixes:
  198.51.100.0/24: {{network: o, routers: o}}
  203.0.113.0/24: {{network: x1, routers: x1}}
demands:
  d: {{at: x1, from: 203.0.113.0/24, to: 198.51.100.0/24, rate: 1G}}
",
        [own(1), own(2), own(3), next(1, 2), next(2, 3), next(3, 1)].concat()
    )
}

const CUT: &str = "{at: 100s, inject: {pni_cut: {pni: p}}}";

/// How long after the fault a forwarding table was last written.
fn last_write(run: &Run) -> i64 {
    let writes = run.0.figures.timeline.iter().filter(|row| row.kind == "fib");
    writes.map(|row| nanos(row.at_s)).max().unwrap_or(0) - BEGIN
}

fn not_settled(run: &Run) -> bool {
    run.0.figures.notes.iter().any(|note| note.contains("had not settled"))
}

#[test]
fn two_routers_that_prefer_each_other_do_not_stay_in_lockstep() {
    let lab = Lab::new(DISAGREE, 150, "{at: 100s, for: 15s, inject: {pni_cut: {pni: p1}}}");
    for seed in 1..=20 {
        let run = lab.run(seed);
        assert!(last_write(&run) < 18 * S, "seed {seed}: {}", last_write(&run));
        assert!(!not_settled(&run), "seed {seed}: {:?}", run.0.figures.notes);
    }
}

#[test]
fn a_dispute_without_a_stable_state_goes_on_and_is_told() {
    let lab = Lab::new(&bad_gadget("0s"), 150, CUT);
    for seed in 1..=3 {
        let run = lab.run(seed);
        assert!(last_write(&run) > 48 * S, "seed {seed}: {}", last_write(&run));
        assert!(not_settled(&run), "seed {seed}: {:?}", run.0.figures.notes);
    }
}

#[test]
fn advertisement_intervals_slow_a_dispute_but_it_is_told_all_the_same() {
    let run = Lab::new(&bad_gadget("30s"), 3600, CUT).run(1);
    assert!(last_write(&run) > 3400 * S, "{}", last_write(&run));
    assert!(not_settled(&run), "{:?}", run.0.figures.notes);
}
