//! P16: direct peering for Internet and network service providers only.

use super::found::Found;
use super::stated::{Says, each};
use super::{Case, Example, Rule};
use crate::model::requirements::{Business, RuleId};

pub(super) const RULE: Rule = Rule {
    id: RuleId::P16,
    title: "an Internet or network service provider",
    means: "The provider establishes direct peering only with Internet service providers and network service providers.",
    checked: "No model shows it: `networks.NAME.declared.business` states it.",
    exposed_by: "No fault: the provider refuses the request.",
    fix: "Peer over an exchange, or through a provider that is one.",
    examples: &[Example { passes: "business: nsp", fails: "business: other" }],
    check,
};

fn check(case: &Case<'_>, found: &mut Found) {
    each(case, found, ("business", "is it an isp or an nsp?", RULE.fix), |declared| match declared
        .business
    {
        Some(Business::Isp) => Says::Met("an Internet service provider".to_owned()),
        Some(Business::Nsp) => Says::Met("a network service provider".to_owned()),
        Some(Business::Other) => Says::Unmet("it is neither an ISP nor an NSP".to_owned()),
        None => Says::Nothing,
    });
}
