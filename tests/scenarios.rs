//! Every file below `topologies/` and `scenarios/` is a test of its own.
//!
//! A topology loads. A scenario holds what it claims, and proves something: without its faults
//! it no longer does.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use pnilab::diag::Diagnostics;
use pnilab::diag::render::{Style, render};
use pnilab::model::scenario::{Scenario, Start};
use pnilab::model::topology::Topology;
use pnilab::observe::{self, RunOptions};
use pnilab::report::data::{BoundRow, RunReport, Verdict};
use pnilab::{input, model};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for file in files(Path::new("topologies")) {
        trials.push(trial(&file, "loads", |file| design(file).map(drop)));
    }
    for file in files(Path::new("scenarios")) {
        trials.push(trial(&file, "holds", holds));
        trials.push(trial(&file, "proves something", proves_something));
    }
    trials.push(Trial::test("every kind of fault has an example", every_kind_has_an_example));
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The kinds that the schema knows all stand in some scenario.
fn every_kind_has_an_example() -> Result<(), Failed> {
    let schema = std::fs::read_to_string("schemas/scenario.schema.json")?;
    let schema: serde_json::Value = serde_json::from_str(&schema)?;
    let kinds = schema["$defs"]["Inject"]["oneOf"].as_array().ok_or("the kinds of faults")?;
    let all: Result<Vec<String>, _> =
        files(Path::new("scenarios")).iter().map(std::fs::read_to_string).collect();
    let all = all?.concat();
    let kind = |kind: &serde_json::Value| Some(kind["required"][0].as_str()?.to_owned());
    let kinds: Option<Vec<String>> = kinds.iter().map(kind).collect();
    let kinds = kinds.ok_or("each kind has a name")?;
    let missing: Vec<_> =
        kinds.iter().filter(|kind| !all.contains(&format!("inject: {{{kind}:"))).collect();
    if kinds.len() > 40 && missing.is_empty() {
        Ok(())
    } else {
        Err(format!("of {} kinds without an example: {missing:?}", kinds.len()).into())
    }
}

/// A test of one file, named after it.
fn trial(file: &Path, what: &str, test: fn(&Path) -> Result<(), Failed>) -> Trial {
    let name = file.with_extension("").display().to_string().replace('\\', "/");
    let file = file.to_owned();
    Trial::test(format!("{name} {what}"), move || test(&file))
}

/// All YAML files below a folder, in order of name.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in folder.read_dir().expect("the examples are there") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn design(file: &Path) -> Result<Topology, Failed> {
    let source = input::open(file).map_err(told)?;
    model::load_topology(&source).map(|(topology, _)| topology).map_err(told)
}

fn told(diagnostics: impl Into<Diagnostics>) -> Failed {
    render(&diagnostics.into(), Style::Plain).into()
}

fn load(file: &Path) -> Result<(Topology, Scenario), Failed> {
    let source = input::open(file).map_err(told)?;
    let (scenario, topology, _) = model::load_scenario(&source, None).map_err(told)?;
    Ok((topology, scenario))
}

fn holds(file: &Path) -> Result<(), Failed> {
    let (topology, scenario) = load(file)?;
    if scenario.bounds.is_empty() {
        return Err("it claims nothing".into());
    }
    let report = observe::run(&topology, &scenario, &RunOptions::default());
    if report.result.verdict == Verdict::Pass { Ok(()) } else { Err(findings(&report).into()) }
}

/// A settled network without the faults must break a bound.
fn proves_something(file: &Path) -> Result<(), Failed> {
    let (topology, scenario) = load(file)?;
    let quiet = Scenario { faults: Vec::new(), start: Start::Settled, ..scenario };
    let report = observe::run(&topology, &quiet, &RunOptions::default());
    if report.result.verdict == Verdict::Fail {
        Ok(())
    } else {
        Err("it holds without its faults too".into())
    }
}

fn findings(report: &RunReport) -> String {
    let one = |row: &BoundRow| {
        format!(
            "{:?} {} {} {:?} {:?} {:?}: {:?}, at least {:?}, at most {:?}\n",
            row.verdict,
            row.bound,
            row.subject.as_deref().unwrap_or_default(),
            row.router,
            row.direction,
            row.window,
            row.observed,
            row.at_least,
            row.at_most,
        )
    };
    report.result.bounds.iter().map(one).collect()
}
