//! Topology files as they are written.

use std::net::Ipv4Addr;

use schemars::JsonSchema;
use serde::Deserialize;

use super::policy::RawTerm;
use super::traffic::{RawClass, RawDemand, RawPrefix};
use super::values::{RawBfd, RawBgp, RawFib, RawInterface, RawLacp, RawProfile, RawRouterValues};
use crate::input::sp::{Entries, List, OneOrMore, Sp, Text};
use crate::units::{BitRate, Length, PerSecond, SimDuration};

/// A design: metros, sites, routers, the circuits between them, what is announced and sent.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Topology", extend("patternProperties" = {"^x-": {}}))]
pub(crate) struct RawTopology {
    /// Where this schema lies; ignored.
    #[serde(rename = "$schema")]
    pub _schema: Option<Sp<String>>,
    /// The format.
    #[schemars(extend("const" = "topology/1"))]
    #[serde(rename = "pnilab")]
    pub _pnilab: Sp<String>,
    /// The design's name; absent: the file's name without the extension.
    pub name: Option<Sp<String>>,
    /// What it is, in a sentence.
    pub about: Option<Sp<String>>,
    /// Values for all of the file; they switch nothing on.
    pub defaults: Option<Sp<RawDefaults>>,
    /// City regions.
    #[serde(default)]
    pub metros: Entries<RawMetro>,
    /// Facilities.
    #[serde(default)]
    pub sites: Entries<RawSite>,
    /// Fibre with a route and a risk of its own.
    #[serde(default)]
    pub spans: Entries<RawSpan>,
    /// Autonomous systems.
    #[serde(default)]
    pub networks: Entries<RawNetwork>,
    /// Routers.
    #[serde(default)]
    pub routers: Entries<RawRouter>,
    /// LAGs inside one network.
    #[serde(default)]
    pub links: Entries<RawLink>,
    /// LAGs between two networks.
    #[serde(default)]
    pub pnis: Entries<RawPni>,
    /// What is announced, keyed by prefix.
    #[serde(default)]
    pub prefixes: Entries<RawPrefix>,
    /// Traffic.
    #[serde(default)]
    pub demands: Entries<RawDemand>,
    /// What traffic needs.
    #[serde(default)]
    pub classes: Entries<RawClass>,
    /// Things that fail together.
    #[serde(default)]
    pub srlgs: Entries<RawSrlg>,
}

/// Values for all of the file.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Defaults")]
pub(crate) struct RawDefaults {
    /// BGP timers.
    pub bgp: Option<Sp<RawBgp>>,
    /// BFD timers.
    pub bfd: Option<Sp<RawBfd>>,
    /// LACP settings.
    pub lacp: Option<Sp<RawLacp>>,
    /// Interface timers.
    pub interface: Option<Sp<RawInterface>>,
    /// Values of routers.
    pub router: Option<Sp<RawRouterValues>>,
}

/// A city region.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Metro")]
pub(crate) struct RawMetro {
    /// What it is.
    pub about: Option<Sp<String>>,
    /// Latitude and longitude in degrees.
    pub position: Option<Sp<List<f64>>>,
}

/// One facility.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Site")]
pub(crate) struct RawSite {
    /// What it is.
    pub about: Option<Sp<String>>,
    /// Where it is.
    pub metro: Sp<String>,
    /// Its power feeds.
    #[serde(default)]
    pub power_feeds: Entries<RawFeed>,
}

/// A power feed.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Feed")]
pub(crate) struct RawFeed {
    /// The risks it shares.
    #[serde(default)]
    pub srlgs: OneOrMore<String>,
}

/// A stretch of fibre.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Span")]
pub(crate) struct RawSpan {
    /// What it is.
    pub about: Option<Sp<String>>,
    /// The two sites it joins.
    pub between: Sp<List<String>>,
    /// How long it is.
    pub length: Sp<Text<Length>>,
    /// The risks it shares.
    #[serde(default)]
    pub srlgs: OneOrMore<String>,
}

/// Things that fail together.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Srlg")]
pub(crate) struct RawSrlg {
    /// What it is.
    pub about: Option<Sp<String>>,
}

