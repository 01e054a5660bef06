//! Simulated years: how the downtime of one year spreads, with maintenance windows and few crews.
//!
//! Each year is drawn by itself: elements fail at random instants and stay down for a repair whose time has
//! a long tail, windows of maintenance come evenly from a random day on, and what needs a crew waits for
//! one, first come, first served. Whenever something changes, the settled evaluator tells which demands
//! are down until the next change.
//!
//! # Departures
//! * A year begins with 60 days that do not count, so that some things are down when it begins.
//! * Nobody puts a maintenance off because something has failed.
//! * What routing needs to react is left out: it is too short to change how years differ, and counted as
//!   transients elsewhere.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::causes::{Cause, YEAR_H};
use super::states::uniform;
use super::steady::{Health, Told, tell};
use crate::ids::{DemandId, DomainId, IdVec};
use crate::model::topology::{Mode, Topology};
use crate::report::data::{Simulation, YearsRow};
use crate::report::number;
use crate::rng::Draws;
use crate::settled::{Element, Evaluator, Fault, How};

/// Hours before each year that do not count.
const WARM_UP_H: f64 = 60.0 * 24.0;
/// Standard deviation of the logarithm of a repair's time: half of the cuts of a large backbone's fibre
/// last longer than 9 h and a tenth longer than 24 h (Zhong and others, ARROW, SIGCOMM 2021).
pub const TAIL: f64 = 0.765;
/// Most states that are kept to be met again.
const KEPT: usize = 200_000;

/// What is asked of simulated years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How many.
    pub years: u64,
    /// How many repairs go on at once; `None`: any number.
    pub crews: Option<u32>,
    /// Seed of what is drawn.
    pub seed: u64,
}

/// What one year brought to each demand, in hours.
#[derive(Clone, Debug, PartialEq)]
pub struct Year {
    /// For how long it was down.
    pub down_h: IdVec<DemandId, f64>,
    /// For how long of that some maintenance went on.
    pub maintenance_h: IdVec<DemandId, f64>,
    /// For how long it was not found out.
    pub uncertain_h: IdVec<DemandId, f64>,
    /// How often it went down.
    pub outages: IdVec<DemandId, u32>,
    /// The longest time for which it was down without a break.
    pub longest_h: IdVec<DemandId, f64>,
}

/// Draws years of a design.
///
/// Runs on the threads of the pool that calls; the result is the same with any number.
pub fn simulate(
    topology: &Topology,
    causes: &[Cause],
    plan: Plan,
    done: &(impl Fn() + Sync),
) -> Vec<Year> {
    let elements = causes.iter().map(|cause| cause.element + 1).max().unwrap_or(0);
    let mut ways = vec![Vec::new(); elements];
    for (place, cause) in causes.iter().enumerate() {
        ways[cause.element].push(place);
    }
    let world = World {
        topology,
        causes,
        ways,
        plan,
        evaluator: Evaluator::new(topology, plan.seed),
        known: Mutex::default(),
    };
    let one = |number: u64| {
        let year = world.year(number);
        done();
        year
    };
    (0..plan.years).into_par_iter().map(one).collect()
}

/// What is wrong at one instant: causes, and domains in maintenance.
type Wrong = (Vec<usize>, Vec<DomainId>);

struct World<'t> {
    topology: &'t Topology,
    causes: &'t [Cause],
    /// By element, its causes.
    ways: Vec<Vec<usize>>,
    plan: Plan,
    evaluator: Evaluator<'t>,
    known: Mutex<BTreeMap<Wrong, std::sync::Arc<Told>>>,
}

/// What happens to one element, or domain.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Event {
    /// A cause comes.
    Fails(usize),
    /// It has been repaired.
    Mended(usize),
    /// A window begins.
    Opens(DomainId),
    /// It ends.
    Closes(DomainId),
    /// The year is over.
    Ends,
}

/// What is to come in a year, and what is.
struct Run<'w, 't> {
    world: &'w World<'t>,
    /// By instant, then in a fixed order.
    events: BTreeMap<(u64, usize), Event>,
    count: usize,
    wrong: Wrong,
    /// By element, its draws and how many were taken.
    draws: Vec<(Draws, u64)>,
    /// Crews that are not at work; `None`: any number.
    free: Option<u32>,
    waiting: VecDeque<usize>,
}

