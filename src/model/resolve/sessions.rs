//! BGP sessions: those of the PNIs, then the internal ones.

use std::collections::BTreeSet;

use super::Resolver;
use super::lags::RawEnd;
use super::one_sided::Stated;
use super::policy::{BY_DISTANCE, policy};
use super::reflection::Pair;
use super::values::{
    Assumed, AssumedRows, UP_TO_A_DAY, Valued, bfd, bgp, check_bfd, check_bgp, check_damping,
    check_duration, check_whole_seconds, damping as damping_values, strict,
};
use crate::diag::{Code, Span};
use crate::ids::{Id, LagId, NetworkId, RouterId, SessionId, Side};
use crate::input::sp::{List, Sp, Text};
use crate::model::raw::lags::{
    RawGracefulRestart, RawMaxPrefix, RawMaxPrefixAction, RawPni, RawPniSide, RawSession,
    RawSessions,
};
use crate::model::raw::policy::RawTerm;
use crate::model::raw::topology::RawIbgpMode;
use crate::model::raw::values::{RawBfd, RawBgp};
use crate::model::topology::{
    Family, GracefulRestart, MaxPrefix, Risk, Session, SessionEnd, SessionKind,
};
use crate::proto::bfd::Config as BfdConfig;
use crate::proto::damping;
use crate::units::SimDuration;

/// A design may have this many internal sessions.
const MAX_INTERNAL_SESSIONS: usize = 50_000;

/// What twelve bits can tell in seconds (RFC 4724 §3, Restart Time).
const UP_TO_TWELVE_BITS: (SimDuration, SimDuration) =
    (SimDuration::ZERO, SimDuration::from_secs(4_095));

const FLAP_DAMPING: [&str; 4] =
    ["damping.half_life", "damping.reuse", "damping.suppress", "damping.max_suppress"];

pub(super) const FAMILIES: [Family; 2] = [Family::Ipv4, Family::Ipv6];

/// The session of a family, if it is stated.
pub(super) fn of(sessions: Option<&RawSessions>, family: Family) -> Option<&Sp<RawSession>> {
    match family {
        Family::Ipv4 => sessions?.ipv4.as_ref(),
        Family::Ipv6 => sessions?.ipv6.as_ref(),
    }
}

/// A session between every two of these, of whom none reflects; more than the limit are not all
/// told.
pub(super) fn mesh(routers: &[RouterId]) -> Vec<Pair> {
    let pairs = routers.iter().enumerate().flat_map(|(index, first)| {
        routers[index + 1..].iter().map(move |second| ([*first, *second], [false; 2]))
    });
    pairs.take(MAX_INTERNAL_SESSIONS + 1).collect()
}

/// What the side of one end states of a session.
#[derive(Clone, Copy, Default)]
pub(super) struct RawOwn<'a> {
    pub(super) session: Option<&'a RawSession>,
    pub(super) bgp: Option<&'a RawBgp>,
    pub(super) import: Option<&'a Sp<List<RawTerm>>>,
    pub(super) export: Option<&'a Sp<List<RawTerm>>>,
}

impl<'a> Resolver<'a> {
    pub(super) fn external_sessions(&mut self) {
        let raw = self.raw;
        for (index, (name, pni)) in raw.pnis.iter().enumerate() {
            let sessions = pni.sessions.as_deref();
            for family in FAMILIES {
                self.check_session(of(sessions, family));
            }
            for (_, side) in pni.sides.iter() {
                self.check_side(name, sessions, side);
            }
            let Some(ends) = self.lag_raw_ends[index] else { continue };
            for family in FAMILIES {
                if let Some(session) = of(sessions, family) {
                    let lag = LagId::from_index(index);
                    self.external_session(lag, (name, pni), family, session, ends);
                }
            }
        }
    }

    fn check_side(&mut self, pni: &str, entry: Option<&RawSessions>, side: &RawPniSide) {
        check_bgp(&mut self.report, side.bgp.as_ref());
        self.check_policies(side.import.as_ref(), side.export.as_ref());
        for family in FAMILIES {
            let own = of(side.sessions.as_deref(), family);
            self.check_session(own);
            self.check_no_risk(own);
            if let Some(own) = own
                && of(entry, family).is_none()
            {
                let name = format!("{pni}/{}", family.as_str());
                self.report.hinted(
                    own.entry,
                    Code::UnknownName,
                    format!("there is no session `{name}`"),
                    format!("declare it with `sessions: {{{}: {{}}}}` in the PNI", family.as_str()),
                );
            }
        }
    }

