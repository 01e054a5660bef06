//! Drives BGP routes: takes them in, decides, writes forwarding, tells neighbours.
//!
//! # Departures
//! * What a network originates is told as fast as what it learns: there is no
//!   `MinASOriginationIntervalTimer` (RFC 4271 §9.2.1.2).
//! * The address of a peer, which decides last (§9.1.2.2 g), is its router id, whatever link a
//!   session runs over.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::bgp::{CpuItem, Told, Work};
use super::cause::Phase;
use super::event::Event;
use super::net::Net;
use super::pacing::Pacing;
use super::world::World;
use crate::dataplane::tables::NextHops;
use crate::ids::{End, GroupId, Id, RouterId, SessionId, Side};
use crate::model::topology::{LagKind, Relation, Role, SessionKind, Topology, Weights};
use crate::proto::bgp::advertise::{Neighbor, NextHop, NextHopRule, Route, SessionEnd};
use crate::proto::bgp::decision::Multipath;
use crate::proto::bgp::rib::{Best, Change, PathId, Peer, Rib, Slot, Used, Via};
use crate::proto::bgp::session::{self, State};
use crate::rng::Draws;
use crate::units::SimDuration;

impl World {
    /// Counts what a peer has told; whether it is more than its limit, and the session over.
    pub(super) fn takes_no_more(&mut self, end: End<SessionId>, changes: &[Told]) -> bool {
        let Some(max) = self.net.topology.sessions[end.of].ends[end.side].max_prefix else {
            return false;
        };
        let before = self.received(end);
        let received = &mut self.state.session_ends.edit(end).received;
        for (group, path, route) in changes {
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

    /// Tells a peer once more what it was told last.
    pub(super) fn repeat(&mut self, router: RouterId, end: End<SessionId>) {
        let slot = self.slot(end);
        let rib = &self.state.ribs[router];
        let told = |group: GroupId| {
            rib.told(group, slot).map(move |(path, r)| (group, path, Some(Arc::clone(r))))
        };
        let all: Vec<Told> = self.group_ids().flat_map(told).collect();
        if !all.is_empty() {
            self.send_message(end, super::bgp::Wire::Update(Arc::new(all)));
        }
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
    fn session_end(&self, end: End<SessionId>, group: GroupId) -> SessionEnd<'_> {
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
        let router = self.net.session_router(end);
        let place = self.net.sessions_at[router].iter().position(|at| *at == end);
        Slot::from_index(place.expect("a session end belongs to its router"))
    }

    /// Runs the decision process for some groups; forwarding and neighbours follow.
    pub(super) fn decide(&mut self, router: RouterId, groups: &[GroupId]) {
        let mut writes = Vec::new();
        let (mut told, mut seen) = (Vec::new(), Vec::new());
        let network = self.net.topology.routers[router].network;
        let network = &self.net.topology.networks[network];
        // Neighbours may be told of more than the best route.
        let serves = self.net.topology.routers[router].role == Role::RouteServer;
        let tells_more = serves
            || network.ibgp.add_path
            || network.ibgp.best_external
            || network.weights == Weights::Bandwidth;
        let mut rib = self.take_rib(router);
        // Groups that use the same routes share the ways there.
        let mut ways: BTreeMap<Box<[Used]>, NextHops> = BTreeMap::new();
        for group in groups {
            if self.defers(router, self.net.groups[*group].family) {
                continue;
            }
            let old = rib.best(*group).cloned();
            let change = rib.decide(*group, |_, route| self.metric(router, route));
            let best = rib.best(*group);
            if change != Change::None {
                let from = self.best_text(router, old.as_ref());
                let to = self.best_text(router, best);
                let why = best.map_or("no_route", |best| best.reason.as_str());
                self.record_rib(router, *group, from, to, why);
                seen.push(*group);
            }
            if change == Change::Best || tells_more {
                told.push(*group);
            }
            // Even where the choice stands, the way to its next hops may have changed.
            let used = best.map_or(&[][..], |best| &best.multipath);
            if !ways.contains_key(used) {
                ways.insert(used.into(), self.next_hops(router, best));
            }
            writes.push((*group, Arc::clone(&ways[used])));
        }
        *self.state.ribs.edit(router) = rib;
        for group in seen {
            self.count_change(router, group);
            self.glance(router, group);
            if self.traffic.is_some() {
                self.note_derived(router, group);
            }
        }
        self.write_fib(router, writes);
        for group in groups {
            self.watch_service(router, *group);
        }
        if !told.is_empty() {
            self.tell_all_peers(router, &told);
        }
    }

    /// Neighbours of a router may have to be told of these groups.
    fn tell_all_peers(&mut self, router: RouterId, groups: &[GroupId]) {
        let preparation = self.preparation(router, groups);
        // Before the clock starts, all that waits is told at once.
        let settles = self.traffic.is_none();
        for end in self.net.sessions_at[router].clone() {
            if self.state.session_ends[end].fsm.state() == State::Established {
                self.await_telling(end, groups.iter().copied());
                if preparation.is_zero() && !settles {
                    self.tell(end);
                }
            }
        }
        let waits = |item: &CpuItem| matches!(item.work, Work::Tell(_));
        if settles && self.state.routers[router].cpu.iter().any(waits) {
            return;
        }
        if settles || !preparation.is_zero() {
            self.queue_work(router, Work::Tell(preparation));
        }
    }

    /// Takes a router's RIB out of the world for a while, so that both can be looked at.
    fn take_rib(&mut self, router: RouterId) -> Rib {
        let none = Multipath { ebgp: 1, ibgp: 1, relax: false };
        let empty = Rib::new(0, none, Vec::new(), 0);
        std::mem::replace(self.state.ribs.edit(router), empty)
    }

    /// A RIB for the sessions of a router, with no routes.
    pub(super) fn fresh_rib(net: &Net, router: RouterId) -> Rib {
        let topology = &net.topology;
        let network = &topology.networks[topology.routers[router].network];
        let peer = |end: &End<SessionId>| {
            let far = net.session_router(end.far());
            Peer {
                external: topology.sessions[end.of].kind != SessionKind::Internal,
                router_id: topology.routers[far].router_id,
                address: IpAddr::V4(topology.routers[far].router_id),
                client: topology.sessions[end.of].ends[end.side].client,
                long_lived: offers_long_lived(topology, *end),
            }
        };
        let peers = net.sessions_at[router].iter().map(peer).collect();
        Rib::new(network.asn, network.multipath, peers, net.groups.len())
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

    /// A peer may have to be told of some groups, for the present cause or one of a later fault.
    pub(super) fn await_telling(
        &mut self,
        end: End<SessionId>,
        groups: impl IntoIterator<Item = GroupId>,
    ) {
        for group in groups {
            let known = self.state.session_ends[end].pending.get(&group).copied();
            let cause = self.causes.later(known, self.cause);
            self.state.session_ends.edit(end).pending.insert(group, cause);
        }
    }

    /// Tells a peer what it does not know yet; new routes wait for the advertisement interval. What is
    /// told is to be blamed on the latest fault of those that led to it.
    ///
    /// Before the start of its session was worked off nothing is told: what was told last is that of
    /// the session before, and all will be told then.
    pub(super) fn tell(&mut self, end: End<SessionId>) {
        if !self.state.session_ends[end].tells {
            return;
        }
        let config = self.net.topology.sessions[end.of].ends[end.side].bgp;
        let router = self.net.session_router(end);
        let slot = self.slot(end);
        let waits = self.state.session_ends[end].mrai_until.is_some();
        let pending = std::mem::take(&mut self.state.session_ends.edit(end).pending);
        let mut changes: Vec<Told> = Vec::new();
        let mut announces = false;
        let mut latest = None;
        for (group, cause) in pending {
            let wanted = self.exports(router, end, slot, group);
            if waits && (!wanted.is_empty() || config.mrai_withdrawals) {
                self.state.session_ends.edit(end).pending.insert(group, cause);
                if config.mrai_withdrawals {
                    continue;
                }
            }
            let rib = self.state.ribs.edit(router);
            for (path, route) in rib.tell(group, slot, wanted, waits) {
                announces |= route.is_some() || config.mrai_withdrawals;
                changes.push((group, path, route));
                latest = Some(self.causes.later(latest, cause));
            }
        }
        let Some(latest) = latest else { return };
        let here = std::mem::replace(&mut self.cause, latest);
        self.spend(Phase::Decide);
        if announces {
            self.begin_mrai(end, config.mrai);
        }
        self.send_message(end, super::bgp::Wire::Update(Arc::new(changes)));
        self.cause = here;
    }

    fn begin_mrai(&mut self, end: End<SessionId>, mrai: SimDuration) {
        if mrai.is_zero() || self.traffic.is_none() {
            return;
        }
        let name = format!("mrai/{}", self.net.session_end_name(end));
        let state = self.state.session_ends.edit(end);
        state.mrai_waits += 1;
        let n = state.mrai_waits;
        let at = self.now + Draws::new(self.net.seed, &name).between(n, mrai.scaled(3, 4), mrai);
        self.state.session_ends.edit(end).mrai_until = Some(at);
        self.at(at, Event::Mrai(end));
    }

    /// The advertisement interval towards a peer is over.
    pub(super) fn on_mrai(&mut self, end: End<SessionId>) {
        if self.state.session_ends[end].mrai_until.is_some_and(|at| at <= self.now) {
            self.state.session_ends.edit(end).mrai_until = None;
            self.tell(end);
        }
    }

    /// What a peer should know of a group, by path id: the best route, or with ADD-PATH all.
    ///
    /// Best external (draft-ietf-idr-best-external): where the best route is one that an internal
    /// peer has anyway, it learns of the best one from outside instead.
    fn exports(
        &self,
        router: RouterId,
        end: End<SessionId>,
        slot: Slot,
        group: GroupId,
    ) -> Vec<(PathId, Route)> {
        let topology = &self.net.topology;
        let session = &topology.sessions[end.of];
        if self.net.groups[group].family != session.family || self.keeps_back(router, end, group) {
            return Vec::new();
        }
        let network = &topology.networks[topology.routers[router].network];
        let inside = session.kind == SessionKind::Internal;
        let rib = &self.state.ribs[router];
        let metric = |_: Slot, route: &Route| self.metric(router, route);
        let tell = |via: Via, route: &Route| self.export((router, end, slot), group, via, route);
        if inside && network.ibgp.add_path {
            let offered = rib.offered(group, metric).into_iter();
            return offered.filter_map(|(p, via, route)| Some((p, tell(via, route)?))).collect();
        }
        if topology.routers[router].role == Role::RouteServer {
            let may = |via: Via, route: &Route| tell(via, route).is_some();
            let best = rib.best_for(group, metric, may).and_then(|(via, route)| tell(via, route));
            return best.map(|route| (PathId::default(), route)).into_iter().collect();
        }
        let best = rib.best(group).and_then(|best| tell(best.via, &best.route));
        let instead = || {
            let (via, route) = rib.best_external(group, metric)?;
            tell(via, route)
        };
        let told = if inside && network.ibgp.best_external { best.or_else(instead) } else { best };
        told.map(|route| (PathId::default(), route)).into_iter().collect()
    }

    /// Whether the own network announces a group elsewhere only.
    fn keeps_back(&self, router: RouterId, end: End<SessionId>, group: GroupId) -> bool {
        let topology = &self.net.topology;
        let prefix = &topology.prefixes[self.net.groups[group].prefixes[0]];
        let Some(over) = &prefix.announced_over else { return false };
        prefix.network == topology.routers[router].network
            && topology.sessions[end.of].kind != SessionKind::Internal
            && topology.session_lag(end.of).is_none_or(|lag| !over.contains(&lag))
    }

    /// A route as a peer is told of it, if it may be.
    fn export(
        &self,
        (router, end, slot): (RouterId, End<SessionId>, Slot),
        group: GroupId,
        via: Via,
        route: &Route,
    ) -> Option<Route> {
        let topology = &self.net.topology;
        let policy = self.policy(end, false);
        let ours = SessionEnd { policy, ..self.session_end(end, group) };
        let rule = if topology.networks[topology.routers[router].network].next_hop_self {
            NextHopRule::SelfAs(router)
        } else {
            NextHopRule::Unchanged(router)
        };
        let rib = &self.state.ribs[router];
        // Who does not know of such routes is not told (RFC 9494 §4.3).
        if rib.is_long_stale(via, route) && !offers_long_lived(topology, end.far()) {
            return None;
        }
        let from = rib.from(via).unwrap_or(ours.own_id);
        let mut told = ours.export(route, (rib.provenance(via, slot), from), rule).ok()?;
        if topology.sessions[end.of].kind == SessionKind::Internal {
            told.bandwidth = self.bandwidth_to_tell(router, group, via, route);
        }
        Some(told)
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
        let rib = Self::fresh_rib(&self.net, router);
        *self.state.ribs.edit(router) = rib;
        let state = self.state.routers.edit(router);
        state.cpu.clear();
        state.undecided.clear();
        state.pacing = Pacing::default();
        state.cpu_done_at = None;
        state.next_hops_at = None;
        for end in self.net.sessions_at[router].clone() {
            self.state.session_ends.edit(end).damped.clear();
        }
    }
}

/// Whether an end of a session offers long-lived graceful restart to the other (RFC 9494).
fn offers_long_lived(topology: &Topology, end: End<SessionId>) -> bool {
    let offered = topology.sessions[end.of].ends[end.side].graceful_restart;
    offered.is_some_and(|own| own.long_lived.is_some())
}
