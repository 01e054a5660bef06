//! What a design is to be checked against, what is declared about it, and what is waived.
//!
//! None of it changes a run.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diag::Span;
use crate::units::date::Date;
use crate::units::{BitRate, Length, Share};

macro_rules! words {
    ($(#[$about:meta])* $name:ident; $($(#[$doc:meta])* $variant:ident = $word:literal,)*) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// All of them, in order.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The word for it in files.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    };
}

words! {
    /// A rule pack: what one edition of one document asks for.
    PackId;
    /// Azure Peering Service partners, edition of 2023-02-23.
    Maps202302 = "maps-2023-02",
    /// Azure Peering Service partners, edition of 2023-08-09.
    Maps202308 = "maps-2023-08",
    /// Azure Peering Service for voice, edition of 2024-10-23.
    MapsVoice202410 = "maps-voice-2024-10",
    /// Azure Peering Service for exchanges with route servers, edition of 2024-10-24.
    MapsIxrs202410 = "maps-ixrs-2024-10",
    /// Microsoft's peering policy, direct peering, edition of 2024-03-19.
    Direct202403 = "direct-2024-03",
    /// Microsoft's peering policy, exchange peering, edition of 2024-03-19.
    Exchange202403 = "exchange-2024-03",
    /// AWS Direct Connect, maximum resiliency.
    AwsDxMaximum = "aws-dx-maximum",
    /// AWS Direct Connect, high resiliency.
    AwsDxHigh = "aws-dx-high",
    /// Google Cloud Dedicated Interconnect for 99.99 %.
    Gcp9999 = "gcp-9999",
    /// Google Cloud Dedicated Interconnect for 99.9 %.
    Gcp999 = "gcp-999",
    /// Azure ExpressRoute, designing for high availability.
    ExpressRoute = "expressroute",
}

words! {
    /// A rule; several packs may hold it.
    RuleId;
    /// Own public AS number.
    R1 = "R1",
    /// Redundant PNIs at every location.
    R2 = "R2",
    /// Another site and metro carry the traffic when one fails.
    R3 = "R3",
    /// Sessions active-active.
    R4 = "R4",
    /// A router of its own for each PNI.
    R5a = "R5a",
    /// No rate limiting.
    R5b = "R5b",
    /// Own publicly routable IPv4 space.
    R6 = "R6",
    /// Traffic class and endpoints of each prefix.
    R7 = "R7",
    /// Prefixes registered, and announced with the community.
    R8 = "R8",
    /// No stateful firewall at the end of a PNI.
    R9 = "R9",
    /// LACP on every PNI.
    R10 = "R10",
    /// Room for all traffic when something fails.
    P1 = "P1",
    /// IPv4 and IPv6 at each location.
    P2 = "P2",
    /// No routes with AS12076 in their path.
    P4 = "P4",
    /// At least one routable /24.
    P5 = "P5",
    /// No reliance on MED.
    P6 = "P6",
    /// A limit on prefixes that leaves room.
    P8 = "P8",
    /// Not more prefixes than told.
    P9 = "P9",
    /// The same routes everywhere.
    P10 = "P10",
    /// No static route to the other side.
    P11 = "P11",
    /// Routes registered in an IRR.
    P12 = "P12",
    /// Routes signed, and MANRS.
    P13 = "P13",
    /// A staffed NOC.
    P14 = "P14",
    /// A profile on PeeringDB.
    P15 = "P15",
    /// An Internet or network service provider.
    P16 = "P16",
    /// Two connections to two of the provider's edge routers.
    P17 = "P17",
    /// Ports upgraded in time.
    P18 = "P18",
    /// Enough traffic.
    P20 = "P20",
    /// Ports fast enough.
    P21 = "P21",
    /// Traffic stays in its metro when something fails.
    P22 = "P22",
    /// Sessions of one bandwidth.
    P23 = "P23",
    /// BFD on every session.
    P24 = "P24",
    /// Session addresses from whom the provider says.
    P25 = "P25",
    /// The SKU of the peering.
    P28 = "P28",
    /// Connections in two locations.
    C1 = "C1",
    /// Connections on separate devices of the provider at each location.
    C2 = "C2",
    /// Connections in separate maintenance domains.
    C3 = "C3",
    /// A pair of connections in one metro.
    C4 = "C4",
}

/// What to check, and what people agreed to.
#[derive(Clone, Debug, Default)]
pub struct Requirements {
    /// Packs that the file names.
    pub packs: Vec<PackId>,
    /// Where the file decides what documents leave open.
    pub options: RuleOptions,
    /// Findings that are accepted for a time.
    pub waivers: Vec<Waiver>,
}

/// Answers of a file to what documents leave open or contradict each other about; `None`: that of
/// the pack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleOptions {
    /// What a location is.
    pub location: Option<Location>,
    /// What share of the traffic of a location one of two PNIs carries at least.
    pub active_share: Option<Share>,
    /// Above this load in the busy hour ports are to be upgraded.
    pub upgrade_at: Option<Share>,
    /// The slowest port.
    pub minimum_port: Option<BitRate>,
    /// The longest IPv4 prefix.
    pub longest_prefix: Option<u8>,
    /// How far apart two metros are at least.
    pub metro_distance: Option<Length>,
}

/// What an interconnect location is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Location {
    /// A metro, as `peeringLocation` of Azure.
    Metro,
    /// A facility.
    Site,
}

