//! A port and its interface: loss of signal, Remote Fault, carrier delay, dampening.
//!
//! The port is the receiver, the reconciliation sublayer (IEEE 802.3 clauses 46 and 81) and the
//! interface above them. Without good light for `los` the port is in local fault and, while it
//! is enabled, sends Remote Fault to the far end, which thereby learns of a fibre that only this
//! end misses. The port is good when it is enabled and has neither fault; the interface follows
//! after its carrier delay. Where it is dampened, an interface that has flapped too often stays down
//! for the layers above, whatever its carrier does, until its penalty has decayed (as IP event
//! dampening of IOS does).
//!
//! # Departures
//! * Good light ends a local fault at once; block lock and alignment (milliseconds) belong to
//!   `carrier_delay_up`.
//! * A port that is disabled (no power, a dead card or optic) does not flap, and forgets its penalty.
//! * Remote Fault is one bit that stays as last received: in the dark nothing arrives that could
//!   change it. Light that returns brings what the far end sends at that instant.
//! * Light without frames is idles, and idles end Remote Fault: where something on the way swallows
//!   what the far end sends and keeps the light on, an end that only Remote Fault held down comes
//!   up again.

use super::damping::{self, Damper, FLAP};
use crate::units::{SimDuration, SimTime};

#[cfg(test)]
mod tests;

/// Interface timers of one end of a circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterfaceConfig {
    /// From the loss of light to the port reporting it.
    pub los: SimDuration,
    /// How long a fault must last before the interface goes down.
    pub carrier_delay_down: SimDuration,
    /// How long the signal must be good before the interface comes up.
    pub carrier_delay_up: SimDuration,
    /// How the interface is dampened, if it is.
    pub dampening: Option<damping::Config>,
}

/// The timers of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// Light has been lost for `los`.
    Los,
    /// The port has been bad for `carrier_delay_down`.
    CarrierDown,
    /// The port has been good for `carrier_delay_up`.
    CarrierUp,
    /// The penalty of a suppressed interface has decayed.
    Reuse,
}

/// What happens to a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Whether good light reaches the receiver.
    Signal(bool),
    /// Whether the far end sends Remote Fault.
    RemoteFault(bool),
    /// Whether the port has power, a working card and no administrative shutdown.
    Enabled(bool),
    /// A timer reached its deadline.
    Expired(Timer),
}

/// What a port does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Local fault began or ended: the far end is to receive Remote Fault, or no longer.
    LocalFault(bool),
    /// The interface came up.
    InterfaceUp,
    /// The interface went down.
    InterfaceDown,
    /// The timer is to expire at this moment, replacing an earlier one.
    Arm(Timer, SimTime),
    /// The timer is to expire no more.
    Disarm(Timer),
}

/// What the receiver sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Receiver {
    Light,
    /// Dark, but for less than `los`; the moment at which it becomes a local fault.
    Fading(SimTime),
    Dark,
}

/// The interface as its carrier has it, with the carrier delay that would change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Interface {
    Down { up_at: Option<SimTime> },
    Up { down_at: Option<SimTime> },
}

/// A port and its interface at one end of a circuit.
///
/// # Examples
/// ```
/// use pnilab::proto::phy::{Input, InterfaceConfig, Output, Port, Timer};
/// use pnilab::units::{SimDuration, SimTime};
///
/// let config = InterfaceConfig {
///     los: SimDuration::from_millis(10),
///     carrier_delay_down: SimDuration::ZERO,
///     carrier_delay_up: SimDuration::from_millis(200),
///     dampening: None,
/// };
/// let mut port = Port::up(config);
/// let mut out = Vec::new();
/// port.handle(SimTime::ZERO, Input::Signal(false), &mut out);
/// let at = SimTime::ZERO + config.los;
/// port.handle(at, Input::Expired(Timer::Los), &mut out);
/// let expected = [Output::Arm(Timer::Los, at), Output::LocalFault(true), Output::InterfaceDown];
/// assert_eq!(out, expected);
/// ```
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Debug, PartialEq)]
pub struct Port {
    config: InterfaceConfig,
    enabled: bool,
    receiver: Receiver,
    /// As last told to the far end; a port that loses its power cannot take it back.
    local_fault: bool,
    remote_fault: bool,
    interface: Interface,
    damper: Option<Damper>,
    /// As last told to the layers above.
    told_up: bool,
}

