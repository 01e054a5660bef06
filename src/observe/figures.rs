//! What the charts need: lanes of health, delivered and offered series, the map, the timeline.

use std::collections::{BTreeMap, BTreeSet};

use super::measures::ratio;
use super::result::Over;
use crate::dataplane::series::Series;
use crate::ids::{CircuitId, End, Id, LagId, RouterId, Side};
use crate::model::scenario::{Direction, Scenario};
use crate::report::data::{
    self, DeliveredPoint, DeliveredSeries, Health, Lane, LaneKind, LoadSeries, MapData, MapLag,
    MapMetro, MapRouter, MapSite, RunFigures, Segment, Step, TimelineRow,
};
use crate::sim::plan::Effect;
use crate::sim::record::{Element, Transition};
use crate::units::SimTime;

/// Figures of a run that never started.
pub(super) fn none(scenario: &Scenario) -> RunFigures {
    RunFigures {
        about: scenario.about.clone(),
        notes: Vec::new(),
        lanes: Vec::new(),
        delivered: Vec::new(),
        loads: Vec::new(),
        map: MapData { metros: Vec::new(), lags: Vec::new() },
        timeline: Vec::new(),
        routes: Vec::new(),
    }
}

/// Figures of a run.
pub(super) fn figures(over: &Over<'_>) -> RunFigures {
    let lanes = over.lanes();
    RunFigures {
        delivered: over.delivered(),
        loads: over.loads(),
        map: over.map(),
        timeline: over.timeline(),
        routes: over.routes(),
        notes: over.left_out(),
        lanes,
        ..none(over.scenario)
    }
}

/// A change of health: from when, to what, and a word on it.
type Changes = Vec<(SimTime, Health, String)>;

