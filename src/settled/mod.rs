//! Where routing and traffic end up once all timers have run, worked out without events.
//!
//! [`Evaluator::evaluate`] builds up from the physical world, layer by layer: what light and frames do
//! and what LAGs make of it, adjacencies and interior routes, which sessions are up, what BGP settles
//! to for each group of prefixes, and what traffic does then. Nothing below BGP depends on BGP, and
//! groups do not depend on each other.
//!
//! A group's routes are [`Verdict::Unique`] with a certificate only: either the construction of Griffin,
//! Shepherd and Wilfong comes to its end (see `pools`), or all states were tried and one is stable.
//! It needs neither relations as Gao and Rexford ("Stable Internet Routing Without Global
//! Coordination", 2001) have them nor a full mesh inside: it looks at the routes that the policies in
//! force can bring about, and reflection by interior distance (Griffin and Wilfong, "On the Correctness
//! of IBGP Configuration", 2002; Vutukuru and others, "How to Construct a Correct and Scalable iBGP
//! Configuration", 2006) is just another place where it may get stuck.
//!
//! It shares the decision process, policies, SPF, and the split of traffic with the timed simulation,
//! and nothing else. What depends on history is [`Doubt`] by name.
//!
//! # Departures
//! * A session is taken to be up where some connection finds a way past silent members, however many
//!   attempts that takes.
//! * A run's loads may be some bits per second less: what is left over when parts of a demand are shared
//!   out stays where it was, and rates are rounded down.

mod change;
mod facts;
mod faults;
mod flows;
mod ground;
mod history;
mod hops;
mod interior;
mod links;
mod matter;
mod memo;
mod outcome;
mod pools;
mod replay;
mod search;
mod sessions;
mod speech;
mod whole;

use std::sync::Arc;

use facts::Facts;
use faults::Physical;
use ground::Ground;
use hops::only;
use sessions::Fate;
use speech::Speech;
use whole::Whole;

use crate::ids::{GroupId, IdVec, RouterId, SessionId};
use crate::model::topology::{SessionKind, Topology};
use crate::proto::bgp::advertise::NextHop;
use crate::proto::bgp::rib::{Rib, Slot};

pub use change::Effect;
pub use faults::{Element, Fault, How};
pub use matter::{Matter, Reach};
pub use outcome::{Certificate, Delivery, Doubt, GroupOutcome, Latent, Load, Outcome, Verdict};
pub use search::State;

/// What was before the faults came, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// The network was whole and had settled; all faults came at once.
    Whole,
    /// Other faults, which have gone, after it had been whole.
    Anything,
}

/// A design made ready to be evaluated again and again.
#[derive(Clone, Debug)]
pub struct Evaluator<'t> {
    facts: Facts<'t>,
    /// The network when all is well, if where it ends up is certain.
    whole: Option<Arc<Whole>>,
    /// Groups with a standby of which it is not certain that it does not serve them when all is well.
    odd: Vec<GroupId>,
}

impl<'t> Evaluator<'t> {
    /// Makes a design ready. Which member of a LAG a hello rides, and where flows go, is drawn from
    /// the seed, as in a run with it.
    #[must_use]
    pub fn new(topology: &'t Topology, seed: u64) -> Self {
        let facts = Facts::new(topology, seed);
        let mut evaluator = Self { facts, whole: None, odd: Vec::new() };
        let ground = Ground::new(&evaluator.facts, Physical::of(topology, &[]), false);
        let fates: IdVec<SessionId, Fate> =
            topology.sessions.ids().map(|id| ground.fate(id, true)).collect();
        let up = is_up(&fates);
        let groups = evaluator.facts.groups.ids();
        let usual = |group: &GroupId| {
            let stands_by = |router| evaluator.facts.stands_by(*group, router);
            if !topology.routers.ids().any(stands_by) {
                return true;
            }
            let group = evaluator.group(&ground, &up, *group);
            matches!(group.verdict, Verdict::Unique(_)) && !group.taken_over
        };
        evaluator.odd = groups.filter(|group| !usual(group)).collect();
        evaluator.whole = Whole::of(&evaluator).map(Arc::new);
        evaluator
    }

