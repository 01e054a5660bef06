//! Drives what BGP tells neighbours: when, what, and what several of them are told alike.
//!
//! # Departures
//! * What a network originates is told as fast as what it learns: there is no
//!   `MinASOriginationIntervalTimer` (RFC 4271 §9.2.1.2).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::bgp::{CpuItem, Told, Wire, Work};
use super::cause::{CauseId, Phase};
use super::event::Event;
use super::pending::Pending;
use super::world::World;
use crate::ids::{BlockId, End, GroupId, Id, RouterId, SessionId};
use crate::model::topology::{Family, Role, SessionKind, Topology};
use crate::proto::bgp::advertise::{NextHopRule, Provenance, Route, SessionEnd};
use crate::proto::bgp::rib::blocks::{BLOCK, Groups, members, place};
use crate::proto::bgp::rib::bundle::Bundle;
use crate::proto::bgp::rib::{PathId, Slot, Via};
use crate::proto::bgp::session::State;
use crate::rng::Draws;
use crate::units::SimDuration;

/// Internal peers of a router that are told the same, each but for what it told itself: an update
/// group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    family: Family,
    client: bool,
    /// Whether they know of long-lived graceful restart.
    long_lived: bool,
}

/// What update groups of a router are told, while it tells one peer after the other.
#[derive(Debug, Default)]
struct Shared {
    exports: BTreeMap<(Kind, BlockId), Exports>,
    /// By what is new and what is gone.
    bundles: BTreeMap<(Kind, BlockId, [Groups; 2]), Arc<Bundle>>,
}

/// What an update group should know of a block.
#[derive(Debug)]
struct Exports {
    /// The groups that were asked for.
    asked: Groups,
    /// Their routes, by place, and which groups have one.
    wanted: Vec<Option<Arc<Route>>>,
    any: Groups,
    /// What came from each neighbour: it is not told so.
    sources: Vec<(Slot, Groups)>,
}

impl World {
    /// Neighbours of a router may have to be told of these groups.
    pub(super) fn tell_all_peers(&mut self, router: RouterId, told: &[(BlockId, Groups)]) {
        let all = told.iter().flat_map(|(block, groups)| members(*block, *groups));
        let preparation = self.preparation(router, all.map(|(group, _)| group));
        // Before the clock starts, all that waits is told at once.
        let settles = self.traffic.is_none();
        if !settles && preparation.is_zero() {
            let mut news = Pending::default();
            for (block, groups) in told {
                news.add(*block, *groups, self.cause, &self.causes);
            }
            let mut shared = Shared::default();
            for end in self.net.sessions_at[router].clone() {
                if self.is_established(end) {
                    self.tell_with(end, &news, &mut shared);
                }
            }
            return;
        }
        let untold = &mut self.state.routers.edit(router).untold;
        for (block, groups) in told {
            untold.add(*block, *groups, self.cause, &self.causes);
        }
        let waits = |item: &CpuItem| matches!(item.work, Work::Tell(_));
        if !settles || !self.state.routers[router].cpu.iter().any(waits) {
            self.queue_work(router, Work::Tell(preparation));
        }
    }

    /// Peers are told of what was decided.
    pub(super) fn tell_prepared(&mut self, router: RouterId) {
        let untold = std::mem::take(&mut self.state.routers.edit(router).untold);
        let mut shared = Shared::default();
        for end in self.net.sessions_at[router].clone() {
            self.tell_with(end, &untold, &mut shared);
        }
    }

    /// What a router is about to tell all who are its peers now waits at each of them: one is told on
    /// its own, or comes or goes.
    pub(super) fn spread_untold(&mut self, router: RouterId) {
        if self.state.routers[router].untold.is_empty() {
            return;
        }
        let untold = std::mem::take(&mut self.state.routers.edit(router).untold);
        for end in self.net.sessions_at[router].clone() {
            if self.is_established(end) {
                self.state.session_ends.edit(end).pending.add_all(&untold, &self.causes);
            }
        }
    }

    fn is_established(&self, end: End<SessionId>) -> bool {
        self.state.session_ends[end].fsm.state() == State::Established
    }

    /// A peer may have to be told of everything.
    pub(super) fn await_telling_all(&mut self, end: End<SessionId>) {
        let groups = self.net.groups.len();
        let pending = &mut self.state.session_ends.edit(end).pending;
        for first in (0..groups).step_by(BLOCK) {
            let all = Groups::MAX >> BLOCK.saturating_sub(groups - first);
            let (block, _) = place(GroupId::from_index(first));
            pending.add(block, all, self.cause, &self.causes);
        }
    }

