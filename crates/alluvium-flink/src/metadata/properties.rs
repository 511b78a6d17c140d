//! What Flink knows about a checkpoint itself, as the Java object that ends its metadata.
//!
//! ```text
//! AC ED 00 05                            a serialization stream
//! class CheckpointProperties, with eight fields, described until the first 78 70
//! 7 bytes, each 0 or 1                   discard when cancelled, failed, finished, subsumed, suspended; forced; unclaimed
//! CheckpointType or SavepointType        objects
//! ```
//!
//! Invariant: the bytes are kept as they are. Flink reads them back with `readObject`, so what is written is what Flink wrote: the bytes
//! are the same in Flink 1.20 and 2.3, in all jobs and for all backends, and the serial versions of the classes have not changed since 1.16. The files beside
//! this one are the ends of the metadata of `data/flink/flink-2.3.0/rocksdb`: `checkpoint.bin` of `checkpoints/…/chk-51`,
//! `canonical_savepoint.bin` of `savepoints/canonical`, `native_savepoint.bin` of `savepoints/native`; a test holds them against all
//! snapshots there.

use crate::cursor::Cursor;
use crate::error::Result;

/// What a stream of Java's serialization begins with.
const STREAM_MAGIC: [u8; 4] = [0xAC, 0xED, 0x00, 0x05];

/// The end of the description of a class without a superclass; the values of its fields follow.
const FIELDS_FOLLOW: [u8; 2] = [0x78, 0x70];

/// What Flink knows about a checkpoint itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Properties {
    bytes: Vec<u8>,
}

/// What kind of snapshot it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A checkpoint.
    Checkpoint,
    /// A savepoint whose layout every backend reads.
    CanonicalSavepoint,
    /// A savepoint in the layout of the job's backend.
    NativeSavepoint,
}

/// When Flink deletes a checkpoint, and two facts about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are independent in Flink, too"
)]
pub struct Retention {
    /// When the job is canceled.
    pub discard_cancelled: bool,
    /// When the job fails for good.
    pub discard_failed: bool,
    /// When the job ends.
    pub discard_finished: bool,
    /// When there are enough newer ones.
    pub discard_subsumed: bool,
    /// When the job is suspended.
    pub discard_suspended: bool,
    /// It was taken although another one was on its way.
    pub forced: bool,
    /// A job was restored from it that does not own it.
    pub unclaimed: bool,
}

impl Properties {
    /// Those of a checkpoint that outlives its job when that is canceled.
    #[must_use]
    pub fn checkpoint() -> Self {
        Self::known(include_bytes!("properties/checkpoint.bin"))
    }

    /// Those of a canonical savepoint.
    #[must_use]
    pub fn canonical_savepoint() -> Self {
        Self::known(include_bytes!("properties/canonical_savepoint.bin"))
    }

    /// Those of a native savepoint.
    #[must_use]
    pub fn native_savepoint() -> Self {
        Self::known(include_bytes!("properties/native_savepoint.bin"))
    }

    fn known(bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.to_vec(),
        }
    }

    /// The object as it is in the file.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What kind of snapshot it is; `None` when the object is not one of those that Flink 1.16 to 2.3 write.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        let names = |text: &str| find(&self.bytes, text.as_bytes()).is_some();
        if names(".checkpoint.CheckpointType") {
            Some(Kind::Checkpoint)
        } else if !names(".checkpoint.SavepointType") {
            None
        } else if names("\x09CANONICAL") {
            Some(Kind::CanonicalSavepoint)
        } else if names("\x06NATIVE") {
            Some(Kind::NativeSavepoint)
        } else {
            None
        }
    }

    /// When Flink deletes it; `None` when the object is not one of those that Flink 1.16 to 2.3 write.
    #[must_use]
    pub fn retention(&self) -> Option<Retention> {
        let at = find(&self.bytes, &FIELDS_FOLLOW)?;
        let flags = self.bytes.get(at + FIELDS_FOLLOW.len()..)?;
        let mut are = [false; 7];
        for (is, byte) in are.iter_mut().zip(flags.first_chunk::<7>()?) {
            *is = match byte {
                0 => false,
                1 => true,
                _ => return None,
            };
        }
        // In the order of their names in Java, which is that of the file.
        let [
            discard_cancelled,
            discard_failed,
            discard_finished,
            discard_subsumed,
            discard_suspended,
            forced,
            unclaimed,
        ] = are;
        Some(Retention {
            discard_cancelled,
            discard_failed,
            discard_finished,
            discard_subsumed,
            discard_suspended,
            forced,
            unclaimed,
        })
    }

    /// All that is left of the file.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self> {
        if !cursor.left().starts_with(&STREAM_MAGIC) {
            return Err(
                cursor.corrupt("expected the properties of a checkpoint, a serialized Java object")
            );
        }
        let bytes = cursor.left().to_vec();
        cursor.bytes(bytes.len(), "the properties of a checkpoint")?;
        Ok(Self { bytes })
    }
}

impl Kind {
    /// The kind in one or two words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Checkpoint => "checkpoint",
            Self::CanonicalSavepoint => "canonical savepoint",
            Self::NativeSavepoint => "native savepoint",
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_each_known_object_is_told() {
        for (properties, kind) in [
            (Properties::checkpoint(), Kind::Checkpoint),
            (Properties::canonical_savepoint(), Kind::CanonicalSavepoint),
            (Properties::native_savepoint(), Kind::NativeSavepoint),
        ] {
            assert_eq!(properties.kind(), Some(kind));
        }
    }

    #[test]
    fn a_checkpoint_goes_when_subsumed_and_a_savepoint_never() {
        let checkpoint = Properties::checkpoint().retention().unwrap();
        let savepoint = Properties::canonical_savepoint().retention().unwrap();

        assert!(checkpoint.discard_subsumed && checkpoint.discard_finished);
        assert!(!checkpoint.discard_cancelled && !checkpoint.forced);
        assert!(!savepoint.discard_subsumed && !savepoint.discard_finished);
        assert!(savepoint.forced);
    }

    #[test]
    fn an_object_of_another_class_has_no_kind_and_no_retention() {
        let other = Properties::known(&STREAM_MAGIC);

        assert_eq!((other.kind(), other.retention()), (None, None));
    }
}
