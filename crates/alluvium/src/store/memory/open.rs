//! Reads a store back from the files of a pin.

use std::cmp::Reverse;
use std::path::Path;

use super::Writer;
use super::file::{RunFile, number_of, read_run};
use super::slice::Slice;
use crate::error::{Error, Result};
use crate::store::PlacedFile;

/// The note of a run's file: its age, by which runs are put in order again.
pub(super) fn note(age: u64) -> Vec<u8> {
    age.to_be_bytes().to_vec()
}

/// The runs in files that were placed in `directory`, newest first, and what to give to the next.
///
/// # Errors
/// `Corrupt` when a file is missing, damaged, or has a note that no store gave it; no file is removed
/// then.
pub(super) fn open(directory: &Path, files: &[PlacedFile]) -> Result<(Vec<Slice>, Writer)> {
    let mut writer = Writer {
        next_age: 0,
        next_file: 0,
    };
    let mut runs = Vec::with_capacity(files.len());
    for file in files {
        let age = age_of(directory, file)?;
        writer.next_age = writer.next_age.max(age.saturating_add(1));
        // Names that others gave are not taken: they have no number.
        let number = number_of(&file.name).map_or(0, |number| number.saturating_add(1));
        writer.next_file = writer.next_file.max(number);
        if let Some((run, bytes)) = read_run(&directory.join(&file.name), age)? {
            runs.push((Slice::whole(run), &file.name, bytes));
        }
    }
    runs.sort_by(|(a, ..), (b, ..)| {
        (Reverse(a.age()), a.bounds()).cmp(&(Reverse(b.age()), b.bounds()))
    });
    check_ages(directory, &runs)?;
    // Only now, when nothing can fail any more: a failed open removes no file.
    let owned = runs
        .into_iter()
        .map(|(run, name, bytes)| run.with_file(RunFile::placed(directory, name, bytes)));
    Ok((owned.collect(), writer))
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
fn check_ages(directory: &Path, runs: &[(Slice, &String, u64)]) -> Result<()> {
    for pair in runs.windows(2) {
        let [(one, name, _), (other, other_name, _)] = pair else {
            continue;
        };
        if one.age() == other.age() && one.bounds().1 >= other.bounds().0 {
            return Err(Error::corrupt(format!(
                "{name} and {other_name} in {} are of the same age and overlap: they are not of one \
                 store",
                directory.display()
            )));
        }
    }
    Ok(())
}
