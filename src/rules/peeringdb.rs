//! P15: a profile on PeeringDB.

use super::found::Found;
use super::stated::{Says, each};
use super::{Case, Example, Rule};
use crate::model::requirements::RuleId;

pub(super) const RULE: Rule = Rule {
    id: RuleId::P15,
    title: "a complete profile on PeeringDB",
    means: "The profile on PeeringDB is complete and up to date; presence at facilities is validated there.",
    checked: "No model shows it: `networks.NAME.declared.peeringdb` states it.",
    exposed_by: "No fault: the provider refuses the request.",
    fix: "Complete the profile and state its id.",
    examples: &[Example { passes: "peeringdb: 64500", fails: "peeringdb: 0" }],
    check,
};

fn check(case: &Case<'_>, found: &mut Found) {
    each(
        case,
        found,
        ("peeringdb", "which id has its profile on PeeringDB?", RULE.fix),
        |declared| match declared.peeringdb {
            Some(0) => Says::Unmet("it has no profile on PeeringDB".to_owned()),
            Some(id) => Says::Met(format!("its profile on PeeringDB is net {id}")),
            None => Says::Nothing,
        },
    );
}
