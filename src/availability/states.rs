//! The states of independent elements as a tree, the likeliest part first.
//!
//! A node of the tree is a set of causes that are there, with what of all others matters then. It has one
//! leaf, all states in which nothing that matters is there beside, and a child for each thing that
//! matters: the states in which that is there too, and nothing that comes before it. So leaves
//! share no state, and together with what was not looked at they are all states.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;

use super::causes::Cause;
use crate::report::number;
use crate::rng::Draws;

/// A set of causes that are there at once, by their places in the list of a [`Space`], ascending.
pub type State = Vec<u16>;

/// All states of some causes, with their probabilities.
#[derive(Clone, Debug)]
pub struct Space {
    /// Causes by their odds against their element being well, the highest first.
    items: Vec<Item>,
    /// The items of each element.
    ways: Vec<Vec<u16>>,
}

#[derive(Clone, Copy, Debug)]
struct Item {
    /// Its place in the list of causes.
    cause: usize,
    element: usize,
    /// The share of time that it is there.
    share: f64,
    is_common: bool,
}

impl Space {
    /// The states of these causes. Those of one element exclude each other, and together are there less
    /// than half of the time.
    ///
    /// # Panics
    /// If there are more than 65,535.
    #[must_use]
    pub fn new(causes: &[Cause]) -> Self {
        assert!(u16::try_from(causes.len()).is_ok(), "states number their causes in 16 bits");
        let elements = causes.iter().map(|cause| cause.element + 1).max().unwrap_or(0);
        let mut well = vec![1.0; elements];
        for cause in causes {
            well[cause.element] -= cause.unavailability();
        }
        let odds = |item: &Item| item.share / well[item.element];
        let item = |(cause, at): (usize, &Cause)| Item {
            cause,
            element: at.element,
            share: at.unavailability(),
            is_common: at.is_common,
        };
        let mut items: Vec<Item> = causes.iter().enumerate().map(item).collect();
        items.sort_by(|a, b| odds(b).total_cmp(&odds(a)).then(a.cause.cmp(&b.cause)));
        let mut ways = vec![Vec::new(); elements];
        for (place, item) in (0..).zip(&items) {
            ways[item.element].push(place);
        }
        Self { items, ways }
    }

    /// All causes, by their places here.
    #[must_use]
    pub fn all(&self) -> State {
        (0..).zip(&self.items).map(|(place, _)| place).collect()
    }

    /// The causes of a state, by their places in the list that the space was made of.
    pub fn causes<'a>(&'a self, state: &'a [u16]) -> impl Iterator<Item = usize> + 'a {
        state.iter().map(|item| self.cause(*item))
    }

    /// A cause, by its place in that list.
    #[must_use]
    pub fn cause(&self, item: u16) -> usize {
        self.item(item).cause
    }

    /// Whether no common cause is in a state.
    #[must_use]
    pub fn is_physical(&self, state: &[u16]) -> bool {
        state.iter().all(|item| !self.item(*item).is_common)
    }

    /// How likely it is that no common cause is there, of those that `counts`.
    #[must_use]
    pub fn no_common(&self, counts: impl Fn(u16) -> bool) -> f64 {
        let common =
            (0..).zip(&self.items).filter(|(place, item)| item.is_common && counts(*place));
        common.map(|(_, item)| 1.0 - item.share).product()
    }

    /// How likely it is that all elements but one are well.
    #[must_use]
    pub fn well_but(&self, element: usize) -> f64 {
        let well =
            |ways: &Vec<u16>| 1.0 - ways.iter().map(|way| self.item(*way).share).sum::<f64>();
        let others = self.ways.iter().enumerate().filter(|(other, _)| *other != element);
        others.map(|(_, ways)| well(ways)).product()
    }

    fn item(&self, item: u16) -> &Item {
        &self.items[usize::from(item)]
    }

    fn ways_of(&self, item: u16) -> &[u16] {
        &self.ways[self.item(item).element]
    }
}

/// Causes that are there, and what matters then.
#[derive(Debug)]
pub struct Node {
    /// What is there.
    pub state: State,
    /// Where it hangs: below which node, as which child.
    parent: Option<(Arc<Node>, usize)>,
    /// What matters beside, and is not known to be well; ascending.
    pub hot: Vec<u16>,
    /// How likely it is that all of the state is there, and nothing that comes before it further up.
    mass: f64,
    /// How likely the leaf is.
    pub leaf: f64,
}

impl Node {
    /// The root: nothing is there.
    #[must_use]
    pub fn root(space: &Space, hot: Vec<u16>) -> Self {
        Self { state: State::new(), parent: None, hot, mass: 1.0, leaf: 0.0 }.completed(space)
    }

