//! BGP on random networks of up to six routers against trying every choice of all routers.
//!
//! A state gives each router one way to the prefix: none, its own, an external session, or what
//! an internal peer uses. It is stable if each router's way is the best of what its neighbours
//! then offer. All states are tried; where exactly one is stable, a simulated network must end in
//! it (only that prefix is told to other networks): from a cold start, and as the settled state
//! that a run begins with. Networks mesh, or some of their routers reflect (RFC 4456).

#![expect(clippy::format_push_string, reason = "a design is written line by line")]

use std::collections::BTreeMap;

use pnilab::diag::Source;
use pnilab::diag::render::{Style, render};
use pnilab::engine::queue::Limits;
use pnilab::ids::{Id, SessionId};
use pnilab::model::topology::Topology;
use pnilab::model::{ScenarioFile, load_topology};
use pnilab::observe::{RunOptions, run};
use pnilab::proto::bgp::rib::Via;
use pnilab::report::data::{RunReport, Verdict};
use pnilab::rng::Draws;
use pnilab::settled::{Before, Element, Evaluator, Fault, How, State, Verdict as Settled};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Customer,
    Peer,
    Provider,
}

/// What one end of a PNI does with routes.
#[derive(Clone, Copy, Debug)]
struct Side {
    local_pref: Option<u32>,
    /// Longest AS path it takes in.
    longest: Option<usize>,
    prepend: usize,
    med: Option<u32>,
}

#[derive(Clone, Debug)]
struct Pni {
    ends: [usize; 2],
    /// What the second end is to the first.
    relation: Relation,
    sides: [Side; 2],
}

/// The metric of a link that is cut.
const CUT: u64 = u64::MAX;

#[derive(Clone, Debug)]
struct Net {
    /// Network of each router; the prefix is at router 0.
    networks: Vec<usize>,
    ids: Vec<usize>,
    /// Which routers reflect to all of their network that do not.
    reflects: Vec<bool>,
    pnis: Vec<Pni>,
    /// `(ends, metric)`, inside networks.
    links: Vec<([usize; 2], u64)>,
}

/// How a router reaches the prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    None,
    Local,
    /// A PNI.
    External(usize),
    /// An internal peer.
    Internal(usize),
}

#[derive(Clone, Debug)]
struct Route {
    way: Way,
    local_pref: u32,
    path: Vec<usize>,
    med: u32,
    /// `None`: the network's own.
    learned: Option<Relation>,
    metric: u64,
    /// Identifier of the originator, and then of who tells it.
    ids: [usize; 2],
    /// The router of the own network where it comes in.
    exit: usize,
    /// Reflectors it passed, the last first.
    clusters: Vec<usize>,
}

impl Net {
    fn random(seed: u64) -> Self {
        let draws = Draws::new(seed, "oracle");
        let mut count = 0;
        let mut draw = |bound: usize| {
            count += 1;
            let bound = u64::try_from(bound).expect("small");
            usize::try_from(draws.index_below(count, bound)).expect("small")
        };
        let size = 2 + draw(5);
        let kinds = 2 + draw(size - 1);
        let networks: Vec<usize> =
            (0..size).map(|i| if i < kinds { i } else { draw(kinds) }).collect();
        // Identifiers in random order.
        let mut ids: Vec<usize> = (1..=size).collect();
        for i in (1..size).rev() {
            ids.swap(i, draw(i + 1));
        }
        let turn = draw(11);
        let (mut pnis, mut links) = (Vec::new(), Vec::new());
        for b in 1..size {
            for a in 0..b {
                if networks[a] == networks[b] {
                    // At most 10 links, so these are different powers of two, whose sums
                    // differ: no two paths are equally short.
                    links.push(([a, b], 1 << ((links.len() * 7 + turn) % 11)));
                } else if draw(10) < 6 {
                    let relation = [Relation::Customer, Relation::Peer, Relation::Provider];
                    let mut side = || Side {
                        local_pref: [None, None, Some(90), Some(110), Some(200)][draw(5)],
                        longest: [None, None, None, Some(2)][draw(4)],
                        prepend: [0, 0, 0, 1, 2][draw(5)],
                        med: [None, None, Some(5), Some(10)][draw(4)],
                    };
                    let sides = [side(), side()];
                    pnis.push(Pni { ends: [a, b], relation: relation[draw(3)], sides });
                }
            }
        }
        let reflects = vec![false; size];
        Self { networks, ids, reflects, pnis, links }
    }

