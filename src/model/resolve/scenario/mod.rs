//! Scenario files against a design.

use std::sync::Arc;

use super::places::about;
use super::report::{Names, Report, optional};
use crate::diag::{Code, Diagnostics, Source, Span};
use crate::ids::{
    CardId, CircuitId, ClassId, DemandId, DomainId, ExchangeId, FeedId, Id, IdVec, LagId, MetroId,
    NetworkId, PeeringId, PrefixId, RouterId, SessionId, SiteId, SpanId, SrlgId, ZoneId,
};
use crate::input::sp::{Sp, Text};
use crate::model::raw::scenario::{RawFault, RawScenario, RawStart};
use crate::model::scenario::{Begin, Fault, FaultKind, Repeat, Scenario, Start};
use crate::model::topology::{Card, Feed, LagKind, Topology, Zone};
use crate::units::{SimDuration, SimTime};

mod bounds;
mod commands;
mod conditions;
mod inject;
#[cfg(test)]
mod tests;

/// A run may last ten years of 365 days.
const LONGEST_RUN: SimDuration = SimDuration::from_secs(10 * 365 * 86_400);
/// A scenario may have this many fault begins, repeats counted.
const MAX_BEGINS: u64 = 10_000;

const DOMAIN: (&str, &str) = ("maintenance domain", "maintenance_domains");

/// What is known by name in the design.
struct Known {
    circuits: Names<CircuitId>,
    pnis: Names<LagId>,
    links: Names<LagId>,
    ports: Names<LagId>,
    exchanges: Names<ExchangeId>,
    networks: Names<NetworkId>,
    spans: Names<SpanId>,
    srlgs: Names<SrlgId>,
    cards: Names<CardId>,
    routers: Names<RouterId>,
    feeds: Names<FeedId>,
    zones: Names<ZoneId>,
    domains: Names<DomainId>,
    peerings: Names<PeeringId>,
    sites: Names<SiteId>,
    metros: Names<MetroId>,
    sessions: Names<SessionId>,
    prefixes: Names<PrefixId>,
    demands: Names<DemandId>,
    classes: Names<ClassId>,
}

/// Declares the names of all items of a kind.
fn named<I: Id, T>(
    (what, under): (&'static str, &'static str),
    items: &IdVec<I, T>,
    report: &mut Report,
    name: impl Fn(&T) -> String,
) -> Names<I> {
    let mut names = Names::new(what, under);
    for (id, item) in items.iter_ids() {
        names.declare(Span::default(), &name(item), id, report);
    }
    names
}

impl Known {
    fn of(topology: &Topology, report: &mut Report) -> Self {
        let t = topology;
        let (mut pnis, mut links) = (Names::new("PNI", "pnis"), Names::new("link", "links"));
        let mut ports = Names::new("port", "ports");
        for (id, lag) in t.lags.iter_ids() {
            let names = match lag.kind {
                LagKind::Pni { .. } => &mut pnis,
                LagKind::Link => &mut links,
                LagKind::Port(_) => &mut ports,
            };
            names.declare(Span::default(), &lag.name, id, report);
        }
        let card = |card: &Card| format!("{}/{}", t.routers[card.router].name, card.name);
        let zone = |zone: &Zone| format!("{}/{}", t.sites[zone.site].name, zone.name);
        let feed = |feed: &Feed| format!("{}/{}", t.sites[feed.site].name, feed.name);
        Self {
            pnis,
            links,
            ports,
            networks: named(("network", "networks"), &t.networks, report, |x| x.name.clone()),
            exchanges: named(("exchange", "exchanges"), &t.exchanges, report, |x| x.name.clone()),
            circuits: named(("circuit", "circuits"), &t.circuits, report, |x| x.name.clone()),
            spans: named(("span", "spans"), &t.spans, report, |x| x.name.clone()),
            srlgs: named(("shared-risk group", "srlgs"), &t.srlgs, report, |x| x.name.clone()),
            routers: named(("router", "routers"), &t.routers, report, |x| x.name.clone()),
            sites: named(("site", "sites"), &t.sites, report, |x| x.name.clone()),
            metros: named(("metro", "metros"), &t.metros, report, |x| x.name.clone()),
            sessions: named(("session", "sessions"), &t.sessions, report, |x| x.name.clone()),
            prefixes: named(("prefix", "prefixes"), &t.prefixes, report, |x| x.prefix.to_string()),
            demands: named(("demand", "demands"), &t.demands, report, |x| x.name.clone()),
            classes: named(("class", "classes"), &t.classes, report, |x| x.name.clone()),
            cards: named(("line card", "cards"), &t.cards, report, card),
            feeds: named(("power feed", "power_feeds"), &t.feeds, report, feed),
            zones: named(("power zone", "power_zones"), &t.zones, report, zone),
            domains: named(DOMAIN, &t.domains, report, |x| x.name.clone()),
            peerings: named(("peering", "peerings"), &t.peerings, report, |x| x.name.clone()),
        }
    }
}

/// A scenario in the making.
struct Resolver<'a> {
    topology: &'a Topology,
    known: Known,
    report: Report,
    duration: SimDuration,
}

