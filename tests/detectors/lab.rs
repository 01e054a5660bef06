//! Designs of two routers from text, runs of them, and what happened at which nanosecond.

use pnilab::diag::Source;
use pnilab::diag::render::{Style, render};
use pnilab::model::scenario::Scenario;
use pnilab::model::topology::Topology;
use pnilab::model::{ScenarioFile, load_topology};
use pnilab::observe::{Hellos, RunOptions, run};
use pnilab::report::data::{DemandRow, Direction, Measures, RunReport, SessionRow, Went};

/// Faults of these tests begin here: everything is counted from it.
pub(crate) const BEGIN: i64 = 100 * S;
/// Nanoseconds in a second.
pub(crate) const S: i64 = 1_000_000_000;
/// Nanoseconds in a millisecond.
pub(crate) const MS: i64 = 1_000_000;
/// Nanoseconds in a microsecond.
pub(crate) const US: i64 = 1_000;

/// Two routers `ra` and `rb` of two networks with one PNI `p` between them.
///
/// Its only circuit `c1` is 20 km long: 100 us one way. Demand `d` goes from `rb` to `ra` and
/// back, 1 Gbit/s each way.
#[derive(Clone)]
pub(crate) struct Pair<'a> {
    /// Entries of `defaults:`.
    pub(crate) defaults: &'a str,
    /// Keys of the networks `a` and `b`.
    pub(crate) networks: [&'a str; 2],
    /// Keys of the routers `ra` and `rb`.
    pub(crate) routers: [&'a str; 2],
    /// Entries of `circuits:`.
    pub(crate) circuits: &'a str,
    /// Keys of `lag:`.
    pub(crate) lag: &'a str,
    /// Keys of the session `p/ipv4`.
    pub(crate) session: &'a str,
    /// Entries of `sides:`.
    pub(crate) sides: &'a str,
    /// Keys of the prefix at `ra`.
    pub(crate) prefix: &'a str,
    /// Keys of the demand.
    pub(crate) demand: &'a str,
    /// Further lines at the top of the file.
    pub(crate) more: &'a str,
}

impl Default for Pair<'_> {
    fn default() -> Self {
        Self {
            defaults: "",
            networks: ["", ""],
            routers: ["", ""],
            circuits: "c1: {speed: 10G, length: 20km}",
            lag: "",
            session: "",
            sides: "",
            prefix: "",
            demand: "rate: 1G, return_rate: 1G",
            more: "",
        }
    }
}

impl Pair<'_> {
    /// The design as a file has it.
    pub(crate) fn text(&self) -> String {
        let join = |keys: &str| if keys.is_empty() { String::new() } else { format!(", {keys}") };
        let [a, b] = self.networks.map(join);
        let [ra, rb] = self.routers.map(join);
        let Self { defaults, circuits, lag, session, sides, more, .. } = self;
        let (prefix, demand) = (join(self.prefix), join(self.demand));
        format!(
            "pnilab: topology/1
defaults: {{{defaults}}}
metros: {{m: {{}}}}
sites: {{s: {{metro: m, power_feeds: {{x: {{}}, y: {{}}}}}}}}
networks: {{a: {{asn: 64500{a}}}, b: {{asn: 64501{b}}}}}
routers: {{ra: {{network: a, site: s{ra}}}, rb: {{network: b, site: s{rb}}}}}
pnis:
  p: {{ends: [ra, rb], relation: peer, circuits: {{{circuits}}}, lag: {{{lag}}},
      sessions: {{ipv4: {{{session}}}}}, sides: {{{sides}}}}}
prefixes:
  198.51.100.0/24: {{network: a, routers: ra{prefix}}}
  203.0.113.0/24: {{network: b, routers: rb}}
demands:
  d: {{at: rb, from: 203.0.113.0/24, to: 198.51.100.0/24{demand}}}
{more}
"
        )
    }

    /// The design and a scenario of `seconds` with these faults, as entries of a flow list.
    pub(crate) fn lab(&self, seconds: i64, faults: &str) -> Lab {
        Lab::new(&self.text(), seconds, faults)
    }

    /// One run with one fault that begins at [`BEGIN`] and stays.
    pub(crate) fn run(&self, seconds: i64, fault: &str) -> Run {
        self.lab(seconds, &format!("{{at: 100s, inject: {{{fault}}}}}")).run(1)
    }

    /// One run with one fault that begins at [`BEGIN`] and lasts.
    pub(crate) fn run_for(&self, seconds: i64, lasts: &str, fault: &str) -> Run {
        self.lab(seconds, &format!("{{at: 100s, for: {lasts}, inject: {{{fault}}}}}")).run(1)
    }
}

/// A design and a scenario, ready to run with any seed.
pub(crate) struct Lab {
    topology: Topology,
    scenario: Scenario,
}

impl Lab {
    /// Reads both.
    pub(crate) fn new(design: &str, seconds: i64, faults: &str) -> Self {
        Self::with_bounds(design, seconds, faults, "")
    }

