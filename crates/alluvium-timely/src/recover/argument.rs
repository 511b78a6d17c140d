//! How what was recovered reaches every process of an attempt: as a word on its command line.
//!
//! Hexadecimal digits of a tuple written by the key codecs, version first. All processes of an attempt run the same
//! binary, so there is no other version to read.

use alluvium::protocol::key;
use alluvium::{Error, Result};

use super::{Origin, Recovered};

/// Grows when the tuple changes.
const ARGUMENT_VERSION: u8 = 1;

type Argument = (
    u8,
    (String, u64, u64),
    (Option<(u64, u64)>, Option<String>),
    (u64, u64, bool),
);

impl Recovered {
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
