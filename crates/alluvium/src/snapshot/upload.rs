//! Carries out one upload: files, manifest, local copy; or takes back what it did.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use alluvium_protocol::catalog::names::SavepointObject;
use alluvium_protocol::catalog::{ManifestRef, names};
use alluvium_protocol::file::{FileId, FileRef};
use alluvium_protocol::manifest::SnapshotKind;
use alluvium_protocol::plan::snapshot::{FilePlan, PinnedFacts, plan_snapshot};

use super::{PreparedSnapshot, SnapshotHandle, SnapshotTarget, Stored};
use crate::buffer::flusher::PinnedStore;
use crate::error::Result;
use crate::storage::{Cancel, Storage};
use crate::transfer::progress::Tally;
use crate::transfer::retry::Retry;
use crate::transfer::{Progress, Task, object, run_all};

/// What a snapshot cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SnapshotReport {
    /// Bytes uploaded, the manifest included.
    pub bytes_new: u64,
    /// Bytes of files of earlier checkpoints that it refers to.
    pub bytes_referred: u64,
    /// Files uploaded.
    pub files_new: usize,
    /// Files of earlier checkpoints that it refers to.
    pub files_referred: usize,
    /// How long the task thread was held up.
    pub freeze: Duration,
    /// From the freeze until the files were pinned.
    pub flush: Duration,
    /// From then until the manifest was written.
    pub upload: Duration,
}

/// One upload in progress.
pub(super) struct Upload<'a> {
    pub(super) snapshot: PreparedSnapshot,
    pub(super) target: &'a SnapshotTarget,
    pub(super) cancel: &'a Cancel,
    tally: Arc<Tally>,
    /// Objects that exist because of this upload, for taking it back.
    written: Arc<Mutex<Vec<String>>>,
}

impl<'a> Upload<'a> {
    pub(super) fn new(
        snapshot: PreparedSnapshot,
        target: &'a SnapshotTarget,
        cancel: &'a Cancel,
        progress: &'a Arc<dyn Progress>,
    ) -> Self {
        let tally = Tally::new(progress, &snapshot.environment.clock);
        Self {
            snapshot,
            target,
            cancel,
            tally,
            written: Arc::default(),
        }
    }

    pub(super) fn run(mut self, pinned: PinnedStore) -> Result<SnapshotHandle> {
        let handle = self.store(pinned);
        if handle.is_err() {
            self.take_back();
        }
        handle
    }

    fn store(&mut self, pinned: PinnedStore) -> Result<SnapshotHandle> {
        let clock = Arc::clone(&self.snapshot.environment.clock);
        let began = clock.monotonic();
        let flush = pinned.flush;
        let is_savepoint = self.snapshot.manifest.kind == SnapshotKind::Savepoint;
        let stored = if is_savepoint {
            self.store_rows(pinned)?
        } else {
            self.store_files(pinned)?
        };

        let manifest = &mut self.snapshot.manifest;
        manifest.attempt = self.target.attempt;
        manifest.files.clone_from(&stored.files);
        let bytes = manifest.encode();
        let name_in_root = if is_savepoint {
            SavepointObject::Manifest {
                attempt: manifest.attempt,
                subtask: manifest.subtask,
            }
            .to_string()
        } else {
            names::manifest(manifest.checkpoint, manifest.attempt, manifest.subtask)
        };
        // The manifest goes last: until it exists the files are garbage, not a snapshot.
        self.cancel
            .check(format_args!("snapshot {}", manifest.checkpoint))?;
        let name = format!("{}/{name_in_root}", self.target.root);
        self.written
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(name.clone());
        let reference = ManifestRef {
            object: name_in_root,
            bytes: bytes.len() as u64,
            crc32c: crc32c::crc32c(&bytes),
            subtask: manifest.subtask,
            range: manifest.range,
        };
        object::put(
            &self.target.storage,
            &name,
            bytes,
            &*self.snapshot.environment.spawn,
            &self.snapshot.retry,
            self.cancel,
        )?;
        let report = self.report(&stored, reference.bytes, flush, clock.monotonic() - began);
        if !is_savepoint {
            self.keep_local_copy(&stored);
            self.snapshot.uploads.record(&self.snapshot.manifest);
        }
        Ok(SnapshotHandle {
            manifest: reference,
            base: self.snapshot.manifest.base,
            report,
        })
    }

    fn report(
        &self,
        stored: &Stored,
        manifest_bytes: u64,
        flush: Duration,
        upload: Duration,
    ) -> SnapshotReport {
        let freeze = self.snapshot.freeze;
        let mut report = SnapshotReport {
            freeze,
            flush,
            upload,
            ..SnapshotReport::default()
        };
        report.bytes_new = manifest_bytes;
        for (file, uploaded) in stored.files.iter().zip(&stored.uploaded) {
            if *uploaded {
                report.bytes_new += file.bytes;
                report.files_new += 1;
            } else {
                report.bytes_referred += file.bytes;
                report.files_referred += 1;
            }
        }
        report
    }

