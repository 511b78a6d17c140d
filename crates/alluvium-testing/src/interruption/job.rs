//! A job with a checkpoint and a savepoint in a directory, which restores of all shapes start from.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use alluvium::catalog::{Attempt, Catalog, Proposal};
use alluvium::environment::Environment;
use alluvium::protocol::catalog::{Commit, Savepoint};
use alluvium::protocol::key_group::MaxParallelism;
use alluvium::protocol::manifest::{CheckpointId, SnapshotKind};
use alluvium::savepoint::SavepointFolder;
use alluvium::storage::{Cancel, Storage, in_directory};
use alluvium::store::StoreFactory;
use alluvium::{
    Backend, Builder, LocalCopies, Ownership, Progress, RestoreFrom, Result, SnapshotHandle,
    SnapshotTarget,
};

use super::state::{Contents, expected_after, read, write};
use super::watched::{Event, Files, Watched};
use super::{Shape, shape, storage_directory};

const JOB: &str = "job";
const SAVEPOINT: &str = "savepoint";
/// Incremental, so that the last has as many files.
const CHECKPOINTS: u64 = 3;

/// What it says when it goes on from a checkpoint, whose number and state follow; 0 before the first.
pub(super) const RESTORED: &str = "restored ";

/// What it says when a checkpoint is committed, whose number follows.
pub(super) const COMMITTED: &str = "committed ";

pub(super) struct Job {
    directory: PathBuf,
    storage: Arc<dyn Storage>,
    factory: Arc<dyn StoreFactory>,
}

impl Job {
    /// The job that was prepared in `directory`.
    pub(super) fn open(directory: &Path, factory: Arc<dyn StoreFactory>) -> Result<Self> {
        Ok(Self {
            directory: directory.to_owned(),
            storage: in_directory(&storage_directory(directory))?,
            factory,
        })
    }

    /// Takes the checkpoints and the savepoint that restores of `shape` start from.
    pub(super) fn prepare(
        directory: &Path,
        factory: Arc<dyn StoreFactory>,
        shape: Shape,
    ) -> Result<Self> {
        let job = Self::open(directory, factory)?;
        let environment = Environment::system();
        let catalog = Catalog::open(Arc::clone(&job.storage), JOB)?;
        let attempt = catalog.start_attempt(&environment)?;
        let mut backends = Vec::new();
        for subtask in 0..shape.from {
            backends.push(Backend::<u32>::open(job.builder(
                subtask,
                shape.from,
                shape.local,
            )?)?);
        }
        for number in 1..=CHECKPOINTS {
            write(&mut backends, number)?;
            commit(&catalog, &attempt, &mut backends, number)?;
        }
        let (checkpoint, kind) = (CheckpointId::new(CHECKPOINTS + 1), SnapshotKind::Savepoint);
        let folder = job.savepoint(&job.storage);
        let handles = upload(&mut backends, checkpoint, kind, &folder.target(1))?;
        folder.commit(&Savepoint {
            job: JOB.to_owned(),
            checkpoint,
            parallelism: shape.from,
            max_parallelism: MaxParallelism::DEFAULT,
            manifests: handles.into_iter().map(|handle| handle.manifest).collect(),
            attachments: BTreeMap::new(),
            created_unix_millis: 0,
        })?;
        Ok(job)
    }

    fn savepoint(&self, storage: &Arc<dyn Storage>) -> SavepointFolder {
        SavepointFolder::new(Arc::clone(storage), SAVEPOINT)
    }

    fn working_directory(&self) -> PathBuf {
        self.directory.join("work")
    }

    fn builder(&self, subtask: u32, parallelism: u32, local: bool) -> Result<Builder> {
        let work = self.working_directory().join(subtask.to_string());
        let builder =
            Builder::new(JOB, Arc::clone(&self.factory), work).subtask(subtask, parallelism);
        if !local {
            return Ok(builder);
        }
        let local = LocalCopies::in_directory(&self.directory.join("local"), JOB)?;
        Ok(builder.local_copies(local))
    }

    /// Restores all subtasks, reads them and closes them. Each event is told before it happens.
    pub(super) fn restore(&self, shape: Shape, event: &Event, cancel: &Cancel) -> Result<Contents> {
        let storage: Arc<dyn Storage> = Arc::new(Watched {
            inner: Arc::clone(&self.storage),
            event: Arc::clone(event),
        });
        let from = self.source(shape, &storage)?;
        read(&mut self.restore_all(shape, &from, event, cancel)?)
    }

    fn restore_all(
        &self,
        shape: Shape,
        from: &RestoreFrom,
        event: &Event,
        cancel: &Cancel,
    ) -> Result<Vec<Backend<u32>>> {
        let progress: Arc<dyn Progress> = Arc::new(Files(Arc::clone(event)));
        let mut backends = Vec::new();
        for subtask in 0..shape.to {
            event("a restore begins");
            let builder = self.builder(subtask, shape.to, shape.local)?;
            let (backend, _) = Backend::restore(builder, from, cancel, &progress)?;
            backends.push(backend);
        }
        Ok(backends)
    }

