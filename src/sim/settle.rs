//! How a run starts: settled, as a network that has been running for ever, or cold.
//!
//! Settled: every machine is put into the state to which its configuration settles, layer by
//! layer; then BGP's routes are worked out by the very drivers that run later, before the clock
//! starts; then every periodic timer is put into its stationary phase.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::bgp::SessionEndState;
use super::cause::Causes;
use super::circuits::PortState;
use super::event::{Event, Hello};
use super::fib::FibQueue;
use super::hello::HelloState;
use super::lags::LagEndState;
use super::lsdb::{Lsdb, Lsp};
use super::neighbors::Neighbor;
use super::net::Net;
use super::routers::{Interior, RouterState};
use super::transport::{Connection, Transport};
use super::world::{State, World};
use crate::dataplane::fib::Fib;
use crate::dataplane::specs;
use crate::dataplane::tables::{CircuitTable, LagEndTable, RouterTable, Tables};
use crate::dataplane::traffic::Traffic;
use crate::engine::queue::{LimitError, Limits};
use crate::engine::store::Store;
use crate::ids::{BfdId, CircuitId, End, GroupId, Id, LagId, NetworkId, RouterId, SessionId, Side};
use crate::model::scenario::Start;
use crate::model::topology::{LagKind, Topology};
use crate::proto::bfd;
use crate::proto::bgp::rib::alike::Alike;
use crate::proto::bgp::session::{Fsm, Speaker, State as BgpState};
use crate::proto::igp::{Adjacency, IgpKind, Throttle};
use crate::proto::lacp::{self, Member};
use crate::proto::phy::Port;
use crate::rng::Draws;
use crate::units::{Share, SimDuration, SimTime};

/// How long routing may take to settle before the clock starts.
const SETTLING: SimDuration = SimDuration::from_secs(3_600);
/// How many attempts to connect are made before the clock starts.
const ATTEMPTS: u64 = 64;

impl World {
    /// A world at time zero, before any fault.
    ///
    /// # Errors
    /// When routing does not come to rest within the limits.
    pub(crate) fn new(net: Arc<Net>, start: Start, limits: Limits) -> Result<Self, LimitError> {
        let settled = start == Start::Settled;
        let state = initial_state(&net, settled);
        let tables = initial_tables(&net.topology, &net, settled);
        let mut world = Self::with_state(net, state, tables, limits);
        if settled {
            world.settle()?;
        }
        world.begin_traffic();
        for end in all_ends::<SessionId>(world.net.topology.sessions.len()) {
            if world.state.session_ends[end].fsm.has_too_many() {
                world.record_too_many(end);
            }
        }
        if !settled {
            for router in world.net.topology.routers.ids() {
                world.start_router(router);
            }
        }
        Ok(world)
    }

    fn settle(&mut self) -> Result<(), LimitError> {
        for end in all_ends::<LagId>(self.net.topology.lags.len()) {
            self.settle_lag(end);
        }
        for circuit in self.net.topology.circuits.ids() {
            self.update_delivery(circuit);
            self.member_paths_changed(circuit);
        }
        self.settle_interior();
        for id in self.net.topology.sessions.ids() {
            self.settle_session(id);
        }
        self.rest()?;
        // Those that serve the same one after the other: routers that speak in lockstep may never
        // agree.
        for round in self.rounds() {
            for (router, groups) in round {
                self.originate_groups(router, &groups);
            }
            self.rest()?;
        }
        self.settle_fibs();
        self.alike = Alike::default();
        self.start_clock();
        Ok(())
    }

    /// Who originates what in each round: of the routers that originate a group, the first in the
    /// first, and so on.
    fn rounds(&self) -> Vec<BTreeMap<RouterId, Vec<GroupId>>> {
        let mut rounds: Vec<BTreeMap<RouterId, Vec<GroupId>>> = Vec::new();
        for group in self.group_ids() {
            let routers = self.net.topology.routers.ids();
            let origins = routers.filter(|router| self.own_route(*router, group).is_some());
            for (round, router) in origins.enumerate() {
                if rounds.len() == round {
                    rounds.push(BTreeMap::new());
                }
                rounds[round].entry(router).or_default().push(group);
            }
        }
        rounds
    }

    /// Lets routing come to rest: nothing is left but timers of connection machines, which do not run
    /// before the clock does.
    fn rest(&mut self) -> Result<(), LimitError> {
        self.run_until(self.now + SETTLING)?;
        if self.events().any(|event| !matches!(event, Event::Session(..))) {
            return Err(LimitError::Unsettled { after: SETTLING, busiest: self.busiest() });
        }
        Ok(())
    }

