//! Writes that go over the positions of a prefix group, one prefix after the other.
//!
//! A write reaches each position at an instant of its own, so whatever happens to a position
//! because of it happens at that instant, however rarely traffic is looked at meanwhile.

use std::collections::BTreeSet;

use super::tables::{Ramp, WHOLE};
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

    /// The part of all positions that it has come by at `now`.
    #[must_use]
    pub fn position(self, now: SimTime) -> u64 {
        if now >= self.last {
            return WHOLE;
        }
        let done = u128::from(now.since(self.first).as_nanos());
        let all = u128::from(self.last.since(self.first).as_nanos()).max(1);
        u64::try_from(u128::from(WHOLE) * done / all).expect("a part of the whole fits")
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

/// The stretches of a group that were written between `since` and `now` by the writes under way that
/// decide about it, in order. No two writes may have met in between: see [`meetings`].
#[must_use]
pub fn swept(ramps: &[&Ramp], (since, now): (SimTime, SimTime)) -> Vec<Swept> {
    let mut edges = Vec::new();
    let mut sweeps = Vec::new();
    for sweep in ramps.iter().map(|ramp| Sweep::from(*ramp)) {
        let (from, to) = (sweep.position(since), sweep.position(now));
        if from < to {
            edges.extend([from, to]);
            sweeps.push((from, to, sweep));
        }
    }
    edges.sort_unstable();
    edges.dedup();
    sweeps.sort_unstable();
    sweeps.dedup();
    let mut coming = sweeps.into_iter().peekable();
    let mut over: Vec<(u64, Sweep)> = Vec::new();
    let mut found = Vec::new();
    for pair in edges.windows(2) {
        let &[begin, end] = pair else { continue };
        over.retain(|(to, _)| end <= *to);
        while let Some((_, to, sweep)) = coming.next_if(|(from, ..)| *from <= begin) {
            over.push((to, sweep));
        }
        let mut stretch = Swept { begin, end, by: over.iter().map(|(_, sweep)| *sweep).collect() };
        let middle = stretch.middle();
        if stretch.by.len() > 1 {
            stretch.by.sort_by_cached_key(|sweep| (sweep.has_written(middle), *sweep));
        }
        if !stretch.by.is_empty() {
            found.push(stretch);
        }
    }
    found
}

/// The instants between `since` and `now` at which one of these writes overtakes another: from one to
/// the next, shares change evenly.
pub fn meetings(ramps: &[&Ramp], (since, now): (SimTime, SimTime), into: &mut BTreeSet<SimTime>) {
    let length = |sweep: &Sweep| sweep.last.since(sweep.first);
    let mut all: Vec<Sweep> = ramps.iter().map(|ramp| Sweep::from(*ramp)).collect();
    // Those that take equally long keep their distance: mostly all do.
    if all.windows(2).all(|pair| length(&pair[0]) == length(&pair[1])) {
        return;
    }
    all.sort_unstable();
    all.dedup();
    for (index, one) in all.iter().enumerate() {
        for other in &all[index + 1..] {
            if length(one) != length(other) {
                into.extend(one.meets(*other).filter(|at| since < *at && *at < now));
            }
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
