//! What a router takes from a neighbour and what it tells one (RFC 4271 §9.1.1, §9.1.3, §9.2).
//!
//! # Departures
//! * Where a network learned a route travels with it inside the network
//!   ([`Route::learned`]); real networks mark it with communities of their own, which policies
//!   here remain free to use for other things.
//! * A sender does not look whether the neighbour's AS is in the path already; the neighbour
//!   refuses such a route as a loop, so only a message is wasted.
//! * `NO_EXPORT_SUBCONFED` is absent: there are no confederations.

use std::net::Ipv4Addr;
use std::sync::Arc;

use ipnet::IpNet;

use super::attrs::{Attributes, Community};
use super::policy::{Policy, PolicyRoute, Verdict};
use super::relation::{Learned, Relation, valley_free};
use super::rpki::Roa;
use crate::ids::{LagId, RouterId, SessionId};
use crate::units::BitRate;

/// A route as RIBs keep it and UPDATEs carry it; cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Its path attributes.
    pub attributes: Arc<Attributes>,
    /// Where this network learned it.
    pub learned: Learned,
    /// Where its traffic goes next.
    pub next_hop: NextHop,
    /// Rate at which its traffic can leave the network, where that weighs routes: the Link Bandwidth
    /// Extended Community (draft-ietf-idr-link-bandwidth), on internal sessions only.
    pub bandwidth: Option<BitRate>,
}

impl Route {
    /// A router's own route for a prefix it serves.
    #[must_use]
    pub fn originated(attributes: Attributes) -> Self {
        let attributes = Arc::new(attributes);
        Self { attributes, learned: Learned::Own, next_hop: NextHop::Own, bandwidth: None }
    }
}

/// `NEXT_HOP` (RFC 4271 §5.1.3), as what its address belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NextHop {
    /// The router that originates the route.
    Own,
    /// The neighbour at the far end of this external session.
    Neighbor(SessionId),
    /// The member of an exchange that has this port.
    Lan(LagId),
    /// This router of the own network.
    Router(RouterId),
}

/// Who is at the other end of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Neighbor {
    /// Another network.
    External {
        /// Its AS.
        asn: u32,
        /// What it is to ours.
        relation: Relation,
        /// What its address is, as next hop; `None`: a route server, which keeps that of the member
        /// it passes on (RFC 7947 §2.2.1).
        next_hop: Option<NextHop>,
    },
    /// A router of our own.
    Internal,
    /// A router of our own that is a client of this one (RFC 4456).
    Client,
}

/// One router's end of one session, for the prefixes that `prefix` stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionEnd<'p> {
    /// The router's own AS.
    pub own_as: u32,
    /// BGP identifier of the router.
    pub own_id: Ipv4Addr,
    /// `CLUSTER_ID` of the router, if it reflects (RFC 4456).
    pub cluster_id: Option<Ipv4Addr>,
    /// Who is at the other end.
    pub neighbor: Neighbor,
    /// One of the prefixes treated alike.
    pub prefix: IpNet,
    /// The router at the other end.
    pub peer: RouterId,
    /// The ROAs of the prefix and of all that cover it.
    pub roas: &'p [Roa],
    /// Whole kilometres from the router's metro to the nearest one where the prefix is served.
    pub distance_km: Option<u32>,
    /// Whether the router tells what the relation forbids: a leak, or a route server.
    pub leaks: bool,
    /// Whether it is a route server, which puts itself neither into paths nor as next hop and
    /// keeps MEDs (RFC 7947 §2.2).
    pub transparent: bool,
    /// What becomes of graceful shutdowns (RFC 8326).
    pub shutdown: Shutdown,
    /// The policy of the direction asked for; absent: everything is accepted.
    pub policy: Option<&'p Policy>,
}

/// What a router does about graceful shutdowns on a session (RFC 8326).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shutdown {
    /// The session is about to be shut down: what goes out is tagged, what comes in is the last
    /// choice (§4.1).
    pub soon: bool,
    /// Tagged routes are the last choice (§4.2).
    pub honored: bool,
}

