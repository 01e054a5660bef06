//! Quantities with their units in the type: simulated time, rates, lengths, shares.
//!
//! Everything is an integer inside, so that equal inputs give equal bytes on every platform.
//! Floating point appears only where results are reported.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;

pub mod date;

/// A moment of simulated time: nanoseconds since the start of the run.
///
/// It may lie before the start: a settled run heard its last hellos then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimTime(i64);

/// A length of simulated time in nanoseconds, never negative.
///
/// # Examples
/// ```
/// use pnilab::units::SimDuration;
/// let bfd: SimDuration = "300ms".parse().unwrap();
/// assert_eq!(bfd * 3, SimDuration::from_millis(900));
/// assert_eq!((bfd * 3).to_string(), "900ms");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimDuration(u64);

/// A data rate in bit/s, decimal (`100G` is 10^11 bit/s).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BitRate(u64);

/// A length of fibre in millimetres.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Length(u64);

/// A share in parts per billion; `99.99%` is 999,900,000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(u64);

/// How many things are done per second, such as FIB writes (`20000/s`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PerSecond(u64);

/// Why a text is not the quantity it should be. The display text names the units allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// There is a number but no unit.
    #[error("`{text}` needs a unit: {allowed}")]
    NoUnit {
        /// What was written.
        text: String,
        /// The units allowed, for a person.
        allowed: &'static str,
    },
    /// The unit is none of those allowed.
    #[error("`{text}` has the unknown unit `{unit}`; allowed: {allowed}")]
    UnknownUnit {
        /// What was written.
        text: String,
        /// The unit as written.
        unit: String,
        /// The units allowed, for a person.
        allowed: &'static str,
    },
    /// There is no number, a negative one, or one with more than nine decimals.
    #[error("`{text}` is not a quantity; write a number and a unit: {allowed}")]
    NotANumber {
        /// What was written.
        text: String,
        /// The units allowed, for a person.
        allowed: &'static str,
    },
    /// The value does not fit or is outside of what makes sense.
    #[error("`{text}` is out of range: {range}")]
    OutOfRange {
        /// What was written.
        text: String,
        /// The range allowed, for a person.
        range: &'static str,
    },
}

const DURATION_UNITS: &str = "ns, us, ms, s, m, h, d";
const RATE_UNITS: &str = "bps, K, M, G, T (bit/s, decimal, as in 100G)";
const LENGTH_UNITS: &str = "m, km";

impl SimTime {
    /// The start of the run.
    pub const ZERO: Self = Self(0);
    /// Earlier than anything a settled run has seen.
    pub const EVER: Self = Self(i64::MIN);
    /// Later than anything a run may reach.
    pub const MAX: Self = Self(i64::MAX);

    /// The moment `ns` nanoseconds after the start.
    #[must_use]
    pub const fn from_nanos(ns: i64) -> Self {
        Self(ns)
    }

    /// Nanoseconds since the start.
    #[must_use]
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// Seconds since the start, the nearest `f64` of nanoseconds / 10^9.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "reported seconds are the nearest f64")]
    pub const fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The time from `earlier` to `self`, zero if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> SimDuration {
        let ns = self.0.saturating_sub(earlier.0);
        SimDuration(if ns > 0 { ns.unsigned_abs() } else { 0 })
    }
}

impl SimDuration {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The shortest time there is, one nanosecond.
    pub const TICK: Self = Self(1);

    /// `ns` nanoseconds.
    #[must_use]
    pub const fn from_nanos(ns: u64) -> Self {
        Self(ns)
    }

    /// `us` microseconds.
    #[must_use]
    pub const fn from_micros(us: u64) -> Self {
        Self(us * 1_000)
    }

