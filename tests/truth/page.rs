//! The calibration page and the table, as text.

use std::fmt::Write as _;

use super::measured::{Case, HELD_OUT};
use super::rules::{Rule, SLACK_S, Sorted};
use super::simulated::SEEDS;
use super::{Lab, Row};

const INFALLIBLE: &str = "writing into a string does not fail";

/// What agreed of the second lab with the profiles as they were before it was measured.
const FIRST_SIGHT: &str = "220 of 256 measures";

/// What each group of cases is.
const GROUPS: [(&str, &str, &str); 12] = [
    (
        "b2b-bird",
        "Two routers, two circuits: BIRD",
        "r1 (AS 64500) and r2 (AS 64501) are joined by two circuits with an eBGP session on each, and \
         share traffic between both. The fault hits one of them; p is its end at r1.",
    ),
    ("b2b-frr", "Two routers, two circuits: FRR", "The same with FRR."),
    (
        "pni-pb-bird",
        "Primary and backup: BIRD",
        "Each network has a core router, which reflects, and two edge routers, A and B, with a PNI \
         between the networks at each. Static routes inside, next-hop-self; local preference 200 at A \
         and 100 at B on both sides. The fault hits A; p is its end in AS 64500.",
    ),
    ("pni-pb-frr", "Primary and backup: FRR", "The same with FRR."),
    (
        "prefixes-bird",
        "Many prefixes: BIRD",
        "A program tells r2 of so many prefixes, and later withdraws them; r2 tells r1. Measured is the \
         first and the last write of each kind to the kernel's table.",
    ),
    ("prefixes-frr", "Many prefixes: FRR", "The same with FRR."),
    (
        "held-out-b2b-bird",
        "Second lab, two routers: BIRD",
        "The two routers with two circuits, with other timers and other faults.",
    ),
    ("held-out-b2b-frr", "Second lab, two routers: FRR", "The same with FRR."),
    (
        "held-out-pni-pb-bird",
        "Second lab, primary and backup: BIRD",
        "The two networks that prefer site A. BFD, where it runs, runs on internal sessions too.",
    ),
    ("held-out-pni-pb-frr", "Second lab, primary and backup: FRR", "The same with FRR."),
    (
        "held-out-pni-ecmp-bird",
        "Second lab, two sites in use: BIRD",
        "The same networks without local preference: the cores share traffic between both sites.",
    ),
    ("held-out-pni-ecmp-frr", "Second lab, two sites in use: FRR", "The same with FRR."),
];

/// What a group is called.
pub(crate) fn heading(group: &str) -> &'static str {
    GROUPS.iter().find(|(name, ..)| *name == group).expect("every group has a heading").1
}

/// A unit and how many of it are a second, for values up to this one.
pub(crate) fn unit(largest: f64) -> (&'static str, f64) {
    if largest < 1.0 { ("ms", 1e3) } else { ("s", 1.0) }
}

/// A row as values in its unit: measured, then simulated with `-` where nothing happened.
struct Cells {
    unit: &'static str,
    measured: [String; 3],
    simulated: [String; 5],
}

fn happened(row: &Row) -> Option<Sorted> {
    Sorted::new(row.simulated.iter().copied().flatten().collect())
}

fn cells(row: &Row) -> Cells {
    let simulated = happened(row);
    let largest = row.measured.max().max(simulated.as_ref().map_or(0.0, Sorted::max));
    let (unit, per_second) = unit(largest);
    let digits = if per_second > 1.0 { 1 } else { 2 };
    let text = |seconds: f64| format!("{:.digits$}", seconds * per_second);
    let measured = [row.measured.min(), row.measured.median(), row.measured.max()].map(text);
    let simulated = simulated.map_or([0.0; 5].map(|_| "-".to_owned()), |all| {
        let (low, high) = (all.percentile(5), all.percentile(95));
        [all.min(), low, all.median(), high, all.max()].map(text)
    });
    Cells { unit, measured, simulated }
}

