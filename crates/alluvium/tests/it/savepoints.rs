//! Savepoints: written in sections and loaded in batches, by several threads, at any parallelism.

#![cfg(test)]

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use alluvium::protocol::manifest::{CheckpointId, Manifest, SnapshotKind};
use alluvium::state::Map;
use alluvium::storage::{Cancel, Storage};
use alluvium::{
    Backend, ErrorKind, MapState, Progress, RestoreFrom, RestoreReport, Result, SnapshotHandle,
    TransferProgress,
};
use alluvium_testing::faulty::{Fault, Operation};

use crate::job::{Job, is_gone, nobody};

const BLOBS: MapState<u32, Vec<u8>> = MapState::new("blobs");

/// Entries of a state that is worth a section for each of the usual four threads.
const ENTRIES: u32 = 6000;
const BLOB_BYTES: u32 = 400;

/// Blobs by key and map key.
type Contents = BTreeMap<(u32, u32), Vec<u8>>;

/// A blob that no codec makes smaller.
fn blob(key: u32, entry: u32) -> Vec<u8> {
    let mut state = (u64::from(key) << 32) | u64::from(entry);
    let byte = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    (0..BLOB_BYTES).map(byte).collect()
}

/// One entry a key.
fn spread() -> Contents {
    (0..ENTRIES).map(|key| ((key, 0), blob(key, 0))).collect()
}

/// Nearly all entries in one key, hence in one key group.
fn heaped() -> Contents {
    let few = (0..100).map(|key| (key, 0));
    let most = (0..ENTRIES).map(|entry| (7, entry));
    few.chain(most)
        .map(|(key, entry)| ((key, entry), blob(key, entry)))
        .collect()
}

struct Subtask {
    backend: Backend<u32>,
    blobs: Map<u32, Vec<u8>>,
}

impl Subtask {
    fn over(mut backend: Backend<u32>) -> Result<Self> {
        let blobs = backend.register(BLOBS)?;
        Ok(Self { backend, blobs })
    }

    fn write(&mut self, contents: &Contents) {
        for ((key, entry), blob) in contents {
            if let Ok(mut scope) = self.backend.key(key) {
                scope.map(self.blobs).insert(entry, blob).unwrap();
            }
        }
    }

    fn read(&mut self) -> Contents {
        let mut contents = Contents::new();
        for key in 0..ENTRIES {
            if let Ok(mut scope) = self.backend.key(&key) {
                let entries = scope.map(self.blobs).entries().unwrap();
                let entries = entries
                    .into_iter()
                    .map(|(entry, blob)| ((key, entry), blob));
                contents.extend(entries);
            }
        }
        contents
    }
}

fn upload(job: &Job, subtask: &mut Subtask) -> Result<SnapshotHandle> {
    let id = CheckpointId::new(1);
    job.upload(subtask.backend.snapshot(id, SnapshotKind::Savepoint)?)
}

/// A savepoint of a job with this state.
fn taken(job: &Job, contents: &Contents, parallelism: u32) -> RestoreFrom {
    let handles = (0..parallelism).map(|index| {
        let backend = Backend::open(job.builder(index, parallelism)).unwrap();
        let mut subtask = Subtask::over(backend).unwrap();
        subtask.write(contents);
        upload(job, &mut subtask).unwrap()
    });
    job.from(&handles.collect::<Vec<_>>())
}

fn restore(
    job: &Job,
    from: &RestoreFrom,
    index: u32,
    parallelism: u32,
) -> Result<(Subtask, RestoreReport)> {
    let builder = job.builder(index, parallelism);
    let (backend, report) = Backend::restore(builder, from, &Cancel::new(), &nobody())?;
    Ok((Subtask::over(backend)?, report))
}

