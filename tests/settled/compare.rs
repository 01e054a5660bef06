//! Where the settled evaluator says a network ends up, beside where a run does.

use std::collections::BTreeMap;

use pnilab::dataplane::tables::NextHops;
use pnilab::engine::queue::Limits;
use pnilab::ids::{Id, IdVec, RouterId, Side};
use pnilab::model::scenario::{Begin, Scenario, Start};
use pnilab::model::topology::{Role, Topology};
use pnilab::observe::{RunOptions, run};
use pnilab::proto::bgp::rib::{Best, Via};
use pnilab::report::data::{RunReport, Verdict as Told};
use pnilab::settled::{Before, Certificate, Element, Evaluator, Fault, How, Outcome, Verdict};
use pnilab::sweep::fault_kinds;
use pnilab::units::{Share, SimDuration, SimTime};

use super::dice::Dice;

/// Faults begin then.
const BEGIN: u64 = 10;
/// They are mended then: a session whose connections find a way past silent members one time in four,
/// and that tries every two minutes, is up by then.
const MENDED: u64 = 7_210;
/// The run is over then.
const OVER: u64 = 14_410;
/// Nothing changes for so long before either.
const QUIET: u64 = 200;

/// One to three faults, no two of one element.
pub(crate) fn faults(topology: &Topology, dice: &mut Dice) -> Vec<Fault> {
    let mut all: Vec<Fault> = Vec::new();
    for _ in 0..=dice.below(3) {
        let how = if dice.chance(40) { How::Silent } else { How::Fail };
        let element = element(topology, dice);
        let loud = matches!(element, Element::Card(_) | Element::Metro(_));
        let how = if loud { How::Fail } else { how };
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
        let found = match dice.below(23) {
            0..=8 => any(&topology.circuits, dice).map(Element::Circuit),
            9..=12 => any(&topology.lags, dice).map(Element::Lag),
            13 | 14 => Some(Element::Router(*dice.pick(&routers))),
            15 => any(&topology.srlgs, dice).map(Element::Srlg),
            16 => any(&topology.feeds, dice).map(Element::Feed),
            17 => any(&topology.sites, dice).map(Element::Site),
            18 => any(&topology.exchanges, dice).map(Element::Exchange),
            19 => any(&topology.cards, dice).map(Element::Card),
            20 => any(&topology.spans, dice).map(Element::Span),
            21 => any(&topology.metros, dice).map(Element::Metro),
            _ => any(&topology.sessions, dice).map(Element::Session),
        };
        if let Some(element) = found {
            return element;
        }
    }
}

fn play(topology: &Topology, seed: u64, faults: &[Fault]) -> Option<RunReport> {
    let secs = SimDuration::from_secs;
    let fault = |kind| pnilab::model::scenario::Fault {
        begin: Begin::At(SimTime::ZERO + secs(BEGIN)),
        lasts: Some(secs(MENDED - BEGIN)),
        repeat: None,
        jitter: SimDuration::ZERO,
        kind,
    };
    let kinds = faults.iter().flat_map(|fault| fault_kinds(topology, fault.element, fault.how));
    let scenario = Scenario {
        name: "settled".to_owned(),
        about: String::new(),
        seed,
        duration: secs(OVER),
        start: Start::Settled,
        faults: kinds.map(fault).collect(),
        bounds: Vec::new(),
    };
    // Routing that never comes to rest is no use here.
    let limits = Limits { events: 3_000_000, ..Limits::default() };
    let report = run(topology, &scenario, &RunOptions { limits, ..RunOptions::default() });
    (report.result.verdict != Told::Inconclusive).then_some(report)
}

/// What is compared, by name.
#[derive(Default)]
struct Picture {
    routes: BTreeMap<String, String>,
    /// Bits per second, and shares.
    figures: BTreeMap<String, f64>,
}

/// What rounding may do to a share.
const HAIR: f64 = 1e-6;

/// And to a rate, in bit/s: a part that moved may leave one behind, and each rate is rounded down.
const BITS: f64 = 64.0;

