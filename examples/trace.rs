//! Prints every change of state of a scenario, and what the simulator did to find it.
//!
//! `cargo run --example trace -- SCENARIO [sent]`; with `sent`, hellos are really sent.

use std::error::Error;
use std::io::Write as _;
use std::path::Path;

use pnilab::diag::render::{Style, render};
use pnilab::observe::{Hellos, RunOptions, run_counted};
use pnilab::{input, model};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (path, mode) = match &arguments[..] {
        [path] => (path, Hellos::Computed),
        [path, mode] if mode == "sent" => (path, Hellos::Sent),
        _ => return Err("usage: trace SCENARIO [sent]".into()),
    };
    let loaded = input::open(Path::new(path)).and_then(|file| model::load_scenario(&file, None));
    let (scenario, topology, _) = loaded.map_err(|errors| render(&errors, Style::Plain))?;
    let mut options = RunOptions::default();
    options.hellos = mode;
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
