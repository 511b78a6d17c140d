//! A canonical savepoint of any size: how fast it is scanned, and in how much memory.
//!
//! ```text
//! ALLUVIUM_FLINK_BYTES=1000000000 cargo test --release -p alluvium-flink --test it -- --ignored large
//! ```

use std::fs::File;
use std::io::{BufWriter, Seek as _, Write as _};
use std::ops::ControlFlow;
use std::path::Path;

use alluvium_flink::keyed::composite::{Layout, Parts};
use alluvium_flink::keyed::{KeyedMeta, StateKind, StateMeta};
use alluvium_flink::metadata::{
    KeyGroupOffsets, KeyGroups, KeyGroupsKind, KeyedHandle, Metadata, Operator, OperatorId,
    Properties, StreamHandle, Subtask, SubtaskState, Subtasks, Version,
};
use alluvium_flink::scan::{Place, Row, Selection, scan};
use alluvium_flink::serializer::{Serializer, Simple};
use alluvium_flink::{Result, Snapshot};
use alluvium_protocol::key_group::{MaxParallelism, flink_murmur};
use alluvium_protocol::value::Value;

const GROUPS: MaxParallelism = MaxParallelism::DEFAULT;

/// Rows of a value, a list and a map for each key, about 200 bytes together.
const BYTES_PER_KEY: u64 = 200;

/// Writes a savepoint of about this many bytes, and returns how many keys it has.
fn write(folder: &Path, bytes: u64) -> Result<u64> {
    let simple = Serializer::simple;
    let (text, long) = (simple(Simple::String)?, simple(Simple::Long)?);
    let void = simple(Simple::VoidNamespace)?;
    let state = |name, kind, value| StateMeta::new(name, kind, Some(void.clone()), value);
    let meta = KeyedMeta {
        compression: false,
        key: text.clone(),
        states: vec![
            state("value", StateKind::Value, text.clone())?,
            state("list", StateKind::List, Serializer::list(&long)?)?,
            state("map", StateKind::Map, Serializer::map(&text, &long)?)?,
        ],
    };
    let file = File::create(folder.join("state")).unwrap();
    let mut file = BufWriter::new(file);
    let mut head = Vec::new();
    meta.write(&mut head)?;
    file.write_all(&head).unwrap();

    let keys = bytes / BYTES_PER_KEY;
    let layout = Layout::new(GROUPS, &text, &void);
    let mut offsets = Vec::new();
    let mut by_group: Vec<Vec<u64>> = vec![Vec::new(); usize::from(GROUPS.get())];
    for key in 0..keys {
        let hash = text.java_hash(&named(key)).unwrap();
        let group = GROUPS.group_of(flink_murmur(hash));
        by_group[usize::from(group.get())].push(key);
    }
    for (group, keys) in (0_u16..).zip(&by_group) {
        offsets.push(if keys.is_empty() {
            0
        } else {
            i64::try_from(file.stream_position().unwrap()).unwrap()
        });
        let mut number = 0_u16;
        for state in 0_u16..3 {
            let mut pairs = Vec::new();
            for key in keys {
                let mut bytes = Vec::new();
                text.encode(&named(*key), &mut bytes)?;
                let map_keys: &[&str] = if state == 2 {
                    &["a", "bb", "ccc"]
                } else {
                    &[""]
                };
                for map_key in map_keys {
                    let mut value = Vec::new();
                    let mut map_bytes = Vec::new();
                    match state {
                        0 => text.encode(&Value::Str(format!("value of {key}")), &mut value)?,
                        1 => {
                            for n in 0..4_u64 {
                                value.extend((key + n).to_be_bytes());
                                value.push(b',');
                            }
                            value.pop();
                        }
                        _ => {
                            value.push(0);
                            value.extend(key.to_be_bytes());
                            text.encode(&Value::Str((*map_key).to_owned()), &mut map_bytes)?;
                        }
                    }
                    let mut composite = Vec::new();
                    let parts = Parts {
                        group,
                        key: &bytes,
                        namespace: &[0],
                        map_key: &map_bytes,
                    };
                    layout.compose(parts, &mut composite)?;
                    pairs.push((composite, value));
                }
            }
            let Some(last) = pairs.len().checked_sub(1) else {
                continue;
            };
            if state == 0 {
                file.write_all(&number.to_be_bytes()).unwrap();
            }
            for (nth, (mut key, value)) in pairs.into_iter().enumerate() {
                if nth == last {
                    key[0] |= 0x80;
                }
                file.write_all(&u32::try_from(key.len()).unwrap().to_be_bytes())
                    .unwrap();
                file.write_all(&key).unwrap();
                file.write_all(&u32::try_from(value.len()).unwrap().to_be_bytes())
                    .unwrap();
                file.write_all(&value).unwrap();
            }
            number = if state == 2 { 0xFFFF } else { state + 1 };
            file.write_all(&number.to_be_bytes()).unwrap();
        }
    }
    file.flush().unwrap();
    metadata(folder, offsets)?;
    Ok(keys)
}

