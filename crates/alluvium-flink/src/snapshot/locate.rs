//! From what a person writes to a `_metadata` and the folder it is in.

use std::path::{Path, PathBuf};

use alluvium::storage;

use crate::error::{Error, Result};
use crate::files::{Folder, escaped, folder_of};

/// What every snapshot's folder holds.
const METADATA: &str = "_metadata";

/// Entries of a folder that a message lists, at the most.
const LISTED_MAX: usize = 8;

/// A `_metadata` that was read.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) folder: Folder,
    /// The file's name in messages.
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// Finds and reads the `_metadata` that `location` means.
pub(super) fn locate(location: &str) -> Result<Found> {
    match Folder::of(location)? {
        Folder::Local(path) => local(&path),
        Folder::Remote(url) => remote(&url),
    }
}

fn local(path: &Path) -> Result<Found> {
    let failed = |error| Error::io(format!("read {}", path.display()), error);
    let about = std::fs::metadata(path).map_err(failed)?;
    let file = if about.is_dir() {
        in_directory(path)?
    } else {
        path.to_owned()
    };
    let failed = |error| Error::io(format!("read {}", file.display()), error);
    Ok(Found {
        bytes: std::fs::read(&file).map_err(failed)?,
        name: file.display().to_string(),
        folder: Folder::Local(folder_of(&file)),
    })
}

fn in_directory(directory: &Path) -> Result<PathBuf> {
    let here = directory.join(METADATA);
    if here.is_file() {
        return Ok(here);
    }
    let names = names(directory)?;
    let newest = names.iter().filter_map(|name| {
        let file = directory.join(name).join(METADATA);
        Some((checkpoint_number(name)?, file)).filter(|(_, file)| file.is_file())
    });
    if let Some((_, file)) = newest.max() {
        return Ok(file);
    }
    Err(nothing(&directory.display().to_string(), &names))
}

fn names(directory: &Path) -> Result<Vec<String>> {
    let failed = |error| Error::io(format!("list {}", directory.display()), error);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        names.push(name.to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn remote(url: &str) -> Result<Found> {
    let folder = url.strip_suffix("/_metadata").unwrap_or(url);
    let client = storage::open(&escaped(folder))?;
    let found = |folder: &str, bytes| Found {
        name: format!("{folder}/{METADATA}"),
        folder: Folder::Remote(folder.to_owned()),
        bytes,
    };
    if let Some(bytes) = client.get(METADATA)? {
        return Ok(found(folder, bytes));
    }
    let objects = client.list("")?;
    let newest = objects.iter().filter_map(|object| {
        let name = object.name.strip_suffix("/_metadata")?;
        Some((checkpoint_number(name)?, name))
    });
    if let Some((_, name)) = newest.max()
        && let Some(bytes) = client.get(&format!("{name}/{METADATA}"))?
    {
        return Ok(found(&format!("{folder}/{name}"), bytes));
    }
    let mut names: Vec<String> = objects
        .iter()
        .filter_map(|object| object.name.split('/').next().map(str::to_owned))
        .collect();
    names.dedup();
    Err(nothing(folder, &names))
}

/// The number of the checkpoint in a folder `chk-17`.
fn checkpoint_number(name: &str) -> Option<u64> {
    name.strip_prefix("chk-")?.parse().ok()
}

fn nothing(location: &str, names: &[String]) -> Error {
    let listed = names.iter().take(LISTED_MAX).cloned().collect::<Vec<_>>();
    let there = match names.len() {
        0 => "it is empty".to_owned(),
        all if all > LISTED_MAX => format!("it holds {} and more", listed.join(", ")),
        _ => format!("it holds {}", listed.join(", ")),
    };
    Error::invalid(format!(
        "{location} has neither a {METADATA} nor a folder chk-… with one; {there}: name the folder of a savepoint, of a checkpoint, \
         or of a job's checkpoints"
    ))
}
