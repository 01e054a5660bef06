//! A scenario's faults, unrolled: what changes in the physical world, and when.

use std::collections::BTreeMap;

use super::effects::{effects, kind_name, targets};
use super::processes::Agent;
use crate::ids::{CircuitId, DemandId, End, FeedId, LagId, PrefixId, RouterId, SessionId};
use crate::model::scenario::{Begin, Command, Fault, FaultKind, Scenario};
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
    /// At these ports LACPDUs of another system arrive, this far apart.
    Foreign { ports: Vec<End<CircuitId>>, every: SimDuration },
    /// The ports of two circuits, of which these two have each other's plug.
    Patch { ports: Vec<End<CircuitId>>, swap: [End<CircuitId>; 2] },
    /// Nothing gets from one of these ports of an exchange to the other.
    Sever([LagId; 2]),
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
    /// These agents of these routers stop; killed or else frozen.
    Stop { routers: Vec<RouterId>, agents: Vec<Agent>, kill: bool },
    /// These demands offer so many parts per billion of their rate.
    Surge(Vec<DemandId>, u64),
}

impl Effect {
    /// Whether there is nothing that it could change.
    fn hits_nothing(&self) -> bool {
        match self {
            Self::Cut(ports)
            | Self::Silence(ports)
            | Self::Dead(ports)
            | Self::Foreign { ports, .. } => ports.is_empty(),
            Self::Degrade(ports, loss, delay) => {
                ports.is_empty() || (*loss == Share::ZERO && delay.is_zero())
            }
            Self::Sever(_) | Self::Patch { .. } => false,
            Self::Power(routers)
            | Self::Crash(routers, _)
            | Self::Hang(routers)
            | Self::Stick(routers)
            | Self::Stop { routers, .. } => routers.is_empty(),
            Self::Feed(feeds) => feeds.is_empty(),
            Self::Reset(ends) | Self::Shutdown(ends) => ends.is_empty(),
            Self::Operator(operator) => operator.hits_nothing(),
            Self::Surge(demands, _) => demands.is_empty(),
        }
    }
}

impl Operator {
    fn hits_nothing(&self) -> bool {
        match self {
            Self::Withdraw(pairs) | Self::Announce(pairs) | Self::Unserve(pairs) => {
                pairs.is_empty()
            }
            Self::Filter(pairs) => pairs.is_empty(),
            Self::Leak(ends) | Self::Edit(ends, ..) | Self::Soon(ends) => ends.is_empty(),
            Self::Overload(routers) | Self::FilterBgp(routers) => routers.is_empty(),
            Self::CostOut(lags) | Self::Service(lags, _) => lags.is_empty(),
        }
    }
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
    /// Nothing is to cross these links that can go elsewhere.
    CostOut(Vec<LagId>),
    /// These routers drop packets to these prefixes.
    Filter(Vec<(RouterId, PrefixId)>),
    /// These routers drop packets of BGP.
    FilterBgp(Vec<RouterId>),
    /// These connections are in service, or not.
    Service(Vec<LagId>, bool),
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

    /// Says so where a fault does less than it seems to.
    fn note(&self, scenario: &Scenario, end: SimTime) -> Option<String> {
        let name = format!("{} ({} {})", self.name(), self.kind, self.target);
        if self.at > end {
            return Some(format!("{name} would begin after the run has ended"));
        }
        if self.effects.iter().all(|(_, effect)| effect.hits_nothing()) {
            return Some(format!("{name} hits nothing"));
        }
        let over = self.until.unwrap_or(end).min(end);
        let late = self.effects.iter().map(|(wait, _)| *wait).max().unwrap_or_default();
        if self.at + late >= over && !late.is_zero() {
            return Some(format!(
                "{name} is over before all of it has begun, {late} after its start"
            ));
        }
        let reset = matches!(scenario.faults[self.index].kind, FaultKind::SessionReset { .. });
        let lasts = scenario.faults[self.index].lasts.is_some();
        (reset && lasts).then(|| format!("{name} is over at once, whatever its `for` says"))
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
    /// What a reader should know of faults that do less than they seem to.
    pub(crate) notes: Vec<String>,
}

impl FaultPlan {
    /// Unrolls the faults of a scenario; `held`: when what each fault waits for first held.
    ///
    /// A fault whose condition has not held is not part of the plan.
    pub(crate) fn new(topology: &Topology, scenario: &Scenario, held: &[Option<SimTime>]) -> Self {
        let end = SimTime::ZERO + scenario.duration;
        let mut faults: Vec<FaultRun> = Vec::new();
        for (index, fault) in scenario.faults.iter().enumerate() {
            let begin = match fault.begin {
                Begin::At(at) => Some(at),
                // A fault comes before all else of an instant, so what it waits for came before.
                Begin::When(_, after) => held[index].map(|at| at + SimDuration::TICK + after),
            };
            let runs = begin.map(|at| unroll(topology, scenario.seed, (index, at), fault));
            faults.extend(runs.into_iter().flatten());
        }
        faults.sort_by_key(|fault| (fault.at, fault.index, fault.repeat));
        let notes = faults.iter().filter_map(|fault| fault.note(scenario, end)).collect();
        faults.retain(|fault| fault.at <= end);
        let windows = windows(&faults, end);
        let mut plan = Self { faults, steps: Vec::new(), windows, notes };
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
        // The fault opens its window, whenever its effects begin.
        let mut steps = vec![step(run.at, true, opened, None)];
        let begin = |(effect, at)| step(at, true, opened, Some(effect));
        steps.extend(Self::delayed(run, end).map(begin));
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
            steps.push(step(until, false, window, None));
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

fn unroll(
    topology: &Topology,
    seed: u64,
    (index, begin): (usize, SimTime),
    fault: &Fault,
) -> Vec<FaultRun> {
    let draws = Draws::new(seed, &format!("fault/{index}"));
    let times = fault.repeat.map_or(1, |repeat| repeat.times);
    let every = fault.repeat.map_or(SimDuration::ZERO, |repeat| repeat.every);
    let one = |repeat: u32| {
        let n = u64::from(repeat);
        let at = begin + every * n + draws.between(n, SimDuration::ZERO, fault.jitter);
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
    if let FaultKind::RouterCrash(routers) = &fault.kind {
        let reload = routers.iter().map(|router| topology.routers[*router].reload).max();
        return fault.lasts.or(reload);
    }
    fault.lasts.filter(|_| !matches!(fault.kind, FaultKind::SessionReset { .. }))
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
