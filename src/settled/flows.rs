//! Where traffic goes in the end.

use std::collections::BTreeSet;

use super::Before;
use super::facts::Facts;
use super::outcome::{Delivery, Doubt, Latent, Load};
use crate::dataplane::atoms::Atoms;
use crate::dataplane::standing::{self, Figures, Standing};
use crate::dataplane::tables::{Tables, WHOLE};
use crate::dataplane::traffic::{Instant, Traffic};
use crate::ids::{DemandId, End, Id, IdVec, LagId, RouterId, Side};
use crate::model::scenario::Direction;
use crate::units::{BitRate, Share, SimDuration, SimTime};

/// Between what was and what is; how long matters to nobody.
const AFTER: SimDuration = SimDuration::from_secs(1);

/// Demands and loads over settled tables.
#[derive(Clone, Debug)]
pub(super) struct Flows {
    pub(super) demands: IdVec<DemandId, [Delivery; 2]>,
    pub(super) loads: IdVec<LagId, [Load; 2]>,
    pub(super) doubts: Vec<Doubt>,
}

impl Facts<'_> {
    /// Traffic over `tables`, where the network looked as in `whole` when all was well.
    pub(super) fn flows(&self, tables: &Tables, whole: Option<&Tables>, before: Before) -> Flows {
        let now = Traffic::new(self.specs.clone(), tables, self.inside.clone());
        let lacking: Vec<usize> = (0..self.specs.len()).filter(|i| self.lacks(&now, *i)).collect();
        if lacking.is_empty() {
            return self.measured(&now, tables, Vec::new());
        }
        let start = Traffic::new(self.specs.clone(), whole.unwrap_or(tables), self.inside.clone());
        let stopped = |index: usize| before == Before::Whole && self.has_stopped(&now, index);
        let doubtful = |index: &&usize| {
            let elsewhere = !stopped(**index) && self.may_start_elsewhere(&start, **index);
            whole.is_none() || elsewhere
        };
        let doubts = lacking.iter().filter(doubtful);
        let doubts = doubts.map(|index| Doubt::ReturnStart(DemandId::from_index(*index))).collect();
        let mut after = start;
        after.change(tables, SimTime::ZERO + AFTER);
        self.measured(&after, tables, doubts)
    }

    /// Whether return traffic of a demand starts where forward traffic arrived in the past.
    fn lacks(&self, traffic: &Traffic, index: usize) -> bool {
        let [forward, _] = &traffic.flowing()[index];
        self.specs[index].rates[1].as_bps() > 0 && !all_arrive(&forward.atoms)
    }

    /// Whether forward traffic of a demand ended at once, with its only source.
    fn has_stopped(&self, traffic: &Traffic, index: usize) -> bool {
        let [forward, _] = &traffic.flowing()[index];
        self.specs[index].sources.len() == 1 && forward.now.offered == 0
    }

    /// Whether forward traffic that no longer arrives may have arrived last at another router than
    /// when all was well.
    fn may_start_elsewhere(&self, whole: &Traffic, index: usize) -> bool {
        let [forward, _] = &whole.flowing()[index];
        self.serving(index).len() > 1 || !all_arrive(&forward.atoms)
    }

    /// The routers at which forward traffic of a demand may end.
    fn serving(&self, index: usize) -> BTreeSet<RouterId> {
        let mut servers: BTreeSet<RouterId> = BTreeSet::new();
        let mut group = Some(self.specs[index].groups[0]);
        while let Some(at) = group {
            let first = self.groups[at].prefixes[0];
            let standby = self.topology.prefixes[first].standby.iter();
            servers.extend(standby.flat_map(|standby| standby.routers.iter().copied()));
            servers.extend(self.groups[at].served_by.iter().copied());
            group = self.groups[at].cover;
        }
        servers
    }

    /// The same from what becomes of demands, as it stands; where all but these LAGs, and what is
    /// offered to any, is as in another.
    pub(super) fn told(
        &self,
        figures: &Figures,
        tables: &Tables,
        whole: Option<(&Flows, &[LagId])>,
    ) -> Flows {
        let told = |outcome: &standing::Outcome| delivery(outcome.now, outcome.reachable);
        let demands = figures.demands.iter().map(|both| both.each_ref().map(told)).collect();
        let idle = |lag: LagId| {
            Side::BOTH
                .map(|side| Load { capacity: tables.lag_capacity(lag, side), ..Load::default() })
        };
        let mut loads: IdVec<LagId, [Load; 2]> = match whole {
            None => self.topology.lags.ids().map(idle).collect(),
            Some((whole, changed)) => {
                let rate = |load: &Load| Load { capacity: load.capacity, ..Load::default() };
                let mut loads: IdVec<LagId, [Load; 2]> =
                    whole.loads.iter().map(|both| both.each_ref().map(rate)).collect();
                for lag in changed {
                    loads[*lag] = idle(*lag);
                }
                loads
            }
        };
        for ((lag, side), load) in &figures.loads {
            loads[*lag][*side].offered = BitRate::from_bps(*load);
        }
        for ((lag, side, class), load) in &figures.by_class {
            loads[*lag][*side].classes.push((*class, BitRate::from_bps(*load)));
        }
        Flows { demands, loads, doubts: Vec::new() }
    }

    /// Where return traffic may start elsewhere than is told.
    pub(super) fn doubts(&self, now: &Standing, whole: &Standing, before: Before) -> Vec<Doubt> {
        let lacks =
            |index: &usize| self.specs[*index].rates[1].as_bps() > 0 && !now.all_arrive(*index);
        let doubtful = |index: &usize| {
            let has_stopped = self.specs[*index].sources.len() == 1 && !now.is_offered(*index);
            let stopped = before == Before::Whole && has_stopped;
            !stopped && (self.serving(*index).len() > 1 || !whole.all_arrive(*index))
        };
        let all = (0..self.specs.len()).filter(lacks).filter(doubtful);
        all.map(|index| Doubt::ReturnStart(DemandId::from_index(index))).collect()
    }

    fn measured(&self, traffic: &Traffic, tables: &Tables, doubts: Vec<Doubt>) -> Flows {
        let at = SimTime::ZERO + AFTER;
        let demand = |index: usize| {
            Direction::BOTH.map(|direction| {
                let harm = traffic.harm(index, direction, at).run;
                let [forward, back] = &traffic.flowing()[index];
                match direction {
                    Direction::Forward => delivery(forward.now, harm.reachable),
                    Direction::Return => delivery(back.now, harm.reachable),
                }
            })
        };
        let last = |series: &crate::dataplane::series::Series| {
            let point = series.points().last();
            BitRate::from_bps(point.map_or(0, |point| point.after))
        };
        let by_class = traffic.by_class(tables);
        let load = |lag: LagId| {
            Side::BOTH.map(|side| {
                let key = |class| (lag, side, class);
                let classes = self.topology.classes.ids();
                let of = |class| Some((class, BitRate::from_bps(*by_class.get(&key(class))?)));
                Load {
                    offered: last(&traffic.loads()[End::new(lag, side)]),
                    capacity: tables.lag_capacity(lag, side),
                    classes: classes.filter_map(of).collect(),
                }
            })
        };
        Flows {
            demands: (0..self.specs.len()).map(demand).collect(),
            loads: self.topology.lags.ids().map(load).collect(),
            doubts,
        }
    }
}

