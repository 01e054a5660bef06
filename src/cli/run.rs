//! `pnilab run`: what happens in these scenarios, and is it within bounds?

use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use super::args::{Format, RunArgs};
use super::date::today;
use super::interrupt::Gate;
use super::plan::{self, Found, Ids, Topologies};
use super::recorded::{Recorded, real};
use super::{Exit, Failure, data, progress, talk, threads};
use crate::diag::render::{Style, render};
use crate::diag::{Code, Diagnostic, Diagnostics, Source};
use crate::input::{self, FileKind};
use crate::model::scenario::Scenario;
use crate::model::topology::Topology;
use crate::model::{self, ScenarioFile, Values};
use crate::observe::{self, Base, BaseKey, RunOptions};
use crate::report::data::{RunReport, RunResult, VariedRow};
use crate::report::write::{self, Images, WriteError};
use crate::report::{json, summary};
use crate::units::date::Date;

/// A scenario that is ready to run.
#[derive(Debug)]
struct Planned {
    scenario: Scenario,
    topology: Arc<Topology>,
    /// The text of the design, to read it again with other assumptions.
    design: Arc<Source>,
    options: RunOptions,
    /// Where it starts, if others start there too.
    start: Option<Arc<Start>>,
}

/// A base that several scenarios share; whoever comes first lets it come to rest.
#[derive(Debug)]
struct Start {
    key: BaseKey,
    base: OnceLock<Base>,
}

pub(super) fn run(args: &RunArgs) -> Result<Exit, Failure> {
    let mut told = Diagnostics::new();
    let planned = load(args, &mut told)?;
    if told.has_errors() {
        return Err(told.into());
    }
    talk(&render(&told, Style::Coloured));
    let reports = carry_out(args, shared(planned))?;
    match args.format {
        Format::Json => data(&json::run(&reports))?,
        Format::Text => data(&summary::of(&reports))?,
    }
    if let Some(dir) = &args.out {
        talk(&format!("Written: {}\n", dir.join("report.html").display()));
    }
    Ok(json::overall(reports.iter().map(|report| report.result.verdict)).into())
}

/// Lets scenarios that want the same base share one.
fn shared(mut planned: Vec<Planned>) -> Vec<Planned> {
    let mut starts: Vec<(Arc<Topology>, Arc<Start>)> = Vec::new();
    for one in &mut planned {
        let key = BaseKey::of(&one.topology, &one.scenario, &one.options);
        let same = |(topology, start): &&(Arc<Topology>, Arc<Start>)| {
            Arc::ptr_eq(topology, &one.topology) && start.key == key
        };
        let known = starts.iter().find(same).map(|(_, start)| Arc::clone(start));
        one.start = Some(known.unwrap_or_else(|| {
            let start = Arc::new(Start { key, base: OnceLock::new() });
            starts.push((Arc::clone(&one.topology), Arc::clone(&start)));
            start
        }));
    }
    drop(starts);
    for one in &mut planned {
        one.start.take_if(|start| Arc::strong_count(start) == 1);
    }
    planned
}

/// Loads all that is to be run; what is wrong with any of it is in `told`.
fn load(args: &RunArgs, told: &mut Diagnostics) -> Result<Vec<Planned>, Diagnostics> {
    let mut loader = Loader {
        as_of: args.as_of.unwrap_or_else(today),
        seed: args.seed,
        vary: args.vary.is_some(),
        given: None,
        topologies: Topologies::default(),
        ids: Ids::default(),
    };
    if let Some(path) = &args.topology {
        loader.given = Some(Given { path: path.clone(), source: plan::open(path, told) });
    }
    let mut planned = Vec::new();
    let mut scenarios = 0;
    for found in plan::files(&args.scenarios)? {
        let Some(source) = plan::open(&found.path, told) else { continue };
        if found.is_left_to_chance() && is_topology(&source) {
            continue;
        }
        scenarios += 1;
        match loader.scenario(&found, &source, told) {
            Ok(one) => planned.extend(one),
            Err(errors) => told.extend(errors),
        }
    }
    if scenarios == 0 && !told.has_errors() {
        let shown = args.scenarios[0].to_string_lossy().into_owned();
        let message = format!("no scenario lies below `{shown}`");
        told.extend(Diagnostic::of_file(shown, Code::Unreadable, message).into());
    }
    Ok(planned)
}

fn is_topology(source: &Arc<Source>) -> bool {
    input::parse(source).is_ok_and(|document| document.kind == FileKind::Topology)
}

/// The design of `--topology`.
#[derive(Debug)]
struct Given {
    path: PathBuf,
    /// `None` if it could not be opened.
    source: Option<Arc<Source>>,
}

