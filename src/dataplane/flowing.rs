//! One demand and direction over time.

use std::collections::BTreeMap;

use super::atoms::{Atoms, Course, Fate, Grain, Spread, is_offered};
use super::courses::Seen;
use super::load::{self, Offered, Stream};
use super::loads::{Loads, Shift, Way, push};
use super::paths::{Path, PathId, PathTable};
use super::series::Series;
use super::tables::{Tables, WHOLE};
use super::traffic::{DemandSpec, portion};
use crate::ids::{CircuitId, ClassId, LagId, Side};
use crate::units::SimTime;

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
    pub(super) spread: Vec<Spread>,
    /// Parts by path, as they are spread.
    pub(super) lies: BTreeMap<PathId, u64>,
    /// What it depends on where it goes.
    pub(super) seen: Seen,
    /// What it offers to each of its paths, bit/s, as it stands in the loads.
    offers: Vec<(PathId, u64)>,
    /// What becomes of each path that is taken, in order of path.
    fates: Vec<(PathId, Fate)>,
    /// The meters on its paths.
    ways: BTreeMap<PathId, Way>,
    /// What is known of paths while nothing is congested.
    told: BTreeMap<PathId, Told>,
    /// Whether there is something to settle although the paths' fates are what they were.
    unsettled: bool,
}

/// What a path does with what is offered to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    is_offered: bool,
    fate: Fate,
    /// What is left of [`MUCH`] at its end.
    left: u64,
    is_local: bool,
    delay: u128,
}

/// A rate of which the share that is left tells enough digits.
const MUCH: u64 = 1_000_000_000_000_000;

impl Flowing {
    pub(super) fn new(spec: &DemandSpec, course: Course, seen: Seen, paths: &PathTable) -> Self {
        let grain = if spec.flows.is_some() { Grain::Flow } else { Grain::Fluid };
        let start = SimTime::ZERO;
        Self {
            atoms: Atoms::new(start, grain, &course.spread, paths, spec.drop_after),
            delivered: Series::default(),
            offered: Series::default(),
            now: Instant::default(),
            lies: lies(&course.spread),
            spread: course.spread,
            seen,
            offers: Vec::new(),
            fates: Vec::new(),
            ways: BTreeMap::new(),
            told: BTreeMap::new(),
            unsettled: true,
        }
    }

    /// Goes where it is to go; whether it has moved.
    pub(super) fn move_to(
        &mut self,
        (now, since): (SimTime, Option<SimTime>),
        course: Course,
        paths: &PathTable,
    ) -> bool {
        let detours = course.passages.iter().any(|passage| !passage.detours.is_empty());
        let moves = self.spread != course.spread || detours;
        if moves {
            self.atoms.redistribute(now, since, &course, paths);
            self.lies = lies(&course.spread);
            self.spread = course.spread;
            self.unsettled = true;
        }
        moves
    }

    /// A new window begins.
    pub(super) fn begin_window(&mut self, now: SimTime) {
        self.atoms.begin_window(now);
        self.unsettled = true;
    }

    /// Anything may have changed, and nothing of it stands in the loads.
    pub(super) fn forget_paths(&mut self) {
        self.told.clear();
        self.ways.clear();
        self.offers.clear();
    }

