//! P25: session addresses from whom the provider says.

use super::found::Found;
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
    let design = case.design;
    let Some(wanted) = case.limits.address_provider else { return };
    let mut any = false;
    for peering in &design.topology.peerings {
        if !design.pnis.iter().any(|pni| peering.connections.contains(&pni.lag)) {
            continue;
        }
        any = true;
        let name = &peering.name;
        match peering.session_address_provider {
            Some(stated) if stated == wanted => {
                found.declared(format!("`{name}`: addresses from {}", stated.as_str()));
            }
            Some(stated) => {
                let span = design.place(&[&["peerings", name, "session_address_provider"]]);
                let message = format!(
                    "`{name}` takes its session addresses from {}, and {} has to give them",
                    stated.as_str(),
                    match wanted {
                        AddressProvider::Microsoft => "Microsoft",
                        AddressProvider::Peer => "the peer",
                    }
                );
                found.add(case.finding("peering", name, span).says(message, RULE.fix));
            }
            None => found.missing(format!("`peerings.{name}.session_address_provider`")),
        }
    }
    if !any {
        found.missing("`peerings`, with `session_address_provider`");
    }
}
