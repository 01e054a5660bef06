//! Exchanges as they are written.

use std::net::Ipv4Addr;

use schemars::JsonSchema;
use serde::Deserialize;

use super::lags::{RawCircuit, RawLag, RawPolicer, RawQos, RawRelation, RawSession, RawSessions};
use super::policy::RawTerm;
use super::values::{RawBgp, RawDamping, RawInterface};
use crate::input::sp::{Entries, List, Sp, Text};
use crate::units::SimDuration;

/// A LAN with member ports, sessions between members and route servers.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Exchange")]
pub(crate) struct RawExchange {
    /// What it is.
    pub about: Option<Sp<String>>,
    /// Where its switches stand.
    pub site: Sp<String>,
    /// How often its switches fail in a year, on average; absent: what `availability` prints.
    #[schemars(range(min = 0, max = 300))]
    pub failures_per_year: Option<Sp<f64>>,
    /// From a failure to the end of its repair, on average; absent: what `availability` prints.
    pub repair: Option<Sp<Text<SimDuration>>>,
    /// Ports of members; a router has one.
    #[serde(default)]
    pub ports: Entries<RawPort>,
    /// Sessions between two members, by their routers: `r1--r2`.
    #[serde(default)]
    pub sessions: Entries<RawLanSession>,
    /// Route servers (RFC 7947), in the fabric.
    #[serde(default)]
    pub route_servers: Entries<RawRouteServer>,
}

/// A member's port: a LAG between its router and the fabric, which runs its end alike, but that
/// its LACP is always active.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ExchangePort")]
pub(crate) struct RawPort {
    /// What it is.
    pub about: Option<Sp<String>>,
    /// The member's router.
    pub router: Sp<String>,
    /// Its members.
    pub circuits: Entries<RawCircuit>,
    /// How they are bundled.
    pub lag: Option<Sp<RawLag>>,
    /// Interface timers.
    pub interface: Option<Sp<RawInterface>>,
    /// Turns dampening of the member's interfaces that flap on.
    pub dampening: Option<Sp<RawDamping>>,
    /// How much the member's router takes in and sends out; absent: any rate.
    pub policer: Option<Sp<RawPolicer>>,
    /// What the member's router sends first; absent: one queue.
    pub qos: Option<Sp<RawQos>>,
}

/// Sessions between two members.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LanSession")]
pub(crate) struct RawLanSession {
    /// What the second is to the first.
    pub relation: Sp<RawRelation>,
    /// BGP timers.
    pub bgp: Option<Sp<RawBgp>>,
    /// IPv4 unicast.
    pub ipv4: Option<Sp<RawSession>>,
    /// IPv6 unicast.
    pub ipv6: Option<Sp<RawSession>>,
    /// What differs at one end, by router.
    #[serde(default)]
    pub sides: Entries<RawLanSide>,
}

/// One end of sessions on the LAN.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LanSide")]
pub(crate) struct RawLanSide {
    /// BGP timers.
    pub bgp: Option<Sp<RawBgp>>,
    /// What differs in one session.
    pub sessions: Option<Sp<RawSessions>>,
    /// What to do with routes that come in, on all sessions.
    pub import: Option<Sp<List<RawTerm>>>,
    /// What to do with routes that go out, on all sessions.
    pub export: Option<Sp<List<RawTerm>>>,
}

/// A route server.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RouteServer")]
pub(crate) struct RawRouteServer {
    /// What it is.
    pub about: Option<Sp<String>>,
    /// Its AS number, which it does not put into paths.
    pub asn: Sp<u32>,
    /// BGP identifier; absent: derived from the name.
    pub router_id: Option<Sp<Text<Ipv4Addr>>>,
    /// The members it serves, by router.
    #[serde(default)]
    pub clients: Entries<RawClient>,
}

/// A member's sessions to a route server.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RouteServerClient")]
pub(crate) struct RawClient {
    /// BGP timers.
    pub bgp: Option<Sp<RawBgp>>,
    /// IPv4 unicast.
    pub ipv4: Option<Sp<RawSession>>,
    /// IPv6 unicast.
    pub ipv6: Option<Sp<RawSession>>,
    /// What differs at one end: the member's router or the route server.
    #[serde(default)]
    pub sides: Entries<RawLanSide>,
}
