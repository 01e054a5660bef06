//! What was typed.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};

use super::date::Date;
use crate::sweep::Kind;

/// A network lab simulator with fault injection: what breaks in a peering design, for how long,
/// and why.
///
/// Exit status: 0 all holds, 1 something does not hold or could not be told, 2 bad input or usage,
/// 3 the machine failed or a bug of ours, 130 interrupted.
#[derive(Debug, Parser)]
#[command(name = "pnilab", version, max_term_width = 100)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run failure scenarios: what happens second by second, and is it within bounds?
    Run(RunArgs),
    /// Let every set of elements fail: which hurt, and how badly?
    Sweep(SweepArgs),
    /// Validate designs and scenarios.
    Check(CheckArgs),
    /// Print the JSON Schema of a kind of file.
    Schema(SchemaArgs),
    /// Explain the code of an error or note.
    Explain(ExplainArgs),
}

/// How results and diagnostics are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For a person.
    #[default]
    Text,
    /// One JSON document on stdout.
    Json,
}

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// Scenario files; a directory means every scenario below it.
    #[arg(required = true, value_name = "SCENARIO")]
    pub(super) scenarios: Vec<PathBuf>,
    /// Run on this design instead of the one a scenario names.
    #[arg(long, value_name = "FILE")]
    pub(super) topology: Option<PathBuf>,
    /// Write report.html, and a folder for each scenario with result.json, timeline.csv,
    /// routes.csv and charts, into this directory. Without it nothing is written.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Write a PNG beside each SVG chart.
    #[cfg(feature = "png")]
    #[arg(long, requires = "out")]
    pub(super) png: bool,
    /// How to print results, and errors in files.
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// Run each scenario again with other values of what no file states, and tell which of them
    /// would change a verdict, and from what value on.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(super) vary: Option<Vary>,
    /// Draw with this seed instead of the scenario's.
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,
    /// Run on this many threads: scenarios beside each other, and with --vary the runs of each. The
    /// results are the same with any number [default: as many as there are processors].
    #[arg(long, value_name = "N")]
    pub(super) jobs: Option<NonZeroUsize>,
    /// The date that results state, such as 2026-11-22 [default: today in UTC].
    #[arg(long, value_name = "DATE")]
    pub(super) as_of: Option<Date>,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct SweepArgs {
    #[command(subcommand)]
    pub(super) step: Option<SweepStep>,
    /// The design. One that is named like a subcommand is written `./plan`.
    #[arg(value_name = "TOPOLOGY", required = true)]
    pub(super) topology: Option<PathBuf>,
    #[command(flatten)]
    pub(super) asked: SweepAsked,
    /// Write sweep.json, rows.csv with a row for each set, charts, and parts to resume from, into this
    /// directory. Without it nothing is written.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Go on with a sweep that was interrupted in the directory of --out.
    #[arg(long, requires = "out")]
    pub(super) resume: bool,
    /// How to print results, and errors in files.
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// Run on this many threads. The results are the same with any number [default: as many as there
    /// are processors].
    #[arg(long, value_name = "N")]
    pub(super) jobs: Option<NonZeroUsize>,
    /// The date that results state, such as 2026-11-22 [default: today in UTC].
    #[arg(long, value_name = "DATE")]
    pub(super) as_of: Option<Date>,
}

/// What a sweep is asked.
#[derive(Clone, Debug, Args, Serialize, Deserialize)]
pub(super) struct SweepAsked {
    /// Most elements that fail at once.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) k: u8,
    /// Kinds of elements that fail [default: all of these but session].
    #[arg(long, value_name = "KIND,..", value_delimiter = ',', value_parser = kinds())]
    pub(super) of: Vec<String>,
    /// How they fail: for all to see, or by swallowing what they are sent.
    #[arg(long, value_enum, default_value_t)]
    pub(super) how: How,
    /// Simulate each set too: how long demands are out until all has settled.
    #[arg(long)]
    pub(super) timed: bool,
    /// What has failed in every set, such as router=ct-ams-1.
    #[arg(long, value_name = "KIND=NAME,..", value_delimiter = ',')]
    pub(super) given: Vec<String>,
    /// Draw with this seed.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,
}

/// A sweep on several machines that share a directory.
#[derive(Debug, Subcommand)]
pub(super) enum SweepStep {
    /// Divide a sweep into shards; nothing is worked out yet.
    Plan(SweepPlanArgs),
    /// Work one shard out. What is done of it is kept, and not done again.
    Run(SweepRunArgs),
    /// Put all shards together: what a sweep on one machine writes.
    Merge(SweepMergeArgs),
}

#[derive(Debug, Args)]
pub(super) struct SweepPlanArgs {
    /// The design.
    #[arg(value_name = "TOPOLOGY")]
    pub(super) topology: PathBuf,
    #[command(flatten)]
    pub(super) asked: SweepAsked,
    /// How many shards.
    #[arg(long, value_name = "N")]
    pub(super) shards: NonZeroU64,
    /// Write plan.json into this directory, and what shards find.
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct SweepRunArgs {
    /// The directory with plan.json.
    #[arg(value_name = "DIR")]
    pub(super) dir: PathBuf,
    /// Which shard, such as 1/16.
    #[arg(long, value_name = "I/N")]
    pub(super) shard: Shard,
    /// The design, where it is not where it was when the plan was made.
    #[arg(long, value_name = "FILE")]
    pub(super) topology: Option<PathBuf>,
    /// Run on this many threads [default: as many as there are processors].
    #[arg(long, value_name = "N")]
    pub(super) jobs: Option<NonZeroUsize>,
}

#[derive(Debug, Args)]
pub(super) struct SweepMergeArgs {
    /// The directory with plan.json and the parts of all shards.
    #[arg(value_name = "DIR")]
    pub(super) dir: PathBuf,
    /// The design, where it is not where it was when the plan was made.
    #[arg(long, value_name = "FILE")]
    pub(super) topology: Option<PathBuf>,
    /// How to print results, and errors in files.
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// The date that results state, such as 2026-11-22 [default: today in UTC].
    #[arg(long, value_name = "DATE")]
    pub(super) as_of: Option<Date>,
}

/// One of several shards, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shard {
    pub(super) number: u64,
    pub(super) of: u64,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let both = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        match both {
            Some((number, of)) if (1..=of).contains(&number) => Ok(Self { number, of }),
            Some(_) | None => Err("write `I/N`, with I from 1 to N, such as 1/16".to_owned()),
        }
    }
}

fn kinds() -> PossibleValuesParser {
    PossibleValuesParser::new(Kind::ALL.map(Kind::as_str))
}

/// How elements fail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum How {
    /// Light or power is gone; a session is shut down.
    #[default]
    Fail,
    /// Light stays on, and frames are swallowed.
    Silent,
}

/// What `--vary` changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Vary {
    /// Values of profiles and built-in ones, each alone, from a sixteenth to sixteen times.
    Assumptions,
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Topology and scenario files; a directory means every .yaml below it.
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// How to print what was found.
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Args)]
pub(super) struct SchemaArgs {
    /// Which kind of file.
    #[arg(value_enum)]
    pub(super) kind: SchemaKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaKind {
    /// `pnilab: topology/1`.
    Topology,
    /// `pnilab: scenario/1`.
    Scenario,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// Such as E2001.
    pub(super) code: String,
}
