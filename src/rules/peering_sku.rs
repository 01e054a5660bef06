//! P28: the SKU of the peering.

use super::found::Found;
use super::stated::{Says, each_peering};
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
    let wanted = case.limits.sku;
    each_peering(case, found, ("sku", RULE.fix), |peering| match peering.sku {
        Some(stated) if stated == wanted => Says::Met(stated.as_str().to_owned()),
        Some(stated) => Says::Unmet(format!(
            "has the SKU {}, and {} is asked for",
            stated.as_str(),
            wanted.as_str()
        )),
        None => Says::Nothing,
    });
}
