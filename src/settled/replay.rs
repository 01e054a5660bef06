//! Pools of a network in which something has failed, from how those of the whole one came about.
//!
//! The construction in `pools` goes router by router, and what a router does at its turn follows from
//! what it looks at alone: its own interior distances and sessions, and where its neighbours stand.
//! So a router at which nothing of that is another does what it did in the whole network. [`Trace`]
//! remembers every turn there; a replay takes only those again that may go otherwise, each with all
//! that it would see, and lets neighbours in once one has gone otherwise. What comes out is what
//! working it out from nothing does, in as many steps.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::pools::{Cell, PASSES, Pools, Stand, Step, are_too_many};
use super::search::LONGEST_CIRCLE;
use super::speech::Speech;
use crate::ids::{End, IdVec, RouterId, SessionId};
use crate::proto::bgp::rib::{Rib, Slot};

/// When a turn was: the pass and the round.
type Turn = (usize, usize);

/// How the pools of a group came about in the whole network.
#[derive(Clone, Debug)]
pub(super) struct Trace {
    passes: [Vec<Round>; 2],
    /// What each end of a session may hear, from when on.
    cells: IdVec<End<SessionId>, Vec<(Turn, Cell)>>,
    /// Where each router stands, from when on.
    stands: IdVec<RouterId, Vec<(Turn, Arc<Stand>)>>,
    /// Routes at rest.
    ribs: IdVec<RouterId, Rib>,
}

/// One round of turns of all routers.
#[derive(Clone, Debug, Default)]
struct Round {
    /// Routers that had something to do.
    worked: BTreeSet<RouterId>,
    /// Those of them that stand elsewhere since.
    news: BTreeSet<RouterId>,
    /// Routes in all pools at its end.
    offers: usize,
}

/// What a router looks at that is another than in the whole network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Altered {
    /// Distances.
    Distances,
    /// Sessions that are down.
    Sessions,
    /// Anything: also which next hops it reaches.
    Anything,
}

/// A router whose turns are taken again.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Own {
    altered: Altered,
    live: Vec<(Slot, End<SessionId>)>,
    /// By live end; `None`: it hears what it does in the whole network.
    cells: Vec<Option<Cell>>,
    stand: Arc<Stand>,
    /// Whether a neighbour stands, or has stood, elsewhere than in the whole network.
    disturbed: bool,
    /// Whether it does itself.
    differs: bool,
    /// Whether it is news in this round, and will be in the next.
    news: bool,
    next: bool,
}

impl Own {
    /// Whether neighbours tell it what they do in the whole network.
    fn hears_the_same(&self) -> bool {
        !self.disturbed && self.altered == Altered::Distances
    }
}

/// What a replay comes to.
pub(super) struct Replayed {
    /// How often a router's pool was worked out, had all been worked out.
    pub(super) steps: u32,
    /// The routes at rest of the routers that may have others than in the whole network.
    pub(super) ribs: BTreeMap<RouterId, Rib>,
}

impl Trace {
    /// How the pools of a group come about; `None`: they are too large, or leave something open.
    pub(super) fn of(speech: Speech<'_>) -> Option<Self> {
        let topology = speech.ground.facts.topology;
        let mut trace = Self {
            passes: [Vec::new(), Vec::new()],
            cells: (0..topology.sessions.len() * 2).map(|_| Vec::new()).collect(),
            stands: topology.routers.iter().map(|_| Vec::new()).collect(),
            ribs: IdVec::new(),
        };
        let (mut pass, mut round) = (0, Round::default());
        let (pools, _) = speech.pools(&mut |step| match step {
            Step::Heard(end, cell) => {
                let turn = (pass, trace.passes[pass].len());
                trace.cells[end].push((turn, Arc::clone(cell)));
            }
            Step::Gathered(router, stand, news) => {
                let turn = (pass, trace.passes[pass].len());
                round.worked.insert(router);
                if news {
                    round.news.insert(router);
                    trace.stands[router].push((turn, Arc::clone(stand)));
                }
            }
            Step::Over(offers) => {
                let round = std::mem::take(&mut round);
                trace.passes[pass].push(Round { offers, ..round });
            }
            Step::Passed => pass += 1,
        })?;
        trace.ribs = speech.decided(&pools)?;
        Some(trace)
    }

    /// What an end of a session may hear before a turn, or after it.
    fn cell(&self, end: End<SessionId>, turn: Turn, after: bool) -> Cell {
        Self::version(&self.cells[end], turn, after).cloned().unwrap_or_default()
    }

    /// What was there before a turn, or after it.
    fn version<T>(versions: &[(Turn, T)], turn: Turn, after: bool) -> Option<&T> {
        let past = versions.iter().rev().find(|(at, _)| *at < turn || after && *at == turn);
        past.map(|(_, version)| version)
    }
}

/// A replay under way.
struct Replay<'a> {
    speech: Speech<'a>,
    trace: &'a Trace,
    nowhere: Arc<Stand>,
    own: IdVec<RouterId, Option<Own>>,
    /// Which are replayed.
    routers: BTreeSet<RouterId>,
    turn: Turn,
    steps: u32,
}

