//! Builds the jobs whose checkpoints are restored, through the public interface only.
//!
//! A job writes all rows, group by group, and then changes one row in twenty, everywhere, before each of three
//! more checkpoints: its files are on several levels then, as those of a job are that has run for a while. A job
//! between two rescales changes one row in a hundred and takes its checkpoint before anything was cleaned.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use alluvium::BytesBackend;
use alluvium::bytes::{Address, StateDeclaration, StateIndex};
use alluvium::environment::{Environment, Spawn};
use alluvium::protocol::manifest::{CheckpointId, SnapshotKind};
use alluvium::protocol::schema::{self, StateKind, ValueSchema};
use alluvium::protocol::shape::Shape;
use alluvium::storage::Cancel;
use alluvium::{Builder, RestoreFrom};
use alluvium_rocksdb::FileNote;
use anyhow::{Context, Result, ensure};

use super::rows::{BETWEEN, BUILT, Rows, group_of, key, value, version};
use crate::job::{Job, nobody};

/// A job that has checkpoints of [`Rows`].
#[derive(Debug)]
pub(crate) struct Grown {
    pub(crate) job: Job,
    budget_bytes: usize,
}

/// A checkpoint of all subtasks.
#[derive(Debug, Clone)]
pub(crate) struct Checkpoint {
    /// What the rows are: see [`version`].
    pub(crate) stage: u64,
    pub(crate) from: RestoreFrom,
}

/// A subtask of the job, and its state.
type Subtask = (BytesBackend, StateIndex);

impl Grown {
    /// A job without any checkpoint in a directory of its own.
    pub(crate) fn new(directory: PathBuf, budget_bytes: usize) -> Result<Self> {
        let job = Job::start(directory)?;
        Ok(Self { job, budget_bytes })
    }

    /// What makes a subtask, with the whole budget.
    pub(crate) fn builder(&self, subtask: u32, parallelism: u32) -> Result<Builder> {
        self.job.builder(self.budget_bytes, subtask, parallelism)
    }

    /// What makes one of several subtasks that are there at the same time.
    fn builder_beside(&self, subtask: u32, parallelism: u32) -> Result<Builder> {
        let budget_bytes = self.budget_bytes / parallelism as usize;
        let builder = self.job.builder(budget_bytes, subtask, parallelism)?;
        Ok(builder.local_copies(self.job.copies()?))
    }

    /// Writes all rows and takes the checkpoints of a job that is not rescaled. Returns the last.
    pub(crate) fn build(&self, rows: &Rows, parallelism: u32) -> Result<Checkpoint> {
        let mut subtasks = Vec::new();
        for subtask in 0..parallelism {
            let mut backend = self.builder_beside(subtask, parallelism)?.open()?;
            let state = backend.register(state())?;
            subtasks.push((backend, state));
        }
        let mut newest = None;
        for stage in 1..=BUILT {
            self.write(rows, &mut subtasks, stage)?;
            newest = Some(self.checkpoint(&mut subtasks, stage, CheckpointId::new(stage))?);
        }
        newest.context("a job without checkpoints")
    }

    /// Restores a checkpoint at another parallelism, changes a few rows and takes checkpoint `id` at once.
    pub(crate) fn rescale(
        &self,
        rows: &Rows,
        from: &Checkpoint,
        parallelism: u32,
        id: CheckpointId,
    ) -> Result<Checkpoint> {
        let untidied = Untidied::new();
        let environment = untidied.environment();
        let mut subtasks = Vec::new();
        for subtask in 0..parallelism {
            let builder = self.builder_beside(subtask, parallelism)?;
            let builder = builder.environment(environment.clone());
            let (mut backend, _) = builder.restore(&from.from, &Cancel::new(), &nobody())?;
            let state = backend.register(state())?;
            subtasks.push((backend, state));
        }
        untidied.check(parallelism)?;
        self.write(rows, &mut subtasks, BETWEEN)?;
        self.checkpoint(&mut subtasks, BETWEEN, id)
    }

