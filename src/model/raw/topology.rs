//! Topology files as they are written.

use std::net::Ipv4Addr;

use schemars::JsonSchema;
use serde::Deserialize;

use super::exchange::RawExchange;
use super::lags::{RawGracefulRestart, RawLink, RawPni};
use super::requirements::{RawDeclared, RawRuleOptions, RawWaiver};
use super::risk::{RawCommonCause, RawRouterModes};
use super::traffic::{RawClass, RawDemand, RawPrefix};
use super::values::{
    RawBfd, RawBgp, RawDaemon, RawFib, RawInterface, RawLacp, RawProfile, RawRouterValues,
};
use crate::input::sp::{Entries, List, OneOrMore, Sp, Text};
use crate::model::requirements::{AddressProvider, PackId, Sku};
use crate::model::topology::{ConnectionState, PeeringKind, PeeringType};
use crate::units::{Length, PerSecond, Share, SimDuration};

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
    /// The rule packs that `check` applies; absent: none, unless it is told which.
    #[serde(default)]
    pub rules: OneOrMore<PackId>,
    /// Answers to what the documents behind the packs leave open.
    pub rule_options: Option<Sp<RawRuleOptions>>,
    /// Findings that are accepted for a time.
    #[serde(default)]
    pub waivers: List<RawWaiver>,
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
    /// LANs that members share.
    #[serde(default)]
    pub exchanges: Entries<RawExchange>,
    /// What is announced, keyed by prefix.
    #[serde(default)]
    pub prefixes: Entries<RawPrefix>,
    /// Traffic.
    #[serde(default)]
    pub demands: Entries<RawDemand>,
    /// A table of more demands in CSV, relative to this file: a column for each key of a demand, and
    /// one for its `name`.
    pub demands_from: Option<Sp<String>>,
    /// What traffic needs.
    #[serde(default)]
    pub classes: Entries<RawClass>,
    /// Things that fail together.
    #[serde(default)]
    pub srlgs: Entries<RawSrlg>,
    /// What takes many routers at once although they share neither place nor glass.
    #[serde(default)]
    pub common_causes: Entries<RawCommonCause>,
    /// Things that are maintained together.
    #[serde(default)]
    pub maintenance_domains: Entries<RawMaintenanceDomain>,
    /// Where connections and prefixes stand in the provider's process.
    #[serde(default)]
    pub peerings: Entries<RawPeering>,
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
    /// How routing processes pace themselves.
    pub daemon: Option<Sp<RawDaemon>>,
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
    /// How often it fails in a year, on average; absent: what `availability` prints, 0: never.
    #[schemars(range(min = 0, max = 300))]
    pub failures_per_year: Option<Sp<f64>>,
    /// From a failure to the end of its repair, on average; absent: what `availability` prints.
    pub repair: Option<Sp<Text<SimDuration>>>,
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
    /// Its power zones: parts that lose all of their power together.
    #[serde(default)]
    pub power_zones: OneOrMore<String>,
    /// How often it fails in a year, on average; absent: what `availability` prints, 0: never.
    #[schemars(range(min = 0, max = 300))]
    pub failures_per_year: Option<Sp<f64>>,
    /// From a failure to the end of its repair, on average; absent: what `availability` prints.
    pub repair: Option<Sp<Text<SimDuration>>>,
}

/// A power feed.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Feed")]
pub(crate) struct RawFeed {
    /// The risks it shares.
    #[serde(default)]
    pub srlgs: OneOrMore<String>,
    /// How often it fails in a year, on average; absent: what `availability` prints, 0: never.
    #[schemars(range(min = 0, max = 300))]
    pub failures_per_year: Option<Sp<f64>>,
    /// From a failure to the end of its repair, on average; absent: what `availability` prints.
    pub repair: Option<Sp<Text<SimDuration>>>,
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
    /// How often it fails in a year, on average; absent: what `availability` prints, 0: never.
    #[schemars(range(min = 0, max = 300))]
    pub failures_per_year: Option<Sp<f64>>,
    /// From a failure to the end of its repair, on average; absent: what `availability` prints.
    pub repair: Option<Sp<Text<SimDuration>>>,
}

/// Things that fail together.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Srlg")]
pub(crate) struct RawSrlg {
    /// What it is.
    pub about: Option<Sp<String>>,
    /// How often it fails in a year, on average; absent: what `availability` prints, 0: never.
    #[schemars(range(min = 0, max = 300))]
    pub failures_per_year: Option<Sp<f64>>,
    /// From a failure to the end of its repair, on average; absent: what `availability` prints.
    pub repair: Option<Sp<Text<SimDuration>>>,
}

/// Things that are maintained together.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MaintenanceDomain")]
pub(crate) struct RawMaintenanceDomain {
    /// What it is.
    pub about: Option<Sp<String>>,
    /// These routers.
    #[serde(default)]
    pub routers: OneOrMore<String>,
    /// All routers at these sites.
    #[serde(default)]
    pub sites: OneOrMore<String>,
    /// The circuits of these PNIs.
    #[serde(default)]
    pub pnis: OneOrMore<String>,
    /// The circuits of these links.
    #[serde(default)]
    pub links: OneOrMore<String>,
    /// When that is done, for `availability --years`; absent: never.
    pub windows: Option<Sp<RawWindows>>,
}

/// Windows of maintenance, evenly over the year.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Windows")]
pub(crate) struct RawWindows {
    /// How many a year.
    #[schemars(range(max = 365))]
    pub per_year: Sp<f64>,
    /// How long each lasts.
    pub lasts: Sp<Text<SimDuration>>,
}

