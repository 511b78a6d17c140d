//! `alluvium flink show`: what a snapshot of Flink consists of.

mod document;

use anyhow::Result;

use self::document::{Handle, Operator, Shown, Sizes, Stream, Subtask};
use crate::args::FlinkShowOptions;
use crate::exit::Exit;
use crate::output::{self, Format};
use crate::units;

/// Prints the snapshot.
///
/// # Errors
/// When there is no snapshot, it is damaged, or it has no such operator.
pub(super) fn run(options: &FlinkShowOptions) -> Result<Exit> {
    let snapshot = super::open(&options.place)?;
    let wanted = options.operator.as_deref();
    let operator = wanted.map(|named| snapshot.operator(named)).transpose()?;
    let shown = Shown::of(&snapshot, operator);
    match options.output {
        Format::Json => output::json(&shown)?,
        Format::Table => output::text(&told(&shown, operator.is_some()))?,
    }
    Ok(Exit::Done)
}

fn told(shown: &Shown, all_handles: bool) -> String {
    let mut told = vec![heading(shown), operators(&shown.operators)];
    if all_handles {
        for operator in &shown.operators {
            told.extend(operator.subtasks.iter().map(subtask));
        }
    }
    told.join("\n")
}

fn heading(shown: &Shown) -> String {
    let kind = shown.kind.unwrap_or("snapshot");
    let masters = match shown.master_states.len() {
        0 => String::new(),
        states => format!(", {states} master states"),
    };
    let written = match (shown.written_by, shown.version) {
        (Some(flink), Some(version)) => {
            format!(", written by Flink {flink} (metadata version {version})")
        }
        _ => String::new(),
    };
    format!(
        "{}\n{kind} {}{written}{masters}: {}",
        shown.folder,
        shown.checkpoint,
        sizes(&shown.sizes)
    )
}

fn sizes(sizes: &Sizes) -> String {
    let unknown = match sizes.unknown {
        0 => String::new(),
        files => format!(", {} of unknown length", units::count(files)),
    };
    format!(
        "{}, {} of them in the metadata, {} in {} files{unknown}; {} shared with other checkpoints",
        units::bytes(sizes.total_bytes),
        units::bytes(sizes.inline_bytes),
        units::bytes(sizes.file_bytes),
        units::count(sizes.files),
        units::bytes(sizes.shared_bytes)
    )
}

fn operators(operators: &[Operator]) -> String {
    let columns = [
        "uid",
        "name",
        "id",
        "parallelism",
        "max",
        "keyed state",
        "raw keyed",
        "operator state",
        "in flight",
        "coordinator",
        "size",
        "shared",
    ];
    let right = [
        "parallelism",
        "max",
        "raw keyed",
        "operator state",
        "in flight",
        "coordinator",
        "size",
        "shared",
    ];
    let rows = operators.iter().map(|operator| {
        let bytes = |bytes: u64| match bytes {
            0 => String::new(),
            bytes => units::bytes(bytes),
        };
        let count = |count: usize| match count {
            0 => String::new(),
            count => count.to_string(),
        };
        let subtasks = &operator.subtasks;
        let keyed = subtasks.iter().find_map(|subtask| subtask.keyed.as_ref());
        let keyed = match (keyed, operator.finished) {
            (Some(handle), _) => handle.layout.to_owned(),
            (None, true) => "finished".to_owned(),
            (None, false) => String::new(),
        };
        let in_flight = subtasks
            .iter()
            .map(|subtask| subtask.inputs.len() + subtask.outputs.len());
        let raw = subtasks
            .iter()
            .filter(|subtask| subtask.raw_keyed.is_some());
        let states = subtasks
            .iter()
            .filter(|subtask| !subtask.operator_states.is_empty());
        vec![
            operator.uid.clone().unwrap_or_default(),
            operator.name.clone().unwrap_or_default(),
            operator.id.clone(),
            operator.parallelism.to_string(),
            operator.max_parallelism.to_string(),
            keyed,
            count(raw.count()),
            count(states.count()),
            count(in_flight.sum()),
            bytes(operator.coordinator_bytes.unwrap_or(0)),
            bytes(operator.sizes.total_bytes),
            bytes(operator.sizes.shared_bytes),
        ]
    });
    output::table(&columns, &right, rows)
}

fn subtask(subtask: &Subtask) -> String {
    let mut told = vec![format!("\nsubtask {}", subtask.subtask)];
    if subtask.finished {
        told.push("finished".to_owned());
    }
    for (which, found) in [("keyed", &subtask.keyed), ("raw keyed", &subtask.raw_keyed)] {
        if let Some(found) = found {
            told.push(handle(which, found));
        }
    }
    for state in &subtask.operator_states {
        let names = state.states.iter().map(|state| {
            format!(
                "{} ({}, {} elements)",
                state.name, state.distribution, state.elements
            )
        });
        told.push(format!(
            "operator state, {}: {}",
            units::bytes(state.stream.bytes.unwrap_or(0)),
            names.collect::<Vec<_>>().join(", ")
        ));
        told.push(streams(std::slice::from_ref(&state.stream)));
    }
    for (which, found) in [("inputs", &subtask.inputs), ("outputs", &subtask.outputs)] {
        if !found.is_empty() {
            told.push(format!("records in flight of {which}"));
            told.push(streams(found));
        }
    }
    told.join("\n")
}

fn handle(which: &str, handle: &Handle) -> String {
    let key_groups = handle.key_groups.as_deref().unwrap_or("none");
    let backend = handle
        .backend
        .as_ref()
        .map_or_else(String::new, |backend| format!(", backend {backend}"));
    format!(
        "{which} state, {}, key groups {key_groups}{backend}: {}\n{}",
        handle.layout,
        sizes(&handle.sizes),
        streams(&handle.streams)
    )
}

fn streams(streams: &[Stream]) -> String {
    let columns = ["role", "file", "size", "from byte", "where"];
    let rows = streams.iter().map(|stream| {
        vec![
            stream.role.unwrap_or_default().to_owned(),
            stream.name.clone().unwrap_or_default(),
            stream
                .bytes
                .map_or_else(|| "unknown".to_owned(), units::bytes),
            stream
                .start
                .map_or_else(String::new, |start| start.to_string()),
            stream
                .place
                .clone()
                .unwrap_or_else(|| "in the metadata".to_owned()),
        ]
    });
    output::table(&columns, &["size", "from byte"], rows)
}
