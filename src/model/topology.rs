//! A validated design: everything resolved to ids, every value stated, nothing left to look up.

use std::net::Ipv4Addr;

use ipnet::IpNet;

pub use super::daemon::Daemon;
pub use super::demands::{Class, Demand, Flows, HashMode};
pub use super::operations::{
    Connection, ConnectionState, MaintenanceDomain, Peering, PeeringKind, PeeringType,
    RegistrationState, Windows,
};
pub use super::prefixes::{Endpoint, Prefix, Standby};
pub use super::requirements::{Declared, Requirements};
pub use super::risk::{CommonCause, Mode, Risk, Takes};
use crate::ids::{
    CardId, CircuitId, ClassId, DemandId, DomainId, ExchangeId, FeedId, IdVec, LagId, MetroId,
    NetworkId, PeeringId, PrefixId, RouterId, SessionId, SiteId, SpanId, SrlgId, ZoneId,
};
use crate::proto::bfd;
use crate::proto::bgp::BgpConfig;
pub use crate::proto::bgp::decision::Multipath;
use crate::proto::bgp::policy::Policy;
pub use crate::proto::bgp::relation::Relation;
use crate::proto::igp::IgpConfig;
use crate::proto::phy::InterfaceConfig;
use crate::proto::{damping, lacp};
use crate::units::{BitRate, Length, PerSecond, Share, SimDuration};

/// A whole design.
#[derive(Clone, Debug)]
pub struct Topology {
    /// Its `name:`, or the stem of its file.
    pub name: String,
    /// What it is, in a sentence; may be empty.
    pub about: String,
    /// City regions.
    pub metros: IdVec<MetroId, Metro>,
    /// Facilities.
    pub sites: IdVec<SiteId, Site>,
    /// Power feeds of sites.
    pub feeds: IdVec<FeedId, Feed>,
    /// Power zones of sites.
    pub zones: IdVec<ZoneId, Zone>,
    /// Stretches of fibre.
    pub spans: IdVec<SpanId, Span>,
    /// Shared-risk groups.
    pub srlgs: IdVec<SrlgId, Srlg>,
    /// Autonomous systems.
    pub networks: IdVec<NetworkId, Network>,
    /// Routers.
    pub routers: IdVec<RouterId, Router>,
    /// Line cards.
    pub cards: IdVec<CardId, Card>,
    /// Exchanges.
    pub exchanges: IdVec<ExchangeId, Exchange>,
    /// PNIs between networks, links within one, ports of exchanges: each is a LAG.
    pub lags: IdVec<LagId, Lag>,
    /// Members of the LAGs.
    pub circuits: IdVec<CircuitId, Circuit>,
    /// BGP sessions: those of the PNIs and of the exchanges in file order, then the internal ones
    /// by name.
    pub sessions: IdVec<SessionId, Session>,
    /// Declared prefixes.
    pub prefixes: IdVec<PrefixId, Prefix>,
    /// Traffic classes.
    pub classes: IdVec<ClassId, Class>,
    /// Traffic demands.
    pub demands: IdVec<DemandId, Demand>,
    /// What takes many routers at once, in file order.
    pub common_causes: Vec<CommonCause>,
    /// Things that are maintained together.
    pub domains: IdVec<DomainId, MaintenanceDomain>,
    /// Where connections stand in the provider's process.
    pub peerings: IdVec<PeeringId, Peering>,
    /// What it is to be checked against.
    pub requirements: Requirements,
    /// Every value that did not come from the file, sorted by `what`.
    pub assumptions: Vec<Assumption>,
}

/// A city region.
#[derive(Clone, Debug)]
pub struct Metro {
    /// Its name in the file.
    pub name: String,
    /// What it is; may be empty.
    pub about: String,
    /// Latitude and longitude in degrees.
    pub position: Option<[f64; 2]>,
    /// How often it fails, as far as the file tells.
    pub risk: Risk,
}

/// One facility.
#[derive(Clone, Debug)]
pub struct Site {
    /// Its name in the file.
    pub name: String,
    /// What it is; may be empty.
    pub about: String,
    /// Where it is.
    pub metro: MetroId,
    /// How often it fails, as far as the file tells.
    pub risk: Risk,
}

/// A power feed of a site; its full name is `site/name`.
#[derive(Clone, Debug)]
pub struct Feed {
    /// Its name within the site.
    pub name: String,
    /// The site it feeds.
    pub site: SiteId,
    /// The risks it shares.
    pub srlgs: Vec<SrlgId>,
    /// How often it fails, as far as the file tells.
    pub risk: Risk,
}

