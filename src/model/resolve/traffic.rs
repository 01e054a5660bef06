//! Prefixes, classes and demands.

use std::collections::BTreeSet;

use ipnet::IpNet;

use super::Resolver;
use super::places::{about, great_circle_km};
use super::policy::{communities, prefix};
use super::report::hole;
use super::values::{Assumed, Valued};
use crate::diag::{Code, Related, Span};
use crate::ids::{ClassId, Id, IdVec, MetroId, NetworkId, PrefixId, RouterId, SiteId};
use crate::input::sp::{Sp, TextOrMap};
use crate::model::profiles::builtin;
use crate::model::raw::traffic::{RawDemand, RawFlows, RawHash, RawPlacement, RawPrefix};
use crate::model::topology::{Class, Demand, Endpoint, Family, Flows, HashMode, Prefix, Standby};
use crate::proto::bgp::rpki::Roa;
use crate::units::{BitRate, Share};

/// A design may have this many pairs of a prefix and a router that serves it.
const MAX_SERVED: usize = 1_000_000;
/// The class of demands that name none.
const DEFAULT_CLASS: &str = "default";

/// Prefixes that are reserved for documentation: RFC 5737, RFC 3849, RFC 9637.
const DOCUMENTATION: [&str; 5] =
    ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"];

fn is_documentation(prefix: &IpNet) -> bool {
    DOCUMENTATION
        .iter()
        .filter_map(|text| text.parse::<IpNet>().ok())
        .any(|reserved| reserved.contains(prefix))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "distances on a globe are below 20,100 km"
)]
fn whole(km: f64) -> u32 {
    km.round() as u32
}

