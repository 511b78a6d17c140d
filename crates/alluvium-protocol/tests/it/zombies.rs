//! Attempts that sleep at the worst moments cannot fork a job's history.
//!
//! A simulation: executions of a job start, commit, and delete old records, one small step at a time and in
//! any interleaving, each acting on the log as it last read it. An execution that is not stepped for a while
//! is one that was suspended, and wakes up to records and holes it knows nothing of. Every commit remembers
//! the checkpoint that its execution's state came from; in the log, each checkpoint that counts must come
//! from the one before it.
//!
//! A put may also arrive twice: whoever saw no answer sends it again, and the first, which was on its way all the
//! while, arrives when its record has long been deleted. A checkpoint that was dropped must not exist again.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use alluvium_protocol::catalog::{Commit, Fence, Record};
use alluvium_protocol::manifest::Manifest;
use alluvium_protocol::plan::commit::{
    CommitPlan, Confirmed, Settled, confirm, plan_commit, plan_fence, settle,
};
use alluvium_protocol::plan::log::Log;
use alluvium_protocol::plan::retention::{RetentionPlan, divide, plan_retention};
use proptest::prelude::*;

use crate::samples::{self, groups, id, manifest_ref};

/// The log's objects, and what the simulation knows of each commit.
#[derive(Default)]
struct World {
    records: BTreeMap<u64, Record>,
    /// Of each commit's nonce, the nonce of the checkpoint that its state came from.
    parents: BTreeMap<u128, Option<u128>>,
    nonces: u128,
    /// All that was ever put: what may arrive once more.
    puts: Vec<Record>,
    /// Places that were ever deleted: that may arrive once more too.
    deletes: Vec<u64>,
    /// Nonces of the checkpoints that retention dropped.
    dropped: BTreeSet<u128>,
}

impl World {
    fn log(&self) -> Log {
        Log::read(self.records.values().cloned().collect())
    }

    fn nonce(&mut self) -> u128 {
        self.nonces += 1;
        self.nonces
    }

    /// Puts if absent; the answer is what is found there.
    fn put(&mut self, record: &Record) -> Settled {
        self.puts.push(record.clone());
        self.arrive(record)
    }

    fn delete(&mut self, sequence: u64) {
        self.deletes.push(sequence);
        self.records.remove(&sequence);
    }

    /// A change that was made arrives once more, and nobody hears the answer.
    fn echo(&mut self, which: usize) {
        let which = which % (self.puts.len() + self.deletes.len()).max(1);
        if let Some(record) = self.puts.get(which).cloned() {
            self.arrive(&record);
        } else if let Some(sequence) = self.deletes.get(which - self.puts.len()) {
            self.records.remove(sequence);
        }
    }

    fn arrive(&mut self, record: &Record) -> Settled {
        let Some(nonce) = record.nonce() else {
            // A cut is put whatever is there.
            self.records.insert(record.sequence(), record.clone());
            return Settled::Ours;
        };
        let found = self
            .records
            .entry(record.sequence())
            .or_insert_with(|| record.clone());
        settle(nonce, Some(found))
    }

    fn assert_one_history(&self) {
        let log = self.log();
        let checkpoints: Vec<_> = log.checkpoints().collect();
        for commit in &checkpoints {
            assert!(
                !self.dropped.contains(&commit.nonce),
                "record {} was deleted",
                commit.sequence
            );
        }
        for pair in checkpoints.windows(2) {
            assert_eq!(
                self.parents[&pair[1].nonce],
                Some(pair[0].nonce),
                "record {} does not come from record {}",
                pair[1].sequence,
                pair[0].sequence
            );
        }
    }
}

/// One execution of the job, between two of its steps.
enum Execution {
    Read(Log),
    PutFence(Fence),
    ConfirmFence(Fence),
    Run(Running),
    Commit(Running, Log),
    ConfirmCommit(Running, Commit),
    /// What retention plans, and the checkpoints that it drops.
    Cut(Running, RetentionPlan, Vec<u128>),
    Delete(Running, Vec<String>),
    Stopped,
}

#[derive(Clone)]
struct Running {
    attempt: u64,
    fence_sequence: u64,
    /// The checkpoint that its state came from.
    parent: Option<u128>,
}

