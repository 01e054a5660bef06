//! P1: room for all traffic when something fails.

use super::found::Found;
use super::lab::{Lab, failed};
use super::{Case, Example, Rule};
use crate::ids::{IdVec, LagId, Side};
use crate::model::requirements::RuleId;
use crate::report::number::percent;
use crate::settled::{Element, Load};
use crate::units::BitRate;

pub(super) const RULE: Rule = Rule {
    id: RuleId::P1,
    title: "room for all traffic when something fails",
    means: "The network is redundant, and has the capacity to exchange traffic without congestion also when one \
            circuit, PNI, router or site is lost.",
    checked: "Each circuit and PNI between partner and provider, each router and each site at their ends fails in \
              the settled evaluator: what is offered to a PNI stays within the rate of its members in use. The \
              worst failure of each PNI is told. Without demands it stays unknown.",
    exposed_by: "`circuit_cut`, `pni_cut`, `router_power_off` or `site_power` in the busy hour.",
    fix: "Add circuits to the PNI, or spread the traffic over more of them: of k equal PNIs each may carry \
          (k - 1) / k of its rate when all is well.",
    examples: &[Example {
        passes: "    circuits: {x-2001: {speed: 100G, length: 100m}, x-2002: {speed: 100G, length: 100m}}",
        fails: "    circuits: {x-2001: {speed: 10G, length: 100m}, x-2002: {speed: 10G, length: 100m}}",
    }],
    check,
};

fn check(case: &Case<'_>, found: &mut Found) {
    let (design, lab) = (case.design, case.plain);
    if lab.demands.is_empty() {
        found.unknown(
            "no demand runs between partner and provider: whether there is room is not known",
        );
        return;
    }
    let mut elements: Vec<Element> = Vec::new();
    for pni in &design.pnis {
        elements.push(Element::Lag(pni.lag));
        let circuits = &design.topology.lags[pni.lag].circuits;
        elements.extend(circuits.iter().map(|circuit| Element::Circuit(*circuit)));
        elements.extend(Side::BOTH.map(|side| Element::Router(design.router(*pni, side))));
        elements.extend(Side::BOTH.map(|side| Element::Site(design.site(*pni, side))));
    }
    elements.sort_unstable();
    elements.dedup();
    for pni in &design.pnis {
        let mut worst: Option<(f64, Vec<Element>)> = None;
        for element in std::iter::once(None).chain(elements.iter().copied().map(Some)) {
            let set: Vec<Element> = element.into_iter().collect();
            let faults: Vec<_> = set.iter().copied().map(failed).collect();
            let outcome = lab.outcome(&faults);
            let loads = outcome.loads.as_ref().filter(|_| Lab::delivered(&outcome).is_some());
            let load = loads.map(|loads| highest(loads, pni.lag));
            match load {
                Some(load) if worst.as_ref().is_none_or(|(known, _)| load > *known) => {
                    worst = Some((load, set));
                }
                Some(_) => {}
                None => {
                    found.unknown("where routing ends up after some failures could not be told");
                }
            }
        }
        let Some((load, set)) = worst.filter(|(load, _)| *load > 1.0) else { continue };
        let name = design.pni_name(*pni);
        let when = set.first().map_or_else(
            || "when all is well".to_owned(),
            |element| {
                let (kind, name) = (element.kind(design.topology), element.name(design.topology));
                format!("without {kind} `{name}`")
            },
        );
        let message = format!("`{name}` is offered {} of what it carries {when}", percent(load));
        let faults: Vec<_> = set.iter().copied().map(failed).collect();
        let evidence = lab.evidence(&faults, when);
        let finding = case.finding("pni", name, design.place_of_pni(*pni)).says(message, RULE.fix);
        found.add(finding.shown_by([evidence]));
    }
}

/// The higher load of its two directions over what its members in use carry.
fn highest(loads: &IdVec<LagId, [Load; 2]>, lag: LagId) -> f64 {
    let some = loads[lag].iter().filter(|load| load.capacity > BitRate::ZERO);
    some.map(|load| load.offered.as_f64() / load.capacity.as_f64()).fold(0.0, f64::max)
}
