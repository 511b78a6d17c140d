//! Directories and memory keep the storage trait's promises; a directory shows no unfinished object.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use alluvium::storage::{Cancel, ObjectInfo, in_directory, in_memory};
use alluvium_testing::storage_conformance;

#[test]
fn a_directory_is_a_storage() {
    let directory = tempfile::tempdir().unwrap();

    storage_conformance::all(
        in_directory(&directory.path().join("a b/ü"))
            .unwrap()
            .as_ref(),
    );
}

#[test]
fn memory_is_a_storage() {
    storage_conformance::all(in_memory().as_ref());
}

#[test]
fn a_directory_holds_nothing_after_everything_was_deleted() {
    let directory = tempfile::tempdir().unwrap();
    let storage = in_directory(directory.path()).unwrap();
    storage.put("a/b/c", b"").unwrap();
    storage.put("a/d", b"").unwrap();

    storage.delete("a/b/c").unwrap();
    storage.delete("a/d").unwrap();

    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn what_a_killed_write_left_in_a_directory_is_no_object_and_can_be_deleted() {
    let directory = tempfile::tempdir().unwrap();
    let storage = in_directory(directory.path()).unwrap();
    storage.put("a/b", b"whole").unwrap();
    fs::create_dir(directory.path().join("a/c")).unwrap();
    for left in ["a/b#1", "a/c/d#12", "e#1"] {
        fs::write(directory.path().join(left), b"ha").unwrap();
    }

    let names = |listed: Vec<ObjectInfo>| listed.into_iter().map(|it| it.name).collect::<Vec<_>>();
    assert_eq!(names(storage.list("").unwrap()), ["a/b"]);
    assert_eq!(
        names(storage.unfinished("").unwrap()),
        ["a/b#1", "a/c/d#12", "e#1"]
    );
    for left in storage.unfinished("a/").unwrap() {
        assert!(left.bytes == 2 && left.modified_unix_millis > 0, "{left:?}");
        storage.delete(&left.name).unwrap();
        storage.delete(&left.name).unwrap();
    }

    assert_eq!(names(storage.unfinished("").unwrap()), ["e#1"]);
    assert_eq!(storage.get("a/b").unwrap().as_deref(), Some(&b"whole"[..]));
    assert!(!directory.path().join("a/c").exists());
    assert_eq!(names(storage.unfinished("nowhere/").unwrap()), [""; 0]);
}

#[test]
fn a_copy_in_a_directory_is_as_new_as_any_other_write() {
    let directory = tempfile::tempdir().unwrap();
    let storage = in_directory(directory.path()).unwrap();
    storage.put("from", b"x").unwrap();
    let source = fs::File::options()
        .write(true)
        .open(directory.path().join("from"));
    source.unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();

    storage.copy("from", "to").unwrap();

    let times = storage.list("").unwrap();
    let times: Vec<_> = times.iter().map(|it| it.modified_unix_millis).collect();
    assert!(times[0] == 0 && times[1] > 0, "{times:?}");
}

#[test]
fn a_cancelled_upload_leaves_no_parts_in_a_directory() {
    let directory = tempfile::tempdir().unwrap();
    let from = directory.path().join("from");
    fs::File::create(&from).unwrap().set_len(64 << 20).unwrap();
    let root = directory.path().join("root");
    let storage = in_directory(&root).unwrap();
    let (cancel, ended) = (Cancel::new(), AtomicBool::new(false));
    let entries = || fs::read_dir(&root).unwrap().count();

    let uploaded = std::thread::scope(|scope| {
        scope.spawn(|| {
            // Until the first part has a file.
            while entries() == 0 && !ended.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
            cancel.cancel();
        });
        let uploaded = storage.upload("x", &from, &cancel);
        ended.store(true, Ordering::Relaxed);
        uploaded
    });

    // On a machine that is busy enough, the upload ends before it is cancelled.
    assert_eq!(entries(), usize::from(uploaded.is_ok()), "{uploaded:?}");
}

#[test]
fn storage_serves_threads_of_another_runtime() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    let storage = in_memory();

    let got = runtime.block_on(async move {
        storage.put("x", b"1").unwrap();
        storage.get("x").unwrap()
    });

    assert_eq!(got.as_deref(), Some(&b"1"[..]));
}
