//! All stable states of a group, where what routers may choose is few enough to try.

use super::pools::{Contest, Knowledge, Offer, Pools, Supposed};
use super::speech::Speech;
use crate::ids::{IdVec, RouterId};
use crate::proto::bgp::rib::{Rib, Via};

/// So many combinations of choices are tried.
const MOST_STATES: usize = 512;

/// So many rounds routers may take to go round in a circle.
pub(super) const LONGEST_CIRCLE: usize = 64;

/// What each router has chosen: from where its best route is.
pub type State = IdVec<RouterId, Option<Via>>;

impl Speech<'_> {
    /// The pools of every stable state; `None`: there is too much to try.
    pub(super) fn stable(
        self,
        pools: &Pools,
        known: &Supposed,
        open: &[(RouterId, Vec<Offer>)],
    ) -> Option<(Vec<Pools>, usize)> {
        let options: Vec<(RouterId, Vec<Option<Offer>>)> = open
            .iter()
            .map(|(router, offers)| {
                let none = pools[*router].iter().all(|offer| !offer.sure).then_some(None);
                (*router, offers.iter().cloned().map(Some).chain(none).collect())
            })
            .collect();
        let mut count = 1_usize;
        for (_, some) in &options {
            count = count.checked_mul(some.len()).filter(|count| *count <= MOST_STATES)?;
        }
        let mut found = Vec::new();
        for number in 0..count {
            let (mut supposed, mut rest) = (known.clone(), number);
            for (router, some) in &options {
                supposed[*router].clone_from(&some[rest % some.len()]);
                rest /= some.len();
            }
            found.extend(self.follows(&supposed));
        }
        Some((found, count))
    }

    /// What routers hear if these are their choices, provided that they make them then.
    fn follows(self, supposed: &Supposed) -> Option<Pools> {
        let mut pools: Pools = supposed.iter().map(|best| best.iter().cloned().collect()).collect();
        let mut steps = 0..2 * supposed.len() + 4;
        loop {
            steps.next()?;
            let next = self.step(&pools, supposed);
            let same = next == pools;
            pools = next;
            if same {
                break;
            }
        }
        let agrees = |(router, best): (RouterId, &Option<Offer>)| {
            let pool = &pools[router];
            let Contest { possible, .. } =
                self.contest(router, pool, Knowledge::Supposed(supposed));
            match (possible.first(), best) {
                (Some(place), Some(best)) => pool[*place].is(best),
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            }
        };
        supposed.iter_ids().all(agrees).then_some(pools)
    }

    /// Lets routers listen one after the other, from what they have, until nothing is news.
    pub(super) fn at_rest(self, mut ribs: IdVec<RouterId, Rib>) -> Option<IdVec<RouterId, Rib>> {
        let rounds = 2 * ribs.len() + LONGEST_CIRCLE;
        for _ in 0..rounds {
            if !self.round(&mut ribs) {
                return Some(ribs);
            }
        }
        None
    }

    fn round(self, ribs: &mut IdVec<RouterId, Rib>) -> bool {
        let mut news = false;
        for router in self.ground.facts.topology.routers.ids() {
            if self.ground.is_running(router) {
                news |= self.listen(router, ribs);
            }
        }
        news
    }

    /// States that follow each other in a circle, where routers listen one after the other.
    pub(super) fn circle(self) -> Option<Vec<State>> {
        let mut seen = vec![self.ground.facts.ribs.clone()];
        while seen.len() <= LONGEST_CIRCLE {
            let mut ribs = seen.last().expect("it begins with one").clone();
            self.round(&mut ribs);
            if let Some(place) = seen.iter().position(|known| *known == ribs) {
                return Some(seen[place..].iter().map(state).collect());
            }
            seen.push(ribs);
        }
        None
    }
}

/// What the routers with these RIBs have chosen.
pub(super) fn state(ribs: &IdVec<RouterId, Rib>) -> State {
    ribs.iter().map(|rib| rib.best(super::hops::only()).map(|best| best.via)).collect()
}