    /// The same with reflectors, about one in three routers.
    fn reflecting(seed: u64) -> Self {
        let draws = Draws::new(seed, "oracle/reflectors");
        let mut net = Self::random(seed);
        for router in 0..net.reflects.len() {
            net.reflects[router] = draws.index_below(router as u64, 3) == 0;
        }
        net
    }

    /// The same with one or two PNIs or links cut, and their names.
    fn with_cuts(&self, seed: u64) -> (Self, Vec<String>) {
        let draws = Draws::new(seed, "oracle/cuts");
        let (mut net, mut cut) = (self.clone(), Vec::new());
        for n in 0..2 {
            let pnis = self.pnis.len();
            let all = u64::try_from(pnis + self.links.len()).expect("small");
            let index = usize::try_from(draws.index_below(n, all.max(1))).expect("small");
            if index < pnis {
                // Over it nothing is taken in.
                net.pnis[index].sides.iter_mut().for_each(|side| side.longest = Some(0));
                cut.push(format!("e{index}"));
            } else if let Some((_, metric)) = net.links.get_mut(index - pnis) {
                *metric = CUT;
                cut.push(format!("l{}", index - pnis));
            }
        }
        (net, cut)
    }

    /// Whether a router's network has reflectors.
    fn is_reflected(&self, router: usize) -> bool {
        let own = self.networks[router];
        (0..self.networks.len()).any(|r| self.networks[r] == own && self.reflects[r])
    }

    /// Whether two routers of a network have a session.
    fn speak(&self, a: usize, b: usize) -> bool {
        !self.is_reflected(a) || self.reflects[a] || self.reflects[b]
    }

    /// Distance and next router from each to each inside networks; `None`: unreachable.
    fn interior(&self) -> Vec<Vec<Option<(u64, usize)>>> {
        let size = self.networks.len();
        let mut best: Vec<Vec<Option<(u64, usize)>>> = vec![vec![None; size]; size];
        for (router, row) in best.iter_mut().enumerate() {
            row[router] = Some((0, router));
        }
        for _ in 0..size {
            for (ends, metric) in &self.links {
                if *metric == CUT {
                    continue;
                }
                for (a, b) in [(ends[0], ends[1]), (ends[1], ends[0])] {
                    let beyond = best[b].clone();
                    for (known, beyond) in best[a].iter_mut().zip(beyond) {
                        let Some((far, _)) = beyond else { continue };
                        if known.is_none_or(|(known, _)| far + metric < known) {
                            *known = Some((far + metric, b));
                        }
                    }
                }
            }
        }
        best
    }

    /// All ways a router might have.
    fn ways(&self, router: usize) -> Vec<Way> {
        if router == 0 {
            return vec![Way::Local];
        }
        let pnis = (0..self.pnis.len()).filter(|p| self.pnis[*p].ends.contains(&router));
        let own = self.networks[router];
        let peers = (0..self.networks.len())
            .filter(|r| *r != router && self.networks[*r] == own && self.speak(*r, router));
        let ways = pnis.map(Way::External).chain(peers.map(Way::Internal));
        std::iter::once(Way::None).chain(ways).collect()
    }

