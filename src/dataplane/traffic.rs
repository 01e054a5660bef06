//! All demands over time: who goes where, what is offered to each circuit, what arrives.
//!
//! # Departures
//! While prefixes are written one after the other, each position of the group turns at its own
//! instant, so gaps are exact, and shares change evenly between the instants at which one router's
//! write overtakes another's, so losses are exact too. Some things are worked out only at the steps
//! of a write (sixteenths of it) and at every other change of forwarding, and taken to change evenly
//! between them. Over a write that takes `t`, in the course of which the delivered share falls or
//! rises by `d`, what is lost is then off by less than `d t / 32`. These are
//! * loss by congestion, and gaps of what it leaves nothing;
//! * return traffic whose starts move because its forward twin's prefixes are written, while its
//!   own are too, or that meets routers with state, and its gaps.
//!
//! Hashed flows turn one by one; what they lose meanwhile is off by less than half of `t` times the
//! share of one flow, and a flow that two writes pass between two looks has turned once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::atoms::{Harm, Scopes, is_offered};
use super::courses::{FlowPlan, Seen, View, start_back};
pub use super::flowing::{Flowing, Instant};
use super::load::{self, Offered, Stream};
use super::loads::{Loads, push};
use super::paths::{PathTable, Ways};
use super::reach::Reach;
use super::series::Series;
use super::state;
use super::sweeps::{Swept, meetings, swept};
use super::tables::{Tables, WHOLE};
use crate::engine::store::Store;
use crate::ids::{ClassId, End, GroupId, LagId, RouterId, Side};
use crate::model::scenario::Direction;
use crate::model::topology::Flows;
use crate::units::{BitRate, SimDuration, SimTime};

/// One demand as the data plane sees it.
#[derive(Clone, Debug)]
pub struct DemandSpec {
    /// Where forward traffic starts, in parts of the whole.
    pub sources: Vec<(RouterId, u64)>,
    /// Destination group of forward and of return traffic.
    pub groups: [GroupId; 2],
    /// Rates of forward and return traffic at factor one.
    pub rates: [BitRate; 2],
    /// Its class.
    pub class: ClassId,
    /// A gap longer than this drops a call.
    pub drop_after: Option<SimDuration>,
    /// Flows, and the hash of each; fluid shares if empty.
    pub flows: Option<Flows>,
    /// Hash of each flow.
    pub flow_hashes: Vec<u64>,
    /// LAGs that cross between networks within the demand's metro.
    pub local: Vec<LagId>,
}

/// Everything that flows.
#[derive(Clone, Debug)]
pub struct Traffic {
    specs: Arc<[DemandSpec]>,
    plans: Arc<[Option<FlowPlan>]>,
    ways: Arc<Ways>,
    /// How many times its rate each demand is offered over time, in parts per billion.
    factors: Vec<Series>,
    factors_ppb: Vec<u64>,
    paths: PathTable,
    flowing: Vec<[Flowing; 2]>,
    /// Which routers it may meet.
    reach: Reach,
    loads: Loads,
    /// Whether something was congested when it was last looked at.
    congested: bool,
    evaluated: SimTime,
}

/// What may be another than when traffic was last looked at.
#[derive(Clone, Copy, Debug)]
enum Changed<'a> {
    /// How far the writes under way have come.
    Positions,
    /// These entries of forwarding tables.
    Entries(&'a [(RouterId, GroupId)]),
    /// Anything.
    Anything,
}

