//! A plain copy of the files that a restore needs: what no restore from storage can be much faster than.
//!
//! As many threads as a restore moves files with, the largest files first, by the system's own call. Two times are taken: until all
//! files are copied, which is all that a restore waits for, and until they are on the device.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use alluvium::Options;
use alluvium::protocol::file::FileRef;
use alluvium::protocol::plan::restore::{Restore, plan_restore};
use anyhow::{Context, Result, bail};

use super::grown::{Checkpoint, Grown};
use super::restored::Target;

/// How long a copy took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Copied {
    pub(crate) synced: Duration,
    pub(crate) unsynced: Duration,
}

/// Copies what the restore of a subtask downloads, twice.
pub(crate) fn copy(grown: &Grown, checkpoint: &Checkpoint, target: Target) -> Result<Copied> {
    let files = needed(grown, checkpoint, target)?;
    let mut took = [Duration::ZERO; 2];
    for (took, sync) in took.iter_mut().zip([false, true]) {
        let directory = grown.job.directory.join("copied");
        fs::create_dir_all(&directory)?;
        let began = Instant::now();
        let errands = files.iter().enumerate().map(|(number, file)| {
            let to = directory.join(number.to_string());
            (grown.job.object(&file.object), to)
        });
        copy_all(errands.collect(), sync)?;
        *took = began.elapsed();
        fs::remove_dir_all(&directory)?;
    }
    let [unsynced, synced] = took;
    Ok(Copied { synced, unsynced })
}

/// The files of a restore's plan, each once, the smallest first.
fn needed<'a>(
    grown: &Grown,
    checkpoint: &'a Checkpoint,
    target: Target,
) -> Result<Vec<&'a FileRef>> {
    let range = grown.job.max.range_of(target.subtask, target.parallelism)?;
    let manifests = &checkpoint.from.manifests;
    let mut files = BTreeMap::new();
    match plan_restore(range, "rocksdb", manifests)? {
        Restore::Reopen(manifest) => {
            files.extend(manifests[manifest].files.iter().map(|file| (file.id, file)));
        }
        Restore::Adopt(adoptions) => {
            for adoption in adoptions {
                let all = &manifests[adoption.manifest].files;
                let chosen = adoption.files.iter().map(|&file| &all[file]);
                files.extend(chosen.map(|file| (file.id, file)));
            }
        }
        Restore::Empty | Restore::Rows(_) => bail!("a restore that takes over no files"),
    }
    let mut files: Vec<_> = files.into_values().collect();
    files.sort_by_key(|file| file.bytes);
    Ok(files)
}

fn copy_all(errands: Vec<(PathBuf, PathBuf)>, sync: bool) -> Result<()> {
    let threads = Options::default().transfer_threads;
    let queue = Mutex::new(errands);
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop();
    thread::scope(|scope| {
        let work = || {
            while let Some((from, to)) = next() {
                fs::copy(&from, &to).with_context(|| format!("copy {}", from.display()))?;
                if sync {
                    File::open(&to)?.sync_all()?;
                }
            }
            anyhow::Ok(())
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            thread
                .join()
                .map_err(|_told| anyhow::anyhow!("a copy panicked"))??;
        }
        Ok(())
    })
}
