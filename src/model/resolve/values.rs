//! Groups of values: the first place that states a value wins, then the profile.

use std::str::FromStr;

use super::report::Report;
use crate::diag::{Code, Span};
use crate::input::sp::{Sp, Text, Written};
use crate::model::profiles::{Documented, Row, Values};
use crate::model::raw::values::{
    RawBfd, RawBgp, RawDamping, RawInterface, RawLacp, RawLacpInterval, RawLacpMode, RawProfile,
};
use crate::model::topology::Origin;
use crate::proto::bgp::session::KEEPALIVE_MIN;
use crate::proto::bgp::{BgpConfig, IdleAfter, Jitter};
use crate::proto::phy::InterfaceConfig;
use crate::proto::{bfd, damping, lacp};
use crate::units::{QuantityError, Share, SimDuration};

/// A value that the file does not state, for the list of assumptions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assumed {
    pub(super) value: String,
    pub(super) origin: Origin,
    pub(super) source: String,
    /// The row of the table that can be changed to change the value.
    pub(super) row: Option<usize>,
}

impl Assumed {
    /// A row whose value is fixed.
    pub(super) fn of(row: &Documented) -> Self {
        Self {
            value: row.value.to_owned(),
            origin: if row.profile.is_some() { Origin::Profile } else { Origin::Builtin },
            source: row.origin_text(),
            row: None,
        }
    }

    /// A row whose value can be changed.
    fn of_row(row: Row<'_>) -> Self {
        Self { value: row.value.to_owned(), row: Some(row.index), ..Self::of(row.documented) }
    }

    pub(super) fn built_in(value: &impl ToString, source: &str) -> Self {
        Self {
            value: value.to_string(),
            origin: Origin::Builtin,
            source: source.to_owned(),
            row: None,
        }
    }
}

/// A value, and where it comes from.
#[derive(Clone, Debug)]
pub(super) struct Valued<T> {
    pub(super) value: T,
    /// Where the file states it.
    pub(super) stated: Option<Span>,
    /// What is to be said if the file does not.
    pub(super) assumed: Option<Assumed>,
}

impl<T> Valued<T> {
    pub(super) fn stated(value: T, span: Span) -> Self {
        Self { value, stated: Some(span), assumed: None }
    }

    pub(super) fn assumed(value: T, assumed: Assumed) -> Self {
        Self { value, stated: None, assumed: Some(assumed) }
    }
}

impl<T: PartialEq> Valued<T> {
    /// What is to be said of it, if it is anything but `nothing`: what is not in use needs no word.
    pub(super) fn if_not(&self, nothing: &T) -> Option<Assumed> {
        self.assumed.clone().filter(|_| self.value != *nothing)
    }
}

impl<T: FromStr> Valued<T> {
    /// The value of a row of the table.
    pub(super) fn documented(row: Row<'_>) -> Self {
        let value = row.value.parse().ok().expect("the values of the table are well written");
        Self::assumed(value, Assumed::of_row(row))
    }

    /// The built-in value for `key`.
    pub(super) fn built_in(values: &Values, key: &str) -> Self {
        Self::documented(values.built_in(key))
    }

    /// What the file states, or else the built-in value for `key`.
    pub(super) fn or_built_in(values: &Values, stated: Option<&Sp<T>>, key: &str) -> Self
    where
        T: Clone,
    {
        stated.map_or_else(|| Self::built_in(values, key), |sp| Self::stated(T::clone(sp), sp.span))
    }

    /// What the file states, or else the built-in value for `key`; errors are reported.
    pub(super) fn text_or_built_in(
        values: &Values,
        stated: Option<&Sp<Text<T>>>,
        key: &str,
        report: &mut Report,
    ) -> Self
    where
        T: Written<Err = QuantityError>,
    {
        let parsed = stated.and_then(|text| Some(Self::stated(report.quantity(text)?, text.span)));
        parsed.unwrap_or_else(|| Self::built_in(values, key))
    }
}

