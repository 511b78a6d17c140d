//! Uploads of files: small ones in one put, large ones in parts.
//!
//! Invariants: nobody sees a part of a file; at most [`PARTS_AT_ONCE_MAX`] parts and the one being
//! read are in memory; after an error or a cancel no object is left. What does not end within the
//! storage's patience is cleaned up in the background.
//! The calling thread reads the file and checks it; only sockets are left to the runtime.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use object_store::path::Path as ObjectPath;
use object_store::{
    Error as StoreError, MultipartUpload, ObjectStore, ObjectStoreExt, PutMultipartOptions,
    PutOptions, PutPayload,
};

use super::failure::failed;
use super::runtime::{self, Pending};
use super::{ObjectStorage, Written};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{Cancel, Transfer, Watch};

/// Files up to this size are written by one put: below it, the requests that open and close a
/// multipart upload cost more than its parallelism gains.
const SINGLE_PUT_BYTES_MAX: u64 = 8 << 20;

/// Size of a part: above the 5 MiB that every provider demands, and a cancel is seen between parts.
const PART_BYTES: u64 = 8 << 20;

/// Parts of one file; S3 takes no more, so the parts of very large files are larger.
const PARTS_MAX: u64 = 10_000;

/// Parts of one file in flight. Four fill a link of 1 GB/s at 30 ms a request; each holds its bytes.
const PARTS_AT_ONCE_MAX: usize = 4;

pub(super) fn upload(
    storage: &ObjectStorage,
    name: &str,
    from: &Path,
    watch: &dyn Watch,
) -> Result<Transfer> {
    let cancel = watch.cancel();
    let path = storage.path(name)?;
    let operation = storage.naming("upload", name);
    cancel.check(&operation)?;
    let mut source = Source::open(from)?;
    let upload = Upload {
        storage,
        path,
        operation,
        watch,
        cancel,
    };
    if source.left <= SINGLE_PUT_BYTES_MAX {
        upload.whole(&mut source)?;
    } else {
        upload.in_parts(&mut source)?;
    }
    Ok(source.read)
}

/// A part on its way.
struct Part {
    sent: Pending<Written>,
    length: usize,
}

struct Upload<'a> {
    storage: &'a ObjectStorage,
    path: ObjectPath,
    operation: String,
    watch: &'a dyn Watch,
    cancel: &'a Cancel,
}

