//! What other clouds, and ExpressRoute, ask of redundant connections.

use super::{Held, Limits, Over, Pack, held};
use crate::model::requirements::{Location, PackId, RuleId, Sku};
use crate::report::data::Severity;
use crate::units::{BitRate, Length, Share};

const AWS: &str = "AWS Direct Connect: resiliency recommendations (maximum, high) and CreateResiliencyGroup of the API";
const GCP_9999_PAGE: &str = "Google Cloud, Dedicated Interconnect: establish 99.99% availability";
const GCP_999_PAGE: &str = "Google Cloud, Dedicated Interconnect: establish 99.9% availability";
const EXPRESSROUTE_PAGE: &str = "MicrosoftDocs/azure-docs, articles/expressroute/designing-for-high-availability-with-expressroute.md";
/// These pages bear no date.
const READ: &str = "2026-11 (as read then)";

/// Values that all of them share.
const CLOUD: Limits = Limits {
    location: Location::Metro,
    active_share: Share::from_percent(30),
    longest_prefix: 32,
    longest_path: usize::MAX,
    metro_distance: Length::from_metres(0),
    upgrade_at: Share::ONE,
    minimum_port: BitRate::from_bps(10_000_000_000),
    max_prefixes: [100, 100],
    traffic: [BitRate::ZERO, BitRate::ZERO],
    address_provider: None,
    sku: Sku::BasicDirectFree,
};

/// A location of AWS is a facility.
const AWS_LIMITS: Limits = Limits { location: Location::Site, ..CLOUD };

const CAMPUS: &str = "Facilities of one campus count as one location for AWS; here each `site` is one unless `location: metro` \
     says otherwise.";
const GOOGLE: &str = "Not checked, as the model has no such thing: Cloud Routers and their regions, global dynamic routing, VLAN \
     attachments, and kinds of optics (10G LR, 100G LR4). Edge availability domains are `maintenance_domains` that hold \
     Google's routers or the PNIs.";

// What several editions say alike.

const R10: Held = held(RuleId::R10, Severity::Block, "LACP is required, also with one circuit.");

/// AWS Direct Connect, maximum resiliency (99.99 %).
pub(super) const AWS_DX_MAXIMUM: Pack = Pack {
    id: PackId::AwsDxMaximum,
    title: "AWS Direct Connect, maximum resiliency (99.99 %)",
    document: AWS,
    edition: READ,
    provider_as: None,
    over: Over::Pnis,
    open: &[CAMPUS],
    limits: AWS_LIMITS,
    rules: &[
        held(RuleId::C1, Severity::Block, "Connections end in more than one location."),
        held(
            RuleId::C2,
            Severity::Block,
            "In each location connections end on separate devices; two connections may \
                   otherwise land on one.",
        ),
    ],
};

/// AWS Direct Connect, high resiliency (99.9 %).
pub(super) const AWS_DX_HIGH: Pack = Pack {
    id: PackId::AwsDxHigh,
    title: "AWS Direct Connect, high resiliency (99.9 %)",
    document: AWS,
    edition: READ,
    provider_as: None,
    over: Over::Pnis,
    open: &[CAMPUS],
    limits: AWS_LIMITS,
    rules: &[Held {
        rule: RuleId::C1,
        severity: Severity::Block,
        says: "One connection at each of two locations.",
    }],
};

/// Google Cloud Dedicated Interconnect, 99.99 %.
pub(super) const GCP_9999: Pack = Pack {
    id: PackId::Gcp9999,
    title: "Google Cloud Dedicated Interconnect, 99.99 %",
    document: GCP_9999_PAGE,
    edition: READ,
    provider_as: None,
    over: Over::Pnis,
    open: &[GOOGLE],
    limits: CLOUD,
    rules: &[
        R10,
        Held { rule: RuleId::P21, severity: Severity::Block, says: "Circuits are 10G or 100G." },
        held(RuleId::C1, Severity::Block, "Four connections: two in each of two metros."),
        held(
            RuleId::C3,
            Severity::Block,
            "The two connections of a metro lie in different edge availability domains.",
        ),
    ],
};

/// Google Cloud Dedicated Interconnect, 99.9 %.
pub(super) const GCP_999: Pack = Pack {
    id: PackId::Gcp999,
    title: "Google Cloud Dedicated Interconnect, 99.9 %",
    document: GCP_999_PAGE,
    edition: READ,
    provider_as: None,
    over: Over::Pnis,
    open: &[GOOGLE],
    limits: CLOUD,
    rules: &[
        R10,
        Held { rule: RuleId::P21, severity: Severity::Block, says: "Circuits are 10G or 100G." },
        held(
            RuleId::C3,
            Severity::Block,
            "Two connections in one metro, in different edge availability domains.",
        ),
    ],
};

/// Azure ExpressRoute, designing for high availability.
pub(super) const EXPRESSROUTE: Pack = Pack {
    id: PackId::ExpressRoute,
    title: "Azure ExpressRoute, designing for high availability",
    document: EXPRESSROUTE_PAGE,
    edition: READ,
    provider_as: None,
    over: Over::Pnis,
    open: &[],
    limits: CLOUD,
    rules: &[
        held(
            RuleId::R4,
            Severity::Minor,
            "Active-active is recommended for the primary and the secondary connection.",
        ),
        held(
            RuleId::R5a,
            Severity::Major,
            "Both connections of a circuit on one device of the customer defeat high \
                   availability.",
        ),
        held(
            RuleId::P24,
            Severity::Minor,
            "BFD takes the detection of failures from about three minutes to less than a \
                   second.",
        ),
        held(
            RuleId::C4,
            Severity::Minor,
            "A pair in two cities has unequal delays; another circuit is the way to geo \
                   redundancy.",
        ),
    ],
};
