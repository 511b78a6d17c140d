//! What is read of a snapshot is what Flink reads of it: the `*.metadata.txt` beside each.
//!
//! A line of such a listing is rebuilt from what was read, and the listing must have it.

use std::path::{Path, PathBuf};

use alluvium_flink::Snapshot;
use alluvium_flink::metadata::{
    KeyedHandle, Kind, Operator, OperatorHandle, OperatorId, Role, StreamHandle,
};
use alluvium_flink::snapshot::Sizes;

use crate::snapshots;

#[test]
fn every_operator_handle_range_and_size_is_what_flink_lists() {
    let mut compared = 0;
    for folder in snapshots::folders() {
        let Some(listed) = listing(&folder) else {
            continue;
        };
        let snapshot = Snapshot::open(folder.to_str().unwrap(), &[]).unwrap();

        let told = told(&snapshot);

        // What the serializers are is not of the metadata: other tests read them.
        let is_of_metadata = |line: &&str| {
            !line.trim_start().starts_with("backend-meta") && !line.contains("kvStateId")
        };
        let expected: Vec<&str> = listed.lines().filter(is_of_metadata).collect();
        assert_eq!(told.len(), expected.len(), "{}", folder.display());
        for (told, expected) in told.iter().zip(expected) {
            assert_eq!(told, expected, "{}", folder.display());
        }
        compared += 1;
    }
    assert!(compared >= 8, "{compared}");
}

/// `<folder>.metadata.txt`.
fn listing(folder: &Path) -> Option<String> {
    let mut path = folder.as_os_str().to_owned();
    path.push(".metadata.txt");
    std::fs::read_to_string(PathBuf::from(path)).ok()
}

fn told(snapshot: &Snapshot) -> Vec<String> {
    let metadata = snapshot.metadata();
    let mut lines = vec![format!(
        "magic 0x4960672d metadata-version {} checkpoint-id {} master-states {}",
        metadata.version.number(),
        metadata.checkpoint_id,
        metadata.masters.len()
    )];
    let properties = metadata.properties.as_ref().unwrap();
    let kind = match properties.kind().unwrap() {
        Kind::Checkpoint => {
            "CheckpointType{name='Checkpoint', sharingFilesStrategy=FORWARD_BACKWARD}".to_owned()
        }
        kind => {
            let format = if kind == Kind::NativeSavepoint {
                "NATIVE"
            } else {
                "CANONICAL"
            };
            format!(
                "SavepointType{{name='Savepoint', postCheckpointAction=NONE, formatType={format}}}"
            )
        }
    };
    let retention = properties.retention().unwrap();
    lines.push(format!(
        "properties CheckpointProperties{{forced={}, checkpointType={kind}, discardSubsumed={}, discardFinished={}, \
         discardCancelled={}, discardFailed={}, discardSuspended={}}}",
        retention.forced,
        retention.discard_subsumed,
        retention.discard_finished,
        retention.discard_cancelled,
        retention.discard_failed,
        retention.discard_suspended
    ));
    for operator in snapshot.operators() {
        operator_told(operator, &mut lines);
    }
    lines
}

fn operator_told(operator: &Operator, lines: &mut Vec<String>) {
    let uids = [
        "s1",
        "s2",
        "s3",
        "s4",
        "ts",
        "gen",
        "source",
        "session-agg",
        "tumbling-agg",
        "tumbling-list",
        "keyed-all",
    ];
    let uid = operator.uid.as_deref();
    let uid = uid.or_else(|| {
        uids.into_iter()
            .find(|uid| OperatorId::of_uid(uid) == operator.id)
    });
    let coordinator = operator.coordinator.as_ref();
    lines.push(format!(
        "operator {} uid={} parallelism={} maxParallelism={} coordinatorState={}",
        operator.id,
        uid.unwrap(),
        operator.parallelism,
        operator.max_parallelism,
        coordinator.map_or_else(
            || "none".to_owned(),
            |state| format!("{} B", state.length().unwrap())
        )
    ));
    for subtask in operator.subtasks() {
        let state = subtask.state.as_ref().unwrap();
        if let Some(handle) = &state.operator_managed {
            lines.push(operator_state_told(subtask.index, handle));
        }
        if let Some(handle) = &state.keyed_managed {
            keyed_told(subtask.index, handle, lines);
        }
    }
}

fn operator_state_told(subtask: u32, handle: &OperatorHandle) -> String {
    let names: Vec<&str> = handle
        .states
        .iter()
        .map(|state| state.name.as_str())
        .collect();
    format!(
        "  subtask {subtask} operator-state [{}] {}",
        names.join(", "),
        stream_told(&handle.stream)
    )
}

fn keyed_told(subtask: u32, handle: &KeyedHandle, lines: &mut Vec<String>) {
    let range = handle.key_groups().unwrap();
    lines.push(format!(
        "  subtask {subtask} keyed {} KeyGroupRange{{startKeyGroup={}, endKeyGroup={}}} size={}",
        handle.class(),
        range.first().get(),
        range.last().get(),
        Sizes::of_handle(handle).total_bytes()
    ));
    if let KeyedHandle::Incremental(handle) = handle {
        lines.push(format!(
            "    backendId={} checkpointId={}",
            handle.backend, handle.checkpoint_id
        ));
    }
    for part in handle.parts() {
        let stream = stream_told(part.stream);
        lines.push(match (part.role, part.name) {
            (Role::Shared, Some(name)) => format!("    shared  {name} <- {stream}"),
            (Role::Private, Some(name)) => format!("    private {name} <- {stream}"),
            (Role::Stream, _) => {
                format!("    stream {stream} firstOffset={}", first_offset(handle))
            }
            (role, _) => format!("    {} {stream}", role.name()),
        });
    }
}

fn first_offset(handle: &KeyedHandle) -> i64 {
    let KeyedHandle::KeyGroups(handle) = handle else {
        panic!("{handle:?}");
    };
    handle.offsets.offsets()[0]
}

fn stream_told(stream: &StreamHandle) -> String {
    match stream {
        StreamHandle::Inline { bytes, .. } => format!("inline({} B)", bytes.len()),
        StreamHandle::File { uri, length } => {
            format!("FileStateHandle({uri}, {} B)", length.unwrap())
        }
        StreamHandle::Relative { path, length } => {
            format!(
                "RelativeFileStateHandle(file:<snapshot>/{path}, {} B relative={path})",
                length.unwrap()
            )
        }
        other => panic!("{other:?}"),
    }
}
