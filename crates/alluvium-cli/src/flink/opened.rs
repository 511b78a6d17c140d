//! A snapshot of Flink whose rows are read: progress on stderr, problems told as they are met, Ctrl-C soon seen.

use std::ops::ControlFlow;
use std::sync::Arc;

use alluvium::storage::Cancel;
use alluvium_flink::metadata::{Operator, OperatorId};
use alluvium_flink::scan::{Place, Problem, Report, Row, Selection, State, Visit};
use alluvium_flink::verify::{Verified, verify_selected};
use alluvium_flink::{Error, ErrorKind, Snapshot};
use anyhow::Result;

use crate::args::{FlinkFiles, FlinkPlace, FlinkRows};
use crate::exit::{Exit, Failure};
use crate::interrupt;
use crate::output;
use crate::progress::Steps;
use crate::units;

/// Rows between two looks whether the command was interrupted: far less than a second's.
const ROWS_BETWEEN_LOOKS: u32 = 1024;

/// A snapshot that was opened.
pub(super) struct Opened {
    snapshot: Snapshot,
    cancel: Cancel,
    /// Uids that the command line names: old snapshots hold their hashes alone.
    uids: Vec<(OperatorId, String)>,
}

impl Opened {
    /// Opens the snapshot; from here on Ctrl-C ends the command in order.
    pub(super) fn open(place: &FlinkPlace, rows: &FlinkRows) -> Result<Self> {
        let cancel = interrupt::cancel_on_interrupt()?;
        Self::open_one(&place.location, &place.files, rows, cancel)
    }

    /// Opens one of several snapshots.
    pub(super) fn open_one(
        location: &str,
        files: &FlinkFiles,
        rows: &FlinkRows,
        cancel: Cancel,
    ) -> Result<Self> {
        let watch = Arc::new(cancel.clone());
        let known = files.task_local_max_parallelism;
        let snapshot = Snapshot::open_task_local(location, &files.remap, watch, known)?;
        let uids = rows.operator.iter();
        let uids = uids.map(|uid| (OperatorId::of_uid(uid), uid.clone()));
        Ok(Self {
            snapshot,
            cancel,
            uids: uids.collect(),
        })
    }

    pub(super) const fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Where it is.
    pub(super) fn folder(&self) -> String {
        self.snapshot.folder().to_string()
    }

    /// Whether a task stored timers apart from its backend; no description tells of them.
    pub(super) fn has_raw_timers(&self) -> bool {
        let operators = self.snapshot.operators().iter();
        let mut states = operators.flat_map(Operator::subtasks);
        states.any(|subtask| {
            let state = subtask.state.as_ref();
            state.is_some_and(|state| state.keyed_raw.is_some())
        })
    }

    /// The operator's uid, if it is known; otherwise its name or id.
    pub(super) fn label(&self, operator: &Operator) -> String {
        let mut uids = self.uids.iter();
        let uid = uids.find(|(id, _)| *id == operator.id);
        uid.map_or_else(|| operator.label(), |(_, uid)| uid.clone())
    }

    /// Hands the rows of a selection to `take`, with a bar of key groups if `has_bar`.
    ///
    /// # Errors
    /// When the selection names what is not there, the command was interrupted; and what `take` returns. What cannot be
    /// read is no error, but told and in the report.
    pub(super) fn rows(
        &self,
        selection: &Selection,
        has_bar: bool,
        take: &mut dyn Take,
    ) -> Result<Report> {
        let steps = has_bar.then(|| Steps::new(self.key_groups(selection), "key groups"));
        let mut reading = Reading::new(self, take, steps.as_ref());
        let report = alluvium_flink::scan::scan(&self.snapshot, selection, &mut reading);
        reading.ended(report)
    }

    /// Verifies what is selected, with a bar of key groups. Problems are not told, but in the report.
    ///
    /// # Errors
    /// When the selection names what is not there, or the command was interrupted.
    pub(super) fn verify(&self, selection: &Selection) -> Result<Verified> {
        let steps = Steps::new(self.key_groups(selection), "key groups");
        let mut ignored = |_: &Place<'_>, _: &Row| Ok(ControlFlow::Continue(()));
        let mut reading = Reading::new(self, &mut ignored, Some(&steps));
        reading.tells_problems = false;
        let verified = verify_selected(&self.snapshot, selection, &mut reading);
        reading.ended(verified)
    }

