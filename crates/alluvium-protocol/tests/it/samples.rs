//! One fixed value of each stored object, and short ways to make many.

use std::collections::BTreeMap;
use std::time::Duration;

use alluvium_protocol::catalog::{Commit, Cut, Fence, ManifestRef, Record, Savepoint, names};
use alluvium_protocol::file::{FileId, FileRef};
use alluvium_protocol::key_group::{KeyGroupRange, MaxParallelism};
use alluvium_protocol::local_copy::{LocalFile, LocalRecord};
use alluvium_protocol::manifest::{CheckpointId, Manifest, SnapshotKind};
use alluvium_protocol::row::StateId;
use alluvium_protocol::schema::{self, Form, KeyedSchema, StateKind, StateSchema, ValueSchema};
use alluvium_protocol::shape::Shape;
use alluvium_protocol::stamp::Moment;
use alluvium_protocol::ttl::{Expired, Refresh, TimeDomain, Ttl};

pub(crate) fn id(number: u64) -> CheckpointId {
    CheckpointId::new(number)
}

pub(crate) fn groups(first: u16, last: u16) -> KeyGroupRange {
    KeyGroupRange::new(first, last).unwrap()
}

pub(crate) fn max(groups: u32) -> MaxParallelism {
    MaxParallelism::new(groups).unwrap()
}

pub(crate) fn file(number: u128) -> FileRef {
    let id = FileId::new(number);
    FileRef {
        id,
        object: names::shared(id, number + 1),
        name: format!("{number:06}.sst"),
        shared: true,
        bytes: 1000,
        crc32c: 0xdead_beef,
        bounds: Some((vec![0, 0, 0, 1, 5], vec![0, 9, 0, 2, 7])),
        note: vec![6, 1],
        uploaded_by: CheckpointId::new(41),
    }
}

pub(crate) fn keyed_schema() -> KeyedSchema {
    let flight = Shape::Struct {
        name: "Flight".to_owned(),
        fields: vec![
            ("tail".to_owned(), Shape::Str),
            ("delay".to_owned(), Shape::option(Shape::I32)),
        ],
    };
    KeyedSchema {
        key: Shape::Str,
        states: vec![
            StateSchema {
                id: StateId::new(0),
                name: "latest".to_owned(),
                kind: StateKind::Value,
                namespace: Shape::Unit,
                map_key: None,
                value: ValueSchema {
                    codec: schema::POSTCARD.to_owned(),
                    version: 1,
                    type_name: "flights::Flight".to_owned(),
                    shape: flight,
                    type_version: None,
                    older: Vec::new(),
                },
                ttl: None,
            },
            StateSchema {
                id: StateId::new(1),
                name: "by hour".to_owned(),
                kind: StateKind::Map,
                namespace: Shape::Tuple(vec![Shape::I64, Shape::I64]),
                map_key: Some(Shape::U8),
                value: ValueSchema {
                    codec: schema::BYTES.to_owned(),
                    version: 0,
                    type_name: "Vec<u8>".to_owned(),
                    shape: Shape::Bytes,
                    type_version: None,
                    older: Vec::new(),
                },
                ttl: None,
            },
        ],
    }
}

pub(crate) fn manifest() -> Manifest {
    let bookkeeping = FileRef {
        object: names::exclusive(id(42), 3, 1, FileId::new(8)),
        name: "CURRENT".to_owned(),
        shared: false,
        bytes: 16,
        bounds: None,
        note: Vec::new(),
        uploaded_by: id(42),
        ..file(8)
    };
    Manifest {
        job: "flights".to_owned(),
        checkpoint: id(42),
        attempt: 3,
        subtask: 1,
        kind: SnapshotKind::Incremental,
        store: "rocksdb".to_owned(),
        range: groups(64, 127),
        max_parallelism: max(128),
        base: Some(id(41)),
        next_generation: 77,
        schema: keyed_schema(),
        files: vec![file(7), bookkeeping],
        created_unix_millis: 1_700_000_000_123,
        event_time: Moment::BEFORE_TIME,
    }
}

/// A manifest of a job with event time, whose states have TTLs.
pub(crate) fn manifest_with_ttl() -> Manifest {
    let mut manifest = manifest();
    let hour = Ttl::new(Duration::from_secs(3600));
    let sessions = hour
        .refresh(Refresh::OnReadAndWrite)
        .expired(Expired::SeenUntilCleaned)
        .time(TimeDomain::Event);
    for (state, ttl) in manifest.schema.states.iter_mut().zip([hour, sessions]) {
        state.ttl = Some(ttl);
    }
    Manifest {
        event_time: Moment::of_stream(-5, 1_700_000_000_000),
        ..manifest
    }
}

