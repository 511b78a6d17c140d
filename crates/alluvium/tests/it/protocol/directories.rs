//! Directories on this machine: what an opening finds in its own, and that operators keep out of each other's.

use std::fs;
use std::sync::Arc;

use alluvium::protocol::manifest::{CheckpointId, Manifest, SnapshotKind};
use alluvium::storage::{Cancel, Storage as _};
use alluvium::store::memory::MemoryStoreFactory;
use alluvium::{Backend, Builder, LocalCopies, RestoreFrom, SnapshotTarget, ValueState};

use crate::job::{Job, Subtask, contents_after, nobody};

#[test]
fn opening_and_restoring_delete_what_earlier_openings_left_and_nothing_else() {
    let job = Job::new();
    let mut subtask = job.open();
    subtask.write(0..40, 1);
    let handle = job.take(&mut subtask, 1);
    drop(subtask);
    let left = job.work().join("0123456789abcdef0123456789abcdef");
    let theirs = ["notes.txt", "0123/keep", "store-0"];
    for restores in [false, true] {
        fs::create_dir_all(left.join("store-0")).unwrap();
        fs::write(left.join("store-0/rows"), b"stale").unwrap();
        for name in theirs {
            let path = job.work().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"theirs").unwrap();
        }

        let mut opened = if restores {
            job.restore(std::slice::from_ref(&handle)).0
        } else {
            job.open()
        };

        assert!(!left.exists());
        assert_eq!(opened.contents().is_empty(), !restores);
        drop(opened);
        for name in theirs {
            assert_eq!(fs::read(job.work().join(name)).unwrap(), b"theirs");
        }
    }
}

#[test]
fn a_local_copy_is_replaced_when_its_checkpoint_is_taken_again() {
    let job = Job::new();
    let local = job.local_copies();
    let mut subtask = Subtask::open(job.builder(0, 1).local_copies(local.clone()));
    subtask.write(0..20, 1);
    job.take(&mut subtask, 1);
    subtask.write(0..40, 2);

    let again = job.complete(&mut subtask, 1);

    drop(subtask);
    let builder = job.builder(0, 1).local_copies(local);
    let (mut restored, report) = Subtask::restore(builder, &job.from(&[again])).unwrap();
    assert_eq!(report.files_downloaded, 0, "{report:?}");
    let expected = contents_after(&[(0..20, 1), (0..40, 2)]);
    assert_eq!(restored.contents(), expected);
}

#[test]
fn two_operators_of_one_process_collide_neither_in_working_nor_in_local_directories() {
    const COUNTS: ValueState<u32> = ValueState::new("counts");
    let (job, names) = (Job::new(), ["first", "second"]);
    let builder = |name: &str| {
        let work = job.work().join(name);
        let store = MemoryStoreFactory::new();
        let local = LocalCopies::in_directory(&job.local_directory(), name).unwrap();
        Builder::new(name, Arc::new(store), work).local_copies(local)
    };
    let target = |name: &str| {
        let root = name.to_owned();
        let to = job.target();
        SnapshotTarget { root, ..to }
    };
    let mut operators = names.map(|name| Backend::<u32>::open(builder(name)).unwrap());

    let mut handles = Vec::new();
    for (round, backend) in (1..).zip(&mut operators) {
        let counts = backend.register(COUNTS).unwrap();
        backend
            .key(&7u32)
            .unwrap()
            .value(counts)
            .set(&round)
            .unwrap();
        let snapshot = backend
            .snapshot(CheckpointId::new(1), SnapshotKind::Incremental)
            .unwrap();
        let to = target(names[usize::try_from(round).unwrap() - 1]);
        handles.push(snapshot.upload(&to, &Cancel::new(), &nobody()).unwrap());
    }
    drop(operators);

    for ((round, name), handle) in (1..).zip(names).zip(handles) {
        let object = format!("{name}/{}", handle.manifest.object);
        let bytes = job.storage.get(&object).unwrap();
        let manifest = Manifest::decode(&bytes.unwrap(), &object).unwrap();
        let from = RestoreFrom {
            root: name.to_owned(),
            manifests: vec![manifest],
            ..job.from(&[])
        };
        let restored = Backend::<u32>::restore(builder(name), &from, &Cancel::new(), &nobody());
        let (mut backend, report) = restored.unwrap();
        let counts = backend.register(COUNTS).unwrap();
        let found = backend.key(&7u32).unwrap().value(counts).get().unwrap();
        assert_eq!((found, report.files_downloaded), (Some(round), 0), "{name}");
    }
}
