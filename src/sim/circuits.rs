//! Glass, light and frames: what faults do to circuits and how the ports at their ends see it.
//!
//! # Departures
//! * A cut lies at the receiving end: light is lost there at the instant of the fault, and frames
//!   under way are lost.
//! * A carrier's protection switches once per cut and returns without loss when the cut is mended.
//! * Remote Fault crosses a carrier's wave as it crosses glass (transparent mapping).

use super::event::Event;
use super::hello::PathView;
use super::lags::Trust;
use super::world::World;
use crate::dataplane::tables::CircuitTable;
use crate::ids::{CircuitId, End, Side};
use crate::model::topology::Transport;
use crate::proto::lacp;
use crate::proto::phy::{self, Port};
use crate::units::{Share, SimDuration};

/// A port, its interface, its LACP member and what is wrong on its way out.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about the light")]
#[derive(Clone, Debug)]
pub(crate) struct PortState {
    /// The interface machine.
    pub(crate) machine: Port,
    /// The LACP member, unless the LAG is static at this end.
    pub(crate) lacp: Option<lacp::Member>,
    /// Whether router and card are alive: the laser is on.
    pub(crate) powered: bool,
    /// Faults that keep the card or optic dead.
    pub(crate) dead: u32,
    /// Cuts of the fibre (or of the carrier's line) that leaves here.
    pub(crate) cuts: u32,
    /// Faults that take frames, not light, on the way out.
    pub(crate) silences: u32,
    /// Faults by which LACPDUs of other systems arrive here, and how far apart.
    pub(crate) foreign: Vec<(usize, SimDuration)>,
    /// Whether the LAG may send traffic on it.
    pub(crate) trust: Trust,
    /// Random loss and added delay on the way out, by fault.
    pub(crate) degradations: Vec<(usize, Share, SimDuration)>,
    /// The carrier's protection carries the way out.
    pub(crate) protected: bool,
    /// The carrier has turned its client laser towards this port off.
    pub(crate) client_off: bool,
    /// Counts changes of the line towards this port; stale carrier events differ.
    pub(crate) line_generation: u32,
    /// Whether the line towards this port was seen lost.
    pub(crate) line_lost: bool,
    /// Whether this port's Remote Fault is on its way to or at the far end.
    pub(crate) announced_fault: bool,
    /// Counts changes of the Remote Fault that arrives here.
    pub(crate) fault_generation: u32,
}

impl PortState {
    /// A port in this state with nothing wrong.
    pub(crate) const fn new(machine: Port, lacp: Option<lacp::Member>, powered: bool) -> Self {
        Self {
            machine,
            lacp,
            powered,
            dead: 0,
            cuts: 0,
            silences: 0,
            foreign: Vec::new(),
            trust: Trust::Full,
            degradations: Vec::new(),
            protected: false,
            client_off: false,
            line_generation: 0,
            line_lost: false,
            announced_fault: false,
            fault_generation: 0,
        }
    }

    /// Whether the port sends light.
    pub(crate) const fn laser_on(&self) -> bool {
        self.powered && self.dead == 0
    }
}

impl World {
    /// What is on or at the ends of a circuit has changed: light, faults and frames follow.
    pub(super) fn circuit_changed(&mut self, circuit: CircuitId) {
        for side in Side::BOTH {
            self.update_line(End::new(circuit, side));
        }
        for side in Side::BOTH {
            self.update_light(End::new(circuit, side));
        }
        self.update_remote_fault(circuit);
        self.update_delivery(circuit);
    }

    fn transport(&self, circuit: CircuitId) -> Transport {
        self.net.topology.circuits[circuit].transport
    }

    /// Whether what the far end sends still reaches the last active device before `port`.
    fn line_carries(&self, port: End<CircuitId>) -> bool {
        let far = &self.state.ports[port.far()];
        far.laser_on() && (far.cuts == 0 || far.protected)
    }

    /// A carrier that sees its line lost towards `port` acts after its own delays.
    fn update_line(&mut self, port: End<CircuitId>) {
        let Transport::Wave { signal_forwarding, hold_off, protection } = self.transport(port.of)
        else {
            return;
        };
        if self.state.ports[port.far()].cuts == 0 {
            self.state.ports.edit(port.far()).protected = false;
        }
        let lost = !self.line_carries(port);
        if lost == self.state.ports[port].line_lost {
            return;
        }
        let state = self.state.ports.edit(port);
        state.line_lost = lost;
        state.line_generation += 1;
        let generation = state.line_generation;
        if !lost {
            state.client_off = false;
            return;
        }
        let now = self.now;
        if self.state.ports[port.far()].cuts > 0
            && let Some(switch) = protection
        {
            self.at(now + switch, Event::Protected { port, generation });
        }
        if signal_forwarding {
            self.at(now + hold_off, Event::ClientOff { port, generation });
        }
    }

    /// The carrier's protection has switched the line towards `port`.
    pub(super) fn on_protected(&mut self, port: End<CircuitId>, generation: u32) {
        if self.state.ports[port].line_generation == generation {
            self.state.ports.edit(port.far()).protected = true;
            self.circuit_changed(port.of);
        }
    }

