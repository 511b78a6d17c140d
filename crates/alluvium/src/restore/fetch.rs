//! Gets a snapshot's files onto this machine: linked from local copies, or downloaded, and checked.
//!
//! Invariant: a file that is not what the manifest says never gets a place. A local copy that is missing or
//! damaged is not an error, the object is downloaded; a damaged object is.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use alluvium_protocol::file::{FileId, FileRef};

use super::{RestoreFrom, RestoreReport};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::local::link;
use crate::storage::{Cancel, Storage, Transfer};
use crate::transfer::{Progress, Task, run_all};

/// Fetches files for one restore.
pub(super) struct Fetch<'a> {
    pub(super) from: &'a RestoreFrom,
    pub(super) local: BTreeMap<FileId, PathBuf>,
    pub(super) environment: &'a Environment,
    pub(super) threads: usize,
    pub(super) cancel: &'a Cancel,
    pub(super) progress: &'a Arc<dyn Progress>,
}

/// A file and where it goes.
pub(super) struct Wanted {
    pub(super) file: FileRef,
    pub(super) to: PathBuf,
}

/// How one file came here.
enum Fetched {
    Linked { bytes: u64 },
    Downloaded { bytes: u64, instead: bool },
}

impl Fetch<'_> {
    /// Puts files where they are wanted, in directories that are there.
    pub(super) fn place(&self, wanted: &[Wanted], report: &mut RestoreReport) -> Result<()> {
        let (of, done) = (wanted.len(), Arc::new(AtomicUsize::new(0)));
        let tasks = wanted.iter().map(|Wanted { file, to }| {
            let (storage, root) = (Arc::clone(&self.from.storage), self.from.root.clone());
            let (file, local) = (file.clone(), self.local.get(&file.id).cloned());
            let (to, done, progress) = (to.clone(), Arc::clone(&done), Arc::clone(self.progress));
            let task: Task<Fetched> = Box::new(move |cancel| {
                let fetched = fetch(&*storage, &root, &file, local.as_deref(), &to, cancel)?;
                progress.file_done(1 + done.fetch_add(1, Ordering::AcqRel), of, file.bytes);
                Ok(fetched)
            });
            task
        });
        let tasks = tasks.collect();
        let spawn = &*self.environment.spawn;
        for fetched in run_all(spawn, self.threads, tasks, self.cancel)? {
            match fetched {
                Fetched::Linked { bytes } => {
                    report.files_linked += 1;
                    report.bytes_linked += bytes;
                }
                Fetched::Downloaded { bytes, instead } => {
                    report.files_downloaded += 1;
                    report.bytes_downloaded += bytes;
                    report.local_files_refused += usize::from(instead);
                }
            }
        }
        Ok(())
    }
}

/// The file's place in `directory`. Names come from a manifest: none may leave the directory.
pub(super) fn place_of(directory: &Path, name: &str) -> Result<PathBuf> {
    let plain =
        !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\', '\0']);
    if plain {
        Ok(directory.join(name))
    } else {
        Err(Error::corrupt(format!(
            "a manifest names a file {name:?}, which is no file name"
        )))
    }
}

fn fetch(
    storage: &dyn Storage,
    root: &str,
    file: &FileRef,
    local: Option<&Path>,
    to: &Path,
    cancel: &Cancel,
) -> Result<Fetched> {
    if let Some(local) = local {
        match take_local(file, local, to) {
            Ok(()) => return Ok(Fetched::Linked { bytes: file.bytes }),
            Err(error) => {
                tracing::warn!(?error, path = %local.display(), "downloading it instead");
            }
        }
    }
    let name = format!("{root}/{}", file.object);
    let moved = storage.download(&name, to, cancel).map_err(|error| {
        let said = format!("fetch {name} from {}", storage.location());
        error.context(said)
    })?;
    check(file, moved)
        .map_err(|found| Error::corrupt(format!("{name} in {} {found}", storage.location())))?;
    Ok(Fetched::Downloaded {
        bytes: moved.bytes,
        instead: local.is_some(),
    })
}

/// Links the local copy, if it is whole. Bookkeeping files are copied: a store may write to its own.
fn take_local(file: &FileRef, local: &Path, to: &Path) -> Result<()> {
    let failed = |error| Error::io(format!("read local copy {}", local.display()), error);
    let found = checksum(local).map_err(failed)?;
    check(file, found)
        .map_err(|found| Error::new(ErrorKind::Corrupt, format!("{} {found}", local.display())))?;
    let taken = if file.shared {
        link(local, to)
    } else {
        fs::copy(local, to).map(drop)
    };
    taken.map_err(failed)
}

fn checksum(path: &Path) -> std::io::Result<Transfer> {
    let mut file = fs::File::open(path)?;
    let mut buffer = vec![0; 256 << 10];
    let mut sum = Transfer {
        bytes: 0,
        crc32c: 0,
    };
    loop {
        let read = file.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
            return Ok(sum);
        };
        sum.crc32c = crc32c::crc32c_append(sum.crc32c, bytes);
        sum.bytes += bytes.len() as u64;
    }
}

fn check(file: &FileRef, found: Transfer) -> std::result::Result<(), String> {
    if found.bytes != file.bytes {
        return Err(format!(
            "has {} bytes where its manifest says {}",
            found.bytes, file.bytes
        ));
    }
    if found.crc32c != file.crc32c {
        return Err(format!(
            "has checksum {:08x} where its manifest says {:08x}",
            found.crc32c, file.crc32c
        ));
    }
    Ok(())
}
