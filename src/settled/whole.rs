//! A network in which something has failed, from the whole one: what failures leave alone is kept.
//!
//! Each layer asks what it stands on whether that is another, and works out only what may be: LAGs
//! with a member or a router that failed, sessions over them or through their network, routers whose
//! distances or sessions are others (see `interior` and `replay`), demands that meet any of that on
//! their way. [`super::Evaluator::evaluate_afresh`] works everything out, and tests hold both to the
//! same outcome.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::change::Change;
use super::facts::Facts;
use super::faults::{Fault, Physical};
use super::flows::{self, Flows};
use super::ground::{Ground, Scratch, WholeGround};
use super::hops::only;
use super::interior::Trees;
use super::memo::Memo;
use super::outcome::{Certificate, GroupOutcome, Latent, Outcome, Verdict};
use super::replay::{Altered, Replayed, Trace};
use super::sessions::Fate;
use super::speech::Speech;
use super::{Before, Evaluator, is_up, verdict};
use crate::dataplane::standing::{Demands, Figures, Known, Standing};
use crate::dataplane::tables::Tables;
use crate::ids::{GroupId, IdVec, LagId, NetworkId, RouterId, SessionId, Side};
use crate::model::topology::{LagKind, Role};

/// A network in which nothing has failed, where it ends up in one way.
#[derive(Debug)]
pub(super) struct Whole {
    /// With routes.
    pub(super) tables: Tables,
    trees: Trees,
    is_clean: bool,
    /// By [`Before::Whole`] and [`Before::Anything`].
    fates: [IdVec<SessionId, Fate>; 2],
    up: IdVec<SessionId, bool>,
    groups: IdVec<GroupId, Arc<GroupOutcome>>,
    traces: IdVec<GroupId, Option<Trace>>,
    /// Whether something that sends swallows what it sends.
    latent: bool,
    pub(super) demands: Demands,
    pub(super) standing: Standing,
    pub(super) figures: Figures,
    pub(super) flows: Flows,
    /// What becomes of its routes.
    memo: Mutex<Memo>,
    /// What is not in use, one for each thread at most.
    spare: Mutex<Vec<Scratch>>,
    /// Where routing ends up on ground that was met before.
    known: Mutex<BTreeMap<Basis, IdVec<GroupId, Arc<GroupOutcome>>>>,
}

/// Differences to the whole network that routing depends on.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Basis {
    stopped: Vec<RouterId>,
    /// Whether each end is up, and whether there is an adjacency.
    lags: Vec<(LagId, [bool; 2], bool)>,
    sessions: Vec<SessionId>,
}

/// So many outcomes are kept, of a group at a router each: the first to come, failures of single
/// elements mostly, on which many sets of several come down.
const KEPT: usize = 250_000;

impl Whole {
    /// The network of an evaluator that knows of none yet; `None`: it does not end up in one way.
    pub(super) fn of(evaluator: &Evaluator<'_>) -> Option<Self> {
        let facts = &evaluator.facts;
        let mut ground = Ground::new(facts, Physical::of(facts.topology, &[]), false);
        ground.memo = Memo::new(facts.groups.len(), facts.topology.sessions.len());
        let all = || facts.topology.sessions.ids();
        let fates = [true, false].map(|whole| all().map(|id| ground.fate(id, whole)).collect());
        let up = is_up(&fates[0]);
        let group = |group| Arc::new(evaluator.group(&ground, &up, group));
        let groups: IdVec<GroupId, Arc<GroupOutcome>> = facts.groups.ids().map(group).collect();
        let doubts = evaluator.history(&fates[0], Before::Whole);
        let Verdict::Unique(_) = verdict(&groups, &doubts) else { return None };
        let trace = |group| {
            let speech = Speech { ground: &ground, up: &up, group, taken_over: false };
            let plain = facts.topology.routers.ids().all(|r| !facts.stands_by(group, r));
            (plain && !facts.weighs).then(|| Trace::of(speech)).flatten()
        };
        let traces = facts.groups.ids().map(trace).collect();
        let mut tables = ground.tables.clone();
        for (id, group) in groups.iter_ids() {
            write(facts, &mut tables, (id, group), None);
        }
        let demands = Demands::new(facts.specs.clone(), &tables);
        let standing = Standing::new(&demands, &tables, None, None);
        let figures = standing.figures(&demands, &tables);
        let flows = facts.told(&figures, &tables, None);
        Some(Self {
            trees: ground.trees(),
            is_clean: ground.is_clean,
            fates,
            up,
            groups,
            traces,
            latent: !flows::latent(&tables).is_empty(),
            demands,
            standing,
            figures,
            flows,
            spare: Mutex::default(),
            known: Mutex::default(),
            memo: Mutex::new(ground.memo),
            tables,
        })
    }