    /// A child, of which is known what matters.
    #[must_use]
    pub fn child(space: &Space, next: &Next, hot: &[u16]) -> Self {
        let state = next.state();
        let parent = Some((Arc::clone(&next.node), next.child));
        let mut node = Self { state, parent, hot: Vec::new(), mass: next.mass, leaf: 0.0 };
        let is_open = |item: &u16| {
            let taken = space.ways_of(*item).iter().any(|way| node.state.contains(way));
            !taken && !node.is_well(*item)
        };
        node.hot = hot.iter().copied().filter(is_open).collect();
        node.completed(space)
    }

    fn completed(mut self, space: &Space) -> Self {
        let all = 0..self.hot.len();
        self.leaf = self.mass * all.map(|child| 1.0 - self.chance(space, child)).product::<f64>();
        self
    }

    /// Whether something is known not to be there, from further up.
    #[must_use]
    pub fn is_well(&self, item: u16) -> bool {
        let mut below = self;
        while let Some((node, child)) = &below.parent {
            if node.hot[..*child].binary_search(&item).is_ok() {
                return true;
            }
            below = node;
        }
        false
    }

    /// How likely a child's cause is there, given that none before it is.
    fn chance(&self, space: &Space, child: usize) -> f64 {
        let item = self.hot[child];
        let gone = space
            .ways_of(item)
            .iter()
            .filter(|way| self.hot[..child].binary_search(way).is_ok() || self.is_well(**way));
        let left = 1.0 - gone.map(|way| space.item(*way).share).sum::<f64>();
        space.item(item).share / left
    }
}

/// A part of the tree that was not looked at: a child, and of `mass` how likely it is with all below it.
#[derive(Clone, Debug)]
pub struct Next {
    node: Arc<Node>,
    child: usize,
    mass: f64,
    /// How likely it is that the node's state is there, and none of its children up to this one.
    left: f64,
}

impl Next {
    /// What is there in it, at least.
    #[must_use]
    pub fn state(&self) -> State {
        let mut state = self.node.state.clone();
        let item = self.node.hot[self.child];
        let place = state.partition_point(|other| *other < item);
        state.insert(place, item);
        state
    }

    /// How likely it is.
    #[must_use]
    pub fn mass(&self) -> f64 {
        self.mass
    }

    fn first(space: &Space, node: Arc<Node>) -> Option<Self> {
        let left = node.mass;
        Self::at(space, node, 0, left)
    }

    fn at(space: &Space, node: Arc<Node>, child: usize, left: f64) -> Option<Self> {
        if child == node.hot.len() {
            return None;
        }
        let mass = left * node.chance(space, child);
        Some(Self { node, child, mass, left: left - mass })
    }

    fn sibling(&self, space: &Space) -> Option<Self> {
        Self::at(space, Arc::clone(&self.node), self.child + 1, self.left)
    }

    /// A state of it, drawn by how likely each is.
    #[must_use]
    pub fn draw(&self, space: &Space, draws: &Draws) -> State {
        let mut state = self.state();
        let is_well = |item: u16| {
            self.node.hot[..self.child].binary_search(&item).is_ok() || self.node.is_well(item)
        };
        let fixed = state.clone();
        for (element, ways) in space.ways.iter().enumerate() {
            if ways.iter().any(|way| fixed.contains(way)) {
                continue;
            }
            let open = ways.iter().filter(|way| !is_well(**way));
            let gone: f64 =
                ways.iter().filter(|way| is_well(**way)).map(|way| space.item(*way).share).sum();
            let mut at = uniform(draws.bits(element as u64)) * (1.0 - gone);
            for way in open {
                at -= space.item(*way).share;
                if at < 0.0 {
                    state.push(*way);
                    break;
                }
            }
        }
        state.sort_unstable();
        state
    }
}

/// Bits as a number from zero to below one.
#[must_use]
pub fn uniform(bits: u64) -> f64 {
    number::part(bits >> 11, 1 << 53)
}

impl PartialEq for Next {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Next {}

impl Ord for Next {
    fn cmp(&self, other: &Self) -> Ordering {
        self.mass.total_cmp(&other.mass).then_with(|| {
            let key = |next: &Self| (next.node.state.clone(), next.child);
            key(other).cmp(&key(self))
        })
    }
}

impl PartialOrd for Next {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What of the tree was not looked at.
#[derive(Debug, Default)]
pub struct Frontier {
    heap: BinaryHeap<Next>,
}

impl Frontier {
    /// Adds all children of a node.
    pub fn open(&mut self, space: &Space, node: Arc<Node>) {
        self.heap.extend(Next::first(space, node));
    }