    /// Key groups of the handles of the chosen operators.
    fn key_groups(&self, selection: &Selection) -> u64 {
        let is_chosen = |operator: &&Operator| {
            let mut named = selection.operators.iter();
            selection.operators.is_empty()
                || named.any(|named| {
                    let found = self.snapshot.operator(named);
                    found.is_ok_and(|found| found.id == operator.id)
                })
        };
        let operators = self.snapshot.operators().iter().filter(is_chosen);
        let states = operators.flat_map(Operator::subtasks);
        let handles = states.filter_map(|subtask| subtask.state.as_ref()?.keyed_managed.as_ref());
        let ranges = handles.filter_map(|handle| {
            let range = handle.key_groups()?;
            match selection.key_groups {
                Some(chosen) => range.intersection(chosen),
                None => Some(range),
            }
        });
        ranges.map(|range| u64::from(range.len())).sum()
    }
}

/// Who is handed rows.
pub(super) trait Take {
    /// The chosen states of a part of an operator, before its rows.
    ///
    /// # Errors
    /// Any error ends the reading.
    fn states(&mut self, _operator: &Operator, _states: &[State]) -> Result<()> {
        Ok(())
    }

    /// A row, and whether the reading goes on.
    ///
    /// # Errors
    /// Any error ends the reading.
    fn row(&mut self, place: &Place<'_>, row: &Row) -> Result<ControlFlow<()>>;
}

impl<F> Take for F
where
    F: FnMut(&Place<'_>, &Row) -> Result<ControlFlow<()>>,
{
    fn row(&mut self, place: &Place<'_>, row: &Row) -> Result<ControlFlow<()>> {
        self(place, row)
    }
}

/// How the command ends after what was met, of which the last is told.
pub(super) fn ended(report: &Report) -> Exit {
    if report.is_clean() {
        return Exit::Done;
    }
    if report.more_problems > 0 {
        output::note(&format!(
            "and {} more problems",
            units::count(report.more_problems)
        ));
    }
    Exit::Problem
}

/// That an answer would be wrong, since something could not be read.
///
/// # Errors
/// When something could not be read.
pub(super) fn check_whole(report: &Report) -> Result<()> {
    if ended(report) == Exit::Done {
        return Ok(());
    }
    Err(Failure::problem(
        "not all of it could be read: see the problems above",
    ))
}

struct Reading<'r> {
    opened: &'r Opened,
    take: &'r mut dyn Take,
    failed: Option<anyhow::Error>,
    until_look: u32,
    steps: Option<&'r Steps>,
    rows: u64,
    /// Operator, subtask and key group.
    at: Option<(OperatorId, u32, u16)>,
    tells_problems: bool,
}

impl<'r> Reading<'r> {
    fn new(opened: &'r Opened, take: &'r mut dyn Take, steps: Option<&'r Steps>) -> Self {
        Self {
            opened,
            take,
            failed: None,
            until_look: 0,
            steps,
            rows: 0,
            at: None,
            tells_problems: true,
        }
    }

    /// What the reading led to; what made it end otherwise comes first.
    fn ended<T>(self, result: alluvium_flink::Result<T>) -> Result<T> {
        if let Some(steps) = self.steps {
            steps.finish();
        }
        match self.failed {
            Some(failed) => Err(failed),
            None => Ok(result?),
        }
    }

    fn keep<T>(&mut self, result: Result<T>) -> alluvium_flink::Result<T> {
        result.map_err(|error| {
            self.failed = Some(error);
            Error::new(ErrorKind::Cancelled, "the rows are not wanted any more")
        })
    }

    fn look(&mut self, place: &Place<'_>, row: &Row) -> Result<()> {
        self.rows += 1;
        if self.until_look == 0 {
            self.opened.cancel.check("reading state")?;
            self.until_look = ROWS_BETWEEN_LOOKS;
        }
        self.until_look -= 1;
        let at = Some((place.operator.id, place.subtask, row.key_group));
        if self.at != at {
            self.at = at;
            if let Some(steps) = self.steps {
                steps.done(&format!("{} rows", units::count(self.rows)));
            }
        }
        Ok(())
    }
}

impl Visit for Reading<'_> {
    fn states(
        &mut self,
        operator: &Operator,
        _: u32,
        states: &[State],
    ) -> alluvium_flink::Result<()> {
        let looked = self.opened.cancel.check("reading state");
        let result = looked.map_err(Into::into);
        let result = result.and_then(|()| self.take.states(operator, states));
        self.keep(result)
    }

    fn row(&mut self, place: &Place<'_>, row: &Row) -> alluvium_flink::Result<ControlFlow<()>> {
        let looked = self.look(place, row);
        let result = looked.and_then(|()| self.take.row(place, row));
        self.keep(result)
    }

    fn look(&mut self) -> alluvium_flink::Result<()> {
        let looked = self.opened.cancel.check("reading state");
        self.keep(looked.map_err(Into::into))
    }

    fn problem(&mut self, problem: &Problem) {
        if self.tells_problems {
            output::note(&format!("problem: {problem}"));
        }
    }
}
