//! Single rows in the buffer: values, of which the newest record is right, and the store where there is none.
//!
//! Invariant: a row that is there is read, and replaced where its record is, without asking for room before, because that takes no
//! memory. Making room may move records: where one was has to be looked up again.

use super::block::{At, Replaced};
use super::record::Record;
use super::{Buffer, Update, check_row};
use crate::error::Result;

/// A record that has no more bytes than this is kept when it is read for the first time: it pushes out little, and so many of
/// them fit that the second time comes late.
const SMALL_BYTES: usize = 128;

impl Buffer {
    /// The value of a single row.
    pub(crate) fn get(&mut self, row: &[u8]) -> Result<Option<&[u8]>> {
        let hash = self.hashing.of(row);
        if let Some(at) = self.singles.find(hash, row) {
            return Ok(self.singles.record(at).value);
        }
        if self.store_is_empty {
            // Not worth remembering: the next look takes no longer.
            return Ok(None);
        }
        let is_stored = self.store.get(row, &mut self.found)?;
        self.remember(hash, row, is_stored)?;
        Ok(is_stored.then_some(&*self.found))
    }

    /// Sets a single row, or removes it.
    pub(crate) fn put(&mut self, row: &[u8], value: Option<&[u8]>) -> Result<()> {
        check_row(row.len(), value.map_or(0, <[u8]>::len))?;
        let hash = self.hashing.of(row);
        let Some(at) = self.singles.find(hash, row) else {
            return self.append(hash, row, None, value);
        };
        match self.singles.replace(at, value) {
            Replaced::InPlace => Ok(()),
            Replaced::InCleanBlock => self.make_room(),
            Replaced::No => self.append(hash, row, Some(at), value),
        }
    }

    /// Reads, changes and writes a single row with one look-up.
    pub(crate) fn update<R>(
        &mut self,
        row: &[u8],
        change: impl FnOnce(Option<&[u8]>, &mut Vec<u8>) -> Result<(Update, R)>,
    ) -> Result<R> {
        let hash = self.hashing.of(row);
        let Some(at) = self.singles.find(hash, row) else {
            return self.update_stored(hash, row, change);
        };
        let Self {
            singles, scratch, ..
        } = self;
        scratch.clear();
        let (update, result) = change(singles.record(at).value, scratch)?;
        let value = match update {
            Update::Keep => return Ok(result),
            Update::Put => {
                check_row(row.len(), scratch.len())?;
                Some(&**scratch)
            }
            Update::Delete => None,
        };
        match singles.replace(at, value) {
            Replaced::InPlace => {}
            // A run that is flushed has no more than its share, rows that were only read before included.
            Replaced::InCleanBlock => self.make_room()?,
            Replaced::No => {
                let put = value.is_some();
                self.append_scratch(hash, row, Some(at), put)?;
            }
        }
        Ok(result)
    }

    /// The same for a row that is not in memory.
    fn update_stored<R>(
        &mut self,
        hash: u64,
        row: &[u8],
        change: impl FnOnce(Option<&[u8]>, &mut Vec<u8>) -> Result<(Update, R)>,
    ) -> Result<R> {
        let is_stored = !self.store_is_empty && self.store.get(row, &mut self.found)?;
        let Self { found, scratch, .. } = self;
        scratch.clear();
        let (update, result) = change(is_stored.then_some(&**found), scratch)?;
        match update {
            Update::Keep if self.store_is_empty => {}
            Update::Keep => self.remember(hash, row, is_stored)?,
            Update::Put => {
                check_row(row.len(), self.scratch.len())?;
                self.append_scratch(hash, row, None, true)?;
            }
            Update::Delete => self.append(hash, row, None, None)?,
        }
        Ok(result)
    }

    /// Adds what the store said of a row, `found` or that it has none, unless others would have to go for a large one that is
    /// read for the first time.
    fn remember(&mut self, hash: u64, row: &[u8], is_stored: bool) -> Result<()> {
        let value_bytes = if is_stored { self.found.len() } else { 0 };
        let is_small = Record::bytes(row, value_bytes) <= SMALL_BYTES;
        if !is_small && self.is_tight() && !self.singles.admit(hash) {
            return Ok(());
        }
        self.make_room()?;
        let (value, dirty) = (is_stored.then_some(&*self.found), false);
        self.singles.insert(hash, Record { row, value, dirty });
        Ok(())
    }

    /// Writes a new record as [`Self::append`] does, with what is in `scratch` or without a value.
    #[inline(never)]
    fn append_scratch(&mut self, hash: u64, row: &[u8], at: Option<At>, put: bool) -> Result<()> {
        let value = std::mem::take(&mut self.scratch);
        let appended = self.append(hash, row, at, put.then_some(&*value));
        self.scratch = value;
        appended
    }

    /// Writes a new record for a row whose newest one, if it has any, is at `at`.
    #[inline(never)]
    fn append(
        &mut self,
        hash: u64,
        row: &[u8],
        mut at: Option<At>,
        value: Option<&[u8]>,
    ) -> Result<()> {
        if !self.has_room() {
            self.make_room_now(0)?;
            at = self.singles.find(hash, row);
        }
        match at {
            Some(at) => self.singles.rewrite(hash, at, row, value),
            None => {
                let dirty = true;
                self.singles.insert(hash, Record { row, value, dirty });
            }
        }
        Ok(())
    }
}
