//! Prefixes that every router of a design treats alike.

use std::collections::BTreeMap;

use super::topology::{Family, Prefix, SessionKind, Standby, Topology};
use crate::ids::{GroupId, IdVec, LagId, NetworkId, PrefixId, RouterId};
use crate::proto::bgp::attrs::Community;
use crate::proto::bgp::rpki::Roa;

/// Prefixes that are treated alike everywhere.
#[derive(Clone, Debug)]
pub struct Group {
    /// Members, in file order; the first stands for all in policies.
    pub prefixes: Vec<PrefixId>,
    /// How many prefixes they stand for.
    pub count: u64,
    /// Address family.
    pub family: Family,
    /// Routers that originate it and where its traffic ends.
    pub served_by: Vec<RouterId>,
    /// Communities it is originated with.
    pub communities: Vec<Community>,
    /// The group of the nearest declared prefix that covers its prefixes.
    pub cover: Option<GroupId>,
}

/// Everything that may make a difference between two prefixes.
type Treatment<'a> = (
    (Family, NetworkId, &'a [RouterId], &'a [Community]),
    (&'a Option<Vec<LagId>>, &'a Option<Standby>, Option<PrefixId>, &'a [Roa]),
    Vec<Vec<bool>>,
);

/// The groups of a design, and the group of each prefix.
///
/// `apart`: prefixes that something sets apart from others that are treated alike.
#[must_use]
pub fn of(
    topology: &Topology,
    apart: &[Vec<PrefixId>],
) -> (IdVec<GroupId, Group>, IdVec<PrefixId, GroupId>) {
    let mut known: BTreeMap<(Treatment<'_>, Vec<bool>), GroupId> = BTreeMap::new();
    let mut groups: IdVec<GroupId, Group> = IdVec::new();
    let mut group_of = IdVec::new();
    for (id, prefix) in topology.prefixes.iter_ids() {
        let treatment = treatment(topology, prefix, cover(topology, id));
        let set_apart: Vec<bool> = apart.iter().map(|some| some.contains(&id)).collect();
        let group = *known.entry((treatment, set_apart)).or_insert_with(|| {
            groups.push(Group {
                prefixes: Vec::new(),
                count: 0,
                family: Family::of(&prefix.prefix),
                served_by: prefix.served_by.clone(),
                communities: prefix.communities.clone(),
                cover: None,
            })
        });
        groups[group].prefixes.push(id);
        groups[group].count += prefix.count;
        group_of.push(group);
    }
    for group in groups.ids().collect::<Vec<_>>() {
        let wider = cover(topology, groups[group].prefixes[0]);
        groups[group].cover = wider.map(|prefix| group_of[prefix]);
    }
    (groups, group_of)
}

/// The nearest other declared prefix that covers this one.
fn cover(topology: &Topology, id: PrefixId) -> Option<PrefixId> {
    let own = topology.prefixes[id].prefix;
    let wider = topology.prefixes.iter_ids().filter(|(_, other)| {
        other.prefix != own
            && other.prefix.prefix_len() < own.prefix_len()
            && other.prefix.contains(&own)
    });
    wider.max_by_key(|(_, other)| other.prefix.prefix_len()).map(|(id, _)| id)
}

fn treatment<'a>(
    topology: &Topology,
    prefix: &'a Prefix,
    cover: Option<PrefixId>,
) -> Treatment<'a> {
    let policies = topology.sessions.iter().filter(|s| s.kind != SessionKind::Internal);
    let policies = policies.flat_map(|s| &s.ends).flat_map(|end| [&end.import, &end.export]);
    let signatures =
        policies.flatten().map(|policy| policy.prefix_signature(&prefix.prefix)).collect();
    let own = (
        Family::of(&prefix.prefix),
        prefix.network,
        &prefix.served_by[..],
        &prefix.communities[..],
    );
    (own, (&prefix.announced_over, &prefix.standby, cover, &prefix.roas), signatures)
}