impl Over<'_> {
    fn lanes(&self) -> Vec<Lane> {
        let mut lanes = Vec::new();
        for (circuit, changes) in self.circuit_health() {
            let name = self.net.topology.circuits[circuit].name.clone();
            lanes.push(self.lane(name, LaneKind::Circuit, &changes));
        }
        let mut by_element: BTreeMap<Element, Vec<&Transition>> = BTreeMap::new();
        for transition in &self.world.record().transitions {
            by_element.entry(transition.element).or_default().push(transition);
        }
        for (element, transitions) in by_element {
            let Some(kind) = lane_kind(element) else { continue };
            let (_, name, router) = self.world.describe(element);
            let name = if kind == LaneKind::Router { name } else { format!("{name} at {router}") };
            let changes: Changes = transitions.iter().map(|t| change(t)).collect();
            lanes.push(self.lane(name, kind, &changes));
        }
        lanes.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
        lanes
    }

    fn lane(&self, name: String, kind: LaneKind, changes: &Changes) -> Lane {
        let mut segments: Vec<Segment> = Vec::new();
        let mut open = (SimTime::ZERO, Health::Up, String::new());
        for next in changes.iter().chain([&(self.end, Health::Up, String::new())]) {
            if next.0 > open.0 {
                segments.push(Segment {
                    from_s: open.0.as_secs_f64(),
                    until_s: next.0.as_secs_f64(),
                    health: open.1,
                    label: open.2,
                });
            }
            open = next.clone();
        }
        Lane { name, kind, segments }
    }

    /// What faults did to each circuit, as seen from outside of it.
    fn circuit_health(&self) -> BTreeMap<CircuitId, Changes> {
        let mut marks: BTreeMap<CircuitId, BTreeSet<SimTime>> = BTreeMap::new();
        let mut spans: BTreeMap<CircuitId, Vec<(SimTime, SimTime, Health, &str)>> = BTreeMap::new();
        for step in &self.plan.steps {
            let fault = &self.plan.faults[step.fault];
            let Some(effect) = step.effect.map(|effect| &fault.effects[effect].1) else { continue };
            let Some((ports, health)) = ports_of(effect).filter(|_| step.on) else { continue };
            let over = self.plan.steps.iter().find(|later| {
                later.fault == step.fault
                    && later.effect == step.effect
                    && !later.on
                    && later.at > step.at
            });
            let until = over.map_or(self.end, |later| later.at);
            for port in ports {
                spans.entry(port.of).or_default().push((step.at, until, health, fault.kind));
                let all = marks.entry(port.of).or_default();
                all.insert(step.at);
                all.insert(until);
            }
        }
        let mut health = BTreeMap::new();
        for (circuit, spans) in spans {
            let at = |time: SimTime| {
                let covers =
                    spans.iter().filter(|(from, until, ..)| *from <= time && time < *until);
                let worst = covers.max_by_key(|(_, _, health, _)| *health);
                worst.map_or((Health::Up, ""), |(_, _, health, kind)| (*health, *kind))
            };
            let times = marks.remove(&circuit).unwrap_or_default();
            let changes = times.into_iter().map(|time| {
                let (health, kind) = at(time);
                (time, health, kind.to_owned())
            });
            health.insert(circuit, changes.collect());
        }
        health
    }

    fn delivered(&self) -> Vec<DeliveredSeries> {
        let topology = &self.net.topology;
        let mut all = Vec::new();
        for (index, both) in self.world.traffic().flowing().iter().enumerate() {
            let demand = &topology.demands[crate::ids::DemandId::from_index(index)];
            for (way, flowing) in Direction::BOTH.into_iter().zip(both) {
                let (direction, rate) = match way {
                    Direction::Forward => (data::Direction::Forward, demand.rate),
                    Direction::Return => (data::Direction::Return, demand.return_rate),
                };
                if rate.as_bps() == 0 {
                    continue;
                }
                all.push(DeliveredSeries {
                    demand: demand.name.clone(),
                    direction,
                    offered_bps: rate.as_f64(),
                    ok: topology.classes[demand.class].ok.as_f64(),
                    points: self.shares(&flowing.delivered, &flowing.offered),
                });
            }
        }
        all.sort_by(|a, b| (&a.demand, a.direction).cmp(&(&b.demand, b.direction)));
        all
    }

    /// Delivered over offered; where nothing is offered, all of nothing is delivered.
    fn shares(&self, delivered: &Series, offered: &Series) -> Vec<DeliveredPoint> {
        let share = |value: u64, of: u64| if of == 0 { 1.0 } else { ratio(value, of) };
        let mut points: Vec<DeliveredPoint> = Vec::new();
        for (begin, end, of, _) in offered.pieces(SimTime::ZERO, self.end) {
            for (from, until, first, last) in delivered.pieces(begin, end) {
                for (at, value) in [(from, first), (until, last)] {
                    let point = DeliveredPoint { at_s: at.as_secs_f64(), ratio: share(value, of) };
                    if points.last() != Some(&point) {
                        points.push(point);
                    }
                }
            }
        }
        points
    }

    fn loads(&self) -> Vec<LoadSeries> {
        let topology = &self.net.topology;
        let traffic = self.world.traffic();
        let steps = |series: &Series| -> Vec<Step> {
            let step = |p: &crate::dataplane::series::Point| Step {
                at_s: p.at.as_secs_f64(),
                bps: crate::units::BitRate::from_bps(p.after).as_f64(),
            };
            series.points().iter().map(step).collect()
        };
        let mut all = Vec::new();
        for (id, lag) in topology.lags.iter_ids() {
            for side in Side::BOTH {
                all.push(LoadSeries {
                    link: lag.name.clone(),
                    link_kind: lag.kind.as_str().to_owned(),
                    direction: self.net.topology.direction(id, side),
                    capacity: steps(&traffic.capacities()[End::new(id, side)]),
                    offered: steps(&traffic.loads()[End::new(id, side)]),
                });
            }
        }
        all
    }

    fn map(&self) -> MapData {
        let topology = &self.net.topology;
        let broken = self.circuit_health();
        let routers = |site| {
            let there = topology.routers.iter_ids().filter(move |(_, router)| router.site == site);
            let row = |(id, router): (RouterId, &crate::model::topology::Router)| MapRouter {
                name: router.name.clone(),
                network: topology.networks[router.network].name.clone(),
                worst: self.worst_router(id),
            };
            there.map(row).collect()
        };
        let metros = topology.metros.iter_ids().map(|(id, metro)| MapMetro {
            name: metro.name.clone(),
            about: metro.about.clone(),
            position: metro.position.map(|[latitude, longitude]| (latitude, longitude)),
            sites: topology
                .sites
                .iter_ids()
                .filter(|(_, site)| site.metro == id)
                .map(|(id, site)| MapSite { name: site.name.clone(), routers: routers(id) })
                .collect(),
        });
        let lags = topology.lags.ids().map(|id| self.map_lag(id, &broken));
        MapData { metros: metros.collect(), lags: lags.collect() }
    }

    fn worst_router(&self, router: RouterId) -> Health {
        let went_down = |t: &Transition| t.element == Element::Router(router) && t.to == "down";
        let down = self.world.record().transitions.iter().any(went_down);
        if down { Health::Down } else { Health::Up }
    }

    fn map_lag(&self, id: LagId, broken: &BTreeMap<CircuitId, Changes>) -> MapLag {
        let topology = &self.net.topology;
        let lag = &topology.lags[id];
        let dark = |circuit: &&CircuitId| {
            let interface = |t: &Transition| {
                matches!(t.element, Element::Interface(port) if port.of == **circuit)
                    && t.to == "down"
            };
            broken.contains_key(*circuit) || self.world.record().transitions.iter().any(interface)
        };
        let failed = lag.circuits.iter().filter(dark).count();
        let went_down = |t: &Transition| {
            matches!(t.element, Element::Lag(end) if end.of == id) && t.to == "down"
        };
        let down = self.world.record().transitions.iter().any(went_down);
        let faults = lag.circuits.iter().filter_map(|circuit| broken.get(circuit)).flatten();
        let silent = faults.map(|(_, health, _)| *health).max().unwrap_or(Health::Up);
        let worst = match (down, failed) {
            (true, _) => Health::Down,
            (false, 0) => Health::Up,
            (false, n) if n == lag.circuits.len() => silent.max(Health::Degraded),
            (false, _) => Health::Degraded,
        };
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        MapLag {
            name: lag.name.clone(),
            ends: [0, 1].map(|i| topology.routers[lag.ends[i].router].name.clone()),
            kind: lag.kind.as_str().to_owned(),
            circuits: count(lag.circuits.len()),
            circuits_failed: count(failed),
            worst,
        }
    }

    fn timeline(&self) -> Vec<TimelineRow> {
        let row = |transition: &Transition| {
            let (kind, element, router) = self.world.describe(transition.element);
            let events = transition.window.map(|window| &self.plan.windows[window].events);
            let event = events.and_then(|events| events.first()).map(|(name, _)| name.clone());
            TimelineRow {
                at_s: transition.at.as_secs_f64(),
                element,
                kind: kind.to_owned(),
                router,
                from: transition.from.to_string(),
                to: transition.to.to_string(),
                reason: transition.reason.to_string(),
                event: event.unwrap_or_default(),
            }
        };
        self.world.record().transitions.iter().map(row).collect()
    }
}

