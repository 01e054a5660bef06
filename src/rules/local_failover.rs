//! P22: traffic stays in its metro when something fails.

use super::found::{Found, listed};
use super::lab::{Lab, failed};
use super::local_redundancy::{local_demands, moved};
use super::{Case, Example, Rule};
use crate::ids::DemandId;
use crate::model::requirements::RuleId;
use crate::settled::Element;

pub(super) const RULE: Rule = Rule {
    id: RuleId::P22,
    title: "peering stays local during a failover",
    means: "Each location that was agreed on supports failover that keeps the traffic of its metro there.",
    checked: "Each PNI of a location, and each router of the provider at its end, fails in the settled evaluator: of \
              the demands of the metro as much must cross between the networks there as before. (The partner may \
              do without redundant devices, so its own routers are not failed.)",
    exposed_by: "`pni_cut` or `router_power_off`: traffic comes in through another metro, later.",
    fix: "Let the other connection of the location carry all of it: equal preference, and room.",
    examples: &[Example {
        passes: "    sides: {ct-ams-2: *to-microsoft}",
        fails: "    sides: {ct-ams-2: {<<: *to-microsoft, export: [{name: nothing, then: reject}]}}",
    }],
    check,
};

fn check(case: &Case<'_>, found: &mut Found) {
    let (design, lab) = (case.design, case.plain);
    let before = lab.outcome(&[]);
    for location in &design.locations {
        let local = local_demands(case, location);
        let mut elements: Vec<Element> = Vec::new();
        for pni in &location.pnis {
            elements.push(Element::Lag(pni.lag));
            let router = Element::Router(design.router(*pni, pni.own.other()));
            if !elements.contains(&router) {
                elements.push(router);
            }
        }
        let mut harmful = Vec::new();
        for element in elements {
            let outcome = lab.outcome(&[failed(element)]);
            if Lab::delivered(&outcome).is_none() {
                found.unknown("where routing ends up after some failures could not be told");
            }
            let alive: Vec<DemandId> =
                local.iter().copied().filter(|id| lab.is_served(&outcome, *id)).collect();
            harmful.extend(moved(&alive, [&before, &outcome]).map(|what| (element, what)));
        }
        let Some((first, what)) = harmful.first() else { continue };
        let names: Vec<String> = harmful
            .iter()
            .map(|(element, _)| {
                let (kind, name) = (element.kind(design.topology), element.name(design.topology));
                format!("{kind} `{name}`")
            })
            .collect();
        let (kind, name) = (first.kind(design.topology), first.name(design.topology));
        let place = format!("{} `{}`", location.word(), location.name);
        let message = format!("in {place} the failure of {} {what}", listed(&names));
        let evidence = lab.evidence(&[failed(*first)], format!("{kind} {name} fails"));
        let span = design.place(&[&[&format!("{kind}s"), &name]]);
        let finding = case.finding(location.word(), &location.name, span);
        found.add(finding.says(message, RULE.fix).shown_by([evidence]));
    }
}
