//! Routers that share what they have find what they would find alone.

use std::net::{IpAddr, Ipv4Addr};

use super::*;
use crate::ids::{GroupId, Id};
use crate::proto::bgp::advertise::Route;
use crate::proto::bgp::attrs::Attributes;
use crate::proto::bgp::decision::Multipath;
use crate::proto::bgp::rib::blocks::runs;
use crate::proto::bgp::rib::bundle::Told;
use crate::proto::bgp::rib::{PathId, Peer};
use crate::rng::Draws;

const GROUPS: usize = 70;

/// Clients of three reflectors.
fn clients(count: usize) -> Vec<Rib> {
    let peer = |n: u8| {
        let router_id = Ipv4Addr::new(192, 0, 2, n);
        let (address, external) = (IpAddr::V4(router_id), false);
        Peer { external, router_id, address, client: false, long_lived: false }
    };
    let limits = Multipath { ebgp: 1, ibgp: 2, relax: false };
    vec![Rib::new(64500, limits, (0..3).map(peer).collect(), GROUPS); count]
}

fn group_ids() -> Vec<GroupId> {
    (0..GROUPS).map(GroupId::from_index).collect()
}

/// What a reflector tells at once: of most groups a route by one of few routers, or none.
fn bundles(draws: &Draws, n: u64) -> Vec<Arc<Bundle>> {
    let draw =
        |group: GroupId, below: u64| draws.index_below(n * 1_000 + group.index() as u64, below);
    let told = |group: GroupId| -> Option<Told> {
        let route = match draw(group, 8) {
            0 => return None,
            1 => None,
            way => {
                let mut route = Route::originated(Attributes::originated());
                route.next_hop =
                    NextHop::Router(RouterId::from_index(usize::try_from(way % 3).unwrap_or(0)));
                Some(Arc::new(route))
            }
        };
        Some((group, PathId::default(), route))
    };
    Bundle::all(group_ids().into_iter().filter_map(told).collect())
}

/// How far the routers that are next hops are from a client.
fn metric(draws: &Draws, client: usize, next_hop: NextHop) -> Option<u64> {
    let NextHop::Router(to) = next_hop else { return None };
    let at = (client % 4) * 10 + to.index();
    draws.index_below(at as u64, 4).checked_sub(1)
}

fn learn_alone(rib: &mut Rib, slot: Slot, bundle: &Bundle) -> Groups {
    let news = |(group, path, route): &Told| {
        let news = rib.learn(*group, slot, *path, route.clone());
        Groups::from(news) << super::super::blocks::place(*group).1
    };
    bundle.told().iter().map(news).fold(0, |all, one| all | one)
}

#[test]
fn sharing_changes_no_route_whatever_comes_in_which_order() {
    for seed in 0..20 {
        let draws = Draws::new(seed, "alike");
        let distances = Draws::new(seed, "distances");
        let (mut shared, mut alone) = (clients(9), clients(9));
        let mut alike = Alike::default();
        for round in 0..4 {
            let told: Vec<_> = (0..3).map(|n| bundles(&draws, round * 3 + n)).collect();
            for client in 0..shared.len() {
                for turn in 0..3 {
                    let at = (client / 3 + turn) % 3;
                    let slot = Slot::from_index(at);
                    for bundle in &told[at] {
                        let news = shared[client].learn_all(slot, bundle, &mut alike);
                        assert_eq!(news, learn_alone(&mut alone[client], slot, bundle));
                    }
                    for (block, groups) in runs(&group_ids()) {
                        let far = |next_hop| metric(&distances, client, next_hop);
                        let changes = shared[client].decide_all((block, groups), far, &mut alike);
                        let mut wanted = Changes::default();
                        for (group, place) in members(block, groups) {
                            let far = |_, route: &Route| far(route.next_hop);
                            wanted.note(place, alone[client].decide(group, far));
                        }
                        assert_eq!(changes, wanted);
                    }
                    assert_eq!(shared[client], alone[client]);
                }
            }
        }
    }
}

#[test]
fn clients_that_hear_and_see_the_same_hold_one_table() {
    let draws = Draws::new(1, "alike");
    let mut ribs = clients(3);
    let mut alike = Alike::default();
    let told = bundles(&draws, 0);
    let block = told[0].block();
    for (client, rib) in ribs.iter_mut().enumerate() {
        rib.learn_all(Slot::from_index(0), &told[0], &mut alike);
        // The last one reaches nothing.
        let far = |_| (client < 2).then_some(7);
        rib.decide_all((block, Groups::MAX), far, &mut alike);
    }
    let same = |a: usize, b: usize| {
        let heard = Arc::ptr_eq(ribs[a].heard.block(block), ribs[b].heard.block(block));
        (heard, Arc::ptr_eq(&ribs[a].best_of(block), &ribs[b].best_of(block)))
    };
    assert_eq!([same(0, 1), same(0, 2)], [(true, true), (true, false)]);
    let ways: Vec<_> = ribs.iter().map(|rib| rib.ways(block, &mut alike)).collect();
    assert!(Arc::ptr_eq(&ways[0], &ways[1]) && ways[2].iter().all(Option::is_none));
}
