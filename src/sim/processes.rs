//! Daemons and whole control planes that stand still: hung, frozen or killed.
//!
//! An agent that stands still neither sends nor hears. What happens to it meanwhile waits, and
//! happens when it goes on. TCP is the kernel's: unless the whole control plane hangs, it goes on
//! acknowledging what a frozen BGP will read later.
//!
//! # Departures
//! * Datagrams (BFD packets, IGP hellos, LACPDUs) that arrive while the agent stands still are
//!   lost, and timers that ran out meanwhile run out when it goes on: the event loops of FRR and
//!   BIRD look at timers first. What waits on a BGP connection is read before its hold timer
//!   counts, as both do.
//! * A call to a frozen BGP is not answered until it goes on; a kernel would complete the
//!   handshake for it. What the kernel keeps for a frozen daemon has no limit.
//! * A daemon that was killed has lost all it knew. The routes of `bgpd` leave the forwarding
//!   table at the usual rate, those of `bird` stay until it starts again; when `zebra` dies the
//!   table stays as it is.
//! * A reboot ends what hangs, and daemons of a router that is off cannot be stopped.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::bgp::Wire;
use super::event::{Caused, Event, Hello};
use super::fib::Stuck;
use super::lsdb::Lsdb;
use super::net::BfdOf;
use super::world::World;
use crate::ids::{BfdId, CircuitId, End, GroupId, LagId, RouterId, SessionId, Side};
use crate::model::topology::Family;
use crate::proto::bgp::session;
use crate::proto::igp::Adjacency;
use crate::proto::{bfd, igp, lacp};
use crate::units::{SimDuration, SimTime};

/// A part of a control plane that can stand still by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Agent {
    /// TCP.
    Tcp,
    /// BGP.
    Bgp,
    /// The interior protocol.
    Igp,
    /// LACP.
    Lacp,
    /// BFD sessions whose C bit is 0.
    Bfd,
    /// Writes of the forwarding table.
    Fib,
    /// Not a part: BGP, IGP and BFD are one process, whose routes outlive it.
    Bird,
}

impl Agent {
    /// All that a control plane consists of.
    pub(crate) const ALL: [Self; 6] =
        [Self::Tcp, Self::Bgp, Self::Igp, Self::Lacp, Self::Bfd, Self::Fib];
}

/// An agent that stands still.
#[derive(Clone, Debug)]
struct Stopped {
    since: SimTime,
    faults: Vec<usize>,
    killed: bool,
}

/// What waits for an agent to go on.
#[derive(Clone, Debug)]
enum Waiting {
    Event(Caused),
    Session(End<SessionId>, session::Input),
    Adjacency(End<LagId>, igp::Input),
    Member(End<CircuitId>, lacp::Input),
    Bfd(End<BfdId>, bfd::Input),
    Message(End<SessionId>, u32, Wire),
}

/// Which agents stand still, and what waits for them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Processes {
    stopped: BTreeMap<(RouterId, Agent), Stopped>,
    waiting: Vec<(RouterId, Agent, Waiting)>,
}

impl World {
    /// Whether an agent of a router stands still.
    pub(super) fn stands_still(&self, router: RouterId, agent: Agent) -> bool {
        self.processes.stopped.contains_key(&(router, agent))
    }

    /// Whether an end of BFD stands still: only where it shares the fate of its control plane.
    fn bfd_stands_still(&self, end: End<BfdId>) -> bool {
        let router = self.net.bfd[end.of].routers[end.side];
        let shares = |session: &bfd::Session| !session.is_independent();
        self.stands_still(router, Agent::Bfd) && self.state.bfd[end].as_ref().is_some_and(shares)
    }

