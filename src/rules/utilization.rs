//! P18: ports upgraded in time.

use super::found::Found;
use super::lab::Lab;
use super::{Case, Example, Rule};
use crate::ids::Side;
use crate::model::requirements::RuleId;
use crate::report::number::percent;
use crate::units::{BitRate, Share};

pub(super) const RULE: Rule = Rule {
    id: RuleId::P18,
    title: "busy-hour load below the mark for an upgrade",
    means: "Ports are upgraded before they are full: at 50 % peak load by the peering policy, while at 40 % the \
            Peering Service walkthroughs begin an augmentation that takes 45 to 60 days.",
    checked: "Demands are put on the design as it settles when all is well: the load of each PNI, either way, stays at \
              or below the mark (`upgrade_at`).",
    exposed_by: "`traffic_growth`, and the loss of a member in the busy hour.",
    fix: "Order more circuits now: augmenting a LAG takes weeks.",
    examples: &[Example {
        passes: "     rate: 80G, return_rate: 80G}\n\nclasses:",
        fails: "     rate: 240G, return_rate: 80G}\n\nclasses:",
    }],
    check,
};

fn check(case: &Case<'_>, found: &mut Found) {
    let (design, lab) = (case.design, case.lab);
    let outcome = lab.outcome(&[]);
    let known = outcome.loads.as_ref().filter(|_| Lab::delivered(&outcome).is_some());
    let Some(loads) = known.filter(|_| !lab.demands.is_empty()) else {
        found.unknown("what the PNIs carry: no demand runs between partner and provider, or its way is not certain");
        return;
    };
    for pni in &design.pnis {
        let both = &loads[pni.lag];
        let highest = Side::BOTH.into_iter().max_by_key(|side| both[*side].offered);
        let Some(side) = highest.filter(|side| both[*side].capacity > BitRate::ZERO) else {
            continue;
        };
        let (offered, capacity) = (both[side].offered, both[side].capacity);
        let mark = case.limits.upgrade_at;
        // offered / capacity > mark, in integers.
        let over = u128::from(offered.as_bps()) * u128::from(Share::ONE.as_ppb())
            > u128::from(capacity.as_bps()) * u128::from(mark.as_ppb());
        if over {
            let name = design.pni_name(*pni);
            let load = percent(offered.as_f64() / capacity.as_f64());
            let message = format!(
                "`{name}` is offered {load} of its {capacity} in the busy hour ({}): more than {mark}",
                design.topology.direction(pni.lag, side)
            );
            let evidence = lab.evidence(&[], "as it is");
            let finding = case.finding("pni", name, design.place_of_pni(*pni));
            found.add(finding.says(message, RULE.fix).shown_by([evidence]));
        }
    }
}
