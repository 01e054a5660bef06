//! A sample of the states that were not told one by one, by how many elements have failed in them.

use super::causes::Cause;
use super::states::{Space, State};
use crate::report::number;
use crate::rng::Draws;

/// Most failed elements that states are told apart by.
const MOST: usize = 64;
/// So often a draw may hit what was told already.
const TRIES: u64 = 1_000;
/// The 0.975 quantile of the normal distribution: intervals hold with 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// Elements with their ways to fail, and how likely it is that so many have failed.
#[derive(Debug)]
pub struct Strata {
    /// For each element that fails at all, its items with the probability of each.
    elements: Vec<Vec<(u16, f64)>>,
    /// `tails[e][s]`: the probability that exactly `s` of the elements from `e` on have failed.
    tails: Vec<Vec<f64>>,
}

impl Strata {
    /// The strata of a space.
    #[must_use]
    pub fn new(space: &Space, causes: &[Cause]) -> Self {
        let count = causes.iter().map(|cause| cause.element + 1).max().unwrap_or(0);
        let mut elements = vec![Vec::new(); count];
        for item in 0..u16::try_from(causes.len()).expect("a space has that many at most") {
            for cause in space.causes(&[item]) {
                elements[causes[cause].element].push((item, causes[cause].unavailability()));
            }
        }
        elements.retain(|ways: &Vec<_>| !ways.is_empty());
        let most = elements.len().min(MOST);
        let mut tails = vec![vec![0.0; most + 1]; elements.len() + 1];
        tails[elements.len()][0] = 1.0;
        for (place, ways) in elements.iter().enumerate().rev() {
            let down: f64 = ways.iter().map(|(_, share)| share).sum();
            for failed in 0..=most {
                let fails = failed.checked_sub(1).map_or(0.0, |rest| tails[place + 1][rest]);
                tails[place][failed] = tails[place + 1][failed] * (1.0 - down) + fails * down;
            }
        }
        Self { elements, tails }
    }

    /// By number of failed elements, how likely that is.
    #[must_use]
    pub fn probabilities(&self) -> &[f64] {
        &self.tails[0]
    }

    /// A state with so many failed elements, drawn by how likely each is, of those that `is_left`.
    #[must_use]
    pub fn draw(
        &self,
        draws: &Draws,
        (number, failed): (u64, usize),
        is_left: impl Fn(&State) -> bool,
    ) -> Option<State> {
        let elements = self.elements.len() as u64;
        let tries = (0..TRIES).map(|again| {
            let first = (number * TRIES + again) * elements;
            self.one(draws, first, failed)
        });
        tries.into_iter().find(is_left)
    }

    fn one(&self, draws: &Draws, first: u64, failed: usize) -> State {
        let mut left = failed;
        let mut state = State::new();
        for (place, ways) in self.elements.iter().enumerate() {
            let Some(rest) = left.checked_sub(1) else { break };
            let uniform = number::part(draws.bits(first + place as u64) >> 11, 1 << 53);
            // Scaled so that each way takes its share of all states with so many failures from here on.
            let mut at = uniform * self.tails[place][left];
            for (item, share) in ways {
                let weight = share * self.tails[place + 1][rest];
                if at < weight {
                    state.push(*item);
                    left = rest;
                    break;
                }
                at -= weight;
            }
        }
        state.sort_unstable();
        state
    }
}

/// An estimate with its interval.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// What is most likely.
    pub value: f64,
    /// It is at least this with 95 %.
    pub low: f64,
    /// And at most this.
    pub high: f64,
}

impl Estimate {
    /// What `sure` to `maybe` hits among `drawn` tell of a stratum that weighs `weight`: Wilson's score
    /// interval, which holds for few hits and none.
    #[must_use]
    pub fn of_hits(weight: f64, [sure, maybe]: [u64; 2], drawn: u64) -> Self {
        if drawn == 0 {
            return Self { value: 0.0, low: 0.0, high: weight };
        }
        let [low, high] = [wilson(sure, drawn)[0], wilson(maybe, drawn)[1]];
        let value = number::part(sure, drawn);
        Self { value: weight * value, low: weight * low, high: weight * high }
    }

    /// Of two parts together; intervals add up, which is wider than needed.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            value: self.value + other.value,
            low: self.low + other.low,
            high: self.high + other.high,
        }
    }
}

fn wilson(hits: u64, drawn: u64) -> [f64; 2] {
    let n = number::count(drawn);
    let p = number::part(hits, drawn);
    let spread = Z * Z / n;
    let middle = p + spread / 2.0;
    let half = Z * (p * (1.0 - p) / n + spread / (4.0 * n)).sqrt();
    let [low, high] = [middle - half, middle + half].map(|end| end / (1.0 + spread));
    [if hits == 0 { 0.0 } else { low }, if hits == drawn { 1.0 } else { high }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilsons_interval_is_that_of_the_books() {
        // Ten hits of a hundred: 5.52 % to 17.44 % (Agresti and Coull, 1998).
        let [low, high] = wilson(10, 100);
        assert!((low - 0.0552).abs() < 1e-4 && (high - 0.1744).abs() < 1e-4, "{low} {high}");
        let [low, high] = wilson(0, 50);
        assert!(low.abs() < 1e-12 && (high - 0.0714).abs() < 1e-4, "{low} {high}");
    }

    #[test]
    fn draws_have_as_many_failures_as_asked_and_come_by_their_odds() {
        let cause = |element, hours: f64| Cause {
            element,
            name: String::new(),
            faults: Vec::new(),
            mode: None,
            failures_per_year: 1.0,
            repair_h: hours,
            is_common: false,
        };
        let causes = [cause(0, 876.0), cause(0, 876.0), cause(1, 1_752.0), cause(2, 876.0)];
        let space = Space::new(&causes);
        let strata = Strata::new(&space, &causes);
        let sum: f64 = strata.probabilities().iter().sum();
        assert!((sum - 1.0).abs() < 1e-12);
        let draws = Draws::new(1, "test");
        let mut seen = std::collections::BTreeMap::<State, u32>::new();
        for number in 0..20_000 {
            let state = strata.draw(&draws, (number, 2), |_| true).expect("nothing is refused");
            assert_eq!(state.len(), 2);
            *seen.entry(state).or_default() += 1;
        }
        let weight = strata.probabilities()[2];
        assert_eq!(seen.len(), 2 + 2 + 1);
        for (state, count) in seen {
            let expected = space.probability(&state) / weight * 20_000.0;
            assert!((f64::from(count) - expected).abs() < 4.0 * expected.sqrt(), "{state:?}");
        }
    }
}
