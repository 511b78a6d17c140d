//! The job of a check: stores, storage, and backends that come and go.

use std::cell::Cell;
use std::sync::Arc;

use alluvium::protocol::key::Key;
use alluvium::protocol::key_group::MaxParallelism;
use alluvium::protocol::manifest::{CheckpointId, Manifest, SnapshotKind};
use alluvium::storage::{Cancel, Storage, in_directory, in_memory};
use alluvium::store::StoreFactory;
use alluvium::{
    Backend, Builder, Options, Ownership, Progress, RestoreFrom, Result, SnapshotTarget,
};
use tempfile::TempDir;

/// Its folder in storage.
const ROOT: &str = "job";

pub(super) struct Job {
    stores: Arc<dyn StoreFactory>,
    storage: Arc<dyn Storage>,
    memory_budget_bytes: usize,
    max: MaxParallelism,
    /// Backends opened so far: each has a directory of its own.
    opened: Cell<u32>,
    directory: TempDir,
}

impl Job {
    pub(super) fn new(
        stores: Arc<dyn StoreFactory>,
        memory_budget_bytes: usize,
        key_groups: u32,
    ) -> Self {
        Self {
            stores,
            storage: in_memory(),
            memory_budget_bytes,
            max: MaxParallelism::new(key_groups).unwrap(),
            opened: Cell::new(0),
            directory: TempDir::new().unwrap(),
        }
    }

    /// The same job, whose checkpoints take no memory.
    pub(super) fn with_storage_on_disk(mut self) -> Self {
        self.storage = in_directory(&self.directory.path().join("storage")).unwrap();
        self
    }

    fn builder(&self, subtask: u32, parallelism: u32) -> Builder {
        let number = self.opened.replace(self.opened.get() + 1);
        let work = self.directory.path().join(number.to_string());
        let options = Options::default().memory_budget_bytes(self.memory_budget_bytes);
        Builder::new(ROOT, Arc::clone(&self.stores), work)
            .max_parallelism(self.max)
            .subtask(subtask, parallelism)
            .options(options)
    }

    pub(super) fn open<K: Key>(&self, subtask: u32, parallelism: u32) -> Backend<K> {
        Backend::open(self.builder(subtask, parallelism)).unwrap()
    }

    pub(super) fn open_all<K: Key>(&self, parallelism: u32) -> Vec<Backend<K>> {
        let open = |subtask| self.open(subtask, parallelism);
        (0..parallelism).map(open).collect()
    }

    pub(super) fn restore<K: Key>(
        &self,
        from: &RestoreFrom,
        subtask: u32,
        parallelism: u32,
    ) -> Result<Backend<K>> {
        let builder = self.builder(subtask, parallelism);
        let nobody: Arc<dyn Progress> = Arc::new(());
        Ok(Backend::restore(builder, from, &Cancel::new(), &nobody)?.0)
    }

    pub(super) fn restore_all<K: Key>(
        &self,
        from: &RestoreFrom,
        parallelism: u32,
    ) -> Vec<Backend<K>> {
        let restore = |subtask| self.restore(from, subtask, parallelism).unwrap();
        (0..parallelism).map(restore).collect()
    }

    /// Takes a checkpoint of all subtasks and tells them that it is complete.
    pub(super) fn checkpoint<K: Key>(
        &self,
        backends: &mut [Backend<K>],
        checkpoint: u64,
    ) -> RestoreFrom {
        let id = CheckpointId::new(checkpoint);
        let target = SnapshotTarget {
            storage: Arc::clone(&self.storage),
            root: ROOT.to_owned(),
            attempt: 1,
        };
        let nobody: Arc<dyn Progress> = Arc::new(());
        let mut manifests = Vec::new();
        for backend in backends.iter_mut() {
            let prepared = backend.snapshot(id, SnapshotKind::Incremental).unwrap();
            let handle = prepared.upload(&target, &Cancel::new(), &nobody).unwrap();
            let name = format!("{ROOT}/{}", handle.manifest.object);
            let bytes = self.storage.get(&name).unwrap().expect("the manifest");
            manifests.push(Manifest::decode(&bytes, &name).unwrap());
        }
        for backend in backends {
            backend.notify_complete(id);
        }
        RestoreFrom {
            storage: Arc::clone(&self.storage),
            root: ROOT.to_owned(),
            manifests,
            ownership: Ownership::Own,
        }
    }
}

/// The backend that a key belongs to.
pub(super) fn owner<'b, K: Key>(backends: &'b mut [Backend<K>], key: &K) -> &'b mut Backend<K> {
    let mut owner = backends.iter_mut().filter_map(|backend| {
        let owns = backend.key(key).is_ok();
        owns.then_some(backend)
    });
    owner.next().expect("every key has an owner")
}
