//! `alluvium flink export`.

use super::{flink, snapshot};

const HEAP: &str = "flink-2.3.0/hashmap/savepoints/native/savepoint-d2dd3f-108067a5d25b";

#[test]
fn objects_with_more_than_plain_fields_are_one_column_of_csv() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("accounts.csv");
    let more = ["--state", "pojo-account", "--output", "json", "--to"];
    let more = [&more[..], &[file.to_str().unwrap()]].concat();

    let told = flink("export", &snapshot(HEAP), &more).ends_with(0).json();
    let again = flink("export", &snapshot(HEAP), &more).ends_with(2);

    assert_eq!(told["rows"], 200);
    // A key has a line break in it.
    let mut rows = csv::Reader::from_path(&file).unwrap();
    let names: Vec<_> = rows.headers().unwrap().iter().collect();
    assert_eq!(names, ["operator", "state", "key_group", "key", "value"]);
    assert_eq!(rows.records().map(Result::unwrap).count(), 200);
    assert!(again.stderr.contains("exists already"), "{}", again.stderr);
}

#[test]
fn lines_have_one_element_each_with_its_operator_and_its_last_access() {
    let more = ["--state", "ttl-list", "--key-groups", "104"];

    let told = flink("export", &snapshot(HEAP), &more).ends_with(0).stdout;

    let first: serde_json::Value = serde_json::from_str(told.lines().next().unwrap()).unwrap();
    assert_eq!(first["operator"], "keyed-all");
    assert_eq!(first["index"], 0);
    assert!(
        first["accessed"].is_i64() && first["value"].is_string(),
        "{first}"
    );
}

#[test]
fn there_is_no_file_if_a_row_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    crate::command::copy_tree(&snapshot(HEAP), &folder.path().join("snapshot"));
    let copy = folder.path().join("snapshot");
    let mut files = crate::command::files_below(&copy);
    files.retain(|file| !file.ends_with("_metadata"));
    let bytes = std::fs::read(&files[0]).unwrap();
    std::fs::write(&files[0], &bytes[..bytes.len() - 100]).unwrap();
    let file = folder.path().join("state.csv");

    let told = flink("export", &copy, &["--to", file.to_str().unwrap()]).ends_with(1);

    assert!(told.stderr.contains("problem: operator"), "{}", told.stderr);
    assert!(!file.exists());
}
