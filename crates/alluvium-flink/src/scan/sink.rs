//! Where the entries of one handle go: they become rows, and what is wrong with them is told.

use std::sync::Arc;

use alluvium_protocol::key_group::flink_murmur;
use alluvium_protocol::value::Value;

use super::report::{Count, Problem, Report};
use super::row::{Content, Place, Row};
use super::selection::{Selection, WantedKey};
use super::state::State;
use super::visit::{Halt, Step, Visit};
use crate::cursor::Cursor;
use crate::error::{Error, ErrorKind, Result};
use crate::files::Files;
use crate::metadata::Operator;
use crate::serializer::Serializer;

/// Rows of other keys between two looks whether the scan is still wanted: far less than a second's.
const PASSED_BETWEEN_LOOKS: u32 = 1024;

/// What is looked at beyond what reading needs.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Checks {
    /// That keys hash to the key groups they are in, and key groups end where the next ones begin.
    pub(crate) strict: bool,
}

/// Some bytes of a file.
#[derive(Clone, Copy)]
pub(super) struct Bytes<'b> {
    pub(super) bytes: &'b [u8],
    pub(super) offset: u64,
    pub(super) file: &'b Arc<str>,
}

impl<'b> Bytes<'b> {
    pub(super) const fn cursor(self) -> Cursor<'b> {
        Cursor::new(self.bytes, self.file, self.offset)
    }
}

/// Where the entries of one handle go.
pub(super) struct Sink<'v> {
    operator: &'v Operator,
    subtask: u32,
    files: &'v Files,
    selection: &'v Selection,
    wanted: Option<WantedKey>,
    checks: Checks,
    visit: &'v mut dyn Visit,
    report: &'v mut Report,
    counts: Vec<(String, Count)>,
    pub(super) row: Row,
    /// The bytes that the row's key and namespace were decoded from, and the state they are of.
    decoded: Option<usize>,
    key: Vec<u8>,
    namespace: Vec<u8>,
    /// Rows that were passed over since the last look.
    passed: u32,
}

