//! What each kind of fault does to the world.
//!
//! # Departures
//! * `traffic_growth` comes in a hundred steps, each as high as an even growth is half-way through
//!   it.
//! * A site without power has routers without power. The equipment of carriers at the site, of its
//!   waves and of spans that pass through, has power of its own; `site_isolate` cuts what ends at
//!   the site, `metro_outage` also every span that ends in the metro.

use super::orders;
use super::plan::Effect;
use super::processes::Agent;
use crate::ids::{
    CardId, CircuitId, DemandId, End, FeedId, MetroId, RouterId, SessionId, Side, SiteId, SpanId,
    SrlgId, ZoneId,
};
use crate::model::hits::{self, fabric_ports, members, routers_in, ways, whole_chassis};
use crate::model::scenario::{Daemon, Fault, FaultKind};
use crate::model::topology::{Router, Topology};
use crate::units::SimDuration;

/// Effects, and how long after the fault begins.
pub(super) fn effects(topology: &Topology, fault: &Fault) -> Vec<(SimDuration, Effect)> {
    if let FaultKind::Command(command) = &fault.kind {
        return orders::effects(topology, command);
    }
    if let FaultKind::CoolingFail { sites, after } = &fault.kind {
        return vec![(*after, Effect::Power(routers_in(topology, sites)))];
    }
    if let FaultKind::TrafficGrowth { demands, factor_ppb, over } = &fault.kind {
        return growth(demands, *factor_ppb, *over);
    }
    immediate(topology, fault).into_iter().map(|effect| (SimDuration::ZERO, effect)).collect()
}

/// Growth comes in this many steps.
const GROWTH_STEPS: u64 = 100;

/// Each step takes the place of the one before, with the rate that an even growth has half-way
/// through it; the last is the whole growth.
fn growth(demands: &[DemandId], factor: u64, over: SimDuration) -> Vec<(SimDuration, Effect)> {
    let (one, halves) = (1_000_000_000, 2 * GROWTH_STEPS);
    let at = |step: u64| {
        let half = (2 * step + 1).min(halves);
        let now = (one * (halves - half) + factor * half) / halves;
        (over.scaled(step, GROWTH_STEPS), Effect::Surge(demands.to_vec(), now))
    };
    (0..=GROWTH_STEPS).map(at).collect()
}

