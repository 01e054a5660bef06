//! What an outcome rests on: all that may fail beside without changing what becomes of any demand.
//!
//! A failure only takes ways away, unless it makes seen what was silent. So whoever speaks in BGP goes on saying the same, and traffic goes on
//! taking the same ways, as long as the shortest ways between all of them stand: those between routers
//! that originate or learn routes from outside, reflect them, or forward the traffic (the *speakers*).
//! No other router tells a route to anyone. This is the idea of cold links of `NetDice` (Steffen, Gehr,
//! Tsankov, Vanbever and Vechev, "Probabilistic Verification of Network Configurations", SIGCOMM 2020),
//! for routers and whole LAGs.

use std::collections::BTreeSet;

use super::faults::Element;
use super::ground::Ground;
use super::outcome::{Outcome, Verdict};
use crate::ids::{CircuitId, End, FeedId, IdVec, LagId, RouterId, SessionId, Side};
use crate::model::hits;
use crate::model::topology::{SessionKind, Topology, Weights};

/// What an outcome rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matter {
    lags: IdVec<LagId, bool>,
    routers: IdVec<RouterId, bool>,
}

/// What a failure of an element reaches at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    lags: Vec<LagId>,
    routers: Vec<RouterId>,
}

impl Reach {
    /// What a failure of an element reaches, of whatever kind it is.
    #[must_use]
    pub fn of(topology: &Topology, element: Element) -> Self {
        let lags = |circuits: Vec<CircuitId>| {
            circuits.into_iter().map(|circuit| topology.circuits[circuit].lag).collect()
        };
        let through = |circuits| Self { lags: lags(circuits), routers: Vec::new() };
        let ports =
            |ports: Vec<End<CircuitId>>| through(ports.iter().map(|port| port.of).collect());
        let at = |routers| Self { lags: Vec::new(), routers };
        // Whether a router goes down with a feed depends on its other feeds.
        let wired = |feeds: &[FeedId]| {
            let all = topology.routers.iter_ids();
            let fed = all.filter(|(_, at)| at.feeds.iter().any(|feed| feeds.contains(feed)));
            fed.map(|(id, _)| id).collect()
        };
        match element {
            Element::Circuit(circuit) => through(vec![circuit]),
            Element::Lag(lag) => Self { lags: vec![lag], routers: Vec::new() },
            Element::Router(router) => at(hits::whole_chassis(topology, &[router])),
            Element::Card(card) => ports(hits::on_cards(topology, &[card])),
            Element::Site(site) => at(hits::routers_in(topology, &[site])),
            Element::Metro(metro) => {
                let sites = hits::sites_in(topology, &[metro]);
                let spans = hits::spans_of(topology, &sites);
                Self {
                    lags: lags(hits::through(topology, &spans)),
                    routers: hits::routers_in(topology, &sites),
                }
            }
            Element::Span(span) => through(hits::through(topology, &[span])),
            Element::Srlg(srlg) => {
                let (circuits, feeds) = hits::sharing(topology, &[srlg]);
                Self { lags: lags(circuits), routers: wired(&feeds) }
            }
            Element::Feed(feed) => at(wired(&[feed])),
            Element::Session(session) => match topology.session_lag(session) {
                Some(lag) => Self { lags: vec![lag], routers: Vec::new() },
                None => at(topology.sessions[session].ends.iter().map(|end| end.router).collect()),
            },
            Element::Exchange(exchange) => ports(hits::fabric_ports(topology, &[exchange])),
        }
    }
}

impl Matter {
    /// Whether a failure that reaches so far may change what becomes of a demand. Where it may not, neither
    /// may all that may not together.
    #[must_use]
    pub fn concerns(&self, reach: &Reach) -> bool {
        reach.lags.iter().any(|lag| self.lags[*lag])
            || reach.routers.iter().any(|router| self.routers[*router])
    }
}

/// Whether the argument holds for a design at all.
fn can_be_told(topology: &Topology) -> bool {
    // Who serves depends on who hears whom, shares on bandwidth anywhere, alternates on all links.
    topology.exchanges.is_empty()
        && topology.prefixes.iter().all(|prefix| prefix.standby.is_none())
        && topology.routers.iter().all(|router| !router.stateful)
        && topology
            .networks
            .iter()
            .all(|network| network.weights == Weights::Equal && network.igp.frr.is_none())
}

