//! Stamps: when a value expires, in front of its bytes. Only states with a TTL have them.
//!
//! ```text
//! value, accumulator, map entry   expiry i64 BE ‖ bytes
//! list element                    expiry i64 BE ‖ bytes, within the element's length
//!
//! expiry         it expires
//! 2^63 - 1       never
//! -2^62 or more  at this time: milliseconds of its state's time
//! less           expiry + 2^63 milliseconds after the first event time that the job was told; none was when it was written
//! ```
//!
//! A value lives while the time is less than its expiry. It is the time of expiring and not of writing, so that whoever meets a value
//! needs no duration to judge it, and it lives as long as was promised when it was written.

use crate::error::{Error, Result};
use crate::ttl::Ttl;

/// Length of a stamp.
pub const STAMP_BYTES: usize = 8;

/// What is less counts from the first event time.
const EARLIEST: i64 = i64::MIN / 2;

/// The time that values are judged by: in milliseconds, of a state's time domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    first: i64,
    now: i64,
}

impl Moment {
    /// Before the first event time was told. Nothing expires.
    pub const BEFORE_TIME: Self = Self {
        first: i64::MIN,
        now: i64::MIN,
    };

    /// This time, of the clock or the first of a stream. `i64::MIN` is no time.
    #[must_use]
    pub const fn at(now: i64) -> Self {
        Self { first: now, now }
    }

    /// What was recorded; nothing if either is `i64::MIN`.
    #[must_use]
    pub fn of_stream(first: i64, now: i64) -> Self {
        if first == i64::MIN || now == i64::MIN {
            return Self::BEFORE_TIME;
        }
        Self {
            first,
            now: now.max(first),
        }
    }

    /// Whether any time was told.
    #[must_use]
    pub const fn is_known(self) -> bool {
        self.now != i64::MIN
    }

    /// The time itself; `i64::MIN` if none was told.
    #[must_use]
    pub const fn now(self) -> i64 {
        self.now
    }

    /// The first time that was told; `i64::MIN` if none was.
    #[must_use]
    pub const fn first(self) -> i64 {
        self.first
    }

    /// The stream has come to `time`. Time never goes back.
    #[must_use]
    pub fn advanced(self, time: i64) -> Self {
        if !self.is_known() {
            return Self::at(time);
        }
        Self {
            now: self.now.max(time),
            ..self
        }
    }

    /// The time of a subtask that goes on for two others: the later one, so that nothing that had expired lives again.
    #[must_use]
    pub fn joined(self, other: Self) -> Self {
        match (self.is_known(), other.is_known()) {
            (true, true) => Self {
                first: self.first.min(other.first),
                now: self.now.max(other.now),
            },
            (false, _) => other,
            (true, false) => self,
        }
    }
}

/// When a value expires. The greater of two lives longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp(i64);

impl Stamp {
    /// Of a value that lives for ever.
    pub const NEVER: Self = Self(i64::MAX);

    /// The stamp of a value that is written now.
    #[inline]
    #[must_use]
    pub fn of(ttl: &Ttl, moment: Moment) -> Self {
        let millis = i64::try_from(ttl.millis).unwrap_or(i64::MAX);
        if moment.is_known() {
            return Self(moment.now.max(EARLIEST).saturating_add(millis));
        }
        let relative = i64::MIN.saturating_add(millis);
        if relative < EARLIEST {
            Self(relative)
        } else {
            Self::NEVER
        }
    }

    /// Its bytes.
    #[inline]
    #[must_use]
    pub const fn to_bytes(self) -> [u8; STAMP_BYTES] {
        self.0.to_be_bytes()
    }

    /// When the value expires; `None` is never, or some time after the first event time.
    #[must_use]
    pub fn time(self, moment: Moment) -> Option<i64> {
        let time = if self.0 >= EARLIEST {
            self.0
        } else if moment.is_known() {
            moment.first.saturating_add(self.0.wrapping_sub(i64::MIN))
        } else {
            return None;
        };
        (time != i64::MAX).then_some(time)
    }

