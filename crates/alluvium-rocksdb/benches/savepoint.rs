//! How fast savepoints are written and restored.
//!
//! `cargo bench -p alluvium-rocksdb --bench savepoint -- 1000000` fills one subtask with that many rows of 96-byte keys
//! and 128-byte values (random bytes, which do not compress), takes a savepoint to a local directory and restores it,
//! with one and with four threads. It prints bytes of rows a second, by the clock and by the processor time that
//! all threads took together: on a machine that does other work, the second says what the code costs.
//! Everything lies below one temporary directory, which is removed at the end.

#![expect(clippy::print_stdout, reason = "a benchmark prints its result")]
#![expect(
    clippy::disallowed_types,
    reason = "a benchmark reads the machine's clock"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use alluvium::bytes::{Address, StateDeclaration, StateIndex};
use alluvium::environment::{Environment, Random};
use alluvium::protocol::key_group::{KeyGroup, KeyHash, MaxParallelism};
use alluvium::protocol::manifest::{CheckpointId, SnapshotKind};
use alluvium::protocol::schema::{self, StateKind, ValueSchema};
use alluvium::protocol::shape::Shape;
use alluvium::storage::{self, Cancel, Storage};
use alluvium::{
    Builder, BytesBackend, Error, Options, Ownership, Progress, RestoreFrom, Result, SnapshotTarget,
};
use alluvium_rocksdb::{RocksOptions, RocksStoreFactory};

const KEY_BYTES: usize = 96;
const VALUE_BYTES: usize = 128;
const THREADS: [usize; 2] = [1, 4];

fn main() -> Result<()> {
    let rows = std::env::args().skip(1).find_map(|rows| rows.parse().ok());
    let rows: u64 = rows.unwrap_or(1_000_000);
    let directory = tempfile::tempdir().map_err(|e| Error::io("make a temporary directory", e))?;
    let storage = storage::in_directory(&directory.path().join("storage"))?;

    let mut backend = builder(directory.path(), "written", 4)?.open()?;
    let state = backend.register(state())?;
    fill(&mut backend, state, rows)?;
    // A checkpoint before, so that no savepoint waits for the rows in memory.
    let target = SnapshotTarget {
        storage: Arc::clone(&storage),
        root: "full".to_owned(),
        attempt: 1,
    };
    let nobody: Arc<dyn Progress> = Arc::new(());
    let full = backend.snapshot(CheckpointId::new(1), SnapshotKind::Full)?;
    full.upload(&target, &Cancel::new(), &nobody)?;
    drop(backend);
    let full = from(&storage, "full", "checkpoints/1/1-0.manifest")?;

    println!("{rows} rows, {} MB", bytes(rows) / 1_000_000);
    for threads in THREADS {
        let restored = builder(directory.path(), "written", threads)?;
        let (mut backend, _) = restored.restore(&full, &Cancel::new(), &nobody)?;
        let root = format!("savepoint-{threads}");
        let target = SnapshotTarget {
            root: root.clone(),
            ..target.clone()
        };
        let snapshot = backend.snapshot(CheckpointId::new(2), SnapshotKind::Savepoint)?;
        let stopwatch = Stopwatch::start();
        let handle = snapshot.upload(&target, &Cancel::new(), &nobody)?;
        stopwatch.tell("written", threads, rows);
        drop(backend);

        let from = from(&storage, &root, &handle.manifest.object)?;
        let restored = builder(directory.path(), "restored", threads)?;
        let stopwatch = Stopwatch::start();
        let (mut backend, report) = restored.restore(&from, &Cancel::new(), &nobody)?;
        stopwatch.tell("restored", threads, rows);
        let size = backend.snapshot(CheckpointId::new(3), SnapshotKind::Full)?;
        let size = size.upload(&target, &Cancel::new(), &nobody)?.report;
        println!(
            "    {} rows files of {} MB, {} files of the restored store",
            report.files_downloaded,
            report.bytes_downloaded / 1_000_000,
            size.files_new
        );
    }
    Ok(())
}

fn builder(directory: &Path, work: &str, threads: usize) -> Result<Builder> {
    let factory = Arc::new(RocksStoreFactory::new(RocksOptions::default())?);
    let options = Options::default().transfer_threads(threads);
    Ok(Builder::new("job", factory, directory.join(work)).options(options))
}

fn from(storage: &Arc<dyn Storage>, root: &str, manifest: &str) -> Result<RestoreFrom> {
    let name = format!("{root}/{manifest}");
    let bytes = storage.get(&name)?;
    let bytes = bytes.ok_or_else(|| Error::invalid(format!("{name} is missing")))?;
    let manifest = alluvium::protocol::manifest::Manifest::decode(&bytes, &name)?;
    Ok(RestoreFrom {
        storage: Arc::clone(storage),
        root: root.to_owned(),
        manifests: vec![manifest],
        ownership: Ownership::Own,
    })
}

fn state() -> StateDeclaration {
    StateDeclaration {
        name: "rows".to_owned(),
        kind: StateKind::Value,
        namespace: Shape::Unit,
        map_key: None,
        value: ValueSchema {
            codec: schema::BYTES.to_owned(),
            version: 1,
            type_name: "bytes".to_owned(),
            shape: Shape::Opaque,
        },
    }
}

fn fill(backend: &mut BytesBackend, state: StateIndex, rows: u64) -> Result<()> {
    let max = MaxParallelism::DEFAULT;
    let random = Environment::system().random;
    for _ in 0..rows {
        let (key, value) = (
            random_bytes::<KEY_BYTES>(&*random),
            random_bytes::<VALUE_BYTES>(&*random),
        );
        let group: KeyGroup = max.group_of(KeyHash::of(&key));
        let at = Address {
            state,
            group,
            key: &key,
        };
        backend.put(&at, &value)?;
    }
    Ok(())
}

fn random_bytes<const N: usize>(random: &dyn Random) -> [u8; N] {
    let mut bytes = [0; N];
    for chunk in bytes.chunks_mut(16) {
        chunk.copy_from_slice(&random.bits().to_be_bytes());
    }
    bytes
}

const fn bytes(rows: u64) -> u64 {
    rows * (KEY_BYTES as u64 + VALUE_BYTES as u64)
}

/// Time by the clock and by the processor.
struct Stopwatch {
    began: Instant,
    processor: Duration,
}

impl Stopwatch {
    fn start() -> Self {
        Self {
            began: Instant::now(),
            processor: processor_time(),
        }
    }

    fn tell(self, what: &str, threads: usize, rows: u64) {
        let clock = self.began.elapsed();
        let processor = processor_time().saturating_sub(self.processor);
        let rate = |time: Duration| {
            let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
            (bytes(rows) * 1_000).checked_div(nanos).unwrap_or(0)
        };
        println!(
            "{what} by {threads} threads: {clock:.2?}, {} MB/s; processor time {processor:.2?}, {} MB/s",
            rate(clock),
            rate(processor)
        );
    }
}

/// What all threads of this process took so far, in ticks of 10 ms; nothing where the system does not say.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name, which is in parentheses, fields 14 and 15 are the 12th and 13th.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(10 * ticks)
}
