//! Route reflection (RFC 4456): who reflects to whom, and which sessions that takes.

use std::collections::{BTreeMap, BTreeSet};

use super::Resolver;
use super::sessions::mesh;
use crate::diag::Code;
use crate::ids::{Id, NetworkId, RouterId};
use crate::input::sp::{OneOrMore, Sp};
use crate::model::raw::topology::{RawIbgp, RawIbgpMode};

/// A session to be: its ends, and whether the other end is a client of each.
pub(super) type Pair = ([RouterId; 2], [bool; 2]);

/// Who reflects to whom, in all networks.
#[derive(Debug, Default)]
pub(super) struct Reflection {
    /// Clients of each reflector.
    clients: BTreeMap<RouterId, BTreeSet<RouterId>>,
}

impl Reflection {
    /// Sessions between reflectors and their clients, and between all that are nobody's clients;
    /// `routers` are those of one network, sorted by name.
    pub(super) fn pairs(&self, routers: &[RouterId]) -> Vec<Pair> {
        let place: BTreeMap<RouterId, usize> = routers.iter().copied().zip(0..).collect();
        let all_clients: BTreeSet<RouterId> = self.clients.values().flatten().copied().collect();
        let outside = routers.iter().copied().filter(|router| !all_clients.contains(router));
        let mut pairs: BTreeMap<[RouterId; 2], [bool; 2]> =
            mesh(&outside.collect::<Vec<_>>()).into_iter().collect();
        for (reflector, clients) in &self.clients {
            for client in clients.iter().filter(|_| place.contains_key(reflector)) {
                if place[reflector] < place[client] {
                    pairs.entry([*reflector, *client]).or_default()[0] = true;
                } else {
                    pairs.entry([*client, *reflector]).or_default()[1] = true;
                }
            }
        }
        pairs.into_iter().collect()
    }
}

impl Resolver<'_> {
    /// Reads who reflects to whom; routers must be known.
    pub(super) fn reflections(&mut self) {
        let raw = self.raw;
        for (index, (name, network)) in raw.networks.iter().enumerate() {
            let Some(ibgp) = &network.ibgp else { continue };
            let id = NetworkId::from_index(index);
            let reflects = matches!(ibgp.mode.as_deref(), Some(RawIbgpMode::Reflection));
            if reflects {
                self.reflection_of(id, name, ibgp);
                continue;
            }
            let first = ibgp.reflectors.first().map(|name| name.span);
            let first = first.or_else(|| ibgp.clusters.first().map(|(name, _)| name.span));
            if let Some(span) = first {
                let message = "routers reflect only with `mode: reflection`";
                self.report.hinted(span, Code::MissingKey, message, "write `mode: reflection`");
            }
        }
    }

    fn reflection_of(&mut self, network: NetworkId, name: &Sp<String>, ibgp: &Sp<RawIbgp>) {
        if ibgp.reflectors.is_empty() && ibgp.clusters.is_empty() {
            let message = format!("`{}` reflects routes and names no reflector", **name);
            let hint = "write `reflectors: [ROUTER]`, or `clusters:`";
            self.report.hinted(ibgp.span, Code::MissingKey, message, hint);
        }
        let all: Vec<RouterId> = self.members(&ibgp.reflectors, network);
        for reflector in &all {
            self.topology.routers[*reflector].cluster_id =
                Some(self.topology.routers[*reflector].router_id);
            let others = self.topology.routers.iter_ids().filter(|(_, r)| r.network == network);
            let clients = others.map(|(id, _)| id).filter(|id| !all.contains(id)).collect();
            self.reflection.clients.insert(*reflector, clients);
        }
        for (cluster_name, cluster) in ibgp.clusters.iter() {
            self.report.check_name(cluster_name.span, cluster_name);
            let shared = cluster.cluster_id.as_ref().and_then(|text| self.report.address(text));
            let clients = self.members(&cluster.clients, network);
            for (reflector, written) in self
                .members(&cluster.reflectors, network)
                .into_iter()
                .zip(cluster.reflectors.iter())
            {
                if clients.contains(&reflector) {
                    let message = format!("`{}` cannot be its own client", **written);
                    self.report.at(written.span, Code::DeclaredTwice, message);
                }
                let own = self.topology.routers[reflector].router_id;
                self.topology.routers[reflector].cluster_id = Some(shared.unwrap_or(own));
                if self.reflection.clients.contains_key(&reflector) {
                    let message = format!("`{}` reflects in two clusters", **written);
                    let hint = "one cluster can have all of its clients";
                    self.report.hinted(written.span, Code::DeclaredTwice, message, hint);
                }
                self.reflection.clients.insert(reflector, clients.iter().copied().collect());
            }
        }
    }

    /// The routers with these names, which must belong to the network.
    fn members(&mut self, names: &OneOrMore<String>, network: NetworkId) -> Vec<RouterId> {
        let mut found = Vec::new();
        for name in names.iter() {
            let Some(router) = self.names.routers.find(name, &mut self.report) else { continue };
            if self.router_places[router.index()].0 != Some(network) {
                let message = format!("`{}` is not a router of this network", **name);
                self.report.at(name.span, Code::WrongNetwork, message);
            }
            found.push(router);
        }
        found
    }
}
