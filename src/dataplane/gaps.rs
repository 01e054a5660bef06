//! How long parts of a demand deliver nothing, where a write goes over them.

use super::sweeps::Sweep;
use crate::units::{SimDuration, SimTime};

/// When parts took their path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum When {
    /// Each at the instant at which its position was reached.
    Swept(Sweep),
    /// One after the other between two instants, in any order.
    Between(SimTime, SimTime),
}

impl When {
    /// All at one instant.
    pub(super) const fn at(instant: SimTime) -> Self {
        Self::Swept(Sweep::at(instant))
    }

    /// The gap that begins with it, no shorter than that of any part.
    pub(super) const fn opens(self) -> Sweep {
        match self {
            Self::Swept(sweep) => sweep,
            Self::Between(since, _) => Sweep::at(since),
        }
    }
}

/// Gaps of equal parts of a stretch, evenly spread over a range of lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lengths {
    /// The shortest.
    pub(super) low: SimDuration,
    /// The longest.
    pub(super) high: SimDuration,
}

impl Lengths {
    const fn between(a: SimDuration, b: SimDuration) -> Self {
        if a.as_nanos() < b.as_nanos() {
            Self { low: a, high: b }
        } else {
            Self { low: b, high: a }
        }
    }

    /// Gaps that began with `gap`, at `from` at the earliest, and ended with `end`, over a stretch.
    pub(super) fn closed(gap: Sweep, end: When, from: SimTime, (low, high): (u64, u64)) -> Self {
        let began = |position: u64| gap.reaches(position).max(from);
        match end {
            When::Swept(sweep) => {
                let length = |position: u64| sweep.reaches(position).since(began(position));
                Self::between(length(low), length(high))
            }
            When::Between(since, until) => {
                Self { low: since.since(began(high)), high: until.since(began(low)) }
            }
        }
    }

    /// The length of the gap in the middle.
    pub(super) const fn middle(self) -> SimDuration {
        SimDuration::from_nanos(self.low.as_nanos().midpoint(self.high.as_nanos()))
    }

    /// Of `parts` with these gaps, those whose gap is longer than `limit`.
    pub(super) fn beyond(self, parts: u64, limit: SimDuration) -> u64 {
        if self.high <= limit {
            return 0;
        }
        let width = (self.high - self.low).as_nanos();
        if width == 0 {
            return parts;
        }
        let over = (self.high - limit.max(self.low)).as_nanos();
        let wide = u128::from(parts) * u128::from(over) / u128::from(width);
        u64::try_from(wide).expect("a portion is no larger than the whole")
    }
}

/// The positions within a stretch that part gaps which differ in what is told of them: by being
/// longer than `limit`, in a window that began at `from` or in the run, and by having begun in it.
pub(super) fn cuts(
    gap: Sweep,
    end: Sweep,
    from: SimTime,
    limit: Option<SimDuration>,
    stretch: (u64, u64),
) -> impl Iterator<Item = u64> {
    let over = |of: &dyn Fn(u64) -> i128, level: i128| crossing(stretch, of, level);
    let began = |position: u64| i128::from(gap.reaches(position).as_nanos());
    let ended = |position: u64| i128::from(end.reaches(position).as_nanos());
    let from = i128::from(from.as_nanos());
    let limit = limit.map(|limit| i128::from(limit.as_nanos()));
    let in_run = limit.and_then(|limit| over(&|x| ended(x) - began(x), limit));
    let in_window = limit.and_then(|limit| over(&|x| ended(x) - from, limit));
    [in_run, in_window, over(&began, from)].into_iter().flatten()
}

/// Where within a stretch what changes evenly from its one end to the other goes past `level`.
fn crossing((low, high): (u64, u64), of: &dyn Fn(u64) -> i128, level: i128) -> Option<u64> {
    let (first, last) = (of(low), of(high));
    if (first > level) == (last > level) {
        return None;
    }
    let wide = i128::from(high - low) * (level - first) / (last - first);
    let at = low + u64::try_from(wide).unwrap_or(0);
    (low < at && at < high).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::super::tables::WHOLE;
    use super::*;

    fn s(seconds: i64) -> SimTime {
        SimTime::from_nanos(seconds * 1_000_000_000)
    }

    fn sweep(first: i64, last: i64) -> Sweep {
        Sweep { first: s(first), last: s(last) }
    }

    fn lengths(low: u64, high: u64) -> Lengths {
        Lengths { low: SimDuration::from_secs(low), high: SimDuration::from_secs(high) }
    }

    #[test]
    fn two_writes_in_the_same_order_leave_gaps_of_one_length() {
        let whole = (0, WHOLE);
        let closed = |gap, end, from| Lengths::closed(gap, end, from, whole);
        let again = When::Swept(sweep(30, 40));
        assert_eq!(closed(sweep(10, 20), again, s(0)), lengths(20, 20));
        // Twice as fast, or all at once: the last positions waited least.
        assert_eq!(closed(sweep(10, 20), When::Swept(sweep(30, 35)), s(0)), lengths(15, 20));
        assert_eq!(closed(sweep(10, 20), When::at(s(30)), s(0)), lengths(10, 20));
        // In a window that began at 25 s only its own part counts; in any order all is possible.
        assert_eq!(closed(sweep(10, 20), again, s(25)), lengths(5, 15));
        assert_eq!(closed(sweep(10, 20), When::Between(s(30), s(40)), s(0)), lengths(10, 30));
    }

    #[test]
    fn a_stretch_is_cut_where_gaps_grow_too_long() {
        // Lengths from 10 s to 20 s, all of which began before the window did at 25 s: of that
        // they fill 5 s to 15 s.
        let limit = Some(SimDuration::from_secs(12));
        let at = |from| cuts(sweep(20, 20), sweep(30, 40), s(from), limit, (0, WHOLE));
        assert_eq!(at(25).collect::<Vec<_>>(), [WHOLE / 5, WHOLE / 10 * 7]);
        // Gaps that begin from 10 s to 20 s and end at 30 s: those of the first half began before
        // the window did.
        let at = cuts(sweep(10, 20), Sweep::at(s(30)), s(15), None, (0, WHOLE));
        assert_eq!(at.collect::<Vec<_>>(), [WHOLE / 2]);
    }

    #[test]
    fn of_a_range_of_lengths_the_part_beyond_the_limit_counts() {
        let of = |low, high| lengths(low, high).beyond(1_000, SimDuration::from_secs(12));
        assert_eq!(
            [of(10, 20), of(0, 12), of(13, 20), of(13, 13), of(12, 12)],
            [800, 0, 1_000, 1_000, 0]
        );
    }
}
