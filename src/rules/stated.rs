//! Rules on what no model shows: they read what the owner of a network states, and never pass.

use super::Case;
use super::found::Found;
use crate::model::requirements::Declared;
use crate::model::topology::Peering;

/// What a statement says about a rule.
pub(super) enum Says {
    /// It is met, in so many words.
    Met(String),
    /// It is not, in so many words.
    Unmet(String),
    /// Nothing.
    Nothing,
}

/// Looks at what each partner states under `declared.KEY`.
pub(super) fn each(
    case: &Case<'_>,
    found: &mut Found,
    (key, asks, fix): (&str, &str, &str),
    of: impl Fn(&Declared) -> Says,
) {
    let design = case.design;
    for partner in &design.partners {
        let network = &design.topology.networks[*partner];
        let name = &network.name;
        match of(&network.declared) {
            Says::Met(told) => found.declared(format!("`{name}` states: {told}")),
            Says::Nothing => found.missing(format!("`networks.{name}.declared.{key}`: {asks}")),
            Says::Unmet(told) => {
                let span = design.place(&[&["networks", name, "declared", key]]);
                let message = format!("`{name}` states: {told}");
                found.add(case.finding("network", name, span).says(message, fix));
            }
        }
    }
}

/// Looks at what each peering states under a key.
pub(super) fn each_peering(
    case: &Case<'_>,
    found: &mut Found,
    (key, fix): (&str, &str),
    of: impl Fn(&Peering) -> Says,
) {
    let design = case.design;
    let met =
        |peering: &&Peering| design.pnis.iter().any(|pni| peering.connections.contains(&pni.lag));
    let peerings: Vec<&Peering> = design.topology.peerings.iter().filter(met).collect();
    if peerings.is_empty() {
        found.missing(format!("`peerings`, with `{key}`"));
    }
    for peering in peerings {
        let name = &peering.name;
        match of(peering) {
            Says::Met(told) => found.declared(format!("`{name}`: {told}")),
            Says::Nothing => found.missing(format!("`peerings.{name}.{key}`")),
            Says::Unmet(told) => {
                let span = design.place(&[&["peerings", name, key]]);
                let message = format!("`{name}` {told}");
                found.add(case.finding("peering", name, span).says(message, fix));
            }
        }
    }
}
