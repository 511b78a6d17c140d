//! Restores: at the same and another parallelism, from files near and far, and all that is refused.

#![cfg(test)]

mod local;
mod refused;

use std::path::Path;
use std::sync::Arc;

use alluvium::SnapshotHandle;
use alluvium::protocol::manifest::{CheckpointId, SnapshotKind};
use alluvium::storage::Cancel;
use alluvium::store::memory::MemoryStoreFactory;
use alluvium::store::{Opened, Part, Store, StoreFactory};

use crate::job::{Contents, Job, Subtask, contents_after, shared};

#[test]
fn the_same_range_is_opened_again_and_its_next_snapshot_refers_to_all_its_files() {
    let job = Job::new();
    let mut subtask = job.open();
    subtask.write(0..40, 1);
    let first = job.complete(&mut subtask, 1);
    drop(subtask);

    let (mut restored, report) = job.restore(std::slice::from_ref(&first));
    assert_eq!((report.plan, report.rows_copied), ("reopen", 0));
    restored.write(0..1, 2);
    let second = job.take(&mut restored, 2);

    assert_eq!(second.base, Some(CheckpointId::new(1)));
    assert!(
        second.report.bytes_new < second.report.bytes_referred,
        "{:?}",
        second.report
    );
    assert!(shared(&job.manifest(&second)).is_superset(&shared(&job.manifest(&first))));
    drop(restored);
    let expected = contents_after(&[(0..40, 1), (0..1, 2)]);
    assert_eq!(job.restore(&[second]).0.contents(), expected);
}

/// Restores at `parallelism` and returns the subtasks.
fn rescale(job: &Job, handles: &[SnapshotHandle], parallelism: u32) -> Vec<Subtask> {
    let from = job.from(handles);
    let restore = |subtask| {
        Subtask::restore(job.builder(subtask, parallelism), &from)
            .unwrap()
            .0
    };
    (0..parallelism).map(restore).collect()
}

fn contents_of(subtasks: &mut [Subtask]) -> Contents {
    let mut all = Contents::new();
    for subtask in subtasks {
        let mut contents = subtask.contents();
        assert!(
            contents.keys().all(|key| !all.contains_key(key)),
            "a key in two subtasks"
        );
        all.append(&mut contents);
    }
    all
}

#[test]
fn state_is_whole_at_any_parallelism_and_stays_so() {
    for path in [[1, 2, 1], [1, 3, 2], [2, 3, 2], [3, 2, 3], [4, 1, 5]] {
        let job = Job::new();
        let mut writes = Vec::new();
        let mut subtasks: Vec<_> = (0..path[0])
            .map(|subtask| Subtask::open(job.builder(subtask, path[0])))
            .collect();
        for (step, parallelism) in (1..).zip(path) {
            // Every round changes some keys of the rounds before, so that old rows would be noticed.
            let round = u32::try_from(step).unwrap();
            for keys in [0..25, 15..40] {
                writes.push((keys.clone(), round));
                subtasks
                    .iter_mut()
                    .for_each(|subtask| subtask.write(keys.clone(), round));
            }
            let handles: Vec<_> = subtasks
                .iter_mut()
                .map(|subtask| job.complete(subtask, step))
                .collect();
            drop(subtasks);

            subtasks = rescale(&job, &handles, parallelism);

            assert_eq!(
                contents_of(&mut subtasks),
                contents_after(&writes),
                "{path:?} at {step}"
            );
        }
    }
}

#[test]
fn what_was_deleted_after_scaling_out_does_not_come_back_by_scaling_in() {
    for path in [[1, 2, 1], [1, 3, 2], [2, 5, 2], [3, 4, 1]] {
        let job = Job::new();
        let mut subtasks: Vec<_> = (0..path[0])
            .map(|subtask| Subtask::open(job.builder(subtask, path[0])))
            .collect();
        subtasks
            .iter_mut()
            .for_each(|subtask| subtask.write(0..40, 1));
        let complete = |subtasks: &mut Vec<Subtask>, checkpoint| {
            let mut subtasks = std::mem::take(subtasks);
            let handles = subtasks
                .iter_mut()
                .map(|subtask| job.complete(subtask, checkpoint));
            handles.collect::<Vec<_>>()
        };
        let whole = complete(&mut subtasks, 1);
        let mut subtasks = rescale(&job, &whole, path[1]);
        // Each subtask's files were another's, too, until it was restored with its part of them.
        subtasks.iter_mut().for_each(|subtask| subtask.clear(0..20));
        let cleared = complete(&mut subtasks, 2);

        let mut subtasks = rescale(&job, &cleared, path[2]);

        assert_eq!(
            contents_of(&mut subtasks),
            contents_after(&[(20..40, 1)]),
            "{path:?}"
        );
    }
}

#[test]
fn the_first_snapshot_after_rescaling_refers_to_the_files_it_came_from() {
    let job = Job::new();
    let mut subtasks = [0, 1].map(|subtask| Subtask::open(job.builder(subtask, 2)));
    subtasks
        .iter_mut()
        .for_each(|subtask| subtask.write(0..40, 1));
    let handles = subtasks.each_mut().map(|subtask| job.complete(subtask, 1));
    drop(subtasks);

    for mut subtask in rescale(&job, &handles, 1) {
        let next = job.take(&mut subtask, 2);

        assert_eq!(next.base, Some(CheckpointId::new(1)));
        let report = next.report;
        assert_eq!((report.files_referred, report.files_new), (2, 0));
    }
}

/// Memory stores under another name.
#[derive(Debug)]
struct Renamed(MemoryStoreFactory);

impl StoreFactory for Renamed {
    fn kind(&self) -> &'static str {
        "renamed"
    }

    fn create(&self, directory: &Path) -> alluvium::Result<Arc<dyn Store>> {
        self.0.create(directory)
    }

    fn open(
        &self,
        directory: &Path,
        parts: Vec<Part>,
        cancel: &Cancel,
    ) -> alluvium::Result<Opened> {
        self.0.open(directory, parts, cancel)
    }
}

fn renamed() -> Arc<dyn StoreFactory> {
    Arc::new(Renamed(MemoryStoreFactory::new()))
}

#[test]
fn a_savepoint_is_restored_by_another_kind_of_store_in_another_job_and_parallelism() {
    let job = Job::new();
    let mut subtask = job.open();
    subtask.write(0..25, 1);
    subtask.write(15..40, 2);
    let savepoint = job
        .upload(subtask.prepare_kind(1, SnapshotKind::Savepoint))
        .unwrap();
    let from = job.from(&[savepoint]);
    drop(subtask);

    let restore = |subtask| {
        let directory = job.work().with_file_name(format!("other {subtask}"));
        let builder = alluvium::Builder::new("another job", renamed(), directory);
        Subtask::restore(builder.subtask(subtask, 3), &from).unwrap()
    };
    let (mut subtasks, reports): (Vec<_>, Vec<_>) = (0..3).map(restore).unzip();

    let expected = contents_after(&[(0..25, 1), (15..40, 2)]);
    assert_eq!(contents_of(&mut subtasks), expected);
    assert!(reports.iter().all(|report| report.plan == "rows"));
    // What was a savepoint is nobody's base: the first checkpoint is whole.
    for subtask in &mut subtasks {
        assert_eq!(job.take(subtask, 2).base, None);
    }
}
