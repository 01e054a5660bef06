//! Compares what was measured with what the scenario asks.

use super::result::Over;
use crate::ids::{DemandId, End, LagId, SessionId, Side};
use crate::model::scenario::{Bound, Direction, Measure, MeasureSubject, MeasureUnit, Window};
use crate::report::data::{self, BoundRow, DemandRow, Measures, Unit, Verdict};
use crate::units::{SimDuration, SimTime};

/// One thing a bound is about, and what was found of it.
struct Finding {
    kind: &'static str,
    subject: Option<String>,
    router: Option<String>,
    direction: Option<data::Direction>,
    observed: Option<f64>,
}

/// All bounds of the scenario, each with all of its subjects.
pub(super) fn judge(over: &Over<'_>, demands: &[DemandRow]) -> Vec<BoundRow> {
    let mut rows = Vec::new();
    for bound in &over.scenario.bounds {
        let mut findings = match bound.measure.subject() {
            MeasureSubject::Demand => over.of_demands(bound, demands),
            MeasureSubject::Session => over.of_sessions(bound),
            MeasureSubject::Lag => over.of_lags(bound),
            MeasureSubject::Run => vec![over.of_run(bound)],
        };
        if findings.is_empty() {
            findings.push(over.of_nothing(bound));
        }
        rows.extend(rows_of(bound, findings));
    }
    rows
}

/// `at_most` must hold for every subject, `at_least` for one of them, or for every row of the
/// subject that the bound names.
fn rows_of(bound: &Bound, findings: Vec<Finding>) -> Vec<BoundRow> {
    let at_most = bound.at_most.map(crate::model::scenario::Limit::as_f64);
    let at_least = bound.at_least.map(crate::model::scenario::Limit::as_f64);
    let is_named = bound.demand.is_some() || bound.session.is_some() || bound.lag.is_some();
    let reaches = |finding: &Finding| {
        at_least.is_none_or(|least| finding.observed.is_some_and(|value| value >= least))
    };
    let one_reaches = findings.iter().any(reaches);
    let row = |finding: Finding| {
        let below = at_most.is_none_or(|most| finding.observed.is_some_and(|value| value <= most));
        let reached = if is_named { reaches(&finding) } else { one_reaches };
        BoundRow {
            bound: bound.measure.as_str().to_owned(),
            subject_kind: finding.kind.to_owned(),
            subject: finding.subject,
            router: finding.router,
            direction: finding.direction,
            window: match bound.window {
                Window::Fault => data::Window::Fault,
                Window::Reversion => data::Window::Reversion,
                Window::Run => data::Window::Run,
            },
            unit: match bound.measure.unit() {
                MeasureUnit::Seconds => Unit::Seconds,
                MeasureUnit::Ratio => Unit::Ratio,
            },
            at_most,
            at_least,
            observed: finding.observed,
            verdict: if below && reached { Verdict::Pass } else { Verdict::Fail },
        }
    };
    findings.into_iter().map(row).collect()
}

/// The worst of what was observed in several windows.
fn worst(measure: Measure, found: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let worse = |a: f64, b: f64| if is_good(measure) { a.min(b) } else { a.max(b) };
    if is_of_what_flows(measure) {
        return found.flatten().reduce(worse);
    }
    // Nothing is worst, for it never happened.
    found.reduce(|a, b| Some(worse(a?, b?))).flatten()
}

/// Whether it says nothing of a window in which nothing was offered, or delivered, at the end.
const fn is_of_what_flows(measure: Measure) -> bool {
    matches!(
        measure,
        Measure::WorstDelivered
            | Measure::Dropped
            | Measure::Localized
            | Measure::Reachable
            | Measure::DelayBefore
            | Measure::DelayAfter
    )
}

/// Whether more of it is better.
const fn is_good(measure: Measure) -> bool {
    matches!(measure, Measure::WorstDelivered | Measure::Localized | Measure::Reachable)
}

