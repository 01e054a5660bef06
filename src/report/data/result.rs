//! The machine-readable result of a run, key by key.

use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

use crate::report::number;

/// Whether what was asked holds.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing was asked.
    None,
    /// Everything holds.
    Pass,
    /// A limit stopped the run before it could be told.
    Inconclusive,
    /// Something does not hold.
    Fail,
}

impl Verdict {
    /// The word used in documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pass => "pass",
            Self::Inconclusive => "inconclusive",
            Self::Fail => "fail",
        }
    }
}

/// Which way traffic of a demand goes.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the demand's source to its destination.
    Forward,
    /// Back again.
    Return,
}

impl Direction {
    /// The word used in documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Return => "return",
        }
    }
}

/// Which part of the run a bound looks at.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// Every window that a fault's begin opens.
    Fault,
    /// Every window that a fault's end opens.
    Reversion,
    /// The whole run.
    Run,
}

impl Window {
    /// The word used in documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fault => "fault",
            Self::Reversion => "reversion",
            Self::Run => "run",
        }
    }
}

/// The unit of a bound and of what was observed.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// A ratio, 1 for 100 %.
    Ratio,
}

/// The result of one run: `pnilab.result/1`.
///
/// Lists are sorted by whoever fills them: bounds by file order then subject; faults by time then
/// file order; events by time; sessions by instant, session, router; demands by name, forward
/// before return; links by name, direction.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunResult {
    /// The version of pnilab.
    pub version: String,
    /// Which evaluator found this: `timed`.
    pub engine: String,
    /// Name of the topology.
    pub topology: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Seed of the run.
    pub seed: u64,
    /// The date of `--as-of`, `YYYY-MM-DD`.
    pub as_of: String,
    /// The command that makes this result again.
    pub command: String,
    /// Length of the run.
    pub duration_s: f64,
    /// Worst verdict of the bounds.
    pub verdict: Verdict,
    /// What was asked and found.
    pub bounds: Vec<BoundRow>,
    /// What was injected.
    pub faults: Vec<FaultRow>,
    /// How the network followed each begin and end of a fault.
    pub events: Vec<EventRow>,
    /// Each time an end of a session went down or up.
    pub sessions: Vec<SessionRow>,
    /// What traffic suffered.
    pub demands: Vec<DemandRow>,
    /// How full links became.
    pub links: Vec<LinkRow>,
    /// Values no file states.
    pub assumptions: Vec<AssumptionRow>,
    /// Which of those decide a verdict, with `--vary assumptions`.
    pub varied: Option<Vec<VariedRow>>,
    /// State changes of the run, not queue work.
    pub transitions: u64,
    /// SHA-256 over the transitions, 16 bytes in hexadecimal.
    pub fingerprint: String,
}

/// One bound and one subject it applies to.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundRow {
    /// The measure, such as `longest_gap`.
    pub bound: String,
    /// What kind of thing `subject` is: `demand`, `session`, `pni`, ...
    pub subject_kind: String,
    /// Name of the subject; `None` where the bound names none and none has this measure.
    pub subject: Option<String>,
    /// Which end, where the measure is one router's.
    pub router: Option<String>,
    /// Which direction of a demand.
    pub direction: Option<Direction>,
    /// Which part of the run.
    pub window: Window,
    /// Unit of the three figures below.
    pub unit: Unit,
    /// The upper bound.
    pub at_most: Option<f64>,
    /// The lower bound.
    pub at_least: Option<f64>,
    /// What was found; `None` if it never happened.
    pub observed: Option<f64>,
    /// Whether it holds.
    pub verdict: Verdict,
}

