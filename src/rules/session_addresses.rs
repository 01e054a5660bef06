//! P25: session addresses from whom the provider says.

use super::found::Found;
use super::stated::{Says, each_peering};
use super::{Case, Example, Rule};
use crate::model::requirements::{AddressProvider, RuleId};

pub(super) const RULE: Rule = Rule {
    id: RuleId::P25,
    title: "session addresses from whom the provider says",
    means: "For voice Microsoft gives the addresses of the sessions; for an exchange's route servers the peer does.",
    checked: "`peerings.NAME.session_address_provider` states it; where it is not stated the rule is `missing` it.",
    exposed_by: "No fault: the provider refuses the request.",
    fix: "Choose the session address provider that the edition asks for.",
    examples: &[Example {
        passes: "    {metro: ams, type: peering_service, session_address_provider: Microsoft",
        fails: "    {metro: ams, type: peering_service, session_address_provider: Peer",
    }],
    check,
};

fn check(case: &Case<'_>, found: &mut Found) {
    let Some(wanted) = case.limits.address_provider else { return };
    each_peering(case, found, ("session_address_provider", RULE.fix), |peering| {
        match peering.session_address_provider {
            Some(stated) if stated == wanted => {
                Says::Met(format!("addresses from {}", stated.as_str()))
            }
            Some(stated) => Says::Unmet(format!(
                "takes its session addresses from {}, and {} has to give them",
                stated.as_str(),
                match wanted {
                    AddressProvider::Microsoft => "Microsoft",
                    AddressProvider::Peer => "the peer",
                }
            )),
            None => Says::Nothing,
        }
    });
}
