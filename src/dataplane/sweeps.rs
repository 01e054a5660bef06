//! Writes that go over the positions of a prefix group, one prefix after the other.
//!
//! A write reaches each position at an instant of its own, so whatever happens to a position
//! because of it happens at that instant, however rarely traffic is looked at meanwhile.

use std::collections::BTreeSet;

use super::tables::{Ramp, Tables, WHOLE};
use crate::ids::{GroupId, RouterId};
use crate::units::{SimDuration, SimTime};

/// When each position of a prefix group is reached: evenly from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sweep {
    /// When the first position is.
    pub first: SimTime,
    /// When the last is.
    pub last: SimTime,
}

impl Sweep {
    /// All positions at one instant.
    #[must_use]
    pub const fn at(instant: SimTime) -> Self {
        Self { first: instant, last: instant }
    }

    /// When it reaches `position`, rounded down.
    #[must_use]
    pub fn reaches(self, position: u64) -> SimTime {
        self.first + self.last.since(self.first).scaled(position, WHOLE)
    }

    /// The first instant at which `position` is written.
    pub(super) fn has_written(self, position: u64) -> SimTime {
        let all = u128::from(self.last.since(self.first).as_nanos());
        let wide = (u128::from(position) + 1) * all;
        let ns = u64::try_from(wide.div_ceil(u128::from(WHOLE))).unwrap_or(u64::MAX);
        (self.first + SimDuration::from_nanos(ns)).min(self.last)
    }

    /// When both are at the same position, rounded down; `None` if they keep their distance.
    fn meets(self, other: Self) -> Option<SimTime> {
        let length = |sweep: Self| i128::from(sweep.last.since(sweep.first).as_nanos());
        let (mine, theirs) = (length(self), length(other));
        let lag = i128::from(other.first.as_nanos()) - i128::from(self.first.as_nanos());
        let slower = mine - theirs;
        let after = (lag * mine * slower.signum()).checked_div_euclid(slower.abs())?;
        let at = after + i128::from(self.first.as_nanos());
        i64::try_from(at).ok().map(SimTime::from_nanos)
    }
}

impl From<&Ramp> for Sweep {
    fn from(ramp: &Ramp) -> Self {
        Self { first: ramp.first, last: ramp.last }
    }
}

/// A stretch of positions that writes went over between two looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swept {
    /// Where the stretch begins.
    pub begin: u64,
    /// Where it ends.
    pub end: u64,
    /// Which writes, in the order in which they came by.
    pub by: Vec<Sweep>,
}

impl Swept {
    /// Its middle, which stands for all of it: no write overtakes another within it.
    #[must_use]
    pub const fn middle(&self) -> u64 {
        self.begin.midpoint(self.end)
    }

    /// The instants at which its middle is treated anew, each with the write that has come by.
    pub fn turns(&self) -> impl Iterator<Item = (SimTime, Sweep)> {
        self.by.iter().map(|sweep| (sweep.has_written(self.middle()), *sweep))
    }
}

/// The ramps that decide about a group at these routers: its own and those of what covers it.
fn ramps<'t>(
    tables: &'t Tables,
    group: GroupId,
    at: &BTreeSet<RouterId>,
) -> impl Iterator<Item = &'t Ramp> {
    let of = move |group: GroupId| {
        at.iter().filter_map(move |router| tables.routers[*router].fib[group].ramp.as_deref())
    };
    tables.covering(group).flat_map(of)
}

/// Where the tables of these routers change within a group at `now`: positions that bound equal
/// treatment.
#[must_use]
pub fn boundaries(
    tables: &Tables,
    group: GroupId,
    at: &BTreeSet<RouterId>,
    now: SimTime,
) -> Vec<u64> {
    let mut all = vec![WHOLE];
    all.extend(ramps(tables, group, at).map(|ramp| ramp.position(now)).filter(|p| *p > 0));
    all.sort_unstable();
    all.dedup();
    all
}

/// The stretches of a group that were written at these routers between `since` and `now`, in order.
/// No two writes may have met in between: see [`meetings`].
#[must_use]
pub fn swept(
    tables: &Tables,
    group: GroupId,
    at: &BTreeSet<RouterId>,
    (since, now): (SimTime, SimTime),
) -> Vec<Swept> {
    let mut edges = BTreeSet::new();
    let mut sweeps = BTreeSet::new();
    for ramp in ramps(tables, group, at) {
        let (from, to) = (ramp.position(since), ramp.position(now));
        if from < to {
            edges.extend([from, to]);
            sweeps.insert((Sweep::from(ramp), from, to));
        }
    }
    let edges: Vec<u64> = edges.into_iter().collect();
    let mut found = Vec::new();
    for pair in edges.windows(2) {
        let &[begin, end] = pair else { continue };
        let over = sweeps.iter().filter(|(_, from, to)| *from <= begin && end <= *to);
        let by: Vec<Sweep> = over.map(|(sweep, ..)| *sweep).collect();
        let mut stretch = Swept { begin, end, by };
        let middle = stretch.middle();
        stretch.by.sort_by_key(|sweep| (sweep.has_written(middle), *sweep));
        if !stretch.by.is_empty() {
            found.push(stretch);
        }
    }
    found
}

/// The instants between `since` and `now` at which one write of these routers overtakes another in a
/// group: from one to the next, shares change evenly.
pub fn meetings(
    tables: &Tables,
    group: GroupId,
    at: &BTreeSet<RouterId>,
    (since, now): (SimTime, SimTime),
    into: &mut BTreeSet<SimTime>,
) {
    let all: BTreeSet<Sweep> = ramps(tables, group, at).map(Sweep::from).collect();
    for one in &all {
        for other in all.range(one..).skip(1) {
            into.extend(one.meets(*other).filter(|at| since < *at && *at < now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sweep(first: i64, last: i64) -> Sweep {
        Sweep { first: SimTime::from_nanos(first), last: SimTime::from_nanos(last) }
    }

    #[test]
    fn each_position_is_reached_at_its_own_instant() {
        let ten = sweep(100, 1_100);
        let at = [0, WHOLE / 4, WHOLE / 2, WHOLE].map(|position| ten.reaches(position).as_nanos());
        assert_eq!(at, [100, 350, 600, 1_100]);
        assert_eq!(Sweep::at(SimTime::from_nanos(7)).reaches(WHOLE / 3).as_nanos(), 7);
        // A position is written as soon as the ramp is beyond it.
        let ramp = Ramp { next: [].into(), first: ten.first, last: ten.last };
        for position in [0, 1, WHOLE / 3, WHOLE / 2, WHOLE - 1] {
            let at = ten.has_written(position);
            assert!(ramp.position(at) > position, "{position}");
            assert!(ramp.position(at - SimDuration::TICK) <= position, "{position}");
        }
    }

    #[test]
    fn writes_meet_where_the_faster_overtakes_and_parallel_ones_never() {
        // Positions t/1000 and (t - 100)/500 are equal at t = 200.
        let meeting = |a: Sweep, b: Sweep| a.meets(b).map(SimTime::as_nanos);
        assert_eq!(meeting(sweep(0, 1_000), sweep(100, 600)), Some(200));
        assert_eq!(meeting(sweep(100, 600), sweep(0, 1_000)), Some(200));
        assert_eq!(meeting(sweep(0, 1_000), sweep(100, 1_100)), None);
    }
}