    /// How these faults change it.
    pub(super) fn change(&self, facts: &Facts<'_>, faults: &[Fault]) -> (Physical, Change) {
        let physical = Physical::of(facts.topology, faults);
        let change = Change::of(facts.topology, &physical, &self.tables);
        (physical, change)
    }

    /// Where it ends up with these faults in it.
    pub(super) fn evaluate(
        &self,
        evaluator: &Evaluator<'_>,
        faults: &[Fault],
        before: Before,
    ) -> Outcome {
        self.evaluate_and(evaluator, faults, before, |_, _| ()).0
    }

    /// The same, and what something tells of the ground and the outcome.
    pub(super) fn evaluate_and<'e, 't, T>(
        &self,
        evaluator: &'e Evaluator<'t>,
        faults: &[Fault],
        before: Before,
        also: impl FnOnce(&Ground<'_, 't>, &Outcome) -> T,
    ) -> (Outcome, T) {
        let facts = &evaluator.facts;
        let (physical, change) = self.change(facts, faults);
        let spare = self.spare().pop();
        let spare = spare
            .unwrap_or_else(|| Scratch { tables: self.tables.fork(), memo: self.memo().clone() });
        let whole = WholeGround { trees: &self.trees, is_clean: self.is_clean };
        let ground = Ground::changed(facts, (physical, &change), whole, spare);
        let fates = self.fates(&ground, &change, before);
        let up = is_up(&fates);
        let groups = self.groups(evaluator, &ground, &change, &up);
        let mut touched = touched(&ground, &change);
        let mut ground = ground;
        for (id, group) in groups.iter_ids() {
            if !Arc::ptr_eq(group, &self.groups[id]) {
                let written = write(facts, &mut ground.tables, (id, group), Some(&self.groups[id]));
                touched.extend(written);
            }
        }
        let doubts = evaluator.history(&fates, before);
        let mut outcome = Outcome {
            verdict: verdict(&groups, &doubts),
            latent: self.latent(&ground),
            demands: None,
            loads: None,
            running: ground.physical.running.clone(),
            sessions: up,
            groups,
        };
        if let Verdict::Unique(_) = outcome.verdict {
            let flows = self.flows(facts, &ground.tables, (&touched, &ground.changed), before);
            outcome.demands = Some(flows.demands);
            outcome.loads = Some(flows.loads);
            if !flows.doubts.is_empty() {
                outcome.verdict = Verdict::Unknown(flows.doubts);
            }
        }
        let more = also(&ground, &outcome);
        let (mut tables, memo) = (ground.tables, ground.memo);
        tables.roll_back(&self.tables);
        self.spare().push(Scratch { tables, memo });
        (outcome, more)
    }

