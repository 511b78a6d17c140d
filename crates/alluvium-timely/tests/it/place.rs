//! Where a test's job lives, and how an attempt of it is run.

use std::num::NonZeroU64;
use std::path::Path;
use std::sync::Arc;

use alluvium::environment::Environment;
use alluvium::storage::{self, Storage};
use alluvium::store::StoreFactory;
use alluvium::store::memory::MemoryStoreFactory;
use alluvium::{LocalCopies, Result};
use alluvium_timely::{
    CheckpointEvery, Deployment, Job, JobOptions, JobReport, LinesSink, Observer, Recovered,
    recover,
};
use tempfile::TempDir;

use crate::counting::Counting;
use crate::words::{Break, Words};

pub(crate) const JOB: &str = "words";

/// A job's storage, sink and machine.
pub(crate) struct Place {
    pub(crate) directory: TempDir,
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) sink: Arc<LinesSink>,
    pub(crate) store: Arc<dyn StoreFactory>,
}

impl Place {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let sink = LinesSink::in_directory(&directory.path().join("output")).unwrap();
        let storage = storage::in_directory(&directory.path().join("storage")).unwrap();
        let store = Arc::new(MemoryStoreFactory::default());
        Self {
            directory,
            storage,
            sink: Arc::new(sink),
            store,
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn deployment(&self) -> Deployment {
        let (storage, store) = (Arc::clone(&self.storage), Arc::clone(&self.store));
        let local = LocalCopies::in_directory(&self.path().join("local"), JOB).unwrap();
        Deployment::new(JOB, storage, store, self.path().join("work")).local_copies(local)
    }

    pub(crate) fn recover(&self) -> Result<Recovered> {
        recover(&self.storage, JOB, &Environment::system(), &*self.sink)
    }

    /// Recovers and runs an attempt.
    pub(crate) fn run(&self, words: &Words, workers: u32) -> Result<JobReport> {
        self.run_with(words, workers, options(), Arc::new(()))
    }

    /// Recovers, and runs an attempt until it breaks as `words` say.
    pub(crate) fn run_until_broken(&self, words: &Words, workers: u32, break_at: &Break) {
        let words = words.breaking(break_at);

        let error = self
            .run_with(&words, workers, options(), Arc::new(break_at.clone()))
            .unwrap_err();

        assert!(
            format!("{error:?}").contains("the source broke"),
            "{error:?}"
        );
    }

    pub(crate) fn run_with(
        &self,
        words: &Words,
        workers: u32,
        options: JobOptions,
        observer: Arc<dyn Observer>,
    ) -> Result<JobReport> {
        self.run_attempt(words, workers, options, observer, &self.recover()?)
    }

    pub(crate) fn run_attempt(
        &self,
        words: &Words,
        workers: u32,
        options: JobOptions,
        observer: Arc<dyn Observer>,
        recovered: &Recovered,
    ) -> Result<JobReport> {
        let sink = Arc::clone(&self.sink);
        let job = Job::new(self.deployment(), words.clone(), Counting::default, sink);
        job.options(options)
            .observer(observer)
            .run(&engine(workers), recovered)
    }

    /// How many pieces of output are prepared and not published.
    pub(crate) fn unpublished(&self) -> usize {
        let files = std::fs::read_dir(self.path().join("output")).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with(".pending-")).count()
    }

    /// All lines that were published, sorted.
    pub(crate) fn published(&self) -> Vec<String> {
        let mut lines = self.sink.published().unwrap();
        lines.sort_unstable();
        lines
    }
}

pub(crate) fn engine(workers: u32) -> Vec<String> {
    vec!["-w".into(), workers.to_string()]
}

/// Small ticks and frequent checkpoints.
pub(crate) fn options() -> JobOptions {
    let mut options = JobOptions::default();
    options.tick_records = NonZeroU64::new(64).unwrap();
    options.checkpoint_every = CheckpointEvery::Ticks(NonZeroU64::new(3).unwrap());
    options.abort_on_panic = false;
    options
}
