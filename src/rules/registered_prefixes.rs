//! R8: prefixes registered with the provider, and announced with its community everywhere.

use std::collections::BTreeMap;

use super::design::Pni;
use super::found::{Found, listed, quoted};
use super::routes::{Fate, Way};
use super::{Case, Example, Rule};
use crate::diag::Span;
use crate::ids::PrefixId;
use crate::model::requirements::RuleId;
use crate::model::topology::RegistrationState;
use crate::proto::bgp::attrs::{Attributes, Community};
use crate::report::data::Severity;

pub(super) const RULE: Rule = Rule {
    id: RuleId::R8,
    title: "prefixes registered and announced with 8075:8007",
    means: "Every prefix of the infrastructure is registered under one peering, and its route carries the \
            community of Peering Service on every session, over a short path without prepending.",
    checked: "The export policies of all PNIs are run on every infrastructure prefix: what is announced carries \
              8075:8007, its AS path has at most 3 numbers and none twice, and every connection of the \
              peering that a prefix is registered under announces it. `registration` tells where the \
              provider's process stands: what it refused fails. A prefix without one fails where the file \
              has registered others; else the rule is `missing` it. `infrastructure: false` takes a prefix \
              out.",
    exposed_by: "`policy_edit` that strips the community on one session: the registration turns `Failed`, \
                 traffic is no longer carried the better way, and nothing is unreachable.",
    fix: "Add 8075:8007 in the export policy of every session, prepend nothing, and register the prefix under \
          one of your peerings.",
    examples: &[
        Example {
            passes: "      - {name: ours, set: {communities: {add: [\"8075:8007\"]}}, then: accept}",
            fails: "      - {name: ours, then: accept}",
        },
        Example {
            passes: "registration: {peering: contoso-ams, state: Verified}",
            fails: "registration: {peering: contoso-ams, state: Failed}",
        },
    ],
    check,
};

/// The community of Peering Service.
const MAPS: Community = Community { asn: 8075, value: 8007 };

fn check(case: &Case<'_>, found: &mut Found) {
    let design = case.design;
    let process_has_begun =
        design.topology.prefixes.iter().any(|prefix| prefix.registration.is_some());
    for partner in &design.partners {
        let pnis: Vec<Pni> =
            design.pnis.iter().copied().filter(|pni| pni.partner == *partner).collect();
        let mut wrong: BTreeMap<(Pni, Wrong), (Span, Vec<String>)> = BTreeMap::new();
        let mut unstated = Vec::new();
        for prefix in design.infrastructure(*partner) {
            announced(case, &pnis, prefix, &mut wrong);
            received(case, &pnis, prefix, found);
            if !registered(case, prefix, process_has_begun, found) {
                unstated.push(design.topology.prefixes[prefix].prefix.to_string());
            }
        }
        for ((pni, what), (span, prefixes)) in wrong {
            add(case, pni, what, span, &prefixes, found);
        }
        if !unstated.is_empty() {
            found.missing(format!("`registration` of {}", listed(&unstated)));
        }
    }
}

/// What may be wrong with what a PNI announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wrong {
    Untagged,
    Prepended,
    Long,
}

fn announced(
    case: &Case<'_>,
    pnis: &[Pni],
    prefix: PrefixId,
    wrong: &mut BTreeMap<(Pni, Wrong), (Span, Vec<String>)>,
) {
    let design = case.design;
    for way in design.ways(pnis, prefix, true) {
        let Fate::Passes(told, term) = design.told(way, prefix) else { continue };
        let name = quoted(&design.topology.prefixes[prefix].prefix.to_string());
        for (what, path) in faults(case, &told) {
            let term: Vec<&str> = term.into_iter().collect();
            let path = [&term, path].concat();
            let side = (way.from, way.family);
            let span = design.place_of_term(way.pni, side, "export", &path);
            let entry = wrong.entry((way.pni, what)).or_insert_with(|| (span, Vec::new()));
            entry.1.push(name.clone());
        }
    }
}

