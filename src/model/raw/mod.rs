//! Input files as they are written: serde structs that mirror the keys, nothing else.
//!
//! The doc comments here are the descriptions of the JSON Schemas under `schemas/`.

pub(crate) mod exchange;
pub(crate) mod faults;
pub(crate) mod lags;
pub(crate) mod policy;
pub(crate) mod requirements;
pub(crate) mod risk;
pub(crate) mod scenario;
pub(crate) mod topology;
pub(crate) mod traffic;
pub(crate) mod values;