    pub(super) fn check_session(&mut self, session: Option<&Sp<RawSession>>) {
        let Some(session) = session else { return };
        check_bgp(&mut self.report, session.bgp.as_ref());
        check_bfd(&mut self.report, session.bfd.as_ref());
        self.check_graceful(session.graceful_restart.as_ref());
        check_damping(&mut self.report, session.damping.as_ref());
        if let Some(limit) = &session.max_prefix {
            if *limit.limit == 0 {
                let message = "`0` is out of range: at least 1";
                self.report.at(limit.limit.span, Code::OutOfRange, message);
            }
            check_duration(&mut self.report, limit.restart.as_ref(), UP_TO_A_DAY);
        }
        self.check_policies(session.import.as_ref(), session.export.as_ref());
    }

    pub(super) fn check_policies(
        &mut self,
        import: Option<&Sp<List<RawTerm>>>,
        export: Option<&Sp<List<RawTerm>>>,
    ) {
        for terms in [import, export].into_iter().flatten() {
            policy(terms, &self.names.routers, &mut self.report);
            self.check_distances(terms);
        }
    }

    /// Reports `by_distance` where a metro's place is not known.
    fn check_distances(&mut self, terms: &List<RawTerm>) {
        let meds = terms.iter().filter_map(|term| term.set.as_ref()?.med.as_ref());
        let lost = self.topology.metros.iter().find(|metro| metro.position.is_none());
        for med in meds.filter(|med| med.as_str() == BY_DISTANCE) {
            if let Some(metro) = lost {
                let message = format!("the metro `{}` has no position", metro.name);
                let hint = "distances need `position: [latitude, longitude]` in every metro";
                self.report.hinted(med.span, Code::MissingKey, message, hint);
            }
        }
    }

