//! R1: an AS number of one's own, and public.

use super::found::Found;
use super::{Case, Example, Rule};
use crate::model::requirements::{PeerAsnState, RuleId};
use crate::report::data::Severity;

pub(super) const RULE: Rule = Rule {
    id: RuleId::R1,
    title: "own public AS number",
    means: "The partner peers from an AS number that is its own and that may be seen on the Internet.",
    checked: "The number of each partner network is held against the IANA registry of special-purpose AS \
              numbers (RFC 6996 private use, RFC 5398 documentation, numbers that IANA reserves) and \
              against the provider's own numbers. That it is yours no model shows: \
              `networks.NAME.declared.peer_asn` states where the association with your subscription \
              stands. A number for documentation is a stand-in: a note, and the rule stays unknown.",
    exposed_by: "No fault: the provider refuses the session, or rejects every route with a private AS in \
                 its path.",
    fix: "Get an AS number from a regional Internet registry and associate it with your subscription, or \
          put the public number on the sessions and remove private ones from the path.",
    examples: &[Example {
        passes: "  contoso:\n    asn: 64500",
        fails: "  contoso:\n    asn: 64512",
    }],
    check,
};

/// AS numbers of Microsoft (peering policy, edition of 2020-12-15).
const MICROSOFT: [u32; 4] = [8075, 8068, 8069, 12076];

/// What a number is that is not public.
fn reserved(asn: u32) -> Option<&'static str> {
    match asn {
        64_512..=65_534 | 4_200_000_000..=4_294_967_294 => Some("for private use (RFC 6996)"),
        65_552..=131_071 => Some("reserved by IANA"),
        _ if MICROSOFT.contains(&asn) => Some("Microsoft's own"),
        _ => None,
    }
}

fn check(case: &Case<'_>, found: &mut Found) {
    let design = case.design;
    for partner in &design.partners {
        let network = &design.topology.networks[*partner];
        let (name, asn) = (&network.name, network.asn);
        let span = design.place_of_network(*partner, "asn");
        let finding = |found: &mut Found, severity: Severity, message: String| {
            let fix = "use a public AS number of your own";
            let finding = case.finding("network", name, span);
            found.add(finding.at_most(severity).says(message, fix));
        };
        if let Some(what) = reserved(asn) {
            let message =
                format!("AS{asn} of `{name}` is {what}: it is not a public number of its own");
            finding(found, Severity::Block, message);
        }
        if matches!(asn, 64_496..=64_511 | 65_536..=65_551) {
            let message =
                format!("AS{asn} of `{name}` is reserved for documentation (RFC 5398): a stand-in");
            finding(found, Severity::Note, message);
            found.unknown(format!("which AS number replaces the stand-in AS{asn} of `{name}`"));
            continue;
        }
        match network.declared.peer_asn {
            Some(PeerAsnState::Approved) => {
                found.declared(format!("AS{asn} is associated with `{name}` and approved"));
            }
            Some(PeerAsnState::Failed) => {
                let message =
                    format!("the provider has refused to associate AS{asn} with `{name}`");
                let span = design.place(&[&["networks", name, "declared", "peer_asn"]]);
                let fix =
                    "ask the provider why, and associate a number that the registry has as yours";
                found.add(case.finding("network", name, span).says(message, fix));
            }
            Some(PeerAsnState::Pending) => {
                found.unknown(format!("the association of AS{asn} with `{name}` is pending"));
            }
            Some(PeerAsnState::None) | None => {
                found.missing(format!(
                    "`networks.{name}.declared.peer_asn`: is AS{asn} approved as yours?"
                ));
            }
        }
    }
}
