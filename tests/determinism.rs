//! Equal inputs give equal bytes, and what is added elsewhere changes nothing here.

#[path = "detectors/lab.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod lab;

use std::collections::BTreeMap;
use std::path::Path;

use lab::{Lab, Pair};
use pnilab::report::write::{Images, everything};

/// A pair with everything that draws: BFD, LACP, flows, jittered faults, random loss.
fn busy() -> Pair<'static> {
    Pair {
        circuits: "c1: {speed: 10G, length: 20km}, c2: {speed: 10G, length: 30km}",
        lag: "lacp: {interval: fast}",
        session: "bgp: {hold: 9s, mrai: 5s}, bfd: {}",
        prefix: "count: 500",
        demand: "metro: m, rate: 12G, return_rate: 3G, flows: {count: 50}",
        ..Pair::default()
    }
}

const FAULTS: &str = "
    {at: 20s, for: 7s, jitter: 3s, inject: {circuit_silent: {circuit: c1}}},
    {at: 40s, for: 30s, inject: {pni_silent: {pni: p, toward: ra}}},
    {at: 80s, for: 9s, inject: {circuit_degrade: {circuit: c2, loss: 30%, delay: 2ms}}},
    {at: 95s, repeat: {times: 3, every: 7s}, inject: {session_reset: {session: p/ipv4}}},
    {at: 130s, for: 4s, inject: {circuit_cut: {circuit: [c1, c2], toward: rb}}},
    {at: 150s, inject: {router_crash: {router: rb}}}";

/// Every file below a folder and its bytes.
fn files(folder: &Path, into: &mut BTreeMap<String, Vec<u8>>, root: &Path) {
    for entry in std::fs::read_dir(folder).expect("it was written") {
        let path = entry.expect("it is readable").path();
        if path.is_dir() {
            files(&path, into, root);
        } else {
            let name = path.strip_prefix(root).expect("it is below").display().to_string();
            into.insert(name, std::fs::read(&path).expect("it is readable"));
        }
    }
}

/// All the images that this build can make.
fn images() -> Images {
    #[cfg(feature = "png")]
    let images = Images::SvgAndPng;
    #[cfg(not(feature = "png"))]
    let images = Images::Svg;
    images
}

fn written(seed: u64) -> BTreeMap<String, Vec<u8>> {
    let run = busy().lab(600, FAULTS).run(seed);
    let folder = tempfile::tempdir().expect("a folder for the files");
    let out = folder.path().join("out");
    everything(&out, &[run.0], images()).expect("it can be written");
    let mut all = BTreeMap::new();
    files(&out, &mut all, &out);
    all
}

#[test]
fn the_same_run_writes_the_same_bytes() {
    let (first, again) = (written(7), written(7));
    let kinds = ["json", "csv", "svg", "html"];
    for kind in kinds {
        let has = |name: &&String| Path::new(name).extension().is_some_and(|e| e == kind);
        assert!(first.keys().any(|name| has(&name)), "no {kind} in {:?}", first.keys());
    }
    assert_eq!(first.keys().collect::<Vec<_>>(), again.keys().collect::<Vec<_>>());
    for (name, bytes) in &first {
        assert!(again[name] == *bytes, "{name} differs");
    }
    // The seed matters: the comparison above is not of constants.
    assert!(written(8) != first);
}

/// The design of [`busy`] with another metro: two networks, three routers, a PNI and a demand.
fn with_neighbours(first: bool) -> String {
    let text = busy().text();
    let add = |text: String, at: &str, more: &str| {
        assert!(text.contains(at), "{at}");
        if first { text.replace(at, &format!("{at}{more}")) } else { text }
    };
    let text = add(text, "metros: {", "aa: {}, ");
    let text = add(text, "sites: {", "aa: {metro: aa}, ");
    let text = add(
        text,
        "networks: {",
        "aa: {asn: 64510, igp: {hello: 1s, dead: 3s}}, zz: {asn: 64511}, ",
    );
    let more = "aa1: {network: aa, site: aa}, aa2: {network: aa, site: aa}, \
                zz1: {network: zz, site: aa}, ";
    let text = add(text, "routers: {", more);
    let more =
        "  aa: {ends: [aa1, zz1], relation: peer, circuits: {aa: {speed: 10G}, ab: {speed: 10G}},
       lag: {lacp: {interval: fast}}, sessions: {ipv4: {bfd: {}}}}\n";
    let text = add(text, "pnis:\n", more);
    let text = add(
        text,
        "prefixes:\n",
        "  192.0.2.0/25: {network: aa, routers: aa2, count: 77}
  192.0.2.128/25: {network: zz, routers: zz1, count: 99}\n",
    );
    let more =
        "  aa: {at: zz1, from: 192.0.2.128/25, to: 192.0.2.0/25, rate: 1G, return_rate: 1G}\n";
    let text = add(text, "demands:\n", more);
    if first {
        text + "links: {aal: {ends: [aa1, aa2], circuits: {al: {speed: 10G}}, bfd: {}}}\n"
    } else {
        text
    }
}

