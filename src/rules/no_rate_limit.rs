//! R5b: nothing limits the rate on a PNI.

use super::design::{Location, Pni};
use super::found::Found;
use super::lab::{Lab, failed, without_policers};
use super::{Case, Example, Rule};
use crate::ids::Side;
use crate::model::requirements::RuleId;
use crate::report::data::EvidenceRow;
use crate::report::number::percent;
use crate::settled::{Element, Fault};

pub(super) const RULE: Rule = Rule {
    id: RuleId::R5b,
    title: "no rate limiting",
    means: "Neither side takes in or sends out less than the circuits of a PNI carry.",
    checked: "No `policer` of either side of a PNI is below the rate of all its circuits. Then every other PNI \
              of the location fails in the settled evaluator, and what is delivered is compared with the \
              same design without policers.",
    exposed_by: "Failover that doubles the load, or `traffic_surge`: traffic is lost below line rate while all \
                 sessions are up.",
    fix: "Remove the policer; order as much as is needed.",
    examples: &[Example {
        passes: "    sides: {ct-fra-2: *to-microsoft}",
        fails: "    sides: {ct-fra-2: {<<: *to-microsoft, policer: {out: 50G}}}",
    }],
    check,
};

fn check(case: &Case<'_>, found: &mut Found) {
    let design = case.design;
    let without = without_policers(design);
    let free = Lab::new(design, &without);
    for location in &design.locations {
        for (pni, side) in location.pnis.iter().flat_map(|pni| Side::BOTH.map(|side| (*pni, side)))
        {
            let end = &design.topology.lags[pni.lag].ends[side];
            let both = [(end.police_in, "in", "takes in"), (end.police_out, "out", "sends out")];
            for (limit, key, what) in both {
                let capacity = design.capacity(pni);
                let Some(limit) = limit.filter(|limit| *limit < capacity) else { continue };
                let (name, router) = (design.pni_name(pni), design.router_name(end.router));
                let message =
                    format!("`{router}` {what} no more than {limit} of the {capacity} of `{name}`");
                let span = design.place(&[&["pnis", name, "sides", router, "policer", key]]);
                let finding = case.finding("pni", name, span).says(message, RULE.fix);
                found.add(finding.shown_by([failover(case, &free, location, pni)]));
            }
        }
    }
}

/// What is delivered when all other PNIs of the location fail.
fn failover(case: &Case<'_>, free: &Lab<'_>, location: &Location, pni: Pni) -> EvidenceRow {
    let others = location.pnis.iter().filter(|other| **other != pni);
    let faults: Vec<Fault> = others.map(|other| failed(Element::Lag(other.lag))).collect();
    let worst = free.worst(&free.outcome(&faults), &free.demands);
    let mut told = "all other PNIs of the location fail".to_owned();
    if let Some(worst) = worst {
        let share = percent(worst.delivered.as_f64());
        told = format!("{told}; without policers {share} is delivered at the worst");
    }
    case.lab.evidence(&faults, told)
}
