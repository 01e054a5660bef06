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
use super::event::Event;
use super::hello::PathView;
use super::world::World;
use crate::dataplane::paths::mix;
use crate::ids::{End, Id, LagId, NetworkId, RouterId, SessionId, Side};
use crate::model::topology::{LagKind, SessionKind};
use crate::proto::bgp::session::{self, KeepaliveRange, State};
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
    /// Segments that met random loss; numbers the draws.
    pub(crate) drawn: u64,
    /// When keepalives are sent.
    pub(crate) keepalives: Option<(Schedule, KeepaliveRange)>,
    /// How often that schedule started anew.
    pub(crate) restarts: u64,
    /// The keepalive that is queued.
    pub(crate) next_keepalive: Option<SimTime>,
    /// Whether keepalives of this end rest.
    pub(crate) quiet: bool,
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
            drawn: 0,
            keepalives: None,
            restarts: 0,
            next_keepalive: None,
            quiet: false,
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

const TICK: SimDuration = SimDuration::from_nanos(1);

impl World {
    /// Begins to call the peer, or begins anew.
    pub(super) fn begin_calling(&mut self, end: End<SessionId>) {
        let now = self.now;
        let calls = self.state.session_ends[end].transport.calls + 1;
        let name = format!("connect/{}/{calls}", self.net.session_end_name(end));
        let retry = self.net.topology.sessions[end.of].ends[end.side].bgp.connect_retry;
        let draws = Draws::new(self.net.seed, &name);
        let restarts = Schedule::starting(now, retry.scaled(3, 4), retry, draws);
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
    fn queue_syn(&mut self, end: End<SessionId>, from: SimTime) {
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
    fn may_reach(&self, end: End<SessionId>) -> bool {
        match self.net.topology.sessions[end.of].kind {
            SessionKind::External(lag) => {
                let any = |side: Side| {
                    let table = &self.tables.lags[lag][side];
                    let carries =
                        |c: &crate::ids::CircuitId| self.tables.member_delivers(lag, side, *c);
                    table.up && table.distributing.iter().any(carries)
                };
                any(Side::A) && any(Side::B)
            }
            SessionKind::Internal => {
                let (near, far) =
                    (self.net.session_router(end), self.net.session_router(end.far()));
                let knows = |from: RouterId, to: &RouterId| {
                    self.state.routers[from].routes.to.contains_key(to)
                };
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
        if calling.next != Some(now) {
            return;
        }
        calling.next = None;
        let start = calling.attempt_at(now);
        self.cause = self.state.session_ends[end].transport.call_cause;
        let hash = self.call_hash(end, start);
        let (out, back) = (self.session_path(end, hash), self.session_path(end.far(), hash));
        if out.up
            && back.up
            && !self.segment_lost(end, out.loss)
            && !self.segment_lost(end, back.loss)
        {
            let at = now + out.delay + back.delay;
            self.at(at, Event::Connected { end, start, sent: now });
        }
        self.queue_syn(end, now + TICK);
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
        if !far.fsm.accepts_connection() || far.transport.epoch.is_some() {
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

    /// A refused attempt is over; the next one follows by the retry timer.
    fn call_refused(&mut self, end: End<SessionId>) {
        let now = self.now;
        let Some(calling) = &mut self.state.session_ends.edit(end).transport.calling else {
            return;
        };
        let next = calling.restarts.at_or_after(now + TICK);
        calling.next = Some(next);
        self.at(next, Event::Syn(end));
    }

    /// The handshake is complete at the end that was called.
    pub(super) fn on_accepted(&mut self, end: End<SessionId>, epoch: u32) {
        let fits = self.state.sessions[end.of].epoch == epoch
            && self.state.session_ends[end].fsm.accepts_connection();
        if fits {
            self.join(end, epoch);
            self.session_input(end, session::Input::TransportUp);
        }
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
        if let Wire::Update(_) = wire {
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

    fn tcp_outputs(&mut self, end: End<SessionId>, out: Vec<tcp::Output<Wire>>) {
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
        if path.up && !self.segment_lost(end, path.loss) {
            let sent = self.now;
            let event = Event::Segment { end: end.far(), epoch, segment, sent };
            self.at(sent + path.delay, event);
        }
    }

    fn segment_lost(&mut self, end: End<SessionId>, loss: Share) -> bool {
        if loss == Share::ZERO {
            return false;
        }
        let name = format!("loss/tcp/{}", self.net.session_end_name(end));
        let draws = Draws::new(self.net.seed, &name);
        let transport = &mut self.state.session_ends.edit(end).transport;
        transport.drawn += 1;
        draws.chance(transport.drawn, loss.as_ppb())
    }

    /// The retransmission timer of a connection.
    pub(super) fn on_rto(&mut self, end: End<SessionId>) {
        let transport = &self.state.session_ends[end].transport;
        if transport.sender.deadline() == Some(self.now) {
            self.cause = transport.path_cause;
            self.tcp_input(end, tcp::Input::RtoExpired);
        }
    }

    /// A segment arrives at `end`.
    pub(super) fn on_segment(
        &mut self,
        end: End<SessionId>,
        epoch: u32,
        segment: Segment<Wire>,
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
        let mut read = Vec::new();
        let upto = self.state.session_ends.edit(end).transport.receiver.receive(segment, &mut read);
        if back.up && !self.segment_lost(end, back.loss) {
            self.at(now + back.delay, Event::Ack { end: end.far(), epoch, upto, sent: now });
        }
        for wire in read {
            if self.state.session_ends[end].transport.epoch != Some(epoch) {
                break;
            }
            self.receive_message(end, wire);
        }
    }

    /// An acknowledgement arrives at `end`.
    pub(super) fn on_ack(&mut self, end: End<SessionId>, epoch: u32, upto: u64, sent: SimTime) {
        let lost = sent < self.state.session_ends[end.far()].transport.lost_before;
        if lost || self.state.session_ends[end].transport.epoch != Some(epoch) {
            return;
        }
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

    // Keepalives ------------------------------------------------------------------------------

    /// Starts or stops periodic keepalives.
    pub(super) fn set_keepalives(&mut self, end: End<SessionId>, range: Option<KeepaliveRange>) {
        self.rouse_keepalives(end);
        let transport = &mut self.state.session_ends.edit(end).transport;
        transport.next_keepalive = None;
        transport.keepalives = None;
        if let Some(range) = range {
            self.start_keepalives(end, range);
        }
    }

    fn restart_keepalives(&mut self, end: End<SessionId>) {
        let keepalives = &self.state.session_ends[end].transport.keepalives;
        if let Some(range) = keepalives.as_ref().map(|(_, range)| *range) {
            self.start_keepalives(end, range);
        }
    }

    fn start_keepalives(&mut self, end: End<SessionId>, range: KeepaliveRange) {
        let now = self.now;
        let restarts = self.state.session_ends[end].transport.restarts + 1;
        let draws = self.keepalive_draws(end, restarts);
        let schedule = Schedule::starting(now, range.shortest, range.longest, draws);
        let transport = &mut self.state.session_ends.edit(end).transport;
        transport.restarts = restarts;
        transport.keepalives = Some((schedule, range));
        transport.next_keepalive = None;
        self.queue_keepalive(end, now);
    }

    fn keepalive_draws(&self, end: End<SessionId>, restarts: u64) -> Draws {
        let name = format!("keepalive/{}/{restarts}", self.net.session_end_name(end));
        Draws::new(self.net.seed, &name)
    }

    /// Keepalives that have been sent for ever.
    pub(super) fn stationary_keepalives(&mut self, end: End<SessionId>) {
        let Some(range) = self.state.session_ends[end].fsm.keepalives() else { return };
        let draws = self.keepalive_draws(end, 0);
        let schedule = Schedule::stationary(range.shortest, range.longest, draws);
        let transport = &mut self.state.session_ends.edit(end).transport;
        transport.keepalives = Some((schedule, range));
        transport.quiet = true;
    }

    fn queue_keepalive(&mut self, end: End<SessionId>, from: SimTime) {
        let transport = &self.state.session_ends[end].transport;
        let Some((schedule, _)) = &transport.keepalives else { return };
        let next = schedule.at_or_after(from);
        if transport.next_keepalive == Some(next) {
            return;
        }
        self.state.session_ends.edit(end).transport.next_keepalive = Some(next);
        self.at(next, Event::Keepalive(end));
    }

    /// A keepalive is due.
    pub(super) fn on_keepalive(&mut self, end: End<SessionId>) {
        let now = self.now;
        if self.state.session_ends[end].transport.next_keepalive != Some(now) {
            return;
        }
        self.state.session_ends.edit(end).transport.next_keepalive = None;
        self.cause = self.state.session_ends[end].transport.path_cause;
        self.send_message(end, Wire::KEEPALIVE);
        self.queue_keepalive(end, now + TICK);
    }

    /// Lets keepalives of `end` rest if nothing can come of the next one.
    fn rest_keepalives(&mut self, end: End<SessionId>) {
        if self.net.eager {
            return;
        }
        let (near, far) = (&self.state.session_ends[end], &self.state.session_ends[end.far()]);
        let steady = |path: PathView| path.up && path.loss == Share::ZERO;
        let both = [near, far];
        let established = both.iter().all(|e| e.fsm.state() == State::Established);
        let clean = near.transport.sender.idle()
            && far.transport.receiver.acknowledged() == near.transport.sender.next_number();
        let Some((_, range)) = &near.transport.keepalives else { return };
        let hold = far.fsm.hold().unwrap_or(SimDuration::ZERO);
        let lasting = hold.is_zero() || range.longest <= hold;
        if established && clean && lasting && both.iter().all(|e| steady(e.transport.path)) {
            let transport = &mut self.state.session_ends.edit(end).transport;
            transport.quiet = true;
            transport.next_keepalive = None;
        }
    }

    /// Whether the hold deadline of `end` does not count, as the peer's keepalives keep coming.
    pub(super) fn hears_keepalives(&self, end: End<SessionId>) -> bool {
        self.state.session_ends[end.far()].transport.quiet
    }

    /// Both directions of a session go on as if they had never rested.
    pub(super) fn rouse_session(&mut self, session: SessionId) {
        for side in Side::BOTH {
            self.rouse_keepalives(End::new(session, side));
        }
    }

    /// Keepalives of `end` go on: what was heard, and what is under way, is computed.
    fn rouse_keepalives(&mut self, end: End<SessionId>) {
        if !self.state.session_ends[end].transport.quiet {
            return;
        }
        self.state.session_ends.edit(end).transport.quiet = false;
        let now = self.now;
        let transport = &self.state.session_ends[end].transport;
        let out = transport.path.delay;
        let back = self.state.session_ends[end.far()].transport.path.delay;
        let (heard, under_way) =
            transport.keepalives.as_ref().map_or((None, vec![]), |keepalives| {
                let schedule = &keepalives.0;
                let mut under_way = Vec::new();
                let mut sent = schedule.at_or_after(now - (out + back));
                while sent < now {
                    under_way.push(sent);
                    sent = schedule.at_or_after(sent + TICK);
                }
                (schedule.before(now - out).map(|sent| sent + out), under_way)
            });
        for sent in under_way {
            self.resume_keepalive(end, sent, out, back);
        }
        if let Some(at) = heard {
            self.session_heard(end.far(), at);
        }
        self.queue_keepalive(end, now);
    }

    /// A keepalive sent at `sent` has not been acknowledged yet.
    fn resume_keepalive(
        &mut self,
        end: End<SessionId>,
        sent: SimTime,
        out: SimDuration,
        back: SimDuration,
    ) {
        let Some(epoch) = self.state.session_ends[end].transport.epoch else { return };
        let mut outputs = Vec::new();
        let sender = &mut self.state.session_ends.edit(end).transport.sender;
        let segment = Segment { number: sender.next_number(), message: Wire::KEEPALIVE };
        sender.resume(Wire::KEEPALIVE, sent, &mut outputs);
        let arrival = sent + out;
        if arrival < self.now {
            let mut read = Vec::new();
            let far = self.state.session_ends.edit(end.far());
            let upto = far.transport.receiver.receive(segment, &mut read);
            self.at(arrival + back, Event::Ack { end, epoch, upto, sent: arrival });
        } else {
            self.at(arrival, Event::Segment { end: end.far(), epoch, segment, sent });
        }
        self.tcp_outputs(end, outputs);
    }

    // Paths -----------------------------------------------------------------------------------

    /// The path of a packet from `end` to its peer on a connection with this hash.
    fn session_path(&self, end: End<SessionId>, hash: u64) -> PathView {
        let hash = mix(hash ^ end.side.index() as u64);
        match self.net.topology.sessions[end.of].kind {
            SessionKind::External(lag) => self.lag_path(lag, end.side, hash),
            SessionKind::Internal => {
                let to = self.net.session_router(end.far());
                self.internal_path(self.net.session_router(end), to, hash)
            }
        }
    }

    /// The path from router to router inside a network.
    fn internal_path(&self, from: RouterId, to: RouterId, hash: u64) -> PathView {
        let mut path = PathView { up: true, delay: SimDuration::ZERO, loss: Share::ZERO };
        let mut at = from;
        for _ in 0..self.net.topology.routers.len() {
            if at == to {
                return path;
            }
            let routes = &self.state.routers[at].routes.to;
            let Some((_, links)) = routes.get(&to).filter(|(_, links)| !links.is_empty()) else {
                return PathView::default();
            };
            let pick = mix(hash ^ at.index() as u64) % links.len() as u64;
            let lag = links[usize::try_from(pick).expect("less than the number of links")];
            let ends = &self.net.topology.lags[lag].ends;
            let side = if ends[Side::A].router == at { Side::A } else { Side::B };
            let hop = self.lag_path(lag, side, hash);
            if !hop.up || !self.state.routers[at].up {
                return PathView::default();
            }
            path.delay += hop.delay;
            let kept = (1_000_000_000 - path.loss.as_ppb()) * (1_000_000_000 - hop.loss.as_ppb());
            path.loss = Share::from_ppb(1_000_000_000 - kept / 1_000_000_000);
            at = ends[side.other()].router;
        }
        PathView::default()
    }

    /// What rides a LAG may take another path.
    pub(super) fn transport_paths_changed(&mut self, lag: LagId) {
        match self.net.topology.lags[lag].kind {
            LagKind::Pni { .. } => {
                for session in self.net.topology.lags[lag].sessions.clone() {
                    self.session_paths_changed(session);
                }
            }
            LagKind::Link => {
                let router = self.net.topology.lags[lag].ends[Side::A].router;
                self.internal_paths_changed(self.net.topology.routers[router].network);
            }
        }
    }

    /// Internal sessions of a network may take another path.
    pub(super) fn internal_paths_changed(&mut self, network: NetworkId) {
        let topology = &self.net.topology;
        let inside = topology.sessions.iter_ids().filter(|(_, session)| {
            session.kind == SessionKind::Internal
                && topology.routers[session.ends[Side::A].router].network == network
        });
        let sessions: Vec<SessionId> = inside.map(|(id, _)| id).collect();
        for session in sessions {
            self.session_paths_changed(session);
        }
    }

    fn session_paths_changed(&mut self, session: SessionId) {
        let hash = self.state.sessions[session].hash;
        let paths = Side::BOTH.map(|side| self.session_path(End::new(session, side), hash));
        let old =
            Side::BOTH.map(|side| self.state.session_ends[End::new(session, side)].transport.path);
        let (now, cause) = (self.now, self.cause);
        if paths != old {
            self.rouse_session(session);
        }
        for side in Side::BOTH {
            let end = End::new(session, side);
            if paths[side] != old[side] {
                let transport = &mut self.state.session_ends.edit(end).transport;
                transport.path = paths[side];
                transport.path_cause = cause;
                if old[side].up && !paths[side].up {
                    transport.lost_before = now;
                    transport.break_cause = cause;
                }
            }
            let reachable = self.may_reach(end);
            let transport = &mut self.state.session_ends.edit(end).transport;
            if reachable != transport.reachable {
                transport.reachable = reachable;
                transport.call_cause = cause;
                // A route to the peer appears: routers that track it call again at once.
                let internal = self.net.topology.sessions[session].kind == SessionKind::Internal;
                let calls = self.state.session_ends[end].transport.calling.is_some();
                if reachable && internal && calls {
                    self.begin_calling(end);
                }
            }
            self.queue_syn(end, now);
        }
    }

    /// The hold timer of `end` ran out: the cause is what broke the path from the peer, or the one
    /// to it that acknowledgements take, since the peer was heard.
    pub(super) fn blame_session_path(&mut self, end: End<SessionId>) {
        let hold = self.state.session_ends[end].fsm.hold().unwrap_or(SimDuration::ZERO);
        let heard = self.now - hold;
        let of = |side: Side| &self.state.session_ends[End::new(end.of, side)].transport;
        let sides = [end.side.other(), end.side];
        let broken = sides.into_iter().map(of).find(|transport| transport.lost_before >= heard);
        self.cause = broken.map_or(of(end.side.other()).path_cause, |broken| broken.break_cause);
    }
}

impl Calling {
    /// When the attempt of `time` began.
    fn attempt_at(&self, time: SimTime) -> SimTime {
        self.restarts.before(time + TICK).unwrap_or(self.start)
    }

    /// The first SYN at or after `time`.
    fn next_syn(&self, time: SimTime) -> SimTime {
        let start = self.attempt_at(time);
        let restart = self.restarts.at_or_after(time.max(start + TICK));
        tcp::next_syn(start, time).filter(|syn| *syn < restart).unwrap_or(restart)
    }
}
