//! Detectors and timers against answers worked out by hand, on designs of two or three routers.

#[path = "detectors/bfd.rs"]
mod bfd;
#[path = "detectors/carrier.rs"]
mod carrier;
#[path = "detectors/hold.rs"]
mod hold;
#[path = "detectors/lab.rs"]
mod lab;
#[path = "detectors/lacp.rs"]
mod lacp;
