//! Expired rows that nobody reads: their space is given back, and savepoints leave them out.

use alluvium::ValueState;
use alluvium::protocol::manifest::SnapshotKind;
use alluvium::state::TimeDomain;

use super::contexts::Context;
use super::harness::{Job, Stores, in_every_context, told};

/// Keys of a state that is to take space.
const KEYS: u32 = 60;

/// A state without a TTL.
const KEPT: ValueState<u64> = ValueState::new("kept");

/// Flink's `testIncrementalCleanupWholeState`, on every store and without an access.
#[expect(clippy::needless_pass_by_value, reason = "made for each check")]
pub fn a_state_whose_rows_all_expire_shrinks_to_nothing(stores: Stores) {
    fn check<C: Context>(stores: &Stores) {
        for job in Job::each(stores) {
            let mut opened = job.open::<C>(job.ttl());
            for key in 0..KEYS {
                opened.write((key, 1), key % 3);
            }
            let full = job.take(&mut opened, 1, SnapshotKind::Full);
            job.set_time(&mut opened, 100);

            job.sweep(&mut opened, 2);
            let empty = job.take(&mut opened, 4, SnapshotKind::Full);

            let rows = |from: &alluvium::RestoreFrom| -> u64 {
                let files = from.manifests.iter().flat_map(|manifest| &manifest.files);
                files
                    .filter(|file| file.shared)
                    .map(|file| file.bytes)
                    .sum()
            };
            assert!(rows(&full) > 0, "{}", opened.what);
            assert_eq!(rows(&empty), 0, "{}: bytes of files", opened.what);
            assert_eq!(
                opened.backend.metrics().store.file_bytes,
                0,
                "{}",
                opened.what
            );
        }
    }
    in_every_context!(check, stores);
}

/// Of a state with TTL, what is alive; of a state without, everything.
#[expect(clippy::needless_pass_by_value, reason = "made for each check")]
pub fn a_sweep_leaves_what_is_alive_and_other_states(stores: Stores) {
    fn check<C: Context>(stores: &Stores) {
        for job in Job::each(stores) {
            let alive = |key: u32| key.is_multiple_of(3);
            let mut opened = job.open::<C>(job.ttl());
            let kept = told(opened.backend.register(KEPT));
            for key in 0..KEYS {
                opened.write((key, 1), key % 3);
                // Read as a stamp, it expired long ago.
                told(told(opened.backend.key(&key)).value(kept).set(&0));
            }
            // By the clock, the sweep comes a minute later: what lives is written for longer then.
            let (now, later) = match job.time {
                TimeDomain::Processing => (100, 60_200),
                TimeDomain::Event => (100, 150),
            };
            job.set_time(&mut opened, now);
            let longer = alluvium::Ttl {
                millis: 100_000,
                ..job.ttl()
            };
            opened.at = told(opened.backend.register(C::state(Some(longer))));
            for key in (0..KEYS).filter(|key| alive(*key)) {
                opened.write((key, 1), 2);
            }

            job.sweep(&mut opened, 1);
            let snapshot = job.take(&mut opened, 3, SnapshotKind::Incremental);
            drop(opened);

            let mut opened = job.go_on::<C>(&snapshot, Some(longer));
            let kept = told(opened.backend.register(KEPT));
            job.set_time(&mut opened, later);
            for key in 0..KEYS {
                let expected = if alive(key) { &[2][..] } else { &[] };
                opened.finds((key, 1), expected, &format!("{key} after a sweep"));
                let value = told(told(opened.backend.key(&key)).value(kept).get());
                assert_eq!(value, Some(0), "{}: {key} of the other state", opened.what);
            }
        }
    }
    in_every_context!(check, stores);
}

/// Flink's `testMultipleKeysWithSnapshotCleanup`.
#[expect(clippy::needless_pass_by_value, reason = "made for each check")]
pub fn a_savepoint_leaves_expired_rows_out(stores: Stores) {
    fn check<C: Context>(stores: &Stores) {
        for job in Job::each(stores) {
            let mut opened = job.open::<C>(job.ttl());
            for key in 0..KEYS {
                opened.write((key, 1), key % 3);
            }
            let full = job.take(&mut opened, 1, SnapshotKind::Savepoint);
            job.set_time(&mut opened, 50);
            opened.write((7, 1), 2);
            job.set_time(&mut opened, 100);

            let rest = job.take(&mut opened, 2, SnapshotKind::Savepoint);

            let bytes = |from: &alluvium::RestoreFrom| -> u64 {
                let files = from.manifests.iter().flat_map(|manifest| &manifest.files);
                files.map(|file| file.bytes).sum()
            };
            assert!(bytes(&rest) < bytes(&full), "{}", opened.what);
            drop(opened);
            let mut opened = job.go_on::<C>(&rest, Some(job.ttl()));
            opened.finds((7, 1), &[2], "alive in the savepoint");
            opened.finds((8, 1), &[], "expired before the savepoint");
        }
    }
    in_every_context!(check, stores);
}