    /// Where the network ends up with these faults in it, for good.
    ///
    /// # Examples
    /// ```
    /// use std::path::Path;
    ///
    /// use pnilab::settled::{Before, Element, Evaluator, Fault, How, Verdict};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let file = pnilab::open(Path::new("topologies/two-pnis.yaml"))?;
    /// let (topology, _notes) = pnilab::load_topology(&file)?;
    /// let first = topology.lags.ids().next().expect("it has a PNI");
    /// let cut = Fault { element: Element::Lag(first), how: How::Fail };
    /// let outcome = Evaluator::new(&topology, 1).evaluate(&[cut], Before::Whole);
    /// assert!(matches!(outcome.verdict, Verdict::Unique(_)));
    /// let loads = outcome.loads.expect("the outcome is certain");
    /// assert_eq!(loads[first][0].capacity.as_bps(), 0);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn evaluate(&self, faults: &[Fault], before: Before) -> Outcome {
        match &self.whole {
            Some(whole) => whole.evaluate(self, faults, before),
            None => self.evaluate_afresh(faults, before),
        }
    }

    /// The same in a network that was whole, and what the outcome rests on; `None`: that cannot be told.
    #[must_use]
    pub fn evaluate_with_matter(&self, faults: &[Fault]) -> (Outcome, Option<Matter>) {
        match &self.whole {
            Some(whole) => whole.evaluate_and(self, faults, Before::Whole, |ground, outcome| {
                ground.matter(outcome)
            }),
            None => self.evaluate_afresh_and(faults, Before::Whole, |ground, outcome| {
                ground.matter(outcome)
            }),
        }
    }

    /// What these faults do to the physical world as far as routing and traffic see it, if outcomes
    /// follow from that alone; where effects are equal, outcomes are.
    #[must_use]
    pub fn effect(&self, faults: &[Fault]) -> Option<Effect> {
        let (physical, change) = self.whole.as_ref()?.change(&self.facts, faults);
        Some(change.effect(&physical))
    }

    /// What [`Self::evaluate`] tells, with everything worked out from nothing and traffic as runs
    /// let it flow: so that each can find the other wrong.
    #[must_use]
    pub fn evaluate_afresh(&self, faults: &[Fault], before: Before) -> Outcome {
        self.evaluate_afresh_and(faults, before, |_, _| ()).0
    }

    /// The same, and what something tells of the ground and the outcome.
    fn evaluate_afresh_and<T>(
        &self,
        faults: &[Fault],
        before: Before,
        also: impl FnOnce(&Ground<'_, 't>, &Outcome) -> T,
    ) -> (Outcome, T) {
        let physical = Physical::of(self.facts.topology, faults);
        let ground = Ground::new(&self.facts, physical, true);
        let fates = self.facts.topology.sessions.ids();
        let fates: IdVec<SessionId, Fate> =
            fates.map(|id| ground.fate(id, before == Before::Whole)).collect();
        let up = is_up(&fates);
        let groups = self.facts.groups.ids();
        let groups: IdVec<GroupId, Arc<GroupOutcome>> =
            groups.map(|group| Arc::new(self.group(&ground, &up, group))).collect();
        let mut tables = ground.tables.clone();
        for (id, group) in groups.iter_ids() {
            for (router, hops) in group.hops.iter_ids() {
                let fib = &mut tables.routers.edit(router).fib;
                fib.write(id, hops);
                if group.taken_over && self.facts.stands_by(id, router) {
                    fib.serve(id, true);
                }
            }
        }
        let doubts = self.history(&fates, before);
        let mut outcome = Outcome {
            verdict: verdict(&groups, &doubts),
            latent: flows::latent(&tables),
            demands: None,
            loads: None,
            running: ground.physical.running.clone(),
            sessions: up,
            groups,
        };
        if let Verdict::Unique(_) = outcome.verdict {
            let whole = self.whole.as_ref().map(|whole| &whole.tables);
            let flows = self.facts.flows(&tables, whole, before);
            outcome.demands = Some(flows.demands);
            outcome.loads = Some(flows.loads);
            if !flows.doubts.is_empty() {
                outcome.verdict = Verdict::Unknown(flows.doubts);
            }
        }
        let more = also(&ground, &outcome);
        (outcome, more)
    }

    /// Where routing of a group ends up.
    fn group(
        &self,
        ground: &Ground<'_, '_>,
        up: &IdVec<SessionId, bool>,
        group: GroupId,
    ) -> GroupOutcome {
        let speech = |taken_over| Speech { ground, up, group, taken_over };
        let usual = Self::routes(speech(false));
        let standby: Vec<RouterId> = self
            .facts
            .topology
            .routers
            .ids()
            .filter(|router| speech(false).stands_by(*router) && ground.is_running(*router))
            .collect();
        if standby.is_empty() {
            return usual.outcome(speech(false));
        }
        let other = Self::routes(speech(true));
        let served = |settled: &Settled| {
            let ribs = settled.ribs.as_ref()?;
            Some(standby.iter().any(|router| speech(false).knows_service(*router, ribs)))
        };
        let (mut outcome, certain) = match (served(&usual), served(&other)) {
            (Some(true), Some(true)) => (usual.outcome(speech(false)), true),
            (Some(false), Some(false)) => (other.outcome(speech(true)), true),
            (Some(_) | None, _) => (usual.outcome(speech(false)), false),
        };
        let is_known = !matches!(outcome.verdict, Verdict::Unknown(_));
        if is_known && (!certain || self.odd.contains(&group)) {
            outcome.verdict = Verdict::Unknown(vec![Doubt::Standby(group)]);
        }
        outcome
    }

    /// The routes of a group, whoever serves it.
    fn routes(speech: Speech<'_>) -> Settled {
        let unknown = |doubt| Settled { verdict: Verdict::Unknown(vec![doubt]), ribs: None };
        let Some((pools, steps)) = speech.pools(&mut |_| {}) else {
            return unknown(Doubt::ManyRoutes(speech.group));
        };
        let (known, open) = speech.choices(&pools);
        if open.is_empty() && pools.iter().flatten().all(|offer| offer.sure) {
            let certificate = Certificate::Constructed { steps };
            let ribs = speech.at_rest(speech.filled(&pools));
            let ribs = Some(ribs.expect("the construction found the state that all orders end in"));
            return Settled { verdict: Verdict::Unique(certificate), ribs };
        }
        if let Some((router, _)) = open.iter().find(|(router, _)| speech.ages(*router)) {
            let network = speech.ground.facts.topology.routers[*router].network;
            return unknown(Doubt::PreferOldest(network));
        }
        let Some((found, states)) = speech.stable(&pools, &known, &open) else {
            return unknown(Doubt::ManyStates(speech.group));
        };
        let mut all: Vec<IdVec<RouterId, Rib>> =
            found.iter().filter_map(|pools| speech.at_rest(speech.filled(pools))).collect();
        let list: Vec<State> = all.iter().map(search::state).collect();
        let verdict = match list.len() {
            0 => match speech.circle() {
                Some(circle) => Verdict::None(speech.group, circle),
                None => Verdict::Unknown(vec![Doubt::ManyStates(speech.group)]),
            },
            1 => Verdict::Unique(Certificate::Searched { states }),
            _ => Verdict::Several(speech.group, list),
        };
        let ribs = (!all.is_empty()).then(|| all.swap_remove(0));
        Settled { verdict, ribs }
    }
}

