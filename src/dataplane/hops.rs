//! How a router shares traffic among the ways out that its routes give it.

use std::collections::BTreeMap;

use super::tables::Hop;
use crate::ids::{LagId, Side};
use crate::units::BitRate;

/// A LAG, the end at which a router sends, and where it leads into a fabric: the port to leave by.
pub type Way = (LagId, Side, Option<LagId>);

/// The ways out of a router, sorted, for next hops that each lead to some ways: every next hop takes
/// as much as every other, or in proportion to the rates where all are known, and its ways share that
/// evenly.
#[must_use]
pub fn share(sets: &[(Vec<Way>, Option<BitRate>)]) -> Vec<Hop> {
    let weighs = sets.iter().all(|(_, rate)| rate.is_some_and(|rate| rate > BitRate::ZERO));
    let all = sets.iter().map(|(ways, _)| ways.len() as u128).fold(1, lcm);
    let mut weights: BTreeMap<Way, u128> = BTreeMap::new();
    for (ways, rate) in sets {
        let rate = rate.filter(|_| weighs).map_or(1, |rate| u128::from(rate.as_bps()));
        let weight = rate * (all / ways.len() as u128);
        for way in ways {
            *weights.entry(*way).or_insert(0) += weight;
        }
    }
    let common = weights.values().copied().fold(0, gcd).max(1);
    let largest = weights.values().max().map_or(0, |weight| weight / common);
    // Rates without a common measure are weighed to one part in four thousand million.
    let coarser = common * (largest / u128::from(u32::MAX) + 1);
    let hop = |((lag, side, exit), weight): (Way, u128)| Hop {
        lag,
        side,
        exit,
        weight: u32::try_from(weight / coarser).unwrap_or(u32::MAX).max(1),
        alternate: None,
    };
    weights.into_iter().map(hop).collect()
}

const fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn lcm(a: u128, b: u128) -> u128 {
    (a / gcd(a, b).max(1)).saturating_mul(b)
}
