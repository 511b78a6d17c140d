//! Keeping files that no store wrote: what snapshots of real stores do not show.

use std::sync::Barrier;
use std::thread;

use alluvium_protocol::file::FileId;
use tempfile::TempDir;

use super::*;
use crate::storage::Cancel;

/// Files of so many bytes, as a store would have pinned them.
struct Pinned {
    directory: TempDir,
    files: Vec<(FileRef, PathBuf)>,
}

impl Pinned {
    fn new(first: u128, lengths: &[usize]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let files = (first..).zip(lengths).map(|(id, length)| {
            let path = directory.path().join(id.to_string());
            let content = vec![7; *length];
            fs::write(&path, &content).unwrap();
            let file = FileRef {
                id: FileId::new(id),
                object: format!("shared/{id}"),
                name: id.to_string(),
                shared: true,
                bytes: content.len() as u64,
                crc32c: crc32c::crc32c(&content),
                bounds: None,
                note: Vec::new(),
                uploaded_by: CheckpointId::new(1),
            };
            (file, path)
        });
        Self {
            files: files.collect(),
            directory,
        }
    }

    fn keep(&self, local: &LocalCopies, checkpoint: u64, subtask: u32) {
        let files = self.files.iter().map(|(file, path)| (file, path.as_path()));
        local.keep(CheckpointId::new(checkpoint), subtask, files);
    }
}

fn paths(local: &LocalCopies) -> Vec<PathBuf> {
    let copies = local.directories.iter().flat_map(Directory::copies);
    let files = copies.flat_map(|copy| directory::files_in(&copy.path));
    files.map(|(_, file)| file.path()).collect()
}

#[test]
fn a_file_that_two_names_have_is_kept_once() {
    let mut pinned = Pinned::new(1, &[10, 20]);
    let again = pinned.directory.path().join("again");
    fs::hard_link(&pinned.files[0].1, &again).unwrap();
    let twin = FileRef {
        name: "again".to_owned(),
        ..pinned.files[0].0.clone()
    };
    pinned.files.push((twin, again));
    let near = tempfile::tempdir().unwrap();
    let local = LocalCopies::in_directory(near.path(), "job").unwrap();

    pinned.keep(&local.clone().budget_bytes(30), 1, 0);

    assert_eq!(paths(&local).len(), 2);
    assert_eq!(local.counts().kept, 1);
}

#[test]
fn keeping_a_checkpoint_again_replaces_its_copy() {
    let near = tempfile::tempdir().unwrap();
    let local = LocalCopies::in_directory(near.path(), "job").unwrap();
    Pinned::new(1, &[10, 20]).keep(&local, 5, 0);

    Pinned::new(7, &[30]).keep(&local, 5, 0);

    let name = FileId::new(7).to_string();
    let paths = paths(&local);
    assert!(paths.len() == 1 && paths[0].ends_with(name), "{paths:?}");
    assert_eq!((local.counts().kept, local.counts().pruned), (2, 0));
}

#[test]
fn a_file_that_is_not_what_its_manifest_says_is_not_kept() {
    let near = tempfile::tempdir().unwrap();
    let local = LocalCopies::in_directory(near.path(), "job").unwrap();
    let mut pinned = Pinned::new(1, &[10, 20]);
    pinned.files[1].0.bytes = 21;

    pinned.keep(&local, 1, 0);

    assert_eq!(paths(&local), Vec::<PathBuf>::new());
    assert_eq!(local.counts().failed, 1);
    let left = local.directories[0].halves();
    assert_eq!(left, Vec::<PathBuf>::new());
}

#[test]
fn once_a_store_met_damage_what_it_has_is_not_noted_as_good_again() {
    let near = tempfile::tempdir().unwrap();
    let local = LocalCopies::in_directory(near.path(), "job").unwrap();
    let pinned = Pinned::new(1, &[10]);
    pinned.keep(&local, 1, 0);
    let is_unread = |local: &LocalCopies| {
        let file = &pinned.files[0].0;
        let found = local.find();
        let mut copies = found.of(file.id).iter();
        copies.any(|copy| copy.is_as_noted(file.bytes, file.crc32c))
    };
    assert!(is_unread(&local));

    local.distrust();
    pinned.keep(&local, 2, 0);

    assert_eq!(paths(&local).len(), 2);
    assert!(!is_unread(&local));
}

#[test]
fn subtasks_that_keep_at_the_same_time_stay_within_the_budget_together() {
    let near = tempfile::tempdir().unwrap();
    let start = Barrier::new(4);
    thread::scope(|scope| {
        for subtask in 0..4 {
            let (near, start) = (near.path(), &start);
            scope.spawn(move || {
                // Each its own, as processes have.
                let local = LocalCopies::in_directory(near, "job").unwrap();
                let local = local.budget_bytes(100);
                start.wait();
                for checkpoint in 1..20 {
                    let first = u128::from(subtask) * 1000 + u128::from(checkpoint) * 10;
                    Pinned::new(first, &[10, 20]).keep(&local, checkpoint, subtask);
                }
            });
        }
    });

    let local = LocalCopies::in_directory(near.path(), "job").unwrap();
    let kept = paths(&local);
    let bytes = kept.iter().map(|path| fs::metadata(path).unwrap().len());
    assert!(bytes.sum::<u64>() <= 100, "{kept:?}");
    assert!(!kept.is_empty());
}

#[test]
fn reading_and_copying_stop_when_they_are_told_to() {
    let pinned = Pinned::new(1, &[10]);
    let (from, to) = (&pinned.files[0].1, pinned.directory.path().join("to"));
    let cancel = Cancel::new();
    cancel.cancel();

    let read = content::checksum(from, &cancel).unwrap_err();
    let copied = content::copy(from, &to, &cancel).unwrap_err();

    assert_eq!(read.kind(), ErrorKind::Cancelled);
    assert_eq!(copied.kind(), ErrorKind::Cancelled);
    assert!(!to.exists());
}
