//! Walks the handles of a snapshot.

use alluvium_protocol::key_group::KeyGroupRange;

use super::report::{Count, Problem, Report};
use super::selection::{Selection, WantedKey};
use super::sink::{Checks, Sink};
use super::state::State;
use super::visit::{Halt, Step, Visit};
use super::{groups, tables, timers};
use crate::error::{Error, Result};
use crate::files::Files;
use crate::keyed::KeyedMeta;
use crate::metadata::{Changelog, Incremental, KeyGroups, KeyedHandle, Operator};
use crate::snapshot::Snapshot;

/// Hands the rows of a selection to `visit`.
///
/// What cannot be read is in the report, and ends nothing but itself.
///
/// # Errors
/// `Invalid` when the selection names an operator or a state that is not there; what `visit` returns; `Cancelled` when
/// downloads of the snapshot's files were stopped.
pub fn scan(snapshot: &Snapshot, selection: &Selection, visit: &mut dyn Visit) -> Result<Report> {
    run(snapshot, selection, visit, Checks::default())
}

/// As [`scan`], with every check that costs something.
pub(crate) fn run_strict(
    snapshot: &Snapshot,
    selection: &Selection,
    visit: &mut dyn Visit,
) -> Result<Report> {
    run(snapshot, selection, visit, Checks { strict: true })
}

fn run(
    snapshot: &Snapshot,
    selection: &Selection,
    visit: &mut dyn Visit,
    checks: Checks,
) -> Result<Report> {
    let mut scan = Scan {
        files: snapshot.files(),
        selection,
        visit,
        report: Report::default(),
        known: Vec::new(),
        checks,
    };
    for operator in selection.operators(snapshot)? {
        match scan.operator(operator) {
            Ok(()) => {}
            Err(Halt::Asked) => return Ok(scan.report),
            Err(Halt::Failed(error) | Halt::Damage(error)) => return Err(error),
        }
    }
    // What could not be read may have had it.
    match selection.no_state(&scan.known) {
        Some(error) if scan.report.is_clean() => Err(error),
        _ => Ok(scan.report),
    }
}

/// What one handle describes of its states.
#[derive(Debug)]
#[non_exhaustive]
pub struct Described<'s> {
    /// Whose handle it is.
    pub operator: &'s Operator,
    /// The subtask that stored it.
    pub subtask: u32,
    /// The key groups it has.
    pub key_groups: Option<KeyGroupRange>,
    /// Whether key groups are compressed. Tables of RocksDB may be, whatever this says.
    pub compression: bool,
    /// The chosen states, without timers that are stored apart from the backend.
    pub states: Vec<State>,
}

/// What the chosen handles describe of their states, without reading rows; and what could not be read.
///
/// # Errors
/// `Invalid` when the selection names an operator that is not there.
pub fn describe<'s>(
    snapshot: &'s Snapshot,
    selection: &Selection,
) -> Result<(Vec<Described<'s>>, Report)> {
    let mut found = Vec::new();
    let mut report = Report::default();
    for operator in selection.operators(snapshot)? {
        for subtask in operator.subtasks() {
            let state = subtask.state.as_ref();
            let Some(handle) = state.and_then(|state| state.keyed_managed.as_ref()) else {
                continue;
            };
            for handle in materialized(handle) {
                let whose = whose(operator, subtask.index);
                match meta_of(handle, snapshot.files(), &whose) {
                    Ok(None) => {}
                    Ok(Some(meta)) => found.push(Described {
                        operator,
                        subtask: subtask.index,
                        key_groups: handle.key_groups(),
                        compression: meta.compression,
                        states: states_of(&meta, operator)
                            .into_iter()
                            .filter(|state| selection.has_state(&state.name))
                            .collect(),
                    }),
                    Err(error) => {
                        report.add(Problem {
                            operator: operator.label(),
                            subtask: subtask.index,
                            state: None,
                            key_group: None,
                            error,
                        });
                    }
                }
            }
        }
    }
    Ok((found, report))
}

