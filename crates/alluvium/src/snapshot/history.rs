//! What a backend's snapshots may refer to: the files of the last checkpoint known to be complete.
//!
//! Invariants: only files of a *completed* checkpoint are referred to, never of one that was merely
//! uploaded, whose files may be deleted any moment; completions may come late, twice, out of order or
//! never, and those of unknown ids (savepoints, other attempts') change nothing.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use alluvium_protocol::file::{FileId, FileRef};
use alluvium_protocol::manifest::{CheckpointId, Manifest};

use crate::environment::Random;
use crate::error::{Error, ErrorKind, Result};
use crate::store::PinnedFile;

/// A checkpoint whose files may be referred to.
#[derive(Debug, Default)]
pub(crate) struct Base {
    pub(crate) id: Option<CheckpointId>,
    pub(crate) files: BTreeMap<FileId, FileRef>,
}

impl Base {
    /// Snapshots of one checkpoint.
    pub(crate) fn of(manifests: &[Manifest]) -> Self {
        let files = manifests.iter().flat_map(|manifest| &manifest.files);
        let shared = files.filter(|file| file.shared);
        Self {
            id: manifests.first().map(|manifest| manifest.checkpoint),
            files: shared.map(|file| (file.id, file.clone())).collect(),
        }
    }
}

/// What the task thread and the uploads share.
#[derive(Debug, Default)]
struct Shared {
    /// The identity of each file of the store directory. Names are never reused there.
    names: BTreeMap<String, FileId>,
    /// Uploaded, and neither completed nor aborted yet.
    uploaded: BTreeMap<CheckpointId, Arc<Base>>,
}

#[derive(Debug, Default, Clone)]
pub(crate) struct Uploads {
    shared: Arc<Mutex<Shared>>,
    in_flight: Arc<AtomicUsize>,
}

impl Uploads {
    fn with<R>(&self, act: impl FnOnce(&mut Shared) -> R) -> R {
        // Every change of the maps is a single call: they are whole whatever panicked.
        act(&mut self.shared.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The identities of pinned files, new ones for files not seen before.
    pub(crate) fn identify(
        &self,
        files: &[PinnedFile],
        random: &dyn Random,
    ) -> BTreeMap<String, FileId> {
        self.with(|shared| {
            let identified = files.iter().filter(|file| file.shared).map(|file| {
                let fresh = || FileId::new(random.bits());
                let id = *shared.names.entry(file.name.clone()).or_insert_with(fresh);
                (file.name.clone(), id)
            });
            identified.collect()
        })
    }

    pub(crate) fn record(&self, manifest: &Manifest) {
        let base = Arc::new(Base::of(std::slice::from_ref(manifest)));
        self.with(|shared| shared.uploaded.insert(manifest.checkpoint, base));
    }
}

/// A place among the snapshots in flight, given back when dropped.
#[derive(Debug)]
pub(crate) struct Permit(Arc<AtomicUsize>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The task thread's side.
#[derive(Debug, Default)]
pub(crate) struct History {
    base: Arc<Base>,
    uploads: Uploads,
}

impl History {
    /// A history that begins with restored snapshots of one checkpoint; `names` are those that their files have now.
    pub(crate) fn restored(manifests: &[Manifest], names: BTreeMap<String, FileId>) -> Self {
        let history = Self {
            base: Arc::new(Base::of(manifests)),
            uploads: Uploads::default(),
        };
        history.uploads.with(|shared| shared.names = names);
        history
    }

    pub(crate) fn base(&self) -> Arc<Base> {
        Arc::clone(&self.base)
    }

    pub(crate) fn uploads(&self) -> Uploads {
        self.uploads.clone()
    }

    /// Takes a place for one more snapshot.
    pub(crate) fn permit(&self, snapshots_max: usize) -> Result<Permit> {
        let in_flight = &self.uploads.in_flight;
        if in_flight.fetch_add(1, Ordering::AcqRel) >= snapshots_max {
            in_flight.fetch_sub(1, Ordering::AcqRel);
            return Err(Error::new(
                ErrorKind::Unavailable,
                format!(
                    "{snapshots_max} snapshots are in flight already: wait for one, or raise \
                     snapshots_in_flight_max"
                ),
            ));
        }
        Ok(Permit(Arc::clone(in_flight)))
    }

    /// Returns whether the base changed.
    pub(crate) fn complete(&mut self, id: CheckpointId) -> bool {
        let known = self.uploads.with(|shared| {
            let base = shared.uploaded.remove(&id);
            if base.is_some() {
                // Earlier ones are subsumed: their completion, should it still come, says nothing new.
                shared.uploaded.retain(|other, _| *other > id);
            }
            base
        });
        let Some(base) = known else { return false };
        if self.base.id >= Some(id) {
            return false;
        }
        self.base = base;
        self.forget_dead_names();
        true
    }

    pub(crate) fn abort(&self, id: CheckpointId) {
        self.uploads.with(|shared| shared.uploaded.remove(&id));
    }

    /// Names of files that no known checkpoint has are forgotten. At worst a file that is just being uploaded
    /// gets a second identity, and is uploaded once more.
    fn forget_dead_names(&self) {
        let base = &self.base;
        self.uploads.with(|Shared { names, uploaded }| {
            names.retain(|_, id| {
                base.files.contains_key(id)
                    || uploaded.values().any(|other| other.files.contains_key(id))
            });
        });
    }
}
