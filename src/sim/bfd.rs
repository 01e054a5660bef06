//! Drives BFD sessions: those of BGP sessions, of adjacencies and of LAG members.

use super::cause::Phase;
use super::event::{Event, Hello, Packet};
use super::net::BfdOf;
use super::world::World;
use crate::ids::{BfdId, End};
use crate::proto::bfd::{By, Diag, Input, Output, Session, State};
use crate::proto::igp;

impl World {
    /// Gives one input to a BFD session, if this end runs one.
    pub(super) fn bfd_input(&mut self, end: End<BfdId>, input: Input) {
        if self.bfd_waits(end, input) {
            return;
        }
        let now = self.now;
        let mut out = Vec::new();
        let Some(session) = self.state.bfd.edit(end) else { return };
        session.handle(now, input, &mut out);
        self.bfd_outputs(end, out);
        self.rouse(Hello::Bfd(end), Hello::Bfd(end.far()));
    }

    /// Carries out what a BFD session wants.
    pub(super) fn bfd_outputs(&mut self, end: End<BfdId>, out: Vec<Output>) {
        let hello = Hello::Bfd(end);
        for output in out {
            match output {
                Output::Arm(at) => self.at(at, Event::Bfd(end)),
                Output::Disarm => {}
                Output::Transmit(packet) => self.send(hello, Packet::Bfd(packet)),
                Output::Rate(rate) => self.set_rate(hello, rate),
                Output::Changed { from, to, diag, by } => {
                    self.bfd_changed(end, from, to, diag, by);
                }
            }
        }
    }

    /// The detection timer of a BFD session.
    pub(super) fn on_bfd_timer(&mut self, end: End<BfdId>) {
        let due = |session: &Session| session.deadline().is_some_and(|at| at <= self.now);
        let incoming = Hello::Bfd(end.far());
        if !self.state.bfd[end].as_ref().is_some_and(due) || self.is_quiet(incoming) {
            return;
        }
        let hold = self.state.bfd[end].as_ref().and_then(Session::hold);
        self.blame_path(incoming, hold);
        self.bfd_input(end, Input::DetectExpired);
    }

    /// A BFD packet has arrived at the far end of `from`.
    pub(super) fn receive_bfd(&mut self, from: End<BfdId>, packet: crate::proto::bfd::Packet) {
        let end = from.far();
        let now = self.now;
        let Some(session) = self.state.bfd.edit(end) else { return };
        let absorbed = session.absorbs(&packet);
        let mut out = Vec::new();
        session.handle(now, Input::Received(packet), &mut out);
        self.bfd_outputs(end, out);
        if !absorbed {
            self.rouse(Hello::Bfd(end), Hello::Bfd(from));
        }
    }

    fn bfd_changed(&mut self, end: End<BfdId>, from: State, to: State, diag: Diag, by: By) {
        self.record_bfd(end, from, to, diag);
        let (fell, rose) = (from == State::Up, to == State::Up);
        if fell {
            self.spend(if by == By::Local { Phase::Detect } else { Phase::Notify });
        }
        match self.net.bfd[end.of].of {
            BfdOf::Session(session, _) | BfdOf::Lan(session) | BfdOf::Internal(session) => {
                // An interface that goes down speaks for itself.
                if fell && diag != Diag::PathDown {
                    self.session_bfd_down(End::new(session, end.side), by);
                }
                if rose {
                    self.session_bfd_up(End::new(session, end.side));
                }
            }
            BfdOf::Adjacency(lag) => {
                if fell && diag != Diag::PathDown {
                    self.adjacency_input(End::new(lag, end.side), igp::Input::BfdDown);
                }
                if rose {
                    // Until now hellos counted for nothing: they begin to at once.
                    let hello = Hello::Igp(End::new(lag, end.side));
                    self.wake(Hello::Igp(End::new(lag, end.side.other())));
                    if let Some(packet) = self.hello_packet(hello) {
                        self.send(hello, packet);
                    }
                }
            }
            BfdOf::Member(circuit) => {
                if fell || rose {
                    let lag = self.net.topology.circuits[circuit].lag;
                    self.refresh_lag(End::new(lag, end.side));
                }
            }
        }
    }
}
