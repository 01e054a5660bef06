//! Networks and routers.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use sha2::{Digest, Sha256};

use super::Resolver;
use super::daemons::{check_daemon, daemon};
use super::places::about;
use super::report::hole;
use super::requirements::declared;
use super::values::{
    Assumed, Chain, MILLISECOND_TO_A_DAY, UP_TO_A_DAY, Valued, check_bfd, check_bgp,
    check_duration, check_interface, check_jitter, check_lacp,
};
use crate::diag::{Code, Related, Span};
use crate::ids::{Id, NetworkId, RouterId, SiteId};
use crate::input::sp::Sp;
use crate::model::profiles::Values;
use crate::model::raw::topology::{
    RawDefaults, RawFrr, RawIgp, RawIgpKind, RawNetwork, RawNetworkKind, RawRouter, RawWeights,
};
use crate::model::raw::values::{
    RawBfd, RawBgp, RawDaemon, RawInterface, RawLacp, RawProfile, RawRouterValues,
};
use crate::model::topology::{
    Card, Ibgp, Multipath, Network, NetworkKind, Risk, Role, Router, Weights,
};
use crate::proto::igp::{IgpConfig, IgpKind};
use crate::units::{Share, SimDuration};

/// AS numbers that cannot number a network: RFC 7607, RFC 6793, RFC 7300.
const UNUSABLE_ASNS: [u32; 4] = [0, 23_456, 65_535, u32::MAX];

/// Whether an AS number is reserved for documentation (RFC 5398).
const fn is_documentation_asn(asn: u32) -> bool {
    matches!(asn, 64_496..=64_511 | 65_536..=65_551)
}

/// The places that state values for a router, the most specific first.
#[derive(Clone, Copy)]
pub(super) struct RouterLayers<'a> {
    router: Option<&'a RawRouter>,
    network: Option<&'a RawNetwork>,
    defaults: Option<&'a RawDefaults>,
    profile: RawProfile,
    values: &'a Values,
}

macro_rules! group_chain {
    ($($name:ident, $text:literal, $group:ty;)*) => {$(
        /// The places that state this group, from the router outwards.
        pub(super) fn $name(&self) -> Chain<'a, $group> {
            let layers = [
                self.router.and_then(|router| router.$name.as_deref()),
                self.network.and_then(|network| network.$name.as_deref()),
                self.defaults.and_then(|defaults| defaults.$name.as_deref()),
            ];
            let layers = layers.into_iter().flatten().collect();
            Chain { group: $text, layers, profile: self.profile, values: self.values }
        }
    )*};
}

impl<'a> RouterLayers<'a> {
    group_chain! {
        bgp, "bgp", RawBgp;
        bfd, "bfd", RawBfd;
        lacp, "lacp", RawLacp;
        interface, "interface", RawInterface;
        daemon, "daemon", RawDaemon;
    }

    fn outer(&self) -> Chain<'a, RawRouterValues> {
        let layers = [
            self.network.and_then(|network| network.router.as_deref()),
            self.defaults.and_then(|defaults| defaults.router.as_deref()),
        ];
        let layers = layers.into_iter().flatten().collect();
        Chain { group: "router", layers, profile: self.profile, values: self.values }
    }
}

impl<'a> Resolver<'a> {
    /// Reports what is wrong with `defaults:`.
    pub(super) fn check_defaults(&mut self) {
        let Some(defaults) = &self.raw.defaults else { return };
        check_bgp(&mut self.report, defaults.bgp.as_ref());
        check_bfd(&mut self.report, defaults.bfd.as_ref());
        check_lacp(&mut self.report, defaults.lacp.as_ref());
        check_interface(&mut self.report, defaults.interface.as_ref());
        check_daemon(&mut self.report, defaults.daemon.as_ref());
        self.check_router_values(defaults.router.as_deref());
    }

