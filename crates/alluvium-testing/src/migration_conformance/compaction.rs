//! Values that get their newest form when the store writes their rows again, without being read or written.

#![expect(
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    reason = "a case fails with any error that it does not expect, and panics where the store does not conform"
)]

use std::sync::Arc;

use alluvium::ErrorKind;
use alluvium::Result;
use alluvium::codec::{Codec, Evolving, Versioned};
use alluvium::protocol::chunk::Elements;
use alluvium::protocol::manifest::SnapshotKind;
use alluvium::protocol::versioned::split_version;
use alluvium::store::StoreFactory;
use serde::{Deserialize, Serialize};

use super::life::{Job, refused};
use super::types::{Late, Minutes, Named, Positional, Reasoned, late, list, map, value};
use crate::rewriting::{Rewrites, RewritingFactory};

type Factory = Arc<dyn StoreFactory>;

/// Keys of a state.
const KEYS: u32 = 40;

fn job(factory: Factory) -> Result<(Job, Rewrites)> {
    let factory = RewritingFactory::new(factory, 0);
    let rewrites = factory.rewrites();
    Ok((Job::new(Arc::new(factory))?, rewrites))
}

/// Which versions the stored values tell, of a state that is alone.
fn versions(rewrites: &Rewrites, is_list: bool) -> Result<Vec<u32>> {
    let mut versions = Vec::new();
    for (_, value) in rewrites.rows()? {
        if !is_list {
            versions.push(split_version(&value)?.0);
            continue;
        }
        for element in Elements::new(&value) {
            versions.push(split_version(element?)?.0);
        }
    }
    versions.sort_unstable();
    versions.dedup();
    Ok(versions)
}

/// The last checkpoint still reads with the program that wrote it, the next one not.
pub fn values_are_upgraded_when_their_rows_are_written_again(factory: Factory) -> Result<()> {
    let (mut job, rewrites) = job(factory)?;
    job.live(|backend| {
        let minutes = backend.register(value::<Minutes, Positional>())?;
        for key in 0..KEYS {
            backend.key(&key)?.value(minutes).set(&Minutes(1))?;
        }
        Ok(())
    })?;
    let before = job.checkpoint();
    job.live(|backend| {
        rewrites.rewrite_all()?;
        assert_eq!(versions(&rewrites, false)?, [1], "nobody said how");
        let last = backend.register(value::<Late, Positional>())?;
        rewrites.rewrite_all()?;
        assert_eq!(versions(&rewrites, false)?, [3]);
        for key in 0..KEYS {
            let found = backend.key(&key)?.value(last).get()?;
            assert_eq!(found, Some(late(60, "unknown")), "key {key}");
        }
        Ok(())
    })?;
    assert_eq!(job.older("value"), [Some(1)]);
    let after = job.checkpoint();
    job.go_back_to(before);
    job.live(|backend| {
        let minutes = backend.register(value::<Minutes, Positional>())?;
        for key in 0..KEYS {
            let found = backend.key(&key)?.value(minutes).get()?;
            assert_eq!(found, Some(Minutes(1)), "key {key}");
        }
        Ok(())
    })?;
    job.go_back_to(after);
    let mut backend = job.open::<u32>(0, 1)?;
    refused(
        backend.register(value::<Minutes, Positional>()),
        ErrorKind::Incompatible,
    );
    Ok(())
}

/// Each by itself, whatever version the others have.
pub fn elements_and_entries_are_upgraded_one_by_one(factory: Factory) -> Result<()> {
    let (mut lists, of_lists) = job(Arc::clone(&factory))?;
    lists.live(|backend| {
        let minutes = backend.register(list::<Minutes, Positional>())?;
        let elements = [Minutes(1), Minutes(2)];
        backend.key(&1_u32)?.list(minutes).extend(elements)
    })?;
    lists.live(|backend| {
        let last = backend.register(list::<Late, Positional>())?;
        backend.key(&1_u32)?.list(last).push(&late(7, "ice"))
    })?;
    lists.live(|backend| {
        let last = backend.register(list::<Late, Positional>())?;
        of_lists.rewrite_all()?;
        assert_eq!(versions(&of_lists, true)?, [3]);
        let found = backend.key(&1_u32)?.list(last).get()?;
        let all = [late(60, "unknown"), late(120, "unknown"), late(7, "ice")];
        assert_eq!(found, all);
        Ok(())
    })?;

    let (mut maps, of_maps) = job(factory)?;
    maps.live(|backend| {
        let minutes = backend.register(map::<Minutes, Named>())?;
        let entries = [(&1_u8, &Minutes(1)), (&2_u8, &Minutes(2))];
        backend.key(&1_u32)?.map(minutes).extend(entries)
    })?;
    maps.live(|backend| {
        let last = backend.register(map::<Late, Named>())?;
        of_maps.rewrite_all()?;
        assert_eq!(versions(&of_maps, false)?, [3]);
        let found = backend.key(&1_u32)?.map(last).entries()?;
        assert_eq!(found, [(1, late(60, "unknown")), (2, late(120, "unknown"))]);
        Ok(())
    })
}

