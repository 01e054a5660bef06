//! Walks that need not be walked again: where a demand goes depends on the tables on its way, and
//! while these stay as they are only on which of the writes under way have come by a position.
//!
//! A walk asks one write after the other, and which it asks next follows from the answers so far:
//! all walks are the ways down one tree.

use super::atoms::Shares;
use super::sweeps::Sweep;
use super::tables::{Tables, WHOLE};
use crate::ids::{GroupId, RouterId};
use crate::units::SimTime;

/// Whether a router has written its entry of a group at a position.
pub(super) type Answer = (RouterId, GroupId, bool);

/// The walks known so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Memo {
    /// The writes that were asked.
    asked: Vec<(RouterId, GroupId, Sweep)>,
    /// How far each has come at the moment that is looked at.
    positions: Vec<u64>,
    now: SimTime,
    root: Next,
    steps: Vec<Step>,
    /// Where all would go, no two alike.
    found: Vec<Shares>,
}

/// A write that is asked, by place, and what follows where it has not come by and where it has.
#[derive(Clone, Copy, Debug)]
struct Step {
    asks: usize,
    then: [Next; 2],
}

/// What follows in the tree.
#[derive(Clone, Copy, Debug, Default)]
enum Next {
    /// Nobody has been there.
    #[default]
    Unknown,
    /// Another write.
    Step(usize),
    /// The end of a walk.
    Found(usize),
}

impl Memo {
    /// Whether writes under way decide where it goes.
    pub(super) const fn depends(&self) -> bool {
        !self.asked.is_empty()
    }

    /// Forgets all: tables on the way have changed.
    pub(super) fn clear(&mut self) {
        self.asked.clear();
        self.positions.clear();
        self.root = Next::Unknown;
        self.steps.clear();
        self.found.clear();
    }

    /// From now on positions are looked at as they are at this moment.
    pub(super) fn turn_to(&mut self, now: SimTime) {
        self.now = now;
        self.positions.clear();
        self.positions.extend(self.asked.iter().map(|(.., sweep)| sweep.position(now)));
    }

    /// The moment as of which positions are looked at.
    pub(super) const fn moment(&self) -> SimTime {
        self.now
    }

    /// What was found at a position, if known, and up to where the same holds.
    pub(super) fn at(&self, position: u64) -> (Option<usize>, u64) {
        let mut end = WHOLE;
        let mut next = self.root;
        loop {
            match next {
                Next::Unknown => return (None, end),
                Next::Found(found) => return (Some(found), end),
                Next::Step(step) => {
                    let Step { asks, then } = &self.steps[step];
                    let reached = self.positions[*asks];
                    let written = position < reached;
                    if written {
                        end = end.min(reached);
                    }
                    next = then[usize::from(written)];
                }
            }
        }
    }

    /// What was found.
    pub(super) fn found(&self, found: usize) -> &[(super::paths::PathId, u64)] {
        &self.found[found]
    }

    /// Learns a walk at this moment: what it asked, in order, and where it led.
    pub(super) fn learn(&mut self, tables: &Tables, answers: &[Answer], shares: Shares) -> usize {
        let known = self.found.iter().position(|known| *known == shares);
        let found = known.unwrap_or_else(|| {
            self.found.push(shares);
            self.found.len() - 1
        });
        let mut at = None;
        for (router, group, written) in answers {
            let asks = self.ask(tables, *router, *group);
            let step = match *self.next(at) {
                Next::Step(step) => step,
                Next::Unknown | Next::Found(_) => {
                    self.steps.push(Step { asks, then: [Next::Unknown; 2] });
                    let step = self.steps.len() - 1;
                    *self.next(at) = Next::Step(step);
                    step
                }
            };
            at = Some((step, *written));
        }
        *self.next(at) = Next::Found(found);
        found
    }

    fn next(&mut self, after: Option<(usize, bool)>) -> &mut Next {
        match after {
            None => &mut self.root,
            Some((step, written)) => &mut self.steps[step].then[usize::from(written)],
        }
    }

    /// The place of a write that is asked.
    fn ask(&mut self, tables: &Tables, router: RouterId, group: GroupId) -> usize {
        let is_it = |(r, g, _): &(RouterId, GroupId, Sweep)| (*r, *g) == (router, group);
        self.asked.iter().position(is_it).unwrap_or_else(|| {
            let ramp = tables.routers[router].fib.ramp(group);
            let sweep = Sweep::from(ramp.expect("only writes under way are asked"));
            self.asked.push((router, group, sweep));
            self.positions.push(sweep.position(self.now));
            self.asked.len() - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Id;

    #[test]
    fn a_position_is_asked_only_what_its_walk_asks() {
        let sweep = |first, last| Sweep {
            first: SimTime::from_nanos(first),
            last: SimTime::from_nanos(last),
        };
        let asked = |n: usize, sweep| (RouterId::from_index(n), GroupId::from_index(0), sweep);
        // Both are asked where the first has come by, elsewhere only the first.
        let memo = Memo {
            asked: vec![asked(0, sweep(0, 1_000)), asked(1, sweep(100, 1_100))],
            root: Next::Step(0),
            steps: vec![
                Step { asks: 0, then: [Next::Found(0), Next::Step(1)] },
                Step { asks: 1, then: [Next::Found(1), Next::Unknown] },
            ],
            found: vec![Vec::new(); 2],
            ..Memo::default()
        };
        let at = |now, parts| {
            let mut memo = memo.clone();
            memo.turn_to(SimTime::from_nanos(now));
            memo.at(WHOLE / 10 * parts)
        };
        assert_eq!(at(0, 0), (Some(0), WHOLE));
        // A fifth is written by the first, a tenth by the second.
        assert_eq!(at(200, 0), (None, WHOLE / 10));
        assert_eq!(at(200, 1), (Some(1), WHOLE / 5));
        assert_eq!(at(200, 2), (Some(0), WHOLE));
    }
}