/// Effects that begin with the fault.
fn immediate(topology: &Topology, fault: &Fault) -> Vec<Effect> {
    match &fault.kind {
        FaultKind::CircuitCut { circuits, toward } => cut(topology, circuits, *toward),
        FaultKind::CircuitSilent { circuits, toward } => silence(topology, circuits, *toward),
        FaultKind::CircuitDegrade { circuits, toward, loss, delay } => {
            vec![Effect::Degrade(ways(topology, circuits, *toward), *loss, *delay)]
        }
        FaultKind::CircuitFlap { circuits, .. } => cut(topology, circuits, None),
        FaultKind::OpticFail { circuits, router } => {
            let at = |port: &End<CircuitId>| topology.circuit_router(port.of, port.side) == *router;
            vec![Effect::Dead(ways(topology, circuits, None).into_iter().filter(at).collect())]
        }
        FaultKind::LacpForeign { circuits, toward, every } => {
            let ports = ways(topology, circuits, *toward).into_iter().map(End::far);
            let ports = speaking(topology, ports);
            vec![Effect::Foreign { ports, every: *every }]
        }
        FaultKind::WrongPatch(circuits) => vec![wrong_patch(topology, *circuits)],
        FaultKind::FabricFail(exchanges) => vec![Effect::Dead(fabric_ports(topology, exchanges))],
        FaultKind::FabricPartition { between, .. } => vec![Effect::Sever(*between)],
        FaultKind::FabricLoop { exchanges, loss } => {
            vec![Effect::Degrade(fabric_ports(topology, exchanges), *loss, SimDuration::ZERO)]
        }
        FaultKind::PniCut { pnis, toward } => cut(topology, &members(topology, pnis), *toward),
        FaultKind::PniSilent { pnis, toward } => {
            silence(topology, &members(topology, pnis), *toward)
        }
        FaultKind::SpanCut(spans) => vec![span_cut(topology, spans)],
        FaultKind::SrlgFail(srlgs) => srlg_fail(topology, srlgs),
        FaultKind::CardFail(cards) => vec![Effect::Dead(hits::on_cards(topology, cards))],
        FaultKind::RouterPowerOff(routers) => vec![Effect::Power(whole_chassis(topology, routers))],
        FaultKind::RouterCrash(routers) => vec![Effect::Crash(routers.clone(), fault.lasts)],
        FaultKind::FeedFail(feeds) => vec![Effect::Feed(feeds.clone())],
        FaultKind::PowerZoneFail(zones) => {
            let inside = |router: &Router| router.zone.is_some_and(|zone| zones.contains(&zone));
            let routers = topology.routers.iter_ids().filter(|(_, router)| inside(router));
            vec![Effect::Power(routers.map(|(id, _)| id).collect())]
        }
        FaultKind::SitePower(sites) => vec![Effect::Power(routers_in(topology, sites))],
        FaultKind::MetroOutage(metros) => metro_outage(topology, metros),
        FaultKind::SessionReset { sessions, router } => {
            vec![Effect::Reset(session_ends(topology, sessions, *router))]
        }
        FaultKind::AdminShutdown { sessions, router } => {
            vec![Effect::Shutdown(session_ends(topology, sessions, *router))]
        }
        FaultKind::SiteIsolate(sites) => vec![site_isolate(topology, sites)],
        FaultKind::Command(_) | FaultKind::CoolingFail { .. } | FaultKind::TrafficGrowth { .. } => {
            Vec::new()
        }
        FaultKind::ForwardingHang(routers) => vec![Effect::Hang(routers.clone())],
        FaultKind::FibStuck(routers) => vec![Effect::Stick(routers.clone())],
        FaultKind::ControlPlaneHang(routers) => {
            vec![Effect::Stop {
                routers: routers.clone(),
                agents: Agent::ALL.to_vec(),
                kill: false,
            }]
        }
        FaultKind::Process { routers, daemons, kill } => {
            let agents = daemons.iter().flat_map(|daemon| agents_of(*daemon)).copied().collect();
            vec![Effect::Stop { routers: routers.clone(), agents, kill: *kill }]
        }
        FaultKind::TrafficSurge { demands, factor_ppb } => {
            vec![Effect::Surge(demands.clone(), *factor_ppb)]
        }
    }
}

/// What a daemon does.
const fn agents_of(daemon: Daemon) -> &'static [Agent] {
    match daemon {
        Daemon::Bgpd => &[Agent::Bgp],
        Daemon::Bfdd => &[Agent::Bfd],
        Daemon::Zebra => &[Agent::Fib],
        Daemon::Bird => &[Agent::Bird, Agent::Bgp, Agent::Igp, Agent::Bfd],
    }
}

fn cut(topology: &Topology, circuits: &[CircuitId], toward: Option<RouterId>) -> Vec<Effect> {
    vec![Effect::Cut(ways(topology, circuits, toward))]
}

fn silence(topology: &Topology, circuits: &[CircuitId], toward: Option<RouterId>) -> Vec<Effect> {
    vec![Effect::Silence(ways(topology, circuits, toward))]
}

/// Those ports that speak LACP.
fn speaking(
    topology: &Topology,
    ports: impl Iterator<Item = End<CircuitId>>,
) -> Vec<End<CircuitId>> {
    let lag = |port: &End<CircuitId>| &topology.lags[topology.circuits[port.of].lag];
    ports.filter(|port| lag(port).ends[port.side].lacp.is_some()).collect()
}

