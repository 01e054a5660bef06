//! Runs a scenario and turns what happened into a report.

mod base;
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

use crate::engine::queue::Limits;
use crate::model::scenario::Scenario;
use crate::model::topology::Topology;
use crate::report::data::RunReport;

pub use base::{Base, BaseKey, Fork};
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
    Base::new(topology, &BaseKey::of(topology, scenario, options)).run_once(scenario, options)
}
