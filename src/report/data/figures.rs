//! What charts and the CSV need beside a result.

use std::sync::Arc;

use serde::Serialize;

use super::Direction;

/// What the charts and the CSV need beside the result.
#[derive(Clone, Debug, PartialEq)]
pub struct RunFigures {
    /// The scenario's claim, in its author's words; may be empty.
    pub about: String,
    /// Plain sentences a reader should know, such as which limit stopped the run.
    pub notes: Vec<String>,
    /// A lane per element and session. Charts leave out those that stay up.
    pub lanes: Vec<Lane>,
    /// What was delivered, by demand and direction.
    pub delivered: Vec<DeliveredSeries>,
    /// What was offered to each direction of each PNI and link.
    pub loads: Vec<LoadSeries>,
    /// The network and what failed in it.
    pub map: MapData,
    /// Every state change, in order.
    pub timeline: Vec<TimelineRow>,
    /// Best routes and forwarding of every router: all at the start, then what is different at the
    /// end of each window.
    pub routes: Vec<Arc<RouteRow>>,
}

/// What kind of thing a lane shows. Lanes are drawn in this order.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LaneKind {
    /// A router.
    Router,
    /// A circuit.
    Circuit,
    /// One end of a circuit.
    Interface,
    /// A LAG: a PNI or a link.
    Lag,
    /// A BFD session, one end.
    Bfd,
    /// A BGP session, one end or both.
    Session,
    /// An IGP adjacency.
    Adjacency,
}

impl LaneKind {
    /// What it is called on a chart.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Router => "router",
            Self::Circuit => "circuit",
            Self::Interface => "interface",
            Self::Lag => "LAG",
            Self::Bfd => "BFD",
            Self::Session => "BGP",
            Self::Adjacency => "IGP",
        }
    }
}

/// The health of a thing, as charts tell it.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// It works.
    Up,
    /// It works, but with less than all it has, or it is coming up.
    Degraded,
    /// It is broken without saying so: up by its own account, and nothing passes.
    Silent,
    /// It does not work.
    Down,
}

impl Health {
    /// What it is called on a chart.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Silent => "silent",
            Self::Down => "down",
        }
    }
}

/// The health of one thing over the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// Its name; an end of a session adds its router: `pni-ams-1/ipv4 at ct-ams-1`.
    pub name: String,
    /// What it is.
    pub kind: LaneKind,
    /// Its health from the start to the end of the run, without holes, in order.
    pub segments: Vec<Segment>,
}

/// One stretch of unchanged health.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// Its start.
    pub from_s: f64,
    /// Its end.
    pub until_s: f64,
    /// The health.
    pub health: Health,
    /// A word on it, such as `bfd_down` or `1 of 2`; may be empty.
    pub label: String,
}

/// What was delivered of one direction of a demand.
#[derive(Clone, Debug, PartialEq)]
pub struct DeliveredSeries {
    /// Name of the demand.
    pub demand: String,
    /// Which direction.
    pub direction: Direction,
    /// Offered rate at the start of the run.
    pub offered_bps: f64,
    /// The share its class calls ok, 0..1.
    pub ok: f64,
    /// Delivered share over time, from the start to the end of the run: straight lines between
    /// points in order of time. Two points at one instant are a step.
    pub points: Vec<DeliveredPoint>,
}

/// A point of a delivered series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeliveredPoint {
    /// Seconds since the start of the run.
    pub at_s: f64,
    /// Delivered over offered, 0..1.
    pub ratio: f64,
}

/// What was offered to one direction of a link, against its capacity.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadSeries {
    /// Name of the link.
    pub link: String,
    /// What it is: `pni`, `link`, ...
    pub link_kind: String,
    /// From and to, as `ms-ams-2>ct-ams-2`.
    pub direction: String,
    /// Capacity of the members in use; each step holds until the next. The first is at the start.
    pub capacity: Vec<Step>,
    /// Offered rate; each step holds until the next. The first is at the start.
    pub offered: Vec<Step>,
}

/// A rate from an instant on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Seconds since the start of the run.
    pub at_s: f64,
    /// Bit/s from then on.
    pub bps: f64,
}

/// The network as a map shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct MapData {
    /// Metros in file order.
    pub metros: Vec<MapMetro>,
    /// PNIs and links in file order.
    pub lags: Vec<MapLag>,
}

/// A metro.
#[derive(Clone, Debug, PartialEq)]
pub struct MapMetro {
    /// Its name.
    pub name: String,
    /// What it is for a person, such as `Amsterdam`; may be empty.
    pub about: String,
    /// Latitude and longitude in degrees. Used if every metro has one.
    pub position: Option<(f64, f64)>,
    /// Sites in file order.
    pub sites: Vec<MapSite>,
}

/// A site.
#[derive(Clone, Debug, PartialEq)]
pub struct MapSite {
    /// Its name.
    pub name: String,
    /// Routers in file order.
    pub routers: Vec<MapRouter>,
}

/// A router.
#[derive(Clone, Debug, PartialEq)]
pub struct MapRouter {
    /// Its name.
    pub name: String,
    /// Name of its network.
    pub network: String,
    /// The worst health it had in the run.
    pub worst: Health,
}

/// A PNI or link.
#[derive(Clone, Debug, PartialEq)]
pub struct MapLag {
    /// Its name.
    pub name: String,
    /// Names of the routers at its ends.
    pub ends: [String; 2],
    /// What it is: `pni`, `link`, ...
    pub kind: String,
    /// How many circuits it has.
    pub circuits: u32,
    /// How many of them were broken at once, at worst.
    pub circuits_failed: u32,
    /// The worst health it had in the run.
    pub worst: Health,
}

/// One state change, a row of `timeline.csv`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TimelineRow {
    /// When.
    pub at_s: f64,
    /// Name of what changed.
    pub element: String,
    /// What kind of thing it is: `circuit`, `lag`, `bfd`, `session`, `route`, ...
    pub kind: String,
    /// Which router saw it; empty if it is nobody's alone.
    pub router: String,
    /// State before.
    pub from: String,
    /// State after.
    pub to: String,
    /// Why, such as `hold_timer_expired`; may be empty.
    pub reason: String,
    /// The event it follows from, such as `fault0/begin`; empty if none.
    pub event: String,
}

/// What a router knows of a prefix, a row of `routes.csv`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RouteRow {
    /// When it was so.
    pub at_s: f64,
    /// `start`, or the event at the end of whose window it was so.
    pub event: String,
    /// The router.
    pub router: String,
    /// The prefix.
    pub prefix: String,
    /// The session that the best route is from, or `local`; empty: there is none.
    pub best: String,
    /// The step of the decision process that chose it.
    pub reason: String,
    /// Its next hop: a router, a session for the neighbour on it, a port of an exchange, or `self`.
    pub next_hop: String,
    /// Its AS path, the nearest AS first.
    pub as_path: String,
    /// Its origin.
    pub origin: String,
    /// Its `LOCAL_PREF`; 100 where it carries none.
    pub local_pref: Option<u32>,
    /// Its MED.
    pub med: Option<u32>,
    /// Its communities.
    pub communities: String,
    /// The sessions of all routes that are used, the best first.
    pub used: String,
    /// The LAGs that traffic leaves by, as the forwarding table has them; with `*` and a weight where
    /// these differ.
    pub forwarding: String,
}
