//! A year in which nothing happens to a thousand BFD sessions of 50 ms.

use std::fmt::Write as _;
use std::sync::Arc;

use pnilab::Source;
use pnilab::model::scenario::Scenario;
use pnilab::model::topology::Topology;

/// Pairs of routers.
const PAIRS: usize = 100;
/// PNIs of a pair, each with one session.
const PNIS: usize = 10;

/// The design: 100 pairs of routers with ten PNIs each, BFD 50 ms x 3 on every session.
fn design() -> String {
    let mut text = String::from(
        "pnilab: topology/1\nname: quiet\n\
         defaults: {bfd: {tx: 50ms, rx: 50ms, multiplier: 3}}\n\
         metros: {ams: {}}\nsites: {ams-a: {metro: ams}}\n\
         networks: {left: {asn: 65001, ibgp: {mode: none}}, \
         right: {asn: 65002, ibgp: {mode: none}}}\nrouters:\n",
    );
    let mut line = |line: String| writeln!(text, "  {line}").expect("a String takes all");
    for pair in 0..PAIRS {
        line(format!("l{pair}: {{network: left, site: ams-a}}"));
        line(format!("r{pair}: {{network: right, site: ams-a}}"));
    }
    text.push_str("pnis:\n");
    let mut line = |line: String| writeln!(text, "  {line}").expect("a String takes all");
    for pair in 0..PAIRS {
        for pni in 0..PNIS {
            let circuits = format!("circuits: {{c{pair}-{pni}: {{speed: 10G}}}}");
            let rest = format!("relation: peer, {circuits}, sessions: {{ipv4: {{bfd: {{}}}}}}");
            line(format!("p{pair}-{pni}: {{ends: [l{pair}, r{pair}], {rest}}}"));
        }
    }
    text
}

/// The year, loaded.
pub(crate) fn year() -> (Topology, Scenario) {
    let year = "pnilab: scenario/1\nname: year\nduration: 8760h\n";
    let (year, design) = (Source::new("year.yaml", year), Source::new("quiet.yaml", design()));
    let (scenario, topology, _) = pnilab::load_scenario(&year, Some(&Arc::clone(&design)))
        .unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(topology.sessions.len(), PAIRS * PNIS);
    (topology, scenario)
}
