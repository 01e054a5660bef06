//! When PNIs run out, as demands grow: as it stands, and under the worst failure of one element.
//!
//! # Departures
//! Loads are what demands of one growth offer by themselves, added up: what congestion takes away from
//! others is left out, so that dates do not come later for it.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::Sweep;
use crate::ids::{LagId, Side};
use crate::model::topology::{LagKind, Topology};
use crate::report::data::{ReachedRow, RunOutRow};
use crate::report::number;
use crate::settled::{Before, Evaluator, Fault, Verdict};
use crate::units::date::Date;

/// Shares of the capacity that are asked for: where a provider wants an augmentation begun, where it wants
/// it done, and where traffic is lost.
const SHARES: [f64; 3] = [0.4, 0.5, 1.0];
/// How long an augmentation takes, in days: 45 to 60 (Azure Peering Service FAQ).
const LEAD: u64 = 60;
/// How far ahead is looked, in days.
const MOST: u64 = 100 * 365;

/// Offered to one direction of a LAG in one state: by growth, and what the LAG carries.
#[derive(Clone, Debug, Default)]
struct Load {
    /// Growth a year, and bit/s today.
    offered: Vec<(f64, f64)>,
    capacity: f64,
}

impl Load {
    /// The first day on which it takes this share of the capacity; `None`: not in a hundred years.
    fn day(&self, share: f64) -> Option<u64> {
        let reaches = |day: u64| {
            let years = number::count(day) / 365.0;
            let grown = |(growth, bps): &(f64, f64)| bps * libm::pow(1.0 + growth, years);
            self.offered.iter().map(grown).sum::<f64>() >= share * self.capacity
        };
        if self.capacity <= 0.0 || !reaches(MOST) {
            return None;
        }
        let (mut before, mut on) = (0, MOST);
        if reaches(0) {
            return Some(0);
        }
        while on - before > 1 {
            let middle = before + (on - before) / 2;
            if reaches(middle) { on = middle } else { before = middle }
        }
        Some(on)
    }
}

/// By LAG and side.
type Loads = BTreeMap<(LagId, usize), Load>;

impl Sweep<'_> {
    /// When each direction of each PNI runs out; nothing where no demand grows.
    ///
    /// Runs on the threads of the pool that calls; the result is the same with any number.
    #[must_use]
    pub fn run_out(&self, as_of: Date) -> Vec<RunOutRow> {
        let mut growths: Vec<u64> =
            self.topology.demands.iter().map(|demand| demand.growth.as_ppb()).collect();
        growths.sort_unstable();
        growths.dedup();
        if growths.iter().all(|growth| *growth == 0) {
            return Vec::new();
        }
        let parts: Vec<(f64, Topology)> =
            growths.into_iter().map(|growth| part(self.topology, growth)).collect();
        let evaluators: Vec<(f64, Evaluator<'_>)> = parts
            .iter()
            .map(|(growth, part)| (*growth, Evaluator::new(part, self.question.seed)))
            .collect();
        let fault = |element| Fault { element, how: self.question.how };
        let given: Vec<Fault> = self.question.given.iter().map(|element| fault(*element)).collect();
        let state = |alone: Option<usize>| {
            let own = alone.map(|place| fault(self.elements[place].0));
            let faults: Vec<Fault> = given.iter().copied().chain(own).collect();
            self.loads(&evaluators, &faults)
        };
        let usual = state(None).unwrap_or_default();
        let alone: Vec<Option<Loads>> =
            (0..self.elements.len()).into_par_iter().map(|place| state(Some(place))).collect();
        let mut rows: Vec<(Option<u64>, RunOutRow)> =
            usual.iter().map(|(key, load)| self.row((*key, load), &alone, as_of)).collect();
        // Those to be ordered first come first.
        rows.retain(|(_, row)| {
            row.reached.iter().any(|at| at.usual_on.is_some() || at.worst_on.is_some())
        });
        rows.sort_by_key(|(by, _)| by.unwrap_or(u64::MAX));
        rows.into_iter().map(|(_, row)| row).collect()
    }

    /// What PNIs are offered in a state; `None`: where it leads is not certain.
    fn loads(&self, evaluators: &[(f64, Evaluator<'_>)], faults: &[Fault]) -> Option<Loads> {
        let mut loads = Loads::new();
        for (growth, evaluator) in evaluators {
            let outcome = evaluator.evaluate(faults, Before::Whole);
            let Verdict::Unique(_) = outcome.verdict else { return None };
            for (lag, both) in outcome.loads.as_ref()?.iter_ids() {
                if !matches!(self.topology.lags[lag].kind, LagKind::Pni { .. }) {
                    continue;
                }
                for side in Side::BOTH {
                    let known = loads.entry((lag, side.index())).or_default();
                    known.capacity = both[side].capacity.as_f64();
                    known.offered.push((*growth, both[side].offered.as_f64()));
                }
            }
        }
        Some(loads)
    }

    fn row(
        &self,
        ((lag, side), usual): ((LagId, usize), &Load),
        alone: &[Option<Loads>],
        as_of: Date,
    ) -> (Option<u64>, RunOutRow) {
        let worst = |share: f64| {
            let days = alone.iter().enumerate().filter_map(|(place, loads)| {
                let day = loads.as_ref()?.get(&(lag, side))?.day(share)?;
                Some((day, place))
            });
            days.min()
        };
        let date = |day: u64| as_of.after(day).to_string();
        let reached = SHARES.map(|share| {
            let (usual, worst) = (usual.day(share), worst(share));
            let row = ReachedRow {
                utilization: share,
                usual_on: usual.map(date),
                worst_on: worst.map(|(day, _)| date(day)),
                worst: worst.map(|(_, place)| self.elements[place].1.clone()),
            };
            (usual, worst.map(|(day, _)| day), row)
        });
        let [_, (half, ..), (_, lost, _)] = &reached;
        let needed = [*half, *lost].into_iter().flatten().min();
        let order_by = needed.map(|day| day.saturating_sub(LEAD));
        let row = RunOutRow {
            link: self.topology.lags[lag].name.clone(),
            direction: self.topology.direction(lag, Side::BOTH[side]),
            offered_bps: usual.offered.iter().map(|(_, bps)| bps).sum(),
            capacity_bps: usual.capacity,
            order_by: order_by.map(date),
            reached: reached.map(|(.., row)| row).to_vec(),
        };
        (order_by, row)
    }
}

/// A design with the demands of one growth only.
fn part(topology: &Topology, growth: u64) -> (f64, Topology) {
    let mut part = topology.clone();
    let grows = topology.demands.iter().filter(|demand| demand.growth.as_ppb() == growth);
    part.demands = grows.cloned().collect();
    (number::part(growth, 1_000_000_000), part)
}
