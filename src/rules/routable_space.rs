//! R6: publicly routable IPv4 space of one's own, announced.

use ipnet::{IpNet, Ipv4Net};

use super::found::Found;
use super::{Case, Example, PRIVATE, Rule};
use crate::ids::{NetworkId, PrefixId};
use crate::model::requirements::RuleId;
use crate::proto::bgp::rpki::{Validity, validity};
use crate::report::data::Severity;

pub(super) const RULE: Rule = Rule {
    id: RuleId::R6,
    title: "own publicly routable IPv4 space",
    means: "The partner announces IPv4 prefixes of its own that the Internet routes: not special-purpose \
            ranges, not longer than /24, not part of anybody else's space.",
    checked: "Every IPv4 prefix of a partner network that is not `infrastructure: false` is held against the \
              IANA registry of special-purpose addresses (RFC 6890), the length limit, the prefixes of other \
              networks of the design and its `roas` (RFC 6811); one at least must be announced to the \
              provider. That the space is yours only ROAs tell; without any the rule is `missing` them. \
              Prefixes for documentation are stand-ins: a note, and the rule stays unknown.",
    exposed_by: "`withdraw`, or a ROA that makes the route invalid: endpoints are unreachable while all links \
                 are up.",
    fix: "Announce public space of your own, no longer than /24, with a ROA for your AS number.",
    examples: &[
        Example { passes: "", fails: PRIVATE },
        Example {
            passes: "site: fra-a}},\n     roas: [{asn: 64500}]",
            fails: "site: fra-a}},\n     roas: [{asn: 64501}]",
        },
    ],
    check,
};

