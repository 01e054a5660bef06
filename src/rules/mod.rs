//! A provider's requirements: what each asks for, and whether a design meets it.
//!
//! A [`Rule`] is one file of this room: what it means, how it is checked, which fault exposes it, the
//! fix, an example, and a function that checks it. A [`packs::Pack`] is data: which rules an edition of
//! a document holds, how bad it is to break each, and the values of that edition. Rules look at the
//! design and at its policies, and put it to the test: the settled evaluator fails each element of a
//! location, and a run tells for how long a silent member eats traffic.
//!
//! # Departures
//! What a policy does to a route is worked out as for a route that its own network originates.
//! A design is held against a pack as if all its PNIs were in service.

mod active_active;
mod availability_domains;
mod bfd;
mod both_families;
mod business;
mod capacity;
mod consistent_routes;
mod declared_max_prefix;
mod design;
mod found;
mod geo_redundancy;
mod lab;
mod lacp;
mod local_failover;
mod local_redundancy;
mod max_prefix;
mod no_expressroute_routes;
mod no_firewall;
mod no_med;
mod no_rate_limit;
mod no_static_routes;
mod noc;
mod own_asn;
pub mod packs;
mod pair_in_one_metro;
mod peering_sku;
mod peeringdb;
mod port_speed;
mod registered_prefixes;
mod routable_prefix;
mod routable_space;
mod route_security;
mod router_per_pni;
mod routes;
mod routing_registry;
mod same_bandwidth;
mod separate_devices;
mod session_addresses;
mod stated;
mod traffic_detail;
mod traffic_minimum;
mod two_edge_routers;
mod two_locations;
mod utilization;
pub mod words;

use std::cmp::Reverse;

use crate::diag::{Source, Span};
use crate::input::Document;
use crate::model::requirements::{PackId, RuleId, Waiver};
use crate::model::topology::Topology;
use crate::report::data::{FindingRow, RuleRow, RuleStatus, Severity, WaiverRow};
use crate::units::date::Date;
use design::Design;
use found::{Finding, Found};
use lab::Lab;
use packs::{Held, Limits, Over, Pack};

/// A rule: what it asks for, and how that is found out.
#[derive(Debug)]
pub struct Rule {
    /// Its id.
    pub id: RuleId,
    /// What it asks for, in a few words.
    pub title: &'static str,
    /// What that means.
    pub means: &'static str,
    /// How it is checked.
    pub checked: &'static str,
    /// Which fault shows why it matters, and how.
    pub exposed_by: &'static str,
    /// What to do where it does not hold.
    pub fix: &'static str,
    /// What passes in `topologies/peering-service.yaml`, and what put in its place fails.
    pub examples: &'static [Example],
    check: fn(&Case<'_>, &mut Found),
}

/// A part of a design that meets a rule, and one that does not.
#[derive(Debug)]
pub struct Example {
    /// What meets it; nothing where what fails is a design of its own.
    pub passes: &'static str,
    /// What does not, in its place.
    pub fails: &'static str,
}

impl Example {
    /// Whether `fails` is a design of its own.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.passes.is_empty()
    }
}

/// A design with one connection, of little traffic.
const ALONE: &str = "\
pnilab: topology/1
metros: {ams: {}}
sites: {ams-a: {metro: ams}}
networks: {ours: {asn: 64500, kind: partner}, theirs: {asn: 8075, kind: cloud}}
routers: {r1: {network: ours, site: ams-a}, r2: {network: theirs, site: ams-a}}
pnis:
  p1: {ends: [r1, r2], relation: peer, circuits: {x-1: {speed: 10G}}, sessions: {ipv4: {}}}
prefixes:
  198.51.100.0/24: {network: ours, routers: [r1]}
  203.0.113.0/24: {network: theirs, routers: [r2]}
demands:
  d1: {at: r2, from: 203.0.113.0/24, to: 198.51.100.0/24, rate: 1G}
";

/// A design whose only prefix of the partner is private.
const PRIVATE: &str = "\
pnilab: topology/1
metros: {ams: {}}
sites: {ams-a: {metro: ams}}
networks: {ours: {asn: 64500, kind: partner}, theirs: {asn: 8075, kind: cloud}}
routers: {r1: {network: ours, site: ams-a}, r2: {network: theirs, site: ams-a}}
pnis:
  p1: {ends: [r1, r2], relation: peer, circuits: {x-1: {speed: 100G}}, sessions: {ipv4: {}}}
prefixes:
  10.0.0.0/24: {network: ours, routers: [r1]}
  203.0.113.0/24: {network: theirs, routers: [r2]}
";