/// Two circuits change places where they meet.
fn wrong_patch(topology: &Topology, circuits: [CircuitId; 2]) -> Effect {
    let [one, other] = circuits;
    let pairs = || {
        let sides =
            [(Side::A, Side::A), (Side::B, Side::B), (Side::A, Side::B), (Side::B, Side::A)];
        sides.map(|(a, b)| [End::new(one, a), End::new(other, b)])
    };
    let router = |port: End<CircuitId>| topology.circuit_router(port.of, port.side);
    let site = |port: End<CircuitId>| topology.routers[router(port)].site;
    let at_router = pairs().into_iter().find(|[a, b]| router(*a) == router(*b));
    let at_site = pairs().into_iter().find(|[a, b]| site(*a) == site(*b));
    let swap = at_router.or(at_site).unwrap_or_else(|| circuits.map(|of| End::new(of, Side::A)));
    Effect::Patch { ports: ways(topology, &circuits, None), swap }
}

fn span_cut(topology: &Topology, spans: &[SpanId]) -> Effect {
    Effect::Cut(ways(topology, &hits::through(topology, spans), None))
}

fn metro_outage(topology: &Topology, metros: &[MetroId]) -> Vec<Effect> {
    let sites = hits::sites_in(topology, metros);
    let spans = hits::spans_of(topology, &sites);
    vec![Effect::Power(routers_in(topology, &sites)), span_cut(topology, &spans)]
}

/// All circuits that leave one of the sites.
fn site_isolate(topology: &Topology, sites: &[SiteId]) -> Effect {
    let leaves = |circuit: &CircuitId| {
        let site = |side| topology.routers[topology.circuit_router(*circuit, side)].site;
        let [one, other] = Side::BOTH.map(site);
        one != other && (sites.contains(&one) || sites.contains(&other))
    };
    let circuits: Vec<CircuitId> = topology.circuits.ids().filter(leaves).collect();
    Effect::Cut(ways(topology, &circuits, None))
}

fn srlg_fail(topology: &Topology, srlgs: &[SrlgId]) -> Vec<Effect> {
    let (circuits, feeds) = hits::sharing(topology, srlgs);
    vec![Effect::Cut(ways(topology, &circuits, None)), Effect::Feed(feeds)]
}

pub(super) fn session_ends(
    topology: &Topology,
    sessions: &[SessionId],
    router: Option<RouterId>,
) -> Vec<End<SessionId>> {
    let end = |session: &SessionId| {
        let second = topology.sessions[*session].ends[Side::B].router;
        let side = if router == Some(second) { Side::B } else { Side::A };
        End::new(*session, side)
    };
    sessions.iter().map(end).collect()
}

pub(super) fn kind_name(kind: &FaultKind) -> &'static str {
    match kind {
        FaultKind::CircuitCut { .. } => "circuit_cut",
        FaultKind::CircuitSilent { .. } => "circuit_silent",
        FaultKind::CircuitDegrade { .. } => "circuit_degrade",
        FaultKind::CircuitFlap { .. } => "circuit_flap",
        FaultKind::OpticFail { .. } => "optic_fail",
        FaultKind::FabricFail(_) | FaultKind::FabricPartition { .. } => "fabric_fail",
        FaultKind::FabricLoop { .. } => "fabric_loop",
        FaultKind::LacpForeign { .. } => "lacp_foreign",
        FaultKind::WrongPatch(_) => "wrong_patch",
        FaultKind::PniCut { .. } => "pni_cut",
        FaultKind::PniSilent { .. } => "pni_silent",
        FaultKind::SpanCut(_) => "span_cut",
        FaultKind::SrlgFail(_) => "srlg_fail",
        FaultKind::CardFail(_) => "card_fail",
        FaultKind::RouterPowerOff(_) => "router_power_off",
        FaultKind::RouterCrash(_) => "router_crash",
        FaultKind::FeedFail(_) => "feed_fail",
        FaultKind::SitePower(_) => "site_power",
        FaultKind::PowerZoneFail(_) => "power_zone_fail",
        FaultKind::CoolingFail { .. } => "cooling_fail",
        FaultKind::MetroOutage(_) => "metro_outage",
        FaultKind::SessionReset { .. } => "session_reset",
        FaultKind::AdminShutdown { .. } => "admin_shutdown",
        FaultKind::SiteIsolate(_) => "site_isolate",
        FaultKind::ForwardingHang(_) => "forwarding_hang",
        FaultKind::FibStuck(_) => "fib_stuck",
        FaultKind::ControlPlaneHang(_) => "control_plane_hang",
        FaultKind::Process { kill: true, .. } => "process_kill",
        FaultKind::Process { kill: false, .. } => "process_freeze",
        FaultKind::Command(command) => command.as_str(),
        FaultKind::TrafficSurge { .. } => "traffic_surge",
        FaultKind::TrafficGrowth { .. } => "traffic_growth",
    }
}

