//! Rule packs: which rules an edition of a document holds, how bad it is to break each, and what the
//! document says.

mod clouds;
mod microsoft;
mod policy;

use crate::model::requirements::{AddressProvider, Location, PackId, RuleId, RuleOptions, Sku};
use crate::report::data::Severity;
use crate::units::{BitRate, Length, Share};

/// What one edition of one document asks for.
#[derive(Debug)]
pub struct Pack {
    /// Its name in files.
    pub id: PackId,
    /// What it is about.
    pub title: &'static str,
    /// The document.
    pub document: &'static str,
    /// The date that the document bears.
    pub edition: &'static str,
    /// The provider's AS number, if it is one network.
    pub provider_as: Option<u32>,
    /// Over what the networks meet.
    pub over: Over,
    /// What the document leaves open, or where others contradict it, and which option decides.
    pub open: &'static [&'static str],
    /// Values of the edition.
    pub limits: Limits,
    /// Its rules.
    pub rules: &'static [Held],
}

/// Over what a partner and the provider meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// PNIs.
    Pnis,
    /// The partner's ports at exchanges.
    Exchanges,
}

/// A rule as a pack holds it.
#[derive(Debug)]
pub struct Held {
    /// The rule.
    pub rule: RuleId,
    /// How bad it is to break it.
    pub severity: Severity,
    /// What the document says, in our words, and where.
    pub says: &'static str,
}

const fn held(rule: RuleId, severity: Severity, says: &'static str) -> Held {
    Held { rule, severity, says }
}

/// Values of an edition, which a file may state otherwise under `rule_options`.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// What a location is.
    pub location: Location,
    /// What share of the traffic of a location one of two PNIs carries at least.
    pub active_share: Share,
    /// The longest IPv4 prefix.
    pub longest_prefix: u8,
    /// The most ASes in the path of a registered prefix.
    pub longest_path: usize,
    /// How far apart two metros are at least.
    pub metro_distance: Length,
    /// Above this load in the busy hour ports are to be upgraded.
    pub upgrade_at: Share,
    /// The slowest port.
    pub minimum_port: BitRate,
    /// The recommended maximum of IPv4 and of IPv6 prefixes.
    pub max_prefixes: [u64; 2],
    /// The least and the most traffic; a most of nothing is none.
    pub traffic: [BitRate; 2],
    /// Who has to give addresses to the sessions, if that is told.
    pub address_provider: Option<AddressProvider>,
    /// The SKU of the peering.
    pub sku: Sku,
}

impl Limits {
    /// These, but where a file states otherwise.
    #[must_use]
    pub fn with(self, options: &RuleOptions) -> Self {
        Self {
            location: options.location.unwrap_or(self.location),
            active_share: options.active_share.unwrap_or(self.active_share),
            longest_prefix: options.longest_prefix.unwrap_or(self.longest_prefix),
            metro_distance: options.metro_distance.unwrap_or(self.metro_distance),
            upgrade_at: options.upgrade_at.unwrap_or(self.upgrade_at),
            minimum_port: options.minimum_port.unwrap_or(self.minimum_port),
            ..self
        }
    }
}

/// All packs.
pub const PACKS: &[&Pack] = &[
    &microsoft::MAPS_2023_02,
    &microsoft::MAPS_2023_08,
    &microsoft::MAPS_VOICE_2024_10,
    &microsoft::MAPS_IXRS_2024_10,
    &policy::DIRECT_2024_03,
    &policy::EXCHANGE_2024_03,
    &clouds::AWS_DX_MAXIMUM,
    &clouds::AWS_DX_HIGH,
    &clouds::GCP_9999,
    &clouds::GCP_999,
    &clouds::EXPRESSROUTE,
];

/// The pack of this name.
#[must_use]
pub fn pack(id: PackId) -> Option<&'static Pack> {
    PACKS.iter().copied().find(|pack| pack.id == id)
}
