//! A job with a checkpoint and a savepoint in a directory, which restores of all shapes start from.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use alluvium::catalog::{Catalog, Proposal};
use alluvium::environment::Environment;
use alluvium::protocol::catalog::Savepoint;
use alluvium::protocol::key_group::MaxParallelism;
use alluvium::protocol::manifest::{CheckpointId, SnapshotKind};
use alluvium::savepoint::SavepointFolder;
use alluvium::storage::{Cancel, Storage, in_directory};
use alluvium::store::StoreFactory;
use alluvium::{
    Backend, Builder, ListState, LocalCopies, Ownership, Progress, RestoreFrom, Result,
    SnapshotHandle, SnapshotTarget, ValueState,
};

use super::watched::{Event, Files, Watched};
use super::{Shape, storage_directory};

const JOB: &str = "job";
const SAVEPOINT: &str = "savepoint";
const KEYS: std::ops::Range<u32> = 0..64;
/// Incremental, so that the last has as many files.
const CHECKPOINTS: u64 = 3;

const VALUES: ValueState<String> = ValueState::new("values");
const LISTS: ListState<u64> = ListState::new("lists");

/// The state of each key.
pub(super) type Contents = BTreeMap<u32, (Option<String>, Vec<u64>)>;

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
        let target = SnapshotTarget {
            storage: Arc::clone(&job.storage),
            root: JOB.to_owned(),
            attempt: attempt.number,
        };
        for number in 1..=CHECKPOINTS {
            write(&mut backends, number)?;
            let (checkpoint, kind) = (CheckpointId::new(number), SnapshotKind::Incremental);
            let handles = upload(&mut backends, checkpoint, kind, &target)?;
            let proposal = Proposal {
                checkpoint,
                kind,
                max_parallelism: MaxParallelism::DEFAULT,
                bases: handles.iter().filter_map(|handle| handle.base).collect(),
                manifests: handles.into_iter().map(|handle| handle.manifest).collect(),
                attachments: BTreeMap::new(),
            };
            catalog.commit(&attempt, &proposal, &environment)?;
            for backend in &mut backends {
                backend.notify_complete(checkpoint);
            }
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

    fn work(&self) -> PathBuf {
        self.directory.join("work")
    }

    fn builder(&self, subtask: u32, parallelism: u32, local: bool) -> Result<Builder> {
        let work = self.work().join(subtask.to_string());
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
        let from = self.source(shape, storage)?;
        let progress: Arc<dyn Progress> = Arc::new(Files(Arc::clone(event)));
        let mut backends = Vec::new();
        for subtask in 0..shape.to {
            event("a restore begins");
            let builder = self.builder(subtask, shape.to, shape.local)?;
            let (backend, _) = Backend::restore(builder, &from, cancel, &progress)?;
            backends.push(backend);
        }
        let mut contents = Contents::new();
        for backend in &mut backends {
            read(backend, &mut contents)?;
        }
        Ok(contents)
    }

    fn source(&self, shape: Shape, storage: Arc<dyn Storage>) -> Result<RestoreFrom> {
        if shape.savepoint {
            let folder = self.savepoint(&storage);
            return folder.restore_from(&folder.read()?);
        }
        let catalog = Catalog::open(Arc::clone(&storage), JOB)?;
        let newest = catalog.latest()?.expect("a checkpoint was committed");
        let manifests = newest.manifests.iter().map(|part| catalog.manifest(part));
        Ok(RestoreFrom {
            storage,
            root: JOB.to_owned(),
            manifests: manifests.collect::<Result<_>>()?,
            ownership: Ownership::Own,
        })
    }

    /// The state that every restore must have.
    pub(super) fn expected(&self) -> Contents {
        let of = |key| {
            let pushed = (1..=CHECKPOINTS).filter(|number| touches(*number, key));
            let pushed: Vec<u64> = pushed.collect();
            (pushed.last().map(|last| told(*last, key)), pushed)
        };
        KEYS.map(|key| (key, of(key))).collect()
    }

    /// Whether there is anything in the working directories.
    pub(super) fn works(&self) -> bool {
        let entries = fs::read_dir(self.work()).into_iter().flatten();
        entries.count() > 0
    }

    /// Every file below the storage's directory, with its bytes.
    pub(super) fn storage_files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut folders = vec![storage_directory(&self.directory)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("lists a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let bytes = fs::read(&path).expect("reads a file");
                    found.insert(path, bytes);
                }
            }
        }
        found
    }
}

/// Whether checkpoint `number` has something new of `key`: fewer and fewer keys.
fn touches(number: u64, key: u32) -> bool {
    u64::from(key).is_multiple_of(number)
}

fn told(number: u64, key: u32) -> String {
    format!("{key} in checkpoint {number}")
}

fn write(backends: &mut [Backend<u32>], number: u64) -> Result<()> {
    for backend in backends {
        let (values, lists) = (backend.register(VALUES)?, backend.register(LISTS)?);
        for key in KEYS.filter(|key| touches(number, *key)) {
            if let Ok(mut scope) = backend.key(&key) {
                scope.value(values).set(&told(number, key))?;
                scope.list(lists).push(&number)?;
            }
        }
    }
    Ok(())
}

fn read(backend: &mut Backend<u32>, contents: &mut Contents) -> Result<()> {
    let (values, lists) = (backend.register(VALUES)?, backend.register(LISTS)?);
    for key in KEYS {
        if let Ok(mut scope) = backend.key(&key) {
            let value = scope.value(values).get()?;
            contents.insert(key, (value, scope.list(lists).get()?));
        }
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