/// Connections that stand together in the provider's process.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Peering")]
pub(crate) struct RawPeering {
    /// What it is.
    pub about: Option<Sp<String>>,
    /// Where it is.
    pub metro: Option<Sp<String>>,
    /// Which kind; absent: direct.
    pub kind: Option<Sp<PeeringKind>>,
    /// What for; absent: internet.
    #[serde(rename = "type")]
    pub type_: Option<Sp<PeeringType>>,
    /// Who gives addresses to its sessions; absent: not stated.
    pub session_address_provider: Option<Sp<AddressProvider>>,
    /// Its SKU; absent: not stated.
    pub sku: Option<Sp<Sku>>,
    /// Its connections, by PNI.
    #[serde(default)]
    pub connections: Entries<RawConnection>,
}

/// One connection of a peering.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Connection")]
pub(crate) struct RawConnection {
    /// Where it stands; absent: Active. In any other state the provider's routers neither take
    /// nor tell routes on it.
    pub state: Option<Sp<ConnectionState>>,
    /// Whether Peering Service uses it; absent: false.
    pub use_for_peering_service: Option<Sp<bool>>,
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
    /// Facts that its owner states, for rules that no model can check.
    pub declared: Option<Sp<RawDeclared>>,
    /// BGP inside; absent: a full mesh.
    pub ibgp: Option<Sp<RawIbgp>>,
    /// Interior routing; absent: IS-IS.
    pub igp: Option<Sp<RawIgp>>,
    /// How many equal paths BGP may use; absent: one.
    pub multipath: Option<Sp<RawMultipath>>,
    /// Whether border routers put themselves as next hop on what they tell inside; absent: true.
    pub next_hop_self: Option<Sp<bool>>,
    /// Whether an external best route stays best until one beats it before router ids are compared
    /// (RFC 5004); absent: false.
    pub prefer_oldest: Option<Sp<bool>>,
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
    /// How the routing processes of its routers pace themselves.
    pub daemon: Option<Sp<RawDaemon>>,
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
    /// Turns BFD of internal sessions on (RFC 5883).
    pub bfd: Option<Sp<RawBfd>>,
    /// Turns graceful restart of internal sessions on (RFC 4724).
    pub graceful_restart: Option<Sp<RawGracefulRestart>>,
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
    /// What routers do at once when a link of theirs is lost; absent: they wait for SPF.
    pub frr: Option<Sp<RawFrr>>,
    /// With `frr: lfa`: from the loss of the link to the use of alternates.
    pub frr_delay: Option<Sp<Text<SimDuration>>>,
    /// How long routers that have booted ask not to be crossed; absent: not at all.
    pub overload_on_startup: Option<Sp<Text<SimDuration>>>,
}

/// What routers do at once when a link of theirs is lost.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Frr")]
pub(crate) enum RawFrr {
    /// Nothing: they wait for SPF.
    None,
    /// They use loop-free alternates (RFC 5286).
    Lfa,
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
    /// How traffic is shared among the paths; absent: equal.
    pub weights: Option<Sp<RawWeights>>,
}

/// How traffic is shared among paths that are used together.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Weights")]
pub(crate) enum RawWeights {
    /// Each takes as much as every other.
    Equal,
    /// In proportion to the rate of the LAGs by which traffic leaves the network.
    Bandwidth,
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
    /// The chassis it is a virtual router of; absent: one of its own.
    pub chassis: Option<Sp<String>>,
    /// The power zone of its site that it stands in.
    pub power_zone: Option<Sp<String>>,
    /// Whether it keeps state of flows, as a firewall or NAT does, and drops return traffic of those
    /// whose forward packets it does not see; absent: false.
    pub stateful: Option<Sp<bool>>,
    /// Its line cards; of the same name in one chassis: the same card.
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
    /// Forwarding table deletions per second; absent beside a stated `fib_rate`: the same.
    pub fib_delete_rate: Option<Sp<Text<PerSecond>>>,
    /// By how much of it both rates may be higher or lower, drawn for each write.
    pub fib_rate_spread: Option<Sp<Text<Share>>>,
    /// Whether forwarding itself leaves out members of an ECMP set whose interface is down.
    pub prune_ecmp: Option<Sp<bool>>,
    /// How long a neighbor that no longer answers is believed to be there, half to one and a half
    /// times that (RFC 4861, `BaseReachableTime`); 8 s later forwarding leaves it out of ECMP sets.
    /// 0s: never.
    pub prune_unreachable: Option<Sp<Text<SimDuration>>>,
    /// Time to move all prefixes of a next-hop set, with `fib: pic`.
    pub pic_delay: Option<Sp<Text<SimDuration>>>,
    /// Time to take in one BGP UPDATE.
    pub update_processing: Option<Sp<Text<SimDuration>>>,
    /// How long BGP waits after interior routes have changed before it looks at its next hops.
    pub next_hop_delay: Option<Sp<Text<SimDuration>>>,
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
    /// How its routing processes pace themselves.
    pub daemon: Option<Sp<RawDaemon>>,
    /// How often it fails in a year, on average; absent: what `availability` prints, 0: never.
    #[schemars(range(min = 0, max = 300))]
    pub failures_per_year: Option<Sp<f64>>,
    /// From a failure to the end of its repair, on average; absent: what `availability` prints.
    pub repair: Option<Sp<Text<SimDuration>>>,
    /// In which ways it fails, where `failures_per_year` is stated; absent: power only.
    pub modes: Option<Sp<RawRouterModes>>,
}
