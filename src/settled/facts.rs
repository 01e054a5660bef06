//! What an evaluation needs to know of a design and what no fault changes.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::interior::{self, HopFact};
use crate::dataplane::specs;
use crate::dataplane::tables::Names;
use crate::dataplane::traffic::DemandSpec;
use crate::ids::{End, GroupId, Id, IdVec, LagId, NetworkId, PrefixId, RouterId, SessionId};
use crate::model::groups::{self, Group};
use crate::model::topology::{LagKind, SessionKind, Topology, Weights};
use crate::proto::bgp::advertise::Route;
use crate::proto::bgp::attrs::Attributes;
use crate::proto::bgp::rib::{Peer, Rib, Slot};
use crate::proto::igp::IgpKind;
use crate::rng::Draws;

/// Facts of a design, and the draws of a seed.
#[derive(Clone, Debug)]
pub(super) struct Facts<'t> {
    pub(super) topology: &'t Topology,
    pub(super) groups: IdVec<GroupId, Group>,
    /// The route of a router that serves a group.
    pub(super) originated: IdVec<GroupId, Route>,
    /// Session ends at each router, in order of session: a [`Slot`] counts them.
    pub(super) sessions_at: IdVec<RouterId, Vec<End<SessionId>>>,
    pub(super) slots: IdVec<End<SessionId>, Slot>,
    /// LAG ends at each router, in order of LAG.
    pub(super) lags_at: IdVec<RouterId, Vec<End<LagId>>>,
    /// Links inside networks at each router, in order of LAG.
    pub(super) hops_at: IdVec<RouterId, Vec<HopFact>>,
    pub(super) routers_of: IdVec<NetworkId, Vec<RouterId>>,
    /// Networks whose routers know links of their own only, or that have metrics of zero.
    pub(super) rooted: IdVec<NetworkId, bool>,
    /// Sessions inside each network.
    pub(super) internal: IdVec<NetworkId, Vec<SessionId>>,
    /// Whether some network weighs routes by the rate of LAGs.
    pub(super) weighs: bool,
    /// RIBs for one group, with no routes.
    pub(super) ribs: IdVec<RouterId, Rib>,
    pub(super) names: Names,
    pub(super) specs: Vec<DemandSpec>,
    /// LAGs inside networks.
    pub(super) inside: BTreeSet<LagId>,
    /// Which member hellos of an adjacency ride, and BFD of it, as a hash.
    pub(super) adjacency_hash: IdVec<End<LagId>, [u64; 2]>,
    /// The same for BFD of a session.
    pub(super) session_bfd_hash: IdVec<End<SessionId>, u64>,
}

impl<'t> Facts<'t> {
    pub(super) fn new(topology: &'t Topology, seed: u64) -> Self {
        let (groups, group_of) = groups::of(topology, &[]);
        let sessions_at = topology.sessions_at();
        let slots = slots(topology, &sessions_at);
        let hash = |name: String| Draws::new(seed, &format!("hash/{name}")).bits(0);
        let name = |router: RouterId| &topology.routers[router].name;
        let adjacency = |index: usize| {
            let end: End<LagId> = End::from_index(index);
            let lag = &topology.lags[end.of];
            let router = name(lag.ends[end.side].router);
            ["igp", "bfd"].map(|kind| hash(format!("{kind}/{}/{router}", lag.name)))
        };
        let session = |index: usize| {
            let end: End<SessionId> = End::from_index(index);
            let session = &topology.sessions[end.of];
            hash(format!("bfd/{}/{}", session.name, name(session.ends[end.side].router)))
        };
        let mut facts = Self {
            hops_at: IdVec::new(),
            routers_of: routers_of(topology),
            rooted: rooted(topology),
            internal: internal(topology),
            originated: groups.iter().map(originated).collect(),
            weighs: topology.networks.iter().any(|n| n.weights == Weights::Bandwidth),
            ribs: topology.routers.ids().map(|r| rib(topology, &sessions_at[r], r)).collect(),
            lags_at: topology.lags_at(),
            names: specs::names(topology),
            specs: demands(topology, seed, &group_of),
            inside: specs::links(topology),
            adjacency_hash: (0..topology.lags.len() * 2).map(adjacency).collect(),
            session_bfd_hash: (0..topology.sessions.len() * 2).map(session).collect(),
            topology,
            groups,
            sessions_at,
            slots,
        };
        facts.hops_at = interior::hops_at(&facts);
        facts
    }

