//! Downloads into files: streamed, checked while they move, complete or absent.
//!
//! Bytes go to a temporary sibling of the target, which is renamed at the end, and removed
//! after an error or a cancel. A crash can leave a `*.download` behind; whoever owns the directory
//! sweeps it. At most two batches of [`BATCH_BYTES`] (and what the provider sends in one piece) are in
//! memory: one being written, one on its way.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::{Stream, StreamExt};
use object_store::{Error as StoreError, GetOptions, GetResult, GetResultPayload};

use super::ObjectStorage;
use super::failure::failed;
use super::runtime;
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{Cancel, Transfer, Watch};

/// Bytes handed from the runtime to the writing thread at once: enough to hide the hand-over.
const BATCH_BYTES: usize = 1 << 20;

pub(super) fn download(
    storage: &ObjectStorage,
    name: &str,
    to: &Path,
    watch: &dyn Watch,
) -> Result<Transfer> {
    let path = storage.path(name)?;
    let cancel = watch.cancel();
    let download = Download {
        storage,
        operation: storage.naming("download", name),
        watch,
        cancel,
    };
    cancel.check(&download.operation)?;
    let store = Arc::clone(&storage.store);
    let begun = runtime::start(async move { store.get_opts(&path, GetOptions::default()).await })?;
    let Some(found) = begun.wait_unless(cancel)? else {
        begun.abort();
        return Err(Error::cancelled(&download.operation));
    };
    let found = found.map_err(|cause| download.failed(&cause))?;
    download.receive(found, Target::create(to)?)
}

struct Download<'a> {
    storage: &'a ObjectStorage,
    operation: String,
    watch: &'a dyn Watch,
    cancel: &'a Cancel,
}

impl Download<'_> {
    fn receive(&self, found: GetResult, mut target: Target<'_>) -> Result<Transfer> {
        let expected = found.meta.size;
        match found.payload {
            GetResultPayload::File(file, _) => self.copy(file, &mut target)?,
            GetResultPayload::Stream(stream) => self.stream(stream, &mut target)?,
        }
        if target.written.bytes != expected {
            let bytes = target.written.bytes;
            let message = format!(
                "{}: it ended after {bytes} of {expected} bytes",
                self.operation
            );
            return Err(Error::new(ErrorKind::Unavailable, message));
        }
        self.cancel.check(&self.operation)?;
        target.finish()
    }

    /// From a file of this machine: the runtime has no part in it.
    fn copy(&self, mut from: File, target: &mut Target<'_>) -> Result<()> {
        let mut batch = vec![0; BATCH_BYTES];
        loop {
            self.cancel.check(&self.operation)?;
            let read = from
                .read(&mut batch)
                .map_err(|error| Error::io(&self.operation, error))?;
            match batch.get(..read) {
                None | Some([]) => return Ok(()),
                Some(bytes) => self.write(bytes, target)?,
            }
        }
    }

    fn stream<S>(&self, stream: S, target: &mut Target<'_>) -> Result<()>
    where
        S: Stream<Item = Result<Chunk, StoreError>> + Send + Unpin + 'static,
    {
        let mut coming = runtime::start(batch(stream))?;
        loop {
            let Some(batched) = coming.wait_unless(self.cancel)? else {
                coming.abort();
                return Err(Error::cancelled(&self.operation));
            };
            let (bytes, rest) = batched.map_err(|cause| self.failed(&cause))?;
            // The next batch travels while this one is written.
            let next = rest.map(|rest| runtime::start(batch(rest))).transpose()?;
            if let Err(error) = self.write(&bytes, target) {
                next.inspect(runtime::Pending::abort);
                return Err(error);
            }
            match next {
                Some(next) => coming = next,
                None => return Ok(()),
            }
        }
    }

    fn write(&self, bytes: &[u8], target: &mut Target<'_>) -> Result<()> {
        let before = target.written.bytes;
        target.write(bytes)?;
        self.watch.moved(target.written.bytes - before);
        Ok(())
    }

    fn failed(&self, cause: &StoreError) -> Error {
        failed(self.operation.clone(), cause, &self.storage.secrets)
    }
}

/// What the object store sends in one piece.
type Chunk = <object_store::PutPayload as IntoIterator>::Item;

/// Collects at least [`BATCH_BYTES`]; hands the stream back unless it ended.
async fn batch<S>(mut stream: S) -> Result<(Vec<u8>, Option<S>), StoreError>
where
    S: Stream<Item = Result<Chunk, StoreError>> + Send + Unpin,
{
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.next().await.transpose()? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() >= BATCH_BYTES {
            return Ok((bytes, Some(stream)));
        }
    }
    Ok((bytes, None))
}

/// The temporary file. Removed when dropped, unless it was finished.
struct Target<'a> {
    to: &'a Path,
    temporary: PathBuf,
    file: File,
    written: Transfer,
    finished: bool,
}

impl<'a> Target<'a> {
    fn create(to: &'a Path) -> Result<Self> {
        static DOWNLOADS: AtomicU64 = AtomicU64::new(0);
        let Some(file_name) = to.file_name() else {
            return Err(Error::invalid(format!(
                "download to {}: not a file name",
                to.display()
            )));
        };
        let mut temporary = file_name.to_owned();
        let count = DOWNLOADS.fetch_add(1, Ordering::Relaxed);
        temporary.push(format!(".{}-{count}.download", std::process::id()));
        let temporary = to.with_file_name(temporary);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&temporary);
        let file =
            file.map_err(|error| Error::io(format!("create {}", temporary.display()), error))?;
        let written = Transfer {
            bytes: 0,
            crc32c: 0,
        };
        Ok(Self {
            to,
            temporary,
            file,
            written,
            finished: false,
        })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let wrote = self.file.write_all(bytes);
        wrote.map_err(|error| Error::io(format!("write {}", self.temporary.display()), error))?;
        // `usize` is at most 64 bits wide on every target of this crate.
        self.written.bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.written.crc32c = crc32c::crc32c_append(self.written.crc32c, bytes);
        Ok(())
    }

    fn finish(mut self) -> Result<Transfer> {
        let renamed = fs::rename(&self.temporary, self.to);
        renamed.map_err(|error| Error::io(format!("finish {}", self.to.display()), error))?;
        self.finished = true;
        Ok(self.written)
    }
}

impl Drop for Target<'_> {
    fn drop(&mut self) {
        if !self.finished
            && let Err(error) = fs::remove_file(&self.temporary)
        {
            tracing::warn!(file = %self.temporary.display(), %error, "a part of a download was left");
        }
    }
}
