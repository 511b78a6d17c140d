//! One restore, measured: from the call to the first row that was read, and what the process did to the disk.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use alluvium::bytes::Address;
use alluvium::storage::Cancel;
use alluvium::{Builder, RestoreReport};
use anyhow::{Context, Result, ensure};

use super::grown::{Checkpoint, Grown, state};
use super::options::Origin;
use super::rows::{Rows, group_of, key, value, version};
use crate::job::{files_below, nobody};

/// One subtask's restore.
#[derive(Debug, Clone)]
pub(crate) struct Restored {
    /// Until the first read was answered.
    pub(crate) first_read: Duration,
    pub(crate) io: Io,
    pub(crate) report: RestoreReport,
}

/// Which subtask is restored, of how many.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    pub(crate) subtask: u32,
    pub(crate) parallelism: u32,
}

/// Bytes that a process moved.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Io {
    /// By calls, the page cache's included.
    pub(crate) read_by_calls: u64,
    pub(crate) written_by_calls: u64,
    /// From and to the device.
    pub(crate) read_from_device: u64,
    pub(crate) written_to_device: u64,
}

impl Io {
    /// What this process moved so far.
    pub(crate) fn now() -> Result<Self> {
        let path = "/proc/self/io";
        let text = fs::read_to_string(path).with_context(|| format!("read {path}"))?;
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|rest| rest.trim_start_matches(':').trim().parse().ok())
        };
        Ok(Self {
            read_by_calls: field("rchar").unwrap_or_default(),
            written_by_calls: field("wchar").unwrap_or_default(),
            read_from_device: field("read_bytes").unwrap_or_default(),
            written_to_device: field("write_bytes").unwrap_or_default(),
        })
    }

    pub(crate) const fn since(self, before: Self) -> Self {
        Self {
            read_by_calls: self.read_by_calls.saturating_sub(before.read_by_calls),
            written_by_calls: self
                .written_by_calls
                .saturating_sub(before.written_by_calls),
            read_from_device: self
                .read_from_device
                .saturating_sub(before.read_from_device),
            written_to_device: self
                .written_to_device
                .saturating_sub(before.written_to_device),
        }
    }
}

/// A builder of the target, with or without local copies.
pub(crate) fn builder(grown: &Grown, target: Target, origin: Origin) -> Result<Builder> {
    let builder = grown.builder(target.subtask, target.parallelism)?;
    match origin {
        Origin::Local => Ok(builder.local_copies(grown.job.copies()?)),
        Origin::Remote => Ok(builder),
    }
}

/// Restores a subtask and reads a row of it, chosen by `round`.
pub(crate) fn restore(
    builder: Builder,
    grown: &Grown,
    rows: &Rows,
    checkpoint: &Checkpoint,
    target: Target,
    round: u32,
) -> Result<Restored> {
    let range = grown.job.max.range_of(target.subtask, target.parallelism)?;
    let number = rows.any_of(range, u64::from(round))?;
    let key = key(number);
    let expected = value(number, version(number, checkpoint.stage));

    let before = Io::now()?;
    let began = Instant::now();
    let (mut backend, report) = builder.restore(&checkpoint.from, &Cancel::new(), &nobody())?;
    let state = backend.register(state())?;
    let at = Address {
        state,
        group: group_of(&key, grown.job.max),
        key: &key,
    };
    let found = backend.get(&at)? == Some(&expected[..]);
    let first_read = began.elapsed();
    let io = Io::now()?.since(before);

    ensure!(found, "the first read of row {number} is wrong");
    Ok(Restored {
        first_read,
        io,
        report,
    })
}

/// Has the page cache forget the files below a directory.
pub(crate) fn forget(directory: &Path) -> Result<()> {
    for (file, _) in files_below(directory)? {
        let done = Command::new("dd")
            .arg(format!("if={}", file.display()))
            .args(["iflag=nocache", "count=0", "status=none"])
            .status();
        done.context("run dd")?;
    }
    Ok(())
}
