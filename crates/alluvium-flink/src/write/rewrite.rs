//! Makes a canonical savepoint of any snapshot, with changes: carries out what `plan` and `states` have decided.
//!
//! ```text
//! groups as they are:   subtask ──► its key groups ──► rows of the handles that have them ──► file
//! dealt anew:           all handles ──► rows ──► sorted by new key group ──► files
//! ```
//!
//! Memory: the largest row and some buffers, what RocksDB needs for the tables of one subtask, and 64 MiB if rows are sorted, which needs
//! as much room on the savepoint's disk as the operator's rows once more.

use std::path::Path;

use alluvium::storage::Watch;
use alluvium_protocol::key_group::{KeyGroup, KeyGroupRange};

use super::carry::Carrier;
use super::keyed_file::KeyedFile;
use super::keys::{Keys, Verdict};
use super::plan::{OperatorPlan, Rewrite, plan, whose};
use super::rows::{Each, Stored};
use super::savepoint::Savepoint;
use super::sort::{Merged, Sorter};
use super::states::{States, states};
use crate::error::{Error, Result};
use crate::keyed::KeyedMeta;
use crate::keyed::composite::Layout;
use crate::metadata::{
    KeyedHandle, Metadata, Operator, OperatorId, Properties, Subtask, SubtaskState, Subtasks,
    Version,
};
use crate::snapshot::Snapshot;

/// Rows after which it is looked whether the work is to stop.
const ROWS_BETWEEN_LOOKS: u64 = 1024;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rewritten {
    /// The states, in the order of the operators.
    pub states: Vec<RewrittenState>,
    /// Bytes of all files, the metadata included.
    pub bytes: u64,
    /// The version of the metadata.
    pub version: Version,
    /// How many operators there are.
    pub operators: usize,
}

/// What became of one state.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RewrittenState {
    /// What the operator was called: uid, name or id.
    pub operator: String,
    /// What the state was called.
    pub state: String,
    /// What it is called now.
    pub name: String,
    /// Rows that were written: values, whole lists, entries of maps, timers.
    pub rows: u64,
    /// Bytes of their keys and values.
    pub bytes: u64,
    /// Rows that were left out because of their keys.
    pub left_out: u64,
}

/// Writes `snapshot` as a canonical savepoint into `folder`, which must not be there or be empty. `watch` is told of bytes of rows, and can stop
/// the work.
///
/// Operator state, coordinators and master states are carried as they are.
///
/// # Errors
/// `Invalid` when something is to be changed that is not there, or does not fit; `Incompatible` when the snapshot has what a savepoint
/// cannot hold or what is not known well enough to be changed; `Corrupt` and `Unavailable` when it cannot be read; `Cancelled`. Nothing is left in
/// the folder then.
pub fn rewrite(
    snapshot: &Snapshot,
    rewrite: &Rewrite,
    folder: &Path,
    watch: &dyn Watch,
) -> Result<Rewritten> {
    rewrite_replacing(snapshot, rewrite, folder, watch, None)
}

/// Keyed state that takes the place of an operator's.
pub(crate) trait Replacement {
    /// Whose state goes.
    fn operator(&self) -> OperatorId;

    /// Is told once which states are written; rows name them by their position.
    fn states(&mut self, meta: &KeyedMeta) -> Result<()>;

    /// Hands out the rows of a key group: state, composite key and value.
    fn group(&self, group: KeyGroup, each: &mut Each<'_>) -> Result<()>;
}

/// As [`rewrite`], with other state of one operator.
pub(crate) fn rewrite_replacing<'w>(
    snapshot: &'w Snapshot,
    rewrite: &'w Rewrite,
    folder: &Path,
    watch: &'w dyn Watch,
    replacement: Option<&'w mut (dyn Replacement + 'w)>,
) -> Result<Rewritten> {
    let plans = plan(snapshot, rewrite)?;
    let source = snapshot.metadata();
    let version = rewrite.version.unwrap_or(source.version).max(Version::V4);
    let mut work = Work {
        snapshot,
        rewrite,
        watch,
        savepoint: Savepoint::create(folder)?,
        states: Vec::new(),
        rows: 0,
        replacement,
    };
    let operators = plans.iter().map(|plan| work.operator(plan));
    let operators = operators.collect::<Result<Vec<_>>>()?;
    watch.cancel().check("write the savepoint")?;
    let metadata = Metadata {
        version,
        checkpoint_id: source.checkpoint_id,
        masters: source.masters.clone(),
        operators,
        properties: Some(Properties::canonical_savepoint()),
    };
    let bytes = work.savepoint.finish(&metadata)?;
    Ok(Rewritten {
        states: work.states,
        bytes,
        version,
        operators: metadata.operators.len(),
    })
}