pub(super) fn targets(topology: &Topology, kind: &FaultKind) -> String {
    let names: Vec<String> = match kind {
        FaultKind::Command(command) => orders::targets(topology, command),
        FaultKind::CircuitCut { circuits, .. }
        | FaultKind::CircuitSilent { circuits, .. }
        | FaultKind::CircuitDegrade { circuits, .. }
        | FaultKind::CircuitFlap { circuits, .. }
        | FaultKind::LacpForeign { circuits, .. }
        | FaultKind::OpticFail { circuits, .. } => {
            circuits.iter().map(|id| topology.circuits[*id].name.clone()).collect()
        }
        FaultKind::PniCut { pnis, .. } | FaultKind::PniSilent { pnis, .. } => {
            pnis.iter().map(|id| topology.lags[*id].name.clone()).collect()
        }
        FaultKind::FabricFail(ids) | FaultKind::FabricLoop { exchanges: ids, .. } => {
            ids.iter().map(|id| topology.exchanges[*id].name.clone()).collect()
        }
        FaultKind::FabricPartition { exchange, .. } => vec![exchange.clone()],
        FaultKind::WrongPatch(circuits) => {
            circuits.iter().map(|id| topology.circuits[*id].name.clone()).collect()
        }
        FaultKind::PowerZoneFail(ids) => {
            let name = |id: &ZoneId| {
                let zone = &topology.zones[*id];
                format!("{}/{}", topology.sites[zone.site].name, zone.name)
            };
            ids.iter().map(name).collect()
        }
        FaultKind::SpanCut(ids) => ids.iter().map(|id| topology.spans[*id].name.clone()).collect(),
        FaultKind::SrlgFail(ids) => ids.iter().map(|id| topology.srlgs[*id].name.clone()).collect(),
        FaultKind::CardFail(ids) => {
            let name = |id: &CardId| {
                let card = &topology.cards[*id];
                format!("{}/{}", topology.routers[card.router].name, card.name)
            };
            ids.iter().map(name).collect()
        }
        FaultKind::RouterPowerOff(ids)
        | FaultKind::RouterCrash(ids)
        | FaultKind::ForwardingHang(ids)
        | FaultKind::FibStuck(ids)
        | FaultKind::ControlPlaneHang(ids)
        | FaultKind::Process { routers: ids, .. } => {
            ids.iter().map(|id| topology.routers[*id].name.clone()).collect()
        }
        FaultKind::FeedFail(ids) => {
            let name = |id: &FeedId| {
                let feed = &topology.feeds[*id];
                format!("{}/{}", topology.sites[feed.site].name, feed.name)
            };
            ids.iter().map(name).collect()
        }
        FaultKind::SitePower(ids)
        | FaultKind::SiteIsolate(ids)
        | FaultKind::CoolingFail { sites: ids, .. } => {
            ids.iter().map(|id| topology.sites[*id].name.clone()).collect()
        }
        FaultKind::MetroOutage(ids) => {
            ids.iter().map(|id| topology.metros[*id].name.clone()).collect()
        }
        FaultKind::SessionReset { sessions, .. } | FaultKind::AdminShutdown { sessions, .. } => {
            sessions.iter().map(|id| topology.sessions[*id].name.clone()).collect()
        }
        FaultKind::TrafficSurge { demands, .. } | FaultKind::TrafficGrowth { demands, .. } => {
            demands.iter().map(|id| topology.demands[*id].name.clone()).collect()
        }
    };
    names.join(", ")
}
