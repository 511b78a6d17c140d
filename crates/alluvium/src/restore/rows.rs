//! Restores rows of savepoints: rows files are downloaded, each once, and loaded into an empty store as sorted runs.
//!
//! Each thread takes one batch of files after the other ([`plan_batches`]): while one downloads, another loads.
//!
//! Invariants: on this machine lie the files of as many batches as there are threads, and each goes when it was
//! loaded; memory holds a block of each open file; batches hold different rows, so their order does not matter.
//! How rows become files of the store is the store's business ([`Store::load`]).

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use alluvium_protocol::file::FileRef;
use alluvium_protocol::key_group::KeyGroupRange;
use alluvium_protocol::manifest::SnapshotKind;
use alluvium_protocol::plan::sections::{Batch, plan_batches};

use super::Carry;
use crate::error::{Error, ErrorKind, Result};
use crate::rows_file::{RowsFileReader, RowsFileScan};
use crate::storage::{Cancel, Storage};
use crate::store::{Change, SortedRun, Store};
use crate::transfer::progress::Tally;
use crate::transfer::retry::Retry;
use crate::transfer::{Task, object, run_all};
use crate::working_directory::Scratch;

impl Carry<'_> {
    /// A store with the rows of these parts of the manifests.
    pub(super) fn load_rows(&mut self, parts: &[(usize, KeyGroupRange)]) -> Result<Arc<dyn Store>> {
        for (index, _) in parts {
            if self.manifest(*index)?.kind != SnapshotKind::Savepoint {
                return Err(self.other_store(*index)?);
            }
        }
        let fetch = &self.fetch;
        let batches = plan_batches(parts, &fetch.from.manifests, fetch.threads)?;
        let place = Scratch::create(self.directory.fresh("rows"))?;
        let store = self.create()?;
        let tally = Tally::new(fetch.progress, &fetch.environment.clock);
        let mut numbers = 0_u64..;
        let mut tasks = Vec::with_capacity(batches.len());
        for batch in batches {
            let load = Load {
                files: self.placed(&batch, &mut numbers, &place)?,
                store: Arc::clone(&store),
                storage: Arc::clone(&fetch.from.storage),
                root: fetch.from.root.clone(),
                retry: fetch.retry.clone(),
                tally: Arc::clone(&tally),
            };
            for placed in &load.files {
                tally.expect_file(placed.file.bytes);
                self.report.files_downloaded += 1;
                self.report.bytes_downloaded += placed.file.bytes;
            }
            let task: Task<u64> = Box::new(move |cancel| load.run(cancel));
            tasks.push(task);
        }
        let spawn = &*fetch.environment.spawn;
        let rows = run_all(spawn, fetch.threads, tasks, fetch.cancel)?;
        self.report.rows_copied += rows.into_iter().sum::<u64>();
        Ok(store)
    }

    fn placed(
        &self,
        batch: &Batch,
        numbers: &mut impl Iterator<Item = u64>,
        place: &Scratch,
    ) -> Result<Vec<Placed>> {
        let mut files = Vec::with_capacity(batch.files.len());
        for (piece, number) in batch.files.iter().zip(numbers) {
            let file = self.manifest(piece.manifest)?.files.get(piece.file);
            files.push(Placed {
                file: file
                    .cloned()
                    .ok_or_else(|| Error::invalid("a restore plan for other files"))?,
                range: piece.range,
                path: place.path().join(format!("{number}.rows")),
            });
        }
        Ok(files)
    }

    fn other_store(&self, index: usize) -> Result<Error> {
        let manifest = self.manifest(index)?;
        Ok(Error::new(
            ErrorKind::Incompatible,
            format!(
                "checkpoint {} was written by the {} store, this job uses {}: restore it with that store \
                 and take a savepoint, which every store reads",
                manifest.checkpoint,
                manifest.store,
                self.builder.factory.kind()
            ),
        ))
    }
}

/// A rows file, where it goes, and what is taken from it.
struct Placed {
    file: FileRef,
    range: KeyGroupRange,
    path: PathBuf,
}

/// Loads one batch.
struct Load {
    files: Vec<Placed>,
    store: Arc<dyn Store>,
    storage: Arc<dyn Storage>,
    /// The folder that object names are relative to.
    root: String,
    retry: Retry,
    tally: Arc<Tally>,
}

impl Load {
    /// Returns the number of rows.
    fn run(&self, cancel: &Cancel) -> Result<u64> {
        for placed in &self.files {
            let watch = self.tally.watch(cancel);
            let (storage, name) = (&*self.storage, self.name(placed));
            let (file, to) = (&placed.file, &placed.path);
            let moved = object::download(storage, &name, to, file, &self.retry, &watch)?;
            watch.done(moved.bytes);
        }
        let readers = self.files.iter().map(|placed| self.open(placed));
        let readers = readers.collect::<Result<Vec<_>>>()?;
        let rows = self.load(&readers, cancel)?;
        for Placed { path, .. } in &self.files {
            let removed = fs::remove_file(path);
            removed.map_err(|e| Error::io(format!("remove {}", path.display()), e))?;
        }
        Ok(rows)
    }

    fn open(&self, placed: &Placed) -> Result<RowsFileReader> {
        let opened = RowsFileReader::open(&placed.path);
        let reader = opened.map_err(|error| error.context(self.told(placed)))?;
        let found = reader.index().bounds();
        let said = placed.file.bounds.as_ref();
        // Batches are planned by what manifests say: rows elsewhere could be those of another batch.
        if found == said.map(|(first, last)| (first.as_slice(), last.as_slice())) {
            return Ok(reader);
        }
        let message = "its first and last row are not those that its manifest names";
        Err(Error::corrupt(message).context(self.told(placed)))
    }

    fn load(&self, readers: &[RowsFileReader], cancel: &Cancel) -> Result<u64> {
        let mut scans = Vec::with_capacity(readers.len());
        for (reader, placed) in readers.iter().zip(&self.files) {
            let scan = reader.scan(&placed.range.rows());
            scans.push(scan.map_err(|error| error.context(self.told(placed)))?);
        }
        let mut run = Chained {
            load: self,
            scans,
            current: 0,
            rows: 0,
            cancel,
        };
        self.store.load(&mut run)?;
        Ok(run.rows)
    }

    fn name(&self, placed: &Placed) -> String {
        format!("{}/{}", self.root, placed.file.object)
    }

    fn told(&self, placed: &Placed) -> String {
        format!("read {} of {}", self.name(placed), self.storage.location())
    }
}

/// The rows of a batch, one file after the other.
struct Chained<'a> {
    load: &'a Load,
    /// Of its files, in their order.
    scans: Vec<RowsFileScan<'a>>,
    current: usize,
    rows: u64,
    cancel: &'a Cancel,
}

impl Chained<'_> {
    /// Moves to the next row. Returns false at the end.
    fn advance(&mut self) -> Result<bool> {
        self.cancel.check("a restore")?;
        while let Some(scan) = self.scans.get_mut(self.current) {
            let advanced = scan.advance();
            let advanced = advanced.map_err(|error| match self.load.files.get(self.current) {
                Some(placed) => error.context(self.load.told(placed)),
                None => error,
            })?;
            if advanced {
                self.rows += 1;
                return Ok(true);
            }
            self.current += 1;
        }
        Ok(false)
    }
}

impl SortedRun for Chained<'_> {
    fn next(&mut self) -> Result<Option<(&[u8], Change<'_>)>> {
        if !self.advance()? {
            return Ok(None);
        }
        let row = self.scans.get(self.current).and_then(RowsFileScan::current);
        Ok(row.map(|(row, value)| (row, Change::Put(value))))
    }
}
