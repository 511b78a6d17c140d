//! How long values live, and what a reader sees.

use std::time::Duration;

use alluvium::Ttl;
use alluvium::state::{Expired, Refresh, TimeDomain};

use super::contexts::Context;
use super::harness::{Job, Stores, in_every_context};

const HERE: (u32, u32) = (1, 1);

/// Flink's `testNonExistentValue`.
#[expect(clippy::needless_pass_by_value, reason = "made for each check")]
pub fn nothing_is_there_before_it_is_written(stores: Stores) {
    fn check<C: Context>(stores: &Stores) {
        for job in Job::each(stores) {
            let mut opened = job.open::<C>(job.ttl());
            opened.finds(HERE, &[], "before it is written");
        }
    }
    in_every_context!(check, stores);
}

/// Flink's `testExactExpirationOnWrite`.
#[expect(clippy::needless_pass_by_value, reason = "made for each check")]
pub fn a_value_is_alive_until_its_time(stores: Stores) {
    fn check<C: Context>(stores: &Stores) {
        for job in Job::each(stores) {
            let mut opened = job.open::<C>(job.ttl());
            opened.write(HERE, 0);

            job.set_time(&mut opened, 20);
            opened.finds(HERE, &[0], "at 20");
            opened.write(HERE, 1);
            job.set_time(&mut opened, 119);
            opened.finds(HERE, &[1], "at 119, written at 20");
            opened.finds(HERE, &[1], "again");
            job.set_time(&mut opened, 120);
            opened.finds(HERE, &[], "at 120");

            opened.write(HERE, 2);
            job.set_time(&mut opened, 219);
            opened.finds(HERE, &[2], "at 219, written at 120");
            job.set_time(&mut opened, 1000);
            opened.finds(HERE, &[], "at 1000");
        }
    }
    in_every_context!(check, stores);
}

/// Flink's `testValueSetNull`.
#[expect(clippy::needless_pass_by_value, reason = "made for each check")]
pub fn a_clear_removes_what_is_there(stores: Stores) {
    fn check<C: Context>(stores: &Stores) {
        for job in Job::each(stores) {
            let mut opened = job.open::<C>(job.ttl());
            opened.write(HERE, 0);
            opened.clear(HERE);
            opened.finds(HERE, &[], "when it was cleared");

            opened.write(HERE, 1);
            job.set_time(&mut opened, 100);
            opened.clear(HERE);
            opened.finds(HERE, &[], "when it was cleared after it expired");
        }
    }
    in_every_context!(check, stores);
}

/// Flink's `testRelaxedExpirationOnWrite`.
#[expect(clippy::needless_pass_by_value, reason = "made for each check")]
pub fn what_has_expired_is_seen_once_if_it_may_be(stores: Stores) {
    fn check<C: Context>(stores: &Stores) {
        for job in Job::each(stores) {
            let mut opened = job.open::<C>(job.ttl().expired(Expired::SeenUntilCleaned));
            opened.write(HERE, 0);

            job.set_time(&mut opened, 120);
            let found = opened.read(HERE);
            // Else a merge may have cleaned some of it or all.
            if job.has_room() {
                assert_eq!(found, C::found(&[0]), "{}", opened.what);
            }
            opened.finds(HERE, &[], "after a read has cleaned it");
        }
    }
    in_every_context!(check, stores);
}

/// Flink's `testExactExpirationOnRead`.
#[expect(clippy::needless_pass_by_value, reason = "made for each check")]
pub fn a_read_refreshes_if_it_is_to(stores: Stores) {
    fn check<C: Context>(stores: &Stores) {
        for job in Job::each(stores) {
            let mut opened = job.open::<C>(job.ttl().refresh(Refresh::OnReadAndWrite));
            opened.write(HERE, 0);

            job.set_time(&mut opened, 50);
            opened.finds(HERE, &[0], "at 50, written at 0");
            job.set_time(&mut opened, 120);
            opened.finds(HERE, &[0], "at 120, read at 50");
            job.set_time(&mut opened, 219);
            opened.finds(HERE, &[0], "at 219, read at 120");
            job.set_time(&mut opened, 319);
            opened.finds(HERE, &[], "at 319, read at 219");
        }
    }
    in_every_context!(check, stores);
}

