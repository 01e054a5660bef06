//! The machine-readable result of an availability analysis, key by key.

use serde::Serialize;

use super::{AssumptionRow, Verdict};
use crate::report::number;

/// Seconds of a year of 8,760 hours.
pub const YEAR_S: f64 = 31_536_000.0;

/// How long demands are down in a year, and because of what.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AvailabilityResult {
    /// Version of pnilab.
    pub version: String,
    /// Which evaluators worked it out.
    pub engine: &'static str,
    /// The design.
    pub topology: String,
    /// Seed of what is drawn.
    pub seed: u64,
    /// The date that the result states.
    pub as_of: String,
    /// The command that makes this result again.
    pub command: String,
    /// Whether all demands meet the availability of their class.
    pub verdict: Verdict,
    /// How many common causes the design has.
    pub common_causes: usize,
    /// How many ways there are to fail.
    pub causes: usize,
    /// How many states were told one by one, the likeliest first.
    pub states: u64,
    /// How much all others weigh together.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub states_left: f64,
    /// How many of the others were drawn.
    pub samples: u64,
    /// By name.
    pub demands: Vec<DemandAvailability>,
    /// Years that were simulated, if that was asked for.
    pub simulation: Option<Simulation>,
    /// How often everything fails, and how long that lasts.
    pub rates: Vec<RateRow>,
    /// What the file does not state of them.
    pub assumptions: Vec<AssumptionRow>,
}

/// How long one demand is down in a year, and because of what.
///
/// All that is called low or high is of the unavailability.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DemandAvailability {
    /// The demand.
    pub demand: String,
    /// Its class.
    pub class: String,
    /// The availability that its class asks for.
    #[serde(serialize_with = "number::serialize_rounded_option")]
    pub target: Option<f64>,
    /// Whether it meets that.
    pub verdict: Verdict,
    /// The share of time that it delivers at least its ok, both ways.
    pub availability: f64,
    /// The rest.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub unavailability: f64,
    /// It is at least this.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub low: f64,
    /// It is at most this.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub high: f64,
    /// `exact`: all states were told. `bracket`: those that were not may be anything. `sample`: of those
    /// that were not a sample was, and the bounds hold with 95 %.
    pub method: &'static str,
    /// How many nines its availability has; `null` where it is never down.
    #[serde(serialize_with = "number::serialize_rounded_option")]
    pub nines: Option<f64>,
    /// The parts of its downtime.
    pub downtime_s_per_year: Downtime,
    /// The same without common causes.
    pub physical: PhysicalOnly,
    /// How long its sources are down in a year, in part or all of them; that is no downtime here.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub source_down_s_per_year: f64,
    /// How often it goes down in a year until something is repaired.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub outages_per_year: f64,
    /// How long that lasts on average.
    #[serde(serialize_with = "number::serialize_rounded_option")]
    pub mean_outage_s: Option<f64>,
    /// Causes with their share of its unavailability, the largest first. Where several must come together
    /// each has all of it, so that shares may add up to more than one.
    pub causes: Vec<CauseShare>,
    /// What takes it down until something is repaired, the worst first.
    pub sets: Vec<DowntimeSet>,
    /// What further sets add.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub sets_left_s_per_year: f64,
    /// What takes it down while routing reacts to a failure and to its repair, the worst first.
    pub transients: Vec<TransientRow>,
}

/// The parts of a downtime, in seconds a year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Downtime {
    /// Until something physical is repaired.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub steady: f64,
    /// While routing reacts to physical failures and their repair.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub transient: f64,
    /// What common causes add to both.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub common_cause: f64,
}

impl Downtime {
    /// All of it.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.steady + self.transient + self.common_cause
    }
}

/// An unavailability without common causes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct PhysicalOnly {
    /// The share of time that it is down.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub unavailability: f64,
    /// It is at least this.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub low: f64,
    /// It is at most this.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub high: f64,
}

/// How much of a downtime a cause has a part in.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CauseShare {
    /// Such as `router=ct-ams-1 crash`.
    pub element: String,
    /// Of the demand's unavailability.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub share: f64,
}

/// Causes that take a demand down together, while fewer of them do not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DowntimeSet {
    /// The causes.
    pub set: Vec<String>,
    /// For how long in a year.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub downtime_s_per_year: f64,
}

/// A cause that takes a demand down while routing reacts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TransientRow {
    /// The cause.
    pub element: String,
    /// How often it comes alone in a year.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub times_per_year: f64,
    /// How long the demand is down each time, at the failure and at the repair together.
    pub down_s: f64,
}

/// What simulated years brought.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Simulation {
    /// How many.
    pub years: u64,
    /// How many repairs may go on at once; `null`: any number.
    pub crews: Option<u32>,
    /// Windows of maintenance in a year.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub windows_per_year: f64,
    /// Standard deviation of the logarithm of the time that a repair takes.
    pub repair_sigma: f64,
    /// By name.
    pub demands: Vec<YearsRow>,
}

/// How long a demand was down in simulated years, in seconds a year, while routing reacts left out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct YearsRow {
    /// The demand.
    pub demand: String,
    /// On average.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub mean_s: f64,
    /// The average of many more years is at least this with 95 %.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub mean_low_s: f64,
    /// And at most this.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub mean_high_s: f64,
    /// So much of the average falls into windows of maintenance.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub maintenance_s: f64,
    /// On average, for how long it was not found out.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub uncertain_s: f64,
    /// Half of the years had no more than this.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub p50_s: f64,
    /// 95 of 100 years had no more than this.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub p95_s: f64,
    /// 99 of 100 years had no more than this.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub p99_s: f64,
    /// The worst year.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub worst_s: f64,
    /// How often it went down in a year, on average.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub outages_per_year: f64,
    /// The longest time for which it was down without a break.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub longest_s: f64,
}

/// How often something fails and how long that lasts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RateRow {
    /// Such as `router=ct-ams-1 crash`.
    pub element: String,
    /// How often in a year, on average.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub failures_per_year: f64,
    /// How long, on average.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub repair_s: f64,
}
