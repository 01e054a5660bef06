//! Azure Peering Service, edition by edition.

use super::{Held, Limits, Over, Pack, held};
use crate::model::requirements::{AddressProvider, Location, PackId, RuleId, Sku};
use crate::report::data::Severity;
use crate::units::{BitRate, Length, Share};

/// What the editions have in common.
const MAPS: Limits = Limits {
    location: Location::Metro,
    active_share: Share::from_percent(30),
    longest_prefix: 24,
    longest_path: 3,
    metro_distance: Length::from_metres(0),
    upgrade_at: Share::from_percent(40),
    minimum_port: BitRate::from_bps(10_000_000_000),
    max_prefixes: [500, 500],
    traffic: [BitRate::ZERO, BitRate::ZERO],
    address_provider: None,
    sku: Sku::PremiumDirectFree,
};

const PARTNERS: &str =
    "MicrosoftDocs/azure-docs, articles/internet-peering/walkthrough-peering-service-all.md";
const VOICE: &str = "MicrosoftDocs/azure-docs, articles/internet-peering/walkthrough-communications-services-partner.md";
const IXRS: &str = "MicrosoftDocs/azure-docs, articles/internet-peering/walkthrough-exchange-route-server-partner.md";

const LOCATION: &str = "\"Interconnect location\" may be read as a metro (`peeringLocation` of the Azure API is one) or \
     as a facility: `location: metro`, the default, or `site`.";
const LONG_PREFIXES: &str = "Whether prefixes longer than /24 can be registered: the voice walkthrough of 2024-10-23 says \
     no in its text and yes in its FAQ. `longest_prefix: 24` is the default.";
const ROUTERS: &str = "The peering policy lets a peer do without redundant devices of its own; the Peering Service \
     walkthroughs do not, and this pack follows them (R5a).";
const UPGRADE: &str = "The peering policy asks for upgrades above 50 % peak load, the FAQ here begins an augmentation at 40 %: \
     `upgrade_at: 40%` is the default.";
const PORTS: &str = "The peering policy asks for 100G ports of direct peering, the FAQ here for 10G: `minimum_port: 10G` is the \
     default.";
const MAXIMUM: &str = "The peering policy recommends a maximum of 2000 IPv4 and 500 IPv6 prefixes, the FAQ here 400 to 500; P8 \
     takes what is enough for 280 and 15 % more.";
const SHARE: &str = "What \"active-active\" is in numbers no edition tells: `active_share: 30%` of two is the default.";

// What several editions say alike.

const R1: Held = held(
    RuleId::R1,
    Severity::Block,
    "The peer must bring an AS number of its own, and it must be public.",
);
const R2: Held = held(
    RuleId::R2,
    Severity::Block,
    "The peer must have redundant interconnects (PNIs) at each interconnect location, \
     for local redundancy.",
);
const R7: Held = held(
    RuleId::R7,
    Severity::Minor,
    "The peer must supply detail of the class of traffic and of the endpoints in each \
     advertised subnet.",
);
const R9: Held = held(
    RuleId::R9,
    Severity::Block,
    "The peer must not terminate the peering on a device that runs a stateful \
     firewall.",
);
const R10: Held = held(
    RuleId::R10,
    Severity::Block,
    "Microsoft sets all interconnect links up as LAGs by default, so the peer must \
     support LACP on them.",
);
const R3: Held = held(
    RuleId::R3,
    Severity::Minor,
    "Peerings in several locations are recommended, for geo redundancy (a must in the \
     edition of 2023-02).",
);
const R4: Held = held(
    RuleId::R4,
    Severity::Major,
    "A local redundant connection cannot be a backup; backup connections must be in \
     another location than the primary.",
);
const R5A: Held = held(
    RuleId::R5a,
    Severity::Major,
    "The peer cannot have two local connections on the same router: diversity is \
     required.",
);
const R5B: Held =
    held(RuleId::R5b, Severity::Major, "The peer cannot apply rate limiting to its connection.");
const R6: Held = held(
    RuleId::R6,
    Severity::Block,
    "The peer must supply and advertise its own publicly routable IPv4 address space, \
     used by its endpoints.",
);
const R8: Held = held(
    RuleId::R8,
    Severity::Block,
    "All infrastructure prefixes are registered in the Azure portal and advertised \
     with the community 8075:8007; a registered prefix is announced on all \
     connections of its peering, over at most 3 AS numbers, with no prepends and no \
     private ones.",
);
const P8: Held = held(
    RuleId::P8,
    Severity::Major,
    "FAQ: Microsoft announces about 280 prefixes, which may grow by 10 to 15 %; a \
     maximum of 400 to 500 is safe.",
);
const P18: Held = held(
    RuleId::P18,
    Severity::Minor,
    "FAQ: when utilization reaches 40 %, an augmentation of the LAG begins, which \
     takes 45 to 60 days.",
);
const P21: Held = held(
    RuleId::P21,
    Severity::Block,
    "FAQ: the least link speed of an interconnect is 10 Gbit/s.",
);
const P23: Held = held(
    RuleId::P23,
    Severity::Major,
    "Primary, backup and redundant sessions must all have the same bandwidth.",
);
const P28: Held = held(
    RuleId::P28,
    Severity::Block,
    "The peering is created as Direct, with the SKU Premium Free, and each connection \
     is used for Peering Service.",
);

