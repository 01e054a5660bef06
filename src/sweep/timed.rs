//! Sets of failures simulated: what is lost on the way to where the settled evaluator says it ends.
//!
//! All elements of a set fail at one instant, in a network that has come to rest with what is given
//! failed. It comes to rest once, and each run starts on a fork of it. A run lasts until every timer
//! that a failure may start has run out, and as long again; where something changes in that last
//! half, it has not come to rest.
//!
//! # Departures
//! A card or a metro that goes silent is its circuits, and its routers, that do.

use crate::ids::{CircuitId, RouterId};
use crate::model::hits;
use crate::model::scenario::{Begin, Fault, FaultKind, Scenario, Start};
use crate::model::topology::{SessionEnd, Topology};
use crate::observe::{Base, BaseKey, RunOptions};
use crate::report::data::{DemandRow, Measures, RunReport, SetRow, TimedDemand, TimedSet, Verdict};
use crate::settled::{Element, How};
use crate::units::{SimDuration, SimTime};

/// What is given fails then, and what is not at once if nothing is.
const BEGIN: SimDuration = SimDuration::from_secs(10);

/// The least time after which all timers have run out.
const QUIET: SimDuration = SimDuration::from_secs(120);

/// Shares that differ by less are equal: rates are rounded down.
const HAIR: f64 = 1e-6;

/// Runs of a design from one network at rest.
#[derive(Debug)]
pub(super) struct Runs {
    base: Base,
    /// After so long without a change nothing is left that might change anything.
    quiet: SimDuration,
    seed: u64,
}

impl Runs {
    pub(super) fn new(topology: &Topology, seed: u64) -> Self {
        let scenario = scenario(Vec::new(), seed, BEGIN);
        let key = BaseKey::of(topology, &scenario, &RunOptions::default());
        Self { base: Base::new(topology, &key), quiet: quiet(topology), seed }
    }

    /// The scenario of a set, and the name of the event that is its failure.
    pub(super) fn scenario(
        &self,
        topology: &Topology,
        (given, set): (&[Element], &[Element]),
        how: How,
    ) -> (Scenario, String) {
        let lasts = self.quiet * 2;
        let start = if given.is_empty() { BEGIN } else { BEGIN.saturating_add(lasts) };
        let at = |when: SimDuration| {
            move |kind: FaultKind| Fault {
                begin: Begin::At(SimTime::ZERO + when),
                lasts: None,
                repeat: None,
                jitter: SimDuration::ZERO,
                kind,
            }
        };
        let kinds = |elements: &[Element]| -> Vec<FaultKind> {
            elements.iter().flat_map(|element| fault_kinds(topology, *element, how)).collect()
        };
        let mut faults: Vec<Fault> = kinds(given).into_iter().map(at(BEGIN)).collect();
        let event = format!("fault{}/begin", faults.len());
        faults.extend(kinds(set).into_iter().map(at(start)));
        (scenario(faults, self.seed, start.saturating_add(lasts)), event)
    }

    /// What a set costs on the way; `None`: nothing fails.
    pub(super) fn of(
        &self,
        topology: &Topology,
        (given, set): (&[Element], &[Element]),
        how: How,
        row: &SetRow,
    ) -> Option<TimedSet> {
        if set.is_empty() {
            return None;
        }
        let (scenario, event) = self.scenario(topology, (given, set), how);
        let report = self.base.run(&scenario, &RunOptions::default());
        let told = report.result.events.iter().find(|row| row.event == event)?;
        let changes = [told.control_s, told.forwarding_s, told.settled_s];
        let settled_s = changes.into_iter().flatten().reduce(f64::max);
        let in_time = settled_s.is_none_or(|last| last <= self.quiet.as_secs_f64());
        let at_rest = in_time && report.result.verdict != Verdict::Inconclusive;
        let of_event = |row: &DemandRow| {
            let found = row.events.iter().find(|row| row.event == event)?;
            Some((row.demand.clone(), row.direction, found.measures.clone()))
        };
        let demands: Vec<TimedDemand> = report
            .result
            .demands
            .iter()
            .filter_map(of_event)
            .filter(|(.., measures)| measures.first_loss_at_s.is_some())
            .map(|(demand, direction, measures)| {
                let (gap, bounds) = (gap_is_over(&measures), is_within_bounds(&measures));
                TimedDemand {
                    demand,
                    direction,
                    longest_gap_s: gap.then_some(measures.longest_gap_s),
                    lost_s: (gap && bounds).then_some(measures.lost_s),
                    impaired_s: bounds.then_some(measures.impaired_s),
                }
            })
            .collect();
        let ended = demands.iter().filter_map(|row| Some((row.longest_gap_s?, &row.demand)));
        // Of equals the first.
        let longest = ended.reduce(|most, next| if next.0 > most.0 { next } else { most });
        let certain = at_rest && row.outcome == "unique";
        Some(TimedSet {
            at_rest,
            settled_s,
            agrees: certain.then(|| ends_as(topology, &report, row)),
            longest_gap_s: longest.map_or(0.0, |(gap, _)| gap),
            longest_gap_demand: longest.map(|(_, demand)| demand.clone()),
            demands,
        })
    }
}

