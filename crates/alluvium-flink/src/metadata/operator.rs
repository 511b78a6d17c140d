//! Operators and their subtasks.
//!
//! ```text
//! operator: [V5] utf name, utf uid (empty: none)
//!           16 bytes id
//!           i32 parallelism, i32 max parallelism
//!           [V2] i32 1    [V3] stream handle of the coordinator's state, or none
//!           i32 number of subtasks, each: i32 index, state; [V3] -1 if the operator has finished
//!           [V3] an index -1-i says that subtask i has finished, and no state follows
//! state:    [V2] i64 -1, i32 0
//!           i32 0 or 1, then that many handles of operator state: managed
//!           i32 0 or 1, then that many handles of operator state: raw
//!           keyed handle or none: managed;  keyed handle or none: raw
//!           [V3] i32 n, handles of records in flight of inputs;  i32 n, of outputs
//! ```

use alluvium_protocol::key_group::MaxParallelism;

use super::Version;
use super::channel::{ChannelHandle, Side};
use super::fields::{list, optional, small};
use super::keyed::KeyedHandle;
use super::operator_id::OperatorId;
use super::operator_state::OperatorHandle;
use super::output::Output;
use super::stream::StreamHandle;
use crate::cursor::Cursor;
use crate::error::{Error, Result};

/// What the subtasks of an operator have stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// What it is called, since V5.
    pub name: Option<String>,
    /// What the job's author named it by, since V5.
    pub uid: Option<String>,
    /// What Flink knows it by.
    pub id: OperatorId,
    /// How many subtasks it had.
    pub parallelism: u32,
    /// How many key groups it has.
    pub max_parallelism: MaxParallelism,
    /// The state of its coordinator in the job manager; not decoded.
    pub coordinator: Option<StreamHandle>,
    /// Its subtasks.
    pub subtasks: Subtasks,
}

/// The subtasks of an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the format has no third case")]
pub enum Subtasks {
    /// All had come to their end.
    Finished,
    /// Those that stored something or had come to their end.
    Of(Vec<Subtask>),
}

/// One subtask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subtask {
    /// Counted from 0, below the parallelism.
    pub index: u32,
    /// What it stored; `None` if it had come to its end.
    pub state: Option<SubtaskState>,
}

/// What a subtask stored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SubtaskState {
    /// Operator state that Flink manages.
    pub operator_managed: Option<OperatorHandle>,
    /// Operator state in a form of the operator's own.
    pub operator_raw: Option<OperatorHandle>,
    /// Keyed state that a backend manages.
    pub keyed_managed: Option<KeyedHandle>,
    /// Keyed state in another form: timers that the backend does not have.
    pub keyed_raw: Option<KeyedHandle>,
    /// Records in flight of its inputs.
    pub inputs: Vec<ChannelHandle>,
    /// Records in flight of its outputs.
    pub outputs: Vec<ChannelHandle>,
}

impl Operator {
    /// Its subtasks; none if the operator had come to its end.
    #[must_use]
    pub fn subtasks(&self) -> &[Subtask] {
        match &self.subtasks {
            Subtasks::Finished => &[],
            Subtasks::Of(subtasks) => subtasks,
        }
    }

    /// The uid, the name or the id: the first that there is.
    #[must_use]
    pub fn label(&self) -> String {
        let named = self.uid.as_ref().or(self.name.as_ref());
        named.cloned().unwrap_or_else(|| self.id.to_string())
    }

    pub(super) fn read(cursor: &mut Cursor<'_>, version: Version) -> Result<Self> {
        let (mut name, mut uid) = (None, None);
        if version >= Version::V5 {
            name = optional(cursor, "the name of an operator")?;
            uid = optional(cursor, "the uid of an operator")?;
        }
        let id = OperatorId::new(cursor.array("the id of an operator")?);
        let at = cursor.clone();
        let parallelism = small(cursor, "the parallelism of an operator")?;
        let max_parallelism = small(cursor, "the max parallelism of an operator")?;
        let max_parallelism = MaxParallelism::new(max_parallelism).map_err(|error| {
            at.corrupt("the max parallelism of an operator is out of range")
                .with_source(error)
        })?;
        if parallelism > u32::from(max_parallelism.get()) {
            return Err(at.corrupt(format!(
                "an operator of parallelism {parallelism} and max parallelism {max_parallelism}"
            )));
        }
        let coordinator = if version == Version::V2 {
            let at = cursor.clone();
            let chained = cursor.i32("the length of a chain")?;
            if chained != 1 {
                return Err(at.unknown(format!(
                    "the state of {chained} chained operators in one; only one is known"
                )));
            }
            None
        } else {
            StreamHandle::read_optional(cursor)?
        };
        let read = |cursor: &mut Cursor<'_>| Subtask::read(cursor, version, parallelism);
        let subtasks = if version > Version::V2 && cursor.left().starts_with(&[0xFF; 4]) {
            cursor.i32("the number of subtasks")?;
            Subtasks::Finished
        } else {
            Subtasks::Of(list(cursor, 4, "subtasks", read)?)
        };
        Ok(Self {
            name,
            uid,
            id,
            parallelism,
            max_parallelism,
            coordinator,
            subtasks,
        })
    }

