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

use super::atoms::{Atoms, Course, Fate, Grain, Harm, Scopes, Spread, is_offered};
use super::courses::{FlowPlan, View, Writes};
use super::load::{self, Offered, Stream};
use super::paths::{Path, PathId, PathTable, Ways};
use super::reach::reach;
use super::series::Series;
use super::sweeps::meetings;
use super::tables::{Tables, WHOLE};
use crate::ids::{ClassId, GroupId, LagId, RouterId, Side};
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

/// One demand and direction at one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Instant {
    /// Parts offered.
    pub offered: u64,
    /// Parts delivered, losses included.
    pub delivered: u64,
    /// Parts delivered that crossed between networks in the demand's metro.
    pub localized: u64,
    /// Delivered parts times their one-way delay in nanoseconds.
    pub delay: u128,
}

/// One demand and direction.
#[derive(Clone, Debug)]
pub struct Flowing {
    /// History of its parts.
    pub atoms: Atoms,
    /// Parts delivered over time.
    pub delivered: Series,
    /// Parts offered over time.
    pub offered: Series,
    /// What holds now.
    pub now: Instant,
    spread: Vec<Spread>,
    /// Parts by path, as they are spread.
    lies: BTreeMap<PathId, u64>,
    /// What becomes of each path that is taken.
    fates: BTreeMap<PathId, Fate>,
    /// Whether there is something to settle although the paths' fates are what they were.
    unsettled: bool,
}

/// Everything that flows.
#[derive(Clone, Debug)]
pub struct Traffic {
    specs: Vec<DemandSpec>,
    plans: Vec<Option<FlowPlan>>,
    ways: Ways,
    /// How many times its rate each demand is offered over time, in parts per billion.
    factors: Vec<Series>,
    factors_ppb: Vec<u64>,
    paths: PathTable,
    flowing: Vec<[Flowing; 2]>,
    loads: BTreeMap<(LagId, Side), Series>,
    capacities: BTreeMap<(LagId, Side), Series>,
    evaluated: SimTime,
}

impl Flowing {
    fn new(spec: &DemandSpec, course: Course, paths: &PathTable) -> Self {
        let grain = if spec.flows.is_some() { Grain::Flow } else { Grain::Fluid };
        let start = SimTime::ZERO;
        Self {
            atoms: Atoms::new(start, grain, &course.spread, paths, spec.drop_after),
            delivered: Series::default(),
            offered: Series::default(),
            now: Instant::default(),
            lies: lies(&course.spread),
            spread: course.spread,
            fates: BTreeMap::new(),
            unsettled: true,
        }
    }

    fn move_to(
        &mut self,
        (now, since): (SimTime, Option<SimTime>),
        course: Course,
        paths: &PathTable,
    ) {
        let detours = course.passages.iter().any(|passage| !passage.detours.is_empty());
        if self.spread != course.spread || detours {
            self.atoms.redistribute(now, since, &course, paths);
            self.lies = lies(&course.spread);
            self.spread = course.spread;
            self.unsettled = true;
        }
    }

    /// Begins and ends gaps by what becomes of each path now.
    fn settle(&mut self, now: SimTime, fates: BTreeMap<PathId, Fate>) {
        if self.unsettled || self.fates != fates {
            let fate = |path: PathId| fates.get(&path).copied();
            self.atoms.settle(now, |path| fate(path).expect("atoms lie where they are spread"));
            self.fates = fates;
            self.unsettled = false;
        }
    }
}

/// Parts by path.
fn lies(spread: &[Spread]) -> BTreeMap<PathId, u64> {
    let mut sums = BTreeMap::new();
    for (path, parts) in spread.iter().flat_map(|spread| &spread.paths) {
        *sums.entry(*path).or_insert(0) += parts;
    }
    sums
}

impl Instant {
    /// Adds what is offered to a path, and tells what becomes of it.
    fn add(
        &mut self,
        tables: &Tables,
        spec: &DemandSpec,
        path: &Path,
        parts: u64,
        loads: &Offered,
    ) -> Fate {
        if !is_offered(path) {
            return Fate::Whole;
        }
        self.offered += parts;
        if path.arrives().is_none() {
            return Fate::Nothing;
        }
        let stream = Stream { rate: MUCH, class: spec.class, path };
        let left = load::surviving(tables, stream, loads);
        let delivered = portion(parts, left, MUCH);
        self.delivered += delivered;
        if path.hops.iter().any(|(lag, ..)| spec.local.contains(lag)) {
            self.localized += delivered;
        }
        let delay = |(_, circuit, side): &(LagId, _, Side)| {
            u128::from(tables.circuits[*circuit][*side].delay.as_nanos())
        };
        self.delay += u128::from(delivered) * path.hops.iter().map(delay).sum::<u128>();
        match left {
            MUCH => Fate::Whole,
            0 => Fate::Nothing,
            _ => Fate::Part,
        }
    }
}

/// A rate of which the share that is left tells enough digits.
const MUCH: u64 = 1_000_000_000_000_000;

