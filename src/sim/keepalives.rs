//! Keepalives that rest while both directions of a session work and nothing is unacknowledged.
//!
//! What wakes them computes what was heard last, and what is under way: a keepalive that was sent
//! but not acknowledged is handed to TCP as if it had been sent all along.

use super::bgp::Wire;
use super::event::{Carried, Event};
use super::hello::PathView;
use super::processes::Agent;
use super::world::World;
use crate::ids::{End, SessionId, Side};
use crate::proto::bgp::session::{KeepaliveRange, State};
use crate::proto::bgp::tcp::Segment;
use crate::proto::schedule::Schedule;
use crate::rng::Draws;
use crate::units::{Share, SimDuration, SimTime};

impl World {
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

    pub(super) fn restart_keepalives(&mut self, end: End<SessionId>) {
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
    ///
    /// Where they are not jittered, both ends have sent theirs at the same instants since the session
    /// came up, if they send them as often.
    pub(super) fn stationary_keepalives(&mut self, end: End<SessionId>) {
        let Some(range) = self.state.session_ends[end].fsm.keepalives() else { return };
        let far = self.state.session_ends[end.far()].fsm.keepalives();
        let in_step = range.shortest == range.longest && far == Some(range);
        let draws = self.keepalive_draws(if in_step { End::new(end.of, Side::A) } else { end }, 0);
        let schedule = Schedule::stationary(range.shortest, range.longest, draws);
        let transport = &mut self.state.session_ends.edit(end).transport;
        transport.keepalives = Some((schedule, range));
        transport.resting = Some(SimTime::EVER);
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
        let next = self.state.session_ends[end].transport.next_keepalive;
        if next.is_none_or(|at| at > now) {
            return;
        }
        self.state.session_ends.edit(end).transport.next_keepalive = None;
        self.wake_bgp(self.net.session_router(end));
        self.cause = self.state.session_ends[end].transport.path_cause;
        self.send_message(end, Wire::KEEPALIVE);
        self.queue_keepalive(end, now + SimDuration::TICK);
    }

    /// Lets keepalives of `end` rest if nothing can come of the next one.
    pub(super) fn rest_keepalives(&mut self, end: End<SessionId>) {
        let still =
            |end: End<SessionId>| self.stands_still(self.net.session_router(end), Agent::Bgp);
        let sleeps = |end: End<SessionId>| self.sleeps(self.net.session_router(end));
        if self.net.eager || [end, end.far()].into_iter().any(|end| still(end) || sleeps(end)) {
            return;
        }
        let (near, far) = (&self.state.session_ends[end], &self.state.session_ends[end.far()]);
        let steady = |path: PathView| path.up && path.loss == Share::ZERO;
        let both = [near, far];
        let established = both.iter().all(|e| e.fsm.state() == State::Established);
        let clean = near.transport.sender.idle()
            && far.transport.receiver.acknowledged() == near.transport.sender.next_number();
        let Some((_, range)) = &near.transport.keepalives else { return };
        if near.transport.resting.is_some() {
            return;
        }
        let hold = far.fsm.hold().unwrap_or(SimDuration::ZERO);
        let lasting = hold.is_zero() || range.longest <= hold;
        let now = self.now;
        if established && clean && lasting && both.iter().all(|e| steady(e.transport.path)) {
            let transport = &mut self.state.session_ends.edit(end).transport;
            transport.resting = Some(now);
            transport.next_keepalive = None;
        }
    }

    /// Whether the hold deadline of `end` does not count, as the peer's keepalives keep coming.
    pub(super) fn hears_keepalives(&self, end: End<SessionId>) -> bool {
        self.state.session_ends[end.far()].transport.resting.is_some()
    }

    /// Both directions of a session go on as if they had never rested.
    pub(super) fn rouse_session(&mut self, session: SessionId) {
        for side in Side::BOTH {
            self.rouse_keepalives(End::new(session, side));
        }
    }

    /// Keepalives of `end` go on: what was heard, and what is under way, is computed.
    pub(super) fn rouse_keepalives(&mut self, end: End<SessionId>) {
        let Some(since) = self.state.session_ends[end].transport.resting else { return };
        self.state.session_ends.edit(end).transport.resting = None;
        let now = self.now;
        let transport = &self.state.session_ends[end].transport;
        let out = transport.path.delay;
        let back = self.state.session_ends[end.far()].transport.path.delay;
        let (heard, under_way) =
            transport.keepalives.as_ref().map_or((None, vec![]), |keepalives| {
                let schedule = &keepalives.0;
                let mut under_way = Vec::new();
                let mut sent = schedule.at_or_after(since.max(now - (out + back)));
                while sent < now {
                    under_way.push(sent);
                    sent = schedule.at_or_after(sent + SimDuration::TICK);
                }
                let heard = schedule.before(now - out).filter(|sent| *sent >= since);
                (heard.map(|sent| sent + out), under_way)
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
            // All that has arrived here was acknowledged when it did.
            let acked = 0;
            let carried = Box::new(Carried { segment, acked });
            self.at(arrival, Event::Segment { end: end.far(), epoch, carried, sent });
        }
        self.tcp_outputs(end, outputs);
    }
}
