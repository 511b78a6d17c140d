//! What a backend's snapshots may refer to: the files of the last checkpoint known to be complete.
//!
//! Invariants: only files of a *completed* checkpoint are referred to, never of one that was merely
//! uploaded, whose files may be deleted any moment; completions may come late, twice, out of order or
//! never, and those of unknown ids (savepoints, other attempts') change nothing; an abort is final, whether it
//! comes before the snapshot is uploaded, meanwhile or afterwards; what is remembered of checkpoints that nobody
//! tells the end of is bounded.
//! That the base is still retained when a checkpoint is committed is for the commit to check.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use alluvium_protocol::file::{FileId, FileRef};
use alluvium_protocol::manifest::{CheckpointId, Manifest};

use crate::environment::Random;
use crate::error::{Error, ErrorKind, Result};
use crate::storage::Cancel;
use crate::store::PinnedFile;

/// Uploaded checkpoints that are remembered until their end is told. More than that are in doubt only if
/// notifications are lost: the oldest is then forgotten, which costs nothing unless just its completion still comes,
/// and then uploads.
const UNCONFIRMED_MAX: usize = 64;

/// Aborted checkpoints that are remembered. An abort matters while its checkpoint may still be uploaded; so many
/// later ones have not been aborted by then.
const ABORTED_MAX: usize = 1024;

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
    /// Names of files of the store that a restore wrote and nobody flushed to the device yet.
    unsynced: BTreeSet<String>,
    /// Uploaded, and neither completed nor aborted yet.
    uploaded: BTreeMap<CheckpointId, Arc<Base>>,
    aborted: BTreeSet<CheckpointId>,
    /// What ends the uploads that are running, by a number of each.
    running: BTreeMap<u64, (CheckpointId, Cancel)>,
    next_running: u64,
}

impl Shared {
    fn abort(&mut self, id: CheckpointId) {
        self.uploaded.remove(&id);
        for (_, cancel) in self.running.values().filter(|(other, _)| *other == id) {
            cancel.cancel();
        }
        self.aborted.insert(id);
        if self.aborted.len() > ABORTED_MAX {
            self.aborted.pop_first();
        }
    }

    fn record(&mut self, id: CheckpointId, base: Base) {
        if self.aborted.contains(&id) {
            return;
        }
        self.uploaded.insert(id, Arc::new(base));
        if self.uploaded.len() > UNCONFIRMED_MAX {
            self.uploaded.pop_first();
        }
    }
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

    /// Notes files of the store, by their names, that are not flushed to the device: a restore does not wait for that.
    pub(crate) fn note_unsynced(&self, names: BTreeSet<String>) {
        self.with(|shared| shared.unsynced = names);
    }

    /// Runs `sync` for a file unless it is known to be flushed to the device. It is known from then on.
    pub(crate) fn sync_once(
        &self,
        name: &str,
        sync: impl FnOnce() -> std::io::Result<()>,
    ) -> std::io::Result<()> {
        if self.with(|shared| shared.unsynced.contains(name)) {
            sync()?;
            self.with(|shared| shared.unsynced.remove(name));
        }
        Ok(())
    }

    /// The begin of an upload, which ends when `cancel` is set or its checkpoint is aborted.
    pub(crate) fn begin(&self, id: CheckpointId, cancel: &Cancel) -> Result<Running> {
        let cancel = cancel.child();
        let number = self.with(|shared| {
            if shared.aborted.contains(&id) {
                return None;
            }
            let number = shared.next_running;
            shared.next_running += 1;
            shared.running.insert(number, (id, cancel.clone()));
            Some(number)
        });
        let Some(number) = number else {
            let what = format!("snapshot {id}, whose checkpoint was aborted");
            return Err(Error::cancelled(what));
        };
        Ok(Running {
            uploads: self.clone(),
            number,
            cancel,
        })
    }

    pub(crate) fn record(&self, manifest: &Manifest) {
        let base = Base::of(std::slice::from_ref(manifest));
        self.with(|shared| shared.record(manifest.checkpoint, base));
    }
}