    /// Uploads the store's own files, or refers to the base's.
    fn store_files(&self, pinned: PinnedStore) -> Result<Stored> {
        let PreparedSnapshot {
            manifest,
            base,
            uploads,
            environment,
            ..
        } = &self.snapshot;
        let random = &*environment.random;
        let files = pinned.pinned.files();
        let known = uploads.identify(files, random);
        let facts: Vec<_> = files
            .iter()
            .map(|file| PinnedFacts {
                name: file.name.clone(),
                bytes: file.bytes,
                shared: file.shared,
                bounds: file.bounds.clone(),
                note: file.note.clone(),
            })
            .collect();
        let plan = plan_snapshot(manifest.kind, &facts, &known, &base.files);
        let mut uploaded = Vec::new();
        let mut tasks: Vec<Task<FileRef>> = Vec::new();
        for (file, plan) in files.iter().zip(plan) {
            uploaded.push(matches!(plan, FilePlan::Upload { .. }));
            let (id, shared) = match plan {
                FilePlan::Refer(reference) => {
                    tasks.push(Box::new(move |_| Ok(reference)));
                    continue;
                }
                FilePlan::Upload { id, shared } => {
                    (id.unwrap_or_else(|| FileId::new(random.bits())), shared)
                }
            };
            let object = if shared {
                names::shared(id, random.bits())
            } else {
                names::exclusive(
                    manifest.checkpoint,
                    self.target.attempt,
                    manifest.subtask,
                    id,
                )
            };
            let reference = FileRef {
                id,
                object,
                name: file.name.clone(),
                shared,
                bytes: file.bytes,
                crc32c: 0,
                bounds: file.bounds.clone(),
                note: file.note.clone(),
                uploaded_by: manifest.checkpoint,
            };
            tasks.push(self.upload_task(reference, file.path.clone()));
        }
        let paths = files.iter().map(|file| file.path.clone()).collect();
        let threads = self.snapshot.transfer_threads;
        let files = run_all(&*environment.spawn, threads, tasks, self.cancel)?;
        Ok(Stored {
            files,
            paths,
            uploaded,
            _pinned: pinned,
        })
    }

    /// A task that uploads one file and fills in its checksum. The owner of the progress is told of it.
    fn upload_task(&self, file: FileRef, path: PathBuf) -> Task<FileRef> {
        let uploader = self.uploader();
        uploader.expect(&file);
        Box::new(move |cancel| uploader.upload(file, &path, cancel))
    }

    /// What uploads files one by one, on any thread.
    pub(super) fn uploader(&self) -> Uploader {
        Uploader {
            storage: Arc::clone(&self.target.storage),
            root: self.target.root.clone(),
            retry: self.snapshot.retry.clone(),
            tally: Arc::clone(&self.tally),
            written: Arc::clone(&self.written),
        }
    }

    fn keep_local_copy(&self, stored: &Stored) {
        let Some(local) = &self.snapshot.local else {
            return;
        };
        let paths = stored.paths.iter().map(PathBuf::as_path);
        let files = stored.files.iter().zip(paths);
        let manifest = &self.snapshot.manifest;
        for (file, path) in files.clone() {
            // After a crash of the machine a copy is used unread.
            let flush = || std::fs::File::open(path).and_then(|file| file.sync_all());
            if let Err(error) = self.snapshot.uploads.sync_once(&file.name, flush) {
                let checkpoint = manifest.checkpoint;
                tracing::warn!(%error, path = %path.display(), %checkpoint, "no local copy is kept");
                return;
            }
        }
        local.keep(manifest.checkpoint, manifest.subtask, files);
    }

    fn take_back(&self) {
        for name in self
            .written
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .drain(..)
        {
            if let Err(error) = self.target.storage.delete(&name) {
                tracing::warn!(?error, object = name, "left for the sweep");
            }
        }
    }
}

/// Uploads single files of one snapshot.
#[derive(Debug)]
pub(super) struct Uploader {
    storage: Arc<dyn Storage>,
    root: String,
    retry: Retry,
    tally: Arc<Tally>,
    written: Arc<Mutex<Vec<String>>>,
}

impl Uploader {
    /// The file will be uploaded.
    pub(super) fn expect(&self, file: &FileRef) {
        self.tally.expect_file(file.bytes);
    }

    /// Uploads a file that was expected and fills in the checksum of what was moved.
    pub(super) fn upload(&self, file: FileRef, path: &Path, cancel: &Cancel) -> Result<FileRef> {
        let name = format!("{}/{}", self.root, file.object);
        // Noted before the call: a call that fails may have written the object all the same.
        self.written
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(name.clone());
        let watch = self.tally.watch(cancel);
        let moved = object::upload(&*self.storage, &name, path, &file, &self.retry, &watch)?;
        watch.done(moved.bytes);
        Ok(FileRef {
            crc32c: moved.crc32c,
            ..file
        })
    }
}