/// A manifest whose first state has values of two older versions.
pub(crate) fn manifest_with_versions() -> Manifest {
    let mut manifest = manifest();
    if let Some(state) = manifest.schema.states.first_mut() {
        state.value.type_version = Some(300);
        let older = |version, type_name: &str, shape| Form {
            type_version: Some(version),
            type_name: type_name.to_owned(),
            shape,
        };
        state.value.older = vec![
            older(1, "String", Shape::Str),
            older(
                2,
                "flights::v2::Flight",
                Shape::Tuple(vec![Shape::Str, Shape::I16]),
            ),
        ];
    }
    manifest
}

/// The manifest of one subtask among several, with one file of its own.
pub(crate) fn manifest_of(subtask: u32, range: KeyGroupRange) -> Manifest {
    let first = range.rows().from().to_vec();
    let last = [&range.last().get().to_be_bytes()[..], b"\0\0key"].concat();
    let file = FileRef {
        bounds: Some((first, last)),
        ..file(u128::from(subtask))
    };
    Manifest {
        subtask,
        range,
        files: vec![file],
        ..manifest()
    }
}

pub(crate) fn manifest_ref(checkpoint: u64, subtask: u32, range: KeyGroupRange) -> ManifestRef {
    ManifestRef {
        object: names::manifest(id(checkpoint), 3, subtask),
        bytes: 500,
        crc32c: 0x0102_0304,
        subtask,
        range,
    }
}

pub(crate) fn commit() -> Commit {
    Commit {
        job: "flights".to_owned(),
        sequence: 12,
        attempt: 3,
        fence_sequence: 9,
        nonce: 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef,
        checkpoint: id(42),
        kind: SnapshotKind::Incremental,
        parallelism: 2,
        max_parallelism: max(128),
        manifests: vec![
            manifest_ref(42, 0, groups(0, 63)),
            manifest_ref(42, 1, groups(64, 127)),
        ],
        attachments: BTreeMap::from([
            ("sink".to_owned(), b"pending-7".to_vec()),
            ("source".to_owned(), vec![0, 0, 0, 99]),
        ]),
        created_unix_millis: 1_700_000_000_456,
    }
}

pub(crate) fn fence() -> Fence {
    Fence {
        job: "flights".to_owned(),
        sequence: 9,
        attempt: 3,
        nonce: 5,
        created_unix_millis: -1,
    }
}

pub(crate) fn savepoint() -> Savepoint {
    let part = |subtask: u32, range| ManifestRef {
        object: names::SavepointObject::Manifest {
            attempt: 1,
            subtask,
        }
        .to_string(),
        ..manifest_ref(42, subtask, range)
    };
    Savepoint {
        job: "flights".to_owned(),
        checkpoint: id(42),
        parallelism: 2,
        max_parallelism: max(128),
        manifests: vec![part(0, groups(0, 63)), part(1, groups(64, 127))],
        attachments: BTreeMap::from([("source".to_owned(), vec![1])]),
        created_unix_millis: 1_700_000_000_789,
    }
}

pub(crate) fn local_record() -> LocalRecord {
    let file = |id, bytes, crc32c, inode| LocalFile {
        id: FileId::new(id),
        bytes,
        crc32c,
        modified_unix_nanos: 1_700_000_000_123_456_789,
        inode,
    };
    LocalRecord {
        files: vec![file(1 << 100, 4096, 0xdead_beef, 7), file(2, 0, 0, 8)],
    }
}

pub(crate) fn cut() -> Cut {
    Cut {
        job: "flights".to_owned(),
        sequence: 40,
        attempt: 3,
    }
}

/// A cut at `sequence` by `attempt`.
pub(crate) fn cut_at(sequence: u64, attempt: u64) -> Record {
    Record::Cut(Cut {
        sequence,
        attempt,
        ..cut()
    })
}

/// A fence by which `attempt` took over at `sequence`.
pub(crate) fn fence_at(sequence: u64, attempt: u64) -> Record {
    let nonce = (u128::from(attempt) << 64) | u128::from(sequence);
    Record::Fence(Fence {
        sequence,
        attempt,
        nonce,
        ..fence()
    })
}

/// A commit by `attempt`, whose fence is at `fence_sequence`, of a checkpoint numbered like its sequence.
pub(crate) fn commit_at(sequence: u64, attempt: u64, fence_sequence: u64) -> Record {
    Record::Commit(checkpoint_at(sequence, attempt, fence_sequence))
}

/// [`commit_at`], not yet a record.
pub(crate) fn checkpoint_at(sequence: u64, attempt: u64, fence_sequence: u64) -> Commit {
    Commit {
        sequence,
        attempt,
        fence_sequence,
        nonce: (u128::from(attempt) << 64) | u128::from(sequence),
        checkpoint: id(sequence),
        manifests: vec![manifest_ref(sequence, 0, groups(0, 127))],
        parallelism: 1,
        ..commit()
    }
}
