//! Values that tell the version of their type.

#![expect(
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    reason = "a case fails with any error that it does not expect, and panics where the store does not conform"
)]

use std::sync::Arc;

use alluvium::protocol::manifest::SnapshotKind;
use alluvium::store::StoreFactory;
use alluvium::{AggregatingState, Backend, ListState, ReducingState, Result};

use super::life::Job;
use super::types::{
    Late, Minutes, Named, Positional, Reasoned, SumOfMinutes, SumOfSeconds, late, list, map,
    reasoned, value,
};

type Factory = Arc<dyn StoreFactory>;

/// Three programs, each with a version more; values of all three are read by the last.
pub fn values_are_upgraded_through_all_versions(factory: Factory) -> Result<()> {
    let mut job = Job::new(factory)?;
    job.live(|backend| {
        let minutes = backend.register(value::<Minutes, Positional>())?;
        backend.key(&1_u32)?.value(minutes).set(&Minutes(1))?;
        backend.key(&2_u32)?.value(minutes).set(&Minutes(-2))
    })?;
    job.live(|backend| {
        let seconds = backend.register(value::<Reasoned, Positional>())?;
        let first = backend.key(&1_u32)?.value(seconds).update(|before| {
            assert_eq!(before, Minutes(1).upgraded());
            reasoned(90, "wind")
        })?;
        assert_eq!(first.seconds, 90);
        Ok(())
    })?;
    assert_eq!(job.older("value"), [Some(1)]);
    job.live(|backend| {
        let last = backend.register(value::<Late, Positional>())?;
        assert_eq!(
            backend.key(&1_u32)?.value(last).get()?,
            Some(late(90, "wind"))
        );
        assert_eq!(
            backend.key(&2_u32)?.value(last).get()?,
            Some(late(-120, "unknown"))
        );
        Ok(())
    })?;
    assert_eq!(job.older("value"), [Some(1), Some(2)]);
    Ok(())
}

impl Minutes {
    fn upgraded(self) -> Option<Reasoned> {
        alluvium::codec::Evolving::upgrade(self).ok()
    }
}

/// A `get` writes nothing: lives later the value is still of its first version.
pub fn reading_alone_leaves_values_in_their_version(factory: Factory) -> Result<()> {
    let mut job = Job::new(factory)?;
    job.live(|backend| {
        let minutes = backend.register(value::<Minutes, Named>())?;
        backend.key(&1_u32)?.value(minutes).set(&Minutes(5))
    })?;
    for _ in 0..2 {
        job.live(|backend| {
            let last = backend.register(value::<Late, Named>())?;
            let found = backend.key(&1_u32)?.value(last).get()?;
            assert_eq!(found, Some(late(300, "unknown")));
            Ok(())
        })?;
    }
    assert_eq!(job.older("value"), [Some(1)]);
    Ok(())
}

/// Appending to an old list reads nothing, so each element tells its version.
pub fn a_list_holds_elements_of_several_versions(factory: Factory) -> Result<()> {
    let mut job = Job::new(factory)?;
    job.live(|backend| {
        let minutes = backend.register(list::<Minutes, Positional>())?;
        backend
            .key(&1_u32)?
            .list(minutes)
            .extend([Minutes(1), Minutes(2)])
    })?;
    job.live(|backend| {
        let seconds = backend.register(list::<Reasoned, Positional>())?;
        backend.key(&1_u32)?.list(seconds).push(&reasoned(7, "fog"))
    })?;
    job.live(|backend| {
        let last = backend.register(list::<Late, Positional>())?;
        backend.key(&1_u32)?.list(last).push(&late(8, "ice"))?;
        let found = backend.key(&1_u32)?.list(last).get()?;
        let old = [late(60, "unknown"), late(120, "unknown")];
        let new = [late(7, "fog"), late(8, "ice")];
        assert_eq!(found, [old, new].concat());
        Ok(())
    })
}

/// Each entry of a map tells its own version.
pub fn a_map_holds_values_of_several_versions(factory: Factory) -> Result<()> {
    let mut job = Job::new(factory)?;
    job.live(|backend| {
        let minutes = backend.register(map::<Minutes, Named>())?;
        let entries = [
            (&1_u8, &Minutes(1)),
            (&2_u8, &Minutes(2)),
            (&3_u8, &Minutes(3)),
        ];
        backend.key(&1_u32)?.map(minutes).extend(entries)
    })?;
    job.live(|backend| {
        let seconds = backend.register(map::<Reasoned, Named>())?;
        backend
            .key(&1_u32)?
            .map(seconds)
            .insert(&2_u8, &reasoned(7, "fog"))?;
        backend.key(&1_u32)?.map(seconds).remove(&3_u8)
    })?;
    job.live(|backend| {
        let last = backend.register(map::<Late, Named>())?;
        let found = backend.key(&1_u32)?.map(last).entries()?;
        assert_eq!(found, [(1, late(60, "unknown")), (2, late(7, "fog"))]);
        Ok(())
    })
}