fn faults(case: &Case<'_>, told: &Attributes) -> Vec<(Wrong, &'static [&'static str])> {
    let mut found: Vec<(Wrong, &'static [&'static str])> = Vec::new();
    if !told.has_community(MAPS) {
        found.push((Wrong::Untagged, &[]));
    }
    if told.as_path.windows(2).any(|pair| pair[0] == pair[1]) {
        found.push((Wrong::Prepended, &["set", "prepend"]));
    } else if told.as_path.len() > case.limits.longest_path {
        found.push((Wrong::Long, &["set"]));
    }
    found
}

fn add(case: &Case<'_>, pni: Pni, what: Wrong, span: Span, prefixes: &[String], found: &mut Found) {
    let name = case.design.pni_name(pni);
    let list = listed(prefixes);
    let most = case.limits.longest_path;
    let (message, fix) = match what {
        Wrong::Untagged => (
            format!("`{name}` announces {list} without {MAPS}"),
            "add the community in the export policy",
        ),
        Wrong::Prepended => (
            format!("`{name}` announces {list} with prepends: registered prefixes may have none"),
            "remove the prepend",
        ),
        Wrong::Long => (
            format!("`{name}` announces {list} with a path of more than {most} AS numbers"),
            "announce it over a shorter path",
        ),
    };
    let told = "as it is: all stays reachable, the registration would be `Failed`";
    let evidence = case.lab.evidence(&[], told);
    found.add(case.finding("pni", name, span).says(message, fix).shown_by([evidence]));
}

/// Every connection of the peering that a prefix is registered under must announce it.
fn received(case: &Case<'_>, pnis: &[Pni], prefix: PrefixId, found: &mut Found) {
    let design = case.design;
    let declared = &design.topology.prefixes[prefix];
    let Some((peering, _)) = declared.registration else { return };
    let peering = &design.topology.peerings[peering];
    let parents: Vec<Pni> =
        pnis.iter().copied().filter(|pni| peering.connections.contains(&pni.lag)).collect();
    let silent = |way: &&Way| design.told(**way, prefix).attributes().is_none();
    let ways = design.ways(&parents, prefix, true);
    let without: Vec<String> =
        ways.iter().filter(silent).map(|way| quoted(design.pni_name(way.pni))).collect();
    if without.is_empty() {
        return;
    }
    let name = declared.prefix.to_string();
    let message = format!(
        "`{name}` is registered under `{}` and not announced on all of its connections: not on {}",
        peering.name,
        listed(&without)
    );
    let fix = "announce it on every connection of the peering";
    let span = design.place_of_prefix(prefix, &["announce"]);
    found.add(case.finding("prefix", name, span).says(message, fix));
}

/// Whether it is known where the registration stands.
fn registered(
    case: &Case<'_>,
    prefix: PrefixId,
    process_has_begun: bool,
    found: &mut Found,
) -> bool {
    let design = case.design;
    let declared = &design.topology.prefixes[prefix];
    let name = declared.prefix.to_string();
    let (kept, message, severity) = match declared.registration {
        None if process_has_begun => {
            (&[] as &[&str], format!("`{name}` is not registered, and others are"), Severity::Block)
        }
        None => return false,
        Some((peering, state)) => {
            let peering = &design.topology.peerings[peering].name;
            let severity = match state {
                RegistrationState::Verified => {
                    found
                        .declared(format!("`{name}` is registered under `{peering}` and verified"));
                    return true;
                }
                RegistrationState::Pending | RegistrationState::Unknown => {
                    found.unknown(format!("the registration of `{name}` is {state:?}"));
                    return true;
                }
                RegistrationState::Warning => Severity::Minor,
                RegistrationState::None
                | RegistrationState::Invalid
                | RegistrationState::Failed => Severity::Block,
            };
            let message = format!("the registration of `{name}` under `{peering}` is {state:?}");
            (&["registration", "state"] as &[&str], message, severity)
        }
    };
    let span = design.place_of_prefix(prefix, kept);
    let fix = "register it under one of your peerings, once a connection is Active";
    found.add(case.finding("prefix", name, span).at_most(severity).says(message, fix));
    true
}
