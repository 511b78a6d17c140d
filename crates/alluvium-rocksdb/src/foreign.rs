//! Databases that another program made: read, never changed.
//!
//! ```text
//!  directory: CURRENT, MANIFEST-*, *.sst ──► families ──► rows of a family, in the order of their bytes
//! ```
//!
//! The options file of the database is not read: it names parts of the program that wrote it. Families come from its
//! MANIFEST. Of what they were made with, one thing decides what is read: the merge operator, without which rows that
//! were merged cannot be told.
//!
//! Invariants: nothing in the directory is changed, but for RocksDB's own log; rows end only after RocksDB said that it
//! met no error; every block that is read is checked against its checksum.

use std::ffi::CString;
use std::fmt;
use std::path::{Path, PathBuf};

use alluvium::{Error, Result};
use rust_rocksdb::{
    BlockBasedOptions, Cache, ColumnFamilyDescriptor, DB, DBRawIterator, MergeOperands, Options,
    ReadOptions,
};

use crate::error::{failed, not_a_store};

/// Bytes of blocks that are kept: a scan reads each once.
const CACHE_BYTES: usize = 8 << 20;

/// Bytes that a scan reads at a time of each table that it is in, of which there may be hundreds.
const READ_AHEAD_BYTES: usize = 128 << 10;

/// Files that are open at once; each keeps its index in memory.
const OPEN_FILES_MAX: i32 = 64;

/// What the database's merge operator does: it puts a byte between the operands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "callers build it")]
pub struct Append {
    /// The name that it has in the database.
    pub name: String,
    /// The byte between two operands.
    pub delimiter: u8,
}

impl Append {
    fn join(&self, existing: Option<&[u8]>, operands: &MergeOperands) -> Vec<u8> {
        let parts = existing.into_iter().chain(operands);
        let mut joined = Vec::new();
        for (nth, part) in parts.enumerate() {
            if nth > 0 {
                joined.push(self.delimiter);
            }
            joined.extend_from_slice(part);
        }
        joined
    }
}

/// A database in a directory, open to be read.
pub struct ForeignDatabase {
    db: DB,
    families: Vec<String>,
    directory: PathBuf,
}

impl ForeignDatabase {
    /// Opens the database in `directory`, whose values may have been merged by `append`.
    ///
    /// # Errors
    /// `Corrupt` when files are missing or damaged as far as opening looks at them; `Incompatible` when they are of a
    /// version or compression that is not compiled in; `Invalid` when the operator's name holds a zero byte;
    /// `Unavailable` when they cannot be read.
    pub fn open(directory: &Path, append: Option<&Append>) -> Result<Self> {
        let mut options = Options::default();
        options.create_if_missing(false);
        options.set_max_open_files(OPEN_FILES_MAX);
        let named = |what: &str| format!("{what} in {}", directory.display());
        let families = DB::list_cf(&options, directory)
            .map_err(|error| not_a_store(named("list the families"), error))?;
        let cache = Cache::new_lru_cache(CACHE_BYTES);
        let mut descriptors = Vec::with_capacity(families.len());
        for family in &families {
            let options = family_options(&cache, append)?;
            descriptors.push(ColumnFamilyDescriptor::new(family, options));
        }
        let ignores_logs = false;
        let db = DB::open_cf_descriptors_read_only(&options, directory, descriptors, ignores_logs)
            .map_err(|error| not_a_store(named("open the database"), error))?;
        Ok(Self {
            db,
            families,
            directory: directory.to_owned(),
        })
    }

    /// Its families' names, `default` included.
    #[must_use]
    pub fn families(&self) -> &[String] {
        &self.families
    }

    /// The rows of a family whose keys are `from` or above, and below `to` if it is given.
    ///
    /// # Errors
    /// `Invalid` when there is no such family.
    pub fn rows(&self, family: &str, from: &[u8], to: Option<&[u8]>) -> Result<ForeignRows<'_>> {
        let Some(handle) = self.db.cf_handle(family) else {
            let directory = self.directory.display();
            return Err(Error::invalid(format!(
                "no family {family:?} in {directory}"
            )));
        };
        let mut reads = ReadOptions::default();
        reads.set_verify_checksums(true);
        reads.fill_cache(false);
        reads.set_readahead_size(READ_AHEAD_BYTES);
        reads.set_total_order_seek(true);
        reads.set_iterate_lower_bound(from);
        if let Some(to) = to {
            reads.set_iterate_upper_bound(to);
        }
        let mut rows = self.db.raw_iterator_cf_opt(&handle, reads);
        rows.seek_to_first();
        Ok(ForeignRows {
            rows,
            directory: &self.directory,
        })
    }

    /// Reads every block of every file, and compares it with its checksum.
    ///
    /// # Errors
    /// `Corrupt` when one differs; `Unavailable` when a file cannot be read.
    pub fn verify(&self) -> Result<()> {
        let verified = self.db.verify_checksum();
        let directory = self.directory.display();
        verified.map_err(|error| failed(format!("verify the tables in {directory}"), error))
    }
}

impl fmt::Debug for ForeignDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForeignDatabase")
            .field("directory", &self.directory)
            .field("families", &self.families)
            .finish_non_exhaustive()
    }
}

fn family_options(cache: &Cache, append: Option<&Append>) -> Result<Options> {
    let mut tables = BlockBasedOptions::default();
    tables.set_block_cache(cache);
    let mut options = Options::default();
    options.set_block_based_table_factory(&tables);
    if let Some(append) = append {
        let name = CString::new(append.name.as_str())
            .map_err(|zero| Error::invalid("a merge operator's name").with_source(zero))?;
        let (whole, part) = (append.clone(), append.clone());
        options.set_merge_operator(
            name,
            move |_: &[u8], existing: Option<&[u8]>, operands: &MergeOperands| {
                Some(whole.join(existing, operands))
            },
            // Operands that are joined early are one operand.
            move |_: &[u8], _: Option<&[u8]>, operands: &MergeOperands| {
                Some(part.join(None, operands))
            },
        );
    }
    Ok(options)
}

/// Rows of a family, in the order of their keys' bytes.
pub struct ForeignRows<'d> {
    rows: DBRawIterator<'d>,
    directory: &'d Path,
}

impl ForeignRows<'_> {
    /// The key and value of the row that it is at; nothing behind the last one.
    ///
    /// # Errors
    /// `Corrupt` when a block is damaged or of a compression that is not compiled in; `Unavailable` when a file cannot be
    /// read. There is nothing behind an error.
    pub fn current(&self) -> Result<Option<(&[u8], &[u8])>> {
        let row = self.rows.item();
        if row.is_none() {
            let status = self.rows.status();
            let directory = self.directory.display();
            status.map_err(|error| failed(format!("read rows of {directory}"), error))?;
        }
        Ok(row)
    }

    /// Goes to the next row, if it is at one.
    pub fn advance(&mut self) {
        if self.rows.valid() {
            self.rows.next();
        }
    }
}

impl fmt::Debug for ForeignRows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForeignRows")
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
