//! Assembles the result of a run.

use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};

use sha2::{Digest, Sha256};

use super::changes::{self, Change};
use super::measures::{Stretch, ratio};
use super::{RunOptions, bounds, derived, figures, unrest};
use crate::dataplane::atoms::Harm;
use crate::dataplane::traffic::Instant;
use crate::engine::queue::LimitError;
use crate::ids::{DemandId, End, Id, LagId, Side};
use crate::model::scenario::{Direction, Scenario};
use crate::model::topology::Origin;
use crate::report::data::{
    self, AssumptionRow, DemandEvent, DemandRow, DetectedBy, EventRow, FaultRow, LinkRow, Measures,
    Phases, RouteRow, RunReport, RunResult, SessionRow, Verdict, Went,
};
use crate::report::number;
use crate::sim::net::Net;
use crate::sim::plan::FaultPlan;
use crate::sim::record::Session;
use crate::sim::world::World;
use crate::units::{SimDuration, SimTime};

/// Rows of the looking glass as the clock starts, once they are made.
pub(super) type StartRows = OnceLock<Vec<Arc<RouteRow>>>;

/// A run that is over, with what its measures are worked out from.
pub(super) struct Over<'a> {
    pub(super) net: &'a Net,
    pub(super) plan: &'a FaultPlan,
    pub(super) scenario: &'a Scenario,
    pub(super) world: &'a World,
    /// What all runs from the same start show of it.
    pub(super) start_rows: &'a StartRows,
    /// When it was over.
    pub(super) end: SimTime,
    /// When delivered rates changed.
    pub(super) changes: Vec<Change>,
}

/// The report of a run; without a world there is nothing but the reason.
pub(super) fn report(
    net: &Net,
    plan: &FaultPlan,
    scenario: &Scenario,
    options: &RunOptions,
    (world, start_rows): (Option<&World>, &StartRows),
    stopped: Option<LimitError>,
) -> RunReport {
    let mut report = empty(net, plan, scenario, options);
    if let Some(world) = world {
        let changes = changes::of(net, world);
        let over = Over { net, plan, scenario, world, start_rows, end: world.end(), changes };
        let result = &mut report.result;
        result.events = over.events();
        result.sessions = over.sessions();
        result.demands = over.demands();
        result.links = over.links();
        result.transitions = world.record().transitions.len() as u64;
        result.fingerprint = fingerprint(world);
        let derived = derived::decisions(&over);
        derived::mark(&derived, &mut result.assumptions);
        let judged = bounds::judge(&over, &result.demands);
        result.verdict = judged.iter().map(|row| row.verdict).max().unwrap_or(Verdict::None);
        result.bounds = judged;
        report.figures = figures::figures(&over);
        report.figures.notes.extend(derived::note(&derived));
        report.figures.notes.extend(unrest::note(&over));
    }
    if let Some(error) = stopped {
        report.result.verdict = report.result.verdict.max(Verdict::Inconclusive);
        report.figures.notes.push(error.to_string());
    }
    report
}

fn empty(net: &Net, plan: &FaultPlan, scenario: &Scenario, options: &RunOptions) -> RunReport {
    let result = RunResult {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        engine: "timed".to_owned(),
        topology: net.topology.name.clone(),
        scenario: scenario.name.clone(),
        seed: scenario.seed,
        as_of: options.as_of.clone(),
        command: options.command.clone(),
        duration_s: scenario.duration.as_secs_f64(),
        verdict: Verdict::None,
        bounds: Vec::new(),
        faults: faults(plan),
        events: Vec::new(),
        sessions: Vec::new(),
        demands: Vec::new(),
        links: Vec::new(),
        assumptions: assumptions(net),
        varied: None,
        transitions: 0,
        fingerprint: String::new(),
    };
    RunReport { result, figures: figures::none(scenario) }
}

fn faults(plan: &FaultPlan) -> Vec<FaultRow> {
    let row = |fault: &crate::sim::plan::FaultRun| FaultRow {
        fault: u32::try_from(fault.index).unwrap_or(u32::MAX),
        at_s: fault.at.as_secs_f64(),
        until_at_s: fault.until.map(SimTime::as_secs_f64),
        kind: fault.kind.to_owned(),
        target: fault.target.clone(),
    };
    plan.faults.iter().map(row).collect()
}

fn assumptions(net: &Net) -> Vec<AssumptionRow> {
    let row = |assumption: &crate::model::topology::Assumption| AssumptionRow {
        what: assumption.what.clone(),
        value: assumption.value.clone(),
        origin: match assumption.origin {
            Origin::Profile => data::Origin::Profile,
            Origin::Builtin => data::Origin::Builtin,
        },
        source: assumption.source.clone(),
    };
    net.topology.assumptions.iter().map(row).collect()
}

const WRITES: &str = "writing to a String does not fail";

