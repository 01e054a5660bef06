//! Routing processes that wait on purpose: for more to come, or for the next thing to wake them.
//!
//! # Departures
//! * Work that waits for a daemon to wake up (`wake_up`) waits for the next message of BGP or timer of
//!   BGP at its router. Scans of interfaces and routes, and messages of other protocols, would wake
//!   it too.
//! * Only the routes of a session whose hold timer has run out wait so, and what is told first on a
//!   session that has come up: what else comes of a timer is done at once.
//! * While routing settles before the clock starts, nothing waits.

use super::bgp::{CpuItem, Work};
use super::cause::{CauseId, Phase};
use super::event::Event;
use super::world::World;
use crate::ids::{End, GroupId, RouterId, SessionId};
use crate::proto::bgp::session::DownReason;
use crate::units::{SimDuration, SimTime};

/// What the BGP process of a router has put off.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pacing {
    /// Work, until when, and whether anything that wakes the process ends the wait.
    late: Vec<Late>,
    /// When it decides on what has changed, and what led to that.
    decide_at: Option<(SimTime, CauseId)>,
}

#[derive(Clone, Debug)]
struct Late {
    since: SimTime,
    at: SimTime,
    item: CpuItem,
    sleeps: bool,
}

impl Late {
    /// The session that was lost, if that is what this is about.
    const fn lost(&self) -> Option<End<SessionId>> {
        match &self.item.work {
            Work::SessionDown(end) | Work::Stale(end, ..) => Some(*end),
            Work::Update(..)
            | Work::SessionUp(..)
            | Work::Originate(_)
            | Work::Repeat(..)
            | Work::EndOfRib(..)
            | Work::DropStale(_)
            | Work::ForgetStale(_)
            | Work::Choose(_)
            | Work::Reuse(_)
            | Work::NextHops
            | Work::Tell(_) => None,
        }
    }
}

impl World {
    /// Work for the BGP process of a router, after a while.
    fn queue_late(&mut self, router: RouterId, work: Work, wait: SimDuration, sleeps: bool) {
        if wait.is_zero() || self.traffic.is_none() {
            return self.queue_work(router, work);
        }
        let (at, cause) = (self.now + wait, self.cause);
        let late = Late { since: self.now, at, item: CpuItem { work, cause }, sleeps };
        self.state.routers.edit(router).pacing.late.push(late);
        self.at(at, Event::Paced(router));
        if sleeps {
            for end in self.net.sessions_at[router].clone() {
                self.rouse_session(end.of);
            }
        }
    }

    /// What is to be done about the routes of a session that has ended.
    pub(super) fn queue_loss(&mut self, end: End<SessionId>, reason: DownReason, work: Work) {
        let router = self.net.session_router(end);
        let daemon = self.net.topology.routers[router].daemon;
        if reason == DownReason::HoldTimerExpired && !daemon.wake_up.is_zero() {
            return self.queue_late(router, work, daemon.wake_up, true);
        }
        self.queue_late(router, work, daemon.flush_delay, false);
    }

    /// A peer that has just come up is told everything, once what there is has been gathered.
    pub(super) fn queue_first_telling(&mut self, end: End<SessionId>) {
        let router = self.net.session_router(end);
        // What waits about its last session comes first.
        self.end_waits(router, |late| late.lost() == Some(end));
        let daemon = self.net.topology.routers[router].daemon;
        // FRR counts every configured peer and the connection that it has accepted, which is a peer
        // of its own for a while (bgpd.c, `peer_create`).
        let sessions = self.net.sessions_at[router].len() as u64 + 1;
        let epoch = self.state.session_ends[end].transport.epoch;
        let wait = daemon.coalesce_time + daemon.coalesce_per_session * sessions;
        let work = Work::SessionUp(end, epoch);
        if wait.is_zero() {
            return self.queue_late(router, work, daemon.wake_up, true);
        }
        self.queue_late(router, work, wait, false);
    }

