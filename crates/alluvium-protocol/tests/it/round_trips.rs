//! What is written is read back equal, whatever it holds.

use std::collections::BTreeMap;

use alluvium_protocol::catalog::{Commit, Cut, Fence, ManifestRef, Record, Savepoint};
use alluvium_protocol::file::{FileId, FileRef};
use alluvium_protocol::key_group::{KeyGroupRange, MaxParallelism};
use alluvium_protocol::local_copy::{LocalFile, LocalRecord};
use alluvium_protocol::manifest::{CheckpointId, Manifest, SnapshotKind};
use alluvium_protocol::row::StateId;
use alluvium_protocol::schema::{Form, KeyedSchema, StateKind, StateSchema, ValueSchema};
use alluvium_protocol::shape::Shape;
use alluvium_protocol::stamp::Moment;
use alluvium_protocol::ttl::{Expired, Refresh, TimeDomain, Ttl};
use proptest::prelude::*;

fn shape() -> impl Strategy<Value = Shape> {
    let leaf = prop::sample::select(vec![
        Shape::Unit,
        Shape::I32,
        Shape::U128,
        Shape::Str,
        Shape::Opaque,
        Shape::Recursive("T".to_owned()),
    ]);
    leaf.prop_recursive(4, 24, 4, |inner| {
        let fields = prop::collection::vec(("[a-z]{1,4}", inner.clone()), 0..4);
        prop_oneof![
            inner.clone().prop_map(Shape::option),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Shape::Tuple),
            ("[A-Z]{1,3}", fields).prop_map(|(name, fields)| Shape::Struct { name, fields }),
            (inner.clone(), inner).prop_map(|(key, value)| Shape::map(key, value)),
        ]
    })
}

fn range() -> impl Strategy<Value = KeyGroupRange> {
    (0u16..100, 0u16..28).prop_map(|(first, more)| KeyGroupRange::new(first, first + more).unwrap())
}

fn object_name() -> impl Strategy<Value = String> {
    "[a-z0-9 .=_-]{0,5}[a-z]/[a-zé0-9]{1,9}"
}

prop_compose! {
    fn file(number: usize)(
        id: u128,
        object in object_name(),
        shared: bool,
        bytes: u64,
        crc32c: u32,
        bounds: Option<(Vec<u8>, Vec<u8>)>,
        note: Vec<u8>,
        uploaded_by: u64,
    ) -> FileRef {
        FileRef {
            id: FileId::new(id),
            object,
            name: format!("{number}.sst"),
            shared,
            bytes,
            crc32c,
            bounds: bounds.map(|(one, other)| (one.clone().min(other.clone()), one.max(other))),
            note,
            uploaded_by: CheckpointId::new(uploaded_by),
        }
    }
}

fn ttl() -> impl Strategy<Value = Ttl> {
    let refresh = prop::sample::select(vec![Refresh::OnWrite, Refresh::OnReadAndWrite]);
    let expired = prop::sample::select(vec![Expired::NeverSeen, Expired::SeenUntilCleaned]);
    let time = prop::sample::select(vec![TimeDomain::Processing, TimeDomain::Event]);
    (any::<u64>(), refresh, expired, time).prop_map(|(millis, refresh, expired, time)| Ttl {
        millis,
        refresh,
        expired,
        time,
    })
}

prop_compose! {
    fn form()(type_version: Option<u32>, type_name: String, shape in shape()) -> Form {
        Form { type_version, type_name, shape }
    }
}

prop_compose! {
    fn state(number: u16)(
        map_key in prop::option::of(shape()),
        namespace in shape(),
        codec: String,
        version: u32,
        type_name: String,
        shape in shape(),
        type_version: Option<u32>,
        older in prop::collection::vec(form(), 0..3),
        ttl in prop::option::of(ttl()),
    ) -> StateSchema {
        StateSchema {
            id: StateId::new(number),
            name: format!("state {number}"),
            ttl: ttl.filter(|_| map_key.is_some()),
            kind: if map_key.is_some() { StateKind::Map } else { StateKind::ProcessingTimers },
            namespace,
            map_key,
            value: ValueSchema { codec, version, type_name, shape, type_version, older },
        }
    }
}

fn kind() -> impl Strategy<Value = SnapshotKind> {
    use SnapshotKind::{Full, Incremental, Savepoint};
    prop::sample::select(vec![Incremental, Full, Savepoint])
}

