//! LAG ends: which members carry traffic, and whether the aggregate is up.
//!
//! # Departures
//! * A member that waits to be restored, or that non-revertive operation leaves aside, takes what
//!   arrives and sends nothing: each end decides for what it sends. It counts again at once when
//!   the others are fewer than `min_links` (IEEE 802.1AX-2020, `WTR_timer`: when there is no
//!   other), and with it all that return at the same instant. After a reboot all count.
//! * Below `min_links` LACP withdraws synchronization from members whose partners are heard, so that
//!   these follow. A partner that has fallen silent cannot be told: with no other left its member
//!   stays selected until it is given up.

use super::event::{Event, Hello, Packet};
use super::neighbors::Neighbor;
use super::processes::Agent;
use super::world::World;
use crate::dataplane::tables::LagEndTable;
use crate::ids::{CircuitId, End, LagId, Side};
use crate::proto::{bfd, lacp};
use crate::units::{SimDuration, SimTime};

/// Whether a member that was lost may carry traffic again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// It may.
    Full,
    /// Not while others do.
    Held,
    /// Not while others do, and not before then.
    HeldUntil(SimTime),
}

/// What a LAG end remembers beside its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LagEndState {
    /// Whether enough members are eligible for LACP to offer synchronization.
    pub(crate) selected: bool,
    /// When the members that carry were last fewer than `min_links`.
    pub(crate) short: Option<SimTime>,
    /// Whether the neighbor answers.
    pub(crate) neighbor: Neighbor,
}

impl World {
    /// The interface of a member went up or down.
    pub(super) fn member_interface(&mut self, port: End<CircuitId>, up: bool) {
        let input = if up { lacp::Input::PortUp } else { lacp::Input::PortDown };
        self.lacp_input(port, input);
        if let Some(id) = self.net.member_bfd[port.of] {
            let input = if up { bfd::Input::PathUp } else { bfd::Input::PathDown };
            self.bfd_input(End::new(id, port.side), input);
        }
        self.refresh_lag(self.lag_end(port));
    }

    fn lag_end(&self, port: End<CircuitId>) -> End<LagId> {
        End::new(self.net.topology.circuits[port.of].lag, port.side)
    }

    fn port_hello(port: End<CircuitId>) -> Hello {
        Hello::Lacp(port)
    }

    /// Gives one input to the LACP member of a port, if it has one.
    pub(super) fn lacp_input(&mut self, port: End<CircuitId>, input: lacp::Input) {
        let now = self.now;
        if self.state.ports[port].lacp.is_none() || self.member_waits(port, input) {
            return;
        }
        let mut out = Vec::new();
        let Some(member) = &mut self.state.ports.edit(port).lacp else { return };
        member.handle(now, input, &mut out);
        self.lacp_outputs(port, out);
        self.rouse(Self::port_hello(port), Self::port_hello(self.opposite(port)));
    }

    fn lacp_outputs(&mut self, port: End<CircuitId>, out: Vec<lacp::Output>) {
        let hello = Self::port_hello(port);
        for output in out {
            match output {
                lacp::Output::Transmit(pdu) => self.send(hello, Packet::Lacp(pdu)),
                lacp::Output::Rate(rate) => self.set_rate(hello, rate),
                lacp::Output::Arm(timer, at) => {
                    self.at(at, Event::Lacp(port, timer));
                }
                lacp::Output::ReceiveChanged { .. } | lacp::Output::MuxChanged { .. } => {
                    self.record_lacp(port, output);
                }
                lacp::Output::Disarm(_) => {}
            }
        }
    }

    /// The machine that sends `out` and receives `into` has taken an input: exchanges that rest
    /// although what they say, or to whom, has changed go on.
    pub(super) fn rouse(&mut self, out: Hello, into: Hello) {
        self.wake(into);
        let cause = self.cause;
        self.edit_hello(out).cause = cause;
        if self.is_quiet(out) && self.hello(out).quiet != self.hello_packet(out) {
            self.wake(out);
        }
    }

    /// A timer of an LACP member.
    pub(super) fn on_lacp_timer(&mut self, port: End<CircuitId>, timer: lacp::Timer) {
        let due = |member: &lacp::Member| member.deadline(timer).is_some_and(|at| at <= self.now);
        if !self.state.ports[port].lacp.as_ref().is_some_and(due) {
            return;
        }
        if timer == lacp::Timer::CurrentWhile {
            let incoming = Self::port_hello(self.opposite(port));
            if self.is_quiet(incoming) {
                return;
            }
            let hold = self.state.ports[port].lacp.as_ref().and_then(lacp::Member::hold);
            self.blame_path(incoming, hold);
        } else if let Some((at, cause)) = self.state.ports[port].foreign_over
            && at == self.now
        {
            self.cause = cause;
        }
        self.lacp_input(port, lacp::Input::Expired(timer));
        self.refresh_lag(self.lag_end(port));
    }

