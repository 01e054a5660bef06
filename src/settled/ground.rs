//! What BGP and traffic stand on: links, adjacencies and interior routes.
//!
//! # Departures
//! * Overload on start-up has passed, and no adjacency waits for its neighbour.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::Facts;
use super::faults::Physical;
use super::links::Links;
use crate::dataplane::fib::Fib;
use crate::dataplane::specs;
use crate::dataplane::tables::{RouterTable, Tables};
use crate::engine::store::Store;
use crate::ids::{End, IdVec, LagId, NetworkId, RouterId, SessionId, Side};
use crate::model::topology::{LagKind, Weights};
use crate::proto::igp::{self, Edge, IgpKind, Map};

/// Interior routes of one router.
#[derive(Clone, Debug, Default)]
pub(super) struct Interior {
    /// Distance and first links by destination.
    pub(super) to: BTreeMap<RouterId, (u64, Vec<LagId>)>,
    /// First links of loop-free alternates, the best first (RFC 5286).
    pub(super) alternates: BTreeMap<RouterId, Vec<LagId>>,
    /// PNIs and ports that routers it reaches tell are up; `None`: nobody tells, all count.
    pub(super) stubs: Option<BTreeSet<LagId>>,
}

/// Everything below BGP.
#[derive(Clone, Debug)]
pub(super) struct Ground<'f, 't> {
    pub(super) facts: &'f Facts<'t>,
    pub(super) physical: Physical,
    /// Forwarding, without routes.
    pub(super) tables: Tables,
    pub(super) interior: IdVec<RouterId, Interior>,
    adjacent: IdVec<LagId, bool>,
    /// Whether all that is sent inside networks, over LAGs that are up, gets across.
    pub(super) is_clean: bool,
}

/// All of the ground that routing of BGP depends on: equal ones lead to equal routes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Basis {
    /// Which routers run, which forward, which ends of LAGs are up, which links have an adjacency, and
    /// which sessions are up, in this order.
    flags: Vec<bool>,
    /// Rates of LAG ends, where a network weighs by them.
    rates: Vec<u64>,
}

impl<'f, 't> Ground<'f, 't> {
    /// What routing depends on; `None` if it depends on more.
    pub(super) fn basis(&self, sessions: &IdVec<SessionId, bool>) -> Option<Basis> {
        let plain = |table: &RouterTable| table.lost.is_empty() && table.filters.is_empty();
        if !self.tables.routers.iter().all(plain) || !self.tables.severed.is_empty() {
            return None;
        }
        let routers = self.physical.running.iter().chain(&self.physical.hung).copied();
        let ends = self.tables.lags.iter().flat_map(|both| both.each_ref().map(|end| end.up));
        let rest = self.adjacent.iter().chain(sessions).copied();
        let networks = &self.facts.topology.networks;
        let weighs = networks.iter().any(|network| network.weights == Weights::Bandwidth);
        let lags = self.facts.topology.lags.ids().filter(|_| weighs);
        let rate = |lag| Side::BOTH.map(|side| self.tables.lag_capacity(lag, side).as_bps());
        Some(Basis {
            flags: routers.chain(ends).chain(rest).collect(),
            rates: lags.flat_map(rate).collect(),
        })
    }

    pub(super) fn new(facts: &'f Facts<'t>, physical: Physical) -> Self {
        let tables = tables(facts, &physical);
        let topology = facts.topology;
        let mut ground = Self {
            facts,
            physical,
            tables,
            interior: topology.routers.iter().map(|_| Interior::default()).collect(),
            adjacent: topology.lags.iter().map(|_| false).collect(),
            is_clean: false,
        };
        for lag in topology.lags.ids() {
            ground.adjacent[lag] = ground.is_adjacent(lag);
        }
        ground.prune();
        ground.is_clean = ground.all_gets_across();
        let mut maps: BTreeMap<NetworkId, Map> = BTreeMap::new();
        for (router, at) in topology.routers.iter_ids() {
            if ground.physical.running[router] {
                let map = maps.entry(at.network).or_insert_with(|| ground.map(at.network));
                let to = ground.distances(router, map);
                ground.interior[router] = ground.complete(router, to);
            }
        }
        ground
    }

