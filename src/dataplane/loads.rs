//! What is offered to every LAG over time.
//!
//! As long as nothing is congested, loads are sums of what each demand offers by itself, so that one
//! that moves is taken out and put in again, and only the LAGs on its ways are looked at.

use super::load::{self, Meters, Offered, Stream};
use super::paths::Path;
use super::series::Series;
use super::tables::Tables;
use crate::engine::store::Store;
use crate::ids::{ClassId, End, IdVec, LagId, Side};
use crate::units::SimTime;

/// Loads now and over time.
#[derive(Clone, Debug)]
pub(super) struct Loads {
    /// What is offered to each meter without congestion.
    sums: Vec<u64>,
    limits: Vec<u64>,
    /// The LAG that each meter tells the load of; policers tell none.
    lags: Vec<Option<(LagId, Side)>>,
    /// How many meters are offered more than they let through.
    over: usize,
    /// LAGs whose load may have changed since it was recorded, and whether each is among them.
    touched: Vec<(LagId, Side)>,
    marks: IdVec<LagId, [bool; 2]>,
    offered: Store<End<LagId>, Series>,
    capacities: Store<End<LagId>, Series>,
}

/// The meters on a path.
#[derive(Clone, Debug)]
pub(super) enum Way {
    /// These, by place, and nothing is lost at random between them.
    Even(Vec<usize>),
    /// What each is offered depends on what is lost before it.
    Lossy,
}

/// What is done with a stream.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shift {
    In,
    Out,
}

impl Way {
    pub(super) fn of(tables: &Tables, path: &Path, class: ClassId) -> Self {
        let (mut meters, mut even) = (Vec::with_capacity(path.hops.len()), true);
        let stream = Stream { rate: u64::MAX, class, path };
        load::carry(tables, Meters::of(tables), stream, |meter, rate| {
            meters.push(meter);
            even &= rate == u64::MAX;
        });
        if even { Self::Even(meters) } else { Self::Lossy }
    }
}

impl Loads {
    /// Nothing was ever offered to so many LAGs.
    pub(super) fn new(lags: usize) -> Self {
        let none = || (0..lags * 2).map(|_| Series::default()).collect();
        Self {
            sums: Vec::new(),
            limits: Vec::new(),
            lags: Vec::new(),
            over: 0,
            touched: Vec::new(),
            marks: IdVec::new(),
            offered: none(),
            capacities: none(),
        }
    }

    /// A copy that keeps track of what changes.
    pub(super) fn fork(&self) -> Self {
        Self {
            sums: self.sums.clone(),
            limits: self.limits.clone(),
            lags: self.lags.clone(),
            over: self.over,
            touched: self.touched.clone(),
            marks: self.marks.clone(),
            offered: self.offered.fork(),
            capacities: self.capacities.fork(),
        }
    }

    /// Makes a fork equal to its `base` again.
    pub(super) fn roll_back(&mut self, base: &Self) {
        let Self { sums, limits, lags, over, touched, marks, offered, capacities } = self;
        sums.clone_from(&base.sums);
        limits.clone_from(&base.limits);
        lags.clone_from(&base.lags);
        *over = base.over;
        touched.clone_from(&base.touched);
        marks.clone_from(&base.marks);
        offered.roll_back(&base.offered);
        capacities.roll_back(&base.capacities);
    }

    /// Offered load per LAG and sending side over time, bit/s.
    pub(super) const fn offered(&self) -> &Store<End<LagId>, Series> {
        &self.offered
    }

    /// Capacity per LAG and sending side over time, bit/s.
    pub(super) const fn capacities(&self) -> &Store<End<LagId>, Series> {
        &self.capacities
    }

    /// Whether something is offered more than it carries.
    pub(super) const fn is_congested(&self) -> bool {
        self.over > 0
    }

