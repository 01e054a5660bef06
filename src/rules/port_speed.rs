//! P21: ports fast enough.

use super::found::Found;
use super::{Case, Example, Rule};
use crate::model::requirements::RuleId;

pub(super) const RULE: Rule = Rule {
    id: RuleId::P21,
    title: "ports fast enough",
    means: "The provider connects ports of a least speed only: 10G for Peering Service, 100G single-mode for direct \
            peering by the policy of 2024-03.",
    checked: "Every circuit of a PNI to the provider has at least that speed (`minimum_port`). What fibre and optics \
              are used the model does not tell.",
    exposed_by: "No fault: the provider refuses the order.",
    fix: "Order circuits of the speed that the provider connects.",
    examples: &[Example {
        passes: "    circuits: {x-2003: {speed: 100G, length: 100m}, x-2004: {speed: 100G, length: 100m}}",
        fails: "    circuits: {x-2003: {speed: 1G, length: 100m}, x-2004: {speed: 1G, length: 100m}}",
    }],
    check,
};

fn check(case: &Case<'_>, found: &mut Found) {
    let design = case.design;
    let least = case.limits.minimum_port;
    for pni in &design.pnis {
        let (path, name) = (design.path_of_pni(*pni), design.pni_name(*pni));
        for circuit in &design.topology.lags[pni.lag].circuits {
            let circuit = &design.topology.circuits[*circuit];
            if circuit.speed >= least {
                continue;
            }
            let own = [&path[..], &["circuits", circuit.name.as_str()]].concat();
            let span = design.place(&[&[&own[..], &["speed"]].concat(), &own]);
            let message =
                format!("`{}` of `{name}` is {}: less than {least}", circuit.name, circuit.speed);
            found.add(case.finding("circuit", &circuit.name, span).says(message, RULE.fix));
        }
    }
}
