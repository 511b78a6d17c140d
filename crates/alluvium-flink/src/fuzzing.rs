//! What the fuzzer feeds: every decoder of foreign bytes, each with the laws that hold whatever the bytes are.
//!
//! Only compiled for the fuzzer (`fuzz/`, where each function is a target) and for this crate's tests, which run the kept inputs.
//! A target returns for bytes that are refused; it panics when a decoder does, or when a law is broken.

#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "panicking is how a target tells what it found"
)]

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use alluvium::codec::Codec;
use alluvium::storage::Cancel;
use alluvium_protocol::key_group::{KeyGroupRange, MaxParallelism};
use serde::{Deserialize, Serialize};

use crate::codec::Flink;
use crate::cursor::Cursor;
use crate::files::{Files, Folder};
use crate::java::logical_type::LogicalType;
use crate::keyed::KeyedMeta;
use crate::metadata::{
    KeyGroupOffsets, KeyGroups, KeyGroupsKind, KeyedHandle, Metadata, Operator, OperatorId,
    Properties, StreamHandle, Subtask, SubtaskState, Subtasks, Version,
};
use crate::scan::{Place, Row, Selection, scan};
use crate::serializer::Serializer;
use crate::snapshot::Snapshot;
use crate::verify::verify;

#[cfg(test)]
mod tests;

/// Takes any bytes.
pub type Target = fn(&[u8]);

/// All targets by name: what their input is, they say themselves.
pub const TARGETS: [(&str, Target); 8] = [
    ("metadata", metadata),
    ("snapshot", snapshot),
    ("section", section),
    ("description", description),
    ("value", value),
    ("java_stream", java_stream),
    ("avro", avro),
    ("codec", codec),
];

/// A `_metadata` file. What is read is written as the same content.
pub fn metadata(bytes: &[u8]) {
    let Ok(read) = Metadata::read(bytes, "_metadata") else {
        return;
    };
    // Old versions are not written, and some content only fits others.
    let Ok(written) = read.write() else {
        return;
    };
    let mut again = Metadata::read(&written, "_metadata").unwrap();
    if read.version < Version::V5 {
        // These do not hold them.
        for operator in &mut again.operators {
            assert_eq!((&operator.name, &operator.uid), (&None, &None));
        }
    }
    assert_eq!(again, read);
}

/// A `_metadata` file whose state is in it. It is scanned and verified, and sizes are told.
pub fn snapshot(bytes: &[u8]) {
    if let Ok(metadata) = Metadata::read(bytes, "_metadata") {
        read_whole(metadata);
    }
}

/// A file of key groups: how it is stored, the length of the description, the description, and what is behind it.
pub fn section(bytes: &[u8]) {
    let [how, high, low, rest @ ..] = bytes else {
        return;
    };
    let offset = i64::from(u16::from_be_bytes([*high, *low]));
    let max_parallelism = if how & 1 == 0 { 128 } else { 1000 };
    let kind = if how & 2 == 0 {
        KeyGroupsKind::Savepoint
    } else {
        KeyGroupsKind::Old
    };
    let is_raw = how & 4 != 0;
    let (Ok(max_parallelism), Ok(group)) = (
        MaxParallelism::new(max_parallelism),
        KeyGroupRange::new(0, 0),
    ) else {
        return;
    };
    let offset = if is_raw { 0 } else { offset };
    let Ok(offsets) = KeyGroupOffsets::new(Some(group), vec![offset]) else {
        return;
    };
    let handle = KeyedHandle::KeyGroups(KeyGroups {
        kind,
        offsets,
        stream: StreamHandle::Inline {
            name: "state".into(),
            bytes: rest.into(),
        },
    });
    let mut state = SubtaskState::default();
    if is_raw {
        state.keyed_raw = Some(handle);
    } else {
        state.keyed_managed = Some(handle);
    }
    read_whole(Metadata {
        version: Version::V6,
        checkpoint_id: 1,
        masters: Vec::new(),
        operators: vec![Operator {
            name: None,
            uid: Some("uid".into()),
            id: OperatorId::of_uid("uid"),
            parallelism: 1,
            max_parallelism,
            coordinator: None,
            subtasks: Subtasks::Of(vec![Subtask {
                index: 0,
                state: Some(state),
            }]),
        }],
        properties: Some(Properties::canonical_savepoint()),
    });
}

