//! Periodic datagrams that say "still alive", sent only when something depends on it.
//!
//! A periodic transmission is an event only while its arrival may change the receiver by more
//! than its detection deadline. Once a datagram has arrived that the receiver would take in
//! again and again without changing, the exchange is *quiet*: nothing is queued. Whatever changes
//! the path, the sender, its rate or the receiver wakes it; then the last arrival is computed
//! from the schedule, the receiver's deadline is set from it, and what is still under way is
//! delivered. Exchanges over a path that delivers nothing rest too: their next transmission is
//! computed when the path returns. In eager mode nothing rests; all transitions are the same.

use super::cause::{CauseId, Causes};
use super::event::{Event, Hello, Packet};
use super::world::World;
use crate::ids::{CircuitId, LagId, Side};
use crate::proto::schedule::Schedule;
use crate::rng::Draws;
use crate::units::{Share, SimDuration, SimTime};

/// What the path of an exchange does at present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PathView {
    /// Whether it delivers.
    pub(crate) up: bool,
    /// One-way delay.
    pub(crate) delay: SimDuration,
    /// Random loss.
    pub(crate) loss: Share,
}

impl PathView {
    /// This path and what follows it.
    pub(crate) fn then(self, next: Self) -> Self {
        let kept = (1_000_000_000 - self.loss.as_ppb()) * (1_000_000_000 - next.loss.as_ppb());
        Self {
            up: self.up && next.up,
            delay: self.delay + next.delay,
            loss: Share::from_ppb(1_000_000_000 - kept / 1_000_000_000),
        }
    }
}

/// One periodic exchange.
#[derive(Clone, Debug)]
pub(crate) struct HelloState {
    /// When it transmits, if it does.
    pub(crate) schedule: Option<Schedule>,
    /// How often the schedule started anew; names its draws.
    pub(crate) restarts: u64,
    /// The path it takes; down too where the sender or the receiver stands still.
    pub(crate) path: PathView,
    /// Whether what is under way arrives: it does where only the sender stands still.
    pub(crate) open: bool,
    /// What last changed the path, the sender or its rate.
    pub(crate) cause: CauseId,
    /// When what was sent before and still under way was last lost.
    pub(crate) lost_before: SimTime,
    /// When the path last broke.
    pub(crate) broke_at: SimTime,
    /// What broke it.
    pub(crate) break_cause: CauseId,
    /// The last datagram beside the periodic ones, and when it left.
    pub(crate) leaving: Option<(SimTime, Packet)>,
    /// The datagram that the receiver takes in without change, if the exchange is quiet.
    pub(crate) quiet: Option<Packet>,
    /// The transmission that is queued.
    pub(crate) next: Option<SimTime>,
    /// The last arrival that was an event.
    pub(crate) last_arrival: Option<SimTime>,
}

impl HelloState {
    /// An exchange that does not transmit.
    pub(crate) const fn silent() -> Self {
        Self {
            schedule: None,
            restarts: 0,
            path: PathView { up: false, delay: SimDuration::ZERO, loss: Share::ZERO },
            open: false,
            cause: Causes::START,
            lost_before: SimTime::from_nanos(i64::MIN),
            broke_at: SimTime::from_nanos(i64::MIN),
            break_cause: Causes::START,
            leaving: None,
            quiet: None,
            next: None,
            last_arrival: None,
        }
    }
}

impl World {
    /// Starts, changes or ends the periodic transmissions of an exchange.
    pub(super) fn set_rate(&mut self, hello: Hello, rate: Option<(SimDuration, SimDuration)>) {
        self.wake(hello);
        let now = self.now;
        let restarts = self.hello(hello).restarts + 1;
        let draws = || {
            let name = format!("{}/{restarts}", self.net.hello_name(hello));
            Draws::new(self.net.seed, &name)
        };
        let schedule = rate.map(|(low, high)| Schedule::starting(now, low, high, draws()));
        let cause = self.cause;
        let state = self.edit_hello(hello);
        state.cause = cause;
        state.restarts = restarts;
        state.schedule = schedule;
        state.next = None;
        self.queue_next(hello, now);
    }

    /// Gives an exchange a schedule that has been running for ever.
    pub(super) fn set_stationary(&mut self, hello: Hello, (low, high): (SimDuration, SimDuration)) {
        let draws = Draws::new(self.net.seed, &format!("{}/0", self.net.hello_name(hello)));
        self.edit_hello(hello).schedule = Some(Schedule::stationary(low, high, draws));
    }

    /// The path of an exchange may have changed.
    pub(super) fn path_changed(&mut self, hello: Hello, path: PathView) {
        let [mute, deaf] = self.still_ends(hello);
        let open = path.up && !deaf;
        let path = PathView { up: open && !mute, ..path };
        let (old, was_open) = (self.hello(hello).path, self.hello(hello).open);
        if old == path && was_open == open {
            return;
        }
        self.wake(hello);
        let (now, cause) = (self.now, self.cause);
        let state = self.edit_hello(hello);
        state.path = path;
        state.open = open;
        state.cause = cause;
        if was_open && !open {
            state.lost_before = now;
        }
        if old.up && !path.up {
            state.broke_at = now;
            state.break_cause = cause;
        }
        if !path.up && !self.net.eager {
            self.edit_hello(hello).next = None;
        } else if self.hello(hello).next.is_none() {
            self.queue_next(hello, now);
        }
    }

    /// Sends a datagram beside the periodic ones: it leaves when all else of this instant is
    /// done, so that two ends that come up at the same time hear each other. What there are
    /// several reasons to say at one instant is said once, for the first of them.
    pub(super) fn send(&mut self, hello: Hello, packet: Packet) {
        let leaving = Some((self.now, packet));
        if self.hello(hello).leaving == leaving {
            return;
        }
        self.edit_hello(hello).leaving = leaving;
        self.at(self.now, Event::HelloLeave { hello, packet: Box::new(packet) });
    }

