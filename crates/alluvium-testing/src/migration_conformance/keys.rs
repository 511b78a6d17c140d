//! Keys, namespaces and map keys: rows are named by them, so they do not change.

#![expect(
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    reason = "a case fails with any error that it does not expect, and panics where the store does not conform"
)]

use std::sync::Arc;

use alluvium::protocol::key_newtype;
use alluvium::store::StoreFactory;
use alluvium::{Backend, ErrorKind, EventTimers, MapState, Result, ValueState};

use super::life::{Job, refused};

type Factory = Arc<dyn StoreFactory>;

const MIGRATE_KEYS: &str = "alluvium savepoint migrate-keys";

/// A number with a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Number(u32);

key_newtype!(Number(u32));

/// The restore itself fails.
pub fn another_key_is_refused_by_the_restore(factory: Factory) -> Result<()> {
    let mut job = Job::new(factory)?;
    job.live(|_| Ok(()))?;
    let why = refused(job.open::<u64>(0, 1).map(drop), ErrorKind::Incompatible);
    for part in ["the stream's key", "u32 was stored", MIGRATE_KEYS] {
        assert!(why.contains(part), "{part} is not in {why}");
    }
    job.live(|_| Ok(()))
}

/// A window that became wider is another namespace.
pub fn another_namespace_is_refused(factory: Factory) -> Result<()> {
    const HOURS: ValueState<u8> = ValueState::new("seen");
    let mut job = Job::new(factory)?;
    job.live(|backend| {
        let seen = backend.register(HOURS.namespaced::<u32>())?;
        backend.key(&1_u32)?.within(&5_u32).value(seen).set(&1)
    })?;
    job.live(|backend| {
        for other in [
            backend.register(HOURS.namespaced::<u64>()).map(drop),
            backend.register(HOURS).map(drop),
        ] {
            let why = refused(other, ErrorKind::Incompatible);
            for part in ["state `seen`", "namespace: u32 was stored", MIGRATE_KEYS] {
                assert!(why.contains(part), "{part} is not in {why}");
            }
        }
        let seen = backend.register(HOURS.namespaced::<u32>())?;
        assert_eq!(
            backend.key(&1_u32)?.within(&5_u32).value(seen).get()?,
            Some(1)
        );
        Ok(())
    })
}

/// Entries are ordered by it.
pub fn another_map_key_is_refused(factory: Factory) -> Result<()> {
    let mut job = Job::new(factory)?;
    job.live(|backend| backend.register(MapState::<u8, u8>::new("seen")).map(drop))?;
    job.live(|backend| {
        let other = backend.register(MapState::<i8, u8>::new("seen"));
        let why = refused(other, ErrorKind::Incompatible);
        assert!(
            why.contains("map key: u8 was stored, i8 is declared"),
            "{why}"
        );
        Ok(())
    })
}

/// Timers are rows without values, named by time, key and namespace.
pub fn timers_in_another_namespace_are_refused(factory: Factory) -> Result<()> {
    const TIMERS: EventTimers = EventTimers::new("timers");
    let mut job = Job::new(factory)?;
    job.live(|backend| {
        let timers = backend.register(TIMERS.namespaced::<u8>())?;
        backend
            .key(&1_u32)?
            .within(&2_u8)
            .timers(timers)
            .register(10)
    })?;
    job.live(|backend| {
        let other = backend.register(TIMERS.namespaced::<u16>());
        let why = refused(other, ErrorKind::Incompatible);
        assert!(why.contains("namespace: u8 was stored"), "{why}");
        let timers = backend.register(TIMERS.namespaced::<u8>())?;
        let due = backend.due(timers, 10)?;
        assert_eq!(due.map(|timer| (timer.key, timer.namespace)), Some((1, 2)));
        Ok(())
    })
}

/// What counts is how they are written.
pub fn keys_and_namespaces_of_renamed_types_are_the_same(factory: Factory) -> Result<()> {
    const SEEN: ValueState<u8> = ValueState::new("seen");
    let mut job = Job::new(factory)?;
    job.live(|backend| {
        let seen = backend.register(SEEN.namespaced::<u32>())?;
        backend.key(&1_u32)?.within(&5_u32).value(seen).set(&1)
    })?;
    let mut backend: Backend<Number> = job.open(0, 1)?;
    let seen = backend.register(SEEN.namespaced::<Number>())?;
    let mut one = backend.key(&Number(1))?;
    assert_eq!(one.within(&Number(5)).value(seen).get()?, Some(1));
    Ok(())
}
