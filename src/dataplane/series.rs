//! Values over time: constant or evenly changing between instants, with steps at them.

use crate::units::{SimDuration, SimTime};

/// One instant of a series: its value just before and just after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// When.
    pub at: SimTime,
    /// Just before.
    pub before: u64,
    /// From then on.
    pub after: u64,
}

/// A value over time; between two points it changes evenly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Series {
    points: Vec<Point>,
}

/// A stretch of a series without a step: `(from, to, value at from, value at to)`.
pub type Piece = (SimTime, SimTime, u64, u64);

impl Series {
    /// The value is `before` up to `at` (evenly from the last one) and `after` from then on.
    pub fn push(&mut self, at: SimTime, before: u64, after: u64) {
        let flat = self.points.last().is_some_and(|last| last.after == before);
        if let Some(last) = self.points.last_mut() {
            if last.at == at {
                last.after = after;
                return;
            }
            if flat && before == after {
                return;
            }
        }
        // A ramp needs its beginning: the point before it may have been left out as flat.
        self.points.push(Point { at, before, after });
    }

    /// States that the value is still `value` at `at`: a ramp begins here.
    pub fn hold(&mut self, at: SimTime, value: u64) {
        if self.points.last().is_none_or(|last| last.at < at) {
            self.points.push(Point { at, before: value, after: value });
        }
    }

    /// All points, in order.
    #[must_use]
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// The value from `at` on.
    #[must_use]
    pub fn after(&self, at: SimTime) -> u64 {
        let index = self.points.partition_point(|p| p.at <= at);
        index.checked_sub(1).map_or(0, |i| self.points[i].after)
    }

    /// The pieces of the series within `from..to`.
    #[must_use]
    pub fn pieces(&self, from: SimTime, to: SimTime) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for (index, point) in self.points.iter().enumerate() {
            let next = self.points.get(index + 1);
            let (end, last) = next.map_or((SimTime::MAX, point.after), |n| (n.at, n.before));
            let (start, stop) = (point.at.max(from), end.min(to));
            if start < stop {
                let whole = (point.at, end, point.after, last);
                pieces.push((start, stop, value_in(whole, start), value_in(whole, stop)));
            }
        }
        pieces
    }
}

/// The value at `at` of an evenly changing piece.
fn value_in((from, to, first, last): Piece, at: SimTime) -> u64 {
    let all = u128::from(to.since(from).as_nanos()).max(1);
    let done = u128::from(at.since(from).as_nanos());
    let part = |value: u64| u128::from(value) * done / all;
    let value = if last >= first {
        u128::from(first) + part(last - first)
    } else {
        u128::from(first) - part(first - last)
    };
    u64::try_from(value).expect("a value between two values of 64 bits")
}

/// For how long a piece lies below `level`.
#[must_use]
pub fn time_below((from, to, first, last): Piece, level: u64) -> SimDuration {
    let all = to.since(from);
    match (first < level, last < level) {
        (true, true) => all,
        (false, false) => SimDuration::ZERO,
        (true, false) => all.scaled(level - first, (last - first).max(1)),
        (false, true) => all.scaled(level - last, (first - last).max(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: i64) -> SimTime {
        SimTime::from_nanos(seconds * 1_000_000_000)
    }

    #[test]
    fn a_ramp_is_cut_where_the_window_cuts_it() {
        let mut series = Series::default();
        series.push(s(0), 100, 100);
        series.push(s(10), 100, 0);
        series.push(s(20), 100, 100);
        assert_eq!(series.pieces(s(5), s(15)), [(s(5), s(10), 100, 100), (s(10), s(15), 0, 50)]);
        assert_eq!(series.after(s(10)), 0);
        assert_eq!(time_below((s(10), s(20), 0, 100), 50), SimDuration::from_secs(5));
    }

    #[test]
    fn points_that_say_nothing_are_left_out() {
        let mut series = Series::default();
        series.push(s(0), 7, 7);
        series.push(s(1), 7, 7);
        series.push(s(2), 7, 3);
        series.push(s(2), 3, 5);
        assert_eq!(series.points().len(), 2);
        assert_eq!(series.after(s(3)), 5);
    }
}
