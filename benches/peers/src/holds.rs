//! The hold model on the queue of pnilab and on the engines of others: a queue that always holds
//! the same number of events, each of which is queued again some time after it was taken.

use std::cell::RefCell;
use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nexosim::model::{Context, Model, schedulable};
use nexosim::simulation::{Mailbox, SimInit};
use nexosim::time::MonotonicTime;
use pnilab::engine::queue::Queue;
use serde::{Deserialize, Serialize};
use simrs::{Component, ComponentId, Scheduler, State};

use crate::hold::{Event, Hold, Mix};
use crate::programs::{Program, Running};
use crate::rounds::timed;

/// Takes about so many events, and tells how many they were.
type Inside = Box<dyn FnMut(u64) -> u64>;

/// An engine with so many events waiting, run until each was taken twice on average.
pub(crate) enum Engine {
    /// It runs in this program.
    Inside(Inside),
    /// It runs in a program of its own.
    Outside(Running),
}

impl Engine {
    /// Takes about so many events: nanoseconds of processor time of each.
    pub(crate) fn pace(&mut self, events: u64) -> Result<f64, Box<dyn Error>> {
        let (taken, seconds) = match self {
            Self::Inside(run) => timed(|| run(events)),
            Self::Outside(program) => (events, program.seconds(events)?),
        };
        Ok(seconds * 1e9 / taken as f64)
    }
}

/// pnilab, the engines in Rust, and these programs, by name.
pub(crate) fn engines(
    pending: u32,
    programs: &[Program],
) -> Result<Vec<(&'static str, Engine)>, Box<dyn Error>> {
    let mut ours = Hold::<Queue<Event>>::new(Mix::Exponential, pending);
    let ours = move |events| {
        ours.run(events);
        events
    };
    let mut all = vec![("pnilab", Engine::Inside(Box::new(ours)))];
    for (name, mut run) in [("simrs", simrs(pending)), ("nexosim", nexosim(pending)?)] {
        run(2 * u64::from(pending));
        all.push((name, Engine::Inside(run)));
    }
    for program in programs {
        all.push((program.name, Engine::Outside(Running::start(program, pending)?)));
    }
    Ok(all)
}

/// Quantiles of the exponential distribution, 1 ms in the mean: nanoseconds.
pub(crate) fn quantiles() -> Vec<u64> {
    let quantile = |index: u32| (-1e6 * libm::log((f64::from(index) + 0.5) / 1024.0)).round();
    (0..1024).map(|index| quantile(index) as u64).collect()
}

/// The increments of `hold`: exponential, 1 ms in the mean, the same numbers.
#[derive(Debug, Serialize, Deserialize)]
struct Increments {
    quantiles: Vec<u64>,
    random: u64,
}

impl Increments {
    fn new() -> Self {
        Self { quantiles: quantiles(), random: 1 }
    }

    fn next(&mut self) -> Duration {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let index = ((mixed >> 32) * 1024) >> 32;
        let quantile = self.quantiles[usize::try_from(index).expect("below 1024")];
        Duration::from_nanos(quantile + (mixed & 1023))
    }
}

/// An event of the peers, smaller than ours.
#[derive(Clone, Copy, Debug)]
struct Small {
    owner: u32,
    sequence: u64,
}

/// The one component of simrs.
struct Again(RefCell<Increments>);

impl Component for Again {
    type Event = Small;

    fn process_event(
        &self,
        own: ComponentId<Small>,
        event: &Small,
        scheduler: &mut Scheduler,
        _: &mut State,
    ) {
        let wait = self.0.borrow_mut().next();
        scheduler.schedule(wait, own, Small { owner: event.owner, sequence: event.sequence + 1 });
    }
}

fn simrs(pending: u32) -> Inside {
    let mut simulation = simrs::Simulation::default();
    let mut first = Increments::new();
    let waits: Vec<_> = (0..pending).map(|_| first.next()).collect();
    let own = simulation.add_component(Again(RefCell::new(first)));
    for (owner, wait) in (0..).zip(waits) {
        simulation.schedule(wait, own, Small { owner, sequence: 1 });
    }
    Box::new(move |events| {
        for _ in 0..events {
            assert!(simulation.step(), "it never empties");
        }
        events
    })
}

/// The one model of nexosim.
#[derive(Serialize, Deserialize)]
struct Timers {
    pending: u32,
    increments: Increments,
}

/// How many events nexosim took: its model moves into the simulation and cannot be asked.
static TAKEN: AtomicU64 = AtomicU64::new(0);

#[Model]
impl Timers {
    #[nexosim(init)]
    async fn init(&mut self, context: &Context<Self>) {
        for owner in 0..self.pending {
            self.queue((owner, 1), context);
        }
    }

    #[nexosim(schedulable)]
    fn again(&mut self, (owner, sequence): (u32, u64), context: &Context<Self>) {
        TAKEN.fetch_add(1, Ordering::Relaxed);
        self.queue((owner, sequence + 1), context);
    }

    fn queue(&mut self, event: (u32, u64), context: &Context<Self>) {
        let wait = self.increments.next();
        let queued = context.schedule_event(wait, schedulable!(Self::again), event);
        queued.expect("it is due in the future");
    }
}

fn nexosim(pending: u32) -> Result<Inside, Box<dyn Error>> {
    let model = Timers { pending, increments: Increments::new() };
    let start = SimInit::with_num_threads(1).add_model(model, Mailbox::new(), "timers");
    let mut simulation = start.init(MonotonicTime::EPOCH).map_err(|e| e.to_string())?;
    Ok(Box::new(move |events| {
        let before = TAKEN.load(Ordering::Relaxed);
        // Each waits 1 ms in the mean.
        let span = Duration::from_nanos(events * 1_000_000 / u64::from(pending));
        simulation.step_until(span).expect("nothing fails in the model");
        TAKEN.load(Ordering::Relaxed) - before
    }))
}
