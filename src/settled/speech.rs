//! What routers tell each other of one group of prefixes, and what they make of what they are told.

use std::sync::Arc;

use super::ground::Ground;
use super::hops::only;
use super::memo::Passed;
use crate::ids::{End, GroupId, IdVec, RouterId, SessionId, Side};
use crate::model::topology::{ConnectionState, LagKind, Relation, Role, SessionKind, Weights};
use crate::proto::bgp::advertise::{Neighbor, NextHop, NextHopRule, Route, SessionEnd, Shutdown};
use crate::proto::bgp::policy::Policy;
use crate::proto::bgp::rib::{PathId, Rib, Slot, Via};

/// BGP of one group over the sessions that are up.
#[derive(Clone, Copy)]
pub(super) struct Speech<'g> {
    pub(super) ground: &'g Ground<'g, 'g>,
    pub(super) up: &'g IdVec<SessionId, bool>,
    pub(super) group: GroupId,
    /// Whether the routers that stand by have taken the service over.
    pub(super) taken_over: bool,
}

/// What is told while a connection is not in service: nothing.
static DENY_ALL: Policy = Policy { terms: Vec::new() };

impl<'g> Speech<'g> {
    /// The ends of a router's sessions that are up, with their slots.
    pub(super) fn live(self, router: RouterId) -> impl Iterator<Item = (Slot, End<SessionId>)> {
        let facts = self.ground.facts;
        let ends = facts.sessions_at[router].iter().copied();
        let family = facts.groups[self.group].family;
        ends.filter(move |end| self.up[end.of] && facts.topology.sessions[end.of].family == family)
            .map(move |end| (facts.slots[end], end))
    }

    /// A router's own route.
    pub(super) fn own(self, router: RouterId) -> Option<Route> {
        let facts = self.ground.facts;
        let serves = facts.groups[self.group].served_by.contains(&router)
            || (self.taken_over && self.stands_by(router));
        (serves && self.ground.is_running(router)).then(|| facts.originated[self.group].clone())
    }

    /// Whether a router stands by for the group's service.
    pub(super) fn stands_by(self, router: RouterId) -> bool {
        self.ground.facts.stands_by(self.group, router)
    }

