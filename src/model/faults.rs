//! What goes wrong, resolved against a topology.

use crate::ids::{
    CardId, CircuitId, DemandId, ExchangeId, FeedId, LagId, MetroId, PrefixId, RouterId, SessionId,
    SiteId, SpanId, SrlgId, ZoneId,
};
use crate::proto::bgp::policy::Edit;
use crate::units::{Share, SimDuration};

/// What goes wrong, with its targets (one or more, in file order).
///
/// `toward` is the router that no longer receives; `None` means both directions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// Glass (or a carrier's line) is cut.
    CircuitCut {
        /// Circuits.
        circuits: Vec<CircuitId>,
        /// One fibre only.
        toward: Option<RouterId>,
    },
    /// Light without frames.
    CircuitSilent {
        /// Circuits.
        circuits: Vec<CircuitId>,
        /// One direction only.
        toward: Option<RouterId>,
    },
    /// Random loss, more delay.
    CircuitDegrade {
        /// Circuits.
        circuits: Vec<CircuitId>,
        /// One direction only.
        toward: Option<RouterId>,
        /// Share of frames lost.
        loss: Share,
        /// Added one-way delay.
        delay: SimDuration,
    },
    /// Cut and mended over and over while the fault lasts; starts cut.
    CircuitFlap {
        /// Circuits.
        circuits: Vec<CircuitId>,
        /// How long it is cut each time.
        down: SimDuration,
        /// How long it is whole in between.
        up: SimDuration,
    },
    /// The transceiver of one router dies: it neither sends nor sees light.
    OpticFail {
        /// Circuits.
        circuits: Vec<CircuitId>,
        /// The router whose optic it is.
        router: RouterId,
    },
    /// LACPDUs of a system that is not the partner arrive beside the partner's own.
    LacpForeign {
        /// Circuits.
        circuits: Vec<CircuitId>,
        /// Where they arrive; `None`: at both ends.
        toward: Option<RouterId>,
        /// From one to the next.
        every: SimDuration,
    },
    /// Two circuits change places at one of their ends: light, and the wrong port behind it.
    WrongPatch([CircuitId; 2]),
    /// The switches of the exchanges fail: their ports go dark.
    FabricFail(Vec<ExchangeId>),
    /// An exchange no longer carries frames between two of its ports.
    FabricPartition {
        /// The exchange's name.
        exchange: String,
        /// The two ports.
        between: [LagId; 2],
    },
    /// Frames circle in the exchanges and eat what its ports could send to members.
    FabricLoop {
        /// Exchanges.
        exchanges: Vec<ExchangeId>,
        /// Share of frames towards members that is lost.
        loss: Share,
    },
    /// All circuits of the PNIs are cut.
    PniCut {
        /// PNIs.
        pnis: Vec<LagId>,
        /// One fibre each only.
        toward: Option<RouterId>,
    },
    /// All circuits of the PNIs go silent.
    PniSilent {
        /// PNIs.
        pnis: Vec<LagId>,
        /// One direction only.
        toward: Option<RouterId>,
    },
    /// All circuits through the spans are cut.
    SpanCut(Vec<SpanId>),
    /// All circuits, spans and feeds of the groups fail.
    SrlgFail(Vec<SrlgId>),
    /// All ports of the cards go dark.
    CardFail(Vec<CardId>),
    /// Power is lost; with `for`, it returns and the routers reload.
    RouterPowerOff(Vec<RouterId>),
    /// The routers crash and reload; lasts for `for`, else for each router's `reload`.
    RouterCrash(Vec<RouterId>),
    /// Power feeds fail.
    FeedFail(Vec<FeedId>),
    /// All power of the sites is lost.
    SitePower(Vec<SiteId>),
    /// All power of the zones is lost.
    PowerZoneFail(Vec<ZoneId>),
    /// The sites are no longer cooled: their routers switch themselves off when it is too hot.
    CoolingFail {
        /// Sites.
        sites: Vec<SiteId>,
        /// How long that takes.
        after: SimDuration,
    },
    /// All power of all sites of the metros is lost and all spans that end there are cut.
    MetroOutage(Vec<MetroId>),
    /// An operator clears the sessions (Cease, administrative reset).
    SessionReset {
        /// Sessions.
        sessions: Vec<SessionId>,
        /// Where the command is given; `None`: at the first end.
        router: Option<RouterId>,
    },
    /// An operator shuts the sessions down (Cease, administrative shutdown).
    AdminShutdown {
        /// Sessions.
        sessions: Vec<SessionId>,
        /// Where the command is given; `None`: at the first end.
        router: Option<RouterId>,
    },
    /// All circuits that leave the sites are cut.
    SiteIsolate(Vec<SiteId>),
    /// An operator, or a service, does something.
    Command(Command),
    /// The routers forward nothing, and nobody is told: their control planes live on.
    ForwardingHang(Vec<RouterId>),
    /// The routers write nothing more into their forwarding tables.
    FibStuck(Vec<RouterId>),
    /// The control planes of the routers stop: BGP, IGP, LACP, TCP, forwarding table writes, and
    /// BFD where its C bit is 0. Forwarding goes on.
    ControlPlaneHang(Vec<RouterId>),
    /// Daemons of the routers are killed, or frozen.
    Process {
        /// Routers.
        routers: Vec<RouterId>,
        /// Which of their daemons.
        daemons: Vec<Daemon>,
        /// Killed, not frozen.
        kill: bool,
    },
    /// Demands offer `factor_ppb` / 10^9 times their rate.
    TrafficSurge {
        /// Demands.
        demands: Vec<DemandId>,
        /// In parts per billion: 1.5 is 1,500,000,000.
        factor_ppb: u64,
    },
    /// Demands grow to `factor_ppb` / 10^9 times their rate, evenly over a time.
    TrafficGrowth {
        /// Demands.
        demands: Vec<DemandId>,
        /// In parts per billion.
        factor_ppb: u64,
        /// How long it takes.
        over: SimDuration,
    },
}

