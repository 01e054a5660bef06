//! From a source to wherever packets end: every path, with its share.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::memo::Answer;
use super::reach::Routers;
use super::tables::{Hop, Tables};
use crate::ids::{CircuitId, GroupId, IdVec, LagId, RouterId, Side};
use crate::model::topology::HashMode;
use crate::units::SimTime;

/// Where a path ends, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// At a router that serves the prefix.
    Delivered(RouterId),
    /// The router is down.
    RouterDown(RouterId),
    /// The router forwards nothing.
    Hung(RouterId),
    /// A filter of the router drops it.
    Filtered(RouterId),
    /// The router keeps state of flows, and none of this one.
    NoState(RouterId),
    /// The router has no route.
    NoRoute(RouterId),
    /// The route points to a LAG that is down or has no member.
    LagDown(LagId),
    /// The frame is lost on this circuit, or not taken in at its far end.
    Circuit(CircuitId),
    /// The router has seen the packet before.
    Loop(RouterId),
}

/// A path through the network.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path {
    /// Where it starts.
    pub source: RouterId,
    /// The LAG, member and sending side of each hop.
    pub hops: Vec<(LagId, CircuitId, Side)>,
    /// Where it ends.
    pub end: End,
}

impl Path {
    /// The router it delivers to, if it does.
    #[must_use]
    pub const fn arrives(&self) -> Option<RouterId> {
        match self.end {
            End::Delivered(router) => Some(router),
            End::RouterDown(_)
            | End::Hung(_)
            | End::Filtered(_)
            | End::NoState(_)
            | End::NoRoute(_)
            | End::LagDown(_)
            | End::Circuit(_)
            | End::Loop(_) => None,
        }
    }

    /// The routers that its packets get to, each with the number of hops before it.
    pub fn routers(&self, tables: &Tables) -> impl Iterator<Item = (usize, RouterId)> {
        let next = |(lag, _, side): &(LagId, CircuitId, Side)| tables.ends[*lag][side.other()];
        let lost_on_the_last = matches!(self.end, End::Circuit(_));
        let crossed = self.hops.len() - usize::from(lost_on_the_last);
        let others = self.hops[..crossed].iter().map(next);
        std::iter::once(self.source).chain(others).enumerate()
    }

    /// Whether its last router knew a way on that works no longer, or not yet.
    const fn is_interrupted(&self) -> bool {
        match self.end {
            End::RouterDown(_)
            | End::Hung(_)
            | End::Filtered(_)
            | End::NoState(_)
            | End::LagDown(_)
            | End::Circuit(_) => true,
            End::Delivered(_) | End::NoRoute(_) | End::Loop(_) => false,
        }
    }

    /// How `later` differs from this path. Of one that is interrupted only what it was up to there
    /// is compared: a repair alone moves nothing.
    #[must_use]
    pub fn change(&self, later: &Self, ways: &Ways) -> Change {
        let pointed = match self.end {
            End::LagDown(lag) => Some(lag),
            End::Delivered(_)
            | End::RouterDown(_)
            | End::Hung(_)
            | End::Filtered(_)
            | End::NoState(_)
            | End::NoRoute(_)
            | End::Circuit(_)
            | End::Loop(_) => None,
        };
        let before = self.hops.len() + usize::from(pointed.is_some());
        let after = later.hops.len();
        let fits = if self.is_interrupted() { before <= after } else { before == after };
        let lags = self.hops.iter().map(|hop| hop.0).chain(pointed);
        let mut pairs = lags.zip(&later.hops);
        if self.source != later.source || !fits || !pairs.all(|(a, b)| ways.are_one(a, b.0)) {
            return Change::Way;
        }
        let mut pairs = self.hops.iter().zip(&later.hops);
        let same_lags = pairs.clone().all(|(a, b)| a.0 == b.0);
        let other_member = pairs.any(|(a, b)| a.1 != b.1);
        if same_lags && other_member { Change::Member } else { Change::None }
    }
}

