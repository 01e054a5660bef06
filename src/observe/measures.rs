//! What one direction of a demand suffered over a stretch of time, from its series and atoms.

use crate::dataplane::atoms::Harm;
use crate::dataplane::series::{Piece, Series, time_below};
use crate::dataplane::tables::WHOLE;
use crate::dataplane::traffic::Instant;
use crate::report::data::Measures;
use crate::units::{Share, SimDuration, SimTime};

/// How long all must be well before it counts as recovered (RFC 6412 §3.3.2 suggests 5 s).
pub(crate) const SUSTAINED: SimDuration = SimDuration::from_secs(5);

/// Everything the measures of one stretch are worked out from.
pub(crate) struct Stretch<'a> {
    /// Parts delivered over time.
    pub(crate) delivered: &'a Series,
    /// Parts offered over time.
    pub(crate) offered: &'a Series,
    /// Where the stretch begins.
    pub(crate) from: SimTime,
    /// Where it ends.
    pub(crate) until: SimTime,
    /// Where the run ends.
    pub(crate) end: SimTime,
    /// What the atoms went through.
    pub(crate) harm: Harm,
    /// Just before.
    pub(crate) before: Instant,
    /// At the end.
    pub(crate) after: Instant,
    /// The delivered share from which all is well.
    pub(crate) ok: Share,
    /// Whether the demand names a metro.
    pub(crate) local: bool,
    /// Whether its class drops calls.
    pub(crate) drops: bool,
}

/// A piece of the delivered series over which the offered rate is constant.
#[derive(Clone, Copy)]
struct Part {
    from: SimTime,
    until: SimTime,
    first: u64,
    last: u64,
    offered: u64,
}

impl Part {
    fn piece(self) -> Piece {
        (self.from, self.until, self.first, self.last)
    }

    fn length(self) -> u128 {
        u128::from(self.until.since(self.from).as_nanos())
    }
}

impl Stretch<'_> {
    /// All measures of the stretch.
    pub(crate) fn measures(&self) -> Measures {
        let parts = self.parts(self.from, self.until);
        let share = |parts: u64| ratio(parts, WHOLE);
        Measures {
            lost_s: seconds(lost(&parts)),
            longest_gap_s: self.harm.longest_gap.as_secs_f64(),
            whole_gap_s: whole_gap(&parts).as_secs_f64(),
            impaired_s: self.impaired(&parts).as_secs_f64(),
            worst_delivered: worst(&parts),
            dropped: self.drops.then(|| share(self.harm.dropped)),
            source_down_s: seconds(source_down(&parts)),
            first_loss_at_s: first_loss(&parts).map(SimTime::as_secs_f64),
            recovered_at_s: self.recovered(&parts).map(SimTime::as_secs_f64),
            disturbed: share(self.harm.disturbed),
            moved: share(self.harm.moved),
            rehashed: share(self.harm.rehashed),
            reachable: (self.harm.offered > 0)
                .then(|| ratio(self.harm.reachable, self.harm.offered)),
            localized: localized(self.after).filter(|_| self.local),
            delay_before_s: mean_delay(self.before),
            delay_after_s: mean_delay(self.after),
        }
    }

    fn parts(&self, from: SimTime, until: SimTime) -> Vec<Part> {
        let mut parts = Vec::new();
        for (begin, end, offered, _) in self.offered.pieces(from, until) {
            for (from, until, first, last) in self.delivered.pieces(begin, end) {
                parts.push(Part { from, until, first, last, offered });
            }
        }
        parts
    }

    fn level(&self, offered: u64) -> u64 {
        portion(offered, self.ok.as_ppb(), Share::ONE.as_ppb())
    }

    fn impaired(&self, parts: &[Part]) -> SimDuration {
        let below = |sum: SimDuration, part: &Part| {
            sum + time_below(part.piece(), self.level(part.offered))
        };
        parts.iter().fold(SimDuration::ZERO, below)
    }

    /// First instant after the first loss from which enough is delivered for five seconds.
    fn recovered(&self, parts: &[Part]) -> Option<SimTime> {
        let from = first_loss(parts)?;
        let mut since = None;
        for part in self.parts(from, self.end) {
            let level = self.level(part.offered);
            let below = time_below(part.piece(), level);
            // It may rise or fall through the level within the piece.
            let (begin, end) = match (part.first >= level, part.last >= level) {
                (true, true) => (since.unwrap_or(part.from), part.until),
                (true, false) => (since.unwrap_or(part.from), part.until - below),
                (false, true) => (part.from + below, part.until),
                (false, false) => {
                    since = None;
                    continue;
                }
            };
            if begin > self.until {
                return None;
            }
            if end.since(begin) >= SUSTAINED {
                return Some(begin);
            }
            since = (part.last >= level).then_some(begin);
        }
        None
    }
}

fn first_loss(parts: &[Part]) -> Option<SimTime> {
    let loses = |part: &&Part| part.first < part.offered || part.last < part.offered;
    parts.iter().find(loses).map(|part| part.from)
}

/// ∫ (1 − d/r) dt in nanoseconds.
fn lost(parts: &[Part]) -> u128 {
    let one = |part: &Part| {
        let twice = 2 * u128::from(part.offered);
        let missing = twice.saturating_sub(u128::from(part.first) + u128::from(part.last));
        (part.length() * missing, twice)
    };
    let (mut whole, mut others) = (0, 0);
    for part in parts {
        match one(part) {
            (_, 0) => {}
            (missing, twice) if part.offered == WHOLE => {
                whole += missing / twice;
                others += missing % twice;
            }
            (missing, twice) => whole += (missing + twice / 2) / twice,
        }
    }
    let twice = 2 * u128::from(WHOLE);
    whole + (others + twice / 2) / twice
}

fn source_down(parts: &[Part]) -> u128 {
    let missing = |part: &Part| part.length() * u128::from(WHOLE - part.offered.min(WHOLE));
    parts.iter().map(|part| missing(part) / u128::from(WHOLE)).sum()
}

fn whole_gap(parts: &[Part]) -> SimDuration {
    let (mut longest, mut open): (SimDuration, Option<SimTime>) = (SimDuration::ZERO, None);
    for part in parts {
        if part.offered > 0 && part.first == 0 && part.last == 0 {
            let start = *open.get_or_insert(part.from);
            longest = longest.max(part.until.since(start));
        } else {
            open = None;
        }
    }
    longest
}

fn worst(parts: &[Part]) -> Option<f64> {
    let offered = parts.iter().filter(|part| part.offered > 0);
    let ratios = offered.map(|part| ratio(part.first.min(part.last), part.offered));
    ratios.reduce(f64::min)
}

fn localized(instant: Instant) -> Option<f64> {
    (instant.delivered > 0).then(|| ratio(instant.localized, instant.delivered))
}

fn mean_delay(instant: Instant) -> Option<f64> {
    let delivered = u128::from(instant.delivered);
    (delivered > 0).then(|| seconds((instant.delay + delivered / 2) / delivered))
}

/// `part / whole`, zero for nothing of nothing.
#[expect(clippy::cast_precision_loss, reason = "reported ratios have nine digits")]
pub(crate) fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[expect(clippy::cast_precision_loss, reason = "reported seconds are the nearest f64")]
fn seconds(ns: u128) -> f64 {
    ns as f64 / 1e9
}

fn portion(whole: u64, numerator: u64, denominator: u64) -> u64 {
    let wide = u128::from(whole) * u128::from(numerator) / u128::from(denominator.max(1));
    u64::try_from(wide).unwrap_or(u64::MAX)
}