impl Port {
    /// An enabled port in good light whose interface is up.
    #[must_use]
    pub fn up(config: InterfaceConfig) -> Self {
        Self {
            damper: config.dampening.map(Damper::new),
            told_up: true,
            config,
            enabled: true,
            receiver: Receiver::Light,
            local_fault: false,
            remote_fault: false,
            interface: Interface::Up { down_at: None },
        }
    }

    /// A disabled port in the dark.
    #[must_use]
    pub fn down(config: InterfaceConfig) -> Self {
        Self {
            damper: config.dampening.map(Damper::new),
            told_up: false,
            config,
            enabled: false,
            receiver: Receiver::Dark,
            local_fault: false,
            remote_fault: false,
            interface: Interface::Down { up_at: None },
        }
    }

    /// Takes one input at `now` and appends what follows from it to `out`, in order.
    ///
    /// A timer that is not due is ignored.
    pub fn handle(&mut self, now: SimTime, input: Input, out: &mut Vec<Output>) {
        match input {
            Input::Signal(good) => self.signal(now, good, out),
            Input::RemoteFault(received) => self.remote_fault = received,
            Input::Enabled(enabled) => self.enable(enabled, out),
            Input::Expired(timer) => {
                if self.deadline(timer).is_none_or(|at| at > now) {
                    return;
                }
                self.expired(now, timer, out);
            }
        }
        self.follow_port(now, out);
        self.tell(out);
    }

    /// When `timer` expires, if it runs.
    #[must_use]
    pub fn deadline(&self, timer: Timer) -> Option<SimTime> {
        match (timer, self.receiver, self.interface) {
            (Timer::Reuse, ..) => self.damper.as_ref()?.until(),
            (Timer::Los, Receiver::Fading(at), _) => Some(at),
            (Timer::Los, Receiver::Light | Receiver::Dark, _)
            | (Timer::CarrierDown, _, Interface::Down { .. })
            | (Timer::CarrierUp, _, Interface::Up { .. }) => None,
            (Timer::CarrierDown, _, Interface::Up { down_at }) => down_at,
            (Timer::CarrierUp, _, Interface::Down { up_at }) => up_at,
        }
    }

    /// Whether the interface is up, as the layers above see it.
    #[must_use]
    pub fn is_up(&self) -> bool {
        matches!(self.interface, Interface::Up { .. })
            && self.damper.as_ref().is_none_or(|damper| damper.until().is_none())
    }

    /// Whether frames may leave: the interface is up and the reconciliation sublayer passes them.
    ///
    /// During `carrier_delay_down` the interface is up, but frames are replaced by Remote Fault
    /// (after a local fault) or idles (after a remote fault).
    #[must_use]
    pub fn may_transmit(&self) -> bool {
        self.is_up() && self.is_good()
    }

    /// Whether the far end is being sent Remote Fault.
    #[must_use]
    pub const fn sends_remote_fault(&self) -> bool {
        self.enabled && self.local_fault
    }

    /// Whether Remote Fault is what the far end last sent.
    #[must_use]
    pub const fn receives_remote_fault(&self) -> bool {
        self.remote_fault
    }

    const fn is_good(&self) -> bool {
        self.enabled && !self.local_fault && !self.remote_fault
    }

    fn signal(&mut self, now: SimTime, good: bool, out: &mut Vec<Output>) {
        match (good, self.receiver) {
            (true, Receiver::Light) | (false, Receiver::Fading(_) | Receiver::Dark) => {}
            (true, Receiver::Fading(_)) => {
                self.receiver = Receiver::Light;
                out.push(Output::Disarm(Timer::Los));
            }
            (true, Receiver::Dark) => {
                self.receiver = Receiver::Light;
                self.tell_far_end(out);
            }
            (false, Receiver::Light) if self.enabled && !self.config.los.is_zero() => {
                let at = now + self.config.los;
                self.receiver = Receiver::Fading(at);
                out.push(Output::Arm(Timer::Los, at));
            }
            (false, Receiver::Light) => {
                self.receiver = Receiver::Dark;
                self.tell_far_end(out);
            }
        }
    }

