//! P14: a network operations centre that is staffed around the clock.

use super::found::Found;
use super::stated::{Says, each};
use super::{Case, Example, Rule};
use crate::model::requirements::{RuleId, Staffed};

pub(super) const RULE: Rule = Rule {
    id: RuleId::P14,
    title: "a staffed network operations centre",
    means: "A network operations centre is staffed at all times and is reached by mail from a corporate domain and by telephone.",
    checked: "No model shows it: `networks.NAME.declared.noc` states it.",
    exposed_by: "Any failure: how long until somebody acts adds to every repair.",
    fix: "State `noc: {staffed: 24x7, email: .., phone: ..}`, with an address of your own domain.",
    examples: &[Example {
        passes: "email: noc@contoso.example",
        fails: "email: contoso@gmail.com",
    }],
    check,
};

fn check(case: &Case<'_>, found: &mut Found) {
    each(
        case,
        found,
        ("noc", "when is its NOC staffed, and how is it reached?", RULE.fix),
        |declared| {
            let Some(noc) = &declared.noc else { return Says::Nothing };
            let personal = ["gmail.", "yahoo.", "hotmail.", "outlook.com", "live.com"];
            let domain = noc.email.rsplit_once('@').map_or("", |(_, domain)| domain).to_lowercase();
            if noc.staffed != Staffed::Always {
                Says::Unmet("its NOC is staffed in business hours only".to_owned())
            } else if domain.is_empty() || noc.phone.is_empty() {
                Says::Unmet("its NOC has no mail address or no telephone number".to_owned())
            } else if personal.iter().any(|known| domain.starts_with(known)) {
                Says::Unmet(format!("its NOC writes from {domain}, which is no corporate domain"))
            } else {
                Says::Met(format!("a NOC at all times, {}, {}", noc.email, noc.phone))
            }
        },
    );
}