/// What forwards into loss: silent members in use, and routers that hang.
pub(super) fn latent(tables: &Tables) -> Vec<Latent> {
    let mut used: BTreeSet<(LagId, Side)> = BTreeSet::new();
    for router in tables.routers.iter().filter(|router| router.up && !router.hung) {
        for hop in router.fib.iter().flat_map(|hops| hops.iter()) {
            if !router.lost.contains(&hop.lag) {
                used.insert((hop.lag, hop.side));
                used.extend(hop.exit.map(|exit| (exit, Side::B)));
            }
        }
    }
    let mut latent: Vec<Latent> = Vec::new();
    for (lag, side) in used {
        let members = tables.lags[lag][side].distributing.iter();
        let lost = members.filter(|circuit| !tables.member_delivers(lag, side, **circuit));
        latent.extend(lost.map(|circuit| Latent::Circuit(End::new(*circuit, side))));
    }
    let hung = tables.routers.iter_ids().filter(|(_, router)| router.up && router.hung);
    latent.extend(hung.map(|(router, _)| Latent::Router(router)));
    latent.sort_unstable();
    latent.dedup();
    latent
}

/// Whether every part has arrived somewhere.
fn all_arrive(atoms: &Atoms) -> bool {
    atoms.arrivals().iter().map(|(_, parts)| parts).sum::<u64>() == WHOLE
}

fn delivery(now: Instant, arriving: u64) -> Delivery {
    let share = |part: u64, whole: u64| {
        let ppb = u128::from(part) * 1_000_000_000 / u128::from(whole.max(1));
        (whole > 0).then(|| Share::from_ppb(u64::try_from(ppb).expect("at most one")))
    };
    let delay = now.delay.checked_div(u128::from(now.delivered));
    Delivery {
        offered: share(now.offered, WHOLE).unwrap_or(Share::ZERO),
        reachable: share(arriving, now.offered),
        delivered: share(now.delivered, now.offered),
        localized: share(now.localized, now.delivered),
        delay_ns: delay.map(|delay| u64::try_from(delay).unwrap_or(u64::MAX)),
    }
}
