//! From what a person writes to a `_metadata` and the folder it is in, or to a folder of task-local state.

use std::path::{Path, PathBuf};

use alluvium::storage;

use super::task_local;
use crate::error::{Error, Result};
use crate::files::{Folder, escaped, folder_of};

/// What every snapshot's folder holds.
const METADATA: &str = "_metadata";

/// Entries of a folder that a message lists, at the most.
const LISTED_MAX: usize = 8;

/// What a location means.
#[derive(Debug)]
pub(super) enum Found {
    /// A `_metadata` that was read.
    Metadata {
        folder: Folder,
        /// The file's name in messages.
        name: String,
        bytes: Vec<u8>,
    },
    /// A folder of task-local state.
    TaskLocal(PathBuf),
}

/// Finds what `location` means, and reads it if it is a `_metadata`.
pub(super) fn locate(location: &str) -> Result<Found> {
    if location.is_empty() {
        return Err(Error::invalid(
            "the location is empty; give the folder of a savepoint or checkpoint",
        ));
    }
    match Folder::of(location)? {
        Folder::Local(path) => local(&path),
        Folder::Remote(url) => remote(&url),
    }
}

fn local(path: &Path) -> Result<Found> {
    let failed = |error| Error::io(format!("read {}", path.display()), error);
    let about = std::fs::metadata(path).map_err(failed)?;
    let file = if about.is_dir() {
        match in_directory(path)? {
            Inside::Metadata(file) => file,
            Inside::TaskLocal(directory) => return Ok(Found::TaskLocal(directory)),
        }
    } else {
        path.to_owned()
    };
    let failed = |error| Error::io(format!("read {}", file.display()), error);
    Ok(Found::Metadata {
        bytes: std::fs::read(&file).map_err(failed)?,
        name: file.display().to_string(),
        folder: Folder::Local(folder_of(&file)),
    })
}

enum Inside {
    Metadata(PathBuf),
    TaskLocal(PathBuf),
}

fn in_directory(directory: &Path) -> Result<Inside> {
    let here = directory.join(METADATA);
    if here.is_file() {
        return Ok(Inside::Metadata(here));
    }
    let names = names(directory)?;
    let newest = names.iter().filter_map(|name| {
        let file = directory.join(name).join(METADATA);
        Some((checkpoint_number(name)?, file)).filter(|(_, file)| file.is_file())
    });
    if let Some((_, file)) = newest.max() {
        return Ok(Inside::Metadata(file));
    }
    if task_local::is_one(directory, &names) {
        return Ok(Inside::TaskLocal(directory.to_owned()));
    }
    let newest = names.iter().filter_map(|name| {
        let kept = directory.join(name);
        Some((task_local::checkpoint_number(name)?, kept)).filter(|(_, kept)| kept.is_dir())
    });
    if let Some((_, kept)) = newest.max() {
        return Ok(Inside::TaskLocal(kept));
    }
    Err(nothing(&directory.display().to_string(), &names))
}

pub(super) fn names(directory: &Path) -> Result<Vec<String>> {
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
    let found = |folder: &str, bytes| Found::Metadata {
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
