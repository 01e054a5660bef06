//! The routes of one router (RFC 4271 §3.2): what each neighbour told, what is best, what each
//! neighbour was told last.
//!
//! Everything is kept in a row for each group of prefixes treated alike, by the router's own
//! numbering of its sessions. A row holds what there is, not a cell for each session; what several
//! neighbours were told alike it holds once. Attributes are shared, so cloning is cheap.
//! With ADD-PATH (RFC 7911) a session holds several routes of a group, each under a path id.
//!
//! # Departures
//! A path id follows from where the sender has the route, and may exceed the 32 bits it has on
//! the wire.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use super::advertise::{NextHop, Provenance, Route};
use super::attrs::Community;
use super::decision::{self, Candidate, Choice, Multipath, Reason, Source};
use crate::engine::store::Store;
use crate::ids::{GroupId, Id};
use crate::units::BitRate;

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

/// Which of several routes that a session carries for one group (RFC 7911 §2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathId(u64);

/// The loc-RIB entry of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Best {
    /// The best route.
    pub route: Arc<Route>,
    /// From where it is.
    pub via: Via,
    /// Why it is the best.
    pub reason: Reason,
    /// All that are used, the best first.
    pub multipath: Box<[Used]>,
    /// Where router ids decided against routes that are not used: the best one's, then those.
    pub outdone: Box<[Ipv4Addr]>,
}

/// One of the routes that forward the group's traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Used {
    /// From where it is.
    pub via: Via,
    /// Where it sends traffic.
    pub next_hop: NextHop,
    /// Rate at which that can leave the network, as an internal neighbour tells.
    pub bandwidth: Option<BitRate>,
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
    /// Whether it is a client of this router (RFC 4456).
    pub client: bool,
    /// Whether this router has offered it long-lived graceful restart (RFC 9494).
    pub long_lived: bool,
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
    peers: Arc<[Peer]>,
    prefer_oldest: bool,
    rows: Store<GroupId, Row>,
}

/// The routes for one group.
#[derive(Clone, Debug, Default, PartialEq)]
struct Row {
    /// What the router originates itself.
    local: Option<Arc<Route>>,
    /// Adj-RIB-In after the import policy, by session and path id.
    learned: Vec<(Slot, PathId, Arc<Route>)>,
    /// Loc-RIB.
    best: Option<Box<Best>>,
    /// Adj-RIB-Out by path id; a route that differs by session stands there several times.
    told: Vec<Told>,
}

/// A route that these sessions were told last.
#[derive(Clone, Debug, PartialEq)]
struct Told {
    path: PathId,
    route: Arc<Route>,
    to: Slots,
}

/// A set of sessions; the last word has one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Slots(Vec<u64>);

impl Slots {
    fn has(&self, slot: Slot) -> bool {
        self.0.get(slot.index() / 64).is_some_and(|word| word >> (slot.index() % 64) & 1 == 1)
    }

    fn add(&mut self, slot: Slot) {
        let word = slot.index() / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (slot.index() % 64);
    }

    /// Whether none is left.
    fn remove(&mut self, slot: Slot) -> bool {
        if let Some(word) = self.0.get_mut(slot.index() / 64) {
            *word &= !(1 << (slot.index() % 64));
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        self.0.is_empty()
    }
}

impl Row {
    fn learned(&self, slot: Slot) -> &[(Slot, PathId, Arc<Route>)] {
        let from = self.learned.partition_point(|(at, ..)| *at < slot);
        let to = self.learned.partition_point(|(at, ..)| *at <= slot);
        &self.learned[from..to]
    }

    /// The place of a route that was learned, or the one where it belongs.
    fn place(&self, slot: Slot, path: PathId) -> Result<usize, usize> {
        self.learned.binary_search_by_key(&(slot, path), |(slot, path, _)| (*slot, *path))
    }

    fn has_told(&self, slot: Slot) -> bool {
        self.told.iter().any(|told| told.to.has(slot))
    }

    /// The session no longer has this route, or any if no path is given.
    fn forget_told(&mut self, slot: Slot, path: Option<PathId>) {
        self.told.retain_mut(|told| {
            let gone = path.is_none_or(|path| told.path == path);
            !(gone && told.to.remove(slot))
        });
    }

