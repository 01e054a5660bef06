//! The shipped designs and scenarios load.

use std::path::Path;

use pnilab::diag::render::{Style, render};
use pnilab::{input, model};

#[test]
fn the_two_metro_design_loads() {
    let source = input::open(Path::new("topologies/two-metro.yaml")).expect("the file is there");
    let (topology, notes) = model::load_topology(&source)
        .unwrap_or_else(|errors| panic!("{}", render(&errors, Style::Plain)));
    assert_eq!(notes.len(), 1, "documentation numbers make one note");
    // 4 PNIs of 2 circuits, 9 links of 1.
    assert_eq!((topology.lags.len(), topology.circuits.len()), (13, 17));
    // 4 PNIs x 2 families; 4 routers give 6 pairs, 6 routers 15, each in 2 families.
    assert_eq!(topology.sessions.len(), 8 + 2 * (6 + 15));
}

#[test]
fn the_bfd_scenario_loads() {
    let source = input::open(Path::new("scenarios/bfd/silent-pni-with-bfd.yaml"))
        .expect("the file is there");
    let (scenario, _, _) = model::load_scenario(&source, None)
        .unwrap_or_else(|errors| panic!("{}", render(&errors, Style::Plain)));
    assert_eq!((scenario.faults.len(), scenario.bounds.len()), (1, 4));
}
