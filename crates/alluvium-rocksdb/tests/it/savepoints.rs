//! Savepoints of stores on RocksDB: any number of subtasks becomes any other, in few files.

#![cfg(test)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use alluvium::protocol::manifest::{CheckpointId, Manifest, SnapshotKind};
use alluvium::storage::{Cancel, Storage, in_memory};
use alluvium::{
    Backend, Builder, Options, Ownership, Progress, RestoreFrom, Result, SnapshotTarget, ValueState,
};
use alluvium_rocksdb::{RocksOptions, RocksStoreFactory};

const COUNTS: ValueState<u32> = ValueState::new("counts");
const KEYS: u32 = 20_000;

fn builder(directory: &Path, subtask: u32, parallelism: u32) -> Result<Builder> {
    let factory = Arc::new(RocksStoreFactory::new(RocksOptions::default())?);
    let directory = directory.join(format!("{subtask} of {parallelism}"));
    Ok(Builder::new("job", factory, directory)
        .subtask(subtask, parallelism)
        .options(Options::default().memory_budget_bytes(8 << 20)))
}

fn upload(
    backend: &mut Backend<u32>,
    kind: SnapshotKind,
    storage: &Arc<dyn Storage>,
) -> Result<Manifest> {
    let target = SnapshotTarget {
        storage: Arc::clone(storage),
        root: "job".to_owned(),
        attempt: 1,
    };
    let nobody: Arc<dyn Progress> = Arc::new(());
    let snapshot = backend.snapshot(CheckpointId::new(1), kind)?;
    let handle = snapshot.upload(&target, &Cancel::new(), &nobody)?;
    let name = format!("job/{}", handle.manifest.object);
    Ok(Manifest::decode(&storage.get(&name)?.unwrap(), &name)?)
}

#[test]
fn small_savepoints_of_many_subtasks_become_few_files_of_each_restored_store() {
    let directory = tempfile::tempdir().unwrap();
    let storage = in_memory();
    let nobody: Arc<dyn Progress> = Arc::new(());
    let written = (0..16).map(|subtask| {
        let builder = builder(directory.path(), subtask, 16).unwrap();
        let mut backend = Backend::<u32>::open(builder).unwrap();
        let counts = backend.register(COUNTS).unwrap();
        for key in 0..KEYS {
            if let Ok(mut scope) = backend.key(&key) {
                scope.value(counts).set(&(key + 1)).unwrap();
            }
        }
        upload(&mut backend, SnapshotKind::Savepoint, &storage).unwrap()
    });
    let from = RestoreFrom {
        storage: Arc::clone(&storage),
        root: "job".to_owned(),
        manifests: written.collect(),
        ownership: Ownership::Own,
    };

    for parallelism in [1, 3] {
        let mut found = BTreeMap::new();
        for subtask in 0..parallelism {
            let builder = builder(directory.path(), subtask, parallelism).unwrap();
            let restored = Backend::<u32>::restore(builder, &from, &Cancel::new(), &nobody);
            let (mut backend, report) = restored.unwrap();
            let counts = backend.register(COUNTS).unwrap();
            let read = backend.entries(counts, |key, (), count| {
                assert_eq!(found.insert(key, count), None, "{key} is in two subtasks");
                Ok(())
            });
            read.unwrap();
            assert!(report.files_downloaded >= 5, "{report:?}");
            let stored = upload(&mut backend, SnapshotKind::Full, &storage).unwrap();
            let data = stored.files.iter().filter(|file| file.shared).count();
            assert!(data <= 2, "{data} files of {} rows", report.rows_copied);
        }
        assert!(found.into_iter().eq((0..KEYS).map(|key| (key, key + 1))));
    }
}
