//! `alluvium flink verify`: whether a snapshot is whole: files, offsets, checksums, key groups, and every row.

use alluvium_flink::scan::Problem;
use anyhow::Result;
use serde::Serialize;

use super::opened::{Opened, ended};
use crate::args::FlinkVerifyOptions;
use crate::exit::Exit;
use crate::output::{self, Format};
use crate::units;

#[derive(Debug, Serialize)]
struct Verified {
    snapshot: String,
    streams: u64,
    bytes: u64,
    rows: u64,
    problems: Vec<Wrong>,
    more_problems: u64,
}

#[derive(Debug, Serialize)]
struct Wrong {
    operator: String,
    subtask: u32,
    state: Option<String>,
    key_group: Option<u16>,
    file: Option<String>,
    offset: Option<u64>,
    what: String,
}

impl Wrong {
    fn of(problem: &Problem) -> Self {
        Self {
            operator: problem.operator.clone(),
            subtask: problem.subtask,
            state: problem.state.clone(),
            key_group: problem.key_group,
            file: problem.error.file().map(str::to_owned),
            offset: problem.error.offset(),
            what: problem.to_string(),
        }
    }
}

/// Verifies and prints what was found. Damage is no error but an answer, with [`Exit::Problem`].
///
/// # Errors
/// When there is no snapshot, it has no such operator or state, or Ctrl-C was pressed.
pub(super) fn run(options: &FlinkVerifyOptions) -> Result<Exit> {
    let opened = Opened::open(&options.place, &options.rows)?;
    let verified = opened.verify(&options.rows.selection(None))?;
    let report = &verified.report;
    let found = Verified {
        snapshot: opened.folder(),
        streams: verified.streams,
        bytes: verified.bytes,
        rows: report.rows(),
        problems: report.problems.iter().map(Wrong::of).collect(),
        more_problems: report.more_problems,
    };
    match options.output {
        Format::Json => output::json(&found)?,
        Format::Table => output::text(&told(&found))?,
    }
    Ok(ended(report))
}

fn told(found: &Verified) -> String {
    let mut told = vec![
        found.snapshot.clone(),
        format!(
            "verified {} streams, {}, {} rows",
            units::count(found.streams),
            units::bytes(found.bytes),
            units::count(found.rows)
        ),
    ];
    told.extend(found.problems.iter().map(|wrong| wrong.what.clone()));
    if found.problems.is_empty() {
        told.push("no problems".to_owned());
    }
    told.join("\n")
}