    /// Whether the sender and whether the receiver of an exchange stand still.
    pub(super) fn still_ends(&self, hello: Hello) -> [bool; 2] {
        if self.processes.stopped.is_empty() {
            return [false; 2];
        }
        match hello {
            Hello::Lacp(port) => [port, self.opposite(port)]
                .map(|port| self.stands_still(self.net.port_router(port), Agent::Lacp)),
            Hello::Bfd(end) => [end, end.far()].map(|end| self.bfd_stands_still(end)),
            Hello::Igp(end) => {
                [end, end.far()].map(|end| self.stands_still(self.net.lag_router(end), Agent::Igp))
            }
        }
    }

    /// Whose event it is, if it is that of an agent that may stand still.
    fn agent_of(&self, event: &Event) -> Option<(RouterId, Agent)> {
        Some(match event {
            Event::Lacp(port, _) => (self.net.port_router(*port), Agent::Lacp),
            Event::Bfd(end) if self.bfd_stands_still(*end) => {
                (self.net.bfd[end.of].routers[end.side], Agent::Bfd)
            }
            Event::Igp(end)
            | Event::FloodLeave { from: end, .. }
            | Event::Flood { at: end, .. } => (self.net.lag_router(*end), Agent::Igp),
            Event::Spf(router) => (*router, Agent::Igp),
            Event::Session(end, _)
            | Event::Keepalive(end)
            | Event::Syn(end)
            | Event::Connected { end, .. }
            | Event::Accepted { end, .. }
            | Event::Reset { end, .. }
            | Event::Stale(end)
            | Event::Reuse(end)
            | Event::Mrai(end) => (self.net.session_router(*end), Agent::Bgp),
            Event::Cpu(router)
            | Event::NextHops(router)
            | Event::Paced(router)
            | Event::Deferred(router) => (*router, Agent::Bgp),
            Event::Rto(end) => (self.net.session_router(*end), Agent::Tcp),
            Event::Bfd(_)
            | Event::Fault(_)
            | Event::Port(..)
            | Event::RemoteFault { .. }
            | Event::ClientOff { .. }
            | Event::Protected { .. }
            | Event::HelloSend(_)
            | Event::HelloArrive { .. }
            | Event::HelloLeave { .. }
            | Event::Segment { .. }
            | Event::Ack { .. }
            | Event::Fib(..)
            | Event::Started(_)
            | Event::Foreign { .. }
            | Event::Reroute(_)
            | Event::Unreachable(_)
            | Event::Restore(_)
            | Event::Takeover(..)
            | Event::Boot(_) => return None,
        })
    }

    /// Gives an event back, unless it waits for an agent that stands still.
    pub(super) fn awake(&mut self, event: Event) -> Option<Event> {
        if self.processes.stopped.is_empty() {
            return Some(event);
        }
        match self.agent_of(&event) {
            // What was put off since would run out at the time it was put off to.
            Some((router, agent)) if self.stands_still(router, agent) && self.is_stale(&event) => {
                None
            }
            Some((router, agent)) if self.stands_still(router, agent) => {
                let waiting = Waiting::Event(Caused { event, cause: self.cause });
                self.processes.waiting.push((router, agent, waiting));
                None
            }
            Some(_) | None => Some(event),
        }
    }

    /// Whether the timer of a periodic exchange does not run out now.
    fn is_stale(&self, event: &Event) -> bool {
        let deadline = if let Event::Lacp(port, timer) = event {
            self.state.ports[*port].lacp.as_ref().and_then(|member| member.deadline(*timer))
        } else if let Event::Bfd(end) = event {
            self.state.bfd[*end].as_ref().and_then(bfd::Session::deadline)
        } else if let Event::Igp(end) = event {
            self.state.adjacencies[*end].as_ref().and_then(Adjacency::deadline)
        } else {
            return false;
        };
        deadline.is_none_or(|at| at > self.now)
    }

    fn wait(&mut self, router: RouterId, agent: Agent, waiting: Waiting) -> bool {
        let still = self.stands_still(router, agent);
        if still {
            self.processes.waiting.push((router, agent, waiting));
        }
        still
    }

