//! Glass, light and frames: what faults do to circuits and how the ports at their ends see it.
//!
//! # Departures
//! * A cut lies at the receiving end: light is lost there at the instant of the fault, and frames
//!   under way are lost.
//! * Light that returns brings what the far end sends at that instant, not what it sent a delay
//!   before.
//! * A carrier's protection watches the carrier's own line, whether or not light is put into it. It
//!   switches once per cut and returns without loss when the cut is mended.
//! * Remote Fault crosses a carrier's wave as it crosses glass (transparent mapping). A carrier
//!   that has lost its line and keeps its client laser on sends idles, as a silent circuit does.

use super::cause::CauseId;
use super::event::Event;
use super::hello::PathView;
use super::lags::Trust;
use super::world::World;
use crate::dataplane::tables::CircuitTable;
use crate::ids::{CircuitId, End, Side};
use crate::model::topology::Transport;
use crate::proto::lacp;
use crate::proto::phy::{self, Port};
use crate::units::{Share, SimDuration, SimTime};

/// Before anything happened.
const LONG_AGO: SimTime = SimTime::from_nanos(i64::MIN);

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
    /// When a wait ends that they no longer cut short, and why they do not.
    pub(crate) foreign_over: Option<(SimTime, CauseId)>,
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
    /// Since when the carrier has seen its own line towards this port cut.
    pub(crate) line_cut: Option<SimTime>,
    /// Since when light has reached this port.
    pub(crate) lit: Option<SimTime>,
    /// Whether the Remote Fault of the far end is on its way here or arrives.
    pub(crate) coming_fault: bool,
    /// Counts how often the light went: signals that were under way then differ.
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
            foreign_over: None,
            trust: Trust::Full,
            degradations: Vec::new(),
            protected: false,
            client_off: false,
            line_generation: 0,
            line_lost: false,
            line_cut: None,
            lit: if powered { Some(LONG_AGO) } else { None },
            coming_fault: false,
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
        let tied = self.patches.tied(circuit);
        for line in &tied {
            self.update_line(*line);
        }
        for port in &tied {
            let enabled = self.state.ports[*port].laser_on();
            self.port_input(*port, phy::Input::Enabled(enabled));
        }
        for port in &tied {
            self.update_light(*port);
        }
        self.update_remote_fault(circuit);
        self.update_delivery(circuit);
    }

    fn transport(&self, circuit: CircuitId) -> Transport {
        self.net.topology.circuits[circuit].transport
    }

    /// Whether what is put into the other end of a line still reaches the last active device
    /// before `line`.
    fn line_carries(&self, line: End<CircuitId>) -> bool {
        let far = &self.state.ports[line.far()];
        let from = &self.state.ports[self.patches.port_on(line.far())];
        from.laser_on() && (far.cuts == 0 || far.protected)
    }

    /// A carrier that sees its line towards this end lost acts after its own delays.
    fn update_line(&mut self, line: End<CircuitId>) {
        let Transport::Wave { signal_forwarding, hold_off, protection } = self.transport(line.of)
        else {
            return;
        };
        self.update_protection(line, protection);
        let lost = !self.line_carries(line);
        if lost == self.state.ports[line].line_lost {
            return;
        }
        let state = self.state.ports.edit(line);
        state.line_lost = lost;
        state.line_generation += 1;
        let generation = state.line_generation;
        if !lost {
            state.client_off = false;
            return;
        }
        if signal_forwarding {
            self.at(self.now + hold_off, Event::ClientOff { line, generation });
        }
    }

    /// A carrier that sees its own line towards this end cut switches after a while, if it can.
    fn update_protection(&mut self, line: End<CircuitId>, switch: Option<SimDuration>) {
        let cut = self.state.ports[line.far()].cuts > 0;
        if cut == self.state.ports[line].line_cut.is_some() {
            return;
        }
        let now = self.now;
        self.state.ports.edit(line).line_cut = cut.then_some(now);
        if !cut {
            self.state.ports.edit(line.far()).protected = false;
        } else if let Some(switch) = switch {
            self.at(now + switch, Event::Protected { line, since: now });
        }
    }

    /// The carrier's protection has switched the line towards this end, which was cut at `since`.
    pub(super) fn on_protected(&mut self, line: End<CircuitId>, since: SimTime) {
        // Ways that were cut together are switched together.
        let cut = |line: &End<CircuitId>| self.state.ports[*line].line_cut == Some(since);
        for line in [line, line.far()].into_iter().filter(cut).collect::<Vec<_>>() {
            self.state.ports.edit(line.far()).protected = true;
        }
        self.circuit_changed(line.of);
    }

    /// The carrier turns its client laser at this end of its line off.
    pub(super) fn on_client_off(&mut self, line: End<CircuitId>, generation: u32) {
        let state = &self.state.ports[line];
        if state.line_generation == generation && state.line_lost {
            self.state.ports.edit(line).client_off = true;
            self.circuit_changed(line.of);
        }
    }

    /// Whether good light reaches the receiver of `port`.
    fn has_light(&self, port: End<CircuitId>) -> bool {
        let line = self.patches.line_of(port);
        self.state.ports[port].dead == 0
            && match self.transport(line.of) {
                Transport::Passive => self.line_carries(line),
                Transport::Wave { .. } => !self.state.ports[line].client_off,
            }
    }

    fn update_light(&mut self, port: End<CircuitId>) {
        let light = self.has_light(port);
        if light && self.state.ports[port].lit.is_none() {
            let fault = self.hears_fault(port);
            let state = self.state.ports.edit(port);
            state.lit = Some(self.now);
            state.coming_fault = fault;
            self.port_input(port, phy::Input::RemoteFault(fault));
        }
        self.port_input(port, phy::Input::Signal(light));
    }

    /// Whether what is sent to `port` now is Remote Fault.
    fn hears_fault(&self, port: End<CircuitId>) -> bool {
        let line = self.patches.line_of(port);
        let from = self.opposite(port);
        // One that gets its light back at this instant has nothing to tell any more.
        self.state.ports[from].machine.sends_remote_fault()
            && !self.has_light(from)
            && self.line_carries(line)
            && self.state.ports[line.far()].silences == 0
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

    /// What each port tells of its local fault travels to the one that its light reaches.
    fn update_remote_fault(&mut self, circuit: CircuitId) {
        for port in self.patches.tied(circuit) {
            let fault = self.hears_fault(port);
            let Some(since) = self.state.ports[port].lit.filter(|_| self.has_light(port)) else {
                self.goes_dark(port);
                continue;
            };
            let state = self.state.ports.edit(port);
            if fault == state.coming_fault {
                continue;
            }
            state.coming_fault = fault;
            let generation = state.fault_generation;
            if since == self.now {
                self.port_input(port, phy::Input::RemoteFault(fault));
            } else {
                let at = self.now + self.propagation(self.patches.line_of(port).of);
                self.at(at, Event::RemoteFault { port, on: fault, generation });
            }
        }
    }

    /// Nothing reaches `port`: what is under way is lost, and what was last received stays.
    pub(super) fn goes_dark(&mut self, port: End<CircuitId>) {
        if self.state.ports[port].lit.is_some() {
            let state = self.state.ports.edit(port);
            state.lit = None;
            state.coming_fault = state.machine.receives_remote_fault();
            state.fault_generation += 1;
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
        let tied = self.patches.tied(circuit);
        for port in tied.iter().filter(|port| port.side == Side::A) {
            let tables = [*port, port.far()].map(|port| self.delivery(port));
            let same = self.tables.circuits[port.of] == tables;
            if !same {
                self.touch_traffic();
                *self.tables.circuits.edit(port.of) = tables;
            }
            // To strangers LACPDUs pass though nothing else does.
            if !same || tied.len() > Side::BOTH.len() {
                self.member_paths_changed(port.of);
            }
            if !same {
                self.lag_paths_changed(self.net.topology.circuits[port.of].lag);
            }
        }
    }

    fn delivery(&self, port: End<CircuitId>) -> CircuitTable {
        let way = self.way_out(port);
        CircuitTable {
            delivers: way.up && self.opposite(port) == port.far(),
            loss: way.loss,
            delay: way.delay,
            speed: self.net.topology.circuits[port.of].speed,
        }
    }

    /// What a frame meets on its way from `port` to whatever port is at the other end.
    pub(super) fn way_out(&self, port: End<CircuitId>) -> PathView {
        let line = self.patches.line_of(port);
        let (near, far) = (&self.state.ports[port], &self.state.ports[self.opposite(port)]);
        let on_line = &self.state.ports[line];
        let kept = |kept: u64, (_, loss, _): &(usize, Share, SimDuration)| {
            let pass = u128::from(1_000_000_000 - loss.as_ppb().min(1_000_000_000));
            u64::try_from(u128::from(kept) * pass / 1_000_000_000).expect("it only shrinks")
        };
        let pass = on_line.degradations.iter().fold(1_000_000_000, kept);
        let added: SimDuration =
            on_line.degradations.iter().fold(SimDuration::ZERO, |sum, (_, _, delay)| sum + *delay);
        let up = near.machine.may_transmit()
            && on_line.silences == 0
            && self.line_carries(line.far())
            && far.laser_on()
            && far.machine.is_up()
            && pass > 0;
        PathView {
            up,
            delay: self.propagation(line.of) + added,
            loss: Share::from_ppb(1_000_000_000 - pass),
        }
    }

    /// What a frame of a single member meets, whatever its LAG thinks of it.
    pub(super) fn circuit_path(&self, port: End<CircuitId>) -> PathView {
        let table = &self.tables.circuits[port.of][port.side];
        PathView { up: table.delivers, delay: table.delay, loss: table.loss }
    }
}
