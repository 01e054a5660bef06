//! P20: enough traffic for this kind of peering.

use super::found::Found;
use super::{ALONE, Case, Example, Rule};
use crate::model::requirements::RuleId;
use crate::units::BitRate;

pub(super) const RULE: Rule = Rule {
    id: RuleId::P20,
    title: "enough traffic for this kind of peering",
    means: "Direct peering takes 2 Gbit/s of traffic at least; peering over an exchange 500 Mbit/s, and above 2 Gbit/s \
            it should become direct.",
    checked: "The rates of all demands between partner and provider are added up, the larger of both directions of \
              each. Without demands it stays unknown. (The edition of 2024-03 prints MB and GB; earlier ones Mbps \
              and Gbps, which is meant here.)",
    exposed_by: "No fault: the provider refuses the request.",
    fix: "Choose the other kind of peering.",
    examples: &[Example { passes: "", fails: ALONE }],
    check,
};

fn check(case: &Case<'_>, found: &mut Found) {
    let design = case.design;
    let demands = &design.topology.demands;
    let rate = |id: &crate::ids::DemandId| demands[*id].rate.max(demands[*id].return_rate).as_bps();
    let sum: u64 = case.lab.demands.iter().map(rate).sum();
    if case.lab.demands.is_empty() {
        found.unknown("how much traffic there is: no demand runs between partner and provider");
        return;
    }
    let [least, most] = case.limits.traffic;
    let told = BitRate::from_bps(sum);
    let message = if told < least {
        format!("all demands together are {told}: less than {least}")
    } else if most > BitRate::ZERO && told > most {
        format!("all demands together are {told}: more than {most}")
    } else {
        return;
    };
    let name = design.topology.name.clone();
    let span = design.place(&[&["demands"], &["demands_from"]]);
    found.add(case.finding("topology", name, span).says(message, RULE.fix));
}