/// How a path differs from an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// In nothing that counts as a way of its own.
    None,
    /// In the member it takes of some LAG, and in nothing else.
    Member,
    /// In the sequence of its routers and PNIs.
    Way,
}

/// What makes two ways from router to router one.
#[derive(Clone, Debug)]
pub struct Ways {
    /// The routers at the ends of each LAG.
    pub ends: IdVec<LagId, [RouterId; 2]>,
    /// LAGs inside a network: those between the same routers stand for each other.
    pub inside: BTreeSet<LagId>,
}

impl Ways {
    fn are_one(&self, a: LagId, b: LagId) -> bool {
        let ([a1, a2], [b1, b2]) = (self.ends[a], self.ends[b]);
        let parallel = (a1, a2) == (b1, b2) || (a1, a2) == (b2, b1);
        a == b || parallel && self.inside.contains(&a) && self.inside.contains(&b)
    }
}

/// A path, interned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PathId(u32);

/// All paths seen in a run.
#[derive(Clone, Debug, Default)]
pub struct PathTable {
    paths: Vec<Arc<Path>>,
    ids: BTreeMap<Arc<Path>, PathId>,
}

impl PathTable {
    /// The id of `path`.
    pub fn intern(&mut self, path: Path) -> PathId {
        if let Some(id) = self.ids.get(&path) {
            return *id;
        }
        self.intern_shared(&Arc::new(path))
    }

    /// The id of a path that others hold too.
    pub fn intern_shared(&mut self, path: &Arc<Path>) -> PathId {
        if let Some(id) = self.ids.get(path) {
            return *id;
        }
        let id = PathId(u32::try_from(self.paths.len()).expect("paths are bounded by the limits"));
        self.paths.push(Arc::clone(path));
        self.ids.insert(Arc::clone(path), id);
        id
    }

    /// The path with this id, to hold.
    #[must_use]
    pub fn shared(&self, id: PathId) -> Arc<Path> {
        Arc::clone(&self.paths[id.0 as usize])
    }

    /// The path with this id.
    #[must_use]
    pub fn get(&self, id: PathId) -> &Path {
        &self.paths[id.0 as usize]
    }
}

/// How one walk chooses among equals.
#[derive(Clone, Copy, Debug)]
pub enum Choice {
    /// Takes all of them, in equal shares.
    Fluid,
    /// Is one flow and takes the one its hash picks.
    Flow {
        /// The flow's hash.
        hash: u64,
        /// How a hash picks.
        mode: HashMode,
    },
}

/// Splits `parts` by `weights`; what does not divide goes to the first.
#[must_use]
pub fn split(parts: u64, weights: &[u32]) -> Vec<u64> {
    let total: u64 = weights.iter().map(|w| u64::from(*w)).sum();
    let share = |w: &u32| {
        u64::try_from(u128::from(parts) * u128::from(*w) / u128::from(total.max(1)))
            .expect("a share is no larger than what is shared")
    };
    let mut shares: Vec<u64> = weights.iter().map(share).collect();
    let mut rest = parts - shares.iter().sum::<u64>();
    for share in &mut shares {
        let one = rest.min(1);
        *share += one;
        rest -= one;
    }
    shares
}

/// One walk through the tables at one position of a prefix group.
pub struct Walk<'a> {
    /// The state of forwarding.
    pub tables: &'a Tables,
    /// Where the packets go.
    pub group: GroupId,
    /// The moment, for prefixes being written.
    pub now: SimTime,
    /// Position within the group, in parts of the whole.
    pub position: u64,
    /// How equals are chosen among.
    pub choice: Choice,
}