    /// `ms` milliseconds.
    #[must_use]
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms * 1_000_000)
    }

    /// `s` seconds.
    #[must_use]
    pub const fn from_secs(s: u64) -> Self {
        Self(s * 1_000_000_000)
    }

    /// Nanoseconds.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Seconds, the nearest `f64` of nanoseconds / 10^9.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        ns_to_f64(self.0) / 1e9
    }

    /// Whether this is no time at all.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// This length times `numerator / denominator`, rounded down.
    #[must_use]
    pub fn scaled(self, numerator: u64, denominator: u64) -> Self {
        let wide = u128::from(self.0) * u128::from(numerator) / u128::from(denominator);
        Self(u64::try_from(wide).unwrap_or(u64::MAX))
    }

    /// The sum, stopping at the largest length that can be told.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

#[expect(clippy::cast_precision_loss, reason = "reported seconds are the nearest f64 by contract")]
const fn ns_to_f64(ns: u64) -> f64 {
    ns as f64
}

impl BitRate {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// `bps` bits per second.
    #[must_use]
    pub const fn from_bps(bps: u64) -> Self {
        Self(bps)
    }

    /// Bits per second.
    #[must_use]
    pub const fn as_bps(self) -> u64 {
        self.0
    }

    /// Bits per second as a float, for shares and charts.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "rates stay far below 2^53 bit/s")]
    pub const fn as_f64(self) -> f64 {
        self.0 as f64
    }
}

impl Length {
    /// `m` metres.
    #[must_use]
    pub const fn from_metres(m: u64) -> Self {
        Self(m * 1_000)
    }

    /// Millimetres.
    #[must_use]
    pub const fn as_millimetres(self) -> u64 {
        self.0
    }

    /// How long light in fibre takes over this length, one way: 5 µs per km.
    #[must_use]
    pub const fn propagation(self) -> SimDuration {
        SimDuration(self.0.saturating_mul(5) / 1_000)
    }
}

impl SimDuration {
    /// What is left when this share of it is taken off.
    #[must_use]
    pub fn shortened(self, share: Share) -> Self {
        self.scaled(Share::ONE.0.saturating_sub(share.0), Share::ONE.0)
    }
}

impl Share {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// All of it.
    pub const ONE: Self = Self(1_000_000_000);

    /// `ppb` parts per billion.
    #[must_use]
    pub const fn from_ppb(ppb: u64) -> Self {
        Self(ppb)
    }

    /// `percent` hundredths.
    #[must_use]
    pub const fn from_percent(percent: u64) -> Self {
        Self(percent * 10_000_000)
    }

    /// Parts per billion.
    #[must_use]
    pub const fn as_ppb(self) -> u64 {
        self.0
    }

    /// As a ratio, 1.0 for all of it.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        ns_to_f64(self.0) / 1e9
    }
}

impl PerSecond {
    /// `n` a second, `None` for zero.
    #[must_use]
    pub const fn new(n: u64) -> Option<Self> {
        if n == 0 { None } else { Some(Self(n)) }
    }

    /// The number a second, at least one.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// How long `n` of them take, rounded down to a nanosecond.
    #[must_use]
    pub fn time_for(self, n: u64) -> SimDuration {
        SimDuration::from_secs(1).scaled(n, self.0)
    }
}

impl Add<SimDuration> for SimTime {
    type Output = Self;
    fn add(self, d: SimDuration) -> Self {
        Self(self.0.saturating_add_unsigned(d.0))
    }
}

impl Sub<SimDuration> for SimTime {
    type Output = Self;
    fn sub(self, d: SimDuration) -> Self {
        Self(self.0.saturating_sub_unsigned(d.0))
    }
}

impl AddAssign<SimDuration> for SimTime {
    fn add_assign(&mut self, d: SimDuration) {
        *self = *self + d;
    }
}

impl Add for SimDuration {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.saturating_add(other)
    }
}

