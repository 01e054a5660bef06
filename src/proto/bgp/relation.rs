//! What may be told to whom: the relations of Gao and Rexford (2001), in RFC 9234 called roles.

/// What the network at the other end of an external session is to ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Relation {
    /// Pays us: gets everything.
    Customer,
    /// Settlement-free: gets our own and our customers' routes.
    Peer,
    /// We pay it: gets our own and our customers' routes.
    Provider,
}

impl Relation {
    /// The same relation seen from the other end.
    #[must_use]
    pub const fn reversed(self) -> Self {
        match self {
            Self::Customer => Self::Provider,
            Self::Peer => Self::Peer,
            Self::Provider => Self::Customer,
        }
    }
}

/// Where our network learned a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Learned {
    /// It is one of our own.
    Own,
    /// From a customer.
    Customer,
    /// From a peer.
    Peer,
    /// From a provider.
    Provider,
}

impl From<Relation> for Learned {
    fn from(relation: Relation) -> Self {
        match relation {
            Relation::Customer => Self::Customer,
            Relation::Peer => Self::Peer,
            Relation::Provider => Self::Provider,
        }
    }
}

/// Whether a route learned there may be told to such a network: everything to customers, to
/// others only what we or our customers originate.
#[must_use]
pub const fn valley_free(learned: Learned, to: Relation) -> bool {
    match (learned, to) {
        (Learned::Own | Learned::Customer, Relation::Peer | Relation::Provider)
        | (_, Relation::Customer) => true,
        (Learned::Peer | Learned::Provider, Relation::Peer | Relation::Provider) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_get_everything_others_only_our_own_and_our_customers_routes() {
        let all = [Learned::Own, Learned::Customer, Learned::Peer, Learned::Provider];
        let told = |to| all.map(|learned| valley_free(learned, to));
        assert_eq!(told(Relation::Customer), [true, true, true, true]);
        assert_eq!(told(Relation::Peer), [true, true, false, false]);
        assert_eq!(told(Relation::Provider), [true, true, false, false]);
    }

    #[test]
    fn a_route_is_learned_from_what_the_neighbour_is() {
        assert_eq!(Learned::from(Relation::Customer), Learned::Customer);
        assert_eq!(Learned::from(Relation::Peer), Learned::Peer);
        assert_eq!(Learned::from(Relation::Provider), Learned::Provider);
    }
}
