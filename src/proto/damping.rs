//! A penalty for what flaps, which decays with time (RFC 2439 §4.2): above one threshold it is
//! suppressed, below another it may be used again.
//!
//! Routes of a BGP neighbour and interfaces of routers are damped alike.
//!
//! # Departures
//! * The penalty decays continuously. Implementations work in steps of some seconds and look for
//!   what may be reused every few seconds more, so that they are later by up to a step of each.

use crate::units::{SimDuration, SimTime};

/// What a withdrawal of a route, or the loss of an interface, adds (RFC 2439 §4.2; 1000 in IOS, FRR
/// and Junos).
pub const FLAP: u32 = 1_000;
/// What another set of attributes adds to the penalty of a route (500 in IOS, FRR and Junos).
pub const ATTRIBUTES: u32 = 500;

/// How what flaps is suppressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// In this time a penalty falls to its half.
    pub half_life: SimDuration,
    /// Below it, what was suppressed is used again; at least 1.
    pub reuse: u32,
    /// Above it, it is suppressed.
    pub suppress: u32,
    /// Nothing that has stopped flapping is suppressed for longer: the penalty grows no further
    /// than what decays to `reuse` in this time.
    pub max_suppress: SimDuration,
}

impl Config {
    /// The penalty that decays to `reuse` in `max_suppress` (RFC 2439 §4.2).
    #[must_use]
    pub fn ceiling(&self) -> f64 {
        let lives = self.max_suppress.as_secs_f64() / self.half_life.as_secs_f64();
        f64::from(self.reuse) * libm::exp2(lives)
    }
}

/// The penalty of one thing that may flap.
///
/// # Examples
/// ```
/// use pnilab::proto::damping::{Config, Damper, FLAP};
/// use pnilab::units::{SimDuration, SimTime};
/// let minutes = |n: u64| SimDuration::from_secs(60 * n);
/// let config =
///     Config { half_life: minutes(15), reuse: 750, suppress: 2000, max_suppress: minutes(60) };
/// let mut damper = Damper::new(config);
/// damper.add(SimTime::ZERO, FLAP);
/// damper.add(SimTime::ZERO, FLAP);
/// assert_eq!(damper.until(), None, "2000 is not above 2000");
/// damper.add(SimTime::ZERO, FLAP);
/// // 3000 is 750 after two half-lives.
/// assert_eq!(damper.until(), Some(SimTime::ZERO + minutes(30)));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Damper {
    config: Config,
    penalty: f64,
    at: SimTime,
    until: Option<SimTime>,
}

impl Damper {
    /// Of what has never flapped.
    #[must_use]
    pub const fn new(config: Config) -> Self {
        Self { config, penalty: 0.0, at: SimTime::ZERO, until: None }
    }

    /// It has flapped, which adds `points`.
    pub fn add(&mut self, now: SimTime, points: u32) {
        let penalty = self.penalty(now) + f64::from(points);
        self.penalty = penalty.min(self.config.ceiling());
        self.at = now;
        if self.until.is_some() || self.penalty > f64::from(self.config.suppress) {
            self.until = Some(self.decayed_at());
        }
    }

    /// Until when it is suppressed, unless it flaps again; `None`: it is not.
    #[must_use]
    pub const fn until(&self) -> Option<SimTime> {
        self.until
    }

    /// Uses it again if its time has come; whether it has.
    pub fn release(&mut self, now: SimTime) -> bool {
        let due = self.until.is_some_and(|until| until <= now);
        if due {
            self.until = None;
        }
        due
    }

    /// The penalty at a later moment.
    #[must_use]
    pub fn penalty(&self, now: SimTime) -> f64 {
        let lives = now.since(self.at).as_secs_f64() / self.config.half_life.as_secs_f64();
        self.penalty * libm::exp2(-lives)
    }

    /// When the penalty falls to `reuse`.
    fn decayed_at(&self) -> SimTime {
        let lives = libm::log2(self.penalty / f64::from(self.config.reuse)).max(0.0);
        let nanos = libm::round(lives * self.config.half_life.as_secs_f64() * 1e9);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "never negative, and at most `max_suppress`"
        )]
        let wait = SimDuration::from_nanos(nanos as u64);
        self.at + wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(n: u64) -> SimDuration {
        SimDuration::from_secs(n)
    }

    /// The defaults of interfaces: 5 s, 1000, 2000, 20 s.
    fn damper() -> Damper {
        Damper::new(Config {
            half_life: seconds(5),
            reuse: 1000,
            suppress: 2000,
            max_suppress: seconds(20),
        })
    }

    fn at(n: u64) -> SimTime {
        SimTime::ZERO + seconds(n)
    }

    #[test]
    fn a_penalty_halves_in_its_half_life_and_flaps_add_up() {
        let mut damper = damper();
        damper.add(at(0), FLAP);
        assert!((damper.penalty(at(5)) - 500.0).abs() < 1e-9);
        damper.add(at(5), FLAP);
        assert!((damper.penalty(at(10)) - 750.0).abs() < 1e-9);
        assert_eq!(damper.until(), None, "1500 is below 2000");
    }

    #[test]
    fn what_is_suppressed_is_used_again_when_the_penalty_has_fallen_to_reuse() {
        let mut damper = damper();
        for _ in 0..4 {
            damper.add(at(0), FLAP);
        }
        assert_eq!(damper.until(), Some(at(10)), "4000 is 1000 after two half-lives");
        assert!(!damper.release(at(9)));
        assert!(damper.release(at(10)));
        assert_eq!(damper.until(), None);
        // 1000 of it are left: one more flap is 2000, which is not above.
        damper.add(at(10), FLAP);
        assert_eq!(damper.until(), None);
    }

    #[test]
    fn each_flap_while_suppressed_puts_the_reuse_off() {
        let mut damper = damper();
        for _ in 0..4 {
            damper.add(at(0), FLAP);
        }
        // 2000 are left after 5 s; 4000 with 2000 more: two half-lives from then.
        damper.add(at(5), 2 * FLAP);
        assert_eq!(damper.until(), Some(at(15)));
    }

    #[test]
    fn nothing_is_suppressed_for_longer_than_the_maximum() {
        let mut damper = damper();
        for _ in 0..100 {
            damper.add(at(3), FLAP);
        }
        assert_eq!(damper.until(), Some(at(23)));
        assert!((damper.penalty(at(3)) - 16_000.0).abs() < 1e-9, "1000 times 2 to the 20/5");
    }
}
