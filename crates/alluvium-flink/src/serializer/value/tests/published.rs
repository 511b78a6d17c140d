//! The vectors in `data/flink/serializers`: what Flink shows of values is what is decoded, and its codes are computed.

use std::path::Path;

use serde_json::Value as Json;

use super::{Case, decode, encode, read, unhex};

/// The lines of all files.
fn lines() -> Vec<Json> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/flink/serializers");
    let mut lines = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        lines.extend(
            text.lines()
                .map(|line| serde_json::from_str::<Json>(line).unwrap()),
        );
    }
    assert!(lines.len() > 40);
    lines
}

/// The same as cases of damage.
pub(super) fn cases() -> Vec<Case> {
    let of = |line: &Json| {
        let bytes = |of: &Json| unhex(of.as_str().unwrap());
        let values = line["values"].as_array().unwrap();
        Case {
            name: format!("published {}", line["name"]).leak(),
            length: line["length"].as_i64().unwrap(),
            snapshot: bytes(&line["snapshot"]),
            values: values
                .iter()
                .map(|value| (None, bytes(&value["bytes"]), ""))
                .collect(),
        }
    };
    lines().iter().map(of).collect()
}

/// What is shown otherwise: Java shows dates of SQL in the zone of the machine, and a window without bounds has no value.
const OTHERWISE: [&str; 3] = ["sql-date", "sql-timestamp", "global-window"];

/// Whether a value shows as Flink's does. Its rows of SQL have names, which snapshots do not have; its rows are without
/// their kinds, and its values with a time to live without the time.
fn alike(ours: &Json, theirs: &Json) -> bool {
    match (ours, theirs) {
        (Json::Array(ours), Json::Object(theirs)) => {
            ours.len() == theirs.len()
                && theirs
                    .values()
                    .all(|value| ours.iter().any(|ours| alike(ours, value)))
        }
        (Json::Array(ours), Json::Array(theirs)) => {
            ours.len() == theirs.len()
                && ours
                    .iter()
                    .zip(theirs)
                    .all(|(ours, theirs)| alike(ours, theirs))
        }
        (Json::Object(ours), Json::Array(_) | Json::Object(_)) if kind(ours).is_some() => {
            kind(ours).is_some_and(|row| alike(row, theirs))
        }
        (Json::Object(ours), _) if ours.contains_key("timestamp") && !has_time(theirs) => {
            alike(&ours["value"], theirs)
        }
        (Json::Object(ours), Json::Object(theirs)) => {
            ours.len() == theirs.len()
                && ours
                    .iter()
                    .all(|(name, ours)| theirs.get(name).is_some_and(|theirs| alike(ours, theirs)))
        }
        _ => ours == theirs,
    }
}

fn has_time(theirs: &Json) -> bool {
    theirs.get("timestamp").is_some()
}

/// The row in a variant of a row's kind.
fn kind(ours: &serde_json::Map<String, Json>) -> Option<&Json> {
    let kinds = ["UPDATE_BEFORE", "UPDATE_AFTER", "DELETE"];
    kinds.iter().find_map(|kind| ours.get(*kind))
}

#[test]
fn values_are_those_that_flink_shows_and_are_written_back_as_they_were() {
    for line in lines() {
        let name = line["name"].as_str().unwrap();
        let serializer = read(&unhex(line["snapshot"].as_str().unwrap())).unwrap();
        let length = serializer.fixed_length().map(|n| i64::try_from(n).unwrap());
        assert_eq!(
            length.unwrap_or(-1),
            line["length"].as_i64().unwrap(),
            "{name}"
        );
        for sample in line["values"].as_array().unwrap() {
            let bytes = unhex(sample["bytes"].as_str().unwrap());
            // An object that Kryo wrote, or that has such a field.
            if serializer.opaque().is_some() {
                assert!(decode(&serializer, &bytes).is_err());
                continue;
            }
            let (value, left) =
                decode(&serializer, &bytes).unwrap_or_else(|e| panic!("{name} {sample}: {e}"));

            assert_eq!(left, 0, "{name} {sample}");
            if !name.starts_with("big-") {
                assert_eq!(
                    encode(&serializer, &value),
                    bytes,
                    "{name} {sample} {value}"
                );
            }
            let shown: Json = serde_json::from_str(&value.to_string()).unwrap();
            if !OTHERWISE.contains(&name) {
                assert!(
                    alike(&shown, &sample["value"]),
                    "{name}: {shown} is not {}",
                    sample["value"]
                );
            }
            // Only keys matter: a namespace is none, and rows that are keys are binary ones.
            if let Some(code) = sample["hash"].as_i64()
                && let Some(ours) = serializer.java_hash(&value)
                && !["void-namespace", "row-data"].contains(&name)
            {
                assert_eq!(i64::from(ours), code, "{name} {sample}");
            }
        }
    }
}

#[test]
fn serializers_that_leave_something_to_kryo_say_so() {
    let with_kryo: Vec<_> = lines()
        .iter()
        .filter(|line| {
            let snapshot = unhex(line["snapshot"].as_str().unwrap());
            read(&snapshot).unwrap().has_kryo()
        })
        .map(|line| line["name"].as_str().unwrap().to_owned())
        .collect();

    // Of collections in objects by their fields, Flink 1 leaves all to Kryo, and Flink 2 none.
    for name in ["kryo", "pojo"] {
        assert!(with_kryo.iter().any(|with| with == name), "{with_kryo:?}");
    }
    assert!(
        with_kryo
            .iter()
            .all(|with| ["kryo", "pojo"].contains(&with.as_str()))
    );
}

#[test]
fn kryo_is_found_in_parts_that_are_not_kept() {
    let kryo = lines()
        .iter()
        .find(|line| line["name"] == "kryo")
        .map(|line| unhex(line["snapshot"].as_str().unwrap()))
        .unwrap();
    // A class that nobody knows, with one serializer in it.
    let mut payload = Vec::new();
    for word in [0x000D_E704, 1, 0x0014_57FD, 1, 1_i32] {
        payload.extend(word.to_be_bytes());
    }
    payload.extend(kryo);
    let snapshot = super::snapshot_of("com.example.BoxSerializerSnapshot", 3, &payload);

    let serializer = read(&snapshot).unwrap();

    assert!(serializer.parts().is_empty());
    assert!(serializer.has_kryo());
}
