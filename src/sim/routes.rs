//! Drives BGP routes: takes them in, decides, has forwarding written and neighbours told.
//!
//! # Departures
//! * The address of a peer, which decides last (§9.1.2.2 g), is its router id, whatever link a
//!   session runs over.

use std::sync::Arc;

use super::bgp::{Changes, CpuItem, Told, Work};
use super::next_hops::Ways;
use super::pacing::Pacing;
use super::world::World;
use crate::ids::{End, GroupId, Id, RouterId, SessionId, Side};
use crate::model::topology::{LagKind, Relation, Role, SessionKind, Weights};
use crate::proto::bgp::advertise::{Neighbor, NextHop, SessionEnd};
use crate::proto::bgp::decision::Multipath;
use crate::proto::bgp::rib::blocks::{members, runs};
use crate::proto::bgp::rib::bundle::Bundle;
use crate::proto::bgp::rib::{Best, Rib, Slot, Via};
use crate::proto::bgp::session;

impl World {
    /// Counts what a peer has told; whether it is more than its limit, and the session over.
    pub(super) fn takes_no_more(&mut self, end: End<SessionId>, changes: &Changes) -> bool {
        let Some(max) = self.net.topology.sessions[end.of].ends[end.side].max_prefix else {
            return false;
        };
        let before = self.received(end);
        let received = &mut self.state.session_ends.edit(end).received;
        for (group, path, route) in changes.iter().flat_map(|bundle| bundle.told()) {
            if route.is_some() {
                received.insert((*group, *path));
            } else {
                received.remove(&(*group, *path));
            }
        }
        let after = self.received(end);
        if after <= max.limit {
            return false;
        }
        if max.shutdown {
            self.session_input(end, session::Input::TooManyPrefixes { restart: max.restart });
        } else if before <= max.limit {
            self.record_prefix_limit(end, after);
        }
        max.shutdown
    }

    /// How many prefixes a peer has told.
    fn received(&self, end: End<SessionId>) -> u64 {
        let mut groups: Vec<GroupId> =
            self.state.session_ends[end].received.iter().map(|(group, _)| *group).collect();
        groups.dedup();
        groups.into_iter().map(|group| self.net.groups[group].count).sum()
    }

    /// Takes in one route of an UPDATE; whether it is news.
    pub(super) fn learn(&mut self, router: RouterId, end: End<SessionId>, told: &Told) -> bool {
        let (group, path, _) = *told;
        self.is_fresh(end, (group, path));
        if self.damp(end, told) {
            let slot = self.slot(end);
            return self.state.ribs.edit(router).learn(group, slot, path, None);
        }
        self.take_in(router, end, told)
    }

    /// Puts a route into the RIB as the import policy makes it; whether it is news.
    pub(super) fn take_in(
        &mut self,
        router: RouterId,
        end: End<SessionId>,
        (group, path, told): &Told,
    ) -> bool {
        let group = *group;
        let ours = SessionEnd { policy: self.policy(end, true), ..self.session_end(end, group) };
        // What the policy leaves as it was is shared by all who were told it.
        let route = told.as_ref().and_then(|told| {
            let taken = ours.import(told).ok()?;
            Some(if taken == **told { Arc::clone(told) } else { Arc::new(taken) })
        });
        let slot = self.slot(end);
        self.state.ribs.edit(router).learn(group, slot, *path, route)
    }

