//! Made-up handles of every kind.

use std::sync::Arc;

use alluvium_flink::metadata::{
    ByteChanges, Change, Changelog, ChannelHandle, ChannelPlace, Distribution, FileChanges,
    Incremental, IncrementalAccount, KeyGroupOffsets, KeyGroups, KeyGroupsKind, KeyedHandle,
    LocalFile, LoggedFile, MergedDirectories, OperatorHandle, PartitionedState, Scope,
    StreamHandle, Version,
};
use alluvium_protocol::key_group::KeyGroupRange;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

pub(super) fn text() -> impl Strategy<Value = String> {
    prop_oneof![".{0,12}", "[a-z0-9/:.-]{0,40}", Just("a\0b😀".to_owned())]
}

pub(super) fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..20)
}

fn length() -> impl Strategy<Value = Option<u64>> {
    option::of(0..u64::MAX / 2)
}

pub(super) fn stream() -> impl Strategy<Value = StreamHandle> {
    let scope = prop_oneof![Just(Scope::Exclusive), Just(Scope::Shared)];
    let leaf = prop_oneof![
        (text(), bytes()).prop_map(|(name, bytes)| StreamHandle::Inline {
            name,
            bytes: Arc::from(bytes)
        }),
        (text(), length()).prop_map(|(uri, length)| StreamHandle::File { uri, length }),
        ("[a-z0-9]{1,9}(/[a-z0-9]{1,9})?", length())
            .prop_map(|(path, length)| StreamHandle::Relative { path, length }),
        (text(), 0..99_u64, 0..99_u64, scope, text()).prop_map(
            |(uri, start, length, scope, logical_file)| {
                StreamHandle::Segment {
                    uri,
                    start,
                    length,
                    scope,
                    logical_file,
                }
            }
        ),
        Just(StreamHandle::EmptySegment),
    ];
    leaf.prop_recursive(2, 3, 1, |inner| {
        (offsets(), inner).prop_map(|(offsets, stream)| StreamHandle::KeyGroups {
            offsets,
            stream: Box::new(stream),
        })
    })
}

fn range() -> impl Strategy<Value = Option<KeyGroupRange>> {
    let range = (0..32_768_u16, 0..40_u16)
        .prop_map(|(first, more)| KeyGroupRange::new(first, (first + more).min(32_767)).unwrap());
    option::weighted(0.9, range)
}

fn offsets() -> impl Strategy<Value = KeyGroupOffsets> {
    range().prop_flat_map(|range| {
        let groups = range.map_or(0, |range| range.len() as usize);
        vec(any::<i64>(), groups)
            .prop_map(move |offsets| KeyGroupOffsets::new(range, offsets).unwrap())
    })
}

pub(super) fn keyed() -> impl Strategy<Value = KeyedHandle> {
    let leaf = prop_oneof![key_groups(), incremental(), byte_changes(), file_changes()];
    leaf.prop_recursive(2, 6, 3, |inner| {
        let handles = || vec(inner.clone(), 0..3);
        (
            range(),
            any::<[i64; 2]>(),
            handles(),
            handles(),
            option::of(any::<i64>()),
            text(),
        )
            .prop_map(
                |(
                    key_groups,
                    [checkpointed_bytes, materialization_id],
                    materialized,
                    changes,
                    checkpoint_id,
                    id,
                )| {
                    KeyedHandle::Changelog(Changelog {
                        key_groups,
                        checkpointed_bytes,
                        materialized,
                        changes,
                        materialization_id,
                        checkpoint_id,
                        id,
                    })
                },
            )
    })
}

fn key_groups() -> impl Strategy<Value = KeyedHandle> {
    let kind = prop_oneof![
        Just(KeyGroupsKind::Old),
        Just(KeyGroupsKind::Savepoint),
        text().prop_map(|id| KeyGroupsKind::Identified { id }),
    ];
    (kind, offsets(), stream()).prop_map(|(kind, offsets, stream)| {
        KeyedHandle::KeyGroups(KeyGroups {
            kind,
            offsets,
            stream,
        })
    })
}

fn incremental() -> impl Strategy<Value = KeyedHandle> {
    let file = || {
        let name = "[0-9]{6}\\.sst|CURRENT|a b";
        (name, stream()).prop_map(|(name, stream)| LocalFile { name, stream })
    };
    let files = || vec(file(), 0..3);
    let account = (any::<i64>(), text()).prop_map(|(checkpointed_bytes, id)| IncrementalAccount {
        checkpointed_bytes,
        id,
    });
    (
        any::<i64>(),
        text(),
        range(),
        option::of(account),
        stream(),
        files(),
        files(),
    )
        .prop_map(
            |(checkpoint_id, backend, key_groups, account, meta, shared, private)| {
                KeyedHandle::Incremental(Incremental {
                    checkpoint_id,
                    backend,
                    key_groups,
                    account,
                    meta,
                    shared,
                    private,
                })
            },
        )
}

fn byte_changes() -> impl Strategy<Value = KeyedHandle> {
    let change = (any::<i32>(), bytes()).prop_map(|(key_group, bytes)| Change { key_group, bytes });
    (range(), any::<[i64; 2]>(), vec(change, 0..3), text()).prop_map(
        |(key_groups, [from, to], changes, id)| {
            KeyedHandle::ByteChanges(ByteChanges {
                key_groups,
                from,
                to,
                changes,
                id,
            })
        },
    )
}

fn file_changes() -> impl Strategy<Value = KeyedHandle> {
    let file = (any::<i64>(), stream()).prop_map(|(offset, stream)| LoggedFile { offset, stream });
    (
        range(),
        vec(file, 0..3),
        any::<[i64; 2]>(),
        text(),
        option::of(text()),
    )
        .prop_map(
            |(key_groups, files, [state_bytes, checkpointed_bytes], id, storage)| {
                KeyedHandle::FileChanges(FileChanges {
                    key_groups,
                    files,
                    state_bytes,
                    checkpointed_bytes,
                    id,
                    storage,
                })
            },
        )
}

pub(super) fn operator_state() -> impl Strategy<Value = OperatorHandle> {
    let distribution = prop_oneof![
        Just(Distribution::Split),
        Just(Distribution::Union),
        Just(Distribution::Broadcast)
    ];
    let state = (text(), distribution, vec(any::<i64>(), 0..4)).prop_map(
        |(name, distribution, offsets)| PartitionedState {
            name,
            distribution,
            offsets,
        },
    );
    let merged = (text(), text(), any::<bool>()).prop_map(|(task_owned, shared, is_empty)| {
        MergedDirectories {
            task_owned,
            shared,
            is_empty,
        }
    });
    (vec(state, 0..3), option::of(merged), stream()).prop_map(|(states, merged, stream)| {
        OperatorHandle {
            states,
            merged,
            stream,
        }
    })
}

pub(super) fn channel(version: Version) -> impl Strategy<Value = ChannelHandle> {
    let number = || 0..1_000_u32;
    let one = (number(), number(), vec(any::<i64>(), 0..4)).prop_map(|(gate, channel, offsets)| {
        ChannelPlace::One {
            gate,
            channel,
            offsets,
        }
    });
    let several = bytes().prop_map(|offsets| ChannelPlace::Several { offsets });
    let is_known = u32::from(version >= Version::V6);
    let place = prop_oneof![2 => one, is_known => several];
    (number(), place, any::<i64>(), stream()).prop_map(|(subtask, place, state_bytes, stream)| {
        ChannelHandle {
            subtask,
            place,
            state_bytes,
            stream,
        }
    })
}