    /// Tells a peer what it does not know yet; new routes wait for the advertisement interval. What is
    /// told is to be blamed on the latest fault of those that led to it.
    pub(super) fn tell(&mut self, end: End<SessionId>) {
        self.spread_untold(self.net.session_router(end));
        self.tell_with(end, &Pending::default(), &mut Shared::default());
    }

    /// The same, of these groups too.
    ///
    /// Before the start of its session was worked off nothing is told: what was told last is that of
    /// the session before, and all will be told then.
    fn tell_with(&mut self, end: End<SessionId>, more: &Pending, shared: &mut Shared) {
        let more = Some(more).filter(|more| self.is_established(end) && !more.is_empty());
        let state = &self.state.session_ends[end];
        let mut pending = more.map_or(Cow::Owned(Pending::default()), Cow::Borrowed);
        if !state.pending.is_empty() || !state.tells {
            let mut all = std::mem::take(&mut self.state.session_ends.edit(end).pending);
            all.add_all(&pending, &self.causes);
            pending = Cow::Owned(all);
        }
        if !self.state.session_ends[end].tells {
            self.state.session_ends.edit(end).pending = pending.into_owned();
            return;
        }
        let config = self.net.topology.sessions[end.of].ends[end.side].bgp;
        let kind = self.kind(end);
        let mut bundles: Vec<Arc<Bundle>> = Vec::new();
        let mut latest = None;
        for (block, causes) in pending.blocks() {
            let groups = causes.iter().fold(0, |all, (_, groups)| all | groups);
            let (waits, bundle) = match kind {
                Some(kind) => self.tell_alike(end, (block, groups), (kind, shared)),
                None => self.tell_each(end, (block, groups)),
            };
            let again = causes.iter().map(|(cause, groups)| (*cause, groups & waits));
            for (cause, groups) in again.filter(|(_, groups)| *groups != 0) {
                let pending = &mut self.state.session_ends.edit(end).pending;
                pending.add(block, groups, cause, &self.causes);
            }
            if let Some(bundle) = bundle {
                latest = self.latest(latest, causes, &bundle);
                bundles.push(bundle);
            }
        }
        let Some(latest) = latest else { return };
        let mut told = bundles.iter().flat_map(|bundle| bundle.told());
        let announces = config.mrai_withdrawals || told.any(|(.., route)| route.is_some());
        let here = std::mem::replace(&mut self.cause, latest);
        self.spend(Phase::Decide);
        if announces {
            self.begin_mrai(end, config.mrai);
        }
        self.send_message(end, Wire::Update(bundles.into()));
        self.cause = here;
    }

    /// The cause of the latest fault that led to what is told.
    fn latest(
        &self,
        mut latest: Option<CauseId>,
        causes: &[(CauseId, Groups)],
        bundle: &Bundle,
    ) -> Option<CauseId> {
        // Of causes that go back to one fault, that of the last group counts.
        let first = self.causes.get(causes[0].0);
        let same = |(cause, _): &(CauseId, Groups)| {
            let cause = self.causes.get(*cause);
            (cause.window.is_some(), cause.at) == (first.window.is_some(), first.at)
        };
        let skipped = if causes.iter().all(same) { bundle.told().len() - 1 } else { 0 };
        for (group, ..) in &bundle.told()[skipped..] {
            let at = place(*group).1;
            let of = |(_, groups): &&(CauseId, Groups)| groups >> at & 1 == 1;
            let (cause, _) = causes.iter().find(of).expect("what is told has waited");
            latest = Some(self.causes.later(latest, *cause));
        }
        latest
    }

    /// The update group of an end's peer, if it is told nothing that others of its kind are not.
    fn kind(&self, end: End<SessionId>) -> Option<Kind> {
        let topology = &self.net.topology;
        let session = &topology.sessions[end.of];
        let router = &topology.routers[self.net.session_router(end)];
        let ibgp = &topology.networks[router.network].ibgp;
        let alike = session.kind == SessionKind::Internal
            && router.role != Role::RouteServer
            && !ibgp.add_path
            && !ibgp.best_external
            && self.policy(end, false).is_none();
        alike.then(|| Kind {
            family: session.family,
            client: session.ends[end.side].client,
            long_lived: offers_long_lived(topology, end.far()),
        })
    }

