//! What `alluvium flink show` tells, as data: the JSON document, from which the tables are made too.

use alluvium_flink::Snapshot;
use alluvium_flink::files::Files;
use alluvium_flink::metadata::{
    self, KeyGroups, KeyGroupsKind, KeyedHandle, OperatorHandle, StreamHandle, Version,
};
use serde::Serialize;

/// A snapshot.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    pub(super) folder: String,
    /// Of the metadata; task-local state has none.
    pub(super) version: Option<u8>,
    pub(super) written_by: Option<&'static str>,
    pub(super) checkpoint: u64,
    pub(super) kind: Option<&'static str>,
    pub(super) retention: Option<Retention>,
    pub(super) master_states: Vec<MasterState>,
    /// Of all operators, also of those that are not listed.
    pub(super) sizes: Sizes,
    pub(super) operators: Vec<Operator>,
}

#[derive(Debug, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are independent in Flink, too"
)]
pub(super) struct Retention {
    discard_cancelled: bool,
    discard_failed: bool,
    discard_finished: bool,
    discard_subsumed: bool,
    discard_suspended: bool,
    forced: bool,
    unclaimed: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct MasterState {
    name: String,
    version: i32,
    bytes: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct Sizes {
    pub(super) total_bytes: u64,
    pub(super) inline_bytes: u64,
    pub(super) file_bytes: u64,
    pub(super) shared_bytes: u64,
    exclusive_bytes: u64,
    pub(super) files: u64,
    /// Files of unknown length.
    pub(super) unknown: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Operator {
    pub(super) id: String,
    pub(super) uid: Option<String>,
    pub(super) name: Option<String>,
    pub(super) parallelism: u32,
    pub(super) max_parallelism: u16,
    pub(super) finished: bool,
    pub(super) coordinator_bytes: Option<u64>,
    pub(super) sizes: Sizes,
    pub(super) subtasks: Vec<Subtask>,
}

#[derive(Debug, Serialize)]
pub(super) struct Subtask {
    pub(super) subtask: u32,
    pub(super) finished: bool,
    pub(super) keyed: Option<Handle>,
    pub(super) raw_keyed: Option<Handle>,
    pub(super) operator_states: Vec<OperatorStates>,
    pub(super) inputs: Vec<Stream>,
    pub(super) outputs: Vec<Stream>,
}

#[derive(Debug, Serialize)]
pub(super) struct Handle {
    class: &'static str,
    code: u8,
    pub(super) layout: &'static str,
    /// `0-63`; none in an empty range.
    pub(super) key_groups: Option<String>,
    pub(super) backend: Option<String>,
    checkpoint: Option<i64>,
    pub(super) sizes: Sizes,
    pub(super) streams: Vec<Stream>,
}

#[derive(Debug, Serialize)]
pub(super) struct Stream {
    pub(super) role: Option<&'static str>,
    /// In RocksDB's directory.
    pub(super) name: Option<String>,
    /// Where, as the metadata names it and `--remap` changes it; none in the metadata itself.
    pub(super) place: Option<String>,
    /// The first byte, in a file that holds several.
    pub(super) start: Option<u64>,
    pub(super) bytes: Option<u64>,
}

#[derive(Debug, Serialize)]
pub(super) struct OperatorStates {
    raw: bool,
    pub(super) states: Vec<OperatorState>,
    pub(super) stream: Stream,
}

#[derive(Debug, Serialize)]
pub(super) struct OperatorState {
    pub(super) name: String,
    pub(super) distribution: &'static str,
    pub(super) elements: usize,
}

impl Shown {
    /// The snapshot with all operators, or with one.
    pub(super) fn of(snapshot: &Snapshot, operator: Option<&metadata::Operator>) -> Self {
        let metadata = snapshot.metadata();
        let operators = operator.map_or_else(|| snapshot.operators(), std::slice::from_ref);
        let properties = metadata.properties.as_ref();
        let files = snapshot.files();
        let version = (!snapshot.is_task_local()).then_some(metadata.version);
        let retention = properties.and_then(metadata::Properties::retention);
        Self {
            folder: snapshot.folder().to_string(),
            version: version.map(Version::number),
            written_by: version.map(written_by),
            checkpoint: metadata.checkpoint_id,
            kind: if snapshot.is_task_local() {
                Some("task-local state of checkpoint")
            } else {
                properties
                    .and_then(metadata::Properties::kind)
                    .map(metadata::Kind::name)
            },
            retention: retention.map(|retention| Retention {
                discard_cancelled: retention.discard_cancelled,
                discard_failed: retention.discard_failed,
                discard_finished: retention.discard_finished,
                discard_subsumed: retention.discard_subsumed,
                discard_suspended: retention.discard_suspended,
                forced: retention.forced,
                unclaimed: retention.unclaimed,
            }),
            master_states: metadata.masters.iter().map(MasterState::of).collect(),
            sizes: alluvium_flink::snapshot::Sizes::of_operators(snapshot.operators()).into(),
            operators: operators
                .iter()
                .map(|operator| Operator::of(operator, files))
                .collect(),
        }
    }
}

/// The versions of Flink that write this version of metadata.
const fn written_by(version: Version) -> &'static str {
    match version {
        Version::V2 => "1.3 to 1.10",
        Version::V3 => "1.11 to 1.15",
        Version::V4 => "1.16 to 1.20",
        Version::V5 => "2.0",
        _ => "2.1 or later",
    }
}

impl MasterState {
    fn of(state: &metadata::MasterState) -> Self {
        Self {
            name: state.name.clone(),
            version: state.version,
            bytes: state.bytes.len(),
        }
    }
}

impl From<alluvium_flink::snapshot::Sizes> for Sizes {
    fn from(sizes: alluvium_flink::snapshot::Sizes) -> Self {
        Self {
            total_bytes: sizes.total_bytes(),
            inline_bytes: sizes.inline_bytes,
            file_bytes: sizes.file_bytes,
            shared_bytes: sizes.shared_bytes,
            exclusive_bytes: sizes.exclusive_bytes(),
            files: sizes.files,
            unknown: sizes.unknown,
        }
    }
}

impl Operator {
    fn of(operator: &metadata::Operator, files: &Files) -> Self {
        Self {
            id: operator.id.to_string(),
            uid: operator.uid.clone(),
            name: operator.name.clone(),
            parallelism: operator.parallelism,
            max_parallelism: operator.max_parallelism.get(),
            finished: operator.subtasks == metadata::Subtasks::Finished,
            coordinator_bytes: operator.coordinator.as_ref().and_then(StreamHandle::length),
            sizes: alluvium_flink::snapshot::Sizes::of_operator(operator).into(),
            subtasks: operator
                .subtasks()
                .iter()
                .map(|subtask| Subtask::of(subtask, files))
                .collect(),
        }
    }
}

impl Subtask {
    fn of(subtask: &metadata::Subtask, files: &Files) -> Self {
        let nothing = metadata::SubtaskState::default();
        let state = subtask.state.as_ref().unwrap_or(&nothing);
        let operator = [
            (false, &state.operator_managed),
            (true, &state.operator_raw),
        ];
        let operator = operator
            .into_iter()
            .filter_map(|(raw, handle)| Some(OperatorStates::of(handle.as_ref()?, raw, files)));
        let channels = |channels: &[metadata::ChannelHandle]| {
            let channels = channels.iter();
            channels
                .map(|channel| Stream::of(&channel.stream, files))
                .collect()
        };
        let keyed = |handle: &Option<KeyedHandle>| Some(Handle::of(handle.as_ref()?, files));
        Self {
            subtask: subtask.index,
            finished: subtask.state.is_none(),
            keyed: keyed(&state.keyed_managed),
            raw_keyed: keyed(&state.keyed_raw),
            operator_states: operator.collect(),
            inputs: channels(&state.inputs),
            outputs: channels(&state.outputs),
        }
    }
}

impl OperatorStates {
    fn of(handle: &OperatorHandle, raw: bool, files: &Files) -> Self {
        let state = |state: &metadata::PartitionedState| OperatorState {
            name: state.name.clone(),
            distribution: state.distribution.name(),
            elements: state.offsets.len(),
        };
        Self {
            raw,
            states: handle.states.iter().map(state).collect(),
            stream: Stream::of(&handle.stream, files),
        }
    }
}

impl Handle {
    fn of(handle: &KeyedHandle, files: &Files) -> Self {
        let (backend, checkpoint) = match handle {
            KeyedHandle::Incremental(handle) => {
                (Some(handle.backend.clone()), Some(handle.checkpoint_id))
            }
            KeyedHandle::Changelog(handle) => (None, handle.checkpoint_id),
            _ => (None, None),
        };
        let parts = handle.parts();
        Self {
            class: handle.class(),
            code: handle.code(),
            layout: layout(handle),
            key_groups: handle.key_groups().map(|range| range.to_string()),
            backend,
            checkpoint,
            sizes: alluvium_flink::snapshot::Sizes::of_handle(handle).into(),
            streams: parts
                .iter()
                .map(|part| Stream {
                    role: Some(part.role.name()),
                    name: part.name.map(str::to_owned),
                    ..Stream::of(part.stream, files)
                })
                .collect(),
        }
    }
}

/// What the metadata alone tells of how the state is laid out.
const fn layout(handle: &KeyedHandle) -> &'static str {
    match handle {
        KeyedHandle::KeyGroups(KeyGroups {
            kind: KeyGroupsKind::Savepoint,
            ..
        }) => "canonical",
        KeyedHandle::KeyGroups(_) => "key groups",
        KeyedHandle::Incremental(_) => "RocksDB files",
        KeyedHandle::Changelog(_) => "changelog",
        _ => "changes",
    }
}

impl Stream {
    fn of(stream: &StreamHandle, files: &Files) -> Self {
        let start = match stream {
            StreamHandle::KeyGroups { stream, .. } => return Self::of(stream, files),
            StreamHandle::Segment { start, .. } => Some(*start),
            _ => None,
        };
        Self {
            role: None,
            name: None,
            place: files.place(stream),
            start,
            bytes: stream.length(),
        }
    }
}
