//! Traffic over tables that stand still: where it goes and what becomes of it, without time.
//!
//! It goes as [`super::traffic`] lets it go over the same tables. Tables of a network in which
//! something has failed are mostly those of the whole network; where a demand goes depends on the
//! tables on its way alone, so what meets none that has changed goes as before.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::atoms::{Atoms, Course, Grain, Shares, Spread, is_offered};
use super::courses::{FlowPlan, Seen, View, start_back};
use super::flowing::{Instant, Told};
use super::load::{self, Meters, Offered, Stream};
use super::paths::{Path, PathTable};
use super::reach::Routers;
use super::state;
use super::tables::{Tables, WHOLE};
use super::traffic::{DemandSpec, portion};
use crate::ids::{ClassId, LagId, RouterId, Side};
use crate::units::SimTime;

/// Demands, and what no state of the tables changes of them.
#[derive(Clone, Debug)]
pub struct Demands {
    specs: Vec<DemandSpec>,
    plans: Vec<Option<FlowPlan>>,
    /// What each circuit and policer lets through.
    limits: Vec<u64>,
}

/// Where one direction of a demand goes.
#[derive(Debug)]
struct Goes {
    /// Paths with their parts: in order of path for fluid shares, in order of flow for flows.
    shares: Vec<(Arc<Path>, u64)>,
    /// The same, each path once.
    lies: Vec<(Arc<Path>, u64)>,
    /// The routers whose tables it looked into.
    met: Routers,
}

/// Where all demands go, forward and return.
#[derive(Clone, Debug)]
pub struct Standing {
    goes: Vec<[Arc<Goes>; 2]>,
}

/// What becomes of one direction of a demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What is offered and arrives.
    pub now: Instant,
    /// Parts with a working path.
    pub reachable: u64,
}

/// What becomes of all demands, and what they offer.
#[derive(Clone, Debug)]
pub struct Figures {
    /// By demand, forward and return.
    pub demands: Vec<[Outcome; 2]>,
    /// What is offered to each end of a LAG to be sent, where that is anything; bit/s.
    pub loads: BTreeMap<(LagId, Side), u64>,
    /// The same by class.
    pub by_class: BTreeMap<(LagId, Side, ClassId), u64>,
}

/// Tables that were looked at before, and which routers may find others now.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// Where all went then.
    pub standing: &'a Standing,
    /// By router: whether its table, or a LAG at it, is another now.
    pub changed: &'a dyn Fn(RouterId) -> bool,
}

impl Demands {
    /// Demands over the circuits and policers of these tables.
    #[must_use]
    pub fn new(specs: Vec<DemandSpec>, tables: &Tables) -> Self {
        let limits = Meters::of(tables).limits(tables);
        Self { plans: specs.iter().map(FlowPlan::of).collect(), limits, specs }
    }

    /// The demands.
    #[must_use]
    pub fn specs(&self) -> &[DemandSpec] {
        &self.specs
    }
}

impl Goes {
    fn new(shares: &Shares, met: Routers, paths: &PathTable) -> Self {
        let mut sums: BTreeMap<_, u64> = BTreeMap::new();
        for (path, parts) in shares {
            *sums.entry(*path).or_insert(0) += parts;
        }
        let shared = |(path, parts): (_, u64)| (paths.shared(path), parts);
        Self {
            shares: shares.iter().copied().map(shared).collect(),
            lies: sums.into_iter().map(shared).collect(),
            met,
        }
    }

    /// Where it goes, with paths as this table counts them.
    fn spread(&self, paths: &mut PathTable) -> Vec<Spread> {
        let share = |(path, parts): &(Arc<Path>, u64)| (paths.intern_shared(path), *parts);
        vec![Spread { end: WHOLE, paths: self.shares.iter().map(share).collect() }]
    }

    fn is_touched(&self, changed: &dyn Fn(RouterId) -> bool) -> bool {
        self.met.iter().any(changed)
    }

    /// Parts that arrive.
    fn arriving(&self) -> u64 {
        let arriving = self.lies.iter().filter(|(path, _)| path.arrives().is_some());
        arriving.map(|(_, parts)| parts).sum()
    }
}

impl Standing {
    /// Where all demands go over these tables. What does not arrive has last arrived where it did in
    /// `past`, which decides where return traffic starts.
    #[must_use]
    pub fn new(
        demands: &Demands,
        tables: &Tables,
        known: Option<Known<'_>>,
        past: Option<&Self>,
    ) -> Self {
        let nothing = BTreeMap::new();
        let stateful = state::any(tables);
        let view = View { tables, swept: &nothing, now: SimTime::ZERO, stateful };
        let one = |index: usize| {
            let (spec, plan) = (&demands.specs[index], demands.plans[index].as_ref());
            let old = known.map(|known| (&known.standing.goes[index], known.changed));
            let fresh = old.filter(|(both, changed)| {
                let touched = both.each_ref().map(|goes| goes.is_touched(*changed));
                !(touched[0] || stateful && touched[1])
            });
            let mut paths = PathTable::default();
            let mut met = Routers::default();
            let forward = match fresh {
                Some((both, changed)) if !both[1].is_touched(changed) => return both.clone(),
                Some((both, _)) => Arc::clone(&both[0]),
                None => {
                    let mut seen = Seen::default();
                    let course = view.forward((spec, plan), None, &mut seen, &mut paths);
                    std::mem::swap(&mut met, &mut seen.asked.routers);
                    Arc::new(Goes::new(&course.spread[0].paths, met, &paths))
                }
            };
            let past = past.map(|past| &*past.goes[index][0]);
            let back = back(&view, (spec, plan), &forward, past, &mut paths);
            [forward, Arc::new(back)]
        };
        Self { goes: (0..demands.specs.len()).map(one).collect() }
    }

