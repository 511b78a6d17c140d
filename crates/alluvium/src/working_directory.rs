//! The directory that a backend's store lives in, on this machine.
//!
//! Invariants: it belongs to one backend at a time; what an earlier run left in it is deleted when
//! it is opened; it is deleted when the backend is dropped. Nothing in it is needed to recover: local
//! copies are kept elsewhere ([`LocalCopies`](crate::LocalCopies)).

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};

#[derive(Debug)]
pub(crate) struct WorkingDirectory {
    path: PathBuf,
    counter: AtomicU64,
}

impl WorkingDirectory {
    /// Takes over `path`, emptied.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let failed =
            |error| Error::io(format!("empty working directory {}", path.display()), error);
        match fs::remove_dir_all(path) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        fs::create_dir_all(path).map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            counter: AtomicU64::new(0),
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A path that nothing has been given yet; it does not exist.
    pub(crate) fn fresh(&self, what: &str) -> PathBuf {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        self.path.join(format!("{what}-{number}"))
    }
}

impl Drop for WorkingDirectory {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "working directory is left behind");
        }
    }
}

/// A directory that is deleted when this is dropped.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// Makes the directory.
    pub(crate) fn create(path: PathBuf) -> Result<Self> {
        fs::create_dir_all(&path)
            .map_err(|error| Error::io(format!("create {}", path.display()), error))?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, path = %self.0.display(), "temporary files are left behind");
        }
    }
}
