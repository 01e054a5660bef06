//! What was typed.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};

use crate::rules::packs::PACKS;
use crate::sweep::Kind;
use crate::units::SimDuration;
use crate::units::date::Date;

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
    /// Work out how many minutes a year each demand is down, and because of what.
    Availability(AvailabilityArgs),
    /// Validate designs and scenarios, and hold designs against a provider's requirements.
    Check(CheckArgs),
    /// List rule packs, or tell what one rule asks for.
    Rules(RulesArgs),
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

#[derive(Debug, Args)]
pub(super) struct AvailabilityArgs {
    /// The design.
    #[arg(value_name = "TOPOLOGY")]
    pub(super) topology: PathBuf,
    /// Stop when all states that were not looked at are there for no longer than this in a year.
    #[arg(long, value_name = "TIME", default_value = "1s")]
    pub(super) precision: SimDuration,
    /// Look at no more than this many states one by one.
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) states: u64,
    /// Draw this many of the others, if they weigh more than --precision; 0: none.
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    pub(super) samples: u64,
    /// Simulate this many years too, with windows of maintenance and repairs of a long tail: how downtime
    /// spreads over years.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) years: u64,
    /// In simulated years no more than this many repairs go on at once [default: any number].
    #[arg(long, value_name = "N", requires = "years", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) crews: Option<u32>,
    /// Write availability.json and charts into this directory. Without it nothing is written.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// How to print results, and errors in files.
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// Draw with this seed.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,
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
    /// Hold the designs against these rule packs [default: those that each names under `rules`].
    #[arg(long, value_name = "PACK,..", value_delimiter = ',', value_parser = pack_names())]
    pub(super) rules: Vec<String>,
    /// How to print what was found.
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: CheckFormat,
    /// Write check.json, check.sarif, check.xml (JUnit) and check.md into this directory. Without it
    /// nothing is written.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// The day that waivers are held against, such as 2026-11-22 [default: today in UTC].
    #[arg(long, value_name = "DATE")]
    pub(super) as_of: Option<Date>,
}

fn pack_names() -> PossibleValuesParser {
    PossibleValuesParser::new(PACKS.iter().map(|pack| pack.id.as_str()))
}

/// How what a check found is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum CheckFormat {
    /// For a person.
    #[default]
    Text,
    /// One JSON document on stdout.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// JUnit XML, for CI.
    Junit,
    /// Markdown, for a comment.
    Markdown,
}

impl CheckFormat {
    /// How errors in files are printed beside it.
    pub(super) const fn of_errors(self) -> Format {
        match self {
            Self::Json => Format::Json,
            Self::Text | Self::Sarif | Self::Junit | Self::Markdown => Format::Text,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct RulesArgs {
    #[command(subcommand)]
    pub(super) what: Option<RulesCommand>,
}

#[derive(Debug, Subcommand)]
pub(super) enum RulesCommand {
    /// Tell what a rule means, how it is checked, which fault exposes it, and the fix.
    Explain(ExplainRuleArgs),
}

#[derive(Debug, Args)]
pub(super) struct ExplainRuleArgs {
    /// Such as R4.
    pub(super) rule: String,
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