    fn memo(&self) -> MutexGuard<'_, Memo> {
        self.memo.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spare(&self) -> MutexGuard<'_, Vec<Scratch>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where routing of all groups ends up: as before, if it has been worked out on such ground.
    fn groups(
        &self,
        evaluator: &Evaluator<'_>,
        ground: &Ground<'_, '_>,
        change: &Change,
        up: &IdVec<SessionId, bool>,
    ) -> IdVec<GroupId, Arc<GroupOutcome>> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let basis = self.basis(ground, change, up);
        if let Some(found) = basis.as_ref().and_then(|basis| known().get(basis).cloned()) {
            return found;
        }
        let altered = self.altered(ground, change, up);
        let all = ground.facts.groups.ids();
        let groups: IdVec<GroupId, Arc<GroupOutcome>> =
            all.map(|group| self.group(evaluator, (ground, up), altered.as_ref(), group)).collect();
        let size = groups.len() * ground.facts.topology.routers.len();
        let mut known = known();
        if let Some(basis) = basis.filter(|_| known.len() * size < KEPT) {
            known.insert(basis, groups.clone());
        }
        groups
    }

    /// All of the ground that routing depends on, as differences to the whole network: equal ones lead
    /// to equal routes. `None`: it depends on more.
    fn basis(
        &self,
        ground: &Ground<'_, '_>,
        change: &Change,
        up: &IdVec<SessionId, bool>,
    ) -> Option<Basis> {
        let of_lag = |lag: &LagId| {
            let now = ground.tables.lags[*lag].each_ref().map(|end| end.up);
            let then = self.tables.lags[*lag].each_ref().map(|end| end.up);
            let adjacent = [ground.adjacent[*lag], self.trees.adjacent[*lag]];
            ((now, adjacent[0]) != (then, adjacent[1])).then_some((*lag, now, adjacent[0]))
        };
        let stopped = change.routers.iter().filter(|router| !ground.is_running(**router));
        let sessions = up.iter_ids().filter(|(id, up)| self.up[*id] != **up);
        let basis = Basis {
            stopped: stopped.copied().collect(),
            lags: ground.changed.iter().filter_map(of_lag).collect(),
            sessions: sessions.map(|(id, _)| id).collect(),
        };
        (!ground.facts.weighs).then_some(basis)
    }

    /// What becomes of the sessions.
    fn fates(
        &self,
        ground: &Ground<'_, '_>,
        change: &Change,
        before: Before,
    ) -> IdVec<SessionId, Fate> {
        let facts = ground.facts;
        let topology = facts.topology;
        let mut again: BTreeSet<SessionId> = change.shut.iter().map(|end| end.of).collect();
        for lag in &ground.changed {
            again.extend(&topology.lags[*lag].sessions);
        }
        for router in &change.routers {
            again.extend(facts.sessions_at[*router].iter().map(|end| end.of));
            for exchange in topology.exchanges.iter().filter(|ix| ix.fabric == *router) {
                let above = exchange.ports.iter().flat_map(|port| &topology.lags[*port].sessions);
                again.extend(above);
            }
        }
        let same_parts = ground.has_parts_of(&self.trees);
        for network in self.networks(ground, change) {
            // Where all gets across, a session inside needs a way and two routers that run.
            let plain = ground.is_clean && self.is_clean && same_parts;
            let internal = facts.internal[network].iter();
            again.extend(internal.filter(|id| {
                let session = &topology.sessions[**id];
                let router = session.ends[0].router;
                !plain || ground.is_static(router) || session.ends.iter().any(|e| e.bfd_strict)
            }));
        }
        let whole = before == Before::Whole;
        let mut fates = self.fates[usize::from(!whole)].clone();
        for id in again {
            fates[id] = ground.fate(id, whole);
        }
        fates
    }

    /// Networks in which something is another.
    fn networks(&self, ground: &Ground<'_, '_>, change: &Change) -> BTreeSet<NetworkId> {
        let topology = ground.facts.topology;
        if ground.is_clean != self.is_clean {
            return topology.networks.ids().collect();
        }
        let links = ground.changed.iter().filter(|lag| topology.lags[**lag].kind == LagKind::Link);
        let of_links = links.map(|lag| ground.network_of(*lag));
        let of_routers = change.routers.iter().map(|router| topology.routers[*router].network);
        of_links.chain(of_routers).collect()
    }

    /// Routers that look at something else as they choose routes; `None`: everything may be another.
    fn altered(
        &self,
        ground: &Ground<'_, '_>,
        change: &Change,
        up: &IdVec<SessionId, bool>,
    ) -> Option<BTreeMap<RouterId, Altered>> {
        let facts = ground.facts;
        let topology = facts.topology;
        if facts.weighs && !(change.routers.is_empty() && ground.changed.is_empty()) {
            return None;
        }
        let mut all: BTreeMap<RouterId, Altered> = BTreeMap::new();
        let mut alter = |router: RouterId, how: Altered| {
            let known = all.entry(router).or_insert(how);
            *known = how.max(*known);
        };
        let reach =
            if ground.has_parts_of(&self.trees) { Altered::Distances } else { Altered::Anything };
        ground.moved(&self.trees).into_iter().for_each(|router| alter(router, reach));
        for (id, is_up) in up.iter_ids().filter(|(id, is_up)| self.up[*id] != **is_up) {
            let how = if *is_up { Altered::Anything } else { Altered::Sessions };
            topology.sessions[id].ends.iter().for_each(|end| alter(end.router, how));
        }
        change.routers.iter().for_each(|router| alter(*router, Altered::Anything));
        for router in self.surroundings(ground) {
            alter(router, Altered::Anything);
        }
        // What these tell follows from distances too, not from their choice alone.
        let tells_more = |router: &&RouterId| {
            let at = &topology.routers[**router];
            at.role == Role::RouteServer || topology.networks[at.network].ibgp.best_external
        };
        let sessions = all.keys().filter(tells_more).flat_map(|at| &facts.sessions_at[*at]);
        let told: Vec<RouterId> = sessions.map(|end| facts.session_router(end.far())).collect();
        all.extend(told.into_iter().map(|router| (router, Altered::Anything)));
        Some(all)
    }

    /// Routers at or behind LAGs that are up no longer, or were not before.
    fn surroundings(&self, ground: &Ground<'_, '_>) -> BTreeSet<RouterId> {
        let facts = ground.facts;
        let topology = facts.topology;
        let mut all = BTreeSet::new();
        for lag in &ground.changed {
            let ends = &topology.lags[*lag].ends;
            let is_up = |tables: &Tables| tables.lags[*lag].each_ref().map(|end| end.up);
            let other = is_up(&ground.tables) != is_up(&self.tables);
            let is_link = topology.lags[*lag].kind == LagKind::Link;
            if other && !is_link {
                all.extend(ends.iter().map(|end| end.router));
            }
            for end in ends {
                let network = topology.routers[end.router].network;
                let of = &topology.networks[network];
                // Who is told of outside next hops as they are looks whether their LAG is up.
                let told = !is_link && other && !of.next_hop_self;
                let moved = is_link && ground.adjacent[*lag] != self.trees.adjacent[*lag];
                let own_trees = facts.rooted[network] || of.igp.frr.is_some();
                if told || (moved || other) && own_trees {
                    all.extend(&facts.routers_of[network]);
                }
            }
        }
        all
    }

    /// Where routing of a group ends up.
    fn group(
        &self,
        evaluator: &Evaluator<'_>,
        (ground, up): (&Ground<'_, '_>, &IdVec<SessionId, bool>),
        altered: Option<&BTreeMap<RouterId, Altered>>,
        group: GroupId,
    ) -> Arc<GroupOutcome> {
        let whole = &self.groups[group];
        if altered.is_some_and(BTreeMap::is_empty) {
            return Arc::clone(whole);
        }
        let speech = Speech { ground, up, group, taken_over: false };
        let trace = self.traces[group].as_ref().zip(altered);
        let replayed = trace.and_then(|(trace, altered)| speech.replay(trace, altered));
        let Some(Replayed { steps, ribs }) = replayed else {
            return Arc::new(evaluator.group(ground, up, group));
        };
        let mut outcome = GroupOutcome::clone(whole);
        outcome.verdict = Verdict::Unique(Certificate::Constructed { steps });
        for (router, rib) in ribs {
            let best = rib.best(only());
            let hops = ground.next_hops(router, best);
            outcome.hops[router] = hops;
            outcome.routes[router] = best.cloned();
        }
        Arc::new(outcome)
    }

    fn latent(&self, ground: &Ground<'_, '_>) -> Vec<Latent> {
        let side_by_side = |lag: &LagId| {
            let mut sides = Side::BOTH.into_iter();
            sides.any(|side| !ground.all_cross(*lag, side) && ground.tables.lags[*lag][side].up)
        };
        let hung = ground.physical.hung.iter().any(|hung| *hung);
        if self.latent || hung || ground.changed.iter().any(side_by_side) {
            return flows::latent(&ground.tables);
        }
        Vec::new()
    }

    /// Traffic, where these routers have other tables, and these LAGs are others.
    fn flows(
        &self,
        facts: &Facts<'_>,
        tables: &Tables,
        (touched, lags): (&BTreeSet<RouterId>, &[LagId]),
        before: Before,
    ) -> Flows {
        let changed = |router: RouterId| touched.contains(&router);
        let known = Known { standing: &self.standing, changed: &changed };
        let past = Some(&self.standing);
        let standing = Standing::new(&self.demands, tables, Some(known), past);
        let mut flows = if standing.is_shared_with(&self.standing) {
            facts.told(&self.figures, tables, Some((&self.flows, lags)))
        } else {
            let figures = standing.figures(&self.demands, tables);
            facts.told(&figures, tables, Some((&self.flows, lags)))
        };
        flows.doubts = facts.doubts(&standing, &self.standing, before);
        flows
    }
}

