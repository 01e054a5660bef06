//! What the simulator says of the same cases: their scenarios, run with many seeds.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;

use pnilab::diag::render::{Style, render};
use pnilab::model::load_scenario;
use pnilab::model::scenario::Scenario;
use pnilab::model::topology::Topology;
use pnilab::observe::{self, RunOptions};
use pnilab::report::data::{Direction, RunReport, Went};

use super::measured::{Case, Measure};

/// How many seeds a case is run with: 1 to this.
pub(crate) const SEEDS: u64 = 2000;

/// What one run told of each measure; `None`: it did not happen.
type Told = Vec<Option<f64>>;

/// Per measure the values of all seeds, in order of seed; `None`: it did not happen.
pub(crate) type Simulated = BTreeMap<&'static str, Vec<Option<f64>>>;

/// Runs the scenario of a case with all seeds, on all cores.
///
/// # Errors
/// If the scenario does not load.
pub(crate) fn run(root: &Path, case: &Case) -> Result<Simulated, String> {
    let (topology, scenario) = load(root, case)?;
    let measures: Vec<Measure> = case.samples.iter().map(|(measure, _)| *measure).collect();
    let seeds: Vec<u64> = (1..=SEEDS).collect();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let share = seeds.len().div_ceil(cores);
    let told: Vec<Told> = thread::scope(|scope| {
        let of = |seed: &u64| one(&topology, &scenario, *seed, &measures);
        let workers: Vec<_> = seeds
            .chunks(share)
            .map(|seeds| scope.spawn(move || seeds.iter().map(of).collect::<Vec<Told>>()))
            .collect();
        let joined = workers.into_iter().map(|worker| worker.join().expect("a run ends"));
        joined.flatten().collect()
    });
    let column = |index: usize| told.iter().map(|told| told[index]).collect();
    Ok(measures.iter().enumerate().map(|(index, m)| (m.key, column(index))).collect())
}

fn load(root: &Path, case: &Case) -> Result<(Topology, Scenario), String> {
    let file = root.join("scenarios/lab").join(format!("{}.yaml", case.name));
    let told = |errors: pnilab::diag::Diagnostics| render(&errors, Style::Plain);
    let source = pnilab::input::open(&file).map_err(told)?;
    let (scenario, topology, _) = load_scenario(&source, None).map_err(told)?;
    Ok((topology, scenario))
}

fn one(topology: &Topology, scenario: &Scenario, seed: u64, measures: &[Measure]) -> Told {
    let scenario = Scenario { seed, ..scenario.clone() };
    let report = observe::run(topology, &scenario, &RunOptions::default());
    let seen = Seen::new(&report);
    measures.iter().map(|measure| seen.figure(measure.key)).collect()
}

/// A run, and when what was done to it was done.
struct Seen<'a> {
    report: &'a RunReport,
    /// The clock starts: the first fault begins.
    begin: f64,
    /// Something else happens: the fault ends, or the next one begins.
    second: Option<f64>,
}

impl<'a> Seen<'a> {
    fn new(report: &'a RunReport) -> Self {
        let faults = &report.result.faults;
        let second = faults[0].until_at_s.or_else(|| faults.get(1).map(|fault| fault.at_s));
        Self { report, begin: faults[0].at_s, second }
    }

    fn figure(&self, key: &str) -> Option<f64> {
        match key {
            "detect_p_s" => self.down(["r1", "pa"]),
            "detect_q_s" => self.down(["r2", "qa"]),
            "control_converged_s" => {
                let until = self.second.unwrap_or(f64::INFINITY);
                self.writes(|_, _| true, self.begin, until).last().map(|at| at - self.begin)
            }
            "outage_pq_s" => Some(self.outage(Direction::Forward)),
            "outage_qp_s" => Some(self.outage(Direction::Return)),
            "up_after_restore_s" => self.up(),
            "route_after_restore_s" => {
                let from = self.second?;
                self.writes(|_, _| true, from, f64::INFINITY).last().map(|at| at - from)
            }
            key => self.of_prefixes(key),
        }
    }

    /// From the fault to the end of its session at whichever of these routers it is.
    fn down(&self, routers: [&str; 2]) -> Option<f64> {
        let mut rows = self.report.result.sessions.iter();
        let row = rows.find(|row| {
            row.went == Went::Down
                && row.session == "pni-a/ipv4"
                && routers.contains(&row.router.as_str())
        })?;
        Some(row.at_s - self.begin)
    }

    /// From the repair to the session at that end of the two that is later.
    fn up(&self) -> Option<f64> {
        let from = self.second?;
        let first = |routers: [&str; 2]| {
            let mut rows = self.report.result.sessions.iter();
            rows.find(|row| {
                row.went == Went::Up
                    && row.session == "pni-a/ipv4"
                    && routers.contains(&row.router.as_str())
                    && row.at_s >= from
            })
        };
        Some(first(["r1", "pa"])?.at_s.max(first(["r2", "qa"])?.at_s) - from)
    }

    /// What the flow lost that lost most: fluid parts of a demand lose all or nothing, so where one
    /// of its paths fails that is its loss over the share that lost anything.
    fn outage(&self, direction: Direction) -> f64 {
        let mut rows = self.report.result.demands.iter();
        let row = rows.find(|row| row.demand == "probes" && row.direction == direction);
        let run = &row.expect("the lab has probes").run;
        let each = if run.disturbed > 0.0 { run.lost_s / run.disturbed } else { 0.0 };
        run.longest_gap_s.max(each)
    }

    /// When forwarding tables were written in this part of the run: router and what stands there now.
    fn writes(&self, wanted: impl Fn(&str, &str) -> bool, from: f64, until: f64) -> Vec<f64> {
        let rows = self.report.figures.timeline.iter();
        let rows = rows.filter(|row| row.kind == "fib" && row.at_s >= from && row.at_s < until);
        rows.filter(|row| wanted(&row.router, &row.to)).map(|row| row.at_s).collect()
    }

    /// `r1_announce_first_s` and the like: prefixes are withdrawn by the fault, and announced again
    /// when it ends.
    fn of_prefixes(&self, key: &str) -> Option<f64> {
        let parts: Vec<&str> = key.split('_').collect();
        let again = self.second?;
        let (from, until, present) = match parts[1] {
            "announce" => (again, f64::INFINITY, true),
            _ => (self.begin, again, false),
        };
        let wanted = |router: &str, to: &str| router == parts[0] && to.is_empty() != present;
        let writes = self.writes(wanted, from, until);
        let at = if parts[2] == "first" { writes.first() } else { writes.last() };
        at.map(|at| at - from)
    }
}
