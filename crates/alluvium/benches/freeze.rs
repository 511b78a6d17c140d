//! How long a snapshot holds up the task thread, at 1 thousand, 100 thousand and 1 million dirty rows.
//!
//! `cargo bench -p alluvium --bench freeze` prints a table. The time should not depend on the rows: the
//! freeze moves a table and queues a job, whatever is in the table.

#![expect(clippy::print_stdout, reason = "a benchmark prints its result")]

use std::sync::Arc;
use std::time::Duration;

use alluvium::protocol::manifest::{CheckpointId, SnapshotKind};
use alluvium::storage::Cancel;
use alluvium::store::memory::MemoryStoreFactory;
use alluvium::{Backend, Builder, Options, Progress, Result, SnapshotTarget, ValueState, storage};

const VALUES: ValueState<[u64; 4]> = ValueState::new("values");
const ROUNDS: u64 = 21;

fn main() -> Result<()> {
    println!("{:>12} {:>12} {:>12}", "dirty rows", "median", "longest");
    for rows in [1_000, 100_000, 1_000_000] {
        let (median, longest) = freeze(rows)?;
        println!("{rows:>12} {median:>12.1?} {longest:>12.1?}");
    }
    Ok(())
}

fn freeze(rows: u64) -> Result<(Duration, Duration)> {
    let directory = tempfile::tempdir().map_err(|error| alluvium::Error::io("tempdir", error))?;
    let target = SnapshotTarget {
        storage: storage::in_memory(),
        root: "job".to_owned(),
        attempt: 1,
    };
    // Memory for all rows: what is measured is the freeze, not the eviction before it.
    let options = Options::default().memory_budget_bytes(8 << 30);
    let builder = Builder::new(
        "job",
        Arc::new(MemoryStoreFactory::new()),
        directory.path().join("w"),
    );
    let mut backend = Backend::<u64>::open(builder.options(options))?;
    let values = backend.register(VALUES)?;
    let nobody: Arc<dyn Progress> = Arc::new(());
    let rounds = if rows > 500_000 { ROUNDS / 3 } else { ROUNDS };
    let mut times = Vec::new();
    for round in 1..=rounds {
        for key in 0..rows {
            backend.key(&key)?.value(values).set(&[round, key, 0, 0])?;
        }
        let snapshot = backend.snapshot(CheckpointId::new(round), SnapshotKind::Incremental)?;
        times.push(snapshot.freeze());
        snapshot.upload(&target, &Cancel::new(), &nobody)?;
        backend.notify_complete(CheckpointId::new(round));
    }
    times.sort_unstable();
    let at = |index: usize| times.get(index).copied().unwrap_or_default();
    Ok((at(times.len() / 2), at(times.len() - 1)))
}
