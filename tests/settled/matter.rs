//! What an outcome does not rest on may fail, all of it together, and nothing changes for any demand.

use std::path::Path;

use pnilab::model::topology::Topology;
use pnilab::settled::{Evaluator, Fault, How, Reach, Verdict};
use pnilab::sweep::Kind;

use super::compare::faults;
use super::design::Design;
use super::dice::Dice;
use super::{load, number};

/// How many outcomes were looked at, for how many it was told what they rest on, and for how many
/// something was left that they do not.
#[derive(Debug, Default)]
struct Tally {
    outcomes: u32,
    told: u32,
    spared: u32,
}

impl Tally {
    fn judge(&mut self, topology: &Topology, seed: u64) {
        let mut dice = Dice::new(seed, "matter");
        let evaluator = Evaluator::new(topology, seed);
        for _ in 0..3 {
            let failed = faults(topology, &mut dice);
            let (outcome, matter) = evaluator.evaluate_with_matter(&failed);
            self.outcomes += 1;
            let Some(matter) = matter else { continue };
            self.told += 1;
            let all = Kind::ALL.into_iter().flat_map(|kind| kind.elements(topology));
            let is_cold = |element| !matter.concerns(&Reach::of(topology, element));
            let cold: Vec<_> = all.filter(|element| is_cold(*element)).collect();
            self.spared += u32::from(!cold.is_empty());
            for share in [15, 60, 100] {
                let more = cold.iter().filter(|_| dice.chance(share));
                let mut both = failed.clone();
                both.extend(more.map(|element| Fault { element: *element, how: How::Fail }));
                for fault in &mut both[failed.len()..] {
                    if dice.chance(40) {
                        fault.how = How::Silent;
                    }
                }
                let other = evaluator.evaluate(&both, pnilab::settled::Before::Whole);
                // What has failed beside may be uncertain in itself.
                let Verdict::Unique(_) = other.verdict else { continue };
                assert_eq!(
                    outcome.demands, other.demands,
                    "seed {seed}: {failed:?}, then {both:?}"
                );
            }
        }
    }
}

#[test]
fn what_an_outcome_does_not_rest_on_changes_nothing() {
    let first = number("PNILAB_SEED").unwrap_or(1);
    let mut tally = Tally::default();
    for seed in first..first + number("PNILAB_CASES").unwrap_or(600) {
        tally.judge(&load(&Design::text(seed)), seed);
    }
    // Many of these designs have something for which the argument does not hold.
    assert!(tally.told * 8 >= tally.outcomes, "{tally:?}");
    assert!(tally.spared * 2 >= tally.told, "{tally:?}");
}

#[test]
fn the_same_on_maps_of_real_networks() {
    let mut tally = Tally::default();
    for name in ["zoo/abilene.yaml", "zoo/geant2012.yaml", "two-metro.yaml"] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("topologies").join(name);
        let source = pnilab::open(&file).expect("it can be read");
        let (topology, _) = pnilab::load_topology(&source).expect("it is right");
        for seed in 1..=10 {
            tally.judge(&topology, seed);
        }
    }
    assert!(tally.spared >= 20, "{tally:?}");
}