    fn policy(self, end: End<SessionId>, import: bool) -> Option<&'g Policy> {
        let topology = self.ground.facts.topology;
        if let SessionKind::External(lag) = topology.sessions[end.of].kind
            && let Some(connection) = topology.lags[lag].connection
            && connection.provider == end.side
            && connection.state != ConnectionState::Active
        {
            return Some(&DENY_ALL);
        }
        let written = &topology.sessions[end.of].ends[end.side];
        if import { written.import.as_ref() } else { written.export.as_ref() }
    }

    /// How a router sees a session; the policy is that of the direction asked for.
    fn end(self, end: End<SessionId>, import: bool) -> SessionEnd<'g> {
        let facts = self.ground.facts;
        let topology = facts.topology;
        let prefix = &topology.prefixes[facts.groups[self.group].prefixes[0]];
        let (router, peer) = (facts.session_router(end), facts.session_router(end.far()));
        let asn = |router: RouterId| topology.networks[topology.routers[router].network].asn;
        let seen = |relation: Relation| match end.side {
            Side::A => relation,
            Side::B => relation.reversed(),
        };
        let external = |relation: Relation, next_hop: Option<NextHop>| Neighbor::External {
            asn: asn(peer),
            relation: seen(relation),
            next_hop,
        };
        let neighbor = match topology.sessions[end.of].kind {
            SessionKind::Internal if topology.sessions[end.of].ends[end.side].client => {
                Neighbor::Client
            }
            SessionKind::Internal => Neighbor::Internal,
            SessionKind::External(lag) => match topology.lags[lag].kind {
                LagKind::Pni { relation } => external(relation, Some(NextHop::Neighbor(end.of))),
                LagKind::Link | LagKind::Port(_) => unreachable!("sessions over a LAG are on PNIs"),
            },
            SessionKind::Lan { ports, relation } => {
                external(relation, ports[end.side.other()].map(NextHop::Lan))
            }
        };
        let transparent = topology.routers[router].role == Role::RouteServer;
        let network = &topology.networks[topology.routers[router].network];
        SessionEnd {
            own_as: asn(router),
            own_id: topology.routers[router].router_id,
            cluster_id: topology.routers[router].cluster_id,
            distance_km: prefix.distance_km[topology.router_metro(router)],
            leaks: transparent,
            transparent,
            shutdown: Shutdown { soon: false, honored: network.honor_graceful_shutdown },
            neighbor,
            peer,
            roas: &prefix.roas,
            prefix: prefix.prefix,
            policy: self.policy(end, import),
        }
    }

    /// What a router makes of a route that the far end of `end` tells it.
    fn import(self, end: End<SessionId>, told: &Route) -> Option<Route> {
        self.end(end, true).import(told).ok()
    }

    /// A route as the far end of `end` is told of it, if it may be; without its bandwidth.
    fn export(self, end: End<SessionId>, (via, route): (Via, &Route)) -> Option<Route> {
        let facts = self.ground.facts;
        let (topology, router) = (facts.topology, facts.session_router(end));
        if self.keeps_back(router, end) {
            return None;
        }
        let rib = &facts.ribs[router];
        let knows_long_stale = topology.sessions[end.of].ends[end.side.other()]
            .graceful_restart
            .is_some_and(|offered| offered.long_lived.is_some());
        if rib.is_long_stale(via, route) && !knows_long_stale {
            return None;
        }
        let rule = if topology.networks[topology.routers[router].network].next_hop_self {
            NextHopRule::SelfAs(router)
        } else {
            NextHopRule::Unchanged(router)
        };
        let ours = self.end(end, false);
        let from = rib.from(via).unwrap_or(ours.own_id);
        let mut told =
            ours.export(route, (rib.provenance(via, facts.slots[end]), from), rule).ok()?;
        told.bandwidth = None;
        Some(told)
    }

    /// What becomes of a route that the router at `end` has: whether the far end is told of it, and
    /// what that makes of it. Without its bandwidth.
    pub(super) fn passed(self, end: End<SessionId>, (via, route): (Via, &Route)) -> Passed {
        self.ground.memo.get((self.group, end), (via, route), || {
            self.export(end, (via, route)).map(|told| self.import(end.far(), &told))
        })
    }

    /// Whether the own network announces the group elsewhere only.
    fn keeps_back(self, router: RouterId, end: End<SessionId>) -> bool {
        let facts = self.ground.facts;
        let prefix = &facts.topology.prefixes[facts.groups[self.group].prefixes[0]];
        let Some(over) = &prefix.announced_over else { return false };
        prefix.network == facts.topology.routers[router].network
            && facts.topology.sessions[end.of].kind != SessionKind::Internal
            && self.ground.facts.topology.session_lag(end.of).is_none_or(|lag| !over.contains(&lag))
    }

    /// What a router with these routes tells the far end of `end`, as that takes it in, by path id.
    fn tells(self, end: End<SessionId>, rib: &Rib) -> Vec<(PathId, Option<Route>)> {
        let facts = self.ground.facts;
        let router = facts.session_router(end);
        let network = &facts.topology.networks[facts.topology.routers[router].network];
        let inside = facts.topology.sessions[end.of].kind == SessionKind::Internal;
        let metric = |_: Slot, route: &Route| self.ground.metric(router, route.next_hop);
        let tell = |via: Via, route: &Route| {
            if !inside || network.weights == Weights::Equal {
                return self.passed(end, (via, route));
            }
            let mut told = self.export(end, (via, route))?;
            told.bandwidth = self.ground.bandwidth_to_tell(router, rib, (via, route));
            Some(self.import(end.far(), &told))
        };
        if inside && network.ibgp.add_path {
            let offered = rib.offered(only(), metric).into_iter();
            return offered.filter_map(|(p, via, route)| Some((p, tell(via, route)?))).collect();
        }
        let told = if self.is_server(router) {
            let may = |via: Via, route: &Route| tell(via, route).is_some();
            rib.best_for(only(), metric, may).and_then(|(via, route)| tell(via, route))
        } else {
            let best = rib.best(only()).and_then(|best| tell(best.via, &best.route));
            let instead = || {
                let (via, route) = rib.best_external(only(), metric)?;
                tell(via, route)
            };
            if inside && network.ibgp.best_external { best.or_else(instead) } else { best }
        };
        told.map(|route| (PathId::default(), route)).into_iter().collect()
    }

    /// Whether a router is a route server (RFC 7947).
    pub(super) fn is_server(self, router: RouterId) -> bool {
        self.ground.facts.topology.routers[router].role == Role::RouteServer
    }

    /// Takes in what all neighbours of a router tell it now, and chooses; whether anything is news.
    pub(super) fn listen(self, router: RouterId, ribs: &mut IdVec<RouterId, Rib>) -> bool {
        let heard = self.heard(router, &ribs[router], &|peer| &ribs[peer]);
        self.take_in(router, &mut ribs[router], heard)
    }

    /// What is another of what all neighbours of a router tell it than it knows.
    pub(super) fn heard<'r>(
        self,
        router: RouterId,
        own: &Rib,
        rib: &dyn Fn(RouterId) -> &'r Rib,
    ) -> Vec<Heard> {
        let mut heard = Vec::new();
        for (slot, end) in self.live(router) {
            let told = self.tells(end.far(), rib(self.ground.facts.session_router(end.far())));
            let known = own.learned(only(), slot);
            let gone = known.filter(|(path, _)| told.iter().all(|(p, _)| p != path));
            heard.extend(gone.map(|(path, _)| (slot, path, None)));
            heard.extend(told.into_iter().map(|(path, route)| (slot, path, route)));
        }
        heard
    }

    /// Takes in what a router has heard, and chooses; whether anything is news.
    pub(super) fn take_in(self, router: RouterId, rib: &mut Rib, heard: Vec<Heard>) -> bool {
        let mut news = rib.originate(only(), self.own(router));
        for (slot, path, route) in heard {
            news |= rib.learn(only(), slot, path, route.map(Arc::new));
        }
        let before = rib.best(only()).cloned();
        self.choose(router, rib);
        news || rib.best(only()) != before.as_ref()
    }

    /// Lets a router choose among the routes that it has.
    pub(super) fn choose(self, router: RouterId, rib: &mut Rib) {
        rib.decide(only(), |_, route| self.ground.metric(router, route.next_hop));
    }
}

/// A route that a session carries now, under its path id, or carries no longer.
pub(super) type Heard = (Slot, PathId, Option<Route>);
