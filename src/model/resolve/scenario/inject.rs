//! What goes wrong: targets by name.

use super::{Known, Resolver};
use crate::diag::{Code, Span};
use crate::ids::{CircuitId, DemandId, Id, LagId, RouterId};
use crate::input::sp::{Sp, Text};
use crate::model::raw::faults::{
    Decimal, RawCoolingFault, RawDaemon, RawDegrade, RawFabricFault, RawFabricLoop, RawFlap,
    RawForeign, RawGrowth, RawInject, RawOptic, RawPatch, RawPniFault, RawProcessFault,
    RawRouterFault, RawSessionFault, RawSurge,
};
use crate::model::resolve::report::{Names, Reported, optional};
use crate::model::scenario::{Daemon, FaultKind};
use crate::model::topology::LagEnd;
use crate::units::{Share, SimDuration};

/// A flap period is at least this long.
const SHORTEST_FLAP: SimDuration = SimDuration::from_millis(1);

impl Resolver<'_> {
    pub(super) fn inject(&mut self, raw: &Sp<RawInject>) -> Option<FaultKind> {
        let at = raw.span;
        Some(match &**raw {
            RawInject::CircuitCut(f) => {
                let (circuits, toward) = self.circuits(at, &f.circuit, f.toward.as_ref())?;
                FaultKind::CircuitCut { circuits, toward }
            }
            RawInject::CircuitSilent(f) => {
                let (circuits, toward) = self.circuits(at, &f.circuit, f.toward.as_ref())?;
                FaultKind::CircuitSilent { circuits, toward }
            }
            RawInject::CircuitDegrade(f) => self.degrade(at, f)?,
            RawInject::CircuitFlap(f) => self.flap(at, f)?,
            RawInject::OpticFail(f) => self.optic(at, f)?,
            RawInject::LacpForeign(f) => self.foreign(at, f)?,
            RawInject::WrongPatch(f) => self.patch(at, f)?,
            RawInject::FabricFail(f) => self.fabric(at, f)?,
            RawInject::FabricLoop(f) => self.fabric_loop(at, f)?,
            RawInject::PniCut(f) => {
                let (pnis, toward) = self.pni_fault(at, f)?;
                FaultKind::PniCut { pnis, toward }
            }
            RawInject::PniSilent(f) => {
                let (pnis, toward) = self.pni_fault(at, f)?;
                FaultKind::PniSilent { pnis, toward }
            }
            RawInject::SpanCut(f) => FaultKind::SpanCut(self.any(|k| &k.spans, at, &f.span)?),
            RawInject::SrlgFail(f) => FaultKind::SrlgFail(self.any(|k| &k.srlgs, at, &f.srlg)?),
            RawInject::CardFail(f) => FaultKind::CardFail(self.any(|k| &k.cards, at, &f.card)?),
            RawInject::RouterPowerOff(f) => FaultKind::RouterPowerOff(self.routers(at, f)?),
            RawInject::RouterCrash(f) => FaultKind::RouterCrash(self.routers(at, f)?),
            RawInject::FeedFail(f) => FaultKind::FeedFail(self.any(|k| &k.feeds, at, &f.feed)?),
            RawInject::SitePower(f) => FaultKind::SitePower(self.any(|k| &k.sites, at, &f.site)?),
            RawInject::PowerZoneFail(f) => {
                FaultKind::PowerZoneFail(self.any(|k| &k.zones, at, &f.power_zone)?)
            }
            RawInject::CoolingFail(f) => self.cooling(at, f)?,
            RawInject::MetroOutage(f) => {
                FaultKind::MetroOutage(self.any(|k| &k.metros, at, &f.metro)?)
            }
            RawInject::SessionReset(f) => {
                let (sessions, router) = self.session_fault(at, f)?;
                FaultKind::SessionReset { sessions, router }
            }
            RawInject::AdminShutdown(f) => {
                let (sessions, router) = self.session_fault(at, f)?;
                FaultKind::AdminShutdown { sessions, router }
            }
            RawInject::SiteIsolate(f) => {
                FaultKind::SiteIsolate(self.any(|k| &k.sites, at, &f.site)?)
            }
            RawInject::ForwardingHang(f) => FaultKind::ForwardingHang(self.routers(at, f)?),
            RawInject::FibStuck(f) => FaultKind::FibStuck(self.routers(at, f)?),
            RawInject::ControlPlaneHang(f) => FaultKind::ControlPlaneHang(self.routers(at, f)?),
            RawInject::ProcessKill(f) => self.process(at, f, true)?,
            RawInject::ProcessFreeze(f) => self.process(at, f, false)?,
            RawInject::Leak(f) => FaultKind::Command(self.leak(at, f)?),
            RawInject::Withdraw(f) => FaultKind::Command(self.withdraw(at, f)?),
            RawInject::Announce(f) => FaultKind::Command(self.announce(at, f)?),
            RawInject::ServiceDown(f) => FaultKind::Command(self.service_down(at, f)?),
            RawInject::PolicyEdit(f) => FaultKind::Command(self.policy_edit(at, f)?),
            RawInject::GracefulShutdown(f) => FaultKind::Command(self.graceful_shutdown(at, f)?),
            RawInject::Drain(f) => FaultKind::Command(self.drain(at, f)?),
            RawInject::Maintenance(f) => FaultKind::Command(self.maintenance(at, f)?),
            RawInject::FlowspecDrop(f) => FaultKind::Command(self.flowspec(at, f)?),
            RawInject::PeeringState(f) => FaultKind::Command(self.peering_state(at, f)?),
            RawInject::TrafficSurge(f) => self.surge(at, f)?,
            RawInject::TrafficGrowth(f) => self.growth(at, f)?,
        })
    }

    /// All targets of a kind.
    fn any<I: Id>(
        &mut self,
        kind: impl Fn(&Known) -> &Names<I>,
        at: Span,
        names: &[Sp<String>],
    ) -> Option<Vec<I>> {
        all(kind(&self.known), at, names, &mut self.report)
    }

    fn routers(&mut self, at: Span, raw: &RawRouterFault) -> Option<Vec<RouterId>> {
        self.any(|known| &known.routers, at, &raw.router)
    }

    fn fabric(&mut self, at: Span, raw: &RawFabricFault) -> Option<FaultKind> {
        let exchanges = self.any(|known| &known.exchanges, at, &raw.exchange)?;
        let Some(between) = &raw.between else { return Some(FaultKind::FabricFail(exchanges)) };
        let ([exchange], [one, other]) = (&exchanges[..], &***between) else {
            let message = "`between` names two ports of one exchange";
            self.report.at(between.entry, Code::WrongCount, message);
            return None;
        };
        let name = self.topology.exchanges[*exchange].name.clone();
        let mut port = |port: &Sp<String>| {
            let full =
                if port.contains('/') { port.to_string() } else { format!("{name}/{}", **port) };
            self.known.ports.find_text(port.span, &full, &mut self.report)
        };
        let (from, to) = (port(one), port(other));
        let between = [from?, to?];
        if between[0] == between[1] {
            let message = format!("`{}` is both of the ports", **other);
            self.report.at(other.span, Code::SameEnds, message);
        }
        Some(FaultKind::FabricPartition { exchange: name, between })
    }

    fn fabric_loop(&mut self, at: Span, raw: &RawFabricLoop) -> Option<FaultKind> {
        let loss = optional(raw.loss.as_ref(), |text| self.loss(text));
        let exchanges = self.any(|known| &known.exchanges, at, &raw.exchange)?;
        Some(FaultKind::FabricLoop { exchanges, loss: loss.ok()?.unwrap_or(Share::ONE) })
    }

    fn loss(&mut self, text: &Sp<Text<Share>>) -> Option<Share> {
        let loss = self.report.quantity(text)?;
        if loss > Share::ONE {
            self.report.at(text.span, Code::OutOfRange, format!("`{loss}` is more than 100%"));
            return None;
        }
        Some(loss)
    }

    fn cooling(&mut self, at: Span, raw: &RawCoolingFault) -> Option<FaultKind> {
        let after = self.report.quantity(&raw.after);
        let sites = self.any(|known| &known.sites, at, &raw.site)?;
        Some(FaultKind::CoolingFail { sites, after: after? })
    }

    fn foreign(&mut self, at: Span, raw: &RawForeign) -> Option<FaultKind> {
        let every = optional(raw.every.as_ref(), |text| {
            let every = self.positive(text)?;
            if every < SHORTEST_FLAP {
                let message = format!("`{every}` is out of range: at least 1ms");
                self.report.at(text.span, Code::OutOfRange, message);
                return None;
            }
            Some(every)
        });
        let (circuits, toward) = self.circuits(at, &raw.circuit, raw.toward.as_ref())?;
        for circuit in &circuits {
            let circuit = &self.topology.circuits[*circuit];
            let ends = &self.topology.lags[circuit.lag].ends;
            let hears = |end: &LagEnd| {
                end.lacp.is_some() && toward.is_none_or(|router| router == end.router)
            };
            if !ends.iter().any(hears) {
                let message = format!("nothing speaks LACP on `{}` there", circuit.name);
                let hint = "a LAG without `lacp:` is static";
                self.report.hinted(at, Code::NotAnEnd, message, hint);
            }
        }
        let every = every.ok()?.unwrap_or(SimDuration::from_secs(1));
        Some(FaultKind::LacpForeign { circuits, toward, every })
    }

    fn patch(&mut self, at: Span, raw: &RawPatch) -> Option<FaultKind> {
        let circuits = self.any(|known| &known.circuits, at, &raw.circuit)?;
        let [one, other] = circuits[..] else {
            let message = format!("two circuits change places, not {}", circuits.len());
            self.report.at(at, Code::WrongCount, message);
            return None;
        };
        let lag = |circuit: CircuitId| self.topology.circuits[circuit].lag;
        if lag(one) == lag(other) {
            let name = &self.topology.lags[lag(one)].name;
            let message = format!("both circuits are members of `{name}`");
            let hint = "a swap of two members of one LAG changes nothing";
            self.report.hinted(at, Code::SameEnds, message, hint);
            return None;
        }
        Some(FaultKind::WrongPatch([one, other]))
    }

    /// The circuits, and the router that must be an end of each.
    fn circuits(
        &mut self,
        at: Span,
        names: &[Sp<String>],
        router: Option<&Sp<String>>,
    ) -> Option<(Vec<CircuitId>, Option<RouterId>)> {
        let circuits = all(&self.known.circuits, at, names, &mut self.report);
        let router = self.end(router);
        let (circuits, router) = (circuits?, router.ok()?);
        for circuit in &circuits {
            let lag = self.topology.circuits[*circuit].lag;
            self.check_end(router, self.topology.circuits[*circuit].name.as_str(), lag);
        }
        Some((circuits, router.map(|(id, _)| id)))
    }

    fn degrade(&mut self, at: Span, raw: &RawDegrade) -> Option<FaultKind> {
        let loss = optional(raw.loss.as_ref(), |text| self.loss(text));
        let delay = optional(raw.delay.as_ref(), |text| self.report.quantity(text));
        if raw.loss.is_none() && raw.delay.is_none() {
            let message = "a circuit that degrades has `loss`, `delay` or both";
            self.report.at(at, Code::MissingKey, message);
        }
        let (circuits, toward) = self.circuits(at, &raw.circuit, raw.toward.as_ref())?;
        Some(FaultKind::CircuitDegrade {
            circuits,
            toward,
            loss: loss.ok()?.unwrap_or(Share::ZERO),
            delay: delay.ok()?.unwrap_or(SimDuration::ZERO),
        })
    }

    fn flap(&mut self, at: Span, raw: &RawFlap) -> Option<FaultKind> {
        let (circuits, _) = self.circuits(at, &raw.circuit, None)?;
        let (down, up) = (self.positive(&raw.down), self.positive(&raw.up));
        let (down, up) = (down?, up?);
        if down + up < SHORTEST_FLAP {
            let message = format!("a flap period is at least 1ms, not {}", down + up);
            self.report.at(raw.down.span, Code::OutOfRange, message);
        }
        Some(FaultKind::CircuitFlap { circuits, down, up })
    }

    fn optic(&mut self, at: Span, raw: &RawOptic) -> Option<FaultKind> {
        let (circuits, router) = self.circuits(at, &raw.circuit, Some(&raw.router))?;
        Some(FaultKind::OpticFail { circuits, router: router? })
    }

    fn pni_fault(&mut self, at: Span, raw: &RawPniFault) -> Option<(Vec<LagId>, Option<RouterId>)> {
        let pnis = all(&self.known.pnis, at, &raw.pni, &mut self.report);
        let toward = self.end(raw.toward.as_ref());
        let (pnis, toward) = (pnis?, toward.ok()?);
        for pni in &pnis {
            self.check_end(toward, self.topology.lags[*pni].name.as_str(), *pni);
        }
        Some((pnis, toward.map(|(id, _)| id)))
    }

    pub(super) fn session_fault(
        &mut self,
        at: Span,
        raw: &RawSessionFault,
    ) -> Option<(Vec<crate::ids::SessionId>, Option<RouterId>)> {
        let sessions = all(&self.known.sessions, at, &raw.session, &mut self.report);
        let router = self.end(raw.router.as_ref());
        let (sessions, router) = (sessions?, router.ok()?);
        for session in &sessions {
            let session = &self.topology.sessions[*session];
            let ends = [session.ends[0].router, session.ends[1].router];
            self.check_one_of(router, &session.name, ends);
        }
        Some((sessions, router.map(|(id, _)| id)))
    }

    fn process(&mut self, at: Span, raw: &RawProcessFault, kill: bool) -> Option<FaultKind> {
        let routers = all(&self.known.routers, at, &raw.router, &mut self.report);
        if raw.daemons.is_empty() {
            self.report.at(at, Code::WrongCount, "a process fault names at least one daemon");
        }
        let mut daemons: Vec<Daemon> =
            raw.daemons.iter().map(|daemon| daemon_of(**daemon)).collect();
        daemons.sort_unstable();
        daemons.dedup();
        Some(FaultKind::Process { routers: routers?, daemons, kill })
    }

    fn more_traffic(
        &mut self,
        at: Span,
        demands: &[Sp<String>],
        factor: &Sp<Decimal>,
    ) -> Option<(Vec<DemandId>, u64)> {
        let demands = all(&self.known.demands, at, demands, &mut self.report);
        let ppb = factor.ppb();
        if ppb.is_none() {
            let message = format!("`{}` is no factor: above 0 to 1000, as in 1.5", factor.as_str());
            self.report.at(factor.span, Code::OutOfRange, message);
        }
        Some((demands?, ppb?))
    }

    fn surge(&mut self, at: Span, raw: &RawSurge) -> Option<FaultKind> {
        let (demands, factor_ppb) = self.more_traffic(at, &raw.demand, &raw.factor)?;
        Some(FaultKind::TrafficSurge { demands, factor_ppb })
    }

    fn growth(&mut self, at: Span, raw: &RawGrowth) -> Option<FaultKind> {
        let over = self.positive(&raw.over);
        let (demands, factor_ppb) = self.more_traffic(at, &raw.demand, &raw.factor)?;
        Some(FaultKind::TrafficGrowth { demands, factor_ppb, over: over? })
    }

    /// A router that may be left out, and where it is named.
    fn end(&mut self, name: Option<&Sp<String>>) -> Result<Option<(RouterId, Span)>, Reported> {
        optional(name, |name| Some((self.known.routers.find(name, &mut self.report)?, name.span)))
    }

    fn check_end(&mut self, router: Option<(RouterId, Span)>, of: &str, lag: LagId) {
        let ends = &self.topology.lags[lag].ends;
        self.check_one_of(router, of, [ends[0].router, ends[1].router]);
    }

    /// Reports a router that is neither end.
    pub(super) fn check_one_of(
        &mut self,
        router: Option<(RouterId, Span)>,
        of: &str,
        ends: [RouterId; 2],
    ) {
        let Some((id, span)) = router.filter(|(id, _)| !ends.contains(id)) else { return };
        let name = |id: RouterId| self.topology.routers[id].name.as_str();
        let message = format!("`{}` is not an end of `{of}`", name(id));
        let hint = format!("its ends are `{}` and `{}`", name(ends[0]), name(ends[1]));
        self.report.hinted(span, Code::NotAnEnd, message, hint);
    }
}

