//! The write buffer: generations of cells in front of the store.
//!
//! ```text
//!  read / write ──► active      mutable, this thread only
//!                   layers      frozen, newest first; flushed ones are a cache
//!                   store       has every generation up to the last flushed one
//! ```
//!
//! Invariants:
//! - the newest layer that knows an entry is right about it; below all layers, the store is;
//! - a freeze moves the active generation onto the layers and does nothing else: no I/O, no work in
//!   proportion to rows;
//! - layers are dropped oldest first and only when flushed, and their memory is given back by a thread that nobody waits for;
//! - memory of all generations stays within the budget, except for the entry being written: the writer
//!   waits for the flusher.
//!
//! Reads bring what they find into the active generation as clean cells, so what is in use survives when
//! old layers go. The buffer knows bytes: types, key groups and time belong to its callers.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use alluvium_protocol::chunk;
use alluvium_protocol::rows_file::ROW_BYTES_MAX;

use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::store::Store;
use arena::At;
use flusher::{Flusher, PinReply};
use generation::Generation;
use table::Hashing;

pub use map::Visit;

mod arena;
mod cell;
mod entries;
pub(crate) mod flusher;
mod generation;
mod list;
mod map;
mod rows;
mod run;
mod sorted;
mod table;

/// Frozen generations kept at the most, once they are flushed. More would make every miss probe more tables;
/// the oldest flushed one goes, whatever the budget.
const LAYERS_MAX: usize = 6;

/// The active generation is frozen when it has this share of the budget: a half. The larger the runs that reach the store,
/// the less often it rewrites what it has (docs/design/0007); a run is flushed while the other half is filled.
const ACTIVE_SHARE: usize = 2;

/// What [`BytesBackend::update`](crate::BytesBackend::update) does to the entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "these are all the things that can happen to a value"
)]
pub enum Update {
    /// The value stays as it was.
    Keep,
    /// The value becomes what was written to the closure's buffer.
    Put,
    /// The value is removed.
    Delete,
}

#[derive(Debug)]
pub(crate) struct Buffer {
    active: Generation,
    layers: VecDeque<Arc<Generation>>,
    layer_bytes: usize,
    store: Arc<dyn Store>,
    /// No row was ever given to the store: what is not here is nowhere.
    store_is_empty: bool,
    flusher: Flusher,
    hashing: Hashing,
    budget_bytes: usize,
    scratch: Vec<u8>,
    waits: u64,
}

impl Buffer {
    /// A buffer over `store`, whose chunks all have generations below `next_generation`.
    pub(crate) fn new(
        store: Arc<dyn Store>,
        store_is_empty: bool,
        next_generation: u64,
        budget_bytes: usize,
        environment: &Environment,
    ) -> Result<Self> {
        let flusher = Flusher::start(Arc::clone(&store), environment)?;
        let (seed, _) = halves(environment.random.bits());
        Ok(Self {
            active: Generation::new(next_generation),
            layers: VecDeque::new(),
            layer_bytes: 0,
            store,
            store_is_empty,
            flusher,
            hashing: Hashing::seeded(seed),
            budget_bytes,
            scratch: Vec::new(),
            waits: 0,
        })
    }

    /// The number that the next generation to be frozen has: above every chunk in the store.
    pub(crate) const fn generation(&self) -> u64 {
        self.active.number
    }

    /// Bytes of all generations, those that wait to be freed included.
    pub(crate) fn bytes(&self) -> usize {
        self.active.bytes() + self.layer_bytes + self.flusher.unreleased_bytes()
    }

