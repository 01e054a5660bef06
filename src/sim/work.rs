//! The BGP process of each router: one piece of work after the other.
//!
//! # Departures
//! * A router's BGP process does one thing after the other: each route of an UPDATE costs the
//!   router's `update_processing`, and so does each loss or gain of a session or next hop. A
//!   group of prefixes is one route, whatever its size, but for what `prefix_processing` says that
//!   telling of it takes.
//! * An UPDATE leaves when the work that made it necessary is done; it carries all routes that
//!   this work changed.
//! * Real routers never take equally long for the same work. Here they do, and where two of them
//!   prefer each other's routes (DISAGREE in Griffin, Shepherd and Wilfong, "The Stable Paths Problem
//!   and Interdomain Routing", 2002) they could change their minds in lockstep for ever. So a router that has changed its mind about one group of prefixes more
//!   than [`PATIENCE`] times, each within [`QUIET`] of the last, takes a drawn pause of up to
//!   [`PAUSE`] before each work and decides when no more work waits, until it has been quiet for
//!   that long.

use super::bgp::{CpuItem, Work};
use super::cause::Phase;
use super::event::Event;
use super::world::World;
use crate::ids::{GroupId, RouterId};
use crate::rng::Draws;
use crate::units::{SimDuration, SimTime};

/// So often may the choice for a group change in a row before its router paces itself.
const PATIENCE: u32 = 16;

/// Changes further apart than this are not in a row.
const QUIET: SimDuration = SimDuration::from_secs(1);

/// How long a router pauses at most before a work.
const PAUSE: SimDuration = SimDuration::from_millis(100);

/// How often a router changed its choice for a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unrest {
    /// The fault step that led to it.
    since: SimTime,
    /// How often since then.
    changes: u32,
    /// How often in a row.
    in_a_row: u32,
    /// When it last did.
    last: SimTime,
}

impl Unrest {
    /// Whether there is no end of it in sight: by now it should have changed again, or soon.
    fn goes_on(&self, now: SimTime) -> bool {
        let usual = self.last.since(self.since).scaled(2, u64::from(self.changes));
        self.changes > PATIENCE && now <= self.last + usual
    }
}

impl World {
    /// Work for the BGP process of a router.
    pub(super) fn queue_work(&mut self, router: RouterId, work: Work) {
        let cause = self.cause;
        let state = self.state.routers.edit(router);
        state.cpu.push_back(CpuItem { work, cause });
        if state.cpu.len() == 1 {
            self.begin_work(router);
        }
    }

    fn begin_work(&mut self, router: RouterId) {
        let Some(item) = self.state.routers[router].cpu.front() else { return };
        let one = self.net.topology.routers[router].update_processing;
        let work = match &item.work {
            Work::Update(_, _, changes) => {
                let routes: usize = changes.iter().map(|bundle| bundle.told().len()).sum();
                one * routes.max(1) as u64
            }
            Work::Tell(preparation) => *preparation,
            Work::SessionUp(..)
            | Work::SessionDown(_)
            | Work::Originate(_)
            | Work::Repeat(..)
            | Work::EndOfRib(..)
            | Work::Stale(..)
            | Work::DropStale(_)
            | Work::ForgetStale(_)
            | Work::Choose(_)
            | Work::Reuse(_)
            | Work::NextHops => one,
        };
        let cause = item.cause;
        let at = self.now + work + self.settling_pause(router) + self.pause(router);
        self.state.routers.edit(router).cpu_done_at = Some(at);
        self.at_because(at, Event::Cpu(router), cause);
    }

    /// Before the clock starts, routers take turns by chance: in lockstep, waves of UPDATEs may
    /// chase each other for ever through a network that has one stable state.
    fn settling_pause(&self, router: RouterId) -> SimDuration {
        if self.traffic.is_some() {
            return SimDuration::ZERO;
        }
        let name = format!("settle/{}", self.net.router_name(router));
        Draws::new(self.net.seed, &name).below(self.handled(), SimDuration::from_millis(100))
    }

    /// What a router that cannot make up its mind waits before a work.
    pub(super) fn pause(&mut self, router: RouterId) -> SimDuration {
        if self.traffic.is_none() || self.state.routers[router].restless_until <= self.now {
            return SimDuration::ZERO;
        }
        let state = self.state.routers.edit(router);
        state.pauses += 1;
        let n = state.pauses;
        let name = format!("pause/{}", self.net.router_name(router));
        Draws::new(self.net.seed, &name).below(n, PAUSE)
    }

