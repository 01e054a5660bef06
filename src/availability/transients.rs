//! How long demands are down while routing reacts to a failure, and to its repair.
//!
//! Each cause comes alone, in a network that is whole and has settled, and goes again when all is quiet.

use rayon::prelude::*;

use super::causes::Cause;
use crate::ids::{DemandId, IdVec};
use crate::model::scenario::{Begin, Fault, FaultKind, Scenario, Start};
use crate::model::topology::{Mode, Topology};
use crate::observe::{Base, BaseKey, RunOptions};
use crate::report::data::{DeliveredSeries, RunReport};
use crate::settled::Element;
use crate::sweep::fault_kinds;
use crate::units::{SimDuration, SimTime};

/// When a cause comes, when it goes, and when the run ends, in seconds. Longer than any timer that
/// anybody would leave at more than its default: what is damped comes back within an hour (RFC 2439).
const COMES_S: u64 = 60;
const GOES_S: u64 = COMES_S + 4_000;
const ENDS_S: u64 = GOES_S + 4_000;

/// How long one cause takes each demand down, beside the time in which it does so for good.
#[derive(Clone, Debug)]
pub struct Transient {
    /// In seconds, by demand.
    pub down_s: IdVec<DemandId, f64>,
}

/// Lets every cause come and go alone.
///
/// Runs on the threads of the pool that calls; the result is the same with any number.
#[must_use]
pub fn all(
    topology: &Topology,
    causes: &[Cause],
    seed: u64,
    done: &(impl Fn() + Sync),
) -> Vec<Transient> {
    let options = RunOptions::default();
    let Some(first) = causes.first() else { return Vec::new() };
    // Nothing that fails here sets prefixes apart, so that one base serves all.
    let base =
        Base::new(topology, &BaseKey::of(topology, &scenario(topology, first, seed), &options));
    let one = |cause: &Cause| {
        let report = base.run(&scenario(topology, cause, seed), &options);
        done();
        Transient { down_s: down(topology, &report) }
    };
    causes.par_iter().map(one).collect()
}

fn scenario(topology: &Topology, cause: &Cause, seed: u64) -> Scenario {
    let at = |seconds| SimTime::ZERO + SimDuration::from_secs(seconds);
    let fault = |kind| Fault {
        begin: Begin::At(at(COMES_S)),
        lasts: Some(SimDuration::from_secs(GOES_S - COMES_S)),
        repeat: None,
        jitter: SimDuration::ZERO,
        kind,
    };
    Scenario {
        name: cause.name.clone(),
        about: String::new(),
        seed,
        duration: SimDuration::from_secs(ENDS_S),
        start: Start::Settled,
        faults: kinds(topology, cause).into_iter().map(fault).collect(),
        bounds: Vec::new(),
    }
}

/// What happens when a cause comes, as a scenario says it: software that fails starts again.
fn kinds(topology: &Topology, cause: &Cause) -> Vec<FaultKind> {
    let crash = cause.is_common || cause.mode == Some(Mode::Crash);
    let mut routers = Vec::new();
    for fault in cause.faults.iter().filter(|_| crash) {
        if let Element::Router(router) = fault.element {
            routers.push(router);
        }
    }
    if !routers.is_empty() {
        return vec![FaultKind::RouterCrash(routers)];
    }
    let kinds = |fault: &crate::settled::Fault| fault_kinds(topology, fault.element, fault.how);
    cause.faults.iter().flat_map(kinds).collect()
}

/// For how many seconds each demand is down in a run, either way: while routing reacts to the failure,
/// unless the demand stays down for good, and from the repair on.
fn down(topology: &Topology, report: &RunReport) -> IdVec<DemandId, f64> {
    let [comes, goes, ends] = [COMES_S, GOES_S, ENDS_S].map(seconds);
    let series = &report.figures.delivered;
    let one = |demand: &crate::model::topology::Demand| {
        let mut below: Vec<(f64, f64)> = Vec::new();
        for way in series.iter().filter(|way| way.demand == demand.name) {
            below.extend(stretches(way));
        }
        let below = joined(below);
        let within = |from: f64, until: f64| -> f64 {
            below.iter().map(|(a, b)| (b.min(until) - a.max(from)).max(0.0)).sum()
        };
        // What is down just before the repair is counted as long as repairs take, elsewhere.
        let stays = below.iter().any(|(from, until)| *from < goes && *until >= goes);
        let first = if stays { 0.0 } else { within(comes, goes) };
        first + within(goes, ends)
    };
    topology.demands.iter().map(one).collect()
}

/// When less than its ok is delivered of a direction.
fn stretches(way: &DeliveredSeries) -> Vec<(f64, f64)> {
    let mut below = Vec::new();
    for pair in way.points.windows(2) {
        let [a, b] = [pair[0], pair[1]];
        let span = b.at_s - a.at_s;
        match (a.ratio < way.ok, b.ratio < way.ok) {
            _ if span <= 0.0 => {}
            (false, false) => {}
            (true, true) => below.push((a.at_s, b.at_s)),
            (true, false) => {
                let part = (way.ok - a.ratio) / (b.ratio - a.ratio);
                below.push((a.at_s, a.at_s + span * part));
            }
            (false, true) => {
                let part = (way.ok - a.ratio) / (b.ratio - a.ratio);
                below.push((a.at_s + span * part, b.at_s));
            }
        }
    }
    below
}

/// The same instants, each once.
fn joined(mut stretches: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    stretches.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut all: Vec<(f64, f64)> = Vec::new();
    for (from, until) in stretches {
        match all.last_mut() {
            Some((_, last)) if from <= *last => *last = last.max(until),
            _ => all.push((from, until)),
        }
    }
    all
}

fn seconds(whole: u64) -> f64 {
    SimDuration::from_secs(whole).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::data::{DeliveredPoint, Direction};

    #[test]
    fn a_direction_is_down_below_its_ok_and_overlaps_count_once() {
        let points = [(0.0, 1.0), (10.0, 1.0), (10.0, 0.0), (12.0, 0.0), (14.0, 1.0), (20.0, 1.0)];
        let way = DeliveredSeries {
            demand: "d".to_owned(),
            direction: Direction::Forward,
            offered_bps: 1e9,
            ok: 0.5,
            points: points.map(|(at_s, ratio)| DeliveredPoint { at_s, ratio }).to_vec(),
        };
        assert_eq!(stretches(&way), [(10.0, 12.0), (12.0, 13.0)]);
        let both = joined(vec![(12.5, 15.0), (10.0, 12.0), (12.0, 13.0)]);
        assert_eq!(both, [(10.0, 15.0)]);
    }
}