/// What a run looks like just before an instant.
fn seen(report: &RunReport, until: u64) -> Picture {
    let mut picture = shown(report, until);
    let event = match until {
        MENDED => "fault0/begin",
        OVER => "fault0/end",
        _ => return picture,
    };
    for row in &report.result.demands {
        let Some(event) = row.events.iter().find(|row| row.event == event) else { continue };
        let measures = [
            ("reachable", event.measures.reachable),
            ("localized", event.measures.localized),
            ("delay", event.measures.delay_after_s),
        ];
        for (what, figure) in measures {
            let name = format!("{what} {} {:?}", row.demand, row.direction);
            picture.figures.extend(figure.map(|figure| (name, figure)));
        }
    }
    picture
}

/// Of that what charts and tables of routes show.
fn shown(report: &RunReport, until: u64) -> Picture {
    #[expect(clippy::cast_precision_loss, reason = "small")]
    let until = until as f64;
    let mut picture = Picture::default();
    // Rows tell of the end of a window, or of the start.
    for row in report.figures.routes.iter().filter(|row| row.at_s <= until) {
        let text =
            format!("{} via {} use {} by {}", row.best, row.next_hop, row.used, row.forwarding);
        picture.routes.insert(format!("{} {}", row.router, row.prefix), text);
    }
    for load in &report.figures.loads {
        let last = |steps: &[pnilab::report::data::Step]| {
            steps.iter().rfind(|step| step.at_s < until).map_or(0.0, |step| step.bps)
        };
        for (what, steps) in [("load", &load.offered), ("capacity", &load.capacity)] {
            let name = format!("{what} {} {}", load.link, load.direction);
            picture.figures.insert(name, last(steps));
        }
    }
    for series in &report.figures.delivered {
        let last = series.points.iter().rfind(|point| point.at_s < until);
        let name = format!("demand {} {:?}", series.demand, series.direction);
        picture.figures.extend(last.map(|point| (name, point.ratio)));
    }
    picture
}

/// Whether anything has changed shortly before an instant.
fn restless(report: &RunReport, until: u64) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "small")]
    let [from, until] = [until.saturating_sub(QUIET), until].map(|at| at as f64);
    let rows = report.figures.timeline.iter();
    rows.into_iter().any(|row| {
        (from..until).contains(&row.at_s) && matches!(row.kind.as_str(), "rib" | "fib" | "routes")
    })
}

