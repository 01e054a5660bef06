//! The only clock: what `--as-of` defaults to.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::units::date::Date;

/// Seconds of a day.
const DAY: u64 = 86_400;

/// Today in UTC, so that one command gives one result wherever it is typed.
pub(super) fn today() -> Date {
    #[expect(
        clippy::disallowed_methods,
        reason = "the only clock: --as-of defaults to today, and results state it"
    )]
    let now = SystemTime::now();
    let since_epoch = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    Date::of_days(since_epoch.as_secs() / DAY)
}
