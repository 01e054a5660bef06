//! From the next hop of a route to the LAGs that lead there, how far it is, and how much it carries.
//!
//! # Departures
//! * A next hop that cannot be reached any more takes its prefixes out of the forwarding table at once,
//!   also while BGP waits (`next_hop_delay`): recursion finds nothing.
//! * Weights by bandwidth follow the members of a LAG at once, and are told inside the network
//!   without the delay that implementations put in (`update-delay` of EOS, `auto-sense` of Junos).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cause::Phase;
use super::event::Event;
use super::world::World;
use crate::dataplane::hops::{self, Way};
use crate::dataplane::tables::NextHops;
use crate::ids::{BlockId, End, GroupId, LagId, RouterId, Side};
use crate::model::topology::{LagKind, Role, Weights};
use crate::proto::bgp::advertise::{NextHop, Route};
use crate::proto::bgp::rib::alike::Alike;
use crate::proto::bgp::rib::blocks::{Groups, members, runs};
use crate::proto::bgp::rib::{Best, Rib, Used, Via};
use crate::units::BitRate;

/// Ways out that a router has resolved already.
#[derive(Debug, Default)]
pub(super) struct Ways {
    none: Option<NextHops>,
    /// For one router of the network: by where the first links to it are kept.
    inside: Vec<(*const LagId, NextHops)>,
    /// For all others, by the routes that are used.
    others: BTreeMap<Box<[Used]>, NextHops>,
}

impl World {
    /// The ways out for a best route, shared by routes that use the same.
    fn way(&self, router: RouterId, best: Option<&Best>, ways: &mut Ways) -> NextHops {
        let Some(best) = best.filter(|best| best.via != Via::Local) else {
            return Arc::clone(ways.none.get_or_insert_with(|| Arc::from([])));
        };
        if !ways.others.contains_key(&best.multipath) {
            let way = self.next_hops(router, Some(best));
            ways.others.insert(best.multipath.clone(), way);
        }
        Arc::clone(&ways.others[&best.multipath])
    }

    /// The ways out for the best routes of some groups of a block.
    pub(super) fn ways(
        &self,
        (router, rib): (RouterId, &Rib),
        (block, groups): (BlockId, Groups),
        (ways, alike): (&mut Ways, &mut Alike),
    ) -> Vec<(GroupId, NextHops)> {
        let lone = rib.ways(block, alike);
        // Alternates differ by destination.
        let inside = self.state.igp[router].routes.alternates.is_empty();
        let way = |(group, at): (GroupId, usize)| match lone[at].filter(|_| inside) {
            Some(to) => (group, self.way_inside(router, to, ways)),
            None => (group, self.way(router, rib.best(group), ways)),
        };
        members(block, groups).map(way).collect()
    }

    /// The ways out where all leads to one router of the network.
    fn way_inside(&self, router: RouterId, to: RouterId, ways: &mut Ways) -> NextHops {
        let routes = &self.state.igp[router].routes;
        let links = routes.to(to).map_or(&[][..], |reach| reach.first_hops);
        if let Some((_, way)) = ways.inside.iter().find(|(known, _)| *known == links.as_ptr()) {
            return Arc::clone(way);
        }
        let set = self.resolve(router, NextHop::Router(to));
        let hops = if set.is_empty() { Vec::new() } else { hops::share(&[(set, None)]) };
        let way: NextHops = hops.into();
        ways.inside.push((links.as_ptr(), Arc::clone(&way)));
        way
    }

    /// Interior distance to the next hop of a route, `None` if it cannot be reached.
    pub(super) fn metric(&self, router: RouterId, next_hop: NextHop) -> Option<u64> {
        match next_hop {
            NextHop::Own => Some(0),
            NextHop::Lan(port) => self.lan_metric(router, port),
            NextHop::Router(to) => self.state.igp[router].routes.to(to).map(|reach| reach.distance),
            NextHop::Neighbor(session) => {
                let lag = self.net.topology.session_lag(session)?;
                if let Some(side) = self.net.topology.side_of(router, lag) {
                    return self.tables.lags[lag][side].up.then_some(0);
                }
                let border = self.net.topology.border(router, lag)?;
                let routes = &self.state.igp[router].routes;
                let told = routes.stubs.as_ref().is_none_or(|stubs| stubs.contains(&lag));
                let reach = routes.to(border)?;
                told.then_some(reach.distance)
            }
        }
    }