    fn check_router_values(&mut self, values: Option<&RawRouterValues>) {
        let Some(values) = values else { return };
        let report = &mut self.report;
        values.fib_rate.as_ref().map(|rate| report.quantity(rate));
        values.fib_delete_rate.as_ref().map(|rate| report.quantity(rate));
        check_jitter(report, values.fib_rate_spread.as_ref(), Share::from_percent(90));
        check_duration(report, values.prune_unreachable.as_ref(), UP_TO_A_DAY);
        check_duration(report, values.pic_delay.as_ref(), UP_TO_A_DAY);
        check_duration(report, values.update_processing.as_ref(), UP_TO_A_DAY);
        check_duration(report, values.next_hop_delay.as_ref(), UP_TO_A_DAY);
        check_duration(report, values.reload.as_ref(), UP_TO_A_DAY);
    }

    pub(super) fn networks(&mut self) {
        let raw = self.raw;
        for (name, network) in raw.networks.iter() {
            check_bgp(&mut self.report, network.bgp.as_ref());
            check_bfd(&mut self.report, network.bfd.as_ref());
            check_lacp(&mut self.report, network.lacp.as_ref());
            check_interface(&mut self.report, network.interface.as_ref());
            check_daemon(&mut self.report, network.daemon.as_ref());
            self.check_router_values(network.router.as_deref());
            let startup = network.igp.as_deref().and_then(|igp| igp.overload_on_startup.as_ref());
            check_duration(&mut self.report, startup, UP_TO_A_DAY);
            self.check_asn(&network.asn);
            let igp = self.igp(name, network);
            let multipath = self.multipath(name, network);
            let weights = self.weights(name, network);
            let next_hop_self =
                Valued::or_built_in(self.values, network.next_hop_self.as_ref(), "next_hop_self");
            self.assume("next_hop_self", name, next_hop_self.assumed);
            let stated = network.honor_graceful_shutdown.as_ref();
            let honor = Valued::or_built_in(self.values, stated, "honor_graceful_shutdown");
            self.assume("honor_graceful_shutdown", name, honor.assumed);
            let stated = network.prefer_oldest.as_ref();
            let oldest = Valued::or_built_in(self.values, stated, "prefer_oldest");
            self.assume("prefer_oldest", name, oldest.assumed);
            let ibgp = network.ibgp.as_deref();
            self.check_graceful(ibgp.and_then(|ibgp| ibgp.graceful_restart.as_ref()));
            check_bfd(&mut self.report, ibgp.and_then(|ibgp| ibgp.bfd.as_ref()));
            let stated = ibgp.and_then(|ibgp| ibgp.add_path.as_ref());
            let add_path = Valued::or_built_in(self.values, stated, "ibgp.add_path");
            let stated = ibgp.and_then(|ibgp| ibgp.best_external.as_ref());
            let best_external = Valued::or_built_in(self.values, stated, "ibgp.best_external");
            self.assume("ibgp.add_path", name, add_path.assumed);
            self.assume("ibgp.best_external", name, best_external.assumed);
            self.topology.networks.push(Network {
                name: name.to_string(),
                about: about(network.about.as_ref()),
                asn: *network.asn,
                kind: match network.kind.as_deref() {
                    Some(RawNetworkKind::Partner) => NetworkKind::Partner,
                    Some(RawNetworkKind::Cloud) => NetworkKind::Cloud,
                    Some(RawNetworkKind::Transit) => NetworkKind::Transit,
                    Some(RawNetworkKind::Other) | None => NetworkKind::Other,
                },
                igp,
                overload_on_startup: startup.and_then(|text| text.parse().ok()),
                next_hop_self: next_hop_self.value,
                multipath,
                weights,
                honor_graceful_shutdown: honor.value,
                prefer_oldest: oldest.value,
                ibgp: Ibgp { add_path: add_path.value, best_external: best_external.value },
                declared: declared(network.declared.as_deref()),
            });
        }
    }

    pub(super) fn check_asn(&mut self, asn: &Sp<u32>) {
        if UNUSABLE_ASNS.contains(&**asn) {
            let message = format!("AS number {} cannot number a network", **asn);
            self.report.at(asn.span, Code::BadAsn, message);
        }
        if is_documentation_asn(**asn) {
            self.documentation.push((asn.span, format!("AS{}", **asn)));
        }
    }