impl Traffic {
    /// Traffic over settled tables at time zero. LAGs `inside` a network stand for each other
    /// where they join the same routers.
    #[must_use]
    pub fn new(specs: Vec<DemandSpec>, tables: &Tables, inside: BTreeSet<LagId>) -> Self {
        let now = SimTime::ZERO;
        let mut traffic = Self {
            plans: specs.iter().map(FlowPlan::of).collect(),
            ways: Ways { ends: tables.ends.clone(), inside },
            factors: vec![Series::default(); specs.len()],
            factors_ppb: vec![1_000_000_000; specs.len()],
            paths: PathTable::default(),
            flowing: Vec::new(),
            loads: BTreeMap::new(),
            capacities: BTreeMap::new(),
            evaluated: now,
            specs,
        };
        let writes = traffic.writes(tables, now, None);
        let view = View { tables, writes: &writes, now };
        let Self { specs, plans, paths, flowing, .. } = &mut traffic;
        for (spec, plan) in specs.iter().zip(plans) {
            let of = (spec, plan.as_ref());
            let forward = Flowing::new(spec, view.forward(of, None, paths), paths);
            let twin = (&forward.atoms, &*forward.spread);
            let back = Flowing::new(spec, view.back(of, twin, None, paths), paths);
            flowing.push([forward, back]);
        }
        traffic.measure(tables, now, true);
        traffic
    }

    /// Multiplies a demand's rate from now on.
    pub fn set_factor(&mut self, demand: usize, factor_ppb: u64) {
        self.factors_ppb[demand] = factor_ppb;
    }

    /// The tables are as they were, but prefixes being written have moved on until `now`.
    pub fn advance(&mut self, tables: &Tables, now: SimTime) {
        if now > self.evaluated && tables.routers.iter().any(any_ramp) {
            let mut instants = BTreeSet::from([now]);
            for (group, met) in self.met(tables) {
                meetings(tables, group, &met, (self.evaluated, now), &mut instants);
            }
            for at in instants {
                self.evaluate(tables, at, Some(self.evaluated));
            }
        }
    }

    /// The tables have changed at `now`.
    pub fn change(&mut self, tables: &Tables, now: SimTime) {
        self.evaluate(tables, now, None);
    }

    /// Demand by demand, forward and return.
    #[must_use]
    pub fn flowing(&self) -> &[[Flowing; 2]] {
        &self.flowing
    }

    /// Offered load per LAG and sending side over time, bit/s; LAGs that never carry anything
    /// are absent.
    #[must_use]
    pub const fn loads(&self) -> &BTreeMap<(LagId, Side), Series> {
        &self.loads
    }

    /// How many times its rate a demand is offered over time, in parts per billion.
    #[must_use]
    pub fn factors(&self, demand: usize) -> &Series {
        &self.factors[demand]
    }

    /// Capacity per LAG and sending side over time, bit/s.
    #[must_use]
    pub const fn capacities(&self) -> &BTreeMap<(LagId, Side), Series> {
        &self.capacities
    }

    /// What happened to a demand up to `now`, in this window and in the run.
    #[must_use]
    pub fn harm(&self, demand: usize, direction: Direction, now: SimTime) -> Scopes<Harm> {
        self.flowing[demand][of(direction)].atoms.harm(now, &self.paths, &self.ways)
    }

    /// A new window begins for all.
    pub fn begin_window(&mut self, now: SimTime) {
        for flowing in self.flowing.iter_mut().flatten() {
            flowing.atoms.begin_window(now);
            flowing.unsettled = true;
        }
    }

    fn evaluate(&mut self, tables: &Tables, now: SimTime, since: Option<SimTime>) {
        let writes = self.writes(tables, now, since);
        let view = View { tables, writes: &writes, now };
        let Self { specs, plans, paths, flowing, .. } = self;
        for ((spec, plan), [forward, back]) in specs.iter().zip(plans).zip(flowing) {
            let of = (spec, plan.as_ref());
            let course = view.forward(of, Some(&forward.spread), paths);
            forward.move_to((now, since), course, paths);
            let twin = (&forward.atoms, &*forward.spread);
            let course = view.back(of, twin, Some(&back.spread), paths);
            back.move_to((now, since), course, paths);
        }
        self.measure(tables, now, since.is_none());
        self.evaluated = now;
    }

    fn writes(
        &self,
        tables: &Tables,
        now: SimTime,
        since: Option<SimTime>,
    ) -> BTreeMap<GroupId, Writes> {
        let of = |(group, met)| (group, Writes::of(tables, group, &met, (since, now)));
        self.met(tables).into_iter().map(of).collect()
    }

    /// Whether traffic may meet what a router's table says of a group.
    #[must_use]
    pub fn may_meet(&self, tables: &Tables, router: RouterId, group: GroupId) -> bool {
        let covers = |of: GroupId| tables.covering(of).any(|at| at == group);
        self.met(tables).iter().any(|(of, met)| met.contains(&router) && covers(*of))
    }

