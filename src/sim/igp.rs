//! Drives interior routing: adjacencies, flooding, SPF.
//!
//! # Departures
//! * Acknowledgements of link-state PDUs are not sent: a PDU that is lost is sent again after the
//!   retransmission interval as long as the adjacency is up and nothing newer replaces it. The
//!   database is sent in full when an adjacency comes up.
//! * A router tells what has changed at once: there is no `MinLSInterval` (RFC 2328 appendix B), no
//!   `minimumLSPGenerationInterval` (ISO 10589) and no back-off of theirs, and what comes in is never
//!   too soon (`MinLSArrival`). PDUs do not age, so none is refreshed.
//! * Routes to loopbacks take effect when SPF is done; they are a handful of FIB writes.
//! * `static` routes follow the configured metrics: a router avoids its own links that are down
//!   and learns nothing of others'.
//! * A router turns to its alternates (RFC 5286) `frr_delay` after it has lost a LAG or an adjacency,
//!   for whatever reason, and back when the adjacency is up; alternates are in place when SPF is
//!   done.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cause::Phase;
use super::event::{Event, Hello, Packet};
use super::lsdb::{Lsp, Routes, View};
use super::world::World;
use crate::ids::{End, LagId, RouterId, Side};
use crate::model::topology::LagKind;
use crate::proto::bfd;
use crate::proto::igp::{self, Adjacency, IgpConfig, IgpKind, Input, Output};
use crate::units::{SimDuration, SimTime};

/// A link-state PDU that was lost is sent again after this long (RFC 2328 appendix C.3
/// `RxmtInterval`, ISO 10589 `minimumLSPTransmissionInterval`).
const RETRANSMISSION: SimDuration = SimDuration::from_secs(5);

/// What a path across a router in overload costs more: `MaxLinkMetric` of wide IS-IS metrics (RFC
/// 5305 §3), more than any path that avoids it.
const OVERLOADED: u32 = 0x00ff_ffff;

/// So many different views of networks are kept.
const VIEWS: usize = 8;

/// An edge with the metrics that `router` counts.
fn seen_from(router: RouterId, mut edge: igp::Edge, crossing: [u32; 2]) -> igp::Edge {
    for ((metric, end), crossing) in edge.metrics.iter_mut().zip(edge.ends).zip(crossing) {
        if end != router {
            *metric = crossing;
        }
    }
    edge
}

impl World {
    fn igp_config(&self, router: RouterId) -> IgpConfig {
        let topology = &self.net.topology;
        topology.networks[topology.routers[router].network].igp
    }

    /// The LAG below an adjacency came up or went down.
    pub(super) fn adjacency_link(&mut self, end: End<LagId>, up: bool) {
        self.adjacency_input(end, if up { Input::LinkUp } else { Input::LinkDown });
    }

    /// Gives one input to an adjacency, if the LAG end has one.
    pub(super) fn adjacency_input(&mut self, end: End<LagId>, input: Input) {
        if self.state.adjacencies[end].is_none() || self.adjacency_waits(end, input) {
            return;
        }
        let now = self.now;
        let mut out = Vec::new();
        let Some(adjacency) = self.state.adjacencies.edit(end) else { return };
        adjacency.handle(now, input, &mut out);
        self.adjacency_outputs(end, out);
        self.rouse(Hello::Igp(end), Hello::Igp(end.far()));
    }

    /// Carries out what an adjacency wants.
    pub(super) fn adjacency_outputs(&mut self, end: End<LagId>, out: Vec<Output>) {
        let hello = Hello::Igp(end);
        for output in out {
            match output {
                Output::Arm(at) => self.at(at, Event::Igp(end)),
                Output::Disarm => {}
                Output::Transmit(packet) => self.send(hello, Packet::Igp(packet)),
                Output::Rate(rate) => self.set_rate(hello, rate),
                Output::Changed { up, why } => self.adjacency_changed(end, up, why),
            }
        }
    }

