//! Savepoints: a pinned store's rows, written to rows files that any store restores.

use std::sync::Arc;

use alluvium_protocol::catalog::names::SavepointObject;
use alluvium_protocol::file::{FileId, FileRef};

use super::Stored;
use super::upload::Upload;
use crate::buffer::flusher::PinnedStore;
use crate::error::Result;
use crate::rows_file::RowsFileWriter;
use crate::store::Change;
use crate::transfer::{Task, run_all};
use crate::working_directory::Scratch;

/// A rows file is closed after about this many bytes of rows, so that restores read several at once.
const ROWS_FILE_BYTES: usize = 64 << 20;

/// What a savepoint's manifest says of the store that its files belong to: none.
const ROWS: &str = "rows";

impl Upload<'_> {
    /// Writes the rows of the pinned store to local files and uploads them.
    pub(super) fn store_rows(&mut self, pinned: PinnedStore) -> Result<Stored> {
        ROWS.clone_into(&mut self.snapshot.manifest.store);
        let scratch = Scratch::create(self.snapshot.scratch.clone())?;
        let mut written = Vec::new();
        {
            let mut rows = pinned.pinned.scan(&self.snapshot.manifest.range.rows())?;
            let mut open: Option<(RowsFileWriter, usize)> = None;
            while let Some((row, value)) = rows.next()? {
                let (mut file, bytes) = match open.take() {
                    Some(open) => open,
                    None => {
                        self.cancel.check("a savepoint")?;
                        let part = written.len();
                        (
                            RowsFileWriter::create(&scratch.path().join(format!("{part}.rows")))?,
                            0,
                        )
                    }
                };
                file.push(row, Change::Put(value))?;
                let bytes = bytes + row.len() + value.len();
                if bytes >= ROWS_FILE_BYTES {
                    written.push(file.finish()?);
                } else {
                    open = Some((file, bytes));
                }
            }
            if let Some((file, _)) = open {
                written.push(file.finish()?);
            }
        }

        let (environment, subtask) = (&self.snapshot.environment, self.snapshot.manifest.subtask);
        let mut tasks: Vec<Task<FileRef>> = Vec::new();
        let mut paths = Vec::new();
        for (part, file) in written.into_iter().enumerate() {
            let part = u32::try_from(part).unwrap_or(u32::MAX);
            let object = SavepointObject::Rows {
                attempt: self.target.attempt,
                subtask,
                part,
            }
            .to_string();
            let reference = FileRef {
                id: FileId::new(environment.random.bits()),
                name: object.clone(),
                object,
                shared: false,
                bytes: file.bytes,
                crc32c: file.crc32c,
                bounds: file.bounds,
                note: Vec::new(),
                uploaded_by: self.snapshot.manifest.checkpoint,
            };
            paths.push(file.path.clone());
            tasks.push(self.upload_task(reference, file.path));
        }
        let uploaded = vec![true; tasks.len()];
        let threads = self.snapshot.transfer_threads;
        let spawn = Arc::clone(&environment.spawn);
        let files = run_all(&*spawn, threads, tasks, self.cancel)?;
        Ok(Stored {
            files,
            paths,
            uploaded,
            _pinned: pinned,
        })
    }
}