/// The routes of a group, if there is a stable state.
struct Settled {
    verdict: Verdict,
    ribs: Option<IdVec<RouterId, Rib>>,
}

impl Settled {
    fn outcome(self, speech: Speech<'_>) -> GroupOutcome {
        let facts = speech.ground.facts;
        let ribs = self.ribs.unwrap_or_else(|| facts.ribs.clone());
        let routes: IdVec<RouterId, _> = ribs.iter().map(|rib| rib.best(only()).cloned()).collect();
        let hops = routes.iter_ids().map(|(id, best)| speech.ground.next_hops(id, best.as_ref()));
        GroupOutcome {
            prefixes: facts.groups[speech.group].prefixes.clone(),
            verdict: self.verdict,
            hops: hops.collect(),
            routes,
            taken_over: speech.taken_over,
        }
    }
}

impl Speech<'_> {
    /// Whether a router has a route of its own network to the group that is served elsewhere.
    fn knows_service(self, router: RouterId, ribs: &IdVec<RouterId, Rib>) -> bool {
        let facts = self.ground.facts;
        let sessions = &facts.sessions_at[router];
        let inside = |end: &crate::ids::End<SessionId>| {
            facts.topology.sessions[end.of].kind == SessionKind::Internal
        };
        if !sessions.iter().any(inside) {
            let mut servers = facts.groups[self.group].served_by.iter();
            return servers.any(|at| self.ground.knows(router, *at));
        }
        let slots = (0..sessions.len()).map(<Slot as crate::ids::Id>::from_index);
        let mut routes = slots.flat_map(|slot| ribs[router].learned(only(), slot));
        routes.any(|(_, route)| {
            matches!(route.next_hop, NextHop::Router(at) if !self.stands_by(at))
                && self.ground.metric(router, route.next_hop).is_some()
        })
    }
}

/// Which sessions are up.
fn is_up(fates: &IdVec<SessionId, Fate>) -> IdVec<SessionId, bool> {
    fates.iter().map(|fate| matches!(fate, Fate::Up | Fate::UpByChance)).collect()
}

/// The verdict on all groups together: none is surer than the least sure.
fn verdict(groups: &IdVec<GroupId, Arc<GroupOutcome>>, doubts: &[Doubt]) -> Verdict {
    let mut doubts = doubts.to_vec();
    let mut certificate = Certificate::Constructed { steps: 0 };
    let mut unstable = None;
    for group in groups {
        match &group.verdict {
            Verdict::Unique(why) => certificate = certificate.max(*why),
            Verdict::Unknown(more) => doubts.extend(more.iter().copied()),
            Verdict::None(..) => unstable = Some(&group.verdict),
            Verdict::Several(..) => unstable = unstable.or(Some(&group.verdict)),
        }
    }
    match unstable {
        _ if !doubts.is_empty() => Verdict::Unknown(doubts),
        Some(verdict) => verdict.clone(),
        None => Verdict::Unique(certificate),
    }
}
