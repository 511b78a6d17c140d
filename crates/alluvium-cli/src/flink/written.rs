//! A savepoint of Flink that was written, as it is told.

use alluvium_flink::metadata::Version;
use alluvium_flink::write::Rewritten;
use anyhow::Result;
use serde::Serialize;

use crate::output::{self, Format};
use crate::units;

#[derive(Debug, Serialize)]
pub(super) struct Told {
    from: String,
    to: String,
    /// The releases of Flink that restore it.
    written_for: &'static str,
    metadata_version: u8,
    operators: usize,
    bytes: u64,
    states: Vec<State>,
}

#[derive(Debug, Serialize)]
struct State {
    operator: String,
    /// What it was called.
    state: String,
    name: String,
    rows: u64,
    bytes: u64,
    left_out: u64,
}

impl Told {
    /// Of what was written to `to`, of what is at `from`.
    pub(super) fn of(from: String, to: &str, rewritten: &Rewritten) -> Self {
        let states = rewritten.states.iter().map(|state| State {
            operator: state.operator.clone(),
            state: state.state.clone(),
            name: state.name.clone(),
            rows: state.rows,
            bytes: state.bytes,
            left_out: state.left_out,
        });
        Self {
            from,
            to: to.to_owned(),
            written_for: match rewritten.version {
                Version::V4 => "1.16 to 1.20",
                Version::V5 => "2.0",
                _ => "2.1 and later",
            },
            metadata_version: rewritten.version.number(),
            operators: rewritten.operators,
            bytes: rewritten.bytes,
            states: states.collect(),
        }
    }

    /// Tells it.
    ///
    /// # Errors
    /// When stdout cannot be written to.
    pub(super) fn print(&self, format: Format) -> Result<()> {
        match format {
            Format::Json => output::json(self),
            Format::Table => output::text(&table(self)),
        }
    }
}

fn table(told: &Told) -> String {
    let rows = told.states.iter().map(|state| {
        let was = (state.state != state.name).then(|| state.state.clone());
        let left_out = match state.left_out {
            0 => String::new(),
            rows => units::count(rows),
        };
        vec![
            state.operator.clone(),
            state.name.clone(),
            was.unwrap_or_default(),
            units::count(state.rows),
            left_out,
            units::bytes(state.bytes),
        ]
    });
    let columns = ["operator", "state", "before", "rows", "left out", "size"];
    let rows = output::table(&columns, &["rows", "left out", "size"], rows);
    format!(
        "wrote {} of {} for Flink {}: {} operators, {}\n{rows}",
        told.to,
        told.from,
        told.written_for,
        told.operators,
        units::bytes(told.bytes)
    )
}
