//! Interior routing: adjacencies, SPF throttle, shortest paths.
//!
//! # Departures
//! * OSPF and IS-IS differ here in the jitter of their hellos alone. Databases are not exchanged
//!   when an adjacency comes up, and there are no designated routers: links join two routers.

use crate::units::SimDuration;

mod adjacency;
mod lfa;
mod numbers;
mod spf;
mod throttle;

pub use adjacency::{Adjacency, Hello, Input, Output, Why};
pub use lfa::alternates;
pub use spf::{Edge, Map, Paths, Reach, spf};
pub use throttle::Throttle;

/// Which interior protocol a network runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IgpKind {
    /// None: every router knows the state of its own links only, routes are configured.
    Static,
    /// OSPF (RFC 2328, RFC 5340).
    Ospf,
    /// IS-IS (ISO 10589, RFC 1195).
    Isis,
}

/// Interior routing of one network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IgpConfig {
    /// The protocol.
    pub kind: IgpKind,
    /// Between hellos.
    pub hello: SimDuration,
    /// Without a hello for this long the adjacency is lost.
    pub dead: SimDuration,
    /// Per hop: to originate or relay a link-state PDU.
    pub flood: SimDuration,
    /// Wait before the first SPF after a quiet time.
    pub spf_initial: SimDuration,
    /// Wait before the second; doubles from there.
    pub spf_hold: SimDuration,
    /// The longest wait.
    pub spf_max: SimDuration,
    /// How fast alternates are used when a link is lost (RFC 5286); `None`: not at all.
    pub frr: Option<SimDuration>,
}
