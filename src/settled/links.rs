//! Circuits and LAG ends: what their machines come to once all of their timers have run.
//!
//! Interfaces follow light and Remote Fault (IEEE 802.3 clauses 46 and 81). With LACP at both ends
//! (IEEE 802.1AX) a member carries traffic where each end hears the other, and each end has at least
//! `min_links` of such members; an end that hears nobody stays out. Micro-BFD (RFC 7130) asks for both
//! ways too. A static end trusts its interface alone.

use super::faults::Physical;
use crate::dataplane::tables::{CircuitTable, LagEndTable};
use crate::engine::store::Store;
use crate::ids::{CircuitId, End, LagId, Side};
use crate::model::topology::{Lag, Topology, Transport};
use crate::proto::lacp::Mode;
use crate::units::Share;

/// What circuits deliver and LAG ends do.
#[derive(Clone, Debug)]
pub(super) struct Links {
    /// By sending side.
    pub(super) circuits: Store<CircuitId, [CircuitTable; 2]>,
    /// By end.
    pub(super) lags: Store<LagId, [LagEndTable; 2]>,
}

/// Ports in the light they are in.
struct Optics<'a> {
    topology: &'a Topology,
    physical: &'a Physical,
}

impl Optics<'_> {
    /// Whether what is put in at a port comes out at the other end.
    fn carries(&self, port: End<CircuitId>) -> bool {
        let protected = match self.topology.circuits[port.of].transport {
            Transport::Passive => false,
            Transport::Wave { protection, .. } => protection.is_some(),
        };
        self.physical.laser_on(self.topology, port) && (!self.physical.cut[port] || protected)
    }

    /// Whether good light reaches a port.
    fn lit(&self, port: End<CircuitId>) -> bool {
        let kept_on = match self.topology.circuits[port.of].transport {
            Transport::Passive => false,
            Transport::Wave { signal_forwarding, .. } => !signal_forwarding,
        };
        !self.physical.dead[port] && (kept_on || self.carries(port.far()))
    }

    /// Whether the far end of a port sends Remote Fault that arrives.
    fn hears_fault(&self, port: End<CircuitId>) -> bool {
        let far = port.far();
        !self.lit(far) && self.carries(far) && !self.physical.silent[far]
    }

    fn interface_up(&self, port: End<CircuitId>) -> bool {
        self.physical.laser_on(self.topology, port) && self.lit(port) && !self.hears_fault(port)
    }

    /// Whether frames that a port sends are taken in at the other.
    fn delivers(&self, port: End<CircuitId>) -> bool {
        self.interface_up(port)
            && !self.physical.silent[port]
            && self.carries(port)
            && self.interface_up(port.far())
    }
}

/// One member at one end, beside the other.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Copy, Default)]
struct Member {
    up: bool,
    /// Frames of the other end arrive.
    hears: bool,
    /// LACPDUs of the other end do.
    eligible: bool,
    /// Micro-BFD allows its use.
    watched: bool,
}

impl Links {
    pub(super) fn of(topology: &Topology, physical: &Physical) -> Self {
        let circuit = |(id, circuit): (CircuitId, &crate::model::topology::Circuit)| {
            let delivers = delivers(topology, physical, id);
            Side::BOTH.map(|side| CircuitTable {
                delivers: delivers[side],
                loss: Share::ZERO,
                delay: circuit.length.propagation(),
                speed: circuit.speed,
            })
        };
        let circuits = topology.circuits.iter_ids().map(circuit).collect();
        let lags = topology.lags.ids().map(|lag| ends(topology, physical, lag)).collect();
        Self { circuits, lags }
    }
}

/// Whether frames that each side of a circuit sends are taken in at the other.
pub(super) fn delivers(topology: &Topology, physical: &Physical, circuit: CircuitId) -> [bool; 2] {
    let optics = Optics { topology, physical };
    Side::BOTH.map(|side| optics.delivers(End::new(circuit, side)))
}

/// What the ends of a LAG do.
pub(super) fn ends(topology: &Topology, physical: &Physical, lag: LagId) -> [LagEndTable; 2] {
    lag_ends(&Optics { topology, physical }, &topology.lags[lag])
}

fn lag_ends(optics: &Optics<'_>, lag: &Lag) -> [LagEndTable; 2] {
    let members: Vec<[Member; 2]> =
        lag.circuits.iter().map(|circuit| member(optics, lag, *circuit)).collect();
    let selected = Side::BOTH.map(|side| {
        let counts = members.iter().filter(|both| both[side].eligible && both[side].watched);
        lag.ends[side].lacp.is_none() || counts.count() >= lag.ends[side].min_links as usize
    });
    Side::BOTH.map(|side| {
        let end = &lag.ends[side];
        let mut table = LagEndTable::default();
        for (circuit, both) in lag.circuits.iter().zip(&members) {
            let joined = both.iter().all(|member| member.eligible) && selected == [true; 2];
            if both[side].up && (end.lacp.is_none() || joined) {
                table.collecting.push(*circuit);
                if both[side].watched {
                    table.distributing.push(*circuit);
                }
            }
        }
        table.up = table.distributing.len() >= end.min_links as usize;
        table
    })
}

fn member(optics: &Optics<'_>, lag: &Lag, circuit: CircuitId) -> [Member; 2] {
    let port = |side| End::new(circuit, side);
    let mut both = Side::BOTH.map(|side| Member {
        up: optics.interface_up(port(side)),
        hears: optics.delivers(port(side).far()),
        ..Member::default()
    });
    let active = Side::BOTH.map(|side| lag.ends[side].lacp.is_some_and(|l| l.mode == Mode::Active));
    let lacp = lag.ends.iter().all(|end| end.lacp.is_some());
    let micro = Side::BOTH.map(|side| lag.ends[side].micro_bfd.is_some());
    for side in Side::BOTH {
        let far = side.other();
        // A passive end speaks once it hears an active one.
        let speaks = active[far] || (active[side] && both[far].hears);
        both[side].eligible = lacp && speaks && both[side].hears;
        both[side].watched =
            !micro[side] || (micro[far] && both[Side::A].hears && both[Side::B].hears);
    }
    both
}
