//! The page: tables of what was measured, and what they do not say.

use std::fmt::Write as _;

use crate::result::{Case, LabTimes, Results, Spread};
use crate::{tables, targets};

/// The page of these results.
pub(crate) fn of(results: &Results) -> String {
    let mut page = head(results);
    if !results.routing.is_empty() {
        page.push_str(ROUTING);
        converge(&mut page, &results.routing);
        cuts(&mut page, &results.routing, results.cuts);
        agreement(&mut page, &results.routing);
    }
    tables::add(&mut page, results);
    targets::add(&mut page, results);
    page
}

fn head(results: &Results) -> String {
    let Results { command, commit, machine, rounds, .. } = results;
    let versions: Vec<_> =
        results.versions.iter().map(|(name, of)| format!("{name} {of}")).collect();
    let missing = results.missing.iter().map(|(name, why)| format!("{name} was not run: {why}. "));
    let missing: String = missing.collect();
    format!(
        "# Speed beside others\n\n\
         Written from `benches/peers/results.json` by `benches/peers`, not by hand:\n\n\
         ```sh\n{command}\n```\n\n\
         Commit {commit}; {}; {}, {} cores, shared with other work; the default release profile \
         for what is in Rust, but one codegen unit for the program that measures; -O3 for C and \
         C++. {missing}Unless said otherwise each figure is processor time of one thread, the \
         median of {rounds} rounds (least to greatest); in a round all take turns. Figures of other \
         machines do not compare; ratios of medians do better: above 1, pnilab takes less.\n",
        versions.join(", "),
        machine.cpu,
        machine.cores,
    )
}

const ROUTING: &str = "\n## Routing\n\n\
    Maps of the Internet Topology Zoo with the workload that `topologies/zoo/make.py` tells: two \
    reflectors, and two neighbours that announce the same prefixes. bgpsim simulates the control \
    plane as messages in one queue, first in, first out, with an IGP that is computed at once. \
    It has no time: no timers, detection, flooding, TCP, forwarding tables that take time to \
    write, or traffic. pnilab models these, follows five demands and makes its whole report in \
    memory. So the work is not the same, and a ratio says how long an answer takes, not how good \
    a program is.\n\n\
    Prefixes that one entry of the design writes are a group in pnilab, treated as one where all of \
    it is treated alike; bgpsim takes each by itself. The lines `apart` have the same prefixes in an \
    entry each with a community of its own, which makes each a group, so that pnilab too takes each by \
    itself. No router looks at these communities, and bgpsim's routes have none.\n";

fn converge(page: &mut String, cases: &[Case]) {
    page.push_str(
        "\n### From nothing to converged\n\n\
         bgpsim: both neighbours announce all prefixes, and all settles; sessions and IGP stand \
         before (building the network is a column of its own and in no ratio). pnilab, \
         cold: all routers are switched on and 60 s pass, with IGP, TCP, sessions and routes, \
         from the loaded design to the report. pnilab, settled: a run that starts converged, as \
         runs do unless told otherwise, 20 s without a fault.\n\n\
         | map | prefixes | bgpsim builds, ms | bgpsim, ms | pnilab cold, ms | ratio | pnilab \
         settled, ms | ratio |\n|---|---|---|---|---|---|---|---|\n",
    );
    for case in cases {
        let theirs = case.bgpsim.converge_ms;
        for (lab, how) in lines(case) {
            let (cold, idle) = (lab.cold_ms, lab.idle_ms);
            line(
                page,
                &[
                    name(case),
                    format!("{}{how}", case.prefixes),
                    shown(case.bgpsim.build_ms),
                    shown(theirs),
                    shown(cold),
                    ratio(theirs.median, cold.median),
                    shown(idle),
                    ratio(theirs.median, idle.median),
                ],
            );
        }
    }
}

fn cuts(page: &mut String, cases: &[Case], count: usize) {
    let _ = write!(
        page,
        "\n### An internal link is cut\n\n\
         The mean of {count} links spread over the list, each cut alone (all, if a map has fewer). bgpsim: one link is \
         removed from a copy of the converged network, and all settles; making the copy is a \
         column of its own and in no ratio. pnilab, whole run: from the loaded design to the \
         report, with settling, 5 s before the cut and 15 s after it. pnilab, forked: the network \
         comes to rest once a round (a column of its own and in no ratio), and each cut runs on a \
         fork of it, from there to the report and back to where it was.\n\n\
         | map | prefixes | bgpsim copies, ms | bgpsim, ms | pnilab whole run, ms | ratio | pnilab \
         comes to rest, ms | pnilab forked, ms | ratio |\n|---|---|---|---|---|---|---|---|---|\n",
    );
    for case in cases {
        let theirs = case.bgpsim.cut_ms;
        for (lab, how) in lines(case) {
            let forked = lab.forks.cut_ms;
            line(
                page,
                &[
                    name(case),
                    format!("{}{how}", case.prefixes),
                    shown(case.bgpsim.clone_ms),
                    shown(theirs),
                    shown(lab.cut_ms),
                    ratio(theirs.median, lab.cut_ms.median),
                    shown(lab.forks.rest_ms),
                    shown(forked),
                    ratio(theirs.median, forked.median),
                ],
            );
        }
    }
}

fn agreement(page: &mut String, cases: &[Case]) {
    page.push_str(
        "\n### Whether both find the same\n\n\
         The demands before any cut and after each: their delay in pnilab, and that of bgpsim's \
         paths over the same lengths, for which its routers spread over equally short ones as \
         those of pnilab do (not in the timed runs).\n\n| map | prefixes | delays | equal |\n|---|---|---|---|\n",
    );
    for case in cases {
        let (compared, equal) = (case.paths.compared, case.paths.equal);
        let cells =
            [name(case), case.prefixes.to_string(), compared.to_string(), equal.to_string()];
        line(page, &cells);
    }
}

/// Both ways to write prefixes; one prefix alone is written in one.
fn lines(case: &Case) -> impl Iterator<Item = (&LabTimes, &'static str)> {
    let ways = [(&case.together, ""), (&case.apart, " apart")];
    ways.into_iter().take(if case.prefixes > 1 { 2 } else { 1 })
}

pub(crate) fn line(page: &mut String, cells: &[String]) {
    page.push_str(&format!("| {} |\n", cells.join(" | ")));
}

fn name(case: &Case) -> String {
    format!("{} ({} nodes, {} links)", case.map, case.nodes, case.links)
}

pub(crate) fn shown(of: Spread) -> String {
    format!("{} ({}..{})", digits(of.median), digits(of.min), digits(of.max))
}

pub(crate) fn ratio(theirs: f64, ours: f64) -> String {
    format!("{}x", digits(theirs / ours))
}

/// Three digits, or all of a larger number.
pub(crate) fn digits(value: f64) -> String {
    let decimals = match value {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        _ => 3,
    };
    format!("{value:.decimals$}")
}
