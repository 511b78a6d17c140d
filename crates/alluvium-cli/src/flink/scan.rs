//! `alluvium flink scan` and `get`: the keyed state of a snapshot, or what one key has of it.

use std::io::IsTerminal as _;
use std::ops::ControlFlow;

use alluvium_flink::scan::{Place, Report, Row, Selection};
use alluvium_protocol::value::Value;
use anyhow::Result;
use serde::Serialize;

use super::entries::Entries;
use super::lines::Lines;
use super::opened::{Opened, ended};
use crate::args::{FlinkGetOptions, FlinkScanFormat, FlinkScanOptions};
use crate::exit::{Exit, Failure};
use crate::export::destination::Destination;
use crate::export::is_broken_pipe;
use crate::output;
use crate::state::typed::Entry;

/// Rows of a table or a document, unless the command line says otherwise: as `state scan` has.
const TABLE_ROWS: u64 = 100;

/// Prints rows. Ends with [`Exit::Problem`] if some cannot be read.
///
/// # Errors
/// When there is no snapshot, it has no such operator or state, or Ctrl-C was pressed.
pub(super) fn scan(options: &FlinkScanOptions) -> Result<Exit> {
    let opened = Opened::open(&options.place, &options.rows)?;
    let wanted = Wanted {
        selection: options.rows.selection(options.key.as_deref()),
        namespace: None,
        limit: match options.output {
            FlinkScanFormat::Jsonl => options.limit,
            _ => Some(options.limit.unwrap_or(TABLE_ROWS)),
        },
        timestamps: options.timestamps,
    };
    let (_, report) = print(&opened, &wanted, options.output)?;
    Ok(report.map_or(Exit::Done, |report| ended(&report)))
}

/// Prints what a key has.
///
/// # Errors
/// As [`scan`]; and when the key has nothing.
pub(super) fn get(options: &FlinkGetOptions) -> Result<Exit> {
    let opened = Opened::open(&options.place, &options.rows)?;
    let wanted = Wanted {
        selection: options.rows.selection(Some(&options.key)),
        namespace: options.namespace.clone(),
        limit: Some(options.limit),
        timestamps: options.timestamps,
    };
    let (found, report) = print(&opened, &wanted, options.output)?;
    let Some(report) = report else {
        return Ok(Exit::Done);
    };
    let exit = ended(&report);
    if found == 0 && exit == Exit::Done {
        return Err(Failure::problem(format!(
            "{} has no state for key {}",
            opened.folder(),
            options.key
        )));
    }
    Ok(exit)
}

/// Which rows are printed.
struct Wanted {
    selection: Selection,
    /// As it prints.
    namespace: Option<String>,
    limit: Option<u64>,
    timestamps: bool,
}

impl Wanted {
    fn has(&self, row: &Row) -> bool {
        let namespace = row.namespace.as_ref().unwrap_or(&Value::Null);
        let is_it = |wanted: &String| {
            let printed = namespace.to_string();
            // Blanks do not count.
            printed == *wanted || printed == wanted.replace(' ', "")
        };
        self.namespace.as_ref().is_none_or(is_it)
    }
}

/// How many were printed, and what was met; no report if whoever read has closed the pipe.
fn print(
    opened: &Opened,
    wanted: &Wanted,
    format: FlinkScanFormat,
) -> Result<(u64, Option<Report>)> {
    if format == FlinkScanFormat::Jsonl {
        return lines(opened, wanted);
    }
    let mut found = Found {
        snapshot: opened.folder(),
        more: false,
        entries: Vec::new(),
    };
    let mut entries = Entries::default();
    let report = opened.rows(
        &wanted.selection,
        true,
        &mut |place: &Place<'_>, row: &Row| {
            if !wanted.has(row) {
                return Ok(ControlFlow::Continue(()));
            }
            let mut entry = entries.entry(&opened.label(place.operator), place, row);
            if !wanted.timestamps {
                entry.accessed = None;
            }
            let count = found.entries.len() as u64;
            if wanted.limit.is_some_and(|limit| count >= limit) {
                found.more = true;
                return Ok(ControlFlow::Break(()));
            }
            found.entries.push(entry);
            Ok(ControlFlow::Continue(()))
        },
    )?;
    if format == FlinkScanFormat::Json {
        output::json(&found)?;
    } else {
        output::text(&table(&found.entries))?;
        if found.more {
            output::note("there are more entries: raise --limit to see them");
        }
    }
    Ok((found.entries.len() as u64, Some(report)))
}

fn lines(opened: &Opened, wanted: &Wanted) -> Result<(u64, Option<Report>)> {
    let has_bar = !std::io::stdout().is_terminal();
    let mut lines = Lines::new(Destination::open(None)?, wanted.timestamps);
    let read = opened.rows(
        &wanted.selection,
        has_bar,
        &mut |place: &Place<'_>, row: &Row| {
            if !wanted.has(row) {
                return Ok(ControlFlow::Continue(()));
            }
            let label = || opened.label(place.operator);
            let goes_on = lines.push(label, place, row, wanted.limit)?;
            Ok(if goes_on {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            })
        },
    );
    let count = lines.count;
    let ended = lines.finish().and_then(Destination::finish);
    match read.and_then(|report| ended.map(|_| report)) {
        Err(error) if is_broken_pipe(&error) => Ok((count, None)),
        report => Ok((count, Some(report?))),
    }
}

#[derive(Debug, Serialize)]
struct Found {
    snapshot: String,
    /// Whether there were more entries than the limit.
    more: bool,
    entries: Vec<Entry>,
}

fn table(entries: &[Entry]) -> String {
    let columns = [
        "operator",
        "state",
        "key group",
        "key",
        "namespace",
        "map key",
        "time",
        "expires",
        "value",
        "accessed",
    ];
    let rows = entries.iter().map(|entry| {
        let mut cells = vec![entry.operator.clone().unwrap_or_default()];
        cells.extend(entry.cells());
        let accessed = entry.accessed.map(crate::time::format_rfc3339);
        cells.push(accessed.unwrap_or_default());
        cells
    });
    output::table(&columns, &["key group"], rows)
}
