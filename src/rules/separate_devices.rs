//! C2: connections on separate devices of the provider at each location.

use std::collections::BTreeSet;

use super::found::Found;
use super::{Case, Example, Rule};
use crate::ids::RouterId;
use crate::model::requirements::RuleId;

pub(super) const RULE: Rule = Rule {
    id: RuleId::C2,
    title: "connections on separate devices of the provider at each location",
    means: "At each location two connections at least end on separate devices of the provider. Two connections may \
            well be put on one device unless that is asked for.",
    checked: "The provider's routers at the ends of the PNIs of each location are counted.",
    exposed_by: "`router_power_off` or maintenance of the device: the location is lost.",
    fix: "Order a connection on another device there.",
    examples: &[Example {
        passes: "    ends: [ct-fra-2, ms-fra-2]",
        fails: "    ends: [ct-fra-2, ms-fra-1]",
    }],
    check,
};

fn check(case: &Case<'_>, found: &mut Found) {
    let design = case.design;
    for location in &design.locations {
        let devices: BTreeSet<Vec<RouterId>> = location
            .pnis
            .iter()
            .map(|pni| design.topology.chassis(design.router(*pni, pni.own.other())))
            .collect();
        if devices.len() > 1 {
            continue;
        }
        let (word, name) = (location.word(), &location.name);
        let odd = location.pnis.get(1).map(|pni| design.place_of_end(*pni, pni.own.other()));
        let span = odd.unwrap_or_else(|| design.place_of_pni(location.pnis[0]));
        let router = design.router(location.pnis[0], location.pnis[0].own.other());
        let message = format!(
            "in {word} `{name}` all connections end on `{}` of the provider",
            design.router_name(router)
        );
        found.add(case.finding(word, name, span).says(message, RULE.fix));
    }
}
