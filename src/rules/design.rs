//! A design as the rules look at it: who is the partner, who the provider, where they meet.

use std::collections::BTreeMap;

use super::packs::{Over, Pack};
use crate::diag::Span;
use crate::ids::{Id, LagId, NetworkId, PrefixId, RouterId, SessionId, Side, SiteId};
use crate::input::Document;
use crate::model::requirements::Location as LocationKind;
use crate::model::topology::{
    ConnectionState, Family, LagKind, NetworkKind, SessionKind, Topology,
};
use crate::units::BitRate;

/// A design, the text it was read from, and the PNIs that the rules are about.
#[derive(Debug)]
pub(super) struct Design<'t> {
    pub(super) topology: &'t Topology,
    document: &'t Document,
    /// The provider's networks.
    pub(super) providers: Vec<NetworkId>,
    /// Networks that meet the provider.
    pub(super) partners: Vec<NetworkId>,
    /// PNIs between a partner and the provider, in file order.
    pub(super) pnis: Vec<Pni>,
    /// Where they meet, in the order of their first PNIs.
    pub(super) locations: Vec<Location>,
}

/// A PNI between a partner and the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pni {
    pub(super) lag: LagId,
    /// The partner's end.
    pub(super) own: Side,
    pub(super) partner: NetworkId,
}

/// Where a partner and the provider meet.
#[derive(Clone, Debug)]
pub(super) struct Location {
    /// The name of the metro or site.
    pub(super) name: String,
    pub(super) kind: LocationKind,
    pub(super) partner: NetworkId,
    pub(super) pnis: Vec<Pni>,
}

impl Location {
    /// `metro` or `site`.
    pub(super) const fn word(&self) -> &'static str {
        match self.kind {
            LocationKind::Metro => "metro",
            LocationKind::Site => "site",
        }
    }
}

impl<'t> Design<'t> {
    /// Where no network has the AS number of the pack's provider, any cloud will do.
    pub(super) fn new(
        topology: &'t Topology,
        document: &'t Document,
        pack: &Pack,
        kind: LocationKind,
    ) -> Self {
        let providers = providers(topology, pack.provider_as);
        let mut design = Self {
            topology,
            document,
            partners: partners(topology, &providers),
            providers,
            pnis: Vec::new(),
            locations: Vec::new(),
        };
        let meeting = |lag| match pack.over {
            Over::Pnis => design.pni(lag),
            Over::Exchanges => design.port(lag),
        };
        let pnis = topology.lags.ids().filter_map(meeting).collect();
        design.pnis = pnis;
        let Self { pnis, partners, .. } = &mut design;
        partners.retain(|partner| pnis.iter().any(|pni| pni.partner == *partner));
        design.locations = design.locations(kind);
        design
    }

    fn pni(&self, lag: LagId) -> Option<Pni> {
        if !matches!(self.topology.lags[lag].kind, LagKind::Pni { .. }) {
            return None;
        }
        let network =
            |side: Side| self.topology.routers[self.topology.lags[lag].ends[side].router].network;
        let own = Side::BOTH.into_iter().find(|side| self.partners.contains(&network(*side)))?;
        let meets = self.providers.contains(&network(own.other()));
        meets.then(|| Pni { lag, own, partner: network(own) })
    }

    /// A partner's port at an exchange where it has a session with the provider.
    fn port(&self, lag: LagId) -> Option<Pni> {
        let LagKind::Port(_) = self.topology.lags[lag].kind else { return None };
        let router = self.topology.lags[lag].ends[Side::A].router;
        let partner = self.topology.routers[router].network;
        let pni = Pni { lag, own: Side::A, partner };
        let meets = Family::ALL.iter().any(|family| self.session(pni, *family).is_some());
        (self.partners.contains(&partner) && meets).then_some(pni)
    }

