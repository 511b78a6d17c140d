//! A storage and a progress that tell of every event before it happens.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use alluvium::storage::{Cancel, ObjectInfo, PutOutcome, Storage, Transfer};
use alluvium::{Progress, Result};

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

    fn upload(&self, name: &str, from: &Path, cancel: &Cancel) -> Result<Transfer> {
        (self.event)("upload");
        self.inner.upload(name, from, cancel)
    }

    fn download(&self, name: &str, to: &Path, cancel: &Cancel) -> Result<Transfer> {
        (self.event)("download");
        self.inner.download(name, to, cancel)
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>> {
        (self.event)("get");
        self.inner.get(name)
    }

    fn list(&self, prefix: &str) -> Result<Vec<ObjectInfo>> {
        (self.event)("list");
        self.inner.list(prefix)
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

/// A progress whose files are events.
pub(super) struct Files(pub(super) Event);

impl Progress for Files {
    fn file_done(&self, _done: usize, _of: usize, _bytes: u64) {
        (self.0)("a file is here");
    }
}
