//! How the job of a chain goes on after its process died.

use std::collections::BTreeMap;
use std::sync::Arc;

use alluvium::catalog::Catalog;
use alluvium::protocol::catalog::Commit;
use alluvium::protocol::key_group::MaxParallelism;
use alluvium::protocol::plan::log::Log;
use alluvium::savepoint::SavepointFolder;
use alluvium::storage::{Cancel, Storage};
use alluvium::store::StoreFactory;
use alluvium::{
    Backend, Builder, Error, ErrorKind, LocalCopies, Options, Ownership, Progress, RestoreFrom,
    Result,
};

use super::{JOB, Job};
use crate::chain::connection::{Connection, Failure};
use crate::chain::life::{Life, Subtask};
use crate::chain::machines::Machines;
use crate::chain::objects::Objects;
use crate::chain::{Chain, Damage, Interruption, Recovery, Source, checks, surroundings};
use crate::oracle::Oracle;
use crate::trial::MAX_PARALLELISM;
use crate::trial::evolving::Evolved;
use crate::trial::operations::States;

impl<'a> Job<'a> {
    /// A job with no state.
    pub(super) fn begin(factory: Arc<dyn StoreFactory>, chain: &'a Chain) -> Self {
        let objects = Arc::new(Objects::default());
        let environment = surroundings::environment(&objects, chain.names);
        let max = MaxParallelism::new(MAX_PARALLELISM).expect("a legal number");
        let connection = Arc::new(Connection::new(Arc::clone(&objects)));
        let storage: Arc<dyn Storage> = Arc::<Connection>::clone(&connection);
        let catalog = Catalog::open(storage, JOB).expect("the job has a name");
        let attempt = catalog
            .start_attempt(&environment)
            .expect("nobody else is there");
        let life = Life::new(&connection, catalog, attempt, &environment, max);
        let mut job = Self {
            factory,
            chain,
            max,
            objects,
            environment,
            machines: Machines::new().expect("a directory"),
            life,
            zombie: None,
            oracle: Oracle::default(),
            cuts: BTreeMap::new(),
            savepoints: 0,
            savepoint: None,
            acknowledged: None,
            rotten: false,
            planned: None,
        };
        let begun = job.open_all(chain.parallelism, None, &Cancel::new());
        job.life.subtasks = begun.expect("opens");
        job
    }

