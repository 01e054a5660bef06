//! What never changes during a run: the design, prefix groups, names and their ranks.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::event::{Event, Hello};
use crate::ids::{
    BfdId, CircuitId, End, GroupId, Id, IdVec, LagId, NetworkId, PrefixId, RouterId, SessionId,
    Side,
};
use crate::model::groups::{self, Group};
use crate::model::topology::{SessionKind, Topology};
use crate::proto::bfd;
use crate::proto::bgp::decision::Multipath;
use crate::proto::bgp::rib::{Peer, Rib, Slot};
use crate::rng::Draws;

/// What a pair of BFD sessions watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum BfdOf {
    /// A BGP session, over the LAG.
    Session(SessionId, LagId),
    /// A BGP session, over an exchange.
    Lan(SessionId),
    /// An internal BGP session, over as many hops as there are (RFC 5883).
    Internal(SessionId),
    /// An IGP adjacency, over the LAG.
    Adjacency(LagId),
    /// One member of a LAG (RFC 7130).
    Member(CircuitId),
}

/// A pair of BFD sessions.
#[derive(Clone, Debug)]
pub(crate) struct BfdPair {
    /// What it watches.
    pub(crate) of: BfdOf,
    /// How each side runs it, if it does.
    pub(crate) ends: [Option<bfd::Config>; 2],
    /// Routers at the ends.
    pub(crate) routers: [RouterId; 2],
    /// Its name without the router.
    pub(crate) name: String,
}

/// The facts of a run.
#[derive(Clone, Debug)]
pub(crate) struct Net {
    /// The design.
    pub(crate) topology: Topology,
    /// Seed of all draws.
    pub(crate) seed: u64,
    /// Whether hellos, keepalives and retries are really sent when nothing depends on them.
    pub(crate) eager: bool,
    /// Groups of prefixes treated alike.
    pub(crate) groups: IdVec<GroupId, Group>,
    /// Groups that some site stands by for, in order.
    pub(crate) watched: Vec<GroupId>,
    /// The group of each prefix.
    pub(crate) group_of: IdVec<PrefixId, GroupId>,
    /// All BFD pairs.
    pub(crate) bfd: IdVec<BfdId, BfdPair>,
    /// BFD pair of a session.
    pub(crate) session_bfd: IdVec<SessionId, Option<BfdId>>,
    /// BFD pair of a link's adjacency.
    pub(crate) adjacency_bfd: IdVec<LagId, Option<BfdId>>,
    /// Micro-BFD pair of a circuit.
    pub(crate) member_bfd: IdVec<CircuitId, Option<BfdId>>,
    /// BFD pairs that ride each LAG.
    pub(crate) lag_bfd: IdVec<LagId, Vec<BfdId>>,
    /// Session ends at each router, in order of session.
    pub(crate) sessions_at: IdVec<RouterId, Vec<End<SessionId>>>,
    /// The place of each session end among those of its router.
    pub(crate) slots: IdVec<End<SessionId>, Slot>,
    /// A RIB for each router, with no routes. What they have alike stands once.
    pub(crate) ribs: IdVec<RouterId, Rib>,
    /// LAG ends at each router, in order of LAG.
    pub(crate) lags_at: IdVec<RouterId, Vec<End<LagId>>>,
    ranks: Ranks,
    /// Hashes that pick the members that exchanges ride.
    bfd_hashes: IdVec<End<BfdId>, u64>,
    igp_hashes: IdVec<End<LagId>, u64>,
}

/// Ranks of owners' names; equal time is ordered by them.
#[derive(Clone, Debug)]
struct Ranks {
    ports: Vec<u32>,
    lags: Vec<u32>,
    sessions: Vec<u32>,
    bfd: Vec<u32>,
    routers: Vec<u32>,
    count: usize,
}