/// A power zone of a site, whose routers lose all power together; its full name is `site/name`.
#[derive(Clone, Debug)]
pub struct Zone {
    /// Its name within the site.
    pub name: String,
    /// The site it is a part of.
    pub site: SiteId,
}

/// A stretch of fibre that circuits run through.
#[derive(Clone, Debug)]
pub struct Span {
    /// Its name in the file.
    pub name: String,
    /// What it is; may be empty.
    pub about: String,
    /// The sites it joins.
    pub between: [SiteId; 2],
    /// How long it is.
    pub length: Length,
    /// The risks it shares.
    pub srlgs: Vec<SrlgId>,
    /// How often it fails, as far as the file tells.
    pub risk: Risk,
}

/// Things that fail together.
#[derive(Clone, Debug)]
pub struct Srlg {
    /// Its name in the file.
    pub name: String,
    /// What it is; may be empty.
    pub about: String,
    /// How often it fails, as far as the file tells.
    pub risk: Risk,
}

/// What a network is to the design; used in reports only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NetworkKind {
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
#[derive(Clone, Debug)]
pub struct Network {
    /// Its name in the file.
    pub name: String,
    /// What it is; may be empty.
    pub about: String,
    /// Its AS number.
    pub asn: u32,
    /// What it is to the design.
    pub kind: NetworkKind,
    /// Its interior routing.
    pub igp: IgpConfig,
    /// How long routers that have booted ask not to be crossed.
    pub overload_on_startup: Option<SimDuration>,
    /// Whether border routers put themselves as next hop on what they tell inside.
    pub next_hop_self: bool,
    /// Multipath limits.
    pub multipath: Multipath,
    /// How traffic is shared among paths that are used together.
    pub weights: Weights,
    /// Whether its routers make routes that carry `GRACEFUL_SHUTDOWN` the last choice (RFC 8326).
    pub honor_graceful_shutdown: bool,
    /// Whether an external best route stays best until one beats it before router ids are compared
    /// (RFC 5004).
    pub prefer_oldest: bool,
    /// What internal sessions carry beside best routes.
    pub ibgp: Ibgp,
    /// What its owner states.
    pub declared: Declared,
}

/// What internal sessions carry beside best routes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ibgp {
    /// All routes of a prefix (RFC 7911).
    pub add_path: bool,
    /// The best route from outside, where the router uses another.
    pub best_external: bool,
}

/// How traffic is shared among BGP paths that are used together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    /// Each takes as much as every other.
    Equal,
    /// In proportion to the rate of the LAGs by which it leaves the network
    /// (draft-ietf-idr-link-bandwidth), where that is known of all of them.
    Bandwidth,
}

/// How a router writes its forwarding table.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FibMode {
    /// One write per prefix, at the router's rate.
    PrefixByPrefix,
    /// Prefix-independent convergence: one indirection per next-hop set, moved in this time.
    Pic(SimDuration),
}

/// What a router is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// A router of a network.
    Router,
    /// The switches of an exchange.
    Fabric,
    /// A route server of an exchange (RFC 7947).
    RouteServer,
}

/// A LAN with member ports.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Its name in the file.
    pub name: String,
    /// What it is; may be empty.
    pub about: String,
    /// Its switches, as one.
    pub fabric: RouterId,
    /// Member ports; the second end of each is the fabric.
    pub ports: Vec<LagId>,
    /// How often it fails, as far as the file tells.
    pub risk: Risk,
}

