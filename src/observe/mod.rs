//! Runs a scenario and turns what happened into a report.

mod bounds;
mod changes;
mod conditions;
mod derived;
mod figures;
mod measures;
mod result;
mod routes;
mod unrest;
mod vary;

use std::sync::Arc;

use crate::engine::queue::{LimitError, Limits};
use crate::model::scenario::Scenario;
use crate::model::topology::Topology;
use crate::report::data::RunReport;
use crate::sim::net::Net;
use crate::sim::plan::{self, FaultPlan};
use crate::sim::world::World;
use crate::units::SimTime;

pub use vary::{varied, vary};

/// How a scenario is run.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// The date that the report states, `YYYY-MM-DD`.
    pub as_of: String,
    /// The command that makes this result again, for the report.
    pub command: String,
    /// Whether hellos, keepalives and retries are really sent even when nothing depends on
    /// them: slow, with the same transitions to the nanosecond.
    pub hellos: Hellos,
    /// What bounds the run.
    pub limits: Limits,
}

/// Whether "still alive" costs events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hellos {
    /// Computed when they matter.
    #[default]
    Computed,
    /// Really sent.
    Sent,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            as_of: "1970-01-01".to_owned(),
            command: String::new(),
            hellos: Hellos::default(),
            limits: Limits::default(),
        }
    }
}

/// What a run did, beside its report: how often each kind of event was handled.
pub type EventCounts = Vec<(&'static str, u64)>;

/// Runs one scenario on one design.
///
/// A limit that stops the run makes the verdict `inconclusive` and is told in the notes.
#[must_use]
pub fn run(topology: &Topology, scenario: &Scenario, options: &RunOptions) -> RunReport {
    run_counted(topology, scenario, options).0
}

/// Like [`run`], and tells how often each kind of event was handled.
#[must_use]
pub fn run_counted(
    topology: &Topology,
    scenario: &Scenario,
    options: &RunOptions,
) -> (RunReport, EventCounts) {
    let eager = options.hellos == Hellos::Sent;
    let net = Arc::new(Net::new(
        topology.clone(),
        scenario.seed,
        eager,
        &plan::set_apart(topology, scenario),
    ));
    let mut held = vec![None; scenario.faults.len()];
    loop {
        let plan = Arc::new(FaultPlan::new(topology, scenario, &held));
        let (world, stopped) = simulate(&net, &plan, scenario, options.limits);
        let known = world.as_ref().filter(|_| stopped.is_none());
        if known.is_some_and(|world| conditions::next(&net, scenario, world, &mut held)) {
            continue;
        }
        let counts = world.as_ref().map_or_else(Vec::new, |world| world.event_counts().collect());
        let mut report = result::report(&net, &plan, scenario, options, world.as_ref(), stopped);
        report.figures.notes.extend(plan.notes.iter().cloned());
        report.figures.notes.extend(conditions::notes(scenario, &held));
        return (report, counts);
    }
}

/// Runs to the end, or to the limit that stops it.
fn simulate(
    net: &Arc<Net>,
    plan: &Arc<FaultPlan>,
    scenario: &Scenario,
    limits: Limits,
) -> (Option<World>, Option<LimitError>) {
    match World::new(Arc::clone(net), Arc::clone(plan), scenario.start, limits) {
        Ok(mut world) => {
            let stopped = finish(&mut world, scenario, limits).err();
            (Some(world), stopped)
        }
        Err(error) => (None, Some(error)),
    }
}

fn finish(world: &mut World, scenario: &Scenario, limits: Limits) -> Result<(), LimitError> {
    let until = SimTime::ZERO + scenario.duration.min(limits.time);
    let ended = world.run_to_end(until);
    world.close();
    if ended.is_ok() && scenario.duration > limits.time {
        return Err(LimitError::Time { limit: limits.time });
    }
    ended
}
