//! Savepoints: a pinned store's rows, written to rows files that any store restores.
//!
//! The rows are divided into sections of whole key groups ([`plan_sections`]). Each thread writes the rows of a section
//! to files and uploads files, those that wait for it first; a file is deleted as soon as it is in storage.
//!
//! Invariants: on this machine there are at most as many files as threads and [`FILES_WAITING_MAX`] more; a file's
//! name follows from its section and its place in it, not from which thread was faster; the manifest has the files in
//! the order of their rows; rows and list elements that had expired when the savepoint was taken are
//! not in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use alluvium_protocol::catalog::names::SavepointObject;
use alluvium_protocol::file::{FileId, FileRef};
use alluvium_protocol::key_group::KeyGroupRange;
use alluvium_protocol::manifest::CheckpointId;
use alluvium_protocol::plan::sections::plan_sections;

use super::Stored;
use super::upload::{Upload, Uploader};
use crate::buffer::flusher::PinnedStore;
use crate::environment::Random;
use crate::error::{Error, Result};
use crate::lifetimes::Judge;
use crate::rows_file::{RowsFileWriter, Written};
use crate::storage::Cancel;
use crate::store::{Change, Pinned, RowFilter, Verdict};
use crate::transfer::{Task, run_all};
use crate::working_directory::Scratch;
use backlog::{Backlog, Work};

mod backlog;

/// Files that wait for a thread to upload them. 2: enough to keep a thread busy that has no section to write; when
/// storage is slower than the disk, whoever wrote a file uploads it.
const FILES_WAITING_MAX: usize = 2;

/// What a savepoint's manifest says of the store that its files belong to: none.
const ROWS: &str = "rows";

impl Upload<'_> {
    /// Writes the rows of the pinned store to rows files and uploads them.
    pub(super) fn store_rows(&mut self, pinned: PinnedStore) -> Result<Stored> {
        ROWS.clone_into(&mut self.snapshot.manifest.store);
        let scratch = Scratch::create(self.snapshot.scratch.clone())?;
        let (manifest, environment) = (&self.snapshot.manifest, &self.snapshot.environment);
        let threads = self.snapshot.transfer_threads.max(1);
        let data = pinned.pinned.files().iter().filter(|file| file.shared);
        let bytes = data.map(|file| file.bytes).sum();
        let plan = plan_sections(manifest.range, bytes, threads)?;
        // One for a key group at the most.
        let sections = u32::try_from(plan.ranges.len()).unwrap_or(u32::MAX);
        let ranges = (0..sections).zip(plan.ranges);
        let rows = Arc::new(Rows {
            pinned: Arc::clone(&pinned.pinned),
            judge: self.snapshot.hold.judge(),
            sections,
            file_bytes: plan.file_bytes,
            backlog: Backlog::new(
                ranges.map(|(number, range)| Section { number, range }),
                FILES_WAITING_MAX,
            ),
            directory: scratch.path().to_owned(),
            uploader: self.uploader(),
            random: Arc::clone(&environment.random),
            checkpoint: manifest.checkpoint,
            attempt: self.target.attempt,
            subtask: manifest.subtask,
        });
        let work = |_| -> Task<Vec<FileRef>> {
            let rows = Arc::clone(&rows);
            Box::new(move |cancel| rows.work(cancel))
        };
        let tasks = (0..threads).map(work).collect();
        let files = run_all(&*environment.spawn, threads, tasks, self.cancel)?;
        let mut files: Vec<FileRef> = files.into_iter().flatten().collect();
        files.sort_by(|one, other| one.bounds.cmp(&other.bounds));
        Ok(Stored {
            uploaded: vec![true; files.len()],
            // No local copy is kept of a savepoint.
            paths: Vec::new(),
            files,
            _pinned: pinned,
        })
    }
}

/// Key groups whose rows one thread writes.
#[derive(Debug)]
struct Section {
    /// Counted from 0.
    number: u32,
    range: KeyGroupRange,
}

