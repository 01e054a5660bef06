//! Services that stand by at another site.
//!
//! A site that stands by for a prefix watches its routers' BGP: when none of them has a route of
//! their own network to it any more, from whomever, the site takes the service over after its time,
//! and gives it back as soon as one of them has such a route again. What is lost silently it thus
//! learns by hold timers, BFD or the IGP, as everybody does.
//!
//! # Departures
//! * The routers of the site know at once what each of them knows.
//! * In a network without internal BGP, interior routes to a router that serves stand for its route.

use super::bgp::Work;
use super::event::Event;
use super::world::World;
use crate::ids::{GroupId, Id, RouterId};
use crate::model::topology::{SessionKind, Standby};
use crate::proto::bgp::advertise::NextHop;
use crate::proto::bgp::rib::Slot;

impl World {
    fn standby(&self, group: GroupId) -> Option<&Standby> {
        let first = self.net.groups[group].prefixes[0];
        self.net.topology.prefixes[first].standby.as_ref()
    }

    /// Whether a router is at the site that stands by for a group.
    pub(super) fn stands_by(&self, router: RouterId, group: GroupId) -> bool {
        self.standby(group).is_some_and(|standby| standby.routers.contains(&router))
    }

    /// What a router knows may have changed: its site looks at what it stands by for.
    pub(super) fn watch_services(&mut self, router: RouterId) {
        for group in self.net.watched.clone() {
            self.watch_service(router, group);
        }
    }

    /// The same for one group.
    pub(super) fn watch_service(&mut self, router: RouterId, group: GroupId) {
        if self.traffic.is_none() || !self.stands_by(router, group) {
            return;
        }
        let Some(standby) = self.standby(group) else { return };
        let takeover = standby.takeover;
        let up = |router: &RouterId| self.state.routers[*router].up;
        let alive: Vec<RouterId> = standby.routers.iter().copied().filter(up).collect();
        let served = alive.iter().any(|router| self.knows_service(*router, group));
        if served || alive.is_empty() {
            self.commands.takeovers.remove(&group);
            if self.commands.taken_over.remove(&group) {
                self.switch_service(group);
            }
        } else if !self.commands.taken_over.contains(&group)
            && !self.commands.takeovers.contains_key(&group)
        {
            let at = self.now + takeover;
            self.commands.takeovers.insert(group, at);
            self.at(at, Event::Takeover(router, group));
        }
    }

    /// Whether a router has a route of its own network to a group that is served elsewhere.
    fn knows_service(&self, router: RouterId, group: GroupId) -> bool {
        let sessions = &self.net.sessions_at[router];
        let inside = |end: &crate::ids::End<crate::ids::SessionId>| {
            self.net.topology.sessions[end.of].kind == SessionKind::Internal
        };
        if !sessions.iter().any(inside) {
            let mut servers = self.net.groups[group].served_by.iter();
            return servers.any(|server| self.state.igp[router].routes.to(*server).is_some());
        }
        let slots = (0..sessions.len()).map(Slot::from_index);
        let mut routes = slots.flat_map(|slot| self.state.ribs[router].learned(group, slot));
        routes.any(|(_, route)| {
            matches!(route.next_hop, NextHop::Router(at) if !self.stands_by(at, group))
                && self.metric(router, route.next_hop).is_some()
        })
    }

    /// A site takes a service over, if it still has to.
    pub(super) fn on_takeover(&mut self, group: GroupId) {
        if self.commands.takeovers.get(&group).is_some_and(|at| *at <= self.now) {
            self.commands.takeovers.remove(&group);
            self.commands.taken_over.insert(group);
            self.switch_service(group);
        }
    }

    fn switch_service(&mut self, group: GroupId) {
        let routers = self.standby(group).map_or_else(Vec::new, |s| s.routers.clone());
        self.touch_traffic();
        for router in routers {
            let serves = self.serves(router, group);
            self.tables.routers.edit(router).fib.serve(group, serves);
            if self.state.routers[router].up {
                self.queue_work(router, Work::Originate(vec![group]));
            }
        }
    }
}
