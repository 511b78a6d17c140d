//! Keyed state of a Flink job, brought into an Alluvium savepoint.
//!
//! ```text
//! Snapshot ──► describe ──► plan ──► scan ──► load ──► backend over RocksDB ──► SavepointFolder::write
//!                           what becomes of each state   sorts, within its memory budget
//! ```
//!
//! [`plan()`] decides without reading a row. Keys, namespaces and map keys are written by Alluvium's order-preserving codecs; values
//! stay the bytes that Flink wrote, or are decoded and written anew ([`Values`]).
//!
//! Invariants: there is a savepoint when every chosen row was taken, and nothing otherwise; memory is that of the backend and one row.

mod access_clock;
mod load;
mod plan;
mod shape;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use alluvium::environment::Environment;
use alluvium::savepoint::SavepointFolder;
use alluvium::storage::Cancel;
use alluvium::{Builder, Progress, Ttl};
use alluvium_protocol::key_group::MaxParallelism;
use alluvium_protocol::manifest::CheckpointId;
use alluvium_rocksdb::{RocksOptions, RocksStoreFactory};

use self::access_clock::AccessClock;
use self::load::Load;
use crate::error::{Error, Result};
use crate::metadata::OperatorId;
use crate::scan::{Selection, State, describe, scan};
use crate::snapshot::Snapshot;

pub(crate) use plan::without_time;
pub use plan::{Plan, PlannedState, plan};
pub use shape::shape_of;
pub(crate) use shape::{Form, key_shape, value_shape};

/// What the values of the imported states are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "each is another codec")]
pub enum Values {
    /// The bytes that Flink wrote: the codec [`Flink`](crate::codec::Flink), or
    /// [`Bytes`](alluvium::codec::Bytes) where no type of Rust has them.
    #[default]
    Flink,
    /// Decoded, and written as [`Postcard`](alluvium::codec::Postcard) does.
    Postcard,
    /// Decoded, and written as [`MsgPackNamed`](alluvium::codec::MsgPackNamed) does.
    MsgPack,
}

/// Which key groups the rows are in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is no third way")]
pub enum KeyGroups {
    /// Flink's: the job is keyed by [`Java<K>`](crate::codec::Java), and its state can go back.
    #[default]
    Keep,
    /// Alluvium's own: the job is keyed by `K`.
    Recompute,
}

/// What is imported, and how.
#[derive(Debug, Clone, Default)]
#[expect(clippy::exhaustive_structs, reason = "callers build it")]
pub struct Import {
    /// The operator: its uid, id (32 hexadecimal digits) or name.
    pub operator: String,
    /// Names of states; all of the operator's if there are none.
    pub states: Vec<String>,
    /// New names, by the names that the states have in Flink.
    pub renames: BTreeMap<String, String>,
    /// How long the values of a state live after the last access that Flink recorded, by its name in Flink. Of other states with a
    /// time to live in Flink, which does not record how long, the times of access are dropped.
    pub lifetimes: BTreeMap<String, Ttl>,
    /// States whose map values may be null: they become options.
    pub nullable: BTreeSet<String>,
    /// States without a null in any field of their objects: fields become plain types instead of options.
    pub not_null: BTreeSet<String>,
    /// What values become.
    pub values: Values,
    /// Which key groups rows are in.
    pub key_groups: KeyGroups,
    /// The job that the savepoint is of; the operator's label if there is none.
    pub job: Option<String>,
}

/// What an import did.
#[derive(Debug)]
#[non_exhaustive]
pub struct Imported {
    /// What became of each state.
    pub plan: Plan,
    /// The job that the savepoint is of.
    pub job: String,
    /// The number of key groups.
    pub max_parallelism: MaxParallelism,
    /// Rows of each state (list elements, map entries and timers each count), by its name in Flink.
    pub rows: BTreeMap<String, u64>,
}

/// Imports the keyed state of one operator into a savepoint that is not there yet. `told` hears of the number of rows
/// now and then.
///
/// # Errors
/// As [`plan()`]; `Corrupt` and `Incompatible` when a row cannot be read, or not be written as planned: the message names the state and what to
/// choose instead; `Cancelled` soon after `cancel` is set; `Unavailable` when storage or this machine fail. There is no savepoint
/// then.
pub fn import(
    snapshot: &Snapshot,
    import: &Import,
    to: &SavepointFolder,
    cancel: &Cancel,
    told: &mut dyn FnMut(u64),
) -> Result<Imported> {
    if to.find()?.is_some() {
        return Err(to.taken().into());
    }
    let operator = snapshot.operator(&import.operator)?;
    let max_parallelism = operator.max_parallelism;
    let plan = plan(&states_of(snapshot, operator.id, import)?, import)?;
    let job = import.job.clone().unwrap_or_else(|| operator.label());

    let directory =
        tempfile::tempdir().map_err(|error| Error::io("make a temporary directory", error))?;
    let factory = RocksStoreFactory::new(RocksOptions::default())?;
    let clock = Arc::new(AccessClock::new());
    let environment = Environment {
        clock: Arc::<AccessClock>::clone(&clock),
        ..Environment::system()
    };
    let mut backend = Builder::new(&job, Arc::new(factory), directory.path().join("state"))
        .max_parallelism(max_parallelism)
        .key_shape(plan.key.clone())
        .environment(environment)
        .open()?;
    let mut load = Load::begin(&mut backend, &plan, max_parallelism, &clock, cancel, told)?;
    let selection = selection(operator.id, import);
    let report = scan(snapshot, &selection, &mut load)?;
    let rows = load.finish(&report)?;
    clock.leave();

    let checkpoint = CheckpointId::new(snapshot.metadata().checkpoint_id);
    let nobody: Arc<dyn Progress> = Arc::new(());
    to.write(&mut backend, checkpoint, BTreeMap::new(), cancel, &nobody)?;
    Ok(Imported {
        plan,
        job,
        max_parallelism,
        rows,
    })
}

fn selection(operator: OperatorId, import: &Import) -> Selection {
    Selection {
        operators: vec![operator.to_string()],
        states: import.states.clone(),
        ..Selection::default()
    }
}

/// The chosen states of all handles: each once.
fn states_of(snapshot: &Snapshot, operator: OperatorId, import: &Import) -> Result<Vec<State>> {
    let (described, report) = describe(snapshot, &selection(operator, import))?;
    if let Some(problem) = report.problems.first() {
        return Err(Error::new(problem.error.kind(), problem.to_string()));
    }
    let mut states: Vec<State> = Vec::new();
    for state in described.into_iter().flat_map(|handle| handle.states) {
        match states.iter().find(|known| known.name == state.name) {
            None => states.push(state),
            Some(known) if same(known, &state) => {}
            Some(_) => {
                return Err(Error::unknown(format!(
                    "subtasks have other serializers of state {}: let Flink take one more savepoint of the job",
                    state.name
                )));
            }
        }
    }
    Ok(states)
}

fn same(one: &State, other: &State) -> bool {
    one.kind == other.kind
        && one.key == other.key
        && one.namespace == other.namespace
        && one.value == other.value
        && one.map_key == other.map_key
}
