//! A network lab simulator with fault injection.

pub mod cli;
pub mod dataplane;
pub mod diag;
pub mod engine;
pub mod ids;
pub mod input;
pub mod model;
pub mod observe;
pub mod proto;
pub mod report;
pub mod rng;
mod sim;
pub mod units;
