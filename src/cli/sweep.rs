//! `pnilab sweep`: which failures hurt, and how badly?

use std::fmt::Write as _;
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::args::{Format, How, SweepArgs, SweepAsked, SweepStep};
use super::date::today;
use super::interrupt::Gate;
use super::recorded;
use super::{Exit, Failure, data, progress, shards, talk, threads};
use crate::model::topology::Topology;
use crate::report::write::{self, WriteError};
use crate::report::{chart, csv, json, number, summary};
use crate::settled;
use crate::sweep::{Kind, Part, Question, Sweep, Tally, elements};
use crate::units::date::Date;

/// Parts that are worked out before they are put together, for each thread.
const WAVE: u64 = 8;

pub(super) fn run(args: &SweepArgs) -> Result<Exit, Failure> {
    match &args.step {
        None => {}
        Some(SweepStep::Plan(args)) => return shards::plan(args),
        Some(SweepStep::Run(args)) => return shards::run(args),
        Some(SweepStep::Merge(args)) => return shards::merge(args),
    }
    let file = args.topology.as_ref().expect("it is required without a subcommand");
    let topology = super::load(file)?;
    let (sweep, identity) = prepare(&args.asked, &topology)?;
    let folder = match &args.out {
        Some(dir) => Some(Folder::open(dir, args.resume, identity)?),
        None => None,
    };
    let tally = work(args.jobs, &sweep, folder.as_ref())?;
    let ending = Ending { file, asked: &args.asked, as_of: args.as_of, format: args.format };
    ending.conclude(&sweep, tally, folder.as_ref())
}

/// The sweep that is asked for, and what tells it from all others.
pub(super) fn prepare<'t>(
    asked: &SweepAsked,
    topology: &'t Topology,
) -> Result<(Sweep<'t>, String), Failure> {
    let question = question(asked, topology)?;
    let identity = identity(topology, &question, asked.timed);
    let sweep =
        Sweep::new(topology, question).map_err(|error| Failure::Usage(error.to_string()))?;
    Ok((if asked.timed { sweep.timed() } else { sweep }, identity))
}

/// How a sweep ends: what is written and printed.
pub(super) struct Ending<'a> {
    pub(super) file: &'a Path,
    pub(super) asked: &'a SweepAsked,
    pub(super) as_of: Option<Date>,
    pub(super) format: Format,
}

impl Ending<'_> {
    pub(super) fn conclude(
        &self,
        sweep: &Sweep<'_>,
        tally: Tally<'_, '_>,
        folder: Option<&Folder>,
    ) -> Result<Exit, Failure> {
        let as_of = self.as_of.unwrap_or_else(today);
        let command = command(self.asked, self.file, &as_of.to_string());
        let result = tally.result(as_of, command);
        let document = json::sweep(&result);
        if let Some(folder) = folder {
            folder.finish(sweep, &document)?;
            for chart in chart::of_sweep(&result) {
                write::file(&folder.dir, &format!("{}.svg", chart.stem), chart.svg().as_bytes())?;
            }
        }
        match self.format {
            Format::Json => data(&document)?,
            Format::Text => data(&summary::sweep(&result))?,
        }
        if let Some(folder) = folder {
            talk(&format!("Written: {}\n", folder.dir.join("sweep.json").display()));
        }
        Ok(Exit::Pass)
    }
}

/// What was asked; all names that are wrong at once.
fn question(args: &SweepAsked, topology: &Topology) -> Result<Question, Failure> {
    let (mut given, mut wrong) = (Vec::new(), Vec::new());
    for written in &args.given {
        match elements::element(topology, written) {
            Ok(element) => given.push(element),
            Err(error) => wrong.push(format!("--given: {error}")),
        }
    }
    if !wrong.is_empty() {
        return Err(Failure::Usage(wrong.join("\nerror: ")));
    }
    given.sort_unstable();
    given.dedup();
    let mut of: Vec<Kind> = args.of.iter().filter_map(|word| Kind::named(word)).collect();
    if of.is_empty() {
        let usual = |kind: &Kind| *kind != Kind::Session && !kind.elements(topology).is_empty();
        of = Kind::ALL.into_iter().filter(usual).collect();
    }
    of.sort_unstable();
    of.dedup();
    let how = match args.how {
        How::Fail => settled::How::Fail,
        How::Silent => settled::How::Silent,
    };
    Ok(Question { k: usize::from(args.k), of, how, given, seed: args.seed })
}

/// The command that makes the result again beside the design.
fn command(args: &SweepAsked, topology: &Path, as_of: &str) -> String {
    let name = recorded::file(topology);
    let mut text = format!("pnilab sweep --as-of {as_of} --k {}", args.k);
    if args.timed {
        text.push_str(" --timed");
    }
    let mut add = |option: &str, value: &str| {
        write!(text, " {option} {value}").expect("a String takes all that is written");
    };
    if !args.of.is_empty() {
        add("--of", &args.of.join(","));
    }
    if args.how == How::Silent {
        add("--how", "silent");
    }
    if !args.given.is_empty() {
        add("--given", &args.given.join(","));
    }
    if args.seed != 1 {
        add("--seed", &args.seed.to_string());
    }
    write!(text, " {name}").expect("a String takes all that is written");
    text
}

/// A part, worked out and kept if it is not there yet.
pub(super) fn part(
    sweep: &Sweep<'_>,
    folder: Option<&Folder>,
    gate: &Gate,
    number: u64,
) -> Result<Part, WriteError> {
    if let Some(part) = folder.and_then(|folder| folder.part(sweep, number).ok()) {
        return Ok(part);
    }
    let part = sweep.part(number);
    if let Some(folder) = folder {
        gate.pass(|| folder.keep(&part))?;
    }
    Ok(part)
}

