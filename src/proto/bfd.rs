//! BFD (RFC 5880, 5881): one end of one session in asynchronous mode.
//!
//! Nothing is configured about the peer: every interval follows from what its packets say.
//! Each end sends every max(own Desired Min TX, peer's Required Min RX), at least a second until
//! Up, and waits for peer's Detect Mult × max(own Required Min RX, peer's Desired Min TX).
//!
//! # Departures
//! * No demand mode, echo or authentication; no discriminators, since a session has one peer.
//! * The slower Desired Min TX of a session that left Up starts no Poll Sequence (§6.8.3 wants
//!   one for every change): nothing waits for its end, and every packet carries the value.
//! * An end that is `AdminDown` goes on sending (§6.8.16 asks for one Detection Time at least).

use crate::units::{Share, SimDuration, SimTime};

#[cfg(test)]
mod tests;

/// How one side runs a BFD session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Desired Min TX Interval.
    pub tx: SimDuration,
    /// Required Min RX Interval.
    pub rx: SimDuration,
    /// Detect Mult, at least 1.
    pub multiplier: u8,
    /// The C bit: the session outlives the control plane (RFC 5880 §4.1).
    pub control_plane_independent: bool,
    /// By how much of it each interval is shortened at least.
    pub least_jitter: Share,
}

/// The least Desired Min TX Interval of a session that is not Up (RFC 5880 §6.8.3).
const SLOW: SimDuration = SimDuration::from_secs(1);
/// The least jitter with a Detect Mult of 1 (RFC 5880 §6.8.7).
const LEAST_OF_ONE: Share = Share::from_percent(10);
/// `bfd.RemoteMinRxInterval` before the peer was heard (RFC 5880 §6.8.1).
const UNHEARD_RX: SimDuration = SimDuration::from_micros(1);

/// `bfd.SessionState` (RFC 5880 §6.8.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Held down by an operator.
    AdminDown,
    /// No connection, or just lost.
    Down,
    /// The peer is heard, but does not hear this end yet.
    Init,
    /// Both ends hear each other.
    Up,
}

impl State {
    /// Its name in results.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AdminDown => "admin_down",
            Self::Down => "down",
            Self::Init => "init",
            Self::Up => "up",
        }
    }
}

/// Why the session last changed: `bfd.LocalDiag` with its code (RFC 5880 §4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Diag {
    /// 0: no diagnostic.
    None,
    /// 1: control detection time expired.
    ControlDetectionTimeExpired,
    /// 3: neighbor signaled session down.
    NeighborSignaledDown,
    /// 5: path down.
    PathDown,
    /// 7: administratively down.
    AdministrativelyDown,
}

impl Diag {
    /// Its name in results, after `openconfig-bfd`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ControlDetectionTimeExpired => "detection_time_expired",
            Self::NeighborSignaledDown => "neighbor_signaled_down",
            Self::PathDown => "path_down",
            Self::AdministrativelyDown => "administratively_down",
        }
    }
}

/// Who made the session change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum By {
    /// This end: its timer, its interface or its operator.
    Local,
    /// A packet of the peer.
    Remote,
}

/// The P and F bits, of which a packet has at most one (RFC 5880 §6.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bit {
    /// Neither.
    None,
    /// Asks for an answer.
    Poll,
    /// Is the answer.
    Final,
}

/// What a BFD control packet says (RFC 5880 §4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The sender's state.
    pub state: State,
    /// Why the sender last changed.
    pub diag: Diag,
    /// Poll or Final.
    pub bit: Bit,
    /// Desired Min TX Interval, Required Min RX Interval, Detect Mult and C bit of the sender.
    pub timing: Config,
}

/// What happens to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A packet of the peer arrived.
    Received(Packet),
    /// The detection timer reached its deadline.
    DetectExpired,
    /// The interface below went down.
    PathDown,
    /// The interface below came up.
    PathUp,
    /// An operator disables (`true`) or enables the session.
    AdminDown(bool),
}

/// What a session does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// The session changed its state.
    Changed {
        /// The state it left.
        from: State,
        /// The state it has.
        to: State,
        /// Why.
        diag: Diag,
        /// Who made it change.
        by: By,
    },
    /// The detection timer is to expire at this moment, replacing an earlier one.
    Arm(SimTime),
    /// The detection timer is to expire no more.
    Disarm,
    /// This packet is to be sent now, apart from the periodic ones.
    Transmit(Packet),
    /// From now on packets are sent with gaps from the first to the second, or not at all.
    Rate(Option<(SimDuration, SimDuration)>),
}

