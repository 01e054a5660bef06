//! Lists of items that share one store of chunks.
//!
//! A list that empties leaves its chunks to the others. So the memory of all lists together follows
//! from how many items there are, whatever lists they have been in: buffers that each list keeps
//! for itself would grow to many times that.

/// Items of a chunk: enough to read memory in long stretches, few enough that hundreds of lists
/// with one item each stay small.
const CHUNK: usize = 16;

/// Lists of items, numbered from zero.
#[derive(Clone, Debug)]
pub(super) struct Lists<T> {
    /// The chunk of each list that takes new items; only that one may have room.
    heads: Vec<Option<usize>>,
    chunks: Vec<Chunk<T>>,
    /// The first of the chunks that no list holds; they are empty.
    free: Option<usize>,
}

#[derive(Clone, Debug)]
struct Chunk<T> {
    items: Vec<T>,
    /// The next chunk of the same list.
    next: Option<usize>,
}

impl<T> Lists<T> {
    /// This many empty lists.
    pub(super) fn new(lists: usize) -> Self {
        Self { heads: vec![None; lists], chunks: Vec::new(), free: None }
    }

    /// Makes room for this many items, in whatever lists.
    pub(super) fn make_room(&mut self, items: usize) {
        // All chunks of a list but one are full, and one more may be detached.
        let open = items.min(self.heads.len());
        let needed = (items + (CHUNK - 1) * open) / CHUNK + 1;
        self.chunks.reserve(needed.saturating_sub(self.chunks.len()));
        while self.chunks.len() < needed {
            let id = self.add_chunk();
            self.chunks[id].next = self.free.replace(id);
        }
    }

    /// Adds an item to a list.
    pub(super) fn push(&mut self, list: usize, item: T) {
        match self.heads[list] {
            Some(head) if self.chunks[head].items.len() < CHUNK => {
                self.chunks[head].items.push(item);
            }
            full => {
                let chunk = self.empty_chunk();
                self.chunks[chunk].next = full;
                self.chunks[chunk].items.push(item);
                self.heads[list] = Some(chunk);
            }
        }
    }

    /// Takes the item of a list that has no other.
    pub(super) fn take_only(&mut self, list: usize) -> Option<T> {
        let head = self.heads[list]?;
        let chunk = &mut self.chunks[head];
        if chunk.items.len() > 1 || chunk.next.is_some() {
            return None;
        }
        self.heads[list] = None;
        chunk.next = self.free;
        self.free = Some(head);
        chunk.items.pop()
    }

    /// Empties a list: the first of its chunks, to be taken and given back one by one.
    pub(super) fn detach(&mut self, list: usize) -> Option<usize> {
        self.heads[list].take()
    }

    /// Takes the items of a detached chunk.
    pub(super) fn take(&mut self, chunk: usize) -> Vec<T> {
        std::mem::take(&mut self.chunks[chunk].items)
    }

    /// Gives a detached chunk back with its memory: the next chunk of its list.
    pub(super) fn give_back(&mut self, chunk: usize, mut memory: Vec<T>) -> Option<usize> {
        memory.clear();
        let free = self.free.replace(chunk);
        let chunk = &mut self.chunks[chunk];
        chunk.items = memory;
        std::mem::replace(&mut chunk.next, free)
    }

    /// Forgets all items and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.heads.fill(None);
        self.free = None;
        for (index, chunk) in self.chunks.iter_mut().enumerate() {
            chunk.items.clear();
            chunk.next = self.free;
            self.free = Some(index);
        }
    }

    /// The items of all lists, in no order.
    pub(super) fn all(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flat_map(|chunk| &chunk.items)
    }

    fn empty_chunk(&mut self) -> usize {
        let Some(chunk) = self.free else { return self.add_chunk() };
        self.free = self.chunks[chunk].next;
        chunk
    }

    fn add_chunk(&mut self) -> usize {
        self.chunks.push(Chunk { items: Vec::with_capacity(CHUNK), next: None });
        self.chunks.len() - 1
    }
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
