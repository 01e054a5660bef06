//! The data of a report: what a run found, and what its charts need beside it.
//!
//! [`RunResult`] is the machine-readable result, key by key. [`RunFigures`] holds the series behind
//! the charts. Seconds are `f64` of nanoseconds / 10^9: instants since the start of the run end in
//! `_at_s`, durations in `_s`. Rates end in `_bps`. Ratios are 0..1, utilization may exceed 1.
//! No float is NaN or infinite: what does not exist is `None`.

mod availability;
mod check;
mod figures;
mod result;
mod sweep;

pub use availability::{
    AvailabilityResult, CauseShare, DemandAvailability, Downtime, DowntimeSet, PhysicalOnly,
    RateRow, Simulation, TransientRow, YEAR_S, YearsRow,
};
pub use check::{
    CheckResult, CheckedFile, EvidenceRow, FindingRow, RuleRow, RuleStatus, Severity, WaiverRow,
};
pub use figures::{
    DeliveredPoint, DeliveredSeries, Health, Lane, LaneKind, LoadSeries, MapData, MapLag, MapMetro,
    MapRouter, MapSite, RouteRow, RunFigures, Segment, Step, TimelineRow,
};
pub use result::{
    AssumptionRow, BoundRow, DemandEvent, DemandRow, DetectedBy, Direction, EventRow, FaultRow,
    Flip, LinkRow, Measures, Origin, Phases, RunResult, SessionRow, Shift, Unit, VariedRow,
    Verdict, Went, Window,
};

pub use sweep::{
    Exposed, FailingElement, HealingSet, LatentSet, MinimalSets, ReachedRow, RunOutRow, SetRow,
    SizeRow, SlowSet, SweepResult, TimedDemand, TimedSet, TimedSweep, WorstLoad,
};

/// Everything that is reported of one run of one scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct RunReport {
    /// The result, as in `result.json`.
    pub result: RunResult,
    /// What the charts need beside the result.
    pub figures: RunFigures,
}
