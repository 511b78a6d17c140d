//! A job whose time is the test's, and the ways through every context.

use std::sync::Arc;
use std::time::Duration;

use alluvium::environment::Environment;
use alluvium::protocol::manifest::{CheckpointId, Manifest, SnapshotKind};
use alluvium::state::{State, TimeDomain};
use alluvium::storage::{Cancel, Storage, in_memory};
use alluvium::store::StoreFactory;
use alluvium::{
    Backend, Builder, Options, Ownership, PreparedSnapshot, Progress, RestoreFrom, Result,
    SnapshotHandle, SnapshotTarget, Ttl,
};
use tempfile::TempDir;

use super::contexts::{Context, Handle};
use crate::clock::SetClock;
use crate::threads::CountedThreads;

/// The stores of a check.
pub(super) type Stores = Arc<dyn StoreFactory>;

/// A hundred milliseconds, as in the tests that these are like.
pub(super) const TTL: Ttl = Ttl::new(Duration::from_millis(100));

/// So small that a few rows fill the write buffer.
const TINY_BYTES: usize = 256;

/// Between two sweeps.
pub(super) const SWEEP_INTERVAL: Duration = Duration::from_secs(60);

/// Calls a check in every context.
macro_rules! in_every_context {
    ($check:ident, $stores:expr) => {
        $check::<$crate::ttl_conformance::contexts::OneValue>(&$stores);
        $check::<$crate::ttl_conformance::contexts::ShortElements>(&$stores);
        $check::<$crate::ttl_conformance::contexts::AnyElements>(&$stores);
        $check::<$crate::ttl_conformance::contexts::WholeMap>(&$stores);
        $check::<$crate::ttl_conformance::contexts::OneEntry>(&$stores);
        $check::<$crate::ttl_conformance::contexts::NullEntry>(&$stores);
        $check::<$crate::ttl_conformance::contexts::Sum>(&$stores);
        $check::<$crate::ttl_conformance::contexts::Mean>(&$stores);
    };
}

pub(super) use in_every_context;

/// The job: stores, storage and time.
#[derive(Debug)]
pub(super) struct Job {
    stores: Stores,
    storage: Arc<dyn Storage>,
    clock: Arc<SetClock>,
    threads: CountedThreads,
    memory_budget_bytes: usize,
    pub(super) time: TimeDomain,
    directory: TempDir,
}

impl Job {
    /// Jobs with much and with little memory, by both times.
    #[expect(clippy::expect_used, reason = "a test without a directory is none")]
    pub(super) fn each(stores: &Stores) -> impl Iterator<Item = Self> {
        let memory = [Options::default().memory_budget_bytes, TINY_BYTES];
        let times = [TimeDomain::Processing, TimeDomain::Event];
        let all = memory.map(|bytes| times.map(|time| (bytes, time)));
        all.into_iter()
            .flatten()
            .map(|(memory_budget_bytes, time)| Self {
                stores: Arc::clone(stores),
                storage: in_memory(),
                clock: Arc::default(),
                threads: CountedThreads::default(),
                memory_budget_bytes,
                time,
                directory: TempDir::new().expect("a directory"),
            })
    }

    /// The TTL by this job's time.
    pub(super) fn ttl(&self) -> Ttl {
        TTL.time(self.time)
    }

    /// Whether values are read where they were written. Else the store may have cleaned what has expired.
    pub(super) const fn has_room(&self) -> bool {
        self.memory_budget_bytes != TINY_BYTES
    }

    pub(super) fn set_clock(&self, unix_millis: i64) {
        self.clock.set(unix_millis);
    }

    fn builder(&self, subtask: u32, parallelism: u32) -> Builder {
        let options = Options::default()
            .memory_budget_bytes(self.memory_budget_bytes)
            .expiry_sweep_interval(SWEEP_INTERVAL);
        let work = self.directory.path().join(format!("work {subtask}"));
        Builder::new("ttl", Arc::clone(&self.stores), work)
            .subtask(subtask, parallelism)
            .options(options)
            .environment(Environment {
                clock: Arc::<SetClock>::clone(&self.clock),
                spawn: Arc::new(self.threads.clone()),
                ..Environment::system()
            })
    }

    /// The only subtask, without any state. It is time 0.
    pub(super) fn open<C: Context>(&self, ttl: Ttl) -> Opened<C> {
        let mut opened = self.open_before_time(Some(ttl));
        self.set_time(&mut opened, 0);
        opened
    }

    /// The only subtask, without any state. It was told no event time, and its clock is at 0.
    pub(super) fn open_before_time<C: Context>(&self, ttl: Option<Ttl>) -> Opened<C> {
        self.clock.set(0);
        let backend = Backend::open(self.builder(0, 1));
        self.over(told(backend), ttl)
    }

    /// A subtask that declares its state.
    pub(super) fn over<C: Context>(
        &self,
        mut backend: Backend<u32>,
        ttl: Option<Ttl>,
    ) -> Opened<C> {
        let at = told(backend.register(C::state(ttl)));
        Opened {
            backend,
            at,
            what: format!(
                "{} by {} in {} bytes",
                C::state(None).name(),
                self.time,
                self.memory_budget_bytes
            ),
        }
    }

