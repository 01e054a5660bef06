//! What operators and services do: targets by name.

use super::Resolver;
use super::inject::{all, each_once};
use crate::diag::{Code, Span};
use crate::ids::{LagId, PrefixId, RouterId};
use crate::input::sp::{List, Sp};
use crate::model::raw::faults::{
    RawAnnounce, RawDrain, RawFlowspec, RawGracefulShutdown, RawMaintenance, RawPeeringState,
    RawPolicyDirection, RawPolicyEdit, RawServiceDown, RawSessionFault, RawShutdownThen,
    RawWithdraw,
};
use crate::model::resolve::policy::term;
use crate::model::resolve::report::{Reported, optional};
use crate::model::scenario::Command;
use crate::model::topology::{ConnectionState, SessionKind};
use crate::proto::bgp::policy::Edit;

impl Resolver<'_> {
    fn prefixes(&mut self, at: Span, names: &[Sp<String>]) -> Option<Vec<PrefixId>> {
        if names.is_empty() {
            self.report.at(at, Code::WrongCount, "a fault has at least one target");
            return None;
        }
        // As the design writes it, whatever bits stand behind its length.
        let canonical = |name: &Sp<String>| {
            let parsed = name.parse::<ipnet::IpNet>();
            parsed.map_or_else(|_| name.to_string(), |prefix| prefix.trunc().to_string())
        };
        let find = |name: &Sp<String>| {
            self.known.prefixes.find_text(name.span, &canonical(name), &mut self.report)
        };
        let found: Vec<Option<PrefixId>> = names.iter().map(find).collect();
        let found: Vec<PrefixId> = found.into_iter().collect::<Option<_>>()?;
        each_once(&found, names, &mut self.report).then_some(found)
    }

    /// Routers that must serve each of the prefixes; none named means all that do.
    fn servers(
        &mut self,
        prefixes: &[PrefixId],
        names: &[Sp<String>],
    ) -> Result<Option<Vec<RouterId>>, Reported> {
        if names.is_empty() {
            return Ok(None);
        }
        let routers = self.known.routers.find_all(names, &mut self.report);
        if routers.len() < names.len() {
            return Err(Reported);
        }
        for (router, name) in routers.iter().zip(names) {
            let served =
                |prefix: &PrefixId| self.topology.prefixes[*prefix].served_by.contains(router);
            if !prefixes.iter().any(served) {
                let message = format!("`{}` serves none of these prefixes", **name);
                self.report.at(name.span, Code::NotServed, message);
            }
        }
        Ok(Some(routers))
    }

    pub(super) fn leak(&mut self, at: Span, raw: &RawSessionFault) -> Option<Command> {
        let (sessions, router) = self.session_fault(at, raw)?;
        self.check_external(at, &sessions)?;
        Some(Command::Leak { sessions, router })
    }

    pub(super) fn withdraw(&mut self, at: Span, raw: &RawWithdraw) -> Option<Command> {
        let prefixes = self.prefixes(at, &raw.prefix)?;
        let routers = self.servers(&prefixes, &raw.router).ok()?;
        Some(Command::Withdraw { prefixes, routers })
    }

    pub(super) fn announce(&mut self, at: Span, raw: &RawAnnounce) -> Option<Command> {
        let prefixes = self.prefixes(at, &raw.prefix);
        let routers = all(&self.known.routers, at, &raw.router, &mut self.report);
        Some(Command::Announce { prefixes: prefixes?, routers: routers? })
    }

    pub(super) fn service_down(&mut self, at: Span, raw: &RawServiceDown) -> Option<Command> {
        let prefixes = self.prefixes(at, &raw.prefix)?;
        if raw.site.is_empty() {
            return Some(Command::ServiceDown { prefixes, sites: None });
        }
        let sites = all(&self.known.sites, at, &raw.site, &mut self.report)?;
        for (site, name) in sites.iter().zip(raw.site.iter()) {
            let here = |router: &RouterId| self.topology.routers[*router].site == *site;
            let served =
                |prefix: &PrefixId| self.topology.prefixes[*prefix].served_by.iter().any(here);
            if !prefixes.iter().any(served) {
                let message = format!("none of these prefixes is served at `{}`", **name);
                self.report.at(name.span, Code::NotServed, message);
            }
        }
        Some(Command::ServiceDown { prefixes, sites: Some(sites) })
    }

    pub(super) fn policy_edit(&mut self, at: Span, raw: &RawPolicyEdit) -> Option<Command> {
        let named = RawSessionFault { session: raw.session.clone(), router: raw.router.clone() };
        let (sessions, router) = self.session_fault(at, &named)?;
        self.check_external(at, &sessions)?;
        let import = matches!(*raw.direction, RawPolicyDirection::Import);
        let edit = self.edit(at, raw)?;
        let mut wanted: Vec<&Sp<String>> = raw.remove.iter().chain(&raw.before).collect();
        wanted.extend(raw.change.iter().map(|term| &term.name));
        wanted.extend(raw.reorder.iter().flat_map(|names| names.iter()));
        for session in &sessions {
            let session = &self.topology.sessions[*session];
            let second = router.is_some_and(|router| session.ends[1].router == router);
            let end = &session.ends[usize::from(second)];
            let policy = if import { &end.import } else { &end.export };
            let terms: Vec<&str> =
                policy.iter().flat_map(|p| &p.terms).map(|term| term.name.as_str()).collect();
            for name in wanted.iter().filter(|name| !terms.contains(&name.as_str())) {
                let what = "term of this policy";
                self.report.unknown(what, "import` or `export", (name.span, name), terms.clone());
            }
            if let Some(term) = raw.insert.as_ref().filter(|t| terms.contains(&t.name.as_str())) {
                let message = format!("the policy has a term `{}` already", *term.name);
                self.report.at(term.name.span, Code::DeclaredTwice, message);
            }
        }
        Some(Command::PolicyEdit { sessions, router, import, edit })
    }

    fn edit(&mut self, at: Span, raw: &RawPolicyEdit) -> Option<Edit> {
        let (report, routers) = (&mut self.report, &self.known.routers);
        let before = raw.before.as_ref().map(|name| name.to_string());
        let remove = raw.remove.as_ref().map(|name| Edit::Remove(name.to_string()));
        let mut term = |raw| Box::new(term(raw, routers, report));
        let insert = raw.insert.as_ref().map(|raw| Edit::Insert(term(raw), before.clone()));
        let change = raw.change.as_ref().map(|raw| Edit::Change(term(raw)));
        let names = |names: &Sp<List<String>>| names.iter().map(|name| name.to_string()).collect();
        let reorder = raw.reorder.as_ref().map(|list| Edit::Reorder(names(list)));
        if let Some(name) = raw.before.as_ref().filter(|_| raw.insert.is_none()) {
            self.report.at(name.span, Code::WrongCount, "`before` says where `insert` goes");
        }
        let mut all: Vec<Edit> = [remove, insert, change, reorder].into_iter().flatten().collect();
        if all.len() != 1 {
            let message = "exactly one of `remove`, `insert`, `change` and `reorder`";
            self.report.at(at, Code::WrongCount, message);
        }
        all.pop()
    }

    pub(super) fn graceful_shutdown(
        &mut self,
        at: Span,
        raw: &RawGracefulShutdown,
    ) -> Option<Command> {
        let sessions = RawSessionFault { session: raw.session.clone(), router: raw.router.clone() };
        let (sessions, router) = self.session_fault(at, &sessions)?;
        self.check_external(at, &sessions)?;
        let wait = self.report.quantity(&raw.wait)?;
        let cease = ceases(raw.then.as_ref());
        Some(Command::GracefulShutdown { sessions, router, wait, cease })
    }

    pub(super) fn drain(&mut self, at: Span, raw: &RawDrain) -> Option<Command> {
        let routers = all(&self.known.routers, at, &raw.router, &mut self.report);
        let wait = self.report.quantity(&raw.wait);
        Some(Command::Drain { routers: routers?, wait: wait?, cease: ceases(raw.then.as_ref()) })
    }

    pub(super) fn maintenance(&mut self, at: Span, raw: &RawMaintenance) -> Option<Command> {
        let names = &raw.maintenance_domain;
        let domains = all(&self.known.domains, at, names, &mut self.report);
        let drain = optional(raw.drain.as_ref(), |text| self.positive(text));
        let domains: Vec<_> = domains?.iter().map(|id| &self.topology.domains[*id]).collect();
        let mut routers: Vec<RouterId> = domains.iter().flat_map(|d| d.routers.clone()).collect();
        let mut lags: Vec<LagId> = domains.iter().flat_map(|d| d.lags.clone()).collect();
        routers.sort_unstable();
        routers.dedup();
        lags.sort_unstable();
        lags.dedup();
        let domains = domains.iter().map(|domain| domain.name.clone()).collect();
        Some(Command::Maintenance { domains, routers, lags, drain: drain.ok()? })
    }

    pub(super) fn flowspec(&mut self, at: Span, raw: &RawFlowspec) -> Option<Command> {
        let bgp = raw.bgp.as_deref().copied().unwrap_or(false);
        let named =
            if bgp && raw.prefix.is_empty() { Vec::new() } else { self.prefixes(at, &raw.prefix)? };
        let covered = |inner: &ipnet::IpNet| {
            named.iter().any(|id| self.topology.prefixes[*id].prefix.contains(inner))
        };
        let all = self.topology.prefixes.iter_ids();
        let prefixes = all.filter(|(_, p)| covered(&p.prefix)).map(|(id, _)| id).collect();
        let mut routers = self.known.routers.find_all(&raw.router, &mut self.report);
        let networks = self.known.networks.find_all(&raw.network, &mut self.report);
        let inside = self.topology.routers.iter_ids();
        let inside = inside.filter(|(_, router)| networks.contains(&router.network));
        routers.extend(inside.map(|(id, _)| id));
        routers.sort_unstable();
        routers.dedup();
        if raw.router.is_empty() && raw.network.is_empty() {
            let message = "a rule is in force at a `router` or in a `network`";
            self.report.at(at, Code::WrongCount, message);
        }
        Some(Command::FlowspecDrop { prefixes, bgp, routers })
    }

    pub(super) fn peering_state(&mut self, at: Span, raw: &RawPeeringState) -> Option<Command> {
        let peerings = all(&self.known.peerings, at, &raw.peering, &mut self.report)?;
        let peerings: Vec<_> = peerings.iter().map(|id| &self.topology.peerings[*id]).collect();
        let known: Vec<LagId> = peerings.iter().flat_map(|p| p.connections.clone()).collect();
        let name = |lag: &LagId| self.topology.lags[*lag].name.as_str();
        let mut connections = known.clone();
        if !raw.connection.is_empty() {
            connections.retain(|lag| raw.connection.iter().any(|c| c.as_str() == name(lag)));
        }
        for unknown in raw.connection.iter() {
            if !known.iter().any(|lag| name(lag) == unknown.as_str()) {
                let what = "connection of this peering";
                let known = known.iter().map(name);
                self.report.unknown(what, "connections", (unknown.span, unknown), known);
            }
        }
        let active = *raw.state == ConnectionState::Active;
        let peerings = peerings.iter().map(|peering| peering.name.clone()).collect();
        Some(Command::PeeringState { peerings, connections, active })
    }

    /// Reports a session inside a network, which has no relation; `None` then.
    fn check_external(&mut self, at: Span, sessions: &[crate::ids::SessionId]) -> Option<()> {
        let all = &self.topology.sessions;
        let Some(id) = sessions.iter().find(|id| all[**id].kind == SessionKind::Internal) else {
            return Some(());
        };
        let message = format!("`{}` is a session inside a network", all[*id].name);
        self.report.at(at, Code::WrongNetwork, message);
        None
    }
}

fn ceases(then: Option<&Sp<RawShutdownThen>>) -> bool {
    !matches!(then.map(|then| **then), Some(RawShutdownThen::Stay))
}