struct Work<'w> {
    snapshot: &'w Snapshot,
    rewrite: &'w Rewrite,
    watch: &'w dyn Watch,
    savepoint: Savepoint,
    states: Vec<RewrittenState>,
    rows: u64,
    replacement: Option<&'w mut dyn Replacement>,
}

/// Handles of one operator, and what becomes of their states.
struct Handles<'h> {
    /// Whose each is, for messages, and what it holds.
    stored: &'h [(String, Stored<'h>)],
    states: States,
    /// The first of the operator's states in [`Work::states`].
    first_count: usize,
}

impl Work<'_> {
    fn operator(&mut self, plan: &OperatorPlan<'_>) -> Result<Operator> {
        let before = plan.operator;
        let mut subtasks = before.subtasks.clone();
        if let Subtasks::Of(subtasks) = &mut subtasks {
            for subtask in subtasks.iter_mut() {
                self.carry(plan, subtask)?;
            }
            for (index, handle) in self.keyed(plan)? {
                state_of(subtasks, index)?.keyed_managed = Some(handle);
            }
            // Only of operators without other state is the parallelism changed.
            subtasks.retain(|subtask| subtask.index < plan.parallelism);
            subtasks.sort_by_key(|subtask| subtask.index);
        }
        let coordinator = before.coordinator.as_ref().map(|stream| {
            let whose = format!("the coordinator of operator {}", before.label());
            self.carrier().coordinator(stream, &whose)
        });
        Ok(Operator {
            name: before.name.clone(),
            uid: plan.uid.clone(),
            id: plan.id,
            parallelism: plan.parallelism,
            max_parallelism: plan.max_parallelism,
            coordinator: coordinator.transpose()?,
            subtasks,
        })
    }

    fn carrier(&mut self) -> Carrier<'_> {
        Carrier {
            files: self.snapshot.files(),
            savepoint: &mut self.savepoint,
            cancel: self.watch.cancel(),
        }
    }

    /// Carries what is not managed keyed state, which goes.
    fn carry(&mut self, plan: &OperatorPlan<'_>, subtask: &mut Subtask) -> Result<()> {
        let Some(state) = &mut subtask.state else {
            return Ok(());
        };
        let whose = whose(plan.operator, subtask.index);
        let name = |what: &str| file_name(plan, what, subtask.index);
        let mut carrier = self.carrier();
        let carried = SubtaskState {
            operator_managed: (state.operator_managed.as_ref())
                .map(|handle| carrier.operator_state(handle, &name("operator"), &whose))
                .transpose()?,
            operator_raw: (state.operator_raw.as_ref())
                .map(|handle| carrier.operator_state(handle, &name("raw-operator"), &whose))
                .transpose()?,
            keyed_managed: None,
            keyed_raw: (state.keyed_raw.as_ref())
                .map(|handle| carrier.raw_keyed(handle, &name("raw-keyed"), &whose))
                .transpose()?,
            inputs: Vec::new(),
            outputs: Vec::new(),
        };
        *state = carried;
        Ok(())
    }

    /// Writes the keyed state of an operator: a handle for each subtask that has some.
    fn keyed(&mut self, plan: &OperatorPlan<'_>) -> Result<Vec<(u32, KeyedHandle)>> {
        let mut stored = Vec::new();
        for subtask in plan.operator.subtasks() {
            let handle = subtask
                .state
                .as_ref()
                .and_then(|state| state.keyed_managed.as_ref());
            if let Some(handle) = handle {
                let whose = whose(plan.operator, subtask.index);
                let opened = Stored::open(self.snapshot.files(), handle, &whose)?;
                stored.extend(opened.into_iter().map(|stored| (whose.clone(), stored)));
            }
        }
        let label = plan.operator.label();
        let metas: Vec<&KeyedMeta> = stored.iter().map(|(_, stored)| &stored.meta).collect();
        let Some(states) = states(&label, &metas, &plan.states)? else {
            return Ok(Vec::new());
        };
        let first_count = self.states.len();
        for (name, state) in states.before.iter().zip(&states.meta.states) {
            self.states.push(RewrittenState {
                operator: label.clone(),
                state: name.clone(),
                name: state.name.clone(),
                rows: 0,
                bytes: 0,
                left_out: 0,
            });
        }
        if states.meta.states.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(replacement) = self.replacement.take() {
            if replacement.operator() == plan.operator.id {
                return self.replaced(plan, &states.meta, first_count, replacement);
            }
            self.replacement = Some(replacement);
        }
        let handles = Handles {
            stored: &stored,
            states,
            first_count,
        };
        let mut sorted = if plan.is_dealt_anew() {
            Some(self.sorted(plan, &handles)?)
        } else {
            None
        };
        let mut written = Vec::new();
        for (index, range) in &plan.keyed {
            let name = file_name(plan, "keyed", *index);
            let mut file = self.savepoint.keyed(&name, &handles.states.meta, *range)?;
            match &mut sorted {
                Some(sorted) => self.dealt(sorted, *range, &mut file)?,
                None => self.kept(plan, &handles, *range, &mut file)?,
            }
            written.push((*index, file.finish()?));
        }
        Ok(written)
    }

    /// Writes the state that takes the place of an operator's.
    fn replaced(
        &mut self,
        plan: &OperatorPlan<'_>,
        meta: &KeyedMeta,
        first_count: usize,
        replacement: &mut dyn Replacement,
    ) -> Result<Vec<(u32, KeyedHandle)>> {
        let groups: u32 = plan.keyed.iter().map(|(_, range)| range.len()).sum();
        if groups != u32::from(plan.max_parallelism.get()) {
            return Err(Error::unknown(format!(
                "operator {} has {groups} of {} key groups: a subtask of it had come to its end",
                plan.operator.label(),
                plan.max_parallelism
            )));
        }
        replacement.states(meta)?;
        let mut written = Vec::new();
        for (index, range) in &plan.keyed {
            let name = file_name(plan, "keyed", *index);
            let mut file = self.savepoint.keyed(&name, meta, *range)?;
            for group in range.iter() {
                let mut section = file.group(group)?;
                replacement.group(group, &mut |number, key, value| {
                    self.count(first_count, number, Verdict::Keep, key, value)?;
                    section.row(number, key, value)
                })?;
                section.end()?;
            }
            written.push((*index, file.finish()?));
        }
        Ok(written)
    }

    /// Writes key groups that keep their rows.
    fn kept(
        &mut self,
        plan: &OperatorPlan<'_>,
        handles: &Handles<'_>,
        range: KeyGroupRange,
        file: &mut KeyedFile,
    ) -> Result<()> {
        let max_parallelism = plan.max_parallelism;
        let mut readers = Vec::new();
        for ((whose, stored), numbers) in handles.stored.iter().zip(&handles.states.numbers) {
            if stored.range.intersection(range).is_some() {
                let reader = stored.reader(self.snapshot.files(), whose)?;
                let keys = self.keys(plan, whose, &stored.meta);
                readers.push((stored.range, reader, keys, numbers));
            }
        }
        for group in range.iter() {
            let mut section = file.group(group)?;
            for (range, reader, keys, numbers) in &mut readers {
                if !range.contains(group) {
                    continue;
                }
                reader.group(group, max_parallelism, &mut |state, key, value| {
                    let Some(number) = number(numbers, state)? else {
                        return Ok(());
                    };
                    let verdict = keys.judge(state, key)?;
                    self.count(handles.first_count, number, verdict, key, value)?;
                    match verdict {
                        Verdict::Drop => Ok(()),
                        _ => section.row(number, key, value),
                    }
                })?;
            }
            section.end()?;
        }
        Ok(())
    }

    /// Sorts all rows of an operator by their new key groups.
    fn sorted(&mut self, plan: &OperatorPlan<'_>, handles: &Handles<'_>) -> Result<Merged> {
        let before = plan.operator.max_parallelism;
        let width = Layout::of_timers(before).group_width();
        let layout = Layout::of_timers(plan.max_parallelism);
        let mut sorter = Sorter::new(self.savepoint.folder());
        for ((whose, stored), numbers) in handles.stored.iter().zip(&handles.states.numbers) {
            let reader = stored.reader(self.snapshot.files(), whose)?;
            let mut keys = self.keys(plan, whose, &stored.meta);
            for group in stored.range.iter() {
                reader.group(group, before, &mut |state, key, value| {
                    let Some(number) = number(numbers, state)? else {
                        return Ok(());
                    };
                    let verdict = keys.judge(state, key)?;
                    self.count(handles.first_count, number, verdict, key, value)?;
                    let Verdict::Deal(group) = verdict else {
                        return Ok(());
                    };
                    // All that is behind the key group stays as it is.
                    let rest = key.get(width..).unwrap_or_default();
                    sorter.add(group, number, &[&layout.prefix(group.get())?, rest], value)
                })?;
            }
        }
        sorter.finish()
    }

    /// Writes key groups of sorted rows.
    fn dealt(
        &mut self,
        sorted: &mut Merged,
        range: KeyGroupRange,
        file: &mut KeyedFile,
    ) -> Result<()> {
        while let Some(group) = sorted.group()?.filter(|group| *group <= range.last().get()) {
            let mut section = file.group(KeyGroup::new(group))?;
            while sorted.group()? == Some(group)
                && let Some(row) = sorted.next()?
            {
                section.row(row.state, &row.key, &row.value)?;
                self.look()?;
            }
            section.end()?;
        }
        Ok(())
    }

    fn keys<'k>(&self, plan: &OperatorPlan<'_>, whose: &str, meta: &'k KeyedMeta) -> Keys<'k>
    where
        Self: 'k,
    {
        let filter = self.rewrite.keys.as_ref().filter(|_| plan.is_filtered);
        Keys::new(
            whose,
            meta,
            filter,
            plan.operator.max_parallelism,
            plan.max_parallelism,
        )
    }

    /// Counts a row of the operator whose first state is `first`.
    fn count(
        &mut self,
        first: usize,
        number: u16,
        verdict: Verdict,
        key: &[u8],
        value: &[u8],
    ) -> Result<()> {
        let bytes = (key.len() + value.len()) as u64;
        if let Some(count) = self.states.get_mut(first + usize::from(number)) {
            match verdict {
                Verdict::Drop => count.left_out += 1,
                _ => {
                    count.rows += 1;
                    count.bytes += bytes;
                }
            }
        }
        self.watch.moved(bytes);
        self.look()
    }

    /// Looks now and then whether the work is to stop.
    fn look(&mut self) -> Result<()> {
        self.rows += 1;
        if self.rows.is_multiple_of(ROWS_BETWEEN_LOOKS) {
            self.watch.cancel().check("write the savepoint")?;
        }
        Ok(())
    }
}

/// The number that a handle's state is written with.
fn number(numbers: &[Option<u16>], state: u16) -> Result<Option<u16>> {
    numbers.get(usize::from(state)).copied().ok_or_else(|| {
        Error::corrupt(format!(
            "a row of state {state} of {} states",
            numbers.len()
        ))
    })
}

/// The state of a subtask, which is made if it stored nothing.
fn state_of(subtasks: &mut Vec<Subtask>, index: u32) -> Result<&mut SubtaskState> {
    let nth = subtasks.iter().position(|subtask| subtask.index == index);
    let nth = nth.unwrap_or_else(|| {
        subtasks.push(Subtask {
            index,
            state: Some(SubtaskState::default()),
        });
        subtasks.len() - 1
    });
    let state = subtasks
        .get_mut(nth)
        .and_then(|subtask| subtask.state.as_mut());
    state.ok_or_else(|| Error::invalid(format!("subtask {index} has come to its end")))
}

/// Names are made of ids, so that they are the same each time and fit everywhere.
fn file_name(plan: &OperatorPlan<'_>, what: &str, subtask: u32) -> String {
    format!("{}-{what}-{subtask}", plan.id)
}
