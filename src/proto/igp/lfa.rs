//! Loop-free alternates (RFC 5286): neighbours that can take over traffic at once when a link is
//! lost, because their own shortest paths do not lead back.
//!
//! # Departures
//! * An alternate protects against the loss of one link, or of the router behind it where it can; it
//!   does not know which other links share its risks (RFC 5286 §3.6 leaves that open).
//! * Remote LFA and TI-LFA, which need tunnels, are not modelled.

use std::collections::{BTreeMap, BTreeSet};

use super::spf::{Edge, Paths, spf};
use crate::ids::{LagId, RouterId};

/// The links by which `root` may send on what it has for a destination when its only shortest way
/// there is lost, the best first; destinations without an alternate are absent.
///
/// Those that avoid the next router on the shortest path come first (node protection, RFC 5286
/// §3.2), then those of shorter paths, then those of a lower `rank`. Routers that are `overloaded` take nothing but
/// what is for themselves (§3.5).
#[must_use]
pub fn alternates(
    root: RouterId,
    edges: &[Edge],
    overloaded: &BTreeSet<RouterId>,
    rank: impl Fn(LagId) -> u64,
) -> BTreeMap<RouterId, Vec<LagId>> {
    let own = spf(root, edges);
    let links: Vec<(LagId, RouterId, u64)> = edges.iter().filter_map(|e| way(root, e)).collect();
    let neighbors: BTreeMap<RouterId, Paths> =
        links.iter().map(|(_, neighbor, _)| (*neighbor, spf(*neighbor, edges))).collect();
    let distance = |from: RouterId, to: RouterId| Some(neighbors[&from].get(to)?.distance);
    let mut found = BTreeMap::new();
    for (to, reach) in own.iter() {
        let [primary] = *reach.first_hops else { continue };
        let Some((_, next, _)) = links.iter().find(|(link, ..)| *link == primary) else { continue };
        let candidate = |(link, by, metric): &(LagId, RouterId, u64)| {
            let through = distance(*by, to)?;
            let loop_free = through < distance(*by, root)? + reach.distance;
            let takes = !overloaded.contains(by) || *by == to;
            let around =
                |rest: u64| through < distance(*by, *next).unwrap_or(u64::MAX - rest) + rest;
            let avoids_next = *next != to && by != next && around(distance(*next, to)?);
            let key = (!avoids_next, metric + through, rank(*link));
            (*link != primary && loop_free && takes).then_some((key, *link))
        };
        let mut candidates: Vec<_> = links.iter().filter_map(candidate).collect();
        candidates.sort_unstable();
        if !candidates.is_empty() {
            found.insert(to, candidates.into_iter().map(|(_, link)| link).collect());
        }
    }
    found
}

/// An edge as a way out of `root`: the link, whom it leads to, the metric in that direction.
fn way(root: RouterId, edge: &Edge) -> Option<(LagId, RouterId, u64)> {
    let place = edge.ends.iter().position(|end| *end == root)?;
    Some((edge.link, edge.ends[1 - place], u64::from(edge.metrics[place])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Id;
    use crate::rng::Draws;

    fn r(index: usize) -> RouterId {
        RouterId::from_index(index)
    }

    fn edge(link: usize, a: usize, b: usize, metric: u32) -> Edge {
        Edge { link: LagId::from_index(link), ends: [r(a), r(b)], metrics: [metric; 2] }
    }

    /// The alternates of router 0 towards `to`.
    fn of(edges: &[Edge], to: usize) -> Vec<usize> {
        let all = alternates(r(0), edges, &BTreeSet::new(), |link| link.index() as u64);
        all.get(&r(to)).map_or(Vec::new(), |links| links.iter().map(|l| l.index()).collect())
    }

    #[test]
    fn a_triangle_protects_each_of_its_sides() {
        let edges = [edge(0, 0, 1, 10), edge(1, 0, 2, 10), edge(2, 1, 2, 10)];
        assert_eq!(of(&edges, 1), [1]);
        assert_eq!(of(&edges, 2), [0]);
    }

    #[test]
    fn a_square_protects_nothing_next_to_it_and_what_lies_across_is_ecmp() {
        // From 3, both ways to 1 cost the same: sent there, half of it would come back.
        let edges = [edge(0, 0, 1, 10), edge(1, 1, 2, 10), edge(2, 2, 3, 10), edge(3, 3, 0, 10)];
        assert_eq!(of(&edges, 1), [0; 0]);
        assert_eq!(of(&edges, 2), [0; 0], "two shortest ways protect each other");
    }

    #[test]
    fn a_second_link_to_the_same_router_protects_the_link_alone() {
        let edges = [
            edge(0, 0, 1, 10),
            edge(1, 0, 1, 30),
            edge(2, 0, 2, 50),
            edge(3, 2, 3, 5),
            edge(4, 1, 3, 10),
        ];
        // To 3: over 1 at 20. Around 1: 2 has 5 to 3, less than 15 to 1 and 10 on.
        assert_eq!(of(&edges, 3), [2, 1], "the one that avoids router 1 first, though longer");
        assert_eq!(of(&edges, 1), [1, 2]);
    }

    #[test]
    fn an_overloaded_neighbor_takes_only_what_is_its_own() {
        let edges = [edge(0, 0, 1, 10), edge(1, 0, 2, 30), edge(2, 1, 2, 10)];
        let shunned = BTreeSet::from([r(2)]);
        let all = alternates(r(0), &edges, &shunned, |_| 0);
        assert_eq!(all.keys().copied().collect::<Vec<_>>(), [r(2)]);
    }

    #[test]
    fn what_is_sent_to_an_alternate_never_comes_back_over_the_lost_link() {
        let mut protected = 0;
        for seed in 0..300 {
            let draws = Draws::new(seed, "lfa");
            let draw = |n: usize, bound: u64| {
                usize::try_from(draws.index_below(n as u64, bound)).expect("small")
            };
            let (routers, links) = (3 + draw(0, 4), 3 + draw(1, 8));
            let edges: Vec<Edge> = (0..links)
                .map(|link| {
                    let a = draw(10 * (link + 1), routers as u64);
                    let b = (a + 1 + draw(10 * (link + 1) + 1, routers as u64 - 1)) % routers;
                    let metric = u32::try_from(1 + draw(10 * (link + 1) + 2, 5)).expect("small");
                    edge(link, a, b, metric)
                })
                .collect();
            let all = alternates(r(0), &edges, &BTreeSet::new(), |link| link.index() as u64);
            for (to, ways) in all {
                for link in ways {
                    let by = edges.iter().find_map(|e| way(r(0), e).filter(|w| w.0 == link));
                    let (_, by, _) = by.expect("a link of router 0");
                    // Everybody goes on along all shortest paths, as before the loss.
                    let (mut seen, mut next) = (BTreeSet::new(), vec![by]);
                    while let Some(at) = next.pop() {
                        assert_ne!(at, r(0), "seed {seed}: it comes back");
                        if at == to || !seen.insert(at) {
                            continue;
                        }
                        for hop in spf(at, &edges).get(to).expect("it is reached").first_hops {
                            let onward =
                                edges.iter().find_map(|e| way(at, e).filter(|w| w.0 == *hop));
                            next.push(onward.expect("a first hop is a link of its router").1);
                        }
                    }
                    protected += 1;
                }
            }
        }
        assert!(protected > 200, "alternates were tried: {protected}");
    }
}
