//! A port and its interface: loss of signal, Remote Fault, carrier delay.

use crate::units::SimDuration;

/// Interface timers of one end of a circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterfaceConfig {
    /// From the loss of light to the port reporting it.
    pub los: SimDuration,
    /// How long a fault must last before the interface goes down.
    pub carrier_delay_down: SimDuration,
    /// How long the signal must be good before the interface comes up.
    pub carrier_delay_up: SimDuration,
}
