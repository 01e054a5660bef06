//! What the routes of one router become.

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
