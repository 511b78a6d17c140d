//! A storage and a progress that tell of every event before it happens.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use alluvium::storage::{ObjectInfo, PutOutcome, Storage, Transfer, Watch};
use alluvium::{Progress, Result, TransferProgress};

/// Told what is about to happen. Called from several threads.
pub(super) type Event = Arc<dyn Fn(&str) + Send + Sync>;

/// A storage whose operations are events.
pub(super) struct Watched {
    pub(super) inner: Arc<dyn Storage>,
    pub(super) event: Event,
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watched").field(&self.inner).finish()
    }
}

impl Storage for Watched {
    fn location(&self) -> String {
        self.inner.location()
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<()> {
        (self.event)("put");
        self.inner.put(name, bytes)
    }

    fn put_if_absent(&self, name: &str, bytes: &[u8]) -> Result<PutOutcome> {
        (self.event)("put if absent");
        self.inner.put_if_absent(name, bytes)
    }

    fn upload(&self, name: &str, from: &Path, watch: &dyn Watch) -> Result<Transfer> {
        (self.event)("upload");
        self.inner.upload(name, from, watch)
    }

    fn download(&self, name: &str, to: &Path, watch: &dyn Watch) -> Result<Transfer> {
        (self.event)("download");
        self.inner.download(name, to, watch)
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>> {
        (self.event)("get");
        self.inner.get(name)
    }

    fn list(&self, prefix: &str) -> Result<Vec<ObjectInfo>> {
        (self.event)("list");
        self.inner.list(prefix)
    }

    fn unfinished(&self, prefix: &str) -> Result<Vec<ObjectInfo>> {
        (self.event)("unfinished");
        self.inner.unfinished(prefix)
    }

    fn copy(&self, from: &str, to: &str) -> Result<()> {
        (self.event)("copy");
        self.inner.copy(from, to)
    }

    fn delete(&self, name: &str) -> Result<()> {
        (self.event)("delete");
        self.inner.delete(name)
    }
}

/// A progress whose parts and files are events.
pub(super) struct Files(pub(super) Event);

impl Progress for Files {
    fn moved(&self, _progress: &TransferProgress) {
        (self.0)("a part of a file is here");
    }
}