/// One end of a BFD session.
///
/// # Examples
/// ```
/// use pnilab::proto::bfd::{By, Config, Diag, Input, Output, Session, State};
/// use pnilab::units::{Share, SimDuration, SimTime};
///
/// let tx = SimDuration::from_millis(300);
/// let least_jitter = Share::ZERO;
/// let config =
///     Config { tx, rx: tx, multiplier: 3, control_plane_independent: false, least_jitter };
/// let mut session = Session::running(config, Some(config));
/// let mut out = Vec::new();
/// // The last packet came at zero, so the session is lost 900 ms later.
/// session.heard(SimTime::ZERO, &mut out);
/// let at = session.deadline().expect("it waits for the next packet");
/// assert_eq!(at.since(SimTime::ZERO), SimDuration::from_millis(900));
/// session.handle(at, Input::DetectExpired, &mut out);
/// assert_eq!(session.state(), State::Down);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    config: Config,
    state: State,
    diag: Diag,
    path_up: bool,
    /// Whether a Poll Sequence runs.
    polls: bool,
    /// What the peer's last packet said.
    remote: Option<Config>,
    deadline: Option<SimTime>,
}

impl Session {
    /// A session in the state to which it settles: Up if the peer runs BFD too, else Down.
    ///
    /// The detection timer does not run until the first packet or [`Session::heard`].
    #[must_use]
    pub const fn running(config: Config, peer: Option<Config>) -> Self {
        let state = if peer.is_some() { State::Up } else { State::Down };
        let down = Self::down(config);
        Self { state, path_up: true, remote: peer, ..down }
    }

    /// A session that is down because its interface is.
    #[must_use]
    pub const fn down(config: Config) -> Self {
        Self {
            config,
            state: State::Down,
            diag: Diag::None,
            path_up: false,
            polls: false,
            remote: None,
            deadline: None,
        }
    }

    /// Takes one input at `now` and appends what follows from it to `out`, in order.
    ///
    /// A detection timer that is not due is ignored.
    pub fn handle(&mut self, now: SimTime, input: Input, out: &mut Vec<Output>) {
        let rate = self.rate();
        match input {
            Input::Received(packet) => self.receive(now, packet, out),
            Input::DetectExpired => {
                if self.deadline.is_some_and(|at| at <= now) {
                    self.deadline = None;
                    self.change(State::Down, Diag::ControlDetectionTimeExpired, By::Local, out);
                    self.transmit(Bit::None, out);
                }
            }
            Input::PathDown => {
                self.path_up = false;
                if matches!(self.state, State::Init | State::Up) {
                    self.change(State::Down, Diag::PathDown, By::Local, out);
                }
            }
            Input::PathUp => {
                if !self.path_up {
                    self.path_up = true;
                    self.transmit(Bit::None, out);
                }
            }
            Input::AdminDown(disabled) => self.administer(disabled, out),
        }
        if self.rate() != rate {
            out.push(Output::Rate(self.rate()));
        }
    }

    /// As if a packet that [`Session::absorbs`] had arrived at `at`.
    pub fn heard(&mut self, at: SimTime, out: &mut Vec<Output>) {
        if let Some(hold) = self.hold() {
            self.deadline = Some(at + hold);
            out.push(Output::Arm(at + hold));
        }
    }

    /// Whether receiving `packet` would change nothing but start the detection timer again.
    #[must_use]
    pub fn absorbs(&self, packet: &Packet) -> bool {
        let answered = match packet.bit {
            Bit::None => false,
            Bit::Poll => true,
            Bit::Final => self.polls,
        };
        self.discards()
            || (!answered
                && self.remote == Some(packet.timing)
                && on_received(self.state, packet.state).is_none())
    }

    /// The Detection Time, if one runs (RFC 5880 §6.8.4).
    #[must_use]
    pub fn hold(&self) -> Option<SimDuration> {
        match self.state {
            State::AdminDown | State::Down => None,
            State::Init | State::Up => {
                self.remote.map(|r| self.config.rx.max(r.tx) * u64::from(r.multiplier))
            }
        }
    }

    /// When the session is lost unless a packet arrives first.
    #[must_use]
    pub const fn deadline(&self) -> Option<SimTime> {
        self.deadline
    }

