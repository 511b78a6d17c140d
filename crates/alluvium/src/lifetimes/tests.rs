//! What becomes of rows, of stamped ones and of those with values of an older form.

use std::time::Duration;

use alluvium_protocol::chunk::push_element;
use alluvium_protocol::key_group::KeyGroup;
use alluvium_protocol::row::prefix;
use alluvium_protocol::rows_file::ROW_BYTES_MAX;
use alluvium_protocol::stamp::Stamp;
use alluvium_protocol::ttl::Ttl;

use super::*;
use crate::environment::{Clock, Environment};
use crate::error::Error;
use crate::store::{RowFilter, Verdict};

const STATE: StateId = StateId::new(7);
const TTL: Ttl = Ttl::new(Duration::from_millis(100)).time(TimeDomain::Event);

fn lifetimes() -> Arc<Lifetimes> {
    let clock = Environment::system().clock;
    Arc::new(Lifetimes::new(clock, Moment::BEFORE_TIME))
}

fn row(state: StateId) -> Vec<u8> {
    prefix(KeyGroup::new(1), state).to_vec()
}

fn goes(filter: &dyn RowFilter, row: &[u8], value: &[u8]) -> bool {
    filter.filter(row, value, &mut Vec::new()) == Verdict::Drop
}

/// What becomes of a value of `STATE`; `None` if it stays.
fn changed(filter: &dyn RowFilter, value: &[u8]) -> Option<Vec<u8>> {
    let mut changed = Vec::new();
    let verdict = filter.filter(&row(STATE), value, &mut changed);
    (verdict == Verdict::Change).then_some(changed)
}

fn written_at(time: i64, value: &[u8]) -> Vec<u8> {
    let stamp = Stamp::of(&TTL, Moment::at(time)).to_bytes();
    [&stamp[..], value].concat()
}

/// An old value is `1`, a new one `22`.
fn one_to_two() -> Arc<UpgradeValue> {
    Arc::new(|old, new| {
        let is_old = old == b"1";
        if is_old {
            new.extend_from_slice(b"22");
        }
        Ok(is_old)
    })
}

#[test]
fn only_rows_of_known_states_expire() {
    let lifetimes = lifetimes();
    lifetimes.advance(1000);
    let value = written_at(0, b"");

    assert!(!goes(&*lifetimes, &row(STATE), &value));
    lifetimes.know(STATE, StateKind::Value, TimeDomain::Event);
    assert!(goes(&*lifetimes, &row(STATE), &value));
    assert!(!goes(&*lifetimes, &row(StateId::new(8)), &value));
    assert!(!goes(&*lifetimes, &[0, 1, 0], &value));
}

#[test]
fn what_a_snapshot_has_alive_stays_in_the_store_until_it_is_pinned() {
    let lifetimes = lifetimes();
    lifetimes.know(STATE, StateKind::Value, TimeDomain::Event);
    lifetimes.advance(1000);
    let value = written_at(1000, b"");

    let hold = lifetimes.hold();
    lifetimes.advance(1100);
    assert!(!goes(&*lifetimes, &row(STATE), &value));
    assert!(!goes(&hold.judge(), &row(STATE), &value));

    drop(hold);
    assert!(goes(&*lifetimes, &row(STATE), &value));
}

#[test]
fn a_savepoint_is_judged_by_what_was_known_and_when_it_was_prepared() {
    let clock: Arc<SetTime> = Arc::default();
    let lifetimes = Lifetimes::new(Arc::<SetTime>::clone(&clock), Moment::BEFORE_TIME);
    let lifetimes = Arc::new(lifetimes);
    let value = written_at(0, b"");
    clock.0.store(1000, Ordering::Relaxed);

    let unknown = lifetimes.hold();
    lifetimes.know(STATE, StateKind::Value, TimeDomain::Event);
    let before_time = lifetimes.hold();
    lifetimes.advance(1000);
    let expired = lifetimes.hold();
    lifetimes.know(STATE, StateKind::Value, TimeDomain::Processing);
    clock.0.store(99, Ordering::Relaxed);
    let alive = lifetimes.hold();
    clock.0.store(100, Ordering::Relaxed);

    let goes = |hold: &Hold| goes(&hold.judge(), &row(STATE), &value);
    assert!(!goes(&unknown));
    assert!(!goes(&before_time));
    assert!(goes(&expired));
    assert!(!goes(&alive));
    assert!(goes(&lifetimes.hold()));
}