impl AddAssign for SimDuration {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for SimDuration {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl std::ops::Mul<u64> for SimDuration {
    type Output = Self;
    fn mul(self, n: u64) -> Self {
        Self(self.0.saturating_mul(n))
    }
}

/// Splits `300ms` into digits before the point, digits after it, and the unit.
fn split(text: &str, allowed: &'static str) -> Result<(u64, u64, String), QuantityError> {
    let bad = || QuantityError::NotANumber { text: text.to_owned(), allowed };
    let trimmed = text.trim();
    let end = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || fraction.len() > 9 || (number.contains('.') && fraction.is_empty()) {
        return Err(bad());
    }
    let whole: u64 = whole.parse().map_err(|_| bad())?;
    let billionths: u64 = format!("{fraction:0<9}").parse().map_err(|_| bad())?;
    Ok((whole, billionths, unit.trim().to_owned()))
}

/// `whole.billionths` times `unit`, exact or an error.
fn times(
    text: &str,
    (whole, billionths): (u64, u64),
    unit: u64,
    range: &'static str,
) -> Result<u64, QuantityError> {
    let value = u128::from(whole) * u128::from(unit)
        + u128::from(billionths) * u128::from(unit) / 1_000_000_000;
    u64::try_from(value)
        .ok()
        .filter(|v| *v <= u64::MAX / 8)
        .ok_or_else(|| QuantityError::OutOfRange { text: text.to_owned(), range })
}

fn unit_error(text: &str, unit: String, allowed: &'static str) -> QuantityError {
    if unit.is_empty() {
        QuantityError::NoUnit { text: text.to_owned(), allowed }
    } else {
        QuantityError::UnknownUnit { text: text.to_owned(), unit, allowed }
    }
}

impl FromStr for SimDuration {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let (whole, part, unit) = split(text, DURATION_UNITS)?;
        let ns = match unit.as_str() {
            "ns" => 1,
            "us" | "µs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "d" => 86_400_000_000_000,
            _ => return Err(unit_error(text, unit, DURATION_UNITS)),
        };
        times(text, (whole, part), ns, "at most 70 years").map(Self)
    }
}

impl FromStr for BitRate {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let (whole, part, unit) = split(text, RATE_UNITS)?;
        let bps = match unit.trim_end_matches("bps") {
            "" if unit == "bps" => 1,
            "K" | "k" => 1_000,
            "M" => 1_000_000,
            "G" => 1_000_000_000,
            "T" => 1_000_000_000_000,
            _ => return Err(unit_error(text, unit, RATE_UNITS)),
        };
        times(text, (whole, part), bps, "at most 1000T")
            .ok()
            .filter(|v| *v <= 1_000_000_000_000_000)
            .map(Self)
            .ok_or_else(|| QuantityError::OutOfRange {
                text: text.to_owned(),
                range: "at most 1000T",
            })
    }
}

impl FromStr for Length {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let (whole, part, unit) = split(text, LENGTH_UNITS)?;
        let mm = match unit.as_str() {
            "m" => 1_000,
            "km" => 1_000_000,
            _ => return Err(unit_error(text, unit, LENGTH_UNITS)),
        };
        let range = "at most 100000km";
        times(text, (whole, part), mm, range)
            .ok()
            .filter(|v| *v <= 100_000_000_000)
            .map(Self)
            .ok_or_else(|| QuantityError::OutOfRange { text: text.to_owned(), range })
    }
}

impl FromStr for Share {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let allowed = "% (as in 99%)";
        let (whole, part, unit) = split(text, allowed)?;
        if unit != "%" {
            return Err(unit_error(text, unit, allowed));
        }
        times(text, (whole, part), 10_000_000, "0% to 100%").map(Self)
    }
}

impl FromStr for PerSecond {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let allowed = "/s (as in 20000/s)";
        let (whole, part, unit) = split(text, allowed)?;
        if unit != "/s" {
            return Err(unit_error(text, unit, allowed));
        }
        let range = "a whole number from 1/s to 1000000000/s";
        Self::new(whole)
            .filter(|v| part == 0 && v.0 <= 1_000_000_000)
            .ok_or_else(|| QuantityError::OutOfRange { text: text.to_owned(), range })
    }
}