impl Ground<'_, '_> {
    /// What an outcome on this ground rests on; `None`: that cannot be told.
    pub(super) fn matter(&self, outcome: &Outcome) -> Option<Matter> {
        let Verdict::Unique(_) = outcome.verdict else { return None };
        let (loads, up) = (outcome.loads.as_ref()?, &outcome.sessions);
        if self.tables.routers.iter().any(|router| !router.lost.is_empty()) {
            return None;
        }
        let topology = self.facts.topology;
        if !can_be_told(topology) {
            return None;
        }
        let mut matter = Matter {
            lags: topology.lags.iter().map(|_| false).collect(),
            routers: topology.routers.iter().map(|_| false).collect(),
        };
        for (lag, both) in loads.iter_ids() {
            matter.lags[lag] = both.iter().any(|load| load.offered.as_bps() > 0);
        }
        for (_, session) in topology.sessions.iter_ids().filter(|(id, _)| up[*id]) {
            if let SessionKind::External(lag) = session.kind {
                matter.lags[lag] = true;
            }
        }
        let speakers = self.speakers(up);
        let mut all = speakers.clone();
        all.extend(topology.demands.iter().flat_map(|demand| demand.at.iter().map(|(at, _)| *at)));
        let carrying = matter.lags.iter_ids().filter(|(_, matters)| **matters);
        all.extend(carrying.flat_map(|(lag, _)| self.tables.ends[lag]));
        for to in &all {
            // Two that only listen tell each other nothing, and send nothing to each other as such.
            self.ways_to(*to, if speakers.contains(to) { &all } else { &speakers }, &mut matter);
        }
        for router in all {
            matter.routers[router] = true;
        }
        self.silences(&mut matter);
        Some(matter)
    }

    /// What swallows frames would be left, and perhaps gone round, if it failed for all to see.
    fn silences(&self, matter: &mut Matter) {
        let topology = self.facts.topology;
        for (id, lag) in topology.lags.iter_ids() {
            let mut ports = lag
                .circuits
                .iter()
                .flat_map(|circuit| Side::BOTH.map(|side| End::new(*circuit, side)));
            matter.lags[id] |= ports.any(|port| self.physical.silent[port]);
        }
        for (router, hung) in self.physical.hung.iter_ids() {
            matter.routers[router] |= *hung;
        }
        for (lag, ends) in self.tables.ends.iter_ids() {
            for end in ends.iter().filter(|_| matter.lags[lag]) {
                matter.routers[*end] = true;
            }
        }
    }

    /// Routers that originate routes, learn them from outside or reflect them.
    fn speakers(&self, up: &IdVec<SessionId, bool>) -> BTreeSet<RouterId> {
        let topology = self.facts.topology;
        let outside = topology
            .sessions
            .iter_ids()
            .filter(|(id, session)| up[*id] && session.kind != SessionKind::Internal);
        let mut all: BTreeSet<RouterId> = outside
            .flat_map(|(_, session)| session.ends.each_ref().map(|end| end.router))
            .collect();
        let reflect = topology.routers.iter_ids().filter(|(_, at)| at.cluster_id.is_some());
        all.extend(reflect.map(|(id, _)| id));
        // Limits count all prefixes; else only those of demands, and what covers them, are asked for.
        let mut ends = topology.sessions.iter().flat_map(|session| &session.ends);
        let limited = ends.any(|end| end.max_prefix.is_some());
        let mut wanted: BTreeSet<_> = self.facts.groups.ids().filter(|_| limited).collect();
        for spec in &self.facts.specs {
            for group in spec.groups {
                let mut next = Some(group);
                while let Some(at) = next {
                    wanted.insert(at);
                    next = self.facts.groups[at].cover;
                }
            }
        }
        all.extend(
            wanted.iter().flat_map(|group| self.facts.groups[*group].served_by.iter().copied()),
        );
        all
    }

    /// All that lies on shortest ways from some routers to one.
    fn ways_to(&self, to: RouterId, from: &BTreeSet<RouterId>, matter: &mut Matter) {
        let mut seen: BTreeSet<RouterId> = from.clone();
        let mut waiting: Vec<RouterId> = from.iter().copied().collect();
        while let Some(at) = waiting.pop() {
            matter.routers[at] = true;
            for lag in self.links_toward(at, to) {
                matter.lags[lag] = true;
                let Some(side) = self.facts.topology.side_of(at, lag) else { continue };
                let next = self.tables.ends[lag][side.other()];
                if seen.insert(next) {
                    waiting.push(next);
                }
            }
        }
        matter.routers[to] = true;
    }
}
