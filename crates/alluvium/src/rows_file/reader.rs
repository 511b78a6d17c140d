//! Reads one rows file, block by block.

use std::fs::File;
use std::io::{ErrorKind as IoErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use alluvium_protocol::row::RowRange;
use alluvium_protocol::rows_file::{
    Block, BlockEntry, HEADER_BYTES, Index, TRAILER_BYTES, Trailer,
};

use super::about;
use crate::error::{Error, ErrorKind, Result};
use crate::store::{Change, RowCursor, SortedRun};

/// Reads one file. Threads share it; their reads of blocks take turns.
#[derive(Debug)]
pub struct RowsFileReader {
    path: PathBuf,
    bytes: u64,
    file: Mutex<File>,
    index: Index,
}

impl RowsFileReader {
    /// Opens the file `path`: checks its ends and reads its index.
    ///
    /// # Errors
    /// `Corrupt` when it is missing, damaged or no rows file, `Unavailable` when the device fails.
    pub fn open(path: &Path) -> Result<Self> {
        let operation = || format!("open rows file {}", path.display());
        let mut file = File::open(path).map_err(|cause| {
            let kind = match cause.kind() {
                IoErrorKind::NotFound => ErrorKind::Corrupt,
                _ => ErrorKind::Unavailable,
            };
            Error::new(kind, operation()).with_source(cause)
        })?;
        let failed = |cause| Error::io(operation(), cause);
        let bytes = file.metadata().map_err(failed)?.len();
        let index = read_index(&mut file, bytes).map_err(failed)?;
        let index = index.map_err(|error| about(path, error))?;
        Ok(Self {
            path: path.to_owned(),
            bytes,
            file: Mutex::new(file),
            index,
        })
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its length in bytes.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What blocks the file has, its bounds and number of rows.
    #[must_use]
    pub const fn index(&self) -> &Index {
        &self.index
    }

    /// Reads the rows of `range` that the file puts, in order. Deletes are passed over: this is the
    /// whole truth of a file that holds a whole state, such as a savepoint's.
    ///
    /// # Errors
    /// As [`changes`](Self::changes).
    pub fn scan(&self, range: &RowRange) -> Result<RowsFileScan<'_>> {
        let changes = self.changes(range)?;
        Ok(RowsFileScan { changes })
    }

    /// Reads what the file says of the rows of `range`, deletes included, in order.
    ///
    /// # Errors
    /// `Corrupt` when the first block of the range is damaged, `Unavailable` when the device fails.
    pub fn changes(&self, range: &RowRange) -> Result<RowsFileChanges<'_>> {
        let mut changes = RowsFileChanges {
            reader: self,
            range: range.clone(),
            blocks: self.index.blocks_for(range),
            block: None,
            bytes: Vec::new(),
        };
        changes.open_block()?;
        Ok(changes)
    }

    fn read_block(&self, entry: &BlockEntry, bytes: &mut Vec<u8>) -> Result<Block> {
        // As long as the index says, which was found to add up to the file's length.
        bytes.resize(usize::try_from(entry.bytes()).unwrap_or(usize::MAX), 0);
        let read = {
            // A thread that panicked within a read left nothing but a position.
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            let sought = file.seek(SeekFrom::Start(entry.offset()));
            sought.and_then(|_| file.read_exact(bytes))
        };
        match read {
            Ok(()) => Block::decode(bytes, entry).map_err(|error| about(&self.path, error)),
            Err(cause) if cause.kind() == IoErrorKind::UnexpectedEof => {
                let message = format!("rows file {} was cut while open", self.path.display());
                Err(Error::corrupt(message))
            }
            Err(cause) => {
                let operation = format_args!("read {}", self.path.display());
                Err(Error::io(operation, cause))
            }
        }
    }
}

