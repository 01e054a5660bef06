//! R7: the class of traffic and the endpoints in each prefix.

use std::collections::BTreeMap;

use super::found::{Found, quoted};
use super::{Case, Example, Rule};
use crate::model::requirements::RuleId;

pub(super) const RULE: Rule = Rule {
    id: RuleId::R7,
    title: "traffic class and endpoints of each prefix",
    means: "For each announced prefix it is known which class of traffic it serves and which hosts are in it.",
    checked: "Every infrastructure prefix of a partner has a `class` and at least one of `endpoints`, and no two \
              endpoints of it share an address (that an address lies within the prefix is checked when the \
              file is read).",
    exposed_by: "Any: without classes no failure can be judged by what calls, say, bear.",
    fix: "Add `class:` and `endpoints:` to the prefix.",
    examples: &[
        Example {
            passes: "served_at: [ams-a, ams-b, fra-a, fra-b], class: voice-media,\n     about: media relays",
            fails: "served_at: [ams-a, ams-b, fra-a, fra-b],\n     about: media relays",
        },
        Example {
            passes: "     endpoints: {relay6-ams: {address: \"2001:db8:100::10\", site: ams-a}},\n",
            fails: "",
        },
    ],
    check,
};

fn check(case: &Case<'_>, found: &mut Found) {
    let design = case.design;
    for prefix in design.partners.iter().flat_map(|partner| design.infrastructure(*partner)) {
        let declared = &design.topology.prefixes[prefix];
        let name = declared.prefix.to_string();
        let lacking: Vec<&str> = [
            declared.class.is_none().then_some("class of traffic"),
            declared.endpoints.is_empty().then_some("endpoints"),
        ]
        .into_iter()
        .flatten()
        .collect();
        if !lacking.is_empty() {
            let message = format!("`{name}` tells no {}", lacking.join(" and no "));
            let span = design.place_of_prefix(prefix, &[]);
            found.add(case.finding("prefix", &name, span).says(message, RULE.fix));
        }
        let mut known: BTreeMap<_, &str> = BTreeMap::new();
        for endpoint in &declared.endpoints {
            let Some(first) = known.insert(endpoint.address, &endpoint.name) else { continue };
            let both = [quoted(first), quoted(&endpoint.name)].join(" and ");
            let message = format!("{both} of `{name}` have one address, {}", endpoint.address);
            let span = design.place_of_prefix(prefix, &["endpoints", &endpoint.name]);
            let fix = "give each endpoint its own address";
            found.add(case.finding("prefix", &name, span).says(message, fix));
        }
    }
}