    /// The process dies, if it has not yet, and the job goes on as `recovery` says.
    pub(super) fn die(&mut self, recovery: &Recovery) {
        self.replace_process(recovery);
        let mut interruption = recovery.interrupted;
        loop {
            let connection = Arc::new(Connection::new(Arc::clone(&self.objects)));
            let cancel = Cancel::new();
            if let Some((at, interruption)) = interruption.take() {
                let failure = match interruption {
                    Interruption::Dies(effect) => Failure::Dies(effect),
                    Interruption::Cancelled => Failure::Cancels(cancel.clone()),
                };
                connection.plan(u64::from(at), failure);
            }
            match self.recover(&connection, recovery, &cancel) {
                Ok(()) => {
                    connection.forget();
                    break;
                }
                Err(_death) if connection.is_dead() => {}
                Err(error) if cancel.is_cancelled() => {
                    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error:?}");
                }
                Err(error) => panic!("a recovery that nobody interrupted: {error:?}"),
            }
            checks::intact(&self.objects);
        }
        if let Err(error) = self.compare() {
            self.die_of_rot(&error);
        }
    }

    /// The job fails, for nothing but rotten files can explain `error`, and recovers.
    pub(super) fn die_of_rot(&mut self, error: &Error) {
        assert!(self.rotten, "{error:?}");
        self.rotten = false;
        self.planned = None;
        self.die(&Recovery::plain(self.parallelism()));
    }

    /// Takes the old process off its machines, and does to them what is to be done.
    fn replace_process(&mut self, recovery: &Recovery) {
        let life = &mut self.life;
        let zombie = recovery.zombie && !life.connection.is_dead();
        let catalog = Catalog::open(Arc::<Objects>::clone(&self.objects), JOB);
        let catalog = catalog.expect("the job has a name");
        let nobody = Life::new(
            &life.connection,
            catalog,
            life.attempt,
            &self.environment,
            self.max,
        );
        if zombie {
            life.connection.forget();
            self.zombie = Some(std::mem::replace(life, nobody));
            self.machines.replace([true; 2]);
            return;
        }
        life.connection.kill();
        if recovery.leftovers {
            let left = self.machines.leave_behind(&*self.environment.random);
            left.expect("copies files");
        }
        drop(std::mem::replace(&mut self.life, nobody));
        self.machines.replace(recovery.lost);
        for (which, how) in &recovery.damage {
            self.rotten |= *how == Damage::Rotten;
            let damaged = self.machines.damage(*which, *how);
            damaged.expect("damages a file");
        }
    }

    fn recover(
        &mut self,
        connection: &Arc<Connection>,
        recovery: &Recovery,
        cancel: &Cancel,
    ) -> Result<()> {
        let storage: Arc<dyn Storage> = Arc::<Connection>::clone(connection);
        let catalog = Catalog::open(Arc::clone(&storage), JOB)?;
        let attempt = catalog.start_attempt(&self.environment)?;
        let log = catalog.read_log()?;
        let newest = log.latest().map(|commit| commit.checkpoint);
        assert!(
            newest >= self.acknowledged,
            "{:?} was committed, the newest is {newest:?}",
            self.acknowledged
        );
        let (from, oracle) = self.source(&catalog, &log, recovery.source)?;
        let subtasks = self.open_all(recovery.parallelism, from.as_ref(), cancel)?;
        self.oracle = oracle;
        self.life = Life::new(connection, catalog, attempt, &self.environment, self.max);
        self.life.subtasks = subtasks;
        self.life.next = newest.map_or(1, |newest| newest.get() + 1);
        Ok(())
    }

    /// What to restore, and the state that it must have.
    fn source(
        &self,
        catalog: &Catalog,
        log: &Log,
        source: Source,
    ) -> Result<(Option<RestoreFrom>, Oracle)> {
        let storage = catalog.storage();
        if let (Source::Savepoint, Some((name, oracle))) = (source, &self.savepoint) {
            let folder = SavepointFolder::of_job(Arc::clone(storage), JOB, name)?;
            let from = folder.restore_from(&folder.read()?)?;
            return Ok((Some(from), oracle.clone()));
        }
        let checkpoints: Vec<_> = log.checkpoints().collect();
        let index = match source {
            Source::Retained(which) => usize::from(which) % checkpoints.len().max(1),
            Source::Newest | Source::Savepoint => checkpoints.len().saturating_sub(1),
        };
        let Some(commit) = checkpoints.get(index) else {
            return Ok((None, Oracle::default()));
        };
        let manifests = commit.manifests.iter().map(|part| catalog.manifest(part));
        let from = RestoreFrom {
            storage: Arc::clone(storage),
            root: JOB.to_owned(),
            manifests: manifests.collect::<Result<_>>()?,
            ownership: Ownership::Own,
        };
        Ok((Some(from), self.cut(commit)))
    }

    fn cut(&self, commit: &Commit) -> Oracle {
        let cut = self.cuts.get(&(commit.attempt, commit.checkpoint));
        let cut = cut.expect("a checkpoint of the log was prepared once");
        cut.clone()
    }

    fn open_all(
        &self,
        parallelism: u32,
        from: Option<&RestoreFrom>,
        cancel: &Cancel,
    ) -> Result<Vec<Subtask>> {
        let mut subtasks = Vec::new();
        for subtask in 0..parallelism {
            match self.open(subtask, parallelism, from, cancel) {
                Ok(opened) => subtasks.push(opened),
                Err(error) => {
                    drop(subtasks);
                    for subtask in 0..=subtask {
                        let directory = self.machines.working_directory(subtask);
                        assert!(!directory.exists(), "{} is left", directory.display());
                    }
                    return Err(error);
                }
            }
        }
        Ok(subtasks)
    }

    fn open(
        &self,
        subtask: u32,
        parallelism: u32,
        from: Option<&RestoreFrom>,
        cancel: &Cancel,
    ) -> Result<Subtask> {
        let options = Options::default()
            .memory_budget_bytes(self.chain.memory_budget_bytes)
            .transfer_threads(self.chain.transfer_threads);
        let local = LocalCopies::in_directory(&self.machines.local_directory(subtask), JOB)?;
        let directory = self.machines.working_directory(subtask);
        let builder = Builder::new(JOB, Arc::clone(&self.factory), directory)
            .max_parallelism(self.max)
            .subtask(subtask, parallelism)
            .options(options)
            .environment(self.environment.clone())
            .local_copies(local);
        let mut backend = match from {
            None => {
                let mut backend = Backend::open(builder)?;
                // A restored one knows event time from its snapshot.
                backend.advance_event_time(Oracle::default().watermark);
                backend
            }
            Some(from) => {
                let nobody: Arc<dyn Progress> = Arc::new(());
                Backend::restore(builder, from, cancel, &nobody)?.0
            }
        };
        let evolved = Evolved::newest(&mut backend)?;
        let states = States::register(&mut backend, evolved)?;
        Ok((backend, states))
    }
}
