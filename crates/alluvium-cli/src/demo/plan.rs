//! What a demo is to do, checked, and the directory it works in.

use std::path::{Path, PathBuf};

use alluvium_protocol::key_group::MaxParallelism;
use anyhow::{Context as _, Result};
use tempfile::TempDir;

use super::flights_file;
use super::input::InputChoice;
use crate::args::{DemoOptions, StoreChoice};
use crate::exit::Failure;

/// The job's name, in checkpoints and messages.
pub(crate) const JOB: &str = "flights";

/// The name of the savepoint that an attempt takes at the end. Names are used once, and an attempt
/// that goes on after a crash at the very end takes another one.
pub(crate) fn savepoint(attempt: u64) -> String {
    format!("end-{attempt}")
}

/// What a demo is to do.
#[derive(Debug, Clone)]
pub(crate) struct DemoPlan {
    /// What to read.
    pub(crate) input: InputChoice,
    /// Rows a second over all workers; 0 is no limit.
    pub(crate) rate: u64,
    /// Processes of each attempt.
    pub(crate) processes: u32,
    /// Workers of the first attempt.
    pub(crate) workers: u32,
    /// Workers after the crash.
    pub(crate) workers_after: u32,
    /// Whether the first attempt is killed.
    pub(crate) crash: bool,
    /// Rows between two checkpoints.
    pub(crate) checkpoint_every: u64,
    /// Number of key groups.
    pub(crate) max_parallelism: MaxParallelism,
    /// The store below the write buffer.
    pub(crate) store: StoreChoice,
}

impl DemoPlan {
    /// The plan that the command line asks for.
    ///
    /// # Errors
    /// When options contradict each other.
    pub(crate) fn new(options: &DemoOptions) -> Result<Self> {
        let processes = options.processes;
        let workers_after = match options.rescale_to {
            Some(workers) => workers,
            None if options.no_rescale || options.no_crash => options.workers,
            // The same number in each process, so that they stay alike.
            None => options.workers + processes,
        };
        for (workers, option) in [
            (options.workers, "--workers"),
            (workers_after, "--rescale-to"),
        ] {
            check_workers(workers, option, options)?;
        }
        let input = match options.keys {
            Some(aircraft) => InputChoice::Generated {
                aircraft,
                rows: options.records.unwrap_or(aircraft),
            },
            None => InputChoice::File {
                path: flights_file::locate(options.data.as_deref())?,
                lines_max: options.records,
                strict: options.strict,
            },
        };
        Ok(Self {
            input,
            rate: options.rate,
            processes,
            workers: options.workers,
            workers_after,
            crash: !options.no_crash,
            checkpoint_every: options.checkpoint_every,
            max_parallelism: MaxParallelism::new(options.max_parallelism)?,
            store: options.store,
        })
    }
}

fn check_workers(workers: u32, option: &str, options: &DemoOptions) -> Result<()> {
    if workers > options.max_parallelism {
        return Err(Failure::usage(format!(
            "{workers} workers are more than the {} key groups (--max-parallelism): each worker needs one; \
             lower {option} or raise --max-parallelism",
            options.max_parallelism
        )));
    }
    if !workers.is_multiple_of(options.processes) {
        return Err(Failure::usage(format!(
            "{workers} workers cannot be divided evenly among {} processes: give {option} a multiple of it",
            options.processes
        )));
    }
    Ok(())
}

/// The directory with live state, local copies and output.
#[derive(Debug)]
pub(crate) struct WorkDirectory {
    path: PathBuf,
    temporary: Option<TempDir>,
}

impl WorkDirectory {
    /// The directory that the command line names, which must be empty, or a new temporary one.
    ///
    /// # Errors
    /// When it cannot be made, or is not empty.
    pub(crate) fn open(options: &DemoOptions) -> Result<Self> {
        let Some(path) = &options.work_dir else {
            let mut directory = tempfile::Builder::new()
                .prefix("alluvium-demo-")
                .tempdir()
                .context("make a temporary directory")?;
            directory.disable_cleanup(options.keep);
            let path = directory.path().to_owned();
            let temporary = (!options.keep).then_some(directory);
            return Ok(Self { path, temporary });
        };
        if !options.resume {
            std::fs::create_dir_all(path).with_context(|| format!("make {}", path.display()))?;
        }
        let open = |path: &Path| {
            let path = path.canonicalize()?;
            let used = std::fs::read_dir(&path)?.next().is_some();
            Ok::<_, std::io::Error>((path, used))
        };
        let (path, used) = open(path).with_context(|| format!("open {}", path.display()))?;
        if used && !options.resume {
            return Err(Failure::incompatible(format!(
                "{} is not empty; the demo overwrites nothing: give it an empty --work-dir, or go on with --resume",
                path.display()
            )));
        }
        Ok(Self {
            path,
            temporary: None,
        })
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is removed at the end.
    pub(crate) const fn is_temporary(&self) -> bool {
        self.temporary.is_some()
    }

    /// The location of checkpoints, where none is given.
    ///
    /// # Errors
    /// When its path is no text.
    pub(crate) fn checkpoints(&self) -> Result<String> {
        let path = self.path.join("checkpoints");
        path.to_str().map(str::to_owned).ok_or_else(|| {
            Failure::usage(format!(
                "{} is not a path of text: give --checkpoint-dir",
                path.display()
            ))
        })
    }

    /// Where the job's output is published.
    pub(crate) fn output(&self) -> PathBuf {
        self.path.join("output")
    }

    /// Its path, if it stays.
    pub(crate) fn keep(&self) -> Option<&Path> {
        (!self.is_temporary()).then_some(self.path())
    }

    /// Removes it if it is temporary.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub(crate) fn close(self) -> Result<()> {
        let Some(directory) = self.temporary else {
            return Ok(());
        };
        let path = self.path;
        directory
            .close()
            .with_context(|| format!("remove {}", path.display()))
    }
}
