//! Drives BGP sessions: carries out what their machines want.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::cause::{CauseId, Phase};
use super::damping::Damped;
use super::event::Event;
use super::graceful::Stale;
use super::pending::Pending;
use super::transport::Transport;
use super::world::World;
use crate::ids::{End, GroupId, SessionId};
use crate::model::topology::Family;
use crate::proto::bfd;
use crate::proto::bgp::message::Message;
use crate::proto::bgp::rib::PathId;
use crate::proto::bgp::rib::bundle::Bundle;
pub(crate) use crate::proto::bgp::rib::bundle::Told;
use crate::proto::bgp::session::{By, DownReason, Fsm, Input, Lower, Output, State, Timer};
use crate::units::SimDuration;
use crate::units::SimTime;

/// What an UPDATE says, in order of group.
pub(crate) type Changes = Arc<[Arc<Bundle>]>;

/// A message as TCP carries it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Wire {
    /// Anything but an UPDATE.
    Message(Message),
    /// An UPDATE with its routes.
    Update(Changes),
    /// A ROUTE-REFRESH (RFC 2918).
    Refresh,
    /// An End-of-RIB marker (RFC 4724 §2).
    EndOfRib,
}

impl Wire {
    /// A KEEPALIVE.
    pub(crate) const KEEPALIVE: Self = Self::Message(Message::Keepalive);
}

/// One end of a session.
#[derive(Clone, Debug)]
pub(crate) struct SessionEndState {
    /// Its connection machine.
    pub(crate) fsm: Fsm,
    /// Its end of the TCP connection.
    pub(crate) transport: Transport,
    /// Whether the start of the session was worked off: changes are told from then on.
    pub(crate) tells: bool,
    /// Groups the peer may have to be told about, and why.
    pub(crate) pending: Pending,
    /// Until when new routes wait.
    pub(crate) mrai_until: Option<SimTime>,
    /// How often that wait began; numbers the draws.
    pub(crate) mrai_waits: u64,
    /// When it last came up, if it did during the run.
    pub(crate) up_since: Option<SimTime>,
    /// Whether its last OPEN said that it had restarted (the R bit of RFC 4724).
    pub(crate) told_restart: bool,
    /// Whether the peer was told that it knows all.
    pub(crate) told_all: bool,
    /// Routes of the peer that are kept although it is gone.
    pub(crate) stale: Option<Stale>,
    /// What is remembered of the peer's routes, where flaps are damped.
    pub(crate) damped: Damped,
    /// What the peer has told, where that is limited.
    pub(crate) received: BTreeSet<(GroupId, PathId)>,
}

/// Work of a router's BGP process.
#[derive(Clone, Debug)]
pub(crate) struct CpuItem {
    /// What is to be done.
    pub(crate) work: Work,
    /// Why.
    pub(crate) cause: CauseId,
}

/// What a router's BGP process does.
#[derive(Clone, Debug)]
pub(crate) enum Work {
    /// Takes in an UPDATE that came on this connection.
    Update(End<SessionId>, Option<u32>, Changes),
    /// Tells the peer on this connection everything.
    SessionUp(End<SessionId>, Option<u32>),
    /// Forgets what a lost peer told.
    SessionDown(End<SessionId>),
    /// Announces these prefixes of its own, or no longer.
    Originate(Vec<GroupId>),
    /// Takes in the end of what a peer tells on this connection.
    EndOfRib(End<SessionId>, Option<u32>),
    /// Forgets what the peer was told, and of what it told these; the rest is kept.
    Stale(End<SessionId>, Vec<(GroupId, PathId)>),
    /// Forgets what was kept for long enough.
    DropStale(End<SessionId>),
    /// Forgets all that was kept.
    ForgetStale(End<SessionId>),
    /// Chooses routes of a family that it has put off choosing.
    Choose(Family),
    /// Uses routes of the peer again that were suppressed.
    Reuse(End<SessionId>),
    /// Tells a peer on this connection everything once more.
    Repeat(End<SessionId>, Option<u32>),
    /// Looks at all next hops again.
    NextHops,
    /// Peers are told of what was decided, which takes this long to prepare.
    Tell(SimDuration),
}

