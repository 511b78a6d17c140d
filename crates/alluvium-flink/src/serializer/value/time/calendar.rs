//! Dates and times of day as texts, and instants as both: the calendar that ISO 8601 has, extended to all years.
//!
//! Invariant: a date and a time that exist are read from the text that they are written as.

use std::fmt;

const DAY: i64 = 86_400;

/// Seconds that Java's `Instant` allows: years from -1,000,000,000 to 1,000,000,000.
const INSTANTS: std::ops::RangeInclusive<i64> = -31_557_014_167_219_200..=31_556_889_864_403_199;

/// A day that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Date {
    pub(crate) year: i64,
    pub(crate) month: u8,
    pub(crate) day: u8,
}

/// A time of day that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time {
    pub(crate) hour: u8,
    pub(crate) minute: u8,
    pub(crate) second: u8,
    pub(crate) nanos: i32,
}

impl Date {
    pub(crate) fn new(year: i64, month: u8, day: u8) -> Option<Self> {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 => 28 + u8::from(leap),
            4 | 6 | 9 | 11 => 30,
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            _ => return None,
        };
        (1..=days)
            .contains(&day)
            .then_some(Self { year, month, day })
    }

    /// The day that is so many days after the first of 1970.
    pub(crate) fn of_days(days: i64) -> Option<Self> {
        // Eras of 400 years, which begin in March so that the day that a leap year has more is the last one.
        let days = days.checked_add(719_468)?;
        let era = days.div_euclid(146_097);
        let day = days.rem_euclid(146_097);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let (month, next) = if month < 10 {
            (month + 3, 0)
        } else {
            (month - 9, 1)
        };
        Self::new(
            era * 400 + year + next,
            u8::try_from(month).ok()?,
            u8::try_from(day).ok()?,
        )
    }

    /// How many days it is after the first of 1970.
    pub(crate) fn days(self) -> i64 {
        let (month, year) = match i64::from(self.month) {
            month @ ..=2 => (month + 9, self.year - 1),
            month => (month - 3, self.year),
        };
        let era = year.div_euclid(400);
        let year = year.rem_euclid(400);
        let day = (153 * month + 2) / 5 + i64::from(self.day) - 1;
        era * 146_097 + year * 365 + year / 4 - year / 100 + day - 719_468
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (sign, rest) = match text.as_bytes().first()? {
            b'-' => (-1, text.get(1..)?),
            b'+' => (1, text.get(1..)?),
            _ => (1, text),
        };
        let mut parts = rest.splitn(3, '-');
        let year = number(parts.next()?, 4..=10)?;
        let month = number(parts.next()?, 2..=2)?;
        let day = number(parts.next()?, 2..=2)?;
        Self::new(
            sign * year,
            u8::try_from(month).ok()?,
            u8::try_from(day).ok()?,
        )
    }
}

/// Digits, and nothing else.
fn number(digits: &str, length: std::ops::RangeInclusive<usize>) -> Option<i64> {
    let fits = length.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| digits.parse().ok()).flatten()
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day } = self;
        let sign = match year {
            ..0 => "-",
            10_000.. => "+",
            _ => "",
        };
        write!(f, "{sign}{:04}-{month:02}-{day:02}", year.unsigned_abs())
    }
}

impl Time {
    pub(crate) fn new(hour: u8, minute: u8, second: u8, nanos: i32) -> Option<Self> {
        let exists = hour < 24 && minute < 60 && second < 60 && (0..1_000_000_000).contains(&nanos);
        exists.then_some(Self {
            hour,
            minute,
            second,
            nanos,
        })
    }

    fn of_second(second: i64, nanos: i32) -> Option<Self> {
        let part = |number: i64| u8::try_from(number).ok();
        Self::new(
            part(second / 3600)?,
            part(second / 60 % 60)?,
            part(second % 60)?,
            nanos,
        )
    }

    /// The time so many milliseconds after midnight.
    pub(crate) fn of_millis(millis: i32) -> Option<Self> {
        let second = i64::from(millis).div_euclid(1000);
        Self::of_second(second, millis.rem_euclid(1000) * 1_000_000)
    }