fn read_whole(metadata: Metadata) {
    // Only what is in the metadata is there.
    let folder = Folder::Local(PathBuf::from("/dev/null/no folder"));
    let files = Files::new(folder, &[], Arc::new(Cancel::new()));
    let snapshot = Snapshot::of(metadata, files);
    let mut rows = 0;
    let mut row = |_: &Place<'_>, row: &Row| {
        rows += 1;
        // Everything that is read can be shown.
        let mut shown = String::new();
        row.key.append_json(&mut shown);
        Ok(ControlFlow::Continue(()))
    };
    if let Ok(report) = scan(&snapshot, &Selection::default(), &mut row) {
        assert_eq!(report.rows(), rows);
    }
    let verified = verify(&snapshot);
    assert!(verified.is_ok(), "what is wrong is told, and no error");
}

/// The description of a keyed backend. What is read is written as the same bytes.
pub fn description(bytes: &[u8]) {
    let file = "description".into();
    let Ok(read) = KeyedMeta::read(&mut Cursor::new(bytes, &file, 0)) else {
        return;
    };
    let mut written = Vec::new();
    if read.write(&mut written).is_ok() {
        let again = KeyedMeta::read(&mut Cursor::new(&written, &file, 0)).unwrap();
        assert_eq!(again, read);
    }
}

/// The length of a serializer's snapshot, the snapshot, and a value. What is passed over is what is decoded; what is decoded can be
/// encoded, and decodes to the same again.
pub fn value(bytes: &[u8]) {
    let Some((length, rest)) = bytes.split_first_chunk() else {
        return;
    };
    let Some((snapshot, bytes)) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
    else {
        return;
    };
    let file = "value".into();
    let Ok(serializer) = Serializer::read(&mut Cursor::new(snapshot, &file, 0)) else {
        return;
    };
    let mut decoded = Cursor::new(bytes, &file, 0);
    let Ok(stamped) = serializer.decode_stamped(&mut decoded) else {
        return;
    };
    let mut skipped = Cursor::new(bytes, &file, 0);
    assert!(serializer.skip(&mut skipped).is_ok());
    assert_eq!(skipped.offset(), decoded.offset());
    let hash = serializer.java_hash(&stamped.value);
    let mut written = Vec::new();
    if serializer.encode_stamped(&stamped, &mut written).is_ok() {
        let mut again = Cursor::new(&written, &file, 0);
        let read = serializer.decode_stamped(&mut again).unwrap();
        assert!(again.is_empty());
        // NaN is not itself.
        assert_eq!(read.value.to_string(), stamped.value.to_string());
        assert_eq!(read.timestamp, stamped.timestamp);
        assert_eq!(serializer.java_hash(&read.value), hash);
    }
}

/// A stream of Java's, as types of columns are recorded.
pub fn java_stream(bytes: &[u8]) {
    let file = "stream".into();
    let mut cursor = Cursor::new(bytes, &file, 0);
    if LogicalType::read(&mut cursor).is_ok() {
        assert!(cursor.offset() <= bytes.len() as u64);
    }
}

/// A schema of Avro's as JSON, a zero, and a value.
pub fn avro(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let (Some(schema), Some(bytes)) = (parts.next(), parts.next()) else {
        return;
    };
    let class = b"org.apache.flink.formats.avro.typeutils.AvroSerializerSnapshot";
    let mut snapshot = Vec::new();
    for text in [&class[..], schema] {
        let Ok(length) = u16::try_from(text.len()) else {
            return;
        };
        snapshot.extend(length.to_be_bytes());
        snapshot.extend(text);
        if text == class {
            snapshot.extend(1_i32.to_be_bytes());
        }
    }
    let Ok(length) = u16::try_from(snapshot.len()) else {
        return;
    };
    value(&[&length.to_be_bytes(), &snapshot[..], bytes].concat());
}

/// A value that a job reads by the codec `Flink`. What is read is written as bytes that read as the same.
pub fn codec(bytes: &[u8]) {
    let Ok(read) = <Flink as Codec<Sample>>::decode(bytes) else {
        return;
    };
    let mut written = Vec::new();
    Flink::encode(&read, &mut written).unwrap();
    let again: Sample = Flink::decode(&written).unwrap();
    assert_eq!(format!("{again:?}"), format!("{read:?}"));
}

/// Something of everything that the codec holds.
#[derive(Debug, Serialize, Deserialize)]
struct Sample {
    truth: bool,
    small: i8,
    short: Option<i16>,
    whole: i32,
    large: i64,
    real: f64,
    letter: char,
    text: String,
    pair: (i64, Option<String>),
    list: Vec<(i32, String)>,
    map: std::collections::BTreeMap<String, Option<i64>>,
    choice: Choice,
    inner: Option<Box<Self>>,
}

/// A choice without payloads.
#[derive(Debug, Serialize, Deserialize)]
enum Choice {
    One,
    Another,
}
