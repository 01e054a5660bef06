//! BFD (RFC 5880, 5881): one asynchronous session.

use crate::units::SimDuration;

/// How one side runs a BFD session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Desired Min TX Interval.
    pub tx: SimDuration,
    /// Required Min RX Interval.
    pub rx: SimDuration,
    /// Detect Mult, at least 1.
    pub multiplier: u8,
}
