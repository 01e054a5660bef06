//! R2: redundant PNIs at every location.

use super::design::{Location, Pni};
use super::found::{Found, listed, quoted};
use super::lab::{Lab, failed, zone_faults};
use super::{Case, Example, Rule, active_active, lacp};
use crate::diag::Span;
use crate::ids::{CircuitId, DemandId, IdVec, RouterId, SessionId, Side};
use crate::model::requirements::{Location as LocationKind, RuleId};
use crate::model::topology::Topology;
use crate::report::data::Severity;
use crate::report::number::percent;
use crate::settled::{Element, Fault, Outcome};
use crate::units::Share;

pub(super) const RULE: Rule = Rule {
    id: RuleId::R2,
    title: "redundant PNIs at every location",
    means: "At each location where the partner meets the provider there are two PNIs at least, which no \
            single failure takes away together: traffic stays where it is handed over.",
    checked: "Each location has two PNIs with sessions; where the file tells states, two `Active` \
              ones, and once one connection of a peering is used for Peering Service, two that \
              are. Then each router, PNI, circuit, line card, span, shared-risk group, power feed \
              and power zone there fails in the settled evaluator: a session must be up at the \
              location, demands of its metro must cross between the networks there as before, and \
              deliver what their class calls ok. What one failure takes away or moves is major; \
              that there is one PNI only is as bad as the pack says.",
    exposed_by: "`circuit_cut`, `card_fail`, `router_power_off` or `srlg_fail` on what the PNIs of a location \
                 share: traffic goes through another metro, or nowhere.",
    fix: "Order a second PNI at the location: to the provider's other edge router, from another router of \
          yours, over another cross-connect, card, duct and power feed.",
    examples: &[
        Example {
            passes: "    ends: [ct-ams-2, ms-ams-2]",
            fails: "    ends: [ct-ams-2, ms-ams-1]",
        },
        Example {
            passes: "      x-1003: {speed: 100G, length: 150m, srlgs: [ams-b-tray]}\n      x-1004: {speed: \
                     100G, length: 150m, srlgs: [ams-b-tray]}",
            fails: "      x-1003: {speed: 100G, length: 150m, srlgs: [ams-a-tray]}\n      x-1004: {speed: 100G, \
                    length: 150m, srlgs: [ams-a-tray]}",
        },
    ],
    check,
};

/// Shares that differ by less are alike: sums of shares are rounded down.
const SLACK: Share = Share::from_ppb(1_000_000);

fn check(case: &Case<'_>, found: &mut Found) {
    for location in &case.design.locations {
        let redundant = count(case, location, found);
        if redundant {
            single_points(case, location, found);
        }
    }
}

/// Whether there are enough PNIs to be redundant.
fn count(case: &Case<'_>, location: &Location, found: &mut Found) -> bool {
    let design = case.design;
    let sessions = |pni: &&Pni| !design.topology.lags[pni.lag].sessions.is_empty();
    let active = |pni: &&Pni| design.is_active(**pni);
    let service = |pni: &Pni| {
        design.topology.lags[pni.lag].connection.is_some_and(|c| c.use_for_peering_service)
    };
    let with_sessions: Vec<&Pni> = location.pnis.iter().filter(sessions).collect();
    let in_service: Vec<&Pni> = with_sessions.iter().copied().filter(active).collect();
    let in_use = in_service.iter().filter(|pni| service(pni)).count();
    let begun = location.pnis.iter().any(service);
    let (word, name) = (location.word(), &location.name);
    let (what, odd) = if location.pnis.len() < 2 {
        ("there is one PNI only".to_owned(), location.pnis.first())
    } else if with_sessions.len() < 2 {
        let bare = location.pnis.iter().find(|pni| !sessions(pni));
        (format!("{} of its {} PNIs have sessions", with_sessions.len(), location.pnis.len()), bare)
    } else if in_service.len() < 2 {
        let idle = location.pnis.iter().find(|pni| !active(pni));
        (format!("{} of its {} PNIs are Active", in_service.len(), location.pnis.len()), idle)
    } else if in_service.iter().filter(|pni| comes_up(case, ***pni)).count() < 2
        && let Some(down) = in_service.iter().find(|pni| !comes_up(case, ***pni))
    {
        // Why a LAG does not come up is told by the rule on LACP.
        if lacp::is_broken(case, **down) {
            found.unknown(format!("`{}` does not come up (R10)", design.pni_name(**down)));
            return false;
        }
        ("one of its PNIs only comes up".to_owned(), Some(*down))
    } else if begun && in_use < 2 {
        let unused = location.pnis.iter().find(|pni| !service(pni));
        ("one PNI only is used for Peering Service".to_owned(), unused)
    } else {
        return true;
    };
    let span = odd.map_or_else(Span::default, |pni| {
        let pni_name = design.pni_name(*pni);
        let peering = design.topology.peerings.iter();
        let peering = peering.into_iter().find(|peering| peering.connections.contains(&pni.lag));
        match peering.filter(|_| location.pnis.len() >= 2 && with_sessions.len() >= 2) {
            Some(peering) => {
                let own = ["peerings", &peering.name, "connections", pni_name];
                design.place(&[&[&own[..], &["state"]].concat(), &own])
            }
            None => design.place_of_pni(*pni),
        }
    });
    let alone = in_service.first().copied().or(location.pnis.first());
    let evidence = alone.map(|pni| {
        case.plain
            .evidence(&[failed(Element::Lag(pni.lag))], format!("{word} {name} without this PNI"))
    });
    let message = format!("no local redundancy in {word} `{name}`: {what}");
    let fix = "order a second PNI there, between other routers on both sides";
    found.add(case.finding(word, name, span).says(message, fix).shown_by(evidence));
    false
}