    fn multipath(&mut self, name: &str, network: &RawNetwork) -> Multipath {
        let raw = network.multipath.as_deref();
        let ebgp =
            Valued::or_built_in(self.values, raw.and_then(|m| m.ebgp.as_ref()), "multipath.ebgp");
        let ibgp =
            Valued::or_built_in(self.values, raw.and_then(|m| m.ibgp.as_ref()), "multipath.ibgp");
        let relax =
            Valued::or_built_in(self.values, raw.and_then(|m| m.relax.as_ref()), "multipath.relax");
        for paths in [&ebgp, &ibgp] {
            if let Some(span) = paths.stated
                && !(1..=256).contains(&paths.value)
            {
                let message = format!("`{}` is out of range: 1 to 256 paths", paths.value);
                self.report.at(span, Code::OutOfRange, message);
            }
        }
        self.assume("multipath.ebgp", name, ebgp.assumed);
        self.assume("multipath.ibgp", name, ibgp.assumed);
        self.assume("multipath.relax", name, relax.assumed);
        Multipath { ebgp: ebgp.value, ibgp: ibgp.value, relax: relax.value }
    }

    fn weights(&mut self, name: &str, network: &RawNetwork) -> Weights {
        match network.multipath.as_deref().and_then(|raw| raw.weights.as_deref()) {
            Some(RawWeights::Equal) => Weights::Equal,
            Some(RawWeights::Bandwidth) => Weights::Bandwidth,
            None => {
                let weights: Valued<String> = Valued::built_in(self.values, "multipath.weights");
                self.assume("multipath.weights", name, weights.assumed);
                if weights.value == "bandwidth" { Weights::Bandwidth } else { Weights::Equal }
            }
        }
    }

    fn igp(&mut self, name: &str, network: &RawNetwork) -> IgpConfig {
        let raw = network.igp.as_deref();
        let kind = raw.and_then(|igp| igp.kind.as_deref()).copied();
        if kind.is_none() {
            let row = crate::model::profiles::builtin("igp.kind");
            self.assume("igp.kind", name, Some(Assumed::of(row)));
        }
        let kind = kind.unwrap_or(RawIgpKind::Isis);
        let chain = |group| Chain {
            group,
            layers: raw.into_iter().collect(),
            profile: RawProfile::Generic,
            values: self.values,
        };
        let (hellos, rest) = (
            chain(match kind {
                RawIgpKind::Ospf => "ospf",
                RawIgpKind::Isis | RawIgpKind::Static => "isis",
            }),
            chain("igp"),
        );
        let hello = hellos.text("hello", |igp: &RawIgp| igp.hello.as_ref());
        let dead = hellos.text("dead", |igp| igp.dead.as_ref());
        let flood = rest.text("flood", |igp| igp.flood.as_ref());
        let initial = rest.text("spf_initial", |igp| igp.spf_initial.as_ref());
        let hold = rest.text("spf_hold", |igp| igp.spf_hold.as_ref());
        let max = rest.text("spf_max", |igp| igp.spf_max.as_ref());
        let delay = rest.text("frr_delay", |igp| igp.frr_delay.as_ref());
        let frr = self.frr(name, raw, kind);
        self.check_igp(raw, &hello, &dead, [&initial, &hold, &max]);
        let config = IgpConfig {
            kind: match kind {
                RawIgpKind::Static => IgpKind::Static,
                RawIgpKind::Ospf => IgpKind::Ospf,
                RawIgpKind::Isis => IgpKind::Isis,
            },
            hello: hello.value,
            dead: dead.value,
            flood: flood.value,
            spf_initial: initial.value,
            spf_hold: hold.value,
            spf_max: max.value,
            frr: frr.then_some(delay.value),
        };
        if config.kind != IgpKind::Static {
            self.assume("igp.hello", name, hello.assumed);
            self.assume("igp.dead", name, dead.assumed);
            self.assume("igp.flood", name, flood.assumed);
            self.assume("igp.spf_initial", name, initial.assumed);
            self.assume("igp.spf_hold", name, hold.assumed);
            self.assume("igp.spf_max", name, max.assumed);
        }
        if frr {
            self.assume("igp.frr_delay", name, delay.assumed);
        }
        config
    }

