//! Microsoft's peering policy, for direct peering and for peering over exchanges.

use super::{Held, Limits, Over, Pack, held};
use crate::model::requirements::{Location, PackId, RuleId, Sku};
use crate::report::data::Severity;
use crate::units::{BitRate, Length, Share};

const POLICY: &str = "MicrosoftDocs/azure-docs, articles/internet-peering/policy.md";

/// Values of direct peering.
const DIRECT: Limits = Limits {
    location: Location::Metro,
    active_share: Share::from_percent(30),
    longest_prefix: 24,
    longest_path: 3,
    metro_distance: Length::from_metres(0),
    upgrade_at: Share::from_percent(50),
    minimum_port: BitRate::from_bps(100_000_000_000),
    max_prefixes: [2000, 500],
    traffic: [BitRate::from_bps(2_000_000_000), BitRate::ZERO],
    address_provider: None,
    sku: Sku::BasicDirectFree,
};

const UNITS: &str = "The edition of 2024-03 prints the least traffic in MB and GB, earlier ones in Mbps and Gbps: bit/s are \
     meant here.";
const PORTS: &str = "Direct peering by this policy takes 100G ports, the Peering Service FAQs say 10G: `minimum_port: 100G` is \
     the default.";
const UPGRADE: &str = "This policy asks for upgrades above 50 % peak load, the Peering Service FAQs begin at 40 %: `upgrade_at: \
     50%` is the default.";
const UNCHECKED: &str = "Not checked, as the model has no such thing: MD5 (not supported by the policy, though the API has a key \
     for it), kinds of fibre, and which communities tag the origin of routes.";

// What several editions say alike.

const R1: Held = held(
    RuleId::R1,
    Severity::Block,
    "The peer has a publicly routable AS number; AS8075, 8068, 8069 and 12076 are \
     Microsoft's.",
);
const P2: Held = held(
    RuleId::P2,
    Severity::Minor,
    "Sessions of both IPv4 and IPv6 are expected at each peering location.",
);
const P4: Held = held(
    RuleId::P4,
    Severity::Major,
    "Nobody who peers with Microsoft accepts routes from AS12076 (ExpressRoute), and \
     everybody filters them on all peers.",
);
const P5: Held =
    held(RuleId::P5, Severity::Block, "The peer has at least one publicly routable /24.");
const P6: Held = held(RuleId::P6, Severity::Note, "Microsoft overwrites the MED that it receives.");
const P8: Held = held(
    RuleId::P8,
    Severity::Major,
    "A maximum of 2000 IPv4 and 500 IPv6 routes is recommended on sessions with \
     Microsoft.",
);
const P9: Held = held(
    RuleId::P9,
    Severity::Major,
    "With the request for a peering the most prefixes that will be advertised are \
     stated.",
);
const P11: Held = held(
    RuleId::P11,
    Severity::Major,
    "Neither side sends the other traffic by static routes or routes of last resort \
     for what is not announced by BGP.",
);
const P12: Held = held(
    RuleId::P12,
    Severity::Major,
    "Peers register their routes in a public Internet routing registry and keep that \
     up to date.",
);
const P13: Held = held(
    RuleId::P13,
    Severity::Major,
    "Peers adhere to MANRS; Microsoft may refuse peers without signed and registered \
     routes, and drop invalid routes.",
);
const P14: Held = held(
    RuleId::P14,
    Severity::Minor,
    "A fully staffed 24x7 network operations centre, with mail from a corporate \
     domain and a telephone number.",
);
const P15: Held =
    held(RuleId::P15, Severity::Block, "A complete and up-to-date profile on PeeringDB.");

/// Microsoft peering policy: direct peering, 2024-03-19.
pub(super) const DIRECT_2024_03: Pack = Pack {
    id: PackId::Direct202403,
    title: "Microsoft peering policy: direct peering",
    document: POLICY,
    edition: "2024-03-19",
    provider_as: Some(8075),
    over: Over::Pnis,
    open: &[UNITS, PORTS, UPGRADE, UNCHECKED],
    limits: DIRECT,
    rules: &[
        R1,
        held(
            RuleId::R5a,
            Severity::Note,
            "The peer may choose not to deploy redundant devices at its end.",
        ),
        held(
            RuleId::P1,
            Severity::Major,
            "A fully redundant network with enough capacity to exchange traffic without \
                   congestion.",
        ),
        P2,
        P4,
        P5,
        P6,
        P8,
        P9,
        held(
            RuleId::P10,
            Severity::Major,
            "Unless agreed otherwise, peers announce consistent routes in all locations.",
        ),
        P11,
        P12,
        P13,
        P14,
        P15,
        held(
            RuleId::P16,
            Severity::Block,
            "Direct peering only with Internet service providers and network service \
                   providers.",
        ),
        held(
            RuleId::P17,
            Severity::Major,
            "Each direct peering has two connections to two Microsoft edge routers, with \
                   dual BGP sessions.",
        ),
        held(
            RuleId::P18,
            Severity::Major,
            "Ports are upgraded when peak utilization exceeds 50 %, with diverse capacity \
                   in each metro.",
        ),
        held(RuleId::P20, Severity::Block, "Direct peering takes 2 Gbit/s at least."),
        held(
            RuleId::P21,
            Severity::Block,
            "Direct peering runs over single-mode fibre with 100G optics.",
        ),
        held(
            RuleId::P22,
            Severity::Major,
            "Each agreed location supports failover that keeps peering local.",
        ),
    ],
};

/// Microsoft peering policy: peering over an exchange, 2024-03-19.
pub(super) const EXCHANGE_2024_03: Pack = Pack {
    id: PackId::Exchange202403,
    title: "Microsoft peering policy: peering over an exchange",
    document: POLICY,
    edition: "2024-03-19",
    provider_as: Some(8075),
    over: Over::Exchanges,
    open: &[UNITS, UNCHECKED],
    limits: Limits {
        minimum_port: BitRate::from_bps(10_000_000_000),
        traffic: [BitRate::from_bps(500_000_000), BitRate::from_bps(2_000_000_000)],
        ..DIRECT
    },
    rules: &[
        R1,
        P2,
        P4,
        P5,
        P6,
        P8,
        P9,
        P11,
        P12,
        P13,
        P14,
        P15,
        held(
            RuleId::P18,
            Severity::Major,
            "Ports are upgraded when peak utilization exceeds 50 %.",
        ),
        held(
            RuleId::P20,
            Severity::Block,
            "Peering over an exchange takes 500 Mbit/s at least and less than 2 Gbit/s, \
                   above which it should be direct.",
        ),
        held(RuleId::P21, Severity::Block, "A connection of 10 Gbit/s to the exchange at least."),
    ],
};
