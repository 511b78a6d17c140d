//! Handles of records in flight, which unaligned checkpoints store. Listed, not decoded.
//!
//! ```text
//! [V6] u8 code: 1 of an input, 2 of an output, 3 of several inputs in one file, 4 of several outputs in one file
//! 1, 2 (and all before V6): i32 subtask, i32 gate or partition, i32 channel or subpartition,
//!                           i32 n, i64 offset of each, i64 bytes, stream
//! 3, 4:                     i32 subtask, i64 bytes, stream, i32 length, offsets of channels in a form of their own
//! ```
//!
//! Whether it is of inputs or outputs follows from the list that it is in.

use super::Version;
use super::fields::{list, small};
use super::output::Output;
use super::stream::StreamHandle;
use crate::cursor::Cursor;
use crate::error::{Error, Result};

/// Records in flight of one subtask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelHandle {
    /// The subtask they belong to.
    pub subtask: u32,
    /// Where they were.
    pub place: ChannelPlace,
    /// Their bytes, by Flink's account.
    pub state_bytes: i64,
    /// The records.
    pub stream: StreamHandle,
}

/// Where records in flight were.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChannelPlace {
    /// In one channel.
    One {
        /// The input gate, or the partition of an output.
        gate: u32,
        /// The channel of it, or the subpartition.
        channel: u32,
        /// Where in the stream the parts begin.
        offsets: Vec<i64>,
    },
    /// In several; since V6.
    Several {
        /// Which, and where in the stream, in a form of Flink's own.
        offsets: Vec<u8>,
    },
}

/// The list that a handle is in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Side {
    Input,
    Output,
}

impl Side {
    const fn one(self) -> u8 {
        match self {
            Self::Input => 1,
            Self::Output => 2,
        }
    }

    const fn several(self) -> u8 {
        match self {
            Self::Input => 3,
            Self::Output => 4,
        }
    }
}

impl ChannelHandle {
    /// At least so many bytes each.
    pub(super) const BYTES_MIN: usize = 17;

    pub(super) fn read(cursor: &mut Cursor<'_>, version: Version, side: Side) -> Result<Self> {
        let start = cursor.clone();
        let code = if version >= Version::V6 {
            cursor.u8("the code of a handle of records in flight")?
        } else {
            side.one()
        };
        let subtask = small(cursor, "the subtask of records in flight")?;
        if code == side.one() {
            let place = ChannelPlace::One {
                gate: small(cursor, "a gate")?,
                channel: small(cursor, "a channel")?,
                offsets: list(cursor, 8, "offsets of records in flight", |cursor| {
                    cursor.i64("the offset of records in flight")
                })?,
            };
            return Ok(Self {
                subtask,
                place,
                state_bytes: cursor.i64("the bytes of records in flight")?,
                stream: StreamHandle::read(cursor, "records in flight")?,
            });
        }
        if code == side.several() {
            let state_bytes = cursor.i64("the bytes of records in flight")?;
            let stream = StreamHandle::read(cursor, "records in flight")?;
            let offsets = cursor.sized("offsets of channels")?.to_vec();
            return Ok(Self {
                subtask,
                place: ChannelPlace::Several { offsets },
                state_bytes,
                stream,
            });
        }
        Err(start.unknown(format!(
            "handle of records in flight of code {code}; known here are {} and {}",
            side.one(),
            side.several()
        )))
    }

    pub(super) fn write(&self, out: &mut Output, version: Version, side: Side) -> Result<()> {
        let is_told = version >= Version::V6;
        match &self.place {
            ChannelPlace::One {
                gate,
                channel,
                offsets,
            } => {
                if is_told {
                    out.u8(side.one());
                }
                out.small(self.subtask, "the subtask of records in flight")?;
                out.small(*gate, "a gate")?;
                out.small(*channel, "a channel")?;
                out.list(offsets, "offsets of records in flight", |out, offset| {
                    out.i64(*offset);
                    Ok(())
                })?;
                out.i64(self.state_bytes);
                self.stream.write(out)
            }
            ChannelPlace::Several { .. } if !is_told => Err(Error::invalid(format!(
                "records in flight of several channels in one file cannot be written into metadata of version {}: \
                 write version 6",
                version.number()
            ))),
            ChannelPlace::Several { offsets } => {
                out.u8(side.several());
                out.small(self.subtask, "the subtask of records in flight")?;
                out.i64(self.state_bytes);
                self.stream.write(out)?;
                out.sized(offsets, "offsets of channels")
            }
        }
    }
}
