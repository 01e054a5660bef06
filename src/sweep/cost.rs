//! What one set of failures costs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Peak;
use crate::ids::{DemandId, Id, IdVec, LagId, Side};
use crate::model::topology::Topology;
use crate::report::data::SetRow;
use crate::settled::{Before, Delivery, Effect, Element, Evaluator, Fault, Latent, Load, Verdict};
use crate::units::{BitRate, Share};

/// What sets cost that were met before, by what their failures do to the physical world: of many
/// sets that is the same.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<(BTreeMap<Effect, Arc<Cost>>, usize)>);

/// A row, and the loads that its set leads to.
type Cost = (SetRow, Vec<Peak>);

/// So many loads and rows are kept, the first to come.
const KEPT: usize = 1 << 21;

impl Known {
    fn lock(&self) -> MutexGuard<'_, (BTreeMap<Effect, Arc<Cost>>, usize)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a set costs: as before, if its failures do what others did.
    pub(super) fn of(
        &self,
        topology: &Topology,
        evaluator: &Evaluator<'_>,
        faults: &[Fault],
        (number, set): (u64, Vec<String>),
    ) -> Cost {
        let Some(effect) = evaluator.effect(faults) else {
            return of(topology, evaluator, faults, (number, set));
        };
        let known = self.lock().0.get(&effect).cloned();
        if let Some(known) = known {
            let (row, peaks) = &*known;
            let peaks = peaks.iter().map(|peak| Peak { set: number, ..*peak }).collect();
            return (SetRow { set, ..row.clone() }, peaks);
        }
        let cost = of(topology, evaluator, faults, (number, set));
        let (all, size) = &mut *self.lock();
        if *size < KEPT {
            *size += 1 + cost.1.len();
            let row = SetRow { set: Vec::new(), ..cost.0.clone() };
            all.insert(effect, Arc::new((row, cost.1.clone())));
        }
        cost
    }
}

/// Works out where the network ends up with these faults in it.
fn of(
    topology: &Topology,
    evaluator: &Evaluator<'_>,
    faults: &[Fault],
    (number, set): (u64, Vec<String>),
) -> Cost {
    let outcome = evaluator.evaluate(faults, Before::Whole);
    let word = match &outcome.verdict {
        Verdict::Unique(_) => "unique",
        Verdict::Several(..) => "several",
        Verdict::None(..) => "none",
        Verdict::Unknown(_) => "unknown",
    };
    let mut latent: Vec<String> =
        outcome.latent.iter().map(|latent| seen(topology, *latent)).collect();
    latent.dedup();
    let mut row = SetRow {
        set,
        outcome: word.to_owned(),
        lost: Vec::new(),
        source_down: Vec::new(),
        worst_delivered: None,
        lost_bps: None,
        worst_utilization: None,
        worst_link: None,
        localized: None,
        latent,
        timed: None,
    };
    if !matches!(outcome.verdict, Verdict::Unique(_)) {
        return (row, Vec::new());
    }
    if let Some(demands) = &outcome.demands {
        count_demands(topology, demands, &mut row);
    }
    let peaks = outcome.loads.as_ref().map_or_else(Vec::new, |loads| peaks(loads, number));
    let highest = peaks.iter().fold(None, |most: Option<&Peak>, peak| match most {
        Some(most) if !peak.is_above(most) => Some(most),
        Some(_) | None => Some(peak),
    });
    if let Some(peak) = highest.filter(|peak| peak.capacity_bps > 0) {
        row.worst_utilization = Some(peak.utilization());
        row.worst_link = Some(topology.lags[LagId::from_index(peak.lag)].name.clone());
    }
    (row, peaks)
}

/// The circuit or router that swallows traffic.
fn seen(topology: &Topology, latent: Latent) -> String {
    match latent {
        Latent::Circuit(port) => Element::Circuit(port.of).label(topology),
        Latent::Router(router) => Element::Router(router).label(topology),
    }
}

fn count_demands(topology: &Topology, demands: &IdVec<DemandId, [Delivery; 2]>, row: &mut SetRow) {
    let mut lost_bps = 0_u64;
    let mut worst: Option<Share> = None;
    let mut localized: Option<Share> = None;
    for (id, both) in demands.iter_ids() {
        let demand = &topology.demands[id];
        let ok = topology.classes[demand.class].ok;
        let mut is_lost = false;
        for (delivery, rate) in both.iter().zip([demand.rate, demand.return_rate]) {
            if rate.as_bps() == 0 {
                continue;
            }
            is_lost |= delivery.falls_short(ok);
            if let Some(delivered) = delivery.delivered {
                worst = Some(worst.map_or(delivered, |known| known.min(delivered)));
            }
            if let Some(local) = delivery.localized {
                localized = Some(localized.map_or(local, |known| known.min(local)));
            }
            let arrives = delivery.delivered.map_or(0, |share| part(rate, delivery.offered, share));
            lost_bps = lost_bps.saturating_add(rate.as_bps().saturating_sub(arrives));
        }
        if is_lost {
            row.lost.push(demand.name.clone());
        }
        if both[0].offered < Share::ONE {
            row.source_down.push(demand.name.clone());
        }
    }
    row.lost.sort_unstable();
    row.source_down.sort_unstable();
    row.lost_bps = Some(lost_bps);
    row.worst_delivered = worst.map(Share::as_f64);
    row.localized = localized.map(Share::as_f64);
}

/// A share of a share of a rate, rounded down.
fn part(rate: BitRate, first: Share, second: Share) -> u64 {
    let one = u128::from(Share::ONE.as_ppb());
    let parts = u128::from(first.as_ppb()) * u128::from(second.as_ppb());
    u64::try_from(u128::from(rate.as_bps()) * parts / (one * one)).unwrap_or(u64::MAX)
}

/// The loads that are not nothing.
fn peaks(loads: &IdVec<LagId, [Load; 2]>, set: u64) -> Vec<Peak> {
    let mut peaks = Vec::new();
    for (lag, both) in loads.iter_ids() {
        for side in Side::BOTH {
            let load = &both[side];
            if load.offered > BitRate::ZERO {
                peaks.push(Peak {
                    lag: lag.index(),
                    side: side.index(),
                    offered_bps: load.offered.as_bps(),
                    capacity_bps: load.capacity.as_bps(),
                    set,
                });
            }
        }
    }
    peaks
}
