//! From what is written to what is meant: names to ids, defaults to values.
//!
//! All errors are collected. A thing with an error is still put in its place, with holes, so
//! that what refers to it is not reported as well; a design with an error is dropped at the end.

use std::sync::Arc;

use ipnet::IpNet;

use self::circuits::Ports;
use self::lags::RawEnd;
use self::notes::Noted;
use self::report::{Names, Report};
use self::values::{Assumed, AssumedRows};
use super::Matrix;
use super::profiles::Values;
use super::raw::topology::RawTopology;
use super::topology::{Assumption, Requirements, Topology};
use crate::diag::{Diagnostics, Source, Span};
use crate::ids::{
    CardId, CircuitId, ClassId, FeedId, IdVec, LagId, MetroId, NetworkId, PeeringId, PrefixId,
    RouterId, SiteId, SpanId, SrlgId, ZoneId,
};

mod circuits;
mod daemons;
mod exchanges;
mod forwarding;
mod lags;
mod notes;
mod one_sided;
mod operations;
pub(super) mod places;
mod policy;
mod reflection;
pub(super) mod report;
mod requirements;
mod risk;
mod routers;
pub(super) mod scenario;
mod sessions;
#[cfg(test)]
mod tests;
mod traffic;
mod values;

/// What is known by name.
struct AllNames {
    metros: Names<MetroId>,
    sites: Names<SiteId>,
    feeds: Names<FeedId>,
    zones: Names<ZoneId>,
    pnis: Names<LagId>,
    /// Counted from the first link.
    links: Names<LagId>,
    peerings: Names<PeeringId>,
    spans: Names<SpanId>,
    srlgs: Names<SrlgId>,
    networks: Names<NetworkId>,
    routers: Names<RouterId>,
    cards: Names<CardId>,
    circuits: Names<CircuitId>,
    classes: Names<ClassId>,
    prefixes: Names<PrefixId>,
}

impl AllNames {
    fn of(raw: &RawTopology, report: &mut Report) -> Self {
        for (name, _) in raw.demands.iter() {
            report.check_name(name.span, name);
        }
        Self {
            metros: Names::of("metro", "metros", &raw.metros, report),
            sites: Names::of("site", "sites", &raw.sites, report),
            feeds: Names::new("power feed", "power_feeds"),
            zones: Names::new("power zone", "power_zones"),
            pnis: Names::of("PNI", "pnis", &raw.pnis, report),
            links: Names::of("link", "links", &raw.links, report),
            peerings: Names::of("peering", "peerings", &raw.peerings, report),
            spans: Names::of("span", "spans", &raw.spans, report),
            srlgs: Names::of("shared-risk group", "srlgs", &raw.srlgs, report),
            networks: Names::of("network", "networks", &raw.networks, report),
            routers: Names::of("router", "routers", &raw.routers, report),
            cards: Names::new("line card", "cards"),
            circuits: Names::new("circuit", "circuits"),
            classes: Names::of("class", "classes", &raw.classes, report),
            prefixes: Names::new("prefix", "prefixes"),
        }
    }
}

/// A design in the making.
struct Resolver<'a> {
    raw: &'a RawTopology,
    matrix: Option<&'a Matrix>,
    values: &'a Values,
    report: Report,
    names: AllNames,
    /// Network and site of each router, as far as their names are known.
    router_places: Vec<(Option<NetworkId>, Option<SiteId>)>,
    /// The ends of each LAG, as far as their names are known.
    lag_raw_ends: Vec<Option<[RawEnd<'a>; 2]>>,
    /// Whether the file states the length of each circuit.
    stated_lengths: Vec<bool>,
    /// Who reflects to whom inside networks.
    reflection: reflection::Reflection,
    ports: Ports,
    parsed_prefixes: Vec<Option<IpNet>>,
    /// What is reserved for documentation.
    documentation: Vec<(Span, String)>,
    /// What sessions are configured for at one end only.
    one_sided: one_sided::OneSided,
    /// What can never come up.
    never_up: Vec<Noted>,
    /// What has no effect.
    no_effect: Vec<Noted>,
    topology: Topology,
}

