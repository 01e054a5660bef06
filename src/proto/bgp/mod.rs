//! BGP (RFC 4271), without clock, wires or topology.
//!
//! [`session`] brings a session up and down with the [`message`]s it exchanges over [`tcp`].
//! [`advertise`] turns what a neighbour tells into a route and a route into what a neighbour is
//! told, by [`policy`], [`relation`] and [`rpki`]. [`rib`] keeps routes, [`attrs`] their attributes, and
//! [`decision`] chooses among them.

use crate::units::{Share, SimDuration};

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

/// By how much of them timers of one side of a session are shortened at random, each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jitter {
    /// Keepalive intervals.
    pub keepalive: Share,
    /// The hold time.
    pub hold: Share,
    /// `ConnectRetryTime`, and the delay before the first attempt.
    pub retry: Share,
    /// Waits in Idle.
    pub idle_hold: Share,
}

/// When a side of a session waits in Idle beside after its own errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdleAfter {
    /// When the interface comes up.
    pub interface_up: bool,
    /// When the neighbour has closed the connection or sent a Cease.
    pub close: bool,
}

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
    /// Whether sending an UPDATE restarts the keepalive interval (RFC 4271 §4.4).
    pub update_restarts_keepalive: bool,
    /// By how much timers are shortened at random.
    pub jitter: Jitter,
    /// From being free to connect to the first attempt.
    pub connect_delay: SimDuration,
    /// When it waits in Idle beside after its own errors.
    pub idle_after: IdleAfter,
    /// How often the neighbour's link address is asked for while the interface is down; when it is
    /// up again the first attempt waits for the next time. Zero: it does not.
    pub address_retry: SimDuration,
}