    /// A detection timer of `hold` ran out: the cause is what broke the path since the sender was
    /// heard, else what last changed the path or the sender.
    pub(super) fn blame_path(&mut self, incoming: Hello, hold: Option<SimDuration>) {
        let state = self.hello(incoming);
        let heard = self.now - hold.unwrap_or(SimDuration::ZERO);
        let broke = state.broke_at >= heard;
        self.cause = if broke { state.break_cause } else { state.cause };
    }

    /// An LACPDU of `port` has arrived at the other end.
    pub(super) fn receive_lacp(&mut self, port: End<CircuitId>, pdu: lacp::Pdu) {
        let (at, from) = (self.opposite(port), self.opposite_is(port));
        let absorbed =
            self.state.ports[at].lacp.as_ref().is_none_or(|member| member.absorbs(from, &pdu));
        if absorbed {
            let now = self.now;
            let mut out = Vec::new();
            if let Some(member) = &mut self.state.ports.edit(at).lacp {
                member.handle(now, lacp::Input::Received(from, pdu), &mut out);
            }
            self.lacp_outputs(at, out);
            return;
        }
        self.lacp_input(at, lacp::Input::Received(from, pdu));
        self.refresh_lag(self.lag_end(at));
    }

    /// The path of a member's own exchanges may have changed.
    pub(super) fn member_paths_changed(&mut self, circuit: CircuitId) {
        for side in Side::BOTH {
            let port = End::new(circuit, side);
            self.path_changed(Self::port_hello(port), self.way_out(port));
            let path = self.circuit_path(port);
            if let Some(id) = self.net.member_bfd[circuit] {
                self.path_changed(Hello::Bfd(End::new(id, side)), path);
            }
        }
    }

    /// Works out anew which members of a LAG end carry traffic.
    pub(super) fn refresh_lag(&mut self, end: End<LagId>) {
        self.reselect(end);
        self.update_trust(end);
        let table = self.lag_table(end);
        let old = self.tables.lags[end.of][end.side].clone();
        if table == old {
            return;
        }
        self.touch_traffic();
        self.tables.lags.edit(end.of)[end.side] = table.clone();
        self.lag_paths_changed(end.of);
        if table.up == old.up {
            self.record_lag_members(end, old.distributing.len(), table.distributing.len());
            self.bandwidth_changed(end);
        } else {
            self.prune(end, table.up);
            self.lag_switched(end, table.up);
        }
    }

    /// Whether a member could carry traffic.
    fn is_usable(&self, port: End<CircuitId>) -> bool {
        let state = &self.state.ports[port];
        // LACP that stands still does not know of an interface that is down.
        state.machine.is_up()
            && state.lacp.as_ref().is_none_or(lacp::Member::distributing)
            && self.member_bfd_up(port)
    }

    /// Members that were lost wait before they carry traffic again, or do not.
    fn update_trust(&mut self, end: End<LagId>) {
        let config = &self.net.topology.lags[end.of].ends[end.side];
        let (revertive, wait) = (config.revertive, config.wait_to_restore);
        if revertive && wait.is_zero() {
            return;
        }
        let ports = self.ports_of(end);
        for port in &ports {
            let usable = self.is_usable(*port);
            let used = self.tables.lags[end.of][end.side].distributing.contains(&port.of);
            let trust = match self.state.ports[*port].trust {
                Trust::Full if used && !usable => Trust::Held,
                Trust::HeldUntil(_) if !usable => Trust::Held,
                Trust::Held if usable && revertive => {
                    self.at(self.now + wait, Event::Restore(*port));
                    Trust::HeldUntil(self.now + wait)
                }
                trust @ (Trust::Full | Trust::Held | Trust::HeldUntil(_)) => trust,
            };
            self.state.ports.edit(*port).trust = trust;
        }
        let carries = |port: &&End<CircuitId>| {
            self.state.ports[**port].trust == Trust::Full && self.is_usable(**port)
        };
        let now = self.now;
        if ports.iter().filter(carries).count() < self.min_links(end) {
            self.state.lags.edit(end).short = Some(now);
        }
        if self.state.lags[end].short == Some(now) {
            for port in ports {
                if self.is_usable(port) {
                    self.state.ports.edit(port).trust = Trust::Full;
                }
            }
        }
    }

    /// A member may have been good for long enough.
    pub(super) fn on_restore(&mut self, port: End<CircuitId>) {
        if self.state.ports[port].trust == Trust::HeldUntil(self.now) {
            self.state.ports.edit(port).trust = Trust::Full;
            self.refresh_lag(self.lag_end(port));
        }
    }

