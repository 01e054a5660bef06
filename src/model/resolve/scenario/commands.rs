//! What operators and services do: targets by name.

use super::Resolver;
use super::inject::all;
use crate::diag::{Code, Span};
use crate::ids::{PrefixId, RouterId};
use crate::input::sp::Sp;
use crate::model::raw::scenario::{
    RawAnnounce, RawDrain, RawGracefulShutdown, RawServiceDown, RawSessionFault, RawShutdownThen,
    RawWithdraw,
};
use crate::model::resolve::report::Reported;
use crate::model::scenario::Command;
use crate::model::topology::SessionKind;

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
        found.into_iter().collect()
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

    /// Reports a session inside a network, which has no relation; `None` then.
    pub(super) fn check_external(
        &mut self,
        at: Span,
        sessions: &[crate::ids::SessionId],
    ) -> Option<()> {
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
