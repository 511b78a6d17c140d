//! Where a job's output goes, in two phases: durable but invisible before the commit, visible after it.

use alluvium::Result;

mod lines;

pub use lines::LinesSink;

/// An output that takes part in checkpoints.
///
/// What an epoch puts out is *prepared* by each worker before the checkpoint is committed, and *published* after:
/// published output is never taken back and never repeated, whatever crashes in between.
pub trait Sink: Send + Sync + 'static {
    /// What it takes.
    type Item;

    /// Makes what a worker put out in an epoch durable, without showing it. Returns what [`Sink::publish`]
    /// needs to show it, in another process if need be; `None` if there is nothing to show. Runs on a thread
    /// that may block.
    ///
    /// # Errors
    /// When it cannot be made durable; the attempt ends, and the next one prepares it again.
    fn prepare(&self, of: Prepare, items: Vec<Self::Item>) -> Result<Option<Vec<u8>>>;

    /// Shows prepared output whose checkpoint is committed. Must do nothing for what is shown already: it is
    /// called again after a crash, and possibly by two attempts at once.
    ///
    /// # Errors
    /// When it cannot be shown; the attempt ends, and recovery tries again.
    fn publish(&self, token: &[u8]) -> Result<()>;

    /// Drops what attempts before `attempt` prepared and nobody will publish. Called by recovery, when
    /// everything committed is published and no older attempt can commit.
    ///
    /// # Errors
    /// When leftovers can be neither found nor dropped; recovery fails.
    fn discard_unpublished(&self, attempt: u64) -> Result<()>;
}

/// Whose output is prepared. The three together are never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Prepare {
    /// The epoch that put it out.
    pub epoch: u64,
    /// The worker.
    pub worker: u32,
    /// The attempt.
    pub attempt: u64,
}

impl Prepare {
    /// Output of a worker in an epoch of an attempt.
    #[must_use]
    pub const fn new(epoch: u64, worker: u32, attempt: u64) -> Self {
        Self {
            epoch,
            worker,
            attempt,
        }
    }
}