    /// It is this time now, by the job's time.
    pub(super) fn set_time<C: Context>(&self, opened: &mut Opened<C>, time: i64) {
        match self.time {
            TimeDomain::Processing => self.clock.set(time),
            TimeDomain::Event => opened.backend.advance_event_time(time),
        }
    }

    /// Takes a snapshot and returns what restores it.
    pub(super) fn take<C: Context>(
        &self,
        of: &mut Opened<C>,
        id: u64,
        kind: SnapshotKind,
    ) -> RestoreFrom {
        let id = CheckpointId::new(id);
        let snapshot = told(of.backend.snapshot(id, kind));
        let taken = self.upload(snapshot, kind);
        of.backend.notify_complete(id);
        taken
    }

    /// Uploads a snapshot of this kind and returns what restores it.
    pub(super) fn upload(&self, snapshot: PreparedSnapshot, kind: SnapshotKind) -> RestoreFrom {
        let root = match kind {
            SnapshotKind::Savepoint => format!("savepoints/{}", snapshot.checkpoint()),
            SnapshotKind::Incremental | SnapshotKind::Full => "ttl".to_owned(),
        };
        let target = SnapshotTarget {
            storage: Arc::clone(&self.storage),
            root: root.clone(),
            attempt: 1,
        };
        let handle = told(snapshot.upload(&target, &Cancel::new(), &nobody()));
        RestoreFrom {
            storage: Arc::clone(&self.storage),
            manifests: vec![self.manifest(&root, &handle)],
            root,
            ownership: Ownership::Own,
        }
    }

    #[expect(clippy::expect_used, reason = "the manifest was just written")]
    fn manifest(&self, root: &str, handle: &SnapshotHandle) -> Manifest {
        let name = format!("{root}/{}", handle.manifest.object);
        let bytes = told(self.storage.get(&name)).expect("a manifest");
        Manifest::decode(&bytes, &name).expect("a manifest")
    }

    /// The subtasks that go on from a snapshot, with the state as it is declared now.
    pub(super) fn restore<C: Context>(
        &self,
        from: &RestoreFrom,
        parallelism: u32,
        ttl: Option<Ttl>,
    ) -> Vec<Opened<C>> {
        let restored = (0..parallelism)
            .map(|subtask| self.over(self.undeclared(from, subtask, parallelism), ttl));
        restored.collect()
    }

    /// A subtask that goes on from a snapshot and has declared nothing yet.
    pub(super) fn undeclared(
        &self,
        from: &RestoreFrom,
        subtask: u32,
        parallelism: u32,
    ) -> Backend<u32> {
        let builder = self.builder(subtask, parallelism);
        told(Backend::restore(builder, from, &Cancel::new(), &nobody())).0
    }

    /// The only subtask, which goes on.
    #[expect(clippy::expect_used, reason = "there is one")]
    pub(super) fn go_on<C: Context>(&self, from: &RestoreFrom, ttl: Option<Ttl>) -> Opened<C> {
        self.restore(from, 1, ttl).pop().expect("one subtask")
    }

    /// Has everything swept that has expired, by a snapshot after the interval.
    pub(super) fn sweep<C: Context>(&self, opened: &mut Opened<C>, id: u64) {
        // What was written before has to be in the store.
        self.take(opened, id, SnapshotKind::Incremental);
        let interval = i64::try_from(SWEEP_INTERVAL.as_millis()).unwrap_or(0);
        use alluvium::environment::Clock as _;
        self.clock.set(self.clock.unix_millis() + interval);
        self.take(opened, id + 1, SnapshotKind::Incremental);
        self.threads.wait_for("alluvium-sweep");
    }
}

/// A subtask with the state of a context.
pub(super) struct Opened<C: Context> {
    pub(super) backend: Backend<u32>,
    pub(super) at: Handle<C>,
    /// For people.
    pub(super) what: String,
}

impl<C: Context> Opened<C> {
    /// Whether the key is this subtask's.
    pub(super) fn owns(&mut self, key: u32) -> bool {
        self.backend.key(&key).is_ok()
    }

    pub(super) fn write(&mut self, (key, namespace): (u32, u32), version: u32) {
        let at = self.at;
        let mut scope = told(self.backend.key(&key));
        told(C::write(&mut scope.within(&namespace), at, version));
    }

    pub(super) fn clear(&mut self, (key, namespace): (u32, u32)) {
        let at = self.at;
        let mut scope = told(self.backend.key(&key));
        told(C::clear(&mut scope.within(&namespace), at));
    }

    pub(super) fn read(&mut self, (key, namespace): (u32, u32)) -> C::Read {
        let at = self.at;
        let mut scope = told(self.backend.key(&key));
        told(C::read(&mut scope.within(&namespace), at))
    }

    /// Reads and compares with these versions, none or one.
    #[track_caller]
    pub(super) fn finds(&mut self, place: (u32, u32), versions: &[u32], when: &str) {
        let found = self.read(place);
        assert_eq!(found, C::found(versions), "{} {when}", self.what);
    }
}

fn nobody() -> Arc<dyn Progress> {
    Arc::new(())
}

#[track_caller]
#[expect(clippy::panic, reason = "a check fails by panicking")]
pub(super) fn told<T>(result: Result<T>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{error:?}"),
    }
}
