//! Shortest paths, found at once or after links are gone.

use std::collections::BTreeMap;

use super::*;
use crate::rng::Draws;

fn r(index: usize) -> RouterId {
    RouterId::from_index(index)
}

fn l(index: usize) -> LagId {
    LagId::from_index(index)
}

fn edge(link: usize, a: usize, b: usize, metrics: [u32; 2]) -> Edge {
    Edge { link: l(link), ends: [r(a), r(b)], metrics }
}

/// Distance and first links, by router.
type All = BTreeMap<RouterId, (u64, Vec<LagId>)>;

fn reach(distance: u64, first_hops: &[usize]) -> (u64, Vec<LagId>) {
    (distance, first_hops.iter().map(|hop| l(*hop)).collect())
}

fn all(root: usize, edges: &[Edge]) -> All {
    let paths = spf(r(root), edges);
    let one = |(to, reach): (RouterId, Reach<'_>)| {
        assert_eq!(paths.get(to), Some(reach));
        (to, (reach.distance, reach.first_hops.to_vec()))
    };
    paths.iter().map(one).collect()
}

#[test]
fn all_equal_cost_first_hops_are_kept() {
    // A square 0-1-3, 0-2-3 of metric 10, its last side doubled, and a long way 0-3.
    let edges = [
        edge(4, 0, 1, [10, 10]),
        edge(1, 0, 2, [10, 10]),
        edge(2, 1, 3, [10, 10]),
        edge(3, 2, 3, [10, 10]),
        edge(0, 0, 1, [10, 10]),
        edge(5, 0, 3, [21, 21]),
    ];
    let paths = all(0, &edges);
    assert_eq!(paths[&r(0)], reach(0, &[]));
    assert_eq!(paths[&r(1)], reach(10, &[0, 4]));
    assert_eq!(paths[&r(2)], reach(10, &[1]));
    assert_eq!(paths[&r(3)], reach(20, &[0, 1, 4]));
}

#[test]
fn the_metric_counts_in_the_direction_of_travel() {
    let edges = [edge(0, 0, 1, [5, 50]), edge(1, 2, 1, [7, 70])];
    assert_eq!(all(0, &edges)[&r(2)], reach(75, &[0]));
    assert_eq!(all(2, &edges)[&r(0)], reach(57, &[1]));
}

#[test]
fn what_cannot_be_reached_is_absent() {
    let edges = [edge(0, 1, 2, [1, 1])];
    assert_eq!(all(0, &edges), All::from([(r(0), reach(0, &[]))]));
    assert_eq!(all(1, &edges).get(&r(0)), None);
    assert_eq!(spf(r(1), &edges).get(r(3)), None);
}

#[test]
fn distances_do_not_overflow_a_metric() {
    let far = [u32::MAX, u32::MAX];
    let edges = [edge(0, 0, 1, far), edge(1, 1, 2, far)];
    assert_eq!(all(0, &edges)[&r(2)].0, 2 * u64::from(u32::MAX));
}

/// Walks every simple path onward from `path`'s last router and notes the best of them.
fn explore(
    edges: &[Edge],
    path: &mut Vec<RouterId>,
    (distance, first): (u64, Option<LagId>),
    best: &mut All,
) {
    let here = *path.last().expect("it starts at the root");
    let known = best.entry(here).or_insert((distance, Vec::new()));
    if distance < known.0 {
        *known = (distance, Vec::new());
    }
    if let Some(first) = first.filter(|_| distance == known.0) {
        known.1.push(first);
    }
    for edge in edges {
        for (from, to) in [(0, 1), (1, 0)] {
            if edge.ends[from] == here && !path.contains(&edge.ends[to]) {
                path.push(edge.ends[to]);
                let next = distance + u64::from(edge.metrics[from]);
                explore(edges, path, (next, Some(first.unwrap_or(edge.link))), best);
                path.pop();
            }
        }
    }
}

