//! The record by which a new attempt takes over: it fences the older ones.
//!
//! ```text
//! message Fence
//!  1  job                  string
//!  2  sequence             uint64  place in the log
//!  3  attempt              uint64  the attempt that begins here, from 1 on
//!  4  nonce                bytes   16 random bytes by which the writer knows its record again
//!  5  created_unix_millis  sint64
//! ```
//!
//! An attempt writes its fence before anything else, and before it deletes what older ones left.

use prost::Message;

use crate::envelope::{self, RecordKind};
use crate::error::Result;
use crate::file::u128_from_wire;

/// An attempt took over the job.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the catalog builds it field by field"
)]
pub struct Fence {
    /// The job's name.
    pub job: String,
    /// Its place in the log.
    pub sequence: u64,
    /// The attempt that begins here.
    pub attempt: u64,
    /// Random bits by which the writer knows its record again.
    pub nonce: u128,
    /// When it was written, in milliseconds since the Unix epoch, by the writer's clock.
    pub created_unix_millis: i64,
}

#[derive(Clone, PartialEq, Message)]
struct FenceWire {
    #[prost(string, tag = "1")]
    job: String,
    #[prost(uint64, tag = "2")]
    sequence: u64,
    #[prost(uint64, tag = "3")]
    attempt: u64,
    #[prost(bytes = "vec", tag = "4")]
    nonce: Vec<u8>,
    #[prost(sint64, tag = "5")]
    created_unix_millis: i64,
}

impl Fence {
    pub(super) fn encode(&self) -> Vec<u8> {
        let wire = FenceWire {
            job: self.job.clone(),
            sequence: self.sequence,
            attempt: self.attempt,
            nonce: self.nonce.to_be_bytes().to_vec(),
            created_unix_millis: self.created_unix_millis,
        };
        envelope::seal_message(RecordKind::Fence, &wire)
    }

    pub(super) fn decode_payload(payload: &[u8], object: &str) -> Result<Self> {
        let wire: FenceWire = envelope::decode_message(payload, object)?;
        Ok(Self {
            nonce: u128_from_wire(&wire.nonce, || format!("{object}: the nonce"))?,
            job: wire.job,
            sequence: wire.sequence,
            attempt: wire.attempt,
            created_unix_millis: wire.created_unix_millis,
        })
    }
}
