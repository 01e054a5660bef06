//! Graceful restart (RFC 4724): routes of a peer that is gone are kept for a while, and forwarding
//! of a router whose BGP restarts.
//!
//! A session that ends without a NOTIFICATION leaves its routes stale at the other end, if both ends
//! agreed on that; with RFC 8538 so does one whose hold time ran out or that a NOTIFICATION ended
//! which is no hard reset. They go when the restart time is over, or when the peer is back and has
//! told all it has (End-of-RIB), or that it has lost its forwarding. A router whose BGP restarts
//! chooses no routes before its peers have told theirs.
//!
//! # Departures
//! * Both ends must be configured for it; the helper-only role is not told apart.
//! * Forwarding is lost by a boot and kept by a restart of BGP alone (the F bit follows from that).
//! * `Selection_Deferral_Timer` is the stale time.
//! * BFD that goes down leaves routes stale only where the peer's C bit is 0 (RFC 5882 §4.3).
//! * Long-lived stale routes (RFC 9494) are made the last choice by `LOCAL_PREF` 0.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::bgp::{Wire, Work};
use super::event::Event;
use super::world::World;
use crate::ids::{End, GroupId, RouterId, SessionId};
use crate::model::topology::GracefulRestart;
use crate::proto::bgp::attrs::Community;
use crate::proto::bgp::message::{Cease, Notification};
use crate::proto::bgp::rib::PathId;
use crate::proto::bgp::session::{DownReason, State};
use crate::units::SimTime;

/// Routes of a peer that is gone, or back and not done.
#[derive(Clone, Debug)]
pub(crate) struct Stale {
    since: SimTime,
    until: SimTime,
    routes: BTreeSet<(GroupId, PathId)>,
    long_lived: bool,
}

/// A router whose BGP has restarted and waits for its peers.
#[derive(Clone, Debug)]
pub(crate) struct Deferral {
    until: SimTime,
    waiting: BTreeSet<End<SessionId>>,
}

impl World {
    /// How an end restarts gracefully, if both ends do.
    fn graceful(&self, end: End<SessionId>) -> Option<GracefulRestart> {
        let ends = &self.net.topology.sessions[end.of].ends;
        ends[end.side.other()].graceful_restart?;
        ends[end.side].graceful_restart
    }

    /// Whether forwarding of a router outlives its BGP.
    pub(super) fn restarts_gracefully(&self, router: RouterId) -> bool {
        self.net.sessions_at[router].iter().any(|end| self.graceful(*end).is_some())
    }

    /// An established session has ended: whether its routes are kept, stale.
    pub(super) fn keeps_routes(&mut self, end: End<SessionId>, reason: DownReason) -> bool {
        let Some(own) = self.graceful(end) else { return false };
        let Some(far) = self.graceful(end.far()) else { return false };
        let both_notify = own.notification && far.notification;
        let keeps = match reason {
            DownReason::ConnectionClosed => true,
            DownReason::HoldTimerExpired => both_notify,
            DownReason::NotificationReceived => {
                let word = self.state.session_ends[end].fsm.last_word();
                both_notify && !word.is_some_and(is_hard)
            }
            DownReason::BfdDown => {
                let bfd = self.net.topology.sessions[end.of].ends[end.side.other()].bfd;
                bfd.is_some_and(|bfd| !bfd.control_plane_independent)
            }
            DownReason::InterfaceDown
            | DownReason::LagDown
            | DownReason::AdminShutdown
            | DownReason::AdminReset
            | DownReason::RouterDown
            | DownReason::OpenError
            | DownReason::FsmError
            | DownReason::ProcessKilled
            | DownReason::MaxPrefix => false,
        };
        if keeps {
            let until = self.now + far.restart_time;
            let routes = self.learned_on(end);
            let stale = Stale { since: self.now, until, routes, long_lived: false };
            self.state.session_ends.edit(end).stale = Some(stale);
            self.at(until, Event::Stale(end));
        }
        keeps
    }

    fn learned_on(&self, end: End<SessionId>) -> BTreeSet<(GroupId, PathId)> {
        let slot = self.slot(end);
        let rib = &self.state.routers[self.net.session_router(end)].rib;
        let of = |group: GroupId| rib.learned(group, slot).iter().map(move |(p, _)| (group, *p));
        self.group_ids().flat_map(of).collect()
    }

    /// The session is back: stale routes wait for the peer's End-of-RIB, unless the peer has lost
    /// its forwarding.
    pub(super) fn refresh_stale(&mut self, end: End<SessionId>) {
        let Some(own) = self.graceful(end) else { return };
        let far = self.net.session_router(end.far());
        let booted = self.state.routers[far].booted_at;
        let until = self.now + own.stale_time;
        let Some(stale) = &mut self.state.session_ends.edit(end).stale else { return };
        if booted.is_some_and(|booted| booted >= stale.since) {
            self.queue_work(self.net.session_router(end), Work::DropStale(end));
        } else {
            stale.until = until;
            self.at(until, Event::Stale(end));
        }
    }

