//! Graceful restart (RFC 4724) of a peer: its routes are kept for a while after it is gone.
//!
//! A session that ends without a NOTIFICATION leaves its routes stale at the other end, if both ends
//! agreed on that; with RFC 8538 so does, at both ends, one whose hold time ran out or that a
//! NOTIFICATION ended which is no hard reset. They go when the restart time is over, or when the peer
//! is back and has told all it has (End-of-RIB), or that it has lost its forwarding, or when the
//! session ends once more before it has told them again. Where both ends offer it (RFC 9494) they are
//! the last choice after the restart time, for as long as the peer asked for.
//!
//! BFD that fails while its C bit is 1 both ways says that the peer forwards nothing: what is kept
//! goes (RFC 5882 §4.3.1). Where either end's C bit is 0 it may be the peer's restart that it has seen
//! (§4.3.2): the session ends without a NOTIFICATION, unless that may be one of RFC 8538, so that both
//! ends keep their routes by RFC 4724 §4. RFC 9384 would have the neighbour told.
//!
//! # Departures
//! * Both ends must be configured for it; the helper-only role is not told apart.
//! * Forwarding is lost by a boot and kept by a restart of BGP alone (the F bit follows from that).
//! * While BGP is dead, forwarding stays as it was, also over an interface that goes down meanwhile,
//!   and for ever if it does not start again; FRR forgets it after `rib-stale-time`.
//! * Neighbours that do not offer RFC 9494 are not told of routes that are the last choice, inside a
//!   network neither: as BIRD does, and Junos unless told otherwise; §4.6 would allow it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::bgp::Work;
use super::event::Event;
use super::world::World;
use crate::ids::{End, GroupId, RouterId, SessionId, Side};
use crate::model::topology::GracefulRestart;
use crate::proto::bgp::advertise::Route;
use crate::proto::bgp::attrs::Community;
use crate::proto::bgp::message::{Cease, Notification};
use crate::proto::bgp::rib::PathId;
use crate::proto::bgp::session::{DownReason, Input, State};
use crate::units::{SimDuration, SimTime};

/// A route of a peer.
type Key = (GroupId, PathId);

/// Routes of a peer that is gone, or back and not done.
#[derive(Clone, Debug)]
pub(crate) struct Stale {
    /// When the session that told them had come up, if that was during the run.
    told_since: Option<SimTime>,
    /// Those kept for the peer's restart time, or until it has told all it has.
    kept: Kept,
    /// Those kept as the last choice. Their time goes on, whatever becomes of the session, until the
    /// peer has told all it has.
    long: Option<Kept>,
}

/// Routes that are kept.
#[derive(Clone, Debug)]
struct Kept {
    routes: BTreeSet<Key>,
    until: SimTime,
}

/// What becomes of a route of a peer that was gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keeping {
    /// The peer tells it.
    Usable,
    /// It is kept.
    Stale,
    /// It is kept as the last choice.
    LongStale,
    /// It is kept no longer.
    Dropped,
}

impl Keeping {
    /// Its name in results.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Usable => "usable",
            Self::Stale => "stale",
            Self::LongStale => "llgr_stale",
            Self::Dropped => "dropped",
        }
    }
}

impl World {
    /// How an end restarts gracefully, if both ends do.
    pub(super) fn graceful(&self, end: End<SessionId>) -> Option<GracefulRestart> {
        let ends = &self.net.topology.sessions[end.of].ends;
        ends[end.side.other()].graceful_restart?;
        ends[end.side].graceful_restart
    }

    /// For how long routes of the peer are the last choice, where both ends know of such routes.
    fn long_lived(&self, end: End<SessionId>) -> Option<SimDuration> {
        self.graceful(end)?.long_lived?;
        self.graceful(end.far())?.long_lived.filter(|time| !time.is_zero())
    }

