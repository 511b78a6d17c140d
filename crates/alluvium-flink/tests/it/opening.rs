//! Opening snapshots by location, and the bytes of their handles.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use alluvium_flink::files::Remap;
use alluvium_flink::metadata::{KeyedHandle, Operator, Part, StreamHandle};
use alluvium_flink::{ErrorKind, Snapshot};

use crate::snapshots;

/// A retained checkpoint, whose files are named by where they were.
fn checkpoint() -> PathBuf {
    snapshots::data()
        .join("flink-2.3.0/rocksdb/checkpoints/0e65142edda784814974acbe27be240c/chk-51")
}

/// Where the files of all retained checkpoints are now.
fn moved() -> Remap {
    Remap::new(
        "file:/data/flink/checkpoints",
        snapshots::data().to_str().unwrap(),
    )
    .unwrap()
}

fn open(path: &Path, remaps: &[Remap]) -> alluvium_flink::Result<Snapshot> {
    Snapshot::open(path.to_str().unwrap(), remaps)
}

fn parts(snapshot: &Snapshot) -> Vec<Part<'_>> {
    let subtasks = snapshot.operators().iter().flat_map(Operator::subtasks);
    let states = subtasks.filter_map(|subtask| subtask.state.as_ref());
    let keyed = states.flat_map(|state| [&state.keyed_managed, &state.keyed_raw]);
    keyed.flatten().flat_map(KeyedHandle::parts).collect()
}

#[test]
fn every_stream_of_every_snapshot_has_the_bytes_that_its_handle_says() {
    for folder in snapshots::folders() {
        let snapshot = open(&folder, &[moved()]).unwrap();

        // Where the other ones have been moved to is not known here.
        let is_here = |part: &Part<'_>| match part.stream {
            StreamHandle::File { uri, .. } => uri.starts_with("file:/data/flink/checkpoints/"),
            _ => true,
        };
        for part in parts(&snapshot).into_iter().filter(is_here) {
            let mut source = snapshot.files().open(part.stream, "a test").unwrap();
            let mut bytes = Vec::new();
            source.read_to_end(&mut bytes).unwrap();

            assert_eq!(bytes.len() as u64, part.stream.length().unwrap());
            assert_eq!(source.range(0, source.len()).unwrap(), bytes);
        }
    }
}

#[test]
fn a_folder_a_file_and_the_folder_of_all_checkpoints_open_the_same() {
    let folder = checkpoint();
    let url = format!("file://{}/", folder.canonicalize().unwrap().display());
    let opened = open(&folder, &[]).unwrap();

    for location in [
        folder.join("_metadata").to_str().unwrap(),
        folder.parent().unwrap().to_str().unwrap(),
        &format!("{}/", folder.display()),
        &url,
    ] {
        let other = Snapshot::open(location, &[]).unwrap();

        assert_eq!(other.metadata(), opened.metadata(), "{location}");
    }
}

#[test]
fn of_several_checkpoints_the_one_of_the_highest_number_is_opened() {
    let job = tempfile::tempdir().unwrap();
    for number in ["chk-9", "chk-51", "chk-x"] {
        std::fs::create_dir(job.path().join(number)).unwrap();
    }
    std::fs::write(job.path().join("chk-9/_metadata"), "damaged").unwrap();
    let whole = snapshots::metadata(&checkpoint());
    std::fs::write(job.path().join("chk-51/_metadata"), whole).unwrap();

    let opened = open(job.path(), &[]).unwrap();

    assert_eq!(opened.metadata().checkpoint_id, 51);
    assert_eq!(
        opened.folder().to_string(),
        job.path().join("chk-51").display().to_string()
    );
}

#[test]
fn a_folder_with_something_else_tells_what_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("notes.txt"), "").unwrap();

    let refused = open(folder.path(), &[]).unwrap_err();
    let missing = open(&folder.path().join("x"), &[]).unwrap_err();

    assert_eq!(refused.kind(), ErrorKind::Invalid);
    assert!(
        refused.to_string().contains("it holds notes.txt"),
        "{refused}"
    );
    assert_eq!(missing.kind(), ErrorKind::Unavailable);
    let empty = Snapshot::open("", &[]).unwrap_err();
    assert_eq!(empty.kind(), ErrorKind::Invalid);
}

