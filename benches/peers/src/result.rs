//! What was measured, as it is written to a file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The median of all rounds, and the least and the greatest of them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Spread {
    /// Of at least one value.
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let (min, max) = (values[0], values[values.len() - 1]);
        let [low, high] = [(values.len() - 1) / 2, values.len() / 2];
        let round = |value: f64| (value * 1e4).round() / 1e4;
        let median = (values[low] + values[high]) / 2.0;
        Self { median: round(median), min: round(min), max: round(max) }
    }
}

/// Everything that one command measured.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) command: String,
    pub(crate) commit: String,
    pub(crate) machine: Machine,
    /// Of the peers that were run.
    pub(crate) versions: BTreeMap<String, String>,
    /// Peers that were not run, and why.
    pub(crate) missing: BTreeMap<String, String>,
    pub(crate) rounds: usize,
    /// Links cut in each round, each in a run of its own.
    pub(crate) cuts: usize,
    pub(crate) routing: Vec<Case>,
    /// Larger maps and more prefixes: link failures alone, in fewer rounds.
    pub(crate) large: Vec<Failure>,
    pub(crate) queue: Vec<Pace>,
    pub(crate) whole: Whole,
    /// What `benches/instructions.txt` says.
    pub(crate) instructions: BTreeMap<String, u64>,
    pub(crate) memory: Vec<Peak>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) cpu: String,
    pub(crate) cores: usize,
}

/// A map with so many prefixes, in milliseconds of processor time.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Case {
    pub(crate) map: String,
    pub(crate) nodes: usize,
    pub(crate) links: usize,
    pub(crate) prefixes: u32,
    pub(crate) paths: Paths,
    pub(crate) bgpsim: PeerTimes,
    /// Prefixes in one entry.
    pub(crate) together: LabTimes,
    /// An entry for each.
    pub(crate) apart: LabTimes,
}

/// How many paths of traffic are as long in both, before and after each cut.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Paths {
    pub(crate) compared: usize,
    pub(crate) equal: usize,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PeerTimes {
    pub(crate) build_ms: Spread,
    pub(crate) converge_ms: Spread,
    pub(crate) clone_ms: Spread,
    pub(crate) cut_ms: Spread,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LabTimes {
    pub(crate) cold_ms: Spread,
    /// Without a fault.
    pub(crate) idle_ms: Spread,
    /// With a cut.
    pub(crate) cut_ms: Spread,
    pub(crate) forks: ForkTimes,
}

/// Runs that start from a network that came to rest once.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ForkTimes {
    /// The network comes to rest.
    pub(crate) rest_ms: Spread,
    /// A run without a fault, from the base to the report, rolled back.
    pub(crate) idle_ms: Spread,
    /// The same with a cut.
    pub(crate) cut_ms: Spread,
    /// A fork is made: a full copy.
    pub(crate) copy_ms: Spread,
    /// A run without a fault is rolled back.
    pub(crate) idle_back_ms: Spread,
    /// One with a cut.
    pub(crate) cut_back_ms: Spread,
}

/// Cuts of a link where a whole case would take too long, in milliseconds of processor time.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) map: String,
    pub(crate) nodes: usize,
    pub(crate) links: usize,
    pub(crate) prefixes: u32,
    pub(crate) rounds: usize,
    pub(crate) cuts: usize,
    pub(crate) bgpsim_clone_ms: Spread,
    pub(crate) bgpsim_cut_ms: Spread,
    /// Prefixes in one entry.
    pub(crate) together: FailureTimes,
    /// An entry for each.
    pub(crate) apart: FailureTimes,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FailureTimes {
    /// A whole run with a cut.
    pub(crate) cut_ms: Spread,
    pub(crate) forks: ForkTimes,
}

/// Whole programs, in milliseconds.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Whole {
    /// `pnilab --version`.
    pub(crate) start_ms: Spread,
    /// The README's example, with all files but PNG.
    pub(crate) example_ms: Spread,
    /// The same with JSON alone.
    pub(crate) example_json_ms: Spread,
    /// Python that imports SimPy, if it is there.
    pub(crate) simpy_ms: Option<Spread>,
    /// A year of a thousand idle sessions of BFD, in processor time.
    pub(crate) quiet_year_ms: Spread,
}

/// The most memory that a process held.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Peak {
    pub(crate) map: String,
    pub(crate) routers: usize,
    pub(crate) prefixes: u32,
    pub(crate) bgpsim: Held,
    pub(crate) together: Held,
    pub(crate) apart: Held,
}

/// What a process held at most, and how long its work took.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Held {
    pub(crate) mb: f64,
    pub(crate) seconds: f64,
}

/// The hold model with so many events pending, in nanoseconds of processor time an event.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Pace {
    pub(crate) pending: u32,
    /// Of each engine.
    pub(crate) event_ns: BTreeMap<String, Spread>,
}
