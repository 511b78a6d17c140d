//! A value whose length is not known until all of it is there: in memory while it is small, then in a file without a name.
//!
//! A canonical savepoint has the length of a value before its bytes, and lists of any length are joined to one value.

use std::fs::File;
use std::io::{self, BufWriter, Read as _, Seek as _, Write};
use std::path::PathBuf;

use super::group::unwritten;
use crate::error::{Error, Result};

/// Bytes of a value that are held in memory: rows larger than that are rare, and few buffers exist at a time.
const MEMORY_BYTES: usize = 4 << 20;

/// Bytes of a value at most: its length is a Java `int`.
const VALUE_BYTES_MAX: u64 = i32::MAX.unsigned_abs() as u64;

/// The value that is being written.
#[derive(Debug)]
pub(super) struct Spool {
    memory_bytes: usize,
    /// Where the file is made.
    folder: PathBuf,
    memory: Vec<u8>,
    /// All bytes, once they are too many.
    file: Option<BufWriter<File>>,
    length: u64,
}

impl Spool {
    pub(super) const fn new(folder: PathBuf) -> Self {
        Self::with_memory_of(MEMORY_BYTES, folder)
    }

    const fn with_memory_of(memory_bytes: usize, folder: PathBuf) -> Self {
        Self {
            memory_bytes,
            folder,
            memory: Vec::new(),
            file: None,
            length: 0,
        }
    }

    /// Begins the next value.
    pub(super) fn clear(&mut self) {
        self.memory.clear();
        self.file = None;
        self.length = 0;
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// `Invalid` when they become more than Flink could read; `Unavailable` when the file cannot be written.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.length += bytes.len() as u64;
        if self.length > VALUE_BYTES_MAX {
            return Err(Error::invalid(
                "a value of more than 2^31 - 1 bytes, which Flink cannot read",
            ));
        }
        if let Some(file) = &mut self.file {
            return file.write_all(bytes).map_err(spooled);
        }
        if self.memory.len() + bytes.len() <= self.memory_bytes {
            self.memory.extend_from_slice(bytes);
            return Ok(());
        }
        let file = tempfile::tempfile_in(&self.folder).map_err(spooled)?;
        let mut file = BufWriter::new(file);
        file.write_all(&self.memory).map_err(spooled)?;
        file.write_all(bytes).map_err(spooled)?;
        self.memory.clear();
        self.file = Some(file);
        Ok(())
    }

    /// Writes the length and the bytes.
    ///
    /// # Errors
    /// `Unavailable` when a file cannot be read or written.
    pub(super) fn write(&mut self, out: &mut impl Write) -> Result<()> {
        let length = i32::try_from(self.length)
            .map_err(|large| Error::invalid("a value of 2 GiB").with_source(large))?;
        out.write_all(&length.to_be_bytes()).map_err(unwritten)?;
        let Some(file) = &mut self.file else {
            return out.write_all(&self.memory).map_err(unwritten);
        };
        file.flush().map_err(spooled)?;
        let file = file.get_mut();
        file.rewind().map_err(spooled)?;
        let copied = io::copy(&mut file.take(self.length), out).map_err(unwritten)?;
        if copied != self.length {
            return Err(spooled(io::Error::from(io::ErrorKind::UnexpectedEof)));
        }
        Ok(())
    }
}

fn spooled(error: io::Error) -> Error {
    Error::io("keep a large value in a temporary file", error)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn values_come_out_as_they_went_in_however_large_they_are(
            values in proptest::collection::vec(
                proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 0..20),
                0..6,
            ),
            memory_bytes in 0_usize..200,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let mut spool = Spool::with_memory_of(memory_bytes, folder.path().to_owned());
            let (mut out, mut expected) = (Vec::new(), Vec::new());
            for parts in values {
                spool.clear();
                for part in &parts {
                    spool.append(part).unwrap();
                }
                spool.write(&mut out).unwrap();
                let value = parts.concat();
                expected.extend(u32::try_from(value.len()).unwrap().to_be_bytes());
                expected.extend(value);
            }

            prop_assert_eq!(out, expected);
            prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }
}