/// Resolves a topology file.
pub(super) fn topology(
    source: &Arc<Source>,
    raw: &RawTopology,
    matrix: Option<&Matrix>,
    name: String,
    values: &Values,
) -> Result<(Topology, Diagnostics), Diagnostics> {
    let mut report = Report::new(source);
    let names = AllNames::of(raw, &mut report);
    if let Some(name) = &raw.name {
        report.check_name(name.span, name);
    }
    let mut resolver = Resolver {
        raw,
        matrix,
        values,
        report,
        names,
        router_places: Vec::new(),
        lag_raw_ends: Vec::new(),
        stated_lengths: Vec::new(),
        reflection: reflection::Reflection::default(),
        ports: Ports::new(),
        parsed_prefixes: Vec::new(),
        documentation: Vec::new(),
        one_sided: one_sided::OneSided::default(),
        never_up: Vec::new(),
        no_effect: Vec::new(),
        topology: empty(name, places::about(raw.about.as_ref())),
    };
    resolver.resolve();
    resolver.finish()
}

fn empty(name: String, about: String) -> Topology {
    Topology {
        name,
        about,
        metros: IdVec::new(),
        sites: IdVec::new(),
        feeds: IdVec::new(),
        zones: IdVec::new(),
        spans: IdVec::new(),
        srlgs: IdVec::new(),
        networks: IdVec::new(),
        routers: IdVec::new(),
        cards: IdVec::new(),
        exchanges: IdVec::new(),
        lags: IdVec::new(),
        circuits: IdVec::new(),
        sessions: IdVec::new(),
        prefixes: IdVec::new(),
        classes: IdVec::new(),
        demands: IdVec::new(),
        common_causes: Vec::new(),
        domains: IdVec::new(),
        peerings: IdVec::new(),
        requirements: Requirements::default(),
        assumptions: Vec::new(),
    }
}

impl Resolver<'_> {
    fn resolve(&mut self) {
        self.check_defaults();
        self.places();
        self.networks();
        self.router_places();
        self.routers();
        self.chassis();
        self.reflections();
        self.fabrics();
        self.lags();
        self.external_sessions();
        self.lan_sessions();
        self.common_causes();
        self.maintenance_domains();
        self.peerings();
        self.classes();
        self.prefix_names();
        self.prefixes();
        self.demands();
        self.requirements();
        if !self.report.has_errors() {
            self.lengths();
            self.internal_sessions();
        }
    }

    fn finish(mut self) -> Result<(Topology, Diagnostics), Diagnostics> {
        let failed = self.report.has_errors();
        if !failed {
            self.notes();
        }
        let diagnostics = self.report.finish();
        if failed {
            return Err(diagnostics);
        }
        self.topology.assumptions.sort();
        Ok((self.topology, diagnostics))
    }

    /// Adds `key of subject` to the assumptions, unless the file states the value.
    fn assume(&mut self, key: &str, subject: &str, assumed: Option<Assumed>) {
        let Some(Assumed { value, origin, source, row }) = assumed else { return };
        let what = format!("{key} of {subject}");
        self.topology.assumptions.push(Assumption { what, value, origin, source, row });
    }

    /// Adds what is assumed of two ends: once where both are alike, else for each end.
    fn assume_ends(&mut self, subject: &str, ends: [&str; 2], rows: [AssumedRows; 2]) {
        let [first, second] = rows;
        for (key, row) in &first {
            let other = second.iter().find(|(k, _)| k == key).and_then(|(_, row)| row.as_ref());
            if row.as_ref() == other {
                self.assume(key, subject, row.clone());
            } else {
                self.assume(key, &format!("{subject} at {}", ends[0]), row.clone());
                self.assume(key, &format!("{subject} at {}", ends[1]), other.cloned());
            }
        }
        for (key, row) in second.iter().filter(|(key, _)| first.iter().all(|(k, _)| k != key)) {
            self.assume(key, &format!("{subject} at {}", ends[1]), row.clone());
        }
    }
}
