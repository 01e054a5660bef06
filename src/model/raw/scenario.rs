//! Scenario files as they are written.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use super::policy::RawTerm;
use crate::input::sp::{Entries, List, OneOrMore, Sp, Text};
use crate::model::scenario::Measure;
use crate::units::{Share, SimDuration};

/// What happens to a design, and what must hold.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Scenario", extend("patternProperties" = {"^x-": {}}))]
pub(crate) struct RawScenario {
    /// Where this schema lies; ignored.
    #[serde(rename = "$schema")]
    pub _schema: Option<Sp<String>>,
    /// The format.
    #[schemars(extend("const" = "scenario/1"))]
    pub pnilab: Sp<String>,
    /// The scenario's name; absent: the file's name without the extension.
    pub name: Option<Sp<String>>,
    /// The claim, in a sentence or two.
    pub about: Option<Sp<String>>,
    /// The design, relative to this file's folder; absent: named on the command line.
    pub topology: Option<Sp<String>>,
    /// Seed of all draws; absent: 1.
    pub seed: Option<Sp<u64>>,
    /// How long the run lasts.
    pub duration: Sp<Text<SimDuration>>,
    /// Whether the run starts settled or from nothing; absent: settled.
    pub start: Option<Sp<RawStart>>,
    /// What goes wrong, and when.
    #[serde(default)]
    pub faults: List<RawFault>,
    /// What must hold.
    #[serde(default)]
    pub bounds: List<RawBounds>,
}

/// How a run starts.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Start")]
pub(crate) enum RawStart {
    /// Sessions up, routes and forwarding in place.
    Settled,
    /// All routers come up at time zero with nothing learned.
    Cold,
}

/// One fault.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Fault")]
pub(crate) struct RawFault {
    /// When it begins.
    pub at: Sp<Text<SimDuration>>,
    /// How long it lasts; absent: it stays, or ends by itself where the kind says so.
    #[serde(rename = "for")]
    pub lasts: Option<Sp<Text<SimDuration>>>,
    /// Further begins.
    pub repeat: Option<Sp<RawRepeat>>,
    /// Each begin is delayed by a draw from zero to this.
    pub jitter: Option<Sp<Text<SimDuration>>>,
    /// What goes wrong: exactly one kind.
    pub inject: Sp<RawInject>,
}

/// Further begins of a fault.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Repeat")]
pub(crate) struct RawRepeat {
    /// How often in all.
    #[schemars(range(min = 1, max = 10_000))]
    pub times: Sp<u32>,
    /// From begin to begin.
    pub every: Sp<Text<SimDuration>>,
}

