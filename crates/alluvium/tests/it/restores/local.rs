//! Local copies: used file by file, checked as far as needed, and never needed themselves.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use alluvium::{ErrorKind, LocalCopies, LocalVerification, RestoreReport, SnapshotHandle};
use alluvium_testing::faulty::{Fault, Operation};

use crate::job::{Contents, Job, Subtask, contents_after};

/// A job that completed a checkpoint of two files, whose copies are here.
fn completed() -> (Job, SnapshotHandle, Contents) {
    let job = Job::new();
    let mut subtask = Subtask::open(job.builder(0, 1).local_copies(job.local_copies()));
    subtask.write(0..40, 1);
    job.complete(&mut subtask, 1);
    subtask.write(0..2, 2);
    let handle = job.complete(&mut subtask, 2);
    drop(subtask);
    // The next upload would.
    fs::remove_dir_all(job.local_directory().join(format!("job/{:020}", 1))).unwrap();
    assert_eq!(copies(&job).len(), 2, "the job is to have two files");
    (job, handle, contents_after(&[(0..40, 1), (0..2, 2)]))
}

/// The copy of checkpoint 2.
fn folder(job: &Job) -> PathBuf {
    job.local_directory().join(format!("job/{:020}/0", 2))
}

fn copies(job: &Job) -> Vec<PathBuf> {
    let files = fs::read_dir(folder(job)).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.file_name().unwrap() != "RECORD");
    files.sort();
    files
}

fn restore(job: &Job, handle: &SnapshotHandle) -> (Contents, RestoreReport) {
    restore_with(job, handle, job.local_copies())
}

fn restore_with(
    job: &Job,
    handle: &SnapshotHandle,
    local: LocalCopies,
) -> (Contents, RestoreReport) {
    let builder = job.builder(0, 1).local_copies(local);
    let from = job.from(std::slice::from_ref(handle));
    let (mut subtask, report) = Subtask::restore(builder, &from).unwrap();
    (subtask.contents(), report)
}

fn refuse_downloads(job: &Job) {
    let refuse = Fault::Before(ErrorKind::Unavailable);
    job.storage.fail_always(Operation::Download, refuse);
}

fn files(report: &RestoreReport) -> (usize, usize, usize, usize) {
    (
        report.files_linked,
        report.local_files_unread,
        report.files_downloaded,
        report.local_files_refused,
    )
}

/// Changes a byte in the file itself, whose modification time becomes another by `later`.
fn flip(path: &Path, later: Duration) {
    let modified = fs::metadata(path).unwrap().modified().unwrap();
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let mut file = fs::File::options().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(middle as u64)).unwrap();
    file.write_all(&bytes[middle..=middle]).unwrap();
    file.set_modified(modified + later).unwrap();
}

#[test]
fn what_is_here_is_neither_downloaded_nor_read() {
    let (job, handle, expected) = completed();
    refuse_downloads(&job);

    let (contents, report) = restore(&job, &handle);

    assert_eq!(contents, expected);
    assert_eq!(files(&report), (2, 2, 0, 0));
}

#[test]
fn what_is_here_is_not_downloaded_at_another_parallelism_either() {
    let (job, handle, expected) = completed();
    refuse_downloads(&job);
    let from = job.from(&[handle]);

    let mut contents = Contents::new();
    for subtask in 0..3 {
        let builder = job.builder(subtask, 3).local_copies(job.local_copies());
        let (mut subtask, report) = Subtask::restore(builder, &from).unwrap();
        assert_eq!(report.files_downloaded, 0);
        contents.append(&mut subtask.contents());
    }

    assert_eq!(contents, expected);
}

#[test]
fn copies_are_found_in_all_directories() {
    let (job, handle, expected) = completed();
    refuse_downloads(&job);
    let other = job.local_directory().with_file_name("other");
    let there = other.join(format!("job/{:020}/7", 1));
    fs::create_dir_all(&there).unwrap();
    let moved = &copies(&job)[0];
    fs::rename(moved, there.join(moved.file_name().unwrap())).unwrap();
    let directories = [job.local_directory(), other];
    let local = LocalCopies::in_directories(&directories, "job").unwrap();

    let (contents, report) = restore_with(&job, &handle, local);

    assert_eq!(contents, expected);
    assert_eq!((report.files_linked, report.files_downloaded), (2, 0));
}

