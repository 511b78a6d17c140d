//! The job of a chain: carries steps out, and compares.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use alluvium::Result;
use alluvium::environment::Environment;
use alluvium::protocol::key_group::{KeyHash, MaxParallelism};
use alluvium::protocol::manifest::CheckpointId;
use alluvium::store::StoreFactory;

use super::connection::Failure;
use super::life::{Life, Pick};
use super::machines::Machines;
use super::objects::Objects;
use super::{Chain, Recovery, Step, ZombieAct, checks, steps};
use crate::oracle::Oracle;
use crate::trial::Fate;

mod recovery;

/// The job's name, and its folder in storage.
pub(super) const JOB: &str = "chain";

/// When the last timers have fired.
const END_OF_TIME: i64 = 1_000_000;

/// A job that lives through a chain.
#[derive(Debug)]
pub(super) struct Job<'a> {
    factory: Arc<dyn StoreFactory>,
    chain: &'a Chain,
    max: MaxParallelism,
    objects: Arc<Objects>,
    environment: Environment,
    machines: Machines,
    life: Life,
    /// The last process that was replaced while it was not dead.
    zombie: Option<Life>,
    oracle: Oracle,
    /// State at each barrier, by attempt and checkpoint.
    cuts: BTreeMap<(u64, CheckpointId), Oracle>,
    savepoints: u32,
    savepoint: Option<(String, Oracle)>,
    /// The newest checkpoint that was reported to be committed.
    acknowledged: Option<CheckpointId>,
    /// Whether a store may meet a file that is rotten: what fails then fails for it, once.
    rotten: bool,
    /// How the job recovers from the death that is planned.
    planned: Option<Recovery>,
}

impl<'a> Job<'a> {
    /// Lives through all steps, fails once more, recovers, and cleans up.
    pub(super) fn run(factory: Arc<dyn StoreFactory>, chain: &'a Chain) {
        let mut job = Self::begin(factory, chain);
        for step in &chain.steps {
            job.objects.tick();
            job.step(step);
        }
        job.die(&Recovery {
            leftovers: true,
            ..Recovery::plain(chain.parallelism)
        });
        if let Err(error) = job.advance(END_OF_TIME) {
            job.die_of_rot(&error);
            job.advance(END_OF_TIME).expect("reads timers");
        }
        job.end();
    }

    /// Nothing is left: no orphan in storage, no file in a working directory.
    fn end(mut self) {
        self.zombie = None;
        self.objects.settle();
        self.objects.tick();
        assert!(self.life.sweep(None).expect("sweeps"), "orphans are left");
        checks::no_orphans(&self.objects, self.objects.now_unix_millis());
        let parallelism = self.parallelism();
        drop(self.life);
        for subtask in 0..parallelism {
            let directory = self.machines.working_directory(subtask);
            assert!(!directory.exists(), "{} is left", directory.display());
        }
    }

    fn step(&mut self, step: &Step) {
        if let Step::Die(at, recovery) = step {
            if let Some(planned) = self.planned.take() {
                self.die(&planned);
            }
            match *at {
                None => self.die(recovery),
                Some((at, effect)) => {
                    let dies = Failure::Dies(effect);
                    self.life.connection.plan(u64::from(at), dies);
                    self.planned = Some(recovery.clone());
                }
            }
            return;
        }
        let could_fail = self.life.connection.has_plan();
        let done = self.carry_out(step);
        if self.life.connection.is_dead() {
            let planned = self.planned.take().expect("only planned deaths happen");
            self.die(&planned);
        } else if let Err(error) = done {
            let failed = could_fail && !self.life.connection.has_plan();
            if !failed {
                self.die_of_rot(&error);
            }
        }
        if !matches!(step, Step::Operate(_) | Step::Advance(_) | Step::Compare) {
            checks::intact(&self.objects);
        }
    }

