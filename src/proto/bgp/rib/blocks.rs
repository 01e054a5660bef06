//! Rows in blocks: what several routers have alike stands once.

use std::ops::Index;
use std::sync::Arc;

use crate::engine::store::Store;
use crate::ids::{BlockId, GroupId, Id};

/// So many groups stand in a block: a set of them is the bits of one word.
pub const BLOCK: usize = 64;

/// Some groups of one block, a bit each, the first in the lowest.
pub type Groups = u64;

/// The block of a group, and its place there.
#[must_use]
pub fn place(group: GroupId) -> (BlockId, usize) {
    (BlockId::from_index(group.index() / BLOCK), group.index() % BLOCK)
}

/// These groups of a block, in order.
pub fn members(block: BlockId, mut groups: Groups) -> impl Iterator<Item = (GroupId, usize)> {
    std::iter::from_fn(move || {
        (groups != 0).then(|| {
            let at = groups.trailing_zeros() as usize;
            groups &= groups - 1;
            (GroupId::from_index(block.index() * BLOCK + at), at)
        })
    })
}

/// Groups in order, cut where a block ends or one is not above the last.
pub fn runs(groups: &[GroupId]) -> impl Iterator<Item = (BlockId, Groups)> {
    let mut left = groups.iter().copied().peekable();
    std::iter::from_fn(move || {
        let (block, at) = place(left.next()?);
        let mut run: Groups = 1 << at;
        let follows = |run: Groups, next: &GroupId| {
            let (of, at) = place(*next);
            of == block && run >> at == 0
        };
        while let Some(next) = left.next_if(|next| follows(run, next)) {
            run |= 1 << place(next).1;
        }
        Some((block, run))
    })
}

/// A row for each group. Copies share blocks until one of them is written to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Blocks<T>(Store<BlockId, Arc<[T]>>);

impl<T: Clone + Default> Blocks<T> {
    /// Empty rows for so many groups.
    pub(super) fn new(groups: usize) -> Self {
        let whole: Arc<[T]> = vec![T::default(); BLOCK.min(groups)].into();
        let rows = |block: usize| match groups - block * BLOCK {
            left if left < whole.len() => vec![T::default(); left].into(),
            _ => Arc::clone(&whole),
        };
        Self((0..groups.div_ceil(BLOCK)).map(rows).collect())
    }
}

impl<T: Clone> Blocks<T> {
    /// A copy that keeps track of what changes.
    pub(super) fn fork(&self) -> Self {
        Self(self.0.fork())
    }

    /// Makes a fork equal to its `base` again.
    pub(super) fn roll_back(&mut self, base: &Self) {
        self.0.roll_back(&base.0);
    }

    /// The row of a group, for change.
    pub(super) fn edit(&mut self, group: GroupId) -> &mut T {
        let (block, at) = place(group);
        &mut self.edit_block(block)[at]
    }

    /// All rows of a block, for change.
    pub(super) fn edit_block(&mut self, block: BlockId) -> &mut [T] {
        Arc::make_mut(self.0.edit(block))
    }

    /// Puts a block in place of another.
    pub(super) fn put(&mut self, block: BlockId, rows: &Arc<[T]>) {
        *self.0.edit(block) = Arc::clone(rows);
    }

    /// A block of rows.
    pub(super) fn block(&self, block: BlockId) -> &Arc<[T]> {
        &self.0[block]
    }

    /// All groups, in order.
    pub(super) fn groups(&self) -> impl Iterator<Item = GroupId> + use<T> {
        (0..self.0.iter().map(|rows| rows.len()).sum()).map(GroupId::from_index)
    }
}

impl<T> Index<GroupId> for Blocks<T> {
    type Output = T;
    fn index(&self, group: GroupId) -> &T {
        let (block, at) = place(group);
        &self.0[block][at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(numbers: &[usize]) -> Vec<GroupId> {
        numbers.iter().map(|n| GroupId::from_index(*n)).collect()
    }

    #[test]
    fn a_run_holds_groups_of_one_block_that_ascend() {
        let given = groups(&[1, 2, 63, 64, 130, 129, 129]);
        let all: Vec<(usize, Groups)> = runs(&given).map(|(b, run)| (b.index(), run)).collect();
        assert_eq!(all, [(0, 0b110 | 1 << 63), (1, 1), (2, 0b100), (2, 0b10), (2, 0b10)]);
        let back = runs(&given).flat_map(|(block, run)| members(block, run));
        assert_eq!(back.map(|(group, _)| group).collect::<Vec<_>>(), given);
    }

    #[test]
    fn copies_share_what_neither_has_written_to() {
        let mut blocks: Blocks<u8> = Blocks::new(130);
        assert_eq!(blocks.groups().count(), 130);
        let copy = blocks.clone();
        *blocks.edit(GroupId::from_index(129)) = 7;
        let shared = |block| Arc::ptr_eq(blocks.block(block), copy.block(block));
        assert_eq!([0, 1, 2].map(BlockId::from_index).map(shared), [true, true, false]);
        assert_eq!((copy[GroupId::from_index(129)], blocks[GroupId::from_index(129)]), (0, 7));
    }
}
