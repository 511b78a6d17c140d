//! The clock of a backend that is filled with values of the past.
//!
//! A backend stamps what is written by the time of writing. Flink recorded the time of a value's last access, so the value is
//! written at that time: it lives as long as it would have lived in Flink.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use alluvium::environment::{Clock, SystemClock};

/// In the place of a time: the system's.
const NOW: i64 = i64::MIN;

/// The system's clock, which can be set to another time of day.
#[derive(Debug)]
pub(super) struct AccessClock {
    system: SystemClock,
    set: AtomicI64,
}

impl AccessClock {
    pub(super) fn new() -> Self {
        Self {
            system: SystemClock::new(),
            set: AtomicI64::new(NOW),
        }
    }

    /// It is this time, in milliseconds since 1970.
    pub(super) fn enter(&self, millis: i64) {
        // The smallest number is no time.
        self.set.store(millis.max(NOW + 1), Ordering::Release);
    }

    /// It is now.
    pub(super) fn leave(&self) {
        self.set.store(NOW, Ordering::Release);
    }
}

impl Clock for AccessClock {
    fn unix_millis(&self) -> i64 {
        match self.set.load(Ordering::Acquire) {
            NOW => self.system.unix_millis(),
            set => set,
        }
    }

    fn monotonic(&self) -> Duration {
        self.system.monotonic()
    }

    fn sleep(&self, duration: Duration) {
        self.system.sleep(duration);
    }
}
