//! How long values live, and how long they have an older form: which states' values are stamped, what time it is, and which values
//! are to be upgraded.
//!
//! Shared by the backend, which reads and advances time, and by stores, savepoints and the sweep, which ask what becomes of rows.
//!
//! Invariants: a state is known here only while all its rows in the store are stamped; event time never goes back; rows that
//! are alive at the event time of a prepared snapshot are in it, however late its files are pinned, and its values have forms that
//! its schema has; a savepoint's rows are judged by what was known and by the times that were when it was prepared, whatever has
//! become of its states since.
//! What a stamp means is [`alluvium_protocol::stamp`]'s to say, and what becomes of a row [`alluvium_protocol::verdict`]'s.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use alluvium_protocol::row::StateId;
use alluvium_protocol::schema::StateKind;
use alluvium_protocol::stamp::Moment;
use alluvium_protocol::ttl::TimeDomain;

use crate::codec::UpgradeValue;
use crate::environment::Clock;
pub(crate) use judge::Judge;
use upgrades::{Upgrade, Upgrades};

mod filter;
mod judge;
pub(crate) mod sweep;
mod upgrades;

/// The states whose rows are stamped: what they hold, and by which time it expires.
type Stamped = BTreeMap<StateId, (StateKind, TimeDomain)>;

/// Which values are stamped, and the time.
pub(crate) struct Lifetimes {
    clock: Arc<dyn Clock>,
    event: EventTime,
    /// Shared with prepared snapshots, which keep what was known.
    states: RwLock<Arc<Stamped>>,
    upgrades: Upgrades,
    /// Whether there is any state, stamped or to be upgraded: for stores, which ask for every row.
    any: AtomicBool,
    /// Event times of snapshots whose files may not be pinned yet.
    held: Mutex<BTreeMap<u64, Moment>>,
    holds: AtomicU64,
    /// The time of the clock that rows in the store are judged by, while it stands still for them.
    still: Mutex<Option<Moment>>,
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
            upgrades: Upgrades::default(),
            any: AtomicBool::new(false),
            held: Mutex::default(),
            holds: AtomicU64::new(0),
            still: Mutex::default(),
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
        Arc::make_mut(&mut states).insert(state, (kind, time));
        self.any.store(true, Ordering::Release);
    }

    /// From now on values of the state that the store writes again may get their newest form by `function`. Snapshots that were
    /// prepared before may not know of that form: it waits until their files are pinned.
    pub(crate) fn upgrade(&self, state: StateId, kind: StateKind, function: Arc<UpgradeValue>) {
        let since = self.holds.load(Ordering::Relaxed);
        self.upgrades
            .set(state, Upgrade::new(kind, since, function));
        self.any.store(true, Ordering::Release);
    }

    /// No value of the state that is written from now on is upgraded.
    pub(crate) fn forget_upgrade(&self, state: StateId) {
        self.upgrades.forget(state);
    }

    fn stamped(&self, state: StateId) -> Option<(StateKind, TimeDomain)> {
        let states = self.states.read().unwrap_or_else(PoisonError::into_inner);
        states.get(&state).copied()
    }

    /// Whether all snapshots whose files may not be pinned yet have this number or a larger one.
    fn all_held_since(&self, number: u64) -> bool {
        let held = self.held();
        held.keys().next().is_none_or(|&first| first >= number)
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
        let event = self.event.get();
        self.held().insert(number, event);
        let states = self.states.read().unwrap_or_else(PoisonError::into_inner);
        Hold {
            lifetimes: Arc::clone(self),
            number,
            event,
            processing: self.moment(TimeDomain::Processing),
            states: Arc::clone(&states),
        }
    }

    /// Keeps what is alive now, by either time, in the store until it is dropped: for who finds elements again by their place among
    /// those that live. One at a time.
    pub(crate) fn stand_still(self: &Arc<Self>) -> Still {
        *self.still() = Some(self.moment(TimeDomain::Processing));
        Still {
            lifetimes: Arc::clone(self),
            _event: self.hold(),
        }
    }

    fn still(&self) -> MutexGuard<'_, Option<Moment>> {
        // Replaced whole, whatever panicked.
        self.still.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time of the clock that rows in the store are judged by.
    fn settled_clock(&self) -> Moment {
        let still = *self.still();
        still.unwrap_or_else(|| self.moment(TimeDomain::Processing))
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
}

impl fmt::Debug for Lifetimes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lifetimes")
            .field("event", &self.event)
            .field("states", &self.states())
            .field("upgrades", &self.upgrades)
            .finish_non_exhaustive()
    }
}

/// Keeps what was alive when it was made, by either time.
#[derive(Debug)]
pub(crate) struct Still {
    lifetimes: Arc<Lifetimes>,
    _event: Hold,
}

impl Drop for Still {
    fn drop(&mut self) {
        *self.lifetimes.still() = None;
    }
}

/// Keeps rows in the store that are alive at the event time of a snapshot.
#[derive(Debug)]
pub(crate) struct Hold {
    lifetimes: Arc<Lifetimes>,
    number: u64,
    event: Moment,
    processing: Moment,
    states: Arc<Stamped>,
}

impl Hold {
    /// The event time of the snapshot.
    pub(crate) const fn event_time(&self) -> Moment {
        self.event
    }

    /// What had expired when the hold was made.
    pub(crate) fn judge(&self) -> Judge {
        Judge::new(self.event, self.processing, Arc::clone(&self.states))
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.lifetimes.held().remove(&self.number);
    }
}

#[cfg(test)]
mod tests;
