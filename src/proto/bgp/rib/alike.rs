//! What was made of blocks of rows that several routers share.
//!
//! Routers that share a block of what they heard, have the same kinds of neighbours and see the next
//! hops in the same order of distance make the same of it. So it is done once, and they share the
//! block that comes of it too.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::blocks::{Groups, members};
use super::bundle::Bundle;
use super::row::Heard;
use super::{Best, Change, Rib, Slot};
use crate::ids::BlockId;
use crate::proto::bgp::advertise::Route;

/// More than this is not remembered.
const MOST: usize = 1 << 18;

type HeardBlock = Arc<[Heard]>;
type BestBlock = Arc<[Option<Arc<Best>>]>;

/// What was made of blocks that routers share.
///
/// Blocks are known by where they stand, and kept, so that nothing else can come to stand there.
#[derive(Clone, Debug, Default)]
pub struct Alike {
    /// By block, session and what was told.
    learned: BTreeMap<(usize, Slot, usize), Learned>,
    /// By neighbours, block that was heard, block of best routes before, and groups.
    decided: BTreeMap<(usize, usize, usize, Groups), Vec<Decided>>,
    /// By neighbours, block that was heard, and place.
    chosen: BTreeMap<(usize, usize, usize), Vec<Chosen>>,
    size: usize,
}

#[derive(Clone, Debug)]
struct Learned {
    from: (HeardBlock, Arc<Bundle>),
    to: HeardBlock,
    news: Groups,
}

#[derive(Clone, Debug)]
struct Decided {
    from: (HeardBlock, BestBlock),
    /// How next hops were seen.
    view: Box<[u32]>,
    to: BestBlock,
    changes: Changes,
}

#[derive(Clone, Debug)]
struct Chosen {
    from: HeardBlock,
    view: Box<[u32]>,
    best: Option<Arc<Best>>,
}

/// How a decision changed loc-RIB entries of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Where neighbours may have to be told.
    pub best: Groups,
    /// Where anything but perhaps the reason is another.
    pub any: Groups,
}

impl Changes {
    fn note(&mut self, at: usize, change: Change) {
        self.best |= Groups::from(change == Change::Best) << at;
        self.any |= Groups::from(change != Change::None) << at;
    }
}

impl Alike {
    fn grow(&mut self) {
        self.size += 1;
        if self.size > MOST {
            *self = Self::default();
        }
    }
}

impl Rib {
    /// Takes in what a neighbour told as it is; which groups it is news for.
    pub fn learn_all(&mut self, slot: Slot, bundle: &Arc<Bundle>, alike: &mut Alike) -> Groups {
        let block = bundle.block();
        let before = self.heard.block(block);
        if Arc::strong_count(before) == 1 {
            return note(self.heard.edit_block(block), slot, bundle);
        }
        let key = (address(before), slot, Arc::as_ptr(bundle).addr());
        if !alike.learned.contains_key(&key) {
            let mut to = Arc::clone(before);
            let news = note(Arc::make_mut(&mut to), slot, bundle);
            alike.grow();
            let from = (Arc::clone(before), Arc::clone(bundle));
            alike.learned.insert(key, Learned { from, to, news });
        }
        let known = &alike.learned[&key];
        debug_assert!(Arc::ptr_eq(&known.from.0, before) && Arc::ptr_eq(&known.from.1, bundle));
        if known.news != 0 {
            self.heard.put(block, &known.to);
        }
        known.news
    }

    /// Runs the decision process for some groups of a block; `metric` is the interior distance to a
    /// learned route's next hop, `None` if it cannot be reached, and depends on the next hop alone.
    pub fn decide_all(
        &mut self,
        (block, groups): (BlockId, Groups),
        metric: impl Fn(&Route) -> Option<u64>,
        alike: &mut Alike,
    ) -> Changes {
        let mut changes = Changes::default();
        if self.prefer_oldest || Arc::strong_count(self.heard.block(block)) == 1 {
            for (group, at) in members(block, groups) {
                changes.note(at, self.decide(group, |_, route| metric(route)));
            }
            return changes;
        }
        let (heard, best) = (Arc::clone(self.heard.block(block)), self.best.block(block));
        let (view, ends) = view(&heard, (block, groups), &metric);
        let peers = Arc::as_ptr(&self.peers).addr();
        let key = (peers, address(&heard), address(best), groups);
        let known = alike.decided.get(&key).into_iter().flatten();
        if let Some(known) = known.into_iter().find(|known| *known.view == *view) {
            debug_assert!(Arc::ptr_eq(&known.from.0, &heard) && Arc::ptr_eq(&known.from.1, best));
            if !Arc::ptr_eq(best, &known.to) {
                self.best.put(block, &known.to);
            }
            return known.changes;
        }
        let before = Arc::clone(best);
        let mut from = 0;
        for ((group, at), end) in members(block, groups).zip(ends) {
            let view = &view[from..end];
            from = end;
            let chosen = alike.chosen.entry((peers, address(&heard), at)).or_default();
            let place = chosen.iter().position(|known| *known.view == *view).unwrap_or_else(|| {
                let best = self.choose(group, |_, route| metric(route)).map(Arc::new);
                chosen.push(Chosen { from: Arc::clone(&heard), view: view.into(), best });
                alike.size += 1;
                chosen.len() - 1
            });
            debug_assert!(Arc::ptr_eq(&chosen[place].from, &heard));
            let (old, new) = (&before[at], &chosen[place].best);
            changes.note(at, Change::between(old.as_deref(), new.as_deref()));
            if old != new {
                self.best.edit(group).clone_from(new);
            }
        }
        alike.grow();
        let to = Arc::clone(self.best.block(block));
        let decided = Decided { from: (heard, before), view: view.into(), to, changes };
        alike.decided.entry(key).or_default().push(decided);
        changes
    }
}

/// Where a block stands.
fn address<T>(block: &Arc<[T]>) -> usize {
    block.as_ptr().addr()
}

/// Puts what a session told into rows; which groups it is news for.
fn note(rows: &mut [Heard], slot: Slot, bundle: &Bundle) -> Groups {
    let mut news = 0;
    for (group, path, route) in bundle.told() {
        let at = super::blocks::place(*group).1;
        if rows[at].is_news(slot, *path, route.as_ref()) {
            rows[at].note(slot, *path, route.clone());
            news |= 1 << at;
        }
    }
    news
}

/// All that a decision for some groups of a block learns of interior routing, and where that of each
/// ends: which next hops can be reached, and where there are several, in which order of distance.
fn view(
    rows: &[Heard],
    (block, groups): (BlockId, Groups),
    metric: &impl Fn(&Route) -> Option<u64>,
) -> (Vec<u32>, Vec<usize>) {
    let (mut view, mut ends) = (Vec::with_capacity(64), Vec::with_capacity(64));
    for (_, at) in members(block, groups) {
        let learned = &rows[at].learned;
        let alone = |(_, _, first): &(Slot, super::PathId, Arc<Route>)| {
            learned.iter().all(|(.., route)| route.next_hop == first.next_hop)
        };
        if let Some((.., route)) = learned.first().filter(|first| alone(first)) {
            view.push(u32::from(metric(route).is_some()));
        } else {
            let all: Vec<_> = learned.iter().map(|(.., route)| metric(route)).collect();
            view.extend(all.iter().map(|one| {
                let nearer = all.iter().filter(|other| other.is_some() && *other < one).count();
                one.map_or(0, |_| u32::try_from(nearer + 1).expect("so many routes are not kept"))
            }));
        }
        ends.push(view.len());
    }
    (view, ends)
}

#[cfg(test)]
mod tests;
