//! What the owner of a savepoint does with its folder: copies it, moves it, deletes it.

#![cfg(test)]

use std::collections::BTreeMap;
use std::sync::Arc;

use alluvium::protocol::catalog::Savepoint;
use alluvium::protocol::key_group::MaxParallelism;
use alluvium::protocol::manifest::{CheckpointId, SnapshotKind};
use alluvium::savepoint::SavepointFolder;
use alluvium::storage::{Cancel, Storage, in_memory};
use alluvium::{CopyOptions, ErrorKind};
use alluvium_testing::faulty::{Fault, FaultyStorage, Operation};
use tempfile::TempDir;

use crate::job::{Contents, Job, Subtask, nobody};
use crate::unhurried::without_retries;

/// A job's savepoint, and somewhere to copy it.
struct Setting {
    job: Job,
    from: SavepointFolder,
    contents: Contents,
    storage: Arc<FaultyStorage>,
    to: SavepointFolder,
    scratch: TempDir,
}

impl Setting {
    fn new() -> Self {
        let job = Job::new();
        let source: Arc<dyn Storage> = Arc::<FaultyStorage>::clone(&job.storage);
        let from = SavepointFolder::of_job(source, "job", "mine").unwrap();
        let mut subtask = job.open();
        subtask.write(0..20, 1);
        let contents = subtask.contents();
        let snapshot = subtask.prepare_kind(7, SnapshotKind::Savepoint);
        let handle = snapshot.upload(&from.target(1), &Cancel::new(), &nobody());
        let savepoint = Savepoint {
            job: "job".to_owned(),
            checkpoint: CheckpointId::new(7),
            parallelism: 1,
            max_parallelism: MaxParallelism::DEFAULT,
            manifests: vec![handle.unwrap().manifest],
            attachments: BTreeMap::new(),
            created_unix_millis: 5,
        };
        from.commit(&savepoint).unwrap();
        let storage = Arc::new(FaultyStorage::new(in_memory()));
        let seen: Arc<dyn Storage> = Arc::<FaultyStorage>::clone(&storage);
        Self {
            job,
            from,
            contents,
            storage,
            to: SavepointFolder::new(seen, "archive/mine"),
            scratch: tempfile::tempdir().unwrap(),
        }
    }

    fn options(&self) -> CopyOptions {
        CopyOptions::new(self.scratch.path()).environment(without_retries())
    }

    /// Panics unless the folder restores to what was saved.
    fn assert_whole(&self, folder: &SavepointFolder) {
        let from = folder.restore_from(&folder.read().unwrap()).unwrap();
        let (mut restored, _) = Subtask::restore(self.job.builder(0, 1), &from).unwrap();
        assert_eq!(restored.contents(), self.contents);
    }

    fn copied_objects(&self) -> usize {
        self.storage.list("archive/").unwrap().len()
    }
}

#[test]
fn a_copy_restores_like_the_original_and_repeating_it_copies_nothing() {
    let setting = Setting::new();
    let copy = || setting.to.copy_from(&setting.from, &setting.options());

    let (first, second) = (copy().unwrap(), copy().unwrap());

    assert_eq!((first.files, first.was_there), (1, false));
    assert!(second.was_there);
    setting.assert_whole(&setting.to);
    setting.assert_whole(&setting.from);
}

#[test]
fn another_savepoint_is_never_replaced() {
    let setting = Setting::new();
    let mut other = setting.from.read().unwrap();
    other.created_unix_millis = 6;
    setting.to.commit(&other).unwrap();

    let refused = setting.to.copy_from(&setting.from, &setting.options());

    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(setting.to.read().unwrap(), other);
}

#[test]
fn a_damaged_original_is_not_copied() {
    let setting = Setting::new();
    let rows = setting.job.storage.list("job/savepoints/mine/").unwrap();
    let rows = rows.iter().find(|it| it.name.ends_with(".rows")).unwrap();
    let mut bytes = setting.job.storage.get(&rows.name).unwrap().unwrap();
    bytes[9] ^= 1;
    setting.job.storage.put(&rows.name, &bytes).unwrap();

    let error = setting.to.copy_from(&setting.from, &setting.options());

    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains(&rows.name), "{error}");
    assert_eq!(setting.copied_objects(), 0);
}