/// A router, or what stands at an end of a circuit or session like one.
#[derive(Clone, Debug)]
pub struct Router {
    /// Its name in the file.
    pub name: String,
    /// What it is; may be empty.
    pub about: String,
    /// What it is.
    pub role: Role,
    /// The network it belongs to.
    pub network: NetworkId,
    /// Where it stands.
    pub site: SiteId,
    /// BGP identifier.
    pub router_id: Ipv4Addr,
    /// Whether `router_id` was derived from the name.
    pub router_id_derived: bool,
    /// `CLUSTER_ID`, if it reflects routes (RFC 4456).
    pub cluster_id: Option<Ipv4Addr>,
    /// The other virtual routers of its chassis.
    pub chassis_mates: Vec<RouterId>,
    /// Whether it drops return traffic of flows whose forward packets it does not see.
    pub stateful: bool,
    /// The power zone it stands in.
    pub zone: Option<ZoneId>,
    /// The feeds it is wired to; none means that only `site_power` and worse take its power.
    pub feeds: Vec<FeedId>,
    /// How many live feeds it needs to run.
    pub feeds_needed: u32,
    /// How it writes its forwarding table.
    pub fib: FibMode,
    /// Writes per second.
    pub fib_rate: PerSecond,
    /// Deletions per second.
    pub fib_delete_rate: PerSecond,
    /// By how much of it both rates may be higher or lower.
    pub fib_rate_spread: Share,
    /// Whether forwarding itself leaves out members of an ECMP set whose interface is down.
    pub prune_ecmp: bool,
    /// `BaseReachableTime` (RFC 4861) where it leaves out neighbors that no longer answer; zero: it
    /// does not.
    pub prune_unreachable: SimDuration,
    /// How its routing processes pace themselves.
    pub daemon: Daemon,
    /// Time to take in one BGP UPDATE.
    pub update_processing: SimDuration,
    /// How long BGP waits after interior routes have changed before it looks at its next hops.
    pub next_hop_delay: SimDuration,
    /// From power or crash to forwarding again.
    pub reload: SimDuration,
    /// How often it fails, as far as the file tells.
    pub risk: Risk,
}

/// A line card; its full name is `router/name`.
#[derive(Clone, Debug)]
pub struct Card {
    /// Its name within the router.
    pub name: String,
    /// The router it sits in.
    pub router: RouterId,
}

/// Whether a LAG joins two networks or runs inside one.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LagKind {
    /// Between two networks.
    Pni {
        /// What the second end's network is to the first end's.
        relation: Relation,
    },
    /// Inside one network.
    Link,
    /// From a member to the fabric of this exchange, its second end.
    Port(ExchangeId),
}

impl LagKind {
    /// What it is called in results.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pni { .. } => "pni",
            Self::Link => "link",
            Self::Port(_) => "port",
        }
    }
}

/// A PNI or a link: one LAG of one or more circuits, also when it is one.
#[derive(Clone, Debug)]
pub struct Lag {
    /// Its name in the file.
    pub name: String,
    /// What it is; may be empty.
    pub about: String,
    /// PNI or link.
    pub kind: LagKind,
    /// The two routers and how each runs its end.
    pub ends: [LagEnd; 2],
    /// Members, in file order.
    pub circuits: Vec<CircuitId>,
    /// Sessions over it (PNIs only), in file order.
    pub sessions: Vec<SessionId>,
    /// Where it stands in the provider's process, if a peering names it.
    pub connection: Option<Connection>,
}

/// One end of a LAG.
#[derive(Clone, Debug)]
pub struct LagEnd {
    /// The router.
    pub router: RouterId,
    /// LACP, or `None` for a static LAG.
    pub lacp: Option<lacp::Config>,
    /// Fewer active members than this take the LAG down at this end; at least 1.
    pub min_links: u32,
    /// Whether a member that was lost carries traffic again while others do.
    pub revertive: bool,
    /// How long a member that returns must be good before it does.
    pub wait_to_restore: SimDuration,
    /// Micro-BFD on each member (RFC 7130).
    pub micro_bfd: Option<bfd::Config>,
    /// It takes in no more than this from the LAG.
    pub police_in: Option<BitRate>,
    /// It sends no more than this to the LAG.
    pub police_out: Option<BitRate>,
    /// Classes it serves first, in this order; the others share what is left.
    pub strict_priority: Vec<ClassId>,
    /// BFD for the IGP adjacency (links only).
    pub igp_bfd: Option<bfd::Config>,
    /// IGP metric of this end (links only; 0 on PNIs).
    pub metric: u32,
}

/// The optical path below a circuit.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Glass from port to port: a cut is seen as loss of light.
    Passive,
    /// A carrier's wave with active equipment at both ends.
    Wave {
        /// Whether the carrier turns its client laser off when its line is lost.
        signal_forwarding: bool,
        /// How long the carrier waits before it does.
        hold_off: SimDuration,
        /// The time in which protection switches to another line, if there is any.
        protection: Option<SimDuration>,
    },
}

