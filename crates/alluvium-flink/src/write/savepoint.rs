//! The folder of a savepoint while it is written.
//!
//! Invariant: a folder with a `_metadata` is complete. State files come first, `_metadata` appears last and whole, by renaming it; a savepoint
//! that is given up takes its files with it. A process that is killed leaves files without `_metadata`, which nothing takes
//! for a savepoint.

use std::fs::{self, File};
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};

use alluvium::storage::Cancel;
use alluvium_protocol::key_group::KeyGroupRange;

use super::keyed_file::KeyedFile;
use crate::error::{Error, Result};
use crate::files::Source;
use crate::keyed::KeyedMeta;
use crate::metadata::{Metadata, StreamHandle};

const METADATA: &str = "_metadata";

/// What `_metadata` is called until all of it is there.
const UNFINISHED: &str = "_metadata.unfinished";

/// Bytes that are copied at a time.
const COPY_BYTES: u64 = 1 << 20;

/// A savepoint that is being written; dropped unfinished, it is gone.
#[derive(Debug)]
pub struct Savepoint {
    folder: PathBuf,
    /// Whether the folder was not there before.
    made: bool,
    files: Vec<PathBuf>,
}

impl Savepoint {
    /// Begins a savepoint in a folder that is not there yet, or is empty.
    ///
    /// # Errors
    /// `Invalid` when there is something in it; `Unavailable` when it cannot be made.
    pub fn create(folder: &Path) -> Result<Self> {
        let failed = |error| Error::io(format!("make the folder {}", folder.display()), error);
        let made = match fs::read_dir(folder) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    return Err(Error::invalid(format!(
                        "{} is not empty: a savepoint has a folder of its own",
                        folder.display()
                    )));
                }
                false
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                fs::create_dir_all(folder).map_err(failed)?;
                true
            }
            Err(error) => return Err(failed(error)),
        };
        Ok(Self {
            folder: folder.to_owned(),
            made,
            files: Vec::new(),
        })
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Begins the file `name` with the keyed state of a subtask.
    ///
    /// # Errors
    /// `Invalid` when the savepoint has a file of this name; `Unavailable` when it cannot be written.
    pub fn keyed(
        &mut self,
        name: &str,
        meta: &KeyedMeta,
        range: KeyGroupRange,
    ) -> Result<KeyedFile> {
        let file = self.file(name)?;
        KeyedFile::begin(file, name.to_owned(), meta, range)
    }

    /// Copies a stream into the file `name`. `cancel` is looked at for each MiB.
    ///
    /// # Errors
    /// As [`Self::keyed`]; `Cancelled`; what reading the stream returns.
    pub(crate) fn copy(
        &mut self,
        name: &str,
        mut stream: Source,
        cancel: &Cancel,
    ) -> Result<StreamHandle> {
        let mut file = self.file(name)?;
        let failed = |error| Error::io(format!("copy into {name} of the savepoint"), error);
        let mut bytes = 0;
        loop {
            cancel.check("copy files of the snapshot")?;
            let mut part = (&mut stream).take(COPY_BYTES);
            match std::io::copy(&mut part, &mut file).map_err(failed)? {
                0 => break,
                copied => bytes += copied,
            }
        }
        file.sync_all().map_err(failed)?;
        Ok(StreamHandle::Relative {
            path: name.to_owned(),
            length: Some(bytes),
        })
    }

    /// A new file of the savepoint.
    pub(crate) fn file(&mut self, name: &str) -> Result<File> {
        let path = self.folder.join(name);
        let file = File::create_new(&path).map_err(|error| {
            let kind = error.kind();
            let told = Error::io(format!("make {}", path.display()), error);
            match kind {
                std::io::ErrorKind::AlreadyExists => {
                    Error::invalid(format!("{name} is in the savepoint already")).with_source(told)
                }
                _ => told,
            }
        })?;
        self.files.push(path);
        Ok(file)
    }

    /// Writes `_metadata`, with which the savepoint is there. Returns the bytes of all its files.
    ///
    /// # Errors
    /// As [`Metadata::write`]; `Unavailable` when it cannot be written. The savepoint is gone then.
    pub fn finish(mut self, metadata: &Metadata) -> Result<u64> {
        let content = metadata.write()?;
        let mut file = self.file(UNFINISHED)?;
        let unfinished = self.folder.join(UNFINISHED);
        let whole = self.folder.join(METADATA);
        let failed = |error| Error::io(format!("write {}", whole.display()), error);
        file.write_all(&content).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        let folder = File::open(&self.folder).map_err(failed)?;
        // State files are there before the name that says so.
        folder.sync_all().map_err(failed)?;
        let mut bytes = 0;
        for file in &self.files {
            bytes += fs::metadata(file).map_err(failed)?.len();
        }
        fs::rename(&unfinished, &whole).map_err(failed)?;
        self.files.push(whole.clone());
        folder.sync_all().map_err(failed)?;
        self.files.clear();
        self.made = false;
        Ok(bytes)
    }
}

impl Drop for Savepoint {
    /// Takes back what was written. What cannot be deleted stays, without `_metadata`.
    fn drop(&mut self) {
        for file in self.files.iter().rev() {
            drop(fs::remove_file(file));
        }
        if self.made {
            drop(fs::remove_dir(&self.folder));
        }
    }
}
