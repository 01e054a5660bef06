//! The workload: what `topologies/zoo/make.py` makes of a map, worked out from the copy of the map
//! that bgpsim ships.

use std::collections::BTreeSet;

use bgpsim::event::BasicEventQueue;
use bgpsim::ospf::global::GlobalOspf;
use bgpsim::topology_zoo::TopologyZoo;
use bgpsim::types::SimplePrefix;
use serde::{Deserialize, Serialize};

/// Maps by name of their design in `topologies/zoo`, smallest first.
pub(crate) const MAPS: [(&str, TopologyZoo); 4] = [
    ("abilene", TopologyZoo::Abilene),
    ("geant2012", TopologyZoo::Geant2012),
    ("cogentco", TopologyZoo::Cogentco),
    ("kdl", TopologyZoo::Kdl),
];

/// A map, its nodes as indices in the order of the file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Map {
    /// Name of the design.
    pub(crate) name: String,
    /// How many nodes.
    pub(crate) nodes: usize,
    /// The lower and the higher end of each link, sorted.
    pub(crate) links: Vec<(usize, usize)>,
    /// The node of AS 200; that of AS 100 is node 0.
    pub(crate) far: usize,
    /// The two nodes that reflect.
    pub(crate) reflectors: [usize; 2],
}

impl Map {
    pub(crate) fn new(name: &str, zoo: TopologyZoo) -> Self {
        let net = zoo.build::<_, _, GlobalOspf>(BasicEventQueue::<SimplePrefix>::new(), 65000, 1);
        let nodes = net.num_routers();
        let ends = net.ospf_network().edges().map(|edge| (edge.src().index(), edge.dst().index()));
        let ends = ends.map(|(a, b)| (a.min(b), a.max(b)));
        let links: BTreeSet<_> = ends.filter(|(a, b)| a != b).collect();
        let links: Vec<_> = links.into_iter().collect();
        let mut by_degree: Vec<usize> = (0..nodes).collect();
        let degree = |node: usize| links.iter().filter(|(a, b)| *a == node || *b == node).count();
        by_degree.sort_by_key(|node| std::cmp::Reverse(degree(*node)));
        let far = farthest(nodes, &links);
        let reflectors = [by_degree[0], by_degree[1]];
        Self { name: name.to_owned(), nodes, far, reflectors, links }
    }

    /// Metric of the link at this place, both ways.
    pub(crate) fn metric(place: usize) -> u32 {
        10 + u32::try_from(7 * place % 11).expect("below 11")
    }

    /// Places of links spread over the list.
    pub(crate) fn spread(&self, count: usize) -> Vec<usize> {
        let count = count.min(self.links.len());
        (0..count).map(|n| n * self.links.len() / count).collect()
    }
}

/// The node with most hops from node 0, of equals the first.
fn farthest(nodes: usize, links: &[(usize, usize)]) -> usize {
    let mut hops = vec![usize::MAX; nodes];
    hops[0] = 0;
    for round in 0..nodes {
        for &(a, b) in links {
            for (from, to) in [(a, b), (b, a)] {
                if hops[from] == round && hops[to] == usize::MAX {
                    hops[to] = round + 1;
                }
            }
        }
    }
    let most = hops.iter().max().expect("a map has nodes");
    hops.iter().position(|hops| hops == most).expect("the most is there")
}
