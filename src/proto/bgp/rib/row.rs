//! The rows of one group: what was heard, and what several were told alike once.

use std::sync::Arc;

use super::{PathId, Slot};
use crate::ids::Id;
use crate::proto::bgp::advertise::Route;

/// The routes that there are for one group.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Heard {
    /// What the router originates itself.
    pub(super) local: Option<Arc<Route>>,
    /// Adj-RIB-In after the import policy, by session and path id.
    pub(super) learned: Vec<(Slot, PathId, Arc<Route>)>,
}

/// Adj-RIB-Out for one group by path id; a route that differs by session stands there several times.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ToldRow(pub(super) Vec<Told>);

/// A route that these sessions were told last.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Told {
    pub(super) path: PathId,
    pub(super) route: Arc<Route>,
    pub(super) to: Slots,
}

/// A set of sessions; the last word has one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Slots(Vec<u64>);

impl Slots {
    pub(super) fn has(&self, slot: Slot) -> bool {
        self.0.get(slot.index() / 64).is_some_and(|word| word >> (slot.index() % 64) & 1 == 1)
    }

    fn add(&mut self, slot: Slot) {
        let word = slot.index() / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (slot.index() % 64);
    }

    /// Whether none is left.
    fn remove(&mut self, slot: Slot) -> bool {
        if let Some(word) = self.0.get_mut(slot.index() / 64) {
            *word &= !(1 << (slot.index() % 64));
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        self.0.is_empty()
    }
}

impl Heard {
    pub(super) fn learned(&self, slot: Slot) -> &[(Slot, PathId, Arc<Route>)] {
        let from = self.learned.partition_point(|(at, ..)| *at < slot);
        let to = self.learned.partition_point(|(at, ..)| *at <= slot);
        &self.learned[from..to]
    }

    /// Whether a route, or none, is not what a session told last under a path id.
    pub(super) fn is_news(&self, slot: Slot, path: PathId, route: Option<&Arc<Route>>) -> bool {
        self.place(slot, path).ok().map(|place| &self.learned[place].2) != route
    }

    /// Notes it, or that there is none.
    pub(super) fn note(&mut self, slot: Slot, path: PathId, route: Option<Arc<Route>>) {
        match (self.place(slot, path), route) {
            (Ok(place), Some(new)) => self.learned[place].2 = new,
            (Ok(place), None) => drop(self.learned.remove(place)),
            (Err(place), Some(new)) => self.learned.insert(place, (slot, path, new)),
            (Err(_), None) => {}
        }
    }

    /// The place of a route that was learned, or the one where it belongs.
    fn place(&self, slot: Slot, path: PathId) -> Result<usize, usize> {
        self.learned.binary_search_by_key(&(slot, path), |(slot, path, _)| (*slot, *path))
    }
}

impl ToldRow {
    pub(super) fn has(&self, slot: Slot) -> bool {
        self.0.iter().any(|told| told.to.has(slot))
    }

    /// The session no longer has this route, or any if no path is given.
    pub(super) fn forget(&mut self, slot: Slot, path: Option<PathId>) {
        self.0.retain_mut(|told| {
            let gone = path.is_none_or(|path| told.path == path);
            !(gone && told.to.remove(slot))
        });
    }

    /// The session has this route now; others that have the same share it.
    pub(super) fn note(&mut self, slot: Slot, path: PathId, route: Arc<Route>) -> Arc<Route> {
        let all = || self.0.iter().enumerate().filter(|(_, told)| told.path == path);
        let same = all().find(|(_, told)| Arc::ptr_eq(&told.route, &route));
        let same = same.or_else(|| all().find(|(_, told)| told.route == route));
        if let Some((place, _)) = same {
            let told = &mut self.0[place];
            told.to.add(slot);
            return Arc::clone(&told.route);
        }
        let mut to = Slots::default();
        to.add(slot);
        let place = self.0.partition_point(|told| told.path <= path);
        self.0.insert(place, Told { path, route: Arc::clone(&route), to });
        route
    }
}