    /// Nothing is offered; capacities and LAGs are what these tables say.
    pub(super) fn restart(&mut self, tables: &Tables) {
        self.limits = Meters::of(tables).limits(tables);
        self.sums.clear();
        self.sums.resize(self.limits.len(), 0);
        self.lags.clear();
        self.lags.resize(self.limits.len(), None);
        self.over = 0;
        self.touched.clear();
        self.marks = tables.lags.iter().map(|_| [false; 2]).collect();
        for (lag, members) in tables.members.iter_ids() {
            for side in Side::BOTH {
                for circuit in members {
                    self.lags[Meters::circuit(*circuit, side)] = Some((lag, side));
                }
            }
        }
    }

    /// Puts a stream in, or takes it out.
    pub(super) fn shift(
        &mut self,
        tables: &Tables,
        (way, stream): (&Way, Stream<'_>),
        shift: Shift,
    ) {
        match way {
            Way::Even(meters) => {
                for meter in meters {
                    self.shift_at(*meter, stream.rate, shift);
                }
            }
            Way::Lossy => {
                let tell = |meter, rate| self.shift_at(meter, rate, shift);
                load::carry(tables, Meters::of(tables), stream, tell);
            }
        }
    }

    fn shift_at(&mut self, meter: usize, rate: u64, shift: Shift) {
        let (sum, limit) = (&mut self.sums[meter], self.limits[meter]);
        let was_over = *sum > limit;
        match shift {
            Shift::In => *sum += rate,
            Shift::Out => *sum -= rate,
        }
        self.over = self.over + usize::from(*sum > limit) - usize::from(was_over);
        if let Some((lag, side)) = self.lags[meter]
            && !std::mem::replace(&mut self.marks[lag][side], true)
        {
            self.touched.push((lag, side));
        }
    }

    /// Notes the loads of the LAGs that a demand has left or taken. `changed`: this instant is a
    /// step, not the end of an even stretch.
    pub(super) fn record_touched(
        &mut self,
        tables: &Tables,
        (held, now): (SimTime, SimTime),
        changed: bool,
    ) {
        let mut touched = std::mem::take(&mut self.touched);
        for (lag, side) in touched.drain(..) {
            self.marks[lag][side] = false;
            let load = |circuit| self.sums[Meters::circuit(circuit, side)];
            let load = tables.lag_members(lag).iter().copied().map(load).sum();
            self.push(End::new(lag, side), (held, now), changed, load);
        }
        self.touched = touched;
    }

    /// Notes the loads and capacities of all LAGs, with what is offered if something is congested.
    pub(super) fn record_all(
        &mut self,
        tables: &Tables,
        (held, now): (SimTime, SimTime),
        changed: bool,
        loads: Option<&Offered>,
    ) {
        self.touched.clear();
        self.marks = tables.lags.iter().map(|_| [false; 2]).collect();
        for lag in tables.lags.ids() {
            for side in Side::BOTH {
                let load = |circuit| match loads {
                    Some(loads) => loads.on_circuit(circuit, side),
                    None => self.sums[Meters::circuit(circuit, side)],
                };
                let load = tables.lag_members(lag).iter().copied().map(load).sum();
                let end = End::new(lag, side);
                self.push(end, (held, now), changed, load);
                let capacity = tables.lag_capacity(lag, side).as_bps();
                let last = self.capacities[end].points().last().map(|point| point.after);
                // What stays as it is need not be taken back.
                if last != Some(capacity) {
                    let series = self.capacities.edit(end);
                    push(series, held, now, last.unwrap_or(capacity), capacity);
                }
            }
        }
    }

    fn push(&mut self, end: End<LagId>, (held, now): (SimTime, SimTime), changed: bool, load: u64) {
        let last = self.offered[end].points().last().map(|point| point.after);
        if last != Some(load) {
            let before = last.filter(|_| changed).unwrap_or(load);
            push(self.offered.edit(end), held, now, before, load);
        }
    }
}

/// Adds an instant to a series that held its value until then.
pub(super) fn push(
    series: &mut Series,
    held_until: SimTime,
    now: SimTime,
    before: u64,
    after: u64,
) {
    let last = series.points().last().map(|p| p.after);
    if let Some(value) = last
        && value != before
    {
        series.hold(held_until, value);
    }
    series.push(now, before, after);
}
