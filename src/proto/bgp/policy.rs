//! Routing policies: ordered named terms; what no term accepts is rejected.
//!
//! A term sees what earlier terms have set (as Junos and IOS XR do): a term that adds a community
//! and says `next` can be matched by that community further down.
//!
//! # Departures
//! A session without a policy takes and tells every route, inside the rules of its relation (see
//! [`super::relation`]); a router that follows RFC 8212 would take and tell none. A term that is
//! inserted where there was no policy makes one: it rejects what the term does not accept.

use ipnet::IpNet;

use super::attrs::{Attributes, Community, Origin};
use super::rpki::{Roa, Validity, validity};
use crate::ids::RouterId;

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
    /// The neighbour is one of these routers.
    pub neighbor: Vec<RouterId>,
    /// The route's validation state is one of these (RFC 6811).
    pub rpki: Vec<Validity>,
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
    pub med: Option<Med>,
    /// How often the own AS is put in front once more.
    pub prepend: u8,
    /// Communities removed (before `add`).
    pub remove: Vec<Community>,
    /// Communities added.
    pub add: Vec<Community>,
    /// Whether all communities are removed first.
    pub clear: bool,
}

/// A new `MULTI_EXIT_DISC`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Med {
    /// This one.
    Value(u32),
    /// The distance in kilometres to where the prefix is served.
    ByDistance,
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

/// A route as a policy looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyRoute<'r> {
    /// Its prefix.
    pub prefix: IpNet,
    /// Its attributes before the policy.
    pub attributes: &'r Attributes,
    /// The AS of the neighbour it comes from (import) or goes to (export).
    pub neighbor_as: u32,
    /// The neighbour.
    pub neighbor: RouterId,
    /// The ROAs of the prefix and of all that cover it.
    pub roas: &'r [Roa],
    /// Whole kilometres from the router's metro to the nearest one where the prefix is served.
    pub distance_km: Option<u32>,
}

/// One change of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// The term of this name is removed.
    Remove(String),
    /// A term is put before the one of this name, or at the end.
    Insert(Box<Term>, Option<String>),
    /// The term of the same name is replaced.
    Change(Box<Term>),
    /// These terms come in this order; the others keep their places behind them.
    Reorder(Vec<String>),
}

impl Edit {
    /// The term that it brings, if it does.
    #[must_use]
    pub fn term(&self) -> Option<&Term> {
        match self {
            Self::Insert(term, _) | Self::Change(term) => Some(term),
            Self::Remove(_) | Self::Reorder(_) => None,
        }
    }
}

/// What a policy makes of a route, and which term decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<'p> {
    /// Taken.
    Accepted {
        /// With these attributes.
        attributes: Attributes,
        /// By this term.
        term: &'p str,
    },
    /// Dropped.
    Rejected {
        /// By this term; `None` if no term accepted it, the last resort.
        term: Option<&'p str>,
    },
}

impl Policy {
    /// The policy after a change; names that it does not have change nothing.
    #[must_use]
    pub fn edited(mut self, edit: &Edit) -> Self {
        let place = |terms: &[Term], name: &str| terms.iter().position(|term| term.name == name);
        match edit {
            Edit::Remove(name) => self.terms.retain(|term| term.name != *name),
            Edit::Insert(term, before) => {
                let at = before.as_deref().and_then(|name| place(&self.terms, name));
                self.terms.insert(at.unwrap_or(self.terms.len()), (**term).clone());
            }
            Edit::Change(term) => {
                if let Some(at) = place(&self.terms, &term.name) {
                    self.terms[at] = (**term).clone();
                }
            }
            Edit::Reorder(names) => {
                let rank = |term: &Term| names.iter().position(|name| *name == term.name);
                self.terms.sort_by_key(|term| rank(term).unwrap_or(usize::MAX));
            }
        }
        self
    }

