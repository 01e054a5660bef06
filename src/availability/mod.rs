//! How long a year each demand is down, and because of what.
//!
//! A demand is up when it delivers at least its class's `ok` in both directions. What fails, fails and
//! is repaired independently, at the rates of [`causes`]: a cause is there for the share of time
//! `failures_per_year` times `repair`. The result is the sum of
//!
//! * *steady* downtime: [`steady`] works states of the design out with [`crate::settled`], the likeliest
//!   first ([`states`]), until those left weigh less than is asked for, and adds up how likely those are
//!   in which a demand is down. Of states that are left a sample is drawn where they weigh more
//!   ([`sample`]).
//! * *transients*: [`transients`] lets each cause come and go alone in the timed simulation, and counts
//!   the seconds in which a demand is down while routing reacts, as often as the cause comes while all
//!   else is well.
//!
//! # Departures
//! * Failures of different elements are independent but for spans, shared-risk groups, feeds, sites and
//!   common causes that the file has, and a failure lasts as long as its repair takes on average:
//!   shares of time depend on nothing else of the distributions.
//! * A failure that comes while something else is down counts with its steady downtime, and not with its
//!   transient. How much that can be is in the upper bound, with the longest transient that was seen.
//! * A circuit that loses some frames, not all, is not told apart from one that loses all (`silent`).
//! * Planned work is no failure.

pub mod causes;
mod result;
pub mod sample;
pub mod states;
pub mod steady;
pub mod transients;

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use crate::ids::{DemandId, IdVec};
use crate::model::topology::Topology;
use crate::report::data::YEAR_S;
use crate::report::number;
use crate::rng::Draws;
use crate::settled::{Evaluator, Fault};
use causes::Causes;
pub use causes::TooOften;
use sample::{Estimate, Strata};
use states::{Space, State};
use steady::{Health, Steady, Told};
use transients::Transient;

/// States that are worked out at a time.
const WAVE: usize = 256;
/// Least number of draws of a stratum.
const LEAST: u64 = 100;

/// How well it is to be known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Question {
    /// States are left out when together they weigh no more than so many seconds a year.
    pub precision_s: f64,
    /// No more than this many states are told one by one.
    pub states: u64,
    /// So many of those that are left are drawn, if they weigh more.
    pub samples: u64,
    /// Seed of what is drawn.
    pub seed: u64,
}

/// A design with its rates, ready to be worked out.
#[derive(Debug)]
pub struct Availability<'t> {
    topology: &'t Topology,
    question: Question,
    causes: Causes,
    space: Space,
}

/// What the states that were not told one by one add, by demand.
#[derive(Clone, Debug)]
pub struct Rest {
    /// How much they weigh.
    pub weight: f64,
    /// How many were drawn.
    pub samples: u64,
    /// What they add to each demand's unavailability, with and without common causes.
    pub demands: IdVec<DemandId, [Estimate; 2]>,
}

impl<'t> Availability<'t> {
    /// Makes a design ready.
    ///
    /// # Errors
    /// If something would be down half of the time or more.
    pub fn new(topology: &'t Topology, question: Question) -> Result<Self, TooOften> {
        let causes = Causes::of(topology)?;
        let space = Space::new(&causes.all);
        Ok(Self { topology, question, causes, space })
    }

    /// How many ways there are to fail.
    #[must_use]
    pub fn causes(&self) -> usize {
        self.causes.all.len()
    }

    /// The states that are told one by one.
    #[must_use]
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// How long each cause alone takes each demand down while routing reacts; counts them.
    #[must_use]
    pub fn transients(&self, finished: &AtomicU64) -> Vec<Transient> {
        let done = || {
            finished.fetch_add(1, Ordering::Relaxed);
        };
        transients::all(self.topology, &self.causes.all, self.question.seed, &done)
    }

