//! The write buffer: what was written and read lately, in front of the store.
//!
//! ```text
//!  read / write ──► single rows   of all generations: one index over a log of blocks
//!               ──► active        lists and maps; mutable, this thread only
//!                   layers        lists and maps of frozen generations, newest first; flushed ones are a cache
//!                   store         has every generation up to the last flushed one
//! ```
//!
//! Invariants:
//! - a row's newest record is right about it, and the newest layer that knows an entry about that; below them, the store is;
//! - a freeze ends the generation: no I/O, no work in proportion to rows. It marks blocks, and moves the active lists and maps
//!   onto the layers; then it clears away a few old small blocks, and layers beyond the most that there may be;
//! - blocks and layers are dropped oldest first and only when the store has what they say. Those of layers are freed by a thread
//!   that nobody waits for;
//! - memory of all generations stays within the budget, except for the entry being written (`room.rs`).
//!
//! What is read is kept as clean rows and cells of the active generation; single rows that are asked for again stay when
//! their block goes (`rows.rs`). The buffer knows bytes: types, key groups and time belong to its callers.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use alluvium_protocol::chunk;
use alluvium_protocol::rows_file::ROW_BYTES_MAX;

use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::store::Store;
use block::Block;
use flusher::{Flusher, PinReply};
use generation::Generation;
use rows::Rows;
use table::Hashing;

pub use map::Visit;

mod admission;
mod block;
mod cell;
mod entries;
pub(crate) mod flusher;
mod generation;
mod index;
mod list;
mod log;
mod map;
mod record;
mod room;
mod rows;
mod run;
mod single;
mod sorted;
mod table;

/// Frozen generations kept at the most, once they are flushed. More would make every miss probe more tables;
/// the oldest flushed one goes, whatever the budget.
const LAYERS_MAX: usize = 6;

/// Blocks that a freeze drops because little in them counts, or nothing: a checkpoint of a little state begins one. More would
/// hold the stream up after a million rows were rewritten; they go when their memory is needed.
const BLOCKS_GATHERED: usize = 4;

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
    /// Single rows of all generations.
    singles: Rows,
    /// Lists and maps of the active generation.
    active: Generation,
    /// Those of frozen ones, newest first.
    layers: VecDeque<Arc<Generation>>,
    layer_bytes: usize,
    /// The newest generation that was frozen.
    frozen: Option<u64>,
    store: Arc<dyn Store>,
    /// No row was ever given to the store: what is not here is nowhere.
    store_is_empty: bool,
    flusher: Flusher,
    hashing: Hashing,
    budget_bytes: usize,
    /// The value of the row that was last read from the store.
    found: Vec<u8>,
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
            singles: Rows::new(next_generation),
            active: Generation::new(next_generation),
            frozen: None,
            layers: VecDeque::new(),
            layer_bytes: 0,
            store,
            store_is_empty,
            flusher,
            hashing: Hashing::seeded(seed),
            budget_bytes,
            found: Vec::new(),
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
        let below_bytes = self.layer_bytes + self.flusher.unreleased_bytes();
        self.singles.bytes() + self.active.bytes() + below_bytes
    }

    /// How often a writer had to wait for the flusher.
    pub(crate) const fn waits(&self) -> u64 {
        self.waits
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// The store, to be read while the buffer is in use.
    pub(crate) fn shared_store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    /// Freezes the active generation and queues it to be flushed. No I/O, no work in proportion to rows.
    pub(crate) fn freeze(&mut self) -> Result<()> {
        self.flusher.check()?;
        if self.active.is_empty() && !self.singles.is_dirty() {
            return Ok(());
        }
        let number = self.active.number;
        let singles = self.singles.freeze();
        let frozen = Arc::new(std::mem::replace(
            &mut self.active,
            Generation::new(number + 1),
        ));
        self.store_is_empty &= !frozen.is_dirty() && singles.is_empty();
        self.frozen = Some(number);
        if !frozen.is_empty() {
            self.layer_bytes += frozen.bytes();
            self.layers.push_front(Arc::clone(&frozen));
        }
        self.flusher.flush(frozen, singles)?;
        // Here and not where room is made: checkpoints of a little state each freeze as well.
        while self.layers.len() > LAYERS_MAX && self.drop_oldest_layer()? {}
        for _ in 0..BLOCKS_GATHERED {
            if !self.drop_oldest_rows(Block::is_dead) && !self.gather_oldest_rows() {
                break;
            }
        }
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
        let frozen = self.frozen;
        self.flusher.wait_until(|flushed| flushed.through >= frozen)
    }

    /// Forgets what it has of lists and maps once the store has all of it, for their rows are going to change there.
    pub(crate) fn forget_collections(&mut self) -> Result<()> {
        self.settle()?;
        while self.drop_oldest_layer()? {}
        Ok(())
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
