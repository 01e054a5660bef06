//! A sample of the states that were not told.

use super::states::{Next, Space, State, uniform};
use crate::report::number;
use crate::rng::Draws;

/// The 0.975 quantile of the normal distribution: intervals hold with 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// The parts of the tree that were not looked at, to draw from by how likely each is.
#[derive(Debug)]
pub struct Parts<'a> {
    list: &'a [Next],
    /// What each weighs with all before it.
    sums: Vec<f64>,
    draws: Draws,
}

impl<'a> Parts<'a> {
    /// These parts, of which there is one at least.
    #[must_use]
    pub fn new(parts: &'a [Next], draws: Draws) -> Self {
        let mut sum = 0.0;
        let sums = parts.iter().map(|part| {
            sum += part.mass();
            sum
        });
        Self { list: parts, sums: sums.collect(), draws }
    }

    /// The `number`-th state that is drawn.
    #[must_use]
    pub fn draw(&self, space: &Space, number: u64) -> State {
        let all = self.sums.last().copied().unwrap_or(0.0);
        let at = uniform(self.draws.bits(number)) * all;
        let place = self.sums.partition_point(|sum| *sum <= at).min(self.list.len() - 1);
        let own = Draws::new(self.draws.bits(number), "state");
        self.list[place].draw(space, &own)
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
    /// What `sure` to `maybe` hits among `drawn` tell of states that weigh `weight`: Wilson's score
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
}
