//! Values with field names, which a codec reads by what the program's fields are called.

#![expect(
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    reason = "a case fails with any error that it does not expect, and panics where the store does not conform"
)]

use std::sync::Arc;

use alluvium::codec::MsgPackNamed;
use alluvium::store::StoreFactory;
use alluvium::{ErrorKind, Result};
use serde::{Deserialize, Serialize};

use super::life::{Job, refused};
use super::types::{list, map, value};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Before {
    tail: String,
    delay: i32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct After {
    delay: i64,
    #[serde(default)]
    gate: Option<String>,
}

fn before(delay: i32) -> Before {
    Before {
        tail: "HB-JHA".to_owned(),
        delay,
    }
}

const fn after(delay: i64) -> After {
    After { delay, gate: None }
}

/// A field is dropped, one comes with a default, one is wider and moves.
pub fn named_values_live_with_new_fields(factory: Arc<dyn StoreFactory>) -> Result<()> {
    let mut job = Job::new(factory)?;
    job.live(|backend| {
        let old = backend.register(value::<Before, MsgPackNamed>())?;
        backend.key(&1_u32)?.value(old).set(&before(-4))?;
        backend.key(&2_u32)?.value(old).set(&before(300))
    })?;
    job.live(|backend| {
        let new = backend.register(value::<After, MsgPackNamed>())?;
        assert_eq!(backend.key(&1_u32)?.value(new).get()?, Some(after(-4)));
        backend.key(&1_u32)?.value(new).set(&after(i64::MAX))
    })?;
    assert_eq!(job.older("value"), [None]);
    job.live(|backend| {
        let new = backend.register(value::<After, MsgPackNamed>())?;
        assert_eq!(
            backend.key(&1_u32)?.value(new).get()?,
            Some(after(i64::MAX))
        );
        assert_eq!(backend.key(&2_u32)?.value(new).get()?, Some(after(300)));
        Ok(())
    })
}

/// The same for what lists and maps hold, old and new side by side.
pub fn named_maps_and_lists_live_with_new_fields(factory: Arc<dyn StoreFactory>) -> Result<()> {
    let mut job = Job::new(factory)?;
    job.live(|backend| {
        let listed = backend.register(list::<Before, MsgPackNamed>())?;
        let mapped = backend.register(map::<Before, MsgPackNamed>())?;
        backend.key(&1_u32)?.list(listed).push(&before(1))?;
        backend.key(&1_u32)?.map(mapped).insert(&1_u8, &before(1))
    })?;
    job.live(|backend| {
        let listed = backend.register(list::<After, MsgPackNamed>())?;
        let mapped = backend.register(map::<After, MsgPackNamed>())?;
        backend.key(&1_u32)?.list(listed).push(&after(2))?;
        backend.key(&1_u32)?.map(mapped).insert(&2_u8, &after(2))?;
        assert_eq!(
            backend.key(&1_u32)?.list(listed).get()?,
            [after(1), after(2)]
        );
        let entries = backend.key(&1_u32)?.map(mapped).entries()?;
        assert_eq!(entries, [(1, after(1)), (2, after(2))]);
        Ok(())
    })
}

/// Values that were not written meanwhile would show what they had.
pub fn a_named_field_that_comes_back_is_refused_until_the_state_is_rewritten(
    factory: Arc<dyn StoreFactory>,
) -> Result<()> {
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Again {
        #[serde(default)]
        tail: String,
        delay: i64,
    }

    let mut job = Job::new(factory)?;
    job.live(|backend| {
        let old = backend.register(value::<Before, MsgPackNamed>())?;
        backend.key(&1_u32)?.value(old).set(&before(-4))
    })?;
    job.live(|backend| backend.register(value::<After, MsgPackNamed>()).map(drop))?;
    job.live(|backend| {
        let again = backend.register(value::<Again, MsgPackNamed>());
        let why = refused(again, ErrorKind::Incompatible);
        assert!(why.contains("field `tail` was dropped"), "{why}");
        let new = backend.register(value::<After, MsgPackNamed>())?;
        backend.rewrite(new)
    })?;
    assert!(job.older("value").is_empty());
    job.live(|backend| {
        let again = backend.register(value::<Again, MsgPackNamed>())?;
        let found = backend.key(&1_u32)?.value(again).get()?;
        let tail = String::new();
        assert_eq!(found, Some(Again { tail, delay: -4 }));
        Ok(())
    })
}
