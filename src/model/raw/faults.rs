//! Faults as they are written.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use super::policy::RawTerm;
use crate::input::sp::{List, OneOrMore, Sp, Text};
use crate::model::topology::ConnectionState;
use crate::units::{Share, SimDuration};

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
    /// LACPDUs of a system that is not the partner arrive beside the partner's own.
    LacpForeign(RawForeign),
    /// Two circuits change places at one of their ends: light, and the wrong port behind it.
    WrongPatch(RawPatch),
    /// The switches of exchanges fail, or two ports no longer reach each other.
    FabricFail(RawFabricFault),
    /// Frames circle in exchanges and eat what their ports could send to members.
    FabricLoop(RawFabricLoop),
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
    /// All power of the zones is lost.
    PowerZoneFail(RawZoneFault),
    /// Sites are no longer cooled: their routers switch themselves off when it is too hot.
    CoolingFail(RawCoolingFault),
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
    /// Control planes stop while forwarding goes on; BFD lives on where its C bit is 1.
    ControlPlaneHang(RawRouterFault),
    /// Daemons are killed; with `for`, they start again.
    ProcessKill(RawProcessFault),
    /// Daemons are frozen; with `for`, they thaw.
    ProcessFreeze(RawProcessFault),
    /// Domains are maintained: routers switched off, circuits taken away.
    Maintenance(RawMaintenance),
    /// Routers drop packets to prefixes, by a rule that an operator has announced (RFC 8955).
    FlowspecDrop(RawFlowspec),
    /// Connections of a peering change their state in the provider's process.
    PeeringState(RawPeeringState),
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

/// Circuits on which foreign LACPDUs arrive.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Foreign")]
pub(crate) struct RawForeign {
    /// One circuit or a list.
    pub circuit: OneOrMore<String>,
    /// They arrive at this router; absent: at both ends.
    pub toward: Option<Sp<String>>,
    /// From one to the next; absent: 1s, as of a system with a short timeout.
    pub every: Option<Sp<Text<SimDuration>>>,
}

/// Circuits that change places.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Patch")]
pub(crate) struct RawPatch {
    /// The two circuits.
    pub circuit: OneOrMore<String>,
}

/// Exchanges that fail.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FabricFault")]
pub(crate) struct RawFabricFault {
    /// One exchange or a list.
    pub exchange: OneOrMore<String>,
    /// Two of its ports, between which nothing is carried while all else works; absent: all of
    /// its ports go dark.
    pub between: Option<Sp<List<String>>>,
}

/// Exchanges with a loop.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FabricLoop")]
pub(crate) struct RawFabricLoop {
    /// One exchange or a list.
    pub exchange: OneOrMore<String>,
    /// Share of frames towards members that is lost; absent: all.
    pub loss: Option<Sp<Text<Share>>>,
}

/// Power zones.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ZoneFault")]
pub(crate) struct RawZoneFault {
    /// One zone or a list, as `site/zone`.
    pub power_zone: OneOrMore<String>,
}

/// Sites without cooling.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CoolingFault")]
pub(crate) struct RawCoolingFault {
    /// One site or a list.
    pub site: OneOrMore<String>,
    /// How long until the routers switch themselves off.
    pub after: Sp<Text<SimDuration>>,
}

/// Domains that are maintained.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Maintenance")]
pub(crate) struct RawMaintenance {
    /// One domain or a list.
    pub maintenance_domain: OneOrMore<String>,
    /// How long traffic is given to move away before: sessions are shut down gracefully and
    /// routers ask not to be crossed; absent: the work begins at once.
    pub drain: Option<Sp<Text<SimDuration>>>,
}

/// Where connections of a peering stand.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PeeringStateFault")]
pub(crate) struct RawPeeringState {
    /// One peering or a list.
    pub peering: OneOrMore<String>,
    /// These connections of it, by PNI; absent: all.
    #[serde(default)]
    pub connection: OneOrMore<String>,
    /// The state.
    pub state: Sp<ConnectionState>,
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

/// A daemon.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Daemon")]
pub(crate) enum RawDaemon {
    /// BGP of FRR.
    Bgpd,
    /// BFD of FRR.
    Bfdd,
    /// What writes forwarding tables in FRR.
    Zebra,
    /// BIRD: BGP, IGP and BFD in one.
    Bird,
}

/// Daemons of routers.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ProcessFault")]
pub(crate) struct RawProcessFault {
    /// One router or a list.
    pub router: OneOrMore<String>,
    /// Which of their daemons.
    pub daemons: OneOrMore<RawDaemon>,
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

/// Prefixes, and where packets to them are dropped.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Flowspec")]
pub(crate) struct RawFlowspec {
    /// One prefix or a list; what they cover is dropped too. This, `bgp`, or both.
    #[serde(default)]
    pub prefix: OneOrMore<String>,
    /// Whether the routers drop packets of BGP too (TCP port 179), theirs and others'; absent: false.
    pub bgp: Option<Sp<bool>>,
    /// At these routers.
    #[serde(default)]
    pub router: OneOrMore<String>,
    /// At all routers of these networks.
    #[serde(default)]
    pub network: OneOrMore<String>,
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
