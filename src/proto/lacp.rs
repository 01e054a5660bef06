//! LACP (IEEE 802.1AX): receive, periodic and mux machines of one member, at one end.
//!
//! Clause numbers are those of 802.1AX-2008. Control is independent (§5.4.15, figure of the
//! independent mux): a member collects before it distributes, and an end distributes only while
//! the partner says that it collects. An end that no longer hears its partner therefore stops
//! both and says so, and the partner stops sending into the loss. The first PDU of a port that
//! came up leaves with the periodic timer, a second later (§5.4.13).
//!
//! # Departures
//! * One partner per member, without system, key or port identifiers: whoever else is heard is a
//!   stranger, with which this end does not aggregate. The standard would form another, individual
//!   link with it. One stranger is not told from another.
//! * A partner that was never heard or was given up ("defaulted") is not aggregated with. The
//!   standard would form an individual link; here a LAG without LACP is written as static.
//! * A disabled port is unselected, as implementations do; a member that returns thus waits for
//!   `Aggregate_Wait_Time` again. Each member waits on its own (`Ready` = its own `Ready_N`).
//! * Transmission is not limited to three PDUs a second: a state change needs fewer, and
//!   answers to a partner that hears nothing come once a second.
//! * Churn detection and markers, which change no state, are left out.

use crate::units::{SimDuration, SimTime};

mod pdu;
#[cfg(test)]
mod tests;

pub use pdu::{Flags, Known, Pdu, Who};

/// How one end of a LAG runs LACP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Whether this end speaks without being spoken to.
    pub mode: Mode,
    /// This end's `LACP_Timeout`: how often the partner sends and how long this end waits.
    pub interval: Interval,
    /// `Aggregate_Wait_Time`: delay before a member that returns may carry traffic.
    pub aggregate_wait: SimDuration,
}

/// `LACP_Activity`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Speaks first.
    Active,
    /// Speaks only to an active partner.
    Passive,
}

/// `LACP_Timeout`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// A PDU a second, timeout 3 s.
    Fast,
    /// A PDU every 30 s, timeout 90 s.
    Slow,
}

/// `Fast_Periodic_Time` (§5.4.4).
const FAST_PERIODIC: SimDuration = SimDuration::from_secs(1);
/// `Slow_Periodic_Time` (§5.4.4).
const SLOW_PERIODIC: SimDuration = SimDuration::from_secs(30);
/// `Short_Timeout_Time` (§5.4.4).
const SHORT_TIMEOUT: SimDuration = SimDuration::from_secs(3);
/// `Long_Timeout_Time` (§5.4.4).
const LONG_TIMEOUT: SimDuration = SimDuration::from_secs(90);

/// The receive machine (§5.4.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Receive {
    /// `PORT_DISABLED`: the interface is down.
    PortDisabled,
    /// `EXPIRED`: the partner has fallen silent, or the port has just come up.
    Expired,
    /// `DEFAULTED`: the partner was silent in `EXPIRED` too and is forgotten.
    Defaulted,
    /// `CURRENT`: the partner is heard.
    Current,
}

impl Receive {
    /// Its name in results.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PortDisabled => "port_disabled",
            Self::Expired => "expired",
            Self::Defaulted => "defaulted",
            Self::Current => "current",
        }
    }
}

/// The mux machine with independent control (§5.4.15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mux {
    /// `DETACHED`: not in the LAG.
    Detached,
    /// `WAITING`: selected, while `wait_while` runs.
    Waiting,
    /// `ATTACHED`: in synchronization, waiting for the partner to be.
    Attached,
    /// `COLLECTING`: takes frames, waiting for the partner to.
    Collecting,
    /// `DISTRIBUTING`: takes and sends frames.
    Distributing,
}

impl Mux {
    /// Its name in results.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Detached => "detached",
            Self::Waiting => "waiting",
            Self::Attached => "attached",
            Self::Collecting => "collecting",
            Self::Distributing => "distributing",
        }
    }
}