    fn settle_lag(&mut self, end: End<LagId>) {
        let members = self.ports_of(end);
        let eligible = |port: &End<CircuitId>| {
            self.state.ports[*port].lacp.as_ref().is_some_and(Member::eligible)
        };
        let lag = &self.net.topology.lags[end.of].ends[end.side];
        let enough = members.iter().filter(|port| eligible(port)).count() >= lag.min_links as usize;
        self.state.lags.edit(end).selected = lag.lacp.is_none() || enough;
        let table = self.lag_table(end);
        self.tables.lags.edit(end.of)[end.side] = table;
    }

    fn settle_interior(&mut self) {
        for end in all_ends::<LagId>(self.net.topology.lags.len()) {
            let up = Side::BOTH.iter().all(|side| self.tables.lags[end.of][*side].up);
            let config = self.igp_of(end);
            let wanted = self.net.topology.lags[end.of].kind == LagKind::Link
                && config.kind != IgpKind::Static;
            let adjacency = if up { Adjacency::up(config) } else { Adjacency::down(config) };
            *self.state.adjacencies.edit(end) = wanted.then_some(adjacency);
            self.lag_paths_changed(end.of);
        }
        let all: Vec<RouterId> = self.net.topology.routers.ids().collect();
        let mut known: BTreeMap<NetworkId, BTreeMap<RouterId, Arc<Lsp>>> = BTreeMap::new();
        for router in &all {
            let network = self.net.topology.routers[*router].network;
            let lsp = Arc::new(self.own_lsp(*router));
            known.entry(network).or_default().insert(*router, lsp);
        }
        let known: BTreeMap<_, _> =
            known.into_iter().map(|(of, all)| (of, Arc::new(all))).collect();
        for router in &all {
            let network = self.net.topology.routers[*router].network;
            let igp = self.state.igp.edit(*router);
            igp.lsp_sequence = 1;
            igp.lsdb = Lsdb::shared(Arc::clone(&known[&network]));
            let routes = Arc::new(self.routes(*router));
            self.state.igp.edit(*router).routes = routes;
        }
        self.all_internal_paths_changed();
    }

    fn igp_of(&self, end: End<LagId>) -> crate::proto::igp::IgpConfig {
        let topology = &self.net.topology;
        topology.networks[topology.routers[self.net.lag_router(end)].network].igp
    }

    /// A session is up if its ends agree and a path leads both ways; attempts to connect go on
    /// until one of them has found it.
    fn settle_session(&mut self, id: SessionId) {
        let name = self.net.topology.sessions[id].name.clone();
        for attempt in 0..ATTEMPTS {
            self.state.sessions.edit(id).hash = first_hash(&self.net, &name, attempt);
            self.session_paths_changed(id);
            let up = |side| self.state.session_ends[End::new(id, side)].transport.path.up;
            if Side::BOTH.into_iter().all(up) {
                break;
            }
        }
        let paths =
            Side::BOTH.map(|side| self.state.session_ends[End::new(id, side)].transport.path);
        let confirmed = |side| self.strict_bfd(End::new(id, side)) != Some(false);
        let live = paths.iter().all(|path| path.up) && Side::BOTH.into_iter().all(confirmed);
        for side in Side::BOTH {
            let end = End::new(id, side);
            if live {
                let fsm = established(&self.net, end);
                let state = self.state.session_ends.edit(end);
                state.fsm = fsm;
                state.transport.epoch = Some(0);
                self.tell_all(end);
            }
        }
    }

    /// Routing has settled: the clock starts, periodic timers are in their stationary phase.
    fn start_clock(&mut self) {
        self.now = SimTime::ZERO;
        self.cause = Causes::START;
        self.forget_queue();
        for router in self.net.topology.routers.ids() {
            self.let_age_count(router);
        }
        let hellos = self.all_hellos();
        for hello in &hellos {
            self.settle_hello(*hello);
        }
        for end in all_ends::<SessionId>(self.net.topology.sessions.len()) {
            if self.state.session_ends[end].fsm.state() == BgpState::Established {
                // What was heard while routing settled is forgotten.
                let fsm = established(&self.net, end);
                self.state.session_ends.edit(end).fsm = fsm;
                self.stationary_keepalives(end);
            } else {
                self.start_session(end);
            }
        }
        if self.net.eager {
            for hello in hellos {
                self.wake(hello);
            }
            for session in self.net.topology.sessions.ids() {
                self.rouse_session(session);
            }
        }
    }

    fn settle_hello(&mut self, hello: Hello) {
        let Some(rate) = self.hello_rate(hello) else { return };
        self.set_stationary(hello, rate);
        let packet = self.hello_packet(hello);
        let rests = packet.as_ref().is_some_and(|packet| self.absorbs(hello, packet, rate.1));
        if rests && self.hello(hello).path.up {
            self.edit_hello(hello).quiet = packet;
        } else {
            self.queue_next(hello, SimTime::ZERO);
        }
    }

