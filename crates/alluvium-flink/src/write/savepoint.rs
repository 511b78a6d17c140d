//! The folder of a savepoint while it is written.
//!
//! Invariant: a folder with a `_metadata` is complete. State files come first, `_metadata` appears last and whole, by renaming it; a savepoint
//! that is given up takes its files with it. A process that is killed leaves files without `_metadata`, which nothing takes
//! for a savepoint.
//!
//! In an object store (`remote`) it is the same: each file is uploaded once it is complete and deleted here, `_metadata` last.

mod remote;

use std::fs::{self, File};
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use alluvium::storage::{self, Cancel, Storage};
use alluvium_protocol::key_group::KeyGroupRange;

use self::remote::Remote;
use super::keyed_file::KeyedFile;
use crate::error::{Error, Result};
use crate::files::{Folder, Source, escaped};
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
    /// Where files are written.
    folder: PathBuf,
    /// Whether the folder was not there before.
    made: bool,
    /// Files of the folder that go if the savepoint does.
    files: Vec<PathBuf>,
    /// Names of files that were begun and not settled.
    begun: Vec<String>,
    /// Bytes of the settled files.
    bytes: u64,
    remote: Option<Remote>,
}

impl Savepoint {
    /// Begins a savepoint in a folder that is not there yet, or is empty.
    ///
    /// # Errors
    /// `Invalid` when there is something in it, or storage of its kind is not known; `Unavailable` when it cannot be made.
    pub fn create(folder: impl Into<Folder>) -> Result<Self> {
        match folder.into() {
            Folder::Local(folder) => Self::here(folder),
            Folder::Remote(url) => Self::in_storage(storage::open(&escaped(&url))?),
        }
    }

    /// Begins a savepoint in an object store, whose root is its folder.
    pub(super) fn in_storage(storage: Arc<dyn Storage>) -> Result<Self> {
        let remote = Remote::new(storage)?;
        Ok(Self {
            folder: remote.staging().to_owned(),
            made: false,
            files: Vec::new(),
            begun: Vec::new(),
            bytes: 0,
            remote: Some(remote),
        })
    }

    fn here(folder: PathBuf) -> Result<Self> {
        let failed = |error| Error::io(format!("make the folder {}", folder.display()), error);
        let made = match fs::read_dir(&folder) {
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
                fs::create_dir_all(&folder).map_err(failed)?;
                true
            }
            Err(error) => return Err(failed(error)),
        };
        Ok(Self {
            folder,
            made,
            files: Vec::new(),
            begun: Vec::new(),
            bytes: 0,
            remote: None,
        })
    }

    /// The folder on this machine where its files are written.
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
        let (name, file) = self.begin(name)?;
        KeyedFile::begin(file, name, meta, range, self.folder.clone())
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
        let (name, mut file) = self.begin(name)?;
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
        drop(file);
        self.settle(cancel)?;
        Ok(StreamHandle::Relative {
            path: name,
            length: Some(bytes),
        })
    }

    /// That the files that were begun are complete: if they belong elsewhere, they go there.
    ///
    /// # Errors
    /// `Unavailable` when storage or this machine fail; `Cancelled`.
    pub(super) fn settle(&mut self, cancel: &Cancel) -> Result<()> {
        for name in std::mem::take(&mut self.begun) {
            let path = self.folder.join(&name);
            let failed = |error| Error::io(format!("read {}", path.display()), error);
            self.bytes += fs::metadata(&path).map_err(failed)?.len();
            if let Some(remote) = &mut self.remote {
                remote.upload(&name, cancel)?;
            }
        }
        Ok(())
    }

    /// Begins a file of the savepoint; returns the name that it has.
    fn begin(&mut self, name: &str) -> Result<(String, File)> {
        let name = match &self.remote {
            Some(remote) => remote.name(name),
            None => name.to_owned(),
        };
        let file = self.file(&name)?;
        self.begun.push(name.clone());
        Ok((name, file))
    }

    /// A new file in the folder.
    fn file(&mut self, name: &str) -> Result<File> {
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
        self.settle(&Cancel::new())?;
        let content = metadata.write()?;
        let bytes = self.bytes + content.len() as u64;
        match &mut self.remote {
            Some(remote) => remote.commit(&content)?,
            None => self.commit(&content)?,
        }
        Ok(bytes)
    }

    fn commit(&mut self, content: &[u8]) -> Result<()> {
        let mut file = self.file(UNFINISHED)?;
        let unfinished = self.folder.join(UNFINISHED);
        let whole = self.folder.join(METADATA);
        let failed = |error| Error::io(format!("write {}", whole.display()), error);
        file.write_all(content).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        let folder = File::open(&self.folder).map_err(failed)?;
        // State files are there before the name that says so.
        folder.sync_all().map_err(failed)?;
        fs::rename(&unfinished, &whole).map_err(failed)?;
        self.files.push(whole.clone());
        folder.sync_all().map_err(failed)?;
        self.files.clear();
        self.made = false;
        Ok(())
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
