//! The TCP connections under BGP sessions: who calls whom, what is lost, what comes again.
//!
//! Keepalives rest like other hellos: while both directions work and nothing is unacknowledged,
//! none is an event. Calls to a peer that no path leads to rest too; the next SYN is computed
//! from the schedule of attempts when a path returns.
//!
//! # Departures
//! * A connection that one end has closed is gone there at once: a NOTIFICATION that was lost is
//!   not sent again, and whatever still arrives is answered with a reset.
//! * When both ends call each other at once the first handshake that completes is kept.

use super::bgp::Wire;
use super::cause::CauseId;
use super::event::{Carried, Event};
use super::hello::PathView;
use super::processes::Agent;
use super::world::World;

use crate::ids::{End, LagId, RouterId, SessionId, Side};
use crate::model::topology::SessionKind;
use crate::proto::bgp::session::{self, KeepaliveRange};
use crate::proto::bgp::tcp::{self, Receiver, Segment, Sender};
use crate::proto::schedule::Schedule;
use crate::rng::Draws;
use crate::units::{Share, SimDuration, SimTime};

/// Attempts to connect: the first at `start`, the others by the schedule.
#[derive(Clone, Debug)]
pub(crate) struct Calling {
    start: SimTime,
    restarts: Schedule,
    /// The SYN that is queued.
    next: Option<SimTime>,
}

/// One end of a TCP connection and of the path it takes.
#[derive(Clone, Debug)]
pub(crate) struct Transport {
    /// Attempts to connect, while there are any.
    pub(crate) calling: Option<Calling>,
    /// How often calling began; names its draws.
    pub(crate) calls: u64,
    /// The connection this end is part of.
    pub(crate) epoch: Option<u32>,
    /// What this end sends.
    pub(crate) sender: Sender<Wire>,
    /// What this end receives.
    pub(crate) receiver: Receiver<Wire>,
    /// The path from this end to the other.
    pub(crate) path: PathView,
    /// What last changed the path.
    pub(crate) path_cause: CauseId,
    /// Whether any path may lead to the peer and back.
    pub(crate) reachable: bool,
    /// What last changed that, or made this end call.
    pub(crate) call_cause: CauseId,
    /// When the path last broke: what was sent before and is still under way is lost.
    pub(crate) lost_before: SimTime,
    /// What broke it.
    pub(crate) break_cause: CauseId,
    /// When keepalives are sent.
    pub(crate) keepalives: Option<(Schedule, KeepaliveRange)>,
    /// How often that schedule started anew.
    pub(crate) restarts: u64,
    /// The keepalive that is queued.
    pub(crate) next_keepalive: Option<SimTime>,
    /// Since when keepalives of this end rest, if they do; those before have all been heard.
    pub(crate) resting: Option<SimTime>,
}

impl Transport {
    /// No connection and no attempt.
    pub(crate) fn idle() -> Self {
        Self {
            calling: None,
            calls: 0,
            epoch: None,
            sender: Sender::new(),
            receiver: Receiver::new(),
            path: PathView::default(),
            path_cause: super::cause::Causes::START,
            reachable: false,
            call_cause: super::cause::Causes::START,
            lost_before: SimTime::from_nanos(i64::MIN),
            break_cause: super::cause::Causes::START,
            keepalives: None,
            restarts: 0,
            next_keepalive: None,
            resting: None,
        }
    }
}

/// What both ends of a session share: which connection it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Connection {
    /// Counts connections.
    pub(crate) epoch: u32,
    /// Hash of the present one.
    pub(crate) hash: u64,
}

impl World {
    /// Begins to call the peer, or begins anew.
    pub(super) fn begin_calling(&mut self, end: End<SessionId>) {
        let now = self.now;
        let calls = self.state.session_ends[end].transport.calls + 1;
        let name = format!("connect/{}/{calls}", self.net.session_end_name(end));
        let config = self.net.topology.sessions[end.of].ends[end.side].bgp;
        let retry = config.connect_retry;
        let draws = Draws::new(self.net.seed, &name);
        let restarts = Schedule::starting(now, retry.shortened(config.jitter.retry), retry, draws);
        let cause = self.cause;
        let transport = &mut self.state.session_ends.edit(end).transport;
        transport.call_cause = cause;
        transport.calls = calls;
        transport.calling = Some(Calling { start: now, restarts, next: None });
        self.queue_syn(end, now);
    }