    /// Interior distance to a member of an exchange: none from its LAN.
    fn lan_metric(&self, router: RouterId, port: LagId) -> Option<u64> {
        let topology = &self.net.topology;
        if topology.routers[router].role == Role::RouteServer {
            return Some(0);
        }
        if let Some(own) = self.net.topology.own_port(router, port) {
            return self.tables.lags[own][Side::A].up.then_some(0);
        }
        let (border, _) = self.lan_border(router, port)?;
        self.state.igp[router].routes.to(border).map(|reach| reach.distance)
    }

    /// The nearest router of the own network whose port is up at the exchange of a port.
    fn lan_border(&self, router: RouterId, port: LagId) -> Option<(RouterId, LagId)> {
        let topology = &self.net.topology;
        let own = topology.routers[router].network;
        let routes = &self.state.igp[router].routes;
        let told = |port: &LagId| routes.stubs.as_ref().is_none_or(|stubs| stubs.contains(port));
        let ports = &topology.exchanges[topology.exchange_of(port)?].ports;
        let borders = ports.iter().filter(|port| told(port)).filter_map(|port| {
            let border = topology.lags[*port].ends[Side::A].router;
            let reach = routes.to(border)?;
            (topology.routers[border].network == own).then_some((reach.distance, border, *port))
        });
        borders.min().map(|(_, border, port)| (border, port))
    }

    /// The ways out for a best route: its next hops resolved to LAGs.
    fn next_hops(&self, router: RouterId, best: Option<&Best>) -> NextHops {
        let Some(best) = best.filter(|best| best.via != Via::Local) else { return Arc::from([]) };
        let mut sets: Vec<(Vec<Way>, Option<BitRate>)> = Vec::new();
        for used in &best.multipath {
            let ways = self.resolve(router, used.next_hop);
            if !ways.is_empty() {
                sets.push((ways, self.used_bandwidth(router, used)));
            }
        }
        let mut hops = hops::share(&sets);
        // Where there are several, each is the alternate of the others.
        if let [hop] = &mut hops[..] {
            hop.alternate = self.alternate(router, best);
        }
        hops.into()
    }

    /// Rate at which the traffic of a path leaves the network, where paths are weighed by it.
    fn used_bandwidth(&self, router: RouterId, used: &Used) -> Option<BitRate> {
        let network = self.net.topology.routers[router].network;
        if self.net.topology.networks[network].weights == Weights::Equal {
            return None;
        }
        self.own_bandwidth(router, used.next_hop).or(used.bandwidth)
    }

    /// Rate of the LAG by which a router itself sends to a next hop outside, as it is now.
    fn own_bandwidth(&self, router: RouterId, next_hop: NextHop) -> Option<BitRate> {
        let (lag, side) = match next_hop {
            NextHop::Neighbor(session) => {
                let lag = self.net.topology.session_lag(session)?;
                (lag, self.net.topology.side_of(router, lag)?)
            }
            NextHop::Lan(port) => (self.net.topology.own_port(router, port)?, Side::A),
            NextHop::Own | NextHop::Router(_) => return None,
        };
        Some(self.tables.lag_capacity(lag, side))
    }

    /// What a router tells inside its network of the rate at which it sends a route's traffic out:
    /// that of all paths outside that it uses, where it is the next hop itself.
    pub(super) fn bandwidth_to_tell(
        &self,
        router: RouterId,
        group: GroupId,
        via: Via,
        route: &Route,
    ) -> Option<BitRate> {
        let network = &self.net.topology.networks[self.net.topology.routers[router].network];
        if network.weights == Weights::Equal {
            return None;
        }
        let Some(own) = self.own_bandwidth(router, route.next_hop) else { return route.bandwidth };
        let used = self.state.ribs[router].best(group).map_or(&[][..], |b| &b.multipath);
        if !network.next_hop_self || used.iter().all(|used| used.via != via) {
            return Some(own);
        }
        let rates = used.iter().filter_map(|used| self.own_bandwidth(router, used.next_hop));
        Some(BitRate::from_bps(rates.map(BitRate::as_bps).sum()))
    }

