//! What becomes of unusual wishes: they are refused, and nothing is left; or all that remains is still a savepoint.

use std::path::Path;

use alluvium::storage::Cancel;
use alluvium_flink::metadata::{
    Metadata, Operator, OperatorId, Properties, Subtask, SubtaskState, Subtasks, Version,
};
use alluvium_flink::scan::Selection;
use alluvium_flink::write::{KeyFilter, Rewrite, StateRename, rewrite};
use alluvium_flink::{ErrorKind, Snapshot};
use alluvium_protocol::key_group::MaxParallelism;

use super::{groups, refused, rewritten, within};
use crate::lines;

fn pair(one: &str, other: &str) -> (String, String) {
    (one.to_owned(), other.to_owned())
}

/// The lines of a snapshot whose operators tell their uids.
fn scan(folder: &Path) -> Vec<String> {
    let snapshot = Snapshot::open(folder.to_str().unwrap(), &[]).unwrap();
    let (found, report) = lines::scanned(&snapshot, &Selection::default(), &[]);
    assert!(report.is_clean(), "{:?}", report.problems);
    found
}

#[test]
fn one_key_group_is_enough_for_operators_of_one_subtask() {
    let folder = within("more/snappy-canonical");

    let (_into, savepoint) = rewritten(&folder, &groups(1));

    assert_eq!(scan(&savepoint).len(), scan(&folder).len());
    assert!(
        scan(&savepoint)
            .iter()
            .all(|line| line.contains("\"kg\":0,"))
    );
}

#[test]
fn an_operator_whose_states_are_all_dropped_is_still_there() {
    let folder = within("more/keys-canonical-rocksdb");
    let changes = Rewrite {
        drop_states: vec![pair("pair-keys", "list"), pair("pair-keys", "value")],
        ..Rewrite::default()
    };

    let (_into, savepoint) = rewritten(&folder, &changes);

    let written = lines::open(&savepoint);
    let operator = written.operator("pair-keys").unwrap();
    let mut states = operator.subtasks().iter().map(|subtask| &subtask.state);
    assert!(states.all(|state| state.as_ref().unwrap().keyed_managed.is_none()));
    let mut expected = scan(&folder);
    expected.retain(|line| !line.contains("\"op\":\"pair-keys\""));
    assert!(scan(&savepoint) == expected);
}

#[test]
fn a_state_does_not_get_the_name_of_another() {
    let changes = Rewrite {
        rename_states: vec![StateRename {
            operator: "keyed-all".into(),
            from: "value-long".into(),
            to: "ttl-value".into(),
        }],
        ..Rewrite::default()
    };

    let error = refused(&within("more/snappy-canonical"), &changes);

    assert_eq!(error.kind(), ErrorKind::Invalid);
    let told = "two states of operator keyed-all would be called ttl-value";
    assert_eq!(error.to_string(), told);
}

#[test]
fn an_operator_does_not_get_the_uid_of_another() {
    let changes = Rewrite {
        rename_operators: vec![pair("session-agg", "keyed-all")],
        ..Rewrite::default()
    };

    let error = refused(&within("more/snappy-canonical"), &changes);

    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(
        error.to_string().contains("would both have the id"),
        "{error}"
    );
}

#[test]
fn a_savepoint_without_any_key_left_is_one() {
    let folder = within("more/keys-canonical-rocksdb");
    let changes = Rewrite {
        keys: Some(KeyFilter::keep([], Vec::new())),
        ..groups(200)
    };

    let (_into, savepoint) = rewritten(&folder, &changes);

    assert_eq!(scan(&savepoint), [""; 0]);
    let (before, after) = (lines::open(&folder), lines::open(&savepoint));
    assert_eq!(after.operators().len(), before.operators().len());
}

#[test]
fn a_snapshot_without_keyed_state_is_carried() {
    let from = tempfile::tempdir().unwrap();
    let operator = Operator {
        name: None,
        uid: Some("sink".into()),
        id: OperatorId::of_uid("sink"),
        parallelism: 2,
        max_parallelism: MaxParallelism::DEFAULT,
        coordinator: None,
        subtasks: Subtasks::Of(vec![Subtask {
            index: 1,
            state: Some(SubtaskState::default()),
        }]),
    };
    let metadata = Metadata {
        version: Version::V6,
        checkpoint_id: 3,
        masters: Vec::new(),
        operators: vec![operator.clone()],
        properties: Some(Properties::canonical_savepoint()),
    };
    std::fs::write(from.path().join("_metadata"), metadata.write().unwrap()).unwrap();

    let (_into, savepoint) = rewritten(from.path(), &groups(300));

    let written = lines::open(&savepoint);
    assert_eq!(written.operators().len(), 1);
    assert_eq!(written.operators()[0].subtasks(), operator.subtasks());
    assert_eq!(written.operators()[0].max_parallelism.get(), 300);
}

#[test]
fn a_folder_that_holds_a_savepoint_is_refused() {
    let folder = within("more/snappy-canonical");
    let (_into, savepoint) = rewritten(&folder, &Rewrite::default());
    let before = std::fs::read(savepoint.join("_metadata")).unwrap();

    let snapshot = lines::open(&folder);
    let error = rewrite(&snapshot, &groups(300), &savepoint, &Cancel::new()).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("is not empty"), "{error}");
    assert_eq!(std::fs::read(savepoint.join("_metadata")).unwrap(), before);
}

/// A copy of a snapshot in whose files one class has another name, which is as long.
fn with_another_class(folder: &Path, class: &str, name: &str) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    let mut replaced = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mut bytes = std::fs::read(&path).unwrap();
        for at in 0..bytes.len() - class.len() {
            if bytes[at..].starts_with(class.as_bytes()) {
                bytes[at..at + name.len()].copy_from_slice(name.as_bytes());
                replaced += 1;
            }
        }
        std::fs::write(copy.path().join(path.file_name().unwrap()), bytes).unwrap();
    }
    assert!(replaced > 0 && class.len() == name.len());
    copy
}

#[test]
fn rows_of_serializers_that_are_not_known_are_carried_unless_their_keys_are_asked_for() {
    let folder = within("more/keys-canonical-rocksdb");
    let strange = with_another_class(
        &folder,
        "base.LongSerializer$Long",
        "ours.LongSerializer$Ours",
    );
    let keys = KeyFilter::keep([1.into()], vec!["long-keys".into()]);
    let changes = [
        groups(300),
        Rewrite {
            keys: Some(keys),
            ..Rewrite::default()
        },
    ];

    for change in changes {
        let error = refused(strange.path(), &change);
        assert_eq!(error.kind(), ErrorKind::Incompatible, "{error:?}");
        assert!(
            error.to_string().contains("ours.LongSerializer"),
            "{error:?}"
        );
    }
    let (_into, savepoint) = rewritten(strange.path(), &Rewrite::default());

    // Under the name that it has, all is as it was.
    let known = with_another_class(
        &savepoint,
        "ours.LongSerializer$Ours",
        "base.LongSerializer$Long",
    );
    assert!(scan(known.path()) == scan(&folder));
}
