//! The memory store: all rows in memory, in immutable sorted runs that are merged as they grow.
//!
//! A write makes one run. A row's newest version is in the newest run that has the row; a delete is a
//! version like any other, and leaves when the oldest run takes part in a merge. Each run is larger
//! than all newer ones together, so that their number grows with the logarithm of the rows
//! (module `tier`).
//!
//! Invariants: a run never changes, so that readers, scans and pins hold the list of their moment and
//! the writer replaces the list; the list's lock is held only to copy or replace one pointer.
//! Opening cuts the ends of runs off without copying; what was cut off is gone at once and for ever: no
//! merge reads it, and no file is written of it.
//!
//! On disk there is nothing until a pin, which writes each run once, as a rows file in the store
//! directory named by a counter. The file lives as long as the store has the run. Rows themselves are not read
//! from disk again except by [`MemoryStoreFactory::open`].

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use alluvium_protocol::row::RowRange;

use self::file::RunFile;
use self::merge::{Merge, Scan};
use self::run::{Run, RunBuilder};
use self::slice::Slice;
use super::{
    Change, Opened, Part, Pinned, RowCursor, RowFilter, SortedRun, Store, StoreFactory, StoreSize,
    Verdict,
};
use crate::error::{Error, Result};
use crate::storage::Cancel;

mod file;
mod merge;
mod open;
mod pin;
mod run;
mod slice;
mod tier;

/// Opens memory stores.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct MemoryStoreFactory;

impl MemoryStoreFactory {
    /// A factory of stores that share nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl StoreFactory for MemoryStoreFactory {
    fn kind(&self) -> &'static str {
        "memory"
    }

    fn create(&self, directory: &Path) -> Result<Arc<dyn Store>> {
        create_directory(directory)?;
        let listing = || format!("list {}", directory.display());
        let mut entries = fs::read_dir(directory).map_err(|cause| Error::io(listing(), cause))?;
        // Names that a store gave before would be given again.
        if entries.next().is_some() {
            return Err(Error::invalid(format!(
                "store directory {} is not empty: remove what an earlier process left there",
                directory.display()
            )));
        }
        Ok(Arc::new(MemoryStore::new(
            directory,
            Vec::new(),
            Writer {
                next_age: 0,
                next_file: 0,
            },
        )))
    }

    fn open(&self, directory: &Path, parts: Vec<Part>, cancel: &Cancel) -> Result<Opened> {
        let read = open::open(directory, &parts, cancel)?;
        Ok(Opened {
            store: Arc::new(MemoryStore::new(directory, read.runs, read.writer)),
            origins: read.origins,
            rows_copied: 0,
        })
    }
}

fn create_directory(directory: &Path) -> Result<()> {
    let operation = || format!("create store directory {}", directory.display());
    fs::create_dir_all(directory).map_err(|cause| Error::io(operation(), cause))
}

/// The rows of one subtask, in memory.
#[derive(Debug)]
struct MemoryStore {
    directory: PathBuf,
    /// Newest first.
    runs: RwLock<Arc<[Slice]>>,
    /// Held by whoever replaces the runs.
    writer: Mutex<Writer>,
    filter: OnceLock<Arc<dyn RowFilter>>,
}

/// What the writer gives to the next run and file.
#[derive(Debug)]
struct Writer {
    next_age: u64,
    next_file: u64,
}

impl MemoryStore {
    fn new(directory: &Path, runs: Vec<Slice>, writer: Writer) -> Self {
        Self {
            directory: directory.to_owned(),
            runs: RwLock::new(runs.into()),
            writer: Mutex::new(writer),
            filter: OnceLock::new(),
        }
    }

