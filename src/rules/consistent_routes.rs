//! P10: the same routes at all locations.

use super::design::Pni;
use super::found::{Found, listed, quoted};
use super::{Case, Example, Rule};
use crate::model::requirements::RuleId;

pub(super) const RULE: Rule = Rule {
    id: RuleId::P10,
    title: "the same routes announced at all locations",
    means: "Unless something else was agreed, a peer announces the same prefixes wherever it meets the provider.",
    checked: "The export policies of all PNIs are run on every prefix of the partner: it passes on all of them, or \
              on none. What was agreed is waived.",
    exposed_by: "`withdraw` at one site: traffic for the prefix leaves its region.",
    fix: "Announce the prefix on every PNI, or agree on the exception and waive it.",
    examples: &[Example {
        passes: "     about: media relays,\n",
        fails: "     about: media relays,\n     announce: {pnis: [pni-ams-1, pni-ams-2]},\n",
    }],
    check,
};

fn check(case: &Case<'_>, found: &mut Found) {
    let (design, t) = (case.design, case.design.topology);
    for (id, prefix) in t.prefixes.iter_ids() {
        if !design.partners.contains(&prefix.network) {
            continue;
        }
        let pnis: Vec<Pni> =
            design.pnis.iter().copied().filter(|pni| pni.partner == prefix.network).collect();
        let ways = design.ways(&pnis, id, true);
        let without: Vec<_> =
            ways.iter().filter(|way| design.told(**way, id).attributes().is_none()).collect();
        if without.is_empty() || without.len() == ways.len() {
            continue;
        }
        let names: Vec<String> =
            without.iter().map(|way| quoted(design.pni_name(way.pni))).collect();
        let name = prefix.prefix.to_string();
        let message = format!("`{name}` is announced elsewhere and not on {}", listed(&names));
        let span = if prefix.announced_over.is_some() {
            design.place_of_prefix(id, &["announce"])
        } else {
            let way = without[0];
            let told = design.told(*way, id);
            let term: Vec<&str> = told.term().into_iter().collect();
            design.place_of_term(way.pni, (way.from, way.family), "export", &term)
        };
        found.add(case.finding("prefix", name, span).says(message, RULE.fix));
    }
}