impl World {
    /// Starts a session whose router has booted.
    pub(super) fn start_session(&mut self, end: End<SessionId>) {
        if let Some((lag, side)) = self.net.topology.below(end.of, end.side)
            && !self.tables.lags[lag][side].up
        {
            self.session_input(end, Input::InterfaceDown(Lower::Interface));
        }
        // What operators did while nothing here could take it in stands in the configuration.
        let shut = self.is_shut(end);
        if self.state.session_ends[end].fsm.is_shut() != shut {
            self.session_input(end, if shut { Input::AdminDown } else { Input::AdminUp });
        }
        self.session_input(end, Input::Start);
    }

    /// The LAG below an external session came up or went down; `dark`: all of its interfaces are.
    pub(super) fn session_interface(&mut self, end: End<SessionId>, up: bool, dark: bool) {
        let lower = if dark { Lower::Interface } else { Lower::Lag };
        self.session_input(end, if up { Input::InterfaceUp } else { Input::InterfaceDown(lower) });
    }

    /// BFD says that the peer cannot be reached.
    pub(super) fn session_bfd_down(&mut self, end: End<SessionId>, by: bfd::By) {
        let tells = self.tells_of_bfd(end);
        self.session_input(end, Input::BfdDown { by_remote: by == bfd::By::Remote, tells });
    }

    /// BFD of a session is up: strict mode may have waited for it.
    pub(super) fn session_bfd_up(&mut self, end: End<SessionId>) {
        if self.net.topology.sessions[end.of].ends[end.side].bfd_strict {
            self.session_input(end, Input::BfdUp);
        }
    }

    /// In strict mode: whether BFD of a session is up.
    pub(super) fn strict_bfd(&self, end: End<SessionId>) -> Option<bool> {
        let strict = self.net.topology.sessions[end.of].ends[end.side].bfd_strict;
        let up = || {
            let id = self.net.session_bfd[end.of]?;
            let session = self.state.bfd[End::new(id, end.side)].as_ref()?;
            Some(session.state() == bfd::State::Up)
        };
        strict.then(|| up().unwrap_or(false))
    }

    /// Gives one input to a connection machine.
    pub(super) fn session_input(&mut self, end: End<SessionId>, input: Input) {
        if self.session_waits(end, input) {
            return;
        }
        if !matches!(input, Input::Message(Message::Update)) {
            self.spread_untold(self.net.session_router(end));
        }
        match input {
            Input::Message(Message::Keepalive | Message::Update) => {}
            Input::HoldExpired | Input::InterfaceDown(_) => {
                self.rouse_session(end.of);
                self.spend(Phase::Detect);
            }
            Input::TransportClosed | Input::Message(Message::Notification(_)) => {
                self.rouse_session(end.of);
                self.spend(Phase::Notify);
            }
            Input::Message(Message::Open(_))
            | Input::Start
            | Input::IdleHoldExpired
            | Input::ConnectRetryExpired
            | Input::TransportUp
            | Input::TransportReplaced
            | Input::TransportRefused
            | Input::InterfaceUp
            | Input::BfdDown { .. }
            | Input::AdminDown
            | Input::AdminUp
            | Input::AdminReset
            | Input::RouterDown
            | Input::Killed
            | Input::BfdUp
            | Input::TooManyPrefixes { .. } => self.rouse_session(end.of),
        }
        self.may_end_keeping(end, input);
        self.may_end_waiting(end, input);
        let now = self.now;
        let mut out = Vec::new();
        let strict = self.strict_bfd(end);
        let fsm = &mut self.state.session_ends.edit(end).fsm;
        if let Some(up) = strict {
            fsm.set_strict(up);
        }
        fsm.handle(now, input, &mut out);
        self.session_outputs(end, out);
    }

    /// The peer's last message arrived at `at`.
    pub(super) fn session_heard(&mut self, end: End<SessionId>, at: SimTime) {
        let mut out = Vec::new();
        self.state.session_ends.edit(end).fsm.heard(at, &mut out);
        self.session_outputs(end, out);
    }