/// Turns files into scenarios that are ready to run.
#[derive(Debug)]
struct Loader {
    as_of: Date,
    seed: Option<u64>,
    vary: bool,
    given: Option<Given>,
    topologies: Topologies,
    ids: Ids,
}

impl Loader {
    /// `None` if the design has errors, which `told` has then.
    fn scenario(
        &mut self,
        found: &Found,
        source: &Arc<Source>,
        told: &mut Diagnostics,
    ) -> Result<Option<Planned>, Diagnostics> {
        let file = ScenarioFile::read(source)?;
        self.ids.take(&file.id(), source, told);
        let topology = match &self.given {
            None => self.topologies.of_scenario(&file, told),
            Some(given) => given
                .source
                .as_ref()
                .and_then(|source| Some((Arc::clone(source), self.topologies.load(source, told)?))),
        };
        let Some((design, topology)) = topology else { return Ok(None) };
        let (mut scenario, notes) = file.resolve(&topology)?;
        told.extend(notes);
        let seed = self.seed.filter(|seed| *seed != scenario.seed);
        scenario.seed = seed.unwrap_or(scenario.seed);
        let command = self.command(found, &file, seed);
        let options = RunOptions { as_of: self.as_of.to_string(), command, ..Default::default() };
        Ok(Some(Planned { scenario, topology, design, options, start: None }))
    }

    fn command(&self, found: &Found, file: &ScenarioFile, seed: Option<u64>) -> String {
        let named = file.topology_path();
        let topology = match (&self.given, &named) {
            (Some(given), _) => given.path.as_path(),
            (None, Some(named)) => named.as_path(),
            (None, None) => Path::new(""),
        };
        let states_topology = named.as_ref().is_none_or(|named| real(named) != real(topology));
        let (as_of, vary, scenario) = (self.as_of, self.vary, found.path.as_path());
        Recorded { as_of, seed, vary, scenario, topology, states_topology }.command()
    }
}

/// Runs all and writes what is to be written; the reports come in the order of `planned`, whatever
/// finishes first.
fn carry_out(args: &RunArgs, planned: Vec<Planned>) -> Result<Vec<RunReport>, Failure> {
    let pool = threads(args.jobs)?;
    let gate = Gate::guarding_against_interrupts();
    let total = u64::try_from(planned.len()).unwrap_or(u64::MAX);
    let finished: Vec<Result<RunReport, WriteError>> =
        progress::shown((total, "scenarios"), |finished| {
            // A base is dropped with the last scenario that starts there.
            let one = |planned: Planned| {
                let mut report = simulate(&planned);
                if args.vary.is_some() {
                    report.result.varied = Some(varied(&planned, &report.result));
                }
                if let Some(dir) = &args.out {
                    gate.pass(|| write::scenario(dir, &report, images(args)))?;
                }
                finished.fetch_add(1, Ordering::Relaxed);
                Ok(report)
            };
            pool.install(|| planned.into_par_iter().map(one).collect())
        });
    let reports = finished.into_iter().collect::<Result<Vec<_>, _>>()?;
    if let Some(dir) = &args.out {
        gate.pass(|| write::page(dir, &reports))?;
    }
    Ok(reports)
}

/// Each assumption changed alone; nothing where there is no bound that could be another.
fn varied(planned: &Planned, base: &RunResult) -> Vec<VariedRow> {
    let Planned { scenario, topology, design, options, .. } = planned;
    if scenario.bounds.is_empty() {
        return Vec::new();
    }
    let one = |row: &usize| {
        let changed = |value: &str| {
            model::load_topology_with(design, &Values::with(*row, value)).ok().map(|(t, _)| t)
        };
        observe::vary(base, *row, (topology, scenario, options), changed)
    };
    observe::varied(topology).par_iter().map(one).collect()
}

/// A panic is told with the scenario that met it, and goes on.
fn simulate(planned: &Planned) -> RunReport {
    let Planned { scenario, topology, options, start, .. } = planned;
    let run = || match start {
        Some(start) => {
            let base = start.base.get_or_init(|| Base::new(topology, &start.key));
            base.run(scenario, options)
        }
        None => observe::run(topology, scenario, options),
    };
    panic::catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|cause| {
        talk(&format!("error: this happened in the scenario `{}`\n", scenario.name));
        panic::resume_unwind(cause)
    })
}

#[cfg(feature = "png")]
const fn images(args: &RunArgs) -> Images {
    if args.png { Images::SvgAndPng } else { Images::Svg }
}

#[cfg(not(feature = "png"))]
const fn images(_: &RunArgs) -> Images {
    Images::Svg
}