    /// Whether routers use alternates when a link is lost.
    fn frr(&mut self, name: &str, raw: Option<&RawIgp>, kind: RawIgpKind) -> bool {
        let routed = !matches!(kind, RawIgpKind::Static);
        let Some(stated) = raw.and_then(|igp| igp.frr.as_ref()) else {
            let frr: Valued<String> = Valued::built_in(self.values, "igp.frr");
            if routed {
                self.assume("igp.frr", name, frr.assumed);
            }
            return routed && frr.value == "lfa";
        };
        let lfa = matches!(**stated, RawFrr::Lfa);
        if lfa && !routed {
            let message = "`frr: lfa` needs an IGP: static routes have no alternates";
            let hint = "`kind: isis` or `kind: ospf`";
            self.report.hinted(stated.span, Code::UnknownKey, message, hint);
        }
        lfa
    }

    fn check_igp(
        &mut self,
        raw: Option<&RawIgp>,
        hello: &Valued<SimDuration>,
        dead: &Valued<SimDuration>,
        [initial, hold, max]: [&Valued<SimDuration>; 3],
    ) {
        if let Some(raw) = raw {
            check_duration(&mut self.report, raw.hello.as_ref(), MILLISECOND_TO_A_DAY);
            check_duration(&mut self.report, raw.dead.as_ref(), MILLISECOND_TO_A_DAY);
            for text in [&raw.flood, &raw.spf_initial, &raw.spf_hold, &raw.spf_max, &raw.frr_delay]
            {
                check_duration(&mut self.report, text.as_ref(), UP_TO_A_DAY);
            }
        }
        for (short, long, message) in [
            (hello, dead, "the dead interval is not longer than the hello interval"),
            (initial, max, "`spf_initial` is longer than `spf_max`"),
            (hold, max, "`spf_hold` is longer than `spf_max`"),
        ] {
            let wrong = short.value > long.value
                || (short.value == long.value && std::ptr::eq(short, hello));
            // Both assumed: one of them was changed by a caller.
            let span = long.stated.or(short.stated).unwrap_or_default();
            if wrong {
                let values = format!("{message} ({} and {})", short.value, long.value);
                self.report.at(span, Code::Timers, values);
            }
        }
    }

    /// The network and the site of each router, as far as their names are known.
    pub(super) fn router_places(&mut self) {
        for (_, router) in self.raw.routers.iter() {
            let network = self.names.networks.find(&router.network, &mut self.report);
            let site = self.names.sites.find(&router.site, &mut self.report);
            self.router_places.push((network, site));
        }
    }

