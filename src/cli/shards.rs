//! `pnilab sweep plan`, `run` and `merge`: a sweep on several machines that share a directory.
//!
//! A plan says what is asked and how many shards there are. A shard has every N-th part of the sweep,
//! which makes it a pure function of the plan and its number; parts appear whole or not at all, so a
//! shard may be stopped, and begun again, at any time and anywhere. What is run where, and run again,
//! is up to whoever runs the shards.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::args::{SweepAsked, SweepMergeArgs, SweepPlanArgs, SweepRunArgs};
use super::interrupt::Gate;
use super::sweep::{self, Ending, Flaw, Folder};
use super::{Exit, Failure, data, progress, recorded, threads};
use crate::model::topology::Topology;
use crate::report::write::{self, WriteError};
use crate::sweep::{Sweep, Tally};

/// Schema of a plan.
const SCHEMA: &str = "pnilab.sweep.plan/1";

/// `plan.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Plan {
    schema: String,
    version: String,
    /// Digest of the design as it was understood and of the question.
    sweep: String,
    /// The design, from the folder of the plan.
    topology: String,
    asked: SweepAsked,
    sets: u64,
    parts: u64,
    shards: u64,
}

pub(super) fn plan(args: &SweepPlanArgs) -> Result<Exit, Failure> {
    let topology = super::load(&args.topology)?;
    let (sweep, identity) = sweep::prepare(&args.asked, &topology)?;
    let shards = args.shards.get();
    if shards > sweep.parts() {
        let parts = sweep.parts();
        return Err(Failure::Usage(format!(
            "--shards {shards}: this sweep has {parts} parts, which is the most shards it can have"
        )));
    }
    write::make_folder(&args.out)?;
    let plan = Plan {
        schema: SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        sweep: identity,
        topology: way(&recorded::real(&args.out), &recorded::real(&args.topology)),
        asked: args.asked.clone(),
        sets: sweep.sets(),
        parts: sweep.parts(),
        shards,
    };
    let mut text = serde_json::to_vec_pretty(&plan).map_err(std::io::Error::other)?;
    text.push(b'\n');
    write::file(&args.out, "plan.json", &text)?;
    let (dir, sets) = (args.out.display(), plan.sets);
    data(&format!(
        "{sets} sets in {shards} shards\n\
         each of them:  pnilab sweep run {dir} --shard I/{shards}\n\
         then:          pnilab sweep merge {dir}\n"
    ))?;
    Ok(Exit::Pass)
}

pub(super) fn run(args: &SweepRunArgs) -> Result<Exit, Failure> {
    let plan = Plan::read(&args.dir)?;
    if args.shard.of != plan.shards {
        let (asked, there) = (args.shard.of, plan.shards);
        return Err(Failure::Usage(format!("--shard I/{asked}: the plan has {there} shards")));
    }
    let (_, topology) = plan.design(&args.dir, args.topology.as_deref())?;
    let (sweep, folder) = plan.open(&args.dir, &topology)?;
    let own = (args.shard.number - 1..sweep.parts()).step_by(step(plan.shards));
    let own: Vec<u64> = own.collect();
    let sets: u64 = own.iter().map(|part| sweep.sets_of(*part)).sum();
    let pool = threads(args.jobs)?;
    let gate = Gate::guarding_against_interrupts();
    let known = AtomicU64::new(0);
    progress::shown((sets, "sets"), |finished| {
        let one = |number: &u64| -> Result<(), WriteError> {
            if folder.part(&sweep, *number).is_ok() {
                known.fetch_add(1, Ordering::Relaxed);
            } else {
                sweep::part(&sweep, Some(&folder), &gate, *number)?;
            }
            finished.fetch_add(sweep.sets_of(*number), Ordering::Relaxed);
            Ok(())
        };
        pool.install(|| own.par_iter().try_for_each(one)).map_err(Failure::from)
    })?;
    let (number, of, parts) = (args.shard.number, args.shard.of, own.len());
    let known = known.into_inner();
    data(&format!("shard {number}/{of}: {sets} sets in {parts} parts, {known} of them known\n"))?;
    Ok(Exit::Pass)
}