    fn second(self) -> i64 {
        i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second)
    }

    /// How many nanoseconds it is after midnight.
    pub(crate) fn nanos_of_day(self) -> i64 {
        self.second() * 1_000_000_000 + i64::from(self.nanos)
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
        if fraction.is_empty() && clock.len() < text.len() {
            return None;
        }
        let mut parts = clock.split(':');
        let mut part = || number(parts.next()?, 2..=2).and_then(|part| u8::try_from(part).ok());
        let (hour, minute) = (part()?, part()?);
        let second = if clock.len() > 5 { part()? } else { 0 };
        let nanos = match fraction {
            "" => 0,
            _ => number(&format!("{fraction:0<9}"), 9..=9)?,
        };
        let exact = parts.next().is_none();
        let time = Self::new(hour, minute, second, i32::try_from(nanos).ok()?);
        time.filter(|_| exact)
    }

    fn write(self, always_seconds: bool, f: &mut impl fmt::Write) -> fmt::Result {
        let Self {
            hour,
            minute,
            second,
            nanos,
        } = self;
        write!(f, "{hour:02}:{minute:02}")?;
        if always_seconds || second > 0 || nanos > 0 {
            write!(f, ":{second:02}")?;
        }
        match nanos {
            0 => Ok(()),
            _ if nanos % 1_000_000 == 0 => write!(f, ".{:03}", nanos / 1_000_000),
            _ if nanos % 1_000 == 0 => write!(f, ".{:06}", nanos / 1_000),
            _ => write!(f, ".{nanos:09}"),
        }
    }
}

/// As Java writes a `LocalTime`: without seconds that are zero.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(false, f)
    }
}

fn split(seconds: i64, nanos: i32) -> Option<(Date, Time)> {
    let date = Date::of_days(seconds.div_euclid(DAY))?;
    Some((date, Time::of_second(seconds.rem_euclid(DAY), nanos)?))
}

/// As Java writes an `Instant`: seconds since 1970 and nanoseconds.
pub(crate) fn instant(seconds: i64, nanos: i32) -> Option<String> {
    let (date, time) = split(Some(seconds).filter(|n| INSTANTS.contains(n))?, nanos)?;
    let mut text = format!("{date}T");
    time.write(true, &mut text).ok()?;
    text.push('Z');
    Some(text)
}

/// As Java writes a `LocalDateTime`, of which the seconds since 1970 are known.
pub(crate) fn local(seconds: i64, nanos: i32) -> Option<String> {
    let (date, time) = split(Some(seconds).filter(|n| INSTANTS.contains(n))?, nanos)?;
    Some(format!("{date}T{time}"))
}

pub(crate) fn parse_instant(text: &str) -> Option<(i64, i32)> {
    parse_local(text.strip_suffix('Z')?)
}

pub(crate) fn parse_local(text: &str) -> Option<(i64, i32)> {
    let (date, time) = text.split_once('T')?;
    let (date, time) = (Date::parse(date)?, Time::parse(time)?);
    Some((date.days() * DAY + time.second(), time.nanos))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn instants_are_read_from_their_text(seconds in INSTANTS, nanos in 0..1_000_000_000) {
            let text = instant(seconds, nanos).unwrap();

            prop_assert_eq!(parse_instant(&text), Some((seconds, nanos)));
        }

        #[test]
        fn days_are_counted_in_both_directions(days in -400_000_000_000_i64..400_000_000_000) {
            prop_assert_eq!(Date::of_days(days).unwrap().days(), days);
        }

        #[test]
        fn reading_a_text_never_panics(text in "[0-9T:Z.+é-]{0,30}") {
            let _ = parse_instant(&text);
            let _ = parse_local(&text);
        }
    }

    #[test]
    fn texts_are_those_of_java() {
        assert_eq!(instant(0, 0).unwrap(), "1970-01-01T00:00:00Z");
        assert_eq!(
            instant(-1, 999_000_000).unwrap(),
            "1969-12-31T23:59:59.999Z"
        );
        assert_eq!(
            instant(951_782_400, 1).unwrap(),
            "2000-02-29T00:00:00.000000001Z"
        );
        assert_eq!(
            instant(253_402_300_800, 0).unwrap(),
            "+10000-01-01T00:00:00Z"
        );
        assert_eq!(
            instant(-62_198_755_200, 0).unwrap(),
            "-0001-01-01T00:00:00Z"
        );
        assert_eq!(instant(31_556_889_864_403_200, 0), None);
        assert_eq!(Time::of_millis(0).unwrap().to_string(), "00:00");
        assert_eq!(Time::of_millis(61_500).unwrap().to_string(), "00:01:01.500");
        assert_eq!(Date::parse("2023-02-29"), None);
        assert_eq!(Time::parse("24:00"), None);
    }
}
