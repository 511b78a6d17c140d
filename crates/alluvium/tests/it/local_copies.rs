//! Local copies: what is kept on this machine, where, for how long, and that nothing fails for want of it.

#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use alluvium::protocol::manifest::CheckpointId;
use alluvium::{ErrorKind, LocalCopies, LocalCounts};
use alluvium_testing::faulty::{Fault, Operation};

use crate::job::{Job, Subtask, contents_after};

/// The checkpoints of which there are copies in the job's folder of `directory`, and how many files of each.
fn kept(directory: &Path) -> Vec<(u64, usize)> {
    let mut kept = Vec::new();
    for entry in fs::read_dir(directory.join("job")).into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if let Ok(id) = name.parse() {
            kept.push((id, files(&path).len()));
        }
    }
    kept.sort_unstable();
    kept
}

fn checkpoints(directory: &Path) -> Vec<u64> {
    kept(directory).into_iter().map(|(id, _)| id).collect()
}

/// All files of copies below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.append(&mut files(&path));
        } else if path.file_name().unwrap() != "RECORD" && path.file_name().unwrap() != "LOCK" {
            found.push(path);
        }
    }
    found
}

/// Bytes of all copies, each file once.
fn bytes_in(directories: &[&Path]) -> u64 {
    let mut seen = BTreeSet::new();
    let all = directories.iter().flat_map(|directory| files(directory));
    let metadata = all.map(|path| fs::metadata(path).unwrap());
    let once = metadata.filter(|metadata| seen.insert(metadata.ino()));
    once.map(|metadata| metadata.len()).sum()
}

fn counts(edit: impl FnOnce(&mut LocalCounts)) -> LocalCounts {
    let mut counts = LocalCounts::default();
    edit(&mut counts);
    counts
}

fn subtask(job: &Job, local: &LocalCopies) -> Subtask {
    Subtask::open(job.builder(0, 1).local_copies(local.clone()))
}

#[test]
fn no_copy_is_kept_of_a_failed_upload_and_the_next_upload_deletes_what_is_subsumed_or_aborted() {
    let job = Job::new();
    let local = job.local_copies();
    let mut subtask = subtask(&job, &local);
    let copies = || checkpoints(&job.local_directory());
    subtask.write(0..40, 1);
    job.storage
        .fail(Operation::Put, 1, Fault::Before(ErrorKind::Unavailable));
    job.upload(subtask.prepare(1)).unwrap_err();
    assert_eq!(copies(), Vec::<u64>::new());

    job.complete(&mut subtask, 2);
    job.take(&mut subtask, 3);
    subtask.backend.notify_aborted(CheckpointId::new(3));
    assert_eq!(copies(), [2, 3], "the task thread deletes nothing");
    job.complete(&mut subtask, 4);
    assert_eq!(copies(), [2, 4]);
    job.complete(&mut subtask, 5);

    assert_eq!(copies(), [4, 5]);
    let expected = counts(|counts| (counts.kept, counts.pruned) = (4, 2));
    assert_eq!(local.counts(), expected);
}

#[test]
fn the_copies_of_a_job_stay_in_their_directory() {
    let job = Job::new();

    for name in ["..", "../elsewhere", "/elsewhere", ""] {
        let error = LocalCopies::in_directory(&job.local_directory(), name).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Invalid, "{name:?}");
    }
}

#[test]
fn copies_need_a_directory_that_can_be_made() {
    let job = Job::new();
    let in_the_way = job.local_directory().with_file_name("file");
    fs::write(&in_the_way, b"").unwrap();

    let none = LocalCopies::in_directories(&[], "job").unwrap_err();
    let unusable = LocalCopies::in_directory(&in_the_way, "job").unwrap_err();

    assert_eq!(none.kind(), ErrorKind::Invalid);
    assert_eq!(unusable.kind(), ErrorKind::Unavailable);
}

