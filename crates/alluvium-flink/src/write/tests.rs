//! Snapshots that Flink wrote are rewritten, and compared row by row, as bytes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use alluvium::storage::{Cancel, Watch, in_memory};
use alluvium_protocol::key_group::MaxParallelism;

use super::rows::Stored;
use super::*;
use crate::files::Remap;
use crate::keyed::composite::Layout;
use crate::metadata::{KeyedHandle, OperatorId, StreamHandle, Version};
use crate::{ErrorKind, Snapshot};

const CANONICAL: &str = "flink-2.3.0/rocksdb/savepoints/canonical";
const CANONICAL_1: &str = "flink-1.20.5/rocksdb/savepoints/canonical";
const CHECKPOINT: &str = "flink-2.3.0/rocksdb/checkpoints";
const CHECKPOINT_1: &str = "flink-1.20.5/rocksdb/checkpoints";
const NATIVE: &str = "flink-2.3.0/rocksdb/savepoints/native";
const HEAP_CANONICAL: &str = "flink-2.3.0/hashmap/savepoints/canonical";
const HEAP_NATIVE: &str = "flink-2.3.0/hashmap/savepoints/native";
const HEAP_CHECKPOINT: &str = "flink-2.3.0/hashmap/checkpoints";

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/flink")
}

fn open(folder: &Path) -> Snapshot {
    let to = data();
    let remap = Remap::new("file:/data/flink/checkpoints", to.to_str().unwrap()).unwrap();
    Snapshot::open(folder.to_str().unwrap(), &[remap]).unwrap()
}

/// The only snapshot within a folder of `data/flink`.
fn fixture(folder: &str) -> Snapshot {
    let mut folders = vec![data().join(folder)];
    while let Some(folder) = folders.pop() {
        if folder.join("_metadata").exists() {
            return open(&folder);
        }
        let entries = std::fs::read_dir(&folder).unwrap();
        folders.extend(
            entries
                .map(|entry| entry.unwrap().path())
                .filter(|path| path.is_dir()),
        );
    }
    panic!("no snapshot in {folder}");
}

/// Operator, state, and composite key without its key group; then the key group and the value.
type Contents = BTreeMap<(String, String, Vec<u8>), (u16, Vec<u8>)>;

fn contents(snapshot: &Snapshot) -> Contents {
    let mut contents = Contents::new();
    for operator in snapshot.operators() {
        let max = operator.max_parallelism;
        let width = Layout::of_timers(max).group_width();
        for subtask in operator.subtasks() {
            let Some(handle) = &subtask.state.as_ref().unwrap().keyed_managed else {
                continue;
            };
            for stored in Stored::open(snapshot.files(), handle, "test").unwrap() {
                let reader = stored.reader(snapshot.files(), "test").unwrap();
                for group in stored.range.iter() {
                    let mut each = |state: u16, key: &[u8], value: &[u8]| {
                        let (prefix, rest) = key.split_at(width);
                        let in_key = prefix
                            .iter()
                            .fold(0, |all, byte| all << 8 | u16::from(*byte));
                        assert_eq!(in_key, group.get());
                        let name = stored.meta.states[usize::from(state)].name.clone();
                        let place = (operator.id.to_string(), name, rest.to_vec());
                        let before = contents.insert(place, (group.get(), value.to_vec()));
                        assert_eq!(before, None);
                        Ok(())
                    };
                    reader.group(group, max, &mut each).unwrap();
                }
            }
        }
    }
    assert!(!contents.is_empty());
    contents
}

fn without_groups(contents: Contents) -> BTreeMap<(String, String, Vec<u8>), Vec<u8>> {
    contents
        .into_iter()
        .map(|(place, (_, value))| (place, value))
        .collect()
}

fn written(snapshot: &Snapshot, changes: &Rewrite) -> (tempfile::TempDir, Snapshot, Rewritten) {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("savepoint");
    let rewritten = rewrite(snapshot, changes, &to, &Cancel::new()).unwrap();
    let snapshot = open(&to);
    (folder, snapshot, rewritten)
}

fn refused(snapshot: &Snapshot, changes: &Rewrite) -> crate::Error {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("savepoint");
    let error = rewrite(snapshot, changes, &to, &Cancel::new()).unwrap_err();
    assert!(!to.exists(), "{error:?}");
    error
}

fn groups(max_parallelism: u32) -> Rewrite {
    Rewrite {
        max_parallelism: Some(MaxParallelism::new(max_parallelism).unwrap()),
        ..Rewrite::default()
    }
}

