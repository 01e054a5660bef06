//! What follows from the rows of a sweep, taken part by part in order.

use std::collections::BTreeMap;

use super::{Part, Peak, Sweep, raise};
use crate::ids::{Id, LagId, Side};
use crate::report::data::{
    Exposed, FailingElement, HealingSet, LatentSet, MinimalSets, SetRow, SizeRow, SlowSet,
    SweepResult, TimedSet, TimedSweep, Verdict, WorstLoad,
};
use crate::settled::How;
use crate::units::date::Date;

/// Most rows that a result holds.
const ROWS: usize = 10_000;
/// Most sets with long gaps that a result names.
const LONGEST: usize = 20;
/// Most healing sets that a result names.
const HEALING: usize = 100;

/// What a sweep has found so far.
#[derive(Debug)]
pub struct Tally<'s, 't> {
    sweep: &'s Sweep<'t>,
    /// The part to come.
    next: u64,
    sizes: Vec<SizeRow>,
    /// By demand, the failing sets of which no subset fails it, as places of elements.
    minimal: BTreeMap<String, Vec<Vec<usize>>>,
    healing: Vec<HealingSet>,
    healing_in_all: u64,
    alone: Vec<SetRow>,
    latent: Vec<(Vec<usize>, LatentSet)>,
    rows: Vec<SetRow>,
    left_out: u64,
    usual: Vec<Peak>,
    peaks: Vec<Peak>,
    timed: Option<TimedSweep>,
}

impl<'s, 't> Tally<'s, 't> {
    /// Nothing found yet.
    #[must_use]
    pub fn new(sweep: &'s Sweep<'t>) -> Self {
        Self {
            sweep,
            next: 0,
            sizes: Vec::new(),
            minimal: BTreeMap::new(),
            healing: Vec::new(),
            healing_in_all: 0,
            alone: Vec::new(),
            latent: Vec::new(),
            rows: Vec::new(),
            left_out: 0,
            usual: sweep.cost(0).1,
            peaks: Vec::new(),
            timed: sweep.runs.as_ref().map(|_| TimedSweep::default()),
        }
    }

    /// Takes the next part in.
    ///
    /// # Panics
    /// If it is another.
    pub fn take(&mut self, part: Part) {
        assert_eq!(part.part, self.next, "parts come in order");
        let first = self.next * self.sweep.part_size();
        self.next += 1;
        raise(&mut self.peaks, &part.peaks);
        for (number, row) in (first..).zip(part.rows) {
            self.row(number, row);
        }
    }

    fn row(&mut self, number: u64, row: SetRow) {
        let set = self.sweep.sets.get(number);
        let (size, certain) = (set.len(), row.outcome == "unique");
        while self.sizes.len() <= size {
            self.sizes.push(SizeRow { size: self.sizes.len(), ..SizeRow::default() });
        }
        let within = certain && row.lost.is_empty();
        let of_size = &mut self.sizes[size];
        of_size.sets += 1;
        of_size.within_bounds += u64::from(within);
        of_size.uncertain += u64::from(!certain);
        if certain {
            self.healed(&set, &row);
            for demand in &row.lost {
                let known = self.minimal.entry(demand.clone()).or_default();
                if !known.iter().any(|small| is_part(small, &set)) {
                    known.push(set.clone());
                }
            }
        }
        if !row.latent.is_empty() && !self.latent.iter().any(|(small, _)| is_part(small, &set)) {
            let seen = LatentSet { set: row.set.clone(), latent: row.latent.clone() };
            self.latent.push((set, seen));
        }
        if let (Some(sum), Some(timed)) = (&mut self.timed, &row.timed) {
            count_timed(sum, timed, &row);
        }
        if size == 1 {
            self.alone.push(row.clone());
        }
        let all = usize::try_from(self.sweep.sets()).is_ok_and(|sets| sets <= ROWS);
        if all || (!within && self.rows.len() < ROWS) {
            self.rows.push(row);
        } else {
            self.left_out += 1;
        }
    }

    /// Notes demands that a part of the set takes below their ok and the set does not.
    fn healed(&mut self, set: &[usize], row: &SetRow) {
        for (demand, failing) in &self.minimal {
            if row.lost.contains(demand) || row.source_down.contains(demand) {
                continue;
            }
            let Some(small) = failing.iter().find(|small| is_part(small, set)) else { continue };
            self.healing_in_all += 1;
            if self.healing.len() < HEALING {
                self.healing.push(HealingSet {
                    demand: demand.clone(),
                    set: row.set.clone(),
                    failing: self.sweep.names(small),
                });
            }
        }
    }