impl World<'_> {
    fn year(&self, number: u64) -> Year {
        let mut run = Run::new(self, number);
        let mut sums = Sums::new(self.topology);
        let mut now = 0.0;
        while let Some(((at, _), event)) = run.events.pop_first() {
            let at = f64::from_bits(at);
            if at > WARM_UP_H && at > now {
                let told = self.told(&run.wrong);
                sums.add(&told, at - now.max(WARM_UP_H), !run.wrong.1.is_empty());
            }
            if event == Event::Ends {
                break;
            }
            now = at;
            run.handle(at, event);
        }
        sums.year
    }

    fn told(&self, wrong: &Wrong) -> std::sync::Arc<Told> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(told) = known().get(wrong) {
            return std::sync::Arc::clone(told);
        }
        let causes = wrong.0.iter().flat_map(|cause| self.causes[*cause].faults.iter().copied());
        let domains = wrong.1.iter().map(|domain| &self.topology.domains[*domain]);
        let down = |element| Fault { element, how: How::Fail };
        let taken = domains.flat_map(|domain| {
            let routers = domain.routers.iter().map(|id| down(Element::Router(*id)));
            routers.chain(domain.lags.iter().map(|id| down(Element::Lag(*id))))
        });
        let mut faults: Vec<Fault> = causes.chain(taken).collect();
        faults.sort_unstable();
        faults.dedup();
        let told = std::sync::Arc::new(tell(self.topology, &self.evaluator, &faults));
        let mut known = known();
        if known.len() < KEPT {
            known.insert(wrong.clone(), std::sync::Arc::clone(&told));
        }
        told
    }

    /// Whether somebody has to go and mend it; software comes back by itself, and whoever made a wrong
    /// configuration takes it back.
    fn needs_crew(&self, cause: usize) -> bool {
        let cause = &self.causes[cause];
        let by_itself = matches!(cause.mode, Some(Mode::Crash | Mode::Hang));
        let session = cause.faults.iter().all(|fault| matches!(fault.element, Element::Session(_)));
        !by_itself && !cause.is_common && !session
    }
}

impl<'w, 't> Run<'w, 't> {
    fn new(world: &'w World<'t>, number: u64) -> Self {
        // The first way's name stands for the element.
        let draws = |ways: &Vec<usize>| {
            let name = ways.first().map_or("", |way| &world.causes[*way].name);
            (Draws::new(world.plan.seed, &format!("year/{number}/{name}")), 0)
        };
        let mut run = Self {
            world,
            events: BTreeMap::new(),
            count: 0,
            wrong: Wrong::default(),
            draws: world.ways.iter().map(draws).collect(),
            free: world.plan.crews,
            waiting: VecDeque::new(),
        };
        for element in 0..world.ways.len() {
            run.fail_later(element, 0.0);
        }
        for (id, domain) in world.topology.domains.iter_ids() {
            let Some(windows) = &domain.windows else { continue };
            let every = YEAR_H / windows.per_year;
            let name = format!("year/{number}/maintenance/{}", domain.name);
            let mut at = uniform(Draws::new(world.plan.seed, &name).bits(0)) * every;
            while at < WARM_UP_H + YEAR_H {
                run.push(at, Event::Opens(id));
                run.push(at + windows.lasts.as_secs_f64() / 3_600.0, Event::Closes(id));
                at += every;
            }
        }
        run.push(WARM_UP_H + YEAR_H, Event::Ends);
        run
    }

    fn push(&mut self, at: f64, event: Event) {
        // Instants are not negative: their bits are in their order.
        self.events.insert((at.to_bits(), self.count), event);
        self.count += 1;
    }

    fn draw(&mut self, element: usize) -> f64 {
        let (draws, count) = &mut self.draws[element];
        *count += 1;
        // Never zero, whose logarithm is none.
        1.0 - uniform(draws.bits(*count))
    }

    /// Draws when an element that is well fails, and how.
    fn fail_later(&mut self, element: usize, now: f64) {
        let causes = self.world.causes;
        let ways = &self.world.ways[element];
        let down: f64 = ways.iter().map(|way| causes[*way].unavailability()).sum();
        let often: f64 = ways.iter().map(|way| causes[*way].failures_per_year).sum();
        if often <= 0.0 {
            return;
        }
        // It fails so often a year in all, and only while it is well.
        let mean = YEAR_H * (1.0 - down) / often;
        let at = now - mean * libm::log(self.draw(element));
        let mut pick = self.draw(element) * often;
        let picked = ways.iter().find(|way| {
            pick -= causes[**way].failures_per_year;
            pick <= 0.0
        });
        if let Some(way) = picked.or(ways.last()) {
            self.push(at, Event::Fails(*way));
        }
    }

    /// Draws how long a repair takes: log-normal, with the mean that is asked for.
    fn repair_h(&mut self, cause: usize) -> f64 {
        let element = self.world.causes[cause].element;
        let (a, b) = (self.draw(element), self.draw(element));
        let normal = (-2.0 * libm::log(a)).sqrt() * libm::cos(2.0 * std::f64::consts::PI * b);
        self.world.causes[cause].repair_h * libm::exp(TAIL * normal - TAIL * TAIL / 2.0)
    }

