//! The kept inputs of the fuzzer go through every build's tests; and what the fuzzer begins with is made here, of real snapshots.

use std::path::{Path, PathBuf};

use super::*;
use crate::metadata::KeyedHandle;
use crate::snapshots;

/// Where the inputs that were kept are, a folder for each target.
fn kept() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus")
}

#[test]
fn kept_inputs_break_no_decoder_and_no_law() {
    let mut inputs = 0;
    for (name, target) in TARGETS {
        for entry in std::fs::read_dir(kept().join(name)).unwrap() {
            let path = entry.unwrap().path();
            let input = std::fs::read(&path).unwrap();
            let ran = std::panic::catch_unwind(|| target(&input));
            assert!(ran.is_ok(), "{}", path.display());
            inputs += 1;
        }
    }
    assert!(inputs > TARGETS.len());
}

#[test]
fn real_snapshots_break_no_law() {
    for (name, inputs) in seeds() {
        let (_, target) = TARGETS.iter().find(|(target, _)| *target == name).unwrap();
        assert!(!inputs.is_empty(), "{name}");
        for input in inputs {
            target(&input);
        }
    }
}

/// Called by `scripts/fuzz.sh`.
#[test]
#[ignore = "writes what the fuzzer begins with into the folder ALLUVIUM_FUZZ_SEEDS"]
fn seeds_are_written() {
    let folder = PathBuf::from(std::env::var_os("ALLUVIUM_FUZZ_SEEDS").unwrap());
    for (name, inputs) in seeds() {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        for (nth, input) in inputs.iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{nth}")), input).unwrap();
        }
    }
}

/// Longer inputs slow the fuzzer down more than they teach it.
const SEED_BYTES_MAX: usize = 16 << 10;

/// Those that hold their state cannot be as short.
const INLINE_BYTES_MAX: usize = 100_000;

/// Of each target, inputs from real snapshots.
fn seeds() -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let metadata: Vec<Vec<u8>> = snapshots::folders()
        .iter()
        .map(|folder| snapshots::metadata(folder))
        .collect();
    let inline = metadata
        .iter()
        .filter(|bytes| (20_000..INLINE_BYTES_MAX).contains(&bytes.len()));
    let [descriptions, sections] = stored();
    let values = values();
    let small = |inputs: Vec<Vec<u8>>| {
        let inputs = inputs.into_iter();
        let small = inputs.filter(|input| input.len() <= SEED_BYTES_MAX);
        small.collect::<Vec<_>>()
    };
    let streams = descriptions.iter().chain(values.iter());
    let streams = streams.filter_map(|bytes| {
        let at = bytes
            .windows(4)
            .position(|four| four == b"\xAC\xED\0\x05")?;
        bytes.get(at..).map(<[u8]>::to_vec)
    });
    let streams: Vec<_> = streams.collect();
    let schema = br#"{"type":"record","name":"R","fields":[{"name":"a","type":["null","string"]},{"name":"b","type":{"type":"array","items":"int"}},{"name":"c","type":{"type":"map","values":"double"}},{"name":"d","type":{"type":"enum","name":"E","symbols":["X","Y"]}},{"name":"r","type":["null","R"]}]}"#;
    let mut avro = schema.to_vec();
    avro.extend(b"\0\0\0\0\x01\0\0\0\x01a\x01\0\0\0\x07\0\0\0\0\0\x01\0\0\0\0");
    let sample = Sample {
        truth: true,
        small: -1,
        short: Some(2),
        whole: 3,
        large: 4,
        real: 0.5,
        letter: 'x',
        text: "text".into(),
        pair: (1, Some("one".into())),
        list: vec![(1, "one".into())],
        map: [("a".to_owned(), Some(1)), ("b".to_owned(), None)].into(),
        choice: Choice::Another,
        inner: None,
    };
    let mut encoded = Vec::new();
    Flink::encode(&sample, &mut encoded).unwrap();
    vec![
        ("snapshot", inline.cloned().collect()),
        ("metadata", small(metadata)),
        ("section", small(sections)),
        ("description", small(descriptions)),
        ("value", small(values)),
        ("java_stream", small(streams)),
        ("avro", vec![avro]),
        ("codec", vec![encoded]),
    ]
}

/// The descriptions of backends, and each with one key group behind it, as the target `section` takes them.
fn stored() -> [Vec<Vec<u8>>; 2] {
    let (mut descriptions, mut sections) = (Vec::new(), Vec::new());
    for folder in snapshots::folders() {
        let snapshot = Snapshot::open(folder.to_str().unwrap(), &[]).unwrap();
        for operator in snapshot.operators() {
            let wide = u8::from(operator.max_parallelism.get() > 128);
            let states = operator.subtasks().iter();
            for state in states.filter_map(|subtask| subtask.state.as_ref()) {
                let open = |stream| snapshot.files().open(stream, "a test").ok();
                if let Some(KeyedHandle::KeyGroups(raw)) = &state.keyed_raw
                    && let Some(source) = open(&raw.stream)
                {
                    let mut input = vec![4 | wide, 0, 0];
                    input.extend(source.range(0, source.len().min(2000)).unwrap());
                    sections.push(input);
                }
                match &state.keyed_managed {
                    Some(KeyedHandle::Incremental(handle)) => {
                        let Some(source) = open(&handle.meta) else {
                            continue;
                        };
                        descriptions.push(source.range(0, source.len()).unwrap());
                    }
                    Some(KeyedHandle::KeyGroups(handle)) => {
                        let Some(source) = open(&handle.stream) else {
                            continue;
                        };
                        let canonical = handle.kind == KeyGroupsKind::Savepoint;
                        let none = if canonical { 0 } else { -1 };
                        let offsets = handle.offsets.offsets().iter();
                        let mut offsets: Vec<u64> = offsets
                            .filter(|offset| **offset != none)
                            .map(|offset| u64::try_from(*offset).unwrap())
                            .collect();
                        offsets.sort_unstable();
                        offsets.push(source.len());
                        let Some(first) = offsets.first() else {
                            continue;
                        };
                        let description = source.range(0, *first).unwrap();
                        let Ok(length) = u16::try_from(description.len()) else {
                            continue;
                        };
                        if let Some(end) = offsets.get(1) {
                            let how = wide | if canonical { 0 } else { 2 };
                            let mut input = vec![how];
                            input.extend(length.to_be_bytes());
                            input.extend(source.range(0, *end).unwrap());
                            sections.push(input);
                        }
                        descriptions.push(description);
                    }
                    _ => {}
                }
            }
        }
    }
    descriptions.sort();
    descriptions.dedup();
    [descriptions, sections]
}

/// Serializers and their values, as the target `value` takes them.
fn values() -> Vec<Vec<u8>> {
    let mut inputs = Vec::new();
    for version in ["2.3.0", "1.20.5"] {
        let path = snapshots::data().join(format!("serializers/{version}.jsonl"));
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let read: serde_json::Value = serde_json::from_str(line).unwrap();
            let snapshot = bytes_of(read["snapshot"].as_str().unwrap());
            let length = u16::try_from(snapshot.len()).unwrap().to_be_bytes();
            for value in read["values"].as_array().unwrap() {
                let value = bytes_of(value["bytes"].as_str().unwrap());
                inputs.push([&length, &snapshot[..], &value].concat());
            }
        }
    }
    inputs
}

fn bytes_of(digits: &str) -> Vec<u8> {
    let digits = digits.as_bytes().as_chunks::<2>().0.iter();
    digits
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
