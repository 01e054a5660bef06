//! What a neighbour is told of several groups at once.

use std::net::Ipv4Addr;
use std::sync::Arc;

use super::blocks::{Groups, members, place};
use super::{PathId, Rib, Slot, Via};
use crate::ids::{BlockId, GroupId};
use crate::proto::bgp::advertise::Route;

/// What is told of a group and path: a route, or none.
pub type Told = (GroupId, PathId, Option<Arc<Route>>);

/// What is told of groups of one block, in order of group.
#[derive(Debug, PartialEq)]
pub struct Bundle {
    block: BlockId,
    told: Vec<Told>,
    /// What routers inside a network may refuse routes for, each once: who brought them in, which
    /// clusters and which networks they have passed.
    originators: Vec<Ipv4Addr>,
    clusters: Vec<Ipv4Addr>,
    networks: Vec<u32>,
}

impl Bundle {
    /// All that is told, in order of group, in bundles.
    #[must_use]
    pub fn all(told: Vec<Told>) -> Vec<Arc<Self>> {
        let mut bundles: Vec<Vec<Told>> = Vec::new();
        for one in told {
            let block = place(one.0).0;
            match bundles.last_mut() {
                Some(last) if place(last[0].0).0 == block => last.push(one),
                Some(_) | None => bundles.push(vec![one]),
            }
        }
        bundles.into_iter().map(|told| Arc::new(Self::of(told))).collect()
    }

    /// What is told of groups of one block; not nothing.
    fn of(told: Vec<Told>) -> Self {
        let (mut originators, mut clusters, mut networks) = (Vec::new(), Vec::new(), Vec::new());
        for attributes in told.iter().filter_map(|(.., route)| Some(&route.as_ref()?.attributes)) {
            originators.extend(attributes.originator_id);
            clusters.extend_from_slice(&attributes.cluster_list);
            networks.extend_from_slice(&attributes.as_path);
        }
        for ids in [&mut originators, &mut clusters] {
            ids.sort_unstable();
            ids.dedup();
        }
        networks.sort_unstable();
        networks.dedup();
        Self { block: place(told[0].0).0, told, originators, clusters, networks }
    }

    /// The block of its groups.
    #[must_use]
    pub const fn block(&self) -> BlockId {
        self.block
    }

    /// What is told.
    #[must_use]
    pub fn told(&self) -> &[Told] {
        &self.told
    }

    /// Whether a router that hears of it inside its network, without a policy, takes all routes as
    /// they are: none is a loop (RFC 4271 §9.1.2, RFC 4456 §8).
    #[must_use]
    pub fn is_taken_whole(&self, own_as: u32, own_id: Ipv4Addr, cluster: Option<Ipv4Addr>) -> bool {
        self.networks.binary_search(&own_as).is_err()
            && self.originators.binary_search(&own_id).is_err()
            && cluster.is_none_or(|cluster| self.clusters.binary_search(&cluster).is_err())
    }
}

impl Rib {
    /// The groups of a block whose best routes came from each neighbour.
    #[must_use]
    pub fn sources(&self, block: BlockId) -> Vec<(Slot, Groups)> {
        let mut sources: Vec<(Slot, Groups)> = Vec::new();
        for (at, best) in self.best.block(block).iter().enumerate() {
            let Some(Via::Session(slot)) = best.as_ref().map(|best| best.via) else { continue };
            match sources.binary_search_by_key(&slot, |(slot, _)| *slot) {
                Ok(place) => sources[place].1 |= 1 << at,
                Err(place) => sources.insert(place, (slot, 1 << at)),
            }
        }
        sources
    }

    /// Whether no neighbour was told a route to a group of a block.
    #[must_use]
    pub fn tells_nothing(&self, block: BlockId) -> bool {
        self.told.block(block).iter().all(|row| row.0.is_empty())
    }

    /// A route to tell, or the equal one that a neighbour has been told already.
    #[must_use]
    pub fn as_told(&self, group: GroupId, route: Route) -> Arc<Route> {
        let known = self.told[group].0.iter().find(|told| *told.route == route);
        known.map_or_else(|| Arc::new(route), |told| Arc::clone(&told.route))
    }

    /// Notes what a neighbour that takes one route a group should know now of these: those that are
    /// `wanted`, by place in the block. Gives the groups of which it must be told a route, and those
    /// of which it must be told that there is none; with `only_withdrawals`, what is new waits.
    pub fn tell_all(
        &mut self,
        (block, groups): (BlockId, Groups),
        slot: Slot,
        wanted: &[Option<Arc<Route>>],
        only_withdrawals: bool,
    ) -> [Groups; 2] {
        let rows = self.told.block(block);
        let (mut new, mut gone): (Groups, Groups) = (0, 0);
        for (_, at) in members(block, groups) {
            let known = rows[at].0.iter().find(|told| told.to.has(slot)).map(|told| &told.route);
            match &wanted[at] {
                None if known.is_some() => gone |= 1 << at,
                Some(_) if known != wanted[at].as_ref() && !only_withdrawals => new |= 1 << at,
                Some(_) | None => {}
            }
        }
        if new | gone != 0 {
            let rows = self.told.edit_block(block);
            for (_, at) in members(block, new | gone) {
                rows[at].forget(slot, None);
                if let Some(route) = wanted[at].as_ref().filter(|_| new >> at & 1 == 1) {
                    rows[at].note(slot, PathId::default(), Arc::clone(route));
                }
            }
        }
        [new, gone]
    }
}