impl Traffic {
    /// Traffic over settled tables at time zero. LAGs `inside` a network stand for each other
    /// where they join the same routers.
    #[must_use]
    pub fn new(specs: Vec<DemandSpec>, tables: &Tables, inside: BTreeSet<LagId>) -> Self {
        let now = SimTime::ZERO;
        let routers = |spec: &DemandSpec| spec.sources.iter().map(|(router, _)| *router).collect();
        let reached = specs.iter().map(|spec| (spec.groups, routers(spec)));
        let mut traffic = Self {
            plans: specs.iter().map(FlowPlan::of).collect(),
            ways: Arc::new(Ways { ends: tables.ends.clone(), inside }),
            factors: vec![Series::default(); specs.len()],
            factors_ppb: vec![1_000_000_000; specs.len()],
            paths: PathTable::default(),
            flowing: Vec::new(),
            reach: Reach::new(tables, reached),
            loads: Loads::new(tables.lags.len()),
            congested: false,
            evaluated: now,
            specs: specs.into(),
        };
        let view = View { tables, swept: &BTreeMap::new(), now, stateful: state::any(tables) };
        let Self { specs, plans, paths, flowing, reach, .. } = &mut traffic;
        for (index, (spec, plan)) in specs.iter().zip(plans.iter()).enumerate() {
            let of = (spec, plan.as_ref());
            let mut seen = Seen::default();
            let course = view.forward(of, None, &mut seen, paths);
            let forward = Flowing::new(spec, course, seen, paths);
            let mut seen = Seen::default();
            start_back(of, &forward.atoms, &mut seen);
            let course = view.back(of, &forward.spread, None, &mut seen, paths);
            reach.arrived(tables, index, forward.atoms.arrived());
            flowing.push([forward, Flowing::new(spec, course, seen, paths)]);
        }
        reach.unite();
        traffic.measure(tables, now, Changed::Anything, &BTreeSet::new());
        traffic
    }

    /// Multiplies a demand's rate from now on.
    pub fn set_factor(&mut self, demand: usize, factor_ppb: u64) {
        self.factors_ppb[demand] = factor_ppb;
    }

    /// The tables are as they were, but prefixes being written have moved on until `now`.
    pub fn advance(&mut self, tables: &Tables, now: SimTime) {
        if now <= self.evaluated {
            return;
        }
        let mut instants = BTreeSet::from([now]);
        let mut any = false;
        for group in self.reach.groups() {
            let ramps = self.reach.ramps(tables, group);
            any |= !ramps.is_empty();
            meetings(&ramps, (self.evaluated, now), &mut instants);
        }
        if any {
            for at in instants {
                self.evaluate(tables, at, Changed::Positions);
            }
        }
    }

    /// The tables have changed at `now`.
    pub fn change(&mut self, tables: &Tables, now: SimTime) {
        self.reach.find_all(tables);
        self.evaluate(tables, now, Changed::Anything);
    }

    /// Of the tables, these entries have changed at `now`, and nothing else has.
    pub fn change_entries(
        &mut self,
        tables: &Tables,
        now: SimTime,
        entries: &[(RouterId, GroupId)],
    ) {
        self.reach.find_after(tables, entries);
        self.evaluate(tables, now, Changed::Entries(entries));
    }