impl Net {
    /// Works out the facts of a run.
    ///
    /// `apart`: prefixes that something sets apart from others that are treated alike.
    pub(crate) fn new(topology: Topology, seed: u64, eager: bool, apart: &[Vec<PrefixId>]) -> Self {
        let (groups, group_of) = groups::of(&topology, apart);
        let bfd = bfd_pairs(&topology);
        let find = |of: &dyn Fn(&BfdOf) -> bool| {
            bfd.iter_ids().find(|(_, pair)| of(&pair.of)).map(|(id, _)| id)
        };
        let of_session = |of: &BfdOf, id| match of {
            BfdOf::Session(s, _) | BfdOf::Lan(s) | BfdOf::Internal(s) => *s == id,
            BfdOf::Adjacency(_) | BfdOf::Member(_) => false,
        };
        let session_bfd = topology.sessions.ids();
        let session_bfd = session_bfd.map(|s| find(&|of| of_session(of, s))).collect();
        let adjacency_bfd = topology.lags.ids();
        let adjacency_bfd = adjacency_bfd.map(|l| find(&|of| *of == BfdOf::Adjacency(l))).collect();
        let member_bfd = topology.circuits.ids();
        let member_bfd = member_bfd.map(|c| find(&|of| *of == BfdOf::Member(c))).collect();
        let lag_bfd = topology.lags.ids().map(|lag| riding(&topology, &bfd, lag)).collect();
        let ranks = Ranks::new(&topology, &bfd);
        let stood_by = |group: &Group| topology.prefixes[group.prefixes[0]].standby.is_some();
        let watched = groups.iter_ids().filter(|(_, group)| stood_by(group));
        let watched = watched.map(|(id, _)| id).collect();
        let sessions_at = topology.sessions_at();
        let mut net = Self {
            slots: slots(&topology, &sessions_at),
            ribs: empty_ribs(&topology, &sessions_at, groups.len()),
            sessions_at,
            lags_at: topology.lags_at(),
            topology,
            seed,
            eager,
            groups,
            watched,
            group_of,
            bfd,
            session_bfd,
            adjacency_bfd,
            member_bfd,
            lag_bfd,
            ranks,
            bfd_hashes: IdVec::new(),
            igp_hashes: IdVec::new(),
        };
        let all = 0..2 * net.bfd.len();
        net.bfd_hashes = all.map(|n| net.draw_hash(Hello::Bfd(End::from_index(n)))).collect();
        let all = 0..2 * net.topology.lags.len();
        net.igp_hashes = all.map(|n| net.draw_hash(Hello::Igp(End::from_index(n)))).collect();
        net
    }

    /// The hash that picks the member an exchange rides; fixed for its lifetime.
    pub(super) fn hello_hash(&self, hello: Hello) -> u64 {
        match hello {
            Hello::Bfd(end) => self.bfd_hashes[end],
            Hello::Igp(end) => self.igp_hashes[end],
            Hello::Lacp(_) => self.draw_hash(hello),
        }
    }

    fn draw_hash(&self, hello: Hello) -> u64 {
        Draws::new(self.seed, &format!("hash/{}", self.hello_name(hello))).bits(0)
    }

    /// The rank of the owner of an event.
    pub(crate) fn owner(&self, event: &Event) -> u32 {
        let ranks = &self.ranks;
        match event {
            Event::Fault(step) => u32::try_from(*step).expect("bounded by the input limits"),
            Event::Port(port, _)
            | Event::RemoteFault { port, .. }
            | Event::ClientOff { line: port, .. }
            | Event::Protected { line: port, .. }
            | Event::Foreign { port, .. }
            | Event::Restore(port)
            | Event::Lacp(port, _) => ranks.ports[port.index()],
            Event::HelloSend(hello)
            | Event::HelloArrive { hello, .. }
            | Event::HelloLeave { hello, .. } => match hello {
                Hello::Lacp(port) => ranks.ports[port.index()],
                Hello::Bfd(end) => ranks.bfd[end.index()],
                Hello::Igp(end) => ranks.lags[end.index()],
            },
            Event::Bfd(end) => ranks.bfd[end.index()],
            Event::Igp(end)
            | Event::Reroute(end)
            | Event::Unreachable(end)
            | Event::Flood { at: end, .. }
            | Event::FloodLeave { from: end, .. } => ranks.lags[end.index()],
            Event::Session(end, _)
            | Event::Keepalive(end)
            | Event::Syn(end)
            | Event::Connected { end, .. }
            | Event::Accepted { end, .. }
            | Event::Segment { end, .. }
            | Event::Ack { end, .. }
            | Event::Reset { end, .. }
            | Event::Rto(end)
            | Event::Stale(end)
            | Event::Reuse(end)
            | Event::Mrai(end) => ranks.sessions[end.index()],
            Event::Cpu(router)
            | Event::NextHops(router)
            | Event::Paced(router)
            | Event::Spf(router)
            | Event::Fib(router, _)
            | Event::Started(router)
            | Event::Takeover(router, _)
            | Event::Deferred(router)
            | Event::Boot(router) => ranks.routers[router.index()],
        }
    }

