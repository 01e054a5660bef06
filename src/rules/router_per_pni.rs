//! R5a: as many routers of the partner as PNIs.

use std::collections::BTreeMap;

use super::design::Pni;
use super::found::{Found, listed, quoted};
use super::lab::failed;
use super::{Case, Example, Rule};
use crate::ids::RouterId;
use crate::model::requirements::RuleId;
use crate::settled::Element;

pub(super) const RULE: Rule = Rule {
    id: RuleId::R5a,
    title: "a router of its own for each PNI",
    means: "At a location every PNI ends on a router of its own on the partner's side. A LAG of several \
            circuits counts as one; virtual routers of one chassis count as one.",
    checked: "The PNIs of each location are grouped by the partner's chassis: there must be as many as PNIs. \
              The router that several share fails in the settled evaluator.",
    exposed_by: "`router_crash` or an upgrade: more than one circuit of the location is lost at once.",
    fix: "Move the second PNI to another chassis, on other power.",
    examples: &[Example { passes: "", fails: SHARED }],
    check,
};

/// Two PNIs on one router of the partner.
const SHARED: &str = "\
pnilab: topology/1
metros: {ams: {}}
sites: {ams-a: {metro: ams}}
networks: {ours: {asn: 64500, kind: partner}, theirs: {asn: 8075, kind: cloud}}
routers:
  r1: {network: ours, site: ams-a}
  r2: {network: theirs, site: ams-a}
  r3: {network: theirs, site: ams-a}
pnis:
  p1: {ends: [r1, r2], relation: peer, circuits: {x-1: {speed: 100G}}, sessions: {ipv4: {}}}
  p2: {ends: [r1, r3], relation: peer, circuits: {x-2: {speed: 100G}}, sessions: {ipv4: {}}}
";

fn check(case: &Case<'_>, found: &mut Found) {
    let design = case.design;
    for location in &design.locations {
        let mut by_chassis: BTreeMap<Vec<RouterId>, Vec<Pni>> = BTreeMap::new();
        for pni in &location.pnis {
            let chassis = design.topology.chassis(design.router(*pni, pni.own));
            by_chassis.entry(chassis).or_default().push(*pni);
        }
        for (chassis, pnis) in by_chassis.into_iter().filter(|(_, pnis)| pnis.len() > 1) {
            let names: Vec<String> = pnis.iter().map(|pni| quoted(design.pni_name(*pni))).collect();
            let first = design.router(pnis[0], pnis[0].own);
            let last = pnis.iter().find(|pni| design.router(**pni, pni.own) != first);
            let (what, span) = if let Some(last) = last {
                // Virtual routers: the second of them says which chassis it is in.
                let router = design.router(*last, last.own);
                let (one, other) = (design.router_name(first), design.router_name(router));
                let what = format!("`{one}` and `{other}` are one chassis");
                (what, design.place_of_router(router, "chassis"))
            } else {
                let what = format!("all end on `{}`", design.router_name(first));
                (what, design.place_of_end(pnis[1], pnis[1].own))
            };
            let message = format!(
                "{} in {} `{}` do not end on routers of their own: {what}",
                listed(&names),
                location.word(),
                location.name
            );
            let router = chassis[0];
            let name = design.router_name(router);
            let told = format!("router {name} fails, and {} with it", listed(&names));
            let evidence = case.plain.evidence(&[failed(Element::Router(router))], told);
            let finding = case.finding("router", name, span).says(message, RULE.fix);
            found.add(finding.shown_by([evidence]));
        }
    }
}
