//! Interior routes, worked out as they are asked for.
//!
//! What is asked is how far it is from some router to one of few: the border routers that routes
//! lead to. So where all know the same map, the tree of shortest paths *toward* a router answers for
//! all others at once; and in a network in which something has failed it is that of the whole one,
//! unless what has gone was on it. Where each knows its own links only, and where metrics may be
//! zero, each router's own tree is worked out by [`igp::Map`].

use std::cell::OnceCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::Arc;

use petgraph::unionfind::UnionFind;

use super::facts::Facts;
use super::ground::Ground;
use crate::ids::{End, Id, IdVec, LagId, NetworkId, RouterId, Side};
use crate::model::topology::LagKind;
use crate::proto::igp::{self, Edge, IgpKind, Map};

/// Distances to one router, by router.
#[derive(Debug)]
pub(super) struct Toward(Vec<u64>);

/// More than any distance.
const FAR: u64 = u64::MAX;

/// Distance and first links by destination, from one router.
type From = BTreeMap<RouterId, (u64, Vec<LagId>)>;

/// What was worked out so far.
#[derive(Debug)]
pub(super) struct Interior<'w> {
    /// The whole network, as far as trees of it are known.
    whole: Option<&'w Trees>,
    /// Whether every router's own tree is worked out, wherever it is.
    rooted: bool,
    from: IdVec<RouterId, OnceCell<From>>,
    toward: IdVec<RouterId, OnceCell<Arc<Toward>>>,
    alternates: IdVec<RouterId, OnceCell<BTreeMap<RouterId, Vec<LagId>>>>,
    maps: IdVec<NetworkId, OnceCell<Map>>,
    parts: OnceCell<Vec<usize>>,
}

/// Trees of the whole network.
#[derive(Debug)]
pub(super) struct Trees {
    pub(super) adjacent: IdVec<LagId, bool>,
    toward: IdVec<RouterId, Option<Arc<Toward>>>,
    parts: Vec<usize>,
}

impl<'w> Interior<'w> {
    /// Nothing yet; beside the trees of the whole network, if they may answer.
    pub(super) fn new(facts: &Facts<'_>, whole: Option<&'w Trees>, rooted: bool) -> Self {
        fn empty<I: Id, T>(count: usize) -> IdVec<I, OnceCell<T>> {
            (0..count).map(|_| OnceCell::new()).collect()
        }
        let routers = facts.topology.routers.len();
        Self {
            whole,
            rooted,
            from: empty(routers),
            toward: empty(routers),
            alternates: empty(routers),
            maps: empty(facts.topology.networks.len()),
            parts: OnceCell::new(),
        }
    }
}

impl Ground<'_, '_> {
    /// Interior distance to another router, if there is a way.
    pub(super) fn distance(&self, router: RouterId, to: RouterId) -> Option<u64> {
        if self.is_rooted(router) {
            return self.from(router).get(&to).map(|(distance, _)| *distance);
        }
        if router == to || !self.knows(router, to) {
            return None;
        }
        let distance = self.toward(to).0[router.index()];
        (distance != FAR).then_some(distance)
    }

    /// The first links of all shortest ways to another router, in order.
    pub(super) fn links_toward(&self, router: RouterId, to: RouterId) -> Vec<LagId> {
        if self.is_rooted(router) {
            return self.from(router).get(&to).map_or_else(Vec::new, |(_, links)| links.clone());
        }
        if router == to || !self.knows(router, to) {
            return Vec::new();
        }
        self.first_links_on(router, self.toward(to), &self.adjacent)
    }

    /// Whether interior routing leads to another router.
    pub(super) fn knows(&self, router: RouterId, to: RouterId) -> bool {
        if self.is_rooted(router) {
            return self.from(router).contains_key(&to);
        }
        let parts = self.parts();
        router != to && self.is_running(router) && parts[router.index()] == parts[to.index()]
    }