    /// How a router sees a session for a group; the policy is the caller's to add.
    pub(super) fn session_end(&self, end: End<SessionId>, group: GroupId) -> SessionEnd<'_> {
        let topology = &self.net.topology;
        let prefix = &topology.prefixes[self.net.groups[group].prefixes[0]];
        let router = self.net.session_router(end);
        let asn = |router: RouterId| topology.networks[topology.routers[router].network].asn;
        let far = self.net.session_router(end.far());
        let seen = |relation: Relation| match end.side {
            Side::A => relation,
            Side::B => relation.reversed(),
        };
        let neighbor = match topology.sessions[end.of].kind {
            SessionKind::Internal if topology.sessions[end.of].ends[end.side].client => {
                Neighbor::Client
            }
            SessionKind::Internal => Neighbor::Internal,
            SessionKind::External(lag) => {
                let LagKind::Pni { relation } = topology.lags[lag].kind else {
                    unreachable!("sessions over one LAG run over PNIs only")
                };
                let next_hop = Some(NextHop::Neighbor(end.of));
                Neighbor::External { asn: asn(far), relation: seen(relation), next_hop }
            }
            SessionKind::Lan { ports, relation } => {
                let next_hop = ports[end.side.other()].map(NextHop::Lan);
                Neighbor::External { asn: asn(far), relation: seen(relation), next_hop }
            }
        };
        let transparent = topology.routers[router].role == Role::RouteServer;
        SessionEnd {
            own_as: asn(router),
            own_id: topology.routers[router].router_id,
            cluster_id: topology.routers[router].cluster_id,
            distance_km: prefix.distance_km[topology.router_metro(router)],
            leaks: self.leaks(end) || transparent,
            transparent,
            shutdown: self.shutdown(end),
            neighbor,
            peer: far,
            roas: &prefix.roas,
            prefix: prefix.prefix,
            policy: None,
        }
    }

    /// The slot of a session end among its router's sessions.
    pub(super) fn slot(&self, end: End<SessionId>) -> Slot {
        self.net.slots[end]
    }

    /// Takes in a part of an UPDATE; adds the groups that it is news for.
    pub(super) fn learn_bundle(
        &mut self,
        router: RouterId,
        end: End<SessionId>,
        bundle: &Arc<Bundle>,
        groups: &mut Vec<GroupId>,
    ) {
        if self.takes_whole(router, end, bundle) {
            let slot = self.slot(end);
            let news = self.state.ribs.edit(router).learn_all(slot, bundle, &mut self.alike);
            groups.extend(members(bundle.block(), news).map(|(group, _)| group));
            return;
        }
        let news = bundle.told().iter().filter(|told| self.learn(router, end, told));
        groups.extend(news.map(|(group, ..)| *group));
    }

    /// Whether nothing on a session changes, refuses or remembers routes of a part of an UPDATE.
    fn takes_whole(&self, router: RouterId, end: End<SessionId>, bundle: &Bundle) -> bool {
        let topology = &self.net.topology;
        let (session, config) = (&topology.sessions[end.of], &topology.routers[router]);
        let own_as = topology.networks[config.network].asn;
        session.kind == SessionKind::Internal
            && session.ends[end.side].damping.is_none()
            && self.state.session_ends[end].stale.is_none()
            && self.policy(end, true).is_none()
            && bundle.is_taken_whole(own_as, config.router_id, config.cluster_id)
    }

    /// Runs the decision process for some groups; forwarding and neighbours follow.
    pub(super) fn decide(&mut self, router: RouterId, groups: &[GroupId]) {
        let decided: Vec<GroupId>;
        let mut groups = groups;
        if !self.state.routers[router].deferral.is_empty() {
            let may = |group: &&GroupId| !self.defers(router, self.net.groups[**group].family);
            decided = groups.iter().filter(may).copied().collect();
            groups = &decided;
        }
        let begun = self.traffic.is_some();
        let tells_more = self.tells_more(router);
        let (mut told, mut seen, mut writes) = (Vec::new(), Vec::new(), Vec::new());
        let mut rib = self.take_rib(router);
        let mut alike = std::mem::take(&mut self.alike);
        let mut ways = Ways::default();
        for (block, run) in runs(groups) {
            let before = begun.then(|| rib.best_of(block));
            let metric = |next_hop| self.metric(router, next_hop);
            let changes = rib.decide_all((block, run), metric, &mut alike);
            told.push((block, if tells_more { run } else { changes.best }));
            // Before the clock starts, nobody sees what is chosen nor a table being written.
            let Some(before) = before else { continue };
            for (group, at) in members(block, changes.any) {
                let best = rib.best(group);
                let from = self.best_text(router, before[at].as_deref());
                let to = self.best_text(router, best);
                let why = best.map_or("no_route", |best| best.reason.as_str());
                self.record_rib(router, group, from, to, why);
                seen.push(group);
            }
            // Even where the choice stands, the way to its next hops may have changed.
            writes.extend(self.ways((router, &rib), (block, run), (&mut ways, &mut alike)));
        }
        self.alike = alike;
        *self.state.ribs.edit(router) = rib;
        if begun {
            for group in seen {
                self.count_change(router, group);
                self.glance(router, group);
                self.note_derived(router, group);
            }
            self.write_fib(router, writes);
            let watched = |group: &&GroupId| self.net.watched.binary_search(group).is_ok();
            for group in groups.iter().copied().filter(|group| watched(&group)).collect::<Vec<_>>()
            {
                self.watch_service(router, group);
            }
        }
        told.retain(|(_, groups)| *groups != 0);
        if !told.is_empty() {
            self.tell_all_peers(router, &told);
        }
    }

    /// Whether neighbours of a router may be told of more than its best routes.
    fn tells_more(&self, router: RouterId) -> bool {
        let config = &self.net.topology.routers[router];
        let network = &self.net.topology.networks[config.network];
        config.role == Role::RouteServer
            || network.ibgp.add_path
            || network.ibgp.best_external
            || network.weights == Weights::Bandwidth
    }

    /// Takes a router's RIB out of the world for a while, so that both can be looked at.
    fn take_rib(&mut self, router: RouterId) -> Rib {
        let none = Multipath { ebgp: 1, ibgp: 1, relax: false };
        let empty = Rib::new(0, none, Arc::from([]), 0);
        std::mem::replace(self.state.ribs.edit(router), empty)
    }

    fn best_text(&self, router: RouterId, best: Option<&Best>) -> String {
        let Some(best) = best else { return "none".to_owned() };
        let name = |via: &Via| match via {
            Via::Local => "local".to_owned(),
            Via::Session(slot) => {
                let end = self.net.sessions_at[router][slot.index()];
                self.net.topology.sessions[end.of].name.clone()
            }
        };
        let names: Vec<String> = best.multipath.iter().map(|used| name(&used.via)).collect();
        names.join("+")
    }

    /// A router originates the prefixes it serves.
    pub(super) fn originate_prefixes(&mut self, router: RouterId) {
        let own = |group: &GroupId| self.own_route(router, *group).is_some();
        let groups: Vec<GroupId> = self.group_ids().filter(own).collect();
        self.originate_groups(router, &groups);
    }

    /// A router originates those of these groups that it serves.
    pub(super) fn originate_groups(&mut self, router: RouterId, groups: &[GroupId]) {
        for group in groups {
            let route = self.own_route(router, *group);
            self.state.ribs.edit(router).originate(*group, route);
        }
        self.decide(router, groups);
    }

    /// The interior routes of a router have changed: next hops may be gone or elsewhere.
    pub(super) fn next_hops_changed(&mut self, router: RouterId) {
        let waiting = |item: &CpuItem| matches!(item.work, Work::NextHops);
        if !self.state.routers[router].cpu.iter().skip(1).any(waiting) {
            self.queue_work(router, Work::NextHops);
        }
    }

    /// From now on the age of routes counts, where the network wants that; in a run that starts
    /// settled, those of the lowest router ids were there first.
    pub(super) fn let_age_count(&mut self, router: RouterId) {
        let network = self.net.topology.routers[router].network;
        if self.net.topology.networks[network].prefer_oldest {
            self.state.ribs.edit(router).prefer_oldest();
        }
    }

    /// A router has lost all of its routes and all work on them.
    pub(super) fn forget_routes(&mut self, router: RouterId) {
        for group in self.group_ids() {
            if self.state.ribs[router].best(group).is_some() {
                self.glance(router, group);
            }
        }
        *self.state.ribs.edit(router) = self.net.ribs[router].clone();
        let state = self.state.routers.edit(router);
        state.cpu.clear();
        state.untold.clear();
        state.undecided.clear();
        state.pacing = Pacing::default();
        state.cpu_done_at = None;
        state.next_hops_at = None;
        for end in self.net.sessions_at[router].clone() {
            self.state.session_ends.edit(end).damped.clear();
        }
    }
}
