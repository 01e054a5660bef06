//! The maps of the Internet Topology Zoo carry the workload that `topologies/zoo/make.py` tells.

use std::collections::BTreeMap;
use std::path::Path;

use pnilab::ids::{Id, RouterId};
use pnilab::input;
use pnilab::model;
use pnilab::model::topology::{LagKind, Topology};

/// Each map with its nodes and links.
const MAPS: [(&str, usize, usize); 4] =
    [("abilene", 11, 14), ("geant2012", 40, 61), ("cogentco", 197, 243), ("kdl", 754, 895)];

/// A map as a graph of indices, in the order of the file.
struct Map {
    topology: Topology,
    /// The ends of each link and its metric both ways.
    links: Vec<([usize; 2], [u32; 2])>,
    nodes: usize,
}

impl Map {
    fn load(name: &str) -> Self {
        let source = input::open(Path::new(&format!("topologies/zoo/{name}.yaml")));
        let (topology, _) = model::load_topology(&source.expect("the map is there")).expect(name);
        let network = topology.networks.iter_ids().find(|(_, n)| n.asn == 65000).expect("it").0;
        let nodes = topology.routers.iter().filter(|r| r.network == network).count();
        let links = topology.lags.iter().filter(|lag| matches!(lag.kind, LagKind::Link));
        let links = links.map(|lag| {
            let ends = lag.ends.each_ref();
            (ends.map(|end| end.router.index()), ends.map(|end| end.metric))
        });
        let links = links.collect();
        Self { topology, links, nodes }
    }

    /// How many links each node is away from node 0.
    fn hops(&self) -> BTreeMap<usize, usize> {
        let mut hops = BTreeMap::from([(0, 0)]);
        for far in 0..self.nodes {
            for ([a, b], _) in &self.links {
                for (from, to) in [(a, b), (b, a)] {
                    if hops.get(from) == Some(&far) {
                        hops.entry(*to).or_insert(far + 1);
                    }
                }
            }
        }
        hops
    }

    /// The router of the map that the neighbour with this AS number is at.
    fn at(&self, asn: u32) -> usize {
        let asn_of =
            |router: RouterId| self.topology.networks[self.topology.routers[router].network].asn;
        let mut at = self.topology.lags.iter().filter_map(|lag| {
            let [near, far] = lag.ends.each_ref().map(|end| end.router);
            (asn_of(near) == 65000 && asn_of(far) == asn).then_some(near.index())
        });
        let found = at.next().expect("there is a neighbour");
        assert_eq!(at.next(), None, "one session each");
        found
    }
}

#[test]
fn links_come_in_order_and_have_the_metrics_of_their_places() {
    for (name, nodes, links) in MAPS {
        let map = Map::load(name);
        assert_eq!((map.nodes, map.links.len()), (nodes, links), "{name}");
        let ends: Vec<_> = map.links.iter().map(|(ends, _)| *ends).collect();
        assert!(ends.is_sorted_by(|a, b| a < b), "{name}: each pair once, in order");
        assert!(ends.iter().all(|[a, b]| a < b), "{name}");
        for (k, (_, metrics)) in (0..).zip(&map.links) {
            assert_eq!(*metrics, [10 + 7 * k % 11; 2], "{name}, link {k}");
        }
    }
}

#[test]
fn neighbours_are_as_far_apart_as_they_can_be() {
    for (name, nodes, _) in MAPS {
        let map = Map::load(name);
        let hops = map.hops();
        assert_eq!(hops.len(), nodes, "{name}: all is connected");
        assert_eq!(map.at(100), 0, "{name}");
        let greatest = hops.values().max().expect("there are nodes");
        let farthest = hops.iter().find(|(_, hops)| *hops == greatest).expect("one of them");
        assert_eq!(map.at(200), *farthest.0, "{name}: of equals the first");
    }
}

#[test]
fn those_with_most_links_reflect() {
    for (name, nodes, _) in MAPS {
        let map = Map::load(name);
        let degree =
            |node: usize| map.links.iter().filter(|(ends, _)| ends.contains(&node)).count();
        let mut by_degree: Vec<usize> = (0..nodes).collect();
        by_degree.sort_by_key(|node| std::cmp::Reverse(degree(*node)));
        let reflects =
            |node: &usize| map.topology.routers[RouterId::from_index(*node)].cluster_id.is_some();
        let mut first = by_degree[..2].to_vec();
        first.sort_unstable();
        assert_eq!((0..nodes).filter(reflects).collect::<Vec<_>>(), first, "{name}");
        // Two with each other, and both with each of the others; four outside.
        assert_eq!(map.topology.sessions.len(), 1 + 2 * (nodes - 2) + 4, "{name}");
    }
}
