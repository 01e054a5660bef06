//! A validated scenario: faults, times and bounds, resolved against a topology.

pub use super::faults::{Command, Daemon, FaultKind};
use crate::ids::{ClassId, DemandId, LagId, RouterId, SessionId};
use crate::units::{Share, SimDuration, SimTime};

/// What happens, and what must hold.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its `name:`, or the stem of its file.
    pub name: String,
    /// The claim, in a sentence or two.
    pub about: String,
    /// Seed of all draws.
    pub seed: u64,
    /// How long the run lasts.
    pub duration: SimDuration,
    /// Whether the run starts settled or from nothing.
    pub start: Start,
    /// Faults in file order; `repeat` and `jitter` not yet unrolled.
    pub faults: Vec<Fault>,
    /// Bounds in file order.
    pub bounds: Vec<Bound>,
}

/// How a run starts.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Sessions up, routes and forwarding in place.
    Settled,
    /// All routers come up at time zero with nothing learned.
    Cold,
}

/// One fault of a scenario.
#[derive(Clone, Debug)]
pub struct Fault {
    /// When it begins.
    pub begin: Begin,
    /// How long it lasts; `None`: it stays (or ends by itself, where the kind says so).
    pub lasts: Option<SimDuration>,
    /// Further begins.
    pub repeat: Option<Repeat>,
    /// Each begin is delayed by a draw from zero to this.
    pub jitter: SimDuration,
    /// What goes wrong.
    pub kind: FaultKind,
}

/// When a fault begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// At this instant.
    At(SimTime),
    /// This long, and a nanosecond, after a condition first holds.
    When(Condition, SimDuration),
}

/// What a fault may wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The session goes down, or else comes up, at this router or either end.
    Session {
        /// The session.
        session: SessionId,
        /// Which end; `None`: either.
        router: Option<RouterId>,
        /// Up or down.
        up: bool,
    },
    /// The LAG goes down, or else comes up, at this router or either end.
    Lag {
        /// The LAG.
        lag: LagId,
        /// Which end; `None`: either.
        router: Option<RouterId>,
        /// Up or down.
        up: bool,
    },
    /// The LAG is offered at least this part of its capacity.
    Utilization {
        /// The LAG.
        lag: LagId,
        /// The receiving router; `None`: either direction.
        router: Option<RouterId>,
        /// Offered over capacity.
        at_least: Share,
    },
    /// At most this part of what the demand offers is delivered.
    Delivered {
        /// The demand.
        demand: DemandId,
        /// Which direction; `None`: either.
        direction: Option<Direction>,
        /// Delivered over offered.
        at_most: Share,
    },
}

/// `repeat: {times: 3, every: 60s}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// How often in all, at least 1.
    pub times: u32,
    /// From begin to begin.
    pub every: SimDuration,
}

/// One line of `bounds`.
#[derive(Clone, Debug)]
pub struct Bound {
    /// What is measured.
    pub measure: Measure,
    /// Which demand; `None`: all.
    pub demand: Option<DemandId>,
    /// Demands of which class; `None`: all.
    pub class: Option<ClassId>,
    /// Which direction; `None`: both.
    pub direction: Option<Direction>,
    /// Which LAG, for `utilization`.
    pub lag: Option<LagId>,
    /// Which session, for `detection`.
    pub session: Option<SessionId>,
    /// Which end, for `detection`; the receiving router, for `utilization`.
    pub router: Option<RouterId>,
    /// Over which part of the run.
    pub window: Window,
    /// The upper bound: seconds in nanoseconds, or a ratio in parts per billion.
    pub at_most: Option<Limit>,
    /// The lower bound.
    pub at_least: Option<Limit>,
}

/// A bound's value; its unit follows from the measure.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    /// A length of time.
    Time(SimDuration),
    /// A share of one; may exceed it for `utilization`.
    Ratio(Share),
}

impl Limit {
    /// In seconds or as a ratio.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Time(d) => d.as_secs_f64(),
            Self::Ratio(s) => s.as_f64(),
        }
    }
}

/// Over which part of the run a bound looks.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Every window that a fault's begin opens.
    Fault,
    /// Every window that a fault's end opens.
    Reversion,
    /// All of it.
    Run,
}

/// Forward or return traffic of a demand.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// From `from` to `to`.
    Forward,
    /// From `to` to `from`.
    Return,
}

impl Direction {
    /// Both, forward first.
    pub const BOTH: [Self; 2] = [Self::Forward, Self::Return];

    /// `forward` or `return`, as in files and results.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Return => "return",
        }
    }
}