/// IPv4 ranges that are not globally reachable (IANA special-purpose address registry, RFC 6890), and
/// those for multicast and future use.
const SPECIAL: [(&str, &str); 15] = [
    ("0.0.0.0/8", "\"this network\""),
    ("10.0.0.0/8", "private (RFC 1918)"),
    ("100.64.0.0/10", "shared by carriers (RFC 6598)"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.0.0/16", "link-local (RFC 3927)"),
    ("172.16.0.0/12", "private (RFC 1918)"),
    ("192.0.0.0/24", "for protocol assignments (RFC 6890)"),
    ("192.31.196.0/24", "AS112 (RFC 7535)"),
    ("192.52.193.0/24", "AMT (RFC 7450)"),
    ("192.88.99.0/24", "deprecated 6to4 (RFC 7526)"),
    ("192.168.0.0/16", "private (RFC 1918)"),
    ("192.175.48.0/24", "AS112 (RFC 7534)"),
    ("198.18.0.0/15", "for benchmarks (RFC 2544)"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved (RFC 1112)"),
];

/// Stand-ins (RFC 5737).
const DOCUMENTATION: [&str; 3] = ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"];

fn overlaps(prefix: Ipv4Net, range: &str) -> bool {
    let range: Ipv4Net = range.parse().expect("the table holds prefixes");
    range.contains(&prefix) || prefix.contains(&range)
}

/// Whether the Internet routes a prefix; stand-ins are taken for what they stand for.
pub(super) fn is_public(prefix: Ipv4Net) -> bool {
    !SPECIAL.iter().any(|(range, _)| overlaps(prefix, range))
}

fn check(case: &Case<'_>, found: &mut Found) {
    let design = case.design;
    for partner in &design.partners {
        let mut announced = 0;
        let mut bare = Vec::new();
        for prefix in design.infrastructure(*partner) {
            let IpNet::V4(net) = design.topology.prefixes[prefix].prefix else { continue };
            let ways = design.ways(&design.pnis, prefix, true);
            let told = ways.iter().any(|way| design.told(*way, prefix).attributes().is_some());
            announced += usize::from(told);
            if !told {
                not_told(case, prefix, net, found);
            }
            let state = origin(case, *partner, prefix, net, found);
            if space(case, *partner, prefix, net, found) && state == Validity::NotFound {
                bare.push(net.to_string());
            }
        }
        if announced == 0 {
            nothing_announced(case, *partner, found);
        }
        if !bare.is_empty() {
            let list = super::found::listed(&bare);
            found.missing(format!("no `roas` tell that {list} may be originated by this AS"));
        }
    }
}

fn nothing_announced(case: &Case<'_>, partner: NetworkId, found: &mut Found) {
    let name = &case.design.topology.networks[partner].name;
    let span = case.design.place_of_network(partner, "");
    let message = format!("`{name}` announces no IPv4 prefix of its own to the provider");
    found.add(case.finding("network", name, span).says(message, RULE.fix));
}

fn not_told(case: &Case<'_>, prefix: PrefixId, net: Ipv4Net, found: &mut Found) {
    let span = case.design.place_of_prefix(prefix, &[]);
    let message = format!("`{net}` is announced to the provider over no PNI");
    let fix =
        "announce it, or say `infrastructure: false` if the provider is not meant to reach it";
    found.add(case.finding("prefix", net.to_string(), span).says(message, fix));
}

/// Whether the space can be told to be public or not at all: a stand-in cannot.
fn space(
    case: &Case<'_>,
    partner: NetworkId,
    prefix: PrefixId,
    net: Ipv4Net,
    found: &mut Found,
) -> bool {
    let design = case.design;
    let span = design.place_of_prefix(prefix, &[]);
    let finding = |severity: Severity, message: String| {
        let finding = case.finding("prefix", net.to_string(), span).at_most(severity);
        finding.says(message, RULE.fix)
    };
    if let Some((range, what)) = SPECIAL.iter().find(|(range, _)| overlaps(net, range)) {
        let message = format!("`{net}` is not publicly routable: {range} is {what}");
        found.add(finding(Severity::Block, message));
    }
    let stand_in = DOCUMENTATION.iter().any(|range| overlaps(net, range));
    if stand_in {
        let message = format!("`{net}` is reserved for documentation (RFC 5737): a stand-in");
        found.add(finding(Severity::Note, message));
        found.unknown(format!("which prefix replaces the stand-in `{net}`"));
    }
    if net.prefix_len() > case.limits.longest_prefix {
        let most = case.limits.longest_prefix;
        let message = format!("`{net}` is longer than /{most}");
        found.add(finding(Severity::Block, message));
    }
    let foreign = design.topology.prefixes.iter().find(|other| match other.prefix {
        IpNet::V4(other_net) => {
            // A default route is nobody's space.
            let is_space = other_net.prefix_len() > 0;
            let meets = net.contains(&other_net) || other_net.contains(&net);
            other.network != partner && is_space && meets
        }
        IpNet::V6(_) => false,
    });
    if let Some(other) = foreign {
        let network = &design.topology.networks[other.network].name;
        let message = format!("`{net}` overlaps with `{}` of `{network}`", other.prefix);
        found.add(finding(Severity::Block, message));
    }
    !stand_in
}

/// What ROAs say of a prefix as the partner announces it.
fn origin(
    case: &Case<'_>,
    partner: NetworkId,
    prefix: PrefixId,
    net: Ipv4Net,
    found: &mut Found,
) -> Validity {
    let design = case.design;
    let asn = design.topology.networks[partner].asn;
    let state = validity(&design.topology.prefixes[prefix].roas, net.prefix_len(), asn);
    match state {
        Validity::Invalid => {
            let span = design.place_of_prefix(prefix, &["roas"]);
            let message = format!(
                "the ROAs of `{net}` do not allow AS{asn} to originate it: the route is invalid"
            );
            let fix = "publish a ROA for your AS number with a `max_length` that allows it";
            found.add(case.finding("prefix", net.to_string(), span).says(message, fix));
        }
        Validity::Valid => found.declared(format!("a ROA allows AS{asn} to originate `{net}`")),
        Validity::NotFound => {}
    }
    state
}