#[test]
fn a_copy_goes_to_the_next_directory_when_the_first_takes_no_files() {
    let job = Job::new();
    let good = job.local_directory();
    let broken = good.with_file_name("broken");
    let local = LocalCopies::in_directories(&[broken.clone(), good.clone()], "job").unwrap();
    let mut subtask = subtask(&job, &local);
    subtask.write(0..40, 1);
    fs::remove_dir_all(&broken).unwrap();
    fs::write(&broken, b"in the way").unwrap();

    job.complete(&mut subtask, 1);

    assert_eq!(kept(&good), [(1, 1)]);
    assert_eq!(local.counts(), counts(|counts| counts.kept = 1));
}

#[cfg(target_os = "linux")]
#[test]
fn a_directory_that_is_read_only_is_passed_over() {
    let job = Job::new();
    let good = job.local_directory();
    // Nobody makes directories there, whatever his rights.
    let read_only = PathBuf::from("/proc/self");
    let local = LocalCopies::in_directories(&[read_only, good.clone()], "job").unwrap();
    let mut subtask = subtask(&job, &local);
    subtask.write(0..40, 1);

    job.complete(&mut subtask, 1);

    assert_eq!(kept(&good), [(1, 1)]);
}

#[test]
fn a_copy_that_no_directory_takes_fails_no_checkpoint_and_is_counted() {
    let job = Job::new();
    let local = job.local_copies();
    let mut subtask = subtask(&job, &local);
    subtask.write(0..40, 1);
    // A file where the copies' folder should be.
    fs::remove_dir_all(job.local_directory()).unwrap();
    fs::write(job.local_directory(), b"in the way").unwrap();

    let handle = job.complete(&mut subtask, 1);

    assert_eq!(local.counts(), counts(|counts| counts.failed = 1));
    drop(subtask);
    let restored = job.restore(&[handle]).0.contents();
    assert_eq!(restored, contents_after(&[(0..40, 1)]));
}

/// Bytes of the copies of two checkpoints of the same job, without a budget.
fn bytes_of_two_copies() -> u64 {
    let job = Job::new();
    let mut subtask = subtask(&job, &job.local_copies());
    subtask.write(0..40, 1);
    job.take(&mut subtask, 1);
    subtask.write(0..2, 2);
    job.take(&mut subtask, 2);
    bytes_in(&[&job.local_directory()])
}

#[test]
fn older_copies_make_room_for_newer_ones() {
    let budget = bytes_of_two_copies();
    let job = Job::new();
    let local = job.local_copies().budget_bytes(budget);
    let mut subtask = subtask(&job, &local);
    subtask.write(0..40, 1);
    job.take(&mut subtask, 1);
    subtask.write(0..2, 2);
    job.take(&mut subtask, 2);
    assert_eq!(checkpoints(&job.local_directory()), [1, 2], "both fit");

    // Of these only the newest fits, and not with the others.
    subtask.clear(0..40);
    for (checkpoint, round) in [(3, 3), (4, 4)] {
        subtask.write(0..40, round);
        job.take(&mut subtask, checkpoint);
        let kept = checkpoints(&job.local_directory());
        assert!(bytes_in(&[&job.local_directory()]) <= budget, "{kept:?}");
        assert!(!kept.contains(&1), "{kept:?}");
    }

    assert!(local.counts().pruned >= 1, "{:?}", local.counts());
}

#[test]
fn a_copy_that_is_larger_than_the_budget_is_not_kept_and_fails_nothing() {
    let job = Job::new();
    let local = job.local_copies().budget_bytes(bytes_of_two_copies());
    let mut subtask = subtask(&job, &local);
    subtask.write(0..2, 1);
    job.complete(&mut subtask, 1);
    let small = kept(&job.local_directory());
    assert_eq!(small, [(1, 1)]);

    for round in 2..30 {
        subtask.write(0..40, round);
        subtask.wait_for_flusher();
    }
    let handle = job.take(&mut subtask, 2);

    assert_eq!(kept(&job.local_directory()), small, "nothing went for it");
    let expected = counts(|counts| (counts.kept, counts.over_budget) = (1, 1));
    assert_eq!(local.counts(), expected);
    let mut restored = job.restore(&[handle]).0;
    assert_eq!(restored.contents(), subtask.contents());
}