/// The timers of a member whose expiry is an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// `current_while_timer`: the partner has been silent for too long.
    CurrentWhile,
    /// `wait_while_timer`: the member has waited for others to join the LAG with.
    WaitWhile,
}

/// What happens to a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The interface came up.
    PortUp,
    /// The interface went down.
    PortDown,
    /// A PDU arrived.
    Received(Who, Pdu),
    /// A PDU of a system arrived that does not hear this end, and wants PDUs as often as it does.
    Foreign,
    /// Whether the LAG wants this member; it wants none below its `min_links`.
    Selected(bool),
    /// A timer reached its deadline.
    Expired(Timer),
}

/// What a member does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// The receive machine changed.
    ReceiveChanged {
        /// The state it left.
        from: Receive,
        /// The state it has.
        to: Receive,
    },
    /// The mux machine changed; states passed in the same instant are not told.
    MuxChanged {
        /// The state it left.
        from: Mux,
        /// The state it has.
        to: Mux,
    },
    /// The timer is to expire at this moment, replacing an earlier one.
    Arm(Timer, SimTime),
    /// The timer is to expire no more.
    Disarm(Timer),
    /// This PDU is to be sent now, apart from the periodic ones.
    Transmit(Pdu),
    /// From now on PDUs are sent with gaps from the first to the second, or not at all.
    Rate(Option<(SimDuration, SimDuration)>),
}

/// One member of a LAG, at one end.
///
/// # Examples
/// ```
/// use pnilab::proto::lacp::{Config, Input, Interval, Member, Mode, Timer};
/// use pnilab::units::{SimDuration, SimTime};
///
/// let aggregate_wait = SimDuration::from_secs(2);
/// let config = Config { mode: Mode::Active, interval: Interval::Fast, aggregate_wait };
/// let mut member = Member::running(config, config);
/// assert!(member.distributing());
/// let mut out = Vec::new();
/// member.heard(SimTime::ZERO, &mut out);
/// let at = member.deadline(Timer::CurrentWhile).expect("it waits for the next PDU");
/// assert_eq!(at.since(SimTime::ZERO), SimDuration::from_secs(3));
/// member.handle(at, Input::Expired(Timer::CurrentWhile), &mut out);
/// assert!(!member.collecting() && !member.distributing());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    config: Config,
    receive: Receive,
    mux: Mux,
    /// What the one last heard said, as far as this end believes it; `None`: defaulted.
    partner: Option<Known>,
    wanted: bool,
    selected: bool,
    current_while: Option<SimTime>,
    wait_while: Option<SimTime>,
}

impl Member {
    /// The state to which a member between these two ends settles: distributing, or defaulted
    /// where both ends are passive.
    ///
    /// No timer runs until the first PDU or [`Member::heard`].
    #[must_use]
    pub fn running(config: Config, partner: Config) -> Self {
        let mut member = Self { receive: Receive::Defaulted, ..Self::disabled(config) };
        if config.mode == Mode::Active || partner.mode == Mode::Active {
            member.receive = Receive::Current;
            member.mux = Mux::Distributing;
            member.selected = true;
            let flags = Flags::of(partner)
                .with(Flags::SYNCHRONIZATION, true)
                .with(Flags::COLLECTING, true)
                .with(Flags::DISTRIBUTING, true);
            member.partner = Some(Known { who: Who::Partner, flags });
        }
        member
    }

    /// A member whose interface is down, and that the LAG wants.
    #[must_use]
    pub const fn disabled(config: Config) -> Self {
        Self {
            config,
            receive: Receive::PortDisabled,
            mux: Mux::Detached,
            partner: None,
            wanted: true,
            selected: false,
            current_while: None,
            wait_while: None,
        }
    }

