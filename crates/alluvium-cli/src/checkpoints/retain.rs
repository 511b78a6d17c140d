//! `alluvium checkpoints retain`: which checkpoints would go if only the newest stayed, and away with them.
//!
//! Deleting beside a job that runs could take away files that a checkpoint in the making refers to. Therefore it
//! is done as a new attempt of the job, which stops the one that may run.

use std::collections::BTreeSet;
use std::sync::Arc;

use alluvium::catalog::{Catalog, Dropped, Retention, Swept};
use alluvium::environment::Environment;
use alluvium::protocol::catalog::names;
use alluvium::protocol::plan::retention::RetentionPlan;
use anyhow::Result;
use serde::Serialize;

use crate::args::RetainOptions;
use crate::exit::Exit;
use crate::location::Folder;
use crate::output::{self, Format};
use crate::time::format_rfc3339;
use crate::units;

#[derive(Debug, Serialize)]
struct Retained {
    location: String,
    job: String,
    dry_run: bool,
    kept: Vec<u64>,
    dropped: Vec<Row>,
    /// Records that no longer matter: void ones, and those of earlier attempts.
    other_records: u64,
    deleted: u64,
    left: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Row {
    checkpoint: u64,
    created: String,
    attempt: u64,
    why: String,
    objects: Vec<Object>,
    bytes: u64,
}

#[derive(Debug, Serialize)]
struct Object {
    object: String,
    bytes: u64,
}

/// Prints what would go; with `--yes`, deletes it.
///
/// # Errors
/// When storage does not answer, the location is no job's, or a checkpoint that stays is damaged.
pub(super) fn run(options: &RetainOptions) -> Result<Exit> {
    let folder = Folder::find(&options.place)?.name_of_job(&options.place.location)?;
    let catalog = Catalog::open(Arc::clone(&folder.storage), &folder.name)?;
    let mut retention = catalog.plan_retention(options.keep)?;
    let mut swept = Swept::default();
    // Taking a job over for nothing would stop it for nothing.
    if options.yes && retention.plan != RetentionPlan::default() {
        let attempt = catalog.start_attempt(&Environment::system())?;
        retention = catalog.plan_retention(options.keep)?;
        swept = catalog.retain(&attempt, options.keep)?;
    }
    let retained = retained(folder.told(), &folder.name, options, &retention, swept);
    match options.output {
        Format::Json => output::json(&retained)?,
        Format::Table => output::text(&told(&retained))?,
    }
    Ok(if retained.left.is_empty() {
        Exit::Done
    } else {
        Exit::Unreachable
    })
}

fn retained(
    location: String,
    job: &str,
    options: &RetainOptions,
    retention: &Retention,
    swept: Swept,
) -> Retained {
    let kept = retention.kept.iter();
    let why = format!("older than the newest {}", options.keep);
    let dropped = retention.dropped.iter();
    let dropped: BTreeSet<String> = dropped
        .map(|it| names::record(it.commit.sequence))
        .collect();
    let records = retention.plan.records.iter();
    let records = records.filter(|record| !dropped.contains(*record)).count();
    Retained {
        location,
        job: job.to_owned(),
        dry_run: !options.yes,
        kept: kept.map(|commit| commit.checkpoint.get()).collect(),
        dropped: retention.dropped.iter().map(|it| row(it, &why)).collect(),
        other_records: records as u64,
        deleted: swept.deleted,
        left: swept.left,
    }
}

fn row(dropped: &Dropped, why: &str) -> Row {
    let commit = &dropped.commit;
    let manifests = commit.manifests.iter();
    let manifests = manifests.map(|part| (part.object.clone(), part.bytes));
    let files = dropped.files.iter().cloned();
    let objects: Vec<Object> = manifests
        .chain(files)
        .map(|(object, bytes)| Object { object, bytes })
        .collect();
    Row {
        checkpoint: commit.checkpoint.get(),
        created: format_rfc3339(commit.created_unix_millis),
        attempt: commit.attempt,
        why: why.to_owned(),
        bytes: objects.iter().map(|object| object.bytes).sum(),
        objects,
    }
}

fn told(retained: &Retained) -> String {
    let columns = ["checkpoint", "created", "attempt", "objects", "size", "why"];
    let right = ["checkpoint", "attempt", "objects", "size"];
    let rows = retained.dropped.iter().map(|row| {
        vec![
            row.checkpoint.to_string(),
            row.created.clone(),
            row.attempt.to_string(),
            row.objects.len().to_string(),
            units::bytes(row.bytes),
            row.why.clone(),
        ]
    });
    let kept: Vec<String> = retained.kept.iter().map(u64::to_string).collect();
    let mut told = vec![retained.location.clone()];
    if retained.dropped.is_empty() {
        told.push("no checkpoint goes".to_owned());
    } else {
        told.push(output::table(&columns, &right, rows));
    }
    told.push(format!("kept: {}", kept.join(", ")));
    if retained.other_records > 0 {
        let records = units::count(retained.other_records);
        told.push(format!("records that no longer matter: {records}"));
    }
    told.push(if retained.dry_run {
        "nothing was deleted; --yes deletes, and takes the job over: one that still runs is stopped"
            .to_owned()
    } else {
        format!("deleted: {} objects", units::count(retained.deleted))
    });
    told.extend(super::left_told(&retained.left));
    told.join("\n")
}
