//! Streams that go into a savepoint as they are: operator state, coordinators, timers apart from a backend.
//!
//! What is inline stays inline; all else becomes a file of the savepoint. So a savepoint refers to nothing outside of it, and to no parts of
//! files, which Flink before 1.20 does not know.

use alluvium::storage::Cancel;

use super::savepoint::Savepoint;
use crate::error::{Error, Result};
use crate::files::Files;
use crate::metadata::{KeyedHandle, OperatorHandle, StreamHandle};

/// Carries streams of one snapshot into a savepoint.
pub(super) struct Carrier<'c> {
    pub(super) files: &'c Files,
    pub(super) savepoint: &'c mut Savepoint,
    pub(super) cancel: &'c Cancel,
}

impl Carrier<'_> {
    /// A stream; `name` is that of its file, if it gets one.
    pub(super) fn stream(
        &mut self,
        stream: &StreamHandle,
        name: &str,
        whose: &str,
    ) -> Result<StreamHandle> {
        match stream {
            StreamHandle::Inline { .. } => Ok(stream.clone()),
            StreamHandle::EmptySegment => Ok(StreamHandle::Inline {
                name: name.to_owned(),
                bytes: [].into(),
            }),
            StreamHandle::KeyGroups { stream, .. } => self.stream(stream, name, whose),
            _ => {
                let source = self.files.open(stream, whose)?;
                self.savepoint.copy(name, source, self.cancel)
            }
        }
    }

    /// Operator state of a subtask.
    pub(super) fn operator_state(
        &mut self,
        handle: &OperatorHandle,
        name: &str,
        whose: &str,
    ) -> Result<OperatorHandle> {
        Ok(OperatorHandle {
            states: handle.states.clone(),
            merged: None,
            stream: self.stream(&handle.stream, name, whose)?,
        })
    }

    /// Keyed state that a backend does not manage.
    pub(super) fn raw_keyed(
        &mut self,
        handle: &KeyedHandle,
        name: &str,
        whose: &str,
    ) -> Result<KeyedHandle> {
        let KeyedHandle::KeyGroups(groups) = handle else {
            return Err(Error::unknown(format!(
                "{whose} has raw keyed state as a {}, which is not known there",
                handle.class()
            )));
        };
        let mut carried = groups.clone();
        carried.stream = self.stream(&groups.stream, name, whose)?;
        Ok(KeyedHandle::KeyGroups(carried))
    }

    /// A coordinator's state, which Flink reads from the metadata only.
    pub(super) fn coordinator(
        &mut self,
        stream: &StreamHandle,
        whose: &str,
    ) -> Result<StreamHandle> {
        if stream.is_inline() {
            return self.stream(stream, whose, whose);
        }
        let source = self.files.open(stream, whose)?;
        Ok(StreamHandle::Inline {
            name: whose.to_owned(),
            bytes: source.range(0, source.len())?.into(),
        })
    }
}
