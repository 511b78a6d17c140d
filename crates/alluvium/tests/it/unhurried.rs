//! Environments in which no test waits: pauses pass at once.

#![cfg(test)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use alluvium::environment::{Clock, Environment};

/// The system's environment, but what fails is not tried again: an hour passes between any two looks at the clock,
/// which is past all patience.
pub(crate) fn without_retries() -> Environment {
    with_hours_between_looks(1)
}

/// The system's environment, but pauses between attempts take no time.
pub(crate) fn without_pauses() -> Environment {
    with_hours_between_looks(0)
}

fn with_hours_between_looks(hours: u64) -> Environment {
    let mut environment = Environment::system();
    environment.clock = Arc::new(Unhurried {
        system: Arc::clone(&environment.clock),
        hours,
        looks: AtomicU64::new(0),
    });
    environment
}

#[derive(Debug)]
struct Unhurried {
    system: Arc<dyn Clock>,
    hours: u64,
    looks: AtomicU64,
}

impl Clock for Unhurried {
    fn unix_millis(&self) -> i64 {
        self.system.unix_millis()
    }

    fn monotonic(&self) -> Duration {
        let looks = self.looks.fetch_add(1, Ordering::Relaxed);
        Duration::from_hours(looks * self.hours)
    }

    fn sleep(&self, _duration: Duration) {}
}