    /// The places that state values for a router.
    pub(super) fn layers(&self, router: RouterId) -> RouterLayers<'a> {
        // Fabrics and route servers come after all routers and have the file's defaults.
        let raw = self.raw.routers.get(router.index()).map(|(_, router)| &**router);
        let network =
            self.router_places[router.index()].0.map(|id| &*self.raw.networks[id.index()].1);
        let defaults = self.raw.defaults.as_deref();
        let profile = raw
            .and_then(|raw| raw.profile.as_ref())
            .or_else(|| {
                network?.profile.as_ref().or_else(|| network?.router.as_ref()?.profile.as_ref())
            })
            .or_else(|| defaults?.router.as_ref()?.profile.as_ref())
            .map_or(RawProfile::Generic, |profile| **profile);
        RouterLayers { router: raw, network, defaults, profile, values: self.values }
    }

    pub(super) fn routers(&mut self) {
        let raw = self.raw;
        let router_ids = self.router_ids();
        for (index, (name, router)) in raw.routers.iter().enumerate() {
            let id = RouterId::from_index(index);
            let (network, site) = self.router_places[index];
            check_bgp(&mut self.report, router.bgp.as_ref());
            check_bfd(&mut self.report, router.bfd.as_ref());
            check_lacp(&mut self.report, router.lacp.as_ref());
            check_interface(&mut self.report, router.interface.as_ref());
            check_daemon(&mut self.report, router.daemon.as_ref());
            let own = own_values(router);
            self.check_router_values(Some(&own));
            let feeds = self.router_feeds(router, site);
            let feeds_needed = self.feeds_needed(name, router, feeds.len());
            let built = self.router(id, name, &own, (network, site));
            let zone = router.power_zone.as_ref().zip(site).and_then(|(zone, site)| {
                let full = format!("{}/{}", raw.sites[site.index()].0.as_str(), **zone);
                self.names.zones.find_text(zone.span, &full, &mut self.report)
            });
            let often = router.failures_per_year.as_ref();
            let risk = self.router_risk(often, router.repair.as_ref(), router.modes.as_ref());
            self.topology.routers.push(Router {
                router_id: router_ids[index],
                router_id_derived: router.router_id.is_none(),
                stateful: router.stateful.as_deref().copied().unwrap_or(false),
                zone,
                feeds,
                feeds_needed,
                about: about(router.about.as_ref()),
                risk,
                ..built
            });
            self.cards(id, name, router);
        }
    }

    /// A router with its values, without its feeds and BGP identifier.
    pub(super) fn router(
        &mut self,
        id: RouterId,
        name: &str,
        own: &RawRouterValues,
        (network, site): (Option<NetworkId>, Option<SiteId>),
    ) -> Router {
        let layers = self.layers(id);
        let outer = layers.outer();
        let chain = Chain {
            group: outer.group,
            layers: std::iter::once(own).chain(outer.layers.iter().copied()).collect(),
            profile: outer.profile,
            values: outer.values,
        };
        let (daemon, daemon_rows) = daemon(&layers.daemon());
        let update = chain.text("update_processing", |v| v.update_processing.as_ref());
        let next_hop_delay = chain.text("next_hop_delay", |v| v.next_hop_delay.as_ref());
        let reload = chain.text("reload", |v| v.reload.as_ref());
        let forwarding = self.forwarding(name, &chain);
        for (key, row) in daemon_rows {
            self.assume(key, name, row);
        }
        self.assume("router.update_processing", name, update.assumed);
        self.assume("router.next_hop_delay", name, next_hop_delay.assumed);
        self.assume("router.reload", name, reload.assumed);
        Router {
            name: name.to_owned(),
            about: String::new(),
            role: Role::Router,
            network: network.unwrap_or_else(hole),
            site: site.unwrap_or_else(hole),
            router_id: Ipv4Addr::UNSPECIFIED,
            router_id_derived: false,
            cluster_id: None,
            chassis_mates: Vec::new(),
            stateful: false,
            zone: None,
            feeds: Vec::new(),
            feeds_needed: 1,
            fib: forwarding.mode,
            fib_rate: forwarding.rate,
            fib_delete_rate: forwarding.delete_rate,
            fib_rate_spread: forwarding.spread,
            prune_ecmp: forwarding.prune_ecmp,
            prune_unreachable: forwarding.prune_unreachable,
            daemon,
            update_processing: update.value,
            next_hop_delay: next_hop_delay.value,
            reload: reload.value,
            risk: Risk::default(),
        }
    }

    fn router_feeds(
        &mut self,
        router: &RawRouter,
        site: Option<SiteId>,
    ) -> Vec<crate::ids::FeedId> {
        let Some(site) = site else { return Vec::new() };
        let site = self.raw.sites[site.index()].0.to_string();
        router
            .feeds
            .iter()
            .filter_map(|feed| {
                let full = format!("{site}/{}", **feed);
                self.names.feeds.find_text(feed.span, &full, &mut self.report)
            })
            .collect()
    }

    fn feeds_needed(&mut self, name: &str, router: &RawRouter, wired: usize) -> u32 {
        let needed = Valued::or_built_in(self.values, router.feeds_needed.as_ref(), "feeds_needed");
        if let Some(span) = needed.stated
            && !(1..=wired).contains(&(needed.value as usize))
        {
            let message = format!("the router needs {} feeds and has {wired}", needed.value);
            self.report.at(span, Code::TooFewFeeds, message);
        }
        if wired > 0 {
            self.assume("feeds_needed", name, needed.assumed);
        }
        needed.value
    }

    fn cards(&mut self, id: RouterId, name: &str, router: &RawRouter) {
        for card in router.cards.iter() {
            self.report.check_name(card.span, card);
            let card_id = self.topology.cards.push(Card { name: card.to_string(), router: id });
            let full = format!("{name}/{}", **card);
            self.names.cards.declare(card.span, &full, card_id, &mut self.report);
        }
    }

    /// Stated BGP identifiers, and derived ones that no other router has.
    fn router_ids(&mut self) -> Vec<Ipv4Addr> {
        let raw = self.raw;
        // Unique within an AS (RFC 6286 §2.1).
        let mut taken: BTreeMap<(Ipv4Addr, Option<u32>), Span> = BTreeMap::new();
        let places = self.router_places.iter();
        let stated: Vec<_> = raw
            .routers
            .iter()
            .zip(places)
            .map(|((_, router), (network, _))| {
                let text = router.router_id.as_ref()?;
                let id = self.report.address(text)?;
                if id.is_unspecified() {
                    let message = "a BGP identifier is not 0.0.0.0 (RFC 6286)";
                    self.report.at(text.span, Code::BadAddress, message);
                    return Some(id);
                }
                let asn = network.map(|network| self.topology.networks[network].asn);
                if let Some(first) = taken.insert((id, asn), text.span) {
                    let message = format!("two routers of one AS have the BGP identifier {id}");
                    let label = "first here".to_owned();
                    let error = self.report.at(text.span, Code::DeclaredTwice, message);
                    error.related.push(Related { span: first, label });
                }
                Some(id)
            })
            .collect();
        let mut used: BTreeSet<Ipv4Addr> = taken.into_keys().map(|(id, _)| id).collect();
        let ids: Vec<_> = raw
            .routers
            .iter()
            .zip(stated)
            .map(|((name, _), stated)| stated.unwrap_or_else(|| derived_router_id(name, &mut used)))
            .collect();
        for ((name, router), id) in raw.routers.iter().zip(&ids) {
            if router.router_id.is_none() {
                let assumed = Assumed::built_in(&id, "derived from the router's name");
                self.assume("router_id", name, Some(assumed));
            }
        }
        ids
    }
}

