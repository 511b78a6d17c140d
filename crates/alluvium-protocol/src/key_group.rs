//! Key groups: the smallest unit of state that changes owner, and the ranges of them subtasks own.
//!
//! ```text
//! hash of a key         = low 32 bits of xxh3_64 (seed 0) of the encoded key, unless its codec says otherwise
//! key group of a key    = hash % max parallelism
//! range of subtask i/p  = ⌈i·max / p⌉ ..= ⌈(i+1)·max / p⌉ - 1
//! subtask of a group    = ⌊group·p / max⌋
//! ```
//!
//! Invariants, for as long as a checkpoint exists: these formulas never change; the ranges of the `p`
//! subtasks are disjoint and cover all groups; a [`KeyGroupRange`] is never empty. The arithmetic of
//! ranges is that of Apache Flink, so that one job's checkpoint can be handed to the other; where keys
//! have to meet in the same group too, a codec hashes with [`flink_murmur`].
//!
//! Does not encode keys (`key`) or order rows (`row`).

use std::fmt;

use xxhash_rust::xxh3::xxh3_64;

use crate::error::{Error, Result};
use crate::row::RowRange;

/// The number of key groups of a job: 1 to 32768, fixed for the job's life.
///
/// It bounds how many subtasks can share the state, hence the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MaxParallelism(u16);

impl MaxParallelism {
    /// 128: what a job gets that does not choose.
    pub const DEFAULT: Self = Self(128);

    /// The largest maximum parallelism.
    pub const LARGEST: Self = Self(1 << 15);

    /// A maximum parallelism of that many key groups.
    ///
    /// # Errors
    /// `Invalid` unless it lies in 1 to 32768.
    pub fn new(groups: u32) -> Result<Self> {
        match u16::try_from(groups) {
            Ok(groups) if (1..=Self::LARGEST.0).contains(&groups) => Ok(Self(groups)),
            _ => Err(Error::invalid(format!(
                "max parallelism {groups} is out of range: choose 1 to {}",
                Self::LARGEST
            ))),
        }
    }

    /// The maximum parallelism that Flink gives a job of this parallelism: half as much again, rounded
    /// up to a power of two, and within 128 to 32768.
    ///
    /// # Errors
    /// `Invalid` unless the parallelism lies in 1 to 32768.
    pub fn default_for(parallelism: u32) -> Result<Self> {
        if parallelism == 0 || parallelism > u32::from(Self::LARGEST.0) {
            return Err(Error::invalid(format!(
                "parallelism {parallelism} is out of range: choose 1 to {}",
                Self::LARGEST
            )));
        }
        let roomy = (parallelism + parallelism / 2).next_power_of_two();
        Self::new(roomy.clamp(u32::from(Self::DEFAULT.0), u32::from(Self::LARGEST.0)))
    }

    /// The number of key groups.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// The key group of a key with this hash.
    #[must_use]
    #[inline]
    pub fn group_of(self, hash: KeyHash) -> KeyGroup {
        // The remainder is below a u16, so nothing is cut off.
        let [_, _, high, low] = (hash.0 % u32::from(self.0)).to_be_bytes();
        KeyGroup(u16::from_be_bytes([high, low]))
    }

    /// All key groups.
    #[must_use]
    pub const fn all(self) -> KeyGroupRange {
        KeyGroupRange {
            first: KeyGroup(0),
            last: KeyGroup(self.0 - 1),
        }
    }

    /// The key groups of one subtask, counted from 0, of an operator.
    ///
    /// # Errors
    /// `Invalid` when the parallelism is 0 or above the maximum (a subtask would own nothing), or
    /// there is no such subtask.
    pub fn range_of(self, subtask: u32, parallelism: u32) -> Result<KeyGroupRange> {
        let max = u32::from(self.0);
        if parallelism == 0 {
            return Err(Error::invalid(
                "parallelism 0: an operator has at least one subtask",
            ));
        }
        if parallelism > max {
            return Err(Error::invalid(format!(
                "parallelism {parallelism} is above the max parallelism {max}: run at most {max} \
                 subtasks, or give a new job a larger max parallelism (it is fixed for a job's life)"
            )));
        }
        if subtask >= parallelism {
            return Err(Error::invalid(format!(
                "subtask {subtask} of {parallelism}: subtasks are counted from 0, so the last is {}",
                parallelism - 1
            )));
        }
        let first = (subtask * max).div_ceil(parallelism);
        let end = ((subtask + 1) * max).div_ceil(parallelism);
        let group = |n: u32| {
            u16::try_from(n).map_err(|e| Error::invalid(format!("key group {n} is too large: {e}")))
        };
        KeyGroupRange::new(group(first)?, group(end - 1)?)
    }

