//! Loads per circuit and direction, and what congestion takes away.
//!
//! # Departures
//! Traffic is inelastic: it does not back off. Where a circuit is offered more than it carries,
//! every flow on it loses the same proportion, and the rest goes on. Circuits that overload each
//! other in a cycle are iterated until no offered load changes by a bit per second, at most 64
//! times. A packet that loops is counted once on each circuit of its path.

use std::collections::BTreeMap;

use super::paths::Path;
use super::tables::Tables;
use crate::ids::{CircuitId, Side};

/// Traffic on one path.
#[derive(Clone, Copy, Debug)]
pub struct Stream<'a> {
    /// Offered at the source, bit/s.
    pub rate: u64,
    /// Where it goes.
    pub path: &'a Path,
}

/// One direction of one circuit.
pub type Direction = (CircuitId, Side);

/// What is offered to every circuit, bit/s, losses upstream taken off.
pub type Offered = BTreeMap<Direction, u64>;

const MAX_ITERATIONS: usize = 64;

/// Offered loads, congestion losses carried downstream.
#[must_use]
pub fn offered(tables: &Tables, streams: &[Stream<'_>]) -> Offered {
    let mut loads = pass(tables, streams, &Offered::new());
    let congested = |loads: &Offered| loads.iter().any(|(at, load)| *load > capacity(tables, *at));
    if !congested(&loads) {
        return loads;
    }
    for _ in 0..MAX_ITERATIONS {
        let next = pass(tables, streams, &loads);
        if next == loads {
            break;
        }
        loads = next;
    }
    loads
}

/// What is left of `rate` after random loss and congestion along the whole path.
#[must_use]
pub fn surviving(tables: &Tables, stream: Stream<'_>, loads: &Offered) -> u64 {
    let mut rate = stream.rate;
    for (_, circuit, side) in &stream.path.hops {
        rate = after(tables, rate, (*circuit, *side), loads);
    }
    rate
}

fn pass(tables: &Tables, streams: &[Stream<'_>], before: &Offered) -> Offered {
    let mut loads = Offered::new();
    for stream in streams {
        let mut rate = stream.rate;
        for (_, circuit, side) in &stream.path.hops {
            let at = (*circuit, *side);
            *loads.entry(at).or_insert(0) += rate;
            rate = after(tables, rate, at, before);
        }
    }
    loads
}

fn capacity(tables: &Tables, (circuit, side): Direction) -> u64 {
    tables.circuits[circuit][side].speed.as_bps()
}

fn after(tables: &Tables, rate: u64, at: Direction, loads: &Offered) -> u64 {
    let load = loads.get(&at).copied().unwrap_or(0);
    let capacity = capacity(tables, at);
    let rate = if load > capacity { proportion(rate, capacity, load) } else { rate };
    let loss = tables.circuits[at.0][at.1].loss.as_ppb().min(1_000_000_000);
    proportion(rate, 1_000_000_000 - loss, 1_000_000_000)
}

fn proportion(rate: u64, numerator: u64, denominator: u64) -> u64 {
    let wide = u128::from(rate) * u128::from(numerator) / u128::from(denominator.max(1));
    u64::try_from(wide).unwrap_or(u64::MAX)
}
