//! What happens between two attempts of a job.
//!
//! The order matters. First the fence: from then on no older attempt can commit, so the newest checkpoint
//! stays the newest. Then its output is published, which its own attempt may not have got to; only that
//! checkpoint's can be unpublished, because an attempt commits nothing while older output waits. Only
//! then is prepared output dropped, for nobody can commit it any more.

use alluvium::catalog::{Attempt, Catalog};
use alluvium::environment::Environment;
use alluvium::protocol::key;
use alluvium::protocol::manifest::CheckpointId;
use alluvium::storage::Storage;
use alluvium::{Error, Result};
use std::sync::Arc;

use crate::attachments::Attachments;
use crate::savepoint;
use crate::sink::Sink;

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
    let savepoint = savepoint::read(&**storage, folder)?;
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

/// Version of [`Recovered::to_argument`].
const ARGUMENT_VERSION: u8 = 1;

type Argument = (
    u8,
    (String, u64, u64),
    (Option<(u64, u64)>, Option<String>),
    (u64, u64, bool),
);

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

    /// This, as an argument for the attempt's processes: a word of hexadecimal digits.
    #[must_use]
    pub fn to_argument(&self) -> String {
        let (commit, savepoint) = match &self.origin {
            Origin::Empty => (None, None),
            Origin::Commit {
                sequence,
                checkpoint,
            } => (Some((*sequence, *checkpoint)), None),
            Origin::Savepoint { folder } => (None, Some(folder.clone())),
        };
        let argument: Argument = (
            ARGUMENT_VERSION,
            (self.job.clone(), self.attempt, self.fence_sequence),
            (commit, savepoint),
            (self.first_epoch, self.records, self.ended),
        );
        key::encode(&argument)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// Reads what [`Recovered::to_argument`] wrote.
    ///
    /// # Errors
    /// `Invalid` when it is anything else.
    pub fn from_argument(argument: &str) -> Result<Self> {
        let wrong = || Error::invalid(format!("{argument:?} is not what a recovery returned"));
        let digits: Vec<u8> = argument
            .chars()
            .map(|digit| {
                digit
                    .to_digit(16)
                    .and_then(|digit| u8::try_from(digit).ok())
            })
            .collect::<Option<_>>()
            .ok_or_else(wrong)?;
        let (pairs, rest) = digits.as_chunks();
        let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
        let decoded = key::decode::<Argument>(&bytes)
            .ok()
            .filter(|_| rest.is_empty());
        let (version, (job, attempt, fence_sequence), (commit, savepoint), progress) =
            decoded.ok_or_else(wrong)?;
        let origin = match (commit, savepoint) {
            (None, None) => Origin::Empty,
            (Some((sequence, checkpoint)), None) => Origin::Commit {
                sequence,
                checkpoint,
            },
            (None, Some(folder)) => Origin::Savepoint { folder },
            (Some(_), Some(_)) => return Err(wrong()),
        };
        if version != ARGUMENT_VERSION {
            return Err(wrong());
        }
        let (first_epoch, records, ended) = progress;
        Ok(Self {
            job,
            attempt,
            fence_sequence,
            origin,
            first_epoch,
            records,
            ended,
        })
    }

    /// The attempt, as the catalog knows it.
    pub(crate) fn as_attempt(&self) -> Attempt {
        Attempt {
            number: self.attempt,
            fence_sequence: self.fence_sequence,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(origin: Origin) -> Recovered {
        Recovered {
            job: "flights é".into(),
            attempt: 3,
            fence_sequence: 17,
            origin,
            first_epoch: 12,
            records: 336_776,
            ended: true,
        }
    }

    #[test]
    fn what_was_recovered_reaches_every_process_as_an_argument() {
        let origins = [
            Origin::Empty,
            Origin::Commit {
                sequence: 16,
                checkpoint: 11,
            },
            Origin::Savepoint {
                folder: "flights/savepoints/noon".into(),
            },
        ];
        for recovered in origins.map(sample) {
            let argument = recovered.to_argument();

            assert!(
                argument
                    .chars()
                    .all(|letter| letter.is_ascii_alphanumeric()),
                "{argument}"
            );
            assert_eq!(Recovered::from_argument(&argument).unwrap(), recovered);
        }
    }

    #[test]
    fn an_argument_that_is_cut_or_made_up_is_refused() {
        let whole = sample(Origin::Empty).to_argument();
        for length in 0..whole.len() {
            Recovered::from_argument(&whole[..length]).unwrap_err();
        }
        for wrong in [
            "flights",
            "é",
            "00",
            &format!("{whole}00"),
            &whole.replacen("01", "02", 1),
        ] {
            let error = Recovered::from_argument(wrong).unwrap_err();

            assert!(
                error
                    .to_string()
                    .contains("is not what a recovery returned"),
                "{error}"
            );
        }
    }
}