impl Resolver<'_> {
    pub(super) fn classes(&mut self) {
        let raw = self.raw;
        for (name, class) in raw.classes.iter() {
            let ok = Valued::text_or_built_in(
                self.values,
                class.ok.as_ref(),
                "class.ok",
                &mut self.report,
            );
            if let Some(span) = ok.stated
                && (ok.value > Share::ONE || ok.value == Share::ZERO)
            {
                let message = format!("`{}` is out of range: above 0% to 100%", ok.value);
                self.report.at(span, Code::OutOfRange, message);
            }
            self.assume("class.ok", name, ok.assumed);
            let report = &mut self.report;
            let longest_gap = class.longest_gap.as_ref().and_then(|text| report.quantity(text));
            let drop_after = class.drop_after.as_ref().and_then(|text| report.quantity(text));
            let availability = class.availability.as_ref().and_then(|text| report.quantity(text));
            if let (Some(share), Some(text)) = (availability, &class.availability)
                && share > Share::ONE
            {
                let message = format!("`{share}` is out of range: 0% to 100%");
                report.at(text.span, Code::OutOfRange, message);
            }
            self.topology.classes.push(Class {
                name: name.to_string(),
                ok: ok.value,
                longest_gap,
                availability,
                drop_after,
            });
        }
    }

    /// The keys of `prefixes:`, so that demands can name them.
    pub(super) fn prefix_names(&mut self) {
        let raw = self.raw;
        for (index, (name, _)) in raw.prefixes.iter().enumerate() {
            let parsed = prefix(name.span, name, &mut self.report);
            self.parsed_prefixes.push(parsed);
            let Some(parsed) = parsed else { continue };
            if is_documentation(&parsed) {
                self.documentation.push((name.span, parsed.to_string()));
            }
            let id = PrefixId::from_index(index);
            self.names.prefixes.declare(name.span, &parsed.to_string(), id, &mut self.report);
        }
    }

    pub(super) fn prefixes(&mut self) {
        let raw = self.raw;
        let sites = self.routers_by_site();
        let mut served = 0;
        for (index, (name, entry)) in raw.prefixes.iter().enumerate() {
            let network = self.names.networks.find(&entry.network, &mut self.report);
            let served_by = self.served_by(name, entry, network, &sites);
            served += served_by.len();
            if served > MAX_SERVED {
                let message = format!("more than {MAX_SERVED} pairs of a prefix and a router");
                self.report.at(name.span, Code::TooMany, message);
                return;
            }
            let count = entry.count.as_ref();
            if let Some(count) = count.filter(|count| !(1..=10_000_000).contains(&***count)) {
                let message = format!("`{}` is out of range: 1 to 10000000", **count);
                self.report.at(count.span, Code::OutOfRange, message);
            }
            let standby = self.service(name, entry, network, &served_by, &sites);
            let announced_over = entry
                .announce
                .as_ref()
                .map(|announce| self.names.pnis.find_all(&announce.pnis, &mut self.report));
            let endpoints = self.endpoints(entry, self.parsed_prefixes[index]);
            let roas = self.roas(entry, self.parsed_prefixes[index]);
            let class = entry.class.as_ref();
            let class = class.and_then(|class| self.names.classes.find(class, &mut self.report));
            let registration = entry.registration.as_ref().and_then(|registration| {
                let names = &self.names.peerings;
                Some((names.find(&registration.peering, &mut self.report)?, *registration.state))
            });
            self.topology.prefixes.push(Prefix {
                prefix: self.parsed_prefixes[index].unwrap_or_default(),
                about: about(entry.about.as_ref()),
                network: network.unwrap_or_else(hole),
                distance_km: self.distances(&served_by),
                served_by,
                count: count.map_or(1, |count| **count),
                class,
                communities: communities(&entry.communities, &mut self.report),
                roas,
                infrastructure: entry.infrastructure.as_deref().copied().unwrap_or(true),
                registration,
                announced_over,
                standby,
                endpoints,
            });
        }
        self.covering_roas();
    }

    /// Who may originate a prefix, as its own entry tells.
    fn roas(&mut self, entry: &RawPrefix, prefix: Option<IpNet>) -> Vec<Roa> {
        let Some(prefix) = prefix else { return Vec::new() };
        let (least, most) = (prefix.prefix_len(), prefix.max_prefix_len());
        let mut roas = Vec::new();
        for raw in entry.roas.iter().flat_map(|list| list.iter()) {
            let max_length = raw.max_length.as_deref().copied().unwrap_or(least);
            if let Some(length) = raw.max_length.as_ref()
                && !(least..=most).contains(&max_length)
            {
                let message = format!("`{max_length}` is out of range: {least} to {most}");
                self.report.at(length.span, Code::OutOfRange, message);
            }
            roas.push(Roa { asn: *raw.asn, max_length });
        }
        roas
    }

    /// A ROA counts for the more-specifics of its prefix too.
    fn covering_roas(&mut self) {
        let own: Vec<(IpNet, Vec<Roa>)> =
            self.topology.prefixes.iter().map(|p| (p.prefix, p.roas.clone())).collect();
        if own.iter().all(|(_, roas)| roas.is_empty()) {
            return;
        }
        for prefix in &mut self.topology.prefixes {
            let covering = own.iter().filter(|(cover, _)| cover.contains(&prefix.prefix));
            prefix.roas = covering.flat_map(|(_, roas)| roas.iter().copied()).collect();
            prefix.roas.sort_unstable();
            prefix.roas.dedup();
        }
    }

    /// Whole kilometres from each metro to the nearest of these routers.
    fn distances(&self, served_by: &[RouterId]) -> IdVec<MetroId, Option<u32>> {
        let sites = served_by.iter().filter_map(|router| self.router_places[router.index()].1);
        let metro = |site: SiteId| self.topology.sites[site].metro;
        let served: Vec<_> =
            sites.filter_map(|site| self.topology.metros[metro(site)].position).collect();
        let nearest = |from: [f64; 2]| {
            let all = served.iter().map(|to| great_circle_km(from, *to));
            all.min_by(f64::total_cmp).map(whole)
        };
        self.topology.metros.iter().map(|metro| nearest(metro.position?)).collect()
    }

    /// The routers at each site, by id of the site.
    fn routers_by_site(&self) -> Vec<Vec<RouterId>> {
        let mut sites = vec![Vec::new(); self.raw.sites.len()];
        for (index, (_, site)) in self.router_places.iter().enumerate() {
            if let Some(site) = site {
                sites[site.index()].push(RouterId::from_index(index));
            }
        }
        sites
    }

    /// How the service of a prefix is placed, and who takes over.
    fn service(
        &mut self,
        name: &Sp<String>,
        entry: &RawPrefix,
        network: Option<NetworkId>,
        served_by: &[RouterId],
        sites: &[Vec<RouterId>],
    ) -> Option<Standby> {
        let service = entry.service.as_ref()?;
        match &**service {
            TextOrMap::Text(RawPlacement::Anycast) => None,
            TextOrMap::Text(RawPlacement::Single) => {
                let places: BTreeSet<_> =
                    served_by.iter().map(|r| self.router_places[r.index()].1).collect();
                if places.len() > 1 {
                    let message = format!("`{}` is served at {} sites", **name, places.len());
                    let hint = "a single service stands at one; `anycast` at all of them";
                    self.report.hinted(service.span, Code::NotServed, message, hint);
                }
                None
            }
            TextOrMap::Map(raw) => {
                let site = self.names.sites.find(&raw.standby, &mut self.report);
                let takeover = self.report.quantity(&raw.takeover);
                let routers = self.routers_at(site?, network, sites);
                let served = routers.iter().any(|router| served_by.contains(router));
                if served || routers.is_empty() {
                    let message = if served { "serves it anyway" } else { "has no router" };
                    let message = format!("`{}` {message}", *raw.standby);
                    let hint = "a standby site has routers of the network and serves only then";
                    self.report.hinted(raw.standby.span, Code::NotServed, message, hint);
                }
                Some(Standby { routers, takeover: takeover? })
            }
        }
    }

    fn endpoints(&mut self, entry: &RawPrefix, prefix: Option<IpNet>) -> Vec<Endpoint> {
        let mut endpoints = Vec::new();
        for (name, raw) in entry.endpoints.iter() {
            self.report.check_name(name.span, name);
            let site = self.names.sites.find(&raw.site, &mut self.report);
            let address = self.report.address(&raw.address);
            let (Some(site), Some(address)) = (site, address) else { continue };
            if prefix.is_some_and(|prefix| !prefix.contains(&address)) {
                let message = format!("`{address}` is not within the prefix");
                self.report.at(raw.address.span, Code::BadAddress, message);
            }
            endpoints.push(Endpoint { name: name.to_string(), address, site });
        }
        endpoints
    }

    fn served_by(
        &mut self,
        name: &Sp<String>,
        entry: &RawPrefix,
        network: Option<NetworkId>,
        sites: &[Vec<RouterId>],
    ) -> Vec<RouterId> {
        if entry.served_at.is_empty() && entry.routers.is_empty() {
            let message = format!("no router serves `{}`", **name);
            let hint = "say where with `served_at: [SITE]` or `routers: [ROUTER]`";
            self.report.hinted(name.span, Code::NotServed, message, hint);
            return Vec::new();
        }
        let mut at_sites = BTreeSet::new();
        for site in entry.served_at.iter() {
            let Some(id) = self.names.sites.find(site, &mut self.report) else { continue };
            let there = self.routers_at(id, network, sites);
            if there.is_empty() && network.is_some() {
                let message = format!("`{}` has no router at `{}`", *entry.network, **site);
                self.report.at(site.span, Code::NotServed, message);
            }
            at_sites.extend(there);
        }
        if entry.routers.is_empty() {
            return at_sites.into_iter().collect();
        }
        let mut named = BTreeSet::new();
        for router in entry.routers.iter() {
            let Some(id) = self.names.routers.find(router, &mut self.report) else { continue };
            self.check_serves(router, id, entry, network, &at_sites);
            named.insert(id);
        }
        named.into_iter().collect()
    }

    fn routers_at(
        &self,
        site: SiteId,
        network: Option<NetworkId>,
        sites: &[Vec<RouterId>],
    ) -> Vec<RouterId> {
        let of_network = |router: &&RouterId| self.router_places[router.index()].0 == network;
        sites[site.index()].iter().filter(of_network).copied().collect()
    }

    fn check_serves(
        &mut self,
        router: &Sp<String>,
        id: RouterId,
        entry: &RawPrefix,
        network: Option<NetworkId>,
        at_sites: &BTreeSet<RouterId>,
    ) {
        let own = self.router_places[id.index()].0;
        if own.is_some() && network.is_some() && own != network {
            let message = format!("`{}` is not in the network `{}`", **router, *entry.network);
            self.report.at(router.span, Code::WrongNetwork, message);
        } else if !entry.served_at.is_empty() && !at_sites.contains(&id) {
            let message = format!("`{}` is at none of the sites of `served_at`", **router);
            self.report.at(router.span, Code::NotServed, message);
        }
    }

    pub(super) fn demands(&mut self) {
        let raw = self.raw;
        for (name, demand) in raw.demands.iter() {
            self.demand(name, demand);
        }
        let Some(matrix) = self.matrix else { return };
        let design = self.report.turn_to(&matrix.source);
        let known: BTreeSet<&str> = raw.demands.iter().map(|(name, _)| name.as_str()).collect();
        for (name, demand) in matrix.demands.iter() {
            self.report.check_name(name.span, name);
            if known.contains(name.as_str()) {
                let message = format!("two demands have the name `{}`", **name);
                let hint = "the other stands under `demands` of the design";
                self.report.hinted(name.span, Code::DeclaredTwice, message, hint);
            }
            self.demand(name, demand);
        }
        self.report.turn_to(&design);
    }

    fn demand(&mut self, name: &Sp<String>, demand: &RawDemand) {
        let from = self.prefix_named(&demand.from);
        let to = self.prefix_named(&demand.to);
        self.check_families(demand, from, to);
        let at = self.sources(demand);
        self.check_sources(demand, &at, from);
        let report = &mut self.report;
        let metro = demand.metro.as_ref().and_then(|m| self.names.metros.find(m, report));
        let rate = report.quantity(&demand.rate).unwrap_or(BitRate::ZERO);
        let return_rate = Valued::text_or_built_in(
            self.values,
            demand.return_rate.as_ref(),
            "demand.return_rate",
            report,
        );
        let class = self.demand_class(name, demand, to);
        self.assume("return_rate", name, return_rate.assumed);
        let flows = demand.flows.as_ref().map(|flows| self.flows(name, flows));
        let growth = demand.growth_per_year.as_ref();
        let growth = growth.and_then(|text| self.report.quantity(text));
        self.topology.demands.push(Demand {
            name: name.to_string(),
            about: about(demand.about.as_ref()),
            at: at.iter().map(|(router, _, share)| (*router, *share)).collect(),
            from: from.unwrap_or_else(hole),
            to: to.unwrap_or_else(hole),
            metro,
            class,
            rate,
            return_rate: return_rate.value,
            growth: growth.unwrap_or(Share::ZERO),
            flows,
        });
    }

    fn prefix_named(&mut self, text: &Sp<String>) -> Option<PrefixId> {
        let parsed = prefix(text.span, text, &mut self.report)?;
        self.names.prefixes.find_text(text.span, &parsed.to_string(), &mut self.report)
    }

    fn check_families(&mut self, demand: &RawDemand, from: Option<PrefixId>, to: Option<PrefixId>) {
        let family = |id: PrefixId| self.parsed_prefixes[id.index()].as_ref().map(Family::of);
        let (Some(from), Some(to)) = (from.and_then(family), to.and_then(family)) else { return };
        if from != to {
            let message = format!("`from` is {} and `to` is {}", from.as_str(), to.as_str());
            self.report.at(demand.to.span, Code::WrongFamily, message);
        }
    }

    fn sources(&mut self, demand: &RawDemand) -> Vec<(RouterId, Span, Share)> {
        match &*demand.at {
            TextOrMap::Text(router) => {
                let span = demand.at.span;
                let found = self.names.routers.find_text(span, router, &mut self.report);
                found.map(|id| (id, span, Share::ONE)).into_iter().collect()
            }
            TextOrMap::Map(shares) => {
                let mut sum = 0_u64;
                let mut all_read = true;
                let mut sources = Vec::new();
                for (router, share) in shares.iter() {
                    let share = self.report.quantity(share);
                    all_read &= share.is_some();
                    let share = share.unwrap_or_default();
                    sum = sum.saturating_add(share.as_ppb());
                    let found = self.names.routers.find(router, &mut self.report);
                    sources.extend(found.map(|id| (id, router.span, share)));
                }
                if all_read && sum != Share::ONE.as_ppb() {
                    let message =
                        format!("the shares sum to {}, not to 100%", Share::from_ppb(sum));
                    self.report.at(demand.at.entry, Code::Shares, message);
                }
                sources
            }
        }
    }

    /// The source prefix is served by every router the demand starts at.
    fn check_sources(
        &mut self,
        demand: &RawDemand,
        at: &[(RouterId, Span, Share)],
        from: Option<PrefixId>,
    ) {
        let Some(from) = from.filter(|from| from.index() < self.topology.prefixes.len()) else {
            return;
        };
        for (router, span, _) in at {
            let served_by = &self.topology.prefixes[from].served_by;
            if !served_by.is_empty() && !served_by.contains(router) {
                let name = self.raw.routers[router.index()].0.as_str();
                let message = format!("`{name}` does not serve `{}`", *demand.from);
                let error = self.report.at(*span, Code::NotServed, message);
                let label = "traffic comes from here".to_owned();
                error.related.push(Related { span: demand.from.span, label });
                error.hint =
                    Some(format!("declare it with `routers: [{name}]`, or start elsewhere"));
            }
        }
    }

    fn demand_class(&mut self, name: &str, demand: &RawDemand, to: Option<PrefixId>) -> ClassId {
        if let Some(class) = &demand.class {
            return self.names.classes.find(class, &mut self.report).unwrap_or_else(hole);
        }
        let of_prefix = to.filter(|to| to.index() < self.topology.prefixes.len());
        if let Some(class) = of_prefix.and_then(|to| self.topology.prefixes[to].class) {
            return class;
        }
        self.assume("class", name, Some(Assumed::of(builtin("demand.class"))));
        let known = self.topology.classes.iter_ids().find(|(_, class)| class.name == DEFAULT_CLASS);
        if let Some((id, _)) = known {
            return id;
        }
        let ok = Valued::built_in(self.values, "class.ok");
        self.assume("class.ok", DEFAULT_CLASS, ok.assumed);
        self.topology.classes.push(Class {
            name: DEFAULT_CLASS.to_owned(),
            ok: ok.value,
            longest_gap: None,
            availability: None,
            drop_after: None,
        })
    }

    fn flows(&mut self, name: &str, flows: &Sp<TextOrMap<u32, RawFlows>>) -> Flows {
        let (count, span, hash) = match &**flows {
            TextOrMap::Text(count) => (*count, flows.span, None),
            TextOrMap::Map(map) => (*map.count, map.count.span, map.hash.as_deref()),
        };
        if !(1..=100_000).contains(&count) {
            let message = format!("`{count}` is out of range: 1 to 100000 flows");
            self.report.at(span, Code::OutOfRange, message);
        }
        let hash = match hash {
            Some(RawHash::Modulo) => HashMode::Modulo,
            Some(RawHash::Resilient) => HashMode::Resilient,
            None => {
                self.assume("flows.hash", name, Some(Assumed::of(builtin("flows.hash"))));
                HashMode::Modulo
            }
        };
        Flows { count, hash }
    }
}