const fn lane_kind(element: Element) -> Option<LaneKind> {
    match element {
        Element::Interface(_) => Some(LaneKind::Interface),
        Element::Lag(_) => Some(LaneKind::Lag),
        Element::Bfd(_) => Some(LaneKind::Bfd),
        Element::Adjacency(_) => Some(LaneKind::Adjacency),
        Element::Session(_) => Some(LaneKind::Session),
        Element::Router(_) => Some(LaneKind::Router),
        Element::Member(_)
        | Element::Routes(_)
        | Element::Reroute(_)
        | Element::Route(..)
        | Element::Rib(..)
        | Element::Fib(..) => None,
    }
}

/// The health that an element's new state means.
fn change(transition: &Transition) -> (SimTime, Health, String) {
    let to: &str = &transition.to;
    if matches!(transition.element, Element::Lag(_)) && to != "down" {
        return lag_change(transition);
    }
    let health = match to {
        "down" | "idle" | "admin_down" => Health::Down,
        "connect" | "active" | "open_sent" | "open_confirm" | "init" => Health::Degraded,
        // `up`, `established`, and whatever does not speak of health.
        _ => Health::Up,
    };
    let label = match health {
        Health::Up => String::new(),
        Health::Degraded => to.to_owned(),
        Health::Silent | Health::Down => transition.reason.to_string(),
    };
    (transition.at, health, label)
}

/// A LAG that is up is degraded unless it has all of its members: `1 of 2 members`.
fn lag_change(transition: &Transition) -> (SimTime, Health, String) {
    let text = if transition.to == "up" { &transition.reason } else { &transition.to };
    let all = text.strip_suffix(" members").and_then(|text| text.split_once(" of "));
    let complete = all.is_none_or(|(members, total)| members == total);
    let health = if complete { Health::Up } else { Health::Degraded };
    let label = if complete { String::new() } else { text.to_string() };
    (transition.at, health, label)
}

/// The ports an effect is about, and what it makes of their circuits.
fn ports_of(effect: &Effect) -> Option<(&[crate::ids::End<CircuitId>], Health)> {
    match effect {
        Effect::Cut(ports) | Effect::Dead(ports) => Some((ports, Health::Down)),
        Effect::Silence(ports) | Effect::Patch { ports, .. } => Some((ports, Health::Silent)),
        Effect::Degrade(ports, ..) => Some((ports, Health::Degraded)),
        Effect::Power(_)
        | Effect::Feed(_)
        | Effect::Crash(..)
        | Effect::Reset(_)
        | Effect::Shutdown(_)
        | Effect::Operator(_)
        | Effect::Hang(_)
        | Effect::Stick(_)
        | Effect::Stop { .. }
        | Effect::Foreign { .. }
        | Effect::Sever(_)
        | Effect::Surge(..) => None,
    }
}
