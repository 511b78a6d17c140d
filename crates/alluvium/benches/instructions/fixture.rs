//! Backends to count on: the same in every run, in one thread.
//!
//! Invariants: randomness is fixed and the clock stands still; no thread is started. What would be the flusher's waits
//! here until a path runs it ([`Subject::run_flusher`]). A backend is never dropped, for it would wait for its flusher: a
//! process runs one path and ends.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use alluvium::environment::{Environment, Random, Spawn};
use alluvium::protocol::manifest::{CheckpointId, SnapshotKind};
use alluvium::storage::Cancel;
use alluvium::store::memory::MemoryStoreFactory;
use alluvium::store::{Opened, Part, Store, StoreFactory};
use alluvium::{Backend, Builder, Error, Options, Result};
use alluvium_testing::clock::JumpingClock;

use crate::region::ensure;

/// Operations of most paths, each on a key of its own: enough that what happens once does not show.
pub(crate) const KEYS: u32 = 10_000;

/// Keys of paths that have ten elements or entries each.
pub(crate) const GROUPS: u32 = KEYS / 10;

/// The keys from `from` up to `to`, spread over the numbers as hashes are.
pub(crate) fn keys(from: u32, to: u32) -> impl Iterator<Item = u64> {
    (from..to).map(|index| u64::from(index).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// Makes of an empty store the one to count on.
type Prepare = fn(Arc<dyn Store>) -> Result<Arc<dyn Store>>;

/// A backend and its flusher.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) backend: &'static mut Backend<u64>,
    threads: Arc<Waiting>,
}

impl Subject {
    /// A backend over an empty memory store.
    pub(crate) fn new() -> Result<Self> {
        Self::over(Arc::new(MemoryStoreFactory::new()))
    }

    /// A backend over the store that `prepare` makes of an empty memory store.
    pub(crate) fn prepared(prepare: Prepare) -> Result<Self> {
        Self::over(Arc::new(Prepared(prepare)))
    }

    fn over(factory: Arc<dyn StoreFactory>) -> Result<Self> {
        let threads = Arc::new(Waiting::default());
        let environment = Environment {
            clock: Arc::new(JumpingClock::default()),
            random: Arc::new(Fixed),
            spawn: Arc::<Waiting>::clone(&threads),
        };
        // Memory for all rows: what is counted is the access, not an eviction that comes in between.
        let options = Options::default().memory_budget_bytes(1 << 30);
        let builder = Builder::new("job", factory, "state")
            .options(options)
            .environment(environment);
        let backend = Box::leak(Box::new(Backend::open(builder)?));
        Ok(Self { backend, threads })
    }

    /// Takes a snapshot, as far as the stream waits for it: what is buffered is frozen and queued for the flusher.
    pub(crate) fn freeze(&mut self) -> Result<()> {
        let id = CheckpointId::new(1);
        let snapshot = self.backend.snapshot(id, SnapshotKind::Incremental)?;
        // Dropping it would wait for the flusher.
        std::mem::forget(snapshot);
        Ok(())
    }

    /// Does the flusher's work on this thread, until a path [ends](crate::region::end) the process.
    pub(crate) fn run_flusher(&self) -> Result<()> {
        let task = self
            .threads
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let task = task.ok_or_else(|| Error::invalid("the backend started no thread"))?;
        task();
        ensure(false, "the flusher ended before the process did")
    }
}

type Task = Box<dyn FnOnce() + Send>;

/// Keeps the one thread that is asked for.
#[derive(Default)]
struct Waiting(Mutex<Option<Task>>);

impl std::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiting").finish_non_exhaustive()
    }
}

impl Spawn for Waiting {
    fn spawn(&self, name: &str, task: Task) -> Result<()> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.replace(task).is_some() {
            return Err(Error::invalid(format!(
                "a second thread, {name}: which is the flusher?"
            )));
        }
        Ok(())
    }
}

#[derive(Debug)]
struct Fixed;

impl Random for Fixed {
    fn bits(&self) -> u128 {
        0x0123_4567_89ab_cdef_0123_4567_89ab_cdef
    }
}

#[derive(Debug)]
struct Prepared(Prepare);

impl StoreFactory for Prepared {
    fn kind(&self) -> &'static str {
        "memory"
    }

    fn create(&self, directory: &Path) -> Result<Arc<dyn Store>> {
        (self.0)(MemoryStoreFactory::new().create(directory)?)
    }

    fn open(&self, _: &Path, _: Vec<Part>, _: &Cancel) -> Result<Opened> {
        Err(Error::invalid("nothing is restored here"))
    }
}
