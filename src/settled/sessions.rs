//! Which BGP sessions are up once all timers have run.
//!
//! A session is up where its interfaces, its routers and its operators let it, and some connection
//! finds a way there and back: each attempt hashes anew, and they go on until one does. Connections
//! over a way that swallows packets end with the hold timer. BFD counts where it is strict; else a
//! session comes up again without it.

use std::collections::BTreeSet;

use super::ground::Ground;
use crate::dataplane::paths::mix;
use crate::ids::{End, LagId, RouterId, SessionId, Side};
use crate::model::topology::SessionKind;

/// What becomes of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is up, on whatever connection.
    Up,
    /// It is up once a connection has found a way.
    UpByChance,
    /// It is down, and its ends know.
    Down,
    /// An end without a hold time may take it for up for ever.
    Unnoticed,
    /// Whether a connection finds a way was not found out.
    Uncertain,
}

/// How many of the ways that packets may take arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ways {
    None,
    Doubtful,
    Some,
    All,
}

/// So many connections are tried where a path has several hops.
const TRIED: u64 = 256;

impl Ground<'_, '_> {
    /// What becomes of a session; `whole`: it was up before, on a connection that worked.
    pub(super) fn fate(&self, id: SessionId, whole: bool) -> Fate {
        let session = &self.facts.topology.sessions[id];
        let ends = Side::BOTH.map(|side| End::new(id, side));
        let running = ends.map(|end| self.is_running(self.facts.session_router(end)));
        let below = ends.map(|end| self.is_below_up(end));
        let shut = ends.iter().any(|end| self.physical.shut[*end]);
        let ways = Side::BOTH.into_iter().map(|side| self.ways(End::new(id, side))).min();
        let ways = ways.unwrap_or(Ways::None);
        let holds = session.ends.iter().all(|end| !end.bgp.hold.is_zero());
        let free = running == [true; 2] && below == [true; 2] && !shut && self.strict_allows(id);
        if !holds {
            let sees = |side: Side| !running[side] || !below[side];
            let known = sees(Side::A) && sees(Side::B);
            return match (whole, known, free && ways == Ways::All) {
                (true, true, _) => Fate::Down,
                (true, _, true) => Fate::Up,
                (false, ..) | (true, false, false) => Fate::Unnoticed,
            };
        }
        match ways {
            Ways::None => Fate::Down,
            _ if !free => Fate::Down,
            Ways::Doubtful => Fate::Uncertain,
            Ways::Some => Fate::UpByChance,
            Ways::All => Fate::Up,
        }
    }

    fn is_below_up(&self, end: End<SessionId>) -> bool {
        let below = self.facts.topology.below(end.of, end.side);
        below.is_none_or(|(lag, side)| self.tables.lags[lag][side].up)
    }

    /// Whether BFD is up at the ends that are strict about it.
    fn strict_allows(&self, id: SessionId) -> bool {
        let session = &self.facts.topology.sessions[id];
        if session.ends.iter().all(|end| !end.bfd_strict) {
            return true;
        }
        let hears = |side: Side| {
            let end = End::new(id, side);
            let hash = self.facts.session_bfd_hash[end];
            match session.kind {
                SessionKind::External(lag) => self.crosses(lag, side, hash),
                SessionKind::Lan { ports, .. } => {
                    let crosses = |lag, at, hash| self.crosses(lag, at, hash);
                    self.over_fabric([ports[side], ports[side.other()]], |lag, at| {
                        crosses(lag, at, mix(hash ^ at.index() as u64))
                    })
                }
                SessionKind::Internal => self.inside(end, mix(hash ^ side.index() as u64)),
            }
        };
        session.ends.iter().all(|end| end.bfd.is_some()) && Side::BOTH.into_iter().all(hears)
    }

