//! P8: a limit on the provider's prefixes that leaves room and is there.

use super::found::Found;
use super::{Case, Example, Rule};
use crate::model::requirements::RuleId;
use crate::model::topology::Family;
use crate::report::data::Severity;

pub(super) const RULE: Rule = Rule {
    id: RuleId::P8,
    title: "a maximum of prefixes on sessions with the provider",
    means: "The partner limits how many prefixes it takes from the provider: high enough that growth does not end \
            the session, low enough that a leak does.",
    checked: "`max_prefix` of the partner's end of each session lies within the bounds of the pack; a limit that is \
              below what the provider announces, or in `warn` mode, is told too. Without a limit the rule fails \
              as a recommendation does.",
    exposed_by: "`announce` of many prefixes, or a `leak`: too low a limit ends all sessions at once (Cease, \
                 maximum number of prefixes).",
    fix: "Set `max_prefix: {limit: N, restart: 15m}` on the partner's side of the session.",
    examples: &[Example {
        passes: "max_prefix: {limit: 500, restart: 15m}",
        fails: "max_prefix: {limit: 100, restart: 15m}",
    }],
    check,
};

/// How many prefixes Microsoft announces, and by how much that may grow (voice walkthrough of
/// 2024-10-23, FAQ).
const ANNOUNCED: u64 = 280;
const GROWTH_PERCENT: u64 = 15;

fn check(case: &Case<'_>, found: &mut Found) {
    let design = case.design;
    for pni in &design.pnis {
        for family in Family::ALL {
            let Some(session) = design.session(*pni, family) else { continue };
            let end = &design.topology.sessions[session].ends[design.own_side(*pni, session)];
            let name = design.topology.sessions[session].name.clone();
            let router = design.router_name(design.router(*pni, pni.own));
            let pni_name = design.pni_name(*pni);
            let own =
                ["pnis", pni_name, "sides", router, "sessions", family.as_str(), "max_prefix"];
            let shared = ["pnis", pni_name, "sessions", family.as_str()];
            let key = [&shared[..], &["max_prefix"]].concat();
            let own_limit = [&own[..], &["limit"]].concat();
            let shared_limit = [&key[..], &["limit"]].concat();
            let place = design.path_of_pni(*pni);
            let span = design.place(&[&own_limit, &shared_limit, &shared, &place]);
            let wanted = case.limits.max_prefixes[usize::from(family == Family::Ipv6)];
            let fix = format!(
                "set `max_prefix: {{limit: {wanted}, restart: 15m}}` on the partner's side"
            );
            let Some(max) = end.max_prefix else {
                let message = format!("`{name}` has no maximum of prefixes at `{router}`");
                let finding = case.finding("session", name, span).at_most(Severity::Minor);
                found.add(finding.says(message, fix));
                continue;
            };
            let counted = provided(case, family);
            let needed = counted.max(if family == Family::Ipv4 {
                ANNOUNCED + ANNOUNCED * GROWTH_PERCENT / 100
            } else {
                0
            });
            let limit = max.limit;
            if limit < needed {
                let message = format!(
                    "`{name}` takes {limit} prefixes at most at `{router}`, and the provider may announce {needed}"
                );
                found.add(case.finding("session", name, span).says(message, fix));
            } else if limit > wanted.saturating_mul(2) {
                let message = format!(
                    "`{name}` takes {limit} prefixes at `{router}`: a limit that high stops no leak, {wanted} is \
                     recommended"
                );
                let finding = case.finding("session", name, span).at_most(Severity::Minor);
                found.add(finding.says(message, fix));
            } else if max.shutdown && max.restart.is_none() {
                let message =
                    format!("`{name}` stays down at `{router}` once it was told too many prefixes");
                let finding = case.finding("session", name, span).at_most(Severity::Note);
                found.add(finding.says(message, "add `restart`"));
            }
        }
    }
}

/// How many prefixes of a family the design lets the provider announce.
fn provided(case: &Case<'_>, family: Family) -> u64 {
    let prefixes = &case.design.topology.prefixes;
    let of_family =
        case.design.provided().into_iter().filter(|id| Family::of(&prefixes[*id].prefix) == family);
    of_family.map(|id| prefixes[id].count).sum()
}
