//! Restore: carries out what [`alluvium_protocol::plan::restore`] decided.
//!
//! Invariants: nothing of the snapshot's is changed; a restore that fails or is cancelled leaves nothing
//! on this machine and can be repeated; only rows of the backend's own key groups are visible afterwards.
//! How files of several snapshots become one store is the store's business.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use alluvium_protocol::file::{FileId, FileRef};
use alluvium_protocol::key_group::KeyGroupRange;
use alluvium_protocol::manifest::{CheckpointId, Manifest, SnapshotKind};
use alluvium_protocol::plan::restore::{Adoption, Restore, plan_restore};
use alluvium_protocol::row::RowRange;
use alluvium_protocol::schema;
use alluvium_protocol::stamp::Moment;

use crate::builder::{Builder, Restored};
use crate::bytes::BytesBackend;
use crate::bytes::registry::Registry;
use crate::error::{Error, ErrorKind, Result};
use crate::snapshot::history::History;
use crate::storage::{Cancel, Storage};
use crate::store::{Opened, Part, PlacedFile, Store};
use crate::transfer::Progress;
use crate::transfer::retry::Retry;
use crate::working_directory::WorkingDirectory;
use fetch::{Fetch, Wanted};

mod fetch;
mod rows;

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
    /// Whose they are. Savepoints are never the job's own, whatever this says.
    pub ownership: Ownership,
}

/// Whose checkpoint it is that a job is restored from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_enums, reason = "a restore must treat both")]
pub enum Ownership {
    /// The job's own: later snapshots refer to its files, and retention deletes them when nobody needs them any more.
    #[default]
    Own,
    /// Somebody else's: it is read and never referred to, so that its owner may delete it. The first snapshot
    /// uploads everything.
    Borrowed,
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
    /// Files of `files_linked` that were used unread, because nobody wrote to them since they were kept.
    pub local_files_unread: usize,
    /// Files that had a local copy which was missing or damaged.
    pub local_files_refused: usize,
    /// Rows that were written again, one by one: those of savepoints, and of files that could not be taken over.
    pub rows_copied: u64,
    /// From the first file to a backend that answers.
    pub took: Duration,
}

