//! How numbers are written, for machines and for people: always the same way on every platform.

use serde::{Serialize, Serializer};

/// Significant digits of a reported float that is neither an instant nor a duration.
const DIGITS: usize = 9;

/// `value` rounded to nine significant digits; a negative zero becomes zero.
#[must_use]
pub fn rounded(value: f64) -> f64 {
    let text = format!("{value:.*e}", DIGITS - 1);
    text.parse::<f64>().expect("a float as Rust writes it is read back by Rust") + 0.0
}

/// Serializes a float rounded to nine significant digits.
///
/// # Errors
/// Fails only if the serializer does.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references to serialize_with")]
pub(super) fn serialize_rounded<S: Serializer>(value: &f64, out: S) -> Result<S::Ok, S::Error> {
    rounded(*value).serialize(out)
}

/// Serializes an optional float rounded to nine significant digits, `null` for none.
///
/// # Errors
/// Fails only if the serializer does.
#[expect(clippy::ref_option, reason = "serde hands references to serialize_with")]
pub(super) fn serialize_rounded_option<S: Serializer>(
    value: &Option<f64>,
    out: S,
) -> Result<S::Ok, S::Error> {
    value.map(rounded).serialize(out)
}

/// `value` with at most `decimals` decimals, without trailing zeros.
#[must_use]
pub fn trimmed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text.as_str()
    };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// `value` with about `digits` significant digits and no exponent, without trailing zeros.
fn significant(value: f64, digits: usize) -> String {
    let mut decimals = digits.saturating_sub(1);
    let mut size = value.abs();
    while size >= 10.0 && decimals > 0 {
        size /= 10.0;
        decimals -= 1;
    }
    trimmed(value, decimals)
}

/// A length of time in seconds for a person: `860 ms`, `12.4 s`, `303 s`, `12 min 5 s`.
#[must_use]
pub fn duration(seconds: f64) -> String {
    let size = seconds.abs();
    if size < 5e-10 {
        return "0 s".to_owned();
    }
    if size < 0.999_95e-6 {
        return format!("{} ns", significant(seconds * 1e9, 4));
    }
    if size < 0.999_95e-3 {
        return format!("{} µs", significant(seconds * 1e6, 4));
    }
    if size < 0.999_95 {
        return format!("{} ms", significant(seconds * 1e3, 4));
    }
    // Up to ten minutes, unless they are whole minutes.
    let minutes = significant(size / 60.0, 5);
    if size < 120.0 || (size < 599.995 && minutes.contains('.')) {
        return format!("{} s", significant(seconds, 5));
    }
    long_duration(seconds)
}

/// At least two minutes, in the two largest units that say something.
fn long_duration(seconds: f64) -> String {
    let (unit, name, next, next_name, step) = if seconds.abs() >= 86_400.0 {
        (86_400.0, "d", 3_600.0, "h", 3_600.0)
    } else if seconds.abs() >= 3_600.0 {
        (3_600.0, "h", 60.0, "min", 60.0)
    } else {
        (60.0, "min", 1.0, "s", 1.0)
    };
    let steps = (seconds / step).round();
    let steps_in_unit: f64 = unit / step;
    let whole = (steps / steps_in_unit.round()).trunc();
    let rest = (steps - whole * steps_in_unit.round()).abs() * step / next;
    match trimmed(rest, 1).as_str() {
        "0" => format!("{whole} {name}"),
        rest => format!("{whole} {name} {rest} {next_name}"),
    }
}

/// An instant of the run in seconds for a person, to the microsecond: `60.81 s`.
#[must_use]
pub fn instant(seconds: f64) -> String {
    format!("{} s", trimmed(seconds, 6))
}

/// A share for a person: `99.95 %`. Never rounds up to 100 % what is less.
#[must_use]
pub fn percent(ratio: f64) -> String {
    let text = trimmed(ratio * 100.0, 2);
    if text == "100" && ratio < 1.0 { "<100 %".to_owned() } else { format!("{text} %") }
}

/// How large a part of all there are is, from 0 to 1; nothing of nothing is nothing.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a share of counts, told in nine digits")]
pub fn part(some: u64, all: u64) -> f64 {
    some as f64 / all.max(1) as f64
}

/// A count as a float.
#[must_use]
pub fn count(of: u64) -> f64 {
    part(of, 1)
}

/// Bytes as hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from_digit(digit.into(), 16).expect("four bits are a digit"))
        .collect()
}

/// A rate for a person: `40 Gbit/s`.
#[must_use]
pub fn rate(bits_per_second: f64) -> String {
    for (unit, name) in [(1e12, "Tbit/s"), (1e9, "Gbit/s"), (1e6, "Mbit/s"), (1e3, "kbit/s")] {
        if bits_per_second.abs() >= unit {
            return format!("{} {name}", significant(bits_per_second / unit, 4));
        }
    }
    format!("{} bit/s", significant(bits_per_second, 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_keep_nine_significant_digits() {
        // 1/3 is 0.3333333333333333 in binary; nine digits of it are 0.333333333.
        assert_eq!(rounded(1.0 / 3.0).to_string(), "0.333333333");
        assert_eq!(rounded(123_456_789_012.0).to_string(), "123456789000");
        assert!(rounded(-0.0).is_sign_positive());
    }

    #[test]
    fn durations_take_the_unit_a_person_would() {
        for (seconds, text) in [
            (0.0, "0 s"),
            (0.000_000_25, "250 ns"),
            (0.000_05, "50 µs"),
            (0.86, "860 ms"),
            (0.899_987_654, "900 ms"),
            (0.999_99, "1 s"),
            (12.4, "12.4 s"),
            (90.0, "90 s"),
            (300.0, "5 min"),
            (303.0, "303 s"),
            (359.99, "359.99 s"),
            (725.2, "12 min 5 s"),
            (7_200.0, "2 h"),
            (90_000.0, "1 d 1 h"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn a_share_just_below_all_is_not_called_all() {
        assert_eq!(percent(1.0), "100 %");
        assert_eq!(percent(0.999_999), "<100 %");
        assert_eq!(percent(0.9995), "99.95 %");
    }

    #[test]
    fn bytes_are_two_digits_each() {
        assert_eq!(hex(&[0x00, 0x9f, 0xa0]), "009fa0");
    }

    #[test]
    fn rates_are_decimal_and_named() {
        assert_eq!(rate(40e9), "40 Gbit/s");
        assert_eq!(rate(2.5e12), "2.5 Tbit/s");
        assert_eq!(rate(0.0), "0 bit/s");
    }
}