/// The same picture of an outcome; routers that do not run are left out.
fn expected(topology: &Topology, outcome: &Outcome) -> Picture {
    let mut picture = Picture::default();
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
                picture.routes.insert(format!("{name} {prefix}"), text.clone());
            }
        }
    }
    for (lag, ends) in outcome.loads.iter().flat_map(IdVec::iter_ids) {
        let name = |side: Side| &topology.routers[topology.lags[lag].ends[side].router].name;
        for side in Side::BOTH {
            let way = format!("{}>{}", name(side), name(side.other()));
            for (what, rate) in [("load", ends[side].offered), ("capacity", ends[side].capacity)] {
                let name = format!("{what} {} {way}", topology.lags[lag].name);
                picture.figures.insert(name, rate.as_f64());
            }
        }
    }
    for (demand, both) in outcome.demands.iter().flat_map(IdVec::iter_ids) {
        for (direction, delivery) in ["Forward", "Return"].iter().zip(both) {
            let share = |share: Option<Share>| share.map(Share::as_f64);
            #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
            let delay = delivery.delay_ns.map(|ns| ns as f64 / 1e9);
            let measures = [
                ("demand", share(delivery.delivered)),
                ("reachable", share(delivery.reachable)),
                ("localized", share(delivery.localized)),
                ("delay", delay),
            ];
            for (what, figure) in measures {
                let name = format!("{what} {} {direction}", topology.demands[demand].name);
                picture.figures.extend(figure.map(|figure| (name, figure)));
            }
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
    let routes = expected.routes.iter().filter_map(|(what, text)| {
        let other = seen.routes.get(what).map_or(" via  use  by ", |text| text);
        (text != other).then(|| format!("{what}: settled {text}; timed {other}"))
    });
    let figures = expected.figures.iter().filter_map(|(what, figure)| {
        // What never carries anything is not told of; what is not offered is not drawn.
        let is_rate = what.starts_with("load") || what.starts_with("capacity");
        let other = seen.figures.get(what).or(is_rate.then_some(&0.0))?;
        let same = (figure - other).abs() <= if is_rate { BITS } else { HAIR };
        (!same).then(|| format!("{what}: settled {figure}; timed {other}"))
    });
    routes.chain(figures).collect()
}

/// How often each verdict was given, and what was wrong with it.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    all: usize,
    constructed: usize,
    searched: usize,
    several: usize,
    none: usize,
    doubts: BTreeMap<String, usize>,
    wrong: Vec<String>,
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

    /// Compares random failures of a design, and their repair, with a run.
    pub(crate) fn judge(&mut self, topology: &Topology, seed: u64) {
        let faults = faults(topology, &mut Dice::new(seed, "settled/faults"));
        let evaluator = Evaluator::new(topology, seed);
        let failed = evaluator.evaluate(&faults, Before::Whole);
        let mended = evaluator.evaluate(&[], Before::Anything);
        self.add(&failed.verdict);
        self.add(&mended.verdict);
        let report = play(topology, seed, &faults);
        let begins = evaluator.evaluate(&[], Before::Whole);
        let Some(report) = report else {
            // What has several stable states, or none, may never come to rest.
            if [&begins, &failed, &mended].iter().all(|outcome| is_constructed(&outcome.verdict)) {
                self.wrong.push(format!("seed {seed}: stopped by a limit, {:?}", failed.verdict));
            }
            return;
        };
        let stages =
            [(&begins, BEGIN, "begins"), (&failed, MENDED, "failed"), (&mended, OVER, "mended")];
        for (outcome, until, when) in stages {
            let found = compare(topology, outcome, &report, until);
            if !found.is_empty() {
                let found = found.join("\n  ");
                self.wrong.push(format!("seed {seed}, {when}, {faults:?}:\n  {found}"));
            }
        }
    }

    /// What was wrong since the last look.
    pub(crate) fn wrong(&mut self) -> Result<(), String> {
        let wrong = std::mem::take(&mut self.wrong);
        wrong.is_empty().then_some(()).ok_or_else(|| wrong.join("\n"))
    }

    /// Fails if anything was wrong, or less than so many of a hundred outcomes are certain.
    pub(crate) fn demand(&mut self, percent: usize) {
        self.wrong().unwrap_or_else(|wrong| panic!("{wrong}"));
        let Self { all, constructed, searched, .. } = &*self;
        assert!((constructed + searched) * 100 >= all * percent, "too few are certain: {self:?}");
    }
}

fn is_constructed(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Unique(Certificate::Constructed { .. }))
}

/// Groups of which a run has ended in none of the states that are stable.
fn none_of_several(topology: &Topology, outcome: &Outcome, seen: &Picture) -> Vec<String> {
    let mut found = Vec::new();
    for group in &outcome.groups {
        let Verdict::Several(_, states) = &group.verdict else { continue };
        let prefix = topology.prefixes[group.prefixes[0]].prefix;
        let is_seen = |(router, via): (RouterId, &Option<Via>)| {
            let name = &topology.routers[router].name;
            let text = seen.routes.get(&format!("{name} {prefix}")).map_or("", |text| text);
            let best = via.map_or(String::new(), |via| via_name(topology, router, via));
            !outcome.running[router] || text.split(" via ").next() == Some(&best)
        };
        if !states.iter().any(|state| state.iter_ids().all(is_seen)) {
            found.push(format!("{prefix}: {:?} is none of {states:?}", seen.routes));
        }
    }
    found
}

fn via_name(topology: &Topology, router: RouterId, via: Via) -> String {
    let here = |id: &pnilab::ids::SessionId| {
        topology.sessions[*id].ends.iter().any(|end| end.router == router)
    };
    match via {
        Via::Local => "local".to_owned(),
        Via::Session(slot) => {
            let id = topology.sessions.ids().filter(here).nth(slot.index());
            topology.sessions[id.expect("a slot counts sessions")].name.clone()
        }
    }
}

fn compare(topology: &Topology, outcome: &Outcome, report: &RunReport, until: u64) -> Vec<String> {
    let certificate = match &outcome.verdict {
        Verdict::Unique(certificate) => *certificate,
        Verdict::Several(..) | Verdict::None(..) if restless(report, until) => return Vec::new(),
        Verdict::Several(..) => return none_of_several(topology, outcome, &seen(report, until)),
        Verdict::None(..) => return vec!["the run is quiet".to_owned()],
        Verdict::Unknown(_) => return Vec::new(),
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
