//! Routers that keep state of flows, and return traffic that meets one that has none.
//!
//! # Departures
//! * State is where forward packets of a flow go now: it is made at once, also in the middle of a
//!   flow, never shared between routers, and gone at once where forward packets no longer go.
//! * Of a fluid demand the forward and the return direction are spread independently: a router that
//!   half of the forward traffic crosses knows half of the flows of the return traffic it meets.

use std::collections::BTreeMap;

use super::atoms::Spread;
use super::paths::{End, Path, PathTable};
use super::tables::{Tables, WHOLE};
use crate::ids::RouterId;

/// Whether any router keeps state.
pub(super) fn any(tables: &Tables) -> bool {
    tables.routers.iter().any(|router| router.stateful)
}

/// What is left of return traffic where forward traffic lies like this; fluid shares.
pub(super) fn filter(
    tables: &Tables,
    paths: &mut PathTable,
    forward: &[Spread],
    back: Vec<Spread>,
) -> Vec<Spread> {
    let known = known(tables, paths, forward);
    let one = |spread: Spread, paths: &mut PathTable| {
        let mut sums = BTreeMap::new();
        for (id, parts) in spread.paths {
            let path = paths.get(id).clone();
            let (passes, blocked) = pass(tables, &path, parts, &known);
            *sums.entry(path.clone()).or_insert(0) += passes;
            if let Some(router) = blocked {
                *sums.entry(cut(tables, &path, router)).or_insert(0) += parts - passes;
            }
        }
        sums.retain(|_, parts| *parts > 0);
        let paths = sums.into_iter().map(|(path, parts)| (paths.intern(path), parts)).collect();
        Spread { end: spread.end, paths }
    };
    back.into_iter().map(|spread| one(spread, paths)).collect()
}

/// The same for flows, whose paths stand in the same order in both.
pub(super) fn filter_flows(
    tables: &Tables,
    paths: &mut PathTable,
    forward: &[Spread],
    mut back: Vec<Spread>,
) -> Vec<Spread> {
    let twins = forward.iter().flat_map(|spread| &spread.paths).map(|(id, _)| *id);
    let twins: Vec<_> = twins.map(|id| paths.get(id).clone()).collect();
    let flows = back.iter_mut().flat_map(|spread| &mut spread.paths);
    for ((id, _), twin) in flows.zip(twins) {
        let path = paths.get(*id).clone();
        let knows = |router: RouterId| twin.routers(tables).any(|(_, at)| at == router);
        let blocks = boxes(tables, &path).find(|router| !knows(*router));
        if let Some(router) = blocks {
            *id = paths.intern(cut(tables, &path, router));
        }
    }
    back
}

/// Which parts of the forward traffic cross each router that keeps state.
fn known(tables: &Tables, paths: &PathTable, forward: &[Spread]) -> BTreeMap<RouterId, u64> {
    let mut known = BTreeMap::new();
    for (id, parts) in forward.iter().flat_map(|spread| &spread.paths) {
        for router in boxes(tables, paths.get(*id)) {
            *known.entry(router).or_insert(0) += parts;
        }
    }
    known
}

/// Routers on a path that keep state, each once.
fn boxes<'a>(tables: &'a Tables, path: &'a Path) -> impl Iterator<Item = RouterId> + 'a {
    let mut seen = Vec::new();
    path.routers(tables).map(|(_, router)| router).filter(move |router| {
        let fresh = tables.routers[*router].stateful && !seen.contains(router);
        seen.push(*router);
        fresh
    })
}

/// How much of a path's traffic passes, and where the rest ends.
fn pass(
    tables: &Tables,
    path: &Path,
    parts: u64,
    known: &BTreeMap<RouterId, u64>,
) -> (u64, Option<RouterId>) {
    let share = |router: RouterId| known.get(&router).copied().unwrap_or(0);
    let Some(least) = boxes(tables, path).min_by_key(|router| share(*router)) else {
        return (parts, None);
    };
    let passes = u128::from(parts) * u128::from(share(least).min(WHOLE)) / u128::from(WHOLE);
    (u64::try_from(passes).expect("a part of the parts"), Some(least))
}

/// The path up to a router, which drops what it does not know.
fn cut(tables: &Tables, path: &Path, router: RouterId) -> Path {
    let at = path.routers(tables).find(|(_, at)| *at == router);
    let hops = at.map_or(0, |(hops, _)| hops);
    Path { source: path.source, hops: path.hops[..hops].to_vec(), end: End::NoState(router) }
}
