//! What becomes of the operators of a snapshot, decided from its metadata alone.
//!
//! Leaves the states of operators to `states`, because their names are in the files.

use std::collections::{BTreeMap, BTreeSet};

use alluvium_protocol::key_group::{KeyGroupRange, MaxParallelism};

use super::keys::KeyFilter;
use super::rows;
use super::states::StateChanges;
use crate::error::{Error, Result};
use crate::metadata::{KeyedHandle, Operator, OperatorId, Subtask, Subtasks, Version};
use crate::snapshot::Snapshot;

/// What is changed when a snapshot is rewritten. Nothing, unless it is asked for.
#[derive(Debug, Clone, Default)]
#[expect(clippy::exhaustive_structs, reason = "callers build it")]
pub struct Rewrite {
    /// Operators, by uid, id or name, and their new uids (or ids of 32 hexadecimal digits).
    pub rename_operators: Vec<(String, String)>,
    /// States that get another name.
    pub rename_states: Vec<StateRename>,
    /// States that are left out: operator and state.
    pub drop_states: Vec<(String, String)>,
    /// Operators that are left out.
    pub drop_operators: Vec<String>,
    /// How many key groups there are to be, of all operators. Keys are dealt anew, by the hash that Java has for them.
    pub max_parallelism: Option<MaxParallelism>,
    /// How many subtasks operators with keyed state are to have. Flink deals the key groups itself when it restores, so that this
    /// is of use to have files of another size. Operators with operator state keep theirs.
    pub parallelism: Option<u32>,
    /// Which keys stay.
    pub keys: Option<KeyFilter>,
    /// The version of the metadata that is written; without it that of the snapshot, and V4 at the least.
    pub version: Option<Version>,
}

/// Another name of a state.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "callers build it")]
pub struct StateRename {
    /// The operator by uid, id or name.
    pub operator: String,
    /// The name it has.
    pub from: String,
    /// The name it gets.
    pub to: String,
}

/// What becomes of one operator.
#[derive(Debug)]
pub(super) struct OperatorPlan<'s> {
    pub(super) operator: &'s Operator,
    pub(super) uid: Option<String>,
    pub(super) id: OperatorId,
    pub(super) parallelism: u32,
    pub(super) max_parallelism: MaxParallelism,
    pub(super) states: StateChanges,
    /// Whether rows are looked at one by one to see whether they stay.
    pub(super) is_filtered: bool,
    /// The key groups of each subtask that has keyed state to be written, if there is any.
    pub(super) keyed: Vec<(u32, KeyGroupRange)>,
}

impl OperatorPlan<'_> {
    /// Whether keys go to other key groups.
    pub(super) fn is_dealt_anew(&self) -> bool {
        self.max_parallelism != self.operator.max_parallelism
    }

    /// Whether subtasks have other key groups than they had.
    pub(super) fn moves(&self) -> bool {
        self.is_dealt_anew() || self.parallelism != self.operator.parallelism
    }

    /// Names are made of ids, so that they are the same each time and fit everywhere.
    pub(super) fn file_name(&self, what: &str, subtask: u32) -> String {
        format!("{}-{what}-{subtask}", self.id)
    }
}

/// Decides what becomes of each operator; those that are dropped are not among them.
///
/// # Errors
/// `Invalid` when the metadata has no such operator, two would have one id, or parallelisms do not fit; `Incompatible` when there is state that a
/// canonical savepoint cannot hold, or that cannot be changed as asked.
pub(super) fn plan<'s>(snapshot: &'s Snapshot, rewrite: &Rewrite) -> Result<Vec<OperatorPlan<'s>>> {
    let named = Named::find(snapshot, rewrite)?;
    let mut plans = Vec::new();
    let mut ids = BTreeMap::new();
    for operator in snapshot.operators() {
        if named.dropped.contains(&operator.id) {
            continue;
        }
        let plan = of_operator(operator, rewrite, &named)?;
        if let Some(other) = ids.insert(plan.id, operator.label()) {
            return Err(Error::invalid(format!(
                "operators {other} and {} would both have the id {}",
                operator.label(),
                plan.id
            )));
        }
        plans.push(plan);
    }
    Ok(plans)
}

/// The operators that were named, by their ids.
#[derive(Default)]
struct Named {
    renamed: BTreeMap<OperatorId, String>,
    dropped: BTreeSet<OperatorId>,
    states: BTreeMap<OperatorId, StateChanges>,
    filtered: BTreeSet<OperatorId>,
}

