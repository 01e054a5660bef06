//! The routes of one router (RFC 4271 §3.2): what each neighbour told, what is best, what each
//! neighbour was told last.
//!
//! Everything is kept per group of prefixes treated alike, in dense vectors indexed by group and
//! by the router's own numbering of its sessions. Attributes are shared, so cloning is cheap.

use std::net::{IpAddr, Ipv4Addr};

use super::advertise::{NextHop, Provenance, Route};
use super::decision::{self, Candidate, Choice, Multipath, Reason, Source};
use crate::ids::{GroupId, Id};

/// A session by the router's own numbering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(u32);

impl Id for Slot {
    fn from_index(index: usize) -> Self {
        Self(u32::try_from(index).expect("a router has far fewer than 2^32 sessions"))
    }
    fn index(self) -> usize {
        self.0 as usize
    }
}

/// From where the router has a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Via {
    /// It originates it.
    Local,
    /// The neighbour on this session told it.
    Session(Slot),
}

/// The loc-RIB entry of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Best {
    /// The best route.
    pub route: Route,
    /// From where it is.
    pub via: Via,
    /// Why it is the best.
    pub reason: Reason,
    /// All that are used, the best first.
    pub multipath: Vec<Used>,
}

/// One of the routes that forward the group's traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Used {
    /// From where it is.
    pub via: Via,
    /// Where it sends traffic.
    pub next_hop: NextHop,
}

/// What the decision needs to know about the neighbour on a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Whether the session leads to another network.
    pub external: bool,
    /// The neighbour's BGP identifier.
    pub router_id: Ipv4Addr,
    /// The neighbour's address.
    pub address: IpAddr,
}

/// What to tell a neighbour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tell {
    /// This route, in place of what it was told before.
    Announce(Route),
    /// That the route is gone.
    Withdraw,
}

/// How a decision changed the loc-RIB entry of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Nothing is different, save perhaps the reason.
    None,
    /// The best route is the same, the set that is used is not: forwarding changes only.
    MultipathOnly,
    /// The best route is another: neighbours may have to be told.
    Best,
}

/// The routes of one router.
#[derive(Clone, Debug, PartialEq)]
pub struct Rib {
    own_as: u32,
    limits: Multipath,
    peers: Vec<Peer>,
    groups: usize,
    local: Vec<Option<Route>>,
    adj_in: Vec<Option<Route>>,
    best: Vec<Option<Best>>,
    adj_out: Vec<Option<Route>>,
}

impl Rib {
    /// An empty RIB for sessions with these neighbours, by slot, and so many groups.
    #[must_use]
    pub fn new(own_as: u32, limits: Multipath, peers: Vec<Peer>, groups: usize) -> Self {
        let cells = peers.len() * groups;
        Self {
            own_as,
            limits,
            peers,
            groups,
            local: vec![None; groups],
            adj_in: vec![None; cells],
            best: vec![None; groups],
            adj_out: vec![None; cells],
        }
    }

    /// Originates the group's prefixes, or no longer; whether that is news.
    pub fn originate(&mut self, group: GroupId, route: Option<Route>) -> bool {
        replace(&mut self.local[group.index()], route)
    }

    /// Notes what the neighbour told, after the import policy; `None`: withdrawn or refused.
    /// Whether that is news.
    pub fn learn(&mut self, group: GroupId, slot: Slot, route: Option<Route>) -> bool {
        let cell = self.cell(group, slot);
        replace(&mut self.adj_in[cell], route)
    }

    /// The session is down: forgets what it told and was told; the groups it had routes for.
    pub fn forget_session(&mut self, slot: Slot) -> Vec<GroupId> {
        let mut lost = Vec::new();
        for group in (0..self.groups).map(GroupId::from_index) {
            let cell = self.cell(group, slot);
            self.adj_out[cell] = None;
            if self.adj_in[cell].take().is_some() {
                lost.push(group);
            }
        }
        lost
    }

