//! Routing policies as they are written.

use std::borrow::Cow;

use ipnet::IpNet;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use crate::input::sp::{OneOrMore, Sp, Text, TextOrMap};
use crate::proto::bgp::attrs::Community;

/// One named term of a policy; a route that no term accepts is rejected.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Term")]
pub(crate) struct RawTerm {
    /// Its name, unique in the policy.
    pub name: Sp<String>,
    /// All that is stated must hold; absent: matches every route.
    #[serde(rename = "match")]
    pub matches: Option<Sp<RawMatch>>,
    /// What changes if it matches.
    pub set: Option<Sp<RawSet>>,
    /// What happens then.
    pub then: Sp<RawThen>,
}

/// What happens to a route that a term matches.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Then")]
pub(crate) enum RawThen {
    /// Taken.
    Accept,
    /// Dropped.
    Reject,
    /// The next term looks at it.
    Next,
}

/// Conditions of a term; a list holds if one of it does.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Match")]
pub(crate) struct RawMatch {
    /// The route's prefix lies within one of these.
    #[serde(default)]
    pub prefix: OneOrMore<TextOrMap<Text<IpNet>, RawPrefixMatch>>,
    /// The length of the route's prefix.
    pub length: Option<Sp<RawLength>>,
    /// The route carries one of these.
    #[serde(default)]
    pub community: OneOrMore<Text<Community>>,
    /// The AS path contains one of these.
    #[serde(default)]
    pub as_path_contains: OneOrMore<u32>,
    /// The AS path is at most this long, prepends counted.
    pub as_path_at_most: Option<Sp<u32>>,
    /// The route's origin is one of these.
    #[serde(default)]
    pub origin: OneOrMore<RawOrigin>,
    /// The neighbour's AS is one of these.
    #[serde(default)]
    pub neighbor_as: OneOrMore<u32>,
    /// The neighbour is one of these routers.
    #[serde(default)]
    pub neighbor: OneOrMore<String>,
    /// What the `roas` of the design say of the route is one of these (RFC 6811).
    #[serde(default)]
    pub rpki: OneOrMore<RawValidity>,
}

/// A prefix and the lengths allowed within it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PrefixMatch")]
pub(crate) struct RawPrefixMatch {
    /// The covering prefix.
    pub prefix: Sp<Text<IpNet>>,
    /// Shortest length that matches; absent: the prefix's own.
    #[schemars(range(max = 128))]
    pub ge: Option<Sp<u8>>,
    /// Longest length that matches; absent: a single address.
    #[schemars(range(max = 128))]
    pub le: Option<Sp<u8>>,
}

/// A range of prefix lengths.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Length")]
pub(crate) struct RawLength {
    /// Shortest; absent: 0.
    #[schemars(range(max = 128))]
    pub at_least: Option<Sp<u8>>,
    /// Longest; absent: 128.
    #[schemars(range(max = 128))]
    pub at_most: Option<Sp<u8>>,
}

/// `ORIGIN` of a route.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Origin")]
pub(crate) enum RawOrigin {
    /// From an interior protocol.
    Igp,
    /// From EGP.
    Egp,
    /// Otherwise learned.
    Incomplete,
}

/// The validation state of a route (RFC 6811).
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Validity")]
pub(crate) enum RawValidity {
    /// A ROA allows it.
    Valid,
    /// ROAs cover its prefix, and none allows it.
    Invalid,
    /// No ROA covers its prefix.
    NotFound,
}

/// What a term changes.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Set")]
pub(crate) struct RawSet {
    /// New `LOCAL_PREF`.
    pub local_pref: Option<Sp<u32>>,
    /// New `MULTI_EXIT_DISC`: a number, or `by_distance`.
    pub med: Option<Sp<RawMed>>,
    /// How often the own AS is put in front once more.
    pub prepend: Option<Sp<u8>>,
    /// Changes of the communities.
    pub communities: Option<Sp<RawCommunities>>,
}

/// A new `MULTI_EXIT_DISC`: a number, or `by_distance`, the whole great-circle kilometres from the
/// router's metro to the nearest metro where the prefix is served.
#[derive(Clone, Debug)]
pub(crate) struct RawMed(String);

impl RawMed {
    /// As it stands in the file.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for RawMed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

impl JsonSchema for RawMed {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Med".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "const": "by_distance" },
            { "type": "integer", "minimum": 0, "maximum": 4_294_967_295_u32 }
        ] })
    }
}

/// Changes of a route's communities: first `clear`, then `remove`, then `add`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Communities")]
pub(crate) struct RawCommunities {
    /// Communities added.
    #[serde(default)]
    pub add: OneOrMore<Text<Community>>,
    /// Communities removed.
    #[serde(default)]
    pub remove: OneOrMore<Text<Community>>,
    /// Whether all communities are removed first.
    pub clear: Option<Sp<bool>>,
}
