//! pnilab on the same workload, as a library: from loaded files to a report in memory.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use pnilab::ids::Id;
use pnilab::model::groups;
use pnilab::model::topology::LagKind;
use pnilab::observe::{Base, BaseKey, Fork};
use pnilab::report::data::Direction;
use pnilab::{RunOptions, RunReport, Scenario, Source, Topology, Verdict};

use crate::zoo::Map;

/// How the prefixes are written in the design, which decides how many groups they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prefixes {
    /// One entry with a count: what is treated alike is simulated once.
    Together,
    /// An entry for each, with a community of its own, since else they would be treated alike.
    Apart,
}

/// A design and its scenarios, loaded.
#[derive(Debug)]
pub(crate) struct Lab {
    topology: Topology,
    cold: Scenario,
    idle: Scenario,
    cuts: Vec<Scenario>,
}

impl Lab {
    /// The design of a map with so many prefixes, and a scenario for the cut of each link.
    pub(crate) fn load(
        map: &Map,
        (count, prefixes): (u32, Prefixes),
        links: &[usize],
    ) -> Result<Self, Box<dyn Error>> {
        let file = format!("topologies/zoo/{}.yaml", map.name);
        let text = fs::read_to_string(Path::new(crate::ROOT).join(&file))?;
        let design = Source::new(file, announced(&text, count, prefixes)?);
        let (topology, _) = pnilab::load_topology(&design).map_err(|e| e.to_string())?;
        let lags = topology.lags.iter().filter(|lag| matches!(lag.kind, LagKind::Link));
        let lags: Vec<_> = lags.collect();
        let ends = lags.iter().map(|lag| lag.ends.each_ref().map(|end| end.router.index()));
        if !ends.eq(map.links.iter().map(|&(a, b)| [a, b])) {
            return Err(format!("{}: not the map that bgpsim ships", map.name).into());
        }
        // One more is where traffic comes from.
        let groups = if prefixes == Prefixes::Together { 1 } else { count as usize };
        assert_eq!(groups::of(&topology, &[]).0.len(), groups + 1, "each its own, or all one");
        let load = |text: String| -> Result<Scenario, Box<dyn Error>> {
            let source = Source::new("scenario.yaml", format!("pnilab: scenario/1\n{text}"));
            let loaded = pnilab::load_scenario(&source, Some(&design));
            Ok(loaded.map_err(|errors| errors.to_string())?.0)
        };
        let mut cold = "name: cold\nstart: cold\nduration: 60s\nbounds:\n".to_owned();
        for demand in topology.demands.iter() {
            writeln!(cold, "  - reachable: {{demand: {}, at_least: 100%}}", demand.name)?;
        }
        let cut = |place: &usize| {
            let circuit = &topology.circuits[lags[*place].circuits[0]].name;
            let fault = format!("{{at: 5s, inject: {{circuit_cut: {{circuit: {circuit}}}}}}}");
            load(format!("name: cut\nduration: 20s\nfaults:\n  - {fault}\n"))
        };
        let cuts = links.iter().map(cut).collect::<Result<_, _>>()?;
        let idle = load("name: idle\nduration: 20s\n".to_owned())?;
        Ok(Self { cold: load(cold)?, idle, cuts, topology })
    }

    /// All routers are switched on, and 60 s pass.
    ///
    /// # Panics
    /// If traffic from anywhere does not arrive in the end.
    pub(crate) fn cold(&self) {
        assert_eq!(self.run(&self.cold).result.verdict, Verdict::Pass, "all has converged");
    }

    /// 20 s of a network that has settled.
    pub(crate) fn idle(&self) -> RunReport {
        self.run(&self.idle)
    }

    /// 20 s of a network that has settled, and the link at this place of the list is cut after 5.
    pub(crate) fn cut(&self, place: usize) -> RunReport {
        ended(self.run(&self.cuts[place]))
    }

    /// The network comes to rest once, for the runs below.
    pub(crate) fn base(&self) -> Base {
        let key = BaseKey::of(&self.topology, &self.idle, &RunOptions::default());
        Base::new(&self.topology, &key)
    }

