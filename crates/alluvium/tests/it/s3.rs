//! S3, over the wire: all that is promised of a storage and of a job on it, and what becomes of failures that no wrapper
//! around a storage can play: lost answers, statuses, bodies that stall or end early.
//!
//! `faults` talks to a server of this project that fails as scripted, `moto` to one that others wrote.

#![cfg(test)]

mod faults;
mod moto;

use std::collections::BTreeMap;
use std::sync::Arc;

use alluvium::catalog::{Catalog, Proposal};
use alluvium::environment::Environment;
use alluvium::protocol::key_group::MaxParallelism;
use alluvium::protocol::manifest::{CheckpointId, SnapshotKind};
use alluvium::storage::Storage;
use alluvium::{Error, ErrorKind, SnapshotHandle};
use alluvium_testing::storage_conformance;

use crate::job::{Contents, Job, Subtask, contents_after};

/// Runs everything against folders of one bucket.
fn assert_whole(folder: impl Fn(&str) -> Arc<dyn Storage>) {
    storage_conformance::all(&*folder("conformance"));
    assert_rescales(folder("rescales"));
    for round in 0..10 {
        assert_one_attempt_commits(&folder(&format!("attempts/{round}")));
    }
}

/// A job goes from two subtasks to three by way of a checkpoint and of a savepoint.
fn assert_rescales(storage: Arc<dyn Storage>) {
    let job = Job::over(storage);
    for (checkpoint, kind) in [(1, SnapshotKind::Incremental), (2, SnapshotKind::Savepoint)] {
        let take = |number| {
            let mut subtask = Subtask::open(job.builder(number, 2));
            subtask.write(0..40, 1);
            job.upload(subtask.prepare_kind(checkpoint, kind)).unwrap()
        };
        let from = job.from(&[take(0), take(1)]);

        let mut contents = Contents::new();
        for number in 0..3 {
            let (mut restored, _) = Subtask::restore(job.builder(number, 3), &from).unwrap();
            contents.append(&mut restored.contents());
        }

        assert_eq!(contents, contents_after(&[(0..40, 1)]), "{kind}");
    }
}

/// Two attempts start and commit at the same time: the newer succeeds, and its checkpoint alone is there.
fn assert_one_attempt_commits(storage: &Arc<dyn Storage>) {
    let job = Job::over(Arc::clone(storage));
    let handle = uploaded(&job);
    let environment = Environment::system();
    let catalogs = [(); 2].map(|()| Catalog::open(Arc::clone(storage), "job").unwrap());
    let both = std::sync::Barrier::new(2);
    let race = |catalog: &Catalog| {
        both.wait();
        let attempt = catalog.start_attempt(&environment);
        // Before a failure is told: the other one would wait for ever.
        both.wait();
        // Fenced by then, if the other one was faster.
        let attempt = attempt?;
        let proposal = proposal(&handle, attempt.number);
        catalog.commit(&attempt, &proposal, &environment)?;
        Ok::<_, Error>(attempt.number)
    };

    let raced = std::thread::scope(|scope| {
        let race = &race;
        let [one, other] = catalogs
            .each_ref()
            .map(|catalog| scope.spawn(|| race(catalog)));
        [one.join().unwrap(), other.join().unwrap()]
    });

    let (newer, older) = match raced {
        [Ok(newer), Err(older)] | [Err(older), Ok(newer)] => (newer, older),
        both => panic!("exactly one goes on: {both:?}"),
    };
    assert_eq!(older.kind(), ErrorKind::Fenced);
    assert_eq!(checkpoints(&catalogs[0]), [newer]);
}

/// A snapshot of the whole job, by its only subtask.
fn uploaded(job: &Job) -> SnapshotHandle {
    let mut subtask = job.open();
    subtask.write(0..40, 1);
    job.take(&mut subtask, 1)
}

fn proposal(handle: &SnapshotHandle, checkpoint: u64) -> Proposal {
    Proposal {
        checkpoint: CheckpointId::new(checkpoint),
        kind: SnapshotKind::Incremental,
        max_parallelism: MaxParallelism::DEFAULT,
        manifests: vec![handle.manifest.clone()],
        bases: handle.base.into_iter().collect(),
        attachments: BTreeMap::new(),
    }
}

fn checkpoints(catalog: &Catalog) -> Vec<u64> {
    let commits = catalog.checkpoints().unwrap();
    commits
        .iter()
        .map(|commit| commit.checkpoint.get())
        .collect()
}
