//! Drives flap damping (RFC 2439): what a neighbour tells too often is not used for a while.
//!
//! # Departures
//! * A session that ends withdraws routes without a penalty, as in IOS and FRR, and the penalties of
//!   earlier flaps go on to decay.
//! * Nothing is counted before the clock starts.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::bgp::{Told, Work};
use super::event::Event;
use super::world::World;
use crate::ids::{End, GroupId, RouterId, SessionId};
use crate::proto::bgp::advertise::Route;
use crate::proto::bgp::rib::PathId;
use crate::proto::damping::{ATTRIBUTES, Damper, FLAP};

/// What is remembered of the routes of a session, by group and path.
pub(crate) type Damped = BTreeMap<(GroupId, PathId), Flapping>;

/// What is remembered of a route.
#[derive(Clone, Debug)]
pub(crate) struct Flapping {
    damper: Damper,
    /// As the neighbour told it last.
    told: Option<Arc<Route>>,
}

impl World {
    /// Counts what a neighbour tells; whether it is suppressed.
    pub(super) fn damp(&mut self, end: End<SessionId>, (group, path, told): &Told) -> bool {
        let Some(config) = self.net.topology.sessions[end.of].ends[end.side].damping else {
            return false;
        };
        let (now, begun) = (self.now, self.traffic.is_some());
        let all = &mut self.state.session_ends.edit(end).damped;
        let new = || Flapping { damper: Damper::new(config), told: None };
        let flapping = all.entry((*group, *path)).or_insert_with(new);
        let points = match (&flapping.told, told) {
            (Some(_), None) => FLAP,
            (Some(before), Some(now)) if before != now => ATTRIBUTES,
            (Some(_) | None, Some(_)) | (None, None) => 0,
        };
        flapping.told.clone_from(told);
        let before = flapping.damper.until();
        if points > 0 && begun {
            flapping.damper.add(now, points);
        }
        let until = flapping.damper.until();
        if let Some(at) = until.filter(|_| until != before) {
            self.at(at, Event::Reuse(end));
            if before.is_none() {
                self.record_damping(end, *group, true);
            }
        }
        until.is_some()
    }

    /// Some route of a session may have been suppressed for long enough.
    pub(super) fn on_reuse(&mut self, end: End<SessionId>) {
        let due = |flapping: &Flapping| flapping.damper.until().is_some_and(|at| at <= self.now);
        if self.state.session_ends[end].damped.values().any(due) {
            self.queue_work(self.net.session_router(end), Work::Reuse(end));
        }
    }

    /// Uses the routes of a session again that have been suppressed for long enough.
    pub(super) fn reuse(&mut self, router: RouterId, end: End<SessionId>) -> Vec<GroupId> {
        let now = self.now;
        let mut again: Vec<Told> = Vec::new();
        for ((group, path), flapping) in &mut self.state.session_ends.edit(end).damped {
            if flapping.damper.release(now) {
                again.push((*group, *path, flapping.told.clone()));
            }
        }
        let mut changed = Vec::new();
        for told in again {
            self.record_damping(end, told.0, false);
            if self.take_in(router, end, &told) {
                changed.push(told.0);
            }
        }
        changed.dedup();
        changed
    }

    /// A session is over: what it told is gone, and nobody has flapped.
    pub(super) fn forget_told_routes(&mut self, end: End<SessionId>) {
        for flapping in self.state.session_ends.edit(end).damped.values_mut() {
            flapping.told = None;
        }
    }

    /// A session is over and its routes are kept: those that are suppressed are not among them.
    pub(super) fn forget_suppressed(&mut self, end: End<SessionId>) {
        for flapping in self.state.session_ends.edit(end).damped.values_mut() {
            if flapping.damper.until().is_some() {
                flapping.told = None;
            }
        }
    }

    /// A route that was kept of a session that is over is gone.
    pub(super) fn forget_told_route(&mut self, end: End<SessionId>, key: (GroupId, PathId)) {
        if let Some(flapping) = self.state.session_ends.edit(end).damped.get_mut(&key) {
            flapping.told = None;
        }
    }
}
