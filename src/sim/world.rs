//! The world of one run: the only owner of what changes, and the loop that changes it.

use super::bgp::SessionEndState;
use super::cause::{CauseId, Causes, Phase};
use super::circuits::PortState;
use super::commands::Commands;
use super::event::{Caused, Event, Hello, KINDS};
use super::fib::FibQueue;
use super::hello::HelloState;
use super::lags::LagEndState;
use super::lsdb::{Lsdb, View};
use super::net::Net;
use super::patches::Patches;
use super::plan::FaultPlan;
use super::processes::Processes;
use super::record::{Record, WindowRecord};
use super::routers::{Interior, RouterState};
use super::transport::Connection;
use crate::dataplane::tables::Tables;
use crate::dataplane::traffic::Traffic;
use crate::engine::queue::{Class, Key, LimitError, Limits, Queue};
use crate::engine::store::Store;
use crate::ids::{BfdId, CircuitId, End, GroupId, LagId, RouterId, SessionId};
use crate::model::topology::SessionKind;
use crate::proto::bfd;
use crate::proto::bgp::rib::Rib;
use crate::proto::bgp::rib::alike::Alike;
use crate::proto::igp::Adjacency;
use crate::units::SimTime;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Protocol state, one store a kind; written through `edit` alone.
#[derive(Clone, Debug)]
pub(crate) struct State {
    /// Ports: interface machine, LACP member, physical effects.
    pub(crate) ports: Store<End<CircuitId>, PortState>,
    /// LAG ends.
    pub(crate) lags: Store<End<LagId>, LagEndState>,
    /// BFD sessions.
    pub(crate) bfd: Store<End<BfdId>, Option<bfd::Session>>,
    /// IGP adjacencies of links.
    pub(crate) adjacencies: Store<End<LagId>, Option<Adjacency>>,
    /// BGP session ends.
    pub(crate) session_ends: Store<End<SessionId>, SessionEndState>,
    /// What both ends of a session share: its TCP connection.
    pub(crate) sessions: Store<SessionId, Connection>,
    /// Routers.
    pub(crate) routers: Store<RouterId, RouterState>,
    /// What routers know of the inside of their networks.
    pub(crate) igp: Store<RouterId, Interior>,
    /// Their routes.
    pub(crate) ribs: Store<RouterId, Rib>,
    /// Their forwarding writes.
    pub(crate) fibs: Store<RouterId, FibQueue>,
    /// Exchanges of LACPDUs by sending port.
    pub(crate) lacp_hellos: Store<End<CircuitId>, HelloState>,
    /// Exchanges of BFD packets by sending end.
    pub(crate) bfd_hellos: Store<End<BfdId>, HelloState>,
    /// Exchanges of IGP hellos by sending end.
    pub(crate) igp_hellos: Store<End<LagId>, HelloState>,
}

/// Nothing has happened at this instant.
const FIRST: Turn = (Class::Fault, 0, 0);

/// Where an event stands among those of its instant, but for those of its own kind and owner.
type Turn = (Class, u32, usize);

/// The world of one run.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(super) net: Arc<Net>,
    pub(super) now: SimTime,
    pub(super) cause: CauseId,
    pub(super) causes: Causes,
    pub(super) state: State,
    pub(super) tables: Tables,
    pub(super) traffic: Option<Traffic>,
    pub(super) plan: Arc<FaultPlan>,
    pub(super) record: Record,
    /// What of forwarding has changed at this instant.
    changed: Changed,
    /// Faults that keep each feed dead.
    pub(super) dead_feeds: Vec<u32>,
    /// What operators have commanded.
    pub(super) commands: Commands,
    /// Which daemons stand still.
    pub(super) processes: Processes,
    /// Which circuits have changed places.
    pub(super) patches: Patches,
    /// What was made of routes that several routers have alike.
    pub(super) alike: Alike,
    /// What some routers know of their networks, the newest first, and what they make of it.
    pub(super) views: Vec<(Lsdb, Arc<View>)>,
    /// Internal sessions whose path depends on a router; some no longer do.
    pub(super) crossed_by: Store<RouterId, BTreeSet<SessionId>>,
    /// Surges of each demand, by fault.
    pub(super) surges: Vec<Vec<(usize, u64)>>,
    /// The last in order that has happened at this instant.
    turn: Turn,
    queue: Queue<Caused>,
    sequences: Vec<u64>,
    counts: [u64; KINDS.len()],
    handled: u64,
    limits: Limits,
}

