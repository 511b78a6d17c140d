//! What a commit carries for this adapter: where the sources are, and what output waits to be shown.
//!
//! ```text
//! timely.positions   (version 1: u8) ‖ (split: u32 ‖ position: bytes)*       in order of splits
//! timely.output      (version 1: u8) ‖ (token: bytes)*
//! timely.progress    (version 1: u8) ‖ records: u64 ‖ ended: bool
//! ```
//!
//! Written by the key codecs (big-endian integers, escaped and terminated bytes), which read back any
//! bytes without a panic.

use std::collections::BTreeMap;

use alluvium::protocol;
use alluvium::protocol::key::{EncodeKey, Key, KeyReader};
use alluvium::{Error, ErrorKind, Result};

// On disk; never rename.
const POSITIONS: &str = "timely.positions";
const OUTPUT: &str = "timely.output";
const PROGRESS: &str = "timely.progress";

/// On disk; grows when an attachment changes.
const VERSION: u8 = 1;

/// The adapter's part of a commit or savepoint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Attachments {
    /// Where each split goes on.
    pub(crate) positions: BTreeMap<u32, Vec<u8>>,
    /// Output that is prepared, and published next.
    pub(crate) tokens: Vec<Vec<u8>>,
    /// Records read since the job began.
    pub(crate) records: u64,
    /// Whether the input had ended.
    pub(crate) ended: bool,
}

impl Attachments {
    pub(crate) fn encode(&self) -> BTreeMap<String, Vec<u8>> {
        let mut positions = vec![VERSION];
        for (split, position) in &self.positions {
            (split, position.as_slice()).encode_key(&mut positions);
        }
        let mut output = vec![VERSION];
        for token in &self.tokens {
            token.as_slice().encode_key(&mut output);
        }
        let mut progress = vec![VERSION];
        (self.records, self.ended).encode_key(&mut progress);
        let attachments = [
            (POSITIONS, positions),
            (OUTPUT, output),
            (PROGRESS, progress),
        ];
        attachments
            .into_iter()
            .map(|(name, bytes)| (name.to_owned(), bytes))
            .collect()
    }

    /// Reads the attachments of the checkpoint or savepoint that `of` names.
    ///
    /// # Errors
    /// `Incompatible` when another engine's adapter, or a newer version of this one, wrote it; `Corrupt` when
    /// the bytes are damaged.
    pub(crate) fn decode(attachments: &BTreeMap<String, Vec<u8>>, of: &str) -> Result<Self> {
        let (records, ended) = one(attachments, PROGRESS, of)?;
        Ok(Self {
            positions: all::<(u32, Vec<u8>)>(attachments, POSITIONS, of)?
                .into_iter()
                .collect(),
            tokens: all(attachments, OUTPUT, of)?,
            records,
            ended,
        })
    }
}

fn one<K: Key>(from: &BTreeMap<String, Vec<u8>>, name: &str, of: &str) -> Result<K> {
    let mut values = all(from, name, of)?;
    match (values.pop(), values.is_empty()) {
        (Some(value), true) => Ok(value),
        _ => Err(Error::corrupt(format!(
            "attachment {name} of {of} has not one value"
        ))),
    }
}

fn all<K: Key>(from: &BTreeMap<String, Vec<u8>>, name: &str, of: &str) -> Result<Vec<K>> {
    let bytes = from.get(name).ok_or_else(|| {
        incompatible(format!(
            "{of} has no attachment {name}: it is of a job with another engine"
        ))
    })?;
    let (version, rest) = bytes
        .split_first()
        .ok_or_else(|| Error::corrupt(format!("attachment {name} of {of} is empty")))?;
    if *version != VERSION {
        return Err(incompatible(format!(
            "attachment {name} of {of} has version {version}, this program reads version {VERSION}: run the \
             version of the program that wrote it"
        )));
    }
    read_all(rest).map_err(|error| Error::from(error).context(format!("attachment {name} of {of}")))
}

fn read_all<K: Key>(bytes: &[u8]) -> protocol::Result<Vec<K>> {
    let mut input = KeyReader::new(bytes);
    let mut values = Vec::new();
    while !input.remaining().is_empty() {
        values.push(K::decode_key(&mut input)?);
    }
    Ok(values)
}

fn incompatible(message: String) -> Error {
    Error::new(ErrorKind::Incompatible, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Attachments {
        Attachments {
            positions: BTreeMap::from([(0, vec![]), (3, vec![0, 0xff, 0]), (16, b"16".to_vec())]),
            tokens: vec![b"one".to_vec(), vec![], vec![0]],
            records: 336_776,
            ended: true,
        }
    }

    #[test]
    fn what_is_attached_is_read_back() {
        let read = Attachments::decode(&sample().encode(), "checkpoint 1").unwrap();

        assert_eq!(read, sample());
    }

    #[test]
    fn the_bytes_stay_what_they_are() {
        let encoded = sample().encode();

        let positions = b"\x01\0\0\0\0\0\0\0\0\0\x03\0\xff\xff\0\xff\0\0\0\0\0\x1016\0\0";
        assert_eq!(encoded[POSITIONS], positions);
        assert_eq!(encoded[OUTPUT], b"\x01one\0\0\0\0\0\xff\0\0");
        assert_eq!(encoded[PROGRESS], b"\x01\0\0\0\0\0\x05\x23\x88\x01");
    }

    #[test]
    fn a_checkpoint_of_another_engine_is_told_apart_from_a_damaged_one() {
        let mut encoded = sample().encode();
        let foreign = Attachments::decode(&BTreeMap::new(), "checkpoint 9").unwrap_err();
        encoded.get_mut(POSITIONS).unwrap().pop();
        let damaged = Attachments::decode(&encoded, "checkpoint 9").unwrap_err();

        assert_eq!(foreign.kind(), ErrorKind::Incompatible);
        assert_eq!(damaged.kind(), ErrorKind::Corrupt);
        assert!(
            damaged
                .to_string()
                .contains("timely.positions of checkpoint 9"),
            "{damaged}"
        );
    }

    #[test]
    fn a_newer_version_asks_for_the_program_that_wrote_it() {
        let mut encoded = sample().encode();
        encoded.get_mut(OUTPUT).unwrap()[0] = 2;

        let error = Attachments::decode(&encoded, "checkpoint 9").unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Incompatible);
        assert!(error.to_string().contains("version 2"), "{error}");
    }
}
