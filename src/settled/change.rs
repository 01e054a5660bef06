//! How a world with failures in it differs from the whole one, up to LAGs.

use super::faults::Physical;
use super::links;
use crate::dataplane::tables::{LagEndTable, Tables};
use crate::ids::{End, Id, LagId, RouterId, SessionId, Side};
use crate::model::topology::Topology;

/// All that routing and traffic see of failures.
#[derive(Clone, Debug)]
pub(super) struct Change {
    /// Routers that do not run, or forward nothing.
    pub(super) routers: Vec<RouterId>,
    /// LAGs whose ends or members do something else.
    pub(super) lags: Vec<LagChange>,
    /// Session ends that are shut.
    pub(super) shut: Vec<End<SessionId>>,
}

/// What a LAG does now.
#[derive(Clone, Debug)]
pub(super) struct LagChange {
    pub(super) lag: LagId,
    pub(super) ends: [LagEndTable; 2],
    /// By member and sending side: whether frames arrive.
    pub(super) delivers: Vec<[bool; 2]>,
}

/// What faults do to the physical world, as far as routing and traffic see it: where effects are
/// equal, outcomes are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Effect(Vec<u32>);

impl Change {
    /// How this world differs from the whole one with these tables.
    pub(super) fn of(topology: &Topology, physical: &Physical, whole: &Tables) -> Self {
        let stands = |router: &RouterId| physical.running[*router] && !physical.hung[*router];
        let routers = topology.routers.ids().filter(|router| !stands(router)).collect();
        let concerned = |lag: &LagId| {
            let lag = &topology.lags[*lag];
            let odd =
                |port: End<_>| physical.cut[port] || physical.silent[port] || physical.dead[port];
            let port = |circuit| Side::BOTH.into_iter().any(|side| odd(End::new(circuit, side)));
            lag.ends.iter().any(|end| !physical.running[end.router])
                || lag.circuits.iter().any(|circuit| port(*circuit))
        };
        let changed = |lag: LagId| {
            let circuits = topology.lags[lag].circuits.iter();
            let delivers = |circuit| links::delivers(topology, physical, circuit);
            let change = LagChange {
                lag,
                ends: links::ends(topology, physical, lag),
                delivers: circuits.clone().map(|circuit| delivers(*circuit)).collect(),
            };
            let known = circuits
                .map(|circuit| Side::BOTH.map(|side| whole.circuits[*circuit][side].delivers));
            let same = change.ends == whole.lags[lag] && known.eq(change.delivers.iter().copied());
            (!same).then_some(change)
        };
        Self {
            routers,
            lags: topology.lags.ids().filter(concerned).filter_map(changed).collect(),
            shut: physical.shut.iter_ids().filter(|(_, shut)| **shut).map(|(end, _)| end).collect(),
        }
    }

    /// The same as a row of numbers.
    pub(super) fn effect(&self, physical: &Physical) -> Effect {
        let number = |index: usize| u32::try_from(index).expect("ids are far below 2^32");
        let mut row = vec![number(self.routers.len()), number(self.lags.len())];
        for router in &self.routers {
            let state =
                u32::from(physical.running[*router]) + 2 * u32::from(physical.hung[*router]);
            row.extend([number(router.index()), state]);
        }
        for LagChange { lag, ends, delivers } in &self.lags {
            row.push(number(lag.index()));
            for end in ends {
                row.push(u32::from(end.up));
                for members in [&end.distributing, &end.collecting] {
                    row.push(number(members.len()));
                    row.extend(members.iter().map(|circuit| number(circuit.index())));
                }
            }
            for both in delivers {
                row.push(u32::from(both[0]) + 2 * u32::from(both[1]));
            }
        }
        row.extend(self.shut.iter().map(|end| number(end.index())));
        Effect(row)
    }
}
