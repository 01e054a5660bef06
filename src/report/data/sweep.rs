//! The machine-readable result of a sweep, key by key.

use serde::{Deserialize, Serialize};

use super::{Direction, Verdict};
use crate::report::number;

/// What failures of a design cost, set by set and in sum.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SweepResult {
    /// Version of pnilab.
    pub version: String,
    /// Which evaluator worked it out.
    pub engine: &'static str,
    /// The design.
    pub topology: String,
    /// Seed of what is drawn.
    pub seed: u64,
    /// The date that the result states.
    pub as_of: String,
    /// The command that makes this result again.
    pub command: String,
    /// Nothing is asked of a sweep.
    pub verdict: Verdict,
    /// Most elements of a set.
    pub k: usize,
    /// Kinds of elements that fail.
    pub of: Vec<&'static str>,
    /// How they fail.
    pub how: &'static str,
    /// What has failed in every set beside its own elements.
    pub given: Vec<String>,
    /// How many elements there are of these kinds.
    pub elements: usize,
    /// How many sets there are, the empty one included.
    pub sets: u64,
    /// In how many every demand delivers what its class calls ok, both ways, for certain.
    pub sets_within_bounds: u64,
    /// For how many it was not found out where they lead.
    pub sets_uncertain: u64,
    /// The same by size, the smallest first.
    pub by_size: Vec<SizeRow>,
    /// Elements whose failure alone takes a demand below its ok.
    pub single_points_of_failure: Vec<FailingElement>,
    /// Sets that take a demand below its ok while none of their subsets does, by demand.
    pub minimal_sets: Vec<MinimalSets>,
    /// Sets in which a demand is within bounds although it is not in a smaller one, the first of them.
    pub healing_sets: Vec<HealingSet>,
    /// How many of those there are.
    pub healing_sets_in_all: u64,
    /// The highest load of each direction of a PNI, link or port, and what leads to it; the highest
    /// utilization first.
    pub worst_loads: Vec<WorstLoad>,
    /// When each direction of each PNI runs out, those to be ordered first first; nothing where no demand
    /// grows.
    pub run_out: Vec<RunOutRow>,
    /// What each element costs alone, in order of elements.
    pub blast_radius: Vec<SetRow>,
    /// Elements whose failure takes a demand below its ok while another is in maintenance, and does
    /// not otherwise.
    pub maintenance: Vec<Exposed>,
    /// Failures that swallow traffic while nothing that is configured can see them: the smallest sets.
    pub latent: Vec<LatentSet>,
    /// What the sets cost on the way, simulated; `None` if that was not asked for.
    pub timed: Option<TimedSweep>,
    /// Sets in order of size: all, or those that are not within bounds, up to a limit.
    pub rows: Vec<SetRow>,
    /// How many rows the limit has left out.
    pub rows_left_out: u64,
}

/// Sets of one size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SizeRow {
    /// So many elements each.
    pub size: usize,
    /// How many there are.
    pub sets: u64,
    /// In how many every demand is within bounds for certain.
    pub within_bounds: u64,
    /// For how many that was not found out.
    pub uncertain: u64,
}

/// What one set costs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SetRow {
    /// Its elements, such as `router=ct-ams-1`.
    pub set: Vec<String>,
    /// `unique`, `several`, `none` or `unknown`; the figures below exist where they are certain.
    pub outcome: String,
    /// Demands that deliver less than their ok, either way, by name.
    pub lost: Vec<String>,
    /// Demands that offer less because their sources are down, by name.
    pub source_down: Vec<String>,
    /// The smallest share of what is offered that is delivered.
    #[serde(serialize_with = "number::serialize_rounded_option")]
    pub worst_delivered: Option<f64>,
    /// What the demands' rates say and does not arrive, both ways, in bit/s.
    pub lost_bps: Option<u64>,
    /// The highest offered over capacity.
    #[serde(serialize_with = "number::serialize_rounded_option")]
    pub worst_utilization: Option<f64>,
    /// Where that is.
    pub worst_link: Option<String>,
    /// The smallest share of what a demand delivers that crosses in its metro.
    #[serde(serialize_with = "number::serialize_rounded_option")]
    pub localized: Option<f64>,
    /// What swallows traffic without being seen.
    pub latent: Vec<String>,
    /// What it costs on the way, simulated; `None` if that was not asked for, or nothing fails.
    pub timed: Option<TimedSet>,
}

