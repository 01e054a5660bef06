//! Whole programs from start to end, beside what their users start: wall-clock time, since what a
//! person waits for is loading too.

use std::error::Error;
use std::fs;
use std::process::{Command, Stdio};
use std::time::Instant;

use pnilab::RunOptions;

use crate::programs;
use crate::quiet;
use crate::result::{Spread, Whole};
use crate::rounds::timed;

/// The README's example.
const EXAMPLE: &str = "scenarios/bfd/silent-pni-with-bfd.yaml";

/// Starts of each program in a round; the quickest counts, since a machine is rarely idle.
const STARTS: usize = 5;

/// Starts each program so often, and runs a quiet year.
pub(crate) fn measure(rounds: usize) -> Result<Whole, Box<dyn Error>> {
    let lab = built()?;
    let lab = |arguments: &[&str]| {
        let mut command = Command::new(&lab);
        command.args(arguments).current_dir(crate::ROOT);
        command
    };
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/target/example");
    let (topology, scenario) = quiet::year();
    let mut times: [Vec<f64>; 5] = Default::default();
    for _ in 0..rounds {
        let example = ["run", EXAMPLE, "--out", folder];
        times[0].push(quickest(|| lab(&["--version"]))?);
        times[1].push(quickest(|| lab(&example))?);
        times[2].push(quickest(|| lab(&["run", EXAMPLE, "--format", "json"]))?);
        let mut simpy = Command::new(programs::python());
        simpy.args(["-c", "import simpy"]);
        if programs::told(&mut simpy).is_ok() {
            times[3].push(quickest(|| {
                let mut simpy = Command::new(programs::python());
                simpy.args(["-c", "import simpy"]);
                simpy
            })?);
        }
        let (report, seconds) = timed(|| pnilab::run(&topology, &scenario, &RunOptions::default()));
        assert_eq!(report.result.transitions, 0, "nothing happens");
        times[4].push(seconds * 1e3);
    }
    fs::remove_dir_all(folder)?;
    let [start, example, json, simpy, year] = times;
    Ok(Whole {
        start_ms: Spread::of(start),
        example_ms: Spread::of(example),
        example_json_ms: Spread::of(json),
        simpy_ms: (!simpy.is_empty()).then(|| Spread::of(simpy)),
        quiet_year_ms: Spread::of(year),
    })
}

/// Builds the program, and tells where it is.
fn built() -> Result<String, Box<dyn Error>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut build = Command::new(cargo);
    build.args(["build", "-q", "--release", "--locked", "--bin", "pnilab"]);
    programs::told(build.current_dir(crate::ROOT))?;
    let target = std::env::var("CARGO_TARGET_DIR");
    let target = target.unwrap_or_else(|_| format!("{}/target", crate::ROOT));
    Ok(format!("{target}/release/pnilab"))
}

/// Milliseconds of the quickest of some starts, from start to end.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn quickest(command: impl Fn() -> Command) -> Result<f64, Box<dyn Error>> {
    let mut least = f64::INFINITY;
    for _ in 0..STARTS {
        let mut command = command();
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let start = Instant::now();
        let status = command.status()?;
        least = least.min(start.elapsed().as_secs_f64() * 1e3);
        if !status.success() {
            return Err(format!("{command:?} fails").into());
        }
    }
    Ok(least)
}
