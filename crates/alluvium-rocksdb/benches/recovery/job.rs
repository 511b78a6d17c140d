//! Builds the jobs whose checkpoints are restored, through the public interface only.
//!
//! A job writes all rows, group by group, and then changes one row in twenty, everywhere, before each of three
//! more checkpoints: its files are on several levels then, as those of a job are that has run for a while. A job
//! between two rescales changes one row in a hundred and takes its checkpoint before anything was cleaned.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use alluvium::bytes::{Address, StateDeclaration, StateIndex};
use alluvium::catalog::{Catalog, Proposal};
use alluvium::environment::{Environment, Spawn};
use alluvium::protocol::key_group::MaxParallelism;
use alluvium::protocol::manifest::{CheckpointId, Manifest, SnapshotKind};
use alluvium::protocol::schema::{self, StateKind, ValueSchema};
use alluvium::protocol::shape;
use alluvium::storage::{self, Cancel, Storage};
use alluvium::{
    Builder, BytesBackend, Error, LocalCopies, Options, Ownership, Progress, RestoreFrom, Result,
    SnapshotTarget,
};
use alluvium_rocksdb::{FileNote, RocksOptions, RocksStoreFactory};

use crate::rows::{BETWEEN, BUILT, GROUPS, Rows, group_of, key, value, version};

/// The job's name, and its folder in storage.
pub(crate) const JOB: &str = "recovery";

/// Memory for each subtask's rows.
const MEMORY_BUDGET_BYTES: usize = 64 << 20;

/// A job on this machine: where its files are.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) directory: PathBuf,
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) max: MaxParallelism,
}

/// A checkpoint of all subtasks.
#[derive(Debug, Clone)]
pub(crate) struct Checkpoint {
    /// What the rows are: see [`version`].
    pub(crate) stage: u64,
    pub(crate) manifests: Vec<Manifest>,
}

/// A subtask of the job, and its state.
type Subtask = (BytesBackend, StateIndex);

impl Job {
    /// A job without any checkpoint in a directory of its own.
    pub(crate) fn new(directory: PathBuf) -> Result<Self> {
        let storage = storage::in_directory(&directory.join("storage"))?;
        let max = MaxParallelism::new(u32::from(GROUPS))?;
        Ok(Self {
            directory,
            storage,
            max,
        })
    }

    /// What makes a subtask, with a block cache of its own.
    pub(crate) fn builder(&self, subtask: u32, parallelism: u32) -> Result<Builder> {
        let factory = Arc::new(RocksStoreFactory::new(RocksOptions::default())?);
        let directory = self.directory.join(format!("work-{subtask}"));
        Ok(Builder::new(JOB, factory, directory)
            .max_parallelism(self.max)
            .subtask(subtask, parallelism)
            .options(Options::default().memory_budget_bytes(MEMORY_BUDGET_BYTES)))
    }

    /// Where local copies are.
    pub(crate) fn copies(&self) -> Result<LocalCopies> {
        LocalCopies::in_directory(&self.directory.join("copies"), JOB)
    }

    /// The file of an object.
    pub(crate) fn object(&self, object: &str) -> PathBuf {
        self.directory.join("storage").join(JOB).join(object)
    }

    /// What is restored from a checkpoint.
    pub(crate) fn from(&self, checkpoint: &Checkpoint) -> RestoreFrom {
        RestoreFrom {
            storage: Arc::clone(&self.storage),
            root: JOB.to_owned(),
            manifests: checkpoint.manifests.clone(),
            ownership: Ownership::Own,
        }
    }

