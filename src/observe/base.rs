//! Networks that have come to rest once, and from which many scenarios start.
//!
//! A base is never changed. A scenario runs on a *fork*, a world equal to it, which is rolled back
//! afterwards at the cost of what the scenario touched, and serves again. A forked run equals a
//! fresh one byte for byte.

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use super::result::StartRows;
use super::{EventCounts, Hellos, RunOptions, conditions, result};
use crate::engine::queue::{LimitError, Limits};
use crate::ids::PrefixId;
use crate::model::scenario::{Begin, Scenario, Start};
use crate::model::topology::Topology;
use crate::report::data::RunReport;
use crate::sim::net::Net;
use crate::sim::plan::{self, FaultPlan};
use crate::sim::world::World;
use crate::units::SimTime;

/// What a scenario wants of a base: scenarios on one design that want the same share one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseKey {
    seed: u64,
    start: Start,
    hellos: Hellos,
    limits: Limits,
    /// Prefixes that something in the scenario sets apart from others that are treated alike.
    apart: Vec<Vec<PrefixId>>,
}

impl BaseKey {
    /// What this scenario wants.
    #[must_use]
    pub fn of(topology: &Topology, scenario: &Scenario, options: &RunOptions) -> Self {
        Self {
            seed: scenario.seed,
            start: scenario.start,
            hellos: options.hellos,
            limits: options.limits,
            apart: plan::set_apart(topology, scenario),
        }
    }
}

/// A design as it is when the clock starts, before any fault.
#[derive(Debug)]
pub struct Base {
    key: BaseKey,
    net: Arc<Net>,
    /// Or why there is none.
    world: Result<World, LimitError>,
    /// Forks that are not in use.
    forks: Mutex<Vec<World>>,
    start_rows: StartRows,
}

impl Base {
    /// Lets a design come to rest.
    #[must_use]
    pub fn new(topology: &Topology, key: &BaseKey) -> Self {
        let eager = key.hellos == Hellos::Sent;
        let net = Arc::new(Net::new(topology.clone(), key.seed, eager, &key.apart));
        let world = World::new(Arc::clone(&net), key.start, key.limits);
        let start_rows = StartRows::new();
        Self { key: key.clone(), net, world, forks: Mutex::default(), start_rows }
    }

    /// Runs a scenario on a fork; what [`super::run`] reports.
    ///
    /// # Panics
    /// If the scenario wants another base.
    #[must_use]
    pub fn run(&self, scenario: &Scenario, options: &RunOptions) -> RunReport {
        self.check(scenario, options);
        self.run_counted(scenario, options).0
    }

    /// A fork for those who roll it back themselves, at the cost of a copy of the base.
    #[must_use]
    pub fn fork(&self) -> Fork<'_> {
        Fork { base: self, world: self.copy() }
    }

    /// Whether all forks that are not in use are what the base is, down to the last detail.
    #[must_use]
    pub fn forks_are_equal(&self) -> bool {
        let told = |world: &World| {
            let mut text = Hashing(Sha256::new());
            write!(text, "{world:?}").expect("nothing is written");
            text.0.finalize()
        };
        let Ok(base) = &self.world else { return true };
        let base = told(base);
        self.spare().iter().all(|fork| told(fork) == base)
    }

    fn run_counted(&self, scenario: &Scenario, options: &RunOptions) -> (RunReport, EventCounts) {
        let spare = self.spare().pop();
        let mut fork = Fork { base: self, world: spare.map_or_else(|| self.copy(), Ok) };
        let done = fork.run_counted(scenario, options);
        fork.roll_back();
        self.spare().extend(fork.world);
        done
    }

    /// The same for the only scenario: without a fork, unless it has to begin again.
    pub(super) fn run_once(
        mut self,
        scenario: &Scenario,
        options: &RunOptions,
    ) -> (RunReport, EventCounts) {
        if scenario.faults.iter().any(|fault| matches!(fault.begin, Begin::When(..))) {
            return self.run_counted(scenario, options);
        }
        let mut held = vec![None; scenario.faults.len()];
        let world = self.world.as_mut().map_err(|error| error.clone());
        let start = (&*self.net, &self.start_rows);
        carry_out(start, world, scenario, options, &mut held).expect("no fault waits")
    }

    fn check(&self, scenario: &Scenario, options: &RunOptions) {
        assert_eq!(self.key, BaseKey::of(&self.net.topology, scenario, options), "its own base");
    }

    fn copy(&self) -> Result<World, LimitError> {
        self.world.as_ref().map(World::fork).map_err(Clone::clone)
    }

    fn spare(&self) -> MutexGuard<'_, Vec<World>> {
        self.forks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is equal to a base until a scenario runs on it, and again when it is rolled back.
