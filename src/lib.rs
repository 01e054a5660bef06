//! A network lab simulator with fault injection: what breaks in a peering design, for how long,
//! and why.
//!
//! A design (metros, sites, routers, PNIs as LAGs of circuits, BGP sessions, prefixes, traffic)
//! and a scenario (faults, bounds) are YAML files. A run tells second by second what happens, what
//! traffic suffers and whether the bounds hold.
//!
//! ```
//! use std::path::Path;
//!
//! use pnilab::{RunOptions, Verdict};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let file = pnilab::open(Path::new("scenarios/bfd/silent-pni-with-bfd.yaml"))?;
//! let (scenario, topology, _notes) = pnilab::load_scenario(&file, None)?;
//! let report = pnilab::run(&topology, &scenario, &RunOptions::default());
//!
//! // BFD sends every 300 ms and gives up after the third that is missing, so that between two
//! // and three intervals pass after the last that came.
//! let first = report.result.sessions.iter().find(|row| row.reason == "bfd_down");
//! let detection = first.and_then(|row| row.detection_s).expect("a session ended by BFD");
//! assert!(detection > 0.6 && detection <= 0.9, "{detection} s");
//! assert_eq!(report.result.verdict, Verdict::Pass);
//!
//! let folder = tempfile::tempdir()?;
//! let written = pnilab::write_results(folder.path(), &[report], pnilab::Images::Svg)?;
//! assert!(written.iter().any(|file| file.ends_with("silent-pni-with-bfd/result.json")));
//! # Ok(())
//! # }
//! ```
//!
//! # What is stable
//!
//! What this page re-exports by name is the interface: [`open`], [`load_topology`],
//! [`load_scenario`], [`run`], [`write_results`], [`result_json`], [`summary`] and the types they
//! take and give. Fields and variants may be added to those types; none changes its meaning within
//! a major version. The modules are public to be read and tested; they may change at any time.
//!
//! # The rooms
//!
//! A room uses only those above it in this list.
//!
//! | room | what it does |
//! |---|---|
//! | [`units`] | simulated time, rates, lengths, shares: integers with their unit in the type |
//! | [`ids`] | typed indices, and vectors that only they index |
//! | [`rng`] | draws that depend on the seed, a name and a number alone |
//! | [`engine`] | the queue ordered by content, limits, storage with one way to write |
//! | [`proto`] | port, LACP, BFD, BGP and IGP machines, without clock, wires or topology |
//! | [`diag`] | what is wrong with an input, where, and what to do about it |
//! | [`input`] | YAML to a tree with positions, and all its errors at once |
//! | [`model`] | the tree to a validated design and scenario, ids instead of names |
//! | [`dataplane`] | forwarding tables to paths, loads, losses and their history |
//! | [`settled`] | where routing and traffic end up once all timers have run, without events |
//! | `sim` | where layers meet: the world of a run and the drivers of each protocol |
//! | [`report`] | plain results to JSON, CSV, charts, a page and a summary |
//! | [`observe`] | runs a scenario and turns what happened into a report |
//! | [`sweep`] | every set of failures up to a size, and what follows |
//! | [`availability`] | how long a year each demand is down, and because of what |
//! | [`rules`] | what a provider asks for, and whether a design meets it |
//! | [`cli`] | the `pnilab` command |

pub mod availability;
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
pub mod rules;
pub mod settled;
mod sim;
pub mod sweep;
pub mod units;

pub use diag::{Code, Diagnostic, Diagnostics, Level, Source};
pub use engine::queue::Limits;
pub use input::open;
pub use model::scenario::Scenario;
pub use model::topology::Topology;
pub use model::{load_scenario, load_topology};
pub use observe::{Hellos, RunOptions, run};
pub use report::data::{RunReport, RunResult, Verdict};
pub use report::json::result as result_json;
pub use report::summary::of as summary;
pub use report::write::{Images, WriteError, everything as write_results};
