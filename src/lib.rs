//! A network lab simulator with fault injection.

pub mod cli;
pub mod diag;
pub mod ids;
pub mod input;
pub mod model;
pub mod proto;
pub mod rng;
pub mod units;
