//! R10: LACP on every PNI.

use super::design::Pni;
use super::found::Found;
use super::{Case, Example, Rule};
use crate::ids::Side;
use crate::model::requirements::RuleId;
use crate::proto::lacp::{self, Mode};
use crate::report::data::{EvidenceRow, Severity};
use crate::report::number::duration;

pub(super) const RULE: Rule = Rule {
    id: RuleId::R10,
    title: "LACP on every PNI",
    means: "Every PNI is a LAG that speaks LACP at both ends, also if it is one circuit: the provider sets them \
            up so and gives BGP only to a LAG that is up.",
    checked: "Both ends of every PNI have `lacp`, one of them at least is active, and `min_links` \
              is the same at both. Members of unequal speed are refused when the file is read. A \
              timeout of 90 s (slow) is a note, `min_links` that differs minor. Then one member of \
              a PNI without LACP, or with slow LACP, falls silent in a run.",
    exposed_by: "`circuit_silent` on one member: a static LAG loses its share for as long as that lasts; LACP \
                 takes it out within 2 to 3 s (fast) or 60 to 90 s (slow).",
    fix: "Turn LACP on at both ends: `lag: {lacp: {interval: fast}}`.",
    examples: &[
        Example { passes: "lacp: {interval: fast, mode: active}", fails: "min_links: 1" },
        Example {
            passes: "lacp: {interval: fast, mode: active}",
            fails: "lacp: {interval: fast, mode: passive}",
        },
    ],
    check,
};

fn check(case: &Case<'_>, found: &mut Found) {
    let design = case.design;
    for pni in &design.pnis {
        let name = design.pni_name(*pni);
        let ends = &design.topology.lags[pni.lag].ends;
        let speaks = ends.each_ref().map(|end| end.lacp);
        if let Some((message, span)) = does_not_come_up(case, *pni, speaks) {
            let evidence = silent(case, *pni);
            found.add(case.finding("pni", name, span).says(message, RULE.fix).shown_by(evidence));
            continue;
        }
        let links = ends.each_ref().map(|end| end.min_links);
        if links[0] != links[1] {
            let span = place(case, *pni, None, &["min_links"]);
            let routers = Side::BOTH.map(|side| design.router_name(design.router(*pni, side)));
            let message = format!(
                "`{name}` needs {} members at `{}` and {} at `{}`",
                links[0], routers[0], links[1], routers[1]
            );
            let fix = "agree on one `min_links`";
            let finding = case.finding("pni", name, span).at_most(Severity::Minor);
            found.add(finding.says(message, fix));
        }
        let slow =
            |end: Side| speaks[end].is_some_and(|lacp| lacp.interval == lacp::Interval::Slow);
        if let Some(side) = [pni.own, pni.own.other()].into_iter().find(|side| slow(*side)) {
            let router = design.router_name(design.router(*pni, side));
            let span = place(case, *pni, Some(side), &["lacp", "interval"]);
            let message = format!("`{router}` waits 90 s for a silent member of `{name}`");
            let fix = "`lacp: {interval: fast}` waits 3 s";
            let finding = case.finding("pni", name, span).at_most(Severity::Note);
            found.add(finding.says(message, fix).shown_by(silent(case, *pni)));
        }
    }
}

/// Whether a PNI does not come up for want of LACP.
pub(super) fn is_broken(case: &Case<'_>, pni: Pni) -> bool {
    let speaks = case.design.topology.lags[pni.lag].ends.each_ref().map(|end| end.lacp);
    does_not_come_up(case, pni, speaks).is_some()
}

/// Why a PNI is no LAG with LACP.
fn does_not_come_up(
    case: &Case<'_>,
    pni: Pni,
    speaks: [Option<lacp::Config>; 2],
) -> Option<(String, crate::diag::Span)> {
    let design = case.design;
    let name = design.pni_name(pni);
    match speaks {
        [None, None] => {
            Some((format!("`{name}` does not speak LACP"), place(case, pni, None, &[])))
        }
        [Some(a), Some(b)] if a.mode == Mode::Passive && b.mode == Mode::Passive => {
            let message = format!("`{name}` never comes up: LACP is passive at both ends");
            Some((message, place(case, pni, None, &["lacp", "mode"])))
        }
        [Some(_), Some(_)] => None,
        [first, _] => {
            let mute = if first.is_none() { Side::A } else { Side::B };
            let router = design.router_name(design.router(pni, mute));
            let message = format!("`{name}` never comes up: `{router}` does not speak LACP");
            Some((message, place(case, pni, Some(mute), &[])))
        }
    }
}

/// Where `lag` of a side, or of the PNI, states something; else the LAG, else the PNI.
fn place(case: &Case<'_>, pni: Pni, side: Option<Side>, path: &[&str]) -> crate::diag::Span {
    let design = case.design;
    let name = design.pni_name(pni);
    let routers = Side::BOTH.map(|side| design.router_name(design.router(pni, side)));
    let of_sides = Side::BOTH.into_iter().filter(|own| side.is_none_or(|side| side == *own));
    let mut places: Vec<Vec<&str>> =
        of_sides.map(|own| vec!["pnis", name, "sides", routers[own], "lag"]).collect();
    places.push(vec!["pnis", name, "lag"]);
    let deep: Vec<Vec<&str>> = places.iter().map(|own| [own, path].concat()).collect();
    let all: Vec<&[&str]> = deep.iter().chain(&places).map(Vec::as_slice).collect();
    design.place(&all)
}

/// How much one silent member costs.
fn silent(case: &Case<'_>, pni: Pni) -> Option<EvidenceRow> {
    let design = case.design;
    let member = *design.topology.lags[pni.lag].circuits.first()?;
    let mut row = case.lab.silent(&[member], "")?;
    let lost = row.lost_s.filter(|lost| *lost > 0.0)?;
    row.told = format!(
        "a member of {} falls silent: {} of full outage in the 190 s that follow",
        design.pni_name(pni),
        duration(lost)
    );
    Some(row)
}
