//! What BGP and traffic stand on: links, adjacencies and interior routes.
//!
//! # Departures
//! * Overload on start-up has passed, and no adjacency waits for its neighbour.

use std::collections::BTreeSet;

use super::change::{Change, LagChange};
use super::facts::Facts;
use super::faults::Physical;
use super::interior::{Interior, Trees};
use super::links::Links;
use super::memo::Memo;
use crate::dataplane::fib::Fib;
use crate::dataplane::specs;
use crate::dataplane::tables::{RouterTable, Tables};
use crate::engine::store::Store;
use crate::ids::{End, IdVec, LagId, NetworkId, RouterId, Side};
use crate::model::topology::LagKind;
use crate::proto::igp::IgpKind;

/// Everything below BGP.
#[derive(Debug)]
pub(super) struct Ground<'f, 't> {
    pub(super) facts: &'f Facts<'t>,
    pub(super) physical: Physical,
    /// Forwarding; without routes, or with those of the whole network where it is a change of that.
    pub(super) tables: Tables,
    pub(super) interior: Interior<'f>,
    pub(super) memo: Memo,
    pub(super) adjacent: IdVec<LagId, bool>,
    /// LAGs that are not as in the whole network, where it is a change of that.
    pub(super) changed: Vec<LagId>,
    /// Whether all that is sent inside networks, over LAGs that are up, gets across.
    pub(super) is_clean: bool,
}

/// What each failure writes to, and the next uses again.
#[derive(Debug)]
pub(super) struct Scratch {
    /// Equal to those of the whole network when it is not in use.
    pub(super) tables: Tables,
    pub(super) memo: Memo,
}

/// Of the whole network what failures change little of.
#[derive(Clone, Copy)]
pub(super) struct WholeGround<'w> {
    pub(super) trees: &'w Trees,
    pub(super) is_clean: bool,
}

impl<'f, 't> Ground<'f, 't> {
    /// The ground of a world, from nothing.
    pub(super) fn new(facts: &'f Facts<'t>, physical: Physical, rooted: bool) -> Self {
        let tables = tables(facts, &physical);
        let topology = facts.topology;
        let mut ground = Self {
            facts,
            physical,
            tables,
            interior: Interior::new(facts, None, rooted),
            memo: Memo::none(),
            adjacent: topology.lags.iter().map(|_| false).collect(),
            changed: Vec::new(),
            is_clean: false,
        };
        for lag in topology.lags.ids() {
            ground.adjacent[lag] = ground.is_adjacent(lag);
            ground.prune(lag);
        }
        ground.is_clean = ground.all_gets_across();
        ground
    }

    /// The ground of a world that differs from the whole one like this.
    pub(super) fn changed(
        facts: &'f Facts<'t>,
        (physical, change): (Physical, &Change),
        whole: WholeGround<'f>,
        Scratch { mut tables, memo }: Scratch,
    ) -> Self {
        for router in &change.routers {
            let table = tables.routers.edit(*router);
            table.up = physical.running[*router];
            table.hung = physical.hung[*router];
        }
        for LagChange { lag, ends, delivers } in &change.lags {
            tables.lags.edit(*lag).clone_from(ends);
            for (circuit, delivers) in facts.topology.lags[*lag].circuits.iter().zip(delivers) {
                for side in Side::BOTH {
                    tables.circuits.edit(*circuit)[side].delivers = delivers[side];
                }
            }
        }
        let mut ground = Self {
            facts,
            physical,
            tables,
            interior: Interior::new(facts, Some(whole.trees), false),
            memo,
            adjacent: whole.trees.adjacent.clone(),
            changed: change.lags.iter().map(|change| change.lag).collect(),
            is_clean: false,
        };
        for index in 0..ground.changed.len() {
            let lag = ground.changed[index];
            ground.adjacent[lag] = ground.is_adjacent(lag);
            ground.prune(lag);
        }
        ground.is_clean =
            if whole.is_clean { ground.stays_clean() } else { ground.all_gets_across() };
        ground
    }

    pub(super) fn is_running(&self, router: RouterId) -> bool {
        self.physical.running[router]
    }

    /// Whether a packet of the flow with this hash gets across a LAG from one of its sides.
    pub(super) fn crosses(&self, lag: LagId, side: Side, hash: u64) -> bool {
        let end = &self.tables.lags[lag][side];
        let count = end.distributing.len() as u64;
        if !end.up || count == 0 {
            return false;
        }
        let index = usize::try_from(hash % count).expect("less than the number of members");
        self.tables.member_delivers(lag, side, end.distributing[index])
    }

