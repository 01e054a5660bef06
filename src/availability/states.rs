//! The states of independent elements, the likeliest first.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::causes::Cause;

/// A set of causes that are there at once, by their places in [`Space::items`], ascending.
pub type State = Vec<u16>;

/// All states of some causes, with their probabilities.
#[derive(Clone, Debug)]
pub struct Space {
    /// Causes by their odds against their element being well, the highest first.
    items: Vec<Item>,
    /// The probability that nothing is wrong.
    pub all_well: f64,
}

#[derive(Clone, Copy, Debug)]
struct Item {
    /// Its place in the list of causes.
    cause: usize,
    element: usize,
    /// Probability that it is there, over the probability that its element is well.
    odds: f64,
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
        let item = |(place, cause): (usize, &Cause)| Item {
            cause: place,
            element: cause.element,
            odds: cause.unavailability() / well[cause.element],
        };
        let mut items: Vec<Item> = causes.iter().enumerate().map(item).collect();
        items.sort_by(|a, b| b.odds.total_cmp(&a.odds).then(a.cause.cmp(&b.cause)));
        Self { items, all_well: well.iter().product() }
    }

    /// The causes of a state, by their places in the list that the space was made of.
    pub fn causes<'a>(&'a self, state: &'a [u16]) -> impl Iterator<Item = usize> + 'a {
        state.iter().map(|item| self.items[usize::from(*item)].cause)
    }

    /// The probability of a state.
    #[must_use]
    pub fn probability(&self, state: &[u16]) -> f64 {
        self.all_well * self.odds(state)
    }

    fn odds(&self, state: &[u16]) -> f64 {
        state.iter().map(|item| self.items[usize::from(*item)].odds).product()
    }

    /// Whether it has two ways of one element, so that there is no such state.
    fn is_void(&self, state: &[u16]) -> bool {
        let element = |item: &u16| self.items[usize::from(*item)].element;
        let Some((last, before)) = state.split_last() else { return false };
        before.iter().any(|item| element(item) == element(last))
    }

    /// All states, the likeliest first; of equally likely ones the first by their items.
    #[must_use]
    pub fn likeliest(&self) -> Likeliest<'_> {
        let mut heap = BinaryHeap::new();
        heap.push(Next { odds: 1.0, state: State::new() });
        Likeliest { space: self, heap }
    }
}

/// Walks through states. Every state but the empty one follows from one that is likelier: the same
/// without its last item, or with the item before its last in its place.
#[derive(Clone, Debug)]
pub struct Likeliest<'a> {
    space: &'a Space,
    heap: BinaryHeap<Next>,
}

#[derive(Clone, Debug, PartialEq)]
struct Next {
    odds: f64,
    state: State,
}

impl Eq for Next {}

impl Ord for Next {
    fn cmp(&self, other: &Self) -> Ordering {
        self.odds.total_cmp(&other.odds).then_with(|| other.state.cmp(&self.state))
    }
}

impl PartialOrd for Next {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Likeliest<'_> {
    fn push(&mut self, state: State) {
        self.heap.push(Next { odds: self.space.odds(&state), state });
    }
}

impl Iterator for Likeliest<'_> {
    type Item = (State, f64);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Next { odds, state } = self.heap.pop()?;
            let following = state.last().map_or(0, |last| last + 1);
            let is_void = self.space.is_void(&state);
            if usize::from(following) < self.space.items.len() {
                if !is_void {
                    let mut more = state.clone();
                    more.push(following);
                    self.push(more);
                }
                if let Some((_, before)) = state.split_last() {
                    let mut other = before.to_vec();
                    other.push(following);
                    self.push(other);
                }
            }
            if !is_void {
                return Some((state, self.space.all_well * odds));
            }
        }
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

    #[test]
    fn all_states_come_once_the_likeliest_first_and_make_one_together() {
        let causes = causes(&[(0, 0.1), (0, 0.05), (1, 0.2), (2, 0.1), (3, 0.01), (3, 0.3)]);
        let space = Space::new(&causes);
        let all: Vec<(State, f64)> = space.likeliest().collect();
        // Three ways each for two elements, two for two others.
        assert_eq!(all.len(), 3 * 2 * 2 * 3);
        assert!(all.windows(2).all(|pair| pair[0].1 >= pair[1].1));
        let mut sets: Vec<&State> = all.iter().map(|(state, _)| state).collect();
        sets.sort();
        sets.dedup();
        assert_eq!(sets.len(), all.len());
        let sum: f64 = all.iter().map(|(_, probability)| probability).sum();
        assert!((sum - 1.0).abs() < 1e-12, "{sum}");
    }

    #[test]
    fn a_state_is_as_likely_as_all_of_its_causes_and_none_of_the_others() {
        let causes = causes(&[(0, 0.1), (0, 0.05), (1, 0.2)]);
        let space = Space::new(&causes);
        for (state, probability) in space.likeliest() {
            let mut there: Vec<usize> = space.causes(&state).collect();
            there.sort_unstable();
            let expected = match there.as_slice() {
                [] => 0.85 * 0.8,
                [0] => 0.1 * 0.8,
                [1] => 0.05 * 0.8,
                [2] => 0.85 * 0.2,
                [0, 2] => 0.1 * 0.2,
                [1, 2] => 0.05 * 0.2,
                other => panic!("there is no state {other:?}"),
            };
            assert!((probability - expected).abs() < 1e-15, "{there:?}: {probability}");
        }
    }
}