/// Flink's `testRelaxedExpirationOnRead`.
#[expect(clippy::needless_pass_by_value, reason = "made for each check")]
pub fn what_has_expired_is_not_refreshed_by_being_seen(stores: Stores) {
    fn check<C: Context>(stores: &Stores) {
        for job in Job::each(stores) {
            let ttl = job.ttl().expired(Expired::SeenUntilCleaned);
            let mut opened = job.open::<C>(ttl.refresh(Refresh::OnReadAndWrite));
            opened.write(HERE, 0);

            job.set_time(&mut opened, 50);
            opened.finds(HERE, &[0], "at 50, written at 0");
            job.set_time(&mut opened, 170);
            let found = opened.read(HERE);
            // Else a merge may have cleaned some of it or all.
            if job.has_room() {
                assert_eq!(found, C::found(&[0]), "{}", opened.what);
            }
            opened.finds(HERE, &[], "after a read has cleaned it");
        }
    }
    in_every_context!(check, stores);
}

/// Flink's `testExpirationTimestampOverflow`.
#[expect(clippy::needless_pass_by_value, reason = "made for each check")]
pub fn a_duration_beyond_all_time_never_ends(stores: Stores) {
    fn check<C: Context>(stores: &Stores) {
        for job in Job::each(stores) {
            let mut opened = job.open::<C>(Ttl::new(Duration::MAX).time(job.time));
            job.set_time(&mut opened, 10);
            opened.write(HERE, 0);

            job.set_time(&mut opened, 50);
            opened.finds(HERE, &[0], "at 50");
            job.set_time(&mut opened, i64::MAX);
            opened.finds(HERE, &[0], "at the end of all time");
        }
    }
    in_every_context!(check, stores);
}

/// What a read has met is gone. Event time never goes back.
#[expect(clippy::needless_pass_by_value, reason = "made for each check")]
pub fn a_clock_that_is_set_back_shows_nothing_again(stores: Stores) {
    fn check<C: Context>(stores: &Stores) {
        for job in Job::each(stores) {
            let mut opened = job.open::<C>(job.ttl());
            opened.write(HERE, 0);

            job.set_time(&mut opened, 100);
            opened.finds(HERE, &[], "at 100");
            job.set_time(&mut opened, 50);
            opened.finds(HERE, &[], "at 50 again");
        }
    }
    in_every_context!(check, stores);
}

/// By event time, nothing expires before the first one is told, and what was written before lives from it on.
#[expect(clippy::needless_pass_by_value, reason = "made for each check")]
pub fn what_was_written_before_any_event_time_lives(stores: Stores) {
    fn check<C: Context>(stores: &Stores) {
        for job in Job::each(stores) {
            if job.time == TimeDomain::Processing {
                continue;
            }
            let mut opened = job.open_before_time::<C>(Some(job.ttl()));
            opened.write(HERE, 0);
            job.set_clock(1_000_000);
            opened.finds(HERE, &[0], "before any event time");

            job.set_time(&mut opened, 5000);
            opened.finds(HERE, &[0], "at the first event time");
            job.set_time(&mut opened, 5099);
            opened.finds(HERE, &[0], "99 after it");
            job.set_time(&mut opened, 5100);
            opened.finds(HERE, &[], "100 after it");
        }
    }
    in_every_context!(check, stores);
}

/// Flink's `testMultipleKeys` and `testMultipleNamespaces`.
#[expect(clippy::needless_pass_by_value, reason = "made for each check")]
pub fn keys_and_namespaces_expire_by_themselves(stores: Stores) {
    fn check<C: Context>(stores: &Stores) {
        for job in Job::each(stores) {
            let mut opened = job.open::<C>(job.ttl());
            let places = || (0..30).flat_map(|key| [(key, 1), (key, 2)]);
            let mut written = std::collections::BTreeMap::new();
            for (nth, place) in (0..).zip(places()) {
                let time = i64::from(nth);
                job.set_time(&mut opened, time);
                opened.write(place, nth % 3);
                written.insert(place, (time, nth % 3));
            }

            for now in [99, 100, 130, 159] {
                job.set_time(&mut opened, now);
                for (&place, &(time, version)) in &written {
                    let alive = now < time + 100;
                    let expected = if alive { &[version][..] } else { &[] };
                    opened.finds(place, expected, &format!("{place:?} at {now}"));
                }
            }
        }
    }
    in_every_context!(check, stores);
}
