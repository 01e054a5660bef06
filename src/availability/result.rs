//! What the parts of an analysis make together.

use super::causes::Cause;
use super::states::State;
use super::steady::{Mass, Steady};
use super::transients::Transient;
use super::{Availability, Estimate, Rest};
use crate::ids::DemandId;
use crate::report::data::{
    AvailabilityResult, CauseShare, DemandAvailability, Downtime, DowntimeSet, PhysicalOnly,
    RateRow, Simulation, TransientRow, Verdict, YEAR_S,
};
use crate::report::number;
use crate::units::Share;

/// Most rows of each list of a demand.
const ROWS: usize = 100;

/// Transients of one demand, as shares of time.
#[derive(Clone, Debug, Default)]
struct Passing {
    /// All of them, and those of physical causes.
    sum: Mass,
    /// What those that come while something else is down may add.
    second: Mass,
    rows: Vec<TransientRow>,
    /// By cause.
    shares: Vec<f64>,
}

impl Availability<'_> {
    /// The result.
    #[must_use]
    pub fn result(
        &self,
        (steady, rest): (&Steady<'_>, &Rest),
        transients: &[Transient],
        simulation: Option<Simulation>,
        (as_of, command): (String, String),
    ) -> AvailabilityResult {
        let mut demands: Vec<DemandAvailability> = self
            .topology
            .demands
            .ids()
            .map(|id| self.demand(id, (steady, rest), transients))
            .collect();
        demands.sort_by(|a, b| a.demand.cmp(&b.demand));
        let judged = demands.iter().map(|demand| demand.verdict);
        AvailabilityResult {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            engine: "settled+timed",
            topology: self.topology.name.clone(),
            seed: self.question.seed,
            as_of,
            command,
            verdict: judged.max().unwrap_or(Verdict::None),
            common_causes: self.topology.common_causes.len(),
            causes: self.causes(),
            states: steady.states,
            states_left: rest.weight,
            samples: rest.samples,
            demands,
            simulation,
            rates: self.causes.all.iter().map(rate).collect(),
            assumptions: self.causes.assumptions.clone(),
        }
    }

    fn demand(
        &self,
        id: DemandId,
        (steady, rest): (&Steady<'_>, &Rest),
        transients: &[Transient],
    ) -> DemandAvailability {
        let demand = &self.topology.demands[id];
        let class = &self.topology.classes[demand.class];
        let sums = &steady.demands[id];
        let passing = self.passing(id, transients);
        let [all, physical] = rest.demands[id];
        let sum = |pick: fn(Mass) -> f64, rest: Estimate| {
            let [down, passes] = [sums.down, passing.sum].map(pick);
            let unsure = pick(sums.uncertain) + pick(passing.second);
            let low = down + rest.low;
            (down + rest.value, low, down + rest.high + unsure, passes)
        };
        let (down, low, high, passes) = sum(|mass| mass.all, all);
        let whole = self.space.no_common(|_| true);
        let (physical_down, physical_low, physical_high, physical_passes) =
            sum(|mass| mass.physical, physical);
        let physical_only = PhysicalOnly {
            unavailability: physical_down / whole + physical_passes,
            low: physical_low / whole + physical_passes,
            high: physical_high / whole + physical_passes,
        };
        let unavailability = down + passes;
        let (low, high) = (low + passes, high + passes);
        let downtime = Downtime {
            steady: physical_down / whole * YEAR_S,
            transient: physical_passes * YEAR_S,
            common_cause: (unavailability - physical_only.unavailability).max(0.0) * YEAR_S,
        };
        let outages_per_year = sums.outages_per_year;
        let (sets, sets_left_s_per_year) = self.sets(&sums.minimal, sums.others);
        let target = class.availability.map(Share::as_f64);
        DemandAvailability {
            demand: demand.name.clone(),
            class: class.name.clone(),
            target,
            verdict: target.map_or(Verdict::None, |target| judge(1.0 - target, low, high)),
            availability: 1.0 - number::rounded(unavailability),
            unavailability,
            low,
            high,
            method: match (rest.weight > 0.0, rest.samples > 0) {
                (false, _) => "exact",
                (true, false) => "bracket",
                (true, true) => "sample",
            },
            nines: (unavailability > 0.0).then(|| -libm::log10(unavailability)),
            downtime_s_per_year: downtime,
            physical: physical_only,
            source_down_s_per_year: sums.source_down * YEAR_S,
            outages_per_year,
            mean_outage_s: (outages_per_year > 0.0)
                .then(|| sums.down.all * YEAR_S / outages_per_year),
            causes: self.shares(&sums.minimal, &passing, unavailability),
            sets,
            sets_left_s_per_year,
            transients: passing.rows,
        }
    }

    /// How often each cause comes while all else is well, and what that takes each time.
    fn passing(&self, id: DemandId, transients: &[Transient]) -> Passing {
        let mut passing = Passing::default();
        let down = |transient: &Transient| transient.down_s[id];
        let longest = transients.iter().map(down).fold(0.0, f64::max);
        for (cause, transient) in self.causes.all.iter().zip(transients) {
            let alone = cause.failures_per_year * self.space.well_but(cause.element);
            let share = alone * down(transient) / YEAR_S;
            let second = (cause.failures_per_year - alone) * longest / YEAR_S;
            let masses = [(&mut passing.sum, share), (&mut passing.second, second)];
            for (mass, more) in masses {
                mass.all += more;
                mass.physical += if cause.is_common { 0.0 } else { more };
            }
            passing.shares.push(share);
            if down(transient) > 0.0 {
                passing.rows.push(TransientRow {
                    element: cause.name.clone(),
                    times_per_year: alone,
                    down_s: down(transient),
                });
            }
        }
        let worth = |row: &TransientRow| row.times_per_year * row.down_s;
        passing
            .rows
            .sort_by(|a, b| worth(b).total_cmp(&worth(a)).then_with(|| a.element.cmp(&b.element)));
        passing.rows.truncate(ROWS);
        passing
    }

    /// In how much of the unavailability each cause has a part.
    fn shares(&self, minimal: &[(State, f64)], passing: &Passing, all: f64) -> Vec<CauseShare> {
        let mut parts = passing.shares.clone();
        parts.resize(self.causes(), 0.0);
        for (state, mass) in minimal {
            for cause in self.space.causes(state) {
                parts[cause] += mass;
            }
        }
        let named = self.causes.all.iter().zip(parts);
        let mut shares: Vec<CauseShare> = named
            .filter(|(_, part)| *part > 0.0)
            .map(|(cause, part)| CauseShare { element: cause.name.clone(), share: part / all })
            .collect();
        shares.sort_by(|a, b| b.share.total_cmp(&a.share).then_with(|| a.element.cmp(&b.element)));
        shares.truncate(ROWS);
        shares
    }

    /// The worst sets, and what all others add, in seconds a year.
    fn sets(&self, minimal: &[(State, f64)], others: f64) -> (Vec<DowntimeSet>, f64) {
        let named = |state: &State| {
            let mut causes: Vec<usize> = self.space.causes(state).collect();
            causes.sort_unstable();
            causes.into_iter().map(|cause| self.causes.all[cause].name.clone()).collect()
        };
        let one = |(state, mass): &(State, f64)| DowntimeSet {
            set: named(state),
            downtime_s_per_year: mass * YEAR_S,
        };
        let mut sets: Vec<DowntimeSet> = minimal.iter().map(one).collect();
        sets.sort_by(|a, b| {
            b.downtime_s_per_year.total_cmp(&a.downtime_s_per_year).then_with(|| a.set.cmp(&b.set))
        });
        let left: f64 = sets.iter().skip(ROWS).map(|set| set.downtime_s_per_year).sum();
        sets.truncate(ROWS);
        (sets, left + others * YEAR_S)
    }
}

fn rate(cause: &Cause) -> RateRow {
    RateRow {
        element: cause.name.clone(),
        failures_per_year: cause.failures_per_year,
        repair_s: cause.repair_h * 3_600.0,
    }
}

fn judge(allowed: f64, low: f64, high: f64) -> Verdict {
    // A target such as 99.99 % is no binary fraction.
    let allowed = number::rounded(allowed);
    if high <= allowed {
        Verdict::Pass
    } else if low > allowed {
        Verdict::Fail
    } else {
        Verdict::Inconclusive
    }
}
