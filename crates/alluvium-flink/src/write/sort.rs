//! Rows by key group, state and key, however many: sorted in memory in parts, which wait in files and are merged.
//!
//! `part` is a file of sorted rows, `merged` what several of them are together.
//!
//! Files have no names, so that nothing is left of them. Memory: [`PART_BYTES`] and the largest row, then a buffer for each part that is merged.

mod merged;
mod part;

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use alluvium_protocol::key_group::KeyGroup;

use self::part::{failed, write};
use crate::error::Result;

pub(crate) use merged::Merged;

/// Bytes of rows that are sorted in memory at a time.
const PART_BYTES: usize = 64 << 20;

/// Parts that are merged at a time: so many files are open, with a buffer each.
const MERGED_MAX: usize = 64;

/// Bytes of a part's buffer.
const BUFFER_BYTES: usize = 64 << 10;

/// Takes rows in any order.
pub(crate) struct Sorter {
    /// Where files are made.
    folder: PathBuf,
    part_bytes: usize,
    bytes: Vec<u8>,
    rows: Vec<Held>,
    parts: Vec<File>,
}

/// A row in memory: where its key and value are.
#[derive(Clone, Copy)]
struct Held {
    group: u16,
    state: u16,
    start: usize,
    key: usize,
    end: usize,
}

impl Sorter {
    pub(crate) fn new(folder: &Path) -> Self {
        Self::with_parts_of(PART_BYTES, folder)
    }

    fn with_parts_of(part_bytes: usize, folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            part_bytes,
            bytes: Vec::new(),
            rows: Vec::new(),
            parts: Vec::new(),
        }
    }

    /// Takes a row.
    ///
    /// # Errors
    /// `Unavailable` when a file cannot be written.
    pub(crate) fn add(
        &mut self,
        group: KeyGroup,
        state: u16,
        key: &[&[u8]],
        value: &[u8],
    ) -> Result<()> {
        let start = self.bytes.len();
        for part in key {
            self.bytes.extend_from_slice(part);
        }
        let key = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.rows.push(Held {
            group: group.get(),
            state,
            start,
            key,
            end: self.bytes.len(),
        });
        if self.bytes.len() + self.rows.len() * size_of::<Held>() >= self.part_bytes {
            self.spill()?;
        }
        Ok(())
    }

    /// All rows, in order.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub(crate) fn finish(mut self) -> Result<Merged> {
        self.spill()?;
        self.bytes = Vec::new();
        while self.parts.len() > MERGED_MAX {
            let some = self.parts.drain(..MERGED_MAX).collect();
            let mut merged = Merged::new(some)?;
            let mut part = BufWriter::with_capacity(BUFFER_BYTES, self.file()?);
            while let Some(row) = merged.next()? {
                write(&mut part, row.group, row.state, &row.key, &row.value)?;
            }
            self.parts.push(
                part.into_inner()
                    .map_err(|error| failed(error.into_error()))?,
            );
        }
        Merged::new(self.parts)
    }

    fn spill(&mut self) -> Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let bytes = &self.bytes;
        let of = |from: usize, to: usize| bytes.get(from..to).unwrap_or_default();
        self.rows.sort_by(|one, other| {
            let place = |row: &Held| (row.group, row.state);
            let key = |row: &Held| of(row.start, row.key);
            place(one)
                .cmp(&place(other))
                .then_with(|| key(one).cmp(key(other)))
        });
        let mut part = BufWriter::with_capacity(BUFFER_BYTES, self.file()?);
        for row in &self.rows {
            let (key, value) = (of(row.start, row.key), of(row.key, row.end));
            write(&mut part, row.group, row.state, key, value)?;
        }
        self.parts.push(
            part.into_inner()
                .map_err(|error| failed(error.into_error()))?,
        );
        self.rows.clear();
        self.bytes.clear();
        Ok(())
    }

    fn file(&self) -> Result<File> {
        tempfile::tempfile_in(&self.folder).map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::part::Sorted;
    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn rows_come_out_in_order_however_many_parts_there_are(
            rows in proptest::collection::vec((0_u16..4, 0_u16..3, ".{0,6}", ".{0,6}"), 0..200),
            part_bytes in 1_usize..4000,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let mut sorter = Sorter::with_parts_of(part_bytes, folder.path());
            let mut expected = Vec::new();
            for (group, state, key, value) in rows {
                let (key, value) = (key.into_bytes(), value.into_bytes());
                sorter.add(KeyGroup::new(group), state, &[&key], &value).unwrap();
                expected.push(Sorted { group, state, key, value });
            }
            // Equal keys of one state do not occur; here they may come in any order.
            let place = |row: &Sorted| (row.group, row.state, row.key.clone());
            expected.sort_by_key(place);

            let mut merged = sorter.finish().unwrap();
            let mut found = Vec::new();
            while let Some(row) = merged.next().unwrap() {
                found.push(place(row));
            }

            prop_assert_eq!(found, expected.iter().map(place).collect::<Vec<_>>());
            prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }
}