    /// Takes one input at `now` and appends what follows from it to `out`, in order.
    ///
    /// A timer that is not due is ignored.
    pub fn handle(&mut self, now: SimTime, input: Input, out: &mut Vec<Output>) {
        let rate = self.rate();
        let mut need_to_transmit = false;
        match input {
            Input::PortUp => {
                if self.receive == Receive::PortDisabled {
                    self.expire(now, out);
                }
            }
            Input::PortDown => self.disable(out),
            Input::Received(from, pdu) => {
                need_to_transmit = self.receive(now, from, pdu, out);
            }
            Input::Foreign => {
                let pdu = Pdu { actor: Flags::of(self.config), partner: None };
                need_to_transmit = self.receive(now, Who::Stranger, pdu, out);
            }
            Input::Selected(wanted) => self.wanted = wanted,
            Input::Expired(timer) => {
                if self.deadline(timer).is_none_or(|at| at > now) {
                    return;
                }
                self.expired(now, timer, out);
            }
        }
        self.select();
        need_to_transmit |= self.run_mux(now, out);
        let new_rate = self.rate();
        if new_rate != rate {
            out.push(Output::Rate(new_rate));
            // SLOW_PERIODIC is left through PERIODIC_TX (§5.4.13).
            need_to_transmit |= rate == Some((SLOW_PERIODIC, SLOW_PERIODIC));
        }
        if need_to_transmit && new_rate.is_some() {
            out.push(Output::Transmit(self.packet()));
        }
    }

    /// Takes a PDU in; whether its sender is to be answered.
    fn receive(&mut self, now: SimTime, from: Who, pdu: Pdu, out: &mut Vec<Output>) -> bool {
        if self.receive == Receive::PortDisabled {
            return false;
        }
        let answer = self.needs_answer(from, pdu);
        self.partner = Some(self.believed(from, pdu));
        self.set_receive(Receive::Current, out);
        self.heard(now, out);
        answer
    }

    /// As if a PDU that [`Member::absorbs`] had arrived at `at`.
    pub fn heard(&mut self, at: SimTime, out: &mut Vec<Output>) {
        // What was heard before another said something does not take that back.
        if let Some(until) = self.hold().map(|hold| at + hold)
            && self.current_while.is_none_or(|known| known <= until)
        {
            self.arm(Timer::CurrentWhile, until, out);
        }
    }

    /// Whether receiving `pdu` would change nothing but start `current_while` again.
    #[must_use]
    pub fn absorbs(&self, from: Who, pdu: &Pdu) -> bool {
        match self.receive {
            Receive::PortDisabled => true,
            Receive::Expired | Receive::Defaulted => false,
            Receive::Current => {
                self.partner == Some(self.believed(from, *pdu))
                    && !(self.needs_answer(from, *pdu) && self.rate().is_some())
            }
        }
    }

    /// How long the partner may be silent, while it is heard.
    #[must_use]
    pub const fn hold(&self) -> Option<SimDuration> {
        match (self.receive, self.config.interval) {
            (Receive::PortDisabled | Receive::Expired | Receive::Defaulted, _) => None,
            (Receive::Current, Interval::Fast) => Some(SHORT_TIMEOUT),
            (Receive::Current, Interval::Slow) => Some(LONG_TIMEOUT),
        }
    }

    /// When `timer` expires, if it runs.
    #[must_use]
    pub const fn deadline(&self, timer: Timer) -> Option<SimTime> {
        match timer {
            Timer::CurrentWhile => self.current_while,
            Timer::WaitWhile => self.wait_while,
        }
    }

    /// The state of the receive machine.
    #[must_use]
    pub const fn receive_state(&self) -> Receive {
        self.receive
    }

    /// The state of the mux machine.
    #[must_use]
    pub const fn mux_state(&self) -> Mux {
        self.mux
    }

    /// Whether frames that arrive are taken.
    #[must_use]
    pub const fn collecting(&self) -> bool {
        matches!(self.mux, Mux::Collecting | Mux::Distributing)
    }

