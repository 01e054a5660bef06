//! Where layers meet: the world of a run, its events and the drivers of each protocol.

mod bfd;
mod bgp;
pub(crate) mod cause;
mod circuits;
mod commands;
mod dispatch;
mod effects;
mod event;
mod fib;
mod hello;
mod igp;
mod inject;
mod keepalives;
mod lags;
mod lsdb;
pub(crate) mod net;
mod next_hops;
mod orders;
pub(crate) mod plan;
mod processes;
pub(crate) mod record;
mod routers;
mod routes;
mod session_paths;
mod settle;
mod transport;
pub(crate) mod world;
