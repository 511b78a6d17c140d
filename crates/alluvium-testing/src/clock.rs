//! A clock on which only sleeping takes time, and no sleep takes any of the test's.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use alluvium::environment::Clock;

/// Stands still until somebody sleeps, then jumps to the end of the sleep.
#[derive(Debug, Default)]
pub struct JumpingClock(Mutex<Duration>);

impl JumpingClock {
    fn now(&self) -> Duration {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for JumpingClock {
    fn unix_millis(&self) -> i64 {
        i64::try_from(self.now().as_millis()).unwrap_or(i64::MAX)
    }

    fn monotonic(&self) -> Duration {
        self.now()
    }

    fn sleep(&self, duration: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += duration;
    }
}