    /// A router has changed its choice for a group.
    pub(super) fn count_change(&mut self, router: RouterId, group: GroupId) {
        if self.traffic.is_none() {
            return;
        }
        let now = self.now;
        let since = self.causes.get(self.cause).at;
        let state = self.state.routers.edit(router);
        let none = Unrest { since, changes: 0, in_a_row: 0, last: now };
        let unrest = state.unrest.entry(group).or_insert(none);
        if unrest.since != since {
            *unrest = none;
        }
        unrest.changes += 1;
        unrest.in_a_row = if now <= unrest.last + QUIET { unrest.in_a_row + 1 } else { 1 };
        unrest.last = now;
        if unrest.in_a_row > PATIENCE {
            state.restless_until = now + QUIET;
        }
    }

    /// A router's BGP process is done with the first item of its queue.
    pub(super) fn on_cpu(&mut self, router: RouterId) {
        if self.state.routers[router].cpu_done_at.is_none_or(|at| at > self.now) {
            return;
        }
        let Some(item) = self.state.routers.edit(router).cpu.pop_front() else { return };
        self.state.routers.edit(router).cpu_done_at = None;
        self.cause = item.cause;
        self.spend(Phase::Decide);
        let mut groups = self.work_off(router, item.work);
        if self.gather(router, &mut groups) {
            return self.begin_work(router);
        }
        let now = self.now;
        let state = self.state.routers.edit(router);
        let waits = state.restless_until > now && !state.cpu.is_empty();
        if waits || !state.undecided.is_empty() {
            state.undecided.append(&mut groups.into_iter().collect());
            groups = Vec::new();
        }
        if !waits {
            groups.extend(std::mem::take(&mut state.undecided));
            self.decide(router, &groups);
        }
        self.begin_work(router);
    }

    /// Does the work and tells which groups must be decided anew.
    fn work_off(&mut self, router: RouterId, work: Work) -> Vec<GroupId> {
        match work {
            Work::Update(end, epoch, changes) => {
                if self.state.session_ends[end].transport.epoch != epoch
                    || self.takes_no_more(end, &changes)
                {
                    return Vec::new();
                }
                let mut groups = Vec::new();
                for bundle in &*changes {
                    self.learn_bundle(router, end, bundle, &mut groups);
                }
                groups.dedup();
                groups
            }
            Work::SessionUp(end, epoch) => {
                if self.state.session_ends[end].transport.epoch != epoch {
                    return Vec::new();
                }
                self.state.session_ends.edit(end).tells = true;
                self.await_telling_all(end);
                self.tell(end);
                self.tell_end_of_rib(end);
                Vec::new()
            }
            Work::Stale(end, again) => self.keep_stale(router, end, again),
            Work::DropStale(end) => self.drop_stale(router, end),
            Work::ForgetStale(end) => self.forget_stale(router, end),
            Work::Choose(family) => self.choose_at_last(router, family),
            Work::Reuse(end) => self.reuse(router, end),
            Work::EndOfRib(end, epoch) => {
                if self.state.session_ends[end].transport.epoch == epoch {
                    return self.end_of_rib(router, end);
                }
                Vec::new()
            }
            Work::SessionDown(end) => {
                self.forget_told_routes(end);
                let slot = self.slot(end);
                self.state.ribs.edit(router).forget_session(slot)
            }
            Work::NextHops => self.group_ids().collect(),
            Work::Tell(_) => {
                self.tell_prepared(router);
                Vec::new()
            }
            Work::Originate(mut groups) => {
                groups.retain(|group| {
                    let route = self.own_route(router, *group);
                    self.state.ribs.edit(router).originate(*group, route)
                });
                groups
            }
            Work::Repeat(end, epoch) => {
                if self.state.session_ends[end].transport.epoch == epoch {
                    self.repeat(router, end);
                }
                Vec::new()
            }
        }
    }

    /// The choice that changed most often since a fault and still does: how often, where, for what.
    pub(crate) fn most_restless(&self) -> Option<(u32, RouterId, GroupId)> {
        let mut most: Option<(u32, RouterId, GroupId)> = None;
        for router in self.net.topology.routers.ids() {
            for (group, unrest) in &self.state.routers[router].unrest {
                if unrest.goes_on(self.now) && most.is_none_or(|(n, ..)| unrest.changes > n) {
                    most = Some((unrest.changes, router, *group));
                }
            }
        }
        most
    }
}