    /// Whether an input of a session waits.
    pub(super) fn session_waits(&mut self, end: End<SessionId>, input: session::Input) -> bool {
        self.wait(self.net.session_router(end), Agent::Bgp, Waiting::Session(end, input))
    }

    /// Whether a message that TCP has delivered waits to be read.
    pub(super) fn message_waits(&mut self, end: End<SessionId>, epoch: u32, wire: &Wire) -> bool {
        let message = Waiting::Message(end, epoch, wire.clone());
        self.wait(self.net.session_router(end), Agent::Bgp, message)
    }

    /// Whether an input of an adjacency waits.
    pub(super) fn adjacency_waits(&mut self, end: End<LagId>, input: igp::Input) -> bool {
        self.wait(self.net.lag_router(end), Agent::Igp, Waiting::Adjacency(end, input))
    }

    /// Whether an input of an LACP member waits.
    pub(super) fn member_waits(&mut self, port: End<CircuitId>, input: lacp::Input) -> bool {
        self.wait(self.net.port_router(port), Agent::Lacp, Waiting::Member(port, input))
    }

    /// Whether an input of a BFD session waits.
    pub(super) fn bfd_waits(&mut self, end: End<BfdId>, input: bfd::Input) -> bool {
        self.bfd_stands_still(end)
            && self.wait(
                self.net.bfd[end.of].routers[end.side],
                Agent::Bfd,
                Waiting::Bfd(end, input),
            )
    }

    /// Agents of a router stop.
    pub(super) fn stop_agents(
        &mut self,
        fault: usize,
        router: RouterId,
        agents: &[Agent],
        kill: bool,
    ) {
        if !self.state.routers[router].up {
            return;
        }
        for agent in agents {
            let known = self.processes.stopped.remove(&(router, *agent));
            let was_killed = known.as_ref().is_some_and(|stopped| stopped.killed);
            if kill && !was_killed && *agent == Agent::Bgp {
                self.kill_bgp(router, agents.contains(&Agent::Bird));
            }
            let fresh = known.is_none();
            let mut stopped = known.unwrap_or_else(|| Stopped {
                since: self.now,
                faults: Vec::new(),
                killed: false,
            });
            stopped.faults.push(fault);
            stopped.killed |= kill;
            self.processes.stopped.insert((router, *agent), stopped);
            if fresh {
                self.agent_switched(router, *agent, true);
            }
        }
    }

    /// What lies around an agent sees that it stops or goes on.
    fn agent_switched(&mut self, router: RouterId, agent: Agent, stops: bool) {
        match agent {
            Agent::Tcp | Agent::Bgp => {
                let cause = self.cause;
                for end in self.net.sessions_at[router].clone() {
                    self.rouse_session(end.of);
                    let transport = &mut self.state.session_ends.edit(end).transport;
                    if stops {
                        transport.path_cause = cause;
                        transport.break_cause = cause;
                    }
                    if agent == Agent::Tcp {
                        self.session_paths_changed(end.of);
                    }
                }
            }
            Agent::Igp | Agent::Lacp | Agent::Bfd => {
                for end in self.net.lags_at[router].clone() {
                    for port in self.ports_of(end) {
                        self.member_paths_changed(port.of);
                    }
                    self.lag_paths_changed(end.of);
                }
            }
            Agent::Fib => self.stick_fib(router, Stuck::Process, stops),
            Agent::Bird => {}
        }
    }

    /// BGP is gone: its kernel closes its connections.
    fn kill_bgp(&mut self, router: RouterId, keeps_routes: bool) {
        let ours =
            |(of, agent, _): &(RouterId, Agent, Waiting)| *of == router && *agent == Agent::Bgp;
        self.processes.waiting.retain(|waiting| !ours(waiting));
        self.state.routers.edit(router).deferral.clear();
        for end in self.net.sessions_at[router].clone() {
            self.session_input(end, session::Input::Killed);
        }
        self.forget_routes(router);
        for end in self.net.sessions_at[router].clone() {
            self.state.session_ends.edit(end).stale = None;
        }
        for family in Family::ALL {
            if !keeps_routes && !self.restarts_gracefully(router, family) {
                self.write_nothing(router, family);
            }
        }
    }