impl Over<'_> {
    /// The windows a bound looks at; `None`: the run as a whole.
    fn looked_at(&self, bound: &Bound) -> Option<Vec<usize>> {
        let begins = match bound.window {
            Window::Run => return None,
            Window::Fault => true,
            Window::Reversion => false,
        };
        let opened = |window: &usize| {
            self.plan.windows[*window].events.iter().any(|(_, begin)| *begin == begins)
        };
        Some(self.windows().filter(opened).collect())
    }

    /// What is told of a bound on something that has no such measure.
    fn of_nothing(&self, bound: &Bound) -> Finding {
        let topology = &self.net.topology;
        let demand = bound.demand.map(|of| topology.demands[of].name.clone());
        let session = bound.session.map(|of| topology.sessions[of].name.clone());
        let lag = bound.lag.map(|of| topology.lags[of].name.clone());
        Finding {
            kind: match bound.measure.subject() {
                MeasureSubject::Demand => "demand",
                MeasureSubject::Session => "session",
                MeasureSubject::Lag => "link",
                MeasureSubject::Run => "run",
            },
            subject: demand.or(session).or(lag),
            router: bound.router.map(|of| topology.routers[of].name.clone()),
            direction: bound.direction.map(|direction| match direction {
                Direction::Forward => data::Direction::Forward,
                Direction::Return => data::Direction::Return,
            }),
            observed: None,
        }
    }

    fn of_demands(&self, bound: &Bound, rows: &[DemandRow]) -> Vec<Finding> {
        let topology = &self.net.topology;
        let mut findings = Vec::new();
        for row in rows {
            let named = topology.demands.iter_ids().find(|(_, demand)| demand.name == row.demand);
            let Some((id, demand)) = named else { continue };
            let direction = match row.direction {
                data::Direction::Forward => Direction::Forward,
                data::Direction::Return => Direction::Return,
            };
            let wanted = bound.demand.is_none_or(|of| of == id)
                && bound.class.is_none_or(|of| of == demand.class)
                && bound.direction.is_none_or(|of| of == direction);
            if wanted {
                findings.push(Finding {
                    kind: "demand",
                    subject: Some(row.demand.clone()),
                    router: None,
                    direction: Some(row.direction),
                    observed: self.of_demand(bound, row, id, direction),
                });
            }
        }
        findings
    }

    fn of_demand(
        &self,
        bound: &Bound,
        row: &DemandRow,
        id: DemandId,
        direction: Direction,
    ) -> Option<f64> {
        let Some(windows) = self.looked_at(bound) else {
            let opened = self.windows().next().map_or(SimTime::ZERO, |w| self.plan.windows[w].at);
            return value(bound.measure, &row.run, opened);
        };
        let found = windows.into_iter().map(|window| {
            let measures = self.measures(id, direction, Some(window));
            value(bound.measure, &measures, self.plan.windows[window].at)
        });
        worst(bound.measure, found)
    }

    fn of_sessions(&self, bound: &Bound) -> Vec<Finding> {
        let topology = &self.net.topology;
        let mut findings = Vec::new();
        for session in topology.sessions.ids() {
            for side in Side::BOTH {
                let end = End::new(session, side);
                let router = self.net.session_router(end);
                let wanted = bound.session.is_none_or(|of| of == session)
                    && bound.router.is_none_or(|of| of == router);
                let observed = self.detection(bound, end);
                // Without a name, the bound is about the sessions that went down.
                if wanted && (bound.session.is_some() || observed.is_some()) {
                    findings.push(Finding {
                        kind: "session",
                        subject: Some(topology.sessions[session].name.clone()),
                        router: Some(topology.routers[router].name.clone()),
                        direction: None,
                        observed,
                    });
                }
            }
        }
        findings.sort_by(|a, b| (&a.subject, &a.router).cmp(&(&b.subject, &b.router)));
        findings
    }

    /// The slowest detection at a session's end in the windows looked at.
    fn detection(&self, bound: &Bound, end: End<SessionId>) -> Option<f64> {
        let windows = self.looked_at(bound);
        let counts = |window: Option<usize>| {
            windows.as_ref().is_none_or(|all| window.is_some_and(|w| all.contains(&w)))
        };
        let changes = self.world.record().sessions.iter();
        let changes = changes.filter(|change| change.end == end && counts(change.window));
        changes.filter_map(|change| change.detection).max().map(SimDuration::as_secs_f64)
    }

    fn of_lags(&self, bound: &Bound) -> Vec<Finding> {
        let topology = &self.net.topology;
        let mut lags: Vec<LagId> = topology.lags.ids().collect();
        lags.sort_by_key(|lag| topology.lags[*lag].name.clone());
        let mut findings = Vec::new();
        for lag in lags {
            if bound.lag.is_some_and(|of| of != lag) {
                continue;
            }
            for side in Side::BOTH {
                let receiver = topology.lags[lag].ends[side.other()].router;
                if bound.router.is_none_or(|of| of == receiver) {
                    findings.push(Finding {
                        kind: topology.lags[lag].kind.as_str(),
                        subject: Some(format!(
                            "{} {}",
                            topology.lags[lag].name,
                            self.net.topology.direction(lag, side)
                        )),
                        router: Some(topology.routers[receiver].name.clone()),
                        direction: None,
                        observed: self.utilization(bound, lag, side),
                    });
                }
            }
        }
        findings
    }

    /// The peak in the windows looked at; a LAG without capacity carries nothing.
    fn utilization(&self, bound: &Bound, lag: LagId, side: Side) -> Option<f64> {
        let peak = |from: SimTime, until: SimTime| {
            self.peak(lag, side, from, until).map_or(0.0, |(ratio, _)| ratio)
        };
        let Some(windows) = self.looked_at(bound) else {
            return Some(peak(SimTime::ZERO, self.end));
        };
        let found = windows.into_iter().map(|w| peak(self.plan.windows[w].at, self.until(w)));
        found.reduce(f64::max)
    }

    fn of_run(&self, bound: &Bound) -> Finding {
        let windows = self.looked_at(bound).unwrap_or_else(|| self.windows().collect());
        let found = windows.into_iter().map(|window| match bound.measure {
            Measure::Control => self.control(window),
            Measure::Forwarding => self.forwarding(window),
            Measure::Settled => self.settled(window),
            Measure::Lost
            | Measure::LongestGap
            | Measure::WholeGap
            | Measure::Impaired
            | Measure::WorstDelivered
            | Measure::Dropped
            | Measure::SourceDown
            | Measure::FirstLoss
            | Measure::Recovered
            | Measure::Disturbed
            | Measure::Moved
            | Measure::Rehashed
            | Measure::Localized
            | Measure::Reachable
            | Measure::DelayBefore
            | Measure::DelayAfter
            | Measure::Detection
            | Measure::Utilization => None,
        });
        Finding {
            kind: "run",
            subject: Some(self.scenario.name.clone()),
            router: None,
            direction: None,
            observed: found.flatten().max().map(SimDuration::as_secs_f64),
        }
    }
}

