//! What was typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// A network lab simulator with fault injection: what breaks in a peering design, for how long,
/// and why.
///
/// Exit status: 0 all holds, 1 something does not hold, 2 bad input or usage, 3 the machine
/// failed or a bug of ours.
#[derive(Debug, Parser)]
#[command(name = "pnilab", version, max_term_width = 100)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
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