    /// The subtask, counted from 0, that owns a key group.
    ///
    /// At least `parallelism` when the group is not one of this maximum's.
    #[must_use]
    pub fn subtask_of(self, group: KeyGroup, parallelism: u32) -> u32 {
        let subtask = u64::from(group.0) * u64::from(parallelism) / u64::from(self.0);
        u32::try_from(subtask).unwrap_or(u32::MAX)
    }
}

impl Default for MaxParallelism {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl fmt::Display for MaxParallelism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One of the slices that all keys are dealt into, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyGroup(u16);

impl KeyGroup {
    /// The key group of that number.
    #[must_use]
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for KeyGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Key groups in a row, both ends included; never empty. Prints as `0-42`.
///
/// Ranges are ordered by their first group, then by their last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyGroupRange {
    first: KeyGroup,
    last: KeyGroup,
}

impl KeyGroupRange {
    /// The groups from `first` to `last`, both included.
    ///
    /// # Errors
    /// `Invalid` when `last` is before `first`.
    pub fn new(first: u16, last: u16) -> Result<Self> {
        if first > last {
            return Err(Error::invalid(format!(
                "key-group range {first}-{last}: the first group is after the last"
            )));
        }
        Ok(Self {
            first: KeyGroup(first),
            last: KeyGroup(last),
        })
    }

    /// The first group of the range.
    #[must_use]
    pub const fn first(self) -> KeyGroup {
        self.first
    }

    /// The last group of the range.
    #[must_use]
    pub const fn last(self) -> KeyGroup {
        self.last
    }

    /// The number of groups, at least 1.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a range is never empty")]
    pub fn len(self) -> u32 {
        u32::from(self.last.0) - u32::from(self.first.0) + 1
    }

    /// Whether a group lies in the range.
    #[must_use]
    #[inline]
    pub fn contains(self, group: KeyGroup) -> bool {
        self.first <= group && group <= self.last
    }

    /// Whether all of the other range lies in this one.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self.first <= other.first && other.last <= self.last
    }

    /// The groups in both ranges, if any.
    #[must_use]
    pub fn intersection(self, other: Self) -> Option<Self> {
        let first = self.first.max(other.first);
        let last = self.last.min(other.last);
        (first <= last).then_some(Self { first, last })
    }

    /// The groups, in order.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = KeyGroup> {
        (self.first.0..=self.last.0).map(KeyGroup)
    }

    /// The rows of these groups.
    #[must_use]
    pub fn rows(self) -> RowRange {
        let to = self
            .last
            .0
            .checked_add(1)
            .map(|end| end.to_be_bytes().to_vec());
        RowRange::new(self.first.0.to_be_bytes().to_vec(), to)
    }
}

impl fmt::Display for KeyGroupRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

/// The 32-bit hash that decides a key's group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a codec may bring any hash")]
pub struct KeyHash(pub u32);

impl KeyHash {
    /// The native hash of an encoded key: the low 32 bits of its 64-bit XXH3 with seed 0.
    #[must_use]
    pub fn of(encoded_key: &[u8]) -> Self {
        let [_, _, _, _, low @ ..] = xxh3_64(encoded_key).to_be_bytes();
        Self(u32::from_be_bytes(low))
    }
}

/// The hash by which Flink assigns a key to its group, from what `hashCode` of the Java key returns.
///
/// ```
/// use alluvium_protocol::key_group::{MaxParallelism, flink_murmur};
///
/// // Java's hash of an `Integer` is its value.
/// assert_eq!(MaxParallelism::DEFAULT.group_of(flink_murmur(42)).get(), 29);
/// ```
#[must_use]
pub const fn flink_murmur(java_hash: i32) -> KeyHash {
    let mut code = java_hash.cast_unsigned();
    code = code.wrapping_mul(0xcc9e_2d51);
    code = code.rotate_left(15);
    code = code.wrapping_mul(0x1b87_3593);
    code = code.rotate_left(13);
    code = code.wrapping_mul(5).wrapping_add(0xe654_6b64);

    code ^= 4; // The length of what is hashed, in bytes.
    code ^= code >> 16;
    code = code.wrapping_mul(0x85eb_ca6b);
    code ^= code >> 13;
    code = code.wrapping_mul(0xc2b2_ae35);
    code ^= code >> 16;

    // Java has no absolute value of its smallest integer; Flink takes 0 for it.
    match code.cast_signed() {
        i32::MIN => KeyHash(0),
        hash => KeyHash(hash.unsigned_abs()),
    }
}

#[cfg(test)]
mod tests;
