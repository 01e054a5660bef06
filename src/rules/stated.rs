//! Rules on what no model shows: they read what the owner of a network states, and never pass.

use super::Case;
use super::found::Found;
use crate::model::requirements::Declared;

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
        if !design.pnis.iter().any(|pni| pni.partner == *partner) {
            continue;
        }
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