/// Azure Peering Service partner, 2023-02-23.
pub(super) const MAPS_2023_02: Pack = Pack {
    id: PackId::Maps202302,
    title: "Azure Peering Service partner",
    document: PARTNERS,
    edition: "2023-02-23",
    provider_as: Some(8075),
    over: Over::Pnis,
    open: &[LOCATION, LONG_PREFIXES, ROUTERS, SHARE],
    limits: MAPS,
    rules: &[
        R1,
        R2,
        held(
            RuleId::R3,
            Severity::Block,
            "The peer must have geo redundancy, so that traffic fails over when sites in a \
                   region or metro fail.",
        ),
        held(
            RuleId::R4,
            Severity::Major,
            "The BGP sessions must be active-active, for high availability and faster \
                   convergence, and should not be set up as primary and backup.",
        ),
        held(
            RuleId::R5a,
            Severity::Major,
            "The peer must keep a 1:1 ratio of its peering routers to peering circuits.",
        ),
        held(
            RuleId::R5b,
            Severity::Major,
            "No rate limiting is applied (the same sentence as the ratio of routers).",
        ),
        held(
            RuleId::R6,
            Severity::Block,
            "The peer must supply and advertise its own publicly routable IPv4 address \
                   space, used by its communications service endpoints, such as SBCs.",
        ),
        R7,
        held(
            RuleId::R8,
            Severity::Block,
            "All prefixes of the communications infrastructure are registered in the Azure portal and \
             advertised with the community 8075:8007. (What a registration is validated by, path length, \
             prepends and sessions included, is told by peering-registered-prefix-requirements.md.)",
        ),
        R9,
        R10,
    ],
};

/// Azure Peering Service partner, 2023-08-09.
pub(super) const MAPS_2023_08: Pack = Pack {
    id: PackId::Maps202308,
    title: "Azure Peering Service partner",
    document: PARTNERS,
    edition: "2023-08-09",
    provider_as: Some(8075),
    over: Over::Pnis,
    open: &[LOCATION, LONG_PREFIXES, ROUTERS, SHARE, UPGRADE, PORTS, MAXIMUM],
    limits: MAPS,
    rules: &[R1, R2, R3, R4, R5A, R5B, R6, R7, R8, R9, R10, P8, P18, P21, P23, P28],
};

/// Azure Peering Service for voice, 2024-10-23.
pub(super) const MAPS_VOICE_2024_10: Pack = Pack {
    id: PackId::MapsVoice202410,
    title: "Azure Peering Service for voice",
    document: VOICE,
    edition: "2024-10-23",
    provider_as: Some(8075),
    over: Over::Pnis,
    open: &[LOCATION, LONG_PREFIXES, ROUTERS, SHARE, UPGRADE, PORTS, MAXIMUM],
    limits: Limits { address_provider: Some(AddressProvider::Microsoft), ..MAPS },
    rules: &[
        R1,
        held(
            RuleId::R2,
            Severity::Block,
            "The peer must have a redundant PNI at each interconnect location, for local \
                   redundancy; the peering must have two connections at least.",
        ),
        held(
            RuleId::R3,
            Severity::Minor,
            "Peering Service peerings in several locations are recommended, for geo \
                   redundancy.",
        ),
        R4,
        R5A,
        R5B,
        R6,
        R8,
        R9,
        R10,
        P8,
        P18,
        P21,
        P23,
        held(
            RuleId::P24,
            Severity::Block,
            "The peer must run BGP over BFD for subsecond convergence; BFD must run before \
                   routes are exchanged.",
        ),
        held(
            RuleId::P25,
            Severity::Block,
            "Microsoft must be the session address provider; addresses of one's own cannot \
                   be used.",
        ),
        P28,
    ],
};

/// Azure Peering Service for exchanges with route servers, 2024-10-24.
pub(super) const MAPS_IXRS_2024_10: Pack = Pack {
    id: PackId::MapsIxrs202410,
    title: "Azure Peering Service for exchanges with route servers",
    document: IXRS,
    edition: "2024-10-24",
    provider_as: Some(8075),
    over: Over::Pnis,
    open: &[LOCATION, LONG_PREFIXES, ROUTERS, SHARE, UPGRADE, PORTS, MAXIMUM],
    limits: Limits { address_provider: Some(AddressProvider::Peer), ..MAPS },
    rules: &[
        R1,
        held(
            RuleId::R2,
            Severity::Block,
            "The peer must have a redundant PNI at each interconnect location, for local \
                   redundancy. (The steps ask for one connection at least, from which a BGP mesh \
                   is made; the requirement is what counts here.)",
        ),
        R3,
        R4,
        R5A,
        R5B,
        R6,
        R8,
        R9,
        R10,
        P8,
        P18,
        P21,
        P23,
        held(RuleId::P25, Severity::Block, "The peer must be the session address provider."),
        P28,
    ],
};
