//! The queue as a binary heap: plainly right, and what the wheel is measured against.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use pnilab::engine::queue::Key;
use pnilab::units::SimTime;

use super::hold::Pending;

/// A queue of events in the order of their keys.
#[derive(Debug)]
pub(crate) struct Heap<E>(pub(crate) BinaryHeap<Reverse<Entry<E>>>);

/// An event, compared by its key alone.
#[derive(Debug)]
pub(crate) struct Entry<E>(pub(crate) Key, pub(crate) E);

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<E> Eq for Entry<E> {}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

impl<E> Default for Heap<E> {
    fn default() -> Self {
        Self(BinaryHeap::new())
    }
}

impl<E> Pending<E> for Heap<E> {
    fn push(&mut self, key: Key, event: E) {
        self.0.push(Reverse(Entry(key, event)));
    }

    fn pop_until(&mut self, until: SimTime) -> Option<(SimTime, E)> {
        if self.0.peek()?.0.0.at > until {
            return None;
        }
        self.0.pop().map(|Reverse(Entry(key, event))| (key.at, event))
    }
}