    pub(super) fn session_outputs(&mut self, end: End<SessionId>, out: Vec<Output>) {
        for output in out {
            match output {
                Output::Connect => self.begin_calling(end),
                Output::StopConnect => self.stop_calling(end),
                Output::CloseTransport => self.close_transport(end, true),
                Output::DropTransport => self.close_transport(end, false),
                Output::Send(message) => {
                    if let Message::Open(_) = message {
                        self.tell_of_restart(end);
                    }
                    self.send_message(end, Wire::Message(message));
                }
                Output::Arm(timer, at) => self.at(at, Event::Session(end, timer)),
                Output::Disarm(_) => {}
                Output::Keepalives(range) => self.set_keepalives(end, range),
                Output::Changed { from, to, reason } => {
                    self.record_session_state(end, from, to, reason);
                }
                Output::Up => self.session_up(end),
                Output::Down { reason, by } => self.session_down(end, reason, by),
            }
        }
    }

    /// A timer of a connection machine.
    pub(super) fn on_session_timer(&mut self, end: End<SessionId>, timer: Timer) {
        let fsm = &self.state.session_ends[end].fsm;
        // While routing settles no keepalives are sent, and nobody misses them; nor does a session
        // that has told too many prefixes try again.
        if fsm.deadline(timer).is_none_or(|at| at > self.now) || self.traffic.is_none() {
            return;
        }
        let input = match timer {
            Timer::Hold => {
                if self.hears_keepalives(end) {
                    return;
                }
                self.blame_session_path(end);
                Input::HoldExpired
            }
            Timer::IdleHold if self.sleeps_over(end) => return,
            Timer::IdleHold => Input::IdleHoldExpired,
            Timer::ConnectRetry => Input::ConnectRetryExpired,
        };
        self.wake_bgp(self.net.session_router(end));
        self.session_input(end, input);
    }

    /// A message arrives in order.
    pub(super) fn receive_message(&mut self, end: End<SessionId>, wire: Wire) {
        self.wake_bgp(self.net.session_router(end));
        match wire {
            Wire::Message(message) => self.session_input(end, Input::Message(message)),
            Wire::EndOfRib => {
                self.session_input(end, Input::Message(Message::Update));
                if self.state.session_ends[end].fsm.state() == State::Established {
                    self.spend(Phase::Notify);
                    let epoch = self.state.session_ends[end].transport.epoch;
                    self.queue_work(self.net.session_router(end), Work::EndOfRib(end, epoch));
                }
            }
            Wire::Refresh => {
                if self.state.session_ends[end].fsm.state() == State::Established {
                    self.spend(Phase::Notify);
                    let epoch = self.state.session_ends[end].transport.epoch;
                    self.queue_telling(end, Work::Repeat(end, epoch));
                }
            }
            Wire::Update(changes) => {
                self.session_input(end, Input::Message(Message::Update));
                if self.state.session_ends[end].fsm.state() == State::Established {
                    self.spend(Phase::Notify);
                    let epoch = self.state.session_ends[end].transport.epoch;
                    let router = self.net.session_router(end);
                    self.queue_work(router, Work::Update(end, epoch, changes));
                }
            }
        }
    }

    fn session_up(&mut self, end: End<SessionId>) {
        // What it took to bring the session up is the time until the return was seen.
        self.spend(Phase::Detect);
        self.record_session(end, true, None, By::Local);
        self.refresh_stale(end);
        let now = self.now;
        let state = self.state.session_ends.edit(end);
        state.up_since = Some(now);
        state.told_all = false;
        self.await_peer(end);
        self.queue_first_telling(end);
    }

    /// A peer is to be told everything that it does not know.
    pub(super) fn tell_all(&mut self, end: End<SessionId>) {
        let epoch = self.state.session_ends[end].transport.epoch;
        self.queue_telling(end, Work::SessionUp(end, epoch));
    }

    fn session_down(&mut self, end: End<SessionId>, reason: DownReason, by: By) {
        self.record_session(end, false, Some(reason), by);
        let state = self.state.session_ends.edit(end);
        state.tells = false;
        state.pending.clear();
        state.received.clear();
        state.mrai_until = None;
        self.await_no_more(end);
        let router = self.net.session_router(end);
        if self.state.routers[router].up {
            let work = self.work_after(end, reason);
            self.queue_loss(end, reason, work);
        }
    }
}
