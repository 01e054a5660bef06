//! How long a router waits before it computes shortest paths.
//!
//! # Departures
//! * The exponential back-off of the common implementations, not the three states of RFC 8405:
//!   waits are initial, hold, 2 × hold, 4 × hold … up to the maximum, and initial again after a
//!   quiet time of twice the maximum. Both answer a single failure after the initial wait.

use super::IgpConfig;
use crate::units::{SimDuration, SimTime};

/// When SPF runs.
///
/// # Examples
/// ```
/// use pnilab::proto::igp::{IgpConfig, IgpKind, Throttle};
/// use pnilab::units::{SimDuration, SimTime};
///
/// let config = IgpConfig {
///     kind: IgpKind::Isis,
///     hello: SimDuration::from_secs(10),
///     dead: SimDuration::from_secs(30),
///     flood: SimDuration::from_millis(10),
///     spf_initial: SimDuration::from_millis(50),
///     spf_hold: SimDuration::from_millis(200),
///     spf_max: SimDuration::from_secs(5),
///     frr: None,
/// };
/// let mut throttle = Throttle::new(&config);
/// let now = SimTime::ZERO;
/// assert_eq!(throttle.next_run(now), now + SimDuration::from_millis(50));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Throttle {
    initial: SimDuration,
    hold: SimDuration,
    max: SimDuration,
    /// The wait of the next run, if it comes before it is quiet.
    wait: SimDuration,
    /// The last run, past or to come.
    run: Option<SimTime>,
}

impl Throttle {
    /// It has been quiet.
    #[must_use]
    pub fn new(config: &IgpConfig) -> Self {
        let hold = config.spf_hold.min(config.spf_max);
        Self { initial: config.spf_initial, hold, max: config.spf_max, wait: hold, run: None }
    }

    /// When SPF runs next, the topology having changed at `now`.
    ///
    /// A run that is still to come, even at `now`, sees the change: it is given again.
    pub fn next_run(&mut self, now: SimTime) -> SimTime {
        if let Some(run) = self.run.filter(|run| now <= *run) {
            return run;
        }
        let quiet = self.run.is_none_or(|run| now.since(run) >= self.max * 2);
        let wait = if quiet {
            self.wait = self.hold;
            self.initial
        } else {
            let wait = self.wait;
            self.wait = (wait * 2).min(self.max);
            wait
        };
        let run = now + wait;
        self.run = Some(run);
        run
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::igp::IgpKind;

    /// Initial 50 ms, hold 200 ms, and this maximum.
    fn throttle(spf_max: SimDuration) -> Throttle {
        Throttle::new(&IgpConfig {
            kind: IgpKind::Isis,
            hello: SimDuration::from_secs(10),
            dead: SimDuration::from_secs(30),
            flood: SimDuration::from_millis(10),
            spf_initial: SimDuration::from_millis(50),
            spf_hold: SimDuration::from_millis(200),
            spf_max,
            frr: None,
        })
    }

    const FIVE: SimDuration = SimDuration::from_secs(5);

    fn ms(ms: i64) -> SimTime {
        SimTime::from_nanos(ms * 1_000_000)
    }

    #[test]
    fn waits_double_from_the_hold_time_to_the_maximum() {
        let mut throttle = throttle(FIVE);
        // Each trigger comes a millisecond after the run before it.
        let waits = [50, 200, 400, 800, 1600, 3200, 5000, 5000, 5000];
        let mut now = 1_000;
        for wait in waits {
            assert_eq!(throttle.next_run(ms(now)), ms(now + wait));
            now += wait + 1;
        }
    }

    #[test]
    fn changes_before_the_run_share_it() {
        let mut throttle = throttle(FIVE);
        for now in [0, 1, 30, 50] {
            assert_eq!(throttle.next_run(ms(now)), ms(50));
        }
        assert_eq!(throttle.next_run(ms(51)), ms(251));
    }

    #[test]
    fn twice_the_maximum_after_the_last_run_it_is_quiet_again() {
        let mut busy = throttle(FIVE);
        busy.next_run(ms(0)); // runs at 50
        let mut quiet = busy.clone();
        assert_eq!(busy.next_run(ms(10_049)), ms(10_249));
        assert_eq!(quiet.next_run(ms(10_050)), ms(10_100));
        // After a quiet time the hold time comes second again.
        assert_eq!(quiet.next_run(ms(10_101)), ms(10_301));
        assert_eq!(quiet.next_run(ms(10_302)), ms(10_702));
    }

    #[test]
    fn a_hold_time_above_the_maximum_is_cut() {
        let mut throttle = throttle(SimDuration::from_millis(100));
        assert_eq!(throttle.next_run(ms(0)), ms(50));
        assert_eq!(throttle.next_run(ms(51)), ms(151));
        assert_eq!(throttle.next_run(ms(152)), ms(252));
    }
}