/// From where a router has the route it might tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Provenance {
    /// It originates it.
    Own,
    /// From this very session.
    SameSession,
    /// From another external session.
    External,
    /// From another internal session.
    Internal,
    /// From another internal session, to a client of the router (RFC 4456).
    Client,
}

/// What a border router puts as next hop on what it tells inside its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextHopRule {
    /// Itself, being this router.
    SelfAs(RouterId),
    /// The external neighbour, unchanged.
    Unchanged(RouterId),
}

/// Why a route was not taken or not told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// The own AS is in its path (§9.1.2).
    Loop,
    /// It came from there.
    SplitHorizon,
    /// This router originated it inside the network (RFC 4456 §8).
    Originator,
    /// This router's cluster has reflected it already (RFC 4456 §8).
    Cluster,
    /// It came over an internal session and this is one too (§9.2), and nothing here reflects.
    InternalToInternal,
    /// It carries `NO_ADVERTISE` (RFC 1997).
    NoAdvertise,
    /// It carries `NO_EXPORT` and this is another network (RFC 1997).
    NoExport,
    /// The relation to the neighbour forbids it.
    Relation,
    /// The policy's term of this name rejected it, or none accepted it.
    Policy(Option<String>),
}

impl SessionEnd<'_> {
    /// What the router makes of a route that the neighbour tells.
    ///
    /// `LOCAL_PREF` means nothing between networks and is dropped (§5.1.5) before the policy.
    ///
    /// # Errors
    /// Tells why the route is not taken.
    pub fn import(&self, told: &Route) -> Result<Route, Refused> {
        if told.attributes.has_loop(self.own_as) {
            return Err(Refused::Loop);
        }
        let mut route = told.clone();
        match self.neighbor {
            Neighbor::External { relation, next_hop, .. } => {
                route.learned = relation.into();
                route.next_hop = next_hop.unwrap_or(route.next_hop);
                if told.attributes.local_pref.is_some() {
                    Arc::make_mut(&mut route.attributes).local_pref = None;
                }
            }
            Neighbor::Internal | Neighbor::Client => {
                if told.attributes.originator_id == Some(self.own_id) {
                    return Err(Refused::Originator);
                }
                if self.cluster_id.is_some_and(|id| told.attributes.cluster_list.contains(&id)) {
                    return Err(Refused::Cluster);
                }
            }
        }
        self.apply_policy(&mut route)?;
        let tagged = route.attributes.has_community(Community::GRACEFUL_SHUTDOWN);
        let last_choice = self.shutdown.soon || (self.shutdown.honored && tagged);
        if last_choice && matches!(self.neighbor, Neighbor::External { .. }) {
            Arc::make_mut(&mut route.attributes).local_pref = Some(0);
        }
        Ok(route)
    }

    /// What the router tells the neighbour about its best route, which it has from the router with
    /// the identifier `learned_from` (its own for a route of its own).
    ///
    /// Another network gets the own AS in front of the path, no `LOCAL_PREF`, and a MED only if
    /// the policy sets one (§5.1.4); the policy sees the path before the own AS is put there.
    ///
    /// # Errors
    /// Tells why the route is not told.
    pub fn export(
        &self,
        best: &Route,
        (provenance, learned_from): (Provenance, Ipv4Addr),
        next_hop: NextHopRule,
    ) -> Result<Route, Refused> {
        self.may_tell(best, provenance)?;
        let mut route = best.clone();
        match self.neighbor {
            Neighbor::External { .. } => {
                let attributes = Arc::make_mut(&mut route.attributes);
                attributes.local_pref = None;
                if !self.transparent {
                    attributes.med = None;
                }
                self.apply_policy(&mut route)?;
                let mut attributes = Arc::unwrap_or_clone(route.attributes);
                attributes.local_pref = None;
                if self.shutdown.soon {
                    attributes.add_community(Community::GRACEFUL_SHUTDOWN);
                }
                attributes.originator_id = None;
                attributes.cluster_list.clear();
                let times = usize::from(!self.transparent);
                route.attributes = Arc::new(attributes.prepended(self.own_as, times));
                route.bandwidth = None;
            }
            Neighbor::Internal | Neighbor::Client
                if matches!(provenance, Provenance::Internal | Provenance::Client) =>
            {
                self.reflect(&mut route, learned_from);
                self.apply_policy(&mut route)?;
            }
            Neighbor::Internal | Neighbor::Client => {
                if route.attributes.local_pref.is_none() {
                    let preference = route.attributes.preference();
                    Arc::make_mut(&mut route.attributes).local_pref = Some(preference);
                }
                self.apply_policy(&mut route)?;
                route.next_hop = match (next_hop, best.next_hop) {
                    (NextHopRule::SelfAs(own), _) | (NextHopRule::Unchanged(own), NextHop::Own) => {
                        NextHop::Router(own)
                    }
                    (NextHopRule::Unchanged(_), kept) => kept,
                };
            }
        }
        Ok(route)
    }

    fn may_tell(&self, best: &Route, provenance: Provenance) -> Result<(), Refused> {
        if provenance == Provenance::SameSession {
            return Err(Refused::SplitHorizon);
        }
        if best.attributes.has_community(Community::NO_ADVERTISE) {
            return Err(Refused::NoAdvertise);
        }
        match self.neighbor {
            Neighbor::Internal | Neighbor::Client => match provenance {
                Provenance::Internal if self.neighbor == Neighbor::Internal => {
                    Err(Refused::InternalToInternal)
                }
                Provenance::Internal | Provenance::Client if self.cluster_id.is_none() => {
                    Err(Refused::InternalToInternal)
                }
                Provenance::Own
                | Provenance::SameSession
                | Provenance::External
                | Provenance::Internal
                | Provenance::Client => Ok(()),
            },
            Neighbor::External { .. } if best.attributes.has_community(Community::NO_EXPORT) => {
                Err(Refused::NoExport)
            }
            Neighbor::External { relation, .. }
                if self.leaks || valley_free(best.learned, relation) =>
            {
                Ok(())
            }
            Neighbor::External { .. } => Err(Refused::Relation),
        }
    }

    /// What a reflector adds to a route that it passes on inside the network (RFC 4456 §8); next
    /// hop and all else stay (§10).
    fn reflect(&self, route: &mut Route, learned_from: Ipv4Addr) {
        let attributes = Arc::make_mut(&mut route.attributes);
        attributes.originator_id.get_or_insert(learned_from);
        if let Some(cluster) = self.cluster_id {
            attributes.cluster_list.insert(0, cluster);
        }
    }

    fn apply_policy(&self, route: &mut Route) -> Result<(), Refused> {
        let Some(policy) = self.policy else { return Ok(()) };
        let neighbor_as = match self.neighbor {
            Neighbor::External { asn, .. } => asn,
            Neighbor::Internal | Neighbor::Client => self.own_as,
        };
        let seen = PolicyRoute {
            prefix: self.prefix,
            attributes: &route.attributes,
            neighbor_as,
            neighbor: self.peer,
            roas: self.roas,
            distance_km: self.distance_km,
        };
        match policy.evaluate(&seen, self.own_as) {
            Verdict::Accepted { attributes, .. } => {
                if attributes != *route.attributes {
                    route.attributes = Arc::new(attributes);
                }
                Ok(())
            }
            Verdict::Rejected { term } => Err(Refused::Policy(term.map(str::to_owned))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Id;
    use crate::proto::bgp::policy::{Match, Med, Set, Term, Then};

    const OWN_AS: u32 = 64500;
    const MICROSOFT: u32 = 8075;

    fn session() -> SessionId {
        SessionId::from_index(4)
    }

    fn router() -> RouterId {
        RouterId::from_index(7)
    }

    fn external(relation: Relation) -> SessionEnd<'static> {
        let next_hop = Some(NextHop::Neighbor(session()));
        let neighbor = Neighbor::External { asn: MICROSOFT, relation, next_hop };
        let prefix = "198.51.100.0/24".parse().expect("a prefix");
        let own_id = Ipv4Addr::new(192, 0, 2, 1);
        let (leaks, shutdown) = (false, Shutdown::default());
        SessionEnd {
            own_as: OWN_AS,
            own_id,
            cluster_id: None,
            neighbor,
            prefix,
            peer: router(),
            roas: &[],
            distance_km: None,
            leaks,
            transparent: false,
            shutdown,
            policy: None,
        }
    }

    fn internal() -> SessionEnd<'static> {
        SessionEnd { neighbor: Neighbor::Internal, ..external(Relation::Peer) }
    }

    /// What a neighbour tells: path `8075 12076`, MED 5, a `LOCAL_PREF` it should not carry.
    fn told() -> Route {
        let mut attributes = Attributes::originated().prepended(12076, 1).prepended(MICROSOFT, 1);
        (attributes.local_pref, attributes.med) = (Some(900), Some(5));
        Route::originated(attributes)
    }

    fn changed(mut route: Route, change: impl FnOnce(&mut Attributes)) -> Route {
        change(Arc::make_mut(&mut route.attributes));
        route
    }

    fn policy(matches: Match, set: Set, then: Then) -> Policy {
        Policy { terms: vec![Term { name: "only".to_owned(), matches, set, then }] }
    }

    const SELF: fn() -> NextHopRule = || NextHopRule::SelfAs(router());

    fn tell(end: &SessionEnd<'_>, route: &Route, provenance: Provenance) -> Result<Route, Refused> {
        end.export(route, (provenance, FROM), SELF())
    }

    #[test]
    fn a_session_about_to_be_shut_tags_what_goes_out_and_makes_what_comes_in_the_last_choice() {
        let soon = Shutdown { soon: true, honored: false };
        let end = SessionEnd { shutdown: soon, ..external(Relation::Peer) };
        let out = tell(&end, &told(), Provenance::Own).expect("told");
        assert_eq!(out.attributes.communities(), [Community::GRACEFUL_SHUTDOWN]);
        assert_eq!(end.import(&told()).expect("taken").attributes.local_pref, Some(0));
        for (honored, expected) in [(true, Some(0)), (false, None)] {
            let shutdown = Shutdown { soon: false, honored };
            let far = SessionEnd { shutdown, own_as: 1, ..external(Relation::Peer) };
            assert_eq!(far.import(&out).expect("taken").attributes.local_pref, expected);
        }
    }

    #[test]
    fn only_a_leak_tells_a_peer_what_another_peer_told() {
        let mut across = told();
        across.learned = Learned::Peer;
        let end = external(Relation::Peer);
        assert_eq!(tell(&end, &across, Provenance::External), Err(Refused::Relation));
        let leaks = SessionEnd { leaks: true, ..end };
        assert!(tell(&leaks, &across, Provenance::External).is_ok());
    }

    /// Where routes that are told on were learned.
    const FROM: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 9);
    const CLUSTER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 77);

    #[test]
    fn a_reflector_tells_clients_everything_and_others_what_clients_told() {
        let reflector = |neighbor| SessionEnd { cluster_id: Some(CLUSTER), neighbor, ..internal() };
        for (neighbor, provenance, passes) in [
            (Neighbor::Client, Provenance::Internal, true),
            (Neighbor::Client, Provenance::Client, true),
            (Neighbor::Internal, Provenance::Client, true),
            (Neighbor::Internal, Provenance::Internal, false),
            (Neighbor::Client, Provenance::SameSession, false),
        ] {
            let told = tell(&reflector(neighbor), &told(), provenance);
            assert_eq!(told.is_ok(), passes, "{provenance:?} to {neighbor:?}");
        }
        let ordinary = tell(&internal(), &told(), Provenance::Client);
        assert_eq!(ordinary, Err(Refused::InternalToInternal));
    }

    #[test]
    fn a_reflected_route_keeps_all_but_names_its_originator_and_the_cluster() {
        let end = SessionEnd { cluster_id: Some(CLUSTER), ..internal() };
        let mut best = told();
        best.next_hop = NextHop::Router(RouterId::from_index(3));
        let once = tell(&end, &best, Provenance::Client).expect("reflected");
        let expected = changed(best, |a| {
            (a.originator_id, a.cluster_list) = (Some(FROM), vec![CLUSTER]);
        });
        assert_eq!(once, expected);
        let mut twice = tell(&end, &once, Provenance::Client).expect("reflected again");
        let other = Ipv4Addr::new(192, 0, 2, 78);
        let next = SessionEnd { cluster_id: Some(other), ..end };
        twice = tell(&next, &twice, Provenance::Client).expect("by another");
        assert_eq!(twice.attributes.cluster_list, [other, CLUSTER, CLUSTER]);
        assert_eq!(twice.attributes.originator_id, Some(FROM));
        let outside = tell(&external(Relation::Customer), &twice, Provenance::Internal);
        let outside = outside.expect("told outside").attributes;
        assert_eq!((outside.originator_id, outside.cluster_list.len()), (None, 0));
    }

    #[test]
    fn a_route_that_comes_back_to_its_originator_or_its_cluster_is_refused() {
        let mine = changed(told(), |a| a.originator_id = Some(internal().own_id));
        assert_eq!(internal().import(&mine), Err(Refused::Originator));
        let round = changed(told(), |a| a.cluster_list = vec![FROM, CLUSTER]);
        let reflector = SessionEnd { cluster_id: Some(CLUSTER), ..internal() };
        assert_eq!(reflector.import(&round), Err(Refused::Cluster));
        assert!(internal().import(&round).is_ok(), "who does not reflect does not look");
    }

    #[test]
    fn import_from_another_network_drops_local_pref_and_notes_where_it_was_learned() {
        let expected = Route {
            learned: Learned::Peer,
            next_hop: NextHop::Neighbor(session()),
            ..changed(told(), |a| a.local_pref = None)
        };
        assert_eq!(external(Relation::Peer).import(&told()), Ok(expected));
    }

    #[test]
    fn import_from_inside_changes_nothing() {
        let inside =
            Route { learned: Learned::Customer, next_hop: NextHop::Router(router()), ..told() };
        let taken = internal().import(&inside).expect("taken");
        assert_eq!(taken, inside);
        assert!(Arc::ptr_eq(&taken.attributes, &inside.attributes), "shared, not copied");
    }

    #[test]
    fn import_refuses_a_path_with_the_own_as() {
        let looped = changed(told(), |a| a.as_path.push(OWN_AS));
        assert_eq!(external(Relation::Peer).import(&looped), Err(Refused::Loop));
        assert_eq!(internal().import(&looped), Err(Refused::Loop));
    }

    #[test]
    fn import_policy_sees_no_foreign_local_pref_and_sets_its_own() {
        let set = Set { local_pref: Some(200), ..Set::default() };
        let from = Match { neighbor_as: vec![MICROSOFT], ..Match::default() };
        let policy = policy(from, set, Then::Accept);
        let end = SessionEnd { policy: Some(&policy), ..external(Relation::Peer) };
        let taken = end.import(&told()).expect("taken");
        assert_eq!(taken.attributes.local_pref, Some(200));
    }

    #[test]
    fn a_policy_that_rejects_is_named() {
        let reject = policy(Match::default(), Set::default(), Then::Reject);
        let named = Refused::Policy(Some("only".to_owned()));
        let end = SessionEnd { policy: Some(&reject), ..external(Relation::Customer) };
        assert_eq!(end.import(&told()), Err(named.clone()));
        assert_eq!(tell(&end, &told(), Provenance::Own), Err(named));
        let none = Policy::default();
        let end = SessionEnd { policy: Some(&none), ..internal() };
        assert_eq!(end.import(&told()), Err(Refused::Policy(None)));
    }

    #[test]
    fn another_network_gets_the_own_as_in_front_and_neither_local_pref_nor_med() {
        let expected = changed(told(), |a| {
            a.as_path.insert(0, OWN_AS);
            (a.local_pref, a.med) = (None, None);
        });
        assert_eq!(tell(&external(Relation::Peer), &told(), Provenance::Own), Ok(expected));
    }

    #[test]
    fn an_export_policy_sets_the_med_and_prepends_behind_the_own_as() {
        let set =
            Set { med: Some(Med::Value(30)), local_pref: Some(7), prepend: 2, ..Set::default() };
        let short = Match { as_path_at_most: Some(2), ..Match::default() };
        let policy = policy(short, set, Then::Accept);
        let end = SessionEnd { policy: Some(&policy), ..external(Relation::Peer) };
        let out = tell(&end, &told(), Provenance::Own).expect("told");
        assert_eq!(out.attributes.as_path, [OWN_AS, OWN_AS, OWN_AS, MICROSOFT, 12076]);
        assert_eq!((out.attributes.med, out.attributes.local_pref), (Some(30), None));
    }

    #[test]
    fn inside_the_network_med_stays_and_local_pref_is_always_told() {
        let best = changed(told(), |a| a.local_pref = None);
        let expected = Route {
            next_hop: NextHop::Router(router()),
            ..changed(told(), |a| a.local_pref = Some(100))
        };
        assert_eq!(tell(&internal(), &best, Provenance::External), Ok(expected));
    }

    #[test]
    fn the_next_hop_inside_is_the_border_router_or_its_neighbour() {
        let neighbor = NextHop::Neighbor(session());
        let learned = Route { next_hop: neighbor, ..told() };
        let unchanged = NextHopRule::Unchanged(router());
        let next_hop = |route: &Route, rule| {
            internal().export(route, (Provenance::External, FROM), rule).map(|told| told.next_hop)
        };
        assert_eq!(next_hop(&learned, SELF()), Ok(NextHop::Router(router())));
        assert_eq!(next_hop(&learned, unchanged), Ok(neighbor));
        assert_eq!(next_hop(&told(), unchanged), Ok(NextHop::Router(router())), "its own route");
    }

    #[test]
    fn nothing_goes_back_where_it_came_from_nor_from_inside_to_inside() {
        let end = external(Relation::Customer);
        assert_eq!(tell(&end, &told(), Provenance::SameSession), Err(Refused::SplitHorizon));
        assert_eq!(tell(&internal(), &told(), Provenance::SameSession), Err(Refused::SplitHorizon));
        assert_eq!(
            tell(&internal(), &told(), Provenance::Internal),
            Err(Refused::InternalToInternal)
        );
        assert!(tell(&end, &told(), Provenance::Internal).is_ok());
        assert!(tell(&end, &told(), Provenance::External).is_ok());
    }

    #[test]
    fn no_export_stays_inside_and_no_advertise_stays_here() {
        let with = |community| changed(told(), |a| a.add_community(community));
        let (kept, silent) = (with(Community::NO_EXPORT), with(Community::NO_ADVERTISE));
        let outside = external(Relation::Customer);
        assert_eq!(tell(&outside, &kept, Provenance::Own), Err(Refused::NoExport));
        assert!(tell(&internal(), &kept, Provenance::Own).is_ok());
        assert_eq!(tell(&outside, &silent, Provenance::Own), Err(Refused::NoAdvertise));
        assert_eq!(tell(&internal(), &silent, Provenance::Own), Err(Refused::NoAdvertise));
    }

    #[test]
    fn an_export_policy_may_tell_the_neighbour_not_to_export() {
        let set = Set { add: vec![Community::NO_EXPORT], ..Set::default() };
        let policy = policy(Match::default(), set, Then::Accept);
        let end = SessionEnd { policy: Some(&policy), ..external(Relation::Peer) };
        let out = tell(&end, &told(), Provenance::Own).expect("told");
        assert!(out.attributes.has_community(Community::NO_EXPORT));
    }

    #[test]
    fn a_peers_route_goes_to_customers_only_also_after_it_crossed_the_network() {
        let taken = external(Relation::Peer).import(&told()).expect("taken");
        let inside = tell(&internal(), &taken, Provenance::External).expect("told");
        let across = internal().import(&inside).expect("taken");
        assert_eq!(across.learned, Learned::Peer);
        for relation in [Relation::Peer, Relation::Provider] {
            let refused = tell(&external(relation), &across, Provenance::Internal);
            assert_eq!(refused, Err(Refused::Relation));
        }
        assert!(tell(&external(Relation::Customer), &across, Provenance::Internal).is_ok());
    }
}