    /// The likeliest child; its next sibling takes its place.
    pub fn next(&mut self, space: &Space) -> Option<Next> {
        let next = self.heap.pop()?;
        self.heap.extend(next.sibling(space));
        Some(next)
    }

    /// All that is left, each child apart, with those that were taken and not looked at; by likelihood.
    #[must_use]
    pub fn left(self, space: &Space, taken: Vec<Next>) -> Vec<Next> {
        let mut all = taken;
        for first in self.heap {
            let mut next = Some(first);
            while let Some(child) = next {
                next = child.sibling(space);
                all.push(child);
            }
        }
        all.sort_by(|a, b| b.cmp(a));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Causes of these elements that are there for these shares of time.
    fn causes(shares: &[(usize, f64)]) -> Vec<Cause> {
        let one = |(element, share): &(usize, f64)| Cause {
            element: *element,
            name: String::new(),
            faults: Vec::new(),
            mode: None,
            failures_per_year: share * 8_760.0,
            repair_h: 1.0,
            is_common: false,
        };
        shares.iter().map(one).collect()
    }

    /// All leaves, where of each state matters what `hot` says.
    fn leaves(space: &Space, hot: impl Fn(&[u16]) -> State) -> Vec<Arc<Node>> {
        let root = Arc::new(Node::root(space, hot(&[])));
        let mut frontier = Frontier::default();
        frontier.open(space, Arc::clone(&root));
        let mut all = vec![root];
        while let Some(next) = frontier.next(space) {
            let node = Arc::new(Node::child(space, &next, &hot(&next.state())));
            frontier.open(space, Arc::clone(&node));
            all.push(node);
        }
        all
    }

    #[test]
    fn where_all_matters_all_states_come_once_the_likeliest_first() {
        let causes = causes(&[(0, 0.1), (0, 0.05), (1, 0.2), (2, 0.1), (3, 0.01), (3, 0.3)]);
        let space = Space::new(&causes);
        let all = leaves(&space, |_| space.all());
        // Three ways each for two elements, two for two others.
        assert_eq!(all.len(), 3 * 2 * 2 * 3);
        let mut states: Vec<&State> = all.iter().map(|node| &node.state).collect();
        states.sort();
        states.dedup();
        assert_eq!(states.len(), all.len());
        let sum: f64 = all.iter().map(|node| node.leaf).sum();
        assert!((sum - 1.0).abs() < 1e-12, "{sum}");
        for node in &all {
            let mut expected = 1.0;
            for element in 0..4 {
                let mut well = 1.0;
                let mut there = None;
                for (cause, at) in causes.iter().enumerate().filter(|(_, c)| c.element == element) {
                    well -= at.unavailability();
                    if space.causes(&node.state).any(|other| other == cause) {
                        there = Some(at.unavailability());
                    }
                }
                expected *= there.unwrap_or(well);
            }
            assert!((node.leaf - expected).abs() < 1e-15, "{:?}: {}", node.state, node.leaf);
        }
    }

    #[test]
    fn what_does_not_matter_is_in_a_leaf_either_way() {
        let space = Space::new(&causes(&[(0, 0.1), (1, 0.2), (2, 0.3), (2, 0.1)]));
        // Only the first two matter, and the second only without the first.
        let all = leaves(&space, |state| match state {
            [] => vec![0, 1],
            _ => vec![2],
        });
        let sum: f64 = all.iter().map(|node| node.leaf).sum();
        assert!((sum - 1.0).abs() < 1e-12, "{sum}");
        assert!(all.len() < 12);
    }

    #[test]
    fn what_is_left_weighs_what_is_missing_and_is_drawn_by_likelihood() {
        let space = Space::new(&causes(&[(0, 0.1), (0, 0.1), (1, 0.2), (2, 0.1)]));
        let root = Arc::new(Node::root(&space, space.all()));
        let leaf = root.leaf;
        let mut frontier = Frontier::default();
        frontier.open(&space, root);
        let left = frontier.left(&space, Vec::new());
        let sum: f64 = left.iter().map(|next| next.mass).sum();
        assert!((sum + leaf - 1.0).abs() < 1e-12);
        // The item of element 1 is the likeliest, so that its subtree has a fifth of all.
        assert!((left[0].mass - 0.2).abs() < 1e-12);
        let draws = |n: u64| Draws::new(n, "test");
        let drawn: Vec<State> = (0..10_000).map(|n| left[0].draw(&space, &draws(n))).collect();
        let alone = drawn.iter().filter(|state| state.len() == 1).count();
        assert!((6_900..7_500).contains(&alone), "{alone} of 7,200");
        assert!(drawn.iter().all(|state| state.contains(&0)));
    }
}
