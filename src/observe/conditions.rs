//! Faults that wait for something.
//!
//! What happens before an instant does not depend on a fault after it. So a run without the faults
//! that wait tells when the first of their conditions holds; a second run has the faults that wait
//! for it, and tells of the next. Each run is the one before it, up to where a fault is new.

use crate::dataplane::series::{Piece, time_below};
use crate::ids::{DemandId, End, Id, LagId, Side};
use crate::model::scenario::{Begin, Condition, Direction, Scenario};
use crate::sim::net::Net;
use crate::sim::record::Element;
use crate::sim::world::World;
use crate::units::{Share, SimTime};

/// Notes when the conditions held that are the next to hold; false: no other did.
pub(super) fn next(
    net: &Net,
    scenario: &Scenario,
    world: &World,
    held: &mut [Option<SimTime>],
) -> bool {
    let waiting = |(index, fault): (usize, &crate::model::scenario::Fault)| match fault.begin {
        Begin::When(condition, _) if held[index].is_none() => {
            first(net, world, condition).map(|at| (at, index))
        }
        Begin::When(..) | Begin::At(_) => None,
    };
    let holding: Vec<(SimTime, usize)> =
        scenario.faults.iter().enumerate().filter_map(waiting).collect();
    let Some(next) = holding.iter().map(|(at, _)| *at).min() else { return false };
    for (_, index) in holding.iter().filter(|(at, _)| *at == next) {
        held[*index] = Some(next);
    }
    true
}

/// The faults that never began, as notes.
pub(super) fn notes(scenario: &Scenario, held: &[Option<SimTime>]) -> Vec<String> {
    let waits = |begin: Begin| matches!(begin, Begin::When(..));
    let all = scenario.faults.iter().enumerate();
    let never = all.filter(|(index, fault)| waits(fault.begin) && held[*index].is_none());
    never
        .map(|(index, _)| format!("fault{index} never began: what it waits for did not happen"))
        .collect()
}

/// When a condition first holds.
fn first(net: &Net, world: &World, condition: Condition) -> Option<SimTime> {
    match condition {
        Condition::Session { session, router, up } => {
            let mut changes = world.record().sessions.iter();
            let meant = |end| router.is_none_or(|of| of == net.session_router(end));
            let found = changes.find(|c| c.end.of == session && c.up == up && meant(c.end));
            found.map(|change| change.at)
        }
        Condition::Lag { lag, router, up } => {
            let to = if up { "up" } else { "down" };
            let meant = |element| match element {
                Element::Lag(end) => {
                    end.of == lag && router.is_none_or(|of| of == net.lag_router(end))
                }
                Element::Interface(_)
                | Element::Member(_)
                | Element::Bfd(_)
                | Element::Adjacency(_)
                | Element::Session(_)
                | Element::Router(_)
                | Element::Reroute(_)
                | Element::Routes(_)
                | Element::Route(..)
                | Element::Rib(..)
                | Element::Fib(..) => false,
            };
            let found = world.record().transitions.iter().find(|t| meant(t.element) && t.to == to);
            found.map(|transition| transition.at)
        }
        Condition::Utilization { lag, router, at_least } => {
            let ends = &net.topology.lags[lag].ends;
            let meant = |side: &Side| router.is_none_or(|of| of == ends[side.other()].router);
            let sides = Side::BOTH.into_iter().filter(meant);
            sides.filter_map(|side| loaded(world, lag, side, at_least)).min()
        }
        Condition::Delivered { demand, direction, at_most } => {
            let ways =
                Direction::BOTH.into_iter().filter(|way| direction.is_none_or(|of| of == *way));
            ways.filter_map(|way| fallen(world, demand, way, at_most)).min()
        }
    }
}

/// When a LAG is first offered this part of its capacity.
fn loaded(world: &World, lag: LagId, side: Side, at_least: Share) -> Option<SimTime> {
    let load = &world.traffic().loads()[End::new(lag, side)];
    let capacity = &world.traffic().capacities()[End::new(lag, side)];
    let mut reached = Vec::new();
    for (begin, end, cap, _) in capacity.pieces(SimTime::ZERO, world.end()) {
        let level = part(cap, at_least).div_ceil(PARTS);
        let level = u64::try_from(level).unwrap_or(u64::MAX);
        for piece in load.pieces(begin, end).into_iter().filter(|_| cap > 0) {
            reached.extend(first_at_least(piece, level));
        }
    }
    reached.into_iter().min()
}

/// When at most this part of what a demand offers is first delivered.
fn fallen(world: &World, demand: DemandId, way: Direction, at_most: Share) -> Option<SimTime> {
    let flowing = &world.traffic().flowing()[demand.index()][usize::from(way == Direction::Return)];
    let mut fallen = Vec::new();
    for (begin, end, offered, _) in flowing.offered.pieces(SimTime::ZERO, world.end()) {
        let level = u64::try_from(part(offered, at_most) / PARTS).unwrap_or(u64::MAX);
        for piece in flowing.delivered.pieces(begin, end).into_iter().filter(|_| offered > 0) {
            fallen.extend(first_at_most(piece, level));
        }
    }
    fallen.into_iter().min()
}

/// What a share is counted in.
const PARTS: u128 = 1_000_000_000;

/// A share of a value, in billionths.
fn part(value: u64, share: Share) -> u128 {
    u128::from(value) * u128::from(share.as_ppb())
}

/// When a piece first reaches `level` from below.
fn first_at_least(piece: Piece, level: u64) -> Option<SimTime> {
    let (from, to, first, last) = piece;
    match (first >= level, last >= level) {
        (true, _) => Some(from),
        (false, true) => Some((from + time_below(piece, level)).min(to)),
        (false, false) => None,
    }
}

/// When a piece first reaches `level` from above.
fn first_at_most(piece: Piece, level: u64) -> Option<SimTime> {
    let (from, to, first, last) = piece;
    match (first <= level, last <= level) {
        (true, _) => Some(from),
        (false, true) => {
            let below = time_below(piece, level.saturating_add(1));
            Some(from + (to.since(from) - below))
        }
        (false, false) => None,
    }
}
