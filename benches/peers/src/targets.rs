//! What was aimed at, and whether it is reached.

use crate::page::{digits, line};
use crate::result::{Case, Peak, Results};
use crate::tables::{forked, share, shares};

/// A row: what, the aim, what was measured, and whether that is enough.
type Row = (String, String, String, bool);

/// How many times as long an event should take in an engine, by how many wait.
const QUEUE: [(&str, &[(u32, f64)]); 5] = [
    ("cimba", &[(100, 1.5), (10_000, 2.5), (1_000_000, 5.0)]),
    ("nexosim", &[(100, 4.0), (10_000, 6.0), (1_000_000, 20.0)]),
    ("ns-3", &[(100, 3.0), (10_000, 5.0), (1_000_000, 15.0)]),
    ("SimPy", &[(100, 25.0), (10_000, 45.0)]),
    ("SimPy, processes", &[(100, 25.0), (10_000, 45.0)]),
];

/// Instructions an event of the network mix.
const INSTRUCTIONS: [(&str, u64); 2] = [("hold-network-100", 300), ("hold-network-10000", 400)];

/// How many times as long a full copy should take as making a fork equal again, aimed at for states
/// of 1 and 10 MB: a fork of these takes about 3 and 12.
const COPIES: [(&str, f64); 2] = [("geant2012", 20.0), ("cogentco", 300.0)];

/// Adds the table.
pub(crate) fn add(page: &mut String, results: &Results) {
    page.push_str(
        "\n## Targets\n\n\
         Set before any of it was measured here; a ratio says how many times as long the peer takes. \
         What was not run is left out. The last row aims at the cells of hot tables alone, and \
         measures all that a process holds. Full copies of 1 and 10 MB were aimed at; forks of these maps take \
         3 and 12 (resident memory, in the mean of ten). That the queue allocates nothing once it has grown is held by \
         `tests/queue.rs`, that idle sessions cost no event by `tests/quiet.rs`.\n\n\
         | what | target | measured | |\n|---|---|---|---|\n",
    );
    let rows = queue(results).chain(instructions(results)).chain(routing(results));
    let rows = rows.chain(forks(results));
    for (what, target, measured, held) in rows.chain(whole(results)).chain(memory(results)) {
        let held = if held { "held" } else { "missed" };
        line(page, &[what, target, measured, held.to_owned()]);
    }
}

/// At least so many times.
fn at_least(what: String, target: f64, measured: f64) -> Row {
    let held = measured >= target;
    (what, format!("{}x", plain(target)), format!("{}x", digits(measured)), held)
}

/// At most so much of a unit.
fn at_most(what: &str, (target, measured): (f64, f64), unit: &str) -> Row {
    let held = measured <= target;
    let shown = format!("{} {unit}", digits(measured));
    (what.to_owned(), format!("{} {unit}", plain(target)), shown, held)
}

/// Without decimals that say nothing.
fn plain(value: f64) -> String {
    value.to_string()
}

fn queue(results: &Results) -> impl Iterator<Item = Row> {
    QUEUE
        .iter()
        .flat_map(|(name, targets)| targets.iter().map(move |target| (*name, *target)))
        .filter_map(|(name, (pending, target))| {
            let pace = results.queue.iter().find(|pace| pace.pending == pending)?;
            let measured = pace.event_ns.get(name)?.median / pace.event_ns["pnilab"].median;
            Some(at_least(format!("an event, {name}, {pending} pending"), target, measured))
        })
}

fn instructions(results: &Results) -> impl Iterator<Item = Row> {
    INSTRUCTIONS.into_iter().filter_map(|(name, target)| {
        let measured = *results.instructions.get(name)?;
        let what = format!("instructions an event, {name}");
        Some((what, target.to_string(), measured.to_string(), measured <= target))
    })
}

fn routing(results: &Results) -> impl Iterator<Item = Row> {
    let case = |map: &str| -> Option<&Case> {
        results.routing.iter().find(|case| case.map == map && case.prefixes == 100)
    };
    let cold = case("geant2012").map(|case| {
        let ratio = case.bgpsim.converge_ms.median / case.apart.cold_ms.median;
        let what = "geant2012, 100 prefixes apart, from a cold start to converged, bgpsim";
        at_least(what.to_owned(), 2.0, ratio)
    });
    let cut = case("cogentco").map(|case| {
        let ratio = case.bgpsim.cut_ms.median / case.apart.forks.cut_ms.median;
        let what = "cogentco, 100 prefixes apart, the cut of a link on a fork, bgpsim";
        at_least(what.to_owned(), 100.0, ratio)
    });
    cold.into_iter().chain(cut)
}

fn forks(results: &Results) -> impl Iterator<Item = Row> {
    let back = COPIES.into_iter().filter_map(|(wanted, target)| {
        let (.., times) =
            forked(results).find(|(map, prefixes, _)| *map == wanted && prefixes == "100 apart")?;
        let what =
            format!("{wanted}, 100 prefixes apart, a run without a fault rolled back, a full copy");
        Some(at_least(what, target, times.copy_ms.median / times.idle_back_ms.median))
    });
    let shares = forked(results).map(|(.., times)| share(times));
    let most = shares.max_by(f64::total_cmp).map(|most| {
        at_most("the share of rolling back in a run with a cut, the largest", (15.0, most), "%")
    });
    back.chain(most)
}

fn whole(results: &Results) -> impl Iterator<Item = Row> {
    let whole = &results.whole;
    let simpy = whole.simpy_ms.map(|simpy| {
        let what = "start of the program, Python that imports SimPy".to_owned();
        at_least(what, 10.0, simpy.median / whole.start_ms.median)
    });
    let rows = [
        at_most("the README's example with charts", (300.0, whole.example_ms.median), "ms"),
        at_most("the README's example, JSON alone", (50.0, whole.example_json_ms.median), "ms"),
        at_most("a year of 1,000 idle sessions", (1000.0, whole.quiet_year_ms.median), "ms"),
    ];
    simpy.into_iter().chain(rows)
}

fn memory(results: &Results) -> impl Iterator<Item = Row> {
    let is_largest = |peak: &&Peak| peak.map == "kdl" && peak.prefixes == 1000;
    let largest = results.memory.iter().find(is_largest).into_iter().flat_map(|peak| {
        let what = "kdl, 1000 prefixes apart, a settled run";
        [
            at_most(what, (10.0, peak.apart.seconds), "s"),
            at_most(what, (1000.0, peak.apart.mb), "MB"),
        ]
    });
    // A route and what a router keeps of it: two of 4 bytes each, and one of 8.
    let pair = shares(&results.memory)
        .map(|[_, pair]| at_most("a prefix at a router with two sessions", (16.0, pair), "bytes"));
    largest.chain(pair)
}
