//! All demands over time: who goes where, what is offered to each circuit, what arrives.
//!
//! # Departures
//! While prefixes are written one after the other, shares change evenly and are exact. Loss by
//! congestion does not change evenly then; it is worked out at the steps of the write and at
//! every other change of forwarding, and taken to change evenly between them.

use std::collections::BTreeMap;

use super::atoms::{Atoms, Grain, Harm, Scopes, Spread, is_offered};
use super::load::{self, Offered, Stream};
use super::paths::{Choice, End, Path, PathId, PathTable, Walk, boundaries, mix, split};
use super::series::Series;
use super::state;
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
}

/// Everything that flows.
#[derive(Clone, Debug)]
pub struct Traffic {
    specs: Vec<DemandSpec>,
    factors_ppb: Vec<u64>,
    paths: PathTable,
    flowing: Vec<[Flowing; 2]>,
    loads: BTreeMap<(LagId, Side), Series>,
    capacities: BTreeMap<(LagId, Side), Series>,
    evaluated: SimTime,
}

impl Traffic {
    /// Traffic over settled tables at time zero.
    #[must_use]
    pub fn new(specs: Vec<DemandSpec>, tables: &Tables) -> Self {
        let mut traffic = Self {
            factors_ppb: vec![1_000_000_000; specs.len()],
            paths: PathTable::default(),
            flowing: Vec::new(),
            loads: BTreeMap::new(),
            capacities: BTreeMap::new(),
            evaluated: SimTime::ZERO,
            specs,
        };
        for index in 0..traffic.specs.len() {
            let now = SimTime::ZERO;
            let spec = traffic.specs[index].clone();
            let grain = if spec.flows.is_some() { Grain::Flow } else { Grain::Fluid };
            let start = |spread: Vec<Spread>, paths: &PathTable| Flowing {
                atoms: Atoms::new(now, grain, &spread, paths, spec.drop_after),
                delivered: Series::default(),
                offered: Series::default(),
                now: Instant::default(),
                spread,
            };
            let spread = traffic.forward(tables, now, index);
            let forward = start(spread, &traffic.paths);
            let spread = traffic.back(tables, now, index, (&forward.atoms, &forward.spread));
            let back = start(spread, &traffic.paths);
            traffic.flowing.push([forward, back]);
        }
        traffic.measure(tables, SimTime::ZERO, true);
        traffic
    }

    /// Multiplies a demand's rate from now on.
    pub fn set_factor(&mut self, demand: usize, factor_ppb: u64) {
        self.factors_ppb[demand] = factor_ppb;
    }