/// What of forwarding has changed since traffic was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Changed {
    /// Nothing.
    #[default]
    Nothing,
    /// Entries of forwarding tables.
    Entries(Vec<(RouterId, GroupId)>),
    /// Anything.
    Anything,
}

/// The internal sessions among these.
fn inside(net: &Net, ends: &[End<SessionId>]) -> BTreeSet<SessionId> {
    let sessions = ends.iter().map(|end| end.of);
    sessions.filter(|id| net.topology.sessions[*id].kind == SessionKind::Internal).collect()
}

impl State {
    fn fork(&self) -> Self {
        Self {
            ports: self.ports.fork(),
            lags: self.lags.fork(),
            bfd: self.bfd.fork(),
            adjacencies: self.adjacencies.fork(),
            session_ends: self.session_ends.fork(),
            sessions: self.sessions.fork(),
            routers: self.routers.fork(),
            igp: self.igp.fork(),
            ribs: self.ribs.fork_with(Rib::fork),
            fibs: self.fibs.fork(),
            lacp_hellos: self.lacp_hellos.fork(),
            bfd_hellos: self.bfd_hellos.fork(),
            igp_hellos: self.igp_hellos.fork(),
        }
    }

    fn roll_back(&mut self, base: &Self) {
        self.ports.roll_back(&base.ports);
        self.lags.roll_back(&base.lags);
        self.bfd.roll_back(&base.bfd);
        self.adjacencies.roll_back(&base.adjacencies);
        self.session_ends.roll_back(&base.session_ends);
        self.sessions.roll_back(&base.sessions);
        self.routers.roll_back(&base.routers);
        self.igp.roll_back(&base.igp);
        self.ribs.roll_back_with(&base.ribs, Rib::roll_back, Rib::fork);
        self.fibs.roll_back(&base.fibs);
        self.lacp_hellos.roll_back(&base.lacp_hellos);
        self.bfd_hellos.roll_back(&base.bfd_hellos);
        self.igp_hellos.roll_back(&base.igp_hellos);
    }
}

impl World {
    /// A world with nothing queued and no faults to come.
    pub(super) fn with_state(net: Arc<Net>, state: State, tables: Tables, limits: Limits) -> Self {
        Self {
            record: Record::default(),
            dead_feeds: vec![0; net.topology.feeds.len()],
            commands: Commands::default(),
            processes: Processes::default(),
            patches: Patches::default(),
            alike: Alike::default(),
            views: Vec::new(),
            crossed_by: net.sessions_at.iter().map(|ends| inside(&net, ends)).collect(),
            surges: vec![Vec::new(); net.topology.demands.len()],
            sequences: vec![0; net.owners()],
            net,
            now: SimTime::ZERO,
            cause: Causes::START,
            causes: Causes::new(),
            state,
            tables,
            traffic: None,
            plan: Arc::default(),
            changed: Changed::Nothing,
            turn: FIRST,
            queue: Queue::default(),
            counts: [0; KINDS.len()],
            handled: 0,
            limits,
        }
    }

    /// A copy that can be rolled back.
    pub(crate) fn fork(&self) -> Self {
        // Not `..self.clone()`, which would copy the stores once more.
        Self {
            net: Arc::clone(&self.net),
            now: self.now,
            cause: self.cause,
            causes: self.causes.clone(),
            state: self.state.fork(),
            tables: self.tables.fork(),
            traffic: self.traffic.as_ref().map(Traffic::fork),
            plan: Arc::clone(&self.plan),
            record: self.record.clone(),
            changed: self.changed.clone(),
            dead_feeds: self.dead_feeds.clone(),
            commands: self.commands.clone(),
            processes: self.processes.clone(),
            patches: self.patches.clone(),
            alike: Alike::default(),
            views: self.views.clone(),
            crossed_by: self.crossed_by.fork(),
            surges: self.surges.clone(),
            turn: self.turn,
            queue: self.queue.clone(),
            sequences: self.sequences.clone(),
            counts: self.counts,
            handled: self.handled,
            limits: self.limits,
        }
    }

