//! One restore, measured: from the call to the first row that was read, and what the process did to the disk.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use alluvium::bytes::{Address, BytesBackend};
use alluvium::environment::Environment;
use alluvium::protocol::key_group::KeyGroupRange;
use alluvium::storage::Cancel;
use alluvium::{Builder, Error, RestoreReport, Result};

use crate::job::{Checkpoint, Job, files_below, nobody, state};
use crate::options::Origin;
use crate::rows::{Rows, group_of, key, mix, value, version};

/// One subtask's restore.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    /// Until the first read was answered.
    pub(crate) first_read: Duration,
    /// Of that, until the backend was there.
    pub(crate) restore: Duration,
    pub(crate) io: Io,
    pub(crate) report: RestoreReport,
    /// The subtask's rows.
    pub(crate) rows: u64,
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
        let text = fs::read_to_string(path).map_err(|e| Error::io(format!("read {path}"), e))?;
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
pub(crate) fn builder(job: &Job, target: Target, origin: Origin) -> Result<Builder> {
    let builder = job.builder(target.subtask, target.parallelism)?;
    match origin {
        Origin::Local => Ok(builder.local_copies(job.copies()?)),
        Origin::Remote => Ok(builder),
    }
}

/// Restores a subtask and reads a row of it, chosen by `round`.
pub(crate) fn restore(
    job: &Job,
    rows: &Rows,
    checkpoint: &Checkpoint,
    target: Target,
    origin: Origin,
    round: u32,
) -> Result<Sample> {
    let range = job.max.range_of(target.subtask, target.parallelism)?;
    let builder = builder(job, target, origin)?;
    let from = job.from(checkpoint);
    let number = any_row(rows, range, u64::from(round))?;
    let key = key(number);
    let expected = value(number, version(number, checkpoint.stage));
    let clock = Environment::system().clock;

    let before = Io::now()?;
    let began = clock.monotonic();
    let (mut backend, report) = builder.restore(&from, &Cancel::new(), &nobody())?;
    let restored = clock.monotonic();
    let state = backend.register(state())?;
    let group = group_of(&key, job.max);
    let at = Address {
        state,
        group,
        key: &key,
    };
    let found = backend.get(&at)? == Some(&expected[..]);
    let read = clock.monotonic();
    let io = Io::now()?.since(before);

    if !found {
        return Err(Error::invalid(format!(
            "the first read of row {number} is wrong"
        )));
    }
    Ok(Sample {
        first_read: read - began,
        restore: restored - began,
        io,
        report,
        rows: rows.of(range).len() as u64,
    })
}

/// One of the rows of some key groups.
pub(crate) fn any_row(rows: &Rows, range: KeyGroupRange, chance: u64) -> Result<u32> {
    let own = rows.of(range);
    let at = usize::try_from(mix(chance) % own.len().max(1) as u64).unwrap_or_default();
    let number = own.get(at).copied();
    number.ok_or_else(|| Error::invalid("too few rows: some subtask has none"))
}

/// The number of families of files that a restored backend's store has.
pub(crate) fn families(backend: &BytesBackend) -> Result<usize> {
    let files = files_below(&backend.directory())?;
    let current = files.iter().find(|file| file.ends_with("CURRENT"));
    let store = current.and_then(|current| current.parent());
    let store = store.ok_or_else(|| Error::invalid("a restored store without files"))?;
    let listed = rust_rocksdb::DB::list_cf(&rust_rocksdb::Options::default(), store);
    let listed = listed.map_err(|e| Error::invalid(format!("list families: {e}")))?;
    Ok(listed
        .iter()
        .filter(|name| *name != "default")
        .count()
        .max(1))
}

/// Has the page cache forget the files below a directory.
pub(crate) fn forget(directory: &Path) -> Result<()> {
    for file in files_below(directory)? {
        let done = Command::new("dd")
            .arg(format!("if={}", file.display()))
            .args(["iflag=nocache", "count=0", "status=none"])
            .status();
        done.map_err(|e| Error::io("run dd", e))?;
    }
    Ok(())
}