    fn locations(&self, kind: LocationKind) -> Vec<Location> {
        let mut locations: Vec<Location> = Vec::new();
        for pni in &self.pnis {
            // The location is the provider's: that is where a connection is ordered.
            let site = self.topology.routers[self.router(*pni, pni.own.other())].site;
            let name = match kind {
                LocationKind::Metro => &self.topology.metros[self.topology.sites[site].metro].name,
                LocationKind::Site => &self.topology.sites[site].name,
            };
            let same = |known: &&mut Location| known.name == *name && known.partner == pni.partner;
            match locations.iter_mut().find(same) {
                Some(known) => known.pnis.push(*pni),
                None => locations.push(Location {
                    name: name.clone(),
                    kind,
                    partner: pni.partner,
                    pnis: vec![*pni],
                }),
            }
        }
        locations
    }

    pub(super) fn router(&self, pni: Pni, side: Side) -> RouterId {
        self.topology.lags[pni.lag].ends[side].router
    }

    pub(super) fn router_name(&self, router: RouterId) -> &'t str {
        &self.topology.routers[router].name
    }

    pub(super) fn pni_name(&self, pni: Pni) -> &'t str {
        &self.topology.lags[pni.lag].name
    }

    /// The rate of all circuits of a PNI.
    pub(super) fn capacity(&self, pni: Pni) -> BitRate {
        let circuits = self.topology.lags[pni.lag].circuits.iter();
        BitRate::from_bps(circuits.map(|id| self.topology.circuits[*id].speed.as_bps()).sum())
    }

    /// The site of one end.
    pub(super) fn site(&self, pni: Pni, side: Side) -> SiteId {
        self.topology.routers[self.router(pni, side)].site
    }

    /// Whether it carries traffic, or will, as far as the file tells: an `Active` connection, or one of
    /// which nothing is told.
    pub(super) fn is_active(&self, pni: Pni) -> bool {
        let connection = self.topology.lags[pni.lag].connection;
        connection.is_none_or(|connection| connection.state == ConnectionState::Active)
    }

    /// The session of an address family with the provider over a PNI, or over a port.
    pub(super) fn session(&self, pni: Pni, family: Family) -> Option<SessionId> {
        let own = self.topology.lags[pni.lag].ends[pni.own].router;
        let mut all = self.topology.sessions.iter_ids();
        let found = all.find(|(_, session)| {
            let runs_here = match session.kind {
                SessionKind::External(lag) => lag == pni.lag,
                SessionKind::Lan { ports, .. } => ports.contains(&Some(pni.lag)),
                SessionKind::Internal => false,
            };
            let routers = session.ends.each_ref().map(|end| end.router);
            let with_provider = routers.iter().any(|router| {
                *router != own && self.providers.contains(&self.topology.routers[*router].network)
            });
            session.family == family && runs_here && with_provider && routers.contains(&own)
        });
        found.map(|(id, _)| id)
    }

    /// The partner's end of a session over a PNI or port.
    pub(super) fn own_side(&self, pni: Pni, session: SessionId) -> Side {
        let own = self.topology.lags[pni.lag].ends[pni.own].router;
        let is_first = self.topology.sessions[session].ends[Side::A].router == own;
        if is_first { Side::A } else { Side::B }
    }

    /// The prefixes of a partner that the rules count.
    pub(super) fn infrastructure(&self, partner: NetworkId) -> Vec<PrefixId> {
        let all = self.topology.prefixes.iter_ids();
        all.filter(|(_, prefix)| prefix.network == partner && prefix.infrastructure)
            .map(|(id, _)| id)
            .collect()
    }

    /// The provider's prefixes.
    pub(super) fn provided(&self) -> Vec<PrefixId> {
        let all = self.topology.prefixes.iter_ids();
        all.filter(|(_, prefix)| self.providers.contains(&prefix.network))
            .map(|(id, _)| id)
            .collect()
    }

    // ---- Places in the text

    /// Where the first of these paths stands that is there in full.
    pub(super) fn place(&self, paths: &[&[&str]]) -> Span {
        let whole = paths.iter().find_map(|path| self.document.find(path));
        whole.unwrap_or_else(|| {
            let path = paths.last().copied().unwrap_or_default();
            let parts = (0..path.len()).rev().map(|length| &path[..length]);
            let known = parts.into_iter().find_map(|path| self.document.find(path));
            known.unwrap_or_default()
        })
    }

    pub(super) fn place_of_pni(&self, pni: Pni) -> Span {
        self.place(&[&self.path_of_pni(pni)])
    }

    /// The keys that lead to a PNI, or to a port.
    pub(super) fn path_of_pni(&self, pni: Pni) -> Vec<&'t str> {
        let name = self.pni_name(pni);
        match (self.topology.lags[pni.lag].kind, name.split_once('/')) {
            (LagKind::Port(_), Some((exchange, port))) => {
                vec!["exchanges", exchange, "ports", port]
            }
            _ => vec!["pnis", name],
        }
    }

    /// Where `ends` of a PNI names the router of one side.
    pub(super) fn place_of_end(&self, pni: Pni, side: Side) -> Span {
        let router = self.router_name(self.router(pni, side));
        self.place(&[&["pnis", self.pni_name(pni), "ends", router]])
    }

    pub(super) fn place_of_router(&self, router: RouterId, key: &str) -> Span {
        let name = self.router_name(router);
        self.place(&[&["routers", name, key], &["routers", name]])
    }

    pub(super) fn place_of_network(&self, network: NetworkId, key: &str) -> Span {
        let name = self.topology.networks[network].name.as_str();
        self.place(&[&["networks", name, key], &["networks", name]])
    }

    /// Where a key of a prefix stands, or the prefix itself.
    pub(super) fn place_of_prefix(&self, prefix: PrefixId, path: &[&str]) -> Span {
        let Some(written) = self.document.keys(&["prefixes"]).nth(prefix.index()) else {
            return self.place(&[&["prefixes"]]);
        };
        let own = ["prefixes", written];
        self.place(&[&[&own, path].concat(), &own])
    }

    /// Where a term of a policy stands, or a key of it; without a term, the policy or the PNI.
    pub(super) fn place_of_term(
        &self,
        pni: Pni,
        (side, family): (Side, Family),
        policy: &str,
        path: &[&str],
    ) -> Span {
        let (name, family) = (self.pni_name(pni), family.as_str());
        let router = self.router_name(self.router(pni, side));
        let places: [&[&str]; 3] = [
            &["pnis", name, "sides", router, "sessions", family, policy],
            &["pnis", name, "sessions", family, policy],
            &["pnis", name, "sides", router, policy],
        ];
        let here = places.into_iter().find(|place| self.document.find(place).is_some());
        let Some(here) = here else { return self.place_of_pni(pni) };
        // The deepest part of the path that is there.
        let parts = (0..=path.len()).rev().map(|length| [here, &path[..length]].concat());
        let found = parts.into_iter().find_map(|path| self.document.find(&path));
        found.unwrap_or_else(|| self.place_of_pni(pni))
    }
}

