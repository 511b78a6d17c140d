//! Handles of streams of bytes: where one file, or a part of one, is.
//!
//! A handle begins with a byte that tells its kind:
//!
//! ```text
//!  0  none
//!  1  inline: utf name, i32 length, the bytes
//!  2  file: i64 length, utf URI
//!  3  key groups (old): range and offsets as in `key_groups`, then a handle
//!  6  relative file: utf path below the folder of `_metadata`, i64 length
//! 15  segment: i64 first byte, i64 length, i32 scope (0 exclusive, 1 shared), utf URI of the physical file, utf id of the logical one
//! 16  empty segment
//! ```
//!
//! Invariant: a relative path stays below its folder. One that would not is refused when it is read.

use std::path::{Component, Path};
use std::sync::Arc;

use super::DEPTH_MAX;
use super::fields::{length, not_negative};
use super::key_groups::KeyGroupOffsets;
use super::output::Output;
use crate::cursor::Cursor;
use crate::error::Result;

/// Where a stream of bytes is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamHandle {
    /// In the handle itself.
    Inline {
        /// A unique name.
        name: String,
        /// The stream.
        bytes: Arc<[u8]>,
    },
    /// A file named by an absolute URI.
    File {
        /// Where, as Flink names it: `file:/…`, `s3://…`, `hdfs://…`.
        uri: String,
        /// Its bytes, where they were known.
        length: Option<u64>,
    },
    /// A file below the folder of `_metadata`.
    Relative {
        /// Its path there, with `/` between parts; never `..`.
        path: String,
        /// Its bytes, where they were known.
        length: Option<u64>,
    },
    /// A part of a file that holds several.
    Segment {
        /// Where the file is.
        uri: String,
        /// The first byte.
        start: u64,
        /// How many.
        length: u64,
        /// Who may refer to the file.
        scope: Scope,
        /// What the part is called in the job.
        logical_file: String,
    },
    /// No bytes, where parts of files are written.
    EmptySegment,
    /// A stream with the offsets of key groups, as Flink wrote before 1.2.
    KeyGroups {
        /// The offsets.
        offsets: KeyGroupOffsets,
        /// The stream.
        stream: Box<Self>,
    },
}

/// Who may refer to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scope {
    /// One checkpoint.
    Exclusive,
    /// Later checkpoints, too.
    Shared,
}