    /// Makes a fork equal to its `base` again, at the cost of what happened to it.
    pub(crate) fn roll_back(&mut self, base: &Self) {
        // Named one by one, so that none is forgotten that comes to be.
        let Self {
            net: _,
            limits: _,
            now,
            cause,
            causes,
            state,
            tables,
            traffic,
            plan,
            record,
            changed,
            dead_feeds,
            commands,
            processes,
            patches,
            alike,
            views,
            crossed_by,
            surges,
            turn,
            queue,
            sequences,
            counts,
            handled,
        } = self;
        (*now, *cause) = (base.now, base.cause);
        changed.clone_from(&base.changed);
        (*turn, *counts, *handled) = (base.turn, base.counts, base.handled);
        causes.truncate(base.causes.len());
        state.roll_back(&base.state);
        tables.roll_back(&base.tables);
        match (traffic, &base.traffic) {
            (Some(traffic), Some(base)) => traffic.roll_back(base),
            (traffic, base) => *traffic = base.as_ref().map(Traffic::fork),
        }
        plan.clone_from(&base.plan);
        record.roll_back(&base.record);
        dead_feeds.clone_from(&base.dead_feeds);
        commands.clone_from(&base.commands);
        processes.clone_from(&base.processes);
        patches.clone_from(&base.patches);
        *alike = Alike::default();
        views.clone_from(&base.views);
        crossed_by.roll_back(&base.crossed_by);
        surges.clone_from(&base.surges);
        queue.clone_from(&base.queue);
        sequences.clone_from(&base.sequences);
    }

    /// Faults are to happen as planned.
    pub(crate) fn begin(&mut self, plan: Arc<FaultPlan>) {
        self.record.windows.resize_with(plan.windows.len(), WindowRecord::default);
        self.sequences.resize(self.net.owners().max(plan.steps.len()), 0);
        for (index, step) in plan.steps.iter().enumerate() {
            self.at(step.at, Event::Fault(index));
        }
        self.plan = plan;
    }

    /// Runs to the end of the scenario.
    ///
    /// # Errors
    /// When a limit stops it.
    pub(crate) fn run_to_end(&mut self, until: SimTime) -> Result<(), LimitError> {
        self.run_until(until)
    }

    /// The run is over, wherever it stands: the last window closes.
    pub(crate) fn close(&mut self) {
        self.touch_traffic();
        self.look_at_changes();
        self.close_window();
    }

    /// When the run was over.
    pub(crate) fn end(&self) -> SimTime {
        self.now
    }

    /// What happened.
    pub(crate) fn record(&self) -> &Record {
        &self.record
    }

    /// What flowed.
    pub(crate) fn traffic(&self) -> &Traffic {
        self.traffic.as_ref().expect("traffic begins before the clock starts")
    }

    /// Handles all events up to and including `until`.
    pub(super) fn run_until(&mut self, until: SimTime) -> Result<(), LimitError> {
        while let Some((at, caused)) = self.queue.pop_until(until) {
            self.pass_time(at);
            let before = if at == self.now { self.turn } else { FIRST };
            self.turn = before.max(self.turn_of(&caused.event));
            self.now = at;
            self.cause = caused.cause;
            self.count(&caused.event)?;
            super::dispatch::dispatch(self, caused.event);
        }
        self.pass_time(until);
        self.now = until;
        Ok(())
    }

    fn turn_of(&self, event: &Event) -> Turn {
        (event.class(), self.net.owner(event), event.kind())
    }

    /// Whether an event of this instant would have happened by now.
    pub(super) fn has_passed(&self, event: &Event) -> bool {
        self.turn > self.turn_of(event)
    }

    /// Traffic of the instant that is over is worked out once, after all of its events.
    fn pass_time(&mut self, next: SimTime) {
        if next != self.now {
            self.look_at_changes();
        }
    }

    fn look_at_changes(&mut self) {
        let changed = std::mem::take(&mut self.changed);
        let Some(traffic) = &mut self.traffic else { return };
        match changed {
            Changed::Nothing => {}
            Changed::Entries(entries) => {
                traffic.change_entries(&self.tables, self.now, &entries);
            }
            Changed::Anything => traffic.change(&self.tables, self.now),
        }
    }

    /// Forwarding is about to change: prefixes being written have moved on until now.
    ///
    /// Every change of the tables comes after this, and traffic is looked at at no other time,
    /// so that what does not concern it leaves no trace in its figures.
    pub(super) fn touch_traffic(&mut self) {
        self.advance_traffic();
        self.changed = Changed::Anything;
    }

    /// The same, for a change of how a router forwards a group, unless no traffic may meet it.
    pub(super) fn touch_traffic_of(&mut self, router: RouterId, group: GroupId) {
        if self.is_met(router, group) {
            self.advance_traffic();
            match &mut self.changed {
                Changed::Nothing => self.changed = Changed::Entries(vec![(router, group)]),
                Changed::Entries(entries) => entries.push((router, group)),
                Changed::Anything => {}
            }
        }
    }