/// Writes `value` in the largest unit of which there is at least one.
fn write_scaled(f: &mut fmt::Formatter<'_>, value: u64, units: &[(u64, &str)]) -> fmt::Result {
    for (scale, unit) in units {
        if value >= *scale {
            let rest =
                format!("{:09}", u128::from(value % scale) * 1_000_000_000 / u128::from(*scale));
            let rest = rest.trim_end_matches('0');
            let point = if rest.is_empty() { "" } else { "." };
            return write!(f, "{}{point}{rest}{unit}", value / scale);
        }
    }
    write!(f, "0{}", units.last().map_or("", |u| u.1))
}

impl fmt::Display for SimDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        for (unit, name) in [(3_600_000_000_000, "h"), (60_000_000_000, "m")] {
            if self.0.is_multiple_of(unit) {
                return write!(f, "{}{name}", self.0 / unit);
            }
        }
        write_scaled(
            f,
            self.0,
            &[(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us"), (1, "ns")],
        )
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let ns = self.0.unsigned_abs();
        let rest = format!("{:09}", ns % 1_000_000_000);
        let rest = rest.trim_end_matches('0');
        let point = if rest.is_empty() { "" } else { "." };
        write!(f, "{sign}{}{point}{rest}s", ns / 1_000_000_000)
    }
}

impl fmt::Display for BitRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [
            (1_000_000_000_000, "T"),
            (1_000_000_000, "G"),
            (1_000_000, "M"),
            (1_000, "K"),
            (1, "bps"),
        ];
        write_scaled(f, self.0, &units)
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_scaled(f, self.0, &[(1_000_000, "km"), (1_000, "m"), (1, "mm")])
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = format!("{:07}", self.0 % 10_000_000);
        let rest = rest.trim_end_matches('0');
        let point = if rest.is_empty() { "" } else { "." };
        write!(f, "{}{point}{rest}%", self.0 / 10_000_000)
    }
}

impl fmt::Display for PerSecond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_written_so_that_it_is_read_as_the_same() {
        for (seconds, text) in [(4_800, "80m"), (7_200, "2h"), (90, "90s"), (5_430, "5430s")] {
            let duration = SimDuration::from_secs(seconds);
            assert_eq!(duration.to_string(), text);
            assert_eq!(text.parse(), Ok(duration));
        }
    }

    #[test]
    fn durations_read_and_print_the_same() {
        for (text, ns) in [
            ("50us", 50_000),
            ("300ms", 300_000_000),
            ("1.5s", 1_500_000_000),
            ("90s", 90_000_000_000),
            ("5m", 300_000_000_000),
            ("4h", 14_400_000_000_000),
        ] {
            assert_eq!(text.parse::<SimDuration>().map(SimDuration::as_nanos), Ok(ns), "{text}");
        }
        for text in ["50us", "300ms", "90s", "5m", "4h", "1.5s", "0s"] {
            assert_eq!(text.parse::<SimDuration>().expect("a duration").to_string(), text);
        }
    }

    #[test]
    fn a_bare_number_is_told_which_units_are_allowed() {
        let error = "300".parse::<SimDuration>().expect_err("no unit");
        assert_eq!(error.to_string(), "`300` needs a unit: ns, us, ms, s, m, h, d");
        assert!("-3s".parse::<SimDuration>().is_err());
        assert!("3 parsecs".parse::<Length>().is_err());
        assert!("0/s".parse::<PerSecond>().is_err());
        assert!("99999999999999999999s".parse::<SimDuration>().is_err());
    }

    #[test]
    fn rates_and_shares_are_decimal() {
        assert_eq!("100G".parse(), Ok(BitRate::from_bps(100_000_000_000)));
        assert_eq!("2.5Tbps".parse(), Ok(BitRate::from_bps(2_500_000_000_000)));
        assert_eq!("99.99%".parse(), Ok(Share::from_ppb(999_900_000)));
        assert_eq!(Share::from_ppb(999_900_000).to_string(), "99.99%");
        assert_eq!(BitRate::from_bps(2_500_000_000_000).to_string(), "2.5T");
    }

    #[test]
    fn light_takes_five_microseconds_a_kilometre() {
        let duct: Length = "18km".parse().expect("a length");
        assert_eq!(duct.propagation(), SimDuration::from_micros(90));
    }
}
