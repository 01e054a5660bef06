//! From the next hop of a route to the LAGs that lead there, and how far it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::world::World;
use crate::dataplane::tables::{Hop, NextHops};
use crate::ids::{LagId, RouterId, SessionId, Side};
use crate::model::topology::{Role, SessionKind};
use crate::proto::bgp::advertise::{NextHop, Route};
use crate::proto::bgp::rib::{Best, Via};

/// A LAG, the end at which a router sends, and where it leads into a fabric: the port to leave by.
type Way = (LagId, Side, Option<LagId>);

impl World {
    /// Interior distance to the next hop of a route, `None` if it cannot be reached.
    pub(super) fn metric(&self, router: RouterId, route: &Route) -> Option<u64> {
        match route.next_hop {
            NextHop::Own => Some(0),
            NextHop::Lan(port) => self.lan_metric(router, port),
            NextHop::Router(to) => {
                self.state.routers[router].routes.to.get(&to).map(|(metric, _)| *metric)
            }
            NextHop::Neighbor(session) => {
                let lag = self.session_lag(session)?;
                if let Some(side) = self.side_of(router, lag) {
                    return self.tables.lags[lag][side].up.then_some(0);
                }
                let border = self.border(router, lag)?;
                let routes = &self.state.routers[router].routes;
                let told = routes.stubs.as_ref().is_none_or(|stubs| stubs.contains(&lag));
                let (metric, _) = routes.to.get(&border)?;
                told.then_some(*metric)
            }
        }
    }

    /// Interior distance to a member of an exchange: none from its LAN.
    fn lan_metric(&self, router: RouterId, port: LagId) -> Option<u64> {
        let topology = &self.net.topology;
        if topology.routers[router].role == Role::RouteServer {
            return Some(0);
        }
        if let Some(own) = self.own_port(router, port) {
            return self.tables.lags[own][Side::A].up.then_some(0);
        }
        let (border, _) = self.lan_border(router, port)?;
        self.state.routers[router].routes.to.get(&border).map(|(metric, _)| *metric)
    }

    /// A router's own port at the exchange of another port.
    fn own_port(&self, router: RouterId, port: LagId) -> Option<LagId> {
        let exchange = self.net.topology.exchange_of(port)?;
        let mut ports = self.net.topology.exchanges[exchange].ports.iter().copied();
        ports.find(|port| self.net.topology.lags[*port].ends[Side::A].router == router)
    }

    /// The nearest router of the own network whose port is up at the exchange of a port.
    fn lan_border(&self, router: RouterId, port: LagId) -> Option<(RouterId, LagId)> {
        let topology = &self.net.topology;
        let own = topology.routers[router].network;
        let routes = &self.state.routers[router].routes;
        let told = |port: &LagId| routes.stubs.as_ref().is_none_or(|stubs| stubs.contains(port));
        let ports = &topology.exchanges[topology.exchange_of(port)?].ports;
        let borders = ports.iter().filter(|port| told(port)).filter_map(|port| {
            let border = topology.lags[*port].ends[Side::A].router;
            let (metric, _) = routes.to.get(&border)?;
            (topology.routers[border].network == own).then_some((*metric, border, *port))
        });
        borders.min().map(|(_, border, port)| (border, port))
    }

    pub(super) fn session_lag(&self, session: SessionId) -> Option<LagId> {
        match self.net.topology.sessions[session].kind {
            SessionKind::External(lag) => Some(lag),
            SessionKind::Lan { .. } | SessionKind::Internal => None,
        }
    }

    fn side_of(&self, router: RouterId, lag: LagId) -> Option<Side> {
        let ends = &self.net.topology.lags[lag].ends;
        Side::BOTH.into_iter().find(|side| ends[*side].router == router)
    }

    /// The router of `router`'s own network at an end of a PNI.
    fn border(&self, router: RouterId, lag: LagId) -> Option<RouterId> {
        let topology = &self.net.topology;
        let own = topology.routers[router].network;
        let ends = topology.lags[lag].ends.iter().map(|end| end.router);
        ends.into_iter().find(|at| topology.routers[*at].network == own)
    }

    /// The ways out for a best route: its next hops resolved to LAGs.
    pub(super) fn next_hops(&self, router: RouterId, best: Option<&Best>) -> NextHops {
        let Some(best) = best.filter(|best| best.via != Via::Local) else { return Arc::from([]) };
        let mut sets: Vec<Vec<Way>> = Vec::new();
        for used in &best.multipath {
            let ways = self.resolve(router, used.next_hop);
            if !ways.is_empty() {
                sets.push(ways);
            }
        }
        let all: u32 = sets.iter().map(|s| u32::try_from(s.len()).unwrap_or(u32::MAX)).fold(1, lcm);
        let mut weights: BTreeMap<Way, u32> = BTreeMap::new();
        for ways in &sets {
            let weight = all / u32::try_from(ways.len()).unwrap_or(u32::MAX).max(1);
            for way in ways {
                *weights.entry(*way).or_insert(0) += weight;
            }
        }
        let common = weights.values().copied().fold(0, gcd).max(1);
        let hop = |((lag, side, exit), weight): (Way, u32)| Hop {
            lag,
            side,
            exit,
            weight: weight / common,
        };
        weights.into_iter().map(hop).collect()
    }

    fn resolve(&self, router: RouterId, next_hop: NextHop) -> Vec<Way> {
        let routes = &self.state.routers[router].routes.to;
        let inside = |to: RouterId| {
            let links = routes.get(&to).map_or(&[][..], |(_, links)| links);
            let sided =
                links.iter().filter_map(|lag| Some((*lag, self.side_of(router, *lag)?, None)));
            sided.collect()
        };
        match next_hop {
            NextHop::Own => Vec::new(),
            NextHop::Router(to) => inside(to),
            NextHop::Lan(port) => match self.own_port(router, port) {
                Some(own) => vec![(own, Side::A, Some(port))],
                None => self.lan_border(router, port).map_or_else(Vec::new, |(to, _)| inside(to)),
            },
            NextHop::Neighbor(session) => {
                let Some(lag) = self.session_lag(session) else { return Vec::new() };
                match self.side_of(router, lag) {
                    Some(side) => vec![(lag, side, None)],
                    None => self.border(router, lag).map_or_else(Vec::new, inside),
                }
            }
        }
    }
}

const fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn lcm(a: u32, b: u32) -> u32 {
    (a / gcd(a, b).max(1)).saturating_mul(b)
}