    pub(super) fn network_of(&self, lag: LagId) -> NetworkId {
        self.facts.topology.routers[self.tables.ends[lag][Side::A]].network
    }

    /// Whether both ends of a link hear each other's hellos, and BFD where both run it (RFC 6213).
    fn is_adjacent(&self, id: LagId) -> bool {
        let topology = self.facts.topology;
        let lag = &topology.lags[id];
        let kind = topology.networks[self.network_of(id)].igp.kind;
        if lag.kind != LagKind::Link || kind == IgpKind::Static {
            return false;
        }
        let hears = |which: usize| {
            let hash = |side| self.facts.adjacency_hash[End::new(id, side)][which];
            Side::BOTH
                .into_iter()
                .all(|side| self.tables.lags[id][side].up && self.crosses(id, side, hash(side)))
        };
        let watched = lag.ends.iter().all(|end| end.igp_bfd.is_some());
        hears(0) && (!watched || hears(1))
    }

    /// Some forwarding leaves out neighbours that no longer answer (RFC 4861 §7.3).
    fn prune(&mut self, id: LagId) {
        let topology = self.facts.topology;
        let lag = &topology.lags[id];
        let asks =
            |side: &Side| !topology.routers[lag.ends[*side].router].prune_unreachable.is_zero();
        let asking: Vec<Side> = Side::BOTH.into_iter().filter(asks).collect();
        if asking.is_empty() || matches!(lag.kind, LagKind::Port(_)) {
            return;
        }
        let both = Side::BOTH.into_iter().all(|side| self.any_crosses(id, side));
        for side in asking {
            let router = lag.ends[side].router;
            let loses = self.tables.lags[id][side].up && !both;
            if loses != self.tables.routers[router].lost.contains(&id) {
                let lost = &mut self.tables.routers.edit(router).lost;
                let _ = if loses { lost.insert(id) } else { lost.remove(&id) };
            }
        }
    }

    /// Whether some member carries what a side of a LAG sends.
    pub(super) fn any_crosses(&self, lag: LagId, side: Side) -> bool {
        let end = &self.tables.lags[lag][side];
        end.up && end.distributing.iter().any(|c| self.tables.member_delivers(lag, side, *c))
    }

    /// Whether every member does.
    pub(super) fn all_cross(&self, lag: LagId, side: Side) -> bool {
        let end = &self.tables.lags[lag][side];
        end.up && end.distributing.iter().all(|c| self.tables.member_delivers(lag, side, *c))
    }

    fn all_gets_across(&self) -> bool {
        let lost = self.tables.routers.iter().all(|router| router.lost.is_empty() && !router.hung);
        lost && self.facts.inside.iter().all(|lag| self.gets_across(*lag))
    }

    /// The same where all got across in the whole network.
    fn stays_clean(&self) -> bool {
        let fine = |lag: &LagId| {
            let whole = |router: &RouterId| self.tables.routers[*router].lost.is_empty();
            let is_link = self.facts.topology.lags[*lag].kind == LagKind::Link;
            self.tables.ends[*lag].iter().all(whole) && (!is_link || self.gets_across(*lag))
        };
        !self.physical.hung.iter().any(|hung| *hung) && self.changed.iter().all(fine)
    }

    fn gets_across(&self, lag: LagId) -> bool {
        Side::BOTH
            .into_iter()
            .all(|side| !self.tables.lags[lag][side].up || self.all_cross(lag, side))
    }
}

/// Forwarding with no routes.
fn tables(facts: &Facts<'_>, physical: &Physical) -> Tables {
    let topology = facts.topology;
    let Links { circuits, lags } = Links::of(topology, physical);
    let table = |router: RouterId| RouterTable {
        up: physical.running[router],
        hung: physical.hung[router],
        stateful: topology.routers[router].stateful,
        lost: BTreeSet::new(),
        filters: BTreeSet::new(),
        fib: Fib::new(facts.groups.len()),
    };
    let mut routers: Store<RouterId, RouterTable> = topology.routers.ids().map(table).collect();
    for (id, group) in facts.groups.iter_ids() {
        for router in &group.served_by {
            routers.edit(*router).fib.serve(id, true);
        }
    }
    Tables {
        routers,
        lags,
        ends: topology.lags.iter().map(|l| [l.ends[0].router, l.ends[1].router]).collect(),
        shaping: topology.lags.iter().map(|l| l.ends.each_ref().map(specs::shaping)).collect(),
        members: topology.lags.iter().map(|lag| lag.circuits.clone()).collect(),
        circuits,
        covers: facts.groups.iter().map(|group| group.cover).collect(),
        severed: BTreeSet::new(),
        names: facts.names.clone(),
    }
}