    /// An LACPDU of another system arrives at a port.
    pub(super) fn on_foreign(&mut self, port: End<CircuitId>, fault: usize) {
        let mut foreign = self.state.ports[port].foreign.iter();
        let Some((_, every)) = foreign.find(|(of, _)| *of == fault) else { return };
        self.at(self.now + *every, Event::Foreign { port, fault });
        if !self.stands_still(self.net.port_router(port), Agent::Lacp) {
            self.lacp_input(port, lacp::Input::Foreign);
            self.refresh_lag(self.lag_end(port));
        }
    }

    /// No more LACPDUs of another system arrive at a port: that the partner is heard and not
    /// contradicted follows from it.
    pub(super) fn foreign_over(&mut self, port: End<CircuitId>) {
        let cause = self.cause;
        self.edit_hello(Self::port_hello(self.opposite(port))).cause = cause;
        let member = self.state.ports[port].lacp.as_ref();
        let waits = member.and_then(|member| member.deadline(lacp::Timer::WaitWhile));
        self.state.ports.edit(port).foreign_over = waits.map(|at| (at, cause));
    }

    /// Below `min_links` LACP withdraws synchronization on all members.
    fn reselect(&mut self, end: End<LagId>) {
        if self.net.topology.lags[end.of].ends[end.side].lacp.is_none() {
            return;
        }
        let ports = self.ports_of(end);
        let is = |port: &End<CircuitId>, what: fn(&lacp::Member) -> bool| {
            self.state.ports[*port].lacp.as_ref().is_some_and(what)
        };
        let heard: Vec<_> = ports.iter().filter(|port| is(port, lacp::Member::eligible)).collect();
        let eligible = heard.iter().filter(|port| self.member_bfd_up(***port)).count();
        let silent = |member: &lacp::Member| member.receive_state() == lacp::Receive::Expired;
        let none_to_tell = heard.is_empty() && ports.iter().any(|port| is(port, silent));
        let selected =
            eligible >= self.min_links(end) || (none_to_tell && self.state.lags[end].selected);
        if selected == self.state.lags[end].selected {
            return;
        }
        self.state.lags.edit(end).selected = selected;
        for port in ports {
            self.lacp_input(port, lacp::Input::Selected(selected));
        }
    }

    fn min_links(&self, end: End<LagId>) -> usize {
        self.net.topology.lags[end.of].ends[end.side].min_links as usize
    }

    /// The ports of a LAG end, in file order.
    pub(super) fn ports_of(&self, end: End<LagId>) -> Vec<End<CircuitId>> {
        let circuits = &self.net.topology.lags[end.of].circuits;
        circuits.iter().map(|circuit| End::new(*circuit, end.side)).collect()
    }

    /// Whether micro-BFD allows a member to carry traffic (RFC 7130 §5: only while Up).
    fn member_bfd_up(&self, port: End<CircuitId>) -> bool {
        let Some(id) = self.net.member_bfd[port.of] else { return true };
        let session = self.state.bfd[End::new(id, port.side)].as_ref();
        session.is_none_or(|session| session.state() == bfd::State::Up)
    }

    /// Which members of a LAG end carry traffic, as its machines stand.
    pub(super) fn lag_table(&self, end: End<LagId>) -> LagEndTable {
        let mut table = LagEndTable::default();
        for port in self.ports_of(end) {
            let state = &self.state.ports[port];
            let collects = state.lacp.as_ref().is_none_or(lacp::Member::collecting);
            if state.machine.is_up() && collects {
                table.collecting.push(port.of);
            }
            if state.trust == Trust::Full && self.is_usable(port) {
                table.distributing.push(port.of);
            }
        }
        table.up = table.distributing.len() >= self.min_links(end);
        table
    }

    /// The aggregate came up or went down at one end.
    fn lag_switched(&mut self, end: End<LagId>, up: bool) {
        self.record_lag(end, up, self.tables.lags[end.of][end.side].distributing.len());
        let dark = self.ports_of(end).iter().all(|port| !self.state.ports[*port].machine.is_up());
        for id in self.net.lag_bfd[end.of].clone() {
            let input = if up { bfd::Input::PathUp } else { bfd::Input::PathDown };
            for side in Side::BOTH {
                if self.net.below_bfd(End::new(id, side)) == Some(end) {
                    self.bfd_input(End::new(id, side), input);
                }
            }
        }
        self.adjacency_link(end, up);
        for (session, side) in self.net.topology.above(end.of, end.side) {
            self.session_interface(End::new(session, side), up, dark);
        }
        self.connected_changed(end);
    }