/// Works all parts out that are not there yet, and puts them together in order.
fn work<'s, 't>(
    jobs: Option<NonZeroUsize>,
    sweep: &'s Sweep<'t>,
    folder: Option<&Folder>,
) -> Result<Tally<'s, 't>, Failure> {
    let pool = threads(jobs)?;
    let gate = Gate::guarding_against_interrupts();
    progress::shown((sweep.sets(), "sets"), |finished| {
        let mut tally = Tally::new(sweep);
        let wave = WAVE * pool.current_num_threads() as u64;
        let mut first = 0;
        let one = |number: u64| {
            let part = part(sweep, folder, &gate, number);
            finished.fetch_add(sweep.sets_of(number), Ordering::Relaxed);
            part
        };
        while first < sweep.parts() {
            let last = (first + wave).min(sweep.parts());
            let parts: Vec<Result<Part, WriteError>> =
                pool.install(|| (first..last).into_par_iter().map(one).collect());
            for part in parts {
                tally.take(part?);
            }
            first = last;
        }
        Ok(tally)
    })
}

/// What tells a sweep from all others: the design as it was understood, and the question.
fn identity(topology: &Topology, question: &Question, timed: bool) -> String {
    let timed = if timed { " timed" } else { "" };
    let text = format!("{} {topology:?} {question:?}{timed}", env!("CARGO_PKG_VERSION"));
    number::hex(&Sha256::digest(text)[..16])
}

/// Where a sweep is written, and where what is finished of it lies.
#[derive(Debug)]
pub(super) struct Folder {
    dir: PathBuf,
    parts: PathBuf,
    sweep: String,
}

/// Why a part cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Flaw {
    /// It is not there.
    Missing,
    /// It cannot be read, or is not whole.
    Damaged,
    /// It is of another sweep.
    Foreign,
}

/// `parts/NNNN.json`: a part with the sweep that it is of.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    sweep: String,
    #[serde(flatten)]
    part: Part,
}

/// `manifest.json`: which sweep the parts are of.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    schema: String,
    version: String,
    sweep: String,
}

impl Folder {
    /// The folder of this sweep; what an earlier one has left there is removed unless it is to go on.
    pub(super) fn open(dir: &Path, resume: bool, sweep: String) -> Result<Self, Failure> {
        let parts = dir.join("parts");
        let manifest = dir.join("manifest.json");
        let known = fs::read(&manifest).ok();
        let known = known.and_then(|text| serde_json::from_slice::<Manifest>(&text).ok());
        if resume {
            if let Some(other) = known.filter(|known| known.sweep != sweep) {
                return Err(Failure::Usage(format!(
                    "{} holds another sweep ({} of pnilab {}): the design, the question or the version \
                     has changed; leave --resume out to begin anew",
                    dir.display(),
                    other.sweep,
                    other.version
                )));
            }
        } else if known.is_some() && parts.is_dir() {
            fs::remove_dir_all(&parts)?;
        }
        write::make_folder(&parts)?;
        let text = Manifest {
            schema: "pnilab.sweep.manifest/1".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            sweep: sweep.clone(),
        };
        let text = serde_json::to_vec_pretty(&text).map_err(std::io::Error::other)?;
        write::file(dir, "manifest.json", &text)?;
        Ok(Self { dir: dir.to_owned(), parts, sweep })
    }

    /// A part that is there and whole.
    pub(super) fn part(&self, sweep: &Sweep<'_>, number: u64) -> Result<Part, Flaw> {
        let text = fs::read(self.parts.join(name(number))).map_err(|_| Flaw::Missing)?;
        let kept: Kept = serde_json::from_slice(&text).map_err(|_| Flaw::Damaged)?;
        let whole =
            kept.part.part == number && kept.part.rows.len() as u64 == sweep.sets_of(number);
        match (kept.sweep == self.sweep, whole) {
            (false, _) => Err(Flaw::Foreign),
            (true, false) => Err(Flaw::Damaged),
            (true, true) => Ok(kept.part),
        }
    }

    fn keep(&self, part: &Part) -> Result<(), WriteError> {
        let kept = Kept { sweep: self.sweep.clone(), part: part.clone() };
        let text = serde_json::to_vec(&kept).expect("a part has text keys");
        write::file(&self.parts, &name(part.part), &text).map(|_| ())
    }

    /// Writes what the whole sweep has found.
    fn finish(&self, sweep: &Sweep<'_>, document: &str) -> Result<(), Failure> {
        let mut rows = tempfile::Builder::new().suffix(".tmp").tempfile_in(&self.dir)?;
        let mut header = csv::SETS.join(",");
        header.push('\n');
        std::io::Write::write_all(&mut rows, header.as_bytes())?;
        for number in 0..sweep.parts() {
            let part = self.part(sweep, number);
            let gone = |_| std::io::Error::other("a part has gone meanwhile");
            let part = part.map_err(gone)?;
            std::io::Write::write_all(&mut rows, csv::sets(&part.rows).as_bytes())?;
        }
        rows.persist(self.dir.join("rows.csv")).map_err(std::io::Error::from)?;
        write::file(&self.dir, "sweep.json", document.as_bytes())?;
        Ok(())
    }
}

pub(super) fn name(part: u64) -> String {
    format!("{part:04}.json")
}