    fn external_session(
        &mut self,
        lag: LagId,
        (pni_name, pni): (&Sp<String>, &'a RawPni),
        family: Family,
        entry: &'a RawSession,
        ends: [RawEnd<'a>; 2],
    ) {
        let name = format!("{}/{}", **pni_name, family.as_str());
        let mut rows: [AssumedRows; 2] = [Vec::new(), Vec::new()];
        let owns = Side::BOTH.map(|side| {
            let router = ends[side].name;
            let own = pni.sides.iter().find(|(name, _)| **name == **router).map(|(_, s)| &**s);
            own.map_or_else(RawOwn::default, |side| RawOwn {
                session: of(side.sessions.as_deref(), family).map(|s| &**s),
                bgp: side.bgp.as_deref(),
                import: side.import.as_ref(),
                export: side.export.as_ref(),
            })
        });
        let built = Side::BOTH.map(|side| {
            let timers = pni.bgp.as_deref();
            self.external_end(ends[side].router, timers, owns[side], entry, &mut rows[side])
        });
        self.compare_ends(&name, &built, owns.map(|own| Stated::of(&own, entry)));
        self.assume_ends(&name, ends.map(|end| end.name.as_str()), rows);
        let risk = self.whole_risk(entry.failures_per_year.as_ref(), entry.repair.as_ref());
        let id = self.topology.sessions.push(Session {
            name: name.clone(),
            kind: SessionKind::External(lag),
            family,
            ends: built,
            risk,
        });
        self.topology.lags[lag].sessions.push(id);
    }

    pub(super) fn external_end(
        &mut self,
        router: RouterId,
        timers: Option<&'a RawBgp>,
        side: RawOwn<'a>,
        entry: &'a RawSession,
        rows: &mut AssumedRows,
    ) -> SessionEnd {
        let layers = self.layers(router);
        let own = side.session;
        let chain = layers.bgp().after([
            own.and_then(|session| session.bgp.as_deref()),
            side.bgp,
            entry.bgp.as_deref(),
            timers,
        ]);
        let (timers, assumed) = bgp(&chain, &mut self.report);
        rows.extend(assumed);
        let stated = [own.and_then(|session| session.bfd.as_deref()), entry.bfd.as_deref()];
        let (detection, bfd_strict) = self.detection(router, stated, rows);
        let graceful = own.and_then(|session| session.graceful_restart.as_ref());
        let graceful = graceful.or(entry.graceful_restart.as_ref());
        let graceful_restart = graceful.map(|raw| self.graceful_restart(raw, rows));
        let damping = self.flap_damping(&[own, Some(entry)], rows);
        let limit = own.and_then(|session| session.max_prefix.as_ref());
        let limit = limit.or(entry.max_prefix.as_ref());
        let max_prefix = limit.map(|limit| self.max_prefix(limit, rows));
        let import = own
            .and_then(|session| session.import.as_ref())
            .or(entry.import.as_ref())
            .or(side.import);
        let export = own
            .and_then(|session| session.export.as_ref())
            .or(entry.export.as_ref())
            .or(side.export);
        SessionEnd {
            router,
            bgp: timers,
            bfd: detection,
            bfd_strict,
            graceful_restart,
            damping,
            max_prefix,
            client: false,
            import: import.map(|terms| policy(terms, &self.names.routers, &mut self.report)),
            export: export.map(|terms| policy(terms, &self.names.routers, &mut self.report)),
        }
    }

    pub(super) fn check_graceful(&mut self, raw: Option<&Sp<RawGracefulRestart>>) {
        let Some(raw) = raw else { return };
        let report = &mut self.report;
        check_duration(report, raw.restart_time.as_ref(), UP_TO_TWELVE_BITS);
        check_whole_seconds(report, raw.restart_time.as_ref(), "RFC 4724 §3, Restart Time");
        check_duration(report, raw.stale_time.as_ref(), UP_TO_A_DAY);
        check_duration(report, raw.long_lived.as_ref(), UP_TO_A_DAY);
        check_whole_seconds(
            report,
            raw.long_lived.as_ref(),
            "RFC 9494 §3.1, Long-Lived Stale Time",
        );
    }

    fn graceful_restart(
        &self,
        raw: &RawGracefulRestart,
        rows: &mut AssumedRows,
    ) -> GracefulRestart {
        let mut time = |stated: Option<&Sp<Text<SimDuration>>>, key: &'static str| {
            let stated = stated.and_then(|t| Some(Valued::stated(t.parse().ok()?, t.span)));
            let time = stated.unwrap_or_else(|| Valued::built_in(self.values, key));
            rows.push((key, time.assumed));
            time.value
        };
        let restart_time = time(raw.restart_time.as_ref(), "graceful_restart.restart_time");
        let stale_time = time(raw.stale_time.as_ref(), "graceful_restart.stale_time");
        let notification = raw.notification.as_ref();
        let notification =
            Valued::or_built_in(self.values, notification, "graceful_restart.notification");
        rows.push(("graceful_restart.notification", notification.assumed));
        GracefulRestart {
            restart_time,
            stale_time,
            notification: notification.value,
            long_lived: raw.long_lived.as_ref().and_then(|text| text.parse().ok()),
        }
    }

    /// Flap damping, where one of these states it.
    fn flap_damping(
        &mut self,
        stated: &[Option<&RawSession>],
        rows: &mut AssumedRows,
    ) -> Option<damping::Config> {
        let stated = stated.iter().flatten().filter_map(|session| session.damping.as_ref());
        let stated: Vec<_> = stated.collect();
        let first = stated.first()?;
        let raw: Vec<_> = stated.iter().map(|raw| &***raw).collect();
        let (config, assumed) = damping_values(self.values, &raw, FLAP_DAMPING);
        rows.extend(assumed);
        self.check_thresholds(first.entry, &config);
        Some(config)
    }

    /// Reports thresholds that suppress nothing, or for ever.
    pub(super) fn check_thresholds(&mut self, at: Span, config: &damping::Config) {
        let (reuse, suppress) = (config.reuse, config.suppress);
        let message = if reuse > suppress {
            format!("`reuse` ({reuse}) is above `suppress` ({suppress})")
        } else if config.ceiling() <= f64::from(suppress) {
            format!(
                "the penalty never exceeds {suppress}: it grows no further than what decays to {reuse} within {}",
                config.max_suppress
            )
        } else {
            return;
        };
        let hint = "RFC 2439 §4.2: lower `suppress`, or raise `max_suppress`";
        self.report.hinted(at, Code::Timers, message, hint);
    }

    fn max_prefix(&self, raw: &RawMaxPrefix, rows: &mut AssumedRows) -> MaxPrefix {
        let restart = raw.restart.as_ref().and_then(|text| text.parse().ok());
        let shutdown = match raw.action.as_deref() {
            Some(RawMaxPrefixAction::Shutdown) => true,
            Some(RawMaxPrefixAction::Warn) => false,
            None => {
                let action: Valued<String> = Valued::built_in(self.values, "max_prefix.action");
                rows.push(("max_prefix.action", action.assumed));
                action.value == "shutdown"
            }
        };
        MaxPrefix { limit: *raw.limit, shutdown, restart }
    }

    /// The sessions inside networks that mesh or reflect, for each family that the network uses; only called when nothing is wrong.
    pub(super) fn internal_sessions(&mut self) {
        let mut built: Vec<Session> = Vec::new();
        for network in (0..self.raw.networks.len()).map(NetworkId::from_index) {
            let (name, raw) = &self.raw.networks[network.index()];
            let routers = self.routers_of(network);
            if routers.len() < 2 {
                continue;
            }
            let mode = raw.ibgp.as_ref().and_then(|ibgp| ibgp.mode.as_deref());
            if mode.is_none() {
                let row = crate::model::profiles::builtin("ibgp.mode");
                self.assume("ibgp.mode", name, Some(Assumed::of(row)));
            }
            let pairs = match mode {
                Some(RawIbgpMode::None) => continue,
                Some(RawIbgpMode::Reflection) => self.reflection.pairs(&routers),
                Some(RawIbgpMode::FullMesh) | None => mesh(&routers),
            };
            let families = self.families_of(network);
            if built.len() + pairs.len() * families.len() > MAX_INTERNAL_SESSIONS {
                let message = format!(
                    "`{}` and the networks before it need more than {MAX_INTERNAL_SESSIONS} \
                     internal sessions",
                    **name
                );
                self.report.at(name.span, Code::TooMany, message);
                return;
            }
            for (routers, clients) in pairs {
                for family in &families {
                    built.push(self.internal_session(routers, clients, *family));
                }
            }
        }
        built.sort_by(|a, b| a.name.cmp(&b.name));
        for session in built {
            let _: SessionId = self.topology.sessions.push(session);
        }
    }

    fn internal_session(
        &mut self,
        routers: [RouterId; 2],
        clients: [bool; 2],
        family: Family,
    ) -> Session {
        let network = self.topology.routers[routers[0]].network;
        let ibgp = self.raw.networks[network.index()].1.ibgp.as_ref();
        let graceful = ibgp.and_then(|ibgp| ibgp.graceful_restart.as_ref());
        let watched = ibgp.and_then(|ibgp| ibgp.bfd.as_deref());
        let names = routers.map(|router| self.topology.routers[router].name.clone());
        let name = format!("{}--{}/{}", names[0], names[1], family.as_str());
        let mut rows: [AssumedRows; 2] = [Vec::new(), Vec::new()];
        let ends = Side::BOTH.map(|side| {
            let (timers, assumed) = bgp(&self.layers(routers[side]).bgp(), &mut self.report);
            rows[side] = assumed;
            let graceful_restart = graceful.map(|raw| self.graceful_restart(raw, &mut rows[side]));
            let router = routers[side];
            let client = clients[side];
            let (detection, bfd_strict) = self.detection(router, [watched], &mut rows[side]);
            SessionEnd {
                router,
                bgp: timers,
                bfd: detection,
                bfd_strict,
                graceful_restart,
                damping: None,
                max_prefix: None,
                client,
                import: None,
                export: None,
            }
        });
        self.assume_ends(&name, names.each_ref().map(String::as_str), rows);
        let risk = Risk::default();
        Session { name, kind: SessionKind::Internal, family, ends, risk }
    }

    /// How an end runs BFD, if any of the places in a file asks for it, and whether its session
    /// waits for it.
    fn detection<const N: usize>(
        &self,
        router: RouterId,
        stated: [Option<&'a RawBfd>; N],
        rows: &mut AssumedRows,
    ) -> (Option<BfdConfig>, bool) {
        if stated.iter().all(Option::is_none) {
            return (None, false);
        }
        let chain = self.layers(router).bfd().after(stated);
        let (config, assumed) = bfd(&chain);
        rows.extend(assumed);
        let (waits, assumed) = strict(&chain);
        rows.push(("bfd.strict", assumed));
        (Some(config), waits)
    }

    /// The routers of a network, sorted by name.
    fn routers_of(&self, network: NetworkId) -> Vec<RouterId> {
        let mut routers: Vec<_> = self
            .topology
            .routers
            .iter_ids()
            .filter(|(_, router)| router.network == network)
            .map(|(id, _)| id)
            .collect();
        routers.sort_by(|a, b| self.topology.routers[*a].name.cmp(&self.topology.routers[*b].name));
        routers
    }

    /// The families that a prefix or a PNI session of the network has.
    fn families_of(&self, network: NetworkId) -> BTreeSet<Family> {
        let announced = self
            .topology
            .prefixes
            .iter()
            .filter(|prefix| prefix.network == network)
            .map(|prefix| Family::of(&prefix.prefix));
        let spoken = self
            .topology
            .sessions
            .iter()
            .filter(|session| {
                session.ends.iter().any(|end| self.topology.routers[end.router].network == network)
            })
            .map(|session| session.family);
        announced.chain(spoken).collect()
    }
}