    /// Goes on from the newest checkpoint, with another number of subtasks each time, for some checkpoints. Says from
    /// which it goes on and what the state is, and which are committed.
    pub(super) fn work(&self, say: &Event) -> Result<()> {
        let storage: Arc<dyn Storage> = Arc::new(Watched {
            inner: Arc::clone(&self.storage),
            event: Arc::clone(say),
        });
        let environment = Environment::system();
        let catalog = Catalog::open(storage, JOB)?;
        let attempt = catalog.start_attempt(&environment)?;
        let newest = catalog.latest()?;
        let parallelism = u32::try_from(attempt.number % 3).unwrap_or(0) + 1;
        let shape = shape(parallelism, parallelism, true, false);
        let mut backends = match &newest {
            None => (0..parallelism)
                .map(|subtask| Backend::open(self.builder(subtask, parallelism, true)?))
                .collect::<Result<_>>()?,
            Some(newest) => {
                let from = from(&catalog, newest)?;
                self.restore_all(shape, &from, say, &Cancel::new())?
            }
        };
        let begin = newest.map_or(0, |newest| newest.checkpoint.get());
        let contents = read(&mut backends)?;
        say(&format!("{RESTORED}{begin} {contents:?}"));
        for number in begin + 1..=begin + CHECKPOINTS {
            write(&mut backends, number)?;
            commit(&catalog, &attempt, &mut backends, number)?;
            say(&format!("{COMMITTED}{number}"));
            catalog.retain(&attempt, NonZeroUsize::MIN)?;
        }
        Ok(())
    }

    /// Deletes orphans as a new attempt; the files of storage that nobody needs all the same.
    pub(super) fn sweep(&self) -> Result<Vec<PathBuf>> {
        let (environment, cancel) = (Environment::system(), Cancel::new());
        let catalog = Catalog::open(Arc::clone(&self.storage), JOB)?;
        let attempt = catalog.start_attempt(&environment)?;
        let orphans = catalog.orphans_behind(&attempt, &environment, &cancel)?;
        catalog.sweep(&orphans, &environment, &cancel)?;
        let listed = self.storage.list(JOB)?.into_iter();
        let root = storage_directory(&self.directory);
        let listed: BTreeSet<_> = listed.map(|info| root.join(info.name)).collect();
        let files = self.storage_files().into_keys();
        Ok(files.filter(|file| !listed.contains(file)).collect())
    }

    fn source(&self, shape: Shape, storage: &Arc<dyn Storage>) -> Result<RestoreFrom> {
        if shape.savepoint {
            let folder = self.savepoint(storage);
            return folder.restore_from(&folder.read()?);
        }
        let catalog = Catalog::open(Arc::clone(storage), JOB)?;
        let newest = catalog.latest()?.expect("a checkpoint was committed");
        from(&catalog, &newest)
    }

    /// The state that every restore must have.
    pub(super) fn expected(&self) -> Contents {
        expected_after(CHECKPOINTS)
    }

    /// What there is in the working directories, empty folders too.
    pub(super) fn left(&self) -> Vec<String> {
        let work = self.working_directory();
        let paths = if work.exists() {
            below(work)
        } else {
            Vec::new()
        };
        paths
            .iter()
            .map(|path| path.display().to_string())
            .collect()
    }

    /// Every file below the storage's directory, with its bytes.
    pub(super) fn storage_files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let paths = below(storage_directory(&self.directory)).into_iter();
        let files = paths.filter(|path| !path.is_dir());
        files
            .map(|path| {
                let bytes = fs::read(&path).expect("reads a file");
                (path, bytes)
            })
            .collect()
    }
}

/// All files and folders below a folder.
fn below(folder: PathBuf) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("lists a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path.clone());
            }
            found.push(path);
        }
    }
    found
}

fn from(catalog: &Catalog, commit: &Commit) -> Result<RestoreFrom> {
    let manifests = commit.manifests.iter().map(|part| catalog.manifest(part));
    Ok(RestoreFrom {
        storage: Arc::clone(catalog.storage()),
        root: JOB.to_owned(),
        manifests: manifests.collect::<Result<_>>()?,
        ownership: Ownership::Own,
    })
}

/// Takes and commits checkpoint `number`, and tells the backends.
fn commit(
    catalog: &Catalog,
    attempt: &Attempt,
    backends: &mut [Backend<u32>],
    number: u64,
) -> Result<()> {
    let target = SnapshotTarget {
        storage: Arc::clone(catalog.storage()),
        root: JOB.to_owned(),
        attempt: attempt.number,
    };
    let (checkpoint, kind) = (CheckpointId::new(number), SnapshotKind::Incremental);
    let handles = upload(backends, checkpoint, kind, &target)?;
    let proposal = Proposal {
        checkpoint,
        kind,
        max_parallelism: MaxParallelism::DEFAULT,
        bases: handles.iter().filter_map(|handle| handle.base).collect(),
        manifests: handles.into_iter().map(|handle| handle.manifest).collect(),
        attachments: BTreeMap::new(),
    };
    catalog.commit(attempt, &proposal, &Environment::system())?;
    for backend in backends {
        backend.notify_complete(checkpoint);
    }
    Ok(())
}

fn upload(
    backends: &mut [Backend<u32>],
    checkpoint: CheckpointId,
    kind: SnapshotKind,
    target: &SnapshotTarget,
) -> Result<Vec<SnapshotHandle>> {
    let nobody: Arc<dyn Progress> = Arc::new(());
    let upload = |backend: &mut Backend<u32>| {
        let snapshot = backend.snapshot(checkpoint, kind)?;
        snapshot.upload(target, &Cancel::new(), &nobody)
    };
    backends.iter_mut().map(upload).collect()
}
