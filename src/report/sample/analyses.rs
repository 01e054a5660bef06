//! Analyses as they could have been, with names that are as long as names get.

use super::super::data::{
    AvailabilityResult, CauseShare, DemandAvailability, Downtime, DowntimeSet, FailingElement,
    PhysicalOnly, ReachedRow, RunOutRow, SetRow, SizeRow, SweepResult, TransientRow, Verdict,
    WorstLoad,
};

const LONG: &str = "a-circuit-between-two-metros-of-which-there-are-several-0042";

/// An availability analysis of a demand that is down for half an hour, and of one that never is.
pub(crate) fn availability() -> AvailabilityResult {
    AvailabilityResult {
        version: "0.1.0".to_owned(),
        engine: "settled+timed",
        topology: "two-metro-voice".to_owned(),
        seed: 1,
        as_of: "2026-11-22".to_owned(),
        command: "pnilab availability --as-of 2026-11-22 two-metro-voice.yaml".to_owned(),
        verdict: Verdict::Fail,
        common_causes: 1,
        causes: 60,
        states: 1_000,
        states_left: 1e-8,
        samples: 0,
        demands: vec![demand("teams-ams", 6e-5), demand(LONG, 0.0)],
        simulation: None,
        rates: Vec::new(),
        assumptions: Vec::new(),
    }
}

fn demand(name: &str, unavailability: f64) -> DemandAvailability {
    let seconds = unavailability * super::super::data::YEAR_S;
    let set = vec![format!("circuit={LONG} silent"), format!("router={LONG} crash")];
    let sets = vec![DowntimeSet { set, downtime_s_per_year: seconds / 2.0 }];
    DemandAvailability {
        demand: name.to_owned(),
        class: LONG.to_owned(),
        target: Some(0.9999),
        verdict: if unavailability > 0.0 { Verdict::Inconclusive } else { Verdict::Pass },
        availability: 1.0 - unavailability,
        unavailability,
        low: unavailability,
        high: unavailability * 10.0,
        method: "bracket",
        nines: (unavailability > 0.0).then(|| -libm::log10(unavailability)),
        downtime_s_per_year: Downtime {
            steady: seconds / 2.0,
            transient: seconds / 4.0,
            common_cause: seconds / 4.0,
        },
        physical: PhysicalOnly { unavailability: unavailability / 100.0, low: 0.0, high: 1e-3 },
        source_down_s_per_year: 1.0,
        outages_per_year: 1.0,
        mean_outage_s: None,
        causes: vec![CauseShare { element: LONG.to_owned(), share: 1.0 }],
        sets: if unavailability > 0.0 { sets } else { Vec::new() },
        sets_left_s_per_year: 0.0,
        transients: if unavailability > 0.0 {
            vec![TransientRow { element: LONG.to_owned(), times_per_year: 1.0, down_s: 3.0 }]
        } else {
            Vec::new()
        },
    }
}

/// A sweep of pairs, of which more take demands down than are drawn, and one is uncertain.
pub(crate) fn sweep() -> SweepResult {
    let element = |number: usize| format!("router={LONG}-{number}");
    let row = |set: Vec<String>, outcome: &str, lost: usize| SetRow {
        set,
        outcome: outcome.to_owned(),
        lost: (0..lost).map(|n| format!("teams-{n}")).collect(),
        source_down: Vec::new(),
        worst_delivered: Some(0.0),
        lost_bps: Some(1),
        worst_utilization: None,
        worst_link: None,
        localized: None,
        latent: Vec::new(),
        timed: None,
    };
    let pairs = (1..40).map(|n| row(vec![element(0), element(n)], "unique", 1 + n % 2));
    let uncertain = row(vec![element(1), element(2)], "unknown", 0);
    SweepResult {
        version: "0.1.0".to_owned(),
        engine: "settled",
        topology: "two-metro-voice".to_owned(),
        seed: 1,
        as_of: "2026-11-22".to_owned(),
        command: "pnilab sweep --as-of 2026-11-22 --k 2 two-metro-voice.yaml".to_owned(),
        verdict: Verdict::None,
        k: 2,
        of: vec!["router"],
        how: "fail",
        given: Vec::new(),
        elements: 40,
        sets: 821,
        sets_within_bounds: 781,
        sets_uncertain: 1,
        by_size: vec![SizeRow { size: 2, sets: 780, within_bounds: 740, uncertain: 1 }],
        single_points_of_failure: vec![FailingElement { element: element(0), lost: Vec::new() }],
        minimal_sets: Vec::new(),
        healing_sets: Vec::new(),
        healing_sets_in_all: 0,
        worst_loads: vec![WorstLoad {
            link: LONG.to_owned(),
            link_kind: "pni",
            direction: format!("{LONG}>{LONG}"),
            usual_bps: 1,
            usual_utilization: 0.1,
            offered_bps: 40,
            capacity_bps: 10,
            utilization: 4.0,
            set: vec![element(0), element(1)],
        }],
        run_out: vec![RunOutRow {
            link: LONG.to_owned(),
            direction: format!("{LONG}>{LONG}"),
            offered_bps: 1.0,
            capacity_bps: 10.0,
            order_by: Some("2027-01-01".to_owned()),
            reached: vec![ReachedRow {
                utilization: 0.4,
                usual_on: Some("2027-03-02".to_owned()),
                worst_on: None,
                worst: None,
            }],
        }],
        blast_radius: Vec::new(),
        maintenance: Vec::new(),
        latent: Vec::new(),
        rows: pairs.chain([uncertain]).collect(),
        rows_left_out: 780,
        timed: None,
    }
}
