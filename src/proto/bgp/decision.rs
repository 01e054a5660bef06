//! The decision process (RFC 4271 §9.1): which route is best, why, and which others equal it.
//!
//! Every step keeps a part of the candidates by looking at all of them at once, so neither the
//! order of arrival nor the order of the list can change the result ("deterministic MED": MEDs
//! are compared within a neighbour AS before anything else is).
//!
//! # Departures
//! * The age of a route counts only as RFC 5004 has it, where that is asked for: an external best
//!   route stays best until one beats it before router ids are compared.
//! * There is no weight; a locally originated route beats learned ones of
//!   equal `LOCAL_PREF`, as all common implementations do beyond the RFC.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use super::advertise::NextHop;
use super::attrs::Attributes;

/// One route that may become the best for its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate<'r> {
    /// Its attributes after the import policy.
    pub attributes: &'r Attributes,
    /// Where this router has it from.
    pub source: Source,
    /// MEDs compare within it: the first AS of the path, the own AS if the path is empty.
    pub neighbor_as: u32,
    /// Interior distance to the next hop; `None`: it cannot be reached.
    pub igp_metric: Option<u64>,
    /// Where it leads; equal next hops are used once.
    pub next_hop: NextHop,
    /// BGP identifier of the neighbour (own for a local route).
    pub peer_router_id: Ipv4Addr,
    /// Address of the neighbour (unspecified for a local route).
    pub peer_address: IpAddr,
    /// Whether it is the best route now and may not lose by router id (RFC 5004).
    pub oldest: bool,
    /// Whether it is the last choice of all, being kept of a neighbour long gone (RFC 9494 §4.3).
    pub long_stale: bool,
    /// What decides if all else is equal; differs between the candidates of a router.
    pub tie: u32,
}

impl Candidate<'_> {
    /// The identifier of the router that brought the route into the network.
    pub(super) fn originator(&self) -> Ipv4Addr {
        self.attributes.originator_id.unwrap_or(self.peer_router_id)
    }
}

/// Where a router has a route from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// It originates the prefix itself.
    Local,
    /// An external session.
    External,
    /// An internal session.
    Internal,
}

/// How many equal paths may be used (RFC 4271 leaves this to the implementation).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Multipath {
    /// Over external sessions; 0 counts as 1.
    pub ebgp: u32,
    /// Over internal sessions; 0 counts as 1.
    pub ibgp: u32,
    /// Whether equal length of the `AS_PATH` suffices.
    pub relax: bool,
}

/// The outcome of a decision; candidates are told by their place in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The best route.
    pub best: usize,
    /// The step that left it alone.
    pub reason: Reason,
    /// The routes used, the best first, then by the remaining tie-breakers.
    pub multipath: Vec<usize>,
    /// Where router ids decided against routes that are not used: the best, then those.
    pub outdone: Vec<usize>,
}

/// The step of the decision process that dropped the last rival of the best route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// There was no other candidate.
    OnlyOne,
    /// The next hops of the others cannot be reached (§9.1.2).
    NextHop,
    /// Not kept as stale of a neighbour long gone (RFC 9494 §4.4).
    LongStale,
    /// Highest `LOCAL_PREF` (§9.1.1).
    LocalPref,
    /// Originated by this router.
    Local,
    /// Shortest `AS_PATH` (§9.1.2.2 a).
    PathLength,
    /// Lowest `ORIGIN` (§9.1.2.2 b).
    Origin,
    /// Lowest `MULTI_EXIT_DISC` of its neighbour AS; absent counts as 0 (§9.1.2.2 c).
    Med,
    /// External over internal (§9.1.2.2 d).
    External,
    /// Nearest next hop (§9.1.2.2 e).
    IgpMetric,
    /// It is the best route already (RFC 5004).
    Oldest,
    /// Lowest BGP identifier (§9.1.2.2 f), that of the originator where the route was reflected
    /// (RFC 4456 §9).
    RouterId,
    /// Shortest `CLUSTER_LIST` (RFC 4456 §9).
    ClusterList,
    /// Lowest address of the neighbour (§9.1.2.2 g).
    PeerAddress,
    /// The order of the router's sessions, beyond the RFC.
    SessionOrder,
}