/// Resolves a scenario file.
pub(in crate::model) fn scenario(
    source: &Arc<Source>,
    raw: &RawScenario,
    name: String,
    topology: &Topology,
) -> Result<(Scenario, Diagnostics), Diagnostics> {
    let mut report = Report::new(source);
    if let Some(name) = &raw.name {
        report.check_name(name.span, name);
    }
    let known = Known::of(topology, &mut report);
    let mut resolver = Resolver { topology, known, report, duration: LONGEST_RUN };
    resolver.duration = resolver.run_time(&raw.duration);
    let faults = resolver.faults(&raw.faults);
    let bounds = resolver.bounds(&raw.bounds, &faults);
    let failed = resolver.report.has_errors();
    let diagnostics = resolver.report.finish();
    if failed {
        return Err(diagnostics);
    }
    let scenario = Scenario {
        name,
        about: about(raw.about.as_ref()),
        seed: raw.seed.as_deref().copied().unwrap_or(1),
        duration: resolver.duration,
        start: match raw.start.as_deref() {
            Some(RawStart::Cold) => Start::Cold,
            Some(RawStart::Settled) | None => Start::Settled,
        },
        faults,
        bounds,
    };
    Ok((scenario, diagnostics))
}

impl Resolver<'_> {
    fn run_time(&mut self, text: &Sp<Text<SimDuration>>) -> SimDuration {
        let Some(duration) = self.report.quantity(text) else { return LONGEST_RUN };
        if duration.is_zero() || duration > LONGEST_RUN {
            let message = format!("`{}` is out of range: above 0s to 3650d", text.as_str());
            self.report.at(text.span, Code::OutOfRange, message);
            return LONGEST_RUN;
        }
        duration
    }

    fn faults(&mut self, raw: &[Sp<RawFault>]) -> Vec<Fault> {
        let mut begins = 0_u64;
        let mut faults = Vec::with_capacity(raw.len());
        for fault in raw {
            faults.extend(self.fault(fault));
            begins += fault.repeat.as_deref().map_or(1, |repeat| u64::from(*repeat.times).max(1));
            if begins > MAX_BEGINS {
                let message = format!("the scenario has more than {MAX_BEGINS} fault begins");
                self.report.at(fault.span, Code::TooMany, message);
                break;
            }
        }
        faults
    }

    fn fault(&mut self, raw: &RawFault) -> Option<Fault> {
        let begin = self.begin(raw);
        let lasts = optional(raw.lasts.as_ref(), |text| self.positive(text));
        let jitter = optional(raw.jitter.as_ref(), |text| self.report.quantity(text));
        let repeat = optional(raw.repeat.as_ref(), |repeat| {
            if !(1..=10_000).contains(&*repeat.times) {
                let message = format!("`{}` is out of range: 1 to 10000", *repeat.times);
                self.report.at(repeat.times.span, Code::OutOfRange, message);
            }
            let every = self.positive(&repeat.every)?;
            Some(Repeat { times: *repeat.times, every })
        });
        let kind = self.inject(&raw.inject);
        let fault = Fault {
            begin: begin?,
            lasts: lasts.ok()?,
            repeat: repeat.ok()?,
            jitter: jitter.ok()?.unwrap_or(SimDuration::ZERO),
            kind: kind?,
        };
        self.check_times(raw, &fault);
        Some(fault)
    }

    fn positive(&mut self, text: &Sp<Text<SimDuration>>) -> Option<SimDuration> {
        let value = self.report.quantity(text)?;
        if value.is_zero() {
            let message = format!("`{}` is out of range: above 0s", text.as_str());
            self.report.at(text.span, Code::OutOfRange, message);
            return None;
        }
        Some(value)
    }

    fn check_times(&mut self, raw: &RawFault, fault: &Fault) {
        let end = SimTime::ZERO + self.duration;
        let at = |time: SimTime| time.since(SimTime::ZERO);
        // One that waits for something begins when that happens, if it does.
        let (begin, written) = match (fault.begin, &raw.at) {
            (Begin::At(begin), Some(text)) => (begin, text.span),
            (Begin::At(_) | Begin::When(..), _) => (SimTime::ZERO, Span::default()),
        };
        if begin >= end {
            let message =
                format!("the fault begins at {}, the run ends at {}", at(begin), self.duration);
            self.report.at(written, Code::BadTime, message);
        }
        let (Some(raw_repeat), Some(repeat)) = (&raw.repeat, fault.repeat) else { return };
        let last = begin + repeat.every * u64::from(repeat.times.saturating_sub(1));
        if begin < end && last >= end {
            let message = format!(
                "the last repeat begins at {}, the run ends at {}",
                at(last),
                self.duration
            );
            self.report.at(raw_repeat.span, Code::BadTime, message);
        }
        match fault.lasts {
            Some(lasts) if lasts + fault.jitter >= repeat.every => {
                let message = format!(
                    "the fault lasts {lasts} and its jitter is {}, but it begins again after {}",
                    fault.jitter, repeat.every
                );
                self.report.at(raw_repeat.every.span, Code::BadTime, message);
            }
            None if repeat.times > 1 && !ends_by_itself(&fault.kind) => {
                let message = "a fault that stays cannot begin again";
                let hint = "say how long it lasts with `for:`";
                self.report.hinted(raw_repeat.entry, Code::BadTime, message, hint);
            }
            Some(_) | None => {}
        }
    }
}

/// Whether a fault needs no `for:` to be over.
const fn ends_by_itself(kind: &FaultKind) -> bool {
    matches!(kind, FaultKind::RouterCrash(_) | FaultKind::SessionReset { .. })
}