    /// Runs the decision process for a group; `metric` is the interior distance to a learned
    /// route's next hop, `None` if it cannot be reached.
    pub fn decide(
        &mut self,
        group: GroupId,
        metric: impl FnMut(Slot, &Route) -> Option<u64>,
    ) -> Change {
        let new = self.choose(group, metric);
        let old = &mut self.best[group.index()];
        let change = match (&*old, &new) {
            (None, None) => Change::None,
            (Some(old), Some(new)) if (&old.route, old.via) == (&new.route, new.via) => {
                if old.multipath == new.multipath { Change::None } else { Change::MultipathOnly }
            }
            (Some(_) | None, Some(_) | None) => Change::Best,
        };
        *old = new;
        change
    }

    /// Notes what the neighbour should know now and tells what must be sent for it, if anything.
    pub fn tell(&mut self, group: GroupId, slot: Slot, route: Option<Route>) -> Option<Tell> {
        let cell = self.cell(group, slot);
        let told = &mut self.adj_out[cell];
        if *told == route {
            return None;
        }
        told.clone_from(&route);
        Some(route.map_or(Tell::Withdraw, Tell::Announce))
    }

    /// The best route of a group and those used beside it.
    #[must_use]
    pub fn best(&self, group: GroupId) -> Option<&Best> {
        self.best[group.index()].as_ref()
    }

    /// What the router originates itself.
    #[must_use]
    pub fn local(&self, group: GroupId) -> Option<&Route> {
        self.local[group.index()].as_ref()
    }

    /// What the neighbour told, after the import policy.
    #[must_use]
    pub fn learned(&self, group: GroupId, slot: Slot) -> Option<&Route> {
        self.adj_in[self.cell(group, slot)].as_ref()
    }

    /// What the neighbour was told last.
    #[must_use]
    pub fn told(&self, group: GroupId, slot: Slot) -> Option<&Route> {
        self.adj_out[self.cell(group, slot)].as_ref()
    }

    /// Where a route is from, as the rules for telling it to the neighbour on `to` see it.
    #[must_use]
    pub fn provenance(&self, via: Via, to: Slot) -> Provenance {
        match via {
            Via::Local => Provenance::Own,
            Via::Session(slot) if slot == to => Provenance::SameSession,
            Via::Session(slot) if self.peers[slot.index()].external => Provenance::External,
            Via::Session(_) => Provenance::Internal,
        }
    }

    fn cell(&self, group: GroupId, slot: Slot) -> usize {
        assert!(slot.index() < self.peers.len(), "a slot of this router");
        group.index() * self.peers.len() + slot.index()
    }

    fn choose(
        &self,
        group: GroupId,
        mut metric: impl FnMut(Slot, &Route) -> Option<u64>,
    ) -> Option<Best> {
        let local = self.local(group).map(|route| (Via::Local, route));
        let slots = (0..self.peers.len()).map(Slot::from_index);
        let learned = slots
            .filter_map(|slot| self.learned(group, slot).map(|route| (Via::Session(slot), route)));
        let routes: Vec<_> = local.into_iter().chain(learned).collect();
        let candidates: Vec<_> =
            routes.iter().map(|(via, route)| self.candidate(*via, route, &mut metric)).collect();
        let Choice { best, reason, multipath } = decision::decide(&candidates, self.limits)?;
        let used = |place: usize| {
            let (via, route) = routes[place];
            Used { via, next_hop: route.next_hop }
        };
        let multipath = multipath.into_iter().map(used).collect();
        let (via, route) = routes[best];
        Some(Best { route: route.clone(), via, reason, multipath })
    }

    fn candidate<'r>(
        &self,
        via: Via,
        route: &'r Route,
        metric: &mut impl FnMut(Slot, &Route) -> Option<u64>,
    ) -> Candidate<'r> {
        let attributes = &*route.attributes;
        let neighbor_as = attributes.as_path.first().copied().unwrap_or(self.own_as);
        match via {
            Via::Local => Candidate {
                attributes,
                source: Source::Local,
                neighbor_as,
                igp_metric: Some(0),
                peer_router_id: Ipv4Addr::UNSPECIFIED,
                peer_address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
                tie: 0,
            },
            Via::Session(slot) => {
                let peer = self.peers[slot.index()];
                Candidate {
                    attributes,
                    source: if peer.external { Source::External } else { Source::Internal },
                    neighbor_as,
                    igp_metric: metric(slot, route),
                    peer_router_id: peer.router_id,
                    peer_address: peer.address,
                    tie: slot.0,
                }
            }
        }
    }
}

