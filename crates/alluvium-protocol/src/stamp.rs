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

/// When a value expires. Which of two does so first takes a [`Moment`] to say: [`Stamp::is_before`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
        let relative = Self(i64::MIN.saturating_add(millis));
        if relative.is_relative() {
            relative
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
        let time = if !self.is_relative() {
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

    /// Whether a value with this stamp is known to expire before one with the other. Of a stamp that counts from the first event
    /// time and one that does not, nobody knows before that time was told.
    #[inline]
    #[must_use]
    pub fn is_before(self, other: Self, moment: Moment) -> bool {
        if moment.is_known() {
            let time = |stamp: Self| stamp.time(moment).unwrap_or(i64::MAX);
            return time(self) < time(other);
        }
        let comparable = other == Self::NEVER || self.is_relative() == other.is_relative();
        comparable && self.0 < other.0
    }

    /// Whether it counts from the first event time.
    const fn is_relative(self) -> bool {
        self.0 < EARLIEST
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

    /// Absolute ones, ones that count from the first event time, and never.
    fn stamps() -> impl Strategy<Value = Stamp> {
        prop_oneof![
            any::<i64>(),
            -1000..1000_i64,
            (0..1000_i64).prop_map(|millis| i64::MIN + millis),
            Just(i64::MAX),
        ]
        .prop_map(Stamp)
    }

    #[test]
    fn a_life_from_the_first_time_on_compares_with_another_by_when_it_ends() {
        let until_1200 = Stamp::of(&Ttl { millis: 200, ..TTL }, Moment::BEFORE_TIME);
        let moment = Moment::at(1000);
        let until_1100 = Stamp::of(&TTL, moment);

        assert!(until_1100.is_before(until_1200, moment));
        assert!(!until_1200.is_before(until_1100, moment));
        assert!(until_1200.is_before(Stamp::NEVER, moment));
        assert!(until_1200.is_before(Stamp::NEVER, Moment::BEFORE_TIME));
        assert!(!until_1200.is_before(until_1100, Moment::BEFORE_TIME));
        assert!(!until_1100.is_before(until_1200, Moment::BEFORE_TIME));
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
        fn the_stamp_that_is_not_before_the_other_expires_no_earlier(
            one in stamps(),
            millis in prop_oneof![any::<u64>(), 0..1000_u64],
            moment in prop_oneof![
                Just(Moment::BEFORE_TIME),
                any::<i64>().prop_map(Moment::at),
                (-1000..1000_i64, -1000..1000_i64).prop_map(|(a, b)| Moment::of_stream(a, b)),
            ],
            later in prop_oneof![any::<i64>(), -2000..2000_i64],
        ) {
            let other = Stamp::of(&Ttl { millis, ..TTL }, moment);
            let longer = if one.is_before(other, moment) { other } else { one };

            let later = moment.advanced(later);

            prop_assert!(one.has_passed(later) || !longer.has_passed(later));
            prop_assert!(!one.is_before(one, moment));
            if moment.is_known() {
                prop_assert!(other.has_passed(later) || !longer.has_passed(later));
            }
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
