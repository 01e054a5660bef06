//! A scenario's faults, unrolled: what changes in the physical world, and when.

use std::collections::BTreeMap;

use super::orders;
use crate::ids::{
    CircuitId, DemandId, End, FeedId, LagId, MetroId, PrefixId, RouterId, SessionId, Side, SiteId,
    SpanId, SrlgId,
};
use crate::model::scenario::{Command, Fault, FaultKind, Scenario};
use crate::model::topology::Topology;
use crate::proto::bgp::policy::Edit;
use crate::rng::Draws;
use crate::units::{Share, SimDuration, SimTime};

/// What a fault does to the world, as long as it lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// What these ports send is cut off: no light, no frames.
    Cut(Vec<End<CircuitId>>),
    /// Frames that these ports send are lost.
    Silence(Vec<End<CircuitId>>),
    /// Frames that these ports send are lost at random and delayed.
    Degrade(Vec<End<CircuitId>>, Share, SimDuration),
    /// These ports are dead: they neither send nor receive light.
    Dead(Vec<End<CircuitId>>),
    /// These routers have no power.
    Power(Vec<RouterId>),
    /// These feeds are dead.
    Feed(Vec<FeedId>),
    /// These routers crash and are back after this time, or their own reload time.
    Crash(Vec<RouterId>, Option<SimDuration>),
    /// An operator clears these sessions; over at once.
    Reset(Vec<End<SessionId>>),
    /// These sessions are administratively down.
    Shutdown(Vec<End<SessionId>>),
    /// An operator's command, or a service's state.
    Operator(Operator),
    /// These routers forward nothing.
    Hang(Vec<RouterId>),
    /// These routers write no forwarding entries.
    Stick(Vec<RouterId>),
    /// These demands offer so many parts per billion of their rate.
    Surge(Vec<DemandId>, u64),
}

/// What operators command and services do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    /// These routers no longer announce these prefixes.
    Withdraw(Vec<(RouterId, PrefixId)>),
    /// These routers announce these prefixes and do not serve them.
    Announce(Vec<(RouterId, PrefixId)>),
    /// These routers neither announce nor serve these prefixes.
    Unserve(Vec<(RouterId, PrefixId)>),
    /// The relation keeps nothing back at these ends.
    Leak(Vec<End<SessionId>>),
    /// The policies of these ends, for routes that come in or else go out, are edited.
    Edit(Vec<End<SessionId>>, bool, Edit),
    /// These ends are about to be shut down (RFC 8326).
    Soon(Vec<End<SessionId>>),
    /// Nothing is to cross these routers on its way inside their network.
    Overload(Vec<RouterId>),
}

/// Something begins or ends.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// When.
    pub(crate) at: SimTime,
    /// The window it falls into; a step that opens no window belongs to the one of its fault.
    pub(crate) window: usize,
    /// Which unrolled fault.
    pub(crate) fault: usize,
    /// Index into that fault's effects.
    pub(crate) effect: Option<usize>,
    /// Begins or ends.
    pub(crate) on: bool,
}

/// One fault at one of its times.
#[derive(Clone, Debug)]
pub(crate) struct FaultRun {
    /// Index in the scenario file.
    pub(crate) index: usize,
    /// How many of the same came before.
    pub(crate) repeat: u32,
    /// When it begins.
    pub(crate) at: SimTime,
    /// When it ends, if it does.
    pub(crate) until: Option<SimTime>,
    /// Name of its kind.
    pub(crate) kind: &'static str,
    /// Names of its targets.
    pub(crate) target: String,
    /// What it does, each after a while.
    pub(crate) effects: Vec<(SimDuration, Effect)>,
}

impl FaultRun {
    /// `fault0`, or `fault0#1` for its first repeat.
    pub(crate) fn name(&self) -> String {
        match self.repeat {
            0 => format!("fault{}", self.index),
            n => format!("fault{}#{n}", self.index),
        }
    }
}

