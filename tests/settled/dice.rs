//! Draws, one after the other.

use pnilab::rng::Draws;

/// Draws in order.
pub(crate) struct Dice {
    draws: Draws,
    count: u64,
}

impl Dice {
    pub(crate) fn new(seed: u64, name: &str) -> Self {
        Self { draws: Draws::new(seed, name), count: 0 }
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.count += 1;
        let bound = u64::try_from(bound).expect("small");
        usize::try_from(self.draws.index_below(self.count, bound)).expect("small")
    }

    /// True so many times in a hundred.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}