    pub(super) fn write(&self, out: &mut Output, version: Version) -> Result<()> {
        if version >= Version::V5 {
            for (text, what) in [
                (&self.name, "the name of an operator"),
                (&self.uid, "the uid of an operator"),
            ] {
                out.utf(text.as_deref().unwrap_or_default(), what)?;
            }
        }
        out.bytes(self.id.as_bytes());
        out.small(self.parallelism, "the parallelism of an operator")?;
        out.i32(i32::from(self.max_parallelism.get()));
        StreamHandle::write_optional(self.coordinator.as_ref(), out)?;
        match &self.subtasks {
            Subtasks::Finished => {
                out.i32(-1);
                Ok(())
            }
            Subtasks::Of(subtasks) => out.list(subtasks, "subtasks", |out, subtask| {
                subtask.write(out, version, self.parallelism)
            }),
        }
    }
}

impl Subtask {
    fn read(cursor: &mut Cursor<'_>, version: Version, parallelism: u32) -> Result<Self> {
        let at = cursor.clone();
        let index = cursor.i32("the index of a subtask")?;
        let has_finished = version > Version::V2 && index < 0;
        let index = if has_finished { !index } else { index };
        let index = u32::try_from(index)
            .ok()
            .filter(|index| *index < parallelism)
            .ok_or_else(|| {
                at.corrupt(format!("subtask {index} of an operator of {parallelism}"))
            })?;
        let state = (!has_finished)
            .then(|| SubtaskState::read(cursor, version))
            .transpose()?;
        Ok(Self { index, state })
    }

    fn write(&self, out: &mut Output, version: Version, parallelism: u32) -> Result<()> {
        let index = i32::try_from(self.index).ok();
        let index = index.filter(|_| self.index < parallelism).ok_or_else(|| {
            Error::invalid(format!(
                "subtask {} of an operator of {parallelism}",
                self.index
            ))
        })?;
        match &self.state {
            None => {
                out.i32(!index);
                Ok(())
            }
            Some(state) => {
                out.i32(index);
                state.write(out, version)
            }
        }
    }
}

impl SubtaskState {
    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn read(cursor: &mut Cursor<'_>, version: Version) -> Result<Self> {
        if version == Version::V2 {
            cursor.i64("the duration of a snapshot")?;
            let at = cursor.clone();
            if cursor.i32("the number of old operator states")? != 0 {
                return Err(
                    at.unknown("operator state of Flink 1.1, which no current Flink reads either")
                );
            }
        }
        let mut state = Self {
            operator_managed: read_operator(cursor)?,
            operator_raw: read_operator(cursor)?,
            keyed_managed: KeyedHandle::read_optional(cursor)?,
            keyed_raw: KeyedHandle::read_optional(cursor)?,
            ..Self::default()
        };
        if version > Version::V2 {
            let mut channels = |side| {
                list(
                    cursor,
                    ChannelHandle::BYTES_MIN,
                    "handles of records in flight",
                    |cursor| ChannelHandle::read(cursor, version, side),
                )
            };
            state.inputs = channels(Side::Input)?;
            state.outputs = channels(Side::Output)?;
        }
        Ok(state)
    }

    fn write(&self, out: &mut Output, version: Version) -> Result<()> {
        for operator in [&self.operator_managed, &self.operator_raw] {
            out.i32(i32::from(operator.is_some()));
            if let Some(operator) = operator {
                operator.write(out)?;
            }
        }
        KeyedHandle::write_optional(self.keyed_managed.as_ref(), out)?;
        KeyedHandle::write_optional(self.keyed_raw.as_ref(), out)?;
        for (channels, side) in [(&self.inputs, Side::Input), (&self.outputs, Side::Output)] {
            out.list(channels, "handles of records in flight", |out, channel| {
                channel.write(out, version, side)
            })?;
        }
        Ok(())
    }
}

/// A number of handles, 0 or 1, and the handle.
fn read_operator(cursor: &mut Cursor<'_>) -> Result<Option<OperatorHandle>> {
    let at = cursor.clone();
    match small(cursor, "the number of handles of operator state")? {
        0 => Ok(None),
        1 => {
            let at = cursor.clone();
            OperatorHandle::read_optional(cursor)?
                .map(Some)
                .ok_or_else(|| at.corrupt("expected a handle of operator state, found none"))
        }
        other => Err(at.corrupt(format!(
            "{other} handles of operator state in one subtask; there is one at the most"
        ))),
    }
}
