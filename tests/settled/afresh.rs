//! What is kept of the whole network, beside everything worked out from nothing.

use std::collections::BTreeMap;

use pnilab::model::topology::Topology;
use pnilab::settled::{Before, Effect, Evaluator, Outcome};

use super::compare;
use super::dice::Dice;

/// All that an outcome tells.
fn told(outcome: &Outcome) -> String {
    format!("{outcome:#?}")
}

/// The first line that differs, and some before it.
fn difference(one: &str, other: &str) -> String {
    let place = one.lines().zip(other.lines()).position(|(a, b)| a != b).unwrap_or(0);
    let lines = |text: &str| {
        let some = text.lines().skip(place.saturating_sub(12)).take(24);
        some.collect::<Vec<_>>().join("\n")
    };
    format!("{}\n---- afresh:\n{}", lines(one), lines(other))
}

/// Draws sets of faults, and holds every outcome to what working it out from nothing tells, and to
/// that of other sets with the same effect.
pub(crate) fn hold(topology: &Topology, seed: u64, sets: usize, name: &str) {
    let mut dice = Dice::new(seed, "settled/afresh");
    let evaluator = Evaluator::new(topology, 1);
    let mut effects: BTreeMap<Effect, String> = BTreeMap::new();
    for set in 0..sets {
        let faults = match set {
            0 => Vec::new(),
            _ => compare::faults(topology, &mut dice),
        };
        for before in [Before::Whole, Before::Anything] {
            let kept = told(&evaluator.evaluate(&faults, before));
            let afresh = told(&evaluator.evaluate_afresh(&faults, before));
            let what = || format!("{name}, {faults:?}, {before:?}: {}", difference(&kept, &afresh));
            assert!(kept == afresh, "{}", what());
            if let (Before::Whole, Some(effect)) = (before, evaluator.effect(&faults)) {
                let known = effects.entry(effect).or_insert_with(|| kept.clone());
                assert!(*known == kept, "{name}, {faults:?}: {}", difference(&kept, known));
            }
        }
    }
}