    /// The dead timer of an adjacency.
    pub(super) fn on_igp_timer(&mut self, end: End<LagId>) {
        let due = |adjacency: &Adjacency| adjacency.deadline().is_some_and(|at| at <= self.now);
        let incoming = Hello::Igp(end.far());
        if !self.state.adjacencies[end].as_ref().is_some_and(due) || self.is_quiet(incoming) {
            return;
        }
        let hold = self.state.adjacencies[end].as_ref().and_then(Adjacency::hold);
        self.blame_path(incoming, hold);
        self.adjacency_input(end, Input::DeadExpired);
    }

    /// A hello has arrived at the far end of `from`.
    pub(super) fn receive_igp(&mut self, from: End<LagId>, packet: igp::Hello) {
        let end = from.far();
        if self.bfd_holds_down(end) {
            return;
        }
        let absorbed =
            self.state.adjacencies[end].as_ref().is_none_or(|adjacency| adjacency.absorbs(&packet));
        if !absorbed {
            self.adjacency_input(end, Input::Received(packet));
            return;
        }
        let now = self.now;
        let mut out = Vec::new();
        if let Some(adjacency) = self.state.adjacencies.edit(end) {
            adjacency.handle(now, Input::Received(packet), &mut out);
        }
        self.adjacency_outputs(end, out);
    }

    /// Whether hellos count for nothing: both ends run BFD and it is not up (RFC 6213 §2).
    pub(super) fn bfd_holds_down(&self, end: End<LagId>) -> bool {
        let Some(id) = self.net.adjacency_bfd[end.of] else { return false };
        let of = |side: Side| self.state.bfd[End::new(id, side)].as_ref();
        let up = |session: &bfd::Session| session.state() == bfd::State::Up;
        of(end.side.other()).is_some() && of(end.side).is_some_and(|session| !up(session))
    }

    fn adjacency_changed(&mut self, end: End<LagId>, up: bool, why: igp::Why) {
        if !up {
            self.spend(Phase::Detect);
        }
        self.record_adjacency(end, up, why);
        self.reroute(end, up);
        let router = self.net.lag_router(end);
        self.originate_lsp(router);
        if up {
            // Both ends send what they know: the other may have been up all the while.
            self.flood_all(end);
            self.flood_all(end.far());
        }
    }

    /// A router has lost a link, or has it again: alternates take over at once, or no longer.
    pub(super) fn reroute(&mut self, end: End<LagId>, up: bool) {
        let router = self.net.lag_router(end);
        let Some(delay) = self.igp_config(router).frr else { return };
        let at = self.now + delay;
        let due = &mut self.state.igp.edit(router).reroute_at;
        if !up {
            due.insert(end.of, at);
            self.at(at, Event::Reroute(end));
            return;
        }
        due.remove(&end.of);
        if self.tables.routers[router].lost.contains(&end.of) {
            self.switch_lost(end, false);
        }
    }

    /// It is time to use alternates of a link, if it is still lost.
    pub(super) fn on_reroute(&mut self, end: End<LagId>) {
        let router = self.net.lag_router(end);
        if self.state.igp[router].reroute_at.get(&end.of) == Some(&self.now) {
            self.state.igp.edit(router).reroute_at.remove(&end.of);
            self.spend(Phase::Write);
            self.switch_lost(end, true);
        }
    }

    /// An interface went down or came up: forwarding that prunes takes it out of ECMP sets, or back.
    pub(super) fn prune(&mut self, end: End<LagId>, up: bool) {
        let router = self.net.lag_router(end);
        let lost = self.tables.routers[router].lost.contains(&end.of);
        if self.net.topology.routers[router].prune_ecmp && lost == up {
            self.switch_lost(end, !up);
        }
    }

    pub(super) fn switch_lost(&mut self, end: End<LagId>, lost: bool) {
        let router = self.net.lag_router(end);
        self.touch_traffic();
        let table = &mut self.tables.routers.edit(router).lost;
        if lost {
            table.insert(end.of);
        } else {
            table.remove(&end.of);
        }
        self.record_reroute(end, lost);
        self.internal_paths_changed(&[router]);
    }

