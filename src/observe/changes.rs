//! When the rates change at which demands are delivered.

use crate::dataplane::series::{Piece, Series};
use crate::ids::{DemandId, Id};
use crate::model::scenario::Direction;
use crate::sim::net::Net;
use crate::sim::world::World;
use crate::units::{BitRate, SimTime};

/// A step of a delivered rate, or a stretch over which it changes evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Change {
    from: SimTime,
    until: SimTime,
}

impl Change {
    /// When it was last seen within a window; `to_the_end`: it closes with the run, and has its
    /// last instant too.
    pub(super) fn last_within(
        self,
        from: SimTime,
        until: SimTime,
        to_the_end: bool,
    ) -> Option<SimTime> {
        if self.from == self.until {
            let within = from <= self.from && (self.from < until || to_the_end);
            return within.then_some(self.from);
        }
        (self.from < until && from < self.until).then_some(self.until.min(until))
    }
}

/// All changes of a run.
pub(super) fn of(net: &Net, world: &World) -> Vec<Change> {
    let traffic = world.traffic();
    let mut all = Vec::new();
    for (index, both) in traffic.flowing().iter().enumerate() {
        let demand = &net.topology.demands[DemandId::from_index(index)];
        for (way, flowing) in Direction::BOTH.into_iter().zip(both) {
            let rate = match way {
                Direction::Forward => demand.rate,
                Direction::Return => demand.return_rate,
            };
            of_one(rate, traffic.factors(index), &flowing.delivered, world.end(), &mut all);
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

fn of_one(
    rate: BitRate,
    factors: &Series,
    delivered: &Series,
    end: SimTime,
    into: &mut Vec<Change>,
) {
    let mut before = None;
    for (begin, end, factor, _) in factors.pieces(SimTime::ZERO, end) {
        let offered = u128::from(rate.as_bps()) * u128::from(factor) / PARTS;
        for piece in delivered.pieces(begin, end) {
            let (from, until, ..) = piece;
            let [first, last] = rates(offered, piece);
            if before.is_some_and(|before| differ(before, first)) {
                into.push(Change { from, until: from });
            }
            if differ(first, last) {
                into.push(Change { from, until });
            }
            before = Some(last);
        }
    }
}

/// What a factor is counted in, and the smallest part of a rate that is told.
const PARTS: u128 = 1_000_000_000;

/// The delivered rates at the ends of a piece, in parts of a bit per second.
fn rates(offered: u128, (_, _, first, last): Piece) -> [u128; 2] {
    [first, last].map(|parts| offered.saturating_mul(u128::from(parts)))
}

/// Whether two rates differ by more than rounding.
const fn differ(a: u128, b: u128) -> bool {
    let most = if a > b { a } else { b };
    a.abs_diff(b) > most / PARTS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataplane::tables::WHOLE;

    fn s(seconds: i64) -> SimTime {
        SimTime::from_nanos(seconds * 1_000_000_000)
    }

    #[test]
    fn a_rate_changes_with_what_is_offered_and_with_what_is_left_of_it() {
        let (mut factors, mut delivered) = (Series::default(), Series::default());
        factors.push(s(0), 1_000_000_000, 1_000_000_000);
        delivered.push(s(0), WHOLE, WHOLE);
        // Twice as much is offered at 10 s, all of it delivered; at 20 s twice as much again, of
        // which half is lost: the rate stays. From 30 s on it falls to nothing.
        factors.push(s(10), 1_000_000_000, 2_000_000_000);
        factors.push(s(20), 2_000_000_000, 4_000_000_000);
        delivered.push(s(20), WHOLE, WHOLE / 2);
        delivered.hold(s(30), WHOLE / 2);
        delivered.push(s(40), 0, 0);
        let changes = |rate| {
            let mut all = Vec::new();
            of_one(BitRate::from_bps(rate), &factors, &delivered, s(60), &mut all);
            all
        };
        let (step, fall) = ((10, 10), (30, 40));
        let expected = [step, fall].map(|(from, until)| Change { from: s(from), until: s(until) });
        assert_eq!(changes(1_000_000), expected);
        assert_eq!(changes(0), []);
        let last = |from, until| expected[1].last_within(s(from), s(until), false);
        assert_eq!(
            [last(25, 35), last(35, 50), last(40, 50), last(0, 30)],
            [Some(s(35)), Some(s(40)), None, None]
        );
        let at = |until, end| expected[0].last_within(s(0), s(until), end);
        assert_eq!([at(10, false), at(10, true), at(11, false)], [None, Some(s(10)), Some(s(10))]);
    }
}
