//! `alluvium state`: prints keyed state from a checkpoint or savepoint, typed by what it recorded, and makes a
//! savepoint of what was printed.
//!
//! Needs neither the job nor its types: keys, namespaces and values are decoded by the shapes in the
//! manifests. Works on copies in a temporary directory; the location is only read.

pub(crate) mod cut_rows;
mod from_json;
mod import;
pub(crate) mod key_argument;
pub(crate) mod opened;
#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod typed;

use alluvium_protocol::key_group::{KeyGroupRange, KeyHash};
use alluvium_protocol::row::StateId;
use anyhow::Result;
use serde::Serialize;

pub(crate) use self::import::savepoint_folder;

use self::cut_rows::CutRows;
use self::typed::{Entries, Entry, Lists};
use crate::args::{GetOptions, OneCut, ScanOptions, StateCommand};
use crate::exit::{Exit, Failure};
use crate::interrupt;
use crate::location::Folder;
use crate::output::{self, Format};

/// Carries a command out.
///
/// # Errors
/// When storage does not answer, the command line names what is not there, or stored bytes are damaged.
pub(crate) fn run(command: &StateCommand) -> Result<Exit> {
    match command {
        StateCommand::Scan(options) => scan(options),
        StateCommand::Get(options) => get(options),
        StateCommand::Import(options) => import::run(options),
    }
}

fn scan(options: &ScanOptions) -> Result<Exit> {
    let mut rows = open(&options.from)?;
    let wanted = Wanted {
        groups: rows.groups("--key-group", options.key_group.as_deref())?,
        state: state_id(&rows, options.state.as_deref())?,
        key: None,
        limit: options.limit,
    };
    print(options.output, &collect(&mut rows, &wanted)?)
}

fn get(options: &GetOptions) -> Result<Exit> {
    let mut rows = open(&options.from)?;
    let key = key_argument::encode(&rows.schema().key, &options.key)?;
    let max_parallelism = rows.cut().max_parallelism;
    let group = max_parallelism.group_of(KeyHash::of(&key));
    let mut wanted = Wanted {
        groups: KeyGroupRange::new(group.get(), group.get())?,
        state: state_id(&rows, options.state.as_deref())?,
        key: Some(key),
        limit: options.limit,
    };
    let mut found = collect(&mut rows, &wanted)?;
    if found.entries.is_empty() {
        // A job whose keys bring a hash of their own has it in another group.
        wanted.groups = max_parallelism.all();
        found = collect(&mut rows, &wanted)?;
    }
    if found.entries.is_empty() {
        return Err(Failure::problem(format!(
            "checkpoint {} has no state for key {}",
            rows.cut().name,
            options.key
        )));
    }
    print(options.output, &found)
}

/// The rows of the checkpoint that a command line names. From here on Ctrl-C ends the command in order.
///
/// # Errors
/// When storage does not answer, or there is no such checkpoint, or it is damaged.
pub(crate) fn open(from: &OneCut) -> Result<CutRows> {
    let cut = Folder::find(&from.place)?.cut(from.checkpoint.as_deref())?;
    CutRows::of(cut, interrupt::cancel_on_interrupt()?)
}

fn state_id(rows: &CutRows, name: Option<&str>) -> Result<Option<StateId>> {
    name.map(|name| Ok(rows.state(name)?.id)).transpose()
}

/// Which rows to print.
struct Wanted {
    groups: KeyGroupRange,
    state: Option<StateId>,
    /// Only entries of this encoded key.
    key: Option<Vec<u8>>,
    limit: u64,
}

#[derive(Debug, Serialize)]
struct Found {
    checkpoint: String,
    job: String,
    /// Whether there were more entries than the limit.
    more: bool,
    entries: Vec<Entry>,
}

fn collect(rows: &mut CutRows, wanted: &Wanted) -> Result<Found> {
    let schema = rows.schema().clone();
    let mut found = Found {
        checkpoint: rows.cut().name.clone(),
        job: rows.cut().job.clone(),
        more: false,
        entries: Vec::new(),
    };
    'groups: for group in wanted.groups.iter() {
        let mut entries = Entries::new(&schema, wanted.key.as_deref(), Lists::Whole);
        let mut cursor = rows.rows(group, wanted.state)?;
        while cursor.advance()? {
            found
                .entries
                .extend(entries.take(cursor.row(), cursor.value())?);
            // One more than the limit, to know whether there are more.
            if found.entries.len() as u64 > wanted.limit {
                break 'groups;
            }
        }
        found.entries.extend(entries.finish());
    }
    if found.entries.len() as u64 > wanted.limit {
        found.more = true;
        found.entries.truncate(usize::try_from(wanted.limit)?);
    }
    Ok(found)
}

fn print(format: Format, found: &Found) -> Result<Exit> {
    match format {
        Format::Json => output::json(found)?,
        Format::Table => {
            let columns = [
                "state",
                "key group",
                "key",
                "namespace",
                "map key",
                "time",
                "expires",
                "value",
            ];
            let rows = found.entries.iter().map(Entry::cells);
            output::text(&output::table(&columns, &["key group"], rows))?;
            if found.more {
                output::note("there are more entries: raise --limit to see them");
            }
        }
    }
    Ok(Exit::Done)
}