    /// The route that `way` is at `router` in a state, if the neighbour offers one. `depth` ends
    /// states that go round in circles.
    fn route(
        &self,
        state: &[Way],
        interior: &[Vec<Option<(u64, usize)>>],
        (router, way): (usize, Way),
        depth: usize,
    ) -> Option<Route> {
        if depth > 2 * state.len() {
            return None;
        }
        match way {
            Way::None => None,
            Way::Local => Some(Route {
                way,
                local_pref: 100,
                path: Vec::new(),
                med: 0,
                learned: None,
                metric: 0,
                ids: [0, 0],
                exit: router,
                clusters: Vec::new(),
            }),
            Way::Internal(peer) => {
                let theirs = state[peer];
                let route = self.route(state, interior, (peer, theirs), depth + 1)?;
                let route = match theirs {
                    Way::Internal(third) => self.reflected(route, [third, peer, router])?,
                    Way::None | Way::Local | Way::External(_) => route,
                };
                let (metric, _) = interior[router][route.exit]?;
                let ids = [self.ids[route.exit], self.ids[peer]];
                Some(Route { way, metric, ids, ..route })
            }
            Way::External(pni) => {
                let Pni { ends, relation, sides } = &self.pnis[pni];
                let mine = usize::from(ends[1] == router);
                let peer = ends[1 - mine];
                let theirs = self.route(state, interior, (peer, state[peer]), depth + 1)?;
                let (peer_is, i_am) = match (mine, relation) {
                    (_, Relation::Peer) => (Relation::Peer, Relation::Peer),
                    (0, Relation::Customer) | (1, Relation::Provider) => {
                        (Relation::Customer, Relation::Provider)
                    }
                    _ => (Relation::Provider, Relation::Customer),
                };
                let told = matches!(theirs.learned, None | Some(Relation::Customer))
                    || i_am == Relation::Customer;
                let out = sides[1 - mine];
                let own = self.networks[router];
                let mut path = vec![self.networks[peer]; 1 + out.prepend];
                path.extend(&theirs.path);
                let fits = sides[mine].longest.is_none_or(|longest| path.len() <= longest);
                (told && fits && !path.contains(&own)).then(|| Route {
                    way,
                    local_pref: sides[mine].local_pref.unwrap_or(100),
                    path,
                    med: out.med.unwrap_or(0),
                    learned: Some(peer_is),
                    metric: 0,
                    ids: [self.ids[peer]; 2],
                    exit: router,
                    clusters: Vec::new(),
                })
            }
        }
    }

    /// What `router` makes of a route that `peer` has from `third`, if that passes it on: what a
    /// client told, and to clients everything; all that do not reflect are clients.
    fn reflected(&self, mut route: Route, [third, peer, router]: [usize; 3]) -> Option<Route> {
        let one_is_client = !self.reflects[third] || !self.reflects[router];
        if !self.reflects[peer] || third == router || !one_is_client {
            return None;
        }
        route.clusters.insert(0, peer);
        let comes_back = self.reflects[router] && route.clusters.contains(&router);
        (route.exit != router && !comes_back).then_some(route)
    }

    fn best(&self, state: &[Way], interior: &[Vec<Option<(u64, usize)>>], router: usize) -> Way {
        let ways = self.ways(router).into_iter();
        let mut all: Vec<Route> =
            ways.filter_map(|way| self.route(state, interior, (router, way), 0)).collect();
        let keep = |all: &mut Vec<Route>, key: &dyn Fn(&Route) -> u64| {
            let least = all.iter().map(key).min();
            all.retain(|route| Some(key(route)) == least);
        };
        let long = |length: usize| u64::try_from(length).expect("small");
        keep(&mut all, &|route| u64::from(u32::MAX - route.local_pref));
        keep(&mut all, &|route| long(route.path.len()));
        let rivals = all.clone();
        all.retain(|route| {
            let beats =
                |other: &Route| other.path.first() == route.path.first() && other.med < route.med;
            !rivals.iter().any(beats)
        });
        keep(&mut all, &|route| u64::from(matches!(route.way, Way::Internal(_))));
        keep(&mut all, &|route| route.metric);
        keep(&mut all, &|route| long(route.ids[0]));
        keep(&mut all, &|route| long(route.clusters.len()));
        keep(&mut all, &|route| long(route.ids[1]));
        all.first().map_or(Way::None, |route| route.way)
    }

    /// All stable states.
    fn stable(&self) -> Vec<Vec<Way>> {
        let interior = self.interior();
        let choices: Vec<Vec<Way>> = (0..self.networks.len()).map(|r| self.ways(r)).collect();
        let count: usize = choices.iter().map(Vec::len).product();
        let mut found = Vec::new();
        for mut number in 0..count {
            let mut state = Vec::new();
            for ways in &choices {
                state.push(ways[number % ways.len()]);
                number /= ways.len();
            }
            let settled = |router: usize| self.best(&state, &interior, router) == state[router];
            if (0..state.len()).all(settled) {
                found.push(state);
            }
        }
        found
    }