    /// A copy that keeps track of what changes.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self {
            specs: Arc::clone(&self.specs),
            plans: Arc::clone(&self.plans),
            ways: Arc::clone(&self.ways),
            factors: self.factors.clone(),
            factors_ppb: self.factors_ppb.clone(),
            paths: self.paths.clone(),
            flowing: self.flowing.clone(),
            reach: self.reach.clone(),
            loads: self.loads.fork(),
            congested: self.congested,
            evaluated: self.evaluated,
        }
    }

    /// Makes a fork equal to its `base` again.
    pub fn roll_back(&mut self, base: &Self) {
        let Self {
            factors, factors_ppb, paths, flowing, reach, loads, congested, evaluated, ..
        } = self;
        factors.clone_from(&base.factors);
        factors_ppb.clone_from(&base.factors_ppb);
        paths.clone_from(&base.paths);
        flowing.clone_from(&base.flowing);
        reach.clone_from(&base.reach);
        loads.roll_back(&base.loads);
        (*congested, *evaluated) = (base.congested, base.evaluated);
    }

    /// Demand by demand, forward and return.
    #[must_use]
    pub fn flowing(&self) -> &[[Flowing; 2]] {
        &self.flowing
    }

    /// Offered load per LAG and sending side over time, bit/s.
    #[must_use]
    pub const fn loads(&self) -> &Store<End<LagId>, Series> {
        self.loads.offered()
    }

    /// How many times its rate a demand is offered over time, in parts per billion.
    #[must_use]
    pub fn factors(&self, demand: usize) -> &Series {
        &self.factors[demand]
    }

    /// Capacity per LAG and sending side over time, bit/s.
    #[must_use]
    pub const fn capacities(&self) -> &Store<End<LagId>, Series> {
        self.loads.capacities()
    }

    /// What happened to a demand up to `now`, in this window and in the run.
    #[must_use]
    pub fn harm(&self, demand: usize, direction: Direction, now: SimTime) -> Scopes<Harm> {
        self.flowing[demand][of(direction)].atoms.harm(now, &self.paths, &self.ways)
    }

    /// A new window begins for all.
    pub fn begin_window(&mut self, now: SimTime) {
        for flowing in self.flowing.iter_mut().flatten() {
            flowing.begin_window(now);
        }
    }

    /// Whether traffic may meet what a router's table says of a group.
    #[must_use]
    pub fn may_meet(&self, tables: &Tables, router: RouterId, group: GroupId) -> bool {
        self.reach.may_meet(tables, router, group)
    }

    fn evaluate(&mut self, tables: &Tables, now: SimTime, changed: Changed<'_>) {
        let since = matches!(changed, Changed::Positions).then_some(self.evaluated);
        let swept = since.map_or_else(BTreeMap::new, |since| self.swept(tables, (since, now)));
        let view = View { tables, swept: &swept, now, stateful: state::any(tables) };
        let Self { specs, plans, paths, flowing, reach, .. } = self;
        let mut moved = BTreeSet::new();
        for (index, (spec, plan)) in specs.iter().zip(plans.iter()).enumerate() {
            let of = (spec, plan.as_ref());
            let [forward, back] = &mut flowing[index];
            let looks = changed.concerns(tables, spec.groups[0], &mut forward.seen);
            if looks {
                let Flowing { spread, seen, .. } = forward;
                let course = view.forward(of, Some(spread), seen, paths);
                if forward.move_to((now, since), course, paths) {
                    moved.insert((index, 0));
                    reach.arrived(tables, index, forward.atoms.arrived());
                }
            }
            let starts = looks && start_back(of, &forward.atoms, &mut back.seen);
            if starts {
                back.seen.clear();
            }
            let concerned = changed.concerns(tables, spec.groups[1], &mut back.seen);
            if concerned || starts || looks && view.stateful {
                let Flowing { spread, seen, .. } = back;
                let course = view.back(of, &forward.spread, Some(spread), seen, paths);
                if back.move_to((now, since), course, paths) {
                    moved.insert((index, 1));
                }
            }
        }
        reach.unite();
        self.measure(tables, now, changed, &moved);
        self.evaluated = now;
    }

    /// The stretches that writes went over, of each group to which traffic depends on writes.
    fn swept(&self, tables: &Tables, times: (SimTime, SimTime)) -> BTreeMap<GroupId, Vec<Swept>> {
        let mut all = BTreeMap::new();
        for (spec, both) in self.specs.iter().zip(&self.flowing) {
            // What its twin does may make the return direction look too.
            if both.iter().any(|flowing| flowing.seen.depends_on_writes()) {
                for group in spec.groups {
                    let of = |group| swept(&self.reach.ramps(tables, group), times);
                    all.entry(group).or_insert_with(|| of(group));
                }
            }
        }
        all
    }

    /// Loads, losses and what arrives, as the atoms lie now, of demands and directions that have
    /// `moved` and of others that this concerns.
    fn measure(
        &mut self,
        tables: &Tables,
        now: SimTime,
        changed: Changed<'_>,
        moved: &BTreeSet<(usize, usize)>,
    ) {
        let anything = matches!(changed, Changed::Anything);
        if moved.is_empty() && !anything {
            return;
        }
        let is_step = !matches!(changed, Changed::Positions);
        if anything {
            self.loads.restart(tables);
            self.record_factors(now);
        }
        let is_meant = |at: (usize, usize)| anything || moved.contains(&at);
        self.offer(tables, anything, is_meant);
        let congested = self.loads.is_congested();
        let all = anything || congested || self.congested;
        self.congested = congested;
        let offered = congested.then(|| self.offered(tables));
        let Self { flowing, specs, paths, evaluated, loads, .. } = self;
        for (index, (both, spec)) in flowing.iter_mut().zip(specs.iter()).enumerate() {
            for (way, flowing) in both.iter_mut().enumerate() {
                if all || is_meant((index, way)) {
                    let instant = flowing.settle(now, (tables, spec, paths), offered.as_ref());
                    flowing.record((*evaluated, now), is_step, instant);
                }
            }
        }
        if all {
            loads.record_all(tables, (*evaluated, now), is_step, offered.as_ref());
        } else {
            loads.record_touched(tables, (*evaluated, now), is_step);
        }
    }

    /// Puts what these demands and directions offer in the place of what they did.
    fn offer(
        &mut self,
        tables: &Tables,
        anything: bool,
        is_meant: impl Fn((usize, usize)) -> bool,
    ) {
        for index in 0..self.flowing.len() {
            for (way, direction) in Direction::BOTH.into_iter().enumerate() {
                if !is_meant((index, way)) {
                    continue;
                }
                let rate = self.rate(index, direction);
                let class = self.specs[index].class;
                let flowing = &mut self.flowing[index][way];
                if anything {
                    flowing.forget_paths();
                }
                flowing.offer((tables, &self.paths), (rate, class), &mut self.loads);
            }
        }
    }

    /// What is offered to each end of each LAG to be sent now, by class, losses upstream taken off;
    /// bit/s.
    #[must_use]
    pub fn by_class(&self, tables: &Tables) -> BTreeMap<(LagId, Side, ClassId), u64> {
        load::by_class(tables, &self.streams(), &self.offered(tables))
    }

    /// What is offered to everything, congestion taken off.
    fn offered(&self, tables: &Tables) -> Offered {
        load::offered(tables, &self.streams())
    }

    fn streams(&self) -> Vec<Stream<'_>> {
        let mut streams = Vec::new();
        for (index, both) in self.flowing.iter().enumerate() {
            for direction in Direction::BOTH {
                let rate = self.rate(index, direction);
                let class = self.specs[index].class;
                let offered = both[of(direction)].lies.iter();
                let offered = offered.map(|(id, parts)| (self.paths.get(*id), *parts));
                streams.extend(offered.filter(|(path, _)| is_offered(path)).map(
                    |(path, parts)| Stream { rate: portion(rate, parts, WHOLE), class, path },
                ));
            }
        }
        streams
    }

    fn rate(&self, index: usize, direction: Direction) -> u64 {
        let base = self.specs[index].rates[of(direction)].as_bps();
        portion(base, self.factors_ppb[index], 1_000_000_000)
    }

    fn record_factors(&mut self, now: SimTime) {
        for (factor, ppb) in self.factors.iter_mut().zip(&self.factors_ppb) {
            let old = factor.points().last().map_or(*ppb, |point| point.after);
            push(factor, self.evaluated, now, old, *ppb);
        }
    }
}

impl Changed<'_> {
    /// Whether a direction of a demand that was `seen` to depend on so much may go another way; what
    /// was seen is forgotten if it holds no longer.
    fn concerns(self, tables: &Tables, group: GroupId, seen: &mut Seen) -> bool {
        let entries = match self {
            Changed::Positions => return seen.depends_on_writes(),
            Changed::Anything => {
                seen.clear();
                return true;
            }
            Changed::Entries(entries) => entries,
        };
        let decides = |at: GroupId| tables.covering(group).any(|of| of == at);
        let concerned = entries.iter().any(|(router, at)| seen.has_met(*router) && decides(*at));
        if concerned {
            seen.clear();
        }
        concerned
    }
}

/// So much of a whole as the numerator is of the denominator, rounded down.
pub(super) fn portion(whole: u64, numerator: u64, denominator: u64) -> u64 {
    let wide = u128::from(whole) * u128::from(numerator) / u128::from(denominator.max(1));
    u64::try_from(wide).unwrap_or(u64::MAX)
}

const fn of(direction: Direction) -> usize {
    match direction {
        Direction::Forward => 0,
        Direction::Return => 1,
    }
}