impl Named {
    fn find(snapshot: &Snapshot, rewrite: &Rewrite) -> Result<Self> {
        let mut found = Self::default();
        let id = |named: &str| snapshot.operator(named).map(|operator| operator.id);
        for (operator, to) in &rewrite.rename_operators {
            if found.renamed.insert(id(operator)?, to.clone()).is_some() {
                return Err(Error::invalid(format!(
                    "operator {operator} is renamed twice"
                )));
            }
        }
        for operator in &rewrite.drop_operators {
            found.dropped.insert(id(operator)?);
        }
        for StateRename { operator, from, to } in &rewrite.rename_states {
            if to.is_empty() || to == "default" {
                return Err(Error::invalid(format!(
                    "a state cannot be called {to:?}, which is RocksDB's own"
                )));
            }
            let changes = found.states.entry(id(operator)?).or_default();
            if changes.renamed.insert(from.clone(), to.clone()).is_some() {
                return Err(Error::invalid(format!(
                    "state {operator}/{from} is renamed twice"
                )));
            }
        }
        for (operator, state) in &rewrite.drop_states {
            let changes = found.states.entry(id(operator)?).or_default();
            changes.dropped.insert(state.clone());
        }
        if let Some(filter) = &rewrite.keys {
            for operator in filter.operators() {
                found.filtered.insert(id(operator)?);
            }
            if filter.operators().is_empty() {
                found.filtered = snapshot
                    .operators()
                    .iter()
                    .map(|operator| operator.id)
                    .collect();
            }
        }
        Ok(found)
    }
}

fn of_operator<'s>(
    operator: &'s Operator,
    rewrite: &Rewrite,
    named: &Named,
) -> Result<OperatorPlan<'s>> {
    let (uid, id) = match named.renamed.get(&operator.id) {
        None => (operator.uid.clone(), operator.id),
        Some(to) => match to.parse() {
            Ok(id) => (None, id),
            Err(_) => (Some(to.clone()), OperatorId::of_uid(to)),
        },
    };
    let states = || {
        operator
            .subtasks()
            .iter()
            .filter_map(|subtask| subtask.state.as_ref())
    };
    let has_keyed =
        states().any(|state| state.keyed_managed.is_some() || state.keyed_raw.is_some());
    let has_operator_state =
        states().any(|state| state.operator_managed.is_some() || state.operator_raw.is_some());
    let max_parallelism = rewrite.max_parallelism.unwrap_or(operator.max_parallelism);
    let wanted = rewrite
        .parallelism
        .filter(|_| has_keyed && !has_operator_state);
    let parallelism = wanted.unwrap_or(operator.parallelism);
    let label = operator.label();
    if parallelism == 0 || parallelism > u32::from(max_parallelism.get()) {
        return Err(Error::invalid(format!(
            "operator {label} has parallelism {parallelism}, and would have {max_parallelism} key groups: each subtask needs one"
        )));
    }
    let mut plan = OperatorPlan {
        operator,
        uid,
        id,
        parallelism,
        max_parallelism,
        states: named.states.get(&operator.id).cloned().unwrap_or_default(),
        is_filtered: has_keyed && named.filtered.contains(&operator.id),
        keyed: Vec::new(),
    };
    for subtask in operator.subtasks() {
        refuse(&plan, subtask)?;
    }
    plan.keyed = keyed(&plan)?;
    Ok(plan)
}

/// The key groups of the subtasks that are written: as they are, unless there are other key groups or subtasks.
fn keyed(plan: &OperatorPlan<'_>) -> Result<Vec<(u32, KeyGroupRange)>> {
    let Subtasks::Of(subtasks) = &plan.operator.subtasks else {
        return Ok(Vec::new());
    };
    let handles = subtasks.iter().filter_map(|subtask| {
        let state = subtask.state.as_ref()?;
        // Of what is not managed, timers become keyed state.
        let handle = state.keyed_managed.as_ref().or(state.keyed_raw.as_ref())?;
        Some((subtask.index, handle.key_groups()?))
    });
    let mut kept: Vec<_> = handles.collect();
    if kept.is_empty() || !plan.moves() {
        kept.sort_by_key(|(_, range)| range.first());
        return Ok(kept);
    }
    let all = 0..plan.parallelism;
    all.map(|subtask| {
        let range = plan.max_parallelism.range_of(subtask, plan.parallelism);
        let range = range.map_err(|error| Error::invalid(error.to_string()).with_source(error))?;
        Ok((subtask, range))
    })
    .collect()
}

/// What a canonical savepoint cannot hold, and what cannot be changed as asked.
fn refuse(plan: &OperatorPlan<'_>, subtask: &Subtask) -> Result<()> {
    let whose = whose(plan.operator, subtask.index);
    let Some(state) = &subtask.state else {
        if plan.moves()
            && !plan
                .operator
                .subtasks()
                .iter()
                .all(|subtask| subtask.state.is_none())
        {
            return Err(Error::unknown(format!(
                "{whose} had come to its end, so that its key groups cannot be given to others"
            )));
        }
        return Ok(());
    };
    if !state.inputs.is_empty() || !state.outputs.is_empty() {
        return Err(Error::unknown(format!(
            "{whose} has records in flight, of an unaligned checkpoint: no savepoint holds them, and they fit the job's \
             channels only as they are. Take a savepoint with Flink"
        )));
    }
    match &state.keyed_managed {
        Some(KeyedHandle::Changelog(changelog)) if changelog.changes.is_empty() => Ok(()),
        Some(KeyedHandle::KeyGroups(_) | KeyedHandle::Incremental(_)) | None => Ok(()),
        Some(handle) => Err(rows::changes(handle, &whose)),
    }
}

/// Whose state it is, for messages.
pub(super) fn whose(operator: &Operator, subtask: u32) -> String {
    format!("operator {}, subtask {subtask}", operator.label())
}