/// An upload that is running, until dropped.
#[derive(Debug)]
pub(crate) struct Running {
    uploads: Uploads,
    number: u64,
    cancel: Cancel,
}

impl Running {
    /// Set when the upload is to end.
    pub(crate) const fn cancel(&self) -> &Cancel {
        &self.cancel
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.uploads
            .with(|shared| shared.running.remove(&self.number));
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
        self.uploads.with(|shared| shared.abort(id));
    }

    /// Names of files that no known checkpoint has are forgotten. At worst a file that is just being uploaded
    /// gets a second identity, and is uploaded once more.
    fn forget_dead_names(&self) {
        let base = &self.base;
        self.uploads.with(
            |Shared {
                 names, uploaded, ..
             }| {
                names.retain(|_, id| {
                    base.files.contains_key(id)
                        || uploaded.values().any(|other| other.files.contains_key(id))
                });
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> CheckpointId {
        CheckpointId::new(number)
    }

    fn uploaded(history: &History, number: u64) {
        let base = Base {
            id: Some(id(number)),
            ..Base::default()
        };
        let uploads = history.uploads();
        uploads.with(|shared| shared.record(id(number), base));
    }

    fn is_base(history: &History, number: u64) -> bool {
        history.base().id == Some(id(number))
    }

    #[test]
    fn uploads_that_nobody_tells_the_end_of_are_remembered_up_to_a_bound_newest_first() {
        let mut history = History::default();
        for number in 0..1000 {
            uploaded(&history, number);
        }

        let remembered = history.uploads.with(|shared| shared.uploaded.len());

        assert_eq!(remembered, UNCONFIRMED_MAX);
        assert!(!history.complete(id(0)), "it is forgotten");
        assert!(history.complete(id(999)) && is_base(&history, 999));
    }

    #[test]
    fn aborts_are_remembered_up_to_a_bound_newest_first() {
        let history = History::default();
        for number in 0..5000 {
            history.abort(id(number));
        }

        let remembered = history.uploads.with(|shared| shared.aborted.len());

        assert_eq!(remembered, ABORTED_MAX);
        let begun = history.uploads.begin(id(4999), &Cancel::new());
        assert_eq!(begun.unwrap_err().kind(), ErrorKind::Cancelled);
    }

    #[test]
    fn an_upload_that_ends_after_its_abort_is_not_remembered() {
        let mut history = History::default();
        history.abort(id(1));

        uploaded(&history, 1);

        assert!(!history.complete(id(1)) && !is_base(&history, 1));
    }

    #[test]
    fn a_file_that_a_restore_wrote_is_flushed_until_that_succeeds_and_others_never_are() {
        let uploads = Uploads::default();
        uploads.note_unsynced(BTreeSet::from(["restored".to_owned()]));
        let flushes = std::cell::Cell::new(0);
        let flush = |name, result: std::io::Result<()>| {
            uploads.sync_once(name, || {
                flushes.set(flushes.get() + 1);
                result
            })
        };

        let failed = flush("restored", Err(std::io::Error::other("no space")));
        let later = [
            flush("restored", Ok(())),
            flush("restored", Ok(())),
            flush("new", Ok(())),
        ];

        assert!(failed.is_err() && later.iter().all(Result::is_ok));
        assert_eq!(flushes.get(), 2);
    }

    #[test]
    fn an_abort_ends_the_uploads_of_its_own_checkpoint_as_long_as_they_run() {
        let (history, cancel) = (History::default(), Cancel::new());
        let begin = |number| history.uploads.begin(id(number), &cancel).unwrap();
        let (checkpoint, savepoint, other) = (begin(1), begin(1), begin(2));

        history.abort(id(1));

        let ended = [&checkpoint, &savepoint, &other].map(|one| one.cancel().is_cancelled());
        assert_eq!(ended, [true, true, false]);
        assert!(!cancel.is_cancelled(), "it is the caller's");
        drop([checkpoint, savepoint, other]);
        assert!(history.uploads.with(|shared| shared.running.is_empty()));
    }
}