    /// The session has this route now; others that have the same share it.
    fn note_told(&mut self, slot: Slot, path: PathId, route: Route) -> Arc<Route> {
        let same = |told: &&mut Told| told.path == path && *told.route == route;
        if let Some(told) = self.told.iter_mut().find(same) {
            told.to.add(slot);
            return Arc::clone(&told.route);
        }
        let (mut to, route) = (Slots::default(), Arc::new(route));
        to.add(slot);
        let place = self.told.partition_point(|told| told.path <= path);
        self.told.insert(place, Told { path, route: Arc::clone(&route), to });
        route
    }
}

impl Rib {
    /// An empty RIB for sessions with these neighbours, by slot, and so many groups.
    #[must_use]
    pub fn new(own_as: u32, limits: Multipath, peers: Vec<Peer>, groups: usize) -> Self {
        let rows = (0..groups).map(|_| Row::default()).collect();
        Self { own_as, limits, peers: peers.into(), prefer_oldest: false, rows }
    }

    /// A copy that keeps track of what changes.
    #[must_use]
    pub fn fork(&self) -> Self {
        let Self { own_as, limits, peers, prefer_oldest, rows } = self;
        let (own_as, limits, prefer_oldest) = (*own_as, *limits, *prefer_oldest);
        Self { own_as, limits, peers: peers.clone(), prefer_oldest, rows: rows.fork() }
    }

    /// Makes a fork equal to its `base` again.
    pub fn roll_back(&mut self, base: &Self) {
        let Self { own_as, limits, peers, prefer_oldest, rows } = self;
        (*own_as, *limits, *prefer_oldest) = (base.own_as, base.limits, base.prefer_oldest);
        peers.clone_from(&base.peers);
        rows.roll_back(&base.rows);
    }

    /// From now on an external best route stays best until another is better before router ids
    /// are compared (RFC 5004).
    pub const fn prefer_oldest(&mut self) {
        self.prefer_oldest = true;
    }

    /// Originates the group's prefixes, or no longer; whether that is news.
    pub fn originate(&mut self, group: GroupId, route: Option<Route>) -> bool {
        let news = self.local(group) != route.as_ref();
        if news {
            self.rows.edit(group).local = route.map(Arc::new);
        }
        news
    }

    /// Notes what the neighbour told, after the import policy; `None`: withdrawn or refused.
    /// Whether that is news.
    pub fn learn(
        &mut self,
        group: GroupId,
        slot: Slot,
        path: PathId,
        route: Option<Arc<Route>>,
    ) -> bool {
        assert!(slot.index() < self.peers.len(), "a slot of this router");
        let row = &self.rows[group];
        match (row.place(slot, path), route) {
            (Ok(place), Some(new)) if row.learned[place].2 == new => return false,
            (Ok(place), Some(new)) => self.rows.edit(group).learned[place].2 = new,
            (Ok(place), None) => drop(self.rows.edit(group).learned.remove(place)),
            (Err(place), Some(new)) => {
                self.rows.edit(group).learned.insert(place, (slot, path, new));
            }
            (Err(_), None) => return false,
        }
        true
    }

    /// The session is down: forgets what it told and was told; the groups it had routes for.
    pub fn forget_session(&mut self, slot: Slot) -> Vec<GroupId> {
        self.forget_told(slot);
        let lost: Vec<GroupId> =
            self.rows.ids().filter(|group| !self.rows[*group].learned(slot).is_empty()).collect();
        for group in &lost {
            self.rows.edit(*group).learned.retain(|(at, ..)| *at != slot);
        }
        lost
    }

    /// The session is down, but what it told is kept: forgets what it was told.
    pub fn forget_told(&mut self, slot: Slot) {
        for group in self.rows.ids() {
            if self.rows[group].has_told(slot) {
                self.rows.edit(group).forget_told(slot, None);
            }
        }
    }

