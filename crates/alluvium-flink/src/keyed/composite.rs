//! Composite keys: what rows of RocksDB and of canonical savepoints are found by.
//!
//! ```text
//! row      group key length? namespace length? map-key?
//! timer    group time:i64 with the sign flipped, key, namespace
//! group    one byte up to a maximum parallelism of 128, else two
//! length   of the bytes before it, the lowest byte first, as many as are not zero; 00 for zero. Both are there if Flink calls
//!          the key and the namespace variable, otherwise neither
//! ```
//!
//! A length comes after what it measures, so the key has to be decoded to find its end; then it is checked.

use alluvium_protocol::key_group::MaxParallelism;

use crate::cursor::Cursor;
use crate::error::{Error, Result};
use crate::serializer::Serializer;

/// The largest maximum parallelism whose groups are one byte.
const NARROW_MAX: u16 = 128;

/// How the composite keys of a state are made up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    wide: bool,
    lengths: bool,
}

/// The parts of a composite key, each as the bytes of its serializer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts<'a> {
    /// The key group.
    pub group: u16,
    /// The key.
    pub key: &'a [u8],
    /// The namespace.
    pub namespace: &'a [u8],
    /// A map's key, empty in other states.
    pub map_key: &'a [u8],
}

/// The parts of a timer's composite key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimerParts<'a> {
    /// The key group.
    pub group: u16,
    /// The time, in milliseconds since 1970.
    pub timestamp: i64,
    /// The key.
    pub key: &'a [u8],
    /// The namespace.
    pub namespace: &'a [u8],
}

impl Layout {
    /// Of a state with these keys and namespaces.
    #[must_use]
    pub fn new(max_parallelism: MaxParallelism, key: &Serializer, namespace: &Serializer) -> Self {
        let variable = |serializer: &Serializer| serializer.fixed_length().is_none();
        Self {
            wide: max_parallelism.get() > NARROW_MAX,
            lengths: variable(key) && variable(namespace),
        }
    }

    /// Of timers, whose keys hold no lengths.
    pub(crate) const fn of_timers(max_parallelism: MaxParallelism) -> Self {
        Self {
            wide: max_parallelism.get() > NARROW_MAX,
            lengths: false,
        }
    }

    /// What all keys of a key group begin with.
    ///
    /// # Errors
    /// As [`Self::compose`].
    pub(crate) fn prefix(self, group: u16) -> Result<Vec<u8>> {
        let mut prefix = Vec::with_capacity(self.group_width());
        self.write_group(group, &mut prefix)?;
        Ok(prefix)
    }

    /// How many bytes the key group has.
    #[must_use]
    pub const fn group_width(self) -> usize {
        if self.wide { 2 } else { 1 }
    }

    /// Splits the key of a row, which is all that the cursor has left.
    ///
    /// # Errors
    /// `Corrupt` when it is none of these keys and namespaces, or a length in it is not that of what is before it;
    /// `Incompatible` when the end of a key cannot be found because its serializer is not known.
    pub(crate) fn split<'a>(
        self,
        key: &Serializer,
        namespace: &Serializer,
        cursor: &mut Cursor<'a>,
    ) -> Result<Parts<'a>> {
        let group = self.group(cursor)?;
        let key = self.part(key, "a key", cursor)?;
        let namespace = self.part(namespace, "a namespace", cursor)?;
        let map_key = cursor.bytes(cursor.left().len(), "a map's key")?;
        Ok(Parts {
            group,
            key,
            namespace,
            map_key,
        })
    }

    fn group(self, cursor: &mut Cursor<'_>) -> Result<u16> {
        match self.wide {
            true => cursor.u16("a key group"),
            false => cursor.u8("a key group").map(u16::from),
        }
    }

    fn part<'a>(
        self,
        serializer: &Serializer,
        what: &'static str,
        cursor: &mut Cursor<'a>,
    ) -> Result<&'a [u8]> {
        let bytes = measured(serializer, cursor)?;
        if self.lengths {
            let start = cursor.clone();
            if read_length(cursor, bytes.len()) != Some(()) {
                let message = format!("expected the length of {what}, {} bytes", bytes.len());
                return Err(start.corrupt(message));
            }
        }
        Ok(bytes)
    }

    /// Appends the key of a row.
    ///
    /// # Errors
    /// `Invalid` when the key group needs two bytes and there is one.
    pub fn compose(self, parts: Parts<'_>, out: &mut Vec<u8>) -> Result<()> {
        self.write_group(parts.group, out)?;
        out.extend_from_slice(parts.key);
        if self.lengths {
            write_length(parts.key.len(), out);
        }
        out.extend_from_slice(parts.namespace);
        if self.lengths {
            write_length(parts.namespace.len(), out);
        }
        out.extend_from_slice(parts.map_key);
        Ok(())
    }

    fn write_group(self, group: u16, out: &mut Vec<u8>) -> Result<()> {
        let [high, low] = group.to_be_bytes();
        match (self.wide, high) {
            (true, _) => out.extend([high, low]),
            (false, 0) => out.push(low),
            (false, _) => {
                return Err(Error::invalid(format!(
                    "key group {group} of a maximum parallelism of at most {NARROW_MAX}"
                )));
            }
        }
        Ok(())
    }

    /// Splits the key of a timer, which is all that the cursor has left.
    ///
    /// # Errors
    /// As [`Self::split`]; `Corrupt` when something is behind the namespace.
    pub(crate) fn split_timer<'a>(
        self,
        key: &Serializer,
        namespace: &Serializer,
        cursor: &mut Cursor<'a>,
    ) -> Result<TimerParts<'a>> {
        let group = self.group(cursor)?;
        let timestamp = cursor.i64("the time of a timer")? ^ i64::MIN;
        let parts = TimerParts {
            group,
            timestamp,
            key: measured(key, cursor)?,
            namespace: measured(namespace, cursor)?,
        };
        cursor.finish("a timer")?;
        Ok(parts)
    }

    /// Appends the key of a timer.
    ///
    /// # Errors
    /// As [`Self::compose`].
    pub fn compose_timer(self, parts: TimerParts<'_>, out: &mut Vec<u8>) -> Result<()> {
        self.write_group(parts.group, out)?;
        out.extend((parts.timestamp ^ i64::MIN).to_be_bytes());
        out.extend_from_slice(parts.key);
        out.extend_from_slice(parts.namespace);
        Ok(())
    }
}

/// The bytes of one value.
fn measured<'a>(serializer: &Serializer, cursor: &mut Cursor<'a>) -> Result<&'a [u8]> {
    let mut end = cursor.clone();
    serializer.skip(&mut end)?;
    cursor.bytes(cursor.left().len() - end.left().len(), "a value")
}

/// Appends a length, the lowest byte first.
fn write_length(length: usize, out: &mut Vec<u8>) {
    let bytes = length.to_le_bytes();
    out.extend(bytes.iter().take(length_width(length)));
}

/// How many bytes a length has.
const fn length_width(length: usize) -> usize {
    let bits = usize::BITS - length.leading_zeros();
    match bits.div_ceil(8) {
        0 => 1,
        bytes => bytes as usize,
    }
}

/// `None` unless exactly the bytes of this length are next.
fn read_length(cursor: &mut Cursor<'_>, length: usize) -> Option<()> {
    let bytes = length.to_le_bytes();
    let expected = bytes.get(..length_width(length))?;
    let found = cursor.bytes(expected.len(), "a length").ok()?;
    (found == expected).then_some(())
}