fn scenario(faults: Vec<Fault>, seed: u64, duration: SimDuration) -> Scenario {
    Scenario {
        name: "sweep".to_owned(),
        about: String::new(),
        seed,
        duration,
        start: Start::Settled,
        faults,
        bounds: Vec::new(),
    }
}

/// The longest that a failure may go unnoticed or an old state be kept, and half a minute.
fn quiet(topology: &Topology) -> SimDuration {
    let of_end = |end: &SessionEnd| {
        let kept = end.graceful_restart.map_or(SimDuration::ZERO, |graceful| {
            let long = graceful.long_lived.unwrap_or(SimDuration::ZERO);
            graceful.restart_time.saturating_add(graceful.stale_time).saturating_add(long)
        });
        let retry = end.bgp.connect_retry.max(end.bgp.idle_hold_max);
        end.bgp.hold.saturating_add(kept).max(retry)
    };
    let sessions = topology.sessions.iter().flat_map(|session| &session.ends).map(of_end);
    let dead = topology.networks.iter().map(|network| network.igp.dead);
    let longest = sessions.chain(dead).max().unwrap_or(SimDuration::ZERO);
    longest.saturating_add(SimDuration::from_secs(30)).max(QUIET)
}

/// Whether every part that has lost a working path has one again.
fn gap_is_over(measures: &Measures) -> bool {
    measures.reachable.is_none_or(|reachable| reachable >= 1.0)
}

/// Whether as much is delivered at the end as the class calls ok.
fn is_within_bounds(measures: &Measures) -> bool {
    measures.impaired_s <= 0.0 || measures.recovered_at_s.is_some()
}

/// Whether a run ends in what the settled evaluator says of the set.
fn ends_as(topology: &Topology, report: &RunReport, row: &SetRow) -> bool {
    let mut lost: Vec<&str> = Vec::new();
    let mut worst: Option<f64> = None;
    for (series, demand) in report.figures.delivered.iter().zip(&report.result.demands) {
        let offers = demand.events.last().is_some_and(|last| last.measures.reachable.is_some());
        let Some(last) = series.points.last().filter(|_| offers) else { continue };
        worst = Some(worst.map_or(last.ratio, |worst| worst.min(last.ratio)));
        let known = topology.demands.iter().find(|known| known.name == series.demand);
        let ok = known.map_or(0.0, |known| topology.classes[known.class].ok.as_f64());
        if last.ratio < ok - HAIR && lost.last() != Some(&&*series.demand) {
            lost.push(&series.demand);
        }
    }
    lost.sort_unstable();
    let near = match (worst, row.worst_delivered) {
        (Some(one), Some(other)) => (one - other).abs() <= HAIR,
        (one, other) => one == other,
    };
    near && lost.iter().eq(&row.lost)
}

/// The faults of a scenario that are an element's failure.
#[must_use]
pub fn fault_kinds(topology: &Topology, element: Element, how: How) -> Vec<FaultKind> {
    // A group may be of nothing.
    let cut = |circuits: Vec<CircuitId>| {
        (!circuits.is_empty()).then_some(match how {
            How::Fail => FaultKind::CircuitCut { circuits, toward: None },
            How::Silent => FaultKind::CircuitSilent { circuits, toward: None },
        })
    };
    let off = |routers: Vec<RouterId>| {
        (!routers.is_empty()).then_some(match how {
            How::Fail => FaultKind::RouterPowerOff(routers),
            How::Silent => FaultKind::ForwardingHang(routers),
        })
    };
    let silent = how == How::Silent;
    let one = match element {
        Element::Circuit(circuit) => cut(vec![circuit]),
        Element::Lag(lag) => cut(topology.lags[lag].circuits.clone()),
        Element::Router(router) => off(vec![router]),
        Element::Card(card) if silent => {
            let ports = hits::on_cards(topology, &[card]);
            let mut circuits: Vec<CircuitId> = ports.into_iter().map(|port| port.of).collect();
            circuits.dedup();
            cut(circuits)
        }
        Element::Card(card) => Some(FaultKind::CardFail(vec![card])),
        Element::Site(site) if silent => off(hits::routers_in(topology, &[site])),
        Element::Site(site) => Some(FaultKind::SitePower(vec![site])),
        Element::Metro(metro) if silent => {
            let sites = hits::sites_in(topology, &[metro]);
            let circuits = hits::through(topology, &hits::spans_of(topology, &sites));
            let both = [off(hits::routers_in(topology, &sites)), cut(circuits)];
            return both.into_iter().flatten().collect();
        }
        Element::Metro(metro) => Some(FaultKind::MetroOutage(vec![metro])),
        Element::Span(span) if silent => cut(hits::through(topology, &[span])),
        Element::Span(span) => Some(FaultKind::SpanCut(vec![span])),
        Element::Srlg(srlg) if silent => cut(hits::sharing(topology, &[srlg]).0),
        Element::Srlg(srlg) => Some(FaultKind::SrlgFail(vec![srlg])),
        Element::Feed(feed) => Some(FaultKind::FeedFail(vec![feed])),
        Element::Session(session) => {
            Some(FaultKind::AdminShutdown { sessions: vec![session], router: None })
        }
        Element::Exchange(exchange) if silent => {
            cut(hits::members(topology, &topology.exchanges[exchange].ports))
        }
        Element::Exchange(exchange) => Some(FaultKind::FabricFail(vec![exchange])),
    };
    one.into_iter().collect()
}
