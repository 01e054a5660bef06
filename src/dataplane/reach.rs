//! Which routers traffic of a group may meet: writes at others change nothing for it.

use std::collections::BTreeMap;

use super::tables::{Hop, Ramp, Tables};
use crate::ids::{GroupId, Id, RouterId, Side};

/// A set of routers.
#[derive(Clone, Debug, Default)]
pub(super) struct Routers {
    has: Vec<bool>,
    all: Vec<RouterId>,
}

impl Routers {
    /// Adds a router, and tells whether it is new.
    pub(super) fn insert(&mut self, router: RouterId) -> bool {
        let index = router.index();
        if self.has.len() <= index {
            self.has.resize(index + 1, false);
        }
        let fresh = !std::mem::replace(&mut self.has[index], true);
        if fresh {
            self.all.push(router);
        }
        fresh
    }

    /// Whether it is among them.
    pub(super) fn contains(&self, router: RouterId) -> bool {
        self.has.get(router.index()).copied().unwrap_or(false)
    }

    /// All, in the order in which they came.
    pub(super) fn iter(&self) -> impl Iterator<Item = RouterId> {
        self.all.iter().copied()
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        for router in self.all.drain(..) {
            self.has[router.index()] = false;
        }
    }
}

/// What the traffic of a demand may meet.
#[derive(Clone, Debug)]
struct OfDemand {
    groups: [GroupId; 2],
    sources: Vec<RouterId>,
    /// Where its forward traffic has last arrived.
    arrived: Vec<RouterId>,
    /// Forward and return.
    met: [Routers; 2],
}

/// Which routers traffic may meet, by demand and by group.
#[derive(Clone, Debug, Default)]
pub(super) struct Reach {
    demands: Vec<OfDemand>,
    groups: BTreeMap<GroupId, Routers>,
    /// Whether what demands may meet has changed since it was put together by group.
    stale: bool,
}

impl Reach {
    /// Demands by their groups, forward and return, and by their sources.
    pub(super) fn new(
        tables: &Tables,
        demands: impl Iterator<Item = ([GroupId; 2], Vec<RouterId>)>,
    ) -> Self {
        let of = |(groups, sources)| {
            let (arrived, met) = (Vec::new(), [Routers::default(), Routers::default()]);
            OfDemand { groups, sources, arrived, met }
        };
        let demands = demands.map(of).collect();
        let mut reach = Self { demands, groups: BTreeMap::new(), stale: true };
        reach.find_all(tables);
        reach
    }

    /// Looks at everything anew.
    pub(super) fn find_all(&mut self, tables: &Tables) {
        for demand in &mut self.demands {
            demand.find(tables);
        }
        self.stale = true;
        self.unite();
    }

    /// These entries have been written.
    pub(super) fn find_after(&mut self, tables: &Tables, written: &[(RouterId, GroupId)]) {
        for demand in &mut self.demands {
            if written.iter().any(|entry| demand.may_meet(tables, *entry)) {
                demand.find(tables);
                self.stale = true;
            }
        }
        self.unite();
    }

    /// Return traffic starts where the other has arrived, last time or now; [`Reach::unite`] is to
    /// follow.
    pub(super) fn arrived(&mut self, tables: &Tables, demand: usize, at: Vec<RouterId>) {
        let demand = &mut self.demands[demand];
        if demand.arrived != at {
            demand.arrived = at;
            demand.find_back(tables);
            self.stale = true;
        }
    }

    /// Whether traffic may meet what a router's table says of a group.
    pub(super) fn may_meet(&self, tables: &Tables, router: RouterId, group: GroupId) -> bool {
        let covers = |of: GroupId| tables.covering(of).any(|at| at == group);
        self.groups.iter().any(|(of, met)| met.contains(router) && covers(*of))
    }

    /// The writes under way that decide about a group, its own and those of what covers it, at the
    /// routers that its traffic may meet.
    pub(super) fn ramps<'t>(&self, tables: &'t Tables, group: GroupId) -> Vec<&'t Ramp> {
        let met = self.groups.get(&group).into_iter().flat_map(Routers::iter);
        let of = |router: RouterId| {
            tables.covering(group).filter_map(move |at| tables.routers[router].fib.ramp(at))
        };
        met.flat_map(of).collect()
    }

    /// All groups that there is traffic to.
    pub(super) fn groups(&self) -> impl Iterator<Item = GroupId> {
        self.groups.keys().copied()
    }

    /// Puts together what all demands to a group may meet.
    pub(super) fn unite(&mut self) {
        if !std::mem::take(&mut self.stale) {
            return;
        }
        for met in self.groups.values_mut() {
            met.clear();
        }
        for demand in &self.demands {
            for (group, met) in demand.groups.iter().zip(&demand.met) {
                let all = self.groups.entry(*group).or_default();
                for router in met.iter() {
                    all.insert(router);
                }
            }
        }
    }
}

impl OfDemand {
    fn may_meet(&self, tables: &Tables, (router, group): (RouterId, GroupId)) -> bool {
        let mut both = self.groups.iter().zip(&self.met);
        both.any(|(of, met)| met.contains(router) && tables.covering(*of).any(|at| at == group))
    }

    fn find(&mut self, tables: &Tables) {
        let [there, _] = &mut self.met;
        there.clear();
        spread(tables, self.groups[0], self.sources.iter().copied(), there);
        self.find_back(tables);
    }

    fn find_back(&mut self, tables: &Tables) {
        let [there, home] = &mut self.met;
        home.clear();
        let starts = there.iter().chain(self.arrived.iter().copied());
        spread(tables, self.groups[1], starts, home);
    }
}

/// Adds the routers that packets of `group` may meet from `starts` on, whichever position they are
/// for and however far writes that are under way have come: more than they do meet.
fn spread(
    tables: &Tables,
    group: GroupId,
    starts: impl Iterator<Item = RouterId>,
    into: &mut Routers,
) {
    let mut waiting: Vec<RouterId> = starts.filter(|start| into.insert(*start)).collect();
    while let Some(router) = waiting.pop() {
        for at in tables.covering(group) {
            let fib = &tables.routers[router].fib;
            let written = fib.ramp(at).into_iter().flat_map(|ramp| ramp.next.iter());
            for next in fib.hops(at).iter().chain(written).flat_map(|hop| beyond(tables, hop)) {
                if into.insert(next) {
                    waiting.push(next);
                }
            }
        }
    }
}

/// The routers to which a hop may lead, by its alternate or through a fabric too.
fn beyond(tables: &Tables, hop: &Hop) -> impl Iterator<Item = RouterId> {
    let ways = [Some((hop.lag, hop.side)), hop.alternate, hop.exit.map(|exit| (exit, Side::B))];
    ways.into_iter().flatten().map(|(lag, side)| tables.ends[lag][side.other()])
}
