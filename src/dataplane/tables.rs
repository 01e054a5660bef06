//! The state of forwarding: what each router, LAG end and circuit does with a packet right now.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::fib::Fib;
use super::sweeps::Sweep;
use crate::engine::store::Store;
use crate::ids::{CircuitId, ClassId, GroupId, IdVec, LagId, RouterId, Side};
use crate::units::{BitRate, Share, SimDuration, SimTime};

/// A whole: shares of a demand and positions within a prefix group are integer parts of this.
pub const WHOLE: u64 = 1_000_000_000_000_000_000;

/// One way out of a router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hop {
    /// The LAG it leaves through.
    pub lag: LagId,
    /// The end of that LAG that the router is at.
    pub side: Side,
    /// Where the LAG leads to the fabric of an exchange: the port it leaves that through.
    pub exit: Option<LagId>,
    /// Its weight among the ways out.
    pub weight: u32,
    /// The LAG, and the router's end of it, by which to go on at once where this one is lost.
    pub alternate: Option<(LagId, Side)>,
}

/// The ways out for a group, sorted; empty: no route.
pub type NextHops = Arc<[Hop]>;

/// Prefixes being rewritten one after the other, at an even pace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ramp {
    /// What they are rewritten to.
    pub next: NextHops,
    /// When the first prefix is written.
    pub first: SimTime,
    /// When the last is.
    pub last: SimTime,
}

impl Ramp {
    /// The part of the group that is written by `now`.
    #[must_use]
    pub fn position(&self, now: SimTime) -> u64 {
        Sweep::from(self).position(now)
    }
}

/// One router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouterTable {
    /// Whether it runs.
    pub up: bool,
    /// Whether it runs but forwards nothing.
    pub hung: bool,
    /// Whether it drops what it has seen no forward packets of.
    pub stateful: bool,
    /// LAGs that it does not use although its entries do: it has lost them.
    pub lost: BTreeSet<LagId>,
    /// Groups whose packets it drops by a filter.
    pub filters: BTreeSet<GroupId>,
    /// Per prefix group.
    pub fib: Fib,
}

/// One end of a LAG.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LagEndTable {
    /// Whether the aggregate is up here.
    pub up: bool,
    /// Members it sends on, in order.
    pub distributing: Vec<CircuitId>,
    /// Members it takes frames from, in order.
    pub collecting: Vec<CircuitId>,
}

/// What a LAG end does with what it sends and receives, apart from carrying it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shaping {
    /// It takes in no more than this.
    pub police_in: Option<BitRate>,
    /// It sends no more than this.
    pub police_out: Option<BitRate>,
    /// Classes it serves first, in this order.
    pub priority: Vec<ClassId>,
}

/// One direction of a circuit, named by the side that sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitTable {
    /// Whether a frame sent now reaches the interface at the other end.
    pub delivers: bool,
    /// Share of frames lost at random.
    pub loss: Share,
    /// One-way delay.
    pub delay: SimDuration,
    /// Rate.
    pub speed: BitRate,
}

/// The whole state of forwarding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tables {
    /// Per router.
    pub routers: Store<RouterId, RouterTable>,
    /// Per LAG and side.
    pub lags: Store<LagId, [LagEndTable; 2]>,
    /// The routers at the ends of each LAG.
    pub ends: IdVec<LagId, [RouterId; 2]>,
    /// Per LAG and side.
    pub shaping: IdVec<LagId, [Shaping; 2]>,
    /// All members of each LAG, whatever their state.
    pub members: IdVec<LagId, Vec<CircuitId>>,
    /// Per circuit and sending side.
    pub circuits: Store<CircuitId, [CircuitTable; 2]>,
    /// The group of the nearest prefix that covers those of a group.
    pub covers: IdVec<GroupId, Option<GroupId>>,
    /// Pairs of ports between which a fabric carries nothing, in both orders.
    pub severed: BTreeSet<(LagId, LagId)>,
    /// Names as numbers, for hashing.
    pub names: Names,
}

/// A number for each name, which no other element of the design changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// Routers: where a next hop is chosen.
    pub routers: IdVec<RouterId, u64>,
    /// LAGs: choices of a next hop, and where a member is chosen.
    pub lags: IdVec<LagId, u64>,
    /// Circuits: choices of a member.
    pub circuits: IdVec<CircuitId, u64>,
}

impl RouterTable {
    fn fork(&self) -> Self {
        let Self { up, hung, stateful, lost, filters, fib } = self;
        let (up, hung, stateful) = (*up, *hung, *stateful);
        Self { up, hung, stateful, lost: lost.clone(), filters: filters.clone(), fib: fib.fork() }
    }

    fn roll_back(&mut self, base: &Self) {
        let Self { up, hung, stateful, lost, filters, fib } = self;
        (*up, *hung, *stateful) = (base.up, base.hung, base.stateful);
        lost.clone_from(&base.lost);
        filters.clone_from(&base.filters);
        fib.roll_back(&base.fib);
    }
}

impl Tables {
    /// A copy that keeps track of what changes.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self {
            routers: self.routers.fork_with(RouterTable::fork),
            lags: self.lags.fork(),
            ends: self.ends.clone(),
            shaping: self.shaping.clone(),
            members: self.members.clone(),
            circuits: self.circuits.fork(),
            covers: self.covers.clone(),
            severed: self.severed.clone(),
            names: self.names.clone(),
        }
    }

    /// Makes a fork equal to its `base` again; what a run never changes stays.
    pub fn roll_back(&mut self, base: &Self) {
        let Self { routers, lags, circuits, severed, .. } = self;
        routers.roll_back_with(&base.routers, RouterTable::roll_back, RouterTable::fork);
        lags.roll_back(&base.lags);
        circuits.roll_back(&base.circuits);
        severed.clone_from(&base.severed);
    }

    /// Whether a frame sent by `side` of `lag` on member `circuit` is taken in at the other end.
    #[must_use]
    pub fn member_delivers(&self, lag: LagId, side: Side, circuit: CircuitId) -> bool {
        let far = &self.lags[lag][side.other()];
        self.circuits[circuit][side].delivers && far.up && far.collecting.contains(&circuit)
    }

    /// A group, and those of the prefixes that cover it, the nearest first.
    pub fn covering(&self, group: GroupId) -> impl Iterator<Item = GroupId> {
        std::iter::successors(Some(group), |at| self.covers[*at])
    }

    /// All members of `lag`.
    #[must_use]
    pub fn lag_members(&self, lag: LagId) -> &[CircuitId] {
        &self.members[lag]
    }

    /// Rate that `side` of `lag` may send at: the sum of the members it distributes to.
    #[must_use]
    pub fn lag_capacity(&self, lag: LagId, side: Side) -> BitRate {
        let end = &self.lags[lag][side];
        let sum = end.distributing.iter().map(|c| self.circuits[*c][side].speed.as_bps()).sum();
        BitRate::from_bps(if end.up { sum } else { 0 })
    }
}