    /// Notes what a peer of an update group should know of some groups: which of them wait, and what
    /// it is told.
    fn tell_alike(
        &mut self,
        end: End<SessionId>,
        (block, groups): (BlockId, Groups),
        (kind, shared): (Kind, &mut Shared),
    ) -> (Groups, Option<Arc<Bundle>>) {
        let router = self.net.session_router(end);
        let slot = self.slot(end);
        let new = || Exports { asked: 0, wanted: Vec::new(), any: 0, sources: Vec::new() };
        let exports = shared.exports.entry((kind, block)).or_insert_with(new);
        self.export_all(end, (block, groups), exports);
        let waits = self.state.session_ends[end].mrai_until.is_some();
        if exports.any & groups == 0 && !waits && self.state.ribs[router].tells_nothing(block) {
            return (0, None);
        }
        exports.wanted.resize(BLOCK, None);
        let mut wanted = Cow::Borrowed(&exports.wanted[..]);
        if let Ok(own) = exports.sources.binary_search_by_key(&slot, |(slot, _)| *slot) {
            for (_, at) in members(block, exports.sources[own].1) {
                wanted.to_mut()[at] = None;
            }
        }
        let mut again = 0;
        if waits {
            if self.net.topology.sessions[end.of].ends[end.side].bgp.mrai_withdrawals {
                return (groups, None);
            }
            let new = members(block, groups).filter(|(_, at)| wanted[*at].is_some());
            again = new.fold(0, |all, (_, at)| all | 1 << at);
        }
        let rib = self.state.ribs.edit(router);
        let [new, gone] = rib.tell_all((block, groups), slot, &wanted, waits);
        if new | gone == 0 {
            return (again, None);
        }
        let bundle = shared.bundles.entry((kind, block, [new, gone])).or_insert_with(|| {
            let route = |at: usize| wanted[at].clone().filter(|_| new >> at & 1 == 1);
            let told = members(block, new | gone);
            let told = told.map(|(group, at)| (group, PathId::default(), route(at)));
            Bundle::all(told.collect()).remove(0)
        });
        (again, Some(Arc::clone(bundle)))
    }

    /// Adds what an update group should know of some groups.
    fn export_all(
        &self,
        end: End<SessionId>,
        (block, groups): (BlockId, Groups),
        exports: &mut Exports,
    ) {
        let router = self.net.session_router(end);
        let rib = &self.state.ribs[router];
        let session = &self.net.topology.sessions[end.of];
        let reflects = self.net.topology.routers[router].cluster_id.is_some();
        for (group, at) in members(block, groups & !exports.asked) {
            let Some(best) = rib.best(group) else { continue };
            let from = (best.via, rib.origin(best.via));
            // What is known from inside is told inside by reflectors alone.
            let inside = matches!(from.1, Provenance::Internal | Provenance::Client);
            if (inside && !reflects) || self.net.groups[group].family != session.family {
                continue;
            }
            if let Some(route) = self.export((router, end), group, from, &best.route) {
                exports.wanted.resize(BLOCK, None);
                exports.wanted[at] = Some(rib.as_told(group, route));
                exports.any |= 1 << at;
            }
        }
        if exports.any != 0 && exports.sources.is_empty() {
            exports.sources = rib.sources(block);
        }
        exports.asked |= groups;
    }

    /// Notes what a peer should know of some groups, one by one: which of them wait, and what it is
    /// told.
    fn tell_each(
        &mut self,
        end: End<SessionId>,
        (block, groups): (BlockId, Groups),
    ) -> (Groups, Option<Arc<Bundle>>) {
        let config = self.net.topology.sessions[end.of].ends[end.side].bgp;
        let router = self.net.session_router(end);
        let slot = self.slot(end);
        let waits = self.state.session_ends[end].mrai_until.is_some();
        let (mut again, mut changes): (Groups, Vec<Told>) = (0, Vec::new());
        for (group, at) in members(block, groups) {
            let wanted = self.exports(router, end, slot, group);
            if waits && (!wanted.is_empty() || config.mrai_withdrawals) {
                again |= 1 << at;
                if config.mrai_withdrawals {
                    continue;
                }
            }
            let rib = self.state.ribs.edit(router);
            let news = rib.tell(group, slot, wanted, waits).into_iter();
            changes.extend(news.map(|(path, route)| (group, path, route)));
        }
        (again, Bundle::all(changes).pop())
    }

    /// Tells a peer once more what it was told last.
    pub(super) fn repeat(&mut self, router: RouterId, end: End<SessionId>) {
        let slot = self.slot(end);
        let rib = &self.state.ribs[router];
        let told = |group: GroupId| {
            rib.told(group, slot).map(move |(path, r)| (group, path, Some(Arc::clone(r))))
        };
        let all: Vec<Told> = self.group_ids().flat_map(told).collect();
        if !all.is_empty() {
            self.send_message(end, Wire::Update(Bundle::all(all).into()));
        }
    }

