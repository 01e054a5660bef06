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

/// What routers may hear, and who may win then.
struct Heard {
    /// What each end of a session may hear, by path id.
    cells: IdVec<End<SessionId>, Vec<Offer>>,
    pools: Pools,
    contests: IdVec<RouterId, Contest>,
}

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
    /// are too large. The second value counts how often a router's was worked out.
    pub(super) fn pools(self) -> Option<(Pools, u32)> {
        let facts = self.ground.facts;
        let mut all = self.nothing();
        let mut steps = 0;
        for knowledge in [Knowledge::None, Knowledge::Pools] {
            let mut changed: BTreeSet<RouterId> = facts.topology.routers.ids().collect();
            let mut first = true;
            while !changed.is_empty() {
                let news = std::mem::take(&mut changed);
                for router in facts.topology.routers.ids() {
                    let mut due = false;
                    for (_, end) in self.live(router) {
                        if news.contains(&facts.session_router(end.far())) {
                            all.cells[end] = self.cell(end, &all, knowledge);
                            due = true;
                        }
                    }
                    if due || first {
                        steps += 1;
                        changed.extend(self.gather(router, &mut all, knowledge).then_some(router));
                    }
                }
                first = false;
                let offers: usize = all.pools.iter().map(Vec::len).sum();
                if offers > MOST_OFFERS || steps > MOST_STEPS {
                    return None;
                }
            }
        }
        Some((all.pools, steps))
    }

    fn nothing(self) -> Heard {
        let topology = self.ground.facts.topology;
        Heard {
            cells: (0..topology.sessions.len() * 2).map(|_| Vec::new()).collect(),
            pools: topology.routers.iter().map(|_| Vec::new()).collect(),
            contests: topology.routers.iter().map(|_| Contest::default()).collect(),
        }
    }

    /// What follows from the pools for what routers may hear, if these are their choices.
    pub(super) fn step(self, pools: &Pools, supposed: &Supposed) -> Pools {
        let mut all = Heard { pools: pools.clone(), ..self.nothing() };
        let routers = &self.ground.facts.topology.routers;
        for (_, end) in routers.ids().flat_map(|router| self.live(router)) {
            all.cells[end] = self.cell(end, &all, Knowledge::Supposed(supposed));
        }
        routers.ids().map(|router| self.pool(router, &all)).collect()
    }

    /// What an end of a session may hear from the other.
    fn cell(self, end: End<SessionId>, all: &Heard, knowledge: Knowledge<'_>) -> Vec<Offer> {
        let router = self.ground.facts.session_router(end);
        let via = Via::Session(self.ground.facts.slots[end]);
        let mut offers: Vec<Offer> = Vec::new();
        for (path, told, sure) in self.told(end.far(), all, knowledge) {
            let Some(route) = self.import(end, &told) else { continue };
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
        offers
    }

    /// A router's pool of what it may hear.
    fn pool(self, router: RouterId, all: &Heard) -> Vec<Offer> {
        if !self.ground.is_running(router) {
            return Vec::new();
        }
        let path = PathId::default();
        let own = self.own(router).map(|route| Offer { via: Via::Local, path, route, sure: true });
        let heard = self.live(router).flat_map(|(_, end)| all.cells[end].iter().cloned());
        own.into_iter().chain(heard).collect()
    }

    /// Works out a router's pool and contest; whether either is another.
    fn gather(self, router: RouterId, all: &mut Heard, knowledge: Knowledge<'_>) -> bool {
        let pool = self.pool(router, all);
        let contest = self.contest(router, &pool.iter().collect::<Vec<_>>(), knowledge);
        let same = pool == all.pools[router] && contest == all.contests[router];
        all.pools[router] = pool;
        all.contests[router] = contest;
        !same
    }

    /// What the router at `end` may tell the other, and whether it is sure to.
    fn told(
        self,
        end: End<SessionId>,
        all: &Heard,
        knowledge: Knowledge<'_>,
    ) -> Vec<(PathId, Route, bool)> {
        let topology = self.ground.facts.topology;
        let router = self.ground.facts.session_router(end);
        let ibgp = topology.networks[topology.routers[router].network].ibgp;
        let inside = topology.sessions[end.of].kind == SessionKind::Internal;
        let pool = &all.pools[router];
        let export = |offer: &Offer| self.export(end, (offer.via, &offer.route));
        let one = |route: Route, sure: bool| (PathId::default(), route, sure);
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
            Knowledge::None | Knowledge::Pools => &all.contests[router],
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
        offers: &[&Offer],
        knowledge: Knowledge<'_>,
    ) -> Contest {
        if let Knowledge::None = knowledge {
            return Contest { possible: (0..offers.len()).collect(), decided: false };
        }
        let rib = &self.ground.facts.ribs[router];
        let mut metric = |_: Slot, route: &Route| self.ground.metric(router, route.next_hop);
        let mut candidates: Vec<Candidate<'_>> = Vec::with_capacity(offers.len());
        for (tie, offer) in (0..).zip(offers) {
            let candidate = rib.candidate(offer.via, &offer.route, &mut metric);
            candidates.push(Candidate { tie, ..candidate });
        }
        let ages = self.ages(router);
        let exact = offers.iter().all(|offer| offer.sure) && !ages;
        let exact = exact || matches!(knowledge, Knowledge::Supposed(_));
        if exact {
            let best = decide(&candidates, ONE).map(|choice| choice.best);
            return Contest { possible: best.into_iter().collect(), decided: true };
        }
        let sure: Vec<Candidate<'_>> =
            candidates.iter().zip(offers).filter(|(_, o)| o.sure).map(|(c, _)| *c).collect();
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
            [only] => offers[*only].sure,
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
            let all: Vec<&Offer> = pool.iter().collect();
            let Contest { possible, decided } = self.contest(router, &all, Knowledge::Pools);
            if !decided {
                open.push((router, possible.iter().map(|place| pool[*place].clone()).collect()));
            }
            possible.first().map(|place| pool[*place].clone()).filter(|_| decided)
        });
        (best.collect(), open)
    }

    /// RIBs with all that is in the pools, in which no path id of a session has two routes.
    pub(super) fn filled(self, pools: &Pools) -> IdVec<RouterId, Rib> {
        let mut ribs = self.ground.facts.ribs.clone();
        for (router, pool) in pools.iter_ids() {
            let rib = &mut ribs[router];
            for Offer { via, path, route, .. } in pool {
                match via {
                    Via::Local => rib.originate(only(), Some(route.clone())),
                    Via::Session(slot) => {
                        rib.learn(only(), *slot, *path, Some(Arc::new(route.clone())))
                    }
                };
            }
            rib.decide(only(), |_, route| self.ground.metric(router, route.next_hop));
        }
        ribs
    }
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
