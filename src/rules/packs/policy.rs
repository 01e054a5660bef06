//! Microsoft's peering policy, for direct peering and for peering over exchanges.

use super::{Held, Limits, Over, Pack};
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
        Held {
            rule: RuleId::R1,
            severity: Severity::Block,
            says: "The peer has a publicly routable AS number; AS8075, 8068, 8069 and 12076 are \
                   Microsoft's.",
        },
        Held {
            rule: RuleId::R5a,
            severity: Severity::Note,
            says: "The peer may choose not to deploy redundant devices at its end.",
        },
        Held {
            rule: RuleId::P1,
            severity: Severity::Major,
            says: "A fully redundant network with enough capacity to exchange traffic without \
                   congestion.",
        },
        Held {
            rule: RuleId::P2,
            severity: Severity::Minor,
            says: "Sessions of both IPv4 and IPv6 are expected at each peering location.",
        },
        Held {
            rule: RuleId::P4,
            severity: Severity::Major,
            says: "Nobody who peers with Microsoft accepts routes from AS12076 (ExpressRoute), \
                   and everybody filters them on all peers.",
        },
        Held {
            rule: RuleId::P5,
            severity: Severity::Block,
            says: "The peer has at least one publicly routable /24.",
        },
        Held {
            rule: RuleId::P6,
            severity: Severity::Note,
            says: "Microsoft overwrites the MED that it receives.",
        },
        Held {
            rule: RuleId::P8,
            severity: Severity::Major,
            says: "A maximum of 2000 IPv4 and 500 IPv6 routes is recommended on sessions with \
                   Microsoft.",
        },
        Held {
            rule: RuleId::P9,
            severity: Severity::Major,
            says: "With the request for a peering the most prefixes that will be advertised are \
                   stated.",
        },
        Held {
            rule: RuleId::P10,
            severity: Severity::Major,
            says: "Unless agreed otherwise, peers announce consistent routes in all locations.",
        },
        Held {
            rule: RuleId::P11,
            severity: Severity::Major,
            says: "Neither side sends the other traffic by static routes or routes of last resort \
                   for what is not announced by BGP.",
        },
        Held {
            rule: RuleId::P12,
            severity: Severity::Major,
            says: "Peers register their routes in a public Internet routing registry and keep \
                   that up to date.",
        },
        Held {
            rule: RuleId::P13,
            severity: Severity::Major,
            says: "Peers adhere to MANRS; Microsoft may refuse peers without signed and \
                   registered routes, and drop invalid routes.",
        },
        Held {
            rule: RuleId::P14,
            severity: Severity::Minor,
            says: "A fully staffed 24x7 network operations centre, with mail from a corporate \
                   domain and a telephone number.",
        },
        Held {
            rule: RuleId::P15,
            severity: Severity::Block,
            says: "A complete and up-to-date profile on PeeringDB.",
        },
        Held {
            rule: RuleId::P16,
            severity: Severity::Block,
            says: "Direct peering only with Internet service providers and network service \
                   providers.",
        },
        Held {
            rule: RuleId::P17,
            severity: Severity::Major,
            says: "Each direct peering has two connections to two Microsoft edge routers, with \
                   dual BGP sessions.",
        },
        Held {
            rule: RuleId::P18,
            severity: Severity::Major,
            says: "Ports are upgraded when peak utilization exceeds 50 %, with diverse capacity \
                   in each metro.",
        },
        Held {
            rule: RuleId::P20,
            severity: Severity::Block,
            says: "Direct peering takes 2 Gbit/s at least.",
        },
        Held {
            rule: RuleId::P21,
            severity: Severity::Block,
            says: "Direct peering runs over single-mode fibre with 100G optics.",
        },
        Held {
            rule: RuleId::P22,
            severity: Severity::Major,
            says: "Each agreed location supports failover that keeps peering local.",
        },
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
        Held {
            rule: RuleId::R1,
            severity: Severity::Block,
            says: "The peer has a publicly routable AS number; AS8075, 8068, 8069 and 12076 are \
                   Microsoft's.",
        },
        Held {
            rule: RuleId::P2,
            severity: Severity::Minor,
            says: "Sessions of both IPv4 and IPv6 are expected at each peering location.",
        },
        Held {
            rule: RuleId::P4,
            severity: Severity::Major,
            says: "Nobody who peers with Microsoft accepts routes from AS12076 (ExpressRoute), \
                   and everybody filters them on all peers.",
        },
        Held {
            rule: RuleId::P5,
            severity: Severity::Block,
            says: "The peer has at least one publicly routable /24.",
        },
        Held {
            rule: RuleId::P6,
            severity: Severity::Note,
            says: "Microsoft overwrites the MED that it receives.",
        },
        Held {
            rule: RuleId::P8,
            severity: Severity::Major,
            says: "A maximum of 2000 IPv4 and 500 IPv6 routes is recommended on sessions with \
                   Microsoft.",
        },
        Held {
            rule: RuleId::P9,
            severity: Severity::Major,
            says: "With the request for a peering the most prefixes that will be advertised are \
                   stated.",
        },
        Held {
            rule: RuleId::P11,
            severity: Severity::Major,
            says: "Neither side sends the other traffic by static routes or routes of last resort \
                   for what is not announced by BGP.",
        },
        Held {
            rule: RuleId::P12,
            severity: Severity::Major,
            says: "Peers register their routes in a public Internet routing registry and keep \
                   that up to date.",
        },
        Held {
            rule: RuleId::P13,
            severity: Severity::Major,
            says: "Peers adhere to MANRS; Microsoft may refuse peers without signed and \
                   registered routes, and drop invalid routes.",
        },
        Held {
            rule: RuleId::P14,
            severity: Severity::Minor,
            says: "A fully staffed 24x7 network operations centre, with mail from a corporate \
                   domain and a telephone number.",
        },
        Held {
            rule: RuleId::P15,
            severity: Severity::Block,
            says: "A complete and up-to-date profile on PeeringDB.",
        },
        Held {
            rule: RuleId::P18,
            severity: Severity::Major,
            says: "Ports are upgraded when peak utilization exceeds 50 %.",
        },
        Held {
            rule: RuleId::P20,
            severity: Severity::Block,
            says: "Peering over an exchange takes 500 Mbit/s at least and less than 2 Gbit/s, \
                   above which it should be direct.",
        },
        Held {
            rule: RuleId::P21,
            severity: Severity::Block,
            says: "A connection of 10 Gbit/s to the exchange at least.",
        },
    ],
};
