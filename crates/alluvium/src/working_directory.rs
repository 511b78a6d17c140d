//! The directory that a backend's store lives in, on this machine.
//!
//! ```text
//! <path>/<32 hex digits>/{store,pin,upload,...}-<n>     one folder for each opening
//! ```
//!
//! Invariants: it belongs to one backend at a time; what earlier openings left in it is deleted when it is
//! opened, and nothing else that may be there; the folder of an opening is deleted when the backend and its
//! last snapshot are dropped. No opening touches the folder of a later one: a snapshot that outlives its
//! backend cannot mix its files with those of the next. Nothing here is needed to recover: local copies
//! are kept elsewhere ([`LocalCopies`](crate::LocalCopies)).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use alluvium_protocol::file::FileId;

use crate::environment::Random;
use crate::error::{Error, Result};

#[derive(Debug)]
pub(crate) struct WorkingDirectory {
    /// Shared by all openings.
    parent: PathBuf,
    path: PathBuf,
    counter: AtomicU64,
}

impl WorkingDirectory {
    /// Takes over `parent`: deletes what earlier openings left and makes a folder in it.
    pub(crate) fn open(parent: &Path, random: &dyn Random) -> Result<Self> {
        empty(parent).map_err(|error| {
            Error::io(
                format!("empty working directory {}", parent.display()),
                error,
            )
        })?;
        // Spelled as file ids are: unique for ever, and told from what others call their files.
        let path = parent.join(FileId::new(random.bits()).to_string());
        fs::create_dir_all(&path)
            // An earlier opening that ends now may take the empty parent away.
            .or_else(|_gone| fs::create_dir_all(&path))
            .map_err(|error| Error::io(format!("create {}", path.display()), error))?;
        Ok(Self {
            parent: parent.to_owned(),
            path,
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

/// Deletes the folders of earlier openings.
fn empty(parent: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(parent) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        if name
            .to_str()
            .is_some_and(|name| name.parse::<FileId>().is_ok())
        {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

fn remove(directory: &Path) -> io::Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

impl Drop for WorkingDirectory {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "working directory is left behind");
            return;
        }
        match fs::remove_dir(&self.parent) {
            // Not empty: the next opening is there, or somebody else's files.
            Ok(()) | Err(_) => {}
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
        if let Err(error) = remove(&self.0) {
            tracing::warn!(%error, path = %self.0.display(), "temporary files are left behind");
        }
    }
}