    /// The tables are as they were, but prefixes being written have moved on until `now`.
    pub fn advance(&mut self, tables: &Tables, now: SimTime) {
        if now > self.evaluated && tables.routers.iter().any(any_ramp) {
            self.evaluate(tables, now, Some(self.evaluated));
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

    /// Capacity per LAG and sending side over time, bit/s.
    #[must_use]
    pub const fn capacities(&self) -> &BTreeMap<(LagId, Side), Series> {
        &self.capacities
    }

    /// What happened to a demand up to `now`, in this window and in the run.
    #[must_use]
    pub fn harm(&self, demand: usize, direction: Direction, now: SimTime) -> Scopes<Harm> {
        self.flowing[demand][of(direction)].atoms.harm(now, &self.paths)
    }

    /// A new window begins for all.
    pub fn begin_window(&mut self, now: SimTime) {
        for flowing in self.flowing.iter_mut().flatten() {
            flowing.atoms.begin_window(now);
        }
    }

    fn evaluate(&mut self, tables: &Tables, now: SimTime, evenly_since: Option<SimTime>) {
        for index in 0..self.specs.len() {
            let spread = self.forward(tables, now, index);
            self.move_to(now, evenly_since, index, Direction::Forward, spread);
            let forward = self.flowing[index][0].atoms.clone();
            let lies = self.flowing[index][0].spread.clone();
            let spread = self.back(tables, now, index, (&forward, &lies));
            self.move_to(now, evenly_since, index, Direction::Return, spread);
        }
        self.measure(tables, now, evenly_since.is_none());
        self.evaluated = now;
    }

    fn move_to(
        &mut self,
        now: SimTime,
        evenly_since: Option<SimTime>,
        index: usize,
        direction: Direction,
        spread: Vec<Spread>,
    ) {
        let flowing = &mut self.flowing[index][of(direction)];
        if flowing.spread != spread {
            flowing.atoms.redistribute(now, evenly_since, &spread, &self.paths);
            flowing.spread = spread;
        }
    }

    /// Where forward traffic of a demand goes.
    fn forward(&mut self, tables: &Tables, now: SimTime, index: usize) -> Vec<Spread> {
        let sources = self.specs[index].sources.clone();
        match self.specs[index].flows {
            None => self.spread(tables, now, index, Direction::Forward, &sources),
            Some(flows) => {
                let starts = flow_sources(&sources, flows.count);
                self.follow(tables, now, index, Direction::Forward, flows, &starts)
            }
        }
    }

    /// Where return traffic goes: each part starts where its forward twin last arrived.
    fn back(
        &mut self,
        tables: &Tables,
        now: SimTime,
        index: usize,
        (forward, lies): (&Atoms, &[Spread]),
    ) -> Vec<Spread> {
        match self.specs[index].flows {
            None => {
                let starts = forward.arrivals();
                let back = self.spread(tables, now, index, Direction::Return, &starts);
                if !state::any(tables) {
                    return back;
                }
                state::filter(tables, &mut self.paths, lies, back)
            }
            Some(flows) => {
                let starts = forward.flow_arrivals();
                let back = self.follow(tables, now, index, Direction::Return, flows, &starts);
                if !state::any(tables) {
                    return back;
                }
                state::filter_flows(tables, &mut self.paths, lies, back)
            }
        }
    }

    /// Where fluid shares go: stretches of positions with equal treatment, paths in order.
    fn spread(
        &mut self,
        tables: &Tables,
        now: SimTime,
        index: usize,
        direction: Direction,
        sources: &[(RouterId, u64)],
    ) -> Vec<Spread> {
        let group = self.specs[index].groups[of(direction)];
        let mut begin = 0;
        let mut spreads = Vec::new();
        for end in boundaries(tables, group, now) {
            let walk = Walk { tables, group, now, position: begin, choice: Choice::Fluid };
            let mut sums: BTreeMap<Path, u64> = BTreeMap::new();
            for (source, parts) in portions(sources, begin, end) {
                for (path, share) in walk.paths(source, parts) {
                    *sums.entry(path).or_insert(0) += share;
                }
            }
            // Return traffic whose forward twin never arrived has nowhere to start.
            let rest = end - begin - sums.values().sum::<u64>();
            if rest > 0 {
                sums.insert(idle(self.specs[index].sources[0].0), rest);
            }
            let paths = sums.into_iter().map(|(p, share)| (self.paths.intern(p), share)).collect();
            spreads.push(Spread { end, paths });
            begin = end;
        }
        spreads
    }

    /// Where each flow goes; flows lie evenly over the positions of the group.
    fn follow(
        &mut self,
        tables: &Tables,
        now: SimTime,
        index: usize,
        direction: Direction,
        flows: Flows,
        starts: &[Option<RouterId>],
    ) -> Vec<Spread> {
        let spec = &self.specs[index];
        let group = spec.groups[of(direction)];
        let nowhere = spec.sources[0].0;
        let shares = split(WHOLE, &vec![1; starts.len()]);
        let mut begin = 0;
        let mut found = Vec::with_capacity(starts.len());
        for ((start, hash), share) in starts.iter().zip(&spec.flow_hashes).zip(shares) {
            let hash = mix(hash.wrapping_add(of(direction) as u64));
            let choice = Choice::Flow { hash, mode: flows.hash };
            let walk = Walk { tables, group, now, position: begin + share / 2, choice };
            let path = start.and_then(|start| walk.paths(start, share).pop()).map(|(path, _)| path);
            found.push((path.unwrap_or_else(|| idle(nowhere)), share));
            begin += share;
        }
        let paths =
            found.into_iter().map(|(path, share)| (self.paths.intern(path), share)).collect();
        vec![Spread { end: WHOLE, paths }]
    }

    /// Loads, losses and what arrives, as the atoms lie now. `changed`: this instant is a change
    /// of tables (a step), not the end of an even stretch.
    fn measure(&mut self, tables: &Tables, now: SimTime, changed: bool) {
        let mut rated: Vec<(usize, usize, PathId, u64, u64)> = Vec::new();
        for (index, both) in self.flowing.iter().enumerate() {
            for direction in Direction::BOTH {
                let rate = self.rate(index, direction);
                for (path, parts) in both[of(direction)].spread.iter().flat_map(|s| &s.paths) {
                    let bps = portion(rate, *parts, WHOLE);
                    rated.push((index, of(direction), *path, *parts, bps));
                }
            }
        }
        let paths = &self.paths;
        let offered_on = |path: PathId| is_offered(paths.get(path));
        let streams: Vec<Stream<'_>> = rated
            .iter()
            .filter(|r| offered_on(r.2))
            .map(|r| Stream { rate: r.4, class: self.specs[r.0].class, path: paths.get(r.2) })
            .collect();
        let loads = load::offered(tables, &streams);
        let mut instants = vec![[Instant::default(); 2]; self.flowing.len()];
        for (index, way, path, parts, bps) in &rated {
            let class = self.specs[*index].class;
            let stream = Stream { rate: *bps, class, path: paths.get(*path) };
            add(&mut instants[*index][*way], tables, &self.specs[*index], stream, *parts, &loads);
        }
        self.mark_congested(tables, &loads);
        self.record(now, changed, &instants);
        self.record_loads(tables, now, changed, &loads);
    }

    fn rate(&self, index: usize, direction: Direction) -> u64 {
        let base = self.specs[index].rates[of(direction)].as_bps();
        portion(base, self.factors_ppb[index], 1_000_000_000)
    }

    /// Atoms on a path that loses by congestion or at random are disturbed.
    fn mark_congested(&mut self, tables: &Tables, loads: &Offered) {
        const MUCH: u64 = 1_000_000_000_000_000;
        let paths = &self.paths;
        for (both, spec) in self.flowing.iter_mut().zip(&self.specs) {
            let lossy = |path: PathId| {
                let stream = Stream { rate: MUCH, class: spec.class, path: paths.get(path) };
                load::surviving(tables, stream, loads) < MUCH
            };
            for flowing in both {
                flowing.atoms.mark_hurt(lossy);
            }
        }
    }

    fn record(&mut self, now: SimTime, changed: bool, instants: &[[Instant; 2]]) {
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

/// The source of each flow: as many flows as its share is worth.
fn flow_sources(sources: &[(RouterId, u64)], count: u32) -> Vec<Option<RouterId>> {
    let at = |position: u64| {
        let mut end = 0;
        sources.iter().find(|(_, parts)| {
            end += parts;
            position < end
        })
    };
    let middle = |flow: u32| portion(WHOLE, 2 * u64::from(flow) + 1, 2 * u64::from(count));
    (0..count).map(|flow| at(middle(flow)).map(|(router, _)| *router)).collect()
}

fn any_ramp(router: &super::tables::RouterTable) -> bool {
    router.fib.iter().any(|entry| entry.ramp.is_some())
}

/// The path of what is not offered.
fn idle(at: RouterId) -> Path {
    Path { source: at, hops: Vec::new(), end: End::RouterDown(at) }
}

/// The parts of each source that lie between two positions; whole sources give whole stretches.
fn portions(
    sources: &[(RouterId, u64)],
    begin: u64,
    end: u64,
) -> impl Iterator<Item = (RouterId, u64)> {
    let between = move |parts: u64| portion(parts, end, WHOLE) - portion(parts, begin, WHOLE);
    let mut below = 0;
    sources.iter().map(move |(router, parts)| {
        let first = between(below);
        below += parts;
        (*router, between(below) - first)
    })
}

fn add(
    instant: &mut Instant,
    tables: &Tables,
    spec: &DemandSpec,
    stream: Stream<'_>,
    parts: u64,
    loads: &Offered,
) {
    if !is_offered(stream.path) {
        return;
    }
    instant.offered += parts;
    if stream.path.arrives().is_none() {
        return;
    }
    let left = load::surviving(tables, stream, loads);
    let delivered = if left == stream.rate { parts } else { portion(parts, left, stream.rate) };
    instant.delivered += delivered;
    if stream.path.hops.iter().any(|(lag, ..)| spec.local.contains(lag)) {
        instant.localized += delivered;
    }
    let delay = |(_, circuit, side): &(LagId, _, Side)| {
        u128::from(tables.circuits[*circuit][*side].delay.as_nanos())
    };
    instant.delay += u128::from(delivered) * stream.path.hops.iter().map(delay).sum::<u128>();
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
