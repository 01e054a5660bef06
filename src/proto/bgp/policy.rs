//! Routing policies: ordered named terms; what no term accepts is rejected.

use ipnet::IpNet;

use super::attrs::{Community, Origin};

/// An ordered list of terms; a route that passes all of them is rejected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Terms in order; names are unique.
    pub terms: Vec<Term>,
}

/// One named term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Its name.
    pub name: String,
    /// All that is stated must hold.
    pub matches: Match,
    /// What changes if it matches.
    pub set: Set,
    /// What happens then.
    pub then: Then,
}

/// Conditions of a term; empty lists and `None` always hold, a list holds if one of it does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Match {
    /// The route's prefix lies within one of these.
    pub prefix: Vec<PrefixMatch>,
    /// The length of the route's prefix is within.
    pub length: Option<(u8, u8)>,
    /// The route carries one of these.
    pub community: Vec<Community>,
    /// The AS path contains one of these.
    pub as_path_contains: Vec<u32>,
    /// The AS path is at most this long, prepends counted.
    pub as_path_at_most: Option<u32>,
    /// The route's origin is one of these.
    pub origin: Vec<Origin>,
    /// The neighbour's AS is one of these.
    pub neighbor_as: Vec<u32>,
}

/// A prefix and the lengths allowed within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrefixMatch {
    /// The covering prefix.
    pub prefix: IpNet,
    /// Shortest length that matches.
    pub ge: u8,
    /// Longest length that matches.
    pub le: u8,
}

/// What a term changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set {
    /// New `LOCAL_PREF`.
    pub local_pref: Option<u32>,
    /// New `MULTI_EXIT_DISC`.
    pub med: Option<u32>,
    /// How often the own AS is put in front once more.
    pub prepend: u8,
    /// Communities removed (before `add`).
    pub remove: Vec<Community>,
    /// Communities added.
    pub add: Vec<Community>,
    /// Whether all communities are removed first.
    pub clear: bool,
}

/// What happens to a route that a term matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Taken.
    Accept,
    /// Dropped.
    Reject,
    /// The next term looks at it.
    Next,
}