/// A daemon of a router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Daemon {
    /// BGP of FRR.
    Bgpd,
    /// BFD of FRR.
    Bfdd,
    /// What writes forwarding tables in FRR.
    Zebra,
    /// BIRD: BGP, IGP and BFD in one.
    Bird,
}

/// What operators and services do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// The routers no longer announce the prefixes; what they serve is still there.
    Withdraw {
        /// Prefixes.
        prefixes: Vec<PrefixId>,
        /// Where; `None`: at all routers that serve them.
        routers: Option<Vec<RouterId>>,
    },
    /// The routers announce the prefixes without serving them.
    Announce {
        /// Prefixes.
        prefixes: Vec<PrefixId>,
        /// Where.
        routers: Vec<RouterId>,
    },
    /// What serves the prefixes is down, and its routers announce them no more.
    ServiceDown {
        /// Prefixes.
        prefixes: Vec<PrefixId>,
        /// Where; `None`: at all sites that serve them.
        sites: Option<Vec<SiteId>>,
    },
    /// A router tells on these sessions what the relation forbids.
    Leak {
        /// Sessions.
        sessions: Vec<SessionId>,
        /// Which end; `None`: the first.
        router: Option<RouterId>,
    },
    /// An operator edits a policy.
    PolicyEdit {
        /// Sessions.
        sessions: Vec<SessionId>,
        /// Whose policy; `None`: that of the first end.
        router: Option<RouterId>,
        /// Whether the policy for routes that come in, not that for those that go out.
        import: bool,
        /// What changes.
        edit: Edit,
    },
    /// An operator shuts the sessions down gracefully (RFC 8326).
    GracefulShutdown {
        /// Sessions.
        sessions: Vec<SessionId>,
        /// Where the command is given; `None`: at the first end.
        router: Option<RouterId>,
        /// How long routes have to move away.
        wait: SimDuration,
        /// Whether the sessions are shut down then.
        cease: bool,
    },
    /// An operator takes routers out of service: external sessions gracefully (RFC 8326), and no
    /// transit inside.
    Drain {
        /// Routers.
        routers: Vec<RouterId>,
        /// How long traffic has to move away.
        wait: SimDuration,
        /// Whether external sessions are shut down then.
        cease: bool,
    },
    /// Routers are drained and switched off, circuits taken away, for as long as it lasts.
    Maintenance {
        /// The domains' names.
        domains: Vec<String>,
        /// Routers.
        routers: Vec<RouterId>,
        /// PNIs and links.
        lags: Vec<LagId>,
        /// How long traffic has to move away before; `None`: nobody takes care of that.
        drain: Option<SimDuration>,
    },
    /// Routers drop packets to the prefixes, by a rule that an operator has announced (RFC 8955).
    FlowspecDrop {
        /// Prefixes, with all that they cover.
        prefixes: Vec<PrefixId>,
        /// Whether packets of BGP are dropped too.
        bgp: bool,
        /// Where.
        routers: Vec<RouterId>,
    },
    /// Connections of a peering are in or out of service.
    PeeringState {
        /// The peerings' names.
        peerings: Vec<String>,
        /// Their PNIs.
        connections: Vec<LagId>,
        /// Whether they are in service.
        active: bool,
    },
}

impl Command {
    /// The prefixes it is about, which no others are treated like then.
    #[must_use]
    pub fn prefixes(&self) -> &[PrefixId] {
        match self {
            Self::Withdraw { prefixes, .. }
            | Self::Announce { prefixes, .. }
            | Self::FlowspecDrop { prefixes, .. }
            | Self::ServiceDown { prefixes, .. } => prefixes,
            Self::Leak { .. }
            | Self::PolicyEdit { .. }
            | Self::GracefulShutdown { .. }
            | Self::Drain { .. }
            | Self::Maintenance { .. }
            | Self::PeeringState { .. } => &[],
        }
    }

    /// Its name in the files.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Withdraw { .. } => "withdraw",
            Self::Announce { .. } => "announce",
            Self::ServiceDown { .. } => "service_down",
            Self::Leak { .. } => "leak",
            Self::PolicyEdit { .. } => "policy_edit",
            Self::GracefulShutdown { .. } => "graceful_shutdown",
            Self::Drain { .. } => "drain",
            Self::Maintenance { .. } => "maintenance",
            Self::PeeringState { .. } => "peering_state",
            Self::FlowspecDrop { .. } => "flowspec_drop",
        }
    }
}
