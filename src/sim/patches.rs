//! Which circuit is plugged into which port: its own, unless circuits have changed places.
//!
//! A circuit has a line end beside each of its two ports. What lies on the line (cuts, silences, a
//! carrier and its lasers) stays with the line; power, optics and protocols stay with the port.
//! Where two circuits have changed places at one of their ends, light, Remote Fault and LACPDUs go
//! to and come from a stranger.
//!
//! # Departures
//! * The plugs change places in an instant: no port sees the light go. What is under way is lost.
//! * A stranger takes in LACPDUs only, for they are to no one in particular: all else is for
//!   another MAC address, or of another subnet.
//! * Circuits change places where they meet: at a router that both end at, else at a site, else at
//!   the first of their ends.

use super::event::Hello;
use super::hello::PathView;
use super::world::World;
use crate::ids::{CircuitId, End, Side};
use crate::proto::lacp::Who;

/// Circuits that have changed places.
#[derive(Clone, Debug, Default)]
pub(crate) struct Patches {
    /// Line ends that have changed places, by fault, in order of time.
    swaps: Vec<(usize, [End<CircuitId>; 2])>,
}

/// The line end that stands where `end` would.
fn swapped(end: End<CircuitId>, [one, other]: [End<CircuitId>; 2]) -> End<CircuitId> {
    if end == one {
        other
    } else if end == other {
        one
    } else {
        end
    }
}

impl Patches {
    /// The line end that is plugged into `port`.
    pub(super) fn line_of(&self, port: End<CircuitId>) -> End<CircuitId> {
        self.swaps.iter().fold(port, |line, (_, swap)| swapped(line, *swap))
    }

    /// The port that `line` is plugged into.
    pub(super) fn port_on(&self, line: End<CircuitId>) -> End<CircuitId> {
        self.swaps.iter().rev().fold(line, |port, (_, swap)| swapped(port, *swap))
    }

    /// The port at the other end of what is plugged into `port`.
    pub(super) fn opposite(&self, port: End<CircuitId>) -> End<CircuitId> {
        self.port_on(self.line_of(port).far())
    }

    /// The ports of a circuit and of all whose light may depend on it.
    pub(super) fn tied(&self, circuit: CircuitId) -> Vec<End<CircuitId>> {
        let mut circuits = vec![circuit];
        let swaps = || self.swaps.iter().map(|(_, swap)| swap.map(|end| end.of));
        if swaps().flatten().any(|of| of == circuit) {
            circuits.extend(swaps().flatten());
            circuits.sort_unstable();
            circuits.dedup();
        }
        circuits.into_iter().flat_map(|of| Side::BOTH.map(|side| End::new(of, side))).collect()
    }

    /// As these, with the swap of one fault, or without it.
    fn with(&self, fault: usize, swap: [End<CircuitId>; 2], on: bool) -> Self {
        let mut swaps = self.swaps.clone();
        swaps.retain(|(of, _)| *of != fault);
        swaps.extend(on.then_some((fault, swap)));
        Self { swaps }
    }
}

impl World {
    /// The port at the other end of what is plugged into `port`.
    pub(super) fn opposite(&self, port: End<CircuitId>) -> End<CircuitId> {
        self.patches.opposite(port)
    }

    /// Who the other port is to `port`.
    pub(super) fn opposite_is(&self, port: End<CircuitId>) -> Who {
        if self.opposite(port) == port.far() { Who::Partner } else { Who::Stranger }
    }

    /// Two line ends change places, or are put right.
    pub(super) fn patch(&mut self, fault: usize, swap: [End<CircuitId>; 2], on: bool) {
        let patches = self.patches.with(fault, swap, on);
        let all = if on { &patches } else { &self.patches };
        let all = all.tied(swap[0].of);
        for port in &all {
            if patches.opposite(*port) != self.opposite(*port) {
                self.path_changed(Hello::Lacp(*port), PathView::default());
                self.goes_dark(*port);
            }
        }
        self.patches = patches;
        for port in all.iter().filter(|port| port.side == Side::A) {
            self.circuit_changed(port.of);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Id;

    fn end(circuit: usize, side: Side) -> End<CircuitId> {
        End::new(CircuitId::from_index(circuit), side)
    }

    #[test]
    fn circuits_that_change_places_at_one_end_join_each_ones_other_end_to_the_other() {
        let patches = Patches::default().with(0, [end(0, Side::A), end(1, Side::A)], true);
        let pairs = [(end(0, Side::A), end(1, Side::B)), (end(1, Side::A), end(0, Side::B))];
        for (one, other) in pairs {
            assert_eq!((patches.opposite(one), patches.opposite(other)), (other, one));
        }
        // The light that reaches a port comes on the line that is plugged into it.
        assert_eq!(patches.line_of(end(0, Side::A)), end(1, Side::A));
        assert_eq!(patches.line_of(end(0, Side::B)), end(0, Side::B));
        let whole = patches.with(0, [end(0, Side::A), end(1, Side::A)], false);
        assert_eq!(whole.opposite(end(0, Side::A)), end(0, Side::B));
    }

    #[test]
    fn of_two_swaps_each_can_be_put_right_by_itself() {
        let [a, b, c] = [0, 1, 2].map(|circuit| end(circuit, Side::A));
        let both = Patches::default().with(0, [a, b], true).with(1, [a, c], true);
        // First `a` and `b` change places, then line `a`, now at `b`, and line `c`.
        assert_eq!([a, b, c].map(|port| both.line_of(port)), [b, c, a]);
        for port in both.tied(a.of) {
            assert_eq!(both.opposite(both.opposite(port)), port);
            assert_eq!(both.port_on(both.line_of(port)), port);
        }
        let second = both.with(0, [a, b], false);
        assert_eq!([a, b, c].map(|port| second.line_of(port)), [c, b, a]);
        assert_eq!(both.tied(a.of).len(), 6);
        assert_eq!(second.tied(b.of).len(), 2);
    }
}