    /// How many owners there are.
    pub(crate) fn owners(&self) -> usize {
        self.ranks.count
    }

    /// The router at an end of a circuit.
    pub(crate) fn port_router(&self, port: End<CircuitId>) -> RouterId {
        self.topology.circuit_router(port.of, port.side)
    }

    /// The router at an end of a LAG.
    pub(crate) fn lag_router(&self, end: End<LagId>) -> RouterId {
        self.topology.lags[end.of].ends[end.side].router
    }

    /// The router at an end of a session.
    pub(crate) fn session_router(&self, end: End<SessionId>) -> RouterId {
        self.topology.sessions[end.of].ends[end.side].router
    }

    /// The LAG end right below an end of BFD; a route server has none.
    pub(crate) fn below_bfd(&self, end: End<BfdId>) -> Option<End<LagId>> {
        match self.bfd[end.of].of {
            BfdOf::Session(_, lag) | BfdOf::Adjacency(lag) => Some(End::new(lag, end.side)),
            BfdOf::Lan(session) => {
                let (lag, side) = self.topology.below(session, end.side)?;
                Some(End::new(lag, side))
            }
            BfdOf::Internal(_) | BfdOf::Member(_) => None,
        }
    }

    /// Name of a router.
    pub(crate) fn router_name(&self, router: RouterId) -> &str {
        &self.topology.routers[router].name
    }

    /// Name of the draws of a periodic exchange.
    pub(crate) fn hello_name(&self, hello: Hello) -> String {
        match hello {
            Hello::Lacp(port) => {
                let circuit = &self.topology.circuits[port.of].name;
                format!("lacp/{circuit}/{}", self.router_name(self.port_router(port)))
            }
            Hello::Bfd(end) => {
                let pair = &self.bfd[end.of];
                format!("bfd/{}/{}", pair.name, self.router_name(pair.routers[end.side]))
            }
            Hello::Igp(end) => {
                let lag = &self.topology.lags[end.of].name;
                format!("igp/{lag}/{}", self.router_name(self.lag_router(end)))
            }
        }
    }

    /// Name of a session end, for draws: `pni/ipv4/router`.
    pub(crate) fn session_end_name(&self, end: End<SessionId>) -> String {
        let session = &self.topology.sessions[end.of].name;
        format!("{session}/{}", self.router_name(self.session_router(end)))
    }
}

/// The place of each session end among those of its router.
fn slots(
    topology: &Topology,
    sessions_at: &IdVec<RouterId, Vec<End<SessionId>>>,
) -> IdVec<End<SessionId>, Slot> {
    let mut slots = vec![Slot::from_index(0); topology.sessions.len() * 2];
    for (place, end) in sessions_at.iter().flat_map(|ends| ends.iter().enumerate()) {
        slots[end.index()] = Slot::from_index(place);
    }
    slots.into_iter().collect()
}

/// A RIB for the sessions of each router, with no routes; routers of a network with the same kinds of
/// neighbours share what says so.
fn empty_ribs(
    topology: &Topology,
    sessions_at: &IdVec<RouterId, Vec<End<SessionId>>>,
    groups: usize,
) -> IdVec<RouterId, Rib> {
    let empty = Rib::new(0, Multipath { ebgp: 1, ibgp: 1, relax: false }, Arc::from([]), groups);
    let mut known: BTreeSet<(NetworkId, Arc<[Peer]>)> = BTreeSet::new();
    let peer = |end: &End<SessionId>| {
        let session = &topology.sessions[end.of];
        let (own, far) = (&session.ends[end.side], &session.ends[end.side.other()]);
        let router_id = topology.routers[far.router].router_id;
        Peer {
            external: session.kind != SessionKind::Internal,
            router_id,
            address: IpAddr::V4(router_id),
            client: own.client,
            long_lived: own.graceful_restart.is_some_and(|own| own.long_lived.is_some()),
        }
    };
    let rib = |(router, ends): (RouterId, &Vec<End<SessionId>>)| {
        let of = topology.routers[router].network;
        let key = (of, ends.iter().map(peer).collect::<Arc<[Peer]>>());
        if !known.contains(&key) {
            known.insert(key.clone());
        }
        let peers =
            known.get(&key).map_or_else(|| Arc::clone(&key.1), |(_, peers)| Arc::clone(peers));
        let network = &topology.networks[of];
        empty.with(network.asn, network.multipath, peers)
    };
    sessions_at.iter_ids().map(rib).collect()
}

