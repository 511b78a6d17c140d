//! `alluvium savepoint`: what is done to whole savepoints.

use std::sync::Arc;

use alluvium::savepoint::{MigrateKeys, SavepointFolder};
use alluvium_protocol::key_group::MaxParallelism;
use alluvium_rocksdb::{RocksOptions, RocksStoreFactory};
use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::args::{MigrateKeysOptions, SavepointCommand};
use crate::checkpoints::bar::Bar;
use crate::exit::{Exit, Failure};
use crate::interrupt;
use crate::location::NamedCut;
use crate::output::{self, Format};
use crate::state::savepoint_folder;
use crate::units;

/// Carries a command out.
///
/// # Errors
/// When storage does not answer, the command line names what is not there, or the savepoint cannot be rewritten.
pub(crate) fn run(command: &SavepointCommand) -> Result<Exit> {
    match command {
        SavepointCommand::MigrateKeys(options) => migrate_keys(options),
    }
}

#[derive(Debug, Serialize)]
struct Migrated {
    from: String,
    to: String,
    job: String,
    rows: u64,
    max_parallelism_before: u16,
    max_parallelism: u16,
    key_before: String,
    key: String,
}

fn migrate_keys(options: &MigrateKeysOptions) -> Result<Exit> {
    let named = NamedCut::parse(&options.from);
    let cut = named.find(options.job.as_deref())?;
    if !cut.savepoint {
        return Err(Failure::usage(format!(
            "{} is a checkpoint, and savepoints alone can be rewritten: name one with {}@NAME, or take one",
            cut.name, named.location
        )));
    }
    let from = cut.folder.name_in_parent(&named.location)?;
    let (target, to) = savepoint_folder(&options.to)?;
    let source = SavepointFolder::new(Arc::clone(&from.storage), &from.name);

    let directory = tempfile::tempdir().context("make a temporary directory")?;
    let groups = options.max_parallelism.map(MaxParallelism::new);
    let migrate = MigrateKeys {
        max_parallelism: groups.transpose()?,
        key: options.key.clone(),
        namespaces: options.namespaces.iter().cloned().collect(),
        factory: Arc::new(RocksStoreFactory::new(RocksOptions::default())?),
        directory: directory.path().join("state"),
    };
    let cancel = interrupt::cancel_on_interrupt()?;
    let bar = Arc::new(Bar::new());
    let progress: Arc<dyn alluvium::Progress> = Arc::<Bar>::clone(&bar);
    let migrated = target.migrate_keys(&source, &migrate, &cancel, &progress);
    bar.finish();
    let migrated = migrated?;

    let migrated = Migrated {
        from: from.told(),
        to: to.told(),
        job: cut.job,
        rows: migrated.rows,
        max_parallelism_before: migrated.groups_before.get(),
        max_parallelism: migrated.groups.get(),
        key_before: migrated.key_before.to_string(),
        key: migrated.key.to_string(),
    };
    match options.output {
        Format::Json => output::json(&migrated)?,
        Format::Table => output::text(&format!(
            "rewrote {} to {}: {} rows, {} key groups (before: {}), keyed by {} (before: {})",
            migrated.from,
            migrated.to,
            units::count(migrated.rows),
            migrated.max_parallelism,
            migrated.max_parallelism_before,
            migrated.key,
            migrated.key_before
        ))?,
    }
    Ok(Exit::Done)
}