/// The time from one event of the scenario to the next.
#[derive(Clone, Debug, Default)]
pub(crate) struct WindowSpec {
    /// When it opens.
    pub(crate) at: SimTime,
    /// The events that open it, in order of fault: `(name, whether it is a begin)`.
    pub(crate) events: Vec<(String, bool)>,
}

/// All faults of a run in order of time.
#[derive(Clone, Debug, Default)]
pub(crate) struct FaultPlan {
    /// Unrolled faults in order of time, then of the file.
    pub(crate) faults: Vec<FaultRun>,
    /// What happens, in order of time; ends before begins, then in order of the file.
    pub(crate) steps: Vec<Step>,
    /// Windows; the first is the quiet time before any event and has no events.
    pub(crate) windows: Vec<WindowSpec>,
}

impl FaultPlan {
    /// Unrolls the faults of a scenario.
    pub(crate) fn new(topology: &Topology, scenario: &Scenario) -> Self {
        let end = SimTime::ZERO + scenario.duration;
        let mut faults: Vec<FaultRun> = Vec::new();
        for (index, fault) in scenario.faults.iter().enumerate() {
            faults.extend(unroll(topology, scenario.seed, index, fault));
        }
        faults.retain(|fault| fault.at <= end);
        faults.sort_by_key(|fault| (fault.at, fault.index, fault.repeat));
        let windows = windows(&faults, end);
        let mut plan = Self { faults, steps: Vec::new(), windows };
        for fault in 0..plan.faults.len() {
            let steps = plan.steps_of(fault, scenario, end);
            plan.steps.extend(steps);
        }
        plan.steps.sort_by_key(|step| (step.at, step.on, step.fault));
        plan
    }

    fn window_at(&self, at: SimTime) -> usize {
        self.windows.partition_point(|window| window.at <= at).saturating_sub(1)
    }

    /// The effects that begin before the fault and the run end, and when.
    fn delayed(run: &FaultRun, end: SimTime) -> impl Iterator<Item = (usize, SimTime)> {
        let over = run.until.unwrap_or(end);
        let at = run.at;
        let all = run.effects.iter().enumerate();
        all.map(move |(effect, (wait, _))| (effect, at + *wait))
            .filter(move |(_, begin)| *begin == at || (*begin < over && *begin <= end))
    }

    fn steps_of(&self, fault: usize, scenario: &Scenario, end: SimTime) -> Vec<Step> {
        let run = &self.faults[fault];
        let step = |at: SimTime, on: bool, window: usize, effect: Option<usize>| Step {
            at,
            window,
            fault,
            effect,
            on,
        };
        let first = self.windows.iter().position(|w| !w.events.is_empty() && w.at == run.at);
        let opened = first.expect("every fault that begins in the run opens a window");
        let effects = || 0..run.effects.len();
        let mut steps: Vec<Step> = Self::delayed(run, end)
            .map(|(effect, at)| step(at, true, opened, Some(effect)))
            .collect();
        if let FaultKind::CircuitFlap { down, up, .. } = scenario.faults[run.index].kind {
            let until = run.until.unwrap_or(end).min(end);
            let (mut at, mut on) = (run.at + down, false);
            while at < until {
                steps.extend(effects().map(|effect| step(at, on, opened, Some(effect))));
                at += if on { down } else { up };
                on = !on;
            }
            if !on && let Some(until) = run.until.filter(|until| *until <= end) {
                steps.push(step(until, false, self.window_at(until), Some(0)));
            } else if let Some(until) = run.until.filter(|until| *until <= end) {
                steps.push(step(until, false, self.window_at(until), None));
            }
        } else if let Some(until) = run.until.filter(|until| *until <= end) {
            let window = self.window_at(until);
            let begun = Self::delayed(run, end).map(|(effect, _)| effect);
            steps.extend(begun.map(|effect| step(until, false, window, Some(effect))));
        }
        steps
    }
}