    /// Runs the route through the terms in order; `own_as` is what a term prepends.
    #[must_use]
    pub fn evaluate(&self, route: &PolicyRoute<'_>, own_as: u32) -> Verdict<'_> {
        let mut attributes = route.attributes.clone();
        for term in &self.terms {
            let seen = PolicyRoute { attributes: &attributes, ..*route };
            if !term.matches.holds(&seen, own_as) {
                continue;
            }
            match term.then {
                Then::Accept => {
                    attributes = term.set.applied(attributes, own_as, route.distance_km);
                    return Verdict::Accepted { attributes, term: &term.name };
                }
                Then::Reject => return Verdict::Rejected { term: Some(&term.name) },
                Then::Next => attributes = term.set.applied(attributes, own_as, route.distance_km),
            }
        }
        Verdict::Rejected { term: None }
    }

    /// For each term, whether its conditions on the prefix and its length hold.
    ///
    /// Two prefixes with equal signatures in every policy they meet are treated alike.
    #[must_use]
    pub fn prefix_signature(&self, prefix: &IpNet) -> Vec<bool> {
        self.terms.iter().map(|term| term.matches.holds_for_prefix(prefix)).collect()
    }
}

impl Match {
    /// Whether the conditions on the prefix and its length hold.
    #[must_use]
    pub fn holds_for_prefix(&self, prefix: &IpNet) -> bool {
        let length = prefix.prefix_len();
        any_or_none(&self.prefix, |m| m.holds(prefix))
            && self.length.is_none_or(|(low, high)| (low..=high).contains(&length))
    }

    /// Whether all conditions hold at a router of `own_as`.
    fn holds(&self, route: &PolicyRoute<'_>, own_as: u32) -> bool {
        let Attributes { origin, as_path, .. } = route.attributes;
        self.holds_for_prefix(&route.prefix)
            && any_or_none(&self.community, |c| route.attributes.has_community(*c))
            && any_or_none(&self.as_path_contains, |asn| as_path.contains(asn))
            && self
                .as_path_at_most
                .is_none_or(|most| u32::try_from(as_path.len()).is_ok_and(|length| length <= most))
            && any_or_none(&self.origin, |o| o == origin)
            && any_or_none(&self.neighbor_as, |asn| *asn == route.neighbor_as)
            && any_or_none(&self.neighbor, |router| *router == route.neighbor)
            && any_or_none(&self.rpki, |state| *state == route.validity(own_as))
    }
}

impl PolicyRoute<'_> {
    /// The validation state; a route with an empty path originates in the own AS.
    fn validity(&self, own_as: u32) -> Validity {
        let origin = self.attributes.as_path.last().copied().unwrap_or(own_as);
        validity(self.roas, self.prefix.prefix_len(), origin)
    }
}

impl PrefixMatch {
    /// Whether `prefix` lies within the covering one and its length is allowed.
    #[must_use]
    pub fn holds(&self, prefix: &IpNet) -> bool {
        self.prefix.contains(prefix) && (self.ge..=self.le).contains(&prefix.prefix_len())
    }
}

impl Set {
    /// `attributes` with these changes made.
    fn applied(
        &self,
        mut attributes: Attributes,
        own_as: u32,
        distance_km: Option<u32>,
    ) -> Attributes {
        attributes.local_pref = self.local_pref.or(attributes.local_pref);
        match self.med {
            Some(Med::Value(med)) => attributes.med = Some(med),
            Some(Med::ByDistance) => attributes.med = distance_km,
            None => {}
        }
        if self.clear {
            attributes.clear_communities();
        }
        for community in &self.remove {
            attributes.remove_community(*community);
        }
        for community in &self.add {
            attributes.add_community(*community);
        }
        attributes.prepended(own_as, usize::from(self.prepend))
    }
}

