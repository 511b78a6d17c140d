//! Handles of operator state: lists that belong to a subtask and no key. Listed, not decoded.
//!
//! ```text
//! u8   4 or 17 (where 0 would be none)
//! i32  number of states, each: utf name, u8 how it is distributed (0 split, 1 union, 2 broadcast),
//!      i32 number of elements, i64 offset of each
//! [17] utf folder of the task manager's files, utf folder of shared files, bool whether it is empty
//! stream
//! ```

use super::fields::list;
use super::output::Output;
use super::stream::StreamHandle;
use crate::cursor::Cursor;
use crate::error::Result;

/// Operator state of one subtask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorHandle {
    /// The states.
    pub states: Vec<PartitionedState>,
    /// Present where several subtasks write into one file (code 17).
    pub merged: Option<MergedDirectories>,
    /// The elements of all states.
    pub stream: StreamHandle,
}

/// One operator state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionedState {
    /// Its name.
    pub name: String,
    /// How it is divided among the subtasks of a restored job.
    pub distribution: Distribution,
    /// Where in the stream each element begins.
    pub offsets: Vec<i64>,
}

/// How operator state is divided among the subtasks of a restored job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Distribution {
    /// Each element goes to one subtask.
    Split,
    /// Each subtask gets all elements of all subtasks.
    Union,
    /// Each subtask gets what one subtask had.
    Broadcast,
}

/// Where the files are that several subtasks write into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedDirectories {
    /// The folder of the task manager's files.
    pub task_owned: String,
    /// The folder of files that other checkpoints may refer to.
    pub shared: String,
    /// Whether there is no state.
    pub is_empty: bool,
}

impl OperatorHandle {
    pub(super) fn read_optional(cursor: &mut Cursor<'_>) -> Result<Option<Self>> {
        let start = cursor.clone();
        let code = cursor.u8("the code of a handle of operator state")?;
        let has_directories = match code {
            0 => return Ok(None),
            4 => false,
            17 => true,
            other => {
                return Err(start.unknown(format!(
                    "handle of operator state of code {other}; known are 0, 4 and 17"
                )));
            }
        };
        let states = list(cursor, 7, "operator states", PartitionedState::read)?;
        let merged = has_directories
            .then(|| MergedDirectories::read(cursor))
            .transpose()?;
        let stream = StreamHandle::read(cursor, "operator state")?;
        Ok(Some(Self {
            states,
            merged,
            stream,
        }))
    }

    pub(super) fn write(&self, out: &mut Output) -> Result<()> {
        out.u8(if self.merged.is_some() { 17 } else { 4 });
        out.list(&self.states, "operator states", |out, state| {
            state.write(out)
        })?;
        if let Some(merged) = &self.merged {
            out.utf(&merged.task_owned, "the folder of a task manager's files")?;
            out.utf(&merged.shared, "the folder of shared files")?;
            out.bool(merged.is_empty);
        }
        self.stream.write(out)
    }
}

impl MergedDirectories {
    fn read(cursor: &mut Cursor<'_>) -> Result<Self> {
        Ok(Self {
            task_owned: cursor.utf("the folder of a task manager's files")?,
            shared: cursor.utf("the folder of shared files")?,
            is_empty: cursor.bool("whether operator state is empty")?,
        })
    }
}

impl PartitionedState {
    fn read(cursor: &mut Cursor<'_>) -> Result<Self> {
        Ok(Self {
            name: cursor.utf("the name of an operator state")?,
            distribution: Distribution::read(cursor)?,
            offsets: list(cursor, 8, "elements of an operator state", |cursor| {
                cursor.i64("the offset of an element")
            })?,
        })
    }

    fn write(&self, out: &mut Output) -> Result<()> {
        out.utf(&self.name, "the name of an operator state")?;
        out.u8(self.distribution.code());
        out.list(
            &self.offsets,
            "elements of an operator state",
            |out, offset| {
                out.i64(*offset);
                Ok(())
            },
        )
    }
}

impl Distribution {
    fn read(cursor: &mut Cursor<'_>) -> Result<Self> {
        let start = cursor.clone();
        match cursor.u8("how operator state is distributed")? {
            0 => Ok(Self::Split),
            1 => Ok(Self::Union),
            2 => Ok(Self::Broadcast),
            other => Err(start.unknown(format!(
                "operator state distributed in way {other}; known are 0, 1 and 2"
            ))),
        }
    }

    const fn code(self) -> u8 {
        match self {
            Self::Split => 0,
            Self::Union => 1,
            Self::Broadcast => 2,
        }
    }

    /// The way in one word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Split => "split",
            Self::Union => "union",
            Self::Broadcast => "broadcast",
        }
    }
}