/// A row on one line.
pub(crate) fn line(row: &Row) -> String {
    let Cells { unit, measured, simulated } = cells(row);
    let (measured, simulated) = (measured.join(" / "), simulated.join(" / "));
    let n = row.measured.len();
    format!("measured {measured} {unit} (n {n}), simulated {simulated} {unit}")
}

/// Everything for a terminal: min, median and max of what was measured, then min, 5 %, median, 95 %
/// and max of what is simulated.
pub(crate) fn table(lab: &Lab, all: &[(&Case, &[Row])]) -> String {
    let mut text = String::new();
    for (case, rows) in all {
        writeln!(text, "{}", case.name).expect(INFALLIBLE);
        for row in *rows {
            let Cells { unit, measured, simulated } = cells(row);
            let listed = lab.exceptions(case, row.measure.key);
            let verdict = |(rule, told): &(Rule, String)| {
                let is_listed = listed.iter().any(|listed| listed.rule == rule.word());
                let word = if is_listed { "exception" } else { "FAILS" };
                format!("{word} {}: {told}", rule.word())
            };
            let verdicts: Vec<String> = row.broken.iter().map(verdict).collect();
            let verdict =
                if verdicts.is_empty() { "agrees".to_owned() } else { verdicts.join("; ") };
            let [low, median, high] = measured;
            let [min, five, half, most, max] = simulated;
            writeln!(
                text,
                "  {:<22} {unit:<2} n {:>2} {low:>8} {median:>8} {high:>8} | {min:>8} {five:>8} \
                 {half:>8} {most:>8} {max:>8}  {verdict}",
                row.measure.key,
                row.measured.len(),
            )
            .expect(INFALLIBLE);
        }
    }
    text
}

/// The page.
pub(crate) fn page(lab: &Lab, all: &[(&Case, &[Row])]) -> String {
    let mut text = introduction(lab, all);
    for (group, heading, about) in GROUPS {
        let cases: Vec<_> = all.iter().filter(|(case, _)| case.group == group).collect();
        let picture = format!("calibration/{group}.svg");
        write!(
            text,
            "\n## {heading}\n\n{about}\n\n![Simulated and measured values of {group}]({picture})\n"
        )
        .expect(INFALLIBLE);
        for (case, rows) in cases {
            section(&mut text, lab, case, rows);
        }
    }
    text
}

/// How many of the measures agree, in the groups whose name begins so.
fn score(all: &[(&Case, &[Row])], of: impl Fn(&str) -> bool) -> String {
    let cases: Vec<_> = all.iter().filter(|(case, _)| of(&case.group)).collect();
    let rows = || cases.iter().flat_map(|(_, rows)| rows.iter());
    let agreeing = rows().filter(|row| row.broken.is_empty()).count();
    format!("{agreeing} of {} measures in {} cases", rows().count(), cases.len())
}

