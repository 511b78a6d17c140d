//! `alluvium checkpoints copy`: one checkpoint or savepoint, whole, to another folder or storage.

use std::sync::Arc;

use alluvium::CopyReport;
use alluvium::catalog::{Catalog, Swept};
use alluvium::savepoint::SavepointFolder;
use alluvium::storage::Storage;
use alluvium_protocol::manifest::CheckpointId;
use anyhow::{Context as _, Result};
use serde::Serialize;

use super::bar::Bar;
use crate::args::{CopyOptions, Place};
use crate::exit::Exit;
use crate::interrupt;
use crate::location::{Folder, FolderName, open_to_write};
use crate::output::{self, Format};
use crate::units;

#[derive(Debug, Serialize)]
struct Copied {
    from: String,
    to: String,
    /// The new job; of a savepoint, the job it was taken from.
    job: String,
    kind: &'static str,
    checkpoint: u64,
    files: u64,
    bytes: u64,
    was_there: bool,
    moved: bool,
    deleted: u64,
    left: Vec<String>,
}

/// Copies, and prints what was copied.
///
/// # Errors
/// When a storage does not answer, the checkpoint is not there or damaged, TO is not empty, or Ctrl-C was pressed.
pub(super) fn run(options: &CopyOptions) -> Result<Exit> {
    let place = Place {
        location: options.from.clone(),
        job: options.job.clone(),
    };
    let folder = Folder::find(&place)?;
    let name = Some(options.checkpoint.as_str()).filter(|name| *name != "latest");
    let cut = folder.cut(name)?;
    let source = cut.folder.name_in_parent(&options.from)?;
    let target = target(&options.to, &source.storage)?;

    let scratch = tempfile::tempdir().context("make a temporary directory")?;
    let bar = Arc::new(Bar::new());
    let progress: Arc<dyn alluvium::Progress> = Arc::<Bar>::clone(&bar);
    let copying = alluvium::CopyOptions::new(scratch.path())
        .cancel(interrupt::cancel_on_interrupt()?)
        .progress(progress);
    let copied = if cut.savepoint {
        copy_savepoint(&source, &target, options.move_away, &copying)
    } else {
        let checkpoint = CheckpointId::new(cut.checkpoint);
        copy_checkpoint(&source, &target, checkpoint, options.move_away, &copying)
    };
    bar.finish();
    let (report, swept) = copied?;

    let copied = Copied {
        from: source.told(),
        to: target.told(),
        job: if cut.savepoint { cut.job } else { target.name },
        kind: if cut.savepoint {
            "savepoint"
        } else {
            "checkpoint"
        },
        checkpoint: cut.checkpoint,
        files: report.files,
        bytes: report.bytes,
        was_there: report.was_there,
        moved: options.move_away,
        deleted: swept.deleted,
        left: swept.left,
    };
    match options.output {
        Format::Json => output::json(&copied)?,
        Format::Table => output::text(&told(&copied))?,
    }
    Ok(if copied.left.is_empty() {
        Exit::Done
    } else {
        Exit::Unreachable
    })
}

/// The folder to copy to, in the storage of the source if both are in one.
fn target(location: &str, source: &Arc<dyn Storage>) -> Result<FolderName> {
    let (parent, name) = FolderName::split(location)?;
    let storage = open_to_write(&parent)?;
    let is_one = storage.location() == source.location();
    Ok(FolderName {
        storage: if is_one { Arc::clone(source) } else { storage },
        name,
    })
}

fn copy_checkpoint(
    source: &FolderName,
    target: &FolderName,
    checkpoint: CheckpointId,
    move_away: bool,
    options: &alluvium::CopyOptions,
) -> Result<(CopyReport, Swept)> {
    let from = Catalog::open(Arc::clone(&source.storage), &source.name)?;
    let to = Catalog::open(Arc::clone(&target.storage), &target.name)?;
    Ok(if move_away {
        to.claim(&from, checkpoint, options)?
    } else {
        (to.copy_from(&from, checkpoint, options)?, Swept::default())
    })
}

fn copy_savepoint(
    source: &FolderName,
    target: &FolderName,
    move_away: bool,
    options: &alluvium::CopyOptions,
) -> Result<(CopyReport, Swept)> {
    let from = SavepointFolder::new(Arc::clone(&source.storage), &source.name);
    let to = SavepointFolder::new(Arc::clone(&target.storage), &target.name);
    Ok(if move_away {
        to.claim(&from, options)?
    } else {
        (to.copy_from(&from, options)?, Swept::default())
    })
}

fn told(copied: &Copied) -> String {
    let (what, job) = (copied.kind, &copied.job);
    let mut told = vec![if copied.was_there {
        format!(
            "{what} {} of {} is in {} already",
            copied.checkpoint, copied.from, copied.to
        )
    } else {
        format!(
            "copied {what} {} of {} to {}: {} files, {}",
            copied.checkpoint,
            copied.from,
            copied.to,
            units::count(copied.files),
            units::bytes(copied.bytes)
        )
    }];
    if copied.kind == "checkpoint" {
        told.push(format!("it is the first checkpoint of job {job}"));
    }
    if copied.moved {
        told.push(format!(
            "deleted in {}: {} objects",
            copied.from, copied.deleted
        ));
    }
    told.extend(super::left_told(&copied.left));
    told.join("\n")
}
