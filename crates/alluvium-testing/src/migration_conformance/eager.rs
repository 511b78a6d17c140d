//! Migrations of all values at once, on request.

#![expect(
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    reason = "a case fails with any error that it does not expect, and panics where the store does not conform"
)]

use std::sync::Arc;

use alluvium::codec::{MsgPackNamed, Postcard};
use alluvium::store::StoreFactory;
use alluvium::{AggregatingState, Error, ErrorKind, ReducingState, Result, ValueState};

use super::life::{Job, refused};
use super::types::{
    Forgetful, Late, Minutes, Positional, Reasoned, SumOfMinutes, SumOfSeconds, late, list, map,
    reasoned, value,
};

type Factory = Arc<dyn StoreFactory>;

fn seconds(Minutes(minutes): Minutes) -> Result<Reasoned> {
    Ok(reasoned(i64::from(minutes) * 60, "migrated"))
}

/// Values, list elements, map values, reduced values and accumulators.
pub fn every_kind_of_state_is_migrated(factory: Factory) -> Result<()> {
    const OLD_MOST: ReducingState<Minutes> = ReducingState::new("most", |one, _| one.clone());
    const NEW_MOST: ReducingState<Reasoned> = ReducingState::new("most", |one, _| one.clone());
    const OLD_SUM: AggregatingState<SumOfMinutes> = AggregatingState::new("sum");
    const NEW_SUM: AggregatingState<SumOfSeconds> = AggregatingState::new("sum");
    let mut job = Job::new(factory)?;
    job.live(|backend| {
        let single = backend.register(value::<Minutes, Postcard>())?;
        let listed = backend.register(list::<Minutes, Postcard>())?;
        let mapped = backend.register(map::<Minutes, Postcard>())?;
        let (most, sum) = (backend.register(OLD_MOST)?, backend.register(OLD_SUM)?);
        for key in 0..10_u32 {
            let mut scope = backend.key(&key)?;
            scope.value(single).set(&Minutes(1))?;
            scope.list(listed).extend([Minutes(2), Minutes(3)])?;
            scope
                .map(mapped)
                .extend([(&4_u8, &Minutes(4)), (&5_u8, &Minutes(5))])?;
            scope.reducing(most).add(Minutes(6))?;
            scope.aggregating(sum).add(&7)?;
        }
        Ok(())
    })?;
    // The second time there is nothing to migrate.
    for _ in 0..2 {
        job.live(|backend| {
            let single =
                backend.migrate(value::<_, Postcard>(), value::<_, Postcard>(), seconds)?;
            let listed = backend.migrate(list::<_, Postcard>(), list::<_, Postcard>(), seconds)?;
            let mapped = backend.migrate(map::<_, Postcard>(), map::<_, Postcard>(), seconds)?;
            let most = backend.migrate(OLD_MOST, NEW_MOST, seconds)?;
            let sum = backend.migrate(OLD_SUM, NEW_SUM, seconds)?;
            let of = |minutes: i64| reasoned(minutes * 60, "migrated");
            for key in 0..10_u32 {
                let mut scope = backend.key(&key)?;
                assert_eq!(scope.value(single).get()?, Some(of(1)));
                assert_eq!(scope.list(listed).get()?, [of(2), of(3)]);
                assert_eq!(scope.map(mapped).entries()?, [(4, of(4)), (5, of(5))]);
                assert_eq!(scope.reducing(most).get()?, Some(of(6)));
                assert_eq!(scope.aggregating(sum).get()?, Some(7 * 60));
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// From a positional codec to names, and from values that do not tell their version to some that do.
pub fn a_migration_changes_the_codec_and_begins_versions(factory: Factory) -> Result<()> {
    let mut job = Job::new(factory)?;
    job.live(|backend| {
        let minutes = backend.register(value::<Minutes, Postcard>())?;
        backend.key(&1_u32)?.value(minutes).set(&Minutes(1))
    })?;
    job.live(|backend| {
        let named = backend.migrate(value::<_, Postcard>(), value::<_, MsgPackNamed>(), seconds)?;
        let found = backend.key(&1_u32)?.value(named).get()?;
        assert_eq!(found, Some(reasoned(60, "migrated")));
        Ok(())
    })?;
    job.live(|backend| {
        let old = value::<Reasoned, MsgPackNamed>();
        backend
            .migrate(old, value::<Reasoned, Positional>(), Ok)
            .map(drop)
    })?;
    job.live(|backend| {
        let last = backend.register(value::<Late, Positional>())?;
        let found = backend.key(&1_u32)?.value(last).get()?;
        assert_eq!(found, Some(late(60, "migrated")));
        Ok(())
    })
}

/// A program may keep the call, and restart from what it has migrated.
pub fn a_migrated_state_is_not_migrated_again(factory: Factory) -> Result<()> {
    const CELSIUS: ValueState<f64> = ValueState::new("temperature");
    const FAHRENHEIT: ValueState<f64> = ValueState::new("temperature").version(2);
    let mut job = Job::new(factory)?;
    job.live(|backend| {
        let celsius = backend.register(CELSIUS)?;
        backend.key(&1_u32)?.value(celsius).set(&100.0)
    })?;
    for _ in 0..3 {
        job.live(|backend| {
            let warm = backend.migrate(CELSIUS, FAHRENHEIT, |celsius| Ok(celsius * 1.8 + 32.0))?;
            assert_eq!(backend.key(&1_u32)?.value(warm).get()?, Some(212.0));
            Ok(())
        })?;
    }
    job.live(|backend| {
        let unmarked = backend.migrate(FAHRENHEIT, FAHRENHEIT, Ok);
        let why = refused(unmarked, ErrorKind::Invalid);
        assert!(why.contains("`.version(3)`"), "{why}");
        Ok(())
    })
}

/// Of a new job, for instance.
pub fn a_migration_of_a_state_without_values_declares_it(factory: Factory) -> Result<()> {
    let mut job = Job::new(factory)?;
    job.live(|backend| {
        let new = backend.migrate(value::<_, Postcard>(), value::<_, Postcard>(), seconds)?;
        backend.key(&1_u32)?.value(new).set(&reasoned(1, "fog"))
    })?;
    assert!(job.older("value").is_empty());
    Ok(())
}

/// Also what no checkpoint has, and what was read before.
pub fn a_migration_sees_what_was_written_just_now(factory: Factory) -> Result<()> {
    let mut job = Job::new(factory)?;
    job.live(|backend| {
        let listed = backend.register(list::<Minutes, Postcard>())?;
        let mapped = backend.register(map::<Minutes, Postcard>())?;
        backend.key(&1_u32)?.list(listed).push(&Minutes(1))?;
        backend.key(&1_u32)?.map(mapped).insert(&1_u8, &Minutes(1))
    })?;
    job.live(|backend| {
        let listed = backend.register(list::<Minutes, Postcard>())?;
        let mapped = backend.register(map::<Minutes, Postcard>())?;
        let mut scope = backend.key(&1_u32)?;
        assert_eq!(scope.list(listed).get()?, [Minutes(1)]);
        scope.list(listed).push(&Minutes(2))?;
        assert_eq!(scope.map(mapped).get(&1_u8)?, Some(Minutes(1)));
        scope.map(mapped).insert(&2_u8, &Minutes(2))?;
        let listed = backend.migrate(list::<_, Postcard>(), list::<_, Postcard>(), seconds)?;
        let mapped = backend.migrate(map::<_, Postcard>(), map::<_, Postcard>(), seconds)?;
        let of = |minutes: i64| reasoned(minutes * 60, "migrated");
        let mut scope = backend.key(&1_u32)?;
        scope.list(listed).push(&of(3))?;
        assert_eq!(scope.list(listed).get()?, [of(1), of(2), of(3)]);
        assert_eq!(scope.map(mapped).entries()?, [(1, of(1)), (2, of(2))]);
        Ok(())
    })
}

/// Nothing is half migrated: the old types go on, and so does the job.
pub fn a_migration_that_fails_on_one_value_changes_nothing(factory: Factory) -> Result<()> {
    let mut job = Job::new(factory)?;
    job.live(|backend| {
        let listed = backend.register(list::<Minutes, Postcard>())?;
        for key in 0..50_u32 {
            let element = Minutes(i16::try_from(key).unwrap_or_default());
            backend.key(&key)?.list(listed).push(&element)?;
        }
        Ok(())
    })?;
    job.live(|backend| {
        let migrated = backend.migrate(list::<_, Postcard>(), list::<_, Postcard>(), |old| {
            if old == Minutes(31) {
                return Err(Error::invalid("nobody is 31 minutes late"));
            }
            seconds(old)
        });
        let why = refused(migrated, ErrorKind::Invalid);
        for part in ["migrate state \"list\"", "nobody is 31 minutes late"] {
            assert!(why.contains(part), "{part} is not in {why}");
        }
        Ok(())
    })?;
    job.live(|backend| {
        let listed = backend.register(list::<Minutes, Postcard>())?;
        for key in 0..50_u32 {
            let element = Minutes(i16::try_from(key).unwrap_or_default());
            assert_eq!(backend.key(&key)?.list(listed).get()?, [element]);
        }
        Ok(())
    })
}

/// Memory is bounded: the state is many times what the write buffer may have.
pub fn a_state_beyond_the_budget_is_migrated(factory: Factory) -> Result<()> {
    const BUDGET_BYTES: usize = 64 << 10;
    const OLD: ValueState<String> = ValueState::new("texts");
    const NEW: ValueState<(u32, String)> = ValueState::new("texts");
    let text = |key: u32| key.to_string().repeat(100);
    let keys = || 0..2_000_u32;
    let mut job = Job::new(factory)?.memory_budget_bytes(BUDGET_BYTES);
    job.live(|backend| {
        let texts = backend.register(OLD)?;
        keys().try_for_each(|key| backend.key(&key)?.value(texts).set(&text(key)))
    })?;
    job.live(|backend| {
        let texts = backend.migrate(OLD, NEW, |text| {
            let length = u32::try_from(text.len()).unwrap_or_default();
            Ok((length, text))
        })?;
        let buffered = backend.metrics().buffer_bytes;
        assert!(buffered <= BUDGET_BYTES, "{buffered}");
        for key in keys() {
            let found = backend.key(&key)?.value(texts).get()?;
            let length = u32::try_from(text(key).len()).unwrap_or_default();
            assert_eq!(found, Some((length, text(key))));
        }
        Ok(())
    })
}

/// After it no value has an older version, and the chain of types may begin later.
pub fn a_program_may_forget_versions_after_a_rewrite(factory: Factory) -> Result<()> {
    let mut job = Job::new(factory)?;
    job.live(|backend| {
        let minutes = backend.register(map::<Minutes, Positional>())?;
        backend.key(&1_u32)?.map(minutes).insert(&1_u8, &Minutes(1))
    })?;
    job.live(|backend| {
        let last = backend.register(map::<Late, Positional>())?;
        backend
            .key(&1_u32)?
            .map(last)
            .insert(&2_u8, &late(7, "fog"))?;
        backend.rewrite(last)
    })?;
    assert!(job.older("map").is_empty());
    job.live(|backend| {
        let forgetful = backend.register(map::<Forgetful, Positional>())?;
        let found = backend.key(&1_u32)?.map(forgetful).values()?;
        let seconds: Vec<_> = found.iter().map(|late| late.seconds).collect();
        assert_eq!(seconds, [60, 7]);
        Ok(())
    })
}
