//! Messages of a session and the codes of its NOTIFICATIONs.
//!
//! # Departures
//! OPEN carries no capabilities and UPDATE no routes here: a session runs one address family, and
//! what an UPDATE says is not the connection machine's business.

use std::net::Ipv4Addr;

use crate::units::SimDuration;

/// A message as the connection machine sees it (RFC 4271 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// OPEN (§4.2).
    Open(Open),
    /// KEEPALIVE (§4.4).
    Keepalive,
    /// NOTIFICATION (§4.5); the sender closes the connection after it.
    Notification(Notification),
    /// UPDATE (§4.3), its routes left out.
    Update,
}

/// What an OPEN says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open {
    /// The sender's AS (RFC 6793: 32 bits).
    pub asn: u32,
    /// The hold time it offers.
    pub hold: SimDuration,
    /// The sender's BGP identifier.
    pub router_id: Ipv4Addr,
}

/// Why the sender of a NOTIFICATION ends the session, code by code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Notification {
    /// Code 2: the OPEN cannot be accepted.
    Open(OpenError),
    /// Code 4: nothing was heard for the hold time.
    HoldTimerExpired,
    /// Code 5: a message that does not belong into the sender's state.
    Fsm(FsmError),
    /// Code 6: the sender ends it for a reason of its own.
    Cease(Cease),
}

/// Subcodes of code 2 (RFC 4271 §6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum OpenError {
    /// 2: not the AS that was configured.
    BadPeerAs,
    /// 3: zero, or inside one AS our own (RFC 6286 §2.2).
    BadBgpIdentifier,
    /// 6: one or two seconds.
    UnacceptableHoldTime,
}

/// Subcodes of code 5 (RFC 6608 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FsmError {
    /// 1: unexpected in `OpenSent`.
    OpenSent,
    /// 2: unexpected in `OpenConfirm`.
    OpenConfirm,
    /// 3: unexpected in `Established`.
    Established,
}

/// Subcodes of code 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Cease {
    /// 1 (RFC 4486).
    MaximumPrefixes,
    /// 2 (RFC 4486).
    AdministrativeShutdown,
    /// 3 (RFC 4486).
    PeerDeconfigured,
    /// 4 (RFC 4486).
    AdministrativeReset,
    /// 5 (RFC 4486).
    ConnectionRejected,
    /// 6 (RFC 4486).
    OtherConfigurationChange,
    /// 7 (RFC 4486).
    ConnectionCollision,
    /// 8 (RFC 4486).
    OutOfResources,
    /// 9 (RFC 8538).
    HardReset,
    /// 10 (RFC 9384).
    BfdDown,
}

impl Notification {
    /// The error code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Open(_) => 2,
            Self::HoldTimerExpired => 4,
            Self::Fsm(_) => 5,
            Self::Cease(_) => 6,
        }
    }

    /// The error subcode, 0 where the code has none.
    #[must_use]
    pub const fn subcode(self) -> u8 {
        match self {
            Self::Open(error) => match error {
                OpenError::BadPeerAs => 2,
                OpenError::BadBgpIdentifier => 3,
                OpenError::UnacceptableHoldTime => 6,
            },
            Self::HoldTimerExpired => 0,
            Self::Fsm(error) => match error {
                FsmError::OpenSent => 1,
                FsmError::OpenConfirm => 2,
                FsmError::Established => 3,
            },
            Self::Cease(cease) => match cease {
                Cease::MaximumPrefixes => 1,
                Cease::AdministrativeShutdown => 2,
                Cease::PeerDeconfigured => 3,
                Cease::AdministrativeReset => 4,
                Cease::ConnectionRejected => 5,
                Cease::OtherConfigurationChange => 6,
                Cease::ConnectionCollision => 7,
                Cease::OutOfResources => 8,
                Cease::HardReset => 9,
                Cease::BfdDown => 10,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_rfcs() {
        let codes = |n: Notification| (n.code(), n.subcode());
        assert_eq!(codes(Notification::Open(OpenError::BadPeerAs)), (2, 2));
        assert_eq!(codes(Notification::Open(OpenError::BadBgpIdentifier)), (2, 3));
        assert_eq!(codes(Notification::Open(OpenError::UnacceptableHoldTime)), (2, 6));
        assert_eq!(codes(Notification::HoldTimerExpired), (4, 0));
        let fsm = [FsmError::OpenSent, FsmError::OpenConfirm, FsmError::Established];
        assert_eq!(fsm.map(|e| codes(Notification::Fsm(e))), [(5, 1), (5, 2), (5, 3)]);
        let ceases = [
            Cease::MaximumPrefixes,
            Cease::AdministrativeShutdown,
            Cease::PeerDeconfigured,
            Cease::AdministrativeReset,
            Cease::ConnectionRejected,
            Cease::OtherConfigurationChange,
            Cease::ConnectionCollision,
            Cease::OutOfResources,
            Cease::HardReset,
            Cease::BfdDown,
        ];
        for (subcode, cease) in (1..).zip(ceases) {
            assert_eq!(codes(Notification::Cease(cease)), (6, subcode), "{cease:?}");
        }
    }
}
