//! Single rows in the buffer: values, of which the newest record is right, and the store where there is none.
//!
//! Invariant: a row that is there is read, and replaced where its record is, without asking for room, because that takes no memory.
//! Making room may move records: where one was has to be looked up again.

use super::block::At;
use super::record::Record;
use super::{Buffer, Update, check_row};
use crate::error::Result;

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
        self.make_room()?;
        let found = self.store.get(row, &mut self.found)?;
        let value = found.then_some(&*self.found);
        let dirty = false;
        let at = self.singles.insert(hash, Record { row, value, dirty });
        Ok(self.singles.record(at).value)
    }

    /// Sets a single row, or removes it.
    pub(crate) fn put(&mut self, row: &[u8], value: Option<&[u8]>) -> Result<()> {
        check_row(row.len(), value.map_or(0, <[u8]>::len))?;
        let hash = self.hashing.of(row);
        let at = self.singles.find(hash, row);
        if at.is_some_and(|at| self.singles.replace(at, value)) {
            return Ok(());
        }
        self.append(hash, row, at, value)
    }

    /// Reads, changes and writes a single row with one look-up.
    pub(crate) fn update<R>(
        &mut self,
        row: &[u8],
        change: impl FnOnce(Option<&[u8]>, &mut Vec<u8>) -> Result<(Update, R)>,
    ) -> Result<R> {
        let hash = self.hashing.of(row);
        let at = self.singles.find(hash, row);
        let Self {
            singles,
            store,
            found,
            scratch,
            ..
        } = self;
        let known = match at {
            Some(at) => singles.record(at).value,
            None if self.store_is_empty => None,
            None => store.get(row, found)?.then_some(&**found),
        };
        scratch.clear();
        let (update, result) = change(known, scratch)?;
        let value = match update {
            Update::Keep if at.is_some() || self.store_is_empty => return Ok(result),
            Update::Keep => {
                let was = known.is_some();
                self.make_room()?;
                let (value, dirty) = (was.then_some(&*self.found), false);
                self.singles.insert(hash, Record { row, value, dirty });
                return Ok(result);
            }
            Update::Put => {
                check_row(row.len(), scratch.len())?;
                Some(&**scratch)
            }
            Update::Delete => None,
        };
        if at.is_some_and(|at| singles.replace(at, value)) {
            return Ok(result);
        }
        let is_put = value.is_some();
        let value = std::mem::take(scratch);
        let appended = self.append(hash, row, at, is_put.then_some(&*value));
        self.scratch = value;
        appended?;
        Ok(result)
    }

    /// Writes a new record for a row whose newest one, if it has any, is at `at`.
    fn append(
        &mut self,
        hash: u64,
        row: &[u8],
        mut at: Option<At>,
        value: Option<&[u8]>,
    ) -> Result<()> {
        if !self.has_room() {
            self.make_room_now()?;
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
