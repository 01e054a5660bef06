//! How often things fail and for how long.

use super::Resolver;
use super::places::about;
use crate::diag::{Code, Span};
use crate::ids::RouterId;
use crate::input::sp::{Sp, Text};
use crate::model::raw::lags::RawSession;
use crate::model::raw::risk::{RawCircuitModes, RawCommonCause, RawRouterModes, RawTakes};
use crate::model::risk::{CommonCause, Mode, Risk, Takes};
use crate::units::{Share, SimDuration};

/// Most failures a year: what fails oftener is not repaired between.
const MOST: f64 = 300.0;
/// A year of 8,760 hours, in seconds.
pub(super) const YEAR_S: f64 = 31_536_000.0;

impl Resolver<'_> {
    /// What a file states of an element.
    pub(super) fn risk(
        &mut self,
        failures: Option<&Sp<f64>>,
        repair: Option<&Sp<Text<SimDuration>>>,
    ) -> Risk {
        let failures_per_year = failures.map(|failures| self.frequency(failures));
        let time = repair.and_then(|repair| self.repair_time(repair));
        if let (Some(often), Some(long), Some(stated)) = (failures_per_year, time, repair) {
            self.check_share_down(often, long, stated.span);
        }
        Risk { failures_per_year, repair: time, modes: Vec::new() }
    }

    /// The same of what has no default: who says how often says how long.
    pub(super) fn whole_risk(
        &mut self,
        failures: Option<&Sp<f64>>,
        repair: Option<&Sp<Text<SimDuration>>>,
    ) -> Risk {
        if let (Some(failures), None) = (failures.filter(|often| ***often > 0.0), repair) {
            let message = "`failures_per_year` without `repair`: how long each failure lasts";
            self.report.at(failures.entry, Code::MissingKey, message);
        }
        self.risk(failures, repair)
    }

    /// The same of a circuit.
    pub(super) fn circuit_risk(
        &mut self,
        failures: Option<&Sp<f64>>,
        repair: Option<&Sp<Text<SimDuration>>>,
        modes: Option<&Sp<RawCircuitModes>>,
    ) -> Risk {
        let known = modes.map(|raw| {
            let all = [(Mode::Cut, raw.cut.as_ref()), (Mode::Silent, raw.silent.as_ref())];
            self.modes(raw.entry, all)
        });
        Risk { modes: known.unwrap_or_default(), ..self.risk(failures, repair) }
    }

    /// The same of a router.
    pub(super) fn router_risk(
        &mut self,
        failures: Option<&Sp<f64>>,
        repair: Option<&Sp<Text<SimDuration>>>,
        modes: Option<&Sp<RawRouterModes>>,
    ) -> Risk {
        if let (Some(modes), None) = (modes, failures) {
            let message = "`modes` share out `failures_per_year`, which is not stated";
            self.report.at(modes.entry, Code::MissingKey, message);
        }
        let known = modes.map(|raw| {
            let all = [
                (Mode::Power, raw.power.as_ref()),
                (Mode::Crash, raw.crash.as_ref()),
                (Mode::Hang, raw.hang.as_ref()),
            ];
            self.modes(raw.entry, all)
        });
        Risk { modes: known.unwrap_or_default(), ..self.risk(failures, repair) }
    }

    fn modes<const N: usize>(
        &mut self,
        entry: Span,
        all: [(Mode, Option<&Sp<Text<Share>>>); N],
    ) -> Vec<(Mode, Share)> {
        let mut modes = Vec::new();
        let mut failed = false;
        for (mode, share) in all.into_iter().filter_map(|(mode, text)| Some((mode, text?))) {
            match self.report.quantity(share) {
                Some(share) => modes.push((mode, share)),
                None => failed = true,
            }
        }
        let sum: u64 = modes.iter().map(|(_, share)| share.as_ppb()).fold(0, u64::saturating_add);
        if !failed && sum != Share::ONE.as_ppb() {
            let message = format!("the modes sum to {}, not 100%", Share::from_ppb(sum));
            self.report.at(entry, Code::OutOfRange, message);
        }
        modes.retain(|(_, share)| *share > Share::ZERO);
        modes
    }

    fn frequency(&mut self, failures: &Sp<f64>) -> f64 {
        if !(0.0..=MOST).contains(&**failures) {
            let message = format!("`{}` is out of range: 0 to {MOST} failures a year", **failures);
            self.report.at(failures.span, Code::OutOfRange, message);
        }
        **failures
    }

    fn repair_time(&mut self, repair: &Sp<Text<SimDuration>>) -> Option<SimDuration> {
        let time = self.report.quantity(repair)?;
        if time.is_zero() {
            self.report.at(repair.span, Code::OutOfRange, "a repair takes longer than 0s");
        }
        Some(time)
    }

    /// Reports a rate that stands where only one side of a session is configured.
    pub(super) fn check_no_risk(&mut self, side: Option<&Sp<RawSession>>) {
        let Some(side) = side else { return };
        let often = side.failures_per_year.as_ref().map(|failures| failures.entry);
        let long = side.repair.as_ref().map(|repair| repair.entry);
        for entry in [often, long].into_iter().flatten() {
            let message = "a session fails as a whole, not at one side";
            let hint = "put it beside the other keys of the session, outside of `sides`";
            self.report.hinted(entry, Code::UnknownKey, message, hint);
        }
    }

    fn check_share_down(&mut self, often: f64, long: SimDuration, span: Span) {
        let down = often * long.as_secs_f64() / YEAR_S;
        if down >= 0.5 {
            let message = format!(
                "{often} failures a year of {long} each: it would be down half of the time or more"
            );
            let hint = "`failures_per_year` times `repair` is the share of time that it is down";
            self.report.hinted(span, Code::OutOfRange, message, hint);
        }
    }

    pub(super) fn common_causes(&mut self) {
        let raw = self.raw;
        for (name, cause) in raw.common_causes.iter() {
            self.report.check_name(name.span, name);
            let routers = self.taken(name, cause);
            let stated = self.risk(Some(&cause.failures_per_year), Some(&cause.repair));
            let takes = match cause.takes.as_deref() {
                None | Some(RawTakes::Sessions) => Takes::Sessions,
                Some(RawTakes::Routers) => Takes::Routers,
            };
            self.topology.common_causes.push(CommonCause {
                name: name.to_string(),
                about: about(cause.about.as_ref()),
                routers,
                takes,
                failures_per_year: stated.failures_per_year.unwrap_or_default(),
                repair: stated.repair.unwrap_or_default(),
            });
        }
    }

    fn taken(&mut self, name: &Sp<String>, cause: &RawCommonCause) -> Vec<RouterId> {
        let mut routers = self.names.routers.find_all(&cause.routers, &mut self.report);
        let network = cause.network.as_ref();
        let network = network.and_then(|name| self.names.networks.find(name, &mut self.report));
        if let Some(network) = network {
            let all = self.topology.routers.iter_ids();
            routers.extend(all.filter(|(_, router)| router.network == network).map(|(id, _)| id));
        }
        routers.sort_unstable();
        routers.dedup();
        if routers.is_empty() && !self.report.has_errors() {
            let message = format!("the common cause `{}` takes no router", **name);
            let hint = "name its `network` or its `routers`";
            self.report.hinted(name.span, Code::WrongCount, message, hint);
        }
        routers
    }
}