/// What goes wrong.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Inject")]
pub(crate) enum RawInject {
    /// Glass, or a carrier's line, is cut.
    CircuitCut(RawCircuitFault),
    /// Light without frames.
    CircuitSilent(RawCircuitFault),
    /// Random loss, more delay.
    CircuitDegrade(RawDegrade),
    /// Cut and mended over and over while the fault lasts; starts cut.
    CircuitFlap(RawFlap),
    /// The transceiver of one router dies.
    OpticFail(RawOptic),
    /// All circuits of the PNIs are cut.
    PniCut(RawPniFault),
    /// All circuits of the PNIs go silent.
    PniSilent(RawPniFault),
    /// All circuits through the spans are cut.
    SpanCut(RawSpanFault),
    /// All circuits, spans and feeds of the groups fail.
    SrlgFail(RawSrlgFault),
    /// All ports of the cards go dark.
    CardFail(RawCardFault),
    /// Power is lost; with `for`, it returns and the routers reload.
    RouterPowerOff(RawRouterFault),
    /// The routers crash and reload.
    RouterCrash(RawRouterFault),
    /// Power feeds fail.
    FeedFail(RawFeedFault),
    /// All power of the sites is lost.
    SitePower(RawSiteFault),
    /// All power of all sites of the metros is lost and their spans are cut.
    MetroOutage(RawMetroFault),
    /// An operator clears the sessions.
    SessionReset(RawSessionFault),
    /// An operator shuts the sessions down.
    AdminShutdown(RawSessionFault),
    /// All circuits that leave the sites are cut.
    SiteIsolate(RawSiteFault),
    /// Routers no longer announce prefixes; what they serve is still there.
    Withdraw(RawWithdraw),
    /// Routers announce prefixes without serving them.
    Announce(RawAnnounce),
    /// What serves prefixes is down, and its routers announce them no more.
    ServiceDown(RawServiceDown),
    /// A router tells on sessions what the relation forbids.
    Leak(RawSessionFault),
    /// An operator edits the policy of sessions.
    PolicyEdit(Box<RawPolicyEdit>),
    /// An operator shuts sessions down gracefully (RFC 8326).
    GracefulShutdown(RawGracefulShutdown),
    /// An operator takes routers out of service: external sessions gracefully, no transit inside.
    Drain(RawDrain),
    /// Routers forward nothing, and nobody is told: their control planes live on.
    ForwardingHang(RawRouterFault),
    /// Routers write nothing more into their forwarding tables.
    FibStuck(RawRouterFault),
    /// Demands offer more than their rate.
    TrafficSurge(RawSurge),
    /// Demands grow, evenly over a time.
    TrafficGrowth(RawGrowth),
}

/// Circuits, and the direction.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CircuitFault")]
pub(crate) struct RawCircuitFault {
    /// One circuit or a list.
    pub circuit: OneOrMore<String>,
    /// What this router would receive is lost; absent: both directions.
    pub toward: Option<Sp<String>>,
}

/// Circuits that lose and delay frames.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Degrade")]
pub(crate) struct RawDegrade {
    /// One circuit or a list.
    pub circuit: OneOrMore<String>,
    /// What this router would receive is degraded; absent: both directions.
    pub toward: Option<Sp<String>>,
    /// Share of frames lost; absent: none.
    pub loss: Option<Sp<Text<Share>>>,
    /// Added one-way delay; absent: none.
    pub delay: Option<Sp<Text<SimDuration>>>,
}

/// Circuits that flap.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Flap")]
pub(crate) struct RawFlap {
    /// One circuit or a list.
    pub circuit: OneOrMore<String>,
    /// How long it is cut each time.
    pub down: Sp<Text<SimDuration>>,
    /// How long it is whole in between.
    pub up: Sp<Text<SimDuration>>,
}

/// The optics of one router.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Optic")]
pub(crate) struct RawOptic {
    /// One circuit or a list.
    pub circuit: OneOrMore<String>,
    /// The router whose optic it is.
    pub router: Sp<String>,
}

/// PNIs, and the direction.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PniFault")]
pub(crate) struct RawPniFault {
    /// One PNI or a list.
    pub pni: OneOrMore<String>,
    /// What this router would receive is lost; absent: both directions.
    pub toward: Option<Sp<String>>,
}

/// Spans.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SpanFault")]
pub(crate) struct RawSpanFault {
    /// One span or a list.
    pub span: OneOrMore<String>,
}

/// Shared-risk groups.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SrlgFault")]
pub(crate) struct RawSrlgFault {
    /// One group or a list.
    pub srlg: OneOrMore<String>,
}

/// Line cards.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CardFault")]
pub(crate) struct RawCardFault {
    /// One card or a list, as `router/card`.
    pub card: OneOrMore<String>,
}

/// Routers.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RouterFault")]
pub(crate) struct RawRouterFault {
    /// One router or a list.
    pub router: OneOrMore<String>,
}

/// Power feeds.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FeedFault")]
pub(crate) struct RawFeedFault {
    /// One feed or a list, as `site/feed`.
    pub feed: OneOrMore<String>,
}