/// Something that may fail on its own.
struct Suspect {
    kind: &'static str,
    name: String,
    span: Span,
    faults: Vec<Fault>,
    /// The router that a card sits in.
    card_of: Option<RouterId>,
}

/// Single failures that take the location away, or traffic from it.
fn single_points(case: &Case<'_>, location: &Location, found: &mut Found) {
    let lab = case.plain;
    let local = local_demands(case, location);
    let before = lab.outcome(&[]);
    if !local.is_empty() && Lab::delivered(&before).is_none() {
        found.unknown("where routing ends up when all is well could not be told for certain");
    }
    let place = format!("{} `{}`", location.word(), location.name);
    let is_odd = active_active::is_odd(case, location);
    let mut lost: Vec<RouterId> = Vec::new();
    let mut harmful: Vec<(Suspect, String)> = Vec::new();
    for suspect in suspects(case, location) {
        let outcome = lab.outcome(&suspect.faults);
        if is_served(case, location, &outcome.sessions) {
            if Lab::delivered(&outcome).is_none() && !local.is_empty() {
                let Suspect { kind, name, .. } = &suspect;
                let told =
                    format!("where routing ends up without {kind} `{name}` could not be told");
                found.unknown(told);
            }
            let local: Vec<DemandId> =
                local.iter().copied().filter(|id| lab.is_served(&outcome, *id)).collect();
            let harm = moved(&local, [&before, &outcome]);
            // What is uneven by policy does not fit where even shares would.
            let harm = harm
                .or_else(|| if is_odd { None } else { short(lab, &local, [&before, &outcome]) });
            harmful.extend(harm.map(|harm| (suspect, harm)));
            continue;
        }
        // What takes a router away on which all depends is a part of that.
        if suspect.is_part_of(&lost) || lost.iter().any(|router| !outcome.running[*router]) {
            continue;
        }
        if let [Fault { element: Element::Router(router), .. }] = suspect.faults[..] {
            lost.extend(case.design.topology.chassis(router));
        }
        let Suspect { kind, name, span, faults, .. } = suspect;
        let pnis = location.pnis.iter().map(|pni| quoted(case.design.pni_name(*pni)));
        let pnis = listed(&pnis.collect::<Vec<_>>());
        let message =
            format!("in {place} the failure of {kind} `{name}` takes {pnis} away together");
        let evidence = lab.evidence(&faults, format!("{kind} {name} fails"));
        let finding = case.finding(kind, name, span).at_most(Severity::Major);
        found.add(finding.says(message, RULE.fix).shown_by([evidence]));
    }
    let Some((first, what)) = harmful.first() else { return };
    let names: Vec<String> =
        harmful.iter().map(|(one, _)| format!("{} `{}`", one.kind, one.name)).collect();
    let message = format!("in {place} the failure of {} {what}", listed(&names));
    let evidence = harmful
        .iter()
        .take(4)
        .map(|(one, _)| lab.evidence(&one.faults, format!("{} {} fails", one.kind, one.name)));
    let finding = case.finding(location.word(), &location.name, first.span);
    let fix = "let what is left there take all of it: equal preference, and room";
    found.add(finding.at_most(Severity::Major).says(message, fix).shown_by(evidence));
}

impl Suspect {
    /// Whether it is a card of one of these routers.
    fn is_part_of(&self, routers: &[RouterId]) -> bool {
        self.card_of.is_some_and(|router| routers.contains(&router))
    }
}

/// How much of the traffic of the location stays there, if less than before.
pub(super) fn moved(local: &[DemandId], [before, after]: [&Outcome; 2]) -> Option<String> {
    let (usual, now) = (Lab::localized(before, local)?, Lab::localized(after, local)?);
    let share = percent(now.as_f64());
    let moved = now.as_ppb() + SLACK.as_ppb() < usual.as_ppb();
    moved.then(|| format!("moves traffic elsewhere: {share} is still handed over there"))
}

/// The demand that no longer has what its class calls ok.
fn short(lab: &Lab<'_>, local: &[DemandId], [before, after]: [&Outcome; 2]) -> Option<String> {
    let was_short = lab.worst(before, local).is_some_and(|worst| lab.is_short(worst));
    let worst = lab.worst(after, local).filter(|worst| !was_short && lab.is_short(*worst))?;
    let demand = &lab.topology.demands[worst.demand].name;
    Some(format!(
        "leaves too little: {} of `{demand}` is delivered",
        percent(worst.delivered.as_f64())
    ))
}

