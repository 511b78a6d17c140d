//! Event times as people write them: RFC 3339 text to and from milliseconds since the Unix epoch.
//!
//! Knows the proleptic Gregorian calendar and offsets from UTC, not time zones or leap seconds
//! (a `:60` is refused). Years 0000 to 9999, as RFC 3339 has them.

/// Milliseconds of one day.
pub(crate) const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// Milliseconds since the Unix epoch of an RFC 3339 date and time, or why it is none.
pub(crate) fn parse_rfc3339(text: &str) -> Result<i64, String> {
    let refuse =
        |why: &str| format!("`{text}` is not an RFC 3339 time such as 2013-01-01T10:15:00Z: {why}");
    let mut rest = Cursor {
        text: text.as_bytes(),
    };
    let mut number = |digits: usize, before: &[u8], what: &str| {
        if rest.symbol(before) {
            rest.digits(digits)
        } else {
            None
        }
        .ok_or_else(|| refuse(what))
    };
    let year = number(4, b"", "the year has four digits")?;
    let month = number(2, b"-", "the month has two digits after a `-`")?;
    let day = number(2, b"-", "the day has two digits after a `-`")?;
    let hour = number(2, b"Tt ", "the hour has two digits after a `T`")?;
    let minute = number(2, b":", "the minute has two digits after a `:`")?;
    let second = number(2, b":", "the second has two digits after a `:`")?;
    let millis = rest
        .fraction_millis()
        .ok_or_else(|| refuse("a `.` is followed by digits"))?;
    let offset = rest
        .offset_minutes()
        .ok_or_else(|| refuse("it ends in `Z` or an offset such as +02:00"))?;
    if !rest.text.is_empty() {
        return Err(refuse("something follows the offset"));
    }
    if !(1..=12).contains(&month) || day < 1 || day > days_of_month(year, month) {
        return Err(refuse("there is no such day"));
    }
    if hour > 23 || minute > 59 || second > 59 {
        return Err(refuse("there is no such time of day"));
    }
    let minutes = (days_since_epoch(year, month, day) * 24 + hour) * 60 + minute - offset;
    Ok((minutes * 60 + second) * 1000 + millis)
}

/// A time as RFC 3339 text or as a number of milliseconds since the Unix epoch, or why it is neither.
pub(crate) fn parse_time(text: &str) -> Result<i64, String> {
    text.parse().or_else(|_not_a_number| parse_rfc3339(text))
}

/// The RFC 3339 text of a time, to the second where it has no milliseconds.
pub(crate) fn format_rfc3339(unix_millis: i64) -> String {
    let days = unix_millis.div_euclid(DAY_MILLIS);
    let millis = unix_millis.rem_euclid(DAY_MILLIS);
    let (year, month, day) = date_of(days);
    let (hour, minute, second) = (millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60);
    let fraction = match millis % 1000 {
        0 => String::new(),
        some => format!(".{some:03}"),
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

struct Cursor<'a> {
    text: &'a [u8],
}

impl Cursor<'_> {
    /// Takes one byte if it is one of `any`; true as well if `any` is empty.
    fn symbol(&mut self, any: &[u8]) -> bool {
        match self.text.split_first() {
            _ if any.is_empty() => true,
            Some((first, rest)) if any.contains(first) => {
                self.text = rest;
                true
            }
            _ => false,
        }
    }

    /// Takes exactly `count` digits.
    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.text.split_at_checked(count)?;
        self.text = rest;
        digits.iter().try_fold(0, |number, digit| {
            digit
                .is_ascii_digit()
                .then(|| number * 10 + i64::from(digit - b'0'))
        })
    }

    /// Takes a fraction of a second, if there is one, and keeps its milliseconds.
    fn fraction_millis(&mut self) -> Option<i64> {
        if !self.symbol(b".") {
            return Some(0);
        }
        let count = self
            .text
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let (digits, rest) = self.text.split_at_checked(count)?;
        self.text = rest;
        let kept = digits.iter().copied().chain([b'0'; 3]).take(3);
        (count > 0).then(|| kept.fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
    }

    /// Takes `Z` or an offset such as `+02:00`.
    fn offset_minutes(&mut self) -> Option<i64> {
        let sign = match self.text.first()? {
            b'+' => 1,
            b'-' => -1,
            _ => return self.symbol(b"Zz").then_some(0),
        };
        self.symbol(b"+-");
        let hours = self.digits(2)?;
        let minutes = if self.symbol(b":") {
            self.digits(2)?
        } else {
            return None;
        };
        (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes))
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

// Both directions count in years that begin in March, so that a leap day is the last day of its
// year and the months before it have lengths that one formula gives: (153 m + 2) / 5.
const DAYS_OF_400_YEARS: i64 = 146_097;
const DAYS_TO_EPOCH: i64 = 719_468;

fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let (march_year, march_month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let before_year = 365 * march_year + march_year.div_euclid(4) - march_year.div_euclid(100)
        + march_year.div_euclid(400);
    before_year + (153 * march_month + 2) / 5 + day - 1 - DAYS_TO_EPOCH
}

fn date_of(days_since_epoch: i64) -> (i64, i64, i64) {
    let days = days_since_epoch + DAYS_TO_EPOCH;
    let (era, day_of_era) = (
        days.div_euclid(DAYS_OF_400_YEARS),
        days.rem_euclid(DAYS_OF_400_YEARS),
    );
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let (month, next_year) = if march_month < 10 {
        (march_month + 3, 0)
    } else {
        (march_month - 9, 1)
    };
    (era * 400 + year_of_era + next_year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times_are_read() {
        assert_eq!(parse_rfc3339("1970-01-01T00:00:00Z"), Ok(0));
        assert_eq!(parse_rfc3339("2013-01-01T10:15:00Z"), Ok(1_357_035_300_000));
        assert_eq!(
            parse_rfc3339("2000-02-29T12:00:00.25+01:00"),
            Ok(951_822_000_250)
        );
        assert_eq!(parse_rfc3339("1969-12-31T23:59:59.999Z"), Ok(-1));
    }

    #[test]
    fn every_day_of_a_leap_cycle_survives_the_round_trip() {
        for day in -800 * 366..800 * 366 {
            let millis = day * DAY_MILLIS + 12_345_678;

            assert_eq!(parse_rfc3339(&format_rfc3339(millis)), Ok(millis));
        }
    }

    #[test]
    fn what_is_no_time_is_refused_with_a_reason() {
        for (text, reason) in [
            ("", "four digits"),
            ("2013-1-01T10:15:00Z", "month"),
            ("2013-02-29T10:15:00Z", "no such day"),
            ("2013-13-01T10:15:00Z", "no such day"),
            ("2013-01-01T24:00:00Z", "time of day"),
            ("2013-01-01T10:15:00", "ends in `Z`"),
            ("2013-01-01T10:15:00.Z", "followed by digits"),
            ("2013-01-01T10:15:00Zx", "follows the offset"),
            ("2013-01-01T10:15:00+0200", "ends in `Z`"),
        ] {
            let refused = parse_rfc3339(text).expect_err(text);

            assert!(refused.contains(reason), "{text}: {refused}");
        }
    }
}