/// An address of 10.0.0.0/8 from a hash of the name, and of further hashes while it is taken; a
/// file of 64 MiB has far fewer routers than there are such addresses.
pub(super) fn derived_router_id(name: &str, used: &mut BTreeSet<Ipv4Addr>) -> Ipv4Addr {
    let mut attempt = 0_u32;
    loop {
        let hash = Sha256::new()
            .chain_update(b"router-id/")
            .chain_update(name)
            .chain_update(attempt.to_le_bytes())
            .finalize();
        let id = Ipv4Addr::new(10, hash[0], hash[1], hash[2]);
        if used.insert(id) {
            return id;
        }
        attempt += 1;
    }
}

/// The values that stand at the router itself.
fn own_values(router: &RawRouter) -> RawRouterValues {
    RawRouterValues {
        profile: router.profile.clone(),
        fib: router.fib.clone(),
        fib_rate: router.fib_rate.clone(),
        fib_delete_rate: router.fib_delete_rate.clone(),
        fib_rate_spread: router.fib_rate_spread.clone(),
        prune_ecmp: router.prune_ecmp.clone(),
        prune_unreachable: router.prune_unreachable.clone(),
        pic_delay: router.pic_delay.clone(),
        update_processing: router.update_processing.clone(),
        next_hop_delay: router.next_hop_delay.clone(),
        reload: router.reload.clone(),
    }
}