/// The places that may state a group's values, the most specific first.
#[derive(Clone, Debug)]
pub(super) struct Chain<'a, G> {
    pub(super) group: &'static str,
    pub(super) layers: Vec<&'a G>,
    pub(super) profile: RawProfile,
    pub(super) values: &'a Values,
}

impl<'a, G> Chain<'a, G> {
    /// The same with further places in front.
    pub(super) fn after(&self, front: impl IntoIterator<Item = Option<&'a G>>) -> Self {
        let layers = front.into_iter().flatten().chain(self.layers.iter().copied()).collect();
        Self { layers, ..*self }
    }

    fn fallback(&self, key: &str) -> Row<'a> {
        self.values.of_profile(self.profile, &format!("{}.{key}", self.group))
    }

    /// A value that is written as a text. A text that is none is reported where it stands.
    pub(super) fn text<T: Written + 'a>(
        &self,
        key: &str,
        get: impl Fn(&'a G) -> Option<&'a Sp<Text<T>>>,
    ) -> Valued<T> {
        let stated = self.layers.iter().find_map(|layer| get(layer));
        stated
            .and_then(|text| Some(Valued::stated(text.parse().ok()?, text.span)))
            .unwrap_or_else(|| Valued::documented(self.fallback(key)))
    }

    /// A value that is written as itself.
    pub(super) fn plain<R: Copy + 'a, T>(
        &self,
        key: &str,
        get: impl Fn(&'a G) -> Option<&'a Sp<R>>,
        from: impl Fn(R) -> T,
        fallback: impl Fn(&str) -> Option<T>,
    ) -> Valued<T> {
        if let Some(stated) = self.layers.iter().find_map(|layer| get(layer)) {
            return Valued::stated(from(**stated), stated.span);
        }
        let row = self.fallback(key);
        let value = fallback(row.value).expect("the values of the table are well written");
        Valued::assumed(value, Assumed::of_row(row))
    }
}