/// A finding that is accepted for a time.
#[derive(Clone, Debug)]
pub struct Waiver {
    /// The rule.
    pub rule: RuleId,
    /// What the finding is about, by name.
    pub subject: String,
    /// Why it is accepted.
    pub reason: String,
    /// The last day on which it is.
    pub expires: Date,
    /// Where it stands.
    pub span: Span,
}

words! {
    /// Whether an AS number is associated with its holder (`validationState` of a `PeerAsn`).
    PeerAsnState;
    /// Nobody has asked.
    None = "None",
    /// Asked for.
    Pending = "Pending",
    /// It is.
    Approved = "Approved",
    /// Refused.
    Failed = "Failed",
}

words! {
    /// When a network operations centre is staffed.
    Staffed;
    /// Always.
    Always = "24x7",
    /// In business hours.
    BusinessHours = "business_hours",
}

words! {
    /// What the owner of a network does.
    Business;
    /// An Internet service provider.
    Isp = "isp",
    /// A network service provider.
    Nsp = "nsp",
    /// Something else.
    Other = "other",
}

words! {
    /// Who gives addresses to the sessions of a peering (`sessionAddressProvider` of Azure).
    AddressProvider;
    /// Microsoft.
    Microsoft = "Microsoft",
    /// The peer.
    Peer = "Peer",
}

words! {
    /// The SKU of a peering.
    Sku;
    /// For plain direct peering.
    BasicDirectFree = "Basic_Direct_Free",
    /// For Peering Service.
    PremiumDirectFree = "Premium_Direct_Free",
}

/// A network operations centre.
#[derive(Clone, Debug)]
pub struct Noc {
    /// When it is staffed.
    pub staffed: Staffed,
    /// Its address for mail; may be empty.
    pub email: String,
    /// Its telephone number; may be empty.
    pub phone: String,
}

/// Facts of a network that no model shows and its owner states; `None`: not stated.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    /// Whether the provider has approved the AS number as the owner's.
    pub peer_asn: Option<PeerAsnState>,
    /// Its network operations centre.
    pub noc: Option<Noc>,
    /// The id of its profile on PeeringDB.
    pub peeringdb: Option<u32>,
    /// Its set of routes or ASes in a routing registry.
    pub irr: Option<String>,
    /// Whether it follows MANRS.
    pub manrs: Option<bool>,
    /// What its owner does.
    pub business: Option<Business>,
    /// Whether it sends by static or default routes what the other side has not announced.
    pub static_routes: Option<bool>,
    /// How many IPv4 and IPv6 prefixes it told the provider to expect on a session.
    pub max_prefixes: [Option<u64>; 2],
}