fn windows(faults: &[FaultRun], end: SimTime) -> Vec<WindowSpec> {
    let mut at: BTreeMap<SimTime, Vec<(usize, bool, String)>> = BTreeMap::new();
    for (index, fault) in faults.iter().enumerate() {
        let begin = (index, true, format!("{}/begin", fault.name()));
        at.entry(fault.at).or_default().push(begin);
        if let Some(until) = fault.until.filter(|until| *until <= end) {
            let over = (index, false, format!("{}/end", fault.name()));
            at.entry(until).or_default().push(over);
        }
    }
    let mut windows = vec![WindowSpec::default()];
    for (at, mut events) in at {
        events.sort_by_key(|(index, begin, _)| (*index, !*begin));
        let events = events.into_iter().map(|(_, begin, name)| (name, begin)).collect();
        windows.push(WindowSpec { at, events });
    }
    windows
}

fn unroll(topology: &Topology, seed: u64, index: usize, fault: &Fault) -> Vec<FaultRun> {
    let draws = Draws::new(seed, &format!("fault/{index}"));
    let times = fault.repeat.map_or(1, |repeat| repeat.times);
    let every = fault.repeat.map_or(SimDuration::ZERO, |repeat| repeat.every);
    let one = |repeat: u32| {
        let n = u64::from(repeat);
        let at = fault.at + every * n + draws.between(n, SimDuration::ZERO, fault.jitter);
        FaultRun {
            index,
            repeat,
            at,
            until: lasts(topology, fault).map(|lasts| at + lasts),
            kind: kind_name(&fault.kind),
            target: targets(topology, &fault.kind),
            effects: effects(topology, fault),
        }
    };
    (0..times).map(one).collect()
}

/// How long a fault lasts, where it ends.
fn lasts(topology: &Topology, fault: &Fault) -> Option<SimDuration> {
    match &fault.kind {
        FaultKind::RouterCrash(routers) => {
            let reload = routers.iter().map(|router| topology.routers[*router].reload).max();
            fault.lasts.or(reload)
        }
        FaultKind::SessionReset { .. } => None,
        FaultKind::CircuitCut { .. }
        | FaultKind::CircuitSilent { .. }
        | FaultKind::CircuitDegrade { .. }
        | FaultKind::CircuitFlap { .. }
        | FaultKind::OpticFail { .. }
        | FaultKind::PniCut { .. }
        | FaultKind::PniSilent { .. }
        | FaultKind::SpanCut(_)
        | FaultKind::SrlgFail(_)
        | FaultKind::CardFail(_)
        | FaultKind::RouterPowerOff(_)
        | FaultKind::FeedFail(_)
        | FaultKind::SitePower(_)
        | FaultKind::MetroOutage(_)
        | FaultKind::AdminShutdown { .. }
        | FaultKind::SiteIsolate(_)
        | FaultKind::Command(_)
        | FaultKind::ForwardingHang(_)
        | FaultKind::FibStuck(_)
        | FaultKind::TrafficSurge { .. }
        | FaultKind::TrafficGrowth { .. } => fault.lasts,
    }
}

/// Effects, and how long after the fault begins.
fn effects(topology: &Topology, fault: &Fault) -> Vec<(SimDuration, Effect)> {
    if let FaultKind::Command(command) = &fault.kind {
        return orders::effects(topology, command);
    }
    if let FaultKind::TrafficGrowth { demands, factor_ppb, over } = &fault.kind {
        return growth(demands, *factor_ppb, *over);
    }
    immediate(topology, fault).into_iter().map(|effect| (SimDuration::ZERO, effect)).collect()
}

/// Growth comes in this many steps.
const GROWTH_STEPS: u64 = 20;

/// Each step takes the place of the one before.
fn growth(demands: &[DemandId], factor: u64, over: SimDuration) -> Vec<(SimDuration, Effect)> {
    let one = 1_000_000_000;
    let at = |step: u64| {
        let now = (one * (GROWTH_STEPS - step) + factor * step) / GROWTH_STEPS;
        (over.scaled(step, GROWTH_STEPS), Effect::Surge(demands.to_vec(), now))
    };
    (1..=GROWTH_STEPS).map(at).collect()
}