    /// Runs the decision process for a group; `metric` is the interior distance to a learned
    /// route's next hop, `None` if it cannot be reached.
    pub fn decide(
        &mut self,
        group: GroupId,
        metric: impl FnMut(Slot, &Route) -> Option<u64>,
    ) -> Change {
        let new = self.choose(group, metric);
        let change = match (self.best(group), &new) {
            (None, None) => Change::None,
            (Some(old), Some(new)) if (&old.route, old.via) == (&new.route, new.via) => {
                if old.multipath == new.multipath { Change::None } else { Change::MultipathOnly }
            }
            (Some(_) | None, Some(_) | None) => Change::Best,
        };
        if self.best(group) != new.as_ref() {
            self.rows.edit(group).best = new.map(Box::new);
        }
        change
    }

    /// Notes what the neighbour should know now, sorted by path id, and gives what must be sent
    /// for it; with `only_withdrawals`, what is new waits.
    pub fn tell(
        &mut self,
        group: GroupId,
        slot: Slot,
        wanted: Vec<(PathId, Route)>,
        only_withdrawals: bool,
    ) -> Vec<(PathId, Option<Arc<Route>>)> {
        let is_wanted = |path: PathId| wanted.iter().any(|(wanted, _)| *wanted == path);
        let gone: Vec<PathId> =
            self.told(group, slot).map(|(path, _)| path).filter(|path| !is_wanted(*path)).collect();
        let mut new = if only_withdrawals { Vec::new() } else { wanted };
        let known = |path, route: &Route| {
            self.told(group, slot).any(|(at, told)| at == path && **told == *route)
        };
        new.retain(|(path, route)| !known(*path, route));
        if gone.is_empty() && new.is_empty() {
            return Vec::new();
        }
        let row = self.rows.edit(group);
        let mut news = Vec::with_capacity(gone.len() + new.len());
        for path in gone {
            row.forget_told(slot, Some(path));
            news.push((path, None));
        }
        for (path, route) in new {
            row.forget_told(slot, Some(path));
            news.push((path, Some(row.note_told(slot, path, route))));
        }
        news
    }

    /// The best route of a group and those used beside it.
    #[must_use]
    pub fn best(&self, group: GroupId) -> Option<&Best> {
        self.rows[group].best.as_deref()
    }

    /// What the router originates itself.
    #[must_use]
    pub fn local(&self, group: GroupId) -> Option<&Route> {
        self.rows[group].local.as_deref()
    }

    /// What the neighbour told, after the import policy, by path id.
    pub fn learned(
        &self,
        group: GroupId,
        slot: Slot,
    ) -> impl Iterator<Item = (PathId, &Arc<Route>)> {
        self.rows[group].learned(slot).iter().map(|(_, path, route)| (*path, route))
    }

    /// What the neighbour was told last, by path id.
    pub fn told(&self, group: GroupId, slot: Slot) -> impl Iterator<Item = (PathId, &Arc<Route>)> {
        let told = self.rows[group].told.iter().filter(move |told| told.to.has(slot));
        told.map(|told| (told.path, &told.route))
    }

    /// The identifier of the neighbour that a route comes from; `None` for an own route.
    #[must_use]
    pub fn from(&self, via: Via) -> Option<Ipv4Addr> {
        match via {
            Via::Local => None,
            Via::Session(slot) => Some(self.peers[slot.index()].router_id),
        }
    }

    /// Whether a route is the last choice of all: it is marked as long stale, on a session whose
    /// marks count (RFC 9494 §4.3).
    #[must_use]
    pub fn is_long_stale(&self, via: Via, route: &Route) -> bool {
        match via {
            Via::Local => false,
            Via::Session(slot) => {
                self.peers[slot.index()].long_lived
                    && route.attributes.has_community(Community::LLGR_STALE)
            }
        }
    }

    /// Every route of a group whose next hop can be reached, with the path id that it has for
    /// neighbours, sorted by it.
    #[must_use]
    pub fn offered(
        &self,
        group: GroupId,
        mut metric: impl FnMut(Slot, &Route) -> Option<u64>,
    ) -> Vec<(PathId, Via, &Route)> {
        let routes = self.routes(group).into_iter().filter(|(via, _, route)| match via {
            Via::Local => true,
            Via::Session(slot) => metric(*slot, route).is_some(),
        });
        let mut offered: Vec<_> = routes
            .map(|(via, path, route)| (self.path_to_tell(via, path), via, &**route))
            .collect();
        offered.sort_unstable_by_key(|(path, ..)| *path);
        offered
    }