/// Reduced values and accumulators are upgraded when something is added.
pub fn accumulators_are_upgraded_before_they_grow(factory: Factory) -> Result<()> {
    const OLD_SUM: AggregatingState<SumOfMinutes, (), Positional> =
        AggregatingState::new("sum").codec();
    const NEW_SUM: AggregatingState<SumOfSeconds, (), Positional> =
        AggregatingState::new("sum").codec();
    const OLD_MOST: ReducingState<Minutes, (), Positional> =
        ReducingState::new("most", |one: &Minutes, other: &Minutes| {
            Minutes(one.0.max(other.0))
        })
        .codec();
    const NEW_MOST: ReducingState<Reasoned, (), Positional> =
        ReducingState::new("most", |one: &Reasoned, other: &Reasoned| {
            if one.seconds >= other.seconds {
                one.clone()
            } else {
                other.clone()
            }
        })
        .codec();
    let mut job = Job::new(factory)?;
    job.live(|backend| {
        let (sum, most) = (backend.register(OLD_SUM)?, backend.register(OLD_MOST)?);
        backend.key(&1_u32)?.aggregating(sum).add(&2)?;
        backend
            .key(&1_u32)?
            .reducing(most)
            .add(Minutes(2))
            .map(drop)
    })?;
    job.live(|backend| {
        let (sum, most) = (backend.register(NEW_SUM)?, backend.register(NEW_MOST)?);
        backend.key(&1_u32)?.aggregating(sum).add(&5)?;
        assert_eq!(backend.key(&1_u32)?.aggregating(sum).get()?, Some(125));
        let found = backend
            .key(&1_u32)?
            .reducing(most)
            .add(reasoned(7, "fog"))?;
        assert_eq!(Some(found), Minutes(2).upgraded());
        Ok(())
    })
}

/// Lists are merged without being decoded.
pub fn merged_namespaces_keep_the_versions_of_their_elements(factory: Factory) -> Result<()> {
    const OLD: ListState<Minutes, u8, Positional> = ListState::new("windows")
        .codec::<Positional>()
        .namespaced::<u8>();
    const NEW: ListState<Late, u8, Positional> = ListState::new("windows")
        .codec::<Positional>()
        .namespaced::<u8>();
    let mut job = Job::new(factory)?;
    job.live(|backend| {
        let windows = backend.register(OLD)?;
        backend
            .key(&1_u32)?
            .within(&1_u8)
            .list(windows)
            .push(&Minutes(1))
    })?;
    job.live(|backend| {
        let windows = backend.register(NEW)?;
        backend
            .key(&1_u32)?
            .within(&2_u8)
            .list(windows)
            .push(&late(7, "fog"))?;
        backend.key(&1_u32)?.merge_namespaces(windows, &2, &[1])?;
        let merged = backend.key(&1_u32)?.within(&2_u8).list(windows).get()?;
        assert_eq!(merged, [late(7, "fog"), late(60, "unknown")]);
        Ok(())
    })
}

/// What a program does not declare goes into its checkpoints as it was.
pub fn a_state_that_was_not_declared_keeps_its_versions(factory: Factory) -> Result<()> {
    let mut job = Job::new(factory)?;
    job.live(|backend| {
        let minutes = backend.register(value::<Minutes, Positional>())?;
        backend.key(&1_u32)?.value(minutes).set(&Minutes(5))
    })?;
    job.live(|backend| backend.register(value::<Reasoned, Positional>()).map(drop))?;
    job.live(|_| Ok(()))?;
    assert_eq!(job.older("value"), [Some(1)]);
    job.live(|backend| {
        let last = backend.register(value::<Late, Positional>())?;
        let found = backend.key(&1_u32)?.value(last).get()?;
        assert_eq!(found, Some(late(300, "unknown")));
        Ok(())
    })
}

/// One subtask has declared the new version and one has not when the job is scaled in, by a savepoint and by a checkpoint.
pub fn savepoints_and_rescales_keep_versions(factory: Factory) -> Result<()> {
    let keys = || 0..40_u32;
    let of_mine = |backend: &mut Backend<u32>, key: u32| backend.key(&key).is_ok();
    let again = Arc::clone(&factory);
    for (kind, factory) in [
        (SnapshotKind::Incremental, factory),
        (SnapshotKind::Savepoint, again),
    ] {
        let mut job = Job::new(factory)?;
        job.live(|backend| {
            let minutes = backend.register(value::<Minutes, Positional>())?;
            for key in keys() {
                backend.key(&key)?.value(minutes).set(&Minutes(1))?;
            }
            Ok(())
        })?;
        let mut first = true;
        job.live_as(kind, 2, |backend| {
            if !std::mem::take(&mut first) {
                return Ok(());
            }
            let seconds = backend.register(value::<Reasoned, Positional>())?;
            for key in keys().step_by(2) {
                if of_mine(backend, key) {
                    backend.key(&key)?.value(seconds).set(&reasoned(7, "fog"))?;
                }
            }
            Ok(())
        })?;
        job.live(|backend| {
            let last = backend.register(value::<Late, Positional>())?;
            let mut rewritten = 0;
            for key in keys() {
                let found = backend.key(&key)?.value(last).get()?;
                if found == Some(late(7, "fog")) {
                    rewritten += 1;
                } else {
                    assert_eq!(found, Some(late(60, "unknown")), "key {key}");
                }
            }
            assert!((1..20).contains(&rewritten), "{rewritten}");
            Ok(())
        })?;
    }
    Ok(())
}