    pub(super) fn is_running(&self, router: RouterId) -> bool {
        self.physical.running[router]
    }

    /// Whether a packet of the flow with this hash gets across a LAG from one of its sides.
    pub(super) fn crosses(&self, lag: LagId, side: Side, hash: u64) -> bool {
        let end = &self.tables.lags[lag][side];
        let count = end.distributing.len() as u64;
        if !end.up || count == 0 {
            return false;
        }
        let index = usize::try_from(hash % count).expect("less than the number of members");
        self.tables.member_delivers(lag, side, end.distributing[index])
    }

    fn network_of(&self, lag: LagId) -> NetworkId {
        self.facts.topology.routers[self.tables.ends[lag][Side::A]].network
    }

    /// Whether both ends of a link hear each other's hellos, and BFD where both run it (RFC 6213).
    fn is_adjacent(&self, id: LagId) -> bool {
        let topology = self.facts.topology;
        let lag = &topology.lags[id];
        let kind = topology.networks[self.network_of(id)].igp.kind;
        if lag.kind != LagKind::Link || kind == IgpKind::Static {
            return false;
        }
        let hears = |which: usize| {
            let hash = |side| self.facts.adjacency_hash[End::new(id, side)][which];
            Side::BOTH
                .into_iter()
                .all(|side| self.tables.lags[id][side].up && self.crosses(id, side, hash(side)))
        };
        let watched = lag.ends.iter().all(|end| end.igp_bfd.is_some());
        hears(0) && (!watched || hears(1))
    }

    /// Some forwarding leaves out neighbours that no longer answer (RFC 4861 §7.3).
    fn prune(&mut self) {
        let topology = self.facts.topology;
        for (id, lag) in topology.lags.iter_ids() {
            if matches!(lag.kind, LagKind::Port(_)) {
                continue;
            }
            let both = Side::BOTH.into_iter().all(|side| self.any_crosses(id, side));
            for side in Side::BOTH {
                let router = lag.ends[side].router;
                let asks = !topology.routers[router].prune_unreachable.is_zero();
                if asks && self.tables.lags[id][side].up && !both {
                    self.tables.routers.edit(router).lost.insert(id);
                }
            }
        }
    }

    /// Whether some member carries what a side of a LAG sends.
    pub(super) fn any_crosses(&self, lag: LagId, side: Side) -> bool {
        let end = &self.tables.lags[lag][side];
        end.up && end.distributing.iter().any(|c| self.tables.member_delivers(lag, side, *c))
    }

    /// Whether every member does.
    pub(super) fn all_cross(&self, lag: LagId, side: Side) -> bool {
        let end = &self.tables.lags[lag][side];
        end.up && end.distributing.iter().all(|c| self.tables.member_delivers(lag, side, *c))
    }

    fn all_gets_across(&self) -> bool {
        let fine = |lag: LagId| {
            let side = |side: Side| !self.tables.lags[lag][side].up || self.all_cross(lag, side);
            Side::BOTH.into_iter().all(side)
        };
        let lost = self.tables.routers.iter().all(|router| router.lost.is_empty() && !router.hung);
        lost && self.facts.inside.iter().all(|lag| fine(*lag))
    }

    fn edge(&self, link: LagId) -> Edge {
        let ends = &self.facts.topology.lags[link].ends;
        Edge {
            link,
            ends: ends.each_ref().map(|end| end.router),
            metrics: ends.each_ref().map(|end| end.metric),
        }
    }

