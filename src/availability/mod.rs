//! How long a year each demand is down, and because of what.
//!
//! A demand is up when it delivers at least its class's `ok` in both directions. What fails, fails and
//! is repaired independently, at the rates of [`causes`]: a cause is there for the share of time
//! `failures_per_year` times `repair`. The result is the sum of
//!
//! * *steady* downtime: [`steady`] works states of the design out with [`crate::settled`], the likeliest
//!   first ([`states`]), until those left weigh less than is asked for, and adds up how likely those are
//!   in which a demand is down. States that differ only in what does not matter are worked out once
//!   ([`crate::settled::Matter`]). Of states that are left a sample is drawn where they weigh more
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
//! * Planned work is no failure; [`years`] has it.

pub mod causes;
mod result;
pub mod sample;
pub mod states;
pub mod steady;
pub mod transients;
pub mod years;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use crate::ids::{DemandId, IdVec};
use crate::model::topology::Topology;
use crate::report::data::{Simulation, YEAR_S};
use crate::rng::Draws;
use crate::settled::{Evaluator, Fault, Reach};
pub use causes::TooOften;
use causes::{Cause, Causes};
use sample::{Estimate, Parts};
use states::{Frontier, Next, Node, Space};
use steady::{Health, Steady, Told};
use transients::Transient;
use years::Plan;

/// States that are worked out at a time.
const WAVE: usize = 256;

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
    /// By cause, what it reaches.
    reach: Vec<Vec<Reach>>,
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
        let reach = |cause: &Cause| {
            cause.faults.iter().map(|fault| Reach::of(topology, fault.element)).collect()
        };
        let reach = causes.all.iter().map(reach).collect();
        Ok(Self { topology, question, causes, space, reach })
    }

    /// How many ways there are to fail.
    #[must_use]
    pub fn causes(&self) -> usize {
        self.causes.all.len()
    }

    /// How long each cause alone takes each demand down while routing reacts; counts them.
    #[must_use]
    pub fn transients(&self, finished: &AtomicU64) -> Vec<Transient> {
        let done = || {
            finished.fetch_add(1, Ordering::Relaxed);
        };
        transients::all(self.topology, &self.causes.all, self.question.seed, &done)
    }

    /// Simulates years; counts them.
    ///
    /// Runs on the threads of the pool that calls; the result is the same with any number.
    #[must_use]
    pub fn years(&self, plan: Plan, finished: &AtomicU64) -> Simulation {
        let done = || {
            finished.fetch_add(1, Ordering::Relaxed);
        };
        let years = years::simulate(self.topology, &self.causes.all, plan, &done);
        years::summed(self.topology, plan, &years)
    }

    /// Tells states, the likeliest first, until enough are told; counts them.
    ///
    /// Runs on the threads of the pool that calls; the result is the same with any number.
    #[must_use]
    pub fn steady(&self, finished: &AtomicU64) -> (Steady<'_>, Rest) {
        let evaluator = Evaluator::new(self.topology, self.question.seed);
        let mut steady = Steady::new(self.topology, &self.causes.all, &self.space);
        let mut frontier = Frontier::default();
        let (told, hot) = self.tell(&evaluator, &[]);
        let root = Arc::new(Node::root(&self.space, hot));
        steady.take(&root, &told);
        frontier.open(&self.space, root);
        let enough = self.question.precision_s / YEAR_S;
        let mut left_over = Vec::new();
        loop {
            let wave: Vec<Next> =
                std::iter::from_fn(|| frontier.next(&self.space)).take(WAVE).collect();
            if wave.is_empty() {
                break;
            }
            let one = |next: &Next| {
                let (told, hot) = self.tell(&evaluator, &next.state());
                (Arc::new(Node::child(&self.space, next, &hot)), told)
            };
            let told: Vec<(Arc<Node>, Told)> = wave.par_iter().map(one).collect();
            for (next, (node, told)) in wave.into_iter().zip(told) {
                if steady.states == self.question.states || 1.0 - steady.told.all <= enough {
                    left_over.push(next);
                    continue;
                }
                steady.take(&node, &told);
                frontier.open(&self.space, node);
                finished.fetch_add(1, Ordering::Relaxed);
            }
            if !left_over.is_empty() {
                break;
            }
        }
        let left = frontier.left(&self.space, left_over);
        let rest = self.rest(&evaluator, &steady, &left);
        (steady, rest)
    }

    /// What a state means, and what else matters in it.
    fn tell(&self, evaluator: &Evaluator<'_>, state: &[u16]) -> (Told, Vec<u16>) {
        let (told, matter) =
            steady::tell_with_matter(self.topology, evaluator, &self.faults(state));
        let concerns = |item: &u16| {
            let Some(matter) = &matter else { return true };
            self.reach[self.space.cause(*item)].iter().any(|reach| matter.concerns(reach))
        };
        (told, self.space.all().into_iter().filter(concerns).collect())
    }

    fn faults(&self, state: &[u16]) -> Vec<Fault> {
        let causes = self.space.causes(state);
        let mut faults: Vec<Fault> =
            causes.flat_map(|cause| self.causes.all[cause].faults.iter().copied()).collect();
        faults.sort_unstable();
        faults.dedup();
        faults
    }

    /// What the states that were not told add.
    fn rest(&self, evaluator: &Evaluator<'_>, steady: &Steady<'_>, left: &[Next]) -> Rest {
        let each = |estimates: [Estimate; 2]| -> IdVec<DemandId, [Estimate; 2]> {
            self.topology.demands.iter().map(|_| estimates).collect()
        };
        let none = Rest { weight: 0.0, samples: 0, demands: each([Estimate::default(); 2]) };
        if left.is_empty() {
            return none;
        }
        let weight: f64 = left.iter().map(Next::mass).sum();
        let samples = self.question.samples;
        if samples == 0 || weight <= self.question.precision_s / YEAR_S {
            let physical = (self.space.no_common(|_| true) - steady.told.physical).max(0.0);
            let unknown = [weight, physical].map(|weight| Estimate::of_hits(weight, [0, 0], 0));
            return Rest { weight, demands: each(unknown), ..none };
        }
        let parts = Parts::new(left, Draws::new(self.question.seed, "availability"));
        let one = |number: u64| {
            let state = parts.draw(&self.space, number);
            let told = steady::tell(self.topology, evaluator, &self.faults(&state));
            (self.space.is_physical(&state), told)
        };
        let told: Vec<(bool, Told)> = (0..samples).into_par_iter().map(one).collect();
        let demand = |id: DemandId| [false, true].map(|only| estimate(&told, (id, only), weight));
        Rest { weight, samples, demands: self.topology.demands.ids().map(demand).collect() }
    }
}

/// What draws tell of a demand, of all states or of physical ones only.
fn estimate(
    told: &[(bool, Told)],
    (demand, physical_only): (DemandId, bool),
    weight: f64,
) -> Estimate {
    let mut hits = [0_u64; 2];
    for (_, told) in told.iter().filter(|(physical, _)| *physical || !physical_only) {
        hits[0] += u64::from(told.health[demand] == Health::Down);
        hits[1] += u64::from(told.health[demand] != Health::Up);
    }
    Estimate::of_hits(weight, hits, told.len() as u64)
}