    /// Whether routers that choose anew in turns, each turn some of them at once, come to rest
    /// in many orders; the first order is all at once.
    fn rests_in_turns(&self, seed: u64) -> bool {
        let (interior, size) = (self.interior(), self.networks.len());
        (0..50).all(|order| {
            let draws = Draws::new(seed, &format!("order/{order}"));
            let mut state = vec![Way::None; size];
            (0..1_000).any(|turn| {
                let chosen = |router: &usize| order == 0 || draws.bits(turn) >> router & 1 == 1;
                let best = |router| self.best(&state, &interior, router);
                let next: Vec<(usize, Way)> =
                    (0..size).filter(chosen).map(|router| (router, best(router))).collect();
                for (router, way) in next {
                    state[router] = way;
                }
                (0..size).all(|router| self.best(&state, &interior, router) == state[router])
            })
        })
    }

    /// One-way delay of a packet from a router to the prefix, in units of 5 us; `None`: lost.
    fn delay(&self, state: &[Way], from: usize) -> Option<u64> {
        let interior = self.interior();
        let (mut at, mut sum) = (from, 0);
        for _ in 0..=state.len() {
            match state[at] {
                Way::Local => return Some(sum),
                Way::None => return None,
                Way::External(pni) => {
                    let ends = self.pnis[pni].ends;
                    sum += km(pni);
                    at = if ends[0] == at { ends[1] } else { ends[0] };
                }
                Way::Internal(_) => {
                    let exit = self.route(state, &interior, (at, state[at]), 0)?.exit;
                    let (_, next) = interior[at][exit]?;
                    let joins =
                        |(ends, _): &([usize; 2], u64)| ends.contains(&at) && ends.contains(&next);
                    let link = self.links.iter().position(joins)?;
                    sum += km(self.pnis.len() + link);
                    at = next;
                }
            }
        }
        None
    }

    fn name(router: usize, way: Way) -> String {
        match way {
            Way::None => "none".to_owned(),
            Way::Local => "local".to_owned(),
            Way::External(pni) => format!("e{pni}/ipv4"),
            Way::Internal(peer) => format!("r{}--r{}/ipv4", router.min(peer), router.max(peer)),
        }
    }

    fn names(state: &[Way]) -> Vec<String> {
        state.iter().enumerate().map(|(router, way)| Self::name(router, *way)).collect()
    }

    fn ibgp(&self, network: usize) -> String {
        let reflectors: Vec<String> = (0..self.networks.len())
            .filter(|router| self.networks[*router] == network && self.reflects[*router])
            .map(|router| format!("r{router}"))
            .collect();
        match &*reflectors {
            [] => String::new(),
            some => format!(", ibgp: {{mode: reflection, reflectors: [{}]}}", some.join(", ")),
        }
    }

    fn text(&self) -> String {
        let mut text =
            "pnilab: topology/1\nmetros: {m: {}}\nsites: {s: {metro: m}}\nnetworks:\n".to_owned();
        let last = *self.networks.iter().max().expect("there are routers");
        for network in 0..=last {
            let asn = 64500 + network;
            let ibgp = self.ibgp(network);
            text += &format!("  n{network}: {{asn: {asn}, igp: {{hello: 1s, dead: 3s}}{ibgp}}}\n");
        }
        text += "routers:\n";
        for (router, network) in self.networks.iter().enumerate() {
            let id = self.ids[router];
            text +=
                &format!("  r{router}: {{network: n{network}, site: s, router_id: 10.0.0.{id}}}\n");
        }
        text += "pnis:\n  x-none: {}\n";
        for (index, pni) in self.pnis.iter().enumerate() {
            let [a, b] = pni.ends;
            let relation = match pni.relation {
                Relation::Customer => "customer",
                Relation::Peer => "peer",
                Relation::Provider => "provider",
            };
            let side = |side: &Side| {
                let preference = side
                    .local_pref
                    .map_or(String::new(), |p| format!("set: {{local_pref: {p}}}, "));
                let longest = side
                    .longest
                    .map_or(String::new(), |n| format!("match: {{as_path_at_most: {n}}}, "));
                let med = side.med.map_or(String::new(), |m| format!(", med: {m}"));
                format!(
                    "{{import: [{{name: i, {longest}{preference}then: accept}}], \
                     export: [{{name: e, match: {{prefix: 10.1.0.0/24}}, set: {{prepend: {}{med}}}, then: accept}}]}}",
                    side.prepend
                )
            };
            text += &format!(
                "  e{index}: {{ends: [r{a}, r{b}], relation: {relation}, sessions: {{ipv4: {{}}}},\n    \
                 circuits: {{c{index}: {{speed: 10G, length: {}km}}}},\n    \
                 sides: {{r{a}: {}, r{b}: {}}}}}\n",
                km(index),
                side(&pni.sides[0]),
                side(&pni.sides[1])
            );
        }
        text += "links:\n  x-none: {}\n";
        for (index, ([a, b], metric)) in self.links.iter().enumerate() {
            let length = km(self.pnis.len() + index);
            text += &format!(
                "  l{index}: {{ends: [r{a}, r{b}], metric: {metric}, circuits: {{d{index}: \
                 {{speed: 10G, length: {length}km}}}}}}\n"
            );
        }
        text += "prefixes:\n";
        for router in 0..self.networks.len() {
            let network = self.networks[router];
            let prefix = prefix(router);
            text += &format!("  {prefix}: {{network: n{network}, routers: r{router}}}\n");
        }
        text += "demands:\n";
        for router in 1..self.networks.len() {
            let (from, to) = (prefix(router), prefix(0));
            text += &format!("  d{router}: {{at: r{router}, from: {from}, to: {to}, rate: 1M}}\n");
        }
        text.replace("pnis:\n  x-none: {}\nlinks", "pnis: {}\nlinks")
            .replace("links:\n  x-none: {}\nprefixes", "links: {}\nprefixes")
            .replace("  x-none: {}\n", "")
    }
}

