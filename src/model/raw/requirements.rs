//! What a design is checked against, as it is written.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::input::sp::{Sp, Text};
use crate::model::requirements::{Business, Location, PeerAsnState, RuleId, Staffed};
use crate::units::date::Date;
use crate::units::{BitRate, Length, Share};

/// Answers to what a provider's documents leave open, or contradict each other about.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RuleOptions")]
pub(crate) struct RawRuleOptions {
    /// What an interconnect location is; absent: metro.
    pub location: Option<Sp<Location>>,
    /// What share of a location's traffic each of two PNIs carries at least; of n PNIs each carries
    /// so many n-ths of the double; absent: 30%.
    pub active_share: Option<Sp<Text<Share>>>,
    /// The busy-hour load above which ports are to be upgraded; absent: as the pack says.
    pub upgrade_at: Option<Sp<Text<Share>>>,
    /// The slowest port; absent: as the pack says.
    pub minimum_port: Option<Sp<Text<BitRate>>>,
    /// The longest IPv4 prefix that is accepted; absent: 24.
    #[schemars(range(min = 8, max = 32))]
    pub longest_prefix: Option<Sp<u8>>,
    /// How far from each other two metros are at least to count as two; absent: any distance.
    pub metro_distance: Option<Sp<Text<Length>>>,
}

/// A finding that is accepted for a time.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Waiver")]
pub(crate) struct RawWaiver {
    /// The rule.
    pub rule: Sp<RuleId>,
    /// What the finding is about, by name.
    pub subject: Sp<String>,
    /// Why it is accepted.
    pub reason: Sp<String>,
    /// The last day on which it is.
    pub expires: Sp<Text<Date>>,
}

/// Facts that no model shows and that the owner of a network states.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Declared")]
pub(crate) struct RawDeclared {
    /// Whether the provider has approved the AS number as the owner's; absent: not stated.
    pub peer_asn: Option<Sp<PeerAsnState>>,
    /// Its network operations centre.
    pub noc: Option<Sp<RawNoc>>,
    /// The id of its profile on PeeringDB.
    pub peeringdb: Option<Sp<u32>>,
    /// Its set of routes or ASes in a public routing registry, as AS-CONTOSO.
    pub irr: Option<Sp<String>>,
    /// Whether it follows MANRS.
    pub manrs: Option<Sp<bool>>,
    /// What its owner does.
    pub business: Option<Sp<Business>>,
    /// Whether it sends the other side by static or default routes what that has not announced.
    pub static_routes: Option<Sp<bool>>,
    /// How many prefixes it told the provider to expect on a session.
    pub max_prefixes: Option<Sp<RawMaxPrefixes>>,
}

/// A network operations centre.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Noc")]
pub(crate) struct RawNoc {
    /// When it is staffed.
    pub staffed: Sp<Staffed>,
    /// Its address for mail.
    pub email: Option<Sp<String>>,
    /// Its telephone number.
    pub phone: Option<Sp<String>>,
}

/// How many prefixes to expect.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MaxPrefixes")]
pub(crate) struct RawMaxPrefixes {
    /// IPv4 prefixes.
    pub ipv4: Option<Sp<u64>>,
    /// IPv6 prefixes.
    pub ipv6: Option<Sp<u64>>,
}
