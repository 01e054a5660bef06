//! Every set of failures up to a size: what each costs, and what follows for the design.
//!
//! Sets are numbered by [`sets`], so that any part of a sweep is a pure function of the design, what
//! was asked and the numbers. [`Sweep::part`] works one part out, on any thread or machine; a
//! [`Tally`] takes the parts in order and keeps what the result tells, however many sets there are.
//!
//! # Departures
//! All elements of a set fail at once, in a network that was whole but for what is given and had
//! settled. What depends on history is `unknown`, and so are its figures. [`Sweep::timed`] also
//! simulates how each set gets there.

mod cost;
pub mod elements;
mod run_out;
pub mod sets;
mod tally;
mod timed;

use serde::{Deserialize, Serialize};

use crate::model::scenario::Scenario;
use crate::model::topology::Topology;
use crate::report::data::SetRow;
use crate::settled::{Element, Evaluator, Fault, How};
use crate::units::BitRate;

pub use elements::Kind;
use sets::Sets;
pub use tally::Tally;
use timed::Runs;
pub use timed::fault_kinds;

/// What a sweep is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Most elements that fail at once.
    pub k: usize,
    /// Which kinds fail.
    pub of: Vec<Kind>,
    /// How they fail.
    pub how: How,
    /// What has failed in every set.
    pub given: Vec<Element>,
    /// Seed of what is drawn.
    pub seed: u64,
}

/// Why a sweep cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// No element of the kinds that are asked for.
    #[error("the design has no {0}")]
    NoElements(String),
    /// More sets than can be numbered.
    #[error(
        "{elements} elements have too many sets of up to {k}; ask for fewer kinds or a smaller k"
    )]
    TooMany {
        /// How many elements there are.
        elements: usize,
        /// Most of a set.
        k: usize,
    },
}

/// A sweep of a design, ready to be worked out part by part.
#[derive(Debug)]
pub struct Sweep<'t> {
    topology: &'t Topology,
    question: Question,
    evaluator: Evaluator<'t>,
    elements: Vec<(Element, String)>,
    sets: Sets,
    known: cost::Known,
    runs: Option<Runs>,
}

/// What one part of a sweep found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Its number.
    pub part: u64,
    /// A row for each of its sets, in order.
    pub rows: Vec<SetRow>,
    /// The highest load of each direction of a LAG that any of them offers something.
    pub peaks: Vec<Peak>,
}

/// The highest load of one direction of a LAG among some sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peak {
    /// The LAG, by its place in the file.
    pub lag: usize,
    /// The sending side, 0 or 1.
    pub side: usize,
    /// Offered, in bit/s.
    pub offered_bps: u64,
    /// Rate of the members in use, in bit/s.
    pub capacity_bps: u64,
    /// The number of the first set that leads to it.
    pub set: u64,
}

impl Peak {
    /// Offered over capacity; what is offered to no capacity is infinitely much for it, and counts
    /// bit by bit.
    fn utilization(&self) -> f64 {
        let [offered, capacity] =
            [self.offered_bps, self.capacity_bps.max(1)].map(BitRate::from_bps);
        offered.as_f64() / capacity.as_f64()
    }

    /// Whether it is higher than another, or as high and earlier.
    fn is_above(&self, other: &Self) -> bool {
        let ours = u128::from(self.offered_bps) * u128::from(other.capacity_bps.max(1));
        let theirs = u128::from(other.offered_bps) * u128::from(self.capacity_bps.max(1));
        (ours, std::cmp::Reverse(self.set)) > (theirs, std::cmp::Reverse(other.set))
    }
}

/// Most parts of a sweep, unless they would become very large.
const PARTS: u64 = 512;
/// Least and most sets of a part.
const PART: [u64; 2] = [16, 4096];

