//! Local copies: used file by file, checked, and never needed.

use std::fs;
use std::path::PathBuf;

use alluvium::{ErrorKind, RestoreReport, SnapshotHandle};
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

fn copies(job: &Job) -> Vec<PathBuf> {
    let folder = job.local_directory().join(format!("job/{:020}/0", 2));
    let files = fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.file_name().unwrap() != "RECORD");
    files.sort();
    files
}

fn restore(job: &Job, handle: &SnapshotHandle) -> (Contents, RestoreReport) {
    let builder = job.builder(0, 1).local_copies(job.local_copies());
    let from = job.from(std::slice::from_ref(handle));
    let (mut subtask, report) = Subtask::restore(builder, &from).unwrap();
    (subtask.contents(), report)
}

#[test]
fn what_is_here_is_not_downloaded() {
    let (job, handle, expected) = completed();
    let refuse = Fault::Before(ErrorKind::Unavailable);
    job.storage.fail_always(Operation::Download, refuse);

    let (contents, report) = restore(&job, &handle);

    assert_eq!(contents, expected);
    assert_eq!((report.files_linked, report.files_downloaded), (2, 0));
}

#[test]
fn what_is_here_is_not_downloaded_at_another_parallelism_either() {
    let (job, handle, expected) = completed();
    let refuse = Fault::Before(ErrorKind::Unavailable);
    job.storage.fail_always(Operation::Download, refuse);
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
fn only_a_copy_that_is_missing_is_downloaded() {
    let (job, handle, expected) = completed();
    fs::remove_file(&copies(&job)[0]).unwrap();

    let (contents, report) = restore(&job, &handle);

    assert_eq!(contents, expected);
    assert_eq!((report.files_linked, report.files_downloaded), (1, 1));
    assert_eq!(report.local_files_refused, 0);
}

#[test]
fn a_copy_that_is_cut_short_or_damaged_is_downloaded_instead_and_counted() {
    let damages: [fn(&mut Vec<u8>); 3] = [
        |bytes| bytes.truncate(bytes.len() - 1),
        Vec::clear,
        |bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        },
    ];
    for damage in damages {
        let (job, handle, expected) = completed();
        let copy = &copies(&job)[1];
        let mut bytes = fs::read(copy).unwrap();
        damage(&mut bytes);
        fs::remove_file(copy).unwrap();
        fs::write(copy, bytes).unwrap();

        let (contents, report) = restore(&job, &handle);

        assert_eq!(contents, expected);
        assert_eq!((report.files_linked, report.files_downloaded), (1, 1));
        assert_eq!(report.local_files_refused, 1);
    }
}

#[test]
fn a_folder_of_copies_that_is_no_folder_is_as_good_as_none() {
    let (job, handle, expected) = completed();
    let folder = job.local_directory().join("job");
    fs::remove_dir_all(folder.join(format!("{:020}", 2))).unwrap();
    fs::write(folder.join(format!("{:020}", 2)), b"no folder").unwrap();

    let (contents, report) = restore(&job, &handle);

    assert_eq!(contents, expected);
    assert_eq!((report.files_linked, report.files_downloaded), (0, 2));
}
