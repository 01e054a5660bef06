//! The event core: a queue ordered by content, limits, and storage written through one accessor.
//!
//! Nothing here knows networks.

mod lists;
pub mod queue;
pub mod store;