impl Speech<'_> {
    /// The routes at rest where pools leave nothing open.
    pub(super) fn decided(self, pools: &Pools) -> Option<IdVec<RouterId, Rib>> {
        let (_, open) = self.choices(pools);
        let is_sure = open.is_empty() && pools.iter().flatten().all(|offer| offer.sure);
        is_sure.then(|| {
            let ribs = self.at_rest(self.filled(pools));
            ribs.expect("the construction found the state that all orders end in")
        })
    }

    /// The pools here, where these routers may look at something else than in the whole network;
    /// `None`: they are too large, or leave something open.
    pub(super) fn replay(
        self,
        trace: &Trace,
        altered: &BTreeMap<RouterId, Altered>,
    ) -> Option<Replayed> {
        let own = self.ground.facts.topology.routers.iter().map(|_| None).collect();
        let mut replay = Replay {
            speech: self,
            trace,
            nowhere: Arc::default(),
            own,
            routers: BTreeSet::new(),
            turn: (0, 0),
            steps: 0,
        };
        for (router, altered) in altered {
            replay.let_in(*router, *altered, false);
        }
        for pass in 0..PASSES.len() {
            replay.pass(pass)?;
        }
        let ribs = replay.ribs()?;
        Some(Replayed { steps: replay.steps, ribs })
    }
}

