//! The queue of what is to happen, ordered by time and content, never by insertion.
//!
//! It is a radix timing wheel: 8 levels of 256 slots, one level for each byte of a time. An event
//! stands at the level of the highest byte in which its time differs from that of the last event
//! taken, in the slot that this byte names. So the earliest events are always in the lowest slot of
//! the lowest level that has any; two bitmaps find it, however many wait. When that slot is
//! reached, the clock of the wheel moves to its earliest event, and the others move to lower
//! levels. An event moves down at most seven times, however far ahead it was queued.
//!
//! The wheel knows only times. An event that is alone at its instant is taken from it directly.
//! Several leave it for a small heap, which orders them by the rest of their keys. What is queued
//! for that instant while its events are handled joins them there, and so does what is queued for
//! an earlier one: the order is that of the keys whatever is pushed.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::fmt;

use super::lists::Lists;
use crate::units::{SimDuration, SimTime};

/// Bits of a time that a level looks at.
const BITS: u32 = 8;
/// Slots of a level.
const SLOTS: usize = 1 << BITS;
/// Levels, so that all 64 bits of a time are looked at.
const LEVELS: usize = u64::BITS.div_ceil(BITS) as usize;
/// Slots of a row, as many as a word has bits.
const ROW: usize = u64::BITS as usize;
/// Rows of all levels together, not more than a word has bits.
const ROWS: usize = LEVELS * SLOTS / ROW;
const _: () = assert!(ROWS <= ROW);

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

/// An event that waits, with its key in words: these are compared and moved faster.
#[derive(Clone, Debug)]
struct Entry<E> {
    at: SimTime,
    /// Class, owner and kind of the key.
    content: u64,
    sequence: u64,
    event: E,
}

impl<E> Entry<E> {
    #[inline]
    fn new(key: Key, event: E) -> Self {
        let Key { at, class, owner, kind, sequence } = key;
        let content = (class as u64) << 40 | u64::from(owner) << 8 | u64::from(kind);
        Self { at, content, sequence, event }
    }

    const fn order(&self) -> (SimTime, u64, u64) {
        (self.at, self.content, self.sequence)
    }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
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
        other.order().cmp(&self.order())
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
///
/// It allocates only when more events wait than ever before. A copy has no spare memory.
///
/// # Examples
/// ```
/// use pnilab::engine::queue::{Class, Key, Queue};
/// use pnilab::units::SimTime;
/// let key = |ns, class| Key { at: SimTime::from_nanos(ns), class, owner: 0, kind: 0, sequence: 0 };
/// let mut queue = Queue::default();
/// queue.push(key(2, Class::Timer), "hold timer");
/// queue.push(key(2, Class::Fault), "cut");
/// queue.push(key(7, Class::Packet), "update");
/// let mut next = || queue.pop_until(SimTime::from_nanos(5)).map(|(_, event)| event);
/// assert_eq!([next(), next(), next()], [Some("cut"), Some("hold timer"), None]);
/// ```
pub struct Queue<E> {
    len: usize,
    /// How many events there is memory for.
    room: usize,
    /// The latest time that was reached. What is due by then is in `due`, all else in `slots`.
    reached: SimTime,
    due: BinaryHeap<Entry<E>>,
    slots: Lists<Entry<E>>,
    /// When the first event of each slot is due.
    earliest: Box<[SimTime; LEVELS * SLOTS]>,
    /// Which rows have an event, by bits.
    rows: u64,
    /// Which slots of each row have an event, by bits.
    occupied: [u64; ROWS],
}

impl<E> Default for Queue<E> {
    fn default() -> Self {
        Self {
            len: 0,
            room: 0,
            reached: SimTime::ZERO,
            due: BinaryHeap::new(),
            slots: Lists::new(LEVELS * SLOTS),
            earliest: Box::new([SimTime::MAX; LEVELS * SLOTS]),
            rows: 0,
            occupied: [0; ROWS],
        }
    }
}

/// What waits, in order; how it is kept shows nowhere.
impl<E: fmt::Debug> fmt::Debug for Queue<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut entries: Vec<&Entry<E>> = self.entries().collect();
        entries.sort_unstable_by_key(|entry| entry.order());
        f.debug_list().entries(entries).finish()
    }
}

impl<E: Clone> Clone for Queue<E> {
    fn clone(&self) -> Self {
        let mut copy = Self::default();
        copy.clone_from(self);
        copy
    }

    /// Keeps the memory that it has.
    fn clone_from(&mut self, source: &Self) {
        self.clear();
        for entry in source.entries() {
            self.add(entry.clone());
        }
    }
}

