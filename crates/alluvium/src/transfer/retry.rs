//! Trying again: when, after what pause, and for how long.
//!
//! What a storage refused with `Unavailable` is tried again after a pause that doubles each time, unless the
//! error says that it lasts (no such object, access denied). Everything else is final: a cancel, an error of the
//! caller, damage, a fence, and above all a write of which nobody knows whether it happened.
//! The decision is [`next_pause`], a pure function; [`Retry`] carries it out on an environment's clock.
//!
//! The object store below repeats single requests by itself, for ten seconds at most (see
//! `storage::object::remote`), so that one lost request does not begin a file anew. Together a file is given
//! up within [`Options::transfer_patience`](crate::Options::transfer_patience) and the time of one last attempt.

use std::sync::Arc;
use std::time::Duration;

use crate::environment::{Clock, Environment, Random};
use crate::error::{Error, ErrorKind, Result};
use crate::options::Options;
use crate::storage::Cancel;

/// A cancel is seen after this time of a pause.
const CANCEL_LOOK: Duration = Duration::from_millis(50);

/// How often and how patiently a transfer is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RetryPolicy {
    /// Attempts at the most, the first included.
    pub(crate) attempts: u32,
    pub(crate) first_pause: Duration,
    pub(crate) longest_pause: Duration,
    /// No attempt begins later than this after the first.
    pub(crate) patience: Duration,
}

impl From<&Options> for RetryPolicy {
    fn from(options: &Options) -> Self {
        Self {
            attempts: options.transfer_attempts,
            first_pause: options.transfer_first_pause,
            longest_pause: options.transfer_longest_pause,
            patience: options.transfer_patience,
        }
    }
}

/// The pause before the next attempt; `None` to give up.
///
/// `attempt` of them failed so far, `elapsed` after the first began. Half of a pause is drawn by `random`, so that
/// many that failed together do not come back together.
pub(crate) fn next_pause(
    policy: &RetryPolicy,
    attempt: u32,
    elapsed: Duration,
    random: u128,
) -> Option<Duration> {
    if attempt >= policy.attempts {
        return None;
    }
    let doublings = attempt.saturating_sub(1).min(31);
    let longest = policy
        .first_pause
        .saturating_mul(1 << doublings)
        .min(policy.longest_pause);
    let half = longest / 2;
    let nanos = half.as_nanos();
    let drawn = random.checked_rem(nanos + 1).unwrap_or(0);
    let pause = half + Duration::from_nanos(u64::try_from(drawn).unwrap_or(u64::MAX));
    (elapsed.saturating_add(pause) <= policy.patience).then_some(pause)
}

/// Whether the same call may succeed a moment later.
fn may_pass(error: &Error) -> bool {
    error.kind() == ErrorKind::Unavailable && !error.is_lasting()
}

/// Tries again, on an environment's clock.
#[derive(Debug, Clone)]
pub(crate) struct Retry {
    policy: RetryPolicy,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl Retry {
    pub(crate) fn new(options: &Options, environment: &Environment) -> Self {
        Self {
            policy: RetryPolicy::from(options),
            clock: Arc::clone(&environment.clock),
            random: Arc::clone(&environment.random),
        }
    }

    /// Makes attempts until one succeeds, fails for good, or the policy gives up; then its error is returned.
    /// What is `Corrupt` is tried `damaged_max` times more: bytes can be damaged on their way, too.
    pub(crate) fn run<T>(
        &self,
        cancel: &Cancel,
        mut damaged_max: u32,
        mut attempt: impl FnMut() -> Result<T>,
    ) -> Result<T> {
        let began = self.clock.monotonic();
        let mut attempts = 0;
        loop {
            let error = match attempt() {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            attempts += 1;
            let damaged = error.kind() == ErrorKind::Corrupt && damaged_max > 0;
            if !damaged && !may_pass(&error) {
                return Err(error);
            }
            damaged_max -= u32::from(damaged);
            let elapsed = self.clock.monotonic().saturating_sub(began);
            let Some(pause) = next_pause(&self.policy, attempts, elapsed, self.random.bits())
            else {
                return Err(error);
            };
            tracing::warn!(?error, attempts, ?pause, "a transfer is tried again");
            self.wait(pause, cancel)?;
        }
    }

    fn wait(&self, pause: Duration, cancel: &Cancel) -> Result<()> {
        let mut left = pause;
        while !left.is_zero() {
            cancel.check("a transfer")?;
            let slice = left.min(CANCEL_LOOK);
            self.clock.sleep(slice);
            left -= slice;
        }
        cancel.check("a transfer")
    }
}

#[cfg(test)]
mod tests;
