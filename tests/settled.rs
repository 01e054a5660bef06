//! The settled evaluator against the timed simulation: random designs, random failures, their repair.
//!
//! Wherever the evaluator says that an outcome is the only one, a run must end in it: best routes, the
//! routes used beside them, forwarding, loads and what is delivered. Where it lists several, a run must
//! end in one of them. Case `n` is drawn from the seed `PNILAB_SEED` plus `n`; `PNILAB_CASES` asks for
//! more cases, and then the verdicts are counted on standard output.

#[path = "settled/afresh.rs"]
mod afresh;
#[path = "settled/claims.rs"]
mod claims;
#[path = "settled/compare.rs"]
mod compare;
#[path = "settled/design.rs"]
mod design;
#[path = "settled/dice.rs"]
mod dice;
#[path = "settled/matter.rs"]
mod matter;

use std::path::{Path, PathBuf};

use pnilab::diag::Source;
use pnilab::diag::render::{Style, render};
use pnilab::model::load_topology;
use pnilab::model::topology::Topology;

use compare::Tally;
use design::Design;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

fn load(text: &str) -> Topology {
    match load_topology(&Source::new("design.yaml", text)) {
        Ok((topology, _)) => topology,
        Err(errors) => panic!("{text}\n{}", render(&errors, Style::Plain)),
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "asked for")]
fn where_an_outcome_is_the_only_one_a_run_ends_in_it() {
    let (first, cases) = (number("PNILAB_SEED").unwrap_or(1), number("PNILAB_CASES"));
    let mut tally = Tally::default();
    for seed in first..first + cases.unwrap_or(600) {
        let text = Design::text(seed);
        tally.judge(&load(&text), seed);
    }
    if cases.is_some() {
        println!("{tally:?}");
    }
    tally.demand(60);
}

#[test]
fn what_is_kept_of_the_whole_network_is_what_working_it_out_tells() {
    let (first, cases) = (number("PNILAB_SEED").unwrap_or(1), number("PNILAB_CASES"));
    for seed in first..first + cases.unwrap_or(600) {
        let text = Design::text(seed);
        let (topology, _) = load_topology(&Source::new("design.yaml", text.as_str()))
            .unwrap_or_else(|errors| panic!("{text}\n{}", render(&errors, Style::Plain)));
        afresh::hold(&topology, seed, 4, &text);
    }
}

#[test]
fn so_it_is_in_the_examples() {
    for file in examples() {
        let source = pnilab::open(&file).expect("it can be read");
        let (topology, _) = load_topology(&source)
            .unwrap_or_else(|errors| panic!("{}", render(&errors, Style::Plain)));
        afresh::hold(&topology, 1, 12, &file.display().to_string());
    }
}

/// The designs that are shipped, the largest left out.
fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("topologies");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("examples are committed")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "yaml"))
        .collect();
    files.extend(["zoo/abilene.yaml", "zoo/geant2012.yaml"].map(|name| folder.join(name)));
    files.sort();
    files
}

#[test]
fn outcomes_of_the_examples_are_those_of_runs() {
    let mut tally = Tally::default();
    for file in examples() {
        let source = pnilab::open(&file).expect("it can be read");
        let (topology, _) = load_topology(&source)
            .unwrap_or_else(|errors| panic!("{}", render(&errors, Style::Plain)));
        for seed in 1..=10 {
            tally.judge(&topology, seed);
        }
        let name = file.display();
        tally.wrong().unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
    }
    tally.demand(60);
}
