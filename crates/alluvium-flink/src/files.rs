//! Where the bytes of a handle are, and reading them.
//!
//! | handle | bytes |
//! |---|---|
//! | inline, empty segment | in the metadata |
//! | relative | a file below the folder of `_metadata`, wherever that is now |
//! | file, segment | a file named by an absolute URI, whose beginning [`Remap`]s may replace |
//!
//! Files of this machine are opened where they are. Others are downloaded into a temporary directory, once each and whole, when they are asked for; the
//! directory is deleted with [`Files`]. So a scan of a remote snapshot needs as much room on disk as the files it reads.
//!
//! Invariants: a file whose length is not what the handle says is an error, not a short read; a relative path does not leave its folder (the
//! metadata refuses it).
//!
//! Does not know what the bytes mean.

mod download;
mod hint;
mod place;
mod remap;
mod source;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use alluvium::storage::Watch;

use crate::error::{Error, ErrorKind, Result};
use crate::metadata::StreamHandle;

pub use place::Folder;
pub use remap::Remap;
pub use source::Source;

pub(crate) use download::escaped;
pub(crate) use place::folder_of;

use download::Downloads;
use place::{Located, Place};
use source::Content;

/// The files of one snapshot. Shared by reference among threads; downloads are one after the other.
#[derive(Debug)]
pub struct Files {
    folder: Folder,
    remaps: Vec<Remap>,
    downloads: Downloads,
}

impl Files {
    /// The files of the snapshot whose `_metadata` is in `folder`. `watch` is told of downloads and can stop them.
    #[must_use]
    pub fn new(folder: Folder, remaps: &[Remap], watch: Arc<dyn Watch>) -> Self {
        Self {
            folder,
            remaps: remaps.to_vec(),
            downloads: Downloads::new(watch),
        }
    }

    /// The folder of `_metadata`.
    #[must_use]
    pub const fn folder(&self) -> &Folder {
        &self.folder
    }

    /// The file of a handle: its absolute name with its beginning replaced as [`Remap`]s say, or its path below the folder of the
    /// snapshot; `None` where the bytes are in the handle.
    #[must_use]
    pub fn place(&self, handle: &StreamHandle) -> Option<String> {
        if let StreamHandle::Relative { path, .. } = handle {
            return Some(path.clone());
        }
        let uri = place::uri(handle)?;
        Some(Remap::apply(&self.remaps, uri).unwrap_or_else(|| uri.to_owned()))
    }

    /// Opens the stream of a handle. `whose` says what it belongs to, for messages: `operator a, subtask 0`.
    ///
    /// # Errors
    /// `Unavailable` when the file is not there or cannot be read: the message names it, `whose`, and what a [`Remap`] would do;
    /// `Corrupt` when its length is not what the handle says; `Invalid` when it is in a kind of storage that is not reached from here;
    /// `Cancelled` when the watch stopped the download.
    pub fn open(&self, handle: &StreamHandle, whose: &str) -> Result<Source> {
        let located = Located::of(handle, &self.folder, &self.remaps)
            .map_err(|error| error.context(format!("find {} of {whose}", handle.name())))?;
        let name: Arc<str> = handle.name().into();
        let path = match &located.place {
            Place::Bytes(bytes) => return Ok(Source::of_bytes(name, Arc::clone(bytes))),
            Place::Local(path) => path.clone(),
            Place::Remote(object) => self.downloads.path(object).map_err(|error| {
                if error.kind() == ErrorKind::Cancelled {
                    return error;
                }
                let told = self.missing(handle, whose, &object.to_string());
                Error::new(error.kind(), told).with_source(error)
            })?,
        };
        let opened = File::open(&path).and_then(|file| Ok((file.metadata()?, file)));
        let (about, file) = opened.map_err(|error| {
            let told = self.missing(handle, whose, &path.display().to_string());
            Error::io(told, error)
        })?;
        if !about.is_file() {
            let told = self.missing(handle, whose, &path.display().to_string());
            return Err(Error::new(ErrorKind::Unavailable, told));
        }
        let (start, length) = located
            .within(about.len())
            .map_err(|fault| Error::corrupt(format!("{name} of {whose}: {fault}")))?;
        let is_whole = (start, length) == (0, about.len());
        let path = is_whole.then(|| path.into());
        Ok(Source::of_file(
            name,
            Content::File { file, path },
            start,
            length,
        ))
    }

    /// That a stream cannot be read from `place`, and what can be done.
    fn missing(&self, handle: &StreamHandle, whose: &str, place: &str) -> String {
        let name = handle.name();
        let at = if place == name {
            String::new()
        } else {
            format!(" at {place}")
        };
        let remedy = match (place::uri(handle), &self.folder) {
            (None, _) => "it belongs into the folder of the snapshot".to_owned(),
            (Some(uri), Folder::Local(folder)) => hint::remedy(uri, folder, &Path::exists),
            (Some(_), Folder::Remote(_)) => hint::GENERAL.to_owned(),
        };
        format!("{name} of {whose} cannot be read{at}: {remedy}")
    }
}
