//! Sorts records that are more than memory holds: parts are sorted, written to temporary files, and merged.
//!
//! Invariant: memory holds [`MEMORY_BYTES`] of records, and one record of each of at most [`RUNS_MAX`] files. Files are gone when the
//! sorter is.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Seek as _, Write as _};

use anyhow::{Context as _, Result};

/// Bytes of records that are sorted at once: 24 MiB, so that two sorters stay well below 100 MiB with what vectors add.
const MEMORY_BYTES: usize = 24 << 20;

/// What a record costs in memory beside its bytes.
const RECORD_BYTES: usize = 64;

/// Files that are merged at once: 64, far below what a process may have open.
const RUNS_MAX: usize = 64;

/// An address, by which it is sorted, and what is there.
pub(super) type Record = (Vec<u8>, Vec<u8>);

/// Takes records in any order.
#[derive(Debug)]
pub(super) struct Sorter {
    memory_bytes: usize,
    records: Vec<Record>,
    bytes: usize,
    runs: Vec<File>,
}

impl Sorter {
    pub(super) const fn new() -> Self {
        Self::within(MEMORY_BYTES)
    }

    const fn within(memory_bytes: usize) -> Self {
        Self {
            memory_bytes,
            records: Vec::new(),
            bytes: 0,
            runs: Vec::new(),
        }
    }

    /// Takes a record.
    ///
    /// # Errors
    /// When a temporary file cannot be written.
    pub(super) fn push(&mut self, address: Vec<u8>, content: Vec<u8>) -> Result<()> {
        self.bytes += address.len() + content.len() + RECORD_BYTES;
        self.records.push((address, content));
        if self.bytes >= self.memory_bytes {
            self.end_run()?;
        }
        Ok(())
    }

    /// The records, in order.
    ///
    /// # Errors
    /// When a temporary file cannot be read.
    pub(super) fn finish(mut self) -> Result<Sorted> {
        self.records.sort_unstable();
        Sorted::new(std::mem::take(&mut self.runs), self.records)
    }

    fn end_run(&mut self) -> Result<()> {
        self.records.sort_unstable();
        self.bytes = 0;
        let run = write(self.records.drain(..).map(Ok))?;
        self.runs.push(run);
        if self.runs.len() == RUNS_MAX {
            let merged = Sorted::new(std::mem::take(&mut self.runs), Vec::new())?;
            self.runs.push(write(merged)?);
        }
        Ok(())
    }
}

fn write(records: impl Iterator<Item = Result<Record>>) -> Result<File> {
    let file = tempfile::tempfile().context("make a temporary file to sort rows")?;
    let mut to = BufWriter::new(file);
    for record in records {
        let (address, content) = record?;
        for part in [address, content] {
            let length = (part.len() as u64).to_be_bytes();
            let written = to.write_all(&length).and_then(|()| to.write_all(&part));
            written.context("write a temporary file to sort rows")?;
        }
    }
    let ended = to.into_inner().map_err(std::io::IntoInnerError::into_error);
    let mut file = ended.context("write a temporary file to sort rows")?;
    file.rewind().context("rewind a temporary file")?;
    Ok(file)
}

/// Records in order.
#[derive(Debug)]
pub(super) struct Sorted {
    /// The next record of each source, by the source's number: the last is the memory's.
    heads: BinaryHeap<Reverse<(Record, usize)>>,
    runs: Vec<BufReader<File>>,
    memory: std::vec::IntoIter<Record>,
}

impl Sorted {
    fn new(runs: Vec<File>, records: Vec<Record>) -> Result<Self> {
        let mut sorted = Self {
            heads: BinaryHeap::new(),
            runs: runs.into_iter().map(BufReader::new).collect(),
            memory: records.into_iter(),
        };
        for source in 0..=sorted.runs.len() {
            sorted.pull(source)?;
        }
        Ok(sorted)
    }

    fn pull(&mut self, source: usize) -> Result<()> {
        let next = match self.runs.get_mut(source) {
            None => self.memory.next(),
            Some(run) => {
                let read = read(run).context("read a temporary file to sort rows")?;
                match read {
                    None => None,
                    Some(address) => {
                        let content = read_whole(run)?;
                        Some((address, content))
                    }
                }
            }
        };
        self.heads
            .extend(next.map(|record| Reverse((record, source))));
        Ok(())
    }
}

impl Iterator for Sorted {
    type Item = Result<Record>;

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse((record, source)) = self.heads.pop()?;
        Some(self.pull(source).map(|()| record))
    }
}

fn read_whole(run: &mut BufReader<File>) -> Result<Vec<u8>> {
    let read = read(run).context("read a temporary file to sort rows")?;
    read.context("a temporary file to sort rows ends within a record")
}

/// The next part; none at the end.
fn read(run: &mut BufReader<File>) -> std::io::Result<Option<Vec<u8>>> {
    let mut length = [0; 8];
    match run.read_exact(&mut length) {
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let length = u64::from_be_bytes(length);
    let mut part = Vec::new();
    run.take(length).read_to_end(&mut part)?;
    if part.len() as u64 == length {
        Ok(Some(part))
    } else {
        Err(std::io::ErrorKind::UnexpectedEof.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_in_order_from_memory_and_from_many_files() {
        for memory_bytes in [MEMORY_BYTES, 200] {
            let mut sorter = Sorter::within(memory_bytes);
            for number in 0..1000_u32 {
                let address = number.wrapping_mul(2_654_435_761).to_be_bytes().to_vec();
                sorter.push(address, number.to_be_bytes().to_vec()).unwrap();
            }
            assert!(sorter.runs.len() < RUNS_MAX);

            let sorted: Vec<Record> = sorter.finish().unwrap().map(Result::unwrap).collect();

            assert_eq!(sorted.len(), 1000);
            assert!(sorted.is_sorted());
        }
    }
}
