//! The page's tables of all but routing on the small maps.

use std::fmt::Write as _;

use crate::page::{digits, line, ratio, shown};
use crate::result::{Failure, ForkTimes, Held, Pace, Peak, Results, Spread, Whole};

/// The order of engines, nearest to pnilab first.
pub(crate) const ENGINES: [&str; 6] =
    ["simrs", "cimba", "nexosim", "ns-3", "SimPy", "SimPy, processes"];

/// Adds them.
pub(crate) fn add(page: &mut String, results: &Results) {
    if let Some(first) = results.large.first() {
        large(page, &results.large, first);
    }
    if forked(results).next().is_some() {
        forks(page, results);
    }
    if !results.queue.is_empty() {
        queue(page, &results.queue);
    }
    whole(page, &results.whole);
    memory(page, &results.memory);
}

fn large(page: &mut String, cases: &[Failure], first: &Failure) {
    let _ = write!(
        page,
        "\n### An internal link is cut, where bgpsim takes long\n\n\
         As above, but {} round and {} links, without cold starts and without following the paths.\n\n\
         | map | prefixes | bgpsim copies, ms | bgpsim, ms | pnilab whole run, ms | ratio | pnilab \
         comes to rest, ms | pnilab forked, ms | ratio |\n|---|---|---|---|---|---|---|---|---|\n",
        first.rounds, first.cuts,
    );
    for case in cases {
        let ways = [(&case.together, ""), (&case.apart, " apart")];
        for (lab, how) in ways.into_iter().take(if case.prefixes > 1 { 2 } else { 1 }) {
            let theirs = case.bgpsim_cut_ms.median;
            let (run, forked) = (lab.cut_ms.median, lab.forks.cut_ms.median);
            line(
                page,
                &[
                    format!("{} ({} nodes, {} links)", case.map, case.nodes, case.links),
                    format!("{}{how}", case.prefixes),
                    digits(case.bgpsim_clone_ms.median),
                    digits(theirs),
                    digits(run),
                    ratio(theirs, run),
                    digits(lab.forks.rest_ms.median),
                    digits(forked),
                    ratio(theirs, forked),
                ],
            );
        }
    }
}

/// All runs with forks, and of what: the map and its prefixes.
pub(crate) fn forked(results: &Results) -> impl Iterator<Item = (&str, String, &ForkTimes)> {
    let small = results
        .routing
        .iter()
        .map(|case| (&*case.map, case.prefixes, [&case.together.forks, &case.apart.forks]));
    let large = results
        .large
        .iter()
        .map(|case| (&*case.map, case.prefixes, [&case.together.forks, &case.apart.forks]));
    small.chain(large).flat_map(|(map, prefixes, [together, apart])| {
        let apart = (prefixes > 1).then(|| (map, format!("{prefixes} apart"), apart));
        [(map, prefixes.to_string(), together)].into_iter().chain(apart)
    })
}

/// The share that rolling back has in a run with a cut, in percent.
pub(crate) fn share(times: &ForkTimes) -> f64 {
    times.cut_back_ms.median / times.cut_ms.median * 100.0
}

fn forks(page: &mut String, results: &Results) {
    page.push_str(
        "\n### What a fork costs\n\n\
         The forked runs above, and such without a fault. A full copy is what a fork costs once; \
         what routers have in common is not copied. Rolled back: what it takes to make the fork \
         equal to the base again after the run, and how many times as long the copy takes. Share: of \
         rolling back in a run with a cut. What a run without a fault takes is nearly all its report: a \
         row for the routes of each router and prefix, up to 100,000.\n\n\
         | map | prefixes | full copy, us | without a fault, us | rolled back, us | ratio | with a \
         cut, us | rolled back, us | ratio | share |\n|---|---|---|---|---|---|---|---|---|---|\n",
    );
    let us = |of: Spread| {
        let [median, min, max] = [of.median, of.min, of.max].map(|ms| ms * 1e3);
        shown(Spread { median, min, max })
    };
    for (map, prefixes, times) in forked(results) {
        let copy = times.copy_ms.median;
        line(
            page,
            &[
                map.to_owned(),
                prefixes,
                us(times.copy_ms),
                us(times.idle_ms),
                us(times.idle_back_ms),
                ratio(copy, times.idle_back_ms.median),
                us(times.cut_ms),
                us(times.cut_back_ms),
                ratio(copy, times.cut_back_ms.median),
                format!("{} %", digits(share(times))),
            ],
        );
    }
}

