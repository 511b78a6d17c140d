//! Snapshots with one flipped byte: there are rows or errors, never a panic, and where there are checksums, never other rows in
//! silence.

use std::path::{Path, PathBuf};

use alluvium_flink::files::Remap;
use alluvium_flink::metadata::{KeyedHandle, Operator};
use alluvium_flink::scan::Selection;
use alluvium_flink::{Snapshot, verify};

use crate::{lines, snapshots};

/// Bytes that are flipped in one snapshot, spread over its files.
const FLIPS: usize = 24;

/// A small snapshot of each form.
const SNAPSHOTS: [&str; 6] = [
    "more/snappy-canonical",
    "more/snappy-native-heap",
    "more/keys-canonical-rocksdb",
    "more/keys-native-heap",
    "more/keys-native-rocksdb",
    "more/timers-on-heap",
];

/// The folder with the `_metadata` in a folder.
fn folder_of(name: &str) -> PathBuf {
    let root = snapshots::data().join(name);
    let found = snapshots::folders().into_iter();
    found
        .into_iter()
        .find(|folder| folder.starts_with(&root))
        .unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn copied(from: &Path, to: &Path) {
    for file in files(from) {
        let to = to.join(file.strip_prefix(from).unwrap());
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(&file, &to).unwrap();
    }
}

/// The names of files with checksums: tables of RocksDB.
fn tables(snapshot: &Snapshot) -> Vec<String> {
    let states = snapshot.operators().iter().flat_map(Operator::subtasks);
    let states = states.filter_map(|subtask| subtask.state.as_ref());
    let handles = states.filter_map(|state| state.keyed_managed.as_ref());
    let parts = handles.flat_map(KeyedHandle::parts);
    let tables = parts.filter(|part| part.name.is_some_and(|name| name.ends_with(".sst")));
    let named = tables.map(|part| part.stream.name());
    named
        .map(|name| name.rsplit('/').next().unwrap().to_owned())
        .collect()
}

#[test]
fn a_flipped_byte_makes_equal_rows_or_errors_and_other_rows_only_where_no_checksum_is() {
    let mut silent = 0;
    for name in SNAPSHOTS {
        let original = folder_of(name);
        let whole = lines::open(&original);
        let tables = tables(&whole);
        let (expected, before) = lines::scanned(&whole, &Selection::default(), &[]);
        let copy = tempfile::tempdir().unwrap();
        copied(&original, copy.path());
        let files = files(copy.path());
        let remap = Remap::new(
            "file:/data/flink/checkpoints",
            snapshots::data().to_str().unwrap(),
        );
        let remaps = [remap.unwrap()];
        for nth in 0..FLIPS {
            let file = &files[nth % files.len()];
            let bytes = std::fs::read(file).unwrap();
            if bytes.is_empty() {
                continue;
            }
            // Some in the beginning, where lengths and names are, and the others anywhere.
            let at = (nth * 7919 + 13 * nth * nth) % bytes.len();
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << (nth % 8);
            std::fs::write(file, &damaged).unwrap();

            let opened = Snapshot::open(copy.path().to_str().unwrap(), &remaps);
            if let Ok(snapshot) = opened
                && let Ok((told, report)) = lines::try_scanned(&snapshot, &Selection::default())
            {
                let verified = verify::verify(&snapshot).unwrap();
                let is_silent = verified.report.problems.len() == before.problems.len()
                    && told != expected
                    && report.problems.len() == before.problems.len();
                let file_name = file.file_name().unwrap().to_str().unwrap();
                let has_checksum = tables.iter().any(|table| table == file_name);
                assert!(
                    !(is_silent && has_checksum),
                    "{name}: {file_name} byte {at}"
                );
                silent += usize::from(is_silent);
            }
            std::fs::write(file, &bytes).unwrap();
        }
    }
    // What has no checksum is a part of it only.
    assert!(silent < SNAPSHOTS.len() * FLIPS / 2, "{silent}");
}
