//! How routing processes of a router pace themselves.

use super::report::Report;
use super::values::{AssumedRows, Chain, UP_TO_A_DAY, check_duration};
use crate::diag::Code;
use crate::input::sp::{Sp, Text};
use crate::model::raw::values::RawDaemon;
use crate::model::topology::Daemon;
use crate::units::SimDuration;

/// How the routing processes of a router pace themselves.
pub(super) fn daemon(chain: &Chain<'_, RawDaemon>) -> (Daemon, AssumedRows) {
    let time = |key, get: fn(&RawDaemon) -> Option<&Sp<Text<SimDuration>>>| chain.text(key, get);
    let flush_delay = time("flush_delay", |g| g.flush_delay.as_ref());
    let decision_delay = time("decision_delay", |g| g.decision_delay.as_ref());
    let coalesce_time = time("coalesce_time", |g| g.coalesce_time.as_ref());
    let per_session = time("coalesce_per_session", |g| g.coalesce_per_session.as_ref());
    let announce = time("announce_delay", |g| g.announce_delay.as_ref());
    let wake_up = time("wake_up", |g| g.wake_up.as_ref());
    let per_prefix = time("prefix_processing", |g| g.prefix_processing.as_ref());
    let per_turn = chain.plain(
        "prefixes_per_turn",
        |g| g.prefixes_per_turn.as_ref(),
        |stated: u64| stated,
        |text| text.parse().ok(),
    );
    let fib_delay = time("fib_delay", |g| g.fib_delay.as_ref());
    let daemon = Daemon {
        flush_delay: flush_delay.value,
        decision_delay: decision_delay.value,
        coalesce_time: coalesce_time.value,
        coalesce_per_session: per_session.value,
        announce_delay: announce.value,
        wake_up: wake_up.value,
        prefix_processing: per_prefix.value,
        prefixes_per_turn: per_turn.value,
        fib_delay: fib_delay.value,
    };
    let rows = vec![
        ("daemon.flush_delay", flush_delay.if_not(&SimDuration::ZERO)),
        ("daemon.decision_delay", decision_delay.if_not(&SimDuration::ZERO)),
        ("daemon.coalesce_time", coalesce_time.if_not(&SimDuration::ZERO)),
        ("daemon.coalesce_per_session", per_session.if_not(&SimDuration::ZERO)),
        ("daemon.announce_delay", announce.if_not(&SimDuration::ZERO)),
        ("daemon.wake_up", wake_up.if_not(&SimDuration::ZERO)),
        ("daemon.prefix_processing", per_prefix.if_not(&SimDuration::ZERO)),
        ("daemon.prefixes_per_turn", per_turn.assumed.filter(|_| !per_prefix.value.is_zero())),
        ("daemon.fib_delay", fib_delay.if_not(&SimDuration::ZERO)),
    ];
    (daemon, rows)
}

/// Reports what is wrong with how stated routing processes pace themselves; once for each place.
pub(super) fn check_daemon(report: &mut Report, group: Option<&Sp<RawDaemon>>) {
    let Some(group) = group else { return };
    if let Some(turn) = group.prefixes_per_turn.as_ref().filter(|turn| ***turn == 0) {
        let message = "`prefixes_per_turn` is at least 1".to_owned();
        report.at(turn.span, Code::OutOfRange, message);
    }
    let times = [
        &group.flush_delay,
        &group.decision_delay,
        &group.coalesce_time,
        &group.coalesce_per_session,
        &group.announce_delay,
        &group.wake_up,
        &group.prefix_processing,
        &group.fib_delay,
    ];
    for time in times {
        check_duration(report, time.as_ref(), UP_TO_A_DAY);
    }
}
