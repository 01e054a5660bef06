//! The settled evaluator against the timed simulation: random designs, random failures, their repair.
//!
//! Wherever the evaluator says that an outcome is the only one, a run must end in it: best routes, the
//! routes used beside them, forwarding, loads and what is delivered. Case `n` is drawn from the seed
//! `PNILAB_SEED` plus `n`; `PNILAB_CASES` asks for more cases.

#[path = "settled/design.rs"]
mod design;

use std::collections::BTreeMap;

use pnilab::dataplane::tables::NextHops;
use pnilab::diag::Source;
use pnilab::diag::render::{Style, render};
use pnilab::engine::queue::Limits;
use pnilab::ids::{CircuitId, Id, IdVec, RouterId, Side};
use pnilab::model::load_topology;
use pnilab::model::scenario::{Begin, FaultKind, Scenario, Start};
use pnilab::model::topology::{Role, Topology};
use pnilab::observe::{RunOptions, run};
use pnilab::proto::bgp::rib::{Best, Via};
use pnilab::report::data::{RunReport, Verdict as Told};
use pnilab::settled::{Before, Certificate, Element, Evaluator, Fault, How, Outcome, Verdict};
use pnilab::units::{SimDuration, SimTime};

use design::{Design, Dice};

/// Faults begin then.
const BEGIN: u64 = 10;
/// They are mended then.
const MENDED: u64 = 910;
/// The run is over then.
const OVER: u64 = 1_810;
/// Nothing changes for so long before either.
const QUIET: u64 = 200;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

fn load(text: &str) -> Topology {
    load_topology(&Source::new("design.yaml", text))
        .unwrap_or_else(|errors| panic!("{text}\n{}", render(&errors, Style::Plain)))
        .0
}

/// One to three faults, no two of one element.
fn faults(topology: &Topology, dice: &mut Dice) -> Vec<Fault> {
    let mut all: Vec<Fault> = Vec::new();
    for _ in 0..=dice.below(3) {
        let how = if dice.chance(40) { How::Silent } else { How::Fail };
        let element = element(topology, dice);
        if all.iter().all(|fault| fault.element != element) {
            all.push(Fault { element, how });
        }
    }
    all
}

fn element(topology: &Topology, dice: &mut Dice) -> Element {
    fn any<I: Id, T>(all: &IdVec<I, T>, dice: &mut Dice) -> Option<I> {
        (!all.is_empty()).then(|| I::from_index(dice.below(all.len())))
    }
    let of_network = |router: &RouterId| topology.routers[*router].role == Role::Router;
    let routers: Vec<RouterId> = topology.routers.ids().filter(of_network).collect();
    loop {
        let found = match dice.below(20) {
            0..=8 => any(&topology.circuits, dice).map(Element::Circuit),
            9..=12 => any(&topology.lags, dice).map(Element::Lag),
            13 | 14 => Some(Element::Router(*dice.pick(&routers))),
            15 => any(&topology.srlgs, dice).map(Element::Srlg),
            16 => any(&topology.feeds, dice).map(Element::Feed),
            17 => any(&topology.sites, dice).map(Element::Site),
            18 => any(&topology.exchanges, dice).map(Element::Exchange),
            _ => any(&topology.sessions, dice).map(Element::Session),
        };
        if let Some(element) = found {
            return element;
        }
    }
}

/// The fault as scenarios have it.
fn kind(topology: &Topology, fault: Fault) -> FaultKind {
    let toward = None;
    let circuits = |circuits: Vec<CircuitId>| match fault.how {
        How::Fail => FaultKind::CircuitCut { circuits, toward },
        How::Silent => FaultKind::CircuitSilent { circuits, toward },
    };
    let routers = |routers: Vec<RouterId>| match fault.how {
        How::Fail => FaultKind::RouterPowerOff(routers),
        How::Silent => FaultKind::ForwardingHang(routers),
    };
    match fault.element {
        Element::Circuit(circuit) => circuits(vec![circuit]),
        Element::Lag(lag) => circuits(topology.lags[lag].circuits.clone()),
        Element::Router(router) => routers(vec![router]),
        Element::Srlg(srlg) => match fault.how {
            How::Fail => FaultKind::SrlgFail(vec![srlg]),
            How::Silent => circuits(pnilab::model::hits::sharing(topology, &[srlg]).0),
        },
        Element::Feed(feed) => FaultKind::FeedFail(vec![feed]),
        Element::Site(site) => match fault.how {
            How::Fail => FaultKind::SitePower(vec![site]),
            How::Silent => routers(pnilab::model::hits::routers_in(topology, &[site])),
        },
        Element::Exchange(exchange) => match fault.how {
            How::Fail => FaultKind::FabricFail(vec![exchange]),
            How::Silent => {
                let ports = &topology.exchanges[exchange].ports;
                circuits(pnilab::model::hits::members(topology, ports))
            }
        },
        Element::Session(session) => {
            FaultKind::AdminShutdown { sessions: vec![session], router: None }
        }
        Element::Card(card) => FaultKind::CardFail(vec![card]),
        Element::Metro(metro) => FaultKind::MetroOutage(vec![metro]),
        Element::Span(span) => FaultKind::SpanCut(vec![span]),
    }
}