/// Which prefixes each fault sets apart from others that are treated alike.
pub(crate) fn set_apart(topology: &Topology, scenario: &Scenario) -> Vec<Vec<PrefixId>> {
    let prefixes = |fault: &Fault| {
        let FaultKind::Command(command) = &fault.kind else { return None };
        if let Command::PolicyEdit { edit, .. } = command {
            let matches = &edit.term()?.matches;
            let all = topology.prefixes.iter_ids();
            let held = all.filter(|(_, prefix)| matches.holds_for_prefix(&prefix.prefix));
            return Some(held.map(|(id, _)| id).collect());
        }
        Some(command.prefixes().to_vec()).filter(|prefixes| !prefixes.is_empty())
    };
    scenario.faults.iter().filter_map(prefixes).collect()
}

/// Effects that begin with the fault.
fn immediate(topology: &Topology, fault: &Fault) -> Vec<Effect> {
    match &fault.kind {
        FaultKind::CircuitCut { circuits, toward } => {
            vec![Effect::Cut(ways(topology, circuits, *toward))]
        }
        FaultKind::CircuitSilent { circuits, toward } => {
            vec![Effect::Silence(ways(topology, circuits, *toward))]
        }
        FaultKind::CircuitDegrade { circuits, toward, loss, delay } => {
            vec![Effect::Degrade(ways(topology, circuits, *toward), *loss, *delay)]
        }
        FaultKind::CircuitFlap { circuits, .. } => {
            vec![Effect::Cut(ways(topology, circuits, None))]
        }
        FaultKind::OpticFail { circuits, router } => {
            let at = |port: &End<CircuitId>| topology.circuit_router(port.of, port.side) == *router;
            let ports = ways(topology, circuits, None).into_iter().filter(at);
            vec![Effect::Dead(ports.collect())]
        }
        FaultKind::PniCut { pnis, toward } => {
            vec![Effect::Cut(ways(topology, &members(topology, pnis), *toward))]
        }
        FaultKind::PniSilent { pnis, toward } => {
            vec![Effect::Silence(ways(topology, &members(topology, pnis), *toward))]
        }
        FaultKind::SpanCut(spans) => vec![span_cut(topology, spans)],
        FaultKind::SrlgFail(srlgs) => srlg_fail(topology, srlgs),
        FaultKind::CardFail(cards) => {
            let on_card = |port: &End<CircuitId>| {
                let card = topology.circuits[port.of].cards[port.side];
                card.is_some_and(|card| cards.contains(&card))
            };
            let all: Vec<CircuitId> = topology.circuits.ids().collect();
            let ports = ways(topology, &all, None).into_iter().filter(on_card);
            vec![Effect::Dead(ports.collect())]
        }
        FaultKind::RouterPowerOff(routers) => vec![Effect::Power(routers.clone())],
        FaultKind::RouterCrash(routers) => vec![Effect::Crash(routers.clone(), fault.lasts)],
        FaultKind::FeedFail(feeds) => vec![Effect::Feed(feeds.clone())],
        FaultKind::SitePower(sites) => vec![Effect::Power(routers_in(topology, sites))],
        FaultKind::MetroOutage(metros) => metro_outage(topology, metros),
        FaultKind::SessionReset { sessions, router } => {
            vec![Effect::Reset(session_ends(topology, sessions, *router))]
        }
        FaultKind::AdminShutdown { sessions, router } => {
            vec![Effect::Shutdown(session_ends(topology, sessions, *router))]
        }
        FaultKind::SiteIsolate(sites) => vec![site_isolate(topology, sites)],
        FaultKind::Command(_) | FaultKind::TrafficGrowth { .. } => Vec::new(),
        FaultKind::ForwardingHang(routers) => vec![Effect::Hang(routers.clone())],
        FaultKind::FibStuck(routers) => vec![Effect::Stick(routers.clone())],
        FaultKind::TrafficSurge { demands, factor_ppb } => {
            vec![Effect::Surge(demands.clone(), *factor_ppb)]
        }
    }
}

