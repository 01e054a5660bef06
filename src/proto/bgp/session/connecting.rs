//! How a connection comes about: when the machine calls, and what becomes of a call.

use super::io::{By, DownReason, Output, State};
use super::phase::{End, Phase, Then};
use super::timers::CONNECTS;
use super::{BgpConfig, Fsm, LARGE_HOLD, Speaker};
use crate::proto::bgp::message::{Message, Open};
use crate::units::{SimDuration, SimTime};

impl Fsm {
    /// Leaves Idle unless something holds the machine there.
    pub(super) fn start_if_free(&mut self, now: SimTime, out: &mut Vec<Output>) {
        if self.state() != State::Idle || self.blocks.any() {
            return;
        }
        match self.delay(now) {
            Some(delay) => self.change(Phase::Active { until: now + delay }, None, out),
            None => self.connect(out),
        }
    }

    /// Connects as soon as the neighbour's link address is asked for, which a router does at a
    /// fixed interval from the loss of its interface on.
    fn connect_when_resolved(&mut self, now: SimTime, out: &mut Vec<Output>) {
        let every = self.own.timers.address_retry;
        let Some(lost) = self.lost.filter(|_| !every.is_zero()) else { return self.connect(out) };
        // Timers of the kernel run out at its own ticks, up to a 32nd part early.
        let n = lost.as_nanos().cast_unsigned() ^ CONNECTS;
        let early = self.draws.as_ref().map_or(SimDuration::ZERO, |draws| {
            draws.below(n, every.scaled(1, 32) + SimDuration::TICK)
        });
        let times = (now.since(lost) + early).as_nanos().div_euclid(every.as_nanos()) + 1;
        self.change(Phase::Active { until: lost + every * times - early }, None, out);
    }

    /// How long a call waits in Active first, if it does.
    fn delay(&self, now: SimTime) -> Option<SimDuration> {
        let BgpConfig { connect_delay, jitter, .. } = self.own.timers;
        let cut = self.cut(connect_delay, jitter.retry, now.as_nanos().cast_unsigned() ^ CONNECTS);
        (!connect_delay.is_zero()).then(|| connect_delay - cut)
    }

    pub(super) fn connect(&mut self, out: &mut Vec<Output>) {
        self.change(Phase::Connect, None, out);
        out.push(Output::Connect);
    }

    pub(super) fn interface_up(&mut self, now: SimTime, out: &mut Vec<Output>) {
        self.blocks.interface = false;
        if !self.own.timers.idle_after.interface_up {
            self.next_wait = self.own.timers.idle_hold;
        }
        match self.state() {
            State::Idle if self.own.timers.idle_after.interface_up && !self.blocks.any() => {
                let until = self.wait(now, Then::BackOff).map(|wait| now + wait);
                self.change(Phase::Idle { until }, None, out);
            }
            State::Idle if self.own.timers.connect_delay.is_zero() && !self.blocks.any() => {
                self.connect_when_resolved(now, out);
            }
            State::Idle => self.start_if_free(now, out),
            State::Connect => out.push(Output::Connect),
            State::Active => self.connect_when_resolved(now, out),
            State::OpenSent | State::OpenConfirm | State::Established => {}
        }
    }

    pub(super) fn transport_up(&mut self, now: SimTime, out: &mut Vec<Output>) {
        match self.state() {
            State::Idle => out.push(Output::CloseTransport),
            State::Connect | State::Active => {
                self.change(Phase::OpenSent { until: now + LARGE_HOLD }, None, out);
                out.push(self.own_open());
            }
            State::OpenSent | State::OpenConfirm | State::Established => {}
        }
    }

    /// The old connection has ended, without a word, and the new one begins (RFC 4724 §5).
    pub(super) fn transport_replaced(&mut self, now: SimTime, out: &mut Vec<Output>) {
        match self.state() {
            State::Idle | State::Connect | State::Active => self.transport_up(now, out),
            State::OpenSent | State::OpenConfirm => {}
            State::Established => {
                let (reason, by) = (DownReason::ConnectionClosed, By::Remote);
                self.change(Phase::OpenSent { until: now + LARGE_HOLD }, Some(reason), out);
                out.extend([Output::Down { reason, by }, self.own_open()]);
            }
        }
    }

    const fn own_open(&self) -> Output {
        let Speaker { asn, router_id, timers } = self.own;
        Output::Send(Message::Open(Open { asn, hold: timers.hold, router_id }))
    }

    pub(super) fn transport_refused(&mut self, now: SimTime, out: &mut Vec<Output>) {
        if let (State::Connect, Some(delay)) = (self.state(), self.delay(now)) {
            self.change(Phase::Active { until: now + delay }, None, out);
        }
    }

    pub(super) fn transport_closed(&mut self, now: SimTime, out: &mut Vec<Output>) {
        let reason = DownReason::ConnectionClosed;
        match self.state() {
            State::Idle | State::Connect | State::Active => {}
            State::OpenSent => {
                let until = now + self.delay(now).unwrap_or(self.own.timers.connect_retry);
                self.change(Phase::Active { until }, Some(reason), out);
            }
            State::OpenConfirm | State::Established => {
                let (by, then) = (By::Remote, self.after_close());
                self.end(now, End { reason, by, last_word: None, then }, out);
            }
        }
    }

    /// What follows when the neighbour wanted the end.
    pub(super) const fn after_close(&self) -> Then {
        if self.own.timers.idle_after.close {
            Then::BackOff
        } else {
            Then::After(SimDuration::ZERO)
        }
    }
}
