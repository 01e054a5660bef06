//! P2: IPv4 and IPv6 at each location.

use super::found::Found;
use super::{Case, Example, Rule};
use crate::model::requirements::RuleId;
use crate::model::topology::Family;

pub(super) const RULE: Rule = Rule {
    id: RuleId::P2,
    title: "IPv4 and IPv6 sessions on every connection",
    means: "The provider expects to establish sessions of both address families at each location.",
    checked: "Every PNI has a session `ipv4` and a session `ipv6`.",
    exposed_by: "`session_reset` of the only family: the other traffic has no way at that location.",
    fix: "Add the missing family under `sessions` of the PNI.",
    examples: &[Example {
        passes: "\n    ipv6: {bfd: {}, max_prefix: {limit: 400, restart: 15m}}",
        fails: "",
    }],
    check,
};

fn check(case: &Case<'_>, found: &mut Found) {
    let design = case.design;
    for pni in &design.pnis {
        let lacking: Vec<&str> = Family::ALL
            .into_iter()
            .filter(|family| design.session(*pni, *family).is_none())
            .map(Family::as_str)
            .collect();
        if lacking.is_empty() {
            continue;
        }
        let name = design.pni_name(*pni);
        let path = design.path_of_pni(*pni);
        let span = design.place(&[&[&path[..], &["sessions"]].concat(), &path]);
        let message = format!("`{name}` has no {} session", lacking.join(" and no "));
        found.add(case.finding("pni", name, span).says(message, RULE.fix));
    }
}
