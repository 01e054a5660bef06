//! Which routes each router may come to have of a group, and which it is sure to have.
//!
//! A *pool* holds every route that some router may tell, under whatever order of events, once what is
//! left of earlier times has died out: routes that rest on no present origin grow longer with each
//! router that passes them on, until loops are refused, and are gone after finitely many steps. Pools
//! are first as large as routes that nobody prefers anything to could make them. Then they are
//! *narrowed* again and again: a route that is sure to be offered, and that beats another whatever
//! else is offered, takes that other out of the race; what a router cannot choose it does not tell;
//! what is the only one that it can choose is sure. This is the construction of Griffin, Shepherd and
//! Wilfong ("The Stable Paths Problem and Interdomain Routing", 2002, §V), which comes to its end
//! where there is no dispute wheel, made for policies, reflection and MEDs as they are configured.
//! Where it comes to its end, every fair order of events ends in the one state it has found, from
//! whatever state before.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::hops::only;
use super::speech::Speech;
use crate::ids::{End, IdVec, RouterId, SessionId};
use crate::model::topology::SessionKind;
use crate::proto::bgp::advertise::Route;
use crate::proto::bgp::decision::{Candidate, Multipath, Reason, Source, decide};
use crate::proto::bgp::rib::{PathId, Rib, Slot, Via};

/// More routes than this in all pools of a group are not compared.
const MOST_OFFERS: usize = 200_000;

/// The pools of a group are not worked out more often than this, router by router.
const MOST_STEPS: u32 = 100_000;

/// A route that a router may have, its next hop within reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) via: Via,
    pub(super) path: PathId,
    pub(super) route: Route,
    /// Whether it is there in the end, whatever happens.
    pub(super) sure: bool,
}

impl Offer {
    pub(super) fn is(&self, other: &Self) -> bool {
        (self.via, self.path, &self.route) == (other.via, other.path, &other.route)
    }
}

/// The routes that each router may have, in the order of its RIB.
pub(super) type Pools = IdVec<RouterId, Vec<Offer>>;

/// A best route for each router, supposed.
pub(super) type Supposed = IdVec<RouterId, Option<Offer>>;

/// What is known of the choices that routers make.
#[derive(Clone, Copy)]
pub(super) enum Knowledge<'a> {
    /// Nothing: anything that may be offered may be chosen.
    None,
    /// What the pools tell.
    Pools,
    /// These are the choices.
    Supposed(&'a Supposed),
}

/// What a router may have, and who may win then.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stand {
    pub(super) pool: Arc<[Offer]>,
    pub(super) contest: Contest,
}

/// What an end of a session may hear, by path id.
pub(super) type Cell = Arc<[Offer]>;

/// Where routers stand.
pub(super) type StandOf<'a> = &'a dyn Fn(RouterId) -> &'a Stand;

/// The two passes: as wide as pools may be, then narrowed.
pub(super) const PASSES: [Knowledge<'static>; 2] = [Knowledge::None, Knowledge::Pools];

/// Who may win among some offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Contest {
    /// Places of those that may, in order.
    pub(super) possible: Vec<usize>,
    /// Whether the only one that may does.
    pub(super) decided: bool,
}

