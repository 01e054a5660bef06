//! R3: another site and another metro carry the traffic when one fails.

use std::collections::BTreeSet;

use super::design::Pni;
use super::found::Found;
use super::lab::{Lab, failed};
use super::{Case, Example, Rule};
use crate::ids::{DemandId, MetroId, NetworkId, PrefixId, RouterId, Side, SiteId};
use crate::model::requirements::RuleId;
use crate::report::number::percent;
use crate::settled::{Element, Outcome};

pub(super) const RULE: Rule = Rule {
    id: RuleId::R3,
    title: "geo redundancy",
    means: "When a site or a whole metro fails, another carries its traffic: the prefixes are served and \
            announced elsewhere, the partner's backbone leads there, and there is room.",
    checked: "PNIs stand in two metros at least (`metro_distance` says how far apart). Each infrastructure \
              prefix is served, and announced, in two. Then each site and metro with an end of a PNI fails \
              in the settled evaluator: every demand between partner and provider that still has a source \
              must deliver what its class calls ok, both ways. Without demands, routes are looked at and \
              capacity stays unknown.",
    exposed_by: "`site_power`, `site_isolate`, `metro_outage`: what is served in one place is gone for as \
                 long as that lasts, or does not fit through what is left.",
    fix: "Connect in a second metro, serve and announce every prefix in both, join them by a backbone of \
          your own, and size each for all of the traffic.",
    examples: &[Example {
        passes: "served_at: [ams-a, ams-b, fra-a, fra-b], class: voice-media,\n     about: media relays",
        fails: "served_at: [ams-a, ams-b], class: voice-media,\n     about: media relays",
    }],
    check,
};

fn check(case: &Case<'_>, found: &mut Found) {
    for partner in &case.design.partners {
        let pnis: Vec<Pni> =
            case.design.pnis.iter().copied().filter(|pni| pni.partner == *partner).collect();
        if pnis.is_empty() {
            continue;
        }
        let alone = one_metro(case, *partner, &pnis, found);
        let bound = bound_prefixes(case, *partner, &pnis, alone.is_some(), found);
        failures(case, &pnis, &bound, alone, found);
    }
}

fn metro_of(case: &Case<'_>, router: RouterId) -> MetroId {
    case.design.topology.router_metro(router)
}

/// The only metro with PNIs, if there is one only; metros too near to each other count as one.
fn one_metro(
    case: &Case<'_>,
    partner: NetworkId,
    pnis: &[Pni],
    found: &mut Found,
) -> Option<MetroId> {
    let design = case.design;
    let metros: Vec<MetroId> =
        pnis.iter().map(|pni| metro_of(case, design.router(*pni, pni.own.other()))).collect();
    let first = metros[0];
    let far = metros.iter().any(|metro| *metro != first && is_far(case, first, *metro));
    if far {
        return None;
    }
    let t = design.topology;
    let network = &t.networks[partner].name;
    let others: BTreeSet<&str> =
        metros.iter().filter(|m| **m != first).map(|m| t.metros[*m].name.as_str()).collect();
    let name = &t.metros[first].name;
    let what = if others.is_empty() {
        format!("all PNIs of `{network}` are in metro `{name}`")
    } else {
        let near: Vec<&str> = others.into_iter().collect();
        format!("all metros with PNIs of `{network}` are too near to `{name}`: {}", near.join(", "))
    };
    let message = format!("no geo redundancy: {what}");
    let span = design.place(&[&["metros", name]]);
    let evidence =
        case.plain.evidence(&[failed(Element::Metro(first))], format!("metro {name} fails"));
    found.add(case.finding("metro", name, span).says(message, RULE.fix).shown_by([evidence]));
    Some(first)
}

/// Whether two metros are as far apart as is asked for; where nothing is asked or known, they are.
fn is_far(case: &Case<'_>, one: MetroId, other: MetroId) -> bool {
    let distance = case.design.topology.distance(one, other);
    distance.is_none_or(|distance| distance >= case.limits.metro_distance)
}