/// The state of all subtasks of a restored job, and the rows that were written.
fn restored(job: &Job, from: &RestoreFrom, parallelism: u32) -> (Contents, u64) {
    let (mut all, mut rows) = (Contents::new(), 0);
    for index in 0..parallelism {
        let (mut subtask, report) = restore(job, from, index, parallelism).unwrap();
        assert_eq!(report.plan, "rows");
        rows += report.rows_copied;
        for (at, blob) in subtask.read() {
            assert_eq!(all.insert(at, blob), None, "{at:?} is in two subtasks");
        }
    }
    (all, rows)
}

fn objects(from: &RestoreFrom) -> Vec<String> {
    let files = from.manifests.iter().flat_map(|manifest| &manifest.files);
    files.map(|file| file.object.clone()).collect()
}

#[test]
fn a_savepoint_is_the_same_state_at_any_parallelism() {
    let contents = spread();
    for before in [1, 2, 3, 5] {
        let job = Job::new();
        let from = taken(&job, &contents, before);
        for after in [1, 2, 3, 5] {
            let (found, rows) = restored(&job, &from, after);

            assert!(found == contents, "{before} -> {after}");
            assert_eq!(rows, u64::from(ENTRIES), "{before} -> {after}");
        }
    }
}

#[test]
fn a_savepoint_has_files_of_several_sections_in_the_order_of_their_rows() {
    let job = Job::new();

    let from = taken(&job, &spread(), 1);

    let names = (0..4).map(|part| format!("1-0-{part}.rows"));
    assert_eq!(objects(&from), names.collect::<Vec<_>>());
    let bounds = from.manifests[0].files.iter().map(|file| &file.bounds);
    let bounds: Vec<_> = bounds.map(|bounds| bounds.as_ref().unwrap()).collect();
    assert!(
        bounds.windows(2).all(|pair| pair[0].1 < pair[1].0),
        "{bounds:02x?}"
    );
    // Key groups are not divided among sections.
    assert!(
        bounds
            .windows(2)
            .all(|pair| pair[0].1[..2] < pair[1].0[..2])
    );
}

#[test]
fn the_rows_of_one_key_group_that_has_most_of_them_are_in_several_files() {
    let (job, contents) = (Job::new(), heaped());

    let from = taken(&job, &contents, 2);

    assert!(objects(&from).len() > 4, "{:?}", objects(&from));
    assert!(restored(&job, &from, 1).0 == contents);
    assert!(restored(&job, &from, 3).0 == contents);
}

#[test]
fn one_thread_writes_and_loads_as_well() {
    let (job, contents) = (Job::new(), heaped());
    let options = alluvium::Options::default().transfer_threads(1);
    let builder = || job.builder(0, 1).options(options.clone());
    let mut subtask = Subtask::over(Backend::open(builder()).unwrap()).unwrap();
    subtask.write(&contents);
    let from = job.from(&[upload(&job, &mut subtask).unwrap()]);
    drop(subtask);

    let (backend, _) = Backend::restore(builder(), &from, &Cancel::new(), &nobody()).unwrap();

    assert!(Subtask::over(backend).unwrap().read() == contents);
}

#[test]
fn an_empty_state_is_a_savepoint_without_files() {
    let (job, nothing) = (Job::new(), Contents::new());

    let from = taken(&job, &nothing, 2);

    assert!(objects(&from).is_empty());
    assert_eq!(restored(&job, &from, 3), (nothing, 0));
}

#[test]
fn a_subtask_that_fails_to_upload_one_of_its_files_leaves_none() {
    let job = Job::new();
    let mut subtask = Subtask::over(Backend::open(job.builder(0, 1)).unwrap()).unwrap();
    subtask.write(&spread());
    for nth in 1..=4 {
        let fault = Fault::After(ErrorKind::Unavailable);
        job.storage.fail(Operation::Upload, nth, fault);

        let error = upload(&job, &mut subtask).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
        assert!(job.objects().is_empty(), "{:?}", job.objects());
        // At most the pins of the snapshots, which are gone when their upload returned.
        let opening = fs::read_dir(job.work()).unwrap().next().unwrap().unwrap();
        let left = fs::read_dir(opening.path()).unwrap();
        let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.iter().all(|name| name == "store-0"), "{left:?}");
        // Some of the uploads that were planned to fail may not have begun.
        job.storage.heal();
    }
    upload(&job, &mut subtask).unwrap();
}

