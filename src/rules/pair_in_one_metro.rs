//! C4: the pair of connections of a circuit in one metro.

use super::found::Found;
use super::{ALONE, Case, Example, Rule};
use crate::model::requirements::RuleId;

pub(super) const RULE: Rule = Rule {
    id: RuleId::C4,
    title: "the pair of connections of a circuit in one metro",
    means: "The primary and the secondary connection of a circuit end in one city: in two, their delays differ and the \
            pair cannot be used alike. Another city takes another circuit.",
    checked: "Each metro with a PNI has two at least.",
    exposed_by: "`pni_cut`: traffic moves to another city and its delay jumps.",
    fix: "Order both connections in one metro, and a second circuit for the other.",
    examples: &[Example { passes: "", fails: ALONE }],
    check,
};

fn check(case: &Case<'_>, found: &mut Found) {
    let design = case.design;
    for location in design.locations.iter().filter(|location| location.pnis.len() == 1) {
        let (word, name) = (location.word(), &location.name);
        let pni = location.pnis[0];
        let message = format!("`{}` stands alone in {word} `{name}`", design.pni_name(pni));
        let span = design.place_of_pni(pni);
        found.add(case.finding(word, name, span).says(message, RULE.fix));
    }
}
