//! What the policies at the two ends of a PNI make of routes, without a run.

use super::design::{Design, Pni};
use crate::ids::{PrefixId, SessionId, Side};
use crate::model::topology::{Family, Topology};
use crate::proto::bgp::attrs::Attributes;
use crate::proto::bgp::policy::{Policy, PolicyRoute, Verdict};

/// What one side does with a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate<'t> {
    /// It passes, with these attributes, by this term.
    Passes(Attributes, Option<&'t str>),
    /// A term rejects it, or no term accepts it.
    Rejected(Option<&'t str>),
    /// `announce:` keeps it from this PNI.
    NotAnnounced,
    /// Nobody originates it.
    NotOriginated,
}

impl Fate<'_> {
    /// The attributes, if it passes.
    pub(super) const fn attributes(&self) -> Option<&Attributes> {
        match self {
            Self::Passes(attributes, _) => Some(attributes),
            Self::Rejected(_) | Self::NotAnnounced | Self::NotOriginated => None,
        }
    }

    /// The term that decided.
    pub(super) const fn term(&self) -> Option<&str> {
        match self {
            Self::Passes(_, term) | Self::Rejected(term) => *term,
            Self::NotAnnounced | Self::NotOriginated => None,
        }
    }
}

/// A session and which end tells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    pub(super) pni: Pni,
    pub(super) session: SessionId,
    pub(super) family: Family,
    /// The side that tells; the other is told.
    pub(super) from: Side,
}

impl<'t> Design<'t> {
    /// The sessions over which a prefix is told, one for each PNI that has one of its family.
    pub(super) fn ways(&self, pnis: &[Pni], prefix: PrefixId, is_own: bool) -> Vec<Way> {
        let family = Family::of(&self.topology.prefixes[prefix].prefix);
        let way = |pni: &Pni| {
            let session = self.session(*pni, family)?;
            let own = self.own_side(*pni, session);
            let from = if is_own { own } else { own.other() };
            Some(Way { pni: *pni, session, family, from })
        };
        pnis.iter().filter_map(way).collect()
    }

    /// What the side that tells makes of a prefix of its network.
    pub(super) fn told(&self, way: Way, prefix: PrefixId) -> Fate<'t> {
        let topology = self.topology;
        let declared = &topology.prefixes[prefix];
        if declared.served_by.is_empty() && declared.standby.is_none() {
            return Fate::NotOriginated;
        }
        if declared.announced_over.as_ref().is_some_and(|pnis| !pnis.contains(&way.pni.lag)) {
            return Fate::NotAnnounced;
        }
        let communities = declared.communities.iter().copied();
        let route = Attributes::originated().with_communities(communities);
        let policy = topology.sessions[way.session].ends[way.from].export.as_ref();
        let asn = topology.networks[declared.network].asn;
        let fate = passed(topology, policy, (way, way.from), prefix, route);
        let Fate::Passes(told, term) = fate else { return fate };
        let mut told = told.prepended(asn, 1);
        told.local_pref = None;
        Fate::Passes(told, term)
    }

    /// What the other side makes of what it is told.
    pub(super) fn taken(&self, way: Way, prefix: PrefixId, told: &Attributes) -> Fate<'t> {
        let side = way.from.other();
        let policy = self.topology.sessions[way.session].ends[side].import.as_ref();
        passed(self.topology, policy, (way, side), prefix, told.clone())
    }
}

fn passed<'t>(
    topology: &'t Topology,
    policy: Option<&'t Policy>,
    (way, at): (Way, Side),
    prefix: PrefixId,
    attributes: Attributes,
) -> Fate<'t> {
    let Some(policy) = policy else { return Fate::Passes(attributes, None) };
    let ends = &topology.sessions[way.session].ends;
    let network = |side: Side| &topology.networks[topology.routers[ends[side].router].network];
    let declared = &topology.prefixes[prefix];
    let route = PolicyRoute {
        prefix: declared.prefix,
        attributes: &attributes,
        neighbor_as: network(at.other()).asn,
        neighbor: ends[at.other()].router,
        roas: &declared.roas,
        distance_km: declared.distance_km[topology.router_metro(ends[at].router)],
    };
    match policy.evaluate(&route, network(at).asn) {
        Verdict::Accepted { attributes, term } => Fate::Passes(attributes, Some(term)),
        Verdict::Rejected { term } => Fate::Rejected(term),
    }
}