    /// A route that a peer has told anew is stale no longer.
    pub(super) fn is_fresh(&mut self, end: End<SessionId>, group: GroupId, path: PathId) {
        if let Some(stale) = &mut self.state.session_ends.edit(end).stale {
            stale.routes.remove(&(group, path));
        }
    }

    /// Stale routes have been kept for long enough.
    pub(super) fn on_stale(&mut self, end: End<SessionId>) {
        let due = |stale: &Stale| stale.until <= self.now;
        if self.state.session_ends[end].stale.as_ref().is_some_and(due) {
            self.queue_work(self.net.session_router(end), Work::DropStale(end));
        }
    }

    /// Forgets what is stale of a session, or keeps it as the last choice (RFC 9494).
    pub(super) fn drop_stale(&mut self, router: RouterId, end: End<SessionId>) -> Vec<GroupId> {
        let Some(stale) = self.state.session_ends.edit(end).stale.take() else { return Vec::new() };
        let up = self.state.session_ends[end].fsm.state() == State::Established;
        let long = self.graceful(end).and_then(|own| own.long_lived);
        let long = long.filter(|_| !up && !stale.long_lived && stale.until <= self.now);
        let slot = self.slot(end);
        let mut changed = Vec::new();
        for (group, path) in &stale.routes {
            let rib = &mut self.state.routers.edit(router).rib;
            let known = rib.learned(*group, slot).iter().find(|(p, _)| p == path).cloned();
            let kept = known.filter(|_| long.is_some()).map(|(_, mut route)| {
                let attributes = Arc::make_mut(&mut route.attributes);
                attributes.local_pref = Some(0);
                attributes.add_community(Community::LLGR_STALE);
                route
            });
            let kept = kept.filter(|route| !route.attributes.has_community(Community::NO_LLGR));
            let gone = kept.is_none();
            if rib.learn(*group, slot, *path, kept) {
                changed.push(*group);
            }
            if gone {
                self.forget_told_route(end, (*group, *path));
            }
        }
        if let Some(time) = long {
            let until = self.now + time;
            let stale = Stale { until, long_lived: true, ..stale };
            self.state.session_ends.edit(end).stale = Some(stale);
            self.at(until, Event::Stale(end));
        }
        changed.dedup();
        changed
    }

    /// Tells a peer that it knows all (RFC 4724 §2), where that is of use.
    pub(super) fn tell_end_of_rib(&mut self, end: End<SessionId>) {
        let router = self.net.session_router(end);
        if self.graceful(end).is_some() && self.state.routers[router].deferral.is_none() {
            self.send_message(end, Wire::EndOfRib);
        }
    }

    /// A peer has told all it has.
    pub(super) fn end_of_rib(&mut self, router: RouterId, end: End<SessionId>) -> Vec<GroupId> {
        if let Some(deferral) = &mut self.state.routers.edit(router).deferral {
            deferral.waiting.remove(&end);
            if deferral.waiting.is_empty() {
                self.end_deferral(router);
            }
        }
        self.drop_stale(router, end)
    }

    /// BGP has restarted with its forwarding in place: no choice before the peers have told.
    pub(super) fn defer_selection(&mut self, router: RouterId) {
        let ends = self.net.sessions_at[router].clone();
        let waiting: BTreeSet<_> =
            ends.into_iter().filter(|end| self.graceful(*end).is_some()).collect();
        let times = waiting.iter().filter_map(|end| Some(self.graceful(*end)?.stale_time));
        let Some(longest) = times.max() else { return };
        let until = self.now + longest;
        self.state.routers.edit(router).deferral = Some(Deferral { until, waiting });
        self.at(until, Event::Deferred(router));
    }

    /// A router has waited for its peers for long enough.
    pub(super) fn on_deferred(&mut self, router: RouterId) {
        let deferral = self.state.routers[router].deferral.as_ref();
        if deferral.is_some_and(|deferral| deferral.until <= self.now) {
            self.end_deferral(router);
        }
    }

    /// Routes are chosen and told.
    fn end_deferral(&mut self, router: RouterId) {
        self.state.routers.edit(router).deferral = None;
        self.queue_work(router, Work::NextHops);
        self.clear_unwanted(router);
        for end in self.net.sessions_at[router].clone() {
            if self.state.session_ends[end].fsm.state() == State::Established {
                self.queue_work(router, Work::SessionUp(end));
            }
        }
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