fn named(key: u64) -> Value {
    Value::Str(format!("key-{key:012}"))
}

fn metadata(folder: &Path, offsets: Vec<i64>) -> Result<()> {
    let handle = KeyedHandle::KeyGroups(KeyGroups {
        kind: KeyGroupsKind::Savepoint,
        offsets: KeyGroupOffsets::new(Some(GROUPS.all()), offsets)?,
        stream: StreamHandle::Relative {
            path: "state".into(),
            length: Some(std::fs::metadata(folder.join("state")).unwrap().len()),
        },
    });
    let state = SubtaskState {
        keyed_managed: Some(handle),
        ..SubtaskState::default()
    };
    let subtask = Subtask {
        index: 0,
        state: Some(state),
    };
    let metadata = Metadata {
        version: Version::V6,
        checkpoint_id: 1,
        masters: Vec::new(),
        operators: vec![Operator {
            name: None,
            uid: Some("large".into()),
            id: OperatorId::of_uid("large"),
            parallelism: 1,
            max_parallelism: GROUPS,
            coordinator: None,
            subtasks: Subtasks::Of(vec![subtask]),
        }],
        properties: Some(Properties::canonical_savepoint()),
    };
    std::fs::write(folder.join("_metadata"), metadata.write()?).unwrap();
    Ok(())
}

fn rows_of(folder: &Path) -> Result<u64> {
    let snapshot = Snapshot::open(folder.to_str().unwrap(), &[])?;
    let mut rows = 0;
    let mut row = |_: &Place<'_>, _: &Row| {
        rows += 1;
        Ok(ControlFlow::Continue(()))
    };
    let report = scan(&snapshot, &Selection::default(), &mut row)?;
    assert!(report.is_clean(), "{:?}", report.problems);
    assert_eq!(report.rows(), rows);
    Ok(rows)
}

#[test]
fn a_savepoint_larger_than_the_buffers_is_scanned_whole_and_verified() {
    let folder = tempfile::tempdir().unwrap();
    let keys = write(folder.path(), 2_000_000).unwrap();

    // A value, four elements and three entries of each.
    assert_eq!(rows_of(folder.path()).unwrap(), keys * 8);
    let snapshot = Snapshot::open(folder.path().to_str().unwrap(), &[]).unwrap();
    let verified = alluvium_flink::verify::verify(&snapshot).unwrap();
    assert!(verified.report.is_clean(), "{:?}", verified.report.problems);
}

#[test]
fn a_key_in_another_key_group_than_its_hash_is_told() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 2_000).unwrap();
    let file = folder.path().join("state");
    let mut bytes = std::fs::read(&file).unwrap();
    let at = bytes
        .windows(8)
        .position(|bytes| bytes == b"key-0000")
        .unwrap();
    bytes[at + 4] = b'7';
    std::fs::write(&file, bytes).unwrap();
    let snapshot = Snapshot::open(folder.path().to_str().unwrap(), &[]).unwrap();

    let verified = alluvium_flink::verify::verify(&snapshot).unwrap();

    let told: Vec<String> = verified
        .report
        .problems
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(
        told.iter()
            .any(|told| told.contains("is of key group") && told.contains("byte")),
        "{told:?}"
    );
    assert_eq!(rows_of(folder.path()).unwrap(), 80);
}

/// Writes it at the first call with a folder, and only scans it at the next ones.
#[test]
#[ignore = "for measurements: takes as much disk as is asked for"]
fn large_savepoints_are_scanned() {
    let bytes = std::env::var("ALLUVIUM_FLINK_BYTES")
        .unwrap()
        .parse()
        .unwrap();
    let folder = std::env::var("ALLUVIUM_FLINK_FOLDER").unwrap();
    let folder = Path::new(&folder);
    if folder.join("_metadata").exists() {
        assert!(rows_of(folder).unwrap() > 0);
        return;
    }
    std::fs::create_dir_all(folder).unwrap();
    write(folder, bytes).unwrap();
}