    fn runs(&self) -> Arc<[Slice]> {
        // Only whole lists are ever put there, whatever panicked.
        Arc::clone(&self.runs.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, runs: Vec<Slice>) {
        let mut current = self.runs.write().unwrap_or_else(PoisonError::into_inner);
        let replaced = std::mem::replace(&mut *current, runs.into());
        // Readers do not wait while runs are freed and their files removed.
        drop(current);
        drop(replaced);
    }

    /// A run's rows with a file that has exactly them.
    fn saved(&self, run: &Slice, writer: &mut Writer) -> Result<Option<Slice>> {
        if run.file().is_some() {
            return Ok(Some(run.clone()));
        }
        // What opening cut off must not reach a file: it would come back when the file is opened.
        let Some(run) = run.to_whole() else {
            return Ok(None);
        };
        let number = writer.next_file;
        // Given out even if writing fails: a name is never used twice.
        writer.next_file += 1;
        let file = RunFile::write(&self.directory, number, run.changes())?;
        Ok(Some(run.with_file(file)))
    }

    fn filter(&self) -> Option<&dyn RowFilter> {
        self.filter.get().map(|filter| &**filter)
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn get(&self, row: &[u8], value: &mut Vec<u8>) -> Result<bool> {
        let runs = self.runs();
        let Some(Change::Put(found)) = runs.iter().find_map(|run| run.find(row)) else {
            return Ok(false);
        };
        value.clear();
        value.extend_from_slice(found);
        Ok(true)
    }

    fn scan<'a>(&'a self, range: &RowRange) -> Result<Box<dyn RowCursor + 'a>> {
        Ok(Box::new(Scan::new(&self.runs(), range)))
    }

    fn write(&self, run: &mut dyn SortedRun) -> Result<()> {
        let mut writer = self.writer();
        let mut runs = self.runs().to_vec();
        let mut builder = RunBuilder::new(writer.next_age);
        while let Some((row, change)) = run.next()? {
            // Below the first run there is nothing to delete.
            if change != Change::Delete || !runs.is_empty() {
                builder.push(row, change)?;
            }
        }
        let Some(newest) = builder.finish() else {
            return Ok(());
        };
        writer.next_age += 1;
        runs.insert(0, Slice::whole(newest));
        merge_tiers(&mut runs, self.filter());
        self.replace(runs);
        Ok(())
    }

    fn filter_rows(&self, filter: Arc<dyn RowFilter>) {
        // Told once, before anything is written again.
        self.filter.set(filter).unwrap_or_default();
    }

    /// Merges all runs: they are in memory, and most have rows of every range.
    fn rewrite(&self, _range: &RowRange, cancel: &Cancel) -> Result<()> {
        cancel.check("rewriting rows of a store")?;
        let _writer = self.writer();
        let merged = merge(&self.runs(), true, self.filter());
        self.replace(merged.into_iter().map(Slice::whole).collect());
        Ok(())
    }

    fn pin(&self, directory: &Path) -> Result<Box<dyn Pinned>> {
        let mut writer = self.writer();
        let current = self.runs();
        let saved = current
            .iter()
            .filter_map(|run| self.saved(run, &mut writer).transpose());
        let saved: Vec<Slice> = saved.collect::<Result<_>>()?;
        self.replace(saved.clone());
        Ok(Box::new(pin::PinnedRuns::link(saved, directory)?))
    }

    fn size(&self) -> StoreSize {
        let runs = self.runs();
        let files = runs.iter().filter_map(|run| run.file());
        files.fold(StoreSize::default(), |size, file| {
            StoreSize::new(size.file_bytes + file.bytes(), size.files + 1)
        })
    }
}

/// Merges the newest runs as far as the tiers want it.
fn merge_tiers(runs: &mut Vec<Slice>, filter: Option<&dyn RowFilter>) {
    let sizes: Vec<usize> = runs.iter().map(Slice::bytes).collect();
    let count = tier::plan_merge(&sizes);
    if count < 2 {
        return;
    }
    let older = runs.split_off(count);
    let merged = merge(runs, older.is_empty(), filter);
    *runs = merged.into_iter().map(Slice::whole).chain(older).collect();
}

/// The newest versions of the rows of `runs` (newest first) as one run; `None` if no row is left.
fn merge(runs: &[Slice], oldest_takes_part: bool, filter: Option<&dyn RowFilter>) -> Option<Run> {
    let rows = runs.iter().map(Slice::rows).sum();
    let bytes = runs.iter().map(Slice::bytes).sum();
    let newest = runs.first()?;
    let mut builder = RunBuilder::with_capacity(newest.age(), rows, bytes);
    let mut merge = Merge::new(runs, &RowRange::all());
    let mut changed = Vec::new();
    while let Some((row, change)) = merge.next() {
        let change = match (change, filter) {
            (Change::Put(value), Some(filter)) => {
                changed.clear();
                match filter.filter(row, value, &mut changed) {
                    Verdict::Keep => change,
                    // An older version may be left in an older run: it must not come back.
                    Verdict::Drop => Change::Delete,
                    Verdict::Change => Change::Put(&changed),
                }
            }
            (change, _) => change,
        };
        if change != Change::Delete || !oldest_takes_part {
            builder.append(row, change);
        }
    }
    builder.finish()
}
