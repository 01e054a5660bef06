//! What a run leaves behind: every change of state, and what each window measured.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::cause::{Cause, Phase};
use super::graceful::Keeping;
use super::looking_glass::LookingGlass;
use super::world::World;
use crate::dataplane::atoms::{Harm, Scopes};
use crate::dataplane::traffic::Instant;
use crate::ids::{BfdId, CircuitId, End, GroupId, Id, LagId, RouterId, SessionId};
use crate::model::scenario::Direction;
use crate::model::topology::Family;
pub(crate) use crate::proto::bgp::session::By as Session;
use crate::proto::bgp::session::{self, DownReason};
use crate::proto::{bfd, igp, lacp, phy};
use crate::units::{SimDuration, SimTime};

/// What changed its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Element {
    /// The interface at an end of a circuit.
    Interface(End<CircuitId>),
    /// An LACP member.
    Member(End<CircuitId>),
    /// A LAG end.
    Lag(End<LagId>),
    /// A BFD session.
    Bfd(End<BfdId>),
    /// An IGP adjacency.
    Adjacency(End<LagId>),
    /// A BGP session end.
    Session(End<SessionId>),
    /// A router.
    Router(RouterId),
    /// A router's use of a link of its own.
    Reroute(End<LagId>),
    /// A router's interior routes.
    Routes(RouterId),
    /// A route that a BGP session end is told.
    Route(End<SessionId>, GroupId),
    /// A router's best route to a group.
    Rib(RouterId, GroupId),
    /// A router's forwarding of a group.
    Fib(RouterId, GroupId),
}

/// One change of state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Transition {
    /// When.
    pub(crate) at: SimTime,
    /// Of what.
    pub(crate) element: Element,
    /// From which state.
    pub(crate) from: Cow<'static, str>,
    /// To which.
    pub(crate) to: Cow<'static, str>,
    /// Why, as far as the element knows.
    pub(crate) reason: Cow<'static, str>,
    /// The scenario event in its chain of causes.
    pub(crate) window: Option<usize>,
}

/// One BGP session end that went down or up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SessionChange {
    /// When.
    pub(crate) at: SimTime,
    /// Which end.
    pub(crate) end: End<SessionId>,
    /// Up or down.
    pub(crate) up: bool,
    /// Why it went down.
    pub(crate) reason: Option<DownReason>,
    /// Who saw it.
    pub(crate) by: session::By,
    /// Since the latest fault in the chain of causes; `None`: there is none.
    pub(crate) detection: Option<SimDuration>,
    /// The window of that fault.
    pub(crate) window: Option<usize>,
}

/// What one window measured.
#[derive(Clone, Debug, Default)]
pub(crate) struct WindowRecord {
    /// When it closed.
    pub(crate) until: SimTime,
    /// Per demand, forward and return: just before it opened.
    pub(crate) before: Vec<[Instant; 2]>,
    /// At its end.
    pub(crate) after: Vec<[Instant; 2]>,
    /// What the atoms went through in it.
    pub(crate) harm: Vec<[Harm; 2]>,
    /// First session that was declared lost because of it.
    pub(crate) first_detection: Option<SimTime>,
    /// Last change of a best route or interior route.
    pub(crate) control: Option<SimTime>,
    /// Last change of forwarding, and its chain.
    pub(crate) forwarding: Option<(SimTime, Cause)>,
}

/// Everything a run leaves behind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    /// Changes of state in order.
    pub(crate) transitions: Vec<Transition>,
    /// Session ends that went down or up.
    pub(crate) sessions: Vec<SessionChange>,
    /// Windows, as in the fault plan.
    pub(crate) windows: Vec<WindowRecord>,
    /// Per demand, forward and return: over the whole run.
    pub(crate) run: Vec<[Harm; 2]>,
    /// The window that is open.
    pub(crate) open: usize,
    /// Best routes and forwarding.
    pub(crate) glass: LookingGlass,
}

impl Record {
    /// Makes it equal to that of a base again.
    pub(super) fn roll_back(&mut self, base: &Self) {
        let Self { transitions, sessions, windows, run, open, glass } = self;
        transitions.truncate(base.transitions.len());
        sessions.truncate(base.sessions.len());
        windows.clone_from(&base.windows);
        run.clone_from(&base.run);
        *open = base.open;
        glass.roll_back(&base.glass);
    }
}

