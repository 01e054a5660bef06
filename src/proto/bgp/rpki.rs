//! Origin validation of routes against ROAs (RFC 6811).

/// What the holder of a prefix allows (RFC 9582): this AS may originate it and its more-specifics
/// up to this length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Roa {
    /// The AS that may originate; 0: none may (RFC 7607).
    pub asn: u32,
    /// The longest prefix it may originate.
    pub max_length: u8,
}

/// The validation state of a route (RFC 6811 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Validity {
    /// A ROA that covers the prefix allows it.
    Valid,
    /// ROAs cover the prefix, and none allows it.
    Invalid,
    /// No ROA covers the prefix.
    NotFound,
}

/// The state of a route for a prefix of this length with this origin AS, where `covering` are the
/// ROAs of the prefix and of all that cover it.
///
/// # Examples
/// ```
/// use pnilab::proto::bgp::rpki::{Roa, Validity, validity};
/// let roas = [Roa { asn: 64500, max_length: 24 }];
/// assert_eq!(validity(&roas, 24, 64500), Validity::Valid);
/// assert_eq!(validity(&roas, 25, 64500), Validity::Invalid);
/// assert_eq!(validity(&roas, 24, 64666), Validity::Invalid);
/// assert_eq!(validity(&[], 24, 64666), Validity::NotFound);
/// ```
#[must_use]
pub fn validity(covering: &[Roa], length: u8, origin: u32) -> Validity {
    let allows = |roa: &Roa| roa.asn != 0 && roa.asn == origin && length <= roa.max_length;
    if covering.iter().any(allows) {
        Validity::Valid
    } else if covering.is_empty() {
        Validity::NotFound
    } else {
        Validity::Invalid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_roa_that_allows_a_route_outweighs_others_that_do_not() {
        let other = Roa { asn: 64501, max_length: 24 };
        let own = Roa { asn: 64500, max_length: 24 };
        assert_eq!(validity(&[other, own], 24, 64500), Validity::Valid);
        assert_eq!(validity(&[other], 24, 64500), Validity::Invalid);
    }

    #[test]
    fn a_roa_for_as_0_allows_nobody() {
        assert_eq!(validity(&[Roa { asn: 0, max_length: 32 }], 24, 0), Validity::Invalid);
    }
}
