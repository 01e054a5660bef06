//! P6: a MED tells the provider nothing.

use super::found::Found;
use super::{Case, Example, Rule};
use crate::model::requirements::RuleId;
use crate::model::topology::Family;

pub(super) const RULE: Rule = Rule {
    id: RuleId::P6,
    title: "no reliance on MED",
    means: "The provider overwrites the MED of what it is told: a design that steers traffic by MED does not steer it.",
    checked: "No term of an export policy towards the provider sets `med`.",
    exposed_by: "`policy_edit` of the MED: traffic stays where it is.",
    fix: "Steer by what is announced where, or not at all.",
    examples: &[Example {
        passes: "      - {name: ours, set: {communities: {add: [\"8075:8007\"]}}, then: accept}",
        fails: "      - {name: ours, set: {med: 10, communities: {add: [\"8075:8007\"]}}, then: accept}",
    }],
    check,
};

fn check(case: &Case<'_>, found: &mut Found) {
    let design = case.design;
    for pni in &design.pnis {
        for family in Family::ALL {
            let Some(session) = design.session(*pni, family) else { continue };
            let side = design.own_side(*pni, session);
            let session = &design.topology.sessions[session];
            let terms = session.ends[side].export.iter().flat_map(|policy| &policy.terms);
            for term in terms.filter(|term| term.set.med.is_some()) {
                let path = [term.name.as_str(), "set", "med"];
                let span = design.place_of_term(*pni, (side, family), "export", &path);
                let message =
                    format!("`{}` tells a MED, which the provider overwrites", session.name);
                found.add(case.finding("session", &session.name, span).says(message, RULE.fix));
            }
        }
    }
}
