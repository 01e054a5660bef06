//! The states of the connection machine, and how a connection ends.

use super::blocks::Confirms;
use super::io::{By, DownReason};
use crate::proto::bgp::message::Notification;
use crate::units::{SimDuration, SimTime};

/// A state with what exists only in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Phase {
    Idle { until: Option<SimTime> },
    Connect,
    Active { until: SimTime },
    OpenSent { until: SimTime },
    OpenConfirm { hold: SimDuration, until: Option<SimTime>, confirms: Confirms },
    Established { hold: SimDuration, heard: Option<SimTime>, since: SimTime },
}

impl Phase {
    /// Whether a TCP connection stands.
    pub(super) const fn is_connected(self) -> bool {
        match self {
            Self::OpenSent { .. } | Self::OpenConfirm { .. } | Self::Established { .. } => true,
            Self::Idle { .. } | Self::Connect | Self::Active { .. } => false,
        }
    }
}

/// How a connection ends.
#[derive(Clone, Copy)]
pub(super) struct End {
    pub(super) reason: DownReason,
    pub(super) by: By,
    pub(super) last_word: Option<Notification>,
    pub(super) then: Then,
}

/// What follows the end of a connection.
#[derive(Clone, Copy)]
pub(super) enum Then {
    /// Wait, and wait longer after the next failure.
    BackOff,
    /// Wait the shortest wait.
    Restart,
    /// Wait for a block to be lifted.
    Stay,
    /// Wait this long.
    After(SimDuration),
}
