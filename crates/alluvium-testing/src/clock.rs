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

/// Shows the time that it is set to. What never runs backwards goes on by as much as it was set forward.
#[derive(Debug, Default)]
pub struct SetClock(Mutex<Shown>);

#[derive(Debug, Default, Clone, Copy)]
struct Shown {
    unix_millis: i64,
    monotonic: Duration,
}

impl SetClock {
    /// Sets it, forward or back.
    pub fn set(&self, unix_millis: i64) {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let forward = u64::try_from(unix_millis.saturating_sub(shown.unix_millis));
        shown.monotonic += Duration::from_millis(forward.unwrap_or(0));
        shown.unix_millis = unix_millis;
    }

    fn shown(&self) -> Shown {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for SetClock {
    fn unix_millis(&self) -> i64 {
        self.shown().unix_millis
    }

    fn monotonic(&self) -> Duration {
        self.shown().monotonic
    }

    fn sleep(&self, duration: Duration) {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        self.set(self.unix_millis().saturating_add(millis));
    }
}
