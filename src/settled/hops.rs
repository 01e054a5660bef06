//! From the next hop of a route to how far it is, the LAGs that lead there and how much they carry.

use std::sync::Arc;

use super::ground::Ground;
use crate::dataplane::hops::{self, Way};
use crate::dataplane::tables::NextHops;
use crate::ids::{GroupId, Id, LagId, RouterId, Side};
use crate::model::topology::{Role, Weights};
use crate::proto::bgp::advertise::{NextHop, Route};
use crate::proto::bgp::rib::{Best, Rib, Used, Via};
use crate::units::BitRate;

/// The one group of a RIB here.
pub(super) fn only() -> GroupId {
    GroupId::from_index(0)
}

impl Ground<'_, '_> {
    /// Interior distance to the next hop of a route, `None` if it cannot be reached.
    pub(super) fn metric(&self, router: RouterId, next_hop: NextHop) -> Option<u64> {
        let to = |router_to: RouterId| self.distance(router, router_to);
        match next_hop {
            NextHop::Own => Some(0),
            NextHop::Router(border) => to(border),
            NextHop::Lan(_) if self.facts.topology.routers[router].role == Role::RouteServer => {
                Some(0)
            }
            NextHop::Lan(port) => match self.facts.topology.own_port(router, port) {
                Some(own) => self.tables.lags[own][Side::A].up.then_some(0),
                None => self.lan_border(router, port).and_then(to),
            },
            NextHop::Neighbor(session) => {
                let lag = self.facts.topology.session_lag(session)?;
                if let Some(side) = self.facts.topology.side_of(router, lag) {
                    return self.tables.lags[lag][side].up.then_some(0);
                }
                let metric = to(self.facts.topology.border(router, lag)?)?;
                self.is_told(router, lag).then_some(metric)
            }
        }
    }

    /// The nearest router of the own network whose port is up at the exchange of a port.
    fn lan_border(&self, router: RouterId, port: LagId) -> Option<RouterId> {
        let topology = self.facts.topology;
        let own = topology.routers[router].network;
        let ports = &topology.exchanges[topology.exchange_of(port)?].ports;
        let borders = ports.iter().filter(|port| self.is_told(router, **port)).filter_map(|port| {
            let border = self.tables.ends[*port][Side::A];
            let metric = self.distance(router, border)?;
            (topology.routers[border].network == own).then_some((metric, border, *port))
        });
        borders.min().map(|(_, border, _)| border)
    }

    /// The ways out for a best route.
    pub(super) fn next_hops(&self, router: RouterId, best: Option<&Best>) -> NextHops {
        let Some(best) = best.filter(|best| best.via != Via::Local) else { return Arc::from([]) };
        let mut sets: Vec<(Vec<Way>, Option<BitRate>)> = Vec::new();
        for used in &best.multipath {
            let ways = self.resolve(router, used.next_hop);
            if !ways.is_empty() {
                sets.push((ways, self.used_bandwidth(router, used)));
            }
        }
        let mut hops = hops::share(&sets);
        if let [hop] = &mut hops[..] {
            hop.alternate = self.alternate(router, best);
        }
        hops.into()
    }

    fn resolve(&self, router: RouterId, next_hop: NextHop) -> Vec<Way> {
        match next_hop {
            NextHop::Own => Vec::new(),
            NextHop::Router(to) => self.ways_toward(router, to),
            NextHop::Lan(port) => {
                if let Some(own) = self.facts.topology.own_port(router, port) {
                    return vec![(own, Side::A, Some(port))];
                }
                let border = self.lan_border(router, port);
                border.map_or_else(Vec::new, |to| self.ways_toward(router, to))
            }
            NextHop::Neighbor(session) => {
                let Some(lag) = self.facts.topology.session_lag(session) else { return Vec::new() };
                if let Some(side) = self.facts.topology.side_of(router, lag) {
                    return vec![(lag, side, None)];
                }
                let border = self.facts.topology.border(router, lag);
                border.map_or_else(Vec::new, |to| self.ways_toward(router, to))
            }
        }
    }

    /// The links that lead to another router of the network.
    fn ways_toward(&self, router: RouterId, to: RouterId) -> Vec<Way> {
        let links = self.links_toward(router, to).into_iter();
        let sided = links.filter_map(|lag| Some((lag, self.facts.topology.side_of(router, lag)?)));
        sided.map(|(lag, side)| (lag, side, None)).collect()
    }

    /// The best alternate that is loop-free for every path of a route.
    fn alternate(&self, router: RouterId, best: &Best) -> Option<(LagId, Side)> {
        self.facts.topology.networks[self.facts.topology.routers[router].network].igp.frr?;
        let inside = |used: &Used| match used.next_hop {
            NextHop::Own => None,
            NextHop::Router(to) => Some(to),
            NextHop::Lan(port) => self.lan_border(router, port),
            NextHop::Neighbor(session) => {
                self.facts.topology.border(router, self.facts.topology.session_lag(session)?)
            }
        };
        let ways = |used: &Used| inside(used).map(|to| self.alternates(router, to));
        let (first, others) = best.multipath.split_first()?;
        let free = |lag: &&LagId| {
            others.iter().all(|used| ways(used).is_some_and(|ways| ways.contains(*lag)))
        };
        let lag = *ways(first)?.iter().find(free)?;
        Some((lag, self.facts.topology.side_of(router, lag)?))
    }

    fn weights(&self, router: RouterId) -> Weights {
        let topology = self.facts.topology;
        topology.networks[topology.routers[router].network].weights
    }

    /// Rate at which the traffic of a path leaves the network, where paths are weighed by it.
    fn used_bandwidth(&self, router: RouterId, used: &Used) -> Option<BitRate> {
        match self.weights(router) {
            Weights::Equal => None,
            Weights::Bandwidth => self.own_bandwidth(router, used.next_hop).or(used.bandwidth),
        }
    }

    /// Rate of the LAG by which a router itself sends to a next hop outside.
    fn own_bandwidth(&self, router: RouterId, next_hop: NextHop) -> Option<BitRate> {
        let (lag, side) = match next_hop {
            NextHop::Neighbor(session) => {
                let lag = self.facts.topology.session_lag(session)?;
                (lag, self.facts.topology.side_of(router, lag)?)
            }
            NextHop::Lan(port) => (self.facts.topology.own_port(router, port)?, Side::A),
            NextHop::Own | NextHop::Router(_) => return None,
        };
        Some(self.tables.lag_capacity(lag, side))
    }

    /// What a router tells inside its network of the rate at which it sends a route's traffic out:
    /// that of all paths outside that it uses, where it is the next hop itself.
    pub(super) fn bandwidth_to_tell(
        &self,
        router: RouterId,
        rib: &Rib,
        (via, route): (Via, &Route),
    ) -> Option<BitRate> {
        if self.weights(router) == Weights::Equal {
            return None;
        }
        let topology = self.facts.topology;
        let Some(own) = self.own_bandwidth(router, route.next_hop) else { return route.bandwidth };
        let used = rib.best(only()).map_or(&[][..], |best| &best.multipath);
        let is_next_hop = topology.networks[topology.routers[router].network].next_hop_self;
        if !is_next_hop || used.iter().all(|used| used.via != via) {
            return Some(own);
        }
        let rates = used.iter().filter_map(|used| self.own_bandwidth(router, used.next_hop));
        Some(BitRate::from_bps(rates.map(BitRate::as_bps).sum()))
    }
}
