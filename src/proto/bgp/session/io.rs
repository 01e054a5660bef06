//! What goes into the connection machine and what comes out.

use crate::proto::bgp::message::Message;
use crate::units::{SimDuration, SimTime};

/// States of RFC 4271 §8.2.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Refuses connections: waits for its back-off, or for what holds it down to end.
    Idle,
    /// Tries to connect, and accepts.
    Connect,
    /// Accepts a connection, and tries again later.
    Active,
    /// Connected; an OPEN was sent, the neighbour's is awaited.
    OpenSent,
    /// The OPENs agree; a KEEPALIVE is awaited.
    OpenConfirm,
    /// Routes are exchanged.
    Established,
}

impl State {
    /// Its name in results.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Connect => "connect",
            Self::Active => "active",
            Self::OpenSent => "open_sent",
            Self::OpenConfirm => "open_confirm",
            Self::Established => "established",
        }
    }
}

/// Timers the driver keeps for the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// Silence that ends the session (`HoldTimer`).
    Hold,
    /// Wait in Idle before the next start (`IdleHoldTimer`).
    IdleHold,
    /// Wait in Active before connecting again (`ConnectRetryTimer`).
    ConnectRetry,
}

/// What lies under the session and went down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lower {
    /// The interface: a single port, or every member of the LAG without light.
    Interface,
    /// The LAG, though some member still has light.
    Lag,
}

/// What happens to the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The router's BGP starts (`ManualStart`, or the end of a reload).
    Start,
    /// [`Timer::IdleHold`] ran out.
    IdleHoldExpired,
    /// [`Timer::ConnectRetry`] ran out.
    ConnectRetryExpired,
    /// [`Timer::Hold`] ran out.
    HoldExpired,
    /// A TCP connection stands, whoever opened it.
    TransportUp,
    /// A TCP connection stands that the neighbour has opened in place of the one that stood: it had
    /// lost that (RFC 4724 §4.2).
    TransportReplaced,
    /// The neighbour did not take the connection.
    TransportRefused,
    /// The neighbour closed or reset the connection, or does not know it.
    TransportClosed,
    /// A message arrived.
    Message(Message),
    /// Fast external fallover: the interface of a directly connected neighbour went down.
    InterfaceDown(Lower),
    /// That interface came up.
    InterfaceUp,
    /// BFD declared the neighbour down.
    BfdDown {
        /// Whether this side only heard it from the neighbour's BFD.
        by_remote: bool,
        /// Whether the neighbour is told (RFC 9384).
        tells: bool,
    },
    /// The operator shuts the session down, until `AdminUp`.
    AdminDown,
    /// The operator takes the shutdown back.
    AdminUp,
    /// The operator resets the session.
    AdminReset,
    /// The router stops without a word, until `Start`.
    RouterDown,
    /// The BGP process is killed and its connections are closed, until `Start`.
    Killed,
    /// BFD is up, where the session waits for it.
    BfdUp,
    /// The neighbour tells more prefixes than `max_prefix` allows.
    TooManyPrefixes {
        /// When the session may start again; never by itself without.
        restart: Option<SimDuration>,
    },
}

/// What the driver is to do, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Start TCP attempts now, or anew if some are under way.
    Connect,
    /// Stop them.
    StopConnect,
    /// Close the connection (RST or FIN, whatever gets through).
    CloseTransport,
    /// Forget the connection without a word: the router is dead.
    DropTransport,
    /// Send this.
    Send(Message),
    /// The timer runs out then, not at any earlier time it was set to.
    Arm(Timer, SimTime),
    /// The timer does not run.
    Disarm(Timer),
    /// Send a keepalive after each gap drawn from this range; `None`: no more.
    Keepalives(Option<KeepaliveRange>),
    /// The state changed.
    Changed {
        /// From this.
        from: State,
        /// To this.
        to: State,
        /// Why, if it fell back.
        reason: Option<DownReason>,
    },
    /// The session is established: tell all routes.
    Up,
    /// The established session ended: its routes are gone.
    Down {
        /// Why.
        reason: DownReason,
        /// Who found out.
        by: By,
    },
}

/// Shortest and longest gap between keepalives (RFC 4271 §10: 0.75 to 1.0 of the interval).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepaliveRange {
    /// Shortest gap.
    pub shortest: SimDuration,
    /// Longest gap, the negotiated interval.
    pub longest: SimDuration,
}

/// Which end ended a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// This one.
    Local,
    /// The neighbour; this one was told.
    Remote,
}

/// Why a session ended or an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DownReason {
    /// The interface went down.
    InterfaceDown,
    /// The LAG went down.
    LagDown,
    /// BFD.
    BfdDown,
    /// Nothing was heard for the hold time.
    HoldTimerExpired,
    /// The neighbour sent a NOTIFICATION.
    NotificationReceived,
    /// This side's operator shut it down.
    AdminShutdown,
    /// This side's operator reset it.
    AdminReset,
    /// The connection was closed under it.
    ConnectionClosed,
    /// This side's router stopped.
    RouterDown,
    /// The neighbour's OPEN could not be accepted.
    OpenError,
    /// A message that does not belong into the state.
    FsmError,
    /// This side's BGP process was killed.
    ProcessKilled,
    /// The neighbour told more prefixes than this side takes.
    MaxPrefix,
}

impl DownReason {
    /// Its name in results.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InterfaceDown => "interface_down",
            Self::LagDown => "lag_down",
            Self::BfdDown => "bfd_down",
            Self::HoldTimerExpired => "hold_timer_expired",
            Self::NotificationReceived => "notification_received",
            Self::AdminShutdown => "admin_shutdown",
            Self::AdminReset => "admin_reset",
            Self::ConnectionClosed => "connection_closed",
            Self::RouterDown => "router_down",
            Self::OpenError => "open_error",
            Self::FsmError => "fsm_error",
            Self::ProcessKilled => "process_killed",
            Self::MaxPrefix => "max_prefix",
        }
    }
}