fn play(topology: &Topology, seed: u64, faults: &[Fault]) -> Option<RunReport> {
    let secs = SimDuration::from_secs;
    let fault = |fault: &Fault| pnilab::model::scenario::Fault {
        begin: Begin::At(SimTime::ZERO + secs(BEGIN)),
        lasts: Some(secs(MENDED - BEGIN)),
        repeat: None,
        jitter: SimDuration::ZERO,
        kind: kind(topology, *fault),
    };
    let scenario = Scenario {
        name: "settled".to_owned(),
        about: String::new(),
        seed,
        duration: secs(OVER),
        start: Start::Settled,
        faults: faults.iter().map(fault).collect(),
        bounds: Vec::new(),
    };
    // Routing that never comes to rest is no use here.
    let limits = Limits { events: 3_000_000, ..Limits::default() };
    let report = run(topology, &scenario, &RunOptions { limits, ..RunOptions::default() });
    (report.result.verdict != Told::Inconclusive).then_some(report)
}

/// What a run looks like just before an instant: by name, whatever is compared.
type Picture = BTreeMap<String, String>;

fn seen(report: &RunReport, until: u64) -> Picture {
    #[expect(clippy::cast_precision_loss, reason = "small")]
    let until = until as f64;
    let mut picture = Picture::new();
    for row in report.figures.routes.iter().filter(|row| row.at_s <= until) {
        let text =
            format!("{} via {} use {} by {}", row.best, row.next_hop, row.used, row.forwarding);
        picture.insert(format!("route {} {}", row.router, row.prefix), text);
    }
    for load in &report.figures.loads {
        let last = |steps: &[pnilab::report::data::Step]| {
            steps.iter().rfind(|step| step.at_s < until).map_or(0.0, |step| step.bps)
        };
        let text = format!("{} of {}", last(&load.offered), last(&load.capacity));
        picture.insert(format!("load {} {}", load.link, load.direction), text);
    }
    for series in &report.figures.delivered {
        let last = series.points.iter().rfind(|point| point.at_s < until);
        let text = last.map_or(String::new(), |point| rounded(point.ratio));
        picture.insert(format!("demand {} {:?}", series.demand, series.direction), text);
    }
    picture
}

fn rounded(ratio: f64) -> String {
    format!("{ratio:.6}")
}

/// Whether anything has changed shortly before an instant.
fn restless(report: &RunReport, until: u64) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "small")]
    let [from, until] = [until - QUIET, until].map(|at| at as f64);
    let rows = report.figures.timeline.iter();
    rows.into_iter().any(|row| {
        (from..until).contains(&row.at_s) && matches!(row.kind.as_str(), "rib" | "fib" | "routes")
    })
}

/// The same picture of an outcome; routers that do not run are left out.
fn expected(topology: &Topology, outcome: &Outcome) -> Picture {
    let mut picture = Picture::new();
    let mut at: IdVec<RouterId, Vec<pnilab::ids::SessionId>> =
        topology.routers.iter().map(|_| Vec::new()).collect();
    for (id, session) in topology.sessions.iter_ids() {
        session.ends.iter().for_each(|end| at[end.router].push(id));
    }
    for group in &outcome.groups {
        let running = |(router, _): &(RouterId, _)| outcome.running[*router];
        for (router, best) in group.routes.iter_ids().filter(running) {
            let name = &topology.routers[router].name;
            let text = route(topology, &at[router], best.as_ref(), &group.hops[router]);
            for prefix in &group.prefixes {
                let prefix = topology.prefixes[*prefix].prefix;
                picture.insert(format!("route {name} {prefix}"), text.clone());
            }
        }
    }
    for (lag, ends) in outcome.loads.iter().flat_map(IdVec::iter_ids) {
        let name = |side: Side| &topology.routers[topology.lags[lag].ends[side].router].name;
        for side in Side::BOTH {
            let way = format!("{}>{}", name(side), name(side.other()));
            let load = &ends[side];
            let text = format!("{} of {}", load.offered.as_bps(), load.capacity.as_bps());
            picture.insert(format!("load {} {way}", topology.lags[lag].name), text);
        }
    }
    for (demand, both) in outcome.demands.iter().flat_map(IdVec::iter_ids) {
        for (direction, delivery) in ["Forward", "Return"].iter().zip(both) {
            let text = delivery.delivered.map_or("nothing".to_owned(), |d| rounded(d.as_f64()));
            let name = &topology.demands[demand].name;
            picture.insert(format!("demand {name} {direction}"), text);
        }
    }
    picture
}