#[test]
fn a_restore_that_is_cancelled_at_any_file_leaves_nothing_and_can_be_repeated() {
    let (job, contents) = (Job::new(), spread());
    let from = taken(&job, &contents, 1);
    for nth in 1..=4 {
        let cancel = Cancel::new();
        let flag = cancel.clone();
        let action = move || flag.cancel();
        job.storage.meanwhile(Operation::Download, nth, action);

        let error = Backend::<u32>::restore(job.builder(0, 1), &from, &cancel, &nobody());

        assert_eq!(error.unwrap_err().kind(), ErrorKind::Cancelled);
        assert!(is_gone(&job.work()));
    }
    assert!(restored(&job, &from, 1).0 == contents);
}

/// Cancels once all files are downloaded.
struct AfterDownloads(Cancel);

impl Progress for AfterDownloads {
    fn moved(&self, progress: &TransferProgress) {
        if progress.files_done == progress.files {
            self.0.cancel();
        }
    }
}

#[test]
fn a_restore_that_is_cancelled_while_rows_are_loaded_leaves_nothing() {
    let job = Job::new();
    let from = taken(&job, &spread(), 1);
    let cancel = Cancel::new();
    let progress: Arc<dyn Progress> = Arc::new(AfterDownloads(cancel.clone()));

    let error = Backend::<u32>::restore(job.builder(0, 1), &from, &cancel, &progress);

    assert_eq!(error.unwrap_err().kind(), ErrorKind::Cancelled);
    assert!(is_gone(&job.work()));
}

#[test]
fn a_damaged_rows_file_is_corrupt_by_name_wherever_it_is_damaged() {
    let job = Job::new();
    let from = taken(&job, &spread(), 1);
    for object in objects(&from) {
        let name = format!("job/{object}");
        let whole = job.storage.get(&name).unwrap().unwrap();
        for at in [0, whole.len() / 2, whole.len() - 1] {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            job.storage.put(&name, &damaged).unwrap();

            assert_corrupt(&job, &from, &object);
        }
        job.storage.put(&name, &whole).unwrap();
    }
}

fn assert_corrupt(job: &Job, from: &RestoreFrom, object: &str) {
    let error = restore(job, from, 0, 1).map(drop).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
    assert!(format!("{error:?}").contains(object), "{error:?}");
    assert!(is_gone(&job.work()));
}

/// The savepoint with another manifest.
fn forged(from: &RestoreFrom, forge: impl FnOnce(&mut Manifest)) -> RestoreFrom {
    let mut forged = from.clone();
    forge(&mut forged.manifests[0]);
    forged
}

#[test]
fn a_rows_file_whose_blocks_are_damaged_under_a_right_checksum_is_corrupt_by_name() {
    let job = Job::new();
    let from = taken(&job, &spread(), 1);
    let object = &objects(&from)[2];
    let name = format!("job/{object}");
    let mut damaged = job.storage.get(&name).unwrap().unwrap();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    job.storage.put(&name, &damaged).unwrap();

    let from = forged(&from, |manifest| {
        manifest.files[2].crc32c = crc32c::crc32c(&damaged);
    });

    assert_corrupt(&job, &from, object);
}

#[test]
fn rows_that_are_not_where_the_manifest_says_are_refused() {
    let job = Job::new();
    let from = taken(&job, &spread(), 1);
    let objects = objects(&from);

    let longer = forged(&from, |manifest| {
        let bounds = manifest.files[0].bounds.as_mut().unwrap();
        bounds.1.push(0);
    });
    assert_corrupt(&job, &longer, &objects[0]);

    let overlapping = forged(&from, |manifest| {
        let last = manifest.files[3].bounds.as_ref().unwrap().1.clone();
        manifest.files[0].bounds.as_mut().unwrap().1 = last;
    });
    assert_corrupt(&job, &overlapping, &objects[1]);
}