    /// The state.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Whether this end lives on when its control plane does not (the C bit it sends).
    #[must_use]
    pub const fn is_independent(&self) -> bool {
        self.config.control_plane_independent
    }

    /// The shortest and the longest gap between periodic packets, if any are sent.
    ///
    /// 75 % to 100 % of the interval, less if the configuration or a Detect Mult of 1 ask for more
    /// jitter: at most 90 % with the latter (RFC 5880 §6.8.7).
    #[must_use]
    pub fn rate(&self) -> Option<(SimDuration, SimDuration)> {
        let remote_rx = self.remote.map_or(UNHEARD_RX, |remote| remote.rx);
        if !self.path_up || remote_rx.is_zero() {
            return None;
        }
        let interval = self.desired_tx().max(remote_rx);
        let least = if self.config.multiplier == 1 { LEAST_OF_ONE } else { Share::ZERO };
        let longest = interval.shortened(self.config.least_jitter.max(least));
        Some((interval.scaled(3, 4).min(longest), longest))
    }

    /// What a periodic packet says now.
    #[must_use]
    pub fn packet(&self) -> Packet {
        self.packet_with(if self.polls { Bit::Poll } else { Bit::None })
    }

    fn packet_with(&self, bit: Bit) -> Packet {
        let timing = Config { tx: self.desired_tx(), ..self.config };
        Packet { state: self.state, diag: self.diag, bit, timing }
    }

    /// `bfd.DesiredMinTxInterval`: slow start until Up (RFC 5880 §6.8.3).
    fn desired_tx(&self) -> SimDuration {
        match self.state {
            State::AdminDown | State::Down | State::Init => self.config.tx.max(SLOW),
            State::Up => self.config.tx,
        }
    }

    /// Whether packets are not even looked at (RFC 5880 §6.8.6).
    fn discards(&self) -> bool {
        !self.path_up || self.state == State::AdminDown
    }

    fn receive(&mut self, now: SimTime, packet: Packet, out: &mut Vec<Output>) {
        if self.discards() {
            return;
        }
        self.remote = Some(packet.timing);
        if packet.bit == Bit::Final {
            self.polls = false;
        }
        let transition = on_received(self.state, packet.state);
        if let Some((to, diag)) = transition {
            self.change(to, diag, By::Remote, out);
        }
        self.heard(now, out);
        if packet.bit == Bit::Poll {
            // Says the new state as well; a Poll of our own follows in the periodic packets.
            self.transmit(Bit::Final, out);
        } else if transition.is_some() {
            self.transmit(self.packet().bit, out);
        }
    }

    fn administer(&mut self, disabled: bool, out: &mut Vec<Output>) {
        let (to, diag) = match (disabled, self.state) {
            (true, State::Down | State::Init | State::Up) => {
                (State::AdminDown, Diag::AdministrativelyDown)
            }
            (false, State::AdminDown) => (State::Down, Diag::None),
            (true, State::AdminDown) | (false, State::Down | State::Init | State::Up) => return,
        };
        self.change(to, diag, By::Local, out);
        self.transmit(Bit::None, out);
    }

    fn change(&mut self, to: State, diag: Diag, by: By, out: &mut Vec<Output>) {
        out.push(Output::Changed { from: self.state, to, diag, by });
        self.state = to;
        self.diag = diag;
        // The faster rate of an Up session is a change of Desired Min TX (RFC 5880 §6.8.3).
        self.polls = to == State::Up && self.config.tx < SLOW;
        if self.hold().is_none() && self.deadline.take().is_some() {
            out.push(Output::Disarm);
        }
    }

    fn transmit(&self, bit: Bit, out: &mut Vec<Output>) {
        if self.path_up {
            out.push(Output::Transmit(self.packet_with(bit)));
        }
    }
}

/// The transitions of RFC 5880 §6.8.6 on a packet in state `remote`; `None` is "stay".
const fn on_received(local: State, remote: State) -> Option<(State, Diag)> {
    use State::{AdminDown, Down, Init, Up};
    match (local, remote) {
        (Init | Up, AdminDown) | (Up, Down) => Some((Down, Diag::NeighborSignaledDown)),
        (Down, Down) => Some((Init, Diag::None)),
        (Down, Init) | (Init, Init | Up) => Some((Up, Diag::None)),
        (AdminDown, _) | (Down, AdminDown | Up) | (Init, Down) | (Up, Init | Up) => None,
    }
}