/// Sums of these tell which circuits a path took.
fn km(circuit: usize) -> u64 {
    1 << circuit
}

fn prefix(router: usize) -> String {
    format!("10.1.{router}.0/24")
}

fn load(design: &str) -> Topology {
    load_topology(&Source::new("design.yaml", design))
        .unwrap_or_else(|errors| panic!("{design}\n{}", render(&errors, Style::Plain)))
        .0
}

/// By router, the session or whatever else its best route is from.
type Names = Vec<String>;

/// The stable states that the settled evaluator finds with some PNIs or links cut, if it finds them out.
fn settled(design: &str, cut: &[String]) -> Option<Vec<Names>> {
    let topology = load(design);
    let lags = topology.lags.iter_ids().filter(|(_, lag)| cut.contains(&lag.name));
    let faults: Vec<Fault> =
        lags.map(|(id, _)| Fault { element: Element::Lag(id), how: How::Fail }).collect();
    let outcome = Evaluator::new(&topology, 1).evaluate(&faults, Before::Whole);
    let is_first =
        |id: &pnilab::ids::PrefixId| topology.prefixes[*id].prefix.to_string() == prefix(0);
    let mut groups = outcome.groups.iter();
    let group = groups.find(|group| group.prefixes.iter().any(is_first)).expect("it is declared");
    let named = |state: &State| -> Names {
        state.iter_ids().map(|(router, via)| via_name(&topology, router, *via)).collect()
    };
    match &group.verdict {
        Settled::Unique(_) => {
            let state: State =
                group.routes.iter().map(|best| best.as_ref().map(|best| best.via)).collect();
            Some(vec![named(&state)])
        }
        Settled::Several(_, states) => Some(states.iter().map(named).collect()),
        Settled::None(_, circle) => {
            assert!(circle.len() > 1, "a circle has several states\n{design}");
            Some(Vec::new())
        }
        Settled::Unknown(_) => None,
    }
}

fn via_name(topology: &Topology, router: pnilab::ids::RouterId, via: Option<Via>) -> String {
    let here = |id: &SessionId| topology.sessions[*id].ends.iter().any(|end| end.router == router);
    match via {
        None => "none".to_owned(),
        Some(Via::Local) => "local".to_owned(),
        Some(Via::Session(slot)) => {
            let id = topology.sessions.ids().filter(here).nth(slot.index());
            topology.sessions[id.expect("a slot counts sessions")].name.clone()
        }
    }
}

fn play(design: &str, start: &str) -> Option<RunReport> {
    let topology = load(design);
    let text = format!("pnilab: scenario/1\nduration: 600s\nstart: {start}\n");
    let (scenario, _) = ScenarioFile::read(&Source::new("scenario.yaml", text.as_str()))
        .and_then(|file| file.resolve(&topology))
        .unwrap_or_else(|errors| panic!("{}", render(&errors, Style::Plain)));
    // Routing that does not come to rest is no use here.
    let limits = Limits { events: 300_000, ..Limits::default() };
    let report = run(&topology, &scenario, &RunOptions { limits, ..RunOptions::default() });
    (report.result.verdict != Verdict::Inconclusive).then_some(report)
}