impl World {
    /// A step of the plan belongs to this window: opens it if it is the next.
    pub(super) fn enter_window(&mut self, window: usize) {
        if window > self.record.open {
            self.touch_traffic();
            self.close_window();
            self.record.open = window;
            let now = self.now;
            let before = self.instants();
            self.record.windows[window].before = before;
            if let Some(traffic) = &mut self.traffic {
                traffic.begin_window(now);
            }
        }
    }

    /// The clock starts: what flows then is what flowed before the run.
    pub(super) fn begin_record(&mut self) {
        let before = self.instants();
        self.record.windows.push(WindowRecord { before, ..WindowRecord::default() });
        self.look_at_all();
    }

    /// The open window ends now.
    pub(super) fn close_window(&mut self) {
        let (window, now) = (self.record.open, self.now);
        self.look(Some(window));
        self.record_open_writes();
        let after = self.instants();
        let scopes = self.harms();
        let record = &mut self.record.windows[window];
        record.until = now;
        record.after = after;
        record.harm = scopes.iter().map(|both| both.map(|s| s.window)).collect();
        self.record.run = scopes.iter().map(|both| both.map(|s| s.run)).collect();
    }

    fn instants(&self) -> Vec<[Instant; 2]> {
        let Some(traffic) = &self.traffic else { return Vec::new() };
        traffic.flowing().iter().map(|[forward, back]| [forward.now, back.now]).collect()
    }

    fn harms(&self) -> Vec<[Scopes<Harm>; 2]> {
        let Some(traffic) = &self.traffic else { return Vec::new() };
        let demands = 0..traffic.flowing().len();
        demands.map(|d| Direction::BOTH.map(|way| traffic.harm(d, way, self.now))).collect()
    }

    fn log(
        &mut self,
        element: Element,
        from: impl Into<Cow<'static, str>>,
        to: impl Into<Cow<'static, str>>,
        reason: impl Into<Cow<'static, str>>,
    ) {
        if self.traffic.is_none() {
            return;
        }
        self.record.transitions.push(Transition {
            at: self.now,
            element,
            from: from.into(),
            to: to.into(),
            reason: reason.into(),
            window: self.causes.get(self.cause).window,
        });
    }

    pub(super) fn record_interface(&mut self, port: End<CircuitId>, up: bool) {
        let (from, to) = up_down(up);
        let dampened = self.state.ports[port].machine.deadline(phy::Timer::Reuse).is_some();
        let why = match (up, dampened) {
            (true, _) => "signal",
            (false, false) => "no_signal",
            (false, true) => "no_signal, dampened",
        };
        self.log(Element::Interface(port), from, to, why);
    }

    pub(super) fn record_lacp(&mut self, port: End<CircuitId>, output: lacp::Output) {
        match output {
            lacp::Output::ReceiveChanged { from, to } => {
                self.log(Element::Member(port), from.as_str(), to.as_str(), "receive");
            }
            lacp::Output::MuxChanged { from, to } => {
                self.log(Element::Member(port), from.as_str(), to.as_str(), "mux");
            }
            lacp::Output::Arm(..)
            | lacp::Output::Disarm(_)
            | lacp::Output::Transmit(_)
            | lacp::Output::Rate(_) => {}
        }
    }

    /// The aggregate came up or went down, with so many members.
    pub(super) fn record_lag(&mut self, end: End<LagId>, up: bool, members: usize) {
        let (from, to) = up_down(up);
        self.log(Element::Lag(end), from, to, self.members_text(end, members));
    }

    /// The aggregate stays up with another number of members.
    pub(super) fn record_lag_members(&mut self, end: End<LagId>, from: usize, to: usize) {
        if from != to {
            let (from, to) = (self.members_text(end, from), self.members_text(end, to));
            self.log(Element::Lag(end), from, to, "members");
        }
    }

    /// `1 of 2 members`.
    fn members_text(&self, end: End<LagId>, members: usize) -> String {
        format!("{members} of {} members", self.net.topology.lags[end.of].circuits.len())
    }

    pub(super) fn record_bfd(
        &mut self,
        end: End<BfdId>,
        from: bfd::State,
        to: bfd::State,
        diag: bfd::Diag,
    ) {
        self.log(Element::Bfd(end), from.as_str(), to.as_str(), diag.as_str());
    }

    pub(super) fn record_adjacency(&mut self, end: End<LagId>, up: bool, why: igp::Why) {
        let (from, to) = up_down(up);
        self.log(Element::Adjacency(end), from, to, why.as_str());
    }

    pub(super) fn record_router(&mut self, router: RouterId, up: bool, why: &'static str) {
        let (from, to) = up_down(up);
        self.log(Element::Router(router), from, to, why);
    }