/// A file that was written, and what the manifest says of it once it is uploaded.
#[derive(Debug)]
struct RowsFile {
    path: PathBuf,
    reference: FileRef,
}

/// The rows of one savepoint on their way to storage.
#[derive(Debug)]
struct Rows {
    pinned: Arc<dyn Pinned>,
    /// What is left out.
    judge: Judge,
    /// How many there are.
    sections: u32,
    /// A file ends when it has that many.
    file_bytes: u64,
    backlog: Backlog<Section, RowsFile>,
    directory: PathBuf,
    uploader: Uploader,
    random: Arc<dyn Random>,
    checkpoint: CheckpointId,
    attempt: u64,
    subtask: u32,
}

impl Rows {
    /// What each thread does: whatever there is to do. Returns the files it uploaded.
    fn work(&self, cancel: &Cancel) -> Result<Vec<FileRef>> {
        let mut uploaded = Vec::new();
        while let Some(work) = self.backlog.next(cancel)? {
            match work {
                Work::Finish(file) => uploaded.push(self.upload(file, cancel)?),
                Work::Begin(section) => self.write(&section, cancel, &mut uploaded)?,
            }
        }
        Ok(uploaded)
    }

    /// Writes a section's rows. Files that the backlog has no room for are uploaded here.
    fn write(&self, section: &Section, cancel: &Cancel, uploaded: &mut Vec<FileRef>) -> Result<()> {
        let mut rows = self.pinned.scan(&section.range.rows())?;
        let mut part = section.number;
        let mut open: Option<RowsFileWriter> = None;
        let mut changed = Vec::new();
        loop {
            cancel.check("a savepoint")?;
            let row = rows.next()?;
            let is_end = row.is_none();
            if let Some((row, value)) = row {
                changed.clear();
                let value = match self.judge.filter(row, value, &mut changed) {
                    Verdict::Keep => value,
                    Verdict::Drop => continue,
                    Verdict::Change => &changed,
                };
                let file = match &mut open {
                    Some(file) => file,
                    None => open.insert(RowsFileWriter::create(&self.path(part))?),
                };
                file.push(row, Change::Put(value))?;
            }
            if let Some(file) = open.take_if(|file| is_end || file.bytes() >= self.file_bytes) {
                let file = self.written(file.finish_unsynced()?, part);
                if let Some(file) = self.backlog.leave(file) {
                    uploaded.push(self.upload(file, cancel)?);
                }
                // Parts of different sections are different numbers, whatever their number of parts.
                part = part.checked_add(self.sections).ok_or_else(|| {
                    Error::invalid("a savepoint has more files than can be numbered")
                })?;
            }
            if is_end {
                return Ok(());
            }
        }
    }

    fn path(&self, part: u32) -> PathBuf {
        self.directory.join(format!("{part}.rows"))
    }

    fn written(&self, file: Written, part: u32) -> RowsFile {
        let object = SavepointObject::Rows {
            attempt: self.attempt,
            subtask: self.subtask,
            part,
        }
        .to_string();
        let reference = FileRef {
            id: FileId::new(self.random.bits()),
            name: object.clone(),
            object,
            shared: false,
            bytes: file.bytes,
            crc32c: file.crc32c,
            bounds: file.bounds,
            note: Vec::new(),
            uploaded_by: self.checkpoint,
        };
        self.uploader.expect(&reference);
        RowsFile {
            path: file.path,
            reference,
        }
    }

    fn upload(&self, file: RowsFile, cancel: &Cancel) -> Result<FileRef> {
        let written = file.reference.crc32c;
        let uploaded = self.uploader.upload(file.reference, &file.path, cancel)?;
        if uploaded.crc32c != written {
            return Err(Error::corrupt(format!(
                "{} changed on this machine between writing and uploading it",
                file.path.display()
            )));
        }
        remove(&file.path)?;
        Ok(uploaded)
    }
}

fn remove(path: &Path) -> Result<()> {
    fs::remove_file(path).map_err(|cause| Error::io(format!("remove {}", path.display()), cause))
}