impl Execution {
    fn step(self, world: &mut World, keep: NonZeroUsize) -> Self {
        match self {
            Self::Read(log) => {
                let nonce = world.nonce();
                Self::PutFence(plan_fence("flights", nonce, 0, &log).unwrap())
            }
            Self::PutFence(fence) => match world.put(&Record::Fence(fence.clone())) {
                Settled::Ours => Self::ConfirmFence(fence),
                Settled::Lost { .. } | Settled::Retry => Self::Read(world.log()),
            },
            Self::ConfirmFence(fence) => {
                let log = world.log();
                match confirm(fence.attempt, fence.sequence, &log) {
                    Confirmed::Fenced { .. } => Self::Stopped,
                    Confirmed::Counts => Self::Run(Running {
                        attempt: fence.attempt,
                        fence_sequence: fence.sequence,
                        parent: log.latest().map(|commit| commit.nonce),
                    }),
                }
            }
            Self::Run(running) => Self::Commit(running, world.log()),
            Self::Commit(running, log) => running.commit(&log, world),
            Self::ConfirmCommit(running, commit) => running.confirm(&commit, world, keep),
            Self::Cut(running, plan, dropped) => {
                if let Some(cut) = plan.cut {
                    world.put(&Record::Cut(cut));
                }
                world.dropped.extend(dropped);
                Self::Delete(running, plan.records)
            }
            Self::Delete(running, mut records) => {
                if records.is_empty() {
                    return Self::Run(running);
                }
                let name = records.remove(0);
                let sequence: u64 = name.trim_start_matches("commits/").parse().unwrap();
                world.delete(sequence);
                Self::Delete(running, records)
            }
            Self::Stopped => Self::Stopped,
        }
    }
}

impl Running {
    fn commit(self, log: &Log, world: &mut World) -> Execution {
        let next = log.latest().map_or(0, |latest| latest.checkpoint.get()) + 1;
        let mut commit = Commit {
            attempt: self.attempt,
            fence_sequence: self.fence_sequence,
            nonce: world.nonce(),
            checkpoint: id(next),
            manifests: vec![manifest_ref(next, 0, groups(0, 127))],
            ..samples::commit()
        };
        match plan_commit(&commit, &BTreeSet::new(), log).unwrap() {
            CommitPlan::Append { sequence } => commit.sequence = sequence,
            CommitPlan::Fenced { .. } | CommitPlan::BaseGone { .. } => return Execution::Stopped,
        }
        match world.put(&Record::Commit(commit.clone())) {
            Settled::Ours => {
                world.parents.insert(commit.nonce, self.parent);
                Execution::ConfirmCommit(self, commit)
            }
            Settled::Lost { .. } | Settled::Retry => Execution::Run(self),
        }
    }

    fn confirm(self, commit: &Commit, world: &World, keep: NonZeroUsize) -> Execution {
        let log = world.log();
        match confirm(commit.attempt, commit.sequence, &log) {
            Confirmed::Fenced { .. } => Execution::Stopped,
            Confirmed::Counts => {
                assert_eq!(log.latest().map(|latest| latest.nonce), Some(commit.nonce));
                let manifests: BTreeMap<String, Manifest> = log
                    .checkpoints()
                    .flat_map(|commit| &commit.manifests)
                    .map(|part| (part.object.clone(), samples::manifest()))
                    .collect();
                let plan = plan_retention(&log, keep, &manifests).unwrap();
                let running = Self {
                    parent: Some(commit.nonce),
                    ..self
                };
                let dropped = divide(&log, keep).dropped.into_iter();
                Execution::Cut(running, plan, dropped.map(|it| it.nonce).collect())
            }
        }
    }
}

/// Sometimes one of the puts that were made.
fn echo() -> impl Strategy<Value = Option<usize>> {
    proptest::option::weighted(0.3, 0usize..1000)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn every_counting_checkpoint_comes_from_the_one_before(
        // Runs of steps of one execution: long ones make others sleep for long.
        turns in prop::collection::vec((0usize..5, 1usize..30, echo()), 1..40),
        keep in 1usize..3,
    ) {
        let keep = NonZeroUsize::new(keep).unwrap();
        let mut world = World::default();
        let mut executions: Vec<Option<Execution>> = (0..5).map(|_| None).collect();
        for (which, steps, echo) in turns {
            if let Some(put) = echo {
                world.echo(put);
                world.assert_one_history();
            }
            for _ in 0..steps {
                let execution = executions[which].take().unwrap_or_else(|| Execution::Read(world.log()));
                executions[which] = match execution.step(&mut world, keep) {
                    Execution::Stopped => None, // Its place is taken by a new execution.
                    execution => Some(execution),
                };
                world.assert_one_history();
            }
        }
    }
}