fn queue(page: &mut String, paces: &[Pace]) {
    page.push_str(
        "\n## Queue of events\n\n\
         The hold model: as many events always wait, and each that is taken is queued again after \
         an exponential time, 1 ms in the mean, the same numbers for all. Timed are 300,000 \
         events a round; filling is not. In a cell: nanoseconds an event, and its ratio to pnilab.\n\n\
         What differs: pnilab's part is its bare queue, with events of 40 bytes and a total order by \
         content (in the default codegen units, as in the simulator, an event took a fifth longer \
         with 100 pending); those of the others carry 16, and they do more with each. simrs puts it into a \
         box, calls a component and keeps no order among equal times. cimba calls a function \
         through a pointer, and each of its events can be found by a handle and cancelled; its library \
         is the one in the wheel of PyPI, called from C. nexosim schedules an asynchronous model on \
         one thread. ns-3 allocates an event that can be cancelled; it has its default scheduler. \
         SimPy runs a callback for each, or resumes a process, and its waits are drawn before the clock \
         starts. cimba, ns-3 and SimPy are programs of their own, which wait while others have their \
         turn. So this says what an event costs in each, not that a whole simulator is as much faster.\n\n",
    );
    let heads = paces.iter().map(|pace| format!("{} pending", pace.pending));
    line(page, &[vec!["engine".to_owned()], heads.collect()].concat());
    line(page, &vec!["---".to_owned(); paces.len() + 1]);
    for name in ["pnilab"].into_iter().chain(ENGINES) {
        let cell = |pace: &Pace| {
            let Some(ns) = pace.event_ns.get(name) else { return "not run".to_owned() };
            let ours = pace.event_ns["pnilab"].median;
            let more = format!(", {}", ratio(ns.median, ours));
            format!("{}{}", shown(*ns), if name == "pnilab" { "" } else { &more })
        };
        line(page, &[vec![name.to_owned()], paces.iter().map(cell).collect()].concat());
    }
}

fn whole(page: &mut String, whole: &Whole) {
    page.push_str(
        "\n## Whole programs\n\n\
         From process start to end in wall-clock time, the quickest of 5 starts in each round, of \
         `pnilab` as it is built by default; the year is processor time of the run alone, loaded \
         before, which handles no event.\n\n\
         | what | ms |\n|---|---|\n",
    );
    let simpy = whole.simpy_ms.map_or_else(|| "not run".to_owned(), shown);
    for (what, ms) in [
        ("`pnilab --version`", shown(whole.start_ms)),
        ("`python -c \"import simpy\"`", simpy),
        ("the README's example: JSON, CSV, SVG and HTML on disk", shown(whole.example_ms)),
        ("the README's example: JSON alone", shown(whole.example_json_ms)),
        ("a simulated year of 1,000 idle sessions of BFD, 50 ms x 3", shown(whole.quiet_year_ms)),
    ] {
        line(page, &[what.to_owned(), ms]);
    }
}

fn memory(page: &mut String, peaks: &[Peak]) {
    page.push_str(
        "\n## Memory\n\n\
         The most that a process held (`VmHWM` of Linux), in MB, and the processor seconds of its \
         work. Each run is a process of its own: bgpsim builds the map and announces all prefixes; \
         pnilab loads the design (not in the seconds) and runs 20 s that start settled, with its \
         report in memory.\n\n\
         | map | prefixes | bgpsim | pnilab | pnilab, prefixes apart |\n|---|---|---|---|---|\n",
    );
    let shown = |held: Held| format!("{} MB, {} s", digits(held.mb), digits(held.seconds));
    for peak in peaks {
        line(
            page,
            &[
                format!("{} ({} nodes)", peak.map, peak.routers),
                peak.prefixes.to_string(),
                shown(peak.bgpsim),
                shown(peak.together),
                shown(peak.apart),
            ],
        );
    }
    let Some([router, pair]) = shares(peaks) else { return };
    let _ = write!(
        page,
        "\nWorked out from differences of these: a router of Kdl, with its two sessions and all that it \
         knows of the others, takes {} KB (one prefix; Kdl less Abilene). A prefix of its own takes {} \
         bytes at each router, with a route from each of two reflectors (Cogentco with 1000, \
         apart less together).\n",
        digits(router / 1e3),
        digits(pair),
    );
}

/// Bytes of a router in the largest map, and of a prefix at a router.
pub(crate) fn shares(peaks: &[Peak]) -> Option<[f64; 2]> {
    let of = |map: &str, prefixes| {
        peaks.iter().find(|peak| peak.map == map && peak.prefixes == prefixes)
    };
    let (small, large) = (of("abilene", 1)?, of("kdl", 1)?);
    let routers = (large.routers - small.routers) as f64;
    // With so many prefixes no run keeps what each router knows of each for `routes.csv`, apart or not.
    let many = of("cogentco", 1000)?;
    let pairs = f64::from(many.prefixes - 1) * many.routers as f64;
    Some([
        (large.together.mb - small.together.mb) * 1e6 / routers,
        (many.apart.mb - many.together.mb) * 1e6 / pairs,
    ])
}