fn providers(topology: &Topology, asn: Option<u32>) -> Vec<NetworkId> {
    let all = topology.networks.iter_ids();
    let exact: Vec<NetworkId> =
        all.filter(|(_, network)| Some(network.asn) == asn).map(|(id, _)| id).collect();
    if !exact.is_empty() {
        return exact;
    }
    let all = topology.networks.iter_ids();
    all.filter(|(_, network)| network.kind == NetworkKind::Cloud).map(|(id, _)| id).collect()
}

/// Networks of `kind: partner`; where there are none, whoever meets the provider and is neither a
/// cloud nor a transit provider.
fn partners(topology: &Topology, providers: &[NetworkId]) -> Vec<NetworkId> {
    let mut meets: BTreeMap<NetworkId, NetworkKind> = BTreeMap::new();
    for lag in topology.lags.iter().filter(|lag| !matches!(lag.kind, LagKind::Link)) {
        for end in &lag.ends {
            let network = topology.routers[end.router].network;
            meets.insert(network, topology.networks[network].kind);
        }
    }
    let of = |wanted: NetworkKind| -> Vec<NetworkId> {
        let all = meets.iter().filter(|(id, kind)| **kind == wanted && !providers.contains(id));
        all.map(|(id, _)| *id).collect()
    };
    let named = of(NetworkKind::Partner);
    if named.is_empty() { of(NetworkKind::Other) } else { named }
}