#[test]
fn the_files_of_a_canonical_savepoint_are_rewritten_byte_for_byte() {
    for folder in [CANONICAL, CANONICAL_1, HEAP_CANONICAL] {
        let before = fixture(folder);

        let (_folder, after, _) = written(&before, &Rewrite::default());

        let mut compared = 0;
        for (one, other) in before.operators().iter().zip(after.operators()) {
            assert_eq!(
                (one.id, one.subtasks().len()),
                (other.id, other.subtasks().len())
            );
            for (one, other) in one.subtasks().iter().zip(other.subtasks()) {
                let keyed = |subtask: &crate::metadata::Subtask| {
                    subtask.state.clone().unwrap().keyed_managed
                };
                let (Some(KeyedHandle::KeyGroups(one)), Some(KeyedHandle::KeyGroups(other))) =
                    (keyed(one), keyed(other))
                else {
                    continue;
                };
                let bytes = |snapshot: &Snapshot, stream: &StreamHandle| {
                    let source = snapshot.files().open(stream, "test").unwrap();
                    source.range(0, source.len()).unwrap()
                };
                assert_eq!(one.offsets, other.offsets);
                assert!(bytes(&before, &one.stream) == bytes(&after, &other.stream));
                compared += 1;
            }
        }
        assert!(compared >= 4);
    }
}

#[test]
fn a_snapshot_of_any_layout_becomes_the_canonical_savepoint_that_flink_made_of_the_same_state() {
    for (folder, canonical) in [
        (CHECKPOINT, CANONICAL),
        (CHECKPOINT_1, CANONICAL_1),
        (NATIVE, CANONICAL),
        (HEAP_NATIVE, HEAP_CANONICAL),
        (HEAP_CHECKPOINT, HEAP_CANONICAL),
    ] {
        let (_folder, after, rewritten) = written(&fixture(folder), &Rewrite::default());

        let (found, expected) = (contents(&after), contents(&fixture(canonical)));
        let rows: u64 = rewritten.states.iter().map(|state| state.rows).sum();
        assert_eq!(rows, found.len() as u64);
        assert_eq!(found.len(), expected.len(), "{folder}");
        assert!(found == expected, "{folder}");
    }
}

#[test]
fn everything_is_the_same_after_there_were_more_key_groups_for_a_while() {
    for folder in [CANONICAL, HEAP_NATIVE] {
        let before = fixture(folder);

        let (_folder, wide, _) = written(&before, &groups(1000));
        let (_folder, back, _) = written(&wide, &groups(128));

        let (before, wide) = (contents(&before), contents(&wide));
        assert!(wide.values().any(|(group, _)| *group > 500));
        assert!(before == contents(&back));
        assert!(without_groups(before) == without_groups(wide));
    }
}

#[test]
fn other_subtasks_have_their_own_ranges_of_key_groups() {
    let before = fixture(CHECKPOINT);
    let changes = Rewrite {
        parallelism: Some(5),
        ..Rewrite::default()
    };

    let (_folder, after, _) = written(&before, &changes);

    assert!(contents(&before) == contents(&after));
    let keyed = after.operator("keyed-all").unwrap();
    assert_eq!((keyed.parallelism, keyed.subtasks().len()), (5, 5));
    for subtask in keyed.subtasks() {
        let handle = subtask
            .state
            .as_ref()
            .unwrap()
            .keyed_managed
            .as_ref()
            .unwrap();
        let range = keyed.max_parallelism.range_of(subtask.index, 5).unwrap();
        assert_eq!(handle.key_groups(), Some(range));
    }
}

#[test]
fn operators_and_states_are_renamed_and_dropped() {
    let before = fixture(NATIVE);
    let pair = |one: &str, other: &str| (one.to_owned(), other.to_owned());
    let changes = Rewrite {
        rename_operators: vec![pair("keyed-all", "renamed")],
        rename_states: vec![StateRename {
            operator: "keyed-all".into(),
            from: "value-long".into(),
            to: "count".into(),
        }],
        drop_states: vec![pair("keyed-all", "list-string")],
        drop_operators: vec!["session-agg".into()],
        version: Some(Version::V5),
        ..Rewrite::default()
    };

    let (_folder, after, rewritten) = written(&before, &changes);

    let mut expected = contents(&before);
    let (old, new) = (
        OperatorId::of_uid("keyed-all"),
        OperatorId::of_uid("renamed"),
    );
    let session = OperatorId::of_uid("session-agg").to_string();
    expected.retain(|(operator, state, _), _| *operator != session && state != "list-string");
    let expected: Contents = expected
        .into_iter()
        .map(|((operator, state, key), row)| {
            let is_renamed = operator == old.to_string();
            let state = if state == "value-long" {
                "count".into()
            } else {
                state
            };
            let operator = if is_renamed {
                new.to_string()
            } else {
                operator
            };
            ((operator, state, key), row)
        })
        .collect();
    assert!(contents(&after) == expected);
    assert_eq!(after.metadata().version, Version::V5);
    assert_eq!(
        after.operator("renamed").unwrap().uid.as_deref(),
        Some("renamed")
    );
    assert_eq!(after.operators().len(), before.operators().len() - 1);
    let count = rewritten
        .states
        .iter()
        .find(|state| state.name == "count")
        .unwrap();
    assert_eq!((count.state.as_str(), count.rows), ("value-long", 784));
}

