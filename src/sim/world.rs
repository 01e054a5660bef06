//! The world of one run: the only owner of what changes, and the loop that changes it.

use super::bgp::SessionEndState;
use super::cause::{CauseId, Causes, Phase};
use super::circuits::PortState;
use super::commands::Commands;
use super::event::{Caused, Event, Hello, KINDS};
use super::hello::HelloState;
use super::lags::LagEndState;
use super::lsdb::Lsp;
use super::net::Net;
use super::patches::Patches;
use super::plan::FaultPlan;
use super::processes::Processes;
use super::record::Record;
use super::routers::RouterState;
use super::transport::Connection;
use crate::dataplane::tables::Tables;
use crate::dataplane::traffic::Traffic;
use crate::engine::queue::{Class, Key, LimitError, Limits, Queue};
use crate::engine::store::Store;
use crate::ids::{BfdId, CircuitId, End, GroupId, IdVec, LagId, RouterId, SessionId};
use crate::model::topology::SessionKind;
use crate::proto::bfd;
use crate::proto::igp::{Adjacency, Map};
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
    /// What some routers know of their networks, the newest first, and the graph of it.
    pub(super) maps: Vec<(Vec<Arc<Lsp>>, Arc<Map>)>,
    /// Internal sessions whose path depends on a router; some no longer do.
    pub(super) crossed_by: IdVec<RouterId, BTreeSet<SessionId>>,
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

impl World {
    /// A world with nothing queued.
    pub(super) fn with_state(
        net: Arc<Net>,
        plan: Arc<FaultPlan>,
        state: State,
        tables: Tables,
        limits: Limits,
    ) -> Self {
        let owners = net.owners();
        let sequences = vec![0; owners.max(plan.steps.len())];
        Self {
            record: Record::new(&plan),
            dead_feeds: vec![0; net.topology.feeds.len()],
            commands: Commands::default(),
            processes: Processes::default(),
            patches: Patches::default(),
            maps: Vec::new(),
            crossed_by: net.sessions_at.iter().map(|ends| inside(&net, ends)).collect(),
            surges: vec![Vec::new(); net.topology.demands.len()],
            net,
            now: SimTime::ZERO,
            cause: Causes::START,
            causes: Causes::new(),
            state,
            tables,
            traffic: None,
            plan,
            changed: Changed::Nothing,
            turn: FIRST,
            queue: Queue::default(),
            sequences,
            counts: [0; KINDS.len()],
            handled: 0,
            limits,
        }
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
