//! `alluvium export`: the rows of states as JSON Lines, CSV or Parquet.
//!
//! Invariants: a file under the name that was asked for is whole; memory holds a row and a buffer (Parquet: a group of
//! rows), whatever the size of the state. Rows come by key group, then in the order of their keys.

pub(crate) mod columns;
pub(crate) mod destination;
pub(crate) mod rows;

use std::io::ErrorKind;
use std::path::Path;

use alluvium_protocol::key_group::KeyGroupRange;
use alluvium_protocol::schema::{KeyedSchema, StateSchema};
use anyhow::Result;
use serde::Serialize;

use self::columns::columns;
use self::destination::Destination;
use self::rows::Rows;
use crate::args::{ExportFormat, ExportOptions};
use crate::exit::{Exit, Failure};
use crate::output::{self, Format};
use crate::progress::Steps;
use crate::state;
use crate::state::cut_rows::CutRows;
use crate::state::typed::{Entries, Lists};
use crate::units;

/// What was written to a file, and what it is of.
#[derive(Debug, Serialize)]
pub(crate) struct Exported<F> {
    #[serde(flatten)]
    pub(crate) from: F,
    pub(crate) file: String,
    pub(crate) states: Vec<String>,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
}

impl<F: Serialize> Exported<F> {
    /// Tells it.
    ///
    /// # Errors
    /// When stdout cannot be written to.
    pub(crate) fn print(&self, format: Format) -> Result<()> {
        match format {
            Format::Json => output::json(self),
            Format::Table => output::text(&format!(
                "{}: {} rows of {}, {}",
                self.file,
                units::count(self.rows),
                self.states.join(", "),
                units::bytes(self.bytes)
            )),
        }
    }
}

#[derive(Debug, Serialize)]
struct From {
    checkpoint: String,
    job: String,
}

/// Exports.
///
/// # Errors
/// When storage or the file's device fails, a checkpoint or state is not there or damaged, the file exists, or Ctrl-C
/// was pressed. There is no file then.
pub(crate) fn run(options: &ExportOptions) -> Result<Exit> {
    let format = format(options.format, options.to.as_deref())?;
    if let Some(file) = options.to.as_deref() {
        check_free(file)?;
    }
    let mut from = state::open(&options.from)?;
    let groups = from.groups("--key-groups", options.key_groups.as_deref())?;
    let schema = chosen(&from, &options.state)?;
    let destination = Destination::open(options.to.as_deref())?;
    let mut to = rows::open(format, columns(&schema), destination)?;
    let steps = Steps::new(groups.len().into(), "key groups");
    let written = write(&mut from, &schema, groups, &mut *to, &steps);
    steps.finish();
    let count = match written {
        Err(error) if is_broken_pipe(&error) => return Ok(Exit::Done),
        written => written?,
    };
    let bytes = match to.finish().and_then(Destination::finish) {
        Err(error) if is_broken_pipe(&error) => return Ok(Exit::Done),
        bytes => bytes?,
    };
    let Some(file) = options.to.as_deref() else {
        return Ok(Exit::Done);
    };
    let exported = Exported {
        from: From {
            checkpoint: from.cut().name.clone(),
            job: from.cut().job.clone(),
        },
        file: file.display().to_string(),
        states: schema
            .states
            .iter()
            .map(|state| state.name.clone())
            .collect(),
        rows: count,
        bytes,
    };
    exported.print(options.output)?;
    Ok(Exit::Done)
}

fn write(
    from: &mut CutRows,
    schema: &KeyedSchema,
    groups: KeyGroupRange,
    to: &mut dyn Rows,
    steps: &Steps,
) -> Result<u64> {
    let mut count = 0_u64;
    for group in groups.iter() {
        for state in &schema.states {
            let mut entries = Entries::new(schema, None, Lists::ByElement);
            let mut cursor = from.rows(group, Some(state.id))?;
            while cursor.advance()? {
                for entry in entries.take(cursor.row(), cursor.value())? {
                    to.push(&entry)?;
                    count += 1;
                }
            }
        }
        steps.done(&format!("{} rows", units::count(count)));
    }
    Ok(count)
}

/// The schema with the states that were asked for alone.
fn chosen(from: &CutRows, names: &[String]) -> Result<KeyedSchema> {
    let mut schema = from.schema().clone();
    if !names.is_empty() {
        let states = names.iter().map(|name| from.state(name).cloned());
        schema.states = states.collect::<Result<Vec<StateSchema>>>()?;
        schema.states.sort_by_key(|state| state.id);
        schema.states.dedup();
    }
    Ok(schema)
}

/// The format that is asked for, or that the file's name ends with.
///
/// # Errors
/// When this program does not have it.
pub(crate) fn format(chosen: Option<ExportFormat>, to: Option<&Path>) -> Result<ExportFormat> {
    if let Some(format) = chosen {
        return Ok(format);
    }
    let extension = to.and_then(Path::extension);
    match extension.and_then(|extension| extension.to_str()) {
        Some("csv") => Ok(ExportFormat::Csv),
        #[cfg(feature = "parquet")]
        Some("parquet") => Ok(ExportFormat::Parquet),
        #[cfg(not(feature = "parquet"))]
        Some("parquet") => Err(Failure::usage(
            "this program was built without Parquet: build it with `--features parquet`, or export csv or jsonl",
        )),
        _ => Ok(ExportFormat::Jsonl),
    }
}

/// That there is no such file yet.
///
/// # Errors
/// When there is.
pub(crate) fn check_free(file: &Path) -> Result<()> {
    if file.exists() {
        return Err(Failure::usage(format!(
            "{} exists already, and is not written over: name another file",
            file.display()
        )));
    }
    Ok(())
}

/// Whoever closes the pipe early, as `head` does, has what they wanted.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let mut causes = error.chain();
    causes.any(|cause| {
        let cause = cause.downcast_ref::<std::io::Error>();
        cause.is_some_and(|cause| cause.kind() == ErrorKind::BrokenPipe)
    })
}
