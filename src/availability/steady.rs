//! How long demands are down because something has failed and is not repaired yet.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::causes::{Cause, YEAR_H};
use super::states::{Node, Space, State};
use crate::ids::{DemandId, IdVec};
use crate::model::topology::Topology;
use crate::settled::{Before, Evaluator, Fault, Matter, Outcome, Verdict};
use crate::units::Share;

/// Most minimal sets that are told apart for a demand; further ones are one.
const SETS: usize = 1_000;

/// What a state means for a demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It delivers at least its ok both ways, or offers nothing.
    Up,
    /// It delivers less.
    Down,
    /// It was not found out where routing ends up.
    Uncertain,
}

/// What a state means for all demands.
#[derive(Clone, Debug)]
pub struct Told {
    /// How each demand does.
    pub health: IdVec<DemandId, Health>,
    /// Which offer less than their rate because sources are down.
    pub source_down: IdVec<DemandId, bool>,
}

/// Works out where the network ends up in a state.
#[must_use]
pub fn tell(topology: &Topology, evaluator: &Evaluator<'_>, faults: &[Fault]) -> Told {
    told(topology, &evaluator.evaluate(faults, Before::Whole))
}

/// The same, and what it rests on; `None`: that is not known.
#[must_use]
pub fn tell_with_matter(
    topology: &Topology,
    evaluator: &Evaluator<'_>,
    faults: &[Fault],
) -> (Told, Option<Matter>) {
    let (outcome, matter) = evaluator.evaluate_with_matter(faults);
    (told(topology, &outcome), matter)
}

fn told(topology: &Topology, outcome: &Outcome) -> Told {
    let all = || topology.demands.ids();
    let source_down = |id: DemandId| {
        outcome.demands.as_ref().is_some_and(|demands| demands[id][0].offered < Share::ONE)
    };
    Told {
        health: all().map(|id| health(topology, outcome, id)).collect(),
        source_down: all().map(source_down).collect(),
    }
}

fn health(topology: &Topology, outcome: &Outcome, id: DemandId) -> Health {
    let demand = &topology.demands[id];
    let ok = topology.classes[demand.class].ok;
    let Some(both) = outcome.demands.as_ref().map(|demands| &demands[id]) else {
        return Health::Uncertain;
    };
    if !matches!(outcome.verdict, Verdict::Unique(_)) {
        // Routes are certain, and so is what finds no way, whatever loads the return traffic makes.
        let cut_off = both[0].reachable.is_some_and(|reachable| reachable < ok);
        return if cut_off { Health::Down } else { Health::Uncertain };
    }
    let mut ways = both.iter().zip([demand.rate, demand.return_rate]);
    let down = ways.any(|(way, rate)| rate.as_bps() > 0 && way.falls_short(ok));
    if down { Health::Down } else { Health::Up }
}

/// A sum of probabilities, those without common causes apart.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mass {
    /// Of all states.
    pub all: f64,
    /// Of those without a common cause.
    pub physical: f64,
}

impl Mass {
    fn add(&mut self, more: Self) {
        self.all += more.all;
        self.physical += more.physical;
    }
}

/// What the states told so far mean for one demand.
#[derive(Clone, Debug, Default)]
pub struct Sums {
    /// It is down.
    pub down: Mass,
    /// It may be.
    pub uncertain: Mass,
    /// Its sources are.
    pub source_down: f64,
    /// How often it goes down in a year, to first order where not all matters.
    pub outages_per_year: f64,
    /// The states in which it is down, each filed under the first found that is a part of it and of
    /// which no part takes the demand down.
    pub minimal: Vec<(State, f64)>,
    /// What did not fit there.
    pub others: f64,
}

/// What the leaves told so far mean.
#[derive(Debug)]
pub struct Steady<'a> {
    causes: &'a [Cause],
    space: &'a Space,
    /// By demand.
    pub demands: IdVec<DemandId, Sums>,
    /// What all leaves told so far weigh.
    pub told: Mass,
    /// How many they are.
    pub states: u64,
    /// By state, what matters there and for which demands it is a failure.
    known: BTreeMap<State, (Arc<Node>, Vec<DemandId>)>,
}

impl<'a> Steady<'a> {
    /// Nothing told yet.
    #[must_use]
    pub fn new(topology: &Topology, causes: &'a [Cause], space: &'a Space) -> Self {
        let demands = topology.demands.iter().map(|_| Sums::default()).collect();
        Self { causes, space, demands, told: Mass::default(), states: 0, known: BTreeMap::new() }
    }

    /// Takes the next leaf in; a part of a state comes before the state.
    pub fn take(&mut self, node: &Arc<Node>, told: &Told) {
        let state = &node.state;
        // What does not matter is there or not; of common causes none.
        let physical = if self.space.is_physical(state) {
            let matters = |item| node.hot.binary_search(&item).is_ok() || node.is_well(item);
            self.space.no_common(|item| !matters(item))
        } else {
            0.0
        };
        let mass = Mass { all: node.leaf, physical: node.leaf * physical };
        self.states += 1;
        self.told.add(mass);
        let mut failing = Vec::new();
        for (id, health) in told.health.iter_ids() {
            let sums = &mut self.demands[id];
            if told.source_down[id] {
                sums.source_down += mass.all;
            }
            match health {
                Health::Up => {}
                Health::Uncertain => sums.uncertain.add(mass),
                Health::Down => {
                    sums.down.add(mass);
                    file(sums, state, mass.all);
                    failing.push(id);
                }
            }
        }
        self.count_outages(node, &failing);
        self.known.insert(state.clone(), (Arc::clone(node), failing));
    }

    /// In the long run a demand goes down as often as it comes up again: when the repair of one cause
    /// leads to a state in which it is up, which is likelier and was told before.
    fn count_outages(&mut self, node: &Node, failing: &[DemandId]) {
        for (place, cause) in
            self.space.causes(&node.state).enumerate().filter(|_| !failing.is_empty())
        {
            let mut mended = node.state.clone();
            mended.remove(place);
            let still = self.failing_in(&mended).to_vec();
            let repairs_per_year = YEAR_H / self.causes[cause].repair_h;
            for id in failing.iter().filter(|id| !still.contains(id)) {
                self.demands[*id].outages_per_year += node.leaf * repairs_per_year;
            }
        }
    }

    /// The demands that are down in the leaf of a state, if it was told.
    fn failing_in(&self, state: &[u16]) -> &[DemandId] {
        let mut there = State::new();
        while let Some((node, failing)) = self.known.get(&there) {
            let matters = |item: &&u16| node.hot.binary_search(item).is_ok();
            match state.iter().find(matters) {
                Some(item) => there.insert(there.partition_point(|other| other < item), *item),
                None => return failing,
            }
        }
        &[]
    }
}

/// Files a state in which a demand is down under the reason for it.
fn file(sums: &mut Sums, state: &[u16], probability: f64) {
    let reason = sums.minimal.iter().position(|(known, _)| is_part(known, state));
    match reason {
        Some(place) => sums.minimal[place].1 += probability,
        None if sums.minimal.len() < SETS => sums.minimal.push((state.to_vec(), probability)),
        None => sums.others += probability,
    }
}

/// Whether all of `small` is in `state`; both are in ascending order.
fn is_part(small: &[u16], state: &[u16]) -> bool {
    small.iter().all(|item| state.binary_search(item).is_ok())
}
