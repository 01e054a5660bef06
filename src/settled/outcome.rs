//! Where a network ends up, as plain data.

use std::sync::Arc;

use super::search::State;
use crate::dataplane::tables::NextHops;
use crate::ids::{
    CircuitId, ClassId, DemandId, End, GroupId, IdVec, LagId, NetworkId, PrefixId, RouterId,
    SessionId,
};
use crate::proto::bgp::rib::Best;
use crate::units::{BitRate, Share};

/// Where routing and traffic end up.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How sure that is: the least sure of all groups, and of all that is below BGP.
    pub verdict: Verdict,
    /// Prefixes treated alike.
    pub groups: IdVec<GroupId, Arc<GroupOutcome>>,
    /// Which routers run.
    pub running: IdVec<RouterId, bool>,
    /// Which sessions are up.
    pub sessions: IdVec<SessionId, bool>,
    /// Forward and return traffic of each demand; absent unless routes are certain. Where
    /// [`Doubt::ReturnStart`] is all that is in doubt, return traffic starts where forward traffic would
    /// have arrived last if nothing had moved in between.
    pub demands: Option<IdVec<DemandId, [Delivery; 2]>>,
    /// What is offered to each end of each LAG to be sent; absent as `demands` is.
    pub loads: Option<IdVec<LagId, [Load; 2]>>,
    /// What forwards into loss while nothing that is configured can see it.
    pub latent: Vec<Latent>,
}

/// How sure an outcome is.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It is this one; the certificate says why.
    Unique(Certificate),
    /// One of these stable states.
    Several(GroupId, Vec<State>),
    /// No state is stable: routers go round in this circle, or in another.
    None(GroupId, Vec<State>),
    /// It was not found out.
    Unknown(Vec<Doubt>),
}

/// Why an outcome is the only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certificate {
    /// The construction of Griffin, Shepherd and Wilfong ("The Stable Paths Problem and Interdomain
    /// Routing", 2002, §V) came to its end: there is no dispute wheel among the routes that can be
    /// offered, and every fair order of events ends here.
    Constructed {
        /// So often what a router may have was worked out.
        steps: u32,
    },
    /// Of all states this one alone is stable: whatever comes to rest, rests here.
    Searched {
        /// So many states were tried.
        states: usize,
    },
}

/// Why an outcome was not found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Doubt {
    /// The age of external routes decides in this network (RFC 5004), and is not known.
    PreferOldest(NetworkId),
    /// The session may have been told more prefixes than it takes, and stayed down then.
    MaxPrefix(SessionId),
    /// The LAG does not use members again that were lost, and which were is not known.
    NonRevertive(LagId),
    /// LACP runs at both ends of the LAG and micro-BFD at one: whether LACP has noticed depends on
    /// whether anything has made it look since the start.
    OneSidedBfd(LagId),
    /// BFD that decides something asks for no packets (RFC 5880 §6.8.1): whether it is up depends on what
    /// was before.
    MuteBfd,
    /// An end of the session has no hold time and may take it for up for ever.
    NoHoldTime(SessionId),
    /// Whether a connection finds a way past silent members was not found out.
    Connection(SessionId),
    /// Return traffic starts where forward traffic last arrived, which is not known.
    ReturnStart(DemandId),
    /// Whether a standby has taken over depends on what was before.
    Standby(GroupId),
    /// Too many routes might be offered to compare them all.
    ManyRoutes(GroupId),
    /// Too many combinations of choices would have to be tried.
    ManyStates(GroupId),
}

/// Where routing of a group ends up.
#[derive(Clone, Debug)]
pub struct GroupOutcome {
    /// Its prefixes.
    pub prefixes: Vec<PrefixId>,
    /// How sure that is.
    pub verdict: Verdict,
    /// The best route of each router, the first stable state where there are several.
    pub routes: IdVec<RouterId, Option<Best>>,
    /// Where each router forwards.
    pub hops: IdVec<RouterId, NextHops>,
    /// Whether a standby serves it.
    pub taken_over: bool,
}

/// What becomes of one direction of a demand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Delivery {
    /// Share of its rate that is offered: that whose source runs, or whose forward twin has arrived.
    pub offered: Share,
    /// Share of the offered for which there is a working path, congestion ignored; `None`: nothing is
    /// offered.
    pub reachable: Option<Share>,
    /// Share of the offered that arrives.
    pub delivered: Option<Share>,
    /// Share of the delivered that crosses between networks in the demand's metro.
    pub localized: Option<Share>,
    /// Mean one-way delay of what is delivered, in nanoseconds.
    pub delay_ns: Option<u64>,
}

impl Delivery {
    /// Whether less than this share of what is offered arrives; nothing of nothing is enough.
    #[must_use]
    pub fn falls_short(&self, ok: Share) -> bool {
        self.delivered.is_some_and(|delivered| delivered < ok)
    }
}

/// What one end of a LAG is offered to send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Offered, losses upstream taken off.
    pub offered: BitRate,
    /// Rate of the members in use.
    pub capacity: BitRate,
    /// The offered by class, those with nothing left out.
    pub classes: Vec<(ClassId, BitRate)>,
}

/// Something that loses what is sent into it, for nobody to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Latent {
    /// Frames that this port sends are lost.
    Circuit(End<CircuitId>),
    /// The router forwards nothing.
    Router(RouterId),
}
