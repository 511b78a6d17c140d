//! Damage in storage: whatever byte of whatever object of a checkpoint or savepoint is changed or missing,
//! a restore says which object it is, and never gives other state.
//!
//! Says nothing of stores' own files on this machine: see [`store_conformance`](mod@crate::store_conformance).

#![expect(
    clippy::missing_panics_doc,
    clippy::expect_used,
    reason = "a check panics where damage is not noticed"
)]

use std::sync::Arc;

use alluvium::storage::{Storage, in_memory};
use alluvium::store::StoreFactory;
use alluvium::{Error, ErrorKind, Result};

use job::Job;

mod job;

/// Objects shorter than this are damaged at every byte.
const WHOLLY_BYTES: usize = 4 << 10;

/// In longer ones, so many bytes at each end and so many in between.
const ENDS_BYTES: usize = 64;
const BETWEEN: usize = 200;

/// Every object that the latest checkpoint of a job with several subtasks needs: commit log, manifests and files.
pub fn a_damaged_object_of_a_checkpoint_is_named(factory: &Arc<dyn StoreFactory>) {
    let job = Job::new(Arc::clone(factory), in_memory());
    job.take_checkpoints().expect("checkpoints");

    check(&job, "job/", Job::restore_latest);
}

/// Every object of a savepoint that its manifests and their restore read.
pub fn a_damaged_object_of_a_savepoint_is_named(factory: &Arc<dyn StoreFactory>) {
    let job = Job::new(Arc::clone(factory), in_memory());
    job.take_savepoint().expect("a savepoint");

    check(&job, "savepoint/", Job::restore_savepoint);
}

fn check(job: &Job, folder: &str, restore: fn(&Job) -> Result<job::Contents>) {
    let objects = job.storage.list(folder).expect("a listing");
    assert!(objects.len() > 4, "{objects:?}");
    let expected = restore(job).expect("restores what is whole");
    for object in objects {
        let name = object.name;
        let whole = read(&*job.storage, &name);
        let damaged = |bytes: &[u8], damage: &str| {
            job.storage.put(&name, bytes).expect("puts damaged bytes");
            let restored = restore(job).map(|contents| contents == expected);
            assert!(
                restored.is_err(),
                "{damage} of {name} was not noticed; right state: {restored:?}"
            );
            if let Err(error) = restored {
                assert_names(&error, &name, damage);
            }
        };
        for at in offsets(whole.len()) {
            let mut bytes = whole.clone();
            for byte in bytes.iter_mut().skip(at).take(1) {
                *byte ^= 0x10;
            }
            damaged(&bytes, &format!("byte {at}"));
        }
        for length in lengths(whole.len()) {
            damaged(
                whole.get(..length).unwrap_or_default(),
                &format!("first {length} bytes"),
            );
        }
        damaged(&[&*whole, &[0]].concat(), "one byte more");
        // What these objects make exist does not exist without them.
        if !name.contains("/commits/") && !name.ends_with("/COMMIT") {
            job.storage.delete(&name).expect("deletes an object");
            let error = restore(job).expect_err("restored without an object");
            assert!(format!("{error:?}").contains(&name), "{error:?}");
        }

        job.storage.put(&name, &whole).expect("puts the bytes back");
        assert!(
            restore(job).expect("restores what is whole again") == expected,
            "{name}"
        );
    }
}

fn assert_names(error: &Error, name: &str, damage: &str) {
    let told = format!("{error:?}");
    // A record may be told by its place in the job's folder.
    let (_, object) = name.split_once('/').expect("an object in a folder");
    assert!(told.contains(object), "{damage} of {name}: {told}");
    let kinds = [ErrorKind::Corrupt, ErrorKind::Incompatible];
    assert!(kinds.contains(&error.kind()), "{damage} of {name}: {told}");
}

fn read(storage: &dyn Storage, name: &str) -> Vec<u8> {
    let bytes = storage.get(name).expect("reads an object");
    bytes.expect("a listed object")
}

fn offsets(length: usize) -> Vec<usize> {
    if length < WHOLLY_BYTES {
        return (0..length).collect();
    }
    let between = (ENDS_BYTES..length - ENDS_BYTES).step_by((length / BETWEEN).max(1));
    let ends = (0..ENDS_BYTES).chain(length - ENDS_BYTES..length);
    ends.chain(between).collect()
}

fn lengths(length: usize) -> Vec<usize> {
    let mut lengths = vec![0, 1, length / 2, length.saturating_sub(4), length - 1];
    lengths.dedup();
    lengths
}
