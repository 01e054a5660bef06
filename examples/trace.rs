//! Prints every change of state of a scenario, and what the simulator did to find it.
//!
//! `cargo run --example trace -- SCENARIO [sent]`; with `sent`, hellos are really sent.

use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use pnilab::observe::{Hellos, RunOptions, run_counted};

fn main() -> ExitCode {
    let Err(error) = trace() else { return ExitCode::SUCCESS };
    let told = writeln!(std::io::stderr(), "{error}");
    told.map_or(ExitCode::FAILURE, |()| ExitCode::from(2))
}

fn trace() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (path, mode) = match &arguments[..] {
        [path] => (path, Hellos::Computed),
        [path, mode] if mode == "sent" => (path, Hellos::Sent),
        _ => return Err("usage: trace SCENARIO [sent]".into()),
    };
    let file = pnilab::open(Path::new(path))?;
    let (scenario, topology, _) = pnilab::load_scenario(&file, None)?;
    let options = RunOptions { hellos: mode, ..Default::default() };
    let (report, counts) = run_counted(&topology, &scenario, &options);
    let mut out = std::io::stdout().lock();
    for row in &report.figures.timeline {
        writeln!(
            out,
            "{:>14.9} {:10} {:28} {:12} {:>14} -> {:14} {} {}",
            row.at_s, row.kind, row.element, row.router, row.from, row.to, row.reason, row.event
        )?;
    }
    for (kind, count) in counts {
        writeln!(out, "{count:>14} {kind}")?;
    }
    Ok(())
}
