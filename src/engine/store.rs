//! Storage of state: read by index, written only through [`Store::edit`].
//!
//! One way to write means that a store can know what was written. A copy of a *base* that keeps
//! track becomes equal to its base again at the cost of what was touched, however large it is.

use std::fmt;
use std::ops::Index;

use crate::ids::{Id, IdVec};

/// State of one kind of thing.
///
/// # Examples
/// ```
/// use pnilab::engine::store::Store;
/// use pnilab::ids::RouterId;
/// use pnilab::ids::Id as _;
/// let base: Store<RouterId, u32> = [1, 2, 3].into_iter().collect();
/// let mut fork = base.fork();
/// *fork.edit(RouterId::from_index(1)) = 7;
/// fork.roll_back(&base);
/// assert_eq!(fork, base);
/// ```
#[derive(Clone)]
pub struct Store<I, T> {
    items: IdVec<I, T>,
    /// What was written since it was equal to its base; `None`: it has no base.
    touched: Option<Touched<I>>,
}

#[derive(Clone)]
struct Touched<I> {
    /// By item, a bit each.
    marks: Vec<u64>,
    /// Those that are marked.
    ids: Vec<I>,
}

impl<I: Id> Touched<I> {
    fn none_of(items: usize) -> Self {
        Self { marks: vec![0; items.div_ceil(64)], ids: Vec::new() }
    }

    fn mark(&mut self, id: I) {
        let (word, bit) = (id.index() / 64, 1 << (id.index() % 64));
        if self.marks[word] & bit == 0 {
            self.marks[word] |= bit;
            self.ids.push(id);
        }
    }
}

impl<I: Id, T> Store<I, T> {
    /// The only way to change an item.
    pub fn edit(&mut self, id: I) -> &mut T {
        if let Some(touched) = &mut self.touched {
            touched.mark(id);
        }
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

    /// All pairs of id and item, in order.
    #[must_use]
    pub fn iter_ids(&self) -> impl DoubleEndedIterator<Item = (I, &T)> {
        self.items.iter_ids()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// A copy that keeps track of what is written to it.
    #[must_use]
    pub fn fork(&self) -> Self
    where
        T: Clone,
    {
        self.fork_with(T::clone)
    }

    /// The same, for items that have stores of their own: `fork` copies one.
    #[must_use]
    pub fn fork_with(&self, fork: impl FnMut(&T) -> T) -> Self {
        let items: IdVec<I, T> = self.items.iter().map(fork).collect();
        let touched = Some(Touched::none_of(items.len()));
        Self { items, touched }
    }

    /// Makes a fork equal to its `base` again, at the cost of what was written since it was.
    ///
    /// A store that was put in place of a fork is copied in full.
    pub fn roll_back(&mut self, base: &Self)
    where
        T: Clone,
    {
        self.roll_back_with(base, T::clone_from, T::clone);
    }

    /// The same, for items that have stores of their own: `roll_back` makes a touched item equal to
    /// the other, `fork` copies one.
    pub fn roll_back_with(
        &mut self,
        base: &Self,
        mut roll_back: impl FnMut(&mut T, &T),
        fork: impl FnMut(&T) -> T,
    ) {
        let Some(touched) = self.touched.as_mut().filter(|_| self.items.len() == base.len()) else {
            *self = base.fork_with(fork);
            return;
        };
        for id in touched.ids.drain(..) {
            touched.marks[id.index() / 64] = 0;
            roll_back(&mut self.items[id], &base.items[id]);
        }
    }
}

/// What it holds; what was touched shows nowhere.
impl<I: Id, T: fmt::Debug> fmt::Debug for Store<I, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.items.iter()).finish()
    }
}

impl<I: Id, T: PartialEq> PartialEq for Store<I, T> {
    fn eq(&self, other: &Self) -> bool {
        self.items.iter().eq(other.items.iter())
    }
}

impl<I: Id, T: Eq> Eq for Store<I, T> {}

impl<'a, I: Id, T> IntoIterator for &'a Store<I, T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<I: Id, T> FromIterator<T> for Store<I, T> {
    fn from_iter<It: IntoIterator<Item = T>>(items: It) -> Self {
        Self { items: items.into_iter().collect(), touched: None }
    }
}

impl<I: Id, T> Index<I> for Store<I, T> {
    type Output = T;
    fn index(&self, id: I) -> &T {
        &self.items[id]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::RouterId;

    fn id(index: usize) -> RouterId {
        RouterId::from_index(index)
    }

    #[test]
    fn only_what_was_edited_is_rolled_back() {
        let base: Store<RouterId, Vec<u8>> = (0..200).map(|n| vec![n]).collect();
        let mut fork = base.fork();
        let mut rolled = Vec::new();
        for round in [[3, 130, 3], [199, 0, 64]] {
            for index in round {
                fork.edit(id(index)).push(9);
            }
            assert_ne!(fork, base);
            rolled.clear();
            let back = |item: &mut Vec<u8>, base: &Vec<u8>| {
                rolled.push(base[0]);
                item.clone_from(base);
            };
            fork.roll_back_with(&base, back, Vec::clone);
            assert_eq!(fork, base);
            let mut touched: Vec<u8> =
                round.iter().map(|n| u8::try_from(*n).unwrap_or(0)).collect();
            touched.dedup();
            rolled.dedup();
            assert!(rolled.len() <= 3 && rolled.iter().all(|n| touched.contains(n)), "{rolled:?}");
        }
    }

    #[test]
    fn what_took_the_place_of_a_fork_becomes_one() {
        let base: Store<RouterId, u32> = (0..5).collect();
        let mut fork: Store<RouterId, u32> = (7..9).collect();
        fork.roll_back(&base);
        *fork.edit(id(4)) = 1;
        fork.roll_back(&base);
        assert_eq!(fork, base);
    }
}
