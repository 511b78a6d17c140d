//! `alluvium checkpoints list`: one row for each checkpoint and savepoint.

use anyhow::Result;
use serde::Serialize;

use crate::args::ListOptions;
use crate::exit::Exit;
use crate::location::{Cut, Folder, Problem};
use crate::output::{self, Format};
use crate::time::format_rfc3339;
use crate::units;

#[derive(Debug, Serialize)]
struct Listing {
    location: String,
    checkpoints: Vec<Row>,
    problems: Vec<Problem>,
}

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    kind: &'static str,
    job: String,
    checkpoint: u64,
    attempt: Option<u64>,
    created: String,
    parallelism: u32,
    max_parallelism: u16,
    files: u64,
    bytes: u64,
    bytes_new: u64,
}

/// Prints the list.
///
/// # Errors
/// When storage does not answer or nothing is there.
pub(super) fn run(options: &ListOptions) -> Result<Exit> {
    let folder = Folder::find(&options.place)?;
    let (cuts, mut problems) = folder.cuts()?;
    let mut checkpoints = Vec::new();
    for cut in &cuts {
        checkpoints.push(row(cut, &mut problems)?);
    }
    let listing = Listing {
        location: folder.location(),
        checkpoints,
        problems,
    };
    match options.output {
        Format::Json => output::json(&listing)?,
        Format::Table => output::text(&told(&listing))?,
    }
    Ok(if listing.problems.is_empty() {
        Exit::Done
    } else {
        Exit::Problem
    })
}

fn row(cut: &Cut, problems: &mut Vec<Problem>) -> Result<Row> {
    let mut row = Row {
        name: cut.name.clone(),
        kind: if cut.savepoint {
            "savepoint"
        } else {
            "checkpoint"
        },
        job: cut.job.clone(),
        checkpoint: cut.checkpoint,
        attempt: cut.attempt,
        created: format_rfc3339(cut.created_unix_millis),
        parallelism: cut.parallelism,
        max_parallelism: cut.max_parallelism.get(),
        files: 0,
        bytes: 0,
        bytes_new: 0,
    };
    for reference in &cut.manifests {
        match cut.manifest(reference)? {
            Ok(manifest) => {
                row.files += manifest.files.len() as u64;
                row.bytes += manifest.files.iter().map(|file| file.bytes).sum::<u64>();
                row.bytes_new += manifest.bytes_new();
            }
            Err(problem) => problems.push(problem),
        }
    }
    Ok(row)
}

fn told(listing: &Listing) -> String {
    let columns = [
        "checkpoint",
        "kind",
        "job",
        "created",
        "parallelism",
        "key groups",
        "files",
        "size",
        "new",
        "attempt",
    ];
    let right = [
        "checkpoint",
        "parallelism",
        "key groups",
        "files",
        "size",
        "new",
        "attempt",
    ];
    let rows = listing.checkpoints.iter().map(|row| {
        vec![
            row.name.clone(),
            row.kind.to_owned(),
            row.job.clone(),
            row.created.clone(),
            row.parallelism.to_string(),
            row.max_parallelism.to_string(),
            row.files.to_string(),
            units::bytes(row.bytes),
            units::bytes(row.bytes_new),
            row.attempt
                .map_or_else(String::new, |attempt| attempt.to_string()),
        ]
    });
    let mut told = vec![
        listing.location.clone(),
        output::table(&columns, &right, rows),
    ];
    told.extend(listing.problems.iter().map(Problem::told));
    told.join("\n")
}