impl Walk<'_> {
    /// All paths from `source` with the parts of `parts` that take them, in order of path, and
    /// what they depend on.
    pub(super) fn paths(
        &self,
        source: RouterId,
        parts: u64,
        asked: &mut Asked,
    ) -> Vec<(Path, u64)> {
        let mut found = Found { paths: Vec::new(), asked };
        let mut path = Path { source, hops: Vec::new(), end: End::NoRoute(source) };
        let mut seen = Vec::new();
        self.visit(source, parts, &mut path, &mut seen, &mut found);
        let mut paths = found.paths;
        paths.sort_by(|a, b| a.0.cmp(&b.0));
        paths
    }

    fn visit(
        &self,
        router: RouterId,
        parts: u64,
        path: &mut Path,
        seen: &mut Vec<RouterId>,
        found: &mut Found<'_>,
    ) {
        let table = &self.tables.routers[router];
        let met = if !table.up {
            Err(End::RouterDown(router))
        } else if table.hung {
            Err(End::Hung(router))
        } else if table.filters.contains(&self.group) {
            Err(End::Filtered(router))
        } else {
            match self.longest_match(router, found.asked) {
                Match::Serves => Err(End::Delivered(router)),
                Match::None => Err(End::NoRoute(router)),
                Match::Hops(_) if seen.contains(&router) => Err(End::Loop(router)),
                Match::Hops(hops) => Ok(rerouted(hops, &table.lost)),
            }
        };
        let hops = match met {
            Ok(hops) => hops,
            Err(end) => {
                path.end = end;
                found.paths.push((path.clone(), parts));
                return;
            }
        };
        seen.push(router);
        let weights: Vec<u32> = hops.iter().map(|h| h.weight).collect();
        let place = self.tables.names.routers[router];
        let name = |i: usize| self.tables.names.lags[hops[i].lag];
        for (index, share) in self.choose(parts, &weights, place, name) {
            self.cross(hops[index], share, path, seen, found);
        }
        seen.pop();
    }

    /// Sends `parts` over one LAG.
    fn cross(
        &self,
        hop: Hop,
        parts: u64,
        path: &mut Path,
        seen: &mut Vec<RouterId>,
        found: &mut Found<'_>,
    ) {
        let end = &self.tables.lags[hop.lag][hop.side];
        if !end.up || end.distributing.is_empty() {
            path.end = End::LagDown(hop.lag);
            found.paths.push((path.clone(), parts));
            return;
        }
        let weights = vec![1; end.distributing.len()];
        let place = self.tables.names.lags[hop.lag];
        let name = |i: usize| self.tables.names.circuits[end.distributing[i]];
        for (index, share) in self.choose(parts, &weights, place, name) {
            let circuit = end.distributing[index];
            path.hops.push((hop.lag, circuit, hop.side));
            if self.tables.member_delivers(hop.lag, hop.side, circuit) {
                let next = self.tables.ends[hop.lag][hop.side.other()];
                match hop.exit {
                    None => self.visit(next, share, path, seen, found),
                    Some(exit) => self.switch(hop.lag, exit, share, path, seen, found),
                }
            } else {
                path.end = End::Circuit(circuit);
                found.paths.push((path.clone(), share));
            }
            path.hops.pop();
        }
    }

    /// Sends `parts` through a fabric, from one port to another.
    fn switch(
        &self,
        entry: LagId,
        exit: LagId,
        parts: u64,
        path: &mut Path,
        seen: &mut Vec<RouterId>,
        found: &mut Found<'_>,
    ) {
        let fabric = &self.tables.routers[self.tables.ends[exit][Side::B]];
        if !fabric.up || fabric.hung || self.tables.severed.contains(&(entry, exit)) {
            path.end = End::LagDown(exit);
            found.paths.push((path.clone(), parts));
            return;
        }
        let out = Hop { lag: exit, side: Side::B, exit: None, weight: 1, alternate: None };
        self.cross(out, parts, path, seen, found);
    }

    /// What the entry of the longest prefix says: that of the group, or of the nearest that
    /// covers it.
    fn longest_match(&self, router: RouterId, asked: &mut Asked) -> Match<'_> {
        asked.routers.insert(router);
        for at in self.tables.covering(self.group) {
            if self.tables.routers[router].fib.serves(at) {
                return Match::Serves;
            }
            let hops = self.next_hops(router, at, asked);
            if !hops.is_empty() {
                return Match::Hops(hops);
            }
        }
        Match::None
    }

    fn next_hops(&self, router: RouterId, group: GroupId, asked: &mut Asked) -> &[Hop] {
        let fib = &self.tables.routers[router].fib;
        let Some(ramp) = fib.ramp(group) else { return fib.hops(group) };
        let written = self.position < ramp.position(self.now);
        asked.answers.push((router, group, written));
        if written { &ramp.next } else { fib.hops(group) }
    }

    /// Which of the choices get how many parts, zero shares left out. `place` names where the
    /// choice is made, `name` each choice.
    fn choose(
        &self,
        parts: u64,
        weights: &[u32],
        place: u64,
        name: impl Fn(usize) -> u64,
    ) -> Vec<(usize, u64)> {
        match self.choice {
            Choice::Fluid => {
                let shares = split(parts, weights).into_iter().enumerate();
                shares.filter(|(_, share)| *share > 0).collect()
            }
            Choice::Flow { hash, mode } => {
                let index = match mode {
                    HashMode::Modulo => pick_modulo(mix(hash ^ mix(place)), weights),
                    HashMode::Resilient => {
                        let score = |i: &usize| score(mix(hash ^ mix(name(*i))), weights[*i]);
                        let order = |a: &usize, b: &usize| score(a).total_cmp(&score(b));
                        (0..weights.len()).max_by(order).unwrap_or(0)
                    }
                };
                vec![(index, parts)]
            }
        }
    }
}