/// The ports that send in the directions concerned.
fn ways(
    topology: &Topology,
    circuits: &[CircuitId],
    toward: Option<RouterId>,
) -> Vec<End<CircuitId>> {
    let both = circuits.iter().flat_map(|circuit| Side::BOTH.map(|side| End::new(*circuit, side)));
    let sends_there = |port: &End<CircuitId>| {
        let far = topology.circuit_router(port.of, port.side.other());
        toward.is_none_or(|router| router == far)
    };
    both.filter(sends_there).collect()
}

fn members(topology: &Topology, lags: &[LagId]) -> Vec<CircuitId> {
    lags.iter().flat_map(|lag| topology.lags[*lag].circuits.iter().copied()).collect()
}

fn span_cut(topology: &Topology, spans: &[SpanId]) -> Effect {
    let through = |(_, circuit): &(CircuitId, &crate::model::topology::Circuit)| {
        circuit.spans.iter().any(|span| spans.contains(span))
    };
    let circuits: Vec<CircuitId> =
        topology.circuits.iter_ids().filter(through).map(|(id, _)| id).collect();
    Effect::Cut(ways(topology, &circuits, None))
}

fn metro_outage(topology: &Topology, metros: &[MetroId]) -> Vec<Effect> {
    let inside = |site: &SiteId| metros.contains(&topology.sites[*site].metro);
    let sites: Vec<SiteId> = topology.sites.ids().filter(inside).collect();
    let ends_there =
        |span: &SpanId| topology.spans[*span].between.iter().any(|s| sites.contains(s));
    let spans: Vec<SpanId> = topology.spans.ids().filter(ends_there).collect();
    vec![Effect::Power(routers_in(topology, &sites)), span_cut(topology, &spans)]
}

/// All circuits with one end at the sites.
fn site_isolate(topology: &Topology, sites: &[SiteId]) -> Effect {
    let inside = |router: RouterId| sites.contains(&topology.routers[router].site);
    let leaves = |circuit: &CircuitId| {
        let ends = Side::BOTH.map(|side| topology.circuit_router(*circuit, side));
        inside(ends[0]) != inside(ends[1])
    };
    let circuits: Vec<CircuitId> = topology.circuits.ids().filter(leaves).collect();
    Effect::Cut(ways(topology, &circuits, None))
}

fn srlg_fail(topology: &Topology, srlgs: &[SrlgId]) -> Vec<Effect> {
    let shares = |of: &[SrlgId]| of.iter().any(|srlg| srlgs.contains(srlg));
    let circuits = topology.circuits.iter_ids().filter(|(_, circuit)| {
        let spans = circuit.spans.iter();
        shares(&circuit.srlgs) || spans.into_iter().any(|s| shares(&topology.spans[*s].srlgs))
    });
    let circuits: Vec<CircuitId> = circuits.map(|(id, _)| id).collect();
    let feeds = topology.feeds.iter_ids().filter(|(_, feed)| shares(&feed.srlgs));
    vec![
        Effect::Cut(ways(topology, &circuits, None)),
        Effect::Feed(feeds.map(|(id, _)| id).collect()),
    ]
}

fn routers_in(topology: &Topology, sites: &[SiteId]) -> Vec<RouterId> {
    let inside = topology.routers.iter_ids().filter(|(_, router)| sites.contains(&router.site));
    inside.map(|(id, _)| id).collect()
}

pub(super) fn session_ends(
    topology: &Topology,
    sessions: &[SessionId],
    router: Option<RouterId>,
) -> Vec<End<SessionId>> {
    let end = |session: &SessionId| {
        let second = topology.sessions[*session].ends[Side::B].router;
        let side = if router == Some(second) { Side::B } else { Side::A };
        End::new(*session, side)
    };
    sessions.iter().map(end).collect()
}