/// Takes each edge away and puts it back; how often that is said to change nothing, which must be
/// true.
fn without_each(edges: &[Edge], paths: &Paths) -> usize {
    let map = |edges: &[Edge]| Map::new(edges.iter().map(|edge| (*edge, edge.metrics)));
    let mut skipped = 0;
    for place in 0..edges.len() {
        let mut fewer = edges.to_vec();
        fewer.remove(place);
        let less = spf(r(0), &fewer);
        let of = |paths: &Paths, at| paths.get(at).map(|reach| reach.distance);
        let (all, fewer) = (map(edges), map(&fewer));
        for same in [
            fewer.has_paths_of(&all, r(0), |at| of(paths, at)),
            all.has_paths_of(&fewer, r(0), |at| of(&less, at)),
        ] {
            assert!(!same || less == *paths, "{edges:?} without {place}");
            skipped += usize::from(same);
        }
    }
    skipped
}

#[test]
fn random_graphs_have_the_paths_that_trying_all_of_them_finds() {
    let (mut several, mut skipped) = (0, 0);
    for seed in 0..400 {
        let draws = Draws::new(seed, "graph");
        let draw = |n: usize, bound: u64| {
            let n = u64::try_from(n).expect("small");
            usize::try_from(draws.index_below(n, bound)).expect("small")
        };
        let (routers, links) = (2 + draw(0, 5), draw(1, 10));
        // Metrics 0 to 3: many ties, and links that cost nothing.
        let metric = |n: usize| u32::try_from(draw(n, 4)).expect("small");
        let bound = u64::try_from(routers).expect("small");
        let edges: Vec<Edge> = (0..links)
            .map(|link| {
                let n = 10 * (link + 1);
                let a = draw(n, bound);
                let b = (a + 1 + draw(n + 1, bound - 1)) % routers;
                edge(link, a, b, [metric(n + 2), metric(n + 3)])
            })
            .collect();
        let mut expected = All::new();
        explore(&edges, &mut vec![r(0)], (0, None), &mut expected);
        for (_, first_hops) in expected.values_mut() {
            first_hops.sort_unstable();
            first_hops.dedup();
            several += usize::from(first_hops.len() > 1);
        }
        assert_eq!(all(0, &edges), expected, "{edges:?}");
        skipped += without_each(&edges, &spf(r(0), &edges));
        let backward: Vec<Edge> = edges.iter().rev().copied().collect();
        assert_eq!(all(0, &backward), expected, "in whatever order");
    }
    assert!(several > 100, "ties were tried: {several}");
    assert!(skipped > 400, "links that no path takes were tried: {skipped}");
}

#[test]
fn paths_after_links_are_gone_are_those_of_the_map_that_is_left() {
    for seed in 0..3_000 {
        let draws = Draws::new(seed, "gone");
        let nodes = 3 + draws.index_below(0, 9);
        let metric =
            |n| u32::try_from(draws.index_below(n, 4) + u64::from(seed % 4 > 0)).unwrap_or(1);
        let number = |n, below| usize::try_from(draws.index_below(n, below)).unwrap_or(0);
        let count = number(1, 2 * nodes) + 2;
        let seen = |n: usize| {
            let at = 10 * n as u64 + 100;
            let edge =
                edge(n, number(at, nodes), number(at + 1, nodes), [metric(at + 2), metric(at + 3)]);
            (edge, [edge.metrics[0] + metric(at + 4), edge.metrics[1] + metric(at + 5)])
        };
        let all: Vec<Seen> = (0..count).map(seen).filter(|(e, _)| e.ends[0] != e.ends[1]).collect();
        let old = Map::new(all.iter().copied());
        let stays = |(edge, _): &&Seen| draws.index_below(5_000 + edge.link.index() as u64, 4) > 0;
        let new = Map::new(all.iter().filter(stays).copied());
        for root in (0..usize::try_from(nodes).unwrap_or(0)).map(r) {
            let known = old.paths(root);
            assert_eq!(new.paths_after(root, (&old, &known)), new.paths(root), "seed {seed}");
        }
    }
}