    /// Calls no longer.
    pub(super) fn stop_calling(&mut self, end: End<SessionId>) {
        self.state.session_ends.edit(end).transport.calling = None;
    }

    /// Queues the first SYN at or after `from`, unless no path leads to the peer and back.
    pub(super) fn queue_syn(&mut self, end: End<SessionId>, from: SimTime) {
        let wanted = self.net.eager || self.may_reach(end);
        let Some(calling) = &self.state.session_ends[end].transport.calling else { return };
        if !wanted || calling.next.is_some_and(|next| next >= from) {
            return;
        }
        let next = calling.next_syn(from);
        if let Some(calling) = &mut self.state.session_ends.edit(end).transport.calling {
            calling.next = Some(next);
        }
        self.at(next, Event::Syn(end));
    }

    /// Whether any path may lead to the peer and back.
    pub(super) fn may_reach(&self, end: End<SessionId>) -> bool {
        match self.net.topology.sessions[end.of].kind {
            SessionKind::External(_) | SessionKind::Lan { .. } => {
                let any = |lag: LagId, side: Side| {
                    let table = &self.tables.lags[lag][side];
                    let carries =
                        |c: &crate::ids::CircuitId| self.tables.member_delivers(lag, side, *c);
                    table.up && table.distributing.iter().any(carries)
                };
                let below = |side| self.net.topology.below(end.of, side).map(|(lag, _)| lag);
                let lags = [below(Side::A), below(Side::B)];
                lags.into_iter().flatten().all(|lag| any(lag, Side::A) && any(lag, Side::B))
            }
            SessionKind::Internal => {
                let (near, far) =
                    (self.net.session_router(end), self.net.session_router(end.far()));
                let knows =
                    |from: RouterId, to: &RouterId| self.state.igp[from].routes.to(*to).is_some();
                self.both_routers_up([near, far]) && knows(near, &far) && knows(far, &near)
            }
        }
    }

    /// A SYN is due.
    pub(super) fn on_syn(&mut self, end: End<SessionId>) {
        let now = self.now;
        let Some(calling) = &mut self.state.session_ends.edit(end).transport.calling else {
            return;
        };
        if calling.next.is_none_or(|at| at > now) {
            return;
        }
        calling.next = None;
        let start = calling.attempt_at(now);
        self.cause = self.state.session_ends[end].transport.call_cause;
        let hash = self.call_hash(end, start);
        let (out, back) = (self.session_path(end, hash), self.session_path(end.far(), hash));
        let far = self.net.session_router(end.far());
        let answers = self.state.session_ends[end.far()].fsm.state() == session::State::Idle
            || !self.stands_still(far, Agent::Bgp);
        if out.up
            && back.up
            && answers
            && !self.segment_lost(end, out.loss)
            && !self.segment_lost(end, back.loss)
        {
            let at = now + out.delay + back.delay;
            self.at(at, Event::Connected { end, start, sent: now });
        }
        self.queue_syn(end, now + SimDuration::TICK);
    }

    fn call_hash(&self, end: End<SessionId>, start: SimTime) -> u64 {
        let name = format!("hash/tcp/{}/{}", self.net.session_end_name(end), start.as_nanos());
        Draws::new(self.net.seed, &name).bits(0)
    }

    /// The answer to a SYN is back, if it was not lost on the way.
    pub(super) fn on_connected(&mut self, end: End<SessionId>, start: SimTime, sent: SimTime) {
        let now = self.now;
        let hash = self.call_hash(end, start);
        let (out, back) = (self.session_path(end, hash), self.session_path(end.far(), hash));
        let same = |calling: &Calling| calling.attempt_at(sent) == start;
        let called = self.state.session_ends[end].transport.calling.as_ref().is_some_and(same);
        if !called || !out.up || !back.up {
            return;
        }
        let far = &self.state.session_ends[end.far()];
        let free = far.fsm.accepts_connection() && far.transport.epoch.is_none();
        if !free && !self.gives_way(end.far()) {
            self.call_refused(end);
            return;
        }
        let shared = self.state.sessions.edit(end.of);
        shared.epoch += 1;
        shared.hash = hash;
        let epoch = shared.epoch;
        self.join(end, epoch);
        self.session_paths_changed(end.of);
        self.at(now + out.delay, Event::Accepted { end: end.far(), epoch });
        self.session_input(end, session::Input::TransportUp);
    }