impl<'t> Sweep<'t> {
    /// Makes a sweep ready.
    ///
    /// # Errors
    /// If there is nothing to let fail, or more than can be numbered.
    pub fn new(topology: &'t Topology, question: Question) -> Result<Self, Refused> {
        let mut found = Vec::new();
        for kind in &question.of {
            let all = kind.elements(topology).into_iter();
            let others = all.filter(|element| !question.given.contains(element));
            found.extend(others.map(|element| (element, element.label(topology))));
        }
        if found.is_empty() {
            let words: Vec<&str> = question.of.iter().map(|kind| kind.as_str()).collect();
            return Err(Refused::NoElements(words.join(" or ")));
        }
        let (elements, k) = (found.len(), question.k);
        let sets = Sets::new(elements, k).ok_or(Refused::TooMany { elements, k })?;
        let evaluator = Evaluator::new(topology, question.seed);
        Ok(Self {
            topology,
            question,
            evaluator,
            elements: found,
            sets,
            known: cost::Known::default(),
            runs: None,
        })
    }

    /// Sets are simulated too.
    #[must_use]
    pub fn timed(mut self) -> Self {
        self.runs = Some(Runs::new(self.topology, self.question.seed));
        self
    }

    /// What a run is that simulates a set, as a scenario, and the event in it that is the failure;
    /// `None` unless sets are simulated.
    #[must_use]
    pub fn scenario(&self, number: u64) -> Option<(Scenario, String)> {
        let Question { given, how, .. } = &self.question;
        let runs = self.runs.as_ref()?;
        Some(runs.scenario(self.topology, (given, &self.failing(number)), *how))
    }

    /// What fails in a set beside what is given.
    fn failing(&self, number: u64) -> Vec<Element> {
        self.sets.get(number).into_iter().map(|place| self.elements[place].0).collect()
    }

    /// How many sets there are.
    #[must_use]
    pub fn sets(&self) -> u64 {
        self.sets.count()
    }

    /// How many elements may fail.
    #[must_use]
    pub fn elements(&self) -> usize {
        self.elements.len()
    }

    /// How many sets each part has but the last.
    #[must_use]
    pub fn part_size(&self) -> u64 {
        self.sets.count().div_ceil(PARTS).clamp(PART[0], PART[1])
    }

    /// How many parts there are.
    #[must_use]
    pub fn parts(&self) -> u64 {
        self.sets.count().div_ceil(self.part_size())
    }

    /// How many sets a part has.
    #[must_use]
    pub fn sets_of(&self, part: u64) -> u64 {
        let first = part * self.part_size();
        self.part_size().min(self.sets.count() - first)
    }

    /// Works one part out.
    #[must_use]
    pub fn part(&self, part: u64) -> Part {
        let first = part * self.part_size();
        let mut peaks: Vec<Peak> = Vec::new();
        let rows = (first..first + self.sets_of(part)).map(|number| {
            let (mut row, loads) = self.cost(number);
            raise(&mut peaks, &loads);
            let Question { given, how, .. } = &self.question;
            row.timed = self.runs.as_ref().and_then(|runs| {
                runs.of(self.topology, (given, &self.failing(number)), *how, &row)
            });
            row
        });
        let rows = rows.collect();
        Part { part, rows, peaks }
    }

    /// What one set costs, and the loads that it leads to.
    fn cost(&self, number: u64) -> (SetRow, Vec<Peak>) {
        let set = self.sets.get(number);
        let fault = |element: Element| Fault { element, how: self.question.how };
        let given = self.question.given.iter().map(|element| fault(*element));
        let own = set.iter().map(|place| fault(self.elements[*place].0));
        let faults: Vec<Fault> = given.chain(own).collect();
        let names = self.names(&set);
        self.known.of(self.topology, &self.evaluator, &faults, (number, names))
    }

    fn names(&self, set: &[usize]) -> Vec<String> {
        set.iter().map(|place| self.elements[*place].1.clone()).collect()
    }
}

/// Keeps of each direction the higher load.
fn raise(peaks: &mut Vec<Peak>, loads: &[Peak]) {
    for load in loads {
        let key = |peak: &Peak| (peak.lag, peak.side);
        match peaks.binary_search_by_key(&key(load), key) {
            Ok(place) if load.is_above(&peaks[place]) => peaks[place] = *load,
            Ok(_) => {}
            Err(place) => peaks.insert(place, *load),
        }
    }
}