impl<'v> Sink<'v> {
    #[expect(
        clippy::too_many_arguments,
        reason = "one place makes it, and what it gets has nothing in common"
    )]
    pub(super) fn new(
        operator: &'v Operator,
        subtask: u32,
        files: &'v Files,
        selection: &'v Selection,
        wanted: Option<WantedKey>,
        checks: Checks,
        visit: &'v mut dyn Visit,
        report: &'v mut Report,
    ) -> Self {
        Self {
            operator,
            subtask,
            files,
            selection,
            wanted,
            checks,
            visit,
            report,
            counts: Vec::new(),
            row: Row {
                key_group: 0,
                key: Value::Null,
                namespace: None,
                content: Content::Timer(0),
            },
            decoded: None,
            key: Vec::new(),
            namespace: Vec::new(),
            passed: 0,
        }
    }

    pub(super) const fn files(&self) -> &'v Files {
        self.files
    }

    pub(super) const fn operator(&self) -> &'v Operator {
        self.operator
    }

    pub(super) const fn selection(&self) -> &'v Selection {
        self.selection
    }

    pub(super) const fn checks(&self) -> Checks {
        self.checks
    }

    pub(super) const fn wanted(&self) -> Option<&WantedKey> {
        self.wanted.as_ref()
    }

    /// Makes a key that was found in timers apart from the backend known.
    pub(super) fn want(&mut self, key: &Serializer) {
        if let (Some(text), None) = (&self.selection.key, &self.wanted) {
            let max_parallelism = self.operator.max_parallelism;
            self.wanted = Some(WantedKey::new(text, key, max_parallelism));
        }
    }

    /// The states of timers apart from the backend, before their rows.
    pub(super) fn announce(&mut self, states: &[State]) -> Step<()> {
        let visited = self.visit.states(self.operator, self.subtask, states);
        visited.map_err(Halt::Failed)
    }

    /// What was read of each state.
    pub(super) fn into_counts(self) -> Vec<(String, Count)> {
        let counts = self.counts.into_iter();
        counts.filter(|(state, _)| !state.is_empty()).collect()
    }

    /// Tells of something that is wrong.
    pub(super) fn problem(&mut self, state: Option<&State>, key_group: Option<u16>, error: Error) {
        let problem = Problem {
            operator: self.operator.label(),
            subtask: self.subtask,
            state: state.map(|state| state.name.clone()),
            key_group,
            error,
        };
        if let Some(problem) = self.report.add(problem) {
            self.visit.problem(problem);
        }
    }

    /// Tells of damage, and passes on what ends the scan.
    pub(super) fn survive(
        &mut self,
        state: Option<&State>,
        key_group: Option<u16>,
        result: Step<()>,
    ) -> Step<()> {
        match result {
            Err(Halt::Damage(error)) if error.kind() == ErrorKind::Cancelled => {
                Err(Halt::Failed(error))
            }
            Err(Halt::Damage(error)) => {
                // What it was decoded from may not be what the row holds.
                self.decoded = None;
                self.problem(state, key_group, error);
                Ok(())
            }
            other => other,
        }
    }

    /// Counts the bytes of an entry of the state with this number.
    #[inline]
    pub(super) fn count(&mut self, nth: usize, state: &State, bytes: usize) {
        if self.counts.len() <= nth {
            self.counts.resize_with(nth + 1, Default::default);
        }
        if let Some((name, count)) = self.counts.get_mut(nth) {
            if name.is_empty() {
                name.clone_from(&state.name);
            }
            count.bytes += bytes as u64;
        }
    }

    /// Makes the row one of this key and namespace; whether it is wanted.
    #[inline]
    pub(super) fn enter(
        &mut self,
        nth: usize,
        state: &State,
        key: Bytes<'_>,
        namespace: Bytes<'_>,
    ) -> Result<bool> {
        if let Some(wanted) = self.wanted.as_ref().and_then(WantedKey::bytes)
            && wanted != key.bytes
        {
            return self.pass();
        }
        if self.decoded != Some(nth) || self.key != key.bytes {
            self.decoded = None;
            self.row.key = whole(&state.key, key)?;
            self.key.clear();
            self.key.extend_from_slice(key.bytes);
            self.set_namespace(state, namespace)?;
            self.decoded = Some(nth);
        } else if self.namespace != namespace.bytes {
            self.decoded = None;
            self.set_namespace(state, namespace)?;
            self.decoded = Some(nth);
        }
        self.check_group(state, key);
        match &self.wanted {
            Some(wanted) if wanted.bytes().is_none() && !wanted.is(&self.row.key) => self.pass(),
            _ => Ok(true),
        }
    }

    /// A row is not wanted; the scan may not be, either.
    fn pass(&mut self) -> Result<bool> {
        self.passed += 1;
        if self.passed == PASSED_BETWEEN_LOOKS {
            self.passed = 0;
            self.visit.look()?;
        }
        Ok(false)
    }

    fn set_namespace(&mut self, state: &State, namespace: Bytes<'_>) -> Result<()> {
        let serializer = state.namespace.as_ref();
        let value = serializer.map(|serializer| whole(serializer, namespace));
        self.row.namespace = value.transpose()?.filter(|value| *value != Value::Null);
        self.namespace.clear();
        self.namespace.extend_from_slice(namespace.bytes);
        Ok(())
    }

    /// The row of a key whose end cannot be found: the key is `rest`, what is behind the key group.
    pub(super) fn enter_opaque(&mut self, rest: Bytes<'_>) -> Result<bool> {
        self.decoded = None;
        self.row.key = Value::Bytes(rest.bytes.to_vec());
        self.row.namespace = None;
        match &self.wanted {
            Some(wanted) if !wanted.is(&self.row.key) => self.pass(),
            _ => Ok(true),
        }
    }

    fn check_group(&mut self, state: &State, key: Bytes<'_>) {
        if !self.checks.strict {
            return;
        }
        let Some(hash) = state.key.java_hash(&self.row.key) else {
            return;
        };
        let group = self.operator.max_parallelism.group_of(flink_murmur(hash));
        if group.get() != self.row.key_group {
            let message = format!(
                "the key {} is of key group {group}, and is stored in key group {}",
                self.row.key, self.row.key_group
            );
            let error = Error::corrupt(message).at(key.file, key.offset);
            self.problem(Some(state), Some(self.row.key_group), error);
        }
    }

    /// Hands out the row with this content.
    #[inline]
    pub(super) fn emit(&mut self, nth: usize, state: &State, content: Content) -> Step<()> {
        self.row.content = content;
        if let Some((_, count)) = self.counts.get_mut(nth) {
            count.rows += 1;
        }
        let place = Place {
            operator: self.operator,
            subtask: self.subtask,
            state,
        };
        match self.visit.row(&place, &self.row) {
            Ok(std::ops::ControlFlow::Continue(())) => Ok(()),
            Ok(std::ops::ControlFlow::Break(())) => Err(Halt::Asked),
            Err(error) => Err(Halt::Failed(error)),
        }
    }
}

/// A value that is all of some bytes: they themselves, if it is of an unknown serializer.
pub(super) fn whole(serializer: &Serializer, bytes: Bytes<'_>) -> Result<Value> {
    let mut cursor = bytes.cursor();
    match serializer.decode(&mut cursor) {
        Ok(value) => cursor.finish("a value").map(|()| value),
        Err(error) if error.kind() == ErrorKind::Incompatible => {
            Ok(Value::Bytes(bytes.bytes.to_vec()))
        }
        Err(error) => Err(error),
    }
}
