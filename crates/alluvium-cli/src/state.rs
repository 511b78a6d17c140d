//! `alluvium state`: prints keyed state from a checkpoint or savepoint, typed by what it recorded.
//!
//! Needs neither the job nor its types: keys, namespaces and values are decoded by the shapes in the
//! manifests. Works on copies in a temporary directory; the location is only read.

mod key_argument;
mod opened;
mod typed;

use std::ops::ControlFlow;

use alluvium_protocol::key_group::{KeyGroupRange, KeyHash};
use alluvium_protocol::manifest::Manifest;
use alluvium_protocol::row::{self, RowRange, StateId};
use alluvium_protocol::schema::{KeyedSchema, merge};
use anyhow::Result;
use serde::Serialize;

use self::opened::Opened;
use self::typed::{Entries, Entry};
use crate::args::{GetOptions, ScanOptions, StateCommand};
use crate::exit::{Exit, Failure};
use crate::location::{Cut, Folder};
use crate::output::{self, Format};

/// Carries a command out.
///
/// # Errors
/// When storage does not answer, the command line names what is not there, or stored bytes are damaged.
pub(crate) fn run(command: &StateCommand) -> Result<Exit> {
    match command {
        StateCommand::Scan(options) => scan(options),
        StateCommand::Get(options) => get(options),
    }
}

fn scan(options: &ScanOptions) -> Result<Exit> {
    let cut = Folder::find(&options.place)?.cut(options.checkpoint.as_deref())?;
    let manifests = cut.all_manifests()?;
    let schema = schema(&manifests)?;
    let all = cut.max_parallelism.all();
    let groups = options.key_group.as_deref().map_or(Ok(all), parse_groups)?;
    if !all.covers(groups) {
        return Err(Failure::usage(format!(
            "--key-group {groups}: the job has key groups {all}"
        )));
    }
    let state = options
        .state
        .as_deref()
        .map(|name| find_state(&schema, name))
        .transpose()?;
    let wanted = Wanted {
        groups,
        state,
        key: None,
        limit: options.limit,
    };
    print(
        options.output,
        &collect(&cut, &manifests, &schema, &wanted)?,
    )
}

fn get(options: &GetOptions) -> Result<Exit> {
    let cut = Folder::find(&options.place)?.cut(options.checkpoint.as_deref())?;
    let manifests = cut.all_manifests()?;
    let schema = schema(&manifests)?;
    let key = key_argument::encode(&schema.key, &options.key)?;
    let state = options
        .state
        .as_deref()
        .map(|name| find_state(&schema, name))
        .transpose()?;
    let group = cut.max_parallelism.group_of(KeyHash::of(&key));
    let groups = KeyGroupRange::new(group.get(), group.get())?;
    let mut wanted = Wanted {
        groups,
        state,
        key: Some(key),
        limit: options.limit,
    };
    let mut found = collect(&cut, &manifests, &schema, &wanted)?;
    if found.entries.is_empty() {
        // A job whose keys bring a hash of their own has it in another group.
        wanted.groups = cut.max_parallelism.all();
        found = collect(&cut, &manifests, &schema, &wanted)?;
    }
    if found.entries.is_empty() {
        let name = &options.key;
        return Err(Failure::problem(format!(
            "checkpoint {} has no state for key {name}",
            cut.name
        )));
    }
    print(options.output, &found)
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

fn collect(
    cut: &Cut,
    manifests: &[Manifest],
    schema: &KeyedSchema,
    wanted: &Wanted,
) -> Result<Found> {
    let mut found = Found {
        checkpoint: cut.name.clone(),
        job: cut.job.clone(),
        more: false,
        entries: Vec::new(),
    };
    let mut in_order: Vec<&Manifest> = manifests.iter().collect();
    in_order.sort_by_key(|manifest| manifest.range.first());
    for manifest in in_order {
        let Some(groups) = manifest.range.intersection(wanted.groups) else {
            continue;
        };
        let opened = Opened::download(cut, manifest)?;
        let mut entries = Entries::new(schema, wanted.key.as_deref());
        for range in ranges(groups, wanted.state) {
            let flow = opened.scan(&range, &mut |row, value| {
                found.entries.extend(entries.take(row, value)?);
                // One more than the limit, to know whether there are more.
                Ok(if found.entries.len() as u64 > wanted.limit {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                })
            })?;
            if flow.is_break() {
                break;
            }
        }
        found.entries.extend(entries.finish());
        if found.entries.len() as u64 > wanted.limit {
            found.more = true;
            found.entries.truncate(usize::try_from(wanted.limit)?);
            break;
        }
    }
    Ok(found)
}

fn ranges(groups: KeyGroupRange, state: Option<StateId>) -> Vec<RowRange> {
    match state {
        Some(state) => groups
            .iter()
            .map(|group| RowRange::prefix(&row::prefix(group, state)))
            .collect(),
        None => vec![groups.rows()],
    }
}

fn schema(manifests: &[Manifest]) -> Result<KeyedSchema> {
    let schemas: Vec<_> = manifests.iter().map(|manifest| &manifest.schema).collect();
    Ok(merge(&schemas)?)
}

fn find_state(schema: &KeyedSchema, name: &str) -> Result<StateId> {
    let found = schema.states.iter().find(|state| state.name == name);
    found.map(|state| state.id).ok_or_else(|| {
        let names: Vec<_> = schema
            .states
            .iter()
            .map(|state| state.name.as_str())
            .collect();
        Failure::usage(format!(
            "there is no state `{name}`; there are: {}",
            names.join(", ")
        ))
    })
}

fn parse_groups(text: &str) -> Result<KeyGroupRange> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let range = match (first.parse(), last.parse()) {
        (Ok(first), Ok(last)) => KeyGroupRange::new(first, last).ok(),
        _ => None,
    };
    range.ok_or_else(|| {
        Failure::usage(format!(
            "--key-group {text}: give one number or a range such as 0-42"
        ))
    })
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