/// SHA-256 over all transitions, the first 16 bytes in hexadecimal.
fn fingerprint(world: &World) -> String {
    let mut hash = Sha256::new();
    let mut text = String::new();
    for transition in &world.record().transitions {
        let (kind, name, router) = world.describe(transition.element);
        let (from, to, reason) = (&transition.from, &transition.to, &transition.reason);
        text.clear();
        write!(text, "{}", transition.at.as_nanos()).expect(WRITES);
        for word in [kind, &name, &router, from, to, reason] {
            text.push(' ');
            text.push_str(word);
        }
        text.push('\n');
        hash.update(&text);
    }
    number::hex(&hash.finalize()[..16])
}

impl Over<'_> {
    /// The windows that events open, with their places.
    pub(super) fn windows(&self) -> impl Iterator<Item = usize> + use<> {
        1..self.plan.windows.len()
    }

    /// When a window closes.
    pub(super) fn until(&self, window: usize) -> SimTime {
        self.plan.windows.get(window + 1).map_or(self.end, |next| next.at)
    }

    fn events(&self) -> Vec<EventRow> {
        let mut rows = Vec::new();
        for window in self.windows() {
            for (name, _) in &self.plan.windows[window].events {
                rows.push(self.event(window, name));
            }
        }
        rows
    }

    fn event(&self, window: usize, name: &str) -> EventRow {
        let at = self.plan.windows[window].at;
        let record = &self.world.record().windows[window];
        let since = |time: SimTime| time.since(at).as_secs_f64();
        let [detect, notify, decide, write] = self
            .world
            .phases(window)
            .unwrap_or([SimDuration::ZERO; 4])
            .map(SimDuration::as_secs_f64);
        EventRow {
            event: name.to_owned(),
            at_s: at.as_secs_f64(),
            first_detection_s: record.first_detection.map(since),
            control_s: self.control(window).map(SimDuration::as_secs_f64),
            forwarding_s: self.forwarding(window).map(SimDuration::as_secs_f64),
            settled_s: self.settled(window).map(SimDuration::as_secs_f64),
            phases: self.world.phases(window).map(|_| Phases {
                detect_s: detect,
                notify_s: notify,
                decide_s: decide,
                write_s: write,
            }),
        }
    }

    /// From the event that opens a window to the last RIB change in it.
    pub(super) fn control(&self, window: usize) -> Option<SimDuration> {
        let at = self.plan.windows[window].at;
        self.world.record().windows[window].control.map(|time| time.since(at))
    }

    /// From the event that opens a window to the last FIB change in it.
    pub(super) fn forwarding(&self, window: usize) -> Option<SimDuration> {
        let at = self.plan.windows[window].at;
        self.world.record().windows[window].forwarding.map(|(time, _)| time.since(at))
    }

    /// From the event that opens a window to the last change of any delivered rate in it.
    pub(super) fn settled(&self, window: usize) -> Option<SimDuration> {
        let (from, until) = (self.plan.windows[window].at, self.until(window));
        let last = |change: &Change| change.last_within(from, until, until == self.end);
        self.changes.iter().filter_map(last).max().map(|at| at.since(from))
    }

    fn sessions(&self) -> Vec<SessionRow> {
        let mut rows: Vec<SessionRow> =
            self.world.record().sessions.iter().map(|change| self.session(change)).collect();
        rows.sort_by(|a, b| {
            let key = |row: &SessionRow| (row.session.clone(), row.router.clone());
            a.at_s.total_cmp(&b.at_s).then_with(|| key(a).cmp(&key(b)))
        });
        rows
    }

    fn session(&self, change: &crate::sim::record::SessionChange) -> SessionRow {
        let session = &self.net.topology.sessions[change.end.of];
        let router = session.ends[change.end.side].router;
        SessionRow {
            session: session.name.clone(),
            router: self.net.topology.routers[router].name.clone(),
            at_s: change.at.as_secs_f64(),
            went: if change.up { Went::Up } else { Went::Down },
            reason: change.reason.map_or("established", |reason| reason.as_str()).to_owned(),
            detected_by: (!change.up).then_some(match change.by {
                Session::Local => DetectedBy::Local,
                Session::Remote => DetectedBy::Remote,
            }),
            detection_s: change.detection.map(SimDuration::as_secs_f64),
        }
    }

    fn demands(&self) -> Vec<DemandRow> {
        let topology = &self.net.topology;
        let mut ids: Vec<DemandId> = topology.demands.ids().collect();
        ids.sort_by_key(|id| topology.demands[*id].name.clone());
        let mut rows = Vec::new();
        for id in ids {
            for direction in Direction::BOTH {
                if direction == Direction::Forward || topology.demands[id].return_rate.as_bps() > 0
                {
                    rows.push(self.demand(id, direction));
                }
            }
        }
        rows
    }

    fn demand(&self, id: DemandId, direction: Direction) -> DemandRow {
        let mut events = Vec::new();
        let mut windows: Vec<Measures> = Vec::new();
        for window in self.windows() {
            let measures = self.measures(id, direction, Some(window));
            for (name, _) in &self.plan.windows[window].events {
                events.push(DemandEvent { event: name.clone(), measures: measures.clone() });
            }
            windows.push(measures);
        }
        let mut run = self.measures(id, direction, None);
        worst_of(&mut run, &windows);
        DemandRow {
            demand: self.net.topology.demands[id].name.clone(),
            direction: match direction {
                Direction::Forward => data::Direction::Forward,
                Direction::Return => data::Direction::Return,
            },
            run,
            events,
        }
    }

    /// The measures of a demand over a window, or over the run.
    pub(super) fn measures(
        &self,
        id: DemandId,
        direction: Direction,
        window: Option<usize>,
    ) -> Measures {
        let way = usize::from(direction == Direction::Return);
        let record = self.world.record();
        let flowing = &self.world.traffic().flowing()[id.index()][way];
        let demand = &self.net.topology.demands[id];
        let class = &self.net.topology.classes[demand.class];
        let last = &record.windows[record.windows.len() - 1];
        let instant =
            |all: &Vec<[Instant; 2]>| all.get(id.index()).map_or(Instant::default(), |b| b[way]);
        let harm = |all: &Vec<[Harm; 2]>| all.get(id.index()).map_or(Harm::default(), |b| b[way]);
        let (from, until, harm, before, after) = match window {
            Some(window) => {
                let spec = &record.windows[window];
                let from = self.plan.windows[window].at;
                (
                    from,
                    self.until(window),
                    harm(&spec.harm),
                    instant(&spec.before),
                    instant(&spec.after),
                )
            }
            None => (
                SimTime::ZERO,
                self.end,
                harm(&record.run),
                instant(&record.windows[0].before),
                instant(&last.after),
            ),
        };
        Stretch {
            delivered: &flowing.delivered,
            offered: &flowing.offered,
            from,
            until,
            end: self.end,
            harm,
            before,
            after,
            ok: class.ok,
            local: demand.metro.is_some(),
            drops: class.drop_after.is_some(),
        }
        .measures()
    }

    fn links(&self) -> Vec<LinkRow> {
        let topology = &self.net.topology;
        let mut rows = Vec::new();
        for (id, lag) in topology.lags.iter_ids() {
            for side in Side::BOTH {
                let speed =
                    |circuit: &crate::ids::CircuitId| topology.circuits[*circuit].speed.as_bps();
                let peak = self.peak(id, side, SimTime::ZERO, self.end);
                rows.push(LinkRow {
                    link: lag.name.clone(),
                    link_kind: lag.kind.as_str().to_owned(),
                    direction: topology.direction(id, side),
                    capacity_bps: lag.circuits.iter().map(speed).sum(),
                    peak_utilization: peak.map(|(ratio, _)| ratio),
                    peak_at_s: peak.map(|(_, at)| at.as_secs_f64()),
                });
            }
        }
        rows.sort_by(|a, b| (&a.link, &a.direction).cmp(&(&b.link, &b.direction)));
        rows
    }

    /// The largest ratio of offered to capacity within a stretch, and when it was first reached.
    pub(super) fn peak(
        &self,
        lag: LagId,
        side: Side,
        from: SimTime,
        until: SimTime,
    ) -> Option<(f64, SimTime)> {
        let load = &self.world.traffic().loads()[End::new(lag, side)];
        let capacity = &self.world.traffic().capacities()[End::new(lag, side)];
        let mut peak: Option<(f64, SimTime)> = None;
        for (begin, end, cap, _) in capacity.pieces(from, until) {
            for (start, stop, first, last) in load.pieces(begin, end) {
                for (value, at) in [(first, start), (last, stop)] {
                    if cap > 0 && peak.is_none_or(|(most, _)| ratio(value, cap) > most) {
                        peak = Some((ratio(value, cap), at));
                    }
                }
            }
        }
        peak
    }
}

/// What the run as a whole takes from its windows: the largest move, the least reach.
fn worst_of(run: &mut Measures, windows: &[Measures]) {
    let most = |of: fn(&Measures) -> f64| windows.iter().map(of).reduce(f64::max);
    let least = |of: fn(&Measures) -> Option<f64>| windows.iter().filter_map(of).reduce(f64::min);
    run.moved = most(|m| m.moved).unwrap_or(run.moved);
    run.rehashed = most(|m| m.rehashed).unwrap_or(run.rehashed);
    run.reachable = least(|m| m.reachable).or(run.reachable);
    run.localized = least(|m| m.localized).or(run.localized);
    let delay = windows.iter().filter_map(|m| m.delay_after_s).reduce(f64::max);
    run.delay_after_s = delay.or(run.delay_after_s);
}
