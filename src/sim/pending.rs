//! Groups that a peer may have to be told of, and why.

use std::collections::BTreeMap;

use super::cause::{CauseId, Causes};
use crate::ids::BlockId;
use crate::proto::bgp::rib::blocks::Groups;

/// Groups that a peer may have to be told of, each with its cause.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pending {
    /// In each block, groups that have a cause in common.
    blocks: BTreeMap<BlockId, Vec<(CauseId, Groups)>>,
}

impl Pending {
    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Adds groups for a cause; those that are there already keep a cause of a later fault.
    pub(crate) fn add(
        &mut self,
        block: BlockId,
        mut groups: Groups,
        cause: CauseId,
        causes: &Causes,
    ) {
        if groups == 0 {
            return;
        }
        let all = self.blocks.entry(block).or_default();
        for (known, of) in all.iter_mut().filter(|(known, _)| *known != cause) {
            if causes.later(Some(*known), cause) == cause {
                *of &= !groups;
            } else {
                groups &= !*of;
            }
        }
        all.retain(|(_, of)| *of != 0);
        match all.iter_mut().find(|(known, _)| *known == cause) {
            Some((_, of)) => *of |= groups,
            None if groups != 0 => all.push((cause, groups)),
            None => {}
        }
    }

    /// Adds all of another.
    pub(crate) fn add_all(&mut self, other: &Self, causes: &Causes) {
        for (block, all) in &other.blocks {
            for (cause, groups) in all {
                self.add(*block, *groups, *cause, causes);
            }
        }
    }

    /// The blocks in order, with their groups by cause.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = (BlockId, &[(CauseId, Groups)])> {
        self.blocks.iter().map(|(block, all)| (*block, &all[..]))
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.blocks.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Id;
    use crate::units::{SimDuration, SimTime};

    #[test]
    fn a_group_is_blamed_on_the_latest_fault_that_made_it_wait() {
        let mut causes = Causes::new();
        let at = |s| SimTime::ZERO + SimDuration::from_secs(s);
        let (first, second) = (causes.fault(1, at(1)), causes.fault(2, at(2)));
        let block = BlockId::from_index(3);
        let mut pending = Pending::default();
        pending.add(block, 0b0011, second, &causes);
        pending.add(block, 0b0110, first, &causes);
        pending.add(block, 0b0100, second, &causes);
        pending.add(block, 0b1000, Causes::START, &causes);
        let mut other = Pending::default();
        other.add(block, 0b1001, first, &causes);
        pending.add_all(&other, &causes);
        let all: Vec<_> = pending.blocks().collect();
        assert_eq!(all, [(block, &[(second, 0b0111), (first, 0b1000)][..])]);
    }
}