/// One measure out of all of a demand's; instants count from `opened`.
fn value(measure: Measure, of: &Measures, opened: SimTime) -> Option<f64> {
    let since = |at: Option<f64>| at.map(|at| difference(at, opened));
    match measure {
        Measure::Lost => Some(of.lost_s),
        Measure::LongestGap => Some(of.longest_gap_s),
        Measure::WholeGap => Some(of.whole_gap_s),
        Measure::Impaired => Some(of.impaired_s),
        Measure::WorstDelivered => of.worst_delivered,
        Measure::Dropped => of.dropped,
        Measure::SourceDown => Some(of.source_down_s),
        Measure::FirstLoss => since(of.first_loss_at_s),
        // Where nothing was lost there was nothing to recover from.
        Measure::Recovered if of.first_loss_at_s.is_none() => Some(0.0),
        Measure::Recovered => since(of.recovered_at_s),
        Measure::Disturbed => Some(of.disturbed),
        Measure::Moved => Some(of.moved),
        Measure::Rehashed => Some(of.rehashed),
        Measure::Localized => of.localized,
        Measure::Reachable => of.reachable,
        Measure::DelayBefore => of.delay_before_s,
        Measure::DelayAfter => of.delay_after_s,
        Measure::Detection
        | Measure::Utilization
        | Measure::Control
        | Measure::Forwarding
        | Measure::Settled => None,
    }
}

/// Seconds from `opened` to `at`, exact to the nanosecond.
fn difference(at: f64, opened: SimTime) -> f64 {
    let ns = libm::round((at - opened.as_secs_f64()) * 1e9);
    ns / 1e9
}