    /// The path of everything that rides a LAG may have changed.
    pub(super) fn lag_paths_changed(&mut self, lag: LagId) {
        for side in Side::BOTH {
            for id in self.net.lag_bfd[lag].clone() {
                let hello = Hello::Bfd(End::new(id, side));
                let path = self.bfd_path(End::new(id, side), self.net.hello_hash(hello));
                self.path_changed(hello, path);
            }
            let hello = Hello::Igp(End::new(lag, side));
            let path = self.lag_path(lag, side, self.net.hello_hash(hello));
            self.path_changed(hello, path);
        }
        self.transport_paths_changed(lag);
        self.neighbors_changed(lag);
    }

    /// What the sender of an exchange would say now.
    pub(super) fn hello_packet(&self, hello: Hello) -> Option<Packet> {
        match hello {
            Hello::Lacp(port) => {
                self.state.ports[port].lacp.as_ref().map(|m| Packet::Lacp(m.packet()))
            }
            Hello::Bfd(end) => self.state.bfd[end].as_ref().map(|s| Packet::Bfd(s.packet())),
            Hello::Igp(end) => {
                self.state.adjacencies[end].as_ref().map(|a| Packet::Igp(a.packet()))
            }
        }
    }

    /// Whether the receiver would take this packet in again and again without any other change,
    /// and gaps of `gap` never let its detection time run out.
    pub(super) fn absorbs(&self, hello: Hello, packet: &Packet, gap: SimDuration) -> bool {
        let lasting = |hold: Option<SimDuration>| hold.is_none_or(|hold| gap <= hold);
        match (hello, packet) {
            (Hello::Lacp(port), Packet::Lacp(pdu)) => {
                let (at, from) = (self.opposite(port), self.opposite_is(port));
                let receiver = self.state.ports[at].lacp.as_ref();
                receiver.is_none_or(|r| r.absorbs(from, pdu) && lasting(r.hold()))
            }
            (Hello::Bfd(end), Packet::Bfd(packet)) => {
                let receiver = self.state.bfd[end.far()].as_ref();
                receiver.is_none_or(|r| r.absorbs(packet) && lasting(r.hold()))
            }
            (Hello::Igp(end), Packet::Igp(packet)) => {
                let receiver = self.state.adjacencies[end.far()].as_ref();
                self.bfd_holds_down(end.far())
                    || receiver.is_none_or(|r| r.absorbs(packet) && lasting(r.hold()))
            }
            (Hello::Lacp(_), Packet::Bfd(_) | Packet::Igp(_))
            | (Hello::Bfd(_), Packet::Lacp(_) | Packet::Igp(_))
            | (Hello::Igp(_), Packet::Lacp(_) | Packet::Bfd(_)) => false,
        }
    }

    /// The receiver of an exchange last heard its sender at `at`.
    pub(super) fn set_heard(&mut self, hello: Hello, at: SimTime) {
        match hello {
            Hello::Lacp(port) => {
                let receiver = self.opposite(port);
                let mut out = Vec::new();
                if let Some(member) = &mut self.state.ports.edit(receiver).lacp {
                    member.heard(at, &mut out);
                }
                self.lacp_outputs(receiver, out);
            }
            Hello::Bfd(end) => {
                let far = end.far();
                let mut out = Vec::new();
                if let Some(session) = self.state.bfd.edit(far) {
                    session.heard(at, &mut out);
                }
                self.bfd_outputs(far, out);
            }
            Hello::Igp(end) => {
                let far = end.far();
                let mut out = Vec::new();
                if self.bfd_holds_down(far) {
                    return;
                }
                if let Some(adjacency) = self.state.adjacencies.edit(far) {
                    adjacency.heard(at, &mut out);
                }
                self.adjacency_outputs(far, out);
            }
        }
    }

    /// A datagram has arrived at the far end of its exchange.
    pub(super) fn receive(&mut self, hello: Hello, packet: Packet) {
        match (hello, packet) {
            (Hello::Lacp(port), Packet::Lacp(pdu)) => self.receive_lacp(port, pdu),
            (Hello::Bfd(end), Packet::Bfd(packet)) => self.receive_bfd(end, packet),
            (Hello::Igp(end), Packet::Igp(packet)) => self.receive_igp(end, packet),
            (Hello::Lacp(_), Packet::Bfd(_) | Packet::Igp(_))
            | (Hello::Bfd(_), Packet::Lacp(_) | Packet::Igp(_))
            | (Hello::Igp(_), Packet::Lacp(_) | Packet::Bfd(_)) => {
                unreachable!("an exchange carries packets of its own protocol only")
            }
        }
    }
}