    /// Whether both ends of a session keep routes after a NOTIFICATION (RFC 8538).
    fn outlives_notification(&self, session: SessionId) -> bool {
        Side::BOTH
            .into_iter()
            .all(|side| self.graceful(End::new(session, side)).is_some_and(|own| own.notification))
    }

    /// Whether BFD of a session may fail because a control plane does: its C bit is 0 at either end.
    fn bfd_shares_fate(&self, session: SessionId) -> bool {
        let ends = self.net.topology.sessions[session].ends.iter();
        ends.filter_map(|end| end.bfd).any(|bfd| !bfd.control_plane_independent)
    }

    /// Whether the peer is told that BFD ends the session.
    pub(super) fn tells_of_bfd(&self, end: End<SessionId>) -> bool {
        self.graceful(end).is_none()
            || !self.bfd_shares_fate(end.of)
            || self.outlives_notification(end.of)
    }

    /// An established session has ended: what is to be done about its routes.
    pub(super) fn work_after(&mut self, end: End<SessionId>, reason: DownReason) -> Work {
        let old = self.state.session_ends.edit(end).stale.take();
        let (again, long) =
            old.map_or_else(|| (BTreeSet::new(), None), |old| (old.kept.routes, old.long));
        // The time of the last choice ran out before the peer had told all (RFC 9494 §4.2).
        let expired = long.as_ref().is_some_and(|long| long.until <= self.now);
        let restart_time = self.graceful(end.far()).map(|far| far.restart_time);
        let Some(time) = restart_time.filter(|_| !expired && self.keeps_routes(end, reason)) else {
            let routes = again.into_iter().chain(long.into_iter().flat_map(|long| long.routes));
            for (group, _) in routes {
                self.record_keeping(end, group, [Keeping::Stale, Keeping::Dropped]);
            }
            return Work::SessionDown(end);
        };
        let is_old = |key: &Key| {
            again.contains(key) || long.as_ref().is_some_and(|long| long.routes.contains(key))
        };
        let mut routes = self.learned_on(end);
        routes.retain(|key| !is_old(key));
        for (group, _) in &routes {
            self.record_keeping(end, *group, [Keeping::Usable, Keeping::Stale]);
        }
        let until = self.now + time;
        let told_since = self.state.session_ends[end].up_since;
        let stale = Stale { told_since, kept: Kept { routes, until }, long };
        self.state.session_ends.edit(end).stale = Some(stale);
        self.at(until, Event::Stale(end));
        // Consecutive restarts: what was stale already is kept no longer (RFC 4724 §4.2).
        Work::Stale(end, again.into_iter().collect())
    }

    /// Whether routes are kept of a session that has ended.
    fn keeps_routes(&self, end: End<SessionId>, reason: DownReason) -> bool {
        if self.graceful(end).is_none() {
            return false;
        }
        match reason {
            DownReason::ConnectionClosed => true,
            // Who sends a NOTIFICATION keeps routes as who receives it does (RFC 8538 §4).
            DownReason::HoldTimerExpired | DownReason::AdminReset | DownReason::FsmError => {
                self.outlives_notification(end.of)
            }
            DownReason::NotificationReceived => {
                let word = self.state.session_ends[end].fsm.last_word();
                self.outlives_notification(end.of) && !word.is_some_and(is_hard)
            }
            DownReason::BfdDown => self.bfd_shares_fate(end.of),
            DownReason::InterfaceDown
            | DownReason::LagDown
            | DownReason::AdminShutdown
            | DownReason::RouterDown
            | DownReason::OpenError
            | DownReason::ProcessKilled
            | DownReason::MaxPrefix => false,
        }
    }

    fn learned_on(&self, end: End<SessionId>) -> BTreeSet<Key> {
        let slot = self.slot(end);
        let rib = &self.state.ribs[self.net.session_router(end)];
        let of = |group: GroupId| rib.learned(group, slot).map(move |(p, _)| (group, p));
        self.group_ids().flat_map(of).collect()
    }