    /// Whether a router is told that a PNI or port of its network is up; of which nobody tells, all
    /// count.
    pub(super) fn is_told(&self, router: RouterId, lag: LagId) -> bool {
        let topology = self.facts.topology;
        let tells = |side: Side| {
            let at = topology.lags[lag].ends[side].router;
            self.tables.lags[lag][side].up && self.knows(router, at)
        };
        self.is_static(router)
            || !self.is_running(router)
            || topology.lags[lag].kind != LagKind::Link && Side::BOTH.into_iter().any(tells)
    }

    /// First links of loop-free alternates to another router, the best first (RFC 5286).
    pub(super) fn alternates(&self, router: RouterId, to: RouterId) -> &[LagId] {
        let topology = self.facts.topology;
        let network = topology.routers[router].network;
        if topology.networks[network].igp.frr.is_none() || !self.is_running(router) {
            return &[];
        }
        let all = self.interior.alternates[router].get_or_init(|| {
            let edges = if self.is_static(router) {
                self.configured(router)
            } else {
                self.edges(network).collect()
            };
            igp::alternates(router, &edges, &BTreeSet::new(), |lag| self.facts.names.lags[lag])
        });
        all.get(&to).map_or(&[], |links| links)
    }

    /// What may answer for failures of this network: the trees that were asked for.
    pub(super) fn trees(&self) -> Trees {
        let kept = |cell: &OnceCell<Arc<Toward>>| cell.get().cloned();
        Trees {
            adjacent: self.adjacent.clone(),
            toward: self.interior.toward.iter().map(kept).collect(),
            parts: self.parts().to_vec(),
        }
    }

    /// Whether the same routers reach each other as in the whole network.
    pub(super) fn has_parts_of(&self, whole: &Trees) -> bool {
        self.parts() == whole.parts
    }

    /// The routers whose distance, or first links, to any router that was asked for are others
    /// than in the whole network.
    pub(super) fn moved(&self, whole: &Trees) -> BTreeSet<RouterId> {
        let mut moved = BTreeSet::new();
        for (to, old) in whole.toward.iter_ids() {
            let Some(old) = old else { continue };
            let new = self.toward(to);
            if Arc::ptr_eq(old, new) {
                continue;
            }
            let network = self.facts.topology.routers[to].network;
            for router in &self.facts.routers_of[network] {
                let at = router.index();
                let same = old.0[at] == new.0[at]
                    && (new.0[at] == FAR
                        || self.first_links_on(*router, old, &whole.adjacent)
                            == self.first_links_on(*router, new, &self.adjacent));
                if !same {
                    moved.insert(*router);
                }
            }
        }
        moved
    }

    /// Whether each router's own tree is worked out.
    pub(super) fn is_rooted(&self, router: RouterId) -> bool {
        self.interior.rooted || self.facts.rooted[self.facts.topology.routers[router].network]
    }

    fn first_links_on(
        &self,
        router: RouterId,
        toward: &Toward,
        adjacent: &IdVec<LagId, bool>,
    ) -> Vec<LagId> {
        let own = toward.0[router.index()];
        let hops = self.facts.hops_at[router].iter().filter(|hop| {
            let rest = toward.0[hop.to.index()];
            adjacent[hop.link] && rest != FAR && rest + u64::from(hop.out) == own
        });
        hops.map(|hop| hop.link).collect()
    }

    /// The tree toward a router: that of the whole network, if what has gone was not on it.
    fn toward(&self, to: RouterId) -> &Arc<Toward> {
        self.interior.toward[to].get_or_init(|| {
            let whole =
                self.interior.whole.and_then(|whole| Some((whole, whole.toward[to].as_ref()?)));
            match whole {
                Some((whole, old)) if self.is_off(whole, old, to) => Arc::clone(old),
                Some(_) | None => Arc::new(self.dijkstra(to)),
            }
        })
    }