/// The ways out that are left without those that are lost, or else their alternates.
fn rerouted<'h>(hops: &'h [Hop], lost: &BTreeSet<LagId>) -> Cow<'h, [Hop]> {
    if lost.is_empty() || hops.iter().all(|hop| !lost.contains(&hop.lag)) {
        return Cow::Borrowed(hops);
    }
    let left: Vec<Hop> = hops.iter().filter(|hop| !lost.contains(&hop.lag)).copied().collect();
    if !left.is_empty() {
        return Cow::Owned(left);
    }
    let instead = |hop: &Hop| match hop.alternate {
        Some((lag, side)) => Hop { lag, side, alternate: None, ..*hop },
        None => *hop,
    };
    Cow::Owned(hops.iter().map(instead).collect())
}

/// What walks depend on.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// The routers whose tables they looked into.
    pub(super) routers: Routers,
    /// Whether writes under way had come by, in the order in which they asked.
    pub(super) answers: Vec<Answer>,
}

/// What a walk has found so far.
struct Found<'a> {
    paths: Vec<(Path, u64)>,
    asked: &'a mut Asked,
}

/// What a router's table says of a packet.
enum Match<'a> {
    /// Its way ends here.
    Serves,
    /// It goes on over these.
    Hops(&'a [Hop]),
    /// Nothing.
    None,
}

/// A well-mixing permutation of 64 bits (the finalizer of `SplitMix64`).
#[must_use]
pub const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// How high a choice of this weight ranks for a flow; the highest wins, each as often as its weight
/// says (weighted rendezvous hashing, Schindelhauer and Schomaker 2005).
fn score(hash: u64, weight: u32) -> f64 {
    // 53 bits, above 0 and below 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    let uniform = ((hash >> 11) as f64 + 0.5) / 9_007_199_254_740_992.0;
    -f64::from(weight) / libm::log(uniform)
}

/// The choice whose weight covers `hash` modulo the sum of weights.
fn pick_modulo(hash: u64, weights: &[u32]) -> usize {
    let total: u64 = weights.iter().map(|w| u64::from(*w)).sum();
    let mut rest = hash % total.max(1);
    for (index, weight) in weights.iter().enumerate() {
        if rest < u64::from(*weight) {
            return index;
        }
        rest -= u64::from(*weight);
    }
    0
}

