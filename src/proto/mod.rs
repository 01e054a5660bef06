//! Protocol machines without input or output: time and input in, outputs appended.
//!
//! Nothing here reads a clock, draws a random number or knows a topology.

pub mod bfd;
pub mod bgp;
pub mod damping;
pub mod igp;
pub mod lacp;
#[cfg(test)]
mod pair;
pub mod phy;
pub mod schedule;