#[test]
fn another_metro_changes_no_transition_and_no_figure_of_this_one() {
    // The other metro has faults of its own, with ramps of writing at the same time.
    let faults = format!(
        "{FAULTS}, {{at: 20300ms, for: 33s, inject: {{circuit_silent: {{circuit: aa}}}}}},
         {{at: 96s, inject: {{router_crash: {{router: aa2}}}}}}"
    );
    for seed in 1..=5 {
        let alone = Lab::new(&with_neighbours(false), 600, FAULTS).run(seed).0;
        let beside = Lab::new(&with_neighbours(true), 600, &faults).run(seed).0;
        let own = |row: &&pnilab::report::data::TimelineRow| {
            !(row.router.starts_with("aa") || row.router.starts_with("zz"))
        };
        let rows = beside.figures.timeline.iter().filter(own).collect::<Vec<_>>();
        assert!(rows.len() < beside.figures.timeline.len());
        assert_eq!(alone.figures.timeline.iter().collect::<Vec<_>>(), rows, "seed {seed}");
        let sessions = beside.result.sessions.iter().filter(|row| row.session == "p/ipv4");
        assert_eq!(alone.result.sessions.iter().collect::<Vec<_>>(), sessions.collect::<Vec<_>>());
        // Windows differ, as there are more faults; what was suffered over the run does not.
        for mine in &alone.result.demands {
            let theirs = beside.result.demands.iter();
            let mut theirs =
                theirs.filter(|row| row.demand == mine.demand && row.direction == mine.direction);
            let theirs = theirs.next().expect("it is in both designs");
            let exact = |m: &pnilab::report::data::Measures| {
                [
                    m.longest_gap_s,
                    m.whole_gap_s,
                    m.source_down_s,
                    m.disturbed,
                    m.worst_delivered.unwrap_or(-1.0),
                    m.first_loss_at_s.unwrap_or(-1.0),
                ]
                .map(f64::to_bits)
            };
            assert_eq!(exact(&mine.run), exact(&theirs.run), "seed {seed}");
            // Congestion while prefixes are written is worked out at steps, of which another
            // network's changes make more: the integrals differ by less than a step.
            let near = |m: &pnilab::report::data::Measures| {
                [m.lost_s, m.impaired_s, m.recovered_at_s.unwrap_or(-1.0)]
            };
            for (mine, theirs) in near(&mine.run).into_iter().zip(near(&theirs.run)) {
                assert!((mine - theirs).abs() < 1e-3, "seed {seed}: {mine} against {theirs}");
            }
        }
    }
}

#[test]
fn the_order_of_entries_in_the_file_does_not_matter() {
    let text = busy().text();
    let swapped = text.replace(
        "ra: {network: a, site: s}, rb: {network: b, site: s}",
        "rb: {network: b, site: s}, ra: {network: a, site: s}",
    );
    // Not the members of a LAG: their order is the order in which a hash counts them.
    assert_ne!(text, swapped);
    for seed in 1..=5 {
        let [one, other] = [&text, &swapped].map(|text| Lab::new(text, 600, FAULTS).run(seed).0);
        assert_eq!(one.result.sessions, other.result.sessions, "seed {seed}");
        // At one instant what is told of two things may stand in either order.
        let sorted = |report: &pnilab::report::data::RunReport| {
            let mut rows: Vec<String> =
                report.figures.timeline.iter().map(|row| format!("{row:?}")).collect();
            rows.sort();
            rows
        };
        assert_eq!(sorted(&one), sorted(&other), "seed {seed}");
    }
}