    pub(super) fn record_session_state(
        &mut self,
        end: End<SessionId>,
        from: session::State,
        to: session::State,
        reason: Option<DownReason>,
    ) {
        let reason = reason.map_or("", DownReason::as_str);
        self.log(Element::Session(end), from.as_str(), to.as_str(), reason);
    }

    /// A peer tells more prefixes than it should.
    pub(super) fn record_prefix_limit(&mut self, end: End<SessionId>, received: u64) {
        let (is, reason) = ("established", format!("max_prefix_warning: {received} prefixes"));
        self.log(Element::Session(end), is, is, reason);
    }

    /// A peer had told more prefixes than it should before the clock started.
    pub(super) fn record_too_many(&mut self, end: End<SessionId>) {
        let is = self.state.session_ends[end].fsm.state().as_str();
        self.log(Element::Session(end), is, is, "max_prefix before the start");
    }

    /// A session end went down or up, as the result tells it.
    pub(super) fn record_session(
        &mut self,
        end: End<SessionId>,
        up: bool,
        reason: Option<DownReason>,
        by: session::By,
    ) {
        if self.traffic.is_none() {
            return;
        }
        let (at, cause) = (self.now, self.causes.get(self.cause));
        // A router or process that is dead declares nothing.
        let dead = [Some(DownReason::RouterDown), Some(DownReason::ProcessKilled)];
        let declares = !up && !dead.contains(&reason);
        let detection = cause.window.filter(|_| declares).map(|_| at.since(cause.at));
        if let (Some(window), true) = (cause.window, declares) {
            self.record.windows[window].first_detection.get_or_insert(at);
        }
        let window = cause.window;
        self.record.sessions.push(SessionChange { at, end, up, reason, by, detection, window });
    }

    pub(super) fn record_routes(&mut self, router: RouterId) {
        self.log(Element::Routes(router), "", "changed", "spf");
        self.control_changed();
    }

    pub(super) fn record_rib(
        &mut self,
        router: RouterId,
        group: GroupId,
        from: String,
        to: String,
        why: &'static str,
    ) {
        self.log(Element::Rib(router, group), from, to, why);
        self.control_changed();
    }

    /// A route that a peer tells is suppressed because it flaps, or used again.
    pub(super) fn record_damping(&mut self, end: End<SessionId>, group: GroupId, on: bool) {
        let (from, to) = if on { ("usable", "suppressed") } else { ("suppressed", "usable") };
        let reason = format!("flap damping on {}", self.net.topology.sessions[end.of].name);
        self.log(Element::Route(end, group), from, to, reason);
    }

    /// A route that a peer has told is kept though the peer is gone, told again, or dropped.
    pub(super) fn record_keeping(
        &mut self,
        end: End<SessionId>,
        group: GroupId,
        [from, to]: [Keeping; 2],
    ) {
        let reason = format!("graceful restart on {}", self.net.topology.sessions[end.of].name);
        self.log(Element::Route(end, group), from.as_str(), to.as_str(), reason);
    }

    /// A peer has told all it has.
    pub(super) fn record_end_of_rib(&mut self, end: End<SessionId>) {
        let is = self.state.session_ends[end].fsm.state().as_str();
        self.log(Element::Session(end), is, is, "end_of_rib");
    }

    /// A router chooses no routes of a family before these peers have told theirs.
    pub(super) fn record_deferral(
        &mut self,
        router: RouterId,
        family: Family,
        waiting: &BTreeSet<End<SessionId>>,
    ) {
        let Some(first) = waiting.first() else { return };
        let first = &self.net.topology.sessions[first.of].name;
        let more = match waiting.len() {
            1 => String::new(),
            n => format!(" and {} more", n - 1),
        };
        let reason = format!("selection of {} waits for {first}{more}", family.as_str());
        self.log(Element::Router(router), "up", "up", reason);
    }

    /// A router chooses routes of a family again.
    pub(super) fn record_deferral_end(&mut self, router: RouterId, family: Family, why: &str) {
        let reason = format!("selection of {} goes on: {why}", family.as_str());
        self.log(Element::Router(router), "up", "up", reason);
    }

    fn control_changed(&mut self) {
        if self.traffic.is_some() {
            let (open, now) = (self.record.open, self.now);
            self.record.windows[open].control = Some(now);
        }
    }

