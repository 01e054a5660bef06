//! LACP (IEEE 802.1AX): receive and mux machines of one member.

use crate::units::SimDuration;

/// How one end of a LAG runs LACP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Whether this end speaks without being spoken to.
    pub mode: Mode,
    /// This end's `LACP_Timeout`: how often the partner sends and how long this end waits.
    pub interval: Interval,
    /// `Aggregate_Wait_Time`: delay before a member that returns may carry traffic.
    pub aggregate_wait: SimDuration,
}

/// `LACP_Activity`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Speaks first.
    Active,
    /// Speaks only to an active partner.
    Passive,
}

/// `LACP_Timeout`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// A PDU a second, timeout 3 s.
    Fast,
    /// A PDU every 30 s, timeout 90 s.
    Slow,
}