    /// Whether frames are sent.
    #[must_use]
    pub const fn distributing(&self) -> bool {
        matches!(self.mux, Mux::Distributing)
    }

    /// Whether the LAG may count on this member: its partner is heard and aggregatable.
    #[must_use]
    pub fn eligible(&self) -> bool {
        self.receive == Receive::Current
            && self.partner.is_some_and(|partner| {
                partner.who == Who::Partner && partner.flags.has(Flags::AGGREGATION)
            })
    }

    /// The shortest and the longest gap between periodic PDUs, if any are sent (§5.4.13).
    ///
    /// A second while the partner wants it or is not known, else 30 s.
    #[must_use]
    pub fn rate(&self) -> Option<(SimDuration, SimDuration)> {
        let partner_active = self.partner.is_some_and(|partner| partner.flags.has(Flags::ACTIVITY));
        if self.receive == Receive::PortDisabled
            || (self.config.mode == Mode::Passive && !partner_active)
        {
            return None;
        }
        let fast = self.partner.is_none_or(|partner| partner.flags.has(Flags::SHORT_TIMEOUT));
        let period = if fast { FAST_PERIODIC } else { SLOW_PERIODIC };
        Some((period, period))
    }

    /// What a periodic PDU says now.
    #[must_use]
    pub fn packet(&self) -> Pdu {
        Pdu { actor: self.actor(), partner: self.partner }
    }

    fn actor(&self) -> Flags {
        let attached = matches!(self.mux, Mux::Attached | Mux::Collecting | Mux::Distributing);
        Flags::of(self.config)
            .with(Flags::SYNCHRONIZATION, attached)
            .with(Flags::COLLECTING, self.collecting())
            .with(Flags::DISTRIBUTING, self.distributing())
            .with(Flags::DEFAULTED, self.partner.is_none())
            .with(Flags::EXPIRED, self.receive == Receive::Expired)
    }

    /// `update_NTT` (§5.4.9): whether the sender knows this end wrongly, or another.
    fn needs_answer(&self, from: Who, pdu: Pdu) -> bool {
        let compared =
            [Flags::ACTIVITY, Flags::SHORT_TIMEOUT, Flags::SYNCHRONIZATION, Flags::AGGREGATION];
        let actor = self.actor();
        let differs = |known: Flags| compared.into_iter().any(|f| known.has(f) != actor.has(f));
        pdu.partner.is_none_or(|known| known.who != from || differs(known.flags))
    }

    /// `recordPDU` (§5.4.9): the sender's flags, in synchronization only if it is the partner and
    /// means this end.
    fn believed(&self, from: Who, pdu: Pdu) -> Known {
        let actor = self.actor();
        let knows = |flag: Flags| pdu.partner.is_some_and(|known| known.flags.has(flag));
        let meant = from == Who::Partner
            && pdu.partner.is_some_and(|known| known.who == Who::Partner)
            && knows(Flags::AGGREGATION) == actor.has(Flags::AGGREGATION);
        let maintained = pdu.actor.has(Flags::ACTIVITY)
            || (actor.has(Flags::ACTIVITY) && knows(Flags::ACTIVITY));
        let synchronized = pdu.actor.has(Flags::SYNCHRONIZATION) && meant && maintained;
        Known { who: from, flags: pdu.actor.with(Flags::SYNCHRONIZATION, synchronized) }
    }

    /// Enters `EXPIRED`.
    fn expire(&mut self, now: SimTime, out: &mut Vec<Output>) {
        if let Some(Known { flags, .. }) = &mut self.partner {
            *flags = flags.with(Flags::SYNCHRONIZATION, false).with(Flags::SHORT_TIMEOUT, true);
        }
        self.set_receive(Receive::Expired, out);
        self.arm(Timer::CurrentWhile, now + SHORT_TIMEOUT, out);
    }

