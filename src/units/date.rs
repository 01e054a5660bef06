//! Dates, as of `--as-of` and of waivers: a day, never a time.

use std::fmt;
use std::str::FromStr;

/// A day of the Gregorian calendar, from 1970 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u64,
    month: u64,
    day: u64,
}

impl Date {
    /// The day that begins `days` days after 1970-01-01.
    #[must_use]
    pub const fn of_days(mut days: u64) -> Self {
        let mut year = 1970;
        while days >= year_length(year) {
            days -= year_length(year);
            year += 1;
        }
        let mut month = 1;
        while days >= month_length(year, month) {
            days -= month_length(year, month);
            month += 1;
        }
        Self { year, month, day: days + 1 }
    }

    /// The day so many days later.
    #[must_use]
    pub fn after(self, days: u64) -> Self {
        let years: u64 = (1970..self.year).map(year_length).sum();
        let months: u64 = (1..self.month).map(|month| month_length(self.year, month)).sum();
        Self::of_days(years + months + self.day - 1 + days)
    }
}

const fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const fn year_length(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

const fn month_length(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for Date {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let not_a_date = "a date is expected, such as 2026-11-22";
        let parts: Vec<&str> = text.split('-').collect();
        let [year, month, day] = parts[..] else { return Err(not_a_date) };
        let number = |part: &str, digits: usize| {
            let is_plain = part.len() == digits && part.bytes().all(|b| b.is_ascii_digit());
            is_plain.then(|| part.parse().ok()).flatten().ok_or(not_a_date)
        };
        let (year, month, day) = (number(year, 4)?, number(month, 2)?, number(day, 2)?);
        if year < 1970 {
            return Err("a date from 1970 on is expected");
        }
        if !(1..=12).contains(&month) || !(1..=month_length(year, month)).contains(&day) {
            return Err("there is no such day");
        }
        Ok(Self { year, month, day })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_through_leap_years() {
        for (days, date) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            // 30 years of 365 days, 7 leap days of 1972 to 1996, then 31 + 28 days.
            (30 * 365 + 7 + 59, "2000-02-29"),
            (30 * 365 + 7 + 60, "2000-03-01"),
            // 130 years, 32 leap days of 1972 to 2096; 2100 has none.
            (130 * 365 + 32 + 59, "2100-03-01"),
            (365 + 364, "1971-12-31"),
        ] {
            assert_eq!(Date::of_days(days).to_string(), date);
        }
    }

    #[test]
    fn days_later_are_counted_through_leap_years() {
        let day: Date = "2027-02-28".parse().expect("a date");
        for (days, date) in
            [(0, "2027-02-28"), (1, "2027-03-01"), (366, "2028-02-29"), (367, "2028-03-01")]
        {
            assert_eq!(day.after(days).to_string(), date);
        }
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for wrong in [
            "",
            "2026",
            "2026-1-1",
            "2026-13-01",
            "2026-00-10",
            "2026-02-29",
            "2026-02-00",
            "1969-12-31",
            "+026-01-01",
            "2026-01-01-01",
            "today",
            "2026-01-0x",
        ] {
            assert!(wrong.parse::<Date>().is_err(), "{wrong}");
        }
        for right in ["2026-11-22", "2024-02-29", "1970-01-01", "9999-12-31"] {
            assert_eq!(right.parse::<Date>().map(|date| date.to_string()), Ok(right.to_owned()));
        }
    }
}
