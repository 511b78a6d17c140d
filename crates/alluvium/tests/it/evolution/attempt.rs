//! One change under one codec: written by the old program, read by the new one.

use std::fmt;

use alluvium::codec::Codec;
use alluvium::protocol::row::StateId;
use alluvium::protocol::schema::{Resolution, StateSchema, resolve};
use alluvium::state::State;
use alluvium::{Backend, ErrorKind, ValueState};

use crate::job::Job;

/// What becomes of stored values under a changed program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    AsIs,
    AfterMigration,
    /// By the restore, before anything is read.
    Refused,
    /// By an error of each read.
    RefusedWhenRead,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AsIs => "as is",
            Self::AfterMigration => "after migration",
            Self::Refused => "refused",
            Self::RefusedWhenRead => "refused when read",
        })
    }
}

/// Writes `written` as the old type, restores, and reads as the new one.
///
/// # Panics
/// When a value is read that is not as `expected`, which is the one thing that must never happen; when an error is not
/// of the kind it should be, or does not name the state.
pub(super) fn attempt<Old, New, C, D>(
    change: &str,
    versions: (u32, u32),
    written: &[Old],
    expected: &[New],
) -> Outcome
where
    C: Codec<Old>,
    D: Codec<New>,
    New: fmt::Debug + PartialEq,
{
    let before = ValueState::<Old>::new("latest")
        .codec::<C>()
        .version(versions.0);
    let after = ValueState::<New>::new("latest")
        .codec::<D>()
        .version(versions.1);
    let job = Job::new();
    let handle = {
        let mut backend = Backend::<u32>::open(job.builder(0, 1)).unwrap();
        let latest = backend.register(before).unwrap();
        for (key, value) in (0_u32..).zip(written) {
            backend.key(&key).unwrap().value(latest).set(value).unwrap();
        }
        let id = alluvium::protocol::manifest::CheckpointId::new(1);
        let kind = alluvium::protocol::manifest::SnapshotKind::Incremental;
        job.upload(backend.snapshot(id, kind).unwrap()).unwrap()
    };
    let (mut backend, _) = Backend::<u32>::restore(
        job.builder(0, 1),
        &job.from(&[handle]),
        &alluvium::storage::Cancel::new(),
        &crate::job::nobody(),
    )
    .unwrap();
    let latest = match backend.register(after) {
        Ok(latest) => latest,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Incompatible, "{change}: {error:?}");
            assert!(error.to_string().contains("state `latest`: "), "{error}");
            // Nothing has changed: who wrote it can still read it.
            let latest = backend.register(before).unwrap();
            assert!(backend.key(&0_u32).unwrap().value(latest).get().is_ok());
            return Outcome::Refused;
        }
    };
    let mut refused = 0;
    for (key, expected) in (0_u32..).zip(expected) {
        match backend.key(&key).unwrap().value(latest).get() {
            Ok(found) => assert_eq!(
                found.as_ref(),
                Some(expected),
                "{change}: a wrong value was read without an error"
            ),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Corrupt, "{change}: {error:?}");
                refused += 1;
            }
        }
    }
    if refused > 0 {
        assert_eq!(refused, expected.len(), "{change}: some values are read");
        return Outcome::RefusedWhenRead;
    }
    match resolve(&schema(&before), &schema(&after)) {
        Resolution::AsIs => Outcome::AsIs,
        Resolution::AfterMigration(_) => Outcome::AfterMigration,
        Resolution::Incompatible(why) => panic!("{change}: registered all the same: {why}"),
    }
}

fn schema(state: &impl State) -> StateSchema {
    let declaration = state.declaration();
    StateSchema {
        id: StateId::new(0),
        name: declaration.name,
        kind: declaration.kind,
        namespace: declaration.namespace,
        map_key: declaration.map_key,
        value: declaration.value,
        ttl: declaration.ttl,
    }
}
