//! Which key group of Flink's a row goes to.
//!
//! A savepoint does not say whether its job was keyed by [`Java`](crate::codec::Java), which has Flink's key groups, or has Alluvium's own. Its
//! first key whose two groups differ tells; every other one must be as that one, because a key in a group that is not its own is found
//! by nobody.

use std::ops::ControlFlow;
use std::path::Path;

use alluvium::storage::Watch;
use alluvium_protocol::key_group::{KeyGroup, KeyHash, MaxParallelism, flink_murmur};
use alluvium_protocol::value::Value;

use super::rows::Conversion;
use super::source::Source;
use crate::error::{Error, Result};
use crate::write::{Merged, Sorter};

/// Rows after which it is looked whether the work is to stop.
const ROWS_BETWEEN_LOOKS: u32 = 1024;

/// By which hash a job's keys got their groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hashing {
    /// `hashCode()` of Java, as in Flink.
    Java,
    /// Of the encoded key.
    Own,
    /// As in Flink, of a class whose `hashCode()` is not known here.
    Unknown,
}

/// Where rows are, by Flink's key groups.
pub(super) enum Order {
    /// In the savepoint, in their key groups.
    Kept(Hashing),
    /// Sorted anew.
    Dealt(Box<Merged>),
}

impl Order {
    /// Finds out, and sorts all rows if they have other key groups than Flink's.
    ///
    /// # Errors
    /// `Invalid` when a key is in no group that is its own; `Incompatible` when key groups would have to be computed and the hash is not known;
    /// `Cancelled`; what reading and sorting return.
    pub(super) fn of(
        source: &Source,
        conversion: &Conversion,
        max_parallelism: MaxParallelism,
        scratch: &Path,
        watch: &dyn Watch,
    ) -> Result<Self> {
        let before = source.max_parallelism();
        let hashing = hashing(source, conversion)?;
        if before == max_parallelism && hashing != Hashing::Own {
            return Ok(Self::Kept(hashing));
        }
        let unknown = || {
            Error::unknown(format!(
                "the hash of {} is not known here, so that key groups cannot be computed: the savepoint has {before}, Flink's operator \
                 {max_parallelism}",
                conversion.key_serializer().class()
            ))
        };
        let mut sorter = Sorter::new(scratch);
        let mut rows = 0_u32;
        for group in before.all().iter() {
            source.group(group, &mut |id, rest, value| {
                rows = rows.wrapping_add(1);
                if rows.is_multiple_of(ROWS_BETWEEN_LOOKS) {
                    watch.cancel().check("write the savepoint")?;
                }
                let number = conversion.number(id)?;
                let key = Hashed::of(conversion, number, rest)?;
                key.check(hashing, group, before)?;
                let java = key.java.ok_or_else(unknown)?;
                sorter.add(max_parallelism.group_of(java), number, &[rest], value)?;
                Ok(ControlFlow::Continue(()))
            })?;
        }
        Ok(Self::Dealt(Box::new(sorter.finish()?)))
    }
}

/// A key with its hashes.
pub(super) struct Hashed {
    key: Value,
    java: Option<KeyHash>,
    own: KeyHash,
}

impl Hashed {
    /// The key of a row; `rest` is what is behind the state's number.
    pub(super) fn of(conversion: &Conversion, number: u16, rest: &[u8]) -> Result<Self> {
        let (key, stored) = conversion.key_of(number, rest)?;
        let java = conversion.key_serializer().java_hash(&key);
        Ok(Self {
            key,
            java: java.map(flink_murmur),
            own: KeyHash::of(stored),
        })
    }

    /// That it is in the key group where it is looked for.
    ///
    /// # Errors
    /// `Invalid` when it is not.
    pub(super) fn check(
        &self,
        hashing: Hashing,
        group: KeyGroup,
        groups: MaxParallelism,
    ) -> Result<()> {
        let expected = match hashing {
            Hashing::Java => self.java.map(|hash| groups.group_of(hash)),
            Hashing::Own => Some(groups.group_of(self.own)),
            Hashing::Unknown => None,
        };
        match expected {
            Some(expected) if expected != group => Err(Error::invalid(format!(
                "key {} is in key group {}, and not in {}, where it would be looked for: `JavaHash` of the job's keys is not `hashCode()` \
                 of Flink's",
                self.key,
                group.get(),
                expected.get()
            ))),
            _ => Ok(()),
        }
    }
}

/// By which hash the keys of a savepoint got their groups: the first key whose groups differ tells. If none does, they are Flink's.
fn hashing(source: &Source, conversion: &Conversion) -> Result<Hashing> {
    let groups = source.max_parallelism();
    let mut found = None;
    for group in groups.all().iter() {
        source.group(group, &mut |id, rest, _| {
            let key = Hashed::of(conversion, conversion.number(id)?, rest)?;
            let own = groups.group_of(key.own);
            match key.java.map(|hash| groups.group_of(hash)) {
                None => found = Some(Hashing::Unknown),
                Some(java) if java == own && java == group => {}
                Some(java) if java != group && own == group => found = Some(Hashing::Own),
                // Is refused later if it is in neither.
                Some(_) => found = Some(Hashing::Java),
            }
            Ok(match found {
                None => ControlFlow::Continue(()),
                Some(_) => ControlFlow::Break(()),
            })
        })?;
        if found.is_some() {
            break;
        }
    }
    Ok(found.unwrap_or(Hashing::Java))
}
