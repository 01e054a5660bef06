//! Exchanges: their fabrics, member ports, sessions on the LAN and route servers.

use std::collections::{BTreeMap, BTreeSet};

use super::Resolver;
use super::lags::{RawBundle, RawEither, RawEnd, relation_of};
use super::one_sided::Stated;
use super::places::about;
use super::report::hole;
use super::routers::derived_router_id;
use super::sessions::{FAMILIES, RawOwn, of};
use super::values::{AssumedRows, check_bgp};
use crate::diag::{Code, Related, Span};
use crate::ids::{ExchangeId, Id, LagId, RouterId, Side};
use crate::input::sp::{Entries, Sp};
use crate::model::raw::exchange::{RawExchange, RawLanSide, RawPort};
use crate::model::raw::lags::{RawRelation, RawSession};
use crate::model::raw::values::{RawBgp, RawRouterValues};
use crate::model::topology::{
    Declared, Exchange, Family, Ibgp, LagKind, Multipath, Network, NetworkKind, Role, Router,
    Session, SessionKind, Weights,
};
use crate::proto::igp::{IgpConfig, IgpKind};
use crate::units::SimDuration;

/// Sessions on the LAN, whoever is at their ends.
struct RawLan<'a> {
    name: String,
    ends: [(RouterId, &'a str); 2],
    ports: [Option<LagId>; 2],
    relation: RawRelation,
    bgp: Option<&'a Sp<RawBgp>>,
    families: [Option<&'a Sp<RawSession>>; 2],
    sides: &'a Entries<RawLanSide>,
}

impl<'a> Resolver<'a> {
    /// Fabrics and route servers, after all routers; called before LAGs.
    pub(super) fn fabrics(&mut self) {
        let raw = self.raw;
        for (name, exchange) in raw.exchanges.iter() {
            self.report.check_name(name.span, name);
            let site = self.names.sites.find(&exchange.site, &mut self.report);
            let site = site.unwrap_or_else(hole);
            let fabric = self.stand_in(name, (Role::Fabric, 0, None), site);
            let often = exchange.failures_per_year.as_ref();
            let risk = self.risk(often, exchange.repair.as_ref());
            self.topology.exchanges.push(Exchange {
                name: name.to_string(),
                about: about(exchange.about.as_ref()),
                fabric,
                ports: Vec::new(),
                risk,
            });
            for (server_name, server) in exchange.route_servers.iter() {
                self.report.check_name(server_name.span, server_name);
                self.check_asn(&server.asn);
                let id = server.router_id.as_ref().and_then(|text| self.report.address(text));
                let id = self.stand_in(server_name, (Role::RouteServer, *server.asn, id), site);
                self.topology.routers[id].about = about(server.about.as_ref());
            }
        }
    }

    /// A fabric or route server, as a router in a network of its own.
    fn stand_in(
        &mut self,
        name: &Sp<String>,
        (role, asn, router_id): (Role, u32, Option<std::net::Ipv4Addr>),
        site: crate::ids::SiteId,
    ) -> RouterId {
        let network = self.topology.networks.push(stand_in_network(name, asn));
        let id = RouterId::from_index(self.topology.routers.len());
        self.names.routers.declare(name.span, name, id, &mut self.report);
        self.router_places.push((None, None));
        let assumed = self.topology.assumptions.len();
        let values = RawRouterValues::default();
        let built = self.router(id, name, &values, (Some(network), Some(site)));
        // A fabric runs no BGP and has no table of prefixes.
        let matters = |what: &str| {
            what.starts_with("router.reload")
                || (role == Role::RouteServer && what.starts_with("router.update_processing"))
        };
        let added = self.topology.assumptions.split_off(assumed);
        self.topology.assumptions.extend(added.into_iter().filter(|a| matters(&a.what)));
        let mut taken: BTreeSet<_> = self.topology.routers.iter().map(|r| r.router_id).collect();
        let derived = derived_router_id(name, &mut taken);
        self.topology.routers.push(Router {
            role,
            router_id: router_id.unwrap_or(derived),
            router_id_derived: router_id.is_none(),
            ..built
        })
    }

    /// Member ports, after the LAGs of PNIs and links; then the sessions on each LAN.
    pub(super) fn lan_sessions(&mut self) {
        let raw = self.raw;
        for (index, (name, exchange)) in raw.exchanges.iter().enumerate() {
            let id = ExchangeId::from_index(index);
            let mut port_of: BTreeMap<RouterId, (LagId, Span)> = BTreeMap::new();
            for (port_name, port) in exchange.ports.iter() {
                self.report.check_name(port_name.span, port_name);
                self.port((id, name), port_name, port, &mut port_of);
            }
            self.member_sessions(name, exchange, &port_of);
            self.server_sessions(name, exchange, &port_of);
        }
    }

    fn port(
        &mut self,
        (exchange, exchange_name): (ExchangeId, &'a Sp<String>),
        name: &'a Sp<String>,
        raw: &'a RawPort,
        port_of: &mut BTreeMap<RouterId, (LagId, Span)>,
    ) {
        let lag = LagId::from_index(self.topology.lags.len());
        let fabric = self.topology.exchanges[exchange].fabric;
        let router = self.names.routers.find(&raw.router, &mut self.report);
        let router = router.filter(|router| router.index() < self.raw.routers.len());
        if let Some(router) = router
            && let Some((_, first)) = port_of.insert(router, (lag, raw.router.span))
        {
            let message = format!("`{}` has two ports at `{}`", *raw.router, **exchange_name);
            let related = Related { span: first, label: "first here".to_owned() };
            let error = self.report.at(raw.router.span, Code::DeclaredTwice, message);
            error.related.push(related);
        }
        let either = RawEither {
            name,
            about: raw.about.as_ref(),
            at: raw.router.span,
            circuits: &raw.circuits,
            bundle: RawBundle {
                lag: raw.lag.as_ref(),
                interface: raw.interface.as_ref(),
                ..RawBundle::default()
            },
            kind: LagKind::Port(exchange),
        };
        let ends = router.map(|router| {
            let member = RawEnd { router, name: &raw.router };
            [member, RawEnd { router: fabric, name: exchange_name }]
        });
        let member = RawBundle {
            dampening: raw.dampening.as_ref(),
            policer: raw.policer.as_ref(),
            qos: raw.qos.as_ref(),
            ..RawBundle::default()
        };
        self.lag(&either, ends, &[(&raw.router, member)]);
        self.topology.lags[lag].name = format!("{}/{}", **exchange_name, **name);
        self.topology.exchanges[exchange].ports.push(lag);
    }

    fn member_sessions(
        &mut self,
        exchange: &Sp<String>,
        raw: &'a RawExchange,
        port_of: &BTreeMap<RouterId, (LagId, Span)>,
    ) {
        for (name, session) in raw.sessions.iter() {
            let Some(names) = name.split_once("--") else {
                let message = format!("`{}` does not name two routers", **name);
                let hint = "a session on a LAN is written `r1--r2`";
                self.report.hinted(name.span, Code::BadName, message, hint);
                continue;
            };
            let mut member = |router: &'a str| {
                let id = self.names.routers.find_text(name.span, router, &mut self.report)?;
                let port = port_of.get(&id).map(|(port, _)| *port);
                if port.is_none() {
                    let message = format!("`{router}` has no port at `{}`", **exchange);
                    let hint = "declare it under `ports`";
                    self.report.hinted(name.span, Code::UnknownName, message, hint);
                }
                Some((id, port?))
            };
            let (first, second) = (member(names.0), member(names.1));
            let (Some(first), Some(second)) = (first, second) else { continue };
            let network = |id: RouterId| self.topology.routers[id].network;
            if network(first.0) == network(second.0) {
                let message = format!("both ends of `{}` are in one network", **name);
                self.report.at(name.span, Code::WrongNetwork, message);
                continue;
            }
            self.lan_session(&RawLan {
                name: format!("{}/{}", **exchange, **name),
                ends: [(first.0, names.0), (second.0, names.1)],
                ports: [Some(first.1), Some(second.1)],
                relation: *session.relation,
                bgp: session.bgp.as_ref(),
                families: [session.ipv4.as_ref(), session.ipv6.as_ref()],
                sides: &session.sides,
            });
        }
    }

    fn server_sessions(
        &mut self,
        exchange: &Sp<String>,
        raw: &'a RawExchange,
        port_of: &BTreeMap<RouterId, (LagId, Span)>,
    ) {
        for (server_name, server) in raw.route_servers.iter() {
            let Some(server_id) = self.topology.router_named(server_name) else { continue };
            for (name, client) in server.clients.iter() {
                let Some(id) = self.names.routers.find(name, &mut self.report) else { continue };
                let Some((port, _)) = port_of.get(&id) else {
                    let message = format!("`{}` has no port at `{}`", **name, **exchange);
                    let hint = "declare it under `ports`";
                    self.report.hinted(name.span, Code::UnknownName, message, hint);
                    continue;
                };
                let mut ends =
                    [(id, name.as_str(), Some(*port)), (server_id, server_name.as_str(), None)];
                ends.sort_by_key(|(_, name, _)| *name);
                self.lan_session(&RawLan {
                    name: format!("{}/{}--{}", **exchange, ends[0].1, ends[1].1),
                    ends: [(ends[0].0, ends[0].1), (ends[1].0, ends[1].1)],
                    ports: [ends[0].2, ends[1].2],
                    relation: RawRelation::Rs,
                    bgp: client.bgp.as_ref(),
                    families: [client.ipv4.as_ref(), client.ipv6.as_ref()],
                    sides: &client.sides,
                });
            }
        }
    }

    fn lan_session(&mut self, raw: &RawLan<'a>) {
        check_bgp(&mut self.report, raw.bgp);
        for (name, side) in raw.sides.iter() {
            check_bgp(&mut self.report, side.bgp.as_ref());
            self.check_policies(side.import.as_ref(), side.export.as_ref());
            if raw.ends.iter().all(|(_, end)| *end != name.as_str()) {
                let message = format!("`{}` is not an end of `{}`", **name, raw.name);
                let hint = format!("its ends are `{}` and `{}`", raw.ends[0].1, raw.ends[1].1);
                self.report.hinted(name.span, Code::NotAnEnd, message, hint);
            }
        }
        for (family, entry) in FAMILIES.into_iter().zip(raw.families) {
            self.check_session(entry);
            for (_, side) in raw.sides.iter() {
                let own = of(side.sessions.as_deref(), family);
                self.check_session(own);
                self.check_no_risk(own);
            }
            if let Some(entry) = entry {
                self.lan_session_of(raw, family, entry);
            }
        }
    }

    fn lan_session_of(&mut self, raw: &RawLan<'a>, family: Family, entry: &'a RawSession) {
        let name = format!("{}/{}", raw.name, family.as_str());
        let mut rows: [AssumedRows; 2] = [Vec::new(), Vec::new()];
        let owns = Side::BOTH.map(|side| {
            let own = raw.sides.iter().find(|(name, _)| name.as_str() == raw.ends[side].1);
            own.map_or_else(RawOwn::default, |(_, side)| RawOwn {
                session: of(side.sessions.as_deref(), family).map(|s| &**s),
                bgp: side.bgp.as_deref(),
                import: side.import.as_ref(),
                export: side.export.as_ref(),
            })
        });
        let ends = Side::BOTH.map(|side| {
            let timers = raw.bgp.map(|bgp| &**bgp);
            self.external_end(raw.ends[side].0, timers, owns[side], entry, &mut rows[side])
        });
        self.compare_ends(&name, &ends, owns.map(|own| Stated::of(&own, entry)));
        self.assume_ends(&name, [raw.ends[0].1, raw.ends[1].1], rows);
        let relation = relation_of(raw.relation);
        let kind = SessionKind::Lan { ports: raw.ports, relation };
        let risk = self.whole_risk(entry.failures_per_year.as_ref(), entry.repair.as_ref());
        let id = self.topology.sessions.push(Session { name, kind, family, ends, risk });
        for port in raw.ports.into_iter().flatten() {
            self.topology.lags[port].sessions.push(id);
        }
    }
}

/// A network of one that routes nothing.
fn stand_in_network(name: &str, asn: u32) -> Network {
    let zero = SimDuration::ZERO;
    let igp = IgpConfig {
        kind: IgpKind::Static,
        hello: zero,
        dead: zero,
        flood: zero,
        spf_initial: zero,
        spf_hold: zero,
        spf_max: zero,
        frr: None,
    };
    Network {
        name: name.to_owned(),
        about: String::new(),
        asn,
        kind: NetworkKind::Other,
        igp,
        overload_on_startup: None,
        next_hop_self: true,
        multipath: Multipath { ebgp: 1, ibgp: 1, relax: false },
        weights: Weights::Equal,
        honor_graceful_shutdown: false,
        prefer_oldest: false,
        ibgp: Ibgp::default(),
        declared: Declared::default(),
    }
}