fn meta_of(handle: &KeyedHandle, files: &Files, whose: &str) -> Result<Option<KeyedMeta>> {
    match handle {
        KeyedHandle::KeyGroups(handle) => {
            let source = files.open(&handle.stream, whose)?;
            groups::meta(handle, &source).map(Some)
        }
        KeyedHandle::Incremental(handle) => tables::meta(handle, files, whose).map(Some),
        _ => Ok(None),
    }
}

/// The handle, or of a changelog those of its last materialization.
fn materialized(handle: &KeyedHandle) -> Vec<&KeyedHandle> {
    match handle {
        KeyedHandle::Changelog(changelog) => changelog
            .materialized
            .iter()
            .flat_map(materialized)
            .collect(),
        other => vec![other],
    }
}

fn states_of(meta: &KeyedMeta, operator: &Operator) -> Vec<State> {
    let states = meta.states.iter();
    states
        .map(|state| State::new(state, &meta.key, operator.max_parallelism))
        .collect()
}

/// What errors call the state of a subtask.
pub(crate) fn whose(operator: &Operator, subtask: u32) -> String {
    format!("operator {}, subtask {subtask}", operator.label())
}

struct Scan<'s> {
    files: &'s Files,
    selection: &'s Selection,
    visit: &'s mut dyn Visit,
    report: Report,
    /// Names of states that were met.
    known: Vec<String>,
    checks: Checks,
}

