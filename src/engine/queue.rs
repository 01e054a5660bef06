//! The queue of what is to happen, ordered by time and content, never by insertion.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::units::{SimDuration, SimTime};

/// What kind of thing happens; at equal time in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A fault begins or ends.
    Fault,
    /// Something arrives.
    Packet,
    /// A timer runs out.
    Timer,
    /// What was made at this instant leaves.
    Departure,
}

/// Where an event stands in the total order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// When.
    pub at: SimTime,
    /// Fault before packet before timer.
    pub class: Class,
    /// Rank of the owner's name among all names.
    pub owner: u32,
    /// Which kind of event of that owner.
    pub kind: u8,
    /// The owner's own count of events queued.
    pub sequence: u64,
}

#[derive(Clone, Debug)]
struct Entry<E> {
    key: Key,
    event: E,
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<E> Eq for Entry<E> {}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Entry<E> {
    /// Reversed: the heap's greatest is the earliest.
    fn cmp(&self, other: &Self) -> Ordering {
        other.key.cmp(&self.key)
    }
}

/// What bounds a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Events handled.
    pub events: u64,
    /// Events waiting at the same time.
    pub pending: usize,
    /// Changes of state kept, which is what takes a run's memory.
    pub changes: usize,
    /// Simulated time.
    pub time: SimDuration,
}

impl Default for Limits {
    /// 200 million events, 10 million of them waiting, 5 million changes of state (about a
    /// gigabyte), ten simulated years.
    fn default() -> Self {
        Self {
            events: 200_000_000,
            pending: 10_000_000,
            changes: 5_000_000,
            time: SimDuration::from_secs(3_650 * 86_400),
        }
    }
}

/// Why a run was stopped before its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LimitError {
    /// Too many events.
    #[error("stopped at {at} after {limit} events; the busiest were {busiest}")]
    Events {
        /// Simulated time of the stop.
        at: SimTime,
        /// The limit.
        limit: u64,
        /// Which events were handled most often, for a person.
        busiest: String,
    },
    /// The scenario lasts longer than a run may.
    #[error("stopped after {limit} of simulated time, the limit of a run")]
    Time {
        /// The limit.
        limit: SimDuration,
    },
    /// Routing was still busy when it should have come to rest.
    #[error("routing does not settle within {after}; the busiest were {busiest}")]
    Unsettled {
        /// How long it was given.
        after: SimDuration,
        /// Which events were handled most often, for a person.
        busiest: String,
    },
    /// Too many changes of state.
    #[error("stopped at {at} after {limit} changes of state; the busiest events were {busiest}")]
    Changes {
        /// Simulated time of the stop.
        at: SimTime,
        /// The limit.
        limit: usize,
        /// Which events were handled most often, for a person.
        busiest: String,
    },
    /// Too many events waiting.
    #[error("stopped at {at} with {limit} events waiting; the busiest were {busiest}")]
    Pending {
        /// Simulated time of the stop.
        at: SimTime,
        /// The limit.
        limit: usize,
        /// Which events were handled most often, for a person.
        busiest: String,
    },
}

/// A queue of events in their total order.
#[derive(Clone, Debug)]
pub struct Queue<E> {
    heap: BinaryHeap<Entry<E>>,
}

impl<E> Default for Queue<E> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new() }
    }
}

impl<E> Queue<E> {
    /// Adds an event.
    pub fn push(&mut self, key: Key, event: E) {
        self.heap.push(Entry { key, event });
    }

    /// When the next event is due.
    #[must_use]
    pub fn next_at(&self) -> Option<SimTime> {
        self.heap.peek().map(|entry| entry.key.at)
    }

    /// Takes the next event if it is due at or before `until`.
    pub fn pop_until(&mut self, until: SimTime) -> Option<(SimTime, E)> {
        if self.heap.peek()?.key.at > until {
            return None;
        }
        self.heap.pop().map(|entry| (entry.key.at, entry.event))
    }

    /// All events that wait, in no order.
    pub fn events(&self) -> impl Iterator<Item = &E> {
        self.heap.iter().map(|entry| &entry.event)
    }

    /// How many events wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// Forgets all events.
    pub fn clear(&mut self) {
        self.heap.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(at: i64, class: Class, owner: u32, kind: u8, sequence: u64) -> Key {
        Key { at: SimTime::from_nanos(at), class, owner, kind, sequence }
    }

    #[test]
    fn order_is_time_then_content_whatever_the_insertion() {
        let ordered = [
            key(1, Class::Timer, 9, 9, 9),
            key(2, Class::Fault, 5, 0, 0),
            key(2, Class::Packet, 0, 3, 0),
            key(2, Class::Timer, 0, 1, 7),
            key(2, Class::Timer, 0, 2, 0),
            key(2, Class::Timer, 1, 0, 1),
            key(2, Class::Timer, 1, 0, 2),
        ];
        let pop_all = |order: &[usize]| {
            let mut queue = Queue::default();
            for index in order {
                queue.push(ordered[*index], *index);
            }
            std::iter::from_fn(|| queue.pop_until(SimTime::MAX)).map(|p| p.1).collect::<Vec<_>>()
        };
        assert_eq!(pop_all(&[6, 5, 4, 3, 2, 1, 0]), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(pop_all(&[3, 0, 6, 2, 5, 1, 4]), [0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn nothing_is_taken_before_it_is_due() {
        let mut queue = Queue::default();
        queue.push(key(5, Class::Timer, 0, 0, 0), ());
        assert_eq!(queue.pop_until(SimTime::from_nanos(4)), None);
        assert!(queue.pop_until(SimTime::from_nanos(5)).is_some());
        assert!(queue.is_empty());
    }
}