    /// The links of a network that both ends tell of.
    fn edges(&self, network: NetworkId) -> impl Iterator<Item = Edge> {
        let known = self
            .adjacent
            .iter_ids()
            .filter(move |(id, adjacent)| **adjacent && self.network_of(*id) == network);
        known.map(|(id, _)| self.edge(id))
    }

    fn map(&self, network: NetworkId) -> Map {
        Map::new(self.edges(network).map(|edge| (edge, edge.metrics)))
    }

    /// The links that a router knows of which runs no protocol: all but its own that are down.
    fn configured(&self, router: RouterId) -> Vec<Edge> {
        let topology = self.facts.topology;
        let network = topology.routers[router].network;
        let usable = topology.lags.iter_ids().filter(|(id, lag)| {
            let down =
                |side: Side| lag.ends[side].router == router && !self.tables.lags[*id][side].up;
            lag.kind == LagKind::Link
                && self.network_of(*id) == network
                && !Side::BOTH.into_iter().any(down)
        });
        usable.map(|(id, _)| self.edge(id)).collect()
    }

    pub(super) fn is_static(&self, router: RouterId) -> bool {
        let topology = self.facts.topology;
        topology.networks[topology.routers[router].network].igp.kind == IgpKind::Static
    }

    fn distances(&self, router: RouterId, map: &Map) -> BTreeMap<RouterId, (u64, Vec<LagId>)> {
        let paths = if self.is_static(router) {
            igp::spf(router, &self.configured(router))
        } else {
            map.paths(router)
        };
        let reached = paths.iter().filter(|(_, reach)| !reach.first_hops.is_empty());
        reached.map(|(to, reach)| (to, (reach.distance, reach.first_hops.to_vec()))).collect()
    }

    /// The rest of a router's interior routes.
    fn complete(&self, router: RouterId, to: BTreeMap<RouterId, (u64, Vec<LagId>)>) -> Interior {
        let topology = self.facts.topology;
        let network = topology.routers[router].network;
        let is_static = self.is_static(router);
        let alternates = topology.networks[network].igp.frr.map_or_else(BTreeMap::new, |_| {
            let edges =
                if is_static { self.configured(router) } else { self.edges(network).collect() };
            igp::alternates(router, &edges, &BTreeSet::new(), |lag| self.facts.names.lags[lag])
        });
        let stubs = || {
            let ends = to.keys().flat_map(|reached| &self.facts.lags_at[*reached]);
            let told = ends.filter(|end| {
                topology.lags[end.of].kind != LagKind::Link && self.tables.lags[end.of][end.side].up
            });
            told.map(|end| end.of).collect()
        };
        let stubs = (!is_static).then(stubs);
        Interior { to, alternates, stubs }
    }
}

/// Forwarding with no routes.
fn tables(facts: &Facts<'_>, physical: &Physical) -> Tables {
    let topology = facts.topology;
    let Links { circuits, lags } = Links::of(topology, physical);
    let table = |router: RouterId| RouterTable {
        up: physical.running[router],
        hung: physical.hung[router],
        stateful: topology.routers[router].stateful,
        lost: BTreeSet::new(),
        filters: BTreeSet::new(),
        fib: Fib::new(facts.groups.len()),
    };
    let mut routers: Store<RouterId, RouterTable> = topology.routers.ids().map(table).collect();
    for (id, group) in facts.groups.iter_ids() {
        for router in &group.served_by {
            routers.edit(*router).fib.serve(id, true);
        }
    }
    Tables {
        routers,
        lags,
        ends: topology.lags.iter().map(|l| [l.ends[0].router, l.ends[1].router]).collect(),
        shaping: topology.lags.iter().map(|l| l.ends.each_ref().map(specs::shaping)).collect(),
        members: topology.lags.iter().map(|lag| lag.circuits.clone()).collect(),
        circuits,
        covers: facts.groups.iter().map(|group| group.cover).collect(),
        severed: BTreeSet::new(),
        names: facts.names.clone(),
    }
}
