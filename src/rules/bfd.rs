//! P24: BFD on every session.

use super::found::Found;
use super::{Case, Example, Rule};
use crate::ids::Side;
use crate::model::requirements::RuleId;
use crate::model::topology::Family;
use crate::report::data::Severity;
use crate::units::SimDuration;

pub(super) const RULE: Rule = Rule {
    id: RuleId::P24,
    title: "BGP over BFD, below a second",
    means: "BFD watches every session, so that routing converges within a second; routes are exchanged once it runs.",
    checked: "Both ends of every session to the provider have `bfd`, and its detection time (the far end's multiplier \
              times the slower of its `tx` and this end's `rx`) is one second at most.",
    exposed_by: "`pni_silent`: without BFD the hold timer notices after 60 to 180 s.",
    fix: "Turn BFD on at both ends: `sessions: {ipv4: {bfd: {}}}` with `bfd: {tx: 300ms, rx: 300ms, multiplier: 3}`.",
    examples: &[Example {
        passes: "    ipv4: {bfd: {}, max_prefix",
        fails: "    ipv4: {max_prefix",
    }],
    check,
};

/// "Subsecond".
const LONGEST: SimDuration = SimDuration::from_secs(1);

fn check(case: &Case<'_>, found: &mut Found) {
    let design = case.design;
    for pni in &design.pnis {
        for family in Family::ALL {
            let Some(session) = design.session(*pni, family) else { continue };
            let session = &design.topology.sessions[session];
            let name = design.pni_name(*pni);
            let own = ["pnis", name, "sessions", family.as_str()];
            let key = [&own[..], &["bfd"]].concat();
            let span = design.place(&[&key, &own]);
            let [a, b] = session.ends.each_ref().map(|end| end.bfd);
            let finding = case.finding("session", &session.name, span);
            let (Some(a), Some(b)) = (a, b) else {
                let mute = Side::BOTH.into_iter().find(|side| session.ends[*side].bfd.is_none());
                let router = mute.map_or("", |side| design.router_name(session.ends[side].router));
                let message = format!("`{}` runs without BFD at `{router}`", session.name);
                found.add(finding.says(message, RULE.fix));
                continue;
            };
            let detects = |from: crate::proto::bfd::Config, at: crate::proto::bfd::Config| {
                let interval = from.tx.max(at.rx);
                SimDuration::from_nanos(interval.as_nanos() * u64::from(from.multiplier))
            };
            let longest = detects(a, b).max(detects(b, a));
            if longest > LONGEST {
                let message = format!("BFD of `{}` takes up to {longest} to notice", session.name);
                let fix = "shorten `bfd` to 300 ms times 3, or to what both ends can do";
                found.add(finding.at_most(Severity::Major).says(message, fix));
            }
        }
    }
}
