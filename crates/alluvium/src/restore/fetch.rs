//! Gets snapshots' files onto this machine: linked from local copies, or downloaded, and checked.
//!
//! Invariants: a file that is not what the manifest says never gets a place; each file is fetched once, however
//! many sources list it; nothing is left in any place after an error. A local copy that is missing or
//! damaged is not an error, the object is downloaded; a damaged object is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use alluvium_protocol::file::{FileId, FileRef};

use super::{RestoreFrom, RestoreReport};
use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::local::{LocalFiles, LocalVerification, content};
use crate::storage::Cancel;
use crate::transfer::progress::Tally;
use crate::transfer::retry::Retry;
use crate::transfer::{Progress, Task, run_all};
use origin::{Origin, Origins};

mod origin;
#[cfg(test)]
mod tests;

/// Fetches files for one restore.
pub(super) struct Fetch<'a> {
    pub(super) from: &'a RestoreFrom,
    pub(super) local: LocalFiles,
    pub(super) environment: &'a Environment,
    pub(super) threads: usize,
    pub(super) retry: Retry,
    pub(super) cancel: &'a Cancel,
    pub(super) progress: &'a Arc<dyn Progress>,
}

/// A file and where it goes.
pub(super) struct Wanted {
    pub(super) file: FileRef,
    pub(super) to: PathBuf,
}

/// One file and all its places.
struct Errand {
    file: FileRef,
    to: PathBuf,
    /// Further places, and whether the file may be linked there.
    also: Vec<(PathBuf, bool)>,
}

impl Fetch<'_> {
    /// Puts files where they are wanted, in directories that are there. The largest go first, so that no
    /// thread begins one when the others are done. Files are counted once, whatever the number of their places.
    ///
    /// Returns the files that are not flushed to the device.
    pub(super) fn place(
        &self,
        wanted: &[Wanted],
        report: &mut RestoreReport,
    ) -> Result<BTreeSet<FileId>> {
        let errands = plan_errands(wanted)?;
        let placed = self.run(errands, report);
        if placed.is_err() {
            for wanted in wanted {
                content::remove(&wanted.to);
            }
        }
        placed
    }

    /// From now on every local copy is read before it is used: for the second try, after a store has found
    /// damage in files that were taken as noted.
    pub(super) const fn verify_everything(&mut self) {
        self.local.verification = LocalVerification::Full;
    }

    fn run(&self, errands: Vec<Errand>, report: &mut RestoreReport) -> Result<BTreeSet<FileId>> {
        let tally = Tally::new(self.progress, &self.environment.clock);
        let trusts_notes = self.local.verification.trusts_notes();
        let tasks = errands.into_iter().map(|errand| {
            let origins = Origins {
                storage: Arc::clone(&self.from.storage),
                root: self.from.root.clone(),
                local: self.local.of(errand.file.id).to_vec(),
                trusts_notes,
                retry: self.retry.clone(),
            };
            let tally = Arc::clone(&tally);
            tally.expect_file(errand.file.bytes);
            let task: Task<_> = Box::new(move |cancel| {
                let watch = tally.watch(cancel);
                let fetched = origins.fetch(&errand.file, &errand.to, &watch)?;
                for (to, linked) in &errand.also {
                    put_again(&errand.to, to, *linked, cancel)?;
                }
                let bytes = errand.file.bytes;
                watch.done(bytes);
                Ok((errand.file.id, bytes, fetched))
            });
            task
        });
        let spawn = &*self.environment.spawn;
        let mut unsynced = BTreeSet::new();
        for (id, bytes, fetched) in run_all(spawn, self.threads, tasks.collect(), self.cancel)? {
            match fetched.origin {
                Origin::Local { read } => {
                    report.files_linked += 1;
                    report.bytes_linked += bytes;
                    report.local_files_unread += usize::from(!read);
                }
                Origin::Storage => {
                    report.files_downloaded += 1;
                    report.bytes_downloaded += bytes;
                    unsynced.insert(id);
                }
            }
            report.local_files_refused += usize::from(fetched.refused);
        }
        Ok(unsynced)
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

/// Each file once with all its places, the largest first.
fn plan_errands(wanted: &[Wanted]) -> Result<Vec<Errand>> {
    let mut places = BTreeSet::new();
    let mut errands: BTreeMap<FileId, Errand> = BTreeMap::new();
    for Wanted { file, to } in wanted {
        if !places.insert(to) {
            return Err(Error::corrupt(format!(
                "a manifest names two files {:?}",
                file.name
            )));
        }
        let Some(errand) = errands.get_mut(&file.id) else {
            let (file, to, also) = (file.clone(), to.clone(), Vec::new());
            errands.insert(file.id, Errand { file, to, also });
            continue;
        };
        let first = &errand.file;
        if (first.bytes, first.crc32c) != (file.bytes, file.crc32c) {
            return Err(Error::corrupt(format!(
                "manifests disagree about file {}: {} has {} bytes and checksum {:08x}, {} has {} and {:08x}",
                file.id,
                first.object,
                first.bytes,
                first.crc32c,
                file.object,
                file.bytes,
                file.crc32c
            )));
        }
        let linked = first.shared && file.shared;
        errand.also.push((to.clone(), linked));
    }
    let mut errands: Vec<_> = errands.into_values().collect();
    errands.sort_by_key(|errand| std::cmp::Reverse(errand.file.bytes));
    Ok(errands)
}

/// Puts a file that was fetched into a further place.
fn put_again(from: &Path, to: &Path, linked: bool, cancel: &Cancel) -> Result<()> {
    if linked && std::fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    content::copy_synced(from, to, cancel).map(drop)
}
