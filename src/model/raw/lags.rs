//! PNIs, links, their circuits and sessions as they are written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::policy::RawTerm;
use super::risk::RawCircuitModes;
use super::values::{RawBfd, RawBgp, RawDamping, RawInterface, RawLacp};
use crate::input::sp::{Entries, List, OneOrMore, Sp, Text};
use crate::units::{BitRate, Length, SimDuration};

/// How the circuits are bundled.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Lag")]
pub(crate) struct RawLag {
    /// Fewer active members than this take the LAG down; absent: 1.
    #[schemars(range(min = 1))]
    pub min_links: Option<Sp<u32>>,
    /// Turns LACP on; absent: a static LAG.
    pub lacp: Option<Sp<RawLacp>>,
    /// Turns micro-BFD on each member on (RFC 7130).
    pub micro_bfd: Option<Sp<RawBfd>>,
    /// Whether a member that was lost carries traffic again while others do; absent: true.
    pub revertive: Option<Sp<bool>>,
    /// How long a member that returns must be good before it does; absent: 0s.
    pub wait_to_restore: Option<Sp<Text<SimDuration>>>,
}

/// What lies below a circuit.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Transport")]
pub(crate) struct RawTransport {
    /// Whether the carrier turns its client laser off when its line is lost; absent: false.
    pub signal_forwarding: Option<Sp<bool>>,
    /// How long the carrier waits before it does; absent: 0s.
    pub hold_off: Option<Sp<Text<SimDuration>>>,
    /// Whether there is another line; absent: none.
    pub protection: Option<Sp<RawProtection>>,
    /// The time in which protection switches; absent: 50ms.
    pub switch_time: Option<Sp<Text<SimDuration>>>,
}

/// Protection of a carrier's wave.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Protection")]
pub(crate) enum RawProtection {
    /// No other line.
    None,
    /// Switches to another line.
    Protected,
}

/// One physical cross-connect or wave.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Circuit")]
pub(crate) struct RawCircuit {
    /// What it is.
    pub about: Option<Sp<String>>,
    /// Rate in each direction.
    pub speed: Sp<Text<BitRate>>,
    /// Length of glass from port to port; absent: that of its spans, or a guess.
    pub length: Option<Sp<Text<Length>>>,
    /// The spans it runs through.
    #[serde(default)]
    pub via: OneOrMore<String>,
    /// The port at each router: `card/port` or `port`.
    #[serde(default)]
    pub ports: Entries<String>,
    /// The risks it shares beside those of its spans.
    #[serde(default)]
    pub srlgs: OneOrMore<String>,
    /// A carrier's equipment in between; absent: glass from port to port.
    pub transport: Option<Sp<RawTransport>>,
    /// Interface timers at both ends.
    pub interface: Option<Sp<RawInterface>>,
    /// How often it fails in a year, on average; absent: what `availability` prints, 0: never.
    #[schemars(range(min = 0, max = 300))]
    pub failures_per_year: Option<Sp<f64>>,
    /// From a failure to the end of its repair, on average; absent: what `availability` prints.
    pub repair: Option<Sp<Text<SimDuration>>>,
    /// In which ways it fails; absent: what `availability` prints.
    pub modes: Option<Sp<RawCircuitModes>>,
}

/// A LAG inside one network.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Link")]
pub(crate) struct RawLink {
    /// What it is.
    pub about: Option<Sp<String>>,
    /// The two routers.
    pub ends: Sp<List<String>>,
    /// IGP metric; absent: 10.
    #[schemars(range(min = 1, max = 16_777_214))]
    pub metric: Option<Sp<u32>>,
    /// Its members.
    pub circuits: Entries<RawCircuit>,
    /// How they are bundled.
    pub lag: Option<Sp<RawLag>>,
    /// Turns BFD for the IGP adjacency on.
    pub bfd: Option<Sp<RawBfd>>,
    /// Interface timers.
    pub interface: Option<Sp<RawInterface>>,
    /// Turns dampening of interfaces that flap on.
    pub dampening: Option<Sp<RawDamping>>,
    /// What differs at one end, by router.
    #[serde(default)]
    pub sides: Entries<RawLinkSide>,
}

/// How much a side takes in and sends out.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Policer")]
pub(crate) struct RawPolicer {
    /// From the LAG, all members together.
    #[serde(rename = "in")]
    pub in_: Option<Sp<Text<BitRate>>>,
    /// To the LAG, all members together.
    pub out: Option<Sp<Text<BitRate>>>,
}

/// What a side sends first.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Qos")]
pub(crate) struct RawQos {
    /// Classes in order; all others share what they leave.
    pub strict_priority: OneOrMore<String>,
}

/// One end of a link.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LinkSide")]
pub(crate) struct RawLinkSide {
    /// How much it takes in and sends out; absent: any rate.
    pub policer: Option<Sp<RawPolicer>>,
    /// What it sends first; absent: one queue.
    pub qos: Option<Sp<RawQos>>,
    /// IGP metric.
    #[schemars(range(min = 1, max = 16_777_214))]
    pub metric: Option<Sp<u32>>,
    /// How the circuits are bundled.
    pub lag: Option<Sp<RawLag>>,
    /// Turns BFD for the IGP adjacency on, at this end.
    pub bfd: Option<Sp<RawBfd>>,
    /// Interface timers.
    pub interface: Option<Sp<RawInterface>>,
    /// Turns dampening of interfaces that flap on.
    pub dampening: Option<Sp<RawDamping>>,
}