    /// What happens to a machine may end what is kept of its peer, whatever state it is in.
    pub(super) fn may_end_keeping(&mut self, end: End<SessionId>, input: Input) {
        let ends = match input {
            // The operator wants nothing of the peer.
            Input::AdminDown => true,
            // The peer forwards nothing (RFC 5882 §4.3.1).
            Input::BfdDown { .. } => !self.bfd_shares_fate(end.of),
            Input::Start
            | Input::IdleHoldExpired
            | Input::ConnectRetryExpired
            | Input::HoldExpired
            | Input::TransportUp
            | Input::TransportReplaced
            | Input::TransportRefused
            | Input::TransportClosed
            | Input::Message(_)
            | Input::InterfaceDown(_)
            | Input::InterfaceUp
            | Input::AdminUp
            | Input::AdminReset
            | Input::RouterDown
            | Input::Killed
            | Input::BfdUp
            | Input::TooManyPrefixes { .. } => false,
        };
        if ends && self.state.session_ends[end].stale.is_some() {
            self.queue_work(self.net.session_router(end), Work::ForgetStale(end));
        }
    }

    /// The session is back: stale routes wait for the peer's End-of-RIB, unless the peer has lost
    /// its forwarding since it told them.
    pub(super) fn refresh_stale(&mut self, end: End<SessionId>) {
        let Some(own) = self.graceful(end) else { return };
        let far = self.net.session_router(end.far());
        let booted = self.state.routers[far].booted_at;
        let until = self.now + own.stale_time;
        let Some(stale) = &mut self.state.session_ends.edit(end).stale else { return };
        if booted.is_some() && booted >= stale.told_since {
            self.queue_work(self.net.session_router(end), Work::ForgetStale(end));
        } else {
            stale.kept.until = until;
            self.at(until, Event::Stale(end));
        }
    }

    /// A route that a peer has told anew is stale no longer.
    pub(super) fn is_fresh(&mut self, end: End<SessionId>, key: Key) {
        let Some(stale) = &mut self.state.session_ends.edit(end).stale else { return };
        let was_kept = stale.kept.routes.remove(&key);
        let was_long = stale.long.as_mut().is_some_and(|long| long.routes.remove(&key));
        if was_kept || was_long {
            let from = if was_long { Keeping::LongStale } else { Keeping::Stale };
            self.record_keeping(end, key.0, [from, Keeping::Usable]);
        }
    }

    /// Stale routes have been kept for long enough.
    pub(super) fn on_stale(&mut self, end: End<SessionId>) {
        let due = |kept: &Kept| kept.until <= self.now;
        let stale = self.state.session_ends[end].stale.as_ref();
        if stale.is_some_and(|stale| due(&stale.kept) || stale.long.as_ref().is_some_and(due)) {
            self.queue_work(self.net.session_router(end), Work::DropStale(end));
        }
    }

    /// Keeps what a peer has told, but for what it had not told again since it was gone before.
    pub(super) fn keep_stale(
        &mut self,
        router: RouterId,
        end: End<SessionId>,
        again: Vec<Key>,
    ) -> Vec<GroupId> {
        let slot = self.slot(end);
        self.state.ribs.edit(router).forget_told(slot);
        self.forget_suppressed(end);
        self.forget(router, end, (Keeping::Stale, again))
    }

