//! What a router tells its network about itself, and what it knows of the others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::ids::{LagId, RouterId};

/// A link-state PDU: one router's own links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lsp {
    /// Who tells.
    pub(crate) origin: RouterId,
    /// Higher is newer.
    pub(crate) sequence: u64,
    /// Whether others must not send across it.
    pub(crate) overload: bool,
    /// Links with an adjacency up, in order.
    pub(crate) links: Vec<LagId>,
    /// Those of them that are to be avoided.
    pub(crate) avoided: Vec<LagId>,
    /// PNIs that are up, in order; told where next hops outside must be reachable.
    pub(crate) stubs: Vec<LagId>,
}

/// The newest of each router's.
pub(crate) type Lsdb = BTreeMap<RouterId, Arc<Lsp>>;

/// Interior routes of one router.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Routes {
    /// Distance and first links, equal-cost ones all, by destination.
    pub(crate) to: BTreeMap<RouterId, (u64, Vec<LagId>)>,
    /// First links of loop-free alternates, the best first, by destination (RFC 5286).
    pub(crate) alternates: BTreeMap<RouterId, Vec<LagId>>,
    /// PNIs that other routers tell are up; `None`: nobody tells, all count.
    pub(crate) stubs: Option<BTreeSet<LagId>>,
}