    /// Whether all differences to the whole network are links that have gone and that no shortest way
    /// to a router took.
    fn is_off(&self, whole: &Trees, old: &Toward, to: RouterId) -> bool {
        let network = self.facts.topology.routers[to].network;
        self.changed.iter().all(|link| {
            let (was, is) = (whole.adjacent[*link], self.adjacent[*link]);
            if was == is || self.network_of(*link) != network {
                return true;
            }
            let Edge { ends, metrics, .. } = self.edge(*link);
            let [a, b] = ends.map(|end| old.0[end.index()]);
            let is_on = |near: u64, far: u64, metric: u32| {
                far != FAR && near == far.saturating_add(u64::from(metric))
            };
            was && !is_on(a, b, metrics[0]) && !is_on(b, a, metrics[1])
        })
    }

    /// Dijkstra's algorithm against the direction of travel.
    fn dijkstra(&self, to: RouterId) -> Toward {
        let mut distances = vec![FAR; self.facts.topology.routers.len()];
        let mut waiting = BinaryHeap::from([Reverse((0, to))]);
        distances[to.index()] = 0;
        while let Some(Reverse((distance, router))) = waiting.pop() {
            if distances[router.index()] != distance {
                continue;
            }
            for hop in self.facts.hops_at[router].iter().filter(|hop| self.adjacent[hop.link]) {
                let through = distance + u64::from(hop.back);
                let known = &mut distances[hop.to.index()];
                if through < *known {
                    *known = through;
                    waiting.push(Reverse((through, hop.to)));
                }
            }
        }
        Toward(distances)
    }

    /// Routers that reach each other over links with an adjacency have equal numbers.
    fn parts(&self) -> &[usize] {
        self.interior.parts.get_or_init(|| {
            if let Some(whole) = self.interior.whole
                && self.changed.iter().all(|link| whole.adjacent[*link] == self.adjacent[*link])
            {
                return whole.parts.clone();
            }
            let count = self.facts.topology.routers.len();
            let mut sets = UnionFind::new(count);
            for (link, _) in self.adjacent.iter_ids().filter(|(_, adjacent)| **adjacent) {
                let [a, b] = self.edge(link).ends.map(Id::index);
                sets.union(a, b);
            }
            // The first of each part stands for it, whatever the order of links.
            let mut firsts = vec![usize::MAX; count];
            let label = |(router, part): (usize, usize)| {
                firsts[part] = firsts[part].min(router);
                firsts[part]
            };
            sets.into_labeling().into_iter().enumerate().map(label).collect()
        })
    }

    fn from(&self, router: RouterId) -> &From {
        self.interior.from[router].get_or_init(|| {
            if !self.is_running(router) {
                return From::new();
            }
            let network = self.facts.topology.routers[router].network;
            let paths = if self.is_static(router) {
                igp::spf(router, &self.configured(router))
            } else {
                self.interior.maps[network].get_or_init(|| self.map(network)).paths(router)
            };
            let reached = paths.iter().filter(|(_, reach)| !reach.first_hops.is_empty());
            reached.map(|(to, reach)| (to, (reach.distance, reach.first_hops.to_vec()))).collect()
        })
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
}

/// A link as a way from a router to its neighbour.
#[derive(Clone, Copy, Debug)]
pub(super) struct HopFact {
    link: LagId,
    to: RouterId,
    /// The metric from the router.
    out: u32,
    /// The metric back to it.
    back: u32,
}

/// The links inside networks at each router, in order.
pub(super) fn hops_at(facts: &Facts<'_>) -> IdVec<RouterId, Vec<HopFact>> {
    let topology = facts.topology;
    let hop = |end: &End<LagId>| {
        let lag = &topology.lags[end.of];
        let (near, far) = (&lag.ends[end.side], &lag.ends[end.side.other()]);
        (lag.kind == LagKind::Link).then_some(HopFact {
            link: end.of,
            to: far.router,
            out: near.metric,
            back: far.metric,
        })
    };
    facts.lags_at.iter().map(|ends| ends.iter().filter_map(hop).collect()).collect()
}