    /// A refused attempt is over; the next one follows by the retry timer, unless the machine waits
    /// otherwise.
    fn call_refused(&mut self, end: End<SessionId>) {
        self.session_input(end, session::Input::TransportRefused);
        let now = self.now;
        let Some(calling) = &mut self.state.session_ends.edit(end).transport.calling else {
            return;
        };
        let next = calling.restarts.at_or_after(now + SimDuration::TICK);
        calling.next = Some(next);
        self.at(next, Event::Syn(end));
    }

    /// The handshake is complete at the end that was called.
    pub(super) fn on_accepted(&mut self, end: End<SessionId>, epoch: u32) {
        if self.state.sessions[end.of].epoch != epoch {
            return;
        }
        if self.state.session_ends[end].fsm.accepts_connection() {
            self.join(end, epoch);
            self.session_input(end, session::Input::TransportUp);
        } else if self.gives_way(end) {
            self.rouse_session(end.of);
            self.join(end, epoch);
            self.session_input(end, session::Input::TransportReplaced);
        }
    }

    /// Whether a new connection from the peer ends the one that stands (RFC 4724 §4.2).
    fn gives_way(&self, end: End<SessionId>) -> bool {
        let established = self.state.session_ends[end].fsm.state() == session::State::Established;
        established && self.graceful(end).is_some()
    }

    fn join(&mut self, end: End<SessionId>, epoch: u32) {
        let transport = &mut self.state.session_ends.edit(end).transport;
        transport.epoch = Some(epoch);
        transport.sender = Sender::new();
        transport.receiver = Receiver::new();
        transport.calling = None;
    }

    /// Closes a connection; `tells`: the peer learns of it by a reset, if the path works.
    pub(super) fn close_transport(&mut self, end: End<SessionId>, tells: bool) {
        self.rouse_session(end.of);
        let now = self.now;
        let transport = &mut self.state.session_ends.edit(end).transport;
        let Some(epoch) = transport.epoch.take() else { return };
        let sender = std::mem::replace(&mut transport.sender, Sender::new());
        transport.keepalives = None;
        transport.next_keepalive = None;
        let path = transport.path;
        // The end of the stream queues behind what is being recovered, like all that is new.
        if tells && path.up && sender.is_open() {
            let after = sender.next_number();
            self.at(now + path.delay, Event::Reset { end: end.far(), epoch, after, sent: now });
        }
    }

    /// Sends a message to the peer.
    pub(super) fn send_message(&mut self, end: End<SessionId>, wire: Wire) {
        if self.state.session_ends[end].transport.epoch.is_none() {
            return;
        }
        self.rouse_keepalives(end);
        let config = self.net.topology.sessions[end.of].ends[end.side].bgp;
        if matches!(wire, Wire::Update(_)) && config.update_restarts_keepalive {
            self.restart_keepalives(end);
        }
        self.tcp_input(end, tcp::Input::Send(wire));
    }

    fn tcp_input(&mut self, end: End<SessionId>, input: tcp::Input<Wire>) {
        let now = self.now;
        let mut out = Vec::new();
        self.state.session_ends.edit(end).transport.sender.handle(now, input, &mut out);
        self.tcp_outputs(end, out);
    }

    pub(super) fn tcp_outputs(&mut self, end: End<SessionId>, out: Vec<tcp::Output<Wire>>) {
        for output in out {
            match output {
                tcp::Output::Transmit(segment) => self.transmit(end, segment),
                tcp::Output::Arm(at) => self.at(at, Event::Rto(end)),
                tcp::Output::Disarm => {}
            }
        }
    }

