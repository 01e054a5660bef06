//! Neighbors that no longer answer: some forwarding leaves them out of ECMP sets by itself (Neighbor
//! Unreachability Detection, RFC 4861 §7.3, which Linux uses for ARP too).
//!
//! A neighbor that was confirmed, by an answer or by a connection that goes on, is believed for a
//! reachable time of half to one and a half times `BaseReachableTime`. Then it is in doubt for
//! [`DELAY`], then asked [`PROBES`] times.
//!
//! # Departures
//! * When it was confirmed last is drawn: at the last keepalive of BGP or up to one interval
//!   before; or, as Linux may note an acknowledgement with the next packet it sends, at the next
//!   keepalive after the fault, one time in two.
//! * A neighbor is confirmed as soon as it can answer again.

use super::event::Event;
use super::world::World;
use crate::ids::{End, LagId, Side};
use crate::model::topology::LagKind;
use crate::rng::Draws;
use crate::units::{SimDuration, SimTime};

/// `DELAY_FIRST_PROBE_TIME` (RFC 4861 §10).
const DELAY: SimDuration = SimDuration::from_secs(5);
/// `MAX_UNICAST_SOLICIT` times `RETRANS_TIMER` (RFC 4861 §10).
const PROBES: SimDuration = SimDuration::from_secs(3);

/// What a LAG end knows of the neighbor beyond it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Neighbor {
    /// It answers.
    Answers,
    /// It no longer does, and is believed until then.
    Believed(SimTime),
    /// It is left out.
    Pruned,
}

impl World {
    /// Whether the ends of a LAG hear each other may have changed.
    pub(super) fn neighbors_changed(&mut self, lag: LagId) {
        if matches!(self.net.topology.lags[lag].kind, LagKind::Port(_)) {
            return;
        }
        let carries = |side: Side| {
            let table = &self.tables.lags[lag][side];
            table.up
                && table.distributing.iter().any(|c| self.tables.member_delivers(lag, side, *c))
        };
        let both = carries(Side::A) && carries(Side::B);
        for end in Side::BOTH.map(|side| End::new(lag, side)) {
            let silent = self.tables.lags[lag][end.side].up && !both;
            match (self.state.lags[end].neighbor, silent) {
                (Neighbor::Answers, true) => self.doubt_neighbor(end),
                (Neighbor::Believed(_), false) => {
                    self.state.lags.edit(end).neighbor = Neighbor::Answers;
                }
                (Neighbor::Pruned, false) => {
                    self.state.lags.edit(end).neighbor = Neighbor::Answers;
                    // What is left out as it is down anyway stays so until it is up.
                    let router = self.net.lag_router(end);
                    let stays = !both && self.net.topology.routers[router].prune_ecmp;
                    if !stays && self.tables.routers[router].lost.contains(&lag) {
                        self.switch_lost(end, false);
                    }
                }
                (Neighbor::Answers, false) | (Neighbor::Believed(_) | Neighbor::Pruned, true) => {}
            }
        }
    }

    fn doubt_neighbor(&mut self, end: End<LagId>) {
        let router = self.net.lag_router(end);
        let base = self.net.topology.routers[router].prune_unreachable;
        if base.is_zero() {
            return;
        }
        let lag = &self.net.topology.lags[end.of].name;
        let name = format!("neighbor/{lag}/{}", self.net.router_name(router));
        let draws = Draws::new(self.net.seed, &name);
        let n = self.now.as_nanos().cast_unsigned().wrapping_mul(4);
        let believed = draws.between(n, base.scaled(1, 2), base.scaled(3, 2)) + DELAY;
        let interval = self.confirmed_every(end);
        let until = if draws.chance(n + 1, 500_000_000) {
            self.now + draws.below(n + 2, interval) + believed
        } else {
            self.now + believed - draws.below(n + 2, interval.min(believed))
        };
        let at = until + PROBES;
        self.state.lags.edit(end).neighbor = Neighbor::Believed(at);
        self.at(at, Event::Unreachable(end));
    }

    /// How often BGP confirms the neighbor of a LAG end, if it does.
    fn confirmed_every(&self, end: End<LagId>) -> SimDuration {
        let above = self.net.topology.above(end.of, end.side).into_iter();
        let ends = above.map(|(session, side)| End::new(session, side));
        let every = ends.filter_map(|end| self.state.session_ends[end].fsm.keepalives());
        every.map(|range| range.longest).min().unwrap_or(DELAY)
    }

    /// A neighbor has not answered for too long.
    pub(super) fn on_unreachable(&mut self, end: End<LagId>) {
        if self.state.lags[end].neighbor == Neighbor::Believed(self.now) {
            // What alternates have replaced already is theirs to take back.
            let router = self.net.lag_router(end);
            let already = self.tables.routers[router].lost.contains(&end.of);
            let neighbor = if already { Neighbor::Answers } else { Neighbor::Pruned };
            self.state.lags.edit(end).neighbor = neighbor;
            if !already {
                self.switch_lost(end, true);
            }
        }
    }
}
