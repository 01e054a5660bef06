//! A router whose BGP has restarted keeps its forwarding, and chooses no routes of a family before its
//! peers have told theirs (RFC 4724 §4.1).
//!
//! It waits for the End-of-RIB of every peer that restarts gracefully, but for those that say in their
//! OPEN that they have restarted themselves (the R bit).
//!
//! # Departures
//! * Who is waited for are the peers whose sessions can come up when BGP starts, neither end being
//!   held down and a path leading both ways, and those that do come up; a real router finds out by
//!   trying. One whose session ends meanwhile is waited for no longer.
//! * `Selection_Deferral_Timer` is two thirds of the stale time: 240 s of 360 s, as FRR ships them, so
//!   that routes are told before the helpers give up.
//! * A router that has booted has no forwarding to keep, and chooses at once.

use std::collections::BTreeSet;

use super::bgp::{Wire, Work};
use super::event::Event;
use super::world::World;
use crate::ids::{End, GroupId, RouterId, SessionId};
use crate::model::topology::{Family, SessionKind};
use crate::proto::bgp::session::{Input, State};
use crate::units::SimTime;

/// A router whose BGP has restarted and waits for its peers.
#[derive(Clone, Debug)]
pub(crate) struct Deferral {
    until: SimTime,
    waiting: BTreeSet<End<SessionId>>,
    /// It is over once BGP gets to it.
    is_over: bool,
}

impl World {
    /// Whether forwarding of a router outlives its BGP.
    pub(super) fn restarts_gracefully(&self, router: RouterId, family: Family) -> bool {
        !self.graceful_ends(router, family).is_empty()
    }

    fn graceful_ends(&self, router: RouterId, family: Family) -> Vec<End<SessionId>> {
        let mut ends = self.net.sessions_at[router].clone();
        ends.retain(|end| {
            self.net.topology.sessions[end.of].family == family && self.graceful(*end).is_some()
        });
        ends
    }

    /// Whether a router chooses no routes of a family yet.
    pub(super) fn defers(&self, router: RouterId, family: Family) -> bool {
        self.state.routers[router].deferral.contains_key(&family)
    }

    /// BGP has restarted with its forwarding of a family in place: no choice before the peers have
    /// told. Whether there is anybody to wait for.
    pub(super) fn defer_selection(&mut self, router: RouterId, family: Family) -> bool {
        let ends = self.graceful_ends(router, family);
        let times = ends.iter().filter_map(|end| Some(self.graceful(*end)?.stale_time));
        let Some(longest) = times.max() else { return false };
        let waiting: BTreeSet<_> = ends.into_iter().filter(|end| self.can_come_up(*end)).collect();
        if waiting.is_empty() {
            return false;
        }
        self.record_deferral(router, family, &waiting);
        let until = self.now + longest.scaled(2, 3);
        let deferral = Deferral { until, waiting, is_over: false };
        self.state.routers.edit(router).deferral.insert(family, deferral);
        self.at(until, Event::Deferred(router));
        true
    }

    /// Whether neither end of a session is held down, and a path leads there and back; inside a
    /// network it may have to be found first.
    fn can_come_up(&self, end: End<SessionId>) -> bool {
        let held = |end: End<SessionId>| self.state.session_ends[end].fsm.is_held();
        let inside = self.net.topology.sessions[end.of].kind == SessionKind::Internal;
        !held(end) && !held(end.far()) && (inside || self.may_reach(end))
    }

    /// An OPEN is sent: it says whether BGP has restarted and is not done.
    pub(super) fn tell_of_restart(&mut self, end: End<SessionId>) {
        let family = self.net.topology.sessions[end.of].family;
        let restarts = self.defers(self.net.session_router(end), family);
        self.state.session_ends.edit(end).told_restart = restarts;
    }

    /// A session is up: its peer is waited for, unless it has restarted itself.
    pub(super) fn await_peer(&mut self, end: End<SessionId>) {
        if self.state.session_ends[end.far()].told_restart {
            self.await_no_more(end);
        } else if self.graceful(end).is_some() {
            let router = self.net.session_router(end);
            let family = self.net.topology.sessions[end.of].family;
            if let Some(deferral) = self.state.routers.edit(router).deferral.get_mut(&family) {
                deferral.waiting.insert(end);
            }
        }
    }

    /// A peer has told all it has, or cannot.
    pub(super) fn await_no_more(&mut self, end: End<SessionId>) {
        let router = self.net.session_router(end);
        let family = self.net.topology.sessions[end.of].family;
        if let Some(deferral) = self.state.routers.edit(router).deferral.get_mut(&family) {
            deferral.waiting.remove(&end);
            if deferral.waiting.is_empty() {
                self.end_deferral(router, family, "nobody is left to wait for");
            }
        }
    }

    /// What happens to a machine may mean that its peer is not to be waited for.
    pub(super) fn may_end_waiting(&mut self, end: End<SessionId>, input: Input) {
        if matches!(input, Input::AdminDown | Input::BfdDown { .. } | Input::InterfaceDown(_)) {
            self.await_no_more(end);
        }
    }

    /// A router has waited for its peers for long enough.
    pub(super) fn on_deferred(&mut self, router: RouterId) {
        let all = self.state.routers[router].deferral.iter();
        let due = all.filter(|(_, deferral)| deferral.until <= self.now);
        for family in due.map(|(family, _)| *family).collect::<Vec<_>>() {
            self.end_deferral(router, family, "the deferral timer has run out");
        }
    }

    /// Routes of a family are chosen and told, once BGP gets to it.
    fn end_deferral(&mut self, router: RouterId, family: Family, why: &'static str) {
        let Some(deferral) = self.state.routers.edit(router).deferral.get_mut(&family) else {
            return;
        };
        if !std::mem::replace(&mut deferral.is_over, true) {
            self.record_deferral_end(router, family, why);
            self.queue_work(router, Work::Choose(family));
        }
    }

    /// The groups of a family, which are chosen from now on; then peers are told.
    pub(super) fn choose_at_last(&mut self, router: RouterId, family: Family) -> Vec<GroupId> {
        self.state.routers.edit(router).deferral.remove(&family);
        for end in self.net.sessions_at[router].clone() {
            if self.net.topology.sessions[end.of].family == family
                && self.state.session_ends[end].fsm.state() == State::Established
            {
                self.tell_all(end);
            }
        }
        self.group_ids().filter(|group| self.net.groups[*group].family == family).collect()
    }

    /// Tells a peer that it knows all (RFC 4724 §2), once, where that is of use.
    pub(super) fn tell_end_of_rib(&mut self, end: End<SessionId>) {
        let router = self.net.session_router(end);
        let family = self.net.topology.sessions[end.of].family;
        let told = self.state.session_ends[end].told_all;
        if self.graceful(end).is_some() && !told && !self.defers(router, family) {
            self.state.session_ends.edit(end).told_all = true;
            self.send_message(end, Wire::EndOfRib);
        }
    }

    /// A peer has told all it has.
    pub(super) fn end_of_rib(&mut self, router: RouterId, end: End<SessionId>) -> Vec<GroupId> {
        self.record_end_of_rib(end);
        self.await_no_more(end);
        self.forget_stale(router, end)
    }
}
