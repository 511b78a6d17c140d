//! The two machines that a chain's subtasks run on: working directories, local copies, and what befalls them.
//!
//! Damage is done while no backend is there: a local copy may be a hard link to a file that a store still uses, and
//! a store that is damaged while it runs is not what a chain is about.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use alluvium::environment::Random;
use alluvium::protocol::file::FileId;
use tempfile::TempDir;

use super::Damage;
use crate::directory;

/// Two machines; subtasks take turns.
#[derive(Debug)]
pub(super) struct Machines {
    root: TempDir,
    /// How often each was replaced by a new one.
    replaced: [u32; 2],
}

impl Machines {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            root: directory::temporary()?,
            replaced: [0; 2],
        })
    }

    fn machine(&self, slot: usize) -> PathBuf {
        let replaced = self.replaced.get(slot).copied().unwrap_or(0);
        self.root.path().join(format!("machine-{slot}-{replaced}"))
    }

    fn of(&self, subtask: u32) -> PathBuf {
        self.machine(usize::from(!subtask.is_multiple_of(2)))
    }

    pub(super) fn working_directory(&self, subtask: u32) -> PathBuf {
        self.of(subtask).join(format!("work-{subtask}"))
    }

    pub(super) fn local_directory(&self, subtask: u32) -> PathBuf {
        self.of(subtask).join("local")
    }

    /// New machines take the place of those that are `lost`.
    pub(super) fn replace(&mut self, lost: [bool; 2]) {
        for (replaced, lost) in self.replaced.iter_mut().zip(lost) {
            *replaced += u32::from(lost);
        }
    }

    /// Damages one of the files of the local copies that are left.
    pub(super) fn damage(&self, which: u16, how: Damage) -> io::Result<()> {
        let mut copies = Vec::new();
        for slot in 0..2 {
            files(&self.machine(slot).join("local"), &mut copies)?;
        }
        let Some(copy) = copies.get(usize::from(which) % copies.len().max(1)) else {
            return Ok(());
        };
        if how == Damage::Lost {
            return fs::remove_file(copy);
        }
        let mut bytes = fs::read(copy)?;
        let written = fs::metadata(copy)?.modified()?;
        let middle = bytes.len() / 2;
        match how {
            Damage::Lost => {}
            Damage::Truncated => bytes.truncate(middle),
            Damage::Flipped | Damage::Rotten => bytes
                .iter_mut()
                .skip(middle)
                .take(1)
                .for_each(|byte| *byte ^= 4),
            Damage::Longer => bytes.extend([0, 1, 2]),
        }
        fs::write(copy, bytes)?;
        // Chains are fast: the clock of the file system may not have moved since the copy was kept.
        let modified = match how {
            Damage::Rotten => written,
            _ => std::time::UNIX_EPOCH,
        };
        fs::File::options()
            .write(true)
            .open(copy)?
            .set_modified(modified)
    }

    /// Copies what is in all working directories, half of it half-written, to where an opening that crashed would
    /// have left it.
    pub(super) fn leave_behind(&self, random: &dyn Random) -> io::Result<()> {
        for slot in 0..2 {
            for work in folders(&self.machine(slot))? {
                if work.file_name().is_some_and(|name| name == "local") {
                    continue;
                }
                for opening in folders(&work)? {
                    let mut found = Vec::new();
                    files(&opening, &mut found)?;
                    let to = work.join(FileId::new(random.bits()).to_string());
                    for file in found {
                        let below = file.strip_prefix(&opening).unwrap_or(&file);
                        leave_file(&file, &to.join(below), random)?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn leave_file(from: &Path, to: &Path, random: &dyn Random) -> io::Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    match fs::read(from) {
        // The flusher may have deleted it just now.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(mut bytes) => {
            if random.bits().is_multiple_of(2) {
                bytes.truncate(bytes.len() / 2);
            }
            fs::write(to, bytes)
        }
    }
}

fn folders(of: &Path) -> io::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in entries(of)? {
        if entry.is_dir() {
            folders.push(entry);
        }
    }
    Ok(folders)
}

fn files(of: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in entries(of)? {
        if entry.is_dir() {
            files(&entry, found)?;
        } else {
            found.push(entry);
        }
    }
    Ok(())
}

/// What is in a folder, in order; nothing if it is not there.
fn entries(of: &Path) -> io::Result<Vec<PathBuf>> {
    let listed = match fs::read_dir(of) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed?,
    };
    let mut entries = Vec::new();
    for entry in listed {
        match entry {
            Ok(entry) => entries.push(entry.path()),
            // The flusher may have deleted it just now.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    entries.sort();
    Ok(entries)
}
