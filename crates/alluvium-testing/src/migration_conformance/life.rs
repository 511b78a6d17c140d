//! The lives of a job: each restores what the one before has left.

use std::sync::Arc;

use alluvium::protocol::key::Key;
use alluvium::protocol::manifest::{CheckpointId, Manifest, SnapshotKind};
use alluvium::storage::{Cancel, Storage, in_memory};
use alluvium::store::StoreFactory;
use alluvium::{
    Backend, Builder, Error, ErrorKind, Options, Ownership, PreparedSnapshot, Progress,
    RestoreFrom, Result, SnapshotTarget,
};

use tempfile::TempDir;

use crate::directory::temporary;

/// A job whose program changes from life to life.
pub(super) struct Job {
    factory: Arc<dyn StoreFactory>,
    storage: Arc<dyn Storage>,
    directory: TempDir,
    memory_budget_bytes: usize,
    lives: u64,
    manifests: Vec<Manifest>,
}

impl Job {
    pub(super) fn new(factory: Arc<dyn StoreFactory>) -> Result<Self> {
        Ok(Self {
            factory,
            storage: in_memory(),
            directory: temporary().map_err(|error| Error::io("make a directory", error))?,
            memory_budget_bytes: Options::default().memory_budget_bytes,
            lives: 0,
            manifests: Vec::new(),
        })
    }

    pub(super) fn memory_budget_bytes(self, memory_budget_bytes: usize) -> Self {
        Self {
            memory_budget_bytes,
            ..self
        }
    }

    /// One life with one subtask, which ends with an incremental checkpoint.
    pub(super) fn live(
        &mut self,
        program: impl FnMut(&mut Backend<u32>) -> Result<()>,
    ) -> Result<()> {
        self.live_as(SnapshotKind::Incremental, 1, program)
    }

    /// One life with several subtasks, which ends with a snapshot of a kind.
    pub(super) fn live_as(
        &mut self,
        kind: SnapshotKind,
        parallelism: u32,
        mut program: impl FnMut(&mut Backend<u32>) -> Result<()>,
    ) -> Result<()> {
        self.lives += 1;
        let mut manifests = Vec::new();
        for subtask in 0..parallelism {
            let mut backend = self.open::<u32>(subtask, parallelism)?;
            program(&mut backend)?;
            manifests.push(self.take(&mut backend, kind)?);
        }
        self.manifests = manifests;
        Ok(())
    }

    /// Opens or restores one subtask.
    pub(super) fn open<K: Key>(&self, subtask: u32, parallelism: u32) -> Result<Backend<K>> {
        let life = format!("{}-{subtask}-of-{parallelism}", self.lives);
        let builder = Builder::new(
            "job",
            Arc::clone(&self.factory),
            self.directory.path().join(life),
        )
        .subtask(subtask, parallelism)
        .options(Options::default().memory_budget_bytes(self.memory_budget_bytes));
        if self.manifests.is_empty() {
            return Backend::open(builder);
        }
        let from = RestoreFrom {
            storage: Arc::clone(&self.storage),
            root: "job".to_owned(),
            manifests: self.manifests.clone(),
            ownership: Ownership::Own,
        };
        Backend::restore(builder, &from, &Cancel::new(), &nobody()).map(|(backend, _)| backend)
    }

    /// The older versions that a state's values may have, by the last checkpoint.
    pub(super) fn older(&self, state: &str) -> Vec<Option<u32>> {
        let schemas = self.manifests.iter().map(|manifest| &manifest.schema);
        let states = schemas.flat_map(|schema| &schema.states);
        let mut found: Vec<_> = states
            .filter(|known| known.name == state)
            .flat_map(|known| &known.value.older)
            .map(|form| form.type_version)
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The last checkpoint.
    pub(super) fn checkpoint(&self) -> Vec<Manifest> {
        self.manifests.clone()
    }

    /// The next life begins with this checkpoint.
    pub(super) fn go_back_to(&mut self, checkpoint: Vec<Manifest>) {
        self.manifests = checkpoint;
    }

    /// Prepares a snapshot, the next one.
    pub(super) fn prepare<K: Key>(
        &mut self,
        backend: &mut Backend<K>,
        kind: SnapshotKind,
    ) -> Result<PreparedSnapshot> {
        self.lives += 1;
        backend.snapshot(CheckpointId::new(self.lives), kind)
    }

    /// Uploads a snapshot.
    pub(super) fn upload(&self, snapshot: PreparedSnapshot) -> Result<Manifest> {
        let target = SnapshotTarget {
            storage: Arc::clone(&self.storage),
            root: "job".to_owned(),
            attempt: 1,
        };
        let handle = snapshot.upload(&target, &Cancel::new(), &nobody())?;
        let name = format!("job/{}", handle.manifest.object);
        let bytes = self.storage.get(&name)?.unwrap_or_default();
        Ok(Manifest::decode(&bytes, &name)?)
    }

    fn take<K: Key>(&self, backend: &mut Backend<K>, kind: SnapshotKind) -> Result<Manifest> {
        self.upload(backend.snapshot(CheckpointId::new(self.lives), kind)?)
    }
}

fn nobody() -> Arc<dyn Progress> {
    Arc::new(())
}

/// What an attempt was refused with.
///
/// # Panics
/// When it was not, or with another kind of error.
#[expect(clippy::panic, reason = "a case fails so")]
#[track_caller]
pub(super) fn refused<T>(result: Result<T>, kind: ErrorKind) -> String {
    let Err(error) = result else {
        panic!("accepted what is to be refused")
    };
    assert_eq!(error.kind(), kind, "{error:?}");
    format!("{error:?}")
}