impl Serialize for BoundRow {
    /// Seconds are written as they are, ratios with nine significant digits.
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let (unit, figure): (_, fn(f64) -> f64) = match self.unit {
            Unit::Seconds => ("s", |v| v),
            Unit::Ratio => ("ratio", number::rounded),
        };
        let mut row = out.serialize_struct("BoundRow", 11)?;
        row.serialize_field("bound", &self.bound)?;
        row.serialize_field("subject_kind", &self.subject_kind)?;
        row.serialize_field("subject", &self.subject)?;
        row.serialize_field("router", &self.router)?;
        row.serialize_field("direction", &self.direction)?;
        row.serialize_field("window", &self.window)?;
        row.serialize_field("unit", unit)?;
        row.serialize_field("at_most", &self.at_most.map(figure))?;
        row.serialize_field("at_least", &self.at_least.map(figure))?;
        row.serialize_field("observed", &self.observed.map(figure))?;
        row.serialize_field("verdict", &self.verdict)?;
        row.end()
    }
}

/// One fault, or one repeat of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FaultRow {
    /// Its place in the scenario file, from 0.
    pub fault: u32,
    /// When it begins.
    pub at_s: f64,
    /// When it ends; `None` if it stays.
    pub until_at_s: Option<f64>,
    /// Its kind, such as `pni_silent`.
    pub kind: String,
    /// What it hits, for a person; several names are joined with `, `.
    pub target: String,
}

/// How the network followed one begin or end of a fault.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventRow {
    /// Its name, such as `fault0/begin` or `fault0#1/end`.
    pub event: String,
    /// When it happened.
    pub at_s: f64,
    /// From the event to the first end that declared a session unusable because of it.
    pub first_detection_s: Option<f64>,
    /// From the event to the last RIB change.
    pub control_s: Option<f64>,
    /// From the event to the last FIB change.
    pub forwarding_s: Option<f64>,
    /// From the event to the last change of any delivered rate.
    pub settled_s: Option<f64>,
    /// Where the time went on the critical path.
    pub phases: Option<Phases>,
}

/// Where the time from an event to the last FIB write went, one after the other.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Phases {
    /// Until somebody noticed.
    pub detect_s: f64,
    /// Until everybody concerned was told.
    pub notify_s: f64,
    /// Until the new route was chosen.
    pub decide_s: f64,
    /// Until the FIB was written.
    pub write_s: f64,
}

/// Which way a session's state changed.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Went {
    /// Out of Established.
    Down,
    /// Into Established.
    Up,
}

impl Went {
    /// The word used in documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Up => "up",
        }
    }
}

/// Who found out that a session is unusable.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DetectedBy {
    /// This end, by its own means.
    Local,
    /// The other end, which said so.
    Remote,
}

impl DetectedBy {
    /// The word used in documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Remote => "remote",
        }
    }
}

/// One end of a session went down or up.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SessionRow {
    /// Name of the session, such as `pni-ams-1/ipv4`.
    pub session: String,
    /// Which end.
    pub router: String,
    /// When.
    pub at_s: f64,
    /// Which way.
    pub went: Went,
    /// The mechanism, such as `bfd_down`.
    pub reason: String,
    /// Who found out; `None` when it went up.
    pub detected_by: Option<DetectedBy>,
    /// From the latest fault in its cause chain; `None` if there is none.
    pub detection_s: Option<f64>,
}

/// What one direction of one demand suffered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DemandRow {
    /// Name of the demand.
    pub demand: String,
    /// Which direction.
    pub direction: Direction,
    /// Over the whole run.
    #[serde(flatten)]
    pub run: Measures,
    /// In the window of each event.
    pub events: Vec<DemandEvent>,
}

/// What one direction of one demand suffered in the window of one event.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DemandEvent {
    /// Name of the event, such as `fault0/begin`.
    pub event: String,
    /// In its window.
    #[serde(flatten)]
    pub measures: Measures,
}

