//! Clock, randomness and threads, injected so that tests and simulations own them.
//!
//! Nothing else in this crate reads the time, waits for it, draws random bytes or starts a thread.

use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::error::{Error, Result};

/// Tells time.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Milliseconds since the Unix epoch: what people and other machines are told.
    fn unix_millis(&self) -> i64;

    /// Time since a fixed point in the past that never runs backwards: what durations are taken from.
    fn monotonic(&self) -> Duration;

    /// Returns when `duration` has passed on this clock. Only pauses between attempts wait so, in slices of at most
    /// 50 ms; a clock of a test moves on and returns.
    fn sleep(&self, duration: Duration);
}

/// Draws random bits. Used for names that must be unique; not for secrets.
pub trait Random: Send + Sync + fmt::Debug {
    /// 128 random bits.
    fn bits(&self) -> u128;
}

/// Starts threads.
pub trait Spawn: Send + Sync + fmt::Debug {
    /// Runs `task` on a thread of its own, named `name`.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) when the system has no thread to give.
    fn spawn(&self, name: &str, task: Box<dyn FnOnce() + Send>) -> Result<()>;
}

/// What a backend takes from the world around it.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Tells time.
    pub clock: Arc<dyn Clock>,
    /// Draws random bits.
    pub random: Arc<dyn Random>,
    /// Starts threads.
    pub spawn: Arc<dyn Spawn>,
}

impl Environment {
    /// The system's clock, randomness and threads.
    #[must_use]
    pub fn system() -> Self {
        Self {
            clock: Arc::new(SystemClock::new()),
            random: Arc::new(SystemRandom),
            spawn: Arc::new(SystemThreads),
        }
    }
}

/// The system's clock.
#[derive(Debug)]
#[expect(
    clippy::disallowed_types,
    reason = "the one place that reads the system's clock"
)]
pub struct SystemClock {
    start: std::time::Instant,
}

impl SystemClock {
    /// A clock whose monotonic time starts now.
    #[must_use]
    #[expect(
        clippy::disallowed_types,
        reason = "the one place that reads the system's clock"
    )]
    pub fn new() -> Self {
        Self {
            start: std::time::Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_types,
        reason = "the one place that reads the system's clock"
    )]
    fn unix_millis(&self) -> i64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        })
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that waits on the system's clock"
    )]
    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}

/// Randomness from the system, by way of the standard library's hash seeds.
#[derive(Debug)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn bits(&self) -> u128 {
        // Each `RandomState` is seeded from the system's randomness; the counter makes draws of
        // one process distinct whatever the seeds.
        static DRAWS: AtomicU64 = AtomicU64::new(0);
        let draw = DRAWS.fetch_add(1, Ordering::Relaxed);
        let half = |salt: u64| {
            let mut hasher = std::collections::hash_map::RandomState::new().build_hasher();
            hasher.write_u64(draw);
            hasher.write_u64(salt);
            hasher.write_u32(std::process::id());
            u128::from(hasher.finish())
        };
        (half(0) << 64) | half(1)
    }
}

/// The system's threads.
#[derive(Debug)]
pub struct SystemThreads;

impl Spawn for SystemThreads {
    fn spawn(&self, name: &str, task: Box<dyn FnOnce() + Send>) -> Result<()> {
        let spawned = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(task);
        spawned
            .map(drop)
            .map_err(|error| Error::io(format!("start thread {name}"), error))
    }
}