    /// How often a writer had to wait for the flusher.
    pub(crate) const fn waits(&self) -> u64 {
        self.waits
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// The value of a single row.
    pub(crate) fn get(&mut self, row: &[u8]) -> Result<Option<&[u8]>> {
        let hash = self.hashing.of(row);
        if let Some(at) = self.active.singles.position(hash, row) {
            return Ok(self.active.singles.record(at).value);
        }
        if self.is_nowhere(hash, row) {
            // Not worth remembering: the next look takes no longer.
            return Ok(None);
        }
        let at = self.load(hash, row)?;
        Ok(self.active.singles.record(at).value)
    }

    /// Sets a single row, or removes it.
    pub(crate) fn put(&mut self, row: &[u8], value: Option<&[u8]>) -> Result<()> {
        let bytes = value.map_or(0, <[u8]>::len);
        check_row(row.len(), bytes)?;
        let hash = self.hashing.of(row);
        let singles = &mut self.active.singles;
        match singles.position(hash, row) {
            // Takes no memory.
            Some(at) if singles.fits(at, bytes) => singles.set(hash, at, value),
            _ => self.put_grown(hash, row, value)?,
        }
        self.active.mark_dirty();
        Ok(())
    }

    /// Sets a row for which there has to be room first; making it may have frozen the generation that had it.
    fn put_grown(&mut self, hash: u64, row: &[u8], value: Option<&[u8]>) -> Result<()> {
        self.make_room()?;
        let singles = &mut self.active.singles;
        match singles.position(hash, row) {
            Some(at) => singles.set(hash, at, value),
            None => drop(singles.insert(hash, row, value, true)),
        }
        Ok(())
    }

    /// Reads, changes and writes a single row with one look-up.
    pub(crate) fn update<R>(
        &mut self,
        row: &[u8],
        change: impl FnOnce(Option<&[u8]>, &mut Vec<u8>) -> Result<(Update, R)>,
    ) -> Result<R> {
        let hash = self.hashing.of(row);
        let at = match self.active.singles.position(hash, row) {
            Some(at) => at,
            None => self.load(hash, row)?,
        };
        let Self {
            active, scratch, ..
        } = self;
        scratch.clear();
        let (update, result) = change(active.singles.record(at).value, scratch)?;
        let value = match update {
            Update::Keep => return Ok(result),
            Update::Put => {
                check_row(row.len(), scratch.len())?;
                Some(&**scratch)
            }
            Update::Delete => None,
        };
        if active.singles.fits(at, value.map_or(0, <[u8]>::len)) {
            active.singles.set(hash, at, value);
        } else {
            let value = std::mem::take(scratch);
            let put = self.put_grown(hash, row, Some(&value));
            self.scratch = value;
            put?;
        }
        self.active.mark_dirty();
        Ok(result)
    }

    /// Whether neither the layers nor the store have anything to say of a row that the active generation does not have.
    fn is_nowhere(&self, hash: u64, row: &[u8]) -> bool {
        let mut layers = self.layers.iter();
        self.store_is_empty && layers.all(|layer| layer.singles.position(hash, row).is_none())
    }

    /// Brings what the layers or the store know of a row into the active generation, which does not have it.
    fn load(&mut self, hash: u64, row: &[u8]) -> Result<At> {
        self.make_room()?;
        let singles = &mut self.active.singles;
        for layer in &self.layers {
            if let Some(record) = layer.singles.find(hash, row) {
                return Ok(singles.insert(hash, row, record.value, false));
            }
        }
        let found = !self.store_is_empty && self.store.get(row, &mut self.scratch)?;
        let value = found.then_some(&*self.scratch);
        Ok(singles.insert(hash, row, value, false))
    }

    /// Freezes the active generation and queues it to be flushed. O(1), no I/O.
    pub(crate) fn freeze(&mut self) -> Result<()> {
        self.flusher.check()?;
        if self.active.is_empty() {
            return Ok(());
        }
        let next = Generation::new(self.active.number + 1);
        let frozen = Arc::new(std::mem::replace(&mut self.active, next));
        self.store_is_empty &= !frozen.is_dirty();
        self.layer_bytes += frozen.bytes();
        self.layers.push_front(Arc::clone(&frozen));
        self.flusher.flush(&frozen)?;
        // Here and not where room is made: checkpoints of a little state each freeze as well.
        while self.layers.len() > LAYERS_MAX && self.drop_oldest_flushed()? {}
        Ok(())
    }

    /// Freezes, and asks for the store's files with all that was written so far.
    pub(crate) fn pin(&mut self, directory: PathBuf, reply: Sender<PinReply>) -> Result<()> {
        self.freeze()?;
        self.flusher.pin(directory, reply)
    }

    /// Waits until the store has all that was written so far.
    pub(crate) fn settle(&mut self) -> Result<()> {
        self.freeze()?;
        let Some(newest) = self.layers.front().map(|layer| layer.number) else {
            return Ok(());
        };
        self.flusher
            .wait_until(|flushed| flushed.through >= Some(newest))
    }

    /// Keeps the buffer within its budget before an entry is read or written.
    #[inline]
    fn make_room(&mut self) -> Result<()> {
        let active_is_full = self.active.bytes_to_grow() >= self.budget_bytes / ACTIVE_SHARE
            || self.active.is_full();
        let below_bytes = self.layer_bytes + self.flusher.unreleased_bytes_at_most();
        if !active_is_full && below_bytes <= self.allowed_bytes() {
            return Ok(());
        }
        if active_is_full {
            self.freeze()?;
        }
        // Snapshots freeze, too, and leave more below than is allowed while the active generation grows again.
        while self.layer_bytes + self.flusher.unreleased_bytes() > self.allowed_bytes() {
            if !self.drop_oldest_flushed()? {
                self.wait_for_flusher()?;
            }
        }
        self.flusher.look();
        Ok(())
    }

    /// What the layers may have, so that a full active generation still fits.
    const fn allowed_bytes(&self) -> usize {
        self.budget_bytes - self.budget_bytes / ACTIVE_SHARE
    }

    fn drop_oldest_flushed(&mut self) -> Result<bool> {
        let flushed = self
            .layers
            .back()
            .is_some_and(|oldest| self.flusher.is_flushed(oldest.number));
        if !flushed {
            return Ok(false);
        }
        if let Some(oldest) = self.layers.pop_back() {
            let bytes = oldest.bytes();
            self.layer_bytes -= bytes;
            self.flusher.release(oldest, bytes);
        }
        Ok(true)
    }

    /// Waits until the oldest layer is flushed or enough memory was given back.
    fn wait_for_flusher(&mut self) -> Result<()> {
        self.waits += 1;
        let oldest = self.layers.back().map(|oldest| oldest.number);
        let (layer_bytes, allowed_bytes) = (self.layer_bytes, self.allowed_bytes());
        self.flusher.wait_until(|flushed| {
            (oldest.is_some() && flushed.through >= oldest)
                || layer_bytes + flushed.unreleased_bytes <= allowed_bytes
        })
    }

    /// Chunks below this generation are in the store only; those from it on are in the layers.
    fn oldest_generation(&self) -> u64 {
        self.layers
            .back()
            .map_or(self.active.number, |oldest| oldest.number)
    }
}

/// Refuses a list element whose chunk no snapshot could hold: it may come after others in it.
pub(crate) fn check_element(row_bytes: usize, element_bytes: usize) -> Result<()> {
    let chunk_bytes = element_bytes.saturating_add(run::CHUNK_BYTES + chunk::LENGTH_BYTES_MAX);
    check_row(row_bytes + chunk::NUMBER_BYTES, chunk_bytes)
}

/// Refuses a row that no snapshot could hold, while the caller can still be told.
pub(crate) fn check_row(row_bytes: usize, value_bytes: usize) -> Result<()> {
    if row_bytes.saturating_add(value_bytes) <= ROW_BYTES_MAX {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "a row of {row_bytes} bytes of key and {value_bytes} of value: rows have at most {ROW_BYTES_MAX}"
    )))
}

/// The two halves of 128 bits.
fn halves(bits: u128) -> (u64, u64) {
    let [a, b, c, d, e, f, g, h, rest @ ..] = bits.to_be_bytes();
    (
        u64::from_be_bytes([a, b, c, d, e, f, g, h]),
        u64::from_be_bytes(rest),
    )
}
