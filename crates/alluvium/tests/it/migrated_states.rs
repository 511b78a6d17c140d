//! What a program holds on to when its states are migrated, and what a migration that fails leaves.

#![cfg(test)]

use std::time::Duration;

use alluvium::codec::{Codec, MsgPackNamed};
use alluvium::protocol::manifest::{CheckpointId, SnapshotKind};
use alluvium::state::Ttl;
use alluvium::storage::Cancel;
use alluvium::{Backend, Error, ErrorKind, Result, ValueState};
use serde::{Deserialize, Serialize};

use crate::job::{Job, nobody};

const MINUTES: ValueState<i32> = ValueState::new("late");
const SECONDS: ValueState<i64> = ValueState::new("late");
const OTHER: ValueState<i32> = ValueState::new("other");

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Before {
    n: u8,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct After {
    n: u16,
}

/// A backend of one key, whose state was written by an earlier life of the job.
fn restored<T, C: Codec<T>>(
    job: &Job,
    state: ValueState<T, (), C>,
    value: &T,
) -> Result<Backend<u32>> {
    let mut backend = Backend::<u32>::open(job.builder(0, 1))?;
    let handle = backend.register(state)?;
    backend.key(&1_u32)?.value(handle).set(value)?;
    let prepared = backend.snapshot(CheckpointId::new(1), SnapshotKind::Incremental)?;
    let snapshot = job.upload(prepared)?;
    drop(backend);
    let from = job.from(&[snapshot]);
    Backend::restore(job.builder(0, 1), &from, &Cancel::new(), &nobody())
        .map(|(backend, _)| backend)
}

#[test]
fn a_migration_into_a_type_that_does_not_come_back_leaves_the_state_as_it_was() -> Result<()> {
    type Nested = Option<Option<u8>>;
    const OLD: ValueState<Nested> = ValueState::new("nested");
    const NEW: ValueState<Nested, (), MsgPackNamed> = ValueState::new("nested").codec();
    let job = Job::new();
    let mut backend = restored(&job, OLD, &Some(None))?;

    let error = backend.migrate(OLD, NEW, Ok).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    let old = backend.register(OLD)?;
    assert_eq!(backend.key(&1_u32)?.value(old).get()?, Some(Some(None)));
    Ok(())
}

#[test]
fn a_handle_from_before_a_migration_is_invalid() -> Result<()> {
    let mut backend = Backend::<u32>::open(Job::new().builder(0, 1))?;
    let (minutes, other) = (backend.register(MINUTES)?, backend.register(OTHER)?);
    backend.key(&1_u32)?.value(minutes).set(&2)?;
    backend.key(&1_u32)?.value(other).set(&7)?;

    let seconds = backend.migrate(MINUTES, SECONDS, |minutes| Ok(i64::from(minutes) * 60))?;

    let read = backend.key(&1_u32)?.value(minutes).get().unwrap_err();
    let written = backend.key(&1_u32)?.value(minutes).set(&3).unwrap_err();
    for error in [read, written] {
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        assert!(error.to_string().contains("migrated"), "{error}");
    }
    assert_eq!(
        backend.rewrite(minutes).unwrap_err().kind(),
        ErrorKind::Invalid
    );
    assert_eq!(
        backend.counts(minutes).unwrap_err().kind(),
        ErrorKind::Invalid
    );
    assert_eq!(backend.key(&1_u32)?.value(seconds).get()?, Some(120));
    assert_eq!(backend.key(&1_u32)?.value(other).get()?, Some(7));
    let again = backend.register(SECONDS)?;
    assert_eq!(backend.key(&1_u32)?.value(again).get()?, Some(120));
    Ok(())
}

#[test]
fn a_state_that_is_migrated_twice_is_snapshotted_once() -> Result<()> {
    let job = Job::new();
    let mut backend = restored(&job, MINUTES, &2)?;
    let text = ValueState::<String>::new("late");
    backend.migrate(MINUTES, SECONDS, |minutes| Ok(i64::from(minutes) * 60))?;
    backend.migrate(SECONDS, text, |seconds| Ok(format!("{seconds} s")))?;
    let prepared = backend.snapshot(CheckpointId::new(2), SnapshotKind::Incremental)?;
    let snapshot = job.upload(prepared)?;
    drop(backend);

    let from = job.from(&[snapshot]);
    let (mut backend, _) =
        Backend::<u32>::restore(job.builder(0, 1), &from, &Cancel::new(), &nobody())?;

    let late = backend.register(text)?;
    assert_eq!(
        backend.key(&1_u32)?.value(late).get()?.as_deref(),
        Some("120 s")
    );
    Ok(())
}

#[test]
fn a_handle_survives_a_rewrite() -> Result<()> {
    const BEFORE: ValueState<Before, (), MsgPackNamed> = ValueState::new("one").codec();
    const AFTER: ValueState<After, (), MsgPackNamed> = ValueState::new("one").codec();
    let job = Job::new();
    let mut backend = restored(&job, BEFORE, &Before { n: 3 })?;
    let after = backend.register(AFTER)?;

    backend.rewrite(after)?;

    assert_eq!(
        backend.key(&1_u32)?.value(after).get()?,
        Some(After { n: 3 })
    );
    Ok(())
}

#[test]
fn a_migration_that_fails_leaves_the_lifetimes_of_the_state_as_they_were() -> Result<()> {
    let job = Job::new();
    let mut backend = restored(&job, MINUTES, &2)?;
    let mortal = SECONDS.ttl(Ttl::new(Duration::from_secs(60)));

    let failed = backend.migrate(MINUTES, mortal, |_| Err(Error::invalid("nobody is late")));

    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Invalid);
    let minutes = backend.register(MINUTES)?;
    assert_eq!(backend.key(&1_u32)?.value(minutes).get()?, Some(2));
    Ok(())
}

#[test]
fn a_migration_asks_twice_for_each_value_also_when_the_lifetimes_change() -> Result<()> {
    let job = Job::new();
    let mut backend = restored(&job, MINUTES, &2)?;
    let mut asked = 0;

    let late = backend.migrate(
        MINUTES,
        SECONDS.ttl(Ttl::new(Duration::from_secs(60))),
        |minutes| {
            asked += 1;
            Ok(i64::from(minutes) * 60)
        },
    )?;

    assert_eq!(backend.key(&1_u32)?.value(late).get()?, Some(120));
    assert_eq!(asked, 2);
    Ok(())
}
