//! What a LACPDU says, as far as one partner per member needs it.

use super::{Config, Interval, Mode};

/// The state octet of one end, bit for bit (IEEE 802.1AX-2008 §5.4.2.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flags(u8);

impl Flags {
    /// `LACP_Activity`: active.
    pub const ACTIVITY: Self = Self(1 << 0);
    /// `LACP_Timeout`: short.
    pub const SHORT_TIMEOUT: Self = Self(1 << 1);
    /// `Aggregation`: may be aggregated.
    pub const AGGREGATION: Self = Self(1 << 2);
    /// `Synchronization`: in the right LAG.
    pub const SYNCHRONIZATION: Self = Self(1 << 3);
    /// `Collecting`: takes frames.
    pub const COLLECTING: Self = Self(1 << 4);
    /// `Distributing`: sends frames.
    pub const DISTRIBUTING: Self = Self(1 << 5);
    /// `Defaulted`: knows no partner.
    pub const DEFAULTED: Self = Self(1 << 6);
    /// `Expired`: the receive machine is in `EXPIRED`.
    pub const EXPIRED: Self = Self(1 << 7);

    /// Whether all bits of `flags` are set.
    #[must_use]
    pub const fn has(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// These flags with those of `flags` set or cleared.
    #[must_use]
    pub const fn with(self, flags: Self, set: bool) -> Self {
        if set { Self(self.0 | flags.0) } else { Self(self.0 & !flags.0) }
    }

    /// What follows from the configuration of an end alone.
    pub(super) fn of(config: Config) -> Self {
        Self::AGGREGATION
            .with(Self::ACTIVITY, config.mode == Mode::Active)
            .with(Self::SHORT_TIMEOUT, config.interval == Interval::Fast)
    }
}

/// Whom a PDU comes from, or speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The other end of this member.
    Partner,
    /// A port of another system, or of another LAG.
    Stranger,
}

/// What an end knows of the one it last heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Who that is.
    pub who: Who,
    /// Its state, as far as it is believed.
    pub flags: Flags,
}

/// What a LACPDU says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pdu {
    /// The state of the end that sends it.
    pub actor: Flags,
    /// What that end knows of the one it last heard, if anything.
    pub partner: Option<Known>,
}
