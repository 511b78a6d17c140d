//! A job of two subtasks whose checkpoint and savepoint are damaged.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::Arc;

use alluvium::catalog::{Catalog, Proposal};
use alluvium::environment::Environment;
use alluvium::protocol::catalog::Savepoint;
use alluvium::protocol::key_group::MaxParallelism;
use alluvium::protocol::manifest::{CheckpointId, SnapshotKind};
use alluvium::savepoint::SavepointFolder;
use alluvium::storage::{Cancel, Storage};
use alluvium::store::StoreFactory;
use alluvium::{
    Backend, Builder, ListState, Options, Ownership, Progress, RestoreFrom, Result, SnapshotHandle,
    SnapshotTarget, ValueState,
};
use tempfile::TempDir;

const VALUES: ValueState<String> = ValueState::new("values");
const LISTS: ListState<u32> = ListState::new("lists");

const JOB: &str = "job";
const SAVEPOINT: &str = "savepoint";
const PARALLELISM: u32 = 2;
const KEYS: std::ops::Range<u32> = 0..30;

/// The state of each key.
pub(super) type Contents = BTreeMap<u32, (Option<String>, Vec<u32>)>;

pub(super) struct Job {
    pub(super) storage: Arc<dyn Storage>,
    factory: Arc<dyn StoreFactory>,
    max_parallelism: MaxParallelism,
    directory: TempDir,
    /// The subtask that is restored first: it noticed the last damage, and will notice the next of that object.
    first: Cell<u32>,
}

impl Job {
    pub(super) fn new(factory: Arc<dyn StoreFactory>, storage: Arc<dyn Storage>) -> Self {
        Self {
            storage,
            factory,
            max_parallelism: MaxParallelism::DEFAULT,
            directory: TempDir::new().expect("a directory"),
            first: Cell::new(0),
        }
    }

    fn builder(&self, subtask: u32) -> Builder {
        let directory = self.directory.path().join(subtask.to_string());
        Builder::new(JOB, Arc::clone(&self.factory), directory)
            .max_parallelism(self.max_parallelism)
            .subtask(subtask, PARALLELISM)
            // One connection is enough to find damage.
            .options(Options::default().transfer_threads(1).transfer_attempts(1))
    }

    fn open(&self) -> Result<Vec<Backend<u32>>> {
        (0..PARALLELISM)
            .map(|subtask| Backend::open(self.builder(subtask)))
            .collect()
    }

    /// Two incremental checkpoints, of which the second refers to files of the first. Only the second is
    /// retained, so that all that is in the job's folder is needed.
    pub(super) fn take_checkpoints(&self) -> Result<()> {
        let environment = Environment::system();
        let catalog = Catalog::open(Arc::clone(&self.storage), JOB)?;
        let attempt = catalog.start_attempt(&environment)?;
        let target = SnapshotTarget {
            storage: Arc::clone(&self.storage),
            root: JOB.to_owned(),
            attempt: attempt.number,
        };
        let mut backends = self.open()?;
        for number in 1..=2 {
            let checkpoint = CheckpointId::new(number);
            let kind = SnapshotKind::Incremental;
            let handles = take(&mut backends, number, kind, &target)?;
            let proposal = Proposal {
                checkpoint,
                kind,
                max_parallelism: self.max_parallelism,
                bases: handles
                    .iter()
                    .filter_map(|handle| handle.base)
                    .collect::<BTreeSet<_>>(),
                manifests: handles.into_iter().map(|handle| handle.manifest).collect(),
                attachments: BTreeMap::from([("offsets".to_owned(), vec![1, 2, 3])]),
            };
            catalog.commit(&attempt, &proposal, &environment)?;
            backends
                .iter_mut()
                .for_each(|backend| backend.notify_complete(checkpoint));
            catalog.retain(&attempt, NonZeroUsize::MIN)?;
        }
        Ok(())
    }

    pub(super) fn take_savepoint(&self) -> Result<()> {
        let (folder, kind) = (self.savepoint(), SnapshotKind::Savepoint);
        let handles = take(&mut self.open()?, 1, kind, &folder.target(1))?;
        folder.commit(&Savepoint {
            job: JOB.to_owned(),
            checkpoint: CheckpointId::new(1),
            parallelism: PARALLELISM,
            max_parallelism: self.max_parallelism,
            manifests: handles.into_iter().map(|handle| handle.manifest).collect(),
            attachments: BTreeMap::from([("offsets".to_owned(), vec![1, 2, 3])]),
            created_unix_millis: 0,
        })
    }

    fn savepoint(&self) -> SavepointFolder {
        SavepointFolder::new(Arc::clone(&self.storage), SAVEPOINT)
    }

    pub(super) fn restore_latest(&self) -> Result<Contents> {
        let catalog = Catalog::open(Arc::clone(&self.storage), JOB)?;
        let latest = catalog.latest()?.expect("a checkpoint");
        let manifests = latest.manifests.iter().map(|part| catalog.manifest(part));
        self.restore(&RestoreFrom {
            storage: Arc::clone(&self.storage),
            root: JOB.to_owned(),
            manifests: manifests.collect::<Result<_>>()?,
            ownership: Ownership::Own,
        })
    }

    pub(super) fn restore_savepoint(&self) -> Result<Contents> {
        let folder = self.savepoint();
        self.restore(&folder.restore_from(&folder.read()?)?)
    }

    fn restore(&self, from: &RestoreFrom) -> Result<Contents> {
        let nobody: Arc<dyn Progress> = Arc::new(());
        let mut contents = Contents::new();
        let first = self.first.get();
        for subtask in (first..PARALLELISM).chain(0..first) {
            self.first.set(subtask);
            let builder = self.builder(subtask);
            let (mut backend, _) = Backend::restore(builder, from, &Cancel::new(), &nobody)?;
            read(&mut backend, &mut contents)?;
        }
        Ok(contents)
    }
}

/// Writes to all keys, more with each checkpoint, and uploads a snapshot of each backend.
fn take(
    backends: &mut [Backend<u32>],
    number: u64,
    kind: SnapshotKind,
    target: &SnapshotTarget,
) -> Result<Vec<SnapshotHandle>> {
    let nobody: Arc<dyn Progress> = Arc::new(());
    let mut handles = Vec::new();
    for backend in backends {
        let (values, lists) = (backend.register(VALUES)?, backend.register(LISTS)?);
        for key in KEYS {
            // Most of it in the first file, so that a store has no reason to merge it with the second.
            let ours = backend.key(&key).is_ok() && (number == 1 || key < 4);
            if ours {
                let mut scope = backend.key(&key)?;
                scope.value(values).set(&format!("{number} of {key}"))?;
                scope.list(lists).push(&key)?;
            }
        }
        let snapshot = backend.snapshot(CheckpointId::new(number), kind)?;
        handles.push(snapshot.upload(target, &Cancel::new(), &nobody)?);
    }
    Ok(handles)
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