    /// Enters `PORT_DISABLED`; the partner is out of synchronization when it is left.
    fn disable(&mut self, out: &mut Vec<Output>) {
        self.set_receive(Receive::PortDisabled, out);
        self.disarm(Timer::CurrentWhile, out);
    }

    fn expired(&mut self, now: SimTime, timer: Timer, out: &mut Vec<Output>) {
        match timer {
            // Without its timer the mux machine waits no longer.
            Timer::WaitWhile => self.wait_while = None,
            Timer::CurrentWhile => {
                self.current_while = None;
                match self.receive {
                    Receive::Current => self.expire(now, out),
                    Receive::Expired => {
                        self.partner = None;
                        self.set_receive(Receive::Defaulted, out);
                    }
                    Receive::PortDisabled | Receive::Defaulted => {}
                }
            }
        }
    }

    /// The selection logic (§5.4.14) for a port that has one LAG to go to.
    fn select(&mut self) {
        self.selected = self.wanted
            && match self.receive {
                Receive::PortDisabled | Receive::Defaulted => false,
                // A partner that falls silent is not unselected before it is given up.
                Receive::Expired => self.selected,
                Receive::Current => self.eligible(),
            };
    }

    /// Runs the mux machine until it stays; whether a state on the way needs to be told.
    fn run_mux(&mut self, now: SimTime, out: &mut Vec<Output>) -> bool {
        let (from, mut tell) = (self.mux, false);
        while let Some(to) = self.next_mux() {
            self.mux = to;
            match to {
                Mux::Waiting => {
                    let wait = self.config.aggregate_wait;
                    if !wait.is_zero() {
                        self.arm(Timer::WaitWhile, now + wait, out);
                    }
                }
                Mux::Detached | Mux::Attached => {
                    self.disarm(Timer::WaitWhile, out);
                    tell = true;
                }
                Mux::Collecting => tell = true,
                Mux::Distributing => {}
            }
        }
        if self.mux != from {
            out.push(Output::MuxChanged { from, to: self.mux });
        }
        tell
    }

    /// The transitions of the independent mux machine (§5.4.15); `None` is "stay".
    fn next_mux(&self) -> Option<Mux> {
        let partner_says = |flag| self.partner.is_some_and(|partner| partner.flags.has(flag));
        let in_sync = self.selected && partner_says(Flags::SYNCHRONIZATION);
        let both_collect = in_sync && partner_says(Flags::COLLECTING);
        match self.mux {
            Mux::Detached => self.selected.then_some(Mux::Waiting),
            Mux::Waiting | Mux::Attached if !self.selected => Some(Mux::Detached),
            Mux::Waiting => self.wait_while.is_none().then_some(Mux::Attached),
            Mux::Attached => in_sync.then_some(Mux::Collecting),
            Mux::Collecting if !in_sync => Some(Mux::Attached),
            Mux::Collecting => both_collect.then_some(Mux::Distributing),
            Mux::Distributing => (!both_collect).then_some(Mux::Collecting),
        }
    }

    fn set_receive(&mut self, to: Receive, out: &mut Vec<Output>) {
        if self.receive != to {
            out.push(Output::ReceiveChanged { from: self.receive, to });
            self.receive = to;
        }
    }

    fn arm(&mut self, timer: Timer, at: SimTime, out: &mut Vec<Output>) {
        *self.timer_mut(timer) = Some(at);
        out.push(Output::Arm(timer, at));
    }

    fn disarm(&mut self, timer: Timer, out: &mut Vec<Output>) {
        if self.timer_mut(timer).take().is_some() {
            out.push(Output::Disarm(timer));
        }
    }

    const fn timer_mut(&mut self, timer: Timer) -> &mut Option<SimTime> {
        match timer {
            Timer::CurrentWhile => &mut self.current_while,
            Timer::WaitWhile => &mut self.wait_while,
        }
    }
}
