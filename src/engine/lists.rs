//! Lists of items that share one store of chunks.
//!
//! A list that empties leaves its chunks to the others. So the memory of all lists together follows
//! from how many items there are, whatever lists they have been in: buffers that each list keeps
//! for itself would grow to many times that.

/// Items of a chunk: enough to read memory in long stretches, few enough that hundreds of lists
/// with one item each stay small.
const CHUNK: usize = 32;

/// No chunk.
const NONE: u32 = u32::MAX;

/// Lists of items, numbered from zero.
#[derive(Clone, Debug)]
pub(super) struct Lists<T> {
    /// The chunk of each list that takes new items; only that one may have room.
    heads: Vec<u32>,
    chunks: Vec<Chunk<T>>,
    /// The first of the chunks that no list holds; they are empty.
    free: u32,
}

#[derive(Clone, Debug)]
struct Chunk<T> {
    items: Vec<T>,
    /// The next chunk of the same list.
    next: u32,
}

impl<T> Lists<T> {
    /// This many empty lists.
    pub(super) fn new(lists: usize) -> Self {
        Self { heads: vec![NONE; lists], chunks: Vec::new(), free: NONE }
    }

    /// Makes room for this many items, in whatever lists.
    pub(super) fn make_room(&mut self, items: usize) {
        // All chunks of a list but one are full, and one more may be detached.
        let open = items.min(self.heads.len());
        let needed = (items + (CHUNK - 1) * open) / CHUNK + 1;
        self.chunks.reserve(needed.saturating_sub(self.chunks.len()));
        while self.chunks.len() < needed {
            let id = self.add_chunk();
            self.chunks[id as usize].next = std::mem::replace(&mut self.free, id);
        }
    }

    /// Adds an item to a list.
    #[inline]
    pub(super) fn push(&mut self, list: usize, item: T) {
        let head = self.heads[list];
        if let Some(chunk) = self.chunks.get_mut(head as usize)
            && chunk.items.len() < chunk.items.capacity().min(CHUNK)
        {
            chunk.items.push(item);
            return;
        }
        let id = self.empty_chunk();
        self.heads[list] = id;
        let chunk = &mut self.chunks[id as usize];
        chunk.next = head;
        chunk.items.push(item);
    }

    /// Takes the item of a list that has no other.
    #[inline]
    pub(super) fn take_only(&mut self, list: usize) -> Option<T> {
        let head = self.heads[list];
        let chunk = self.chunks.get_mut(head as usize)?;
        if chunk.items.len() > 1 || chunk.next != NONE {
            return None;
        }
        self.heads[list] = NONE;
        chunk.next = std::mem::replace(&mut self.free, head);
        chunk.items.pop()
    }

    /// Empties a list: the first of its chunks, to be taken and given back one by one.
    pub(super) fn detach(&mut self, list: usize) -> Option<u32> {
        some(std::mem::replace(&mut self.heads[list], NONE))
    }

    /// Takes the items of a detached chunk.
    pub(super) fn take(&mut self, chunk: u32) -> Vec<T> {
        std::mem::take(&mut self.chunks[chunk as usize].items)
    }

    /// Gives a detached chunk back with its memory: the next chunk of its list.
    pub(super) fn give_back(&mut self, id: u32, mut memory: Vec<T>) -> Option<u32> {
        memory.clear();
        let chunk = &mut self.chunks[id as usize];
        chunk.items = memory;
        some(std::mem::replace(&mut chunk.next, std::mem::replace(&mut self.free, id)))
    }

    /// Forgets all items and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.heads.fill(NONE);
        self.free = NONE;
        for (id, chunk) in (0..).zip(&mut self.chunks) {
            chunk.items.clear();
            chunk.next = std::mem::replace(&mut self.free, id);
        }
    }

    /// The items of all lists, in no order.
    pub(super) fn all(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flat_map(|chunk| &chunk.items)
    }

    /// A chunk that no list holds, with memory: that of a copy has none.
    #[inline]
    fn empty_chunk(&mut self) -> u32 {
        let Some(chunk) = self.chunks.get_mut(self.free as usize) else { return self.add_chunk() };
        chunk.items.reserve(CHUNK);
        std::mem::replace(&mut self.free, chunk.next)
    }

    #[cold]
    fn add_chunk(&mut self) -> u32 {
        let id = u32::try_from(self.chunks.len()).expect("fewer wait than a run may have");
        self.chunks.push(Chunk { items: Vec::with_capacity(CHUNK), next: NONE });
        id
    }
}

/// The chunk with this number, unless it stands for none.
fn some(id: u32) -> Option<u32> {
    (id != NONE).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn emptied(lists: &mut Lists<usize>, list: usize) -> Vec<usize> {
        let mut all = Vec::new();
        let mut rest = lists.detach(list);
        while let Some(chunk) = rest {
            let items = lists.take(chunk);
            all.extend(&items);
            rest = lists.give_back(chunk, items);
        }
        all.sort_unstable();
        all
    }

    #[test]
    fn lists_keep_their_items_apart() {
        let mut lists = Lists::new(2);
        for item in 0..100 {
            lists.push(item % 2, item);
        }
        let of = |list| (0..100).filter(|item| item % 2 == list).collect::<Vec<usize>>();
        assert_eq!(emptied(&mut lists, 0), of(0));
        lists.push(0, 7);
        assert_eq!(lists.take_only(1), None, "it has others");
        assert_eq!(lists.take_only(0), Some(7));
        assert_eq!(lists.all().count(), 50);
        assert_eq!((emptied(&mut lists, 0), emptied(&mut lists, 1)), (vec![], of(1)));
    }

    #[test]
    fn chunks_go_from_list_to_list() {
        let mut lists = Lists::new(50);
        // Every list is as long, so that the chunks of the one before suffice.
        for list in 0..50 {
            for item in 0..10 * CHUNK {
                lists.push(list, item);
            }
            assert_eq!(lists.chunks.len(), 10);
            if list % 2 == 0 {
                assert_eq!(emptied(&mut lists, list).len(), 10 * CHUNK);
            } else {
                lists.clear();
            }
        }
        assert_eq!(lists.all().count(), 0);
    }
}
