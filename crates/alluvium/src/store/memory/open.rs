//! Reads a store back from the files of pins.
//!
//! Runs are cut to the rows that count. A file of which nothing was cut off stays the file of its run, under a name of
//! this store; of others only the rows are taken.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::file::{RunFile, name_of, read_run};
use super::slice::Slice;
use super::{Writer, create_directory};
use crate::error::{Error, Result};
use crate::storage::Cancel;
use crate::store::{Part, PlacedFile};

/// The note of a run's file: its age, by which runs are put in order again.
pub(super) fn note(age: u64) -> Vec<u8> {
    age.to_be_bytes().to_vec()
}

/// What was read back.
pub(super) struct Read {
    /// Newest first.
    pub(super) runs: Vec<Slice>,
    pub(super) writer: Writer,
    /// Position of part and file, by the name that the file has now.
    pub(super) origins: BTreeMap<String, (usize, usize)>,
}

/// A run that was read, and where.
struct Found {
    run: Slice,
    path: PathBuf,
    bytes: u64,
    origin: (usize, usize),
}

/// The runs in files that were placed, newest first, and what to give to the next.
///
/// # Errors
/// `Corrupt` when a file is missing, damaged, or has a note that no store gave it; `Invalid` when rows of two parts
/// meet, or there is no part; `Cancelled`.
pub(super) fn open(directory: &Path, parts: &[Part], cancel: &Cancel) -> Result<Read> {
    Part::check(parts)?;
    create_directory(directory)?;
    let mut next_age = 0;
    let mut found = Vec::new();
    for (position, part) in parts.iter().enumerate() {
        for (file, placed) in part.files.iter().enumerate() {
            let age = age_of(&part.directory, placed)?;
            next_age = next_age.max(age.saturating_add(1));
            let path = part.directory.join(&placed.name);
            if let Some((run, bytes)) = read_run(&path, age, cancel)?
                && let Some(run) = Slice::whole(run).within(&part.rows)
            {
                found.push(Found {
                    run,
                    path,
                    bytes,
                    origin: (position, file),
                });
            }
        }
    }
    // Rows of different parts are different ones: only within a part does the order matter.
    found.sort_by(|a, b| {
        (Reverse(a.run.age()), a.run.bounds()).cmp(&(Reverse(b.run.age()), b.run.bounds()))
    });
    check_ages(&found)?;
    let read = take_over(directory, found, next_age)?;
    for part in parts {
        // Its rows are in memory, or its files in their new place.
        if let Err(error) = fs::remove_dir_all(&part.directory) {
            let path = part.directory.display();
            tracing::warn!(%path, %error, "files that were read are left");
        }
    }
    Ok(read)
}

/// Gives the runs their files.
fn take_over(directory: &Path, found: Vec<Found>, next_age: u64) -> Result<Read> {
    let mut writer = Writer {
        next_age,
        next_file: 0,
    };
    let mut origins = BTreeMap::new();
    let mut runs = Vec::with_capacity(found.len());
    for Found {
        run,
        path,
        bytes,
        origin,
    } in found
    {
        if !run.is_whole() {
            runs.push(run);
            continue;
        }
        let name = name_of(writer.next_file);
        writer.next_file += 1;
        let to = directory.join(&name);
        fs::rename(&path, &to)
            .map_err(|cause| Error::io(format!("take over {}", path.display()), cause))?;
        runs.push(run.with_file(RunFile::placed(directory, &name, bytes)));
        origins.insert(name, origin);
    }
    Ok(Read {
        runs,
        writer,
        origins,
    })
}

fn age_of(directory: &Path, file: &PlacedFile) -> Result<u64> {
    if Path::new(&file.name).file_name() != Some(file.name.as_ref()) {
        return Err(Error::corrupt(format!(
            "{:?} is not the name of a file of a store",
            file.name
        )));
    }
    let age: Result<[u8; 8], _> = file.note.as_slice().try_into();
    age.map(u64::from_be_bytes).map_err(|cause| {
        let path = directory.join(&file.name);
        Error::corrupt(format!("the note of {} is not an age", path.display())).with_source(cause)
    })
}

/// Files of several stores may have the same ages, but then not the same rows.
fn check_ages(found: &[Found]) -> Result<()> {
    for pair in found.windows(2) {
        let [one, other] = pair else {
            continue;
        };
        if one.run.age() == other.run.age() && one.run.bounds().1 >= other.run.bounds().0 {
            return Err(Error::corrupt(format!(
                "{} and {} are of the same age and overlap: they are not of one store",
                one.path.display(),
                other.path.display()
            )));
        }
    }
    Ok(())
}
