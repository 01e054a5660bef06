//! The command line: what was typed, what is meant, and what comes of it.
//!
//! Data goes to stdout, talk to stderr. `args` is what was typed, `plan` what is meant, and every
//! subcommand has a file of its own.

use std::fmt::Display;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::diag::Diagnostics;
use crate::diag::render::{Style, render};
use crate::model::topology::Topology;
use crate::report::data::Verdict;
use crate::report::write::WriteError;
use args::{Cli, Command, Format};
use plan::Topologies;

mod args;
mod availability;
mod check;
mod date;
mod explain;
mod interrupt;
mod plan;
mod progress;
mod recorded;
mod rules;
mod run;
mod schema;
mod shards;
mod sweep;

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// All that was asked for holds.
    Pass,
    /// Something does not hold, or it could not be told.
    Fail,
    /// Bad input or usage: nothing was run, nothing written.
    BadInput,
    /// The machine failed us, or a bug of ours.
    Machine,
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::None | Verdict::Pass => Self::Pass,
            Verdict::Inconclusive | Verdict::Fail => Self::Fail,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Pass => 0,
            Exit::Fail => 1,
            Exit::BadInput => 2,
            Exit::Machine => 3,
        })
    }
}

/// Why a command could not be carried out.
#[derive(Debug)]
enum Failure {
    /// The input is bad.
    Input(Diagnostics),
    /// What was typed makes no sense.
    Usage(String),
    /// Reading or writing failed.
    Machine(io::Error),
    /// The results could not be written.
    Results(WriteError),
}

impl From<Diagnostics> for Failure {
    fn from(diagnostics: Diagnostics) -> Self {
        Self::Input(diagnostics)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Machine(error)
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        Self::Results(error)
    }
}

/// Runs the command that was typed.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::BadInput } else { Exit::Pass };
            return error.print().map_or(Exit::Machine, |()| exit).into();
        }
    };
    let exit = guarded(|| run(&cli)).unwrap_or_else(|| {
        let version = env!("CARGO_PKG_VERSION");
        talk(&format!(
            "error: this is a bug of pnilab {version}, not of your files; please report the \
             lines above and the command\n"
        ));
        Exit::Machine
    });
    exit.into()
}

/// Carries `command` out; `None` if it panics, which is a bug of ours.
fn guarded(command: impl FnOnce() -> Exit) -> Option<Exit> {
    panic::catch_unwind(AssertUnwindSafe(command)).ok()
}

fn run(cli: &Cli) -> Exit {
    let (result, format) = match &cli.command {
        Command::Run(args) => (run::run(args), args.format),
        Command::Sweep(args) => (sweep::run(args), args.format),
        Command::Availability(args) => (availability::run(args), args.format),
        Command::Check(args) => (check::run(args), args.format.of_errors()),
        Command::Rules(args) => (rules::run(args), Format::Text),
        Command::Schema(args) => (schema::run(args), Format::Text),
        Command::Explain(args) => (explain::run(args), Format::Text),
    };
    match result {
        Ok(exit) => exit,
        Err(Failure::Input(diagnostics)) => match say(&diagnostics, format) {
            Ok(()) => Exit::BadInput,
            Err(error) => machine(error),
        },
        Err(Failure::Usage(message)) => {
            talk(&format!("error: {message}\n"));
            Exit::BadInput
        }
        Err(Failure::Machine(error)) => machine(error),
        Err(Failure::Results(error)) => machine(error),
    }
}

fn machine(error: impl Display) -> Exit {
    talk(&format!("error: {error}\n"));
    Exit::Machine
}

/// Says what is wrong with the input: one document to stdout, or text to stderr.
fn say(diagnostics: &Diagnostics, format: Format) -> io::Result<()> {
    match format {
        Format::Json => data(&diagnostics.to_json()),
        Format::Text => {
            talk(&render(diagnostics, Style::Coloured));
            Ok(())
        }
    }
}

/// The design of a command that is about one, with what there is to say of it said.
fn load(file: &Path) -> Result<Arc<Topology>, Failure> {
    let mut told = Diagnostics::new();
    let source = plan::open(file, &mut told);
    let topology = source.and_then(|source| Topologies::default().load(&source, &mut told));
    let Some(topology) = topology else { return Err(told.into()) };
    talk(&render(&told, Style::Coloured));
    Ok(topology)
}

/// A pool of so many threads, or one for each processor.
fn threads(jobs: Option<NonZeroUsize>) -> io::Result<ThreadPool> {
    let jobs = jobs.map_or(0, usize::from);
    ThreadPoolBuilder::new().num_threads(jobs).build().map_err(io::Error::other)
}

/// Writes to stdout. A reader that went away (`| head`) is no failure of anybody.
fn data(text: &str) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Writes to stderr; where nobody can listen, there is nobody to tell.
fn talk(text: &str) {
    let mut out = anstream::stderr().lock();
    if out.write_all(text.as_bytes()).is_ok() {
        out.flush().unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_told_does_not_pass() {
        let verdicts = [Verdict::None, Verdict::Pass, Verdict::Inconclusive, Verdict::Fail];
        let exits = verdicts.map(Exit::from);
        assert_eq!(exits, [Exit::Pass, Exit::Pass, Exit::Fail, Exit::Fail]);
    }

    #[test]
    fn a_panic_does_not_get_away() {
        assert_eq!(guarded(|| panic!("on purpose, by a test")), None);
        assert_eq!(guarded(|| Exit::Fail), Some(Exit::Fail));
    }
}
