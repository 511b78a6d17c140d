//! The job that snapshots and restores are tested with: its subtasks, on memory stores in a directory that
//! goes with the test, and a storage that fails as planned.

#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use alluvium::environment::Environment;
use alluvium::protocol::manifest::{CheckpointId, Manifest, SnapshotKind};
use alluvium::state::{List, Map, Value};
use alluvium::storage::{Cancel, Storage, in_memory};
use alluvium::store::StoreFactory;
use alluvium::store::memory::MemoryStoreFactory;
use alluvium::{
    Backend, Builder, ListState, LocalCopies, MapState, Options, Ownership, PreparedSnapshot,
    Progress, RestoreFrom, RestoreReport, Result, SnapshotHandle, SnapshotTarget, ValueState,
};
use alluvium_testing::clock::JumpingClock;
use alluvium_testing::faulty::FaultyStorage;
use tempfile::TempDir;

const COUNTS: ValueState<u32> = ValueState::new("counts");
const EVENTS: ListState<u32> = ListState::new("events");
const TAGS: MapState<u32, u32> = MapState::new("tags");

/// Keys of the job.
pub(crate) const KEYS: Range<u32> = 0..40;

/// One job's machine and storage.
pub(crate) struct Job {
    pub(crate) storage: Arc<FaultyStorage>,
    directory: TempDir,
}

impl Job {
    pub(crate) fn new() -> Self {
        Self::over(in_memory())
    }

    pub(crate) fn over(storage: Arc<dyn Storage>) -> Self {
        Self {
            storage: Arc::new(FaultyStorage::new(storage)),
            directory: tempfile::tempdir().unwrap(),
        }
    }

    /// A builder of the only subtask that tries again, without the test waiting for it.
    pub(crate) fn patient(&self) -> Builder {
        let clock = Arc::new(JumpingClock::default());
        self.builder(0, 1)
            .options(Options::default())
            .environment(Environment {
                clock,
                ..Environment::system()
            })
    }

    /// Where the only backend of a job with one subtask works.
    pub(crate) fn work(&self) -> PathBuf {
        self.directory.path().join("work 0 of 1")
    }

    pub(crate) fn local_directory(&self) -> PathBuf {
        self.directory.path().join("local")
    }

    pub(crate) fn builder(&self, subtask: u32, parallelism: u32) -> Builder {
        self.builder_on(Arc::new(MemoryStoreFactory::new()), subtask, parallelism)
    }

    pub(crate) fn builder_on(
        &self,
        factory: Arc<dyn StoreFactory>,
        subtask: u32,
        parallelism: u32,
    ) -> Builder {
        let work = format!("work {subtask} of {parallelism}");
        Builder::new("job", factory, self.directory.path().join(work))
            .subtask(subtask, parallelism)
            // One fault is one failure; `transfers` is about trying again.
            .options(Options::default().transfer_attempts(1))
    }

    pub(crate) fn local_copies(&self) -> LocalCopies {
        LocalCopies::in_directory(&self.local_directory(), "job").unwrap()
    }

    /// The only subtask, with no state.
    pub(crate) fn open(&self) -> Subtask {
        Subtask::open(self.builder(0, 1))
    }

    pub(crate) fn target(&self) -> SnapshotTarget {
        SnapshotTarget {
            storage: Arc::<FaultyStorage>::clone(&self.storage),
            root: "job".to_owned(),
            attempt: 1,
        }
    }

    pub(crate) fn upload(&self, snapshot: PreparedSnapshot) -> Result<SnapshotHandle> {
        snapshot.upload(&self.target(), &Cancel::new(), &nobody())
    }

    /// Prepares and uploads an incremental snapshot.
    pub(crate) fn take(&self, subtask: &mut Subtask, checkpoint: u64) -> SnapshotHandle {
        self.upload(subtask.prepare(checkpoint)).unwrap()
    }

    /// As [`Self::take`], and tells the backend that the checkpoint exists.
    pub(crate) fn complete(&self, subtask: &mut Subtask, checkpoint: u64) -> SnapshotHandle {
        let handle = self.take(subtask, checkpoint);
        subtask
            .backend
            .notify_complete(CheckpointId::new(checkpoint));
        handle
    }

    pub(crate) fn manifest(&self, handle: &SnapshotHandle) -> Manifest {
        let name = format!("job/{}", handle.manifest.object);
        let bytes = self.storage.get(&name).unwrap().unwrap();
        Manifest::decode(&bytes, &name).unwrap()
    }

    pub(crate) fn from(&self, handles: &[SnapshotHandle]) -> RestoreFrom {
        RestoreFrom {
            storage: Arc::<FaultyStorage>::clone(&self.storage),
            root: "job".to_owned(),
            manifests: handles.iter().map(|handle| self.manifest(handle)).collect(),
            ownership: Ownership::Own,
        }
    }

    pub(crate) fn restore(&self, handles: &[SnapshotHandle]) -> (Subtask, RestoreReport) {
        Subtask::restore(self.builder(0, 1), &self.from(handles)).unwrap()
    }