    /// Whether everything goes as it did then, because it has met nothing that has changed.
    #[must_use]
    pub fn is_shared_with(&self, other: &Self) -> bool {
        let mut pairs = self.goes.iter().flatten().zip(other.goes.iter().flatten());
        pairs.all(|(one, other)| Arc::ptr_eq(one, other))
    }

    /// Whether every part of the forward traffic of a demand arrives.
    #[must_use]
    pub fn all_arrive(&self, demand: usize) -> bool {
        self.goes[demand][0].arriving() == WHOLE
    }

    /// Whether some of the forward traffic of a demand is offered.
    #[must_use]
    pub fn is_offered(&self, demand: usize) -> bool {
        self.goes[demand][0].lies.iter().any(|(path, parts)| is_offered(path) && *parts > 0)
    }

    /// What becomes of all demands over these tables, and what they offer.
    #[must_use]
    pub fn figures(&self, demands: &Demands, tables: &Tables) -> Figures {
        let meters = Meters::of(tables);
        let mut sums = vec![0_u64; demands.limits.len()];
        let mut congested = false;
        let (mut loads, mut by_class) = (BTreeMap::new(), BTreeMap::new());
        for stream in self.streams(demands) {
            load::carry(tables, meters, stream, |meter, rate| {
                sums[meter] += rate;
                congested |= sums[meter] > demands.limits[meter];
            });
            for (lag, _, side) in &stream.path.hops {
                *loads.entry((*lag, *side)).or_insert(0) += stream.rate;
                *by_class.entry((*lag, *side, stream.class)).or_insert(0) += stream.rate;
            }
        }
        let mut offered = Offered::default();
        if congested {
            let streams: Vec<Stream<'_>> = self.streams(demands).collect();
            offered = load::offered(tables, &streams);
            by_class = load::by_class(tables, &streams, &offered);
            for ((lag, side), load) in &mut loads {
                let members = tables.lag_members(*lag).iter();
                *load = members.map(|circuit| offered.on_circuit(*circuit, *side)).sum();
            }
        }
        by_class.retain(|_, load| *load > 0);
        let outcome = |(goes, spec): (&Arc<Goes>, &DemandSpec)| {
            let mut now = Instant::default();
            for (path, parts) in &goes.lies {
                now.add(Told::of(tables, spec, path, &offered), *parts);
            }
            Outcome { now, reachable: goes.arriving() }
        };
        let both = |(both, spec): (&[Arc<Goes>; 2], &DemandSpec)| {
            both.each_ref().map(|goes| outcome((goes, spec)))
        };
        let demands = self.goes.iter().zip(&demands.specs).map(both).collect();
        Figures { demands, loads, by_class }
    }

    fn streams<'a>(&'a self, demands: &'a Demands) -> impl Iterator<Item = Stream<'a>> {
        self.goes.iter().zip(&demands.specs).flat_map(|(both, spec)| {
            both.iter().zip(spec.rates).flat_map(move |(goes, rate)| {
                let offered = goes.lies.iter().filter(|(path, _)| is_offered(path));
                offered.map(move |(path, parts)| Stream {
                    rate: portion(rate.as_bps(), *parts, WHOLE),
                    class: spec.class,
                    path,
                })
            })
        })
    }
}

/// Where return traffic of a demand goes whose forward traffic goes like this.
fn back(
    view: &View<'_>,
    of: (&DemandSpec, Option<&FlowPlan>),
    forward: &Goes,
    past: Option<&Goes>,
    paths: &mut PathTable,
) -> Goes {
    let spread = forward.spread(paths);
    let grain = if of.1.is_none() { Grain::Fluid } else { Grain::Flow };
    let past = past.filter(|_| forward.arriving() < WHOLE);
    let start = past.map_or_else(|| spread.clone(), |past| past.spread(paths));
    let mut atoms = Atoms::new(SimTime::ZERO, grain, &start, paths, None);
    if past.is_some() {
        let course = Course { spread: spread.clone(), ..Default::default() };
        atoms.redistribute(SimTime::ZERO, None, &course, paths);
    }
    let mut seen = Seen::default();
    start_back(of, &atoms, &mut seen);
    let course = view.back(of, &spread, None, &mut seen, paths);
    Goes::new(&course.spread[0].paths, std::mem::take(&mut seen.asked.routers), paths)
}
