//! Which value that no file states decides a verdict, and from which value on.
//!
//! Each row of the table of profiles that the design uses is changed on its own, everywhere where
//! the design takes it: numbers to a half, a quarter, ... a sixteenth and to twice, ... sixteen
//! times the shipped value, then by halving the interval in which a verdict changes until its ends
//! differ in the third digit; words to every other word.
//!
//! # Departures
//! * A verdict that changes and changes back between two neighbouring steps is not seen.
//! * The seed stays the scenario's, so a threshold holds for its draws.
//! * Values that follow from others (derived router ids, guessed lengths, a keepalive that is a
//!   third of the hold time) and kinds that shape the design (`igp.kind`, `ibgp.mode`) stay.

use std::collections::{BTreeMap, BTreeSet};

use super::{RunOptions, run};
use crate::model::PROFILE_TABLE;
use crate::model::scenario::Scenario;
use crate::model::topology::{self, Topology};
use crate::report::data::{self, BoundRow, Flip, RunResult, Shift, VariedRow, Verdict};
use crate::units::{PerSecond, SimDuration};

/// What a share by which something is drawn may become.
const JITTERS: [&str; 4] = ["0%", "10%", "20%", "25%"];
/// How far values go from what is shipped, in both directions.
const FACTORS: [u64; 4] = [2, 4, 8, 16];
/// What a duration of zero becomes.
const FROM_NOTHING: [u64; 5] = [1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000];
/// What a share becomes.
const SHARES: [&str; 6] = ["50%", "90%", "95%", "99%", "99.9%", "100%"];
/// Steps of halving, enough for three digits of sixteen times anything.
const HALVINGS: usize = 14;

/// The rows of [`PROFILE_TABLE`] that the design takes and [`vary`] can change, in order.
#[must_use]
pub fn varied(topology: &Topology) -> Vec<usize> {
    let used: BTreeSet<usize> = topology.assumptions.iter().filter_map(|a| a.row).collect();
    used.into_iter().filter(|row| Values::of(PROFILE_TABLE[*row].value, *row).is_some()).collect()
}

/// Changes one row of [`PROFILE_TABLE`] and tells where a verdict of `base` changes.
///
/// `changed` gives the design with another value in this row, or `None` if the file contradicts
/// it. `base` is the result without a change.
///
/// # Panics
/// If the design takes no value of this row: see [`varied`].
#[must_use]
pub fn vary(
    base: &RunResult,
    row: usize,
    (topology, scenario, options): (&Topology, &Scenario, &RunOptions),
    changed: impl Fn(&str) -> Option<Topology>,
) -> VariedRow {
    let taken: Vec<_> = topology.assumptions.iter().filter(|a| a.row == Some(row)).collect();
    let first = taken.first().expect("the design takes a value of this row");
    let values = Values::of(&first.value, row).expect("rows that can be varied");
    let judge = |value: &str| {
        let result = run(&changed(value)?, scenario, options).result;
        Some(Flipped::between(base, &result))
    };
    let mut search = Search { judge: &judge, tried: BTreeMap::new() };
    let flips = match values {
        Values::Words(words) => search.words(&words),
        Values::Numbers { value, write, zero } => search.numbers(value, write, zero),
    };
    VariedRow {
        what: first.what.split(" of ").next().unwrap_or_default().to_owned(),
        value: first.value.clone(),
        origin: match first.origin {
            topology::Origin::Profile => data::Origin::Profile,
            topology::Origin::Builtin => data::Origin::Builtin,
        },
        source: first.source.clone(),
        taken: taken.len() as u64,
        tried: search.tried.into_values().collect(),
        flips,
    }
}