    /// The carrier turns its client laser towards `port` off.
    pub(super) fn on_client_off(&mut self, port: End<CircuitId>, generation: u32) {
        let state = &self.state.ports[port];
        if state.line_generation == generation && state.line_lost {
            self.state.ports.edit(port).client_off = true;
            self.circuit_changed(port.of);
        }
    }

    fn update_light(&mut self, port: End<CircuitId>) {
        let state = &self.state.ports[port];
        let light = state.dead == 0
            && match self.transport(port.of) {
                Transport::Passive => self.line_carries(port),
                Transport::Wave { .. } => !state.client_off,
            };
        let enabled = state.laser_on();
        self.port_input(port, phy::Input::Enabled(enabled));
        self.port_input(port, phy::Input::Signal(light));
    }

    /// A timer of a port.
    pub(super) fn on_port_timer(&mut self, port: End<CircuitId>, timer: phy::Timer) {
        if self.state.ports[port].machine.deadline(timer) == Some(self.now) {
            self.port_input(port, phy::Input::Expired(timer));
            self.update_remote_fault(port.of);
            self.update_delivery(port.of);
        }
    }

    fn port_input(&mut self, port: End<CircuitId>, input: phy::Input) {
        let now = self.now;
        let mut out = Vec::new();
        self.state.ports.edit(port).machine.handle(now, input, &mut out);
        for output in out {
            match output {
                phy::Output::Arm(timer, at) => self.at(at, Event::Port(port, timer)),
                phy::Output::InterfaceUp => self.interface_changed(port, true),
                phy::Output::InterfaceDown => self.interface_changed(port, false),
                // Both follow from the machine's state: see `update_remote_fault`.
                phy::Output::LocalFault(_) | phy::Output::Disarm(_) => {}
            }
        }
    }

    fn interface_changed(&mut self, port: End<CircuitId>, up: bool) {
        self.record_interface(port, up);
        // The table must be right before anyone above learns of the change.
        self.update_delivery(port.of);
        self.member_interface(port, up);
    }

    /// What each port tells of its local fault travels to the other.
    fn update_remote_fault(&mut self, circuit: CircuitId) {
        for side in Side::BOTH {
            let port = End::new(circuit, side);
            let from = &self.state.ports[port];
            let reaches = self.line_carries(port.far()) && from.silences == 0;
            let tells = from.machine.sends_remote_fault() && reaches;
            if tells == from.announced_fault {
                continue;
            }
            self.state.ports.edit(port).announced_fault = tells;
            let state = self.state.ports.edit(port.far());
            state.fault_generation += 1;
            let generation = state.fault_generation;
            let at = self.now + self.propagation(circuit);
            self.at(at, Event::RemoteFault { port: port.far(), on: tells, generation });
        }
    }

    /// Remote Fault begins or ends to arrive at `port`.
    pub(super) fn on_remote_fault(&mut self, port: End<CircuitId>, on: bool, generation: u32) {
        if self.state.ports[port].fault_generation == generation {
            self.port_input(port, phy::Input::RemoteFault(on));
            self.update_delivery(port.of);
        }
    }

    fn propagation(&self, circuit: CircuitId) -> SimDuration {
        self.net.topology.circuits[circuit].length.propagation()
    }

    /// Brings the forwarding table of both directions up to date and tells who depends on it.
    pub(super) fn update_delivery(&mut self, circuit: CircuitId) {
        let tables = Side::BOTH.map(|side| self.delivery(End::new(circuit, side)));
        if self.tables.circuits[circuit] == tables {
            return;
        }
        self.touch_traffic();
        self.tables.circuits[circuit] = tables;
        self.member_paths_changed(circuit);
        self.lag_paths_changed(self.net.topology.circuits[circuit].lag);
    }

    fn delivery(&self, port: End<CircuitId>) -> CircuitTable {
        let (near, far) = (&self.state.ports[port], &self.state.ports[port.far()]);
        let kept = |kept: u64, (_, loss, _): &(usize, Share, SimDuration)| {
            let pass = u128::from(1_000_000_000 - loss.as_ppb().min(1_000_000_000));
            u64::try_from(u128::from(kept) * pass / 1_000_000_000).expect("it only shrinks")
        };
        let pass = near.degradations.iter().fold(1_000_000_000, kept);
        let added: SimDuration =
            near.degradations.iter().fold(SimDuration::ZERO, |sum, (_, _, delay)| sum + *delay);
        let delivers = near.machine.may_transmit()
            && near.silences == 0
            && self.line_carries(port.far())
            && far.laser_on()
            && far.machine.is_up()
            && pass > 0;
        CircuitTable {
            delivers,
            loss: Share::from_ppb(1_000_000_000 - pass),
            delay: self.propagation(port.of) + added,
            speed: self.net.topology.circuits[port.of].speed,
        }
    }

    /// What a frame of a single member meets, whatever its LAG thinks of it.
    pub(super) fn circuit_path(&self, port: End<CircuitId>) -> PathView {
        let table = &self.tables.circuits[port.of][port.side];
        PathView { up: table.delivers, delay: table.delay, loss: table.loss }
    }
}