#[test]
fn what_a_crash_left_half_written_goes_and_the_files_of_others_stay() {
    let job = Job::new();
    let local = job.local_copies();
    let mut subtask = subtask(&job, &local);
    subtask.write(0..40, 1);
    job.complete(&mut subtask, 1);
    let folder = job.local_directory().join("job");
    let half = folder.join(format!("{:020}/3.half", 7));
    fs::create_dir_all(&half).unwrap();
    fs::write(half.join("00000000000000000000000000000001"), b"half").unwrap();
    let others = [
        "notes.txt",
        "1/0/00000000000000000000000000000001",
        "00000000000000000001/0/notes.txt",
        "00000000000000000001/readme",
    ];
    for other in others {
        let path = folder.join(other);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"mine").unwrap();
    }

    job.complete(&mut subtask, 2);
    job.complete(&mut subtask, 3);

    assert!(!half.exists() && !folder.join(format!("{:020}", 7)).exists());
    for other in others {
        assert_eq!(fs::read(folder.join(other)).unwrap(), b"mine", "{other}");
    }
    let ours = files(&folder.join(format!("{:020}", 1)));
    assert_eq!(ours.len(), 2, "only theirs: {ours:?}");
}

#[test]
fn copies_of_a_job_that_starts_anew_are_not_crowded_out_by_those_of_its_earlier_life() {
    let job = Job::new();
    let mut before = subtask(&job, &job.local_copies());
    before.write(0..40, 1);
    job.complete(&mut before, 500);
    drop(before);

    let mut anew = subtask(&job, &job.local_copies());
    anew.write(0..40, 1);
    job.complete(&mut anew, 1);
    assert_eq!(checkpoints(&job.local_directory()), [1, 500]);
    job.complete(&mut anew, 2);

    assert_eq!(checkpoints(&job.local_directory()), [1, 2]);
}

/// A directory on another file system than the temporary one, if this machine has it.
#[cfg(target_os = "linux")]
fn elsewhere(job: &Job) -> Option<tempfile::TempDir> {
    let elsewhere = tempfile::tempdir_in("/dev/shm").ok()?;
    let device = |path: &Path| fs::metadata(path).unwrap().dev();
    (device(elsewhere.path()) != device(job.local_directory().parent().unwrap()))
        .then_some(elsewhere)
}

#[cfg(target_os = "linux")]
#[test]
fn a_directory_on_the_file_system_of_the_files_is_preferred() {
    let job = Job::new();
    let Some(elsewhere) = elsewhere(&job) else {
        return;
    };
    let near = job.local_directory();
    let directories = [elsewhere.path().to_owned(), near.clone()];
    let local = LocalCopies::in_directories(&directories, "job").unwrap();
    let mut subtask = subtask(&job, &local);
    subtask.write(0..40, 1);

    job.complete(&mut subtask, 1);

    assert_eq!(kept(&near), [(1, 1)]);
    assert_eq!(kept(elsewhere.path()), []);
}

#[cfg(target_os = "linux")]
#[test]
fn files_on_another_file_system_are_copied_once_and_count() {
    let job = Job::new();
    let Some(elsewhere) = elsewhere(&job) else {
        return;
    };
    let local = LocalCopies::in_directory(elsewhere.path(), "job").unwrap();
    let mut subtask = subtask(&job, &local);
    subtask.write(0..40, 1);
    job.complete(&mut subtask, 1);
    subtask.write(0..2, 2);
    job.complete(&mut subtask, 2);

    assert_eq!(kept(elsewhere.path()), [(1, 1), (2, 2)]);
    assert_eq!(bytes_in(&[elsewhere.path()]), bytes_of_two_copies());
}
