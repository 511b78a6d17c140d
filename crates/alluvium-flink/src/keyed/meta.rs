//! The block that describes a keyed backend: the head of a file of key groups, and all of an incremental handle's meta stream.
//!
//! ```text
//! block    version:i32 compressed:bool key:proxy count:i16 state*      version 6 since Flink 1.8
//! proxy    00000002 snapshot                                          (`serializer`)
//! state    as in `state`
//! ```
//!
//! A state's position in the block is the number that rows name it by.

use super::state::StateMeta;
use crate::cursor::Cursor;
use crate::error::{Error, Result};
use crate::serializer::{Guesses, Serializer, exactly};

const VERSION: i32 = 6;
const PROXY: i32 = 2;

/// What a keyed backend records of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedMeta {
    /// Whether key groups are compressed with Snappy. Incremental handles say no even if they could.
    pub compression: bool,
    /// Of the keys.
    pub key: Serializer,
    /// The states, in the order that rows count them in.
    pub states: Vec<StateMeta>,
}

impl KeyedMeta {
    /// Reads a block that ends where the cursor's bytes end, so that unknown serializers in it do no harm.
    ///
    /// # Errors
    /// `Corrupt` when the bytes are no such block, or there is something behind it; `Incompatible` for versions before 1.8's.
    pub(crate) fn read(cursor: &mut Cursor<'_>) -> Result<Self> {
        exactly(
            cursor,
            None,
            "the description of a keyed backend",
            Self::read_guessing,
        )
    }

    fn read_guessing(cursor: &mut Cursor<'_>, guesses: &mut Guesses) -> Result<Self> {
        let start = cursor.clone();
        let version = cursor.i32("the version of a keyed backend")?;
        if version != VERSION {
            return Err(start.unknown(format!(
                "a keyed backend of version {version}: {VERSION} is read, which Flink has written since 1.8"
            )));
        }
        let compression = cursor.bool("whether key groups are compressed")?;
        let key = read_proxy(cursor, guesses)?;
        let start = cursor.clone();
        let count = cursor.u16("the number of states")?;
        if count > i16::MAX.unsigned_abs() {
            return Err(start.corrupt("a negative number of states"));
        }
        let states = (0..count)
            .map(|_| StateMeta::read(cursor, guesses))
            .collect::<Result<_>>()?;
        Ok(Self {
            compression,
            key,
            states,
        })
    }

    /// Appends the block.
    ///
    /// # Errors
    /// `Invalid` when there are more than 32,767 states, or a name is longer than Java allows.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<()> {
        let count = i16::try_from(self.states.len())
            .map_err(|e| Error::invalid("more than 32767 states of one operator").with_source(e))?;
        out.extend(VERSION.to_be_bytes());
        out.push(u8::from(self.compression));
        write_proxy(&self.key, out);
        out.extend(count.to_be_bytes());
        self.states.iter().try_for_each(|state| state.write(out))
    }
}

pub(super) fn read_proxy(cursor: &mut Cursor<'_>, guesses: &mut Guesses) -> Result<Serializer> {
    let start = cursor.clone();
    let version = cursor.i32("the version of a serializer")?;
    if version != PROXY {
        return Err(start.unknown(format!(
            "a serializer of version {version}: {PROXY} is read, which Flink has written since 1.7"
        )));
    }
    Serializer::read_guessing(cursor, guesses)
}

pub(super) fn write_proxy(serializer: &Serializer, out: &mut Vec<u8>) {
    out.extend(PROXY.to_be_bytes());
    serializer.write(out);
}