impl StreamHandle {
    /// The length of the stream in bytes, where the handle tells it.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        match self {
            Self::Inline { bytes, .. } => Some(bytes.len() as u64),
            Self::File { length, .. } | Self::Relative { length, .. } => *length,
            Self::Segment { length, .. } => Some(*length),
            Self::EmptySegment => Some(0),
            Self::KeyGroups { stream, .. } => stream.length(),
        }
    }

    /// Whether the bytes are in the metadata.
    #[must_use]
    pub fn is_inline(&self) -> bool {
        match self {
            Self::Inline { .. } | Self::EmptySegment => true,
            Self::File { .. } | Self::Relative { .. } | Self::Segment { .. } => false,
            Self::KeyGroups { stream, .. } => stream.is_inline(),
        }
    }

    /// What it is called in messages: the URI, the path, or `inline` with its name.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Inline { name, .. } => format!("inline {name}"),
            Self::File { uri, .. } => uri.clone(),
            Self::Relative { path, .. } => path.clone(),
            Self::Segment {
                uri, start, length, ..
            } => format!("{uri}, {length} bytes from byte {start} on"),
            Self::EmptySegment => "an empty segment".to_owned(),
            Self::KeyGroups { stream, .. } => stream.name(),
        }
    }

    /// One that must be there.
    pub(super) fn read(cursor: &mut Cursor<'_>, what: &'static str) -> Result<Self> {
        let start = cursor.clone();
        Self::read_optional(cursor)?
            .ok_or_else(|| start.corrupt(format!("expected the handle of {what}, found none")))
    }

    pub(super) fn read_optional(cursor: &mut Cursor<'_>) -> Result<Option<Self>> {
        Self::read_nested(cursor, DEPTH_MAX)
    }

    fn read_nested(cursor: &mut Cursor<'_>, depth: usize) -> Result<Option<Self>> {
        let start = cursor.clone();
        Ok(Some(match cursor.u8("the code of a stream handle")? {
            0 => return Ok(None),
            1 => Self::Inline {
                name: cursor.utf("the name of an inline stream")?,
                bytes: cursor.sized("an inline stream")?.into(),
            },
            2 => {
                let length = length(cursor, "the length of a file")?;
                let uri = cursor.utf("the URI of a file")?;
                Self::File { uri, length }
            }
            3 => {
                let offsets = KeyGroupOffsets::read(cursor)?;
                let Some(depth) = depth.checked_sub(1) else {
                    return Err(start.corrupt(format!(
                        "stream handles are nested more than {DEPTH_MAX} deep"
                    )));
                };
                let at = cursor.clone();
                let stream = Self::read_nested(cursor, depth)?;
                let stream =
                    Box::new(stream.ok_or_else(|| {
                        at.corrupt("expected the handle of key groups, found none")
                    })?);
                Self::KeyGroups { offsets, stream }
            }
            6 => {
                let at = cursor.clone();
                let path = cursor.utf("the path of a file")?;
                if !stays_below(&path) {
                    return Err(at.corrupt(format!(
                        "the relative path {path:?} does not stay below the folder of the snapshot"
                    )));
                }
                let length = length(cursor, "the length of a file")?;
                Self::Relative { path, length }
            }
            15 => Self::Segment {
                start: not_negative(cursor, "the first byte of a segment")?,
                length: not_negative(cursor, "the length of a segment")?,
                scope: Scope::read(cursor)?,
                uri: cursor.utf("the URI of the file of a segment")?,
                logical_file: cursor.utf("the id of a segment")?,
            },
            16 => Self::EmptySegment,
            other => {
                return Err(start.unknown(format!(
                    "stream handle of code {other}; known are 0, 1, 2, 3, 6, 15 and 16"
                )));
            }
        }))
    }

    pub(super) fn write(&self, out: &mut Output) -> Result<()> {
        match self {
            Self::Inline { name, bytes } => {
                out.u8(1);
                out.utf(name, "the name of an inline stream")?;
                out.sized(bytes, "an inline stream")
            }
            Self::File { uri, length } => {
                out.u8(2);
                out.length(*length, "the length of a file")?;
                out.utf(uri, "the URI of a file")
            }
            Self::KeyGroups { offsets, stream } => {
                out.u8(3);
                offsets.write(out);
                stream.write(out)
            }
            Self::Relative { path, length } => {
                out.u8(6);
                out.utf(path, "the path of a file")?;
                out.length(*length, "the length of a file")
            }
            Self::Segment {
                uri,
                start,
                length,
                scope,
                logical_file,
            } => {
                out.u8(15);
                out.not_negative(*start, "the first byte of a segment")?;
                out.not_negative(*length, "the length of a segment")?;
                out.i32(scope.code());
                out.utf(uri, "the URI of the file of a segment")?;
                out.utf(logical_file, "the id of a segment")
            }
            Self::EmptySegment => {
                out.u8(16);
                Ok(())
            }
        }
    }

    pub(super) fn write_optional(handle: Option<&Self>, out: &mut Output) -> Result<()> {
        if let Some(handle) = handle {
            return handle.write(out);
        }
        out.u8(0);
        Ok(())
    }
}

impl Scope {
    fn read(cursor: &mut Cursor<'_>) -> Result<Self> {
        let start = cursor.clone();
        match cursor.i32("the scope of a segment")? {
            0 => Ok(Self::Exclusive),
            1 => Ok(Self::Shared),
            other => Err(start.unknown(format!("scope {other} of a segment; known are 0 and 1"))),
        }
    }

    const fn code(self) -> i32 {
        match self {
            Self::Exclusive => 0,
            Self::Shared => 1,
        }
    }
}

/// Whether a path names something below the folder it is relative to.
fn stays_below(path: &str) -> bool {
    // `scheme:/…` would be a path of its own where paths are URIs.
    let first = path.split('/').next().unwrap_or_default();
    let mut parts = Path::new(path).components().peekable();
    let is_there = parts.peek().is_some();
    is_there
        && !first.contains(':')
        && !path.contains('\0')
        && parts.all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_path_stays_below_its_folder() {
        for inside in ["5dd1", "shared/5dd1", "a..b", "x y"] {
            assert!(stays_below(inside), "{inside:?}");
        }
        for outside in [
            "",
            "/etc/passwd",
            "..",
            "a/../../b",
            "./x",
            "file:/x",
            "s3://b/x",
            "a\0b",
        ] {
            assert!(!stays_below(outside), "{outside:?}");
        }
    }
}