/// What a value can become.
#[derive(Debug)]
enum Values {
    Words(Vec<&'static str>),
    Numbers {
        value: u64,
        write: fn(u64) -> String,
        /// What zero becomes.
        zero: &'static [u64],
    },
}

impl Values {
    /// `None` if nobody knows what else it could be.
    fn of(value: &str, row: usize) -> Option<Self> {
        let words: &[&str] = match PROFILE_TABLE[row].key {
            "lacp.mode" => &["active", "passive"],
            "lacp.interval" => &["fast", "slow"],
            "router.fib" => &["prefix_by_prefix", "pic"],
            "igp.frr" => &["none", "lfa"],
            "multipath.weights" => &["equal", "bandwidth"],
            "max_prefix.action" => &["shutdown", "warn"],
            _ if matches!(value, "true" | "false") => &["true", "false"],
            key if key.ends_with("_jitter") || key.ends_with("_spread") => &JITTERS,
            _ if value.ends_with('%') => &SHARES,
            _ => &[],
        };
        if !words.is_empty() {
            return Some(Self::Words(words.iter().copied().filter(|w| *w != value).collect()));
        }
        if let Ok(duration) = value.parse::<SimDuration>() {
            let write = |ns| SimDuration::from_nanos(ns).to_string();
            return Some(Self::Numbers { value: duration.as_nanos(), write, zero: &FROM_NOTHING });
        }
        if let Ok(rate) = value.parse::<PerSecond>() {
            return Some(Self::Numbers {
                value: rate.get(),
                write: |n| format!("{n}/s"),
                zero: &[],
            });
        }
        let number = value.parse().ok()?;
        Some(Self::Numbers { value: number, write: |n| n.to_string(), zero: &[1, 2, 4, 8] })
    }
}

/// What another run says of a row of a bound; where it has none of this subject, the worst that it
/// says of the bound.
fn verdict(row: &BoundRow, other: &RunResult) -> Option<Verdict> {
    let bound = |of: &BoundRow| (of.bound.clone(), of.window, of.at_most, of.at_least);
    let subject = |of: &BoundRow| (of.subject.clone(), of.router.clone(), of.direction);
    let alike = || other.bounds.iter().filter(|of| bound(of) == bound(row));
    let same = alike().find(|of| subject(of) == subject(row)).map(|of| of.verdict);
    same.or_else(|| alike().map(|of| of.verdict).max())
}

/// The verdicts that another value changes.
#[derive(Clone, Debug)]
struct Flipped {
    verdict: Verdict,
    bounds: Vec<u32>,
    is_other: bool,
}

impl Flipped {
    fn between(base: &RunResult, other: &RunResult) -> Self {
        let differs =
            |row: &BoundRow| verdict(row, other).is_some_and(|found| found != row.verdict);
        let rows = (0..).zip(&base.bounds);
        let bounds: Vec<u32> =
            rows.filter(|(_, row)| differs(row)).map(|(index, _)| index).collect();
        let is_other = !bounds.is_empty() || base.verdict != other.verdict;
        Self { verdict: other.verdict, bounds, is_other }
    }

    fn row(self, shift: Shift, value: String, unchanged_at: Option<String>) -> Flip {
        Flip { shift, value, unchanged_at, verdict: self.verdict, bounds: self.bounds }
    }
}

struct Search<'a> {
    judge: &'a dyn Fn(&str) -> Option<Flipped>,
    /// By size, or by order of trial.
    tried: BTreeMap<u64, String>,
}