impl Speech<'_> {
    /// The pools as wide as they may be, then narrowed until nothing follows any more; `None`: they
    /// are too large. The second value counts how often a router's was worked out. Each step is told
    /// to `trace`.
    pub(super) fn pools(self, trace: &mut impl FnMut(Step<'_>)) -> Option<(Pools, u32)> {
        let topology = self.ground.facts.topology;
        let mut cells: IdVec<End<SessionId>, Cell> =
            (0..topology.sessions.len() * 2).map(|_| Cell::default()).collect();
        let mut stands: IdVec<RouterId, Arc<Stand>> =
            topology.routers.iter().map(|_| Arc::default()).collect();
        let mut steps = 0;
        for knowledge in PASSES {
            let mut changed: BTreeSet<RouterId> = topology.routers.ids().collect();
            let mut first = true;
            while !changed.is_empty() {
                let news = std::mem::take(&mut changed);
                for router in topology.routers.ids() {
                    let (mut due, mut other) = (false, first);
                    for (_, end) in self.live(router) {
                        if news.contains(&self.ground.facts.session_router(end.far())) {
                            let cell = self.cell(end, &|at| &*stands[at], knowledge);
                            other |= cell != cells[end];
                            cells[end] = cell;
                            trace(Step::Heard(end, &cells[end]));
                            due = true;
                        }
                    }
                    if due || first {
                        steps += 1;
                        let heard = || self.live(router).map(|(_, end)| Arc::clone(&cells[end]));
                        let stand = other.then(|| self.stand(router, heard(), knowledge));
                        let stand = stand.filter(|stand| *stands[router] != *stand);
                        let news = stand.is_some();
                        if let Some(stand) = stand {
                            stands[router] = Arc::new(stand);
                            changed.insert(router);
                        }
                        trace(Step::Gathered(router, &stands[router], news));
                    }
                }
                first = false;
                let offers: usize = stands.iter().map(|stand| stand.pool.len()).sum();
                trace(Step::Over(offers));
                if are_too_many(offers, steps) {
                    return None;
                }
            }
            trace(Step::Passed);
        }
        Some((stands.iter().map(|stand| stand.pool.to_vec()).collect(), steps))
    }

    /// What follows from the pools for what routers may hear, if these are their choices.
    pub(super) fn step(self, pools: &Pools, supposed: &Supposed) -> Pools {
        let topology = self.ground.facts.topology;
        let knowledge = Knowledge::Supposed(supposed);
        let stand =
            |pool: &Vec<Offer>| Stand { pool: pool[..].into(), contest: Contest::default() };
        let stands: IdVec<RouterId, Stand> = pools.iter().map(stand).collect();
        let mut cells: IdVec<End<SessionId>, Cell> =
            (0..topology.sessions.len() * 2).map(|_| Cell::default()).collect();
        for (_, end) in topology.routers.ids().flat_map(|router| self.live(router)) {
            cells[end] = self.cell(end, &|at| &stands[at], knowledge);
        }
        let heard = |router| self.live(router).map(|(_, end)| Arc::clone(&cells[end]));
        topology.routers.ids().map(|router| self.pool(router, heard(router))).collect()
    }

    /// What an end of a session may hear from the other.
    pub(super) fn cell(
        self,
        end: End<SessionId>,
        stands: StandOf<'_>,
        knowledge: Knowledge<'_>,
    ) -> Cell {
        let router = self.ground.facts.session_router(end);
        let via = Via::Session(self.ground.facts.slots[end]);
        let mut offers: Vec<Offer> = Vec::new();
        for (path, taken, sure) in self.told(end.far(), stands, knowledge) {
            let Some(route) = taken else { continue };
            if self.ground.metric(router, route.next_hop).is_none() {
                continue;
            }
            let offer = Offer { via, path, route, sure };
            match offers.iter_mut().find(|known| known.is(&offer)) {
                Some(known) => known.sure |= sure,
                None => offers.push(offer),
            }
        }
        offers.sort_by_key(|offer| offer.path);
        offers.into()
    }

    /// A router's pool of what it may hear: its own route, and what its sessions bring.
    fn pool(self, router: RouterId, cells: impl Iterator<Item = Cell>) -> Vec<Offer> {
        if !self.ground.is_running(router) {
            return Vec::new();
        }
        let path = PathId::default();
        let own = self.own(router).map(|route| Offer { via: Via::Local, path, route, sure: true });
        let mut pool: Vec<Offer> = own.into_iter().collect();
        cells.for_each(|cell| pool.extend(cell.iter().cloned()));
        pool
    }

    /// A router's pool, and who may win there.
    pub(super) fn stand(
        self,
        router: RouterId,
        cells: impl Iterator<Item = Cell>,
        knowledge: Knowledge<'_>,
    ) -> Stand {
        let pool = self.pool(router, cells);
        let contest = self.contest(router, &pool, knowledge);
        Stand { pool: pool.into(), contest }
    }

    /// What the router at `end` may tell the other, as that takes it in, and whether it is sure to.
    fn told(
        self,
        end: End<SessionId>,
        stands: StandOf<'_>,
        knowledge: Knowledge<'_>,
    ) -> Vec<(PathId, Option<Route>, bool)> {
        let topology = self.ground.facts.topology;
        let router = self.ground.facts.session_router(end);
        let ibgp = topology.networks[topology.routers[router].network].ibgp;
        let inside = topology.sessions[end.of].kind == SessionKind::Internal;
        let Stand { pool, contest } = stands(router);
        let export = |offer: &Offer| self.passed(end, (offer.via, &offer.route));
        let one = |taken: Option<Route>, sure: bool| (PathId::default(), taken, sure);
        if inside && ibgp.add_path {
            let id = |o: &Offer| self.ground.facts.ribs[router].path_to_tell(o.via, o.path);
            return pool.iter().filter_map(|o| Some((id(o), export(o)?, o.sure))).collect();
        }
        if self.is_server(router) {
            let may: Vec<&Offer> = pool.iter().filter(|o| export(o).is_some()).collect();
            let Contest { possible, decided } = self.contest(router, &may, knowledge);
            return possible
                .into_iter()
                .filter_map(|i| Some(one(export(may[i])?, decided)))
                .collect();
        }
        if let Knowledge::Supposed(best) = knowledge
            && let Some(route) = best[router].as_ref().and_then(export)
        {
            return vec![one(route, true)];
        }
        let supposed = Contest { possible: Vec::new(), decided: true };
        let Contest { possible, decided } = match knowledge {
            Knowledge::Supposed(_) => &supposed,
            Knowledge::None | Knowledge::Pools => contest,
        };
        let told = possible.iter().map(|i| export(&pool[*i]));
        let silent = possible.is_empty() || told.clone().any(|route| route.is_none());
        let mut told: Vec<_> = told.flatten().map(|route| one(route, *decided)).collect();
        if inside && ibgp.best_external && silent {
            let outside: Vec<&Offer> =
                pool.iter().filter(|o| self.is_external(router, o)).collect();
            let instead = self.contest(router, &outside, knowledge);
            let sure = *decided && instead.decided;
            let routes = instead.possible.into_iter().filter_map(|i| export(outside[i]));
            told.extend(routes.map(|route| one(route, sure)));
        }
        told
    }

    fn is_external(self, router: RouterId, offer: &Offer) -> bool {
        let facts = self.ground.facts;
        match offer.via {
            Via::Local => true,
            Via::Session(slot) => {
                let end = facts.session_end(router, slot);
                facts.topology.sessions[end.of].kind != SessionKind::Internal
            }
        }
    }

    /// Which of some offers may be the best at a router.
    pub(super) fn contest(
        self,
        router: RouterId,
        offers: &[impl Borrow<Offer>],
        knowledge: Knowledge<'_>,
    ) -> Contest {
        if let Knowledge::None = knowledge {
            return Contest { possible: (0..offers.len()).collect(), decided: false };
        }
        let rib = &self.ground.facts.ribs[router];
        let mut metric = |_: Slot, route: &Route| self.ground.metric(router, route.next_hop);
        let mut candidates: Vec<Candidate<'_>> = Vec::with_capacity(offers.len());
        for (tie, offer) in (0..).zip(offers) {
            let offer: &Offer = offer.borrow();
            let candidate = rib.candidate(offer.via, &offer.route, &mut metric);
            candidates.push(Candidate { tie, ..candidate });
        }
        let ages = self.ages(router);
        let is_sure = |offer: &Offer| offer.sure;
        let exact = offers.iter().all(|offer| is_sure(offer.borrow())) && !ages;
        let exact = exact || matches!(knowledge, Knowledge::Supposed(_));
        if exact {
            let best = decide(&candidates, ONE).map(|choice| choice.best);
            return Contest { possible: best.into_iter().collect(), decided: true };
        }
        let sure: Vec<Candidate<'_>> = candidates
            .iter()
            .zip(offers)
            .filter(|(_, o)| is_sure((*o).borrow()))
            .map(|(c, _)| *c)
            .collect();
        // Without MEDs and ages the steps are one order of all offers: the best of the sure ones beats
        // all that any of them beats.
        let simple = !ages && !meds_differ(&candidates);
        let best = decide(&sure, ONE).filter(|_| simple).map(|choice| sure[choice.best]);
        let rivals = best.as_ref().map_or(&sure[..], std::slice::from_ref);
        let loses = |c: &Candidate<'_>| {
            rivals.iter().any(|d| d.tie != c.tie && beats(d, c, &candidates, ages))
        };
        let possible: Vec<usize> =
            (0..offers.len()).filter(|place| !loses(&candidates[*place])).collect();
        let decided = match &possible[..] {
            [] => true,
            [only] => is_sure(offers[*only].borrow()),
            _ => false,
        };
        Contest { possible, decided }
    }

    /// Whether the age of external routes decides at a router (RFC 5004).
    pub(super) fn ages(self, router: RouterId) -> bool {
        let topology = self.ground.facts.topology;
        topology.networks[topology.routers[router].network].prefer_oldest
    }

    /// The best route of each router, as far as the pools tell; the second value has the offers that
    /// may be best where they do not.
    pub(super) fn choices(self, pools: &Pools) -> (Supposed, Vec<(RouterId, Vec<Offer>)>) {
        let mut open = Vec::new();
        let best = pools.iter_ids().map(|(router, pool)| {
            let Contest { possible, decided } = self.final_contest(router, pool);
            if !decided {
                open.push((router, possible.iter().map(|place| pool[*place].clone()).collect()));
            }
            possible.first().map(|place| pool[*place].clone()).filter(|_| decided)
        });
        (best.collect(), open)
    }

    /// Which route of a pool may be the best in the end.
    pub(super) fn final_contest(self, router: RouterId, pool: &[Offer]) -> Contest {
        self.contest(router, pool, Knowledge::Pools)
    }

    /// RIBs with all that is in the pools, in which no path id of a session has two routes.
    pub(super) fn filled(self, pools: &Pools) -> IdVec<RouterId, Rib> {
        pools.iter_ids().map(|(router, pool)| self.filled_one(router, pool)).collect()
    }

    /// The RIB of one router with all that is in its pool.
    pub(super) fn filled_one(self, router: RouterId, pool: &[Offer]) -> Rib {
        let mut rib = self.ground.facts.ribs[router].clone();
        for Offer { via, path, route, .. } in pool {
            match via {
                Via::Local => rib.originate(only(), Some(route.clone())),
                Via::Session(slot) => {
                    rib.learn(only(), *slot, *path, Some(Arc::new(route.clone())))
                }
            };
        }
        self.choose(router, &mut rib);
        rib
    }
}

