//! P5: at least one publicly routable /24.

use ipnet::IpNet;

use super::found::Found;
use super::routable_space::is_public;
use super::{Case, Example, PRIVATE, Rule};
use crate::model::requirements::RuleId;

pub(super) const RULE: Rule = Rule {
    id: RuleId::P5,
    title: "at least one publicly routable /24",
    means: "The peer announces one IPv4 prefix at least that the Internet routes: public, and not longer than /24.",
    checked: "Of the IPv4 prefixes that a partner announces to the provider one is outside of the special-purpose ranges \
              (RFC 6890) and not longer than /24. Stand-ins for documentation are taken for what they stand for.",
    exposed_by: "No fault: the provider refuses the request.",
    fix: "Announce public space of your own, no longer than /24.",
    examples: &[Example { passes: "", fails: PRIVATE }],
    check,
};

fn check(case: &Case<'_>, found: &mut Found) {
    let design = case.design;
    for partner in &design.partners {
        let own = design.infrastructure(*partner);
        let serves = own.iter().any(|prefix| match design.topology.prefixes[*prefix].prefix {
            IpNet::V4(net) => {
                let ways = design.ways(&design.pnis, *prefix, true);
                let told = ways.iter().any(|way| design.told(*way, *prefix).attributes().is_some());
                told && is_public(net) && net.prefix_len() <= 24
            }
            IpNet::V6(_) => false,
        });
        if !serves {
            let name = &design.topology.networks[*partner].name;
            let message = format!("`{name}` announces no public IPv4 prefix of /24 or shorter");
            let span = design.place_of_network(*partner, "");
            found.add(case.finding("network", name, span).says(message, RULE.fix));
        }
    }
}