    /// The path id that a route has for neighbours: unique among a router's routes for a group, and
    /// the same whatever came before.
    #[must_use]
    pub fn path_to_tell(&self, via: Via, path: PathId) -> PathId {
        let sessions = self.peers.len() as u64 + 1;
        PathId(match via {
            Via::Local => 1,
            Via::Session(slot) => {
                path.0.saturating_mul(sessions).saturating_add(u64::from(slot.0) + 2)
            }
        })
    }

    /// The best of the routes that came from outside the network or are the router's own.
    #[must_use]
    pub fn best_external(
        &self,
        group: GroupId,
        mut metric: impl FnMut(Slot, &Route) -> Option<u64>,
    ) -> Option<(Via, &Route)> {
        let mut routes = self.routes(group);
        routes.retain(|(via, ..)| match via {
            Via::Local => true,
            Via::Session(slot) => self.peers[slot.index()].external,
        });
        let candidates = self.candidates(&routes, &mut metric);
        let choice = decision::decide(&candidates, self.limits)?;
        let (via, _, route) = routes[choice.best];
        Some((via, route))
    }

    /// The best of the routes that `may` be told to one neighbour (RFC 7947 §2.3.2).
    #[must_use]
    pub fn best_for(
        &self,
        group: GroupId,
        mut metric: impl FnMut(Slot, &Route) -> Option<u64>,
        may: impl Fn(Via, &Route) -> bool,
    ) -> Option<(Via, &Route)> {
        let mut routes = self.routes(group);
        routes.retain(|(via, _, route)| may(*via, route));
        let candidates = self.candidates(&routes, &mut metric);
        let choice = decision::decide(&candidates, self.limits)?;
        let (via, _, route) = routes[choice.best];
        Some((via, route))
    }

    /// Where a route is from, as the rules for telling it to the neighbour on `to` see it.
    #[must_use]
    pub fn provenance(&self, via: Via, to: Slot) -> Provenance {
        match via {
            Via::Local => Provenance::Own,
            Via::Session(slot) if slot == to => Provenance::SameSession,
            Via::Session(slot) if self.peers[slot.index()].external => Provenance::External,
            Via::Session(slot) if self.peers[slot.index()].client => Provenance::Client,
            Via::Session(_) => Provenance::Internal,
        }
    }

    fn choose(
        &self,
        group: GroupId,
        mut metric: impl FnMut(Slot, &Route) -> Option<u64>,
    ) -> Option<Best> {
        let routes = self.routes(group);
        let mut candidates = self.candidates(&routes, &mut metric);
        self.mark_oldest(group, &routes, &mut candidates);
        let Choice { best, reason, multipath, outdone } =
            decision::decide(&candidates, self.limits)?;
        let used = |place: usize| {
            let (via, _, route) = routes[place];
            Used { via, next_hop: route.next_hop, bandwidth: route.bandwidth }
        };
        let multipath = multipath.into_iter().map(used).collect();
        let outdone = outdone.into_iter().map(|place| candidates[place].originator()).collect();
        let (via, _, route) = routes[best];
        Some(Best { route: Arc::clone(route), via, reason, multipath, outdone })
    }

