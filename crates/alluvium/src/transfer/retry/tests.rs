//! Pauses grow, stay in their bounds and end; what cannot pass is not tried again.

use std::cell::Cell;
use std::sync::Mutex;

use proptest::prelude::*;

use super::*;

const POLICY: RetryPolicy = RetryPolicy {
    attempts: 4,
    first_pause: Duration::from_millis(100),
    longest_pause: Duration::from_millis(300),
    patience: Duration::from_secs(60),
};

/// A clock that only a sleep moves on. The sleep may cancel.
#[derive(Debug, Default)]
struct Stopped {
    now: Mutex<Duration>,
    cancels: Option<Cancel>,
}

impl Clock for Stopped {
    fn unix_millis(&self) -> i64 {
        0
    }

    fn monotonic(&self) -> Duration {
        *self.now.lock().unwrap()
    }

    fn sleep(&self, duration: Duration) {
        *self.now.lock().unwrap() += duration;
        if let Some(cancel) = &self.cancels {
            cancel.cancel();
        }
    }
}

#[derive(Debug)]
struct Drawn(u128);

impl Random for Drawn {
    fn bits(&self) -> u128 {
        self.0
    }
}

fn retry(clock: &Arc<Stopped>) -> Retry {
    Retry {
        policy: POLICY,
        clock: Arc::<Stopped>::clone(clock),
        random: Arc::new(Drawn(0)),
    }
}

/// Runs attempts that fail with `error`, and tells their number and the error that came out.
fn failing(
    retry: &Retry,
    cancel: &Cancel,
    damaged_max: u32,
    error: impl Fn() -> Error,
) -> (u32, Error) {
    let attempts = Cell::new(0);
    let result: Result<()> = retry.run(cancel, damaged_max, || {
        attempts.set(attempts.get() + 1);
        Err(error())
    });
    (attempts.get(), result.unwrap_err())
}

fn unavailable() -> Error {
    Error::new(ErrorKind::Unavailable, "503")
}

#[test]
fn pauses_double_up_to_the_longest_and_end_with_the_attempts() {
    let shortest = |attempt| next_pause(&POLICY, attempt, Duration::ZERO, 0);

    let pauses: Vec<_> = (1..=4).map(shortest).collect();

    let half = |millis| Some(Duration::from_millis(millis) / 2);
    assert_eq!(pauses, [half(100), half(200), half(300), None]);
}

proptest! {
    #[test]
    fn a_pause_is_between_half_and_all_of_its_bound(attempt in 1_u32..4, random: u128) {
        let bound = (POLICY.first_pause * (1 << (attempt - 1))).min(POLICY.longest_pause);

        let pause = next_pause(&POLICY, attempt, Duration::ZERO, random).unwrap();

        prop_assert!(pause >= bound / 2 && pause <= bound, "{pause:?}");
    }

    #[test]
    fn no_attempt_begins_after_patience_has_ended(
        attempt in 0_u32..100,
        attempts in 0_u32..100,
        first in 0_u64..u64::MAX,
        longest in 0_u64..u64::MAX,
        elapsed in 0_u64..u64::MAX,
        random: u128,
    ) {
        let nanos = Duration::from_nanos;
        let policy = RetryPolicy {
            attempts,
            first_pause: nanos(first),
            longest_pause: nanos(longest),
            ..POLICY
        };

        if let Some(pause) = next_pause(&policy, attempt, nanos(elapsed), random) {
            prop_assert!(attempt < attempts);
            prop_assert!(nanos(elapsed) + pause <= POLICY.patience);
        }
    }
}

#[test]
fn what_is_unavailable_is_tried_as_often_as_the_policy_says() {
    let clock = Arc::default();

    let (attempts, error) = failing(&retry(&clock), &Cancel::new(), 0, unavailable);

    assert_eq!((attempts, error.kind()), (4, ErrorKind::Unavailable));
    assert_eq!(clock.monotonic(), Duration::from_millis(50 + 100 + 150));
}

#[test]
fn an_attempt_that_succeeds_is_the_last() {
    let attempts = Cell::new(0);

    let result = retry(&Arc::default()).run(&Cancel::new(), 0, || {
        attempts.set(attempts.get() + 1);
        if attempts.get() < 3 {
            Err(unavailable())
        } else {
            Ok("done")
        }
    });

    assert_eq!((result.unwrap(), attempts.get()), ("done", 3));
}

#[test]
fn nothing_else_is_tried_again() {
    let kinds = [
        ErrorKind::Invalid,
        ErrorKind::Corrupt,
        ErrorKind::Indeterminate,
        ErrorKind::Fenced,
        ErrorKind::Incompatible,
        ErrorKind::Cancelled,
    ];
    let retry = retry(&Arc::default());
    for kind in kinds {
        let (attempts, error) = failing(&retry, &Cancel::new(), 0, || Error::new(kind, "no"));

        assert_eq!((attempts, error.kind()), (1, kind));
    }

    let (attempts, _) = failing(&retry, &Cancel::new(), 0, || unavailable().lasting());

    assert_eq!(attempts, 1);
}

#[test]
fn damage_is_tried_again_once_where_it_may_have_come_on_the_way() {
    let retry = retry(&Arc::default());

    let (attempts, error) = failing(&retry, &Cancel::new(), 1, || Error::corrupt("flipped"));

    assert_eq!((attempts, error.kind()), (2, ErrorKind::Corrupt));
}

#[test]
fn a_pause_ends_with_the_first_look_after_a_cancel() {
    let cancel = Cancel::new();
    let clock = Arc::new(Stopped {
        cancels: Some(cancel.clone()),
        ..Stopped::default()
    });

    let (attempts, error) = failing(&retry(&clock), &cancel, 0, unavailable);

    assert_eq!((attempts, error.kind()), (1, ErrorKind::Cancelled));
    assert_eq!(clock.monotonic(), CANCEL_LOOK);
}
