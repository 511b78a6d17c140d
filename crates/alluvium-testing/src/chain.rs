//! Chains: the whole life of a job, with a crash at any operation, and everything in storage checked all the way.
//!
//! Where a [trial](crate::trial) asks whether state survives what an engine may do, a chain asks it of what
//! the world may do besides. A chain is a list of [`Step`]s: operations on every kind of state; checkpoints,
//! several in flight, uploaded, committed, told, aborted in any order, late, twice or never; retention and sweeps; and
//! failures: the process dies at the k-th operation on storage, before it takes effect, after it, or with the effect
//! still to come; machines are lost; local copies are deleted, cut short, changed; crashed openings leave half-written
//! files behind; the restore that follows dies or is cancelled as well; the old process goes on as a zombie. The job
//! goes on from its newest checkpoint, an older one or a savepoint, at any parallelism.
//!
//! Checked, besides the [oracle](crate::oracle) of what was restored and of what came after:
//! - after every step, every checkpoint that the log has is whole: its manifests and files are there, with the length
//!   and checksum that they should have;
//! - a checkpoint that was reported committed is still there after a failure, or a newer one is;
//! - after a sweep there is no orphan, and a retention keeps as many checkpoints as it was told;
//! - a cancelled restore says so; nothing is left in a working directory once its backend is gone.
//!
//! # Going on from an older checkpoint
//!
//! Any checkpoint of the log may be restored by a new attempt. Nothing is taken out of the log: numbers go on above
//! the newest, and the attempt's first checkpoint has the restored one as its base, which is
//! retained until then, as retention runs after commits. With that commit the newer ones become history that
//! retention drops in its turn. Until that commit the newest is still the newest: if the attempt fails before it,
//! whoever recovers has to say again that it shall be the older one.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a chain panics where it finds a bug"
)]

use std::sync::Arc;

use alluvium::store::StoreFactory;

pub use crate::trial::{Fate, Operation};
pub use connection::Effect;
pub use steps::chain;

mod checks;
mod connection;
mod job;
mod life;
mod machines;
mod objects;
mod seeds;
mod steps;
mod surroundings;

/// A job's life. Any list of steps is a legal one, so that a failing chain can be shrunk.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "tests write chains out")]
pub struct Chain {
    /// What all random names of the chain are drawn from.
    pub names: u64,
    /// Subtasks that the job begins with, from 1 to 5.
    pub parallelism: u32,
    /// The write buffer's budget, in bytes: a tiny one flushes all the time.
    pub memory_budget_bytes: usize,
    /// Files that are moved at the same time. With 1 the order of operations is the same in every run.
    pub transfer_threads: usize,
    /// What happens.
    pub steps: Vec<Step>,
}

/// One thing that happens in a chain. Where it picks one of several things, it does so modulo their number.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_enums, reason = "a chain carries out each")]
pub enum Step {
    /// Operations on the state of keys.
    Operate(Vec<(u16, Operation)>),
    /// Event time goes on by so much, and timers fire.
    Advance(i64),
    /// All state of all keys is compared.
    Compare,
    /// A whole checkpoint, from the barrier to its fate.
    Checkpoint {
        /// Full instead of incremental.
        full: bool,
        /// What becomes of it.
        fate: Fate,
    },
    /// A checkpoint is prepared, and is in flight from here on.
    Prepare {
        /// Full instead of incremental.
        full: bool,
    },
    /// The snapshots of a checkpoint in flight are uploaded.
    Upload(u8),
    /// The upload of a checkpoint in flight is cancelled at its n-th operation.
    Cancel(u8, u8),
    /// A checkpoint in flight that is uploaded is committed.
    Commit(u8),
    /// The backends are told that one of this attempt's checkpoints is complete, be it for the third time.
    Tell(u8),
    /// The backends are told of a checkpoint that they know nothing of.
    TellUnknown {
        /// That it is complete instead of aborted.
        complete: bool,
    },
    /// A checkpoint in flight is given up.
    Abort(u8),
    /// All but the newest checkpoints are dropped; one to three stay.
    Retain(u8),
    /// A savepoint is taken.
    Savepoint,
    /// Orphans are deleted, except those that are younger than the oldest checkpoint in flight.
    Sweep,
    /// Storage fails once, at the n-th operation from now, and the process goes on.
    Hiccup(u8, Effect),
    /// The process dies at the n-th operation from now, or at once; then the job recovers.
    Die(Option<(u8, Effect)>, Recovery),
    /// What an older process that was not dead tries.
    Zombie(ZombieAct),
}

/// How a job goes on after a failure.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "tests write chains out")]
pub struct Recovery {
    /// Subtasks that it goes on with, from 1 to 5.
    pub parallelism: u32,
    /// What it goes on from.
    pub source: Source,
    /// Which of the two machines are lost, and all that is on them.
    pub lost: [bool; 2],
    /// What befell the local copies that are left: which file, and how.
    pub damage: Vec<(u16, Damage)>,
    /// Whether the working directories still have what the dead process had there, some of it half-written.
    pub leftovers: bool,
    /// The recovery is interrupted at its n-th operation, and made again.
    pub interrupted: Option<(u8, Interruption)>,
    /// Whether the process that is replaced is still there, cut off from its machines.
    pub zombie: bool,
}

impl Recovery {
    /// From the newest checkpoint, and nothing else happened.
    #[must_use]
    pub const fn plain(parallelism: u32) -> Self {
        Self {
            parallelism,
            source: Source::Newest,
            lost: [false; 2],
            damage: Vec::new(),
            leftovers: false,
            interrupted: None,
            zombie: false,
        }
    }
}

/// What a job goes on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a chain carries out each")]
pub enum Source {
    /// The newest checkpoint.
    Newest,
    /// One of the checkpoints that are retained.
    Retained(u8),
    /// The newest savepoint, if there is any.
    Savepoint,
}

/// What befalls a file of a local copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a chain carries out each")]
pub enum Damage {
    /// It is gone.
    Lost,
    /// It has only its first half.
    Truncated,
    /// One bit of it is another.
    Flipped,
    /// It has some bytes more.
    Longer,
    /// One bit of it is another, and nothing tells that it was written: the disk forgot. A restore may link it; a store that
    /// meets it says so, and the job fails once for it.
    Rotten,
}

/// What happens to a recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a chain carries out each")]
pub enum Interruption {
    /// Its process dies.
    Dies(Effect),
    /// Somebody cancels the restore.
    Cancelled,
}

/// What a zombie tries. None of it may succeed, or do harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a chain carries out each")]
pub enum ZombieAct {
    /// To take a whole checkpoint.
    Checkpoint,
    /// To commit, or give up, what it had in flight.
    Finish,
    /// To drop old checkpoints.
    Retain,
}

/// Runs random chains on the stores of `factory`: `ALLUVIUM_CHAINS` of them, or `default`. Prints the seed they are drawn
/// from, which `ALLUVIUM_SEED` sets. A chain that fails is shrunk and printed with a seed of its own.
///
/// # Panics
/// When a chain fails, or one of the variables is not a number.
pub fn check(factory: &dyn Fn() -> Arc<dyn StoreFactory>, default: u32) {
    seeds::check(factory, default);
}

/// Runs one chain.
///
/// # Panics
/// When it fails.
pub fn run(factory: Arc<dyn StoreFactory>, chain: &Chain) {
    job::Job::run(factory, chain);
}
