//! What the data plane needs to know of a design.

use std::collections::BTreeSet;

use super::tables::{Names, Shaping, WHOLE};
use super::traffic::DemandSpec;
use crate::ids::{DemandId, GroupId, IdVec, LagId, MetroId, PrefixId};
use crate::model::topology::{Lag, LagEnd, LagKind, Topology};
use crate::rng::Draws;
use crate::units::Share;

/// A demand; its flows are drawn from the seed.
#[must_use]
pub fn demand(
    topology: &Topology,
    (seed, id): (u64, DemandId),
    group_of: &IdVec<PrefixId, GroupId>,
) -> DemandSpec {
    let demand = &topology.demands[id];
    let hash = |n: u32| Draws::new(seed, &format!("flow/{}", demand.name)).bits(u64::from(n));
    let parts = |share: Share| WHOLE / Share::ONE.as_ppb() * share.as_ppb();
    DemandSpec {
        sources: demand.at.iter().map(|(router, share)| (*router, parts(*share))).collect(),
        groups: [group_of[demand.to], group_of[demand.from]],
        rates: [demand.rate, demand.return_rate],
        class: demand.class,
        drop_after: topology.classes[demand.class].drop_after,
        flows: demand.flows,
        flow_hashes: demand.flows.map_or(Vec::new(), |f| (0..f.count).map(hash).collect()),
        local: demand.metro.map_or(Vec::new(), |metro| local_pnis(topology, metro)),
    }
}

/// LAGs inside one network.
#[must_use]
pub fn links(topology: &Topology) -> BTreeSet<LagId> {
    let all = topology.lags.iter_ids().filter(|(_, lag)| lag.kind == LagKind::Link);
    all.map(|(id, _)| id).collect()
}

/// What a LAG end does with what it carries.
#[must_use]
pub fn shaping(end: &LagEnd) -> Shaping {
    Shaping {
        police_in: end.police_in,
        police_out: end.police_out,
        priority: end.strict_priority.clone(),
    }
}

/// The names of a design as numbers, the same in every run.
#[must_use]
pub fn names(topology: &Topology) -> Names {
    Names {
        routers: topology.routers.iter().map(|r| number("router", &r.name)).collect(),
        lags: topology.lags.iter().map(|lag| number("lag", &lag.name)).collect(),
        circuits: topology.circuits.iter().map(|c| number("circuit", &c.name)).collect(),
    }
}

fn number(kind: &str, name: &str) -> u64 {
    Draws::new(0, &format!("name/{kind}/{name}")).bits(0)
}

/// PNIs with both ends in a metro.
fn local_pnis(topology: &Topology, metro: MetroId) -> Vec<LagId> {
    let local = |(_, lag): &(LagId, &Lag)| {
        lag.kind != LagKind::Link
            && lag.ends.iter().all(|end| topology.router_metro(end.router) == metro)
    };
    topology.lags.iter_ids().filter(local).map(|(id, _)| id).collect()
}
