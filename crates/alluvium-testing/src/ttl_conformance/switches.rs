//! A TTL that is switched on or off, or to the other time, when a job is restored.

use alluvium::ErrorKind;
use alluvium::protocol::manifest::{CheckpointId, SnapshotKind};
use alluvium::state::TimeDomain;

use super::contexts::Context;
use super::harness::{Job, Stores, TTL, in_every_context, told};

const HERE: (u32, u32) = (1, 1);

/// Keys, of which some are buffered and some are not.
const KEYS: u32 = 15;

/// Flink's `testStateMigrationAfterChangingTTLFromDisablingToEnabling`.
#[expect(clippy::needless_pass_by_value, reason = "made for each check")]
pub fn switching_on_lets_values_live_from_then_on(stores: Stores) {
    fn check<C: Context>(stores: &Stores) {
        for job in Job::each(stores) {
            let mut opened = job.open_before_time::<C>(None);
            for key in 0..KEYS {
                opened.write((key, 1), key % 3);
            }
            job.set_time(&mut opened, 1000);
            let snapshot = job.take(&mut opened, 1, SnapshotKind::Incremental);
            drop(opened);

            let mut opened = job.go_on::<C>(&snapshot, Some(job.ttl()));
            job.set_time(&mut opened, 1099);
            for key in 0..KEYS {
                opened.finds((key, 1), &[key % 3], "at 1099, switched on at 1000");
            }
            opened.write(HERE, 2);
            let snapshot = job.take(&mut opened, 2, SnapshotKind::Incremental);
            job.set_time(&mut opened, 1100);
            opened.finds((2, 1), &[], "at 1100");
            opened.finds(HERE, &[2], "at 1100, written at 1099");
            drop(opened);

            let mut opened = job.go_on::<C>(&snapshot, Some(job.ttl()));
            job.set_time(&mut opened, 1198);
            opened.finds(HERE, &[2], "at 1198 after another restore");
            opened.finds((2, 1), &[], "at 1198 after another restore");
        }
    }
    in_every_context!(check, stores);
}

/// Flink's `testStateMigrationAfterChangingTTLFromEnablingToDisabling` and `testRestoreTtlAndRegisterNonTtlStateCompatFailure`, except that
/// what had expired does not come back.
#[expect(clippy::needless_pass_by_value, reason = "made for each check")]
pub fn switching_off_keeps_what_is_alive_for_good(stores: Stores) {
    fn check<C: Context>(stores: &Stores) {
        for job in Job::each(stores) {
            for (id, kind) in [(1, SnapshotKind::Incremental), (2, SnapshotKind::Savepoint)] {
                let mut opened = job.open::<C>(job.ttl());
                opened.write(HERE, 0);
                job.set_time(&mut opened, 50);
                for key in 2..KEYS {
                    opened.write((key, 1), key % 3);
                }
                job.set_time(&mut opened, 120);
                let snapshot = job.take(&mut opened, id, kind);
                drop(opened);

                let mut opened = job.go_on::<C>(&snapshot, None);
                job.set_time(&mut opened, 1_000_000);
                opened.finds(HERE, &[], "expired when it was switched off");
                for key in 2..KEYS {
                    opened.finds((key, 1), &[key % 3], "long after it was switched off");
                }
                opened.write(HERE, 1);
                job.set_time(&mut opened, 2_000_000);
                opened.finds(HERE, &[1], "written without a TTL");
            }
        }
    }
    in_every_context!(check, stores);
}

