//! A run as it could have been: two metros, one PNI silent from 60 s to 360 s, BFD 300 ms x 3.

mod analyses;

pub(crate) use analyses::{availability, sweep};

use super::data::{
    AssumptionRow, BoundRow, DeliveredPoint, DeliveredSeries, DemandEvent, DemandRow, DetectedBy,
    Direction, EventRow, FaultRow, Flip, Health, Lane, LaneKind, LinkRow, LoadSeries, MapData,
    MapLag, MapMetro, MapRouter, MapSite, Measures, Origin, Phases, RouteRow, RunFigures,
    RunReport, RunResult, Segment, SessionRow, Shift, Step, TimelineRow, Unit, VariedRow, Verdict,
    Went, Window,
};

fn segments(parts: &[(f64, f64, Health, &str)]) -> Vec<Segment> {
    parts
        .iter()
        .map(|&(from_s, until_s, health, label)| Segment {
            from_s,
            until_s,
            health,
            label: label.to_owned(),
        })
        .collect()
}

fn lane(kind: LaneKind, name: &str, parts: &[(f64, f64, Health, &str)]) -> Lane {
    Lane { name: name.to_owned(), kind, segments: segments(parts) }
}

fn lanes() -> Vec<Lane> {
    use Health::{Degraded, Down, Silent, Up};
    let silent: &[(f64, f64, Health, &str)] =
        &[(0.0, 60.0, Up, ""), (60.0, 360.0, Silent, "silent"), (360.0, 600.0, Up, "")];
    let whole: &[(f64, f64, Health, &str)] = &[(0.0, 600.0, Up, "")];
    vec![
        lane(LaneKind::Circuit, "x-1001", silent),
        lane(LaneKind::Circuit, "x-1002", silent),
        lane(LaneKind::Circuit, "x-1003", whole),
        lane(LaneKind::Circuit, "x-2001", whole),
        lane(
            LaneKind::Lag,
            "pni-ams-1 at ct-ams-1",
            &[
                (0.0, 62.1, Up, ""),
                (62.1, 62.4, Degraded, "1 of 2"),
                (62.4, 361.05, Down, "LACP timeout"),
                (361.05, 600.0, Up, ""),
            ],
        ),
        lane(
            LaneKind::Lag,
            "pni-ams-1 at ms-ams-1",
            &[(0.0, 62.7, Up, ""), (62.7, 361.05, Down, "LACP timeout"), (361.05, 600.0, Up, "")],
        ),
        lane(LaneKind::Lag, "pni-ams-2", whole),
        lane(
            LaneKind::Bfd,
            "pni-ams-1/ipv4 at ct-ams-1",
            &[(0.0, 60.81, Up, ""), (60.81, 362.31, Down, "expired"), (362.31, 600.0, Up, "")],
        ),
        lane(
            LaneKind::Bfd,
            "pni-ams-1/ipv4 at ms-ams-1",
            &[(0.0, 60.84, Up, ""), (60.84, 362.31, Down, "expired"), (362.31, 600.0, Up, "")],
        ),
        lane(
            LaneKind::Session,
            "pni-ams-1/ipv4 at ct-ams-1",
            &[(0.0, 60.81, Up, ""), (60.81, 363.19, Down, "bfd_down"), (363.19, 600.0, Up, "")],
        ),
        lane(
            LaneKind::Session,
            "pni-ams-1/ipv4 at ms-ams-1",
            &[(0.0, 60.84, Up, ""), (60.84, 363.19, Down, "bfd_down"), (363.19, 600.0, Up, "")],
        ),
        lane(LaneKind::Session, "pni-ams-2/ipv4", whole),
    ]
}

fn measures(lost: f64, worst: f64, until: Option<f64>) -> Measures {
    Measures {
        lost_s: lost,
        longest_gap_s: lost * 2.0,
        whole_gap_s: 0.0,
        impaired_s: lost * 2.0,
        worst_delivered: Some(worst),
        dropped: Some(0.0),
        source_down_s: 0.0,
        first_loss_at_s: until.map(|_| 60.0),
        recovered_at_s: until,
        disturbed: 1.0 - worst,
        moved: 1.0 - worst,
        rehashed: 0.0,
        reachable: Some(1.0),
        localized: Some(1.0),
        delay_before_s: Some(0.0002),
        delay_after_s: Some(0.0002),
    }
}

