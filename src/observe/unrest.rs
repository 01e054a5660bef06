//! Routing that had not settled when the run was over.

use super::result::Over;

/// A sentence for a reader, if there are choices that kept changing to the end.
pub(super) fn note(over: &Over<'_>) -> Option<String> {
    let topology = &over.net.topology;
    let (changes, router, group) = over.world.most_restless()?;
    let prefix = topology.prefixes[over.net.groups[group].prefixes[0]].prefix;
    Some(format!(
        "routing had not settled at the end: {} changed its choice for {prefix} {changes} times after \
         one fault; where policies prefer each other's routes in a circle it never settles \
         (DISAGREE, BAD GADGET)",
        topology.routers[router].name,
    ))
}
