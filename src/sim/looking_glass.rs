//! What a looking glass shows of each router: its best routes and where it sends, at the start and
//! at the end of each window.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Arc;

use super::world::World;
use crate::dataplane::tables::NextHops;
use crate::ids::{GroupId, RouterId};
use crate::proto::bgp::decision::Reason;
use crate::proto::bgp::rib::Best;

/// Beyond this many pairs of a router and a prefix nothing is shown.
const MOST: usize = 100_000;

/// What a router knows of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct View {
    /// The window at whose end it was so; `None`: at the start.
    pub(crate) window: Option<usize>,
    /// The router.
    pub(crate) router: RouterId,
    /// The group.
    pub(crate) group: GroupId,
    /// Its best route, if it has one.
    pub(crate) best: Option<Best>,
    /// Where it sends what is for the group.
    pub(crate) hops: NextHops,
}

/// All views of a run, and what has changed since the last.
#[derive(Clone, Debug, Default)]
pub(crate) struct LookingGlass {
    /// In order of time, router and group.
    pub(crate) views: Vec<View>,
    last: BTreeMap<(RouterId, GroupId), usize>,
    changed: BTreeSet<(RouterId, GroupId)>,
    /// Choices that router ids alone made which no file states: by the router with that id, where
    /// and for what.
    pub(crate) derived: Arc<BTreeMap<RouterId, BTreeSet<(RouterId, GroupId)>>>,
}

impl LookingGlass {
    /// Takes away what was seen since it was equal to its `base`.
    pub(super) fn roll_back(&mut self, base: &Self) {
        let Self { views, last, changed, derived } = self;
        for View { router, group, .. } in views.drain(base.views.len()..) {
            match base.last.get(&(router, group)) {
                Some(at) => last.insert((router, group), *at),
                None => last.remove(&(router, group)),
            };
        }
        changed.clone_from(&base.changed);
        derived.clone_from(&base.derived);
    }
}

impl World {
    /// Whether routes are shown: not where they are too many for anyone to read.
    pub(crate) fn shows_routes(&self) -> bool {
        self.net.topology.routers.len() * self.net.topology.prefixes.len() <= MOST
    }

    /// What a router has chosen for a group, or where it sends, may be another.
    pub(super) fn glance(&mut self, router: RouterId, group: GroupId) {
        if self.traffic.is_some() && self.shows_routes() {
            self.record.glass.changed.insert((router, group));
        }
    }

    /// Shows all routes, as the clock starts.
    pub(super) fn look_at_all(&mut self) {
        let shows = self.shows_routes();
        for router in self.net.topology.routers.ids() {
            for group in self.group_ids() {
                self.note_derived(router, group);
                if shows {
                    self.record.glass.changed.insert((router, group));
                }
            }
        }
        self.look(None);
    }

    /// Shows what is different from the last time.
    pub(super) fn look(&mut self, window: Option<usize>) {
        let changed = std::mem::take(&mut self.record.glass.changed);
        for (router, group) in changed {
            let best = self.state.ribs[router].best(group).cloned();
            let hops = self.tables.routers[router].fib.hops(group).clone();
            let glass = &self.record.glass;
            let same = match glass.last.get(&(router, group)).map(|at| &glass.views[*at]) {
                Some(last) => is_same(last.best.as_ref(), best.as_ref()) && last.hops == hops,
                None => best.is_none() && hops.is_empty(),
            };
            if !same {
                let glass = &mut self.record.glass;
                glass.last.insert((router, group), glass.views.len());
                glass.views.push(View { window, router, group, best, hops });
            }
        }
    }

    /// Notes a choice that a derived router id made.
    pub(super) fn note_derived(&mut self, router: RouterId, group: GroupId) {
        let Some(best) = self.state.ribs[router].best(group) else { return };
        if best.reason != Reason::RouterId || best.outdone.is_empty() {
            return;
        }
        let with_id = |id: Ipv4Addr| {
            let mut all = self.net.topology.routers.iter_ids();
            all.find(|(_, r)| r.router_id == id && r.router_id_derived).map(|(id, _)| id)
        };
        let derived: Vec<RouterId> = best.outdone.iter().copied().filter_map(with_id).collect();
        for owner in derived {
            let known = &mut self.record.glass.derived;
            if !known.get(&owner).is_some_and(|all| all.contains(&(router, group))) {
                Arc::make_mut(known).entry(owner).or_default().insert((router, group));
            }
        }
    }
}

fn is_same(last: Option<&Best>, best: Option<&Best>) -> bool {
    match (last, best) {
        (Some(a), Some(b)) => {
            (&a.route, a.via, a.reason, &a.multipath) == (&b.route, b.via, b.reason, &b.multipath)
        }
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}
