//! Path attributes of a route (RFC 4271 §5).

use std::fmt;
use std::str::FromStr;

/// A standard community (RFC 1997), `asn:value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Community {
    /// Upper half.
    pub asn: u16,
    /// Lower half.
    pub value: u16,
}

impl Community {
    /// `NO_EXPORT` (RFC 1997).
    pub const NO_EXPORT: Self = Self { asn: 65535, value: 65281 };
    /// `NO_ADVERTISE` (RFC 1997).
    pub const NO_ADVERTISE: Self = Self { asn: 65535, value: 65282 };
}

impl fmt::Display for Community {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.asn, self.value)
    }
}

/// The text is not `asn:value` with two numbers below 65536.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a community; write `8075:8007`, two numbers below 65536")]
pub struct CommunityError(String);

impl FromStr for Community {
    type Err = CommunityError;
    fn from_str(text: &str) -> Result<Self, CommunityError> {
        let error = || CommunityError(text.to_owned());
        let (asn, value) = text.split_once(':').ok_or_else(error)?;
        Ok(Self {
            asn: asn.parse().map_err(|_| error())?,
            value: value.parse().map_err(|_| error())?,
        })
    }
}

/// `ORIGIN`, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// From an interior protocol.
    Igp,
    /// From EGP.
    Egp,
    /// Otherwise learned.
    Incomplete,
}