/// Whether a session of a PNI is up when all is well.
fn comes_up(case: &Case<'_>, pni: Pni) -> bool {
    let outcome = case.plain.outcome(&[]);
    case.design.topology.lags[pni.lag].sessions.iter().any(|id| outcome.sessions[*id])
}

/// Demands that are local to the metro, if the location is one.
pub(super) fn local_demands(case: &Case<'_>, location: &Location) -> Vec<DemandId> {
    let topology = case.design.topology;
    let here = |id: &DemandId| {
        let metro = topology.demands[*id].metro;
        metro.is_some_and(|metro| topology.metros[metro].name == location.name)
    };
    let demands = case.plain.demands.iter().copied();
    demands.filter(|id| location.kind == LocationKind::Metro && here(id)).collect()
}

/// Whether a session is up at the location.
fn is_served(case: &Case<'_>, location: &Location, up: &IdVec<SessionId, bool>) -> bool {
    let sessions = |pni: &Pni| case.design.topology.lags[pni.lag].sessions.iter();
    location.pnis.iter().flat_map(sessions).any(|session| up[*session])
}

/// What may fail on its own at a location.
fn suspects(case: &Case<'_>, location: &Location) -> Vec<Suspect> {
    let (design, t) = (case.design, case.design.topology);
    let mut routers: Vec<RouterId> = Vec::new();
    let mut elements: Vec<Element> = Vec::new();
    elements.extend(location.pnis.iter().map(|pni| Element::Lag(pni.lag)));
    for pni in &location.pnis {
        for router in Side::BOTH.map(|side| design.router(*pni, side)) {
            // Virtual routers of one chassis fail together.
            if !routers.contains(&router) {
                elements.push(Element::Router(router));
                routers.extend(t.chassis(router));
            }
        }
        let circuits = &t.lags[pni.lag].circuits;
        // The only circuit of a PNI is the PNI.
        elements
            .extend(circuits.iter().filter(|_| circuits.len() > 1).map(|id| Element::Circuit(*id)));
        elements.extend(circuits.iter().flat_map(|id| below(t, *id)));
    }
    for feed in routers.iter().flat_map(|router| &t.routers[*router].feeds) {
        elements.push(Element::Feed(*feed));
        elements.extend(t.feeds[*feed].srlgs.iter().map(|srlg| Element::Srlg(*srlg)));
    }
    let mut suspects: Vec<Suspect> = Vec::new();
    for element in elements {
        let (kind, name) = (element.kind(t), element.name(t));
        if !suspects.iter().any(|known| known.kind == kind && known.name == name) {
            let span = place(case, element);
            let mut card_of = None;
            if let Element::Card(card) = element {
                card_of = Some(t.cards[card].router);
            }
            suspects.push(Suspect { kind, name, span, faults: vec![failed(element)], card_of });
        }
    }
    for (id, zone) in t.zones.iter_ids() {
        let faults = zone_faults(t, id);
        if routers.iter().any(|router| t.routers[*router].zone == Some(id)) {
            let site = &t.sites[zone.site].name;
            let span = design.place(&[&["sites", site, "power_zones", &zone.name]]);
            let name = format!("{site}/{}", zone.name);
            suspects.push(Suspect { kind: "power_zone", name, span, faults, card_of: None });
        }
    }
    suspects
}

/// What lies below a circuit.
fn below(t: &Topology, circuit: CircuitId) -> Vec<Element> {
    let circuit = &t.circuits[circuit];
    let cards = circuit.cards.iter().flatten().map(|card| Element::Card(*card));
    let spans = circuit.spans.iter().map(|span| Element::Span(*span));
    let of_spans = circuit.spans.iter().flat_map(|span| &t.spans[*span].srlgs);
    let srlgs = circuit.srlgs.iter().chain(of_spans).map(|srlg| Element::Srlg(*srlg));
    cards.chain(spans).chain(srlgs).collect()
}

/// Where an element is declared.
fn place(case: &Case<'_>, element: Element) -> Span {
    let design = case.design;
    let (kind, name) = (element.kind(design.topology), element.name(design.topology));
    match element {
        Element::Card(card) => {
            let card = &design.topology.cards[card];
            let router = design.router_name(card.router);
            design.place(&[&["routers", router, "cards", &card.name], &["routers", router]])
        }
        Element::Feed(feed) => {
            let feed = &design.topology.feeds[feed];
            let site = &design.topology.sites[feed.site].name;
            design.place(&[&["sites", site, "power_feeds", &feed.name]])
        }
        Element::Circuit(circuit) => {
            let lag = design.topology.circuits[circuit].lag;
            design.place(&[&["pnis", &design.topology.lags[lag].name, "circuits", &name]])
        }
        Element::Lag(_)
        | Element::Router(_)
        | Element::Site(_)
        | Element::Metro(_)
        | Element::Span(_)
        | Element::Srlg(_)
        | Element::Session(_)
        | Element::Exchange(_) => design.place(&[&[&format!("{kind}s"), &name]]),
    }
}
