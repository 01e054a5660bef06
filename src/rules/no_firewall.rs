//! R9: no stateful firewall at the end of a PNI.

use std::collections::BTreeSet;

use super::found::{Found, listed, quoted};
use super::lab::{Lab, failed, without_state};
use super::{Case, Example, Rule};
use crate::ids::RouterId;
use crate::model::requirements::RuleId;
use crate::report::data::{EvidenceRow, Severity};
use crate::report::number::percent;
use crate::settled::{Element, Fault};

pub(super) const RULE: Rule = Rule {
    id: RuleId::R9,
    title: "no stateful firewall terminates the peering",
    means: "A PNI ends on a router of the partner, not on a box that keeps state of flows: after a failover \
            flows arrive at another box, which does not know them.",
    checked: "No partner router at the end of a PNI is `stateful`. Stateful routers of the partner \
              behind it are a note: they see half of each flow when traffic is active-active. Then \
              traffic is worked out as it is and with each PNI failed, with and without state \
              being kept: what the boxes drop is the difference.",
    exposed_by: "`pni_cut` and any other asymmetric failover: return traffic comes back to a box without its \
                 state and is dropped, although routing has long converged.",
    fix: "End the PNI on a router and put the firewall behind it, with synchronised state.",
    examples: &[Example {
        passes: "  ct-ams-2: {network: contoso, site: ams-b, chassis: ct-ams-b, feeds: [a, b]}",
        fails: "  ct-ams-2: {network: contoso, site: ams-b, chassis: ct-ams-b, feeds: [a, b], stateful: true}",
    }],
    check,
};

fn check(case: &Case<'_>, found: &mut Found) {
    let design = case.design;
    let ends: BTreeSet<RouterId> =
        design.pnis.iter().map(|pni| design.router(*pni, pni.own)).collect();
    let partners = design
        .topology
        .routers
        .iter_ids()
        .filter(|(_, router)| router.stateful && design.partners.contains(&router.network));
    for (router, declared) in partners {
        let name = &declared.name;
        let span = design.place_of_router(router, "stateful");
        let here: Vec<String> = design
            .pnis
            .iter()
            .filter(|pni| design.router(**pni, pni.own) == router)
            .map(|pni| quoted(design.pni_name(*pni)))
            .collect();
        let finding = case.finding("router", name, span);
        let finding = if ends.contains(&router) {
            finding.says(
                format!("`{name}` keeps state of flows and terminates {}", listed(&here)),
                RULE.fix,
            )
        } else {
            let message = format!(
                "`{name}` keeps state of flows behind the PNIs, and traffic is active-active"
            );
            let fix = "synchronise its state with whatever else flows may come back through";
            finding.at_most(Severity::Note).says(message, fix)
        };
        found.add(finding.shown_by(dropped(case)));
    }
}

/// What boxes drop the most of: as it is, or when one PNI fails; nothing if they drop nothing.
fn dropped(case: &Case<'_>) -> Option<EvidenceRow> {
    let design = case.design;
    let stateless = without_state(design.topology);
    let stateless = Lab::new(design, &stateless);
    let share = |lab: &Lab<'_>, faults: &[Fault]| {
        let worst = lab.worst(&lab.outcome(faults), &lab.demands)?;
        Some(worst.delivered.as_f64())
    };
    let single = design.pnis.iter().map(|pni| Some(*pni));
    let mut most: Option<(f64, EvidenceRow)> = None;
    for pni in std::iter::once(None).chain(single) {
        let faults: Vec<Fault> = pni.iter().map(|pni| failed(Element::Lag(pni.lag))).collect();
        let (Some(with), Some(without)) = (share(case.lab, &faults), share(&stateless, &faults))
        else {
            continue;
        };
        if with < without && most.as_ref().is_none_or(|(known, _)| with < *known) {
            let what =
                pni.map_or("as it is".to_owned(), |pni| format!("{} fails", design.pni_name(pni)));
            let (with_state, no_state) = (percent(with), percent(without));
            let told = format!(
                "{what}: {with_state} is delivered at the worst, and {no_state} if no state were kept"
            );
            most = Some((with, case.lab.evidence(&faults, told)));
        }
    }
    most.map(|(_, row)| row)
}