    /// Whether the value has expired.
    #[inline]
    #[must_use]
    pub fn has_passed(self, moment: Moment) -> bool {
        self.time(moment).is_some_and(|time| time <= moment.now)
    }
}

/// Splits a stamped value.
///
/// # Errors
/// `Corrupt` when it is shorter than a stamp.
#[inline]
pub fn split(value: &[u8]) -> Result<(Stamp, &[u8])> {
    match value.split_first_chunk::<STAMP_BYTES>() {
        Some((stamp, rest)) => Ok((Stamp(i64::from_be_bytes(*stamp)), rest)),
        None => Err(Error::corrupt(format!(
            "a value of {} bytes in a state with TTL: its expiry alone takes {STAMP_BYTES}",
            value.len()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const TTL: Ttl = Ttl::new(Duration::from_millis(100));

    #[test]
    fn a_stamp_has_these_bytes_for_ever() {
        let stamp = Stamp::of(&TTL, Moment::at(0x0102));

        assert_eq!(stamp.to_bytes(), [0, 0, 0, 0, 0, 0, 1, 0x66]);
        assert_eq!(
            Stamp::of(&TTL, Moment::BEFORE_TIME).to_bytes(),
            [0x80, 0, 0, 0, 0, 0, 0, 100]
        );
    }

    #[test]
    fn a_value_is_alive_before_its_expiry_and_gone_at_it() {
        let stamp = Stamp::of(&TTL, Moment::at(50));

        assert!(!stamp.has_passed(Moment::at(149)));
        assert!(stamp.has_passed(Moment::at(150)));
    }

    #[test]
    fn an_expiry_beyond_all_time_is_never() {
        let ttl = Ttl::new(Duration::MAX);

        for moment in [Moment::at(10), Moment::at(i64::MAX), Moment::BEFORE_TIME] {
            let stamp = Stamp::of(&ttl, moment);
            assert_eq!(stamp, Stamp::NEVER);
            assert!(!stamp.has_passed(Moment::at(i64::MAX)));
        }
    }

    #[test]
    fn what_was_written_before_any_time_lives_from_the_first_one() {
        let stamp = Stamp::of(&TTL, Moment::BEFORE_TIME);
        let first = Moment::BEFORE_TIME.advanced(1000);

        assert!(!stamp.has_passed(Moment::BEFORE_TIME));
        assert!(!stamp.has_passed(first.advanced(1099)));
        assert!(stamp.has_passed(first.advanced(1100)));
    }

    #[test]
    fn a_value_that_is_too_short_is_corrupt() {
        assert_eq!(
            split(&[0; 7]).unwrap_err().kind(),
            crate::ErrorKind::Corrupt
        );
    }

    proptest! {
        #[test]
        fn a_value_lives_exactly_as_long_as_was_promised(
            millis in prop_oneof![any::<u64>(), 0..1000_u64],
            written: i64,
            later in prop_oneof![any::<i64>(), -1000..1000_i64],
        ) {
            let ttl = Ttl { millis, ..TTL };
            let written = Moment::at(written.max(EARLIEST));
            let moment = written.advanced(written.now.saturating_add(later.max(0)));

            let expiry = i128::from(written.now) + i128::from(millis);
            let expected = expiry < i128::from(i64::MAX) && expiry <= i128::from(moment.now);

            prop_assert_eq!(Stamp::of(&ttl, written).has_passed(moment), expected);
        }

        #[test]
        fn a_joined_time_revives_nothing(stamp: i64, a: (i64, i64), b: (i64, i64)) {
            let (a, b) = (Moment::of_stream(a.0, a.1), Moment::of_stream(b.0, b.1));
            let stamp = Stamp(stamp);

            let joined = stamp.has_passed(a.joined(b));

            prop_assert!(joined || !(stamp.has_passed(a) || stamp.has_passed(b)));
        }
    }
}