/// One physical cross-connect or wave.
#[derive(Clone, Debug)]
pub struct Circuit {
    /// Its name in the file.
    pub name: String,
    /// What it is; may be empty.
    pub about: String,
    /// The LAG it is a member of; its ends are the LAG's.
    pub lag: LagId,
    /// Rate in each direction.
    pub speed: BitRate,
    /// Length of glass from port to port; gives the one-way delay.
    pub length: Length,
    /// What lies in between.
    pub transport: Transport,
    /// The line card at each end, where the file tells.
    pub cards: [Option<CardId>; 2],
    /// The port names at each end, where the file tells.
    pub ports: [Option<String>; 2],
    /// Spans it runs through.
    pub spans: Vec<SpanId>,
    /// The risks it shares beside those of its spans.
    pub srlgs: Vec<SrlgId>,
    /// Interface timers at each end.
    pub interfaces: [InterfaceConfig; 2],
    /// How often it fails, as far as the file tells.
    pub risk: Risk,
}

/// IPv4 or IPv6.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4 unicast.
    Ipv4,
    /// IPv6 unicast.
    Ipv6,
}

impl Family {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Ipv4, Self::Ipv6];

    /// `ipv4` or `ipv6`, as in the files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
        }
    }

    /// The family of a prefix.
    #[must_use]
    pub const fn of(prefix: &IpNet) -> Self {
        match prefix {
            IpNet::V4(_) => Self::Ipv4,
            IpNet::V6(_) => Self::Ipv6,
        }
    }
}

/// Where a BGP session runs.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionKind {
    /// External, over this PNI; its ends are the PNI's ends.
    External(LagId),
    /// External, over an exchange.
    Lan {
        /// The member port of each end; a route server has none.
        ports: [Option<LagId>; 2],
        /// What the second end's network is to the first end's.
        relation: Relation,
    },
    /// Internal, between loopbacks, over the IGP.
    Internal,
}

/// A BGP session of one address family.
#[derive(Clone, Debug)]
pub struct Session {
    /// `pni/ipv4`, or `r1--r2/ipv4` for internal ones.
    pub name: String,
    /// Where it runs.
    pub kind: SessionKind,
    /// Its address family.
    pub family: Family,
    /// How each side is configured.
    pub ends: [SessionEnd; 2],
    /// How often its configuration goes wrong, as far as the file tells.
    pub risk: Risk,
}

/// One side of a session.
#[derive(Clone, Debug)]
pub struct SessionEnd {
    /// The router.
    pub router: RouterId,
    /// Timers.
    pub bgp: BgpConfig,
    /// BFD for this session, if this side runs it.
    pub bfd: Option<bfd::Config>,
    /// Whether the session waits for BFD (draft-ietf-idr-bgp-bfd-strict-mode).
    pub bfd_strict: bool,
    /// Graceful restart (RFC 4724), where this side offers it.
    pub graceful_restart: Option<GracefulRestart>,
    /// How routes that flap are damped (RFC 2439), if they are.
    pub damping: Option<damping::Config>,
    /// How many prefixes this side takes, if that is limited.
    pub max_prefix: Option<MaxPrefix>,
    /// Whether the other end is a client of this one (RFC 4456).
    pub client: bool,
    /// What to do with routes that come in; absent: accept all.
    pub import: Option<Policy>,
    /// What to do with routes that go out, after the relation's filter; absent: accept all.
    pub export: Option<Policy>,
}

/// How one side of a session restarts, and helps the other to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GracefulRestart {
    /// How long the other side keeps this one's routes while it is away.
    pub restart_time: SimDuration,
    /// How long this side keeps the other's once it is back; two thirds of that it waits for the
    /// other side after its own return.
    pub stale_time: SimDuration,
    /// Whether routes are kept after a NOTIFICATION or the hold time too (RFC 8538).
    pub notification: bool,
    /// How long the other side keeps them after that as the last choice, if it offers that too
    /// (RFC 9494).
    pub long_lived: Option<SimDuration>,
}

/// How many prefixes one side of a session takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxPrefix {
    /// More than this many received, before the import policy, are too many.
    pub limit: u64,
    /// Whether the session ends then (Cease, RFC 4486), rather than the event being noted.
    pub shutdown: bool,
    /// When it starts again; never by itself without.
    pub restart: Option<SimDuration>,
}

/// Where a value came from that the file does not state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Origin {
    /// A value of the router's or network's profile.
    Profile,
    /// Built in.
    Builtin,
}

/// A value that the file does not state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Assumption {
    /// `bgp.hold of pni-ams-1/ipv4 at ct-ams-1`.
    pub what: String,
    /// As the file would write it.
    pub value: String,
    /// Profile or built-in.
    pub origin: Origin,
    /// Document the value stands in.
    pub source: String,
    /// The row of [`PROFILE_TABLE`](crate::model::PROFILE_TABLE) that decides it alone, if one
    /// does.
    pub row: Option<usize>,
}
