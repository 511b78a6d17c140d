//! The job of a trial: its subtasks, its catalog, and the oracle of every checkpoint.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use alluvium::catalog::{Attempt, Catalog, Proposal};
use alluvium::environment::Environment;
use alluvium::protocol::key_group::{KeyHash, MaxParallelism};
use alluvium::protocol::manifest::{CheckpointId, Manifest, SnapshotKind};
use alluvium::storage::{Cancel, Storage};
use alluvium::store::StoreFactory;
use alluvium::{
    Backend, Builder, LocalCopies, Options, Ownership, PreparedSnapshot, Progress, RestoreFrom,
    Result, SnapshotHandle, SnapshotTarget,
};
use tempfile::TempDir;

use super::evolving::{Evolved, Migration};
use super::operations::States;
use super::versions::NEWEST;
use super::{Fate, KEYS, MAX_PARALLELISM, Source, Step};
use crate::oracle::Oracle;

/// The job's name, and its folder in storage.
const JOB: &str = "trial";

/// Checkpoints that the job retains.
const RETAINED: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1);

/// A job that is driven through steps and compared with an oracle.
#[derive(Debug)]
pub struct Trial {
    factory: Arc<dyn StoreFactory>,
    storage: Arc<dyn Storage>,
    catalog: Catalog,
    attempt: Attempt,
    environment: Environment,
    memory_budget_bytes: usize,
    max: MaxParallelism,
    subtasks: Vec<(Backend<u16>, States)>,
    oracle: Oracle,
    /// The version of the program's types.
    program: u32,
    next: u64,
    /// Committed checkpoints that the backends are still to be told of.
    untold: Vec<CheckpointId>,
    committed: BTreeMap<CheckpointId, Oracle>,
    savepoint: Option<(RestoreFrom, Oracle)>,
    directory: TempDir,
}

impl Trial {
    /// A job with one subtask and no state, on stores of `factory`.
    ///
    /// # Errors
    /// Those of storage and the backend.
    pub fn new(
        factory: Arc<dyn StoreFactory>,
        storage: Arc<dyn Storage>,
        memory_budget_bytes: usize,
    ) -> Result<Self> {
        let directory = TempDir::new();
        let directory =
            directory.map_err(|error| alluvium::Error::io("make a directory", error))?;
        let environment = Environment::system();
        let catalog = Catalog::open(Arc::clone(&storage), JOB)?;
        let attempt = catalog.start_attempt(&environment)?;
        let mut trial = Self {
            factory,
            storage,
            catalog,
            attempt,
            environment,
            memory_budget_bytes,
            max: MaxParallelism::new(MAX_PARALLELISM)?,
            subtasks: Vec::new(),
            oracle: Oracle::default(),
            program: 1,
            next: 1,
            untold: Vec::new(),
            committed: BTreeMap::new(),
            savepoint: None,
            directory,
        };
        trial.start(1, None, &[])?;
        Ok(trial)
    }

    /// Does all steps, and compares everything at the end.
    ///
    /// # Errors
    /// Those of storage and the backends, which no step provokes.
    ///
    /// # Panics
    /// When the job and the oracle differ.
    pub fn run(&mut self, steps: &[Step]) -> Result<()> {
        for step in steps {
            self.step(step)?;
        }
        self.compare()
    }