    fn hello_rate(&self, hello: Hello) -> Option<(SimDuration, SimDuration)> {
        match hello {
            Hello::Lacp(port) => self.state.ports[port].lacp.as_ref()?.rate(),
            Hello::Bfd(end) => self.state.bfd[end].as_ref()?.rate(),
            Hello::Igp(end) => self.state.adjacencies[end].as_ref()?.rate(),
        }
    }

    fn all_hellos(&self) -> Vec<Hello> {
        let topology = &self.net.topology;
        let lacp = all_ends::<CircuitId>(topology.circuits.len()).map(Hello::Lacp);
        let bfd = all_ends::<BfdId>(self.net.bfd.len()).map(Hello::Bfd);
        let igp = all_ends::<LagId>(topology.lags.len()).map(Hello::Igp);
        lacp.chain(bfd).chain(igp).collect()
    }

    fn begin_traffic(&mut self) {
        let net = Arc::clone(&self.net);
        let specs = net
            .topology
            .demands
            .ids()
            .map(|demand| specs::demand(&net.topology, (net.seed, demand), &net.group_of))
            .collect();
        let inside = specs::links(&net.topology);
        self.traffic = Some(Traffic::new(specs, &self.tables, inside));
        self.begin_record();
    }
}

/// The machine of a session that has long been established when the clock starts.
fn established(net: &Net, end: End<SessionId>) -> Fsm {
    Fsm::established(speaker(net, end), &speaker(net, end.far()), SimTime::ZERO)
        .jittered(timer_draws(net, end))
}

/// What shortens the timers of an end of a session.
fn timer_draws(net: &Net, end: End<SessionId>) -> Draws {
    Draws::new(net.seed, &format!("timers/{}", net.session_end_name(end)))
}

/// Both ends of so many things.
fn all_ends<I: Id>(count: usize) -> impl Iterator<Item = End<I>> {
    (0..count * 2).map(End::from_index)
}

fn speaker(net: &Net, end: End<SessionId>) -> Speaker {
    let topology = &net.topology;
    let router = net.session_router(end);
    Speaker {
        asn: topology.networks[topology.routers[router].network].asn,
        router_id: topology.routers[router].router_id,
        timers: topology.sessions[end.of].ends[end.side].bgp,
    }
}

fn initial_state(net: &Net, settled: bool) -> State {
    let topology = &net.topology;
    let ends = |count: usize| 0..count * 2;
    let port = |index: usize| initial_port(topology, End::from_index(index), settled);
    State {
        ports: ends(topology.circuits.len()).map(port).collect(),
        lags: ends(topology.lags.len())
            .map(|_| LagEndState { selected: true, short: None, neighbor: Neighbor::Answers })
            .collect(),
        bfd: ends(net.bfd.len()).map(|i| initial_bfd(net, End::from_index(i), settled)).collect(),
        adjacencies: ends(topology.lags.len())
            .map(|index| initial_adjacency(net, End::from_index(index)))
            .collect(),
        session_ends: ends(topology.sessions.len())
            .map(|index| initial_session(net, End::from_index(index)))
            .collect(),
        sessions: topology
            .sessions
            .iter()
            .map(|session| Connection { epoch: 0, hash: first_hash(net, &session.name, 0) })
            .collect(),
        routers: topology.routers.iter().map(|_| initial_router(settled)).collect(),
        igp: topology.routers.ids().map(|router| initial_interior(topology, router)).collect(),
        ribs: net.ribs.iter().cloned().collect(),
        fibs: topology.routers.iter().map(|_| FibQueue::default()).collect(),
        lacp_hellos: ends(topology.circuits.len()).map(|_| HelloState::silent()).collect(),
        bfd_hellos: ends(net.bfd.len()).map(|_| HelloState::silent()).collect(),
        igp_hellos: ends(topology.lags.len()).map(|_| HelloState::silent()).collect(),
    }
}

/// The hash of a session's `attempt`-th connection before the run.
fn first_hash(net: &Net, session: &str, attempt: u64) -> u64 {
    Draws::new(net.seed, &format!("hash/tcp/{session}")).bits(attempt)
}

