//! `alluvium checkpoints sweep`: objects that nobody needs, with reasons, and away with them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use alluvium::catalog::{Catalog, Swept};
use alluvium::environment::Environment;
use alluvium_protocol::plan::orphans::Orphan;
use anyhow::Result;
use serde::Serialize;

use crate::args::SweepOptions;
use crate::exit::{Exit, Failure};
use crate::interrupt;
use crate::location::Folder;
use crate::output::{self, Format};
use crate::units;

/// What may be swept beside a running job is at least so old: no checkpoint that works takes longer, and clocks of
/// this machine and the storage may differ.
const AGE_MIN: Duration = Duration::from_hours(1);

#[derive(Debug, Serialize)]
struct Told {
    location: String,
    job: String,
    dry_run: bool,
    orphans: Vec<Row>,
    bytes: u64,
    deleted: u64,
    left: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Row {
    object: String,
    reason: String,
    bytes: u64,
    age_seconds: u64,
}

/// Prints the orphans; with `--yes`, deletes them.
///
/// # Errors
/// When storage does not answer, the location is no job's, or something is damaged that tells what is needed.
pub(super) fn run(options: &SweepOptions) -> Result<Exit> {
    if options.min_age < AGE_MIN {
        return Err(Failure::usage(
            "--min-age below 1h could take from under a running job what it is about to commit; stop the \
             job and give --take-over",
        ));
    }
    let folder = Folder::find(&options.place)?.name_of_job(&options.place.location)?;
    let catalog = Catalog::open(Arc::clone(&folder.storage), &folder.name)?;
    let environment = Environment::system();
    let cancel = interrupt::cancel_on_interrupt()?;
    let orphans = match (options.take_over, options.yes) {
        (true, true) => {
            let attempt = catalog.start_attempt(&environment)?;
            catalog.orphans_behind(&attempt, &environment, &cancel)?
        }
        (true, false) => catalog.orphans(Duration::ZERO, &environment, &cancel)?,
        (false, _) => catalog.orphans(options.min_age, &environment, &cancel)?,
    };
    let swept = if options.yes {
        catalog.sweep(&orphans, &environment, &cancel)?
    } else {
        Swept::default()
    };
    let now = environment.clock.unix_millis();
    let found = Told {
        location: folder.told(),
        job: folder.name,
        dry_run: !options.yes,
        bytes: orphans.iter().map(|orphan| orphan.listed.bytes).sum(),
        orphans: orphans.iter().map(|orphan| row(orphan, now)).collect(),
        deleted: swept.deleted,
        left: swept.left,
    };
    match options.output {
        Format::Json => output::json(&found)?,
        Format::Table => output::text(&told(&found))?,
    }
    Ok(if found.left.is_empty() {
        Exit::Done
    } else {
        Exit::Unreachable
    })
}

fn row(orphan: &Orphan, now: i64) -> Row {
    let age = now.saturating_sub(orphan.listed.modified_unix_millis);
    Row {
        object: orphan.listed.object.clone(),
        reason: orphan.reason.to_string(),
        bytes: orphan.listed.bytes,
        // Storage's clock may run ahead of ours.
        age_seconds: u64::try_from(age / 1000).unwrap_or(0),
    }
}

fn told(found: &Told) -> String {
    let mut told = vec![found.location.clone()];
    if found.orphans.is_empty() {
        told.push("no orphans".to_owned());
        return told.join("\n");
    }
    let rows = found.orphans.iter().map(|row| {
        vec![
            row.object.clone(),
            units::bytes(row.bytes),
            units::age(Duration::from_secs(row.age_seconds)),
            row.reason.clone(),
        ]
    });
    told.push(output::table(
        &["object", "size", "age", "reason"],
        &["size", "age"],
        rows,
    ));
    let mut reasons = BTreeMap::<&str, (u64, u64)>::new();
    for row in &found.orphans {
        let (objects, bytes) = reasons.entry(&row.reason).or_default();
        *objects += 1;
        *bytes += row.bytes;
    }
    told.extend(reasons.iter().map(|(reason, (objects, bytes))| {
        format!(
            "{} {reason}: {}",
            units::count(*objects),
            units::bytes(*bytes)
        )
    }));
    told.push(if found.dry_run {
        format!(
            "nothing was deleted; --yes deletes these {} objects, {}",
            units::count(found.orphans.len() as u64),
            units::bytes(found.bytes)
        )
    } else {
        format!("deleted: {} objects", units::count(found.deleted))
    });
    told.extend(super::left_told(&found.left));
    told.join("\n")
}