    /// Tells states, the likeliest first, until enough are told; counts them.
    ///
    /// Runs on the threads of the pool that calls; the result is the same with any number.
    #[must_use]
    pub fn steady(&self, finished: &AtomicU64) -> (Steady<'_>, Rest) {
        let evaluator = Evaluator::new(self.topology, self.question.seed);
        let mut steady = Steady::new(self.topology, &self.causes.all, &self.space);
        let mut states = self.space.likeliest();
        let mut last = None;
        let enough = self.question.precision_s / YEAR_S;
        'all: loop {
            let wave: Vec<(State, f64)> = states.by_ref().take(WAVE).collect();
            if wave.is_empty() {
                last = None;
                break;
            }
            let told: Vec<Told> =
                wave.par_iter().map(|(state, _)| self.tell(&evaluator, state)).collect();
            for ((state, probability), told) in wave.into_iter().zip(told) {
                if steady.states == self.question.states || 1.0 - steady.told.all <= enough {
                    break 'all;
                }
                last = Some((probability, state.clone()));
                steady.take(state, probability, &told);
                finished.fetch_add(1, Ordering::Relaxed);
            }
        }
        let rest = self.rest(&evaluator, &steady, last);
        (steady, rest)
    }

    fn tell(&self, evaluator: &Evaluator<'_>, state: &[u16]) -> Told {
        let causes = self.space.causes(state);
        let mut faults: Vec<Fault> =
            causes.flat_map(|cause| self.causes.all[cause].faults.iter().copied()).collect();
        faults.sort_unstable();
        faults.dedup();
        steady::tell(self.topology, evaluator, &faults)
    }

    /// What the states after the last one that was told add.
    fn rest(
        &self,
        evaluator: &Evaluator<'_>,
        steady: &Steady<'_>,
        last: Option<(f64, State)>,
    ) -> Rest {
        let each = |estimates: [Estimate; 2]| -> IdVec<DemandId, [Estimate; 2]> {
            self.topology.demands.iter().map(|_| estimates).collect()
        };
        let none = Rest { weight: 0.0, samples: 0, demands: each([Estimate::default(); 2]) };
        let Some(last) = last else { return none };
        let weight = (1.0 - steady.told.all).max(0.0);
        let physical = (self.all_physical() - steady.told.physical).max(0.0);
        let whole = |weight| Estimate::of_hits(weight, [0, 0], 0);
        let unknown = each([whole(weight), whole(physical)]);
        let enough = self.question.precision_s / YEAR_S;
        if weight <= enough || self.question.samples == 0 {
            return Rest { weight, demands: unknown, ..none };
        }
        let strata = Strata::new(&self.space, &self.causes.all);
        let mut left: Vec<f64> = strata.probabilities().to_vec();
        for (size, told) in steady.by_size.iter().enumerate().take(left.len()) {
            left[size] -= told;
        }
        let known: f64 = left.iter().map(|weight| weight.max(0.0)).sum();
        let beyond = (weight - known).max(0.0);
        let mut rest = Rest { weight, demands: each([whole(beyond); 2]), ..none };
        let is_left = |state: &State| {
            let probability = self.space.probability(state);
            (probability, &last.1) < (last.0, state)
        };
        for (size, weight) in left.into_iter().enumerate() {
            // What weighs a hundredth of what is asked for, or is what rounding left, is not worth draws.
            if weight <= enough / 100.0 {
                let add = whole(weight.max(0.0));
                for id in self.topology.demands.ids() {
                    rest.demands[id] = rest.demands[id].map(|sum| sum.and(add));
                }
                continue;
            }
            let drawn = self.draw(&strata, size, weight / known, is_left);
            let told: Vec<(bool, Told)> = drawn
                .par_iter()
                .map(|state| (self.is_physical(state), self.tell(evaluator, state)))
                .collect();
            rest.samples += told.len() as u64;
            add_stratum(&mut rest.demands, weight, &told);
        }
        rest
    }

    fn draw(
        &self,
        strata: &Strata,
        size: usize,
        share: f64,
        is_left: impl Fn(&State) -> bool + Sync,
    ) -> Vec<State> {
        let draws = Draws::new(self.question.seed, &format!("availability/{size}"));
        let all = self.question.samples;
        let wanted = (0..all).take_while(|n| number::part(*n, all) < share).count() as u64;
        let one = |number: u64| strata.draw(&draws, (number, size), &is_left);
        (0..wanted.max(LEAST)).into_par_iter().filter_map(one).collect()
    }

    fn is_physical(&self, state: &[u16]) -> bool {
        self.space.causes(state).all(|cause| !self.causes.all[cause].is_common)
    }

    /// How likely it is that no common cause is there.
    fn all_physical(&self) -> f64 {
        let common = self.causes.all.iter().filter(|cause| cause.is_common);
        common.map(|cause| 1.0 - cause.unavailability()).product()
    }
}

/// Adds what the draws of a stratum tell.
fn add_stratum(demands: &mut IdVec<DemandId, [Estimate; 2]>, weight: f64, told: &[(bool, Told)]) {
    let drawn = told.len() as u64;
    for id in demands.ids() {
        let hits = |physical_only: bool| {
            let counted = told.iter().filter(|(physical, _)| *physical || !physical_only);
            let mut hits = [0_u64; 2];
            for (_, told) in counted {
                hits[0] += u64::from(told.health[id] == Health::Down);
                hits[1] += u64::from(told.health[id] != Health::Up);
            }
            hits
        };
        for (sum, physical_only) in demands[id].iter_mut().zip([false, true]) {
            *sum = sum.and(Estimate::of_hits(weight, hits(physical_only), drawn));
        }
    }
}
