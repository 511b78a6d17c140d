//! Finds what a command line names: a storage, a job's folder in it, and the cuts recorded there.
//!
//! Reads objects one by one and keeps damage as data (a [`Problem`] names the object), because the
//! commands that use this must still tell what can be read of a damaged location. Writes nothing itself.

mod cut;
mod folder;
mod name;
mod named_cut;

use std::path::Path;
use std::sync::Arc;

use alluvium::storage::{self, Storage};
use anyhow::Result;
use serde::Serialize;

pub(crate) use self::cut::Cut;
pub(crate) use self::folder::Folder;
pub(crate) use self::name::FolderName;
pub(crate) use self::named_cut::NamedCut;
use crate::exit::{Exit, Failure};

/// Something that is not as it should be, and the object it was found in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    /// The object's name, below the storage's root.
    pub(crate) object: String,
    /// What is wrong with it.
    pub(crate) what: String,
}

impl Problem {
    /// The problem as a line.
    pub(crate) fn told(&self) -> String {
        format!("problem: {}: {}", self.object, self.what)
    }
}

/// Opens a storage that will be written to.
///
/// # Errors
/// As [`storage::open`].
pub(crate) fn open_to_write(location: &str) -> Result<Arc<dyn Storage>> {
    Ok(storage::open(location)?)
}

/// Opens a storage that is only read. A local directory is not made if it is missing.
///
/// # Errors
/// `Unreachable` when a local directory does not exist, and as [`storage::open`].
pub(crate) fn open_to_read(location: &str) -> Result<Arc<dyn Storage>> {
    let path = location.strip_prefix("file://").unwrap_or(location);
    if !path.contains("://") && !Path::new(path).is_dir() {
        return Err(Failure::ending(
            Exit::Unreachable,
            format!(
                "{location} is not a directory; name the --checkpoint-dir of a job, or a savepoint's folder"
            ),
        ));
    }
    Ok(storage::open(location)?)
}
