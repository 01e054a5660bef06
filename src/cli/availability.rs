//! `pnilab availability`: how many minutes a year is each service down, and because of what?

use std::fmt::Write as _;

use super::args::{AvailabilityArgs, Format};
use super::{Exit, Failure, data, date, load, progress, recorded, talk, threads};
use crate::availability::years::Plan;
use crate::availability::{Availability, Question};
use crate::report::{chart, json, summary, write};

pub(super) fn run(args: &AvailabilityArgs) -> Result<Exit, Failure> {
    let topology = load(&args.topology)?;
    if topology.demands.is_empty() {
        let message = "the design has no `demands`: there is nothing that could be down";
        return Err(Failure::Usage(message.to_owned()));
    }
    let question = Question {
        precision_s: args.precision.as_secs_f64(),
        states: args.states,
        samples: args.samples,
        seed: args.seed,
    };
    let availability = Availability::new(&topology, question)
        .map_err(|error| Failure::Usage(error.to_string()))?;
    if let Some(dir) = &args.out {
        write::make_folder(dir)?;
    }
    let result = threads(args.jobs)?.install(|| {
        let causes = availability.causes() as u64;
        let transients =
            progress::shown((causes, "failures run"), |done| availability.transients(done));
        let (steady, rest) =
            progress::shown((args.states, "states at most"), |done| availability.steady(done));
        let plan = Plan { years: args.years, crews: args.crews, seed: args.seed };
        let simulation = (args.years > 0)
            .then(|| progress::shown((args.years, "years"), |done| availability.years(plan, done)));
        let as_of = args.as_of.unwrap_or_else(date::today).to_string();
        let command = command(args, &as_of);
        availability.result((&steady, &rest), &transients, simulation, (as_of, command))
    });
    let document = json::availability(&result);
    if let Some(dir) = &args.out {
        write::file(dir, "availability.json", document.as_bytes())?;
        for chart in chart::of_availability(&result) {
            write::file(dir, &format!("{}.svg", chart.stem), chart.svg().as_bytes())?;
        }
    }
    match args.format {
        Format::Json => data(&document)?,
        Format::Text => data(&summary::availability(&result))?,
    }
    if let Some(dir) = &args.out {
        talk(&format!("Written: {}\n", dir.join("availability.json").display()));
    }
    Ok(result.verdict.into())
}

/// The command that makes the result again beside the design.
fn command(args: &AvailabilityArgs, as_of: &str) -> String {
    let mut text = format!("pnilab availability --as-of {as_of}");
    let mut add = |option: &str, value: &str| {
        write!(text, " {option} {value}").expect("a String takes all that is written");
    };
    let precision = args.precision.to_string();
    for (option, value, usual) in [
        ("--precision", precision, "1s"),
        ("--states", args.states.to_string(), "20000"),
        ("--samples", args.samples.to_string(), "20000"),
        ("--years", args.years.to_string(), "0"),
        ("--crews", args.crews.map_or_else(String::new, |crews| crews.to_string()), ""),
        ("--seed", args.seed.to_string(), "1"),
    ] {
        if value != usual {
            add(option, &value);
        }
    }
    write!(text, " {}", recorded::file(&args.topology))
        .expect("a String takes all that is written");
    text
}