/// What the second of `ends` is to the first.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Relation")]
pub(crate) enum RawRelation {
    /// Settlement-free.
    Peer,
    /// Pays the first.
    Customer,
    /// Is paid by the first.
    Provider,
    /// A route server: as a peer.
    Rs,
}

/// A LAG between two networks.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Pni")]
pub(crate) struct RawPni {
    /// What it is.
    pub about: Option<Sp<String>>,
    /// The two routers.
    pub ends: Sp<List<String>>,
    /// What the second of `ends` is to the first.
    pub relation: Sp<RawRelation>,
    /// Its members.
    pub circuits: Entries<RawCircuit>,
    /// How they are bundled.
    pub lag: Option<Sp<RawLag>>,
    /// BGP timers of its sessions.
    pub bgp: Option<Sp<RawBgp>>,
    /// Interface timers.
    pub interface: Option<Sp<RawInterface>>,
    /// Turns dampening of interfaces that flap on.
    pub dampening: Option<Sp<RawDamping>>,
    /// Its BGP sessions; absent: none.
    pub sessions: Option<Sp<RawSessions>>,
    /// What differs at one end, by router.
    #[serde(default)]
    pub sides: Entries<RawPniSide>,
}

/// The BGP sessions of a PNI, one for each address family.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Sessions")]
pub(crate) struct RawSessions {
    /// IPv4 unicast.
    pub ipv4: Option<Sp<RawSession>>,
    /// IPv6 unicast.
    pub ipv6: Option<Sp<RawSession>>,
}

/// A BGP session.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Session")]
pub(crate) struct RawSession {
    /// BGP timers.
    pub bgp: Option<Sp<RawBgp>>,
    /// Turns BFD for the session on.
    pub bfd: Option<Sp<RawBfd>>,
    /// Turns graceful restart on (RFC 4724); it takes both sides.
    pub graceful_restart: Option<Sp<RawGracefulRestart>>,
    /// Turns damping of routes that flap on (RFC 2439).
    pub damping: Option<Sp<RawDamping>>,
    /// How many prefixes the neighbour may tell; absent: any number.
    pub max_prefix: Option<Sp<RawMaxPrefix>>,
    /// What to do with routes that come in.
    pub import: Option<Sp<List<RawTerm>>>,
    /// What to do with routes that go out, after the relation's filter.
    pub export: Option<Sp<List<RawTerm>>>,
    /// How often its configuration goes wrong in a year, on average; absent: never. Counts in the
    /// entry of the session, not in `sides`.
    #[schemars(range(min = 0, max = 300))]
    pub failures_per_year: Option<Sp<f64>>,
    /// How long that lasts, on average.
    pub repair: Option<Sp<Text<SimDuration>>>,
}

/// Graceful restart of a session.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "GracefulRestart")]
pub(crate) struct RawGracefulRestart {
    /// How long the other side keeps this one's routes while it is away.
    pub restart_time: Option<Sp<Text<SimDuration>>>,
    /// How long this side keeps the other's once it is back; two thirds of that it waits for the
    /// other side after its own return.
    pub stale_time: Option<Sp<Text<SimDuration>>>,
    /// Whether routes are kept after a NOTIFICATION or the hold time too (RFC 8538).
    pub notification: Option<Sp<bool>>,
    /// How long the other side keeps them after that as the last choice, if it states this too
    /// (RFC 9494); absent: not at all.
    pub long_lived: Option<Sp<Text<SimDuration>>>,
}

/// How many prefixes a neighbour may tell.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MaxPrefix")]
pub(crate) struct RawMaxPrefix {
    /// As many as this, counted before the import policy.
    #[schemars(range(min = 1))]
    pub limit: Sp<u64>,
    /// What follows when there are more; absent: shutdown.
    pub action: Option<Sp<RawMaxPrefixAction>>,
    /// After this long a session that was shut down starts again; absent: when an operator acts.
    pub restart: Option<Sp<Text<SimDuration>>>,
}

/// What follows when a neighbour tells too many prefixes.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "MaxPrefixAction")]
pub(crate) enum RawMaxPrefixAction {
    /// The session ends (Cease, maximum number of prefixes).
    Shutdown,
    /// It is noted.
    Warn,
}

/// One end of a PNI.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PniSide")]
pub(crate) struct RawPniSide {
    /// How much it takes in and sends out; absent: any rate.
    pub policer: Option<Sp<RawPolicer>>,
    /// What it sends first; absent: one queue.
    pub qos: Option<Sp<RawQos>>,
    /// How the circuits are bundled.
    pub lag: Option<Sp<RawLag>>,
    /// BGP timers of its sessions.
    pub bgp: Option<Sp<RawBgp>>,
    /// Interface timers.
    pub interface: Option<Sp<RawInterface>>,
    /// Turns dampening of interfaces that flap on.
    pub dampening: Option<Sp<RawDamping>>,
    /// What differs in one session.
    pub sessions: Option<Sp<RawSessions>>,
    /// What to do with routes that come in, on all sessions.
    pub import: Option<Sp<List<RawTerm>>>,
    /// What to do with routes that go out, on all sessions.
    pub export: Option<Sp<List<RawTerm>>>,
}
