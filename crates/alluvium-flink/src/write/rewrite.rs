//! Makes a canonical savepoint of any snapshot, with changes: carries out what `plan` and `states` have decided.
//!
//! Leaves keyed state to `keyed_state`, and everything else to `carry`.

use alluvium::storage::Watch;

use super::carry::Carrier;
use super::keyed_state::KeyedState;
use super::plan::{OperatorPlan, Rewrite, plan, whose};
use super::replacement::Replacement;
use super::rows::{Raw, raw};
use super::savepoint::Savepoint;
use super::tally::{Rewritten, Tally};
use crate::error::{Error, Result};
use crate::files::Folder;
use crate::metadata::{Metadata, Operator, Properties, Subtask, SubtaskState, Subtasks, Version};
use crate::snapshot::Snapshot;

/// Writes `snapshot` as a canonical savepoint into `folder`, which must not be there or be empty: a path, or a folder of an object store.
/// `watch` is told of bytes of rows, and can stop the work.
///
/// Timers apart from a backend become keyed state, as they are in all canonical savepoints. Operator state, coordinators and master states are carried as they are.
///
/// # Errors
/// `Invalid` when something is to be changed that is not there, or does not fit; `Incompatible` when the snapshot has what a savepoint
/// cannot hold or what is not known well enough to be changed; `Corrupt` and `Unavailable` when it cannot be read; `Cancelled`. Nothing is left in
/// the folder then.
pub fn rewrite(
    snapshot: &Snapshot,
    rewrite: &Rewrite,
    folder: impl Into<Folder>,
    watch: &dyn Watch,
) -> Result<Rewritten> {
    rewrite_into(Savepoint::create(folder)?, snapshot, rewrite, watch, None)
}

/// As [`rewrite`], into a savepoint that was begun, with other state of one operator.
pub(crate) fn rewrite_into<'w>(
    savepoint: Savepoint,
    snapshot: &'w Snapshot,
    rewrite: &'w Rewrite,
    watch: &'w dyn Watch,
    replacement: Option<&'w mut (dyn Replacement + 'w)>,
) -> Result<Rewritten> {
    let plans = plan(snapshot, rewrite)?;
    let source = snapshot.metadata();
    let version = rewrite.version.unwrap_or(source.version).max(Version::V4);
    let mut work = Work {
        snapshot,
        rewrite,
        is_for_other_kryo: is_of_flink_1(source.version) != is_of_flink_1(version),
        savepoint,
        tally: Tally::new(watch),
        replacement,
    };
    let operators = plans.iter().map(|plan| work.operator(plan));
    let operators = operators.collect::<Result<Vec<_>>>()?;
    if let Some(left) = &work.replacement {
        return Err(Error::invalid(format!(
            "operator {} has no keyed state that is left in the snapshot, which does not say how Flink would write it",
            left.operator()
        )));
    }
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
        states: work.tally.states(),
        bytes,
        version,
        operators: metadata.operators.len(),
    })
}

struct Work<'w> {
    snapshot: &'w Snapshot,
    rewrite: &'w Rewrite,
    is_for_other_kryo: bool,
    savepoint: Savepoint,
    tally: Tally<'w>,
    replacement: Option<&'w mut (dyn Replacement + 'w)>,
}

impl Work<'_> {
    fn operator(&mut self, plan: &OperatorPlan<'_>) -> Result<Operator> {
        let before = plan.operator;
        let mut subtasks = before.subtasks.clone();
        if let Subtasks::Of(subtasks) = &mut subtasks {
            for subtask in subtasks.iter_mut() {
                self.carry(plan, subtask)?;
            }
            let keyed = KeyedState {
                files: self.snapshot.files(),
                rewrite: self.rewrite,
                is_for_other_kryo: self.is_for_other_kryo,
                plan,
                savepoint: &mut self.savepoint,
                tally: &mut self.tally,
            };
            for (index, handle) in keyed.write(&mut self.replacement)? {
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
            cancel: self.tally.cancel(),
        }
    }

    /// Carries what is not keyed state, which goes.
    fn carry(&mut self, plan: &OperatorPlan<'_>, subtask: &mut Subtask) -> Result<()> {
        let Some(state) = &mut subtask.state else {
            return Ok(());
        };
        let whose = whose(plan.operator, subtask.index);
        let name = |what: &str| plan.file_name(what, subtask.index);
        let raw = match &state.keyed_raw {
            Some(handle) => raw(self.snapshot.files(), handle, &whose)?,
            None => Raw::Nothing,
        };
        if raw == Raw::Other && (plan.moves() || plan.is_filtered) {
            return Err(Error::unknown(format!(
                "{whose} has keyed state that its program writes by itself, which is only carried as it is: \
                 key groups and keys of this operator cannot be changed"
            )));
        }
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
                .filter(|_| raw == Raw::Other)
                .map(|handle| carrier.raw_keyed(handle, &name("raw-keyed"), &whose))
                .transpose()?,
            inputs: Vec::new(),
            outputs: Vec::new(),
        };
        *state = carried;
        Ok(())
    }
}

/// Flink 1 and 2 have different versions of Kryo.
fn is_of_flink_1(version: Version) -> bool {
    version <= Version::V4
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
