//! BGP (RFC 4271), without clock, wires or topology.
//!
//! [`session`] brings a session up and down with the [`message`]s it exchanges over [`tcp`].
//! [`advertise`] turns what a neighbour tells into a route and a route into what a neighbour is
//! told, by [`policy`], [`relation`] and [`rpki`]. [`rib`] keeps routes, [`attrs`] their attributes, and
//! [`decision`] chooses among them.

use crate::units::SimDuration;

pub mod advertise;
pub mod attrs;
pub mod decision;
pub mod message;
pub mod policy;
pub mod relation;
pub mod rib;
pub mod rpki;
pub mod session;
pub mod tcp;

/// Timers of one side of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BgpConfig {
    /// Offered hold time; zero turns hold and keepalives off, else at least 3 s.
    pub hold: SimDuration,
    /// Keepalive interval before negotiation; never more than a third of the negotiated hold.
    pub keepalive: SimDuration,
    /// `ConnectRetryTime`.
    pub connect_retry: SimDuration,
    /// Wait in Idle after the first failure; doubles with each further one.
    pub idle_hold: SimDuration,
    /// The longest wait in Idle.
    pub idle_hold_max: SimDuration,
    /// `MinRouteAdvertisementInterval`.
    pub mrai: SimDuration,
    /// Whether withdrawals wait for the MRAI too.
    pub mrai_withdrawals: bool,
}
