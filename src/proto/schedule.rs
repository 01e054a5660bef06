//! Periodic transmissions whose every instant can be computed without counting up to it.
//!
//! Transmission `n` happens at `anchor + n·P + d(n)` with `P` half way between the shortest and
//! the longest gap and `d(n)` drawn uniformly from zero to half their difference. Every gap lies
//! within `shortest..=longest`, and the `n`-th instant costs one draw, whatever `n` is.
//!
//! # Departures
//! RFC 5880 §6.8.7 and RFC 4271 §10 fix only the range of a jittered gap. Here successive gaps
//! are triangular over that range and share the draw between them; a walk of independent gaps
//! would drift but could not be computed lazily.

use crate::rng::Draws;
use crate::units::{SimDuration, SimTime};

/// When something periodic is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    anchor: SimTime,
    period: SimDuration,
    spread: SimDuration,
    longest: SimDuration,
    first: i64,
    draws: Draws,
}

impl Schedule {
    /// Starts at `now`; the first transmission follows after one gap.
    #[must_use]
    pub fn starting(
        now: SimTime,
        shortest: SimDuration,
        longest: SimDuration,
        draws: Draws,
    ) -> Self {
        let mut schedule = Self::anchored(now, shortest, longest, draws);
        // The first gap has a draw of its own over the whole range: slot 1 falls where it ends.
        let gap = schedule.draws.between(FIRST_DRAW, shortest, longest);
        let slot = schedule.at(1).since(now);
        schedule.anchor = schedule.anchor + gap - slot;
        schedule
    }

    fn anchored(
        anchor: SimTime,
        shortest: SimDuration,
        longest: SimDuration,
        draws: Draws,
    ) -> Self {
        let period = shortest.scaled(1, 2) + longest - longest.scaled(1, 2);
        // Without a period there is no next transmission, and no end of looking for it.
        let period = period.max(SimDuration::TICK);
        let spread = longest.max(period) - period;
        Self { anchor, period, spread, longest, first: 1, draws }
    }

    /// Has been running for ever at time zero: its phase is drawn.
    #[must_use]
    pub fn stationary(shortest: SimDuration, longest: SimDuration, draws: Draws) -> Self {
        let mut schedule = Self::anchored(SimTime::ZERO, shortest, longest, draws);
        schedule.anchor = SimTime::ZERO + schedule.draws.below(PHASE_DRAW, schedule.period);
        schedule.first = i64::MIN;
        schedule
    }

    /// The longest time between two transmissions.
    #[must_use]
    pub const fn longest_gap(&self) -> SimDuration {
        self.longest
    }

    /// The first transmission at or after `time`.
    #[must_use]
    pub fn at_or_after(&self, time: SimTime) -> SimTime {
        let mut n = self.slot(time).saturating_sub(1).max(self.first);
        while self.at(n) < time {
            n += 1;
        }
        self.at(n)
    }

    /// The last transmission before `time`, if there was one.
    #[must_use]
    pub fn before(&self, time: SimTime) -> Option<SimTime> {
        let mut n = self.slot(time).saturating_add(1);
        while n >= self.first {
            let at = self.at(n);
            if at < time {
                return Some(at);
            }
            n -= 1;
        }
        None
    }

    /// The grid slot that `time` falls into.
    fn slot(&self, time: SimTime) -> i64 {
        let period = i64::try_from(self.period.as_nanos()).unwrap_or(i64::MAX).max(1);
        time.as_nanos().saturating_sub(self.anchor.as_nanos()).div_euclid(period)
    }

    fn at(&self, n: i64) -> SimTime {
        let offset =
            SimDuration::from_nanos(self.period.as_nanos().saturating_mul(n.unsigned_abs()));
        let slot = if n < 0 { self.anchor - offset } else { self.anchor + offset };
        if self.spread.is_zero() {
            return slot;
        }
        let draw = n.wrapping_add(DRAW_OFFSET).cast_unsigned();
        slot + self.draws.below(draw, self.spread + SimDuration::from_nanos(1))
    }
}

/// Draws of slots lie around this, so that slots before the start have one too.
const DRAW_OFFSET: i64 = 1 << 62;
/// The draw of the phase, which no slot uses.
const PHASE_DRAW: u64 = 0;
/// The draw of the first gap, which no slot uses.
const FIRST_DRAW: u64 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    fn bfd(name: &str) -> Schedule {
        let (low, high) = (SimDuration::from_micros(37_500), SimDuration::from_millis(50));
        Schedule::stationary(low, high, Draws::new(1, name))
    }

    #[test]
    fn every_gap_lies_within_the_jitter_range() {
        let schedule = bfd("a");
        let mut at = schedule.at_or_after(SimTime::ZERO);
        for _ in 0..20_000 {
            let next = schedule.at_or_after(at + SimDuration::from_nanos(1));
            let gap = next.since(at);
            assert!((37_500_000..=50_000_000).contains(&gap.as_nanos()), "{gap}");
            assert_eq!(schedule.before(next), Some(at));
            at = next;
        }
    }

    #[test]
    fn a_stationary_schedule_reaches_back_before_the_start() {
        let schedule = Schedule::stationary(
            SimDuration::from_secs(30),
            SimDuration::from_secs(30),
            Draws::new(1, "lacp"),
        );
        let last = schedule.before(SimTime::ZERO).expect("it has run for ever");
        assert!(last < SimTime::ZERO && SimTime::ZERO.since(last) <= SimDuration::from_secs(30));
        assert_eq!(schedule.at_or_after(SimTime::ZERO), last + SimDuration::from_secs(30));
    }

    #[test]
    fn no_period_is_the_shortest_there_is() {
        let (now, tick) = (SimTime::from_nanos(7), SimDuration::TICK);
        for draws in [Draws::new(1, "x"), Draws::new(2, "x")] {
            let zero = SimDuration::ZERO;
            let schedule = Schedule::stationary(zero, zero, draws.clone());
            assert_eq!(schedule.at_or_after(now), now);
            assert_eq!(schedule.before(now), Some(now - tick));
            let started = Schedule::starting(now, zero, zero, draws);
            assert_eq!((started.before(now), started.at_or_after(now)), (None, now));
            assert_eq!(started.at_or_after(now + tick), now + tick);
        }
    }

    #[test]
    fn a_started_schedule_sends_first_after_one_gap() {
        let now = SimTime::from_nanos(7);
        let second = SimDuration::from_secs(1);
        let schedule = Schedule::starting(now, second, second, Draws::new(1, "x"));
        assert_eq!(schedule.at_or_after(now), now + second);
        assert_eq!(schedule.before(now + second), None);
        assert_eq!(schedule.before(now + second * 2), Some(now + second));
    }
}
