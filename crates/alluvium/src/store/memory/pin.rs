//! A store at one moment: its runs, and links to their files.

use std::fs;
use std::path::{Path, PathBuf};

use alluvium_protocol::row::RowRange;

use super::merge::Scan;
use super::open::note;
use super::slice::Slice;
use crate::error::{Error, Result};
use crate::store::{Pinned, PinnedFile, RowCursor};

/// Pinned runs. They stay in memory as long as this lives, and have nothing of the store's directory.
#[derive(Debug)]
pub(super) struct PinnedRuns {
    runs: Vec<Slice>,
    files: Vec<PinnedFile>,
    _directory: PinDirectory,
}

impl PinnedRuns {
    /// Links the files of runs that all have one, newest first, into `directory`, which does not exist yet.
    ///
    /// # Errors
    /// `Unavailable` when the device fails; there is no directory then.
    pub(super) fn link(runs: Vec<Slice>, directory: &Path) -> Result<Self> {
        let operation = || format!("create pin directory {}", directory.display());
        fs::create_dir(directory).map_err(|cause| Error::io(operation(), cause))?;
        let made = PinDirectory(directory.to_owned());
        let linked = runs
            .iter()
            .filter_map(|run| link(run, directory).transpose());
        let files = linked.collect::<Result<_>>()?;
        let runs = runs.into_iter().map(Slice::without_file).collect();
        Ok(Self {
            runs,
            files,
            _directory: made,
        })
    }
}

fn link(run: &Slice, directory: &Path) -> Result<Option<PinnedFile>> {
    let Some(file) = run.file() else {
        return Ok(None);
    };
    let path = directory.join(file.name());
    let operation = || format!("link {} to {}", file.path().display(), path.display());
    fs::hard_link(file.path(), &path).map_err(|cause| Error::io(operation(), cause))?;
    let (first, last) = run.bounds();
    Ok(Some(PinnedFile {
        name: file.name().to_owned(),
        path,
        bytes: file.bytes(),
        shared: true,
        bounds: Some((first.to_vec(), last.to_vec())),
        note: note(run.age()),
    }))
}

impl Pinned for PinnedRuns {
    fn files(&self) -> &[PinnedFile] {
        &self.files
    }

    fn scan<'a>(&'a self, range: &RowRange) -> Result<Box<dyn RowCursor + 'a>> {
        Ok(Box::new(Scan::new(&self.runs, range)))
    }
}

/// A directory of links. Dropping it removes it with all that is in it.
#[derive(Debug)]
struct PinDirectory(PathBuf);

impl Drop for PinDirectory {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            let path = self.0.display();
            tracing::warn!(%path, %error, "a released pin is left");
        }
    }
}