    /// A peer is to be told again.
    pub(super) fn queue_telling(&mut self, end: End<SessionId>, work: Work) {
        let router = self.net.session_router(end);
        let wait = self.net.topology.routers[router].daemon.announce_delay;
        self.queue_late(router, work, wait, false);
    }

    /// Whether a router's BGP process sleeps over something that it has to do.
    pub(super) fn sleeps(&self, router: RouterId) -> bool {
        self.state.routers[router].pacing.late.iter().any(|late| late.sleeps)
    }

    /// How long a router prepares before it tells peers of so many groups.
    pub(super) fn preparation(
        &self,
        router: RouterId,
        groups: impl Iterator<Item = GroupId>,
    ) -> SimDuration {
        let daemon = self.net.topology.routers[router].daemon;
        if self.traffic.is_none() {
            return SimDuration::ZERO;
        }
        if daemon.prefix_processing.is_zero() {
            return SimDuration::ZERO;
        }
        let prefixes: u64 = groups.map(|group| self.net.groups[group].count).sum();
        daemon.prefix_processing * prefixes.min(daemon.prefixes_per_turn)
    }

    /// Whether the loss of a session is slept over: its wait in Idle has not begun.
    pub(super) fn sleeps_over(&self, end: End<SessionId>) -> bool {
        let late = &self.state.routers[self.net.session_router(end)].pacing.late;
        late.iter().any(|late| late.sleeps && late.lost() == Some(end))
    }

    /// Something wakes a router's BGP process.
    pub(super) fn wake_bgp(&mut self, router: RouterId) {
        if self.sleeps(router) {
            self.end_waits(router, |late| late.sleeps);
        }
    }

    /// Does what has waited for long enough.
    pub(super) fn on_paced(&mut self, router: RouterId) {
        let now = self.now;
        self.end_waits(router, |late| late.at <= now);
        let Some((at, cause)) = self.state.routers[router].pacing.decide_at else { return };
        if at <= now {
            let state = self.state.routers.edit(router);
            state.pacing.decide_at = None;
            let groups: Vec<GroupId> = std::mem::take(&mut state.undecided).into_iter().collect();
            self.cause = cause;
            self.spend(Phase::Decide);
            self.decide(router, &groups);
        }
    }

    fn end_waits(&mut self, router: RouterId, ends: impl Fn(&Late) -> bool) {
        if self.state.routers[router].pacing.late.is_empty() {
            return;
        }
        let cause = self.cause;
        let late = std::mem::take(&mut self.state.routers.edit(router).pacing.late);
        let (over, rest): (Vec<Late>, Vec<Late>) = late.into_iter().partition(ends);
        self.state.routers.edit(router).pacing.late = rest;
        for late in over {
            self.cause = late.item.cause;
            if let Some(end) = late.lost().filter(|_| late.sleeps) {
                let slept = self.now.since(late.since);
                let mut out = Vec::new();
                self.state.session_ends.edit(end).fsm.postpone(slept, &mut out);
                self.session_outputs(end, out);
            }
            self.queue_work(router, late.item.work);
        }
        self.cause = cause;
    }

    /// Groups that have changed are decided with all that change in the router's delay; tells
    /// whether they wait.
    pub(super) fn gather(&mut self, router: RouterId, groups: &mut Vec<GroupId>) -> bool {
        let delay = self.net.topology.routers[router].daemon.decision_delay;
        if delay.is_zero() || self.traffic.is_none() {
            return false;
        }
        if groups.is_empty() {
            return true;
        }
        self.state.routers.edit(router).undecided.extend(groups.drain(..));
        let waits = self.state.routers[router].pacing.decide_at;
        // What is decided together is blamed on the latest fault of those that led to it.
        let cause = self.causes.later(waits.map(|(_, cause)| cause), self.cause);
        let at = waits.map_or_else(|| self.now + delay + self.pause(router), |(at, _)| at);
        self.state.routers.edit(router).pacing.decide_at = Some((at, cause));
        if waits.is_none() {
            self.at(at, Event::Paced(router));
        }
        true
    }
}
