//! Shortest paths from one router, with every equal-cost first hop.

use std::collections::BTreeMap;
use std::sync::Arc;

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
    edges: Vec<(Edge, [u32; 2])>,
}

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
        let hops = |(edge, crossing): &(Edge, [u32; 2])| {
            let [a, b] = edge.ends;
            let metric = |at: RouterId, side: usize| {
                u64::from(if at == root { edge.metrics[side] } else { crossing[side] })
            };
            [(a, b, metric(a, 0)), (b, a, metric(b, 1))]
        };
        let gone = |edge| {
            hops(edge).into_iter().all(|(from, to, metric)| {
                distance(from).is_none_or(|near| distance(to) != Some(near + metric))
            })
        };
        let added = |edge| {
            hops(edge).into_iter().all(|(from, to, metric)| {
                let longer = |near: u64| distance(to).is_some_and(|far| near + metric > far);
                distance(from).is_none_or(longer)
            })
        };
        let (mut olds, mut news) = (old.edges.iter().peekable(), self.edges.iter().peekable());
        loop {
            let link = |edge: Option<&&(Edge, [u32; 2])>| edge.map(|(edge, _)| edge.link);
            let next = [link(olds.peek()), link(news.peek())].into_iter().flatten().min();
            let Some(next) = next else { return true };
            let was = olds.next_if(|(edge, _)| edge.link == next);
            let is = news.next_if(|(edge, _)| edge.link == next);
            if was != is && !(was.is_none_or(gone) && is.is_none_or(added)) {
                return false;
            }
        }
    }

    fn node(&self, router: RouterId) -> Option<Node> {
        let place = self.routers.binary_search(&router).ok()?;
        Some(Node::try_from(place).expect("it was numbered"))
    }

    /// How each router that `root` can reach is reached, `root` included.
    #[must_use]
    pub fn paths(&self, root: RouterId) -> Paths {
        let Some(start) = self.node(root) else { return Paths::alone(root) };
        let mut links: Vec<LagId> = self.hops_of(start).iter().map(|hop| hop.link).collect();
        links.sort_unstable();
        let mut tree = Tree::new(self.routers.len(), links);
        tree.grow(self, start);
        let (first_hops, sets) = tree.first_hops.shared(&tree.links);
        Paths {
            routers: Arc::clone(&self.routers),
            distances: Numbers::new(&tree.distances),
            first_hops: Numbers::new(&first_hops),
            sets,
        }
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

/// The shortest paths from one router.
struct Tree {
    distances: Vec<u64>,
    /// The links of the root, in order.
    links: Vec<LagId>,
    /// Which of them are the first of shortest paths to each node.
    first_hops: Sets,
}

impl Tree {
    fn new(nodes: usize, links: Vec<LagId>) -> Self {
        let first_hops = Sets::new(nodes, links.len());
        Self { distances: vec![UNREACHED; nodes], links, first_hops }
    }

    /// Dijkstra's algorithm. In the order of distance, a router's first hops are complete before they
    /// are passed on, unless some are still to come from a router at distance zero from it.
    fn grow(&mut self, map: &Map, start: Node) {
        let mut waiting = Waiting::default();
        let mut flat = false;
        waiting.push(0, start);
        self.distances[start as usize] = 0;
        while let Some((distance, node)) = waiting.pop() {
            if self.distances[node as usize] != distance {
                continue;
            }
            for (next, through, link) in map.hops(start, (distance, node)) {
                let known = self.distances[next as usize];
                if through > known || next == start || next == node {
                    continue;
                }
                if through < known {
                    self.distances[next as usize] = through;
                    self.first_hops.clear(next);
                    waiting.push(through, next);
                }
                self.pass_on(start, (node, next), link);
                flat |= through == distance;
            }
        }
        if flat {
            self.complete(map, start);
        }
    }

    /// Passes first hops on until nobody learns of more.
    fn complete(&mut self, map: &Map, start: Node) {
        let nodes = (0..).zip(&self.distances).filter(|(_, distance)| **distance != UNREACHED);
        let mut order: Vec<(u64, Node)> = nodes.map(|(node, distance)| (*distance, node)).collect();
        order.sort_unstable();
        let mut again = true;
        while std::mem::take(&mut again) {
            for (distance, node) in &order {
                for (next, through, link) in map.hops(start, (*distance, *node)) {
                    if self.distances[next as usize] == through && next != start && next != *node {
                        again |= self.pass_on(start, (*node, next), link) && through == *distance;
                    }
                }
            }
        }
    }

    /// A node on whose shortest path a link is learns of first hops; whether any is new to it.
    fn pass_on(&mut self, start: Node, (node, next): (Node, Node), link: LagId) -> bool {
        if node == start {
            let place = self.links.binary_search(&link).expect("the root's own link");
            self.first_hops.add(next, place)
        } else {
            self.first_hops.unite(next, node)
        }
    }
}

/// Nodes that wait by distance, where none comes nearer than the last that was taken: a radix heap
/// (Ahuja, Mehlhorn, Orlin and Tarjan, "Faster Algorithms for the Shortest Path Problem", 1990).
#[derive(Debug, Default)]
struct Waiting {
    /// By the highest bit in which a distance differs from the last one taken.
    buckets: Vec<Vec<(u64, Node)>>,
    last: u64,
}

impl Waiting {
    fn push(&mut self, distance: u64, node: Node) {
        let bucket = (u64::BITS - (distance ^ self.last).leading_zeros()) as usize;
        if self.buckets.len() <= bucket {
            self.buckets.resize(bucket + 1, Vec::new());
        }
        self.buckets[bucket].push((distance, node));
    }

    fn pop(&mut self) -> Option<(u64, Node)> {
        let bucket = self.buckets.iter().position(|bucket| !bucket.is_empty())?;
        if bucket == 0 {
            return self.buckets[0].pop();
        }
        let mut nearest = std::mem::take(&mut self.buckets[bucket]);
        self.last = nearest.iter().map(|(distance, _)| *distance).min()?;
        for (distance, node) in nearest.drain(..) {
            self.push(distance, node);
        }
        self.buckets[bucket] = nearest;
        self.buckets[0].pop()
    }
}

/// For each node a set of small numbers.
struct Sets {
    /// Bits, so many words a node.
    bits: Vec<u64>,
    words: usize,
}

impl Sets {
    fn new(nodes: usize, numbers: usize) -> Self {
        let words = numbers.div_ceil(64).max(1);
        Self { bits: vec![0; nodes * words], words }
    }

    /// The set of a node is empty again.
    fn clear(&mut self, node: Node) {
        self.bits[node as usize * self.words..][..self.words].fill(0);
    }

    /// Adds a number to the set of a node; whether it was not in it.
    fn add(&mut self, node: Node, number: usize) -> bool {
        let word = &mut self.bits[node as usize * self.words + number / 64];
        let more = *word | 1 << (number % 64);
        std::mem::replace(word, more) != more
    }

    /// Adds all of another node's; whether any was not in it.
    fn unite(&mut self, node: Node, other: Node) -> bool {
        let mut any = false;
        for word in 0..self.words {
            let passed = self.bits[other as usize * self.words + word];
            let known = &mut self.bits[node as usize * self.words + word];
            any |= passed & !*known != 0;
            *known |= passed;
        }
        any
    }

    /// Those of `all` that are in each set, equal sets once: which of them is that of each node, and
    /// the sets. The first is empty.
    fn shared(&self, all: &[LagId]) -> (Vec<u64>, Vec<Vec<LagId>>) {
        let mut sets = vec![Vec::new()];
        let mut known: BTreeMap<&[u64], u64> = BTreeMap::new();
        let none = vec![0; self.words];
        known.insert(&none, 0);
        let mut which = Vec::with_capacity(self.bits.len() / self.words);
        let mut last = (&none[..], 0);
        for words in self.bits.chunks(self.words) {
            if last.0 != words {
                let number = *known.entry(words).or_insert_with(|| {
                    sets.push(picked(words, all));
                    sets.len() as u64 - 1
                });
                last = (words, number);
            }
            which.push(last.1);
        }
        (which, sets)
    }
}

/// Those of `all` at the places whose bits are set, in order.
fn picked(words: &[u64], all: &[LagId]) -> Vec<LagId> {
    let mut picked = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let mut left = *word;
        while left != 0 {
            picked.push(all[at * 64 + left.trailing_zeros() as usize]);
            left &= left - 1;
        }
    }
    picked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Draws;

    fn r(index: usize) -> RouterId {
        RouterId::from_index(index)
    }

    fn l(index: usize) -> LagId {
        LagId::from_index(index)
    }

    fn edge(link: usize, a: usize, b: usize, metrics: [u32; 2]) -> Edge {
        Edge { link: l(link), ends: [r(a), r(b)], metrics }
    }

    /// Distance and first links, by router.
    type All = BTreeMap<RouterId, (u64, Vec<LagId>)>;

    fn reach(distance: u64, first_hops: &[usize]) -> (u64, Vec<LagId>) {
        (distance, first_hops.iter().map(|hop| l(*hop)).collect())
    }

    fn all(root: usize, edges: &[Edge]) -> All {
        let paths = spf(r(root), edges);
        let one = |(to, reach): (RouterId, Reach<'_>)| {
            assert_eq!(paths.get(to), Some(reach));
            (to, (reach.distance, reach.first_hops.to_vec()))
        };
        paths.iter().map(one).collect()
    }

    #[test]
    fn all_equal_cost_first_hops_are_kept() {
        // A square 0-1-3, 0-2-3 of metric 10, its last side doubled, and a long way 0-3.
        let edges = [
            edge(4, 0, 1, [10, 10]),
            edge(1, 0, 2, [10, 10]),
            edge(2, 1, 3, [10, 10]),
            edge(3, 2, 3, [10, 10]),
            edge(0, 0, 1, [10, 10]),
            edge(5, 0, 3, [21, 21]),
        ];
        let paths = all(0, &edges);
        assert_eq!(paths[&r(0)], reach(0, &[]));
        assert_eq!(paths[&r(1)], reach(10, &[0, 4]));
        assert_eq!(paths[&r(2)], reach(10, &[1]));
        assert_eq!(paths[&r(3)], reach(20, &[0, 1, 4]));
    }

    #[test]
    fn the_metric_counts_in_the_direction_of_travel() {
        let edges = [edge(0, 0, 1, [5, 50]), edge(1, 2, 1, [7, 70])];
        assert_eq!(all(0, &edges)[&r(2)], reach(75, &[0]));
        assert_eq!(all(2, &edges)[&r(0)], reach(57, &[1]));
    }

    #[test]
    fn what_cannot_be_reached_is_absent() {
        let edges = [edge(0, 1, 2, [1, 1])];
        assert_eq!(all(0, &edges), All::from([(r(0), reach(0, &[]))]));
        assert_eq!(all(1, &edges).get(&r(0)), None);
        assert_eq!(spf(r(1), &edges).get(r(3)), None);
    }

    #[test]
    fn distances_do_not_overflow_a_metric() {
        let far = [u32::MAX, u32::MAX];
        let edges = [edge(0, 0, 1, far), edge(1, 1, 2, far)];
        assert_eq!(all(0, &edges)[&r(2)].0, 2 * u64::from(u32::MAX));
    }

    /// Walks every simple path onward from `path`'s last router and notes the best of them.
    fn explore(
        edges: &[Edge],
        path: &mut Vec<RouterId>,
        (distance, first): (u64, Option<LagId>),
        best: &mut All,
    ) {
        let here = *path.last().expect("it starts at the root");
        let known = best.entry(here).or_insert((distance, Vec::new()));
        if distance < known.0 {
            *known = (distance, Vec::new());
        }
        if let Some(first) = first.filter(|_| distance == known.0) {
            known.1.push(first);
        }
        for edge in edges {
            for (from, to) in [(0, 1), (1, 0)] {
                if edge.ends[from] == here && !path.contains(&edge.ends[to]) {
                    path.push(edge.ends[to]);
                    let next = distance + u64::from(edge.metrics[from]);
                    explore(edges, path, (next, Some(first.unwrap_or(edge.link))), best);
                    path.pop();
                }
            }
        }
    }

    /// Takes each edge away and puts it back; how often that is said to change nothing, which must be
    /// true.
    fn without_each(edges: &[Edge], paths: &Paths) -> usize {
        let map = |edges: &[Edge]| Map::new(edges.iter().map(|edge| (*edge, edge.metrics)));
        let mut skipped = 0;
        for place in 0..edges.len() {
            let mut fewer = edges.to_vec();
            fewer.remove(place);
            let less = spf(r(0), &fewer);
            let of = |paths: &Paths, at| paths.get(at).map(|reach| reach.distance);
            let (all, fewer) = (map(edges), map(&fewer));
            for same in [
                fewer.has_paths_of(&all, r(0), |at| of(paths, at)),
                all.has_paths_of(&fewer, r(0), |at| of(&less, at)),
            ] {
                assert!(!same || less == *paths, "{edges:?} without {place}");
                skipped += usize::from(same);
            }
        }
        skipped
    }

    #[test]
    fn random_graphs_have_the_paths_that_trying_all_of_them_finds() {
        let (mut several, mut skipped) = (0, 0);
        for seed in 0..400 {
            let draws = Draws::new(seed, "graph");
            let draw = |n: usize, bound: u64| {
                let n = u64::try_from(n).expect("small");
                usize::try_from(draws.index_below(n, bound)).expect("small")
            };
            let (routers, links) = (2 + draw(0, 5), draw(1, 10));
            // Metrics 0 to 3: many ties, and links that cost nothing.
            let metric = |n: usize| u32::try_from(draw(n, 4)).expect("small");
            let bound = u64::try_from(routers).expect("small");
            let edges: Vec<Edge> = (0..links)
                .map(|link| {
                    let n = 10 * (link + 1);
                    let a = draw(n, bound);
                    let b = (a + 1 + draw(n + 1, bound - 1)) % routers;
                    edge(link, a, b, [metric(n + 2), metric(n + 3)])
                })
                .collect();
            let mut expected = All::new();
            explore(&edges, &mut vec![r(0)], (0, None), &mut expected);
            for (_, first_hops) in expected.values_mut() {
                first_hops.sort_unstable();
                first_hops.dedup();
                several += usize::from(first_hops.len() > 1);
            }
            assert_eq!(all(0, &edges), expected, "{edges:?}");
            skipped += without_each(&edges, &spf(r(0), &edges));
            let backward: Vec<Edge> = edges.iter().rev().copied().collect();
            assert_eq!(all(0, &backward), expected, "in whatever order");
        }
        assert!(several > 100, "ties were tried: {several}");
        assert!(skipped > 400, "links that no path takes were tried: {skipped}");
    }
}