#[test]
fn whatever_fails_the_copy_is_no_savepoint_or_a_whole_one() {
    use ErrorKind::{Indeterminate, Unavailable};
    for (operation, fault) in [
        (Operation::Get, Fault::Before(Unavailable)),
        (Operation::List, Fault::Before(Unavailable)),
        (Operation::Upload, Fault::Before(Unavailable)),
        (Operation::Upload, Fault::After(Unavailable)),
        (Operation::PutIfAbsent, Fault::Before(Unavailable)),
        (Operation::PutIfAbsent, Fault::After(Indeterminate)),
        (Operation::PutIfAbsent, Fault::After(Unavailable)),
    ] {
        for nth in 1.. {
            let setting = Setting::new();
            let case = format!("{operation:?} {nth}: {fault:?}");
            setting.storage.fail(operation, nth, fault);

            let copied = setting.to.copy_from(&setting.from, &setting.options());

            let reached = setting.storage.calls(operation) >= nth;
            setting.storage.heal();
            if setting.to.find().unwrap().is_some() {
                setting.assert_whole(&setting.to);
            } else {
                assert!(copied.is_err(), "{case}");
                assert_eq!(setting.copied_objects(), 0, "{case}");
            }
            let again = setting.to.copy_from(&setting.from, &setting.options());
            again.unwrap_or_else(|error| panic!("{case}: {error:?}"));
            setting.assert_whole(&setting.to);
            setting.assert_whole(&setting.from);
            if !reached {
                break;
            }
        }
    }
}

#[test]
fn a_savepoint_that_moves_is_here_and_gone_there() {
    let setting = Setting::new();

    let (_, swept) = setting.to.claim(&setting.from, &setting.options()).unwrap();

    assert_eq!(swept.left, [""; 0]);
    setting.assert_whole(&setting.to);
    assert_eq!(setting.job.storage.list("job/savepoints/").unwrap(), []);
}

#[test]
fn a_move_that_was_interrupted_goes_on() {
    let setting = Setting::new();
    let claim = || setting.to.claim(&setting.from, &setting.options());
    let unavailable = Fault::Before(ErrorKind::Unavailable);
    setting.job.storage.fail(Operation::Delete, 1, unavailable);

    let interrupted = claim().unwrap_err();
    setting.assert_whole(&setting.from);
    claim().unwrap();

    assert_eq!(interrupted.kind(), ErrorKind::Unavailable);
    assert_eq!(setting.from.find().unwrap(), None);
    setting.assert_whole(&setting.to);
}

#[test]
fn a_savepoint_that_moves_to_where_it_is_stays() {
    let setting = Setting::new();
    let same: Arc<dyn Storage> = Arc::<FaultyStorage>::clone(&setting.job.storage);
    // Another name of the same objects.
    let same = SavepointFolder::new(Arc::new(FaultyStorage::new(same)), "job/savepoints/mine");
    let before = setting.job.objects();

    let refused = same.claim(&setting.from, &setting.options()).unwrap_err();

    assert_eq!(refused.kind(), ErrorKind::Invalid);
    assert_eq!(setting.job.objects(), before);
    setting.assert_whole(&setting.from);
}

#[test]
fn deleting_takes_the_savepoint_and_nothing_else() {
    let setting = Setting::new();
    let notes = "job/savepoints/mine/notes.txt";
    setting.job.storage.put(notes, b"keep me").unwrap();

    let swept = setting.from.delete().unwrap();

    assert_eq!(swept.left, [""; 0]);
    let left = setting.job.storage.list("job/savepoints/mine/").unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].name, notes);
    assert_eq!(setting.from.delete().unwrap().deleted, 0);
}

#[test]
fn a_savepoint_whose_commit_cannot_be_deleted_is_still_whole() {
    let setting = Setting::new();
    let unavailable = Fault::Before(ErrorKind::Unavailable);
    setting.job.storage.fail(Operation::Delete, 1, unavailable);

    setting.from.delete().unwrap_err();

    setting.assert_whole(&setting.from);
}