fn daemon_of(raw: RawDaemon) -> Daemon {
    match raw {
        RawDaemon::Bgpd => Daemon::Bgpd,
        RawDaemon::Bfdd => Daemon::Bfdd,
        RawDaemon::Zebra => Daemon::Zebra,
        RawDaemon::Bird => Daemon::Bird,
    }
}

/// All targets, at least one and each once; `None` after an error.
pub(super) fn all<I: Id>(
    names: &Names<I>,
    at: Span,
    targets: &[Sp<String>],
    report: &mut crate::model::resolve::report::Report,
) -> Option<Vec<I>> {
    if targets.is_empty() {
        report.at(at, Code::WrongCount, "a fault has at least one target");
        return None;
    }
    let found = names.find_all(targets, report);
    (found.len() == targets.len() && each_once(&found, targets, report)).then_some(found)
}

/// Whether no target is named twice; the first that is is reported.
pub(super) fn each_once<I: Id>(
    found: &[I],
    targets: &[Sp<String>],
    report: &mut crate::model::resolve::report::Report,
) -> bool {
    let mut named = found.iter().enumerate().zip(targets);
    let Some((_, again)) = named.find(|((index, id), _)| found[..*index].contains(id)) else {
        return true;
    };
    report.at(again.span, Code::NamedTwice, format!("`{}` is named twice", **again));
    false
}