impl Search<'_> {
    fn words(&mut self, words: &[&str]) -> Vec<Flip> {
        let mut flips = Vec::new();
        for (index, word) in (0..).zip(words) {
            let Some(found) = (self.judge)(word) else { continue };
            self.tried.insert(index, (*word).to_owned());
            if found.is_other {
                flips.push(found.row(Shift::Other, (*word).to_owned(), None));
            }
        }
        flips
    }

    fn numbers(&mut self, value: u64, write: fn(u64) -> String, zero: &[u64]) -> Vec<Flip> {
        let down: Vec<u64> = FACTORS.iter().map(|f| rounded(value / f)).collect();
        let up: Vec<u64> = match value {
            0 => zero.to_vec(),
            _ => FACTORS.iter().map(|f| value.saturating_mul(*f)).collect(),
        };
        let down = self.toward(value, &down, write);
        down.into_iter().chain(self.toward(value, &up, write)).collect()
    }

    /// The first value in this direction that changes a verdict.
    fn toward(&mut self, from: u64, ladder: &[u64], write: fn(u64) -> String) -> Option<Flip> {
        let mut same = from;
        for step in ladder.iter().copied().filter(|step| *step != 0) {
            if step == same {
                continue;
            }
            let found = self.number(step, write)?;
            if found.is_other {
                return Some(self.between(same, (step, found), write));
            }
            same = step;
        }
        None
    }

    fn between(
        &mut self,
        mut same: u64,
        (mut other, mut found): (u64, Flipped),
        write: fn(u64) -> String,
    ) -> Flip {
        for _ in 0..HALVINGS {
            let middle = rounded(same.midpoint(other));
            if middle == same || middle == other {
                break;
            }
            let Some(tried) = self.number(middle, write) else { break };
            if tried.is_other {
                (other, found) = (middle, tried);
            } else {
                same = middle;
            }
        }
        let shift = if other < same { Shift::Smaller } else { Shift::Larger };
        found.row(shift, write(other), Some(write(same)))
    }

    fn number(&mut self, value: u64, write: fn(u64) -> String) -> Option<Flipped> {
        let text = write(value);
        let found = (self.judge)(&text)?;
        self.tried.insert(value, text);
        Some(found)
    }
}

/// To three digits, so that values can be read.
const fn rounded(value: u64) -> u64 {
    let mut unit = 1;
    while value / unit >= 1_000 {
        unit *= 10;
    }
    (value + unit / 2) / unit * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(flips_at: impl Fn(u64) -> bool, value: &str) -> (Vec<Flip>, Vec<String>) {
        let row = PROFILE_TABLE.iter().position(|row| row.key == "bgp.hold").expect("a row");
        let Some(Values::Numbers { value, write, zero }) = Values::of(value, row) else {
            panic!("a number");
        };
        let judge = |text: &str| {
            let size = text.parse::<SimDuration>().map(SimDuration::as_nanos);
            let size = size.or_else(|_| text.parse()).ok()?;
            let is_other = flips_at(size);
            Some(Flipped { verdict: Verdict::Fail, bounds: vec![0], is_other })
        };
        let mut search = Search { judge: &judge, tried: BTreeMap::new() };
        let flips = search.numbers(value, write, zero);
        (flips, search.tried.into_values().collect())
    }

    #[test]
    fn a_threshold_is_found_to_three_digits_on_either_side() {
        let second = 1_000_000_000;
        let (flips, _) = search(|ns| ns > 241 * second || ns <= 50 * second, "90s");
        let ends: Vec<_> =
            flips.iter().map(|f| (f.unchanged_at.as_deref().expect("one"), &*f.value)).collect();
        assert_eq!(ends, [("50.1s", "50s"), ("241s", "242s")]);
    }

    #[test]
    fn what_never_changes_is_tried_as_far_as_is_said() {
        let (flips, tried) = search(|_| false, "90s");
        assert!(flips.is_empty());
        assert_eq!(tried, ["5.63s", "11.3s", "22.5s", "45s", "3m", "6m", "12m", "24m"]);
    }

    #[test]
    fn small_numbers_are_found_exactly_and_zero_grows() {
        let (flips, tried) = search(|n| n >= 4, "3");
        assert_eq!((flips[0].value.as_str(), flips[0].unchanged_at.as_deref()), ("4", Some("3")));
        assert_eq!(tried, ["1", "4", "6"]);
        let (flips, _) = search(|ns| ns >= 30_000_000, "0s");
        assert_eq!(flips[0].value, "30ms");
    }
}
