//! The snapshots in `data/flink`, which Flink wrote.

use std::path::{Path, PathBuf};

/// The folder `data/flink`.
pub(crate) fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/flink")
}

/// The folders with a `_metadata`, sorted.
pub(crate) fn folders() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![data()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.ends_with("_metadata") {
                found.push(folder.clone());
            }
        }
    }
    found.sort();
    assert!(found.len() >= 8, "{found:?}");
    found
}

/// The `_metadata` of a folder.
pub(crate) fn metadata(folder: &Path) -> Vec<u8> {
    std::fs::read(folder.join("_metadata")).unwrap()
}
