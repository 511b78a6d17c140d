//! Values that go on to live, or have expired, after a restore.

use std::time::Duration;

use alluvium::Ttl;
use alluvium::protocol::manifest::SnapshotKind;
use alluvium::state::TimeDomain;

use super::contexts::Context;
use super::harness::{Job, Opened, Stores, in_every_context};

const HERE: (u32, u32) = (1, 1);

const KINDS: [SnapshotKind; 3] = [
    SnapshotKind::Incremental,
    SnapshotKind::Full,
    SnapshotKind::Savepoint,
];

/// Flink's `testSnapshotChangeRestore`.
#[expect(clippy::needless_pass_by_value, reason = "made for each check")]
pub fn expiry_goes_on_after_a_restore(stores: Stores) {
    fn check<C: Context>(stores: &Stores) {
        for job in Job::each(stores) {
            for (id, kind) in (1..).zip(KINDS) {
                let mut opened = job.open::<C>(job.ttl());
                opened.write(HERE, 0);
                opened.write((2, 1), 0);
                job.set_time(&mut opened, 50);
                opened.write((2, 1), 1);
                let snapshot = job.take(&mut opened, id, kind);
                opened.write(HERE, 2);
                drop(opened);

                let mut opened = job.go_on::<C>(&snapshot, Some(job.ttl()));
                job.set_time(&mut opened, 99);
                opened.finds(HERE, &[0], "at 99 after a restore");
                job.set_time(&mut opened, 149);
                opened.finds(HERE, &[], "at 149 after a restore");
                opened.finds((2, 1), &[1], "at 149 after a restore, written at 50");
                job.set_time(&mut opened, 150);
                opened.finds((2, 1), &[], "at 150 after a restore");
            }
        }
    }
    in_every_context!(check, stores);
}

/// To three subtasks and on to two.
#[expect(clippy::needless_pass_by_value, reason = "made for each check")]
pub fn expiry_goes_on_after_a_rescale(stores: Stores) {
    fn check<C: Context>(stores: &Stores) {
        for job in Job::each(stores) {
            let mut opened = job.open::<C>(job.ttl());
            for key in 0..20 {
                job.set_time(&mut opened, i64::from(key) * 10);
                opened.write((key, 1), key % 3);
            }
            let snapshot = job.take(&mut opened, 1, SnapshotKind::Incremental);
            drop(opened);

            let three = job.restore::<C>(&snapshot, 3, Some(job.ttl()));
            compare(&job, three, 230);
            let two = job.restore::<C>(&snapshot, 2, Some(job.ttl()));
            compare(&job, two, 270);
        }
    }
    in_every_context!(check, stores);
}

/// Key `k` was written at `10 k`.
fn compare<C: Context>(job: &Job, subtasks: Vec<Opened<C>>, now: i64) {
    for mut subtask in subtasks {
        job.set_time(&mut subtask, now);
        for key in 0..20 {
            if subtask.owns(key) {
                let alive = now < i64::from(key) * 10 + 100;
                let expected = if alive { &[key % 3][..] } else { &[] };
                subtask.finds((key, 1), expected, &format!("{key} at {now}, rescaled"));
            }
        }
    }
}

/// Flink's `testStateMigrationAfterChangingTTL`, except that a longer duration revives nothing and none is shortened.
#[expect(clippy::needless_pass_by_value, reason = "made for each check")]
pub fn another_duration_holds_for_later_writes(stores: Stores) {
    fn check<C: Context>(stores: &Stores) {
        for job in Job::each(stores) {
            let mut opened = job.open::<C>(job.ttl());
            opened.write(HERE, 0);
            opened.write((2, 1), 0);
            let snapshot = job.take(&mut opened, 1, SnapshotKind::Incremental);
            drop(opened);

            let longer = Ttl::new(Duration::from_millis(1000)).time(job.time);
            let mut opened = job.go_on::<C>(&snapshot, Some(longer));
            job.set_time(&mut opened, 50);
            opened.write((2, 1), 1);
            job.set_time(&mut opened, 100);
            opened.finds(HERE, &[], "at 100: it was promised no more");
            job.set_time(&mut opened, 1049);
            opened.finds((2, 1), &[1], "at 1049, written at 50");
            let snapshot = job.take(&mut opened, 2, SnapshotKind::Incremental);
            drop(opened);

            let shorter = Ttl::new(Duration::from_millis(1)).time(job.time);
            let mut opened = job.go_on::<C>(&snapshot, Some(shorter));
            opened.finds((2, 1), &[1], "at 1049: it was promised that");
            job.set_time(&mut opened, 1050);
            opened.finds((2, 1), &[], "at 1050");
        }
    }
    in_every_context!(check, stores);
}

/// A snapshot records event time: what had expired is not seen until the stream has come so far again.
#[expect(clippy::needless_pass_by_value, reason = "made for each check")]
pub fn what_had_expired_by_event_time_stays_so_after_a_restore(stores: Stores) {
    fn check<C: Context>(stores: &Stores) {
        for job in Job::each(stores).filter(|job| job.time == TimeDomain::Event) {
            for (id, kind) in (1..).zip(KINDS) {
                let mut opened = job.open_before_time::<C>(Some(job.ttl()));
                opened.write(HERE, 0);
                opened.write((2, 1), 1);
                job.set_time(&mut opened, 1000);
                opened.write((2, 1), 2);
                job.set_time(&mut opened, 1099);
                opened.write((3, 1), 0);
                job.set_time(&mut opened, 1100);
                let snapshot = job.take(&mut opened, id, kind);
                drop(opened);

                let mut opened = job.go_on::<C>(&snapshot, Some(job.ttl()));
                opened.finds(HERE, &[], "written before any time, expired at 1100");
                opened.finds((2, 1), &[], "written at 1000, expired at 1100");
                opened.finds((3, 1), &[0], "written at 1099");
            }
        }
    }
    in_every_context!(check, stores);
}