/// What a set costs from the failure of its elements, all at one instant, until all has settled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimedSet {
    /// Whether nothing changed any more once every timer had run out.
    pub at_rest: bool,
    /// From the failure to the last change of routes, forwarding or a delivered rate; `None`: none.
    pub settled_s: Option<f64>,
    /// Whether it ends in the same demands lost and the same smallest share delivered as `outcome`
    /// says; `None` where that, or rest, is not certain.
    pub agrees: Option<bool>,
    /// The longest gap of all demands and directions whose gaps end.
    pub longest_gap_s: f64,
    /// Whose that is.
    pub longest_gap_demand: Option<String>,
    /// What demands lost, those that lost anything; by name, forward before return.
    pub demands: Vec<TimedDemand>,
}

/// What one direction of a demand lost on the way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimedDemand {
    /// The demand.
    pub demand: String,
    /// Which direction.
    pub direction: Direction,
    /// The longest interval in which an atom delivers nothing; `None`: for some that does not end.
    pub longest_gap_s: Option<f64>,
    /// Seconds of full outage that the lost traffic amounts to; `None`: that does not end.
    pub lost_s: Option<f64>,
    /// Time with less delivered than the class calls ok; `None`: that does not end.
    pub impaired_s: Option<f64>,
}

/// What sets cost on the way, in sum.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TimedSweep {
    /// How many were simulated.
    pub sets: u64,
    /// How many came to rest.
    pub at_rest: u64,
    /// How many did not end in what the settled evaluator says for certain.
    pub disagreeing: u64,
    /// The longest gaps that end, the longest first.
    pub longest: Vec<SlowSet>,
}

/// A set with a long gap.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SlowSet {
    /// The set.
    pub set: Vec<String>,
    /// The gap.
    pub longest_gap_s: f64,
    /// The demand that has it.
    pub demand: String,
    /// From the failure to the last change.
    pub settled_s: Option<f64>,
    /// Demands that the set takes below their ok for good.
    pub lost: Vec<String>,
}

/// An element that should not fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailingElement {
    /// Such as `router=ct-ams-1`.
    pub element: String,
    /// Demands that deliver less than their ok without it.
    pub lost: Vec<String>,
}

/// What takes a demand below its ok.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MinimalSets {
    /// The demand.
    pub demand: String,
    /// The sets, the smallest first.
    pub sets: Vec<Vec<String>>,
}

/// More fails, and a demand is better off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HealingSet {
    /// The demand that is within bounds.
    pub demand: String,
    /// In this set.
    pub set: Vec<String>,
    /// A part of it in which it is not.
    pub failing: Vec<String>,
}

/// The highest load of one direction of a LAG.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorstLoad {
    /// The PNI, link or port.
    pub link: String,
    /// Which of these.
    pub link_kind: &'static str,
    /// `from>to`.
    pub direction: String,
    /// Offered when only what is given has failed, in bit/s.
    pub usual_bps: u64,
    /// The same over the rate of the members in use then.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub usual_utilization: f64,
    /// Offered in the worst set.
    pub offered_bps: u64,
    /// Rate of the members in use then.
    pub capacity_bps: u64,
    /// Offered over capacity.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub utilization: f64,
    /// The first set that leads to it.
    pub set: Vec<String>,
}

/// When one direction of a PNI runs out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunOutRow {
    /// The PNI.
    pub link: String,
    /// `from>to`.
    pub direction: String,
    /// Offered today, in bit/s.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub offered_bps: f64,
    /// Rate of its members.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub capacity_bps: f64,
    /// The day by which more must be ordered: 60 days before half of it is used as it stands, or all of
    /// it under the worst failure of one element.
    pub order_by: Option<String>,
    /// Shares of the capacity, and when they are reached.
    pub reached: Vec<ReachedRow>,
}

/// When a share of a capacity is reached.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReachedRow {
    /// The share.
    pub utilization: f64,
    /// As it stands; `null`: not in a hundred years.
    pub usual_on: Option<String>,
    /// Under the failure of one element that reaches it first.
    pub worst_on: Option<String>,
    /// Which that is.
    pub worst: Option<String>,
}

/// What an element in maintenance exposes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exposed {
    /// The element.
    pub element: String,
    /// Elements that must not fail meanwhile.
    pub to: Vec<String>,
}

/// A failure that stays unseen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LatentSet {
    /// The set.
    pub set: Vec<String>,
    /// What swallows traffic.
    pub latent: Vec<String>,
}