prop_compose! {
    fn manifest()(
        job: String,
        (checkpoint, attempt, subtask, base) in any::<(u64, u64, u32, Option<u64>)>(),
        kind in kind(),
        store: String,
        range in range(),
        next_generation: u64,
        key in shape(),
        states in (0u16..4).prop_flat_map(|n| (0..n).map(state).collect::<Vec<_>>()),
        files in (0usize..4).prop_flat_map(|n| (0..n).map(file).collect::<Vec<_>>()),
        created_unix_millis: i64,
        event_time in any::<(i64, i64)>(),
    ) -> Manifest {
        Manifest {
            job,
            checkpoint: CheckpointId::new(checkpoint),
            attempt,
            subtask,
            kind,
            store,
            range,
            max_parallelism: MaxParallelism::DEFAULT,
            base: base.map(CheckpointId::new),
            next_generation,
            schema: KeyedSchema { key, states },
            files,
            created_unix_millis,
            event_time: Moment::of_stream(event_time.0, event_time.1),
        }
    }
}

prop_compose! {
    fn manifest_ref()(
        object in object_name(),
        (bytes, crc32c, subtask) in any::<(u64, u32, u32)>(),
        range in range(),
    ) -> ManifestRef {
        ManifestRef { object, bytes, crc32c, subtask, range }
    }
}

prop_compose! {
    fn commit()(
        job: String,
        (attempt, fence_sequence, nonce, checkpoint) in any::<(u64, u32, u128, u64)>(),
        after in 1u64..1000,
        kind in kind(),
        (parallelism, created_unix_millis) in any::<(u32, i64)>(),
        max_parallelism in 1u32..=32768,
        manifests in prop::collection::vec(manifest_ref(), 0..4),
        attachments: BTreeMap<String, Vec<u8>>,
    ) -> Commit {
        Commit {
            job,
            sequence: u64::from(fence_sequence) + after,
            attempt,
            fence_sequence: fence_sequence.into(),
            nonce,
            checkpoint: CheckpointId::new(checkpoint),
            kind,
            parallelism,
            max_parallelism: MaxParallelism::new(max_parallelism).unwrap(),
            manifests,
            attachments,
            created_unix_millis,
        }
    }
}

proptest! {
    #[test]
    fn manifests_survive(manifest in manifest()) {
        prop_assert_eq!(Manifest::decode(&manifest.encode(), "m").unwrap(), manifest);
    }

    #[test]
    fn commits_survive(commit in commit()) {
        let record = Record::Commit(commit);
        prop_assert_eq!(Record::decode(&record.encode(), "r").unwrap(), record);
    }

    #[test]
    fn fences_survive(
        job: String,
        sequence: u64,
        attempt: u64,
        nonce: u128,
        created_unix_millis: i64,
    ) {
        let record = Record::Fence(Fence { job, sequence, attempt, nonce, created_unix_millis });
        prop_assert_eq!(Record::decode(&record.encode(), "r").unwrap(), record);
    }

    #[test]
    fn cuts_survive(job: String, sequence: u64, attempt in 1_u64..) {
        let record = Record::Cut(Cut { job, sequence, attempt });
        prop_assert_eq!(Record::decode(&record.encode(), "r").unwrap(), record);
    }

    #[test]
    fn records_of_local_copies_survive(files: BTreeMap<u128, (u64, u32, i64, u64)>) {
        prop_assume!(!files.is_empty());
        let files = files.into_iter().map(|(id, (bytes, crc32c, modified_unix_nanos, inode))| {
            LocalFile { id: FileId::new(id), bytes, crc32c, modified_unix_nanos, inode }
        });
        let record = LocalRecord { files: files.collect() };
        prop_assert_eq!(LocalRecord::decode(&record.encode(), "r").unwrap(), record);
    }

    #[test]
    fn savepoints_survive(commit in commit()) {
        let savepoint = Savepoint {
            job: commit.job,
            checkpoint: commit.checkpoint,
            parallelism: commit.parallelism,
            max_parallelism: commit.max_parallelism,
            manifests: commit.manifests,
            attachments: commit.attachments,
            created_unix_millis: commit.created_unix_millis,
        };
        prop_assert_eq!(Savepoint::decode(&savepoint.encode(), "s").unwrap(), savepoint);
    }
}
