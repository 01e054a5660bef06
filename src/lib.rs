//! A network lab simulator with fault injection.

pub mod ids;
pub mod model;
pub mod proto;
pub mod report;
pub mod rng;
pub mod units;
