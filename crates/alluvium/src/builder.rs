//! Puts a backend together: the one place where its components meet.

use std::path::PathBuf;
use std::sync::Arc;

use alluvium_protocol::key_group::{KeyGroupRange, MaxParallelism};
use alluvium_protocol::shape::Shape;
use alluvium_protocol::stamp::Moment;

use crate::buffer::Buffer;
use crate::bytes::registry::Registry;
use crate::bytes::{BytesBackend, Parts};
use crate::environment::Environment;
use crate::error::Result;
use crate::lifetimes::Lifetimes;
use crate::lifetimes::sweep::Sweep;
use crate::local::LocalCopies;
use crate::options::Options;
use crate::snapshot::history::History;
use crate::store::{Store, StoreFactory};
use crate::suspicion::SuspectedStore;
use crate::tidying::Tidying;
use crate::working_directory::WorkingDirectory;

/// Says what a backend is made of, then opens it empty or from a checkpoint.
#[derive(Debug, Clone)]
pub struct Builder {
    pub(crate) job: String,
    pub(crate) factory: Arc<dyn StoreFactory>,
    directory: PathBuf,
    pub(crate) max_parallelism: MaxParallelism,
    subtask: u32,
    parallelism: u32,
    pub(crate) options: Options,
    pub(crate) environment: Environment,
    pub(crate) local: Option<LocalCopies>,
    pub(crate) key: Shape,
}

impl Builder {
    /// A backend of job `job`, with stores from `factory`, that works in `directory`: a directory of its own on this
    /// machine. What earlier backends left there is removed when the backend is opened, and its own files when it
    /// and its last snapshot are dropped.
    ///
    /// The only subtask of its operator, with [`MaxParallelism::DEFAULT`], unless it is said otherwise.
    #[must_use]
    pub fn new(
        job: impl Into<String>,
        factory: Arc<dyn StoreFactory>,
        directory: impl Into<PathBuf>,
    ) -> Self {
        Self {
            job: job.into(),
            factory,
            directory: directory.into(),
            max_parallelism: MaxParallelism::DEFAULT,
            subtask: 0,
            parallelism: 1,
            options: Options::default(),
            environment: Environment::system(),
            local: None,
            key: Shape::Opaque,
        }
    }

    /// The job's number of key groups, which it keeps for life.
    #[must_use]
    pub const fn max_parallelism(mut self, max_parallelism: MaxParallelism) -> Self {
        self.max_parallelism = max_parallelism;
        self
    }

    /// Which of how many subtasks the backend is for; this decides its key groups.
    #[must_use]
    pub const fn subtask(mut self, subtask: u32, parallelism: u32) -> Self {
        self.subtask = subtask;
        self.parallelism = parallelism;
        self
    }

    /// Its settings.
    #[must_use]
    pub const fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Its clock, randomness and threads.
    #[must_use]
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// Keeps local copies of its snapshots, and restores from them.
    #[must_use]
    pub fn local_copies(mut self, local: LocalCopies) -> Self {
        self.local = Some(local);
        self
    }

    /// The shape of its keys, for tools and checks; [`Shape::Opaque`] if only the engine knows.
    #[must_use]
    pub fn key_shape(mut self, key: Shape) -> Self {
        self.key = key;
        self
    }

    pub(crate) fn range(&self) -> Result<KeyGroupRange> {
        Ok(self
            .max_parallelism
            .range_of(self.subtask, self.parallelism)?)
    }

    /// Opens an empty backend.
    ///
    /// # Errors
    /// `Invalid` when the subtask or parallelism does not fit the maximum parallelism; `Unavailable` when the
    /// directory or the store cannot be made.
    pub fn open(self) -> Result<BytesBackend> {
        self.range()?;
        let directory = self.working_directory()?;
        let store = self.factory.create(&directory.fresh("store"))?;
        let registry = Registry::new(self.key.clone());
        self.assemble(
            directory,
            store,
            Restored {
                registry,
                history: History::default(),
                next_generation: 1,
                untidy: false,
                empty: true,
                event_time: Moment::BEFORE_TIME,
            },
        )
    }

    pub(crate) fn working_directory(&self) -> Result<WorkingDirectory> {
        WorkingDirectory::open(&self.directory, &*self.environment.random)
    }

    pub(crate) fn assemble(
        self,
        directory: WorkingDirectory,
        store: Arc<dyn Store>,
        restored: Restored,
    ) -> Result<BytesBackend> {
        let range = self.range()?;
        let budget = self.options.memory_budget_bytes;
        let store = match &self.local {
            Some(local) => Arc::new(SuspectedStore::new(store, local.clone())),
            None => store,
        };
        let tidying = if restored.untidy {
            Some(Tidying::start(Arc::clone(&store), &self.environment)?)
        } else {
            None
        };
        let clock = Arc::clone(&self.environment.clock);
        let lifetimes = Arc::new(Lifetimes::new(clock, restored.event_time));
        store.filter_rows(Arc::<Lifetimes>::clone(&lifetimes));
        let sweep = Sweep::new(
            Arc::clone(&store),
            Arc::clone(&lifetimes),
            range,
            self.environment.clone(),
            self.options.expiry_sweep_interval,
        );
        let buffer = Buffer::new(
            store,
            restored.empty,
            restored.next_generation,
            budget,
            &self.environment,
        )?;
        Ok(BytesBackend::assemble(Parts {
            job: self.job,
            subtask: self.subtask,
            range,
            max_parallelism: self.max_parallelism,
            store_kind: self.factory.kind(),
            registry: restored.registry,
            history: restored.history,
            local: self.local,
            options: self.options,
            environment: self.environment,
            lifetimes,
            tidying,
            sweep,
            buffer,
            directory: Arc::new(directory),
        }))
    }
}

/// What a backend takes over from what it was restored from.
#[derive(Debug)]
pub(crate) struct Restored {
    pub(crate) registry: Registry,
    pub(crate) history: History,
    /// Above the generation of every list chunk in the store.
    pub(crate) next_generation: u64,
    /// Whether the store was made of files, which may have rows of others.
    pub(crate) untidy: bool,
    /// Whether the store has no row.
    pub(crate) empty: bool,
    /// The event time that it was taken at.
    pub(crate) event_time: Moment,
}