    /// The result, once all parts are in.
    ///
    /// # Panics
    /// If a part is missing.
    #[must_use]
    pub fn result(self, as_of: Date, command: String) -> SweepResult {
        let Self { sweep, next, .. } = self;
        assert_eq!(next, sweep.parts(), "all parts are in");
        let sum = |of: fn(&SizeRow) -> u64| self.sizes.iter().map(of).sum();
        let question = &sweep.question;
        let given = question.given.iter().map(|element| element.label(sweep.topology));
        SweepResult {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            engine: "settled",
            topology: sweep.topology.name.clone(),
            seed: question.seed,
            as_of: as_of.to_string(),
            command,
            verdict: Verdict::None,
            k: question.k,
            of: question.of.iter().map(|kind| kind.as_str()).collect(),
            how: match question.how {
                How::Fail => "fail",
                How::Silent => "silent",
            },
            given: given.collect(),
            elements: sweep.elements(),
            sets: sweep.sets(),
            sets_within_bounds: sum(|row| row.within_bounds),
            sets_uncertain: sum(|row| row.uncertain),
            single_points_of_failure: self.single_points(),
            minimal_sets: self.minimal_sets(),
            worst_loads: self.worst_loads(),
            run_out: sweep.run_out(as_of),
            maintenance: self.maintenance(),
            by_size: self.sizes,
            healing_sets: self.healing,
            healing_sets_in_all: self.healing_in_all,
            blast_radius: self.alone,
            latent: self.latent.into_iter().map(|(_, seen)| seen).collect(),
            timed: self.timed,
            rows: self.rows,
            rows_left_out: self.left_out,
        }
    }

    fn single_points(&self) -> Vec<FailingElement> {
        let failing = self.alone.iter().filter(|row| {
            // What is lost whatever fails is no element's doing.
            row.lost.iter().any(|demand| !self.is_lost_anyway(demand))
        });
        let one = |row: &SetRow| FailingElement {
            element: row.set[0].clone(),
            lost: row.lost.iter().filter(|demand| !self.is_lost_anyway(demand)).cloned().collect(),
        };
        failing.map(one).collect()
    }

    fn is_lost_anyway(&self, demand: &str) -> bool {
        self.minimal.get(demand).is_some_and(|sets| sets.contains(&Vec::new()))
    }

    fn minimal_sets(&self) -> Vec<MinimalSets> {
        let names = |sets: &Vec<Vec<usize>>| sets.iter().map(|set| self.sweep.names(set)).collect();
        let one = |(demand, sets): (&String, &Vec<Vec<usize>>)| MinimalSets {
            demand: demand.clone(),
            sets: names(sets),
        };
        self.minimal.iter().map(one).collect()
    }

    /// Of each minimal pair, either exposes to the other.
    fn maintenance(&self) -> Vec<Exposed> {
        let mut exposed: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for set in self.minimal.values().flatten() {
            if let [a, b] = set[..] {
                exposed.entry(a).or_default().push(b);
                exposed.entry(b).or_default().push(a);
            }
        }
        let one = |(element, mut to): (usize, Vec<usize>)| {
            to.sort_unstable();
            to.dedup();
            Exposed { element: self.sweep.elements[element].1.clone(), to: self.sweep.names(&to) }
        };
        exposed.into_iter().map(one).collect()
    }

    fn worst_loads(&self) -> Vec<WorstLoad> {
        let usual = |peak: &Peak| {
            let same = |usual: &&Peak| (usual.lag, usual.side) == (peak.lag, peak.side);
            self.usual.iter().find(same)
        };
        let mut peaks = self.peaks.clone();
        peaks.sort_by(|a, b| match (a.is_above(b), b.is_above(a)) {
            (true, _) => std::cmp::Ordering::Less,
            (_, true) => std::cmp::Ordering::Greater,
            _ => (a.lag, a.side).cmp(&(b.lag, b.side)),
        });
        let one = |peak: &Peak| {
            let (id, topology) = (LagId::from_index(peak.lag), self.sweep.topology);
            let lag = &topology.lags[id];
            WorstLoad {
                link: lag.name.clone(),
                link_kind: lag.kind.as_str(),
                direction: topology.direction(id, Side::BOTH[peak.side]),
                usual_bps: usual(peak).map_or(0, |usual| usual.offered_bps),
                usual_utilization: usual(peak).map_or(0.0, Peak::utilization),
                offered_bps: peak.offered_bps,
                capacity_bps: peak.capacity_bps,
                utilization: peak.utilization(),
                set: self.sweep.names(&self.sweep.sets.get(peak.set)),
            }
        };
        peaks.iter().map(one).collect()
    }
}

/// Adds a simulated set.
fn count_timed(sum: &mut TimedSweep, timed: &TimedSet, row: &SetRow) {
    sum.sets += 1;
    sum.at_rest += u64::from(timed.at_rest);
    sum.disagreeing += u64::from(timed.agrees == Some(false));
    let Some(demand) = &timed.longest_gap_demand else { return };
    // Of equals those that come first stay first.
    let place = sum.longest.partition_point(|known| known.longest_gap_s >= timed.longest_gap_s);
    if place < LONGEST {
        let slow = SlowSet {
            set: row.set.clone(),
            longest_gap_s: timed.longest_gap_s,
            demand: demand.clone(),
            settled_s: timed.settled_s,
            lost: row.lost.clone(),
        };
        sum.longest.insert(place, slow);
        sum.longest.truncate(LONGEST);
    }
}

/// Whether all of `small` is in `set`; both are in ascending order.
fn is_part(small: &[usize], set: &[usize]) -> bool {
    small.iter().all(|element| set.binary_search(element).is_ok())
}
