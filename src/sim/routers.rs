//! Routers gain and lose power, crash and boot.
//!
//! # Departures
//! A router that crashes turns its lasers off until it has booted, and forwards nothing: line
//! cards restart with it. It keeps nothing but its configuration and the sequence number of its
//! link-state PDU.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::bgp::CpuItem;
use super::deferral::Deferral;
use super::event::Event;
use super::lags::Trust;
use super::lsdb::{Lsdb, Routes, View};
use super::pacing::Pacing;
use super::pending::Pending;
use super::work::Unrest;
use super::world::World;
use crate::ids::{CircuitId, GroupId, Id, LagId, RouterId, Side};
use crate::model::topology::Family;
use crate::proto::bgp::session;
use crate::proto::igp::Throttle;
use crate::units::{SimDuration, SimTime};

/// What a router knows and does.
#[derive(Clone, Debug)]
pub(crate) struct RouterState {
    /// Whether it runs.
    pub(crate) up: bool,
    /// Faults that keep its power away, feeds aside.
    pub(crate) power_losses: u32,
    /// When it has booted, if it is about to.
    pub(crate) boot_at: Option<SimTime>,
    /// Until when what it crashed of keeps it down, whatever its power does.
    pub(crate) crashed_until: SimTime,
    /// When it last booted, if it did during the run.
    pub(crate) booted_at: Option<SimTime>,
    /// The families of which its BGP waits for its peers before it chooses.
    pub(crate) deferral: BTreeMap<Family, Deferral>,
    /// When BGP looks at its next hops, if it waits to.
    pub(crate) next_hops_at: Option<SimTime>,
    /// BGP work that waits, the first being done.
    pub(crate) cpu: VecDeque<CpuItem>,
    /// When the first is done.
    pub(crate) cpu_done_at: Option<SimTime>,
    /// What its BGP process has put off.
    pub(crate) pacing: Pacing,
    /// What peers are to be told of once that is prepared.
    pub(crate) untold: Pending,
    /// Groups to decide when no more work waits, or in the next decision.
    pub(crate) undecided: BTreeSet<GroupId>,
    /// How often it changed its choices since the clock started.
    pub(crate) unrest: BTreeMap<GroupId, Unrest>,
    /// Until when it pauses before each work, as it cannot make up its mind.
    pub(crate) restless_until: SimTime,
    /// How often it did; numbers the draws.
    pub(crate) pauses: u64,
}

/// What a router knows of the inside of its network.
#[derive(Clone, Debug)]
pub(crate) struct Interior {
    /// Sequence of its last link-state PDU.
    pub(crate) lsp_sequence: u64,
    /// What it was told.
    pub(crate) lsdb: Lsdb,
    /// When SPF may run.
    pub(crate) throttle: Throttle,
    /// When SPF runs next, if it is to.
    pub(crate) spf_at: Option<SimTime>,
    /// When it turns to alternates of links it has lost.
    pub(crate) reroute_at: BTreeMap<LagId, SimTime>,
    /// Its interior routes.
    pub(crate) routes: Arc<Routes>,
    /// What they were worked out from, if it was told.
    pub(crate) routed: Option<Arc<View>>,
}

impl World {
    /// What feeds a router may have changed.
    pub(super) fn power_changed(&mut self, router: RouterId) {
        let state = &self.state.routers[router];
        let powered = state.power_losses == 0 && self.is_fed(router);
        if !powered {
            self.state.routers.edit(router).boot_at = None;
            self.router_down(router, "power_lost");
        } else if !state.up && state.boot_at.is_none() {
            let reload = self.net.topology.routers[router].reload;
            let at = (self.now + reload).max(self.state.routers[router].crashed_until);
            self.boot_at(router, at);
        }
    }

    fn is_fed(&self, router: RouterId) -> bool {
        let config = &self.net.topology.routers[router];
        let live = config.feeds.iter().filter(|feed| self.dead_feeds[feed.index()] == 0).count();
        config.feeds.is_empty() || live >= config.feeds_needed as usize
    }

    /// A router that runs crashes and is back after a while.
    pub(super) fn crash(&mut self, router: RouterId, back: SimDuration) {
        if self.state.routers[router].up {
            self.router_down(router, "crashed");
            let at = self.now + back;
            self.state.routers.edit(router).crashed_until = at;
            self.boot_at(router, at);
        }
    }

    fn boot_at(&mut self, router: RouterId, at: SimTime) {
        self.state.routers.edit(router).boot_at = Some(at);
        self.at(at, Event::Boot(router));
    }

    fn router_down(&mut self, router: RouterId, why: &'static str) {
        if !self.state.routers[router].up {
            return;
        }
        self.record_router(router, false, why);
        self.forget_processes(router);
        self.touch_traffic();
        self.state.routers.edit(router).up = false;
        self.state.routers.edit(router).deferral.clear();
        self.tables.routers.edit(router).up = false;
        for end in self.net.sessions_at[router].clone() {
            self.session_input(end, session::Input::RouterDown);
        }
        for end in self.net.sessions_at[router].clone() {
            self.state.session_ends.edit(end).stale = None;
        }
        self.switch_ports(router, false);
        self.forget_routes(router);
        self.clear_fib(router);
        let igp = self.state.igp.edit(router);
        igp.lsdb = Lsdb::default();
        igp.spf_at = None;
        igp.reroute_at.clear();
        igp.routes = Arc::default();
        igp.routed = None;
        self.internal_paths_changed(&[router]);
        self.watch_services(router);
    }

    /// A router has booted.
    pub(super) fn on_boot(&mut self, router: RouterId) {
        if self.state.routers[router].boot_at != Some(self.now) {
            return;
        }
        // A crash ends when the router is back: what follows belongs to that event.
        let open = self.record.open;
        if self.plan.windows[open].at == self.now && open > 0 {
            self.cause = self.causes.fault(open, self.now);
        }
        self.start_router(router);
    }

    /// A router starts with nothing but its configuration.
    pub(super) fn start_router(&mut self, router: RouterId) {
        self.record_router(router, true, "booted");
        self.touch_traffic();
        let now = self.now;
        let state = self.state.routers.edit(router);
        state.boot_at = None;
        state.booted_at = Some(now);
        state.deferral.clear();
        state.up = true;
        self.let_age_count(router);
        self.tables.routers.edit(router).up = true;
        self.switch_ports(router, true);
        self.overload_on_startup(router);
        self.originate_lsp(router);
        self.recompute_routes(router);
        self.originate_prefixes(router);
        for end in self.net.sessions_at[router].clone() {
            self.start_session(end);
        }
        self.watch_services(router);
    }

    /// Power or no power on all ports of a router, at the same time.
    fn switch_ports(&mut self, router: RouterId, on: bool) {
        let mut circuits: Vec<CircuitId> = Vec::new();
        for end in self.net.lags_at[router].clone() {
            for port in self.ports_of(end) {
                self.state.ports.edit(port).powered = on;
                self.state.ports.edit(port).trust = Trust::Full;
                circuits.push(port.of);
            }
        }
        for circuit in circuits {
            self.circuit_changed(circuit);
        }
    }

    /// The metro and sides of a LAG end belong to a router that runs.
    pub(super) fn both_routers_up(&self, routers: [RouterId; 2]) -> bool {
        Side::BOTH.iter().all(|side| self.state.routers[routers[*side]].up)
    }
}
