//! Versions that no snapshot here has: made of those that are, or by hand.

use alluvium_flink::ErrorKind;
use alluvium_flink::metadata::{KeyGroupsKind, KeyedHandle, Metadata, StreamHandle, Version};

use crate::snapshots;

/// The bytes with another version.
fn with_version(bytes: &[u8], version: u8) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[7] = version;
    bytes
}

#[test]
fn version_3_is_version_4_without_properties() {
    for folder in snapshots::folders() {
        let bytes = snapshots::metadata(&folder);
        let whole = Metadata::read(&bytes, "_metadata").unwrap();
        if whole.version != Version::V4 {
            continue;
        }
        let properties = whole.properties.as_ref().unwrap().as_bytes().len();
        let old = with_version(&bytes[..bytes.len() - properties], 3);

        let read = Metadata::read(&old, "_metadata").unwrap();

        assert_eq!((read.version, &read.properties), (Version::V3, &None));
        assert_eq!(read.operators, whole.operators);
        assert_eq!(read.write().unwrap_err().kind(), ErrorKind::Invalid);
        let more = [old, vec![0]].concat();
        assert!(Metadata::read(&more, "_metadata").is_err());
    }
}

#[test]
fn version_5_is_version_6_without_records_of_several_channels() {
    for folder in snapshots::folders() {
        let bytes = snapshots::metadata(&folder);
        let whole = Metadata::read(&bytes, "_metadata").unwrap();
        if whole.version != Version::V6 {
            continue;
        }
        let read = Metadata::read(&with_version(&bytes, 5), "_metadata").unwrap();

        assert_eq!(
            (read.version, &read.operators),
            (Version::V5, &whole.operators)
        );
    }
}

#[test]
fn names_of_operators_are_left_out_where_the_version_has_none() {
    let folder = snapshots::data()
        .join("flink-2.3.0/hashmap/savepoints/canonical/savepoint-d2dd3f-31f0cf30d21c");
    let mut metadata = Metadata::read(&snapshots::metadata(&folder), "_metadata").unwrap();
    assert!(
        metadata
            .operators
            .iter()
            .any(|operator| operator.uid.is_some())
    );
    metadata.version = Version::V4;

    let read = Metadata::read(&metadata.write().unwrap(), "_metadata").unwrap();

    for (read, mut written) in read.operators.into_iter().zip(metadata.operators) {
        (written.name, written.uid) = (None, None);
        assert_eq!(read, written);
    }
}

#[test]
fn version_2_is_read() {
    let mut bytes = vec![0x49, 0x60, 0x67, 0x2D, 0, 0, 0, 2];
    bytes.extend_from_slice(&77_i64.to_be_bytes());
    let rest: [&[u8]; 12] = [
        // No master state, one operator of id 7…7, parallelism 2 of 4, one subtask: the second.
        &[0; 4],
        &[0, 0, 0, 1],
        &[7; 16],
        &[0, 0, 0, 2, 0, 0, 0, 4],
        &[0, 0, 0, 1],
        &[0, 0, 0, 1],
        &[0, 0, 0, 1],
        // A duration of -1, no old states, no operator state.
        &[0xFF; 8],
        &[0; 4],
        &[0; 8],
        // Key groups 2 and 3 at 5 and 9 of a file; no raw keyed state.
        &[
            3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 9,
        ],
        b"\x02\0\0\0\0\0\0\0\x0c\0\x06file:/\0",
    ];
    for part in rest {
        bytes.extend_from_slice(part);
    }

    let read = Metadata::read(&bytes, "_metadata").unwrap();

    assert_eq!((read.version, read.checkpoint_id), (Version::V2, 77));
    let operator = &read.operators[0];
    assert_eq!(
        (operator.parallelism, operator.max_parallelism.get()),
        (2, 4)
    );
    let subtask = &operator.subtasks()[0];
    assert_eq!(subtask.index, 1);
    let state = subtask.state.as_ref().unwrap();
    let Some(KeyedHandle::KeyGroups(handle)) = &state.keyed_managed else {
        panic!("{state:?}");
    };
    assert_eq!(handle.kind, KeyGroupsKind::Old);
    let offsets: Vec<_> = handle
        .offsets
        .iter()
        .map(|(group, at)| (group.get(), at))
        .collect();
    assert_eq!(offsets, [(2, 5), (3, 9)]);
    let uri = "file:/".to_owned();
    assert_eq!(
        handle.stream,
        StreamHandle::File {
            uri,
            length: Some(12)
        }
    );
    assert_eq!(state.keyed_raw, None);
}

#[test]
fn versions_before_and_after_the_known_ones_are_told() {
    for version in [0, 1, 7] {
        let error =
            Metadata::read(&[0x49, 0x60, 0x67, 0x2D, 0, 0, 0, version], "_metadata").unwrap_err();

        assert_eq!(
            (error.kind(), error.offset()),
            (ErrorKind::Incompatible, Some(4))
        );
        assert!(
            error.to_string().contains(&format!("version {version}")),
            "{error}"
        );
    }
}