    /// Sends the whole database over an adjacency.
    fn flood_all(&mut self, end: End<LagId>) {
        let router = self.net.lag_router(end);
        let known: Vec<Arc<Lsp>> = self.state.igp[router].lsdb.all().cloned().collect();
        for lsp in known {
            self.flood_over(end, lsp);
        }
    }

    /// A LAG came up or went down at `end`: what is directly connected there has changed.
    pub(super) fn connected_changed(&mut self, end: End<LagId>) {
        let router = self.net.lag_router(end);
        // Routes of a session are gone with it, unless they are kept as stale.
        let above = self.net.topology.above(end.of, end.side);
        let mut above = above.into_iter().map(|(session, side)| End::new(session, side));
        if above.any(|end| self.state.session_ends[end].stale.is_some()) {
            self.next_hops_changed(router);
        }
        let topology = &self.net.topology;
        let network = &topology.networks[topology.routers[router].network];
        let (told, is_static) = (!network.next_hop_self, network.igp.kind == IgpKind::Static);
        match topology.lags[end.of].kind {
            LagKind::Pni { .. } | LagKind::Port(_) if told => self.originate_lsp(router),
            LagKind::Link if is_static => self.recompute_routes(router),
            LagKind::Pni { .. } | LagKind::Port(_) | LagKind::Link => {}
        }
    }

    /// A router tells its network anew what it is connected to.
    pub(super) fn originate_lsp(&mut self, router: RouterId) {
        if !self.state.routers[router].up || self.igp_config(router).kind == IgpKind::Static {
            return;
        }
        let lsp = Arc::new(self.own_lsp(router));
        self.state.igp.edit(router).lsp_sequence = lsp.sequence;
        self.learn_lsp(router, &lsp, None);
    }

    /// What a router would tell now.
    pub(super) fn own_lsp(&self, router: RouterId) -> Lsp {
        let mut lsp = Lsp {
            origin: router,
            sequence: self.state.igp[router].lsp_sequence + 1,
            overload: self.overloaded(router),
            links: Vec::new(),
            avoided: Vec::new(),
            stubs: Vec::new(),
        };
        for end in &self.net.lags_at[router] {
            let adjacent = self.state.adjacencies[*end].as_ref().is_some_and(Adjacency::is_up);
            match self.net.topology.lags[end.of].kind {
                LagKind::Link if adjacent => {
                    lsp.links.push(end.of);
                    lsp.avoided.extend(self.costed_out(end.of).then_some(end.of));
                }
                LagKind::Pni { .. } | LagKind::Port(_) if self.tables.lags[end.of][end.side].up => {
                    lsp.stubs.push(end.of);
                }
                LagKind::Link | LagKind::Pni { .. } | LagKind::Port(_) => {}
            }
        }
        lsp
    }

    /// A link-state PDU arrives at a router, unless the link broke while it was under way.
    pub(super) fn on_flood(&mut self, at: End<LagId>, lsp: &Arc<Lsp>, sent: SimTime) {
        if sent < self.hello(Hello::Igp(at.far())).lost_before {
            let event = Event::FloodLeave { from: at.far(), lsp: Arc::clone(lsp) };
            self.at((sent + RETRANSMISSION).max(self.now), event);
            return;
        }
        let router = self.net.lag_router(at);
        let adjacent = self.state.adjacencies[at].as_ref().is_some_and(Adjacency::is_up);
        let known = self.state.igp[router].lsdb.get(lsp.origin).map_or(0, |l| l.sequence);
        if adjacent && self.state.routers[router].up && lsp.sequence > known {
            self.spend(Phase::Notify);
            self.learn_lsp(router, lsp, Some(at));
        }
    }