    /// All routes of BGP of a family leave the forwarding table.
    fn write_nothing(&mut self, router: RouterId, family: Family) {
        let of = |group: &GroupId| self.net.groups[*group].family == family;
        let used = |group: &GroupId| !self.wanted_hops(router, *group).is_empty();
        let groups: Vec<GroupId> = self.group_ids().filter(of).filter(used).collect();
        self.write_fib(router, groups.into_iter().map(|group| (group, Arc::from([]))).collect());
    }

    /// A fault no longer keeps agents of a router from going on.
    pub(super) fn resume_agents(&mut self, fault: usize, router: RouterId) {
        let of = |key: &(RouterId, Agent)| key.0 == router;
        let keys: Vec<_> = self.processes.stopped.keys().copied().filter(of).collect();
        let mut resumed = Vec::new();
        for key in keys {
            let stopped = self.processes.stopped.get_mut(&key).expect("it was just listed");
            stopped.faults.retain(|holder| *holder != fault);
            if stopped.faults.is_empty() {
                let Stopped { since, killed, .. } = stopped.clone();
                self.processes.stopped.remove(&key);
                resumed.push((key.1, since, killed));
            }
        }
        let goes_on = |agent: Agent| resumed.iter().any(|(resumed, ..)| *resumed == agent);
        let (waited, rest) = std::mem::take(&mut self.processes.waiting)
            .into_iter()
            .partition(|(of, agent, _)| *of == router && goes_on(*agent));
        self.processes.waiting = rest;
        for (agent, ..) in &resumed {
            self.agent_switched(router, *agent, false);
        }
        self.go_on(router, waited, &resumed);
        for (agent, since, _) in &resumed {
            self.send_overdue(router, *agent, *since);
        }
    }

    /// What waited happens, and what was killed starts again.
    fn go_on(
        &mut self,
        router: RouterId,
        waited: Vec<(RouterId, Agent, Waiting)>,
        resumed: &[(Agent, SimTime, bool)],
    ) {
        let killed = |agent: Agent| resumed.iter().any(|(of, _, killed)| *of == agent && *killed);
        let (messages, others): (Vec<_>, Vec<_>) =
            waited.into_iter().partition(|(.., what)| matches!(what, Waiting::Message(..)));
        for (_, agent, waiting) in messages.into_iter().chain(others) {
            if killed(agent) && !outlives_process(&waiting) {
                continue;
            }
            match waiting {
                Waiting::Event(Caused { event, cause }) => self.at_because(self.now, event, cause),
                Waiting::Session(end, input) => self.session_input(end, input),
                Waiting::Adjacency(end, input) => self.adjacency_input(end, input),
                Waiting::Member(port, input) => self.lacp_input(port, input),
                Waiting::Bfd(end, input) => self.bfd_input(end, input),
                Waiting::Message(end, epoch, wire) => {
                    if self.state.session_ends[end].transport.epoch == Some(epoch) {
                        self.receive_message(end, wire);
                    }
                }
            }
        }
        for end in self.net.lags_at[router].clone() {
            self.refresh_lag(end);
        }
        if killed(Agent::Igp) {
            self.restart_igp(router);
        }
        if killed(Agent::Bfd) {
            self.restart_bfd(router);
        }
        if killed(Agent::Bgp) {
            self.restart_bgp(router);
        }
    }

    fn restart_bgp(&mut self, router: RouterId) {
        self.forget_routes(router);
        self.let_age_count(router);
        for end in self.net.sessions_at[router].clone() {
            self.start_session(end);
        }
        for family in Family::ALL {
            if !self.defer_selection(router, family) {
                self.write_nothing(router, family);
            }
        }
        self.originate_prefixes(router);
    }

