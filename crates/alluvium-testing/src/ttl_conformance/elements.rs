//! List elements that expire beside others that live: each gives its own space back.

use alluvium::protocol::manifest::SnapshotKind;
use alluvium::state::{Expired, List};
use alluvium::{ListState, Ttl};

use super::contexts::OneValue;
use super::harness::{Job, Opened, Stores, told};

/// The key whose list it is.
const KEY: u32 = 7;

/// Elements that expire.
const SHORT: u32 = 200;

/// What is there is seen, expired or not, until it is cleaned: so a read shows what is stored.
const ELEMENTS: ListState<u32> = ListState::new("elements");

fn register(opened: &mut Opened<OneValue>, ttl: Ttl) -> List<u32> {
    let seen = ttl.expired(Expired::SeenUntilCleaned);
    told(opened.backend.register(ELEMENTS.ttl(seen)))
}

fn longer(ttl: Ttl) -> Ttl {
    Ttl {
        millis: 100_000,
        ..ttl
    }
}

/// A list of many elements that expire, and one that lives, in the store.
fn written(job: &Job) -> Opened<OneValue> {
    let mut opened = job.open::<OneValue>(job.ttl());
    let list = register(&mut opened, job.ttl());
    told(told(opened.backend.key(&KEY)).list(list).extend(0..SHORT));
    let list = register(&mut opened, longer(job.ttl()));
    told(told(opened.backend.key(&KEY)).list(list).push(&SHORT));
    opened
}

/// What is stored, as a backend finds it that has nothing in memory.
fn stored(job: &Job, from: &alluvium::RestoreFrom) -> Vec<u32> {
    let mut opened = job.go_on::<OneValue>(from, Some(job.ttl()));
    let list = register(&mut opened, longer(job.ttl()));
    told(told(opened.backend.key(&KEY)).list(list).get())
}

/// Nobody reads the list. Half of a chunk's bytes are to be won, as of rows that expire whole.
#[expect(
    clippy::needless_pass_by_value,
    clippy::missing_panics_doc,
    reason = "made for each check, which fails by panicking"
)]
pub fn single_elements_give_their_space_back(stores: Stores) {
    for job in Job::each(&stores) {
        let mut opened = written(&job);
        job.set_time(&mut opened, 100);

        job.sweep(&mut opened, 1);
        let after = job.take(&mut opened, 3, SnapshotKind::Incremental);
        drop(opened);

        assert_eq!(stored(&job, &after), [SHORT], "{}", job.time);
    }
}

/// Whatever the store has.
#[expect(
    clippy::needless_pass_by_value,
    clippy::missing_panics_doc,
    reason = "made for each check, which fails by panicking"
)]
pub fn a_savepoint_leaves_single_expired_elements_out(stores: Stores) {
    for job in Job::each(&stores) {
        let mut opened = written(&job);
        job.set_time(&mut opened, 100);

        let savepoint = job.take(&mut opened, 1, SnapshotKind::Savepoint);
        drop(opened);

        assert_eq!(stored(&job, &savepoint), [SHORT], "{}", job.time);
    }
}