/// What happens as pools are worked out.
#[derive(Clone, Copy)]
pub(super) enum Step<'a> {
    /// An end of a session may hear this now.
    Heard(End<SessionId>, &'a Cell),
    /// A router has put together where it stands, and whether that is new.
    Gathered(RouterId, &'a Arc<Stand>, bool),
    /// All routers have had their turn; so many routes are in all pools.
    Over(usize),
    /// Nothing follows any more.
    Passed,
}

/// Whether there are more routes, or steps, than are worth it.
pub(super) const fn are_too_many(offers: usize, steps: u32) -> bool {
    offers > MOST_OFFERS || steps > MOST_STEPS
}

/// The best route is the same whatever is used beside it.
const ONE: Multipath = Multipath { ebgp: 1, ibgp: 1, relax: false };

/// Whether MEDs may decide between some of these.
fn meds_differ(all: &[Candidate<'_>]) -> bool {
    let mut meds: Vec<(u32, u32)> =
        all.iter().map(|c| (c.neighbor_as, c.attributes.med.unwrap_or(0))).collect();
    meds.sort_unstable();
    meds.dedup();
    meds.windows(2).any(|pair| pair[0].0 == pair[1].0)
}

/// Whether one has a lower MED of the same neighbour AS than the other.
fn has_less_med(one: &Candidate<'_>, other: &Candidate<'_>) -> bool {
    let med = |c: &Candidate<'_>| c.attributes.med.unwrap_or(0);
    one.neighbor_as == other.neighbor_as && med(one) < med(other)
}

/// Whether `worse` cannot be the best where `better` is offered, whatever else of `all` is.
///
/// Up to the MED all steps compare with the best of all that are left, so one that loses there to
/// another loses to all that beat that one. Behind the MED the same holds as long as `better` is not
/// taken out by a lower MED of its neighbour AS; so what might do that must beat `worse` too. Where
/// external routes age, one does not lose behind the interior distance: it may be the oldest.
fn beats(better: &Candidate<'_>, worse: &Candidate<'_>, all: &[Candidate<'_>], ages: bool) -> bool {
    let duel = |one: &Candidate<'_>, other: &Candidate<'_>| {
        let choice = decide(&[*one, *other], ONE).filter(|choice| choice.best == 0)?;
        let may_be_older = ages && other.source == Source::External;
        (choice.reason <= Reason::IgpMetric || !may_be_older).then_some(choice.reason)
    };
    match duel(better, worse) {
        None => false,
        Some(reason) if reason <= Reason::Med => true,
        Some(_) => all.iter().filter(|third| has_less_med(third, better)).all(|third| {
            let takes_out = third.tie != worse.tie && duel(third, better) == Some(Reason::Med);
            !takes_out || duel(third, worse).is_some()
        }),
    }
}
