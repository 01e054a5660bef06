//! What people do with the design: chassis they share, maintenance domains, and where connections
//! stand in the provider's process.

use std::collections::BTreeMap;

use super::Resolver;
use super::places::about;
use super::risk::YEAR_S;
use crate::diag::{Code, Related, Span};
use crate::ids::{DomainId, Id, LagId, RouterId, Side};
use crate::input::sp::Sp;
use crate::model::raw::topology::{RawMaintenanceDomain, RawPeering, RawWindows};
use crate::model::topology::{
    Connection, ConnectionState, MaintenanceDomain, NetworkKind, Peering, PeeringKind, PeeringType,
    Windows,
};

impl Resolver<'_> {
    /// Which routers are virtual routers of one chassis: they stand at one place and have one
    /// power supply.
    pub(super) fn chassis(&mut self) {
        let raw = self.raw;
        let mut members: BTreeMap<&str, Vec<(RouterId, Span)>> = BTreeMap::new();
        for (index, (_, router)) in raw.routers.iter().enumerate() {
            let Some(chassis) = &router.chassis else { continue };
            self.report.check_name(chassis.span, chassis);
            let id = RouterId::from_index(index);
            members.entry(chassis.as_str()).or_default().push((id, chassis.span));
        }
        for (chassis, members) in members {
            let (first, place) = members[0];
            let supply = |id: RouterId| {
                let router = &self.topology.routers[id];
                (router.site, router.zone, router.feeds.clone(), router.feeds_needed)
            };
            let odd = members.iter().find(|(id, _)| supply(*id) != supply(first));
            if let Some((odd, span)) = odd {
                let name = |id: RouterId| &self.topology.routers[id].name;
                let message = format!(
                    "`{}` and `{}` share the chassis `{chassis}` but not site, zone and feeds",
                    name(first),
                    name(*odd)
                );
                let related = Related { span: place, label: "first here".to_owned() };
                self.report.at(*span, Code::SharedChassis, message).related.push(related);
            }
            for (id, _) in &members {
                let mates = members.iter().map(|(mate, _)| *mate).filter(|mate| mate != id);
                self.topology.routers[*id].chassis_mates = mates.collect();
            }
        }
    }

    pub(super) fn maintenance_domains(&mut self) {
        let raw = self.raw;
        for (name, domain) in raw.maintenance_domains.iter() {
            self.report.check_name(name.span, name);
            let domain = self.maintenance_domain(name, domain);
            let _: DomainId = self.topology.domains.push(domain);
        }
    }

    fn maintenance_domain(
        &mut self,
        name: &Sp<String>,
        raw: &RawMaintenanceDomain,
    ) -> MaintenanceDomain {
        let mut routers = self.names.routers.find_all(&raw.routers, &mut self.report);
        let sites = self.names.sites.find_all(&raw.sites, &mut self.report);
        let at = self.topology.routers.iter_ids();
        routers.extend(at.filter(|(_, router)| sites.contains(&router.site)).map(|(id, _)| id));
        routers.sort_unstable();
        routers.dedup();
        let mut lags = self.names.pnis.find_all(&raw.pnis, &mut self.report);
        let links = self.names.links.find_all(&raw.links, &mut self.report);
        let first = self.raw.pnis.len();
        lags.extend(links.into_iter().map(|link| LagId::from_index(first + link.index())));
        lags.sort_unstable();
        lags.dedup();
        if routers.is_empty() && lags.is_empty() && !self.report.has_errors() {
            let message = format!("nothing belongs to the maintenance domain `{}`", **name);
            let hint = "name its `routers`, `sites`, `pnis` or `links`";
            self.report.hinted(name.span, Code::WrongCount, message, hint);
        }
        MaintenanceDomain {
            name: name.to_string(),
            about: about(raw.about.as_ref()),
            routers,
            lags,
            windows: raw.windows.as_ref().and_then(|windows| self.windows(windows)),
        }
    }

    fn windows(&mut self, raw: &RawWindows) -> Option<Windows> {
        let lasts = self.report.quantity(&raw.lasts)?;
        let per_year = *raw.per_year;
        if !(per_year > 0.0 && per_year <= 365.0) {
            let message = format!("`{per_year}` is out of range: above 0 to 365 windows a year");
            self.report.at(raw.per_year.span, Code::OutOfRange, message);
        } else if lasts.is_zero() || per_year * lasts.as_secs_f64() >= YEAR_S / 2.0 {
            let message = format!(
                "`{lasts}` is out of range: above 0s, and less than half of the time in all"
            );
            self.report.at(raw.lasts.span, Code::OutOfRange, message);
        }
        Some(Windows { per_year, lasts })
    }

    pub(super) fn peerings(&mut self) {
        let raw = self.raw;
        let mut named: BTreeMap<LagId, Span> = BTreeMap::new();
        for (name, peering) in raw.peerings.iter() {
            if let Some(metro) = &peering.metro {
                self.names.metros.find(metro, &mut self.report);
            }
            let connections = self.connections(peering, &mut named);
            self.topology.peerings.push(Peering {
                name: name.to_string(),
                about: about(peering.about.as_ref()),
                kind: peering.kind.as_deref().copied().unwrap_or(PeeringKind::Direct),
                type_: peering.type_.as_deref().copied().unwrap_or(PeeringType::Internet),
                session_address_provider: peering.session_address_provider.as_deref().copied(),
                sku: peering.sku.as_deref().copied(),
                connections,
            });
        }
    }

    fn connections(&mut self, raw: &RawPeering, named: &mut BTreeMap<LagId, Span>) -> Vec<LagId> {
        let mut connections = Vec::new();
        for (pni, connection) in raw.connections.iter() {
            let Some(lag) = self.names.pnis.find(pni, &mut self.report) else { continue };
            if let Some(first) = named.insert(lag, pni.span) {
                let message = format!("`{}` belongs to two peerings", **pni);
                let related = Related { span: first, label: "first here".to_owned() };
                self.report.at(pni.span, Code::DeclaredTwice, message).related.push(related);
            }
            let Some(provider) = self.provider_of(lag) else {
                let message = format!("no end of `{}` is in a network of `kind: cloud`", **pni);
                let hint = "a connection is a PNI to the provider whose process it follows";
                self.report.hinted(pni.span, Code::WrongNetwork, message, hint);
                continue;
            };
            let state = connection.state.as_deref().copied().unwrap_or(ConnectionState::Active);
            let serves = connection.use_for_peering_service.as_deref().copied();
            let use_for_peering_service = serves.unwrap_or(false);
            self.topology.lags[lag].connection =
                Some(Connection { provider, state, use_for_peering_service });
            connections.push(lag);
        }
        connections
    }

    /// The end of a PNI that is in a cloud network.
    fn provider_of(&self, lag: LagId) -> Option<Side> {
        self.lag_raw_ends[lag.index()]?;
        Side::BOTH.into_iter().find(|side| {
            let router = self.topology.lags[lag].ends[*side].router;
            let network = self.topology.routers[router].network;
            self.topology.networks[network].kind == NetworkKind::Cloud
        })
    }
}