/// Sites.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SiteFault")]
pub(crate) struct RawSiteFault {
    /// One site or a list.
    pub site: OneOrMore<String>,
}

/// Metros.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MetroFault")]
pub(crate) struct RawMetroFault {
    /// One metro or a list.
    pub metro: OneOrMore<String>,
}

/// Sessions, and where the command is given.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SessionFault")]
pub(crate) struct RawSessionFault {
    /// One session or a list, as `pni/ipv4`.
    pub session: OneOrMore<String>,
    /// Where the command is given; absent: at the first end.
    pub router: Option<Sp<String>>,
}

/// Prefixes, and where they are withdrawn.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Withdraw")]
pub(crate) struct RawWithdraw {
    /// One prefix or a list.
    pub prefix: OneOrMore<String>,
    /// At these routers; absent: at all that serve them.
    #[serde(default)]
    pub router: OneOrMore<String>,
}

/// Prefixes, and where they are announced.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Announce")]
pub(crate) struct RawAnnounce {
    /// One prefix or a list.
    pub prefix: OneOrMore<String>,
    /// At these routers, of whichever network.
    pub router: OneOrMore<String>,
}

/// Prefixes, and where their service is down.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ServiceDown")]
pub(crate) struct RawServiceDown {
    /// One prefix or a list.
    pub prefix: OneOrMore<String>,
    /// At these sites; absent: everywhere.
    #[serde(default)]
    pub site: OneOrMore<String>,
}

/// Which policy of a session.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "PolicyDirection")]
pub(crate) enum RawPolicyDirection {
    /// For routes that come in.
    Import,
    /// For routes that go out.
    Export,
}

/// A change of a policy: exactly one of `remove`, `insert`, `change` and `reorder`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PolicyEdit")]
pub(crate) struct RawPolicyEdit {
    /// One session or a list, as `pni/ipv4`.
    pub session: OneOrMore<String>,
    /// Whose policy; absent: that of the first end.
    pub router: Option<Sp<String>>,
    /// Which policy.
    pub direction: Sp<RawPolicyDirection>,
    /// The term of this name is removed.
    pub remove: Option<Sp<String>>,
    /// This term is put in, at the end or before another.
    pub insert: Option<Sp<RawTerm>>,
    /// The term before which `insert` puts its own.
    pub before: Option<Sp<String>>,
    /// The term of the same name becomes this one.
    pub change: Option<Sp<RawTerm>>,
    /// Terms that come first, in this order.
    pub reorder: Option<Sp<List<String>>>,
}

/// What follows when traffic has had time to move away.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ShutdownThen")]
pub(crate) enum RawShutdownThen {
    /// The sessions stay up, as the last choice.
    Stay,
    /// The sessions are shut down.
    Cease,
}

/// Sessions, and how they are shut down.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "GracefulShutdown")]
pub(crate) struct RawGracefulShutdown {
    /// One session or a list, as `pni/ipv4`.
    pub session: OneOrMore<String>,
    /// Where the command is given; absent: at the first end.
    pub router: Option<Sp<String>>,
    /// How long routes have to move away.
    pub wait: Sp<Text<SimDuration>>,
    /// What follows; absent: cease.
    pub then: Option<Sp<RawShutdownThen>>,
}

/// Routers, and how they are taken out of service.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Drain")]
pub(crate) struct RawDrain {
    /// One router or a list.
    pub router: OneOrMore<String>,
    /// How long traffic has to move away.
    pub wait: Sp<Text<SimDuration>>,
    /// What follows for external sessions; absent: cease.
    pub then: Option<Sp<RawShutdownThen>>,
}

/// Demands that offer more.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Surge")]
pub(crate) struct RawSurge {
    /// One demand or a list.
    pub demand: OneOrMore<String>,
    /// How many times their rate.
    pub factor: Sp<Decimal>,
}