impl Replay<'_> {
    fn pass(&mut self, pass: usize) -> Option<()> {
        for own in self.own.iter_mut().flatten() {
            own.next = true;
        }
        self.turn = (pass, 0);
        loop {
            let (_, round) = self.turn;
            let rounds = &self.trace.passes[pass];
            self.steps += u32::try_from(rounds.get(round).map_or(0, |r| r.worked.len()))
                .expect("steps are bounded");
            for router in &self.routers {
                let own = self.own[*router].as_mut().expect("it is replayed");
                own.news = std::mem::take(&mut own.next);
            }
            let mut next = self.routers.first().copied();
            while let Some(router) = next {
                self.take_turn(router);
                let after = (std::ops::Bound::Excluded(router), std::ops::Bound::Unbounded);
                next = self.routers.range(after).next().copied();
            }
            if are_too_many(self.offers(), self.steps) {
                return None;
            }
            let others = self.trace.passes[pass]
                .get(round)
                .is_some_and(|round| round.news.iter().any(|router| self.own[*router].is_none()));
            let own = self.routers.iter().any(|at| self.own[*at].as_ref().is_some_and(|o| o.next));
            // What went on for longer there is what these have missed.
            if !others && !own && round + 1 >= rounds.len() {
                return Some(());
            }
            self.turn.1 += 1;
        }
    }

    /// Takes a router in whose turns so far went as in the whole network; `has_had`: that of this
    /// round too.
    fn let_in(&mut self, router: RouterId, altered: Altered, has_had: bool) {
        if self.own[router].is_some() {
            return;
        }
        let trace = self.trace;
        let live: Vec<(Slot, End<SessionId>)> = self.speech.live(router).collect();
        let stand = Trace::version(&trace.stands[router], self.turn, has_had);
        let (pass, round) = self.turn;
        let was_news = |round: Option<usize>| match round {
            // In the first round of a pass all are.
            None => true,
            Some(round) => {
                trace.passes[pass].get(round).is_some_and(|round| round.news.contains(&router))
            }
        };
        let own = Own {
            altered,
            cells: live.iter().map(|_| None).collect(),
            live,
            stand: stand.cloned().unwrap_or_else(|| Arc::clone(&self.nowhere)),
            disturbed: false,
            differs: false,
            news: was_news(round.checked_sub(1)),
            next: has_had && was_news(Some(round)),
        };
        self.own[router] = Some(own);
        self.routers.insert(router);
    }

    /// Tells a router that a neighbour stands elsewhere from now on.
    fn disturb(&mut self, router: RouterId, by: RouterId) {
        let has_had = router < by;
        self.let_in(router, Altered::Distances, has_had);
        let own = self.own[router].as_mut().expect("it was let in");
        own.disturbed = true;
        for ((_, end), cell) in own.live.iter().zip(&mut own.cells) {
            if cell.is_none() && self.speech.ground.facts.session_router(end.far()) == by {
                *cell = Some(self.trace.cell(*end, self.turn, has_had));
            }
        }
    }

    fn take_turn(&mut self, router: RouterId) {
        let facts = self.speech.ground.facts;
        let mut own = self.own[router].take().expect("it is replayed");
        let (pass, round) = self.turn;
        let then = self.trace.passes[pass].get(round);
        let worked = then.is_some_and(|then| then.worked.contains(&router));
        self.steps -= u32::from(worked);
        let was = Trace::version(&self.trace.stands[router], self.turn, true);
        let was = was.unwrap_or(&self.nowhere);
        let (stand, works) = if own.hears_the_same() {
            (worked.then(|| self.at_other_distances(router, was)), worked)
        } else {
            self.listen(router, &mut own)
        };
        own.next = false;
        if let Some(stand) = stand {
            own.next = *own.stand != *stand;
            own.stand = stand;
        }
        let was_next = then.is_some_and(|then| then.news.contains(&router));
        let same = was_next == own.next && (Arc::ptr_eq(was, &own.stand) || **was == *own.stand);
        let mut neighbors: Vec<RouterId> = Vec::new();
        if !same && !own.differs {
            own.differs = true;
            neighbors.extend(own.live.iter().map(|(_, end)| facts.session_router(end.far())));
        }
        self.own[router] = Some(own);
        self.steps += u32::from(works);
        for neighbor in neighbors {
            self.disturb(neighbor, router);
        }
    }

    /// Where a router stands that may have the routes that it has in the whole network.
    fn at_other_distances(&self, router: RouterId, was: &Arc<Stand>) -> Arc<Stand> {
        let contest = self.speech.contest(router, &was.pool, PASSES[self.turn.0]);
        if contest == was.contest {
            return Arc::clone(was);
        }
        Arc::new(Stand { pool: Arc::clone(&was.pool), contest })
    }

    /// Where a router stands after it has listened to those neighbours that are news, `None` where it
    /// stood, and whether it had something to do.
    fn listen(&self, router: RouterId, own: &mut Own) -> (Option<Arc<Stand>>, bool) {
        let facts = self.speech.ground.facts;
        let knowledge = PASSES[self.turn.0];
        let first = self.turn.1 == 0;
        let (mut due, mut news) = (false, first);
        for ((_, end), known) in own.live.iter().zip(&mut own.cells) {
            if !self.is_news(facts.session_router(end.far())) {
                continue;
            }
            due = true;
            if known.is_none() && own.altered != Altered::Anything {
                news = true;
                continue;
            }
            let cell = self.speech.cell(*end, &|at| self.stand(at, router), knowledge);
            news |= known.as_ref() != Some(&cell);
            *known = Some(cell);
        }
        let cells = own.live.iter().zip(&own.cells).map(|((_, end), cell)| {
            cell.clone().unwrap_or_else(|| self.trace.cell(*end, self.turn, true))
        });
        (news.then(|| Arc::new(self.speech.stand(router, cells, knowledge))), due || first)
    }

    /// Whether a router is news in this round.
    fn is_news(&self, router: RouterId) -> bool {
        if let Some(own) = &self.own[router] {
            return own.news;
        }
        let (pass, round) = self.turn;
        let Some(before) = round.checked_sub(1) else { return true };
        self.trace.passes[pass].get(before).is_some_and(|round| round.news.contains(&router))
    }

    /// Where a router stands at the turn of another.
    fn stand(&self, router: RouterId, reader: RouterId) -> &Stand {
        if let Some(own) = &self.own[router] {
            return &own.stand;
        }
        let stand = Trace::version(&self.trace.stands[router], self.turn, router < reader);
        stand.unwrap_or(&self.nowhere)
    }

    /// Routes in all pools at the end of a round.
    fn offers(&self) -> usize {
        let (pass, round) = self.turn;
        let rounds = &self.trace.passes[pass];
        let all = rounds.get(round).or(rounds.last()).map_or(0, |round| round.offers);
        let mut offers = all;
        for router in &self.routers {
            let was = Trace::version(&self.trace.stands[*router], self.turn, true);
            offers -= was.map_or(0, |was| was.pool.len());
            offers += self.own[*router].as_ref().map_or(0, |own| own.stand.pool.len());
        }
        offers
    }

    /// The routes at rest of those that were replayed; `None`: something is open.
    fn ribs(&self) -> Option<BTreeMap<RouterId, Rib>> {
        let mut ribs = BTreeMap::new();
        let mut listening = Vec::new();
        for router in &self.routers {
            let own = self.own[*router].as_ref().expect("it is replayed");
            let pool = &own.stand.pool;
            let contest = self.speech.final_contest(*router, pool);
            if !contest.decided || pool.iter().any(|offer| !offer.sure) {
                return None;
            }
            if own.hears_the_same() {
                let mut rib = self.trace.ribs[*router].clone();
                self.speech.choose(*router, &mut rib);
                ribs.insert(*router, rib);
            } else {
                ribs.insert(*router, self.speech.filled_one(*router, pool));
                listening.push(*router);
            }
        }
        for _ in 0..2 * self.own.len() + LONGEST_CIRCLE {
            let mut news = false;
            for router in &listening {
                if !self.speech.ground.is_running(*router) {
                    continue;
                }
                let mut rib = ribs.remove(router).expect("it was put there");
                let peer = |at: RouterId| ribs.get(&at).unwrap_or(&self.trace.ribs[at]);
                let heard = self.speech.heard(*router, &rib, &peer);
                news |= self.speech.take_in(*router, &mut rib, heard);
                ribs.insert(*router, rib);
            }
            if !news {
                return Some(ribs);
            }
        }
        None
    }
}
