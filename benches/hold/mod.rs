//! The hold model: a queue that always holds the same number of events, each of which, once
//! taken, is queued again some time later.

use pnilab::engine::queue::{Class, Key, Queue};
use pnilab::units::{SimDuration, SimTime};

/// What a queue of events can do.
pub(crate) trait Pending<E>: Default {
    /// Adds an event.
    fn push(&mut self, key: Key, event: E);
    /// Takes the next event if it is due at or before `until`.
    fn pop_until(&mut self, until: SimTime) -> Option<(SimTime, E)>;
}

impl<E> Pending<E> for Queue<E> {
    fn push(&mut self, key: Key, event: E) {
        Self::push(self, key, event);
    }
    fn pop_until(&mut self, until: SimTime) -> Option<(SimTime, E)> {
        Self::pop_until(self, until)
    }
}

/// How long it takes until an event is due again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mix {
    /// Exponential, 1 ms in the mean.
    Exponential,
    /// As in a network: 10 % at once, 50 % 1 to 5 ms (packets), 25 % 37.5 to 50 ms (hellos of
    /// BFD), 10 % 3 s, 4 % 30 s, 1 % 90 s (timers).
    Network,
}

/// An event of the model, as large as one of the simulator with its cause.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    owner: u32,
    class: Class,
    kind: u8,
    sequence: u64,
    _rest: [u64; 3],
}

const _: () = assert!(size_of::<Event>() == 40, "as `sim::event::Caused`");

/// The model, running.
#[derive(Debug)]
pub(crate) struct Hold<Q> {
    queue: Q,
    mix: Mix,
    /// Quantiles of the exponential distribution.
    exponential: Vec<u64>,
    random: u64,
    now: SimTime,
}

/// Quantiles of the exponential distribution: a table of 8 KB leaves the cache to the queue.
const QUANTILES: u32 = 1024;

impl<Q: Pending<Event>> Hold<Q> {
    /// The model with this many events waiting, run until each was taken twice on average.
    pub(crate) fn new(mix: Mix, pending: u32) -> Self {
        let quantile = |index: u32| {
            let share = (f64::from(index) + 0.5) / f64::from(QUANTILES);
            (-1e6 * libm::log(share)).round()
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 10^7")]
        let exponential = (0..QUANTILES).map(|index| quantile(index) as u64).collect();
        let mut hold =
            Self { queue: Q::default(), mix, exponential, random: 1, now: SimTime::ZERO };
        for owner in 0..pending {
            let class = [Class::Packet, Class::Timer, Class::Departure][owner as usize % 3];
            let kind = u8::try_from(owner % 37).expect("below 37");
            hold.queue_again(Event { owner, class, kind, sequence: 0, _rest: [0; 3] });
        }
        hold.run(u64::from(pending) * 2);
        hold
    }

    /// Takes this many events and queues each again.
    pub(crate) fn run(&mut self, events: u64) {
        for _ in 0..events {
            self.step();
        }
    }

    /// Takes an event and queues it again: when it was due, and whose it was.
    pub(crate) fn step(&mut self) -> (SimTime, u32) {
        let (now, event) = self.queue.pop_until(SimTime::MAX).expect("it never empties");
        let owner = event.owner;
        self.now = now;
        self.queue_again(event);
        (now, owner)
    }

    fn queue_again(&mut self, mut event: Event) {
        event.sequence += 1;
        let Event { owner, class, kind, sequence, .. } = event;
        let at = self.now + self.increment();
        self.queue.push(Key { at, class, owner, kind, sequence }, event);
    }

    fn increment(&mut self) -> SimDuration {
        let random = self.draw();
        // The upper bits choose what, the lower ones how long.
        let low = random & 0xffff_ffff;
        let between = |from: u64, to: u64| from + (((to - from) * low) >> 32);
        let high = random >> 32;
        let ns = match self.mix {
            Mix::Exponential => {
                let index = (high * u64::from(QUANTILES)) >> 32;
                self.exponential[usize::try_from(index).expect("below 1024")] + (low & 1023)
            }
            Mix::Network => match (high * 100) >> 32 {
                0..10 => 0,
                10..60 => between(1_000_000, 5_000_000),
                60..85 => between(37_500_000, 50_000_000),
                85..95 => 3_000_000_000,
                95..99 => 30_000_000_000,
                _ => 90_000_000_000,
            },
        };
        SimDuration::from_nanos(ns)
    }

    /// `SplitMix64`: few instructions, and the same numbers everywhere.
    const fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