#[test]
fn only_a_copy_that_is_missing_is_downloaded() {
    let (job, handle, expected) = completed();
    fs::remove_file(&copies(&job)[0]).unwrap();

    let (contents, report) = restore(&job, &handle);

    assert_eq!(contents, expected);
    assert_eq!(files(&report), (1, 1, 1, 1));
}

#[test]
fn without_a_whole_record_copies_are_read_and_used() {
    let damages: [fn(&Path); 3] = [
        |record| fs::remove_file(record).unwrap(),
        |record| flip(record, Duration::ZERO),
        |record| fs::write(record, b"").unwrap(),
    ];
    for damage in damages {
        let (job, handle, expected) = completed();
        refuse_downloads(&job);
        damage(&folder(&job).join("RECORD"));

        let (contents, report) = restore(&job, &handle);

        assert_eq!(contents, expected);
        assert_eq!(files(&report), (2, 0, 0, 0));
    }
}

#[test]
fn a_copy_that_somebody_wrote_to_is_read_and_used_if_it_is_whole() {
    let (job, handle, expected) = completed();
    refuse_downloads(&job);
    let copy = &copies(&job)[0];
    flip(copy, Duration::from_secs(1));
    flip(copy, Duration::from_secs(1));

    let (contents, report) = restore(&job, &handle);

    assert_eq!(contents, expected);
    assert_eq!(files(&report), (2, 1, 0, 0));
}

#[test]
fn a_copy_that_is_cut_short_or_damaged_is_downloaded_instead_and_counted() {
    let damages: [fn(&Path); 4] = [
        |path| flip(path, Duration::from_secs(1)),
        |path| {
            let file = fs::File::options().write(true).open(path).unwrap();
            file.set_len(file.metadata().unwrap().len() - 1).unwrap();
        },
        |path| fs::write(path, b"").unwrap(),
        |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        },
    ];
    for damage in damages {
        let (job, handle, expected) = completed();
        damage(&copies(&job)[1]);

        let (contents, report) = restore(&job, &handle);

        assert_eq!(contents, expected);
        assert_eq!(files(&report), (1, 1, 1, 1));
    }
}

#[test]
fn a_damaged_copy_is_not_downloaded_if_there_is_another_whole_one() {
    let (job, handle, expected) = completed();
    refuse_downloads(&job);
    let damaged = &copies(&job)[0];
    let there = job.local_directory().join(format!("job/{:020}/7", 1));
    fs::create_dir_all(&there).unwrap();
    fs::copy(damaged, there.join(damaged.file_name().unwrap())).unwrap();
    flip(damaged, Duration::from_secs(1));

    let (contents, report) = restore(&job, &handle);

    assert_eq!(contents, expected);
    assert_eq!(files(&report), (2, 1, 0, 1));
}

#[test]
fn damage_without_a_trace_is_found_where_every_copy_is_read() {
    let (job, handle, expected) = completed();
    flip(&copies(&job)[0], Duration::ZERO);
    let local = job.local_copies().verification(LocalVerification::Full);

    let (contents, report) = restore_with(&job, &handle, local);

    assert_eq!(contents, expected);
    assert_eq!(files(&report), (1, 0, 1, 1));
}

#[test]
fn damage_without_a_trace_that_the_store_finds_makes_the_restore_read_every_copy() {
    let (job, handle, expected) = completed();
    flip(&copies(&job)[0], Duration::ZERO);

    let (contents, report) = restore(&job, &handle);

    assert_eq!(contents, expected);
    assert_eq!(files(&report), (1, 0, 1, 1));
}

#[test]
fn a_folder_of_copies_that_is_no_folder_is_as_good_as_none() {
    let (job, handle, expected) = completed();
    let folder = job.local_directory().join("job");
    fs::remove_dir_all(folder.join(format!("{:020}", 2))).unwrap();
    fs::write(folder.join(format!("{:020}", 2)), b"no folder").unwrap();

    let (contents, report) = restore(&job, &handle);

    assert_eq!(contents, expected);
    assert_eq!(files(&report), (0, 0, 2, 0));
}
