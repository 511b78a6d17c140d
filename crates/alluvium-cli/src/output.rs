//! The one place that prints: documents on stdout, everything else on stderr.
//!
//! stdout carries the answer alone (tables, or exactly one JSON document), so that it can be piped;
//! progress, messages and errors go to stderr.

#![expect(clippy::print_stderr, reason = "printing is this module's purpose")]

use std::io::Write as _;

use anyhow::Result;
use clap::ValueEnum;
use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use serde::Serialize;

use crate::exit::{Exit, Failure};

/// How an answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Tables and sentences for people
    Table,
    /// One JSON document for programs
    Json,
}

/// A table with a heading row. Columns whose names are in `right` are aligned to the right.
pub(crate) fn table(
    columns: &[&str],
    right: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> String {
    let mut table = Table::new();
    let line = LineStyle::none().fill('─').junction('─');
    let lines = TableStyle::new()
        .top_border(line)
        .header_separator(line)
        .bottom_border(line);
    table.load_style(lines);
    table.set_header(columns.iter().copied());
    for row in rows {
        table.add_row(row);
    }
    for (index, name) in columns.iter().enumerate() {
        if let Some(column) = table.column_mut(index).filter(|_| right.contains(name)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

/// Prints text on stdout, with a line end.
///
/// # Errors
/// When stdout is closed.
pub(crate) fn text(text: &str) -> Result<()> {
    line_on_stdout(text)
}

/// Prints one JSON document on stdout.
///
/// # Errors
/// When stdout is closed.
pub(crate) fn json(document: &impl Serialize) -> Result<()> {
    line_on_stdout(&serde_json::to_string_pretty(document)?)
}

/// Prints one line on stdout at once: what a child process tells its parent.
///
/// # Errors
/// When stdout is closed.
pub(crate) fn line_on_stdout(line: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    let written = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
    written.map_err(|error| Failure::ending(Exit::Unreachable, format!("write to stdout: {error}")))
}

/// Tells a person something on stderr.
pub(crate) fn note(message: &str) {
    eprintln!("{message}");
}

/// Tells an error with its causes on stderr.
pub(crate) fn error(error: &anyhow::Error) {
    eprintln!("error: {}", chain(error));
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &anyhow::Error) -> String {
    error
        .chain()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

/// Sends the library's log to stderr: warnings, or what `RUST_LOG` asks for.
pub(crate) fn log_to_stderr() {
    let level = std::env::var("RUST_LOG")
        .ok()
        .and_then(|level| level.parse().ok());
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(level.unwrap_or(tracing::Level::WARN))
        .without_time()
        .with_target(false)
        .init();
}
