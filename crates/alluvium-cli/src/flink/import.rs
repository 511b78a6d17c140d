//! `alluvium flink import`: keyed state of a Flink job as a savepoint of a Rust job.

use alluvium::Ttl;
use alluvium_flink::import::{Import, Imported, KeyGroups, Values, import};
use anyhow::Result;
use serde::Serialize;

use crate::args::{FlinkImportOptions, KeyGroupsChoice, ValuesChoice};
use crate::exit::Exit;
use crate::interrupt;
use crate::output::{self, Format};
use crate::progress;
use crate::state::savepoint_folder;
use crate::units;

#[derive(Debug, Serialize)]
struct Told {
    savepoint: String,
    job: String,
    max_parallelism: u16,
    /// What the job is keyed by.
    key: String,
    key_groups: &'static str,
    states: Vec<State>,
    notes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct State {
    /// Its name in Flink.
    from: String,
    state: String,
    kind: String,
    namespace: String,
    map_key: Option<String>,
    codec: String,
    value: Option<String>,
    /// The type in Flink.
    flink: Option<String>,
    ttl: Option<String>,
    rows: u64,
}

/// Imports.
///
/// # Errors
/// When there is no such operator or state, a row cannot be read or written as asked, there is a savepoint already, storage or
/// this machine fail, or Ctrl-C was pressed. Nothing is left then.
pub(super) fn run(options: &FlinkImportOptions) -> Result<Exit> {
    let cancel = interrupt::cancel_on_interrupt()?;
    let snapshot = super::open_until(&options.place, &cancel)?;
    let (folder, to) = savepoint_folder(&options.to)?;
    let bar = progress::bar("{spinner} {msg}");
    let imported = import(&snapshot, &what(options), &folder, &cancel, &mut |rows| {
        if let Some(bar) = &bar {
            bar.set_message(format!("{} rows", units::count(rows)));
        }
    });
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    let told = Told::of(&imported?, to.told());
    match options.output {
        Format::Json => output::json(&told)?,
        Format::Table => {
            told.notes.iter().for_each(|note| output::note(note));
            output::text(&table(&told))?;
        }
    }
    Ok(Exit::Done)
}

fn what(options: &FlinkImportOptions) -> Import {
    let lifetimes = options.ttl.iter();
    Import {
        operator: options.operator.clone(),
        states: options.state.clone(),
        renames: options.rename.iter().cloned().collect(),
        lifetimes: lifetimes
            .map(|(state, duration)| (state.clone(), Ttl::new(*duration)))
            .collect(),
        nullable: options.nullable.iter().cloned().collect(),
        not_null: options.not_null.iter().cloned().collect(),
        values: match options.values {
            ValuesChoice::Flink => Values::Flink,
            ValuesChoice::Postcard => Values::Postcard,
            ValuesChoice::Msgpack => Values::MsgPack,
        },
        key_groups: match options.key_groups {
            KeyGroupsChoice::Keep => KeyGroups::Keep,
            KeyGroupsChoice::Recompute => KeyGroups::Recompute,
        },
        job: options.job.clone(),
    }
}

impl Told {
    fn of(imported: &Imported, savepoint: String) -> Self {
        let states = imported.plan.states.iter().map(|state| {
            let declaration = &state.declaration;
            let has_value = !declaration.kind.is_timers();
            let value = &declaration.value;
            State {
                from: state.from.clone(),
                state: declaration.name.clone(),
                kind: declaration.kind.to_string(),
                namespace: declaration.namespace.to_string(),
                map_key: declaration.map_key.as_ref().map(ToString::to_string),
                codec: if has_value {
                    value.codec.clone()
                } else {
                    String::new()
                },
                value: has_value.then(|| value.shape.to_string()),
                flink: has_value.then(|| value.type_name.clone()),
                ttl: declaration.ttl.map(|ttl| ttl.to_string()),
                rows: imported.rows.get(&state.from).copied().unwrap_or(0),
            }
        });
        let (key, kept) = match imported.plan.key_groups {
            KeyGroups::Keep => (format!("Java<{}>", imported.plan.key), "flink"),
            KeyGroups::Recompute => (imported.plan.key.to_string(), "alluvium"),
        };
        Self {
            savepoint,
            job: imported.job.clone(),
            max_parallelism: imported.max_parallelism.get(),
            key,
            key_groups: kept,
            states: states.collect(),
            notes: imported.plan.notes.clone(),
        }
    }
}

fn table(told: &Told) -> String {
    let rows = told.states.iter().map(|state| {
        vec![
            state.state.clone(),
            state.kind.clone(),
            state.namespace.clone(),
            state.map_key.clone().unwrap_or_default(),
            state.codec.clone(),
            state.value.clone().unwrap_or_default(),
            state.ttl.clone().unwrap_or_default(),
            units::count(state.rows),
        ]
    });
    let columns = [
        "state",
        "kind",
        "namespace",
        "map key",
        "codec",
        "value",
        "TTL",
        "rows",
    ];
    format!(
        "savepoint {} of job {}, {} key groups, keyed by {}\n{}",
        told.savepoint,
        told.job,
        told.max_parallelism,
        told.key,
        output::table(&columns, &["rows"], rows)
    )
}