    fn begin_mrai(&mut self, end: End<SessionId>, mrai: SimDuration) {
        if mrai.is_zero() || self.traffic.is_none() {
            return;
        }
        let name = format!("mrai/{}", self.net.session_end_name(end));
        let state = self.state.session_ends.edit(end);
        state.mrai_waits += 1;
        let n = state.mrai_waits;
        let at = self.now + Draws::new(self.net.seed, &name).between(n, mrai.scaled(3, 4), mrai);
        self.state.session_ends.edit(end).mrai_until = Some(at);
        self.at(at, Event::Mrai(end));
    }

    /// The advertisement interval towards a peer is over.
    pub(super) fn on_mrai(&mut self, end: End<SessionId>) {
        if self.state.session_ends[end].mrai_until.is_some_and(|at| at <= self.now) {
            self.state.session_ends.edit(end).mrai_until = None;
            self.tell(end);
        }
    }

    /// What a peer should know of a group, by path id: the best route, or with ADD-PATH all.
    ///
    /// Best external (draft-ietf-idr-best-external): where the best route is one that an internal
    /// peer has anyway, it learns of the best one from outside instead.
    fn exports(
        &self,
        router: RouterId,
        end: End<SessionId>,
        slot: Slot,
        group: GroupId,
    ) -> Vec<(PathId, Route)> {
        let topology = &self.net.topology;
        let session = &topology.sessions[end.of];
        if self.net.groups[group].family != session.family || self.keeps_back(router, end, group) {
            return Vec::new();
        }
        let network = &topology.networks[topology.routers[router].network];
        let inside = session.kind == SessionKind::Internal;
        let rib = &self.state.ribs[router];
        let metric = |_: Slot, route: &Route| self.metric(router, route.next_hop);
        let tell = |via: Via, route: &Route| {
            self.export((router, end), group, (via, rib.provenance(via, slot)), route)
        };
        if inside && network.ibgp.add_path {
            let offered = rib.offered(group, metric).into_iter();
            return offered.filter_map(|(p, via, route)| Some((p, tell(via, route)?))).collect();
        }
        if topology.routers[router].role == Role::RouteServer {
            let may = |via: Via, route: &Route| tell(via, route).is_some();
            let best = rib.best_for(group, metric, may).and_then(|(via, route)| tell(via, route));
            return best.map(|route| (PathId::default(), route)).into_iter().collect();
        }
        let best = rib.best(group).and_then(|best| tell(best.via, &best.route));
        let instead = || {
            let (via, route) = rib.best_external(group, metric)?;
            tell(via, route)
        };
        let told = if inside && network.ibgp.best_external { best.or_else(instead) } else { best };
        told.map(|route| (PathId::default(), route)).into_iter().collect()
    }

    /// Whether the own network announces a group elsewhere only.
    fn keeps_back(&self, router: RouterId, end: End<SessionId>, group: GroupId) -> bool {
        let topology = &self.net.topology;
        let prefix = &topology.prefixes[self.net.groups[group].prefixes[0]];
        let Some(over) = &prefix.announced_over else { return false };
        prefix.network == topology.routers[router].network
            && topology.sessions[end.of].kind != SessionKind::Internal
            && topology.session_lag(end.of).is_none_or(|lag| !over.contains(&lag))
    }

    /// A route as a peer is told of it, if it may be.
    fn export(
        &self,
        (router, end): (RouterId, End<SessionId>),
        group: GroupId,
        (via, provenance): (Via, Provenance),
        route: &Route,
    ) -> Option<Route> {
        let topology = &self.net.topology;
        let policy = self.policy(end, false);
        let ours = SessionEnd { policy, ..self.session_end(end, group) };
        let rule = if topology.networks[topology.routers[router].network].next_hop_self {
            NextHopRule::SelfAs(router)
        } else {
            NextHopRule::Unchanged(router)
        };
        let rib = &self.state.ribs[router];
        // Who does not know of such routes is not told (RFC 9494 §4.3).
        if rib.is_long_stale(via, route) && !offers_long_lived(topology, end.far()) {
            return None;
        }
        let from = rib.from(via).unwrap_or(ours.own_id);
        let mut told = ours.export(route, (provenance, from), rule).ok()?;
        if topology.sessions[end.of].kind == SessionKind::Internal {
            told.bandwidth = self.bandwidth_to_tell(router, group, via, route);
        }
        Some(told)
    }
}

/// Whether an end of a session offers long-lived graceful restart to the other (RFC 9494).
fn offers_long_lived(topology: &Topology, end: End<SessionId>) -> bool {
    let offered = topology.sessions[end.of].ends[end.side].graceful_restart;
    offered.is_some_and(|own| own.long_lived.is_some())
}
