//! A network lab simulator with fault injection.

pub mod dataplane;
pub mod engine;
pub mod ids;
pub mod model;
pub mod proto;
pub mod report;
pub mod rng;
mod sim;
pub mod units;
