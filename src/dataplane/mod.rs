//! Where traffic goes: forwarding tables, paths, loads, loss and the history of every part.
//!
//! This room knows tables, not protocols: whoever fills [`tables::Tables`] may ask it.

pub mod atoms;
mod courses;
pub mod fib;
mod flowing;
mod gaps;
pub mod hops;
pub mod load;
mod loads;
mod memo;
mod moves;
pub mod paths;
mod reach;
pub mod series;
pub mod specs;
pub mod standing;
mod state;
pub mod sweeps;
pub mod tables;
pub mod traffic;
