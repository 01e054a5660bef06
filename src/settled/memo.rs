//! What becomes of a route between two routers: it follows from the design alone, so it is worked out
//! once, however many failures are looked at.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ids::{End, GroupId, IdVec, SessionId};
use crate::proto::bgp::advertise::{NextHop, Route};
use crate::proto::bgp::rib::Via;

/// What the far end of a session is told of a route, as it takes it in: `None` if it is not told, or
/// refuses.
pub(super) type Passed = Option<Option<Route>>;

/// What is known of the routes of one group.
#[derive(Clone, Debug)]
struct OfGroup(RefCell<IdVec<End<SessionId>, OfEnd>>);

/// What is known of the routes that are told at one end of a session.
type OfEnd = BTreeMap<Key, (Route, Passed)>;

/// A route that the router at an end has, at a glance: from where, and where its attributes stand.
type Key = (Via, usize, NextHop);

/// What is known of the routes of all groups.
#[derive(Clone, Debug)]
pub(super) struct Memo {
    groups: IdVec<GroupId, OfGroup>,
    /// So many more may be kept.
    left: Cell<usize>,
}

/// So many are kept at most.
const KEPT: usize = 1 << 19;

impl Memo {
    /// One that keeps what it learns.
    pub(super) fn new(groups: usize, sessions: usize) -> Self {
        let none = |_| OfGroup(RefCell::new((0..2 * sessions).map(|_| BTreeMap::new()).collect()));
        Self { groups: (0..groups).map(none).collect(), left: Cell::new(KEPT) }
    }

    /// One that knows nothing and learns nothing.
    pub(super) fn none() -> Self {
        Self { groups: IdVec::new(), left: Cell::new(0) }
    }

    /// What becomes of a route that the router at `end` has of a group.
    pub(super) fn get(
        &self,
        (group, end): (GroupId, End<SessionId>),
        (via, route): (Via, &Route),
        find: impl FnOnce() -> Passed,
    ) -> Passed {
        if self.groups.is_empty() {
            return find();
        }
        let known = &self.groups[group].0;
        let key = (via, Arc::as_ptr(&route.attributes).addr(), route.next_hop);
        if let Some((of, passed)) = known.borrow()[end].get(&key)
            && of == route
        {
            return passed.clone();
        }
        let is_it = |(at, of): &(&Key, &(Route, Passed))| at.0 == via && of.0 == *route;
        // An equal one is noted too: most routes come again and again as they are.
        let equal = known.borrow()[end].iter().find(is_it).map(|(_, (_, passed))| passed.clone());
        let passed = equal.unwrap_or_else(find);
        if self.left.get() > 0 {
            self.left.set(self.left.get() - 1);
            known.borrow_mut()[end].insert(key, (route.clone(), passed.clone()));
        }
        passed
    }
}