    fn transmit(&mut self, end: End<SessionId>, segment: Segment<Wire>) {
        let transport = &self.state.session_ends[end].transport;
        let (path, Some(epoch)) = (transport.path, transport.epoch) else { return };
        let acked = transport.receiver.acknowledged();
        if path.up && !self.segment_lost(end, path.loss) {
            let sent = self.now;
            let carried = Box::new(Carried { segment, acked });
            let event = Event::Segment { end: end.far(), epoch, carried, sent };
            self.at(sent + path.delay, event);
        }
    }

    pub(super) fn segment_lost(&self, end: End<SessionId>, loss: Share) -> bool {
        if loss == Share::ZERO {
            return false;
        }
        let name = format!("loss/tcp/{}", self.net.session_end_name(end));
        let draws = Draws::new(self.net.seed, &name);
        draws.chance(self.now.as_nanos().unsigned_abs(), loss.as_ppb())
    }

    /// The retransmission timer of a connection.
    pub(super) fn on_rto(&mut self, end: End<SessionId>) {
        let transport = &self.state.session_ends[end].transport;
        if transport.sender.deadline().is_some_and(|at| at <= self.now) {
            self.cause = transport.path_cause;
            self.tcp_input(end, tcp::Input::RtoExpired);
        }
    }

    /// A segment arrives at `end`, with what it acknowledges (RFC 9293 §3.10.7.4).
    pub(super) fn on_segment(
        &mut self,
        end: End<SessionId>,
        epoch: u32,
        Carried { segment, acked }: Carried,
        sent: SimTime,
    ) {
        let now = self.now;
        if sent < self.state.session_ends[end.far()].transport.lost_before {
            return;
        }
        let back = self.state.session_ends[end].transport.path;
        if self.state.session_ends[end].transport.epoch != Some(epoch) {
            if back.up && self.state.routers[self.net.session_router(end)].up {
                let event = Event::Reset { end: end.far(), epoch, after: 0, sent: now };
                self.at(now + back.delay, event);
            }
            return;
        }
        self.acknowledged(end, acked);
        let mut read = Vec::new();
        let upto = self.state.session_ends.edit(end).transport.receiver.receive(segment, &mut read);
        if back.up && !self.segment_lost(end, back.loss) {
            self.at(now + back.delay, Event::Ack { end: end.far(), epoch, upto, sent: now });
        }
        for wire in read {
            if self.state.session_ends[end].transport.epoch != Some(epoch) {
                break;
            }
            if !self.message_waits(end, epoch, &wire) {
                self.receive_message(end, wire);
            }
        }
    }

    /// An acknowledgement arrives at `end`.
    pub(super) fn on_ack(&mut self, end: End<SessionId>, epoch: u32, upto: u64, sent: SimTime) {
        let lost = sent < self.state.session_ends[end.far()].transport.lost_before;
        if lost || self.state.session_ends[end].transport.epoch != Some(epoch) {
            return;
        }
        self.acknowledged(end, upto);
    }

    /// The peer has received all that `end` has sent below `upto`.
    fn acknowledged(&mut self, end: End<SessionId>, upto: u64) {
        self.tcp_input(end, tcp::Input::Acked(upto));
        self.rest_keepalives(end);
    }

    /// The end of the stream, or a reset, arrives at `end`.
    pub(super) fn on_reset(&mut self, end: End<SessionId>, epoch: u32, after: u64, sent: SimTime) {
        let lost = sent < self.state.session_ends[end.far()].transport.lost_before;
        let whole = self.state.session_ends[end].transport.receiver.acknowledged() >= after;
        if !lost && whole && self.state.session_ends[end].transport.epoch == Some(epoch) {
            self.rouse_session(end.of);
            self.state.session_ends.edit(end).transport.epoch = None;
            self.session_input(end, session::Input::TransportClosed);
        }
    }
}

impl Calling {
    /// When the attempt of `time` began.
    fn attempt_at(&self, time: SimTime) -> SimTime {
        self.restarts.before(time + SimDuration::TICK).unwrap_or(self.start)
    }

    /// The first SYN at or after `time`.
    fn next_syn(&self, time: SimTime) -> SimTime {
        let start = self.attempt_at(time);
        let restart = self.restarts.at_or_after(time.max(start + SimDuration::TICK));
        tcp::next_syn(start, time).filter(|syn| *syn < restart).unwrap_or(restart)
    }
}
