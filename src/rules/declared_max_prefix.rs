//! P9: not more prefixes than the provider was told to expect.

use super::found::Found;
use super::{Case, Example, Rule};
use crate::model::requirements::RuleId;
use crate::model::topology::Family;

pub(super) const RULE: Rule = Rule {
    id: RuleId::P9,
    title: "no more prefixes than the provider was told",
    means: "The number of prefixes that is stated with the request for a peering is at least what is announced: the \
            provider limits the session to it.",
    checked: "What the export policies let pass on each session is counted and held against \
              `networks.NAME.declared.max_prefixes`.",
    exposed_by: "`announce` of more-specifics: the session ends at the provider's side.",
    fix: "Tell the provider a higher number, or announce fewer prefixes.",
    examples: &[Example {
        passes: "max_prefixes: {ipv4: 100, ipv6: 50}",
        fails: "max_prefixes: {ipv4: 100, ipv6: 0}",
    }],
    check,
};

fn check(case: &Case<'_>, found: &mut Found) {
    let design = case.design;
    let t = design.topology;
    for partner in &design.partners {
        let network = &t.networks[*partner];
        for (place, family) in Family::ALL.into_iter().enumerate() {
            let of_family = design.pnis.iter().filter(|pni| pni.partner == *partner);
            let mut most = 0;
            for pni in of_family {
                let own = t.prefixes.iter_ids().filter(|(_, prefix)| prefix.network == *partner);
                let told = own.filter(|(id, prefix)| {
                    let ways = design.ways(&[*pni], *id, true);
                    Family::of(&prefix.prefix) == family
                        && ways.iter().any(|way| design.told(*way, *id).attributes().is_some())
                });
                most = most.max(told.map(|(_, prefix)| prefix.count).sum::<u64>());
            }
            let name = &network.name;
            let word = family.as_str();
            let Some(stated) = network.declared.max_prefixes[place] else {
                if most > 0 {
                    let key = format!("networks.{name}.declared.max_prefixes.{word}");
                    found.missing(format!("`{key}`: {most} are announced on a session"));
                }
                continue;
            };
            if most > stated {
                let message = format!(
                    "`{name}` announces {most} {word} prefixes on a session and has stated {stated}"
                );
                let span = design.place(&[&["networks", name, "declared", "max_prefixes", word]]);
                found.add(case.finding("network", name, span).says(message, RULE.fix));
            } else {
                found
                    .declared(format!("{stated} {word} prefixes are stated, {most} are announced"));
            }
        }
    }
}
