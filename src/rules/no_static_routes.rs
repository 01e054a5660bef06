//! P11: no static or last-resort routes to the other side.

use super::found::Found;
use super::stated::{Says, each};
use super::{Case, Example, Rule};
use crate::model::requirements::RuleId;

pub(super) const RULE: Rule = Rule {
    id: RuleId::P11,
    title: "no static routes to the other side",
    means: "Neither side sends the other traffic for routes that are not announced by BGP.",
    checked: "No model shows it: `networks.NAME.declared.static_routes` states it.",
    exposed_by: "A session that is lost while a static route stays: traffic goes into nothing.",
    fix: "Remove static and default routes that point over the PNI.",
    examples: &[Example { passes: "static_routes: false", fails: "static_routes: true" }],
    check,
};

fn check(case: &Case<'_>, found: &mut Found) {
    each(
        case,
        found,
        (
            "static_routes",
            "does it send by static or default routes what is not announced?",
            RULE.fix,
        ),
        |declared| match declared.static_routes {
            Some(false) => Says::Met("no static routes to the provider".to_owned()),
            Some(true) => Says::Unmet("it has static routes to the provider".to_owned()),
            None => Says::Nothing,
        },
    );
}