    /// A datagram leaves.
    pub(super) fn on_hello_leave(&mut self, hello: Hello, packet: Packet) {
        let sent = self.now;
        let path = self.hello(hello).path;
        if !path.up || self.is_lost(hello, path.loss) {
            return;
        }
        let packet = Box::new(packet);
        self.at(sent + path.delay, Event::HelloArrive { hello, packet, sent });
    }

    /// Whether random loss takes the next datagram of an exchange.
    pub(super) fn is_lost(&self, hello: Hello, loss: Share) -> bool {
        if loss == Share::ZERO {
            return false;
        }
        let draws = Draws::new(self.net.seed, &format!("loss/{}", self.net.hello_name(hello)));
        // Numbered by the instant, so that no datagram's fate hangs on how many went before.
        draws.chance(self.now.as_nanos().unsigned_abs(), loss.as_ppb())
    }

    /// A periodic transmission is due.
    pub(super) fn on_hello_send(&mut self, hello: Hello) {
        let now = self.now;
        if self.hello(hello).next != Some(now) {
            return;
        }
        self.edit_hello(hello).next = None;
        self.cause = self.hello(hello).cause;
        let packet = self.hello_packet(hello);
        // What is said at this instant anyway is said for that reason.
        let said = |packet: &Packet| self.hello(hello).leaving == Some((now, *packet));
        if let Some(packet) = packet.filter(|packet| !said(packet)) {
            self.on_hello_leave(hello, packet);
        }
        self.queue_next(hello, now + SimDuration::TICK);
    }

    /// A datagram arrives: hands it to the receiver, and rests if nothing can come of the next.
    pub(super) fn on_hello_arrive(&mut self, hello: Hello, packet: Packet, sent: SimTime) {
        if sent < self.hello(hello).lost_before {
            return;
        }
        let now = self.now;
        self.edit_hello(hello).last_arrival = Some(now);
        let rests = self.may_rest(hello, &packet);
        self.receive(hello, packet);
        if rests {
            let state = self.edit_hello(hello);
            state.quiet = Some(packet);
            state.next = None;
        }
    }

    fn may_rest(&self, hello: Hello, packet: &Packet) -> bool {
        let state = self.hello(hello);
        let Some(schedule) = &state.schedule else { return false };
        let steady = !self.net.eager && state.path.up && state.path.loss == Share::ZERO;
        steady
            && self.hello_packet(hello).as_ref() == Some(packet)
            && self.absorbs(hello, packet, schedule.longest_gap())
    }

    /// An exchange that rested takes up where it would be had it never rested.
    pub(super) fn wake(&mut self, hello: Hello) {
        let now = self.now;
        let Some(packet) = self.edit_hello(hello).quiet.take() else { return };
        let state = self.hello(hello);
        let delay = state.path.delay;
        // What arrives at this very instant may have had its turn.
        let arrival = |sent| Event::HelloArrive { hello, packet: Box::new(packet), sent };
        let passed = self.has_passed(&arrival(now));
        let from = if passed && !delay.is_zero() { now + SimDuration::TICK } else { now };
        let (heard, under_way) = state.schedule.as_ref().map_or((None, Vec::new()), |schedule| {
            let last = schedule.before(from - delay).map(|sent| sent + delay);
            let mut under_way = Vec::new();
            let mut sent = schedule.at_or_after(from - delay);
            while sent < now {
                under_way.push(sent);
                sent = schedule.at_or_after(sent + SimDuration::TICK);
            }
            (last, under_way)
        });
        let heard = heard.max(state.last_arrival);
        let cause = state.cause;
        for sent in under_way {
            self.at_because(sent + delay, arrival(sent), cause);
        }
        self.queue_next(hello, now);
        if let Some(at) = heard {
            self.set_heard(hello, at);
        }
    }

    /// Whether a detection deadline of the receiver of `hello` counts: it does not while the
    /// exchange rests, for then its datagrams keep arriving.
    pub(super) fn is_quiet(&self, hello: Hello) -> bool {
        self.hello(hello).quiet.is_some()
    }

    /// Queues the first transmission at or after `from`, unless the exchange rests.
    pub(super) fn queue_next(&mut self, hello: Hello, from: SimTime) {
        let state = self.hello(hello);
        let wanted = self.net.eager || (state.path.up && state.quiet.is_none());
        let Some(schedule) = state.schedule.as_ref().filter(|_| wanted) else { return };
        let next = schedule.at_or_after(from);
        if state.next == Some(next) {
            return;
        }
        self.edit_hello(hello).next = Some(next);
        self.at(next, Event::HelloSend(hello));
    }

    /// What a packet sent by one side of a LAG on one of its members meets.
    pub(super) fn member_path(&self, lag: LagId, side: Side, circuit: CircuitId) -> PathView {
        let table = &self.tables.circuits[circuit][side];
        PathView {
            up: self.tables.member_delivers(lag, side, circuit),
            delay: table.delay,
            loss: table.loss,
        }
    }

    /// What a packet of the flow with this hash meets on its way across a LAG.
    pub(super) fn lag_path(&self, lag: LagId, side: Side, hash: u64) -> PathView {
        let end = &self.tables.lags[lag][side];
        let count = end.distributing.len() as u64;
        if !end.up || count == 0 {
            return PathView::default();
        }
        let index = usize::try_from(hash % count).expect("less than the number of members");
        self.member_path(lag, side, end.distributing[index])
    }
}