fn kind_name(kind: &FaultKind) -> &'static str {
    match kind {
        FaultKind::CircuitCut { .. } => "circuit_cut",
        FaultKind::CircuitSilent { .. } => "circuit_silent",
        FaultKind::CircuitDegrade { .. } => "circuit_degrade",
        FaultKind::CircuitFlap { .. } => "circuit_flap",
        FaultKind::OpticFail { .. } => "optic_fail",
        FaultKind::PniCut { .. } => "pni_cut",
        FaultKind::PniSilent { .. } => "pni_silent",
        FaultKind::SpanCut(_) => "span_cut",
        FaultKind::SrlgFail(_) => "srlg_fail",
        FaultKind::CardFail(_) => "card_fail",
        FaultKind::RouterPowerOff(_) => "router_power_off",
        FaultKind::RouterCrash(_) => "router_crash",
        FaultKind::FeedFail(_) => "feed_fail",
        FaultKind::SitePower(_) => "site_power",
        FaultKind::MetroOutage(_) => "metro_outage",
        FaultKind::SessionReset { .. } => "session_reset",
        FaultKind::AdminShutdown { .. } => "admin_shutdown",
        FaultKind::SiteIsolate(_) => "site_isolate",
        FaultKind::ForwardingHang(_) => "forwarding_hang",
        FaultKind::FibStuck(_) => "fib_stuck",
        FaultKind::Command(command) => command.as_str(),
        FaultKind::TrafficSurge { .. } => "traffic_surge",
        FaultKind::TrafficGrowth { .. } => "traffic_growth",
    }
}

fn targets(topology: &Topology, kind: &FaultKind) -> String {
    let names: Vec<String> = match kind {
        FaultKind::Command(command) => orders::targets(topology, command),
        FaultKind::CircuitCut { circuits, .. }
        | FaultKind::CircuitSilent { circuits, .. }
        | FaultKind::CircuitDegrade { circuits, .. }
        | FaultKind::CircuitFlap { circuits, .. }
        | FaultKind::OpticFail { circuits, .. } => {
            circuits.iter().map(|id| topology.circuits[*id].name.clone()).collect()
        }
        FaultKind::PniCut { pnis, .. } | FaultKind::PniSilent { pnis, .. } => {
            pnis.iter().map(|id| topology.lags[*id].name.clone()).collect()
        }
        FaultKind::SpanCut(ids) => ids.iter().map(|id| topology.spans[*id].name.clone()).collect(),
        FaultKind::SrlgFail(ids) => ids.iter().map(|id| topology.srlgs[*id].name.clone()).collect(),
        FaultKind::CardFail(ids) => {
            let name = |id: &crate::ids::CardId| {
                let card = &topology.cards[*id];
                format!("{}/{}", topology.routers[card.router].name, card.name)
            };
            ids.iter().map(name).collect()
        }
        FaultKind::RouterPowerOff(ids)
        | FaultKind::RouterCrash(ids)
        | FaultKind::ForwardingHang(ids)
        | FaultKind::FibStuck(ids) => {
            ids.iter().map(|id| topology.routers[*id].name.clone()).collect()
        }
        FaultKind::FeedFail(ids) => {
            let name = |id: &FeedId| {
                let feed = &topology.feeds[*id];
                format!("{}/{}", topology.sites[feed.site].name, feed.name)
            };
            ids.iter().map(name).collect()
        }
        FaultKind::SitePower(ids) | FaultKind::SiteIsolate(ids) => {
            ids.iter().map(|id| topology.sites[*id].name.clone()).collect()
        }
        FaultKind::MetroOutage(ids) => {
            ids.iter().map(|id| topology.metros[*id].name.clone()).collect()
        }
        FaultKind::SessionReset { sessions, .. } | FaultKind::AdminShutdown { sessions, .. } => {
            sessions.iter().map(|id| topology.sessions[*id].name.clone()).collect()
        }
        FaultKind::TrafficSurge { demands, .. } | FaultKind::TrafficGrowth { demands, .. } => {
            demands.iter().map(|id| topology.demands[*id].name.clone()).collect()
        }
    };
    names.join(", ")
}