    /// Writes all rows and takes the checkpoints of a job that is not rescaled. Returns the last.
    pub(crate) fn build(&self, rows: &Rows, parallelism: u32) -> Result<Checkpoint> {
        let mut subtasks = Vec::new();
        for subtask in 0..parallelism {
            let builder = self.builder(subtask, parallelism)?;
            let mut backend = builder.local_copies(self.copies()?).open()?;
            let state = backend.register(state())?;
            subtasks.push((backend, state));
        }
        let mut newest = None;
        for stage in 1..=BUILT {
            write(rows, &mut subtasks, self.max, stage)?;
            newest = Some(self.checkpoint(&mut subtasks, stage, CheckpointId::new(stage))?);
        }
        newest.ok_or_else(|| Error::invalid("a job without checkpoints"))
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
            let builder = self.builder(subtask, parallelism)?;
            let builder = builder.environment(environment.clone());
            let builder = builder.local_copies(self.copies()?);
            let (mut backend, _) = builder.restore(&self.from(from), &Cancel::new(), &nobody())?;
            let state = backend.register(state())?;
            subtasks.push((backend, state));
        }
        untidied.check(parallelism)?;
        write(rows, &mut subtasks, self.max, BETWEEN)?;
        self.checkpoint(&mut subtasks, BETWEEN, id)
    }

    /// Takes a checkpoint and keeps no older one, unless it is one between rescales.
    fn checkpoint(
        &self,
        subtasks: &mut [Subtask],
        stage: u64,
        checkpoint: CheckpointId,
    ) -> Result<Checkpoint> {
        let environment = Environment::system();
        let catalog = Catalog::open(Arc::clone(&self.storage), JOB)?;
        let attempt = catalog.start_attempt(&environment)?;
        let target = SnapshotTarget {
            storage: Arc::clone(&self.storage),
            root: JOB.to_owned(),
            attempt: attempt.number,
        };
        let mut proposal = Proposal {
            checkpoint,
            kind: SnapshotKind::Incremental,
            max_parallelism: self.max,
            manifests: Vec::new(),
            bases: BTreeSet::new(),
            attachments: BTreeMap::new(),
        };
        for (backend, _) in subtasks.iter_mut() {
            let snapshot = backend.snapshot(checkpoint, SnapshotKind::Incremental)?;
            let handle = snapshot.upload(&target, &Cancel::new(), &nobody())?;
            proposal.manifests.push(handle.manifest);
            proposal.bases.extend(handle.base);
        }
        let commit = catalog.commit(&attempt, &proposal, &environment)?;
        if stage <= BUILT {
            for (backend, _) in subtasks {
                backend.notify_complete(checkpoint);
            }
            catalog.retain(&attempt, NonZeroUsize::MIN)?;
        }
        let manifests = commit.manifests.iter().map(|part| catalog.manifest(part));
        Ok(Checkpoint {
            stage,
            manifests: manifests.collect::<Result<_>>()?,
        })
    }
}

impl Checkpoint {
    /// Data files and their bytes on each level of the stores.
    pub(crate) fn levels(&self) -> Result<BTreeMap<u8, (usize, u64)>> {
        let mut levels = BTreeMap::new();
        for file in self.manifests.iter().flat_map(|manifest| &manifest.files) {
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
        namespace: shape::Shape::Unit,
        map_key: None,
        value: ValueSchema {
            codec: schema::BYTES.to_owned(),
            version: 1,
            type_name: "bytes".to_owned(),
            shape: shape::Shape::Opaque,
        },
    }
}

/// Nobody who is told of progress.
pub(crate) fn nobody() -> Arc<dyn Progress> {
    Arc::new(())
}

fn write(rows: &Rows, subtasks: &mut [Subtask], max: MaxParallelism, stage: u64) -> Result<()> {
    for (backend, state) in subtasks {
        let range = backend.range();
        let mut numbers: Vec<u32> = rows.of(range).to_vec();
        if stage > 1 {
            numbers.retain(|&number| version(number, stage) == stage);
            // By number is by chance, as far as keys are concerned.
            numbers.sort_unstable();
        }
        for number in numbers {
            let key = key(number);
            let at = Address {
                state: *state,
                group: group_of(&key, max),
                key: &key,
            };
            backend.put(&at, &value(number, stage))?;
        }
    }
    Ok(())
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
        if u32::try_from(left_out) == Ok(backends) {
            return Ok(());
        }
        Err(Error::invalid(format!(
            "{left_out} threads of {backends} restored backends are called {TIDYING}"
        )))
    }
}

impl Spawn for Untidied {
    fn spawn(&self, name: &str, task: Box<dyn FnOnce() + Send>) -> Result<()> {
        if name == TIDYING {
            self.left_out.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        }
        self.threads.spawn(name, task)
    }
}

/// The files below a directory.
pub(crate) fn files_below(directory: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error| Error::io(format!("list {}", directory.display()), error);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}