pub(super) fn merge(args: &SweepMergeArgs) -> Result<Exit, Failure> {
    let plan = Plan::read(&args.dir)?;
    let (file, topology) = plan.design(&args.dir, args.topology.as_deref())?;
    let (sweep, folder) = plan.open(&args.dir, &topology)?;
    let mut tally = Tally::new(&sweep);
    let mut flaws: BTreeMap<(u64, Flaw), Vec<u64>> = BTreeMap::new();
    for number in 0..sweep.parts() {
        match folder.part(&sweep, number) {
            Ok(part) if flaws.is_empty() => tally.take(part),
            Ok(_) => {}
            Err(flaw) => {
                flaws.entry((number % plan.shards + 1, flaw)).or_default().push(number);
            }
        }
    }
    if !flaws.is_empty() {
        let lines: Vec<String> = flaws.iter().map(|flaw| told(flaw, plan.shards)).collect();
        return Err(Failure::Usage(lines.join("\nerror: ")));
    }
    let (as_of, format) = (args.as_of, args.format);
    Ending { file: &file, asked: &plan.asked, as_of, format }.conclude(&sweep, tally, Some(&folder))
}

/// What is wrong with parts of a shard.
fn told(((shard, flaw), parts): (&(u64, Flaw), &Vec<u64>), shards: u64) -> String {
    let what = match flaw {
        Flaw::Missing => "missing",
        Flaw::Damaged => "damaged",
        Flaw::Foreign => "of another sweep",
    };
    let names: Vec<String> = parts.iter().take(8).map(|part| sweep::name(*part)).collect();
    let more = if parts.len() > names.len() { ", ..." } else { "" };
    let count = parts.len();
    format!("shard {shard}/{shards}: {count} parts are {what}: {}{more}", names.join(", "))
}

impl Plan {
    fn read(dir: &Path) -> Result<Self, Failure> {
        let file = dir.join("plan.json");
        let wrong = |error: &dyn std::fmt::Display| {
            Failure::Usage(format!("{}: {error}; `pnilab sweep plan` makes one", file.display()))
        };
        let text = fs::read(&file).map_err(|error| wrong(&error))?;
        let plan: Self = serde_json::from_slice(&text).map_err(|error| wrong(&error))?;
        if plan.schema != SCHEMA || plan.shards == 0 {
            return Err(wrong(&format!("not a {SCHEMA}")));
        }
        Ok(plan)
    }

    /// The design, and its file.
    fn design(
        &self,
        dir: &Path,
        other: Option<&Path>,
    ) -> Result<(PathBuf, Arc<Topology>), Failure> {
        let file = other.map_or_else(|| dir.join(&self.topology), Path::to_owned);
        let topology = super::load(&file)?;
        Ok((file, topology))
    }

    /// The sweep and its folder, if it is the one that was planned.
    fn open<'t>(&self, dir: &Path, topology: &'t Topology) -> Result<(Sweep<'t>, Folder), Failure> {
        let (sweep, identity) = sweep::prepare(&self.asked, topology)?;
        if identity != self.sweep {
            let version = &self.version;
            return Err(Failure::Usage(format!(
                "{} is of another sweep ({} of pnilab {version}): the design or the version has \
                 changed; plan anew",
                dir.join("plan.json").display(),
                self.sweep
            )));
        }
        let folder = Folder::open(dir, true, identity)?;
        Ok((sweep, folder))
    }
}

fn step(shards: u64) -> usize {
    usize::try_from(shards).unwrap_or(usize::MAX)
}

/// The way from a folder to a file, with `/`.
fn way(from: &Path, to: &Path) -> String {
    let parts = |path: &Path| -> Vec<String> {
        let named = path.components().filter(|part| !matches!(part, Component::CurDir));
        named.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect()
    };
    let (from, to) = (parts(from), parts(to));
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from[shared..].iter().map(|_| "..".to_owned());
    up.chain(to[shared..].iter().cloned()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_a_file_goes_up_to_the_folder_that_both_are_in() {
        let told = |from: &str, to: &str| way(Path::new(from), Path::new(to));
        assert_eq!(told("/a/b/out", "/a/designs/x.yaml"), "../../designs/x.yaml");
        assert_eq!(told("/a", "/a/x.yaml"), "x.yaml");
    }
}
