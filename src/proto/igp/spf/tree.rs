//! The tree of shortest paths from one router: how it grows, and what becomes of it when links go.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Map, Node, Paths, Seen, UNREACHED};
use crate::ids::LagId;
use crate::proto::igp::numbers::Numbers;

/// The shortest paths from one router.
pub(super) struct Tree {
    distances: Vec<u64>,
    /// The links of the root, in order.
    links: Vec<LagId>,
    /// Which of them are the first of shortest paths to each node.
    first_hops: Sets,
}

impl Tree {
    pub(super) fn new(map: &Map, start: Node) -> Self {
        let (nodes, links) = (map.routers.len(), map.links(start));
        let first_hops = Sets::new(nodes, links.len());
        Self { distances: vec![UNREACHED; nodes], links, first_hops }
    }

    /// One of paths that are known from a map of the same routers; links of the root that are gone are
    /// left out.
    pub(super) fn of(map: &Map, start: Node, known: &Paths) -> Option<Self> {
        let mut tree = Self::new(map, start);
        let bits = |set: &Vec<LagId>| {
            let mut bits = vec![0; tree.first_hops.words];
            for place in set.iter().filter_map(|link| tree.links.binary_search(link).ok()) {
                bits[place / 64] |= 1 << (place % 64);
            }
            bits
        };
        let sets: Vec<Vec<u64>> = known.sets.iter().map(bits).collect();
        let words = tree.first_hops.words;
        for (place, distance) in tree.distances.iter_mut().enumerate() {
            *distance = known.distances.get(place).unwrap_or(UNREACHED);
            let set = usize::try_from(known.first_hops.get(place)?).ok()?;
            tree.first_hops.bits[place * words..][..words].copy_from_slice(&sets[set]);
        }
        Some(tree)
    }

    /// What it comes to.
    pub(super) fn paths(self, map: &Map) -> Paths {
        let (first_hops, sets) = self.first_hops.shared(&self.links);
        Paths {
            routers: Arc::clone(&map.routers),
            distances: Numbers::new(&self.distances),
            first_hops: Numbers::new(&first_hops),
            sets,
        }
    }

    /// Links that the tree was made with are gone from a map: finds what lay behind them anew. Whether
    /// it did: not if metrics of zero are in the way.
    pub(super) fn shrink(&mut self, map: &Map, start: Node, gone: &[Seen]) -> bool {
        let Some((all, behind)) = self.behind(map, start, gone) else { return false };
        for node in &all {
            self.distances[*node as usize] = UNREACHED;
            self.first_hops.clear(*node);
        }
        let mut waiting = Waiting::default();
        for node in &all {
            for hop in map.hops_of(*node).iter().filter(|hop| !behind[hop.to as usize]) {
                let near = self.distances[hop.to as usize];
                if near == UNREACHED {
                    continue;
                }
                let back = map.hops(start, (near, hop.to));
                for (_, through, link) in
                    back.filter(|(to, _, link)| (*to, *link) == (*node, hop.link))
                {
                    self.relax(start, (hop.to, *node), (through, link), &mut waiting);
                }
            }
        }
        self.spread(map, start, &mut waiting)
    }

    /// The nodes that have a shortest path over a link that is gone, and whether each is one; `None`:
    /// the root is among them.
    fn behind(&self, map: &Map, start: Node, gone: &[Seen]) -> Option<(Vec<Node>, Vec<bool>)> {
        let mut behind = vec![false; self.distances.len()];
        let mut all: Vec<Node> = Vec::new();
        let mut add = |node: Node, all: &mut Vec<Node>| {
            if !std::mem::replace(&mut behind[node as usize], true) {
                all.push(node);
            }
        };
        for (edge, crossing) in gone {
            let [a, b] = [map.node(edge.ends[0])?, map.node(edge.ends[1])?];
            for (from, to, side) in [(a, b, 0), (b, a, 1)] {
                let metric = if from == start { edge.metrics[side] } else { crossing[side] };
                if self.leads(from, to, metric) {
                    add(to, &mut all);
                }
            }
        }
        let mut done = 0;
        while let Some(node) = all.get(done).copied() {
            done += 1;
            for (next, through, _) in map.hops(start, (self.distances[node as usize], node)) {
                if self.distances[next as usize] == through {
                    add(next, &mut all);
                }
            }
        }
        (!behind[start as usize]).then_some((all, behind))
    }

    /// Whether a hop is on a shortest path.
    fn leads(&self, from: Node, to: Node, metric: u32) -> bool {
        let near = self.distances[from as usize];
        near != UNREACHED && self.distances[to as usize] == near + u64::from(metric)
    }

    /// Finds all, beginning with the root.
    pub(super) fn grow(&mut self, map: &Map, start: Node) {
        let mut waiting = Waiting::default();
        waiting.push(0, start);
        self.distances[start as usize] = 0;
        if !self.spread(map, start, &mut waiting) {
            self.complete(map, start);
        }
    }

    /// Dijkstra's algorithm from what waits. In the order of distance, a router's first hops are
    /// complete before they are passed on. Whether that is so: not if some are still to come from a
    /// router at distance zero from it.
    fn spread(&mut self, map: &Map, start: Node, waiting: &mut Waiting) -> bool {
        let mut complete = true;
        while let Some((distance, node)) = waiting.pop() {
            if self.distances[node as usize] == distance {
                for (next, through, link) in map.hops(start, (distance, node)) {
                    complete &= through != distance;
                    self.relax(start, (node, next), (through, link), waiting);
                }
            }
        }
        complete
    }

    /// A node may be reached by a hop, at this distance.
    fn relax(
        &mut self,
        start: Node,
        (node, next): (Node, Node),
        (through, link): (u64, LagId),
        waiting: &mut Waiting,
    ) {
        let known = self.distances[next as usize];
        if through > known || next == start || next == node {
            return;
        }
        if through < known {
            self.distances[next as usize] = through;
            self.first_hops.clear(next);
            waiting.push(through, next);
        }
        self.pass_on(start, (node, next), link);
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
