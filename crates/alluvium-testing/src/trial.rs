//! Trials: a job that lives through anything, compared with the [`Oracle`](crate::oracle::Oracle) all the way.
//!
//! A trial is a list of [`Step`]s: operations on every kind of state, checkpoints whose completion is told,
//! told late, never told or turned into an abort, savepoints, and failures after which the job goes on
//! from a checkpoint or a savepoint at another parallelism, with or without its local
//! copies, and with a newer version of its types. Any list of steps is a legal one, so that a failing list can be shrunk.
//!
//! The job is a set of [`Backend`](alluvium::Backend)s driven by hand: what an engine does with threads
//! and networks is the engine's to test.

use proptest::prelude::*;

pub use crate::chain::Source;
use crate::oracle::Window;

pub(crate) mod evolving;
mod job;
mod large;
pub(crate) mod operations;
mod versions;

pub use evolving::{Change, Migration};
pub use job::Trial;
pub use large::Sweep;

/// Key groups of a trial's job: few, so that backends of eight subtasks are cheap, and not a multiple of
/// most parallelisms.
pub const MAX_PARALLELISM: u32 = 20;

/// The keys of a trial: few, so that operations meet what earlier ones left.
const KEYS: std::ops::Range<u16> = 0..6;

/// Those that have large maps: fewer still, so that what is swept away is much.
const LARGE_KEYS: std::ops::Range<u16> = 0..2;

/// One thing that happens to a trial's job.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_enums, reason = "a trial carries out each")]
pub enum Step {
    /// An operation on the state of a key.
    Operate(u16, Operation),
    /// Event time goes on by so much: timers fire, and values with a TTL expire.
    Advance(i64),
    /// All state of all keys is compared.
    Compare,
    /// A checkpoint is taken.
    Checkpoint {
        /// Full instead of incremental.
        full: bool,
        /// What becomes of it.
        fate: Fate,
    },
    /// A savepoint is taken.
    Savepoint,
    /// The job fails and goes on.
    Fail {
        /// Subtasks that it goes on with, from 1 to 8.
        parallelism: u32,
        /// What from.
        source: Source,
        /// Whether the machine with the local copies is lost, too.
        machine_lost: bool,
        /// By how many versions the program is newer now, as far as there are any.
        newer: u32,
        /// What each subtask does with values of older versions, in turn.
        migrations: Vec<Migration>,
    },
}

/// What becomes of a checkpoint whose snapshots are uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a trial carries out each")]
pub enum Fate {
    /// Committed, and the backends are told.
    Completed,
    /// Committed; the backends are told after the next checkpoint was prepared.
    ToldLate,
    /// Committed; the backends are never told.
    NeverTold,
    /// Given up: its objects are deleted and the backends are told.
    Aborted,
    /// Prepared and dropped without an upload.
    Dropped,
}

/// An operation on the state of one key.
#[derive(Debug, Clone)]
#[expect(
    clippy::exhaustive_enums,
    missing_docs,
    reason = "named after what it does"
)]
pub enum Operation {
    SetValue(u32),
    UpdateValue(u32),
    ClearValue,
    SetWindowed(Window, u32),
    ClearWindowed(Window),
    Push(u32),
    PushMany(u32, u16),
    SetList(Vec<u32>),
    ClearList,
    PushWindowed(Window, u32),
    MergeWindows(Window, Vec<Window>),
    Insert(i8, u32),
    Remove(i8),
    ClearMap,
    Add(i64),
    ClearSum,
    Average(i64),
    SetLiving(u32),
    UpdateLiving(u32),
    PushLiving(u32),
    InsertLiving(i8, u32),
    Register(i64),
    Deregister(i64),
    Large(Sweep),
    Evolving(Change),
    Read,
}

fn window() -> impl Strategy<Value = Window> {
    (-2..3_i64).prop_map(|start| (start * 10, start * 10 + 10))
}