/// What a network is to the design.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "NetworkKind")]
pub(crate) enum RawNetworkKind {
    /// The network whose owner makes the design.
    Partner,
    /// A cloud provider.
    Cloud,
    /// An Internet transit provider.
    Transit,
    /// Anything else.
    Other,
}

/// One autonomous system.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Network")]
pub(crate) struct RawNetwork {
    /// What it is.
    pub about: Option<Sp<String>>,
    /// Its AS number.
    pub asn: Sp<u32>,
    /// What it is to the design; absent: other.
    pub kind: Option<Sp<RawNetworkKind>>,
    /// Where the values of its routers come from that nothing states.
    pub profile: Option<Sp<RawProfile>>,
    /// BGP inside; absent: a full mesh.
    pub ibgp: Option<Sp<RawIbgp>>,
    /// Interior routing; absent: IS-IS.
    pub igp: Option<Sp<RawIgp>>,
    /// How many equal paths BGP may use; absent: one.
    pub multipath: Option<Sp<RawMultipath>>,
    /// Whether border routers put themselves as next hop on what they tell inside; absent: true.
    pub next_hop_self: Option<Sp<bool>>,
    /// Whether its routers make routes that carry `GRACEFUL_SHUTDOWN` (RFC 8326) the last choice;
    /// absent: true.
    pub honor_graceful_shutdown: Option<Sp<bool>>,
    /// BGP timers of its routers.
    pub bgp: Option<Sp<RawBgp>>,
    /// BFD timers of its routers.
    pub bfd: Option<Sp<RawBfd>>,
    /// LACP settings of its routers.
    pub lacp: Option<Sp<RawLacp>>,
    /// Interface timers of its routers.
    pub interface: Option<Sp<RawInterface>>,
    /// Values of its routers.
    pub router: Option<Sp<RawRouterValues>>,
}

/// How routes are told inside a network.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "IbgpMode")]
pub(crate) enum RawIbgpMode {
    /// One session between every two routers.
    FullMesh,
    /// Reflectors tell their clients (RFC 4456).
    Reflection,
    /// No internal sessions.
    None,
}

/// BGP inside a network.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Ibgp")]
pub(crate) struct RawIbgp {
    /// Which sessions there are; absent: a full mesh.
    pub mode: Option<Sp<RawIbgpMode>>,
    /// With `reflection`: routers that reflect to all others.
    #[serde(default)]
    pub reflectors: OneOrMore<String>,
    /// With `reflection`: which routers reflect to which; routers that are nobody's clients mesh.
    #[serde(default)]
    pub clusters: Entries<RawCluster>,
    /// Whether internal sessions carry all routes of a prefix (RFC 7911); absent: false.
    pub add_path: Option<Sp<bool>>,
    /// Whether routers tell inside of their best route from outside where they use another
    /// (draft-ietf-idr-best-external); absent: false.
    pub best_external: Option<Sp<bool>>,
}

/// Reflectors and their clients.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Cluster")]
pub(crate) struct RawCluster {
    /// Who reflects.
    pub reflectors: OneOrMore<String>,
    /// To whom.
    pub clients: OneOrMore<String>,
    /// What its reflectors put into cluster lists; absent: each its own BGP identifier.
    pub cluster_id: Option<Sp<Text<Ipv4Addr>>>,
}

/// Which interior protocol a network runs.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "IgpKind")]
pub(crate) enum RawIgpKind {
    /// None: every router knows the state of its own links only.
    Static,
    /// OSPF.
    Ospf,
    /// IS-IS.
    Isis,
}

/// Interior routing.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Igp")]
pub(crate) struct RawIgp {
    /// The protocol; absent: isis.
    pub kind: Option<Sp<RawIgpKind>>,
    /// Between hellos.
    pub hello: Option<Sp<Text<SimDuration>>>,
    /// Without a hello for this long the adjacency is lost.
    pub dead: Option<Sp<Text<SimDuration>>>,
    /// Per hop: to originate or relay a link-state PDU.
    pub flood: Option<Sp<Text<SimDuration>>>,
    /// Wait before the first SPF after a quiet time.
    pub spf_initial: Option<Sp<Text<SimDuration>>>,
    /// Wait before the second; doubles from there.
    pub spf_hold: Option<Sp<Text<SimDuration>>>,
    /// The longest wait.
    pub spf_max: Option<Sp<Text<SimDuration>>>,
}