/// The measures of one direction of one demand over a window.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measures {
    /// Seconds of full outage that the lost traffic amounts to.
    pub lost_s: f64,
    /// The longest interval in which an atom delivers nothing (RFC 6412, worst flow).
    pub longest_gap_s: f64,
    /// The longest interval in which nothing at all is delivered.
    pub whole_gap_s: f64,
    /// Time with less delivered than the class calls ok.
    pub impaired_s: f64,
    /// The smallest delivered share; `None` if nothing was offered.
    #[serde(serialize_with = "number::serialize_rounded_option")]
    pub worst_delivered: Option<f64>,
    /// Share of atoms with a gap longer than the class's `drop_after`; `None` without one.
    #[serde(serialize_with = "number::serialize_rounded_option")]
    pub dropped: Option<f64>,
    /// Time in which the source was down and offered nothing.
    pub source_down_s: f64,
    /// First instant with a loss.
    pub first_loss_at_s: Option<f64>,
    /// First instant from which enough is delivered for 5 s (RFC 6412).
    pub recovered_at_s: Option<f64>,
    /// Share of atoms that lost anything.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub disturbed: f64,
    /// Share of atoms that end on other routers or PNIs.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub moved: f64,
    /// Share of atoms that only changed the member of a LAG.
    #[serde(serialize_with = "number::serialize_rounded")]
    pub rehashed: f64,
    /// Share with a working path at the end of the window, congestion ignored; `None` if nothing
    /// was offered then.
    #[serde(serialize_with = "number::serialize_rounded_option")]
    pub reachable: Option<f64>,
    /// Share of delivered traffic that crosses between networks in the demand's metro at the end of
    /// the window; `None` without a metro or with nothing delivered.
    #[serde(serialize_with = "number::serialize_rounded_option")]
    pub localized: Option<f64>,
    /// Rate-weighted mean one-way delay before the window.
    pub delay_before_s: Option<f64>,
    /// Rate-weighted mean one-way delay at the end of the window.
    pub delay_after_s: Option<f64>,
}

/// How full one direction of a link became.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LinkRow {
    /// Name of the link.
    pub link: String,
    /// What it is: `pni`, `link`, ...
    pub link_kind: String,
    /// From and to, as `ms-ams-2>ct-ams-2`.
    pub direction: String,
    /// Capacity with all members up.
    pub capacity_bps: u64,
    /// Largest ratio of offered to capacity at one instant; `None` if it never had capacity.
    #[serde(serialize_with = "number::serialize_rounded_option")]
    pub peak_utilization: Option<f64>,
    /// When that was first reached.
    pub peak_at_s: Option<f64>,
}

/// Where a value that no file states comes from.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Built into the program.
    Builtin,
    /// From a named profile.
    Profile,
}

impl Origin {
    /// The word used in documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Builtin => "builtin",
            Self::Profile => "profile",
        }
    }
}

/// A value that no file states.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AssumptionRow {
    /// What it is, such as `bgp.hold of pni-ams-1/ipv4`.
    pub what: String,
    /// Its value with unit.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
    /// Who says so.
    pub source: String,
}

/// An assumed value, and what happens to the verdicts when it is another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VariedRow {
    /// What it is, such as `bgp.hold`.
    pub what: String,
    /// Its value with unit.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
    /// Who says so.
    pub source: String,
    /// How many of the assumptions it stands for; all were changed together.
    pub taken: u64,
    /// The values tried, the smallest first.
    pub tried: Vec<String>,
    /// Where a verdict changes: below the value, then above it.
    pub flips: Vec<Flip>,
}

/// How a value with which a verdict is another differs from the assumed one.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shift {
    /// It is smaller.
    Smaller,
    /// It is larger.
    Larger,
    /// It is another word.
    Other,
}

/// A value with which a verdict is another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Flip {
    /// How it differs from the assumed value.
    pub shift: Shift,
    /// The value.
    pub value: String,
    /// The nearest value tried with which no verdict is another; `None` for words.
    pub unchanged_at: Option<String>,
    /// The worst verdict of the bounds with this value.
    pub verdict: Verdict,
    /// The bounds whose verdict is another, by their place in `bounds`, from 0.
    pub bounds: Vec<u32>,
}
