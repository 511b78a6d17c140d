//! Savepoints that tests make with the library, of states of every kind.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use alluvium::savepoint::SavepointFolder;
use alluvium::storage::{self, Cancel};
use alluvium::store::memory::MemoryStoreFactory;
use alluvium::{Backend, Builder, EventTimers, ListState, MapState, Progress, ValueState};
use alluvium_protocol::catalog::Savepoint;
use alluvium_protocol::key::{self, Key};
use alluvium_protocol::key_group::MaxParallelism;
use alluvium_protocol::manifest::{CheckpointId, SnapshotKind};

pub(crate) const VISITS: ValueState<u64> = ValueState::new("visits");
pub(crate) const PAGES: ListState<String> = ListState::new("pages");
pub(crate) const TALLY: MapState<String, i32> = MapState::new("tally");
pub(crate) const WINDOWS: ValueState<f64, (i64, i64)> = ValueState::new("windows").namespaced();
pub(crate) const ALARMS: EventTimers = EventTimers::new("alarms");

/// How many key groups and subtasks a savepoint is made with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) groups: u32,
    pub(crate) parallelism: u32,
}

/// Takes a savepoint of job `clicks` in the directory `to`. `write` is called for each subtask with a backend, and
/// must write the keys that are its own ([`owns`]).
pub(crate) fn savepoint<K: Key>(
    to: &Path,
    size: Size,
    mut write: impl FnMut(&mut Backend<K>) -> alluvium::Result<()>,
) {
    let work = tempfile::tempdir().unwrap();
    let storage = storage::in_directory(to.parent().unwrap()).unwrap();
    let folder = SavepointFolder::new(storage, to.file_name().unwrap().to_str().unwrap());
    let max_parallelism = MaxParallelism::new(size.groups).unwrap();
    let nobody: Arc<dyn Progress> = Arc::new(());
    let mut manifests = Vec::new();
    for subtask in 0..size.parallelism {
        let directory = work.path().join(subtask.to_string());
        let builder = Builder::new("clicks", Arc::new(MemoryStoreFactory::new()), directory)
            .max_parallelism(max_parallelism)
            .subtask(subtask, size.parallelism);
        let mut backend = Backend::<K>::open(builder).unwrap();
        write(&mut backend).unwrap();
        let snapshot = backend
            .snapshot(CheckpointId::new(7), SnapshotKind::Savepoint)
            .unwrap();
        let handle = snapshot
            .upload(&folder.target(1), &Cancel::new(), &nobody)
            .unwrap();
        manifests.push(handle.manifest);
    }
    let savepoint = Savepoint {
        job: "clicks".into(),
        checkpoint: CheckpointId::new(7),
        parallelism: size.parallelism,
        max_parallelism,
        manifests,
        attachments: BTreeMap::from([("offset".into(), vec![42])]),
        created_unix_millis: 0,
    };
    folder.commit(&savepoint).unwrap();
}

/// All subtasks of a job that is restored from the savepoint in a directory, with so many key groups.
pub(crate) fn restored<K: Key>(from: &Path, work: &Path, size: Size) -> Vec<Backend<K>> {
    let storage = storage::in_directory(from.parent().unwrap()).unwrap();
    let folder = SavepointFolder::new(storage, from.file_name().unwrap().to_str().unwrap());
    let state = folder.restore_from(&folder.read().unwrap()).unwrap();
    let nobody: Arc<dyn Progress> = Arc::new(());
    let restore = |subtask: u32| {
        let directory = work.join(subtask.to_string());
        let builder = Builder::new("clicks", Arc::new(MemoryStoreFactory::new()), directory)
            .max_parallelism(MaxParallelism::new(size.groups).unwrap())
            .subtask(subtask, size.parallelism);
        Backend::<K>::restore(builder, &state, &Cancel::new(), &nobody)
            .unwrap()
            .0
    };
    (0..size.parallelism).map(restore).collect()
}