fn demand(direction: Direction, lost: f64, until: f64) -> DemandRow {
    DemandRow {
        demand: "teams-ams".to_owned(),
        direction,
        run: measures(lost, 0.5, Some(until)),
        events: vec![
            DemandEvent {
                event: "fault0/begin".to_owned(),
                measures: measures(lost, 0.5, Some(until)),
            },
            DemandEvent { event: "fault0/end".to_owned(), measures: measures(0.0, 1.0, None) },
        ],
    }
}

fn bounds() -> Vec<BoundRow> {
    let row = |bound: &str, kind: &str, subject: &str| BoundRow {
        bound: bound.to_owned(),
        subject_kind: kind.to_owned(),
        subject: Some(subject.to_owned()),
        router: None,
        direction: None,
        window: Window::Run,
        unit: Unit::Seconds,
        at_most: None,
        at_least: None,
        observed: None,
        verdict: Verdict::Pass,
    };
    vec![
        BoundRow {
            direction: Some(Direction::Forward),
            at_most: Some(1.0),
            at_least: Some(0.6),
            observed: Some(0.86),
            ..row("longest_gap", "demand", "teams-ams")
        },
        BoundRow {
            router: Some("ms-ams-1".to_owned()),
            at_most: Some(0.9),
            observed: Some(0.84),
            ..row("detection", "session", "pni-ams-1/ipv4")
        },
        BoundRow {
            unit: Unit::Ratio,
            at_least: Some(1.0),
            observed: Some(1.0),
            ..row("localized", "demand", "teams-ams")
        },
        BoundRow {
            window: Window::Fault,
            unit: Unit::Ratio,
            at_most: Some(0.35),
            observed: Some(0.4),
            verdict: Verdict::Fail,
            ..row("utilization", "pni", "pni-ams-2")
        },
    ]
}

fn sessions() -> Vec<SessionRow> {
    let row = |router: &str, at_s: f64, went: Went| SessionRow {
        session: "pni-ams-1/ipv4".to_owned(),
        router: router.to_owned(),
        at_s,
        went,
        reason: if went == Went::Down { "bfd_down" } else { "established" }.to_owned(),
        detected_by: (went == Went::Down).then_some(DetectedBy::Local),
        detection_s: None,
    };
    vec![
        SessionRow { detection_s: Some(0.81), ..row("ct-ams-1", 60.81, Went::Down) },
        SessionRow { detection_s: Some(0.84), ..row("ms-ams-1", 60.84, Went::Down) },
        row("ct-ams-1", 363.19, Went::Up),
        row("ms-ams-1", 363.19, Went::Up),
    ]
}

fn events() -> Vec<EventRow> {
    vec![
        EventRow {
            event: "fault0/begin".to_owned(),
            at_s: 60.0,
            first_detection_s: Some(0.81),
            control_s: Some(0.855),
            forwarding_s: Some(0.86),
            settled_s: Some(0.86),
            phases: Some(Phases {
                detect_s: 0.84,
                notify_s: 0.01,
                decide_s: 0.005,
                write_s: 0.005,
            }),
        },
        EventRow {
            event: "fault0/end".to_owned(),
            at_s: 360.0,
            first_detection_s: None,
            control_s: Some(3.2),
            forwarding_s: Some(3.22),
            settled_s: Some(0.0),
            phases: None,
        },
    ]
}

const PNIS: [(&str, &str, &str); 4] = [
    ("pni-ams-1", "ct-ams-1", "ms-ams-1"),
    ("pni-ams-2", "ct-ams-2", "ms-ams-2"),
    ("pni-fra-1", "ct-fra-1", "ms-fra-1"),
    ("pni-fra-2", "ct-fra-2", "ms-fra-2"),
];

fn loads() -> Vec<LoadSeries> {
    let mut all = Vec::new();
    for (index, (name, a, b)) in PNIS.into_iter().enumerate() {
        for (from, to) in [(a, b), (b, a)] {
            let steps: &[(f64, f64)] = match index {
                0 => &[(0.0, 20e9), (60.84, 0.0), (363.2, 20e9)],
                1 => &[(0.0, 20e9), (60.86, 40e9), (363.2, 20e9)],
                _ => &[(0.0, 9e9)],
            };
            all.push(LoadSeries {
                link: name.to_owned(),
                link_kind: "pni".to_owned(),
                direction: format!("{from}>{to}"),
                capacity: vec![Step { at_s: 0.0, bps: if index < 2 { 100e9 } else { 10e9 } }],
                offered: steps.iter().map(|&(at_s, bps)| Step { at_s, bps }).collect(),
            });
        }
    }
    all
}