#[test]
fn chosen_keys_stay_or_go_with_their_timers() {
    let before = fixture(CANONICAL);
    let keys = || ["key-1", "ключ-1", ""].map(serde_json::Value::from);
    let filtered = |keys| Rewrite {
        keys: Some(keys),
        ..Rewrite::default()
    };

    let (_kept, kept, report) = written(&before, &filtered(KeyFilter::keep(keys(), Vec::new())));
    let (_left, left, _) = written(&before, &filtered(KeyFilter::drop(keys(), Vec::new())));
    let of_one = KeyFilter::keep(keys(), vec!["keyed-all".into()]);
    let (_one, one, _) = written(&before, &filtered(of_one));

    let (all, kept, left, one) = (
        contents(&before),
        contents(&kept),
        contents(&left),
        contents(&one),
    );
    assert!(kept.len() < 200, "{}", kept.len());
    assert_eq!(kept.len() + left.len(), all.len());
    assert!(
        kept.keys()
            .any(|(_, state, _)| state.starts_with("_timer_state/event"))
    );
    assert!(kept.iter().all(|(place, row)| all.get(place) == Some(row)));
    assert!(left.iter().all(|(place, row)| all.get(place) == Some(row)));
    let session = OperatorId::of_uid("session-agg").to_string();
    let of_session = |contents: &Contents| {
        contents
            .keys()
            .filter(|(operator, _, _)| *operator == session)
            .count()
    };
    assert!(of_session(&one) == of_session(&all) && one.len() < all.len());
    let left_out: u64 = report.states.iter().map(|state| state.left_out).sum();
    assert_eq!(left_out, left.len() as u64);
}

#[test]
fn what_is_not_there_or_does_not_fit_is_refused_and_nothing_is_left() {
    let before = fixture(CANONICAL);
    let pair = |one: &str, other: &str| (one.to_owned(), other.to_owned());

    for (changes, told) in [
        (
            Rewrite {
                drop_operators: vec!["nobody".into()],
                ..Rewrite::default()
            },
            "no operator has the uid, id or name \"nobody\"",
        ),
        (
            Rewrite {
                drop_states: vec![pair("keyed-all", "x")],
                ..Rewrite::default()
            },
            "operator keyed-all has no state \"x\"; there are: ",
        ),
        (
            Rewrite {
                rename_operators: vec![pair("keyed-all", "session-agg")],
                ..Rewrite::default()
            },
            "would both have the id",
        ),
        (groups(1), "would have 1 key groups: each subtask needs one"),
    ] {
        let error = refused(&before, &changes);
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error:?}");
        assert!(error.to_string().contains(told), "{error:?}");
    }
}

#[test]
fn a_folder_with_something_in_it_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine"), "x").unwrap();

    let snapshot = fixture(HEAP_CANONICAL);
    let error = rewrite(
        &snapshot,
        &Rewrite::default(),
        folder.path(),
        &Cancel::new(),
    );

    assert_eq!(error.unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(std::fs::read(folder.path().join("mine")).unwrap(), b"x");
}

/// Stops after some bytes of rows.
struct Stopping(Cancel);

impl Watch for Stopping {
    fn cancel(&self) -> &Cancel {
        &self.0
    }

    fn moved(&self, _bytes: u64) {
        self.0.cancel();
    }
}

#[test]
fn work_that_is_stopped_or_fails_leaves_nothing() {
    for changes in [Rewrite::default(), groups(300)] {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("savepoint");

        let stopping = Stopping(Cancel::new());
        let error = rewrite(&fixture(CANONICAL), &changes, &to, &stopping).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Cancelled, "{error:?}");
        assert!(!to.exists());
    }
}

#[test]
fn an_object_store_gets_a_whole_savepoint_or_nothing() {
    let before = fixture(CANONICAL);
    let storage = in_memory();
    let begin = || Savepoint::in_storage(std::sync::Arc::clone(&storage));
    let stopping = Stopping(Cancel::new());
    let changes = Rewrite::default();

    let stopped = rewrite_into(begin().unwrap(), &before, &changes, &stopping, None);
    let left = storage.list("").unwrap();
    rewrite_into(begin().unwrap(), &before, &changes, &Cancel::new(), None).unwrap();

    assert_eq!(stopped.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(left, []);
    let folder = tempfile::tempdir().unwrap();
    for object in storage.list("").unwrap() {
        let to = folder.path().join(&object.name);
        storage.download(&object.name, &to, &Cancel::new()).unwrap();
    }
    assert!(contents(&open(folder.path())) == contents(&before));
    assert_eq!(begin().unwrap_err().kind(), ErrorKind::Invalid);
}