/// Checks that a job that is restored from a savepoint has these visitors, and fires each of their timers once.
pub(crate) fn check_visitors(from: &Path, size: Size, all: &BTreeMap<String, Visitor>) {
    let work = tempfile::tempdir().unwrap();
    let mut alarms_fired = 0;
    for mut backend in restored::<String>(from, work.path(), size) {
        let visits = backend.register(VISITS).unwrap();
        let pages = backend.register(PAGES).unwrap();
        let tally = backend.register(TALLY).unwrap();
        let windows = backend.register(WINDOWS).unwrap();
        let alarms = backend.register(ALARMS).unwrap();
        for (name, visitor) in all {
            if !owns(&backend, name) {
                continue;
            }
            let mut scope = backend.key(name).unwrap();
            assert_eq!(scope.value(visits).get().unwrap(), visitor.visits, "{name}");
            assert_eq!(scope.list(pages).get().unwrap(), visitor.pages, "{name}");
            let entries = scope.map(tally).entries().unwrap();
            assert_eq!(
                entries.into_iter().collect::<BTreeMap<_, _>>(),
                visitor.tally,
                "{name}"
            );
            for (window, value) in &visitor.windows {
                assert_eq!(
                    scope.within(window).value(windows).get().unwrap(),
                    Some(*value)
                );
            }
        }
        while let Some(timer) = backend.due(alarms, i64::MAX).unwrap() {
            assert!(all[&timer.key].alarms.contains(&timer.time));
            alarms_fired += 1;
        }
    }
    assert_eq!(
        alarms_fired,
        all.values()
            .map(|visitor| visitor.alarms.len())
            .sum::<usize>()
    );
}

/// Whether a backend has the key group of a key.
pub(crate) fn owns<K: Key>(backend: &Backend<K>, key: &K) -> bool {
    let group = backend
        .max_parallelism()
        .group_of(K::hash(&key::encode(key)));
    backend.range().contains(group)
}

/// What [`visitors`] writes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Visitor {
    pub(crate) visits: Option<u64>,
    pub(crate) pages: Vec<String>,
    pub(crate) tally: BTreeMap<String, i32>,
    pub(crate) windows: BTreeMap<(i64, i64), f64>,
    pub(crate) alarms: Vec<i64>,
}

/// Takes a savepoint of these visitors. `flushes`: each element of a list goes to a chunk of its own.
pub(crate) fn visitors(to: &Path, size: Size, all: &BTreeMap<String, Visitor>, flushes: bool) {
    savepoint::<String>(to, size, |backend| {
        let visits = backend.register(VISITS)?;
        let pages = backend.register(PAGES)?;
        let tally = backend.register(TALLY)?;
        let windows = backend.register(WINDOWS)?;
        let alarms = backend.register(ALARMS)?;
        for (name, visitor) in all {
            if !owns(backend, name) {
                continue;
            }
            let mut scope = backend.key(name)?;
            if let Some(count) = &visitor.visits {
                scope.value(visits).set(count)?;
            }
            for (page, count) in &visitor.tally {
                scope.map(tally).insert(page, count)?;
            }
            for (window, value) in &visitor.windows {
                scope.within(window).value(windows).set(value)?;
            }
            for time in &visitor.alarms {
                scope.timers(alarms).register(*time)?;
            }
            for page in &visitor.pages {
                backend.key(name)?.list(pages).push(page)?;
                if flushes {
                    drop(backend.snapshot(CheckpointId::new(1), SnapshotKind::Incremental)?);
                }
            }
        }
        Ok(())
    });
}

/// A hundred visitors with something in every state.
pub(crate) fn hundred() -> BTreeMap<String, Visitor> {
    let visitor = |n: u32| Visitor {
        visits: Some(n.into()),
        pages: (0..n % 5).map(|page| format!("/{page}")).collect(),
        tally: (0..n % 3).map(|page| (format!("p{page}"), -1)).collect(),
        windows: [((0, 60), f64::from(n) / 4.0)].into(),
        alarms: vec![i64::from(n) * 60_000],
    };
    (0..100)
        .map(|n| (format!("user-{n}"), visitor(n)))
        .collect()
}
