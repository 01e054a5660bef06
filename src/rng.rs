//! Random draws that depend on the seed, a name and a number, and on nothing else.
//!
//! A draw is a pure function of the run's seed, the name of what is drawn
//! (`bfd/pni-ams-1/ipv4/ct-ams-1`) and which draw of that name it is. Adding an element to a
//! design therefore never changes another element's draws, and draws may be taken in any order.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;
use sha2::{Digest, Sha256};

use crate::units::SimDuration;

/// The draws of one name.
///
/// # Examples
/// ```
/// use pnilab::rng::Draws;
/// let hellos = Draws::new(1, "bfd/pni-ams-1/ipv4/ct-ams-1");
/// assert_eq!(hellos.bits(7), Draws::new(1, "bfd/pni-ams-1/ipv4/ct-ams-1").bits(7));
/// assert_ne!(hellos.bits(7), hellos.bits(8));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Draws {
    generator: ChaCha12Rng,
}

impl Draws {
    /// The draws named `name` in a run with `seed`.
    #[must_use]
    pub fn new(seed: u64, name: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(seed.to_le_bytes());
        hash.update(name.as_bytes());
        Self { generator: ChaCha12Rng::from_seed(hash.finalize().into()) }
    }

    /// The `n`-th 64 random bits.
    #[must_use]
    pub fn bits(&self, n: u64) -> u64 {
        let mut generator = self.generator.clone();
        generator.set_word_pos(u128::from(n) * 2);
        generator.next_u64()
    }

    /// The `n`-th draw, uniform over `0..bound` nanoseconds; zero if `bound` is zero.
    #[must_use]
    pub fn below(&self, n: u64, bound: SimDuration) -> SimDuration {
        SimDuration::from_nanos(self.index_below(n, bound.as_nanos()))
    }

    /// The `n`-th draw, uniform over `0..bound`; zero if `bound` is zero.
    #[must_use]
    pub fn index_below(&self, n: u64, bound: u64) -> u64 {
        let wide = u128::from(self.bits(n)) * u128::from(bound);
        u64::try_from(wide >> 64).expect("the upper half of a 128-bit product fits")
    }

    /// The `n`-th draw, uniform over `lowest..=highest`.
    #[must_use]
    pub fn between(&self, n: u64, lowest: SimDuration, highest: SimDuration) -> SimDuration {
        lowest + self.below(n, (highest - lowest) + SimDuration::from_nanos(1))
    }

    /// Whether the `n`-th draw falls within a chance of `ppb` parts per billion.
    #[must_use]
    pub fn chance(&self, n: u64, ppb: u64) -> bool {
        self.index_below(n, 1_000_000_000) < ppb
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_depend_on_seed_name_and_number_alone() {
        let a = Draws::new(1, "x");
        assert_eq!(a.bits(5), Draws::new(1, "x").bits(5));
        assert_ne!(a.bits(5), Draws::new(2, "x").bits(5));
        assert_ne!(a.bits(5), Draws::new(1, "y").bits(5));
        assert_ne!(a.bits(5), a.bits(6));
    }

    #[test]
    fn draws_stay_in_their_range_and_fill_it() {
        let draws = Draws::new(3, "range");
        let (low, high) = (SimDuration::from_millis(225), SimDuration::from_millis(300));
        let all: Vec<_> = (0..2_000).map(|n| draws.between(n, low, high)).collect();
        assert!(all.iter().all(|d| (low..=high).contains(d)));
        assert!(all.iter().any(|d| *d < SimDuration::from_millis(227)));
        assert!(all.iter().any(|d| *d > SimDuration::from_millis(298)));
    }

    #[test]
    fn the_first_draws_are_fixed_for_ever() {
        // A change here changes every committed result: never do it by accident.
        let draws = Draws::new(1, "bfd/pni-ams-1/ipv4/ct-ams-1");
        let first: Vec<u64> = (0..3).map(|n| draws.bits(n)).collect();
        insta::assert_debug_snapshot!(first);
    }
}
