//! The event queue against a binary heap, which is plainly right, and what it allocates.

use heap::Heap;
use hold::{Event, Hold, Mix, Pending};
use pnilab::engine::queue::{Class, Key, Queue};
use pnilab::units::SimTime;
use proptest::prelude::*;

#[path = "../benches/hold/heap.rs"]
mod heap;
#[path = "../benches/hold/mod.rs"]
mod hold;

/// What is done to both queues.
#[derive(Clone, Debug)]
enum Step {
    /// Queues an event this far from the present.
    Push { after: i64, class: Class, owner: u32, kind: u8 },
    /// Queues an event at the present instant.
    PushNow { class: Class, owner: u32, kind: u8 },
    /// Takes the next event.
    Pop,
    /// Takes events until this far from the present, which is where the present is then.
    PopUntil { after: i64 },
    /// Goes on with a copy.
    Clone,
    /// Forgets all, and time starts anew.
    Clear,
}

fn any_class() -> impl Strategy<Value = Class> {
    prop_oneof![Just(Class::Fault), Just(Class::Packet), Just(Class::Timer), Just(Class::Departure)]
}

/// Times that tie often, and times of every magnitude; some lie in the past.
fn any_distance() -> impl Strategy<Value = i64> {
    prop_oneof![
        6 => 0..4_i64,
        3 => (0..62_u32, 0..4_i64).prop_map(|(bits, more)| (1 << bits) + more),
        1 => Just(i64::MAX),
        1 => -100..0_i64,
        1 => Just(i64::MIN),
    ]
}

fn any_step() -> impl Strategy<Value = Step> {
    let content = || (any_class(), 0..3_u32, 0..3_u8);
    prop_oneof![
        40 => (any_distance(), content())
            .prop_map(|(after, (class, owner, kind))| Step::Push { after, class, owner, kind }),
        10 => content().prop_map(|(class, owner, kind)| Step::PushNow { class, owner, kind }),
        40 => Just(Step::Pop),
        8 => any_distance().prop_map(|after| Step::PopUntil { after }),
        1 => Just(Step::Clone),
        1 => Just(Step::Clear),
    ]
}

/// Both queues and the present.
#[derive(Default)]
struct Both {
    wheel: Queue<u64>,
    heap: Heap<u64>,
    now: SimTime,
    pushed: u64,
}

impl Both {
    fn push(&mut self, after: i64, class: Class, owner: u32, kind: u8) {
        let at = SimTime::from_nanos(self.now.as_nanos().saturating_add(after));
        self.pushed += 1;
        let key = Key { at, class, owner, kind, sequence: self.pushed };
        self.wheel.push(key, self.pushed);
        self.heap.push(key, self.pushed);
    }

    /// Whether there was an event.
    fn pop_until(&mut self, until: SimTime) -> bool {
        let (ours, theirs) = (self.wheel.pop_until(until), self.heap.pop_until(until));
        assert_eq!(ours, theirs);
        if let Some((at, _)) = ours {
            self.now = at;
        }
        ours.is_some()
    }

    fn carry_out(&mut self, step: &Step) {
        match *step {
            Step::Push { after, class, owner, kind } => self.push(after, class, owner, kind),
            Step::PushNow { class, owner, kind } => self.push(0, class, owner, kind),
            Step::Pop => _ = self.pop_until(SimTime::MAX),
            Step::PopUntil { after } => {
                let until = SimTime::from_nanos(self.now.as_nanos().saturating_add(after));
                while self.pop_until(until) {}
                self.now = until;
            }
            Step::Clone => self.wheel = self.wheel.clone(),
            Step::Clear => {
                self.wheel.clear();
                self.heap.0.clear();
                self.now = SimTime::ZERO;
            }
        }
        self.compare();
    }

    fn compare(&self) {
        assert_eq!(self.wheel.len(), self.heap.0.len());
        assert_eq!(self.wheel.is_empty(), self.heap.0.is_empty());
        assert_eq!(self.wheel.next_at(), self.heap.0.peek().map(|next| next.0.0.at));
        let mut ours: Vec<u64> = self.wheel.events().copied().collect();
        let mut theirs: Vec<u64> = self.heap.0.iter().map(|entry| entry.0.1).collect();
        ours.sort_unstable();
        theirs.sort_unstable();
        assert_eq!(ours, theirs);
    }
}

proptest! {
    /// Ties, times of every magnitude, times in the past, and pushes at the instant that is
    /// being handled.
    #[test]
    fn whatever_is_pushed_comes_in_the_order_of_a_heap(
        steps in prop::collection::vec(any_step(), 0..400)
    ) {
        let mut both = Both::default();
        for step in &steps {
            both.carry_out(step);
        }
        while both.pop_until(SimTime::MAX) {}
        prop_assert!(both.wheel.is_empty());
    }
}

#[test]
fn the_hold_model_comes_in_the_order_of_a_heap() {
    for mix in [Mix::Exponential, Mix::Network] {
        for pending in [1, 2, 100, 10_000] {
            let mut wheel = Hold::<Queue<Event>>::new(mix, pending);
            let mut heap = Hold::<Heap<Event>>::new(mix, pending);
            for _ in 0..20_000 {
                assert_eq!(wheel.step(), heap.step(), "{mix:?}, {pending} pending");
            }
        }
    }
}

#[test]
fn a_look_ahead_that_finds_nothing_leaves_room_for_what_is_queued_before() {
    let key = |ns| Key {
        at: SimTime::from_nanos(ns),
        class: Class::Timer,
        owner: 0,
        kind: 0,
        sequence: 0,
    };
    let mut queue = Queue::default();
    queue.push(key(1_000_000), "late");
    queue.push(key(1_000_001), "later");
    assert_eq!(queue.pop_until(SimTime::from_nanos(999_999)), None);
    queue.push(key(999_999), "early");
    let all: Vec<_> = std::iter::from_fn(|| queue.pop_until(SimTime::MAX)).map(|p| p.1).collect();
    assert_eq!(all, ["early", "late", "later"]);
}

#[test]
fn a_queue_that_grows_no_longer_allocates_nothing() {
    for mix in [Mix::Exponential, Mix::Network] {
        for pending in [1, 100, 10_000] {
            let mut hold = Hold::<Queue<Event>>::new(mix, pending);
            let of_run = allocation_counter::measure(|| hold.run(1_000_000));
            assert_eq!(of_run.count_total, 0, "{mix:?}, {pending} pending");
        }
    }
}

/// All at one instant, or each in a slot of its own: a queue that has held that many has room.
#[test]
fn a_queue_that_has_been_full_takes_as_many_again_in_whatever_spread() {
    let key = |ns| Key {
        at: SimTime::from_nanos(ns),
        class: Class::Timer,
        owner: 0,
        kind: 0,
        sequence: 0,
    };
    let mut queue = Queue::default();
    (0..500).for_each(|n| queue.push(key(n), n));
    queue.clear();
    let spreads: [fn(i64) -> i64; 4] =
        [|_| 5, |n| n << 20, |n| (1 + n % 60) << (n / 60 * 6), |n| i64::MAX - n % 7];
    let of_all = allocation_counter::measure(|| {
        for spread in spreads {
            (0..500).for_each(|n| queue.push(key(spread(n)), n));
            for taken in 0..250 {
                assert!(queue.pop_until(SimTime::MAX).is_some(), "{taken}");
            }
            queue.clear();
        }
    });
    assert_eq!(of_all.count_total, 0);
}