/// How many equal paths BGP may use.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Multipath")]
pub(crate) struct RawMultipath {
    /// Over external sessions; absent: 1.
    #[schemars(range(min = 1, max = 256))]
    pub ebgp: Option<Sp<u32>>,
    /// Over internal sessions; absent: 1.
    #[schemars(range(min = 1, max = 256))]
    pub ibgp: Option<Sp<u32>>,
    /// Whether equal length of the AS path suffices; absent: false.
    pub relax: Option<Sp<bool>>,
}

/// A router.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Router")]
pub(crate) struct RawRouter {
    /// What it is.
    pub about: Option<Sp<String>>,
    /// The network it belongs to.
    pub network: Sp<String>,
    /// Where it stands.
    pub site: Sp<String>,
    /// BGP identifier; absent: derived from the name.
    pub router_id: Option<Sp<Text<Ipv4Addr>>>,
    /// Its line cards.
    #[serde(default)]
    pub cards: OneOrMore<String>,
    /// The power feeds of its site that it is wired to.
    #[serde(default)]
    pub feeds: OneOrMore<String>,
    /// How many live feeds it needs to run; absent: 1.
    #[schemars(range(min = 1))]
    pub feeds_needed: Option<Sp<u32>>,
    /// Where the values come from that nothing here states.
    pub profile: Option<Sp<RawProfile>>,
    /// How the forwarding table is written.
    pub fib: Option<Sp<RawFib>>,
    /// Forwarding table writes per second.
    pub fib_rate: Option<Sp<Text<PerSecond>>>,
    /// Time to move all prefixes of a next-hop set, with `fib: pic`.
    pub pic_delay: Option<Sp<Text<SimDuration>>>,
    /// Time to take in one BGP UPDATE.
    pub update_processing: Option<Sp<Text<SimDuration>>>,
    /// From power or crash to forwarding again.
    pub reload: Option<Sp<Text<SimDuration>>>,
    /// BGP timers.
    pub bgp: Option<Sp<RawBgp>>,
    /// BFD timers.
    pub bfd: Option<Sp<RawBfd>>,
    /// LACP settings.
    pub lacp: Option<Sp<RawLacp>>,
    /// Interface timers.
    pub interface: Option<Sp<RawInterface>>,
}

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
    /// What differs at one end, by router.
    #[serde(default)]
    pub sides: Entries<RawLinkSide>,
}

/// One end of a link.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LinkSide")]
pub(crate) struct RawLinkSide {
    /// IGP metric.
    #[schemars(range(min = 1, max = 16_777_214))]
    pub metric: Option<Sp<u32>>,
    /// How the circuits are bundled.
    pub lag: Option<Sp<RawLag>>,
    /// Turns BFD for the IGP adjacency on, at this end.
    pub bfd: Option<Sp<RawBfd>>,
    /// Interface timers.
    pub interface: Option<Sp<RawInterface>>,
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
    /// What to do with routes that come in.
    pub import: Option<Sp<List<RawTerm>>>,
    /// What to do with routes that go out, after the relation's filter.
    pub export: Option<Sp<List<RawTerm>>>,
}

/// One end of a PNI.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PniSide")]
pub(crate) struct RawPniSide {
    /// How the circuits are bundled.
    pub lag: Option<Sp<RawLag>>,
    /// BGP timers of its sessions.
    pub bgp: Option<Sp<RawBgp>>,
    /// Interface timers.
    pub interface: Option<Sp<RawInterface>>,
    /// What differs in one session.
    pub sessions: Option<Sp<RawSessions>>,
    /// What to do with routes that come in, on all sessions.
    pub import: Option<Sp<List<RawTerm>>>,
    /// What to do with routes that go out, on all sessions.
    pub export: Option<Sp<List<RawTerm>>>,
}
