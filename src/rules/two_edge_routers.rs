//! P17: two connections to two edge routers of the provider.

use std::collections::BTreeSet;

use super::found::{Found, listed, quoted};
use super::{Case, Example, Rule};
use crate::ids::RouterId;
use crate::model::requirements::RuleId;

pub(super) const RULE: Rule = Rule {
    id: RuleId::P17,
    title: "two connections to two edge routers of the provider",
    means: "Each direct peering has two connections at least, to two edge routers of the provider, with sessions on \
            both. The partner may do without redundant devices of its own.",
    checked: "The PNIs with sessions at each location are counted, and the provider's routers they end on.",
    exposed_by: "`router_power_off` of an edge router of the provider: the location is lost.",
    fix: "Order the second connection to the provider's other edge router.",
    examples: &[Example {
        passes: "    ends: [ct-fra-2, ms-fra-2]",
        fails: "    ends: [ct-fra-2, ms-fra-1]",
    }],
    check,
};

fn check(case: &Case<'_>, found: &mut Found) {
    let design = case.design;
    for location in &design.locations {
        let pnis: Vec<_> = location
            .pnis
            .iter()
            .filter(|pni| !design.topology.lags[pni.lag].sessions.is_empty())
            .collect();
        let routers: BTreeSet<RouterId> =
            pnis.iter().map(|pni| design.router(**pni, pni.own.other())).collect();
        let (word, name) = (location.word(), &location.name);
        let names: Vec<String> = pnis.iter().map(|pni| quoted(design.pni_name(**pni))).collect();
        let (what, span) = match (pnis.len(), routers.len()) {
            (0 | 1, _) => {
                let span = design.place_of_pni(location.pnis[0]);
                ("there is one connection only".to_owned(), span)
            }
            (_, 1) => {
                let router = routers.first().map_or("", |router| design.router_name(*router));
                let what = format!("{} end on one edge router, `{router}`", listed(&names));
                (what, design.place_of_end(*pnis[1], pnis[1].own.other()))
            }
            _ => continue,
        };
        let message = format!("in {word} `{name}` {what}");
        found.add(case.finding(word, name, span).says(message, RULE.fix));
    }
}
