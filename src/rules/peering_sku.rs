//! P28: the SKU of the peering.

use super::found::Found;
use super::{Case, Example, Rule};
use crate::model::requirements::RuleId;

pub(super) const RULE: Rule = Rule {
    id: RuleId::P28,
    title: "the SKU of the peering",
    means: "Peering Service takes the SKU Premium Free, plain direct peering Basic Free.",
    checked: "`peerings.NAME.sku` states it; where it is not stated the rule is `missing` it.",
    exposed_by: "No fault: the provider refuses the request, and the SKU cannot be changed later.",
    fix: "Create the peering with the SKU that the edition asks for.",
    examples: &[Example {
        passes: "sku: Premium_Direct_Free,\n     connections: {pni-ams-1",
        fails: "sku: Basic_Direct_Free,\n     connections: {pni-ams-1",
    }],
    check,
};

fn check(case: &Case<'_>, found: &mut Found) {
    let design = case.design;
    let wanted = case.limits.sku;
    let mut any = false;
    for peering in &design.topology.peerings {
        if !design.pnis.iter().any(|pni| peering.connections.contains(&pni.lag)) {
            continue;
        }
        any = true;
        let name = &peering.name;
        match peering.sku {
            Some(stated) if stated == wanted => {
                found.declared(format!("`{name}`: {}", stated.as_str()));
            }
            Some(stated) => {
                let span = design.place(&[&["peerings", name, "sku"]]);
                let (stated, wanted) = (stated.as_str(), wanted.as_str());
                let message = format!("`{name}` has the SKU {stated}, and {wanted} is asked for");
                found.add(case.finding("peering", name, span).says(message, RULE.fix));
            }
            None => found.missing(format!("`peerings.{name}.sku`")),
        }
    }
    if !any {
        found.missing("`peerings`, with `sku`");
    }
}
