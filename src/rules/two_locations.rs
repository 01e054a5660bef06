//! C1: connections in two locations.

use super::found::Found;
use super::lab::failed;
use super::{ALONE, Case, Example, Rule};
use crate::model::requirements::{Location, RuleId};
use crate::settled::Element;

pub(super) const RULE: Rule = Rule {
    id: RuleId::C1,
    title: "connections in two locations",
    means: "The resiliency that is promised takes connections in two locations at least.",
    checked: "The locations of the PNIs of each partner are counted: facilities, or metros where the pack says so \
              (`location`). The only one fails in the settled evaluator.",
    exposed_by: "`site_power` or `metro_outage`: all connections are lost at once.",
    fix: "Order connections in a second location.",
    examples: &[Example { passes: "", fails: ALONE }],
    check,
};

fn check(case: &Case<'_>, found: &mut Found) {
    let design = case.design;
    for partner in &design.partners {
        let mut own = design.locations.iter().filter(|location| location.partner == *partner);
        let (Some(only), None) = (own.next(), own.next()) else { continue };
        let t = design.topology;
        let element = match only.kind {
            Location::Metro => t
                .metros
                .iter_ids()
                .find(|(_, metro)| metro.name == only.name)
                .map(|(id, _)| Element::Metro(id)),
            Location::Site => t
                .sites
                .iter_ids()
                .find(|(_, site)| site.name == only.name)
                .map(|(id, _)| Element::Site(id)),
        };
        let (word, name) = (only.word(), &only.name);
        let evidence = element
            .map(|element| case.plain.evidence(&[failed(element)], format!("{word} {name} fails")));
        let span = design.place(&[&[&format!("{word}s"), name]]);
        let message = format!("all connections are in {word} `{name}`");
        found.add(case.finding(word, name, span).says(message, RULE.fix).shown_by(evidence));
    }
}
