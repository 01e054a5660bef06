//! Which routers traffic of a group may meet: writes at others change nothing for it.

use std::collections::BTreeSet;

use super::tables::{Hop, Tables};
use crate::ids::{GroupId, RouterId, Side};

/// Adds the routers that packets of `group` may meet from `starts` on, whichever position they are
/// for and however far writes that are under way have come: more than they do meet.
pub(super) fn reach(
    tables: &Tables,
    group: GroupId,
    starts: impl IntoIterator<Item = RouterId>,
    into: &mut BTreeSet<RouterId>,
) {
    let mut waiting: Vec<RouterId> =
        starts.into_iter().filter(|start| into.insert(*start)).collect();
    while let Some(router) = waiting.pop() {
        for at in tables.covering(group) {
            let entry = &tables.routers[router].fib[at];
            let written = entry.ramp.iter().flat_map(|ramp| ramp.next.iter());
            for next in entry.current.iter().chain(written).flat_map(|hop| beyond(tables, hop)) {
                if into.insert(next) {
                    waiting.push(next);
                }
            }
        }
    }
}

/// The routers to which a hop may lead, by its alternate or through a fabric too.
fn beyond(tables: &Tables, hop: &Hop) -> impl Iterator<Item = RouterId> {
    let ways = [Some((hop.lag, hop.side)), hop.alternate, hop.exit.map(|exit| (exit, Side::B))];
    ways.into_iter().flatten().map(|(lag, side)| tables.ends[lag][side.other()])
}