    pub(super) fn record_forwarding(&mut self, router: RouterId, group: GroupId) {
        self.glance(router, group);
        let hops = self.tables.routers[router].fib.hops(group);
        let name = |hop: &crate::dataplane::tables::Hop| {
            let lags = &self.net.topology.lags;
            let exit = hop.exit.map(|exit| format!(">{}", lags[exit].name));
            format!("{}{}", lags[hop.lag].name, exit.unwrap_or_default())
        };
        let to = hops.iter().map(name).collect::<Vec<_>>().join("+");
        self.log(Element::Fib(router, group), "", to, "written");
        self.forwarding_changed();
    }

    /// Writes that are under way have changed forwarding until now: of several, the one tells why
    /// that ends last.
    fn record_open_writes(&mut self) {
        let now = self.now;
        let tables = self.tables.routers.iter_ids();
        let entries = tables.flat_map(|(router, table)| {
            table.fib.ramps().map(move |(group, ramp)| (router, group, ramp))
        });
        let under_way = entries.filter_map(|(router, group, ramp)| {
            (ramp.first < now).then_some(())?;
            self.state.fibs[router].jobs.get(&group)?.front()
        });
        let last = under_way.max_by_key(|job| (job.last, job.cause)).map(|job| job.cause);
        if let Some(cause) = last.filter(|_| self.traffic.is_some()) {
            let cause = self.causes.advance(cause, Phase::Write, now);
            let cause = self.causes.get(cause);
            self.record.windows[self.record.open].forwarding = Some((now, cause));
        }
    }

    /// A router turns from a link it has lost to its alternates, or back.
    pub(super) fn record_reroute(&mut self, end: End<LagId>, lost: bool) {
        let (from, to) = if lost { ("primary", "alternate") } else { ("alternate", "primary") };
        self.log(Element::Reroute(end), from, to, "fast_reroute");
        self.forwarding_changed();
    }

    fn forwarding_changed(&mut self) {
        if self.traffic.is_some() {
            let (open, now) = (self.record.open, self.now);
            let cause = self.causes.get(self.cause);
            self.record.windows[open].forwarding = Some((now, cause));
        }
    }

    /// The name and router of an element, and its kind.
    pub(crate) fn describe(&self, element: Element) -> (&'static str, String, String) {
        let topology = &self.net.topology;
        let router = |id: RouterId| topology.routers[id].name.clone();
        let prefixes = |group: GroupId| {
            let group = &self.net.groups[group];
            let first = topology.prefixes[group.prefixes[0]].prefix.to_string();
            match group.prefixes.len() {
                1 => first,
                n => format!("{first} and {} more", n - 1),
            }
        };
        match element {
            Element::Interface(port) | Element::Member(port) => {
                let kind =
                    if matches!(element, Element::Interface(_)) { "interface" } else { "lacp" };
                let name = topology.circuits[port.of].name.clone();
                (kind, name, router(self.net.port_router(port)))
            }
            Element::Lag(end) | Element::Adjacency(end) => {
                let kind = if matches!(element, Element::Lag(_)) { "lag" } else { "adjacency" };
                (kind, topology.lags[end.of].name.clone(), router(self.net.lag_router(end)))
            }
            Element::Reroute(end) => {
                ("frr", topology.lags[end.of].name.clone(), router(self.net.lag_router(end)))
            }
            Element::Bfd(end) => {
                let pair = &self.net.bfd[end.of];
                ("bfd", pair.name.clone(), router(pair.routers[end.side]))
            }
            Element::Session(end) => {
                let session = &topology.sessions[end.of];
                ("session", session.name.clone(), router(session.ends[end.side].router))
            }
            Element::Router(id) => ("router", router(id), router(id)),
            Element::Routes(id) => ("igp", router(id), router(id)),
            Element::Route(end, group) => {
                ("route", prefixes(group), router(self.net.session_router(end)))
            }
            Element::Rib(id, group) => ("rib", prefixes(group), router(id)),
            Element::Fib(id, group) => ("fib", prefixes(group), router(id)),
        }
    }

    /// Where the time went on the way to the last change of forwarding in a window.
    pub(crate) fn phases(&self, window: usize) -> Option<[SimDuration; 4]> {
        let (_, cause) = self.record.windows[window].forwarding?;
        (cause.window == Some(window)).then_some(cause.phases)
    }

    /// How many groups there are.
    pub(super) fn group_ids(&self) -> impl Iterator<Item = GroupId> + use<> {
        (0..self.net.groups.len()).map(GroupId::from_index)
    }
}

const fn up_down(up: bool) -> (&'static str, &'static str) {
    if up { ("down", "up") } else { ("up", "down") }
}