/// Prefixes that are served or announced in one place only.
fn bound_prefixes(
    case: &Case<'_>,
    partner: NetworkId,
    pnis: &[Pni],
    is_alone: bool,
    found: &mut Found,
) -> Vec<PrefixId> {
    let (design, t) = (case.design, case.design.topology);
    let mut bound = Vec::new();
    for prefix in design.infrastructure(partner) {
        let declared = &t.prefixes[prefix];
        let standby = declared.standby.iter().flat_map(|standby| &standby.routers);
        let servers: Vec<RouterId> = declared.served_by.iter().chain(standby).copied().collect();
        let sites: BTreeSet<SiteId> =
            servers.iter().map(|router| t.routers[*router].site).collect();
        let metros: BTreeSet<MetroId> =
            servers.iter().map(|router| metro_of(case, *router)).collect();
        let ways = design.ways(pnis, prefix, true);
        let told: BTreeSet<MetroId> = ways
            .iter()
            .filter(|way| design.told(**way, prefix).attributes().is_some())
            .map(|way| metro_of(case, design.router(way.pni, way.pni.own.other())))
            .collect();
        let name = declared.prefix.to_string();
        let (what, span) = if sites.len() == 1 {
            let site = sites.first().map_or("", |site| t.sites[*site].name.as_str());
            (format!("is served at site `{site}` only"), served_place(case, prefix))
        } else if metros.len() == 1 && !is_alone {
            let metro = metros.first().map_or("", |metro| t.metros[*metro].name.as_str());
            (format!("is served in metro `{metro}` only"), served_place(case, prefix))
        } else if told.len() == 1 && !is_alone {
            let metro = told.first().map_or("", |metro| t.metros[*metro].name.as_str());
            let span = design.place_of_prefix(prefix, &["announce"]);
            (format!("is announced to the provider in metro `{metro}` only"), span)
        } else {
            continue;
        };
        bound.push(prefix);
        let message = format!("no geo redundancy of `{name}`: it {what}");
        let fix = "serve and announce it in a second metro, or name a standby there";
        let place = sites.first().filter(|_| sites.len() == 1).map(|site| Element::Site(*site));
        let place = place.or_else(|| metros.first().map(|metro| Element::Metro(*metro)));
        let evidence = place.map(|place| {
            let (kind, place_name) = (place.kind(t), place.name(t));
            case.plain.evidence(&[failed(place)], format!("{kind} {place_name} fails"))
        });
        found.add(case.finding("prefix", name, span).says(message, fix).shown_by(evidence));
    }
    bound
}

fn served_place(case: &Case<'_>, prefix: PrefixId) -> crate::diag::Span {
    let of = |key: &str| case.design.place_of_prefix(prefix, &[key]);
    let (whole, served, routers) = (of(""), of("served_at"), of("routers"));
    if routers == whole { served } else { routers }
}

/// Sites and metros whose failure other places do not make up for.
fn failures(
    case: &Case<'_>,
    pnis: &[Pni],
    bound: &[PrefixId],
    alone: Option<MetroId>,
    found: &mut Found,
) {
    let (design, t) = (case.design, case.design.topology);
    let ends = pnis.iter().flat_map(|pni| Side::BOTH.map(|side| design.site(*pni, side)));
    let sites: BTreeSet<SiteId> = ends.collect();
    let metros: BTreeSet<MetroId> = sites.iter().map(|site| t.sites[*site].metro).collect();
    // Metros first: what a metro loses, its only site loses too.
    let metros = metros.into_iter().filter(|metro| Some(*metro) != alone);
    let mut places: Vec<Element> = metros.map(Element::Metro).collect();
    if sites.len() > 1 {
        places.extend(sites.iter().map(|site| Element::Site(*site)));
    }
    if case.plain.demands.is_empty() {
        let told =
            "no demand runs between partner and provider: whether there is room is not known";
        found.unknown(told);
    }
    let judged = judged(case, bound, found);
    let mut lost: Vec<MetroId> = Vec::new();
    for place in places {
        let mut is_told = false;
        if let Element::Site(site) = place {
            is_told = lost.contains(&t.sites[site].metro) && is_only_site(case, &sites, site);
        }
        if !is_told
            && failure(case, place, &judged, bound, found)
            && let Element::Metro(metro) = place
        {
            lost.push(metro);
        }
    }
}