    /// Marks the external route that is the best now, where that counts.
    fn mark_oldest(
        &self,
        group: GroupId,
        routes: &[(Via, PathId, &Arc<Route>)],
        candidates: &mut [Candidate<'_>],
    ) {
        let Some(best) = self.best(group).filter(|_| self.prefer_oldest) else { return };
        for ((via, _, route), candidate) in routes.iter().zip(candidates) {
            let same = *via == best.via && ***route == *best.route;
            candidate.oldest = same && candidate.source == Source::External;
        }
    }

    /// All routes of a group: the own one, then by session and path id.
    fn routes(&self, group: GroupId) -> Vec<(Via, PathId, &Arc<Route>)> {
        let local = self.rows[group].local.as_ref();
        let local = local.map(|route| (Via::Local, PathId::default(), route));
        let learned = self.rows[group].learned.iter();
        let learned = learned.map(|(slot, path, route)| (Via::Session(*slot), *path, route));
        local.into_iter().chain(learned).collect()
    }

    fn candidates<'r>(
        &self,
        routes: &[(Via, PathId, &'r Arc<Route>)],
        metric: &mut impl FnMut(Slot, &Route) -> Option<u64>,
    ) -> Vec<Candidate<'r>> {
        let one = |(tie, (via, _, route)): (u32, &(Via, PathId, &'r Arc<Route>))| Candidate {
            tie,
            ..self.candidate(*via, route, metric)
        };
        (0..).zip(routes).map(one).collect()
    }

    /// A route as the decision process looks at it, but for its age and for what decides if all else is
    /// equal.
    #[must_use]
    pub fn candidate<'r>(
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
                next_hop: route.next_hop,
                peer_router_id: Ipv4Addr::UNSPECIFIED,
                peer_address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
                oldest: false,
                long_stale: false,
                tie: 0,
            },
            Via::Session(slot) => {
                let peer = self.peers[slot.index()];
                Candidate {
                    attributes,
                    source: if peer.external { Source::External } else { Source::Internal },
                    neighbor_as,
                    igp_metric: metric(slot, route),
                    next_hop: route.next_hop,
                    peer_router_id: peer.router_id,
                    peer_address: peer.address,
                    oldest: false,
                    long_stale: self.is_long_stale(via, route),
                    tie: 0,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ids::SessionId;
    use crate::proto::bgp::advertise::NextHop;
    use crate::proto::bgp::attrs::Attributes;

    const OWN_AS: u32 = 64500;
    /// The path id where a session carries one route a group.
    const ONLY: PathId = PathId(0);
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
            client: n == 3,
            long_lived: n == 0,
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

    /// The same from the neighbour of a session.
    fn route_on(session: usize, path: &[u32]) -> Route {
        Route { next_hop: NextHop::Neighbor(SessionId::from_index(session)), ..route(path) }
    }

    fn decide(rib: &mut Rib, group: GroupId) -> Change {
        rib.decide(group, |_, _| Some(10))
    }

    fn best(rib: &Rib, group: GroupId) -> Option<(Via, Reason, Vec<Via>)> {
        let used = |best: &Best| best.multipath.iter().map(|used| used.via).collect();
        rib.best(group).map(|best| (best.via, best.reason, used(best)))
    }

    #[test]
    fn a_mark_of_long_stale_counts_where_that_was_offered() {
        let mut rib = rib();
        let (g, first, second) = (group(0), slot(0), slot(1));
        let marked = |session| {
            let mut route = route_on(session, &[8075]);
            Arc::make_mut(&mut route.attributes).add_community(Community::LLGR_STALE);
            route
        };
        // The shorter path, marked, from the neighbour to which that was offered, is the last choice.
        rib.learn(g, first, ONLY, Some(marked(0).into()));
        rib.learn(g, second, ONLY, Some(route_on(1, &[8075, 12076]).into()));
        decide(&mut rib, g);
        let b = Via::Session(second);
        assert_eq!(best(&rib, g), Some((b, Reason::LongStale, vec![b])));
        assert!(rib.is_long_stale(Via::Session(first), &marked(0)));
        assert!(!rib.is_long_stale(b, &marked(1)) && !rib.is_long_stale(Via::Local, &marked(0)));
        // From the other it is a community like any.
        rib.learn(g, first, ONLY, Some(route(&[8075, 12076, 1]).into()));
        rib.learn(g, second, ONLY, Some(marked(1).into()));
        decide(&mut rib, g);
        assert_eq!(best(&rib, g), Some((b, Reason::PathLength, vec![b])));
    }

    #[test]
    fn routes_are_news_once() {
        let mut rib = rib();
        assert!(rib.learn(group(1), slot(0), ONLY, Some(route(&[8075]).into())));
        assert!(!rib.learn(group(1), slot(0), ONLY, Some(route(&[8075]).into())));
        assert!(rib.learn(group(1), slot(0), ONLY, Some(route(&[8075, 12076]).into())));
        assert!(rib.learn(group(1), slot(0), ONLY, None));
        assert!(!rib.learn(group(1), slot(0), ONLY, None));
        assert!(rib.originate(group(1), Some(route(&[]))));
        assert!(!rib.originate(group(1), Some(route(&[]))));
        assert_eq!(rib.local(group(1)), Some(&route(&[])));
    }

    #[test]
    fn each_group_and_session_has_a_place_of_its_own() {
        let mut rib = rib();
        let cells = (0..3).flat_map(|g| (0..4).map(move |s| (g, s)));
        for (asn, (g, s)) in (0..).zip(cells) {
            rib.learn(group(g), slot(s), ONLY, Some(route(&[asn]).into()));
        }
        assert!(rib.learned(group(2), slot(1)).eq([(ONLY, &route(&[9]).into())]));
        assert!(rib.learned(group(1), slot(3)).eq([(ONLY, &route(&[7]).into())]));
    }

    #[test]
    fn the_best_route_moves_with_what_neighbours_tell() {
        let mut rib = rib();
        let (g, a, b) = (group(0), Via::Session(slot(0)), Via::Session(slot(1)));
        assert_eq!(decide(&mut rib, g), Change::None);
        rib.learn(g, slot(1), ONLY, Some(route_on(1, &[8075]).into()));
        assert_eq!(decide(&mut rib, g), Change::Best);
        assert_eq!(best(&rib, g), Some((b, Reason::OnlyOne, vec![b])));
        // The same path over session 0 wins by router id; both are used.
        rib.learn(g, slot(0), ONLY, Some(route(&[8075]).into()));
        assert_eq!(decide(&mut rib, g), Change::Best);
        assert_eq!(best(&rib, g), Some((a, Reason::RouterId, vec![a, b])));
        rib.learn(g, slot(1), ONLY, None);
        assert_eq!(decide(&mut rib, g), Change::MultipathOnly);
        assert_eq!(decide(&mut rib, g), Change::None);
        rib.learn(g, slot(0), ONLY, None);
        assert_eq!(decide(&mut rib, g), Change::Best);
        assert_eq!(rib.best(g), None);
    }

    #[test]
    fn a_change_of_attributes_alone_is_a_change_of_the_best_route() {
        let mut rib = rib();
        rib.learn(group(0), slot(0), ONLY, Some(route(&[8075]).into()));
        decide(&mut rib, group(0));
        rib.learn(group(0), slot(0), ONLY, Some(route(&[8075, 8075]).into()));
        assert_eq!(decide(&mut rib, group(0)), Change::Best);
    }

    #[test]
    fn another_next_hop_of_a_route_used_beside_the_best_changes_forwarding() {
        let mut rib = rib();
        for s in [0, 1] {
            rib.learn(group(0), slot(s), ONLY, Some(route_on(s, &[8075]).into()));
        }
        decide(&mut rib, group(0));
        let mut moved = route(&[8075]);
        moved.next_hop = NextHop::Neighbor(SessionId::from_index(9));
        rib.learn(group(0), slot(1), ONLY, Some(moved.into()));
        assert_eq!(decide(&mut rib, group(0)), Change::MultipathOnly);
    }

    #[test]
    fn own_prefixes_beat_learned_ones() {
        let mut rib = rib();
        rib.learn(group(0), slot(2), ONLY, Some(route(&[]).into()));
        rib.originate(group(0), Some(route(&[])));
        decide(&mut rib, group(0));
        let expected = (Via::Local, Reason::Local, vec![Via::Local]);
        assert_eq!(best(&rib, group(0)), Some(expected));
    }

    #[test]
    fn the_distance_is_asked_per_session_and_none_takes_a_route_out() {
        let mut rib = rib();
        for s in [2, 3] {
            rib.learn(group(0), slot(s), ONLY, Some(route(&[8075]).into()));
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
        let mut tell = |wanted: &[(PathId, Route)], waits| {
            let news = rib.tell(g, s, wanted.to_vec(), waits).into_iter();
            news.map(|(path, route)| (path, route.map(|r| Route::clone(&r)))).collect::<Vec<_>>()
        };
        let one = [(ONLY, r.clone())];
        assert_eq!(tell(&[], false), [], "nothing was told");
        assert_eq!(tell(&one, true), [], "what is new waits");
        assert_eq!(tell(&one, false), [(ONLY, Some(r.clone()))]);
        assert_eq!(tell(&one, false), []);
        let two = [(PathId(2), r.clone()), (PathId(3), route(&[1]))];
        assert_eq!(tell(&two, true), [(ONLY, None)], "withdrawals do not wait");
        assert_eq!(tell(&two, false), two.clone().map(|(path, route)| (path, Some(route))));
        assert_eq!(tell(&two[1..], false), [(PathId(2), None)]);
        assert!(rib.told(g, s).eq([(PathId(3), &route(&[1]).into())]));
    }

    #[test]
    fn a_session_that_ends_takes_its_routes_and_what_it_was_told_along() {
        let mut rib = rib();
        for g in [0, 2] {
            rib.learn(group(g), slot(1), ONLY, Some(route(&[8075]).into()));
        }
        rib.learn(group(1), slot(0), ONLY, Some(route(&[8075]).into()));
        rib.tell(group(1), slot(1), vec![(ONLY, route(&[1]))], false);
        assert_eq!(rib.forget_session(slot(1)), [group(0), group(2)]);
        assert_eq!(rib.learned(group(0), slot(1)).count(), 0);
        assert_eq!(rib.told(group(1), slot(1)).count(), 0);
        assert_eq!(rib.learned(group(1), slot(0)).count(), 1, "another session's");
        assert_eq!(rib.forget_session(slot(1)), []);
    }

    #[test]
    fn the_origin_of_a_route_is_seen_from_the_session_it_would_be_told_on() {
        let rib = rib();
        assert_eq!(rib.provenance(Via::Local, slot(0)), Provenance::Own);
        assert_eq!(rib.provenance(Via::Session(slot(0)), slot(0)), Provenance::SameSession);
        assert_eq!(rib.provenance(Via::Session(slot(1)), slot(0)), Provenance::External);
        assert_eq!(rib.provenance(Via::Session(slot(2)), slot(0)), Provenance::Internal);
        assert_eq!(rib.provenance(Via::Session(slot(3)), slot(0)), Provenance::Client);
    }

    #[test]
    fn every_route_of_a_session_is_a_candidate_and_is_offered_under_an_id_of_its_own() {
        let mut rib = rib();
        let g = group(0);
        let next = |n: usize| {
            let mut route = route(&[8075]);
            route.next_hop = NextHop::Neighbor(SessionId::from_index(n));
            route
        };
        assert!(rib.learn(g, slot(3), PathId(4), Some(next(4).into())));
        assert!(rib.learn(g, slot(3), PathId(2), Some(next(2).into())));
        assert!(rib.learn(g, slot(2), ONLY, Some(next(0).into())));
        assert!(!rib.learn(g, slot(3), PathId(2), Some(next(2).into())), "it is no news");
        assert_eq!(decide(&mut rib, g), Change::Best);
        assert_eq!(rib.best(g).map(|best| best.multipath.len()), Some(3));
        rib.originate(g, Some(route(&[])));
        let offered = rib.offered(g, |slot, _| (slot != self::slot(2)).then_some(1));
        let ids: Vec<PathId> = offered.iter().map(|(path, ..)| *path).collect();
        // Four sessions: p * 5 + slot + 2 for what was learned as p; the own route is 1.
        assert_eq!(ids, [PathId(1), PathId(15), PathId(25)]);
        assert!(rib.learn(g, slot(3), PathId(4), None));
        assert_eq!(rib.offered(g, |_, _| Some(1)).len(), 3);
    }

    #[test]
    fn the_best_external_route_is_chosen_among_what_came_from_outside() {
        let mut rib = rib();
        let g = group(0);
        let mut inside = route(&[8075]);
        Arc::make_mut(&mut inside.attributes).local_pref = Some(200);
        rib.learn(g, slot(2), ONLY, Some(inside.into()));
        assert_eq!(rib.best_external(g, |_, _| Some(1)), None);
        rib.learn(g, slot(0), ONLY, Some(route(&[8075, 8075]).into()));
        rib.learn(g, slot(1), ONLY, Some(route(&[8075]).into()));
        decide(&mut rib, g);
        assert_eq!(best(&rib, g).map(|best| best.0), Some(Via::Session(slot(2))));
        let external = rib.best_external(g, |_, _| Some(1)).map(|(via, _)| via);
        assert_eq!(external, Some(Via::Session(slot(1))));
    }
}
