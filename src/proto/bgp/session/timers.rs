//! The timers of a connection machine, and how they are jittered.

use super::phase::Phase;
use super::{Fsm, KEEPALIVE_MIN, KeepaliveRange, Timer};
use crate::units::{Share, SimDuration, SimTime};

/// Draws for waits in Idle are numbered by the instant and this.
pub(super) const IDLES: u64 = 1 << 63;
/// Draws for delays before a connection are numbered by the instant and this.
pub(super) const CONNECTS: u64 = 1 << 62;

impl Fsm {
    /// The range of gaps between keepalives: the shorter of the configured interval and a third
    /// of the negotiated hold time, but no less than a second (RFC 4271 §4.4), jittered; `None`
    /// before the OPENs agree or without hold time.
    #[must_use]
    pub fn keepalives(&self) -> Option<KeepaliveRange> {
        let hold = self.hold().filter(|hold| !hold.is_zero())?;
        let longest = self.own.timers.keepalive.min(hold.scaled(1, 3)).max(KEEPALIVE_MIN);
        let shortest = longest.shortened(self.own.timers.jitter.keepalive);
        Some(KeepaliveRange { shortest, longest })
    }

    /// When `timer` runs out, if it runs.
    #[must_use]
    pub fn deadline(&self, timer: Timer) -> Option<SimTime> {
        let (running, until) = match self.phase {
            Phase::Idle { until } => (Timer::IdleHold, until),
            Phase::Connect => return None,
            Phase::Active { until } => (Timer::ConnectRetry, Some(until)),
            Phase::OpenSent { until } => (Timer::Hold, Some(until)),
            Phase::OpenConfirm { until, .. } => (Timer::Hold, until),
            Phase::Established { hold, heard, .. } => {
                (Timer::Hold, heard.and_then(|at| self.hold_until(hold, at)))
            }
        };
        until.filter(|_| running == timer)
    }

    pub(super) fn is_due(&self, timer: Timer, now: SimTime) -> bool {
        self.deadline(timer).is_some_and(|deadline| deadline <= now)
    }

    /// When the hold timer that starts at `at` runs out; never if there is none.
    pub(super) fn hold_until(&self, hold: SimDuration, at: SimTime) -> Option<SimTime> {
        let cut = self.cut(hold, self.own.timers.jitter.hold, at.as_nanos().cast_unsigned());
        (!hold.is_zero()).then(|| at + hold - cut)
    }

    /// By how much a timer is shortened, with draw `n`.
    pub(super) fn cut(&self, timer: SimDuration, jitter: Share, n: u64) -> SimDuration {
        let most = timer - timer.shortened(jitter);
        match &self.draws {
            Some(draws) if !most.is_zero() => draws.below(n, most + SimDuration::TICK),
            Some(_) | None => SimDuration::ZERO,
        }
    }

    /// The timer that runs, and when it runs out.
    pub(super) fn running(&self) -> Option<(Timer, SimTime)> {
        [Timer::Hold, Timer::IdleHold, Timer::ConnectRetry]
            .into_iter()
            .find_map(|timer| self.deadline(timer).map(|at| (timer, at)))
    }
}
