//! Which entries a state has: each key ‖ namespace once, by key group and then in the order of their bytes, unsigned.
//!
//! The buffer is written to the store first, and the store is read: sorting what is buffered would take as long as
//! writing it, and memory beyond the budget. What follows is lazy: one row is in memory at a time, and the rows of an entry that has many
//! are skipped.
//!
//! What a visit sees of changes made during it is for [`BytesBackend::for_each_entry`] to say. Leaves timers, which are in
//! the order of time, to their queue.

use std::ops::ControlFlow;
use std::sync::Arc;

use alluvium_protocol::key_group::{KeyGroup, KeyGroupRange};
use alluvium_protocol::row::{PREFIX_BYTES, RowRange, StateId, push_prefix};

use super::expiring::Life;
use super::{Address, BytesBackend, StateIndex, is_timers};
use crate::error::{Error, Result};
use crate::store::Store;

/// Says how many of a row's bytes after its prefix are key and namespace.
pub type EntryLength<'l> = dyn Fn(&[u8]) -> Result<usize> + 'l;

/// Sees an entry: its key group, and key ‖ namespace.
type VisitScanned<'v> = dyn FnMut(KeyGroup, &[u8]) -> Result<ControlFlow<()>> + 'v;

/// Rows of one entry that are stepped over before the next entry is looked up: a look-up costs about as much.
const STEPS_MAX: usize = 32;

/// The entries of one state, read from the store while the backend is in use.
#[derive(Debug)]
pub(crate) struct EntryScan {
    store: Arc<dyn Store>,
    state: StateId,
    range: KeyGroupRange,
    /// Of a state with TTL: how its values are judged, all at the moment when the visit began.
    life: Option<Life>,
    is_list: bool,
}

impl EntryScan {
    /// Visits key ‖ namespace of every entry until the visitor breaks.
    pub(crate) fn for_each(
        &self,
        length_of: &EntryLength<'_>,
        visit: &mut VisitScanned<'_>,
    ) -> Result<()> {
        for group in self.range.iter() {
            let mut next = Some(self.rows(group));
            while let Some(rows) = next {
                next = match self.some(&rows, length_of, &mut |entry| visit(group, entry))? {
                    ControlFlow::Break(()) => return Ok(()),
                    ControlFlow::Continue(next) => next,
                };
            }
        }
        Ok(())
    }

    fn rows(&self, group: KeyGroup) -> RowRange {
        let mut prefix = Vec::new();
        push_prefix(&mut prefix, group, self.state);
        RowRange::prefix(&prefix)
    }

    /// Visits entries up to one that has many rows. Returns where to go on behind it.
    fn some(
        &self,
        rows: &RowRange,
        length_of: &EntryLength<'_>,
        visit: &mut dyn FnMut(&[u8]) -> Result<ControlFlow<()>>,
    ) -> Result<ControlFlow<(), Option<RowRange>>> {
        let mut cursor = self.store.scan(rows)?;
        // That was visited last, with its prefix. No other entry begins with its bytes.
        let mut visited: Vec<u8> = Vec::new();
        let mut steps = 0;
        while let Some((row, value)) = cursor.next()? {
            if !visited.is_empty() && row.starts_with(&visited) {
                steps += 1;
                if steps < STEPS_MAX {
                    continue;
                }
                let after = RowRange::prefix(&visited).to().map(<[u8]>::to_vec);
                let to = rows.to().map(<[u8]>::to_vec);
                return Ok(ControlFlow::Continue(
                    after.map(|from| RowRange::new(from, to)),
                ));
            }
            if let Some(life) = &self.life
                && !life.shows(value, self.is_list)?
            {
                continue;
            }
            steps = 0;
            let length = length_of(row.get(PREFIX_BYTES..).unwrap_or_default())?;
            let entry = row.get(..PREFIX_BYTES + length).ok_or_else(|| {
                Error::corrupt(format!(
                    "a row of {} bytes whose key and namespace are to have {length}",
                    row.len()
                ))
            })?;
            visited.clear();
            visited.extend_from_slice(entry);
            if visit(visited.get(PREFIX_BYTES..).unwrap_or_default())?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(None))
    }
}

impl BytesBackend {
    /// Visits every entry of a state once, whatever its number of rows, by key group and then in the unsigned order of key ‖
    /// namespace, until the visitor breaks. `length_of` says where key and namespace end in the bytes that it is
    /// given, which go on behind them in lists and maps.
    ///
    /// The visitor may read and write. What it does to the entry that it is visiting, or to other states, changes nothing
    /// about the visit. Every entry that exists when the visit begins, and that the visitor does not remove before its turn, is
    /// visited; one that comes into being during the visit is visited once or not at all.
    ///
    /// Of a state with TTL, entries are visited whose values a reader would see when the visit begins; expired ones are not
    /// deleted.
    ///
    /// Writes everything buffered to the store first and waits for it: not for every record.
    ///
    /// # Errors
    /// `Invalid` when the state has timers; else as [`BytesBackend::get`], and what the visitor returns.
    pub fn for_each_entry(
        &mut self,
        state: StateIndex,
        length_of: &EntryLength<'_>,
        visit: &mut dyn FnMut(&mut Self, &Address<'_>) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let scan = self.entry_scan(state)?;
        scan.for_each(length_of, &mut |group, key| {
            visit(self, &Address { state, group, key })
        })
    }

    /// The entries of a state that are there now. The scan does not outlive the backend.
    pub(crate) fn entry_scan(&mut self, state: StateIndex) -> Result<EntryScan> {
        let id = self.state_id(state, |kind| !is_timers(kind))?;
        let stamped = self.is_stamped(state);
        let life = stamped.then(|| self.life(state)).transpose()?;
        self.buffer.settle()?;
        Ok(EntryScan {
            store: self.buffer.shared_store(),
            state: id,
            life,
            is_list: self.is_list(state),
            range: self.range,
        })
    }
}
