//! How long values live: which states' values are stamped, and what time it is.
//!
//! Shared by the backend, which reads and advances time, and by stores, savepoints and the sweep, which ask what has expired.
//!
//! Invariants: a state is known here only while all its rows in the store are stamped; event time never goes back; rows that
//! are alive at the event time of a prepared snapshot are in it, however late its files are pinned.
//! What a stamp means is [`alluvium_protocol::stamp`]'s to say.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use alluvium_protocol::row::{StateId, split_prefix};
use alluvium_protocol::schema::StateKind;
use alluvium_protocol::stamp::{self, Moment};
use alluvium_protocol::ttl::TimeDomain;

use crate::environment::Clock;
use crate::store::Expiry;

pub(crate) mod sweep;

/// Which values are stamped, and the time.
pub(crate) struct Lifetimes {
    clock: Arc<dyn Clock>,
    event: EventTime,
    states: RwLock<BTreeMap<StateId, (StateKind, TimeDomain)>>,
    /// Whether there is any state: for stores, which ask for every row.
    any: AtomicBool,
    /// Event times of snapshots whose files may not be pinned yet.
    held: Mutex<BTreeMap<u64, Moment>>,
    holds: AtomicU64,
}

/// Written by the task thread alone.
#[derive(Debug)]
struct EventTime {
    first: AtomicI64,
    now: AtomicI64,
}

impl EventTime {
    fn set(&self, moment: Moment) {
        // Whoever sees a time sees the first one, too.
        self.first.store(moment.first(), Ordering::Release);
        self.now.store(moment.now(), Ordering::Release);
    }

    fn get(&self) -> Moment {
        let now = self.now.load(Ordering::Acquire);
        Moment::of_stream(self.first.load(Ordering::Acquire), now)
    }
}

impl Lifetimes {
    /// No state, at this event time.
    pub(crate) fn new(clock: Arc<dyn Clock>, event: Moment) -> Self {
        Self {
            clock,
            event: EventTime {
                first: AtomicI64::new(event.first()),
                now: AtomicI64::new(event.now()),
            },
            states: RwLock::default(),
            any: AtomicBool::new(false),
            held: Mutex::default(),
            holds: AtomicU64::new(0),
        }
    }

    /// The time that values are read and written at.
    pub(crate) fn moment(&self, time: TimeDomain) -> Moment {
        match time {
            TimeDomain::Processing => Moment::at(self.clock.unix_millis()),
            TimeDomain::Event => self.event.get(),
        }
    }

    /// The stream has come to `time`.
    pub(crate) fn advance(&self, time: i64) {
        self.event.set(self.event.get().advanced(time));
    }

    /// From now on all rows of the state are stamped, by that time.
    pub(crate) fn know(&self, state: StateId, kind: StateKind, time: TimeDomain) {
        let mut states = self.states.write().unwrap_or_else(PoisonError::into_inner);
        states.insert(state, (kind, time));
        self.any.store(true, Ordering::Release);
    }

    /// The states whose rows are stamped, in the order of their rows.
    pub(crate) fn states(&self) -> Vec<StateId> {
        if !self.any.load(Ordering::Acquire) {
            return Vec::new();
        }
        let states = self.states.read().unwrap_or_else(PoisonError::into_inner);
        states.keys().copied().collect()
    }

