//! What a program is refused: nothing has changed then.

#![expect(
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    reason = "a case fails with any error that it does not expect, and panics where the store does not conform"
)]

use std::sync::Arc;

use alluvium::codec::{MsgPackNamed, Postcard};
use alluvium::store::StoreFactory;
use alluvium::{AggregatingState, ErrorKind, ReducingState, Result};

use super::life::{Job, refused};
use super::types::{
    Forgetful, Late, Minutes, Positional, Reasoned, SumOfMinutes, SumOfSeconds, late, list, map,
    reasoned, value,
};

type Factory = Arc<dyn StoreFactory>;

/// No change, no migration.
pub fn the_same_types_are_read_as_they_are(factory: Factory) -> Result<()> {
    let mut job = Job::new(factory)?;
    for life in 0..3 {
        job.live(|backend| {
            let (listed, mapped) = (
                backend.register(list::<Late, Positional>())?,
                backend.register(map::<Reasoned, Postcard>())?,
            );
            let mut scope = backend.key(&1_u32)?;
            assert_eq!(scope.list(listed).get()?.len(), life);
            assert_eq!(scope.map(mapped).keys()?.len(), life);
            scope.list(listed).push(&late(1, "fog"))?;
            let map_key = u8::try_from(life).unwrap_or_default();
            scope.map(mapped).insert(&map_key, &reasoned(1, "fog"))
        })?;
    }
    assert!(job.older("list").is_empty());
    assert!(job.older("map").is_empty());
    Ok(())
}

/// The error names state, field and both types; the old types go on.
pub fn a_refused_declaration_leaves_the_state_as_it_was(factory: Factory) -> Result<()> {
    let mut job = Job::new(factory)?;
    job.live(|backend| {
        let old = backend.register(value::<Reasoned, Postcard>())?;
        backend.key(&1_u32)?.value(old).set(&reasoned(5, "wind"))
    })?;
    job.live(|backend| {
        let why = refused(
            backend.register(value::<Late, Postcard>()),
            ErrorKind::Incompatible,
        );
        for part in ["state `value`", "`seconds`", "Backend::migrate"] {
            assert!(why.contains(part), "{part} is not in {why}");
        }
        let other_codec = backend.register(value::<Reasoned, MsgPackNamed>());
        let why = refused(other_codec, ErrorKind::Incompatible);
        assert!(why.contains("postcard wrote the stored values"), "{why}");
        let old = backend.register(value::<Reasoned, Postcard>())?;
        backend.key(&1_u32)?.value(old).update(|before| {
            assert_eq!(before, Some(reasoned(5, "wind")));
            reasoned(6, "wind")
        })?;
        Ok(())
    })
}

/// The same for every kind of state.
pub fn positional_lists_maps_and_folds_are_refused(factory: Factory) -> Result<()> {
    let mut job = Job::new(factory)?;
    job.live(|backend| {
        let listed = backend.register(list::<Reasoned, Postcard>())?;
        backend.register(map::<Reasoned, Postcard>())?;
        backend.register(AggregatingState::<SumOfSeconds>::new("sum"))?;
        backend.register(ReducingState::<u32>::new("most", |one, other| {
            *one.max(other)
        }))?;
        backend.key(&1_u32)?.list(listed).push(&reasoned(1, "fog"))
    })?;
    job.live(|backend| {
        let kind = ErrorKind::Incompatible;
        refused(backend.register(list::<Late, Postcard>()), kind);
        refused(backend.register(map::<Late, Postcard>()), kind);
        let sum = backend.register(AggregatingState::<SumOfMinutes>::new("sum"));
        let why = refused(sum, kind);
        assert!(why.contains("state `sum`"), "{why}");
        let most = ReducingState::<i32>::new("most", |one, other| *one.max(other));
        refused(backend.register(most), kind);
        Ok(())
    })
}

/// A program that is older than its state.
pub fn a_newer_version_is_refused(factory: Factory) -> Result<()> {
    let mut job = Job::new(factory)?;
    job.live(|backend| backend.register(value::<Late, Positional>()).map(drop))?;
    job.live(|backend| {
        let older = backend.register(value::<Reasoned, Positional>());
        let why = refused(older, ErrorKind::Incompatible);
        assert!(
            why.contains("version 3") && why.contains("none above 2"),
            "{why}"
        );
        Ok(())
    })
}

/// Some values may still be of a version that a program does not know any more.
pub fn a_version_that_was_forgotten_is_refused(factory: Factory) -> Result<()> {
    let mut job = Job::new(factory)?;
    job.live(|backend| {
        let minutes = backend.register(value::<Minutes, Positional>())?;
        backend.key(&1_u32)?.value(minutes).set(&Minutes(1))
    })?;
    job.live(|backend| backend.register(value::<Late, Positional>()).map(drop))?;
    job.live(|backend| {
        let forgetful = backend.register(value::<Forgetful, Positional>());
        let why = refused(forgetful, ErrorKind::Incompatible);
        assert!(
            why.contains("version 1") && why.contains("Backend::rewrite"),
            "{why}"
        );
        Ok(())
    })
}
