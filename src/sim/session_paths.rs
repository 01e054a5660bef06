//! Where the packets of a session go, and what is to blame when they stop arriving.
//!
//! # Departures
//! * The switches of an exchange are one, with room for all: a frame is lost on a leg, or where a
//!   fault parts two ports. Each end of a leg is configured as the member's side says.
//! * A route server stands in the fabric, behind no port of its own.
//! * A loop in the fabric is loss on what goes out to members; it takes no light and changes no
//!   address table.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::event::Hello;
use super::hello::PathView;
use super::lsdb::Routes;
use super::net::BfdOf;
use super::processes::Agent;
use super::world::World;
use crate::dataplane::paths::mix;
use crate::ids::{BfdId, End, LagId, RouterId, SessionId, Side};
use crate::model::topology::{LagKind, SessionKind};
use crate::units::{Share, SimDuration};

impl World {
    /// The path of a packet from `end` to its peer on a connection with this hash.
    pub(super) fn session_path(&self, end: End<SessionId>, hash: u64) -> PathView {
        self.session_path_over(end, hash, &mut |_| {})
    }

    /// The same; tells of each router of the network that the path depends on.
    fn session_path_over(
        &self,
        end: End<SessionId>,
        hash: u64,
        over: &mut impl FnMut(RouterId),
    ) -> PathView {
        let still = |end| self.stands_still(self.net.session_router(end), Agent::Tcp);
        let filtered = self.drops_bgp(self.net.session_router(end.far()));
        if still(end) || still(end.far()) || filtered {
            return PathView::default();
        }
        let hash = mix(hash ^ end.side.index() as u64);
        match self.net.topology.sessions[end.of].kind {
            SessionKind::External(lag) => self.lag_path(lag, end.side, hash),
            SessionKind::Lan { ports, .. } => {
                self.lan_path([ports[end.side], ports[end.side.other()]], hash)
            }
            SessionKind::Internal => {
                let to = self.net.session_router(end.far());
                self.internal_path((self.net.session_router(end), to), hash, over)
            }
        }
    }

    /// What a packet of BFD meets.
    pub(super) fn bfd_path(&self, end: End<BfdId>, hash: u64) -> PathView {
        self.bfd_path_over(end, hash, &mut |_| {})
    }

    fn bfd_path_over(
        &self,
        end: End<BfdId>,
        hash: u64,
        over: &mut impl FnMut(RouterId),
    ) -> PathView {
        match self.net.bfd[end.of].of {
            BfdOf::Session(_, lag) | BfdOf::Adjacency(lag) => self.lag_path(lag, end.side, hash),
            BfdOf::Lan(session) => {
                let port = |side| self.net.topology.below(session, side).map(|(port, _)| port);
                self.lan_path([port(end.side), port(end.side.other())], hash)
            }
            BfdOf::Internal(session) => {
                let ends = End::new(session, end.side);
                let along = (self.net.session_router(ends), self.net.session_router(ends.far()));
                self.internal_path(along, mix(hash ^ end.side.index() as u64), over)
            }
            BfdOf::Member(_) => PathView::default(),
        }
    }

    /// The path from a member port through the fabric and out of another; a route server is in the
    /// fabric.
    fn lan_path(&self, [from, to]: [Option<LagId>; 2], hash: u64) -> PathView {
        let mut path = PathView { up: true, delay: SimDuration::ZERO, loss: Share::ZERO };
        let severed = from.zip(to).is_some_and(|pair| self.tables.severed.contains(&pair));
        for (port, side) in [(from, Side::A), (to, Side::B)] {
            let Some(port) = port else { continue };
            let fabric = &self.tables.routers[self.tables.ends[port][Side::B]];
            let leg = self.lag_path(port, side, mix(hash ^ side.index() as u64));
            if severed || !leg.up || !fabric.up || fabric.hung {
                return PathView::default();
            }
            path = path.then(leg);
        }
        path
    }

    /// The path from router to router inside a network.
    fn internal_path(
        &self,
        (from, to): (RouterId, RouterId),
        hash: u64,
        over: &mut impl FnMut(RouterId),
    ) -> PathView {
        let mut path = PathView { up: true, delay: SimDuration::ZERO, loss: Share::ZERO };
        let mut at = from;
        for _ in 0..self.net.topology.routers.len() {
            over(at);
            if at == to {
                return path;
            }
            let links = self.first_links(at, to);
            if links.is_empty() {
                return PathView::default();
            }
            let pick = mix(hash ^ self.tables.names.routers[at]) % links.len() as u64;
            let lag = links[usize::try_from(pick).expect("less than the number of links")];
            let ends = &self.net.topology.lags[lag].ends;
            let side = if ends[Side::A].router == at { Side::A } else { Side::B };
            let hop = self.lag_path(lag, side, hash);
            let hung = at != from && (self.tables.routers[at].hung || self.drops_bgp(at));
            if hung || !hop.up || !self.state.routers[at].up {
                return PathView::default();
            }
            path = path.then(hop);
            at = ends[side.other()].router;
        }
        PathView::default()
    }

