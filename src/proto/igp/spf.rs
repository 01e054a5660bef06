//! Shortest paths from one router, with every equal-cost first hop.

mod tree;

use std::sync::Arc;

use tree::Tree;

use super::numbers::Numbers;
use crate::ids::{Id, LagId, RouterId};

/// A link that both of its ends advertise (RFC 2328 §16.1: one that only one end advertises is
/// not used).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The link.
    pub link: LagId,
    /// The routers it joins; links between the same two are told apart by `link`.
    pub ends: [RouterId; 2],
    /// The metric of the first end toward the second, and of the second toward the first.
    pub metrics: [u32; 2],
}

/// How a router is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach<'p> {
    /// The sum of the metrics of a shortest path.
    pub distance: u64,
    /// The first links of all shortest paths, in ascending order; none to the root itself.
    pub first_hops: &'p [LagId],
}

/// How one router reaches the others.
///
/// Most destinations share their first links with many others, so that each costs a few bytes.
#[derive(Clone, Debug)]
pub struct Paths {
    /// All there are, in ascending order.
    routers: Arc<[RouterId]>,
    /// By router, if it is reached.
    distances: Numbers,
    /// By router; which of the sets.
    first_hops: Numbers,
    /// The first is empty. Each is numbered by the first router that has it.
    sets: Vec<Vec<LagId>>,
}

/// More than any sum of metrics.
const UNREACHED: u64 = u64::MAX;

impl Paths {
    /// Of a router that knows none but itself.
    fn alone(root: RouterId) -> Self {
        Self {
            routers: Arc::from([root]),
            distances: Numbers::new(&[0]),
            first_hops: Numbers::new(&[0]),
            sets: vec![Vec::new()],
        }
    }

    /// How a router is reached, if it is.
    #[must_use]
    pub fn get(&self, to: RouterId) -> Option<Reach<'_>> {
        // The routers of a network mostly stand together.
        let first = self.routers.first()?.index();
        let guess = to.index().checked_sub(first).filter(|at| self.routers.get(*at) == Some(&to));
        let place = guess.or_else(|| self.routers.binary_search(&to).ok())?;
        self.reach(place)
    }

    fn reach(&self, place: usize) -> Option<Reach<'_>> {
        let (distance, set) = (self.distances.get(place)?, self.first_hops.get(place)?);
        let set = usize::try_from(set).expect("there are so many sets");
        Some(Reach { distance, first_hops: &self.sets[set] })
    }

    /// All that are reached, in ascending order, the root among them.
    pub fn iter(&self) -> impl Iterator<Item = (RouterId, Reach<'_>)> {
        let all = self.routers.iter().enumerate();
        all.filter_map(|(place, router)| Some((*router, self.reach(place)?)))
    }
}

impl Default for Paths {
    /// Nothing is reached.
    fn default() -> Self {
        Self {
            routers: Arc::from([]),
            distances: Numbers::new(&[]),
            first_hops: Numbers::new(&[]),
            sets: Vec::new(),
        }
    }
}

impl PartialEq for Paths {
    /// Whether the same are reached in the same way.
    fn eq(&self, other: &Self) -> bool {
        if self.routers != other.routers {
            return self.iter().eq(other.iter());
        }
        (&self.distances, &self.first_hops, &self.sets)
            == (&other.distances, &other.first_hops, &other.sets)
    }
}

impl Eq for Paths {}

/// How each router that `root` can reach over `edges` is reached, `root` included.
///
/// The order of `edges` does not matter. Metrics may be zero.
#[must_use]
pub fn spf(root: RouterId, edges: &[Edge]) -> Paths {
    Map::new(edges.iter().map(|edge| (*edge, edge.metrics))).paths(root)
}

/// The links of a network as one graph, for the shortest paths of many roots.
#[derive(Clone, Debug)]
pub struct Map {
    /// By node, in ascending order.
    routers: Arc<[RouterId]>,
    /// Where the hops of each node begin, and where those of the last end.
    begins: Vec<u32>,
    hops: Vec<Hop>,
    /// What the graph was made of, in order of link.
    edges: Vec<Seen>,
}

/// An edge, and its metrics as routers count them that are at neither end.
type Seen = (Edge, [u32; 2]);

/// A router by its place in a map.
type Node = u32;

#[derive(Clone, Copy, Debug)]
struct Hop {
    to: Node,
    link: LagId,
    /// For the router that the hop leaves.
    metric: u32,
    /// For all others.
    crossing: u32,
}

