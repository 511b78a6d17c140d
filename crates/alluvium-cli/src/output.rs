//! The one place that prints: documents on stdout, everything else on stderr.
//!
//! stdout carries the answer alone (tables, or exactly one JSON document), so that it can be piped;
//! progress, messages and errors go to stderr.

#![expect(clippy::print_stderr, reason = "printing is this module's purpose")]

use std::io::{ErrorKind, Write as _};

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

/// A table with a heading row. Columns whose names are in `right` are aligned to the right; columns
/// with nothing in any row are left out.
pub(crate) fn table(
    columns: &[&str],
    right: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> String {
    let rows: Vec<_> = rows.into_iter().collect();
    let is_used = |column: usize| {
        rows.is_empty()
            || rows
                .iter()
                .any(|row| row.get(column).is_some_and(|cell| !cell.is_empty()))
    };
    let used: Vec<_> = (0..columns.len()).map(is_used).collect();
    let shown = |cells: Vec<String>| {
        cells
            .into_iter()
            .zip(&used)
            .filter_map(|(cell, used)| used.then_some(cell))
            .collect::<Vec<_>>()
    };
    let names = shown(columns.iter().map(|&name| name.to_owned()).collect());

    let mut table = Table::new();
    let line = LineStyle::none().fill('─').junction('─');
    table.load_style(
        TableStyle::new()
            .top_border(line)
            .header_separator(line)
            .bottom_border(line),
    );
    table.set_header(names.clone());
    for row in rows {
        table.add_row(shown(row));
    }
    for (index, name) in names.iter().enumerate() {
        if let Some(column) = table
            .column_mut(index)
            .filter(|_| right.contains(&name.as_str()))
        {
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
    answer(text)
}

/// Prints one JSON document on stdout.
///
/// # Errors
/// When stdout is closed.
pub(crate) fn json(document: &impl Serialize) -> Result<()> {
    answer(&serde_json::to_string_pretty(document)?)
}

/// Prints an answer. Whoever closes the pipe early, as `head` does, has what they wanted.
fn answer(text: &str) -> Result<()> {
    match write_line(text) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| failed(&error)),
    }
}

/// Prints one line of many on stdout. Returns false if whoever read them has closed the pipe, and wants no more.
///
/// # Errors
/// When stdout cannot be written to.
pub(crate) fn one_of_many(line: &str) -> Result<bool> {
    match write_line(line) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        written => written.map(|()| true).map_err(|error| failed(&error)),
    }
}

/// Prints one line on stdout at once: what a child process tells its parent.
///
/// # Errors
/// When stdout is closed.
pub(crate) fn line_on_stdout(line: &str) -> Result<()> {
    write_line(line).map_err(|error| failed(&error))
}

fn write_line(line: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

fn failed(error: &std::io::Error) -> anyhow::Error {
    Failure::ending(Exit::Unreachable, format!("write to stdout: {error}"))
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