/// Demands that grow.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Growth")]
pub(crate) struct RawGrowth {
    /// One demand or a list.
    pub demand: OneOrMore<String>,
    /// How many times their rate in the end.
    pub factor: Sp<Decimal>,
    /// How long it takes to grow to that, in twenty steps.
    pub over: Sp<Text<SimDuration>>,
}

/// A positive decimal number, exact as written.
#[derive(Clone, Debug)]
pub(crate) struct Decimal(String);

impl Decimal {
    /// In parts per billion; `None` if it is no positive number up to 1000 with at most nine
    /// decimals.
    #[must_use]
    pub(crate) fn ppb(&self) -> Option<u64> {
        let (whole, part) = self.0.split_once('.').unwrap_or((&self.0, "0"));
        if part.is_empty() || part.len() > 9 || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let whole: u64 = whole.parse().ok()?;
        let part: u64 = format!("{part:0<9}").parse().ok()?;
        whole
            .checked_mul(1_000_000_000)?
            .checked_add(part)
            .filter(|ppb| (1..=1_000_000_000_000).contains(ppb))
    }

    /// As it stands in the file.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

impl JsonSchema for Decimal {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Decimal".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "exclusiveMinimum": 0, "maximum": 1000 })
    }
}

/// One measure and what bounds it.
#[derive(Clone, Debug)]
pub(crate) struct RawBounds(
    /// Exactly one entry, by name of the measure.
    pub Entries<RawBound>,
);

impl<'de> Deserialize<'de> for RawBounds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Entries::deserialize(deserializer).map(Self)
    }
}

impl JsonSchema for RawBounds {
    fn schema_name() -> Cow<'static, str> {
        "BoundOfMeasure".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let bound = generator.subschema_for::<RawBound>();
        let properties: serde_json::Map<String, serde_json::Value> = Measure::ALL
            .iter()
            .map(|measure| (measure.as_str().to_owned(), bound.clone().to_value()))
            .collect();
        json_schema!({
            "type": "object",
            "description": "One measure and what bounds it.",
            "properties": properties,
            "additionalProperties": false,
            "minProperties": 1,
            "maxProperties": 1,
        })
    }
}

/// What bounds a measure.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Bound")]
pub(crate) struct RawBound {
    /// Which demand; absent: all.
    pub demand: Option<Sp<String>>,
    /// Demands of which class; absent: all.
    pub class: Option<Sp<String>>,
    /// Which direction; absent: both.
    pub direction: Option<Sp<RawDirection>>,
    /// Which PNI, for `utilization`.
    pub pni: Option<Sp<String>>,
    /// Which link, for `utilization`.
    pub link: Option<Sp<String>>,
    /// Which session, for `detection`.
    pub session: Option<Sp<String>>,
    /// Which end, for `detection`; the receiving router, for `utilization`.
    pub router: Option<Sp<String>>,
    /// Over which part of the run; absent: run.
    pub window: Option<Sp<RawWindow>>,
    /// The upper bound: a duration or a percentage, as the measure is.
    pub at_most: Option<Sp<RawLimit>>,
    /// The lower bound.
    pub at_least: Option<Sp<RawLimit>>,
}

/// A duration or a percentage.
#[derive(Clone, Debug)]
pub(crate) struct RawLimit(String);

impl RawLimit {
    /// As it stands in the file.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for RawLimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

impl JsonSchema for RawLimit {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Limit".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let duration = generator.subschema_for::<Text<SimDuration>>();
        let share = generator.subschema_for::<Text<Share>>();
        json_schema!({ "anyOf": [duration, share] })
    }
}

/// Forward or return traffic.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Direction")]
pub(crate) enum RawDirection {
    /// From `from` to `to`.
    Forward,
    /// From `to` to `from`.
    Return,
}

/// Over which part of the run a bound looks.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Window")]
pub(crate) enum RawWindow {
    /// Every window that a fault's begin opens.
    Fault,
    /// Every window that a fault's end opens.
    Reversion,
    /// All of it.
    Run,
}