fn initial_port(topology: &Topology, port: End<CircuitId>, settled: bool) -> PortState {
    let circuit = &topology.circuits[port.of];
    let lag = &topology.lags[circuit.lag];
    let interface = circuit.interfaces[port.side];
    let machine = if settled { Port::up(interface) } else { Port::down(interface) };
    let lacp =
        lag.ends[port.side].lacp.map(|config| match (settled, lag.ends[port.side.other()].lacp) {
            (true, Some(partner)) => Member::running(config, partner),
            (true, None) => defaulted(config),
            (false, _) => Member::disabled(config),
        });
    PortState::new(machine, lacp, settled)
}

/// What a member becomes whose partner does not speak LACP.
fn defaulted(config: lacp::Config) -> Member {
    let mut member = Member::disabled(config);
    let long_ago = SimTime::ZERO - SimDuration::from_secs(86_400);
    let mut out = Vec::new();
    member.handle(long_ago, lacp::Input::PortUp, &mut out);
    if let Some(at) = member.deadline(lacp::Timer::CurrentWhile) {
        member.handle(at, lacp::Input::Expired(lacp::Timer::CurrentWhile), &mut out);
    }
    member
}

fn initial_bfd(net: &Net, end: End<BfdId>, settled: bool) -> Option<bfd::Session> {
    let pair = &net.bfd[end.of];
    let config = pair.ends[end.side]?;
    Some(if settled {
        bfd::Session::running(config, pair.ends[end.side.other()])
    } else {
        bfd::Session::down(config)
    })
}

fn initial_adjacency(net: &Net, end: End<LagId>) -> Option<Adjacency> {
    let topology = &net.topology;
    let config = topology.networks[topology.routers[net.lag_router(end)].network].igp;
    let wanted = topology.lags[end.of].kind == LagKind::Link && config.kind != IgpKind::Static;
    wanted.then(|| Adjacency::down(config))
}

fn initial_session(net: &Net, end: End<SessionId>) -> SessionEndState {
    let peer = speaker(net, end.far());
    SessionEndState {
        fsm: Fsm::new(speaker(net, end), peer.asn).jittered(timer_draws(net, end)),
        transport: Transport::idle(),
        tells: false,
        pending: super::pending::Pending::default(),
        mrai_until: None,
        mrai_waits: 0,
        up_since: None,
        told_restart: false,
        told_all: false,
        stale: None,
        damped: super::damping::Damped::new(),
        received: std::collections::BTreeSet::new(),
    }
}

fn initial_router(up: bool) -> RouterState {
    RouterState {
        up,
        power_losses: 0,
        boot_at: None,
        crashed_until: SimTime::ZERO,
        booted_at: None,
        deferral: BTreeMap::new(),
        next_hops_at: None,
        cpu: std::collections::VecDeque::new(),
        cpu_done_at: None,
        pacing: super::pacing::Pacing::default(),
        untold: super::pending::Pending::default(),
        undecided: std::collections::BTreeSet::new(),
        unrest: BTreeMap::new(),
        restless_until: SimTime::ZERO,
        pauses: 0,
    }
}

fn initial_interior(topology: &Topology, router: RouterId) -> Interior {
    Interior {
        lsp_sequence: 0,
        lsdb: Lsdb::default(),
        throttle: Throttle::new(&topology.networks[topology.routers[router].network].igp),
        spf_at: None,
        reroute_at: BTreeMap::new(),
        routes: Arc::default(),
        routed: None,
    }
}

fn initial_tables(topology: &Topology, net: &Net, up: bool) -> Tables {
    let dead = CircuitTable {
        delivers: false,
        loss: Share::ZERO,
        delay: SimDuration::ZERO,
        speed: crate::units::BitRate::ZERO,
    };
    let table = |router: RouterId| RouterTable {
        up,
        hung: false,
        stateful: topology.routers[router].stateful,
        lost: std::collections::BTreeSet::new(),
        filters: std::collections::BTreeSet::new(),
        fib: Fib::new(net.groups.len()),
    };
    let mut routers: Store<RouterId, RouterTable> = topology.routers.ids().map(table).collect();
    for (id, group) in net.groups.iter_ids() {
        for router in &group.served_by {
            routers.edit(*router).fib.serve(id, true);
        }
    }
    Tables {
        routers,
        lags: topology
            .lags
            .iter()
            .map(|_| [LagEndTable::default(), LagEndTable::default()])
            .collect(),
        ends: topology.lags.iter().map(|l| [l.ends[0].router, l.ends[1].router]).collect(),
        shaping: topology.lags.iter().map(|lag| lag.ends.each_ref().map(specs::shaping)).collect(),
        members: topology.lags.iter().map(|lag| lag.circuits.clone()).collect(),
        circuits: topology.circuits.iter().map(|_| [dead; 2]).collect(),
        covers: net.groups.iter().map(|group| group.cover).collect(),
        severed: std::collections::BTreeSet::new(),
        names: specs::names(topology),
    }
}
