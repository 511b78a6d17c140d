//! Rows by key group, state and key, however many: sorted in memory in parts, which wait in files and are merged.
//!
//! ```text
//! row in a file   group:u16 state:u16 key length:u32 value length:u32 key value        big-endian; lengths in bytes
//! ```
//!
//! Files have no names, so that nothing is left of them. Memory: [`PART_BYTES`] and the largest row, then a buffer for each part that is merged.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use alluvium_protocol::key_group::KeyGroup;

use crate::error::{Error, Result};

/// Bytes of rows that are sorted in memory at a time.
const PART_BYTES: usize = 64 << 20;

/// Parts that are merged at a time: so many files are open, with a buffer each.
const MERGED_MAX: usize = 64;

/// Bytes of a part's buffer.
const BUFFER_BYTES: usize = 64 << 10;

/// Takes rows in any order.
pub(super) struct Sorter {
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

/// A row that is next in its part.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sorted {
    pub(super) group: u16,
    pub(super) state: u16,
    pub(super) key: Vec<u8>,
    pub(super) value: Vec<u8>,
}

impl Sorter {
    pub(super) fn new(folder: &Path) -> Self {
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
    pub(super) fn add(
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
    pub(super) fn finish(mut self) -> Result<Merged> {
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

/// Rows in order.
pub(super) struct Merged {
    parts: Vec<BufReader<File>>,
    /// The next row of each part that has one.
    next: BinaryHeap<Reverse<(Sorted, usize)>>,
    /// The part whose row was handed out last.
    taken: Option<usize>,
    current: Sorted,
}

impl Merged {
    fn new(parts: Vec<File>) -> Result<Self> {
        let mut merged = Self {
            parts: Vec::new(),
            next: BinaryHeap::new(),
            taken: None,
            current: Sorted::default(),
        };
        for (nth, mut part) in parts.into_iter().enumerate() {
            part.rewind().map_err(failed)?;
            merged
                .parts
                .push(BufReader::with_capacity(BUFFER_BYTES, part));
            merged.advance(nth)?;
        }
        Ok(merged)
    }

    /// The key group of the next row.
    ///
    /// # Errors
    /// `Unavailable` when a file cannot be read.
    pub(super) fn group(&mut self) -> Result<Option<u16>> {
        if let Some(taken) = self.taken.take() {
            self.advance(taken)?;
        }
        Ok(self.next.peek().map(|Reverse((row, _))| row.group))
    }

    /// The next row.
    ///
    /// # Errors
    /// As [`Self::group`].
    pub(super) fn next(&mut self) -> Result<Option<&Sorted>> {
        self.group()?;
        let Some(Reverse((row, part))) = self.next.pop() else {
            return Ok(None);
        };
        self.taken = Some(part);
        self.current = row;
        Ok(Some(&self.current))
    }

    fn advance(&mut self, nth: usize) -> Result<()> {
        let Some(part) = self.parts.get_mut(nth) else {
            return Ok(());
        };
        if let Some(row) = read(part)? {
            self.next.push(Reverse((row, nth)));
        }
        Ok(())
    }
}

fn write(
    part: &mut BufWriter<File>,
    group: u16,
    state: u16,
    key: &[u8],
    value: &[u8],
) -> Result<()> {
    let mut head = [0; 12];
    let [g, s, k, v] = [
        u32::from(group),
        u32::from(state),
        length(key)?,
        length(value)?,
    ];
    for (to, from) in head.iter_mut().zip(
        g.to_be_bytes()
            .iter()
            .skip(2)
            .chain(s.to_be_bytes().iter().skip(2))
            .chain(&k.to_be_bytes())
            .chain(&v.to_be_bytes()),
    ) {
        *to = *from;
    }
    part.write_all(&head).map_err(failed)?;
    part.write_all(key).map_err(failed)?;
    part.write_all(value).map_err(failed)
}

fn read(part: &mut BufReader<File>) -> Result<Option<Sorted>> {
    let mut head = [0; 12];
    match part.read_exact(&mut head) {
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read.map_err(failed)?,
    }
    let [g0, g1, s0, s1, k0, k1, k2, k3, v0, v1, v2, v3] = head;
    let mut bytes = |length: [u8; 4]| {
        let length = u64::from(u32::from_be_bytes(length));
        let mut bytes = Vec::new();
        part.take(length).read_to_end(&mut bytes).map_err(failed)?;
        Ok::<_, Error>(bytes)
    };
    Ok(Some(Sorted {
        group: u16::from_be_bytes([g0, g1]),
        state: u16::from_be_bytes([s0, s1]),
        key: bytes([k0, k1, k2, k3])?,
        value: bytes([v0, v1, v2, v3])?,
    }))
}

fn length(bytes: &[u8]) -> Result<u32> {
    u32::try_from(bytes.len())
        .map_err(|large| Error::invalid("a key or value of 4 GiB").with_source(large))
}

fn failed(error: std::io::Error) -> Error {
    Error::io("sort rows in a temporary file", error)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