/// Whether one of the list holds, or nothing is listed.
fn any_or_none<T>(list: &[T], holds: impl FnMut(&T) -> bool) -> bool {
    list.is_empty() || list.iter().any(holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN_AS: u32 = 64500;

    fn net(text: &str) -> IpNet {
        text.parse().expect("a prefix")
    }

    fn community(text: &str) -> Community {
        text.parse().expect("a community")
    }

    fn router(index: usize) -> RouterId {
        crate::ids::Id::from_index(index)
    }

    /// 198.51.100.0/24, path 8075 12076, community 8075:8007, from AS 8075.
    fn attributes() -> Attributes {
        Attributes::originated()
            .prepended(12076, 1)
            .prepended(8075, 1)
            .with_communities([community("8075:8007")])
    }

    fn route(attributes: &Attributes) -> PolicyRoute<'_> {
        PolicyRoute {
            prefix: net("198.51.100.0/24"),
            attributes,
            neighbor_as: 8075,
            neighbor: router(1),
            roas: &[Roa { asn: 12076, max_length: 24 }],
            distance_km: Some(42),
        }
    }

    fn term(name: &str, matches: Match, set: Set, then: Then) -> Term {
        Term { name: name.to_owned(), matches, set, then }
    }

    /// Whether a term with these conditions matches the route above.
    fn matches(matches: Match) -> bool {
        let policy = Policy { terms: vec![term("only", matches, Set::default(), Then::Accept)] };
        let verdict = policy.evaluate(&route(&attributes()), OWN_AS);
        verdict == Verdict::Accepted { attributes: attributes(), term: "only" }
    }

    fn within(prefix: &str, ge: u8, le: u8) -> Match {
        Match { prefix: vec![PrefixMatch { prefix: net(prefix), ge, le }], ..Match::default() }
    }

    #[test]
    fn what_no_term_accepts_is_rejected_by_no_term() {
        let attributes = attributes();
        assert_eq!(
            Policy::default().evaluate(&route(&attributes), OWN_AS),
            Verdict::Rejected { term: None }
        );
        let next = term("next", Match::default(), Set::default(), Then::Next);
        let policy = Policy { terms: vec![next] };
        assert_eq!(policy.evaluate(&route(&attributes), OWN_AS), Verdict::Rejected { term: None });
    }

    #[test]
    fn terms_are_removed_inserted_changed_and_reordered_by_name() {
        let named = |name: &str| term(name, Match::default(), Set::default(), Then::Accept);
        let before = Policy { terms: ["a", "b", "c"].map(named).to_vec() };
        let names = |edit: &Edit| {
            let after = before.clone().edited(edit);
            after.terms.iter().map(|term| term.name.clone()).collect::<String>()
        };
        assert_eq!(names(&Edit::Remove("b".to_owned())), "ac");
        assert_eq!(names(&Edit::Insert(Box::new(named("x")), Some("b".to_owned()))), "axbc");
        assert_eq!(names(&Edit::Insert(Box::new(named("x")), None)), "abcx");
        assert_eq!(names(&Edit::Reorder(vec!["c".to_owned(), "b".to_owned()])), "cba");
        let reject = term("b", Match::default(), Set::default(), Then::Reject);
        let after = before.clone().edited(&Edit::Change(Box::new(reject)));
        assert_eq!((after.terms.len(), after.terms[1].then), (3, Then::Reject));
    }

    #[test]
    fn a_med_by_distance_is_the_distance_whatever_the_neighbour_said() {
        let set = Set { med: Some(Med::ByDistance), ..Set::default() };
        let mut before = Attributes::originated();
        before.med = Some(5);
        assert_eq!(set.applied(before.clone(), 1, Some(364)).med, Some(364));
        assert_eq!(set.applied(before, 1, None).med, None);
    }

    #[test]
    fn the_first_term_that_matches_decides_and_is_named() {
        let other_as = Match { neighbor_as: vec![1], ..Match::default() };
        let policy = Policy {
            terms: vec![
                term("other", other_as, Set::default(), Then::Accept),
                term("no", Match::default(), Set::default(), Then::Reject),
                term("yes", Match::default(), Set::default(), Then::Accept),
            ],
        };
        let attributes = attributes();
        assert_eq!(
            policy.evaluate(&route(&attributes), OWN_AS),
            Verdict::Rejected { term: Some("no") }
        );
    }

    #[test]
    fn a_prefix_matches_within_its_cover_and_lengths_bounds_included() {
        assert!(matches(within("198.51.0.0/16", 16, 24)));
        assert!(matches(within("198.51.100.0/24", 24, 24)));
        assert!(!matches(within("198.51.0.0/16", 16, 23)), "too long");
        assert!(!matches(within("198.51.0.0/16", 25, 32)), "too short");
        assert!(!matches(within("198.52.0.0/16", 16, 24)), "elsewhere");
        assert!(!matches(within("198.51.100.0/25", 24, 32)), "a part of it");
        assert!(!matches(within("::/0", 0, 128)), "the other family");
    }

    #[test]
    fn one_of_a_list_suffices_and_every_condition_must_hold() {
        let two = vec![community("1:1"), community("8075:8007")];
        assert!(matches(Match { community: two.clone(), ..Match::default() }));
        assert!(!matches(Match { community: vec![community("1:1")], ..Match::default() }));
        let both = Match { community: two, neighbor_as: vec![1], ..Match::default() };
        assert!(!matches(both), "the neighbour differs");
    }

    #[test]
    fn each_condition_holds_and_fails_on_its_own() {
        let any = Match::default;
        assert!(matches(Match { length: Some((24, 24)), ..any() }));
        assert!(!matches(Match { length: Some((25, 32)), ..any() }));
        assert!(!matches(Match { length: Some((8, 23)), ..any() }));
        assert!(matches(Match { as_path_contains: vec![12076], ..any() }));
        assert!(!matches(Match { as_path_contains: vec![64500], ..any() }));
        assert!(matches(Match { as_path_at_most: Some(2), ..any() }));
        assert!(!matches(Match { as_path_at_most: Some(1), ..any() }));
        assert!(matches(Match { origin: vec![Origin::Egp, Origin::Igp], ..any() }));
        assert!(!matches(Match { origin: vec![Origin::Incomplete], ..any() }));
        assert!(matches(Match { neighbor_as: vec![8075], ..any() }));
        assert!(!matches(Match { neighbor_as: vec![12076], ..any() }));
        assert!(matches(Match { neighbor: vec![router(0), router(1)], ..any() }));
        assert!(!matches(Match { neighbor: vec![router(0)], ..any() }));
        assert!(matches(Match { rpki: vec![Validity::Valid], ..any() }));
        assert!(!matches(Match { rpki: vec![Validity::Invalid, Validity::NotFound], ..any() }));
    }

    #[test]
    fn sets_change_what_they_name_and_nothing_else() {
        let set = Set {
            local_pref: Some(200),
            med: Some(Med::Value(7)),
            prepend: 2,
            remove: vec![community("8075:8007")],
            add: vec![community("64500:1")],
            clear: false,
        };
        let policy = Policy { terms: vec![term("set", Match::default(), set, Then::Accept)] };
        let mut expected =
            attributes().prepended(OWN_AS, 2).with_communities([community("64500:1")]);
        expected.local_pref = Some(200);
        expected.med = Some(7);
        let before = attributes();
        assert_eq!(
            policy.evaluate(&route(&before), OWN_AS),
            Verdict::Accepted { attributes: expected, term: "set" }
        );
    }

    #[test]
    fn clearing_and_removing_come_before_adding() {
        let again = community("8075:8007");
        let set = Set { clear: true, remove: vec![again], add: vec![again], ..Set::default() };
        let policy = Policy { terms: vec![term("set", Match::default(), set, Then::Accept)] };
        let mut before = attributes();
        before.add_community(community("1:1"));
        let expected = attributes();
        assert_eq!(
            policy.evaluate(&route(&before), OWN_AS),
            Verdict::Accepted { attributes: expected, term: "set" }
        );
    }

    #[test]
    fn next_keeps_its_sets_and_later_terms_see_them() {
        let mark = community("64500:77");
        let first = Set { add: vec![mark], med: Some(Med::Value(5)), ..Set::default() };
        let marked = Match { community: vec![mark], ..Match::default() };
        let second = Set { local_pref: Some(300), ..Set::default() };
        let policy = Policy {
            terms: vec![
                term("mark", Match::default(), first, Then::Next),
                term("marked", marked, second, Then::Accept),
            ],
        };
        let before = attributes();
        let mut expected = attributes();
        expected.add_community(mark);
        expected.med = Some(5);
        expected.local_pref = Some(300);
        assert_eq!(
            policy.evaluate(&route(&before), OWN_AS),
            Verdict::Accepted { attributes: expected, term: "marked" }
        );
    }

    #[test]
    fn a_signature_tells_the_prefix_conditions_alone() {
        let from_elsewhere = Match { neighbor_as: vec![1], ..within("198.51.0.0/16", 24, 24) };
        let long = Match { length: Some((25, 32)), ..Match::default() };
        let policy = Policy {
            terms: [from_elsewhere, long, Match::default()]
                .map(|m| term("t", m, Set::default(), Then::Reject))
                .to_vec(),
        };
        assert_eq!(policy.prefix_signature(&net("198.51.100.0/24")), [true, false, true]);
        assert_eq!(policy.prefix_signature(&net("198.51.100.0/25")), [false, true, true]);
        assert_eq!(policy.prefix_signature(&net("203.0.113.0/24")), [false, false, true]);
    }
}
