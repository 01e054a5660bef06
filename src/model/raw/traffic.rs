//! Prefixes, demands and classes as they are written.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::input::sp::{Entries, List, OneOrMore, Sp, Text, TextOrMap};
use crate::model::topology::RegistrationState;
use crate::proto::bgp::attrs::Community;
use crate::units::{BitRate, Share, SimDuration};

/// A prefix that a network announces.
///
/// Traffic follows the longest declared prefix that a router has a route to, and ends where that is
/// served: where nobody announces a more-specific, what covers it takes its traffic.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DeclaredPrefix")]
pub(crate) struct RawPrefix {
    /// What it is.
    pub about: Option<Sp<String>>,
    /// The network it belongs to.
    pub network: Sp<String>,
    /// Every router of the network at these sites originates it.
    #[serde(default)]
    pub served_at: OneOrMore<String>,
    /// Narrows `served_at` to these routers, or says it without.
    #[serde(default)]
    pub routers: OneOrMore<String>,
    /// How many prefixes treated alike this stands for; absent: 1.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub count: Option<Sp<u64>>,
    /// The class of its traffic.
    pub class: Option<Sp<String>>,
    /// Communities it is originated with.
    #[serde(default)]
    pub communities: OneOrMore<Text<Community>>,
    /// Who may originate it and its more-specifics (RFC 9582); absent: nobody has said.
    pub roas: Option<Sp<List<RawRoa>>>,
    /// Whether rules on what is announced and registered count it; absent: true.
    pub infrastructure: Option<Sp<bool>>,
    /// Where it stands in the provider's process.
    pub registration: Option<Sp<RawRegistration>>,
    /// How its service is placed; absent: anycast.
    pub service: Option<Sp<TextOrMap<RawPlacement, RawStandby>>>,
    /// Hosts of its service.
    #[serde(default)]
    pub endpoints: Entries<RawEndpoint>,
    /// Where its network announces it; absent: over all sessions.
    pub announce: Option<Sp<RawAnnouncement>>,
}

/// A route origin authorization.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Roa")]
pub(crate) struct RawRoa {
    /// The AS that may originate; 0: none may.
    pub asn: Sp<u32>,
    /// The longest prefix it may originate; absent: the prefix's own length.
    #[schemars(range(max = 128))]
    pub max_length: Option<Sp<u8>>,
}

/// How a service is placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Placement")]
pub(crate) enum RawPlacement {
    /// Everywhere it is served, at the same time.
    Anycast,
    /// At one site only.
    Single,
}

/// A site that takes over.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Standby")]
pub(crate) struct RawStandby {
    /// The site.
    pub standby: Sp<String>,
    /// How long after its routers reach nobody else who serves.
    pub takeover: Sp<Text<SimDuration>>,
}

/// A host of a service.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Endpoint")]
pub(crate) struct RawEndpoint {
    /// Its address, within the prefix.
    pub address: Sp<Text<std::net::IpAddr>>,
    /// Where it stands.
    pub site: Sp<String>,
}

/// Where a prefix is announced.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Announcement")]
pub(crate) struct RawAnnouncement {
    /// Over these PNIs only. More-specifics are entries of their own.
    pub pnis: OneOrMore<String>,
}

/// Where a prefix stands in the provider's process.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Registration")]
pub(crate) struct RawRegistration {
    /// The peering it is registered under.
    pub peering: Sp<String>,
    /// Where it stands.
    pub state: Sp<RegistrationState>,
}

/// Traffic from a prefix to a prefix, and its return.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Demand")]
pub(crate) struct RawDemand {
    /// What it is.
    pub about: Option<Sp<String>>,
    /// The router it starts at, or routers and their shares.
    pub at: Sp<TextOrMap<String, Entries<Text<Share>>>>,
    /// The source prefix.
    pub from: Sp<String>,
    /// The destination prefix.
    pub to: Sp<String>,
    /// The metro it is local to.
    pub metro: Option<Sp<String>>,
    /// Its class; absent: that of the destination prefix, or `default`.
    pub class: Option<Sp<String>>,
    /// Forward rate.
    pub rate: Sp<Text<BitRate>>,
    /// Return rate; absent: no return traffic.
    pub return_rate: Option<Sp<Text<BitRate>>>,
    /// How much both rates grow in a year, for the dates that `sweep` tells; absent: not at all.
    pub growth_per_year: Option<Sp<Text<Share>>>,
    /// Seeded flows instead of fluid shares: how many, or that and how they are hashed.
    pub flows: Option<Sp<TextOrMap<u32, RawFlows>>>,
}

/// How flows find their member and next hop.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "HashMode")]
pub(crate) enum RawHash {
    /// Hash modulo the number of choices.
    Modulo,
    /// Only the flows of the choice that went move.
    Resilient,
}

/// Seeded flows.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Flows")]
pub(crate) struct RawFlows {
    /// How many.
    #[schemars(range(min = 1, max = 100_000))]
    pub count: Sp<u32>,
    /// How they are hashed; absent: modulo.
    pub hash: Option<Sp<RawHash>>,
}

/// What a class of traffic needs.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Class")]
pub(crate) struct RawClass {
    /// What it is.
    #[serde(rename = "about")]
    pub _about: Option<Sp<String>>,
    /// The delivered share from which all is well; absent: 99%.
    pub ok: Option<Sp<Text<Share>>>,
    /// The longest gap that is acceptable.
    pub longest_gap: Option<Sp<Text<SimDuration>>>,
    /// The share of time that its demands are to be up.
    pub availability: Option<Sp<Text<Share>>>,
    /// A gap longer than this drops the call.
    pub drop_after: Option<Sp<Text<SimDuration>>>,
}