    /// What `idle` reports.
    pub(crate) fn forked_idle(&self, base: &Base) -> RunReport {
        base.run(&self.idle, &RunOptions::default())
    }

    /// What `cut` reports.
    pub(crate) fn forked_cut(&self, base: &Base, place: usize) -> RunReport {
        ended(base.run(&self.cuts[place], &RunOptions::default()))
    }

    /// The same as `idle`, and leaves it on the fork.
    pub(crate) fn left_idle(&self, fork: &mut Fork<'_>) -> RunReport {
        fork.run(&self.idle, &RunOptions::default())
    }

    /// The same as `cut`, and leaves it on the fork.
    pub(crate) fn left_cut(&self, fork: &mut Fork<'_>, place: usize) -> RunReport {
        ended(fork.run(&self.cuts[place], &RunOptions::default()))
    }

    /// Where each demand starts, and its one-way delay in the end, if it arrives.
    pub(crate) fn delays(&self, report: &RunReport) -> Vec<(usize, Option<f64>)> {
        let rows = report.result.demands.iter().filter(|row| row.direction == Direction::Forward);
        let from = |name: &str| {
            let demand = self.topology.demands.iter().find(|demand| demand.name == name);
            demand.expect("the report is of this design").at[0].0.index()
        };
        rows.map(|row| (from(&row.demand), row.run.delay_after_s)).collect()
    }

    /// The mean delay of paths through these nodes and, by a PNI, to the source of the prefixes,
    /// if there are any: each node spreads evenly over those that follow it.
    pub(crate) fn delay(&self, map: &Map, paths: &[Vec<usize>]) -> Option<f64> {
        let lags = self.topology.lags.iter().filter(|lag| matches!(lag.kind, LagKind::Link));
        let lags: Vec<_> = lags.collect();
        let seconds = |pair: &[usize]| {
            let ends = (pair[0].min(pair[1]), pair[0].max(pair[1]));
            let place = map.links.iter().position(|link| *link == ends).expect("a link");
            let length = self.topology.circuits[lags[place].circuits[0]].length;
            length.propagation().as_nanos() as f64 / 1e9
        };
        let pairs = || paths.iter().flat_map(|path| path.windows(2));
        let after = |node| {
            let pairs = pairs().filter(|pair| pair[0] == node);
            pairs.map(|pair| pair[1]).collect::<BTreeSet<_>>().len() as f64
        };
        let of = |path: &Vec<usize>| {
            let share: f64 = path.windows(2).map(|pair| 1.0 / after(pair[0])).product();
            // The PNI and the one behind it have 1 km each, and a km takes 5 us.
            share * (path.windows(2).map(seconds).sum::<f64>() + 2.0 * 5e-6)
        };
        (!paths.is_empty()).then(|| paths.iter().map(of).sum())
    }

    fn run(&self, scenario: &Scenario) -> RunReport {
        pnilab::run(&self.topology, scenario, &RunOptions::default())
    }
}

/// # Panics
/// If a limit stopped it.
fn ended(report: RunReport) -> RunReport {
    assert_eq!(report.result.verdict, Verdict::None, "no limit stopped it");
    report
}

/// The design with so many prefixes instead of those of the file.
fn announced(text: &str, count: u32, prefixes: Prefixes) -> Result<String, Box<dyn Error>> {
    let is_entry = |line: &&str| line.starts_with("  10.0.0.0/24: ");
    let entry = text.lines().find(is_entry).ok_or("the design has prefixes")?;
    let (start, rest) = entry.split_once(", count: ").ok_or("the entry has a count")?;
    let end = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let new = match prefixes {
        Prefixes::Together => format!("{start}, count: {count}{end}"),
        Prefixes::Apart => {
            let (_, value) = start.split_once(": ").ok_or("an entry has a value")?;
            let value = value.to_owned() + ", communities: [\"65000:";
            let entry = |k: u32| format!("  10.{}.{}.0/24: {value}{k}\"]{end}", k / 256, k % 256);
            (0..count).map(entry).collect::<Vec<_>>().join("\n")
        }
    };
    Ok(text.replace(entry, &new))
}