    /// Names and lengths of all objects.
    pub(crate) fn objects(&self) -> BTreeSet<(String, u64)> {
        let listed = self.storage.list("job/").unwrap();
        listed
            .into_iter()
            .map(|object| (object.name, object.bytes))
            .collect()
    }
}

/// Objects of the files that a manifest lists and may share.
pub(crate) fn shared(manifest: &Manifest) -> BTreeSet<String> {
    let shared = manifest.files.iter().filter(|file| file.shared);
    shared.map(|file| file.object.clone()).collect()
}

pub(crate) fn nobody() -> Arc<dyn Progress> {
    Arc::new(())
}

/// Whether there is nothing at `path`, not even an empty directory.
pub(crate) fn is_gone(path: &Path) -> bool {
    !path.exists()
}

/// All state of one key.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    count: Option<u32>,
    events: Vec<u32>,
    tags: Vec<(u32, u32)>,
}

/// State by key.
pub(crate) type Contents = BTreeMap<u32, Row>;

/// What [`Subtask::write`] leaves in a job that has made these calls, at any parallelism.
pub(crate) fn contents_after(writes: &[(Range<u32>, u32)]) -> Contents {
    let mut contents = Contents::new();
    for (keys, round) in writes {
        for key in keys.clone() {
            let row: &mut Row = contents.entry(key).or_default();
            row.count = Some(*round);
            row.events.push(*round);
            row.tags.retain(|(tag, _)| tag != round);
            row.tags.push((*round, key));
        }
    }
    contents
}

/// One subtask of the job.
pub(crate) struct Subtask {
    pub(crate) backend: Backend<u32>,
    counts: Value<u32>,
    events: List<u32>,
    tags: Map<u32, u32>,
}

impl Subtask {
    pub(crate) fn open(builder: Builder) -> Self {
        Self::over(Backend::open(builder).unwrap()).unwrap()
    }

    pub(crate) fn restore(builder: Builder, from: &RestoreFrom) -> Result<(Self, RestoreReport)> {
        let (backend, report) = Backend::restore(builder, from, &Cancel::new(), &nobody())?;
        Ok((Self::over(backend)?, report))
    }

    fn over(mut backend: Backend<u32>) -> Result<Self> {
        Ok(Self {
            counts: backend.register(COUNTS)?,
            events: backend.register(EVENTS)?,
            tags: backend.register(TAGS)?,
            backend,
        })
    }

    /// Writes to every kind of state of those `keys` that are this subtask's.
    pub(crate) fn write(&mut self, keys: Range<u32>, round: u32) {
        for key in keys {
            let Ok(mut scope) = self.backend.key(&key) else {
                continue;
            };
            scope.value(self.counts).set(&round).unwrap();
            scope.list(self.events).push(&round).unwrap();
            scope.map(self.tags).insert(&round, &key).unwrap();
        }
    }

    /// Removes all state of those `keys` that are this subtask's.
    pub(crate) fn clear(&mut self, keys: Range<u32>) {
        for key in keys {
            let Ok(mut scope) = self.backend.key(&key) else {
                continue;
            };
            scope.value(self.counts).clear().unwrap();
            scope.list(self.events).clear().unwrap();
            scope.map(self.tags).clear().unwrap();
        }
    }

    /// All state of this subtask's keys.
    pub(crate) fn contents(&mut self) -> Contents {
        let mut contents = Contents::new();
        for key in KEYS {
            let Ok(mut scope) = self.backend.key(&key) else {
                continue;
            };
            let row = Row {
                count: scope.value(self.counts).get().unwrap(),
                events: scope.list(self.events).get().unwrap(),
                tags: scope.map(self.tags).entries().unwrap(),
            };
            if row != Row::default() {
                contents.insert(key, row);
            }
        }
        contents
    }

    pub(crate) fn prepare(&mut self, checkpoint: u64) -> PreparedSnapshot {
        self.prepare_kind(checkpoint, SnapshotKind::Incremental)
    }

    pub(crate) fn prepare_kind(&mut self, checkpoint: u64, kind: SnapshotKind) -> PreparedSnapshot {
        let id = CheckpointId::new(checkpoint);
        self.backend.snapshot(id, kind).unwrap()
    }

    /// Returns when all that was asked of the flusher so far is done, pins included.
    pub(crate) fn wait_for_flusher(&mut self) {
        // A key that is not one of the job's, so that there is something to flush after what was asked.
        let mut keys = KEYS.end..u32::MAX;
        let counts = self.counts;
        let mine = |backend: &mut Backend<u32>, key: u32| {
            let mut scope = backend.key(&key)?;
            scope.value(counts).set(&0)?;
            backend.key(&key)?.value(counts).clear()
        };
        assert!(keys.any(|key| mine(&mut self.backend, key).is_ok()));
        let rows = self.backend.entries(self.counts, |_, (), _| Ok(()));
        rows.unwrap();
    }
}
