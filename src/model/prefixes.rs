//! What is announced, and who serves it.

use ipnet::IpNet;

use super::operations::RegistrationState;
use crate::ids::{ClassId, IdVec, LagId, MetroId, NetworkId, PeeringId, RouterId, SiteId};
use crate::proto::bgp::rpki::Roa;
use crate::units::SimDuration;

/// Who serves a prefix when those that should are not there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Standby {
    /// These routers, by id.
    pub routers: Vec<RouterId>,
    /// After this long.
    pub takeover: SimDuration,
}

/// A host of a service.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Its name within the prefix.
    pub name: String,
    /// Its address.
    pub address: std::net::IpAddr,
    /// Where it stands.
    pub site: SiteId,
}

/// A declared prefix, or `count` of them treated alike.
#[derive(Clone, Debug)]
pub struct Prefix {
    /// The prefix as written, in canonical form.
    pub prefix: IpNet,
    /// What it is; may be empty.
    pub about: String,
    /// The network it belongs to.
    pub network: NetworkId,
    /// The routers that originate it and where its traffic ends, by id.
    pub served_by: Vec<RouterId>,
    /// Whole great-circle kilometres from each metro to the nearest one where it is served;
    /// `None` where the file gives no position.
    pub distance_km: IdVec<MetroId, Option<u32>>,
    /// Its network announces it over these PNIs only; `None`: over all sessions.
    pub announced_over: Option<Vec<LagId>>,
    /// Who takes over when nobody else serves it.
    pub standby: Option<Standby>,
    /// Hosts of its service.
    pub endpoints: Vec<Endpoint>,
    /// How many prefixes this stands for, at least 1.
    pub count: u64,
    /// Its ROAs and those of all declared prefixes that cover it (RFC 6811).
    pub roas: Vec<Roa>,
    /// The class of its traffic, if the file tells.
    pub class: Option<ClassId>,
    /// Origination communities.
    pub communities: Vec<crate::proto::bgp::attrs::Community>,
    /// Whether rules on what is announced and registered count it.
    pub infrastructure: bool,
    /// The peering it is registered under and where that stands, if the file tells.
    pub registration: Option<(PeeringId, RegistrationState)>,
}