    /// A write of a router that is under way has come so far that traffic is looked at, unless none
    /// may meet it.
    pub(super) fn advance_traffic_of(&mut self, router: RouterId, group: GroupId) {
        if self.is_met(router, group) {
            self.advance_traffic();
        }
    }

    /// Whether traffic may meet what a router does with a group; if it is to be looked at anyway, it
    /// may.
    fn is_met(&self, router: RouterId, group: GroupId) -> bool {
        let may_meet = |traffic: &Traffic| traffic.may_meet(&self.tables, router, group);
        self.changed != Changed::Nothing || self.traffic.as_ref().is_none_or(may_meet)
    }

    fn advance_traffic(&mut self) {
        if let Some(traffic) = &mut self.traffic
            && self.changed == Changed::Nothing
        {
            traffic.advance(&self.tables, self.now);
        }
    }

    fn count(&mut self, event: &Event) -> Result<(), LimitError> {
        self.counts[event.kind()] += 1;
        self.handled += 1;
        if self.handled > self.limits.events {
            let (at, limit) = (self.now, self.limits.events);
            return Err(LimitError::Events { at, limit, busiest: self.busiest() });
        }
        // A cause is about a tenth of the size of a change with its texts.
        let changes = self.record.transitions.len() + self.causes.len() / 10;
        if changes > self.limits.changes {
            let (at, limit) = (self.now, self.limits.changes);
            return Err(LimitError::Changes { at, limit, busiest: self.busiest() });
        }
        if self.queue.len() > self.limits.pending {
            let (at, limit) = (self.now, self.limits.pending);
            return Err(LimitError::Pending { at, limit, busiest: self.busiest() });
        }
        Ok(())
    }

    /// How often each kind of event was handled.
    pub(crate) fn event_counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        KINDS.iter().copied().zip(self.counts)
    }

    /// How many events were handled.
    pub(super) const fn handled(&self) -> u64 {
        self.handled
    }

    pub(super) fn busiest(&self) -> String {
        let mut kinds: Vec<_> = self.event_counts().collect();
        kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let top = kinds.iter().take(3).map(|(kind, count)| format!("{count} {kind}"));
        top.collect::<Vec<_>>().join(", ")
    }

    /// Queues an event with the present cause.
    pub(super) fn at(&mut self, at: SimTime, event: Event) {
        self.at_because(at, event, self.cause);
    }

    /// Queues an event with a cause of its own.
    pub(super) fn at_because(&mut self, at: SimTime, event: Event, cause: CauseId) {
        let owner = self.net.owner(&event);
        let sequence = &mut self.sequences[owner as usize];
        *sequence += 1;
        let key = Key {
            at,
            class: event.class(),
            owner,
            kind: u8::try_from(event.kind()).expect("there are fewer than 256 kinds"),
            sequence: *sequence,
        };
        self.queue.push(key, Caused { event, cause });
    }

    /// Forgets what is queued: the settling is over.
    pub(super) fn forget_queue(&mut self) {
        self.queue.clear();
        self.turn = FIRST;
        self.counts = [0; KINDS.len()];
        self.handled = 0;
    }

    /// What is queued, in no order.
    pub(super) fn events(&self) -> impl Iterator<Item = &Event> {
        self.queue.events().map(|caused| &caused.event)
    }

    /// Accounts for the time since the last mark in the chain of causes.
    pub(super) fn spend(&mut self, phase: Phase) {
        self.cause = self.causes.advance(self.cause, phase, self.now);
    }

    /// The exchange that `hello` names.
    pub(super) fn hello(&self, hello: Hello) -> &HelloState {
        match hello {
            Hello::Lacp(port) => &self.state.lacp_hellos[port],
            Hello::Bfd(end) => &self.state.bfd_hellos[end],
            Hello::Igp(end) => &self.state.igp_hellos[end],
        }
    }

    /// The exchange that `hello` names, for change.
    pub(super) fn edit_hello(&mut self, hello: Hello) -> &mut HelloState {
        match hello {
            Hello::Lacp(port) => self.state.lacp_hellos.edit(port),
            Hello::Bfd(end) => self.state.bfd_hellos.edit(end),
            Hello::Igp(end) => self.state.igp_hellos.edit(end),
        }
    }
}