    fn carry_out(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Operate(operations) => {
                for (key, operation) in operations {
                    let owner = self.owner(*key);
                    if let Some((backend, states)) = self.life.subtasks.get_mut(owner) {
                        states.operate(backend, &mut self.oracle, *key, operation)?;
                    }
                }
                Ok(())
            }
            Step::Advance(by) => self.advance(self.oracle.watermark + by),
            Step::Compare => self.compare(),
            Step::Checkpoint { full, fate } => self.checkpoint(*full, *fate),
            Step::Prepare { full } => self.prepare(*full).map(drop),
            Step::Upload(which) => self.life.upload(Pick::Nth(*which), None),
            Step::Cancel(which, at) => self.life.upload(Pick::Nth(*which), Some(*at)),
            Step::Commit(which) => self.commit(Pick::Nth(*which)).map(drop),
            Step::Tell(which) => {
                self.life.tell(*which);
                Ok(())
            }
            Step::TellUnknown { complete } => {
                self.life.tell_unknown(*complete);
                Ok(())
            }
            Step::Abort(which) => self.life.abort(Pick::Nth(*which)),
            Step::Retain(keep) => self.retain(*keep),
            Step::Savepoint => self.take_savepoint(),
            Step::Sweep => self.sweep(),
            Step::Hiccup(at, effect) => {
                // One failure at a time, so that each is told from a bug.
                if !self.life.connection.has_plan() {
                    let fails = Failure::Fails(*effect);
                    self.life.connection.plan(u64::from(*at), fails);
                }
                Ok(())
            }
            Step::Die(..) => Ok(()),
            Step::Zombie(act) => {
                self.wake_zombie(*act);
                Ok(())
            }
        }
    }

    fn parallelism(&self) -> u32 {
        u32::try_from(self.life.subtasks.len()).unwrap_or(1)
    }

    fn owner(&self, key: u16) -> usize {
        let group = self.max.group_of(KeyHash::of(&key.to_be_bytes()));
        usize::try_from(self.max.subtask_of(group, self.parallelism())).unwrap_or(0)
    }

    fn advance(&mut self, watermark: i64) -> Result<()> {
        let mut fired = Vec::new();
        for (backend, states) in &mut self.life.subtasks {
            backend.advance_event_time(watermark);
            while let Some(timer) = backend.due(states.timers, watermark)? {
                fired.push((timer.time, timer.key));
            }
        }
        fired.sort_unstable();
        let due = self.oracle.advance(watermark);
        assert_eq!(fired, due, "timers due at {watermark}");
        Ok(())
    }

    fn compare(&mut self) -> Result<()> {
        for key in steps::KEYS {
            let owner = self.owner(key);
            if let Some((backend, states)) = self.life.subtasks.get_mut(owner) {
                states.compare(backend, &self.oracle, key)?;
            }
        }
        let mut values = BTreeMap::new();
        for (backend, states) in &mut self.life.subtasks {
            states.values(backend, &mut |key, value| {
                let other = values.insert(key, value);
                assert_eq!(other, None, "{key} is in two subtasks");
            })?;
        }
        assert_eq!(values, self.oracle.values, "all values of all subtasks");
        Ok(())
    }

    fn prepare(&mut self, full: bool) -> Result<Option<CheckpointId>> {
        let prepared = self.life.prepare(full)?;
        if let Some(id) = prepared {
            let cut = (self.life.attempt.number, id);
            self.cuts.insert(cut, self.oracle.clone());
        }
        Ok(prepared)
    }

    fn commit(&mut self, which: Pick) -> Result<Option<CheckpointId>> {
        let committed = self.life.commit(which)?;
        self.acknowledged = self.acknowledged.max(committed);
        Ok(committed)
    }

    /// A whole checkpoint, which overtakes those in flight.
    fn checkpoint(&mut self, full: bool, fate: Fate) -> Result<()> {
        let Some(id) = self.prepare(full)? else {
            return Ok(());
        };
        if fate != Fate::Dropped {
            self.life.upload(Pick::Newest, None)?;
        }
        match fate {
            Fate::Dropped | Fate::Aborted => return self.life.abort(Pick::Newest),
            Fate::Completed | Fate::ToldLate | Fate::NeverTold => {}
        }
        if self.commit(Pick::Newest)? == Some(id) && fate == Fate::Completed {
            self.life.tell_complete(id);
        }
        Ok(())
    }

    fn retain(&mut self, keep: u8) -> Result<()> {
        let keep = NonZeroUsize::new(usize::from(keep)).unwrap_or(NonZeroUsize::MIN);
        let before = checks::intact(&self.objects).checkpoints().count();
        if self.life.retain(keep)? {
            let after = checks::intact(&self.objects).checkpoints().count();
            assert_eq!(after, before.min(keep.get()), "checkpoints that stay");
        }
        Ok(())
    }

    fn take_savepoint(&mut self) -> Result<()> {
        self.savepoints += 1;
        let name = format!("savepoint-{}", self.savepoints);
        if self.life.savepoint(&name)? {
            self.savepoint = Some((name, self.oracle.clone()));
        }
        Ok(())
    }

    fn sweep(&mut self) -> Result<()> {
        // What is on its way may land before, meanwhile or after.
        let settled = !self.objects.is_unsettled();
        self.objects.tick();
        let since = self.life.sweepable_before();
        if self.life.sweep(since)? && settled {
            let now = self.objects.now_unix_millis();
            checks::no_orphans(&self.objects, since.unwrap_or(now));
        }
        Ok(())
    }

    fn wake_zombie(&mut self, act: ZombieAct) {
        let Some(zombie) = &mut self.zombie else {
            return;
        };
        if act == ZombieAct::Checkpoint {
            let prepared = zombie.prepare(false).expect("prepares, as ever");
            if prepared.is_some() {
                zombie.upload(Pick::Newest, None).expect("uploads, as ever");
            }
        }
        zombie.assert_fenced();
    }
}