#[test]
fn a_file_that_was_moved_tells_the_remap_that_finds_it() {
    let snapshot = open(&checkpoint(), &[]).unwrap();
    let parts = parts(&snapshot);
    let part = parts
        .iter()
        .find(|part| matches!(part.stream, StreamHandle::File { .. }))
        .unwrap();

    let error = snapshot
        .files()
        .open(part.stream, "operator a, subtask 1")
        .unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let told = error.to_string();
    assert!(
        told.contains("of operator a, subtask 1 cannot be read"),
        "{told}"
    );
    let (_, remap) = told.split_once("--remap '").unwrap();
    let remap: Remap = remap.trim_end_matches('\'').parse().unwrap();
    let again = open(&checkpoint(), &[remap]).unwrap();
    assert!(again.files().open(part.stream, "a").is_ok());
}

#[test]
fn an_operator_is_found_by_uid_and_id_in_old_and_new_snapshots() {
    for folder in snapshots::folders() {
        let snapshot = open(&folder, &[]).unwrap();
        if snapshot.operator("keyed-all").is_err() {
            continue;
        }
        let by_id = snapshot
            .operator("1bb0d0690859a544a9c1566e3b830a44")
            .unwrap();

        assert_eq!(snapshot.operator("keyed-all").unwrap(), by_id);
        let refused = snapshot.operator("keyed").unwrap_err().to_string();
        assert!(refused.contains("there are: "), "{refused}");
    }
}

#[test]
fn a_segment_is_its_part_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(
        checkpoint().join("_metadata"),
        folder.path().join("_metadata"),
    )
    .unwrap();
    let file = folder.path().join("merged");
    std::fs::write(&file, "0123456789").unwrap();
    let segment = |start, length| StreamHandle::Segment {
        uri: format!("file:{}", file.display()),
        start,
        length,
        scope: alluvium_flink::metadata::Scope::Shared,
        logical_file: "a".into(),
    };
    let snapshot = open(folder.path(), &[]).unwrap();

    let mut source = snapshot.files().open(&segment(2, 5), "a test").unwrap();
    let past_the_end = snapshot.files().open(&segment(8, 3), "a test").unwrap_err();
    let overflow = snapshot
        .files()
        .open(&segment(u64::MAX, 3), "a test")
        .unwrap_err();

    let mut text = String::new();
    source.read_to_string(&mut text).unwrap();
    assert_eq!(text, "23456");
    source.seek(SeekFrom::End(-2)).unwrap();
    text.clear();
    source.read_to_string(&mut text).unwrap();
    assert_eq!(text, "56");
    assert_eq!(source.path(), None);
    assert_eq!(source.range(1, 3).unwrap(), b"345");
    assert!(source.range(3, u64::MAX).is_err());
    assert!(source.range(6, 0).is_err());
    let mut buffer = [0; 4];
    assert_eq!(source.read_at(3, &mut buffer).unwrap(), 2);
    assert_eq!(past_the_end.kind(), ErrorKind::Corrupt);
    assert_eq!(overflow.kind(), ErrorKind::Corrupt);
}

#[test]
fn a_file_of_another_length_is_an_error_that_tells_both() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(
        checkpoint().join("_metadata"),
        folder.path().join("_metadata"),
    )
    .unwrap();
    std::fs::write(folder.path().join("short"), "12345").unwrap();
    let snapshot = open(folder.path(), &[]).unwrap();
    let handle = |length| StreamHandle::Relative {
        path: "short".into(),
        length,
    };

    let error = snapshot
        .files()
        .open(&handle(Some(6)), "operator a")
        .unwrap_err();
    let unknown = snapshot.files().open(&handle(None), "operator a").unwrap();

    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(
        error
            .to_string()
            .contains("the file has 5 bytes, and the metadata says 6"),
        "{error}"
    );
    assert_eq!(unknown.len(), 5);
    assert_eq!(unknown.path(), Some(folder.path().join("short").as_path()));
}

#[test]
fn storage_that_is_not_reached_tells_to_copy_and_remap() {
    let snapshot = open(&checkpoint(), &[]).unwrap();
    let handle = StreamHandle::File {
        uri: "hdfs://name:8020/a/b".into(),
        length: None,
    };

    let error = snapshot.files().open(&handle, "operator a").unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Invalid);
    let told = format!("{error:?}");
    assert!(
        told.contains("hdfs://name:8020/a/b") && told.contains("--remap"),
        "{told}"
    );
}
