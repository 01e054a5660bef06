//! P13: routes signed, and MANRS.

use super::found::{Found, listed};
use super::stated::{Says, each};
use super::{Case, Example, Rule};
use crate::model::requirements::RuleId;
use crate::proto::bgp::rpki::{Validity, validity};

pub(super) const RULE: Rule = Rule {
    id: RuleId::P13,
    title: "routes signed (ROAs), MANRS followed",
    means: "Peers adhere to MANRS. The provider may refuse peers whose routes are not signed and registered, and \
            drops routes that are invalid.",
    checked: "Every infrastructure prefix of a partner is held against `roas` (RFC 6811): an invalid route fails, one \
              without a ROA is told. `declared.manrs` states the rest.",
    exposed_by: "A ROA that expires or names another AS: the provider drops the route while all links are up.",
    fix: "Publish ROAs for all prefixes with your AS number, and follow MANRS.",
    examples: &[Example { passes: "manrs: true", fails: "manrs: false" }],
    check,
};

fn check(case: &Case<'_>, found: &mut Found) {
    let design = case.design;
    for partner in &design.partners {
        let asn = design.topology.networks[*partner].asn;
        let mut unsigned = Vec::new();
        for prefix in design.infrastructure(*partner) {
            let declared = &design.topology.prefixes[prefix];
            match validity(&declared.roas, declared.prefix.prefix_len(), asn) {
                Validity::Valid => {}
                Validity::NotFound => unsigned.push(declared.prefix.to_string()),
                Validity::Invalid => {
                    let name = declared.prefix.to_string();
                    let span = design.place_of_prefix(prefix, &["roas"]);
                    let message =
                        format!("the route to `{name}` from AS{asn} is invalid by its ROAs");
                    found.add(case.finding("prefix", name, span).says(message, RULE.fix));
                }
            }
        }
        if !unsigned.is_empty() {
            found.missing(format!("no `roas` of {}", listed(&unsigned)));
        }
    }
    each(case, found, ("manrs", "does it follow MANRS?", RULE.fix), |declared| {
        match declared.manrs {
            Some(true) => Says::Met("it follows MANRS".to_owned()),
            Some(false) => Says::Unmet("it does not follow MANRS".to_owned()),
            None => Says::Nothing,
        }
    });
}
