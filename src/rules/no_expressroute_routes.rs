//! P4: no routes with AS12076 in their path, from anybody.

use super::design::Design;
use super::found::Found;
use super::{Case, Example, Rule};
use crate::diag::Span;
use crate::ids::{SessionId, Side};
use crate::model::requirements::RuleId;
use crate::model::topology::{Family, SessionKind};
use crate::proto::bgp::attrs::Attributes;
use crate::proto::bgp::policy::{PolicyRoute, Verdict};

pub(super) const RULE: Rule = Rule {
    id: RuleId::P4,
    title: "routes of AS12076 (ExpressRoute) refused on all sessions",
    means: "Whoever peers with Microsoft takes routes of AS12076 from nobody: they belong to private networks.",
    checked: "A route whose path ends in AS12076 is run through the import policy of every external session of a \
              partner, as its neighbour would tell it: it must be rejected.",
    exposed_by: "`leak` by anybody who has such routes: traffic goes where it was never meant to go.",
    fix: "Reject `as_path_contains: 12076` before any term that accepts, on all sessions.",
    examples: &[Example {
        passes: "      - {name: no-enterprise, match: {as_path_contains: 12076}, then: reject}\n",
        fails: "",
    }],
    check,
};

/// ExpressRoute.
const EXPRESSROUTE: u32 = 12_076;

fn check(case: &Case<'_>, found: &mut Found) {
    let t = case.design.topology;
    for (id, session) in t.sessions.iter_ids() {
        if session.kind == SessionKind::Internal {
            continue;
        }
        for side in Side::BOTH {
            let own = t.routers[session.ends[side].router].network;
            let is_partner = case.design.partners.contains(&own);
            if is_partner && takes(case.design, id, side) {
                let (name, span) = place(case.design, id, side);
                let message =
                    format!("`{}` takes routes with AS{EXPRESSROUTE} in their path", session.name);
                found.add(case.finding("session", name, span).says(message, RULE.fix));
            }
        }
    }
}

/// Whether one end takes a route of AS12076.
fn takes(design: &Design<'_>, session: SessionId, side: Side) -> bool {
    let t = design.topology;
    let ends = &t.sessions[session].ends;
    let network = |side: Side| &t.networks[t.routers[ends[side].router].network];
    let Some(policy) = &ends[side].import else { return true };
    let (family, neighbor_as) = (t.sessions[session].family, network(side.other()).asn);
    let sample = match family {
        Family::Ipv4 => "40.64.0.0/13",
        Family::Ipv6 => "2603:1000::/25",
    };
    let attributes = Attributes::originated().prepended(EXPRESSROUTE, 1).prepended(neighbor_as, 1);
    let route = PolicyRoute {
        prefix: sample.parse().expect("a prefix"),
        attributes: &attributes,
        neighbor_as,
        neighbor: ends[side.other()].router,
        roas: &[],
        distance_km: None,
    };
    matches!(policy.evaluate(&route, network(side).asn), Verdict::Accepted { .. })
}

/// The session's name, and where its import policy stands.
fn place(design: &Design<'_>, session: SessionId, side: Side) -> (String, Span) {
    let session = &design.topology.sessions[session];
    let name = session.name.clone();
    let router = design.router_name(session.ends[side].router);
    let family = session.family.as_str();
    let outer = name.rsplit_once('/').map_or(name.as_str(), |(outer, _)| outer).to_owned();
    if let Some((exchange, between)) = outer.split_once('/') {
        let own = ["exchanges", exchange, "sessions", between];
        let sides = [&own[..], &["sides", router, "import"]].concat();
        return (name, design.place(&[&sides, &own, &["exchanges", exchange]]));
    }
    let own = ["pnis", outer.as_str()];
    let deep = [&own[..], &["sides", router, "sessions", family, "import"]].concat();
    let session = [&own[..], &["sessions", family, "import"]].concat();
    let whole = [&own[..], &["sides", router, "import"]].concat();
    let span = design.place(&[&deep, &session, &whole, &own]);
    (name, span)
}
