//! Restore: carries out what [`alluvium_protocol::plan::restore`] decided.
//!
//! Invariants: nothing of the snapshot's is changed; a restore that fails or is cancelled leaves nothing
//! on this machine and can be repeated; only rows of the backend's own key groups are visible afterwards.
//! Row-by-row copying is the fallback: it is logged and counted.

use std::sync::Arc;
use std::time::Duration;

use alluvium_protocol::key_group::KeyGroupRange;
use alluvium_protocol::manifest::{CheckpointId, Manifest, SnapshotKind};
use alluvium_protocol::plan::restore::{Restore, plan_restore};
use alluvium_protocol::schema;

use crate::builder::{Builder, Restored};
use crate::bytes::BytesBackend;
use crate::bytes::registry::Registry;
use crate::error::{Error, ErrorKind, Result};
use crate::rows_file::RowsFileReader;
use crate::snapshot::history::History;
use crate::storage::{Cancel, Storage};
use crate::store::{Change, PlacedFile, RowCursor, SortedRun, Store};
use crate::transfer::Progress;
use crate::working_directory::{Scratch, WorkingDirectory};
use fetch::Fetch;

mod fetch;

/// What to restore: the snapshots of one checkpoint or savepoint, at whatever parallelism it was taken.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "engines say what is restored")]
pub struct RestoreFrom {
    /// The storage.
    pub storage: Arc<dyn Storage>,
    /// The folder that object names are relative to: the job's, or the savepoint's own.
    pub root: String,
    /// The manifests of all its snapshots.
    pub manifests: Vec<Manifest>,
}

/// What a restore did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RestoreReport {
    /// The checkpoint that was restored.
    pub checkpoint: Option<CheckpointId>,
    /// How: `empty`, `reopen`, `adopt` or `rows`.
    pub plan: &'static str,
    /// Files taken from local copies.
    pub files_linked: usize,
    /// Their bytes.
    pub bytes_linked: u64,
    /// Files downloaded.
    pub files_downloaded: usize,
    /// Their bytes.
    pub bytes_downloaded: u64,
    /// Local copies that were damaged and therefore downloaded.
    pub local_files_refused: usize,
    /// Rows that were copied one by one.
    pub rows_copied: u64,
    /// From the first file to a backend that answers.
    pub took: Duration,
}

impl Builder {
    /// Opens a backend with the state of a checkpoint or savepoint, as far as it belongs to its key groups.
    ///
    /// # Errors
    /// `Incompatible` when it is of another job (savepoints may be), another maximum parallelism, other key
    /// types or another kind of store; `Corrupt` when a file is not what its manifest says, naming the object;
    /// `Unavailable` when storage or this machine fails; `Cancelled` soon after `cancel` is set.
    pub fn restore(
        self,
        from: &RestoreFrom,
        cancel: &Cancel,
        progress: &Arc<dyn Progress>,
    ) -> Result<(BytesBackend, RestoreReport)> {
        let clock = Arc::clone(&self.environment.clock);
        let began = clock.monotonic();
        let target = self.range()?;
        self.check_job(&from.manifests)?;
        let plan = plan_restore(target, self.factory.kind(), &from.manifests)?;
        let schemas: Vec<_> = from
            .manifests
            .iter()
            .map(|manifest| &manifest.schema)
            .collect();
        let registry = if schemas.is_empty() {
            Registry::new(self.key.clone())
        } else {
            Registry::restore(self.key.clone(), schema::merge(&schemas)?)?
        };
        let next_generation = next_generation(&from.manifests)?;

        let directory = self.working_directory()?;
        let local = self
            .local
            .as_ref()
            .map(crate::LocalCopies::find)
            .unwrap_or_default();
        let fetch = Fetch {
            from,
            local,
            environment: &self.environment,
            threads: self.options.transfer_threads,
            cancel,
            progress,
        };
        let mut carry = Carry {
            builder: &self,
            fetch,
            directory: &directory,
            report: RestoreReport {
                checkpoint: from.manifests.first().map(|manifest| manifest.checkpoint),
                ..RestoreReport::default()
            },
        };
        let (store, history) = carry.out(&plan, target)?;
        let mut report = carry.report;
        let restored = Restored {
            registry,
            history,
            next_generation,
        };
        let backend = self.assemble(directory, store, restored)?;
        report.took = clock.monotonic() - began;
        Ok((backend, report))
    }

    fn check_job(&self, manifests: &[Manifest]) -> Result<()> {
        let foreign = manifests
            .iter()
            .find(|manifest| manifest.kind != SnapshotKind::Savepoint && manifest.job != self.job);
        if let Some(manifest) = foreign {
            return Err(Error::new(
                ErrorKind::Incompatible,
                format!(
                    "checkpoint {} is of job {:?}, not of {:?}: start from a savepoint of it instead",
                    manifest.checkpoint, manifest.job, self.job
                ),
            ));
        }
        let other = manifests
            .iter()
            .find(|m| m.max_parallelism != self.max_parallelism);
        if let Some(manifest) = other {
            return Err(Error::new(
                ErrorKind::Incompatible,
                format!(
                    "checkpoint {} has a maximum parallelism of {stored}, this job declares {}: it is \
                     fixed for a job's life, so declare {stored}",
                    manifest.checkpoint,
                    self.max_parallelism.get(),
                    stored = manifest.max_parallelism.get(),
                ),
            ));
        }
        Ok(())
    }
}

/// Generations of a job's life at the most. At a thousand a second they last for ever; a manifest that says more
/// is no manifest of ours, and would make the numbers of list chunks run over.
const GENERATIONS_MAX: u64 = 1 << 62;

