//! What a router tells its network about itself, and what it knows of the others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::ids::{LagId, RouterId};
use crate::proto::igp::{Map, Paths, Reach};

/// A link-state PDU: one router's own links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lsp {
    /// Who tells.
    pub(crate) origin: RouterId,
    /// Higher is newer.
    pub(crate) sequence: u64,
    /// Whether others must not send across it.
    pub(crate) overload: bool,
    /// Links with an adjacency up, in order.
    pub(crate) links: Vec<LagId>,
    /// Those of them that are to be avoided.
    pub(crate) avoided: Vec<LagId>,
    /// PNIs that are up, in order; told where next hops outside must be reachable.
    pub(crate) stubs: Vec<LagId>,
}

/// The newest of each router's.
///
/// What all routers of a network knew when the run began stands once; each has what it has heard
/// since.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lsdb {
    settled: Arc<BTreeMap<RouterId, Arc<Lsp>>>,
    newer: BTreeMap<RouterId, Arc<Lsp>>,
}

impl Lsdb {
    /// What a router knows that shares what others know.
    pub(crate) const fn shared(settled: Arc<BTreeMap<RouterId, Arc<Lsp>>>) -> Self {
        Self { settled, newer: BTreeMap::new() }
    }

    /// What this router told last.
    pub(crate) fn get(&self, origin: RouterId) -> Option<&Arc<Lsp>> {
        self.newer.get(&origin).or_else(|| self.settled.get(&origin))
    }

    /// Takes a newer one in.
    pub(crate) fn insert(&mut self, lsp: &Arc<Lsp>) {
        self.newer.insert(lsp.origin, Arc::clone(lsp));
    }

    /// All, in order of who tells.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Lsp>> {
        let mut newer = self.newer.values().peekable();
        let mut settled = self.settled.values().peekable();
        let origin = |lsp: Option<&&Arc<Lsp>>| lsp.map(|lsp| lsp.origin);
        std::iter::from_fn(move || {
            let (new, old) = (origin(newer.peek()), origin(settled.peek()));
            if new == old {
                settled.next();
            }
            let old_first = new.is_none_or(|new| old.is_some_and(|old| old < new));
            if old_first { settled.next() } else { newer.next() }
        })
    }

    /// Whether both know the same; it may be said of two that do that they do not.
    pub(crate) fn is_as(&self, other: &Self) -> bool {
        let mut newer = self.newer.values().zip(other.newer.values());
        Arc::ptr_eq(&self.settled, &other.settled)
            && self.newer.len() == other.newer.len()
            && newer.all(|(a, b)| Arc::ptr_eq(a, b))
    }
}

/// What routers that know the same make of it.
#[derive(Debug)]
pub(crate) struct View {
    /// The links that both ends tell of.
    pub(crate) map: Map,
    /// What those told that tell of PNIs.
    tellers: Vec<Arc<Lsp>>,
}

impl View {
    /// What there is to be made of what is known, the links being these.
    pub(crate) fn new(known: &Lsdb, map: Map) -> Self {
        let tellers = known.all().filter(|lsp| !lsp.stubs.is_empty()).cloned().collect();
        Self { map, tellers }
    }

    /// PNIs that routers tell of which one with these routes reaches.
    pub(crate) fn stubs(&self, routes: &Routes) -> BTreeSet<LagId> {
        let reached = self.tellers.iter().filter(|lsp| routes.to(lsp.origin).is_some());
        reached.flat_map(|lsp| lsp.stubs.iter().copied()).collect()
    }
}

/// Interior routes of one router.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Routes {
    /// Shortest paths.
    pub(crate) paths: Paths,
    /// First links of loop-free alternates, the best first, by destination (RFC 5286).
    pub(crate) alternates: BTreeMap<RouterId, Vec<LagId>>,
    /// PNIs that other routers tell are up; `None`: nobody tells, all count.
    pub(crate) stubs: Option<BTreeSet<LagId>>,
}

impl Routes {
    /// How another router is reached.
    pub(crate) fn to(&self, router: RouterId) -> Option<Reach<'_>> {
        self.paths.get(router).filter(|reach| !reach.first_hops.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Id;

    fn lsp(origin: usize, sequence: u64) -> Arc<Lsp> {
        let origin = RouterId::from_index(origin);
        let (links, avoided, stubs) = (Vec::new(), Vec::new(), Vec::new());
        Arc::new(Lsp { origin, sequence, overload: false, links, avoided, stubs })
    }

    #[test]
    fn what_is_newer_takes_the_place_of_what_was_settled() {
        let settled = Arc::new([1, 3, 5].map(|n| (RouterId::from_index(n), lsp(n, 1))).into());
        let mut lsdb = Lsdb::shared(settled);
        let other = lsdb.clone();
        for newer in [lsp(6, 1), lsp(3, 2), lsp(0, 1), lsp(5, 4), lsp(5, 6)] {
            lsdb.insert(&newer);
        }
        let all: Vec<_> = lsdb.all().map(|lsp| (lsp.origin.index(), lsp.sequence)).collect();
        assert_eq!(all, [(0, 1), (1, 1), (3, 2), (5, 6), (6, 1)]);
        assert_eq!(lsdb.get(RouterId::from_index(5)).map(|lsp| lsp.sequence), Some(6));
        assert!(lsdb.is_as(&lsdb.clone()) && !lsdb.is_as(&other));
        assert_eq!(other.all().count(), 3);
    }
}