/// All rules, in order of id.
pub const RULES: &[&Rule] = &[
    &own_asn::RULE,
    &local_redundancy::RULE,
    &geo_redundancy::RULE,
    &active_active::RULE,
    &router_per_pni::RULE,
    &no_rate_limit::RULE,
    &routable_space::RULE,
    &traffic_detail::RULE,
    &registered_prefixes::RULE,
    &no_firewall::RULE,
    &lacp::RULE,
    &capacity::RULE,
    &both_families::RULE,
    &no_expressroute_routes::RULE,
    &routable_prefix::RULE,
    &no_med::RULE,
    &max_prefix::RULE,
    &declared_max_prefix::RULE,
    &consistent_routes::RULE,
    &no_static_routes::RULE,
    &routing_registry::RULE,
    &route_security::RULE,
    &noc::RULE,
    &peeringdb::RULE,
    &business::RULE,
    &two_edge_routers::RULE,
    &utilization::RULE,
    &traffic_minimum::RULE,
    &port_speed::RULE,
    &local_failover::RULE,
    &same_bandwidth::RULE,
    &bfd::RULE,
    &session_addresses::RULE,
    &peering_sku::RULE,
    &two_locations::RULE,
    &separate_devices::RULE,
    &availability_domains::RULE,
    &pair_in_one_metro::RULE,
];

/// A rule of a pack, and the design it is held against.
struct Case<'c> {
    design: &'c Design<'c>,
    /// The design as it is.
    lab: &'c Lab<'c>,
    /// The design without policers on its PNIs and boxes that keep state, which rules of their own
    /// are about.
    plain: &'c Lab<'c>,
    limits: Limits,
    severity: Severity,
    rule: &'static Rule,
}

/// What a design was held against, and with which result.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// Each rule of each pack.
    pub rules: Vec<RuleRow>,
    /// What was found, in order of place.
    pub findings: Vec<FindingRow>,
    /// The waivers of the design.
    pub waivers: Vec<WaiverRow>,
}

/// Holds a design against packs; waivers count up to the day they expire.
///
/// `document` is the text that the design was read from.
///
/// # Examples
/// ```
/// use std::path::Path;
///
/// use pnilab::model::requirements::PackId;
/// use pnilab::rules::packs;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let file = pnilab::open(Path::new("topologies/two-metro-primary-backup.yaml"))?;
/// let (topology, _notes) = pnilab::load_topology(&file)?;
/// let document = pnilab::input::parse(&file)?;
/// let pack = packs::pack(PackId::Maps202302).expect("it is one of the packs");
/// let checked = pnilab::rules::check(&topology, &document, &[pack], "2026-11-22".parse()?);
/// assert!(checked.findings.iter().any(|finding| finding.rule == "R4"));
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn check(
    topology: &Topology,
    document: &Document,
    packs: &[&'static Pack],
    as_of: Date,
) -> Checked {
    let waivers = Waivers { all: &topology.requirements.waivers, as_of };
    let mut checked = Checked::default();
    for pack in packs {
        for (held, found) in apply(topology, document, pack) {
            let rule = rule(held.rule);
            let first = checked.findings.len();
            let rows = found.findings.into_iter().map(|finding| {
                let waived = waivers.of(rule.id, &finding.subject);
                row(topology, document.source(), (pack, held), finding, waived)
            });
            checked.findings.extend(rows);
            let own = &checked.findings[first..];
            checked.rules.push(RuleRow {
                rule: rule.id.as_str().to_owned(),
                pack: pack.id.as_str().to_owned(),
                title: rule.title.to_owned(),
                means: rule.means.to_owned(),
                help: words::rule(rule),
                topology: topology.name.clone(),
                status: status(own, &found.facts),
                facts: found.facts.into_iter().map(|(_, told)| told).collect(),
                open: own.iter().filter(|finding| finding.waived.is_none()).count(),
            });
        }
    }
    checked.waivers = waivers.rows(&checked.findings, topology, document.source());
    let order = |row: &FindingRow| (row.line, row.column, row.pack.clone(), Reverse(row.severity));
    checked.findings.sort_by_cached_key(order);
    checked
}

/// A finding with its place, source and waiver.
fn row(
    topology: &Topology,
    source: &Source,
    (pack, held): (&Pack, &Held),
    finding: Finding,
    waived: Option<String>,
) -> FindingRow {
    let place = source.position(finding.span.start);
    FindingRow {
        rule: held.rule.as_str().to_owned(),
        pack: pack.id.as_str().to_owned(),
        severity: finding.severity,
        waived,
        topology: topology.name.clone(),
        subject_kind: finding.kind,
        subject: finding.subject,
        message: finding.message,
        fix: finding.fix,
        at: shown(source, finding.span),
        file: source.path().to_owned(),
        line: place.line,
        column: place.column,
        source: format!("{}, edition of {}: {}", pack.document, pack.edition, held.says),
        evidence: finding.evidence,
    }
}

/// `file:line:column`.
fn shown(source: &Source, span: Span) -> String {
    let place = source.position(span.start);
    format!("{}:{}:{}", source.path(), place.line, place.column)
}

/// The waivers of a design, and the day they are held against.
struct Waivers<'w> {
    all: &'w [Waiver],
    as_of: Date,
}