    /// A link-state PDU leaves, if it is still the newest and there is someone to tell.
    pub(super) fn on_flood_leave(&mut self, from: End<LagId>, lsp: Arc<Lsp>) {
        let (now, router) = (self.now, self.net.lag_router(from));
        let adjacent = self.state.adjacencies[from].as_ref().is_some_and(Adjacency::is_up);
        let newest = self.state.igp[router].lsdb.get(lsp.origin) == Some(&lsp);
        if !adjacent || !newest {
            return;
        }
        let hello = Hello::Igp(from);
        let path = self.hello(hello).path;
        if path.up && !self.is_lost(hello, path.loss) {
            self.at(now + path.delay, Event::Flood { at: from.far(), lsp, sent: now });
        } else {
            self.at(now + RETRANSMISSION, Event::FloodLeave { from, lsp });
        }
    }

    /// A router takes a newer PDU in and relays it to all neighbours but where it came from.
    fn learn_lsp(&mut self, router: RouterId, lsp: &Arc<Lsp>, from: Option<End<LagId>>) {
        self.state.igp.edit(router).lsdb.insert(lsp);
        let net = Arc::clone(&self.net);
        for end in &net.lags_at[router] {
            let adjacent = self.state.adjacencies[*end].as_ref().is_some_and(Adjacency::is_up);
            if adjacent && from != Some(*end) {
                self.flood_over(*end, Arc::clone(lsp));
            }
        }
        self.schedule_spf(router);
    }

    fn flood_over(&mut self, from: End<LagId>, lsp: Arc<Lsp>) {
        let flood = self.igp_config(self.net.lag_router(from)).flood;
        self.at(self.now + flood, Event::FloodLeave { from, lsp });
    }

    fn schedule_spf(&mut self, router: RouterId) {
        if self.state.igp[router].spf_at.is_some() {
            return;
        }
        let now = self.now;
        let state = self.state.igp.edit(router);
        let at = state.throttle.next_run(now);
        state.spf_at = Some(at);
        self.at(at, Event::Spf(router));
    }

    /// SPF runs at a router.
    pub(super) fn on_spf(&mut self, router: RouterId) {
        if self.state.igp[router].spf_at.is_none_or(|at| at > self.now) {
            return;
        }
        self.state.igp.edit(router).spf_at = None;
        self.spend(Phase::Decide);
        self.recompute_routes(router);
    }

    /// Works out a router's interior routes and tells BGP if they changed.
    pub(super) fn recompute_routes(&mut self, router: RouterId) {
        if self.routes_hold(router) {
            return;
        }
        let routes = self.routes(router);
        if *self.state.igp[router].routes != routes {
            let routes = Arc::new(routes);
            let old = std::mem::replace(&mut self.state.igp.edit(router).routes, routes);
            self.record_routes(router);
            self.watch_services(router);
            self.interior_changed(router);
            self.internal_routes_changed(router, &old);
        }
    }

    /// Whether what a router knows leads to the routes that it has.
    fn routes_hold(&mut self, router: RouterId) -> bool {
        let state = &self.state.igp[router];
        let (Some(old), Some(stubs)) = (state.routed.clone(), &state.routes.stubs) else {
            return false;
        };
        if self.igp_config(router).frr.is_some() {
            return false;
        }
        let stubs = stubs.clone();
        let view = self.view(router);
        let routes = &self.state.igp[router].routes;
        let distance = |at| routes.paths.get(at).map(|reach| reach.distance);
        let same = view.stubs(routes) == stubs
            && (Arc::ptr_eq(&view, &old) || view.map.has_paths_of(&old.map, router, distance));
        if same {
            self.state.igp.edit(router).routed = Some(view);
        }
        same
    }