/// The device's failures outside, the bytes' inside.
fn read_index(file: &mut File, bytes: u64) -> std::io::Result<alluvium_protocol::Result<Index>> {
    let (mut header, mut trailer) = ([0; HEADER_BYTES], [0; TRAILER_BYTES]);
    if bytes < (HEADER_BYTES + TRAILER_BYTES) as u64 {
        let message = format!("truncated: {bytes} bytes, less than an empty one has");
        return Ok(Err(alluvium_protocol::Error::corrupt(message)));
    }
    file.read_exact(&mut header)?;
    file.seek(SeekFrom::Start(bytes - TRAILER_BYTES as u64))?;
    file.read_exact(&mut trailer)?;
    let trailer = match Trailer::decode(&header, &trailer, bytes) {
        Ok(trailer) => trailer,
        Err(error) => return Ok(Err(error)),
    };
    file.seek(SeekFrom::Start(trailer.index_offset()))?;
    let mut index = Vec::new();
    // No longer than the file: the trailer's numbers were compared with its length.
    file.take(trailer.index_bytes()).read_to_end(&mut index)?;
    Ok(Index::decode(&index, &trailer))
}

/// What a file says of the rows of a range.
#[derive(Debug)]
pub struct RowsFileChanges<'a> {
    reader: &'a RowsFileReader,
    range: RowRange,
    /// The blocks not opened yet.
    blocks: Range<usize>,
    block: Option<Block>,
    /// The open block as it was stored; kept for its memory.
    bytes: Vec<u8>,
}

impl RowsFileChanges<'_> {
    /// Moves to the next row of the range. Returns false at the end.
    fn advance(&mut self) -> Result<bool> {
        loop {
            if let Some(block) = &mut self.block {
                while block
                    .advance()
                    .map_err(|error| about(&self.reader.path, error))?
                {
                    if self.range.contains(block.row()) {
                        return Ok(true);
                    }
                    if block.row() >= self.range.from() {
                        self.blocks = 0..0;
                        self.block = None;
                        return Ok(false);
                    }
                }
                self.check_end()?;
                self.block = None;
            }
            if !self.open_block()? {
                return Ok(false);
            }
        }
    }

    /// Opens the next block. Returns false if there is none.
    fn open_block(&mut self) -> Result<bool> {
        let unopened = self.reader.index.blocks().get(self.blocks.clone());
        let Some(entry) = unopened.and_then(<[_]>::first) else {
            return Ok(false);
        };
        self.block = Some(self.reader.read_block(entry, &mut self.bytes)?);
        // Not before: what could not be read is not passed over by the next call.
        self.blocks.start += 1;
        Ok(true)
    }

    /// Whether the open block ended before the next begins, or where the index says the file ends.
    fn check_end(&self) -> Result<()> {
        let index = &self.reader.index;
        let ended = self.block.as_ref().map(Block::row);
        let in_order = match index.blocks().get(self.blocks.start) {
            Some(next) => ended < Some(next.first()),
            None => ended == index.bounds().map(|(_, last)| last),
        };
        if in_order {
            return Ok(());
        }
        let path = self.reader.path.display();
        Err(Error::corrupt(format!(
            "rows file {path}: malformed: a block goes on past its rows"
        )))
    }

    fn current(&self) -> Option<(&[u8], Change<'_>)> {
        let block = self.block.as_ref()?;
        Some((block.row(), block.change()))
    }
}

impl SortedRun for RowsFileChanges<'_> {
    fn next(&mut self) -> Result<Option<(&[u8], Change<'_>)>> {
        Ok(if self.advance()? {
            self.current()
        } else {
            None
        })
    }
}

/// The rows of a range that a file puts.
#[derive(Debug)]
pub struct RowsFileScan<'a> {
    changes: RowsFileChanges<'a>,
}

impl RowsFileScan<'_> {
    /// Moves to the next row. Returns false at the end.
    pub(crate) fn advance(&mut self) -> Result<bool> {
        while self.changes.advance()? {
            if let Some((_, Change::Put(_))) = self.changes.current() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The row that [`advance`](Self::advance) moved to.
    pub(crate) fn current(&self) -> Option<(&[u8], &[u8])> {
        match self.changes.current() {
            Some((row, Change::Put(value))) => Some((row, value)),
            _ => None,
        }
    }
}

impl RowCursor for RowsFileScan<'_> {
    fn next(&mut self) -> Result<Option<(&[u8], &[u8])>> {
        Ok(if self.advance()? {
            self.current()
        } else {
            None
        })
    }
}