    /// Which routers traffic of each group may meet.
    fn met(&self, tables: &Tables) -> BTreeMap<GroupId, BTreeSet<RouterId>> {
        let mut all: BTreeMap<GroupId, BTreeSet<RouterId>> = BTreeMap::new();
        for (index, spec) in self.specs.iter().enumerate() {
            let [forward, back] = spec.groups;
            let mut there = BTreeSet::new();
            reach(tables, forward, spec.sources.iter().map(|(source, _)| *source), &mut there);
            // Return traffic starts where the other has arrived, last time or now.
            let arrived = self.flowing.get(index).map(|[forward, _]| &forward.atoms);
            let arrived = arrived.into_iter().flat_map(|atoms| {
                let fluid = atoms.arrivals().into_iter().map(|(router, _)| router);
                fluid.chain(atoms.flow_arrivals().into_iter().flatten())
            });
            let starts: Vec<RouterId> = there.iter().copied().chain(arrived).collect();
            all.entry(forward).or_default().append(&mut there);
            let mut home = BTreeSet::new();
            reach(tables, back, starts, &mut home);
            all.entry(back).or_default().append(&mut home);
        }
        all
    }

    /// Loads, losses and what arrives, as the atoms lie now. `changed`: this instant is a change
    /// of tables (a step), not the end of an even stretch.
    fn measure(&mut self, tables: &Tables, now: SimTime, changed: bool) {
        let loads = self.offer(tables);
        let mut instants = Vec::with_capacity(self.flowing.len());
        let (paths, specs) = (&self.paths, &self.specs);
        for (both, spec) in self.flowing.iter_mut().zip(specs) {
            instants.push(both.each_mut().map(|flowing| {
                let mut instant = Instant::default();
                let mut fates = BTreeMap::new();
                for (id, parts) in &flowing.lies {
                    let path = paths.get(*id);
                    fates.insert(*id, instant.add(tables, spec, path, *parts, &loads));
                }
                flowing.settle(now, fates);
                instant
            }));
        }
        self.record(now, changed, &instants);
        self.record_loads(tables, now, changed, &loads);
    }

    /// What is offered to each end of each LAG to be sent now, by class, losses upstream taken off;
    /// bit/s.
    #[must_use]
    pub fn by_class(&self, tables: &Tables) -> BTreeMap<(LagId, Side, ClassId), u64> {
        load::by_class(tables, &self.streams(), &self.offer(tables))
    }

    /// What is offered to everything.
    fn offer(&self, tables: &Tables) -> Offered {
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

    fn record(&mut self, now: SimTime, changed: bool, instants: &[[Instant; 2]]) {
        for (factor, ppb) in self.factors.iter_mut().zip(&self.factors_ppb) {
            let old = factor.points().last().map_or(*ppb, |point| point.after);
            push(factor, self.evaluated, now, old, *ppb);
        }
        for (both, new) in self.flowing.iter_mut().zip(instants) {
            for (flowing, instant) in both.iter_mut().zip(new) {
                let old = flowing.now;
                let before = if changed { old } else { *instant };
                push(
                    &mut flowing.delivered,
                    self.evaluated,
                    now,
                    before.delivered,
                    instant.delivered,
                );
                push(&mut flowing.offered, self.evaluated, now, before.offered, instant.offered);
                flowing.now = *instant;
            }
        }
    }

    fn record_loads(&mut self, tables: &Tables, now: SimTime, changed: bool, loads: &Offered) {
        let mut sums: BTreeMap<(LagId, Side), u64> = BTreeMap::new();
        for lag in tables.lags.ids() {
            for side in Side::BOTH {
                let load = tables.lag_members(lag).iter().map(|c| loads.on_circuit(*c, side));
                sums.insert((lag, side), load.sum());
            }
        }
        for (key, load) in sums {
            let series = self.loads.entry(key).or_default();
            let old = series.points().last().map_or(load, |p| p.after);
            push(series, self.evaluated, now, if changed { old } else { load }, load);
            let capacity = tables.lag_capacity(key.0, key.1).as_bps();
            let series = self.capacities.entry(key).or_default();
            let old = series.points().last().map_or(capacity, |p| p.after);
            push(series, self.evaluated, now, old, capacity);
        }
    }
}

fn push(series: &mut Series, held_until: SimTime, now: SimTime, before: u64, after: u64) {
    let last = series.points().last().map(|p| p.after);
    if let Some(value) = last
        && value != before
    {
        series.hold(held_until, value);
    }
    series.push(now, before, after);
}

fn any_ramp(router: &super::tables::RouterTable) -> bool {
    router.fib.iter().any(|entry| entry.ramp.is_some())
}

fn portion(whole: u64, numerator: u64, denominator: u64) -> u64 {
    let wide = u128::from(whole) * u128::from(numerator) / u128::from(denominator.max(1));
    u64::try_from(wide).unwrap_or(u64::MAX)
}

const fn of(direction: Direction) -> usize {
    match direction {
        Direction::Forward => 0,
        Direction::Return => 1,
    }
}