    /// Forgets what has been stale of a session for long enough, or keeps it as the last choice.
    pub(super) fn drop_stale(&mut self, router: RouterId, end: End<SessionId>) -> Vec<GroupId> {
        let Some(mut stale) = self.state.session_ends.edit(end).stale.take() else {
            return Vec::new();
        };
        let now = self.now;
        let up = self.state.session_ends[end].fsm.state() == State::Established;
        let mut changed = Vec::new();
        let over = stale.kept.until <= now;
        if over {
            let routes = std::mem::take(&mut stale.kept.routes);
            let until = stale.long.as_ref().map(|long| long.until);
            let until = until.or_else(|| self.long_lived(end).map(|time| now + time));
            if let Some(until) = until.filter(|until| !up && *until > now) {
                let long = Kept { routes: BTreeSet::new(), until };
                let long = stale.long.get_or_insert(long);
                changed.extend(self.keep_longer(router, end, routes, &mut long.routes));
                self.at(until, Event::Stale(end));
            } else {
                changed.extend(self.forget(router, end, (Keeping::Stale, routes)));
            }
        }
        if let Some(long) = &mut stale.long
            && (long.until <= now || (over && up))
        {
            let routes = std::mem::take(&mut long.routes);
            changed.extend(self.forget(router, end, (Keeping::LongStale, routes)));
        }
        let none = |kept: &Kept| kept.routes.is_empty();
        let is_done =
            if up { over } else { none(&stale.kept) && stale.long.as_ref().is_none_or(none) };
        self.state.session_ends.edit(end).stale = Some(stale).filter(|_| !is_done);
        changed.sort_unstable();
        changed.dedup();
        changed
    }

    /// Forgets all that is stale of a session.
    pub(super) fn forget_stale(&mut self, router: RouterId, end: End<SessionId>) -> Vec<GroupId> {
        let Some(stale) = self.state.session_ends.edit(end).stale.take() else { return Vec::new() };
        let mut changed = self.forget(router, end, (Keeping::Stale, stale.kept.routes));
        if let Some(long) = stale.long {
            changed.extend(self.forget(router, end, (Keeping::LongStale, long.routes)));
        }
        changed.sort_unstable();
        changed.dedup();
        changed
    }

    /// Forgets routes that were kept; of which groups.
    fn forget(
        &mut self,
        router: RouterId,
        end: End<SessionId>,
        (was, routes): (Keeping, impl IntoIterator<Item = Key>),
    ) -> Vec<GroupId> {
        let slot = self.slot(end);
        let mut changed = Vec::new();
        for (group, path) in routes {
            if self.state.ribs.edit(router).learn(group, slot, path, None) {
                self.record_keeping(end, group, [was, Keeping::Dropped]);
                changed.push(group);
            }
            self.forget_told_route(end, (group, path));
        }
        changed.dedup();
        changed
    }

    /// Makes routes the last choice and adds them to `long`, but for those whose origin wants none of
    /// that; of which groups (RFC 9494 §4.2).
    fn keep_longer(
        &mut self,
        router: RouterId,
        end: End<SessionId>,
        routes: BTreeSet<Key>,
        long: &mut BTreeSet<Key>,
    ) -> Vec<GroupId> {
        let slot = self.slot(end);
        let (mut changed, mut refused) = (Vec::new(), Vec::new());
        for (group, path) in routes {
            let rib = self.state.ribs.edit(router);
            let known = rib.learned(group, slot).find(|(p, _)| *p == path);
            let Some(mut route) = known.map(|(_, route)| Route::clone(route)) else { continue };
            if route.attributes.has_community(Community::NO_LLGR) {
                refused.push((group, path));
                continue;
            }
            Arc::make_mut(&mut route.attributes).add_community(Community::LLGR_STALE);
            rib.learn(group, slot, path, Some(Arc::new(route)));
            long.insert((group, path));
            self.record_keeping(end, group, [Keeping::Stale, Keeping::LongStale]);
            changed.push(group);
        }
        changed.extend(self.forget(router, end, (Keeping::Stale, refused)));
        changed
    }
}

/// Whether a NOTIFICATION means that nothing is to be kept (RFC 8538 §4): what an operator or a limit
/// has ended is ended.
const fn is_hard(word: Notification) -> bool {
    matches!(
        word,
        Notification::Cease(
            Cease::HardReset
                | Cease::AdministrativeShutdown
                | Cease::PeerDeconfigured
                | Cease::MaximumPrefixes
        )
    )
}
