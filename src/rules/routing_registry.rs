//! P12: routes in a public routing registry.

use super::found::Found;
use super::stated::{Says, each};
use super::{Case, Example, Rule};
use crate::model::requirements::RuleId;

pub(super) const RULE: Rule = Rule {
    id: RuleId::P12,
    title: "routes in a public routing registry",
    means: "Routes are registered in a public Internet routing registry and kept up to date: filters are built from it.",
    checked: "No model shows it: `networks.NAME.declared.irr` states it.",
    exposed_by: "A rebuild of filters: what is not registered is dropped.",
    fix: "Register the routes and name the set, such as AS-CONTOSO.",
    examples: &[Example { passes: "irr: AS-CONTOSO", fails: "irr: \"\"" }],
    check,
};

fn check(case: &Case<'_>, found: &mut Found) {
    each(
        case,
        found,
        ("irr", "which set of a routing registry holds its routes?", RULE.fix),
        |declared| match &declared.irr {
            Some(set) if set.trim().is_empty() => {
                Says::Unmet("no set of a routing registry".to_owned())
            }
            Some(set) => Says::Met(format!("routes are registered as {set}")),
            None => Says::Nothing,
        },
    );
}
