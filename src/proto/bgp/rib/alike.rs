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
use super::{Best, Change, Rib, Slot, Used};
use crate::ids::{BlockId, RouterId};
use crate::proto::bgp::advertise::NextHop;

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
    /// By block that was heard.
    next_hops: BTreeMap<usize, NextHops>,
    /// By block of best routes.
    ways: BTreeMap<usize, (BestBlock, Ways)>,
    size: usize,
}

/// Where the next hops of what was heard of a block lead.
#[derive(Clone, Debug)]
struct NextHops {
    from: HeardBlock,
    /// For groups all of whose routes lead to one: their places, and it.
    lone: Vec<(usize, NextHop)>,
    /// The other groups that there are routes to.
    many: Groups,
}

/// By place in a block: the router that a best route leads to alone, if it does so without a weight.
pub type Ways = Arc<[Option<RouterId>]>;

/// How a router sees the next hops of a block: all that a decision learns of interior routing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct View {
    /// Which groups can be reached all of whose routes lead to one.
    reached: Groups,
    /// For the routes of each other group, one after the other, in which order of distance: 0 where
    /// the next hop cannot be reached.
    ranks: Vec<u32>,
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
    view: View,
    to: BestBlock,
    changes: Changes,
}

#[derive(Clone, Debug)]
struct Chosen {
    from: HeardBlock,
    /// Ranks, or whether the only next hop can be reached.
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
    /// learned route's next hop, `None` if it cannot be reached.
    pub fn decide_all(
        &mut self,
        (block, groups): (BlockId, Groups),
        metric: impl Fn(NextHop) -> Option<u64>,
        alike: &mut Alike,
    ) -> Changes {
        let mut changes = Changes::default();
        if self.prefer_oldest || Arc::strong_count(self.heard.block(block)) == 1 {
            for (group, at) in members(block, groups) {
                changes.note(at, self.decide(group, |_, route| metric(route.next_hop)));
            }
            return changes;
        }
        let (heard, best) = (Arc::clone(self.heard.block(block)), self.best.block(block));
        let hops = alike.next_hops(&heard);
        let view = hops.seen(groups, &metric);
        let (peers, many) = (Arc::as_ptr(&self.peers).addr(), hops.many);
        let key = (peers, address(&heard), address(best), groups);
        let known = alike.decided.get(&key).into_iter().flatten();
        if let Some(known) = known.into_iter().find(|known| known.view == view) {
            debug_assert!(Arc::ptr_eq(&known.from.0, &heard) && Arc::ptr_eq(&known.from.1, best));
            if !Arc::ptr_eq(best, &known.to) {
                self.best.put(block, &known.to);
            }
            return known.changes;
        }
        let before = Arc::clone(best);
        let mut ranks = &view.ranks[..];
        for (group, at) in members(block, groups) {
            let lone = [u32::from(view.reached >> at & 1 == 1)];
            let mut seen = &lone[..];
            if many >> at & 1 == 1 {
                (seen, ranks) = ranks.split_at(heard[at].learned.len());
            }
            let chosen = alike.chosen.entry((peers, address(&heard), at)).or_default();
            let place = chosen.iter().position(|known| *known.view == *seen).unwrap_or_else(|| {
                let best = self.choose(group, |_, route| metric(route.next_hop)).map(Arc::new);
                chosen.push(Chosen { from: Arc::clone(&heard), view: seen.into(), best });
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
        let decided = Decided { from: (heard, before), view, to, changes };
        alike.decided.entry(key).or_default().push(decided);
        changes
    }

    /// Where the best routes of a block lead.
    #[must_use]
    pub fn ways(&self, block: BlockId, alike: &mut Alike) -> Ways {
        let best = self.best.block(block);
        let lone = |best: &Option<Arc<Best>>| match &best.as_ref()?.multipath[..] {
            [Used { next_hop: NextHop::Router(to), bandwidth: None, .. }] => Some(*to),
            _ => None,
        };
        if let Some((from, ways)) = alike.ways.get(&address(best)) {
            debug_assert!(Arc::ptr_eq(from, best));
            return Arc::clone(ways);
        }
        let ways: Ways = best.iter().map(lone).collect();
        if Arc::strong_count(best) > 1 {
            alike.grow();
            alike.ways.insert(address(best), (Arc::clone(best), Arc::clone(&ways)));
        }
        ways
    }
}

impl Alike {
    fn next_hops(&mut self, heard: &HeardBlock) -> &NextHops {
        if !self.next_hops.contains_key(&address(heard)) {
            self.grow();
            self.next_hops.insert(address(heard), NextHops::new(heard));
        }
        let hops = &self.next_hops[&address(heard)];
        debug_assert!(Arc::ptr_eq(&hops.from, heard));
        hops
    }
}

impl NextHops {
    fn new(heard: &HeardBlock) -> Self {
        let mut hops = Self { from: Arc::clone(heard), lone: Vec::new(), many: 0 };
        for (at, row) in heard.iter().enumerate() {
            let Some((.., first)) = row.learned.first() else { continue };
            if row.learned.iter().all(|(.., route)| route.next_hop == first.next_hop) {
                hops.lone.push((at, first.next_hop));
            } else {
                hops.many |= 1 << at;
            }
        }
        hops
    }

    /// How a router with these distances sees those of some groups.
    fn seen(&self, groups: Groups, metric: &impl Fn(NextHop) -> Option<u64>) -> View {
        let mut view = View::default();
        for (at, next_hop) in self.lone.iter().filter(|(at, _)| groups >> at & 1 == 1) {
            view.reached |= Groups::from(metric(*next_hop).is_some()) << at;
        }
        for (at, row) in self.from.iter().enumerate() {
            if (self.many & groups) >> at & 1 == 0 {
                continue;
            }
            let all: Vec<Option<u64>> =
                row.learned.iter().map(|(.., route)| metric(route.next_hop)).collect();
            view.ranks.extend(all.iter().map(|one| {
                let nearer = all.iter().filter(|other| other.is_some() && *other < one).count();
                one.map_or(0, |_| u32::try_from(nearer + 1).expect("so many routes are not kept"))
            }));
        }
        view
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

#[cfg(test)]
mod tests;
