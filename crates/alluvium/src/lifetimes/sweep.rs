//! The sweep: gives back the space of expired rows that no read and no compaction has met.
//!
//! A pass reads rows of states with TTL, key group by key group, and has the store rewrite what is worth it. It is a thread of
//! its own, started by a snapshot when the last pass is long enough ago and has ended.
//!
//! Invariants: a pass changes nothing that anybody sees; it reads at most [`ROWS_MAX`] rows, and the next one goes on where
//! it ended; when [`Sweep`] is dropped the thread has ended and the store is no longer held. A failure costs space and
//! nothing else: it is logged.

use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use alluvium_protocol::key_group::KeyGroupRange;
use alluvium_protocol::row::{RowRange, prefix};

use super::Lifetimes;
use crate::environment::Environment;
use crate::error::{ErrorKind, Result};
use crate::storage::Cancel;
use crate::store::{RowFilter, Store, Verdict};

/// Rows that a pass reads at most: a second or two of reading.
const ROWS_MAX: u64 = 1 << 20;

/// What a pass needs.
struct Pass {
    store: Arc<dyn Store>,
    lifetimes: Arc<Lifetimes>,
    range: KeyGroupRange,
    /// The row that the last pass ended at; empty after the last row.
    place: Arc<Mutex<Vec<u8>>>,
    rows_max: u64,
}

/// The backend's end of it.
#[derive(Debug)]
pub(crate) struct Sweep {
    store: Arc<dyn Store>,
    lifetimes: Arc<Lifetimes>,
    range: KeyGroupRange,
    environment: Environment,
    interval: Duration,
    place: Arc<Mutex<Vec<u8>>>,
    began: Duration,
    running: Option<Receiver<()>>,
    cancel: Cancel,
}

impl Sweep {
    /// Nothing is swept before `interval` has passed.
    pub(crate) fn new(
        store: Arc<dyn Store>,
        lifetimes: Arc<Lifetimes>,
        range: KeyGroupRange,
        environment: Environment,
        interval: Duration,
    ) -> Self {
        let began = environment.clock.monotonic();
        Self {
            store,
            lifetimes,
            range,
            environment,
            interval,
            place: Arc::default(),
            began,
            running: None,
            cancel: Cancel::new(),
        }
    }

    /// Starts a pass if it is time for one. Never waits.
    pub(crate) fn wake(&mut self) {
        if self.lifetimes.states().is_empty() || self.is_running() {
            return;
        }
        let now = self.environment.clock.monotonic();
        if now < self.began.saturating_add(self.interval) {
            return;
        }
        self.began = now;
        let pass = Pass {
            store: Arc::clone(&self.store),
            lifetimes: Arc::clone(&self.lifetimes),
            range: self.range,
            place: Arc::clone(&self.place),
            rows_max: ROWS_MAX,
        };
        let (end, ended) = channel();
        let cancel = self.cancel.clone();
        let task = Box::new(move || run(pass, &cancel, end));
        match self.environment.spawn.spawn("alluvium-sweep", task) {
            Ok(()) => self.running = Some(ended),
            Err(error) => tracing::warn!(%error, "expired rows keep their space for now"),
        }
    }

    fn is_running(&self) -> bool {
        let ended = self.running.as_ref().map(Receiver::try_recv);
        matches!(ended, Some(Err(TryRecvError::Empty)))
    }
}

impl Drop for Sweep {
    fn drop(&mut self) {
        self.cancel.cancel();
        if let Some(ended) = self.running.take() {
            // Ends with a disconnect, never with a message: the thread only drops its sender.
            ended.recv().unwrap_or_default();
        }
    }
}

fn run(pass: Pass, cancel: &Cancel, end: Sender<()>) {
    if let Err(error) = pass.run(cancel)
        && error.kind() != ErrorKind::Cancelled
    {
        tracing::warn!(?error, "expired rows keep their space for now");
    }
    // Whoever waits for the end may remove the store's directory: let go of the store first.
    drop(pass);
    drop(end);
}

/// Whether a row that is written again gives back half of its space.
const fn gives_back(verdict: Verdict, value: &[u8], changed: &[u8]) -> bool {
    match verdict {
        Verdict::Keep => false,
        Verdict::Drop => true,
        Verdict::Change => changed.len() <= value.len() / 2,
    }
}

/// What was found in rows of one state and key group.
#[derive(Debug, Default)]
struct Found {
    rows: u64,
    expired: u64,
    /// The first and the last expired row.
    bounds: Option<(Vec<u8>, Vec<u8>)>,
}

impl Found {
    fn note(&mut self, row: &[u8], expired: bool) {
        self.rows += 1;
        if expired {
            self.expired += 1;
            match &mut self.bounds {
                None => self.bounds = Some((row.to_vec(), row.to_vec())),
                Some((_, last)) => {
                    last.clear();
                    last.extend_from_slice(row);
                }
            }
        }
    }

    /// The rows to rewrite. Half of them have to be expired: so each byte that is written for it has given back another, as
    /// when a heap is collected.
    fn worth(self) -> Option<RowRange> {
        let (first, mut last) = self.bounds?;
        (self.expired * 2 >= self.rows).then(|| {
            last.push(0);
            RowRange::new(first, Some(last))
        })
    }
}

impl Pass {
    fn run(&self, cancel: &Cancel) -> Result<()> {
        let mut left = self.rows_max;
        let states = self.lifetimes.states();
        let ranges = self.range.iter().flat_map(|group| {
            let of_state = move |&state| RowRange::prefix(&prefix(group, state));
            states.iter().map(of_state)
        });
        let rest = RowRange::new(self.place(), None);
        for range in ranges {
            let Some(range) = range.intersection(&rest) else {
                continue;
            };
            let stopped = self.sweep(&range, &mut left, cancel)?;
            if let Some(row) = stopped {
                self.set_place(row);
                return Ok(());
            }
        }
        self.set_place(Vec::new());
        Ok(())
    }

    /// Returns the row to go on at when no more may be read.
    fn sweep(&self, range: &RowRange, left: &mut u64, cancel: &Cancel) -> Result<Option<Vec<u8>>> {
        let mut found = Found::default();
        let mut stopped = None;
        let mut changed = Vec::new();
        let mut rows = self.store.scan(range)?;
        while let Some((row, value)) = rows.next()? {
            if *left == 0 {
                stopped = Some(row.to_vec());
                break;
            }
            *left -= 1;
            if found.rows.is_multiple_of(1024) {
                cancel.check("sweeping expired rows")?;
            }
            changed.clear();
            let verdict = self.lifetimes.filter(row, value, &mut changed);
            found.note(row, gives_back(verdict, value, &changed));
        }
        drop(rows);
        if let Some(expired) = found.worth() {
            self.store.rewrite(&expired, cancel)?;
        }
        Ok(stopped)
    }

    fn place(&self) -> Vec<u8> {
        // Replaced whole, whatever panicked.
        let place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        place.clone()
    }

    fn set_place(&self, row: Vec<u8>) {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = row;
    }
}

#[cfg(test)]
mod tests;