    /// The ways of packets from an end to the other.
    fn ways(&self, end: End<SessionId>) -> Ways {
        let count = |any: bool, all: bool| match (any, all) {
            (false, _) => Ways::None,
            (true, false) => Ways::Some,
            (true, true) => Ways::All,
        };
        match self.facts.topology.sessions[end.of].kind {
            SessionKind::External(lag) => {
                count(self.any_crosses(lag, end.side), self.all_cross(lag, end.side))
            }
            SessionKind::Lan { ports, .. } => {
                let ports = [ports[end.side], ports[end.side.other()]];
                count(
                    self.over_fabric(ports, |lag, side| self.any_crosses(lag, side)),
                    self.over_fabric(ports, |lag, side| self.all_cross(lag, side)),
                )
            }
            SessionKind::Internal => self.ways_inside(end),
        }
    }

    /// Whether packets get from a member port through the fabric and out of another; a route server
    /// is in the fabric.
    fn over_fabric(
        &self,
        [from, to]: [Option<LagId>; 2],
        crosses: impl Fn(LagId, Side) -> bool,
    ) -> bool {
        [(from, Side::A), (to, Side::B)].into_iter().all(|(port, side)| {
            port.is_none_or(|port| {
                let fabric = &self.tables.routers[self.tables.ends[port][Side::B]];
                fabric.up && !fabric.hung && crosses(port, side)
            })
        })
    }

    fn ways_inside(&self, end: End<SessionId>) -> Ways {
        let (from, to) = (self.facts.session_router(end), self.facts.session_router(end.far()));
        if self.is_clean && !self.is_static(from) {
            let knows = self.knows(from, to);
            return if knows { Ways::All } else { Ways::None };
        }
        let hash = |n: u64| mix(mix(n) ^ end.side.index() as u64);
        let arrived = (0..TRIED).filter(|n| self.inside(end, hash(*n))).count() as u64;
        match arrived {
            0 if self.may_arrive(from, to) => Ways::Doubtful,
            0 => Ways::None,
            TRIED => Ways::All,
            _ => Ways::Some,
        }
    }

    /// Whether some packet might get from router to router, were it to choose its way freely.
    fn may_arrive(&self, from: RouterId, to: RouterId) -> bool {
        let mut seen = BTreeSet::from([from]);
        let mut waiting = vec![from];
        while let Some(at) = waiting.pop() {
            if at == to {
                return true;
            }
            if !self.is_running(at) || (at != from && self.physical.hung[at]) {
                continue;
            }
            for lag in self.first_links(at, to) {
                let side = self
                    .facts
                    .topology
                    .side_of(at, lag)
                    .filter(|side| self.any_crosses(lag, *side));
                let next = side.map(|side| self.tables.ends[lag][side.other()]);
                waiting.extend(next.filter(|next| seen.insert(*next)));
            }
        }
        false
    }

    /// Whether a packet with this hash gets from an end of an internal session to the other.
    fn inside(&self, end: End<SessionId>, hash: u64) -> bool {
        let (from, to) = (self.facts.session_router(end), self.facts.session_router(end.far()));
        let mut at = from;
        for _ in 0..self.facts.topology.routers.len() {
            if at == to {
                return true;
            }
            let links = self.first_links(at, to);
            if links.is_empty() {
                return false;
            }
            let pick = mix(hash ^ self.facts.names.routers[at]) % links.len() as u64;
            let lag = links[usize::try_from(pick).expect("less than the number of links")];
            let Some(side) = self.facts.topology.side_of(at, lag) else { return false };
            let hung = at != from && self.physical.hung[at];
            if hung || !self.crosses(lag, side, hash) || !self.is_running(at) {
                return false;
            }
            at = self.tables.ends[lag][side.other()];
        }
        false
    }

    /// The links by which a router sends on what is for another.
    fn first_links(&self, at: RouterId, to: RouterId) -> Vec<LagId> {
        let lost = &self.tables.routers[at].lost;
        let links = self.links_toward(at, to);
        let left: Vec<LagId> = links.iter().filter(|link| !lost.contains(link)).copied().collect();
        if left.is_empty() && !links.is_empty() {
            return self.alternates(at, to).iter().take(1).copied().collect();
        }
        left
    }
}
