//! C3: connections in separate maintenance domains of a metro.

use std::collections::BTreeSet;

use super::found::Found;
use super::{ALONE, Case, Example, Rule};
use crate::ids::DomainId;
use crate::model::requirements::RuleId;

pub(super) const RULE: Rule = Rule {
    id: RuleId::C3,
    title: "connections in separate edge availability domains of each metro",
    means: "In each metro the connections lie in two edge availability domains at least: the provider does not maintain \
            both at the same time.",
    checked: "The `maintenance_domains` that hold the provider's routers, or the PNIs, of each metro are counted. Where \
              none holds them the rule stays unknown.",
    exposed_by: "`maintenance` of a domain: the metro is lost if all connections are in it.",
    fix: "Order a connection in the metro's other domain.",
    examples: &[Example { passes: "", fails: ALONE }],
    check,
};

fn check(case: &Case<'_>, found: &mut Found) {
    let design = case.design;
    for location in &design.locations {
        let (word, name) = (location.word(), &location.name);
        let mut domains: BTreeSet<DomainId> = BTreeSet::new();
        let mut outside = false;
        for pni in &location.pnis {
            let router = design.router(*pni, pni.own.other());
            let all = design.topology.domains.iter_ids();
            let own = all.filter(|(_, domain)| {
                domain.routers.contains(&router) || domain.lags.contains(&pni.lag)
            });
            let own: Vec<DomainId> = own.map(|(id, _)| id).collect();
            outside |= own.is_empty();
            domains.extend(own);
        }
        if outside && location.pnis.len() > 1 {
            found.unknown(format!("the maintenance domains of all connections in {word} `{name}`"));
        } else if domains.len() < 2 {
            let pni = location.pnis.get(1).unwrap_or(&location.pnis[0]);
            let message =
                format!("all connections in {word} `{name}` are in one maintenance domain");
            let span = design.place_of_pni(*pni);
            found.add(case.finding(word, name, span).says(message, RULE.fix));
        }
    }
}