#[cfg(test)]
mod tests {
    use super::super::tables::WHOLE;
    use super::*;
    use crate::ids::Id;

    #[test]
    fn shares_always_sum_to_what_is_shared() {
        assert_eq!(split(10, &[1, 1, 1]), [4, 3, 3]);
        assert_eq!(split(WHOLE, &[1, 2]).iter().sum::<u64>(), WHOLE);
        assert_eq!(split(7, &[]), Vec::<u64>::new());
    }

    #[test]
    fn a_choice_that_goes_takes_its_own_flows_along_and_weights_count() {
        let place = |i: usize| mix(0x9e37 + i as u64);
        let pick = |hash: u64, weights: &[u32]| {
            let score = |i: &usize| score(mix(hash ^ place(*i)), weights[*i]);
            (0..weights.len()).max_by(|a, b| score(a).total_cmp(&score(b))).expect("some")
        };
        let flows = 0..30_000_u64;
        let of = |wanted: usize| flows.clone().filter(|h| pick(*h, &[1, 2, 3]) == wanted).count();
        assert!(
            [(0, 5000), (1, 10_000), (2, 15_000)].iter().all(|(i, n)| of(*i).abs_diff(*n) < 300)
        );
        for hash in flows.clone() {
            let before = pick(hash, &[1, 2, 3]);
            assert!(before == 2 || pick(hash, &[1, 2]) == before);
        }
    }

    /// LAGs 0 and 1 are PNIs from router 0 to 1, 2 and 3 links inside from 1 to 2, the second the
    /// other way round; members have the numbers of tens.
    #[test]
    fn a_way_is_another_by_its_routers_and_pnis_alone() {
        let ends = [[0, 1], [0, 1], [1, 2], [2, 1]].map(|ends| ends.map(RouterId::from_index));
        let inside = BTreeSet::from([2, 3].map(LagId::from_index));
        let ways = Ways { ends: ends.into_iter().collect(), inside };
        let path = |hops: &[(usize, usize)], end: End| Path {
            source: RouterId::from_index(0),
            hops: hops
                .iter()
                .map(|(lag, n)| (LagId::from_index(*lag), CircuitId::from_index(*n), Side::A))
                .collect(),
            end,
        };
        let router = RouterId::from_index;
        let (there, lost) = (End::Delivered(router(2)), End::Circuit(CircuitId::from_index(0)));
        let before = path(&[(0, 0), (2, 20)], there);
        for (hops, expected) in [
            (&[(0, 0), (2, 20)], Change::None),
            (&[(0, 1), (2, 20)], Change::Member),
            (&[(1, 10), (2, 20)], Change::Way),
            (&[(0, 0), (3, 30)], Change::None),
            (&[(0, 1), (3, 30)], Change::None),
        ] {
            assert_eq!(before.change(&path(hops, there), &ways), expected, "{hops:?}");
        }
        // A repair: as far as it was known, the way is the same.
        let repaired = |hops: &[(usize, usize)], end| path(hops, end).change(&before, &ways);
        let down = |lag| End::LagDown(LagId::from_index(lag));
        assert_eq!(repaired(&[(0, 0)], lost), Change::None);
        assert_eq!(repaired(&[(0, 1)], lost), Change::Member);
        assert_eq!(repaired(&[(1, 10)], lost), Change::Way);
        assert_eq!(repaired(&[], down(0)), Change::None);
        assert_eq!(repaired(&[], down(1)), Change::Way);
        assert_eq!(repaired(&[], End::Hung(router(0))), Change::None);
        assert_eq!(repaired(&[], End::NoRoute(router(0))), Change::Way);
    }

    #[test]
    fn modulo_gives_each_choice_its_weight() {
        let picks: Vec<usize> = (0..6).map(|h| pick_modulo(h, &[1, 2])).collect();
        assert_eq!(picks, [0, 1, 1, 0, 1, 1]);
    }
}
