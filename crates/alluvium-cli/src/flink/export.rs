//! `alluvium flink export`: the rows of a snapshot as JSON Lines, CSV or Parquet.
//!
//! Invariants: a file under the name that was asked for is whole; memory holds a row and a buffer (Parquet: a group of rows),
//! whatever the size of the state.

use std::ops::ControlFlow;

use alluvium_flink::import::shape_of;
use alluvium_flink::keyed::StateKind as FlinkKind;
use alluvium_flink::scan::{self, Place, Row, State};
use alluvium_flink::serializer::{Kind, Serializer};
use alluvium_protocol::row::StateId;
use alluvium_protocol::schema::{FLINK, KeyedSchema, StateKind, StateSchema, ValueSchema};
use alluvium_protocol::shape::Shape;
use anyhow::Result;
use serde::Serialize;

use super::entries::Entries;
use super::opened::{Opened, check_whole};
use crate::args::FlinkExportOptions;
use crate::exit::Exit;
use crate::export::columns::columns_of_operators;
use crate::export::destination::Destination;
use crate::export::{self, Exported, is_broken_pipe, rows};
use crate::output;

#[derive(Debug, Serialize)]
struct From {
    snapshot: String,
}

/// Exports.
///
/// # Errors
/// When there is no snapshot, it has no such operator or state, a row cannot be read, the file exists or its device fails, or
/// Ctrl-C was pressed. There is no file then.
pub(super) fn run(options: &FlinkExportOptions) -> Result<Exit> {
    let format = export::format(options.format, options.to.as_deref())?;
    if let Some(file) = options.to.as_deref() {
        export::check_free(file)?;
    }
    let opened = Opened::open(&options.place, &options.rows)?;
    let selection = options.rows.selection(None);
    let (described, report) = scan::describe(opened.snapshot(), &selection)?;
    for problem in &report.problems {
        output::note(&format!("problem: {problem}"));
    }
    check_whole(&report)?;
    let states: Vec<&State> = described.iter().flat_map(|part| &part.states).collect();
    let has_raw_timers = opened.has_raw_timers();
    let destination = Destination::open(options.to.as_deref())?;
    let columns = columns_of_operators(
        &schema(&states, has_raw_timers),
        states.iter().any(|state| state.has_ttl()),
    );
    let mut to = rows::open(format, columns, destination)?;
    let mut entries = Entries::default();
    let mut count = 0_u64;
    let has_bar = options.to.is_some();
    let read = opened.rows(&selection, has_bar, &mut |place: &Place<'_>, row: &Row| {
        to.push(&entries.entry(&opened.label(place.operator), place, row))?;
        count += 1;
        Ok(ControlFlow::Continue(()))
    });
    let written = read.and_then(|report| check_whole(&report));
    let bytes = match written.and_then(|()| to.finish().and_then(Destination::finish)) {
        Err(error) if is_broken_pipe(&error) => return Ok(Exit::Done),
        bytes => bytes?,
    };
    let Some(file) = options.to.as_deref() else {
        return Ok(Exit::Done);
    };
    let mut names: Vec<String> = states.iter().map(|state| state.name.clone()).collect();
    names.sort();
    names.dedup();
    let exported = Exported {
        from: From {
            snapshot: opened.folder(),
        },
        file: file.display().to_string(),
        states: names,
        rows: count,
        bytes,
    };
    exported.print(options.output)?;
    Ok(Exit::Done)
}

/// The states as Alluvium would describe them, as far as columns are concerned.
fn schema(states: &[&State], has_raw_timers: bool) -> KeyedSchema {
    let shape = |serializer: &Serializer| shape_of(serializer).unwrap_or(Shape::Opaque);
    let mut keys = states.iter().map(|state| shape(&state.key));
    let key = keys.next().unwrap_or(Shape::Opaque);
    let key = if keys.all(|other| other == key) && !has_raw_timers {
        key
    } else {
        Shape::Opaque
    };
    let mut described = Vec::new();
    for state in states {
        let value = state.value.as_ref();
        let value = value.map(|value| match value.unmarked().kind() {
            Kind::Ttl(value) => shape(value),
            _ => shape(value),
        });
        let namespace = state.namespace.as_ref().map_or(Shape::Unit, shape);
        let map_key = state.map_key.as_ref().map(shape);
        let of = (&state.name, kind(state), namespace, map_key, value);
        described.push(described_state(of));
    }
    if has_raw_timers {
        let name = String::new();
        described.push(described_state((
            &name,
            StateKind::EventTimers,
            Shape::Opaque,
            None,
            None,
        )));
    }
    // Subtasks describe the same states.
    let mut distinct: Vec<StateSchema> = Vec::new();
    for state in described {
        if !distinct.contains(&state) {
            distinct.push(state);
        }
    }
    KeyedSchema {
        key,
        states: distinct,
    }
}

fn described_state(
    (name, kind, namespace, map_key, value): (
        &String,
        StateKind,
        Shape,
        Option<Shape>,
        Option<Shape>,
    ),
) -> StateSchema {
    StateSchema {
        id: StateId::new(1),
        name: name.clone(),
        kind,
        namespace,
        map_key,
        value: ValueSchema {
            codec: FLINK.to_owned(),
            version: 1,
            type_name: String::new(),
            shape: value.unwrap_or(Shape::Unit),
            type_version: None,
            older: Vec::new(),
        },
        ttl: None,
    }
}

const fn kind(state: &State) -> StateKind {
    match state.kind {
        FlinkKind::List => StateKind::List,
        FlinkKind::Map => StateKind::Map,
        FlinkKind::Reducing => StateKind::Reducing,
        FlinkKind::Aggregating => StateKind::Aggregating,
        FlinkKind::PriorityQueue => StateKind::EventTimers,
        _ => StateKind::Value,
    }
}
