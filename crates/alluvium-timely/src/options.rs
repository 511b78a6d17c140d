//! Settings of a job: plain data, each with its default and the reason for it.

use std::num::NonZeroU64;
use std::time::Duration;

use alluvium::protocol::key_group::MaxParallelism;
use alluvium::{Error, Options, Result};

use crate::epoch::Epochs;

/// Settings of a job. All processes of an attempt need the same.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct JobOptions {
    /// The number of key groups: an upper bound of the number of workers, fixed for the job's life.
    ///
    /// Default [`MaxParallelism::DEFAULT`].
    pub max_parallelism: MaxParallelism,

    /// Records that a source worker reads in a tick, at most.
    ///
    /// Default 4096: a timestamp costs 31 ns a record at 512 records a tick, 17 ns at 4096, and
    /// more records gain nothing, while more of them may queue before a slow worker.
    pub tick_records: NonZeroU64,

    /// How long a tick lasts, at most, where sources have nothing to read: event time and checkpoints go on.
    ///
    /// Default 100 ms: soon for people, rare for a machine.
    pub tick_idle: Duration,

    /// Ticks that sources may be ahead of the slowest keyed worker, at least 1.
    ///
    /// Default 4: enough that workers do not go in lockstep. What queues up is at most so many ticks' records.
    pub gate_ticks: NonZeroU64,

    /// When a checkpoint is taken.
    ///
    /// Default every 256 ticks: a million records of each worker.
    pub checkpoint_every: CheckpointEvery,

    /// Checkpoints that are frozen and not complete yet. At the bound the stream waits.
    ///
    /// Default 2: one is uploaded while the next one is filled.
    pub checkpoints_in_flight_max: usize,

    /// Newest checkpoints that are kept, at least [`checkpoints_in_flight_max`](Self::checkpoints_in_flight_max),
    /// since snapshots refer to files of the one that was newest when they were taken.
    ///
    /// Default 3.
    pub retained: usize,

    /// Checkpoints in a row that may fail to be uploaded before the attempt ends.
    ///
    /// Default 3: an object store that is away for minutes costs no restart, one that is gone is noticed.
    pub checkpoint_failures_max: u32,

    /// A savepoint to take, if any.
    pub savepoint: Option<SavepointRequest>,

    /// Settings of each worker's backend.
    pub backend: Options,

    /// Whether a panic on any thread aborts the process. Timely's own threads panic when a peer
    /// process dies, and leave the workers waiting for ever.
    ///
    /// Default true. Tests in one process switch it off: a worker's panic then ends the run with an error.
    pub abort_on_panic: bool,
}

impl Default for JobOptions {
    fn default() -> Self {
        Self {
            max_parallelism: MaxParallelism::DEFAULT,
            tick_records: TICK_RECORDS,
            tick_idle: Duration::from_millis(100),
            gate_ticks: GATE_TICKS,
            checkpoint_every: CheckpointEvery::Ticks(CHECKPOINT_TICKS),
            checkpoints_in_flight_max: 2,
            retained: 3,
            checkpoint_failures_max: 3,
            savepoint: None,
            backend: Options::default(),
            abort_on_panic: true,
        }
    }
}

const TICK_RECORDS: NonZeroU64 = NonZeroU64::new(4096).unwrap();
const GATE_TICKS: NonZeroU64 = NonZeroU64::new(4).unwrap();
const CHECKPOINT_TICKS: NonZeroU64 = NonZeroU64::new(256).unwrap();

/// How often a job checkpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a choice between these")]
pub enum CheckpointEvery {
    /// After so many ticks.
    Ticks(NonZeroU64),
    /// After about so many records of all workers together. Ticks get shorter where that is less than a tick.
    Records(NonZeroU64),
}

/// A savepoint that a run is asked for.
///
/// A savepoint is never replaced: its name must be a new one. Only an attempt that goes on from the very checkpoint
/// that the savepoint was taken with may be asked for it again, as after a crash; it takes none then.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SavepointRequest {
    /// Its name: one plain path part. It goes to `<job>/savepoints/<name>` in the job's storage.
    pub name: String,
    /// When it is taken.
    pub at: SavepointAt,
}

impl SavepointRequest {
    /// A savepoint named `name`, taken at `at`.
    #[must_use]
    pub fn new(name: impl Into<String>, at: SavepointAt) -> Self {
        Self {
            name: name.into(),
            at,
        }
    }
}

/// When a savepoint is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SavepointAt {
    /// With the last checkpoint, when the input has ended.
    End,
    /// With the checkpoint of this number.
    Checkpoint(u64),
}

/// How a run with a certain number of workers ticks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ticking {
    pub(crate) tick_records: u64,
    pub(crate) epochs: Epochs,
}

impl JobOptions {
    /// Checks what types do not say.
    pub(crate) fn check(&self) -> Result<()> {
        if self.checkpoints_in_flight_max == 0 {
            return Err(Error::invalid(
                "checkpoints_in_flight_max is 0: no checkpoint could be taken, allow at least 1",
            ));
        }
        if self.retained < self.checkpoints_in_flight_max {
            return Err(Error::invalid(format!(
                "retained is {} and checkpoints_in_flight_max is {}: retain at least as many checkpoints as may be \
                 in flight, which refer to their files",
                self.retained, self.checkpoints_in_flight_max
            )));
        }
        Ok(())
    }

    /// How `peers` workers tick, from epoch `first` on.
    pub(crate) fn ticking(&self, peers: u32, first: u64) -> Ticking {
        let tick_records = self.tick_records.get();
        match self.checkpoint_every {
            CheckpointEvery::Ticks(ticks) => Ticking {
                tick_records,
                epochs: Epochs::new(ticks, first),
            },
            CheckpointEvery::Records(records) => {
                let of_a_worker = records.get().div_ceil(u64::from(peers.max(1)));
                let ticks = NonZeroU64::new(of_a_worker / tick_records).unwrap_or(NonZeroU64::MIN);
                let tick_records = of_a_worker.div_ceil(ticks.get());
                Ticking {
                    tick_records,
                    epochs: Epochs::new(ticks, first),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_records(records: u64) -> JobOptions {
        let records = NonZeroU64::new(records).unwrap();
        JobOptions {
            checkpoint_every: CheckpointEvery::Records(records),
            ..JobOptions::default()
        }
    }

    #[test]
    fn a_checkpoint_every_so_many_records_of_all_workers_is_so_many_ticks_of_each() {
        let ticking = every_records(100_000).ticking(3, 0);

        let of_an_epoch = ticking.tick_records * ticking.epochs.first_tick(1);
        assert!((33_334..33_350).contains(&of_an_epoch), "{of_an_epoch}");
        assert!(
            (4096..8192).contains(&ticking.tick_records),
            "{}",
            ticking.tick_records
        );
    }

    #[test]
    fn checkpoints_more_often_than_a_tick_shorten_the_tick() {
        let ticking = every_records(10).ticking(4, 7);

        assert_eq!(ticking.tick_records, 3);
        assert_eq!(ticking.epochs.last_tick(7), 7);
    }

    #[test]
    fn fewer_retained_checkpoints_than_may_be_in_flight_are_refused() {
        let options = JobOptions {
            retained: 1,
            checkpoints_in_flight_max: 2,
            ..JobOptions::default()
        };

        let error = options.check().unwrap_err();

        assert!(
            error.to_string().contains("retain at least as many"),
            "{error}"
        );
    }
}
