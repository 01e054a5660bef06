//! Storage of protocol state: read by index, written only through [`Store::edit`].
//!
//! One way to write means that how a world is copied (clone, journal, copy on write) can change
//! without a change to any protocol's driver.

use std::ops::Index;

use crate::ids::{Id, IdVec};

/// State of one kind of thing.
#[derive(Clone, Debug)]
pub struct Store<I, T> {
    items: IdVec<I, T>,
}

impl<I: Id, T> Store<I, T> {
    /// The only way to change an item.
    pub fn edit(&mut self, id: I) -> &mut T {
        &mut self.items[id]
    }

    /// All ids, in order.
    #[must_use]
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = I> + use<I, T> {
        self.items.ids()
    }

    /// All items, in order of id.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.items.iter()
    }
}

impl<'a, I: Id, T> IntoIterator for &'a Store<I, T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<I: Id, T> FromIterator<T> for Store<I, T> {
    fn from_iter<It: IntoIterator<Item = T>>(items: It) -> Self {
        Self { items: items.into_iter().collect() }
    }
}

impl<I: Id, T> Index<I> for Store<I, T> {
    type Output = T;
    fn index(&self, id: I) -> &T {
        &self.items[id]
    }
}
