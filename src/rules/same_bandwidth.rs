//! P23: sessions of one bandwidth.

use super::design::Pni;
use super::found::Found;
use super::{Case, Example, Rule};
use crate::model::requirements::RuleId;

pub(super) const RULE: Rule = Rule {
    id: RuleId::P23,
    title: "primary, backup and redundant sessions of one bandwidth",
    means: "All sessions of a partner, wherever they are, run over PNIs of the same rate: what takes over is as wide \
            as what it takes over from.",
    checked: "The rates of the circuits of each PNI of a partner add up to the same. The PNI that is unlike most others \
              is told.",
    exposed_by: "`pni_cut` on the wider one: traffic fails over onto the narrower one and is congested.",
    fix: "Order the same number of circuits of the same speed for each PNI.",
    examples: &[Example {
        passes: "    circuits: {x-2003: {speed: 100G, length: 100m}, x-2004: {speed: 100G, length: 100m}}",
        fails: "    circuits: {x-2003: {speed: 100G, length: 100m}}",
    }],
    check,
};

fn check(case: &Case<'_>, found: &mut Found) {
    let design = case.design;
    for partner in &design.partners {
        let pnis: Vec<Pni> =
            design.pnis.iter().copied().filter(|pni| pni.partner == *partner).collect();
        let so_often = |pni: &Pni| {
            pnis.iter().filter(|other| design.capacity(**other) == design.capacity(*pni)).count()
        };
        let usual = pnis.iter().max_by_key(|pni| (so_often(pni), design.capacity(**pni)));
        let Some(usual) = usual.map(|pni| design.capacity(*pni)) else { continue };
        for pni in pnis.iter().filter(|pni| design.capacity(**pni) != usual) {
            let name = design.pni_name(*pni);
            let span = design.place(&[&["pnis", name, "circuits"]]);
            let message = format!("`{name}` has {}, others have {usual}", design.capacity(*pni));
            found.add(case.finding("pni", name, span).says(message, RULE.fix));
        }
    }
}