impl<E> Queue<E> {
    /// Adds an event, at whatever time.
    #[inline]
    pub fn push(&mut self, key: Key, event: E) {
        self.add(Entry::new(key, event));
    }

    #[inline]
    fn add(&mut self, entry: Entry<E>) {
        self.len += 1;
        if self.len > self.room {
            self.make_room();
        }
        if entry.at > self.reached {
            self.place(entry);
        } else {
            self.due.push(entry);
        }
    }

    /// Takes the next event if it is due at or before `until`.
    #[inline]
    pub fn pop_until(&mut self, until: SimTime) -> Option<(SimTime, E)> {
        let next = if let Some(due) = self.due.peek() {
            if due.at > until {
                return None;
            }
            self.due.pop()?
        } else {
            let slot = self.first_slot()?;
            if self.earliest[slot] > until {
                return None;
            }
            self.reach(slot)?
        };
        self.len -= 1;
        Some((next.at, next.event))
    }

    /// Forgets all events.
    pub fn clear(&mut self) {
        self.len = 0;
        self.reached = SimTime::ZERO;
        self.due.clear();
        self.slots.clear();
        self.earliest.fill(SimTime::MAX);
        self.rows = 0;
        self.occupied = [0; ROWS];
    }

    /// When the next event is due.
    #[must_use]
    pub fn next_at(&self) -> Option<SimTime> {
        let due = self.due.peek().map(|entry| entry.at);
        due.or_else(|| self.first_slot().map(|slot| self.earliest[slot]))
    }

    /// All events that wait, in no order.
    pub fn events(&self) -> impl Iterator<Item = &E> {
        self.entries().map(|entry| &entry.event)
    }

    fn entries(&self) -> impl Iterator<Item = &Entry<E>> {
        self.due.iter().chain(self.slots.all())
    }

    /// How many events wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// However the events are spread, there is memory for as many as now wait, and then some.
    #[cold]
    fn make_room(&mut self) {
        self.room = self.len.next_power_of_two();
        self.due.reserve(self.room - self.due.len());
        self.slots.make_room(self.room);
    }

    /// Puts an event where it belongs as long as `reached` stays, which is before its time.
    #[expect(clippy::inline_always, reason = "the event is then written once, to where it stays")]
    #[inline(always)]
    fn place(&mut self, entry: Entry<E>) {
        // Neither time is negative.
        let at = entry.at.as_nanos().cast_unsigned();
        let level = (at ^ self.reached.as_nanos().cast_unsigned()).ilog2() / BITS;
        let digit = usize::try_from(at >> (level * BITS)).expect("64 bits") % SLOTS;
        let slot = level as usize * SLOTS + digit;
        self.rows |= 1 << (slot / ROW);
        self.occupied[slot / ROW] |= 1 << (slot % ROW);
        self.earliest[slot] = self.earliest[slot].min(entry.at);
        self.slots.push(slot, entry);
    }

    /// Reaches the time at which the first of the slots has something due, and takes that; what
    /// else is due then goes to `due`.
    #[inline]
    fn reach(&mut self, slot: usize) -> Option<Entry<E>> {
        // All other slots stay right: they differ from this time where they did from the last.
        self.reached = self.earliest[slot];
        self.mark_empty(slot);
        self.slots.take_only(slot).or_else(|| self.spread(slot))
    }

    /// Takes the event of a slot that has just become due, and puts the others where they belong.
    fn spread(&mut self, slot: usize) -> Option<Entry<E>> {
        let mut first = None;
        let mut rest = self.slots.detach(slot);
        while let Some(chunk) = rest {
            let mut entries = self.slots.take(chunk);
            while let Some(entry) = entries.pop() {
                if entry.at > self.reached {
                    self.place(entry);
                } else if first.is_none() {
                    first = Some(entry);
                } else {
                    self.due.push(entry);
                }
            }
            rest = self.slots.give_back(chunk, entries);
        }
        if self.due.is_empty() {
            return first;
        }
        self.due.extend(first);
        self.due.pop()
    }

    /// The slot that holds the first of what is not due yet.
    #[inline]
    fn first_slot(&self) -> Option<usize> {
        if self.rows == 0 {
            return None;
        }
        let row = self.rows.trailing_zeros() as usize;
        Some(row * ROW + self.occupied[row].trailing_zeros() as usize)
    }

    #[inline]
    fn mark_empty(&mut self, slot: usize) {
        self.earliest[slot] = SimTime::MAX;
        let row = slot / ROW;
        self.occupied[row] &= !(1 << (slot % ROW));
        if self.occupied[row] == 0 {
            self.rows &= !(1 << row);
        }
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