/// The snapshot's schema has no newer form than it had when it was prepared, whenever its files are pinned.
pub fn a_snapshot_from_before_a_registration_keeps_its_forms(factory: Factory) -> Result<()> {
    let (mut job, rewrites) = job(factory)?;
    job.live(|backend| {
        let minutes = backend.register(value::<Minutes, Positional>())?;
        backend.key(&1_u32)?.value(minutes).set(&Minutes(1))
    })?;
    for kind in [SnapshotKind::Full, SnapshotKind::Savepoint] {
        let mut backend = job.open::<u32>(0, 1)?;
        let before = job.prepare(&mut backend, kind)?;
        backend.register(value::<Late, Positional>())?;
        rewrites.rewrite_all()?;
        assert_eq!(versions(&rewrites, false)?, [1], "it may not be pinned yet");
        let before = job.upload(before)?;
        rewrites.rewrite_all()?;
        assert_eq!(versions(&rewrites, false)?, [3], "nothing is held any more");
        drop(backend);

        job.go_back_to(vec![before]);
        job.live(|backend| {
            let minutes = backend.register(value::<Minutes, Positional>())?;
            let found = backend.key(&1_u32)?.value(minutes).get()?;
            assert_eq!(found, Some(Minutes(1)));
            Ok(())
        })?;
    }
    Ok(())
}

/// Version 2, which has no place for some values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Positive(u16);

impl Evolving for Positive {
    const VERSION: u32 = 2;
    type Before = Minutes;

    fn upgrade(Minutes(minutes): Minutes) -> Result<Self> {
        let positive = u16::try_from(minutes);
        positive.map(Self).map_err(|error| {
            alluvium::Error::new(ErrorKind::Incompatible, "less than nothing").with_source(error)
        })
    }
}

/// Others in the same store are upgraded.
pub fn a_value_that_cannot_be_upgraded_stays_for_the_next_read_to_tell(
    factory: Factory,
) -> Result<()> {
    let (mut job, rewrites) = job(factory)?;
    job.live(|backend| {
        let minutes = backend.register(value::<Minutes, Positional>())?;
        backend.key(&1_u32)?.value(minutes).set(&Minutes(-1))?;
        backend.key(&2_u32)?.value(minutes).set(&Minutes(2))
    })?;
    job.live(|backend| {
        let positive = backend.register(value::<Positive, Positional>())?;
        rewrites.rewrite_all()?;
        assert_eq!(versions(&rewrites, false)?, [1, 2]);
        let found = backend.key(&1_u32)?.value(positive).get();
        let told = refused(found, ErrorKind::Incompatible);
        assert!(told.contains("less than nothing"), "{told}");
        let found = backend.key(&2_u32)?.value(positive).get()?;
        assert_eq!(found, Some(Positive(2)));
        Ok(())
    })
}

/// What a migration writes looks like a value of an older version, by its first byte, to who knew the state before.
pub fn a_migration_that_ends_versions_is_not_upgraded(factory: Factory) -> Result<()> {
    let (mut job, rewrites) = job(factory)?;
    job.live(|backend| {
        let minutes = backend.register(value::<Minutes, Positional>())?;
        backend.key(&1_u32)?.value(minutes).set(&Minutes(1))
    })?;
    job.live(|backend| {
        backend.register(value::<Reasoned, Positional>())?;
        let bare = alluvium::ValueState::<(u8, u8)>::new("value");
        // Version 1 of two bytes, if these were values of versions.
        let new = |_| Ok((1, 4));
        let bare = backend.migrate(value::<Reasoned, Positional>(), bare, new)?;
        rewrites.rewrite_all()?;
        assert_eq!(backend.key(&1_u32)?.value(bare).get()?, Some((1, 4)));
        let stored = rewrites.rows()?;
        assert!(
            stored.iter().all(|(_, value)| value == &[1, 4]),
            "{stored:?}"
        );
        Ok(())
    })
}

/// The store gives a value the bytes that the program would write.
pub fn an_upgraded_value_is_what_a_read_and_a_write_would_make(factory: Factory) -> Result<()> {
    let (mut job, rewrites) = job(factory)?;
    job.live(|backend| {
        let minutes = backend.register(value::<Minutes, Named>())?;
        backend.key(&1_u32)?.value(minutes).set(&Minutes(5))
    })?;
    job.live(|backend| {
        backend.register(value::<Late, Named>())?;
        rewrites.rewrite_all()?;
        let mut written = Vec::new();
        <Versioned<alluvium::codec::MsgPackNamed> as Codec<Late>>::encode(
            &late(300, "unknown"),
            &mut written,
        )?;
        let stored: Vec<_> = rewrites
            .rows()?
            .into_iter()
            .map(|(_, value)| value)
            .collect();
        assert_eq!(stored, [written]);
        Ok(())
    })
}