fn links() -> Vec<LinkRow> {
    loads()
        .into_iter()
        .map(|load| {
            let capacity_bps = if load.link.starts_with("pni-ams") { 100 } else { 10 };
            let (peak, at) = match load.link.as_str() {
                "pni-ams-1" => (0.2, 0.0),
                "pni-ams-2" => (0.4, 60.86),
                _ => (0.9, 0.0),
            };
            LinkRow {
                link: load.link,
                link_kind: load.link_kind,
                direction: load.direction,
                capacity_bps: capacity_bps * 1_000_000_000,
                peak_utilization: Some(peak),
                peak_at_s: Some(at),
            }
        })
        .collect()
}

fn delivered() -> Vec<DeliveredSeries> {
    [(Direction::Forward, 60.86), (Direction::Return, 60.83)]
        .into_iter()
        .map(|(direction, until)| DeliveredSeries {
            demand: "teams-ams".to_owned(),
            direction,
            offered_bps: 40e9,
            ok: 0.99,
            points: [
                (0.0, 1.0),
                (60.0, 1.0),
                (60.0, 0.5),
                (until - 0.05, 0.5),
                (until, 1.0),
                (600.0, 1.0),
            ]
            .into_iter()
            .map(|(at_s, ratio)| DeliveredPoint { at_s, ratio })
            .collect(),
        })
        .collect()
}

fn map() -> MapData {
    let router = |name: &str, network: &str| MapRouter {
        name: name.to_owned(),
        network: network.to_owned(),
        worst: Health::Up,
    };
    let metro = |name: &str, about: &str, position: (f64, f64)| MapMetro {
        name: name.to_owned(),
        about: about.to_owned(),
        position: Some(position),
        sites: ["a", "b"]
            .iter()
            .enumerate()
            .map(|(index, letter)| {
                let number = index + 1;
                let mut routers = vec![
                    router(&format!("ct-{name}-{number}"), "contoso"),
                    router(&format!("ms-{name}-{number}"), "microsoft"),
                ];
                if index == 0 {
                    routers.push(router(&format!("ms-core-{name}"), "microsoft"));
                }
                MapSite { name: format!("{name}-{letter}"), routers }
            })
            .collect(),
    };
    let lag = |name: &str, kind: &str, a: &str, b: &str| MapLag {
        name: name.to_owned(),
        ends: [a.to_owned(), b.to_owned()],
        kind: kind.to_owned(),
        circuits: if kind == "pni" { 2 } else { 1 },
        circuits_failed: 0,
        worst: Health::Up,
    };
    let mut lags: Vec<MapLag> = PNIS.iter().map(|(name, a, b)| lag(name, "pni", a, b)).collect();
    lags[0].circuits_failed = 2;
    lags[0].worst = Health::Down;
    for (name, a, b) in [
        ("ct-ams", "ct-ams-1", "ct-ams-2"),
        ("ct-fra", "ct-fra-1", "ct-fra-2"),
        ("ct-ams-fra-1", "ct-ams-1", "ct-fra-1"),
        ("ct-ams-fra-2", "ct-ams-2", "ct-fra-2"),
        ("ms-ams-1-core", "ms-ams-1", "ms-core-ams"),
        ("ms-ams-2-core", "ms-ams-2", "ms-core-ams"),
        ("ms-fra-1-core", "ms-fra-1", "ms-core-fra"),
        ("ms-fra-2-core", "ms-fra-2", "ms-core-fra"),
        ("ms-ams-fra", "ms-core-ams", "ms-core-fra"),
    ] {
        lags.push(lag(name, "link", a, b));
    }
    MapData {
        metros: vec![
            metro("fra", "Frankfurt", (50.11, 8.68)),
            metro("ams", "Amsterdam", (52.37, 4.90)),
        ],
        lags,
    }
}

fn route() -> RouteRow {
    let text = str::to_owned;
    RouteRow {
        at_s: 0.0,
        event: text("start"),
        router: text("ms-ams-1"),
        prefix: text("198.51.100.0/24"),
        best: text("pni-ams-1/ipv4"),
        reason: text("only_one"),
        next_hop: text("pni-ams-1/ipv4"),
        as_path: text("64500"),
        origin: text("igp"),
        local_pref: Some(100),
        med: None,
        communities: text("8075:8007"),
        used: text("pni-ams-1/ipv4"),
        forwarding: text("pni-ams-1"),
    }
}