/// The demands whose prefixes are served in more than one place, and that have what they need when all
/// is well.
fn judged(case: &Case<'_>, bound: &[PrefixId], found: &mut Found) -> Vec<DemandId> {
    let (t, lab) = (case.design.topology, case.plain);
    let before = lab.outcome(&[]);
    let mut judged = Vec::new();
    for id in lab.demands.iter().copied() {
        let demand = &t.demands[id];
        if lab.worst(&before, &[id]).is_some_and(|worst| lab.is_short(worst)) {
            found.unknown(format!("`{}` is short of what it needs when all is well", demand.name));
        } else if !bound.contains(&demand.from) && !bound.contains(&demand.to) {
            judged.push(id);
        }
    }
    judged
}

/// Whether a place is missed when it fails.
fn failure(
    case: &Case<'_>,
    place: Element,
    judged: &[DemandId],
    bound: &[PrefixId],
    found: &mut Found,
) -> bool {
    let (t, lab) = (case.design.topology, case.plain);
    let outcome = lab.outcome(&[failed(place)]);
    let (kind, name) = (place.kind(t), place.name(t));
    if Lab::delivered(&outcome).is_none() && !lab.demands.is_empty() {
        let told = format!("where routing ends up without {kind} `{name}` could not be told");
        found.unknown(told);
    }
    let alive: Vec<DemandId> =
        judged.iter().copied().filter(|id| has_servers(case, *id, place)).collect();
    let worst = lab.worst(&outcome, &alive).filter(|worst| lab.is_short(*worst));
    let message = if let Some(worst) = worst {
        let demand = &t.demands[worst.demand].name;
        let share = percent(worst.delivered.as_f64());
        let why = if worst.reachable.as_f64() > worst.delivered.as_f64() {
            "there is no room for it elsewhere"
        } else {
            "there is no way around"
        };
        let direction = worst.direction.word();
        format!("without {kind} `{name}` {share} of `{demand}` is delivered ({direction}): {why}")
    } else if let Some(prefix) = unreachable(case, &outcome, bound) {
        let prefix = t.prefixes[prefix].prefix;
        format!("without {kind} `{name}` the provider has no route to `{prefix}`")
    } else {
        return false;
    };
    let span = case.design.place(&[&[&format!("{kind}s"), &name]]);
    let evidence = lab.evidence(&[failed(place)], format!("{kind} {name} fails"));
    found.add(case.finding(kind, name, span).says(message, RULE.fix).shown_by([evidence]));
    true
}

/// Whether a site is the only one of its metro among these.
fn is_only_site(case: &Case<'_>, sites: &BTreeSet<SiteId>, site: SiteId) -> bool {
    let t = case.design.topology;
    sites.iter().filter(|other| t.sites[**other].metro == t.sites[site].metro).count() == 1
}

/// Whether both ends of a demand are served outside of a place: what dies with the provider's own data
/// centre is not the partner's to save.
fn has_servers(case: &Case<'_>, demand: DemandId, place: Element) -> bool {
    let t = case.design.topology;
    let outside = |router: &RouterId| {
        let own = t.routers[*router].site;
        place != Element::Site(own) && place != Element::Metro(t.sites[own].metro)
    };
    let provided = |prefix: PrefixId| {
        let declared = &t.prefixes[prefix];
        !case.design.providers.contains(&declared.network) || declared.served_by.iter().any(outside)
    };
    provided(t.demands[demand].from) && provided(t.demands[demand].to)
}

/// A prefix that was reached, and to which no router of the provider that still runs has a route.
fn unreachable(case: &Case<'_>, outcome: &Outcome, bound: &[PrefixId]) -> Option<PrefixId> {
    let (design, t) = (case.design, case.design.topology);
    let provider = |router: &RouterId| design.providers.contains(&t.routers[*router].network);
    let all: Vec<RouterId> = t.routers.ids().filter(provider).collect();
    let running: Vec<RouterId> =
        all.iter().copied().filter(|router| outcome.running[*router]).collect();
    let counts = |prefix: &PrefixId| {
        let declared = &t.prefixes[*prefix];
        let ours = declared.infrastructure && design.partners.contains(&declared.network);
        let is_served = declared.served_by.iter().any(|router| outcome.running[*router]);
        ours && is_served && !bound.contains(prefix)
    };
    let before = case.plain.outcome(&[]);
    let without = outcome.groups.iter_ids().filter(|(id, group)| {
        let had = all.iter().any(|router| before.groups[*id].routes[*router].is_some());
        let has = running.iter().any(|router| group.routes[*router].is_some());
        had && !has && !running.is_empty()
    });
    without.flat_map(|(_, group)| &group.prefixes).copied().find(counts)
}