    /// Takes a checkpoint and keeps no older one, unless it is one between rescales.
    fn checkpoint(
        &self,
        subtasks: &mut [Subtask],
        stage: u64,
        checkpoint: CheckpointId,
    ) -> Result<Checkpoint> {
        let mut handles = Vec::new();
        for (backend, _) in subtasks.iter_mut() {
            let snapshot = backend.snapshot(checkpoint, SnapshotKind::Incremental)?;
            handles.push(snapshot.upload(&self.job.target(), &Cancel::new(), &nobody())?);
        }
        let commit = self.job.commit(checkpoint, handles)?;
        if stage <= BUILT {
            for (backend, _) in subtasks {
                backend.notify_complete(checkpoint);
            }
            self.job.retain(NonZeroUsize::MIN)?;
        }
        let from = self.job.from(&commit)?;
        Ok(Checkpoint { stage, from })
    }

    fn write(&self, rows: &Rows, subtasks: &mut [Subtask], stage: u64) -> Result<()> {
        for (backend, state) in subtasks {
            let mut numbers: Vec<u32> = rows.of(backend.range()).to_vec();
            if stage > 1 {
                numbers.retain(|&number| version(number, stage) == stage);
                // By number is by chance, as far as key groups are concerned.
                numbers.sort_unstable();
            }
            for number in numbers {
                let key = key(number);
                let at = Address {
                    state: *state,
                    group: group_of(&key, self.job.max),
                    key: &key,
                };
                backend.put(&at, &value(number, stage))?;
            }
        }
        Ok(())
    }
}

impl Checkpoint {
    /// Data files and their bytes on each level of the stores.
    pub(crate) fn levels(&self) -> Result<BTreeMap<u8, (usize, u64)>> {
        let mut levels = BTreeMap::new();
        for file in self.from.manifests.iter().flat_map(|m| &m.files) {
            if let FileNote::Data { level, .. } = FileNote::decode(&file.note, &file.name)? {
                let (files, bytes) = levels.entry(level).or_insert((0, 0));
                *files += 1;
                *bytes += file.bytes;
            }
        }
        Ok(levels)
    }
}

/// The state that all rows are of.
pub(crate) fn state() -> StateDeclaration {
    StateDeclaration {
        name: "rows".to_owned(),
        kind: StateKind::Value,
        namespace: Shape::Unit,
        map_key: None,
        ttl: None,
        value: ValueSchema {
            codec: schema::BYTES.to_owned(),
            version: 1,
            type_name: "bytes".to_owned(),
            shape: Shape::Opaque,
            type_version: None,
            older: Vec::new(),
        },
    }
}

/// What the thread is called that has a restored store clean itself.
const TIDYING: &str = "alluvium-tidying";

/// Starts no thread that cleans: stores stay as they were a moment after their restore.
#[derive(Debug, Clone)]
pub(crate) struct Untidied {
    left_out: Arc<AtomicUsize>,
    threads: Arc<dyn Spawn>,
}

impl Untidied {
    pub(crate) fn new() -> Self {
        Self {
            left_out: Arc::default(),
            threads: Environment::system().spawn,
        }
    }

    pub(crate) fn environment(&self) -> Environment {
        let mut environment = Environment::system();
        environment.spawn = Arc::new(self.clone());
        environment
    }

    /// That as many threads were left out as backends were restored: else the thread has another name by now.
    pub(crate) fn check(&self, backends: u32) -> Result<()> {
        let left_out = self.left_out.load(Ordering::Relaxed);
        ensure!(
            u32::try_from(left_out) == Ok(backends),
            "{left_out} threads of {backends} restored backends are called {TIDYING}"
        );
        Ok(())
    }
}

impl Spawn for Untidied {
    fn spawn(&self, name: &str, task: Box<dyn FnOnce() + Send>) -> alluvium::Result<()> {
        if name == TIDYING {
            self.left_out.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        }
        self.threads.spawn(name, task)
    }
}