fn introduction(lab: &Lab, all: &[(&Case, &[Row])]) -> String {
    let many = |group: &str| group.starts_with("prefixes-");
    let later = |group: &str| group.starts_with(HELD_OUT);
    let faults = score(all, |group| !many(group) && !later(group));
    let (prefixes, held_out) = (score(all, many), score(all, later));
    let slack_ms = SLACK_S * 1e3;
    let [origin, second] = &lab.measured.origins;
    format!(
        "<!-- Written by `PNILAB_UPDATE=1 cargo test --test truth`. -->
# Calibration

What the simulator says against what real routers did. Of a first lab, to which the profiles were fitted, \
{faults} agree after faults, and {prefixes} where up to 100,000 prefixes were announced and withdrawn. Of a \
second lab, measured afterwards, {held_out} agree; with the profiles as they were before it was measured, \
{FIRST_SIGHT} did. Each of the others is an exception whose reason stands beside it.

## What was measured

{origin}

The figures are in [`tests/truth/measured.json`](../tests/truth/measured.json).

The second lab: {second} The figures are in [`tests/truth/held_out.json`](../tests/truth/held_out.json), and what \
measured them in [`tests/truth/lab/`](../tests/truth/lab).

## How to read it

Each case is a scenario of the same name below [`scenarios/lab/`](../scenarios/lab), on a design below \
[`topologies/lab/`](../topologies/lab) with the lab's timers and the profile of the daemon. Most values of the profiles stand in the documentation or the source of the daemons, and each names where. Rates of \
writing, what many prefixes cost and a wait of BIRD before it writes were read off the first lab, and so were its waits \
found, in several rounds: that it agrees is a fit. The second lab was measured when the profiles stood. What it showed to \
be missing was then looked up in the sources and added: calls that BIRD refuses while it waits after an error, and that \
an UPDATE restarts no keepalives; that Linux asks for link addresses once a second, and how its next-hop objects leave \
out neighbors that do not answer; that FRR hears of next hops through a queue; BFD of internal sessions, which no file \
could ask for. Each case is run with {SEEDS} seeds, which draw \
when the fault falls between two keepalives and what jitter does. In the tables and charts:

* *session down*: from the fault to the end of the session at that end of its circuit. For a graceful \
shutdown the clock starts with the command, 3 s before the link is cut.
* *last route written*: from the fault to the last change of a forwarding table anywhere (before the \
repair, or before the link is cut).
* *outage*: what the flow lost that lost most, in each direction.
* *session up again* and *last route again*: from the repair of the circuit.

In the charts a thin bar reaches from the smallest to the largest simulated value, a thick one holds \
the middle 90 %, and a tick is the median; each dot is one run of the lab. A measure **agrees** if

* it happens with every seed (`happens`),
* at least 95 % of the measured values lie in the range of the simulated ones, give or take {slack_ms} ms \
(`range`), and
* the measured median lies among the central 99.9 % of medians of as many simulated values, give or take \
the larger of {slack_ms} ms and a tenth (`median`).

`cargo test --test truth` checks all of it, and that there is no exception too many: \
`tests/truth/exceptions.yaml` lists them. With 6 to 12 runs a case, ranges and medians can be compared, \
tails cannot, and what takes a few milliseconds is only shown to be that short. The lab has no optics, no forwarding hardware and no distance: it tells whether timers, \
queues and the order of messages are right, not how fast a router is.
"
    )
}

fn section(text: &mut String, lab: &Lab, case: &Case, rows: &[Row]) {
    let name = &case.name;
    write!(
        text,
        "\n### {}\n\n[`{name}`](../scenarios/lab/{name}.yaml)\n\n\
         | measure | unit | runs | measured min | median | max | simulated min | 5 % | median | 95 % \
         | max | agrees |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|\n",
        case.title
    )
    .expect(INFALLIBLE);
    for row in rows {
        let Cells { unit, measured, simulated } = cells(row);
        let listed = lab.exceptions(case, row.measure.key);
        let verdict = verdict(row, &listed);
        writeln!(
            text,
            "| {} | {unit} | {} | {} | {} | {verdict} |",
            row.measure.label,
            row.measured.len(),
            measured.join(" | "),
            simulated.join(" | "),
        )
        .expect(INFALLIBLE);
    }
}

fn verdict(row: &Row, listed: &[&super::exceptions::Exception]) -> String {
    if row.broken.is_empty() {
        return "yes".to_owned();
    }
    // One reason may explain several rules.
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for (rule, told) in &row.broken {
        let listed = listed.iter().find(|listed| listed.rule == rule.word());
        let reason = listed.map_or("not explained", |listed| listed.reason.trim());
        let told = format!("{}: {told}", rule.word());
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, rules)) => rules.push(told),
            None => reasons.push((reason, vec![told])),
        }
    }
    let text =
        |(reason, rules): &(&str, Vec<String>)| format!("**no** ({}): {reason}", rules.join("; "));
    let reasons: Vec<String> = reasons.iter().map(text).collect();
    reasons.join("<br>")
}