    fn handle(&mut self, now: f64, event: Event) {
        match event {
            Event::Fails(cause) => {
                let place = self.wrong.0.partition_point(|other| *other < cause);
                self.wrong.0.insert(place, cause);
                match (&mut self.free, self.world.needs_crew(cause)) {
                    (Some(0), true) => self.waiting.push_back(cause),
                    (Some(free), true) => {
                        *free -= 1;
                        self.mend_later(cause, now);
                    }
                    (None, _) | (_, false) => self.mend_later(cause, now),
                }
            }
            Event::Mended(cause) => {
                self.wrong.0.retain(|other| *other != cause);
                self.fail_later(self.world.causes[cause].element, now);
                if !self.world.needs_crew(cause) {
                    return;
                }
                match (self.waiting.pop_front(), &mut self.free) {
                    (Some(next), _) => self.mend_later(next, now),
                    (None, Some(free)) => *free += 1,
                    (None, None) => {}
                }
            }
            Event::Opens(domain) => self.wrong.1.push(domain),
            Event::Closes(domain) => {
                if let Some(place) = self.wrong.1.iter().position(|other| *other == domain) {
                    self.wrong.1.remove(place);
                }
            }
            Event::Ends => {}
        }
        self.wrong.1.sort_unstable();
    }

    fn mend_later(&mut self, cause: usize, now: f64) {
        let time = self.repair_h(cause);
        self.push(now + time, Event::Mended(cause));
    }
}

/// What a year has brought so far.
struct Sums {
    year: Year,
    /// For how long each demand has been down without a break.
    since_h: IdVec<DemandId, f64>,
}

impl Sums {
    fn new(topology: &Topology) -> Self {
        let none = || topology.demands.iter().map(|_| 0.0).collect::<IdVec<DemandId, f64>>();
        let year = Year {
            down_h: none(),
            maintenance_h: none(),
            uncertain_h: none(),
            outages: topology.demands.iter().map(|_| 0).collect(),
            longest_h: none(),
        };
        Self { year, since_h: none() }
    }

    fn add(&mut self, told: &Told, hours: f64, in_maintenance: bool) {
        for (id, health) in told.health.iter_ids() {
            if *health == Health::Down {
                if self.since_h[id] <= 0.0 {
                    self.year.outages[id] += 1;
                }
                self.since_h[id] += hours;
                self.year.longest_h[id] = self.year.longest_h[id].max(self.since_h[id]);
                self.year.down_h[id] += hours;
                self.year.maintenance_h[id] += if in_maintenance { hours } else { 0.0 };
            } else {
                self.since_h[id] = 0.0;
                self.year.uncertain_h[id] += if *health == Health::Uncertain { hours } else { 0.0 };
            }
        }
    }
}

/// What years brought on average, and how they spread.
#[must_use]
pub fn summed(topology: &Topology, plan: Plan, years: &[Year]) -> Simulation {
    let windows = topology.domains.iter().filter_map(|domain| domain.windows);
    let mut demands: Vec<YearsRow> =
        topology.demands.ids().map(|id| row(topology, id, years)).collect();
    demands.sort_by(|a, b| a.demand.cmp(&b.demand));
    Simulation {
        years: plan.years,
        crews: plan.crews,
        windows_per_year: windows.map(|windows| windows.per_year).sum(),
        repair_sigma: TAIL,
        demands,
    }
}

fn row(topology: &Topology, id: DemandId, years: &[Year]) -> YearsRow {
    let n = number::count(years.len() as u64).max(1.0);
    let mean = |of: &dyn Fn(&Year) -> f64| years.iter().map(of).sum::<f64>() / n;
    let seconds = |hours: f64| hours * 3_600.0;
    let mean_h = mean(&|year| year.down_h[id]);
    let square = |year: &Year| (year.down_h[id] - mean_h) * (year.down_h[id] - mean_h);
    let deviation = (mean(&square) * n / (n - 1.0).max(1.0)).sqrt();
    let half = 1.96 * deviation / n.sqrt();
    let mut sorted: Vec<f64> = years.iter().map(|year| year.down_h[id]).collect();
    sorted.sort_by(f64::total_cmp);
    // The least value that so many of a hundred years do not exceed.
    let quantile = |hundredths: usize| {
        let place = (sorted.len() * hundredths).div_ceil(100).saturating_sub(1);
        seconds(sorted.get(place).copied().unwrap_or(0.0))
    };
    YearsRow {
        demand: topology.demands[id].name.clone(),
        mean_s: seconds(mean_h),
        mean_low_s: seconds((mean_h - half).max(0.0)),
        mean_high_s: seconds(mean_h + half),
        maintenance_s: seconds(mean(&|year| year.maintenance_h[id])),
        uncertain_s: seconds(mean(&|year| year.uncertain_h[id])),
        p50_s: quantile(50),
        p95_s: quantile(95),
        p99_s: quantile(99),
        worst_s: quantile(100),
        outages_per_year: mean(&|year| f64::from(year.outages[id])),
        longest_s: seconds(years.iter().map(|year| year.longest_h[id]).fold(0.0, f64::max)),
    }
}