impl Waivers<'_> {
    /// Why a finding is accepted, if it is.
    fn of(&self, rule: RuleId, subject: &str) -> Option<String> {
        let about = |waiver: &&Waiver| waiver.rule == rule && waiver.subject == subject;
        let mut in_force = self.all.iter().filter(about).filter(|one| self.as_of <= one.expires);
        in_force.next().map(|waiver| format!("{} (until {})", waiver.reason, waiver.expires))
    }

    fn rows(
        &self,
        findings: &[FindingRow],
        topology: &Topology,
        source: &Source,
    ) -> Vec<WaiverRow> {
        let row = |waiver: &Waiver| {
            let used = findings.iter().any(|finding| {
                finding.rule == waiver.rule.as_str() && finding.subject == waiver.subject
            });
            WaiverRow {
                rule: waiver.rule.as_str().to_owned(),
                subject: waiver.subject.clone(),
                reason: waiver.reason.clone(),
                expires: waiver.expires.to_string(),
                topology: topology.name.clone(),
                state: match (used, self.as_of <= waiver.expires) {
                    (_, false) => "expired",
                    (true, true) => "in force",
                    (false, true) => "unused",
                },
                at: shown(source, waiver.span),
            }
        };
        self.all.iter().map(row).collect()
    }
}

/// What the rules of a pack find.
fn apply(
    topology: &Topology,
    document: &Document,
    pack: &'static Pack,
) -> Vec<(&'static Held, Found)> {
    let limits = pack.limits.with(&topology.requirements.options);
    let design = Design::new(topology, document, pack, limits.location);
    let without_boxes = lab::without_boxes(&design);
    let (lab, plain) = (Lab::new(&design, topology), Lab::new(&design, &without_boxes));
    let one = |held: &'static Held| {
        let mut found = Found::default();
        let case = Case {
            design: &design,
            lab: &lab,
            plain: &plain,
            limits,
            severity: held.severity,
            rule: rule(held.rule),
        };
        if design.pnis.is_empty() {
            nothing_to_check(&case, pack, &mut found);
        } else {
            (rule(held.rule).check)(&case, &mut found);
        }
        (held, found)
    };
    pack.rules.iter().map(one).collect()
}

/// A design in which the provider is not met at all: that blocks, once.
fn nothing_to_check(case: &Case<'_>, pack: &Pack, found: &mut Found) {
    let what = match pack.over {
        Over::Pnis => "no PNI joins a partner with the provider",
        Over::Exchanges => "no partner meets the provider at an exchange",
    };
    found.unknown(what);
    if pack.rules.first().is_some_and(|first| std::ptr::eq(rule(first.rule), case.rule)) {
        let design = case.design;
        let span = design.place(&[&["pnis"], &["exchanges"], &["pnilab"]]);
        let fix = "declare where they meet, with `kind: partner` and `kind: cloud` on the networks";
        let name = &design.topology.name;
        let mut finding = case.finding("topology", name, span).says(what, fix);
        finding.severity = Severity::Block;
        found.add(finding);
    }
}

/// The least good of what the findings and facts of a rule say.
fn status(findings: &[FindingRow], facts: &[(RuleStatus, String)]) -> RuleStatus {
    let counts = findings.iter().filter(|finding| finding.severity > Severity::Note);
    let of_findings = counts.map(|finding| match finding.waived {
        None => RuleStatus::Fail,
        Some(_) => RuleStatus::Waived,
    });
    let of_facts = facts.iter().map(|(status, _)| *status);
    of_findings.chain(of_facts).max().unwrap_or(RuleStatus::Pass)
}

/// The rule with this id.
///
/// # Panics
/// If there is none, which a test rules out.
#[must_use]
pub fn rule(id: RuleId) -> &'static Rule {
    let found = RULES.iter().copied().find(|rule| rule.id == id);
    found.expect("a test finds a rule for every id")
}

impl Case<'_> {
    /// A finding as bad as the pack says.
    fn finding(&self, kind: &'static str, subject: impl Into<String>, span: Span) -> Finding {
        Finding {
            severity: self.severity,
            kind,
            subject: subject.into(),
            message: String::new(),
            fix: String::new(),
            span,
            evidence: Vec::new(),
        }
    }
}

impl Finding {
    fn says(mut self, message: impl Into<String>, fix: impl Into<String>) -> Self {
        (self.message, self.fix) = (message.into(), fix.into());
        self
    }

    /// No worse than this.
    fn at_most(mut self, severity: Severity) -> Self {
        self.severity = self.severity.min(severity);
        self
    }

    fn shown_by(
        mut self,
        evidence: impl IntoIterator<Item = crate::report::data::EvidenceRow>,
    ) -> Self {
        self.evidence.extend(evidence);
        self
    }
}

/// The packs of these ids, each once.
#[must_use]
pub fn packs_of(ids: &[PackId]) -> Vec<&'static Pack> {
    let mut found: Vec<&'static Pack> = Vec::new();
    for pack in ids.iter().filter_map(|id| packs::pack(*id)) {
        if !found.iter().any(|known| known.id == pack.id) {
            found.push(pack);
        }
    }
    found
}