/// What a bound may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Measure {
    /// Seconds of full outage, ∫ (1 − d/r) dt.
    Lost,
    /// Longest interval in which some atom delivers nothing.
    LongestGap,
    /// Longest interval in which nothing is delivered.
    WholeGap,
    /// Time below the class's `ok`.
    Impaired,
    /// Smallest d/r.
    WorstDelivered,
    /// Share of atoms with a gap longer than `drop_after`.
    Dropped,
    /// Seconds in which the source was down.
    SourceDown,
    /// First instant of loss.
    FirstLoss,
    /// First instant from which all is well for 5 s.
    Recovered,
    /// Share of atoms that lost anything.
    Disturbed,
    /// Share of atoms on another router and PNI sequence at the end.
    Moved,
    /// Share of atoms on another LAG member at the end.
    Rehashed,
    /// Share of delivered traffic that crosses in the demand's metro.
    Localized,
    /// Share with a working path at the end, congestion ignored.
    Reachable,
    /// One-way delay before.
    DelayBefore,
    /// One-way delay after.
    DelayAfter,
    /// How long a session's end took to see it.
    Detection,
    /// Offered over capacity.
    Utilization,
    /// Last RIB change.
    Control,
    /// Last FIB change.
    Forwarding,
    /// Last change of any delivered rate.
    Settled,
}

/// Whether a measure is a time or a ratio.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeasureUnit {
    /// Seconds.
    Seconds,
    /// A ratio.
    Ratio,
}

/// What a measure is a measure of.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeasureSubject {
    /// A demand and direction.
    Demand,
    /// A session and one of its ends.
    Session,
    /// A LAG and direction.
    Lag,
    /// The run as a whole.
    Run,
}

impl Measure {
    /// All of them, in the order of this list.
    pub const ALL: [Self; 21] = [
        Self::Lost,
        Self::LongestGap,
        Self::WholeGap,
        Self::Impaired,
        Self::WorstDelivered,
        Self::Dropped,
        Self::SourceDown,
        Self::FirstLoss,
        Self::Recovered,
        Self::Disturbed,
        Self::Moved,
        Self::Rehashed,
        Self::Localized,
        Self::Reachable,
        Self::DelayBefore,
        Self::DelayAfter,
        Self::Detection,
        Self::Utilization,
        Self::Control,
        Self::Forwarding,
        Self::Settled,
    ];

    /// Its key in scenario files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::LongestGap => "longest_gap",
            Self::WholeGap => "whole_gap",
            Self::Impaired => "impaired",
            Self::WorstDelivered => "worst_delivered",
            Self::Dropped => "dropped",
            Self::SourceDown => "source_down",
            Self::FirstLoss => "first_loss",
            Self::Recovered => "recovered",
            Self::Disturbed => "disturbed",
            Self::Moved => "moved",
            Self::Rehashed => "rehashed",
            Self::Localized => "localized",
            Self::Reachable => "reachable",
            Self::DelayBefore => "delay_before",
            Self::DelayAfter => "delay_after",
            Self::Detection => "detection",
            Self::Utilization => "utilization",
            Self::Control => "control",
            Self::Forwarding => "forwarding",
            Self::Settled => "settled",
        }
    }

    /// Time or ratio.
    #[must_use]
    pub const fn unit(self) -> MeasureUnit {
        match self {
            Self::WorstDelivered
            | Self::Dropped
            | Self::Disturbed
            | Self::Moved
            | Self::Rehashed
            | Self::Localized
            | Self::Reachable
            | Self::Utilization => MeasureUnit::Ratio,
            Self::Lost
            | Self::LongestGap
            | Self::WholeGap
            | Self::Impaired
            | Self::SourceDown
            | Self::FirstLoss
            | Self::Recovered
            | Self::DelayBefore
            | Self::DelayAfter
            | Self::Detection
            | Self::Control
            | Self::Forwarding
            | Self::Settled => MeasureUnit::Seconds,
        }
    }

    /// What it is a measure of.
    #[must_use]
    pub const fn subject(self) -> MeasureSubject {
        match self {
            Self::Detection => MeasureSubject::Session,
            Self::Utilization => MeasureSubject::Lag,
            Self::Control | Self::Forwarding | Self::Settled => MeasureSubject::Run,
            Self::Lost
            | Self::LongestGap
            | Self::WholeGap
            | Self::Impaired
            | Self::WorstDelivered
            | Self::Dropped
            | Self::SourceDown
            | Self::FirstLoss
            | Self::Recovered
            | Self::Disturbed
            | Self::Moved
            | Self::Rehashed
            | Self::Localized
            | Self::Reachable
            | Self::DelayBefore
            | Self::DelayAfter => MeasureSubject::Demand,
        }
    }
}
