//! How fast a process reads its input: `--rate`, and a brake that keeps work undone for a crash.
//!
//! One pace is shared by the split readers of a process. A reader asks for a batch of rows at a
//! time, so that the lock is taken rarely, and is told "not yet" rather than made to wait: a worker
//! that waits holds up all workers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use alluvium::environment::{Clock, Environment};

/// Rows that a reader may read between two looks at the pace: few enough that rates of some
/// thousand rows a second stay even.
pub(crate) const BATCH_ROWS: u64 = 64;

/// Behind this part of its rows (in percent) a process that is to be killed slows down, so that
/// a fast machine does not finish before the parent has seen half of the work done.
const BRAKE_PERCENT: u64 = 80;
/// Rows a second behind the brake.
const BRAKE_RATE: u64 = 5_000;

/// The pace of one process.
#[derive(Debug)]
pub(crate) struct Pace {
    clock: Arc<dyn Clock>,
    /// Rows a second; `None` is as fast as the job goes.
    rate: Option<u64>,
    brake: bool,
    rows_read: AtomicU64,
    rows_open: AtomicU64,
    due: Mutex<Duration>,
}

impl Pace {
    /// A pace of `rate` rows a second (0: no limit), with the brake on for a process to be killed.
    pub(crate) fn new(environment: &Environment, rate: u64, brake: bool) -> Self {
        Self {
            clock: Arc::clone(&environment.clock),
            rate: (rate > 0).then_some(rate),
            brake,
            rows_read: AtomicU64::new(0),
            rows_open: AtomicU64::new(0),
            due: Mutex::new(environment.clock.monotonic()),
        }
    }

    /// Counts a split that was opened: its rows, and those of them that were read before.
    pub(crate) fn open_split(&self, rows: u64, read_before: u64) {
        self.rows_open.fetch_add(rows, Ordering::Relaxed);
        self.rows_read.fetch_add(read_before, Ordering::Relaxed);
    }

    /// Counts one row.
    pub(crate) fn count_row(&self) {
        self.rows_read.fetch_add(1, Ordering::Relaxed);
    }

    /// Rows of this process's splits read so far, in this attempt or before it.
    pub(crate) fn rows_read(&self) -> u64 {
        self.rows_read.load(Ordering::Relaxed)
    }

    /// Whether a batch of rows may be read now. If so, it counts against the rate.
    pub(crate) fn may_read_batch(&self) -> bool {
        let Some(rate) = self.rate_now() else {
            return true;
        };
        let now = self.clock.monotonic();
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        if now < *due {
            return false;
        }
        // Time that nobody used is hardly saved up: a pause is not followed by a burst.
        let begin = (*due).max(now.saturating_sub(BURST));
        *due = begin + Duration::from_nanos(BATCH_ROWS.saturating_mul(1_000_000_000) / rate);
        true
    }

    fn rate_now(&self) -> Option<u64> {
        let open = self.rows_open.load(Ordering::Relaxed);
        if self.brake && self.rows_read() > open / 100 * BRAKE_PERCENT {
            return Some(self.rate.unwrap_or(BRAKE_RATE).min(BRAKE_RATE));
        }
        self.rate
    }
}

/// Unused time that is made up for.
const BURST: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Stopped;

    impl Clock for Stopped {
        fn unix_millis(&self) -> i64 {
            0
        }

        fn monotonic(&self) -> Duration {
            Duration::from_secs(1)
        }

        fn sleep(&self, _duration: Duration) {}
    }

    fn pace(rate: u64, brake: bool) -> Pace {
        let environment = Environment {
            clock: Arc::new(Stopped),
            ..Environment::system()
        };
        Pace::new(&environment, rate, brake)
    }

    #[test]
    fn without_a_rate_everything_may_be_read_at_once() {
        let pace = pace(0, false);
        pace.open_split(10, 0);

        assert!((0..1_000).all(|_| pace.may_read_batch()));
    }

    #[test]
    fn a_rate_allows_what_is_due_and_no_more() {
        let pace = pace(BATCH_ROWS * 10, false);

        assert!(pace.may_read_batch());
        assert!(!pace.may_read_batch());
    }

    #[test]
    fn the_brake_bites_near_the_end_only() {
        let pace = pace(0, true);
        pace.open_split(1_000, 790);
        assert_eq!(pace.rate_now(), None);

        pace.open_split(0, 100);
        assert_eq!(pace.rate_now(), Some(BRAKE_RATE));
    }
}
