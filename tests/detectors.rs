//! Detectors and timers against answers worked out by hand, on designs of two or three routers.

#[path = "detectors/bfd.rs"]
mod bfd;
#[path = "detectors/bgp.rs"]
mod bgp;
#[path = "detectors/boxes.rs"]
mod boxes;
#[path = "detectors/carrier.rs"]
mod carrier;
#[path = "detectors/conditions.rs"]
mod conditions;
#[path = "detectors/daemons.rs"]
mod daemons;
#[path = "detectors/damping.rs"]
mod damping;
#[path = "detectors/exchange.rs"]
mod exchange;
#[path = "detectors/fib.rs"]
mod fib;
#[path = "detectors/graceful.rs"]
mod graceful;
#[path = "detectors/hold.rs"]
mod hold;
#[path = "detectors/igp.rs"]
mod igp;
#[path = "detectors/lab.rs"]
mod lab;
#[path = "detectors/lacp.rs"]
mod lacp;
#[path = "detectors/long_lived.rs"]
mod long_lived;
#[path = "detectors/members.rs"]
mod members;
#[path = "detectors/overlaps.rs"]
mod overlaps;
#[path = "detectors/processes.rs"]
mod processes;
#[path = "detectors/restless.rs"]
mod restless;
#[path = "detectors/services.rs"]
mod services;
#[path = "detectors/traffic.rs"]
mod traffic;
#[path = "detectors/verdicts.rs"]
mod verdicts;
#[path = "detectors/weights.rs"]
mod weights;
#[path = "detectors/writes.rs"]
mod writes;
