//! The forwarding table of one router.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::tables::{NextHops, Ramp};
use crate::engine::store::Store;
use crate::ids::GroupId;

/// What a router does with packets to each prefix group.
///
/// Most groups share their ways out with many others, so that each costs four bytes.
#[derive(Clone, Debug)]
pub struct Fib {
    /// By group: which of the sets is written so far.
    written: Store<GroupId, u32>,
    /// Sets of ways out that are or were written, each once; the first is empty.
    sets: Vec<NextHops>,
    /// What is being written.
    ramps: BTreeMap<GroupId, Ramp>,
    /// Groups whose traffic ends here.
    served: BTreeSet<GroupId>,
}

impl Fib {
    /// A table with no routes to so many groups.
    #[must_use]
    pub fn new(groups: usize) -> Self {
        let written = std::iter::repeat_n(0, groups).collect();
        let sets = vec![Arc::from([])];
        Self { written, sets, ramps: BTreeMap::new(), served: BTreeSet::new() }
    }

    /// A copy that keeps track of what changes.
    #[must_use]
    pub fn fork(&self) -> Self {
        let Self { written, sets, ramps, served } = self;
        let (sets, ramps, served) = (sets.clone(), ramps.clone(), served.clone());
        Self { written: written.fork(), sets, ramps, served }
    }

    /// Makes a fork equal to its `base` again.
    pub fn roll_back(&mut self, base: &Self) {
        let Self { written, sets, ramps, served } = self;
        written.roll_back(&base.written);
        sets.truncate(base.sets.len());
        ramps.clone_from(&base.ramps);
        served.clone_from(&base.served);
    }

    /// The ways out for a group that are written so far.
    #[must_use]
    pub fn hops(&self, group: GroupId) -> &NextHops {
        &self.sets[self.written[group] as usize]
    }

    /// What a group is being rewritten to.
    #[must_use]
    pub fn ramp(&self, group: GroupId) -> Option<&Ramp> {
        self.ramps.get(&group)
    }

    /// All groups that are being rewritten, in order.
    pub fn ramps(&self) -> impl Iterator<Item = (GroupId, &Ramp)> {
        self.ramps.iter().map(|(group, ramp)| (*group, ramp))
    }

    /// Whether traffic to a group ends here.
    #[must_use]
    pub fn serves(&self, group: GroupId) -> bool {
        self.served.contains(&group)
    }

    /// The ways out for each group, in order.
    pub fn iter(&self) -> impl Iterator<Item = &NextHops> {
        self.written.iter().map(|set| &self.sets[*set as usize])
    }

    /// All of a group is written, and nothing is being written any more.
    pub fn write(&mut self, group: GroupId, next: &NextHops) {
        self.ramps.remove(&group);
        let set = self.set(next);
        if self.written[group] != set {
            *self.written.edit(group) = set;
        }
    }

    /// A group begins to be rewritten.
    pub fn begin(&mut self, group: GroupId, ramp: Ramp) {
        self.ramps.insert(group, ramp);
    }

    /// Traffic to a group ends here, or no longer.
    pub fn serve(&mut self, group: GroupId, serves: bool) {
        if serves {
            self.served.insert(group);
        } else {
            self.served.remove(&group);
        }
    }

    fn set(&mut self, next: &NextHops) -> u32 {
        let known = self.sets.iter().position(|set| Arc::ptr_eq(set, next));
        let known = known.or_else(|| self.sets.iter().position(|set| set == next));
        let place = known.unwrap_or_else(|| {
            self.sets.push(Arc::clone(next));
            self.sets.len() - 1
        });
        u32::try_from(place).expect("no more than are written in a run")
    }
}

/// What it does; which sets there were shows nowhere.
impl PartialEq for Fib {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter()) && self.ramps == other.ramps && self.served == other.served
    }
}

impl Eq for Fib {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataplane::tables::Hop;
    use crate::ids::{Id, LagId, Side};

    #[test]
    fn equal_ways_out_stand_once_and_a_fork_forgets_what_it_wrote() {
        let way = |lag: usize| -> NextHops {
            let (lag, side) = (LagId::from_index(lag), Side::A);
            Arc::from([Hop { lag, side, exit: None, weight: 1, alternate: None }])
        };
        let group = GroupId::from_index;
        let mut base = Fib::new(3);
        base.write(group(0), &way(1));
        base.write(group(2), &way(1));
        assert_eq!((base.sets.len(), base.hops(group(2))), (2, &way(1)));
        let mut fork = base.fork();
        fork.write(group(1), &way(7));
        fork.serve(group(1), true);
        assert_ne!(fork, base);
        fork.roll_back(&base);
        assert_eq!(format!("{fork:?}"), format!("{base:?}"));
    }
}
