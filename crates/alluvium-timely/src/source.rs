//! Where a job's records come from: splits that can be read again from a position.

use alluvium::Result;
use timely::ExchangeData;

pub(crate) mod splits;

/// A replayable input, cut into a fixed number of splits.
///
/// A split is read by one worker at a time, `split % workers`. Records of one split keep their order
/// on the way to the operator; records of different splits mix.
pub trait Source: Send + Sync + 'static {
    /// What it yields.
    type Record: ExchangeData;

    /// The number of splits: a constant of the job, as partitions of a topic are, never derived from the
    /// number of workers.
    fn splits(&self) -> u32;

    /// Opens a split, counted from 0, at its beginning or where a checkpoint left off.
    ///
    /// # Errors
    /// When the input cannot be opened or the position is not of this split; the attempt ends.
    fn open(
        &self,
        split: u32,
        position: Option<&[u8]>,
    ) -> Result<Box<dyn SplitReader<Self::Record>>>;
}

/// Reads one split.
pub trait SplitReader<R> {
    /// The next record, if there is one at once. Must not wait: a worker that waits holds up all workers.
    ///
    /// # Errors
    /// When the input cannot be read; the attempt ends.
    fn next(&mut self) -> Result<Next<R>>;

    /// Where to go on after the records returned so far. The same records follow from there on.
    fn position(&self) -> Vec<u8>;

    /// A time such that all records with event times up to it have been returned; it never shrinks, and follows
    /// from the position: a reader that is opened there says the same. `i64::MIN` if nothing is known.
    fn watermark(&self) -> i64;
}

/// What a reader has to offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "readers return each and callers treat each"
)]
pub enum Next<R> {
    /// A record.
    Record(R),
    /// Nothing yet: ask again in a while.
    Pending,
    /// Nothing ever again, in this attempt.
    End,
}