pub(crate) fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        1 => any::<u32>().prop_map(Operation::SetValue),
        1 => any::<u32>().prop_map(Operation::UpdateValue),
        1 => Just(Operation::ClearValue),
        1 => (window(), any::<u32>()).prop_map(|(w, v)| Operation::SetWindowed(w, v)),
        1 => window().prop_map(Operation::ClearWindowed),
        4 => any::<u32>().prop_map(Operation::Push),
        // Many times the smallest budget, together.
        1 => (any::<u32>(), 0..3000_u16).prop_map(|(first, many)| Operation::PushMany(first, many)),
        1 => proptest::collection::vec(any::<u32>(), 0..4).prop_map(Operation::SetList),
        1 => Just(Operation::ClearList),
        2 => (window(), any::<u32>()).prop_map(|(w, v)| Operation::PushWindowed(w, v)),
        1 => (window(), proptest::collection::vec(window(), 0..3))
            .prop_map(|(to, from)| Operation::MergeWindows(to, from)),
        4 => (-4..5_i8, any::<u32>()).prop_map(|(k, v)| Operation::Insert(k, v)),
        2 => (-4..5_i8).prop_map(Operation::Remove),
        1 => Just(Operation::ClearMap),
        2 => (-1000..1000_i64).prop_map(Operation::Add),
        1 => Just(Operation::ClearSum),
        2 => (-1000..1000_i64).prop_map(Operation::Average),
        2 => any::<u32>().prop_map(Operation::SetLiving),
        1 => any::<u32>().prop_map(Operation::UpdateLiving),
        3 => any::<u32>().prop_map(Operation::PushLiving),
        3 => (-4..5_i8, any::<u32>()).prop_map(|(k, v)| Operation::InsertLiving(k, v)),
        4 => (0..200_i64).prop_map(Operation::Register),
        1 => (0..200_i64).prop_map(Operation::Deregister),
        8 => evolving::change().prop_map(Operation::Evolving),
        2 => Just(Operation::Read),
    ]
}

pub(crate) fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        5 => Just(Fate::Completed),
        2 => Just(Fate::ToldLate),
        2 => Just(Fate::NeverTold),
        1 => Just(Fate::Aborted),
        1 => Just(Fate::Dropped),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        40 => (KEYS, operation()).prop_map(|(key, op)| Step::Operate(key, op)),
        3 => (LARGE_KEYS, large::sweep())
            .prop_map(|(key, sweep)| Step::Operate(key, Operation::Large(sweep))),
        3 => (1..25_i64).prop_map(Step::Advance),
        1 => Just(Step::Compare),
        5 => (proptest::bool::weighted(0.2), fate())
            .prop_map(|(full, fate)| Step::Checkpoint { full, fate }),
        1 => Just(Step::Savepoint),
        3 => failure(),
    ]
}

fn failure() -> impl Strategy<Value = Step> {
    let source = prop_oneof![
        6 => Just(Source::Newest),
        2 => any::<u8>().prop_map(Source::Retained),
        2 => Just(Source::Savepoint),
    ];
    let newer = prop_oneof![3 => Just(0), 2 => Just(1), 1 => Just(2_u32)];
    let migrations = proptest::collection::vec(evolving::migration(), 1..4);
    let lost = proptest::bool::weighted(0.3);
    (1..=8_u32, source, lost, newer, migrations).prop_map(
        |(parallelism, source, machine_lost, newer, migrations)| Step::Fail {
            parallelism,
            source,
            machine_lost,
            newer,
            migrations,
        },
    )
}

/// Lists of up to `steps_max` steps.
pub fn steps(steps_max: usize) -> impl Strategy<Value = Vec<Step>> {
    proptest::collection::vec(step(), 1..=steps_max)
}

/// The number of trials to run: `ALLUVIUM_TRIALS`, or `default`.
///
/// # Panics
/// When the variable is not a number.
#[must_use]
#[expect(
    clippy::expect_used,
    reason = "a mistyped setting must not run fewer trials"
)]
pub fn trials(default: u32) -> u32 {
    std::env::var("ALLUVIUM_TRIALS").map_or(default, |text| {
        text.parse().expect("ALLUVIUM_TRIALS is a number")
    })
}