    fn restart_igp(&mut self, router: RouterId) {
        let igp = self.state.igp.edit(router);
        igp.lsdb = Lsdb::default();
        igp.spf_at = None;
        for end in self.net.lags_at[router].clone() {
            if self.state.adjacencies[end].as_ref().is_some_and(Adjacency::is_up) {
                self.adjacency_input(end, igp::Input::LinkDown);
            }
            if self.tables.lags[end.of][end.side].up {
                self.adjacency_input(end, igp::Input::LinkUp);
            }
        }
        self.originate_lsp(router);
        self.recompute_routes(router);
    }

    fn restart_bfd(&mut self, router: RouterId) {
        for id in self.net.bfd.ids().collect::<Vec<_>>() {
            for side in Side::BOTH {
                let end = End::new(id, side);
                let shares = |session: &bfd::Session| !session.is_independent();
                if self.net.bfd[id].routers[side] != router
                    || !self.state.bfd[end].as_ref().is_some_and(shares)
                {
                    continue;
                }
                self.bfd_input(end, bfd::Input::PathDown);
                let below = self.net.below_bfd(end);
                let up = match self.net.bfd[id].of {
                    BfdOf::Member(circuit) => {
                        self.state.ports[End::new(circuit, side)].machine.is_up()
                    }
                    BfdOf::Session(..)
                    | BfdOf::Adjacency(_)
                    | BfdOf::Lan(_)
                    | BfdOf::Internal(_) => {
                        below.is_none_or(|end| self.tables.lags[end.of][end.side].up)
                    }
                };
                if up {
                    self.bfd_input(end, bfd::Input::PathUp);
                }
            }
        }
    }

    /// Datagrams that were due while an agent stood still leave when it goes on.
    fn send_overdue(&mut self, router: RouterId, agent: Agent, since: SimTime) {
        let overdue: Vec<Hello> = self
            .hellos_of(router, agent)
            .into_iter()
            .filter(|hello| {
                let schedule = self.hello(*hello).schedule.as_ref();
                schedule.is_some_and(|s| s.at_or_after(since + SimDuration::TICK) < self.now)
            })
            .collect();
        for hello in overdue {
            if let Some(packet) = self.hello_packet(hello) {
                self.send(hello, packet);
            }
        }
    }

    /// The exchanges in which an agent sends.
    fn hellos_of(&self, router: RouterId, agent: Agent) -> Vec<Hello> {
        let ends = self.net.lags_at[router].iter();
        match agent {
            Agent::Igp => ends.map(|end| Hello::Igp(*end)).collect(),
            Agent::Lacp => ends.flat_map(|end| self.ports_of(*end)).map(Hello::Lacp).collect(),
            Agent::Bfd => {
                let all = self.net.bfd.iter_ids();
                let ends = all.flat_map(|(id, _)| Side::BOTH.map(|side| End::new(id, side)));
                let shares = |session: &bfd::Session| !session.is_independent();
                let ours = ends.filter(|end| {
                    self.net.bfd[end.of].routers[end.side] == router
                        && self.state.bfd[*end].as_ref().is_some_and(shares)
                });
                ours.map(Hello::Bfd).collect()
            }
            Agent::Tcp | Agent::Bgp | Agent::Fib | Agent::Bird => Vec::new(),
        }
    }

    /// A router is down: nothing of it stands still any more.
    pub(super) fn forget_processes(&mut self, router: RouterId) {
        self.forget_hang(router);
        self.processes.stopped.retain(|(of, _), _| *of != router);
        self.processes.waiting.retain(|(of, ..)| *of != router);
    }
}

/// Whether a process that starts anew finds it: the state of what lies below, and what operators
/// have configured.
const fn outlives_process(waiting: &Waiting) -> bool {
    use session::Input::{AdminDown, AdminUp, InterfaceDown, InterfaceUp};
    matches!(waiting, Waiting::Session(_, AdminDown | AdminUp | InterfaceDown(_) | InterfaceUp))
}