    pub(super) fn session_router(&self, end: End<SessionId>) -> RouterId {
        self.topology.sessions[end.of].ends[end.side].router
    }

    /// Whether a router stands by for a group's service.
    pub(super) fn stands_by(&self, group: GroupId, router: RouterId) -> bool {
        let first = self.groups[group].prefixes[0];
        let standby = self.topology.prefixes[first].standby.as_ref();
        standby.is_some_and(|standby| standby.routers.contains(&router))
    }

    /// The session end that a slot of a router stands for.
    pub(super) fn session_end(&self, router: RouterId, slot: Slot) -> End<SessionId> {
        self.sessions_at[router][slot.index()]
    }
}

fn demands(topology: &Topology, seed: u64, group_of: &IdVec<PrefixId, GroupId>) -> Vec<DemandSpec> {
    topology.demands.ids().map(|id| specs::demand(topology, (seed, id), group_of)).collect()
}

fn routers_of(topology: &Topology) -> IdVec<NetworkId, Vec<RouterId>> {
    let mut all: IdVec<NetworkId, Vec<RouterId>> =
        topology.networks.iter().map(|_| Vec::new()).collect();
    for (id, router) in topology.routers.iter_ids() {
        all[router.network].push(id);
    }
    all
}

fn originated(group: &Group) -> Route {
    Route::originated(Attributes::originated().with_communities(group.communities.clone()))
}

fn internal(topology: &Topology) -> IdVec<NetworkId, Vec<SessionId>> {
    let mut all: IdVec<NetworkId, Vec<SessionId>> =
        topology.networks.iter().map(|_| Vec::new()).collect();
    for (id, session) in topology.sessions.iter_ids() {
        if session.kind == SessionKind::Internal {
            all[topology.routers[session.ends[0].router].network].push(id);
        }
    }
    all
}

fn rooted(topology: &Topology) -> IdVec<NetworkId, bool> {
    let mut rooted: IdVec<NetworkId, bool> =
        topology.networks.iter().map(|network| network.igp.kind == IgpKind::Static).collect();
    for lag in topology.lags.iter().filter(|lag| lag.kind == LagKind::Link) {
        if lag.ends.iter().any(|end| end.metric == 0) {
            rooted[topology.routers[lag.ends[0].router].network] = true;
        }
    }
    rooted
}

/// The slot of each session end among those of its router.
fn slots(
    topology: &Topology,
    at: &IdVec<RouterId, Vec<End<SessionId>>>,
) -> IdVec<End<SessionId>, Slot> {
    let first = Slot::from_index(0);
    let mut slots: Vec<Slot> = vec![first; topology.sessions.len() * 2];
    for ends in at {
        for (place, end) in ends.iter().enumerate() {
            slots[end.index()] = Slot::from_index(place);
        }
    }
    slots.into_iter().collect()
}

fn rib(topology: &Topology, sessions: &[End<SessionId>], router: RouterId) -> Rib {
    let network = &topology.networks[topology.routers[router].network];
    let peer = |end: &End<SessionId>| {
        let session = &topology.sessions[end.of];
        let far = &topology.routers[session.ends[end.side.other()].router];
        let offered = session.ends[end.side].graceful_restart;
        Peer {
            external: session.kind != SessionKind::Internal,
            router_id: far.router_id,
            address: IpAddr::V4(far.router_id),
            client: session.ends[end.side].client,
            long_lived: offered.is_some_and(|own| own.long_lived.is_some()),
        }
    };
    Rib::new(network.asn, network.multipath, sessions.iter().map(peer).collect(), 1)
}