/// What is alive by the time that was lives from now on by the time that is.
#[expect(clippy::needless_pass_by_value, reason = "made for each check")]
pub fn switching_to_the_other_time_stamps_anew(stores: Stores) {
    fn check<C: Context>(stores: &Stores) {
        for mut job in Job::each(stores) {
            let mut opened = job.open::<C>(job.ttl());
            opened.write(HERE, 0);
            job.set_time(&mut opened, 50);
            opened.write((2, 1), 1);
            job.set_time(&mut opened, 120);
            let other = match job.time {
                TimeDomain::Processing => TimeDomain::Event,
                TimeDomain::Event => TimeDomain::Processing,
            };
            opened.backend.advance_event_time(700);
            // By event time, 700 is now: what was written at 50 has expired, and this has not.
            opened.write((3, 1), 2);
            let snapshot = job.take(&mut opened, 1, SnapshotKind::Incremental);
            drop(opened);
            let by_events = job.time == TimeDomain::Event;
            if !by_events {
                job.set_clock(149);
            } else {
                job.set_clock(700);
            }

            job.time = other;
            let mut opened = job.go_on::<C>(&snapshot, Some(TTL.time(other)));
            opened.finds(HERE, &[], "expired before the switch");
            let second = if by_events { &[][..] } else { &[1] };
            job.set_time(&mut opened, 799);
            opened.finds((2, 1), second, "at 799 of the other time");
            opened.finds((3, 1), &[2], "at 799 of the other time");
            job.set_time(&mut opened, 800);
            opened.finds((2, 1), &[], "at 800 of the other time");
            opened.finds((3, 1), &[], "at 800 of the other time");
        }
    }
    in_every_context!(check, stores);
}

/// The values of a state that is in use are not stored anew; another duration is taken over.
#[expect(clippy::needless_pass_by_value, reason = "made for each check")]
pub fn switching_within_one_backend_is_refused(stores: Stores) {
    fn check<C: Context>(stores: &Stores) {
        for job in Job::each(stores) {
            let mut opened = job.open::<C>(job.ttl());
            opened.write(HERE, 0);

            let refused = opened.backend.register(C::state(None)).err();

            let kind = refused.map(|error| error.kind());
            assert_eq!(kind, Some(ErrorKind::Incompatible), "{}", opened.what);
            let longer = alluvium::Ttl {
                millis: 200,
                ..job.ttl()
            };
            assert!(opened.backend.register(C::state(Some(longer))).is_ok());
            opened.write((2, 1), 1);
            job.set_time(&mut opened, 199);
            opened.finds(HERE, &[], "at 199, promised 100");
            opened.finds((2, 1), &[1], "at 199, promised 200");
        }
    }
    in_every_context!(check, stores);
}

/// A savepoint that is uploaded after a switch has the rows from before it, and takes them for what they were.
#[expect(clippy::needless_pass_by_value, reason = "made for each check")]
pub fn a_savepoint_from_before_a_switch_has_what_was_alive(stores: Stores) {
    fn check<C: Context>(stores: &Stores) {
        for job in Job::each(stores) {
            let other = match job.time {
                TimeDomain::Processing => TimeDomain::Event,
                TimeDomain::Event => TimeDomain::Processing,
            };
            for (id, ttl) in [(1, None), (3, Some(job.ttl()))] {
                let mut opened = job.open_before_time::<C>(ttl);
                job.set_time(&mut opened, 0);
                for key in 0..KEYS {
                    opened.write((key, 1), key % 3);
                }
                let snapshot = job.take(&mut opened, id, SnapshotKind::Incremental);
                drop(opened);

                let mut backend = job.undeclared(&snapshot, 0, 1);
                // By the other time all of it would have expired.
                match other {
                    TimeDomain::Processing => job.set_clock(700),
                    TimeDomain::Event => backend.advance_event_time(700),
                }
                let savepoint =
                    told(backend.snapshot(CheckpointId::new(id + 1), SnapshotKind::Savepoint));
                let switched = job.over::<C>(backend, Some(TTL.time(other)));
                job.set_clock(1400);
                let savepoint = job.upload(savepoint, SnapshotKind::Savepoint);
                drop(switched);

                job.set_clock(0);
                let mut opened = job.go_on::<C>(&savepoint, ttl);
                for key in 0..KEYS {
                    opened.finds((key, 1), &[key % 3], "alive when the savepoint was taken");
                }
            }
        }
    }
    in_every_context!(check, stores);
}
