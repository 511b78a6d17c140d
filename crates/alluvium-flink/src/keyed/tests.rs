//! The blocks that Flink wrote are read and written back; hostile ones are refused; composite keys are as Flink composes them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use alluvium_protocol::key_group::MaxParallelism;
use alluvium_protocol::value::Value;
use proptest::prelude::*;

use super::composite::{Layout, Parts, TimerParts};
use super::*;
use crate::cursor::Cursor;
use crate::metadata::{KeyedHandle, Operator};
use crate::serializer::{Serializer, Simple};
use crate::snapshot::Snapshot;
use crate::snapshots::folders;

/// The block of every handle of a snapshot, if its file is there.
fn blocks(folder: &Path) -> Vec<Vec<u8>> {
    let snapshot = Snapshot::open(folder.to_str().unwrap(), &[]).unwrap();
    let states = snapshot.operators().iter().flat_map(Operator::subtasks);
    let handles = states.filter_map(|subtask| subtask.state.as_ref()?.keyed_managed.as_ref());
    let mut blocks = Vec::new();
    for handle in handles {
        let (stream, end) = match handle {
            KeyedHandle::Incremental(handle) => (&handle.meta, None),
            KeyedHandle::KeyGroups(handle) => {
                let offsets = handle.offsets.offsets().iter().copied();
                (&handle.stream, offsets.filter(|offset| *offset > 0).min())
            }
            _ => continue,
        };
        let Ok(source) = snapshot.files().open(stream, "a test") else {
            continue;
        };
        let end = end.map_or(source.len(), |end| u64::try_from(end).unwrap());
        blocks.push(source.range(0, end).unwrap());
    }
    blocks
}

fn read(bytes: &[u8]) -> crate::Result<KeyedMeta> {
    let file: Arc<str> = "block".into();
    KeyedMeta::read(&mut Cursor::new(bytes, &file, 0))
}

fn written(meta: &KeyedMeta) -> Vec<u8> {
    let mut out = Vec::new();
    meta.write(&mut out).unwrap();
    out
}

#[test]
fn the_blocks_of_all_fixtures_are_read_and_written_back_as_they_were() {
    let mut count = 0;
    for folder in folders() {
        for block in blocks(&folder) {
            let meta = read(&block).unwrap_or_else(|e| panic!("{}: {e:?}", folder.display()));

            assert_eq!(written(&meta), block, "{}", folder.display());
            for state in &meta.states {
                // Kryo's, of which Flink before 2 makes more.
                let is_opaque = state.name == "kryo"
                    || state.name == "pojo" && folder.to_string_lossy().contains("flink-1-kinds");
                let mut opaque = state.serializers().iter().filter_map(|it| it.1.opaque());
                assert_eq!(opaque.next().is_some(), is_opaque, "{}", state.name);
            }
            count += 1;
        }
    }
    assert!(count >= 50, "{count} blocks");
}

/// The block of an operator with all kinds of states.
fn block() -> &'static [u8] {
    static BLOCK: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let canonical = |found: &PathBuf| {
            found
                .to_string_lossy()
                .contains("rocksdb/savepoints/canonical")
        };
        let folder = folders().into_iter().find(canonical).unwrap();
        blocks(&folder).into_iter().max_by_key(Vec::len).unwrap()
    });
    &BLOCK
}

#[test]
fn states_are_listed_with_their_kinds_and_serializers() {
    let meta = read(block()).unwrap();

    let find = |name: &str| {
        let state = meta.states.iter().find(|state| state.name == name);
        state.unwrap_or_else(|| panic!("no {name}"))
    };
    assert_eq!(meta.key.to_string(), "String");
    assert_eq!(find("value-long").kind(), StateKind::Value);
    assert_eq!(find("list-string").element().unwrap().to_string(), "String");
    let (key, value) = find("map-string-long").entry().unwrap();
    assert_eq!(
        (key.to_string(), value.to_string()),
        ("String".into(), "Long".into())
    );
    assert_eq!(find("reducing-sum").kind(), StateKind::Reducing);
    let average = find("aggregating-avg");
    assert_eq!(average.kind(), StateKind::Aggregating);
    assert_eq!(average.value().unwrap().to_string(), "Tuple2<Long, Long>");
    assert!(
        find("pojo-account")
            .value()
            .unwrap()
            .to_string()
            .contains("nullable: Long")
    );
    assert!(!find("list-string").has_ttl());
    for name in ["ttl-value", "ttl-map", "ttl-list"] {
        assert!(find(name).has_ttl(), "{name}");
    }
    let timers = find("_timer_state/event_user-timers");
    assert_eq!(timers.kind(), StateKind::PriorityQueue);
    assert_eq!(timers.timer().unwrap().0.to_string(), "String");
    assert_eq!(timers.namespace(), None);
}

