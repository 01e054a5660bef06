//! When simulated and measured values agree.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Where a clock and a busy host blur what is measured, in seconds.
pub(crate) const SLACK_S: f64 = 0.020;
/// How much a median may be off besides, of the simulated median.
pub(crate) const SLACK_SHARE: f64 = 0.10;
/// How many measured values must lie where simulated ones do.
pub(crate) const INSIDE: f64 = 0.95;
/// Medians of as many simulated values as were measured, drawn to see how far chance carries them.
const DRAWS: usize = 10_000;
/// How many of them lie outside of what is expected, at each end: 99.9 % are within.
const TAIL: usize = 5;

/// What must hold of a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rule {
    /// What happened in every run of the lab happens with every seed.
    Happens,
    /// Measured values lie in the range of the simulated ones, give or take [`SLACK_S`].
    Range,
    /// The measured median is one that so few simulated values have by chance, give or take the
    /// larger of [`SLACK_S`] and [`SLACK_SHARE`].
    Median,
}

impl Rule {
    /// Its name in the list of exceptions.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Happens => "happens",
            Self::Range => "range",
            Self::Median => "median",
        }
    }
}

/// Values in ascending order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sorted(Vec<f64>);

impl Sorted {
    /// Sorts them; there is at least one.
    pub(crate) fn new(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        (!values.is_empty()).then_some(Self(values))
    }

    /// How many.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// All of them.
    pub(crate) fn all(&self) -> &[f64] {
        &self.0
    }

    /// The smallest.
    pub(crate) fn min(&self) -> f64 {
        self.0[0]
    }

    /// The largest.
    pub(crate) fn max(&self) -> f64 {
        self.0[self.0.len() - 1]
    }

    /// The one in the middle, or the mean of the two.
    pub(crate) fn median(&self) -> f64 {
        median(&self.0)
    }

    /// The value that a part of all, in percent, do not exceed.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0[rank - 1]
    }
}

fn median(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[half] } else { f64::midpoint(sorted[half - 1], sorted[half]) }
}

/// The rules that do not hold, each with what is wrong.
pub(crate) fn broken(measured: &Sorted, simulated: &[Option<f64>]) -> Vec<(Rule, String)> {
    let happened: Vec<f64> = simulated.iter().copied().flatten().collect();
    let missing = simulated.len() - happened.len();
    let mut found = Vec::new();
    if missing > 0 {
        found.push((Rule::Happens, format!("not with {missing} of {} seeds", simulated.len())));
    }
    let Some(simulated) = Sorted::new(happened) else { return found };
    let (low, high) = (simulated.min() - SLACK_S, simulated.max() + SLACK_S);
    let inside = measured.all().iter().filter(|at| (low..=high).contains(*at)).count();
    if count(inside) < INSIDE * count(measured.len()) {
        let of = measured.len();
        found.push((Rule::Range, format!("{inside} of {of} within {low:.3} to {high:.3} s")));
    }
    let (low, high) = expected_medians(&simulated, measured.len());
    let slack = SLACK_S.max(SLACK_SHARE * simulated.median());
    let (low, high) = (low - slack, high + slack);
    let median = measured.median();
    if !(low..=high).contains(&median) {
        let text = format!("{median:.3} s, expected {low:.3} to {high:.3} s");
        found.push((Rule::Median, text));
    }
    found
}

fn count(values: usize) -> f64 {
    f64::from(u32::try_from(values).expect("a few thousand"))
}

/// Between which 99.9 % of the medians of `n` simulated values lie.
fn expected_medians(simulated: &Sorted, n: usize) -> (f64, f64) {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut medians = Vec::with_capacity(DRAWS);
    let mut drawn = vec![0.0; n];
    let most = u32::try_from(simulated.len()).expect("a few thousand");
    for _ in 0..DRAWS {
        for value in &mut drawn {
            let which = usize::try_from(rng.random_range(0..most)).expect("an index");
            *value = simulated.all()[which];
        }
        drawn.sort_by(f64::total_cmp);
        medians.push(median(&drawn));
    }
    medians.sort_by(f64::total_cmp);
    (medians[TAIL], medians[DRAWS - 1 - TAIL])
}
