//! Path attributes of a route (RFC 4271 §5).
//!
//! # Departures
//! An `AS_PATH` is one `AS_SEQUENCE`: nothing here aggregates routes, so no `AS_SET` and no
//! confederation segment can arise. `NEXT_HOP` is kept beside the attributes
//!, so that routes that differ in it alone share theirs.

use std::fmt;
use std::net::Ipv4Addr;
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
    /// `GRACEFUL_SHUTDOWN` (RFC 8326).
    pub const GRACEFUL_SHUTDOWN: Self = Self { asn: 65535, value: 0 };
    /// `LLGR_STALE` (RFC 9494).
    pub const LLGR_STALE: Self = Self { asn: 65535, value: 6 };
    /// `NO_LLGR` (RFC 9494).
    pub const NO_LLGR: Self = Self { asn: 65535, value: 7 };
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

/// `LOCAL_PREF` of a route that carries none; the common default of implementations.
pub const DEFAULT_LOCAL_PREF: u32 = 100;

/// The path attributes of a route; equal ones are shared as `Arc<Attributes>`.
///
/// # Examples
/// ```
/// use pnilab::proto::bgp::attrs::Attributes;
/// let told = Attributes::originated().prepended(64500, 2);
/// assert_eq!(told.as_path, [64500, 64500]);
/// assert!(told.has_loop(64500) && !told.has_loop(8075));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attributes {
    /// `ORIGIN` (RFC 4271 §5.1.1).
    pub origin: Origin,
    /// `AS_PATH` (§5.1.2), the nearest AS first.
    pub as_path: Vec<u32>,
    /// `LOCAL_PREF` (§5.1.5), absent on external sessions.
    pub local_pref: Option<u32>,
    /// `MULTI_EXIT_DISC` (§5.1.4).
    pub med: Option<u32>,
    /// `ORIGINATOR_ID` (RFC 4456 §8), on internal sessions only.
    pub originator_id: Option<Ipv4Addr>,
    /// `CLUSTER_LIST` (RFC 4456 §8), the last reflector first; on internal sessions only.
    pub cluster_list: Vec<Ipv4Addr>,
    communities: Vec<Community>,
}

impl Attributes {
    /// What a router starts from for a prefix of its own: `IGP`, an empty path, nothing else.
    #[must_use]
    pub const fn originated() -> Self {
        Self {
            origin: Origin::Igp,
            as_path: Vec::new(),
            local_pref: None,
            med: None,
            originator_id: None,
            cluster_list: Vec::new(),
            communities: Vec::new(),
        }
    }

    /// These attributes with exactly these communities, whatever their order.
    #[must_use]
    pub fn with_communities(mut self, communities: impl IntoIterator<Item = Community>) -> Self {
        self.communities = communities.into_iter().collect();
        self.communities.sort_unstable();
        self.communities.dedup();
        self
    }

    /// These attributes with `asn` put in front of the path `times` times.
    #[must_use]
    pub fn prepended(mut self, asn: u32, times: usize) -> Self {
        self.as_path.splice(0..0, std::iter::repeat_n(asn, times));
        self
    }

    /// Carries `community` from now on.
    pub fn add_community(&mut self, community: Community) {
        if let Err(place) = self.communities.binary_search(&community) {
            self.communities.insert(place, community);
        }
    }

    /// Carries `community` no more.
    pub fn remove_community(&mut self, community: Community) {
        if let Ok(place) = self.communities.binary_search(&community) {
            self.communities.remove(place);
        }
    }

    /// Carries no community any more.
    pub fn clear_communities(&mut self) {
        self.communities.clear();
    }

    /// The communities, sorted, each once.
    #[must_use]
    pub fn communities(&self) -> &[Community] {
        &self.communities
    }

    /// Whether the route carries `community`.
    #[must_use]
    pub fn has_community(&self, community: Community) -> bool {
        self.communities.binary_search(&community).is_ok()
    }

    /// Whether a router of `own_as` must refuse the route, its AS being in the path (§9.1.2).
    #[must_use]
    pub fn has_loop(&self, own_as: u32) -> bool {
        self.as_path.contains(&own_as)
    }

    /// The degree of preference (§9.1.1): `LOCAL_PREF`, or its default.
    #[must_use]
    pub fn preference(&self) -> u32 {
        self.local_pref.unwrap_or(DEFAULT_LOCAL_PREF)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn community(text: &str) -> Community {
        text.parse().expect("a community")
    }

    #[test]
    fn communities_read_and_print_the_same_and_refuse_what_does_not_fit() {
        assert_eq!(community("8075:8007"), Community { asn: 8075, value: 8007 });
        assert_eq!(community("8075:8007").to_string(), "8075:8007");
        for wrong in ["8075", "8075:", ":1", "65536:1", "1:65536", "1:2:3", "-1:2", "a:b"] {
            let error = wrong.parse::<Community>().expect_err(wrong);
            assert_eq!(error, CommunityError(wrong.to_owned()));
        }
    }

    #[test]
    fn the_order_in_which_communities_came_does_not_tell_routes_apart() {
        let (a, b) = (community("2:1"), community("1:9"));
        let mut grown = Attributes::originated();
        grown.add_community(a);
        grown.add_community(b);
        grown.add_community(a);
        assert_eq!(grown.communities(), [b, a]);
        assert_eq!(grown, Attributes::originated().with_communities([a, b, a]));
        assert!(grown.has_community(a) && !grown.has_community(Community::NO_EXPORT));
    }

    #[test]
    fn a_removed_community_is_gone_and_removing_an_absent_one_changes_nothing() {
        let (a, b) = (community("1:1"), community("1:2"));
        let mut route = Attributes::originated().with_communities([a]);
        route.remove_community(b);
        assert_eq!(route.communities(), [a]);
        route.remove_community(a);
        assert_eq!(route, Attributes::originated());
        route.add_community(b);
        route.clear_communities();
        assert_eq!(route, Attributes::originated());
    }

    #[test]
    fn prepending_puts_the_as_in_front_as_often_as_told() {
        let path = Attributes::originated().prepended(12076, 1).prepended(8075, 3);
        assert_eq!(path.as_path, [8075, 8075, 8075, 12076]);
        assert_eq!(path.clone().prepended(1, 0), path);
    }

    #[test]
    fn a_loop_is_the_own_as_anywhere_in_the_path() {
        let path = Attributes::originated().prepended(3, 1).prepended(2, 1).prepended(1, 1);
        assert!([1, 2, 3].iter().all(|asn| path.has_loop(*asn)));
        assert!(!path.has_loop(4) && !Attributes::originated().has_loop(1));
    }

    #[test]
    fn a_route_without_local_pref_is_preferred_like_one_of_a_hundred() {
        let mut route = Attributes::originated();
        assert_eq!(route.preference(), 100);
        route.local_pref = Some(0);
        assert_eq!(route.preference(), 0);
    }

    #[test]
    fn origin_igp_is_best_and_incomplete_worst() {
        assert!(Origin::Igp < Origin::Egp && Origin::Egp < Origin::Incomplete);
    }
}
