//! What a task manager keeps of a checkpoint on its own disk.
//!
//! `_task_state_snapshot` was serialized by Flink 2.3.0: one operator with an incremental local handle of key groups 64 to 127. The files
//! are those of a retained checkpoint, laid out as task managers do.

use std::path::PathBuf;
use std::sync::Arc;

use alluvium::storage::Cancel;

use alluvium_flink::files::Remap;
use alluvium_flink::metadata::{Incremental, KeyedHandle};
use alluvium_flink::{ErrorKind, Snapshot};
use alluvium_protocol::key_group::{KeyGroupRange, MaxParallelism};
use tempfile::TempDir;

use crate::snapshots;

const OBJECT: &[u8] = include_bytes!("task_local/_task_state_snapshot");
const VERTEX: &str = "1f83829584986280f4ed1ab082e6c666";

struct Kept {
    root: TempDir,
    subtask: PathBuf,
    checkpoint: PathBuf,
    handle: Incremental,
}

/// The second subtask of `session-agg`.
fn kept() -> Kept {
    let folder =
        snapshots::data().join("flink-2.3.0/rocksdb/checkpoints/0e65142edda784814974acbe27be240c");
    let moved = Remap::new(
        "file:/data/flink/checkpoints",
        snapshots::data().to_str().unwrap(),
    );
    let whole = Snapshot::open(folder.to_str().unwrap(), &[moved.unwrap()]).unwrap();
    let operator = whole.operator("session-agg").unwrap();
    let state = operator.subtasks()[1].state.as_ref().unwrap();
    let Some(KeyedHandle::Incremental(handle)) = &state.keyed_managed else {
        panic!("{state:?}");
    };
    let root = tempfile::tempdir().unwrap();
    let subtask = root.path().join(format!("vtx_{VERTEX}_sti_1"));
    let checkpoint = subtask.join("chk_51");
    let backend = checkpoint.join(handle.backend.replace('-', ""));
    std::fs::create_dir_all(&backend).unwrap();
    let bytes = |stream| {
        let source = whole.files().open(stream, "a test").unwrap();
        source.range(0, source.len()).unwrap()
    };
    for file in handle.files() {
        std::fs::write(backend.join(&file.name), bytes(&file.stream)).unwrap();
    }
    let meta = checkpoint.join("0b1c7a1e-3c34-4f3c-9d6a-4b8c7ed0a001");
    std::fs::write(meta, bytes(&handle.meta)).unwrap();
    std::fs::write(checkpoint.join("_task_state_snapshot"), OBJECT).unwrap();
    // A file of operator state is there sometimes.
    std::fs::write(
        checkpoint.join("0b1c7a1e-3c34-4f3c-9d6a-4b8c7ed0a002"),
        "list",
    )
    .unwrap();
    Kept {
        root,
        subtask,
        checkpoint,
        handle: handle.clone(),
    }
}

#[test]
fn a_task_managers_copy_is_one_operator_with_one_subtask() {
    let kept = kept();
    std::fs::create_dir(kept.subtask.join("chk_9")).unwrap();

    for location in [&kept.checkpoint, &kept.subtask] {
        let opened = Snapshot::open(location.to_str().unwrap(), &[]).unwrap();

        assert!(opened.is_task_local());
        assert_eq!(opened.metadata().checkpoint_id, 51);
        let operator = opened.operator(VERTEX).unwrap();
        let subtask = &operator.subtasks()[0];
        assert_eq!((subtask.index, operator.max_parallelism.get()), (1, 128));
        let state = subtask.state.as_ref().unwrap();
        let Some(KeyedHandle::Incremental(handle)) = &state.keyed_managed else {
            panic!("{state:?}");
        };
        assert_eq!(handle.key_groups, kept.handle.key_groups);
        let lengths = |handle: &Incremental| {
            let mut all: Vec<_> = handle
                .files()
                .map(|file| (file.name.clone(), file.stream.length()))
                .collect();
            all.sort();
            all
        };
        assert_eq!(lengths(handle), lengths(&kept.handle));
        assert_eq!(handle.shared.len(), kept.handle.shared.len());
        for file in handle.files() {
            let source = opened.files().open(&file.stream, "a test").unwrap();
            assert!(
                source
                    .path()
                    .is_some_and(|path| path.starts_with(&kept.checkpoint))
            );
        }
        assert_eq!(handle.meta.length(), kept.handle.meta.length());
    }
}

#[test]
fn without_the_java_object_all_key_groups_are_assumed() {
    let kept = kept();
    std::fs::remove_file(kept.checkpoint.join("_task_state_snapshot")).unwrap();

    let opened = Snapshot::open(kept.checkpoint.to_str().unwrap(), &[]).unwrap();

    let subtask = &opened.operators()[0].subtasks()[0];
    let handle = subtask
        .state
        .as_ref()
        .unwrap()
        .keyed_managed
        .as_ref()
        .unwrap();
    assert_eq!(handle.key_groups().map(KeyGroupRange::len), Some(128));
}

#[test]
fn a_copy_without_a_description_of_its_states_tells_what_is_there() {
    let kept = kept();
    for entry in std::fs::read_dir(&kept.checkpoint).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() && !path.ends_with("_task_state_snapshot") {
            std::fs::remove_file(path).unwrap();
        }
    }

    let error = Snapshot::open(kept.checkpoint.to_str().unwrap(), &[]).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Invalid);
    let told = error.to_string();
    assert!(
        told.contains("1 folders of RocksDB and 0 files that describe states"),
        "{told}"
    );
    assert!(told.contains("_task_state_snapshot"), "{told}");
    drop(kept.root);
}

#[test]
fn a_max_parallelism_that_the_caller_knows_counts() {
    let kept = kept();
    let open = |number| {
        let location = kept.checkpoint.to_str().unwrap();
        let known = MaxParallelism::new(number).ok();
        Snapshot::open_task_local(location, &[], Arc::new(Cancel::new()), known)
    };

    let opened = open(1000).unwrap();
    let refused = open(100).unwrap_err();

    assert_eq!(opened.operators()[0].max_parallelism.get(), 1000);
    assert_eq!(refused.kind(), ErrorKind::Invalid);
    assert!(refused.to_string().contains("64 to 127"), "{refused}");
}
