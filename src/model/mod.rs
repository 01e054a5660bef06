//! Designs and scenarios, validated: after loading, nothing is looked up by name.

pub mod scenario;
pub mod topology;