    /// Puts what it offers at this rate in the place of what it did.
    pub(super) fn offer(
        &mut self,
        (tables, paths): (&Tables, &PathTable),
        (rate, class): (u64, ClassId),
        loads: &mut Loads,
    ) {
        let Self { lies, offers, ways, .. } = self;
        let offered = lies.iter().filter(|(id, _)| is_offered(paths.get(**id)));
        let new: Vec<_> = offered.map(|(id, parts)| (*id, portion(rate, *parts, WHOLE))).collect();
        let mut shift = |id: PathId, rate: u64, shift: Shift| {
            let path = paths.get(id);
            let way = ways.entry(id).or_insert_with(|| Way::of(tables, path, class));
            loads.shift(tables, (way, Stream { rate, class, path }), shift);
        };
        let mut olds = offers.iter().copied().peekable();
        let mut news = new.iter().copied().peekable();
        // Both are in order of path; mostly the same is offered to most of them.
        loop {
            let next = [olds.peek(), news.peek()].into_iter().flatten().map(|(id, _)| *id).min();
            let Some(id) = next else { break };
            let old = olds.next_if(|(of, _)| *of == id).map(|(_, rate)| rate);
            let new = news.next_if(|(of, _)| *of == id).map(|(_, rate)| rate);
            if old != new {
                for (rate, way) in [(old, Shift::Out), (new, Shift::In)] {
                    if let Some(rate) = rate {
                        shift(id, rate, way);
                    }
                }
            }
        }
        *offers = new;
    }

    /// What holds now, with what is offered to everything if something is congested. Begins and
    /// ends gaps by what becomes of each path.
    pub(super) fn settle(
        &mut self,
        now: SimTime,
        (tables, spec, paths): (&Tables, &DemandSpec, &PathTable),
        loads: Option<&Offered>,
    ) -> Instant {
        let none = Offered::default();
        let mut instant = Instant::default();
        let mut fates = Vec::with_capacity(self.lies.len());
        for (id, parts) in &self.lies {
            let path = paths.get(*id);
            let told = match loads {
                Some(loads) => Told::of(tables, spec, path, loads),
                None => {
                    *self.told.entry(*id).or_insert_with(|| Told::of(tables, spec, path, &none))
                }
            };
            fates.push((*id, instant.add(told, *parts)));
        }
        if self.unsettled || self.fates != fates {
            let place = |path: PathId| fates.binary_search_by_key(&path, |(id, _)| *id);
            let fate = |path| fates[place(path).expect("atoms lie where they are spread")].1;
            self.atoms.settle(now, fate);
            self.fates = fates;
            self.unsettled = false;
        }
        instant
    }

    /// Adds what holds now to what held until then. `is_step`: it changes now, not evenly.
    pub(super) fn record(
        &mut self,
        (held, now): (SimTime, SimTime),
        is_step: bool,
        instant: Instant,
    ) {
        let before = if is_step { self.now } else { instant };
        push(&mut self.delivered, held, now, before.delivered, instant.delivered);
        push(&mut self.offered, held, now, before.offered, instant.offered);
        self.now = instant;
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

impl Told {
    pub(super) fn of(tables: &Tables, spec: &DemandSpec, path: &Path, loads: &Offered) -> Self {
        let is_offered = is_offered(path);
        if !is_offered || path.arrives().is_none() {
            let fate = Fate::of(path);
            return Self { is_offered, fate, left: 0, is_local: false, delay: 0 };
        }
        let left = load::surviving(tables, Stream { rate: MUCH, class: spec.class, path }, loads);
        let fate = match left {
            MUCH => Fate::Whole,
            0 => Fate::Nothing,
            _ => Fate::Part,
        };
        let is_local = path.hops.iter().any(|(lag, ..)| spec.local.contains(lag));
        let delay = |(_, circuit, side): &(LagId, CircuitId, Side)| {
            u128::from(tables.circuits[*circuit][*side].delay.as_nanos())
        };
        let delay = path.hops.iter().map(delay).sum();
        Self { is_offered, fate, left, is_local, delay }
    }
}

impl Instant {
    /// Adds what is offered to a path, and tells what becomes of it.
    pub(super) fn add(&mut self, told: Told, parts: u64) -> Fate {
        if told.is_offered {
            let delivered = if told.left == MUCH { parts } else { portion(parts, told.left, MUCH) };
            self.offered += parts;
            self.delivered += delivered;
            self.localized += if told.is_local { delivered } else { 0 };
            self.delay += u128::from(delivered) * told.delay;
        }
        told.fate
    }
}
