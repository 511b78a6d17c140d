//! Settings of a backend: plain data, each with its default and the reason for it.

use std::time::Duration;

/// Settings of a backend. Components (clock, store, storage) are given to the
/// [`Builder`](crate::Builder) instead.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Memory for rows in the write buffer, all generations together, in bytes. Hard: a writer waits for the
    /// flusher rather than exceed it, except by the one entry it is writing. The store's own caches come on top.
    ///
    /// Default 64 MiB: what one of Flink's write buffers has, small enough for many backends a process.
    pub memory_budget_bytes: usize,

    /// Snapshots that may be prepared and not yet uploaded. One more is refused with `Unavailable`.
    ///
    /// Default 4: each pins the files of its moment, so a storage that stalls would otherwise fill the disk.
    pub snapshots_in_flight_max: usize,

    /// Files of one snapshot or restore that are moved at the same time.
    ///
    /// Default 4, as Flink's `checkpoint.transfer.thread.num`: enough to hide the latency of an object store.
    pub transfer_threads: usize,

    /// How often the transfer of one file or manifest is tried while storage is `Unavailable`, the first attempt
    /// included; 1 tries once.
    ///
    /// Default 4: with the pauses below they span about two seconds, which outlasts a lost connection and a storage
    /// that asks to slow down. What lasts longer is for the next checkpoint.
    pub transfer_attempts: u32,

    /// The pause before the second attempt of a transfer; each later one is twice as long. Up to half of it is drawn
    /// away, so that many transfers that failed together do not come back together.
    ///
    /// Default 250 ms: the object store below has repeated the request faster than that already.
    pub transfer_first_pause: Duration,

    /// The longest pause between two attempts of a transfer.
    ///
    /// Default 5 s: longer ones only matter with more attempts, and lose more time than they save a storage.
    pub transfer_longest_pause: Duration,

    /// No attempt of a transfer begins later than this after its first.
    ///
    /// Default 60 s, well below the ten minutes in which engines give a checkpoint up. An attempt ends by itself: object
    /// stores repeat a request for at most 10 s and let one take 30 s, so a file is given up within about 100 s.
    pub transfer_patience: Duration,

    /// At most once in this time a snapshot starts a sweep, which gives back the space of expired rows that nothing else has met.
    ///
    /// Default 10 min: compaction meets most of them earlier, and a sweep reads up to a million rows.
    pub expiry_sweep_interval: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            memory_budget_bytes: 64 << 20,
            snapshots_in_flight_max: 4,
            transfer_threads: 4,
            transfer_attempts: 4,
            transfer_first_pause: Duration::from_millis(250),
            transfer_longest_pause: Duration::from_secs(5),
            transfer_patience: Duration::from_secs(60),
            expiry_sweep_interval: Duration::from_secs(600),
        }
    }
}

impl Options {
    /// Sets [`memory_budget_bytes`](Self::memory_budget_bytes).
    #[must_use]
    pub const fn memory_budget_bytes(mut self, bytes: usize) -> Self {
        self.memory_budget_bytes = bytes;
        self
    }

    /// Sets [`snapshots_in_flight_max`](Self::snapshots_in_flight_max).
    #[must_use]
    pub const fn snapshots_in_flight_max(mut self, snapshots: usize) -> Self {
        self.snapshots_in_flight_max = snapshots;
        self
    }

    /// Sets [`transfer_threads`](Self::transfer_threads).
    #[must_use]
    pub const fn transfer_threads(mut self, threads: usize) -> Self {
        self.transfer_threads = threads;
        self
    }

    /// Sets [`transfer_attempts`](Self::transfer_attempts).
    #[must_use]
    pub const fn transfer_attempts(mut self, attempts: u32) -> Self {
        self.transfer_attempts = attempts;
        self
    }

    /// Sets [`transfer_first_pause`](Self::transfer_first_pause).
    #[must_use]
    pub const fn transfer_first_pause(mut self, pause: Duration) -> Self {
        self.transfer_first_pause = pause;
        self
    }

    /// Sets [`transfer_longest_pause`](Self::transfer_longest_pause).
    #[must_use]
    pub const fn transfer_longest_pause(mut self, pause: Duration) -> Self {
        self.transfer_longest_pause = pause;
        self
    }

    /// Sets [`transfer_patience`](Self::transfer_patience).
    #[must_use]
    pub const fn transfer_patience(mut self, patience: Duration) -> Self {
        self.transfer_patience = patience;
        self
    }

    /// Sets [`expiry_sweep_interval`](Self::expiry_sweep_interval).
    #[must_use]
    pub const fn expiry_sweep_interval(mut self, interval: Duration) -> Self {
        self.expiry_sweep_interval = interval;
        self
    }
}