    /// The ways out for all groups.
    pub(super) fn all_ways(&mut self, router: RouterId) -> Vec<(GroupId, NextHops)> {
        let mut alike = std::mem::take(&mut self.alike);
        let (rib, mut ways) = (&self.state.ribs[router], Ways::default());
        let all: Vec<GroupId> = self.group_ids().collect();
        let of = |of| self.ways((router, rib), of, (&mut ways, &mut alike));
        let all = runs(&all).flat_map(of).collect();
        self.alike = alike;
        all
    }

    /// Interior routes have changed: forwarding follows at once, BGP's choice after its delay.
    pub(super) fn interior_changed(&mut self, router: RouterId) {
        let delay = self.net.topology.routers[router].next_hop_delay;
        if delay.is_zero() || self.traffic.is_none() {
            return self.next_hops_changed(router);
        }
        let writes = self.all_ways(router);
        self.write_fib(router, writes);
        if self.state.routers[router].next_hops_at.is_none() {
            let at = self.now + delay;
            self.state.routers.edit(router).next_hops_at = Some(at);
            self.at(at, Event::NextHops(router));
        }
    }

    /// BGP has waited for long enough: it looks at its next hops.
    pub(super) fn on_next_hops(&mut self, router: RouterId) {
        if self.state.routers[router].next_hops_at.is_some_and(|at| at <= self.now) {
            self.state.routers.edit(router).next_hops_at = None;
            self.spend(Phase::Decide);
            self.next_hops_changed(router);
        }
    }

    /// Members of a LAG were lost or have returned: what is shared by its rate is shared anew.
    pub(super) fn bandwidth_changed(&mut self, end: End<LagId>) {
        let router = self.net.lag_router(end);
        let network = self.net.topology.routers[router].network;
        let weighs = self.net.topology.networks[network].weights == Weights::Bandwidth;
        if weighs && self.net.topology.lags[end.of].kind != LagKind::Link {
            self.next_hops_changed(router);
        }
    }

    /// The best alternate that is loop-free for every path of a route.
    fn alternate(&self, router: RouterId, best: &Best) -> Option<(LagId, Side)> {
        let alternates = &self.state.igp[router].routes.alternates;
        if alternates.is_empty() {
            return None;
        }
        let inside = |used: &Used| match used.next_hop {
            NextHop::Own => None,
            NextHop::Router(to) => Some(to),
            NextHop::Lan(port) => self.lan_border(router, port).map(|(to, _)| to),
            NextHop::Neighbor(session) => {
                self.net.topology.border(router, self.net.topology.session_lag(session)?)
            }
        };
        let ways = |used: &Used| inside(used).and_then(|to| alternates.get(&to));
        let (first, others) = best.multipath.split_first()?;
        let free = |lag: &&LagId| {
            others.iter().all(|used| ways(used).is_some_and(|ways| ways.contains(*lag)))
        };
        let lag = *ways(first)?.iter().find(free)?;
        Some((lag, self.net.topology.side_of(router, lag)?))
    }

    fn resolve(&self, router: RouterId, next_hop: NextHop) -> Vec<Way> {
        let routes = &self.state.igp[router].routes;
        let inside = |to: RouterId| {
            let links = routes.to(to).map_or(&[][..], |reach| reach.first_hops);
            let sided = links
                .iter()
                .filter_map(|lag| Some((*lag, self.net.topology.side_of(router, *lag)?, None)));
            sided.collect()
        };
        match next_hop {
            NextHop::Own => Vec::new(),
            NextHop::Router(to) => inside(to),
            NextHop::Lan(port) => match self.net.topology.own_port(router, port) {
                Some(own) => vec![(own, Side::A, Some(port))],
                None => self.lan_border(router, port).map_or_else(Vec::new, |(to, _)| inside(to)),
            },
            NextHop::Neighbor(session) => {
                let Some(lag) = self.net.topology.session_lag(session) else { return Vec::new() };
                match self.net.topology.side_of(router, lag) {
                    Some(side) => vec![(lag, side, None)],
                    None => self.net.topology.border(router, lag).map_or_else(Vec::new, inside),
                }
            }
        }
    }
}
