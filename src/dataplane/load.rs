//! Loads per circuit, policer and direction, and what congestion takes away.
//!
//! # Departures
//! Traffic is inelastic: it does not back off. Where a circuit is offered more than it carries,
//! every flow on it loses the same proportion, and the rest goes on; a policer does the same with
//! all that it sees, without a burst. With strict priority a class takes what those before it leave,
//! and the classes that are not named share the rest. Circuits that overload each other in a cycle
//! are iterated until no offered load changes by a bit per second, at most 64 times. A packet that
//! loops is counted once on each circuit of its path.

use std::collections::BTreeMap;

use super::paths::Path;
use super::tables::Tables;
use crate::ids::{CircuitId, ClassId, Id, LagId, Side};

/// Traffic on one path.
#[derive(Clone, Copy, Debug)]
pub struct Stream<'a> {
    /// Offered at the source, bit/s.
    pub rate: u64,
    /// Its class.
    pub class: ClassId,
    /// Where it goes.
    pub path: &'a Path,
}

/// Something that lets through so much and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Meter {
    /// The policer of a LAG end for what it sends.
    Out(LagId, Side),
    /// A circuit, by the side that sends.
    Circuit(CircuitId, Side),
    /// The policer of a LAG end for what it receives.
    In(LagId, Side),
}

/// What is offered to every circuit and policer, bit/s, losses upstream taken off, by the rank in
/// which it is served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offered(BTreeMap<(Meter, usize), u64>);

impl Offered {
    /// What is offered to one direction of a circuit.
    #[must_use]
    pub fn on_circuit(&self, circuit: CircuitId, side: Side) -> u64 {
        self.total(Meter::Circuit(circuit, side))
    }

    fn total(&self, meter: Meter) -> u64 {
        self.0.range((meter, 0)..=(meter, usize::MAX)).map(|(_, load)| *load).sum()
    }

    /// What is served before a rank.
    fn before(&self, meter: Meter, rank: usize) -> u64 {
        self.0.range((meter, 0)..(meter, rank)).map(|(_, load)| *load).sum()
    }
}

const MAX_ITERATIONS: usize = 64;

