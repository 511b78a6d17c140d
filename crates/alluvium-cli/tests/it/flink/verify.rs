//! `alluvium flink verify` and `alluvium flink write`.

use std::fs;
use std::path::Path;

use super::{flink, snapshot};

const CANONICAL: &str = "flink-2.3.0/rocksdb/savepoints/canonical/savepoint-0e6514-0ea1a2407061";

fn copy_of(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    copy
}

#[test]
fn a_whole_snapshot_has_no_problems() {
    let told = flink("verify", &snapshot(CANONICAL), &["--output", "json"])
        .ends_with(0)
        .json();

    assert!(told["rows"].as_u64().unwrap() > 8_000, "{told}");
    assert_eq!(told["problems"].as_array().unwrap().len(), 0);
}

#[test]
fn a_file_that_is_missing_or_cut_is_told_with_its_operator() {
    let copy = copy_of(&snapshot(CANONICAL));
    let largest = |folder: &Path| {
        let files = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        files
            .max_by_key(|path| fs::metadata(path).unwrap().len())
            .unwrap()
    };
    let file = largest(copy.path());
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();

    let cut = flink("verify", copy.path(), &["--output", "json"])
        .ends_with(1)
        .json();
    fs::remove_file(&file).unwrap();
    let missing = flink("verify", copy.path(), &["--output", "json"])
        .ends_with(1)
        .json();

    for told in [cut, missing] {
        let problem = &told["problems"][0];
        assert_eq!(problem["operator"], "keyed-all", "{told}");
        assert!(
            problem["what"]
                .as_str()
                .is_some_and(|what| !what.is_empty())
        );
    }
}

#[test]
fn state_goes_into_a_savepoint_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let there = folder.path().join("there");
    let back = folder.path().join("back");
    let (there, back) = (there.to_str().unwrap(), back.to_str().unwrap());
    let from = snapshot(CANONICAL);
    let import = ["--operator", "keyed-all", "--to", there];
    flink("import", &from, &import).ends_with(0);

    let like = [
        "--like",
        from.to_str().unwrap(),
        "--operator",
        "keyed-all",
        "--to",
        back,
    ];
    flink("write", Path::new(there), &like).ends_with(0);

    let diff = [back, "--output", "json"];
    flink("diff", &from, &diff).ends_with(0);
}
