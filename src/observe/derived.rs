//! Choices that a router id alone has made which no file states.

use super::result::Over;
use crate::report::data::AssumptionRow;

/// A router whose id was derived from its name, and the choices that it made alone.
pub(super) struct Decision {
    router: String,
    /// `best route of ms-1 to 198.51.100.0/24`.
    first: String,
    /// How many more there are.
    more: usize,
}

/// All such choices of a run, by router.
pub(super) fn decisions(over: &Over<'_>) -> Vec<Decision> {
    let topology = &over.net.topology;
    let name = |id: crate::ids::RouterId| topology.routers[id].name.clone();
    let decision = |(owner, choices): (&crate::ids::RouterId, &std::collections::BTreeSet<_>)| {
        let (at, group) = choices.first()?;
        let prefix = topology.prefixes[over.net.groups[*group].prefixes[0]].prefix;
        let first = format!("the best route of {} to {prefix}", name(*at));
        Some(Decision { router: name(*owner), first, more: choices.len() - 1 })
    };
    over.world.record().glass.derived.iter().filter_map(decision).collect()
}

impl Decision {
    fn text(&self) -> String {
        match self.more {
            0 => self.first.clone(),
            more => format!("{} and {more} more", self.first),
        }
    }
}

/// Tells them where the ids are listed as assumptions.
pub(super) fn mark(decisions: &[Decision], assumptions: &mut [AssumptionRow]) {
    for decision in decisions {
        let what = format!("router_id of {}", decision.router);
        for row in assumptions.iter_mut().filter(|row| row.what == what) {
            row.source = format!("{}; decides {}", row.source, decision.text());
        }
    }
}

/// A sentence for a reader, if there are any.
pub(super) fn note(decisions: &[Decision]) -> Option<String> {
    let first = decisions.first()?;
    let others = match decisions.len() - 1 {
        0 => String::new(),
        more => format!(" (and those of {more} more routers decide others)"),
    };
    Some(format!(
        "the router id of {}, which the file does not state, alone decides {}{others}",
        first.router,
        first.text(),
    ))
}