#[derive(Debug)]
pub struct Fork<'a> {
    base: &'a Base,
    /// Or why there is none.
    world: Result<World, LimitError>,
}

impl Fork<'_> {
    /// Runs a scenario; what [`Base::run`] reports. What it touches stays until it is rolled back,
    /// which comes first here.
    ///
    /// # Panics
    /// If the scenario wants another base.
    #[must_use]
    pub fn run(&mut self, scenario: &Scenario, options: &RunOptions) -> RunReport {
        self.base.check(scenario, options);
        self.roll_back();
        self.run_counted(scenario, options).0
    }

    /// Makes it equal to its base, at the cost of what was touched.
    pub fn roll_back(&mut self) {
        if let (Ok(fork), Ok(base)) = (&mut self.world, &self.base.world) {
            fork.roll_back(base);
        }
    }

    fn run_counted(
        &mut self,
        scenario: &Scenario,
        options: &RunOptions,
    ) -> (RunReport, EventCounts) {
        let mut held = vec![None; scenario.faults.len()];
        loop {
            let world = self.world.as_mut().map_err(|error| error.clone());
            let start = (&*self.base.net, &self.base.start_rows);
            if let Some(done) = carry_out(start, world, scenario, options, &mut held) {
                return done;
            }
            self.roll_back();
        }
    }
}

/// Takes text that would be too long to keep.
struct Hashing(Sha256);

impl Write for Hashing {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text);
        Ok(())
    }
}

/// Runs to the end, or to the limit that stops it; `None`: a fault is to come that has waited for
/// something that is now `held`.
fn carry_out(
    (net, start_rows): (&Net, &StartRows),
    world: Result<&mut World, LimitError>,
    scenario: &Scenario,
    options: &RunOptions,
    held: &mut [Option<SimTime>],
) -> Option<(RunReport, EventCounts)> {
    let plan = Arc::new(FaultPlan::new(&net.topology, scenario, held));
    let (world, stopped) = match world {
        Ok(world) => {
            world.begin(Arc::clone(&plan));
            let stopped = finish(world, scenario, options.limits).err();
            (Some(&*world), stopped)
        }
        Err(error) => (None, Some(error)),
    };
    let known = world.filter(|_| stopped.is_none());
    if known.is_some_and(|world| conditions::next(net, scenario, world, held)) {
        return None;
    }
    let counts = world.map_or_else(Vec::new, |world| world.event_counts().collect());
    let mut report = result::report(net, &plan, scenario, options, (world, start_rows), stopped);
    report.figures.notes.extend(plan.notes.iter().cloned());
    report.figures.notes.extend(conditions::notes(scenario, held));
    Some((report, counts))
}

fn finish(world: &mut World, scenario: &Scenario, limits: Limits) -> Result<(), LimitError> {
    let until = SimTime::ZERO + scenario.duration.min(limits.time);
    let ended = world.run_to_end(until);
    world.close();
    if ended.is_ok() && scenario.duration > limits.time {
        return Err(LimitError::Time { limit: limits.time });
    }
    ended
}
