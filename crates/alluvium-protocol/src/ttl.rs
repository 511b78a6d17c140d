//! How long values live: what a program promises of a state, and what a change of it asks for.
//!
//! ```text
//! message Ttl
//!  1  millis      uint64   how long a value lives after it was written
//!  2  refresh     uint32   1 on write, 2 on read and write
//!  3  visibility  uint32   1 expired values are never seen, 2 seen until they are cleaned
//!  4  time        uint32   1 processing time, 2 event time
//! ```
//!
//! Values of such a state carry the time at which they expire (module `stamp`). A changed duration therefore holds for what
//! is written from then on, and revives nothing. Only switching on or off, or to the other time, changes stored bytes
//! ([`plan_restamp`]).

mod restamp;
pub(crate) mod wire;

use std::fmt;
use std::time::Duration;

pub use restamp::{Restamp, plan_restamp};

/// How long values of a state live.
///
/// ```
/// use std::time::Duration;
///
/// use alluvium_protocol::ttl::{Expired, Refresh, TimeDomain, Ttl};
///
/// const HOUR: Ttl = Ttl::new(Duration::from_secs(3600));
/// const SESSION: Ttl = HOUR.refresh(Refresh::OnReadAndWrite).time(TimeDomain::Event);
///
/// assert_eq!(HOUR.millis, 3_600_000);
/// assert_eq!(HOUR.expired, Expired::NeverSeen);
/// assert_eq!(SESSION.to_string(), "1h, refreshed on read and write, by event time");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "tools that have no constructor of theirs build it field by field"
)]
pub struct Ttl {
    /// How long a value lives after it was written (or read, if that refreshes it), in milliseconds.
    pub millis: u64,
    /// What lets a value live longer.
    pub refresh: Refresh,
    /// What a reader gets of a value that has expired.
    pub expired: Expired,
    /// Which time it is.
    pub time: TimeDomain,
}

/// What lets a value live longer. On disk; never renumber.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a backend must treat each")]
#[repr(u8)]
pub enum Refresh {
    /// Writing it.
    #[default]
    OnWrite = 1,
    /// Writing or reading it. A read writes then.
    OnReadAndWrite = 2,
}

/// What a reader gets of a value that has expired. On disk; never renumber.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a backend must treat each")]
#[repr(u8)]
pub enum Expired {
    /// Nothing.
    #[default]
    NeverSeen = 1,
    /// The value, if it is still there: once, for the read deletes it.
    SeenUntilCleaned = 2,
}

/// Which time values live by. On disk; never renumber.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "a backend must treat each")]
#[repr(u8)]
pub enum TimeDomain {
    /// The clock's.
    #[default]
    Processing = 1,
    /// The stream's: the largest event time that the engine told.
    Event = 2,
}

impl Ttl {
    /// Values live so long after they were written, by the clock, and are never seen later. Parts of a millisecond count
    /// as a whole one.
    #[must_use]
    pub const fn new(duration: Duration) -> Self {
        let rest = (duration.subsec_nanos() as u64).div_ceil(1_000_000);
        Self {
            millis: duration.as_secs().saturating_mul(1000).saturating_add(rest),
            refresh: Refresh::OnWrite,
            expired: Expired::NeverSeen,
            time: TimeDomain::Processing,
        }
    }

    /// What lets values live longer.
    #[must_use]
    pub const fn refresh(mut self, refresh: Refresh) -> Self {
        self.refresh = refresh;
        self
    }

    /// What a reader gets of values that have expired.
    #[must_use]
    pub const fn expired(mut self, expired: Expired) -> Self {
        self.expired = expired;
        self
    }

    /// Which time values live by.
    #[must_use]
    pub const fn time(mut self, time: TimeDomain) -> Self {
        self.time = time;
        self
    }
}

impl fmt::Display for Ttl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [
            (86_400_000, "d"),
            (3_600_000, "h"),
            (60_000, "min"),
            (1000, "s"),
            (1, "ms"),
        ];
        // The largest unit that tells it without a fraction.
        let unit = units
            .into_iter()
            .find(|(millis, _)| self.millis.is_multiple_of(*millis));
        let (millis, name) = unit.unwrap_or((1, "ms"));
        write!(f, "{}{name}", self.millis / millis)?;
        if self.refresh == Refresh::OnReadAndWrite {
            f.write_str(", refreshed on read and write")?;
        }
        if self.expired == Expired::SeenUntilCleaned {
            f.write_str(", seen until cleaned")?;
        }
        match self.time {
            TimeDomain::Processing => Ok(()),
            TimeDomain::Event => f.write_str(", by event time"),
        }
    }
}

impl fmt::Display for TimeDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Processing => "processing time",
            Self::Event => "event time",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_millisecond_counts_as_a_whole_one() {
        assert_eq!(Ttl::new(Duration::from_micros(1)).millis, 1);
        assert_eq!(Ttl::new(Duration::from_millis(1500)).millis, 1500);
        assert_eq!(Ttl::new(Duration::MAX).millis, u64::MAX);
    }

    #[test]
    fn a_duration_is_told_in_the_largest_unit_that_fits() {
        let told = |duration| Ttl::new(duration).to_string();

        assert_eq!(told(Duration::from_secs(172_800)), "2d");
        assert_eq!(told(Duration::from_secs(90)), "90s");
        assert_eq!(told(Duration::from_millis(1)), "1ms");
    }
}