/// Offered loads, congestion losses carried downstream.
#[must_use]
pub fn offered(tables: &Tables, streams: &[Stream<'_>]) -> Offered {
    let mut loads = pass(tables, streams, &Offered::default());
    let congested = |loads: &Offered| {
        loads.0.keys().any(|(meter, _)| loads.total(*meter) > capacity(tables, *meter))
    };
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

/// Places of all meters in one row: circuits, then policers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meters {
    circuits: usize,
    lags: usize,
}

impl Meters {
    pub(super) fn of(tables: &Tables) -> Self {
        Self { circuits: tables.circuits.len(), lags: tables.lags.len() }
    }

    /// The place of a circuit, by the side that sends.
    pub(super) fn circuit(circuit: CircuitId, side: Side) -> usize {
        2 * circuit.index() + side.index()
    }

    fn place(self, meter: Meter) -> usize {
        match meter {
            Meter::Circuit(circuit, side) => Self::circuit(circuit, side),
            Meter::Out(lag, side) => 2 * (self.circuits + lag.index()) + side.index(),
            Meter::In(lag, side) => 2 * (self.circuits + self.lags + lag.index()) + side.index(),
        }
    }

    /// What each lets through.
    pub(super) fn limits(self, tables: &Tables) -> Vec<u64> {
        let mut limits = vec![u64::MAX; 2 * (self.circuits + 2 * self.lags)];
        let circuits = tables.circuits.ids();
        let circuits = circuits.flat_map(|c| Side::BOTH.map(|side| Meter::Circuit(c, side)));
        let lags = tables.lags.ids();
        let policers = lags.flat_map(|lag| {
            let both = Side::BOTH.map(|side| [Meter::Out(lag, side), Meter::In(lag, side)]);
            both.into_iter().flatten()
        });
        for meter in circuits.chain(policers) {
            limits[self.place(meter)] = capacity(tables, meter);
        }
        limits
    }
}

/// Tells each meter on the way of a stream, by place, and what it is offered as long as nothing is
/// congested.
pub(super) fn carry(
    tables: &Tables,
    meters: Meters,
    stream: Stream<'_>,
    mut tell: impl FnMut(usize, u64),
) {
    let mut rate = stream.rate;
    for hop in &stream.path.hops {
        for (meter, _) in self::meters(tables, *hop, stream.class) {
            tell(meters.place(meter), rate);
            rate = lose(tables, rate, meter);
        }
    }
}

/// What is left of a stream after random loss, policers and congestion along the whole path.
#[must_use]
pub fn surviving(tables: &Tables, stream: Stream<'_>, loads: &Offered) -> u64 {
    let mut rate = stream.rate;
    for hop in &stream.path.hops {
        for (meter, rank) in meters(tables, *hop, stream.class) {
            rate = after(tables, rate, (meter, rank), loads);
        }
    }
    rate
}

fn pass(tables: &Tables, streams: &[Stream<'_>], before: &Offered) -> Offered {
    let mut loads = Offered::default();
    for stream in streams {
        let mut rate = stream.rate;
        for hop in &stream.path.hops {
            for at in meters(tables, *hop, stream.class) {
                *loads.0.entry(at).or_insert(0) += rate;
                rate = after(tables, rate, at, before);
            }
        }
    }
    loads
}

/// What is offered to each end of each LAG, by class, where `loads` are what is offered in all.
#[must_use]
pub fn by_class(
    tables: &Tables,
    streams: &[Stream<'_>],
    loads: &Offered,
) -> BTreeMap<(LagId, Side, ClassId), u64> {
    let mut sums = BTreeMap::new();
    for stream in streams {
        let mut rate = stream.rate;
        for hop in &stream.path.hops {
            for (meter, rank) in meters(tables, *hop, stream.class) {
                if let Meter::Circuit(..) = meter {
                    *sums.entry((hop.0, hop.2, stream.class)).or_insert(0) += rate;
                }
                rate = after(tables, rate, (meter, rank), loads);
            }
        }
    }
    sums.retain(|_, load| *load > 0);
    sums
}

/// What a packet of a class meets on one hop, in order, and its rank there.
fn meters(
    tables: &Tables,
    (lag, circuit, side): (LagId, CircuitId, Side),
    class: ClassId,
) -> impl Iterator<Item = (Meter, usize)> {
    let ends = &tables.shaping[lag];
    let out = ends[side].police_out.map(|_| (Meter::Out(lag, side), 0));
    let into = ends[side.other()].police_in.map(|_| (Meter::In(lag, side.other()), 0));
    let priority = &ends[side].priority;
    let rank = priority.iter().position(|of| *of == class).unwrap_or(priority.len());
    out.into_iter().chain([(Meter::Circuit(circuit, side), rank)]).chain(into)
}

fn capacity(tables: &Tables, meter: Meter) -> u64 {
    let limit = match meter {
        Meter::Circuit(circuit, side) => Some(tables.circuits[circuit][side].speed),
        Meter::Out(lag, side) => tables.shaping[lag][side].police_out,
        Meter::In(lag, side) => tables.shaping[lag][side].police_in,
    };
    limit.map_or(u64::MAX, crate::units::BitRate::as_bps)
}

fn after(tables: &Tables, rate: u64, (meter, rank): (Meter, usize), loads: &Offered) -> u64 {
    let load = loads.0.get(&(meter, rank)).copied().unwrap_or(0);
    let left = capacity(tables, meter).saturating_sub(loads.before(meter, rank));
    let rate = if load > left { proportion(rate, left, load) } else { rate };
    lose(tables, rate, meter)
}

/// What random loss leaves.
fn lose(tables: &Tables, rate: u64, meter: Meter) -> u64 {
    let Meter::Circuit(circuit, side) = meter else { return rate };
    let loss = tables.circuits[circuit][side].loss.as_ppb().min(1_000_000_000);
    if loss == 0 {
        return rate;
    }
    proportion(rate, 1_000_000_000 - loss, 1_000_000_000)
}

fn proportion(rate: u64, numerator: u64, denominator: u64) -> u64 {
    let wide = u128::from(rate) * u128::from(numerator) / u128::from(denominator.max(1));
    u64::try_from(wide).unwrap_or(u64::MAX)
}
