//! bgpsim on the workload.

use bgpsim::event::BasicEventQueue;
use bgpsim::interactive::InteractiveNetwork;
use bgpsim::network::Network;
use bgpsim::ospf::global::GlobalOspf;
use bgpsim::types::{NetworkError, RouterId, SimplePrefix};

use crate::zoo::Map;

/// Its network: prefixes that do not overlap, one queue first in, first out, and an IGP that is
/// computed at once.
type Net = Network<SimplePrefix, BasicEventQueue<SimplePrefix>, GlobalOspf>;

/// A map as a network of bgpsim.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    net: Net,
    routers: Vec<RouterId>,
    /// The neighbours, AS 100 and AS 200.
    outside: [RouterId; 2],
}

impl Peer {
    /// Everything but prefixes.
    pub(crate) fn build(map: &Map) -> Result<Self, NetworkError> {
        let mut net = Net::default();
        net.set_msg_limit(None);
        let routers: Vec<_> =
            (0..map.nodes).map(|node| net.add_router(format!("r{node}"), 65000)).collect();
        let outside = [net.add_router("as-100", 100), net.add_router("as-200", 200)];
        let borders = [(outside[0], routers[0]), (outside[1], routers[map.far])];
        let inner = map.links.iter().map(|&(a, b)| (routers[a], routers[b]));
        net.add_links_from(inner.clone().chain(borders))?;
        net.set_link_weights_from(inner.enumerate().flat_map(|(place, (a, b))| {
            let metric = f64::from(Map::metric(place));
            [(a, b, metric), (b, a, metric)]
        }))?;
        let [first, second] = map.reflectors.map(|node| routers[node]);
        let clients = routers.iter().filter(|router| ![first, second].contains(router));
        let reflected = clients
            .flat_map(|client| [(first, *client, Some(true)), (second, *client, Some(true))]);
        let peers = [(first, second, Some(false))];
        let external = borders.map(|(out, border)| (out, border, Some(false)));
        net.set_bgp_session_from(peers.into_iter().chain(reflected).chain(external))?;
        Ok(Self { net, routers, outside })
    }

    /// Both neighbours announce so many prefixes, each with a path of two ASes, and all settles.
    pub(crate) fn announce(&mut self, prefixes: u32) -> Result<(), NetworkError> {
        self.net.manual_simulation();
        for prefix in (0..prefixes).map(SimplePrefix::from) {
            for router in self.outside {
                // Its own AS comes before that of its customer.
                self.net.advertise_route(router, prefix, [300_u32], None, [])?;
            }
        }
        self.net.simulate()?;
        self.net.auto_simulation();
        Ok(())
    }

    /// The link between two nodes is lost, and all settles.
    pub(crate) fn cut(&mut self, (a, b): (usize, usize)) -> Result<(), NetworkError> {
        self.net.remove_link(self.routers[a], self.routers[b])
    }

    /// Routers spread traffic over equally short paths from now on, as those of pnilab do. This
    /// changes no message.
    pub(crate) fn spread(&mut self) -> Result<(), NetworkError> {
        for router in &self.routers {
            self.net.set_load_balancing(*router, true)?;
        }
        Ok(())
    }

    /// The paths of nodes from this one to where they leave the network; none if it is cut off.
    pub(crate) fn paths(&self, from: usize) -> Vec<Vec<usize>> {
        let mut state = self.net.get_forwarding_state();
        let paths = state.get_paths(self.routers[from], SimplePrefix::from(0)).unwrap_or_default();
        let inside = |path: Vec<RouterId>| {
            let nodes = path.into_iter().map(|router| router.index());
            nodes.filter(|index| *index < self.routers.len()).collect()
        };
        paths.into_iter().map(inside).collect()
    }
}