    fn step(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Operate(key, operation) => {
                let owner = self.owner(*key);
                if let Some((backend, states)) = self.subtasks.get_mut(owner) {
                    states.operate(backend, &mut self.oracle, *key, operation)?;
                }
                Ok(())
            }
            Step::Advance(by) => self.advance(*by),
            Step::Compare => self.compare(),
            Step::Checkpoint { full, fate } => {
                let kind = if *full {
                    SnapshotKind::Full
                } else {
                    SnapshotKind::Incremental
                };
                self.checkpoint(kind, *fate)
            }
            Step::Savepoint => self.take_savepoint(),
            Step::Fail {
                parallelism,
                source,
                machine_lost,
                newer,
                migrations,
            } => {
                let from = self.fail(*source, *machine_lost)?;
                self.program = NEWEST.min(self.program + newer);
                self.start(*parallelism, from.as_ref(), migrations)
            }
        }
    }

    fn owner(&self, key: u16) -> usize {
        let group = self.max.group_of(KeyHash::of(&key.to_be_bytes()));
        let parallelism = u32::try_from(self.subtasks.len()).unwrap_or(1);
        usize::try_from(self.max.subtask_of(group, parallelism)).unwrap_or(0)
    }

    fn advance(&mut self, by: i64) -> Result<()> {
        let watermark = self.oracle.watermark + by;
        let mut fired = Vec::new();
        for (backend, states) in &mut self.subtasks {
            backend.advance_event_time(watermark);
            let mut last = i64::MIN;
            while let Some(timer) = backend.due(states.timers, watermark)? {
                assert!(last <= timer.time, "timers of a subtask fire in order");
                last = timer.time;
                fired.push((timer.time, timer.key));
            }
        }
        fired.sort_unstable();
        assert_eq!(
            fired,
            self.oracle.advance(watermark),
            "timers due at {watermark}"
        );
        Ok(())
    }

    fn compare(&mut self) -> Result<()> {
        for key in KEYS {
            let owner = self.owner(key);
            if let Some((backend, states)) = self.subtasks.get_mut(owner) {
                states.compare(backend, &self.oracle, key)?;
            }
        }
        Ok(())
    }

    fn prepare(&mut self, id: CheckpointId, kind: SnapshotKind) -> Result<Vec<PreparedSnapshot>> {
        let prepare = |(backend, _): &mut (Backend<u16>, States)| backend.snapshot(id, kind);
        self.subtasks.iter_mut().map(prepare).collect()
    }

    fn upload(&self, snapshots: Vec<PreparedSnapshot>, root: &str) -> Result<Vec<SnapshotHandle>> {
        let target = SnapshotTarget {
            storage: Arc::clone(&self.storage),
            root: root.to_owned(),
            attempt: self.attempt.number,
        };
        let nobody: Arc<dyn Progress> = Arc::new(());
        let upload = |snapshot: PreparedSnapshot| snapshot.upload(&target, &Cancel::new(), &nobody);
        snapshots.into_iter().map(upload).collect()
    }

    fn checkpoint(&mut self, kind: SnapshotKind, fate: Fate) -> Result<()> {
        let id = CheckpointId::new(self.next);
        self.next += 1;
        let snapshots = self.prepare(id, kind)?;
        let late = std::mem::take(&mut self.untold);
        for (backend, _) in &mut self.subtasks {
            late.iter().for_each(|id| backend.notify_complete(*id));
        }
        if fate == Fate::Dropped {
            return Ok(());
        }
        let handles = self.upload(snapshots, JOB)?;
        let manifests: Vec<_> = handles
            .iter()
            .map(|handle| handle.manifest.clone())
            .collect();
        if fate == Fate::Aborted {
            self.catalog.abort(&self.attempt, &manifests)?;
            self.subtasks
                .iter_mut()
                .for_each(|(backend, _)| backend.notify_aborted(id));
            return Ok(());
        }
        let proposal = Proposal {
            checkpoint: id,
            kind,
            max_parallelism: self.max,
            manifests: manifests.clone(),
            bases: handles.iter().filter_map(|handle| handle.base).collect(),
            attachments: BTreeMap::new(),
        };
        match self
            .catalog
            .commit(&self.attempt, &proposal, &self.environment)
        {
            Ok(_) => {}
            // The base went while nobody told the backends of newer checkpoints: this one is given up.
            Err(error) if error.kind() == alluvium::ErrorKind::Unavailable => {
                assert!(kind == SnapshotKind::Incremental, "{error:?}");
                self.catalog.abort(&self.attempt, &manifests)?;
                self.subtasks
                    .iter_mut()
                    .for_each(|(backend, _)| backend.notify_aborted(id));
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        let swept = self.catalog.retain(&self.attempt, RETAINED)?;
        assert!(
            swept.left.is_empty(),
            "everything is deleted that should be"
        );
        self.committed.insert(id, self.oracle.clone());
        match fate {
            Fate::Completed => {
                self.subtasks
                    .iter_mut()
                    .for_each(|(backend, _)| backend.notify_complete(id));
            }
            Fate::ToldLate => self.untold.push(id),
            Fate::NeverTold | Fate::Aborted | Fate::Dropped => {}
        }
        Ok(())
    }

    fn take_savepoint(&mut self) -> Result<()> {
        let id = CheckpointId::new(self.next);
        self.next += 1;
        let root = format!("savepoints/{id}");
        let snapshots = self.prepare(id, SnapshotKind::Savepoint)?;
        let handles = self.upload(snapshots, &root)?;
        let read = |handle: &SnapshotHandle| {
            let name = format!("{root}/{}", handle.manifest.object);
            let bytes = self.storage.get(&name)?.unwrap_or_default();
            Ok(Manifest::decode(&bytes, &name)?)
        };
        let manifests = handles.iter().map(read).collect::<Result<_>>()?;
        let from = RestoreFrom {
            storage: Arc::clone(&self.storage),
            root,
            manifests,
            ownership: Ownership::Borrowed,
        };
        self.savepoint = Some((from, self.oracle.clone()));
        Ok(())
    }

    /// Ends all subtasks. What the job goes on from, with the oracle as it was then.
    fn fail(&mut self, source: Source, machine_lost: bool) -> Result<Option<RestoreFrom>> {
        self.subtasks.clear();
        self.untold.clear();
        if machine_lost {
            let lost = std::fs::remove_dir_all(self.local_directory());
            lost.map_err(|error| alluvium::Error::io("lose the machine", error))?;
        }
        self.attempt = self.catalog.start_attempt(&self.environment)?;
        if let (Source::Savepoint, Some((from, oracle))) = (source, &self.savepoint) {
            self.oracle = oracle.clone();
            return Ok(Some(from.clone()));
        }
        let checkpoints = self.catalog.checkpoints()?;
        let which = match source {
            Source::Retained(which) => usize::from(which) % checkpoints.len().max(1),
            Source::Newest | Source::Savepoint => checkpoints.len().saturating_sub(1),
        };
        let Some(commit) = checkpoints.get(which) else {
            self.oracle = Oracle::default();
            return Ok(None);
        };
        let committed = self.committed.get(&commit.checkpoint);
        assert!(committed.is_some(), "a checkpoint that was never committed");
        self.oracle = committed.cloned().unwrap_or_default();
        let manifests = commit
            .manifests
            .iter()
            .map(|part| self.catalog.manifest(part));
        Ok(Some(RestoreFrom {
            storage: Arc::clone(&self.storage),
            root: JOB.to_owned(),
            manifests: manifests.collect::<Result<_>>()?,
            ownership: Ownership::Own,
        }))
    }

    fn local_directory(&self) -> PathBuf {
        self.directory.path().join("local")
    }

    /// Starts all subtasks, each with the next of the migrations.
    fn start(
        &mut self,
        parallelism: u32,
        from: Option<&RestoreFrom>,
        migrations: &[Migration],
    ) -> Result<()> {
        let stored = std::mem::replace(&mut self.oracle.program, self.program);
        let mut migrations = migrations.iter().cycle();
        for subtask in 0..parallelism {
            let directory = self.directory.path().join(subtask.to_string());
            let options = Options::default().memory_budget_bytes(self.memory_budget_bytes);
            let builder = Builder::new(JOB, Arc::clone(&self.factory), directory)
                .max_parallelism(self.max)
                .subtask(subtask, parallelism)
                .options(options)
                .local_copies(LocalCopies::in_directory(&self.local_directory(), JOB)?);
            let mut backend = match from {
                None => {
                    let mut backend = Backend::open(builder)?;
                    // A restored one knows event time from its snapshot.
                    backend.advance_event_time(self.oracle.watermark);
                    backend
                }
                Some(from) => {
                    let nobody: Arc<dyn Progress> = Arc::new(());
                    Backend::restore(builder, from, &Cancel::new(), &nobody)?.0
                }
            };
            let migration = migrations.next().copied().unwrap_or(Migration::Lazy);
            let evolved = Evolved::register(&mut backend, stored, self.program, migration)?;
            let states = States::register(&mut backend, evolved)?;
            self.subtasks.push((backend, states));
        }
        Ok(())
    }
}