    /// The links by which a router sends on what is for another: without those it has lost, or by
    /// its alternate.
    fn first_links(&self, at: RouterId, to: RouterId) -> Cow<'_, [LagId]> {
        let routes = &self.state.igp[at].routes;
        let lost = &self.tables.routers[at].lost;
        let links = routes.to(to).map_or(&[][..], |reach| reach.first_hops);
        if lost.is_empty() || links.iter().all(|link| !lost.contains(link)) {
            return Cow::Borrowed(links);
        }
        let left: Vec<LagId> = links.iter().filter(|link| !lost.contains(link)).copied().collect();
        if left.is_empty() {
            let alternates = routes.alternates.get(&to).map_or(&[][..], |ways| ways);
            return Cow::Borrowed(&alternates[..alternates.len().min(1)]);
        }
        Cow::Owned(left)
    }

    /// What rides a LAG may take another path.
    pub(super) fn transport_paths_changed(&mut self, lag: LagId) {
        match self.net.topology.lags[lag].kind {
            LagKind::Pni { .. } | LagKind::Port(_) => {
                for session in self.net.topology.lags[lag].sessions.clone() {
                    self.session_paths_changed(session);
                }
            }
            LagKind::Link => {
                let ends = &self.net.topology.lags[lag].ends;
                self.internal_paths_changed(&[ends[Side::A].router, ends[Side::B].router]);
            }
        }
    }

    /// What forwards at these routers has changed: internal sessions whose path depends on them may
    /// take another.
    pub(super) fn internal_paths_changed(&mut self, routers: &[RouterId]) {
        let mut sessions = BTreeSet::new();
        for router in routers {
            sessions.append(self.crossed_by.edit(*router));
        }
        for session in sessions {
            self.internal_path_changed(session);
        }
    }

    /// Interior routes of a router were `old`: internal sessions may take another path whose ends it
    /// now reaches otherwise.
    pub(super) fn internal_routes_changed(&mut self, router: RouterId, old: &Routes) {
        let new = &self.state.igp[router].routes;
        let moved = |to: RouterId| {
            old.to(to) != new.to(to) || old.alternates.get(&to) != new.alternates.get(&to)
        };
        let ends = |session: SessionId| &self.net.topology.sessions[session].ends;
        let may = |session: &SessionId| {
            Side::BOTH.into_iter().any(|side| moved(ends(*session)[side].router))
        };
        let sessions: Vec<SessionId> =
            self.crossed_by[router].iter().copied().filter(may).collect();
        for session in sessions {
            self.internal_path_changed(session);
        }
    }

    /// All internal sessions may take another path.
    pub(super) fn all_internal_paths_changed(&mut self) {
        let sessions = self.net.topology.sessions.iter_ids();
        let inside = sessions.filter(|(_, session)| session.kind == SessionKind::Internal);
        for session in inside.map(|(id, _)| id).collect::<Vec<_>>() {
            self.internal_path_changed(session);
        }
    }

    fn internal_path_changed(&mut self, session: SessionId) {
        self.session_paths_changed(session);
        let Some(bfd) = self.net.session_bfd[session] else { return };
        for end in Side::BOTH.map(|side| End::new(bfd, side)) {
            let hello = Hello::Bfd(end);
            let mut crossed = Vec::new();
            let hash = self.net.hello_hash(hello);
            let path = self.bfd_path_over(end, hash, &mut |router| crossed.push(router));
            self.note_crossed(session, &crossed);
            self.path_changed(hello, path);
        }
    }

    fn note_crossed(&mut self, session: SessionId, routers: &[RouterId]) {
        for router in routers {
            if !self.crossed_by[*router].contains(&session) {
                self.crossed_by.edit(*router).insert(session);
            }
        }
    }

    pub(super) fn session_paths_changed(&mut self, session: SessionId) {
        let hash = self.state.sessions[session].hash;
        let internal = self.net.topology.sessions[session].kind == SessionKind::Internal;
        let mut crossed = Vec::new();
        let paths = Side::BOTH.map(|side| {
            let end = End::new(session, side);
            self.session_path_over(end, hash, &mut |router| crossed.push(router))
        });
        if internal {
            crossed
                .extend(self.net.topology.sessions[session].ends.each_ref().map(|end| end.router));
            self.note_crossed(session, &crossed);
        }
        let old =
            Side::BOTH.map(|side| self.state.session_ends[End::new(session, side)].transport.path);
        let (now, cause) = (self.now, self.cause);
        if paths != old {
            self.rouse_session(session);
        }
        for side in Side::BOTH {
            let end = End::new(session, side);
            if paths[side] != old[side] {
                let transport = &mut self.state.session_ends.edit(end).transport;
                transport.path = paths[side];
                transport.path_cause = cause;
                if old[side].up && !paths[side].up {
                    transport.lost_before = now;
                    transport.break_cause = cause;
                }
            }
            let reachable = self.may_reach(end);
            let transport = &mut self.state.session_ends.edit(end).transport;
            if reachable != transport.reachable {
                transport.reachable = reachable;
                transport.call_cause = cause;
                // A route to the peer appears: routers that track it call again at once.
                let calls = self.state.session_ends[end].transport.calling.is_some();
                if reachable && internal && calls {
                    self.begin_calling(end);
                }
            }
            self.queue_syn(end, now);
        }
    }

    /// The hold timer of `end` ran out: the cause is what broke the path from the peer since it was
    /// heard. Where the path of acknowledgements was broken when it was heard, that is the cause:
    /// TCP lets the peer say nothing new from then on.
    pub(super) fn blame_session_path(&mut self, end: End<SessionId>) {
        let hold = self.state.session_ends[end].fsm.hold().unwrap_or(SimDuration::ZERO);
        let heard = self.now - hold;
        let of = |side: Side| &self.state.session_ends[End::new(end.of, side)].transport;
        let (from, to) = (of(end.side.other()), of(end.side));
        let stalled = !to.path.up && to.lost_before <= heard;
        let first = if stalled { [to, from] } else { [from, to] };
        let mut broken =
            first.into_iter().filter(|path| !path.path.up || path.lost_before >= heard);
        self.cause = broken.next().map_or(from.path_cause, |broken| broken.break_cause);
    }
}