    /// Reads both; the scenario has bounds, as entries of a flow list.
    pub(crate) fn with_bounds(design: &str, seconds: i64, faults: &str, bounds: &str) -> Self {
        let (topology, _) = load_topology(&Source::new("design.yaml", design))
            .unwrap_or_else(|errors| panic!("{design}\n{}", render(&errors, Style::Plain)));
        let text = format!(
            "pnilab: scenario/1\nduration: {seconds}s\nfaults: [{faults}]\nbounds: [{bounds}]\n"
        );
        let scenario = ScenarioFile::read(&Source::new("scenario.yaml", text.as_str()))
            .and_then(|file| file.resolve(&topology))
            .unwrap_or_else(|errors| panic!("{text}\n{}", render(&errors, Style::Plain)))
            .0;
        Self { topology, scenario }
    }

    /// Runs with a seed.
    pub(crate) fn run(&self, seed: u64) -> Run {
        self.run_with(seed, Hellos::Computed)
    }

    /// Runs with a seed, hellos computed or sent.
    pub(crate) fn run_with(&self, seed: u64, hellos: Hellos) -> Run {
        let scenario = Scenario { seed, ..self.scenario.clone() };
        let options = RunOptions { hellos, ..RunOptions::default() };
        Run(run(&self.topology, &scenario, &options))
    }
}

/// What happened.
pub(crate) struct Run(pub(crate) RunReport);

/// Nanoseconds of seconds as results tell them.
pub(crate) fn nanos(seconds: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "tests last minutes")]
    let nanos = (seconds * 1e9).round() as i64;
    nanos
}

impl Run {
    /// When `element` of `kind` became `to` as `router` saw it, counted from [`BEGIN`].
    pub(crate) fn became(&self, kind: &str, element: &str, router: &str, to: &str) -> Vec<i64> {
        let rows = self.0.figures.timeline.iter();
        let wanted = |row: &&pnilab::report::data::TimelineRow| {
            row.kind == kind && row.element == element && row.router == router && row.to == to
        };
        rows.filter(wanted).map(|row| nanos(row.at_s) - BEGIN).collect()
    }

    /// When something of `kind` that `router` saw happened for this reason, counted from [`BEGIN`].
    pub(crate) fn reasons(&self, kind: &str, router: &str, reason: &str) -> Vec<i64> {
        let rows = self.0.figures.timeline.iter();
        let wanted =
            rows.filter(|row| row.kind == kind && row.router == router && row.reason == reason);
        wanted.map(|row| nanos(row.at_s) - BEGIN).collect()
    }

    /// The rows of a session at one of its ends.
    pub(crate) fn session(&self, session: &str, router: &str, went: Went) -> Vec<&SessionRow> {
        let rows = self.0.result.sessions.iter();
        rows.filter(|r| r.session == session && r.router == router && r.went == went).collect()
    }

    /// When `p/ipv4` went down at `router` first, counted from [`BEGIN`], and why.
    pub(crate) fn down(&self, router: &str) -> Option<(i64, &str)> {
        let row = *self.session("p/ipv4", router, Went::Down).first()?;
        Some((nanos(row.at_s) - BEGIN, row.reason.as_str()))
    }

    /// When `p/ipv4` came up at `router` first, counted from [`BEGIN`].
    pub(crate) fn up(&self, router: &str) -> Option<i64> {
        let row = *self.session("p/ipv4", router, Went::Up).first()?;
        Some(nanos(row.at_s) - BEGIN)
    }

    /// A demand's row: forward, or return.
    pub(crate) fn demand(&self, demand: &str, direction: Direction) -> &DemandRow {
        let mut rows = self.0.result.demands.iter();
        rows.find(|row| row.demand == demand && row.direction == direction)
            .expect("the demand is in the design")
    }

    /// What forward traffic of `d` suffered over the run.
    pub(crate) fn forward(&self) -> &Measures {
        &self.demand("d", Direction::Forward).run
    }

    /// What return traffic of `d` suffered over the run.
    pub(crate) fn back(&self) -> &Measures {
        &self.demand("d", Direction::Return).run
    }
}

/// Runs `lab` with many seeds and returns what `of` tells of each.
pub(crate) fn many<T>(lab: &Lab, seeds: u64, of: impl Fn(&Run) -> T) -> Vec<T> {
    (1..=seeds).map(|seed| of(&lab.run(seed))).collect()
}

/// All values lie in `above < value <= most` and come near both ends: within `slack` of each.
pub(crate) fn assert_fill(values: &[i64], (above, most): (i64, i64), slack: i64, what: &str) {
    let (low, high) = (values.iter().min(), values.iter().max());
    let (low, high) = (*low.expect("some"), *high.expect("some"));
    assert!(above < low && high <= most, "{what}: {low}..={high} not in {above}..={most}");
    assert!(
        low < above + slack && high > most - slack,
        "{what}: {low}..={high} of {above}..={most}"
    );
}