/// Routers that may find another table, or another LAG at them.
fn touched(ground: &Ground<'_, '_>, change: &Change) -> BTreeSet<RouterId> {
    let topology = ground.facts.topology;
    let mut touched: BTreeSet<RouterId> = change.routers.iter().copied().collect();
    touched.extend(ground.changed.iter().flat_map(|lag| ground.tables.ends[*lag]));
    // Who sends into an exchange looks at its fabric, and at the port beyond.
    for exchange in &topology.exchanges {
        let ports = exchange.ports.iter().map(|port| ground.tables.ends[*port]);
        if touched.contains(&exchange.fabric) {
            touched.extend(ports.flatten());
        }
    }
    touched
}

/// Writes where a group is forwarded; the routers whose tables are others than those of the `whole`
/// network say, which they hold before.
fn write(
    facts: &Facts<'_>,
    tables: &mut Tables,
    (id, group): (GroupId, &GroupOutcome),
    whole: Option<&GroupOutcome>,
) -> Vec<RouterId> {
    let mut written = Vec::new();
    for (router, hops) in group.hops.iter_ids() {
        let serves = facts.groups[id].served_by.contains(&router)
            || group.taken_over && facts.stands_by(id, router);
        let same = |whole: &GroupOutcome| {
            let was = &whole.hops[router];
            (Arc::ptr_eq(was, hops) || was == hops)
                && serves == tables.routers[router].fib.serves(id)
        };
        if !whole.is_some_and(same) {
            let fib = &mut tables.routers.edit(router).fib;
            fib.write(id, hops);
            fib.serve(id, serves);
            written.push(router);
        }
    }
    written
}
