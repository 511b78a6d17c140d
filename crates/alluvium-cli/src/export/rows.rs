//! The formats of exports: each turns entries into bytes as they come.

#[cfg(feature = "parquet")]
mod parquet;

use std::io::Write as _;

use alluvium_protocol::value::Value;
use anyhow::{Context as _, Result};

use super::columns::Column;
use super::destination::Destination;
use crate::args::ExportFormat;
use crate::state::typed::Entry;

/// Entries on their way to a destination.
pub(crate) trait Rows {
    /// Writes an entry.
    ///
    /// # Errors
    /// When the destination fails.
    fn push(&mut self, entry: &Entry) -> Result<()>;

    /// Ends the format; the destination is to be finished.
    ///
    /// # Errors
    /// When the destination fails.
    fn finish(self: Box<Self>) -> Result<Destination>;
}

/// Begins an export of these columns.
///
/// # Errors
/// When the destination fails.
pub(crate) fn open(
    format: ExportFormat,
    columns: Vec<Column>,
    to: Destination,
) -> Result<Box<dyn Rows>> {
    Ok(match format {
        ExportFormat::Jsonl => Box::new(Jsonl {
            to,
            line: Vec::new(),
        }),
        ExportFormat::Csv => Box::new(Csv::begin(columns, to)?),
        #[cfg(feature = "parquet")]
        ExportFormat::Parquet => Box::new(parquet::Parquet::begin(columns, to)?),
    })
}

/// One JSON object a line, with the names that `state scan` uses.
struct Jsonl {
    to: Destination,
    line: Vec<u8>,
}

impl Rows for Jsonl {
    fn push(&mut self, entry: &Entry) -> Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, entry)?;
        self.line.push(b'\n');
        self.to.write_all(&self.line).context("write an export")
    }

    fn finish(self: Box<Self>) -> Result<Destination> {
        Ok(self.to)
    }
}

/// Comma-separated values, quoted where needed, after a line of names.
struct Csv {
    columns: Vec<Column>,
    to: csv::Writer<Destination>,
}

impl Csv {
    fn begin(columns: Vec<Column>, to: Destination) -> Result<Self> {
        let mut to = csv::Writer::from_writer(to);
        to.write_record(columns.iter().map(|column| &column.name))?;
        Ok(Self { columns, to })
    }
}

impl Rows for Csv {
    fn push(&mut self, entry: &Entry) -> Result<()> {
        let cells = self.columns.iter().map(|column| {
            let cell = column.cell(entry)?;
            Ok(cell.as_ref().map_or_else(String::new, text))
        });
        let cells: Vec<_> = cells.collect::<Result<_>>()?;
        self.to.write_record(cells).context("write an export")
    }

    fn finish(self: Box<Self>) -> Result<Destination> {
        let ended = self.to.into_inner();
        ended.map_err(|failed| anyhow::Error::new(failed.into_error()).context("write an export"))
    }
}

/// A value as one cell: text as it is, nothing for nothing, and JSON for what is neither.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Str(text) => text.clone(),
        Value::Char(char) => char.to_string(),
        Value::Bytes(_) => value.to_string().trim_matches('"').to_owned(),
        other => other.to_string(),
    }
}