impl Ranks {
    fn new(topology: &Topology, bfd: &IdVec<BfdId, BfdPair>) -> Self {
        let router = |id: RouterId| &topology.routers[id].name;
        let mut names: BTreeMap<String, u32> = BTreeMap::new();
        let ports = ends(topology.circuits.len(), |end: End<CircuitId>| {
            let circuit = &topology.circuits[end.of];
            format!(
                "circuit/{}/{}",
                circuit.name,
                router(topology.lags[circuit.lag].ends[end.side].router)
            )
        });
        let lags = ends(topology.lags.len(), |end: End<LagId>| {
            let lag = &topology.lags[end.of];
            format!("lag/{}/{}", lag.name, router(lag.ends[end.side].router))
        });
        let sessions = ends(topology.sessions.len(), |end: End<SessionId>| {
            let session = &topology.sessions[end.of];
            format!("session/{}/{}", session.name, router(session.ends[end.side].router))
        });
        let pairs = ends(bfd.len(), |end: End<BfdId>| {
            format!("bfd/{}/{}", bfd[end.of].name, router(bfd[end.of].routers[end.side]))
        });
        let routers: Vec<String> =
            topology.routers.iter().map(|r| format!("router/{}", r.name)).collect();
        for name in ports.iter().chain(&lags).chain(&sessions).chain(&pairs).chain(&routers) {
            names.insert(name.clone(), 0);
        }
        for (rank, value) in names.values_mut().enumerate() {
            *value = u32::try_from(rank).expect("input limits keep counts below 2^32");
        }
        let rank = |of: Vec<String>| of.iter().map(|name| names[name]).collect();
        Self {
            ports: rank(ports),
            lags: rank(lags),
            sessions: rank(sessions),
            bfd: rank(pairs),
            routers: rank(routers),
            count: names.len(),
        }
    }
}

fn ends<I: Id>(count: usize, name: impl Fn(End<I>) -> String) -> Vec<String> {
    (0..count * 2).map(|index| name(End::from_index(index))).collect()
}

fn bfd_pairs(topology: &Topology) -> IdVec<BfdId, BfdPair> {
    let mut pairs = IdVec::new();
    for (lag_id, lag) in topology.lags.iter_ids() {
        let routers = [lag.ends[Side::A].router, lag.ends[Side::B].router];
        let mut add = |of: BfdOf, ends: [Option<bfd::Config>; 2], name: String| {
            if ends.iter().any(Option::is_some) {
                pairs.push(BfdPair { of, ends, routers, name });
            }
        };
        let own = lag.sessions.iter().filter(|_| topology.exchange_of(lag_id).is_none());
        for id in own {
            let session = &topology.sessions[*id];
            let ends = [session.ends[Side::A].bfd, session.ends[Side::B].bfd];
            add(BfdOf::Session(*id, lag_id), ends, session.name.clone());
        }
        let ends = [lag.ends[Side::A].igp_bfd, lag.ends[Side::B].igp_bfd];
        add(BfdOf::Adjacency(lag_id), ends, lag.name.clone());
        for circuit in &lag.circuits {
            let ends = [lag.ends[Side::A].micro_bfd, lag.ends[Side::B].micro_bfd];
            let name = format!("member/{}", topology.circuits[*circuit].name);
            add(BfdOf::Member(*circuit), ends, name);
        }
    }
    for (id, session) in topology.sessions.iter_ids() {
        let ends = [session.ends[Side::A].bfd, session.ends[Side::B].bfd];
        let of = match session.kind {
            SessionKind::Lan { .. } => BfdOf::Lan(id),
            SessionKind::Internal => BfdOf::Internal(id),
            SessionKind::External(_) => continue,
        };
        if ends.iter().any(Option::is_some) {
            let routers = [session.ends[Side::A].router, session.ends[Side::B].router];
            pairs.push(BfdPair { of, ends, routers, name: session.name.clone() });
        }
    }
    pairs
}

fn riding(topology: &Topology, bfd: &IdVec<BfdId, BfdPair>, lag: LagId) -> Vec<BfdId> {
    let rides = |pair: &BfdPair| match pair.of {
        BfdOf::Session(_, on) | BfdOf::Adjacency(on) => on == lag,
        BfdOf::Lan(session) => topology.lags[lag].sessions.contains(&session),
        BfdOf::Internal(_) | BfdOf::Member(_) => false,
    };
    bfd.iter_ids().filter(|(_, pair)| rides(pair)).map(|(id, _)| id).collect()
}