impl Reason {
    /// The step's name in results.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OnlyOne => "only_one",
            Self::NextHop => "next_hop",
            Self::LongStale => "llgr_stale",
            Self::LocalPref => "local_pref",
            Self::Local => "local",
            Self::PathLength => "path_length",
            Self::Origin => "origin",
            Self::Med => "med",
            Self::External => "external",
            Self::IgpMetric => "igp_metric",
            Self::Oldest => "oldest",
            Self::RouterId => "router_id",
            Self::ClusterList => "cluster_list",
            Self::PeerAddress => "peer_address",
            Self::SessionOrder => "session_order",
        }
    }
}

/// Chooses among `candidates`; `None` if none has a next hop that can be reached.
///
/// The multipath set holds the routes that equal the best through the interior distance, have
/// its `AS_PATH` (any of that length with `relax`), come from the same kind of session and lead
/// to next hops of their own.
#[must_use]
pub fn decide(candidates: &[Candidate<'_>], multipath: Multipath) -> Option<Choice> {
    let mut rivals = Rivals::new(candidates);
    rivals.keep(Reason::NextHop, |c| c.igp_metric.is_some());
    rivals.keep_least(Reason::LongStale, |c| c.long_stale);
    rivals.keep_least(Reason::LocalPref, |c| Reverse(c.attributes.preference()));
    rivals.keep_least(Reason::Local, |c| c.source != Source::Local);
    rivals.keep_least(Reason::PathLength, |c| c.attributes.as_path.len());
    rivals.keep_least(Reason::Origin, |c| c.attributes.origin);
    rivals.keep_least_med();
    rivals.keep_least(Reason::External, |c| c.source == Source::Internal);
    rivals.keep_least(Reason::IgpMetric, |c| c.igp_metric);
    let equal = rivals.left.clone();
    rivals.keep_least(Reason::Oldest, |c| !c.oldest);
    let compared = rivals.left.clone();
    rivals.keep_least(Reason::RouterId, Candidate::originator);
    rivals.keep_least(Reason::ClusterList, |c| c.attributes.cluster_list.len());
    rivals.keep_least(Reason::PeerAddress, |c| c.peer_address);
    rivals.keep_least(Reason::SessionOrder, |c| c.tie);
    let best = *rivals.left.first()?;
    let multipath = used(candidates, equal, best, multipath);
    let by_id = rivals.reason == Reason::RouterId;
    let lost = compared.into_iter().filter(|i| by_id && !multipath.contains(i));
    let mut outdone: Vec<usize> = lost.collect();
    if !outdone.is_empty() {
        outdone.insert(0, best);
    }
    Some(Choice { best, reason: rivals.reason, multipath, outdone })
}

/// Those of `equal` that are used beside `best`, in order of the remaining tie-breakers.
fn used(
    candidates: &[Candidate<'_>],
    mut equal: Vec<usize>,
    best: usize,
    multipath: Multipath,
) -> Vec<usize> {
    let limit = match candidates[best].source {
        Source::Local => 1,
        Source::External => multipath.ebgp,
        Source::Internal => multipath.ibgp,
    };
    let path = &candidates[best].attributes.as_path;
    equal.retain(|i| multipath.relax || candidates[*i].attributes.as_path == *path);
    equal.sort_by_key(|i| {
        let c = &candidates[*i];
        (*i != best, c.originator(), c.attributes.cluster_list.len(), c.peer_address, c.tie)
    });
    let mut seen = BTreeSet::new();
    equal.retain(|i| seen.insert(candidates[*i].next_hop));
    equal.truncate(usize::try_from(limit.max(1)).unwrap_or(usize::MAX));
    equal
}

/// The candidates still in the race.
struct Rivals<'c, 'r> {
    candidates: &'c [Candidate<'r>],
    left: Vec<usize>,
    reason: Reason,
}

impl<'c, 'r> Rivals<'c, 'r> {
    fn new(candidates: &'c [Candidate<'r>]) -> Self {
        Self { candidates, left: (0..candidates.len()).collect(), reason: Reason::OnlyOne }
    }

    /// Drops those for which `stays` does not hold; the last step to drop any is the reason.
    fn keep(&mut self, step: Reason, mut stays: impl FnMut(&Candidate<'r>) -> bool) {
        let before = self.left.len();
        let candidates = self.candidates;
        self.left.retain(|i| stays(&candidates[*i]));
        if self.left.len() < before {
            self.reason = step;
        }
    }

    /// Keeps those with the least key.
    fn keep_least<K: Ord>(&mut self, step: Reason, key: impl Fn(&Candidate<'r>) -> K) {
        if let Some(least) = self.left.iter().map(|i| key(&self.candidates[*i])).min() {
            self.keep(step, |c| key(c) == least);
        }
    }

    /// Keeps those that have the least MED of their neighbour AS.
    fn keep_least_med(&mut self) {
        if self.left.len() < 2 {
            return;
        }
        let med = |c: &Candidate<'_>| c.attributes.med.unwrap_or(0);
        let left: Vec<_> = self.left.iter().map(|i| self.candidates[*i]).collect();
        self.keep(Reason::Med, |c| {
            !left.iter().any(|rival| rival.neighbor_as == c.neighbor_as && med(rival) < med(c))
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::proto::bgp::attrs::{Community, Origin};

    const ONE: Multipath = Multipath { ebgp: 1, ibgp: 1, relax: false };
    const MANY: Multipath = Multipath { ebgp: 16, ibgp: 16, relax: false };

    /// A candidate that owns its attributes.
    #[derive(Clone, Debug)]
    struct Owned {
        attributes: Attributes,
        source: Source,
        igp_metric: Option<u64>,
        router_id: u32,
        address: u32,
        tie: u32,
    }

    impl Owned {
        fn candidate(&self) -> Candidate<'_> {
            Candidate {
                attributes: &self.attributes,
                source: self.source,
                neighbor_as: self.attributes.as_path.first().copied().unwrap_or(64500),
                igp_metric: self.igp_metric,
                next_hop: NextHop::Neighbor(crate::ids::Id::from_index(
                    (self.tie * 10_000 + self.address * 100 + self.router_id) as usize,
                )),
                peer_router_id: Ipv4Addr::from_bits(self.router_id),
                peer_address: IpAddr::V4(Ipv4Addr::from_bits(self.address)),
                oldest: false,
                long_stale: self.attributes.has_community(Community::LLGR_STALE),
                tie: self.tie,
            }
        }
    }

    /// An external route with path `1 9`, and nothing that sets it apart.
    fn external() -> Owned {
        Owned {
            attributes: Attributes::originated().prepended(9, 1).prepended(1, 1),
            source: Source::External,
            igp_metric: Some(0),
            router_id: 5,
            address: 5,
            tie: 5,
        }
    }

    fn internal() -> Owned {
        Owned { source: Source::Internal, igp_metric: Some(10), ..external() }
    }

    /// `owned` with its attributes changed.
    fn with(mut owned: Owned, change: impl FnOnce(&mut Attributes)) -> Owned {
        change(&mut owned.attributes);
        owned
    }

    fn from_as(owned: Owned, asn: u32) -> Owned {
        with(owned, |a| a.as_path = vec![asn, 9])
    }

    fn choose(all: &[Owned], multipath: Multipath) -> Option<Choice> {
        let candidates: Vec<_> = all.iter().map(Owned::candidate).collect();
        decide(&candidates, multipath)
    }

    /// The second of two must win for this reason, in either order.
    fn second_wins(worse: Owned, better: Owned, reason: Reason) {
        let told = |choice: Option<Choice>| choice.map(|c| (c.best, c.reason, c.multipath));
        let forward = told(choose(&[worse.clone(), better.clone()], ONE));
        assert_eq!(forward, Some((1, reason, vec![1])));
        let backward = told(choose(&[better, worse], ONE));
        assert_eq!(backward, Some((0, reason, vec![0])));
    }

    #[test]
    fn nothing_to_choose_from_is_no_choice() {
        assert_eq!(choose(&[], ONE), None);
        let unreachable = Owned { igp_metric: None, ..external() };
        assert_eq!(choose(&[unreachable.clone(), unreachable], ONE), None);
    }

    #[test]
    fn a_single_route_is_best_for_want_of_others() {
        let only =
            Choice { best: 0, reason: Reason::OnlyOne, multipath: vec![0], outdone: Vec::new() };
        assert_eq!(choose(&[external()], MANY), Some(only));
    }

    #[test]
    fn routes_that_lose_by_router_id_and_are_not_used_are_told() {
        let second = || Owned { router_id: 4, ..external() };
        let outdone = |all: &[Owned], multipath| choose(all, multipath).map(|c| c.outdone);
        assert_eq!(outdone(&[external(), second()], ONE), Some(vec![1, 0]));
        assert_eq!(outdone(&[external(), second()], MANY), Some(vec![]), "both are used");
        assert_eq!(outdone(&[internal(), second()], ONE), Some(vec![]), "another step decides");
    }

    #[test]
    fn each_step_decides_in_its_turn_against_everything_below() {
        // The loser of each pair is better in every later step.
        let strong = |o: Owned| Owned { router_id: 1, address: 1, tie: 1, ..o };
        let near = || strong(with(external(), |a| a.med = Some(0)));
        let short = || with(near(), |a| a.as_path = vec![1]);
        let lp = |o, value| with(o, |a| a.local_pref = Some(value));
        let local = Owned { source: Source::Local, ..with(external(), |a| a.as_path.clear()) };
        let far = || Owned { igp_metric: Some(99), ..internal() };
        second_wins(Owned { igp_metric: None, ..lp(near(), 999) }, far(), Reason::NextHop);
        // Not even a LOCAL_PREF of zero is worse than a route of a neighbour long gone.
        let gone = with(lp(near(), 999), |a| a.add_community(Community::LLGR_STALE));
        second_wins(gone.clone(), lp(far(), 0), Reason::LongStale);
        second_wins(with(gone.clone(), |a| a.med = Some(9)), gone, Reason::Med);
        second_wins(short(), lp(far(), 101), Reason::LocalPref);
        second_wins(short(), Owned { igp_metric: Some(99), ..local }, Reason::Local);
        let incomplete = with(far(), |a| (a.as_path, a.origin) = (vec![1], Origin::Incomplete));
        second_wins(near(), incomplete, Reason::PathLength);
        second_wins(
            with(near(), |a| a.origin = Origin::Egp),
            with(far(), |a| a.med = Some(9)),
            Reason::Origin,
        );
        let med = |o, value| with(o, |a| a.med = Some(value));
        second_wins(med(near(), 2), med(far(), 1), Reason::Med);
        let distant = Owned { igp_metric: Some(99), ..external() };
        second_wins(strong(internal()), distant, Reason::External);
        second_wins(strong(far()), internal(), Reason::IgpMetric);
        second_wins(
            Owned { address: 1, tie: 1, ..external() },
            Owned { router_id: 4, ..external() },
            Reason::RouterId,
        );
        second_wins(
            Owned { tie: 1, ..external() },
            Owned { address: 4, ..external() },
            Reason::PeerAddress,
        );
        second_wins(external(), Owned { tie: 4, ..external() }, Reason::SessionOrder);
    }

    #[test]
    fn a_missing_local_pref_is_a_hundred_and_a_missing_med_is_zero() {
        second_wins(with(external(), |a| a.local_pref = Some(99)), external(), Reason::LocalPref);
        second_wins(external(), with(external(), |a| a.local_pref = Some(101)), Reason::LocalPref);
        second_wins(with(external(), |a| a.med = Some(1)), external(), Reason::Med);
    }

    #[test]
    fn meds_of_different_neighbours_do_not_compare() {
        let low = Owned { router_id: 9, ..with(from_as(external(), 1), |a| a.med = Some(1)) };
        let high = Owned { router_id: 2, ..with(from_as(external(), 2), |a| a.med = Some(50)) };
        second_wins(low, high, Reason::RouterId);
    }

    #[test]
    fn med_counts_within_its_as_first_whatever_the_order_of_arrival() {
        // RFC 4451 §4.3: compared pairwise in order of arrival these three would be a cycle.
        // a beats b on MED; b (id 1) beats c (id 2); c beats a (id 3). With b gone first: c.
        let a = Owned { router_id: 3, ..with(from_as(external(), 1), |x| x.med = Some(10)) };
        let b = Owned { router_id: 1, ..with(from_as(external(), 1), |x| x.med = Some(20)) };
        let c = Owned { router_id: 2, ..from_as(external(), 2) };
        let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        let all = [a, b, c];
        for order in orders {
            let arranged = order.map(|i| all[i].clone());
            let choice = choose(&arranged, ONE).expect("all are reachable");
            assert_eq!((order[choice.best], choice.reason), (2, Reason::RouterId));
        }
    }

    #[test]
    fn multipath_takes_equal_external_routes_up_to_its_limit_in_order_of_the_tie_breakers() {
        let id = |router_id| Owned { router_id, ..external() };
        let all = [id(3), id(1), id(2)];
        let used = |ebgp| {
            let limits = Multipath { ebgp, ibgp: 1, relax: false };
            choose(&all, limits).expect("reachable").multipath
        };
        assert_eq!(used(0), [1]);
        assert_eq!(used(1), [1]);
        assert_eq!(used(2), [1, 2]);
        assert_eq!(used(16), [1, 2, 0]);
    }

    #[test]
    fn multipath_needs_the_same_path_unless_relaxed_to_the_same_length() {
        let all = [
            Owned { router_id: 1, ..from_as(external(), 1) },
            Owned { router_id: 2, ..from_as(external(), 2) },
            Owned { router_id: 3, ..from_as(external(), 1) },
            with(external(), |a| a.as_path = vec![1, 8, 9]),
        ];
        assert_eq!(choose(&all, MANY).expect("reachable").multipath, [0, 2]);
        let relaxed = Multipath { relax: true, ..MANY };
        assert_eq!(choose(&all, relaxed).expect("reachable").multipath, [0, 1, 2]);
    }

    #[test]
    fn multipath_never_mixes_kinds_of_sessions_nor_distances() {
        let far = Owned { igp_metric: Some(11), ..internal() };
        let second = Owned { router_id: 6, ..internal() };
        let inside = [internal(), second, far];
        assert_eq!(choose(&inside, MANY).expect("reachable").multipath, [0, 1]);
        let internal_one = Multipath { ibgp: 1, ..MANY };
        assert_eq!(choose(&inside, internal_one).expect("reachable").multipath, [0]);
        let mixed = [internal(), external(), internal()];
        assert_eq!(choose(&mixed, MANY).expect("reachable").multipath, [1]);
        let local = Owned { source: Source::Local, ..external() };
        assert_eq!(choose(&[local.clone(), external()], MANY).expect("local").multipath, [0]);
    }

    #[test]
    fn the_reason_is_the_step_that_dropped_the_last_rival() {
        let low = with(external(), |a| a.local_pref = Some(1));
        let long = with(external(), |a| a.as_path = vec![1, 8, 9]);
        let choice = choose(&[low, external(), long], ONE).expect("reachable");
        assert_eq!((choice.best, choice.reason), (1, Reason::PathLength));
    }

    #[test]
    fn reasons_are_named_like_their_variants() {
        use Reason as R;
        for reason in [
            R::OnlyOne,
            R::NextHop,
            R::LocalPref,
            R::Local,
            R::PathLength,
            R::Origin,
            R::Med,
            R::External,
            R::IgpMetric,
            R::RouterId,
            R::ClusterList,
            R::PeerAddress,
            R::SessionOrder,
        ] {
            assert_eq!(reason.as_str().replace('_', ""), format!("{reason:?}").to_lowercase());
        }
    }

    /// The same decision in another way: a champion of each neighbour AS by the full order,
    /// then the best champion by the order without MED. Steps before MED come first in both.
    #[test]
    fn the_originator_and_then_the_shorter_cluster_list_decide_among_reflected_routes() {
        let id = |n: u32| Ipv4Addr::from_bits(n);
        let reflected = |tie: u32, router_id: u32, originator: u32, clusters: u32| {
            with(Owned { tie, router_id, address: router_id, ..internal() }, |a| {
                a.originator_id = Some(id(originator));
                a.cluster_list = (0..clusters).map(id).collect();
            })
        };
        let all = [reflected(0, 1, 8, 1), reflected(1, 9, 7, 1)];
        let choice = choose(&all, MANY).expect("a best");
        assert_eq!((choice.best, choice.reason), (1, Reason::RouterId));
        let all = [reflected(0, 1, 7, 2), reflected(1, 9, 7, 1), reflected(2, 10, 7, 1)];
        let choice = choose(&all, MANY).expect("a best");
        assert_eq!((choice.best, choice.reason), (1, Reason::PeerAddress));
        assert_eq!(choice.multipath, [1, 2, 0]);
        let choice = choose(&all[..2], MANY).expect("a best");
        assert_eq!((choice.best, choice.reason), (1, Reason::ClusterList));
    }

    #[test]
    fn one_next_hop_is_used_once_however_many_routes_lead_to_it() {
        let other =
            with(internal(), |a| a.add_community(crate::proto::bgp::attrs::Community::NO_EXPORT));
        let all = [internal(), other];
        assert_eq!(choose(&all, MANY).map(|c| c.multipath), Some(vec![0]));
    }

    fn oracle(all: &[Owned]) -> Option<usize> {
        let before = |c: &Candidate<'_>| {
            let origin = c.attributes.origin;
            let length = c.attributes.as_path.len();
            (Reverse(c.attributes.preference()), c.source != Source::Local, length, origin)
        };
        let after = |c: &Candidate<'_>| {
            let inside = c.source == Source::Internal;
            (inside, c.igp_metric, c.peer_router_id, c.peer_address, c.tie)
        };
        let med = |c: &Candidate<'_>| c.attributes.med.unwrap_or(0);
        let reachable: Vec<_> = all
            .iter()
            .map(Owned::candidate)
            .enumerate()
            .filter(|(_, c)| c.igp_metric.is_some())
            .collect();
        let groups: std::collections::BTreeSet<u32> =
            reachable.iter().map(|(_, c)| c.neighbor_as).collect();
        let champions = groups.iter().filter_map(|asn| {
            let members = reachable.iter().filter(|(_, c)| c.neighbor_as == *asn);
            members.min_by_key(|(_, c)| (before(c), med(c), after(c)))
        });
        champions.min_by_key(|(_, c)| (before(c), after(c))).map(|(i, _)| *i)
    }

    fn any_route() -> impl Strategy<Value = Owned> {
        let attributes = (
            prop::option::weighted(0.4, 99_u32..102),
            prop::collection::vec(1_u32..4, 1..4),
            prop_oneof![4 => Just(Origin::Igp), 1 => Just(Origin::Incomplete)],
            prop::option::of(0_u32..3),
        );
        let source = prop_oneof![
            8 => Just(Source::External),
            8 => Just(Source::Internal),
            1 => Just(Source::Local),
        ];
        (attributes, source, prop::option::weighted(0.9, 0_u64..3), 1_u32..4, 1_u32..4).prop_map(
            |((local_pref, as_path, origin, med), source, igp_metric, router_id, address)| {
                let mut attributes = Attributes::originated();
                (attributes.as_path, attributes.origin) = (as_path, origin);
                (attributes.local_pref, attributes.med) = (local_pref, med);
                Owned { attributes, source, igp_metric, router_id, address, tie: 0 }
            },
        )
    }

    /// Up to eight routes, each with a tie-breaker of its own.
    fn any_routes() -> impl Strategy<Value = Vec<Owned>> {
        prop::collection::vec(any_route(), 0..8).prop_map(|mut all| {
            for (tie, route) in (0..).zip(&mut all) {
                route.tie = tie;
            }
            all
        })
    }

    /// The ties of the routes of a choice: names that survive shuffling.
    fn names(all: &[Owned], choice: Option<Choice>) -> Option<(u32, Reason, Vec<u32>)> {
        let tie = |i: usize| all[i].tie;
        choice.map(|c| (tie(c.best), c.reason, c.multipath.iter().map(|i| tie(*i)).collect()))
    }

    proptest! {
        #[test]
        fn the_best_route_is_the_oracles(all in any_routes()) {
            prop_assert_eq!(choose(&all, MANY).map(|c| c.best), oracle(&all));
        }

        #[test]
        fn the_order_of_candidates_changes_nothing(
            (all, shuffled) in any_routes().prop_flat_map(|v| (Just(v.clone()), Just(v).prop_shuffle())),
            relax: bool,
        ) {
            let limits = Multipath { relax, ..MANY };
            let (here, there) = (choose(&all, limits), choose(&shuffled, limits));
            prop_assert_eq!(names(&all, here), names(&shuffled, there));
        }

        #[test]
        fn a_route_that_is_worse_than_the_best_in_one_step_never_changes_the_winner(
            all in any_routes(),
            step in 0_usize..7,
            place: prop::sample::Index,
        ) {
            let before = choose(&all, MANY);
            prop_assume!(before.is_some());
            let best = all[before.as_ref().map_or(0, |c| c.best)].clone();
            let mut worse = Owned { tie: 100, ..best.clone() };
            match step {
                0 => worse.igp_metric = None,
                1 => worse.attributes.local_pref = Some(worse.attributes.preference() - 1),
                2 => worse.attributes.as_path.extend([7, 7]),
                3 => worse.attributes.med = Some(worse.attributes.med.unwrap_or(0) + 1),
                4 => worse.igp_metric = worse.igp_metric.map(|m| m + 1),
                5 => worse.router_id += 1,
                _ => worse.address += 1,
            }
            let mut more = all.clone();
            more.insert(place.index(all.len() + 1), worse);
            let after = choose(&more, MANY).expect("the winner is still there");
            prop_assert_eq!(more[after.best].tie, best.tie);
        }

        #[test]
        fn every_used_route_equals_the_best_in_all_steps_but_the_tie_breakers(
            all in any_routes(),
            relax: bool,
        ) {
            let Some(choice) = choose(&all, Multipath { relax, ..MANY }) else { return Ok(()) };
            prop_assert_eq!(choice.multipath[0], choice.best);
            let best = &all[choice.best];
            for used in choice.multipath.iter().map(|i| &all[*i]) {
                prop_assert_eq!(used.attributes.preference(), best.attributes.preference());
                prop_assert_eq!(used.attributes.as_path.len(), best.attributes.as_path.len());
                prop_assert!(relax || used.attributes.as_path == best.attributes.as_path);
                prop_assert_eq!(used.attributes.origin, best.attributes.origin);
                prop_assert_eq!(used.source, best.source);
                prop_assert_eq!(used.igp_metric, best.igp_metric);
            }
        }
    }
}
