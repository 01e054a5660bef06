//! What the commands of a scenario do, and when.

use super::effects::session_ends;
use super::plan::{Effect, Operator};
use crate::ids::{End, LagId, PrefixId, RouterId, SessionId, Side};
use crate::model::hits::whole_chassis;
use crate::model::scenario::Command;
use crate::model::topology::{LagKind, SessionKind, Topology};
use crate::units::SimDuration;

/// Effects of a command, and how long after it they begin.
pub(super) fn effects(topology: &Topology, command: &Command) -> Vec<(SimDuration, Effect)> {
    let mut then = None;
    let mut at_once = Vec::new();
    match command {
        Command::Withdraw { prefixes, routers } => {
            let at = |router| routers.as_ref().is_none_or(|all| all.contains(&router));
            at_once.push(Operator::Withdraw(serving(topology, prefixes, at)));
        }
        Command::ServiceDown { prefixes, sites } => {
            let site = |router: RouterId| topology.routers[router].site;
            let at = |router| sites.as_ref().is_none_or(|all| all.contains(&site(router)));
            at_once.push(Operator::Unserve(serving(topology, prefixes, at)));
        }
        Command::Announce { prefixes, routers } => {
            let pairs = prefixes.iter().flat_map(|p| routers.iter().map(|router| (*router, *p)));
            at_once.push(Operator::Announce(pairs.collect()));
        }
        Command::Leak { sessions, router } => {
            at_once.push(Operator::Leak(session_ends(topology, sessions, *router)));
        }
        Command::PolicyEdit { sessions, router, import, edit } => {
            let ends = session_ends(topology, sessions, *router);
            at_once.push(Operator::Edit(ends, *import, edit.clone()));
        }
        Command::GracefulShutdown { sessions, router, wait, cease } => {
            let ends = session_ends(topology, sessions, *router);
            at_once.push(Operator::Soon(ends.clone()));
            then = cease.then_some((*wait, Effect::Shutdown(ends)));
        }
        Command::Maintenance { routers, lags, drain, .. } => {
            return maintenance(topology, routers, lags, *drain);
        }
        Command::FlowspecDrop { prefixes, bgp, routers } => {
            let pairs = prefixes.iter().flat_map(|p| routers.iter().map(|router| (*router, *p)));
            at_once.push(Operator::Filter(pairs.collect()));
            at_once.extend(bgp.then(|| Operator::FilterBgp(routers.clone())));
        }
        Command::PeeringState { connections, active, .. } => {
            at_once.push(Operator::Service(connections.clone(), *active));
        }
        Command::Drain { routers, wait, cease } => {
            let ends = external_ends(topology, routers);
            at_once.push(Operator::Soon(ends.clone()));
            at_once.push(Operator::Overload(routers.clone()));
            then = cease.then_some((*wait, Effect::Shutdown(ends)));
        }
    }
    let at_once =
        at_once.into_iter().map(|operator| (SimDuration::ZERO, Effect::Operator(operator)));
    at_once.chain(then).collect()
}

/// Routers are switched off and circuits taken away, after the sessions over them were shut down
/// gracefully.
fn maintenance(
    topology: &Topology,
    routers: &[RouterId],
    lags: &[LagId],
    drain: Option<SimDuration>,
) -> Vec<(SimDuration, Effect)> {
    let circuits = lags.iter().flat_map(|lag| topology.lags[*lag].circuits.iter().copied());
    let ports = circuits.flat_map(|circuit| Side::BOTH.map(|side| End::new(circuit, side)));
    let work = [Effect::Cut(ports.collect()), Effect::Power(whole_chassis(topology, routers))];
    let Some(drain) = drain else {
        return work.map(|effect| (SimDuration::ZERO, effect)).to_vec();
    };
    let mut ends = external_ends(topology, routers);
    let sessions = lags.iter().flat_map(|lag| topology.lags[*lag].sessions.iter().copied());
    ends.extend(sessions.map(|session| End::new(session, Side::A)));
    ends.sort_unstable();
    ends.dedup();
    let inside = |lag: &&LagId| topology.lags[**lag].kind == LagKind::Link;
    let links = lags.iter().filter(inside).copied().collect();
    let gently = [
        Operator::Soon(ends.clone()),
        Operator::Overload(routers.to_vec()),
        Operator::CostOut(links),
    ];
    let gently = gently.map(|operator| (SimDuration::ZERO, Effect::Operator(operator)));
    let last = [Effect::Shutdown(ends)].into_iter().chain(work).map(|effect| (drain, effect));
    gently.into_iter().chain(last).collect()
}

/// The external ends at some routers.
fn external_ends(topology: &Topology, routers: &[RouterId]) -> Vec<End<SessionId>> {
    let external = topology.sessions.iter_ids().filter(|(_, s)| s.kind != SessionKind::Internal);
    let ends = external.flat_map(|(id, _)| Side::BOTH.map(|side| End::new(id, side)));
    ends.filter(|end| routers.contains(&topology.sessions[end.of].ends[end.side].router)).collect()
}

/// Every router that serves a prefix and is among `at`.
fn serving(
    topology: &Topology,
    prefixes: &[PrefixId],
    at: impl Fn(RouterId) -> bool,
) -> Vec<(RouterId, PrefixId)> {
    let of = |prefix: &PrefixId| {
        let prefix = *prefix;
        topology.prefixes[prefix].served_by.iter().map(move |router| (*router, prefix))
    };
    prefixes.iter().flat_map(of).filter(|(router, _)| at(*router)).collect()
}

/// Names of what a command is about.
pub(super) fn targets(topology: &Topology, command: &Command) -> Vec<String> {
    match command {
        Command::Withdraw { prefixes, .. }
        | Command::Announce { prefixes, .. }
        | Command::ServiceDown { prefixes, .. } => {
            prefixes.iter().map(|id| topology.prefixes[*id].prefix.to_string()).collect()
        }
        Command::FlowspecDrop { prefixes, bgp, .. } => {
            let names = prefixes.iter().map(|id| topology.prefixes[*id].prefix.to_string());
            names.chain(bgp.then(|| "bgp".to_owned())).collect()
        }
        Command::Leak { sessions, .. }
        | Command::PolicyEdit { sessions, .. }
        | Command::GracefulShutdown { sessions, .. } => {
            sessions.iter().map(|id| topology.sessions[*id].name.clone()).collect()
        }
        Command::Maintenance { domains, .. } => domains.clone(),
        Command::PeeringState { peerings, .. } => peerings.clone(),
        Command::Drain { routers, .. } => {
            routers.iter().map(|id| topology.routers[*id].name.clone()).collect()
        }
    }
}