    /// Keeps what is alive at this event time in the store, until the hold is dropped.
    pub(crate) fn hold(self: &Arc<Self>) -> Hold {
        let number = self.holds.fetch_add(1, Ordering::Relaxed);
        let moment = self.event.get();
        self.held().insert(number, moment);
        Hold {
            lifetimes: Arc::clone(self),
            number,
            moment,
        }
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<u64, Moment>> {
        // Every change is a single call: the map is whole whatever panicked.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The event time that rows in the store are judged by.
    fn settled(&self) -> Moment {
        let now = self.event.get();
        // Holds are numbered in the order of time, and the first was prepared first.
        let first = self.held().values().next().copied();
        first.unwrap_or(now)
    }

    fn is_row_expired(&self, row: &[u8], value: &[u8], event: impl FnOnce() -> Moment) -> bool {
        if !self.any.load(Ordering::Acquire) {
            return false;
        }
        let Ok((_, state, _)) = split_prefix(row) else {
            return false;
        };
        let states = self.states.read().unwrap_or_else(PoisonError::into_inner);
        let Some(&(kind, time)) = states.get(&state) else {
            return false;
        };
        let moment = match time {
            TimeDomain::Processing => self.moment(time),
            TimeDomain::Event => event(),
        };
        stamp::is_expired(kind, value, moment)
    }
}

impl Expiry for Lifetimes {
    fn is_expired(&self, row: &[u8], value: &[u8]) -> bool {
        self.is_row_expired(row, value, || self.settled())
    }
}

impl fmt::Debug for Lifetimes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lifetimes")
            .field("event", &self.event)
            .field("states", &self.states())
            .finish_non_exhaustive()
    }
}

/// Keeps rows in the store that are alive at the event time of a snapshot.
#[derive(Debug)]
pub(crate) struct Hold {
    lifetimes: Arc<Lifetimes>,
    number: u64,
    moment: Moment,
}

impl Hold {
    /// The event time of the snapshot.
    pub(crate) const fn moment(&self) -> Moment {
        self.moment
    }

    /// What has expired for the snapshot.
    pub(crate) fn judge(&self) -> Judge {
        Judge {
            lifetimes: Arc::clone(&self.lifetimes),
            event: self.moment,
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.lifetimes.held().remove(&self.number);
    }
}

/// What has expired at a snapshot's event time.
#[derive(Debug)]
pub(crate) struct Judge {
    lifetimes: Arc<Lifetimes>,
    event: Moment,
}

impl Expiry for Judge {
    fn is_expired(&self, row: &[u8], value: &[u8]) -> bool {
        self.lifetimes.is_row_expired(row, value, || self.event)
    }
}

#[cfg(test)]
mod tests {
    use alluvium_protocol::key_group::KeyGroup;
    use alluvium_protocol::row::prefix;
    use alluvium_protocol::stamp::Stamp;
    use alluvium_protocol::ttl::Ttl;
    use std::time::Duration;

    use super::*;
    use crate::environment::Environment;

    const STATE: StateId = StateId::new(7);
    const TTL: Ttl = Ttl::new(Duration::from_millis(100)).time(TimeDomain::Event);

    fn lifetimes() -> Arc<Lifetimes> {
        let clock = Environment::system().clock;
        Arc::new(Lifetimes::new(clock, Moment::BEFORE_TIME))
    }

    fn row(state: StateId) -> Vec<u8> {
        prefix(KeyGroup::new(1), state).to_vec()
    }

    #[test]
    fn only_rows_of_known_states_expire() {
        let lifetimes = lifetimes();
        lifetimes.advance(1000);
        let value = Stamp::of(&TTL, Moment::at(0)).to_bytes();

        assert!(!lifetimes.is_expired(&row(STATE), &value));
        lifetimes.know(STATE, StateKind::Value, TimeDomain::Event);
        assert!(lifetimes.is_expired(&row(STATE), &value));
        assert!(!lifetimes.is_expired(&row(StateId::new(8)), &value));
        assert!(!lifetimes.is_expired(&[0, 1, 0], &value));
    }

    #[test]
    fn what_a_snapshot_has_alive_stays_in_the_store_until_it_is_pinned() {
        let lifetimes = lifetimes();
        lifetimes.know(STATE, StateKind::Value, TimeDomain::Event);
        lifetimes.advance(1000);
        let value = Stamp::of(&TTL, Moment::at(1000)).to_bytes();

        let hold = lifetimes.hold();
        lifetimes.advance(1100);
        assert!(!lifetimes.is_expired(&row(STATE), &value));
        assert!(!hold.judge().is_expired(&row(STATE), &value));

        drop(hold);
        assert!(lifetimes.is_expired(&row(STATE), &value));
    }
}