impl Upload<'_> {
    fn whole(&self, source: &mut Source<'_>) -> Result<()> {
        let payload = PutPayload::from(source.next(SINGLE_PUT_BYTES_MAX)?);
        self.cancel.check(&self.operation)?;
        let store = Arc::clone(&self.storage.store);
        let path = self.path.clone();
        self.publish(async move {
            store
                .put_opts(&path, payload, PutOptions::default())
                .await
                .map(drop)
        })?;
        self.watch.moved(source.read.bytes);
        Ok(())
    }

    fn in_parts(&self, source: &mut Source<'_>) -> Result<()> {
        let part_bytes = PART_BYTES.max(source.left.div_ceil(PARTS_MAX));
        let mut target = self.begin()?;
        let mut parts = VecDeque::new();
        if let Err(error) = self.send_parts(source, part_bytes, target.as_mut(), &mut parts) {
            self.give_up(target, &parts);
            return Err(error);
        }
        self.publish(async move {
            let completed = target.complete().await.map(drop);
            if completed.is_err() {
                // The first error is the one to report.
                drop(target.abort().await);
            }
            completed
        })
    }

    fn begin(&self) -> Result<Box<dyn MultipartUpload>> {
        let store = Arc::clone(&self.storage.store);
        let path = self.path.clone();
        let cancel = self.cancel.clone();
        let begun = runtime::start(async move {
            let mut target = store
                .put_multipart_opts(&path, PutMultipartOptions::default())
                .await?;
            if !cancel.is_cancelled() {
                return Ok(Some(target));
            }
            drop(target.abort().await);
            Ok(None)
        })?;
        let answer = match begun.wait_unless(self.cancel)? {
            Some(answer) => Some(answer),
            None => begun.wait_for(self.storage.cleanup_patience)?,
        };
        match answer {
            Some(Ok(Some(target))) => Ok(target),
            Some(Ok(None)) | None => Err(Error::cancelled(&self.operation)),
            Some(Err(cause)) => Err(self.failed(&cause)),
        }
    }

    fn send_parts(
        &self,
        source: &mut Source<'_>,
        part_bytes: u64,
        target: &mut dyn MultipartUpload,
        parts: &mut VecDeque<Part>,
    ) -> Result<()> {
        while source.left > 0 {
            self.cancel.check(&self.operation)?;
            let bytes = source.next(part_bytes)?;
            let length = bytes.len();
            let sent = runtime::start(target.put_part(PutPayload::from(bytes)))?;
            parts.push_back(Part { sent, length });
            if parts.len() == PARTS_AT_ONCE_MAX {
                self.finish_oldest(parts)?;
            }
        }
        while !parts.is_empty() {
            self.finish_oldest(parts)?;
        }
        self.cancel.check(&self.operation)
    }

    fn finish_oldest(&self, parts: &mut VecDeque<Part>) -> Result<()> {
        let Some(part) = parts.front() else {
            return Ok(());
        };
        let sent = part.sent.wait_unless(self.cancel)?;
        let sent = sent.ok_or_else(|| Error::cancelled(&self.operation))?;
        // `usize` is at most 64 bits wide on every target of this crate.
        let length = u64::try_from(part.length).unwrap_or(u64::MAX);
        parts.pop_front();
        sent.map_err(|cause| self.broke_off(&cause))?;
        self.watch.moved(length);
        Ok(())
    }

    /// Waits for the step that makes the object visible. A cancel that comes before its answer
    /// deletes the object again; so the step is never stopped half-way, only left behind.
    fn publish<F>(&self, step: F) -> Result<()>
    where
        F: Future<Output = Written> + Send + 'static,
    {
        let store = Arc::clone(&self.storage.store);
        let path = self.path.clone();
        let cancel = self.cancel.clone();
        let published = runtime::start(async move {
            step.await?;
            let wanted = !cancel.is_cancelled();
            if !wanted {
                delete(store.as_ref(), &path).await;
            }
            Ok(wanted)
        })?;
        let answer = match published.wait_unless(self.cancel)? {
            Some(answer) => Some(answer),
            None => published.wait_for(self.storage.cleanup_patience)?,
        };
        match answer {
            Some(Ok(true)) => Ok(()),
            Some(Ok(false)) | None => Err(Error::cancelled(&self.operation)),
            Some(Err(cause)) => Err(self.broke_off(&cause)),
        }
    }

    fn give_up(&self, mut target: Box<dyn MultipartUpload>, parts: &VecDeque<Part>) {
        for part in parts {
            part.sent.abort();
        }
        let aborted = runtime::start(async move { target.abort().await });
        match aborted.and_then(|aborted| aborted.wait_for(self.storage.cleanup_patience)) {
            Ok(Some(Ok(()))) => {}
            Ok(Some(Err(cause))) => {
                let cause = self.storage.secrets.blot(&cause.to_string());
                tracing::warn!(
                    operation = self.operation,
                    cause,
                    "parts of an upload were left"
                );
            }
            Ok(None) => {
                tracing::info!(
                    operation = self.operation,
                    "clearing parts in the background"
                );
            }
            Err(error) => {
                tracing::warn!(
                    operation = self.operation,
                    ?error,
                    "parts of an upload were left"
                );
            }
        }
    }

    fn failed(&self, cause: &StoreError) -> Error {
        failed(self.operation.clone(), cause, &self.storage.secrets)
    }

    /// The error of what was begun. Not found then means that the parts are gone, because the answer to their completion
    /// was lost, or because somebody swept them: another upload may pass.
    fn broke_off(&self, cause: &StoreError) -> Error {
        let failed = self.failed(cause);
        if !matches!(cause, StoreError::NotFound { .. }) {
            return failed;
        }
        let message = format!("{}: what was begun is gone", self.operation);
        Error::new(failed.kind(), message).with_source(failed)
    }
}

async fn delete(store: &dyn ObjectStore, path: &ObjectPath) {
    match store.delete(path).await {
        Ok(()) | Err(StoreError::NotFound { .. }) => {}
        // Its cause may quote the request; the path is enough to find it.
        Err(_) => tracing::warn!(%path, "the object of a cancelled upload was left"),
    }
}

/// A local file that is read once, from its start to the length it had when it was opened.
struct Source<'a> {
    path: &'a Path,
    file: File,
    left: u64,
    read: Transfer,
}

impl<'a> Source<'a> {
    fn open(path: &'a Path) -> Result<Self> {
        let told = |error| Error::io(format!("open {} to upload it", path.display()), error);
        let file = File::open(path).map_err(told)?;
        let left = file.metadata().map_err(told)?.len();
        Ok(Self {
            path,
            file,
            left,
            read: Transfer {
                bytes: 0,
                crc32c: 0,
            },
        })
    }

    /// The next bytes: `bytes_max`, or what is left if that is less.
    fn next(&mut self, bytes_max: u64) -> Result<Vec<u8>> {
        let wanted = self.left.min(bytes_max);
        let mut bytes = Vec::with_capacity(usize::try_from(wanted).unwrap_or(0));
        let took = (&mut self.file).take(wanted).read_to_end(&mut bytes);
        let took =
            took.map_err(|error| Error::io(format!("read {}", self.path.display()), error))?;
        // `usize` is at most 64 bits wide on every target of this crate.
        let took = u64::try_from(took).unwrap_or(u64::MAX);
        if took != wanted {
            let message = format!(
                "read {}: it shrank while it was uploaded",
                self.path.display()
            );
            return Err(Error::new(ErrorKind::Unavailable, message));
        }
        self.left -= took;
        self.read.bytes += took;
        self.read.crc32c = crc32c::crc32c_append(self.read.crc32c, &bytes);
        Ok(bytes)
    }
}