impl Map {
    /// One hop each way for each edge; beside it the metrics that routers count which are not at
    /// that end themselves.
    pub fn new(edges: impl Iterator<Item = (Edge, [u32; 2])>) -> Self {
        let mut edges: Vec<(Edge, [u32; 2])> = edges.collect();
        edges.sort_unstable_by_key(|(edge, _)| edge.link);
        let mut routers: Vec<RouterId> = edges.iter().flat_map(|(edge, _)| edge.ends).collect();
        routers.sort_unstable();
        routers.dedup();
        let node = |router: RouterId| routers.binary_search(&router).expect("it was added");
        let number = |place: usize| u32::try_from(place).expect("input limits keep counts below");
        let mut hops: Vec<(usize, Hop)> = Vec::with_capacity(edges.len() * 2);
        for (Edge { link, ends, metrics }, crossing) in edges.iter().copied() {
            let [a, b] = ends.map(node);
            for (from, to, side) in [(a, b, 0), (b, a, 1)] {
                let (metric, crossing) = (metrics[side], crossing[side]);
                hops.push((from, Hop { to: number(to), link, metric, crossing }));
            }
        }
        hops.sort_by_key(|(from, _)| *from);
        let begin = |node: usize| number(hops.partition_point(|(from, _)| *from < node));
        let begins = (0..=routers.len()).map(begin).collect();
        let hops = hops.into_iter().map(|(_, hop)| hop).collect();
        Self { routers: routers.into(), begins, hops, edges }
    }

    /// Whether shortest paths from a root are those of an older map, to all of whose routers these are
    /// the distances: what is gone was on none of them, and what is new is longer.
    #[must_use]
    pub fn has_paths_of(
        &self,
        old: &Self,
        root: RouterId,
        distance: impl Fn(RouterId) -> Option<u64>,
    ) -> bool {
        let hops = |(edge, crossing): &Seen| {
            let [a, b] = edge.ends;
            let metric = |at: RouterId, side: usize| {
                u64::from(if at == root { edge.metrics[side] } else { crossing[side] })
            };
            [(a, b, metric(a, 0)), (b, a, metric(b, 1))]
        };
        let gone = |edge: &Seen| {
            hops(edge).into_iter().all(|(from, to, metric)| {
                distance(from).is_none_or(|near| distance(to) != Some(near + metric))
            })
        };
        let added = |edge: &Seen| {
            hops(edge).into_iter().all(|(from, to, metric)| {
                let longer = |near: u64| distance(to).is_some_and(|far| near + metric > far);
                distance(from).is_none_or(longer)
            })
        };
        self.changes(old).all(|(was, is)| was.is_none_or(gone) && is.is_none_or(added))
    }

    /// Each edge that is not as in an older map, as it was and as it is.
    fn changes<'a>(
        &'a self,
        old: &'a Self,
    ) -> impl Iterator<Item = (Option<&'a Seen>, Option<&'a Seen>)> {
        let (mut olds, mut news) = (old.edges.iter().peekable(), self.edges.iter().peekable());
        let both = std::iter::from_fn(move || {
            let link = |edge: Option<&&Seen>| edge.map(|(edge, _)| edge.link);
            let next = [link(olds.peek()), link(news.peek())].into_iter().flatten().min()?;
            let was = olds.next_if(|(edge, _)| edge.link == next);
            Some((was, news.next_if(|(edge, _)| edge.link == next)))
        });
        both.filter(|(was, is)| was != is)
    }

    /// The paths from a root, whose paths in an older map are known: if all that has changed is that
    /// links are gone, only what lay behind them is looked at.
    #[must_use]
    pub fn paths_after(&self, root: RouterId, (old, known): (&Self, &Paths)) -> Paths {
        let mut gone = Vec::new();
        for (was, is) in self.changes(old) {
            match (was, is) {
                (Some(was), None) => gone.push(*was),
                (Some(_) | None, Some(_) | None) => return self.paths(root),
            }
        }
        let same = self.routers == old.routers && known.routers == old.routers;
        let start = self.node(root).filter(|_| same);
        let tree = start.and_then(|start| {
            let mut tree = Tree::of(self, start, known)?;
            tree.shrink(self, start, &gone).then_some(tree)
        });
        tree.map_or_else(|| self.paths(root), |tree| tree.paths(self))
    }

    fn node(&self, router: RouterId) -> Option<Node> {
        let place = self.routers.binary_search(&router).ok()?;
        Some(Node::try_from(place).expect("it was numbered"))
    }

    /// How each router that `root` can reach is reached, `root` included.
    #[must_use]
    pub fn paths(&self, root: RouterId) -> Paths {
        let Some(start) = self.node(root) else { return Paths::alone(root) };
        let mut tree = Tree::new(self, start);
        tree.grow(self, start);
        tree.paths(self)
    }

    /// The links of a node, in order.
    fn links(&self, node: Node) -> Vec<LagId> {
        let mut links: Vec<LagId> = self.hops_of(node).iter().map(|hop| hop.link).collect();
        links.sort_unstable();
        links
    }

    fn hops_of(&self, node: Node) -> &[Hop] {
        let begins = [0, 1].map(|more| self.begins[node as usize + more] as usize);
        &self.hops[begins[0]..begins[1]]
    }

    /// Hops from a node: where to, and at what distance from `start` that is.
    fn hops(
        &self,
        start: Node,
        (distance, node): (u64, Node),
    ) -> impl Iterator<Item = (Node, u64, LagId)> {
        self.hops_of(node).iter().map(move |hop| {
            let metric = if node == start { hop.metric } else { hop.crossing };
            (hop.to, distance + u64::from(metric), hop.link)
        })
    }
}

#[cfg(test)]
mod tests;