    fn enable(&mut self, enabled: bool, out: &mut Vec<Output>) {
        self.enabled = enabled;
        if !enabled {
            self.damper = self.config.dampening.map(Damper::new);
        }
        if !enabled && matches!(self.receiver, Receiver::Fading(_)) {
            self.receiver = Receiver::Dark;
            out.push(Output::Disarm(Timer::Los));
        }
        self.tell_far_end(out);
    }

    fn expired(&mut self, now: SimTime, timer: Timer, out: &mut Vec<Output>) {
        match timer {
            Timer::Los => {
                self.receiver = Receiver::Dark;
                self.tell_far_end(out);
            }
            Timer::CarrierDown => self.set_down(now, out),
            Timer::CarrierUp => self.interface = Interface::Up { down_at: None },
            Timer::Reuse => {
                let _released = self.damper.as_mut().is_some_and(|damper| damper.release(now));
            }
        }
    }

    /// Reports a change of local fault; a disabled port reports nothing.
    fn tell_far_end(&mut self, out: &mut Vec<Output>) {
        let local_fault = self.receiver == Receiver::Dark;
        if self.enabled && local_fault != self.local_fault {
            self.local_fault = local_fault;
            out.push(Output::LocalFault(local_fault));
        }
    }

    /// Starts or stops the carrier delays, or changes the interface where there is none.
    fn follow_port(&mut self, now: SimTime, out: &mut Vec<Output>) {
        match (self.interface, self.is_good()) {
            (Interface::Up { down_at: None } | Interface::Down { up_at: Some(_) }, true)
            | (Interface::Down { up_at: None }, false) => {}
            (Interface::Up { down_at: Some(_) }, true) => {
                self.interface = Interface::Up { down_at: None };
                out.push(Output::Disarm(Timer::CarrierDown));
            }
            (Interface::Up { down_at }, false) => {
                if !self.enabled || self.config.carrier_delay_down.is_zero() {
                    if down_at.is_some() {
                        out.push(Output::Disarm(Timer::CarrierDown));
                    }
                    self.set_down(now, out);
                } else if down_at.is_none() {
                    let at = now + self.config.carrier_delay_down;
                    self.interface = Interface::Up { down_at: Some(at) };
                    out.push(Output::Arm(Timer::CarrierDown, at));
                }
            }
            (Interface::Down { up_at: None }, true) => {
                if self.config.carrier_delay_up.is_zero() {
                    self.interface = Interface::Up { down_at: None };
                } else {
                    let at = now + self.config.carrier_delay_up;
                    self.interface = Interface::Down { up_at: Some(at) };
                    out.push(Output::Arm(Timer::CarrierUp, at));
                }
            }
            (Interface::Down { up_at: Some(_) }, false) => {
                self.interface = Interface::Down { up_at: None };
                out.push(Output::Disarm(Timer::CarrierUp));
            }
        }
    }

    /// The carrier is lost: a flap, unless the port was disabled.
    fn set_down(&mut self, now: SimTime, out: &mut Vec<Output>) {
        self.interface = Interface::Down { up_at: None };
        let Some(damper) = self.damper.as_mut().filter(|_| self.enabled) else { return };
        let before = damper.until();
        damper.add(now, FLAP);
        if let Some(at) = damper.until().filter(|at| before != Some(*at)) {
            out.push(Output::Arm(Timer::Reuse, at));
        }
    }

    /// Tells the layers above how the interface is, if that is news.
    fn tell(&mut self, out: &mut Vec<Output>) {
        let up = self.is_up();
        if up != self.told_up {
            self.told_up = up;
            out.push(if up { Output::InterfaceUp } else { Output::InterfaceDown });
        }
    }
}
