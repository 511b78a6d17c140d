//! The record below which the log is no more: what was there has been dropped.
//!
//! ```text
//! message Cut
//!  1  job       string
//!  2  sequence  uint64  place in the log
//!  3  attempt   uint64  the attempt that dropped what was there and below, from 1 on
//! ```
//!
//! It is put in the place of a record that is dropped, before anything is deleted, and stays until the log is cut
//! further up. A put of the old record that arrives once more finds the place taken. Unlike the other records it
//! is put whatever is there, so nobody has to know it again.

use prost::Message;

use crate::envelope::{self, RecordKind};
use crate::error::{Error, Result};

/// An attempt dropped all records from here down.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "retention plans it")]
pub struct Cut {
    /// The job's name.
    pub job: String,
    /// Its place in the log.
    pub sequence: u64,
    /// The attempt that dropped what was there and below.
    pub attempt: u64,
}

#[derive(Clone, PartialEq, Message)]
struct CutWire {
    #[prost(string, tag = "1")]
    job: String,
    #[prost(uint64, tag = "2")]
    sequence: u64,
    #[prost(uint64, tag = "3")]
    attempt: u64,
}

impl Cut {
    pub(super) fn encode(&self) -> Vec<u8> {
        let wire = CutWire {
            job: self.job.clone(),
            sequence: self.sequence,
            attempt: self.attempt,
        };
        envelope::seal_message(RecordKind::Cut, &wire)
    }

    pub(super) fn decode_payload(payload: &[u8], object: &str) -> Result<Self> {
        let wire: CutWire = envelope::decode_message(payload, object)?;
        if wire.attempt == 0 {
            return Err(Error::corrupt(format!(
                "{object} names attempt 0, and attempts are numbered from 1 on"
            )));
        }
        Ok(Self {
            job: wire.job,
            sequence: wire.sequence,
            attempt: wire.attempt,
        })
    }
}