#[test]
fn a_block_cut_anywhere_is_refused_with_the_place() {
    let block = block();

    for end in 0..block.len() {
        let error = read(&block[..end]).unwrap_err();
        assert!(error.offset().is_some(), "{end}: {error}");
    }
}

#[test]
fn unknown_serializers_do_not_hide_the_states_beside_them() {
    let mut block = block().to_vec();
    // The key's class and those in timers become unknown (their payloads are empty); and one of a state with a payload.
    let replace = |bytes: &[u8], from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let mut out = bytes.to_vec();
        let mut at = 0;
        while let Some(n) = out[at..]
            .windows(from.len())
            .position(|w| w == from.as_bytes())
        {
            out[at + n..at + n + from.len()].copy_from_slice(to.as_bytes());
            at += n + from.len();
        }
        assert_ne!(out, bytes);
        out
    };
    block = replace(&block, "StringSerializer$", "My_OwnSerializer_");
    block = replace(&block, "PojoSerializerSnapshot", "UserSerializerSnapshot");

    let meta = read(&block).unwrap();

    assert_eq!(written(&meta), block);
    assert!(meta.key.opaque().unwrap().contains("My_OwnSerializer"));
    let opaque: Vec<_> = meta
        .states
        .iter()
        .map(|state| state.value().unwrap().opaque())
        .collect();
    assert!(opaque.iter().any(Option::is_none));
    let pojo = meta
        .states
        .iter()
        .find(|state| state.name == "pojo-account")
        .unwrap();
    assert!(
        pojo.value()
            .unwrap()
            .opaque()
            .unwrap()
            .contains("UserSerializerSnapshot")
    );
    let average = meta
        .states
        .iter()
        .find(|state| state.name == "aggregating-avg")
        .unwrap();
    assert_eq!(average.value().unwrap().to_string(), "Tuple2<Long, Long>");
}

#[test]
fn a_state_made_from_nothing_is_read_as_it_was_made() {
    let simple = |simple| Serializer::simple(simple).unwrap();
    let namespace = simple(Simple::VoidNamespace);
    let list = Serializer::list(&simple(Simple::String)).unwrap();
    let timer = Serializer::timer(&simple(Simple::Long), &namespace).unwrap();
    let state = |name: &str, kind, namespace, value| StateMeta::new(name, kind, namespace, value);
    let meta = KeyedMeta {
        compression: true,
        key: simple(Simple::Long),
        states: vec![
            state("l", StateKind::List, Some(namespace.clone()), list.clone()).unwrap(),
            state("t", StateKind::PriorityQueue, None, timer).unwrap(),
        ],
    };

    assert_eq!(read(&written(&meta)).unwrap(), meta);
    assert!(state("m", StateKind::Map, Some(namespace), list).is_err());
    assert!(state("v", StateKind::Value, None, simple(Simple::Long)).is_err());
}

fn unhex(hex: &str) -> Vec<u8> {
    let digits: String = hex.split_whitespace().collect();
    (0..digits.len())
        .step_by(2)
        .map(|n| u8::from_str_radix(&digits[n..n + 2], 16).unwrap())
        .collect()
}

fn encoded(serializer: &Serializer, value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    serializer.encode(value, &mut out).unwrap();
    out
}