impl Builder {
    /// Opens a backend with the state of a checkpoint or savepoint, as far as it belongs to its key groups.
    ///
    /// # Errors
    /// `Incompatible` when it is of another job (unless it is a savepoint, or borrowed), another maximum
    /// parallelism, other key types or another kind of store; `Corrupt` when a file is not what its manifest says, naming the object;
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
        self.check_job(from)?;
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
            retry: Retry::new(&self.options, &self.environment),
            cancel,
            progress,
        };
        let mut carry = Carry {
            builder: &self,
            fetch,
            directory: &directory,
            unsynced: BTreeSet::new(),
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
            untidy: report.files_linked + report.files_downloaded > 0,
            empty: false,
            event_time: event_time(&from.manifests),
        };
        let backend = self.assemble(directory, store, restored)?;
        report.took = clock.monotonic() - began;
        Ok((backend, report))
    }

    fn check_job(&self, from: &RestoreFrom) -> Result<()> {
        let manifests = &from.manifests;
        let foreign = manifests
            .iter()
            .find(|manifest| manifest.kind != SnapshotKind::Savepoint && manifest.job != self.job);
        if let Some(manifest) = foreign
            && from.ownership == Ownership::Own
        {
            return Err(Error::new(
                ErrorKind::Incompatible,
                format!(
                    "checkpoint {} is of job {:?}, not of {:?}: borrow it, claim it, or start from a savepoint",
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
                     fixed for a job's life, so declare {stored}, or rewrite a savepoint with `alluvium savepoint \
                     migrate-keys`",
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
pub(crate) fn next_generation(manifests: &[Manifest]) -> Result<u64> {
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

/// The latest event time of the snapshots, so that nothing that had expired lives again.
pub(crate) fn event_time(manifests: &[Manifest]) -> Moment {
    let times = manifests.iter().map(|manifest| manifest.event_time);
    times.fold(Moment::BEFORE_TIME, Moment::joined)
}

/// What is taken from one snapshot.
struct Source {
    subtask: u32,
    files: Vec<FileRef>,
    rows: RowRange,
}

/// Carries out one plan.
struct Carry<'a> {
    builder: &'a Builder,
    fetch: Fetch<'a>,
    directory: &'a WorkingDirectory,
    report: RestoreReport,
    /// Files that are here and not flushed to the device.
    unsynced: BTreeSet<FileId>,
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
                let files = 0..self.manifest(*index)?.files.len();
                let whole = Adoption {
                    manifest: *index,
                    range: target,
                    files: files.collect(),
                };
                self.open(&[whole])
            }
            Restore::Adopt(adoptions) => {
                self.report.plan = "adopt";
                self.open(adoptions)
            }
            Restore::Rows(parts) => {
                self.report.plan = "rows";
                Ok((self.load_rows(parts)?, History::default()))
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

    /// Opens one store of files of snapshots. Their history goes on if they are the job's own.
    fn open(&mut self, adoptions: &[Adoption]) -> Result<(Arc<dyn Store>, History)> {
        let sources = adoptions
            .iter()
            .map(|adoption| self.source(adoption))
            .collect::<Result<Vec<_>>>()?;
        let opened = self.open_sources(&sources)?;
        self.report.rows_copied += opened.rows_copied;
        if opened.rows_copied > 0 {
            let rows = opened.rows_copied;
            tracing::warn!(
                rows,
                "rows of files that could not be taken over were copied"
            );
        }
        let file = |&(source, file): &(usize, usize)| sources.get(source)?.files.get(file);
        let names = opened.origins.iter();
        let names = names.filter_map(|(name, origin)| Some((name.clone(), file(origin)?.id)));
        let names: BTreeMap<_, _> = names.collect();
        let unsynced = names.iter().filter(|(_, id)| self.unsynced.contains(id));
        let unsynced = unsynced.map(|(name, _)| name.clone()).collect();
        let history = match self.fetch.from.ownership {
            Ownership::Borrowed => History::default(),
            Ownership::Own => History::restored(&self.fetch.from.manifests, names),
        };
        history.uploads().note_unsynced(unsynced);
        Ok((opened.store, history))
    }

    fn source(&self, adoption: &Adoption) -> Result<Source> {
        let manifest = self.manifest(adoption.manifest)?;
        let files = adoption.files.iter().map(|&file| manifest.files.get(file));
        let files: Option<Vec<_>> = files.map(Option::<&FileRef>::cloned).collect();
        Ok(Source {
            subtask: manifest.subtask,
            files: files.ok_or_else(|| Error::invalid("a restore plan for other files"))?,
            rows: adoption.range.rows(),
        })
    }

    fn open_sources(&mut self, sources: &[Source]) -> Result<Opened> {
        if sources.iter().all(|source| source.files.is_empty()) {
            return Ok(Opened {
                store: self.create()?,
                origins: BTreeMap::new(),
                rows_copied: 0,
            });
        }
        let before = self.report.clone();
        match self.open_files(sources) {
            Err(error)
                if error.kind() == ErrorKind::Corrupt
                    && self.report.local_files_unread > before.local_files_unread =>
            {
                tracing::warn!(
                    ?error,
                    "every local copy is read now, and downloaded if it is damaged"
                );
                self.report = before;
                self.fetch.verify_everything();
                self.open_files(sources)
            }
            opened => opened,
        }
    }

    fn open_files(&mut self, sources: &[Source]) -> Result<Opened> {
        let mut parts = Vec::with_capacity(sources.len());
        let mut wanted = Vec::new();
        for source in sources {
            let directory = self.directory.fresh("part");
            for file in &source.files {
                let to = fetch::place_of(&directory, &file.name)?;
                let file = file.clone();
                wanted.push(Wanted { file, to });
            }
            let files = source.files.iter().map(|file| PlacedFile {
                name: file.name.clone(),
                bounds: file.bounds.clone(),
                note: file.note.clone(),
            });
            parts.push(Part {
                directory,
                files: files.collect(),
                rows: source.rows.clone(),
            });
        }
        for part in &parts {
            let made = fs::create_dir_all(&part.directory);
            made.map_err(|e| Error::io(format!("create {}", part.directory.display()), e))?;
        }
        let unsynced = self.fetch.place(&wanted, &mut self.report)?;
        self.unsynced.extend(unsynced);
        self.fetch.cancel.check("a restore")?;
        let place = self.directory.fresh("store");
        let mut made: Vec<_> = parts.iter().map(|part| part.directory.clone()).collect();
        made.push(place.clone());
        let opened = self.builder.factory.open(&place, parts, self.fetch.cancel);
        opened.map_err(|error| {
            // A second try begins with an empty disk. What cannot be deleted goes with the working directory.
            made.iter().for_each(|made| drop(fs::remove_dir_all(made)));
            let subtasks = sources.iter().map(|source| source.subtask.to_string());
            let subtasks = subtasks.collect::<Vec<_>>().join(", ");
            let checkpoint = self.report.checkpoint.map_or(0, CheckpointId::get);
            error.context(format!(
                "open the files of subtask {subtasks} in checkpoint {checkpoint}"
            ))
        })
    }
}