/// The first generation above those of all list chunks.
fn next_generation(manifests: &[Manifest]) -> Result<u64> {
    let mut next = 1;
    for manifest in manifests {
        if manifest.next_generation > GENERATIONS_MAX {
            return Err(Error::corrupt(format!(
                "the manifest of subtask {} in checkpoint {} says that {} generations were written: restore \
                 from another checkpoint",
                manifest.subtask, manifest.checkpoint, manifest.next_generation
            )));
        }
        next = next.max(manifest.next_generation);
    }
    Ok(next)
}

/// Carries out one plan.
struct Carry<'a> {
    builder: &'a Builder,
    fetch: Fetch<'a>,
    directory: &'a WorkingDirectory,
    report: RestoreReport,
}

impl Carry<'_> {
    fn out(&mut self, plan: &Restore, target: KeyGroupRange) -> Result<(Arc<dyn Store>, History)> {
        match plan {
            Restore::Empty => {
                self.report.plan = "empty";
                Ok((self.create()?, History::default()))
            }
            Restore::Reopen(index) => {
                self.report.plan = "reopen";
                self.open(*index)
            }
            Restore::Adopt { base, others } => {
                self.report.plan = "adopt";
                let (store, history) = self.open(*base)?;
                let range = self.manifest(*base)?.range;
                if let Some(keep) = range.intersection(target).filter(|keep| *keep != range) {
                    store.clip(&keep.rows())?;
                }
                for (index, range) in others {
                    self.copy(*index, *range, &*store)?;
                }
                Ok((store, history))
            }
            Restore::Rows(sources) => {
                self.report.plan = "rows";
                let store = self.create()?;
                for (index, range) in sources {
                    if self.manifest(*index)?.kind == SnapshotKind::Savepoint {
                        self.read_rows(*index, *range, &*store)?;
                    } else {
                        return Err(self.other_store(*index)?);
                    }
                }
                Ok((store, History::default()))
            }
        }
    }

    fn manifest(&self, index: usize) -> Result<&Manifest> {
        let manifest = self.fetch.from.manifests.get(index);
        manifest.ok_or_else(|| Error::invalid("a restore plan for other manifests"))
    }

    fn create(&self) -> Result<Arc<dyn Store>> {
        self.builder.factory.create(&self.directory.fresh("store"))
    }

    /// Opens a snapshot's files as the store: its history goes on.
    fn open(&mut self, index: usize) -> Result<(Arc<dyn Store>, History)> {
        let place = self.directory.fresh("store");
        let manifest = self.manifest(index)?.clone();
        let store = self.open_at(&manifest, &place)?;
        Ok((store, History::restored(&manifest)))
    }

    fn open_at(&mut self, manifest: &Manifest, place: &std::path::Path) -> Result<Arc<dyn Store>> {
        self.fetch.place(&manifest.files, place, &mut self.report)?;
        let placed = manifest.files.iter();
        let placed = placed.map(|f| PlacedFile {
            name: f.name.clone(),
            note: f.note.clone(),
        });
        let store = self
            .builder
            .factory
            .open(place, &placed.collect::<Vec<_>>());
        store.map_err(|error| {
            error.context(format!(
                "open the snapshot of subtask {} in checkpoint {}",
                manifest.subtask, manifest.checkpoint
            ))
        })
    }

    /// The fallback: reads one snapshot's rows and writes them to the store.
    fn copy(&mut self, index: usize, range: KeyGroupRange, to: &dyn Store) -> Result<()> {
        let manifest = self.manifest(index)?.clone();
        let place = Scratch::create(self.directory.fresh("source"))?;
        let source = self.open_at(&manifest, &place.path().join("store"))?;
        let mut rows = source.scan(&range.rows())?;
        let copied = self.write(&mut *rows, to)?;
        self.report.rows_copied += copied;
        tracing::warn!(rows = copied, %range, subtask = manifest.subtask, "rows copied one by one");
        Ok(())
    }

    fn read_rows(&mut self, index: usize, range: KeyGroupRange, to: &dyn Store) -> Result<()> {
        let manifest = self.manifest(index)?.clone();
        let wanted = range.rows();
        let meets = |bounds: &(Vec<u8>, Vec<u8>)| {
            wanted.to().is_none_or(|to| *bounds.0 < *to) && *bounds.1 >= *wanted.from()
        };
        let files = manifest
            .files
            .iter()
            .filter(|file| file.bounds.as_ref().is_some_and(meets));
        let files: Vec<_> = files.cloned().collect();
        let place = Scratch::create(self.directory.fresh("rows"))?;
        self.fetch.place(&files, place.path(), &mut self.report)?;
        for file in files {
            let reader = RowsFileReader::open(&place.path().join(&file.name))?;
            self.report.rows_copied += self.write(&mut reader.scan(&wanted)?, to)?;
        }
        Ok(())
    }

    fn write(&self, rows: &mut dyn RowCursor, to: &dyn Store) -> Result<u64> {
        let mut run = Copied {
            rows,
            cancel: self.fetch.cancel,
            count: 0,
        };
        to.write(&mut run)?;
        Ok(run.count)
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

/// Rows of one store as a run for another.
struct Copied<'a> {
    rows: &'a mut dyn RowCursor,
    cancel: &'a Cancel,
    count: u64,
}

/// How many rows are copied between two looks at the cancel flag.
const ROWS_A_LOOK: u64 = 4096;

impl SortedRun for Copied<'_> {
    fn next(&mut self) -> Result<Option<(&[u8], Change<'_>)>> {
        if self.count.is_multiple_of(ROWS_A_LOOK) {
            self.cancel.check("a restore")?;
        }
        let next = self.rows.next()?;
        self.count += u64::from(next.is_some());
        Ok(next.map(|(row, value)| (row, Change::Put(value))))
    }
}