fn route(
    topology: &Topology,
    sessions: &[pnilab::ids::SessionId],
    best: Option<&Best>,
    hops: &NextHops,
) -> String {
    use pnilab::proto::bgp::advertise::NextHop;
    let via = |via: Via| match via {
        Via::Local => "local".to_owned(),
        Via::Session(slot) => topology.sessions[sessions[slot.index()]].name.clone(),
    };
    let next = |next_hop: NextHop| match next_hop {
        NextHop::Own => "self".to_owned(),
        NextHop::Neighbor(session) => topology.sessions[session].name.clone(),
        NextHop::Lan(port) => topology.lags[port].name.clone(),
        NextHop::Router(router) => topology.routers[router].name.clone(),
    };
    let equal = hops.windows(2).all(|pair| pair[0].weight == pair[1].weight);
    let hop = |hop: &pnilab::dataplane::tables::Hop| {
        let exit = hop.exit.map_or(String::new(), |exit| format!(">{}", topology.lags[exit].name));
        let weight = if equal { String::new() } else { format!("*{}", hop.weight) };
        format!("{}{exit}{weight}", topology.lags[hop.lag].name)
    };
    let used: Vec<String> =
        best.iter().flat_map(|best| &best.multipath).map(|used| via(used.via)).collect();
    format!(
        "{} via {} use {} by {}",
        best.map_or(String::new(), |best| via(best.via)),
        best.map_or(String::new(), |best| next(best.route.next_hop)),
        used.join(" "),
        hops.iter().map(hop).collect::<Vec<_>>().join(" ")
    )
}

/// What differs; what a picture does not know of is not compared.
fn differences(expected: &Picture, seen: &Picture) -> Vec<String> {
    let empty = " via  use  by ";
    let differs = |(what, text): (&String, &String)| {
        let other = seen.get(what).map_or(empty, |text| text);
        let nothing = text == "nothing";
        (text != other && !nothing).then(|| format!("{what}: settled {text}; timed {other}"))
    };
    expected.iter().filter_map(differs).collect()
}

/// How often each verdict was given.
#[derive(Default)]
struct Tally {
    all: usize,
    constructed: usize,
    searched: usize,
    several: usize,
    none: usize,
    doubts: BTreeMap<String, usize>,
}

impl Tally {
    fn add(&mut self, verdict: &Verdict) {
        self.all += 1;
        match verdict {
            Verdict::Unique(Certificate::Constructed { .. }) => self.constructed += 1,
            Verdict::Unique(Certificate::Searched { .. }) => self.searched += 1,
            Verdict::Several(..) => self.several += 1,
            Verdict::None(..) => self.none += 1,
            Verdict::Unknown(doubts) => {
                let word = format!("{:?}", doubts[0]);
                let word = word.split('(').next().unwrap_or_default().to_owned();
                *self.doubts.entry(word).or_insert(0) += 1;
            }
        }
    }
}

fn compare(topology: &Topology, outcome: &Outcome, report: &RunReport, until: u64) -> Vec<String> {
    let certificate = match outcome.verdict {
        Verdict::Unique(certificate) => certificate,
        Verdict::Several(..) | Verdict::None(..) | Verdict::Unknown(_) => return Vec::new(),
    };
    if restless(report, until) {
        // What has one stable state need not find it; what was constructed does.
        return match certificate {
            Certificate::Constructed { .. } => vec!["the run is not quiet".to_owned()],
            Certificate::Searched { .. } => Vec::new(),
        };
    }
    differences(&expected(topology, outcome), &seen(report, until))
}

#[test]
fn where_an_outcome_is_the_only_one_a_run_ends_in_it() {
    let (first, cases) =
        (number("PNILAB_SEED").unwrap_or(1), number("PNILAB_CASES").unwrap_or(120));
    let mut tally = Tally::default();
    let mut wrong = Vec::new();
    for seed in first..first + cases {
        let text = Design::text(seed);
        let topology = load(&text);
        let faults = faults(&topology, &mut Dice::new(seed, "settled/faults"));
        let evaluator = Evaluator::new(&topology, seed);
        let failed = evaluator.evaluate(&faults, Before::Whole);
        let mended = evaluator.evaluate(&[], Before::Anything);
        tally.add(&failed.verdict);
        tally.add(&mended.verdict);
        let unique = |outcome: &Outcome| matches!(outcome.verdict, Verdict::Unique(_));
        if !unique(&failed) && !unique(&mended) {
            continue;
        }
        let Some(report) = play(&topology, seed, &faults) else {
            // What has several stable states may not find one of them before the clock starts.
            let begins = evaluator.evaluate(&[], Before::Whole).verdict;
            if !matches!(begins, Verdict::Unique(Certificate::Constructed { .. })) {
                continue;
            }
            let sure = [&failed, &mended].map(|outcome| &outcome.verdict);
            wrong.push(format!("seed {seed}: stopped by a limit, {sure:?}"));
            continue;
        };
        let pairs = [(&failed, MENDED, "failed"), (&mended, OVER, "mended")];
        for (outcome, until, when) in pairs {
            let found = compare(&topology, outcome, &report, until);
            if !found.is_empty() {
                let found = found.join("\n  ");
                wrong.push(format!("seed {seed}, {when}, {faults:?}:\n  {found}"));
            }
        }
    }
    let Tally { all, constructed, searched, several, none, doubts } = &tally;
    println!(
        "{all}: {constructed} constructed, {searched} searched, {several} several, {none} none, {doubts:?}"
    );
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
    assert!((constructed + searched) * 10 >= all * 6, "at least 60 % are certain");
}