    /// Interior routes of a router from what it knows.
    pub(super) fn routes(&mut self, router: RouterId) -> Routes {
        let config = self.igp_config(router);
        let is_static = config.kind == IgpKind::Static;
        let paths = if is_static {
            igp::spf(router, &self.configured_edges(router))
        } else {
            let view = self.view(router);
            let state = &self.state.igp[router];
            let paths = match &state.routed {
                Some(old) => view.map.paths_after(router, (&old.map, &state.routes.paths)),
                None => view.map.paths(router),
            };
            self.state.igp.edit(router).routed = Some(view);
            paths
        };
        let mut routes = Routes { paths, ..Routes::default() };
        if config.frr.is_some() {
            let edges: Vec<igp::Edge> = if is_static {
                self.configured_edges(router)
            } else {
                let seen = |(edge, crossing)| seen_from(router, edge, crossing);
                self.known_edges(router).into_iter().map(seen).collect()
            };
            routes.alternates = self.alternates(router, &edges);
        }
        if !is_static {
            routes.stubs = Some(self.view(router).stubs(&routes));
        }
        routes
    }

    /// What a router makes of what it knows; routers that know the same share it.
    fn view(&mut self, router: RouterId) -> Arc<View> {
        let lsdb = &self.state.igp[router].lsdb;
        if let Some((_, view)) = self.views.iter().find(|(known, _)| known.is_as(lsdb)) {
            return Arc::clone(view);
        }
        let known = lsdb.clone();
        let map = igp::Map::new(self.known_edges(router).into_iter());
        let view = Arc::new(View::new(&known, map));
        self.views.truncate(VIEWS - 1);
        self.views.insert(0, (known, Arc::clone(&view)));
        view
    }

    fn alternates(&self, router: RouterId, edges: &[igp::Edge]) -> BTreeMap<RouterId, Vec<LagId>> {
        let lsdb = self.state.igp[router].lsdb.all();
        let overloaded = lsdb.filter(|lsp| lsp.overload).map(|lsp| lsp.origin).collect();
        igp::alternates(router, edges, &overloaded, |lag| self.tables.names.lags[lag])
    }

    /// The links of a network as configured, but for the router's own that are down.
    fn configured_edges(&self, router: RouterId) -> Vec<igp::Edge> {
        let topology = &self.net.topology;
        let network = topology.routers[router].network;
        let usable = topology.lags.iter_ids().filter(|(id, lag)| {
            let down =
                |side: Side| lag.ends[side].router == router && !self.tables.lags[*id][side].up;
            lag.kind == LagKind::Link
                && topology.routers[lag.ends[Side::A].router].network == network
                && !Side::BOTH.into_iter().any(down)
        });
        usable.map(|(id, _)| self.edge(id)).collect()
    }

    /// Links that both ends tell of, with the metrics of their ends and those that others count.
    fn known_edges(&self, router: RouterId) -> Vec<(igp::Edge, [u32; 2])> {
        let lsdb = &self.state.igp[router].lsdb;
        let mut edges = Vec::new();
        for lsp in lsdb.all() {
            for lag in &lsp.links {
                let ends = &self.net.topology.lags[*lag].ends;
                let (a, b) = (ends[Side::A].router, ends[Side::B].router);
                if a != lsp.origin {
                    continue;
                }
                let Some(far) = lsdb.get(b).filter(|far| far.links.contains(lag)) else {
                    continue;
                };
                let mut edge = self.edge(*lag);
                let mut crossing = edge.metrics;
                for (side, lsp) in [lsp, far].into_iter().enumerate() {
                    let more = edge.metrics[side].saturating_add(OVERLOADED);
                    if lsp.avoided.contains(lag) {
                        edge.metrics[side] = more;
                    }
                    if lsp.avoided.contains(lag) || lsp.overload {
                        crossing[side] = more;
                    }
                }
                edges.push((edge, crossing));
            }
        }
        edges
    }

    fn edge(&self, lag: LagId) -> igp::Edge {
        let ends = &self.net.topology.lags[lag].ends;
        igp::Edge {
            link: lag,
            ends: [ends[Side::A].router, ends[Side::B].router],
            metrics: [ends[Side::A].metric, ends[Side::B].metric],
        }
    }
}
