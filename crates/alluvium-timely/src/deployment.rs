//! Where a job lives: its storage, its store, its place on this machine.

use std::path::PathBuf;
use std::sync::Arc;

use alluvium::LocalCopies;
use alluvium::environment::Environment;
use alluvium::storage::Storage;
use alluvium::store::StoreFactory;

/// Where a job lives.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Deployment {
    /// The job's name, which is that of its folder in storage.
    pub job: String,
    /// Where checkpoints go: the same for all processes.
    pub storage: Arc<dyn Storage>,
    /// What holds the state that is not in memory.
    pub store: Arc<dyn StoreFactory>,
    /// Where stores are, on this machine. What attempts before this one left there is deleted.
    pub working_directory: PathBuf,
    /// Where copies of snapshots are kept on this machine, if they are.
    pub local_copies: Option<LocalCopies>,
    /// Clock, randomness and threads.
    pub environment: Environment,
}

impl Deployment {
    /// Job `job` with checkpoints in `storage`, and with stores from `store` in `working_directory`.
    #[must_use]
    pub fn new(
        job: impl Into<String>,
        storage: Arc<dyn Storage>,
        store: Arc<dyn StoreFactory>,
        working_directory: impl Into<PathBuf>,
    ) -> Self {
        Self {
            job: job.into(),
            storage,
            store,
            working_directory: working_directory.into(),
            local_copies: None,
            environment: Environment::system(),
        }
    }

    /// Keeps local copies of snapshots, and restores from them.
    #[must_use]
    pub fn local_copies(mut self, local: LocalCopies) -> Self {
        self.local_copies = Some(local);
        self
    }

    /// Its clock, randomness and threads.
    #[must_use]
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }
}