fn timeline() -> Vec<TimelineRow> {
    let row = |at_s: f64, element: &str, kind: &str, router: &str| TimelineRow {
        at_s,
        element: element.to_owned(),
        kind: kind.to_owned(),
        router: router.to_owned(),
        from: "up".to_owned(),
        to: "down".to_owned(),
        reason: String::new(),
        event: "fault0/begin".to_owned(),
    };
    vec![
        TimelineRow {
            to: "silent".to_owned(),
            reason: "pni_silent".to_owned(),
            ..row(60.0, "x-1001", "circuit", "")
        },
        TimelineRow {
            reason: "bfd_down".to_owned(),
            ..row(60.81, "pni-ams-1/ipv4", "session", "ct-ams-1")
        },
        TimelineRow {
            reason: "bfd_down, \"detection time\" over".to_owned(),
            ..row(60.84, "pni-ams-1/ipv4", "session", "ms-ams-1")
        },
    ]
}

/// The whole report of that run.
pub(super) fn report() -> RunReport {
    let assumption = |what: &str, value: &str, origin: Origin, source: &str| AssumptionRow {
        what: what.to_owned(),
        value: value.to_owned(),
        origin,
        source: source.to_owned(),
    };
    RunReport {
        result: RunResult {
            version: "0.1.0".to_owned(),
            engine: "timed".to_owned(),
            topology: "two-metro-voice".to_owned(),
            scenario: "silent-pni-with-bfd".to_owned(),
            seed: 1,
            as_of: "2026-11-22".to_owned(),
            command: "pnilab run --as-of 2026-11-22 scenarios/bfd/silent-pni-with-bfd.yaml"
                .to_owned(),
            duration_s: 600.0,
            verdict: Verdict::Fail,
            bounds: bounds(),
            faults: vec![FaultRow {
                fault: 0,
                at_s: 60.0,
                until_at_s: Some(360.0),
                kind: "pni_silent".to_owned(),
                target: "pni-ams-1".to_owned(),
            }],
            events: events(),
            sessions: sessions(),
            demands: vec![
                demand(Direction::Forward, 0.43, 60.86),
                demand(Direction::Return, 0.415, 60.83),
            ],
            links: links(),
            assumptions: vec![
                assumption(
                    "bgp.hold of pni-ams-1/ipv4",
                    "90s",
                    Origin::Profile,
                    "profile generic, RFC 4271 §10",
                ),
                assumption("router.fib_rate of ct-ams-1", "20000/s", Origin::Builtin, "pnilab"),
            ],
            varied: Some(varied()),
            transitions: 42,
            fingerprint: "9f0c2d5e8b7a41639f0c2d5e8b7a4163".to_owned(),
        },
        figures: RunFigures {
            about: "One of two PNIs goes silent; BFD 300 ms x 3 must move its half of the voice \
                    traffic within a second. Without BFD, LACP fast would take 2 to 3 s."
                .to_owned(),
            notes: vec!["Router ids of 4 routers are derived from their names.".to_owned()],
            lanes: lanes(),
            delivered: delivered(),
            loads: loads(),
            map: map(),
            timeline: timeline(),
            routes: vec![route().into()],
        },
    }
}

/// The same run with bounds that hold.
pub(super) fn passing() -> RunReport {
    let mut report = report();
    report.result.scenario = "silent-pni-passes".to_owned();
    report.result.verdict = Verdict::Pass;
    report.result.bounds.pop();
    report
}

/// What happened when assumptions were varied.
fn varied() -> Vec<VariedRow> {
    vec![
        VariedRow {
            what: "bgp.hold".to_owned(),
            value: "90s".to_owned(),
            origin: Origin::Profile,
            source: "profile generic, RFC 4271 §10".to_owned(),
            taken: 1,
            tried: ["5.63s", "45s", "3m", "24m"].map(str::to_owned).into(),
            flips: Vec::new(),
        },
        VariedRow {
            what: "router.fib_rate".to_owned(),
            value: "20000/s".to_owned(),
            origin: Origin::Builtin,
            source: "pnilab".to_owned(),
            taken: 1,
            tried: ["10000/s", "14200/s", "40000/s"].map(str::to_owned).into(),
            flips: vec![Flip {
                shift: Shift::Smaller,
                value: "14200/s".to_owned(),
                unchanged_at: Some("14300/s".to_owned()),
                verdict: Verdict::Fail,
                bounds: vec![0],
            }],
        },
    ]
}