#[test]
fn values_of_an_older_form_are_upgraded_and_others_stay() {
    let lifetimes = lifetimes();
    assert_eq!(changed(&*lifetimes, b"1"), None);

    lifetimes.upgrade(STATE, StateKind::Value, one_to_two());

    assert_eq!(changed(&*lifetimes, b"1"), Some(b"22".to_vec()));
    assert_eq!(changed(&*lifetimes, b"22"), None);
    lifetimes.forget_upgrade(STATE);
    assert_eq!(changed(&*lifetimes, b"1"), None);
}

#[test]
fn an_upgrade_waits_for_snapshots_that_were_prepared_before_it_was_known() {
    let lifetimes = lifetimes();
    let before = lifetimes.hold();
    lifetimes.upgrade(STATE, StateKind::Value, one_to_two());
    let after = lifetimes.hold();

    assert_eq!(changed(&*lifetimes, b"1"), None);
    drop(before);
    assert_eq!(changed(&*lifetimes, b"1"), Some(b"22".to_vec()));
    drop(after);
}

#[test]
fn a_savepoint_takes_values_as_they_are() {
    let lifetimes = lifetimes();
    lifetimes.upgrade(STATE, StateKind::Value, one_to_two());

    assert_eq!(changed(&lifetimes.hold().judge(), b"1"), None);
}

#[test]
fn stamped_elements_expire_and_are_upgraded_at_the_same_time() {
    let lifetimes = lifetimes();
    lifetimes.know(STATE, StateKind::List, TimeDomain::Event);
    lifetimes.upgrade(STATE, StateKind::List, one_to_two());
    lifetimes.advance(1000);
    let chunk = |elements: &[Vec<u8>]| {
        let mut chunk = Vec::new();
        for element in elements {
            push_element(&mut chunk, element).unwrap();
        }
        chunk
    };
    let before = [
        written_at(900, b"1"),
        written_at(950, b"1"),
        written_at(1000, b"3"),
    ];

    let after = chunk(&[written_at(950, b"22"), written_at(1000, b"3")]);
    assert_eq!(changed(&*lifetimes, &chunk(&before)), Some(after));
}

#[test]
fn a_value_that_is_refused_or_would_be_too_long_stays() {
    let lifetimes = lifetimes();
    lifetimes.upgrade(
        STATE,
        StateKind::Value,
        Arc::new(|old, new| {
            new.extend_from_slice(b"some");
            if old == b"refused" {
                return Err(Error::invalid("no new form"));
            }
            new.resize(ROW_BYTES_MAX, 0);
            Ok(true)
        }),
    );

    assert_eq!(changed(&*lifetimes, b"refused"), None);
    assert_eq!(changed(&*lifetimes, b"long"), None);
}

#[test]
fn a_function_that_panics_is_not_asked_again() {
    let lifetimes = lifetimes();
    let asked = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&asked);
    lifetimes.upgrade(
        STATE,
        StateKind::Value,
        Arc::new(move |_, _| {
            counted.fetch_add(1, Ordering::Relaxed);
            panic!("a value that the program did not expect");
        }),
    );

    for _ in 0..3 {
        assert_eq!(changed(&*lifetimes, b"1"), None);
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[test]
fn what_lives_stays_while_time_stands_still() {
    let clock: Arc<SetTime> = Arc::default();
    let lifetimes = Arc::new(Lifetimes::new(
        Arc::<SetTime>::clone(&clock),
        Moment::BEFORE_TIME,
    ));
    for (time, now) in [(TimeDomain::Processing, 1000), (TimeDomain::Event, 2000)] {
        lifetimes.know(STATE, StateKind::Value, time);
        clock.0.store(now, Ordering::Relaxed);
        lifetimes.advance(now);
        let (alive, expired) = (written_at(now, b""), written_at(now - 100, b""));

        let still = lifetimes.stand_still();
        clock.0.store(now + 100, Ordering::Relaxed);
        lifetimes.advance(now + 100);
        assert!(!goes(&*lifetimes, &row(STATE), &alive));
        assert!(goes(&*lifetimes, &row(STATE), &expired));

        drop(still);
        assert!(goes(&*lifetimes, &row(STATE), &alive));
    }
}

/// The test's clock.
#[derive(Debug, Default)]
struct SetTime(AtomicI64);

impl Clock for SetTime {
    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    fn unix_millis(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    fn sleep(&self, _: Duration) {}
}