impl Scan<'_> {
    fn operator(&mut self, operator: &Operator) -> Step<()> {
        for subtask in operator.subtasks() {
            let Some(state) = &subtask.state else {
                continue;
            };
            if let Some(handle) = &state.keyed_managed {
                self.told(operator, subtask.index, |scan| {
                    scan.managed(operator, subtask.index, handle)
                })?;
            }
            if let Some(handle) = &state.keyed_raw {
                self.told(operator, subtask.index, |scan| {
                    scan.raw(operator, subtask.index, handle)
                })?;
            }
        }
        Ok(())
    }

    /// Damage of a handle as a whole is told, and the scan goes on.
    fn told(
        &mut self,
        operator: &Operator,
        subtask: u32,
        read: impl FnOnce(&mut Self) -> Step<()>,
    ) -> Step<()> {
        let error = match read(self) {
            Err(Halt::Damage(error)) => error,
            other => return other,
        };
        if error.kind() == crate::ErrorKind::Cancelled {
            return Err(Halt::Failed(error));
        }
        let problem = Problem {
            operator: operator.label(),
            subtask,
            state: None,
            key_group: None,
            error,
        };
        if let Some(problem) = self.report.add(problem) {
            self.visit.problem(problem);
        }
        Ok(())
    }

    fn managed(&mut self, operator: &Operator, subtask: u32, handle: &KeyedHandle) -> Step<()> {
        match handle {
            KeyedHandle::KeyGroups(handle) => self.key_groups(operator, subtask, handle),
            KeyedHandle::Incremental(handle) => self.tables(operator, subtask, handle),
            KeyedHandle::Changelog(handle) => self.changelog(operator, subtask, handle),
            KeyedHandle::ByteChanges(_) | KeyedHandle::FileChanges(_) => {
                let message = format!("a {} outside of a changelog", handle.class());
                Err(Error::unknown(message).into())
            }
        }
    }

    fn changelog(&mut self, operator: &Operator, subtask: u32, handle: &Changelog) -> Step<()> {
        for materialized in &handle.materialized {
            self.told(operator, subtask, |scan| {
                scan.managed(operator, subtask, materialized)
            })?;
        }
        let has_changes = handle.changes.iter().any(|changes| match changes {
            KeyedHandle::ByteChanges(changes) => !changes.changes.is_empty(),
            KeyedHandle::FileChanges(changes) => !changes.files.is_empty(),
            _ => true,
        });
        if has_changes {
            let shown = if handle.materialized.is_empty() {
                "nothing of it is shown: all of it is".to_owned()
            } else {
                let id = handle.materialization_id;
                format!("the rows are those of materialization {id}: changes since then are")
            };
            return Err(Error::unknown(format!(
                "{shown} in a changelog (state.changelog.enabled), which is not applied. Take a savepoint, which has none"
            ))
            .into());
        }
        Ok(())
    }

    fn key_groups(&mut self, operator: &Operator, subtask: u32, handle: &KeyGroups) -> Step<()> {
        let Some(range) = self.selection.of_range(handle.offsets.range()) else {
            return Ok(());
        };
        let source = self.files.open(&handle.stream, &whose(operator, subtask))?;
        let meta = groups::meta(handle, &source)?;
        let states = states_of(&meta, operator);
        self.rows(operator, subtask, &states, range, |sink, range| {
            groups::read(handle, &source, &meta, &states, range, sink)
        })
    }

    fn tables(&mut self, operator: &Operator, subtask: u32, handle: &Incremental) -> Step<()> {
        let Some(range) = self.selection.of_range(handle.key_groups) else {
            return Ok(());
        };
        let whose = whose(operator, subtask);
        let meta = tables::meta(handle, self.files, &whose)?;
        let states = states_of(&meta, operator);
        self.rows(operator, subtask, &states, range, |sink, range| {
            tables::read(handle, sink.files(), &whose, &states, range, sink)
        })
    }

    fn raw(&mut self, operator: &Operator, subtask: u32, handle: &KeyedHandle) -> Step<()> {
        let KeyedHandle::KeyGroups(handle) = handle else {
            let message = format!("raw keyed state in a {}", handle.class());
            return Err(Error::unknown(message).into());
        };
        let Some(range) = self.selection.of_range(handle.offsets.range()) else {
            return Ok(());
        };
        let source = self.files.open(&handle.stream, &whose(operator, subtask))?;
        self.rows(operator, subtask, &[], range, |sink, range| {
            timers::read(handle, &source, range, sink)
        })
    }

    /// Reads the rows of one handle with these states, and adds up what was read.
    fn rows(
        &mut self,
        operator: &Operator,
        subtask: u32,
        states: &[State],
        range: KeyGroupRange,
        read: impl FnOnce(&mut Sink<'_>, KeyGroupRange) -> Step<()>,
    ) -> Step<()> {
        let names = states.iter().map(|state| state.name.clone());
        self.known.extend(names);
        self.known.sort();
        self.known.dedup();
        let chosen = states.iter();
        let chosen = chosen.filter(|state| self.selection.has_state(&state.name));
        let chosen: Vec<State> = chosen.cloned().collect();
        self.visit
            .states(operator, subtask, &chosen)
            .map_err(Halt::Failed)?;
        let wanted = self.selection.key.as_deref();
        let wanted = wanted.and_then(|text| {
            let key = &states.first()?.key;
            Some(WantedKey::new(text, key, operator.max_parallelism))
        });
        let mut range = range;
        if let Some(group) = wanted.as_ref().and_then(|wanted| wanted.group) {
            let one = KeyGroupRange::new(group.get(), group.get()).ok();
            match one.and_then(|one| range.intersection(one)) {
                Some(one) => range = one,
                None => return Ok(()),
            }
        }
        let mut sink = Sink::new(
            operator,
            subtask,
            self.files,
            self.selection,
            wanted,
            self.checks,
            self.visit,
            &mut self.report,
        );
        let result = read(&mut sink, range);
        for (state, count) in sink.into_counts() {
            self.known.push(state.clone());
            let about = (operator.label(), state);
            let total: &mut Count = self.report.counts.entry(about).or_default();
            total.rows += count.rows;
            total.bytes += count.bytes;
        }
        result
    }
}