/// What is assumed of one end, by key.
pub(super) type AssumedRows = Vec<(&'static str, Option<Assumed>)>;

/// BGP timers of one end.
pub(super) fn bgp(chain: &Chain<'_, RawBgp>, report: &mut Report) -> (BgpConfig, AssumedRows) {
    let hold = chain.text("hold", |g| g.hold.as_ref());
    let mut keepalive = chain.text("keepalive", |g| g.keepalive.as_ref());
    if hold.stated.is_some() && keepalive.stated.is_none() {
        let third = hold.value.scaled(1, 3);
        let assumed = Assumed::built_in(&third, "RFC 4271 §10, a third of the hold time");
        keepalive = Valued::assumed(third, assumed);
    }
    let idle_hold = chain.text("idle_hold", |g| g.idle_hold.as_ref());
    let idle_hold_max = chain.text("idle_hold_max", |g| g.idle_hold_max.as_ref());
    check_timers(report, [&hold, &keepalive], [&idle_hold, &idle_hold_max]);
    let connect_retry = chain.text("connect_retry", |g| g.connect_retry.as_ref());
    let mrai = chain.text("mrai", |g| g.mrai.as_ref());
    let flag = |key, get: fn(&RawBgp) -> Option<&Sp<bool>>| {
        chain.plain(key, get, |stated: bool| stated, |text| text.parse().ok())
    };
    let withdrawals = flag("mrai_withdrawals", |g| g.mrai_withdrawals.as_ref());
    let restarts = flag("update_restarts_keepalive", |g| g.update_restarts_keepalive.as_ref());
    let (jitter, jitter_rows) = jitter(chain);
    let connect_delay = chain.text("connect_delay", |g| g.connect_delay.as_ref());
    let idle_again = flag("idle_after_interface_up", |g| g.idle_after_interface_up.as_ref());
    let after_close = flag("idle_after_close", |g| g.idle_after_close.as_ref());
    let address_retry = chain.text("address_retry", |g| g.address_retry.as_ref());
    let config = BgpConfig {
        hold: hold.value,
        keepalive: keepalive.value,
        connect_retry: connect_retry.value,
        idle_hold: idle_hold.value,
        idle_hold_max: idle_hold_max.value,
        mrai: mrai.value,
        mrai_withdrawals: withdrawals.value,
        update_restarts_keepalive: restarts.value,
        jitter,
        connect_delay: connect_delay.value,
        idle_after: IdleAfter { interface_up: idle_again.value, close: after_close.value },
        address_retry: address_retry.value,
    };
    let mut rows = vec![
        ("bgp.hold", hold.assumed),
        ("bgp.keepalive", keepalive.assumed),
        ("bgp.connect_retry", connect_retry.assumed),
        ("bgp.idle_hold", idle_hold.assumed),
        ("bgp.idle_hold_max", idle_hold_max.assumed),
        ("bgp.mrai", mrai.assumed),
        ("bgp.mrai_withdrawals", withdrawals.assumed),
        ("bgp.update_restarts_keepalive", restarts.if_not(&true)),
        ("bgp.connect_delay", connect_delay.if_not(&SimDuration::ZERO)),
        ("bgp.idle_after_interface_up", idle_again.if_not(&false)),
        ("bgp.idle_after_close", after_close.if_not(&true)),
        ("bgp.address_retry", address_retry.if_not(&SimDuration::ZERO)),
    ];
    rows.extend(jitter_rows);
    (config, rows)
}

/// By how much BGP timers of one end are shortened at random.
fn jitter(chain: &Chain<'_, RawBgp>) -> (Jitter, AssumedRows) {
    let share = |key, get: fn(&RawBgp) -> Option<&Sp<Text<Share>>>| chain.text(key, get);
    let keepalive = share("keepalive_jitter", |g| g.keepalive_jitter.as_ref());
    let hold = share("hold_jitter", |g| g.hold_jitter.as_ref());
    let retry = share("retry_jitter", |g| g.retry_jitter.as_ref());
    let idle_hold = share("idle_hold_jitter", |g| g.idle_hold_jitter.as_ref());
    let jitter = Jitter {
        keepalive: keepalive.value,
        hold: hold.value,
        retry: retry.value,
        idle_hold: idle_hold.value,
    };
    let rows = vec![
        ("bgp.keepalive_jitter", keepalive.if_not(&Share::ZERO)),
        ("bgp.hold_jitter", hold.if_not(&Share::ZERO)),
        ("bgp.retry_jitter", retry.if_not(&Share::ZERO)),
        ("bgp.idle_hold_jitter", idle_hold.if_not(&Share::ZERO)),
    ];
    (jitter, rows)
}

/// Reports stated timers that do not go together.
fn check_timers(
    report: &mut Report,
    [hold, keepalive]: [&Valued<SimDuration>; 2],
    [idle_hold, idle_hold_max]: [&Valued<SimDuration>; 2],
) {
    if !hold.value.is_zero() && keepalive.value > hold.value {
        let span = keepalive.stated.or(hold.stated);
        let message = format!(
            "the keepalive interval ({}) is longer than the hold time ({})",
            keepalive.value, hold.value
        );
        contradiction(report, span, message, "a third of the hold time is usual (RFC 4271 §10)");
    }
    if !hold.value.is_zero() && keepalive.value.is_zero() {
        let message = format!("no keepalives, though the hold time is {}", hold.value);
        let hint = "RFC 4271 §4.4; `hold: 0s` turns both off";
        contradiction(report, keepalive.stated, message, hint);
    }
    if idle_hold.value > idle_hold_max.value {
        let span = idle_hold.stated.or(idle_hold_max.stated);
        let message = format!(
            "`idle_hold` ({}) is longer than `idle_hold_max` ({})",
            idle_hold.value, idle_hold_max.value
        );
        contradiction(report, span, message, "the wait doubles from the first to the second");
    }
}

fn contradiction(report: &mut Report, span: Option<Span>, message: String, hint: &str) {
    if let Some(span) = span {
        report.hinted(span, Code::Timers, message, hint);
    }
}

/// BFD timers of one end.
pub(super) fn bfd(chain: &Chain<'_, RawBfd>) -> (bfd::Config, AssumedRows) {
    let tx = chain.text("tx", |g| g.tx.as_ref());
    let rx = chain.text("rx", |g| g.rx.as_ref());
    let multiplier = chain.plain(
        "multiplier",
        |g| g.multiplier.as_ref(),
        |stated: u64| u8::try_from(stated).unwrap_or(u8::MAX),
        |text| text.parse().ok(),
    );
    let independent = chain.plain(
        "control_plane_independent",
        |g| g.control_plane_independent.as_ref(),
        |stated: bool| stated,
        |text| text.parse().ok(),
    );
    let least_jitter = chain.text("least_jitter", |g| g.least_jitter.as_ref());
    let config = bfd::Config {
        tx: tx.value,
        rx: rx.value,
        multiplier: multiplier.value,
        control_plane_independent: independent.value,
        least_jitter: least_jitter.value,
    };
    let rows = vec![
        ("bfd.tx", tx.assumed),
        ("bfd.rx", rx.assumed),
        ("bfd.multiplier", multiplier.assumed),
        ("bfd.control_plane_independent", independent.assumed),
        ("bfd.least_jitter", least_jitter.if_not(&Share::ZERO)),
    ];
    (config, rows)
}

/// Whether a BGP session waits for BFD, and what is assumed.
pub(super) fn strict(chain: &Chain<'_, RawBfd>) -> (bool, Option<Assumed>) {
    let strict =
        chain.plain("strict", |g| g.strict.as_ref(), |s: bool| s, |text| text.parse().ok());
    (strict.value, strict.assumed)
}

/// LACP of one end.
pub(super) fn lacp(chain: &Chain<'_, RawLacp>) -> (lacp::Config, AssumedRows) {
    let mode = chain.plain(
        "mode",
        |g| g.mode.as_ref(),
        |stated| match stated {
            RawLacpMode::Active => lacp::Mode::Active,
            RawLacpMode::Passive => lacp::Mode::Passive,
        },
        |text| match text {
            "active" => Some(lacp::Mode::Active),
            "passive" => Some(lacp::Mode::Passive),
            _ => None,
        },
    );
    let interval = chain.plain(
        "interval",
        |g| g.interval.as_ref(),
        |stated| match stated {
            RawLacpInterval::Fast => lacp::Interval::Fast,
            RawLacpInterval::Slow => lacp::Interval::Slow,
        },
        |text| match text {
            "fast" => Some(lacp::Interval::Fast),
            "slow" => Some(lacp::Interval::Slow),
            _ => None,
        },
    );
    let wait = chain.text("aggregate_wait", |g| g.aggregate_wait.as_ref());
    let config =
        lacp::Config { mode: mode.value, interval: interval.value, aggregate_wait: wait.value };
    let rows = vec![
        ("lacp.mode", mode.assumed),
        ("lacp.interval", interval.assumed),
        ("lacp.aggregate_wait", wait.assumed),
    ];
    (config, rows)
}

/// Interface timers of one end.
pub(super) fn interface(chain: &Chain<'_, RawInterface>) -> (InterfaceConfig, AssumedRows) {
    let los = chain.text("los", |g| g.los.as_ref());
    let down = chain.text("carrier_delay_down", |g| g.carrier_delay_down.as_ref());
    let up = chain.text("carrier_delay_up", |g| g.carrier_delay_up.as_ref());
    let config = InterfaceConfig {
        los: los.value,
        carrier_delay_down: down.value,
        carrier_delay_up: up.value,
        dampening: None,
    };
    let rows = vec![
        ("interface.los", los.assumed),
        ("interface.carrier_delay_down", down.assumed),
        ("interface.carrier_delay_up", up.assumed),
    ];
    (config, rows)
}

/// How what flaps is suppressed; `keys` are those of half-life, reuse, suppress and the maximum. The
/// first of `stated` that says a value wins.
pub(super) fn damping(
    values: &Values,
    stated: &[&RawDamping],
    keys: [&'static str; 4],
) -> (damping::Config, AssumedRows) {
    let time = |get: fn(&RawDamping) -> Option<&Sp<Text<SimDuration>>>, key| {
        let stated = stated.iter().find_map(|raw| get(raw));
        let stated = stated.and_then(|text| Some(Valued::stated(text.parse().ok()?, text.span)));
        stated.unwrap_or_else(|| Valued::built_in(values, key))
    };
    let points = |get: fn(&RawDamping) -> Option<&Sp<u32>>, key| {
        Valued::or_built_in(values, stated.iter().find_map(|raw| get(raw)), key)
    };
    let half_life = time(|raw| raw.half_life.as_ref(), keys[0]);
    let reuse = points(|raw| raw.reuse.as_ref(), keys[1]);
    let suppress = points(|raw| raw.suppress.as_ref(), keys[2]);
    let max_suppress = time(|raw| raw.max_suppress.as_ref(), keys[3]);
    let config = damping::Config {
        half_life: half_life.value,
        reuse: reuse.value,
        suppress: suppress.value,
        max_suppress: max_suppress.value,
    };
    let rows = vec![
        (keys[0], half_life.assumed),
        (keys[1], reuse.assumed),
        (keys[2], suppress.assumed),
        (keys[3], max_suppress.assumed),
    ];
    (config, rows)
}

/// Reports what is wrong with how what flaps is suppressed; called once for each place.
pub(super) fn check_damping(report: &mut Report, raw: Option<&Sp<RawDamping>>) {
    let Some(raw) = raw else { return };
    check_duration(report, raw.half_life.as_ref(), MILLISECOND_TO_A_DAY);
    check_duration(report, raw.max_suppress.as_ref(), MILLISECOND_TO_A_DAY);
    for points in [&raw.reuse, &raw.suppress].into_iter().flatten() {
        if !(1..=20_000).contains(&**points) {
            let message = format!("`{}` is out of range: 1 to 20000", **points);
            report.at(points.span, Code::OutOfRange, message);
        }
    }
}

/// Reports what is wrong with a stated duration; zero and more than a day make no sense where
/// `positive` is wanted.
pub(super) fn check_duration(
    report: &mut Report,
    text: Option<&Sp<Text<SimDuration>>>,
    range: (SimDuration, SimDuration),
) {
    let Some(text) = text else { return };
    let Some(value) = report.quantity(text) else { return };
    if value < range.0 || value > range.1 {
        let message = format!("`{value}` is out of range: {} to {}", range.0, range.1);
        report.at(text.span, Code::OutOfRange, message);
    }
}

const DAY: SimDuration = SimDuration::from_secs(86_400);
const ANY: (SimDuration, SimDuration) = (SimDuration::ZERO, DAY);
/// From zero to a day.
pub(super) const UP_TO_A_DAY: (SimDuration, SimDuration) = ANY;
/// From a millisecond to a day.
pub(super) const MILLISECOND_TO_A_DAY: (SimDuration, SimDuration) =
    (SimDuration::from_millis(1), DAY);

/// Reports what is wrong with stated BGP timers; called once for each place.
pub(super) fn check_bgp(report: &mut Report, group: Option<&Sp<RawBgp>>) {
    let Some(group) = group else { return };
    let largest = SimDuration::from_secs(65_535);
    check_duration(report, group.hold.as_ref(), (SimDuration::ZERO, largest));
    check_duration(report, group.keepalive.as_ref(), (SimDuration::ZERO, largest));
    check_duration(report, group.connect_retry.as_ref(), MILLISECOND_TO_A_DAY);
    check_duration(report, group.idle_hold.as_ref(), ANY);
    check_duration(report, group.idle_hold_max.as_ref(), ANY);
    check_duration(report, group.mrai.as_ref(), ANY);
    check_duration(report, group.connect_delay.as_ref(), ANY);
    check_duration(report, group.address_retry.as_ref(), UP_TO_A_DAY);
    let (waits, idle) = (&group.retry_jitter, &group.idle_hold_jitter);
    // What is left is more than the third of it after which keepalives come.
    check_jitter(report, group.hold_jitter.as_ref(), Share::from_percent(50));
    for jitter in [&group.keepalive_jitter, waits, idle] {
        check_jitter(report, jitter.as_ref(), Share::from_percent(75));
    }
    if let Some(hold) = &group.hold
        && let Ok(value) = hold.parse()
        && !value.is_zero()
        && value < SimDuration::from_secs(3)
    {
        let message = format!("a hold time is 0s or at least 3s, not {value}");
        report.hinted(hold.span, Code::Timers, message, "RFC 4271 §4.2; use BFD to be faster");
    } else {
        check_whole_seconds(report, group.hold.as_ref(), "RFC 4271 §4.2, Hold Time");
    }
    if let Some(keepalive) = &group.keepalive
        && let Ok(value) = keepalive.parse()
        && !value.is_zero()
        && value < KEEPALIVE_MIN
    {
        let message = format!("keepalives are at least {KEEPALIVE_MIN} apart, not {value}");
        report.hinted(keepalive.span, Code::Timers, message, "RFC 4271 §4.4; use BFD to be faster");
    }
}

/// Reports a stated duration that cannot be sent because a message has room for whole seconds only.
pub(super) fn check_whole_seconds(
    report: &mut Report,
    text: Option<&Sp<Text<SimDuration>>>,
    source: &str,
) {
    let Some(text) = text else { return };
    let Ok(value) = text.parse() else { return };
    if value.as_nanos() % SimDuration::from_secs(1).as_nanos() != 0 {
        let message = format!("`{value}` cannot be sent: a message carries whole seconds");
        report.hinted(text.span, Code::OutOfRange, message, source);
    }
}

/// Reports what is wrong with stated BFD timers; called once for each place.
pub(super) fn check_bfd(report: &mut Report, group: Option<&Sp<RawBfd>>) {
    let Some(group) = group else { return };
    check_jitter(report, group.least_jitter.as_ref(), Share::from_percent(25));
    let range = (SimDuration::from_millis(1), SimDuration::from_secs(4_294));
    check_duration(report, group.tx.as_ref(), range);
    check_duration(report, group.rx.as_ref(), range);
    if let Some(multiplier) = &group.multiplier
        && !(1..=255).contains(&**multiplier)
    {
        let message = format!("`{}` is out of range: 1 to 255", **multiplier);
        report.hinted(multiplier.span, Code::OutOfRange, message, "RFC 5880 §4.1, Detect Mult");
    }
}

/// Reports a stated jitter or spread that is more than `most`.
pub(super) fn check_jitter(report: &mut Report, text: Option<&Sp<Text<Share>>>, most: Share) {
    let Some(text) = text else { return };
    let Some(value) = report.quantity(text) else { return };
    if value > most {
        let message = format!("`{value}` is out of range: 0% to {most}");
        report.at(text.span, Code::OutOfRange, message);
    }
}

/// Reports what is wrong with stated LACP settings; called once for each place.
pub(super) fn check_lacp(report: &mut Report, group: Option<&Sp<RawLacp>>) {
    if let Some(group) = group {
        check_duration(report, group.aggregate_wait.as_ref(), ANY);
    }
}

/// Reports what is wrong with stated interface timers; called once for each place.
pub(super) fn check_interface(report: &mut Report, group: Option<&Sp<RawInterface>>) {
    if let Some(group) = group {
        check_duration(report, group.los.as_ref(), ANY);
        check_duration(report, group.carrier_delay_down.as_ref(), ANY);
        check_duration(report, group.carrier_delay_up.as_ref(), ANY);
    }
}