/// Networks whose policies hold a dispute wheel (Griffin, Shepherd and Wilfong, 2002): they rest
/// when routers choose in turns, and from a cold start, but UPDATEs that are under way at the same
/// time chase each other for ever from the settled start, which then says that routing does not
/// settle. None may join this list without a reason, and one that rests must leave it.
const RESTLESS: [u64; 0] = [];
/// The same among networks that reflect.
const RESTLESS_REFLECTING: [u64; 0] = [];

#[test]
fn where_one_state_is_stable_a_run_ends_in_it_and_begins_in_it() {
    let [unique, several, restless] = compare(300, Net::random, &RESTLESS);
    assert!(unique > 250, "{unique} have one stable state");
    assert!(several > 0, "some have several");
    assert!(restless < 15, "{restless} never come to rest");
}

#[test]
fn reflectors_lead_to_the_stable_state_too() {
    let [unique, _, restless] = compare(300, Net::reflecting, &RESTLESS_REFLECTING);
    assert!(unique > 200, "{unique} have one stable state");
    assert!(restless < 15, "{restless} never come to rest");
}

/// How many networks have one stable state, several, and one that messages may never find.
fn compare(count: u64, network: fn(u64) -> Net, restless_ones: &[u64]) -> [usize; 3] {
    let (mut unique, mut several, mut restless, mut known) = (0, 0, 0, 0);
    for seed in 0..count {
        let net = network(seed);
        let (design, states) = (net.text(), net.stable());
        let cut = net.with_cuts(seed);
        for (net, cut, states) in [(&net, &[][..], &states), (&cut.0, &cut.1, &cut.0.stable())] {
            let mut all: Vec<Names> = states.iter().map(|state| Net::names(state)).collect();
            let Some(mut found) = settled(&design, cut) else { continue };
            all.sort();
            found.sort();
            assert_eq!(found, all, "seed {seed}, {cut:?} cut: settled, all stable\n{}", net.text());
            known += 1;
        }
        let [state] = &states[..] else {
            several += usize::from(states.len() > 1);
            continue;
        };
        // Even a single stable state may be one that messages in some order never find.
        let (Some(cold), Some(settled)) = (play(&design, "cold"), play(&design, "settled")) else {
            let turns = net.rests_in_turns(seed);
            let known = restless_ones.contains(&seed);
            assert_eq!(turns, known, "seed {seed} does not come to rest\n{design}");
            restless += 1;
            continue;
        };
        assert!(!restless_ones.contains(&seed), "seed {seed} rests now");
        unique += 1;
        let mut ribs: BTreeMap<String, String> = BTreeMap::new();
        for row in cold.figures.timeline.iter().filter(|row| row.kind == "rib") {
            if row.element == prefix(0) {
                ribs.insert(row.router.clone(), row.to.clone());
            }
        }
        for (router, way) in state.iter().enumerate() {
            let seen = ribs.get(&format!("r{router}")).map_or("none", String::as_str);
            let expected = Net::name(router, *way);
            assert_eq!(seen, expected, "seed {seed}, r{router}, {state:?}\n{design}");
        }
        for (start, report) in [("cold", &cold), ("settled", &settled)] {
            for router in 1..state.len() {
                let mut rows = report.result.demands.iter();
                let name = format!("d{router}");
                let row = rows.find(|row| row.demand == name).expect("it is in the design");
                let seen = row.run.delay_after_s;
                #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
                let expected = net.delay(state, router).map(|km| km as f64 * 5e-6);
                let same = match (seen, expected) {
                    (Some(seen), Some(expected)) => (seen - expected).abs() < 1e-9,
                    (None, None) => true,
                    _ => false,
                };
                assert!(
                    same,
                    "seed {seed}, {start}, r{router}: {seen:?} not {expected:?}, {state:?}\n{design}"
                );
            }
        }
        assert!(settled.figures.timeline.is_empty(), "seed {seed}: settled is settled\n{design}");
    }
    assert!(
        known * 100 >= 2 * count * 95,
        "{known} of two times {count} are found out by the settled evaluator"
    );
    [unique, several, restless]
}
