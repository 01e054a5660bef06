//! The routes of one router (RFC 4271 §3.2): what each neighbour told, what is best, what each
//! neighbour was told last.
//!
//! Everything is kept in rows, one for each group of prefixes treated alike, by the router's own
//! numbering of its sessions. A row holds what there is, not a cell for each session; what several
//! neighbours were told alike it holds once. Rows stand in blocks, which routers that know the same
//! share, and what one of them makes of a block is done for all ([`alike`]): clients of the same
//! reflectors hold equal tables. With ADD-PATH (RFC 7911) a session holds several routes of a group,
//! each under a path id.
//!
//! # Departures
//! A path id follows from where the sender has the route, and may exceed the 32 bits it has on
//! the wire.

pub mod alike;
pub mod blocks;
pub mod bundle;
mod row;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use blocks::Blocks;
use row::{Heard, ToldRow};

use super::advertise::{NextHop, Provenance, Route};
use super::attrs::Community;
use super::decision::{self, Candidate, Choice, Multipath, Reason, Source};
use crate::ids::{BlockId, GroupId, Id};
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

impl Change {
    fn between(old: Option<&Best>, new: Option<&Best>) -> Self {
        match (old, new) {
            (None, None) => Self::None,
            (Some(old), Some(new)) if (&old.route, old.via) == (&new.route, new.via) => {
                if old.multipath == new.multipath { Self::None } else { Self::MultipathOnly }
            }
            (Some(_) | None, Some(_) | None) => Self::Best,
        }
    }
}

/// The routes of one router.
#[derive(Clone, Debug, PartialEq)]
pub struct Rib {
    own_as: u32,
    limits: Multipath,
    peers: Arc<[Peer]>,
    prefer_oldest: bool,
    heard: Blocks<Heard>,
    /// Loc-RIB.
    best: Blocks<Option<Arc<Best>>>,
    told: Blocks<ToldRow>,
}

impl Rib {
    /// An empty RIB for sessions with these neighbours, by slot, and so many groups.
    #[must_use]
    pub fn new(own_as: u32, limits: Multipath, peers: Arc<[Peer]>, groups: usize) -> Self {
        let (heard, best, told) = (Blocks::new(groups), Blocks::new(groups), Blocks::new(groups));
        Self { own_as, limits, peers, prefer_oldest: false, heard, best, told }
    }

    /// An empty one that shares its empty rows with this.
    #[must_use]
    pub fn with(&self, own_as: u32, limits: Multipath, peers: Arc<[Peer]>) -> Self {
        Self { own_as, limits, peers, prefer_oldest: false, ..self.clone() }
    }

    /// A copy that keeps track of what changes.
    #[must_use]
    pub fn fork(&self) -> Self {
        let Self { own_as, limits, peers, prefer_oldest, heard, best, told } = self;
        let (own_as, limits, prefer_oldest) = (*own_as, *limits, *prefer_oldest);
        let (heard, best, told) = (heard.fork(), best.fork(), told.fork());
        Self { own_as, limits, peers: peers.clone(), prefer_oldest, heard, best, told }
    }

    /// Makes a fork equal to its `base` again.
    pub fn roll_back(&mut self, base: &Self) {
        let Self { own_as, limits, peers, prefer_oldest, heard, best, told } = self;
        (*own_as, *limits, *prefer_oldest) = (base.own_as, base.limits, base.prefer_oldest);
        peers.clone_from(&base.peers);
        heard.roll_back(&base.heard);
        best.roll_back(&base.best);
        told.roll_back(&base.told);
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
            self.heard.edit(group).local = route.map(Arc::new);
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
        let row = &self.heard[group];
        if !row.is_news(slot, path, route.as_ref()) {
            return false;
        }
        self.heard.edit(group).note(slot, path, route);
        true
    }

    /// The session is down: forgets what it told and was told; the groups it had routes for.
    pub fn forget_session(&mut self, slot: Slot) -> Vec<GroupId> {
        self.forget_told(slot);
        let mut lost: Vec<GroupId> = self.heard.groups().collect();
        lost.retain(|group| !self.heard[*group].learned(slot).is_empty());
        for group in &lost {
            self.heard.edit(*group).learned.retain(|(at, ..)| *at != slot);
        }
        lost
    }

    /// The session is down, but what it told is kept: forgets what it was told.
    pub fn forget_told(&mut self, slot: Slot) {
        for group in self.told.groups() {
            if self.told[group].has(slot) {
                self.told.edit(group).forget(slot, None);
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
        let change = Change::between(self.best(group), new.as_ref());
        if self.best(group) != new.as_ref() {
            *self.best.edit(group) = new.map(Arc::new);
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
        let row = self.told.edit(group);
        let mut news = Vec::with_capacity(gone.len() + new.len());
        for path in gone {
            row.forget(slot, Some(path));
            news.push((path, None));
        }
        for (path, route) in new {
            row.forget(slot, Some(path));
            news.push((path, Some(row.note(slot, path, Arc::new(route)))));
        }
        news
    }

    /// The best route of a group and those used beside it.
    #[must_use]
    pub fn best(&self, group: GroupId) -> Option<&Best> {
        self.best[group].as_deref()
    }

    /// Those of a block, by place.
    #[must_use]
    pub fn best_of(&self, block: BlockId) -> Arc<[Option<Arc<Best>>]> {
        Arc::clone(self.best.block(block))
    }

    /// What the router originates itself.
    #[must_use]
    pub fn local(&self, group: GroupId) -> Option<&Route> {
        self.heard[group].local.as_deref()
    }

    /// What the neighbour told, after the import policy, by path id.
    pub fn learned(
        &self,
        group: GroupId,
        slot: Slot,
    ) -> impl Iterator<Item = (PathId, &Arc<Route>)> {
        self.heard[group].learned(slot).iter().map(|(_, path, route)| (*path, route))
    }

    /// What the neighbour was told last, by path id.
    pub fn told(&self, group: GroupId, slot: Slot) -> impl Iterator<Item = (PathId, &Arc<Route>)> {
        let told = self.told[group].0.iter().filter(move |told| told.to.has(slot));
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
            Via::Session(slot) if slot == to => Provenance::SameSession,
            Via::Local | Via::Session(_) => self.origin(via),
        }
    }

    /// The same as neighbours see it that did not tell it themselves.
    #[must_use]
    pub fn origin(&self, via: Via) -> Provenance {
        match via {
            Via::Local => Provenance::Own,
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
        let local = self.heard[group].local.as_ref();
        let local = local.map(|route| (Via::Local, PathId::default(), route));
        let learned = self.heard[group].learned.iter();
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
mod tests;
