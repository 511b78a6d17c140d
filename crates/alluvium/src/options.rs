//! Settings of a backend: plain data, each with its default and the reason for it.

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
}

impl Default for Options {
    fn default() -> Self {
        Self {
            memory_budget_bytes: 64 << 20,
            snapshots_in_flight_max: 4,
            transfer_threads: 4,
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
}
