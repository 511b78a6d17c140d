//! Rewrites all rows of a state: for what changes how its values are stored.
//!
//! Rows go through the write buffer as any others, so that snapshots and the memory budget need not know of it. Invariants: memory
//! holds [`BATCH_BYTES`] of rows at a time and what the write buffer may have; when it returns, the store has every rewritten row.
//! Nothing outlives the process before a snapshot. A rewrite that fails half way breaks the backend (`BytesBackend::broken`): it
//! takes no snapshot and registers no state any more. A state that was registered before can still be read, and what is read
//! may have the old form or the new one.
//!
//! Must not be used for a state that was read or written through this backend already, unless `Buffer::forget_collections` was
//! called first: the buffer may have what it says of lists and maps as they were.

use alluvium_protocol::row::{PREFIX_BYTES, RowRange, StateId, push_prefix};

use super::BytesBackend;
use crate::error::{Error, ErrorKind, Result};

/// Rows that are read before those that changed are written: long beside opening a scan, short beside a memory budget.
const BATCH_BYTES: usize = 256 << 10;

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rewritten {
    /// It gets the value that was written to the closure's buffer.
    Put,
    /// It is removed.
    Deleted,
}

/// Makes a row's new value: it is given what follows the row's prefix, the value, and an empty buffer.
pub(crate) type Rewrite<'r> = dyn FnMut(&[u8], &[u8], &mut Vec<u8>) -> Result<Rewritten> + 'r;

impl BytesBackend {
    /// Rewrites all rows of a state by `rewrite`. Returns how many there were.
    ///
    /// # Errors
    /// Those of the store, and of `rewrite`. The backend is broken then.
    pub(crate) fn rewrite_rows(
        &mut self,
        state: StateId,
        rewrite: &mut Rewrite<'_>,
    ) -> Result<u64> {
        let rewritten = self.rewrite_all(state, rewrite);
        if let Err(error) = &rewritten {
            self.broken = Some(format!(
                "rows of state number {state} are half rewritten: {error}"
            ));
        }
        rewritten
    }

    /// Refuses to go on with what is half written.
    pub(crate) fn check_whole(&self) -> Result<()> {
        match &self.broken {
            None => Ok(()),
            Some(message) => Err(Error::new(
                ErrorKind::Unavailable,
                format!("{message}; restore the backend again"),
            )),
        }
    }

    fn rewrite_all(&mut self, state: StateId, rewrite: &mut Rewrite<'_>) -> Result<u64> {
        self.buffer.settle()?;
        let mut rows = 0;
        for group in self.range.iter() {
            self.row.clear();
            push_prefix(&mut self.row, group, state);
            let mut rest = RowRange::prefix(&self.row);
            while let Some(last) = self.rewrite_batch(&rest, rewrite, &mut rows)? {
                let after = [&last[..], &[0]].concat();
                rest = RowRange::new(after, rest.to().map(<[u8]>::to_vec));
            }
        }
        if rows > 0 {
            // Reads of lists and maps look for them in the store.
            self.buffer.settle()?;
        }
        Ok(rows)
    }

    /// Returns the last row it rewrote, if there may be more.
    fn rewrite_batch(
        &mut self,
        range: &RowRange,
        rewrite: &mut Rewrite<'_>,
        rows: &mut u64,
    ) -> Result<Option<Vec<u8>>> {
        let mut batch = Vec::new();
        let mut bytes = 0;
        let mut stored = self.buffer.store().scan(range)?;
        while bytes < BATCH_BYTES
            && let Some((row, value)) = stored.next()?
        {
            let mut new = Vec::new();
            let rest = row.get(PREFIX_BYTES..).unwrap_or_default();
            let put = rewrite(rest, value, &mut new)? == Rewritten::Put;
            bytes += row.len() + value.len() + new.len();
            batch.push((row.to_vec(), put.then_some(new)));
        }
        drop(stored);
        *rows += u64::try_from(batch.len()).unwrap_or(u64::MAX);
        for (row, value) in &batch {
            self.buffer.put(row, value.as_deref())?;
        }
        Ok(batch
            .pop()
            .map(|(row, _)| row)
            .filter(|_| bytes >= BATCH_BYTES))
    }
}