#[test]
fn composite_keys_are_those_of_flink() {
    let simple = |simple| Serializer::simple(simple).unwrap();
    let (string, int, void) = (
        simple(Simple::String),
        simple(Simple::Integer),
        simple(Simple::VoidNamespace),
    );
    let max = |max| MaxParallelism::new(max).unwrap();
    let text = |text: &str| encoded(&string, &Value::Str(text.into()));
    let seven = encoded(&int, &Value::Int(7));
    let long = "y".repeat(300);
    let cases = [
        (max(128), 5, "abc", &void, vec![0], vec![], "05 04616263 00"),
        (
            max(128),
            5,
            "abc",
            &string,
            text("nsns"),
            vec![],
            "05 04616263 04 056E736E73 05",
        ),
        (
            max(128),
            5,
            "abc",
            &string,
            text("nsns"),
            seven.clone(),
            "05 04616263 04 056E736E73 05 00000007",
        ),
        (
            max(1000),
            300,
            "abc",
            &void,
            vec![0],
            seven,
            "012C 04616263 00 00000007",
        ),
    ];
    let file: Arc<str> = "key".into();
    for (max, group, key, namespace, inside, map_key, hex) in cases {
        let layout = Layout::new(max, &string, namespace);
        let key = text(key);
        let parts = Parts {
            group,
            key: &key,
            namespace: &inside,
            map_key: &map_key,
        };
        let mut out = Vec::new();
        layout.compose(parts, &mut out).unwrap();

        assert_eq!(out, unhex(hex));
        let mut cursor = Cursor::new(&out, &file, 0);
        assert_eq!(
            layout.split(&string, namespace, &mut cursor).unwrap(),
            parts
        );
    }

    let layout = Layout::new(max(1000), &string, &string);
    let (key, namespace) = (text(&long), text("n"));
    let mut out = Vec::new();
    let parts = Parts {
        group: 300,
        key: &key,
        namespace: &namespace,
        map_key: &[],
    };
    layout.compose(parts, &mut out).unwrap();
    assert_eq!(out.len(), 309);
    assert_eq!(out[..4], unhex("012C AD02"));
    assert_eq!(out[304..], unhex("2E01 026E 02"));
    let mut cursor = Cursor::new(&out, &file, 0);
    assert_eq!(layout.split(&string, &string, &mut cursor).unwrap(), parts);
}

#[test]
fn a_length_that_is_not_that_of_the_key_is_refused() {
    let string = Serializer::simple(Simple::String).unwrap();
    let layout = Layout::new(MaxParallelism::DEFAULT, &string, &string);
    let file: Arc<str> = "key".into();
    let bytes = unhex("05 04616263 05 056E736E73 05");

    let error = layout
        .split(&string, &string, &mut Cursor::new(&bytes, &file, 0))
        .unwrap_err();

    assert_eq!(
        error.to_string(),
        "key, byte 5: expected the length of a key, 4 bytes"
    );
    assert!(
        layout
            .compose(
                Parts {
                    group: 256,
                    key: &[],
                    namespace: &[],
                    map_key: &[]
                },
                &mut Vec::new()
            )
            .is_err()
    );
}

proptest! {
    #[test]
    fn composite_keys_are_split_into_what_they_were_composed_of(
        max in 1..=32768_u32,
        texts in any::<[String; 2]>(),
        time in any::<i64>(),
        map_key in any::<Vec<u8>>(),
    ) {
        let string = Serializer::simple(Simple::String).unwrap();
        let max = MaxParallelism::new(max).unwrap();
        let layout = Layout::new(max, &string, &string);
        let [key, namespace] = texts.map(|text| encoded(&string, &Value::Str(text)));
        let (group, file) = (max.get() - 1, Arc::<str>::from("key"));
        let parts = Parts { group, key: &key, namespace: &namespace, map_key: &map_key };
        let timer = TimerParts { group, timestamp: time, key: &key, namespace: &namespace };
        let (mut row, mut queued) = (Vec::new(), Vec::new());
        layout.compose(parts, &mut row).unwrap();
        layout.compose_timer(timer, &mut queued).unwrap();

        let mut cursor = Cursor::new(&row, &file, 0);
        prop_assert_eq!(layout.split(&string, &string, &mut cursor).unwrap(), parts);
        let mut cursor = Cursor::new(&queued, &file, 0);
        prop_assert_eq!(layout.split_timer(&string, &string, &mut cursor).unwrap(), timer);
    }

    #[test]
    fn a_damaged_block_is_read_or_refused(places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let mut block = block().to_vec();
        for (place, byte) in places {
            let place = place.index(block.len());
            block[place] = byte;
        }

        match read(&block) {
            Ok(meta) => prop_assert_eq!(written(&meta), block),
            Err(error) => prop_assert!(error.offset().is_some(), "{error}"),
        }
    }
}