/// Puts `new` there; whether it differs from what was.
fn replace(cell: &mut Option<Route>, new: Option<Route>) -> bool {
    let news = *cell != new;
    *cell = new;
    news
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::SessionId;
    use crate::proto::bgp::advertise::NextHop;
    use crate::proto::bgp::attrs::Attributes;

    const OWN_AS: u32 = 64500;
    const MANY: Multipath = Multipath { ebgp: 8, ibgp: 8, relax: false };

    fn slot(index: usize) -> Slot {
        Slot::from_index(index)
    }

    fn group(index: usize) -> GroupId {
        GroupId::from_index(index)
    }

    /// Two external neighbours, then two internal ones, router ids in that order.
    fn rib() -> Rib {
        let peer = |n: u8| Peer {
            external: n < 2,
            router_id: Ipv4Addr::new(192, 0, 2, n),
            address: IpAddr::V4(Ipv4Addr::new(203, 0, 113, n)),
        };
        Rib::new(OWN_AS, MANY, (0..4).map(peer).collect(), 3)
    }

    fn route(path: &[u32]) -> Route {
        let mut attributes = Attributes::originated();
        attributes.as_path = path.to_vec();
        let mut route = Route::originated(attributes);
        route.next_hop = NextHop::Neighbor(SessionId::from_index(0));
        route
    }

    fn decide(rib: &mut Rib, group: GroupId) -> Change {
        rib.decide(group, |_, _| Some(10))
    }

    fn best(rib: &Rib, group: GroupId) -> Option<(Via, Reason, Vec<Via>)> {
        let used = |best: &Best| best.multipath.iter().map(|used| used.via).collect();
        rib.best(group).map(|best| (best.via, best.reason, used(best)))
    }

    #[test]
    fn routes_are_news_once() {
        let mut rib = rib();
        assert!(rib.learn(group(1), slot(0), Some(route(&[8075]))));
        assert!(!rib.learn(group(1), slot(0), Some(route(&[8075]))));
        assert!(rib.learn(group(1), slot(0), Some(route(&[8075, 12076]))));
        assert!(rib.learn(group(1), slot(0), None));
        assert!(!rib.learn(group(1), slot(0), None));
        assert!(rib.originate(group(1), Some(route(&[]))));
        assert!(!rib.originate(group(1), Some(route(&[]))));
        assert_eq!(rib.local(group(1)), Some(&route(&[])));
    }

    #[test]
    fn each_group_and_session_has_a_place_of_its_own() {
        let mut rib = rib();
        let cells = (0..3).flat_map(|g| (0..4).map(move |s| (g, s)));
        for (asn, (g, s)) in (0..).zip(cells) {
            rib.learn(group(g), slot(s), Some(route(&[asn])));
        }
        assert_eq!(rib.learned(group(2), slot(1)), Some(&route(&[9])));
        assert_eq!(rib.learned(group(1), slot(3)), Some(&route(&[7])));
    }

    #[test]
    fn the_best_route_moves_with_what_neighbours_tell() {
        let mut rib = rib();
        let (g, a, b) = (group(0), Via::Session(slot(0)), Via::Session(slot(1)));
        assert_eq!(decide(&mut rib, g), Change::None);
        rib.learn(g, slot(1), Some(route(&[8075])));
        assert_eq!(decide(&mut rib, g), Change::Best);
        assert_eq!(best(&rib, g), Some((b, Reason::OnlyOne, vec![b])));
        // The same path over session 0 wins by router id; both are used.
        rib.learn(g, slot(0), Some(route(&[8075])));
        assert_eq!(decide(&mut rib, g), Change::Best);
        assert_eq!(best(&rib, g), Some((a, Reason::RouterId, vec![a, b])));
        rib.learn(g, slot(1), None);
        assert_eq!(decide(&mut rib, g), Change::MultipathOnly);
        assert_eq!(decide(&mut rib, g), Change::None);
        rib.learn(g, slot(0), None);
        assert_eq!(decide(&mut rib, g), Change::Best);
        assert_eq!(rib.best(g), None);
    }

    #[test]
    fn a_change_of_attributes_alone_is_a_change_of_the_best_route() {
        let mut rib = rib();
        rib.learn(group(0), slot(0), Some(route(&[8075])));
        decide(&mut rib, group(0));
        rib.learn(group(0), slot(0), Some(route(&[8075, 8075])));
        assert_eq!(decide(&mut rib, group(0)), Change::Best);
    }

    #[test]
    fn another_next_hop_of_a_route_used_beside_the_best_changes_forwarding() {
        let mut rib = rib();
        for s in [0, 1] {
            rib.learn(group(0), slot(s), Some(route(&[8075])));
        }
        decide(&mut rib, group(0));
        let mut moved = route(&[8075]);
        moved.next_hop = NextHop::Neighbor(SessionId::from_index(9));
        rib.learn(group(0), slot(1), Some(moved));
        assert_eq!(decide(&mut rib, group(0)), Change::MultipathOnly);
    }

    #[test]
    fn own_prefixes_beat_learned_ones() {
        let mut rib = rib();
        rib.learn(group(0), slot(2), Some(route(&[])));
        rib.originate(group(0), Some(route(&[])));
        decide(&mut rib, group(0));
        let expected = (Via::Local, Reason::Local, vec![Via::Local]);
        assert_eq!(best(&rib, group(0)), Some(expected));
    }

    #[test]
    fn the_distance_is_asked_per_session_and_none_takes_a_route_out() {
        let mut rib = rib();
        for s in [2, 3] {
            rib.learn(group(0), slot(s), Some(route(&[8075])));
        }
        let nearest = |rib: &mut Rib, metrics: [Option<u64>; 4]| {
            rib.decide(group(0), |slot, _| metrics[slot.index()]);
            best(rib, group(0)).map(|best| (best.0, best.1))
        };
        let second = Via::Session(slot(3));
        let metrics = [None, None, Some(20), Some(10)];
        assert_eq!(nearest(&mut rib, metrics), Some((second, Reason::IgpMetric)));
        let lost = [None, None, None, Some(10)];
        assert_eq!(nearest(&mut rib, lost), Some((second, Reason::NextHop)));
        assert_eq!(nearest(&mut rib, [None; 4]), None);
    }

    #[test]
    fn only_what_differs_from_the_last_told_is_told() {
        let mut rib = rib();
        let (g, s, r) = (group(0), slot(1), route(&[8075]));
        assert_eq!(rib.tell(g, s, None), None, "nothing was told");
        assert_eq!(rib.tell(g, s, Some(r.clone())), Some(Tell::Announce(r.clone())));
        assert_eq!(rib.tell(g, s, Some(r.clone())), None);
        assert_eq!(rib.told(g, s), Some(&r));
        assert_eq!(rib.tell(g, s, None), Some(Tell::Withdraw));
        assert_eq!(rib.told(g, s), None);
    }

    #[test]
    fn a_session_that_ends_takes_its_routes_and_what_it_was_told_along() {
        let mut rib = rib();
        for g in [0, 2] {
            rib.learn(group(g), slot(1), Some(route(&[8075])));
        }
        rib.learn(group(1), slot(0), Some(route(&[8075])));
        rib.tell(group(1), slot(1), Some(route(&[1])));
        assert_eq!(rib.forget_session(slot(1)), [group(0), group(2)]);
        assert_eq!(rib.learned(group(0), slot(1)), None);
        assert_eq!(rib.told(group(1), slot(1)), None);
        assert!(rib.learned(group(1), slot(0)).is_some(), "another session's");
        assert_eq!(rib.forget_session(slot(1)), []);
    }

    #[test]
    fn the_origin_of_a_route_is_seen_from_the_session_it_would_be_told_on() {
        let rib = rib();
        assert_eq!(rib.provenance(Via::Local, slot(0)), Provenance::Own);
        assert_eq!(rib.provenance(Via::Session(slot(0)), slot(0)), Provenance::SameSession);
        assert_eq!(rib.provenance(Via::Session(slot(1)), slot(0)), Provenance::External);
        assert_eq!(rib.provenance(Via::Session(slot(3)), slot(0)), Provenance::Internal);
    }
}
