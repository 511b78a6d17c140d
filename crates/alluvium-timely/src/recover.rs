//! What happens between two attempts of a job.
//!
//! The order matters. First the fence: from then on no older attempt can commit, so the newest checkpoint
//! stays the newest. Then its output is published, which its own attempt may not have got to; only that
//! checkpoint's can be unpublished, because an attempt commits nothing while older output waits. Only
//! then is prepared output dropped, for nobody can commit it any more.

use std::sync::Arc;

use alluvium::Result;
use alluvium::catalog::{Attempt, Catalog};
use alluvium::environment::Environment;
use alluvium::protocol::manifest::CheckpointId;
use alluvium::savepoint::SavepointFolder;
use alluvium::storage::Storage;

use crate::attachments::Attachments;
use crate::sink::Sink;

mod argument;

/// What an attempt goes on from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    pub(crate) job: String,
    pub(crate) attempt: u64,
    pub(crate) fence_sequence: u64,
    pub(crate) origin: Origin,
    /// The number of the attempt's first epoch.
    pub(crate) first_epoch: u64,
    pub(crate) records: u64,
    pub(crate) ended: bool,
}

/// Where an attempt's state is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nowhere: the job begins.
    Empty,
    /// In the checkpoint whose commit has this place in the log.
    Commit { sequence: u64, checkpoint: u64 },
    /// In the savepoint in this folder of the job's storage.
    Savepoint { folder: String },
}

/// Takes over the job from older attempts. Call it once for each attempt, before any of its processes starts,
/// and when all processes of the attempt before were told to end; those that did not can do no harm.
///
/// # Errors
/// `Unavailable` when storage or the sink fails: call it again. `Incompatible` when the folder is of
/// another job or engine, `Corrupt` when its records are damaged. `Fenced` when another recovery is faster
/// each time.
pub fn recover<K: Sink>(
    storage: &Arc<dyn Storage>,
    job: &str,
    environment: &Environment,
    sink: &K,
) -> Result<Recovered> {
    let catalog = Catalog::open(Arc::clone(storage), job)?;
    let attempt = catalog.start_attempt(environment)?;
    let mut recovered = Recovered {
        job: job.to_owned(),
        attempt: attempt.number,
        fence_sequence: attempt.fence_sequence,
        origin: Origin::Empty,
        first_epoch: 1,
        records: 0,
        ended: false,
    };
    if let Some(commit) = catalog.latest()? {
        let checkpoint = commit.checkpoint.get();
        let of = format!("checkpoint {checkpoint} of job {job:?}");
        let attached = Attachments::decode(&commit.attachments, &of)?;
        for token in &attached.tokens {
            sink.publish(token)
                .map_err(|error| error.context(format!("publish the output of {of}")))?;
        }
        recovered.origin = Origin::Commit {
            sequence: commit.sequence,
            checkpoint,
        };
        recovered.first_epoch = checkpoint + 1;
        recovered.records = attached.records;
        recovered.ended = attached.ended;
    }
    sink.discard_unpublished(attempt.number)?;
    Ok(recovered)
}

/// As [`recover()`], but the attempt starts with the state of the savepoint in `folder` of the storage, of this job
/// or another. What this job did since is not undone: output that was published stays.
///
/// # Errors
/// As [`recover()`]; `Unavailable` when there is no savepoint in the folder. Nothing is changed then.
pub fn recover_from_savepoint<K: Sink>(
    storage: &Arc<dyn Storage>,
    job: &str,
    folder: &str,
    environment: &Environment,
    sink: &K,
) -> Result<Recovered> {
    let savepoint = SavepointFolder::new(Arc::clone(storage), folder).read()?;
    let of = format!("the savepoint in {folder}");
    let attached = Attachments::decode(&savepoint.attachments, &of)?;
    let recovered = recover(storage, job, environment, sink)?;
    Ok(Recovered {
        origin: Origin::Savepoint {
            folder: folder.to_owned(),
        },
        first_epoch: recovered.first_epoch.max(savepoint.checkpoint.get() + 1),
        records: attached.records,
        ended: attached.ended,
        ..recovered
    })
}

impl Recovered {
    /// The attempt's number, from 1 on.
    #[must_use]
    pub const fn attempt(&self) -> u64 {
        self.attempt
    }

    /// The checkpoint that it goes on from; `None` if it begins empty or from a savepoint.
    #[must_use]
    pub const fn checkpoint(&self) -> Option<CheckpointId> {
        match self.origin {
            Origin::Commit { checkpoint, .. } => Some(CheckpointId::new(checkpoint)),
            Origin::Empty | Origin::Savepoint { .. } => None,
        }
    }

    /// Records that its state covers, since the job began.
    #[must_use]
    pub const fn records(&self) -> u64 {
        self.records
    }

    /// Whether the input had ended at that point.
    #[must_use]
    pub const fn ended(&self) -> bool {
        self.ended
    }

    /// The attempt, as the catalog knows it.
    pub(crate) fn as_attempt(&self) -> Attempt {
        Attempt {
            number: self.attempt,
            fence_sequence: self.fence_sequence,
        }
    }
}
