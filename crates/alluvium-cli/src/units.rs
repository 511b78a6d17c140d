//! Numbers as people read them: bytes, counts and durations.
//!
//! For tables and messages only; JSON documents carry plain numbers.

use std::time::Duration;

/// `1.5 MiB`: three significant digits at most.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    // Tenths in integers: a file size does not need a float's exactness to be told to one digit.
    let mut tenths = u128::from(bytes) * 10 / 1024;
    let mut unit = UNITS.iter().peekable();
    while tenths >= 10_240 && unit.len() > 1 {
        tenths /= 1024;
        unit.next();
    }
    let name = unit.peek().map_or("TiB", |name| **name);
    if tenths >= 1000 {
        format!("{} {name}", tenths / 10)
    } else {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    }
}

/// `336,776`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `12 µs`, `3.4 ms`, `1.25 s`.
pub(crate) fn duration(duration: Duration) -> String {
    let micros = duration.as_micros();
    if micros < 1_000 {
        format!("{micros} µs")
    } else if micros < 1_000_000 {
        format!("{}.{} ms", micros / 1_000, micros / 100 % 10)
    } else {
        format!("{}.{:02} s", micros / 1_000_000, micros / 10_000 % 100)
    }
}

/// `45 s`, `12 min`, `7 h`, `3 d`: how old something is.
pub(crate) fn age(age: Duration) -> String {
    match age.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3_600 => format!("{} min", seconds / 60),
        seconds @ 3_600..86_400 => format!("{} h", seconds / 3_600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

/// Reads `45s`, `90m`, `12h`, `7d` or `2w`, or says why it is none of these.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let refuse = || format!("`{text}` is not a time such as 45s, 90m, 12h, 7d or 2w");
    let number = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let seconds = match text.strip_prefix(number) {
        Some("s") => 1,
        Some("m") => 60,
        Some("h") => 3_600,
        Some("d") => 86_400,
        Some("w") => 604_800,
        _ => return Err(refuse()),
    };
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    let number: Option<u64> = number.parse().ok().filter(|_number| digits);
    let seconds = number.and_then(|number| number.checked_mul(seconds));
    seconds.map(Duration::from_secs).ok_or_else(refuse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_a_unit_that_fits() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1024), "1.0 KiB");
        assert_eq!(bytes(1_572_864), "1.5 MiB");
        assert_eq!(bytes(200 * 1024 * 1024), "200 MiB");
        assert_eq!(bytes(u64::MAX), "16777215 TiB");
    }

    #[test]
    fn times_are_read_with_their_unit_and_nothing_else_is() {
        assert_eq!(parse_duration("45s"), Ok(Duration::from_secs(45)));
        assert_eq!(parse_duration("90m"), Ok(Duration::from_mins(90)));
        assert_eq!(parse_duration("1d"), Ok(Duration::from_hours(24)));
        assert_eq!(parse_duration("2w"), Ok(Duration::from_hours(336)));
        for text in [
            "",
            "1",
            "d",
            "-1d",
            "+1d",
            "1.5h",
            "1 d",
            "1y",
            "99999999999999999w",
        ] {
            let refused = parse_duration(text).expect_err(text);
            assert!(refused.contains("45s, 90m, 12h"), "{refused}");
        }
    }

    #[test]
    fn ages_are_rounded_down() {
        assert_eq!(age(Duration::from_secs(59)), "59 s");
        assert_eq!(age(Duration::from_secs(3_599)), "59 min");
        assert_eq!(age(Duration::from_hours(23)), "23 h");
        assert_eq!(age(Duration::from_hours(49)), "2 d");
    }

    #[test]
    fn counts_are_grouped_by_thousands() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(336_776), "336,776");
        assert_eq!(count(1_000_000), "1,000,000");
    }

    #[test]
    fn durations_have_a_unit_that_fits() {
        assert_eq!(duration(Duration::from_micros(12)), "12 µs");
        assert_eq!(duration(Duration::from_micros(3_450)), "3.4 ms");
        assert_eq!(duration(Duration::from_millis(1_250)), "1.25 s");
    }
}
